/* Sends packets: see udpwriter.h.
 *
 * The policy for each errno:
 *
 *   EAGAIN             the send buffer is full: wait until it is writable; if zero
 *                      copy fills it, disable zero copy; if destinations do that do not
 *                      respond, take them off the socket (absent.h)
 *   ENOBUFS, ENOMEM    a queue below the socket is full, while the socket polls
 *                      writable: wait 50 us, twice as long each time up to 5 ms
 *   EINTR              send again
 *   EINVAL, EMSGSIZE,  a message with GSO: send its packets without. If the first one
 *   EIO, EOPNOTSUPP,   is accepted, GSO was the cause and is disabled for that
 *   ENOPROTOOPT        destination; if it fails, the packet was. Zero copy is
 *                      disabled first, in the same way
 *   all others, and    the heaps of these packets fail with that errno; continue with
 *   those without GSO  the next message
 *
 * With IP_RECVERR, the ICMP error of an earlier packet is returned as the errno of a later
 * call, which has then sent nothing. It is also in the error queue (icmperrors.h): an errno that
 * is found there is counted, and the call repeated. A call that sends some messages returns
 * their number and loses the errno, so the queue is read then, too. Entries of local origin are
 * the call's own errno (EMSGSIZE on a socket that must not fragment), and are ignored.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/udpwriter.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "spead2/clock.h"
#include "spead2/net/absent.h"
#include "spead2/net/batch.h"
#include "spead2/net/gso.h"
#include "spead2/net/icmperrors.h"
#include "spead2/net/udpsocket.h"
#include "spead2/net/waiter.h"

#define BACK_OFF_MIN (50 * G_GUINT64_CONSTANT (1000))
#define BACK_OFF_MAX (5 * G_GUINT64_CONSTANT (1000000))

struct _Spead2UdpWriter {
  gint fd;
  gboolean owns_fd;
  Spead2IcmpErrors icmp_errors;
  Spead2Absent absent;
  Spead2Waiter *waiter;
  Spead2Endpoint *endpoints;
  guint n_destinations;
  /* of them, that were not removed: the others have no address */
  guint n_listed;

  gboolean may_wait;
  Spead2Batch batch;
  Spead2Gso gso;

  Spead2ZeroCopy *zerocopy; /* or NULL: all is copied */
  gboolean zerocopy_always;

  Spead2TxCounters counters;

  /* Written by other threads. */
  guint64 deadline; /* atomic */
  gint probe;       /* atomic */
};

Spead2UdpWriter *
spead2_udp_writer_new (gint fd, const Spead2Endpoint *destinations,
    guint n_destinations, GError **error)
{
  Spead2Waiter *waiter = spead2_waiter_new (2, error);
  Spead2UdpWriter *writer;

  if (waiter == NULL)
    return NULL;

  writer = g_new0 (Spead2UdpWriter, 1);
  writer->fd = fd;
  writer->icmp_errors.family = spead2_endpoint_family (&destinations[0]);
  writer->waiter = waiter;
  writer->deadline = G_MAXUINT64;
  writer->may_wait = TRUE;

  writer->n_destinations = writer->n_listed = n_destinations;
  writer->endpoints =
      g_memdup2 (destinations, n_destinations * sizeof *destinations);
  spead2_batch_init (&writer->batch, writer->endpoints, n_destinations,
      spead2_udp_max_message (writer->icmp_errors.family));
  spead2_gso_init (&writer->gso, &writer->batch);
  spead2_tx_counters_init (&writer->counters, n_destinations);
  return writer;
}

void
spead2_udp_writer_free (Spead2UdpWriter *writer)
{
  if (writer->owns_fd)
    close (writer->fd);
  spead2_absent_clear (&writer->absent);
  spead2_gso_clear (&writer->gso);
  spead2_batch_clear (&writer->batch);
  g_clear_pointer (&writer->zerocopy, spead2_zero_copy_free);
  spead2_tx_counters_clear (&writer->counters);
  g_free (writer->endpoints);
  spead2_waiter_free (writer->waiter);
  g_free (writer);
}

void
spead2_udp_writer_set_ifaces (Spead2UdpWriter *writer, const GArray *ifaces)
{
  struct in_addr source = {INADDR_ANY};
  Spead2Endpoint local;

  if (spead2_udp_socket_get_local (writer->fd, &local, NULL) &&
      spead2_endpoint_family (&local) == AF_INET)
    source = ((const struct sockaddr_in *) &local.address)->sin_addr;
  spead2_batch_set_ifaces (&writer->batch, ifaces, source);
}

