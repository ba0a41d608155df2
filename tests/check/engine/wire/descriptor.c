/* Descriptors, byte for byte, written, and what they mean.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "hex.h"
#include "spead2/wire/descriptor.h"
#include "spead2/error.h"

static void
check_bytes (const Spead2Descriptor *descriptor, Spead2Flavour flavour,
    GByteArray *expected)
{
  GError *error = NULL;
  GBytes *bytes = spead2_descriptor_to_bytes (descriptor, flavour, &error);
  const guint8 *data;
  gsize size, i;

  fail_unless (bytes != NULL, "%s", error ? error->message : "");
  data = g_bytes_get_data (bytes, &size);
  fail_unless_equals_uint64 (size, expected->len);
  for (i = 0; i < size; i++)
    if (data[i] != expected->data[i])
      fail ("byte %" G_GSIZE_FORMAT " is 0x%02x, not 0x%02x", i, data[i],
          expected->data[i]);
  g_bytes_unref (bytes);
  g_byte_array_unref (expected);
}

/* As spead2's own tutorial sends it. */
GST_START_TEST (test_timestamp)
{
  const Spead2Descriptor descriptor = {
      .id = 0x1600,
      .name = "timestamp",
      .description = "Index of the first sample",
      .formats = {{'u', 40}},
      .n_formats = 1,
  };
  GByteArray *expected = g_byte_array_new ();

  append_hex (expected,
      "5304030500000009 8000010000000001 8000020000000026 8000030000000000 "
      "8000040000000026 8000140000001600 0000100000000000 0000110000000009 "
      "0000130000000022 0000120000000026");
  append_text (expected, "timestamp");
  append_text (expected, "Index of the first sample");
  append_hex (expected, "75 000028");
  fail_unless_equals_int (expected->len, 118);
  check_bytes (&descriptor, 40, expected);
}
GST_END_TEST

GST_START_TEST (test_adc_samples)
{
  const Spead2Descriptor descriptor = {
      .id = 0x3300,
      .name = "adc_samples",
      .description = "ADC converter output",
      .dtype = "|i1",
      .shape = {1048576},
      .n_dimensions = 1,
  };
  GByteArray *expected = g_byte_array_new ();

  append_hex (expected,
      "530403050000000a 8000010000000001 800002000000005c 8000030000000000 "
      "800004000000005c 8000140000003300 0000100000000000 000011000000000b "
      "000013000000001f 000012000000001f 000015000000001f");
  append_text (expected, "adc_samples");
  append_text (expected, "ADC converter output");
  append_text (expected,
      "{'descr': '|i1', 'fortran_order': False, 'shape': (1048576,)}");
  /* One more than in the tutorial, which writes 'i1'. */
  fail_unless_equals_int (expected->len, 180);
  check_bytes (&descriptor, 40, expected);
}
GST_END_TEST

/* Several fields and dimensions, one of them variable, in SPEAD-64-48. */
GST_START_TEST (test_formats)
{
  const Spead2Descriptor descriptor = {
      .id = 0x7fff,
      .name = "n",
      .description = "",
      .formats = {{'i', 12}, {'f', 0xffff}},
      .n_formats = 2,
      .shape = {SPEAD2_VARIABLE_SIZE, 0, G_GINT64_CONSTANT (0xffffffffffff)},
      .n_dimensions = 3,
  };
  GByteArray *expected = g_byte_array_new ();

  append_hex (expected,
      "5304020600000009 8001000000000001 800200000000001c 8003000000000000 "
      "800400000000001c 8014000000007fff 0010000000000000 0011000000000001 "
      "0013000000000001 0012000000000007");
  append_text (expected, "n");
  append_hex (expected,
      "69 000c 66 ffff 01 000000000000 00 000000000000 00 ffffffffffff");
  check_bytes (&descriptor, 48, expected);
}
GST_END_TEST

static const struct {
  const gchar *dtype;
  gboolean fortran_order;
  guint n_dimensions;
  const gchar *text;
} headers[] = {
    {"<f4", FALSE, 0, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}"},
    {"<f4", TRUE, 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}"},
    {">i2", FALSE, 2,
        "{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3)}"},
    {"|u1", FALSE, 8,
        "{'descr': '|u1', 'fortran_order': False, "
        "'shape': (2, 3, 4, 5, 6, 7, 8, 9)}"},
    {"[('re','<f4'),('im','<f4')]", FALSE, 1,
        "{'descr': [('re','<f4'),('im','<f4')], 'fortran_order': False, "
        "'shape': (2,)}"},
};

