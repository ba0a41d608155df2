/* Which heaps have ended lately: see endedheaps.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/endedheaps.h"

#define CACHE_LINE 64 /* bytes */

/* Buckets of a cache line. */
#define BLOCK (CACHE_LINE / sizeof (guint16))

typedef struct {
  Spead2HeapIdentity heap;
  guint64 time; /* when it ended */
  gboolean complete;
  guint16 next; /* with the same hash, ended before; position and 1, or 0 */
} Entry;

struct _Spead2EndedHeaps {
  guint n_heaps;
  guint64 max_age;
  guint64 seed;
  guint n_entries; /* in use */
  guint oldest;    /* where the next one goes, once all are in use */
  Entry *entries;
  guint16 *buckets; /* position of the last that ended, and 1, or 0 */
  guint mask;
};

Spead2EndedHeaps *
spead2_ended_heaps_new (guint n_heaps, guint64 max_age, guint64 seed)
{
  Spead2EndedHeaps *ended = g_new0 (Spead2EndedHeaps, 1);

  g_return_val_if_fail (n_heaps <= SPEAD2_MAX_ENDED_HEAPS, ended);
  ended->n_heaps = n_heaps;
  ended->max_age = max_age;
  ended->seed = seed;
  ended->entries = g_new (Entry, n_heaps);
  ended->mask = (2u << g_bit_storage (n_heaps)) - 1;
  ended->buckets =
      g_aligned_alloc0 (ended->mask + 1, sizeof *ended->buckets, CACHE_LINE);
  return ended;
}

void
spead2_ended_heaps_free (Spead2EndedHeaps *ended)
{
  g_free (ended->entries);
  g_aligned_free (ended->buckets);
  g_free (ended);
}

/* Counters in a row have buckets side by side, in one cache line: heaps mostly end in the
 * order of their counters. */
static guint16 *
bucket (const Spead2EndedHeaps *ended, guint64 cnt)
{
  guint64 hash = (cnt / BLOCK * ended->seed) >> 40;

  return &ended->buckets[(hash ^ cnt) & ended->mask];
}

void
spead2_ended_heaps_forget (Spead2EndedHeaps *ended)
{
  ended->n_entries = ended->oldest = 0;
  memset (ended->buckets, 0, (ended->mask + 1) * sizeof *ended->buckets);
}

/* The oldest is the last of its chain. */
static void
remove_oldest (Spead2EndedHeaps *ended)
{
  guint16 *link = bucket (ended, ended->entries[ended->oldest].heap.cnt);

  while (*link != ended->oldest + 1)
    link = &ended->entries[*link - 1].next;
  *link = 0;
}

void
spead2_ended_heaps_add (Spead2EndedHeaps *ended, const Spead2HeapIdentity *heap,
    gboolean complete, guint64 now)
{
  guint16 *first;
  guint at;

  if (ended->n_heaps == 0)
    return;
  if (ended->n_entries < ended->n_heaps) {
    at = ended->n_entries++;
  } else {
    remove_oldest (ended);
    at = ended->oldest;
    ended->oldest = (at + 1) % ended->n_heaps;
  }

  first = bucket (ended, heap->cnt);
  ended->entries[at] = (Entry){*heap, now, complete, *first};
  *first = at + 1;
}

static gboolean
agree (const Spead2HeapIdentity *a, const Spead2HeapIdentity *b)
{
  return a->cnt == b->cnt && a->digest == b->digest &&
      a->flavour == b->flavour &&
      (a->length == b->length || a->length == SPEAD2_LENGTH_UNKNOWN ||
          b->length == SPEAD2_LENGTH_UNKNOWN);
}

gboolean
spead2_ended_heaps_find (const Spead2EndedHeaps *ended,
    const Spead2HeapIdentity *heap, guint64 now, gboolean *complete)
{
  for (guint at = *bucket (ended, heap->cnt); at > 0;
       at = ended->entries[at - 1].next) {
    const Entry *entry = &ended->entries[at - 1];

    if (ended->max_age > 0 && now - entry->time > ended->max_age)
      return FALSE; /* and those behind it are older */
    if (agree (&entry->heap, heap)) {
      *complete = entry->complete;
      return TRUE;
    }
  }
  return FALSE;
}
