/* Datagrams from the kernel: that each comes as it was sent, however the kernel merged
 * them, what becomes of every errno, and that waits end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "../send/jobs.h"
#include "spead2/clock.h"
#include "spead2/net/udpreader.h"
#include "spead2/net/udpwriter.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define EVER G_MAXUINT64
#define ALL G_MAXSIZE

static gint fds[2]; /* what the reader reads */
static guint n_fds;
static Spead2Endpoint locals[2]; /* where they are bound */
static gint sender;
static Spead2UdpReader *reader;
static Spead2UdpReaderOptions reader_options;

/* What was given. */
static GPtrArray *given; /* (GBytes) */
static Spead2Datagram last;
static struct sockaddr_storage last_source;

static gint
open_one (const gchar *host, Spead2UdpListenOptions *options, guint i)
{
  Spead2Endpoint address;
  GError *error = NULL;

  fail_unless (
      spead2_endpoint_resolve (&address, host, 1, AF_UNSPEC, NULL, NULL));
  fds[i] = spead2_udp_socket_listen (&address, 1, 0, options, &error);
  fail_unless (fds[i] >= 0, "%s", error ? error->message : "");
  fail_unless (spead2_udp_socket_get_local (fds[i], &locals[i], &error));
  return fds[i];
}

static void
open_reader (const gchar *host, guint n, gboolean gro)
{
  Spead2UdpListenOptions options = {.buffer_size = 4 << 20, .gro = gro};
  guint i;

  for (i = 0; i < n; i++)
    open_one (host, &options, i);
  n_fds = n;
  sender = socket (
      spead2_endpoint_family (&locals[0]), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (sender >= 0);
  reader = spead2_udp_reader_new (fds, n, &reader_options, NULL);
  fail_unless (reader != NULL);
}

static void
close_reader (void)
{
  guint i;

  if (reader == NULL)
    return;
  g_clear_pointer (&reader, spead2_udp_reader_free);
  for (i = 0; i < n_fds; i++)
    close (fds[i]);
  close (sender);
}

static void
setup (void)
{
  faults_reset ();
  reader_options = (Spead2UdpReaderOptions){0};
  given = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  open_reader ("127.0.0.1", 1, TRUE);
}

static void
teardown (void)
{
  faults_reset ();
  close_reader ();
  g_ptr_array_unref (given);
}

static void
reopen (const gchar *host, guint n, gboolean gro)
{
  close_reader ();
  open_reader (host, n, gro);
}

static void
take (const Spead2Datagram *datagram, gpointer user_data)
{
  fail_unless (user_data == given);
  g_ptr_array_add (given, g_bytes_new (datagram->data, datagram->size));
  last = *datagram;
  if (datagram->source)
    last_source = *datagram->source;
}

static gboolean
drain (gsize max_bytes)
{
  return spead2_udp_reader_drain (reader, max_bytes, take, given);
}

static const Spead2ReaderCounters *
counters (void)
{
  return spead2_udp_reader_counters (reader);
}

/* Bytes that differ at every place and in every message. */
static guint8 *
new_bytes (gsize size, guint seed)
{
  guint8 *bytes = g_malloc (size + 1);
  gsize i;

  for (i = 0; i < size; i++)
    bytes[i] = (i * 31 + i / 251 + seed * 7) & 0xff;
  return bytes;
}

/* One message to socket i: a train of segments, or one datagram for 0. */
static void
send_message (guint i, const guint8 *bytes, gsize size, guint16 segment)
{
  union {
    gchar bytes[CMSG_SPACE (sizeof (guint16))];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec iov = {(gpointer) bytes, size};
  struct msghdr header = {.msg_name = &locals[i].address,
      .msg_namelen = locals[i].address_size,
      .msg_iov = &iov,
      .msg_iovlen = 1};

  if (segment > 0) {
    struct cmsghdr *cmsg = &control.align;

    header.msg_control = &control;
    header.msg_controllen = sizeof control;
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN (sizeof segment);
    memcpy (CMSG_DATA (cmsg), &segment, sizeof segment);
  }
  fail_unless_equals_int64 (sendmsg (sender, &header, 0), size);
}

static void
send_n (guint i, guint n, gsize size)
{
  guint8 *bytes = new_bytes (size, 0);

  while (n-- > 0)
    send_message (i, bytes, size, 0);
  g_free (bytes);
}

/* Datagrams from number first on are those bytes, cut into segments (0: one). */
static void
check_given (guint first, const guint8 *bytes, gsize size, gsize segment)
{
  gsize offset = 0;

  do {
    gsize length = segment > 0 ? MIN (segment, size - offset) : size;
    gsize n;
    gconstpointer data;

    fail_unless (first < given->len);
    data = g_bytes_get_data (given->pdata[first++], &n);
    fail_unless_equals_uint64 (n, length);
    fail_unless (length == 0 || memcmp (data, bytes + offset, n) == 0);
    offset += length;
  } while (offset < size);
}

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

static Spead2UdpWriter *writer;

static void
begin_batch (guint64 max_bytes)
{
  spead2_udp_writer_begin (writer, max_bytes, TRUE);
}

static gboolean
add_to_batch (Spead2Packetizer *packetizer, Spead2TxState *tx)
{
  return spead2_udp_writer_add (writer, packetizer, tx);
}

static void
send_batch (void)
{
  spead2_udp_writer_send (writer);
}

static const gsize packet_sizes[] = {136, 1471, 1472, 8972};

/* What the writer sends, whose trains cross the ends of heaps: its counters are the
 * reader's. */
GST_START_TEST (test_writer)
{
  static const JobSender job_sender = {begin_batch, add_to_batch, send_batch};
  const Spead2WriterCounters *sent;
  guint i;

  writer = spead2_udp_writer_new (sender, locals, 1, NULL);
  reset_jobs ();
  set_packet_size (packet_sizes[__i__]);
  for (i = 0; i < 10; i++)
    add_job (20001 + 7 * i);
  pass_jobs (&job_sender, G_MAXUINT64);
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
  fail_unless_equals_uint64 (
      counters ()->errors[errnum], errnum == EINTR ? 0 : 3);

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
  fail_unless_equals_uint64 (counters ()->errors[EIO], counters ()->calls);
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
  FaultsCounts before, after;
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
  fail_unless_equals_uint64 (counters ()->errors[ECONNREFUSED], 3);
  faults_get_counts (&before);
  spead2_udp_reader_wait (reader, spead2_now () + MS);
  faults_get_counts (&after);
  fail_unless_equals_uint64 (after.polls, before.polls + 1);
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
  fail_unless_equals_uint64 (counters ()->errors[ESHUTDOWN], 1);
  fail_unless_equals_int (given->len, 0);
}
GST_END_TEST

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

GST_START_TEST (test_wait_ends_by_cancel)
{
  GThread *thread;

  open_kind (__i__);
  thread = start_waiting (__i__);
  spead2_udp_reader_cancel (reader);
  g_thread_join (thread);
  spead2_udp_reader_wait (reader, EVER);
  fail_if (drain (ALL));
  fail_unless_equals_uint64 (counters ()->errors[ESHUTDOWN], 0);
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
  if (__i__ == BLOCKING) {
    const struct timeval some = {.tv_usec = SPEAD2_RECEIVE_TIMEOUT / 1000};

    setsockopt (fds[0], SOL_SOCKET, SO_RCVTIMEO, &some, sizeof some);
  }
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
udpreader_suite (void)
{
  Suite *s = suite_create ("udpreader");
  TCase *tc = tcase_create ("reading");

  tcase_add_checked_fixture (tc, setup, teardown);
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
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_truncated_train, 0, 2);
  tcase_add_test (tc, test_truncated_datagram);
  tcase_add_test (tc, test_truncated_control);
  tcase_add_loop_test (tc, test_errno, 0, G_N_ELEMENTS (errnos));
  tcase_add_test (tc, test_errno_for_ever);
  tcase_add_test (tc, test_icmp_errors);
  tcase_add_loop_test (tc, test_shut_down, 0, 2);
  suite_add_tcase (s, tc);

  tc = tcase_create ("waiting");
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_wait_ends_by_a_datagram, 0, N_KINDS);
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

GST_CHECK_MAIN (udpreader)
