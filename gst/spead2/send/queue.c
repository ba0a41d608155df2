/* The heaps of a sender on their way through it: see queue.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/queue.h"

#include <string.h>

#include "spead2/clock.h"

/* From so many on, heaps are many: see "Waking". */
#define MANY_HEAPS 16

/* Bytes that are left for each taker when a push is woken, if so many may be outstanding: a
 * batch, and some that last until the push runs. */
#define LEFT_BYTES (G_GUINT64_CONSTANT (5) << 18)

/* How a push polls until heaps have ended: after so many us, and so many times, which is as long
 * as fast workers need for a queue of 4 MiB. */
#define POLL_INTERVAL 50
#define MAX_POLLS 16

guint
spead2_max_heaps (
    guint max_heaps, guint n_takers, guint interleave, guint64 heap_bytes)
{
  guint least;

  if (max_heaps > 0)
    return max_heaps;
  least = MAX (SPEAD2_AUTO_MIN_HEAPS, 2 * n_takers);
  if (interleave > 1)
    least = MAX (least, 2 * interleave);
  return CLAMP (SPEAD2_AUTO_BYTES / MAX (heap_bytes, 1), least,
      MAX (least, SPEAD2_AUTO_MAX_HEAPS));
}

guint
spead2_max_run (
    guint max_heaps, guint n_takers, guint interleave, guint64 heap_bytes)
{
  guint outstanding =
      spead2_max_heaps (max_heaps, n_takers, interleave, heap_bytes);
  guint64 n = MIN (
      outstanding / (4 * n_takers), SPEAD2_RUN_BYTES / MAX (heap_bytes, 1));

  if (interleave > 1)
    return 1;
  return CLAMP (n, 1, SPEAD2_MAX_RUN_HEAPS);
}

/* The next one from n on. */
static guint
power_of_two (guint n)
{
  return 1u << g_bit_storage (n - 1);
}

void
spead2_queue_init (
    Spead2Queue *queue, guint max_heaps, guint n_takers, guint interleave)
{
  memset (queue, 0, sizeof *queue);
  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  queue->max_heaps = max_heaps;
  queue->interleave = interleave;
  queue->takers = g_new0 (Spead2Taker *, n_takers);
  /* One more at least, for stream control. */
  queue->n_slots =
      power_of_two (spead2_max_heaps (max_heaps, n_takers, interleave, 0) + 1);
  queue->slots = g_aligned_alloc0 (
      queue->n_slots, sizeof (Spead2Slot), _Alignof(Spead2Slot));
}

void
spead2_queue_clear (Spead2Queue *queue)
{
  for (; queue->head != queue->tail; queue->head++) {
    Spead2Slot *slot = spead2_queue_slot (queue, queue->head);

    spead2_tx_state_clear (&slot->tx);
    spead2_heap_free (slot->heap);
  }
  g_aligned_free (queue->slots);
  g_free (queue->takers);
  spead2_destinations_clear (&queue->destinations);
  g_cond_clear (&queue->changed);
  g_mutex_clear (&queue->lock);
}

void
spead2_taker_init (Spead2Taker *taker, Spead2Queue *queue,
    void (*wake) (gpointer user_data), gpointer user_data)
{
  memset (taker, 0, sizeof *taker);
  taker->queue = queue;
  taker->wake = wake;
  taker->user_data = user_data;
  taker->taken = g_new (guint64, queue->n_slots);
  queue->takers[queue->n_takers++] = taker;
}

void
spead2_taker_clear (Spead2Taker *taker)
{
  g_clear_pointer (&taker->taken, g_free);
}

/* -- groups ---------------------------------------------------------------------- */

/* When the part of a group that is queued, of at least one slot, is taken. */
static guint64
part_due (const Spead2Queue *queue)
{
  return queue->n_draining > 0
      ? 0
      : spead2_queue_slot (queue, queue->tail - 1)->pushed + SPEAD2_GROUP_WAIT;
}

/* How many slots, of at least one that is queued, are taken next, together. 0: they are part
 * of a group, and wait for others. */
static guint
next_group (const Spead2Queue *queue, guint64 now)
{
  const guint64 n = MIN (queue->tail - queue->taken, queue->interleave);
  guint i;

  if (queue->interleave == 1)
    return 1;
  if (queue->barrier_end <= queue->taken)
    return n == queue->interleave || part_due (queue) <= now ? n : 0;
  for (i = 0; i < n; i++)
    if (spead2_queue_slot (queue, queue->taken + i)->flags &
        SPEAD2_HEAP_BARRIER)
      break;
  return MAX (i, 1);
}

