/* numpy dtypes, as users write them and as numpy headers do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/error.h"
#include "spead2/wire/dtype.h"

/* What numpy says of them; 0 is refused. */
static const struct {
  const gchar *text;
  guint size;
} dtypes[] = {{"|i1", 1}, {"i1", 1}, {">u2", 2}, {"<f4", 4}, {"<c8", 8},
    {">c16", 16}, {"|S12", 12}, {"<U3", 12}, {"|V7", 7}, {"|b1", 1},
    {"[('re','<f4'),('im','<f4')]", 8},
    {"[('TCI','i1'),('FD','u1'),('VIS','<c8',4)]", 34},
    {"[('TCI', '|i1'), ('FD', '|u1'), ('VIS', '<c8', (4,))]", 34},
    {"[('a', [('b', '<i2', (2, 3))], 2),]", 24}, {"i2", 0}, {"<i3", 0},
    {"<f16", 0}, {"|x1", 0}, {"", 0}, {"<", 0}, {"<i", 0}, {"<i2 ", 0},
    {"[('a','<i2'),('b',[('a','<i2')])]", 4}, {"[('a','<i2'),('a','<i2')]", 0},
    {"[('a','<i2',02)]", 0}, {"int8", 0}, {"[]", 0}, {"[('a','<i2')", 0},
    {"[('a''<i2')]", 0}, {"[('a','<i2',0)]", 0}, {"[('','<i2')]", 0},
    {"[('a','<i2']", 0}, {"[('a','<i2',(2,3)]", 0}, {"<i2'", 0},
    {"[('a','|S16777216',2)]", 0}, {"[[[[[[[[[[[[", 0},
    {"|S99999999999999999999", 0}, {"=i2", 0}, {"?", 0}, {"[(\"a\",'<i2')]", 0},
    {"[('a',\n'<i2')]", 0}, {"'<i2'", 0}};

GST_START_TEST (test_parse)
{
  Spead2Dtype dtype;
  GError *error = NULL;
  gboolean good = spead2_dtype_parse (dtypes[__i__].text, &dtype, &error);

  fail_unless (good == (dtypes[__i__].size > 0), "%s", dtypes[__i__].text);
  fail_unless (good
          ? dtype.size == dtypes[__i__].size
          : g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID),
      "%s", dtypes[__i__].text);
  g_clear_error (&error);
}
GST_END_TEST

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define HOST "<"
#define OTHER ">"
#else
#define HOST ">"
#define OTHER "<"
#endif

/* In a header; what is left behind it begins with a star. */
static const struct {
  const gchar *literal;
  const gchar *text;
  const gchar *swapped;
  guint size;
} literals[] = {
    {"'|i1'*", "|i1", "|i1", 1},
    {"'i1'*", "|i1", "|i1", 1},
    {"\"<i2\"*", "<i2", ">i2", 2},
    {" \n\t'>f8'*", ">f8", "<f8", 8},
    {"'u4'*", HOST "u4", OTHER "u4", 4},
    {"'=c8'*", HOST "c8", OTHER "c8", 8},
    {"'|i2'*", HOST "i2", OTHER "i2", 2},
    {"'<U3'*", "<U3", ">U3", 12},
    {"'>S3'*", "|S3", "|S3", 3},
    {"'|V7'*", "|V7", "|V7", 7},
    {"'?'*", "|b1", "|b1", 1},
    {"'bool'*", "|b1", "|b1", 1},
    {"'int8'*", "|i1", "|i1", 1},
    {"'uint16'*", HOST "u2", OTHER "u2", 2},
    {"'>float32'*", ">f4", "<f4", 4},
    {"'complex128'*", HOST "c16", OTHER "c16", 16},
    {"[ ('re', '<f4') , (\"im\",\n'<f4') , ]*", "[('re','<f4'),('im','<f4')]",
        "[('re','>f4'),('im','>f4')]", 8},
    {"[('a', '|i1'), ('', '|V3'), ('b', [('c', '>i4', (2, 3))], 2)]*",
        "[('a','|i1'),('','|V3'),('b',[('c','>i4',(2,3,))],(2,))]",
        "[('a','|i1'),('','|V3'),('b',[('c','<i4',(2,3,))],(2,))]", 52},
    {"[('a','<i2',1),('b','<i2',(1,))]*", "[('a','<i2'),('b','<i2',(1,))]",
        "[('a','>i2'),('b','>i2',(1,))]", 4},
    {"[('x[0] = {%s}','<i2')]*", "[('x[0] = {%s}','<i2')]",
        "[('x[0] = {%s}','>i2')]", 2},
    {"[('','<i2'),('','<i2')]*", "[('','<i2'),('','<i2')]",
        "[('','>i2'),('','>i2')]", 4},
};

