/* A sending thread: takes heaps from the queue, makes batches of packets of them,
 * and sends these when the rate says.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>

#include "spead2/net/batch.h"
#include "spead2/clock.h"
#include "spead2/send/senderprivate.h"

/* How many heaps ahead of the one that is cut into packets. */
#define PREFETCH_HEAPS 24

static Slot *
worker_slot (Worker *worker, guint64 position)
{
  Spead2Sender *sender = worker->sender;

  return spead2_sender_slot (
      sender, worker->taken[position & (sender->n_slots - 1)]);
}

/* Wakes the workers that wait for more than the condition. Called with the lock. */
void
spead2_workers_wake_polling (Spead2Sender *sender)
{
  guint i;

  for (i = 0; i < sender->n_workers; i++) {
    if (sender->workers[i].polling)
      spead2_udp_writer_wake (sender->workers[i].writer);
    sender->workers[i].polling = FALSE;
  }
}

void
spead2_workers_wake (Spead2Sender *sender)
{
  g_cond_broadcast (&sender->work);
  spead2_workers_wake_polling (sender);
}

static gboolean
other_worker_busy (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  guint i;

  for (i = 0; i < sender->n_workers; i++)
    if (i != worker->index && sender->workers[i].busy)
      return TRUE;
  return FALSE;
}

/* Whether the next heap of the queue goes with what the worker has, in one batch: the
 * rest is left to other workers. */
static gboolean
goes_with_others (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  const Slot *slot = spead2_sender_slot (sender, sender->taken);

  return worker->waiting_bytes == 0 ||
      worker->waiting_bytes + slot->length <= SPEAD2_BATCH_BYTES;
}

/* Whether the worker may take the next heap of the queue. A barrier waits for
 * the other workers, and they wait for it; within a worker order is enough. */
static gboolean
may_take (Worker *worker)
{
  Spead2Sender *sender = worker->sender;

  if (sender->taken == sender->tail)
    return FALSE;
  if (sender->barrier && sender->barrier_worker != worker->index)
    return FALSE;
  return !(spead2_sender_slot (sender, sender->taken)->flags &
             SPEAD2_HEAP_BARRIER) ||
      !other_worker_busy (worker);
}

static void
take_one (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  Slot *slot = spead2_sender_slot (sender, sender->taken);

  slot->state = SLOT_TAKEN;
  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT))
    slot->nth = sender->n_numbered++;
  if (slot->flags & SPEAD2_HEAP_BARRIER) {
    sender->barrier = TRUE;
    sender->barrier_slot = sender->taken;
    sender->barrier_worker = worker->index;
  }

  worker->taken[worker->end++ & (sender->n_slots - 1)] = sender->taken++;
  worker->waiting_bytes += slot->length;
  worker->busy = TRUE;
}

/* The heap at a slot number has gone, or never will. */
static void
end_barrier (Spead2Sender *sender, guint64 number)
{
  if (sender->barrier && sender->barrier_slot == number)
    sender->barrier = FALSE;
}

static void
drop (Spead2Sender *sender, guint64 number)
{
  Slot *slot = spead2_sender_slot (sender, number);

  end_barrier (sender, number);
  slot->state = SLOT_DROPPED;
}

/* Drops the last heap that the worker took, and takes its heap counter back, so
 * that the stream goes on without a gap. */
static void
drop_last_taken (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  guint64 number = worker->taken[--worker->end & (sender->n_slots - 1)];
  const Slot *slot = spead2_sender_slot (sender, number);

  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT) &&
      slot->nth == sender->n_numbered - 1)
    sender->n_numbered--;
  drop (sender, number);
}

/* Whether all of the heap's packets were given up. */
static gboolean
is_abandoned (const Slot *slot)
{
  return slot->tx.error == ECANCELED && slot->tx.bytes == 0 &&
      slot->tx.in_flight == 0;
}

/* Drops the queue, and what the worker took and has not begun. */
static void
drop_unbegun (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  guint64 begun = worker->current + (worker->cutting ? 1 : 0);

  while (sender->tail != sender->taken)
    drop (sender, sender->taken++);

  while (worker->end != begun) {
    worker->waiting_bytes -= worker_slot (worker, worker->end - 1)->length;
    drop_last_taken (worker);
  }
}

/* Drops what stood in a batch that was given up and has not been sent at all. */
static void
drop_abandoned (Worker *worker)
{
  while (worker->end != worker->first && worker->end == worker->current &&
      is_abandoned (worker_slot (worker, worker->end - 1))) {
    drop_last_taken (worker);
    worker->current = worker->end;
  }
}

