/* A heap that was received: whole, or as much of it as came; or a run of such heaps.
 *
 * The assembler makes it, and hands it over to its owner. From then on one thread
 * at a time may read it, change what it has of memory, and free it, whichever
 * thread that is; spead2_assembler_recycle() takes it back instead, in the
 * assembler's thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_RECEIVED_HEAP_H
#define SPEAD2_RECEIVED_HEAP_H

#include <gst/gst.h>
#include <sys/socket.h>

#include "spead2/wire/packet.h"
#include "spead2/receive/ranges.h"

G_BEGIN_DECLS

/* Memory for the payload of one heap, which the assembler borrows from its owner
 * (Spead2HeapMemoryOwner). */
typedef struct {
  guint8 *data;
  gsize size; /* bytes that may be written at data */
  /* The owner's own: a GstBuffer, for example, and how it is mapped. */
  gpointer token;
  GstMapInfo map;
} Spead2HeapMemory;

/* How a heap ended. */
typedef enum {
  /* Every byte of it has come. Where no packet said its length: all of what was
   * seen of it, from byte 0 on, when it was given up. */
  SPEAD2_HEAP_COMPLETE,
  /* Given up, with bytes missing: */
  SPEAD2_HEAP_EVICTED, /* for newer ones: max_heaps or max_live_bytes */
  SPEAD2_HEAP_TIMEOUT, /* heap_timeout passed after its last packet */
  /* The stream ended: spead2_assembler_flush(), or a stop heap where no packet said
   * the length. */
  SPEAD2_HEAP_STOPPED,
  SPEAD2_HEAP_FLUSHED, /* the same, for a flush */
  SPEAD2_N_HEAP_ENDS
} Spead2HeapEnd;

/* A word for counters: "complete", "evicted" ...; static. */
const gchar *spead2_heap_end_name (Spead2HeapEnd end);

typedef enum {
  /* One packet carried the whole heap. */
  SPEAD2_RECEIVED_SINGLE = 1 << 0,
  /* Stream control that came with it: STREAM_CTRL start, stop. */
  SPEAD2_RECEIVED_START = 1 << 1,
  SPEAD2_RECEIVED_STOP = 1 << 2,
  /* It has descriptors (addressed items 0x05). */
  SPEAD2_RECEIVED_DESCRIBES = 1 << 3,
  /* No packet said its length. */
  SPEAD2_RECEIVED_UNSIZED = 1 << 4,
  /* Its first packet does not match the rule: its payload was not kept. */
  SPEAD2_RECEIVED_REFUSED = 1 << 5
} Spead2ReceivedFlags;

/* Bytes at which the first byte of an item is aligned. */
#define SPEAD2_PAYLOAD_ALIGNMENT 64

#define SPEAD2_INLINE_POINTERS 16

/* Of a packet with which a heap might have more, the heap counts as too large. */
#define SPEAD2_MAX_HEAP_POINTERS 65536

typedef struct _Spead2ReceivedHeap Spead2ReceivedHeap;

/* For reading, beside next and memory. */
struct _Spead2ReceivedHeap {
  Spead2ReceivedHeap *next; /* in the list that it is in, or NULL */
  guint64 cnt;
  Spead2Flavour flavour;
  Spead2HeapEnd end;
  guint flags; /* Spead2ReceivedFlags */

  /* Above 1, a run: so many complete heaps of one packet each, one after another as they
   * came. The fields describe the first heap; number k of the others has the same but for
   * its counter, cnt + k * cnt_step, its pointers, pointers[i] + k * steps[i] (of
   * immediates, which keep their ids), and its payload, behind that of the one before.
   * Only last_time is that of the last one. */
  guint n_heaps;
  guint64 cnt_step; /* modulo 2^64, as steps */

  /* Bytes of payload: HEAP_LENGTH, or with SPEAD2_RECEIVED_UNSIZED the end of what
   * has come. */
  guint64 length;
  guint64 received;    /* bytes of it that have come */
  Spead2Ranges ranges; /* and which */

  /* The payload's first byte, memory.data; length bytes may be read there. What has
   * not come is not initialised: see spead2_received_heap_missing(). NULL where the
   * heap has no memory: with a length of 0, or of a heap that was given up while
   * those which had not been taken yet had as much memory as live ones may have.
   * The owner was asked to align the first byte of the item that
   * spead2_assembler_set_align_id() chose, if the first packet seen had its pointer, and
   * otherwise that of the payload. */
  guint8 *payload;
  /* The owner's. Who takes it out sets its data to NULL, and payload is then
   * only valid as long as the owner keeps the memory. */
  Spead2HeapMemory memory;

  /* Item pointers, immediates and addressed ones, as encoded for the flavour, in
   * the order in which they came first; each 64 bits once. Not the standard four.
   * spead2_item_views_read() makes items of them. */
  guint64 *pointers;
  guint n_pointers;
  guint64 steps[SPEAD2_INLINE_POINTERS]; /* of a run */

  /* When its first and its last packet came, as told to the assembler. */
  guint64 first_time;
  guint64 last_time;
  /* Who sent its first packet, as spead2_assembler_set_sender() said: AF_UNSPEC where it
   * did not. */
  struct sockaddr_storage sender;

  /*< private >*/
  guint allocated_pointers; /* entries of pointers; 0: the inline ones */
  guint32 *pointer_table; /* (owned) hash of pointers, where they are not few */
  guint64 seed;           /* of the hash, odd */
  guint64 inline_pointers[SPEAD2_INLINE_POINTERS];
  guint64 capacity; /* bytes of memory from payload on that it has asked for */
  Spead2ReceivedHeap *newer, *older; /* of the live ones, by last_time */
  Spead2ReceivedHeap *hash_next;
};

/* What a heap counts in limits of memory, bytes: its payload, and what it has of
 * pointers beyond a few; 1 KiB at least, which the smallest takes in structures. A run
 * counts as its heaps. */
guint64 spead2_received_heap_cost (const Spead2ReceivedHeap *heap);

/* How many ranges of the payload are missing, and which: at most as many as
 * heap->ranges.n + 1 are written, in order. missing may be NULL. */
guint spead2_received_heap_missing (
    const Spead2ReceivedHeap *heap, Spead2Range *missing);

/* Takes the first n heaps, at least 1, off a run of more: a heap, or a run, of its own. The
 * memory of all remains the rest's, for the caller to share. */
Spead2ReceivedHeap *spead2_received_heap_split (
    Spead2ReceivedHeap *run, guint n);

/* Takes the first n heaps, fewer than all, off a run, to nowhere. Their memory remains. */
void spead2_received_heap_skip (Spead2ReceivedHeap *run, guint n);

/* Frees the heap (or nothing, of NULL), and none of the others in its list. Its
 * memory must have been taken out. */
void spead2_received_heap_free (Spead2ReceivedHeap *heap);

/* For the assembler. A heap without payload and pointers. seed is odd, and unknown
 * to those who send. */
Spead2ReceivedHeap *spead2_received_heap_new (guint64 seed);

/* Makes an ended heap a new one. */
void spead2_received_heap_reset (Spead2ReceivedHeap *heap);

/* Adds those pointers of a packet that are items and not in the heap yet, and the
 * flags that follow from them. There must be space for them all. */
void spead2_received_heap_add_pointers (
    Spead2ReceivedHeap *heap, const Spead2PacketView *view);

G_END_DECLS

#endif /* SPEAD2_RECEIVED_HEAP_H */
