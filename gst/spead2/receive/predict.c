/* Packets that come next: see predict.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/predict.h"

/* Where PAYLOAD_OFFSET is among the words of a header; 0: not once. */
static guint
find_offset_pointer (const Spead2Places *places, Spead2Flavour flavour)
{
  guint i, found = 0;

  for (i = 1; i < places->n_words; i++) {
    guint64 pointer = places->words[i];

    if (!spead2_pointer_is_immediate (pointer) ||
        spead2_pointer_id (flavour, pointer) != SPEAD2_ID_PAYLOAD_OFFSET)
      continue;
    if (found > 0)
      return 0;
    found = i;
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
  gsize header_size;
  guint64 end;
  guint i, at;

  if (spead2_packet_parse_any (&view, rules, last, size) !=
          SPEAD2_REFUSAL_NONE ||
      !is_last_of (heap, &view))
    return FALSE;

  end = view.offset + view.payload_size;
  places->n = MIN ((heap->length - end) / view.payload_size, places->n);
  header_size = view.payload - last;
  if (places->n == 0 || header_size > sizeof places->words)
    return FALSE;
  places->n_words = header_size / sizeof *places->words;
  for (i = 0; i < places->n_words; i++) {
    places->words[i] = spead2_read_u64 (last + i * sizeof *places->words);
    places->steps[i] = 0;
  }
  at = find_offset_pointer (places, view.flavour);
  if (at == 0)
    return FALSE;
  places->words[at] += view.payload_size;
  places->steps[at] = view.payload_size;
  places->payload_size = view.payload_size;
  places->payload = heap->payload + end;
  return TRUE;
}
