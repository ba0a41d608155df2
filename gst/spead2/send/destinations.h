/* Where the heaps of a sender go: a table of its destinations, and the rule by which a heap
 * gets one when it is pushed.
 *
 * A heap keeps its destination: the index of an entry of the table, or
 * SPEAD2_ALL_DESTINATIONS, which means a copy for each entry that was in the list when the
 * heap was pushed. The heaps of a run go to one destination, or in turn: the run then holds
 * the list there was when it was pushed. By the other rules, where there are several
 * destinations, runs have one heap.
 * Entries are added and removed while heaps are on their way. That shifts
 * no index: an entry is filled again only when no heap that was pushed before its removal
 * is left.
 *
 * The queue's lock guards it; slots are counted as in queue.h. Pure: no socket, no thread,
 * no clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_DESTINATIONS_H
#define SPEAD2_DESTINATIONS_H

#include "spead2/heap/heap.h"
#include "spead2/net/endpoint.h"
#include "spead2/net/txstate.h"

G_BEGIN_DECLS

/* The destination of a heap that goes to all of them, and of one for which there is none. */
#define SPEAD2_ALL_DESTINATIONS G_MAXUINT
#define SPEAD2_NO_DESTINATION (G_MAXUINT - 1)

/* How heaps of data get their destinations. Stream control always goes to all. */
typedef enum {
  SPEAD2_DESTINATION_IN_TURN, /* one after the other, in the order of the list */
  SPEAD2_DESTINATION_ALL,     /* each to all */
  SPEAD2_DESTINATION_ITEM     /* heap->destination is a position in the list */
} Spead2DestinationRule;

typedef struct {
  Spead2Endpoint endpoint;
  guint64 filled; /* the change of the table that filled it */
  /* It was in the list when slots from..to - 1 were pushed. */
  guint64 from, to;
  /* Where each destination counts for itself. */
  guint64 n_numbered; /* heaps that were given a number */
  guint64 copy_nth;   /* the number of its copy of the last one for all */
} Spead2Destination;

typedef struct {
  Spead2DestinationRule rule;
  gboolean describe_first; /* heaps that only describe go to the first alone */
  gboolean count_each;     /* each destination counts its heaps; not with ALL */

  GPtrArray *entries; /* (owned, Spead2Destination) */
  /* (owned, guint) indexes of entries, in order; never changed, but replaced, since runs
   * hold it */
  GArray *list;
  guint n;    /* its length */
  guint only; /* its element, where n is 1 */
  guint next; /* the position whose turn it is */
  guint64 n_changes;
} Spead2Destinations;

/* A list of n endpoints. */
void spead2_destinations_init (
    Spead2Destinations *destinations, const Spead2Endpoint *endpoints, guint n);

/* Harmless where it is all zeros. */
void spead2_destinations_clear (Spead2Destinations *destinations);

static inline Spead2Destination *
spead2_destinations_entry (const Spead2Destinations *destinations, guint index)
{
  return g_ptr_array_index (destinations->entries, index);
}

static inline guint
spead2_destinations_index (
    const Spead2Destinations *destinations, guint position)
{
  return g_array_index (destinations->list, guint, position);
}

/* The position in the list of an endpoint, or -1. */
gint spead2_destinations_find (
    const Spead2Destinations *destinations, const Spead2Endpoint *endpoint);

/* Whether the table has no entry for one more: SPEAD2_TX_DESTINATIONS are in the list, or
 * were when a heap was pushed that is not done. head is the oldest slot in use. */
gboolean spead2_destinations_is_full (
    const Spead2Destinations *destinations, guint64 head);

/* Appends an endpoint to the list; the table is not full. tail is the next slot. */
void spead2_destinations_add (Spead2Destinations *destinations,
    const Spead2Endpoint *endpoint, guint64 head, guint64 tail);

/* Removes an element of the list. */
void spead2_destinations_remove (
    Spead2Destinations *destinations, guint position, guint64 tail);

/* As spead2_destinations_assign(), if there are several, or the heap chooses one. */
void spead2_destinations_choose (
    Spead2Destinations *destinations, Spead2Heap *heap);

/* Gives the heaps of a run that is being pushed their destinations. */
static inline void
spead2_destinations_assign (Spead2Destinations *destinations, Spead2Heap *heap)
{
  if (destinations->n == 1 && heap->destination == 0)
    heap->destination = destinations->only;
  else
    spead2_destinations_choose (destinations, heap);
}

/* The heaps of the run from index on are dropped, as were all that were pushed behind it: the
 * next one has the turn of the first of them, unless its destination was removed. */
void spead2_destinations_give_back (
    Spead2Destinations *destinations, const Spead2Heap *heap, guint index);

/* Whether the slot's heap, which goes to all, goes to this entry, too. */
static inline gboolean
spead2_destination_has_slot (const Spead2Destination *entry, guint64 slot)
{
  return entry->from <= slot && slot < entry->to;
}

/* Where each destination counts for itself: gives the heaps of a run their numbers, and
 * returns the first one's. Those that go in turn have heap->numbers, too. The copies of a
 * heap for all have a number each, copy_nth, of which the first one's is returned. most is
 * raised to how many numbers any of these destinations has given. */
guint64 spead2_destinations_number (Spead2Destinations *destinations,
    Spead2Heap *heap, guint64 slot, guint64 *most);

/* The number of the heap at index of a run whose first one has the number nth. */
static inline guint64
spead2_destinations_nth (const Spead2Heap *heap, guint64 nth, guint index)
{
  if (index == 0 || heap->numbers == NULL)
    return nth + index;
  return heap->numbers[index % heap->turns->len] + index / heap->turns->len;
}

/* Takes back the numbers of the n heaps of a run, whose first one has the number nth, up to
 * the one at index end, each unless a heap behind it at its destination has one. */
void spead2_destinations_unnumber (Spead2Destinations *destinations,
    const Spead2Heap *heap, guint64 slot, guint64 nth, guint end, guint n);

G_END_DECLS

#endif /* SPEAD2_DESTINATIONS_H */
