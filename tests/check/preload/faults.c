/* The faulty network itself, over loopback: what it claims to fail fails, what
 * it claims to have sent was received, and nothing else is touched.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools.h"
#include "faults.h"

#define BATCH 8
#define SIZE 100
#define MAX_SIZE 4096
#define N_IOVECS 2

static int sender;
static int receiver;
static struct sockaddr_in receiver_address;

typedef union {
  struct cmsghdr header;
  gchar space[CMSG_SPACE (sizeof (guint16))];
} Control;

/* Messages of two iovecs each; the bytes of message i begin with i. */
typedef struct {
  struct mmsghdr messages[BATCH];
  struct iovec vectors[BATCH][N_IOVECS];
  Control controls[BATCH];
  guint8 bytes[BATCH][MAX_SIZE];
} Batch;

static Batch batch;

/* Not fail_unless(): the child has no test that could fail. */
static int
open_bound (struct sockaddr_in *address)
{
  socklen_t size = sizeof *address;
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_true (fd >= 0);
  memset (address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_true (bind (fd, (struct sockaddr *) address, size) == 0);
  g_assert_true (getsockname (fd, (struct sockaddr *) address, &size) == 0);
  return fd;
}

static void
setup (void)
{
  struct sockaddr_in address;

  receiver = open_bound (&receiver_address);
  sender = open_bound (&address);
  fail_unless (connect (sender, (struct sockaddr *) &receiver_address,
                   sizeof receiver_address) == 0);
  faults_reset ();
}

static void
teardown (void)
{
  faults_reset ();
  close (sender);
  close (receiver);
}

static void
prepare (guint i, gsize size, guint16 segment)
{
  struct msghdr *header = &batch.messages[i].msg_hdr;

  memset (header, 0, sizeof *header);
  for (gsize j = 0; j < size; j++)
    batch.bytes[i][j] = (guint8) (i + j);
  batch.vectors[i][0].iov_base = batch.bytes[i];
  batch.vectors[i][0].iov_len = size / 3;
  batch.vectors[i][1].iov_base = batch.bytes[i] + size / 3;
  batch.vectors[i][1].iov_len = size - size / 3;
  header->msg_iov = batch.vectors[i];
  header->msg_iovlen = N_IOVECS;
  if (segment > 0) {
    header->msg_control = &batch.controls[i];
    header->msg_controllen = sizeof batch.controls[i];
    batch.controls[i].header.cmsg_level = IPPROTO_UDP;
    batch.controls[i].header.cmsg_type = UDP_SEGMENT;
    batch.controls[i].header.cmsg_len = CMSG_LEN (sizeof segment);
    memcpy (CMSG_DATA (&batch.controls[i].header), &segment, sizeof segment);
  }
}

static void
prepare_all (gsize size, guint16 segment)
{
  for (guint i = 0; i < BATCH; i++)
    prepare (i, size, segment);
}

static int
send_all (void)
{
  return sendmmsg (sender, batch.messages, BATCH, 0);
}

static ssize_t
send_one (gsize size, guint16 segment)
{
  prepare (0, size, segment);
  return sendmsg (sender, &batch.messages[0].msg_hdr, 0);
}

/* On loopback what was sent is there when the call returns. */
static guint
n_received (void)
{
  guint8 bytes[MAX_SIZE];
  guint n = 0;

  while (recv (receiver, bytes, sizeof bytes, MSG_DONTWAIT) >= 0)
    n++;
  return n;
}

/* As they are now, until the next call. */
static const FaultsCounts *
counts (void)
{
  static FaultsCounts now;

  faults_get_counts (&now);
  return &now;
}

#define assert_fails(call, errnum)                                             \
  G_STMT_START                                                                 \
  {                                                                            \
    errno = 0;                                                                 \
    fail_unless ((call) == -1);                                                \
    assert_equals_int (errno, errnum);                                         \
  }                                                                            \
  G_STMT_END

GST_START_TEST (without_a_plan_everything_is_sent_and_counted)
{
  FaultsCounts now;

  prepare_all (SIZE, 0);
  assert_equals_int (send_all (), BATCH);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  faults_get_counts (&now);
  assert_equals_uint64 (now.messages, BATCH + 1);
  assert_equals_uint64 (now.datagrams, BATCH + 1);
  assert_equals_uint64 (now.bytes, (BATCH + 1) * SIZE);
  assert_equals_uint64 (now.sendmmsg_calls, 1);
  assert_equals_uint64 (now.sendmsg_calls, 1);
  assert_equals_uint64 (now.injected, 0);
  assert_equals_int (n_received (), BATCH + 1);
}

GST_END_TEST;

GST_START_TEST (a_gso_message_counts_its_datagrams)
{
  FaultsCounts now;

  assert_equals_int (send_one (1050, 100), 1050);
  faults_get_counts (&now);
  assert_equals_uint64 (now.messages, 1);
  assert_equals_uint64 (now.gso_messages, 1);
  assert_equals_uint64 (now.datagrams, 11);
  assert_equals_int (n_received (), 11);
}

GST_END_TEST;

GST_START_TEST (a_segment_size_set_on_the_socket_counts_too)
{
  int segment = 100;

  fail_unless (setsockopt (sender, IPPROTO_UDP, UDP_SEGMENT, &segment,
                   sizeof segment) == 0);
  assert_equals_int (send_one (250, 0), 250);
  assert_equals_uint64 (counts ()->datagrams, 3);
  assert_equals_int (n_received (), 3);
}

GST_END_TEST;

GST_START_TEST (a_failed_sendmsg_sends_nothing)
{
  faults_fail_message (1, 2, EHOSTUNREACH);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_fails (send_one (SIZE, 0), EHOSTUNREACH);
  assert_fails (send_one (SIZE, 0), EHOSTUNREACH);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_equals_int (n_received (), 2);
  assert_equals_uint64 (faults_injected (EHOSTUNREACH), 2);
  assert_equals_uint64 (faults_seen (EHOSTUNREACH), 2);
  assert_equals_uint64 (counts ()->kernel_errors, 0);
}

GST_END_TEST;

GST_START_TEST (an_error_part_way_is_lost_behind_the_count)
{
  prepare_all (SIZE, 0);
  faults_fail_message (3, 1, ENOBUFS);
  assert_equals_int (send_all (), 3);
  assert_equals_int (n_received (), 3);
  assert_equals_uint64 (faults_injected (ENOBUFS), 1);
  assert_equals_uint64 (faults_seen (ENOBUFS), 0);
  /* Tried again, it goes. */
  assert_equals_int (send_all (), BATCH);
}

GST_END_TEST;

GST_START_TEST (an_error_that_lasts_is_seen_by_the_next_call)
{
  prepare_all (SIZE, 0);
  faults_fail_message (3, 2, EPERM);
  assert_equals_int (send_all (), 3);
  assert_fails (sendmmsg (sender, batch.messages + 3, BATCH - 3, 0), EPERM);
  assert_equals_int (
      sendmmsg (sender, batch.messages + 3, BATCH - 3, 0), BATCH - 3);
  assert_equals_uint64 (faults_injected (EPERM), 2);
  assert_equals_uint64 (faults_seen (EPERM), 1);
  assert_equals_int (n_received (), BATCH);
}

GST_END_TEST;

GST_START_TEST (gso_is_refused_and_plain_messages_go)
{
  prepare_all (SIZE, 0);
  prepare (2, 300, 100);
  faults_refuse_gso (EIO);
  assert_equals_int (send_all (), 2);
  assert_fails (sendmmsg (sender, batch.messages + 2, 1, 0), EIO);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_fails (send_one (300, 100), EIO);
  assert_equals_int (n_received (), 3);
}

GST_END_TEST;

GST_START_TEST (zero_copy_is_refused_and_plain_messages_go)
{
  prepare_all (SIZE, 0);
  faults_refuse_zerocopy (EINVAL);
  assert_fails (
      sendmsg (sender, &batch.messages[0].msg_hdr, MSG_ZEROCOPY), EINVAL);
  assert_equals_int (sendmsg (sender, &batch.messages[0].msg_hdr, 0), SIZE);
}

GST_END_TEST;

GST_START_TEST (messages_above_a_size_are_refused)
{
  faults_refuse_above (1000, EMSGSIZE);
  assert_equals_int (send_one (1000, 0), 1000);
  assert_fails (send_one (1001, 0), EMSGSIZE);
  assert_fails (send_one (1001, 100), EMSGSIZE);
}

GST_END_TEST;

GST_START_TEST (segments_above_a_size_are_refused)
{
  faults_refuse_segment_above (1000, EMSGSIZE);
  assert_equals_int (send_one (3000, 1000), 3000);
  assert_fails (send_one (3000, 1001), EMSGSIZE);
  assert_fails (send_one (1001, 0), EMSGSIZE);
  /* One datagram, smaller than the segment size that it gives. */
  assert_equals_int (send_one (900, 1200), 900);
}

GST_END_TEST;

GST_START_TEST (one_destination_is_refused_and_the_other_is_not)
{
  struct sockaddr_in other;
  int fd = open_bound (&other);

  faults_refuse_port (ntohs (other.sin_port), EHOSTUNREACH);
  prepare_all (SIZE, 0);
  batch.messages[1].msg_hdr.msg_name = &other;
  batch.messages[1].msg_hdr.msg_namelen = sizeof other;
  assert_equals_int (send_all (), 1);
  assert_fails (sendmmsg (sender, batch.messages + 1, 1, 0), EHOSTUNREACH);
  assert_equals_int (sendmmsg (sender, batch.messages + 2, 1, 0), 1);
  faults_refuse_port (ntohs (receiver_address.sin_port), EACCES);
  assert_fails (send_one (SIZE, 0), EACCES);
  close (fd);
}

GST_END_TEST;

GST_START_TEST (a_removed_rule_does_nothing)
{
  int rule = faults_fail_all (EPERM);

  assert_fails (send_one (SIZE, 0), EPERM);
  faults_remove_rule (rule);
  assert_equals_int (send_one (SIZE, 0), SIZE);
}

GST_END_TEST;

GST_START_TEST (a_rule_counts_the_messages_that_meet_it)
{
  FaultsRule rule = {.errnum = EIO, .first = 1, .times = 1, .gso = true};

  faults_add_rule (&rule);
  assert_equals_int (send_one (300, 100), 300);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_fails (send_one (300, 100), EIO);
  assert_equals_int (send_one (300, 100), 300);
}

GST_END_TEST;

GST_START_TEST (what_the_kernel_refuses_is_given_back_to_the_rules)
{
  struct sockaddr_in nowhere = {.sin_family = AF_INET};

  /* Message 2 of the call is refused by the kernel for its address; the rule's
   * message 4 is then still to come: 0, 1, 2 were tried, 3 and 4 were not. */
  prepare_all (SIZE, 0);
  batch.messages[2].msg_hdr.msg_name = &nowhere;
  batch.messages[2].msg_hdr.msg_namelen = sizeof nowhere;
  faults_fail_message (4, 1, EPERM);
  assert_equals_int (send_all (), 2);
  assert_equals_uint64 (counts ()->injected, 0);
  assert_equals_int (sendmmsg (sender, batch.messages + 3, 1, 0), 1);
  assert_fails (sendmmsg (sender, batch.messages + 4, 1, 0), EPERM);
  assert_equals_int (n_received (), 3);

  assert_fails (sendmmsg (sender, batch.messages + 2, 1, 0), EINVAL);
  assert_equals_uint64 (counts ()->kernel_errors, 1);
}

GST_END_TEST;

GST_START_TEST (a_cut_call_has_sent_what_it_returns)
{
  prepare_all (SIZE, 0);
  faults_cut (5, 2);
  assert_equals_int (send_all (), 5);
  assert_equals_int (send_all (), 5);
  assert_equals_int (send_all (), BATCH);
  assert_equals_int (n_received (), 10 + BATCH);
  assert_equals_uint64 (counts ()->cuts, 2);
  assert_equals_uint64 (counts ()->injected, 0);
}

GST_END_TEST;

GST_START_TEST (random_partial_calls_send_some_but_not_all)
{
  prepare_all (SIZE, 0);
  faults_random (7, 0, 1, NULL, 0);
  for (guint i = 0; i < 50; i++) {
    int n = send_all ();

    fail_unless (n >= 1 && n < BATCH);
    assert_equals_int (n_received (), n);
  }
  assert_equals_int (sendmmsg (sender, batch.messages, 1, 0), 1);
}

GST_END_TEST;

/* A digit a message. */
static gchar *
random_sequence (guint64 seed, gdouble rate, guint n)
{
  static const int errnums[] = {EAGAIN, ENOBUFS, EPERM};
  GString *sequence = g_string_new (NULL);

  faults_random (seed, rate, 0, errnums, G_N_ELEMENTS (errnums));
  for (guint i = 0; i < n; i++) {
    gboolean is_sent = send_one (SIZE, 0) == SIZE;
    gchar digit = is_sent  ? '0'
        : errno == EAGAIN  ? '1'
        : errno == ENOBUFS ? '2'
        : errno == EPERM   ? '3'
                           : '?';

    g_string_append_c (sequence, digit);
    n_received ();
  }
  return g_string_free (sequence, FALSE);
}

GST_START_TEST (random_failures_follow_the_seed_and_the_rate)
{
  gchar *once, *again, *other;
  FaultsCounts now;

  once = random_sequence (1, 0.3, 2000);
  faults_get_counts (&now);
  again = random_sequence (1, 0.3, 2000);
  other = random_sequence (2, 0.3, 2000);
  fail_unless (now.injected > 500 && now.injected < 700);
  assert_equals_uint64 (now.injected + now.messages, 2000);
  assert_equals_string (once, again);
  fail_if (strcmp (once, other) == 0);
  for (const gchar *digit = "0123"; *digit != '\0'; digit++)
    fail_unless (strchr (once, *digit) != NULL);
  fail_unless (strchr (once, '?') == NULL);
  g_free (once);
  g_free (again);
  g_free (other);
}

GST_END_TEST;

GST_START_TEST (enobufs_leaves_the_socket_writable)
{
  struct pollfd watch = {sender, POLLOUT, 0};

  faults_fail_all (ENOBUFS);
  assert_fails (send_one (SIZE, 0), ENOBUFS);
  assert_equals_int (poll (&watch, 1, 0), 1);
  fail_unless ((watch.revents & POLLOUT) != 0);
}

GST_END_TEST;

GST_START_TEST (a_blocked_network_takes_nothing_and_is_not_writable)
{
  struct pollfd watch = {sender, POLLOUT, 0};
  gint64 start;

  assert_equals_int (poll (&watch, 1, 0), 1);
  faults_block (true);
  assert_fails (send_one (SIZE, 0), EAGAIN);
  prepare_all (SIZE, 0);
  assert_fails (send_all (), EAGAIN);
  start = g_get_monotonic_time ();
  assert_equals_int (poll (&watch, 1, 50), 0);
  fail_unless (g_get_monotonic_time () - start >= 50000);
  assert_equals_int (watch.revents, 0);
  assert_equals_int (n_received (), 0);
  assert_equals_uint64 (counts ()->polls_blocked, 1);

  faults_block (false);
  assert_equals_int (poll (&watch, 1, -1), 1);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_equals_int (n_received (), 1);

  /* And again. */
  faults_block (true);
  assert_equals_int (poll (&watch, 1, 1), 0);
}

GST_END_TEST;

GST_START_TEST (other_descriptors_wake_a_poll_on_a_blocked_network)
{
  int ends[2];
  struct pollfd watch[2];
  struct timespec second = {1, 0};

  fail_unless (pipe (ends) == 0);
  watch[0] = (struct pollfd){sender, POLLOUT, 0};
  watch[1] = (struct pollfd){ends[0], POLLIN, 0};
  faults_block (true);
  fail_unless (write (ends[1], "x", 1) == 1);
  assert_equals_int (poll (watch, 2, -1), 1);
  assert_equals_int (watch[0].revents, 0);
  assert_equals_int (watch[1].revents, POLLIN);
  assert_equals_int (watch[0].events, POLLOUT);
  assert_equals_int (ppoll (watch, 2, &second, NULL), 1);
  assert_equals_int (watch[1].revents, POLLIN);

  /* A pipe's end stays writable. */
  watch[1] = (struct pollfd){ends[1], POLLOUT, 0};
  assert_equals_int (poll (watch, 2, -1), 1);
  close (ends[0]);
  close (ends[1]);
}

GST_END_TEST;

static gpointer
wait_writable (gpointer data)
{
  struct pollfd watch = {sender, POLLOUT, 0};
  struct timespec ten_seconds = {10, 0};

  return GINT_TO_POINTER (data == NULL ? poll (&watch, 1, -1)
                                       : ppoll (&watch, 1, &ten_seconds, NULL));
}

GST_START_TEST (release_wakes_who_polls)
{
  for (gint i = 0; i < 2; i++) {
    gint64 start = g_get_monotonic_time ();
    GThread *thread;

    faults_block (true);
    thread = g_thread_new ("poll", wait_writable, GINT_TO_POINTER (i));
    wait_until (counts ()->polls_blocked > (guint64) i);
    faults_block (false);
    assert_equals_int (GPOINTER_TO_INT (g_thread_join (thread)), 1);
    fail_unless (g_get_monotonic_time () - start < 5 * G_USEC_PER_SEC);
  }
}

GST_END_TEST;

GST_START_TEST (more_descriptors_than_fit_on_the_stack_are_polled)
{
  struct pollfd watch[100];

  faults_block (true);
  for (guint i = 0; i < G_N_ELEMENTS (watch); i++)
    watch[i] = (struct pollfd){sender, POLLOUT, 0};
  assert_equals_int (poll (watch, G_N_ELEMENTS (watch), 1), 0);
  faults_block (false);
  assert_equals_int (poll (watch, G_N_ELEMENTS (watch), 1), 100);
}

GST_END_TEST;

GST_START_TEST (the_network_blocks_after_so_many_messages)
{
  struct pollfd watch = {sender, POLLOUT, 0};

  prepare_all (SIZE, 0);
  faults_block_after (BATCH + 2);
  assert_equals_int (send_all (), BATCH);
  assert_equals_int (send_all (), 2);
  assert_equals_int (poll (&watch, 1, 1), 0);
  assert_fails (send_all (), EAGAIN);
  assert_equals_int (n_received (), BATCH + 2);
  faults_block (false);
  assert_equals_int (send_all (), BATCH);
}

GST_END_TEST;

GST_START_TEST (captured_datagrams_are_those_that_were_received)
{
  FaultsMessage message;
  guint8 bytes[MAX_SIZE];
  const guint8 *datagram;
  gsize size;

  prepare_all (250, 100);
  prepare (1, 70, 0);
  faults_capture (true, true);
  assert_equals_int (sendmmsg (sender, batch.messages, 2, 0), 2);
  faults_refuse_gso (EIO);
  assert_equals_int (sendmmsg (sender, batch.messages + 1, 2, 0), 1);

  assert_equals_int (faults_n_messages (), 3);
  fail_unless (faults_message (0, &message));
  assert_equals_int (message.n_segments, 3);
  assert_equals_int (message.segment_size, 100);
  assert_equals_int (message.n_iovecs, N_IOVECS);
  assert_equals_int (message.bytes, 250);
  assert_equals_int (message.port, ntohs (receiver_address.sin_port));
  fail_unless (message.gso);
  assert_equals_uint64 (message.call, 0);
  fail_unless (faults_message (2, &message));
  fail_if (message.gso);
  assert_equals_int (message.n_segments, 1);
  assert_equals_uint64 (message.call, 1);
  fail_if (faults_message (3, &message));

  assert_equals_int (faults_n_datagrams (), 5);
  for (gsize i = 0; i < faults_n_datagrams (); i++) {
    ssize_t got = recv (receiver, bytes, sizeof bytes, MSG_DONTWAIT);

    datagram = faults_datagram (i, &size);
    fail_unless (datagram != NULL);
    assert_equals_int (got, size);
    fail_unless (memcmp (bytes, datagram, size) == 0);
  }
  fail_unless (faults_datagram (5, &size) == NULL);
  assert_equals_int (n_received (), 0);
}

GST_END_TEST;

GST_START_TEST (capture_without_bytes_keeps_messages_only)
{
  FaultsMessage message;
  gsize size;

  faults_capture (true, false);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  fail_unless (faults_message (0, &message));
  fail_unless (message.data == NULL);
  fail_unless (faults_datagram (0, &size) == NULL);
}

GST_END_TEST;

/* Up to BATCH messages by one call, or the errno. */
static gint
receive_all (void)
{
  prepare_all (SIZE, 0);
  return recvmmsg (receiver, batch.messages, BATCH, MSG_DONTWAIT, NULL);
}

GST_START_TEST (a_failed_receive_takes_nothing)
{
  send_one (SIZE, 0);
  send_one (SIZE, 0);
  faults_fail_receive (ENOMEM, 2);
  prepare (0, SIZE, 0);
  assert_fails (recvmsg (receiver, &batch.messages[0].msg_hdr, 0), ENOMEM);
  assert_fails (receive_all (), ENOMEM);
  assert_equals_int (receive_all (), 2);
  assert_fails (receive_all (), EAGAIN);
  assert_equals_uint64 (faults_receive_calls (), 4);
}

GST_END_TEST;

GST_START_TEST (a_truncated_message_says_so)
{
  send_one (SIZE, 0);
  send_one (SIZE, 0);
  faults_truncate_received (10, 1);
  assert_equals_int (receive_all (), 2);
  assert_equals_int (batch.messages[0].msg_len, 10);
  assert_equals_int (batch.messages[0].msg_hdr.msg_flags, MSG_TRUNC);
  assert_equals_int (batch.messages[1].msg_len, SIZE);
  assert_equals_int (batch.messages[1].msg_hdr.msg_flags, 0);
  /* What did not come does not use it up. */
  faults_truncate_received (10, 1);
  assert_fails (receive_all (), EAGAIN);
  send_one (SIZE, 0);
  assert_equals_int (receive_all (), 1);
  assert_equals_int (batch.messages[0].msg_len, 10);
}

GST_END_TEST;

GST_START_TEST (control_data_that_are_cut_are_said_to_be)
{
  const gint on = 1;

  setsockopt (receiver, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
  send_one (SIZE, 0);
  send_one (SIZE, 0);
  faults_cut_control (1);
  prepare_all (SIZE, 1); /* with memory for control data */
  assert_equals_int (
      recvmmsg (receiver, batch.messages, 2, MSG_DONTWAIT, NULL), 2);
  assert_equals_int (batch.messages[0].msg_hdr.msg_flags, MSG_CTRUNC);
  assert_equals_int (batch.messages[0].msg_hdr.msg_controllen, 0);
  fail_unless (CMSG_FIRSTHDR (&batch.messages[1].msg_hdr) != NULL);
}

GST_END_TEST;

GST_START_TEST (opening_a_socket_fails_as_told)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  int one = 1;
  int fd;

  faults_fail_socket (EMFILE, 1);
  assert_fails (socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), EMFILE);
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  fail_unless (fd >= 0);
  faults_fail_bind (EADDRINUSE, 1);
  assert_fails (
      bind (fd, (struct sockaddr *) &address, sizeof address), EADDRINUSE);
  fail_unless (bind (fd, (struct sockaddr *) &address, sizeof address) == 0);
  faults_fail_setsockopt (SOL_SOCKET, SO_BROADCAST, EPERM, 1);
  assert_fails (
      setsockopt (fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one), EPERM);
  fail_unless (
      setsockopt (fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) == 0);
  fail_unless (
      setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
  assert_equals_uint64 (faults_seen (EMFILE), 1);
  close (fd);
}

GST_END_TEST;

GST_START_TEST (sockets_that_are_not_udp_are_left_alone)
{
  struct pollfd watch;
  struct msghdr message = {0};
  struct iovec vector = {(gpointer) "x", 1};
  int one = 1;
  int pair[2];
  int stream;

  faults_fail_all (EPERM);
  faults_fail_socket (EMFILE, FAULTS_FOREVER);
  faults_fail_setsockopt (SOL_SOCKET, SO_REUSEADDR, EPERM, FAULTS_FOREVER);
  faults_block (true);
  fail_unless (socketpair (AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  stream = socket (AF_INET, SOCK_STREAM, 0);
  fail_unless (stream >= 0);
  fail_unless (
      setsockopt (stream, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  assert_equals_int (sendmsg (pair[0], &message, 0), 1);
  watch = (struct pollfd){pair[0], POLLOUT, 0};
  assert_equals_int (poll (&watch, 1, 0), 1);
  assert_fails (sendmsg (-1, &message, 0), EBADF);
  assert_equals_uint64 (counts ()->sendmsg_calls, 0);
  assert_equals_uint64 (counts ()->sockets, 0);
  close (pair[0]);
  close (pair[1]);
  close (stream);
}

GST_END_TEST;

GST_START_TEST (ipv6_sockets_are_udp_too)
{
  int fd = socket (AF_INET6, SOCK_DGRAM, 0);

  fail_unless (fd >= 0);
  faults_fail_all (EPERM);
  prepare (0, SIZE, 0);
  assert_fails (sendmsg (fd, &batch.messages[0].msg_hdr, 0), EPERM);
  close (fd);
}

GST_END_TEST;

GST_START_TEST (reset_forgets_everything)
{
  faults_fail_all (EPERM);
  faults_random (1, 1, 1, NULL, 0);
  faults_cut (1, 5);
  faults_capture (true, true);
  assert_fails (send_one (SIZE, 0), EPERM);
  faults_block_after (1);
  faults_reset ();
  prepare_all (SIZE, 0);
  assert_equals_int (send_all (), BATCH);
  assert_equals_uint64 (counts ()->injected, 0);
  assert_equals_uint64 (faults_injected (EPERM), 0);
  assert_equals_int (faults_n_messages (), 0);
  assert_equals_uint64 (counts ()->messages, BATCH);
}

GST_END_TEST;

GST_START_TEST (a_text_sets_the_same)
{
  gchar message[200];

  fail_unless (faults_configure (
      "seed=3,rate=1,errnos=EIO,partial=0", message, sizeof message));
  assert_fails (send_one (SIZE, 0), EIO);
  faults_reset ();
  fail_unless (faults_configure (
      "gso=EIO,above=2000:EMSGSIZE,segment=1000:EINVAL,fail=1:1:EPERM", message,
      sizeof message));
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_fails (send_one (SIZE, 0), EPERM);
  assert_fails (send_one (300, 100), EIO);
  assert_fails (send_one (1001, 0), EINVAL);
  assert_fails (send_one (2001, 0), EMSGSIZE);
  faults_reset ();
  fail_unless (faults_configure ("block=1", message, sizeof message));
  assert_fails (send_one (SIZE, 0), EAGAIN);
  faults_reset ();
  fail_unless (faults_configure ("block-after=1", message, sizeof message));
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_fails (send_one (SIZE, 0), EAGAIN);
  faults_reset ();
  fail_unless (faults_configure ("all=EOPNOTSUPP", message, sizeof message));
  assert_fails (send_one (SIZE, 0), EOPNOTSUPP);
  faults_reset ();
  fail_unless (faults_configure ("socket=ENFILE,sockopt=1.6:ENOPROTOOPT,"
                                 "bind=EADDRINUSE,zerocopy=EINVAL,port=1:EIO",
      message, sizeof message));
  assert_fails (socket (AF_INET6, SOCK_DGRAM, 0), ENFILE);
  assert_fails (
      setsockopt (sender, SOL_SOCKET, SO_BROADCAST, "\1\0\0", 4), ENOPROTOOPT);
}

GST_END_TEST;

GST_START_TEST (a_text_that_is_wrong_is_said_to_be)
{
  static const gchar *const texts[] = {"rate", "rate=", "rate=2", "rate=-1",
      "rate=0.1x", "seed=x", "seed=1x", "seed=-1", "errnos=", "errnos=EFOO",
      "errnos=EIO:", "gso=", "gso=5", "block=2", "block=yes", "fail=1:EIO",
      "above=0:EIO", "above=EIO", "port=70000:EIO", "sockopt=1:EIO", "x=1",
      "rate=0.1,partial=b"};

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    gchar message[200] = "";

    fail_if (
        faults_configure (texts[i], message, sizeof message), "%s", texts[i]);
    fail_unless (message[0] != '\0');
  }
}

GST_END_TEST;

/* This program again as a child, with an environment of its own. */
static int
run_child (const gchar *faults, const gchar *report)
{
  gchar *arguments[] = {(gchar *) "/proc/self/exe", NULL};
  gchar **environment = g_get_environ ();
  gint status = -1;

  environment = g_environ_setenv (environment, "FAULTS_TEST_CHILD", "1", TRUE);
  environment = g_environ_setenv (environment, "SPEAD2_FAULTS", faults, TRUE);
  environment =
      g_environ_setenv (environment, "SPEAD2_FAULTS_REPORT", report, TRUE);
  arguments[0] = g_file_read_link ("/proc/self/exe", NULL);
  fail_unless (g_spawn_sync (NULL, arguments, environment,
      G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL));
  g_free (arguments[0]);
  g_strfreev (environment);
  fail_unless (WIFEXITED (status));
  return WEXITSTATUS (status);
}

/* What the child does: three messages. */
static int
child_main (void)
{
  struct sockaddr_in address;
  int to = open_bound (&address);
  int from = socket (AF_INET, SOCK_DGRAM, 0);
  int n_failed = 0;

  g_assert_true (
      connect (from, (struct sockaddr *) &address, sizeof address) == 0);
  for (guint i = 0; i < 3; i++) {
    prepare (0, SIZE, 0);
    n_failed += sendmsg (from, &batch.messages[0].msg_hdr, 0) < 0;
  }
  close (from);
  close (to);
  return n_failed;
}

GST_START_TEST (the_environment_sets_faults_and_asks_for_a_report)
{
  gchar *directory = g_dir_make_tmp ("faults-XXXXXX", NULL);
  gchar *path = g_build_filename (directory, "report", NULL);
  gchar *report;

  assert_equals_int (run_child ("fail=1:1:EPERM", path), 1);
  fail_unless (g_file_get_contents (path, &report, NULL, NULL));
  fail_unless (strstr (report, "messages=2\n") != NULL, "%s", report);
  fail_unless (strstr (report, "bytes=200\n") != NULL, "%s", report);
  fail_unless (strstr (report, "injected_EPERM=1\nseen_EPERM=1\n") != NULL,
      "%s", report);
  g_free (report);
  fail_unless (unlink (path) == 0);
  assert_equals_int (run_child ("rate=much", path), 2);
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  fail_unless (rmdir (directory) == 0);
  g_free (path);
  g_free (directory);
}

GST_END_TEST;

static gpointer
send_many (gpointer data)
{
  guint8 bytes[SIZE] = {0};
  struct iovec vector = {bytes, sizeof bytes};
  struct mmsghdr messages[4] = {0};
  guint64 sent = 0;

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++) {
    messages[i].msg_hdr.msg_iov = &vector;
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (guint i = 0; i < 500; i++) {
    int n = sendmmsg (sender, messages, G_N_ELEMENTS (messages), 0);

    sent += n > 0 ? (guint64) n : 0;
  }
  return GUINT_TO_POINTER (sent);
}

/* A pair of packet sockets, the first of which stands in the network's place. */
static void
divert (int *pair, bool wait)
{
  fail_unless (
      socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
  faults_divert (pair[0], wait);
}

static void
end_divert (int *pair)
{
  faults_divert (-1, false);
  close (pair[0]);
  close (pair[1]);
}

/* The next packet has that size, and begins as the message's bytes there. */
static void
assert_diverted (int fd, guint message, gsize offset, gsize size)
{
  guint8 bytes[MAX_SIZE];

  assert_equals_int (recv (fd, bytes, sizeof bytes, MSG_DONTWAIT), size);
  fail_unless (memcmp (bytes, batch.bytes[message] + offset, size) == 0);
}

GST_START_TEST (diverted_datagrams_are_packets_in_order)
{
  int pair[2];

  divert (pair, true);
  prepare_all (SIZE, 0);
  prepare (3, 250, 100);
  faults_fail_message (5, 1, EPERM);
  assert_equals_int (send_all (), 5);
  assert_diverted (pair[1], 0, 0, SIZE);
  assert_diverted (pair[1], 1, 0, SIZE);
  assert_diverted (pair[1], 2, 0, SIZE);
  assert_diverted (pair[1], 3, 0, 100);
  assert_diverted (pair[1], 3, 100, 100);
  assert_diverted (pair[1], 3, 200, 50);
  assert_diverted (pair[1], 4, 0, SIZE);
  assert_equals_int (batch.messages[3].msg_len, 250);
  assert_equals_uint64 (counts ()->datagrams, 7);
  assert_equals_int (n_received (), 0);
  end_divert (pair);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  assert_equals_int (n_received (), 1);
}

GST_END_TEST;

static gint sender_tid;

static gpointer
read_one_later (gpointer fd)
{
  guint8 byte;

  wait_until (thread_sleeps (sender_tid));
  while (recv (GPOINTER_TO_INT (fd), &byte, 1, 0) > 0)
    ;
  return NULL;
}

/* A socket that never waits, and a reader that comes late. */
GST_START_TEST (a_diversion_that_waits_waits_for_its_reader)
{
  GThread *reader;
  int pair[2];
  guint i;

  divert (pair, true);
  sender_tid = own_tid ();
  reader = g_thread_new ("reader", read_one_later, GINT_TO_POINTER (pair[1]));
  prepare_all (MAX_SIZE, 0);
  for (i = 0; i < 50; i++)
    assert_equals_int (
        sendmmsg (sender, batch.messages, BATCH, MSG_DONTWAIT), BATCH);
  shutdown (pair[0], SHUT_WR);
  g_thread_join (reader);
  end_divert (pair);
}

GST_END_TEST;

GST_START_TEST (a_diversion_that_does_not_wait_is_full_and_polled)
{
  struct pollfd fds = {sender, POLLOUT, 0};
  guint8 bytes[MAX_SIZE];
  int pair[2];

  divert (pair, false);
  prepare (0, MAX_SIZE, 0);
  while (sendmsg (sender, &batch.messages[0].msg_hdr, MSG_DONTWAIT) > 0)
    ;
  assert_equals_int (errno, EAGAIN);
  assert_equals_int (poll (&fds, 1, 0), 0);
  while (recv (pair[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
    ;
  assert_equals_int (poll (&fds, 1, 0), 1);
  assert_equals_int (fds.revents, POLLOUT);
  assert_equals_int (send_one (SIZE, 0), SIZE);
  end_divert (pair);
}

GST_END_TEST;

GST_START_TEST (threads_may_send_at_once)
{
  static const int errnums[] = {ENOBUFS, EINTR};
  GThread *threads[4];
  guint64 sent = 0;

  faults_random (1, 0.1, 0.1, errnums, G_N_ELEMENTS (errnums));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("send", send_many, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    sent += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  assert_equals_uint64 (counts ()->messages, sent);
  assert_equals_uint64 (counts ()->sendmmsg_calls, 2000);
  assert_equals_uint64 (
      counts ()->injected, faults_injected (ENOBUFS) + faults_injected (EINTR));
}

GST_END_TEST;

static Suite *
faults_suite (void)
{
  Suite *suite = suite_create ("faults");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, without_a_plan_everything_is_sent_and_counted);
  tcase_add_test (tc, a_gso_message_counts_its_datagrams);
  tcase_add_test (tc, a_segment_size_set_on_the_socket_counts_too);
  tcase_add_test (tc, a_failed_sendmsg_sends_nothing);
  tcase_add_test (tc, an_error_part_way_is_lost_behind_the_count);
  tcase_add_test (tc, an_error_that_lasts_is_seen_by_the_next_call);
  tcase_add_test (tc, gso_is_refused_and_plain_messages_go);
  tcase_add_test (tc, zero_copy_is_refused_and_plain_messages_go);
  tcase_add_test (tc, messages_above_a_size_are_refused);
  tcase_add_test (tc, segments_above_a_size_are_refused);
  tcase_add_test (tc, one_destination_is_refused_and_the_other_is_not);
  tcase_add_test (tc, a_removed_rule_does_nothing);
  tcase_add_test (tc, a_rule_counts_the_messages_that_meet_it);
  tcase_add_test (tc, what_the_kernel_refuses_is_given_back_to_the_rules);
  tcase_add_test (tc, a_cut_call_has_sent_what_it_returns);
  tcase_add_test (tc, random_partial_calls_send_some_but_not_all);
  tcase_add_test (tc, random_failures_follow_the_seed_and_the_rate);
  tcase_add_test (tc, enobufs_leaves_the_socket_writable);
  tcase_add_test (tc, a_blocked_network_takes_nothing_and_is_not_writable);
  tcase_add_test (tc, other_descriptors_wake_a_poll_on_a_blocked_network);
  tcase_add_test (tc, release_wakes_who_polls);
  tcase_add_test (tc, more_descriptors_than_fit_on_the_stack_are_polled);
  tcase_add_test (tc, the_network_blocks_after_so_many_messages);
  tcase_add_test (tc, captured_datagrams_are_those_that_were_received);
  tcase_add_test (tc, capture_without_bytes_keeps_messages_only);
  tcase_add_test (tc, a_failed_receive_takes_nothing);
  tcase_add_test (tc, a_truncated_message_says_so);
  tcase_add_test (tc, control_data_that_are_cut_are_said_to_be);
  tcase_add_test (tc, opening_a_socket_fails_as_told);
  tcase_add_test (tc, sockets_that_are_not_udp_are_left_alone);
  tcase_add_test (tc, ipv6_sockets_are_udp_too);
  tcase_add_test (tc, reset_forgets_everything);
  tcase_add_test (tc, a_text_sets_the_same);
  tcase_add_test (tc, a_text_that_is_wrong_is_said_to_be);
  tcase_add_test (tc, the_environment_sets_faults_and_asks_for_a_report);
  tcase_add_test (tc, diverted_datagrams_are_packets_in_order);
  tcase_add_test (tc, a_diversion_that_waits_waits_for_its_reader);
  tcase_add_test (tc, a_diversion_that_does_not_wait_is_full_and_polled);
  tcase_add_test (tc, threads_may_send_at_once);
  return suite;
}

int
main (int argc, char **argv)
{
  Suite *suite;

  if (g_getenv ("FAULTS_TEST_CHILD") != NULL)
    return child_main ();
  gst_check_init (&argc, &argv);
  suite = faults_suite ();
  return gst_check_run_suite (suite, "faults", __FILE__);
}
