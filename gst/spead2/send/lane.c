/* A sending thread: takes heaps from the queue, makes batches of packets of them,
 * and sends these when the rate says.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

#include "spead2/net/batch.h"
#include "spead2/clock.h"
#include "spead2/send/senderprivate.h"

/* How many heaps ahead of the one that is cut into packets. */
#define PREFETCH_HEAPS 24

static Slot *
lane_slot (Lane *lane, guint64 position)
{
  Spead2Sender *sender = lane->sender;

  return spead2_sender_slot (
      sender, lane->taken[position & (sender->n_slots - 1)]);
}

/* Wakes the lanes that wait for more than the condition. Called with the lock. */
void
spead2_lanes_wake_polling (Spead2Sender *sender)
{
  guint i;

  for (i = 0; i < sender->n_lanes; i++) {
    if (sender->lanes[i].polling)
      spead2_udp_writer_wake (sender->lanes[i].writer);
    sender->lanes[i].polling = FALSE;
  }
}

void
spead2_lanes_wake (Spead2Sender *sender)
{
  g_cond_broadcast (&sender->work);
  spead2_lanes_wake_polling (sender);
}

static gboolean
other_lane_busy (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint i;

  for (i = 0; i < sender->n_lanes; i++)
    if (i != lane->index && sender->lanes[i].busy)
      return TRUE;
  return FALSE;
}

/* Whether the next heap of the queue goes with what the lane has, in one batch: the
 * rest is left to other lanes. */
static gboolean
goes_with_others (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  const Slot *slot = spead2_sender_slot (sender, sender->taken);

  return lane->waiting_bytes == 0 ||
      lane->waiting_bytes + slot->length <= SPEAD2_BATCH_BYTES;
}

/* Whether the lane may take the next heap of the queue. A barrier waits for
 * the other lanes, and they wait for it; within a lane order is enough. */
static gboolean
may_take (Lane *lane)
{
  Spead2Sender *sender = lane->sender;

  if (sender->taken == sender->tail)
    return FALSE;
  if (sender->barrier && sender->barrier_lane != lane->index)
    return FALSE;
  return !(spead2_sender_slot (sender, sender->taken)->flags &
             SPEAD2_HEAP_BARRIER) ||
      !other_lane_busy (lane);
}

static void
take_one (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  Slot *slot = spead2_sender_slot (sender, sender->taken);

  slot->state = SLOT_TAKEN;
  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT))
    slot->nth = sender->n_numbered++;
  if (slot->flags & SPEAD2_HEAP_BARRIER) {
    sender->barrier = TRUE;
    sender->barrier_slot = sender->taken;
    sender->barrier_lane = lane->index;
  }

  lane->taken[lane->end++ & (sender->n_slots - 1)] = sender->taken++;
  lane->waiting_bytes += slot->length;
  lane->busy = TRUE;
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

/* Drops the last heap that the lane took, and takes its heap counter back, so
 * that the stream goes on without a gap. */
