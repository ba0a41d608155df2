/* The heaps of a sender on their way through it: a bounded ring of slots, each of which
 * has a run of heaps (heap.h).
 *
 * Pushes fill slots in order, takers (sending workers) take them in order, and finished
 * slots are completed in order, by one taker at a time. The queue creates no thread and
 * touches no socket and no packet; it has the lock that these threads share.
 *
 * A slot is filled, taken and completed as a whole. Limits and statistics count heaps:
 * max_heaps, outstanding, and what a push waits for. A run is never longer than
 * spead2_max_run(), so that threads work at the same time on several of them.
 *
 *   state     begins with                  ends with                    owner
 *   (free)    completion; outside of       spead2_queue_try_push()      the queue
 *             head..tail, no state
 *   QUEUED    try_push                     take, discard                the queue
 *   TAKEN     spead2_taker_take()          finish, drop_last, discard   the taker
 *   DONE      spead2_taker_finish(): all   completion                   the completing
 *             packets sent or failed, or                                taker
 *             of heaps that were dropped
 *   DROPPED   discard or drop_last: no     completion                   the completing
 *             packet was sent                                           taker
 *
 * The owner of a slot reads and writes it without the lock; state itself changes with the
 * lock. Of a taken slot, heaps that are not begun can be dropped, from the last one on
 * (n_dropped). Heaps that were dropped have no heap counter: a taker that drops those that
 * were numbered last gives their numbers back.
 *
 * A slot whose heap has SPEAD2_HEAP_BARRIER is taken when all other takers are idle (hold no slot),
 * and until it has ended, only its taker takes others: it sends them in order. Where each
 * destination counts its heaps, nobody takes others until then, since copies for all
 * destinations get their numbers together.
 *
 * With interleave > 1, a taker takes that many slots together, a group, which it sends in
 * turn; runs have one heap then. A part of a group is taken when a barrier is behind it,
 * while a thread drains, and when nothing was pushed for SPEAD2_GROUP_WAIT: a taker that
 * sleeps watches that time.
 *
 * Waking. To wake a thread is a system call, and takes longer than sending two messages
 * where the other processor sleeps. Only threads that wait and can continue are
 * woken:
 *
 *   who waits           for                                  where       is woken by
 *   a taker, asleep     a slot that it may take, or a part   its own     a push; a drain;
 *                       of a group that none watches; a      sleep, by   another taker that
 *                       discard or a stop                    wake()      became idle, ended its
 *                                                                        barriers or left a
 *                                                                        part; discard, stop
 *   a push, a drain,    fewer used heaps than wake_below;    changed     a completion; closing,
 *   a discard           closing, an interruption                         interrupting
 *
 * An idle taker sleeps in its writer, which also wakes it when the kernel has released
 * memory, and at the deadline for that. A taker that waits for its pacer, for a writable
 * socket or after ENOBUFS is not asleep in this sense: a new rate and a deadline wake it,
 * through its writer.
 *
 * If at least 16 heaps of its size may be outstanding, a push is woken once for all that end
 * until 1.25 MiB are left for each taker, or five eighths of these heaps where that is less:
 * they last until it runs. For more than twice as many it does not wait, since a source that
 * is live may have no time for that. Woken for each run, it sends 8 KiB heaps 8 % slower; when half of
 * 512 heaps of 4 KiB are left, 13 %; when five eighths of 4 MiB are left, 3 %. Otherwise it
 * waits until its run may be outstanding, too, and polls for that at first, where may_poll
 * permits: without that, 1 MiB heaps are sent 8 % slower. It never waits for a part of a group
 * to be sent.
 *
 * lock is a leaf: nothing else is locked under it, and it is not held while a heap is sent,
 * completed or freed, or a callback runs. Its users may guard state of their own with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_QUEUE_H
#define SPEAD2_QUEUE_H

#include "spead2/heap/heap.h"
#include "spead2/net/txstate.h"
#include "spead2/send/destinations.h"

G_BEGIN_DECLS

/* Outstanding heaps when the number is chosen automatically: as many as make
 * 4 MiB, which stays in a processor's cache, and within these bounds. 4095, so
 * that with one slot for stream control there are 4096. */
