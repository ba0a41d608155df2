/* A faulty network for tests: a shared library in front of libc's socket calls.
 *
 * libspead2faults.so makes sends on UDP sockets fail as a kernel would make
 * them fail, and counts and keeps what was really sent. A test program links it
 * and calls the functions below; any other program gets it through LD_PRELOAD
 * and is told what to do by the environment:
 *
 *   LD_PRELOAD=libspead2faults.so SPEAD2_FAULTS=seed=1,rate=0.01,errnos=EAGAIN:ENOBUFS
 *   SPEAD2_FAULTS_REPORT=counts.txt gst-launch-1.0 ...
 *
 * | key         | value       | does                                            |
 * |-------------|-------------|-------------------------------------------------|
 * | seed        | integer     | starts the random generator (1)                 |
 * | rate        | 0 to 1      | probability that a message fails (0)            |
 * | errnos      | E:E:...     | what a message fails with, drawn evenly (EAGAIN)|
 * | partial     | 0 to 1      | probability that a sendmmsg is cut short (0)    |
 * | gso         | E           | every message with UDP_SEGMENT fails            |
 * | zerocopy    | E           | every message with MSG_ZEROCOPY fails           |
 * | above       | bytes:E     | every message of more than so many bytes fails  |
 * | segment     | bytes:E     | every message with a larger datagram fails      |
 * | port        | port:E      | every message to that port fails                |
 * | all         | E           | every message fails, the socket stays writable  |
 * | fail        | i:m:E       | the i-th message (from 0) fails, and m-1 more   |
 * | block       | 0, 1        | the network takes nothing, until the end        |
 * | block-after | n           | the same, once n messages were sent             |
 * | sockopt     | level.name:E| setsockopt of that option fails                 |
 * | socket      | E           | opening a UDP socket fails                      |
 * | bind        | E           | binding a UDP socket fails                      |
 * | io-uring    | E, 0        | opening an io_uring fails (ENOSYS); 0: it opens |
 * | hide-copies | 0, 1        | no io_uring tells that it copied after all      |
 *
 * A text that is not understood ends the program with status 2.
 *
 * What is failed and how. Only SOCK_DGRAM sockets of AF_INET and AF_INET6 are
 * touched. A message is tried, and fails, where the kernel would have tried it:
 * when message k of a sendmmsg fails, k messages were really sent, k is
 * returned, and if k > 0 nobody sees the errno; sent again, the message is
 * tried again. No io_uring opens unless that is asked for; a SENDMSG_ZC that is
 * submitted to one is then a message with MSG_ZEROCOPY, and fails with the errno
 * as its result. send(), sendto(), recv() and recvfrom() are not in front: what they
 * do is neither counted nor failed. Neither select() nor epoll knows of a blocked network.
 *
 * All functions may be called from any thread. The library has one mutex of its
 * own around its state: under TSan it orders the threads that send, so races
 * between them are looked for in programs that do without it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_FAULTS_H
#define SPEAD2_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTS_FOREVER UINT64_MAX

/* What was really sent, and what was done to the rest, since faults_reset().
 * Bytes are UDP payload. */
typedef struct {
  uint64_t sockets;       /* UDP sockets asked for */
  uint64_t binds;         /* binds of UDP sockets asked for */
  uint64_t sendmsg_calls; /* as the program made them */
  uint64_t sendmmsg_calls;
  uint64_t messages;  /* the kernel took them */
  uint64_t datagrams; /* a UDP_SEGMENT message is several */
  uint64_t bytes;
  uint64_t gso_messages;      /* of them, with UDP_SEGMENT */
  uint64_t zerocopy_messages; /* of them, with MSG_ZEROCOPY or by an io_uring */
  uint64_t submits;           /* of them, by an io_uring */
  uint64_t injected;          /* messages, and other calls, made to fail */
  uint64_t seen;              /* of them, a call returned -1 and the errno */
  uint64_t cuts;              /* sendmmsg cut short with no errno behind it */
  uint64_t kernel_errors;     /* calls that the kernel itself refused */
  uint64_t polls;             /* poll and ppoll that watch a UDP socket */
  uint64_t polls_blocked;     /* of them, POLLOUT was held back */
  uint64_t ring_polls; /* that watch a ring whose releases are held back */
} FaultsCounts;

/* A message fails with errnum when it meets every condition that is set. Those
 * that meet them are counted from the moment the rule is added: number `first`
 * (from 0) fails and the `times - 1` after it; times 0 means FAULTS_FOREVER. A
 * message tried again counts again. */
typedef struct {
  int errnum;
  uint64_t first;
  uint64_t times;
  bool gso;             /* carries UDP_SEGMENT */
  bool zerocopy;        /* sent with MSG_ZEROCOPY */
  size_t above_bytes;   /* its size is greater; 0 is no condition */
  size_t above_segment; /* its largest datagram is greater; 0 is none */
  uint16_t port;        /* destination, host order; 0 is any */
} FaultsRule;

/* One message that the kernel took. */
typedef struct {
  uint64_t call; /* number of the sendmsg or sendmmsg, from 0 */
  uint64_t time; /* monotonic clock when that call was made, ns */
  size_t bytes;
  size_t n_iovecs;
  size_t n_segments;   /* datagrams */
  size_t segment_size; /* UDP_SEGMENT; without it, bytes */
  bool gso;            /* UDP_SEGMENT was given */
  bool zerocopy;
  uint16_t port;       /* destination, host order */
  int thread;          /* gettid() of who sent it */
  const uint8_t *data; /* `bytes` long, or NULL; valid until faults_reset() */
} FaultsMessage;

