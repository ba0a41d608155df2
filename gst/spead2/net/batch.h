/* Collects packets into messages, for one call of sendmmsg().
 *
 * A batch is filled with the packets of heaps. Those of one destination stay in order:
 * consecutive ones of one size share a message, whichever heap they belong to, and the
 * kernel splits it into packets (UDP_SEGMENT, "GSO"); only the last of them may be smaller.
 * Packets to other destinations that come between them go in messages of their own. Each
 * message refers to its heaps' tx states, which its sender updates.
 *
 * Pure: no system call, no clock, and no allocation but in spead2_batch_init().
 * A batch belongs to one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_BATCH_H
#define SPEAD2_BATCH_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "spead2/net/endpoint.h"
#include "spead2/heap/packetizer.h"
#include "spead2/net/txstate.h"

G_BEGIN_DECLS

/* Most messages of a batch. */
#define SPEAD2_BATCH_MESSAGES 64
/* Most bytes of a batch: a heap of 1 MiB with its headers, in messages of the largest
 * size. */
#define SPEAD2_BATCH_BYTES (17 * 65536)
/* Most packets of a message: UDP_MAX_SEGMENTS of every kernel with GSO. */
#define SPEAD2_MESSAGE_PACKETS 64
/* A single packet of so many bytes is a message with UDP_SEGMENT, too: the kernel then copies
 * it to pages that the thread has at hand. Without, it allocates memory in one piece, which
 * takes a seventh of the time of the call where that, with the kernel's own structure, is more
 * than the 8 KiB that it has caches for. */
#define SPEAD2_MIN_PAGED_PACKET 7800
/* Of larger ones no two share a message. */
#define SPEAD2_MAX_SHARING_PACKET (65507 / 2)

/* Bytes are of UDP payload. */
typedef struct {
  guint destination;
  guint n_packets;
  guint max_packets; /* 1 without GSO */
  gboolean paged;    /* has UDP_SEGMENT even as a single large packet */
  gsize packet_size; /* of all packets but the last, which may be smaller */
  gsize size;
  struct iovec *iov;   /* space for SPEAD2_PACKET_MAX_IOV */
  Spead2TxSpan *spans; /* and for SPEAD2_MESSAGE_PACKETS */
  guint n_iov;
  guint n_spans;
  guint n_fragments; /* pages of its pieces, at most; only with limits */
} Spead2Message;

/* Whether it is a message with UDP_SEGMENT. */
static inline gboolean
spead2_message_has_gso (const Spead2Message *message)
{
  return message->n_packets > 1 ||
      (message->paged && message->size >= SPEAD2_MIN_PAGED_PACKET &&
          message->size <= SPEAD2_MAX_SHARING_PACKET);
}

/* Control messages with UDP_SEGMENT, and IP_PKTINFO or IPV6_PKTINFO. */
typedef union {
  gchar bytes[CMSG_SPACE (sizeof (guint16)) +
      CMSG_SPACE (sizeof (struct in6_pktinfo))];
  struct cmsghdr align;
} Spead2MessageControl;

/* Limits of a batch whose memory the kernel reads where it lies. */
typedef struct {
  guint max_messages; /* at least 1 */
  /* of a message, at least 1: huge pages that it lies on */
  guint max_fragments;
  /* Reserves memory for packet headers of the batch; NULL: none is free. */
  guint8 *(*reserve) (gpointer user_data, gsize size);
  gpointer user_data;
} Spead2BatchLimits;

typedef struct {
  gboolean gso;   /* packets may share a message */
  gboolean paged; /* see Spead2Message; FALSE without gso */
  /* If the batch has a message with that number for this destination, it is the last one. */
  guint last_message;
} Spead2BatchDestination;

/* The owner may read all of it, and changes it with the functions below only; the kernel
 * writes into headers. */
