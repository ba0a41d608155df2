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

/* Messages of one recvmmsg(), of which those that come unmerged fill a page or three. The
 * distance between them has them lie in different sets of the caches. */
#define BATCH 32
#define MESSAGE_DISTANCE (SPEAD2_MAX_MESSAGE + 1536)

/* So many unmerged messages in a row, and several are fetched at a time. */
#define BATCH_AFTER 8

/* A wait in the kernel fetches so many messages. The second one is seldom there: asking for it
 * in the same call saves the call that finds the socket empty. */
#define WAIT_BATCH 2

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

/* What one call of spead2_udp_reader_drain() does with the datagrams of a socket. */
typedef struct {
  Spead2DatagramFunc func; /* NULL: they are discarded */
  gpointer user_data;
  Spead2ReadMessage message; /* the last one that was read */
  /* the last one that was given; its socket and time are those of all */
  Spead2Datagram datagram;
} Drain;

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
  Spead2Placer placer;

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
    slot->iov.iov_len = SPEAD2_MAX_MESSAGE;
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
  reader->placer.funcs = options->placer;
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

/* How many datagrams are whole and where each begins is known, of a message with flags that
 * say that it is cut off. */
static guint
count_whole (
    Spead2UdpReader *reader, const Spead2ReadMessage *message, gint flags)
{
  if ((flags & MSG_CTRUNC) && message->segment == 0) {
    reader->counters.ctrunc++;
    return 0;
  }
  if (!(flags & MSG_TRUNC))
    return message->n;
  reader->counters.truncated++;
  if (message->segment == 0)
    return 0;
  /* The cut may be where a datagram ends. */
  reader->counters.datagrams += message->size % message->segment == 0;
  return message->size / message->segment;
}

/* -- messages ------------------------------------------------------------------------- */

/* Gives the whole datagrams of the message from number k on to the drain's function, where
 * they are not copied to their places. */
static void
give_datagrams (Spead2UdpReader *reader, guint k, Drain *drain)
{
  const Spead2ReadMessage *message = &drain->message;
  gsize size = message->size, segment = message->segment;
  Spead2Datagram *datagram = &drain->datagram;
  gboolean predicted = segment > 0;

  while (k < message->whole) {
    datagram->data = message->data + k * segment;
    datagram->size = segment > 0 ? MIN (segment, size - k * segment) : size;
    spead2_placer_note (&reader->placer, datagram->data, datagram->size);
    drain->func (datagram, drain->user_data);
    k++;
    /* Where one did not continue the one before it, others will not. */
    if (predicted && k < message->whole) {
      guint n = spead2_placer_copy (
          &reader->placer, message, k, datagram->time, drain->user_data);

      predicted = n > 0;
      k += n;
    }
  }
}

/* Fills in the message in a slot, but for which of its datagrams are whole. */
static void
find_message (Spead2UdpReader *reader, guint i, Spead2ReadMessage *message)
{
  gsize size = reader->headers[i].msg_len;
  gsize segment = segment_size (&reader->headers[i].msg_hdr);

  message->data = reader->slots[i].iov.iov_base;
  message->size = size;
  message->segment = segment;
  message->n = segment > 0 ? MAX ((size + segment - 1) / segment, 1) : 1;
}

static void
count_message (Spead2UdpReader *reader, const Spead2ReadMessage *message)
{
  Spead2ReaderCounters *counters = &reader->counters;

  counters->messages++;
  counters->trains += message->n > 1;
  counters->datagrams += message->n;
  counters->bytes += message->whole == message->n
      ? message->size
      : message->whole * message->segment;
}

