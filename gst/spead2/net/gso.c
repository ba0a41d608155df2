/* For which destinations GSO is off: see gso.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/gso.h"

#include <errno.h>

#include "spead2/clock.h"

#define RETRY_INTERVAL (10 * SPEAD2_SECOND)

void
spead2_gso_restore (Spead2Gso *gso, guint index)
{
  Spead2GsoDestination *destination = &gso->destinations[index];

  spead2_batch_set_gso (gso->batch, index, !gso->disabled);
  gso->n_off -= destination->errnum != 0;
  *destination = (Spead2GsoDestination){.retry = G_MAXUINT64};
}

static void
restore_all (Spead2Gso *gso)
{
  guint i;

  for (i = 0; i < gso->batch->n_destinations; i++)
    spead2_gso_restore (gso, i);
}

void
spead2_gso_init (Spead2Gso *gso, Spead2Batch *batch)
{
  *gso = (Spead2Gso){.batch = batch, .retry = G_MAXUINT64};
  gso->destinations = g_new0 (Spead2GsoDestination, batch->n_destinations);
  restore_all (gso);
}

void
spead2_gso_clear (Spead2Gso *gso)
{
  g_clear_pointer (&gso->destinations, g_free);
}

void
spead2_gso_add_destination (Spead2Gso *gso)
{
  const guint index = gso->batch->n_destinations - 1;

  gso->destinations =
      g_renew (Spead2GsoDestination, gso->destinations, index + 1);
  gso->destinations[index].errnum = 0;
  spead2_gso_restore (gso, index);
}

void
spead2_gso_disable (Spead2Gso *gso)
{
  gso->disabled = TRUE;
  restore_all (gso);
}

gboolean
spead2_gso_note_refusal (
    Spead2Gso *gso, const Spead2Message *message, gint errnum, guint64 now)
{
  const guint index = message->destination;
  Spead2GsoDestination *destination = &gso->destinations[index];

  if (message->n_packets == 1) {
    /* That says nothing of packets that are smaller. */
    spead2_batch_unset_paged (gso->batch, index);
    return FALSE;
  }
  if (!gso->batch->destinations[index].gso)
    return FALSE;

  spead2_batch_set_gso (gso->batch, index, FALSE);
  destination->errnum = gso->errnum = errnum;
  gso->n_off++;
  if (errnum == EMSGSIZE)
    destination->retry = now + RETRY_INTERVAL;
  gso->retry = MIN (gso->retry, destination->retry);
  return TRUE;
}

void
spead2_gso_retry (Spead2Gso *gso, guint64 now, gboolean all)
{
  guint i;

  if (!all && gso->retry > now)
    return;
  gso->retry = G_MAXUINT64;
  for (i = 0; i < gso->batch->n_destinations; i++) {
    const guint64 *retry = &gso->destinations[i].retry;

    if (all || *retry <= now)
      spead2_gso_restore (gso, i);
    gso->retry = MIN (gso->retry, *retry);
  }
}

gint
spead2_gso_errno (const Spead2Gso *gso, guint destination)
{
  return gso->destinations[destination].errnum;
}

gint
spead2_gso_any_errno (const Spead2Gso *gso)
{
  return gso->n_off > 0 ? gso->errnum : 0;
}
