/* Packets to the kernel: that it takes what a batch makes, and what becomes of every
 * errno, over loopback behind a faulty network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "../../ownnetwork.h"
#include "../../tools.h"
#include "jobs.h"
#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/net/udpsocket.h"
#include "spead2/net/udpwriter.h"

#define MIB (1 << 20)
#define MS G_GUINT64_CONSTANT (1000000)

static gint sinks[2];
static gint fd;
static Spead2Endpoint endpoints[2];
static Spead2UdpWriter *writer;

/* A bound socket that nobody reads. */
static gint
open_sink (gint family, guint16 *port)
{
  struct sockaddr_storage address = {.ss_family = family};
  struct sockaddr_in *in = (struct sockaddr_in *) &address;
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &address;
  socklen_t size = sizeof address;
  gint sink = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (sink < 0)
    return -1;
  if (family == AF_INET)
    in->sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  else
    in6->sin6_addr = in6addr_loopback;
  if (bind (sink, (struct sockaddr *) &address, sizeof address) != 0 ||
      getsockname (sink, (struct sockaddr *) &address, &size) != 0) {
    close (sink);
    return -1;
  }
  *port = ntohs (family == AF_INET ? in->sin_port : in6->sin6_port);
  return sink;
}

static void
new_writer (void)
{
  GError *error = NULL;

  if (writer)
    spead2_udp_writer_free (writer);
  writer = spead2_udp_writer_new (fd, endpoints, 2, &error);
  fail_unless (writer != NULL);
}

/* FALSE when the family has no loopback here. */
static gboolean
open_all (gint family)
{
  Spead2UdpSocketOptions options = {.ttl = 64, .ttl_mc = 1, .dscp = -1};
  GError *error = NULL;
  guint i;

  for (i = 0; i < 2; i++) {
    guint16 port;

    sinks[i] = open_sink (family, &port);
    if (sinks[i] < 0)
      return FALSE;
    fail_unless (spead2_endpoint_resolve (&endpoints[i],
        family == AF_INET ? "127.0.0.1" : "::1", port, AF_UNSPEC, NULL,
        &error));
  }
  fd = spead2_udp_socket_open (&endpoints[0], &options, &error);
  fail_unless (fd >= 0);
  new_writer ();
  return TRUE;
}

static void
close_all (void)
{
  faults_reset ();
  forget_jobs ();
  g_clear_pointer (&writer, spead2_udp_writer_free);
  close (fd);
  close (sinks[0]);
  close (sinks[1]);
}

static void
setup (void)
{
  faults_reset ();
  reset_jobs ();
  fail_unless (open_all (AF_INET));
}

static void
teardown (void)
{
  close_all ();
}

static void
send_jobs (void)
{
  write_jobs (writer, G_MAXUINT64, TRUE);
}

/* What was captured is what was to be sent, as far as tx states and counters say. */
static void
check_captured (void)
{
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  guint64 total = check_datagrams (faults_datagram, faults_n_datagrams ());
  FaultsCounts counts;

  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.bytes, total);
  fail_unless_equals_uint64 (counters->bytes, total);
  fail_unless_equals_uint64 (counters->packets, counts.datagrams);
  fail_unless_equals_uint64 (counters->messages, counts.messages);
  fail_unless_equals_uint64 (counters->calls, counts.sendmmsg_calls);
}

/* -- what the kernel takes ---------------------------------------------------- */

static const gsize packet_sizes[] = {136, 1472, 8972, 65507};

/* Messages of 64 packets, of the most bytes, and of one packet. */
GST_START_TEST (test_full_messages)
{
  FaultsMessage message;
  FaultsCounts counts;
  gsize i;

  set_packet_size (packet_sizes[__i__]);
  faults_capture (TRUE, TRUE);
  add_job (MIB);
  send_jobs ();
  check_all_sent ();
  check_captured ();
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  for (i = 0; faults_message (i, &message); i++)
    fail_unless_equals_int (message.gso, message.n_segments > 1);
}
GST_END_TEST

