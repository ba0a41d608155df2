/* Packets to heaps.
 *
 * Input: UDP datagrams, in any order, with losses and duplicates, of many heaps at
 * the same time. Output: a list of heaps, in the order in which they ended. Each
 * payload is copied once, into memory of the owner. Times are parameters: the module
 * has no socket, thread or clock.
 *
 * A heap is "live" from its first packet, whichever one that is, until it ends:
 *   complete    all of its bytes were received
 *   evicted     a new heap exceeds max_heaps or max_live_bytes: of the live heaps, those
 *               end whose last packet is the oldest
 *   timeout     its last packet is older than heap_timeout
 *   stopped, flushed  spead2_assembler_flush() was called
 * Heaps that get no more packets, be they lost or forged, therefore end before those
 * that do. A heap of a single packet is complete at once: it is never live, and
 * evicts no heap. A heap whose packets have no HEAP_LENGTH cannot be seen to be
 * complete. It ends in one of the other ways, or before the next complete stop heap;
 * if its first bytes up to the last ones received are there without a hole, it then
 * counts as complete.
 *
 * Ended heaps are remembered (n_remembered, remember_time), so that no later packet
 * of theirs starts a heap: it counts as duplicate if the heap was complete, otherwise
 * as late.
 *
 * Heaps of one packet that come one after another and differ by a few numbers make a run
 * (run.h), if that is wanted and their memory can be extended: one Spead2ReceivedHeap.
 *
 * Limits are checked before memory is acquired: a heap has at most max_heap_size
 * bytes, SPEAD2_MAX_RANGES ranges and SPEAD2_MAX_HEAP_POINTERS item pointers, and all
 * live heaps together have at most max_live_bytes. Heaps are recycled: once as many
 * exist as are needed, a packet causes no allocation. SPEAD2_MAX_UNUSED_HEAPS are kept:
 * more come back than were made where runs are split, or where several assemblers share the
 * heaps that come back.
 *
 * An assembler is used by one thread at a time, and has no lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ASSEMBLER_H
#define SPEAD2_ASSEMBLER_H

#include "spead2/wire/packet.h"
#include "spead2/net/places.h"
#include "spead2/receive/acceptrule.h"
#include "spead2/receive/heappool.h"

G_BEGIN_DECLS

typedef struct {
  Spead2PacketRules rules;
  /* Bytes of payload of a heap, at most. A packet of a larger one is too large. */
  guint64 max_heap_size;
  /* Bytes of memory of all live heaps, at most. If a new heap needs more, the one of
   * the 16 least recently continued heaps is given up that has the most memory for
   * bytes that have not arrived. At least max_heap_size +
   * SPEAD2_PAYLOAD_ALIGNMENT. */
  guint64 max_live_bytes;
  guint max_heaps; /* number of live heaps, at most; at least 1 */
  /* ns from the last packet of a live heap to its end; 0: no limit. */
  guint64 heap_timeout;
  /* Number of ended heaps that are remembered, 0 to 65535, and for how many ns (0: no
   * limit). If a sender restarts within that time with the same heap counters, and
   * sent no stop heap before, its packets count as duplicate. A heap of a single
   * packet is remembered by its header, so that heaps may have the same counter if
   * they differ in an item (a channel, a polarisation). */
  guint n_remembered;
  guint64 remember_time;
  /* Heaps whose first packet it refuses are assembled without memory, with
   * SPEAD2_RECEIVED_REFUSED. Borrowed as long as the assembler; NULL: none. */
  const Spead2AcceptRule *accept;
  /* Heaps of a run, and bytes of their payload, at most. 0: all heaps come one by one, as
   * they do with accept, and with spead2_assembler_set_sender(). */
  guint run_heaps;
  guint64 run_bytes;
} Spead2AssemblerConfig;

/* The result for a datagram that spead2_packet_parse() accepts as a packet. */
typedef enum {
  SPEAD2_PACKET_ACCEPTED,
  SPEAD2_PACKET_DUPLICATE, /* all of its bytes, or its heap, were received before */
  SPEAD2_PACKET_OVERLAP, /* some of its bytes were received before */
  /* Its flavour, heap length or end contradicts other packets of its heap. */
  SPEAD2_PACKET_INCONSISTENT,
  SPEAD2_PACKET_LATE,      /* its heap has ended and was not complete */
  SPEAD2_PACKET_TOO_LARGE, /* its heap would exceed a limit */
  SPEAD2_PACKET_NO_MEMORY, /* the owner had no memory for its heap */
  SPEAD2_N_PACKET_FATES
} Spead2PacketFate;

/* "accepted", "duplicate" ..., as in the names of counters; static. */
const gchar *spead2_packet_fate_name (Spead2PacketFate fate);

