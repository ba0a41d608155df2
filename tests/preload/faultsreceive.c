/* The faulty network's receiving side: see faults.h.
 *
 * A message that is to be cut is received by the kernel into less memory than the
 * caller gave, so that lengths and flags are the kernel's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "faultsreceive.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "faults.h"
#include "faultsreal.h"

/* All of it is protected by lock. */
static struct {
  pthread_mutex_t lock;
  int errnum;
  uint64_t fail_times;
  size_t bytes;
  uint64_t truncate_times;
  uint64_t cut_times;
  uint64_t calls;
} S = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t
real_recvmsg (int fd, struct msghdr *message, int flags)
{
  static void *slot;
  ssize_t (*function) (int, struct msghdr *, int) =
      faults_real (&slot, "recvmsg");

  return function (fd, message, flags);
}

static int
real_recvmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags,
    struct timespec *timeout)
{
  static void *slot;
  int (*function) (int, struct mmsghdr *, unsigned int, int,
      struct timespec *) = faults_real (&slot, "recvmmsg");

  return function (fd, messages, n, flags, timeout);
}

static bool
is_udp (int fd)
{
  int saved = errno, type = -1, domain = -1;
  socklen_t size = sizeof type;

  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size);
  getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  errno = saved;
  return type == SOCK_DGRAM && (domain == AF_INET || domain == AF_INET6);
}

static bool
take (uint64_t *times)
{
  if (*times == 0)
    return false;
  if (*times != FAULTS_FOREVER)
    (*times)--;
  return true;
}

static void
give_back (uint64_t *times, bool taken)
{
  if (taken && *times != FAULTS_FOREVER)
    (*times)++;
}

/* As recvmsg, with the faults. A message that did not come used none up. */
static ssize_t
receive_one (int fd, struct msghdr *message, int flags)
{
  struct msghdr cut = *message;
  struct iovec first;
  bool truncated, control;
  ssize_t result;
  int errnum = 0;

  pthread_mutex_lock (&S.lock);
  if (take (&S.fail_times))
    errnum = S.errnum;
  truncated = errnum == 0 && take (&S.truncate_times);
  control = errnum == 0 && take (&S.cut_times);
  if (truncated && message->msg_iovlen > 0) {
    first = message->msg_iov[0];
    first.iov_len = first.iov_len < S.bytes ? first.iov_len : S.bytes;
    cut.msg_iov = &first;
    cut.msg_iovlen = 1;
  }
  pthread_mutex_unlock (&S.lock);
  if (errnum != 0) {
    errno = errnum;
    return -1;
  }
  if (control)
    cut.msg_controllen = 0;

  result = real_recvmsg (fd, &cut, flags);
  message->msg_flags = cut.msg_flags;
  message->msg_namelen = cut.msg_namelen;
  message->msg_controllen = cut.msg_controllen;
  if (result < 0) {
    pthread_mutex_lock (&S.lock);
    give_back (&S.truncate_times, truncated);
    give_back (&S.cut_times, control);
    pthread_mutex_unlock (&S.lock);
  }
  return result;
}

/* Counts the call; true when faults are set. */
static bool
begin (void)
{
  bool has_faults;

  pthread_mutex_lock (&S.lock);
  S.calls++;
  has_faults = S.fail_times + S.truncate_times + S.cut_times > 0;
  pthread_mutex_unlock (&S.lock);
  return has_faults;
}

ssize_t
recvmsg (int fd, struct msghdr *message, int flags)
{
  if ((flags & MSG_ERRQUEUE) || !is_udp (fd) || !begin ())
    return real_recvmsg (fd, message, flags);
  return receive_one (fd, message, flags);
}

int
recvmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags,
    struct timespec *timeout)
{
  unsigned int i;

  if ((flags & MSG_ERRQUEUE) || !is_udp (fd) || !begin ())
    return real_recvmmsg (fd, messages, n, flags, timeout);
  for (i = 0; i < n; i++) {
    ssize_t size = receive_one (fd, &messages[i].msg_hdr, flags);

    if (size < 0)
      return i > 0 ? (int) i : -1;
    messages[i].msg_len = (unsigned int) size;
    if (flags & MSG_WAITFORONE)
      flags |= MSG_DONTWAIT;
  }
  return (int) n;
}

void
faults_fail_receive (int errnum, uint64_t times)
{
  pthread_mutex_lock (&S.lock);
  S.errnum = errnum;
  S.fail_times = times;
  pthread_mutex_unlock (&S.lock);
}

void
faults_truncate_received (size_t bytes, uint64_t times)
{
  pthread_mutex_lock (&S.lock);
  S.bytes = bytes;
  S.truncate_times = times;
  pthread_mutex_unlock (&S.lock);
}

void
faults_cut_control (uint64_t times)
{
  pthread_mutex_lock (&S.lock);
  S.cut_times = times;
  pthread_mutex_unlock (&S.lock);
}

uint64_t
faults_receive_calls (void)
{
  uint64_t calls;

  pthread_mutex_lock (&S.lock);
  calls = S.calls;
  pthread_mutex_unlock (&S.lock);
  return calls;
}

void
faults_receive_reset (void)
{
  pthread_mutex_lock (&S.lock);
  S.fail_times = S.truncate_times = S.cut_times = S.calls = 0;
  pthread_mutex_unlock (&S.lock);
}
