/* Heaps and their memory: see heappool.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/heappool.h"

void
spead2_heap_pool_init (
    Spead2HeapPool *pool, const Spead2HeapMemoryOwner *owner, guint64 seed)
{
  *pool = (Spead2HeapPool){.owner = *owner, .seed = seed};
}

void
spead2_heap_pool_clear (Spead2HeapPool *pool)
{
  Spead2ReceivedHeap *heap;

  while ((heap = pool->unused)) {
    pool->unused = heap->next;
    spead2_received_heap_free (heap);
  }
  pool->n_unused = 0;
}

Spead2ReceivedHeap *
spead2_heap_pool_take (Spead2HeapPool *pool)
{
  Spead2ReceivedHeap *heap = pool->unused;

  if (heap == NULL)
    return spead2_received_heap_new (pool->seed);
  pool->unused = heap->next;
  pool->n_unused--;
  heap->next = NULL;
  return heap;
}

void
spead2_heap_pool_recycle (Spead2HeapPool *pool, Spead2ReceivedHeap *heaps)
{
  while (heaps) {
    Spead2ReceivedHeap *heap = heaps;

    heaps = heap->next;
    spead2_heap_pool_release_memory (pool, heap);
    if (pool->n_unused == SPEAD2_MAX_UNUSED_HEAPS) {
      spead2_received_heap_free (heap);
      continue;
    }
    spead2_received_heap_reset (heap);
    heap->next = pool->unused;
    pool->unused = heap;
    pool->n_unused++;
  }
}

gboolean
spead2_heap_pool_acquire_memory (Spead2HeapPool *pool, Spead2ReceivedHeap *heap,
    guint64 capacity, guintptr phase)
{
  Spead2HeapMemory memory;

  if (!pool->owner.acquire (pool->owner.user_data, capacity,
          phase & (SPEAD2_PAYLOAD_ALIGNMENT - 1), &memory))
    return FALSE;

  if (heap->payload)
    memcpy (memory.data, heap->payload, heap->length);
  spead2_heap_pool_release_memory (pool, heap);
  heap->memory = memory;
  heap->payload = memory.data;
  heap->capacity = capacity;
  return TRUE;
}

void
spead2_heap_pool_release_memory (Spead2HeapPool *pool, Spead2ReceivedHeap *heap)
{
  if (heap->memory.data)
    pool->owner.release (pool->owner.user_data, &heap->memory);
  heap->memory.data = NULL;
  heap->payload = NULL;
}
