/* A heap that was received: see receivedheap.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/receivedheap.h"

/* Pointers that are kept for the next heap. */
#define MAX_KEPT 256

/* What a heap counts at least, and each of its pointers once they are not inline:
 * both arrays may be twice as long as they are filled. Bytes. */
#define MIN_COST 1024
#define POINTER_COST (2 * (sizeof (guint64) + 2 * sizeof (guint32)))

const gchar *
spead2_heap_end_name (Spead2HeapEnd end)
{
  static const gchar *const names[] = {
      [SPEAD2_HEAP_COMPLETE] = "complete",
      [SPEAD2_HEAP_EVICTED] = "evicted",
      [SPEAD2_HEAP_TIMEOUT] = "timeout",
      [SPEAD2_HEAP_STOPPED] = "stop",
      [SPEAD2_HEAP_FLUSHED] = "flush",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == SPEAD2_N_HEAP_ENDS);
  return names[end];
}

static void
free_pointers (Spead2ReceivedHeap *heap)
{
  if (heap->allocated_pointers > 0) {
    g_free (heap->pointers);
    g_free (heap->pointer_table);
  }
  heap->allocated_pointers = 0;
  heap->pointers = heap->inline_pointers;
  heap->pointer_table = NULL;
}

Spead2ReceivedHeap *
spead2_received_heap_new (guint64 seed)
{
  Spead2ReceivedHeap *heap = g_new0 (Spead2ReceivedHeap, 1);

  heap->seed = seed;
  heap->n_heaps = 1;
  free_pointers (heap);
  return heap;
}

void
spead2_received_heap_free (Spead2ReceivedHeap *heap)
{
  if (heap == NULL)
    return;
  free_pointers (heap);
  spead2_ranges_clear (&heap->ranges);
  g_free (heap);
}

/* --- pointers ------------------------------------------------------------- */

/* Entries of the table: twice those of pointers, a power of two. */
static guint
table_mask (const Spead2ReceivedHeap *heap)
{
  return 2 * heap->allocated_pointers - 1;
}

/* The entry that has the pointer, or is free for it: 0, or its position and 1. */
static guint32 *
table_entry (const Spead2ReceivedHeap *heap, guint64 pointer)
{
  guint at = (pointer * heap->seed) >> 32 & table_mask (heap);

  while (heap->pointer_table[at] > 0 &&
      heap->pointers[heap->pointer_table[at] - 1] != pointer)
    at = (at + 1) & table_mask (heap);
  return &heap->pointer_table[at];
}

static void
clear_table (Spead2ReceivedHeap *heap)
{
  memset (heap->pointer_table, 0,
      (table_mask (heap) + 1) * sizeof *heap->pointer_table);
}

static void
make_table (Spead2ReceivedHeap *heap)
{
  heap->pointer_table =
      g_renew (guint32, heap->pointer_table, table_mask (heap) + 1);
  clear_table (heap);
  for (guint i = 0; i < heap->n_pointers; i++)
    *table_entry (heap, heap->pointers[i]) = i + 1;
}

static void
grow_pointers (Spead2ReceivedHeap *heap)
{
  guint64 *pointers = heap->allocated_pointers > 0 ? heap->pointers : NULL;
  guint n = MAX (2 * heap->allocated_pointers, 4 * SPEAD2_INLINE_POINTERS);

  pointers = g_renew (guint64, pointers, n);
  if (heap->allocated_pointers == 0)
    memcpy (pointers, heap->inline_pointers, sizeof heap->inline_pointers);
  heap->pointers = pointers;
  heap->allocated_pointers = n;
  make_table (heap);
}

static gboolean
has_pointer (const Spead2ReceivedHeap *heap, guint64 pointer)
{
  if (heap->allocated_pointers > 0)
    return *table_entry (heap, pointer) > 0;
  for (guint i = 0; i < heap->n_pointers; i++)
    if (heap->pointers[i] == pointer)
      return TRUE;
  return FALSE;
}

static void
add_pointer (Spead2ReceivedHeap *heap, guint64 pointer)
{
  if (heap->n_pointers ==
      MAX (heap->allocated_pointers, SPEAD2_INLINE_POINTERS))
    grow_pointers (heap);
  if (heap->allocated_pointers > 0)
    *table_entry (heap, pointer) = heap->n_pointers + 1;
  heap->pointers[heap->n_pointers++] = pointer;
}

