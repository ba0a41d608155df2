/* Caps of adctestsrc: see gstadctestsrcformat.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstadctestsrcformat.h"

#include <gst/audio/audio.h>

#include "common/gstspead2types.h"

#define DEFAULT_FORMAT "S8"
#define DEFAULT_SAMPLE_BITS 10
/* MeerKAT's L band. */
#define DEFAULT_RATE 1712000000
#define DEFAULT_CHANNELS 1

#define AUDIO "audio/x-raw"

/* -- open caps ------------------------------------------------------------------ */

static guint
count_bits (guint64 mask)
{
  guint count = 0;

  for (; mask != 0; mask &= mask - 1)
    count++;

  return count;
}

static void
fixate_channels (GstStructure *structure)
{
  guint64 mask = 0;
  gboolean has_mask = gst_structure_get (
      structure, "channel-mask", GST_TYPE_BITMASK, &mask, NULL);
  gint channels = 0;

  gst_structure_fixate_field_nearest_int (structure, "channels",
      mask != 0 ? (gint) count_bits (mask) : DEFAULT_CHANNELS);
  gst_structure_get_int (structure, "channels", &channels);

  /* audio/x-raw with more than two channels says where each belongs. */
  if (channels > 2 && !has_mask && gst_structure_has_name (structure, AUDIO))
    gst_structure_set (structure, "channel-mask", GST_TYPE_BITMASK,
        gst_audio_channel_get_fallback_mask (channels), NULL);
}

void
gst_adc_test_src_format_fixate (GstStructure *structure)
{
  if (gst_structure_has_name (structure, AUDIO))
    gst_structure_fixate_field_string (structure, "format", DEFAULT_FORMAT);
  else
    gst_structure_fixate_field_nearest_int (
        structure, "sample-bits", DEFAULT_SAMPLE_BITS);
  gst_structure_fixate_field_nearest_int (structure, "rate", DEFAULT_RATE);
  fixate_channels (structure);
}

/* -- fixed caps ------------------------------------------------------------------ */

static gboolean G_GNUC_PRINTF (2, 3)
    refuse (GError **error, const gchar *format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (
      error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, text);
  g_free (text);
  return FALSE;
}

static AdcWaveFormat
wave_format (GstAudioFormat format)
{
  static const GstAudioFormat formats[ADC_WAVE_N_FORMATS] = {
      [ADC_WAVE_S8] = GST_AUDIO_FORMAT_S8,
      [ADC_WAVE_S16LE] = GST_AUDIO_FORMAT_S16LE,
      [ADC_WAVE_S16BE] = GST_AUDIO_FORMAT_S16BE,
      [ADC_WAVE_S24LE] = GST_AUDIO_FORMAT_S24LE,
      [ADC_WAVE_S24BE] = GST_AUDIO_FORMAT_S24BE,
      [ADC_WAVE_S32LE] = GST_AUDIO_FORMAT_S32LE,
      [ADC_WAVE_S32BE] = GST_AUDIO_FORMAT_S32BE,
      [ADC_WAVE_F32LE] = GST_AUDIO_FORMAT_F32LE,
      [ADC_WAVE_F32BE] = GST_AUDIO_FORMAT_F32BE,
      [ADC_WAVE_F64LE] = GST_AUDIO_FORMAT_F64LE,
      [ADC_WAVE_F64BE] = GST_AUDIO_FORMAT_F64BE,
  };
  guint i = 0;

  /* The pad template lets no other through. */
  while (formats[i] != format)
    i++;

  return i;
}

/* GstAudioInfo takes a mask of other channels although it makes no sense. */
static gboolean
from_audio_caps (GstAdcTestSrcFormat *format, GstCaps *caps, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  guint64 mask = 0;
  GstAudioInfo info;
  gchar *reason;

  gst_structure_get (structure, "channel-mask", GST_TYPE_BITMASK, &mask, NULL);
  if (mask != 0 && count_bits (mask) != (guint) format->channels)
    return refuse (error,
        "The caps have %d channels and a channel-mask with %u positions. Ask "
        "for as many channels, or for channel-mask=(bitmask)0x0: none of them "
        "has a position.",
        format->channels, count_bits (mask));
  if (!gst_audio_info_from_caps (&info, caps))
    goto incomplete;

  format->wave = wave_format (GST_AUDIO_INFO_FORMAT (&info));
  format->name = GST_AUDIO_INFO_NAME (&info);
  return TRUE;

  /* ERRORS */
incomplete:
  reason = gst_spead2_types_explain_audio (structure);
  refuse (error, "%s", reason);
  g_free (reason);
  return FALSE;
}

