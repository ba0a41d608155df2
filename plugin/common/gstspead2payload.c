/* gst-spead2: what caps say of the bytes of a buffer: see gstspead2payload.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2payload.h"

#include <gst/audio/audio.h>

#include "gstspead2types.h"

/* Samples of the same time are adjacent. */
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
  if (sample_bits > 0)
    gst_spead2_types_of_bits (sample_bits, &payload->type);
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
from_audio_caps (
    GstSpead2Payload *payload, GstCaps *caps, gboolean own_type, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  GstAudioInfo info;
  gchar *reason;

  payload->rate = gst_spead2_rate_of_caps (structure);
  if (!gst_audio_info_from_caps (&info, caps) ||
      GST_AUDIO_INFO_CHANNELS (&info) < 1)
    goto incomplete;
  payload->offset_size = GST_AUDIO_INFO_BPF (&info);
  if (own_type)
    return TRUE;

  if (GST_AUDIO_INFO_LAYOUT (&info) != GST_AUDIO_LAYOUT_INTERLEAVED)
    return refuse (error,
        "Samples of several channels must be interleaved: put 'audioconvert' "
        "in "
        "front.");
  if (!gst_spead2_types_find (
          GST_SPEAD2_AUDIO, GST_AUDIO_INFO_NAME (&info), &payload->type))
    return refuse (error,
        "Audio format %s has neither a numpy type nor a SPEAD format: put "
        "'audioconvert' in front, or give the type in items.",
        GST_AUDIO_INFO_NAME (&info));
  set_channels (&payload->type, GST_AUDIO_INFO_CHANNELS (&info));
  return TRUE;

  /* ERRORS */
incomplete:
  if (own_type)
    return TRUE;
  reason = gst_spead2_types_explain_audio (structure);
  refuse (error, "%s", reason);
  g_free (reason);
  return FALSE;
}

static gboolean
from_video_caps (
    GstSpead2Payload *payload, GstCaps *caps, gboolean own_type, GError **error)
{
  GstVideoInfo *info = &payload->video;

  if (!gst_video_info_from_caps (info, caps))
    return own_type ||
        refuse (error,
            "These video caps are not whole: they need at least format, width "
            "and height.");
  /* All others are bytes, as they are. */
  payload->is_video = gst_spead2_types_find (
      GST_SPEAD2_VIDEO, GST_VIDEO_INFO_NAME (info), &payload->type);
  if (payload->is_video) {
    payload->type.shape[0] = GST_VIDEO_INFO_HEIGHT (info);
    payload->type.shape[1] = GST_VIDEO_INFO_WIDTH (info);
    payload->type.n_dimensions = 2;
  }
  return TRUE;
}

/* The value stays what it is where caps do not have the field. */
static gboolean
take_int (const GstStructure *structure, const gchar *field, gint *value,
    GError **error)
{
  return !gst_structure_has_field (structure, field) ||
      gst_structure_get_int (structure, field, value) ||
      refuse (error, "The field %s of caps is a %s: it must be an int.", field,
          g_type_name (gst_structure_get_field_type (structure, field)));
}

static gboolean
from_packed_caps (GstSpead2Payload *payload, const GstStructure *structure,
    guint sample_bits, GError **error)
{
  gint bits = sample_bits, channels = 1;

  if (!take_int (structure, "sample-bits", &bits, error))
    return FALSE;
  if (bits < 0 || bits > GST_SPEAD2_MAX_SAMPLE_BITS)
    return refuse (error,
        "Samples of %d bits do not exist: sample-bits is from "
        "1 to %d, or 0 for bytes.",
        bits, GST_SPEAD2_MAX_SAMPLE_BITS);
  if (bits == 0)
    return TRUE;

  if (!take_int (structure, "channels", &channels, error))
    return FALSE;
  if (channels < 1)
    return refuse (error,
        "channels=%d in caps: packed samples have at least 1, which need not "
        "be "
        "said.",
        channels);
  gst_spead2_types_of_bits (bits, &payload->type);
  set_channels (&payload->type, channels);
  return TRUE;
}

/* The string value of a field; NULL where there is none. */
static gboolean
take_string (const GstStructure *structure, const gchar *field,
    const gchar **value, GError **error)
{
  *value = gst_structure_get_string (structure, field);
  return *value != NULL || !gst_structure_has_field (structure, field) ||
      refuse (error, "The field %s of caps is a %s: it must be a string.",
          field, g_type_name (gst_structure_get_field_type (structure, field)));
}

static gboolean
take_dtype (Spead2PayloadType *type, const gchar *text, GError **error)
{
  const gchar *why;

  return gst_spead2_types_of_dtype (text, type, &why) ||
      refuse (error, "dtype='%s' in caps is no numpy dtype: %s.", text, why);
}