/* Counters since spead2_assembler_new(). At any time:
 *   datagrams = sum of refused + sum of packets
 *   heaps_started = sum of heaps_ended + live heaps */
typedef struct {
  guint64 datagrams;
  guint64 bytes; /* of all datagrams: headers, payload, and refused ones */
  guint64 refused[SPEAD2_N_REFUSALS];
  guint64 packets[SPEAD2_N_PACKET_FATES];
  guint64 payload_bytes; /* of accepted packets */
  guint64 heaps_started; /* heaps of a single packet included */
  guint64 heaps_ended[SPEAD2_N_HEAP_ENDS];
  guint64 single_packet_heaps; /* included in heaps_ended, as complete */
} Spead2AssemblerCounters;

typedef struct _Spead2Assembler Spead2Assembler;

/* config and owner are copied. Never fails: the caller has checked the limits. */
Spead2Assembler *spead2_assembler_new (
    const Spead2AssemblerConfig *config, const Spead2HeapMemoryOwner *owner);

/* Frees live heaps, and ended ones that spead2_assembler_take() has not returned; they
 * are not counted. */
void spead2_assembler_free (Spead2Assembler *assembler);

/* The id of the addressed item that is aligned in memory, for heaps that start later.
 * SPEAD2_ID_NULL, the default: the first item that is not a descriptor. */
void spead2_assembler_set_align_id (Spead2Assembler *assembler, guint64 id);

/* The source address of the datagrams that are pushed next, as recvmsg() returns it. A
 * heap copies that of its first packet. NULL, the default: unknown. Borrowed until the
 * next call. */
void spead2_assembler_set_sender (
    Spead2Assembler *assembler, const struct sockaddr_storage *sender);

/* Processes a datagram. now: time of its arrival, ns of any monotonic clock. data is
 * borrowed for the call. */
void spead2_assembler_push (
    Spead2Assembler *assembler, const guint8 *data, gsize size, guint64 now);

/* Where the payload of packets belongs, of places->n at most, that continue the last one: of the
 * newest heap, and right behind it, or heaps that continue a run. FALSE: that is unknown, or the last one was not accepted. last is the
 * datagram that was pushed or placed last; its header is read, its payload is not. What
 * places has is valid until anything else is called. */
gboolean spead2_assembler_predict (Spead2Assembler *assembler,
    const guint8 *last, gsize size, Spead2Places *places);

/* As spead2_assembler_push() for n datagrams, at most places->n, with the headers that
 * spead2_assembler_predict() predicted, and their payload in its place. */
void spead2_assembler_push_placed (Spead2Assembler *assembler,
    const Spead2Places *places, guint n, guint64 now);

/* Counts a datagram of which only `size` bytes could be read, as refused. */
void spead2_assembler_push_truncated (Spead2Assembler *assembler, gsize size);

/* Ends heaps by heap_timeout. Returns the time at which it must be called again, or
 * G_MAXUINT64 if no heap has a timeout. Cheap enough for a call per read of the
 * socket. */
guint64 spead2_assembler_expire (Spead2Assembler *assembler, guint64 now);

/* Ends all live heaps, as SPEAD2_HEAP_STOPPED or SPEAD2_HEAP_FLUSHED. */
void spead2_assembler_flush (Spead2Assembler *assembler, Spead2HeapEnd end);

/* Forgets the ended heaps: a sender that restarts may use their counters again. A
 * complete stop heap has the same effect, and is itself remembered. */
void spead2_assembler_forget (Spead2Assembler *assembler);

/* Returns the heaps that have ended since the last call, in that order, or NULL
 * (transfer full, with their memory). */
Spead2ReceivedHeap *spead2_assembler_take (Spead2Assembler *assembler);

/* Returns heaps (a list, or NULL) for reuse: those of this assembler or another, or split
 * off them. Memory that they still have is released. */
void spead2_assembler_recycle (
    Spead2Assembler *assembler, Spead2ReceivedHeap *heaps);

/* Borrowed. Other functions of the assembler change them. */
const Spead2AssemblerCounters *spead2_assembler_counters (
    const Spead2Assembler *assembler);

guint spead2_assembler_n_live (const Spead2Assembler *assembler);

/* Bytes of memory of all live heaps. */
guint64 spead2_assembler_live_bytes (const Spead2Assembler *assembler);

/* For tests: heaps that are kept for reuse. */
guint spead2_assembler_n_unused (const Spead2Assembler *assembler);

/* For tests: NULL if the counters balance, otherwise the name of the sum that does not;
 * the caller frees it. */
gchar *spead2_assembler_imbalance (const Spead2Assembler *assembler);

G_END_DECLS

#endif /* SPEAD2_ASSEMBLER_H */
