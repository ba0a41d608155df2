/* adctestsrc: buffers and their times: see gstadctestsrcprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcprivate.h"
#include "gstadctestsrcmemory.h"

GST_DEBUG_CATEGORY_EXTERN (adc_test_src_debug);
#define GST_CAT_DEFAULT adc_test_src_debug

void
gst_adc_test_src_get_times (GstBaseSrc *basesrc, GstBuffer *buffer,
    GstClockTime *start, GstClockTime *end)
{
  const GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  *start = GST_CLOCK_TIME_NONE;
  *end = GST_CLOCK_TIME_NONE;

  /* By the first buffer with a time in PLAYING the base class finds what it adds to
   * all timestamps. Those that the clock has made are right. */
  if (src->sync_epoch >= 0 && GST_BUFFER_OFFSET (buffer) == src->unpaced_frame)
    return;
  if (gst_base_src_is_live (basesrc)) {
    *start = GST_BUFFER_PTS (buffer);
    if (GST_BUFFER_PTS_IS_VALID (buffer) &&
        GST_BUFFER_DURATION_IS_VALID (buffer))
      *end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
  }
}

static GstClockTime
add_timestamp_offset (GstAdcTestSrc *src, GstClockTime time)
{
  gint64 offset;

  GST_OBJECT_LOCK (src);
  offset = src->settings.timestamp_offset;
  GST_OBJECT_UNLOCK (src);

  if (!GST_CLOCK_TIME_IS_VALID (time))
    return time;
  if (offset < 0 && time < -(guint64) offset)
    return 0;

  return time + (guint64) offset;
}

/* The next frame is the one that is due now. */
static gboolean
follow_clock (GstAdcTestSrc *src)
{
  GstElement *element = GST_ELEMENT (src);
  GstClock *clock = gst_element_get_clock (element);
  const GstClockTime now = gst_clock_get_time (clock);
  guint64 frame;

  gst_object_unref (clock);
  src->clock = (GstAdcTestSrcClock){
      src->sync_epoch, gst_element_get_base_time (element)};
  if (now < src->clock.epoch)
    goto too_early;
  frame = gst_adc_test_src_clock_frame (&src->clock, &src->format,
      src->frames_per_buffer, now, src->running_time);
  GST_INFO_OBJECT (src, "frame %" G_GUINT64_FORMAT " by the clock", frame);
  src->unpaced_frame = frame + src->sample_offset;
  src->first_frame = src->unpaced_frame - src->position.next_frame;

  return TRUE;

  /* ERRORS */
too_early : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("sync-epoch (%" G_GINT64_FORMAT
       ") is later than the clock, %" G_GUINT64_FORMAT " ns since 1970.",
          src->sync_epoch, now),
      (NULL));
  return FALSE;
}
}

/* The timestamp of a frame, counted as position does. */
static GstClockTime
stamp (const GstAdcTestSrc *src, guint64 frame)
{
  return src->sync_epoch < 0
      ? gst_adc_test_src_format_stamp (&src->format, frame)
      : gst_adc_test_src_clock_time (&src->clock, &src->format,
            src->first_frame + frame - src->sample_offset);
}

static void
stamp_buffer (GstAdcTestSrc *src, GstBuffer *buffer, guint frames)
{
  guint64 frame = src->position.next_frame;
  guint64 end_frame = frame + frames;
  GstClockTime start = stamp (src, frame);
  GstClockTime end = stamp (src, end_frame);

  GST_BUFFER_OFFSET (buffer) = src->first_frame + frame;
  GST_BUFFER_OFFSET_END (buffer) = src->first_frame + end_frame;
  GST_BUFFER_PTS (buffer) = add_timestamp_offset (src, start);
  GST_BUFFER_DURATION (buffer) =
      GST_CLOCK_TIME_IS_VALID (end) ? end - start : GST_CLOCK_TIME_NONE;
  src->running_time = end;
  if (g_atomic_int_compare_and_exchange (&src->discont, TRUE, FALSE))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
}

/* Takes over properties that were set, or that controllers set now. */
static gboolean
follow_properties (GstAdcTestSrc *src, GstClockTime time)
{
  gboolean changed;

  if (GST_CLOCK_TIME_IS_VALID (time))
    gst_object_sync_values (GST_OBJECT (src), time);
  GST_OBJECT_LOCK (src);
  changed = src->config_changed;
  GST_OBJECT_UNLOCK (src);

  return !changed || gst_adc_test_src_configure_wave (src);
}

GstFlowReturn
gst_adc_test_src_fill (
    GstBaseSrc *basesrc, guint64 offset, guint length, GstBuffer *buffer)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  guint frames;

  frames = gst_adc_test_src_position_count (
      &src->position, &src->format, src->frames_per_buffer);
  if (frames == 0)
    return GST_FLOW_EOS;
  if (g_atomic_int_compare_and_exchange (&src->follow_clock, TRUE, FALSE) &&
      !follow_clock (src))
    return GST_FLOW_ERROR;
  gst_buffer_set_size (
      buffer, gst_adc_test_src_format_bytes (&src->format, frames));
  stamp_buffer (src, buffer, frames);
  if (!follow_properties (src, GST_BUFFER_PTS (buffer)))
    return GST_FLOW_ERROR;

  if (!gst_adc_test_src_memory_fill (
          buffer, &src->wave, &src->format, GST_BUFFER_OFFSET (buffer), frames))
    goto not_mapped;

  GST_OBJECT_LOCK (src);
  src->position.next_frame += frames;
  GST_OBJECT_UNLOCK (src);
  GST_LOG_OBJECT (src, "filled %" GST_PTR_FORMAT, buffer);

  return GST_FLOW_OK;

  /* ERRORS */
not_mapped : {
  GST_ELEMENT_ERROR (src, RESOURCE, WRITE,
      ("The memory of a buffer of %" G_GSIZE_FORMAT
       " bytes could not be mapped for writing.",
          gst_buffer_get_size (buffer)),
      (NULL));
  return GST_FLOW_ERROR;
}
}
