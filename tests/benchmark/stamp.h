/* The time at which a heap was sent, in its last bytes, and how long it took to come:
 * shared by the sender of such heaps and by what receives them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCHMARK_STAMP_H
#define BENCHMARK_STAMP_H

#include <glib.h>
#include <string.h>
#include <time.h>

/* "SPEADEND": no other bytes of such a heap are this. */
#define STAMP_MARK G_GUINT64_CONSTANT (0x5350454144454e44)
#define STAMP_SIZE (2 * sizeof (guint64))
#define STAMP_MAX_HEAPS 16384

/* Latencies of the first heaps, in ns. */
typedef struct {
  guint n;
  gint64 ns[STAMP_MAX_HEAPS];
} StampLatencies;

/* ns of CLOCK_MONOTONIC, which all processes of a machine share */
static inline gint64
stamp_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* Of size bytes of a heap the last STAMP_SIZE are overwritten. */
static inline void
stamp_write (guint8 *heap, gsize size, gint64 ns)
{
  const guint64 stamp[2] = {STAMP_MARK, ns};

  memcpy (heap + size - sizeof stamp, stamp, sizeof stamp);
}

/* Notes the latency of a heap whose last bytes these are, if they have a stamp. */
static inline void
stamp_note (StampLatencies *latencies, const guint8 *last)
{
  guint64 stamp[2];

  memcpy (stamp, last, sizeof stamp);
  if (stamp[0] == STAMP_MARK && latencies->n < STAMP_MAX_HEAPS)
    latencies->ns[latencies->n++] = stamp_now () - (gint64) stamp[1];
}

/* As a further member of a JSON object. */
static inline void
stamp_print (const StampLatencies *latencies)
{
  g_print (", \"latencies\": [");
  for (guint i = 0; i < latencies->n; i++)
    g_print ("%s%" G_GINT64_FORMAT, i ? ", " : "", latencies->ns[i]);
  g_print ("]");
}

#endif
