/* Sends heaps on threads of its own: see sender.h.
 *
 * The way of a heap: push puts it into the next slot of a ring; a lane takes it
 * from there, together with as many behind it as fill a batch, cuts it into
 * packets, sends them, and marks the slot done; whichever lane finds the oldest
 * slot done delivers it, and all done ones behind it, in order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "sender.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "error.h"
#include "pacer.h"

/* How long a flush or a stop waits for the kernel to release memory, in ns. */
#define RELEASE_GRACE (500 * G_GUINT64_CONSTANT (1000000))

/* What a heap on its way is given to finish when the queue is emptied, in ns. */
#define FLUSH_GRACE (100 * G_GUINT64_CONSTANT (1000000))

/* Bytes that processors exchange at a time. */
#define CACHE_LINE 64

/* How many heaps ahead of the one that is cut into packets. */
#define PREFETCH_HEAPS 8

/* A push that has to wait waits for room for this part of the heaps that may be
 * outstanding. */
#define ROOM_PART 16

typedef enum { SLOT_FREE, SLOT_QUEUED, SLOT_TAKEN, SLOT_DONE } SlotState;

/* Place of one outstanding heap. It belongs to the push that fills it, from taking
 * to done to its lane, from done to free to whoever delivers and then to whoever
 * releases; the lock guards the rest. */
typedef struct {
  /* Neighbours are in the hands of different threads. */
  _Alignas(CACHE_LINE) SlotState state;
  guint flags; /* the heap's, and its length: it is in another's cache */
  guint64 length;
  Spead2Heap *heap;
  guint64 nth;    /* of the heaps that the sender numbers, from 0 */
  guint64 pushed; /* when, ns */
  gboolean dropped;
  Spead2Transfer transfer;
} Slot;

typedef struct {
  Spead2Sender *sender;
  guint index;
  gint fd;
  gboolean owns_fd;
  Spead2UdpWriter *writer;
  GThread *thread;

  /* The lane's own, used by its thread only. taken is a ring of slot numbers:
   * from first to current they are cut into packets and may be in flight, from
   * current to end they wait. */
  guint64 *taken;
  guint64 first, current, end;
  guint64 waiting_bytes; /* payload from current to end, roughly */
  gboolean cutting;      /* the current heap has begun */
  gboolean no_wait;      /* the batch goes now or never */
  guint64 burst;         /* most bytes of the batch, by the rate */
  Spead2Times lateness;  /* of bursts, since the last finish() */
  Spead2Packetizer packetizer;

  /* Guarded by the sender's lock. */
  gboolean started;
  gint start_errno; /* why it could not have its CPU, or 0 */
  gboolean busy;    /* holds heaps */
  gboolean polling; /* waits for memory to be released, or to be woken */
  Spead2WriterCounters counters;
  gint gso_errno;
  const gchar *zerocopy_reason;
} Lane;

/* lock is never held while sending, delivering or calling back, and nothing else
 * is locked under it. pushing_lock keeps pushes apart, and is taken before it. */
struct _Spead2Sender {
  Spead2SenderConfig config; /* constant */
  Spead2SenderCallbacks callbacks;
  gpointer user_data;
  gchar *thread_name;
  Lane *lanes;
  guint n_lanes;

  GMutex pushing_lock;
  GMutex lock;
  GCond work; /* for lanes: something to take, or the end; see wake_lanes() */
  GCond room; /* for pushes, drains and flushes: something has ended; for
                 spead2_sender_start(): a lane has started */
  guint work_waiters, room_waiters; /* waking nobody is a system call, too */
  guint64 room_wanted; /* a push waits until fewer are outstanding; 0: none */

  /* Guarded by lock. Slots are numbered from 0 without end; number n lives in
   * slots[n % n_slots], n_slots being a power of two. head is the oldest that
   * has not been released, ended the oldest that has not been told of, taken the
   * next for a lane, tail the next to be pushed, which a push sets. */
  Slot *slots;
  guint n_slots;
  guint64 head, ended, taken, tail;
  gboolean delivering;
  gboolean releasing;
  gboolean pushing; /* something was pushed since have_released() */
  gboolean barrier; /* barrier_slot has been taken and has not gone */
  guint64 barrier_slot;
  guint barrier_lane;
  guint64 n_numbered; /* heaps that were given a counter */
  Spead2Pacer pacer;
  gboolean interrupted;
  gboolean flushing;
  gboolean discarding; /* spead2_sender_flush() is at work */
  gboolean stopping;
  guint64 release_deadline; /* while discarding or stopping */
  GPtrArray *held_rings;    /* (owned) with messages that were given up */
  Spead2SenderStats stats;

