/* Waiting for datagrams: that a wait ends by each of its ends, in each of the ways that
 * a reader waits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "../../../preload/faults.h"
#include "readerfixture.h"
#include "spead2/clock.h"

/* -- waiting ------------------------------------------------------------------------- */

/* One socket that blocks, one that does not, and two. */
enum { BLOCKING, NON_BLOCKING, SEVERAL, N_KINDS };

static void
open_kind (gint kind)
{
  const struct timeval never = {0};

  reopen ("127.0.0.1", kind == SEVERAL ? 2 : 1, TRUE);
  if (kind == NON_BLOCKING) {
    fcntl (fds[0], F_SETFL, O_NONBLOCK);
    spead2_udp_reader_free (reader);
    reader = spead2_udp_reader_new (fds, 1, &reader_options, NULL);
  }
  /* What ends a wait is not a time-out. */
  setsockopt (fds[0], SOL_SOCKET, SO_RCVTIMEO, &never, sizeof never);
  drain (ALL);
}

/* As the sockets that are opened here have it. */
static void
limit_block (void)
{
  const struct timeval some = {.tv_usec = SPEAD2_RECEIVE_TIMEOUT / 1000};

  setsockopt (fds[0], SOL_SOCKET, SO_RCVTIMEO, &some, sizeof some);
}

static gpointer
wait_for_ever (gpointer data)
{
  (void) data;
  spead2_udp_reader_wait (reader, EVER);
  return NULL;
}

/* A thread that is in a wait without end, or just before its system call. */
static GThread *
start_waiting (gint kind)
{
  const guint64 calls = faults_receive_calls ();
  FaultsCounts before, now;
  GThread *thread;

  faults_get_counts (&before);
  thread = g_thread_new ("reader", wait_for_ever, NULL);
  do {
    g_thread_yield ();
    faults_get_counts (&now);
  } while (kind == BLOCKING ? faults_receive_calls () == calls
                            : now.polls == before.polls);
  return thread;
}

GST_START_TEST (test_wait_ends_by_a_datagram)
{
  GThread *thread;

  open_kind (__i__);
  thread = start_waiting (__i__);
  send_n (0, 1, 10);
  g_thread_join (thread);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 1);
  fail_unless_equals_uint64 (counters ()->waits, 1);
}
GST_END_TEST

/* A blocking wait reads up to two messages. If it found one, the drain needs no further call
 * to find the socket empty. */
GST_START_TEST (test_wait_reads_what_is_queued)
{
  open_kind (BLOCKING);
  limit_block ();
  for (guint n = 1; n <= 3; n++) {
    const guint64 before = counters ()->calls;

    send_n (0, n, 10 * n);
    spead2_udp_reader_wait (reader, EVER);
    fail_if (drain (ALL));
    fail_unless_equals_uint64 (counters ()->calls - before, n);
  }
  fail_unless_equals_int (given->len, 1 + 2 + 3);
}
GST_END_TEST

/* And the sockets are still good for another reader. */
GST_START_TEST (test_wait_ends_by_cancel)
{
  GThread *thread;

  open_kind (__i__);
  limit_block ();
  thread = start_waiting (__i__);
  spead2_udp_reader_cancel (reader);
  g_thread_join (thread);
  spead2_udp_reader_wait (reader, EVER);
  send_n (0, 1, 10);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 0);

  spead2_udp_reader_free (reader);
  reader = spead2_udp_reader_new (fds, n_fds, &reader_options, NULL);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 1);
}
GST_END_TEST

GST_START_TEST (test_cancelled_before_a_wait)
{
  open_kind (__i__);
  send_n (0, 3, 10);
  spead2_udp_reader_cancel (reader);
  spead2_udp_reader_wait (reader, EVER);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 0);
}
GST_END_TEST

GST_START_TEST (test_wait_ends_by_wake)
{
  GThread *thread;

  open_kind (__i__);
  limit_block ();
  thread = start_waiting (__i__);
  spead2_udp_reader_wake (reader);
  g_thread_join (thread);
  fail_if (drain (ALL));
}
GST_END_TEST

GST_START_TEST (test_woken_before_a_wait)
{
  open_kind (__i__);
  spead2_udp_reader_wake (reader);
  spead2_udp_reader_wait (reader, EVER);
  send_n (0, 1, 10);
  spead2_udp_reader_wait (reader, EVER);
  drain (ALL);
  fail_unless_equals_int (given->len, 1);
}
GST_END_TEST