static guint
pointer_flags (Spead2Flavour flavour, guint64 pointer)
{
  guint64 value = spead2_pointer_value (flavour, pointer);
  gboolean immediate = spead2_pointer_is_immediate (pointer);

  switch (spead2_pointer_id (flavour, pointer)) {
    case SPEAD2_ID_DESCRIPTOR:
      return immediate ? 0 : SPEAD2_RECEIVED_DESCRIBES;
    case SPEAD2_ID_STREAM_CTRL:
      return !immediate                ? 0
          : value == SPEAD2_CTRL_START ? SPEAD2_RECEIVED_START
          : value == SPEAD2_CTRL_STOP  ? SPEAD2_RECEIVED_STOP
                                       : 0;
    default:
      return 0;
  }
}

void
spead2_received_heap_add_pointers (
    Spead2ReceivedHeap *heap, const Spead2PacketView *view)
{
  for (guint i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);

    /* Repeated pointers mostly stand where they stood. */
    if (i < heap->n_pointers && heap->pointers[i] == pointer)
      continue;
    if (!spead2_pointer_is_item (view->flavour, pointer) ||
        has_pointer (heap, pointer))
      continue;
    add_pointer (heap, pointer);
    heap->flags |= pointer_flags (view->flavour, pointer);
  }
}

void
spead2_received_heap_reset (Spead2ReceivedHeap *heap)
{
  if (heap->allocated_pointers > MAX_KEPT)
    free_pointers (heap);
  if (heap->allocated_pointers > 0)
    clear_table (heap);
  heap->n_pointers = 0;
  heap->n_heaps = 1;
  spead2_ranges_reset (&heap->ranges);
  heap->length = heap->received = heap->capacity = 0;
  heap->flags = 0;
  heap->payload = NULL;
}

guint64
spead2_received_heap_cost (const Spead2ReceivedHeap *heap)
{
  guint64 bytes = heap->flags & SPEAD2_RECEIVED_REFUSED ? 0 : heap->length;

  if (heap->n_pointers > SPEAD2_INLINE_POINTERS)
    bytes += heap->n_pointers * POINTER_COST;
  return heap->n_heaps * MAX (bytes, MIN_COST);
}

/* --- runs ----------------------------------------------------------------- */

Spead2ReceivedHeap *
spead2_received_heap_split (Spead2ReceivedHeap *run, guint n)
{
  Spead2ReceivedHeap *first = g_memdup2 (run, sizeof *run);

  g_assert (n > 0 && n < run->n_heaps);
  first->next = NULL;
  first->memory.data = NULL;
  first->n_heaps = n;
  first->allocated_pointers = 0;
  first->pointer_table = NULL;
  first->pointers = first->inline_pointers;
  memset (&first->ranges, 0, sizeof first->ranges);
  spead2_ranges_add (&first->ranges, 0, run->length);
  memcpy (
      first->pointers, run->pointers, run->n_pointers * sizeof *run->pointers);
  spead2_received_heap_skip (run, n);
  return first;
}

void
spead2_received_heap_skip (Spead2ReceivedHeap *run, guint n)
{
  run->n_heaps -= n;
  run->cnt += n * run->cnt_step;
  for (guint i = 0; i < run->n_pointers; i++)
    run->pointers[i] += n * run->steps[i];
  run->payload += n * run->length;
}

/* --- payload -------------------------------------------------------------- */

guint
spead2_received_heap_missing (
    const Spead2ReceivedHeap *heap, Spead2Range *missing)
{
  const Spead2Range *range = spead2_ranges_get (&heap->ranges);
  guint64 begin = 0;
  guint n = 0;

  for (guint i = 0; i <= heap->ranges.n; i++) {
    guint64 end = i < heap->ranges.n ? range[i].begin : heap->length;

    if (begin < end && missing)
      missing[n] = (Spead2Range){begin, end};
    n += begin < end;
    if (i < heap->ranges.n)
      begin = range[i].end;
  }
  return n;
}