  /* Of whoever delivers. */
  GPtrArray *held_heaps; /* (owned) of held_rings */
};

guint
spead2_max_heaps (guint max_heaps, guint n_lanes, guint64 heap_bytes)
{
  if (max_heaps > 0)
    return max_heaps;
  return CLAMP (SPEAD2_AUTO_BYTES / MAX (heap_bytes, 1),
      MAX (SPEAD2_AUTO_MIN_HEAPS, 2 * n_lanes), SPEAD2_AUTO_MAX_HEAPS);
}

static Slot *
slot_at (Spead2Sender *sender, guint64 number)
{
  return &sender->slots[number & (sender->n_slots - 1)];
}

static Slot *
lane_slot (Lane *lane, guint64 position)
{
  Spead2Sender *sender = lane->sender;

  return slot_at (sender, lane->taken[position & (sender->n_slots - 1)]);
}

/* -- delivering ------------------------------------------------------------- */

static GError *
error_of (Spead2Sender *sender, const Slot *slot)
{
  const gchar *destination = sender->config.destination.text;
  gint errnum = slot->transfer.error;

  if (slot->transfer.held)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_ABANDONED,
        "A heap for %s was abandoned: the kernel has taken it and still reads "
        "its memory",
        destination);
  if (slot->dropped || (errnum == ECANCELED && slot->transfer.bytes == 0))
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_DROPPED,
        "A heap for %s was dropped before it was sent", destination);
  if (errnum == ECANCELED)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_CUT_SHORT,
        "A heap for %s was cut short after %" G_GUINT64_FORMAT " bytes",
        destination, slot->transfer.bytes);
  if (errnum != 0) {
    GError *error = NULL;

    spead2_set_errno (&error, errnum, "Could not send to %s", destination);
    return error;
  }
  return NULL;
}

static void
add_time (Spead2Times *times, guint64 time)
{
  times->min = times->n == 0 ? time : MIN (times->min, time);
  times->max = MAX (times->max, time);
  times->total += time;
  times->n++;
}

static void
add_times (Spead2Times *sum, const Spead2Times *times)
{
  if (times->n == 0)
    return;
  sum->min = sum->n == 0 ? times->min : MIN (sum->min, times->min);
  sum->max = MAX (sum->max, times->max);
  sum->total += times->total;
  sum->n += times->n;
}

/* Counts the end of a slot's heap in stats. */
static void
count_end (Spead2SenderStats *stats, const Slot *slot, const GError *error,
    guint64 now)
{
  if (slot->flags & SPEAD2_HEAP_CONTROL)
    return;
  if (error == NULL) {
    stats->heaps_sent++;
    add_time (&stats->heap_time, now - slot->pushed);
    stats->payload_bytes += slot->length;
  } else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED)) {
    stats->heaps_dropped++;
  } else {
    stats->heaps_failed++;
    if (slot->transfer.held)
      stats->heaps_abandoned++;
  }
}

static void
deliver_slot (
    Spead2Sender *sender, Slot *slot, Spead2SenderStats *stats, guint64 now)
{
  GError *error = error_of (sender, slot);
  Spead2HeapResult result = {slot->heap,
      slot->dropped ? SPEAD2_NO_HEAP_CNT : slot->heap->cnt,
      slot->transfer.bytes, error};

  if (sender->callbacks.heap_done)
    sender->callbacks.heap_done (&result, sender->user_data);
  count_end (stats, slot, error, now);
  g_clear_error (&error);
  if (slot->transfer.held)
    g_ptr_array_add (sender->held_heaps, g_steal_pointer (&slot->heap));
}

/* Tells of the end of all heaps that are done and have no unfinished one before
 * them. Called with the lock, which is released meanwhile; one thread does it at
 * a time. */
