/* gst-spead2: buffers of heaps that have a place in a block each
 *
 * A pool of buffers, with the metas that stay on them, whose memory is a part of a block: of
 * another one each time that the buffer is issued. The buffer keeps the block until it comes
 * back to the pool, or until nothing else uses its memory any more.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_PLACE_BUFFERS_H
#define GST_SPEAD2_SRC_PLACE_BUFFERS_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* An active pool. The functions below need one of these. */
GstBufferPool *gst_spead2_src_place_buffers_new (void);

/* A buffer of size bytes from data on, which lie in block (transfer full). */
GstBuffer *gst_spead2_src_place_buffers_issue (
    GstBufferPool *pool, GstBuffer *block, guint8 *data, gsize size);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_PLACE_BUFFERS_H */
