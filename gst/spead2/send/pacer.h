/* When the next burst may go.
 *
 * Keeps a mean rate in bytes per second. A burst is what is sent back to back:
 * at most burst_size bytes and at most what the rate allows in a millisecond,
 * but always one packet. Who is late catches up, at no more than
 * burst_rate_ratio times the rate; who is idle earns nothing.
 *
 * Pure: the caller passes the time in, in nanoseconds of the monotonic clock.
 * Remainders below a nanosecond are kept, so no rate drifts. Not thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PACER_H
#define SPEAD2_PACER_H

#include <glib.h>

G_BEGIN_DECLS

/* A time in nanoseconds and the fraction of one, 0 <= fraction < 1. */
typedef struct {
  guint64 ns;
  gdouble fraction;
} Spead2PreciseTime;

typedef struct {
  gboolean enabled;
  guint64 burst;               /* bytes that may go back to back */
  gdouble ns_per_byte;         /* at the rate */
  gdouble burst_ns_per_byte;   /* when catching up */
  Spead2PreciseTime due;       /* when all bytes so far are due at the rate */
  Spead2PreciseTime burst_due; /* the same when catching up */
  gboolean idle;
} Spead2Pacer;

/* The lowest rate, in bytes per second. A packet for Ethernet takes 25 minutes at
 * it; whoever asks for less has taken the number for another unit. */
#define SPEAD2_MIN_RATE 1.0

/* rate in bytes per second, 0 for no limit, else at least SPEAD2_MIN_RATE;
 * burst_size in bytes, at least 1; burst_rate_ratio at least 1. */
void spead2_pacer_init (Spead2Pacer *pacer, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio);

/* Another rate from now on. Bytes that were sent ahead are paid for at the new one,
 * so that no change gives a burst; what was late is not made up for. */
void spead2_pacer_set_rate (Spead2Pacer *pacer, guint64 now, gdouble rate,
    guint64 burst_size, gdouble burst_rate_ratio);

/* When a burst may go, for which spead2_pacer_reserve() returned time at the rate of
 * last, which was changed at now. */
guint64 spead2_pacer_move (const Spead2Pacer *pacer, const Spead2Pacer *last,
    guint64 now, guint64 time);

/* Most bytes of a burst, and so of a message: G_MAXUINT64 with no rate. */
static inline guint64
spead2_pacer_burst (const Spead2Pacer *pacer)
{
  return pacer->burst;
}

/* Accounts for a burst that is ready to go now, and returns the time at which
 * it may: now or earlier means at once. 0 with no rate. */
guint64 spead2_pacer_reserve (Spead2Pacer *pacer, guint64 now, guint64 bytes);

/* There is nothing to send: time that passes until the next reservation is
 * not made up for. */
void spead2_pacer_idle (Spead2Pacer *pacer);

G_END_DECLS

#endif /* SPEAD2_PACER_H */
