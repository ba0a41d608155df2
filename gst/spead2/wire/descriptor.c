/* Item descriptors, encoded, and shapes of values: see descriptor.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/descriptor.h"

#include "spead2/error.h"

/* The heap counter of the packet inside a descriptor; nobody reads it. */
#define EMBEDDED_HEAP_CNT 1

/* Heap counter, length, offset, payload length, id, name, description, format
 * and shape; and the numpy header when there is one. */
#define MAX_POINTERS 10

/* -- values ------------------------------------------------------------------- */

gboolean
spead2_descriptor_equal (const Spead2Descriptor *a, const Spead2Descriptor *b)
{
  guint i;

  if (a->id != b->id || g_strcmp0 (a->name, b->name) != 0 ||
      g_strcmp0 (a->description, b->description) != 0 ||
      g_strcmp0 (a->dtype, b->dtype) != 0 ||
      a->fortran_order != b->fortran_order || a->n_formats != b->n_formats ||
      a->n_dimensions != b->n_dimensions)
    return FALSE;
  for (i = 0; i < a->n_formats; i++)
    if (a->formats[i].code != b->formats[i].code ||
        a->formats[i].bits != b->formats[i].bits)
      return FALSE;
  for (i = 0; i < a->n_dimensions; i++)
    if (a->shape[i] != b->shape[i])
      return FALSE;
  return TRUE;
}

gchar *
spead2_descriptor_dup_dtype (const Spead2Descriptor *descriptor)
{
  return descriptor->dtype
      ? g_strdup (descriptor->dtype)
      : spead2_formats_dup_dtype (descriptor->formats, descriptor->n_formats);
}

/* The product of all sizes except the variable one, at most G_MAXUINT64. variable:
 * the dimension of that one, or n_dimensions if there is none. */
static guint64
count_known (const Spead2Descriptor *descriptor, guint *variable)
{
  guint64 known = 1;
  guint i;

  *variable = descriptor->n_dimensions;
  for (i = 0; i < descriptor->n_dimensions; i++) {
    guint64 size = descriptor->shape[i];

    if (descriptor->shape[i] == SPEAD2_VARIABLE_SIZE)
      *variable = i;
    else if (size == 0 || known == 0)
      known = 0;
    else if (known > G_MAXUINT64 / size)
      known = G_MAXUINT64;
    else
      known *= size;
  }
  return known;
}

static void
set_fit_error (const Spead2Descriptor *descriptor, gsize size, guint64 elements,
    GError **error)
{
  guint64 bits;

  if (!g_uint64_checked_mul (&bits, elements, descriptor->element_bits))
    bits = G_MAXUINT64;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "Item 0x%" G_GINT64_MODIFIER "x '%s': %" G_GSIZE_FORMAT
      " bytes received, where its type needs %s%" G_GUINT64_FORMAT
      ", for %" G_GUINT64_FORMAT " elements of %u bits",
      descriptor->id, descriptor->name, size,
      bits == G_MAXUINT64 ? "more than " : "", bits / 8 + (bits % 8 > 0),
      elements, descriptor->element_bits);
}

gboolean
spead2_descriptor_fit (const Spead2Descriptor *descriptor, gsize size,
    gint64 *shape, gsize *used, GError **error)
{
  guint64 available = (guint64) size * 8 / descriptor->element_bits;
  guint variable;
  guint64 elements = count_known (descriptor, &variable);

  memcpy (shape, descriptor->shape,
      descriptor->n_dimensions * sizeof descriptor->shape[0]);
  if (variable < descriptor->n_dimensions) {
    shape[variable] = elements ? available / elements : 0;
    elements = shape[variable] ? elements * shape[variable] : 0;
  }
  if (elements > available) {
    set_fit_error (descriptor, size, elements, error);
    return FALSE;
  }
  *used = (elements * descriptor->element_bits + 7) / 8;
  return TRUE;
}

/* -- encoding ------------------------------------------------------------------- */

static gboolean
check (
    const Spead2Descriptor *descriptor, Spead2Flavour flavour, GError **error)
{
  /* It is an id elsewhere, and here an immediate. */
  guint64 max_id =
      MIN (spead2_flavour_max_id (flavour), spead2_flavour_max_value (flavour));
  guint i;

  if (descriptor->id < 1 || descriptor->id > max_id) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Item '%s': id 0x%" G_GINT64_MODIFIER
        "x is outside 1 to 0x%" G_GINT64_MODIFIER
        "x, the ids that SPEAD-64-%u can describe",
        descriptor->name, descriptor->id, max_id, flavour);
    return FALSE;
  }

  for (i = 0; i < descriptor->n_dimensions; i++) {
    gint64 size = descriptor->shape[i];

    if (size == SPEAD2_VARIABLE_SIZE && descriptor->dtype != NULL) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "Item '%s': dimension %u is variable, which a numpy dtype cannot "
          "say: use a format",
          descriptor->name, i);
      return FALSE;
    }
    if (size != SPEAD2_VARIABLE_SIZE &&
        (size < 0 || (guint64) size > spead2_flavour_max_value (flavour))) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "Item '%s': size %" G_GINT64_FORMAT " of dimension %u is outside 0 "
          "to %" G_GUINT64_FORMAT ", the sizes of SPEAD-64-%u",
          descriptor->name, size, i, spead2_flavour_max_value (flavour),
          flavour);
      return FALSE;
    }
  }

  for (i = 0; i < descriptor->n_formats; i++) {
    guint64 limit =
        (G_GUINT64_CONSTANT (1) << 8 * spead2_flavour_id_size (flavour)) - 1;

    if (descriptor->formats[i].bits == 0 ||
        descriptor->formats[i].bits > limit) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "Item '%s': a field of %u bits is outside 1 to %" G_GUINT64_FORMAT
          ", the widths of SPEAD-64-%u",
          descriptor->name, descriptor->formats[i].bits, limit, flavour);
      return FALSE;
    }
  }

  return TRUE;
}

