/* Datagrams from the kernel: see udpreader.h.
 *
 * What each errno means, and what is done, in one place:
 *
 *   EAGAIN           nothing is queued
 *   EINTR            again
 *   ENOBUFS, ENOMEM  the kernel has no memory for the moment: wait 50 us, twice as
 *                    long each time up to 5 ms
 *   all others       counted, and again: most are ICMP errors for packets that an
 *                    outside socket has sent, each of which is returned once and
 *                    has no effect on what it receives. After 16 in a row as ENOBUFS
 *   ESHUTDOWN        not an errno of recvmsg(): the owner of an outside socket has
 *                    shut it down for receiving. Counted once; ppoll() would return
 *                    at once for ever, so the socket is left out of it
 *
 * With IP_RECVERR an ICMP error is in the error queue as well, and ends every ppoll()
 * until it is read: the queue is emptied, and its entries are counted instead of the
 * errno that was returned.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/udpreader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "spead2/clock.h"
#include "spead2/net/coalesce.h"
#include "spead2/net/errorqueue.h"
#include "spead2/net/waiter.h"
#include "spead2/wire/flavour.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* No message is longer: UDP carries less, and a train is no longer than that. */
#define MESSAGE_SIZE 65536

/* Messages of one recvmmsg(), each with MESSAGE_SIZE, of which those that come
 * unmerged fill a page or three. The distance between them has them lie in
 * different sets of the caches. */
#define BATCH 32
#define MESSAGE_DISTANCE (MESSAGE_SIZE + 1536)

/* So many unmerged messages in a row, and several are fetched at a time. */
#define BATCH_AFTER 8

/* A wait in the kernel fetches so many messages. The second one is seldom there: asking for it
 * in the same call saves the call that finds the socket empty. */
#define WAIT_BATCH 2

/* Payload of smaller datagrams is not read into place: the kernel takes longer for each
 * piece than a copy does, bytes. */
#define MIN_PLACED 4096
#define MAX_PLACES (MESSAGE_SIZE / MIN_PLACED)

/* So many messages are read as usual behind one that did not continue the last one. */
#define PLACE_AFTER 16

/* What a message counts in a budget at least, bytes. */
#define MIN_COST 2048

#define MAX_ERRORS 16
#define BACK_OFF_MIN (50 * G_GUINT64_CONSTANT (1000))
#define BACK_OFF_MAX (5 * G_GUINT64_CONSTANT (1000000))

typedef struct {
  gint fd;
  gboolean ready; /* FALSE where ppoll() found it to be empty, for one drain */
  guint n_errors; /* in a row */
  guint32 drops;  /* as the kernel counted last; kernel_lock */
} Socket;

/* Memory of one message, beside its bytes. */
typedef struct {
  struct iovec iov;
  struct sockaddr_storage source;
  union {
    /* An outside socket may have other options on that come with a message. */
    gchar bytes[512];
    struct cmsghdr align;
  } control;
} Slot;

struct _Spead2UdpReader {
  Socket *sockets;
  guint n_sockets;
  struct pollfd *polled; /* one a socket */
  gboolean blocks; /* in recvmmsg(): there is one, and it is a blocking one */
  Spead2Waiter *waiter;

  guint8 *memory; /* of BATCH messages; all but the first is touched by few */
  struct mmsghdr headers[BATCH];
  Slot slots[BATCH];
  guint n_single; /* unmerged messages in a row, up to BATCH_AFTER */
  /* messages of the only socket that a wait has left in the slots */
  guint pending;

  Spead2UdpReaderOptions options;
  /* of the message that is read; n is 0 where it has none */
  Spead2Places places;
  guint8 place_headers[MAX_PLACES][SPEAD2_PLACES_MAX_HEADER];
  struct iovec place_iovs[2 * MAX_PLACES + 1];
  const guint8 *last; /* datagram of the last message, or NULL */
  gsize last_size;
  guint n_unplaced; /* messages to be read as usual */

  /* how long to wait before the next try, ns; 0: not at all */
  guint64 back_off;
  Spead2Coalesce coalesce;
  guint64 seen_messages, seen_bytes; /* counters that coalesce has been given */
  Spead2ReaderCounters counters;
  guint64 errors[SPEAD2_MAX_ERRNO + 1]; /* by errno */

  GMutex kernel_lock;
  guint64 kernel_drops; /* kernel_lock */

  /* Written by other threads. */
  gint woken;     /* atomic */
  gint cancelled; /* atomic */
};