static void
deliver (Spead2Sender *sender)
{
  if (sender->delivering)
    return;
  sender->delivering = TRUE;

  while (sender->ended != sender->tail &&
      slot_at (sender, sender->ended)->state == SLOT_DONE) {
    guint64 number, end = sender->ended, now = spead2_now ();
    Spead2SenderStats ended = {0};

    while (end != sender->tail && slot_at (sender, end)->state == SLOT_DONE)
      end++;

    g_mutex_unlock (&sender->lock);
    for (number = sender->ended; number != end; number++)
      deliver_slot (sender, slot_at (sender, number), &ended, now);
    g_mutex_lock (&sender->lock);

    sender->ended = end;
    sender->stats.heaps_sent += ended.heaps_sent;
    sender->stats.heaps_failed += ended.heaps_failed;
    sender->stats.heaps_dropped += ended.heaps_dropped;
    sender->stats.heaps_abandoned += ended.heaps_abandoned;
    sender->stats.payload_bytes += ended.payload_bytes;
    add_times (&sender->stats.heap_time, &ended.heap_time);
  }

  sender->delivering = FALSE;
}

/* Frees the heaps that have been told of. Called as deliver() is. */
static void
release (Spead2Sender *sender)
{
  if (sender->releasing)
    return;
  sender->releasing = TRUE;

  while (sender->head != sender->ended) {
    guint64 number, end = sender->ended;

    g_mutex_unlock (&sender->lock);
    for (number = sender->head; number != end; number++)
      g_clear_pointer (&slot_at (sender, number)->heap, spead2_heap_free);
    g_mutex_lock (&sender->lock);

    for (number = sender->head; number != end; number++)
      slot_at (sender, number)->state = SLOT_FREE;
    sender->head = end;
    if (sender->room_waiters > 0)
      g_cond_broadcast (&sender->room);
  }

  sender->releasing = FALSE;
}

/* Waits until something has been released, or else has happened. wanted: what
 * have_released() leaves to the caller, or 0. */
static void
wait_for_room (Spead2Sender *sender, guint64 wanted)
{
  sender->room_waiters++;
  if (wanted > 0)
    sender->room_wanted = wanted;
  g_cond_wait (&sender->room, &sender->lock);
  if (wanted > 0)
    sender->room_wanted = 0;
  sender->room_waiters--;
  release (sender);
}

/* Whether the thread that pushes is ahead of the lanes, and will come again: it
 * came since the last time, and has left them half of what is outstanding. */
static gboolean
pusher_is_ahead (const Spead2Sender *sender)
{
  return sender->pushing &&
      2 * (sender->tail - sender->taken) >= sender->tail - sender->head;
}

/* Has heaps released that were told of: here, or by a thread that pushes if that
 * is ahead; it made their buffers, too. It does so when it comes again; one that
 * waits for room is woken to do it as soon as fewer than it wants will then be
 * outstanding. */
static void
have_released (Spead2Sender *sender)
{
  if (sender->room_wanted > 0) {
    if (sender->tail - sender->ended < sender->room_wanted) {
      sender->room_wanted = 0;
      g_cond_broadcast (&sender->room);
    }
  } else if (!pusher_is_ahead (sender)) {
    release (sender);
  }
  sender->pushing = FALSE;
}

/* Of heaps that were given up, the memory is freed once it has been released.
 * Called with the lock, when none is outstanding. */
static void
bury_held (Spead2Sender *sender)
{
  if (sender->held_rings->len == 0)
    return;
  spead2_zerocopy_bury (sender->held_rings, sender->held_heaps);
  sender->held_rings = g_ptr_array_new ();
  sender->held_heaps =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
}

/* -- lanes ------------------------------------------------------------------ */

/* Wakes the lanes that wait for more than the condition. Called with the lock. */
static void
wake_polling (Spead2Sender *sender)
{
  guint i;

  for (i = 0; i < sender->n_lanes; i++) {
    if (sender->lanes[i].polling)
      spead2_udp_writer_wake (sender->lanes[i].writer);
    sender->lanes[i].polling = FALSE;
  }
}

static void
wake_lanes (Spead2Sender *sender)
{
  g_cond_broadcast (&sender->work);
  wake_polling (sender);
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
  return !(slot_at (sender, sender->taken)->flags & SPEAD2_HEAP_BARRIER) ||
      !other_lane_busy (lane);
}

/* The counter of the nth heap that is numbered, with all bits: the flavour's
 * are sent, the others tell how often it has wrapped. */
