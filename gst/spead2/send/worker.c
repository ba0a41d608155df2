/* A sending worker: see worker.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/worker.h"

#include <errno.h>

#include "spead2/clock.h"
#include "spead2/net/batch.h"

/* How many slots ahead of the one that is cut into packets. */
#define PREFETCH_SLOTS 24

static void
wake (gpointer user_data)
{
  Spead2Worker *worker = user_data;

  spead2_udp_writer_wake (worker->writer);
}

void
spead2_worker_init (Spead2Worker *worker, Spead2WorkerGroup *group, guint index,
    Spead2UdpWriter *writer)
{
  worker->group = group;
  worker->index = index;
  worker->writer = writer;
  worker->next_removal = G_MAXUINT64;
  worker->zerocopy_reason = spead2_udp_writer_zerocopy_reason (writer, 0);
  worker->destinations =
      g_array_new (FALSE, FALSE, sizeof (Spead2WorkerDestination));
  worker->packetizers = g_new0 (Spead2Packetizer, group->queue.interleave);
  spead2_turns_init (&worker->turns, group->queue.interleave);
  spead2_taker_init (&worker->taker, &group->queue, wake, worker);
}

void
spead2_worker_clear (Spead2Worker *worker)
{
  g_clear_pointer (&worker->writer, spead2_udp_writer_free);
  g_clear_pointer (&worker->destinations, g_array_unref);
  g_clear_pointer (&worker->packetizers, g_free);
  spead2_turns_clear (&worker->turns);
  spead2_taker_clear (&worker->taker);
}

/* -- taking ---------------------------------------------------------------------- */

/* The packetizer of a slot of the present group, by its position. */
static Spead2Packetizer *
packetizer_at (const Spead2Worker *worker, guint64 position)
{
  return &worker->packetizers[position - worker->first];
}

/* Whether the slot's heaps that are kept are all cut into packets. */
static gboolean
is_cut (const Spead2Packetizer *packetizer, const Spead2Slot *slot)
{
  return packetizer->index >= spead2_slot_n_kept (slot);
}

/* The slot whose turn it is, which is begun, is cut into packets. */
static void
end_run (Spead2Worker *worker, const Spead2Slot *slot)
{
  Spead2Taker *taker = &worker->taker;

  taker->unbegun_bytes -= (taker->n_unbegun + 1) * slot->length;
  taker->n_unbegun = 0;
  spead2_turns_end (&worker->turns);
  while (taker->n_begun > 0 &&
      is_cut (packetizer_at (worker, taker->current),
          spead2_taker_slot (taker, taker->current))) {
    taker->current++;
    taker->n_begun--;
  }
}

/* Drops what is not begun. */
static void
discard (Spead2Worker *worker)
{
  Spead2Taker *taker = &worker->taker;
  Spead2Slot *slot;

  spead2_taker_discard (taker);
  spead2_turns_limit (&worker->turns, taker->end - worker->first);
  if (taker->n_begun == 0)
    return;
  slot = spead2_taker_slot (taker, taker->current);
  if (is_cut (packetizer_at (worker, taker->current), slot))
    end_run (worker, slot);
}

/* How many of the slot's heaps, from the last one that is kept on, were abandoned, and nothing
 * of them was sent. */
static guint
count_abandoned (const Spead2Worker *worker, const Spead2Slot *slot)
{
  const guint n_kept = spead2_slot_n_kept (slot);
  Spead2HeapEnd *ends;
  guint n = 0;

  if (slot->tx.error != ECANCELED)
    return 0;
  ends = g_new (Spead2HeapEnd, slot->n_heaps);
  spead2_slot_heap_ends (slot, &worker->group->packet, ends);
  while (n < n_kept && spead2_heap_end_is_dropped (&ends[n_kept - 1 - n]))
    n++;
  g_free (ends);
  return n;
}

/* Drops the heaps at the end of an abandoned batch of which nothing was sent. Those in front of
 * one that was sent keep their counters. */