static gboolean
is_watched (const Spead2Queue *queue)
{
  guint i;

  for (i = 0; i < queue->n_takers; i++)
    if (queue->takers[i]->watches)
      return TRUE;
  return FALSE;
}

/* For how many takers there is something to do where n slots were pushed, at least one of
 * which is queued. */
static guint
count_wanted (const Spead2Queue *queue, guint n)
{
  if (queue->interleave == 1)
    return n;
  if (next_group (queue, 0) > 0)
    return MAX (n / queue->interleave, 1);
  return is_watched (queue) ? 0 : 1;
}

/* -- waking --------------------------------------------------------------------- */

static gboolean
is_idle (const Spead2Taker *taker)
{
  return taker->first == taker->end;
}

static gboolean
others_are_idle (const Spead2Queue *queue, const Spead2Taker *taker)
{
  guint i;

  for (i = 0; i < queue->n_takers; i++)
    if (queue->takers[i] != taker && !is_idle (queue->takers[i]))
      return FALSE;
  return TRUE;
}

/* Whether the taker may take the next slot. */
static gboolean
may_take (const Spead2Queue *queue, const Spead2Taker *taker)
{
  if (queue->taken == queue->tail)
    return FALSE;
  if (queue->n_barriers > 0)
    return queue->barrier_taker == taker && !queue->destinations.count_each;
  return !(spead2_queue_slot (queue, queue->taken)->flags &
             SPEAD2_HEAP_BARRIER) ||
      others_are_idle (queue, taker);
}

static void
wake_taker (Spead2Taker *taker)
{
  if (!taker->asleep)
    return;
  taker->asleep = FALSE;
  taker->wake (taker->user_data);
}

static void
wake_all_takers (Spead2Queue *queue)
{
  guint i;

  for (i = 0; i < queue->n_takers; i++)
    wake_taker (queue->takers[i]);
}

/* Wakes up to n of the takers that may take the next slot. */
static void
wake_takers (Spead2Queue *queue, guint n)
{
  guint i;

  for (i = 0; i < queue->n_takers && n > 0; i++) {
    Spead2Taker *taker = queue->takers[i];

    if (taker->asleep && may_take (queue, taker)) {
      wake_taker (taker);
      n--;
    }
  }
}

/* Wakes those who wait for heaps to end, or for what has just changed besides. */
static void
wake_waiters (Spead2Queue *queue)
{
  if (queue->wake_below == 0)
    return;
  queue->wake_below = 0;
  g_cond_broadcast (&queue->changed);
}

/* Waits until fewer than n heaps are used, or something else has changed, or a time of
 * g_get_monotonic_time() (0: none). Called with the lock, which is released meanwhile. */
static void
wait_below (Spead2Queue *queue, guint n, gint64 until)
{
  queue->wake_below = MAX (queue->wake_below, n);
  if (until > 0)
    g_cond_wait_until (&queue->changed, &queue->lock, until);
  else
    g_cond_wait (&queue->changed, &queue->lock);
}

/* -- pushing ---------------------------------------------------------------------- */

gboolean
spead2_queue_is_closed (const Spead2Queue *queue)
{
  return queue->flushing || spead2_queue_is_discarding (queue);
}

/* How many heaps may be used, those of this run included. */
static guint
capacity_for (const Spead2Queue *queue, const Spead2Heap *heap)
{
  return spead2_max_heaps (
      queue->max_heaps, queue->n_takers, queue->interleave, heap->length);
}

static void
fill_slot (Spead2Queue *queue, Spead2Heap *heap, guint64 now)
{
  Spead2Slot *slot = spead2_queue_slot (queue, queue->tail++);

  queue->kept_end = queue->tail;
  if (heap->flags & SPEAD2_HEAP_BARRIER)
    queue->barrier_end = queue->tail;
  spead2_destinations_assign (&queue->destinations, heap);
  memset (slot, 0, sizeof *slot);
  slot->state = SPEAD2_SLOT_QUEUED;
  slot->flags = heap->flags;
  if (heap->destination == SPEAD2_NO_DESTINATION)
    slot->flags |= SPEAD2_HEAP_NOWHERE;
  slot->n_heaps = heap->n_heaps;
  slot->length = heap->length;
  slot->heap = heap;
  slot->pushed = now;
  slot->tx.notes_failures = heap->n_heaps > 1;
  queue->n_used += heap->n_heaps;
  if (!(heap->flags & SPEAD2_HEAP_CONTROL)) {
    queue->n_pushed += heap->n_heaps;
    queue->outstanding += heap->n_heaps;
  }
}

