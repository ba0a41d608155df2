/* gst-spead2: running times of spead2src's heaps, and of the holes between them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "spead2/clock.h"

void
gst_spead2_src_read_clock (GstSpead2Src *self)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now, base = gst_element_get_base_time (GST_ELEMENT (self));

  self->now = spead2_now ();
  self->running_now = GST_CLOCK_TIME_NONE;
  if (clock == NULL)
    return;
  now = gst_clock_get_time (clock);
  gst_object_unref (clock);
  self->running_now = now > base ? now - base : 0;
}

/* The running time at which the heap's first packet was read, or NONE before time
 * runs. */
static GstClockTime
arrival_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap)
{
  GstClockTime age =
      self->now > heap->first_time ? self->now - heap->first_time : 0;

  if (!GST_CLOCK_TIME_IS_VALID (self->running_now))
    return GST_CLOCK_TIME_NONE;
  return self->running_now > age ? self->running_now - age : 0;
}

/* How far the time of an index may be from the arrival of its heap, for an anchor to be
 * shared. */
#define MAX_ANCHOR_ERROR GST_SECOND

/* Before the start of running time: 0. */
static GstClockTime
anchored_time (
    const GstSpead2SrcAnchor *anchor, const GstSpead2Rate *rate, guint64 index)
{
  GstClockTime before;

  if (index >= anchor->index)
    return anchor->time + gst_spead2_rate_time (rate, index - anchor->index);
  before = gst_spead2_rate_time (rate, anchor->index - index);
  return anchor->time > before ? anchor->time - before : 0;
}

/* Of a substream that begins, or begins anew. Substreams of one clock share an anchor, and
 * have equal times at equal indices: it is that of the last one that began, where this
 * is near the heap's arrival. */
static void
set_anchor (GstSpead2Src *self, GstSpead2SrcSubstream *substream, guint64 index,
    GstClockTime arrival)
{
  const GstSpead2SrcAnchor *last = &self->anchor, *own = &substream->anchor;
  gboolean is_own =
      own->known && own->index == last->index && own->time == last->time;

  if (!last->known || is_own ||
      ABS (GST_CLOCK_DIFF (anchored_time (last, &self->payload.rate, index),
          arrival)) > MAX_ANCHOR_ERROR)
    self->anchor = (GstSpead2SrcAnchor){TRUE, index, arrival};
  substream->anchor = self->anchor;
}

GstClockTime
gst_spead2_src_heap_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcSubstream *substream = plan->substream;
  const GstSpead2Rate *rate = &self->payload.rate;

  if (self->run.timestamp_mode != GST_SPEAD2_TIMESTAMP_MODE_INDEX ||
      substream == NULL || rate->numerator == 0)
    return arrival_time (self, heap);
  if (!substream->anchor.known || plan->place.restarted) {
    GstClockTime arrival = arrival_time (self, heap);

    if (!GST_CLOCK_TIME_IS_VALID (arrival))
      return arrival;
    set_anchor (self, substream, plan->place.index, arrival);
  }
  return anchored_time (&substream->anchor, rate, plan->place.index);
}

/* The hole ends where the buffer behind it begins, and has the length of what is missing.
 * Times of arrival may leave less between two buffers than that, or nothing. */
gboolean
gst_spead2_src_hole_time (const GstSpead2Src *self,
    const GstSpead2SrcPlan *plan, GstClockTime *start, GstClockTime *duration)
{
  GstClockTime missing =
      gst_spead2_rate_time (&self->payload.rate, plan->place.missing);
  GstClockTime end = plan->time;

  if (missing == 0 || !GST_CLOCK_TIME_IS_VALID (end) ||
      !GST_CLOCK_TIME_IS_VALID (self->end_time) || end <= self->end_time)
    return FALSE;
  *duration = MIN (missing, end - self->end_time);
  *start = end - *duration;
  return TRUE;
}
