/* A run of heaps to packets: header bytes, and where the payload lies.
 *
 * Pure: no I/O, no clock, no allocation. packetconfig.h says what the header of a
 * packet is, and how much payload goes with it.
 *
 * Rules, as every SPEAD receiver expects them and spead2 sends them:
 * - Items go in the first packet, and in as many of the next as they need;
 *   with repeat_pointers all of them go in every packet. With these, or a fixed
 *   payload, the first one must hold all.
 * - Each packet is filled to the packet size rounded down to a multiple of 8,
 *   or to the size that makes all packets of the heap equal, or with a fixed
 *   number of payload bytes; the last one of a heap has any length.
 * - Every packet carries payload. A heap with too little of it for its packets
 *   gets zeros behind its data, and a NULL pointer that ends the last item.
 *
 * The heaps of a run follow each other, each in as many packets as the others, of the same
 * sizes. Where a heap is one packet, those of several heaps are written together, unless
 * they go to several destinations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PACKETIZER_H
#define SPEAD2_PACKETIZER_H

#include <sys/uio.h>

#include "spead2/wire/flavour.h"
#include "spead2/heap/heap.h"
#include "spead2/heap/packetconfig.h"

G_BEGIN_DECLS

/* Most iovecs of one packet: the kernel's UIO_MAXIOV. A packet whose payload
 * lies in more pieces is gathered into the caller's scratch memory. */
#define SPEAD2_PACKET_MAX_IOV 1024

/* The next packet of a run, before it is written. */
typedef struct {
  gsize size;         /* bytes of UDP payload */
  gsize payload_size; /* bytes of heap payload in it */
  gsize scratch_size; /* bytes that spead2_packetizer_write() writes; 0: its
                       * header goes in front of the payload, where that lies */
  guint n_iov;        /* iovecs that it fills, at most */
  guint n_items;      /* item pointers */
  gboolean is_heap;   /* it is all of its heap, without zeros */
  guint n_alike; /* packets from this one on that are of its size and differ in
                  * their payload and few pointers: at least 1 */
} Spead2Packet;

typedef struct {
  const Spead2PacketConfig *config;
  const Spead2Heap *heap;
  gsize packet_size; /* that packets are filled to */
  guint destination; /* of the packets: index into the sender's destinations */
  guint64 cnt_step;  /* of the heap counter, from heap to heap */
  guint64 length;    /* of each heap on the wire: payload and zeros */
  guint n_items;     /* item pointers of each heap, the closing NULL included */

  guint64 number; /* packets already written */
  /* The heap of the next packet. */
  guint index;    /* in the run */
  guint64 cnt;    /* its counter on the wire */
  guint64 offset; /* payload bytes in packets already written */
  guint item;     /* item pointers in packets already written */
  guint span;     /* where the payload of the next packet begins */
  gsize span_offset;
  Spead2Packet next;
} Spead2Packetizer;

/* Whether the heap can be sent at all: FALSE with SPEAD2_ERROR_INVALID when
 * not all pointers fit where they must, the heap with its zeros is too long for
 * the flavour, or when it needs more than the one packet that the header is
 * for. */
gboolean spead2_packetizer_check (
    const Spead2PacketConfig *config, const Spead2Heap *heap, GError **error);

/* Begins a run that passed the check. config and heap are borrowed. cnt, cnt_step and
 * destination are the run's, unless the caller sets others. */
void spead2_packetizer_start (Spead2Packetizer *packetizer,
    const Spead2PacketConfig *config, const Spead2Heap *heap);

/* The next packet, or NULL behind the last. The same until it is written. */
static inline const Spead2Packet *
spead2_packetizer_peek (const Spead2Packetizer *packetizer)
{
  return packetizer->next.size > 0 ? &packetizer->next : NULL;
}

/* Writes the next n packets, 1 to n_alike: for each of them scratch_size bytes
 * at scratch and n_iov entries at iov, the first of which points at its part of
 * scratch; where that is 0, one entry for all. Both stay in use until the packets
 * have been sent. Goes on to the packet behind them, and returns how many entries
 * were filled. */
guint spead2_packetizer_write (
    Spead2Packetizer *packetizer, guint n, guint8 *scratch, struct iovec *iov);

/* How many packets each heap of the run has. */
guint64 spead2_packetizer_n_packets (
    const Spead2PacketConfig *config, const Spead2Heap *heap);

/* Bytes of UDP payload of n of a heap's packets, from number first on. */
guint64 spead2_packetizer_bytes (const Spead2PacketConfig *config,
    const Spead2Heap *heap, guint64 first, guint64 n);

G_END_DECLS

#endif /* SPEAD2_PACKETIZER_H */