/* -- the kernel's own counters ------------------------------------------------------ */

static gboolean
get_meminfo (gint fd, guint32 *values)
{
  socklen_t size = SK_MEMINFO_VARS * sizeof *values;

  memset (values, 0, size);
  return getsockopt (fd, SOL_SOCKET, SO_MEMINFO, values, &size) == 0;
}

void
spead2_udp_reader_get_kernel (
    Spead2UdpReader *reader, Spead2ReaderKernel *kernel)
{
  guint32 values[SK_MEMINFO_VARS];
  guint i;

  memset (kernel, 0, sizeof *kernel);
  g_mutex_lock (&reader->kernel_lock);
  for (i = 0; i < reader->n_sockets; i++) {
    Socket *socket = &reader->sockets[i];

    if (!get_meminfo (socket->fd, values))
      continue;
    /* It wraps. */
    reader->kernel_drops +=
        (guint32) (values[SK_MEMINFO_DROPS] - socket->drops);
    socket->drops = values[SK_MEMINFO_DROPS];
    kernel->fill += values[SK_MEMINFO_RMEM_ALLOC];
    kernel->size += values[SK_MEMINFO_RCVBUF];
  }
  kernel->drops = reader->kernel_drops;
  g_mutex_unlock (&reader->kernel_lock);
}

/* -- life ---------------------------------------------------------------------------- */

static gboolean
is_blocking (gint fd)
{
  return (fcntl (fd, F_GETFL) & O_NONBLOCK) == 0;
}

static void
init_slots (Spead2UdpReader *reader)
{
  guint i;

  for (i = 0; i < BATCH; i++) {
    Slot *slot = &reader->slots[i];
    struct msghdr *header = &reader->headers[i].msg_hdr;

    slot->iov.iov_base = reader->memory + i * MESSAGE_DISTANCE;
    slot->iov.iov_len = MESSAGE_SIZE;
    header->msg_iov = &slot->iov;
    header->msg_iovlen = 1;
    header->msg_control = &slot->control;
    header->msg_name = reader->options.source ? &slot->source : NULL;
  }
}

/* The smallest of the sockets' buffers, bytes. */
static guint
smallest_buffer (const Spead2UdpReader *reader)
{
  guint i, smallest = G_MAXUINT;

  for (i = 0; i < reader->n_sockets; i++)
    smallest = MIN (smallest,
        spead2_udp_socket_receive_buffer_size (reader->sockets[i].fd));
  return smallest;
}

Spead2UdpReader *
spead2_udp_reader_new (const gint *fds, guint n_fds,
    const Spead2UdpReaderOptions *options, GError **error)
{
  Spead2Waiter *waiter = spead2_waiter_new (n_fds, error);
  Spead2UdpReader *reader;
  guint32 values[SK_MEMINFO_VARS];
  guint i;

  if (waiter == NULL)
    return NULL;

  reader = g_new0 (Spead2UdpReader, 1);
  reader->waiter = waiter;
  reader->n_sockets = n_fds;
  reader->sockets = g_new0 (Socket, n_fds);
  reader->polled = g_new0 (struct pollfd, n_fds);
  reader->blocks = n_fds == 1 && is_blocking (fds[0]);
  reader->options = *options;
  g_mutex_init (&reader->kernel_lock);
  for (i = 0; i < n_fds; i++) {
    get_meminfo (fds[i], values);
    reader->sockets[i] = (Socket){
        .fd = fds[i], .ready = TRUE, .drops = values[SK_MEMINFO_DROPS]};
    reader->polled[i] =
        (struct pollfd){.fd = fds[i], .events = POLLIN | POLLRDHUP};
  }
  reader->memory = g_malloc (BATCH * MESSAGE_DISTANCE);
  init_slots (reader);
  spead2_coalesce_init (&reader->coalesce, options->coalesce,
      smallest_buffer (reader), spead2_now ());
  return reader;
}

void
spead2_udp_reader_free (Spead2UdpReader *reader)
{
  spead2_waiter_free (reader->waiter);
  g_mutex_clear (&reader->kernel_lock);
  g_free (reader->memory);
  g_free (reader->polled);
  g_free (reader->sockets);
  g_free (reader);
}

const Spead2ReaderCounters *
spead2_udp_reader_counters (const Spead2UdpReader *reader)
{
  return &reader->counters;
}

const guint64 *
spead2_udp_reader_errors (const Spead2UdpReader *reader)
{
  return reader->errors;
}