guint
spead2_queue_try_push (
    Spead2Queue *queue, Spead2Heap *const *heaps, guint n, guint64 now)
{
  guint i;

  if (spead2_queue_is_closed (queue))
    return 0;
  for (i = 0; i < n; i++) {
    if (queue->n_used + heaps[i]->n_heaps > capacity_for (queue, heaps[i]))
      break;
    fill_slot (queue, heaps[i], now);
  }
  queue->peak_outstanding = MAX (queue->peak_outstanding, queue->outstanding);
  if (i > 0)
    wake_takers (queue, count_wanted (queue, i));
  return i;
}

/* How many heaps are left when a push is woken, of many. No run is longer than a quarter of the
 * capacity: it may be pushed then. */
static guint
count_left (const Spead2Queue *queue, guint capacity, const Spead2Heap *heap)
{
  const guint64 lasting =
      queue->n_takers * (LEFT_BYTES / MAX (heap->length, 1) + 1);
  const guint64 left = MIN (capacity * 5 / 8, lasting);

  return capacity > left + 2 * lasting ? capacity - 2 * lasting : left;
}

/* Waits until a run, and others behind it, may be pushed. n_polls counts how often since one
 * was. */
static void
wait_for_space (Spead2Queue *queue, const Spead2Heap *heap, guint *n_polls)
{
  guint capacity = capacity_for (queue, heap);

  if (capacity >= MANY_HEAPS)
    wait_below (queue,
        MAX (count_left (queue, capacity, heap) + 1, queue->interleave), 0);
  else if (queue->may_poll && (*n_polls)++ < MAX_POLLS)
    wait_below (queue, 1, g_get_monotonic_time () + POLL_INTERVAL);
  else
    wait_below (queue, capacity - heap->n_heaps + 1, 0);
}

/* As spead2_queue_push(). Called with the lock, which is released meanwhile. */
static Spead2QueueStatus
push (Spead2Queue *queue, Spead2Heap *const *heaps, guint n, guint64 now,
    guint *n_pushed)
{
  guint n_polls = 0;

  for (;;) {
    guint n_more =
        spead2_queue_try_push (queue, heaps + *n_pushed, n - *n_pushed, now);

    *n_pushed += n_more;
    if (*n_pushed == n)
      return SPEAD2_QUEUE_OK;
    if (spead2_queue_is_closed (queue))
      return SPEAD2_QUEUE_CLOSED;
    if (queue->interrupted)
      return SPEAD2_QUEUE_INTERRUPTED;
    if (n_more > 0)
      n_polls = 0;
    wait_for_space (queue, heaps[*n_pushed], &n_polls);
    now = spead2_now ();
  }
}

Spead2QueueStatus
spead2_queue_push (Spead2Queue *queue, Spead2Heap *const *heaps, guint n,
    guint64 now, guint *n_pushed)
{
  Spead2QueueStatus status;

  *n_pushed = 0;
  g_mutex_lock (&queue->lock);
  status = push (queue, heaps, n, now, n_pushed);
  g_mutex_unlock (&queue->lock);
  return status;
}

gboolean
spead2_queue_push_control (Spead2Queue *queue, Spead2Heap *heap)
{
  gboolean accepted, is_full;

  g_mutex_lock (&queue->lock);
  accepted = !spead2_queue_is_closed (queue);
  is_full = queue->tail - queue->head == queue->n_slots;
  if (accepted && !is_full) {
    fill_slot (queue, heap, spead2_now ());
    wake_takers (queue, count_wanted (queue, 1));
  }
  g_mutex_unlock (&queue->lock);
  if (accepted && is_full)
    spead2_heap_free (heap);
  return accepted;
}

/* -- draining, closing --------------------------------------------------------------- */

Spead2QueueStatus
spead2_queue_drain (Spead2Queue *queue, gboolean interruptible)
{
  Spead2QueueStatus status = SPEAD2_QUEUE_OK;

  g_mutex_lock (&queue->lock);
  queue->n_draining++;
  if (queue->taken != queue->tail)
    wake_takers (queue, count_wanted (queue, 1));
  for (;;) {
    if (spead2_queue_is_closed (queue))
      status = SPEAD2_QUEUE_CLOSED;
    else if (queue->n_used > 0 && interruptible && queue->interrupted)
      status = SPEAD2_QUEUE_INTERRUPTED;
    if (status != SPEAD2_QUEUE_OK || queue->n_used == 0)
      break;
    wait_below (queue, 1, 0);
  }
  queue->n_draining--;
  g_mutex_unlock (&queue->lock);
  return status;
}

