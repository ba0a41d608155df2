/* One item of every heap: where its value comes from, and how that is written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ITEM_H
#define SPEAD2_ITEM_H

#include "spead2/wire/descriptor.h"

G_BEGIN_DECLS

typedef enum {
  SPEAD2_ITEM_VALUE,
  SPEAD2_ITEM_NULL,
  SPEAD2_ITEM_HEAP_CNT,
  SPEAD2_ITEM_HEAP_LENGTH,
  SPEAD2_ITEM_PAYLOAD_OFFSET,
  SPEAD2_ITEM_PAYLOAD_LENGTH,
  SPEAD2_N_ITEM_KINDS
} Spead2ItemKind;

/* Where a value comes from. */
typedef enum {
  SPEAD2_SOURCE_NONE, /* heap-cnt: the sender's count */
  SPEAD2_SOURCE_PAYLOAD,
  SPEAD2_SOURCE_SAMPLE_INDEX,
  SPEAD2_SOURCE_HEAP_INDEX,
  SPEAD2_SOURCE_UTC_NS,
  SPEAD2_SOURCE_PTP_NS,
  SPEAD2_SOURCE_NUMBERS, /* one or more, heap by heap */
  SPEAD2_SOURCE_STEPS,   /* start + step x heap index */
  SPEAD2_SOURCE_TEXT
} Spead2ValueSource;

typedef struct {
  Spead2ItemKind kind;
  gchar *name;
  gchar *description; /* never NULL */
  guint64 id;
  gboolean decimal_id; /* it was written so */
  Spead2ValueSource source;
  gboolean from_application; /* its value, if there is one, goes first */
  gboolean immediate;

  /* Of a number: it occupies the high bits of the bytes. Negative ones are
   * two's complements of 64 bits everywhere. */
  guint bits;  /* 1 to 64 */
  guint bytes; /* 1 to 8 */
  gboolean is_signed;
  gboolean little_endian; /* an addressed number */
  guint64 limit;          /* the largest */

  guint64 *numbers;
  guint n_numbers;
  guint64 start, step;
  guint64 every; /* heaps that have the same of these, at least 1 */
  GBytes *text;

  gchar *dtype;     /* or NULL */
  guint dtype_size; /* bytes */
  Spead2Format formats[SPEAD2_MAX_FORMATS];
  guint n_formats;
  gint64 shape[SPEAD2_MAX_DIMENSIONS]; /* SPEAD2_VARIABLE_SIZE: what is left */
  guint n_dimensions;
  gboolean has_shape;
} Spead2Item;

/* The name of a pad or a standard pointer: all kinds but SPEAD2_ITEM_VALUE. */
const gchar *spead2_item_kind_name (Spead2ItemKind kind);

/* Frees what the item owns. */
void spead2_item_clear (Spead2Item *item);

/* Whether the format is one of characters. */
gboolean spead2_item_is_characters (const Spead2Item *item);

/* Whether the format is u8: a text is then described as bytes. */
gboolean spead2_item_is_bytes (const Spead2Item *item);

/* Whether the item's type has that number. negative: it is the two's complement
 * of one from -2^63 to -1. */
gboolean spead2_item_has_number (
    const Spead2Item *item, guint64 number, gboolean negative);

/* The smallest number of the item's type. */
gint64 spead2_item_smallest (const Spead2Item *item);

/* A number's bits as they are at the end of an immediate, or, of as many bytes
 * as the item has, in the payload. A number that does not fit is taken modulo
 * 2^bits. */
guint64 spead2_item_encode (const Spead2Item *item, guint64 number);

/* Whether receivers read these bytes, as the value of an item that is a text, as
 * what they are: there are some; and, unless it is described as bytes, all are
 * ASCII and none is 0. */
gboolean spead2_item_has_text (
    const Spead2Item *item, const gchar *bytes, gsize size);

G_END_DECLS

#endif /* SPEAD2_ITEM_H */