/* 13 packets of 5040 bytes are 65520: IPv6 takes them, IPv4 takes 12. */
GST_START_TEST (test_message_limit)
{
  FaultsMessage message;

  fail_unless_equals_int (spead2_udp_max_message (AF_INET), 65507);
  fail_unless_equals_int (spead2_udp_max_message (AF_INET6), 65527);
  if (__i__ == 1) {
    close_all ();
    if (!open_all (AF_INET6)) {
      GST_WARNING ("no IPv6 here");
      fail_unless (open_all (AF_INET));
      return;
    }
  }

  set_packet_size (5040);
  faults_capture (TRUE, TRUE);
  add_job (200000);
  send_jobs ();
  check_all_sent ();
  check_captured ();
  fail_unless (faults_message (0, &message));
  fail_unless_equals_uint64 (message.n_segments, __i__ == 1 ? 13 : 12);

  /* One packet alone may be as large. */
  forget_jobs ();
  faults_reset ();
  new_writer ();
  faults_capture (TRUE, TRUE);
  set_packet_size (spead2_udp_max_message (__i__ == 1 ? AF_INET6 : AF_INET));
  add_job (100000);
  send_jobs ();
  check_all_sent ();
  check_captured ();
  fail_unless (faults_message (0, &message));
  fail_unless_equals_uint64 (message.bytes, __i__ == 1 ? 65520 : 65504);
}
GST_END_TEST

/* Nobody listens at the second destination. The message behind it brings the
 * ICMP error home, but the error is not that message's. */
GST_START_TEST (test_errors_are_kept_by_destination)
{
  Spead2DestinationCounters counters[2];
  const Spead2Endpoint *destination;
  guint i;
  gint errnum;

  close (sinks[1]);
  for (i = 0; i < 4; i++)
    add_job (FULL_PACKETS (3))->heap->destination = (i + 1) % 2;
  send_jobs ();
  sinks[1] = dup (sinks[0]);

  check_all_sent ();
  for (i = 0; i < 2; i++)
    spead2_udp_writer_get_destination (writer, i, &counters[i]);
  fail_unless (counters[1].errors > 0);
  fail_unless_equals_uint64 (counters[0].errors, 0);
  fail_unless_equals_uint64 (
      spead2_udp_writer_counters (writer)->errors[ECONNREFUSED],
      counters[1].errors);
  fail_unless (
      spead2_udp_writer_take_icmp_errors (writer, &errnum, &destination) > 0);
  fail_unless_equals_int (errnum, ECONNREFUSED);
  fail_unless_equals_string (destination->text, endpoints[1].text);
}
GST_END_TEST

/* -- GSO refused ------------------------------------------------------------- */

static const gint gso_errnos[] = {
    EINVAL, EIO, EMSGSIZE, EOPNOTSUPP, ENOPROTOOPT};

GST_START_TEST (test_gso_refused)
{
  const gint errnum = gso_errnos[__i__ / 2];
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  FaultsCounts counts;
  FaultsMessage message;
  gint rule;

  in_place = __i__ % 2;
  faults_capture (TRUE, TRUE);
  rule = faults_refuse_gso (errnum);
  add_job (MIB);
  add_job (100);
  add_job (FULL_PACKETS (50));
  send_jobs ();
  check_all_sent ();
  /* The same bytes in the same datagrams as with GSO. */
  check_captured ();
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.gso_messages, 0);
  fail_unless_equals_int (spead2_udp_writer_gso_errno (writer, 0), errnum);
  fail_unless_equals_int (spead2_udp_writer_gso_errno (writer, 1), 0);
  fail_unless_equals_uint64 (counters->gso_off, 1);
  fail_unless (counters->errors[errnum] >= 1);

  /* It is not tried again... */
  faults_remove_rule (rule);
  send_jobs ();
  check_all_sent ();
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.gso_messages, 0);

  /* ... until it shall be, or for another destination. */
  jobs[0].heap->destination = 1;
  send_jobs ();
  faults_get_counts (&counts);
  fail_unless (counts.gso_messages > 0);
  jobs[0].heap->destination = 0;
  spead2_udp_writer_probe (writer);
  send_jobs ();
  check_all_sent ();
  fail_unless_equals_int (spead2_udp_writer_gso_errno (writer, 0), 0);
  fail_unless (faults_message (faults_n_messages () - 1, &message));
  fail_unless (message.gso);
}
GST_END_TEST

/* Of a single large packet, which is then sent without, and so are those behind it; packets
 * that share a message are not. */
