/* gst-spead2: the values of a received heap's items, as fields of a structure
 *
 * A described number is guint64, gint64, gboolean or (floats of 32 and 64 bits, which
 * spead2sink does not send) gdouble. Other immediates are guint64, other short addressed
 * items GBytes; the heap's counter is heap-cnt.
 * A structure that has the fields of the last heap, as the one on a pooled buffer does,
 * is written to in place: no name is looked up, and nothing is allocated.
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_HEAP_VALUES_H
#define GST_SPEAD2_HEAP_VALUES_H

#include <gst/gst.h>

#include "spead2/receive/receivedheap.h"
#include "spead2/wire/itemview.h"

G_BEGIN_DECLS

typedef struct {
  GQuark heap_cnt;
  /* (Name) The fields of items, at their places in the last heap. */
  GArray *names;
} GstSpead2HeapValues;

void gst_spead2_heap_values_init (GstSpead2HeapValues *values);
void gst_spead2_heap_values_clear (GstSpead2HeapValues *values);

/* Descriptors have changed: fields may have other names. */
void gst_spead2_heap_values_rename (GstSpead2HeapValues *values);

/* Makes those of a heap the fields of a structure, and no others: of its items but the
 * one at address `data`, by the names of their descriptors (guint64 to
 * Spead2Descriptor), or "item-0x<id>". */
void gst_spead2_heap_values_write (GstSpead2HeapValues *values,
    const Spead2ReceivedHeap *heap, const Spead2ItemViews *items, guint64 data,
    GHashTable *descriptors, GstStructure *structure);

G_END_DECLS

#endif /* GST_SPEAD2_HEAP_VALUES_H */
