/* The heaps that are being received, by their counters and by their last packets.
 *
 * A pure module. Heaps are borrowed; the counter of a heap that is live does not change.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_LIVE_HEAPS_H
#define SPEAD2_LIVE_HEAPS_H

#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* For reading. */
typedef struct {
  Spead2ReceivedHeap *oldest, *newest; /* by their last packets, or NULL */
  guint n;
  guint64 bytes; /* spead2_live_heaps_cost() of all */
  /*< private >*/
  Spead2ReceivedHeap **buckets; /* (owned) */
  guint mask;
  guint64 seed;
} Spead2LiveHeaps;

/* Bytes that the memory of a heap costs, those in front of an aligned item included. */
static inline guint64
spead2_live_heaps_cost (guint64 capacity)
{
  return capacity + SPEAD2_PAYLOAD_ALIGNMENT;
}

/* For about n_heaps. seed is odd, and unknown to those who send. */
void spead2_live_heaps_init (
    Spead2LiveHeaps *live, guint n_heaps, guint64 seed);

void spead2_live_heaps_clear (Spead2LiveHeaps *live);

/* The heap, whose counter none has that is live, becomes the newest. */
void spead2_live_heaps_add (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap);

void spead2_live_heaps_remove (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap);

/* A heap that is live becomes the newest. */
void spead2_live_heaps_touch (Spead2LiveHeaps *live, Spead2ReceivedHeap *heap);

/* The memory of a live heap has grown. */
static inline void
spead2_live_heaps_note_growth (Spead2LiveHeaps *live, guint64 bytes)
{
  live->bytes += bytes;
}

/* Among the oldest heaps, but not `kept`, the one that claims most memory for what has
 * not come. NULL: there is no other. */
Spead2ReceivedHeap *spead2_live_heaps_greediest (
    const Spead2LiveHeaps *live, const Spead2ReceivedHeap *kept);

/*< private >*/
static inline Spead2ReceivedHeap **
spead2_live_heaps_bucket (const Spead2LiveHeaps *live, guint64 cnt)
{
  return &live->buckets[(cnt * live->seed) >> 32 & live->mask];
}

/* The live heap with that counter, or NULL. */
static inline Spead2ReceivedHeap *
spead2_live_heaps_find (const Spead2LiveHeaps *live, guint64 cnt)
{
  Spead2ReceivedHeap *heap = *spead2_live_heaps_bucket (live, cnt);

  while (heap && heap->cnt != cnt)
    heap = heap->hash_next;
  return heap;
}

G_END_DECLS

#endif /* SPEAD2_LIVE_HEAPS_H */
