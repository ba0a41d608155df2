/* gst-spead2: buffers of heaps that have a place in a block each
 *
 * A block keeps a buffer for each of its places, with the metas that stay on it, to be issued
 * each time that a heap has come there. The buffer that was issued keeps the block in turn,
 * until nobody has it any more and it is back, or until nothing else uses its memory.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_PLACE_BUFFERS_H
#define GST_SPEAD2_SRC_PLACE_BUFFERS_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Places of a block at most. */
#define GST_SPEAD2_SRC_MAX_PLACE_BUFFERS 16

/* Has a block, which nobody else has yet, keep buffers. It may have been prepared before. */
void gst_spead2_src_place_buffers_prepare (GstBuffer *block);

/* A buffer of size bytes from data on, which lie in place i of a prepared block (transfer
 * full). The place is the caller's, and then the buffer's. */
GstBuffer *gst_spead2_src_place_buffers_issue (
    GstBuffer *block, guint i, guint8 *data, gsize size);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_PLACE_BUFFERS_H */
