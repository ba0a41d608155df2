/* Numbers of samples as times, and back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "common/gstspead2rate.h"

__extension__ typedef unsigned __int128 Wide;

static const GstSpead2Rate rates[] = {
    {1712000000, 1},
    {3200000000, 1},
    {25000000, 27},
    {1, G_MAXINT},
    {999999937, 65537},
    {G_GUINT64_CONSTANT (9223372036854775783), 1},
};

/* ns of n samples, rounded to the nearest. */
static Wide
exact_time (const GstSpead2Rate *rate, guint64 n)
{
  Wide product = (Wide) n * GST_SECOND * rate->denominator;

  return (product + rate->numerator / 2) / rate->numerator;
}

static void
check_time (const GstSpead2Rate *rate, guint64 n)
{
  Wide exact = exact_time (rate, n);

  fail_unless_equals_uint64 (gst_spead2_rate_time (rate, n),
      exact < G_MAXUINT64 ? (guint64) exact : G_MAXUINT64);
}

/* Of counters of all widths, and beyond what they hold. */
GST_START_TEST (times_are_rounded_once)
{
  const GstSpead2Rate *rate = &rates[__i__];
  GRand *random = g_rand_new_with_seed (__i__);
  guint bits, i;

  for (bits = 1; bits < 64; bits++) {
    guint64 limit = G_GUINT64_CONSTANT (1) << bits;

    check_time (rate, limit - 1);
    check_time (rate, limit);
    for (i = 0; i < 100; i++)
      check_time (rate,
          (((guint64) g_rand_int (random) << 32) | g_rand_int (random)) %
              limit);
  }
  g_rand_free (random);
}
GST_END_TEST;

/* 45 hours of MeerKAT's digitiser, whose index has 48 bits. */
GST_START_TEST (a_time_gives_its_sample_back)
{
  const GstSpead2Rate rate = {856000000, 1};
  guint64 n;

  for (n = (G_GUINT64_CONSTANT (1) << 48) - 100000;
       n < (G_GUINT64_CONSTANT (1) << 48); n++)
    fail_unless_equals_uint64 (
        gst_spead2_rate_samples (&rate, gst_spead2_rate_time (&rate, n)), n);
}
GST_END_TEST;

static Suite *
rate_suite (void)
{
  Suite *suite = suite_create ("rate");
  TCase *tc = tcase_create ("rate");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, times_are_rounded_once, 0, G_N_ELEMENTS (rates));
  tcase_add_test (tc, a_time_gives_its_sample_back);
  return suite;
}

GST_CHECK_MAIN (rate);
