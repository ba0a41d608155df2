/* Numbers: items of one element of up to 64 bits, as their descriptors say.
 *
 * The bits of a number are the first of its bytes, which are the last ones of an
 * immediate: as spead2 reads them (Item.set_from_raw() in Python).
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_NUMBER_H
#define SPEAD2_NUMBER_H

#include "spead2/wire/descriptor.h"
#include "spead2/wire/itemview.h"

G_BEGIN_DECLS

/* All zero: an immediate is a whole number of all its bits, and an addressed item is
 * none. */
typedef struct {
  gchar code; /* of SPEAD formats: u, i, b or f; a dtype is the same as one */
  gboolean little_endian;
  guint bits; /* 1 to 64; of f 32 or 64 */
} Spead2NumberType;

/* All zero where there is no descriptor (NULL), or it describes no number, or several. */
Spead2NumberType spead2_number_type_of (const Spead2Descriptor *descriptor);

/* Whether the item, of a heap of that flavour, has the bytes of such a number. */
gboolean spead2_number_fits (const Spead2NumberType *type,
    const Spead2ItemView *item, Spead2Flavour flavour);

/* The number of an item that it fits: modulo 2^64 if it is negative, and the bits of a
 * float. payload is the heap's. */
guint64 spead2_number_read (const Spead2NumberType *type,
    const Spead2ItemView *item, const guint8 *payload);

/* How often a value may step until it would be below 0 or above limit, where it is not yet.
 * step is modulo 2^64, from -2^63 to 2^63 - 1; G_MAXUINT64 if it is 0. */
guint64 spead2_number_count_steps (guint64 value, guint64 step, guint64 limit);

/* Whether the numbers of n immediates, the item and others whose values step from it on, step
 * by the same. None of the values wraps: they are those of a run. */
gboolean spead2_number_steps (const Spead2NumberType *type,
    const Spead2ItemView *item, guint64 step, guint n);

G_END_DECLS

#endif /* SPEAD2_NUMBER_H */
