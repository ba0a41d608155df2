/* Which bytes of a heap have come: see ranges.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/ranges.h"

#include <string.h>

/* What is kept for the next heap. */
#define MAX_KEPT 512

/* The first range that begins behind the position. */
static guint
upper_bound (const Spead2Range *range, guint n, guint64 position)
{
  guint low = 0;

  while (low < n) {
    guint middle = low + (n - low) / 2;

    if (range[middle].begin <= position)
      low = middle + 1;
    else
      n = middle;
  }
  return low;
}

static void
grow (Spead2Ranges *ranges)
{
  guint n = MAX (2 * ranges->n, 4 * SPEAD2_INLINE_RANGES);

  ranges->more = g_renew (Spead2Range, ranges->more, n);
  if (ranges->allocated == 0)
    memcpy (
        ranges->more, ranges->inline_ranges, ranges->n * sizeof *ranges->more);
  ranges->allocated = n;
}

static Spead2RangesResult
insert (Spead2Ranges *ranges, guint at, guint64 begin, guint64 end)
{
  Spead2Range *range;

  if (ranges->n == SPEAD2_MAX_RANGES)
    return SPEAD2_RANGES_FULL;
  if (ranges->n == MAX (ranges->allocated, SPEAD2_INLINE_RANGES))
    grow (ranges);

  range = spead2_ranges_entries (ranges) + at;
  memmove (range + 1, range, (ranges->n - at) * sizeof *range);
  *range = (Spead2Range){begin, end};
  ranges->n++;
  ranges->last = at;
  return SPEAD2_RANGES_ADDED;
}

Spead2RangesResult
spead2_ranges_add_any (Spead2Ranges *ranges, guint64 begin, guint64 end)
{
  Spead2Range *range = spead2_ranges_entries (ranges);
  gboolean extends = ranges->n > 0 && range[ranges->last].end == begin;
  guint next =
      extends ? ranges->last + 1 : upper_bound (range, ranges->n, begin);

  if (next > 0 && range[next - 1].end >= end)
    return SPEAD2_RANGES_DUPLICATE;
  if ((next > 0 && range[next - 1].end > begin) ||
      (next < ranges->n && range[next].begin < end))
    return SPEAD2_RANGES_OVERLAP;

  if (next > 0 && range[next - 1].end == begin) {
    ranges->last = next - 1;
    range[next - 1].end = end;
    if (next < ranges->n && range[next].begin == end) {
      range[next - 1].end = range[next].end;
      ranges->n--;
      memmove (
          range + next, range + next + 1, (ranges->n - next) * sizeof *range);
    }
    return SPEAD2_RANGES_ADDED;
  }
  if (next < ranges->n && range[next].begin == end) {
    ranges->last = next;
    range[next].begin = begin;
    return SPEAD2_RANGES_ADDED;
  }
  return insert (ranges, next, begin, end);
}

gboolean
spead2_ranges_contain (const Spead2Ranges *ranges, guint64 begin, guint64 end)
{
  const Spead2Range *range = spead2_ranges_get (ranges);
  guint next = upper_bound (range, ranges->n, begin);

  return begin == end || (next > 0 && range[next - 1].end >= end);
}

void
spead2_ranges_reset (Spead2Ranges *ranges)
{
  if (ranges->allocated > MAX_KEPT)
    spead2_ranges_clear (ranges);
  ranges->n = ranges->last = 0;
}

void
spead2_ranges_clear (Spead2Ranges *ranges)
{
  g_free (ranges->more);
  ranges->more = NULL;
  ranges->n = ranges->last = ranges->allocated = 0;
}
