/* Memory that holds payload split as packets will carry it, with headroom for a
 * packet's header in front of each piece.
 *
 * The headers and payloads of a message are then contiguous: the kernel takes one
 * iovec for the whole message instead of two for each packet, and copies small
 * packets up to twice as fast.
 *
 * A GstAllocator whose memories have the size of the payload. gst_memory_map()
 * gives a contiguous copy of the payload, and unmapping after writing copies it
 * back: every element can use such memory, at the price of these copies. Code that
 * fills or sends the pieces in place uses spead2_headroom_find() instead.
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

/* Sizes of a heap's packets, bytes: header and payload of the first packet and of
 * each following one; the last one may be shorter. A packet has at most 65535
 * bytes. */
typedef struct {
  guint16 first_header;
  guint16 first_piece; /* payload of the first packet */
  guint16 header;
  guint16 piece;   /* payload of each following packet */
  gsize heap_size; /* payload of a heap, after which the next one begins; 0: the
                    * memory holds one heap */
} Spead2PacketShape;

#define SPEAD2_TYPE_HEADROOM_ALLOCATOR (spead2_headroom_allocator_get_type ())
G_DECLARE_FINAL_TYPE (Spead2HeadroomAllocator, spead2_headroom_allocator,
    SPEAD2, HEADROOM_ALLOCATOR, GstAllocator)

/* An allocator of memories of this shape, no field of which but heap_size may be
 * 0. Payload and headers lie in memory of storage (NULL: the default allocator),
 * to which it takes a reference. Allocations with prefix or padding are served
 * with ordinary memory of the default allocator. */
GstAllocator *spead2_headroom_allocator_new (
    const Spead2PacketShape *shape, GstAllocator *storage);

/* Bytes of storage for size bytes of payload, headers included. */
gsize spead2_packet_shape_storage (const Spead2PacketShape *shape, gsize size);

gboolean spead2_is_headroom_memory (const GstMemory *memory);

/* A byte of the payload, in its piece and its heap. */
typedef struct {
  guint8 *data;
  gsize size;            /* contiguous bytes, to the end of the piece */
  guint16 headroom;      /* bytes in front of data; 0 within a piece */
  guint64 heap_size;     /* payload from data to the end of the heap */
  guint16 next_headroom; /* of each following piece of the heap */
  guint16 next_piece;    /* its size, unless it is the last one */
} Spead2PacketPlace;

/* The place of the payload's byte at offset, which is less than the memory's size.
 * The caller holds a lock of the memory (gst_mini_object_lock()), for reading or
 * for writing. */
void spead2_headroom_find (
    GstMemory *memory, gsize offset, Spead2PacketPlace *place);

/* Moves on to the following piece of the heap: of size 0 at the heap's end. */
static inline void
spead2_packet_place_next (Spead2PacketPlace *place)
{
  place->heap_size -= place->size;
  place->data += place->size + place->next_headroom;
  place->size = MIN (place->next_piece, place->heap_size);
  place->headroom = place->next_headroom;
}

/* Claims the headroom of the whole memory, for the caller alone to write until
 * spead2_headroom_return(). FALSE while it is claimed. A part that
 * gst_memory_share() made shares the claim of the memory that it is part of. */
gboolean spead2_headroom_claim (GstMemory *memory);
void spead2_headroom_return (GstMemory *memory);

/* The huge pages of its storage, borrowed from the memory; NULL for other
 * storage. */
Spead2HugePages *spead2_headroom_pages (GstMemory *memory);

G_END_DECLS

#endif /* SPEAD2_HEADROOM_H */
