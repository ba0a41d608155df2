/* Heaps that have been received and wait to be taken.
 *
 * Receiving workers push what one drain of their sockets completed, as a list: one
 * lock, and at most one wake-up. One consumer takes lists. The queue is bounded in heaps
 * and in bytes (spead2_received_heap_cost(): heaps without payload are not free); what
 * happens to heaps beyond that is the queue's leak. One heap is always taken in, whatever
 * its size. A run of heaps is taken in, dropped and taken out as a whole, and counts as its
 * heaps.
 *
 * Taken heaps come back with spead2_ready_queue_give_back(), for the assemblers to make
 * others of.
 *
 * Any thread. The lock is the queue's own, nothing else is locked under it, and no
 * function of the caller's runs under it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_READYQUEUE_H
#define SPEAD2_READYQUEUE_H

#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* Where heaps go that exceed the bounds; the names are those of GStreamer's queue. */
typedef enum {
  SPEAD2_LEAK_NO,         /* nowhere: a push waits */
  SPEAD2_LEAK_UPSTREAM,   /* they are dropped */
  SPEAD2_LEAK_DOWNSTREAM, /* the oldest in the queue are dropped for them */
} Spead2Leak;

/* How much may be in the queue. One heap may always. */
typedef struct {
  guint heaps;   /* 0: any number */
  guint64 bytes; /* at least 1 */
  /* ns from the first packet of the oldest heap to that of the newest; 0: any time */
  guint64 time;
} Spead2ReadyBounds;

typedef enum {
  SPEAD2_READY_HEAPS,       /* there are some */
  SPEAD2_READY_TIME_OUT,    /* the deadline passed */
  SPEAD2_READY_INTERRUPTED, /* by spead2_ready_queue_set_interrupted() */
} Spead2ReadyStatus;

/* Of heaps: pushed = taken + dropped + cleared + ready. */
typedef struct {
  guint64 pushed;
  guint64 taken;
  guint64 dropped; /* by the leak */
  guint64 cleared; /* by spead2_ready_queue_clear(), or pushed while closed */
  guint64 waits;   /* pushes that waited */
  guint ready;     /* now */
  guint64 ready_bytes;
  guint peak_ready;
} Spead2ReadyCounters;

typedef struct _Spead2ReadyQueue Spead2ReadyQueue;

/* The bounds are copied. */
Spead2ReadyQueue *spead2_ready_queue_new (
    const Spead2ReadyBounds *bounds, Spead2Leak leak);

/* No heap is in it, and none was given back: see spead2_ready_queue_clear(). */
void spead2_ready_queue_free (Spead2ReadyQueue *queue);

/* Takes a list (or NULL) in. Returns those of which nobody has need: dropped by the
 * leak, or all of them once the queue is closed; they are the caller's. */
Spead2ReceivedHeap *spead2_ready_queue_push (Spead2ReadyQueue *queue,
    Spead2ReceivedHeap *heaps) G_GNUC_WARN_UNUSED_RESULT;

/* Takes heaps out, oldest first: at least one, and more up to max_bytes.
 * Waits for the first one until the deadline (spead2_now(), ns; G_MAXUINT64: for
 * ever). Returns NULL with the reason. Interrupted, it returns NULL even if heaps are
 * ready, and they stay. */
Spead2ReceivedHeap *spead2_ready_queue_take (Spead2ReadyQueue *queue,
    guint64 deadline, guint64 max_bytes, Spead2ReadyStatus *status);

/* While TRUE, takes do not wait. */
void spead2_ready_queue_set_interrupted (
    Spead2ReadyQueue *queue, gboolean interrupted);

/* Pushes return at once from now on, those that wait, too. */
void spead2_ready_queue_close (Spead2ReadyQueue *queue);

/* The heaps that are ready, which are the caller's then. */
Spead2ReceivedHeap *spead2_ready_queue_clear (Spead2ReadyQueue *queue);

/* Keeps a list of taken heaps (or NULL), for spead2_ready_queue_take_returned(). */
void spead2_ready_queue_give_back (
    Spead2ReadyQueue *queue, Spead2ReceivedHeap *heaps);

/* All heaps that were given back, or NULL. */
Spead2ReceivedHeap *spead2_ready_queue_take_returned (Spead2ReadyQueue *queue);

void spead2_ready_queue_get_counters (
    Spead2ReadyQueue *queue, Spead2ReadyCounters *counters);

G_END_DECLS

#endif /* SPEAD2_READYQUEUE_H */
