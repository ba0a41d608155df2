/* With which sample a stream begins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "common/gstspead2start.h"

#define T G_GUINT64_CONSTANT (1700000000000000000)

static const struct {
  guint64 earliest, unit, date, index, skip;
} cases[] = {
    {0, 100, 0, 0, 0},
    {0, 100, 0, 1, 99},
    {0, 4096, 0, G_MAXUINT64 - 4094, 4095},
    /* In time, also where a date was rounded down. */
    {T, 4096, T, 8192, 0},
    {T, 4096, T - 1, 8192, 0},
    {T, 4096, T + 1000, 8192, 0},
    /* Two samples of 0.58 ns before it, and nearly two heaps. */
    {T, 4096, T - 2, 8192, 4096},
    {T, 1, T - 2, 8192, 2},
    {T, 4096, T - 4780, 8192, 8192},
    /* In the middle of a heap, of which the end is as early as the date. */
    {T, 4096, T - 1000, 8192 + 2384, 1712},
    /* Years before it: 1712 samples a microsecond. */
    {T, 1, T - G_GUINT64_CONSTANT (100000000000000001), 5,
        G_GUINT64_CONSTANT (171200000000000000)},
    /* Whole buffers. */
    {T, 0, T - 1, 17, 0},
    {T, 0, T - 2, 17, G_MAXUINT64},
};

GST_START_TEST (samples_before_the_start_are_left_out)
{
  const GstSpead2Rate rate = {1712000000, 1};
  const GstSpead2Start start = {cases[__i__].earliest, 0};

  fail_unless_equals_uint64 (gst_spead2_start_skip (&start, cases[__i__].unit,
                                 &rate, cases[__i__].date, cases[__i__].index),
      cases[__i__].skip);
}

GST_END_TEST;

static Suite *
start_suite (void)
{
  Suite *suite = suite_create ("start");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (
      tc, samples_before_the_start_are_left_out, 0, G_N_ELEMENTS (cases));
  return suite;
}

GST_CHECK_MAIN (start);
