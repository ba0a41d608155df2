/* What a spead2sink does when the machine refuses it descriptors or threads: it
 * does not start, says why, leaves nothing behind, and starts when it may. What
 * has started needs no more of either.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sinkfixture.h"

/* -- descriptors ----------------------------------------------------------------- */

static struct rlimit usual;

/* So many more can be opened. There are no gaps below, see fill_gaps(). */
static void
allow_descriptors (guint n)
{
  struct rlimit limit = usual;
  gint next = dup (STDIN_FILENO);

  fail_unless (next >= 0);
  close (next);
  limit.rlim_cur = next + n;
  fail_unless (setrlimit (RLIMIT_NOFILE, &limit) == 0);
}

static void
allow_all (void)
{
  fail_unless (setrlimit (RLIMIT_NOFILE, &usual) == 0);
}

static void
fill_gaps (void)
{
  guint n = count_fds ();
  gint fd;

  getrlimit (RLIMIT_NOFILE, &usual);
  do
    fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && (guint) fd < n + 16);
}

static const gchar *const hosts[] = {"127.0.0.1", "localhost"};

/* The first time with none left, then with one more each time. */
GST_START_TEST (without_descriptors_it_does_not_start_and_says_so)
{
  GstStateChangeReturn result = GST_STATE_CHANGE_FAILURE;
  guint n, before;

  g_object_set (sink, "host", hosts[__i__], NULL);
  /* What libraries keep for good is made now. */
  gst_element_set_state (pipeline, GST_STATE_READY);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fill_gaps ();
  before = count_fds ();

  for (n = 0; result == GST_STATE_CHANGE_FAILURE; n++) {
    fail_unless (n < 20);
    allow_descriptors (n);
    result = gst_element_set_state (pipeline, GST_STATE_READY);
    allow_all ();
    if (result == GST_STATE_CHANGE_FAILURE) {
      GstMessage *message = pop (GST_MESSAGE_ERROR);
      GError *error;

      gst_message_parse_error (message, &error, NULL);
      assert_words (error->message, g_strerror (EMFILE));
      g_error_free (error);
      gst_message_unref (message);
      drop_messages ();
      fail_unless_equals_int (count_fds (), before);
    }
  }
  fail_unless (n > 2);

  play (CAPS_S8);
  push (5000, 0, 0);
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (count_fds (), before);
}
GST_END_TEST

GST_START_TEST (a_stream_needs_no_more_descriptors)
{
  guint i;

  play (CAPS_S8);
  push (5000, 0, 0);
  fill_gaps ();
  allow_descriptors (0);
  for (i = 1; i < 100; i++)
    push (5000, 5000 * i, 5000 * i);
  finish ();
  allow_all ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 100);
}
GST_END_TEST

/* -- threads ---------------------------------------------------------------------- */

GST_START_TEST (without_a_thread_it_does_not_start_and_says_so)
{
  guint fds, threads;

  gst_element_set_state (pipeline, GST_STATE_READY);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fds = count_fds ();
  threads = count_threads (NULL);
  g_object_set (sink, "host", hosts[__i__], NULL);

  faults_fail_thread (0, FAULTS_FOREVER);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  faults_fail_thread (0, 0);
  assert_error (GST_RESOURCE_ERROR,
      __i__ == 0 ? GST_RESOURCE_ERROR_OPEN_WRITE : GST_RESOURCE_ERROR_NOT_FOUND,
      g_strerror (EAGAIN));
  drop_messages ();
  fail_unless_equals_int (count_fds (), fds);
  fail_unless_equals_int (count_threads (NULL), threads);

  play (CAPS_S8);
  push (5000, 0, 0);
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 1);
}
GST_END_TEST

static Suite *
resources_suite (void)
{
  Suite *suite = suite_create ("resources");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc, without_descriptors_it_does_not_start_and_says_so, 0,
      G_N_ELEMENTS (hosts));
  tcase_add_test (tc, a_stream_needs_no_more_descriptors);
  tcase_add_loop_test (tc, without_a_thread_it_does_not_start_and_says_so, 0,
      G_N_ELEMENTS (hosts));
  return suite;
}

GST_CHECK_MAIN (resources);