static void
drop_abandoned (Spead2Worker *worker)
{
  Spead2Taker *taker = &worker->taker;
  guint n;

  while (taker->end != taker->first && taker->end == taker->current &&
      (n = count_abandoned (
           worker, spead2_taker_slot (taker, taker->end - 1))) > 0)
    spead2_taker_drop_last (taker, n);
}

/* Ends the slots of which nothing is in flight, and publishes what the writer counted. */
static void
finish (Spead2Worker *worker)
{
  spead2_taker_finish (&worker->taker);
  worker->counters = *spead2_udp_writer_counters (worker->writer);
  worker->gso_errno = spead2_udp_writer_any_gso_errno (worker->writer);
  worker->zerocopy_reason =
      spead2_udp_writer_zerocopy_reason (worker->writer, 0);
  spead2_times_merge (&worker->group->pacing_error, &worker->lateness);
  worker->lateness = (Spead2Times){0};
}

/* Abandons what the kernel has not released in time. */
static void
abandon_unreleased (Spead2Worker *worker)
{
  if (spead2_udp_writer_unreleased (worker->writer) > 0 &&
      spead2_now () >= worker->group->release_deadline)
    g_ptr_array_add (worker->group->abandoned_rings,
        spead2_udp_writer_abandon_unreleased (worker->writer));
}

/* Sleeps until it is woken, memory is released, it is time to abandon that, or a part of a
 * group is due. Called with the lock, which is released meanwhile. */
static void
sleep_until_woken (Spead2Worker *worker)
{
  Spead2Queue *queue = &worker->group->queue;
  guint64 deadline = spead2_taker_fall_asleep (&worker->taker);

  if (queue->taken == queue->tail || worker->taker.watches)
    spead2_pacer_idle (&worker->group->pacer);
  if (spead2_queue_is_discarding (queue) &&
      spead2_udp_writer_unreleased (worker->writer) > 0)
    deadline = MIN (deadline, worker->group->release_deadline);
  g_mutex_unlock (&queue->lock);
  spead2_udp_writer_wait_released (worker->writer, deadline);
  g_mutex_lock (&queue->lock);
  spead2_taker_wake_up (&worker->taker);
}

/* The slot that is sent next. */
static guint64
next_slot (const Spead2Worker *worker)
{
  return spead2_taker_number (&worker->taker, worker->taker.current);
}

/* Gives the writer the destinations that were added, and removes those to which no more heaps
 * go. Called with the lock, and no batch. */
static void
update_destinations (Spead2Worker *worker)
{
  const Spead2Destinations *from = &worker->group->queue.destinations;
  guint i;

  worker->next_removal = G_MAXUINT64;
  g_array_set_size (worker->destinations, from->entries->len);
  for (i = 0; i < from->entries->len; i++) {
    const Spead2Destination *entry = spead2_destinations_entry (from, i);

    g_array_index (worker->destinations, Spead2WorkerDestination, i) =
        (Spead2WorkerDestination){entry->from, entry->to};
    if (entry->filled > worker->n_changes)
      spead2_udp_writer_set_destination (worker->writer, i, &entry->endpoint);
    if (entry->to <= next_slot (worker))
      spead2_udp_writer_remove_destination (worker->writer, i);
    else
      worker->next_removal = MIN (worker->next_removal, entry->to);
  }
  worker->n_changes = from->n_changes;
}

/* Waits for runs and takes as many as fill a batch. FALSE at the end. Called
 * with the lock, which is released meanwhile. */
static gboolean
take (Spead2Worker *worker)
{
  Spead2WorkerGroup *group = worker->group;
  Spead2Queue *queue = &group->queue;

  for (;;) {
    const gboolean discarding = spead2_queue_is_discarding (queue);

    if (discarding) {
      discard (worker);
      abandon_unreleased (worker);
    }
    drop_abandoned (worker);
    finish (worker);
    spead2_worker_group_complete (group);
    if (spead2_taker_take (&worker->taker, SPEAD2_BATCH_BYTES,
            queue->interleave > 1 ? spead2_now () : 0)) {
      if (worker->n_changes != queue->destinations.n_changes ||
          worker->next_removal <= next_slot (worker))
        update_destinations (worker);
      worker->burst = spead2_pacer_burst (&group->pacer);
      return TRUE;
    }
    /* Begun while the lock was released: a part of a group is still queued. */
    if (discarding != spead2_queue_is_discarding (queue))
      continue;
    if (queue->stopping && spead2_udp_writer_unreleased (worker->writer) == 0)
      return FALSE;
    sleep_until_woken (worker);
  }
}

