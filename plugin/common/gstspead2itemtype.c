/* gst-spead2: the type of an item as the user gives it: see gstspead2itemtype.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2itemtype.h"

#include "gstspead2types.h"
#include "spead2/error.h"

/* Takes the sizes, and nothing else, from the text. */
static gboolean
take_sizes (GstSpead2ItemType *type, const gchar *text)
{
  gboolean variable = FALSE;

  while (*text && type->n_dimensions < SPEAD2_MAX_DIMENSIONS) {
    gchar *end;
    gint64 size = g_ascii_strtoll (text, &end, 10);

    if (end == text || size < SPEAD2_VARIABLE_SIZE || size == 0 ||
        size > (gint64) SPEAD2_MAX_SIZE ||
        (size == SPEAD2_VARIABLE_SIZE && variable))
      return FALSE;
    variable |= size == SPEAD2_VARIABLE_SIZE;
    type->shape[type->n_dimensions++] = size;
    text = end + strspn (end, " ");
    /* Python writes a comma behind a single size. */
    if (*text == ',')
      text += 1 + strspn (text + 1, " ");
    else
      break;
  }
  return *text == '\0' && type->n_dimensions > 0;
}

static gboolean
take_shape (GstSpead2ItemType *type, const gchar *text, GError **error)
{
  g_autofree gchar *sizes = g_strstrip (g_strdup (text));
  gsize length = strlen (sizes);

  if (length >= 2 && sizes[0] == '(' && sizes[length - 1] == ')') {
    sizes[length - 1] = ' ';
    sizes[0] = ' ';
  }
  if (take_sizes (type, g_strstrip (sizes)))
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "shape=%s is no shape: it must be up to %u sizes of at least 1, one of "
      "which may be -1, such as (1024,2)",
      text, SPEAD2_MAX_DIMENSIONS);
  return FALSE;
}

static gboolean
take_dtype (GstSpead2ItemType *type, const gchar *text, GError **error)
{
  const gchar *why;

  if (gst_spead2_types_of_dtype (text, &type->element, &why))
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "dtype=%s is no numpy dtype, such as |i1 or <c8: %s", text, why);
  return FALSE;
}

static gboolean
is_set (const gchar *text)
{
  return text && *text;
}

gboolean
gst_spead2_item_type_parse (GstSpead2ItemType *type, const gchar *dtype,
    const gchar *shape, guint sample_bits, GError **error)
{
  memset (type, 0, sizeof *type);
  if (is_set (dtype) && sample_bits > 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "dtype=%s and sample-bits=%u both say what the samples are: set one of "
        "them",
        dtype, sample_bits);
    return FALSE;
  }
  if (sample_bits > 0)
    gst_spead2_types_of_bits (sample_bits, &type->element);
  return (!is_set (dtype) || take_dtype (type, dtype, error)) &&
      (!is_set (shape) || take_shape (type, shape, error));
}

static void
set_element (Spead2Descriptor *descriptor, const Spead2PayloadType *element)
{
  descriptor->dtype = *element->dtype ? element->dtype : NULL;
  memcpy (descriptor->formats, element->formats, sizeof descriptor->formats);
  descriptor->n_formats = element->n_formats;
  descriptor->element_bits = element->element_bits;
  descriptor->fortran_order = FALSE;
  descriptor->shape[0] = SPEAD2_VARIABLE_SIZE;
  descriptor->n_dimensions = 1;
}

gboolean
gst_spead2_item_type_apply (const GstSpead2ItemType *type,
    const Spead2Descriptor *described, Spead2Descriptor *descriptor)
{
  if (described)
    *descriptor = *described;
  else
    *descriptor = (Spead2Descriptor){.name = "", .description = ""};
  if (type->element.element_bits > 0)
    set_element (descriptor, &type->element);
  if (type->n_dimensions > 0) {
    memcpy (descriptor->shape, type->shape, sizeof descriptor->shape);
    descriptor->n_dimensions = type->n_dimensions;
  }
  return descriptor->element_bits > 0;
}
