/* What has become of the packets of a run of heaps so far: see txstate.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/txstate.h"

#include <errno.h>

/* Messages fail one after the other, mostly for one reason: these are one failure. */
static void
note (Spead2TxState *tx, guint64 first, guint64 n_packets, gint error)
{
  const Spead2TxFailure failure = {first, n_packets, error};
  Spead2TxFailure *last;

  if (!tx->notes_failures)
    return;
  if (tx->failures == NULL)
    tx->failures = g_array_new (FALSE, FALSE, sizeof (Spead2TxFailure));
  last = tx->failures->len > 0
      ? &g_array_index (tx->failures, Spead2TxFailure, tx->failures->len - 1)
      : NULL;
  if (last && last->error == error && last->first + last->n_packets == first)
    last->n_packets += n_packets;
  else
    g_array_append_val (tx->failures, failure);
}

void
spead2_tx_state_fail (Spead2TxState *tx, guint64 first, guint64 n_packets,
    gint errnum, guint destination)
{
  if (tx->error == 0 || errnum == ECANCELED) {
    tx->error = errnum;
    tx->destination = destination;
  }
  note (tx, first, n_packets, errnum);
}

void
spead2_tx_state_abandon (Spead2TxState *tx, guint64 first, guint64 n_packets)
{
  tx->unreleased = TRUE;
  note (tx, first, n_packets, SPEAD2_TX_UNRELEASED);
}
