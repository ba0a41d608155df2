/* Packets to heaps.
 *
 * Datagrams go in, in any order, with any loss, duplicated, of many heaps at a
 * time; heaps come out, as a list that is taken once a drain of the socket. Each
 * payload is copied once, into memory that the assembler's owner provides. Time is
 * passed in: the module has no socket, no thread and no clock.
 *
 * A heap is live from its first packet, whichever one that is, until all of it has
 * come or it is given up: when more than max_heaps are live the one whose last packet
 * came first, or heap_timeout after its last packet. So heaps that are begun and never
 * continued, lost ones or hostile ones, go before those that make progress. A heap of
 * one packet is complete at once, takes no place and has no other one given up. A heap
 * of which no packet says the length ends when it is given up, or with the next complete
 * stop heap, in front of it. Heaps that have ended are
 * remembered for a while, so that packets which come again or too late begin no
 * heap: they are counted as duplicate (it was complete) or late (it was given up).
 *
 * Heaps come out in the order in which they end. An order by counter or index is
 * made of that list elsewhere, by whoever can wait for it.
 *
 * What the network says is checked before it costs anything: memory is asked for
 * only for a length within max_heap_size, and never more than max_live_bytes for all
 * live heaps; one heap has at most SPEAD2_MAX_RANGES pieces and
 * SPEAD2_MAX_HEAP_POINTERS pointers. In the steady state nothing is allocated:
 * heaps are recycled.
 *
 * One assembler belongs to one thread, and has no lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ASSEMBLER_H
#define SPEAD2_ASSEMBLER_H

#include "spead2/wire/packet.h"
#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

typedef struct {
  Spead2PacketRules rules;
  /* Bytes of payload that a heap may have; more is refused as too large. */
  guint64 max_heap_size;
  /* Bytes of memory that all live heaps may have: when a new one needs more, others
   * are given up in the same order. At least max_heap_size and
   * SPEAD2_PAYLOAD_ALIGNMENT. */
  guint64 max_live_bytes;
  guint max_heaps; /* live ones, at least 1 */
  /* ns after its last packet in which a heap is given up; 0: never. */
  guint64 heap_timeout;
  /* How many heaps that have ended are remembered, at most 65535, and for how many
   * ns (0: without a limit). A sender that begins anew within that time, with the
   * same counters and no stop heap in between, is taken for duplicates. Of heaps of
   * one packet the header is remembered, too, so that those which differ in an item
   * (a channel, a polarisation) may share a counter. 0: nothing is remembered. */
  guint n_remembered;
  guint64 remember_time;
} Spead2AssemblerConfig;

/* Where payloads lie. Called within spead2_assembler_*(), in its thread. */
typedef struct {
  /* Memory of at least size bytes, which need not be initialised; or FALSE where there
   * is none, which counts the packet as no-memory. Its first byte lies at phase modulo
   * SPEAD2_PAYLOAD_ALIGNMENT where the owner can do that: the first byte of the item
   * that is to be aligned is then at a multiple of it. */
  gboolean (*acquire) (
      gpointer user_data, gsize size, guint phase, Spead2HeapMemory *memory);
  /* Memory that no heap needs any more: of a heap that was recycled or freed
   * within the assembler with it, or that has grown. */
  void (*release) (gpointer user_data, Spead2HeapMemory *memory);
  gpointer user_data;
} Spead2HeapMemoryOwner;

/* What becomes of a packet, once it is one. */
typedef enum {
  SPEAD2_PACKET_ACCEPTED,
  SPEAD2_PACKET_DUPLICATE, /* its bytes had come before, or all of its heap */
  SPEAD2_PACKET_OVERLAP,   /* some of its bytes had */
  /* Its flavour, heap length or end contradicts other packets of its heap. */
  SPEAD2_PACKET_INCONSISTENT,
  SPEAD2_PACKET_LATE,      /* of a heap that was given up */
  SPEAD2_PACKET_TOO_LARGE, /* its heap would exceed a limit of the above */
  SPEAD2_PACKET_NO_MEMORY, /* the owner had none for its heap */
  SPEAD2_N_PACKET_FATES
} Spead2PacketFate;

