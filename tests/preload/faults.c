/* A faulty network for tests: see faults.h for what it does and promises.
 *
 * Every call goes the same way: decide, with the lock held, how many of its
 * messages go out and what the next one fails with; let the kernel have those,
 * without the lock; settle, with the lock, what was really sent. A rule counts
 * the messages that meet it when it decides, and is given back those that the
 * kernel then never reached.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* With it, poll() would be an inline function and could not be defined here. */
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "faults.h"
#include "faultsreal.h"
#include "faultsreceive.h"
#include "faultsring.h"

#include "divert.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define MAX_RULES 32
#define MAX_OPTIONS 8
#define MAX_RANDOM_ERRNOS 32
#define MAX_ERRNO 134
#define MAX_MESSAGES 1024 /* UIO_MAXIOV: the kernel looks at no more */
#define STACK_FDS 32
#define NS_PER_S 1000000000

typedef struct {
  bool used;
  FaultsRule rule;
  uint64_t met; /* messages so far that meet its conditions */
} Rule;

typedef struct {
  int level;
  int name;
  int errnum;
  uint64_t times;
} OptionFault;

typedef struct {
  int errnum;
  uint64_t times;
} CallFault;

typedef struct {
  FaultsMessage message;
  size_t first_datagram; /* index of its first among all */
  uint8_t *data;
} Captured;

/* All of it is protected by lock. */
static struct {
  pthread_mutex_t lock;

  uint64_t random;
  double rate;
  double partial;
  int random_errnos[MAX_RANDOM_ERRNOS];
  size_t n_random_errnos;

  Rule rules[MAX_RULES];
  size_t cut_messages;
  uint64_t cut_times;
  OptionFault options[MAX_OPTIONS];
  CallFault socket_fault;
  CallFault bind_fault;
  uint64_t until_thread_fault; /* threads */
  CallFault thread_fault;

  bool blocked;
  bool block_pending;
  uint64_t until_block; /* messages, while block_pending */
  int wake;             /* eventfd, readable unless blocked; -1 until needed */
  int divert_fd;        /* in the network's place, or -1 */
  bool divert_waits;

  FaultsCounts counts;
  uint64_t injected[MAX_ERRNO];
  uint64_t seen[MAX_ERRNO];

  bool capture_messages;
  bool capture_bytes;
  Captured *captured;
  size_t n_captured;
  size_t size_captured;
  size_t n_datagrams;
} S = {.lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = -1,
    .divert_fd = -1,
    .random = 1,
    .random_errnos = {EAGAIN},
    .n_random_errnos = 1};

/* A program fortified by the compiler calls these for poll and ppoll. */
int __poll_chk (struct pollfd *fds, nfds_t nfds, int timeout, size_t fds_size);
int __ppoll_chk (struct pollfd *fds, nfds_t nfds,
    const struct timespec *timeout, const sigset_t *mask, size_t fds_size);

/* --- the functions behind ours ------------------------------------------- */

static ssize_t
real_sendmsg (int fd, const struct msghdr *message, int flags)
{
  static void *slot;
  ssize_t (*function) (int, const struct msghdr *, int) =
      faults_real (&slot, "sendmsg");

  return function (fd, message, flags);
}

static int
real_sendmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
  static void *slot;
  int (*function) (int, struct mmsghdr *, unsigned int, int) =
      faults_real (&slot, "sendmmsg");

  return function (fd, messages, n, flags);
}

static int
real_poll (struct pollfd *fds, nfds_t nfds, int timeout)
{
  static void *slot;
  int (*function) (struct pollfd *, nfds_t, int) = faults_real (&slot, "poll");

  return function (fds, nfds, timeout);
}

static int
real_ppoll (struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
    const sigset_t *mask)
{
  static void *slot;
  int (*function) (struct pollfd *, nfds_t, const struct timespec *,
      const sigset_t *) = faults_real (&slot, "ppoll");

  return function (fds, nfds, timeout, mask);
}

static int
real_socket (int domain, int type, int protocol)
{
  static void *slot;
  int (*function) (int, int, int) = faults_real (&slot, "socket");

  return function (domain, type, protocol);
}

static int
real_bind (int fd, const struct sockaddr *address, socklen_t size)
{
  static void *slot;
  int (*function) (int, const struct sockaddr *, socklen_t) =
      faults_real (&slot, "bind");

  return function (fd, address, size);
}

static int
real_setsockopt (int fd, int level, int name, const void *value, socklen_t size)
{
  static void *slot;
  int (*function) (int, int, int, const void *, socklen_t) =
      faults_real (&slot, "setsockopt");

  return function (fd, level, name, value, size);
}

/* --- small helpers ------------------------------------------------------- */

static void
lock (void)
{
  pthread_mutex_lock (&S.lock);
}

static void
unlock (void)
{
  pthread_mutex_unlock (&S.lock);
}

static uint64_t
monotonic_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (uint64_t) now.tv_sec * NS_PER_S + (uint64_t) now.tv_nsec;
}

