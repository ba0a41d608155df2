/* For which destinations GSO (UDP_SEGMENT) is off, why, and until when: it is on until the
 * kernel refuses a message with it.
 *
 * Pure. Belongs to the thread of its batch. Times are in ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_GSO_H
#define SPEAD2_GSO_H

#include "spead2/net/batch.h"

G_BEGIN_DECLS

typedef struct {
  gint errnum;   /* why it is off, or 0 */
  guint64 retry; /* when to try it again, or G_MAXUINT64 */
} Spead2GsoDestination;

typedef struct {
  Spead2Batch *batch;                 /* (borrowed) whose messages have it */
  Spead2GsoDestination *destinations; /* (owned) as many as the batch has */
  gboolean disabled;                  /* for all of them */
  guint n_off;                        /* of them, after an errno */
  gint errnum;                        /* the last of these */
  guint64 retry;                      /* the earliest of theirs */
} Spead2Gso;

/* It is on for all of the batch's destinations. */
void spead2_gso_init (Spead2Gso *gso, Spead2Batch *batch);

void spead2_gso_clear (Spead2Gso *gso);

/* The batch has one more destination. */
void spead2_gso_add_destination (Spead2Gso *gso);

/* It is on again for a destination, unless it was disabled. */
void spead2_gso_restore (Spead2Gso *gso, guint destination);

/* It is off for all destinations from now on, without an errno. */
void spead2_gso_disable (Spead2Gso *gso);

/* A message that has GSO was refused with errnum, and its packets are accepted without. It is
 * off for the destination from now on or, if the message is a single packet, for single
 * packets. TRUE: it was on, and is off. */
gboolean spead2_gso_note_refusal (
    Spead2Gso *gso, const Spead2Message *message, gint errnum, guint64 now);

/* It is on again where it is time to: 10 s after EMSGSIZE, which a changed MTU may cause; with
 * all, for every destination. */
void spead2_gso_retry (Spead2Gso *gso, guint64 now, gboolean all);

/* The errno for which it is off for a destination, or 0. */
gint spead2_gso_errno (const Spead2Gso *gso, guint destination);

/* The last such errno while it is off for any, or 0. */
gint spead2_gso_any_errno (const Spead2Gso *gso);

G_END_DECLS

#endif /* SPEAD2_GSO_H */
