/* Item descriptors: encoding and decoding.
 *
 * A descriptor is itself a whole SPEAD packet, carried as the value of item
 * SPEAD2_ID_DESCRIPTOR. The type of an item is said in one of two ways: as a
 * numpy dtype (any byte order, read by spead2), or as a list of SPEAD formats
 * (big endian, any number of bits, read by everyone). Rule: SPEAD protocol
 * revision 1, section 8.3, and spead2's numpy extension (item 0x15).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_DESCRIPTOR_H
#define SPEAD2_DESCRIPTOR_H

#include "spead2/wire/flavour.h"
#include "spead2/wire/format.h"

G_BEGIN_DECLS

#define SPEAD2_MAX_DIMENSIONS 8

/* A dimension whose size differs from heap to heap. */
#define SPEAD2_VARIABLE_SIZE (-1)

/* The largest size of a dimension in any flavour. */
#define SPEAD2_MAX_SIZE ((G_GUINT64_CONSTANT (1) << 56) - 1)

/* Limits of decoding: bytes of the item's value, characters of the name. */
#define SPEAD2_MAX_DESCRIPTOR_SIZE 65536
#define SPEAD2_MAX_NAME_LENGTH 255

/* dtype is numpy's 'descr' without quotes ("|i1", "<f4") or a list of fields as
 * Python writes it ("[('re','<f4'),('im','<f4')]"); NULL when formats are used. */
typedef struct {
  guint64 id;
  const gchar *name;
  const gchar *description;
  const gchar *dtype;
  gboolean fortran_order; /* with dtype: first index varies fastest */
  Spead2Format formats[SPEAD2_MAX_FORMATS];
  guint n_formats;
  gint64 shape[SPEAD2_MAX_DIMENSIONS]; /* elements, or SPEAD2_VARIABLE_SIZE */
  guint n_dimensions;
  guint element_bits; /* set by decoding; encoding does not use it */
} Spead2Descriptor;

/* The bytes of the descriptor, to be the value of a SPEAD2_ID_DESCRIPTOR item.
 * The strings are the caller's. NULL with SPEAD2_ERROR_INVALID when the flavour
 * cannot hold the id, a size or a number of bits, or when a dtype comes with a
 * variable size, which numpy headers cannot say. */
GBytes *spead2_descriptor_to_bytes (
    const Spead2Descriptor *descriptor, Spead2Flavour flavour, GError **error);

/* Deviations of senders from the specification; the values are spead2's. */
typedef enum {
  SPEAD2_BUG_COMPAT_NONE = 0,
  /* A format has 4 bytes and a size 8, as in SPEAD-64-40 and SPEAD-64-56, in every
   * flavour. */
  SPEAD2_BUG_COMPAT_DESCRIPTOR_WIDTHS = 1 << 0,
  /* Bit 1 of a size's first byte marks it as variable, instead of bit 0. */
  SPEAD2_BUG_COMPAT_SHAPE_BIT_1 = 1 << 1,
  /* Values have the opposite byte order of the one in the numpy header. */
  SPEAD2_BUG_COMPAT_SWAP_ENDIAN = 1 << 2,
  SPEAD2_BUG_COMPAT_PYSPEAD_0_5_2 = 7
} Spead2BugCompat;

/* Decodes the value of a SPEAD2_ID_DESCRIPTOR item: one packet, or the packets of one
 * heap in their order; bytes behind them that are no packet are ignored, as spead2
 * does. The dtype is in the form of spead2_dtype_take(), with the byte order of the
 * values. A numpy header overrides formats and shape; so exactly one of dtype and
 * formats is set, and at most one size is variable. Leading and trailing zero bytes
 * of texts are removed.
 *
 * g_free() frees the result including its strings. NULL with SPEAD2_ERROR_INVALID:
 * the message names the item, as far as it is known, the field, and the mistake.
 * Names and descriptions that are not ASCII are refused, as the specification
 * demands. */
Spead2Descriptor *spead2_descriptor_from_bytes (
    const guint8 *data, gsize size, Spead2BugCompat bug_compat, GError **error);

/* Whether all fields are equal, element_bits excepted. */
gboolean spead2_descriptor_equal (
    const Spead2Descriptor *a, const Spead2Descriptor *b);

/* The numpy dtype of an element; for formats, that of spead2_formats_dup_dtype().
 * NULL if numpy has none. The caller frees it. */
gchar *spead2_descriptor_dup_dtype (const Spead2Descriptor *descriptor);

/* Computes the shape of a value of size bytes from a decoded descriptor. Sets the
 * n_dimensions sizes of shape, of which a variable one is as large as the value
 * allows, and used: the bytes that hold the elements, the first ones of an addressed
 * item and the last ones of an immediate. FALSE with SPEAD2_ERROR_INVALID if there
 * are too few bytes. */
gboolean spead2_descriptor_fit (const Spead2Descriptor *descriptor, gsize size,
    gint64 *shape, gsize *used, GError **error);

G_END_DECLS

#endif /* SPEAD2_DESCRIPTOR_H */
