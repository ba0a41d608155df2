/* The position of adctestsrc's stream: see gstadctestsrcposition.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcposition.h"

/* Named by no seek, and reached by no stream. */
#define NO_FRAME G_MAXUINT64

void
gst_adc_test_src_position_init (GstAdcTestSrcPosition *position)
{
  *position = (GstAdcTestSrcPosition){.stop_time = GST_CLOCK_TIME_NONE,
      .named_start = NO_FRAME,
      .named_stop = NO_FRAME};
}

static guint64
named_frame (const GstAdcTestSrcFormat *format, GstFormat unit,
    GstSeekType type, gint64 value)
{
  gint64 frame;

  if (unit == GST_FORMAT_TIME || type == GST_SEEK_TYPE_NONE ||
      !gst_adc_test_src_format_convert (
          format, unit, value, GST_FORMAT_DEFAULT, &frame))
    return NO_FRAME;
  return frame;
}

void
gst_adc_test_src_position_prepare_seek (GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *format, GstEvent *seek)
{
  GstSeekType start_type, stop_type;
  gint64 start, stop;
  GstFormat unit;

  gst_event_parse_seek (
      seek, NULL, &unit, NULL, &start_type, &start, &stop_type, &stop);
  position->named_start = named_frame (format, unit, start_type, start);
  position->named_stop = named_frame (format, unit, stop_type, stop);
}

static gboolean
is_stamp (const GstAdcTestSrcFormat *format, guint64 frame, GstClockTime time)
{
  return frame != NO_FRAME &&
      gst_adc_test_src_format_stamp (format, frame) == time;
}

static guint64
frame_of_stop (const GstAdcTestSrcFormat *format, GstClockTime stop_time)
{
  return GST_CLOCK_TIME_IS_VALID (stop_time)
      ? gst_adc_test_src_format_frame_from (format, stop_time)
      : NO_FRAME;
}

/* Computes frames from the times. Frames that the seek has named take precedence if
 * they have these times. */
static void
compute_frames (
    GstAdcTestSrcPosition *position, const GstAdcTestSrcFormat *format)
{
  position->next_frame =
      is_stamp (format, position->named_start, position->start_time)
      ? position->named_start
      : gst_adc_test_src_format_frame_at (format, position->start_time);
  position->stop_frame =
      is_stamp (format, position->named_stop, position->stop_time)
      ? position->named_stop
      : frame_of_stop (format, position->stop_time);
  position->named_start = position->named_stop = NO_FRAME;
}

void
gst_adc_test_src_position_seek (GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *format, const GstSegment *segment)
{
  position->start_time = segment->position;
  position->stop_time = segment->stop;
  if (format->rate != 0)
    compute_frames (position, format);
}

gboolean
gst_adc_test_src_position_set_format (GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *before, const GstAdcTestSrcFormat *format)
{
  if (before->rate == 0) {
    compute_frames (position, format);
    return FALSE;
  }
  if (before->rate == format->rate)
    return FALSE;
  position->next_frame = gst_adc_test_src_format_frame_from (
      format, gst_adc_test_src_format_stamp (before, position->next_frame));
  position->stop_frame = frame_of_stop (format, position->stop_time);
  return TRUE;
}

guint
gst_adc_test_src_position_count (const GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *format, guint max_frames)
{
  guint64 left =
      position->stop_frame - MIN (position->next_frame, position->stop_frame);
  guint frames = MIN (left, max_frames);

  return frames - frames % gst_adc_test_src_format_whole_frames (format);
}
