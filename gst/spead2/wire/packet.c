/* SPEAD packets, read: see packet.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/packet.h"

/* The values of the four that a packet is placed by, by id - 1. */
typedef struct {
  guint64 values[SPEAD2_ID_PAYLOAD_LENGTH];
  guint seen; /* bit id - 1 */
} Specials;

#define BIT(id) (1u << ((id) -1))

/* The pointers in front of the view's go; behind them the four may stand, too. */
static void
read_specials (Spead2PacketView *view, Specials *specials)
{
  guint n_leading = 0;

  for (guint i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);

    if (!spead2_pointer_is_immediate (pointer) ||
        spead2_pointer_is_item (view->flavour, pointer))
      continue;
    pointer = spead2_pointer_id (view->flavour, pointer) - 1;
    specials->values[pointer] =
        spead2_pointer_value (view->flavour, spead2_packet_pointer (view, i));
    specials->seen |= 1u << pointer;
    n_leading += n_leading == i;
  }
  view->pointers += n_leading * SPEAD2_POINTER_SIZE;
  view->n_pointers -= n_leading;
}

/* The view has flavour, pointers and n_pointers, which are the datagram's last. */
static Spead2Refusal
place_payload (Spead2PacketView *view, const Spead2PacketRules *rules,
    const Specials *specials, const guint8 *end)
{
  const guint required = BIT (SPEAD2_ID_HEAP_CNT) |
      BIT (SPEAD2_ID_PAYLOAD_LENGTH) |
      (rules->packet_heaps ? 0 : BIT (SPEAD2_ID_PAYLOAD_OFFSET));
  const guint64 *values = specials->values;
  const guint64 payload_size = values[SPEAD2_ID_PAYLOAD_LENGTH - 1];
  guint64 available;

  if ((required & ~specials->seen) != 0)
    return SPEAD2_REFUSAL_SPECIALS;

  view->cnt = values[SPEAD2_ID_HEAP_CNT - 1];
  view->heap_length = specials->seen & BIT (SPEAD2_ID_HEAP_LENGTH)
      ? values[SPEAD2_ID_HEAP_LENGTH - 1]
      : SPEAD2_LENGTH_UNKNOWN;
  view->offset = values[SPEAD2_ID_PAYLOAD_OFFSET - 1];
  view->payload_size = payload_size;
  view->payload = view->pointers + view->n_pointers * SPEAD2_POINTER_SIZE;

  if ((specials->seen & BIT (SPEAD2_ID_PAYLOAD_OFFSET)) == 0) {
    if (view->heap_length == SPEAD2_LENGTH_UNKNOWN)
      view->heap_length = payload_size;
    if (view->heap_length != payload_size)
      return SPEAD2_REFUSAL_SPECIALS;
  }
  available = end - view->payload;
  if (payload_size > available)
    return SPEAD2_REFUSAL_PAYLOAD;
  if (view->offset + payload_size > view->heap_length)
    return SPEAD2_REFUSAL_BOUND;
  if (payload_size < available)
    return SPEAD2_REFUSAL_SIZE_MISMATCH;
  return SPEAD2_REFUSAL_NONE;
}

Spead2Refusal
spead2_packet_parse_any (Spead2PacketView *view, const Spead2PacketRules *rules,
    const guint8 *data, gsize size)
{
  Specials specials = {0};
  guint64 header;
  guint id_size, address_size;

  if (size < SPEAD2_HEADER_SIZE)
    return SPEAD2_REFUSAL_SHORT;

  header = spead2_read_u64 (data);
  if (header >> 48 != (SPEAD2_MAGIC << 8 | SPEAD2_VERSION))
    return SPEAD2_REFUSAL_MAGIC;

  id_size = header >> 40 & G_MAXUINT8;
  address_size = header >> 32 & G_MAXUINT8;
  if (id_size == 0 || address_size == 0 || id_size + address_size != 8)
    return SPEAD2_REFUSAL_FLAVOUR;

  view->flavour = 8 * address_size;
  if (rules->flavour != 0 && rules->flavour != view->flavour)
    return SPEAD2_REFUSAL_FLAVOUR_FILTER;

  view->pointers = data + SPEAD2_HEADER_SIZE;
  view->n_pointers = header & G_MAXUINT16;
  if (view->n_pointers > (size - SPEAD2_HEADER_SIZE) / SPEAD2_POINTER_SIZE)
    return SPEAD2_REFUSAL_POINTERS;

  read_specials (view, &specials);
  return place_payload (view, rules, &specials, data + size);
}

const gchar *
spead2_refusal_name (Spead2Refusal refusal)
{
  static const gchar *const names[] = {
      [SPEAD2_REFUSAL_NONE] = "none",
      [SPEAD2_REFUSAL_SHORT] = "short",
      [SPEAD2_REFUSAL_MAGIC] = "magic",
      [SPEAD2_REFUSAL_FLAVOUR] = "flavour",
      [SPEAD2_REFUSAL_FLAVOUR_FILTER] = "flavour-filter",
      [SPEAD2_REFUSAL_POINTERS] = "pointers",
      [SPEAD2_REFUSAL_SPECIALS] = "specials",
      [SPEAD2_REFUSAL_PAYLOAD] = "payload",
      [SPEAD2_REFUSAL_BOUND] = "bound",
      [SPEAD2_REFUSAL_SIZE_MISMATCH] = "size-mismatch",
      [SPEAD2_REFUSAL_TRUNCATED] = "truncated",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == SPEAD2_N_REFUSALS);
  return names[refusal];
}
