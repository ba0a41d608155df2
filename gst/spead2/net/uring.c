/* Messages that the kernel reads where they lie: see uring.h. Compiled where liburing is;
 * uringmissing.c takes its place otherwise.
 *
 * Messages are submitted as a chain, so that they are sent in order, and none overtakes one
 * that fails: the kernel cancels those behind it. Their results are complete when the call
 * returns, since MSG_DONTWAIT leaves nothing to wait for. The notification that a message is
 * released follows later, from whatever frees its packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/uring.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <liburing.h>

#include "spead2/error.h"

/* What liburing 2.3 does not have. */
#ifndef IORING_RECVSEND_FIXED_BUF
#define IORING_RECVSEND_FIXED_BUF (1U << 2)
#endif
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#endif
#ifndef IORING_NOTIF_USAGE_ZC_COPIED
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

/* Each message gives two completions. */
#define SQ_ENTRIES (2 * SPEAD2_URING_CHAIN)
#define CQ_ENTRIES (4 * SPEAD2_URING_MESSAGES)

/* user_data of a submission whose completion is ignored. */
#define NO_MESSAGE 0

typedef struct {
  guint64 headers; /* position of its headers, as reserved */
  gint result;
  gboolean completed; /* result is valid */
  gboolean released;  /* no notification will follow */
} Record;

struct _Spead2Uring {
  struct io_uring ring;
  Spead2UringReleased released; /* or NULL */
  gpointer user_data;

  Spead2HugePages *pages; /* (owned) registered, or NULL */
  guint8 *headers; /* area for headers in them, SPEAD2_HEADER_AREA_SIZE bytes */
  guint64 rejected; /* id of the pages that could not be registered last */
  gint rejected_errno;

  /* Positions in the headroom, counted without end: reserved so far, and when the
   * batch began. */
  guint64 reserved, batch;

  /* Messages, counted without end: number n is records[n % size]. Those from first
   * to next may be in flight. */
  guint64 first, next;
  Record records[SPEAD2_URING_MESSAGES];
  /* The first message that a chain failed to send, and its errno. */
  const struct iovec *failed;
  gint failed_errno;
};

static Record *
record_at (Spead2Uring *uring, guint64 number)
{
  return &uring->records[number % SPEAD2_URING_MESSAGES];
}

/* -- the ring ------------------------------------------------------------------ */

static gint
register_memory (Spead2Uring *uring, gpointer data, gsize size)
{
  struct iovec iov = {data, size};

  return io_uring_register_buffers (&uring->ring, &iov, 1);
}

/* Sends one byte without a destination, on a socket of its own. A kernel that supports
 * the flags fails with EDESTADDRREQ, an older one with EINVAL. 0 or a negative errno. */
static gint
probe_kernel (Spead2Uring *uring)
{
  static guint8 byte;
  struct iovec iov = {&byte, 1};
  const struct mmsghdr header = {{.msg_iov = &iov, .msg_iovlen = 1}};
  gint fd, result = register_memory (uring, &byte, 1);

  if (result < 0)
    return result;
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  result = fd < 0 ? -errno : spead2_uring_send (uring, fd, &header, 1);
  if (fd >= 0)
    close (fd);
  io_uring_unregister_buffers (&uring->ring);
  return result == -EDESTADDRREQ ? 0 : result;
}

static void
set_ring_error (GError **error, gint errnum)
{
  if (errnum == EINVAL || errnum == EOPNOTSUPP)
    spead2_set_errno (error, errnum,
        "The kernel cannot send registered memory by io_uring, which needs "
        "Linux 6.15");
  else if (errnum == EPERM)
    spead2_set_errno (error, errnum,
        "io_uring is not allowed here (sysctl kernel.io_uring_disabled, or a "
        "container's rules)");
  else
    spead2_set_errno (error, errnum, "Could not open an io_uring");
}

Spead2Uring *
spead2_uring_new (
    Spead2UringReleased released, gpointer user_data, GError **error)
{
  struct io_uring_params params = {
      .flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE,
      .cq_entries = CQ_ENTRIES,
  };
  Spead2Uring *uring = g_new0 (Spead2Uring, 1);
  gint result = io_uring_queue_init_params (SQ_ENTRIES, &uring->ring, &params);

  if (result < 0) {
    set_ring_error (error, -result);
    g_free (uring);
    return NULL;
  }
  result = probe_kernel (uring);
  if (result < 0) {
    set_ring_error (error, -result);
    spead2_uring_free (uring);
    return NULL;
  }
  uring->released = released;
  uring->user_data = user_data;
  return uring;
}

static void
unregister_pages (Spead2Uring *uring)
{
  if (uring->pages == NULL)
    return;
  io_uring_unregister_buffers (&uring->ring);
  spead2_huge_pages_return_headers (uring->pages, uring->headers);
  g_clear_object (&uring->pages);
}