void
spead2_udp_reader_wake (Spead2UdpReader *reader)
{
  g_atomic_int_set (&reader->woken, TRUE);
  spead2_waiter_wake (reader->waiter);
}

void
spead2_udp_reader_cancel (Spead2UdpReader *reader)
{
  g_atomic_int_set (&reader->cancelled, TRUE);
  spead2_udp_reader_wake (reader);
}

static gboolean
is_cancelled (Spead2UdpReader *reader)
{
  return g_atomic_int_get (&reader->cancelled);
}

/* -- errors -------------------------------------------------------------------------- */

static void
count_error (Spead2UdpReader *reader, gint errnum)
{
  reader->counters.errors++;
  reader->errors[CLAMP (errnum, 0, SPEAD2_MAX_ERRNO)]++;
}

/* Counts the entries of the error queue or, where it is empty, errnum unless that is
 * 0. */
static void
note_errors (Spead2UdpReader *reader, gint fd, gint errnum)
{
  struct sockaddr_storage destination;
  gboolean queued = FALSE;
  gint of_entry;

  while (spead2_error_queue_take (fd, &destination, &of_entry)) {
    queued = TRUE;
    if (of_entry != 0)
      count_error (reader, of_entry);
  }
  if (!queued && errnum != 0)
    count_error (reader, errnum);
}

static void
back_off (Spead2UdpReader *reader)
{
  reader->back_off = CLAMP (reader->back_off * 2, BACK_OFF_MIN, BACK_OFF_MAX);
}

/* The socket was read without an error. */
static void
forget_errors (Spead2UdpReader *reader, Socket *socket)
{
  socket->n_errors = 0;
  reader->back_off = 0;
}

static void
leave_out (Spead2UdpReader *reader, Socket *socket)
{
  reader->polled[socket - reader->sockets].fd = -1;
  reader->blocks = FALSE;
}

/* Whether to read again at once. */
static gboolean
handle_errno (Spead2UdpReader *reader, Socket *socket, gint errnum)
{
  switch (errnum) {
    case EAGAIN:
      forget_errors (reader, socket);
      return FALSE;
    case EINTR:
      return TRUE;
    case ENOBUFS:
    case ENOMEM:
      count_error (reader, errnum);
      back_off (reader);
      return FALSE;
    case ESHUTDOWN:
      leave_out (reader, socket);
      count_error (reader, errnum);
      return FALSE;
    default:
      note_errors (reader, socket->fd, errnum);
      if (++socket->n_errors < MAX_ERRORS)
        return TRUE;
      back_off (reader);
      return FALSE;
  }
}

static gboolean
is_shut_down (gint fd)
{
  struct pollfd polled = {.fd = fd, .events = POLLRDHUP};

  return poll (&polled, 1, 0) == 1 && (polled.revents & POLLRDHUP) != 0;
}

/* -- reading ------------------------------------------------------------------------- */

/* Sets what a call changes. */
static void
prepare (Spead2UdpReader *reader, guint n)
{
  guint i;

  for (i = 0; i < n; i++) {
    reader->headers[i].msg_hdr.msg_controllen = sizeof reader->slots[i].control;
    reader->headers[i].msg_hdr.msg_namelen =
        reader->options.source ? sizeof reader->slots[i].source : 0;
  }
}

/* recvmmsg(), or what costs less for one message. */
static gint
receive (gint fd, struct mmsghdr *headers, guint n, gint flags)
{
  gssize size;

  if (n > 1)
    return recvmmsg (fd, headers, n, flags, NULL);
  size = recvmsg (fd, &headers->msg_hdr, flags);
  if (size < 0)
    return -1;
  headers->msg_len = size;
  return 1;
}

/* Fetches messages into the slots: how many, or the negative errno. */
static gint
fetch (Spead2UdpReader *reader, gint fd, guint n, gint flags)
{
  gint fetched;

  prepare (reader, n);
  reader->counters.calls++;
  fetched = receive (fd, reader->headers, n, flags);
  if (fetched < 0)
    return -errno;
  if (fetched == 1 && reader->headers[0].msg_len == 0 && is_shut_down (fd))
    return -ESHUTDOWN;
  return fetched;
}

/* The size of a train's datagrams; 0: the message is one datagram. */
static gsize
segment_size (struct msghdr *header)
{
  struct cmsghdr *cmsg;
  gint size;

  for (cmsg = CMSG_FIRSTHDR (header); cmsg != NULL;
       cmsg = CMSG_NXTHDR (header, cmsg))
    if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
      memcpy (&size, CMSG_DATA (cmsg), sizeof size);
      return MAX (size, 0);
    }
  return 0;
}

