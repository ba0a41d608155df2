/* Packets to messages: what one call of sendmmsg() is given.
 *
 * A batch is filled with the packets of heaps, in order. Consecutive packets of one
 * size to one destination share a message, whichever heap they belong to, and the
 * kernel cuts it apart again (UDP_SEGMENT, "GSO"); only the last of them may be
 * smaller. Each message names its heaps' tx states, so that its sender can say in
 * them what became of it.
 *
 * Pure: no system call, no clock, and no allocation but in spead2_batch_init().
 * A batch belongs to one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_BATCH_H
#define SPEAD2_BATCH_H

#include <sys/socket.h>

#include "spead2/net/endpoint.h"
#include "spead2/heap/packetizer.h"
#include "spead2/net/txstate.h"

G_BEGIN_DECLS

/* Most messages of a batch, one call of sendmmsg. */
#define SPEAD2_BATCH_MESSAGES 64
/* Most bytes of a batch: messages of the largest size, for a heap of 1 MiB with its
 * headers. */
#define SPEAD2_BATCH_BYTES (17 * 65536)
/* Most iovecs of a batch. */
#define SPEAD2_BATCH_IOVS (16 * SPEAD2_PACKET_MAX_IOV)
/* Most packets of a message: UDP_MAX_SEGMENTS of every kernel that has GSO. */
#define SPEAD2_MESSAGE_PACKETS 64

/* Bytes are of UDP payload. */
typedef struct {
  guint destination;
  guint n_packets;
  guint max_packets; /* 1 without GSO */
  gsize packet_size; /* of all packets but the last, which may be smaller */
  gsize size;
  struct iovec *iov;
  Spead2TxSpan *spans;
  guint n_iov;
  guint n_spans;
  guint n_fragments; /* pages of its pieces, at most; only with limits */
} Spead2Message;

/* A control message that carries UDP_SEGMENT. */
typedef union {
  gchar bytes[CMSG_SPACE (sizeof (guint16))];
  struct cmsghdr align;
} Spead2SegmentControl;

/* What a batch keeps to whose memory the kernel is to read where it lies. */
typedef struct {
  guint max_messages; /* at least 1 */
  guint
      max_fragments; /* of a message, at least 1: huge pages that it lies on */
  /* Memory for packet headers of the batch; NULL: none is free for now. */
  guint8 *(*reserve) (gpointer user_data, gsize size);
  gpointer user_data;
} Spead2BatchLimits;

/* Its owner may read all of it, and changes it by the functions below only; the
 * kernel may write into the headers. */
typedef struct {
  const Spead2Endpoint *destinations; /* (borrowed) */
  gboolean *gso; /* packets to that destination may share a message */
  gsize max_message;
  guint64 max_bytes;
  const Spead2BatchLimits *limits; /* (borrowed) or NULL: it will be copied */

  guint64 bytes;
  Spead2Message messages[SPEAD2_BATCH_MESSAGES];
  guint n_messages;

  /* Filled from the front, a message's part of each lying together. */
  struct iovec *iovs;
  guint n_iovs;
  Spead2TxSpan *spans;
  guint n_spans;
  guint8 *scratch; /* SPEAD2_BATCH_BYTES for packet headers */
  gsize scratch_used;

  struct mmsghdr headers[SPEAD2_BATCH_MESSAGES];
  Spead2SegmentControl controls[SPEAD2_BATCH_MESSAGES];
} Spead2Batch;

/* An empty batch. A heap's destination is an index into destinations, which are
 * borrowed, and all of which have GSO. max_message: most bytes of a message, at
 * least those of a packet. */
void spead2_batch_init (Spead2Batch *batch, const Spead2Endpoint *destinations,
    guint n_destinations, gsize max_message);

/* Frees what init allocated. */
void spead2_batch_clear (Spead2Batch *batch);

/* Without GSO each packet to the destination is a message of its own, from the next
 * message on. */
void spead2_batch_set_gso (Spead2Batch *batch, guint destination, gboolean on);

/* Begins an empty batch of at most max_bytes, but at least one packet, with no
 * limits. */
void spead2_batch_begin (Spead2Batch *batch, guint64 max_bytes);

/* Takes all messages out, and the limits off. */
void spead2_batch_empty (Spead2Batch *batch);

/* Of an empty batch: all that is added lies in memory that the kernel is to read
 * there. limits are borrowed until it is empty again. */
void spead2_batch_set_limits (
    Spead2Batch *batch, const Spead2BatchLimits *limits);

/* Adds the packetizer's next packets, as many as are alike and go into one message:
 * they are in flight in tx from then on. FALSE when the batch has no room for
 * the first; nothing has been added then. Where the batch is empty and its limits
 * reserve nothing, they are taken off. */
gboolean spead2_batch_add (
    Spead2Batch *batch, Spead2Packetizer *packetizer, Spead2TxState *tx);

/* Writes headers, one for each message. They point into the batch. */
void spead2_batch_write_headers (Spead2Batch *batch);

/* A message's packets, each a message with its heap's span. */
typedef struct {
  guint n;
  Spead2Message messages[SPEAD2_MESSAGE_PACKETS];
  struct mmsghdr headers[SPEAD2_MESSAGE_PACKETS];
  Spead2TxSpan spans[SPEAD2_MESSAGE_PACKETS];
  /* A packet begins within another's iovec, at worst. */
  struct iovec iovs[SPEAD2_PACKET_MAX_IOV + SPEAD2_MESSAGE_PACKETS];
} Spead2PlainMessages;

/* Takes one of the batch's messages apart; the batch stays as it is. */
void spead2_batch_split (const Spead2Batch *batch, const Spead2Message *message,
    Spead2PlainMessages *plain);

G_END_DECLS

#endif /* SPEAD2_BATCH_H */