/* -- sending --------------------------------------------------------------------- */

/* Fetches a run that was taken from the cache of the processor that made it, while
 * those in front of it are cut. */
static void
prefetch (const Spead2Taker *taker, guint64 position)
{
  const guint8 *heap;
  gsize i;

  if (position >= taker->end)
    return;
  heap = (const guint8 *) spead2_taker_slot (taker, position)->heap;
  for (i = 0; i < SPEAD2_HEAP_FRONT; i += SPEAD2_CACHE_LINE)
    __builtin_prefetch (heap + i);
}

static void
start_packets (const Spead2WorkerGroup *group, Spead2Packetizer *packetizer,
    const Spead2Slot *slot, guint64 cnt)
{
  spead2_packetizer_start (packetizer, &group->packet, slot->heap);
  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT)) {
    packetizer->cnt = cnt;
    packetizer->cnt_step = group->cnt_step;
  }
}

/* The heap counter of a copy of a heap that goes to all destinations. */
static guint64
copy_cnt (Spead2WorkerGroup *group, const Spead2Slot *slot, guint destination)
{
  Spead2Destinations *destinations = &group->queue.destinations;
  guint64 nth;

  if (!destinations->count_each)
    return spead2_worker_group_heap_cnt (group, slot, 0);
  g_mutex_lock (&group->queue.lock);
  nth = spead2_destinations_entry (destinations, destination)->copy_nth;
  g_mutex_unlock (&group->queue.lock);
  return spead2_worker_group_nth_cnt (group, nth);
}

/* Begins the copy of the slot at position for the first destination from an index on. FALSE:
 * there are no more. */
static gboolean
begin_copy (Spead2Worker *worker, guint64 position, guint from)
{
  const Spead2Taker *taker = &worker->taker;
  const Spead2Slot *slot = spead2_taker_slot (taker, position);
  const guint64 number = spead2_taker_number (taker, position);
  guint i;

  for (i = from; i < worker->destinations->len; i++) {
    const Spead2WorkerDestination *destination =
        &g_array_index (worker->destinations, Spead2WorkerDestination, i);
    Spead2Packetizer *packetizer = packetizer_at (worker, position);

    if (number < destination->from || number >= destination->to)
      continue;
    start_packets (
        worker->group, packetizer, slot, copy_cnt (worker->group, slot, i));
    packetizer->destination = i;
    return TRUE;
  }
  return FALSE;
}

/* Begins the next copy of a heap. FALSE: this was the last, or only one. */
static gboolean
begin_next_copy (Spead2Worker *worker, guint64 position)
{
  const Spead2Slot *slot = spead2_taker_slot (&worker->taker, position);

  return slot->heap->destination == SPEAD2_ALL_DESTINATIONS &&
      begin_copy (
          worker, position, packetizer_at (worker, position)->destination + 1);
}

/* Begins the slot behind those that are begun. Without a destination, its heaps are dropped:
 * it is cut then. */
static void
begin_run (Spead2Worker *worker, guint64 position)
{
  Spead2Taker *taker = &worker->taker;
  Spead2Slot *slot = spead2_taker_slot (taker, position);

  taker->n_begun++;
  taker->n_unbegun = slot->n_heaps - 1;
  if (slot->heap->destination < SPEAD2_NO_DESTINATION)
    start_packets (worker->group, packetizer_at (worker, position), slot,
        spead2_worker_group_heap_cnt (worker->group, slot, 0));
  else if (slot->heap->destination == SPEAD2_NO_DESTINATION ||
      !begin_copy (worker, position, 0))
    slot->n_dropped = slot->n_heaps;
}