void
spead2_udp_writer_watch_neighbours (Spead2UdpWriter *writer,
    const Spead2UdpSocketOptions *options, gboolean may_replace)
{
  writer->absent.options = options;
  writer->absent.may_replace = may_replace;
}

guint
spead2_udp_writer_take_absent (Spead2UdpWriter *writer, gchar **names)
{
  return writer->absent.n == 0 ? 0
                               : spead2_absent_take_report (&writer->absent,
                                     writer->endpoints, spead2_now (), names);
}

static gboolean
is_listed (const Spead2UdpWriter *writer, guint index)
{
  return spead2_endpoint_family (&writer->endpoints[index]) != AF_UNSPEC;
}

void
spead2_udp_writer_set_destination (
    Spead2UdpWriter *writer, guint index, const Spead2Endpoint *endpoint)
{
  if (index == writer->n_destinations) {
    writer->n_destinations++;
    writer->endpoints =
        g_renew (Spead2Endpoint, writer->endpoints, writer->n_destinations);
    spead2_tx_counters_resize (&writer->counters, writer->n_destinations);
    writer->endpoints[index] = (Spead2Endpoint){0};
    spead2_batch_set_destinations (
        &writer->batch, writer->endpoints, writer->n_destinations);
    spead2_gso_add_destination (&writer->gso);
  }
  writer->n_listed += !is_listed (writer, index);
  writer->endpoints[index] = *endpoint;
  spead2_tx_counters_reset_destination (&writer->counters, index);
  spead2_gso_restore (&writer->gso, index);
  spead2_absent_forget (&writer->absent, index);
  if (writer->zerocopy)
    spead2_zero_copy_set_destination (writer->zerocopy, index);
}

void
spead2_udp_writer_remove_destination (Spead2UdpWriter *writer, guint index)
{
  guint i;

  if (!is_listed (writer, index))
    return;
  writer->endpoints[index].address.ss_family = AF_UNSPEC;
  spead2_absent_forget (&writer->absent, index);
  if (--writer->n_listed == 1)
    for (i = 0; i < writer->n_destinations; i++)
      spead2_absent_forget (&writer->absent, i);
}

void
spead2_udp_writer_get_destination (const Spead2UdpWriter *writer, guint index,
    Spead2DestinationCounters *counters)
{
  spead2_tx_counters_get_destination (&writer->counters, index, counters);
}

void
spead2_udp_writer_wake (Spead2UdpWriter *writer)
{
  spead2_waiter_wake (writer->waiter);
}

void
spead2_udp_writer_set_deadline (Spead2UdpWriter *writer, guint64 deadline)
{
  __atomic_store_n (&writer->deadline, deadline, __ATOMIC_RELEASE);
  spead2_udp_writer_wake (writer);
}

static guint64
get_deadline (Spead2UdpWriter *writer)
{
  return writer->may_wait
      ? __atomic_load_n (&writer->deadline, __ATOMIC_ACQUIRE)
      : 0;
}

gboolean
spead2_udp_writer_expired (Spead2UdpWriter *writer)
{
  return spead2_now () >= get_deadline (writer);
}

void
spead2_udp_writer_probe (Spead2UdpWriter *writer)
{
  g_atomic_int_set (&writer->probe, TRUE);
}

const Spead2WriterCounters *
spead2_udp_writer_counters (const Spead2UdpWriter *writer)
{
  return &writer->counters.all;
}

guint
spead2_udp_writer_take_icmp_errors (
    Spead2UdpWriter *writer, gint *errnum, const Spead2Endpoint **destination)
{
  guint index;
  const guint n =
      spead2_icmp_errors_take_report (&writer->icmp_errors, errnum, &index);

  *destination = &writer->endpoints[index];
  return n;
}

gboolean
spead2_udp_writer_take_recovered (Spead2UdpWriter *writer)
{
  return spead2_tx_counters_take_recovered (&writer->counters);
}

gint
spead2_udp_writer_gso_errno (const Spead2UdpWriter *writer, guint destination)
{
  return spead2_gso_errno (&writer->gso, destination);
}