GST_START_TEST (test_gso_refused_for_a_packet)
{
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  FaultsMessage message;
  gint rule;
  guint i;

  faults_capture (TRUE, TRUE);
  rule = faults_refuse_gso (gso_errnos[__i__]);
  set_packet_size (8972);
  add_job (8000);
  for (i = 0; i < 2; i++) {
    send_jobs ();
    check_all_sent ();
    faults_remove_rule (rule);
  }
  for (i = 0; i < 2; i++) {
    fail_unless (faults_message (i, &message));
    fail_if (message.gso);
  }
  fail_unless_equals_int (faults_n_messages (), 2);
  fail_unless_equals_int (spead2_udp_writer_gso_errno (writer, 0), 0);
  fail_unless_equals_uint64 (counters->gso_off, 0);
  fail_unless_equals_uint64 (counters->errors[gso_errnos[__i__]], 0);

  forget_jobs ();
  add_job (20000);
  send_jobs ();
  check_all_sent ();
  fail_unless (faults_message (2, &message));
  fail_unless (message.gso);

  spead2_udp_writer_probe (writer);
  forget_jobs ();
  add_job (8000);
  send_jobs ();
  fail_unless (faults_message (faults_n_messages () - 1, &message));
  fail_unless (message.gso);
}
GST_END_TEST

/* The plain packets fail with it too: then it meant them. */
GST_START_TEST (test_not_gso)
{
  const gint errnum = gso_errnos[__i__];
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  FaultsMessage message;
  gint rule;

  rule = faults_fail_all (errnum);
  add_job (FULL_PACKETS (100));
  send_jobs ();
  fail_unless_equals_int (jobs[0].tx.error, errnum);
  fail_unless_equals_uint64 (jobs[0].tx.bytes, 0);
  fail_unless_equals_int (spead2_udp_writer_gso_errno (writer, 0), 0);
  fail_unless_equals_uint64 (counters->gso_off, 0);

  faults_remove_rule (rule);
  faults_capture (TRUE, TRUE);
  send_jobs ();
  check_all_sent ();
  fail_unless (faults_message (0, &message));
  fail_unless (message.gso);
}
GST_END_TEST

/* One packet of a refused message fails plain: the others go. */
GST_START_TEST (test_plain_packet_fails)
{
  faults_capture (TRUE, TRUE);
  faults_refuse_gso (EIO);
  /* After the message itself and two packets; seen when tried again. */
  faults_fail_message (2, 2, EPERM);
  add_job (FULL_PACKETS (5));
  send_jobs ();
  fail_unless_equals_int (jobs[0].tx.error, EPERM);
  fail_unless_equals_uint64 (jobs[0].tx.bytes, 4 * 1472);
  check_captured ();
}
GST_END_TEST

/* -- no room ------------------------------------------------------------------ */

static FaultsCounts
get_counts (void)
{
  FaultsCounts counts;

  faults_get_counts (&counts);
  return counts;
}

/* Once the writer waits. */
static gpointer
release_later (gpointer data)
{
  wait_until (get_counts ().polls_blocked > 0);
  faults_block (FALSE);
  return NULL;
}

GST_START_TEST (test_eagain)
{
  GThread *thread;

  faults_capture (TRUE, TRUE);
  faults_block_after (3);
  add_job (MIB);
  thread = g_thread_new ("release", release_later, NULL);
  send_jobs ();
  g_thread_join (thread);
  check_all_sent ();
  check_captured ();
  fail_unless (spead2_udp_writer_counters (writer)->waits >= 1);
  /* It slept: no busy waiting. */
  fail_unless (spead2_udp_writer_counters (writer)->calls < 50);
}
GST_END_TEST

static const gint full_errnos[] = {ENOBUFS, ENOMEM};

GST_START_TEST (test_back_off)
{
  const gint errnum = full_errnos[__i__];
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  guint64 start;

  faults_capture (TRUE, TRUE);
  faults_fail_message (0, 10, errnum);
  add_job (MIB);
  start = spead2_now ();
  send_jobs ();
  check_all_sent ();
  check_captured ();
  /* 50 us, twice as much each time, then 5 ms: 6.35 + 3 x 5 ms. */
  fail_unless (spead2_now () - start >= 21 * MS);
  fail_unless_equals_uint64 (counters->waits, 10);
  fail_unless_equals_uint64 (counters->errors[errnum], 10);
}
GST_END_TEST

