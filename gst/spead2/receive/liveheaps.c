/* Heaps that are being received: see liveheaps.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/liveheaps.h"

/* Heaps of which one is chosen to be given up for its memory, at least 2. */
#define MAX_COMPARED 16

void
spead2_live_heaps_init (Spead2LiveHeaps *live, guint n_heaps, guint64 seed)
{
  *live = (Spead2LiveHeaps){
      .mask = (2u << g_bit_storage (n_heaps)) - 1,
      .seed = seed,
  };
  live->buckets = g_new0 (Spead2ReceivedHeap *, live->mask + 1);
}

void
spead2_live_heaps_clear (Spead2LiveHeaps *live)
{
  g_free (live->buckets);
}

static void
list_remove (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap)
{
  *(heap->older ? &heap->older->newer : &live->oldest) = heap->newer;
  *(heap->newer ? &heap->newer->older : &live->newest) = heap->older;
}

static void
list_append (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap)
{
  heap->newer = NULL;
  heap->older = live->newest;
  *(heap->older ? &heap->older->newer : &live->oldest) = heap;
  live->newest = heap;
}

void
spead2_live_heaps_add (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap)
{
  Spead2ReceivedHeap **first = spead2_live_heaps_bucket (live, heap->cnt);

  heap->hash_next = *first;
  *first = heap;
  list_append (live, heap);
  live->n++;
  live->bytes += spead2_live_heaps_cost (heap->capacity);
}

void
spead2_live_heaps_remove (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap)
{
  Spead2ReceivedHeap **link = spead2_live_heaps_bucket (live, heap->cnt);

  while (*link != heap)
    link = &(*link)->hash_next;
  *link = heap->hash_next;
  list_remove (live, heap);
  live->n--;
  live->bytes -= spead2_live_heaps_cost (heap->capacity);
}

void
spead2_live_heaps_touch (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap)
{
  list_remove (live, heap);
  list_append (live, heap);
}

/* Bytes of memory for what has not come. */
static guint64
claimed_bytes (const Spead2ReceivedHeap *heap)
{
  return heap->capacity > heap->received ? heap->capacity - heap->received : 0;
}

Spead2ReceivedHeap *
spead2_live_heaps_greediest (
    const Spead2LiveHeaps *live, const Spead2ReceivedHeap *kept)
{
  Spead2ReceivedHeap *heap = live->oldest, *greediest = NULL;

  for (guint i = 0; heap && i < MAX_COMPARED; i++, heap = heap->newer)
    if (heap != kept &&
        (greediest == NULL || claimed_bytes (heap) > claimed_bytes (greediest)))
      greediest = heap;
  return greediest;
}
