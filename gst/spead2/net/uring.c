/* Messages that the kernel reads where they lie: see uring.h.
 *
 * Messages are submitted as a chain, so that they go in order, and one that is
 * refused is not overtaken: the kernel cancels those behind it. Their results are
 * there when the call returns, since MSG_DONTWAIT leaves nothing to wait for. The
 * notification of a message's release comes later, from whoever frees the packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "spead2/net/uring.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "spead2/error.h"

#ifdef HAVE_LIBURING
#include <liburing.h>

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

/* Of a submission whose completion nobody waits for. */
#define NO_MESSAGE 0

typedef struct {
  guint64 headers; /* where its headers begin, counted without end */
  gint result;
  gboolean answered; /* result is there */
  gboolean ended;    /* no notification will come, or it has come */
} Record;

struct _Spead2Uring {
  struct io_uring ring;
  Spead2UringReleased released; /* or NULL */
  gpointer user_data;

  Spead2HugePages *pages; /* (owned) registered, or NULL */
  guint8 *headers;        /* our room in them */
  guint64 refused;        /* the id of those that were refused last */
  gint refused_errno;

  /* Bytes of the room, counted without end: reserved so far, and when the batch
   * began. */
  guint64 reserved, batch;

  /* Messages, counted without end: number n is records[n % size]. From first to
   * next they may be in flight. */
  guint64 first, next;
  Record records[SPEAD2_URING_MESSAGES];
  /* The message behind those that were sent last, and its errno. */
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

/* Sends nothing to nowhere, by a socket of its own. A kernel that can do it
 * misses the destination; an older one does not know the flags. */
static gint
try_kernel (Spead2Uring *uring)
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
  result = try_kernel (uring);
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
let_pages_go (Spead2Uring *uring)
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
  let_pages_go (uring);
  io_uring_queue_exit (&uring->ring);
  g_free (uring);
}

void
spead2_uring_forget (Spead2Uring *uring)
{
  if (spead2_uring_in_flight (uring) == 0)
    let_pages_go (uring);
  uring->refused = 0;
}

/* 0 or an errno. */
static gint
take_pages (Spead2Uring *uring, Spead2HugePages *pages)
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
  if (id != uring->refused) {
    if (spead2_uring_in_flight (uring) > 0)
      return FALSE;
    let_pages_go (uring);
    uring->refused_errno = take_pages (uring, pages);
    if (uring->refused_errno == 0)
      return TRUE;
    uring->refused = id;
  }
  set_pages_error (error, uring->refused_errno);
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

/* Where the message's headers begin, or could at the earliest if they lie with
 * its payload, counted without end. */
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

/* Takes one completion in. */
static void
complete (Spead2Uring *uring, const struct io_uring_cqe *cqe)
{
  guint64 number = cqe->user_data - 1;
  Record *record = record_at (uring, number);

  if (cqe->user_data == NO_MESSAGE)
    return;
  if (!(cqe->flags & IORING_CQE_F_NOTIF)) {
    record->result = cqe->res;
    record->answered = TRUE;
    record->ended = !(cqe->flags & IORING_CQE_F_MORE);
    return;
  }
  record->ended = TRUE;
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

  /* Asked for with a function of liburing, not an inline one, so that tests can
   * stand in between. */
  while ((n = io_uring_peek_batch_cqe (
              &uring->ring, cqes, G_N_ELEMENTS (cqes))) > 0) {
    for (i = 0; i < n; i++)
      complete (uring, cqes[i]);
    io_uring_cq_advance (&uring->ring, n);
  }

  while (uring->first != uring->next) {
    const Record *record = record_at (uring, uring->first);

    if (!record->answered || !record->ended)
      break;
    uring->first++;
  }
}

/* Prepares the message that is so many ahead of the next one. */
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
  record->answered = FALSE;
  record->ended = FALSE;
}

/* Hands n submissions to the kernel. Returns how many it takes. */
static guint
submit (Spead2Uring *uring, struct io_uring_sqe **sqes, guint n)
{
  /* Those that an earlier call did not take go first. */
  const gint stale = io_uring_sq_ready (&uring->ring) - n;
  guint i, taken;
  gint result;

  do {
    result = io_uring_submit (&uring->ring);
  } while (result == -EINTR);
  taken = CLAMP (result - stale, 0, (gint) n);

  /* The others go with the next ones, but send nothing. What a message has set and
   * a NOP has not is refused, with all that is behind it: liburing 2.6 and later
   * leave it as it is. */
  for (i = taken; i < n; i++) {
    memset (sqes[i], 0, sizeof *sqes[i]);
    io_uring_prep_nop (sqes[i]);
    sqes[i]->user_data = NO_MESSAGE;
  }
  return taken;
}

/* Waits for the results of messages up to a number. They are there already; a
 * kernel that took its time would be waited for. */
