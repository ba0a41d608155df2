/* gst-spead2: what caps say of the bytes of a buffer: see gstspead2payload.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2payload.h"

#include <gst/audio/audio.h>

#include "gstspead2sinkproperties.h"

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

/* Packed samples; those that numpy knows are numpy's. */
static void
set_sample_bits (Spead2PayloadType *type, guint bits)
{
  if (bits == 0)
    return;
  type->element_bits = bits;
  type->dtype = NULL;
  if (bits == 8 || bits == 16 || bits == 32 || bits == 64)
    type->dtype = dtype_of ('i', bits, FALSE);
  else
    type->format = (Spead2Format){'i', bits};
}

/* Samples of the same moment stand side by side. */
static void
set_channels (Spead2PayloadType *type, gint channels)
{
  if (channels <= 1)
    return;
  type->sample_elements = channels;
  type->shape[type->n_dimensions++] = channels;
}

void
gst_spead2_payload_init (GstSpead2Payload *payload, guint sample_bits)
{
  *payload = (GstSpead2Payload){.offset_size = 1, .rate = {0, 1}};
  spead2_payload_type_init (&payload->type);
  set_sample_bits (&payload->type, sample_bits);
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

  set_channels (&payload->type, GST_AUDIO_INFO_CHANNELS (&info));
  payload->offset_size = GST_AUDIO_INFO_BPF (&info);
  payload->rate = (GstSpead2Rate){GST_AUDIO_INFO_RATE (&info), 1};
  return TRUE;
}

static gboolean
from_video_caps (GstSpead2Payload *payload, GstCaps *caps, GError **error)
{
  GstVideoInfo *info = &payload->video;
  guint bits;

  if (!gst_video_info_from_caps (info, caps))
    return refuse (error, "These video caps are not whole.");

  switch (GST_VIDEO_INFO_FORMAT (info)) {
    case GST_VIDEO_FORMAT_GRAY8:
      bits = 8;
      break;
    case GST_VIDEO_FORMAT_GRAY16_LE:
    case GST_VIDEO_FORMAT_GRAY16_BE:
      bits = 16;
      break;
    default:
      /* Bytes, as they are. */
      return TRUE;
  }
  payload->type.dtype = dtype_of (
      'u', bits, GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_GRAY16_LE);
  payload->type.element_bits = bits;
  payload->type.shape[0] = GST_VIDEO_INFO_HEIGHT (info);
  payload->type.shape[1] = GST_VIDEO_INFO_WIDTH (info);
  payload->type.n_dimensions = 2;
  payload->is_video = TRUE;
  return TRUE;
}

static gboolean
from_opaque_caps (GstSpead2Payload *payload, const GstStructure *structure,
    guint sample_bits, GError **error)
{
  gint bits = sample_bits, channels = 1;

  gst_structure_get_int (structure, "sample-bits", &bits);
  gst_structure_get_int (structure, "channels", &channels);
  if (bits < 0 || bits > GST_SPEAD2_MAX_SAMPLE_BITS)
    return refuse (error,
        "Samples of %d bits do not exist: sample-bits is from "
        "1 to %d, or 0 for bytes.",
        bits, GST_SPEAD2_MAX_SAMPLE_BITS);
  set_sample_bits (&payload->type, bits);
  if (bits > 0)
    set_channels (&payload->type, channels);
  payload->rate = gst_spead2_rate_of_caps (structure);
  return TRUE;
}

gboolean
gst_spead2_payload_from_caps (
    GstSpead2Payload *payload, GstCaps *caps, guint sample_bits, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  gst_spead2_payload_init (payload, 0);
  payload->offset_size = 0;
  if (gst_structure_has_name (structure, "audio/x-raw"))
    return from_audio_caps (payload, caps, error);
  if (gst_structure_has_name (structure, "video/x-raw"))
    return from_video_caps (payload, caps, error);
  return from_opaque_caps (payload, structure, sample_bits, error);
}

void
gst_spead2_payload_find (const GstSpead2Payload *payload, GstBuffer *buffer,
    Spead2HeapValues *values)
{
  const GstVideoInfo *info = &payload->video;
  const GstVideoMeta *meta;
  gsize n_rows, row_size, offset;
  gint stride;

  values->buffer = buffer;
  values->offset = 0;
  values->size = gst_buffer_get_size (buffer);
  values->row_size = values->row_stride = 0;
  if (!payload->is_video)
    return;

  meta = gst_buffer_get_video_meta (buffer);
  stride = meta ? meta->stride[0] : GST_VIDEO_INFO_PLANE_STRIDE (info, 0);
  offset = meta ? meta->offset[0] : GST_VIDEO_INFO_PLANE_OFFSET (info, 0);
  n_rows = GST_VIDEO_INFO_HEIGHT (info);
  row_size = (gsize) GST_VIDEO_INFO_WIDTH (info) *
      GST_VIDEO_INFO_COMP_PSTRIDE (info, 0);
  /* What is no whole picture is taken as it is, and refused by its size. */
  if (stride < (gint) row_size ||
      offset + stride * (n_rows - 1) + row_size > values->size)
    return;
  values->offset = offset;
  values->size = n_rows * row_size;
  if (stride != (gint) row_size) {
    values->row_size = row_size;
    values->row_stride = stride;
  }
}
