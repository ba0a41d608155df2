/* Buffers cut and joined into payloads of heaps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "plugin/common/gstspead2adapter.h"
#include "spead2/error.h"
#include "spead2/memory/headroom.h"

#define COPY_SIZE 50

static Spead2Layout *layout;
static GstSpead2Adapter adapter;
static const GstSpead2Rate no_rate, per_ms = {1000, 1};

static void
setup (void)
{
  Spead2LayoutConfig config = {.descriptors = SPEAD2_DESCRIPTORS_NONE};

  config.items = spead2_items_new ("samples,id=0x3300,value=payload", 40, NULL);
  fail_unless (config.items != NULL);
  layout = spead2_layout_new (&config, NULL);
  fail_unless (layout != NULL);
  spead2_items_unref (config.items);
}

static void
teardown (void)
{
  gst_spead2_adapter_clear (&adapter);
  spead2_layout_free (layout);
}

static guint8
pattern (guint64 position)
{
  return (guint8) (position ^ (position >> 8) * 31);
}

static GstBuffer *
make_buffer (GstAllocator *allocator, gsize size, guint64 begin)
{
  GstBuffer *buffer = gst_buffer_new_allocate (allocator, size, NULL);
  GstMapInfo map;
  gsize i;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (i = 0; i < size; i++)
    map.data[i] = pattern (begin + i);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* The payload of a heap, piece by piece, is the pattern from begin on. */
static void
assert_payload (const Spead2Heap *heap, guint64 begin)
{
  for (guint i = 0; i < heap->n_spans; i++) {
    Spead2Piece piece;

    for (gsize done = 0; done < heap->spans[i].size; done += piece.size) {
      spead2_span_find (&heap->spans[i], done, &piece);
      for (gsize k = 0; k < piece.size; k++, begin++)
        if (piece.data[k] != pattern (begin))
          fail ("byte %" G_GUINT64_FORMAT, begin);
    }
  }
}

/* Takes the heaps that there are: all of size bytes, and the pattern from where
 * the last one ended. Frees them at once, as a fast network does. */
static void
take_heaps (gsize size, guint64 *end)
{
  Spead2HeapValues values;
  GError *error = NULL;

  while (gst_spead2_adapter_next (&adapter, &values, &error)) {
    Spead2Heap *heap = spead2_layout_make_heap (layout, &values, NULL);

    fail_unless (heap != NULL);
    fail_unless_equals_uint64 (heap->length, size);
    fail_unless_equals_uint64 (values.sample_index, 5 + *end);
    assert_payload (heap, *end);
    *end += heap->length;
    spead2_heap_free (heap);
  }
  fail_if (error != NULL);
}

/* Buffers of random sizes, in ordinary memory and in that of packets, whose headers
 * lie where the heaps do not end. */
GST_START_TEST (test_any_sizes)
{
  static const Spead2PacketShape shape = {40, 100, 30, 120, 700};
  GstAllocator *packets = spead2_headroom_allocator_new (&shape, NULL);
  GRand *rand = g_rand_new_with_seed (__i__);
  const gsize heap_size = g_rand_int_range (rand, 1, 3000);
  const gint largest = g_rand_int_range (rand, 2, 9000);
  guint64 begin = 0, end = 0;

  gst_spead2_adapter_init (
      &adapter, layout, heap_size, COPY_SIZE, GST_SPEAD2_REMAINDER_ERROR);
  for (guint i = 0; i < 100; i++) {
    gsize size = g_rand_int_range (rand, 1, largest);
    Spead2HeapValues values = {
        .buffer =
            make_buffer (g_rand_boolean (rand) ? packets : NULL, size, begin),
        .size = size,
        .sample_index = 5 + begin};

    if (gst_spead2_adapter_is_open (&adapter))
      fail_unless (gst_spead2_adapter_continues (&adapter, &values));
    gst_spead2_adapter_begin (&adapter, &values, &no_rate);
    take_heaps (heap_size, &end);
    fail_unless (gst_spead2_adapter_end (&adapter, NULL));
    gst_buffer_unref (values.buffer);
    begin += size;
    fail_unless_equals_uint64 (end, begin - begin % heap_size);
    fail_unless_equals_int (
        gst_spead2_adapter_is_open (&adapter), begin % heap_size != 0);
  }
  gst_spead2_adapter_close (&adapter);
  take_heaps (begin % heap_size, &end);
  fail_unless_equals_uint64 (end, begin);
  fail_if (gst_spead2_adapter_is_open (&adapter));
  g_rand_free (rand);
  gst_object_unref (packets);
}
GST_END_TEST

/* A buffer that is given in a part, as pictures are, and dates that go on. */
GST_START_TEST (test_part_of_a_buffer)
{
  Spead2HeapValues values = {.buffer = make_buffer (NULL, 1000, 0),
      .offset = 100,
      .size = 800,
      .utc_ns = 7,
      .ptp_ns = 8};
  Spead2HeapValues made;

  gst_spead2_adapter_init (
      &adapter, layout, 500, COPY_SIZE, GST_SPEAD2_REMAINDER_ERROR);
  gst_spead2_adapter_begin (&adapter, &values, &per_ms);
  fail_unless (gst_spead2_adapter_next (&adapter, &made, NULL));
  fail_unless_equals_uint64 (made.offset, 100);
  fail_if (gst_spead2_adapter_next (&adapter, &made, NULL));
  fail_unless (gst_spead2_adapter_end (&adapter, NULL));
  gst_buffer_unref (values.buffer);
  gst_spead2_adapter_close (&adapter);
  fail_unless (gst_spead2_adapter_next (&adapter, &made, NULL));
  fail_unless_equals_uint64 (made.size, 300);
  fail_unless_equals_uint64 (made.sample_index, 500);
  fail_unless_equals_uint64 (made.utc_ns, 7 + GST_SECOND / 2);
  fail_unless_equals_uint64 (made.ptp_ns, 8 + GST_SECOND / 2);
  fail_unless_equals_int (made.n_parts, 1);
  fail_unless_equals_uint64 (made.parts[0].offset, 600);
}
GST_END_TEST

/* Memory that somebody is writing to. What was open before stays as it is. */
GST_START_TEST (test_not_mappable)
{
  Spead2HeapValues values = {
      .buffer = make_buffer (NULL, 100, 0), .size = __i__ ? 100 : 20};
  Spead2HeapValues made;
  GError *error = NULL;
  GstMapInfo map;

  gst_spead2_adapter_init (
      &adapter, layout, 500, COPY_SIZE, GST_SPEAD2_REMAINDER_ERROR);
  fail_unless (gst_memory_map (
      gst_buffer_peek_memory (values.buffer, 0), &map, GST_MAP_WRITE));
  gst_spead2_adapter_begin (&adapter, &values, &no_rate);
  fail_if (gst_spead2_adapter_next (&adapter, &made, &error));
  fail_if (error != NULL);
  fail_if (gst_spead2_adapter_end (&adapter, &error));
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_MEMORY));
  g_error_free (error);
  fail_if (gst_spead2_adapter_is_open (&adapter));
  gst_memory_unmap (map.memory, &map);
  ASSERT_MINI_OBJECT_REFCOUNT (values.buffer, "buffer", 1);
  gst_buffer_unref (values.buffer);
}
GST_END_TEST

static Suite *
adapter_suite (void)
{
  Suite *suite = suite_create ("adapter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_any_sizes, 0, 50);
  tcase_add_test (tc, test_part_of_a_buffer);
  tcase_add_loop_test (tc, test_not_mappable, 0, 2);
  return suite;
}

GST_CHECK_MAIN (adapter);