/* splitmix64 */
static uint64_t
draw (void)
{
  uint64_t z = S.random += UINT64_C (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static bool
draw_chance (double probability)
{
  return probability > 0 && (double) (draw () >> 11) * 0x1p-53 < probability;
}

/* errno is left alone: programs look at it after a call that succeeded, too. */
static int
socket_option (int fd, int level, int name, int otherwise)
{
  int saved = errno;
  int value = otherwise;
  socklen_t size = sizeof value;

  if (getsockopt (fd, level, name, &value, &size) != 0)
    value = otherwise;
  errno = saved;
  return value;
}

static bool
is_inet (int domain)
{
  return domain == AF_INET || domain == AF_INET6;
}

static bool
is_udp (int fd)
{
  return fd >= 0 && socket_option (fd, SOL_SOCKET, SO_TYPE, -1) == SOCK_DGRAM &&
      is_inet (socket_option (fd, SOL_SOCKET, SO_DOMAIN, -1));
}

static uint16_t
address_port (const void *address, size_t size)
{
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  sa_family_t family;

  if (address == NULL || size < sizeof family)
    return 0;
  memcpy (&family, address, sizeof family);
  if (family == AF_INET && size >= sizeof in) {
    memcpy (&in, address, sizeof in);
    return ntohs (in.sin_port);
  }
  if (family == AF_INET6 && size >= sizeof in6) {
    memcpy (&in6, address, sizeof in6);
    return ntohs (in6.sin6_port);
  }
  return 0;
}

static uint16_t
peer_port (int fd)
{
  int saved = errno;
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  uint16_t port = 0;

  if (getpeername (fd, (struct sockaddr *) &address, &size) == 0)
    port = address_port (&address, size);
  errno = saved;
  return port;
}

/* --- one call's messages ------------------------------------------------- */

typedef struct {
  int fd;
  int flags;
  size_t n;
  const struct msghdr *one;   /* of a sendmsg, or */
  const struct mmsghdr *many; /* of a sendmmsg */
  bool is_submitted;          /* not by either, but to an io_uring */
  int socket_segment;         /* UDP_SEGMENT as a socket option, or 0 */
  uint16_t connected_port;
  uint64_t time;

  /* decided */
  int divert_fd;
  bool divert_waits;
  size_t n_send;   /* so many go to the kernel */
  int errnum;      /* the one after them fails with it; 0: none does */
  bool is_blocked; /* because nothing goes out any more */
  bool is_pending; /* its messages count towards until_block */
} Call;

static const struct msghdr *
call_message (const Call *call, size_t index)
{
  return call->one != NULL ? call->one : &call->many[index].msg_hdr;
}

static int
control_segment (const struct msghdr *message)
{
  struct msghdr copy = *message;
  struct cmsghdr *control;
  uint16_t segment;

  for (control = CMSG_FIRSTHDR (&copy); control != NULL;
       control = CMSG_NXTHDR (&copy, control)) {
    if (control->cmsg_level == IPPROTO_UDP &&
        control->cmsg_type == UDP_SEGMENT &&
        control->cmsg_len >= CMSG_LEN (sizeof segment)) {
      memcpy (&segment, CMSG_DATA (control), sizeof segment);
      return segment;
    }
  }
  return -1;
}

/* Everything but call and data. */
static void
describe (const Call *call, size_t index, FaultsMessage *out)
{
  const struct msghdr *message = call_message (call, index);
  int segment = control_segment (message);

  memset (out, 0, sizeof *out);
  out->time = call->time;
  out->thread = gettid ();
  out->n_iovecs = message->msg_iovlen;
  for (size_t i = 0; i < message->msg_iovlen; i++)
    out->bytes += message->msg_iov[i].iov_len;
  if (segment < 0)
    segment = call->socket_segment;
  out->gso = segment > 0;
  out->zerocopy = (call->flags & MSG_ZEROCOPY) != 0;
  out->port = message->msg_name != NULL
      ? address_port (message->msg_name, message->msg_namelen)
      : call->connected_port;
  out->segment_size = out->gso ? (size_t) segment : out->bytes;
  out->n_segments = out->gso && out->bytes > 0
      ? (out->bytes + out->segment_size - 1) / out->segment_size
      : 1;
}

static bool
rule_is_met (const FaultsRule *rule, const FaultsMessage *message)
{
  size_t largest = message->segment_size < message->bytes
      ? message->segment_size
      : message->bytes;

  return (!rule->gso || message->gso) &&
      (!rule->zerocopy || message->zerocopy) &&
      (rule->above_bytes == 0 || message->bytes > rule->above_bytes) &&
      (rule->above_segment == 0 || largest > rule->above_segment) &&
      (rule->port == 0 || message->port == rule->port);
}

/* What the rules make the message fail with, or 0. Every rule that it meets
 * counts it, whichever decides. */
static int
apply_rules (const FaultsMessage *message)
{
  int errnum = 0;

  for (size_t i = 0; i < MAX_RULES; i++) {
    Rule *rule = &S.rules[i];
    uint64_t number;

    if (!rule->used || !rule_is_met (&rule->rule, message))
      continue;
    number = rule->met++;
    if (errnum == 0 && number >= rule->rule.first &&
        number - rule->rule.first < rule->rule.times)
      errnum = rule->rule.errnum;
  }
  return errnum;
}

static void
take_back_from_rules (const FaultsMessage *message)
{
  for (size_t i = 0; i < MAX_RULES; i++) {
    Rule *rule = &S.rules[i];

    if (rule->used && rule->met > 0 && rule_is_met (&rule->rule, message))
      rule->met--;
  }
}

static void set_blocked (bool block);

/* How many messages a sendmmsg may send before it is cut short. */
static size_t
decide_cut (const Call *call)
{
  size_t cut = call->n;

  if (call->many == NULL || call->n < 2)
    return cut;
  if (S.cut_times > 0) {
    if (S.cut_times != FAULTS_FOREVER)
      S.cut_times--;
    if (S.cut_messages < cut)
      cut = S.cut_messages;
  }
  if (draw_chance (S.partial)) {
    size_t random_cut = 1 + (size_t) (draw () % (call->n - 1));

    if (random_cut < cut)
      cut = random_cut;
  }
  return cut;
}

static void
decide (Call *call)
{
  size_t cut, i;

  call->divert_fd = S.divert_fd;
  call->divert_waits = S.divert_waits;
  if (S.blocked) {
    call->errnum = EAGAIN;
    call->is_blocked = true;
    return;
  }
  call->is_pending = S.block_pending;
  cut = decide_cut (call);
  for (i = 0; i < cut; i++) {
    FaultsMessage message;

    if (S.block_pending && S.until_block == 0) {
      set_blocked (true);
      call->errnum = EAGAIN;
      call->is_blocked = true;
      break;
    }
    describe (call, i, &message);
    call->errnum = apply_rules (&message);
    if (draw_chance (S.rate) && call->errnum == 0)
      call->errnum = S.random_errnos[draw () % S.n_random_errnos];
    if (call->errnum != 0)
      break;
    if (S.block_pending)
      S.until_block--;
  }
  call->n_send = i;
}

static void
keep (const FaultsMessage *message, const struct msghdr *header)
{
  Captured *captured;

  if (S.n_captured == S.size_captured) {
    size_t size = S.size_captured > 0 ? 2 * S.size_captured : 256;

    captured = realloc (S.captured, size * sizeof *captured);
    if (captured == NULL)
      abort ();
    S.captured = captured;
    S.size_captured = size;
  }
  captured = &S.captured[S.n_captured++];
  captured->message = *message;
  captured->first_datagram = S.n_datagrams;
  captured->data = NULL;
  S.n_datagrams += message->n_segments;
  if (S.capture_bytes) {
    size_t offset = 0;

    captured->data = malloc (message->bytes > 0 ? message->bytes : 1);
    if (captured->data == NULL)
      abort ();
    for (size_t i = 0; i < header->msg_iovlen; i++) {
      const struct iovec *vector = &header->msg_iov[i];

      if (vector->iov_len > 0)
        memcpy (captured->data + offset, vector->iov_base, vector->iov_len);
      offset += vector->iov_len;
    }
  }
  captured->message.data = captured->data;
}

static void
count_sent (const Call *call, size_t index, uint64_t number)
{
  FaultsMessage message;

  describe (call, index, &message);
  message.call = number;
  S.counts.messages++;
  S.counts.datagrams += message.n_segments;
  S.counts.bytes += message.bytes;
  S.counts.gso_messages += message.gso;
  S.counts.zerocopy_messages += message.zerocopy;
  if (S.capture_messages)
    keep (&message, call_message (call, index));
}

/* After the kernel took n_sent of the call's n_send messages; true when the
 * caller is to see the errno decided on. */
static bool
settle (const Call *call, size_t n_sent, bool kernel_failed)
{
  uint64_t number =
      S.counts.sendmsg_calls + S.counts.sendmmsg_calls + S.counts.submits;
  bool is_reached = n_sent == call->n_send && !kernel_failed;
  size_t n_judged = call->n_send;

  if (call->many != NULL)
    S.counts.sendmmsg_calls++;
  else if (call->is_submitted)
    S.counts.submits++;
  else
    S.counts.sendmsg_calls++;
  S.counts.kernel_errors += kernel_failed;
  for (size_t i = 0; i < n_sent; i++)
    count_sent (call, i, number);

  if (!is_reached) {
    if (call->errnum != 0 && !call->is_blocked)
      n_judged++;
    for (size_t i = n_sent + 1; i < n_judged; i++) {
      FaultsMessage message;

      describe (call, i, &message);
      take_back_from_rules (&message);
    }
    if (call->is_pending && S.block_pending)
      S.until_block += call->n_send - n_sent;
    return false;
  }
  if (call->errnum == 0) {
    S.counts.cuts += call->n_send < call->n;
    return false;
  }
  S.counts.injected++;
  S.injected[call->errnum]++;
  if (n_sent > 0)
    return false;
  S.counts.seen++;
  S.seen[call->errnum]++;
  return true;
}

static void
call_begin (Call *call)
{
  call->time = monotonic_ns ();
  call->socket_segment = socket_option (call->fd, IPPROTO_UDP, UDP_SEGMENT, 0);
  call->connected_port = peer_port (call->fd);
  lock ();
  decide (call);
  unlock ();
}

/* Returns what the call does. result is the kernel's, 0 when it was not asked;
 * errno is the kernel's when result is -1. */
static int
call_end (const Call *call, size_t n_sent, int result)
{
  int saved = errno;
  bool is_seen;

  lock ();
  is_seen = settle (call, n_sent, result < 0);
  unlock ();
  errno = saved;
  if (!is_seen)
    return result;
  errno = call->errnum;
  return -1;
}

/* As sendmmsg, and with what sendmsg answers. */
static int
divert_call (const Call *call)
{
  for (size_t i = 0; i < call->n_send; i++) {
    FaultsMessage message;

    describe (call, i, &message);
    if (divert_message (call->divert_fd, call_message (call, i),
            message.segment_size, call->divert_waits) < 0)
      return i > 0 ? (int) i : -1;
    if (call->many != NULL)
      ((struct mmsghdr *) call->many)[i].msg_len = (unsigned int) message.bytes;
    else
      return (int) message.bytes;
  }
  return (int) call->n_send;
}

ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  Call call = {.fd = fd, .flags = flags, .n = 1, .one = message};
  ssize_t result = 0;

  if (message == NULL || !is_udp (fd))
    return real_sendmsg (fd, message, flags);
  call_begin (&call);
  if (call.n_send == 1)
    result = call.divert_fd >= 0 ? divert_call (&call)
                                 : real_sendmsg (fd, message, flags);
  if (call_end (&call, call.n_send == 1 && result >= 0, result < 0 ? -1 : 0) !=
      0)
    return -1;
  return result;
}

int
faults_send_otherwise (int fd, const struct msghdr *message, int flags,
    int (*send) (void *data), void *data)
{
  Call call = {
      .fd = fd, .flags = flags, .n = 1, .one = message, .is_submitted = true};
  int result = 0;

  if (!is_udp (fd))
    return send (data);
  call_begin (&call);
  if (call.n_send == 1)
    result = send (data);
  errno = result < 0 ? -result : 0;
  if (call_end (&call, call.n_send == 1 && result >= 0, result < 0 ? -1 : 0) !=
      0)
    return -errno;
  return result;
}

int
sendmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
  Call call = {.fd = fd, .flags = flags, .many = messages};
  int result = 0;

  if (messages == NULL || n == 0 || !is_udp (fd))
    return real_sendmmsg (fd, messages, n, flags);
  call.n = n < MAX_MESSAGES ? n : MAX_MESSAGES;
  call_begin (&call);
  if (call.n_send > 0)
    result = call.divert_fd >= 0
        ? divert_call (&call)
        : real_sendmmsg (fd, messages, (unsigned int) call.n_send, flags);
  return call_end (&call, result > 0 ? (size_t) result : 0, result);
}