static guint64
long_cnt (const Spead2Sender *sender, guint64 nth)
{
  return sender->config.cnt_start + nth * sender->config.cnt_step;
}

static void
take_one (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  Slot *slot = slot_at (sender, sender->taken);

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
  Slot *slot = slot_at (sender, number);

  end_barrier (sender, number);
  slot->dropped = TRUE;
  slot->state = SLOT_DONE;
}

/* Drops the last heap that the lane took, and takes its heap counter back, so
 * that the stream goes on without a gap. */
static void
drop_last_taken (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint64 number = lane->taken[--lane->end & (sender->n_slots - 1)];
  const Slot *slot = slot_at (sender, number);

  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT) &&
      slot->nth == sender->n_numbered - 1)
    sender->n_numbered--;
  drop (sender, number);
}

/* Whether all of the heap's packets were given up. */
static gboolean
is_abandoned (const Slot *slot)
{
  return slot->transfer.error == ECANCELED && slot->transfer.bytes == 0 &&
      slot->transfer.in_flight == 0;
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

    if (slot->transfer.in_flight > 0)
      break;
    slot->state = SLOT_DONE;
    end_barrier (sender, lane->taken[lane->first & (sender->n_slots - 1)]);
  }

  lane->busy = lane->first != lane->end;
  lane->counters = *spead2_udp_writer_counters (lane->writer);
  lane->gso_errno = spead2_udp_writer_gso_errno (lane->writer, 0);
  lane->zerocopy_reason = spead2_udp_writer_zerocopy_reason (lane->writer, 0);
  add_times (&sender->stats.pacing_error, &lane->lateness);
  lane->lateness = (Spead2Times){0};
  /* Other lanes may wait for this one with a barrier, or behind one. */
  if (sender->n_lanes > 1 &&
      ((was_busy && !lane->busy) || (had_barrier && !sender->barrier)))
    wake_lanes (sender);
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
  guint64 deadline = sender->discarding || sender->stopping
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
    if (sender->discarding || sender->stopping) {
      drop_unbegun (lane);
      abandon_held (lane);
    }
    drop_abandoned (lane);
    finish (lane);
    deliver (sender);
    have_released (sender);
    while (lane->waiting_bytes < SPEAD2_BATCH_BYTES && may_take (lane))
      take_one (lane);
    if (lane->current != lane->end) {
      lane->burst = spead2_pacer_burst (&sender->pacer);
      return TRUE;
    }
    if (sender->head != sender->ended && !sender->releasing) {
      release (sender);
      continue;
    }
    if (sender->stopping && spead2_udp_writer_held (lane->writer) == 0)
      return FALSE;
    if (sender->taken == sender->tail)
      spead2_pacer_idle (&sender->pacer);
    wait_for_work (lane);
  }
}

/* Fetches a heap that was taken from another processor's cache, while those in
 * front of it are cut. */
static void
prefetch (Lane *lane, guint64 position)
{
  const guint8 *heap;
  gsize i;

  if (position >= lane->end)
    return;
  heap = (const guint8 *) lane_slot (lane, position)->heap;
  /* It may begin anywhere in a line. */
  for (i = 0; i < SPEAD2_HEAP_FRONT + CACHE_LINE; i += CACHE_LINE)
    __builtin_prefetch (heap + i, 1);
}

static void
begin_heap (Lane *lane, Slot *slot)
{
  Spead2Sender *sender = lane->sender;

  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT))
    slot->heap->cnt = long_cnt (sender, slot->nth) &
        spead2_flavour_max_value (slot->heap->flavour);
  spead2_packetizer_start (
      &lane->packetizer, &sender->config.packet, slot->heap);
  lane->cutting = TRUE;
}