#define SPEAD2_AUTO_BYTES (4 << 20)
#define SPEAD2_AUTO_MIN_HEAPS 4
#define SPEAD2_AUTO_MAX_HEAPS 4095

/* Most heaps of a group. */
#define SPEAD2_MAX_INTERLEAVE 4096

/* After so long without a push, a part of a group is sent, ns. */
#define SPEAD2_GROUP_WAIT (1000 * G_GUINT64_CONSTANT (1000))

/* How many heaps of so many payload bytes may be outstanding: max_heaps, or
 * what it means when it is 0: two groups at least, one of which is sent while the other
 * comes. */
guint spead2_max_heaps (
    guint max_heaps, guint n_takers, guint interleave, guint64 heap_bytes);

/* Most payload of a run of several heaps, bytes: a part of a batch, since a worker begins
 * with the first run while the next ones are made. */
#define SPEAD2_RUN_BYTES (256 << 10)

/* How many heaps of so many payload bytes may be in one run. */
guint spead2_max_run (
    guint max_heaps, guint n_takers, guint interleave, guint64 heap_bytes);

typedef enum {
  SPEAD2_SLOT_QUEUED,
  SPEAD2_SLOT_TAKEN,
  SPEAD2_SLOT_DONE,
  SPEAD2_SLOT_DROPPED
} Spead2SlotState;

typedef struct {
  /* Neighbours belong to different threads. */
  _Alignas(SPEAD2_CACHE_LINE) guint16 state; /* Spead2SlotState */
  /* Copies of the run's, which is in another processor's cache. */
  guint16 flags;
  guint16 n_heaps;   /* at least 1 */
  guint16 n_dropped; /* the last ones; not used with DROPPED */
  guint64 length;    /* payload of each heap, bytes */
  Spead2Heap *heap;  /* (owned) the run */
  /* The first heap's number, of those without a counter of their own, from 0; when
   * taken. */
  guint64 nth;
  guint64 pushed; /* time, ns */
  Spead2TxState tx;
} Spead2Slot;

G_STATIC_ASSERT (sizeof (Spead2Slot) == SPEAD2_CACHE_LINE);
G_STATIC_ASSERT (SPEAD2_MAX_RUN_HEAPS <= G_MAXUINT16);

/* How many of a slot's heaps, from the front, were not dropped. */
static inline guint
spead2_slot_n_kept (const Spead2Slot *slot)
{
  return slot->state == SPEAD2_SLOT_DROPPED ? 0
                                            : slot->n_heaps - slot->n_dropped;
}

typedef struct _Spead2Queue Spead2Queue;

/* One thread that takes slots. Of taken, a ring of slot numbers, first to current are cut
 * into packets, which may be in flight, and current to end are not begun, but for n_begun
 * from current on: one, or several of a group, of which the first is not cut. Of the heaps
 * that are kept of the slot at current, the last n_unbegun are not begun. */
typedef struct {
  Spead2Queue *queue;
  void (*wake) (gpointer user_data); /* ends its sleep, or the next one */
  gpointer user_data;

  /* Written by its thread with the lock. */
  guint64 *taken; /* (owned) */
  guint64 first, end;
  gboolean asleep;  /* wake() ends it */
  gboolean watches; /* its sleep ends in time for a part of a group */

  /* Its thread's own. */
  guint64 current;
  guint n_begun;
  guint n_unbegun;
  /* payload from current to end, without heaps that are cut into packets */
  guint64 unbegun_bytes;
} Spead2Taker;

typedef enum {
  SPEAD2_QUEUE_OK,
  SPEAD2_QUEUE_INTERRUPTED, /* by spead2_queue_set_interrupted() */
  SPEAD2_QUEUE_CLOSED       /* flushing, discarding, or stopped */
} Spead2QueueStatus;

