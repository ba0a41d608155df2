/* gst-spead2: what caps say of the bytes of a buffer: see gstspead2payload.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2payload.h"

#include <gst/audio/audio.h>

static const Spead2PayloadType bytes_type = {
    .dtype = "|u1", .sample_size = 1, .channels = 1};

void
gst_spead2_payload_init (GstSpead2Payload *payload)
{
  *payload = (GstSpead2Payload){.type = bytes_type, .offset_is_index = TRUE};
}

/* numpy's name of an audio format, or a SPEAD format, or neither (FALSE). */
static gboolean
type_of_audio (const GstAudioFormatInfo *format, Spead2PayloadType *type)
{
  gboolean real = GST_AUDIO_FORMAT_INFO_IS_FLOAT (format);
  gboolean is_signed = GST_AUDIO_FORMAT_INFO_IS_SIGNED (format);
  gboolean little =
      GST_AUDIO_FORMAT_INFO_ENDIANNESS (format) == G_LITTLE_ENDIAN;
  gint width = GST_AUDIO_FORMAT_INFO_WIDTH (format);
  gchar code = real ? 'f' : is_signed ? 'i' : 'u';

  if (GST_AUDIO_FORMAT_INFO_DEPTH (format) != width)
    return FALSE;

  type->sample_size = width / 8;
  switch (width) {
    case 8:
      g_snprintf (type->dtype, sizeof type->dtype, "|%c1", code);
      return TRUE;
    case 16:
    case 32:
    case 64:
      g_snprintf (type->dtype, sizeof type->dtype, "%c%c%d", little ? '<' : '>',
          code, width / 8);
      return TRUE;
    default:
      type->dtype[0] = '\0';
      type->format = (Spead2Format){code, width};
      return !little;
  }
}

static gboolean G_GNUC_PRINTF (2, 3)
    refuse (GError **error, const gchar *format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, text);
  g_free (text);
  return FALSE;
}

static gboolean
from_audio_caps (GstSpead2Payload *payload, GstCaps *caps, GError **error)
{
  GstAudioInfo info;

  if (!gst_audio_info_from_caps (&info, caps) ||
      GST_AUDIO_INFO_CHANNELS (&info) < 1)
    return refuse (error, "These audio caps are not whole.");
  if (GST_AUDIO_INFO_LAYOUT (&info) != GST_AUDIO_LAYOUT_INTERLEAVED)
    return refuse (error,
        "Samples of several channels must be interleaved: put 'audioconvert ! "
        "audio/x-raw,layout=interleaved' in front.");
  if (!type_of_audio (info.finfo, &payload->type))
    return refuse (error,
        "Audio format %s has neither a numpy type nor a SPEAD format: put "
        "'audioconvert ! audio/x-raw,format=S32LE' in front, or S24BE.",
        GST_AUDIO_INFO_NAME (&info));

  payload->type.channels = GST_AUDIO_INFO_CHANNELS (&info);
  payload->offset_is_index = TRUE;
  payload->frame_rate = GST_AUDIO_INFO_RATE (&info);
  return TRUE;
}

gboolean
gst_spead2_payload_from_caps (
    GstSpead2Payload *payload, GstCaps *caps, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  *payload = (GstSpead2Payload){.type = bytes_type};
  if (gst_structure_has_name (structure, "audio/x-raw"))
    return from_audio_caps (payload, caps, error);
  return TRUE;
}
