/* What a datagram says: see packetmodel.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "packetmodel.h"

static guint64
read_number (const guint8 *bytes, guint n)
{
  guint64 number = 0;

  for (guint i = 0; i < n; i++)
    number = number * 256 + bytes[i];
  return number;
}

static ModelPointer
read_pointer (const guint8 *bytes, guint address_size)
{
  guint id_size = 8 - address_size;
  guint64 mode = read_number (bytes, id_size) >> (8 * id_size - 1);

  return (ModelPointer){
      .immediate = mode,
      .id = read_number (bytes, id_size) - (mode << (8 * id_size - 1)),
      .value = read_number (bytes + id_size, address_size),
      .bits = read_number (bytes, 8),
  };
}

/* The last immediate with that id. */
static const ModelPointer *
find_special (const ModelPacket *packet, guint64 id)
{
  for (guint i = packet->n_pointers; i > 0; i--)
    if (packet->pointers[i - 1].immediate && packet->pointers[i - 1].id == id)
      return &packet->pointers[i - 1];
  return NULL;
}

const gchar *
model_packet_read (ModelPacket *packet, guint flavour, gboolean packet_heaps,
    const guint8 *data, gsize size)
{
  const ModelPointer *cnt, *length, *offset, *payload_length;
  gsize header_size, available;

  if (size < 8)
    return "short";
  if (read_number (data, 2) != 0x5304)
    return "magic";
  if (data[2] == 0 || data[3] == 0 || data[2] + data[3] != 8)
    return "flavour";
  packet->flavour = 8 * data[3];
  if (flavour > 0 && flavour != packet->flavour)
    return "flavour-filter";

  header_size = 8 + 8 * read_number (data + 6, 2);
  if (header_size > size)
    return "pointers";
  packet->n_pointers = 0;
  for (gsize at = 8; at < header_size; at += 8)
    packet->pointers[packet->n_pointers++] = read_pointer (data + at, data[3]);

  cnt = find_special (packet, 1);
  length = find_special (packet, 2);
  offset = find_special (packet, 3);
  payload_length = find_special (packet, 4);
  if (cnt == NULL || payload_length == NULL)
    return "specials";
  if (offset == NULL && !packet_heaps)
    return "specials";
  if (offset == NULL && length && length->value != payload_length->value)
    return "specials";

  available = size - header_size;
  packet->cnt = cnt->value;
  packet->offset = offset ? offset->value : 0;
  packet->has_length = length || offset == NULL;
  packet->length = length ? length->value : payload_length->value;
  packet->payload = data + header_size;
  packet->payload_size = payload_length->value;
  if (payload_length->value > available)
    return "payload";
  if (packet->has_length &&
      packet->offset + packet->payload_size > packet->length)
    return "bound";
  if (payload_length->value < available)
    return "size-mismatch";
  return "none";
}