/* Makes the batch. */
static void
fill (Lane *lane)
{
  lane->no_wait = lane_slot (lane, lane->current)->flags & SPEAD2_HEAP_NO_WAIT;
  spead2_udp_writer_begin (lane->writer, lane->burst, !lane->no_wait);

  for (; lane->current != lane->end; lane->current++) {
    Slot *slot = lane_slot (lane, lane->current);

    prefetch (lane, lane->current + PREFETCH_HEAPS);
    if (!lane->cutting)
      begin_heap (lane, slot);
    while (spead2_packetizer_peek (&lane->packetizer) != NULL)
      if (!spead2_udp_writer_add (
              lane->writer, &lane->packetizer, &slot->transfer))
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
  deliver (lane->sender);
  have_released (lane->sender);
  g_mutex_unlock (&lane->sender->lock);
}

/* Waits until the rate lets the batch go. FALSE: not before the deadline. */
static gboolean
pace (Lane *lane)
{
  Spead2Sender *sender = lane->sender;
  guint64 time;

  if (lane->burst == G_MAXUINT64 || lane->no_wait)
    return TRUE;

  g_mutex_lock (&sender->lock);
  time = spead2_pacer_reserve (
      &sender->pacer, spead2_now (), spead2_udp_writer_size (lane->writer));
  g_mutex_unlock (&sender->lock);
  do {
    if (!spead2_udp_writer_sleep_until (lane->writer, time))
      return FALSE;
    deliver_released (lane);
  } while (spead2_now () < time);

  /* 0: the rate has been taken away since the batch was begun. */
  if (time > 0)
    add_time (&lane->lateness, spead2_now () - time);
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
  if (slot->transfer.error != ECANCELED &&
      !spead2_udp_writer_expired (lane->writer))
    return;

  slot->transfer.error = ECANCELED;
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

static guint
cpu_of (const Lane *lane)
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
  CPU_SET (cpu_of (lane), &set);
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

static gpointer
lane_run (gpointer data)
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

/* -- life ------------------------------------------------------------------- */

/* With a port of our own there can be only one socket. */
static gboolean
shares_socket (const Spead2SenderConfig *config)
{
  return config->fd >= 0 ||
      (config->socket.local && config->socket.local->port != 0);
}

static gboolean
open_socket (Lane *lane, GError **error)
{
  const Spead2SenderConfig *config = &lane->sender->config;

  if (lane->index > 0 && shares_socket (config)) {
    lane->fd = lane->sender->lanes[0].fd;
    return TRUE;
  }
  if (config->fd < 0) {
    lane->fd =
        spead2_udp_socket_open (&config->destination, &config->socket, error);
    lane->owns_fd = lane->fd >= 0;
    return lane->owns_fd;
  }
  /* When its owner closes it, its number may soon be another file's. */
  lane->fd = fcntl (config->fd, F_DUPFD_CLOEXEC, 0);
  if (lane->fd < 0) {
    spead2_set_errno (error, errno, "Could not share the socket");
    return FALSE;
  }
  lane->owns_fd = TRUE;
  return spead2_udp_socket_adopt (
      lane->fd, &config->destination, &config->socket, error);
}

static gboolean
open_lane (Lane *lane, GError **error)
{
  Spead2Sender *sender = lane->sender;

  lane->taken = g_new (guint64, sender->n_slots);
  if (!open_socket (lane, error))
    return FALSE;
  lane->writer =
      spead2_udp_writer_new (lane->fd, &sender->config.destination, 1, error);
  if (lane->writer && sender->config.zero_copy) {
    spead2_udp_writer_use_zerocopy (
        lane->writer, sender->config.zero_copy_always);
    lane->zerocopy_reason = spead2_udp_writer_zerocopy_reason (lane->writer, 0);
  }
  return lane->writer != NULL;
}

/* The next one from n on. */
static guint
power_of_two (guint n)
{
  return 1u << g_bit_storage (n - 1);
}

Spead2Sender *
spead2_sender_new (const Spead2SenderConfig *config,
    const Spead2SenderCallbacks *callbacks, gpointer user_data, GError **error)
{
  Spead2Sender *sender;
  guint i;

  g_return_val_if_fail (
      config->n_lanes >= 1 && config->n_lanes <= SPEAD2_MAX_LANES, NULL);
  g_return_val_if_fail (config->cnt_step >= 1, NULL);

  if (config->max_heaps > 0 && config->max_heaps < 2 * config->n_lanes) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "max-heaps=%u leaves a sending thread without a heap to go on with: "
        "it must be 0 or at least %u",
        config->max_heaps, 2 * config->n_lanes);
    return NULL;
  }

  if (!spead2_flavour_check_cnt (
          config->packet.flavour, "heap-cnt-start", config->cnt_start, error) ||
      !spead2_flavour_check_cnt (
          config->packet.flavour, "heap-cnt-step", config->cnt_step, error))
    return NULL;

  sender = g_new0 (Spead2Sender, 1);
  sender->config = *config;
  sender->callbacks = *callbacks;
  sender->user_data = user_data;
  sender->thread_name =
      g_strdup (config->thread_name ? config->thread_name : "spead2");
  sender->config.thread_name = NULL;
  if (config->cpus)
    g_array_ref (config->cpus);
  g_mutex_init (&sender->pushing_lock);
  g_mutex_init (&sender->lock);
  g_cond_init (&sender->work);
  g_cond_init (&sender->room);
  sender->n_slots =
      power_of_two (spead2_max_heaps (config->max_heaps, config->n_lanes, 0));
  sender->slots =
      g_aligned_alloc0 (sender->n_slots, sizeof (Slot), _Alignof(Slot));
  sender->held_rings = g_ptr_array_new ();
  sender->held_heaps =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
  spead2_pacer_init (&sender->pacer, config->rate, config->burst_size,
      config->burst_rate_ratio);

  sender->n_lanes = config->n_lanes;
  sender->lanes = g_new0 (Lane, sender->n_lanes);
  for (i = 0; i < sender->n_lanes; i++) {
    sender->lanes[i].sender = sender;
    sender->lanes[i].index = i;
    sender->lanes[i].fd = -1;
  }
  for (i = 0; i < sender->n_lanes; i++) {
    if (!open_lane (&sender->lanes[i], error)) {
      spead2_sender_free (sender);
      return NULL;
    }
  }
  sender->stats.mtu = spead2_udp_mtu (&config->destination, &config->socket);
  sender->stats.buffer_size =
      spead2_udp_socket_buffer_size (sender->lanes[0].fd);
  /* Only the sockets' opening needed them. */
  sender->config.socket.multicast_iface = NULL;
  sender->config.socket.local = NULL;
  return sender;
}

