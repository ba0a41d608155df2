/* Counts what became of messages: see txcounters.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/txcounters.h"

#include "spead2/clock.h"

/* Recoveries are reported no more often. */
#define RECOVERY_INTERVAL SPEAD2_SECOND

void
spead2_tx_counters_init (Spead2TxCounters *counters, guint n_destinations)
{
  *counters = (Spead2TxCounters){
      .destinations = g_new0 (Spead2TxDestination, n_destinations)};
}

void
spead2_tx_counters_clear (Spead2TxCounters *counters)
{
  g_clear_pointer (&counters->destinations, g_free);
}

void
spead2_tx_counters_resize (Spead2TxCounters *counters, guint n_destinations)
{
  counters->destinations =
      g_renew (Spead2TxDestination, counters->destinations, n_destinations);
}

void
spead2_tx_counters_reset_destination (
    Spead2TxCounters *counters, guint destination)
{
  counters->destinations[destination] = (Spead2TxDestination){0};
}

static guint64
load (const guint64 *counter)
{
  return __atomic_load_n (counter, __ATOMIC_RELAXED);
}

void
spead2_tx_counters_get_destination (const Spead2TxCounters *counters,
    guint index, Spead2DestinationCounters *destination)
{
  const Spead2DestinationCounters *from =
      &counters->destinations[index].counters;

  destination->packets = load (&from->packets);
  destination->bytes = load (&from->bytes);
  destination->errors = load (&from->errors);
}

gboolean
spead2_tx_counters_take_recovered (Spead2TxCounters *counters)
{
  guint64 now;

  if (!counters->recovered)
    return FALSE;
  now = spead2_now ();
  if (now < counters->next_recovery)
    return FALSE;
  counters->recovered = FALSE;
  counters->next_recovery = now + RECOVERY_INTERVAL;
  return TRUE;
}

void
spead2_tx_counters_add_error (
    Spead2TxCounters *counters, guint destination, gint errnum)
{
  if (destination != SPEAD2_NO_ENDPOINT)
    spead2_tx_counter_add (
        &counters->destinations[destination].counters.errors, 1);
  counters->all.errors[CLAMP (errnum, 0, SPEAD2_MAX_ERRNO)]++;
}

void
spead2_tx_counters_add_failed (
    Spead2TxCounters *counters, const Spead2Message *message, gint errnum)
{
  guint i;

  if (errnum != SPEAD2_ABANDONED) {
    spead2_tx_counters_add_error (counters, message->destination, errnum);
    counters->destinations[message->destination].failing = TRUE;
  }
  for (i = 0; i < message->n_spans; i++) {
    const Spead2TxSpan *span = &message->spans[i];

    span->tx->in_flight -= span->n_packets;
    spead2_tx_state_fail (
        span->tx, span->first, span->n_packets, errnum, message->destination);
  }
}