static void
drop_last_taken (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint64 number = lane->taken[--lane->end & (sender->n_slots - 1)];
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

/* Drops the queue, and what the lane took and has not begun. */
static void
drop_unbegun (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint64 begun = lane->current + (lane->cutting ? 1 : 0);

  while (sender->tail != sender->taken)
    drop (sender, sender->taken++);

  while (lane->end != begun) {
    lane->waiting_bytes -= lane_slot (lane, lane->end - 1)->length;
    drop_last_taken (lane);
  }
}

/* Drops what stood in a batch that was given up and has not been sent at all. */
static void
drop_abandoned (Lane *lane)
{
  while (lane->end != lane->first && lane->end == lane->current &&
      is_abandoned (lane_slot (lane, lane->end - 1))) {
    drop_last_taken (lane);
    lane->current = lane->end;
  }
}

/* Marks the lane's heaps done whose packets have all gone. */
static void
finish (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  gboolean was_busy = lane->busy, had_barrier = sender->barrier;

  for (; lane->first != lane->current; lane->first++) {
    Slot *slot = lane_slot (lane, lane->first);

    if (slot->tx.in_flight > 0)
      break;
    slot->state = SLOT_DONE;
    end_barrier (sender, lane->taken[lane->first & (sender->n_slots - 1)]);
  }

  lane->busy = lane->first != lane->end;
  lane->counters = *spead2_udp_writer_counters (lane->writer);
  lane->gso_errno = spead2_udp_writer_gso_errno (lane->writer, 0);
  lane->zerocopy_reason = spead2_udp_writer_zerocopy_reason (lane->writer, 0);
  spead2_times_merge (&sender->stats.pacing_error, &lane->lateness);
  lane->lateness = (Spead2Times){0};
  /* Other lanes may wait for this one with a barrier, or behind one. */
  if (sender->n_lanes > 1 &&
      ((was_busy && !lane->busy) || (had_barrier && !sender->barrier)))
    spead2_lanes_wake (sender);
}

/* Gives up what the kernel has not released in time. */
static void
abandon_held (Lane *lane)
{
  if (spead2_udp_writer_held (lane->writer) > 0 &&
      spead2_now () >= lane->sender->release_deadline)
    g_ptr_array_add (lane->sender->held_rings,
        spead2_udp_writer_give_up_held (lane->writer));
}

/* Sleeps until there may be something to do. Called with the lock, which is
 * released meanwhile. */
static void
wait_for_work (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint64 deadline = sender->n_discarding > 0 || sender->stopping
      ? sender->release_deadline
      : G_MAXUINT64;

  if (spead2_udp_writer_held (lane->writer) == 0) {
    sender->work_waiters++;
    g_cond_wait (&sender->work, &sender->lock);
    sender->work_waiters--;
    return;
  }
  lane->polling = TRUE;
  g_mutex_unlock (&sender->lock);
  spead2_udp_writer_wait_released (lane->writer, deadline);
  g_mutex_lock (&sender->lock);
  lane->polling = FALSE;
}

/* Waits for heaps and takes as many as fill a batch. FALSE at the end. Called
 * with the lock. */
static gboolean
take (Lane *lane)
{
  Spead2Sender *sender = lane->sender;

  for (;;) {
    if (sender->n_discarding > 0 || sender->stopping) {
      drop_unbegun (lane);
      abandon_held (lane);
    }
    drop_abandoned (lane);
    finish (lane);
    spead2_sender_deliver (sender);
    spead2_sender_have_released (sender);
    while (may_take (lane) && goes_with_others (lane))
      take_one (lane);
    if (lane->current != lane->end) {
      lane->burst = spead2_pacer_burst (&sender->pacer);
      /* With a rate there is time. */
      if (sender->taken == sender->tail && lane->burst == G_MAXUINT64)
        spead2_sender_want_more (sender);
      return TRUE;
    }
    if (sender->head != sender->ended && !sender->releasing) {
      spead2_sender_release (sender);
      continue;
    }
    if (sender->stopping && spead2_udp_writer_held (lane->writer) == 0)
      return FALSE;
    if (sender->taken == sender->tail)
      spead2_pacer_idle (&sender->pacer);
    wait_for_work (lane);
  }
}

/* Fetches a heap that was taken from the cache of the processor that made it, while
 * those in front of it are cut. */
static void
prefetch (Lane *lane, guint64 position)
{
  const guint8 *heap;
  gsize i;

  if (position >= lane->end)
    return;
  heap = (const guint8 *) lane_slot (lane, position)->heap;
  for (i = 0; i < SPEAD2_HEAP_FRONT; i += SPEAD2_CACHE_LINE)
    __builtin_prefetch (heap + i);
}

static void
begin_heap (Lane *lane, Slot *slot)
{
  Spead2Sender *sender = lane->sender;

  spead2_packetizer_start (
      &lane->packetizer, &sender->config.packet, slot->heap);
  lane->packetizer.cnt = spead2_sender_cnt (sender, slot);
  lane->cutting = TRUE;
}

/* Makes the batch. */
static void
fill (Lane *lane)
{
  guint i;

  for (i = 0; i < PREFETCH_HEAPS; i++)
    prefetch (lane, lane->current + i);
  lane->no_wait = lane_slot (lane, lane->current)->flags & SPEAD2_HEAP_NO_WAIT;
  spead2_udp_writer_begin (lane->writer, lane->burst, !lane->no_wait);

  for (; lane->current != lane->end; lane->current++) {
    Slot *slot = lane_slot (lane, lane->current);

    prefetch (lane, lane->current + PREFETCH_HEAPS);
    if (!lane->cutting)
      begin_heap (lane, slot);
    while (spead2_packetizer_peek (&lane->packetizer) != NULL)
      if (!spead2_udp_writer_add (lane->writer, &lane->packetizer, &slot->tx))
        return;
    lane->cutting = FALSE;
    lane->waiting_bytes -= slot->length;
  }
}

/* Ends heaps whose memory was released while the lane had others to send. */
static void
deliver_released (Lane *lane)
{
  if (spead2_udp_writer_take_released (lane->writer) == 0)
    return;
  g_mutex_lock (&lane->sender->lock);
  finish (lane);
  spead2_sender_deliver (lane->sender);
  spead2_sender_have_released (lane->sender);
  g_mutex_unlock (&lane->sender->lock);
}

static guint64
reserve (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint64 time;

  g_mutex_lock (&sender->lock);
  time = lane->due = spead2_pacer_reserve (
      &sender->pacer, spead2_now (), spead2_udp_writer_size (lane->writer));
  g_mutex_unlock (&sender->lock);
  return time;
}

/* Another rate moves it. */
static guint64
find_due (Lane *lane)
{
  guint64 time;

  g_mutex_lock (&lane->sender->lock);
  time = lane->due;
  g_mutex_unlock (&lane->sender->lock);
  return time;
}

/* Waits until the rate lets the batch go. FALSE: not before the deadline. */
static gboolean
pace (Lane *lane)
{
  guint64 time;

  if (lane->burst == G_MAXUINT64 || lane->no_wait)
    return TRUE;

  time = reserve (lane);
  while (spead2_now () < time) {
    if (!spead2_udp_writer_sleep_until (lane->writer, time))
      return FALSE;
    deliver_released (lane);
    time = find_due (lane);
  }

  /* 0: the rate has been taken away since the batch was begun. */
  if (time > 0)
    spead2_times_add (&lane->lateness, spead2_now () - time);
  return TRUE;
}

/* Ends the current heap here if some of it was given up, or its time is over. */
static void
cut_short (Lane *lane)
{
  Slot *slot;

  if (!lane->cutting)
    return;
  slot = lane_slot (lane, lane->current);
  if (slot->tx.error != ECANCELED && !spead2_udp_writer_expired (lane->writer))
    return;

  slot->tx.error = ECANCELED;
  lane->waiting_bytes -= slot->length;
  lane->current++;
  lane->cutting = FALSE;
}

static void
report_icmp_errors (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  gint errnum;
  guint n = spead2_udp_writer_take_icmp_errors (lane->writer, &errnum);

  if (n > 0 && sender->callbacks.icmp_errors)
    sender->callbacks.icmp_errors (errnum, n, sender->user_data);
}

static void
report_zerocopy (Lane *lane, const gchar *before)
{
  Spead2Sender *sender = lane->sender;
  const gchar *reason = spead2_udp_writer_zerocopy_reason (lane->writer, 0);

  if (reason && reason != before && sender->config.zero_copy &&
      sender->callbacks.zerocopy_refused)
    sender->callbacks.zerocopy_refused (reason, sender->user_data);
}

guint
spead2_lane_cpu (const Lane *lane)
{
  const GArray *cpus = lane->sender->config.cpus;

  return g_array_index (cpus, guint, lane->index % cpus->len);
}

/* Keeps the calling thread to the lane's CPU. 0 or an errno. */
static gint
keep_to_cpu (Lane *lane)
{
  const GArray *cpus = lane->sender->config.cpus;
  cpu_set_t set;

  if (cpus == NULL || cpus->len == 0)
    return 0;
  CPU_ZERO (&set);
  CPU_SET (spead2_lane_cpu (lane), &set);
  return sched_setaffinity (0, sizeof set, &set) < 0 ? errno : 0;
}

static void
tell_started (Lane *lane, gint start_errno)
{
  Spead2Sender *sender = lane->sender;

  g_mutex_lock (&sender->lock);
  lane->started = TRUE;
  lane->start_errno = start_errno;
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);
}

gpointer
spead2_lane_run (gpointer data)
{
  Lane *lane = data;
  Spead2Sender *sender = lane->sender;
  gint start_errno = keep_to_cpu (lane);

  tell_started (lane, start_errno);
  if (start_errno != 0)
    return NULL;

  /* The kernel may be 50 us late otherwise, which a rate can feel. */
  prctl (PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (sender->callbacks.lane_started)
    sender->callbacks.lane_started (lane->index, sender->user_data);
  /* Perhaps it could not be opened. */
  report_zerocopy (lane, NULL);

  g_mutex_lock (&sender->lock);
  while (take (lane)) {
    const gchar *reason = lane->zerocopy_reason;

    g_mutex_unlock (&sender->lock);
    fill (lane);
    if (pace (lane))
      spead2_udp_writer_send (lane->writer);
    else
      spead2_udp_writer_abandon (lane->writer);
    cut_short (lane);
    report_icmp_errors (lane);
    report_zerocopy (lane, reason);
    g_mutex_lock (&sender->lock);
  }
  g_mutex_unlock (&sender->lock);

  if (sender->callbacks.lane_stopped)
    sender->callbacks.lane_stopped (lane->index, sender->user_data);
  return NULL;
}