/* Back to a network without faults: no rules, nothing blocked, counts zero,
 * capture off and what it held freed. */
void faults_reset (void);

/* Same text as SPEAD2_FAULTS, added to what is set. On error returns false and
 * writes a sentence into message (size bytes); part of the text is then set. */
bool faults_configure (const char *text, char *message, size_t size);

/* Random failures: each message with probability rate, with one of the
 * n_errnums (at most 32; the rest is ignored), each sendmmsg of more than one
 * message cut short with probability partial. The same seed gives the same
 * sequence for the same sequence of messages. */
void faults_random (uint64_t seed, double rate, double partial,
    const int *errnums, size_t n_errnums);

/* Adds a rule; the first that matches decides. At most 32; returns its number,
 * or -1. */
int faults_add_rule (const FaultsRule *rule);
void faults_remove_rule (int number);

/* The rules that are wanted most. Each returns its rule's number. */
int faults_fail_message (uint64_t first, uint64_t times, int errnum);
int faults_fail_all (int errnum);
int faults_refuse_gso (int errnum);
int faults_refuse_zerocopy (int errnum);
int faults_refuse_above (size_t bytes, int errnum);
int faults_refuse_segment_above (size_t bytes, int errnum);
int faults_refuse_port (uint16_t port, int errnum);

/* The next `times` sendmmsg calls send no more than `messages` (at least 1). */
void faults_cut (size_t messages, uint64_t times);

/* A network that takes nothing: sends fail with EAGAIN, blocking sockets
 * included, and poll and ppoll do not find UDP sockets writable. Whoever polls
 * when it is released wakes up. */
void faults_block (bool block);

/* Blocks once so many messages more were sent (0: at once). The call that
 * reaches the limit sends up to it. */
void faults_block_after (uint64_t messages);

/* Puts fd, an AF_UNIX socket of SOCK_SEQPACKET, in the network's place: each
 * datagram becomes one packet to it, and nothing is lost, since whoever sends
 * waits for the reader: with wait in the call itself, for true back-pressure;
 * without, a message is refused with EAGAIN while fd is not writable, and poll
 * and ppoll find UDP sockets writable when fd is. -1 ends it. Not closed. */
void faults_divert (int fd, bool wait);

/* The next `times` calls fail with errnum; 0 times ends it. setsockopt: up to 8
 * different options. socket and bind: UDP only. */
void faults_fail_setsockopt (int level, int name, int errnum, uint64_t times);
void faults_fail_socket (int errnum, uint64_t times);
void faults_fail_bind (int errnum, uint64_t times);

/* Receiving: recvmsg and recvmmsg of UDP sockets, but for reads of the error queue,
 * fail with errnum `times` times; the next `times` messages are given no more than
 * so many bytes, as to a caller with too small a buffer; or no control data. 0
 * times ends it. */
void faults_fail_receive (int errnum, uint64_t times);
void faults_truncate_received (size_t bytes, uint64_t times);
void faults_cut_control (uint64_t times);

/* How often the program called recvmsg or recvmmsg on UDP sockets since
 * faults_reset(), but for reads of the error queue. */
uint64_t faults_receive_calls (void);

/* What opening an io_uring fails with from now on; 0: it opens. */
void faults_io_uring (int errnum);

/* The next `times` calls fail with errnum: io_uring_submit, and
 * io_uring_register_buffers. */
void faults_fail_submit (int errnum, uint64_t times);
void faults_fail_register (int errnum, uint64_t times);

/* While true no io_uring tells that memory is released. Whoever polls it when
 * it ends wakes up. */
void faults_hold_releases (bool hold);

/* While true no io_uring tells that what it released was copied after all, as
 * all of it is on loopback. */
void faults_hide_copies (bool hide);

/* Threads: after `first` more of them the next `times` are refused with EAGAIN,
 * whoever asks for them. */
void faults_fail_thread (uint64_t first, uint64_t times);

/* While true no name is looked up: getaddrinfo waits. */
void faults_hang_resolver (bool hang);

/* The addresses that every name has, in this order, with blanks between them;
 * NULL: its own. */
void faults_resolve (const char *addresses);

/* Waits until so many names were looked up since the program began, or are being
 * looked up. */
void faults_wait_lookup (uint64_t n);

void faults_get_counts (FaultsCounts *counts);

/* Messages, and other calls, made to fail with errnum; and how many of them
 * returned it to the caller. The rest was lost behind a count. */
uint64_t faults_injected (int errnum);
uint64_t faults_seen (int errnum);

/* Keeps a FaultsMessage for every message from now on, and with bytes its data
 * too (in memory: mind how much is sent). Messages of several threads are in
 * the order in which their calls returned. */
void faults_capture (bool messages, bool bytes);
size_t faults_n_messages (void);
bool faults_message (size_t index, FaultsMessage *message);

/* The datagrams of all messages in order, as the network carries them. NULL
 * past the end, or when bytes were not kept. Valid until faults_reset(). */
size_t faults_n_datagrams (void);
const uint8_t *faults_datagram (size_t index, size_t *size);

/* Writes the counts as key=value lines; false and errno when it cannot. */
bool faults_report (const char *path);

#endif /* SPEAD2_TESTS_FAULTS_H */
