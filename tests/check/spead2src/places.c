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
        gst_spead2_src_places_take_first (&memory[i], memory[i].size));
}
GST_END_TEST;

/* A block is kept by each buffer that has a part of it. */
GST_START_TEST (a_large_heap_apart_has_no_place)
{
  Spead2HeapMemory memory;

  gst_spead2_src_places_start_apart (&places);
  fail_unless (gst_spead2_src_places_acquire (
      &places, GST_SPEAD2_SRC_MAX_APART / 2, &memory));
  gst_buffer_unref (gst_spead2_src_places_take_first (&memory, memory.size));
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

GST_START_TEST (a_buffer_in_the_pool_keeps_no_block)
{
  GstBufferPool *pool = gst_spead2_src_place_buffers_new ();
  GstBuffer *block = gst_buffer_new (), *buffer;
  guint8 bytes[2][PLACE] = {"first", "second"};

  buffer = gst_spead2_src_place_buffers_issue (
      pool, gst_buffer_ref (block), bytes[0], 5);
  fail_if (gst_buffer_memcmp (buffer, 0, "first", 5));
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 5);
  fail_unless_equals_int (count_refs (block), 2);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (count_refs (block), 1);

  fail_unless (gst_spead2_src_place_buffers_issue (
                   pool, gst_buffer_ref (block), bytes[1], 6) == buffer);
  fail_if (gst_buffer_memcmp (buffer, 0, "second", 6));
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 6);
  gst_buffer_unref (buffer);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  gst_buffer_unref (block);
}
GST_END_TEST;

GST_START_TEST (a_part_that_is_shared_keeps_the_block)
{
  GstBufferPool *pool = gst_spead2_src_place_buffers_new ();
  GstBuffer *block = gst_buffer_new (), *buffer, *part, *other;
  guint8 bytes[2][PLACE] = {"first", "second"};

  buffer = gst_spead2_src_place_buffers_issue (
      pool, gst_buffer_ref (block), bytes[0], 5);
  part = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 1, 3);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (count_refs (block), 2);
  other = gst_spead2_src_place_buffers_issue (
      pool, gst_buffer_ref (block), bytes[1], 6);
  fail_if (gst_buffer_memcmp (part, 0, "irs", 3));
  fail_unless_equals_uint64 (gst_buffer_get_size (part), 3);
  gst_buffer_unref (part);
  fail_unless_equals_int (count_refs (block), 2);
  gst_buffer_unref (other);
  fail_unless_equals_int (count_refs (block), 1);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
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
  tcase_add_test (tc, a_buffer_in_the_pool_keeps_no_block);
  tcase_add_test (tc, a_part_that_is_shared_keeps_the_block);
  return suite;
}

GST_CHECK_MAIN (places);