struct _Spead2Queue {
  GMutex lock;
  GCond changed; /* see "Waking" */

  /* Constant. Slots are numbered from 0 without end; number n lives in
   * slots[n % n_slots], n_slots being a power of two. */
  Spead2Slot *slots; /* (owned) */
  guint n_slots;
  guint max_heaps;
  guint interleave;     /* slots of a group */
  Spead2Taker **takers; /* (owned array) */
  guint n_takers;

  /* Guarded by lock. head is the oldest slot that is not free, taken the next for a
   * taker, tail the next for a push. */
  guint64 head, taken, tail;
  guint64 barrier_end; /* behind the last slot that was pushed with a barrier */
  guint64 kept_end;    /* the slots from here to tail were dropped */
  guint n_used; /* heaps in slots that are not free, stream control included */
  guint wake_below;    /* some wait for fewer of these; 0: nobody waits */
  gboolean completing; /* a taker completes slots from head on */
  /* that are taken and have not ended, all by barrier_taker */
  guint n_barriers;
  const Spead2Taker *barrier_taker;
  /* heaps that were given a number; the most of a destination where each counts for itself */
  guint64 n_numbered;
  Spead2Destinations destinations;
  gboolean interrupted;
  gboolean flushing;
  guint n_draining;   /* threads in spead2_queue_drain() */
  guint n_discarding; /* threads between begin_discard and end_discard */
  gboolean stopping;
  gboolean may_poll; /* see "Waking"; set by its owner, with the lock */

  /* Guarded by lock: heaps, without stream control. */
  guint64 n_pushed;
  guint outstanding; /* pushed and not completed */
  guint peak_outstanding;
};

/* max_heaps: most outstanding heaps, at least interleave, or 0: automatic. interleave: 1 to
 * SPEAD2_MAX_INTERLEAVE. Heaps have no destination until the
 * owner fills destinations. All takers are added with spead2_taker_init() before anything
 * else. */
void spead2_queue_init (
    Spead2Queue *queue, guint max_heaps, guint n_takers, guint interleave);

/* No thread may use it any more. Heaps that are in it are freed. */
void spead2_queue_clear (Spead2Queue *queue);

static inline Spead2Slot *
spead2_queue_slot (const Spead2Queue *queue, guint64 number)
{
  return &queue->slots[number & (queue->n_slots - 1)];
}

/* -- any thread, without the lock ------------------------------------------- */

/* Pushes n runs, at least one, none longer than spead2_max_run(); n_pushed says how many of
 * them, from the front, belong to the queue now: all of them with SPEAD2_QUEUE_OK. Waits
 * until as many heaps may be outstanding; runs of two pushes that wait may alternate. now:
 * spead2_now(), for the time of the push. */
Spead2QueueStatus spead2_queue_push (Spead2Queue *queue,
    Spead2Heap *const *heaps, guint n, guint64 now, guint *n_pushed);

/* Pushes a heap of stream control. It never waits: there are slots beyond max_heaps, and
 * when these are full, the last has stream control already, and this heap is freed. FALSE
 * while the queue is closed: the heap stays the caller's. */
gboolean spead2_queue_push_control (Spead2Queue *queue, Spead2Heap *heap);

/* Waits until all slots are free. Unless interruptible only closing ends it early. */
Spead2QueueStatus spead2_queue_drain (
    Spead2Queue *queue, gboolean interruptible);

/* While TRUE, pushes that would wait and interruptible drains return
 * SPEAD2_QUEUE_INTERRUPTED. */
void spead2_queue_set_interrupted (Spead2Queue *queue, gboolean interrupted);

/* While TRUE, the queue is closed. */
void spead2_queue_set_flushing (Spead2Queue *queue, gboolean flushing);

/* -- any thread, with the lock ------------------------------------------------ */

/* Whether pushes return SPEAD2_QUEUE_CLOSED. */
gboolean spead2_queue_is_closed (const Spead2Queue *queue);