/* --- opening a socket ---------------------------------------------------- */

/* The errno that the call fails with now, or 0. */
static int
take_call_fault (CallFault *fault)
{
  if (fault->times == 0)
    return 0;
  if (fault->times != FAULTS_FOREVER)
    fault->times--;
  S.counts.injected++;
  S.counts.seen++;
  S.injected[fault->errnum]++;
  S.seen[fault->errnum]++;
  return fault->errnum;
}

static int
take_option_fault (int level, int name)
{
  for (size_t i = 0; i < MAX_OPTIONS; i++) {
    OptionFault *option = &S.options[i];

    if (option->times > 0 && option->level == level && option->name == name) {
      CallFault fault = {option->errnum, option->times};
      int errnum = take_call_fault (&fault);

      option->times = fault.times;
      return errnum;
    }
  }
  return 0;
}

int
socket (int domain, int type, int protocol)
{
  int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  int errnum;

  if (!is_inet (domain) || kind != SOCK_DGRAM)
    return real_socket (domain, type, protocol);
  lock ();
  S.counts.sockets++;
  errnum = take_call_fault (&S.socket_fault);
  unlock ();
  if (errnum == 0)
    return real_socket (domain, type, protocol);
  errno = errnum;
  return -1;
}

int
bind (int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
  int errnum;

  if (!is_udp (fd))
    return real_bind (fd, address.__sockaddr__, size);
  lock ();
  S.counts.binds++;
  errnum = take_call_fault (&S.bind_fault);
  unlock ();
  if (errnum == 0)
    return real_bind (fd, address.__sockaddr__, size);
  errno = errnum;
  return -1;
}

