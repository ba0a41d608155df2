/* Absent destinations: when they are looked up, and what is reported of them; and what a
 * writer does with them, in a network where only the first destination responds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "../../ownnetwork.h"
#include "../../tools.h"
#include "jobs.h"
#include "spead2/clock.h"
#include "spead2/net/absent.h"
#include "spead2/net/neighbours.h"
#include "spead2/net/udpwriter.h"

#define N 10

static const Spead2UdpSocketOptions options = {
    .ttl = 64, .ttl_mc = 1, .dscp = -1};
static Spead2Endpoint endpoints[N];
static Spead2Absent absent;

static void
setup (void)
{
  guint i;

  for (i = 0; i < N; i++)
    fail_unless (spead2_endpoint_resolve (
        &endpoints[i], "127.0.0.1", 8000 + i, AF_UNSPEC, NULL, NULL));
  absent = (Spead2Absent){.options = &options};
}

static void
teardown (void)
{
  spead2_absent_clear (&absent);
}

/* Looked up or not: the interval is only set then. */
static gboolean
looks_up (guint64 now)
{
  Spead2AbsentSearch search = {0};

  fail_if (spead2_absent_search (&absent, &search, endpoints, N, now));
  fail_unless (search.next > now);
  return search.interval > 0;
}

/* Soon after one was found, each wait begins with looking up, unless that has just been
 * done. */
GST_START_TEST (test_lookups_do_not_take_all_of_the_time)
{
  const guint64 now = spead2_now ();

  absent.found = now;
  fail_unless (looks_up (now));
  fail_if (looks_up (now));
  fail_if (looks_up (absent.rest - 1));
  fail_unless (looks_up (absent.rest));
}
GST_END_TEST

static void
add_absent (guint n)
{
  guint i;

  absent.tries = g_renew (guint64, absent.tries, N);
  absent.n_tries = N;
  for (i = 0; i < N; i++)
    absent.tries[i] = i < n;
  absent.n = n;
  absent.changed = TRUE;
  absent.found = absent.report = 0;
}

/* How many there are; how the list ends. */
static const struct {
  guint n;
  const gchar *end;
} reports[] = {
    {1, "127.0.0.1:8000"},
    {8, ", 127.0.0.1:8007"},
    {9, ", 127.0.0.1:8007 and 1 other"},
    {10, ", 127.0.0.1:8007 and 2 others"},
};

GST_START_TEST (test_names)
{
  g_autofree gchar *names = NULL;

  add_absent (reports[__i__].n);
  fail_unless_equals_int (
      spead2_absent_take_report (&absent, endpoints, SPEAD2_SECOND, &names),
      reports[__i__].n);
  fail_unless (g_str_has_suffix (names, reports[__i__].end), "%s", names);
}
GST_END_TEST

/* -- the writer --------------------------------------------------------------------- */

#define N_NETWORK 3
#define PORT 8000 /* of the first destination; the others have the next ones */

/* No message shares the send buffer with another. */
static const Spead2UdpSocketOptions small_buffer = {
    .ttl = 64, .ttl_mc = 1, .dscp = -1, .buffer_size = 8192};

static gboolean has_network;
static gint fd = -1;
static Spead2UdpWriter *writer;

/* The kernel asks an absent one for its address until the test ends. */
static void
setup_network (void)
{
  static const gchar *const commands[] = {
      "link add left mtu 9000 type veth peer name right mtu 9000",
      "link set right up",
      "link set left up",
      "address add 10.201.1.1/24 dev left",
      "neighbour add 10.201.1.10 lladdr 02:00:00:00:00:01 dev left nud "
      "permanent",
      "ntable change name arp_cache dev left mcast_probes 1000",
  };
  guint i;

  faults_reset ();
  reset_jobs ();
  has_network = enter_network ();
  if (!has_network)
    return;
  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    ip (commands[i]);
  for (i = 0; i < N_NETWORK; i++) {
    g_autofree gchar *host = g_strdup_printf ("10.201.1.%u", 10 + i);

    fail_unless (spead2_endpoint_resolve (
        &endpoints[i], host, PORT + i, AF_UNSPEC, NULL, NULL));
  }
}

static void
open_writer (gboolean may_replace)
{
  fd = spead2_udp_socket_open (&endpoints[0], &small_buffer, NULL);
  fail_unless (fd >= 0);
  writer = spead2_udp_writer_new (fd, endpoints, N_NETWORK, NULL);
  fail_unless (writer != NULL);
  spead2_udp_writer_watch_neighbours (writer, &small_buffer, may_replace);
  /* Where the test fails: otherwise nothing waits for so long. */
  spead2_udp_writer_set_deadline (writer, spead2_now () + 30 * SPEAD2_SECOND);
}

