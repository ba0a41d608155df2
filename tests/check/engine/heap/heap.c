/* A heap: what its flavour can hold, and what it holds on to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/error.h"
#include "spead2/heap/heap.h"

static void
check_error (GError *error, gint code, const gchar *part)
{
  fail_unless (g_error_matches (error, SPEAD2_ERROR, code));
  fail_unless (strstr (error->message, part) != NULL, "%s", error->message);
  g_error_free (error);
}

/* The largest id and value pass; one more is refused, the heap unchanged. */
GST_START_TEST (test_limits)
{
  const Spead2Flavour flavour = 8 * (__i__ + 1);
  const guint64 max_value = (G_GUINT64_CONSTANT (1) << flavour) - 1;
  const guint64 max_id = (G_GUINT64_CONSTANT (1) << (63 - flavour)) - 1;
  Spead2Heap *heap = spead2_heap_new (flavour);
  gchar *name = g_strdup_printf ("does not fit SPEAD-64-%u,", flavour);
  GError *error = NULL;

  fail_unless (spead2_heap_add_immediate (heap, max_id, max_value, NULL));
  fail_unless (heap->pointers[0] == G_MAXUINT64);
  fail_unless (spead2_heap_add_addressed (heap, max_id, NULL));
  fail_unless (heap->pointers[1] == max_id << flavour);

  fail_if (spead2_heap_add_immediate (heap, max_id + 1, 0, &error));
  check_error (error, SPEAD2_ERROR_INVALID, name);
  error = NULL;
  fail_if (spead2_heap_add_immediate (heap, 1, max_value + 1, &error));
  check_error (error, SPEAD2_ERROR_INVALID, name);
  error = NULL;
  fail_if (spead2_heap_add_addressed (heap, max_id + 1, &error));
  check_error (error, SPEAD2_ERROR_INVALID, name);
  fail_unless_equals_int (heap->n_pointers, 2);

  g_free (name);
  spead2_heap_free (heap);
}
GST_END_TEST

GST_START_TEST (test_length_limit)
{
  Spead2Heap *heap = spead2_heap_new (8);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 256, NULL);
  GError *error = NULL;

  fail_unless (spead2_heap_add_addressed (heap, 1, NULL));
  fail_if (spead2_heap_append_buffer (heap, buffer, 0, 256, &error));
  check_error (
      error, SPEAD2_ERROR_INVALID, "256 bytes does not fit SPEAD-64-8");
  error = NULL;
  fail_unless (spead2_heap_append_buffer (heap, buffer, 0, 200, NULL));
  fail_unless (spead2_heap_append_buffer (heap, buffer, 0, 55, NULL));
  fail_unless_equals_uint64 (heap->length, 255);
  fail_unless (spead2_heap_append_buffer (heap, buffer, 0, 0, NULL));
  fail_if (spead2_heap_append_buffer (heap, buffer, 0, 1, &error));
  check_error (error, SPEAD2_ERROR_INVALID, "256 bytes does not fit");

  spead2_heap_free (heap);
  gst_buffer_unref (buffer);
}
GST_END_TEST

static void
on_freed (gpointer data, GstMiniObject *object)
{
  *(gboolean *) data = TRUE;
}

/* As long as the heap lives, its buffers do, mapped: nobody can write. */
GST_START_TEST (test_holds)
{
  Spead2Heap *heap = spead2_heap_new (40);
  GstBuffer *buffers[5];
  GstMemory *memories[5];
  gboolean freed[5] = {FALSE};
  GstMapInfo map;
  guint i;

  for (i = 0; i < 5; i++) {
    memories[i] = gst_allocator_alloc (NULL, 100, NULL);
    buffers[i] = gst_buffer_new ();
    gst_buffer_append_memory (buffers[i], gst_memory_ref (memories[i]));
    gst_mini_object_weak_ref (
        GST_MINI_OBJECT_CAST (buffers[i]), on_freed, &freed[i]);
    fail_unless (spead2_heap_add_addressed (heap, 1 + i, NULL));
    fail_unless (spead2_heap_append_buffer (heap, buffers[i], 10, 50, NULL));
    ASSERT_MINI_OBJECT_REFCOUNT (buffers[i], "buffer", 2);
    gst_buffer_unref (buffers[i]);
  }
  for (i = 0; i < 5; i++) {
    fail_if (freed[i]);
    fail_if (gst_memory_map (memories[i], &map, GST_MAP_WRITE));
    fail_unless (spead2_pointer_value (40, heap->pointers[i]) == 50 * i);
  }
  spead2_heap_free (heap);
  for (i = 0; i < 5; i++) {
    fail_unless (freed[i]);
    fail_unless (gst_memory_map (memories[i], &map, GST_MAP_WRITE));
    gst_memory_unmap (memories[i], &map);
    ASSERT_MINI_OBJECT_REFCOUNT (memories[i], "memory", 1);
    gst_memory_unref (memories[i]);
  }
}
GST_END_TEST