/* Sets where the next heap of a run in turn goes, and its counter, if each destination counts
 * for itself. */
static void
begin_heap (const Spead2WorkerGroup *group, Spead2Packetizer *packetizer,
    const Spead2Slot *slot)
{
  packetizer->destination =
      spead2_heap_destination (slot->heap, packetizer->index);
  if (slot->heap->numbers)
    packetizer->cnt =
        spead2_worker_group_heap_cnt (group, slot, packetizer->index);
}

/* Counts the heaps of the run that have been begun since the last time: all up to the one
 * that the packetizer is in the middle of. */
static void
count_begun (Spead2Taker *taker, const Spead2Packetizer *packetizer,
    const Spead2Slot *slot)
{
  guint n_begun = packetizer->index + (packetizer->offset > 0 ? 1 : 0);
  guint n_unbegun = spead2_slot_n_kept (slot) - MAX (n_begun, 1);

  taker->unbegun_bytes -= (taker->n_unbegun - n_unbegun) * slot->length;
  taker->n_unbegun = n_unbegun;
}

/* The batch was full before a packet of the run: it is not begun. A run that goes to all
 * destinations is one heap, and stays begun. */
static gboolean
take_back (Spead2Taker *taker, const Spead2Packetizer *packetizer,
    const Spead2Slot *slot)
{
  if (packetizer->number > 0 ||
      slot->heap->destination >= SPEAD2_NO_DESTINATION)
    return FALSE;
  taker->n_begun--;
  taker->n_unbegun = 0;
  return TRUE;
}

/* Adds packets of the begun run, or the begun copy, to the batch: all of them if the slot is
 * alone, otherwise until its message is full. FALSE: the batch is full. */
static gboolean
add_packets (Spead2Worker *worker, Spead2Packetizer *packetizer,
    Spead2Slot *slot, gboolean alone)
{
  const gboolean in_turn = slot->n_heaps > 1 && slot->heap->turns;

  do {
    if (in_turn && packetizer->offset == 0)
      begin_heap (worker->group, packetizer, slot);
    if (!spead2_udp_writer_add (worker->writer, packetizer, &slot->tx))
      return FALSE;
  } while (!is_cut (packetizer, slot) &&
      (alone || spead2_udp_writer_fits (worker->writer, packetizer)));
  return TRUE;
}

/* Adds what the slot at position, which is begun, adds in its turn. FALSE: the batch is
 * full. */
static gboolean
add_turn (Spead2Worker *worker, guint64 position)
{
  const gboolean alone = spead2_turns_n_open (&worker->turns) == 1;
  Spead2Packetizer *packetizer = packetizer_at (worker, position);
  Spead2Slot *slot = spead2_taker_slot (&worker->taker, position);

  while (!is_cut (packetizer, slot)) {
    if (!add_packets (worker, packetizer, slot, alone))
      return FALSE;
    if ((!is_cut (packetizer, slot) || begin_next_copy (worker, position)) &&
        !alone)
      break;
  }
  return TRUE;
}

/* The slot whose turn it is adds its packets, and the next one has its turn. FALSE: the batch
 * is full. */
static gboolean
take_turn (Spead2Worker *worker)
{
  Spead2Taker *taker = &worker->taker;
  const guint64 position =
      worker->first + spead2_turns_current (&worker->turns);
  const guint64 size = spead2_udp_writer_size (worker->writer);
  Spead2Packetizer *packetizer = packetizer_at (worker, position);
  Spead2Slot *slot = spead2_taker_slot (taker, position);
  gboolean added;

  if (position == taker->current + taker->n_begun)
    begin_run (worker, position);
  added = add_turn (worker, position);
  if (is_cut (packetizer, slot)) {
    end_run (worker, slot);
    return TRUE;
  }
  if (added || !take_back (taker, packetizer, slot))
    count_begun (taker, packetizer, slot);
  if (spead2_udp_writer_size (worker->writer) > size)
    spead2_turns_pass (&worker->turns);
  return added;
}