static gboolean
start_lane (Lane *lane, GError **error)
{
  Spead2Sender *sender = lane->sender;
  /* The kernel has room for 15 bytes. */
  gchar *name = g_strdup_printf ("%.12s:%u", sender->thread_name, lane->index);

  lane->thread = g_thread_try_new (name, lane_run, lane, error);
  g_free (name);
  if (lane->thread == NULL)
    return FALSE;

  g_mutex_lock (&sender->lock);
  while (!lane->started)
    wait_for_room (sender, 0);
  g_mutex_unlock (&sender->lock);
  if (lane->start_errno != 0)
    spead2_set_errno (error, lane->start_errno,
        "Could not keep a sending thread to CPU %u", cpu_of (lane));
  return lane->start_errno == 0;
}

gboolean
spead2_sender_start (Spead2Sender *sender, GError **error)
{
  guint i;

  for (i = 0; i < sender->n_lanes; i++) {
    if (!start_lane (&sender->lanes[i], error)) {
      spead2_sender_stop (sender);
      return FALSE;
    }
  }
  return TRUE;
}

gint
spead2_sender_dup_fd (Spead2Sender *sender, GError **error)
{
  gint fd = fcntl (sender->lanes[0].fd, F_DUPFD_CLOEXEC, 0);

  if (fd < 0)
    spead2_set_errno (error, errno, "Could not share the socket");
  return fd;
}

static void
set_deadlines (Spead2Sender *sender, guint64 deadline)
{
  guint i;

  for (i = 0; i < sender->n_lanes; i++)
    spead2_udp_writer_set_deadline (sender->lanes[i].writer, deadline);
}

void
spead2_sender_stop (Spead2Sender *sender)
{
  guint i;

  g_mutex_lock (&sender->lock);
  if (!sender->stopping)
    sender->release_deadline = spead2_now () + RELEASE_GRACE;
  sender->stopping = TRUE;
  wake_lanes (sender);
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);

  for (i = 0; i < sender->n_lanes; i++) {
    Lane *lane = &sender->lanes[i];

    if (lane->thread) {
      spead2_udp_writer_set_deadline (lane->writer, 0);
      g_thread_join (lane->thread);
      lane->thread = NULL;
    }
  }

  g_mutex_lock (&sender->lock);
  bury_held (sender);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_free (Spead2Sender *sender)
{
  guint i;

  spead2_sender_stop (sender);
  for (i = 0; i < sender->n_lanes; i++) {
    Lane *lane = &sender->lanes[i];

    if (lane->writer)
      spead2_udp_writer_free (lane->writer);
    if (lane->owns_fd)
      close (lane->fd);
    g_free (lane->taken);
  }
  g_free (sender->lanes);
  g_aligned_free (sender->slots);
  g_ptr_array_unref (sender->held_rings);
  g_ptr_array_unref (sender->held_heaps);
  g_free (sender->thread_name);
  g_clear_pointer (&sender->config.cpus, g_array_unref);
  g_cond_clear (&sender->work);
  g_cond_clear (&sender->room);
  g_mutex_clear (&sender->lock);
  g_mutex_clear (&sender->pushing_lock);
  g_free (sender);
}

