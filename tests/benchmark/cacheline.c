/* How long a cache line takes from one processor to another and back: what every
 * hand-over between two threads consists of. Prints the median of many, in ns.
 * Usage: bench-cacheline [CPU CPU], by default 0 and 1
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <stdlib.h>

/* Round trips are timed together, since reading the clock takes about as long as one. The
 * median of the groups leaves out those in which a processor did something else. */
#define GROUPS 201
#define ROUND_TRIPS 500

/* The line: counted up in turn, by one thread to odd numbers, by the other to even ones. */
static gint turn __attribute__ ((aligned (64)));

static void
bind_to (gint cpu)
{
  cpu_set_t set;

  CPU_ZERO (&set);
  CPU_SET (cpu, &set);
  if (sched_setaffinity (0, sizeof set, &set) < 0) {
    g_printerr ("processor %d: %s\n", cpu, g_strerror (errno));
    exit (EXIT_FAILURE);
  }
}

static gpointer
send_back (gpointer cpu)
{
  gint i;

  bind_to (GPOINTER_TO_INT (cpu));
  for (i = 0; i < GROUPS * ROUND_TRIPS; i++) {
    while (g_atomic_int_get (&turn) != 2 * i + 1)
      continue;
    g_atomic_int_set (&turn, 2 * i + 2);
  }
  return NULL;
}

/* Seconds for ROUND_TRIPS, of which that many have been made. */
static gdouble
time_group (gint made)
{
  GTimer *timer = g_timer_new ();
  gdouble seconds;
  gint i;

  for (i = made; i < made + ROUND_TRIPS; i++) {
    g_atomic_int_set (&turn, 2 * i + 1);
    while (g_atomic_int_get (&turn) != 2 * i + 2)
      continue;
  }
  seconds = g_timer_elapsed (timer, NULL);
  g_timer_destroy (timer);
  return seconds;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

gint
main (gint argc, gchar **argv)
{
  gdouble seconds[GROUPS];
  GThread *thread;
  gint i;

  if (argc != 1 && argc != 3) {
    g_printerr ("usage: %s [CPU CPU]\n", argv[0]);
    return EXIT_FAILURE;
  }
  bind_to (argc == 3 ? atoi (argv[1]) : 0);
  thread = g_thread_new (
      NULL, send_back, GINT_TO_POINTER (argc == 3 ? atoi (argv[2]) : 1));
  for (i = 0; i < GROUPS; i++)
    seconds[i] = time_group (i * ROUND_TRIPS);
  g_thread_join (thread);

  qsort (seconds, GROUPS, sizeof *seconds, compare);
  g_print ("%.0f\n", seconds[GROUPS / 2] * 1e9 / ROUND_TRIPS);
  return EXIT_SUCCESS;
}
