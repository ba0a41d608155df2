/* gst-spead2: heaps in the order of a number: see gstspead2reorder.h
 *
 * Heaps that wait are in an array, sorted by their numbers. Most heaps come nearly in
 * order, so that a heap is put in near the end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2reorder.h"

#include "gstspead2unwrap.h"

/* The number of a heap that ends the stream. */
#define LAST G_MAXUINT64

typedef struct {
  Spead2ReceivedHeap *heap;
  guint64 number;
  guint64 due; /* the number that may follow it */
  guint64 deadline;
} Waiting;

struct _GstSpead2Reorder {
  GstSpead2ReorderConfig config;
  GArray *waiting;                  /* (Waiting) sorted by number */
  guint64 bytes;                    /* their cost */
  Spead2ReceivedHeap *first, *last; /* that go out, not popped yet */
  guint n_out;                      /* how many they are */

  /* its last number is that of the heap that came last */
  GstSpead2Unwrap unwrap;
  gboolean begun; /* a heap has gone out: due is set */
  guint64 due;    /* up to this number a heap goes out at once */
};

GstSpead2Reorder *
gst_spead2_reorder_new (const GstSpead2ReorderConfig *config)
{
  GstSpead2Reorder *reorder = g_new0 (GstSpead2Reorder, 1);

  reorder->config = *config;
  reorder->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  return reorder;
}

void
gst_spead2_reorder_free (GstSpead2Reorder *reorder)
{
  g_assert (gst_spead2_reorder_get_n_waiting (reorder) == 0);
  g_array_unref (reorder->waiting);
  g_free (reorder);
}

/* -- out ------------------------------------------------------------------------------ */

static void
append_out (GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap)
{
  heap->next = NULL;
  *(reorder->last ? &reorder->last->next : &reorder->first) = heap;
  reorder->last = heap;
  reorder->n_out++;
}

/* The first n of those that wait go out. */
static void
release (GstSpead2Reorder *reorder, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    append_out (reorder, g_array_index (reorder->waiting, Waiting, i).heap);
  if (n > 0)
    g_array_remove_range (reorder->waiting, 0, n);
}

/* The heaps that go out, as a list. */
static Spead2ReceivedHeap *
take_out (GstSpead2Reorder *reorder)
{
  Spead2ReceivedHeap *heaps = reorder->first;

  reorder->first = reorder->last = NULL;
  reorder->n_out = 0;
  return heaps;
}

/* How many of those that wait go out because the latency of one among them has passed. */
static guint
count_expired (const GstSpead2Reorder *reorder, guint64 now)
{
  guint n = reorder->waiting->len;

  while (
      n > 0 && g_array_index (reorder->waiting, Waiting, n - 1).deadline > now)
    n--;
  return n;
}

/* Whether what waits, without so many bytes of the first n, exceeds the bounds. */
static gboolean
is_full (const GstSpead2Reorder *reorder, guint n)
{
  guint left = reorder->waiting->len - n;

  return left > reorder->config.max_heaps ||
      (left > 1 && reorder->bytes > reorder->config.max_bytes);
}

Spead2ReceivedHeap *
gst_spead2_reorder_pop (GstSpead2Reorder *reorder, guint64 now)
{
  guint n, n_expired = count_expired (reorder, now);

  for (n = 0; n < reorder->waiting->len; n++) {
    const Waiting *waiting = &g_array_index (reorder->waiting, Waiting, n);

    if (n >= n_expired && !is_full (reorder, n) &&
        !(reorder->begun && waiting->number <= reorder->due))
      break;
    reorder->due =
        reorder->begun ? MAX (reorder->due, waiting->due) : waiting->due;
    reorder->begun = waiting->number != LAST;
    reorder->bytes -= spead2_received_heap_cost (waiting->heap);
  }
  release (reorder, n);
  return take_out (reorder);
}

/* -- in --------------------------------------------------------------------------------- */

/* All that wait go out, and the order begins anew. */
static void
begin_anew (GstSpead2Reorder *reorder)
{
  release (reorder, reorder->waiting->len);
  reorder->bytes = 0;
  reorder->begun = FALSE;
  gst_spead2_unwrap_reset (&reorder->unwrap);
}

static guint64
add (guint64 a, guint64 b)
{
  return b < G_MAXUINT64 - a ? a + b : G_MAXUINT64;
}

/* Puts a heap in its place, behind those with its number. */
static void
insert (GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap, guint64 number,
    guint64 step, guint64 now)
{
  Waiting waiting = {heap, number,
      reorder->config.shared ? number : add (number, step),
      add (now, reorder->config.latency)};
  guint i = reorder->waiting->len;

  while (
      i > 0 && g_array_index (reorder->waiting, Waiting, i - 1).number > number)
    i--;
  g_array_insert_val (reorder->waiting, i, waiting);
  reorder->bytes += spead2_received_heap_cost (heap);
}

static gboolean
is_restart (const GstSpead2Reorder *reorder, guint64 number, guint64 step)
{
  return reorder->begun && step > 0 && number < reorder->due &&
      (reorder->due - number) / GST_SPEAD2_REORDER_MAX_LATE >= step;
}

void
gst_spead2_reorder_push (GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap,
    guint64 value, guint bits, guint64 step, guint64 now)
{
  reorder->unwrap.bits = bits;
  if (is_restart (
          reorder, gst_spead2_unwrap_peek (&reorder->unwrap, value), step))
    begin_anew (reorder);
  /* A number of the first one that others may lie before. */
  if (!reorder->unwrap.known) {
    reorder->unwrap.known = TRUE;
    reorder->unwrap.last = bits < 63 ? G_GUINT64_CONSTANT (1) << bits : value;
  }
  insert (reorder, heap, gst_spead2_unwrap_next (&reorder->unwrap, value), step,
      now);
}

void
gst_spead2_reorder_push_unnumbered (
    GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap, guint64 now)
{
  insert (reorder, heap, reorder->unwrap.last, 0, now);
}

void
gst_spead2_reorder_push_last (
    GstSpead2Reorder *reorder, Spead2ReceivedHeap *heap, guint64 now)
{
  insert (reorder, heap, LAST, 0, now);
}

Spead2ReceivedHeap *
gst_spead2_reorder_drain (GstSpead2Reorder *reorder)
{
  begin_anew (reorder);
  return take_out (reorder);
}

guint64
gst_spead2_reorder_get_deadline (const GstSpead2Reorder *reorder)
{
  guint64 deadline = G_MAXUINT64;
  guint i;

  if (reorder->first)
    return 0;
  for (i = 0; i < reorder->waiting->len; i++)
    deadline =
        MIN (deadline, g_array_index (reorder->waiting, Waiting, i).deadline);
  return deadline;
}

guint
gst_spead2_reorder_get_n_waiting (const GstSpead2Reorder *reorder)
{
  return reorder->waiting->len + reorder->n_out;
}
