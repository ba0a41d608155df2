/* Datagrams from the kernel: that each comes as it was sent, however the kernel merged
 * them, and what becomes of every errno.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "../send/jobs.h"
#include "readerfixture.h"
#include "spead2/clock.h"
#include "spead2/net/udpwriter.h"

/* -- what comes is what was sent ---------------------------------------------------- */

static const gchar *const hosts[] = {"127.0.0.1", "::1"};

/* A socket of IPv6 is not there on every machine. */
static gboolean
has_family (const gchar *host)
{
  const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = loopback};
  gint any;
  gboolean has;

  if (strchr (host, ':') == NULL)
    return TRUE;
  any = socket (AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  has = any >= 0 && bind (any, (struct sockaddr *) &in6, sizeof in6) == 0;
  close (any);
  return has;
}

/* From the empty to the longest one; with GRO and without. */
GST_START_TEST (test_single_datagrams)
{
  static const gsize sizes[] = {0, 1, 1472, 8972, 65507, 0, 3};
  const gchar *host = hosts[__i__ / 2];
  gsize total = 0;
  guint i;

  if (!has_family (host))
    return;
  reopen (host, 1, __i__ % 2);
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    guint8 *bytes = new_bytes (sizes[i], i);

    send_message (0, bytes, sizes[i], 0);
    fail_if (drain (ALL));
    check_given (i, bytes, sizes[i], 0);
    total += sizes[i];
    g_free (bytes);
  }
  fail_unless_equals_int (given->len, i);
  fail_unless_equals_uint64 (counters ()->datagrams, i);
  fail_unless_equals_uint64 (counters ()->messages, i);
  fail_unless_equals_uint64 (counters ()->bytes, total);
  fail_unless_equals_uint64 (counters ()->trains, 0);
  fail_unless_equals_uint64 (counters ()->calls, faults_receive_calls ());
}
GST_END_TEST

static const struct {
  gsize size;
  guint16 segment;
} trains[] = {
    {10, 3},
    {2, 1},
    {333 * 17, 333},
    {333 * 17 + 1, 333},
    {1472 * 44, 1472},
    {1472 * 43 + 1471, 1472},
    {8972 * 7, 8972},
    {8973 * 7 - 5, 8973},
    {64, 1},
};

/* A train is cut where its sender cut it; without GRO the kernel does. */
GST_START_TEST (test_trains)
{
  gboolean gro = __i__ % 2 == 0;
  const gchar *host = hosts[__i__ / 2];
  guint i, n = 0;

  if (!has_family (host))
    return;
  reopen (host, 1, gro);
  for (i = 0; i < G_N_ELEMENTS (trains); i++) {
    guint8 *bytes = new_bytes (trains[i].size, i);

    send_message (0, bytes, trains[i].size, trains[i].segment);
    fail_if (drain (ALL));
    check_given (n, bytes, trains[i].size, trains[i].segment);
    n += (trains[i].size + trains[i].segment - 1) / trains[i].segment;
    fail_unless_equals_int (given->len, n);
    g_free (bytes);
  }
  fail_unless_equals_uint64 (counters ()->datagrams, n);
  fail_unless_equals_uint64 (counters ()->messages, gro ? i : n);
  fail_unless_equals_uint64 (counters ()->trains, gro ? i : 0);
}
GST_END_TEST

static const guint8 *
given_datagram (gsize index, gsize *size)
{
  return index < given->len ? g_bytes_get_data (given->pdata[index], size)
                            : NULL;
}

static const gsize packet_sizes[] = {136, 1471, 1472, 8972};

/* What the writer sends, whose trains cross the ends of heaps: its counters are the
 * reader's. */
GST_START_TEST (test_writer)
{
  Spead2UdpWriter *writer = spead2_udp_writer_new (sender, locals, 1, NULL);
  const Spead2WriterCounters *sent;
  guint i;

  reset_jobs ();
  set_packet_size (packet_sizes[__i__]);
  for (i = 0; i < 10; i++)
    add_job (20001 + 7 * i);
  write_jobs (writer, G_MAXUINT64, TRUE);
  check_all_sent ();
  fail_if (drain (ALL));

  sent = spead2_udp_writer_counters (writer);
  fail_unless_equals_uint64 (
      check_datagrams (given_datagram, given->len), sent->bytes);
  fail_unless_equals_uint64 (counters ()->datagrams, sent->packets);
  fail_unless_equals_uint64 (counters ()->bytes, sent->bytes);
  fail_unless_equals_uint64 (counters ()->messages, sent->messages);
  fail_unless (counters ()->trains > 0);
  forget_jobs ();
  spead2_udp_writer_free (writer);
}
GST_END_TEST

