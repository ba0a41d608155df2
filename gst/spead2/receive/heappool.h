/* Received heaps that are used again, and their memory.
 *
 * Once as many heaps exist as are needed, none is allocated. The owner of memory provides
 * theirs, and has it back when the heap comes back, or gets larger memory.
 *
 * Pure but for what the owner does; for one thread. Sizes are bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_HEAP_POOL_H
#define SPEAD2_HEAP_POOL_H

#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* Heaps that are kept for reuse, at most; about 1 KiB each. */
#define SPEAD2_MAX_UNUSED_HEAPS 1024

/* Memory for payloads. Called by functions of the pool, in their thread. */
typedef struct {
  /* Provides at least size bytes, uninitialised. FALSE if there is no memory: the
   * packet then counts as no-memory. The address of the first byte should be phase
   * modulo SPEAD2_PAYLOAD_ALIGNMENT: the item that is to be aligned (see
   * spead2_assembler_set_align_id()) then starts at a multiple of that. */
  gboolean (*acquire) (
      gpointer user_data, gsize size, guint phase, Spead2HeapMemory *memory);
  /* Returns memory: its heap was recycled or freed with it, or got larger memory. */
  void (*release) (gpointer user_data, Spead2HeapMemory *memory);
  /* Makes memory of a heap that of a run of several such heaps, in place, and less again
   * where fewer have come. Returns the bytes that it has then, which may be less than
   * was asked for; 0: it cannot be a run's. NULL: there are no runs. */
  gsize (*resize) (gpointer user_data, Spead2HeapMemory *memory, gsize size);
  gpointer user_data;
} Spead2HeapMemoryOwner;

/* Fields are private, but for n_unused, which may be read. */
typedef struct {
  Spead2HeapMemoryOwner owner;
  guint64 seed;
  Spead2ReceivedHeap *unused; /* (owned) a list */
  guint n_unused;
} Spead2HeapPool;

/* seed is odd, and unknown to those who send. */
void spead2_heap_pool_init (
    Spead2HeapPool *pool, const Spead2HeapMemoryOwner *owner, guint64 seed);

/* Frees the heaps that have come back. */
void spead2_heap_pool_clear (Spead2HeapPool *pool);

/* A heap without memory (transfer full), alone in its list. */
Spead2ReceivedHeap *spead2_heap_pool_take (Spead2HeapPool *pool);

/* Takes back a list of heaps (transfer full), also of another pool with the same owner, or
 * NULL, and what memory they still have. */
void spead2_heap_pool_recycle (Spead2HeapPool *pool, Spead2ReceivedHeap *heaps);

/* Memory for capacity bytes of payload, the first of which lies at phase modulo the alignment.
 * What the heap has of payload moves there. FALSE: there is none, and the heap keeps its
 * own. */
gboolean spead2_heap_pool_acquire_memory (Spead2HeapPool *pool,
    Spead2ReceivedHeap *heap, guint64 capacity, guintptr phase);

/* The heap has no payload any more. */
void spead2_heap_pool_release_memory (
    Spead2HeapPool *pool, Spead2ReceivedHeap *heap);

/* As the owner's resize; 0 without one. */
static inline gsize
spead2_heap_pool_resize_memory (
    Spead2HeapPool *pool, Spead2ReceivedHeap *heap, gsize size)
{
  return pool->owner.resize
      ? pool->owner.resize (pool->owner.user_data, &heap->memory, size)
      : 0;
}

G_END_DECLS

#endif /* SPEAD2_HEAP_POOL_H */
