/* gst-spead2: which caps are which SPEAD types: see gstspead2types.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2types.h"

#include "spead2/wire/dtype.h"

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

/* The format is for where dtype is NULL. */
static void
set_type (Spead2PayloadType *type, const gchar *dtype, Spead2Format format,
    guint bits)
{
  g_strlcpy (type->dtype, dtype ? dtype : "", sizeof type->dtype);
  type->formats[0] = format;
  type->n_formats = dtype ? 0 : 1;
  type->element_bits = bits;
}

gboolean
gst_spead2_types_find (
    const gchar *caps_name, const gchar *format, Spead2PayloadType *type)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    if (!g_str_equal (types[i].caps_name, caps_name) ||
        !g_str_equal (types[i].format, format))
      continue;
    set_type (type, types[i].dtype, types[i].spead, types[i].bits);
    return TRUE;
  }
  return FALSE;
}

void
gst_spead2_types_of_bits (guint bits, Spead2PayloadType *type)
{
  const gchar *dtype = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (packed_types); i++)
    if (packed_types[i].bits == bits)
      dtype = packed_types[i].dtype;
  set_type (type, dtype, (Spead2Format){'i', bits}, bits);
}

gboolean
gst_spead2_types_of_dtype (
    const gchar *text, Spead2PayloadType *type, const gchar **why)
{
  gchar *literal =
      *text == '[' ? g_strdup (text) : g_strdup_printf ("'%s'", text);
  GString *dtype = g_string_new (NULL);
  const gchar *at = literal;
  Spead2Dtype numpy;
  gboolean good = spead2_dtype_take (&at, FALSE, dtype, &numpy, why);

  if (good && *at != '\0') {
    *why = "there are trailing characters";
    good = FALSE;
  } else if (good && dtype->len > SPEAD2_MAX_DTYPE_LENGTH) {
    *why = "it has more than 255 characters";
    good = FALSE;
  }
  if (good)
    set_type (type, dtype->str, (Spead2Format){0}, 8 * numpy.size);
  g_string_free (dtype, TRUE);
  g_free (literal);
  return good;
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
      !gst_structure_has_name (structure, GST_SPEAD2_ITEM) &&
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

/* -- from SPEAD ---------------------------------------------------------------- */

/* The caps' format of such elements in the table, or NULL. dtype may be NULL. */
static const gchar *
find_format (const gchar *caps_name, const Spead2Descriptor *descriptor,
    const gchar *dtype)
{
  const Spead2Format *format = &descriptor->formats[0];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    if (!g_str_equal (types[i].caps_name, caps_name))
      continue;
    if (types[i].dtype ? g_strcmp0 (types[i].dtype, dtype) == 0
                       : descriptor->n_formats == 1 &&
                format->code == types[i].spead.code &&
                format->bits == types[i].spead.bits)
      return types[i].format;
  }
  return NULL;
}

/* Whether packed samples of so many bits are such elements. */
static gboolean
is_packed (const Spead2Descriptor *descriptor, const gchar *dtype)
{
  Spead2PayloadType type;

  if (descriptor->element_bits > GST_SPEAD2_MAX_SAMPLE_BITS)
    return FALSE;
  gst_spead2_types_of_bits (descriptor->element_bits, &type);
  return *type.dtype ? g_strcmp0 (type.dtype, dtype) == 0
                     : descriptor->n_formats == 1 &&
          descriptor->formats[0].code == type.formats[0].code;
}

/* Whether elements of that shape leave no bits of the last byte unused, as far as the
 * shape is known: what is unused would be samples to those who only know their bits. */
static gboolean
fills_bytes (const Spead2Descriptor *descriptor)
{
  guint bits = descriptor->element_bits % 8, i;

  for (i = 0; i < descriptor->n_dimensions; i++) {
    if (descriptor->shape[i] == SPEAD2_VARIABLE_SIZE)
      return TRUE;
    bits = bits * (descriptor->shape[i] % 8) % 8;
  }
  return bits == 0;
}

/* Whether the shape is (frames) or (frames, channels), the channels of a frame side
 * by side. */
static gboolean
has_channels (const Spead2Descriptor *descriptor, gint max, gint *channels)
{
  *channels = 1;
  if (descriptor->n_dimensions == 1)
    return TRUE;
  if (descriptor->n_dimensions != 2 || descriptor->fortran_order ||
      descriptor->shape[1] < 1 || descriptor->shape[1] > max)
    return FALSE;
  *channels = descriptor->shape[1];
  return TRUE;
}

void
gst_spead2_types_set_rate (GstCaps *caps, const GstSpead2Rate *rate)
{
  if (rate->numerator == 0 || rate->numerator > G_MAXINT ||
      rate->denominator > G_MAXINT)
    return;
  if (rate->denominator == 1)
    gst_caps_set_simple (
        caps, "rate", G_TYPE_INT, (gint) rate->numerator, NULL);
  else
    gst_caps_set_simple (caps, "rate", GST_TYPE_FRACTION,
        (gint) rate->numerator, (gint) rate->denominator, NULL);
}

static void
offer_audio (GstCaps *offered, const Spead2Descriptor *descriptor,
    const gchar *dtype, const GstSpead2Rate *rate)
{
  const gchar *format = find_format (GST_SPEAD2_AUDIO, descriptor, dtype);
  gint channels;
  GstCaps *caps;

  if (format == NULL ||
      !has_channels (descriptor, GST_SPEAD2_MAX_CHANNELS, &channels) ||
      (rate->numerator > 0 &&
          (rate->denominator != 1 || rate->numerator > G_MAXINT)))
    return;
  caps = gst_caps_new_simple (GST_SPEAD2_AUDIO, "format", G_TYPE_STRING, format,
      "layout", G_TYPE_STRING, "interleaved", "channels", G_TYPE_INT, channels,
      "rate", GST_TYPE_INT_RANGE, 1, G_MAXINT, NULL);
  gst_spead2_types_set_rate (caps, rate);
  gst_caps_append (offered, caps);
}

