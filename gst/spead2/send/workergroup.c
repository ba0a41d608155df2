/* What the workers of one sender share: see workergroup.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/workergroup.h"

#include "spead2/clock.h"
#include "spead2/net/uringreaper.h"

static void
report (const Spead2WorkerGroup *group, const Spead2Slot *slot, guint index,
    guint64 cnt, guint64 bytes, const GError *error)
{
  const Spead2HeapResult result = {
      slot->heap, index, slot->flags, cnt, bytes, error};

  if (group->callbacks.heap_done)
    group->callbacks.heap_done (&result, group->user_data);
}

/* Reports and counts the heaps of a slot that was sent. */
static void
complete_sent (const Spead2WorkerGroup *group, const Spead2Slot *slot,
    Spead2HeapCounts *counts, guint64 now)
{
  const guint64 bytes = slot->tx.bytes / slot->n_heaps;
  guint i;

  for (i = 0; i < slot->n_heaps; i++)
    report (group, slot, i, spead2_worker_group_heap_cnt (group, slot, i),
        bytes, NULL);
  spead2_heap_counts_add (counts, slot, slot->n_heaps, NULL, now);
}

/* The name of where the slot's heap at index, of which not all was sent, was to go: of the
 * one with the error, if it was to go to all. It stays as long as the slot is used. Called
 * with the lock. */
static const gchar *
find_name (const Spead2WorkerGroup *group, const Spead2Slot *slot, guint index)
{
  guint destination = spead2_heap_destination (slot->heap, index);

  if (destination == SPEAD2_ALL_DESTINATIONS && slot->tx.error)
    destination = slot->tx.destination;
  if (destination == SPEAD2_NO_DESTINATION)
    return "no destination";
  if (destination == SPEAD2_ALL_DESTINATIONS)
    return "all destinations";
  return spead2_destinations_entry (&group->queue.destinations, destination)
      ->endpoint.text;
}

/* Reports and counts a heap of a slot of which not all was sent. */
static void
complete_heap (const Spead2WorkerGroup *group, const Spead2Slot *slot,
    guint index, const Spead2HeapEnd *end, const gchar *destination,
    Spead2HeapCounts *counts, guint64 now)
{
  GError *error = spead2_heap_end_error (end, destination);

  report (group, slot, index,
      end->dropped ? SPEAD2_NO_HEAP_CNT
                   : spead2_worker_group_heap_cnt (group, slot, index),
      end->bytes, error);
  spead2_heap_counts_add (counts, slot, 1, error, now);
  g_clear_error (&error);
}

static void
complete_unsent (Spead2WorkerGroup *group, const Spead2Slot *slot,
    Spead2HeapCounts *counts, guint64 now)
{
  Spead2HeapEnd *ends = g_new (Spead2HeapEnd, slot->n_heaps);
  const gchar **names = g_new (const gchar *, slot->n_heaps);
  guint i;

  g_mutex_lock (&group->queue.lock);
  for (i = 0; i < slot->n_heaps; i++)
    names[i] = find_name (group, slot, i);
  g_mutex_unlock (&group->queue.lock);
  spead2_slot_heap_ends (slot, &group->packet, ends);
  for (i = 0; i < slot->n_heaps; i++)
    complete_heap (group, slot, i, &ends[i], names[i], counts, now);
  g_free (names);
  g_free (ends);
}

/* Reports how the heaps of a slot ended, counts them, and frees the run. */
static void
complete_slot (Spead2WorkerGroup *group, Spead2Slot *slot,
    Spead2HeapCounts *counts, guint64 now)
{
  if (spead2_slot_is_sent (slot))
    complete_sent (group, slot, counts, now);
  else
    complete_unsent (group, slot, counts, now);
  spead2_tx_state_clear (&slot->tx);
  if (slot->tx.unreleased)
    g_ptr_array_add (group->abandoned_heaps, slot->heap);
  else
    spead2_heap_free (slot->heap);
}

void
spead2_worker_group_complete (Spead2WorkerGroup *group)
{
  Spead2Queue *queue = &group->queue;
  guint64 number, end;

  while (spead2_queue_begin_completion (queue, &end)) {
    const guint64 now = spead2_now ();
    Spead2HeapCounts counts = {0};

    g_mutex_unlock (&queue->lock);
    for (number = queue->head; number != end; number++)
      complete_slot (group, spead2_queue_slot (queue, number), &counts, now);
    g_mutex_lock (&queue->lock);

    spead2_heap_counts_merge (&group->counts, &counts);
    spead2_queue_end_completion (queue, end);
  }
}

void
spead2_worker_group_defer_free (Spead2WorkerGroup *group)
{
  if (group->abandoned_rings->len == 0)
    return;
  spead2_uring_reaper_defer_free (
      group->abandoned_rings, group->abandoned_heaps);
  group->abandoned_rings = g_ptr_array_new ();
  group->abandoned_heaps =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
}
