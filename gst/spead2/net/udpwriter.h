/* Sends packets: the only module that does.
 *
 * A writer collects packets into a batch of messages (batch.h) and sends the batch with
 * sendmmsg(). The policy for each errno is in udpwriter.c.
 *
 * With zero copy, heaps on huge pages are sent through an io_uring instead. The packets of
 * such a batch stay in flight until the kernel has released their memory.
 *
 * A writer belongs to one thread, except for spead2_udp_writer_set_deadline(),
 * spead2_udp_writer_wake(), spead2_udp_writer_probe() and
 * spead2_udp_writer_get_destination(), which any thread may call. Times are of
 * spead2_now(), in ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_UDPWRITER_H
#define SPEAD2_UDPWRITER_H

#include "spead2/heap/packetizer.h"
#include "spead2/net/endpoint.h"
#include "spead2/net/txcounters.h"
#include "spead2/net/udpsocket.h"
#include "spead2/net/zerocopy.h"

G_BEGIN_DECLS

typedef struct _Spead2UdpWriter Spead2UdpWriter;

/* Both are borrowed: the descriptor is not closed. At least one destination,
 * all of one family. Fails with SPEAD2_ERRNO (no descriptor left). */
Spead2UdpWriter *spead2_udp_writer_new (gint fd,
    const Spead2Endpoint *destinations, guint n_destinations, GError **error);

void spead2_udp_writer_free (Spead2UdpWriter *writer);

/* Messages to multicast groups leave by these, from the address that the socket is bound to:
 * see spead2_batch_set_ifaces(). */
void spead2_udp_writer_set_ifaces (
    Spead2UdpWriter *writer, const GArray *ifaces);

/* Takes destinations whose neighbours do not respond off the socket, where there are others:
 * see absent.h. Their packets fail with EHOSTUNREACH. options are those of the socket, and
 * borrowed. may_replace: the socket is opened anew, so that the others need not wait for
 * what is in its buffer. */
void spead2_udp_writer_watch_neighbours (Spead2UdpWriter *writer,
    const Spead2UdpSocketOptions *options, gboolean may_replace);

/* How many destinations do not respond, if it is to be reported, and their names, for the
 * caller to free; 0: there is nothing to report. */
guint spead2_udp_writer_take_absent (Spead2UdpWriter *writer, gchar **names);

/* Adds a destination, with an index of at most as many as there are, or replaces one: its
 * counters begin again. Nothing is in flight to that one, and the batch is empty. No other
 * thread calls spead2_udp_writer_get_destination() meanwhile. */
void spead2_udp_writer_set_destination (
    Spead2UdpWriter *writer, guint index, const Spead2Endpoint *endpoint);

/* Nothing more is sent to a destination, until it is replaced; nothing is in flight to it,
 * and the batch is empty. Harmless where it is removed already. */
void spead2_udp_writer_remove_destination (
    Spead2UdpWriter *writer, guint index);

/* What has been sent to a destination, so far. Any thread. */
void spead2_udp_writer_get_destination (const Spead2UdpWriter *writer,
    guint index, Spead2DestinationCounters *counters);

/* Begins an empty batch of at most max_bytes, but at least one packet. With may_wait
 * FALSE, it is sent as if the deadline had passed. */
void spead2_udp_writer_begin (
    Spead2UdpWriter *writer, guint64 max_bytes, gboolean may_wait);

/* Adds the packetizer's next packets that are alike, or those of them that fit one message:
 * they are counted as in flight in tx from then on. FALSE: the batch is full. */
gboolean spead2_udp_writer_add (
    Spead2UdpWriter *writer, Spead2Packetizer *packetizer, Spead2TxState *tx);

/* Whether the packetizer's next packet fits the last message of the batch for its
 * destination. */
gboolean spead2_udp_writer_fits (
    Spead2UdpWriter *writer, const Spead2Packetizer *packetizer);

/* Bytes of the batch. */
guint64 spead2_udp_writer_size (const Spead2UdpWriter *writer);

/* Sends the batch. Returns when each packet of it was accepted, rejected or abandoned, with
 * the tx states updated. Waits for space in the kernel until the deadline; packets that need
 * not wait are sent in any case. FALSE: some were abandoned. */
gboolean spead2_udp_writer_send (Spead2UdpWriter *writer);

/* Abandons the batch: nothing of it is sent, and its tx states get ECANCELED. */
void spead2_udp_writer_abandon (Spead2UdpWriter *writer);

/* Every packet is a message of its own from now on. */
void spead2_udp_writer_disable_gso (Spead2UdpWriter *writer);

/* Opens an io_uring for heaps on huge pages; spead2_udp_writer_zerocopy_reason() is NULL
 * while it is used. always: also if the send buffer is too small for several messages that
 * are not copied, and copying may be faster. */
void spead2_udp_writer_use_zerocopy (Spead2UdpWriter *writer, gboolean always);

/* How many messages the kernel has not released yet. */
guint spead2_udp_writer_unreleased (const Spead2UdpWriter *writer);

/* Sleeps until some of them are released, until a time, or until spead2_udp_writer_wake()
 * is called, and updates tx states. */
void spead2_udp_writer_wait_released (Spead2UdpWriter *writer, guint64 time);

/* Ends a wait of the writer's thread. Any thread. */
void spead2_udp_writer_wake (Spead2UdpWriter *writer);

/* How many messages were released since the last call. */
guint spead2_udp_writer_take_released (Spead2UdpWriter *writer);

/* Abandons the unreleased messages: see spead2_zero_copy_abandon(). */
Spead2Uring *spead2_udp_writer_abandon_unreleased (Spead2UdpWriter *writer);

/* Sleeps until a time, or until messages are released or spead2_udp_writer_wake() is
 * called. FALSE at once if the deadline is earlier than the time. */
gboolean spead2_udp_writer_sleep_until (Spead2UdpWriter *writer, guint64 time);

/* Sets the time at which present and later waits end: 0 at once, G_MAXUINT64 never. Any
 * thread. */
void spead2_udp_writer_set_deadline (Spead2UdpWriter *writer, guint64 deadline);

/* Whether the deadline has passed. */
gboolean spead2_udp_writer_expired (Spead2UdpWriter *writer);

/* Enables GSO and zero copy again, from the next batch on, where they were disabled after
 * an error. Any thread. */
void spead2_udp_writer_probe (Spead2UdpWriter *writer);

const Spead2WriterCounters *spead2_udp_writer_counters (
    const Spead2UdpWriter *writer);

/* How many ICMP errors were received for earlier packets since the last call, and the last
 * one's errno (0: none) and destination (borrowed until another is set). They do not end
 * the stream. */
guint spead2_udp_writer_take_icmp_errors (
    Spead2UdpWriter *writer, gint *errnum, const Spead2Endpoint **destination);

/* Whether packets for a destination were accepted again after others had failed, since this
 * was TRUE last: at most once a second. */
gboolean spead2_udp_writer_take_recovered (Spead2UdpWriter *writer);

/* The errno for which GSO was disabled for a destination, or 0. */
gint spead2_udp_writer_gso_errno (
    const Spead2UdpWriter *writer, guint destination);

/* The last such errno while it is disabled for any, or 0. */
gint spead2_udp_writer_any_gso_errno (const Spead2UdpWriter *writer);

/* Why heaps for a destination are copied: a sentence (interned). NULL while they are not
 * copied, or while nothing has been sent that shows whether they are. */
const gchar *spead2_udp_writer_zerocopy_reason (
    const Spead2UdpWriter *writer, guint destination);

G_END_DECLS

#endif /* SPEAD2_UDPWRITER_H */
