/* adctestsrc: seeks: see gstadctestsrcprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcprivate.h"

GST_DEBUG_CATEGORY_EXTERN (adc_test_src_debug);
#define GST_CAT_DEFAULT adc_test_src_debug

gboolean
gst_adc_test_src_is_seekable (GstBaseSrc *basesrc)
{
  /* What follows the clock cannot be elsewhere. */
  return GST_ADC_TEST_SRC (basesrc)->sync_epoch < 0;
}

static gboolean
is_refused_seek (GstAdcTestSrc *src, GstEvent *event)
{
  gdouble rate;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return FALSE;
  if (!gst_adc_test_src_is_seekable (GST_BASE_SRC (src))) {
    GST_WARNING_OBJECT (src, "the clock says which frame is made");
    return TRUE;
  }
  gst_event_parse_seek (event, &rate, NULL, NULL, NULL, NULL, NULL, NULL);
  if (rate > 0.0)
    return FALSE;
  GST_WARNING_OBJECT (src, "reverse playback is not supported");

  return TRUE;
}

/* A seek comes from downstream, to event (), or from the application, to
 * send_event (). One backwards, or of what follows the clock, is refused in both,
 * before the base class flushes the pipeline for it. */
gboolean
gst_adc_test_src_event (GstBaseSrc *basesrc, GstEvent *event)
{
  if (is_refused_seek (GST_ADC_TEST_SRC (basesrc), event))
    return FALSE;

  return gst_adc_test_src_base_class ()->event (basesrc, event);
}

gboolean
gst_adc_test_src_send_event (GstElement *element, GstEvent *event)
{
  if (is_refused_seek (GST_ADC_TEST_SRC (element), event)) {
    gst_event_unref (event);
    return FALSE;
  }

  return GST_ELEMENT_CLASS (gst_adc_test_src_base_class ())
      ->send_event (element, event);
}

/* Called for seeks in samples or bytes. The base class converts them to times; the
 * frames that they name go past it. */
gboolean
gst_adc_test_src_prepare_seek_segment (
    GstBaseSrc *basesrc, GstEvent *event, GstSegment *segment)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  if (!gst_adc_test_src_base_class ()->prepare_seek_segment (
          basesrc, event, segment))
    return FALSE;
  GST_OBJECT_LOCK (src);
  gst_adc_test_src_position_prepare_seek (&src->position, &src->format, event);
  GST_OBJECT_UNLOCK (src);

  return TRUE;
}

gboolean
gst_adc_test_src_do_seek (GstBaseSrc *basesrc, GstSegment *segment)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  GST_OBJECT_LOCK (src);
  gst_adc_test_src_position_seek (&src->position, &src->format, segment);
  GST_OBJECT_UNLOCK (src);
  GST_DEBUG_OBJECT (src, "seeking: %" GST_SEGMENT_FORMAT, segment);

  return TRUE;
}