typedef struct {
  const Spead2Endpoint *endpoints;      /* (borrowed) */
  Spead2BatchDestination *destinations; /* by their index in endpoints */
  guint n_destinations;
  const GArray *ifaces; /* (borrowed, Spead2Iface) or NULL: the socket's */
  struct in_addr source;
  gsize max_message;
  guint64 max_bytes;
  const Spead2BatchLimits *limits; /* (borrowed) or NULL: it is copied */

  guint64 bytes;
  Spead2Message messages[SPEAD2_BATCH_MESSAGES];
  guint n_messages;

  /* Each message has its part, by its number. */
  struct iovec *iovs;
  Spead2TxSpan *spans;
  guint8 *scratch; /* SPEAD2_BATCH_BYTES for packet headers */
  gsize scratch_used;

  struct mmsghdr headers[SPEAD2_BATCH_MESSAGES];
  Spead2MessageControl controls[SPEAD2_BATCH_MESSAGES];
} Spead2Batch;

/* An empty batch. A packet's destination is an index into endpoints, which are
 * borrowed, and all of which have GSO. max_message: most bytes of a message, at
 * least those of a packet. */
void spead2_batch_init (Spead2Batch *batch, const Spead2Endpoint *endpoints,
    guint n_destinations, gsize max_message);

/* Other destinations, at least as many as before, for an empty batch. Those that are new
 * have GSO. */
void spead2_batch_set_destinations (
    Spead2Batch *batch, const Spead2Endpoint *endpoints, guint n_destinations);

/* Messages to multicast groups leave by one of these interfaces (Spead2Iface, borrowed):
 * their destination's index, modulo the number of interfaces, is the interface's. An IPv6
 * group whose address names its interface leaves by that. NULL: by the socket's. source: what
 * the socket is bound to, or 0.0.0.0; IPv4 packets then come from the interface's address. */
void spead2_batch_set_ifaces (
    Spead2Batch *batch, const GArray *ifaces, struct in_addr source);

/* Frees what init allocated. */
void spead2_batch_clear (Spead2Batch *batch);

/* Without GSO each packet to the destination is a message of its own, from the next
 * message on. */
void spead2_batch_set_gso (Spead2Batch *batch, guint destination, gboolean on);

/* Single packets to the destination have no UDP_SEGMENT, from the next message on, until GSO is
 * set. */
void spead2_batch_unset_paged (Spead2Batch *batch, guint destination);

/* Begins an empty batch of at most max_bytes, but at least one packet, with no
 * limits. */
void spead2_batch_begin (Spead2Batch *batch, guint64 max_bytes);

/* Removes all messages and the limits. */
void spead2_batch_empty (Spead2Batch *batch);

/* For an empty batch: all that is added lies in memory that the kernel reads there. limits
 * are borrowed until it is empty again. */
void spead2_batch_set_limits (
    Spead2Batch *batch, const Spead2BatchLimits *limits);

/* Adds the packetizer's next packets that are alike, or those of them that fit one message:
 * they are counted as in flight in tx from then on. FALSE: the batch is full, and nothing was
 * added. If nothing can be reserved for the first packet of a batch with limits, the limits
 * are removed. */
gboolean spead2_batch_add (
    Spead2Batch *batch, Spead2Packetizer *packetizer, Spead2TxState *tx);

/* Whether the packetizer's next packet fits the last message for its destination. */
gboolean spead2_batch_fits (
    Spead2Batch *batch, const Spead2Packetizer *packetizer);

/* Writes headers, one for each message. They point into the batch. */
void spead2_batch_write_headers (Spead2Batch *batch);

/* The packets of a message, each as a message with its heap's span. */
typedef struct {
  guint n;
  Spead2Message messages[SPEAD2_MESSAGE_PACKETS];
  struct mmsghdr headers[SPEAD2_MESSAGE_PACKETS];
  Spead2TxSpan spans[SPEAD2_MESSAGE_PACKETS];
  /* A packet begins within another's iovec, at worst. */
  struct iovec iovs[SPEAD2_PACKET_MAX_IOV + SPEAD2_MESSAGE_PACKETS];
  Spead2MessageControl control; /* of each of them */
} Spead2PlainMessages;

/* Splits one of the batch's messages; the batch is not changed. */
void spead2_batch_split (const Spead2Batch *batch, const Spead2Message *message,
    Spead2PlainMessages *plain);

G_END_DECLS

#endif /* SPEAD2_BATCH_H */
