/* Packets to the kernel: the only module that sends.
 *
 * A writer collects packets into a batch of messages (batch.h) and hands the batch
 * over with sendmmsg. What to do about each errno stands in udpwriter.c.
 *
 * With zero copy, heaps of pages that can be registered go through an io_uring
 * instead. Such a batch is sent as any other, and its packets stay in flight
 * until the kernel has released their memory.
 *
 * A writer belongs to one thread, but for spead2_udp_writer_set_deadline(),
 * spead2_udp_writer_wake() and spead2_udp_writer_probe(), which any thread may
 * call. Times are of spead2_now(), in ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_UDPWRITER_H
#define SPEAD2_UDPWRITER_H

#include "spead2/error.h"
#include "spead2/net/endpoint.h"
#include "spead2/heap/packetizer.h"
#include "spead2/net/zerocopy.h"

G_BEGIN_DECLS

typedef struct {
  guint64 packets;  /* accepted by the kernel */
  guint64 bytes;    /* of UDP payload in them */
  guint64 messages; /* that carried them */
  guint64 calls;    /* of sendmmsg */
  guint64 waits;    /* for room in the kernel: EAGAIN, ENOBUFS, ENOMEM */
  guint64 gso_off;  /* times that GSO was switched off for a destination */
  guint64 zerocopy_messages;            /* of them, that were not copied */
  guint64 errors[SPEAD2_MAX_ERRNO + 1]; /* by errno, ICMP errors included */
} Spead2WriterCounters;

typedef struct _Spead2UdpWriter Spead2UdpWriter;

/* Both are borrowed: the descriptor is not closed. At least one destination,
 * all of one family. Fails with SPEAD2_ERRNO (no descriptor left). */
Spead2UdpWriter *spead2_udp_writer_new (gint fd,
    const Spead2Endpoint *destinations, guint n_destinations, GError **error);

void spead2_udp_writer_free (Spead2UdpWriter *writer);

/* Begins an empty batch of at most max_bytes, but at least one packet. Without
 * may_wait its deadline has passed. */
void spead2_udp_writer_begin (
    Spead2UdpWriter *writer, guint64 max_bytes, gboolean may_wait);

/* Adds the packetizer's next packets, as many as are alike and go into one
 * message: their bytes are in flight in tx from then on. FALSE when the
 * batch has no room for the first. */
gboolean spead2_udp_writer_add (
    Spead2UdpWriter *writer, Spead2Packetizer *packetizer, Spead2TxState *tx);

/* Bytes of the batch. */
guint64 spead2_udp_writer_size (const Spead2UdpWriter *writer);

/* Sends the batch. Returns when each packet of it was accepted, refused or
 * given up, and says so in the tx states. Waits as long as the kernel has no
 * room, until the deadline; a packet that need not wait is sent in any case. */
void spead2_udp_writer_send (Spead2UdpWriter *writer);

/* Gives the batch up: nothing of it is sent, and its tx states get ECANCELED. */
void spead2_udp_writer_abandon (Spead2UdpWriter *writer);

/* Has every packet be a message of its own from now on. */
void spead2_udp_writer_disable_gso (Spead2UdpWriter *writer);

/* Opens an io_uring for heaps on huge pages. Whether it is used after all, see
 * spead2_udp_writer_zerocopy_reason(). always: also where the socket's buffer has
 * no room for several messages that are not copied, and copying may be faster. */
void spead2_udp_writer_use_zerocopy (Spead2UdpWriter *writer, gboolean always);

/* How many messages the kernel has not released yet. */
guint spead2_udp_writer_unreleased (const Spead2UdpWriter *writer);

/* Sleeps until some of them are released, a time of the monotonic clock (ns) has
 * come, or spead2_udp_writer_wake() was called. Transfers are up to date then. */
void spead2_udp_writer_wait_released (Spead2UdpWriter *writer, guint64 time);

/* Ends a wait of the writer's thread. Any thread. */
void spead2_udp_writer_wake (Spead2UdpWriter *writer);

/* Messages that were released since the last call. */
guint spead2_udp_writer_take_released (Spead2UdpWriter *writer);

/* Waits no longer for what the kernel has not released: those tx states are
 * marked held, and nothing of them is in flight. Returns the ring, which must be
 * freed, and the heaps' memory kept, with spead2_uring_defer_free(). There must be
 * such messages. Zero copy is off until spead2_udp_writer_probe(). */
Spead2Uring *spead2_udp_writer_abandon_unreleased (Spead2UdpWriter *writer);

/* Sleeps until a time of the monotonic clock (ns), or shorter if messages were
 * released or spead2_udp_writer_wake() was called. FALSE as soon as it is known that
 * the deadline comes before it. */
gboolean spead2_udp_writer_sleep_until (Spead2UdpWriter *writer, guint64 time);

/* From when on waiting is over, in ns of the monotonic clock: now and later
 * waits end there. 0 ends them at once, G_MAXUINT64 never. Any thread. */
void spead2_udp_writer_set_deadline (Spead2UdpWriter *writer, guint64 deadline);

/* Whether the deadline has passed. */
gboolean spead2_udp_writer_expired (Spead2UdpWriter *writer);

/* Tries GSO and zero copy again from the next batch on where the kernel refused
 * them. Any thread. */
void spead2_udp_writer_probe (Spead2UdpWriter *writer);

const Spead2WriterCounters *spead2_udp_writer_counters (
    const Spead2UdpWriter *writer);

/* How many of the counters' errors are a destination's. */
guint64 spead2_udp_writer_errors (
    const Spead2UdpWriter *writer, guint destination);

/* ICMP errors that came back for earlier packets since the last call: how many,
 * and what the last one was (0: none came). The stream is not stopped by them. */
guint spead2_udp_writer_take_icmp_errors (
    Spead2UdpWriter *writer, gint *errnum);

/* The errno for which a destination does without GSO, or 0. */
gint spead2_udp_writer_gso_errno (
    const Spead2UdpWriter *writer, guint destination);

/* Why heaps for a destination are copied: a sentence that lives as long as the
 * process; NULL while they are not, or nothing has been sent yet. */
const gchar *spead2_udp_writer_zerocopy_reason (
    const Spead2UdpWriter *writer, guint destination);

G_END_DECLS

#endif /* SPEAD2_UDPWRITER_H */
