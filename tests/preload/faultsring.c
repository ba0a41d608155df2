/* The faulty network's io_uring: see faults.h.
 *
 * Stands in front of the functions of liburing that a sender calls. A message
 * that is to fail is submitted as one that does nothing, with the errno as its
 * result. Completions are taken out of the ring as they come and given on from
 * here, so that those of releases can be held back: the ring's own head is set
 * to where the caller, who advances it by what it was given, leaves it right.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "faultsring.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "faults.h"

#ifdef HAVE_LIBURING
#include <liburing.h>

#ifndef IORING_NOP_INJECT_RESULT
#define IORING_NOP_INJECT_RESULT (1U << 0)
#endif
#ifndef IORING_NOTIF_USAGE_ZC_COPIED
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

#define MAX_HELD 4096
#define MAX_GIVEN 64

typedef struct {
  struct io_uring *ring;
  struct io_uring_cqe cqe;
} Held;

/* All of it is protected by lock. */
static struct {
  pthread_mutex_t lock;
  int open_errno;
  int submit_errno;
  uint64_t submit_times;
  int register_errno;
  uint64_t register_times;
  bool hold;
  bool hide_copies;
  int wake; /* eventfd, readable unless hold; -1 until needed */
  Held held[MAX_HELD];
  size_t n_mapped;
} R = {.lock = PTHREAD_MUTEX_INITIALIZER, .open_errno = ENOSYS, .wake = -1};

/* A plugin's liburing is not behind this library where it was loaded with it. */
static void *
real (const char *name)
{
  void *function = dlsym (RTLD_NEXT, name);

  if (function == NULL)
    function = dlsym (dlopen ("liburing.so.2", RTLD_LAZY), name);
  if (function == NULL) {
    fprintf (stderr, "faults: there is no %s behind this library\n", name);
    abort ();
  }
  return function;
}

static int
take_fault (int errnum, uint64_t *times)
{
  int result = 0;

  pthread_mutex_lock (&R.lock);
  if (*times > 0) {
    if (*times != FAULTS_FOREVER)
      --*times;
    result = -errnum;
  }
  pthread_mutex_unlock (&R.lock);
  return result;
}

/* -- what a sender calls --------------------------------------------------------- */

int
io_uring_queue_init_params (
    unsigned entries, struct io_uring *ring, struct io_uring_params *params)
{
  int (*function) (unsigned, struct io_uring *, struct io_uring_params *) =
      real ("io_uring_queue_init_params");
  int errnum;

  pthread_mutex_lock (&R.lock);
  errnum = R.open_errno;
  pthread_mutex_unlock (&R.lock);
  return errnum != 0 ? -errnum : function (entries, ring, params);
}

int
io_uring_register_buffers (
    struct io_uring *ring, const struct iovec *iovecs, unsigned n)
{
  int (*function) (struct io_uring *, const struct iovec *, unsigned) =
      real ("io_uring_register_buffers");
  int result = take_fault (R.register_errno, &R.register_times);

  return result != 0 ? result : function (ring, iovecs, n);
}

typedef struct {
  struct io_uring *ring;
  uint64_t user_data;
  int submitted; /* what io_uring_submit() returned */
} Submission;

static int
real_submit (struct io_uring *ring)
{
  int (*function) (struct io_uring *) = real ("io_uring_submit");

  return function (ring);
}

/* The result of a submission, which the kernel has left in the ring already. */
static int
find_result (const Submission *submission)
{
  const struct io_uring_cq *cq = &submission->ring->cq;
  unsigned tail = __atomic_load_n (cq->ktail, __ATOMIC_ACQUIRE);

  for (unsigned i = *cq->khead; i != tail; i++) {
    const struct io_uring_cqe *cqe = &cq->cqes[i & *cq->kring_mask];

    if (cqe->user_data == submission->user_data &&
        !(cqe->flags & IORING_CQE_F_NOTIF))
      return cqe->res;
  }
  return 0;
}

static int
submit_message (void *data)
{
  Submission *submission = data;

  submission->submitted = real_submit (submission->ring);
  return submission->submitted > 0 ? find_result (submission)
                                   : submission->submitted;
}

/* A message; one for nowhere is a trial of the kernel, and none of ours. */
static bool
is_message (const struct io_uring_sqe *sqe)
{
  return sqe->opcode == IORING_OP_SENDMSG_ZC &&
      ((const struct msghdr *) (uintptr_t) sqe->addr)->msg_name != NULL;
}

/* Submits what the ring has, in which sqe is made to do nothing, with this
 * result. */
