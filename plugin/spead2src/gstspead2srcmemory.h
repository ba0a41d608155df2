/* gst-spead2: memory that heaps are received into
 *
 * Buffers of a pool, last in first out, each mapped for writing, unless it is a slab, from
 * the moment a heap begins until it becomes a buffer of the stream. The pool's buffers have
 * the size of the largest heap so far. A heap far smaller than that, as one of descriptors or of
 * stream control is, has memory of its own, until many of them have come in a row: the
 * pool is then made for such heaps. Heaps that share a buffer, or small ones that may come as
 * runs, have places in a block instead, where they can.
 *
 * Any thread; the lock is never held while buffers are made or freed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_MEMORY_H
#define GST_SPEAD2_SRC_MEMORY_H

#include <gst/gst.h>

#include "gstspead2srcplaces.h"
#include "gstspead2srcslabs.h"
#include "spead2/receive/assembler.h"

G_BEGIN_DECLS

typedef struct {
  gboolean shared; /* heaps share buffers; constant while heaps are received */
  GstSpead2SrcSlabs slabs; /* where downstream has no allocator */

  GMutex lock;
  /* Guarded by lock. */
  GstBufferPool *pool;     /* (owned) active, or NULL */
  gsize size;              /* of its buffers */
  guint n_small;           /* heaps in a row that were too small for it */
  gsize largest_small;     /* the bytes of the largest of them */
  GstAllocator *allocator; /* (owned) of downstream, or NULL: the default one */
  GstAllocationParams params;

  GstSpead2SrcPlaces places; /* has its own lock */
} GstSpead2SrcMemory;

void gst_spead2_src_memory_init (GstSpead2SrcMemory *memory);
void gst_spead2_src_memory_clear (GstSpead2SrcMemory *memory);

/* What buffers are made with from now on; allocator may be NULL. */
void gst_spead2_src_memory_set_allocator (GstSpead2SrcMemory *memory,
    GstAllocator *allocator, const GstAllocationParams *params);

/* Begins: n heaps share a buffer, and heaps come as runs or one by one. */
void gst_spead2_src_memory_start (
    GstSpead2SrcMemory *memory, guint n, gboolean has_runs);

/* Frees the pool, once its last buffer has come back. */
void gst_spead2_src_memory_stop (GstSpead2SrcMemory *memory);

/* The functions that a receiver is given; memory outlives it. */
Spead2HeapMemoryOwner gst_spead2_src_memory_owner (GstSpead2SrcMemory *memory);

/* The buffer that is the memory of a heap, which the heap keeps: for metas. NULL where it
 * is a place in a block. */
GstBuffer *gst_spead2_src_memory_peek (const Spead2ReceivedHeap *heap);

/* Takes the memory of a heap, which must have a place, or of the first one of a run out: the
 * buffer is the caller's, and of size bytes of the payload from offset on. */
GstBuffer *gst_spead2_src_memory_take_place (
    Spead2ReceivedHeap *heap, guint64 offset, guint64 size);

/* Whether two heaps with memory lie in one block, and the second one's payload right
 * behind all of the first one's. */
gboolean gst_spead2_src_memory_adjoins (
    const Spead2ReceivedHeap *first, const Spead2ReceivedHeap *second);

/* Whether a heap with memory has the last place of a block. */
gboolean gst_spead2_src_memory_ends_block (const Spead2ReceivedHeap *heap);

/* Takes the first n heaps off a run of more, with their memory. */
Spead2ReceivedHeap *gst_spead2_src_memory_split (
    Spead2ReceivedHeap *run, guint n);

/* Takes the memory out of a heap, which must have some: the buffer is the caller's,
 * unmapped, and of size bytes of the payload from offset on, or as far as heaps adjoin of
 * their payloads. */
GstBuffer *gst_spead2_src_memory_take (
    Spead2ReceivedHeap *heap, guint64 offset, guint64 size);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_MEMORY_H */
