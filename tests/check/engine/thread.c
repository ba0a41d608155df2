/* Threads of the engine: name, CPU, timer slack, callbacks, and what is left behind
 * by one that could not start.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

#include "../../preload/faults.h"
#include "spead2/error.h"
#include "spead2/thread.h"

/* What a thread saw of itself. It is joined before they are read. */
static gchar run_data[] = "run";
static GString *calls;
static gchar name[16];
static cpu_set_t cpus;
static gint slack;
static guint index_seen;

static void
started (guint index, gpointer user_data)
{
  index_seen = index;
  g_string_append (calls, "started ");
}

static void
run (gpointer data)
{
  g_string_append_printf (calls, "%s ", (const gchar *) data);
  prctl (PR_GET_NAME, name);
  slack = prctl (PR_GET_TIMERSLACK);
  g_assert (sched_getaffinity (0, sizeof cpus, &cpus) == 0);
}

static void
stopped (guint index, gpointer user_data)
{
  g_assert (index == index_seen && user_data == &index_seen);
  g_string_append (calls, "stopped");
}

static const Spead2ThreadConfig usual = {
    .name = "a long name of an element",
    .index = 63,
    .run = run,
    .data = run_data,
    .started = started,
    .stopped = stopped,
    .user_data = &index_seen,
};

static void
setup (void)
{
  faults_reset ();
  calls = g_string_new (NULL);
}

static void
teardown (void)
{
  g_string_free (calls, TRUE);
  faults_reset ();
}

static GArray *
array_of (const guint *numbers, guint n)
{
  return g_array_append_vals (
      g_array_new (FALSE, FALSE, sizeof (guint)), numbers, n);
}

static void
run_to_the_end (const Spead2ThreadConfig *config)
{
  Spead2Thread *thread = spead2_thread_start (config, NULL);

  fail_unless (thread != NULL);
  spead2_thread_join (thread);
}

GST_START_TEST (test_name_slack_and_callbacks)
{
  run_to_the_end (&usual);
  fail_unless_equals_string (calls->str, "started run stopped");
  fail_unless_equals_int (index_seen, 63);
  fail_unless_equals_string (name, "a long name :63");
  fail_unless_equals_int (slack, 1);
}
GST_END_TEST

/* Neither name, nor CPUs, nor callbacks: it may run wherever its creator may. */
GST_START_TEST (test_defaults)
{
  const Spead2ThreadConfig config = {.run = run, .data = run_data};
  cpu_set_t own;

  run_to_the_end (&config);
  fail_unless_equals_string (calls->str, "run ");
  fail_unless_equals_string (name, "spead2:0");
  fail_unless (sched_getaffinity (0, sizeof own, &own) == 0);
  fail_unless (CPU_EQUAL (&own, &cpus));
}
GST_END_TEST

/* A permitted CPU, second of the list: that of every thread with an odd index. */
GST_START_TEST (test_cpus_in_turn)
{
  Spead2ThreadConfig config = usual;
  guint numbers[] = {CPU_SETSIZE - 1, 0};
  GArray *array;
  cpu_set_t own;

  fail_unless (sched_getaffinity (0, sizeof own, &own) == 0);
  while (!CPU_ISSET (numbers[1], &own))
    numbers[1]++;
  config.cpus = array = array_of (numbers, 2);
  run_to_the_end (&config);
  fail_unless_equals_int (CPU_COUNT (&cpus), 1);
  fail_unless (CPU_ISSET (numbers[1], &cpus));
  g_array_unref (array);
}
GST_END_TEST

GST_START_TEST (test_a_cpu_that_does_not_exist)
{
  Spead2ThreadConfig config = usual;
  guint number = CPU_SETSIZE - 1;
  GArray *array = array_of (&number, 1);
  GError *error = NULL;

  config.cpus = array;
  fail_unless (spead2_thread_start (&config, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERRNO, EINVAL));
  fail_unless (g_str_has_prefix (
      error->message, "Could not bind thread 'a long name :63' to CPU 1023"));
  fail_unless_equals_string (calls->str, "");
  g_error_free (error);
  g_array_unref (array);
}
GST_END_TEST

GST_START_TEST (test_no_thread)
{
  GError *error = NULL;

  faults_fail_thread (0, FAULTS_FOREVER);
  fail_unless (spead2_thread_start (&usual, &error) == NULL);
  fail_unless (g_error_matches (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN));
  fail_unless_equals_string (calls->str, "");
  g_error_free (error);
}
GST_END_TEST

static Suite *
thread_suite (void)
{
  Suite *suite = suite_create ("thread");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_name_slack_and_callbacks);
  tcase_add_test (tc, test_defaults);
  tcase_add_test (tc, test_cpus_in_turn);
  tcase_add_test (tc, test_a_cpu_that_does_not_exist);
  tcase_add_test (tc, test_no_thread);
  return suite;
}

GST_CHECK_MAIN (thread);