void
spead2_queue_set_interrupted (Spead2Queue *queue, gboolean interrupted)
{
  g_mutex_lock (&queue->lock);
  queue->interrupted = interrupted;
  wake_waiters (queue);
  g_mutex_unlock (&queue->lock);
}

void
spead2_queue_set_flushing (Spead2Queue *queue, gboolean flushing)
{
  g_mutex_lock (&queue->lock);
  queue->flushing = flushing;
  wake_waiters (queue);
  g_mutex_unlock (&queue->lock);
}

void
spead2_queue_begin_discard (Spead2Queue *queue)
{
  queue->n_discarding++;
  wake_all_takers (queue);
  wake_waiters (queue);
}

void
spead2_queue_wait_discarded (Spead2Queue *queue)
{
  while (queue->n_used > 0 && !queue->stopping)
    wait_below (queue, 1, 0);
}

void
spead2_queue_end_discard (Spead2Queue *queue)
{
  queue->n_discarding--;
}

void
spead2_queue_stop (Spead2Queue *queue)
{
  queue->stopping = TRUE;
  wake_all_takers (queue);
  wake_waiters (queue);
}

/* -- taking ----------------------------------------------------------------------------- */

/* Gives the heaps of a slot that is taken their numbers. */
static void
number_slot (Spead2Queue *queue, Spead2Slot *slot, guint64 number)
{
  if (slot->flags & (SPEAD2_HEAP_HAS_CNT | SPEAD2_HEAP_NOWHERE))
    return;
  if (queue->destinations.count_each) {
    slot->nth = spead2_destinations_number (
        &queue->destinations, slot->heap, number, &queue->n_numbered);
    return;
  }
  slot->nth = queue->n_numbered;
  queue->n_numbered += slot->n_heaps;
}

static void
take_one (Spead2Queue *queue, Spead2Taker *taker)
{
  Spead2Slot *slot = spead2_queue_slot (queue, queue->taken);

  slot->state = SPEAD2_SLOT_TAKEN;
  number_slot (queue, slot, queue->taken);
  if (slot->flags & SPEAD2_HEAP_BARRIER) {
    queue->n_barriers++;
    queue->barrier_taker = taker;
  }
  taker->taken[taker->end++ & (queue->n_slots - 1)] = queue->taken++;
  taker->unbegun_bytes += slot->n_heaps * slot->length;
}

/* Of the next n slots. */
static guint64
size_of_next (const Spead2Queue *queue, guint n)
{
  guint64 size = 0;
  guint i;

  for (i = 0; i < n; i++) {
    const Spead2Slot *slot = spead2_queue_slot (queue, queue->taken + i);

    size += slot->n_heaps * slot->length;
  }
  return size;
}

static void
take_group (Spead2Queue *queue, Spead2Taker *taker, guint n)
{
  for (; n > 0; n--)
    take_one (queue, taker);
  if (queue->interleave == 1)
    return;
  spead2_taker_slot (taker, taker->end - 1)->flags |= SPEAD2_HEAP_ENDS_GROUP;
  /* What is left may be a part that nobody watches. */
  if (queue->taken != queue->tail)
    wake_takers (queue, count_wanted (queue, 1));
}

gboolean
spead2_taker_take (Spead2Taker *taker, guint64 max_bytes, guint64 now)
{
  Spead2Queue *queue = taker->queue;

  while (may_take (queue, taker)) {
    guint n = next_group (queue, now);

    if (n == 0 ||
        (taker->unbegun_bytes > 0 &&
            taker->unbegun_bytes + size_of_next (queue, n) > max_bytes))
      break;
    take_group (queue, taker, n);
  }
  return taker->current != taker->end;
}

guint64
spead2_taker_fall_asleep (Spead2Taker *taker)
{
  Spead2Queue *queue = taker->queue;

  taker->asleep = TRUE;
  taker->watches = may_take (queue, taker);
  return taker->watches ? part_due (queue) : G_MAXUINT64;
}

/* -- ending ------------------------------------------------------------------------------ */

static void
end_slot (Spead2Queue *queue, Spead2Slot *slot, Spead2SlotState state)
{
  if (slot->state == SPEAD2_SLOT_TAKEN && (slot->flags & SPEAD2_HEAP_BARRIER))
    queue->n_barriers--;
  slot->state = state;
}

void
spead2_taker_finish (Spead2Taker *taker)
{
  Spead2Queue *queue = taker->queue;

  for (; taker->first != taker->current; taker->first++) {
    Spead2Slot *slot = spead2_taker_slot (taker, taker->first);

    if (slot->tx.in_flight > 0)
      break;
    end_slot (queue, slot, SPEAD2_SLOT_DONE);
  }
  /* Others that a barrier blocked may take slots now. */
  if (queue->n_takers > 1 && queue->taken != queue->tail)
    wake_takers (queue, count_wanted (queue, queue->tail - queue->taken));
}

