/* Where a heap stands in the stream of samples.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "spead2src/gstspead2srcposition.h"

#define STEP 100

/* The place of a heap, which is accepted there. */
static GstSpead2SrcPlace
place_heap (GstSpead2SrcPosition *position, guint bits, guint64 cnt,
    guint64 index, guint64 step)
{
  const guint64 mask = (G_GUINT64_CONSTANT (1) << bits) - 1;
  GstSpead2SrcPlace place;

  gst_spead2_src_position_find (
      position, bits, cnt, index & mask, step, &place);
  gst_spead2_src_position_accept (
      position, bits, cnt, index & mask, step, &place);
  return place;
}

static void
check_due (const GstSpead2SrcPlace *place, guint64 index)
{
  fail_unless_equals_uint64 (place->index, index);
  fail_unless_equals_uint64 (place->missing, 0);
  fail_if (place->late);
  fail_if (place->restarted);
  fail_if (place->discont);
}

GST_START_TEST (the_first_heap_begins_anywhere)
{
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place = place_heap (&position, 40, 7, 123456, STEP);

  check_due (&place, 123456);
  place = place_heap (&position, 40, 8, 123456 + STEP, STEP);
  check_due (&place, 123456 + STEP);
}
GST_END_TEST;

GST_START_TEST (a_place_that_is_not_accepted_changes_nothing)
{
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;

  place_heap (&position, 40, 1, 0, STEP);
  gst_spead2_src_position_find (&position, 40, 9, 8 * STEP, STEP, &place);
  fail_unless_equals_uint64 (place.missing, 7 * STEP);
  place = place_heap (&position, 40, 2, STEP, STEP);
  check_due (&place, STEP);
}
GST_END_TEST;

GST_START_TEST (what_lies_between_the_due_index_and_a_heap_is_missing)
{
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;

  place_heap (&position, 40, 1, 0, STEP);
  place = place_heap (&position, 40, 4, 3 * STEP, STEP);
  fail_unless_equals_uint64 (place.missing, 2 * STEP);
  fail_unless (place.discont);
  fail_if (place.late);
  fail_if (place.restarted);
  place = place_heap (&position, 40, 5, 4 * STEP, STEP);
  check_due (&place, 4 * STEP);
}
GST_END_TEST;

GST_START_TEST (a_late_heap_moves_nothing)
{
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;
  guint i;

  place_heap (&position, 40, 2000, 2000 * STEP, STEP);
  for (i = 1; i < GST_SPEAD2_SRC_MAX_LATE_HEAPS; i++) {
    place = place_heap (&position, 40, 2000 - i, (2000 - i) * STEP, STEP);
    fail_unless (place.late);
    fail_unless (place.discont);
    fail_if (place.restarted);
    fail_unless_equals_uint64 (place.missing, 0);
    fail_unless_equals_uint64 (place.index, (2000 - i) * STEP);
  }
  /* But the heap that is due does not follow the late one. */
  place = place_heap (&position, 40, 2001, 2001 * STEP, STEP);
  fail_unless_equals_uint64 (place.missing, 0);
  fail_unless (place.discont);
  place = place_heap (&position, 40, 2002, 2002 * STEP, STEP);
  check_due (&place, 2002 * STEP);
}
GST_END_TEST;

static void
check_restart (const GstSpead2SrcPlace *place, guint64 index)
{
  fail_unless (place->restarted);
  fail_unless (place->discont);
  fail_if (place->late);
  fail_unless_equals_uint64 (place->missing, 0);
  fail_unless_equals_uint64 (place->index, index);
}

GST_START_TEST (an_index_far_back_is_a_restart)
{
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;

  place_heap (&position, 40, 1, 2000 * STEP, STEP);
  place = place_heap (&position, 40, 2, 5 * STEP, STEP);
  check_restart (&place, 5 * STEP);
  place = place_heap (&position, 40, 3, 6 * STEP, STEP);
  check_due (&place, 6 * STEP);
}
GST_END_TEST;

