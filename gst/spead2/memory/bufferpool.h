/* A pool whose buffers are reused last in first out.
 *
 * GstBufferPool issues the buffer that was released first, and so walks through all of
 * its memory: with more of it than a processor's cache holds, each buffer is fetched
 * from memory again. This one issues the buffer that was released last. Otherwise it is
 * a GstBufferPool: size, minimum, maximum and allocator are in its configuration, of
 * which the minimum is allocated, and written to once, when it is activated.
 *
 * It never waits: with the maximum outstanding, acquiring fails with GST_FLOW_EOS.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_BUFFERPOOL_H
#define SPEAD2_BUFFERPOOL_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define SPEAD2_TYPE_BUFFER_POOL (spead2_buffer_pool_get_type ())
G_DECLARE_FINAL_TYPE (
    Spead2BufferPool, spead2_buffer_pool, SPEAD2, BUFFER_POOL, GstBufferPool)

GstBufferPool *spead2_buffer_pool_new (void);

/* An active pool of buffers of that size, without a limit; allocator may be NULL. NULL where
 * the pool does not start. */
GstBufferPool *spead2_buffer_pool_start (
    gsize size, GstAllocator *allocator, const GstAllocationParams *params);

/* Makes a buffer, which nobody else has, what it was before it was issued: but for its memory
 * and GST_BUFFER_FLAG_TAG_MEMORY, and metas that stay on it. */
void spead2_buffer_reset (GstBuffer *buffer);

G_END_DECLS

#endif /* SPEAD2_BUFFERPOOL_H */
