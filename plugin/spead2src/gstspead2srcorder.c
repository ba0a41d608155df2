/* gst-spead2: spead2src's heaps in the order of their counters or indices
 *
 * Between the queue of received heaps and the making of buffers, where an order is wanted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "spead2/clock.h"

/* Heaps that wait for their order where max-size-buffers is 0. */
#define MAX_WAITING 65536

static gboolean
is_by_counter (const GstSpead2Src *self)
{
  return self->run.order == GST_SPEAD2_ORDER_COUNTER ||
      gst_spead2_heap_reader_index_is_cnt (self->reader);
}

void
gst_spead2_src_order_start (GstSpead2Src *self)
{
  const GstSpead2SrcSettings *run = &self->run;
  GstSpead2ReorderConfig config = {
      .latency = run->latency,
      .shared =
          run->order == GST_SPEAD2_ORDER_INDEX && run->substream_item != NULL,
      .max_heaps = run->max_size_buffers ? run->max_size_buffers : MAX_WAITING,
      .max_bytes = run->max_size_bytes,
  };

  if (run->order != GST_SPEAD2_ORDER_ARRIVAL)
    self->reorder = gst_spead2_reorder_new (&config);
}

void
gst_spead2_src_order_stop (GstSpead2Src *self)
{
  g_clear_pointer (&self->reorder, gst_spead2_reorder_free);
}

static void
push_by_index (GstSpead2Src *self, Spead2ReceivedHeap *heap, guint64 now)
{
  guint64 step = self->run.index_step ? self->run.index_step : self->step;
  guint64 index;
  guint bits;

  if (gst_spead2_heap_reader_find_index (self->reader, heap, &index, &bits))
    gst_spead2_reorder_push (self->reorder, heap, index, bits, step, now);
  else if (heap->flags & SPEAD2_RECEIVED_STOP)
    gst_spead2_reorder_push_last (self->reorder, heap, now);
  else
    gst_spead2_reorder_push_unnumbered (self->reorder, heap, now);
}

void
gst_spead2_src_order_push (GstSpead2Src *self, Spead2ReceivedHeap *heaps)
{
  guint64 now = spead2_now ();
  Spead2ReceivedHeap *next;

  for (; heaps; heaps = next) {
    next = heaps->next;
    if (is_by_counter (self))
      gst_spead2_reorder_push (
          self->reorder, heaps, heaps->cnt, heaps->flavour, 1, now);
    else
      push_by_index (self, heaps, now);
  }
}

static void
publish_waiting (GstSpead2Src *self)
{
  GST_OBJECT_LOCK (self);
  self->counters.waiting = gst_spead2_reorder_get_n_waiting (self->reorder);
  GST_OBJECT_UNLOCK (self);
}

Spead2ReceivedHeap *
gst_spead2_src_order_pop (GstSpead2Src *self)
{
  Spead2ReceivedHeap *heaps =
      gst_spead2_reorder_pop (self->reorder, spead2_now ());

  publish_waiting (self);
  return heaps;
}

Spead2ReceivedHeap *
gst_spead2_src_order_drain (GstSpead2Src *self)
{
  Spead2ReceivedHeap *heaps = gst_spead2_reorder_drain (self->reorder);

  publish_waiting (self);
  return heaps;
}
