/* Sleeping until a time, until descriptors have events, or until another thread
 * ends it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/net/waiter.h"

#define MS G_GUINT64_CONSTANT (1000000)

static Spead2Waiter *waiter;
static gint pipes[2][2]; /* to read from, to write to */

static void
setup (void)
{
  guint i;

  waiter = spead2_waiter_new (2, NULL);
  fail_unless (waiter != NULL);
  for (i = 0; i < 2; i++)
    fail_unless_equals_int (pipe2 (pipes[i], O_CLOEXEC), 0);
}

static void
teardown (void)
{
  guint i;

  spead2_waiter_free (waiter);
  for (i = 0; i < 2; i++) {
    close (pipes[i][0]);
    close (pipes[i][1]);
  }
}

static guint
wait_for_pipes (struct pollfd *fds, guint64 time)
{
  guint i;

  for (i = 0; i < 2; i++)
    fds[i] = (struct pollfd){pipes[i][0], POLLIN, -1};
  return spead2_waiter_wait (waiter, fds, 2, time);
}

/* A wait may end early only for a reason: with none it is as long as was asked for,
 * on the same clock. */
static void
check_sleeps (void)
{
  struct pollfd fds[2];
  guint64 end = spead2_now () + 5 * MS;

  fail_unless_equals_int (wait_for_pipes (fds, end), 0);
  fail_unless (spead2_now () >= end);
  fail_unless_equals_int (fds[0].revents, 0);
  fail_unless_equals_int (fds[1].revents, 0);
}

GST_START_TEST (test_time)
{
  struct pollfd fds[2];

  check_sleeps ();
  fail_unless_equals_int (wait_for_pipes (fds, 0), 0);
  fail_unless_equals_int (wait_for_pipes (fds, spead2_now ()), 0);
}
GST_END_TEST

GST_START_TEST (test_events)
{
  struct pollfd fds[2];

  fail_unless_equals_int (write (pipes[1][1], "", 1), 1);
  fail_unless_equals_int (wait_for_pipes (fds, G_MAXUINT64), 1);
  fail_unless_equals_int (fds[0].revents, 0);
  fail_unless_equals_int (fds[1].revents, POLLIN);
  fail_unless_equals_int (write (pipes[0][1], "", 1), 1);
  fail_unless_equals_int (wait_for_pipes (fds, G_MAXUINT64), 2);
  fail_unless_equals_int (fds[0].revents, POLLIN);
}
GST_END_TEST

/* Also where their events have come. */
GST_START_TEST (test_descriptors_left_out)
{
  struct pollfd fd = {-1, POLLIN, -1};
  guint64 end;

  fail_unless_equals_int (write (pipes[0][1], "", 1), 1);
  end = spead2_now () + 5 * MS;
  fail_unless_equals_int (spead2_waiter_wait (waiter, &fd, 1, end), 0);
  fail_unless_equals_int (fd.revents, 0);
  fail_unless_equals_int (spead2_waiter_wait (waiter, NULL, 0, end), 0);
  fail_unless (spead2_now () >= end);
}
GST_END_TEST

static gpointer
wake (gpointer data)
{
  spead2_waiter_wake (waiter);
  return NULL;
}

/* Whether it comes before the wait, or in it. */
GST_START_TEST (test_woken)
{
  GThread *thread = g_thread_new ("wake", wake, NULL);
  struct pollfd fds[2];

  fail_unless_equals_int (wait_for_pipes (fds, G_MAXUINT64), 0);
  g_thread_join (thread);
  check_sleeps ();
}
GST_END_TEST

/* Several times before a wait are one, and hide no event. */
GST_START_TEST (test_woken_with_events)
{
  struct pollfd fds[2];
  gchar byte;

  fail_unless_equals_int (write (pipes[0][1], "", 1), 1);
  spead2_waiter_wake (waiter);
  spead2_waiter_wake (waiter);
  fail_unless_equals_int (wait_for_pipes (fds, G_MAXUINT64), 1);
  fail_unless_equals_int (fds[0].revents, POLLIN);
  fail_unless_equals_int (read (pipes[0][0], &byte, 1), 1);
  check_sleeps ();
}
GST_END_TEST

/* The other end is closed: the caller sees it where it sees events. */
GST_START_TEST (test_hang_up)
{
  struct pollfd fds[2];

  close (pipes[0][1]);
  fail_unless_equals_int (wait_for_pipes (fds, G_MAXUINT64), 1);
  fail_unless_equals_int (fds[0].revents, POLLHUP);
  pipes[0][1] = dup (pipes[1][1]);
}
GST_END_TEST

/* Then there is no new waiter, and an old one does not sleep: no descriptor is
 * polled. */
GST_START_TEST (test_no_descriptor_left)
{
  struct rlimit before, none;
  struct pollfd fds[2];
  GError *error = NULL;

  fail_unless_equals_int (getrlimit (RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &none), 0);
  fail_unless (spead2_waiter_new (1, &error) == NULL);
  fail_unless_equals_int (wait_for_pipes (fds, G_MAXUINT64), 0);
  fail_unless_equals_int (fds[0].revents, 0);
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &before), 0);
  fail_unless (g_error_matches (error, SPEAD2_ERRNO, EMFILE));
  g_error_free (error);
}
GST_END_TEST

static Suite *
waiter_suite (void)
{
  Suite *suite = suite_create ("waiter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_time);
  tcase_add_test (tc, test_events);
  tcase_add_test (tc, test_descriptors_left_out);
  tcase_add_test (tc, test_woken);
  tcase_add_test (tc, test_woken_with_events);
  tcase_add_test (tc, test_hang_up);
  tcase_add_test (tc, test_no_descriptor_left);
  return suite;
}

GST_CHECK_MAIN (waiter);
