/* Many small heaps: every one of them is delivered or counted, and what the program holds
 * (memory, descriptors, threads) is the same after a tenth of the run and at its end.
 *
 * The run is a line of the output that begins with "load:". With LOAD_TORTURE=1 in the
 * environment it has a million heaps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "srcfixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUICK 5000
#else
#define QUICK 30000
#endif
#define FULL 1000000

/* Heaps that are sent before their buffers are taken: no queue is ever full. */
#define ROUND 100

#define HEAP_SIZE 64

/* Of ROUND heaps one comes twice, three are in two packets, and of another one the second
 * packet is lost. */
enum { DOUBLED = 10, HALVED_1 = 20, HALVED_2 = 30, HALVED_3 = 40, LOST = 50 };

static gboolean
is_halved (guint i)
{
  return i == HALVED_1 || i == HALVED_2 || i == HALVED_3;
}

static void
send_round (guint64 base)
{
  g_autofree Packet *packet = g_new (Packet, 1);
  guint i;

  for (i = 0; i < ROUND; i++) {
    guint64 cnt = base + i;
    guint half = is_halved (i) || i == LOST ? HEAP_SIZE / 2 : HEAP_SIZE;

    make_part (packet, cnt, cnt * HEAP_SIZE, HEAP_SIZE, 0, half);
    send_packet (packet);
    if (i == DOUBLED)
      send_packet (packet);
    if (!is_halved (i))
      continue;
    make_part (packet, cnt, cnt * HEAP_SIZE, HEAP_SIZE, half, half);
    send_packet (packet);
  }
}

static void
take_round (guint64 base)
{
  guint i;

  for (i = 0; i < ROUND; i++) {
    GstBuffer *buffer;

    if (i == LOST)
      continue;
    buffer = next_buffer ();
    fail_unless_equals_uint64 (
        GST_BUFFER_OFFSET (buffer), (base + i) * HEAP_SIZE);
    check_samples (buffer, HEAP_SIZE, 0);
  }
}

GST_START_TEST (many_small_heaps_are_counted_and_leave_nothing)
{
  gint64 begin = g_get_monotonic_time ();
  guint n = g_getenv ("LOAD_TORTURE") ? FULL : QUICK, rounds = n / ROUND, i;
  Usage early = {0}, late = {0};

  start_source ("sample-bits=8 heap-timeout=100000000", NULL);
  for (i = 0; i < rounds; i++) {
    send_round (i * ROUND);
    take_round (i * ROUND);
    if (i == rounds / 10)
      get_usage (&early);
  }
  get_usage (&late);
  fail_unless_flat (&early, &late);
  wait_until (counter ("heaps-dropped-incomplete") == rounds);

  fail_unless_equals_uint64 (counter ("datagrams"), rounds * (ROUND + 4));
  fail_unless_equals_uint64 (
      counter ("packets-accepted"), rounds * (ROUND + 3));
  fail_unless_equals_uint64 (counter ("packets-duplicate"), rounds);
  fail_unless_equals_uint64 (counter ("heaps-started"), n);
  fail_unless_equals_uint64 (counter ("heaps-complete"), n - rounds);
  fail_unless_equals_uint64 (counter ("heaps-delivered"), n - rounds);
  fail_unless_equals_uint64 (
      counter ("payload-bytes"), (guint64) (n - rounds) * HEAP_SIZE);
  fail_unless_equals_uint64 (counter ("gaps"), rounds);
  fail_unless_equals_uint64 (counter ("missing-samples"), rounds * HEAP_SIZE);
  fail_unless_equals_uint64 (counter ("kernel-drops"), 0);
  check_balance ();
  printf ("load: spead2src: %u heaps of %d bytes, %u packets, %.1f s, RSS "
          "%" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " KiB, %u descriptors\n",
      n, HEAP_SIZE, rounds * (ROUND + 4),
      (g_get_monotonic_time () - begin) / 1e6, early.rss, late.rss, late.fds);
  fflush (stdout);
  stop_source ();
}
GST_END_TEST;

static Suite *
load_suite (void)
{
  Suite *suite = suite_create ("load");
  TCase *tc = tcase_create ("load");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_set_timeout (tc, 1800);
  tcase_add_test (tc, many_small_heaps_are_counted_and_leave_nothing);
  return suite;
}

GST_CHECK_MAIN (load);