/* A word for counters: "accepted", "duplicate" ...; static. */
const gchar *spead2_packet_fate_name (Spead2PacketFate fate);

/* What has happened since the beginning. They balance, at any time:
 *   datagrams = all of refused + all of packets
 *   heaps_started = all of heaps_ended + live heaps */
typedef struct {
  guint64 datagrams;
  guint64 bytes; /* of datagrams, headers and refused ones included */
  guint64 refused[SPEAD2_N_REFUSALS];
  guint64 packets[SPEAD2_N_PACKET_FATES];
  guint64 payload_bytes;                   /* of accepted packets */
  guint64 heaps_started;                   /* those of one packet included */
  guint64 heaps_ended[SPEAD2_N_HEAP_ENDS]; /* complete, or how given up */
  guint64 single_packet_heaps;             /* of those that are complete */
} Spead2AssemblerCounters;

typedef struct _Spead2Assembler Spead2Assembler;

/* Both are copied. Never fails; limits outside of what stands there are a mistake of
 * the caller. */
Spead2Assembler *spead2_assembler_new (
    const Spead2AssemblerConfig *config, const Spead2HeapMemoryOwner *owner);

/* Live heaps, and ended ones that were not taken, are released and not counted. */
void spead2_assembler_free (Spead2Assembler *assembler);

/* Which addressed item of heaps that begin from now on is aligned; SPEAD2_ID_NULL,
 * the default: the first one that is no descriptor. */
void spead2_assembler_set_align_id (Spead2Assembler *assembler, guint64 id);

/* Who sends the datagrams from now on, as the kernel writes it, for heaps that begin with
 * one of them. NULL, the default: not known. It is borrowed until the next call. */
void spead2_assembler_set_sender (
    Spead2Assembler *assembler, const struct sockaddr_storage *sender);

/* One datagram, that came at `now` (any clock, in ns, that does not go back). It is
 * not needed after the call. */
void spead2_assembler_push (
    Spead2Assembler *assembler, const guint8 *data, gsize size, guint64 now);

/* Counts a datagram of which the reader had only `size` bytes, without looking at
 * them. */
void spead2_assembler_push_truncated (Spead2Assembler *assembler, gsize size);

/* Gives up the heaps whose timeout has come. Returns when it is to be called
 * again, or G_MAXUINT64 where nothing waits. Cheap: may be called each drain. */
guint64 spead2_assembler_expire (Spead2Assembler *assembler, guint64 now);

/* Gives up all live heaps, SPEAD2_HEAP_STOPPED or SPEAD2_HEAP_FLUSHED; packets of
 * theirs that still come are late. */
void spead2_assembler_flush (Spead2Assembler *assembler, Spead2HeapEnd end);

/* Forgets which heaps have ended: the counters of a sender that begins anew are
 * new. A complete stop heap does the same, all but itself. */
void spead2_assembler_forget (Spead2Assembler *assembler);

/* The heaps that have ended since the last call, in that order, or NULL. They, and
 * their memory, are the caller's. */
Spead2ReceivedHeap *spead2_assembler_take (Spead2Assembler *assembler);

/* Takes back a list of heaps (or NULL), to make others of. Memory that is still in
 * them is released. */
void spead2_assembler_recycle (
    Spead2Assembler *assembler, Spead2ReceivedHeap *heaps);

/* Valid as long as the assembler is, and changed by its other functions. */
const Spead2AssemblerCounters *spead2_assembler_counters (
    const Spead2Assembler *assembler);

guint spead2_assembler_n_live (const Spead2Assembler *assembler);

/* Bytes of memory that live heaps have. */
guint64 spead2_assembler_live_bytes (const Spead2Assembler *assembler);

/* For tests: NULL if the counters balance, or else which sum does not; the caller
 * frees it. */
gchar *spead2_assembler_imbalance (const Spead2Assembler *assembler);

G_END_DECLS

#endif /* SPEAD2_ASSEMBLER_H */
