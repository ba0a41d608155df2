/* A sending worker: a thread that takes heaps from a queue, makes batches of packets of
 * them, waits until the rate permits each batch, sends it, and completes heaps. With groups
 * (queue.h), the heaps of one have turns: in its turn a heap adds packets to the batch until
 * its message is full.
 *
 * Workers of one sender share a Spead2WorkerGroup: the queue, the pacer and what was
 * counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_WORKER_H
#define SPEAD2_WORKER_H

#include "spead2/heap/packetizer.h"
#include "spead2/net/endpoint.h"
#include "spead2/net/udpwriter.h"
#include "spead2/send/pacer.h"
#include "spead2/send/queue.h"
#include "spead2/send/result.h"
#include "spead2/send/turns.h"
#include "spead2/thread.h"

G_BEGIN_DECLS

/* Called by workers, with no lock held; they may call back into the sender, but not wait or
 * stop, nor push anything but stream control. Each may be NULL. heap_done is called by one
 * worker at a time, the others by any. */
typedef struct {
  void (*heap_done) (const Spead2HeapResult *result, gpointer user_data);
  /* n ICMP errors came back for earlier packets, the last one errnum from the way to that
   * destination. */
  void (*icmp_errors) (const Spead2Endpoint *destination, gint errnum, guint n,
      gpointer user_data);
  /* n destinations do not respond, which are named: heaps for them fail, and the others get
   * theirs. */
  void (*absent) (const gchar *names, guint n, gpointer user_data);
  /* A destination gets packets again, after some for it had failed: it may lack heaps that
   * all were sent. At most once a second from each worker. */
  void (*recovered) (gpointer user_data);
  /* Heaps are copied from now on, for that reason. */
  void (*zerocopy_disabled) (const gchar *reason, gpointer user_data);
  void (*worker_started) (guint worker, gpointer user_data);
  void (*worker_stopped) (guint worker, gpointer user_data);
} Spead2WorkerCallbacks;

/* What the workers of one sender share. Its owner sets it up before it starts them, and
 * frees what it points at after it has joined them. */
typedef struct {
  Spead2Queue queue; /* its lock guards what follows the constants */

  /* Constant. */
  Spead2PacketConfig packet;
  guint64 cnt_start, cnt_step; /* of heaps without a counter of their own */
  gboolean report_zerocopy;    /* call zerocopy_disabled */
  Spead2WorkerCallbacks callbacks;
  gpointer user_data;

  Spead2Pacer pacer;
  Spead2HeapCounts counts;
  Spead2Times pacing_error; /* of bursts */
  /* When workers abandon what the kernel has not released, while the queue is
   * discarding, ns. */
  guint64 release_deadline;
  GPtrArray *abandoned_rings; /* (owned) */

  /* Of the taker that completes slots. */
  /* (owned) whose memory the kernel reads by these rings */
  GPtrArray *abandoned_heaps;
} Spead2WorkerGroup;

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

/* The heap counter of the nth heap that has none of its own, with all bits: the lower ones
 * that the flavour has are sent, the others count how often it has wrapped. */
static inline guint64
spead2_worker_long_cnt (const Spead2WorkerGroup *group, guint64 nth)
{
  return group->cnt_start + nth * group->cnt_step;
}

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

/* Frees abandoned heaps once the kernel has released them. Called with the queue's lock,
 * when no slot is used, or the workers were joined. */
void spead2_worker_group_defer_free (Spead2WorkerGroup *group);

G_END_DECLS

#endif /* SPEAD2_WORKER_H */
