/* Which bytes of a heap are an item's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "../packets.h"
#include "spead2/wire/itemview.h"

static Spead2ItemViews views;
static guint64 pointers[300];
static guint n_pointers;

static void
setup (void)
{
  n_pointers = 0;
}

static void
teardown (void)
{
  spead2_item_views_clear (&views);
}

static void
immediate (guint64 id, guint64 value)
{
  pointers[n_pointers++] = spead2_flavour_immediate (40, id, value);
}

static void
addressed (guint64 id, guint64 address)
{
  pointers[n_pointers++] = spead2_flavour_addressed (40, id, address);
}

static void
read_items (guint64 length)
{
  spead2_item_views_read (&views, 40, pointers, n_pointers, length);
}

static void
fail_unless_item (guint at, guint64 id, guint64 value, guint64 size)
{
  fail_unless (at < views.n_items);
  fail_unless_equals_uint64 (views.items[at].id, id);
  fail_unless_equals_uint64 (views.items[at].value, value);
  fail_unless_equals_uint64 (views.items[at].size, size);
  fail_unless_equals_int (views.items[at].immediate, size == 0);
}

GST_START_TEST (test_usual)
{
  immediate (TIMESTAMP, 1234);
  addressed (SAMPLES, 0);
  read_items (1000);
  fail_unless_equals_int (views.n_items, 2);
  fail_unless_item (0, TIMESTAMP, 1234, 0);
  fail_unless_item (1, SAMPLES, 0, 1000);
}
GST_END_TEST

GST_START_TEST (test_no_pointers)
{
  read_items (1000);
  fail_unless_equals_int (views.n_items, 0);
  fail_unless (spead2_item_views_find (&views, SAMPLES) == NULL);
}
GST_END_TEST

/* Sizes follow from addresses; the order stays that of the pointers. */
GST_START_TEST (test_any_order)
{
  addressed (0x3000, 600);
  addressed (0x3001, 0);
  immediate (TIMESTAMP, 7);
  addressed (0x3002, 50);
  read_items (1000);
  fail_unless_equals_int (views.n_items, 4);
  fail_unless_item (0, 0x3000, 600, 400);
  fail_unless_item (1, 0x3001, 0, 50);
  fail_unless_item (2, TIMESTAMP, 7, 0);
  fail_unless_item (3, 0x3002, 50, 550);
}
GST_END_TEST

GST_START_TEST (test_null_ends_an_item)
{
  addressed (SAMPLES, 0);
  addressed (NULL_ITEM, 600);
  immediate (NULL_ITEM, 300);
  read_items (1000);
  fail_unless_equals_int (views.n_items, 1);
  fail_unless_item (0, SAMPLES, 0, 600);
  fail_unless_equals_int (views.n_empty, 0);
}
GST_END_TEST

/* Of equal addresses the last has the bytes, and the end has none. */
GST_START_TEST (test_empty)
{
  addressed (0x3000, 10);
  addressed (0x3001, 10);
  addressed (0x3002, 10);
  addressed (0x3003, 1000);
  read_items (1000);
  fail_unless_equals_int (views.n_items, 1);
  fail_unless_item (0, 0x3002, 10, 990);
  fail_unless_equals_int (views.n_empty, 3);
}
GST_END_TEST

/* What lies outside is refused, and ends nothing. */
GST_START_TEST (test_outside)
{
  addressed (0x3000, 0);
  addressed (0x3001, 1001);
  addressed (0x3002, spead2_flavour_max_value (40));
  addressed (NULL_ITEM, 1001);
  read_items (1000);
  fail_unless_equals_int (views.n_items, 1);
  fail_unless_item (0, 0x3000, 0, 1000);
  fail_unless_equals_int (views.n_outside, 2);
}
GST_END_TEST

GST_START_TEST (test_padding)
{
  immediate (0x3101, 5);
  addressed (NULL_ITEM, 0);
  read_items (1);
  fail_unless_equals_int (views.n_items, 1);
  fail_unless (views.padding);

  n_pointers = 0;
  addressed (SAMPLES, 0);
  addressed (NULL_ITEM, 1);
  immediate (NULL_ITEM, 0);
  read_items (2);
  fail_unless_equals_int (views.n_items, 1);
  fail_if (views.padding);
}
GST_END_TEST

GST_START_TEST (test_empty_heap)
{
  addressed (0x3000, 0);
  immediate (0x3001, 0);
  read_items (0);
  fail_unless_equals_int (views.n_items, 1);
  fail_unless_item (0, 0x3001, 0, 0);
}
GST_END_TEST

/* Addressed ones of the four are no items, and end none. */
GST_START_TEST (test_addressed_specials)
{
  addressed (SAMPLES, 0);
  for (guint id = HEAP_CNT; id <= PAYLOAD_LENGTH; id++)
    addressed (id, 100);
  read_items (1000);
  fail_unless_equals_int (views.n_items, 1);
  fail_unless_item (0, SAMPLES, 0, 1000);
}
GST_END_TEST

GST_START_TEST (test_find)
{
  immediate (0x3000, 1);
  immediate (0x3000, 2);
  addressed (SAMPLES, 0);
  read_items (10);
  fail_unless_equals_uint64 (spead2_item_views_find (&views, 0x3000)->value, 1);
  fail_unless (spead2_item_views_find (&views, SAMPLES) == &views.items[2]);
  fail_unless (spead2_item_views_find (&views, 0x3001) == NULL);
}
GST_END_TEST

/* Every item of a long list has the bytes up to the next; one list after another. */
GST_START_TEST (test_many)
{
  for (guint n = 300; n > 0; n /= 2) {
    n_pointers = 0;
    for (guint i = 0; i < n; i++)
      addressed (0x3000 + i, i * 7919 % n * 4);
    read_items (4 * n);
    fail_unless_equals_int (views.n_items, n);
    for (guint i = 0; i < n; i++)
      fail_unless_item (i, 0x3000 + i, i * 7919 % n * 4, 4);
  }
}
GST_END_TEST

static Suite *
itemview_suite (void)
{
  Suite *suite = suite_create ("itemview");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_usual);
  tcase_add_test (tc, test_no_pointers);
  tcase_add_test (tc, test_any_order);
  tcase_add_test (tc, test_null_ends_an_item);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_outside);
  tcase_add_test (tc, test_padding);
  tcase_add_test (tc, test_empty_heap);
  tcase_add_test (tc, test_addressed_specials);
  tcase_add_test (tc, test_find);
  tcase_add_test (tc, test_many);
  return suite;
}

GST_CHECK_MAIN (itemview);
