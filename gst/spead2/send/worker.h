/* A sending worker: a thread that takes heaps from a queue, makes batches of packets of
 * them, waits until the rate permits each batch, sends it, and completes heaps. With groups
 * (queue.h), the heaps of one have turns: in its turn a heap adds packets to the batch until
 * its message is full.
 *
 * Workers of one sender share a Spead2WorkerGroup (workergroup.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_WORKER_H
#define SPEAD2_WORKER_H

#include "spead2/heap/packetizer.h"
#include "spead2/net/udpwriter.h"
#include "spead2/send/turns.h"
#include "spead2/send/workergroup.h"
#include "spead2/thread.h"

G_BEGIN_DECLS

/* Of a Spead2Destination: when it was in the list. */
typedef struct {
  guint64 from, to; /* slots */
} Spead2WorkerDestination;

typedef struct {
  Spead2WorkerGroup *group;
  guint index;
  Spead2UdpWriter *writer;
  Spead2Thread *thread; /* (owned) NULL: it does not run */
  Spead2Taker taker;

  /* Its thread's own. */
  gboolean no_wait;     /* the batch is sent at once or dropped */
  gboolean abandoned;   /* some of it was */
  guint64 burst;        /* most bytes of the batch, by the rate */
  Spead2Times lateness; /* of bursts, since finish() */
  /* The group that is sent; without groups, one slot. */
  guint64 first;                 /* the position of its first slot */
  Spead2Turns turns;             /* of its slots, numbered from first on */
  Spead2Packetizer *packetizers; /* (owned) of those that are begun */
  /* (owned, Spead2WorkerDestination) by index, as of n_changes */
  GArray *destinations;
  guint64 next_removal; /* the slot from which one of them gets no more */

  /* Guarded by the queue's lock. */
  guint64 due;       /* when its burst may go, ns; 0 with no rate */
  guint64 n_changes; /* of the destinations that the writer has */
  /* What the writer said when the worker finished slots last. */
  Spead2WriterCounters counters;
  gint gso_errno;
  const gchar *zerocopy_reason;
} Spead2Worker;

/* All workers of a group are set up before one is started. Takes writer. */
void spead2_worker_init (Spead2Worker *worker, Spead2WorkerGroup *group,
    guint index, Spead2UdpWriter *writer);

/* Frees what init allocated, and the writer. The thread does not run. */
void spead2_worker_clear (Spead2Worker *worker);

/* Starts the thread, as spead2_thread_start(). name and cpus as there. */
gboolean spead2_worker_start (Spead2Worker *worker, const gchar *name,
    const GArray *cpus, GError **error);

/* Waits until the thread has ended; the queue was stopped before. Harmless when it does not
 * run. Calls for one worker do not overlap. */
void spead2_worker_join (Spead2Worker *worker);

/* The rate was changed at now, from last's to the group's: moves the time that the worker
 * sleeps to. Called with the queue's lock. */
void spead2_worker_move_due (
    Spead2Worker *worker, const Spead2Pacer *last, guint64 now);

G_END_DECLS

#endif /* SPEAD2_WORKER_H */