int
setsockopt (int fd, int level, int name, const void *value, socklen_t size)
{
  int errnum;

  if (!is_udp (fd))
    return real_setsockopt (fd, level, name, value, size);
  lock ();
  errnum = take_option_fault (level, name);
  unlock ();
  if (errnum == 0)
    return real_setsockopt (fd, level, name, value, size);
  errno = errnum;
  return -1;
}

/* --- waiting for a socket ------------------------------------------------ */

#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND)

/* -1 when nothing is blocked, else the descriptor that becomes readable when
 * nothing is any more. */
static int
blocked_wake (void)
{
  int wake;

  lock ();
  wake = S.blocked ? S.wake : -1;
  unlock ();
  return wake;
}

/* Copies fds without what a blocked socket cannot become; true when that
 * changed anything. */
static bool
hold_back (const struct pollfd *fds, nfds_t nfds, struct pollfd *copy)
{
  bool changed = false;

  for (nfds_t i = 0; i < nfds; i++) {
    copy[i] = fds[i];
    if ((fds[i].events & WRITABLE) != 0 && is_udp (fds[i].fd)) {
      copy[i].events &= ~WRITABLE;
      changed = true;
    }
  }
  return changed;
}

static int
give_results (struct pollfd *fds, nfds_t nfds, const struct pollfd *copy)
{
  int n_ready = 0;

  for (nfds_t i = 0; i < nfds; i++) {
    fds[i].revents = copy[i].revents;
    n_ready += copy[i].revents != 0;
  }
  return n_ready;
}

/* ppoll with a diversion that does not wait: its room is the UDP sockets'. */
static int
ppoll_diverted (int divert_fd, struct pollfd *fds, nfds_t nfds,
    struct pollfd *copy, const struct timespec *timeout, const sigset_t *mask)
{
  int result;

  for (nfds_t i = 0; i < nfds; i++) {
    copy[i] = fds[i];
    if ((fds[i].events & WRITABLE) != 0 && is_udp (fds[i].fd))
      copy[i].fd = divert_fd;
  }
  result = real_ppoll (copy, nfds, timeout, mask);
  return result < 0 ? result : give_results (fds, nfds, copy);
}

/* Until the deadline, or NULL for no end. */
static const struct timespec *
time_left (uint64_t deadline, bool has_deadline, struct timespec *left)
{
  uint64_t now, ns;

  if (!has_deadline)
    return NULL;
  now = monotonic_ns ();
  ns = deadline > now ? deadline - now : 0;
  left->tv_sec = (time_t) (ns / NS_PER_S);
  left->tv_nsec = (long) (ns % NS_PER_S);
  return left;
}

/* ppoll with a blocked network: copy has room for nfds + 1. */
static int
ppoll_blocked (struct pollfd *fds, nfds_t nfds, struct pollfd *copy,
    const struct timespec *timeout, const sigset_t *mask)
{
  bool is_counted = false;
  uint64_t deadline = 0;

  if (timeout != NULL)
    deadline = monotonic_ns () + (uint64_t) timeout->tv_sec * NS_PER_S +
        (uint64_t) timeout->tv_nsec;
  while (true) {
    struct timespec left;
    const struct timespec *wait = time_left (deadline, timeout != NULL, &left);
    int wake = blocked_wake ();
    int result;

    if (wake < 0 || !hold_back (fds, nfds, copy))
      return real_ppoll (fds, nfds, wait, mask);
    if (!is_counted) {
      lock ();
      S.counts.polls_blocked++;
      unlock ();
      is_counted = true;
    }
    copy[nfds].fd = wake;
    copy[nfds].events = POLLIN;
    copy[nfds].revents = 0;
    result = real_ppoll (copy, nfds + 1, wait, mask);
    if (result < 0)
      return result;
    if (give_results (fds, nfds, copy) > 0 || result == 0)
      return give_results (fds, nfds, copy);
  }
}

static bool
watches_udp (const struct pollfd *fds, nfds_t nfds)
{
  for (nfds_t i = 0; fds != NULL && i < nfds; i++) {
    if (is_udp (fds[i].fd))
      return true;
  }
  return false;
}

/* True when the call needs ppoll_with_copy(). fds is not const for the
 * compiler's sake: glibc declares that poll() only writes to it. */
static bool
poll_begin (struct pollfd *fds, nfds_t nfds)
{
  bool is_other;

  if (!watches_udp (fds, nfds))
    return false;
  lock ();
  S.counts.polls++;
  is_other = S.blocked || (S.divert_fd >= 0 && !S.divert_waits);
  unlock ();
  return is_other;
}

