/* Item descriptors: what a receiver is told about an item, as bytes.
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

G_BEGIN_DECLS

#define SPEAD2_MAX_DIMENSIONS 8
#define SPEAD2_MAX_FORMATS 8

/* A dimension whose size differs from heap to heap. */
#define SPEAD2_VARIABLE_SIZE (-1)

/* One field of an element: 'u' unsigned, 'i' signed, 'f' float, 'c' character,
 * 'b' boolean, of so many bits. */
typedef struct {
  gchar code;
  guint bits;
} Spead2Format;

/* The strings are the caller's. dtype is numpy's 'descr' without quotes
 * ("|i1", "<f4") or a list of fields as Python writes it
 * ("[('re','<f4'),('im','<f4')]"); NULL when formats are used. */
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
} Spead2Descriptor;

/* The bytes of the descriptor, to be the value of a SPEAD2_ID_DESCRIPTOR item.
 * NULL with SPEAD2_ERROR_INVALID when the flavour cannot hold the id, a size or
 * a number of bits, or when a dtype comes with a variable size, which numpy
 * headers cannot say. */
GBytes *spead2_descriptor_to_bytes (
    const Spead2Descriptor *descriptor, Spead2Flavour flavour, GError **error);

G_END_DECLS

#endif /* SPEAD2_DESCRIPTOR_H */