/* Any part of a buffer of several memories, and no copies of it. */
GST_START_TEST (test_parts)
{
  static const gsize sizes[] = {10, 0, 1, 20, 7};
  GstBuffer *buffer = gst_buffer_new ();
  GstMemory *first;
  GstMapInfo map;
  guint8 value = 0;
  gsize total = 0, offset, size;
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstMemory *memory = gst_allocator_alloc (NULL, MAX (sizes[i], 1), NULL);

    fail_unless (gst_memory_map (memory, &map, GST_MAP_WRITE));
    for (k = 0; k < sizes[i]; k++)
      map.data[k] = value++;
    gst_memory_unmap (memory, &map);
    gst_memory_resize (memory, 0, sizes[i]);
    gst_buffer_append_memory (buffer, memory);
    total += sizes[i];
  }
  for (offset = 0; offset <= total; offset++) {
    for (size = 0; offset + size <= total; size++) {
      Spead2Heap *heap = spead2_heap_new (40);
      gsize done = 0;

      if (!spead2_heap_append_buffer (heap, buffer, offset, size, NULL))
        fail ("%" G_GSIZE_FORMAT " bytes", size);
      for (i = 0; i < heap->n_spans; i++)
        for (k = 0; k < heap->spans[i].size; k++, done++)
          if (heap->spans[i].data[k] != offset + done)
            fail ("byte %" G_GSIZE_FORMAT, done);
      if (done != size || heap->length != size)
        fail ("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT, done, size);
      spead2_heap_free (heap);
    }
  }

  first = gst_buffer_peek_memory (buffer, 0);
  fail_unless (gst_memory_map (first, &map, GST_MAP_READ));
  {
    Spead2Heap *heap = spead2_heap_new (40);

    fail_unless (spead2_heap_append_buffer (heap, buffer, 3, 30, NULL));
    fail_unless (heap->spans[0].data == map.data + 3);
    fail_unless_equals_int (heap->n_spans, 4);
    spead2_heap_free (heap);
  }
  gst_memory_unmap (first, &map);
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* What a share of a span's memory has, from where the span says, are its bytes. */
static void
check_source (const Spead2Heap *heap, guint i)
{
  const Spead2SpanSource *source = &heap->sources[i];
  GstMemory *share =
      gst_memory_share (source->memory, source->offset, heap->spans[i].size);
  GstMapInfo map;
  Spead2Piece piece;

  fail_unless (share != NULL && gst_memory_map (share, &map, GST_MAP_READ));
  for (gsize done = 0; done < map.size; done += piece.size) {
    spead2_span_find (&heap->spans[i], done, &piece);
    fail_unless (memcmp (map.data + done, piece.data, piece.size) == 0);
  }
  gst_memory_unmap (share, &map);
  gst_memory_unref (share);
}

/* Spans say which memory of which buffer their bytes are in, also one that begins
 * within its allocation, or has headroom. */
GST_START_TEST (test_sources)
{
  static const Spead2PacketShape shape = {40, 10, 30, 12, 100};
  GstAllocator *allocator =
      __i__ ? spead2_headroom_allocator_new (&shape, NULL) : NULL;
  Spead2Heap *heap = spead2_heap_new (40);
  GstBuffer *buffers[2];
  guint i, k;

  for (i = 0; i < 2; i++) {
    buffers[i] = gst_buffer_new ();
    for (k = 0; k < 2; k++) {
      GstMemory *memory = gst_allocator_alloc (allocator, 250, NULL);
      GstMapInfo map;

      fail_unless (gst_memory_map (memory, &map, GST_MAP_WRITE));
      for (gsize at = 0; at < map.size; at++)
        map.data[at] = i * 128 + k * 64 + at;
      gst_memory_unmap (memory, &map);
      if (!__i__)
        gst_memory_resize (memory, 7, 230);
      gst_buffer_append_memory (buffers[i], memory);
    }
    fail_unless (spead2_heap_append_buffer (heap, buffers[i], 5, 400, NULL));
  }
  fail_unless_equals_int (heap->n_spans, __i__ ? 10 : 4);
  for (i = 0; i < heap->n_spans; i++) {
    guint buffer = i / (heap->n_spans / 2);
    guint memory = i % (heap->n_spans / 2) / (heap->n_spans / 4 + __i__);

    fail_unless (heap->sources[i].buffer == buffers[buffer]);
    fail_unless (heap->sources[i].memory ==
        gst_buffer_peek_memory (buffers[buffer], memory));
    check_source (heap, i);
  }
  spead2_heap_free (heap);
  for (i = 0; i < 2; i++)
    gst_buffer_unref (buffers[i]);
  gst_clear_object (&allocator);
}
GST_END_TEST

GST_START_TEST (test_no_bytes)
{
  Spead2Heap *heap = spead2_heap_new (40);
  GBytes *none = g_bytes_new (NULL, 0);

  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  fail_unless (spead2_heap_append_bytes (heap, none, NULL));
  fail_unless_equals_uint64 (heap->length, 0);
  fail_unless_equals_int (heap->n_spans, 0);
  g_bytes_unref (none);
  spead2_heap_free (heap);
}
GST_END_TEST

/* GStreamer counts no more than 255 mappings of a memory: as many rows of a picture,
 * or heaps cut from a buffer, have one together. */
GST_START_TEST (test_more_parts_than_mappings)
{
  static const guint n = 300;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 2 * n, NULL);
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  Spead2Heap *heap = spead2_heap_new (40), *heaps[300];
  Spead2MappedBuffer *mapped;
  guint i;

  for (i = 0; i < n; i++)
    fail_unless (spead2_heap_append_buffer (heap, buffer, 2 * i, 1, NULL));
  fail_unless_equals_int (heap->n_spans, n);
  fail_if (gst_memory_is_writable (memory) && gst_buffer_is_writable (buffer));
  spead2_heap_free (heap);
  fail_unless (gst_buffer_is_writable (buffer));

  mapped = spead2_mapped_buffer_new (buffer, NULL);
  for (i = 0; i < n; i++) {
    heaps[i] = spead2_heap_new (40);
    fail_unless (spead2_heap_append_mapped (heaps[i], mapped, 2 * i, 2, NULL));
  }
  spead2_mapped_buffer_unref (mapped);
  for (i = 0; i < n; i++) {
    fail_if (gst_buffer_is_writable (buffer));
    spead2_heap_free (heaps[i]);
  }
  fail_unless (gst_buffer_is_writable (buffer));
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* The same of one memory in many buffers, as imagefreeze makes them (bit 0), of one
 * buffer many times, and of headroom memory (bit 1). Freed oldest first, as a sender
 * does, the memory stays mapped to the last, and others may map it all the time. */
GST_START_TEST (test_more_buffers_than_mappings)
{
  static const Spead2PacketShape shape = {40, 10, 30, 20, 0};
  static const guint n = 900;
  GstAllocator *allocator =
      __i__ & 2 ? spead2_headroom_allocator_new (&shape, NULL) : NULL;
  GstMemory *memory = gst_allocator_alloc (allocator, 50, NULL);
  GstBuffer *buffer = gst_buffer_new ();
  Spead2Heap *heaps[900];
  GstMapInfo map;
  guint i;

  gst_buffer_append_memory (buffer, gst_memory_ref (memory));
  for (i = 0; i < n; i++) {
    GstBuffer *next =
        __i__ & 1 ? gst_buffer_copy (buffer) : gst_buffer_ref (buffer);

    heaps[i] = spead2_heap_new (40);
    fail_unless (spead2_heap_append_buffer (heaps[i], next, 0, 50, NULL));
    gst_buffer_unref (next);
  }
  for (i = 0; i < n; i++) {
    fail_if (gst_memory_map (memory, &map, GST_MAP_WRITE));
    fail_unless (gst_memory_map (memory, &map, GST_MAP_READ));
    gst_memory_unmap (memory, &map);
    spead2_heap_free (heaps[i]);
  }
  gst_buffer_unref (buffer);
  fail_unless (gst_memory_map (memory, &map, GST_MAP_WRITE));
  gst_memory_unmap (memory, &map);
  ASSERT_MINI_OBJECT_REFCOUNT (memory, "memory", 1);
  gst_memory_unref (memory);
  gst_clear_object (&allocator);
}
GST_END_TEST

/* Memory that somebody else is writing to cannot be mapped for reading. */
GST_START_TEST (test_not_mappable)
{
  Spead2Heap *heap = spead2_heap_new (40);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 100, NULL);
  GstMapInfo map;
  GError *error = NULL;

  fail_unless (
      gst_memory_map (gst_buffer_peek_memory (buffer, 0), &map, GST_MAP_WRITE));
  fail_if (spead2_heap_append_buffer (heap, buffer, 0, 100, &error));
  check_error (error, SPEAD2_ERROR_MEMORY, "cannot be mapped");
  spead2_heap_free (heap);
  gst_memory_unmap (map.memory, &map);
  ASSERT_MINI_OBJECT_REFCOUNT (buffer, "buffer", 1);
  gst_buffer_unref (buffer);
}
GST_END_TEST

