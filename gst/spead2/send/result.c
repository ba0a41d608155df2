/* How heaps ended: see result.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/result.h"

#include <errno.h>

#include "spead2/error.h"

void
spead2_heap_counts_merge (Spead2HeapCounts *sum, const Spead2HeapCounts *counts)
{
  sum->sent += counts->sent;
  sum->failed += counts->failed;
  sum->dropped += counts->dropped;
  sum->abandoned += counts->abandoned;
  sum->payload_bytes += counts->payload_bytes;
  sum->last_end = MAX (sum->last_end, counts->last_end);
  spead2_times_merge (&sum->heap_time, &counts->heap_time);
}

/* Whether no packet of the slot was sent, and none failed. */
static gboolean
is_dropped (const Spead2Slot *slot)
{
  return slot->state == SPEAD2_SLOT_DROPPED ||
      (slot->tx.error == ECANCELED && slot->tx.bytes == 0);
}

GError *
spead2_slot_error (const Spead2Slot *slot, const gchar *destination)
{
  GError *error = NULL;

  if (slot->tx.unreleased)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_ABANDONED,
        "A heap for %s was abandoned: the kernel has taken it and still reads "
        "its memory",
        destination);
  if (is_dropped (slot))
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_DROPPED,
        "A heap for %s was dropped before it was sent", destination);
  if (slot->tx.error == ECANCELED)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_CUT_SHORT,
        "A heap for %s was cut short after %" G_GUINT64_FORMAT " bytes",
        destination, slot->tx.bytes);
  if (slot->tx.error != 0)
    spead2_set_errno (
        &error, slot->tx.error, "Could not send to %s", destination);
  return error;
}

void
spead2_heap_counts_add (Spead2HeapCounts *counts, const Spead2Slot *slot,
    const GError *error, guint64 now)
{
  if (slot->flags & SPEAD2_HEAP_CONTROL)
    return;
  counts->last_end = now;
  if (error == NULL) {
    counts->sent++;
    counts->payload_bytes += slot->length;
    spead2_times_add (&counts->heap_time, now - slot->pushed);
  } else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED)) {
    counts->dropped++;
  } else {
    counts->failed++;
    counts->abandoned += slot->tx.unreleased ? 1 : 0;
  }
}