/* Where nothing comes merged, many come by a call; and a train between them is none
 * the worse. */
GST_START_TEST (test_many_a_call)
{
  guint8 *bytes = new_bytes (1472 * 40, 5);
  guint i;

  for (i = 0; i < 100; i++)
    send_message (0, bytes + i, 1472, 0);
  send_message (0, bytes, 1472 * 40, 1472);
  for (; i < 200; i++)
    send_message (0, bytes + i, 1472, 0);
  fail_if (drain (ALL));
  for (i = 0; i < 100; i++)
    check_given (i, bytes + i, 1472, 0);
  check_given (100, bytes, 1472 * 40, 1472);
  for (; i < 200; i++)
    check_given (40 + i, bytes + i, 1472, 0);
  fail_unless_equals_uint64 (counters ()->messages, 201);
  fail_unless (
      counters ()->calls < 40, "%" G_GUINT64_FORMAT, counters ()->calls);
  fail_unless_equals_uint64 (counters ()->calls, faults_receive_calls ());
  g_free (bytes);
}
GST_END_TEST

GST_START_TEST (test_source)
{
  Spead2Endpoint own, source;

  send_n (0, 1, 10);
  drain (ALL);
  fail_unless (last.source == NULL);

  reader_options.source = TRUE;
  reopen ("127.0.0.1", 1, TRUE);
  send_n (0, 1, 10);
  drain (ALL);
  fail_unless (last.source != NULL);
  fail_unless (spead2_endpoint_from_native (&source, &last_source, NULL));
  fail_unless (spead2_udp_socket_get_local (sender, &own, NULL));
  fail_unless_equals_int (source.port, own.port);
  fail_unless (g_str_has_prefix (source.text, "127.0.0.1:"));
}
GST_END_TEST

GST_START_TEST (test_time)
{
  guint64 before = spead2_now ();

  send_n (0, 1, 10);
  drain (ALL);
  fail_unless (last.time >= before && last.time <= spead2_now ());
}
GST_END_TEST

/* -- budget and several sockets ----------------------------------------------------- */

/* A drain ends by its budget, and the next goes on. */
GST_START_TEST (test_budget)
{
  gsize size = __i__ == 0 ? 30000 : 100;
  guint n =
      __i__ == 0 ? 4 : 49; /* so many are 100000 bytes, at least 2 KiB each */

  send_n (0, 70, size);
  fail_unless (drain (100000));
  fail_unless_equals_int (given->len, n);
  while (drain (100000))
    ;
  fail_unless_equals_int (given->len, 70);
}
GST_END_TEST

/* Each socket has its turn, also while another is never empty. */
GST_START_TEST (test_no_socket_starves)
{
  reopen ("127.0.0.1", 2, TRUE);
  send_n (0, 50, 30000);
  spead2_udp_reader_wait (reader, EVER);
  fail_unless (drain (60000)); /* the second was found to be empty */
  send_n (1, 1, 7);
  fail_unless (drain (60000));
  fail_unless_equals_int (last.socket, 1);
  fail_unless_equals_uint64 (last.size, 7);
  while (drain (ALL))
    ;
  fail_unless_equals_int (given->len, 51);
}
GST_END_TEST

/* -- errors -------------------------------------------------------------------------- */

static const guint64 *
errors (void)
{
  return spead2_udp_reader_errors (reader);
}

/* The datagrams of a train that are whole are given. */
GST_START_TEST (test_truncated_train)
{
  guint8 *bytes = new_bytes (9500, 1);
  gsize kept = __i__ == 0 ? 3500 : 3000;

  faults_truncate_received (kept, 1);
  send_message (0, bytes, 9500, 1000);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 3);
  check_given (0, bytes, 3000, 1000);
  fail_unless_equals_uint64 (counters ()->truncated, 1);
  fail_unless_equals_uint64 (counters ()->datagrams, 4);
  fail_unless_equals_uint64 (counters ()->bytes, 3000);

  send_message (0, bytes, 9500, 1000);
  fail_if (drain (ALL));
  check_given (3, bytes, 9500, 1000);
  fail_unless_equals_uint64 (counters ()->datagrams, 14);
  g_free (bytes);
}
GST_END_TEST

