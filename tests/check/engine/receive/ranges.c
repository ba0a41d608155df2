/* Sets of ranges, against one flag for each byte.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/receive/ranges.h"

static Spead2Ranges ranges;

static void
setup (void)
{
  memset (&ranges, 0, sizeof ranges);
}

static void
teardown (void)
{
  spead2_ranges_clear (&ranges);
}

static void
fail_unless_range (guint at, guint64 begin, guint64 end)
{
  fail_unless (at < ranges.n);
  fail_unless_equals_uint64 (spead2_ranges_get (&ranges)[at].begin, begin);
  fail_unless_equals_uint64 (spead2_ranges_get (&ranges)[at].end, end);
}

#define fail_unless_add(begin, end, result)                                    \
  fail_unless_equals_int (                                                     \
      spead2_ranges_add (&ranges, begin, end), SPEAD2_RANGES_##result)

GST_START_TEST (test_in_order)
{
  for (guint i = 0; i < 1000; i++) {
    fail_unless_add (i * 10, i * 10 + 10, ADDED);
    fail_unless_equals_int (ranges.n, 1);
  }
  fail_unless_range (0, 0, 10000);
}
GST_END_TEST

GST_START_TEST (test_backwards)
{
  for (guint i = 1000; i > 0; i--) {
    fail_unless_add (i * 10 - 10, i * 10, ADDED);
    fail_unless_equals_int (ranges.n, 1);
  }
  fail_unless_range (0, 0, 10000);
}
GST_END_TEST

GST_START_TEST (test_hole_is_filled)
{
  fail_unless_add (0, 10, ADDED);
  fail_unless_add (20, 30, ADDED);
  fail_unless_add (40, 50, ADDED);
  fail_unless_equals_int (ranges.n, 3);
  fail_unless_add (10, 20, ADDED);
  fail_unless_equals_int (ranges.n, 2);
  fail_unless_range (0, 0, 30);
  fail_unless_range (1, 40, 50);
}
GST_END_TEST

GST_START_TEST (test_duplicate)
{
  fail_unless_add (10, 20, ADDED);
  fail_unless_add (30, 40, ADDED);
  fail_unless_add (10, 20, DUPLICATE);
  fail_unless_add (12, 18, DUPLICATE);
  fail_unless_add (39, 40, DUPLICATE);
  fail_unless_equals_int (ranges.n, 2);
}
GST_END_TEST

GST_START_TEST (test_overlap)
{
  fail_unless_add (10, 20, ADDED);
  fail_unless_add (30, 40, ADDED);
  fail_unless_add (5, 11, OVERLAP);
  fail_unless_add (19, 21, OVERLAP);
  fail_unless_add (20, 31, OVERLAP);
  fail_unless_add (5, 50, OVERLAP);
  fail_unless_add (9, 21, OVERLAP);
  fail_unless_range (0, 10, 20);
  fail_unless_range (1, 30, 40);
}
GST_END_TEST

GST_START_TEST (test_contain)
{
  fail_unless_add (10, 20, ADDED);
  fail_unless_add (30, 40, ADDED);
  fail_unless (spead2_ranges_contain (&ranges, 10, 20));
  fail_unless (spead2_ranges_contain (&ranges, 35, 36));
  fail_unless (spead2_ranges_contain (&ranges, 25, 25));
  fail_if (spead2_ranges_contain (&ranges, 9, 11));
  fail_if (spead2_ranges_contain (&ranges, 19, 21));
  fail_if (spead2_ranges_contain (&ranges, 10, 40));
}
GST_END_TEST

/* A full set takes what lies beside its ranges, and between two. */
GST_START_TEST (test_full)
{
  for (guint i = 0; i < SPEAD2_MAX_RANGES; i++)
    fail_unless_add (i * 10, i * 10 + 5, ADDED);
  fail_unless_add (SPEAD2_MAX_RANGES * 10, SPEAD2_MAX_RANGES * 10 + 5, FULL);
  fail_unless_add (7, 8, FULL);
  fail_unless_equals_int (ranges.n, SPEAD2_MAX_RANGES);
  fail_unless_add (5, 7, ADDED);
  fail_unless_add (7, 10, ADDED);
  fail_unless_equals_int (ranges.n, SPEAD2_MAX_RANGES - 1);
  fail_unless_add (22, 23, DUPLICATE);
  fail_unless_add (26, 27, ADDED);
}
GST_END_TEST

GST_START_TEST (test_reset)
{
  for (guint i = 0; i < SPEAD2_MAX_RANGES; i++)
    fail_unless_add (i * 10, i * 10 + 5, ADDED);
  spead2_ranges_reset (&ranges);
  fail_unless_equals_int (ranges.n, 0);
  fail_unless_add (0, 5, ADDED);
  fail_unless_range (0, 0, 5);
}
GST_END_TEST

#define N_BYTES 64

static void
fail_unless_flags (const gboolean *flags)
{
  const Spead2Range *range = spead2_ranges_get (&ranges);
  guint n = 0;

  for (guint i = 0; i < N_BYTES; i++) {
    guint begin = i;

    while (i < N_BYTES && flags[i])
      i++;
    if (i > begin &&
        (n == ranges.n || range[n].begin != begin || range[n++].end != i))
      fail ("bytes %u to %u are not a range", begin, i);
  }
  fail_unless_equals_int (ranges.n, n);
}

/* Random ranges, from a seed that a failure names. */
GST_START_TEST (test_random)
{
  GRand *rand = g_rand_new_with_seed (__i__);

  for (guint round = 0; round < 20; round++) {
    gboolean flags[N_BYTES] = {0};

    spead2_ranges_reset (&ranges);
    for (guint step = 0; step < 60; step++) {
      guint begin = g_rand_int_range (rand, 0, N_BYTES);
      guint size = g_rand_int_range (rand, 1, 6);
      guint end = MIN (N_BYTES, begin + size);
      guint n = 0;

      for (guint i = begin; i < end; i++)
        n += flags[i];
      fail_unless_equals_int (spead2_ranges_add (&ranges, begin, end),
          n == 0                ? SPEAD2_RANGES_ADDED
              : n < end - begin ? SPEAD2_RANGES_OVERLAP
                                : SPEAD2_RANGES_DUPLICATE);
      for (guint i = begin; n == 0 && i < end; i++)
        flags[i] = TRUE;
      fail_unless_flags (flags);
    }
  }
  g_rand_free (rand);
}
GST_END_TEST

static Suite *
ranges_suite (void)
{
  Suite *suite = suite_create ("ranges");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_in_order);
  tcase_add_test (tc, test_backwards);
  tcase_add_test (tc, test_hole_is_filled);
  tcase_add_test (tc, test_duplicate);
  tcase_add_test (tc, test_overlap);
  tcase_add_test (tc, test_contain);
  tcase_add_test (tc, test_full);
  tcase_add_test (tc, test_reset);
  tcase_add_loop_test (tc, test_random, 0, 10);
  return suite;
}

GST_CHECK_MAIN (ranges);