static void
offer_packed (GstCaps *offered, const Spead2Descriptor *descriptor,
    const gchar *dtype, const GstSpead2Rate *rate)
{
  gint channels;
  GstCaps *caps;

  if (!is_packed (descriptor, dtype) ||
      !has_channels (descriptor, G_MAXINT, &channels))
    return;
  caps = gst_caps_new_simple (GST_SPEAD2_BYTES, "sample-bits", G_TYPE_INT,
      (gint) descriptor->element_bits, "channels", G_TYPE_INT, channels, NULL);
  gst_spead2_types_set_rate (caps, rate);
  gst_caps_append (offered, caps);
}

static void
set_shape (GstCaps *caps, const Spead2Descriptor *descriptor)
{
  GValue shape = G_VALUE_INIT;
  guint i;

  g_value_init (&shape, GST_TYPE_ARRAY);
  for (i = 0; i < descriptor->n_dimensions; i++) {
    GValue size = G_VALUE_INIT;

    /* As a number is read that has no type. */
    if (descriptor->shape[i] <= G_MAXINT) {
      g_value_init (&size, G_TYPE_INT);
      g_value_set_int (&size, descriptor->shape[i]);
    } else {
      g_value_init (&size, G_TYPE_INT64);
      g_value_set_int64 (&size, descriptor->shape[i]);
    }
    gst_value_array_append_and_take_value (&shape, &size);
  }
  gst_caps_set_value (caps, "shape", &shape);
  g_value_unset (&shape);
}

static void
offer_item (GstCaps *offered, const Spead2Descriptor *descriptor,
    const gchar *dtype, const GstSpead2Rate *rate)
{
  GstCaps *caps = gst_caps_new_empty_simple (GST_SPEAD2_ITEM);
  gchar *format =
      spead2_formats_dup_text (descriptor->formats, descriptor->n_formats);

  gst_caps_set_simple (caps, dtype ? "dtype" : "format", G_TYPE_STRING,
      dtype ? dtype : format, NULL);
  g_free (format);
  set_shape (caps, descriptor);
  if (descriptor->fortran_order)
    gst_caps_set_simple (caps, "order", G_TYPE_STRING, "fortran", NULL);
  gst_spead2_types_set_rate (caps, rate);
  gst_caps_append (offered, caps);
}

static void
offer_video (
    GstCaps *offered, const Spead2Descriptor *descriptor, const gchar *dtype)
{
  const gchar *format = find_format (GST_SPEAD2_VIDEO, descriptor, dtype);
  const gint64 *shape = descriptor->shape;

  if (format == NULL || descriptor->n_dimensions != 2 ||
      descriptor->fortran_order || shape[0] < 1 || shape[0] > G_MAXINT ||
      shape[1] < 1 || shape[1] > G_MAXINT ||
      shape[1] * (descriptor->element_bits / 8) % 4 != 0)
    return;
  gst_caps_append (offered,
      gst_caps_new_simple (GST_SPEAD2_VIDEO, "format", G_TYPE_STRING, format,
          "width", G_TYPE_INT, (gint) shape[1], "height", G_TYPE_INT,
          (gint) shape[0], "framerate", GST_TYPE_FRACTION, 0, 1, NULL));
}

GstCaps *
gst_spead2_types_offer (
    const Spead2Descriptor *descriptor, const GstSpead2Rate *rate)
{
  gchar *dtype = spead2_descriptor_dup_dtype (descriptor);
  gboolean packed_first = dtype == NULL && fills_bytes (descriptor);
  GstCaps *offered = gst_caps_new_empty (), *bytes;

  offer_audio (offered, descriptor, dtype, rate);
  if (packed_first)
    offer_packed (offered, descriptor, dtype, rate);
  offer_item (offered, descriptor, dtype, rate);
  if (!packed_first)
    offer_packed (offered, descriptor, dtype, rate);
  offer_video (offered, descriptor, dtype);
  bytes = gst_caps_new_empty_simple (GST_SPEAD2_BYTES);
  gst_spead2_types_set_rate (bytes, rate);
  gst_caps_append (offered, bytes);
  g_free (dtype);
  return offered;
}

/* More than two channels have a mask, 0 where nothing is known of their places. */
static GstCaps *
complete (GstCaps *chosen)
{
  GstCaps *caps = gst_caps_fixate (chosen);
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  gint channels = 0;

  if (gst_structure_has_name (structure, GST_SPEAD2_AUDIO) &&
      gst_structure_get_int (structure, "channels", &channels) &&
      channels > 2 && !gst_structure_has_field (structure, "channel-mask"))
    gst_caps_set_simple (
        caps, "channel-mask", GST_TYPE_BITMASK, G_GUINT64_CONSTANT (0), NULL);
  return caps;
}

GstCaps *
gst_spead2_types_choose (GstCaps *offered, GstCaps *downstream)
{
  GstCaps *caps =
      gst_caps_intersect_full (offered, downstream, GST_CAPS_INTERSECT_FIRST);
  guint i;

  for (i = 0; i < gst_caps_get_size (caps); i++) {
    const GValue *rate =
        gst_structure_get_value (gst_caps_get_structure (caps, i), "rate");

    if (rate == NULL || gst_value_is_fixed (rate)) {
      GstCaps *chosen = gst_caps_copy_nth (caps, i);

      gst_caps_unref (caps);
      return complete (chosen);
    }
  }
  gst_caps_unref (caps);
  return NULL;
}