gint
spead2_udp_writer_any_gso_errno (const Spead2UdpWriter *writer)
{
  return spead2_gso_any_errno (&writer->gso);
}

/* -- waiting ------------------------------------------------------------- */

/* Sleeps until time, until the socket has one of events, until messages are
 * released, or until the writer is woken, whichever comes first. */
static void
sleep_for_events (Spead2UdpWriter *writer, gshort events, guint64 time)
{
  struct pollfd fds[] = {
      {.fd = events ? writer->fd : -1, .events = events},
      {.fd = writer->zerocopy ? spead2_zero_copy_fd (writer->zerocopy) : -1,
          .events = POLLIN},
  };

  spead2_waiter_wait (writer->waiter, fds, G_N_ELEMENTS (fds), time);
  if (fds[1].revents)
    spead2_zero_copy_reap (writer->zerocopy);
}

void
spead2_udp_writer_disable_gso (Spead2UdpWriter *writer)
{
  spead2_gso_disable (&writer->gso);
}

void
spead2_udp_writer_use_zerocopy (Spead2UdpWriter *writer, gboolean always)
{
  writer->zerocopy = spead2_zero_copy_new (writer->n_destinations, always);
  writer->zerocopy_always = always;
}

guint
spead2_udp_writer_unreleased (const Spead2UdpWriter *writer)
{
  return writer->zerocopy ? spead2_zero_copy_unreleased (writer->zerocopy) : 0;
}

guint
spead2_udp_writer_take_released (Spead2UdpWriter *writer)
{
  return writer->zerocopy ? spead2_zero_copy_take_released (writer->zerocopy)
                          : 0;
}

Spead2Uring *
spead2_udp_writer_abandon_unreleased (Spead2UdpWriter *writer)
{
  return spead2_zero_copy_abandon (writer->zerocopy);
}

/* Whether a destination may be taken off the socket: not one that is alone. */
static gboolean
may_be_absent (const Spead2UdpWriter *writer)
{
  return writer->n_listed > 1 && writer->absent.options;
}

/* Heaps complete in order, and one whose memory the kernel holds for an absent destination
 * would hold up the others'. */
static gboolean
may_hold_up (const Spead2UdpWriter *writer, guint destination)
{
  return may_be_absent (writer) && !writer->zerocopy_always &&
      !writer->endpoints[destination].multicast;
}

const gchar *
spead2_udp_writer_zerocopy_reason (
    const Spead2UdpWriter *writer, guint destination)
{
  if (writer->zerocopy == NULL)
    return NULL;
  if (may_hold_up (writer, destination))
    return "Of several unicast destinations, one that does not respond would "
           "hold up the heaps of the others";
  return spead2_zero_copy_reason (writer->zerocopy, destination);
}

void
spead2_udp_writer_wait_released (Spead2UdpWriter *writer, guint64 time)
{
  sleep_for_events (writer, 0, time);
}

gboolean
spead2_udp_writer_sleep_until (Spead2UdpWriter *writer, guint64 time)
{
  if (get_deadline (writer) < time)
    return FALSE;
  if (writer->zerocopy == NULL ||
      spead2_zero_copy_released (writer->zerocopy) == 0)
    sleep_for_events (writer, 0, time);
  return TRUE;
}

/* Waits for space in the send buffer, or until a time. FALSE at the deadline. */
static gboolean
wait_writable (Spead2UdpWriter *writer, guint64 time)
{
  guint64 deadline = get_deadline (writer);

  writer->counters.all.waits++;
  if (spead2_now () >= deadline)
    return FALSE;
  sleep_for_events (writer, POLLOUT, MIN (time, deadline));
  return TRUE;
}

/* Waits for space below the socket. FALSE at the deadline. */
static gboolean
back_off (Spead2UdpWriter *writer, guint64 *interval)
{
  guint64 now = spead2_now (), deadline = get_deadline (writer);

  writer->counters.all.waits++;
  if (now >= deadline)
    return FALSE;
  *interval = CLAMP (*interval * 2, BACK_OFF_MIN, BACK_OFF_MAX);
  sleep_for_events (writer, 0, MIN (now + *interval, deadline));
  return TRUE;
}

/* -- the batch ------------------------------------------------------------- */

