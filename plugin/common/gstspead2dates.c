/* gst-spead2: the date of a buffer: see gstspead2dates.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2dates.h"

static GstStaticCaps unix_caps = GST_STATIC_CAPS ("timestamp/x-unix");
static GstStaticCaps ptp_caps = GST_STATIC_CAPS ("timestamp/x-ptp");

static gboolean
date_of_meta (GstBuffer *buffer, GstStaticCaps *static_caps, guint64 *ns)
{
  GstCaps *caps = gst_static_caps_get (static_caps);
  const GstReferenceTimestampMeta *meta =
      gst_buffer_get_reference_timestamp_meta (buffer, caps);

  gst_caps_unref (caps);
  if (meta)
    *ns = meta->timestamp;
  return meta != NULL;
}

/* A clock on the network counts what its provider does, which it does not say. A
 * monotonic one counts from the start of a machine. */
static gboolean
is_near_time_of_day (GstClock *clock)
{
  const GstClockTimeDiff day = 24 * 3600 * GST_SECOND;
  GstClockTimeDiff ahead =
      GST_CLOCK_DIFF (g_get_real_time () * 1000, gst_clock_get_time (clock));

  return ABS (ahead) < day;
}

/* The scale that a clock counts on, or 0. Only these very types: derived ones
 * count something else. */
static GstSpead2TimeScale
scale_of (GstClock *clock)
{
  const gchar *type = G_OBJECT_TYPE_NAME (clock);
  GstClockType clock_type;

  if (g_str_equal (type, "GstPtpClock"))
    return GST_SPEAD2_TIME_PTP;
  if (g_str_equal (type, "GstNetClientClock"))
    return is_near_time_of_day (clock) ? GST_SPEAD2_TIME_UTC : 0;
  if (!g_str_equal (type, "GstSystemClock") &&
      !g_str_equal (type, "GstTestClock"))
    return 0;

  g_object_get (clock, "clock-type", &clock_type, NULL);
  switch (clock_type) {
    case GST_CLOCK_TYPE_REALTIME:
      return GST_SPEAD2_TIME_UTC;
    case GST_CLOCK_TYPE_TAI:
      return GST_SPEAD2_TIME_PTP;
    default:
      return 0;
  }
}

gboolean
gst_spead2_dates_clock_has_date (GstClock *clock)
{
  return scale_of (clock) != 0;
}

gboolean
gst_spead2_dates_clock_counts (GstClock *clock, GstSpead2TimeScale scale)
{
  return scale_of (clock) == scale;
}

/* When the buffer is due on the clock, or now. */
static guint64
time_of (const GstSpead2Timeline *timeline, GstBuffer *buffer)
{
  GstClockTime time = GST_CLOCK_TIME_NONE;

  if (GST_BUFFER_PTS_IS_VALID (buffer) &&
      timeline->segment->format == GST_FORMAT_TIME)
    time = gst_segment_to_running_time (
        timeline->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  return time != GST_CLOCK_TIME_NONE && timeline->base_time > 0
      ? timeline->base_time + time
      : gst_clock_get_time (timeline->clock);
}

static gboolean
date_of_clock (const GstSpead2Timeline *timeline, GstBuffer *buffer,
    GstSpead2TimeScale scales, guint64 *ns)
{
  if (timeline->clock == NULL || !(scale_of (timeline->clock) & scales))
    return FALSE;
  *ns = time_of (timeline, buffer);
  return TRUE;
}

gboolean
gst_spead2_dates_find (GstBuffer *buffer, const GstSpead2Timeline *timeline,
    GstSpead2TimeScale scales, guint64 *ns, GError **error)
{
  if ((scales & GST_SPEAD2_TIME_UTC && date_of_meta (buffer, &unix_caps, ns)) ||
      (scales & GST_SPEAD2_TIME_PTP && date_of_meta (buffer, &ptp_caps, ns)) ||
      date_of_clock (timeline, buffer, scales, ns))
    return TRUE;

  if (scales & GST_SPEAD2_TIME_UTC) {
    *ns = g_get_real_time () * 1000;
    return TRUE;
  }
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "Nothing says PTP time: neither a reference timestamp of the buffer "
      "(timestamp/x-ptp) nor the pipeline's clock, which must be a GstPtpClock "
      "or a GstSystemClock with clock-type=tai");
  return FALSE;
}

void
gst_spead2_dates_add (GstBuffer *buffer, guint64 utc_ns, GstClockTime duration)
{
  GstCaps *caps = gst_static_caps_get (&unix_caps);

  gst_buffer_add_reference_timestamp_meta (buffer, caps, utc_ns, duration);
  gst_caps_unref (caps);
}
