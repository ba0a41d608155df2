/* Packets to the kernel: see udpwriter.h.
 *
 * What each errno means, and what is done, in one place:
 *
 *   EAGAIN             the socket's buffer is full: wait until it is writable; if
 *                      it is zero copy that fills it, without zero copy
 *   ENOBUFS, ENOMEM    a queue below it is: the socket polls writable all the
 *                      same, so wait 50 us, twice as long each time up to 5 ms
 *   EINTR              again
 *   EINVAL, EMSGSIZE,  a message with GSO: again as plain packets. If the first
 *   EIO, EOPNOTSUPP,   one goes, GSO was at fault and is switched off for that
 *   ENOPROTOOPT        destination; if it fails, the errno meant the packet.
 *                      With zero copy that is taken away first, the same way
 *   all others, and    the packets are counted against their heaps, which fail
 *   those without GSO  with that errno, and the next message is sent
 *
 * With IP_RECVERR, ICMP errors of earlier packets come back as the errno of a
 * later call, which has then sent nothing. They also stand in the error queue:
 * an errno that is found there is counted and the call repeated. A call that
 * stops part way returns a count and loses the errno, so the queue is read then
 * too. Entries of local origin are the call's own errno (EMSGSIZE on a socket that
 * must not fragment), and are passed over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "udpwriter.h"

#include <errno.h>
#include <gst/gst.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "clock.h"
#include "udpsocket.h"
#include "waiter.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Most iovecs and packets of a batch. */
#define BATCH_IOVS (16 * SPEAD2_PACKET_MAX_IOV)
#define BATCH_SPANS (SPEAD2_BATCH_MESSAGES * SPEAD2_MESSAGE_PACKETS)

#define BACK_OFF_MIN (50 * G_GUINT64_CONSTANT (1000))
#define BACK_OFF_MAX (5 * G_GUINT64_CONSTANT (1000000))

/* So many ICMP errors within a second are enough to know: reading them all
 * costs a call a message. */
#define ICMP_ERRORS_PER_SECOND 16

/* How long after EMSGSIZE, which a changed MTU explains, GSO is tried again. */
#define GSO_RETRY_INTERVAL (10 * SPEAD2_SECOND)

/* Given up at the deadline: not an errno of the kernel's. */
#define ABANDONED ECANCELED

typedef struct {
  guint destination;
  guint n_packets;
  gsize packet_size; /* of all packets but the last, which may be smaller */
  gsize size;
  struct iovec *iov;
  guint n_iov;
  guint n_fragments; /* without copying: pages of its pieces, at most */
  Spead2TransferSpan *spans;
  guint n_spans;
} Message;

typedef struct {
  Spead2Endpoint endpoint;
  gboolean gso;
  guint64 errors;    /* errnos and ICMP errors */
  gint gso_errno;    /* why not */
  guint64 gso_retry; /* when to try again, or G_MAXUINT64 */
} Destination;

/* Room for one UDP_SEGMENT control message. */
typedef union {
  gchar bytes[CMSG_SPACE (sizeof (guint16))];
  struct cmsghdr align;
} Control;

struct _Spead2UdpWriter {
  gint fd;
  gint family;
  Spead2Waiter *waiter;
  Destination *destinations;
  guint n_destinations;
  gboolean no_gso; /* for any of them */

  /* The batch. iovs, spans and scratch are filled from the front, a message's
   * part of each lying together. */
  gsize max_message;
  gboolean may_wait;
  guint64 max_bytes;
  guint64 bytes;
  Spead2HugePages *pages; /* (borrowed) without copying, all of it lies here */
  Message messages[SPEAD2_BATCH_MESSAGES];
  guint n_messages;
  struct iovec *iovs;
  guint n_iovs;
  Spead2TransferSpan *spans;
  guint n_spans;
  guint8 *scratch;
  gsize scratch_used;

  /* Headers of the batch, and of one message sent as plain packets. */
  struct mmsghdr headers[SPEAD2_BATCH_MESSAGES];
  Control controls[SPEAD2_BATCH_MESSAGES];
  struct mmsghdr plain_headers[SPEAD2_MESSAGE_PACKETS];