GST_START_TEST (test_bytes_and_many)
{
  Spead2Heap *heap = spead2_heap_new (40);
  guint i;

  for (i = 0; i < 1000; i++) {
    guint8 *data = g_new (guint8, 3);
    GBytes *bytes = g_bytes_new_take (data, 3);

    memset (data, i, 3);
    fail_unless (spead2_heap_add_addressed (heap, 1 + i, NULL));
    fail_unless (spead2_heap_append_bytes (heap, bytes, NULL));
    g_bytes_unref (bytes);
  }
  fail_unless_equals_uint64 (heap->length, 3000);
  fail_unless_equals_int (heap->n_spans, 1000);
  for (i = 0; i < 1000; i++)
    if (heap->pointers[i] !=
            spead2_flavour_addressed (40, 1 + i, 3 * (guint64) i) ||
        heap->spans[i].data[2] != (guint8) i)
      fail ("item %u", i);
  spead2_heap_free (heap);
}
GST_END_TEST

GST_START_TEST (test_control)
{
  guint flavour;

  for (flavour = 8; flavour <= 56; flavour += 8) {
    Spead2Heap *heap = spead2_heap_new_control (flavour, SPEAD2_CTRL_STOP);

    fail_unless_equals_int (heap->n_pointers, 1);
    fail_unless (heap->pointers[0] ==
        ((G_GUINT64_CONSTANT (1) << 63) | (G_GUINT64_CONSTANT (6) << flavour) |
            2));
    fail_unless_equals_uint64 (heap->length, 0);
    fail_unless_equals_int (
        heap->flags, SPEAD2_HEAP_BARRIER | SPEAD2_HEAP_CONTROL);
    spead2_heap_free (heap);
  }
}
GST_END_TEST

static Suite *
heap_suite (void)
{
  Suite *suite = suite_create ("heap");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_limits, 0, 7);
  tcase_add_test (tc, test_length_limit);
  tcase_add_test (tc, test_holds);
  tcase_add_test (tc, test_parts);
  tcase_add_loop_test (tc, test_sources, 0, 2);
  tcase_add_test (tc, test_no_bytes);
  tcase_add_test (tc, test_more_parts_than_mappings);
  tcase_add_loop_test (tc, test_more_buffers_than_mappings, 0, 4);
  tcase_add_test (tc, test_not_mappable);
  tcase_add_test (tc, test_bytes_and_many);
  tcase_add_test (tc, test_control);
  return suite;
}

GST_CHECK_MAIN (heap);