void
spead2_udp_writer_begin (
    Spead2UdpWriter *writer, guint64 max_bytes, gboolean may_wait)
{
  gboolean probe =
      g_atomic_int_compare_and_exchange (&writer->probe, TRUE, FALSE);
  guint64 now = spead2_now ();

  spead2_gso_retry (&writer->gso, now, probe);
  spead2_icmp_errors_resume (&writer->icmp_errors, writer->fd, now);
  if (writer->absent.n > 0)
    spead2_absent_check (&writer->absent, writer->endpoints, now);

  writer->may_wait = may_wait;
  spead2_batch_begin (&writer->batch, max_bytes);
  if (writer->zerocopy) {
    spead2_zero_copy_reap (writer->zerocopy);
    spead2_zero_copy_retry (writer->zerocopy, now, probe);
  }
}

guint64
spead2_udp_writer_size (const Spead2UdpWriter *writer)
{
  return writer->batch.bytes;
}

/* As spead2_udp_writer_add(), for a batch that is empty or is not copied: its first packet
 * decides which memory all of it must lie in. Not inline, so that all other packets are
 * added to the batch with few instructions. */
static G_GNUC_NO_INLINE gboolean
add_where_suited (
    Spead2UdpWriter *writer, Spead2Packetizer *packetizer, Spead2TxState *tx)
{
  Spead2ZeroCopy *zerocopy = writer->zerocopy;

  if (writer->batch.limits) {
    if (may_hold_up (writer, packetizer->destination) ||
        !spead2_zero_copy_suits (zerocopy, packetizer))
      return FALSE;
  } else if (zerocopy && !may_hold_up (writer, packetizer->destination)) {
    const Spead2BatchLimits *limits =
        spead2_zero_copy_begin (zerocopy, packetizer);

    if (limits)
      spead2_batch_set_limits (&writer->batch, limits);
  }
  return spead2_batch_add (&writer->batch, packetizer, tx);
}

gboolean
spead2_udp_writer_add (
    Spead2UdpWriter *writer, Spead2Packetizer *packetizer, Spead2TxState *tx)
{
  if (writer->batch.limits || writer->batch.bytes == 0)
    return add_where_suited (writer, packetizer, tx);
  return spead2_batch_add (&writer->batch, packetizer, tx);
}

gboolean
spead2_udp_writer_fits (
    Spead2UdpWriter *writer, const Spead2Packetizer *packetizer)
{
  return spead2_batch_fits (&writer->batch, packetizer);
}

/* -- sending ---------------------------------------------------------------- */

/* Sends the first of n messages, and others for the same destination, without copying them.
 * Returns how many were sent, or the negative errno of the first. */
static gint
send_zerocopy (Spead2UdpWriter *writer, const Spead2Message *messages,
    const struct mmsghdr *headers, guint n)
{
  guint i;
  gint sent;

  for (i = 0; i < n; i++)
    if (messages[i].destination != messages[0].destination ||
        !spead2_zero_copy_add (writer->zerocopy, messages[i].destination,
            messages[i].spans, messages[i].n_spans))
      break;
  sent = spead2_zero_copy_send (writer->zerocopy, writer->fd, headers);
  writer->counters.all.zerocopy_messages += MAX (sent, 0);
  return sent;
}

static gint
send_copied (Spead2UdpWriter *writer, struct mmsghdr *headers, guint n)
{
  gint sent = sendmmsg (writer->fd, headers, n, MSG_DONTWAIT);

  return sent < 0 ? -errno : sent;
}

/* Another socket takes the place of one whose buffer is full of packets to absent
 * destinations, if it may. */
static void
replace_socket (Spead2UdpWriter *writer)
{
  const gint fd = spead2_absent_open_socket (&writer->absent, writer->fd);

  if (fd < 0)
    return;
  if (writer->owns_fd)
    close (writer->fd);
  writer->fd = fd;
  writer->owns_fd = TRUE;
  writer->icmp_errors.off = FALSE;
}

/* The send buffer is full: takes absent destinations off the socket, if they fill it. FALSE:
 * there are none. */
static gboolean
take_off (Spead2UdpWriter *writer, Spead2AbsentSearch *search)
{
  if (!may_be_absent (writer)) {
    search->next = G_MAXUINT64;
    return FALSE;
  }
  if (!spead2_absent_search (&writer->absent, search, writer->endpoints,
          writer->n_destinations, spead2_now ()))
    return FALSE;
  replace_socket (writer);
  return TRUE;
}