GST_START_TEST (test_truncated_datagram)
{
  faults_truncate_received (99, 1);
  send_n (0, 2, 100);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 1);
  fail_unless_equals_uint64 (counters ()->truncated, 1);
  fail_unless_equals_uint64 (counters ()->datagrams, 2);
}
GST_END_TEST

/* A train whose segment size is not known would be one long datagram. */
GST_START_TEST (test_truncated_control)
{
  guint8 *bytes = new_bytes (9500, 1);

  faults_cut_control (1);
  send_message (0, bytes, 9500, 1000);
  send_message (0, bytes, 9500, 1000);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 10);
  check_given (0, bytes, 9500, 1000);
  fail_unless_equals_uint64 (counters ()->ctrunc, 1);
  fail_unless_equals_uint64 (counters ()->truncated, 0);
  g_free (bytes);
}
GST_END_TEST

static const gint errnos[] = {EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
    EPROTO, EACCES, EMSGSIZE, ENOBUFS, ENOMEM, EIO};

/* No errno ends the stream, in a drain and in a wait. */
GST_START_TEST (test_errno)
{
  const gint errnum = errnos[__i__];
  guint i;

  send_n (0, 1, 10);
  faults_fail_receive (errnum, 3);
  for (i = 0; given->len == 0; i++) {
    fail_if (i > 10);
    if (!drain (ALL))
      spead2_udp_reader_wait (reader, EVER);
  }
  fail_unless_equals_uint64 (errors ()[errnum], errnum == EINTR ? 0 : 3);

  drain (ALL);
  faults_fail_receive (errnum, 1);
  spead2_udp_reader_wait (reader, EVER);
  send_n (0, 1, 10);
  drain (ALL);
  fail_unless_equals_int (given->len, 2);
}
GST_END_TEST

/* One that lasts does not spin. */
GST_START_TEST (test_errno_for_ever)
{
  guint i;

  faults_fail_receive (EIO, FAULTS_FOREVER);
  for (i = 0; i < 5; i++) {
    fail_if (drain (ALL));
    spead2_udp_reader_wait (reader, EVER);
  }
  fail_unless (
      counters ()->calls <= 16 + 5, "%" G_GUINT64_FORMAT, counters ()->calls);
  fail_unless_equals_uint64 (errors ()[EIO], counters ()->calls);
  faults_reset ();
  send_n (0, 1, 10);
  drain (ALL);
  fail_unless_equals_int (given->len, 1);
}
GST_END_TEST

/* An outside socket that also sends, to where nobody listens: its ICMP errors are
 * counted, and neither end the stream nor keep waits from waiting. */
