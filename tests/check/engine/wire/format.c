/* SPEAD formats, as text and as numpy calls them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/error.h"
#include "spead2/wire/format.h"

static const struct {
  Spead2Format formats[3];
  const gchar *dtype;
  const gchar *text;
} formats[] = {
    {{{'u', 8}}, "|u1", "u8"},
    {{{'i', 16}}, ">i2", "i16"},
    {{{'u', 32}}, ">u4", "u32"},
    {{{'i', 64}}, ">i8", "i64"},
    {{{'f', 32}}, ">f4", "f32"},
    {{{'f', 64}}, ">f8", "f64"},
    {{{'b', 8}}, "|b1", "b8"},
    {{{'c', 8}}, "|S1", "c8"},
    {{{'u', 24}}, NULL, "u24"},
    {{{'i', 10}}, NULL, "i10"},
    {{{'b', 1}}, NULL, "b1"},
    {{{'u', 8}, {'f', 32}}, "[('f0','|u1'),('f1','>f4')]", "u8,f32"},
    {{{'u', 4}, {'f', 64}, {'i', 4}}, NULL, "u4,f64,i4"},
    {{{0}}, NULL, NULL},
};

static guint
count (const Spead2Format *list)
{
  guint n = 0;

  while (n < G_N_ELEMENTS (formats[0].formats) && list[n].code)
    n++;
  return n;
}

GST_START_TEST (test_names)
{
  const Spead2Format *list = formats[__i__].formats;
  gchar *text = spead2_formats_dup_dtype (list, count (list));

  fail_unless_equals_string (text, formats[__i__].dtype);
  g_free (text);
  text = spead2_formats_dup_text (list, count (list));
  fail_unless_equals_string (text, formats[__i__].text);
  g_free (text);
}
GST_END_TEST

GST_START_TEST (test_parse)
{
  const Spead2Format *list = formats[__i__].formats;
  Spead2Format parsed[SPEAD2_MAX_FORMATS];
  guint n, i;

  if (formats[__i__].text == NULL)
    return;
  n = spead2_formats_parse (formats[__i__].text, parsed, NULL);
  fail_unless_equals_int (n, count (list));
  for (i = 0; i < n; i++) {
    fail_unless_equals_int (parsed[i].code, list[i].code);
    fail_unless_equals_int (parsed[i].bits, list[i].bits);
  }
}
GST_END_TEST

GST_START_TEST (test_parse_limits)
{
  Spead2Format parsed[SPEAD2_MAX_FORMATS];

  fail_unless_equals_int (
      spead2_formats_parse ("u1, i65535 ,c8,c8,b1,b2,f32,f64", parsed, NULL),
      8);
  fail_unless_equals_int (parsed[1].bits, 65535);
}
GST_END_TEST

static const gchar *mistakes[][2] = {
    {"", "'' is no format"},
    {"u", "'u' is no format"},
    {"8", "'8' is no format"},
    {"u0", "'u0' is no format"},
    {"u-8", "'u-8' is no format"},
    {"u65536", "'u65536' is no format"},
    {"u8,", "'u8,' is no format"},
    {",u8", "',u8' is no format"},
    {"u8 i8", "'u8 i8' is no format"},
    {"x8", "'x8' is no format"},
    {"u1,u1,u1,u1,u1,u1,u1,u1,u1", "is no format"},
    {"u8,f16", "no receiver reads f16: floats have 32 or 64 bits"},
    {"c4", "no receiver reads c4: characters have 8 bits"},
};

GST_START_TEST (test_mistakes)
{
  Spead2Format parsed[SPEAD2_MAX_FORMATS];
  GError *error = NULL;

  fail_unless_equals_int (
      spead2_formats_parse (mistakes[__i__][0], parsed, &error), 0);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, mistakes[__i__][1]) != NULL, "%s",
      error->message);
  g_error_free (error);
}
GST_END_TEST

static const struct {
  const gchar *dtype;
  Spead2Format format; /* none: code 0 */
} dtypes[] = {
    {"|i1", {'i', 8}},
    {"<u1", {'u', 8}},
    {">i2", {'i', 16}},
    {">u8", {'u', 64}},
    {">f4", {'f', 32}},
    {"<i2", {0}},
    {">f2", {0}},
    {">c8", {0}},
    {"|b1", {0}},
    {"|S1", {0}},
    {"[('a','|i1')]", {0}},
    {"nonsense", {0}},
};

GST_START_TEST (test_of_dtype)
{
  Spead2Format format;
  gboolean good = spead2_format_of_dtype (dtypes[__i__].dtype, &format);

  fail_unless (good == (dtypes[__i__].format.code != 0));
  if (good) {
    fail_unless_equals_int (format.code, dtypes[__i__].format.code);
    fail_unless_equals_int (format.bits, dtypes[__i__].format.bits);
  }
}
GST_END_TEST

static Suite *
format_suite (void)
{
  Suite *suite = suite_create ("format");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_names, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tc, test_parse, 0, G_N_ELEMENTS (formats));
  tcase_add_test (tc, test_parse_limits);
  tcase_add_loop_test (tc, test_mistakes, 0, G_N_ELEMENTS (mistakes));
  tcase_add_loop_test (tc, test_of_dtype, 0, G_N_ELEMENTS (dtypes));
  return suite;
}

GST_CHECK_MAIN (format);
