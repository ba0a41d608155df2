/* gst-spead2: which caps are which SPEAD types: see gstspead2types.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2types.h"

static const struct {
  const gchar *caps_name;
  const gchar *format; /* in caps */
  const gchar *dtype;  /* or NULL: */
  Spead2Format spead;
  guint bits;
} types[] = {
    {GST_SPEAD2_AUDIO, "S8", "|i1", {0}, 8},
    {GST_SPEAD2_AUDIO, "U8", "|u1", {0}, 8},
    {GST_SPEAD2_AUDIO, "S16LE", "<i2", {0}, 16},
    {GST_SPEAD2_AUDIO, "S16BE", ">i2", {0}, 16},
    {GST_SPEAD2_AUDIO, "U16LE", "<u2", {0}, 16},
    {GST_SPEAD2_AUDIO, "U16BE", ">u2", {0}, 16},
    {GST_SPEAD2_AUDIO, "S32LE", "<i4", {0}, 32},
    {GST_SPEAD2_AUDIO, "S32BE", ">i4", {0}, 32},
    {GST_SPEAD2_AUDIO, "U32LE", "<u4", {0}, 32},
    {GST_SPEAD2_AUDIO, "U32BE", ">u4", {0}, 32},
    {GST_SPEAD2_AUDIO, "F32LE", "<f4", {0}, 32},
    {GST_SPEAD2_AUDIO, "F32BE", ">f4", {0}, 32},
    {GST_SPEAD2_AUDIO, "F64LE", "<f8", {0}, 64},
    {GST_SPEAD2_AUDIO, "F64BE", ">f8", {0}, 64},
    {GST_SPEAD2_AUDIO, "S24BE", NULL, {'i', 24}, 24},
    {GST_SPEAD2_AUDIO, "U24BE", NULL, {'u', 24}, 24},
    {GST_SPEAD2_VIDEO, "GRAY8", "|u1", {0}, 8},
    {GST_SPEAD2_VIDEO, "GRAY16_LE", "<u2", {0}, 16},
    {GST_SPEAD2_VIDEO, "GRAY16_BE", ">u2", {0}, 16},
};

/* Of packed samples. */
static const struct {
  guint bits;
  const gchar *dtype;
} packed_types[] = {{8, "|i1"}, {16, ">i2"}, {32, ">i4"}, {64, ">i8"}};

gboolean
gst_spead2_types_find (
    const gchar *caps_name, const gchar *format, Spead2PayloadType *type)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    if (!g_str_equal (types[i].caps_name, caps_name) ||
        !g_str_equal (types[i].format, format))
      continue;
    type->dtype = types[i].dtype;
    type->format = types[i].spead;
    type->element_bits = types[i].bits;
    return TRUE;
  }
  return FALSE;
}

void
gst_spead2_types_of_bits (guint bits, Spead2PayloadType *type)
{
  guint i;

  type->element_bits = bits;
  type->dtype = NULL;
  type->format = (Spead2Format){'i', bits};
  for (i = 0; i < G_N_ELEMENTS (packed_types); i++)
    if (packed_types[i].bits == bits)
      type->dtype = packed_types[i].dtype;
}

/* -- caps -------------------------------------------------------------------------- */

/* Interleaved audio of all formats that have a dtype, or have none. */
static GstCaps *
audio_caps (gboolean with_dtype)
{
  GstCaps *caps = gst_caps_new_simple (
      GST_SPEAD2_AUDIO, "layout", G_TYPE_STRING, "interleaved", NULL);
  GValue formats = G_VALUE_INIT, format = G_VALUE_INIT;
  guint i;

  g_value_init (&formats, GST_TYPE_LIST);
  g_value_init (&format, G_TYPE_STRING);
  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    if (!g_str_equal (types[i].caps_name, GST_SPEAD2_AUDIO) ||
        (types[i].dtype != NULL) != with_dtype)
      continue;
    g_value_set_static_string (&format, types[i].format);
    gst_value_list_append_value (&formats, &format);
  }
  gst_caps_set_value (caps, "format", &formats);
  g_value_unset (&format);
  g_value_unset (&formats);
  return caps;
}

