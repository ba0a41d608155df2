/* Packets for tests: see packets.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "packets.h"

#include <string.h>

static void
append_u64 (Packet *packet, guint64 value)
{
  for (guint i = 0; i < 8; i++)
    packet->bytes[packet->size++] = value >> (56 - 8 * i);
}

void
packet_set_n_pointers (Packet *packet, guint n_pointers)
{
  packet->bytes[6] = n_pointers >> 8;
  packet->bytes[7] = n_pointers;
}

void
packet_begin (Packet *packet, guint flavour)
{
  const guint8 header[8] = {0x53, 0x04, 8 - flavour / 8, flavour / 8};

  memcpy (packet->bytes, header, sizeof header);
  packet->size = sizeof header;
  packet->flavour = flavour;
  packet->n_pointers = 0;
}

static void
append_pointer (Packet *packet, guint64 mode, guint64 id, guint64 value)
{
  append_u64 (packet, mode << 63 | id << packet->flavour | value);
  packet_set_n_pointers (packet, ++packet->n_pointers);
}

void
packet_immediate (Packet *packet, guint64 id, guint64 value)
{
  append_pointer (packet, 1, id, value);
}

void
packet_addressed (Packet *packet, guint64 id, guint64 address)
{
  append_pointer (packet, 0, id, address);
}

void
packet_payload (Packet *packet, const void *bytes, gsize size)
{
  memcpy (packet->bytes + packet->size, bytes, size);
  packet->size += size;
}

void
packet_standard (Packet *packet, guint64 cnt, gint64 heap_length,
    guint64 offset, gsize payload_length)
{
  packet_begin (packet, 40);
  packet_immediate (packet, HEAP_CNT, cnt);
  if (heap_length >= 0)
    packet_immediate (packet, HEAP_LENGTH, heap_length);
  packet_immediate (packet, PAYLOAD_OFFSET, offset);
  packet_immediate (packet, PAYLOAD_LENGTH, payload_length);
}