static guint64
slot_number (const Spead2Queue *queue, const Spead2Slot *slot)
{
  return queue->head +
      ((slot - queue->slots - queue->head) & (queue->n_slots - 1));
}

/* Whether no slot behind it is kept. */
static gboolean
is_last_kept (const Spead2Queue *queue, const Spead2Slot *slot)
{
  return slot_number (queue, slot) + 1 == queue->kept_end;
}

/* Ends a slot whose heaps are all dropped. */
static void
drop_slot (Spead2Queue *queue, Spead2Slot *slot)
{
  if (is_last_kept (queue, slot))
    queue->kept_end--;
  end_slot (queue, slot, SPEAD2_SLOT_DROPPED);
}

/* A slot's heaps from index on are dropped. Where none is kept behind them, their turns are
 * given to the next ones. */
static void
give_back_turns (Spead2Queue *queue, const Spead2Slot *slot, guint index)
{
  if (is_last_kept (queue, slot))
    spead2_destinations_give_back (&queue->destinations, slot->heap, index);
}

/* Drops the last n of a taken slot's heaps. The numbers that they were given are given to
 * the next ones, so that the stream has no gap, as are their turns. */
static void
drop_heaps (Spead2Queue *queue, Spead2Slot *slot, guint n)
{
  const guint n_kept = spead2_slot_n_kept (slot);

  if (n == 0)
    return;
  if (!(slot->flags & (SPEAD2_HEAP_HAS_CNT | SPEAD2_HEAP_NOWHERE))) {
    if (queue->destinations.count_each)
      spead2_destinations_unnumber (&queue->destinations, slot->heap,
          slot_number (queue, slot), slot->nth, n_kept, n);
    else if (slot->nth + n_kept == queue->n_numbered)
      queue->n_numbered -= n;
  }
  give_back_turns (queue, slot, n_kept - n);
  slot->n_dropped += n;
}

void
spead2_taker_drop_last (Spead2Taker *taker, guint n)
{
  Spead2Slot *slot = spead2_taker_slot (taker, taker->end - 1);

  drop_heaps (taker->queue, slot, n);
  if (spead2_slot_n_kept (slot) > 0)
    return;
  drop_slot (taker->queue, slot);
  taker->end--;
  taker->current = MIN (taker->current, taker->end);
}

void
spead2_taker_drop_unbegun (Spead2Taker *taker)
{
  Spead2Slot *slot = spead2_taker_slot (taker, taker->current);

  drop_heaps (taker->queue, slot, taker->n_unbegun);
  taker->unbegun_bytes -= taker->n_unbegun * slot->length;
  taker->n_unbegun = 0;
}

void
spead2_taker_discard (Spead2Taker *taker)
{
  Spead2Queue *queue = taker->queue;
  const guint64 begun = taker->current + taker->n_begun;
  guint64 number;

  for (number = queue->tail; number != queue->taken; number--) {
    Spead2Slot *slot = spead2_queue_slot (queue, number - 1);

    give_back_turns (queue, slot, 0);
    drop_slot (queue, slot);
  }
  queue->taken = queue->tail;

  while (taker->end != begun) {
    Spead2Slot *slot = spead2_taker_slot (taker, --taker->end);

    taker->unbegun_bytes -= slot->n_heaps * slot->length;
    drop_heaps (queue, slot, slot->n_heaps);
    drop_slot (queue, slot);
  }
  if (taker->n_begun > 0)
    spead2_taker_drop_unbegun (taker);
}

/* -- completing ---------------------------------------------------------------------------- */

gboolean
spead2_queue_begin_completion (Spead2Queue *queue, guint64 *end)
{
  guint64 number = queue->head;

  if (queue->completing)
    return FALSE;
  while (number != queue->tail &&
      spead2_queue_slot (queue, number)->state >= SPEAD2_SLOT_DONE)
    number++;
  queue->completing = number != queue->head;
  *end = number;
  return queue->completing;
}

void
spead2_queue_end_completion (Spead2Queue *queue, guint64 end)
{
  for (; queue->head != end; queue->head++) {
    const Spead2Slot *slot = spead2_queue_slot (queue, queue->head);

    queue->n_used -= slot->n_heaps;
    if (!(slot->flags & SPEAD2_HEAP_CONTROL))
      queue->outstanding -= slot->n_heaps;
  }
  queue->completing = FALSE;
  if (queue->n_used < queue->wake_below)
    wake_waiters (queue);
}