/* How many of a message's n datagrams are whole and where each begins is known. */
static guint
count_whole (Spead2UdpReader *reader, const struct msghdr *header, gsize size,
    gsize segment, guint n)
{
  if ((header->msg_flags & MSG_CTRUNC) && segment == 0) {
    reader->counters.ctrunc++;
    return 0;
  }
  if (!(header->msg_flags & MSG_TRUNC))
    return n;
  reader->counters.truncated++;
  if (segment == 0)
    return 0;
  /* The cut may be where a datagram ends. */
  reader->counters.datagrams += size % segment == 0;
  return size / segment;
}

/* -- into place ---------------------------------------------------------------------- */

/* Whether it is known where the payload of the next message belongs. */
static gboolean
predict (Spead2UdpReader *reader, gpointer user_data)
{
  Spead2Places *places = &reader->places;
  gsize size = reader->last_size;

  if (reader->options.predict == NULL || reader->n_sockets > 1 ||
      reader->n_unplaced > 0 || reader->last == NULL || size < MIN_PLACED)
    return FALSE;
  places->n = MESSAGE_SIZE / size;
  return reader->options.predict (reader->last, size, places, user_data);
}

/* Has the message begin with headers and payloads in turn. What follows them lies in the
 * slot where it would lie with them. */
static gint
fetch_into_places (Spead2UdpReader *reader, gint fd)
{
  Spead2Places *places = &reader->places;
  struct msghdr *header = &reader->headers[0].msg_hdr;
  struct iovec *iov = reader->place_iovs, *slot = &reader->slots[0].iov;
  gsize header_size = places->header_size;
  gsize begin = places->n * spead2_places_datagram_size (places);
  guint i;
  gint fetched;

  for (i = 0; i < places->n; i++) {
    *iov++ = (struct iovec){reader->place_headers[i], header_size};
    *iov++ = (struct iovec){
        places->payload + i * places->payload_size, places->payload_size};
  }
  *iov++ =
      (struct iovec){(guint8 *) slot->iov_base + begin, MESSAGE_SIZE - begin};
  header->msg_iov = reader->place_iovs;
  header->msg_iovlen = iov - reader->place_iovs;
  fetched = fetch (reader, fd, 1, MSG_DONTWAIT);
  header->msg_iov = slot;
  header->msg_iovlen = 1;
  return fetched;
}

/* Copies the message into the slot, as if it had been read there. */
static void
gather (Spead2UdpReader *reader)
{
  guint8 *to = reader->slots[0].iov.iov_base;
  gsize left = reader->headers[0].msg_len;
  guint i;

  for (i = 0; i < 2 * reader->places.n; i++) {
    const struct iovec *iov = &reader->place_iovs[i];
    gsize size = MIN (iov->iov_len, left);

    memcpy (to, iov->iov_base, size);
    to += size;
    left -= size;
  }
}

/* Whether the n first headers are as predicted. */
static gboolean
match_headers (Spead2UdpReader *reader, guint n)
{
  guint i = 0;

  while (
      i < n && spead2_places_match (&reader->places, reader->place_headers[i]))
    i++;
  return i == n;
}

/* How many datagrams of the message are in place: of all that could be, or none, and then
 * the message is in the slot. */
