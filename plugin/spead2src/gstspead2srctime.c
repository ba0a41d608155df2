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

GstClockTime
gst_spead2_src_heap_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcAnchor *anchor = &self->anchor;
  const GstSpead2Rate *rate = &self->payload.rate;
  GstClockTime before;

  if (self->run.timestamp_mode != GST_SPEAD2_TIMESTAMP_MODE_INDEX ||
      !plan->view.has_index || rate->numerator == 0)
    return arrival_time (self, heap);
  if (!anchor->known || plan->place.restarted) {
    anchor->known = TRUE;
    anchor->index = plan->place.index;
    anchor->time = arrival_time (self, heap);
  }
  if (!GST_CLOCK_TIME_IS_VALID (anchor->time))
    return GST_CLOCK_TIME_NONE;
  if (plan->place.index >= anchor->index)
    return anchor->time +
        gst_spead2_rate_time (rate, plan->place.index - anchor->index);
  before = gst_spead2_rate_time (rate, anchor->index - plan->place.index);
  return anchor->time > before ? anchor->time - before : 0;
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