static int
ppoll_other (struct pollfd *fds, nfds_t nfds, struct pollfd *copy,
    const struct timespec *timeout, const sigset_t *mask)
{
  int divert_fd;

  lock ();
  divert_fd = S.blocked || S.divert_waits ? -1 : S.divert_fd;
  unlock ();
  if (divert_fd >= 0)
    return ppoll_diverted (divert_fd, fds, nfds, copy, timeout, mask);
  return ppoll_blocked (fds, nfds, copy, timeout, mask);
}

static int
ppoll_with_copy (struct pollfd *fds, nfds_t nfds,
    const struct timespec *timeout, const sigset_t *mask)
{
  struct pollfd stack[STACK_FDS + 1];
  struct pollfd *heap;
  int result, saved;

  if (nfds <= STACK_FDS)
    return ppoll_other (fds, nfds, stack, timeout, mask);
  heap = calloc (nfds + 1, sizeof *heap);
  if (heap == NULL)
    return -1;
  result = ppoll_other (fds, nfds, heap, timeout, mask);
  saved = errno;
  free (heap);
  errno = saved;
  return result;
}

int
poll (struct pollfd *fds, nfds_t nfds, int timeout)
{
  bool polls_ring = faults_ring_polls (fds, nfds);
  struct timespec wait;

  if (!polls_ring && !poll_begin (fds, nfds))
    return real_poll (fds, nfds, timeout);
  wait.tv_sec = timeout / 1000;
  wait.tv_nsec = (long) (timeout % 1000) * 1000000;
  if (polls_ring)
    return faults_ring_ppoll (fds, nfds, timeout < 0 ? NULL : &wait, NULL);
  return ppoll_with_copy (fds, nfds, timeout < 0 ? NULL : &wait, NULL);
}

int
ppoll (struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
    const sigset_t *mask)
{
  if (faults_ring_polls (fds, nfds))
    return faults_ring_ppoll (fds, nfds, timeout, mask);
  return faults_ppoll (fds, nfds, timeout, mask);
}

int
faults_ppoll (struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
    const sigset_t *mask)
{
  if (!poll_begin (fds, nfds))
    return real_ppoll (fds, nfds, timeout, mask);
  return ppoll_with_copy (fds, nfds, timeout, mask);
}

void
faults_count_ring_poll (void)
{
  lock ();
  S.counts.ring_polls++;
  unlock ();
}

int
__poll_chk (struct pollfd *fds, nfds_t nfds, int timeout, size_t fds_size)
{
  if (fds_size / sizeof *fds < nfds)
    abort ();
  return poll (fds, nfds, timeout);
}

int
__ppoll_chk (struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
    const sigset_t *mask, size_t fds_size)
{
  if (fds_size / sizeof *fds < nfds)
    abort ();
  return ppoll (fds, nfds, timeout, mask);
}

/* --- what a test controls ------------------------------------------------ */

static bool
is_errno (int errnum)
{
  return errnum > 0 && errnum < MAX_ERRNO;
}

static void
require_errno (int errnum)
{
  if (!is_errno (errnum)) {
    fprintf (stderr, "faults: %d is no errno\n", errnum);
    abort ();
  }
}

/* While blocked is set the eventfd is empty, so that nobody spins on it. */
static void
set_blocked (bool block)
{
  uint64_t count = 1;
  ssize_t done = 0;

  S.block_pending = false;
  if (S.blocked == block)
    return;
  if (S.wake < 0)
    S.wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (S.wake < 0)
    abort ();
  if (block)
    done = read (S.wake, &count, sizeof count);
  S.blocked = block;
  if (!block)
    done = write (S.wake, &count, sizeof count);
  /* An empty one cannot be read: EAGAIN is as good. */
  (void) done;
}

void
faults_block (bool block)
{
  lock ();
  set_blocked (block);
  unlock ();
}

void
faults_block_after (uint64_t messages)
{
  lock ();
  set_blocked (messages == 0);
  S.block_pending = messages > 0;
  S.until_block = messages;
  unlock ();
}

void
faults_divert (int fd, bool wait)
{
  lock ();
  S.divert_fd = fd;
  S.divert_waits = wait;
  unlock ();
}

static void
forget_captured (void)
{
  for (size_t i = 0; i < S.n_captured; i++)
    free (S.captured[i].data);
  free (S.captured);
  S.captured = NULL;
  S.n_captured = 0;
  S.size_captured = 0;
  S.n_datagrams = 0;
}

/* -- no more threads --------------------------------------------------------- */

void
faults_fail_thread (uint64_t first, uint64_t times)
{
  lock ();
  S.until_thread_fault = first;
  S.thread_fault = (CallFault){EAGAIN, times};
  unlock ();
}

int
pthread_create (pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run) (void *), void *argument)
{
  static void *slot;
  int (*function) (pthread_t *, const pthread_attr_t *, void *(*) (void *),
      void *) = faults_real (&slot, "pthread_create");
  int errnum = 0;

  lock ();
  if (S.thread_fault.times > 0 && S.until_thread_fault > 0)
    S.until_thread_fault--;
  else
    errnum = take_call_fault (&S.thread_fault);
  unlock ();
  return errnum != 0 ? errnum : function (thread, attributes, run, argument);
}

/* -- a name server of the test's ---------------------------------------------- */

/* Of its own, since who looks a name up waits here. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool hangs;
  char addresses[200]; /* of every name, or "" */
  uint64_t lookups;
} resolver = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, "", 0};

void
faults_hang_resolver (bool hang)
{
  pthread_mutex_lock (&resolver.lock);
  resolver.hangs = hang;
  pthread_cond_broadcast (&resolver.changed);
  pthread_mutex_unlock (&resolver.lock);
}

void
faults_resolve (const char *addresses)
{
  pthread_mutex_lock (&resolver.lock);
  snprintf (resolver.addresses, sizeof resolver.addresses, "%s",
      addresses ? addresses : "");
  pthread_mutex_unlock (&resolver.lock);
}