/* The slots from current on that were taken together, or the one without groups. */
static void
begin_group (Spead2Worker *worker)
{
  const Spead2Taker *taker = &worker->taker;
  guint n = 1;

  worker->first = taker->current;
  if (worker->group->queue.interleave > 1)
    while (taker->current + n != taker->end &&
        !(spead2_taker_slot (taker, taker->current + n - 1)->flags &
            SPEAD2_HEAP_ENDS_GROUP))
      n++;
  spead2_turns_begin (&worker->turns, n);
}

/* Makes the batch. */
static void
fill_batch (Spead2Worker *worker)
{
  Spead2Taker *taker = &worker->taker;
  guint i;

  for (i = 0; i < PREFETCH_SLOTS; i++)
    prefetch (taker, taker->current + i);
  worker->no_wait =
      spead2_taker_slot (taker, taker->current)->flags & SPEAD2_HEAP_NO_WAIT;
  spead2_udp_writer_begin (worker->writer, worker->burst, !worker->no_wait);

  while (taker->current != taker->end) {
    prefetch (taker, taker->current + PREFETCH_SLOTS);
    if (spead2_turns_n_open (&worker->turns) == 0)
      begin_group (worker);
    if (!take_turn (worker))
      return;
  }
}

/* Completes heaps whose memory was released while the worker had others to send. */
static void
complete_released (Spead2Worker *worker)
{
  Spead2Queue *queue = &worker->group->queue;

  if (spead2_udp_writer_take_released (worker->writer) == 0)
    return;
  g_mutex_lock (&queue->lock);
  finish (worker);
  spead2_worker_group_complete (worker->group);
  g_mutex_unlock (&queue->lock);
}

static guint64
reserve (Spead2Worker *worker)
{
  Spead2WorkerGroup *group = worker->group;
  guint64 time;

  g_mutex_lock (&group->queue.lock);
  time = worker->due = spead2_pacer_reserve (
      &group->pacer, spead2_now (), spead2_udp_writer_size (worker->writer));
  g_mutex_unlock (&group->queue.lock);
  return time;
}

/* Another rate moves it. */
static guint64
get_due (Spead2Worker *worker)
{
  guint64 time;

  g_mutex_lock (&worker->group->queue.lock);
  time = worker->due;
  g_mutex_unlock (&worker->group->queue.lock);
  return time;
}

void
spead2_worker_move_due (
    Spead2Worker *worker, const Spead2Pacer *last, guint64 now)
{
  if (worker->due <= now)
    return;
  worker->due =
      spead2_pacer_move (&worker->group->pacer, last, now, worker->due);
  spead2_udp_writer_wake (worker->writer);
}

/* Waits until the rate permits the batch. FALSE: not before the deadline. */
static gboolean
pace (Spead2Worker *worker)
{
  guint64 time;

  if (worker->burst == G_MAXUINT64 || worker->no_wait)
    return TRUE;

  time = reserve (worker);
  while (spead2_now () < time) {
    if (!spead2_udp_writer_sleep_until (worker->writer, time))
      return FALSE;
    complete_released (worker);
    time = get_due (worker);
  }

  /* 0: the rate has been taken away since the batch was begun. */
  if (time > 0)
    spead2_times_add (&worker->lateness, spead2_now () - time);
  return TRUE;
}

/* Sends the batch when the rate permits. */
static void
send_batch (Spead2Worker *worker)
{
  if (pace (worker)) {
    worker->abandoned = !spead2_udp_writer_send (worker->writer);
  } else {
    spead2_udp_writer_abandon (worker->writer);
    worker->abandoned = TRUE;
  }
}

/* The packets of the heap that the packetizer is in the middle of will not be sent. */
static void
fail_rest (const Spead2Packetizer *packetizer, Spead2Slot *slot)
{
  const guint64 end = (packetizer->index + 1) *
      spead2_packetizer_n_packets (packetizer->config, slot->heap);

  spead2_tx_state_fail (&slot->tx, packetizer->number, end - packetizer->number,
      ECANCELED, packetizer->destination);
}