/* The index could have run over, since it was past the half of its bits. */
GST_START_TEST (a_counter_and_an_index_that_go_back_are_a_restart)
{
  const guint64 high = (G_GUINT64_CONSTANT (1) << 40) - 1000 * STEP;
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;

  place_heap (&position, 40, 5000, high, STEP);
  place = place_heap (&position, 40, 1, 0, STEP);
  check_restart (&place, 0);
  place = place_heap (&position, 40, 2, STEP, STEP);
  check_due (&place, STEP);

  /* The counter alone does not say so: it has run over itself, or is random. */
  place_heap (&position, 40, 5000, 2 * STEP, STEP);
  place = place_heap (&position, 40, 1, 3 * STEP, STEP);
  check_due (&place, 3 * STEP);
}
GST_END_TEST;

/* Forwards over the end of the bits, and back to heaps from before it. */
GST_START_TEST (an_index_runs_over_its_bits_in_both_directions)
{
  static const guint bits[] = {32, 40, 48};
  guint b;

  for (b = 0; b < G_N_ELEMENTS (bits); b++) {
    const guint64 end = G_GUINT64_CONSTANT (1) << bits[b];
    GstSpead2SrcPosition position = {0};
    GstSpead2SrcPlace place;

    place_heap (&position, bits[b], 1, end - 3 * STEP, STEP);
    place = place_heap (&position, bits[b], 3, end - STEP, STEP);
    fail_unless_equals_uint64 (place.missing, STEP);
    place = place_heap (&position, bits[b], 4, end, STEP);
    check_due (&place, end);
    place = place_heap (&position, bits[b], 2, end - 2 * STEP, STEP);
    fail_unless (place.late);
    fail_unless_equals_uint64 (place.index, end - 2 * STEP);
    place = place_heap (&position, bits[b], 6, end + 2 * STEP, STEP);
    fail_unless_equals_uint64 (place.missing, STEP);
    fail_unless_equals_uint64 (place.index, end + 2 * STEP);
  }
}
GST_END_TEST;

GST_START_TEST (a_counter_runs_over_with_the_index)
{
  const guint64 end = G_GUINT64_CONSTANT (1) << 40;
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;

  place_heap (&position, 40, end - 1, end - STEP / 2, STEP);
  place = place_heap (&position, 40, 0, end + STEP / 2, STEP);
  check_due (&place, end + STEP / 2);
}
GST_END_TEST;

/* How far apart heaps are is not known, so neither is whether one is missing, nor how
 * many heaps an index lies back. */
GST_START_TEST (without_a_step_nothing_is_missing)
{
  GstSpead2SrcPosition position = {0};
  GstSpead2SrcPlace place;

  place_heap (&position, 40, 1, 10 * STEP, 0);
  place = place_heap (&position, 40, 3, 30000 * STEP, 0);
  check_due (&place, 30000 * STEP);
  place = place_heap (&position, 40, 4, 30000 * STEP, 0);
  check_due (&place, 30000 * STEP);
  place = place_heap (&position, 40, 2, 20 * STEP, 0);
  fail_unless (place.late);
  fail_if (place.restarted);
  place_heap (&position, 40, 5000, 40000 * STEP, 0);
  place = place_heap (&position, 40, 1, 0, 0);
  check_restart (&place, 0);
}
GST_END_TEST;

static Suite *
position_suite (void)
{
  Suite *suite = suite_create ("position");
  TCase *tc = tcase_create ("position");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, the_first_heap_begins_anywhere);
  tcase_add_test (tc, a_place_that_is_not_accepted_changes_nothing);
  tcase_add_test (tc, what_lies_between_the_due_index_and_a_heap_is_missing);
  tcase_add_test (tc, a_late_heap_moves_nothing);
  tcase_add_test (tc, an_index_far_back_is_a_restart);
  tcase_add_test (tc, a_counter_and_an_index_that_go_back_are_a_restart);
  tcase_add_test (tc, an_index_runs_over_its_bits_in_both_directions);
  tcase_add_test (tc, a_counter_runs_over_with_the_index);
  tcase_add_test (tc, without_a_step_nothing_is_missing);
  return suite;
}

GST_CHECK_MAIN (position);
