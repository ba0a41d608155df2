/* gst-spead2: what is to become of a received heap: see gstspead2srcprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

static void
report_wrong_heap (GstSpead2Src *self, const GstSpead2SrcPlan *plan,
    const GError *error, gboolean wrong_size)
{
  gboolean *warned = wrong_size ? &self->warned_size : &self->warned_descriptor;

  if (plan->view.n_bad > 0)
    gst_spead2_src_count (
        self, &self->counters.bad_descriptors, plan->view.n_bad);
  if (error == NULL || *warned)
    return;
  *warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, DECODE,
      ("%s. %s", error->message,
          wrong_size ? "Such heaps are dropped and counted."
                     : "Such descriptors are ignored and counted."),
      (NULL));
}

/* Sample indices in a buffer, by the descriptor or by the caps that were set. 0: an item
 * of several dimensions, which does not say it. */
static guint64
count_samples (const GstSpead2Src *self, const GstSpead2HeapView *view)
{
  const Spead2PayloadType *type = &self->payload.type;

  if (view->n_samples > 0)
    return view->n_samples;
  return self->has_frames
      ? view->size * 8 / ((guint64) type->element_bits * type->sample_elements)
      : 0;
}

/* The heap's substream, or NULL: there are too many. */
static GstSpead2SrcSubstream *
find_substream (GstSpead2Src *self, const GstSpead2SubstreamKey *key)
{
  GstSpead2SrcSubstream *substream =
      gst_spead2_src_substreams_find (self->substreams, key);

  if (substream == NULL) {
    GST_OBJECT_LOCK (self);
    substream = gst_spead2_src_substreams_add (self->substreams, key);
    GST_OBJECT_UNLOCK (self);
  }
  return substream;
}

/* The heap's substream, and where the heap stands in it. */
static void
plan_place (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  plan->unit = 1;
  plan->cnt = heap->cnt;
  if (plan->view.index_is_cnt) {
    plan->unit = MAX (plan->step, 1);
    plan->step = 1;
    plan->cnt = 0;
  }
  plan->substream = find_substream (self, &plan->view.substream);
  if (plan->substream)
    gst_spead2_src_position_find (&plan->substream->position,
        plan->view.index_bits, plan->cnt, plan->view.index, plan->step,
        &plan->place);
  else
    plan->place.index = plan->view.index;
  if (self->run.sync_epoch >= 0 &&
      (plan->substream == NULL || !plan->substream->position.known ||
          plan->place.restarted))
    plan->place.index = gst_spead2_src_first_index (self, heap, plan);
  plan->place.index *= plan->unit;
  plan->place.missing *= plan->unit;
}

/* Whether each heap of a run follows the one before it, and differs from it only by numbers
 * that step. The first heap's place is set. */
static gboolean
is_contiguous (GstSpead2Src *self, const Spead2ReceivedHeap *run,
    const GstSpead2SrcPlan *plan)
{
  const GstSpead2HeapView *view = &plan->view;

  if (plan->place.late || !gst_spead2_heap_reader_steps (self->reader, run))
    return FALSE;
  return !view->has_index ||
      (plan->substream && plan->step > 0 && view->index_step == plan->step);
}

void
gst_spead2_src_plan_samples (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  guint64 step = self->run.index_step;

  plan->n_samples = count_samples (self, &plan->view);
  if (step > 0 && (plan->n_samples == 0 || !plan->view.described))
    plan->n_samples = step;
  plan->step = step > 0 ? step : plan->n_samples;
  if (plan->view.has_index)
    plan_place (self, heap, plan);
  plan->contiguous = heap->n_heaps > 1 && is_contiguous (self, heap, plan);
}

/* Whether an incomplete heap can be a buffer. If the packets with its item pointers are
 * missing, it has no index, and is as a heap without items, which is another type. */
static gboolean
can_fill (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2HeapView *view, GstSpead2HeapKind kind)
{
  /* Of many that are given up at once, some lose their memory. */
  if (kind != GST_SPEAD2_HEAP_DATA || heap->payload == NULL)
    return FALSE;
  if (!view->has_substream ||
      (!view->has_index &&
          gst_spead2_src_substreams_count (self->substreams) > 0))
    return FALSE;
  return view->id != SPEAD2_ID_NULL ||
      (self->offered && gst_caps_is_equal (view->caps, self->offered));
}

/* The counter of a heap of that kind that does not become a buffer, or NULL. */
static guint64 *
reason_to_drop (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2HeapView *view, GstSpead2HeapKind kind)
{
  if (kind == GST_SPEAD2_HEAP_NOT_ACCEPTED)
    return &self->counters.not_accepted;
  if (heap->received < heap->length &&
      (self->run.incomplete == GST_SPEAD2_INCOMPLETE_DROP ||
          !can_fill (self, heap, view, kind)))
    return &self->counters.incomplete;
  switch (kind) {
    case GST_SPEAD2_HEAP_CONTROL:
      return &self->counters.control;
    case GST_SPEAD2_HEAP_NO_ITEM:
      return &self->counters.no_item;
    case GST_SPEAD2_HEAP_WRONG_SIZE:
      return &self->counters.wrong_size;
    case GST_SPEAD2_HEAP_NOT_ACCEPTED:
    case GST_SPEAD2_HEAP_DATA:
      break;
  }
  /* What has no items has no descriptors. */
  if (!view->described && view->id != SPEAD2_ID_NULL &&
      !gst_spead2_src_takes_bytes (self))
    return &self->counters.no_descriptor;
  return NULL;
}

void
gst_spead2_src_plan_heap (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  GError *error = NULL;
  GstSpead2HeapKind kind;

  memset (plan, 0, sizeof *plan);
  kind = gst_spead2_heap_reader_read (self->reader, heap, &plan->view, &error);
  if (plan->view.n_bad > 0 || error)
    report_wrong_heap (self, plan, error, plan->view.n_bad == 0);
  g_clear_error (&error);
  plan->dropped = reason_to_drop (self, heap, &plan->view, kind);
  if (plan->dropped)
    return;
  if (heap->received < heap->length)
    gst_spead2_src_fill_missing (self, heap);
  plan->new_type = plan->view.caps != self->offered;
  if (!plan->new_type)
    gst_spead2_src_plan_samples (self, heap, plan);
  /* Its samples have been filled, or come twice. */
  if (plan->place.late && self->run.missing == GST_SPEAD2_MISSING_FILL)
    plan->dropped = &self->counters.late;
}

void
gst_spead2_src_plan_next (
    GstSpead2Src *self, const Spead2ReceivedHeap *run, GstSpead2SrcPlan *plan)
{
  gst_spead2_heap_reader_step (self->reader, run, &plan->view);
  if (!plan->view.index_is_cnt)
    plan->cnt = run->cnt;
  plan->place =
      (GstSpead2SrcPlace){.index = plan->place.index + plan->step * plan->unit};
  plan->date = gst_spead2_src_heap_date (self, plan);
  plan->time = gst_spead2_src_heap_time (self, run, plan);
}