void
spead2_uring_free (Spead2Uring *uring)
{
  unregister_pages (uring);
  io_uring_queue_exit (&uring->ring);
  g_free (uring);
}

void
spead2_uring_forget (Spead2Uring *uring)
{
  if (spead2_uring_in_flight (uring) == 0)
    unregister_pages (uring);
  uring->rejected = 0;
}

/* 0 or an errno. */
static gint
register_pages (Spead2Uring *uring, Spead2HugePages *pages)
{
  guint8 *headers = spead2_huge_pages_claim_headers (pages);
  gint result;

  if (headers == NULL)
    return ENOSPC;
  result = register_memory (
      uring, spead2_huge_pages_data (pages), spead2_huge_pages_size (pages));
  if (result < 0) {
    spead2_huge_pages_return_headers (pages, headers);
    return -result;
  }
  uring->headers = headers;
  uring->pages = g_object_ref (pages);
  return 0;
}

static void
set_pages_error (GError **error, gint errnum)
{
  if (errnum == ENOSPC)
    spead2_set_errno (error, errnum,
        "More than %d sending threads cannot share the memory",
        SPEAD2_N_HEADER_AREAS);
  else
    spead2_set_errno (error, errnum,
        "The memory could not be registered ('ulimit -l' says how much may be "
        "locked)");
}

gboolean
spead2_uring_use (Spead2Uring *uring, Spead2HugePages *pages, GError **error)
{
  guint64 id = spead2_huge_pages_id (pages);

  if (pages == uring->pages)
    return TRUE;
  if (id != uring->rejected) {
    if (spead2_uring_in_flight (uring) > 0)
      return FALSE;
    unregister_pages (uring);
    uring->rejected_errno = register_pages (uring, pages);
    if (uring->rejected_errno == 0)
      return TRUE;
    uring->rejected = id;
  }
  set_pages_error (error, uring->rejected_errno);
  return FALSE;
}

void
spead2_uring_detach (Spead2Uring *uring)
{
  uring->released = NULL;
}

/* -- headers -------------------------------------------------------------------- */

void
spead2_uring_begin (Spead2Uring *uring)
{
  uring->batch = uring->reserved;
  uring->failed = NULL;
}

guint8 *
spead2_uring_reserve (Spead2Uring *uring, gsize size)
{
  guint64 begin = uring->reserved;
  guint64 in_use = spead2_uring_in_flight (uring) > 0
      ? record_at (uring, uring->first)->headers
      : uring->batch;
  gsize left = SPEAD2_HEADER_AREA_SIZE - begin % SPEAD2_HEADER_AREA_SIZE;

  if (left < size)
    begin += left;
  if (size > SPEAD2_HEADER_AREA_SIZE ||
      begin + size - in_use > SPEAD2_HEADER_AREA_SIZE)
    return NULL;
  uring->reserved = begin + size;
  return uring->headers + begin % SPEAD2_HEADER_AREA_SIZE;
}

/* Position of the message's headers; of the batch, if they lie with its payload. */
static guint64
position_of (const Spead2Uring *uring, const struct msghdr *header)
{
  gsize i;

  for (i = 0; i < header->msg_iovlen; i++) {
    gsize into = (gsize) header->msg_iov[i].iov_base - (gsize) uring->headers;

    if (into < SPEAD2_HEADER_AREA_SIZE)
      return uring->reserved -
          (uring->reserved - into) % SPEAD2_HEADER_AREA_SIZE;
  }
  return uring->batch;
}

/* -- messages --------------------------------------------------------------------- */

guint
spead2_uring_in_flight (const Spead2Uring *uring)
{
  return uring->next - uring->first;
}

gint
spead2_uring_next (const Spead2Uring *uring, guint ahead)
{
  return spead2_uring_in_flight (uring) + ahead < SPEAD2_URING_MESSAGES
      ? (gint) ((uring->next + ahead) % SPEAD2_URING_MESSAGES)
      : -1;
}

gint
spead2_uring_fd (const Spead2Uring *uring)
{
  return uring->ring.ring_fd;
}

/* Processes one completion. */
static void
complete (Spead2Uring *uring, const struct io_uring_cqe *cqe)
{
  guint64 number = cqe->user_data - 1;
  Record *record = record_at (uring, number);

  if (cqe->user_data == NO_MESSAGE)
    return;
  if (!(cqe->flags & IORING_CQE_F_NOTIF)) {
    record->result = cqe->res;
    record->completed = TRUE;
    record->released = !(cqe->flags & IORING_CQE_F_MORE);
    return;
  }
  record->released = TRUE;
  if (record->result >= 0 && uring->released)
    uring->released (number % SPEAD2_URING_MESSAGES,
        ((guint32) cqe->res & IORING_NOTIF_USAGE_ZC_COPIED) != 0,
        uring->user_data);
}

