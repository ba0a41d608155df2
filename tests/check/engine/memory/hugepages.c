/* Slabs on huge pages.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spead2/memory/hugepages.h"

#define MIB (1 << 20)

static Spead2HugePages *pages;

static gboolean
open_pages (gsize slab_size, guint n_slabs)
{
  GError *error = NULL;

  pages = spead2_huge_pages_new (slab_size, n_slabs, &error);
  if (pages == NULL) {
    g_print ("skipped: %s\n", error->message);
    g_error_free (error);
  }
  return pages != NULL;
}

static void
teardown (void)
{
  if (pages) {
    ASSERT_OBJECT_REFCOUNT (pages, "pages", 1);
    gst_object_unref (pages);
  }
}

GST_START_TEST (slabs_are_of_the_pages_and_used_again)
{
  GstMemory *memories[16];
  GstAllocator *allocator;
  guint8 *first = NULL;
  guint i, n = 0;

  if (!open_pages (100000, 16))
    return;
  allocator = GST_ALLOCATOR (pages);
  for (i = 0; i < 16; i++) {
    GstMapInfo map;

    memories[i] = gst_allocator_alloc (allocator, 100000, NULL);
    fail_unless (spead2_huge_pages_of (memories[i]) == pages);
    fail_unless (gst_memory_map (memories[i], &map, GST_MAP_WRITE));
    fail_unless_equals_int ((gsize) map.data % 64, 0);
    fail_unless (map.data >= spead2_huge_pages_data (pages));
    fail_unless (map.data + map.size <=
        spead2_huge_pages_data (pages) + spead2_huge_pages_size (pages));
    memset (map.data, i, map.size);
    first = i == 0 ? map.data : first;
    gst_memory_unmap (memories[i], &map);
  }
  /* None shares a byte with another. */
  for (i = 0; i < 16; i++) {
    GstMapInfo map;

    fail_unless (gst_memory_map (memories[i], &map, GST_MAP_READ));
    for (n = 0; n < map.size && map.data[n] == i; n++)
      ;
    fail_unless_equals_int (n, map.size);
    gst_memory_unmap (memories[i], &map);
    gst_memory_unref (memories[i]);
  }
  for (n = 0, i = 0; i < 16; i++) {
    GstMapInfo map;

    memories[i] = gst_allocator_alloc (allocator, 5, NULL);
    fail_unless (gst_memory_map (memories[i], &map, GST_MAP_READ));
    n += map.data == first;
    gst_memory_unmap (memories[i], &map);
  }
  fail_unless_equals_int (n, 1);
  for (i = 0; i < 16; i++)
    gst_memory_unref (memories[i]);
}
GST_END_TEST;

/* A pool that needs more than there is must get it. */
GST_START_TEST (what_does_not_fit_is_ordinary_memory)
{
  GstAllocationParams params = {.align = 8191};
  GstMemory *memories[64];
  guint i, n = 0;

  if (!open_pages (MIB, 2))
    return;
  for (i = 0; i < G_N_ELEMENTS (memories); i++) {
    memories[i] = gst_allocator_alloc (GST_ALLOCATOR (pages), MIB, NULL);
    fail_unless_equals_int (
        gst_memory_get_sizes (memories[i], NULL, NULL), MIB);
    n += spead2_huge_pages_of (memories[i]) == pages;
  }
  fail_unless (n >= 2 && n <= 4, "%u slabs", n);
  for (i = 0; i < G_N_ELEMENTS (memories); i++)
    gst_memory_unref (memories[i]);

  memories[0] = gst_allocator_alloc (GST_ALLOCATOR (pages), MIB + 1, NULL);
  memories[1] = gst_allocator_alloc (GST_ALLOCATOR (pages), 5, &params);
  for (i = 0; i < 2; i++) {
    fail_unless (spead2_huge_pages_of (memories[i]) == NULL);
    gst_memory_unref (memories[i]);
  }
}
GST_END_TEST;