/* Empties the error queue. TRUE when an ICMP error with errnum was in it. */
static gboolean
drain_error_queue (Spead2UdpWriter *writer, gint errnum)
{
  gboolean found = FALSE;
  guint destination;
  gint queued;

  while (spead2_icmp_errors_take (&writer->icmp_errors, writer->fd,
      writer->endpoints, writer->n_destinations, &destination, &queued)) {
    spead2_tx_counters_add_error (&writer->counters, destination, queued);
    found |= queued == errnum;
  }
  return found;
}

/* Sends at least the first of n messages, which is for destination. Returns how many were
 * sent, or the negative errno of the first; 0: destinations have become absent, that one
 * perhaps. zerocopy: the messages, to send them without copying, or NULL. */
static gint
send_some (Spead2UdpWriter *writer, guint destination, struct mmsghdr *headers,
    guint n, const Spead2Message *zerocopy)
{
  Spead2AbsentSearch search = {0};
  guint64 interval = 0;

  for (;;) {
    gint sent = zerocopy ? send_zerocopy (writer, zerocopy, headers, n)
                         : send_copied (writer, headers, n);
    gint errnum = -sent;

    writer->counters.all.calls++;
    if (sent > 0) {
      if ((guint) sent < n && zerocopy == NULL)
        drain_error_queue (writer, 0);
      return sent;
    }

    switch (errnum) {
      case EAGAIN:
        if (zerocopy &&
            spead2_zero_copy_mark_full (writer->zerocopy, destination))
          return -EAGAIN;
        if (take_off (writer, &search))
          return 0;
        if (!wait_writable (writer, search.next))
          return -SPEAD2_ABANDONED;
        break;
      case ENOBUFS:
      case ENOMEM:
        spead2_tx_counters_add_error (&writer->counters, destination, errnum);
        if (!back_off (writer, &interval))
          return -SPEAD2_ABANDONED;
        break;
      case ECONNREFUSED:
        /* Of an earlier packet, always. */
        drain_error_queue (writer, errnum);
        /* fallthrough */
      case EINTR:
        if (spead2_now () >= get_deadline (writer))
          return -SPEAD2_ABANDONED;
        break;
      default:
        if (!drain_error_queue (writer, errnum))
          return -errnum;
        break;
    }
  }
}

/* Errnos of a kernel that cannot send the packets in this way. */
static gboolean
may_be_optimization (gint errnum)
{
  return errnum == EINVAL || errnum == EMSGSIZE || errnum == EIO ||
      errnum == EOPNOTSUPP || errnum == ENOPROTOOPT;
}

/* A message with UDP_SEGMENT was refused. What refuses it is counted where it has been of
 * use. */
static void
note_refusal (
    Spead2UdpWriter *writer, const Spead2Message *message, gint errnum)
{
  if (!spead2_gso_note_refusal (&writer->gso, message, errnum, spead2_now ()))
    return;
  spead2_tx_counters_add_error (
      &writer->counters, message->destination, errnum);
  writer->counters.all.gso_off++;
}

/* Sends the packets of a message that failed with errnum one by one. FALSE at the deadline:
 * the rest of the message is abandoned. */
static gboolean
send_plain (Spead2UdpWriter *writer, const Spead2Message *message, gint errnum)
{
  Spead2PlainMessages plain;
  guint i = 0;

  spead2_batch_split (&writer->batch, message, &plain);
  while (i < plain.n) {
    gint sent = send_some (
        writer, message->destination, plain.headers + i, plain.n - i, NULL);

    if (sent > 0) {
      if (i == 0)
        note_refusal (writer, message, errnum);
      for (; sent > 0; sent--)
        spead2_tx_counters_add_sent (&writer->counters, &plain.messages[i++]);
    } else if (sent == 0) {
      if (!spead2_absent_has (&writer->absent, message->destination))
        continue;
      while (i < plain.n)
        spead2_tx_counters_add_failed (
            &writer->counters, &plain.messages[i++], EHOSTUNREACH);
    } else if (sent == -SPEAD2_ABANDONED) {
      while (i < plain.n)
        spead2_tx_counters_add_failed (
            &writer->counters, &plain.messages[i++], SPEAD2_ABANDONED);
      return FALSE;
    } else if (i == 0) {
      /* GSO is not the cause: the other packets would fail like the first. */
      spead2_tx_counters_add_failed (&writer->counters, message, -sent);
      return TRUE;
    } else {
      spead2_tx_counters_add_failed (
          &writer->counters, &plain.messages[i++], -sent);
    }
  }
  return TRUE;
}