void
faults_wait_lookup (uint64_t n)
{
  pthread_mutex_lock (&resolver.lock);
  while (resolver.lookups < n)
    pthread_cond_wait (&resolver.changed, &resolver.lock);
  pthread_mutex_unlock (&resolver.lock);
}

int
getaddrinfo (const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
  static void *slot;
  int (*function) (const char *, const char *, const struct addrinfo *,
      struct addrinfo **) = faults_real (&slot, "getaddrinfo");
  char addresses[sizeof resolver.addresses], *rest = addresses, *address;
  int status = EAI_NONAME;

  /* An address: nobody is asked. */
  if (hints && hints->ai_flags & AI_NUMERICHOST)
    return function (node, service, hints, result);
  pthread_mutex_lock (&resolver.lock);
  resolver.lookups++;
  pthread_cond_broadcast (&resolver.changed);
  while (resolver.hangs)
    pthread_cond_wait (&resolver.changed, &resolver.lock);
  memcpy (addresses, resolver.addresses, sizeof addresses);
  pthread_mutex_unlock (&resolver.lock);

  if (*addresses == '\0')
    return function (node, service, hints, result);
  /* Each is a list of one; glibc frees such a chain, too. */
  while ((address = strsep (&rest, " ")) != NULL &&
      (status = function (address, service, hints, result)) == 0)
    result = &(*result)->ai_next;
  return status;
}

/* -- what programs call ------------------------------------------------------- */

void
faults_reset (void)
{
  faults_hang_resolver (false);
  faults_resolve (NULL);
  faults_ring_reset ();
  faults_receive_reset ();
  lock ();
  set_blocked (false);
  S.divert_fd = -1;
  S.random = 1;
  S.rate = 0;
  S.partial = 0;
  S.random_errnos[0] = EAGAIN;
  S.n_random_errnos = 1;
  memset (S.rules, 0, sizeof S.rules);
  S.cut_times = 0;
  memset (S.options, 0, sizeof S.options);
  S.socket_fault.times = 0;
  S.bind_fault.times = 0;
  S.thread_fault.times = 0;
  memset (&S.counts, 0, sizeof S.counts);
  memset (S.injected, 0, sizeof S.injected);
  memset (S.seen, 0, sizeof S.seen);
  S.capture_messages = false;
  S.capture_bytes = false;
  forget_captured ();
  unlock ();
}

void
faults_random (uint64_t seed, double rate, double partial, const int *errnums,
    size_t n_errnums)
{
  if (n_errnums > MAX_RANDOM_ERRNOS)
    n_errnums = MAX_RANDOM_ERRNOS;
  for (size_t i = 0; i < n_errnums; i++)
    require_errno (errnums[i]);
  lock ();
  S.random = seed;
  S.rate = rate;
  S.partial = partial;
  if (n_errnums > 0) {
    memcpy (S.random_errnos, errnums, n_errnums * sizeof *errnums);
    S.n_random_errnos = n_errnums;
  }
  unlock ();
}

int
faults_add_rule (const FaultsRule *rule)
{
  int number = -1;

  require_errno (rule->errnum);
  lock ();
  for (int i = 0; i < MAX_RULES && number < 0; i++) {
    if (S.rules[i].used)
      continue;
    S.rules[i].used = true;
    S.rules[i].rule = *rule;
    S.rules[i].met = 0;
    if (rule->times == 0)
      S.rules[i].rule.times = FAULTS_FOREVER;
    number = i;
  }
  unlock ();
  return number;
}

void
faults_remove_rule (int number)
{
  if (number < 0 || number >= MAX_RULES)
    return;
  lock ();
  S.rules[number].used = false;
  unlock ();
}

int
faults_fail_message (uint64_t first, uint64_t times, int errnum)
{
  FaultsRule rule = {.errnum = errnum, .first = first, .times = times};

  return faults_add_rule (&rule);
}

int
faults_fail_all (int errnum)
{
  FaultsRule rule = {.errnum = errnum};

  return faults_add_rule (&rule);
}

int
faults_refuse_gso (int errnum)
{
  FaultsRule rule = {.errnum = errnum, .gso = true};

  return faults_add_rule (&rule);
}

int
faults_refuse_zerocopy (int errnum)
{
  FaultsRule rule = {.errnum = errnum, .zerocopy = true};

  return faults_add_rule (&rule);
}

int
faults_refuse_above (size_t bytes, int errnum)
{
  FaultsRule rule = {.errnum = errnum, .above_bytes = bytes};

  return faults_add_rule (&rule);
}

int
faults_refuse_segment_above (size_t bytes, int errnum)
{
  FaultsRule rule = {.errnum = errnum, .above_segment = bytes};

  return faults_add_rule (&rule);
}

int
faults_refuse_port (uint16_t port, int errnum)
{
  FaultsRule rule = {.errnum = errnum, .port = port};

  return faults_add_rule (&rule);
}

void
faults_cut (size_t messages, uint64_t times)
{
  lock ();
  S.cut_messages = messages > 0 ? messages : 1;
  S.cut_times = times;
  unlock ();
}

void
faults_fail_setsockopt (int level, int name, int errnum, uint64_t times)
{
  OptionFault *found = NULL;

  require_errno (errnum);
  lock ();
  for (size_t i = 0; i < MAX_OPTIONS; i++) {
    OptionFault *option = &S.options[i];

    if (option->times > 0 && option->level == level && option->name == name) {
      found = option;
      break;
    }
    if (found == NULL && option->times == 0)
      found = option;
  }
  if (found == NULL)
    abort ();
  *found = (OptionFault){level, name, errnum, times};
  unlock ();
}

void
faults_fail_socket (int errnum, uint64_t times)
{
  require_errno (errnum);
  lock ();
  S.socket_fault = (CallFault){errnum, times};
  unlock ();
}

void
faults_fail_bind (int errnum, uint64_t times)
{
  require_errno (errnum);
  lock ();
  S.bind_fault = (CallFault){errnum, times};
  unlock ();
}

void
faults_get_counts (FaultsCounts *counts)
{
  lock ();
  *counts = S.counts;
  unlock ();
}