  guint64 icmp_window; /* when the present second of ICMP errors began */
  guint icmp_errors;   /* in it */
  guint icmp_untaken;  /* not yet told of */
  gint icmp_errno;     /* the last one's */
  gboolean recverr;    /* IP_RECVERR is on */

  Spead2Uncopied *uncopied; /* or NULL: all is copied */
  guint released_told;      /* of its messages, so many were told of */

  Spead2WriterCounters counters;

  /* Written by other threads. */
  guint64 deadline; /* atomic */
  gint probe;       /* atomic */
};

static void
restore_gso (Spead2UdpWriter *writer, Destination *destination)
{
  destination->gso = !writer->no_gso;
  destination->gso_errno = 0;
  destination->gso_retry = G_MAXUINT64;
}

Spead2UdpWriter *
spead2_udp_writer_new (gint fd, const Spead2Endpoint *destinations,
    guint n_destinations, GError **error)
{
  Spead2Waiter *waiter = spead2_waiter_new (2, error);
  Spead2UdpWriter *writer;
  guint i;

  if (waiter == NULL)
    return NULL;

  writer = g_new0 (Spead2UdpWriter, 1);
  writer->fd = fd;
  writer->family = spead2_endpoint_family (&destinations[0]);
  writer->waiter = waiter;
  writer->max_message = spead2_udp_max_message (writer->family);
  writer->deadline = G_MAXUINT64;
  writer->recverr = TRUE;
  writer->may_wait = TRUE;

  writer->n_destinations = n_destinations;
  writer->destinations = g_new0 (Destination, n_destinations);
  for (i = 0; i < n_destinations; i++) {
    writer->destinations[i].endpoint = destinations[i];
    restore_gso (writer, &writer->destinations[i]);
  }

  writer->iovs = g_new (struct iovec, BATCH_IOVS);
  writer->spans = g_new (Spead2TransferSpan, BATCH_SPANS);
  writer->scratch = g_malloc (SPEAD2_BATCH_BYTES);
  return writer;
}

void
spead2_udp_writer_free (Spead2UdpWriter *writer)
{
  g_clear_pointer (&writer->uncopied, spead2_uncopied_free);
  g_free (writer->destinations);
  g_free (writer->iovs);
  g_free (writer->spans);
  g_free (writer->scratch);
  spead2_waiter_free (writer->waiter);
  g_free (writer);
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
  return &writer->counters;
}

guint64
spead2_udp_writer_errors (const Spead2UdpWriter *writer, guint destination)
{
  return writer->destinations[destination].errors;
}

guint
spead2_udp_writer_take_icmp_errors (Spead2UdpWriter *writer, gint *errnum)
{
  guint n = writer->icmp_untaken;

  *errnum = writer->icmp_errno;
  writer->icmp_untaken = 0;
  writer->icmp_errno = 0;
  return n;
}

gint
spead2_udp_writer_gso_errno (const Spead2UdpWriter *writer, guint destination)
{
  return writer->destinations[destination].gso_errno;
}

/* -- waiting ------------------------------------------------------------- */

/* Sleeps until time, until the socket has one of events, until messages are
 * released, or until the writer is woken, whichever comes first. */
static void
sleep_for_events (Spead2UdpWriter *writer, gshort events, guint64 time)
{
  struct pollfd fds[] = {
      {.fd = events ? writer->fd : -1, .events = events},
      {.fd = writer->uncopied ? spead2_uncopied_fd (writer->uncopied) : -1,
          .events = POLLIN},
  };

  spead2_waiter_wait (writer->waiter, fds, G_N_ELEMENTS (fds), time);
  if (fds[1].revents)
    spead2_uncopied_reap (writer->uncopied);
}

void
spead2_udp_writer_disable_gso (Spead2UdpWriter *writer)
{
  guint i;

  writer->no_gso = TRUE;
  for (i = 0; i < writer->n_destinations; i++)
    restore_gso (writer, &writer->destinations[i]);
}

void
spead2_udp_writer_use_zerocopy (Spead2UdpWriter *writer, gboolean always)
{
  writer->uncopied = spead2_uncopied_new (writer->n_destinations, always);
}

guint
spead2_udp_writer_held (const Spead2UdpWriter *writer)
{
  return writer->uncopied ? spead2_uncopied_held (writer->uncopied) : 0;
}

