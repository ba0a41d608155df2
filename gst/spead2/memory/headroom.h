/* Memory in which a payload is divided as its packets are, with headroom for the
 * header in front of each part:
 *
 *   | header | payload | header | payload | header | payload | ...
 *
 * A message of several packets is then contiguous in memory: the kernel gets one
 * iovec for all of it instead of two for each packet, and copies small packets up to
 * twice as fast.
 *
 * The memories come from a GstAllocator. Their size is that of the payload, and
 * gst_memory_map() returns a contiguous copy of it, which is copied back if it was
 * mapped for writing: every element can use such memory, at the cost of copies. Code
 * that reads or writes the parts in place uses spead2_headroom_find().
 *
 * All functions may be called by any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_HEADROOM_H
#define SPEAD2_HEADROOM_H

#include <gst/gst.h>

#include "spead2/memory/hugepages.h"

G_BEGIN_DECLS

/* How heaps are divided, in bytes. A packet has at most 65535 bytes. */
typedef struct {
  guint16 first_header; /* of the first packet of a heap */
  guint16 first_piece;  /* its payload */
  guint16 header;       /* of each following packet */
  guint16 piece;   /* its payload; the last packet of a heap may have less */
  gsize heap_size; /* payload of a heap: the memory contains one heap after the
                    * other; 0: it contains one heap of any size */
} Spead2PacketShape;

#define SPEAD2_TYPE_HEADROOM_ALLOCATOR (spead2_headroom_allocator_get_type ())
G_DECLARE_FINAL_TYPE (Spead2HeadroomAllocator, spead2_headroom_allocator,
    SPEAD2, HEADROOM_ALLOCATOR, GstAllocator)

/* An allocator of memories of this shape. No field of shape but heap_size may be 0.
 * storage (NULL: the default allocator; a reference is added) provides the bytes of
 * headers and payload. Allocations with prefix or padding get ordinary memory of the
 * default allocator. */
GstAllocator *spead2_headroom_allocator_new (
    const Spead2PacketShape *shape, GstAllocator *storage);

/* Bytes of storage for size bytes of payload, headers included. */
gsize spead2_packet_shape_storage (const Spead2PacketShape *shape, gsize size);

gboolean spead2_is_headroom_memory (const GstMemory *memory);

/* A byte of the payload, and the rest of its packet and heap. */
typedef struct {
  guint8 *data; /* address of the byte */
  gsize size;   /* payload from there to the end of the packet */
  /* Bytes in front of data; 0 if data is not the first byte of the packet. */
  guint16 headroom;
  guint64 heap_size;     /* payload from data to the end of the heap */
  guint16 next_headroom; /* of each following packet of the heap */
  guint16 next_piece;    /* its payload, unless it is the last one */
  /* The heap has this packet alone. The heaps behind it are of one packet, too: each has
   * headroom and payload as this one has from its first byte on. */
  gboolean is_heap;
} Spead2PacketPlace;

/* Finds the byte at offset of the payload; offset is less than the memory's size. The
 * caller has locked the memory (gst_mini_object_lock()), for reading or writing. */
void spead2_headroom_find (
    GstMemory *memory, gsize offset, Spead2PacketPlace *place);

/* Goes to the following packet of the heap. At the end of the heap, size is 0. */
static inline void
spead2_packet_place_next (Spead2PacketPlace *place)
{
  place->heap_size -= place->size;
  place->data += place->size + place->next_headroom;
  place->size = MIN (place->next_piece, place->heap_size);
  place->headroom = place->next_headroom;
}

/* Reserves the headroom of the whole memory for one writer, until
 * spead2_headroom_return(). FALSE if it is reserved already. A memory of
 * gst_memory_share() and its parent have one reservation. */
gboolean spead2_headroom_claim (GstMemory *memory);
void spead2_headroom_return (GstMemory *memory);

/* The huge pages that contain the memory (borrowed), or NULL if its storage has none. */
Spead2HugePages *spead2_headroom_pages (GstMemory *memory);

G_END_DECLS

#endif /* SPEAD2_HEADROOM_H */