static uint64_t
count_of_errno (const uint64_t *table, int errnum)
{
  uint64_t count;

  require_errno (errnum);
  lock ();
  count = table[errnum];
  unlock ();
  return count;
}

uint64_t
faults_injected (int errnum)
{
  return count_of_errno (S.injected, errnum);
}

uint64_t
faults_seen (int errnum)
{
  return count_of_errno (S.seen, errnum);
}

void
faults_capture (bool messages, bool bytes)
{
  lock ();
  S.capture_messages = messages || bytes;
  S.capture_bytes = bytes;
  unlock ();
}

size_t
faults_n_messages (void)
{
  size_t n;

  lock ();
  n = S.n_captured;
  unlock ();
  return n;
}

bool
faults_message (size_t index, FaultsMessage *message)
{
  bool found;

  lock ();
  found = index < S.n_captured;
  if (found)
    *message = S.captured[index].message;
  unlock ();
  return found;
}

size_t
faults_n_datagrams (void)
{
  size_t n;

  lock ();
  n = S.n_datagrams;
  unlock ();
  return n;
}

/* The message that a datagram is in; the datagram exists. */
static const Captured *
find_datagram (size_t index)
{
  size_t low = 0, high = S.n_captured;

  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;

    if (S.captured[middle].first_datagram <= index)
      low = middle;
    else
      high = middle;
  }
  return &S.captured[low];
}

const uint8_t *
faults_datagram (size_t index, size_t *size)
{
  const uint8_t *data = NULL;

  *size = 0;
  lock ();
  if (index < S.n_datagrams) {
    const Captured *captured = find_datagram (index);
    const FaultsMessage *message = &captured->message;
    size_t offset = (index - captured->first_datagram) * message->segment_size;

    if (captured->data != NULL) {
      data = captured->data + offset;
      *size = message->bytes - offset < message->segment_size
          ? message->bytes - offset
          : message->segment_size;
    }
  }
  unlock ();
  return data;
}

/* --- the environment ----------------------------------------------------- */

static const char *
errno_name (int errnum)
{
  return errnum == EOPNOTSUPP ? "EOPNOTSUPP" : strerrorname_np (errnum);
}

/* 0 when it is no name of an errno. */
static int
errno_from_name (const char *name)
{
  if (strcmp (name, "EWOULDBLOCK") == 0)
    return EWOULDBLOCK;
  if (strcmp (name, "ENOTSUP") == 0)
    return ENOTSUP;
  for (int i = 1; i < MAX_ERRNO; i++) {
    const char *known = errno_name (i);

    if (known != NULL && strcmp (name, known) == 0)
      return i;
  }
  return 0;
}

static bool
read_number (
    const char *text, char terminator, uint64_t *value, const char **rest)
{
  char *end;

  if (*text < '0' || *text > '9')
    return false;
  errno = 0;
  *value = strtoull (text, &end, 0);
  if (errno != 0 || *end != terminator)
    return false;
  if (rest != NULL)
    *rest = end + (terminator != '\0');
  return true;
}

static bool
read_chance (const char *text, double *value)
{
  char *end;

  *value = strtod (text, &end);
  return end != text && *end == '\0' && *value >= 0 && *value <= 1;
}

static bool
read_errno (const char *text, int *errnum)
{
  *errnum = errno_from_name (text);
  return *errnum != 0;
}

static bool
set_seed (const char *value)
{
  uint64_t seed;

  if (!read_number (value, '\0', &seed, NULL))
    return false;
  lock ();
  S.random = seed;
  unlock ();
  return true;
}

static bool
set_chance (const char *value, double *where)
{
  double chance;

  if (!read_chance (value, &chance))
    return false;
  lock ();
  *where = chance;
  unlock ();
  return true;
}

static bool
set_rate (const char *value)
{
  return set_chance (value, &S.rate);
}

static bool
set_partial (const char *value)
{
  return set_chance (value, &S.partial);
}

static bool
set_errnos (const char *value)
{
  int errnums[MAX_RANDOM_ERRNOS];
  size_t n = 0;

  while (true) {
    size_t length = strcspn (value, ":");
    char name[32];

    if (length >= sizeof name || n == MAX_RANDOM_ERRNOS)
      return false;
    memcpy (name, value, length);
    name[length] = '\0';
    if (!read_errno (name, &errnums[n++]))
      return false;
    if (value[length] == '\0')
      break;
    value += length + 1;
  }
  lock ();
  memcpy (S.random_errnos, errnums, n * sizeof *errnums);
  S.n_random_errnos = n;
  unlock ();
  return true;
}

static bool
set_gso (const char *value)
{
  int errnum;

  return read_errno (value, &errnum) && faults_refuse_gso (errnum) >= 0;
}

static bool
set_zerocopy (const char *value)
{
  int errnum;

  return read_errno (value, &errnum) && faults_refuse_zerocopy (errnum) >= 0;
}

static bool
set_all (const char *value)
{
  int errnum;

  return read_errno (value, &errnum) && faults_fail_all (errnum) >= 0;
}

static bool
set_above (const char *value)
{
  uint64_t bytes;
  int errnum;

  return read_number (value, ':', &bytes, &value) && bytes > 0 &&
      read_errno (value, &errnum) && faults_refuse_above (bytes, errnum) >= 0;
}

static bool
set_segment (const char *value)
{
  uint64_t bytes;
  int errnum;

  return read_number (value, ':', &bytes, &value) && bytes > 0 &&
      read_errno (value, &errnum) &&
      faults_refuse_segment_above (bytes, errnum) >= 0;
}

static bool
set_port (const char *value)
{
  uint64_t port;
  int errnum;

  return read_number (value, ':', &port, &value) && port > 0 &&
      port <= UINT16_MAX && read_errno (value, &errnum) &&
      faults_refuse_port ((uint16_t) port, errnum) >= 0;
}

static bool
set_fail (const char *value)
{
  uint64_t first, times;
  int errnum;

  return read_number (value, ':', &first, &value) &&
      read_number (value, ':', &times, &value) && read_errno (value, &errnum) &&
      faults_fail_message (first, times, errnum) >= 0;
}

