/* Counters of a few bits as numbers without end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "common/gstspead2unwrap.h"

GST_START_TEST (the_first_value_is_its_own_number)
{
  GstSpead2Unwrap unwrap = {.bits = 40};

  fail_unless_equals_uint64 (
      gst_spead2_unwrap_next (&unwrap, G_GUINT64_CONSTANT (0xffffffffff)),
      G_GUINT64_CONSTANT (0xffffffffff));
}
GST_END_TEST;

/* Steps of a quarter of 2^bits, forwards over three wraps and back again. */
GST_START_TEST (values_run_over_in_both_directions)
{
  static const guint bits[] = {8, 40, 48, 56};
  guint b;

  for (b = 0; b < G_N_ELEMENTS (bits); b++) {
    GstSpead2Unwrap unwrap = {.bits = bits[b]};
    guint64 step = G_GUINT64_CONSTANT (1) << (bits[b] - 2);
    guint64 mask = (G_GUINT64_CONSTANT (1) << bits[b]) - 1;
    gint i;

    for (i = 1; i <= 12; i++)
      fail_unless_equals_uint64 (
          gst_spead2_unwrap_next (&unwrap, (i * step) & mask), i * step);
    for (i = 11; i >= 0; i--)
      fail_unless_equals_uint64 (
          gst_spead2_unwrap_next (&unwrap, (i * step) & mask), i * step);
  }
}
GST_END_TEST;

GST_START_TEST (no_number_is_below_zero)
{
  GstSpead2Unwrap unwrap = {.bits = 8};

  fail_unless_equals_uint64 (gst_spead2_unwrap_next (&unwrap, 3), 3);
  fail_unless_equals_uint64 (gst_spead2_unwrap_next (&unwrap, 254), 254);
}
GST_END_TEST;

GST_START_TEST (all_bits_are_taken_as_they_are)
{
  GstSpead2Unwrap unwrap = {.bits = 64};

  fail_unless_equals_uint64 (
      gst_spead2_unwrap_next (&unwrap, G_MAXUINT64), G_MAXUINT64);
  fail_unless_equals_uint64 (
      gst_spead2_unwrap_next (&unwrap, G_MAXUINT64 - 7), G_MAXUINT64 - 7);
}
GST_END_TEST;

GST_START_TEST (a_peek_changes_nothing)
{
  GstSpead2Unwrap unwrap = {.bits = 8};

  gst_spead2_unwrap_next (&unwrap, 250);
  fail_unless_equals_uint64 (gst_spead2_unwrap_peek (&unwrap, 5), 261);
  fail_unless_equals_uint64 (gst_spead2_unwrap_peek (&unwrap, 249), 249);
  gst_spead2_unwrap_reset (&unwrap);
  fail_unless_equals_uint64 (gst_spead2_unwrap_next (&unwrap, 5), 5);
}
GST_END_TEST;

static Suite *
unwrap_suite (void)
{
  Suite *suite = suite_create ("unwrap");
  TCase *tc = tcase_create ("unwrap");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, the_first_value_is_its_own_number);
  tcase_add_test (tc, values_run_over_in_both_directions);
  tcase_add_test (tc, no_number_is_below_zero);
  tcase_add_test (tc, all_bits_are_taken_as_they_are);
  tcase_add_test (tc, a_peek_changes_nothing);
  return suite;
}

GST_CHECK_MAIN (unwrap);
