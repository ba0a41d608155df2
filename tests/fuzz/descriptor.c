/* Descriptors, fuzzed: bytes are refused with a message, or decoded to a descriptor
 * that is as descriptor.h says, and that is equal after encoding and decoding.
 *
 * An input is a byte of settings, a byte for the size of a value, and the bytes of a
 * descriptor or, after setting 8, a numpy header to be put into one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "check.h"
#include "spead2/wire/descriptor.h"
#include "spead2/wire/dtype.h"

#define N_SETTINGS 2

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

static void
append_number (GByteArray *bytes, guint64 number)
{
  guint8 written[8];

  spead2_write_u64 (written, number);
  g_byte_array_append (bytes, written, sizeof written);
}

/* A packet of SPEAD-64-40 with an id and the header. */
static GByteArray *
wrap_header (const guint8 *header, gsize size)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8 start[SPEAD2_HEADER_SIZE];

  spead2_flavour_write_header (40, 5, start);
  g_byte_array_append (bytes, start, sizeof start);
  append_number (bytes, spead2_flavour_immediate (40, SPEAD2_ID_HEAP_CNT, 1));
  append_number (
      bytes, spead2_flavour_immediate (40, SPEAD2_ID_PAYLOAD_OFFSET, 0));
  append_number (
      bytes, spead2_flavour_immediate (40, SPEAD2_ID_PAYLOAD_LENGTH, size));
  append_number (
      bytes, spead2_flavour_immediate (40, SPEAD2_ID_DESCRIPTOR_ID, 7));
  append_number (
      bytes, spead2_flavour_addressed (40, SPEAD2_ID_DESCRIPTOR_DTYPE, 0));
  g_byte_array_append (bytes, header, size);
  return bytes;
}

static void
check_text (const gchar *text)
{
  for (; *text; text++)
    check (g_ascii_isprint (*text) || strchr ("\t\n\r", *text));
}

/* A dtype in the one form that it has. */
static void
check_dtype (const Spead2Descriptor *descriptor)
{
  gchar *literal = *descriptor->dtype == '['
      ? g_strdup (descriptor->dtype)
      : g_strdup_printf ("'%s'", descriptor->dtype);
  GString *text = g_string_new (NULL);
  const gchar *at = literal, *why;
  Spead2Dtype dtype;

  check (spead2_dtype_take (&at, FALSE, text, &dtype, &why));
  check (*at == '\0');
  check (g_str_equal (text->str, descriptor->dtype));
  check (descriptor->element_bits == 8 * dtype.size);
  g_string_free (text, TRUE);
  g_free (literal);
}

static void
check_formats (const Spead2Descriptor *descriptor)
{
  guint bits = 0;

  check (descriptor->n_formats <= SPEAD2_MAX_FORMATS);
  for (guint i = 0; i < descriptor->n_formats; i++) {
    check (descriptor->formats[i].code &&
        strchr ("uifcb", descriptor->formats[i].code));
    check (descriptor->formats[i].bits > 0);
    bits += descriptor->formats[i].bits;
  }
  check (descriptor->element_bits == bits);
}

static void
check_promises (const Spead2Descriptor *descriptor)
{
  guint n_variable = 0;

  check (descriptor->id > 0);
  check (strlen (descriptor->name) <= SPEAD2_MAX_NAME_LENGTH);
  check_text (descriptor->name);
  check_text (descriptor->description);
  check (descriptor->element_bits > 0);
  check ((descriptor->dtype != NULL) == (descriptor->n_formats == 0));
  if (descriptor->dtype)
    check_dtype (descriptor);
  else
    check_formats (descriptor);
  check (descriptor->n_dimensions <= SPEAD2_MAX_DIMENSIONS);
  for (guint i = 0; i < descriptor->n_dimensions; i++) {
    check (descriptor->shape[i] >= SPEAD2_VARIABLE_SIZE);
    check (descriptor->shape[i] <= (gint64) SPEAD2_MAX_SIZE);
    n_variable += descriptor->shape[i] == SPEAD2_VARIABLE_SIZE;
  }
  check (n_variable <= (descriptor->dtype ? 0 : 1));
}

static void
check_fit (const Spead2Descriptor *descriptor, gsize size)
{
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  guint64 elements = 1;
  GError *error = NULL;
  gsize used;

  if (!spead2_descriptor_fit (descriptor, size, shape, &used, &error)) {
    check (error != NULL);
    g_error_free (error);
    return;
  }
  check (error == NULL && used <= size);
  for (guint i = 0; i < descriptor->n_dimensions; i++)
    if (shape[i] == 0)
      elements = 0;
  for (guint i = 0; i < descriptor->n_dimensions && elements > 0; i++)
    check (g_uint64_checked_mul (&elements, elements, shape[i]));
  check (used == (elements * descriptor->element_bits + 7) / 8);
}

/* In the flavours that can hold it. */
static void
check_written (const Spead2Descriptor *descriptor)
{
  for (Spead2Flavour flavour = 8; flavour <= 56; flavour += 8) {
    GBytes *bytes = spead2_descriptor_to_bytes (descriptor, flavour, NULL);
    Spead2Descriptor *again;

    if (bytes == NULL)
      continue;
    again = spead2_descriptor_from_bytes (g_bytes_get_data (bytes, NULL),
        g_bytes_get_size (bytes), SPEAD2_BUG_COMPAT_NONE, NULL);
    check (again != NULL);
    check (spead2_descriptor_equal (again, descriptor));
    check (again->element_bits == descriptor->element_bits);
    g_free (again);
    g_bytes_unref (bytes);
  }
}

static void
check_bytes (
    const guint8 *data, gsize size, Spead2BugCompat bug_compat, gsize value)
{
  GError *error = NULL;
  Spead2Descriptor *descriptor =
      spead2_descriptor_from_bytes (data, size, bug_compat, &error);

  check ((descriptor == NULL) == (error != NULL));
  if (descriptor == NULL) {
    check_text (error->message);
    g_error_free (error);
    return;
  }
  check_promises (descriptor);
  check_fit (descriptor, value);
  check_written (descriptor);
  g_free (descriptor);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *bytes = data + N_SETTINGS;

  if (size < N_SETTINGS)
    return 0;
  size -= N_SETTINGS;
  if (data[0] & 8) {
    GByteArray *wrapped = wrap_header (bytes, size);

    check_bytes (wrapped->data, wrapped->len, data[0] & 7, 37 * data[1]);
    g_byte_array_unref (wrapped);
  } else {
    check_bytes (bytes, size, data[0] & 7, 37 * data[1]);
  }
  return 0;
}
