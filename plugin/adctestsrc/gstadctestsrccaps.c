/* adctestsrc: caps, and what they decide: see gstadctestsrcprivate.h
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

/* Rates below 1 are accepted here so that set_caps can post an error that explains
 * them: caps text such as rate=3200000000 becomes a negative number, and "no
 * common caps" explains nothing. */
GstCaps *
gst_adc_test_src_get_caps (GstBaseSrc *basesrc, GstCaps *filter)
{
  GstCaps *caps = gst_pad_get_pad_template_caps (GST_BASE_SRC_PAD (basesrc));
  GstCaps *overflown = gst_caps_copy (caps);

  gst_caps_set_simple (
      overflown, "rate", GST_TYPE_INT_RANGE, G_MININT, 0, NULL);
  caps = gst_caps_merge (caps, overflown);
  if (filter != NULL) {
    GstCaps *common =
        gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = common;
  }

  return caps;
}

GstCaps *
gst_adc_test_src_fixate (GstBaseSrc *basesrc, GstCaps *caps)
{
  caps = gst_caps_make_writable (caps);
  gst_adc_test_src_format_fixate (gst_caps_get_structure (caps, 0));

  return gst_adc_test_src_base_class ()->fixate (basesrc, caps);
}

gboolean
gst_adc_test_src_configure_wave (GstAdcTestSrc *src)
{
  AdcWaveConfig *config = &src->config;
  gint lowest, highest;

  GST_OBJECT_LOCK (src);
  config->shape = src->settings.shape;
  config->standard_deviation = src->settings.standard_deviation;
  config->freq = src->settings.freq;
  config->snr = src->settings.snr;
  config->correlation = src->settings.correlation;
  config->delay = src->settings.delay;
  src->config_changed = FALSE;
  GST_OBJECT_UNLOCK (src);

  config->format = src->format.wave;
  config->channels = src->format.channels;
  config->rate = src->format.rate;
  adc_wave_format_range (config->format, &lowest, &highest);
  if (config->shape == ADC_WAVE_UNIFORM &&
      (config->minimum < lowest || config->maximum > highest))
    goto out_of_range;

  adc_wave_init (&src->wave, config);
  GST_DEBUG_OBJECT (src, "%s kernel", src->wave.kernel.name);

  return TRUE;

  /* ERRORS */
out_of_range : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("Samples from %d (minimum) to %d (maximum) do not fit into format %s, "
       "which holds %d to %d. Set minimum and maximum within that, or ask for "
       "a wider format: adctestsrc ! audio/x-raw,format=%s ! ...",
          config->minimum, config->maximum, src->format.name, lowest, highest,
          config->minimum >= G_MININT16 && config->maximum <= G_MAXINT16
              ? "S16LE"
              : "S32LE"),
      (NULL));
  return FALSE;
}
}

static void
set_format (GstAdcTestSrc *src, const GstAdcTestSrcFormat *format)
{
  const GstAdcTestSrcFormat old = src->format;

  GST_OBJECT_LOCK (src);
  src->format = *format;
  if (gst_adc_test_src_position_set_format (&src->position, &old, format))
    g_atomic_int_set (&src->discont, TRUE);
  GST_OBJECT_UNLOCK (src);
}

gboolean
gst_adc_test_src_set_caps (GstBaseSrc *basesrc, GstCaps *caps)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  GstAdcTestSrcFormat format;
  GError *error = NULL;
  guint64 size;
  guint whole;

  if (!gst_adc_test_src_format_from_caps (&format, caps, &error))
    goto invalid_caps;

  size = gst_adc_test_src_format_bytes (&format, src->frames_per_buffer);
  if (size > G_MAXINT)
    goto too_large;
  whole = gst_adc_test_src_format_whole_frames (&format);
  if (src->frames_per_buffer % whole != 0)
    goto not_whole;

  set_format (src, &format);
  gst_base_src_set_blocksize (basesrc, size);
  GST_DEBUG_OBJECT (src, "buffers of %" G_GUINT64_FORMAT " bytes", size);

  return gst_adc_test_src_configure_wave (src);

  /* ERRORS */
invalid_caps : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS, ("%s", error->message),
      ("caps: %" GST_PTR_FORMAT, caps));
  g_error_free (error);
  return FALSE;
}
too_large : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("A buffer of %d samples (samplesperbuffer) in each of %d channels has "
       "%" G_GUINT64_FORMAT " bytes, more than %d. Set samplesperbuffer to "
       "%d or less.",
          src->frames_per_buffer, format.channels, size, G_MAXINT,
          (gint) gst_adc_test_src_format_frames (&format, G_MAXINT)),
      (NULL));
  return FALSE;
}
not_whole : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("A buffer of %d samples (samplesperbuffer) in each of %d channels of %u "
       "bits is no whole number of bytes. Set samplesperbuffer to a multiple "
       "of %u.",
          src->frames_per_buffer, format.channels,
          adc_wave_format_bits (format.wave), whole),
      (NULL));
  return FALSE;
}
}

gboolean
gst_adc_test_src_decide_allocation (GstBaseSrc *basesrc, GstQuery *query)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  guint size =
      gst_adc_test_src_format_bytes (&src->format, src->frames_per_buffer);
  guint n_buffers;

  if (!gst_adc_test_src_memory_decide (query, size, &n_buffers)) {
    GST_ELEMENT_ERROR (src, RESOURCE, NO_SPACE_LEFT,
        ("There is no memory for %u buffers of %u bytes: set fewer "
         "samplesperbuffer.",
            n_buffers, size),
        (NULL));
    return FALSE;
  }
  GST_DEBUG_OBJECT (
      src, "pool of at least %u buffers of %u bytes", n_buffers, size);

  /* Configures the pool from the query. */
  return gst_adc_test_src_base_class ()->decide_allocation (basesrc, query);
}