static int
submit_result (struct io_uring *ring, struct io_uring_sqe *sqe, int result)
{
  uint64_t user_data = sqe->user_data;

  /* The kernel refuses a NOP with a message's fields, which liburing 2.6 and later
   * do not clear. */
  memset (sqe, 0, sizeof *sqe);
  io_uring_prep_nop (sqe);
  sqe->user_data = user_data;
  sqe->rw_flags = IORING_NOP_INJECT_RESULT;
  sqe->len = (unsigned) result;
  return real_submit (ring);
}

/* Submits the one message that the ring has. *result is what became of it. */
static int
submit_one (struct io_uring *ring, struct io_uring_sqe *sqe, int *result)
{
  Submission submission = {.ring = ring, .user_data = sqe->user_data};

  *result = faults_send_otherwise (sqe->fd,
      (const struct msghdr *) (uintptr_t) sqe->addr,
      (int) sqe->msg_flags | MSG_ZEROCOPY, submit_message, &submission);
  return submission.submitted != 0 ? submission.submitted
                                   : submit_result (ring, sqe, *result);
}

/* Submits one that is no message. *refused becomes whether the kernel would have
 * gone no further, had it been given all at once: a NOP fails in no other way. */
static int
submit_other (
    struct io_uring *ring, const struct io_uring_sqe *sqe, bool *refused)
{
  Submission submission = {.ring = ring, .user_data = sqe->user_data};
  bool nop = sqe->opcode == IORING_OP_NOP;

  *refused = submit_message (&submission) < 0 && nop;
  return submission.submitted;
}

/* Messages of a chain are submitted one by one; those behind one that fails are
 * cancelled, as the kernel does it. */
int
io_uring_submit (struct io_uring *ring)
{
  struct io_uring_sq *sq = &ring->sq;
  const unsigned end = sq->sqe_tail;
  int failed = take_fault (R.submit_errno, &R.submit_times), result = 0;
  int submitted = 0;
  bool refused = false;

  if (failed != 0)
    return failed;
  for (sq->sqe_tail = sq->sqe_head; sq->sqe_tail != end && !refused;) {
    struct io_uring_sqe *sqe = &sq->sqes[sq->sqe_tail++ & *sq->kring_mask];
    bool linked = (sqe->flags & IOSQE_IO_LINK) != 0;
    int n;

    sqe->flags &= (uint8_t) ~IOSQE_IO_LINK;
    if (!is_message (sqe))
      n = submit_other (ring, sqe, &refused);
    else if (result < 0)
      n = submit_result (ring, sqe, -ECANCELED);
    else
      n = submit_one (ring, sqe, &result);
    if (!linked)
      result = 0;
    if (n > 0)
      submitted += n;
    else if (submitted == 0)
      submitted = n;
    if (n <= 0)
      break;
  }
  sq->sqe_tail = end;
  return submitted;
}

/* Whether a completion is given on now; if not, it is kept. */
static bool
give (struct io_uring *ring, struct io_uring_cqe *cqe)
{
  if (!(cqe->flags & IORING_CQE_F_NOTIF))
    return true;
  if (R.hide_copies)
    cqe->res = 0;
  if (!R.hold)
    return true;
  if (R.n_mapped == MAX_HELD)
    abort ();
  R.held[R.n_mapped].ring = ring;
  R.held[R.n_mapped].cqe = *cqe;
  R.n_mapped++;
  return false;
}

/* Gives on what was held back of this ring. */
static unsigned
give_held (struct io_uring *ring, struct io_uring_cqe *given, unsigned n)
{
  unsigned n_given = 0;
  size_t kept = 0;

  if (R.hold)
    return 0;
  for (size_t i = 0; i < R.n_mapped; i++) {
    if (R.held[i].ring == ring && n_given < n)
      given[n_given++] = R.held[i].cqe;
    else
      R.held[kept++] = R.held[i];
  }
  R.n_mapped = kept;
  return n_given;
}

unsigned
io_uring_peek_batch_cqe (
    struct io_uring *ring, struct io_uring_cqe **cqes, unsigned n)
{
  static __thread struct io_uring_cqe given[MAX_GIVEN];
  unsigned (*function) (struct io_uring *, struct io_uring_cqe **, unsigned) =
      real ("io_uring_peek_batch_cqe");
  struct io_uring_cqe *taken[MAX_GIVEN];
  unsigned n_taken = 0, n_given;

  if (n > MAX_GIVEN)
    n = MAX_GIVEN;
  pthread_mutex_lock (&R.lock);
  n_given = give_held (ring, given, n);
  if (n_given < n)
    n_taken = function (ring, taken, n - n_given);
  for (unsigned i = 0; i < n_taken; i++) {
    given[n_given] = *taken[i];
    n_given += give (ring, &given[n_given]);
  }
  pthread_mutex_unlock (&R.lock);