static guint
settle_places (Spead2UdpReader *reader)
{
  const Spead2Places *places = &reader->places;
  struct msghdr *header = &reader->headers[0].msg_hdr;
  gsize size = reader->headers[0].msg_len;
  gsize segment = segment_size (header);
  gsize expected = spead2_places_datagram_size (places);
  guint n = MIN (places->n, size / expected);

  if ((segment == expected || (segment == 0 && size == expected)) &&
      (n == places->n || size == n * expected) &&
      !(header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
      match_headers (reader, n))
    return n;
  gather (reader);
  reader->n_unplaced = PLACE_AFTER;
  return 0;
}

/* -- messages ------------------------------------------------------------------------- */

/* Copies the payload of those of n datagrams that continue the last one, up to the first that
 * does not, to where it belongs. Returns how many they are. */
static guint
copy_predicted (Spead2UdpReader *reader, const guint8 *data, guint n,
    gsize size, guint64 time, gpointer user_data)
{
  Spead2Places places;
  guint i;

  places.n = n;
  if (reader->options.predict == NULL ||
      !reader->options.predict (reader->last, size, &places, user_data))
    return 0;
  for (i = 0; i < places.n && spead2_places_match (&places, data); i++) {
    memcpy (places.payload + i * places.payload_size, data + places.header_size,
        places.payload_size);
    reader->last = data;
    data += size;
  }
  if (i > 0)
    reader->options.placed (&places, i, time, user_data);
  return i;
}

/* Gives the whole datagrams of a message from number k on to func, or to the options' placed.
 * Returns the size of the last one. */
static gsize
give_datagrams (Spead2UdpReader *reader, const guint8 *data, gsize size,
    gsize segment, guint k, guint whole, Spead2Datagram *datagram,
    Spead2DatagramFunc func, gpointer user_data)
{
  guint n_alike = segment > 0 ? MIN (size / segment, whole) : 0;
  gboolean predicted = TRUE;

  while (k < whole) {
    datagram->data = reader->last = data + k * segment;
    datagram->size = segment > 0 ? MIN (segment, size - k * segment) : size;
    func (datagram, user_data);
    k++;
    /* Where one did not continue the one before it, others will not. */
    if (predicted && k < n_alike) {
      guint n = copy_predicted (reader, data + k * segment, n_alike - k,
          segment, datagram->time, user_data);

      predicted = n > 0;
      k += n;
    }
  }
  return k == n_alike ? segment : datagram->size;
}

/* Gives the datagrams of the message in a slot to func; without one, counts them as
 * discarded. */
static void
give (Spead2UdpReader *reader, guint i, Spead2Datagram *datagram,
    Spead2DatagramFunc func, gpointer user_data)
{
  struct msghdr *header = &reader->headers[i].msg_hdr;
  const guint8 *data = reader->slots[i].iov.iov_base;
  gsize size = reader->headers[i].msg_len;
  gsize segment = segment_size (header);
  guint n = segment > 0 ? MAX ((size + segment - 1) / segment, 1) : 1;
  guint whole, placed;

  reader->n_unplaced -= reader->n_unplaced > 0;
  placed = reader->places.n > 0 ? settle_places (reader) : 0;
  reader->last = NULL;
  reader->n_single = n > 1 ? 0 : MIN (reader->n_single + 1, BATCH_AFTER);
  if (func == NULL) {
    reader->counters.discarded += n;
    reader->counters.discarded_bytes += size;
    return;
  }

  whole = count_whole (reader, header, size, segment, n);
  reader->counters.messages++;
  reader->counters.trains += n > 1;
  reader->counters.datagrams += n;
  reader->counters.bytes += whole == n ? size : whole * segment;
  if (reader->options.source)
    datagram->source = &reader->slots[i].source;
  if (placed > 0) {
    reader->counters.placed += placed;
    reader->last = reader->place_headers[placed - 1];
    reader->options.placed (&reader->places, placed, datagram->time, user_data);
  }
  reader->last_size = whole > placed
      ? give_datagrams (reader, data, size, segment, placed, whole, datagram,
            func, user_data)
      : spead2_places_datagram_size (&reader->places);
}

/* How many messages to fetch at a time. */
static guint
count_wanted (const Spead2UdpReader *reader, gsize max_bytes)
{
  if (reader->n_single < BATCH_AFTER)
    return 1;
  return CLAMP (max_bytes / MIN_COST, 1, BATCH);
}

/* Fetches messages that are queued. */
static gint
fetch_queued (
    Spead2UdpReader *reader, gint fd, guint wanted, gpointer user_data)
{
  if (wanted == 1 && predict (reader, user_data))
    return fetch_into_places (reader, fd);
  reader->places.n = 0;
  return fetch (reader, fd, wanted, MSG_DONTWAIT);
}

/* Those that a wait has fetched. */
static gint
take_pending (Spead2UdpReader *reader)
{
  gint n = reader->pending;

  reader->pending = 0;
  reader->places.n = 0;
  return n;
}

/* As spead2_udp_reader_drain(), for one socket. */
static gboolean
drain_socket (Spead2UdpReader *reader, guint index, gsize max_bytes,
    Spead2DatagramFunc func, gpointer user_data, guint64 now)
{
  Socket *socket = &reader->sockets[index];
  Spead2Datagram datagram = {.socket = index, .time = now};
  gsize bytes = 0;

  while (bytes < max_bytes && !is_cancelled (reader)) {
    guint wanted =
        reader->pending ? WAIT_BATCH : count_wanted (reader, max_bytes - bytes);
    gint i,
        n = reader->pending
        ? take_pending (reader)
        : fetch_queued (reader, socket->fd, wanted, user_data);

    if (n < 0 && handle_errno (reader, socket, -n)) {
      bytes += MIN_COST;
      continue;
    }
    for (i = 0; i < n; i++) {
      give (reader, i, &datagram, func, user_data);
      bytes += MAX (reader->headers[i].msg_len, MIN_COST);
    }
    if (n > 0)
      forget_errors (reader, socket);
    if (n < 0 || (guint) n < wanted)
      return FALSE;
  }
  return TRUE;
}

static void
set_ready (Spead2UdpReader *reader)
{
  guint i;

  for (i = 0; i < reader->n_sockets; i++)
    reader->sockets[i].ready = TRUE;
}

gboolean
spead2_udp_reader_drain (Spead2UdpReader *reader, gsize max_bytes,
    Spead2DatagramFunc func, gpointer user_data)
{
  guint64 now = spead2_now ();
  gsize share = MAX (max_bytes / reader->n_sockets, 1);
  gboolean more = FALSE;
  guint i;

  for (i = 0; i < reader->n_sockets; i++)
    if (reader->sockets[i].ready)
      more |= drain_socket (reader, i, share, func, user_data, now);
  set_ready (reader);
  return more && !is_cancelled (reader);
}

/* -- waiting ------------------------------------------------------------------------- */

/* Waits for the message that comes next, and keeps what is there then for the next
 * drain. */
static void
wait_in_recvmmsg (Spead2UdpReader *reader)
{
  Socket *socket = &reader->sockets[0];
  gint n = fetch (reader, socket->fd, WAIT_BATCH, MSG_WAITFORONE);

  reader->pending = MAX (n, 0);
  if (n > 0)
    return;
  /* By the time-out, or because the socket has become non-blocking: GLib sets that for
   * every descriptor of a GSocket. */
  if (n == -EAGAIN)
    reader->blocks = is_blocking (socket->fd);
  else
    handle_errno (reader, socket, -n);
}

static void
wait_in_poll (Spead2UdpReader *reader, guint64 time)
{
  guint i;

  spead2_waiter_wait (reader->waiter, reader->polled, reader->n_sockets, time);
  for (i = 0; i < reader->n_sockets; i++) {
    gint events = reader->polled[i].revents;

    if (events & POLLERR)
      note_errors (reader, reader->sockets[i].fd, 0);
    if (events & POLLRDHUP)
      handle_errno (reader, &reader->sockets[i], ESHUTDOWN);
    reader->sockets[i].ready = events != 0;
  }
}

/* How long to sleep, ns, so that wake-ups are coalesced; 0: not at all. */
static guint64
coalesced_sleep (Spead2UdpReader *reader, guint64 now)
{
  const Spead2ReaderCounters *counters = &reader->counters;
  guint64 messages = counters->messages - reader->seen_messages;
  guint64 bytes = counters->bytes - reader->seen_bytes;

  reader->seen_messages = counters->messages;
  reader->seen_bytes = counters->bytes;
  return spead2_coalesce_next (&reader->coalesce, now, messages, bytes);
}

void
spead2_udp_reader_wait (Spead2UdpReader *reader, guint64 time)
{
  guint64 now = spead2_now (), sleep;

  if (time <= now || is_cancelled (reader))
    return;

  sleep = reader->back_off;
  if (sleep == 0) {
    sleep = coalesced_sleep (reader, now);
    reader->counters.sleeps += sleep > 0;
  }
  if (sleep > 0) {
    spead2_waiter_wait (reader->waiter, NULL, 0, MIN (time, now + sleep));
    return;
  }

  reader->counters.waits++;
  if (!reader->blocks || time - now < SPEAD2_RECEIVE_TIMEOUT)
    wait_in_poll (reader, time);
  else if (!g_atomic_int_get (&reader->woken))
    wait_in_recvmmsg (reader);
  g_atomic_int_compare_and_exchange (&reader->woken, TRUE, FALSE);
}

void
spead2_udp_reader_discard (Spead2UdpReader *reader)
{
  Spead2ReaderKernel kernel;

  /* What is discarded is not predicted: the owner of places is not there. */
  reader->last = NULL;
  spead2_udp_reader_get_kernel (reader, &kernel);
  /* The smallest message takes a third of MIN_COST there. */
  spead2_udp_reader_drain (reader,
      reader->n_sockets * MAX (4 * kernel.fill, MESSAGE_SIZE), NULL, NULL);
}
