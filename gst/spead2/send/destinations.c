/* Where the heaps of a sender go: see destinations.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/destinations.h"

void
spead2_destinations_init (
    Spead2Destinations *destinations, const Spead2Endpoint *endpoints, guint n)
{
  guint i;

  *destinations =
      (Spead2Destinations){.entries = g_ptr_array_new_with_free_func (g_free),
          .list = g_array_new (FALSE, FALSE, sizeof (guint))};
  for (i = 0; i < n; i++)
    spead2_destinations_add (destinations, &endpoints[i], 0, 0);
}

void
spead2_destinations_clear (Spead2Destinations *destinations)
{
  g_clear_pointer (&destinations->entries, g_ptr_array_unref);
  g_clear_pointer (&destinations->list, g_array_unref);
}

/* -- the list --------------------------------------------------------------------- */

/* list: a changed copy. */
static void
replace_list (Spead2Destinations *destinations, GArray *list)
{
  g_array_unref (destinations->list);
  destinations->list = list;
  destinations->n = destinations->list->len;
  if (destinations->n > 0)
    destinations->only = spead2_destinations_index (destinations, 0);
  if (destinations->next >= destinations->n)
    destinations->next = 0;
}

gint
spead2_destinations_find (
    const Spead2Destinations *destinations, const Spead2Endpoint *endpoint)
{
  guint i;

  for (i = 0; i < destinations->n; i++)
    if (spead2_endpoint_equal (&spead2_destinations_entry (destinations,
                                   spead2_destinations_index (destinations, i))
                                    ->endpoint,
            &endpoint->address))
      return i;
  return -1;
}

/* The first entry that no heap from head on refers to; entries->len: there is none. */
static guint
find_unused (const Spead2Destinations *destinations, guint64 head)
{
  guint i = 0;

  while (i < destinations->entries->len &&
      spead2_destinations_entry (destinations, i)->to > head)
    i++;
  return i;
}

gboolean
spead2_destinations_is_full (
    const Spead2Destinations *destinations, guint64 head)
{
  return destinations->entries->len == SPEAD2_TX_DESTINATIONS &&
      find_unused (destinations, head) == SPEAD2_TX_DESTINATIONS;
}

static guint
take_entry (Spead2Destinations *destinations, guint64 head)
{
  const guint index = find_unused (destinations, head);

  if (index == destinations->entries->len)
    g_ptr_array_add (destinations->entries, g_new (Spead2Destination, 1));
  return index;
}

void
spead2_destinations_add (Spead2Destinations *destinations,
    const Spead2Endpoint *endpoint, guint64 head, guint64 tail)
{
  const guint index = take_entry (destinations, head);
  GArray *list = g_array_copy (destinations->list);

  *spead2_destinations_entry (destinations, index) =
      (Spead2Destination){.endpoint = *endpoint,
          .filled = ++destinations->n_changes,
          .from = tail,
          .to = G_MAXUINT64};
  g_array_append_val (list, index);
  replace_list (destinations, list);
}

void
spead2_destinations_remove (
    Spead2Destinations *destinations, guint position, guint64 tail)
{
  const guint index = spead2_destinations_index (destinations, position);
  GArray *list = g_array_copy (destinations->list);

  spead2_destinations_entry (destinations, index)->to = tail;
  g_array_remove_index (list, position);
  if (position < destinations->next)
    destinations->next--;
  destinations->n_changes++;
  replace_list (destinations, list);
}

/* -- which one -------------------------------------------------------------------- */

static gboolean
takes_turn (const Spead2Destinations *destinations, const Spead2Heap *heap)
{
  return destinations->rule == SPEAD2_DESTINATION_IN_TURN &&
      !(heap->flags & (SPEAD2_HEAP_CONTROL | SPEAD2_HEAP_DESCRIBES));
}

static void
take_turns (Spead2Destinations *destinations, Spead2Heap *heap)
{
  heap->turn = destinations->next;
  heap->destination = spead2_destinations_index (destinations, heap->turn);
  if (heap->n_heaps > 1)
    heap->turns = g_array_ref (destinations->list);
  destinations->next = (heap->turn + heap->n_heaps) % destinations->n;
}