/* Marks the worker's heaps done whose packets have all gone. */
static void
finish (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  gboolean was_busy = worker->busy, had_barrier = sender->barrier;

  for (; worker->first != worker->current; worker->first++) {
    Slot *slot = worker_slot (worker, worker->first);

    if (slot->tx.in_flight > 0)
      break;
    slot->state = SLOT_DONE;
    end_barrier (sender, worker->taken[worker->first & (sender->n_slots - 1)]);
  }

  worker->busy = worker->first != worker->end;
  worker->counters = *spead2_udp_writer_counters (worker->writer);
  worker->gso_errno = spead2_udp_writer_gso_errno (worker->writer, 0);
  worker->zerocopy_reason =
      spead2_udp_writer_zerocopy_reason (worker->writer, 0);
  spead2_times_merge (&sender->stats.pacing_error, &worker->lateness);
  worker->lateness = (Spead2Times){0};
  /* Other workers may wait for this one with a barrier, or behind one. */
  if (sender->n_workers > 1 &&
      ((was_busy && !worker->busy) || (had_barrier && !sender->barrier)))
    spead2_workers_wake (sender);
}

/* Gives up what the kernel has not released in time. */
static void
abandon_held (Worker *worker)
{
  if (spead2_udp_writer_held (worker->writer) > 0 &&
      spead2_now () >= worker->sender->release_deadline)
    g_ptr_array_add (worker->sender->held_rings,
        spead2_udp_writer_give_up_held (worker->writer));
}

/* Sleeps until there may be something to do. Called with the lock, which is
 * released meanwhile. */
static void
wait_for_work (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  guint64 deadline = sender->n_discarding > 0 || sender->stopping
      ? sender->release_deadline
      : G_MAXUINT64;

  if (spead2_udp_writer_held (worker->writer) == 0) {
    sender->work_waiters++;
    g_cond_wait (&sender->work, &sender->lock);
    sender->work_waiters--;
    return;
  }
  worker->polling = TRUE;
  g_mutex_unlock (&sender->lock);
  spead2_udp_writer_wait_released (worker->writer, deadline);
  g_mutex_lock (&sender->lock);
  worker->polling = FALSE;
}

/* Waits for heaps and takes as many as fill a batch. FALSE at the end. Called
 * with the lock. */
static gboolean
take (Worker *worker)
{
  Spead2Sender *sender = worker->sender;

  for (;;) {
    if (sender->n_discarding > 0 || sender->stopping) {
      drop_unbegun (worker);
      abandon_held (worker);
    }
    drop_abandoned (worker);
    finish (worker);
    spead2_sender_deliver (sender);
    spead2_sender_have_released (sender);
    while (may_take (worker) && goes_with_others (worker))
      take_one (worker);
    if (worker->current != worker->end) {
      worker->burst = spead2_pacer_burst (&sender->pacer);
      /* With a rate there is time. */
      if (sender->taken == sender->tail && worker->burst == G_MAXUINT64)
        spead2_sender_want_more (sender);
      return TRUE;
    }
    if (sender->head != sender->ended && !sender->releasing) {
      spead2_sender_release (sender);
      continue;
    }
    if (sender->stopping && spead2_udp_writer_held (worker->writer) == 0)
      return FALSE;
    if (sender->taken == sender->tail)
      spead2_pacer_idle (&sender->pacer);
    wait_for_work (worker);
  }
}

/* Fetches a heap that was taken from the cache of the processor that made it, while
 * those in front of it are cut. */
static void
prefetch (Worker *worker, guint64 position)
{
  const guint8 *heap;
  gsize i;

  if (position >= worker->end)
    return;
  heap = (const guint8 *) worker_slot (worker, position)->heap;
  for (i = 0; i < SPEAD2_HEAP_FRONT; i += SPEAD2_CACHE_LINE)
    __builtin_prefetch (heap + i);
}

static void
begin_heap (Worker *worker, Slot *slot)
{
  Spead2Sender *sender = worker->sender;

  spead2_packetizer_start (
      &worker->packetizer, &sender->config.packet, slot->heap);
  worker->packetizer.cnt = spead2_sender_cnt (sender, slot);
  worker->cutting = TRUE;
}