/* Gives the datagrams of the message in a slot, or counts them as discarded. */
static void
give (Spead2UdpReader *reader, guint i, Drain *drain)
{
  gint flags = reader->headers[i].msg_hdr.msg_flags;
  gboolean intact = !(flags & (MSG_TRUNC | MSG_CTRUNC));
  Spead2ReadMessage *message = &drain->message;
  guint n_placed;

  find_message (reader, i, message);
  n_placed = spead2_placer_settle (&reader->placer, message, intact);
  reader->n_single =
      message->n > 1 ? 0 : MIN (reader->n_single + 1, BATCH_AFTER);
  if (drain->func == NULL) {
    reader->counters.discarded += message->n;
    reader->counters.discarded_bytes += message->size;
    return;
  }

  message->whole = intact ? message->n : count_whole (reader, message, flags);
  count_message (reader, message);
  if (reader->options.source)
    drain->datagram.source = &reader->slots[i].source;
  if (n_placed > 0) {
    reader->counters.placed += n_placed;
    spead2_placer_give (
        &reader->placer, n_placed, drain->datagram.time, drain->user_data);
  }
  give_datagrams (reader, n_placed, drain);
}

/* -- draining ------------------------------------------------------------------------- */

/* How many messages to fetch at a time. */
static guint
count_wanted (const Spead2UdpReader *reader, gsize max_bytes)
{
  if (reader->n_single < BATCH_AFTER)
    return 1;
  return CLAMP (max_bytes / MIN_COST, 1, BATCH);
}

/* Fetches a message to the places of its payload. */
static gint
fetch_to_places (Spead2UdpReader *reader, gint fd, guint n_iovs)
{
  struct msghdr *header = &reader->headers[0].msg_hdr;
  gint fetched;

  header->msg_iov = reader->placer.iovs;
  header->msg_iovlen = n_iovs;
  fetched = fetch (reader, fd, 1, MSG_DONTWAIT);
  header->msg_iov = &reader->slots[0].iov;
  header->msg_iovlen = 1;
  return fetched;
}

/* Fetches messages that are queued. Which of several sockets the next one is of is unknown. */
static gint
fetch_queued (
    Spead2UdpReader *reader, gint fd, guint wanted, gpointer user_data)
{
  guint n_iovs = 0;

  if (wanted == 1 && reader->n_sockets == 1)
    n_iovs = spead2_placer_prepare (
        &reader->placer, reader->slots[0].iov.iov_base, user_data);
  else
    spead2_placer_skip (&reader->placer);
  return n_iovs > 0 ? fetch_to_places (reader, fd, n_iovs)
                    : fetch (reader, fd, wanted, MSG_DONTWAIT);
}

/* Those that a wait has fetched. */
static gint
take_pending (Spead2UdpReader *reader)
{
  gint n = reader->pending;

  reader->pending = 0;
  spead2_placer_skip (&reader->placer);
  return n;
}

/* As spead2_udp_reader_drain(), for one socket. */
static gboolean
drain_socket (Spead2UdpReader *reader, gsize max_bytes, Drain *drain)
{
  Socket *socket = &reader->sockets[drain->datagram.socket];
  gsize bytes = 0;

  while (bytes < max_bytes && !is_cancelled (reader)) {
    guint wanted =
        reader->pending ? WAIT_BATCH : count_wanted (reader, max_bytes - bytes);
    gint i,
        n = reader->pending
        ? take_pending (reader)
        : fetch_queued (reader, socket->fd, wanted, drain->user_data);

    if (n < 0 && handle_errno (reader, socket, -n)) {
      bytes += MIN_COST;
      continue;
    }
    for (i = 0; i < n; i++) {
      give (reader, i, drain);
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
    if (reader->sockets[i].ready) {
      Drain drain = {func, user_data, .datagram = {.socket = i, .time = now}};

      more |= drain_socket (reader, share, &drain);
    }
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
  spead2_placer_note (&reader->placer, NULL, 0);
  spead2_udp_reader_get_kernel (reader, &kernel);
  /* The smallest message takes a third of MIN_COST there. */
  spead2_udp_reader_drain (reader,
      reader->n_sockets * MAX (4 * kernel.fill, SPEAD2_MAX_MESSAGE), NULL,
      NULL);
}