void
spead2_destinations_choose (Spead2Destinations *destinations, Spead2Heap *heap)
{
  if (destinations->n == 0)
    heap->destination = SPEAD2_NO_DESTINATION;
  else if (takes_turn (destinations, heap))
    take_turns (destinations, heap);
  else if (heap->flags & SPEAD2_HEAP_DESCRIBES && destinations->describe_first)
    heap->destination = spead2_destinations_index (destinations, 0);
  else if (destinations->rule != SPEAD2_DESTINATION_ITEM ||
      heap->flags & (SPEAD2_HEAP_CONTROL | SPEAD2_HEAP_DESCRIBES))
    heap->destination = SPEAD2_ALL_DESTINATIONS;
  else if (heap->destination < destinations->n)
    heap->destination =
        spead2_destinations_index (destinations, heap->destination);
  else
    heap->destination = SPEAD2_NO_DESTINATION;
}

void
spead2_destinations_give_back (
    Spead2Destinations *destinations, const Spead2Heap *heap, guint index)
{
  const guint n = heap->turns ? heap->turns->len : destinations->n;
  guint position, i;

  if (destinations->n <= 1 || !takes_turn (destinations, heap))
    return;
  /* Where it was, unless the list has changed. */
  position = (heap->turn + index) % n;
  for (i = 0; i < destinations->n; i++, position++)
    if (spead2_destinations_index (destinations, position % destinations->n) ==
        spead2_heap_destination (heap, index)) {
      destinations->next = position % destinations->n;
      return;
    }
}

/* -- numbers ---------------------------------------------------------------------- */

static guint64
take_numbers (
    Spead2Destinations *destinations, guint index, guint n, guint64 *most)
{
  Spead2Destination *entry = spead2_destinations_entry (destinations, index);
  const guint64 nth = entry->n_numbered;

  entry->n_numbered += n;
  *most = MAX (*most, entry->n_numbered);
  return nth;
}

static void
number_turns (Spead2Destinations *destinations, Spead2Heap *heap, guint64 *most)
{
  const guint n = MIN (heap->n_heaps, heap->turns->len);
  guint i;

  heap->numbers = g_new (guint64, n);
  for (i = 0; i < n; i++)
    heap->numbers[i] = take_numbers (destinations,
        spead2_heap_destination (heap, i),
        (heap->n_heaps - i + heap->turns->len - 1) / heap->turns->len, most);
}

guint64
spead2_destinations_number (Spead2Destinations *destinations, Spead2Heap *heap,
    guint64 slot, guint64 *most)
{
  guint64 nth = G_MAXUINT64;
  guint i;

  if (heap->destination == SPEAD2_NO_DESTINATION)
    return 0;
  if (heap->n_heaps > 1 && heap->turns) {
    number_turns (destinations, heap, most);
    return heap->numbers[0];
  }
  if (heap->destination != SPEAD2_ALL_DESTINATIONS)
    return take_numbers (destinations, heap->destination, heap->n_heaps, most);
  for (i = 0; i < destinations->entries->len; i++) {
    Spead2Destination *entry = spead2_destinations_entry (destinations, i);

    if (!spead2_destination_has_slot (entry, slot))
      continue;
    entry->copy_nth = take_numbers (destinations, i, 1, most);
    if (nth == G_MAXUINT64)
      nth = entry->copy_nth;
  }
  return nth;
}

static void
take_back (Spead2Destination *entry, guint64 nth)
{
  if (entry->n_numbered == nth + 1)
    entry->n_numbered--;
}

void
spead2_destinations_unnumber (Spead2Destinations *destinations,
    const Spead2Heap *heap, guint64 slot, guint64 nth, guint end, guint n)
{
  guint i;

  if (heap->destination == SPEAD2_NO_DESTINATION)
    return;
  if (heap->destination != SPEAD2_ALL_DESTINATIONS) {
    for (i = end; i > end - n; i--)
      take_back (spead2_destinations_entry (
                     destinations, spead2_heap_destination (heap, i - 1)),
          spead2_destinations_nth (heap, nth, i - 1));
    return;
  }
  for (i = 0; i < destinations->entries->len; i++) {
    Spead2Destination *entry = spead2_destinations_entry (destinations, i);

    if (spead2_destination_has_slot (entry, slot))
      take_back (entry, entry->copy_nth);
  }
}
