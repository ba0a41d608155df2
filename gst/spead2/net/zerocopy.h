/* Which packets need not be copied, and what became of them.
 *
 * Decides for each batch whether it can be sent without copying, says for each
 * destination why not, and keeps the packets of every message in flight in their
 * tx states until the kernel has released them. It sends through a ring of its
 * own (uring.h), and belongs to one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ZERO_COPY_H
#define SPEAD2_ZERO_COPY_H

#include "spead2/heap/packetizer.h"
#include "spead2/net/txstate.h"
#include "spead2/net/uring.h"

G_BEGIN_DECLS

/* Smaller packets and heaps, bytes, are copied unless their headers lie with the
 * payload: that is faster, since a message of SPEAD2_URING_FRAGMENTS pieces
 * does not hold enough of them. */
#define SPEAD2_ZERO_COPY_MIN_PACKET 3000

/* Most heaps of a message: each counts as a fragment at least, although those that
 * lie one behind the other are one. */
#define SPEAD2_ZERO_COPY_SPANS SPEAD2_URING_FRAGMENTS

typedef struct _Spead2ZeroCopy Spead2ZeroCopy;

/* Opens the ring. Without one everything is copied, for a reason. With always,
 * also where copying may be faster, see spead2_zero_copy_mark_full(). */
Spead2ZeroCopy *spead2_zero_copy_new (guint n_destinations, gboolean always);

/* No message may be held. */
void spead2_zero_copy_free (Spead2ZeroCopy *zerocopy);

/* Decides, by its first packet, the packetizer's next, how a batch is sent: the
 * mapping that all of it must lie in, borrowed from the heap, or NULL to copy. */
Spead2HugePages *spead2_zero_copy_begin (
    Spead2ZeroCopy *zerocopy, const Spead2Packetizer *packetizer);

/* Whether the packetizer's next packet can go with a batch of that mapping. */
gboolean spead2_zero_copy_suits (const Spead2ZeroCopy *zerocopy,
    const Spead2HugePages *pages, const Spead2Packetizer *packetizer);

/* Room for headers of the batch, or NULL: too much is in flight. */
guint8 *spead2_zero_copy_reserve (Spead2ZeroCopy *zerocopy, gsize size);

/* How many more messages can be in flight. */
guint spead2_zero_copy_room (const Spead2ZeroCopy *zerocopy);

/* A message that spead2_zero_copy_send() is to send, behind those that were added
 * since it was last called; at most SPEAD2_ZERO_COPY_SPANS spans. FALSE when it
 * cannot send more at a time. */
gboolean spead2_zero_copy_add (Spead2ZeroCopy *zerocopy, guint destination,
    const Spead2TxSpan *spans, guint n_spans);

/* Sends the messages that were added, one at least, as spead2_uring_send(). The packets of
 * those that went are then in flight in their tx states once more, until they are
 * released. */
gint spead2_zero_copy_send (
    Spead2ZeroCopy *zerocopy, gint fd, const struct mmsghdr *headers);

/* Learns what has been released. Never waits. */
void spead2_zero_copy_reap (Spead2ZeroCopy *zerocopy);

/* How many messages the kernel has not released. */
guint spead2_zero_copy_unreleased (const Spead2ZeroCopy *zerocopy);

/* Polls readable when there is something to reap, while messages are held. */
gint spead2_zero_copy_fd (const Spead2ZeroCopy *zerocopy);

/* How many messages have been released, counted without end. */
guint spead2_zero_copy_released (const Spead2ZeroCopy *zerocopy);

/* Waits no longer for what is held: those tx states are marked so, and none of
 * their packets is in flight any more. Returns the ring, which the caller frees
 * by spead2_uring_defer_free(). Only while messages are held. */
Spead2Uring *spead2_zero_copy_abandon (Spead2ZeroCopy *zerocopy);

/* A destination's packets are copied from now on, because of an errno. */
void spead2_zero_copy_disable (
    Spead2ZeroCopy *zerocopy, guint destination, gint errnum, guint64 now);

/* The socket has no room for a message. The kernel charges up to 2 MiB for each
 * of its pieces, so that a send buffer of the usual size holds only one, and the
 * wire waits for the sender. TRUE: that is so, and the destination's packets are
 * copied from now on. */
gboolean spead2_zero_copy_mark_full (
    Spead2ZeroCopy *zerocopy, guint destination);

/* Tries again where a changed MTU may have been the reason and some time has
 * gone by; with probe, wherever packets are copied. */
void spead2_zero_copy_retry (
    Spead2ZeroCopy *zerocopy, guint64 now, gboolean probe);

gboolean spead2_zero_copy_is_on (
    const Spead2ZeroCopy *zerocopy, guint destination);

/* Why packets for a destination are copied: a sentence that lives as long as the
 * process. NULL while they are not, or nothing has been sent yet. */
const gchar *spead2_zero_copy_reason (
    const Spead2ZeroCopy *zerocopy, guint destination);

G_END_DECLS

#endif /* SPEAD2_ZERO_COPY_H */