GST_START_TEST (test_eintr)
{
  faults_capture (TRUE, TRUE);
  faults_fail_message (0, 7, EINTR);
  add_job (MIB);
  send_jobs ();
  check_all_sent ();
  check_captured ();
  fail_unless_equals_uint64 (spead2_udp_writer_counters (writer)->waits, 0);
  fail_unless_equals_uint64 (
      spead2_udp_writer_counters (writer)->errors[EINTR], 0);
}
GST_END_TEST

GST_START_TEST (test_partial)
{
  faults_capture (TRUE, TRUE);
  faults_cut (1, 5);
  add_job (MIB);
  send_jobs ();
  check_all_sent ();
  check_captured ();
  /* Five calls of one message, one of the other twelve. */
  fail_unless_equals_uint64 (spead2_udp_writer_counters (writer)->calls, 6);
}
GST_END_TEST

/* -- errors ------------------------------------------------------------------- */

GST_START_TEST (test_econnrefused)
{
  faults_capture (TRUE, TRUE);
  faults_fail_message (0, 3, ECONNREFUSED);
  add_job (MIB);
  send_jobs ();
  check_all_sent ();
  check_captured ();
}
GST_END_TEST

/* Nobody listens: the kernel says so later, and everything goes. */
GST_START_TEST (test_icmp)
{
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  guint i;

  close (sinks[0]);
  faults_capture (TRUE, TRUE);
  for (i = 0; i < MAX_JOBS; i++)
    add_job (100 + i);
  write_jobs (writer, 1, TRUE);
  check_all_sent ();
  check_captured ();
  fail_unless (counters->errors[ECONNREFUSED] >= 1);
  /* And after so many of them it does not listen any more. */
  fail_unless (counters->errors[ECONNREFUSED] <= 16);
  sinks[0] = dup (sinks[1]);
}
GST_END_TEST

