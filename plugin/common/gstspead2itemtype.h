/* gst-spead2: the type of an item as the user gives it
 *
 * Instead of the item's descriptor, or of a part of it: a numpy dtype or a number of
 * bits says what the elements are, a shape how many there are.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_ITEM_TYPE_H
#define GST_SPEAD2_ITEM_TYPE_H

#include "spead2/heap/payload.h"
#include "spead2/wire/descriptor.h"

G_BEGIN_DECLS

typedef struct {
  /* Its dtype or formats, and element_bits: 0 if the user gives no type. */
  Spead2PayloadType element;
  /* No sizes: the descriptor's shape or, where the user gives a type, as many elements
   * as there are. */
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  guint n_dimensions;
} GstSpead2ItemType;

/* dtype is numpy's text ("|i1", "int16", "[('re','i1'),('im','i1')]"); shape the sizes,
 * each at least 1, of which one may be -1, in parentheses or without: "(-1,2)". Either
 * may be NULL, and sample_bits 0. FALSE with SPEAD2_ERROR_INVALID, naming the property:
 * a text is wrong, or dtype and sample_bits are both set. */
gboolean gst_spead2_item_type_parse (GstSpead2ItemType *type,
    const gchar *dtype, const gchar *shape, guint sample_bits, GError **error);

/* Sets *descriptor to what the item is that has the descriptor `described`, or NULL. Its
 * texts are borrowed from both. FALSE if nothing says what the elements are. */
gboolean gst_spead2_item_type_apply (const GstSpead2ItemType *type,
    const Spead2Descriptor *described, Spead2Descriptor *descriptor);

G_END_DECLS

#endif /* GST_SPEAD2_ITEM_TYPE_H */