/* A part of a slab keeps it from being used again. */
GST_START_TEST (a_part_holds_its_slab)
{
  GstMemory *memory, *part, *whole, *others[64];
  GstMapInfo map;
  guint i, n = 0;

  if (!open_pages (MIB, 2))
    return;
  whole = gst_allocator_alloc (GST_ALLOCATOR (pages), MIB, NULL);
  fail_unless (gst_memory_map (whole, &map, GST_MAP_WRITE));
  map.data[1000] = 123;
  gst_memory_unmap (whole, &map);
  memory = gst_memory_share (whole, 900, -1);
  part = gst_memory_share (memory, 100, 10);
  gst_memory_unref (memory);
  gst_memory_unref (whole);

  fail_unless (spead2_huge_pages_of (part) == pages);
  for (i = 0; i < 64; i++) {
    others[i] = gst_allocator_alloc (GST_ALLOCATOR (pages), MIB, NULL);
    gst_memory_map (others[i], &map, GST_MAP_WRITE);
    memset (map.data, 9, map.size);
    gst_memory_unmap (others[i], &map);
    n += spead2_huge_pages_of (others[i]) == pages;
  }
  fail_unless (gst_memory_map (part, &map, GST_MAP_READ));
  fail_unless_equals_int (map.size, 10);
  fail_unless_equals_int (map.data[0], 123);
  gst_memory_unmap (part, &map);
  gst_memory_unref (part);
  for (i = 0; i < 64; i++)
    gst_memory_unref (others[i]);
  fail_unless (n < 64);
}
GST_END_TEST;

/* Bytes of the mapping that have pages. */
static gsize
count_present (void)
{
  const gsize page_size = sysconf (_SC_PAGESIZE);
  const gsize n = spead2_huge_pages_size (pages) / page_size;
  g_autofree guchar *present = g_malloc (n);
  gsize i, size = 0;

  fail_unless_equals_int (mincore (spead2_huge_pages_data (pages),
                              spead2_huge_pages_size (pages), present),
      0);
  for (i = 0; i < n; i++)
    size += (present[i] & 1) * page_size;
  return size;
}

/* The first slabs have pages from the start, the others when they are used. */
GST_START_TEST (pages_come_at_once_or_when_they_are_touched)
{
  GstMemory *memories[12];
  gsize at_once;
  guint i;

  pages = spead2_huge_pages_map (16 * MIB, 3 * MIB, NULL);
  if (pages == NULL)
    return;
  fail_unless_equals_int (spead2_huge_pages_cut (pages, MIB, 12), 12);
  at_once = count_present ();
  fail_unless (at_once >= 3 * MIB && at_once <= 6 * MIB);

  for (i = 0; i < 12; i++) {
    memories[i] = gst_allocator_alloc (GST_ALLOCATOR (pages), MIB, NULL);
    fail_unless (spead2_huge_pages_of (memories[i]) == pages);
    memset (spead2_huge_pages_slab (memories[i]), i, MIB);
    if (i == 2)
      fail_unless_equals_uint64 (count_present (), at_once);
  }
  fail_unless (count_present () >= 12 * MIB);
  fail_unless (count_present () < 16 * MIB);
  for (i = 0; i < 12; i++)
    gst_memory_unref (memories[i]);
}
GST_END_TEST;

GST_START_TEST (header_areas_are_apart)
{
  guint8 *areas[SPEAD2_N_HEADER_AREAS];
  guint i, k;

  if (!open_pages (1000, 1))
    return;
  for (i = 0; i < SPEAD2_N_HEADER_AREAS; i++) {
    areas[i] = spead2_huge_pages_claim_headers (pages);
    fail_unless (areas[i] != NULL);
    fail_unless_equals_int (
        spead2_huge_pages_count (areas[i], SPEAD2_HEADER_AREA_SIZE), 1);
    for (k = 0; k < i; k++)
      fail_unless (ABS (areas[i] - areas[k]) >= SPEAD2_HEADER_AREA_SIZE);
  }
  fail_unless (spead2_huge_pages_claim_headers (pages) == NULL);
  spead2_huge_pages_return_headers (pages, areas[5]);
  fail_unless (spead2_huge_pages_claim_headers (pages) == areas[5]);
  for (i = 0; i < SPEAD2_N_HEADER_AREAS; i++)
    spead2_huge_pages_return_headers (pages, areas[i]);
}
GST_END_TEST;

static Suite *
hugepages_suite (void)
{
  Suite *suite = suite_create ("hugepages");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, NULL, teardown);
  tcase_add_test (tc, slabs_are_of_the_pages_and_used_again);
  tcase_add_test (tc, what_does_not_fit_is_ordinary_memory);
  tcase_add_test (tc, a_part_holds_its_slab);
  tcase_add_test (tc, pages_come_at_once_or_when_they_are_touched);
  tcase_add_test (tc, header_areas_are_apart);
  return suite;
}

GST_CHECK_MAIN (hugepages);