/* How many heaps have not been completed, stream control included. */
static inline guint
spead2_queue_n_used (const Spead2Queue *queue)
{
  return queue->n_used;
}

/* Pushes as many of the n runs as may be outstanding, and wakes takers for them. Returns how
 * many: 0 while the queue is closed. */
guint spead2_queue_try_push (
    Spead2Queue *queue, Spead2Heap *const *heaps, guint n, guint64 now);

/* As long as a thread discards, the queue is closed and takers drop what they have not
 * begun. end_discard is called when all slots are free, or stopping is set; wait_discarded
 * releases the lock while it waits for that. */
void spead2_queue_begin_discard (Spead2Queue *queue);
void spead2_queue_wait_discarded (Spead2Queue *queue);
void spead2_queue_end_discard (Spead2Queue *queue);

/* Closes the queue for ever: takers drop what they have not begun, and end. */
void spead2_queue_stop (Spead2Queue *queue);

/* Whether takers are to drop what they have not begun. */
static inline gboolean
spead2_queue_is_discarding (const Spead2Queue *queue)
{
  return queue->n_discarding > 0 || queue->stopping;
}

/* -- takers: the taker's thread, with the lock --------------------------------- */

void spead2_taker_init (Spead2Taker *taker, Spead2Queue *queue,
    void (*wake) (gpointer user_data), gpointer user_data);

/* Frees what init allocated. */
void spead2_taker_clear (Spead2Taker *taker);

/* The number of the slot at a position. */
static inline guint64
spead2_taker_number (const Spead2Taker *taker, guint64 position)
{
  return taker->taken[position & (taker->queue->n_slots - 1)];
}

/* A slot that the taker has taken, by its position from first to end. */
static inline Spead2Slot *
spead2_taker_slot (const Spead2Taker *taker, guint64 position)
{
  return spead2_queue_slot (
      taker->queue, spead2_taker_number (taker, position));
}

/* Takes slots, or groups, until unbegun_bytes would exceed max_bytes; one at least, where the
 * taker has none that is not begun and may take one. The last slot of a group is marked with
 * SPEAD2_HEAP_ENDS_GROUP. TRUE if it has slots to send. now: spead2_now(), of a queue with
 * groups. */
gboolean spead2_taker_take (Spead2Taker *taker, guint64 max_bytes, guint64 now);

/* The taker falls asleep, after it took nothing: until it is woken, or the time that is
 * returned, for a part of a group (G_MAXUINT64: never). */
guint64 spead2_taker_fall_asleep (Spead2Taker *taker);

/* Its sleep has ended. */
static inline void
spead2_taker_wake_up (Spead2Taker *taker)
{
  taker->asleep = taker->watches = FALSE;
}

/* Drops the last n heaps that are kept of the slot that was taken last; with all of them, the
 * slot, and where current was behind that, it is at it. */
void spead2_taker_drop_last (Spead2Taker *taker, guint n);

/* Drops the heaps of the begun slot that are not begun. */
void spead2_taker_drop_unbegun (Spead2Taker *taker);

/* Ends the slots before current, in order, up to the first with packets in flight. Wakes
 * other takers that may take slots since then, or since the last drop. */
void spead2_taker_finish (Spead2Taker *taker);

/* Drops all slots that nobody has taken, and the heaps of the taker that are not begun. */
void spead2_taker_discard (Spead2Taker *taker);

/* Begins to complete the slots from head to *end, at least one: the caller owns them until
 * it calls spead2_queue_end_completion(), and takes out or frees their heaps meanwhile,
 * without the lock. FALSE: the oldest slot has not ended, or another taker completes; that
 * one completes all slots that end meanwhile. */
gboolean spead2_queue_begin_completion (Spead2Queue *queue, guint64 *end);
void spead2_queue_end_completion (Spead2Queue *queue, guint64 end);

G_END_DECLS

#endif /* SPEAD2_QUEUE_H */
