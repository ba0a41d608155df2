/* Blocks with places for several heaps, of more than one thread's heaps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2src/gstspead2srcplaces.h"

#define PLACE 128
#define N 8

static GstSpead2SrcPlaces places;

static void
setup (void)
{
  gst_spead2_src_places_init (&places);
  gst_spead2_src_places_start (&places, N);
}

static void
teardown (void)
{
  gst_spead2_src_places_clear (&places);
}

static Spead2HeapMemory
acquire (void)
{
  Spead2HeapMemory memory;

  fail_unless (gst_spead2_src_places_acquire (&places, PLACE, &memory));
  fail_unless_equals_uint64 (memory.size, PLACE);
  return memory;
}

static void
resize (Spead2HeapMemory *memory, guint n, guint has)
{
  fail_unless_equals_uint64 (
      gst_spead2_src_places_resize (&places, memory, n * PLACE), has * PLACE);
  fail_unless_equals_uint64 (memory->size, has * PLACE);
}

static void
free_memory (Spead2HeapMemory *memory, guint n)
{
  gst_buffer_unref (gst_spead2_src_places_take (memory, n * PLACE));
}

GST_START_TEST (what_a_run_did_not_take_is_free_again)
{
  Spead2HeapMemory run = acquire (), next;

  resize (&run, N + 1, N);
  fail_unless (gst_spead2_src_places_is_last (&run));
  resize (&run, 3, 3);
  next = acquire ();
  fail_unless (next.data == run.data + 3 * PLACE);
  fail_unless (gst_spead2_src_places_adjoin (&run, &next));
  free_memory (&run, 3);
  free_memory (&next, 1);
}
GST_END_TEST;

/* They are empty then, and what lies behind them is not adjacent. */
GST_START_TEST (a_run_shrinks_in_front_of_another)
{
  Spead2HeapMemory run = acquire (), other, last;

  resize (&run, 4, 4);
  other = acquire ();
  fail_unless (other.data == run.data + 4 * PLACE);
  resize (&run, 2, 2);
  fail_if (gst_spead2_src_places_adjoin (&run, &other));
  /* Nor does it grow again. */
  resize (&run, 3, 2);
  resize (&other, N, 4);
  fail_unless (gst_spead2_src_places_is_last (&other));
  last = acquire ();
  fail_if (last.token == run.token);
  free_memory (&run, 2);
  free_memory (&other, 4);
  free_memory (&last, 1);
}
GST_END_TEST;

static Suite *
places_suite (void)
{
  Suite *suite = suite_create ("places");
  TCase *tc = tcase_create ("places");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, what_a_run_did_not_take_is_free_again);
  tcase_add_test (tc, a_run_shrinks_in_front_of_another);
  return suite;
}

GST_CHECK_MAIN (places);
