/* When the next burst may go: see pacer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pacer.h"

/* Bursts are never longer than this part of a second at the rate. */
#define BURSTS_PER_SECOND 1000

void
spead2_pacer_init (Spead2Pacer *pacer, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio)
{
  pacer->enabled = rate > 0;
  pacer->burst = G_MAXUINT64;
  pacer->due = pacer->burst_due = (Spead2PreciseTime){0, 0.0};
  pacer->idle = TRUE;
  if (!pacer->enabled)
    return;

  pacer->burst = burst_size;
  if (rate / BURSTS_PER_SECOND < burst_size)
    pacer->burst = MAX (1, (guint64) (rate / BURSTS_PER_SECOND));
  pacer->ns_per_byte = 1e9 / rate;
  pacer->burst_ns_per_byte = pacer->ns_per_byte / burst_rate_ratio;
}

static void
advance (Spead2PreciseTime *time, gdouble ns)
{
  guint64 whole;

  ns += time->fraction;
  whole = (guint64) ns;
  time->ns += whole;
  time->fraction = ns - whole;
}

static void
raise_to (Spead2PreciseTime *time, guint64 ns)
{
  if (time->ns < ns)
    *time = (Spead2PreciseTime){ns, 0.0};
}

guint64
spead2_pacer_reserve (Spead2Pacer *pacer, guint64 now, guint64 bytes)
{
  guint64 start;

  if (!pacer->enabled)
    return 0;

  if (pacer->idle) {
    raise_to (&pacer->due, now);
    pacer->idle = FALSE;
  }

  start = MAX (now, MAX (pacer->due.ns, pacer->burst_due.ns));
  raise_to (&pacer->burst_due, start);
  advance (&pacer->due, bytes * pacer->ns_per_byte);
  advance (&pacer->burst_due, bytes * pacer->burst_ns_per_byte);
  return start;
}

void
spead2_pacer_idle (Spead2Pacer *pacer)
{
  pacer->idle = TRUE;
}
