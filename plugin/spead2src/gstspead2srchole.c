/* gst-spead2: what spead2src pushes in place of samples that are missing
 *
 * A GAP event, or buffers of the fill value: one for each heap that would have had the
 * size of the one behind the hole, and a shorter one for what is left.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "common/gstspead2dates.h"
#include "common/gstspead2itemvalues.h"

/* Of a hole that is filled, at most. */
#define MAX_HEAPS 1024
#define MAX_BYTES (64 << 20)

/* -- the event -------------------------------------------------------------------- */

/* Where its time is known and a segment has gone out. */
void
gst_spead2_src_hole_push_gap (GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  GstClockTime start, duration;
  GstEvent *event;

  if (!self->pushed ||
      !gst_spead2_src_hole_time (self, plan, &start, &duration))
    return;
  event = gst_event_new_gap (start, duration);
  gst_event_set_gap_flags (event, GST_GAP_FLAG_MISSING_DATA);
  gst_pad_push_event (GST_BASE_SRC_PAD (self), event);
}

/* -- buffers ---------------------------------------------------------------------- */

/* From the index of one heap to that of the next. */
static guint64
samples_between (const GstSpead2SrcPlan *plan)
{
  return plan->step * plan->unit;
}

/* Less than a heap can be filled where its samples have whole bytes. */
gboolean
gst_spead2_src_hole_is_filled (
    const GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  guint64 size = plan->view.size, step = samples_between (plan), rest;

  if (self->run.missing != GST_SPEAD2_MISSING_FILL ||
      plan->place.missing == 0 || size == 0 || size > MAX_BYTES ||
      plan->place.missing / step > MIN (MAX_HEAPS, MAX_BYTES / size))
    return FALSE;
  rest = plan->place.missing % step;
  return rest == 0 || (plan->n_samples == step && rest * size % step == 0);
}

/* Memory of the fill value, which all buffers share (transfer full). */
static GstMemory *
fill_memory (GstSpead2Src *self, gsize size)
{
  GstAllocationParams params;
  GstMapInfo map;

  if (self->fill && self->fill->size == size)
    return gst_memory_ref (self->fill);
  g_clear_pointer (&self->fill, gst_memory_unref);
  gst_allocation_params_init (&params);
  params.align = SPEAD2_PAYLOAD_ALIGNMENT - 1;
  self->fill = gst_allocator_alloc (NULL, size, &params);
  if (gst_memory_map (self->fill, &map, GST_MAP_WRITE)) {
    memset (map.data, self->run.fill_value, size);
    gst_memory_unmap (self->fill, &map);
  }
  return gst_memory_ref (self->fill);
}

/* The time of samples that are so many in front of a heap. By times of arrival these may
 * be before the end of what has gone out; by the index, only where other substreams are
 * ahead. */
static GstClockTime
time_before (
    const GstSpead2Src *self, const GstSpead2SrcPlan *plan, guint64 n_samples)
{
  GstClockTime before = gst_spead2_rate_time (&self->payload.rate, n_samples);
  GstClockTime time;

  if (!GST_CLOCK_TIME_IS_VALID (plan->time))
    return GST_CLOCK_TIME_NONE;
  time = plan->time > before ? plan->time - before : 0;
  return self->run.timestamp_mode == GST_SPEAD2_TIMESTAMP_MODE_ARRIVAL &&
          GST_CLOCK_TIME_IS_VALID (self->end_time)
      ? MAX (time, self->end_time)
      : time;
}

GstBuffer *
gst_spead2_src_hole_fill (GstSpead2Src *self, GstSpead2SrcPlan *plan)
{
  const GstSpead2Rate *rate = &self->payload.rate;
  guint64 step = samples_between (plan);
  guint64 left = plan->hole, n = MIN (left, step);
  gsize size = plan->view.size;
  GstBuffer *buffer = gst_buffer_new ();

  gst_buffer_append_memory (buffer, fill_memory (self, size));
  if (n < step)
    gst_buffer_set_size (buffer, size * n / step);
  GST_BUFFER_PTS (buffer) = time_before (self, plan, left);
  if (rate->numerator > 0)
    GST_BUFFER_DURATION (buffer) = gst_spead2_rate_time (rate, n);
  GST_BUFFER_OFFSET (buffer) = plan->place.index - left;
  GST_BUFFER_OFFSET_END (buffer) = plan->place.index - left + n;
  if (plan->date > 0)
    gst_spead2_dates_add (buffer,
        plan->date - gst_spead2_rate_time (rate, left),
        GST_BUFFER_DURATION (buffer));
  if (self->run.substream_item)
    gst_spead2_heap_reader_write_substream (
        self->reader, self->taken, gst_spead2_item_values_write (buffer));
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  plan->hole -= n;
  return buffer;
}