/* Makes the batch. */
static void
fill (Worker *worker)
{
  guint i;

  for (i = 0; i < PREFETCH_HEAPS; i++)
    prefetch (worker, worker->current + i);
  worker->no_wait =
      worker_slot (worker, worker->current)->flags & SPEAD2_HEAP_NO_WAIT;
  spead2_udp_writer_begin (worker->writer, worker->burst, !worker->no_wait);

  for (; worker->current != worker->end; worker->current++) {
    Slot *slot = worker_slot (worker, worker->current);

    prefetch (worker, worker->current + PREFETCH_HEAPS);
    if (!worker->cutting)
      begin_heap (worker, slot);
    while (spead2_packetizer_peek (&worker->packetizer) != NULL)
      if (!spead2_udp_writer_add (
              worker->writer, &worker->packetizer, &slot->tx))
        return;
    worker->cutting = FALSE;
    worker->waiting_bytes -= slot->length;
  }
}

/* Ends heaps whose memory was released while the worker had others to send. */
static void
deliver_released (Worker *worker)
{
  if (spead2_udp_writer_take_released (worker->writer) == 0)
    return;
  g_mutex_lock (&worker->sender->lock);
  finish (worker);
  spead2_sender_deliver (worker->sender);
  spead2_sender_have_released (worker->sender);
  g_mutex_unlock (&worker->sender->lock);
}

static guint64
reserve (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  guint64 time;

  g_mutex_lock (&sender->lock);
  time = worker->due = spead2_pacer_reserve (
      &sender->pacer, spead2_now (), spead2_udp_writer_size (worker->writer));
  g_mutex_unlock (&sender->lock);
  return time;
}

/* Another rate moves it. */
static guint64
find_due (Worker *worker)
{
  guint64 time;

  g_mutex_lock (&worker->sender->lock);
  time = worker->due;
  g_mutex_unlock (&worker->sender->lock);
  return time;
}

/* Waits until the rate lets the batch go. FALSE: not before the deadline. */
static gboolean
pace (Worker *worker)
{
  guint64 time;

  if (worker->burst == G_MAXUINT64 || worker->no_wait)
    return TRUE;

  time = reserve (worker);
  while (spead2_now () < time) {
    if (!spead2_udp_writer_sleep_until (worker->writer, time))
      return FALSE;
    deliver_released (worker);
    time = find_due (worker);
  }

  /* 0: the rate has been taken away since the batch was begun. */
  if (time > 0)
    spead2_times_add (&worker->lateness, spead2_now () - time);
  return TRUE;
}

/* Ends the current heap here if some of it was given up, or its time is over. */
static void
cut_short (Worker *worker)
{
  Slot *slot;

  if (!worker->cutting)
    return;
  slot = worker_slot (worker, worker->current);
  if (slot->tx.error != ECANCELED &&
      !spead2_udp_writer_expired (worker->writer))
    return;

  slot->tx.error = ECANCELED;
  worker->waiting_bytes -= slot->length;
  worker->current++;
  worker->cutting = FALSE;
}

static void
report_icmp_errors (Worker *worker)
{
  Spead2Sender *sender = worker->sender;
  gint errnum;
  guint n = spead2_udp_writer_take_icmp_errors (worker->writer, &errnum);

  if (n > 0 && sender->callbacks.icmp_errors)
    sender->callbacks.icmp_errors (errnum, n, sender->user_data);
}

static void
report_zerocopy (Worker *worker, const gchar *before)
{
  Spead2Sender *sender = worker->sender;
  const gchar *reason = spead2_udp_writer_zerocopy_reason (worker->writer, 0);

  if (reason && reason != before && sender->config.zero_copy &&
      sender->callbacks.zerocopy_refused)
    sender->callbacks.zerocopy_refused (reason, sender->user_data);
}

void
spead2_worker_run (gpointer data)
{
  Worker *worker = data;
  Spead2Sender *sender = worker->sender;

  /* Perhaps it could not be opened. */
  report_zerocopy (worker, NULL);

  g_mutex_lock (&sender->lock);
  while (take (worker)) {
    const gchar *reason = worker->zerocopy_reason;

    g_mutex_unlock (&sender->lock);
    fill (worker);
    if (pace (worker))
      spead2_udp_writer_send (worker->writer);
    else
      spead2_udp_writer_abandon (worker->writer);
    cut_short (worker);
    report_icmp_errors (worker);
    report_zerocopy (worker, reason);
    g_mutex_lock (&sender->lock);
  }
  g_mutex_unlock (&sender->lock);
}