static void
forbid_fragments (gint family)
{
  const gint v4 = IP_PMTUDISC_DO, v6 = IPV6_PMTUDISC_DO;

  if (family == AF_INET)
    setsockopt (fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4);
  else
    setsockopt (fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
}

/* Packets that this machine itself refuses stand in the error queue as well: they
 * fail at once, and nothing is said of the network. */
GST_START_TEST (test_refused_by_this_machine)
{
  const gint family = __i__ == 0 ? AF_INET : AF_INET6;
  const Spead2WriterCounters *counters;
  const Spead2Endpoint *destination;
  gint errnum;

  close_all ();
  if (!enter_network ()) {
    fail_unless (open_all (AF_INET));
    return;
  }
  ip ("link set lo up mtu 1500");
  if (!open_all (family)) {
    fail_unless (open_all (AF_INET));
    return;
  }
  forbid_fragments (family);
  counters = spead2_udp_writer_counters (writer);
  set_packet_size (8972);
  faults_capture (TRUE, TRUE);
  add_job (100);
  add_job (100000);
  add_job (200);
  send_jobs ();
  check_captured ();
  fail_unless_equals_int (jobs[0].tx.error, 0);
  fail_unless_equals_int (jobs[1].tx.error, EMSGSIZE);
  fail_unless_equals_int (jobs[2].tx.error, 0);
  fail_unless_equals_uint64 (
      spead2_udp_writer_take_icmp_errors (writer, &errnum, &destination), 0);
  /* The first; the messages of the second, each with GSO and without, but for its
   * last packet alone; the third. */
  fail_unless (counters->calls <= 8, "%" G_GUINT64_FORMAT, counters->calls);
  fail_unless (counters->errors[EMSGSIZE] <= 3);

  /* Errors of the network are still heard. */
  forget_jobs ();
  close (sinks[0]);
  set_packet_size (1000);
  add_job (100);
  send_jobs ();
  send_jobs ();
  fail_unless (counters->errors[ECONNREFUSED] >= 1);
  sinks[0] = dup (sinks[1]);
}
GST_END_TEST

/* Where there is one that may hold up others, and not where it was removed. */
GST_START_TEST (test_removed_destinations_do_not_count)
{
  const Spead2UdpSocketOptions options = {.ttl = 64, .ttl_mc = 1, .dscp = -1};
  const gchar *several = "Of several unicast destinations";
  const gchar *reason;

  spead2_udp_writer_watch_neighbours (writer, &options, TRUE);
  spead2_udp_writer_use_zerocopy (writer, FALSE);
  reason = spead2_udp_writer_zerocopy_reason (writer, 0);
  fail_unless (g_str_has_prefix (reason, several));

  spead2_udp_writer_remove_destination (writer, 1);
  spead2_udp_writer_remove_destination (writer, 1);
  reason = spead2_udp_writer_zerocopy_reason (writer, 0);
  fail_if (reason && g_str_has_prefix (reason, several));

  spead2_udp_writer_set_destination (writer, 1, &endpoints[1]);
  reason = spead2_udp_writer_zerocopy_reason (writer, 0);
  fail_unless (g_str_has_prefix (reason, several));
}
GST_END_TEST

static const gint packet_errnos[] = {
    EPERM, EACCES, ENETUNREACH, EHOSTUNREACH, ENETDOWN};

/* Messages of 44 packets, heaps of 30: the second message has packets of the
 * second and the third heap. */
GST_START_TEST (test_one_message_fails)
{
  const gint errnum = packet_errnos[__i__];
  const Spead2WriterCounters *counters = spead2_udp_writer_counters (writer);
  guint i;

  faults_capture (TRUE, TRUE);
  /* Once behind the count of the first message, once seen. */
  faults_fail_message (1, 2, errnum);
  for (i = 0; i < 6; i++)
    add_job (FULL_PACKETS (30));
  send_jobs ();
  for (i = 0; i < 6; i++)
    fail_unless_equals_int (jobs[i].tx.error, i == 1 || i == 2 ? errnum : 0);
  fail_unless_equals_uint64 (jobs[1].tx.bytes, 14 * 1472);
  fail_unless_equals_uint64 (jobs[2].tx.bytes, 2 * 1472);
  check_captured ();
  fail_unless_equals_uint64 (counters->errors[errnum], 1);
  fail_unless_equals_uint64 (counters->gso_off, 0);
  fail_unless_equals_uint64 (faults_seen (errnum), 1);
}
GST_END_TEST

/* -- the deadline -------------------------------------------------------------- */

static gpointer
expire_later (gpointer data)
{
  wait_until (get_counts ().polls_blocked > 0 || get_counts ().injected > 5);
  spead2_udp_writer_set_deadline (writer, 0);
  return NULL;
}

GST_START_TEST (test_deadline)
{
  const gint errnum = __i__ == 0 ? 0 : __i__ == 1 ? ENOBUFS : EINTR;
  GThread *thread;
  guint64 start = spead2_now ();
  guint i;

  faults_capture (TRUE, TRUE);
  if (errnum)
    faults_fail_message (2, FAULTS_FOREVER, errnum);
  else
    faults_block_after (2);
  for (i = 0; i < 5; i++)
    add_job (FULL_PACKETS (30));
  thread = g_thread_new ("expire", expire_later, NULL);
  send_jobs ();
  g_thread_join (thread);
  fail_unless (spead2_now () - start < 10000 * MS);
  /* Two messages of 44 went: heaps 0 and 1, and 28 packets of heap 2. */
  fail_unless_equals_int (jobs[0].tx.error, 0);
  fail_unless_equals_int (jobs[1].tx.error, 0);
  for (i = 2; i < 5; i++)
    fail_unless_equals_int (jobs[i].tx.error, ECANCELED);
  fail_unless_equals_uint64 (jobs[2].tx.bytes, 28 * 1472);
  check_captured ();
  fail_unless (spead2_udp_writer_expired (writer));
  fail_if (spead2_udp_writer_sleep_until (writer, spead2_now () + 1000 * MS));

  /* What need not wait goes in any case. */
  faults_reset ();
  send_jobs ();
  check_all_sent ();

  spead2_udp_writer_set_deadline (writer, G_MAXUINT64);
  fail_if (spead2_udp_writer_expired (writer));
  start = spead2_now ();
  /* The new deadline has woken it, once. */
  fail_unless (spead2_udp_writer_sleep_until (writer, start + 5 * MS));
  fail_unless (spead2_udp_writer_sleep_until (writer, start + 5 * MS));
  fail_unless (spead2_now () >= start + 5 * MS);
}
GST_END_TEST

GST_START_TEST (test_no_wait)
{
  guint64 start = spead2_now ();

  faults_block (TRUE);
  add_job (MIB);
  write_jobs (writer, G_MAXUINT64, FALSE);
  fail_unless (spead2_now () - start < 10000 * MS);
  fail_unless_equals_uint64 (jobs[0].tx.bytes, 0);
  fail_unless (jobs[0].tx.error != 0);
  faults_block (FALSE);
  write_jobs (writer, G_MAXUINT64, FALSE);
  check_all_sent ();
}
GST_END_TEST

GST_START_TEST (test_abandon)
{
  Spead2Packetizer packetizer;
  Job *job = add_job (10000);
  FaultsCounts counts;

  spead2_packetizer_start (&packetizer, &config, job->heap);
  spead2_udp_writer_begin (writer, G_MAXUINT64, TRUE);
  while (spead2_packetizer_peek (&packetizer))
    fail_unless (spead2_udp_writer_add (writer, &packetizer, &job->tx));
  fail_unless_equals_int (job->tx.in_flight, 7);
  spead2_udp_writer_abandon (writer);
  fail_unless_equals_int (job->tx.in_flight, 0);
  fail_unless_equals_int (job->tx.error, ECANCELED);
  spead2_udp_writer_send (writer);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.messages, 0);
}
GST_END_TEST

