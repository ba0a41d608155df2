/* Memory in which a heap's payload lies as its packets will be sent: in pieces,
 * with room for a packet's header in front of each.
 *
 * What a message holds then lies together, header, payload, header, payload,
 * and the kernel takes it as one piece instead of two for each packet, which it
 * copies up to twice as fast where packets are small.
 *
 * It is a GstAllocator whose memories have the size of the payload, and nobody
 * need know of the rooms: who maps such a memory gets a copy of the payload in
 * one piece, and what he writes is put back when he unmaps it. A source that
 * fills the pieces where they lie, and a heap that is cut at just these places,
 * do without the copy.
 *
 * All functions may be called from any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_HEADROOM_H
#define SPEAD2_HEADROOM_H

#include <gst/gst.h>

#include "spead2/memory/hugepages.h"

G_BEGIN_DECLS

/* The packets of a heap: bytes of header and of payload, of the first one and of
 * each behind it, of which the last may be shorter. A packet has at most 65535
 * bytes. */
typedef struct {
  guint16 first_header;
  guint16 first_piece;
  guint16 header;
  guint16 piece;
  gsize heap_size; /* payload, after which the next heap begins; 0: never */
} Spead2PacketShape;

#define SPEAD2_TYPE_HEADROOM_ALLOCATOR (spead2_headroom_allocator_get_type ())
G_DECLARE_FINAL_TYPE (Spead2HeadroomAllocator, spead2_headroom_allocator,
    SPEAD2, HEADROOM_ALLOCATOR, GstAllocator)

/* Memory of a shape, which lies in memory of storage (NULL: the default
 * allocator's), of which the allocator takes a reference. With prefix or padding
 * it gives ordinary memory. No size of the shape may be 0, but heap_size. */
GstAllocator *spead2_headroom_allocator_new (
    const Spead2PacketShape *shape, GstAllocator *storage);

/* Bytes of storage that so much payload takes, headers included. */
gsize spead2_packet_shape_storage (const Spead2PacketShape *shape, gsize size);

gboolean spead2_is_headroom_memory (const GstMemory *memory);

/* Where bytes of the payload lie. */
typedef struct {
  guint8 *data;
  gsize size;        /* that lie together there, to the end of the piece */
  guint16 room;      /* bytes in front of them for a header; 0: no beginning */
  guint64 heap_size; /* payload from there to the end of the heap */
  guint16 next_room; /* the pieces behind that one in the heap */
  guint16 next_piece;
} Spead2PacketPlace;

/* The place of the payload's byte at offset, within the memory's size. The
 * caller holds a lock of the memory (gst_mini_object_lock()), to read or to
 * write. */
void spead2_headroom_find (
    GstMemory *memory, gsize offset, Spead2PacketPlace *place);

/* The piece behind it in the heap: of size 0 where the heap ends. */
static inline void
spead2_packet_place_next (Spead2PacketPlace *place)
{
  place->heap_size -= place->size;
  place->data += place->size + place->next_room;
  place->size = MIN (place->next_piece, place->heap_size);
  place->room = place->next_room;
}

/* Claims all its rooms for headers: FALSE while they are somebody else's. */
gboolean spead2_headroom_claim (GstMemory *memory);
void spead2_headroom_return (GstMemory *memory);

/* The huge pages that it lies in, or NULL. */
Spead2HugePages *spead2_headroom_pages (GstMemory *memory);

G_END_DECLS

#endif /* SPEAD2_HEADROOM_H */
