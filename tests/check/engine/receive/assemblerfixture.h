/* An assembler with memory that is counted, packets for it whose bytes say where
 * they belong, and what came out of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_ASSEMBLER_FIXTURE_H
#define SPEAD2_TESTS_ASSEMBLER_FIXTURE_H

#include "../packets.h"
#include "spead2/receive/assembler.h"

/* What setup() made; assembler_config is used by start_assembler(), which ends the
 * one before. */
extern Spead2AssemblerConfig assembler_config;
extern Spead2Assembler *assembler;
extern guint64 now;
extern Packet packet;

/* The memory that was asked for. */
extern guint n_blocks;      /* not released yet */
extern guint n_acquired;    /* ever */
extern guint64 block_bytes; /* of those not released */
extern guint64 max_block;   /* the largest that was asked for, bytes */
extern gboolean no_memory;

/* For a fixture: four live heaps of at most 1 MiB, a timeout of 1000 ns, 64 heaps
 * remembered. The end fails where counters do not balance or memory is not released. */
void setup_assembler (void);
void teardown_assembler (void);
void start_assembler (void);

/* The byte of a heap at a position. */
guint8 heap_byte (guint64 cnt, guint64 position);

/* Adds the payload of such a packet to `packet`, and gives it to the assembler. */
void push_payload (guint64 cnt, guint64 offset, gsize size);
void push_packet (void);

/* A standard packet, at offset 0 with a timestamp (the counter) and samples. */
void push (guint64 cnt, gint64 heap_length, guint64 offset, gsize size);

/* Gives the assembler a heap in packets of so many bytes but one of them (or G_MAXUINT). */
void push_heap_without (guint64 cnt, gsize length, gsize piece, guint lost);
void push_heap (guint64 cnt, gsize length, gsize piece);

/* The next heap that has ended; fails where there is none. Valid until
 * teardown, or recycle_heaps(). */
Spead2ReceivedHeap *next_heap (void);
void recycle_heaps (void);

/* Fails if a heap has ended. */
void fail_if_heap (void);

/* The next heap that has ended, which has that counter and ended so; its bytes that
 * came are right. */
Spead2ReceivedHeap *fail_unless_next (guint64 cnt, const gchar *end);

/* Fails where a byte of the heap that has come is not heap_byte(). */
void check_heap_bytes (const Spead2ReceivedHeap *heap);

/* What is missing of a heap is that: "0-10 20-30". */
void fail_unless_missing (const Spead2ReceivedHeap *heap, const gchar *ranges);

/* How many packets met that fate, and datagrams that refusal. */
guint64 count_packets (const gchar *fate);
guint64 count_refused (const gchar *refusal);
guint64 count_ended (const gchar *end);

#endif /* SPEAD2_TESTS_ASSEMBLER_FIXTURE_H */