/* -- everything at once --------------------------------------------------------- */

#define SEEDS_PER_TEST 100

GST_START_TEST (test_random)
{
  static const gint errnums[] = {EAGAIN, ENOBUFS, ENOMEM, EINTR, ECONNREFUSED,
      EINVAL, EMSGSIZE, EIO, EPERM, EACCES, ENETUNREACH, EHOSTUNREACH};
  guint i, k;

  for (i = 0; i < SEEDS_PER_TEST; i++) {
    guint seed = __i__ * SEEDS_PER_TEST + i + 1;
    GRand *random = g_rand_new_with_seed (seed);

    faults_reset ();
    new_writer ();
    forget_jobs ();
    for (k = 0; k < 12; k++) {
      in_place = g_rand_boolean (random);
      add_job (g_rand_boolean (random)
              ? FULL_PACKETS (g_rand_int_range (random, 1, 30))
              : (gsize) g_rand_int_range (random, 0, 20000));
    }
    faults_capture (TRUE, TRUE);
    faults_random (seed, 0.02 + 0.2 * (seed % 3), 0.1 * (seed % 4), errnums,
        G_N_ELEMENTS (errnums));
    write_jobs (writer, g_rand_boolean (random) ? G_MAXUINT64 : 20000, TRUE);
    check_captured ();
    g_rand_free (random);
  }
}
GST_END_TEST

static Suite *
udpwriter_suite (void)
{
  Suite *suite = suite_create ("udpwriter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_full_messages, 0, G_N_ELEMENTS (packet_sizes));
  tcase_add_loop_test (tc, test_message_limit, 0, 2);
  tcase_add_test (tc, test_errors_are_kept_by_destination);
  tcase_add_loop_test (tc, test_gso_refused, 0, 2 * G_N_ELEMENTS (gso_errnos));
  tcase_add_loop_test (
      tc, test_gso_refused_for_a_packet, 0, G_N_ELEMENTS (gso_errnos));
  tcase_add_loop_test (tc, test_not_gso, 0, G_N_ELEMENTS (gso_errnos));
  tcase_add_test (tc, test_plain_packet_fails);
  tcase_add_test (tc, test_eagain);
  tcase_add_loop_test (tc, test_back_off, 0, G_N_ELEMENTS (full_errnos));
  tcase_add_test (tc, test_eintr);
  tcase_add_test (tc, test_partial);
  tcase_add_test (tc, test_econnrefused);
  tcase_add_test (tc, test_icmp);
  tcase_add_loop_test (tc, test_refused_by_this_machine, 0, 2);
  tcase_add_test (tc, test_removed_destinations_do_not_count);
  tcase_add_loop_test (
      tc, test_one_message_fails, 0, G_N_ELEMENTS (packet_errnos));
  tcase_add_loop_test (tc, test_deadline, 0, 3);
  tcase_add_test (tc, test_no_wait);
  tcase_add_test (tc, test_abandon);
  tcase_add_loop_test (tc, test_random, 0, 10);
  return suite;
}

GST_CHECK_MAIN (udpwriter);
