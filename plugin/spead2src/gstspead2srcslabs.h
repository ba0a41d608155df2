/* gst-spead2: huge pages that heaps are received into
 *
 * New memory of small pages costs a page fault for each 4 KiB, which takes longer than to
 * receive these: at the start of a fast stream the socket's buffer would overflow. Huge
 * pages are therefore mapped before the first heap comes, and cut into slabs when its size
 * is known. The first of them are in memory then; each of the others comes when it is
 * touched, since all of them at once would take as long as the buffer lasts.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_SLABS_H
#define GST_SPEAD2_SRC_SLABS_H

#include "spead2/memory/hugepages.h"

G_BEGIN_DECLS

typedef struct {
  GMutex lock; /* nothing else is locked under it */
  /* Guarded by lock. */
  Spead2HugePages *uncut; /* (owned) mapped at the start, or NULL */
  guint n_mappings;       /* since the start */
} GstSpead2SrcSlabs;

void gst_spead2_src_slabs_init (GstSpead2SrcSlabs *slabs);
void gst_spead2_src_slabs_clear (GstSpead2SrcSlabs *slabs);

/* Maps pages. Where the kernel has none, buffers have ordinary memory. */
void gst_spead2_src_slabs_start (GstSpead2SrcSlabs *slabs);

/* Unmaps what was not cut. */
void gst_spead2_src_slabs_stop (GstSpead2SrcSlabs *slabs);

/* Whether an allocator of slabs of that size would have the pages that were mapped at the
 * start. */
gboolean gst_spead2_src_slabs_are_uncut (GstSpead2SrcSlabs *slabs, gsize size);

/* An allocator of slabs of that size (transfer full), or NULL: ordinary memory. */
GstAllocator *gst_spead2_src_slabs_take (GstSpead2SrcSlabs *slabs, gsize size);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_SLABS_H */
