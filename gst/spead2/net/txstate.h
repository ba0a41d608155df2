/* What has become of the packets of a run of heaps so far. Pure.
 *
 * The packets of a run are numbered from 0 on, in the order in which they are sent. Sums are
 * kept of all of them. Which packets failed is noted besides where a run has several heaps,
 * so that a failure is reported of the heaps that it concerns; memory for that is allocated
 * when something fails.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TXSTATE_H
#define SPEAD2_TXSTATE_H

#include <glib.h>

G_BEGIN_DECLS

/* Destinations have lower indexes. */
#define SPEAD2_TX_DESTINATIONS (1 << 14)

/* The error of packets that the kernel accepted, but has not released. */
#define SPEAD2_TX_UNRELEASED (-1)

/* Packets that failed alike. */
typedef struct {
  guint64 first; /* the number of the first one */
  guint64 n_packets;
  gint error; /* errno; ECANCELED: given up; or SPEAD2_TX_UNRELEASED */
} Spead2TxFailure;

/* The writer adds to it; the run is done when all its packets were added and none is in
 * flight. */
typedef struct {
  guint64 bytes;   /* of UDP payload, accepted by the kernel */
  guint in_flight; /* packets added and not yet released by the kernel */
  /* First errno; ECANCELED if any was given up at the deadline. */
  gint error : 16;
  guint destination : 14; /* that had it */
  guint unreleased : 1;   /* some of its packets were abandoned in the kernel */
  guint notes_failures : 1; /* set by the owner: the run has several heaps */
  GArray *failures;         /* (owned Spead2TxFailure) NULL: none was noted */
} Spead2TxState;

/* The packets that one run has in one message. */
typedef struct {
  Spead2TxState *tx;
  guint64 first; /* the number of the first one */
  guint n_packets;
  gsize bytes;
} Spead2TxSpan;

/* Packets for a destination were rejected with an errno, or given up (ECANCELED). */
void spead2_tx_state_fail (Spead2TxState *tx, guint64 first, guint64 n_packets,
    gint errnum, guint destination);

/* Packets were abandoned in the kernel. */
void spead2_tx_state_abandon (
    Spead2TxState *tx, guint64 first, guint64 n_packets);

/* Frees what was noted. */
static inline void
spead2_tx_state_clear (Spead2TxState *tx)
{
  g_clear_pointer (&tx->failures, g_array_unref);
}

G_END_DECLS

#endif /* SPEAD2_TXSTATE_H */
