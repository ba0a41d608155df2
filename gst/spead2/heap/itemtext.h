/* The text of items, item by item, as fields with their positions.
 *
 * The first half of what items.h describes: the syntax, without what fields mean.
 * GStreamer's own parser is not used: it neither says where a mistake is, nor
 * rejects a duplicate field, and 1.22 takes "0xffffffff" for -1.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ITEM_TEXT_H
#define SPEAD2_ITEM_TEXT_H

#include <glib.h>

G_BEGIN_DECLS

/* One value behind =, or between < and >. */
typedef struct {
  gchar *text; /* without quotes */
  gboolean quoted;
  const gchar *type; /* static, or NULL */
  gsize offset;      /* in the text, bytes */
} Spead2FieldValue;

typedef struct {
  const gchar *key; /* one of the known ones, static */
  gsize offset;
  gboolean is_array;
  GArray *values; /* of Spead2FieldValue */
} Spead2ItemField;

/* Messages name the item by number and name, and the field by key. */
typedef struct {
  const gchar *text;
  const gchar *at;  /* scanned up to here */
  gsize offset;     /* of the item */
  guint number;     /* of the item, from 1 */
  gchar *name;      /* of the item, or NULL */
  GArray *fields;   /* of the item: Spead2ItemField */
  const gchar *key; /* of the field that is at hand, static, or NULL */
  GError **error;
} Spead2ItemText;

/* The text outlives the struct, which begins in front of the first item. */
void spead2_item_text_init (
    Spead2ItemText *text, const gchar *items, GError **error);
void spead2_item_text_clear (Spead2ItemText *text);

/* Whether only blanks are left. */
gboolean spead2_item_text_at_end (Spead2ItemText *text);

/* Goes on to the next item, its name and its fields. FALSE with an error. */
gboolean spead2_item_text_next (Spead2ItemText *text);

/* The item's field, or NULL. */
const Spead2ItemField *spead2_item_text_find (
    const Spead2ItemText *text, const gchar *key);

/* Where the item's field begins, or the item ends if it has none such. */
gsize spead2_item_text_offset_of (const Spead2ItemText *text, const gchar *key);

/* The value as a number; a negative one is the two's complement. FALSE with an
 * error. */
gboolean spead2_item_text_number (Spead2ItemText *text,
    const Spead2FieldValue *value, guint64 *number, gboolean *negative);

/* Sets the error to SPEAD2_ERROR_INVALID with what is wrong at that offset, and
 * returns FALSE. */
gboolean spead2_item_text_fail (Spead2ItemText *text, gsize offset,
    const gchar *format, ...) G_GNUC_PRINTF (3, 4);

/* A number in decimal, or in hexadecimal with 0x in front, from -2^63 to 2^64 - 1;
 * nothing else. A negative one is a two's complement. */
gboolean spead2_parse_number (
    const gchar *text, guint64 *number, gboolean *negative);

G_END_DECLS

#endif /* SPEAD2_ITEM_TEXT_H */
