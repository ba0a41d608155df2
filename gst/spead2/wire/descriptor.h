/* Item descriptors: what a sender says of an item to its receivers, as bytes, and
 * those bytes read.
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

/* What is read: bytes of the item's value, and characters of the name. */
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
  guint element_bits; /* of one that was read; writing does not use it */
} Spead2Descriptor;

/* The bytes of the descriptor, to be the value of a SPEAD2_ID_DESCRIPTOR item.
 * The strings are the caller's. NULL with SPEAD2_ERROR_INVALID when the flavour
 * cannot hold the id, a size or a number of bits, or when a dtype comes with a
 * variable size, which numpy headers cannot say. */
GBytes *spead2_descriptor_to_bytes (
    const Spead2Descriptor *descriptor, Spead2Flavour flavour, GError **error);

/* What senders do otherwise than the specification says; the values are spead2's. */
typedef enum {
  SPEAD2_BUG_COMPAT_NONE = 0,
  /* A format has 4 bytes and a size 8, as in SPEAD-64-40 and SPEAD-64-56, in every
   * flavour. */
  SPEAD2_BUG_COMPAT_DESCRIPTOR_WIDTHS = 1 << 0,
  /* The second bit of a size's first byte says that it is variable. */
  SPEAD2_BUG_COMPAT_SHAPE_BIT_1 = 1 << 1,
  /* Values are of the other byte order than the numpy header says. */
  SPEAD2_BUG_COMPAT_SWAP_ENDIAN = 1 << 2,
  SPEAD2_BUG_COMPAT_PYSPEAD_0_5_2 = 7
} Spead2BugCompat;

/* Reads the value of a SPEAD2_ID_DESCRIPTOR item: one packet, or the packets of one
 * heap in their order; what follows them and is no packet is ignored, as spead2
 * does. The dtype is in the form of spead2_dtype_take(), with the byte order that
 * the values have; where there is a numpy header, formats and shape are not used.
 * Exactly one of dtype and formats is there, and at most one size is variable. Zero
 * bytes around texts are left out.
 *
 * g_free() frees the result, its strings included. NULL with SPEAD2_ERROR_INVALID:
 * the message names the item, as far as it is known, the field, and what is wrong.
 * Names and descriptions are ASCII, as the specification says. */
Spead2Descriptor *spead2_descriptor_from_bytes (
    const guint8 *data, gsize size, Spead2BugCompat bug_compat, GError **error);

/* Whether both say the same of an item: all fields are equal. */
gboolean spead2_descriptor_equal (
    const Spead2Descriptor *a, const Spead2Descriptor *b);

/* The numpy dtype of an element, of formats that of spead2_formats_dup_dtype(). NULL
 * where numpy has none. The caller frees it. */
gchar *spead2_descriptor_dup_dtype (const Spead2Descriptor *descriptor);

/* Lays a value of size bytes out as a descriptor that was read says. Sets shape,
 * all of whose n_dimensions sizes are known, and used: bytes of the value that hold
 * the elements, the first ones of an addressed item and the last ones of an
 * immediate. A variable size is as large as the value allows. FALSE with
 * SPEAD2_ERROR_INVALID when there are too few bytes. error may be NULL. */
gboolean spead2_descriptor_fit (const Spead2Descriptor *descriptor, gsize size,
    gint64 *shape, gsize *used, GError **error);

G_END_DECLS

#endif /* SPEAD2_DESCRIPTOR_H */
