/* A buffer that heaps take payload from, mapped until the last of them is freed.
 *
 * A mapped buffer owns one reference to the GstBuffer and one mapping of each of
 * its memories for reading (headroom memory is locked for reading instead, and its
 * headroom claimed). While one of the heaps is being sent, a pool therefore cannot
 * issue the buffer again, and no element can write to its memory.
 *
 * GStreamer limits a memory to 255 mappings at a time. All heaps of a mapped buffer
 * share its mappings. Mapped buffers with a memory in common share a mapping of
 * that memory, whether they are the same GstBuffer pushed again or different ones:
 * a memory has no more than two mappings for each streaming thread.
 *
 * References may be taken and released in any thread. Everything else belongs to
 * one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_MAPPEDBUFFER_H
#define SPEAD2_MAPPEDBUFFER_H

#include <gst/gst.h>

#include "spead2/memory/headroom.h"

G_BEGIN_DECLS

typedef struct _Spead2SharedMapping Spead2SharedMapping;

typedef struct {
  GstMapInfo map;              /* of headroom memory, only the field memory */
  Spead2SharedMapping *shared; /* (a reference) that map is of, or NULL */
  gboolean has_headroom;
  gboolean is_claimed; /* its headroom, by this mapped buffer */
} Spead2MappedMemory;

typedef struct {
  gint refs; /* atomic */
  GstBuffer *buffer;
  /* Offset in the buffer from which on no heap uses the headroom yet: each part of
   * it may hold the headers of one heap only. */
  gsize headroom_used;
  guint n_memories;
  Spead2MappedMemory memories[];
} Spead2MappedBuffer;

/* Maps the buffer, and takes a reference to it. NULL with SPEAD2_ERROR_MEMORY when
 * one of its memories cannot be mapped. */
Spead2MappedBuffer *spead2_mapped_buffer_new (
    GstBuffer *buffer, GError **error);

Spead2MappedBuffer *spead2_mapped_buffer_ref (Spead2MappedBuffer *mapped);

/* Copies size bytes of the buffer from offset on, which must be within it. */
void spead2_mapped_buffer_read (
    const Spead2MappedBuffer *mapped, gsize offset, guint8 *to, gsize size);

/* Releasing the last reference unmaps and unrefs the buffer, which runs code of
 * its owner: call this without locks. */
void spead2_mapped_buffer_unref (Spead2MappedBuffer *mapped);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2MappedBuffer, spead2_mapped_buffer_unref)

G_END_DECLS

#endif /* SPEAD2_MAPPEDBUFFER_H */
