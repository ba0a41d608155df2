/* Messages that the kernel reads where they lie, through io_uring.
 *
 * A ring sends the messages of one thread. Their memory, headers included, lies in one
 * mapping of huge pages, which is registered with the kernel. A message is submitted when
 * spead2_uring_send() returns, and released when the kernel no longer reads its memory,
 * which spead2_uring_reap() reports. It is in flight while it, or one submitted before it,
 * has not been released.
 *
 * The ring needs Linux 6.15 with io_uring permitted, which is probed when it is opened.
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

/* Most messages of one spead2_uring_send(). */
#define SPEAD2_URING_CHAIN 16

/* Most pieces of a message, each of which lies on one page of 2 MiB: the
 * kernel's MAX_SKB_FRAGS. */
#define SPEAD2_URING_FRAGMENTS 17

typedef struct _Spead2Uring Spead2Uring;

/* A message, by its number, is released. copied: the kernel has copied it, as it does for
 * a receiver on the same machine. */
typedef void (*Spead2UringReleased) (
    guint message, gboolean copied, gpointer user_data);

/* NULL with SPEAD2_ERRNO, or with SPEAD2_ERROR_INVALID in a build without liburing.
 * released is called by spead2_uring_send() and spead2_uring_reap(). */
Spead2Uring *spead2_uring_new (
    Spead2UringReleased released, gpointer user_data, GError **error);

/* Nothing may be in flight. */
void spead2_uring_free (Spead2Uring *uring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2Uring, spead2_uring_free)

/* Registers a mapping in place of the last one; a reference is kept until the next one, or
 * spead2_uring_forget(). TRUE if it is registered. FALSE without an error: messages of
 * another mapping are in flight. FALSE with SPEAD2_ERRNO: the kernel rejects it, or its
 * headroom is used up; the same mapping is not registered again. */
gboolean spead2_uring_use (
    Spead2Uring *uring, Spead2HugePages *pages, GError **error);

/* Unregisters the mapping if nothing is in flight, and permits one that was rejected
 * again. */
void spead2_uring_forget (Spead2Uring *uring);

/* Begins a batch: headroom that was reserved and not sent is free. */
void spead2_uring_begin (Spead2Uring *uring);

/* Reserves part of the registered mapping's area for headers, until the message whose
 * headers are there is released. NULL: too much of it is in flight. */
guint8 *spead2_uring_reserve (Spead2Uring *uring, gsize size);

/* The number, below SPEAD2_URING_MESSAGES, of the next message, or of the one so many
 * ahead of it; -1 if that number is still in use. */
gint spead2_uring_next (const Spead2Uring *uring, guint ahead);

/* Sends messages in order, as sendmmsg() with MSG_DONTWAIT: returns how many were sent, or
 * the negative errno of the first; EIO also if the ring fails. If a later message fails, the
 * next call returns its errno, provided that it begins with the same iovecs and no batch was
 * begun in between.
 *
 * All iovecs lie in the registered mapping, and a message's headers in what was reserved or
 * with its payload. The caller may reuse the msghdrs and iovecs when this returns. released
 * is called for each message that was sent, possibly before this returns. */
gint spead2_uring_send (
    Spead2Uring *uring, gint fd, const struct mmsghdr *headers, guint n);

/* Reports messages that the kernel has released. Never waits. */
void spead2_uring_reap (Spead2Uring *uring);

/* How many messages are in flight. */
guint spead2_uring_in_flight (const Spead2Uring *uring);

/* The descriptor that is readable while there is something to reap. */
gint spead2_uring_fd (const Spead2Uring *uring);

/* released is not called from now on: see uringreaper.h for how such a ring is freed. */
void spead2_uring_detach (Spead2Uring *uring);

G_END_DECLS

#endif /* SPEAD2_URING_H */