static bool
set_block (const char *value)
{
  uint64_t block;

  if (!read_number (value, '\0', &block, NULL) || block > 1)
    return false;
  faults_block (block == 1);
  return true;
}

static bool
set_block_after (const char *value)
{
  uint64_t messages;

  if (!read_number (value, '\0', &messages, NULL))
    return false;
  faults_block_after (messages);
  return true;
}

static bool
set_sockopt (const char *value)
{
  uint64_t level, name;
  int errnum;

  if (!read_number (value, '.', &level, &value) || level > INT32_MAX ||
      !read_number (value, ':', &name, &value) || name > INT32_MAX ||
      !read_errno (value, &errnum))
    return false;
  faults_fail_setsockopt ((int) level, (int) name, errnum, FAULTS_FOREVER);
  return true;
}

static bool
set_socket (const char *value)
{
  int errnum;

  if (!read_errno (value, &errnum))
    return false;
  faults_fail_socket (errnum, FAULTS_FOREVER);
  return true;
}

static bool
set_bind (const char *value)
{
  int errnum;

  if (!read_errno (value, &errnum))
    return false;
  faults_fail_bind (errnum, FAULTS_FOREVER);
  return true;
}

static bool
set_io_uring (const char *value)
{
  int errnum = 0;

  if (strcmp (value, "0") != 0 && !read_errno (value, &errnum))
    return false;
  faults_io_uring (errnum);
  return true;
}

static bool
set_hide_copies (const char *value)
{
  faults_hide_copies (strcmp (value, "1") == 0);
  return strcmp (value, "0") == 0 || strcmp (value, "1") == 0;
}

static const struct {
  const char *key;
  bool (*set) (const char *value);
} keys[] = {
    {"seed", set_seed},
    {"rate", set_rate},
    {"errnos", set_errnos},
    {"partial", set_partial},
    {"gso", set_gso},
    {"zerocopy", set_zerocopy},
    {"above", set_above},
    {"segment", set_segment},
    {"port", set_port},
    {"all", set_all},
    {"fail", set_fail},
    {"block", set_block},
    {"block-after", set_block_after},
    {"sockopt", set_sockopt},
    {"socket", set_socket},
    {"bind", set_bind},
    {"io-uring", set_io_uring},
    {"hide-copies", set_hide_copies},
};

/* Entry is "key=value", and is taken apart. */
static bool
configure_entry (char *entry, char *message, size_t size)
{
  char *value = strchr (entry, '=');

  if (value == NULL) {
    snprintf (message, size, "\"%s\" is not key=value", entry);
    return false;
  }
  *value++ = '\0';
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp (entry, keys[i].key) != 0)
      continue;
    if (keys[i].set (value))
      return true;
    snprintf (message, size, "%s cannot be \"%s\"", entry, value);
    return false;
  }
  snprintf (message, size, "there is no \"%s\"", entry);
  return false;
}

bool
faults_configure (const char *text, char *message, size_t size)
{
  char *copy = strdup (text);
  char *position = NULL;
  bool is_good = copy != NULL;

  if (copy == NULL) {
    snprintf (message, size, "out of memory");
    return false;
  }
  for (char *entry = strtok_r (copy, ",", &position); entry != NULL && is_good;
       entry = strtok_r (NULL, ",", &position))
    is_good = configure_entry (entry, message, size);
  free (copy);
  return is_good;
}

static void
report_counts (FILE *file, const FaultsCounts *counts)
{
  const struct {
    const char *key;
    uint64_t value;
  } lines[] = {
      {"sockets", counts->sockets},
      {"binds", counts->binds},
      {"sendmsg_calls", counts->sendmsg_calls},
      {"sendmmsg_calls", counts->sendmmsg_calls},
      {"messages", counts->messages},
      {"datagrams", counts->datagrams},
      {"bytes", counts->bytes},
      {"gso_messages", counts->gso_messages},
      {"zerocopy_messages", counts->zerocopy_messages},
      {"submits", counts->submits},
      {"injected", counts->injected},
      {"seen", counts->seen},
      {"cuts", counts->cuts},
      {"kernel_errors", counts->kernel_errors},
      {"polls", counts->polls},
      {"polls_blocked", counts->polls_blocked},
      {"ring_polls", counts->ring_polls},
  };

  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    fprintf (
        file, "%s=%llu\n", lines[i].key, (unsigned long long) lines[i].value);
}

bool
faults_report (const char *path)
{
  FILE *file = fopen (path, "we");
  FaultsCounts counts;
  bool is_good;

  if (file == NULL)
    return false;
  faults_get_counts (&counts);
  report_counts (file, &counts);
  for (int i = 1; i < MAX_ERRNO; i++) {
    unsigned long long injected = faults_injected (i);

    if (injected > 0)
      fprintf (file, "injected_%s=%llu\nseen_%s=%llu\n", errno_name (i),
          injected, errno_name (i), (unsigned long long) faults_seen (i));
  }
  is_good = ferror (file) == 0;
  return fclose (file) == 0 && is_good;
}

__attribute__ ((constructor)) static void
configure_from_environment (void)
{
  const char *text = getenv ("SPEAD2_FAULTS");
  char message[200];

  if (text == NULL)
    return;
  if (!faults_configure (text, message, sizeof message)) {
    fprintf (stderr, "SPEAD2_FAULTS: %s\n", message);
    _exit (2);
  }
}

/* The shell or the plugin scanner around the program under test has this
 * library, too: it must not write over what that program reported. */
__attribute__ ((destructor)) static void
report_at_exit (void)
{
  const char *path = getenv ("SPEAD2_FAULTS_REPORT");
  FaultsCounts counts;

  if (path == NULL || *path == '\0')
    return;
  faults_get_counts (&counts);
  if (counts.sockets == 0 &&
      counts.sendmsg_calls + counts.sendmmsg_calls == 0 &&
      access (path, F_OK) == 0)
    return;
  if (!faults_report (path))
    fprintf (stderr, "SPEAD2_FAULTS_REPORT: %s: %s\n", path, strerror (errno));
}
