/* What the bytes of a payload are: see payload.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/payload.h"

#include <string.h>

#include <gst/gst.h>

#include "spead2/error.h"

static const gint64 one_variable[] = {SPEAD2_VARIABLE_SIZE};

void
spead2_payload_type_init (Spead2PayloadType *type)
{
  *type = (Spead2PayloadType){.dtype = "|u1",
      .element_bits = 8,
      .shape = {SPEAD2_VARIABLE_SIZE},
      .n_dimensions = 1,
      .sample_elements = 1};
}

void
spead2_payload_init (Spead2Payload *payload, const Spead2Item *item,
    const Spead2PayloadType *type)
{
  guint i;

  if (item->dtype || item->n_formats > 0) {
    *payload = (Spead2Payload){.dtype = item->dtype,
        .formats = item->formats,
        .n_formats = item->n_formats,
        .element_bits = item->dtype_size * 8,
        .shape = one_variable,
        .n_dimensions = 1,
        .sample_elements = 1};
    for (i = 0; i < item->n_formats; i++)
      payload->element_bits += item->formats[i].bits;
  } else {
    *payload = (Spead2Payload){.dtype = *type->dtype ? type->dtype : NULL,
        .formats = type->formats,
        .n_formats = type->n_formats,
        .element_bits = type->element_bits,
        .shape = type->shape,
        .n_dimensions = type->n_dimensions,
        .sample_elements = type->sample_elements};
  }
  if (item->has_shape) {
    payload->shape = item->shape;
    payload->n_dimensions = item->n_dimensions;
  }
}

/* -- sizes --------------------------------------------------------------------- */

/* "(any, 2)", for messages; the caller frees it. */
static gchar *
shape_in_words (const Spead2Payload *payload)
{
  GString *text = g_string_new ("(");
  guint i;

  for (i = 0; i < payload->n_dimensions; i++) {
    g_string_append (text, i ? ", " : "");
    if (payload->shape[i] == SPEAD2_VARIABLE_SIZE)
      g_string_append (text, "any");
    else
      g_string_append_printf (text, "%" G_GINT64_FORMAT, payload->shape[i]);
  }
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

/* bits: of a payload of that shape, or of one more in the dimension that is
 * variable; 0 where they are too many to count. */
static void
set_size_error (GError **error, const Spead2Payload *payload, gsize size,
    guint64 bits, gboolean variable)
{
  gchar *words = shape_in_words (payload);
  /* As many more as make whole bytes, or a last byte that is filled up. */
  guint64 bytes = variable
      ? bits / (guint64) gst_util_greatest_common_divisor_int64 (bits, 8)
      : bits / 8 + (bits % 8 > 0);
  gchar *rule = bits == 0
      ? g_strdup ("")
      : g_strdup_printf (": it must be %s%" G_GUINT64_FORMAT " bytes",
            variable ? "a multiple of " : "", bytes);

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A payload of %" G_GSIZE_FORMAT " bytes does not have the shape %s with "
      "elements of %u bits%s",
      size, words, payload->element_bits, rule);
  g_free (rule);
  g_free (words);
}

gboolean
spead2_payload_find_shape (
    const Spead2Payload *payload, gsize size, gint64 *shape, GError **error)
{
  guint64 bits = payload->element_bits;
  gint64 *variable = NULL;
  gboolean counted = TRUE, good;
  guint i;

  for (i = 0; i < payload->n_dimensions; i++) {
    shape[i] = payload->shape[i];
    if (shape[i] == SPEAD2_VARIABLE_SIZE)
      variable = &shape[i];
    else
      counted = counted && g_uint64_checked_mul (&bits, bits, shape[i]);
  }
  if (variable) {
    good = counted && (guint64) size * 8 % bits == 0;
    *variable = good ? (guint64) size * 8 / bits : 0;
  } else {
    /* The last byte is filled up. */
    good = counted && size == bits / 8 + (bits % 8 > 0);
  }
  if (!good)
    set_size_error (error, payload, size, counted ? bits : 0, variable != NULL);
  return good;
}

gboolean
spead2_payload_round (
    const Spead2Payload *payload, gsize size, gsize *below, gsize *above)
{
  guint64 bits = payload->element_bits;
  gboolean variable = FALSE;
  guint i;

  *below = *above = 0;
  for (i = 0; i < payload->n_dimensions; i++) {
    if (payload->shape[i] == SPEAD2_VARIABLE_SIZE)
      variable = TRUE;
    else if (!g_uint64_checked_mul (&bits, bits, payload->shape[i]))
      return FALSE;
  }
  if (bits == 0 || (!variable && bits % 8 != 0))
    return FALSE;
  *above = bits / (guint64) gst_util_greatest_common_divisor_int64 (bits, 8);
  if (!variable)
    return size < *above;
  *below = size - size % *above;
  return g_size_checked_add (above, *below, *above);
}

/* -- descriptors --------------------------------------------------------------- */

static gboolean
is_variable (const Spead2Payload *payload)
{
  guint i;

  for (i = 0; i < payload->n_dimensions; i++)
    if (payload->shape[i] == SPEAD2_VARIABLE_SIZE)
      return TRUE;
  return FALSE;
}

gboolean
spead2_payload_open_format (const Spead2Payload *payload, Spead2Format *format)
{
  if (!is_variable (payload))
    return FALSE;
  if (payload->dtype)
    return spead2_format_of_dtype (payload->dtype, format);
  *format = payload->formats[0];
  return TRUE;
}

void
spead2_payload_describe (const Spead2Payload *payload, const gint64 *shape,
    Spead2Descriptor *descriptor)
{
  descriptor->dtype = payload->dtype;
  descriptor->n_formats = payload->n_formats;
  memcpy (descriptor->formats, payload->formats,
      payload->n_formats * sizeof (Spead2Format));
  descriptor->n_dimensions = payload->n_dimensions;
  memcpy (descriptor->shape, shape ? shape : payload->shape,
      payload->n_dimensions * sizeof (gint64));
  if (shape || payload->dtype == NULL)
    return;
  descriptor->dtype = NULL;
  descriptor->n_formats = 1;
  spead2_format_of_dtype (payload->dtype, &descriptor->formats[0]);
}