GST_START_TEST (test_numpy_header)
{
  Spead2Descriptor descriptor = {
      .id = 1,
      .name = "",
      .description = "",
      .dtype = headers[__i__].dtype,
      .fortran_order = headers[__i__].fortran_order,
      .shape = {2, 3, 4, 5, 6, 7, 8, 9},
      .n_dimensions = headers[__i__].n_dimensions,
  };
  GBytes *bytes = spead2_descriptor_to_bytes (&descriptor, 40, NULL);
  gsize size, length = strlen (headers[__i__].text);
  const guint8 *data = g_bytes_get_data (bytes, &size);

  fail_unless_equals_uint64 (size, 88 + length);
  fail_unless (memcmp (data + 88, headers[__i__].text, length) == 0, "%.*s",
      (gint) length, data + 88);
  g_bytes_unref (bytes);
}
GST_END_TEST

static void
check_refused (const Spead2Descriptor *descriptor, Spead2Flavour flavour,
    const gchar *part)
{
  GError *error = NULL;

  fail_unless (
      spead2_descriptor_to_bytes (descriptor, flavour, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, part) != NULL, "%s", error->message);
  g_error_free (error);
}

static void
check_accepted (const Spead2Descriptor *descriptor, Spead2Flavour flavour)
{
  GError *error = NULL;
  GBytes *bytes = spead2_descriptor_to_bytes (descriptor, flavour, &error);

  fail_unless (bytes != NULL, "%s", error ? error->message : "");
  g_bytes_unref (bytes);
}

GST_START_TEST (test_limits)
{
  const Spead2Flavour flavour = 8 * (__i__ + 1);
  const guint64 max_value = (G_GUINT64_CONSTANT (1) << flavour) - 1;
  /* It is an immediate here. */
  const guint64 max_id =
      MIN ((G_GUINT64_CONSTANT (1) << (63 - flavour)) - 1, max_value);
  const guint64 max_bits = (G_GUINT64_CONSTANT (1) << (64 - flavour)) - 1;
  Spead2Descriptor descriptor = {
      .id = max_id,
      .name = "it",
      .description = "",
      .formats = {{'u', MIN (max_bits, G_MAXUINT)}},
      .n_formats = 1,
      .shape = {max_value, SPEAD2_VARIABLE_SIZE},
      .n_dimensions = 2,
  };

  check_accepted (&descriptor, flavour);
  descriptor.id = 1;
  check_accepted (&descriptor, flavour);
  descriptor.id = 0;
  check_refused (&descriptor, flavour, "Item 'it': id 0x0 is outside");
  descriptor.id = max_id + 1;
  check_refused (&descriptor, flavour, "is outside 1 to");
  descriptor.id = 1;

  descriptor.shape[0] = max_value + 1;
  check_refused (&descriptor, flavour, "of dimension 0 is outside");
  descriptor.shape[0] = -2;
  check_refused (&descriptor, flavour, "size -2 of dimension 0");
  descriptor.shape[0] = 1;

  descriptor.formats[0].bits = 0;
  check_refused (&descriptor, flavour, "a field of 0 bits");
  if (max_bits < G_MAXUINT) {
    descriptor.formats[0].bits = max_bits + 1;
    check_refused (&descriptor, flavour, "bits is outside 1 to");
  }
}
GST_END_TEST

GST_START_TEST (test_variable_dtype)
{
  const Spead2Descriptor descriptor = {
      .id = 1,
      .name = "it",
      .description = "",
      .dtype = "|i1",
      .shape = {2, SPEAD2_VARIABLE_SIZE},
      .n_dimensions = 2,
  };

  check_refused (&descriptor, 40, "dimension 1 is variable");
}
GST_END_TEST

/* 255 bytes are all that SPEAD-64-8 can say. */
GST_START_TEST (test_too_long)
{
  gchar text[300];
  Spead2Descriptor descriptor = {.id = 1, .name = "it", .description = text};

  memset (text, 'x', sizeof text);
  text[253] = '\0';
  check_accepted (&descriptor, 8);
  text[253] = 'x';
  text[254] = '\0';
  check_refused (&descriptor, 8, "256 bytes does not fit SPEAD-64-8");
}
GST_END_TEST

/* -- values -------------------------------------------------------------------- */

