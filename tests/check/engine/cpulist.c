/* Texts that name CPUs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <sched.h>
#include <string.h>

#include "spead2/cpulist.h"
#include "spead2/error.h"

static const struct {
  const gchar *text;
  guint cpus[6];
  guint n_cpus;
} good[] = {
    {"", {0}, 0},
    {"0", {0}, 1},
    {"3,1", {3, 1}, 2},
    {"0-2,5", {0, 1, 2, 5}, 4},
    {"4-4", {4}, 1},
    {" 1 , 2-3 ", {1, 2, 3}, 3},
    {"7,7", {7, 7}, 2},
    {"1023", {1023}, 1},
};

GST_START_TEST (test_good_texts)
{
  GError *error = NULL;
  GArray *cpus = spead2_cpu_list_parse (good[__i__].text, &error);
  guint i;

  fail_unless (cpus != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (cpus->len, good[__i__].n_cpus);
  for (i = 0; i < cpus->len; i++)
    fail_unless_equals_int (
        g_array_index (cpus, guint, i), good[__i__].cpus[i]);
  g_array_unref (cpus);
}
GST_END_TEST

/* What is not understood is named. */
static const gchar *const bad[][2] = {{"x", "'x'"}, {"1,", "''"}, {",1", "''"},
    {"1,2x,3", "'2x'"}, {"-1", "'-1'"}, {"1-", "'1-'"}, {"3-1", "'3-1'"},
    {"1--2", "'1--2'"}, {"1024", "'1024'"},
    {"0-99999999999999999999", "'0-99999999999999999999'"}, {"0x1", "'0x1'"},
    {"1 2", "'1 2'"}};

GST_START_TEST (test_bad_texts)
{
  GError *error = NULL;

  fail_unless (spead2_cpu_list_parse (bad[__i__][0], &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (
      strstr (error->message, bad[__i__][1]) != NULL, "%s", error->message);
  g_error_free (error);
}
GST_END_TEST

static Suite *
cpulist_suite (void)
{
  Suite *s = suite_create ("cpulist");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_good_texts, 0, G_N_ELEMENTS (good));
  tcase_add_loop_test (tc, test_bad_texts, 0, G_N_ELEMENTS (bad));
  return s;
}

GST_CHECK_MAIN (cpulist);
