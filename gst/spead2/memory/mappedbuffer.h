/* A buffer that heaps take bytes from.
 *
 * It is held by one reference, and its memories are mapped for reading (packet
 * memory: locked, and its rooms claimed), until the last of its heaps is freed: a
 * pool cannot issue it again, and nobody can write into it, while one of them is
 * being sent.
 *
 * GStreamer counts no more than 255 mappings of a memory. The heaps of a mapped
 * buffer therefore share one mapping, and so do mapped buffers that have a memory in
 * common, whether it is the same buffer pushed again or another one: no memory has
 * more than two mappings for each streaming thread.
 *
 * References may be taken and given back by any thread; all else belongs to one
 * thread at a time.
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
  GstMapInfo map;              /* of headroom memory, only the memory */
  Spead2SharedMapping *shared; /* (a reference) that map is, or NULL: its own */
  gboolean is_packets;
  gboolean is_claimed;
} Spead2MappedMemory;

typedef struct {
  gint refs; /* atomic */
  GstBuffer *buffer;
  /* Where the next heap may write headers into the buffer's rooms, or behind it:
   * bytes from the buffer's beginning. */
  gsize headroom_used;
  guint n_memories;
  Spead2MappedMemory memories[];
} Spead2MappedBuffer;

/* Takes a reference to the buffer. NULL with SPEAD2_ERROR_MEMORY when one of its
 * memories cannot be mapped. */
Spead2MappedBuffer *spead2_mapped_buffer_new (
    GstBuffer *buffer, GError **error);

Spead2MappedBuffer *spead2_mapped_buffer_ref (Spead2MappedBuffer *mapped);

/* Copies bytes of the buffer; offset + size must lie within it. */
void spead2_mapped_buffer_read (
    const Spead2MappedBuffer *mapped, gsize offset, guint8 *to, gsize size);

/* The last one runs foreign code: call it with no lock held. */
void spead2_mapped_buffer_unref (Spead2MappedBuffer *mapped);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2MappedBuffer, spead2_mapped_buffer_unref)

G_END_DECLS

#endif /* SPEAD2_MAPPEDBUFFER_H */
