/* How heaps ended: what a sender reports of each heap of a run, and counts. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_RESULT_H
#define SPEAD2_RESULT_H

#include <errno.h>

#include "spead2/heap/packetizer.h"
#include "spead2/send/queue.h"

G_BEGIN_DECLS

/* The heap counter of a heap that was dropped before it got one. */
#define SPEAD2_NO_HEAP_CNT G_MAXUINT64

/* How a heap ended. Borrowed for the call. */
typedef struct {
  const Spead2Heap *heap; /* its run; freed some time after the call */
  guint index;            /* of the heap in the run */
  guint flags;            /* of the heap, without a read of its memory */
  guint64 cnt;            /* on the wire, or SPEAD2_NO_HEAP_CNT */
  guint64 bytes;          /* of UDP payload that the kernel accepted */
  const GError *error;    /* NULL: all of it was sent */
} Spead2HeapResult;

/* Times of something that happened n times, ns: mean = total / n. */
typedef struct {
  guint64 n;
  guint64 min;
  guint64 max;
  guint64 total;
} Spead2Times;

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

/* Heaps that ended, without stream control. */
typedef struct {
  guint64 sent;
  guint64 failed;
  guint64 dropped;
  /* of those that failed: the kernel still read their memory */
  guint64 abandoned;
  /* of those that were sent, SPEAD headers not included */
  guint64 payload_bytes;
  guint64 last_end;      /* when a heap ended last, ns; 0: none did */
  Spead2Times heap_time; /* of those that were sent, from push to release */
} Spead2HeapCounts;

/* What has become of one heap of a slot. */
typedef struct {
  gboolean dropped;    /* without a heap counter */
  gboolean unreleased; /* the kernel has taken it, and still reads its memory */
  gint error; /* as of Spead2TxState; 0: all of it was accepted by the kernel */
  guint64 bytes; /* of UDP payload that the kernel accepted */
} Spead2HeapEnd;

/* Whether all packets of all heaps of the slot were sent. */
gboolean spead2_slot_is_sent (const Spead2Slot *slot);

/* The ends of the slot's n_heaps, with the packets that config makes of the run. */
void spead2_slot_heap_ends (const Spead2Slot *slot,
    const Spead2PacketConfig *config, Spead2HeapEnd *ends);

/* Whether no packet of the heap was sent, and none failed. */
static inline gboolean
spead2_heap_end_is_dropped (const Spead2HeapEnd *end)
{
  return end->dropped || (end->error == ECANCELED && end->bytes == 0);
}

/* Why not all of the heap was sent, with the destination's name; NULL: it was. */
GError *spead2_heap_end_error (
    const Spead2HeapEnd *end, const gchar *destination);

/* Counts the end, at now, of n of the slot's heaps with that error or NULL. */
void spead2_heap_counts_add (Spead2HeapCounts *counts, const Spead2Slot *slot,
    guint n, const GError *error, guint64 now);

void spead2_heap_counts_merge (
    Spead2HeapCounts *sum, const Spead2HeapCounts *counts);

G_END_DECLS

#endif /* SPEAD2_RESULT_H */
