/* Huge pages whose size comes with the first allocation.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/memory/hugepages.h"
#include "spead2/memory/lazyhugepages.h"

static GstAllocator *allocator;
static GPtrArray *memories;

static void
setup (void)
{
  memories = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_memory_unref);
}

static void
teardown (void)
{
  g_clear_object (&allocator);
  g_ptr_array_unref (memories);
}

/* Whether it is on huge pages. It is kept. */
static gboolean
allocate (gsize size, gsize align, gsize prefix, gsize padding)
{
  GstAllocationParams params = {
      .align = align, .prefix = prefix, .padding = padding};
  GstMemory *memory = gst_allocator_alloc (allocator, size, &params);

  fail_unless (memory != NULL);
  fail_unless_equals_uint64 (gst_memory_get_sizes (memory, NULL, NULL), size);
  g_ptr_array_add (memories, memory);
  return spead2_huge_pages_of (memory) != NULL;
}

/* FALSE, with a word, where the kernel has none. */
static gboolean
open_pages (guint64 bytes, guint n_slabs)
{
  Spead2HugePages *pages = spead2_huge_pages_new (1000, 1, NULL);

  allocator = spead2_lazy_huge_pages_new (bytes, n_slabs);
  if (pages == NULL) {
    g_print ("skipped: there are no pages of 2 MiB here\n");
    return FALSE;
  }
  gst_object_unref (pages);
  return TRUE;
}

static const struct {
  guint64 bytes;
  guint n_slabs;
  gsize size;
  guint wanted; /* slabs, the two extra ones included */
} counts[] = {
    {4 << 20, 4, 1 << 20, 6},
    {4 << 20, 4, 3 << 20, 6},
    {4 << 20, 4, 1 << 16, 66},
    {4 << 20, 4, 1000000, 7},
    {0, 20, 1 << 20, 22},
};

/* So many of the first one's size, and not many more: the mapping is a multiple of
 * 2 MiB. */
GST_START_TEST (as_many_slabs_as_are_to_be_outstanding)
{
  const guint wanted = counts[__i__].wanted;
  const guint most = wanted + (4 << 20) / counts[__i__].size + 2;
  guint n = 0;

  if (!open_pages (counts[__i__].bytes, counts[__i__].n_slabs))
    return;
  while (n <= most && allocate (counts[__i__].size, 63, 0, 0))
    n++;
  fail_unless (n >= wanted && n <= most, "%u slabs", n);
}
GST_END_TEST;

GST_START_TEST (the_first_size_is_the_largest)
{
  if (!open_pages (1 << 20, 4))
    return;
  fail_unless (allocate (70000, 63, 0, 100));
  fail_unless (allocate (70100, 63, 0, 0));
  fail_unless (allocate (1, 63, 0, 0));
  fail_unless (allocate (70000, 4095, 0, 0));
  fail_if (allocate (70101, 63, 0, 0));
  fail_if (allocate (70000, 63, 0, 101));
  fail_if (allocate (70000, 8191, 0, 0));
}
GST_END_TEST;

/* What no slab of its size would fit decides nothing. */
GST_START_TEST (a_first_allocation_that_no_slab_fits)
{
  if (!open_pages (1 << 20, 4))
    return;
  fail_if (allocate (1000, 63, 16, 0));
  fail_if (allocate (1000, 127, 0, 0));
  fail_if (allocate (0, 63, 0, 0));
  fail_unless (allocate (70000, 63, 0, 0));
}
GST_END_TEST;

GST_START_TEST (memory_outlives_its_allocator)
{
  GstMapInfo map;

  if (!open_pages (1 << 20, 4))
    return;
  fail_unless (allocate (70000, 63, 0, 0));
  g_clear_object (&allocator);
  fail_unless (
      gst_memory_map (g_ptr_array_index (memories, 0), &map, GST_MAP_WRITE));
  memset (map.data, 1, map.size);
  gst_memory_unmap (g_ptr_array_index (memories, 0), &map);
}
GST_END_TEST;

static gpointer
allocate_and_free (gpointer user_data)
{
  guint i;

  for (i = 0; i < 1000; i++)
    gst_memory_unref (gst_allocator_alloc (allocator, 5000 + i % 7, NULL));
  return NULL;
}

GST_START_TEST (threads_share_it)
{
  GThread *threads[4];
  guint i;

  if (!open_pages (1 << 16, 4))
    return;
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, allocate_and_free, NULL);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}
GST_END_TEST;

static Suite *
lazyhugepages_suite (void)
{
  Suite *suite = suite_create ("lazyhugepages");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (
      tc, as_many_slabs_as_are_to_be_outstanding, 0, G_N_ELEMENTS (counts));
  tcase_add_test (tc, the_first_size_is_the_largest);
  tcase_add_test (tc, a_first_allocation_that_no_slab_fits);
  tcase_add_test (tc, memory_outlives_its_allocator);
  tcase_add_test (tc, threads_share_it);
  return suite;
}

GST_CHECK_MAIN (lazyhugepages);