  /* The caller moves it on by n_given. */
  __atomic_store_n (
      ring->cq.khead, *ring->cq.khead + n_taken - n_given, __ATOMIC_RELEASE);
  for (unsigned i = 0; i < n_given; i++)
    cqes[i] = &given[i];
  /* What is held back must not look like the end. */
  if (n_given == 0 && n_taken > 0)
    return io_uring_peek_batch_cqe (ring, cqes, n);
  return n_given;
}

/* -- waiting ---------------------------------------------------------------------- */

static bool
is_held_of (int fd)
{
  for (size_t i = 0; i < R.n_mapped; i++)
    if (R.held[i].ring->ring_fd == fd)
      return true;
  return false;
}

bool
faults_ring_polls (struct pollfd *fds, nfds_t nfds)
{
  bool polls = false;

  pthread_mutex_lock (&R.lock);
  for (nfds_t i = 0; R.n_mapped > 0 && i < nfds; i++)
    polls |= is_held_of (fds[i].fd);
  pthread_mutex_unlock (&R.lock);
  return polls;
}

/* Marks the rings that have something to give, and returns their number. */
static int
mark_rings (struct pollfd *fds, nfds_t nfds)
{
  int n = 0;

  pthread_mutex_lock (&R.lock);
  for (nfds_t i = 0; !R.hold && i < nfds; i++) {
    if (!is_held_of (fds[i].fd))
      continue;
    fds[i].revents = POLLIN;
    n++;
  }
  pthread_mutex_unlock (&R.lock);
  return n;
}

int
faults_ring_ppoll (struct pollfd *fds, nfds_t nfds,
    const struct timespec *timeout, const sigset_t *mask)
{
  struct pollfd copy[8];
  int result;

  if (nfds >= sizeof copy / sizeof *copy)
    abort ();
  faults_count_ring_poll ();
  for (nfds_t i = 0; i < nfds; i++)
    fds[i].revents = 0;
  result = mark_rings (fds, nfds);
  if (result > 0)
    return result;

  memcpy (copy, fds, nfds * sizeof *fds);
  copy[nfds] = (struct pollfd){.fd = R.wake, .events = POLLIN};
  result = faults_ppoll (copy, nfds + 1, timeout, mask);
  memcpy (fds, copy, nfds * sizeof *fds);
  if (result > 0 && copy[nfds].revents != 0)
    result += mark_rings (fds, nfds) - 1;
  return result;
}

/* -- what a test calls -------------------------------------------------------------- */

void
faults_io_uring (int errnum)
{
  pthread_mutex_lock (&R.lock);
  R.open_errno = errnum;
  pthread_mutex_unlock (&R.lock);
}

void
faults_fail_submit (int errnum, uint64_t times)
{
  pthread_mutex_lock (&R.lock);
  R.submit_errno = errnum;
  R.submit_times = times;
  pthread_mutex_unlock (&R.lock);
}

void
faults_fail_register (int errnum, uint64_t times)
{
  pthread_mutex_lock (&R.lock);
  R.register_errno = errnum;
  R.register_times = times;
  pthread_mutex_unlock (&R.lock);
}

void
faults_hold_releases (bool hold)
{
  uint64_t count = 1;
  ssize_t done = 0;

  pthread_mutex_lock (&R.lock);
  if (R.wake < 0)
    R.wake = eventfd (1, EFD_CLOEXEC | EFD_NONBLOCK);
  if (R.wake < 0)
    abort ();
  if (hold && !R.hold)
    done = read (R.wake, &count, sizeof count);
  else if (!hold && R.hold)
    done = write (R.wake, &count, sizeof count);
  R.hold = hold;
  pthread_mutex_unlock (&R.lock);
  (void) done;
}

void
faults_hide_copies (bool hide)
{
  pthread_mutex_lock (&R.lock);
  R.hide_copies = hide;
  pthread_mutex_unlock (&R.lock);
}

#else /* !HAVE_LIBURING */

bool
faults_ring_polls (struct pollfd *fds, nfds_t nfds)
{
  return false;
}

int
faults_ring_ppoll (struct pollfd *fds, nfds_t nfds,
    const struct timespec *timeout, const sigset_t *mask)
{
  return faults_ppoll (fds, nfds, timeout, mask);
}

void
faults_io_uring (int errnum)
{
}

void
faults_fail_submit (int errnum, uint64_t times)
{
}

void
faults_fail_register (int errnum, uint64_t times)
{
}

void
faults_hold_releases (bool hold)
{
}

void
faults_hide_copies (bool hide)
{
}

#endif /* HAVE_LIBURING */

void
faults_ring_reset (void)
{
  faults_io_uring (ENOSYS);
  faults_fail_submit (0, 0);
  faults_fail_register (0, 0);
  faults_hold_releases (false);
  faults_hide_copies (false);
}