/* -- pushing and waiting ------------------------------------------------------ */

static guint
outstanding (const Spead2Sender *sender)
{
  return sender->tail - sender->head;
}

/* Waits until fewer than limit heaps are outstanding. A push that has to wait
 * waits until fewer than wanted are; 0: it is no push. */
static Spead2SenderStatus
wait_outstanding_below (
    Spead2Sender *sender, guint limit, guint wanted, gboolean interruptible)
{
  for (;;) {
    if (sender->flushing || sender->discarding || sender->stopping)
      return SPEAD2_SENDER_FLUSHING;
    if (outstanding (sender) < limit)
      return SPEAD2_SENDER_OK;
    if (interruptible && sender->interrupted)
      return SPEAD2_SENDER_INTERRUPTED;
    wait_for_room (sender, wanted);
  }
}

static guint
limit_for (const Spead2Sender *sender, const Spead2Heap *heap)
{
  return spead2_max_heaps (
      sender->config.max_heaps, sender->n_lanes, heap->length);
}

/* Waits for room for a heap; where there may be many, for some of them: a wait
 * costs both threads more than a small heap does. */
static Spead2SenderStatus
wait_to_push (Spead2Sender *sender, const Spead2Heap *heap, guint64 *now)
{
  guint limit = limit_for (sender, heap);
  guint room = MAX (limit / ROOM_PART, 1);
  gboolean waits = outstanding (sender) >= limit;
  Spead2SenderStatus status =
      wait_outstanding_below (sender, limit, limit - room + 1, TRUE);

  if (waits)
    *now = spead2_now ();
  return status;
}

/* How many of the heaps there is room for. */
static guint
count_room (const Spead2Sender *sender, Spead2Heap *const *heaps, guint n)
{
  guint i = 0;

  while (i < n && outstanding (sender) + i < limit_for (sender, heaps[i]))
    i++;
  return i;
}

static void
fill_slot (Slot *slot, Spead2Heap *heap, guint64 now)
{
  memset (slot, 0, sizeof *slot);
  slot->state = SLOT_QUEUED;
  slot->flags = heap->flags;
  slot->length = heap->length;
  slot->heap = heap;
  slot->pushed = now;
}

/* Puts heaps into slots that nobody looks at yet. Called with the lock, which is
 * released meanwhile. FALSE: a flush came between. */
static gboolean
enqueue (Spead2Sender *sender, Spead2Heap *const *heaps, guint n, guint64 now)
{
  guint64 tail = sender->tail;
  guint i, n_control = 0;

  g_mutex_unlock (&sender->lock);
  for (i = 0; i < n; i++) {
    n_control += (heaps[i]->flags & SPEAD2_HEAP_CONTROL) != 0;
    fill_slot (slot_at (sender, tail + i), heaps[i], now);
  }
  g_mutex_lock (&sender->lock);
  if (sender->flushing || sender->discarding || sender->stopping)
    return FALSE;

  sender->tail += n;
  sender->pushing = TRUE;
  sender->stats.heaps_pushed += n - n_control;
  sender->stats.peak_outstanding =
      MAX (sender->stats.peak_outstanding, outstanding (sender));
  if (n > 1 && sender->work_waiters > 1)
    g_cond_broadcast (&sender->work);
  else if (sender->work_waiters > 0)
    g_cond_signal (&sender->work);
  wake_polling (sender);
  return TRUE;
}

/* How many of the heaps, from the front, can be sent at all. */
static guint
count_sendable (
    Spead2Sender *sender, Spead2Heap *const *heaps, guint n, GError **error)
{
  guint i;

  for (i = 0; i < n; i++)
    if (!spead2_packetizer_check (&sender->config.packet, heaps[i], error))
      break;
  return i;
}

