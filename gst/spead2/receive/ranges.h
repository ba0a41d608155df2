/* Which bytes of a heap have come: a set of ranges.
 *
 * Ranges are kept in order, neither touching nor overlapping each other. The next
 * bytes behind a range are added without a search, whatever the number of ranges; up
 * to SPEAD2_INLINE_RANGES need no allocation.
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_RANGES_H
#define SPEAD2_RANGES_H

#include <glib.h>

G_BEGIN_DECLS

/* Bytes from begin to end, the one at end not included. */
typedef struct {
  guint64 begin;
  guint64 end;
} Spead2Range;

#define SPEAD2_INLINE_RANGES 8

/* A set that is full refuses what would be a range of its own: 2 bytes sent here
 * and there must not cost a search and a move of megabytes each. A heap of 1 MiB in
 * packets of 1472 bytes, of which every other one is lost, has 367. */
#define SPEAD2_MAX_RANGES 4096

/* All zero is an empty set. */
typedef struct {
  guint n;           /* ranges */
  guint last;        /* the one that was extended last, if n > 0 */
  guint allocated;   /* entries of more; 0: the inline ones are in use */
  Spead2Range *more; /* (owned) */
  Spead2Range inline_ranges[SPEAD2_INLINE_RANGES];
} Spead2Ranges;

typedef enum {
  SPEAD2_RANGES_ADDED,
  SPEAD2_RANGES_DUPLICATE, /* all of it had come before */
  SPEAD2_RANGES_OVERLAP,   /* a part of it had */
  SPEAD2_RANGES_FULL       /* SPEAD2_MAX_RANGES */
} Spead2RangesResult;

/* In order, n of them; valid until the next call that changes the set. */
static inline const Spead2Range *
spead2_ranges_get (const Spead2Ranges *ranges)
{
  return ranges->allocated > 0 ? ranges->more : ranges->inline_ranges;
}

/* Adds bytes that have come; begin < end. Unless the result is SPEAD2_RANGES_ADDED
 * the set is as before. */
static inline Spead2RangesResult spead2_ranges_add (
    Spead2Ranges *ranges, guint64 begin, guint64 end);

/* Whether every byte of [begin, end) is in the set; begin <= end. */
gboolean spead2_ranges_contain (
    const Spead2Ranges *ranges, guint64 begin, guint64 end);

/* Empties the set, and frees what it allocated if that was much. */
void spead2_ranges_reset (Spead2Ranges *ranges);

/* Frees what the set allocated. */
void spead2_ranges_clear (Spead2Ranges *ranges);

/*< private >*/

static inline Spead2Range *
spead2_ranges_entries (Spead2Ranges *ranges)
{
  return ranges->allocated > 0 ? ranges->more : ranges->inline_ranges;
}

/* Anywhere, not inlined. */
Spead2RangesResult spead2_ranges_add_any (
    Spead2Ranges *ranges, guint64 begin, guint64 end);

/* The inline path takes what comes in order: bytes right behind the last range, which
 * was the last to be extended. */
static inline Spead2RangesResult
spead2_ranges_add (Spead2Ranges *ranges, guint64 begin, guint64 end)
{
  Spead2Range *range = spead2_ranges_entries (ranges) + ranges->last;

  if (G_UNLIKELY (ranges->last + 1 != ranges->n || range->end != begin))
    return spead2_ranges_add_any (ranges, begin, end);
  range->end = end;
  return SPEAD2_RANGES_ADDED;
}

G_END_DECLS

#endif /* SPEAD2_RANGES_H */