void
spead2_uring_reap (Spead2Uring *uring)
{
  struct io_uring_cqe *cqes[32];
  guint i, n;

  /* A function of liburing that is not inline, so that tests can replace it. */
  while ((n = io_uring_peek_batch_cqe (
              &uring->ring, cqes, G_N_ELEMENTS (cqes))) > 0) {
    for (i = 0; i < n; i++)
      complete (uring, cqes[i]);
    io_uring_cq_advance (&uring->ring, n);
  }

  while (uring->first != uring->next) {
    const Record *record = record_at (uring, uring->first);

    if (!record->completed || !record->released)
      break;
    uring->first++;
  }
}

/* Prepares the message whose number is so many ahead of the next one. */
static void
prepare (Spead2Uring *uring, guint ahead, struct io_uring_sqe *sqe, gint fd,
    const struct msghdr *header)
{
  guint64 number = uring->next + ahead;
  Record *record = record_at (uring, number);

  io_uring_prep_sendmsg_zc (sqe, fd, header, MSG_DONTWAIT);
  sqe->ioprio = IORING_RECVSEND_FIXED_BUF | IORING_SEND_ZC_REPORT_USAGE;
  sqe->buf_index = 0;
  sqe->user_data = number + 1;
  record->headers = position_of (uring, header);
  record->completed = FALSE;
  record->released = FALSE;
}

/* Submits n entries to the kernel. Returns how many it accepted. */
static guint
submit (Spead2Uring *uring, struct io_uring_sqe **sqes, guint n)
{
  /* Those that an earlier call did not submit are first. */
  const gint stale = io_uring_sq_ready (&uring->ring) - n;
  guint i, taken;
  gint result;

  do {
    result = io_uring_submit (&uring->ring);
  } while (result == -EINTR);
  taken = CLAMP (result - stale, 0, (gint) n);

  /* The others are submitted with the next ones, as NOPs. A NOP with fields that only a
   * message has is rejected, with all that is behind it, and liburing 2.6 and later do
   * not clear them. */
  for (i = taken; i < n; i++) {
    memset (sqes[i], 0, sizeof *sqes[i]);
    io_uring_prep_nop (sqes[i]);
    sqes[i]->user_data = NO_MESSAGE;
  }
  return taken;
}

/* Waits until the results of messages up to a number are valid, which they are at once
 * with the kernels that exist. */
static void
wait_completed (Spead2Uring *uring, guint64 number)
{
  const Record *record = record_at (uring, number);

  spead2_uring_reap (uring);
  while (!record->completed) {
    struct pollfd poll_fd = {uring->ring.ring_fd, POLLIN, 0};

    poll (&poll_fd, 1, -1);
    spead2_uring_reap (uring);
  }
}

/* Prepares and submits messages as a chain. Returns how many the kernel accepted. */
static guint
submit_chain (
    Spead2Uring *uring, gint fd, const struct mmsghdr *headers, guint n)
{
  struct io_uring_sqe *sqes[SPEAD2_URING_CHAIN];
  guint queued = 0, taken;

  while (queued < MIN (n, SPEAD2_URING_CHAIN) &&
      (sqes[queued] = io_uring_get_sqe (&uring->ring)) != NULL) {
    prepare (uring, queued, sqes[queued], fd, &headers[queued].msg_hdr);
    if (queued > 0)
      sqes[queued - 1]->flags |= IOSQE_IO_LINK;
    queued++;
  }
  taken = submit (uring, sqes, queued);
  uring->next += taken;
  if (taken > 0)
    wait_completed (uring, uring->next - 1);
  return taken;
}

/* The negative errno for which none of the n messages from number first on was sent. If
 * the kernel rejects one of a chain before it sends any, it cancels those before it, too. */
static gint
find_errno (Spead2Uring *uring, guint64 first, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    if (record_at (uring, first + i)->result != -ECANCELED)
      return record_at (uring, first + i)->result;
  return -EIO;
}

/* Reuses the numbers of messages that were not sent, from end on, which a full socket
 * would use up otherwise. */
static void
reuse_numbers (Spead2Uring *uring, guint64 end)
{
  end = MAX (end, uring->first);
  while (uring->next > end && record_at (uring, uring->next - 1)->released)
    uring->next--;
}

gint
spead2_uring_send (
    Spead2Uring *uring, gint fd, const struct mmsghdr *headers, guint n)
{
  const guint64 first = uring->next;
  guint taken, sent = 0;
  gint error = 0;

  if (uring->failed == headers[0].msg_hdr.msg_iov) {
    uring->failed = NULL;
    return -uring->failed_errno;
  }

  taken = submit_chain (uring, fd, headers, n);
  while (sent < taken && record_at (uring, first + sent)->result >= 0)
    sent++;
  if (sent == 0) {
    error = find_errno (uring, first, taken);
  } else if (sent < taken) {
    uring->failed = headers[sent].msg_hdr.msg_iov;
    uring->failed_errno = -record_at (uring, first + sent)->result;
  }
  reuse_numbers (uring, first + sent);
  return sent > 0 ? (gint) sent : error;
}
