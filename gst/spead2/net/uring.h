/* Messages that the kernel reads where they lie, through io_uring.
 *
 * A ring sends the messages of one thread, whose memory, headers included, lies
 * in one mapping of huge pages that is registered with the kernel. A message
 * has two ends: it is submitted when spead2_uring_send() returns, and it is
 * released when the kernel no longer reads its memory, which
 * spead2_uring_reap() tells of. In between it is in flight.
 *
 * What the kernel must have is tried out when the ring is opened: Linux 6.15 or
 * newer, with io_uring allowed.
 *
 * A ring belongs to one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_URING_H
#define SPEAD2_URING_H

#include <sys/socket.h>

#include "spead2/memory/hugepages.h"

G_BEGIN_DECLS

/* Most messages in flight. */
#define SPEAD2_URING_MESSAGES 256

/* Most messages that are sent at a time. */
#define SPEAD2_URING_CHAIN 16

/* Most pieces of a message, each of which lies on one page of 2 MiB: the
 * kernel's MAX_SKB_FRAGS. */
#define SPEAD2_URING_FRAGMENTS 17

typedef struct _Spead2Uring Spead2Uring;

/* A message is released. copied: the kernel has copied it all the same, as for
 * a receiver on this machine. */
typedef void (*Spead2UringReleased) (
    guint message, gboolean copied, gpointer user_data);

/* NULL with SPEAD2_ERRNO, or SPEAD2_ERROR_INVALID where this library was built
 * without liburing. released is called by spead2_uring_send() and
 * spead2_uring_reap(). */
Spead2Uring *spead2_uring_new (
    Spead2UringReleased released, gpointer user_data, GError **error);

/* Nothing may be in flight. */
void spead2_uring_free (Spead2Uring *uring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2Uring, spead2_uring_free)

/* Makes pages the registered mapping; a reference is kept until it is another,
 * or spead2_uring_forget(). TRUE when it is. FALSE without an error: not now,
 * messages of another mapping are in flight. With SPEAD2_ERRNO: the kernel
 * refuses it, or no header room is left, and it is not tried again. */
gboolean spead2_uring_use (
    Spead2Uring *uring, Spead2HugePages *pages, GError **error);

/* Lets the registered mapping go, if nothing is in flight, and forgets which
 * ones were refused. */
void spead2_uring_forget (Spead2Uring *uring);

/* Begins a batch: what was reserved before and has not been sent is free. */
void spead2_uring_begin (Spead2Uring *uring);

/* Room for headers in the registered mapping, which stays until the message that
 * begins there is released. NULL: too much is in flight. */
guint8 *spead2_uring_reserve (Spead2Uring *uring, gsize size);

/* The number, below SPEAD2_URING_MESSAGES, that the next message gets, or one
 * so many ahead of it; -1 when as many are in flight. */
gint spead2_uring_next (const Spead2Uring *uring, guint ahead);

/* Sends messages in order, in the way of sendmmsg() with MSG_DONTWAIT: how many
 * went, or the negative errno for which the first did not; EIO also where the ring
 * itself fails. Where one in the middle fails, its errno is what the next call
 * returns if that begins with the same iovecs, without sending anything, unless a
 * batch begins before. Iovecs must all
 * lie in the registered mapping, and a message's headers in what was reserved or
 * with its payload; all that the headers point at is free when this returns.
 * released is called for each message that was sent, perhaps before this
 * returns. */
gint spead2_uring_send (
    Spead2Uring *uring, gint fd, const struct mmsghdr *headers, guint n);

/* Tells of what has been released. Never waits. */
void spead2_uring_reap (Spead2Uring *uring);

/* How many messages are in flight. */
guint spead2_uring_in_flight (const Spead2Uring *uring);

/* Polls readable when there is something to reap. */
gint spead2_uring_fd (const Spead2Uring *uring);

/* released is not called any more. */
void spead2_uring_detach (Spead2Uring *uring);

/* Gives up waiting: takes over rings with messages in flight and, of the heaps
 * that these are made of, an array with a free function. A thread frees all of
 * them once everything has been released. */
void spead2_uring_defer_free (GPtrArray *rings, GPtrArray *heaps);

/* Waits until all that was buried has been freed, at most timeout ns. */
gboolean spead2_uring_wait_deferred (guint64 timeout);

G_END_DECLS

#endif /* SPEAD2_URING_H */
