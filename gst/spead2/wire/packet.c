/* SPEAD packets, read: see packet.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/packet.h"

/* The pointers in front of the view's go; behind them the four may stand, too. */
static void
read_specials (Spead2PacketView *view, Spead2Specials *specials)
{
  guint n_leading = 0;

  for (guint i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);
    guint64 special = spead2_packet_special (view->flavour, pointer);

    if (special >= SPEAD2_ID_PAYLOAD_LENGTH)
      continue;
    specials->values[special] = spead2_pointer_value (view->flavour, pointer);
    specials->seen |= 1 << special;
    n_leading += n_leading == i;
  }
  view->pointers += n_leading * SPEAD2_POINTER_SIZE;
  view->n_pointers -= n_leading;
}

Spead2Refusal
spead2_packet_parse_any (Spead2PacketView *view, const Spead2PacketRules *rules,
    const guint8 *data, gsize size)
{
  Spead2Specials specials = {0};
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
  return spead2_packet_place (view, rules, &specials, data + size);
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