static void
wait_answered (Spead2Uring *uring, guint64 number)
{
  const Record *record = record_at (uring, number);

  spead2_uring_reap (uring);
  while (!record->answered) {
    struct pollfd poll_fd = {uring->ring.ring_fd, POLLIN, 0};

    poll (&poll_fd, 1, -1);
    spead2_uring_reap (uring);
  }
}

/* Prepares and submits messages as a chain. Returns how many the kernel took. */
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
    wait_answered (uring, uring->next - 1);
  return taken;
}

/* Why none of the n messages from number first on went. Where the kernel cannot
 * even prepare one of a chain, it cancels those before it, too. */
static gint
why_none (Spead2Uring *uring, guint64 first, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    if (record_at (uring, first + i)->result != -ECANCELED)
      return record_at (uring, first + i)->result;
  return -EIO;
}

/* Numbers of messages that did not go, from end on, are given again as far as the
 * kernel has done with them: a full socket would use all of them up. */
static void
take_back (Spead2Uring *uring, guint64 end)
{
  end = MAX (end, uring->first);
  while (uring->next > end && record_at (uring, uring->next - 1)->ended)
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
    error = why_none (uring, first, taken);
  } else if (sent < taken) {
    uring->failed = headers[sent].msg_hdr.msg_iov;
    uring->failed_errno = -record_at (uring, first + sent)->result;
  }
  take_back (uring, first + sent);
  return sent > 0 ? (gint) sent : error;
}

#else /* !HAVE_LIBURING */

Spead2Uring *
spead2_uring_new (
    Spead2UringReleased released, gpointer user_data, GError **error)
{
  g_set_error_literal (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "This plugin was built without liburing");
  return NULL;
}

/* Without a ring none of these is ever called. */

void
spead2_uring_free (Spead2Uring *uring)
{
}

gboolean
spead2_uring_use (Spead2Uring *uring, Spead2HugePages *pages, GError **error)
{
  return FALSE;
}

void
spead2_uring_forget (Spead2Uring *uring)
{
}

void
spead2_uring_detach (Spead2Uring *uring)
{
}

void
spead2_uring_begin (Spead2Uring *uring)
{
}

guint8 *
spead2_uring_reserve (Spead2Uring *uring, gsize size)
{
  return NULL;
}

gint
spead2_uring_next (const Spead2Uring *uring, guint ahead)
{
  return -1;
}

gint
spead2_uring_send (
    Spead2Uring *uring, gint fd, const struct mmsghdr *headers, guint n)
{
  return -EOPNOTSUPP;
}

void
spead2_uring_reap (Spead2Uring *uring)
{
}

guint
spead2_uring_in_flight (const Spead2Uring *uring)
{
  return 0;
}

gint
spead2_uring_fd (const Spead2Uring *uring)
{
  return -1;
}

#endif /* HAVE_LIBURING */

/* -- what nobody waits for any more ----------------------------------------------- */

typedef struct {
  GPtrArray *rings;
  GPtrArray *heaps;
} Burial;

static GMutex buried_lock;
static GCond buried_cond;
static guint n_buried; /* guarded by buried_lock */

static void
count_buried (gint change)
{
  g_mutex_lock (&buried_lock);
  n_buried += change;
  g_cond_broadcast (&buried_cond);
  g_mutex_unlock (&buried_lock);
}

static void
wait_released (Spead2Uring *uring)
{
  struct pollfd poll_fd = {spead2_uring_fd (uring), POLLIN, 0};

  spead2_uring_reap (uring);
  while (spead2_uring_in_flight (uring) > 0) {
    poll (&poll_fd, 1, -1);
    spead2_uring_reap (uring);
  }
}

static gpointer
burial_run (gpointer data)
{
  Burial *burial = data;
  guint i;

  for (i = 0; i < burial->rings->len; i++)
    wait_released (g_ptr_array_index (burial->rings, i));
  g_ptr_array_unref (burial->heaps);
  for (i = 0; i < burial->rings->len; i++)
    spead2_uring_free (g_ptr_array_index (burial->rings, i));
  g_ptr_array_unref (burial->rings);
  g_free (burial);
  count_buried (-1);
  return NULL;
}

void
spead2_uring_defer_free (GPtrArray *rings, GPtrArray *heaps)
{
  Burial *burial = g_new (Burial, 1);
  GThread *thread;

  burial->rings = rings;
  burial->heaps = heaps;
  count_buried (1);
  thread = g_thread_try_new ("spead2-reaper", burial_run, burial, NULL);
  /* Without a thread the memory is never freed, which is better than too early. */
  if (thread)
    g_thread_unref (thread);
}

gboolean
spead2_uring_wait_deferred (guint64 timeout)
{
  gint64 end = g_get_monotonic_time () + (gint64) (timeout / 1000);
  gboolean freed;

  g_mutex_lock (&buried_lock);
  while (n_buried > 0 && g_cond_wait_until (&buried_cond, &buried_lock, end))
    ;
  freed = n_buried == 0;
  g_mutex_unlock (&buried_lock);
  return freed;
}