static void
from_packed_caps (GstAdcTestSrcFormat *format, const GstStructure *structure)
{
  gint bits = 0;

  gst_structure_get_int (structure, "sample-bits", &bits);
  format->wave = bits == 10 ? ADC_WAVE_S10 : ADC_WAVE_S12;
  format->name = bits == 10 ? "sample-bits=10" : "sample-bits=12";
}

gboolean
gst_adc_test_src_format_from_caps (
    GstAdcTestSrcFormat *format, GstCaps *caps, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  memset (format, 0, sizeof *format);
  gst_structure_get_int (structure, "rate", &format->rate);
  gst_structure_get_int (structure, "channels", &format->channels);
  if (format->rate < 1)
    return refuse (error,
        "The caps ask for a rate of %d Hz. Caps hold a rate as a signed "
        "integer of 32 bits, 1 to %d Hz, and a larger one turns negative (%u "
        "Hz would). Ask for 1 to %d Hz; several channels at a part of the rate "
        "are as many samples per second.",
        format->rate, G_MAXINT, (guint) format->rate, G_MAXINT);
  if (gst_structure_has_name (structure, AUDIO))
    return from_audio_caps (format, caps, error);

  from_packed_caps (format, structure);
  return TRUE;
}

/* -- numbers --------------------------------------------------------------------- */

static guint
frame_bits (const GstAdcTestSrcFormat *format)
{
  return format->channels * adc_wave_format_bits (format->wave);
}

guint64
gst_adc_test_src_format_bytes (
    const GstAdcTestSrcFormat *format, guint64 frames)
{
  return gst_util_uint64_scale_int_ceil (frames, frame_bits (format), 8);
}

guint
gst_adc_test_src_format_whole_frames (const GstAdcTestSrcFormat *format)
{
  guint bits = frame_bits (format), frames = 1;

  while (frames * bits % 8 != 0)
    frames++;
  return frames;
}

guint64
gst_adc_test_src_format_frames (
    const GstAdcTestSrcFormat *format, guint64 bytes)
{
  guint64 frames = gst_util_uint64_scale_int (bytes, 8, frame_bits (format));

  return frames - frames % gst_adc_test_src_format_whole_frames (format);
}

GstClockTime
gst_adc_test_src_format_stamp (const GstAdcTestSrcFormat *format, guint64 frame)
{
  return gst_util_uint64_scale_int (frame, GST_SECOND, format->rate);
}

guint64
gst_adc_test_src_format_frame_from (
    const GstAdcTestSrcFormat *format, GstClockTime time)
{
  return gst_util_uint64_scale_int_ceil (time, format->rate, GST_SECOND);
}

/* The last frame whose stamp is not after time is in front of the first one after
 * it; where frames are shorter than a nanosecond, others in front of it have the
 * same stamp. */
guint64
gst_adc_test_src_format_frame_at (
    const GstAdcTestSrcFormat *format, GstClockTime time)
{
  guint64 last = gst_adc_test_src_format_frame_from (format, time + 1) - 1;

  return gst_adc_test_src_format_frame_from (
      format, gst_adc_test_src_format_stamp (format, last));
}

static gboolean
to_frames (const GstAdcTestSrcFormat *format, GstFormat from, guint64 value,
    guint64 *frames)
{
  switch (from) {
    case GST_FORMAT_DEFAULT:
      *frames = value;
      return TRUE;
    case GST_FORMAT_BYTES:
      *frames = gst_util_uint64_scale_int (value, 8, frame_bits (format));
      return TRUE;
    case GST_FORMAT_TIME:
      *frames = gst_adc_test_src_format_frame_at (format, value);
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
from_frames (const GstAdcTestSrcFormat *format, guint64 frames, GstFormat to,
    guint64 *result)
{
  switch (to) {
    case GST_FORMAT_DEFAULT:
      *result = frames;
      return TRUE;
    case GST_FORMAT_BYTES:
      *result = gst_adc_test_src_format_bytes (format, frames);
      return TRUE;
    case GST_FORMAT_TIME:
      *result = gst_adc_test_src_format_stamp (format, frames);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_adc_test_src_format_convert (const GstAdcTestSrcFormat *format,
    GstFormat from, gint64 value, GstFormat to, gint64 *result)
{
  guint64 frames, number;

  if (from == to || value == -1) {
    *result = value;
    return TRUE;
  }
  if (format->rate == 0 || value < 0 ||
      !to_frames (format, from, value, &frames) ||
      !from_frames (format, frames, to, &number) || number > G_MAXINT64)
    return FALSE;

  *result = (gint64) number;
  return TRUE;
}
