/* Selects packets that are sent without copying, and tracks them until they are released.
 *
 * Decides for each batch whether it is sent without copying, keeps the reason why not for
 * each destination, and counts the packets of every message as in flight in their tx states
 * until the kernel has released them. It sends through a ring of its own (uring.h), and
 * belongs to one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ZERO_COPY_H
#define SPEAD2_ZERO_COPY_H

#include "spead2/heap/packetizer.h"
#include "spead2/net/batch.h"
#include "spead2/net/txstate.h"
#include "spead2/net/uring.h"

G_BEGIN_DECLS

/* Smaller packets and heaps, in bytes, are copied, which is faster: a message of
 * SPEAD2_URING_FRAGMENTS pieces contains too few of them. Packets whose headers lie with the
 * payload may have any size. */
#define SPEAD2_ZERO_COPY_MIN_PACKET 3000

/* The first batch, and each behind one whose messages were smaller, in bytes on average, is
 * copied, which is faster: a ring takes longer for a message than sendmmsg(). Batches that
 * say nothing of the stream are passed over: those without data, and those that the ring's
 * capacity ended. */
#define SPEAD2_ZERO_COPY_MIN_MESSAGE 20000

/* Most heaps of a message: each counts as one fragment or more, although the kernel merges
 * those that are adjacent in memory. */
#define SPEAD2_ZERO_COPY_SPANS SPEAD2_URING_FRAGMENTS

typedef struct _Spead2ZeroCopy Spead2ZeroCopy;

/* Opens the ring; if that fails, everything is copied, for that reason. always: do not
 * copy where copying may be faster, see spead2_zero_copy_mark_full() and
 * SPEAD2_ZERO_COPY_MIN_MESSAGE. */
Spead2ZeroCopy *spead2_zero_copy_new (guint n_destinations, gboolean always);

/* Makes it more destinations, and restores what is kept for one of them: another address
 * has its number now, and none of its messages is in flight. */
void spead2_zero_copy_set_destination (
    Spead2ZeroCopy *zerocopy, guint destination);

/* All messages are released. */
void spead2_zero_copy_free (Spead2ZeroCopy *zerocopy);

/* Decides how a batch is sent, by its first packet, which is the packetizer's next. Returns
 * the batch's limits, borrowed until the next call; NULL: copy it. */
const Spead2BatchLimits *spead2_zero_copy_begin (
    Spead2ZeroCopy *zerocopy, const Spead2Packetizer *packetizer);

/* Whether the packetizer's next packet can be part of the batch that was begun last, and is not
 * copied: all of that lies in the mapping of its first packet. */
gboolean spead2_zero_copy_suits (
    const Spead2ZeroCopy *zerocopy, const Spead2Packetizer *packetizer);

/* The batch, of at least one message, is sent: call it before its messages are. */
void spead2_zero_copy_note_batch (
    Spead2ZeroCopy *zerocopy, const Spead2Batch *batch);

/* How many more messages may be in flight. */
guint spead2_zero_copy_capacity (const Spead2ZeroCopy *zerocopy);

/* Adds a message for the next spead2_zero_copy_send(), of at most SPEAD2_ZERO_COPY_SPANS
 * spans. FALSE: no more can be sent at a time. */
gboolean spead2_zero_copy_add (Spead2ZeroCopy *zerocopy, guint destination,
    const Spead2TxSpan *spans, guint n_spans);

/* Sends the messages that were added, at least one, and returns as spead2_uring_send(). The
 * packets of those that were sent are counted as in flight in their tx states once more,
 * until they are released. */
gint spead2_zero_copy_send (
    Spead2ZeroCopy *zerocopy, gint fd, const struct mmsghdr *headers);

/* Updates tx states with what has been released. Never waits. */
void spead2_zero_copy_reap (Spead2ZeroCopy *zerocopy);

/* How many messages the kernel has not released. */
guint spead2_zero_copy_unreleased (const Spead2ZeroCopy *zerocopy);

/* The descriptor that is readable while there is something to reap; -1 while nothing is
 * unreleased. */
gint spead2_zero_copy_fd (const Spead2ZeroCopy *zerocopy);

/* How many messages have been released since spead2_zero_copy_take_released(), which returns
 * the same. */
guint spead2_zero_copy_released (const Spead2ZeroCopy *zerocopy);
guint spead2_zero_copy_take_released (Spead2ZeroCopy *zerocopy);

/* Abandons the unreleased messages, of which there must be some: their tx states are marked
 * unreleased, and their packets no longer counted as in flight. Returns the ring (transfer
 * full), for spead2_uring_reaper_defer_free(). Everything is copied until a probe. */
Spead2Uring *spead2_zero_copy_abandon (Spead2ZeroCopy *zerocopy);

/* A destination's packets are copied from now on, with the errno as the reason. */
void spead2_zero_copy_disable (
    Spead2ZeroCopy *zerocopy, guint destination, gint errnum, guint64 now);

/* The socket's send buffer is full. The kernel charges up to 2 MiB for each piece of a
 * message, so that a buffer of the usual size holds a single message, and the network
 * interface idles while the sender wakes up. TRUE: that is the case, and the destination's
 * packets are copied from now on. */
gboolean spead2_zero_copy_mark_full (
    Spead2ZeroCopy *zerocopy, guint destination);

/* Enables destinations again 10 s after an errno that a changed MTU may have caused; with
 * probe, all of them. */
void spead2_zero_copy_retry (
    Spead2ZeroCopy *zerocopy, guint64 now, gboolean probe);

gboolean spead2_zero_copy_is_on (
    const Spead2ZeroCopy *zerocopy, guint destination);

/* Why packets for a destination are copied: a sentence (interned). NULL while they are not
 * copied, or nothing has been sent. */
const gchar *spead2_zero_copy_reason (
    const Spead2ZeroCopy *zerocopy, guint destination);

G_END_DECLS

#endif /* SPEAD2_ZERO_COPY_H */
