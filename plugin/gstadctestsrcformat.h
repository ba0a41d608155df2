/* What caps say of the samples of adctestsrc, and what it makes of open ones.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_FORMAT_H
#define GST_ADC_TEST_SRC_FORMAT_H

#include <gst/gst.h>

#include "adcwave.h"

G_BEGIN_DECLS

#define GST_ADC_TEST_SRC_CAPS                                                  \
  "audio/x-raw, format = (string) { S8, S16LE, S16BE, S24LE, S24BE, S32LE, "   \
  "S32BE, F32LE, F32BE, F64LE, F64BE }, layout = (string) interleaved, "       \
  "rate = (int) [ 1, max ], channels = (int) [ 1, 64 ]"

typedef struct {
  AdcWaveFormat wave;
  const gchar *name; /* as caps say it; lives as long as the program */
  gint rate;         /* frames a second, or 0: there are no caps */
  gint channels;
} GstAdcTestSrcFormat;

/* Chooses what is open: the rate of MeerKAT's L band, one channel of S8, and as
 * many channels as downstream has positions for. */
void gst_adc_test_src_format_fixate (GstStructure *structure);

/* FALSE with GST_RESOURCE_ERROR_SETTINGS, and what to do about it, for caps that
 * make no sense. They are fixed, and common with GST_ADC_TEST_SRC_CAPS but for
 * the rate, which may be any. */
gboolean gst_adc_test_src_format_from_caps (
    GstAdcTestSrcFormat *format, GstCaps *caps, GError **error);

/* Bytes of so many frames. */
guint64 gst_adc_test_src_format_bytes (
    const GstAdcTestSrcFormat *format, guint64 frames);

/* Between GST_FORMAT_TIME, GST_FORMAT_DEFAULT (frames) and GST_FORMAT_BYTES.
 * Times are rounded to the nearest, bytes to the frames that they hold whole. -1
 * stays -1. FALSE for other formats and numbers, and without caps. */
gboolean gst_adc_test_src_format_convert (const GstAdcTestSrcFormat *format,
    GstFormat from, gint64 value, GstFormat to, gint64 *result);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_FORMAT_H */
