/* The pacer in virtual time: every nanosecond of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <math.h>

#include "spead2/send/pacer.h"

#define START G_GUINT64_CONSTANT (1000000000000)
#define BURST 65536

/* 40 Gb/s: 65536 bytes take 13107.2 ns, in tenths of a nanosecond. */
#define RATE 5e9
#define BURST_TENTHS 131072

static gboolean
within_one (guint64 a, guint64 b)
{
  return a <= b + 1 && b <= a + 1;
}

GST_START_TEST (test_no_rate)
{
  Spead2Pacer pacer;

  spead2_pacer_init (&pacer, 0, BURST, 1.05);
  fail_unless_equals_uint64 (spead2_pacer_burst (&pacer), G_MAXUINT64);
  fail_unless (spead2_pacer_reserve (&pacer, START, BURST) <= START);
  fail_unless (spead2_pacer_reserve (&pacer, START, BURST) <= START);
  spead2_pacer_idle (&pacer);
  fail_unless (spead2_pacer_reserve (&pacer, START, BURST) <= START);
}
GST_END_TEST

/* Burst i goes at i x 13107.2 ns: fractions are kept for a million bursts. */
GST_START_TEST (test_exact)
{
  Spead2Pacer pacer;
  guint64 now = START, i;

  spead2_pacer_init (&pacer, RATE, BURST, 1.05);
  for (i = 0; i < 1000000; i++) {
    now = spead2_pacer_reserve (&pacer, now, BURST);
    if (!within_one (now, START + i * BURST_TENTHS / 10))
      fail (
          "burst %" G_GUINT64_FORMAT " at %" G_GUINT64_FORMAT, i, now - START);
  }
}
GST_END_TEST

/* The same when the caller always asks before its time, and in packets. */
GST_START_TEST (test_exact_early)
{
  Spead2Pacer pacer;
  guint64 i;

  spead2_pacer_init (&pacer, RATE, BURST, 1.05);
  for (i = 0; i < 1000000; i++) {
    guint64 time = spead2_pacer_reserve (&pacer, START, 1472);

    if (!within_one (time, START + i * 2944 / 10))
      fail ("packet %" G_GUINT64_FORMAT " at %" G_GUINT64_FORMAT, i,
          time - START);
  }
}
GST_END_TEST

GST_START_TEST (test_idle_earns_nothing)
{
  Spead2Pacer pacer;
  guint64 now = START, i, k;

  spead2_pacer_init (&pacer, RATE, BURST, 1.05);
  for (k = 0; k < 10; k++) {
    fail_unless_equals_uint64 (spead2_pacer_reserve (&pacer, now, BURST), now);
    for (i = 1; i < 100; i++) {
      guint64 time = spead2_pacer_reserve (&pacer, now, BURST);

      fail_unless (within_one (time, now + i * BURST_TENTHS / 10));
    }
    spead2_pacer_idle (&pacer);
    now += G_GUINT64_CONSTANT (1000000000);
  }
}
GST_END_TEST

/* A short idle time does not make the rate forget what is due later. */
GST_START_TEST (test_idle_owes)
{
  Spead2Pacer pacer;

  spead2_pacer_init (&pacer, RATE, BURST, 1.05);
  spead2_pacer_reserve (&pacer, START, 10 * BURST);
  spead2_pacer_idle (&pacer);
  fail_unless_equals_uint64 (
      spead2_pacer_reserve (&pacer, START + 5, BURST), START + BURST_TENTHS);
}
GST_END_TEST

/* Late by a millisecond: bursts at exactly ratio times the rate until all is
 * as if it had never been late. */
GST_START_TEST (test_catches_up)
{
  static const gdouble ratios[] = {1.05, 1.5, 2.0, 10.0};
  const gdouble ratio = ratios[__i__];
  const gdouble spacing = BURST_TENTHS / 10.0 / ratio;
  const guint64 late = START + 1000000;
  Spead2Pacer pacer;
  guint64 now = late, i, n_catching = 0;

  spead2_pacer_init (&pacer, RATE, BURST, ratio);
  fail_unless_equals_uint64 (
      spead2_pacer_reserve (&pacer, START, BURST), START);
  for (i = 1; i < 5000; i++) {
    guint64 due = START + i * BURST_TENTHS / 10;

    now = spead2_pacer_reserve (&pacer, now, BURST);
    if (now > due + 1) {
      if (!within_one (now, late + (guint64) ((i - 1) * spacing)))
        fail (
            "burst %" G_GUINT64_FORMAT " at %" G_GUINT64_FORMAT, i, now - late);
      n_catching++;
    } else if (!within_one (now, due)) {
      fail ("burst %" G_GUINT64_FORMAT " at %" G_GUINT64_FORMAT ", before it "
            "is due",
          i, now - START);
    }
  }
  /* The delay, by what each burst makes good. */
  i = (1000000 - BURST_TENTHS / 10.0) / (BURST_TENTHS / 10.0 - spacing) + 1;
  fail_unless (within_one (n_catching, i),
      "%" G_GUINT64_FORMAT " and not %" G_GUINT64_FORMAT, n_catching, i);
}
GST_END_TEST

