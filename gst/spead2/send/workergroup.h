/* What the workers of one sender share: the queue, the pacer, what was counted, and completing
 * heaps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_WORKERGROUP_H
#define SPEAD2_WORKERGROUP_H

#include "spead2/heap/packetconfig.h"
#include "spead2/net/endpoint.h"
#include "spead2/send/pacer.h"
#include "spead2/send/queue.h"
#include "spead2/send/result.h"

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

/* The heap counter of the nth heap that has none of its own, with all bits: the lower ones
 * that the flavour has are sent, the others count how often it has wrapped. */
static inline guint64
spead2_worker_group_long_cnt (const Spead2WorkerGroup *group, guint64 nth)
{
  return group->cnt_start + nth * group->cnt_step;
}

/* The heap counter on the wire of the nth heap that has none of its own. */
static inline guint64
spead2_worker_group_nth_cnt (const Spead2WorkerGroup *group, guint64 nth)
{
  return spead2_worker_group_long_cnt (group, nth) &
      spead2_flavour_max_value (group->packet.flavour);
}

/* The counter on the wire of the slot's heap at index. */
static inline guint64
spead2_worker_group_heap_cnt (
    const Spead2WorkerGroup *group, const Spead2Slot *slot, guint index)
{
  if (!(slot->flags & SPEAD2_HEAP_HAS_CNT))
    return spead2_worker_group_nth_cnt (
        group, spead2_destinations_nth (slot->heap, slot->nth, index));
  return (slot->heap->cnt + index * slot->heap->cnt_step) &
      spead2_flavour_max_value (group->packet.flavour);
}

/* Completes all slots that have ended and have no other before them: reports their heaps, counts
 * them, and frees the runs. Called with the queue's lock, which is released meanwhile. */
void spead2_worker_group_complete (Spead2WorkerGroup *group);

/* Frees abandoned heaps once the kernel has released them. Called with the queue's lock,
 * when no slot is used, or the workers were joined. */
void spead2_worker_group_defer_free (Spead2WorkerGroup *group);

G_END_DECLS

#endif /* SPEAD2_WORKERGROUP_H */