GST_START_TEST (test_icmp_errors)
{
  struct sockaddr_in closed = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t size = sizeof closed;
  const gint on = TRUE;
  gint other = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  guint64 until;
  guint i;

  fail_unless_equals_int (bind (other, (struct sockaddr *) &closed, size), 0);
  getsockname (other, (struct sockaddr *) &closed, &size);
  close (other);
  setsockopt (fds[0], IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  fcntl (fds[0], F_SETFL, O_NONBLOCK);
  spead2_udp_reader_free (reader);
  reader = spead2_udp_reader_new (fds, 1, &reader_options, NULL);

  for (i = 0; i < 3; i++) {
    sendto (fds[0], "x", 1, 0, (struct sockaddr *) &closed, sizeof closed);
    fail_if (drain (ALL));
    spead2_udp_reader_wait (reader, spead2_now () + MS);
  }
  fail_unless_equals_uint64 (errors ()[ECONNREFUSED], 3);
  fail_unless_equals_uint64 (counters ()->errors, 3);
  until = spead2_now () + MS;
  spead2_udp_reader_wait (reader, until);
  fail_unless (spead2_now () >= until);
  send_n (0, 1, 10);
  spead2_udp_reader_wait (reader, EVER);
  drain (ALL);
  fail_unless_equals_int (given->len, 1);
}
GST_END_TEST

/* The owner shuts the socket down: it is said once, and waits wait. */
GST_START_TEST (test_shut_down)
{
  guint64 until;
  guint i;

  if (__i__ == 1) {
    fcntl (fds[0], F_SETFL, O_NONBLOCK);
    spead2_udp_reader_free (reader);
    reader = spead2_udp_reader_new (fds, 1, &reader_options, NULL);
  }
  drain (ALL);
  shutdown (fds[0], SHUT_RD);
  for (i = 0; i < 3; i++) {
    fail_if (drain (ALL));
    spead2_udp_reader_wait (reader, spead2_now () + 100 * MS);
  }
  until = spead2_now () + MS;
  spead2_udp_reader_wait (reader, until);
  fail_unless (spead2_now () >= until);
  fail_unless_equals_uint64 (errors ()[ESHUTDOWN], 1);
  fail_unless_equals_int (given->len, 0);
}
GST_END_TEST

/* -- throwing away, and what the kernel says ------------------------------------------ */

GST_START_TEST (test_discard)
{
  guint8 *bytes = new_bytes (10000, 0);

  reopen ("127.0.0.1", 2, TRUE);
  send_n (0, 1000, 10);
  send_n (1, 3, 65507);
  send_message (1, bytes, 10000, 1000);
  spead2_udp_reader_discard (reader);
  fail_unless_equals_uint64 (counters ()->discarded, 1000 + 3 + 10);
  fail_unless_equals_uint64 (
      counters ()->discarded_bytes, 10000 + 3 * 65507 + 10000);
  send_n (0, 1, 20);
  fail_if (drain (ALL));
  fail_unless_equals_int (given->len, 1);
  fail_unless_equals_uint64 (counters ()->datagrams, 1);
  fail_unless_equals_uint64 (counters ()->messages, 1);
  fail_unless_equals_uint64 (counters ()->bytes, 20);
  g_free (bytes);
}
GST_END_TEST

GST_START_TEST (test_kernel)
{
  Spead2UdpListenOptions options = {.buffer_size = 8192};
  Spead2ReaderKernel kernel;

  spead2_udp_reader_get_kernel (reader, &kernel);
  fail_unless_equals_uint64 (kernel.drops, 0);
  fail_unless_equals_uint64 (kernel.fill, 0);
  fail_unless_equals_uint64 (
      kernel.size, 2 * spead2_udp_socket_receive_buffer_size (fds[0]));
  send_n (0, 10, 1000);
  spead2_udp_reader_get_kernel (reader, &kernel);
  fail_unless (kernel.fill >= 10000 && kernel.fill <= kernel.size);

  /* What does not fit is dropped and counted; what was before is not. */
  close_reader ();
  n_fds = 1;
  open_one ("127.0.0.1", &options, 0);
  sender = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  send_n (0, 100, 1000);
  reader = spead2_udp_reader_new (fds, 1, &reader_options, NULL);
  send_n (0, 50, 1000);
  spead2_udp_reader_get_kernel (reader, &kernel);
  fail_unless_equals_uint64 (kernel.drops, 50);
  drain (ALL);
  send_n (0, 100, 1000);
  drain (ALL);
  spead2_udp_reader_get_kernel (reader, &kernel);
  fail_unless (given->len < 100);
  fail_unless (kernel.drops > 50);
}
GST_END_TEST

static Suite *
udpreader_suite (void)
{
  Suite *s = suite_create ("udpreader");
  TCase *tc = tcase_create ("reading");

  tcase_add_checked_fixture (tc, open_fixture, close_fixture);
  tcase_add_loop_test (tc, test_single_datagrams, 0, 4);
  tcase_add_loop_test (tc, test_trains, 0, 4);
  tcase_add_loop_test (tc, test_writer, 0, G_N_ELEMENTS (packet_sizes));
  tcase_add_test (tc, test_many_a_call);
  tcase_add_test (tc, test_source);
  tcase_add_test (tc, test_time);
  tcase_add_loop_test (tc, test_budget, 0, 2);
  tcase_add_test (tc, test_no_socket_starves);
  tcase_add_test (tc, test_discard);
  tcase_add_test (tc, test_kernel);
  suite_add_tcase (s, tc);

  tc = tcase_create ("errors");
  tcase_add_checked_fixture (tc, open_fixture, close_fixture);
  tcase_add_loop_test (tc, test_truncated_train, 0, 2);
  tcase_add_test (tc, test_truncated_datagram);
  tcase_add_test (tc, test_truncated_control);
  tcase_add_loop_test (tc, test_errno, 0, G_N_ELEMENTS (errnos));
  tcase_add_test (tc, test_errno_for_ever);
  tcase_add_test (tc, test_icmp_errors);
  tcase_add_loop_test (tc, test_shut_down, 0, 2);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (udpreader)