GST_START_TEST (test_burst)
{
  static const struct {
    gdouble rate;
    guint64 burst_size, burst;
  } cases[] = {
      {RATE, BURST, BURST},
      {RATE, 10000000, 5000000},
      /* A millisecond at the rate. */
      {65536000, BURST, BURST},
      {65535000, BURST, 65535},
      {1e6, BURST, 1000},
      {1e6, 500, 500},
      {1000, BURST, 1},
      {10, BURST, 1},
      {1e6, 1, 1},
  };
  Spead2Pacer pacer;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    spead2_pacer_init (&pacer, cases[i].rate, cases[i].burst_size, 1.05);
    fail_unless_equals_uint64 (spead2_pacer_burst (&pacer), cases[i].burst);
  }
}
GST_END_TEST

/* Another rate at any time: what was sent is paid for in bytes, at the new rate. */
GST_START_TEST (test_another_rate_keeps_what_is_owed)
{
  Spead2Pacer pacer, last;

  spead2_pacer_init (&pacer, 1e6, BURST, 1.05);
  spead2_pacer_reserve (&pacer, START, 5000); /* due in 5 ms */
  last = pacer;
  spead2_pacer_set_rate (&pacer, START + 1000000, 4e6, BURST, 1.05);
  fail_unless_equals_uint64 (
      spead2_pacer_move (&pacer, &last, START + 1000000, START + 5000000),
      START + 2000000);
  fail_unless_equals_uint64 (
      spead2_pacer_reserve (&pacer, START + 1000000, 400), START + 2000000);
  spead2_pacer_set_rate (&pacer, START + 2000000, 1e3, BURST, 1.05);
  fail_unless (within_one (
      spead2_pacer_reserve (&pacer, START + 2000000, 100), START + 402000000));
}
GST_END_TEST

GST_START_TEST (test_the_same_rate_again_gives_no_burst)
{
  Spead2Pacer pacer;
  guint64 now = START, i;

  spead2_pacer_init (&pacer, RATE, BURST, 1.05);
  for (i = 0; i < 100000; i++) {
    guint64 time = spead2_pacer_reserve (&pacer, now, BURST);

    spead2_pacer_set_rate (&pacer, now, RATE, BURST, 1.05);
    now = time;
    spead2_pacer_set_rate (&pacer, now, RATE, BURST, 1.05);
  }
  fail_unless (within_one (now, START + (i - 1) * BURST_TENTHS / 10));
}
GST_END_TEST

/* What was late is not made up for at another rate. */
GST_START_TEST (test_another_rate_forgets_what_was_late)
{
  Spead2Pacer pacer;
  guint64 late = START + 1000000;

  spead2_pacer_init (&pacer, RATE, BURST, 1.05);
  spead2_pacer_reserve (&pacer, START, BURST);
  spead2_pacer_set_rate (&pacer, late, 1e6, 1000, 1.05);
  fail_unless_equals_uint64 (spead2_pacer_reserve (&pacer, late, 1000), late);
  fail_unless_equals_uint64 (
      spead2_pacer_reserve (&pacer, late, 1000), late + 1000000);
}
GST_END_TEST

/* Neither the slowest after the fastest, nor a number that is none, overflows. */
GST_START_TEST (test_extreme_rates)
{
  static const gdouble rates[] = {G_MAXDOUBLE, SPEAD2_MIN_RATE, 0, 1e300, 1, 3};
  Spead2Pacer pacer;
  guint64 time = START;
  guint i;

  spead2_pacer_init (&pacer, SPEAD2_MIN_RATE, BURST, (gdouble) NAN);
  spead2_pacer_reserve (&pacer, START, BURST);
  for (i = 0; i < 1000; i++) {
    spead2_pacer_set_rate (&pacer, START, rates[i % G_N_ELEMENTS (rates)],
        BURST, i % 5 == 0 ? G_MAXDOUBLE : 1);
    time = spead2_pacer_reserve (&pacer, START, 1);
    fail_unless (time == 0 || time - START < G_GUINT64_CONSTANT (1) << 60);
  }
}
GST_END_TEST

static Suite *
pacer_suite (void)
{
  Suite *suite = suite_create ("pacer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_no_rate);
  tcase_add_test (tc, test_exact);
  tcase_add_test (tc, test_exact_early);
  tcase_add_test (tc, test_idle_earns_nothing);
  tcase_add_test (tc, test_idle_owes);
  tcase_add_loop_test (tc, test_catches_up, 0, 4);
  tcase_add_test (tc, test_burst);
  tcase_add_test (tc, test_another_rate_keeps_what_is_owed);
  tcase_add_test (tc, test_the_same_rate_again_gives_no_burst);
  tcase_add_test (tc, test_another_rate_forgets_what_was_late);
  tcase_add_test (tc, test_extreme_rates);
  return suite;
}

GST_CHECK_MAIN (pacer);
