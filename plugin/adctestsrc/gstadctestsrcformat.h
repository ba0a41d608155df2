/* adctestsrc's caps: what fixed ones define, and how others are fixated. Conversions
 * between frames, bytes and times.
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
  "rate = (int) [ 1, max ], channels = (int) [ 1, 64 ]; "                      \
  "application/octet-stream, sample-bits = (int) { 10, 12 }, "                 \
  "rate = (int) [ 1, max ], channels = (int) [ 1, 64 ]"

typedef struct {
  AdcWaveFormat wave;
  const gchar *name; /* as caps say it; lives as long as the program */
  gint rate;         /* frames a second, or 0: there are no caps */
  gint channels;
} GstAdcTestSrcFormat;

/* Fixates fields with several values: the rate of MeerKAT's L band, one channel, of S8 or of
 * packed 10 bits, and as many channels as downstream has positions for. */
void gst_adc_test_src_format_fixate (GstStructure *structure);

/* FALSE with GST_RESOURCE_ERROR_SETTINGS, and what to do about it, for caps that
 * make no sense. They are fixed, and common with GST_ADC_TEST_SRC_CAPS but for
 * the rate, which may be any. */
gboolean gst_adc_test_src_format_from_caps (
    GstAdcTestSrcFormat *format, GstCaps *caps, GError **error);

/* Bytes of so many frames, the last one perhaps not full. */
guint64 gst_adc_test_src_format_bytes (
    const GstAdcTestSrcFormat *format, guint64 frames);

/* The fewest frames that are whole bytes: 1 but for packed samples. */
guint gst_adc_test_src_format_whole_frames (const GstAdcTestSrcFormat *format);

/* The most frames that are whole bytes, no more than so many. */
guint64 gst_adc_test_src_format_frames (
    const GstAdcTestSrcFormat *format, guint64 bytes);

/* The timestamp of a frame, in nanoseconds from frame 0 on, rounded down;
 * GST_CLOCK_TIME_NONE beyond what a GstClockTime can hold. Above 1 GHz several
 * frames have the same one. This, and the two below, need caps. */
GstClockTime gst_adc_test_src_format_stamp (
    const GstAdcTestSrcFormat *format, guint64 frame);

/* Both invert it: of a timestamp they give the first frame that has it. Of a time
 * between two timestamps, the frame that comes next, or the one that it is within. */
guint64 gst_adc_test_src_format_frame_from (
    const GstAdcTestSrcFormat *format, GstClockTime time);
guint64 gst_adc_test_src_format_frame_at (
    const GstAdcTestSrcFormat *format, GstClockTime time);

/* Between GST_FORMAT_TIME (timestamps), GST_FORMAT_DEFAULT (frames) and
 * GST_FORMAT_BYTES. A time or a number of bytes between two frames is within the
 * first of them, and each frame comes back from its bytes, and up to 1 GHz from
 * its timestamp. -1 stays -1. FALSE for other formats and numbers, and without
 * caps. */
gboolean gst_adc_test_src_format_convert (const GstAdcTestSrcFormat *format,
    GstFormat from, gint64 value, GstFormat to, gint64 *result);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_FORMAT_H */
