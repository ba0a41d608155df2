/* Blocks with places for several heaps, of more than one thread's heaps, and buffers of such
 * heaps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2src/gstspead2srcplacebuffers.h"
#include "spead2src/gstspead2srcplaces.h"

#define PLACE 128
#define N 8

static GstSpead2SrcSlabs slabs; /* none */
static GstSpead2SrcPlaces places;

static void
setup (void)
{
  gst_spead2_src_slabs_init (&slabs);
  gst_spead2_src_places_init (&places, &slabs);
  gst_spead2_src_places_start (&places, N);
}

static void
teardown (void)
{
  gst_spead2_src_places_clear (&places);
  gst_spead2_src_slabs_clear (&slabs);
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
  /* The block is used up: what it leaves now is empty, too. */
  resize (&run, 1, 1);
  last = acquire ();
  fail_if (last.token == run.token);
  free_memory (&run, 1);
  free_memory (&other, 4);
  free_memory (&last, 1);
}
GST_END_TEST;

/* Behind a heap that is no multiple of 64 nothing adjoins, and it is no run. */
GST_START_TEST (places_of_heaps_apart_are_aligned)
{
  Spead2HeapMemory memory[3];
  const gsize sizes[] = {PLACE - 1, PLACE, PLACE - 63};

  gst_spead2_src_places_start_apart (&places);
  for (guint i = 0; i < G_N_ELEMENTS (memory); i++) {
    fail_unless (gst_spead2_src_places_acquire (&places, sizes[i], &memory[i]));
    fail_unless_equals_uint64 (memory[i].size, sizes[i]);
    fail_unless_equals_uint64 (GPOINTER_TO_SIZE (memory[i].data) % 64, 0);
    fail_unless (memory[i].data == memory[0].data + i * PLACE);
  }
  fail_unless_equals_uint64 (
      gst_spead2_src_places_resize (&places, &memory[2], 2 * sizes[2]),
      sizes[2]);
  fail_if (gst_spead2_src_places_adjoin (&memory[0], &memory[1]));
  for (guint i = 0; i < G_N_ELEMENTS (memory); i++)
    gst_buffer_unref (
        gst_spead2_src_places_take_first (&memory[i], memory[i].size, 0, 1));
}
GST_END_TEST;

/* A block is kept by each buffer that has a part of it. */
GST_START_TEST (a_large_heap_apart_has_no_place)
{
  Spead2HeapMemory memory;

  gst_spead2_src_places_start_apart (&places);
  fail_unless (gst_spead2_src_places_acquire (
      &places, GST_SPEAD2_SRC_MAX_APART / 2, &memory));
  gst_buffer_unref (
      gst_spead2_src_places_take_first (&memory, memory.size, 0, 1));
  fail_if (gst_spead2_src_places_acquire (
      &places, GST_SPEAD2_SRC_MAX_APART / 2 + 1, &memory));
}
GST_END_TEST;

/* -- buffers ------------------------------------------------------------------------------ */

static gint
count_refs (GstBuffer *block)
{
  return GST_MINI_OBJECT_REFCOUNT_VALUE (block);
}

static GstBuffer *
prepared_block (void)
{
  GstBuffer *block = gst_buffer_new ();

  gst_spead2_src_place_buffers_prepare (block);
  return block;
}

/* Of the text, in place i. */
static GstBuffer *
issue (GstBuffer *block, guint i, gchar *text)
{
  GstBuffer *buffer = gst_spead2_src_place_buffers_issue (
      gst_buffer_ref (block), i, (guint8 *) text, strlen (text));

  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), strlen (text));
  fail_if (gst_buffer_memcmp (buffer, 0, text, strlen (text)));
  return buffer;
}

static gchar first[] = "first", second[] = "second";

/* Also where the block has been a block before. */
GST_START_TEST (a_place_issues_its_buffer_again)
{
  GstCaps *clock = gst_caps_new_empty_simple ("timestamp/x-test");
  GstBuffer *block = prepared_block (), *buffer = issue (block, 0, first);

  fail_unless_equals_int (count_refs (block), 2);
  GST_BUFFER_PTS (buffer) = 1;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  gst_buffer_add_reference_timestamp_meta (buffer, clock, 1, 1);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (count_refs (block), 1);

  gst_spead2_src_place_buffers_prepare (block);
  fail_unless (issue (block, 0, second) == buffer);
  fail_unless_equals_int (count_refs (block), 2);
  fail_if (GST_BUFFER_PTS_IS_VALID (buffer));
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  fail_if (gst_buffer_get_reference_timestamp_meta (buffer, NULL));
  gst_buffer_unref (buffer);
  gst_buffer_unref (block);
  gst_caps_unref (clock);
}
GST_END_TEST;

GST_START_TEST (a_buffer_outlives_all_others_of_its_block)
{
  GstBuffer *block = prepared_block ();
  GstBuffer *buffer = issue (block, 0, first), *other = issue (block, 1, first);

  gst_buffer_unref (block);
  gst_buffer_unref (other);
  fail_if (gst_buffer_memcmp (buffer, 0, first, strlen (first)));
  gst_buffer_unref (buffer);
}
GST_END_TEST;

GST_START_TEST (a_part_that_is_shared_keeps_the_block)
{
  GstBuffer *block = prepared_block ();
  GstBuffer *buffer = issue (block, 0, first), *part, *other;

  part = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 1, 3);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (count_refs (block), 2);
  other = issue (block, 1, second);
  fail_if (gst_buffer_memcmp (part, 0, "irs", 3));
  fail_unless_equals_uint64 (gst_buffer_get_size (part), 3);
  gst_buffer_unref (part);
  fail_unless_equals_int (count_refs (block), 2);
  gst_buffer_unref (other);
  fail_unless_equals_int (count_refs (block), 1);
  gst_buffer_unref (block);
}
GST_END_TEST;

/* Whoever has the buffer may give it other memory, which is not the block's. */
GST_START_TEST (a_buffer_with_other_memory_does_not_come_back)
{
  GstBuffer *block = prepared_block ();
  GstBuffer *buffer = issue (block, 0, first);
  gchar other[] = "other";

  gst_buffer_replace_all_memory (
      buffer, gst_memory_new_wrapped (0, other, 5, 0, 5, NULL, NULL));
  fail_unless_equals_int (count_refs (block), 1);
  gst_buffer_unref (buffer);
  buffer = issue (block, 0, second);
  gst_buffer_unref (buffer);
  gst_buffer_unref (block);
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
  tcase_add_test (tc, places_of_heaps_apart_are_aligned);
  tcase_add_test (tc, a_large_heap_apart_has_no_place);
  tcase_add_test (tc, a_place_issues_its_buffer_again);
  tcase_add_test (tc, a_buffer_outlives_all_others_of_its_block);
  tcase_add_test (tc, a_part_that_is_shared_keeps_the_block);
  tcase_add_test (tc, a_buffer_with_other_memory_does_not_come_back);
  return suite;
}

GST_CHECK_MAIN (places);