/* Ends what is begun here if some of the batch was abandoned, or the deadline has passed: of a
 * run, the heaps behind the present one are dropped. Called with the lock. */
static void
cut_short (Spead2Worker *worker)
{
  Spead2Taker *taker = &worker->taker;
  const guint64 first = taker->current;

  if (taker->n_begun == 0 ||
      !(worker->abandoned ||
          (!worker->no_wait && spead2_udp_writer_expired (worker->writer))))
    return;

  spead2_taker_drop_unbegun (taker);
  for (; taker->n_begun > 0; taker->n_begun--, taker->current++) {
    Spead2Slot *slot = spead2_taker_slot (taker, taker->current);
    const Spead2Packetizer *packetizer = packetizer_at (worker, taker->current);

    if (!is_cut (packetizer, slot))
      fail_rest (packetizer, slot);
    else if (taker->current > first)
      continue;
    taker->unbegun_bytes -= slot->length;
  }
  spead2_turns_begin (&worker->turns, 0);
}

/* -- the thread --------------------------------------------------------------------- */

static void
report_icmp_errors (Spead2Worker *worker)
{
  const Spead2WorkerGroup *group = worker->group;
  const Spead2Endpoint *destination;
  gint errnum;
  guint n = spead2_udp_writer_take_icmp_errors (
      worker->writer, &errnum, &destination);

  if (n > 0 && group->callbacks.icmp_errors)
    group->callbacks.icmp_errors (destination, errnum, n, group->user_data);
}

static void
report_absent (Spead2Worker *worker)
{
  const Spead2WorkerGroup *group = worker->group;
  gchar *names = NULL;
  guint n = spead2_udp_writer_take_absent (worker->writer, &names);

  if (n > 0 && group->callbacks.absent)
    group->callbacks.absent (names, n, group->user_data);
  g_free (names);
}

static void
report_recovered (Spead2Worker *worker)
{
  const Spead2WorkerGroup *group = worker->group;

  if (spead2_udp_writer_take_recovered (worker->writer) &&
      group->callbacks.recovered)
    group->callbacks.recovered (group->user_data);
}

static void
report_zerocopy (Spead2Worker *worker, const gchar *before)
{
  const Spead2WorkerGroup *group = worker->group;
  const gchar *reason = spead2_udp_writer_zerocopy_reason (worker->writer, 0);

  if (reason && reason != before && group->report_zerocopy &&
      group->callbacks.zerocopy_disabled)
    group->callbacks.zerocopy_disabled (reason, group->user_data);
}

static void
worker_run (gpointer data)
{
  Spead2Worker *worker = data;
  Spead2Queue *queue = &worker->group->queue;

  /* The ring may not have been opened. */
  report_zerocopy (worker, NULL);

  g_mutex_lock (&queue->lock);
  while (take (worker)) {
    const gchar *reason = worker->zerocopy_reason;

    g_mutex_unlock (&queue->lock);
    fill_batch (worker);
    send_batch (worker);
    report_icmp_errors (worker);
    report_absent (worker);
    report_recovered (worker);
    report_zerocopy (worker, reason);
    g_mutex_lock (&queue->lock);
    cut_short (worker);
  }
  g_mutex_unlock (&queue->lock);
}

gboolean
spead2_worker_start (
    Spead2Worker *worker, const gchar *name, const GArray *cpus, GError **error)
{
  const Spead2WorkerCallbacks *callbacks = &worker->group->callbacks;
  const Spead2ThreadConfig config = {
      .name = name,
      .index = worker->index,
      .cpus = cpus,
      .run = worker_run,
      .data = worker,
      .started = callbacks->worker_started,
      .stopped = callbacks->worker_stopped,
      .user_data = worker->group->user_data,
  };

  worker->thread = spead2_thread_start (&config, error);
  return worker->thread != NULL;
}

void
spead2_worker_join (Spead2Worker *worker)
{
  if (worker->thread == NULL)
    return;
  spead2_udp_writer_set_deadline (worker->writer, 0);
  g_clear_pointer (&worker->thread, spead2_thread_join);
}
