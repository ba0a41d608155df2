/* Host names to addresses, in limited time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <string.h>

#include "../../../preload/faults.h"
#include "spead2/error.h"
#include "spead2/net/resolver.h"

/* The root guarantees that there is no such name (RFC 6761). */
GST_START_TEST (test_unknown_name)
{
  gint64 start = g_get_monotonic_time ();
  GError *error = NULL;

  fail_if (
      spead2_resolver_lookup ("no-such-host.invalid", 8888, 5, NULL, &error));
  fail_unless (g_get_monotonic_time () - start < 6 * G_USEC_PER_SEC);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "'no-such-host.invalid'") != NULL);
  g_error_free (error);
}
GST_END_TEST

/* No name server answers. The thread is left behind, and must end before the process
 * does. */
GST_START_TEST (test_no_answer)
{
  gint64 start = g_get_monotonic_time ();
  GError *error = NULL;

  faults_hang_resolver (true);
  fail_if (
      spead2_resolver_lookup ("correlator.invalid", 8888, 0.05, NULL, &error));
  fail_unless (g_get_monotonic_time () - start >= G_USEC_PER_SEC / 20);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message,
                   "Host 'correlator.invalid' could not be resolved: no answer "
                   "within 0.05 seconds") != NULL);
  g_error_free (error);
  faults_hang_resolver (false);
}
GST_END_TEST

/* Neither is the program ended, nor does it wait. */
GST_START_TEST (test_no_thread)
{
  gint64 start = g_get_monotonic_time ();
  GError *error = NULL;

  faults_fail_thread (0, FAULTS_FOREVER);
  fail_if (spead2_resolver_lookup ("localhost", 8888, 5, NULL, &error));
  faults_fail_thread (0, 0);
  fail_unless (g_get_monotonic_time () - start < 2 * G_USEC_PER_SEC);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "Host 'localhost'") != NULL &&
      strstr (error->message, g_strerror (EAGAIN)) != NULL);
  g_error_free (error);
}
GST_END_TEST

/* Once the look-up hangs. */
static gpointer
cancel_later (gpointer cancellable)
{
  faults_wait_lookup (1);
  g_cancellable_cancel (cancellable);
  return NULL;
}

GST_START_TEST (test_cancelled_while_waiting)
{
  GCancellable *cancellable = g_cancellable_new ();
  GThread *thread;
  GError *error = NULL;

  faults_hang_resolver (true);
  thread = g_thread_new ("cancel", cancel_later, cancellable);
  fail_if (spead2_resolver_lookup (
      "correlator.invalid", 8888, 5, cancellable, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_error_free (error);
  g_thread_join (thread);
  g_object_unref (cancellable);
  faults_hang_resolver (false);
}
GST_END_TEST

static Suite *
resolver_suite (void)
{
  Suite *suite = suite_create ("resolver");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_unknown_name);
  tcase_add_test (tc, test_no_answer);
  tcase_add_test (tc, test_no_thread);
  tcase_add_test (tc, test_cancelled_while_waiting);
  return suite;
}

GST_CHECK_MAIN (resolver);
