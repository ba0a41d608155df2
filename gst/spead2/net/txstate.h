/* What has become of a heap's packets so far.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TXSTATE_H
#define SPEAD2_TXSTATE_H

#include <glib.h>

G_BEGIN_DECLS

/* The writer adds to it; the heap is done when all its packets were added and
 * none is in flight. */
typedef struct {
  guint64 bytes;   /* of UDP payload, accepted by the kernel */
  guint in_flight; /* packets added and not yet released by the kernel */
  gint error; /* first errno; ECANCELED if any was given up at the deadline */
  gboolean unreleased; /* some of its packets were abandoned in the kernel */
} Spead2TxState;

/* The packets that one heap has in one message. */
typedef struct {
  Spead2TxState *tx;
  guint n_packets;
  gsize bytes;
} Spead2TxSpan;

G_END_DECLS

#endif /* SPEAD2_TXSTATE_H */