guint
spead2_udp_writer_take_released (Spead2UdpWriter *writer)
{
  guint released =
      writer->uncopied ? spead2_uncopied_released (writer->uncopied) : 0;
  guint n = released - writer->released_told;

  writer->released_told = released;
  return n;
}

Spead2Zerocopy *
spead2_udp_writer_give_up_held (Spead2UdpWriter *writer)
{
  return spead2_uncopied_give_up (writer->uncopied);
}

const gchar *
spead2_udp_writer_zerocopy_reason (
    const Spead2UdpWriter *writer, guint destination)
{
  return writer->uncopied
      ? spead2_uncopied_reason (writer->uncopied, destination)
      : NULL;
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
  if (writer->uncopied == NULL ||
      spead2_uncopied_released (writer->uncopied) == writer->released_told)
    sleep_for_events (writer, 0, time);
  return TRUE;
}

/* Waits for room in the socket. FALSE at the deadline. */
static gboolean
wait_writable (Spead2UdpWriter *writer)
{
  guint64 deadline = get_deadline (writer);

  writer->counters.waits++;
  if (spead2_now () >= deadline)
    return FALSE;
  sleep_for_events (writer, POLLOUT, deadline);
  return TRUE;
}

/* Waits for room below the socket. FALSE at the deadline. */
static gboolean
back_off (Spead2UdpWriter *writer, guint64 *interval)
{
  guint64 now = spead2_now (), deadline = get_deadline (writer);

  writer->counters.waits++;
  if (now >= deadline)
    return FALSE;
  *interval = CLAMP (*interval * 2, BACK_OFF_MIN, BACK_OFF_MAX);
  sleep_for_events (writer, 0, MIN (now + *interval, deadline));
  return TRUE;
}

/* -- errors that come back later ------------------------------------------ */

static void
count_error (Spead2UdpWriter *writer, guint destination, gint errnum)
{
  writer->destinations[destination].errors++;
  writer->counters.errors[CLAMP (errnum, 0, SPEAD2_MAX_ERRNO)]++;
}

static void
set_recverr (Spead2UdpWriter *writer, gboolean on)
{
  spead2_udp_socket_set_recverr (writer->fd, writer->family, on);
  writer->recverr = on;
}

/* Counts an ICMP error, and stops listening for them when they are many. */
static void
note_icmp_error (Spead2UdpWriter *writer, guint destination, gint errnum)
{
  guint64 now = spead2_now ();

  count_error (writer, destination, errnum);
  writer->icmp_untaken++;
  writer->icmp_errno = errnum;
  if (now - writer->icmp_window >= SPEAD2_SECOND) {
    writer->icmp_window = now;
    writer->icmp_errors = 0;
  }
  if (++writer->icmp_errors >= ICMP_ERRORS_PER_SECOND)
    set_recverr (writer, FALSE);
}

/* The destination with this address: the kernel names it with each error. */
static guint
destination_at (
    const Spead2UdpWriter *writer, const struct sockaddr_storage *address)
{
  guint i;

  for (i = 0; i < writer->n_destinations; i++)
    if (spead2_endpoint_equal (&writer->destinations[i].endpoint, address))
      return i;
  return 0;
}

/* The errno of an entry of the error queue if it is an ICMP error, else 0: what has
 * the origin LOCAL was refused by this machine in the call that returned the errno,
 * and other entries are no errors. */
static gint
icmp_errno (struct msghdr *header)
{
  struct cmsghdr *cmsg;

  for (cmsg = CMSG_FIRSTHDR (header); cmsg != NULL;
       cmsg = CMSG_NXTHDR (header, cmsg)) {
    if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
        (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
      struct sock_extended_err error;

      memcpy (&error, CMSG_DATA (cmsg), sizeof error);
      if (error.ee_origin == SO_EE_ORIGIN_ICMP ||
          error.ee_origin == SO_EE_ORIGIN_ICMP6)
        return error.ee_errno;
    }
  }
  return 0;
}

/* Reads one entry of the error queue: its errno, as icmp_errno(), and the
 * destination of the packet that it is about. FALSE when there is none. */
