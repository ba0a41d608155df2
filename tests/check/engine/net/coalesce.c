/* When a reader sleeps instead of blocking. Time is passed in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2/net/coalesce.h"

#define US G_GUINT64_CONSTANT (1000)
#define MS G_GUINT64_CONSTANT (1000000)
#define SLEEP (200 * US)
#define MIB (1 << 20)

static Spead2Coalesce coalesce;
static guint64 now;

static void
begin (guint64 buffer_size)
{
  now = 1000 * MS;
  spead2_coalesce_init (&coalesce, SLEEP, buffer_size, now);
}

/* So many messages of so many bytes come one by one, evenly in 2 ms. Returns the last
 * sleep. */
static guint64
come (guint n, gsize size)
{
  guint64 sleep = 0;
  guint i;

  for (i = 0; i < n; i++) {
    now += 2 * MS / n;
    sleep = spead2_coalesce_next (&coalesce, now, 1, size);
  }
  return sleep;
}

/* 30 messages in 2 ms are 3 in the time of a sleep, and begin it; 20 are 2, and go on
 * with it. */
GST_START_TEST (test_thresholds)
{
  begin (64 * MIB);
  fail_unless_equals_uint64 (come (29, 1000), 0);
  fail_unless_equals_uint64 (come (31, 1000), SLEEP);
  fail_unless_equals_uint64 (come (25, 1000), SLEEP);
  fail_unless_equals_uint64 (come (21, 1000), SLEEP);
  fail_unless_equals_uint64 (come (19, 1000), 0);
  fail_unless_equals_uint64 (come (25, 1000), 0);
  fail_unless_equals_uint64 (come (31, 1000), SLEEP);
}
GST_END_TEST

/* A sleep that brought nothing is the last, until messages come again. */
GST_START_TEST (test_nothing_came)
{
  begin (64 * MIB);
  fail_unless_equals_uint64 (come (100, 1000), SLEEP);
  fail_unless_equals_uint64 (
      spead2_coalesce_next (&coalesce, now + SLEEP, 0, 0), 0);
  /* The first after a pause is a low rate. */
  fail_unless_equals_uint64 (
      spead2_coalesce_next (&coalesce, now + 100 * MS, 1, 1000), 0);
}
GST_END_TEST

/* A sleep is a quarter of the buffer at most, and none where that is nothing. */
GST_START_TEST (test_buffer)
{
  /* 5 GB/s: 1 MB are 200 us. */
  begin (4000000);
  fail_unless_equals_uint64 (come (200, 50000), SLEEP);
  begin (2000000);
  fail_unless_equals_uint64 (come (200, 50000), SLEEP / 2);
  begin (900000);
  fail_unless_equals_uint64 (come (200, 50000), 0);
}
GST_END_TEST

GST_START_TEST (test_off)
{
  begin (64 * MIB);
  spead2_coalesce_init (&coalesce, 0, 64 * MIB, now);
  fail_unless_equals_uint64 (come (1000, 1000), 0);
}
GST_END_TEST

static Suite *
coalesce_suite (void)
{
  Suite *s = suite_create ("coalesce");
  TCase *tc = tcase_create ("coalesce");

  tcase_add_test (tc, test_thresholds);
  tcase_add_test (tc, test_nothing_came);
  tcase_add_test (tc, test_buffer);
  tcase_add_test (tc, test_off);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (coalesce)
