/* adctestsrc: queries: see gstadctestsrcprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcprivate.h"

GST_DEBUG_CATEGORY_EXTERN (adc_test_src_debug);
#define GST_CAT_DEFAULT adc_test_src_debug

static gboolean
query_convert (const GstAdcTestSrcFormat *format, GstQuery *query)
{
  gint64 value, result;
  GstFormat from, to;

  gst_query_parse_convert (query, &from, &value, &to, NULL);
  if (!gst_adc_test_src_format_convert (format, from, value, to, &result))
    return FALSE;
  gst_query_set_convert (query, from, value, to, result);

  return TRUE;
}

static gboolean
query_latency (
    GstAdcTestSrc *src, const GstAdcTestSrcFormat *format, GstQuery *query)
{
  gboolean live = gst_base_src_is_live (GST_BASE_SRC (src));
  GstClockTime latency = 0;

  /* A digitiser hands a buffer on when its last sample has come. No buffer lasts
   * longer, wherever its timestamps are rounded. */
  if (live)
    latency = gst_util_uint64_scale_int_ceil (
        src->frames_per_buffer, GST_SECOND, format->rate);
  gst_query_set_latency (query, live, latency, GST_CLOCK_TIME_NONE);
  GST_DEBUG_OBJECT (
      src, "latency of %" GST_TIME_FORMAT, GST_TIME_ARGS (latency));

  return TRUE;
}

/* Known where the number of buffers is; else, and in other formats, the base
 * class answers. */
static gboolean
query_duration (
    GstAdcTestSrc *src, const GstAdcTestSrcFormat *format, GstQuery *query)
{
  gint64 duration;
  gint num_buffers;
  GstFormat unit;

  g_object_get (src, "num-buffers", &num_buffers, NULL);
  gst_query_parse_duration (query, &unit, NULL);
  if (num_buffers < 0 ||
      !gst_adc_test_src_format_convert (format, GST_FORMAT_DEFAULT,
          (gint64) num_buffers * src->frames_per_buffer, unit, &duration))
    return FALSE;
  gst_query_set_duration (query, unit, duration);

  return TRUE;
}

/* In frames and bytes, where the base class would convert a time. */
static gboolean
query_position (
    const GstAdcTestSrcFormat *format, guint64 next_frame, GstQuery *query)
{
  GstFormat unit;
  gint64 position;

  gst_query_parse_position (query, &unit, NULL);
  if ((unit != GST_FORMAT_DEFAULT && unit != GST_FORMAT_BYTES) ||
      !gst_adc_test_src_format_convert (
          format, GST_FORMAT_DEFAULT, next_frame, unit, &position))
    return FALSE;
  gst_query_set_position (query, unit, position);

  return TRUE;
}

gboolean
gst_adc_test_src_query (GstBaseSrc *basesrc, GstQuery *query)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  GstAdcTestSrcFormat format;
  guint64 next_frame;
  gboolean negotiated;

  GST_OBJECT_LOCK (src);
  format = src->format;
  next_frame = src->position.next_frame;
  GST_OBJECT_UNLOCK (src);
  negotiated = format.rate != 0;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CONVERT:
      return query_convert (&format, query);
    case GST_QUERY_POSITION:
      if (negotiated && query_position (&format, next_frame, query))
        return TRUE;
      break;
    case GST_QUERY_DURATION:
      if (negotiated && query_duration (src, &format, query))
        return TRUE;
      break;
    case GST_QUERY_LATENCY:
      return negotiated && query_latency (src, &format, query);
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling (query,
          gst_adc_test_src_is_seekable (basesrc) ? GST_SCHEDULING_FLAG_SEEKABLE
                                                 : 0,
          1, -1, 0);
      gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
      return TRUE;
    default:
      break;
  }

  return gst_adc_test_src_base_class ()->query (basesrc, query);
}