Spead2SenderStatus
spead2_sender_push (Spead2Sender *sender, Spead2Heap *const *heaps, guint n,
    guint *n_pushed, GError **error)
{
  Spead2SenderStatus status = SPEAD2_SENDER_OK;
  guint i, n_fitting, n_sendable = count_sendable (sender, heaps, n, error);
  guint64 now = spead2_now ();

  g_mutex_lock (&sender->pushing_lock);
  g_mutex_lock (&sender->lock);
  release (sender);
  for (i = 0; i < n_sendable; i += n_fitting) {
    status = wait_to_push (sender, heaps[i], &now);
    if (status != SPEAD2_SENDER_OK)
      break;
    n_fitting = count_room (sender, heaps + i, n_sendable - i);
    if (!enqueue (sender, heaps + i, n_fitting, now)) {
      status = SPEAD2_SENDER_FLUSHING;
      break;
    }
  }
  g_mutex_unlock (&sender->lock);
  g_mutex_unlock (&sender->pushing_lock);

  *n_pushed = i;
  if (status == SPEAD2_SENDER_OK && i < n)
    return SPEAD2_SENDER_REFUSED;
  g_clear_error (error);
  return status;
}

Spead2SenderStatus
spead2_sender_drain (Spead2Sender *sender, gboolean interruptible)
{
  Spead2SenderStatus status;

  g_mutex_lock (&sender->lock);
  status = wait_outstanding_below (sender, 1, 0, interruptible);
  g_mutex_unlock (&sender->lock);
  return status;
}

void
spead2_sender_set_interrupted (Spead2Sender *sender, gboolean interrupted)
{
  g_mutex_lock (&sender->lock);
  sender->interrupted = interrupted;
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_set_flushing (Spead2Sender *sender, gboolean flushing)
{
  g_mutex_lock (&sender->lock);
  sender->flushing = flushing;
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_flush (Spead2Sender *sender)
{
  g_mutex_lock (&sender->lock);
  sender->discarding = TRUE;
  if (!sender->stopping)
    sender->release_deadline = spead2_now () + RELEASE_GRACE;
  set_deadlines (sender, spead2_now () + FLUSH_GRACE);
  wake_lanes (sender);
  g_cond_broadcast (&sender->room);
  while (outstanding (sender) > 0 && !sender->stopping)
    wait_for_room (sender, 0);
  sender->discarding = FALSE;
  if (outstanding (sender) == 0)
    bury_held (sender);
  if (!sender->stopping)
    set_deadlines (sender, G_MAXUINT64);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_set_rate (Spead2Sender *sender, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio)
{
  g_mutex_lock (&sender->lock);
  spead2_pacer_init (&sender->pacer, rate, burst_size, burst_rate_ratio);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_probe (Spead2Sender *sender)
{
  guint i;

  for (i = 0; i < sender->n_lanes; i++)
    spead2_udp_writer_probe (sender->lanes[i].writer);
}

static void
add_counters (Spead2WriterCounters *sum, const Spead2WriterCounters *counters)
{
  guint i;

  sum->packets += counters->packets;
  sum->bytes += counters->bytes;
  sum->messages += counters->messages;
  sum->calls += counters->calls;
  sum->waits += counters->waits;
  sum->gso_off += counters->gso_off;
  sum->zerocopy_messages += counters->zerocopy_messages;
  for (i = 0; i < G_N_ELEMENTS (sum->errors); i++)
    sum->errors[i] += counters->errors[i];
}

void
spead2_sender_get_stats (Spead2Sender *sender, Spead2SenderStats *stats)
{
  guint i;

  g_mutex_lock (&sender->lock);
  *stats = sender->stats;
  stats->outstanding = outstanding (sender);
  if (sender->n_numbered > 0)
    stats->heap_cnt_wraps = long_cnt (sender, sender->n_numbered - 1) >>
        sender->config.packet.flavour;
  for (i = 0; i < sender->n_lanes; i++) {
    add_counters (&stats->writer, &sender->lanes[i].counters);
    if (stats->gso_errno == 0)
      stats->gso_errno = sender->lanes[i].gso_errno;
    if (stats->zerocopy_reason == NULL)
      stats->zerocopy_reason = sender->lanes[i].zerocopy_reason;
  }
  g_mutex_unlock (&sender->lock);
}