static gboolean
read_error_queue (Spead2UdpWriter *writer, guint *destination, gint *errnum)
{
  struct sockaddr_storage address = {0};
  union {
    gchar bytes[CMSG_SPACE (
        sizeof (struct sock_extended_err) + sizeof (struct sockaddr_storage))];
    struct cmsghdr align;
  } control;
  struct msghdr header = {
      .msg_name = &address,
      .msg_namelen = sizeof address,
      .msg_control = &control,
      .msg_controllen = sizeof control,
  };

  if (recvmsg (writer->fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
    return FALSE;
  *destination = destination_at (writer, &address);
  *errnum = icmp_errno (&header);
  return TRUE;
}

/* Empties the error queue. TRUE when an ICMP error with errnum was in it. */
static gboolean
drain_error_queue (Spead2UdpWriter *writer, gint errnum)
{
  gboolean found = FALSE;
  guint destination;
  gint queued;

  while (writer->recverr && read_error_queue (writer, &destination, &queued)) {
    if (queued == 0)
      continue;
    note_icmp_error (writer, destination, queued);
    found |= queued == errnum;
  }
  return found;
}

/* -- the batch ------------------------------------------------------------- */

void
spead2_udp_writer_begin (
    Spead2UdpWriter *writer, guint64 max_bytes, gboolean may_wait)
{
  gboolean probe =
      g_atomic_int_compare_and_exchange (&writer->probe, TRUE, FALSE);
  guint64 now = spead2_now ();
  guint i;

  for (i = 0; i < writer->n_destinations; i++)
    if (probe || writer->destinations[i].gso_retry <= now)
      restore_gso (writer, &writer->destinations[i]);
  if (!writer->recverr && now - writer->icmp_window >= SPEAD2_SECOND)
    set_recverr (writer, TRUE);

  writer->may_wait = may_wait;
  writer->max_bytes = MIN (max_bytes, SPEAD2_BATCH_BYTES);
  writer->bytes = 0;
  writer->n_messages = 0;
  writer->n_iovs = 0;
  writer->n_spans = 0;
  writer->scratch_used = 0;
  writer->pages = NULL;

  if (writer->uncopied) {
    spead2_uncopied_reap (writer->uncopied);
    spead2_uncopied_retry (writer->uncopied, now, probe);
  }
}

guint64
spead2_udp_writer_size (const Spead2UdpWriter *writer)
{
  return writer->bytes;
}

/* Pages that the packet lies on, at most: its header on one, unless that lies
 * with the payload, and each piece, which is smaller than a page, on two. */
static guint
most_fragments (const Spead2Packet *packet)
{
  return 2 * packet->n_iov - (packet->scratch_size > 0 ? 1 : 0);
}

/* Whether the packet can share the message: GSO cuts a message into packets of
 * one size, of which only the last may be smaller. */
static gboolean
fits_message (const Spead2UdpWriter *writer, const Message *message,
    guint destination, const Spead2Packet *packet)
{
  return message->destination == destination &&
      writer->destinations[destination].gso &&
      message->n_packets < SPEAD2_MESSAGE_PACKETS &&
      message->size == message->n_packets * message->packet_size &&
      packet->size <= message->packet_size &&
      message->size + packet->size <= writer->max_message &&
      message->n_iov + packet->n_iov <= SPEAD2_PACKET_MAX_IOV &&
      (writer->pages == NULL ||
          message->n_fragments + most_fragments (packet) <=
              SPEAD2_ZEROCOPY_FRAGMENTS);
}

/* The message that takes the packet, or NULL when the batch is full. */
static Message *
message_for (
    Spead2UdpWriter *writer, guint destination, const Spead2Packet *packet)
{
  Message *message;

  if (writer->bytes > 0 && writer->bytes + packet->size > writer->max_bytes)
    return NULL;
  if (writer->n_iovs + packet->n_iov > BATCH_IOVS ||
      writer->scratch_used + packet->scratch_size > SPEAD2_BATCH_BYTES)
    return NULL;

  if (writer->n_messages > 0) {
    message = &writer->messages[writer->n_messages - 1];
    if (fits_message (writer, message, destination, packet))
      return message;
  }
  if (writer->n_messages == SPEAD2_BATCH_MESSAGES)
    return NULL;
  if (writer->pages != NULL &&
      writer->n_messages >= spead2_uncopied_room (writer->uncopied))
    return NULL;
  /* Where only the writer's own room ends the batch, the next one begins with
   * a message that can be filled. */
  if (writer->n_messages > 0 &&
      ((writer->max_bytes == SPEAD2_BATCH_BYTES &&
           writer->bytes + writer->max_message > SPEAD2_BATCH_BYTES) ||
          writer->n_iovs + SPEAD2_PACKET_MAX_IOV > BATCH_IOVS))
    return NULL;

  message = &writer->messages[writer->n_messages++];
  message->destination = destination;
  message->n_packets = 0;
  message->packet_size = packet->size;
  message->size = 0;
  message->iov = writer->iovs + writer->n_iovs;
  message->n_iov = 0;
  message->n_fragments = 0;
  message->spans = writer->spans + writer->n_spans;
  message->n_spans = 0;
  return message;
}

/* How many of the packets alike go with the message, whose first of them does. */
static guint
count_fitting (const Spead2UdpWriter *writer, const Message *message,
    const Spead2Packet *packet)
{
  guint64 n = packet->n_alike;

  /* What differs from the message's first packet is its last. */
  if (n == 1 || packet->size != message->packet_size ||
      !writer->destinations[message->destination].gso)
    return 1;

  n = MIN (n, SPEAD2_MESSAGE_PACKETS - message->n_packets);
  n = MIN (n, (writer->max_message - message->size) / packet->size);
  n = MIN (n, (SPEAD2_PACKET_MAX_IOV - message->n_iov) / packet->n_iov);
  if (writer->max_bytes > writer->bytes)
    n = MIN (n, (writer->max_bytes - writer->bytes) / packet->size);
  if (packet->scratch_size == 0)
    return MAX (n, 1);

  n = MIN (n, (BATCH_IOVS - writer->n_iovs) / packet->n_iov);
  n = MIN (
      n, (SPEAD2_BATCH_BYTES - writer->scratch_used) / packet->scratch_size);
  /* The payload of those alike is one run, on at most one page more than theirs. */
  if (writer->pages)
    n = MIN (n, (SPEAD2_ZEROCOPY_FRAGMENTS - 1 - message->n_fragments) / 2);
  return MAX (n, 1);
}

static void
add_to_span (Spead2UdpWriter *writer, Message *message,
    Spead2Transfer *transfer, guint n_packets, gsize size)
{
  Spead2TransferSpan *span = message->spans + message->n_spans - 1;

  if (message->n_spans == 0 || span->transfer != transfer) {
    span = &writer->spans[writer->n_spans++];
    message->n_spans++;
    span->transfer = transfer;
    span->n_packets = 0;
    span->bytes = 0;
  }
  span->n_packets += n_packets;
  span->bytes += size;
}

/* Room for the headers of n packets of the message, or NULL: the batch is full.
 * One that has nothing yet becomes one that is copied. */
static guint8 *
take_scratch (Spead2UdpWriter *writer, gsize size)
{
  guint8 *scratch;

  if (writer->pages) {
    scratch = spead2_uncopied_reserve (writer->uncopied, size);
    if (scratch != NULL || writer->bytes > 0)
      return scratch;
    writer->pages = NULL;
  }
  scratch = writer->scratch + writer->scratch_used;
  writer->scratch_used += size;
  return scratch;
}

static void
add_fragments (Message *message, const struct iovec *iov, guint n_iov)
{
  guint i;

  for (i = 0; i < n_iov; i++)
    message->n_fragments +=
        spead2_huge_pages_count (iov[i].iov_base, iov[i].iov_len);
}

/* Counts iovecs that stand behind the message's others. One that goes on where
 * these end, as packets with their headers in place do, becomes part of the last. */
static void
add_iovs (Spead2UdpWriter *writer, Message *message, guint n_iov)
{
  struct iovec *iov = writer->iovs + writer->n_iovs;

  if (n_iov == 1 && message->n_iov > 0 &&
      (guint8 *) iov[-1].iov_base + iov[-1].iov_len == iov->iov_base) {
    iov[-1].iov_len += iov->iov_len;
    return;
  }
  writer->n_iovs += n_iov;
  message->n_iov += n_iov;
}

gboolean
spead2_udp_writer_add (Spead2UdpWriter *writer, Spead2Packetizer *packetizer,
    Spead2Transfer *transfer)
{
  const Spead2Packet packet = *spead2_packetizer_peek (packetizer);
  struct iovec *iov = writer->iovs + writer->n_iovs;
  guint8 *scratch = NULL;
  Message *message;
  guint n, n_iov;

  if (writer->uncopied && writer->bytes == 0)
    writer->pages = spead2_uncopied_begin (writer->uncopied, packetizer);
  else if (writer->pages &&
      !spead2_uncopied_suits (writer->uncopied, writer->pages, packetizer))
    return FALSE;

  message = message_for (writer, packetizer->heap->destination, &packet);
  if (message == NULL)
    return FALSE;
  n = count_fitting (writer, message, &packet);
  if (packet.scratch_size > 0) {
    scratch = take_scratch (writer, n * packet.scratch_size);
    if (scratch == NULL) {
      if (message->n_packets == 0)
        writer->n_messages--;
      return FALSE;
    }
  }

  n_iov = spead2_packetizer_write (packetizer, n, scratch, iov);
  if (writer->pages)
    add_fragments (message, iov, n_iov);
  add_iovs (writer, message, n_iov);
  writer->bytes += n * packet.size;

  message->n_packets += n;
  message->size += n * packet.size;
  add_to_span (writer, message, transfer, n, n * packet.size);
  transfer->in_flight += n;
  return TRUE;
}

/* -- sending ---------------------------------------------------------------- */

/* Sends the first of n messages, and others for the same destination, without
 * copying them: how many went, or the negative errno. */
static gint
send_uncopied (Spead2UdpWriter *writer, const Message *messages,
    const struct mmsghdr *headers, guint n)
{
  guint i;
  gint sent;

  for (i = 0; i < n; i++)
    if (messages[i].destination != messages[0].destination ||
        !spead2_uncopied_add (writer->uncopied, messages[i].destination,
            messages[i].spans, messages[i].n_spans))
      break;
  sent = spead2_uncopied_send (writer->uncopied, writer->fd, headers);
  writer->counters.zerocopy_messages += MAX (sent, 0);
  return sent;
}

static gint
send_copied (Spead2UdpWriter *writer, struct mmsghdr *headers, guint n)
{
  gint sent = sendmmsg (writer->fd, headers, n, MSG_DONTWAIT);

  return sent < 0 ? -errno : sent;
}

/* Sends the first of n messages, for destination, at least; returns how many
 * went, or the negative errno for which the first did not. uncopied: those
 * messages, to be sent without copying them, or NULL. */
static gint
send_some (Spead2UdpWriter *writer, guint destination, struct mmsghdr *headers,
    guint n, const Message *uncopied)
{
  guint64 interval = 0;

  for (;;) {
    gint sent = uncopied ? send_uncopied (writer, uncopied, headers, n)
                         : send_copied (writer, headers, n);
    gint errnum = -sent;

    writer->counters.calls++;
    if (sent > 0) {
      if ((guint) sent < n && uncopied == NULL)
        drain_error_queue (writer, 0);
      return sent;
    }

    switch (errnum) {
      case EAGAIN:
        if (uncopied && spead2_uncopied_crowd (writer->uncopied, destination))
          return -EAGAIN;
        if (!wait_writable (writer))
          return -ABANDONED;
        break;
      case ENOBUFS:
      case ENOMEM:
        count_error (writer, destination, errnum);
        if (!back_off (writer, &interval))
          return -ABANDONED;
        break;
      case ECONNREFUSED:
        /* Always an earlier packet's. */
        drain_error_queue (writer, errnum);
        /* fallthrough */
      case EINTR:
        if (spead2_now () >= get_deadline (writer))
          return -ABANDONED;
        break;
      default:
        if (!drain_error_queue (writer, errnum))
          return -errnum;
        break;
    }
  }
}

/* The message was accepted, and leaves the batch: all of it is released, unless
 * it is in flight besides. */
static void
settle_sent (Spead2UdpWriter *writer, const Message *message)
{
  guint i;

  writer->counters.messages++;
  writer->counters.packets += message->n_packets;
  writer->counters.bytes += message->size;
  for (i = 0; i < message->n_spans; i++) {
    message->spans[i].transfer->bytes += message->spans[i].bytes;
    message->spans[i].transfer->in_flight -= message->spans[i].n_packets;
  }
}

static void
fail_transfer (Spead2Transfer *transfer, guint n_packets, gint errnum)
{
  transfer->in_flight -= n_packets;
  if (transfer->error == 0 || errnum == ABANDONED)
    transfer->error = errnum;
}

static void
settle_failed (Spead2UdpWriter *writer, const Message *message, gint errnum)
{
  guint i;

  if (errnum != ABANDONED)
    count_error (writer, message->destination, errnum);
  for (i = 0; i < message->n_spans; i++)
    fail_transfer (
        message->spans[i].transfer, message->spans[i].n_packets, errnum);
}

/* What the kernel answers when it cannot do more than send plain packets. */
static gboolean
may_be_optimization (gint errnum)
{
  return errnum == EINVAL || errnum == EMSGSIZE || errnum == EIO ||
      errnum == EOPNOTSUPP || errnum == ENOPROTOOPT;
}

static void
switch_gso_off (Spead2UdpWriter *writer, guint index, gint errnum)
{
  Destination *destination = &writer->destinations[index];

  if (!destination->gso)
    return;
  destination->gso = FALSE;
  destination->gso_errno = errnum;
  if (errnum == EMSGSIZE)
    destination->gso_retry = spead2_now () + GSO_RETRY_INTERVAL;
  writer->counters.gso_off++;
}

static void
fill_header (
    Spead2UdpWriter *writer, struct mmsghdr *header, const Message *message)
{
  Spead2Endpoint *endpoint =
      &writer->destinations[message->destination].endpoint;

  memset (header, 0, sizeof *header);
  header->msg_hdr.msg_name = &endpoint->address;
  header->msg_hdr.msg_namelen = endpoint->address_size;
  header->msg_hdr.msg_iov = message->iov;
  header->msg_hdr.msg_iovlen = message->n_iov;
}

static void
add_gso (struct mmsghdr *header, Control *control, guint16 packet_size)
{
  struct cmsghdr *cmsg;

  memset (control, 0, sizeof *control);
  header->msg_hdr.msg_control = control;
  header->msg_hdr.msg_controllen = sizeof *control;
  cmsg = CMSG_FIRSTHDR (&header->msg_hdr);
  cmsg->cmsg_level = IPPROTO_UDP;
  cmsg->cmsg_type = UDP_SEGMENT;
  cmsg->cmsg_len = CMSG_LEN (sizeof packet_size);
  memcpy (CMSG_DATA (cmsg), &packet_size, sizeof packet_size);
}

/* The iovecs of the next size bytes of a message, from *from on, of which *used
 * have been taken. Returns how many there are. */
static guint
split_iovs (
    const struct iovec **from, gsize *used, gsize size, struct iovec *iovs)
{
  guint n = 0;

  while (size > 0) {
    gsize taken = MIN (size, (*from)->iov_len - *used);

    iovs[n].iov_base = (guint8 *) (*from)->iov_base + *used;
    iovs[n++].iov_len = taken;
    size -= taken;
    *used += taken;
    if (*used == (*from)->iov_len) {
      (*from)++;
      *used = 0;
    }
  }
  return n;
}

/* Takes a message apart: its packets, each a message with its heap's span. */
static guint
split_message (Spead2UdpWriter *writer, const Message *message,
    Message *packets, struct iovec *iovs, Spead2TransferSpan *spans)
{
  const struct iovec *from = message->iov;
  gsize left = message->size, iov_used = 0;
  guint i, span = 0, used = 0;

  for (i = 0; i < message->n_packets; i++) {
    Message *packet = &packets[i];
    gsize size = MIN (left, message->packet_size);

    packet->destination = message->destination;
    packet->n_packets = 1;
    packet->packet_size = packet->size = size;
    packet->iov = iovs;
    packet->n_iov = split_iovs (&from, &iov_used, size, iovs);
    iovs += packet->n_iov;

    spans[i].transfer = message->spans[span].transfer;
    spans[i].n_packets = 1;
    spans[i].bytes = size;
    packet->spans = &spans[i];
    packet->n_spans = 1;
    if (++used == message->spans[span].n_packets) {
      span++;
      used = 0;
    }

    fill_header (writer, &writer->plain_headers[i], packet);
    left -= size;
  }
  return message->n_packets;
}

/* Sends a refused message as plain packets. FALSE at the deadline, when the
 * rest of the message has been given up. */
static gboolean
send_plain (Spead2UdpWriter *writer, const Message *message, gint errnum)
{
  Message packets[SPEAD2_MESSAGE_PACKETS];
  /* A packet begins within another's iovec, at worst. */
  struct iovec iovs[SPEAD2_PACKET_MAX_IOV + SPEAD2_MESSAGE_PACKETS];
  Spead2TransferSpan spans[SPEAD2_MESSAGE_PACKETS];
  guint n = split_message (writer, message, packets, iovs, spans), i = 0;

  while (i < n) {
    gint sent = send_some (
        writer, message->destination, writer->plain_headers + i, n - i, NULL);

    if (sent > 0) {
      if (i == 0) {
        count_error (writer, message->destination, errnum);
        switch_gso_off (writer, message->destination, errnum);
      }
      for (; sent > 0; sent--)
        settle_sent (writer, &packets[i++]);
    } else if (sent == -ABANDONED) {
      while (i < n)
        settle_failed (writer, &packets[i++], ABANDONED);
      return FALSE;
    } else if (i == 0) {
      /* Not GSO's fault: the other packets would fail like the first. */
      settle_failed (writer, message, -sent);
      return TRUE;
    } else {
      settle_failed (writer, &packets[i++], -sent);
    }
  }
  return TRUE;
}

/* Sends the first of the batch's messages from number i on: as
 * send_some(). */
static gint
send_from (Spead2UdpWriter *writer, guint i)
{
  const Message *message = &writer->messages[i];
  guint n = writer->n_messages - i;
  gint errnum, sent;

  if (writer->pages == NULL ||
      !spead2_uncopied_is_on (writer->uncopied, message->destination) ||
      spead2_uncopied_room (writer->uncopied) == 0)
    return send_some (
        writer, message->destination, writer->headers + i, n, NULL);

  errnum = -send_some (
      writer, message->destination, writer->headers + i, n, message);
  if (errnum == EAGAIN)
    return send_some (
        writer, message->destination, writer->headers + i, n, NULL);
  if (!may_be_optimization (errnum))
    return -errnum;

  sent = send_some (writer, message->destination, writer->headers + i, 1, NULL);
  if (sent > 0) {
    count_error (writer, message->destination, errnum);
    spead2_uncopied_refuse (
        writer->uncopied, message->destination, errnum, spead2_now ());
  }
  return sent;
}

static void
abandon_from (Spead2UdpWriter *writer, guint first)
{
  guint i;

  for (i = first; i < writer->n_messages; i++)
    settle_failed (writer, &writer->messages[i], ABANDONED);
  writer->n_messages = 0;
}

void
spead2_udp_writer_abandon (Spead2UdpWriter *writer)
{
  abandon_from (writer, 0);
}

void
spead2_udp_writer_send (Spead2UdpWriter *writer)
{
  guint i, n = writer->n_messages;

  for (i = 0; i < n; i++) {
    const Message *message = &writer->messages[i];

    fill_header (writer, &writer->headers[i], message);
    if (message->n_packets > 1)
      add_gso (&writer->headers[i], &writer->controls[i], message->packet_size);
  }

  for (i = 0; i < n;) {
    const Message *message = &writer->messages[i];
    gint sent = send_from (writer, i);

    if (sent > 0) {
      for (; sent > 0; sent--)
        settle_sent (writer, &writer->messages[i++]);
    } else if (sent == -ABANDONED) {
      break;
    } else if (message->n_packets > 1 && may_be_optimization (-sent)) {
      i++;
      if (!send_plain (writer, message, -sent))
        break;
    } else {
      settle_failed (writer, message, -sent);
      i++;
    }
  }
  abandon_from (writer, i);
}
