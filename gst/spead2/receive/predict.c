/* Packets that come next: see predict.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/predict.h"

/* Where PAYLOAD_OFFSET is in a packet's header of so many bytes; 0: not once. */
static gsize
find_offset_pointer (
    const guint8 *data, gsize header_size, Spead2Flavour flavour)
{
  gsize at, found = 0;

  for (at = SPEAD2_HEADER_SIZE; at < header_size; at += SPEAD2_POINTER_SIZE) {
    guint64 pointer = spead2_read_u64 (data + at);

    if (!spead2_pointer_is_immediate (pointer) ||
        spead2_pointer_id (flavour, pointer) != SPEAD2_ID_PAYLOAD_OFFSET)
      continue;
    if (found > 0)
      return 0;
    found = at;
  }
  return found;
}

/* Whether the packet's payload is the last that a heap has, so that nothing has come of what
 * is behind it, and there is memory for all of that. */
static gboolean
is_last_of (const Spead2ReceivedHeap *heap, const Spead2PacketView *view)
{
  const Spead2Ranges *ranges = &heap->ranges;

  return heap->payload && !(heap->flags & SPEAD2_RECEIVED_UNSIZED) &&
      heap->capacity >= heap->length && heap->cnt == view->cnt &&
      heap->flavour == view->flavour && heap->length == view->heap_length &&
      ranges->last + 1 == ranges->n && view->payload_size > 0 &&
      spead2_ranges_get (ranges)[ranges->last].end ==
      view->offset + view->payload_size;
}

gboolean
spead2_predict_places (const Spead2ReceivedHeap *heap,
    const Spead2PacketRules *rules, const guint8 *last, gsize size,
    Spead2Places *places)
{
  Spead2PacketView view;
  guint64 end;
  gsize at;

  if (spead2_packet_parse_any (&view, rules, last, size) !=
          SPEAD2_REFUSAL_NONE ||
      !is_last_of (heap, &view))
    return FALSE;

  end = view.offset + view.payload_size;
  places->n = MIN ((heap->length - end) / view.payload_size, places->n);
  places->header_size = view.payload - last;
  if (places->n == 0 || places->header_size > sizeof places->header)
    return FALSE;
  at = find_offset_pointer (last, places->header_size, view.flavour);
  if (at == 0)
    return FALSE;
  memcpy (places->header, last, places->header_size);
  spead2_write_u64 (
      places->header + at, spead2_read_u64 (last + at) + view.payload_size);
  places->n_steps = 0;
  spead2_places_add_step (places, at, view.payload_size);
  places->payload_size = view.payload_size;
  places->payload = heap->payload + end;
  return TRUE;
}
