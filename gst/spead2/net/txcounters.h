/* Counts what became of messages, in all, by errno and by destination, and updates the tx
 * states of their heaps.
 *
 * Belongs to one thread, except for spead2_tx_counters_get_destination(), which any thread may
 * call.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TXCOUNTERS_H
#define SPEAD2_TXCOUNTERS_H

#include <errno.h>

#include "spead2/error.h"
#include "spead2/net/batch.h"

G_BEGIN_DECLS

/* The errno of packets that were abandoned: not one of the kernel's. */
#define SPEAD2_ABANDONED ECANCELED

typedef struct {
  guint64 packets;  /* accepted by the kernel */
  guint64 bytes;    /* of UDP payload in them */
  guint64 messages; /* that carried them */
  guint64 calls;    /* of sendmmsg */
  guint64 waits;    /* for space in the kernel: EAGAIN, ENOBUFS, ENOMEM */
  guint64 gso_off;  /* times that GSO was disabled for a destination */
  guint64 zerocopy_messages;            /* of them, that were not copied */
  guint64 errors[SPEAD2_MAX_ERRNO + 1]; /* by errno, ICMP errors included */
} Spead2WriterCounters;

/* The same, of one destination. */
typedef struct {
  guint64 packets;
  guint64 bytes;
  guint64 errors; /* of its packets, ICMP errors included */
} Spead2DestinationCounters;

typedef struct {
  Spead2DestinationCounters counters; /* read by other threads: atomic */
  gboolean failing; /* packets have failed, and none was accepted since */
} Spead2TxDestination;

typedef struct {
  /* calls, waits, gso_off and zerocopy_messages are counted by the owner */
  Spead2WriterCounters all;
  Spead2TxDestination *destinations; /* (owned) by their index */
  gboolean recovered;    /* a destination has, and it was not reported */
  guint64 next_recovery; /* not reported before then */
} Spead2TxCounters;

void spead2_tx_counters_init (Spead2TxCounters *counters, guint n_destinations);

void spead2_tx_counters_clear (Spead2TxCounters *counters);

/* There are n destinations, more than before; the new ones are not initialized. No other thread
 * reads meanwhile. */
void spead2_tx_counters_resize (
    Spead2TxCounters *counters, guint n_destinations);

/* A destination begins again at zero. No other thread reads meanwhile. */
void spead2_tx_counters_reset_destination (
    Spead2TxCounters *counters, guint destination);

/* What has been sent to a destination, so far. Any thread. */
void spead2_tx_counters_get_destination (const Spead2TxCounters *counters,
    guint index, Spead2DestinationCounters *destination);

/* Whether packets for a destination were accepted again after others had failed, since this
 * was TRUE last: at most once a second. */
gboolean spead2_tx_counters_take_recovered (Spead2TxCounters *counters);

/* An error of a destination, or of SPEAD2_NO_ENDPOINT. */
void spead2_tx_counters_add_error (
    Spead2TxCounters *counters, guint destination, gint errnum);

/* A message failed with errnum, or SPEAD2_ABANDONED. Its packets are in flight no longer. */
void spead2_tx_counters_add_failed (
    Spead2TxCounters *counters, const Spead2Message *message, gint errnum);

static inline void
spead2_tx_counter_add (guint64 *counter, guint64 n)
{
  __atomic_store_n (counter, *counter + n, __ATOMIC_RELAXED);
}

/* A message was accepted that does not show whether its destination has recovered. Its packets
 * are in flight no longer, except for those that zero copy has counted once more. */
static inline void
spead2_tx_counters_add_try (
    Spead2TxCounters *counters, const Spead2Message *message)
{
  Spead2DestinationCounters *destination =
      &counters->destinations[message->destination].counters;
  guint i;

  spead2_tx_counter_add (&destination->packets, message->n_packets);
  spead2_tx_counter_add (&destination->bytes, message->size);
  counters->all.messages++;
  counters->all.packets += message->n_packets;
  counters->all.bytes += message->size;
  for (i = 0; i < message->n_spans; i++) {
    message->spans[i].tx->bytes += message->spans[i].bytes;
    message->spans[i].tx->in_flight -= message->spans[i].n_packets;
  }
}

/* A message was accepted. */
static inline void
spead2_tx_counters_add_sent (
    Spead2TxCounters *counters, const Spead2Message *message)
{
  Spead2TxDestination *destination =
      &counters->destinations[message->destination];

  if (destination->failing) {
    destination->failing = FALSE;
    counters->recovered = TRUE;
  }
  spead2_tx_counters_add_try (counters, message);
}

G_END_DECLS

#endif /* SPEAD2_TXCOUNTERS_H */
