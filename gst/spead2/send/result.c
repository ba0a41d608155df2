/* How heaps ended: see result.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/result.h"

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

/* Adds a failure to the ends of the heaps that have packets of it. */
static void
add_failure (Spead2HeapEnd *ends, const Spead2Slot *slot,
    const Spead2PacketConfig *config, const Spead2TxFailure *failure)
{
  const guint64 n = spead2_packetizer_n_packets (config, slot->heap);
  const guint64 end = failure->first + failure->n_packets;
  guint64 from = failure->first, to;

  for (; from < end; from = to) {
    const guint64 index = from / n;
    Spead2HeapEnd *heap_end = &ends[index];

    to = MIN (end, (index + 1) * n);
    if (failure->error == SPEAD2_TX_UNRELEASED) {
      heap_end->unreleased = TRUE;
      continue;
    }
    heap_end->bytes -= spead2_packetizer_bytes (
        config, slot->heap, from - index * n, to - from);
    if (heap_end->error == 0 || failure->error == ECANCELED)
      heap_end->error = failure->error;
  }
}

gboolean
spead2_slot_is_sent (const Spead2Slot *slot)
{
  return slot->state != SPEAD2_SLOT_DROPPED && slot->n_dropped == 0 &&
      slot->tx.error == 0 && !slot->tx.unreleased;
}

void
spead2_slot_heap_ends (const Spead2Slot *slot, const Spead2PacketConfig *config,
    Spead2HeapEnd *ends)
{
  const Spead2TxState *tx = &slot->tx;
  const guint n_kept = spead2_slot_n_kept (slot);
  Spead2HeapEnd kept = {0};
  guint i;

  if (tx->failures) {
    kept.bytes = spead2_packetizer_bytes (config, slot->heap, 0,
        spead2_packetizer_n_packets (config, slot->heap));
  } else if (n_kept > 0) {
    kept.error = tx->error;
    kept.unreleased = tx->unreleased;
    kept.bytes = tx->bytes / n_kept;
  }
  for (i = 0; i < slot->n_heaps; i++)
    ends[i] = kept;
  if (tx->failures)
    for (i = 0; i < tx->failures->len; i++)
      add_failure (ends, slot, config,
          &g_array_index (tx->failures, Spead2TxFailure, i));
  for (i = n_kept; i < slot->n_heaps; i++)
    ends[i] = (Spead2HeapEnd){.dropped = TRUE};
}

GError *
spead2_heap_end_error (const Spead2HeapEnd *end, const gchar *destination)
{
  GError *error = NULL;

  if (end->unreleased)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_ABANDONED,
        "A heap for %s was abandoned: the kernel has taken it and still reads "
        "its memory",
        destination);
  if (spead2_heap_end_is_dropped (end))
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_DROPPED,
        "A heap for %s was dropped before it was sent", destination);
  if (end->error == ECANCELED)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_CUT_SHORT,
        "A heap for %s was cut short after %" G_GUINT64_FORMAT " bytes",
        destination, end->bytes);
  if (end->error != 0)
    spead2_set_errno (&error, end->error, "Could not send to %s", destination);
  return error;
}

void
spead2_heap_counts_add (Spead2HeapCounts *counts, const Spead2Slot *slot,
    guint n, const GError *error, guint64 now)
{
  const guint64 time = now - slot->pushed;
  const Spead2Times times = {n, time, time, n * time};

  if (slot->flags & SPEAD2_HEAP_CONTROL)
    return;
  counts->last_end = now;
  if (error == NULL) {
    counts->sent += n;
    counts->payload_bytes += n * slot->length;
    spead2_times_merge (&counts->heap_time, &times);
  } else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED)) {
    counts->dropped += n;
  } else {
    counts->failed += n;
    if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_ABANDONED))
      counts->abandoned += n;
  }
}