static void
teardown_network (void)
{
  faults_reset ();
  forget_jobs ();
  g_clear_pointer (&writer, spead2_udp_writer_free);
  if (fd >= 0)
    close (fd);
}

static void
send_jobs (void)
{
  write_jobs (writer, G_MAXUINT64, TRUE);
}

static Job *
add_job_to (guint destination, gsize length)
{
  Job *job = add_job (length);

  job->heap->destination = destination;
  return job;
}

/* Whether the kernel holds packets for it. */
static gboolean
is_asked_for (guint destination)
{
  Spead2Neighbours *neighbours = spead2_neighbours_read (FALSE);
  const gboolean asked = neighbours &&
      spead2_neighbours_include (neighbours, &endpoints[destination], NULL);

  g_clear_pointer (&neighbours, spead2_neighbours_free);
  return asked;
}

/* Heaps to an absent destination, which fill the buffer, and to the one that responds, which
 * gets all of its own. */
static void
send_beside (guint destination)
{
  forget_jobs ();
  add_job_to (destination, FULL_PACKETS (200));
  add_job_to (0, FULL_PACKETS (500));
  send_jobs ();
  fail_unless_equals_int (jobs[0].tx.error, EHOSTUNREACH);
  fail_unless_equals_int (jobs[1].tx.error, 0);
  fail_unless_equals_uint64 (jobs[1].tx.bytes, jobs[1].wire_bytes);
}

/* What the kernel holds for an absent destination leaves with its socket; and what it holds
 * for the next one, with the socket behind that. */
GST_START_TEST (test_the_socket_is_replaced_each_time)
{
  guint n_fds;

  if (!has_network)
    return;
  open_writer (TRUE);
  send_beside (1);
  fail_unless (is_asked_for (1));
  n_fds = count_fds ();
  send_beside (2);
  fail_unless (is_asked_for (1) && is_asked_for (2));
  fail_unless_equals_int (count_fds (), n_fds);
}
GST_END_TEST

/* The application's socket stays, and so does one whose port cannot be had again: the others
 * wait until the kernel gives up. */
GST_START_TEST (test_a_socket_that_cannot_be_replaced)
{
  if (!has_network)
    return;
  ip ("ntable change name arp_cache dev left mcast_probes 3 retrans 100");
  open_writer (__i__ == 0);
  faults_fail_bind (EADDRINUSE, FAULTS_FOREVER);
  send_beside (1);
  fail_if (is_asked_for (1));
}
GST_END_TEST

static gboolean
left_for (guint destination, gsize from, FaultsMessage *message)
{
  for (; faults_message (from, message); from++)
    if (message->port == PORT + destination)
      return TRUE;
  return FALSE;
}

/* The packet size, and the length of a heap: packets that share a message, and a single large
 * one; with GSO that is switched off, or refused once the destination is absent. */
static const struct {
  gsize packet_size, length;
  gint refused; /* errno, or 0: switched off */
} tries[] = {
    {1472, FULL_PACKETS (3), 0},
    {1472, FULL_PACKETS (3), EIO},
    {8972, 8500, EINVAL},
};

/* Otherwise the kernel would not ask for its address again. */
GST_START_TEST (test_an_absent_destination_is_tried_without_gso)
{
  FaultsMessage message;
  gsize n;

  if (!has_network)
    return;
  open_writer (TRUE);
  if (tries[__i__].refused == 0)
    spead2_udp_writer_disable_gso (writer);
  send_beside (1);

  faults_capture (TRUE, FALSE);
  if (tries[__i__].refused)
    faults_refuse_gso (tries[__i__].refused);
  n = faults_n_messages ();
  set_packet_size (tries[__i__].packet_size);
  forget_jobs ();
  add_job_to (1, tries[__i__].length);
  wait_until ((send_jobs (), left_for (1, n, &message)));
  fail_if (message.gso);
  fail_unless_equals_uint64 (message.n_segments, 1);
  fail_if (spead2_udp_writer_take_recovered (writer), "it has not responded");
}
GST_END_TEST

static Suite *
absent_suite (void)
{
  Suite *s = suite_create ("absent");
  TCase *tc = tcase_create ("absent");
  TCase *network = tcase_create ("network");

  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_lookups_do_not_take_all_of_the_time);
  tcase_add_loop_test (tc, test_names, 0, G_N_ELEMENTS (reports));
  suite_add_tcase (s, tc);

  tcase_add_checked_fixture (network, setup_network, teardown_network);
  tcase_add_test (network, test_the_socket_is_replaced_each_time);
  tcase_add_loop_test (network, test_a_socket_that_cannot_be_replaced, 0, 2);
  tcase_add_loop_test (network, test_an_absent_destination_is_tried_without_gso,
      0, G_N_ELEMENTS (tries));
  suite_add_tcase (s, network);
  return s;
}

GST_CHECK_MAIN (absent)
