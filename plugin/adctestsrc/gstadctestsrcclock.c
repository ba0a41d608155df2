/* adctestsrc's frames by the clock: see gstadctestsrcclock.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcclock.h"

guint64
gst_adc_test_src_clock_frame (const GstAdcTestSrcClock *clock,
    const GstAdcTestSrcFormat *format, guint frames_per_buffer,
    GstClockTime now, GstClockTime running_time)
{
  const guint64 earliest = clock->base_time + running_time;
  guint64 frame =
      gst_util_uint64_scale (now - clock->epoch, format->rate, GST_SECOND);

  frame -= frame % frames_per_buffer;
  if (earliest <= clock->epoch ||
      clock->epoch + gst_util_uint64_scale (frame, GST_SECOND, format->rate) >=
          earliest)
    return frame;
  frame = gst_util_uint64_scale_ceil (
      earliest - clock->epoch, format->rate, GST_SECOND);
  return (frame + frames_per_buffer - 1) / frames_per_buffer *
      frames_per_buffer;
}

GstClockTime
gst_adc_test_src_clock_time (const GstAdcTestSrcClock *clock,
    const GstAdcTestSrcFormat *format, guint64 frame)
{
  return clock->epoch +
      gst_util_uint64_scale (frame, GST_SECOND, format->rate) -
      clock->base_time;
}