GST_START_TEST (test_take)
{
  gint swapped;

  for (swapped = 0; swapped < 2; swapped++) {
    const gchar *at = literals[__i__].literal, *why = NULL;
    const gchar *expected =
        swapped ? literals[__i__].swapped : literals[__i__].text;
    GString *text = g_string_new (NULL);
    Spead2Dtype dtype;

    fail_unless (spead2_dtype_take (&at, swapped, text, &dtype, &why), "%s: %s",
        literals[__i__].literal, why);
    fail_unless_equals_string (at, "*");
    fail_unless_equals_string (text->str, expected);
    fail_unless_equals_int (dtype.size, literals[__i__].size);
    if (dtype.size > 1 && *text->str != '|' && *text->str != '[')
      fail_unless (dtype.little_endian == (*text->str == '<'));
    g_string_free (text, TRUE);
  }
}
GST_END_TEST

/* The form that numpy's are brought into is one that users may write. */
GST_START_TEST (test_taken_parses)
{
  const gchar *at = literals[__i__].literal, *why;
  GString *text = g_string_new (NULL);
  Spead2Dtype taken, parsed;

  spead2_dtype_take (&at, FALSE, text, &taken, &why);
  if (strstr (text->str, "''") == NULL && strchr (text->str, '%') == NULL) {
    fail_unless (
        spead2_dtype_parse (text->str, &parsed, NULL), "%s", text->str);
    fail_unless_equals_int (parsed.size, taken.size);
    fail_unless_equals_int (parsed.kind, taken.kind);
  }
  g_string_free (text, TRUE);
}
GST_END_TEST

static const struct {
  const gchar *literal;
  gint at;
  const gchar *why;
} mistakes[] = {
    {"", 0, "a type stands in quotes"},
    {"<i2", 0, "a type stands in quotes"},
    {"('<i2',(2,))", 0, "a type stands in quotes"},
    {"'<i2", 4, "a quote is missing"},
    {"'<i2\"", 4, "a quote is missing"},
    {"'i2,i2'", 3, "a quote is missing"},
    {"'O'", 1, "objects of Python"},
    {"'|O8'", 2, "objects of Python"},
    {"[('a','O')]", 7, "objects of Python"},
    {"'M8[us]'", 1, "a kind is missing"},
    {"'b'", 2, "a number is missing"},
    {"'S0'", 2, "begins with 0"},
    {"'int12'", 2, "a number is missing"},
    {"[]", 1, "a field is written"},
    {"[('a\\'b','<i2')]", 4, "without quotes and backslashes"},
    {"[('a\x7f','<i2')]", 4, "without quotes and backslashes"},
    {"[(('title','a'),'<i2')]", 2, "begins with its name in quotes"},
    {"[('a','<i2'),('a','<i2')]", 17, "two fields have this name"},
    {"[('a','<i2',())]", 13, "a number is missing"},
    {"[('a','|S16777216'),('b','|i1')]", 31, "too large"},
    {"[('a','<i2',(1000,1000,1000))]", 27, "too large"},
    {"[('a',[('b',[('c',[('d',[('e',[('f',[('g',[('h',[('i','|i1')])])])])])])]"
     ")])]",
        48, "too many fields of their own"},
};

GST_START_TEST (test_take_mistakes)
{
  const gchar *at = mistakes[__i__].literal, *why = NULL;
  GString *text = g_string_new (NULL);
  Spead2Dtype dtype;

  fail_if (spead2_dtype_take (&at, FALSE, text, &dtype, &why), "%s",
      mistakes[__i__].literal);
  fail_unless (strstr (why, mistakes[__i__].why) != NULL, "%s: %s",
      mistakes[__i__].literal, why);
  fail_unless (at - mistakes[__i__].literal == mistakes[__i__].at,
      "%s: at %d: %s", mistakes[__i__].literal,
      (gint) (at - mistakes[__i__].literal), why);
  g_string_free (text, TRUE);
}
GST_END_TEST

static Suite *
dtype_suite (void)
{
  Suite *suite = suite_create ("dtype");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_parse, 0, G_N_ELEMENTS (dtypes));
  tcase_add_loop_test (tc, test_take, 0, G_N_ELEMENTS (literals));
  tcase_add_loop_test (tc, test_taken_parses, 0, G_N_ELEMENTS (literals));
  tcase_add_loop_test (tc, test_take_mistakes, 0, G_N_ELEMENTS (mistakes));
  return suite;
}

GST_CHECK_MAIN (dtype);
