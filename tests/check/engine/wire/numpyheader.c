/* Headers of .npy files, as text from the network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/error.h"
#include "spead2/wire/numpyheader.h"

static const struct {
  const gchar *text;
  const gchar *dtype;
  guint element_bits;
  gboolean fortran_order;
  guint n_dimensions;
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
} headers[] = {
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (1048576,)}", "|i1", 8,
        FALSE, 1, {1048576}},
    /* As spead2's tutorial in C++ writes it. */
    {"{'shape': (1048576,), 'fortran_order': False, 'descr': 'i1'}", "|i1", 8,
        FALSE, 1, {1048576}},
    {"{'descr':'<f4','fortran_order':True,'shape':()}", "<f4", 32, TRUE, 0,
        {0}},
    {"{'descr': '>c16', 'fortran_order': True, 'shape': (2, 3, 4)}", ">c16",
        128, TRUE, 3, {2, 3, 4}},
    {" \n{ \"descr\" :\t\"<i2\" ,\r\n 'fortran_order' : False, 'shape' : ( 0 , "
     "7 , "
     ") , } \n",
        "<i2", 16, FALSE, 2, {0, 7}},
    {"{'descr': '<i2', 'fortran_order': False, 'shape': (5L, "
     "72057594037927935L)}",
        "<i2", 16, FALSE, 2, {5, G_GINT64_CONSTANT (72057594037927935)}},
    {"{'descr': [('re', '<f4'), ('im', '<f4')], 'fortran_order': False, "
     "'shape': "
     "(1, 2, 3, 4, 5, 6, 7, 8)}",
        "[('re','<f4'),('im','<f4')]", 64, FALSE, 8, {1, 2, 3, 4, 5, 6, 7, 8}},
};

GST_START_TEST (test_headers)
{
  Spead2Descriptor descriptor = {0};
  GString *dtype = g_string_new (NULL);
  GError *error = NULL;
  guint i;

  fail_unless (spead2_numpy_header_parse (
                   headers[__i__].text, FALSE, &descriptor, dtype, &error),
      "%s", error ? error->message : "");
  fail_unless_equals_string (dtype->str, headers[__i__].dtype);
  fail_unless_equals_int (descriptor.element_bits, headers[__i__].element_bits);
  fail_unless (descriptor.fortran_order == headers[__i__].fortran_order);
  fail_unless_equals_int (descriptor.n_dimensions, headers[__i__].n_dimensions);
  for (i = 0; i < descriptor.n_dimensions; i++)
    fail_unless_equals_int64 (descriptor.shape[i], headers[__i__].shape[i]);
  g_string_free (dtype, TRUE);
}
GST_END_TEST

#define D "'descr': '<i2'"
#define O "'fortran_order': False"

static const gchar *mistakes[][2] = {
    {"", "it is no dictionary, at character 0, its end"},
    {"[1]", "it is no dictionary, at character 0: [1]"},
    {"__import__('os').system('true')", "it is no dictionary"},
    {"{'descr': __import__('os'), " O ", 'shape': ()}",
        "a type stands in quotes, at character 10: __import__('os'), 'fortr"},
    {"{" D ", 'fortran_order': 0, 'shape': ()}", "neither True nor False"},
    {"{" D ", 'fortran_order': 'False', 'shape': ()}",
        "neither True nor False"},
    {"{" D ", " O "}", "'shape' is missing in front"},
    {"{" D ", " O ", 'shape': (), " D "}", "duplicate key"},
    {"{" D ", " O ", 'shape': (), 'x': 1}", "a key is none of"},
    {"{descr: '<i2', " O ", 'shape': ()}", "a key is none of"},
    {"{'descr\": '<i2', " O ", 'shape': ()}", "a key is none of"},
    {"{'descr' '<i2', " O ", 'shape': ()}", "a : is missing"},
    {"{" D " " O ", 'shape': ()}", "a , or } is missing"},
    {"{" D ", " O ", 'shape': 5}", "'shape' is no tuple"},
    {"{" D ", " O ", 'shape': [5]}", "'shape' is no tuple"},
    {"{" D ", " O ", 'shape': (5)}", "a , is missing in 'shape'"},
    {"{" D ", " O ", 'shape': (5 6)}", "a , is missing in 'shape'"},
    {"{" D ", " O ", 'shape': (,)}", "a size is no whole number"},
    {"{" D ", " O ", 'shape': (-1,)}", "a size is no whole number"},
    {"{" D ", " O ", 'shape': (None,)}", "a size is no whole number"},
    {"{" D ", " O ", 'shape': (1.5,)}", "a , is missing in 'shape'"},
    {"{" D ", " O ", 'shape': (05,)}", "a size begins with 0"},
    {"{" D ", " O ", 'shape': (72057594037927936,)}", "larger than any heap"},
    {"{" D ", " O ", 'shape': (99999999999999999999999999,)}",
        "larger than any heap"},
    {"{" D ", " O ", 'shape': (1,1,1,1,1,1,1,1,1)}", "more than 8 dimensions"},
    {"{" D ", " O ", 'shape': (1,", "a size is no whole number"},
    {"{" D ", " O ", 'shape': ()} 1", "there are trailing characters"},
    {"{'descr': '|O', " O ", 'shape': ()}", "objects of Python"},
    {"{'descr': '|S0', " O ", 'shape': ()}", "a number begins with 0"},
};

GST_START_TEST (test_mistakes)
{
  Spead2Descriptor descriptor = {0};
  GString *dtype = g_string_new (NULL);
  GError *error = NULL;

  fail_if (spead2_numpy_header_parse (
               mistakes[__i__][0], FALSE, &descriptor, dtype, &error),
      "%s", mistakes[__i__][0]);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, mistakes[__i__][1]) != NULL, "%s: %s",
      mistakes[__i__][0], error->message);
  g_error_free (error);
  g_string_free (dtype, TRUE);
}
GST_END_TEST

static Suite *
numpyheader_suite (void)
{
  Suite *suite = suite_create ("numpyheader");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_headers, 0, G_N_ELEMENTS (headers));
  tcase_add_loop_test (tc, test_mistakes, 0, G_N_ELEMENTS (mistakes));
  return suite;
}

GST_CHECK_MAIN (numpyheader);
