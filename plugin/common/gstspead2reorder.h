/* gst-spead2: heaps in the order of a number
 *
 * Heaps come in as they were received, each with a value of a few bits (its counter, or the
 * index of its first sample), and go out in the order of the numbers that these count.
 * A heap goes out at once where it is the next one: its number is at most the one that
 * follows the last heap that went out. Otherwise one before it may be missing: it waits,
 * until that has come, or until the latency after its own coming has passed; then it goes
 * out with all that wait before it. What comes later than that goes out at once, behind
 * its place. The first heap of all waits, since nothing says which one is the first.
 *
 * Heaps with the same number keep the order in which they came, and one without a number
 * has its place behind the heap that came before it. One that ends the stream has its place
 * behind all that come until its latency has passed.
 *
 * A number far before the one that may go out next is of a sender that has begun anew: all
 * that wait go out, and the order begins again with it.
 *
 * A pure module: times are passed in. It allocates only where more heaps wait than ever
 * before. One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_REORDER_H
#define GST_SPEAD2_REORDER_H

#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* How far, in steps, a number may lie before the one that may go out next without meaning
 * that the sender has begun anew. */
#define GST_SPEAD2_REORDER_MAX_LATE 1024

typedef struct {
  guint64 latency; /* how long a heap waits at most, ns */
  /* Several heaps may have one number: that one of them went out does not mean that the
   * next number may follow. */
  gboolean shared;
  /* What may wait: where there is more, the first heaps in the order go out. */
  guint max_heaps; /* at least 1 */
  /* as spead2_received_heap_cost(); one heap may always wait */
  guint64 max_bytes;
} GstSpead2ReorderConfig;

typedef struct _GstSpead2Reorder GstSpead2Reorder;

GstSpead2Reorder *gst_spead2_reorder_new (const GstSpead2ReorderConfig *config);

/* No heap is in it: see gst_spead2_reorder_drain(). */
void gst_spead2_reorder_free (GstSpead2Reorder *reorder);

/* Takes one heap in, which came at `now` (any clock, in ns, that does not go back). value
 * has `bits` bits, 1 to 64. step: from its number to that of the next heap; 0: not known. */
void gst_spead2_reorder_push (GstSpead2Reorder *reorder,
    Spead2ReceivedHeap *heap, guint64 value, guint bits, guint64 step,
    guint64 now);

/* Takes one heap in that has no number. */
void gst_spead2_reorder_push_unnumbered (
    GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap, guint64 now);

/* Takes one heap in that has no number and ends the stream. The next one that comes when
 * it has gone out is the first of all. */
void gst_spead2_reorder_push_last (
    GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap, guint64 now);

/* The heaps that go out now, in their order, as a list that is the caller's; NULL: none. */
Spead2ReceivedHeap *gst_spead2_reorder_pop (
    GstSpead2Reorder *reorder, guint64 now);

/* The time at which the next heap goes out, whatever comes until then; G_MAXUINT64: none
 * waits. */
guint64 gst_spead2_reorder_get_deadline (const GstSpead2Reorder *reorder);

/* All heaps, in their order. The next one that comes is the first of all. */
Spead2ReceivedHeap *gst_spead2_reorder_drain (GstSpead2Reorder *reorder);

/* How many heaps are in it. */
guint gst_spead2_reorder_get_n_waiting (const GstSpead2Reorder *reorder);

G_END_DECLS

#endif /* GST_SPEAD2_REORDER_H */
