/* gst-spead2: spead2src's buffers: of one heap's item, with times, marks and values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "common/gstspead2dates.h"
#include "common/gstspead2itemvalues.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

/* -- buffers --------------------------------------------------------------------------- */

/* Writes the fill value where bytes are missing. */
static void
fill_missing (GstSpead2Src *self, Spead2ReceivedHeap *heap)
{
  g_autofree Spead2Range *missing = g_new (Spead2Range, heap->ranges.n + 1);
  guint i, n = spead2_received_heap_missing (heap, missing);

  for (i = 0; i < n; i++)
    memset (heap->payload + missing[i].begin, self->run.fill_value,
        missing[i].end - missing[i].begin);
}

/* Sets times, offsets and flags. */
static void
set_marks (GstSpead2Src *self, GstBuffer *buffer,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GST_BUFFER_PTS (buffer) = plan->time;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = plan->n_samples && self->payload.rate.numerator
      ? gst_spead2_rate_time (&self->payload.rate, plan->n_samples)
      : GST_CLOCK_TIME_NONE;
  if (plan->view.has_index) {
    GST_BUFFER_OFFSET (buffer) = plan->place.index;
    GST_BUFFER_OFFSET_END (buffer) = plan->place.index + plan->n_samples;
  }
  if (plan->date > 0)
    gst_spead2_dates_add (buffer, plan->date, GST_BUFFER_DURATION (buffer));
  if (self->discont || plan->place.discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (plan->place.restarted)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_RESYNC);
  if (heap->received < heap->length)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
}

GstBuffer *
gst_spead2_src_make_buffer (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GstBuffer *buffer;

  if (heap->received < heap->length)
    fill_missing (self, heap);
  gst_spead2_heap_reader_write_values (self->reader, heap,
      gst_spead2_item_values_write (gst_spead2_src_memory_peek (heap)));
  buffer =
      gst_spead2_src_memory_take (heap, plan->view.offset, plan->view.size);
  set_marks (self, buffer, heap, plan);
  if (self->run.retrieve_sender_address)
    gst_spead2_src_sender_attach (&self->sender, heap, buffer);
  GST_LOG_OBJECT (
      self, "heap %" G_GUINT64_FORMAT ": %" GST_PTR_FORMAT, heap->cnt, buffer);
  return buffer;
}
