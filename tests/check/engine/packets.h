/* Packets for the tests of what receives them, of any kind, right or wrong: written
 * from the wire format alone, without a line of the engine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_PACKETS_H
#define SPEAD2_TESTS_PACKETS_H

#include <glib.h>

G_BEGIN_DECLS

#define NULL_ITEM 0x00
#define HEAP_CNT 0x01
#define HEAP_LENGTH 0x02
#define PAYLOAD_OFFSET 0x03
#define PAYLOAD_LENGTH 0x04
#define DESCRIPTOR 0x05
#define STREAM_CTRL 0x06
#define TIMESTAMP 0x1600
#define SAMPLES 0x3300

typedef struct {
  guint8 bytes[65536];
  gsize size;
  guint flavour;
  guint n_pointers;
} Packet;

/* A header, whose number of pointers grows with them. */
void packet_begin (Packet *packet, guint flavour);
void packet_immediate (Packet *packet, guint64 id, guint64 value);
void packet_addressed (Packet *packet, guint64 id, guint64 address);
void packet_payload (Packet *packet, const void *bytes, gsize size);

/* The header says so many pointers, whatever there are. */
void packet_set_n_pointers (Packet *packet, guint n_pointers);

/* SPEAD-64-40 with the four standard pointers; heap_length -1: without that. */
void packet_standard (Packet *packet, guint64 cnt, gint64 heap_length,
    guint64 offset, gsize payload_length);

G_END_DECLS

#endif /* SPEAD2_TESTS_PACKETS_H */
