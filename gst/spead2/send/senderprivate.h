/* What sender.c and worker.c share, and nobody else sees: slots, workers and the
 * sender itself. Slot and Worker are theirs alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_SENDER_PRIVATE_H
#define SPEAD2_SENDER_PRIVATE_H

#include "spead2/send/pacer.h"
#include "spead2/send/sender.h"
#include "spead2/thread.h"

G_BEGIN_DECLS

/* Done: the heap's packets have all gone or failed. Dropped: it was not begun, or
 * was the last of a batch that was given up, and has no heap counter. */
typedef enum { SLOT_QUEUED, SLOT_TAKEN, SLOT_DONE, SLOT_DROPPED } SlotState;

/* Place of one outstanding heap. It belongs to the push that fills it, from taking
 * to its end to its worker, then to whoever delivers and to whoever releases; the
 * lock guards the rest. */
typedef struct {
  /* Neighbours are in the hands of different threads. */
  _Alignas(SPEAD2_CACHE_LINE) SlotState state;
  guint flags; /* the heap's, and its length: it is in another's cache */
  guint64 length;
  Spead2Heap *heap;
  guint64 nth;    /* of the heaps that the sender numbers, from 0 */
  guint64 pushed; /* when, ns */
  Spead2TxState tx;
} Slot;

G_STATIC_ASSERT (sizeof (Slot) == SPEAD2_CACHE_LINE);

typedef struct {
  Spead2Sender *sender;
  guint index;
  gint fd;
  gboolean owns_fd;
  Spead2UdpWriter *writer;
  Spead2Thread *thread;

  /* The worker's own, used by its thread only. taken is a ring of slot numbers:
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
  gboolean busy;    /* holds heaps */
  gboolean polling; /* waits for memory to be released, or to be woken */
  guint64 due;      /* when its burst may go, ns; 0 with no rate */
  Spead2WriterCounters counters;
  gint gso_errno;
  const gchar *zerocopy_reason;
} Worker;

/* lock is never held while sending, delivering, calling back or freeing heaps, and
 * nothing else is locked under it. */
struct _Spead2Sender {
  Spead2SenderConfig config; /* constant */
  Spead2SenderCallbacks callbacks;
  gpointer user_data;
  gchar *thread_name;
  Worker *workers;
  guint n_workers;
  guint n_processors;
  Spead2UdpSocketState *adopted; /* (owned) of an outside socket, or NULL */

  GMutex lock;
  GCond
      work; /* for workers: something to take, or the end; see spead2_workers_wake() */
  GCond room; /* for pushes, drains and flushes: something has ended; for
                 other pushes: slots are filled; for spead2_sender_stop(): workers are
                 joined */
  /* Waking nobody is a system call, too. */
  guint work_waiters, room_waiters, fill_waiters;
  /* A push waits to be woken when fewer are outstanding (1: when none is, since it
   * looks for itself); 0: none waits. */
  guint64 room_wanted;

  /* Guarded by lock. Slots are numbered from 0 without end; number n lives in
   * slots[n % n_slots], n_slots being a power of two. head is the oldest that
   * has not been released, ended the oldest that has not been told of, taken the
   * next for a worker, tail the next to be pushed, which a push sets. */
  Slot *slots;
  guint n_slots;
  guint64 head, ended, taken, tail;
  gboolean filling; /* a push fills slots from tail on, without the lock */
  gboolean delivering;
  gboolean releasing;
  gboolean
      pushing; /* something was pushed since spead2_sender_have_released() */
  gboolean barrier; /* barrier_slot has been taken and has not gone */
  guint64 barrier_slot;
  guint barrier_worker;
  guint64 n_numbered; /* heaps that were given a counter */
  Spead2Pacer pacer;
  gboolean interrupted;
  gboolean flushing;
  guint n_discarding; /* threads in spead2_sender_flush() */
  gboolean stopping;
  gboolean joining; /* a thread in spead2_sender_stop() joins the workers */
  guint64 release_deadline; /* of a flush or a stop */
  GPtrArray *held_rings;    /* (owned) with messages that were given up */
  Spead2SenderStats stats;

  /* Of whoever delivers. */
  GPtrArray *held_heaps; /* (owned) of held_rings */
};

static inline Slot *
spead2_sender_slot (Spead2Sender *sender, guint64 number)
{
  return &sender->slots[number & (sender->n_slots - 1)];
}

/* The counter of the nth heap that is numbered, with all bits: the flavour's
 * are sent, the others tell how often it has wrapped. */
static inline guint64
spead2_sender_long_cnt (const Spead2Sender *sender, guint64 nth)
{
  return sender->config.cnt_start + nth * sender->config.cnt_step;
}

/* What a heap that was taken has for a counter. */
static inline guint64
spead2_sender_cnt (const Spead2Sender *sender, const Slot *slot)
{
  if (slot->flags & SPEAD2_HEAP_HAS_CNT)
    return slot->heap->cnt;
  return spead2_sender_long_cnt (sender, slot->nth) &
      spead2_flavour_max_value (sender->config.packet.flavour);
}

static inline void
spead2_times_add (Spead2Times *times, guint64 time)
{
  times->min = times->n == 0 ? time : MIN (times->min, time);
  times->max = MAX (times->max, time);
  times->total += time;
  times->n++;
}

static inline void
spead2_times_merge (Spead2Times *sum, const Spead2Times *times)
{
  if (times->n == 0)
    return;
  sum->min = sum->n == 0 ? times->min : MIN (sum->min, times->min);
  sum->max = MAX (sum->max, times->max);
  sum->total += times->total;
  sum->n += times->n;
}

/* sender.c. All are called with the lock, which is released meanwhile. */

/* Tells of the end of all heaps that are done and have no unfinished one before
 * them; one thread does it at a time. */
void spead2_sender_deliver (Spead2Sender *sender);

/* Frees the heaps that have been told of; one thread does it at a time. */
void spead2_sender_release (Spead2Sender *sender);

/* Has that done: here, or by a thread that pushes if that is ahead. */
void spead2_sender_have_released (Spead2Sender *sender);

/* Wakes a push that waits and does not look for itself, if there is any room: the
 * workers have the last heaps, and the next are to be there when these have gone. */
void spead2_sender_want_more (Spead2Sender *sender);

/* worker.c. */

/* A worker's thread; data is the worker. */
void spead2_worker_run (gpointer data);

/* Wakes all workers, or those that wait for more than the condition. Called with
 * the lock. */
void spead2_workers_wake (Spead2Sender *sender);
void spead2_workers_wake_polling (Spead2Sender *sender);

G_END_DECLS

#endif /* SPEAD2_SENDER_PRIVATE_H */