static GstCaps *
restrict_audio (GstCaps *caps, gboolean with_dtype)
{
  GstCaps *good = audio_caps (with_dtype);
  GstCaps *result =
      gst_caps_intersect_full (caps, good, GST_CAPS_INTERSECT_FIRST);

  gst_caps_unref (good);
  return result;
}

/* Takes out what is out of a range of int; FALSE if nothing is left. */
static gboolean
restrict_int (GstStructure *structure, const gchar *field, gint min, gint max)
{
  const GValue *value = gst_structure_get_value (structure, field);
  GValue range = G_VALUE_INIT, rest = G_VALUE_INIT;
  gboolean good;

  if (value == NULL)
    return TRUE;
  g_value_init (&range, GST_TYPE_INT_RANGE);
  gst_value_set_int_range (&range, min, max);
  good = gst_value_intersect (&rest, value, &range);
  if (good)
    gst_structure_take_value (structure, field, &rest);
  g_value_unset (&range);
  return good;
}

static void
append_other (GstCaps *caps, const GstStructure *structure,
    const GstCapsFeatures *features, gboolean packed)
{
  GstStructure *copy = gst_structure_copy (structure);

  if (!gst_structure_has_name (structure, GST_SPEAD2_VIDEO) &&
      (!restrict_int (copy, "sample-bits", 0, GST_SPEAD2_MAX_SAMPLE_BITS) ||
          ((packed || gst_structure_has_field (copy, "sample-bits")) &&
              !restrict_int (copy, "channels", 1, G_MAXINT)))) {
    gst_structure_free (copy);
    return;
  }
  gst_caps_append_structure_full (
      caps, copy, features ? gst_caps_features_copy (features) : NULL);
}

GstCaps *
gst_spead2_types_restrict (GstCaps *caps, gboolean packed, gboolean own_type)
{
  GstCaps *result;
  guint i;

  if (gst_caps_is_any (caps))
    return gst_caps_ref (caps);

  result = gst_caps_make_writable (restrict_audio (caps, TRUE));
  gst_caps_append (result, restrict_audio (caps, FALSE));
  if (own_type)
    return gst_caps_merge (result, gst_caps_ref (caps));

  for (i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *structure = gst_caps_get_structure (caps, i);

    if (!gst_structure_has_name (structure, GST_SPEAD2_AUDIO))
      append_other (result, structure, gst_caps_get_features (caps, i), packed);
  }
  return result;
}

/* "rate, layout=interleaved", which the caller frees, or NULL. */
static gchar *
missing_fields (const GstStructure *structure, gint channels)
{
  static const struct {
    const gchar *field, *words;
  } fields[] = {{"format", "format"}, {"rate", "rate"},
      {"channels", "channels"}, {"layout", "layout=interleaved"},
      {"channel-mask", "channel-mask"}};
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (gst_structure_has_field (structure, fields[i].field) ||
        /* One or two channels have their positions by themselves. */
        (g_str_equal (fields[i].field, "channel-mask") && channels <= 2))
      continue;
    g_string_append_printf (
        text, "%s%s", text->len > 0 ? ", " : "", fields[i].words);
  }
  return g_string_free (text, text->len == 0);
}

gchar *
gst_spead2_types_explain_audio (const GstStructure *structure)
{
  gchar *missing, *text;
  gint channels = 1;

  gst_structure_get_int (structure, "channels", &channels);
  missing = missing_fields (structure, channels);
  if (missing)
    text = g_strdup_printf ("These audio caps are not whole: add %s.", missing);
  else if (channels < 1)
    text = g_strdup_printf (
        "channels=%d in audio caps: there is at least 1.", channels);
  else
    text =
        g_strdup ("The format, the layout or the channel-mask of these audio "
                  "caps is none that GStreamer has.");
  g_free (missing);
  return text;
}