static void
append_number (GByteArray *bytes, guint64 value, guint size)
{
  guint8 number[8];

  spead2_write_u64 (number, value);
  g_byte_array_append (bytes, number + 8 - size, size);
}

static void
append_formats (GByteArray *bytes, const Spead2Descriptor *descriptor,
    Spead2Flavour flavour)
{
  guint i;

  for (i = 0; i < descriptor->n_formats; i++) {
    g_byte_array_append (
        bytes, (const guint8 *) &descriptor->formats[i].code, 1);
    append_number (
        bytes, descriptor->formats[i].bits, spead2_flavour_id_size (flavour));
  }
}

static void
append_shape (GByteArray *bytes, const Spead2Descriptor *descriptor,
    Spead2Flavour flavour)
{
  guint i;

  for (i = 0; i < descriptor->n_dimensions; i++) {
    gboolean variable = descriptor->shape[i] == SPEAD2_VARIABLE_SIZE;

    append_number (bytes, variable, 1);
    append_number (bytes, variable ? 0 : descriptor->shape[i],
        spead2_flavour_address_size (flavour));
  }
}

/* The dictionary at the head of an .npy file, as numpy prints it. */
static void
append_numpy_header (GByteArray *bytes, const Spead2Descriptor *descriptor)
{
  GString *text = g_string_new ("{'descr': ");
  gboolean fields = descriptor->dtype[0] == '[';
  guint i;

  g_string_append_printf (text, fields ? "%s" : "'%s'", descriptor->dtype);
  g_string_append_printf (text, ", 'fortran_order': %s, 'shape': (",
      descriptor->fortran_order ? "True" : "False");
  for (i = 0; i < descriptor->n_dimensions; i++)
    g_string_append_printf (text,
        i ? ", %" G_GINT64_FORMAT : "%" G_GINT64_FORMAT, descriptor->shape[i]);
  /* A tuple of one wants its comma. */
  g_string_append (text, descriptor->n_dimensions == 1 ? ",)}" : ")}");

  g_byte_array_append (bytes, (const guint8 *) text->str, text->len);
  g_string_free (text, TRUE);
}

GBytes *
spead2_descriptor_to_bytes (
    const Spead2Descriptor *descriptor, Spead2Flavour flavour, GError **error)
{
  GByteArray *payload, *packet;
  guint64 pointers[MAX_POINTERS];
  guint8 header[SPEAD2_HEADER_SIZE];
  guint n = 4, i;

  if (!check (descriptor, flavour, error))
    return NULL;

  payload = g_byte_array_new ();
  pointers[n++] = spead2_flavour_immediate (
      flavour, SPEAD2_ID_DESCRIPTOR_ID, descriptor->id);

  pointers[n++] = spead2_flavour_addressed (
      flavour, SPEAD2_ID_DESCRIPTOR_NAME, payload->len);
  g_byte_array_append (
      payload, (const guint8 *) descriptor->name, strlen (descriptor->name));

  pointers[n++] = spead2_flavour_addressed (
      flavour, SPEAD2_ID_DESCRIPTOR_DESCRIPTION, payload->len);
  g_byte_array_append (payload, (const guint8 *) descriptor->description,
      strlen (descriptor->description));

  pointers[n++] = spead2_flavour_addressed (
      flavour, SPEAD2_ID_DESCRIPTOR_FORMAT, payload->len);
  if (descriptor->dtype == NULL)
    append_formats (payload, descriptor, flavour);

  pointers[n++] = spead2_flavour_addressed (
      flavour, SPEAD2_ID_DESCRIPTOR_SHAPE, payload->len);
  if (descriptor->dtype == NULL) {
    append_shape (payload, descriptor, flavour);
  } else {
    pointers[n++] = spead2_flavour_addressed (
        flavour, SPEAD2_ID_DESCRIPTOR_DTYPE, payload->len);
    append_numpy_header (payload, descriptor);
  }

  if (payload->len > spead2_flavour_max_value (flavour)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Item '%s': a descriptor of %u bytes does not fit SPEAD-64-%u: choose "
        "more heap-address-bits or a shorter description",
        descriptor->name, payload->len, flavour);
    g_byte_array_unref (payload);
    return NULL;
  }

  pointers[0] =
      spead2_flavour_immediate (flavour, SPEAD2_ID_HEAP_CNT, EMBEDDED_HEAP_CNT);
  pointers[1] =
      spead2_flavour_immediate (flavour, SPEAD2_ID_HEAP_LENGTH, payload->len);
  pointers[2] = spead2_flavour_immediate (flavour, SPEAD2_ID_PAYLOAD_OFFSET, 0);
  pointers[3] = spead2_flavour_immediate (
      flavour, SPEAD2_ID_PAYLOAD_LENGTH, payload->len);

  packet = g_byte_array_new ();
  spead2_flavour_write_header (flavour, n, header);
  g_byte_array_append (packet, header, sizeof header);
  for (i = 0; i < n; i++)
    append_number (packet, pointers[i], SPEAD2_POINTER_SIZE);
  g_byte_array_append (packet, payload->data, payload->len);

  g_byte_array_unref (payload);
  return g_byte_array_free_to_bytes (packet);
}