/* How many of the batch's messages from number i on have no absent one between them. */
static guint
count_present (const Spead2UdpWriter *writer, guint i)
{
  const Spead2Batch *batch = &writer->batch;
  guint end = batch->n_messages;

  if (writer->absent.n > 0)
    for (end = i; end < batch->n_messages; end++)
      if (spead2_absent_has (&writer->absent, batch->messages[end].destination))
        break;
  return end - i;
}

/* Sends the first of the batch's messages from number i on: as
 * send_some(). */
static gint
send_from (Spead2UdpWriter *writer, guint i)
{
  const Spead2Message *message = &writer->batch.messages[i];
  guint n = count_present (writer, i);
  gint errnum, sent;

  if (writer->batch.limits == NULL ||
      !spead2_zero_copy_is_on (writer->zerocopy, message->destination) ||
      spead2_zero_copy_capacity (writer->zerocopy) == 0)
    return send_some (
        writer, message->destination, writer->batch.headers + i, n, NULL);

  errnum = -send_some (
      writer, message->destination, writer->batch.headers + i, n, message);
  if (errnum == EAGAIN)
    return send_some (
        writer, message->destination, writer->batch.headers + i, n, NULL);
  if (!may_be_optimization (errnum))
    return -errnum;

  sent = send_some (
      writer, message->destination, writer->batch.headers + i, 1, NULL);
  if (sent > 0) {
    spead2_tx_counters_add_error (
        &writer->counters, message->destination, errnum);
    spead2_zero_copy_disable (
        writer->zerocopy, message->destination, errnum, spead2_now ());
  }
  return sent;
}

/* Fails a message to an absent destination, unless it is time to try. */
static void
send_absent (Spead2UdpWriter *writer, guint i)
{
  const Spead2Message *message = &writer->batch.messages[i];
  const guint destination = message->destination;
  const gint errnum = spead2_absent_try (&writer->absent, destination,
      &writer->endpoints[destination], &writer->batch.headers[i].msg_hdr,
      writer->fd, spead2_now ());

  if (errnum == 0) {
    spead2_tx_counters_add_try (&writer->counters, message);
    return;
  }
  /* The next try is without GSO: a message that is refused finds no neighbour. */
  if (spead2_message_has_gso (message) && may_be_optimization (errnum))
    note_refusal (writer, message, errnum);
  spead2_tx_counters_add_failed (&writer->counters, message, EHOSTUNREACH);
}

static void
abandon_from (Spead2UdpWriter *writer, guint first)
{
  guint i;

  for (i = first; i < writer->batch.n_messages; i++)
    spead2_tx_counters_add_failed (
        &writer->counters, &writer->batch.messages[i], SPEAD2_ABANDONED);
  spead2_batch_empty (&writer->batch);
}

void
spead2_udp_writer_abandon (Spead2UdpWriter *writer)
{
  abandon_from (writer, 0);
}

gboolean
spead2_udp_writer_send (Spead2UdpWriter *writer)
{
  guint i, n = writer->batch.n_messages;
  gboolean abandoned = FALSE;

  if (writer->zerocopy)
    spead2_zero_copy_note_batch (writer->zerocopy, &writer->batch);
  spead2_batch_write_headers (&writer->batch);
  for (i = 0; i < n && !abandoned;) {
    const Spead2Message *message = &writer->batch.messages[i];
    gint sent;

    if (spead2_absent_has (&writer->absent, message->destination)) {
      send_absent (writer, i++);
      continue;
    }
    sent = send_from (writer, i);
    if (sent >= 0) {
      for (; sent > 0; sent--)
        spead2_tx_counters_add_sent (
            &writer->counters, &writer->batch.messages[i++]);
    } else if (sent == -SPEAD2_ABANDONED) {
      abandoned = TRUE;
    } else if (spead2_message_has_gso (message) &&
        may_be_optimization (-sent)) {
      i++;
      abandoned = !send_plain (writer, message, -sent);
    } else {
      spead2_tx_counters_add_failed (&writer->counters, message, -sent);
      i++;
    }
  }
  abandon_from (writer, i);
  return !abandoned;
}
