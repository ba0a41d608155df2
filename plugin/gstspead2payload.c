/* gst-spead2: what caps say of the bytes of a buffer: see gstspead2payload.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2payload.h"

#include <gst/audio/audio.h>

void
gst_spead2_payload_init (GstSpead2Payload *payload)
{
  *payload = (GstSpead2Payload){.offset_is_index = TRUE};
  spead2_payload_type_init (&payload->type);
}

/* numpy's name of a sample, which lives as long as the program. */
static const gchar *
dtype_of (gchar code, gint width, gboolean little_endian)
{
  gchar name[8];

  g_snprintf (name, sizeof name, "%c%c%d",
      width == 8          ? '|'
          : little_endian ? '<'
                          : '>',
      code, width / 8);
  return g_intern_string (name);
}

/* numpy's name of an audio format, or a SPEAD format, or neither (FALSE). */
static gboolean
type_of_audio (const GstAudioFormatInfo *format, Spead2PayloadType *type)
{
  gboolean little =
      GST_AUDIO_FORMAT_INFO_ENDIANNESS (format) == G_LITTLE_ENDIAN;
  gint width = GST_AUDIO_FORMAT_INFO_WIDTH (format);
  gchar code = GST_AUDIO_FORMAT_INFO_IS_FLOAT (format) ? 'f'
      : GST_AUDIO_FORMAT_INFO_IS_SIGNED (format)       ? 'i'
                                                       : 'u';

  if (GST_AUDIO_FORMAT_INFO_DEPTH (format) != width)
    return FALSE;

  type->element_bits = width;
  if (width == 8 || width == 16 || width == 32 || width == 64) {
    type->dtype = dtype_of (code, width, little);
    return TRUE;
  }
  type->dtype = NULL;
  type->format = (Spead2Format){code, width};
  return !little;
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

  payload->type.sample_elements = GST_AUDIO_INFO_CHANNELS (&info);
  if (GST_AUDIO_INFO_CHANNELS (&info) > 1)
    payload->type.shape[payload->type.n_dimensions++] =
        GST_AUDIO_INFO_CHANNELS (&info);
  payload->offset_is_index = TRUE;
  payload->frame_rate = GST_AUDIO_INFO_RATE (&info);
  return TRUE;
}

gboolean
gst_spead2_payload_from_caps (
    GstSpead2Payload *payload, GstCaps *caps, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  gst_spead2_payload_init (payload);
  payload->offset_is_index = FALSE;
  if (gst_structure_has_name (structure, "audio/x-raw"))
    return from_audio_caps (payload, caps, error);
  return TRUE;
}
