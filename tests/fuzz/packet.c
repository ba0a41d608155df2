/* Datagrams, fuzzed: the parser accepts what the model of the wire format accepts,
 * refuses the others for the same reason, and reads the same; items are within the
 * payload.
 *
 * An input is a byte of settings and then the datagram.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "check.h"
#include "packetmodel.h"
#include "spead2/wire/itemview.h"
#include "spead2/wire/packet.h"

static ModelPacket model;

/* Of the model's pointers these are the last ones, and no item is among the others. */
static void
check_pointers (const Spead2PacketView *view)
{
  guint n_leading = model.n_pointers - view->n_pointers;

  check (view->n_pointers <= model.n_pointers);
  for (guint i = 0; i < n_leading; i++)
    check (model.pointers[i].immediate && model.pointers[i].id >= 1 &&
        model.pointers[i].id <= 4);
  for (guint i = 0; i < view->n_pointers; i++)
    check (
        spead2_packet_pointer (view, i) == model.pointers[n_leading + i].bits);
}

static void
check_view (const Spead2PacketView *view)
{
  check (view->flavour == model.flavour);
  check (view->cnt == model.cnt);
  check (view->heap_length ==
      (model.has_length ? model.length : SPEAD2_LENGTH_UNKNOWN));
  check (view->offset == model.offset);
  check (view->payload == model.payload);
  check (view->payload_size == model.payload_size);
  check_pointers (view);
}

/* Where the bytes of an addressed item end: the next address, or the heap does. */
static guint64
find_end (const guint64 *pointers, guint n, Spead2Flavour flavour,
    guint64 address, guint64 length)
{
  guint64 end = length;

  for (guint i = 0; i < n; i++) {
    guint64 id = spead2_pointer_id (flavour, pointers[i]);
    guint64 other = spead2_pointer_value (flavour, pointers[i]);

    if (!spead2_pointer_is_immediate (pointers[i]) && (id == 0 || id > 4) &&
        other > address)
      end = MIN (end, other);
  }
  return end;
}

static void
check_items (const Spead2PacketView *view)
{
  static Spead2ItemViews views;
  guint64 *pointers = g_new (guint64, view->n_pointers);
  guint64 length = view->offset + view->payload_size, n_addressed = 0;

  for (guint i = 0; i < view->n_pointers; i++) {
    guint64 id;

    pointers[i] = spead2_packet_pointer (view, i);
    id = spead2_pointer_id (view->flavour, pointers[i]);
    n_addressed += id > 4 && !spead2_pointer_is_immediate (pointers[i]);
  }
  spead2_item_views_read (
      &views, view->flavour, pointers, view->n_pointers, length);
  for (guint i = 0; i < views.n_items; i++) {
    const Spead2ItemView *item = &views.items[i];

    check (item->id > 4);
    check (item->immediate == (item->size == 0));
    if (item->immediate)
      continue;
    check (item->value + item->size ==
        find_end (
            pointers, view->n_pointers, view->flavour, item->value, length));
    n_addressed--;
  }
  check (n_addressed == views.n_empty + views.n_outside);
  g_free (pointers);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Spead2PacketRules rules = {0};
  Spead2PacketView view, other;
  Spead2Refusal refusal;
  guint8 *copy;

  if (size < 1 || size > 65536)
    return 0;
  rules.packet_heaps = data[0] & 1;
  rules.flavour = 8 * (data[0] >> 1 & 7);
  /* Memory that ends where the datagram ends. */
  copy = g_malloc (size);
  size--;
  memcpy (copy + 1, data + 1, size);

  refusal = spead2_packet_parse (&view, &rules, copy + 1, size);
  check (spead2_packet_parse_any (&other, &rules, copy + 1, size) == refusal);
  check (g_str_equal (spead2_refusal_name (refusal),
      model_packet_read (
          &model, rules.flavour, rules.packet_heaps, copy + 1, size)));
  if (refusal == SPEAD2_REFUSAL_NONE) {
    check_view (&view);
    check_view (&other);
    check_items (&view);
  }
  g_free (copy);
  return 0;
}
