/* When the next burst may go: see pacer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/pacer.h"

/* Bursts are never longer than this part of a second at the rate. */
#define BURSTS_PER_SECOND 1000

/* More bytes than can have been sent ahead: a burst of each worker. */
#define MOST_AHEAD (64 << 20)

static void
configure (Spead2Pacer *pacer, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio)
{
  pacer->enabled = rate > 0;
  pacer->burst = G_MAXUINT64;
  pacer->ns_per_byte = pacer->burst_ns_per_byte = 0;
  if (!pacer->enabled)
    return;

  pacer->burst = burst_size;
  if (rate / BURSTS_PER_SECOND < burst_size)
    pacer->burst = MAX (1, (guint64) (rate / BURSTS_PER_SECOND));
  pacer->ns_per_byte = 1e9 / MAX (rate, SPEAD2_MIN_RATE);
  /* Not a number is not more than 1. */
  pacer->burst_ns_per_byte =
      pacer->ns_per_byte / (burst_rate_ratio > 1 ? burst_rate_ratio : 1);
}

void
spead2_pacer_init (Spead2Pacer *pacer, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio)
{
  configure (pacer, rate, burst_size, burst_rate_ratio);
  pacer->due = pacer->burst_due = (Spead2PreciseTime){0, 0.0};
  pacer->idle = TRUE;
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

/* The same bytes ahead of now, at another pace. */
static void
change_pace (Spead2PreciseTime *time, guint64 now, gdouble ns_per_byte,
    gdouble new_ns_per_byte)
{
  gdouble bytes = 0;

  if (time->ns > now && ns_per_byte > 0)
    bytes = (time->ns - now + time->fraction) / ns_per_byte;
  *time = (Spead2PreciseTime){now, 0.0};
  advance (time, MIN (bytes, MOST_AHEAD) * new_ns_per_byte);
}

void
spead2_pacer_set_rate (Spead2Pacer *pacer, guint64 now, gdouble rate,
    guint64 burst_size, gdouble burst_rate_ratio)
{
  const Spead2Pacer last = *pacer;

  configure (pacer, rate, burst_size, burst_rate_ratio);
  change_pace (&pacer->due, now, last.ns_per_byte, pacer->ns_per_byte);
  change_pace (
      &pacer->burst_due, now, last.burst_ns_per_byte, pacer->burst_ns_per_byte);
}

guint64
spead2_pacer_move (const Spead2Pacer *pacer, const Spead2Pacer *last,
    guint64 now, guint64 time)
{
  Spead2PreciseTime moved = {time, 0.0};

  change_pace (&moved, now, last->ns_per_byte, pacer->ns_per_byte);
  return moved.ns;
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