static const struct {
  const gchar *name;
  guint bits;
  guint n_dimensions;
  gint64 shape[3];
  gsize size;
  gsize used; /* G_MAXSIZE: too few bytes */
  gint64 variable;
} fits[] = {
    {"fixed", 16, 2, {3, 4}, 24, 24, 0},
    {"a tail", 16, 2, {3, 4}, 30, 24, 0},
    {"too few", 16, 2, {3, 4}, 23, G_MAXSIZE, 0},
    {"a scalar", 64, 0, {0}, 8, 8, 0},
    {"no scalar", 64, 0, {0}, 7, G_MAXSIZE, 0},
    {"nothing", 8, 1, {0}, 0, 0, 0},
    {"bits", 10, 1, {5}, 7, 7, 0},
    {"too few bits", 10, 1, {6}, 7, G_MAXSIZE, 0},
    {"variable", 16, 2, {-1, 4}, 24, 24, 3},
    {"variable, a tail", 16, 2, {-1, 4}, 31, 24, 3},
    {"variable, in the middle", 8, 3, {2, -1, 3}, 20, 18, 3},
    {"variable bits", 10, 1, {-1}, 7, 7, 5},
    {"variable, empty", 8, 1, {-1}, 0, 0, 0},
    {"variable of nothing", 8, 2, {-1, 0}, 20, 0, 0},
    {"variable, too few for one", 8, 2, {-1, 30}, 20, 0, 0},
    {"nothing of very many", 8, 3, {SPEAD2_MAX_SIZE, SPEAD2_MAX_SIZE, 0}, 4, 0,
        0},
    {"2^64", 8, 2, {G_GINT64_CONSTANT (1) << 32, G_GINT64_CONSTANT (1) << 32},
        4, G_MAXSIZE, 0},
    {"very many", 8, 3, {SPEAD2_MAX_SIZE, SPEAD2_MAX_SIZE, 1}, 4, G_MAXSIZE, 0},
    {"variable of very many", 8, 3, {SPEAD2_MAX_SIZE, -1, SPEAD2_MAX_SIZE}, 4,
        0, 0},
};

GST_START_TEST (test_fit)
{
  Spead2Descriptor descriptor = {.id = 7,
      .name = "it",
      .element_bits = fits[__i__].bits,
      .n_dimensions = fits[__i__].n_dimensions};
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  GError *error = NULL;
  gsize used = 0;
  gboolean good;
  guint i;

  memcpy (descriptor.shape, fits[__i__].shape, sizeof fits[__i__].shape);
  good = spead2_descriptor_fit (
      &descriptor, fits[__i__].size, shape, &used, &error);
  fail_unless (good == (fits[__i__].used != G_MAXSIZE), fits[__i__].name);
  fail_unless (good == (error == NULL));
  g_clear_error (&error);
  if (!good)
    return;
  fail_unless (used == fits[__i__].used, fits[__i__].name);
  for (i = 0; i < descriptor.n_dimensions; i++)
    fail_unless (shape[i] ==
            (descriptor.shape[i] == SPEAD2_VARIABLE_SIZE ? fits[__i__].variable
                                                         : descriptor.shape[i]),
        fits[__i__].name);
}
GST_END_TEST

/* MeerKAT's simulator describes 10 bits and sends 8. */
GST_START_TEST (test_fit_names_both_sizes)
{
  const Spead2Descriptor descriptor = {.id = 0x3300,
      .name = "adc_samples",
      .element_bits = 10,
      .shape = {4096},
      .n_dimensions = 1};
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  GError *error = NULL;
  gsize used;

  fail_if (spead2_descriptor_fit (&descriptor, 4096, shape, &used, &error));
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless_equals_string (error->message,
      "Item 0x3300 'adc_samples': 4096 bytes received, where its type needs "
      "5120, for 4096 elements of 10 bits");
  g_error_free (error);
}
GST_END_TEST

static Suite *
descriptor_suite (void)
{
  Suite *suite = suite_create ("descriptor");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_timestamp);
  tcase_add_test (tc, test_adc_samples);
  tcase_add_test (tc, test_formats);
  tcase_add_loop_test (tc, test_numpy_header, 0, G_N_ELEMENTS (headers));
  tcase_add_loop_test (tc, test_limits, 0, 7);
  tcase_add_test (tc, test_variable_dtype);
  tcase_add_test (tc, test_too_long);
  tcase_add_loop_test (tc, test_fit, 0, G_N_ELEMENTS (fits));
  tcase_add_test (tc, test_fit_names_both_sizes);
  return suite;
}

GST_CHECK_MAIN (descriptor);