GST_START_TEST (test_wait_ends_by_time)
{
  guint64 time;

  open_kind (__i__);
  time = spead2_now () + MS;
  spead2_udp_reader_wait (reader, time);
  fail_unless (spead2_now () >= time);
  /* And at once where it has passed. */
  spead2_udp_reader_wait (reader, 0);
  fail_unless_equals_uint64 (counters ()->waits, 1);
}
GST_END_TEST

/* Whoever makes a GSocket of the descriptor makes it non-blocking. */
GST_START_TEST (test_made_non_blocking)
{
  GThread *thread;

  drain (ALL);
  fcntl (fds[0], F_SETFL, O_NONBLOCK);
  spead2_udp_reader_wait (reader, EVER);
  thread = start_waiting (NON_BLOCKING);
  send_n (0, 1, 10);
  g_thread_join (thread);
  drain (ALL);
  fail_unless_equals_int (given->len, 1);
}
GST_END_TEST

/* At a high rate it sleeps instead: whatever sleeps ends by a wake, too. */
GST_START_TEST (test_sleeps_at_a_high_rate)
{
  guint i;

  reader_options.coalesce = 1000 * SPEAD2_SECOND;
  open_kind (__i__);
  /* Room for a sleep of minutes, and a rate that is worth it: seconds are enough. */
  for (i = 0; i < 1000 && counters ()->sleeps == 0; i++) {
    send_n (0, 20, 1);
    drain (ALL);
    spead2_udp_reader_wake (reader);
    spead2_udp_reader_wait (reader, EVER);
  }
  fail_unless_equals_uint64 (counters ()->sleeps, 1);
  fail_unless_equals_uint64 (counters ()->datagrams, given->len);
}
GST_END_TEST
/* -- threads ------------------------------------------------------------------------- */

static gint n_drained; /* atomic */

static gpointer
read_until_cancelled (gpointer data)
{
  gint *stop = data;

  while (!g_atomic_int_get (stop)) {
    gboolean more = drain (65536);

    g_atomic_int_set (&n_drained, given->len);
    if (!more)
      spead2_udp_reader_wait (reader, EVER);
  }
  return NULL;
}

/* Others wake it, ask for what the kernel says, and end it. */
GST_START_TEST (test_from_other_threads)
{
  Spead2ReaderKernel kernel;
  GThread *thread;
  gint stop = FALSE;
  guint i;

  reader_options.coalesce = SPEAD2_READER_COALESCE;
  open_kind (__i__);
  limit_block ();
  g_atomic_int_set (&n_drained, 0);
  thread = g_thread_new ("reader", read_until_cancelled, &stop);
  for (i = 0; i < 300; i++) {
    send_n (0, 1, 1000);
    spead2_udp_reader_wake (reader);
    spead2_udp_reader_get_kernel (reader, &kernel);
  }
  while (g_atomic_int_get (&n_drained) < 300)
    g_thread_yield ();
  g_atomic_int_set (&stop, TRUE);
  spead2_udp_reader_cancel (reader);
  g_thread_join (thread);
  fail_unless_equals_int (given->len, 300);
}
GST_END_TEST

static Suite *
udpreaderwait_suite (void)
{
  Suite *s = suite_create ("udpreaderwait");
  TCase *tc = tcase_create ("waiting");

  tcase_add_checked_fixture (tc, open_fixture, close_fixture);
  tcase_add_loop_test (tc, test_wait_ends_by_a_datagram, 0, N_KINDS);
  tcase_add_test (tc, test_wait_reads_what_is_queued);
  tcase_add_loop_test (tc, test_wait_ends_by_cancel, 0, N_KINDS);
  tcase_add_loop_test (tc, test_cancelled_before_a_wait, 0, N_KINDS);
  tcase_add_loop_test (tc, test_wait_ends_by_wake, 0, N_KINDS);
  tcase_add_loop_test (tc, test_woken_before_a_wait, 0, N_KINDS);
  tcase_add_loop_test (tc, test_wait_ends_by_time, 0, N_KINDS);
  tcase_add_test (tc, test_made_non_blocking);
  tcase_add_loop_test (tc, test_sleeps_at_a_high_rate, 0, N_KINDS);
  tcase_add_loop_test (tc, test_from_other_threads, 0, N_KINDS);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (udpreaderwait)