static gboolean
take_formats (Spead2PayloadType *type, const gchar *text, GError **error)
{
  GError *why = NULL;
  guint i;

  *type->dtype = '\0';
  type->n_formats = spead2_formats_parse (text, type->formats, &why);
  if (type->n_formats == 0) {
    refuse (error, "format in caps: %s.", why->message);
    g_error_free (why);
    return FALSE;
  }
  type->element_bits = 0;
  for (i = 0; i < type->n_formats; i++)
    type->element_bits += type->formats[i].bits;
  return TRUE;
}

/* A size of at least 1 or, where there is none yet, SPEAD2_VARIABLE_SIZE. */
static gboolean
take_size (const GValue *value, gint64 *size, guint *n_variable)
{
  if (value && G_VALUE_HOLDS_INT (value))
    *size = g_value_get_int (value);
  else if (value && G_VALUE_HOLDS_INT64 (value))
    *size = g_value_get_int64 (value);
  else
    return FALSE;
  if (*size == SPEAD2_VARIABLE_SIZE)
    return (*n_variable)++ == 0;
  return *size > 0 && *size <= (gint64) SPEAD2_MAX_SIZE;
}

static gboolean
take_shape (
    Spead2PayloadType *type, const GstStructure *structure, GError **error)
{
  const GValue *shape = gst_structure_get_value (structure, "shape");
  guint n_variable = 0, i;
  guint64 elements = 1;

  if (shape == NULL)
    return TRUE;
  if (!GST_VALUE_HOLDS_ARRAY (shape) ||
      gst_value_array_get_size (shape) > SPEAD2_MAX_DIMENSIONS)
    goto refused;
  type->n_dimensions = gst_value_array_get_size (shape);
  for (i = 0; i < type->n_dimensions; i++)
    if (!take_size (
            gst_value_array_get_value (shape, i), &type->shape[i], &n_variable))
      goto refused;
  for (i = 1; i < type->n_dimensions; i++)
    if (type->shape[i] != SPEAD2_VARIABLE_SIZE &&
        (!g_uint64_checked_mul (&elements, elements, type->shape[i]) ||
            elements > G_MAXUINT))
      goto refused;
  if (type->n_dimensions > 0 && n_variable == 0)
    type->shape[0] = SPEAD2_VARIABLE_SIZE;
  type->sample_elements = elements;
  return TRUE;

  /* ERRORS */
refused:
  return refuse (error,
      "The shape in caps is an array of up to %u sizes of at least 1, one of "
      "which may be -1.",
      SPEAD2_MAX_DIMENSIONS);
}

static gboolean
from_item_caps (
    GstSpead2Payload *payload, const GstStructure *structure, GError **error)
{
  const gchar *dtype, *format, *order;

  if (!take_string (structure, "dtype", &dtype, error) ||
      !take_string (structure, "format", &format, error) ||
      !take_string (structure, "order", &order, error))
    return FALSE;
  if ((dtype == NULL) == (format == NULL))
    return refuse (error, "Caps of %s have a dtype or a format, and not both.",
        GST_SPEAD2_ITEM);
  if (!(dtype ? take_dtype (&payload->type, dtype, error)
              : take_formats (&payload->type, format, error)) ||
      !take_shape (&payload->type, structure, error))
    return FALSE;
  return order == NULL || g_str_equal (order, "C") ||
      payload->type.n_dimensions < 2 ||
      refuse (error,
          "order=%s in caps: only values in C order, whose last index varies "
          "fastest, can be described.",
          order);
}

gboolean
gst_spead2_payload_from_caps (GstSpead2Payload *payload, GstCaps *caps,
    guint sample_bits, gboolean own_type, GError **error)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  gst_spead2_payload_init (payload, 0);
  payload->offset_size = 0;
  if (gst_structure_has_name (structure, GST_SPEAD2_AUDIO))
    return from_audio_caps (payload, caps, own_type, error);
  if (gst_structure_has_name (structure, GST_SPEAD2_VIDEO))
    return from_video_caps (payload, caps, own_type, error);

  payload->rate = gst_spead2_rate_of_caps (structure);
  if (!own_type && gst_structure_has_name (structure, GST_SPEAD2_ITEM))
    return from_item_caps (payload, structure, error);
  return own_type || from_packed_caps (payload, structure, sample_bits, error);
}

gboolean
gst_spead2_payload_caps_have_rows (GstCaps *caps)
{
  GstSpead2Payload payload;

  return gst_spead2_payload_from_caps (&payload, caps, 0, TRUE, NULL) &&
      payload.is_video;
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
