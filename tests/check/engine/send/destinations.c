/* The table of destinations: turns, indexes that do not shift, and numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2/send/destinations.h"

#define N 3

static Spead2Destinations table;
static Spead2Endpoint endpoints[N + 2];
static Spead2Heap pushed[16];
static guint n_pushed;

static void
setup (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (endpoints); i++)
    fail_unless (spead2_endpoint_resolve (
        &endpoints[i], "127.0.0.1", 9000 + i, AF_UNSPEC, NULL, NULL));
  spead2_destinations_init (&table, endpoints, N);
  n_pushed = 0;
}

static void
teardown (void)
{
  spead2_destinations_clear (&table);
}

/* The destination of a heap that is pushed now. position: as the heap chooses. */
static guint
assign (guint flags, guint position)
{
  Spead2Heap *heap = &pushed[n_pushed++];

  g_assert (n_pushed <= G_N_ELEMENTS (pushed));
  *heap = (Spead2Heap){.flags = flags, .destination = position, .n_heaps = 1};
  spead2_destinations_assign (&table, heap);
  return heap->destination;
}

/* The last n heaps are dropped. */
static void
give_back (guint n)
{
  for (; n > 0; n--)
    spead2_destinations_give_back (&table, &pushed[--n_pushed], 0);
}

static void
check_turns (guint n, ...)
{
  va_list list;

  va_start (list, n);
  for (; n > 0; n--)
    fail_unless_equals_int (assign (0, 0), va_arg (list, guint));
  va_end (list);
}

GST_START_TEST (test_in_turn)
{
  check_turns (4, 0, 1, 2, 0);
  fail_unless_equals_int (
      assign (SPEAD2_HEAP_CONTROL, 0), SPEAD2_ALL_DESTINATIONS);
  fail_unless_equals_int (
      assign (SPEAD2_HEAP_DESCRIBES, 0), SPEAD2_ALL_DESTINATIONS);
  check_turns (2, 1, 2);
  table.describe_first = TRUE;
  fail_unless_equals_int (assign (SPEAD2_HEAP_DESCRIBES, 0), 0);
  check_turns (1, 0);
}
GST_END_TEST

/* Of five heaps, the last three are dropped: two of data, and one that took no turn. */
GST_START_TEST (test_turns_are_given_back)
{
  check_turns (3, 0, 1, 2);
  assign (SPEAD2_HEAP_CONTROL, 0);
  check_turns (1, 0);
  give_back (3);
  check_turns (2, 2, 0);
}
GST_END_TEST

/* The list has changed since they were pushed; the turn of one that is gone is passed over. */
GST_START_TEST (test_turns_of_another_list_are_given_back)
{
  check_turns (3, 0, 1, 2);
  spead2_destinations_add (&table, &endpoints[3], 0, 3);
  give_back (1);
  check_turns (2, 2, 3);
  give_back (2);
  spead2_destinations_remove (&table, 0, 3);
  give_back (1);
  check_turns (1, 1);
  give_back (2);
  check_turns (3, 1, 2, 3);
}
GST_END_TEST

GST_START_TEST (test_rules)
{
  table.rule = SPEAD2_DESTINATION_ALL;
  fail_unless_equals_int (assign (0, 0), SPEAD2_ALL_DESTINATIONS);
  table.rule = SPEAD2_DESTINATION_ITEM;
  fail_unless_equals_int (assign (0, 2), 2);
  fail_unless_equals_int (assign (0, 0), 0);
  fail_unless_equals_int (assign (0, 3), SPEAD2_NO_DESTINATION);
  fail_unless_equals_int (
      assign (SPEAD2_HEAP_CONTROL, 0), SPEAD2_ALL_DESTINATIONS);
}
GST_END_TEST

/* One destination needs no rule; none gets nothing. */
GST_START_TEST (test_one_and_none)
{
  spead2_destinations_remove (&table, 0, 0);
  spead2_destinations_remove (&table, 1, 0);
  fail_unless_equals_int (table.n, 1);
  check_turns (2, 1, 1);
  fail_unless_equals_int (assign (SPEAD2_HEAP_CONTROL, 0), 1);
  table.rule = SPEAD2_DESTINATION_ITEM;
  fail_unless_equals_int (assign (0, 1), SPEAD2_NO_DESTINATION);
  spead2_destinations_remove (&table, 0, 0);
  fail_unless_equals_int (assign (0, 0), SPEAD2_NO_DESTINATION);
  fail_unless_equals_int (
      assign (SPEAD2_HEAP_CONTROL, 0), SPEAD2_NO_DESTINATION);
}
GST_END_TEST

/* The turn stays with the one whose turn it is. */
GST_START_TEST (test_turns_after_a_removal)
{
  static const guint turns[N][3] = {{2, 1, 2}, {2, 0, 2}, {0, 1, 0}};
  guint i;

  check_turns (2, 0, 1);
  spead2_destinations_remove (&table, __i__, 2);
  for (i = 0; i < 3; i++)
    check_turns (1, turns[__i__][i]);
}
GST_END_TEST

/* An entry is used again when no heap that was pushed before its removal is left. */
GST_START_TEST (test_an_entry_is_filled_again_when_its_heaps_are_gone)
{
  spead2_destinations_remove (&table, 1, 10);
  spead2_destinations_add (&table, &endpoints[3], 9, 10);
  fail_unless_equals_int (spead2_destinations_index (&table, 2), 3);
  spead2_destinations_add (&table, &endpoints[4], 10, 12);
  fail_unless_equals_int (spead2_destinations_index (&table, 3), 1);
  fail_unless_equals_int (spead2_destinations_find (&table, &endpoints[4]), 3);
  fail_unless_equals_int (spead2_destinations_find (&table, &endpoints[1]), -1);
  fail_unless_equals_int (table.entries->len, 4);
}
GST_END_TEST

static gboolean
has (guint index, guint64 slot)
{
  return spead2_destination_has_slot (
      spead2_destinations_entry (&table, index), slot);
}

/* A heap for all goes to those that were in the list when it was pushed. */
GST_START_TEST (test_copies)
{
  spead2_destinations_remove (&table, 1, 10);
  spead2_destinations_add (&table, &endpoints[3], 5, 20);
  fail_unless (has (0, 0) && has (0, 100));
  fail_unless (has (1, 9) && !has (1, 10));
  fail_unless (!has (3, 19) && has (3, 20));
}
GST_END_TEST

static guint64
number (guint destination, guint64 slot)
{
  Spead2Heap heap = {.destination = destination, .n_heaps = 1};
  guint64 most = 0;

  return spead2_destinations_number (&table, &heap, slot, &most);
}

static void
unnumber (guint destination, guint64 slot, guint64 nth)
{
  const Spead2Heap heap = {.destination = destination, .n_heaps = 1};

  spead2_destinations_unnumber (&table, &heap, slot, nth, 1, 1);
}

static guint64
copy_of (guint index)
{
  return spead2_destinations_entry (&table, index)->copy_nth;
}

GST_START_TEST (test_numbers)
{
  fail_unless_equals_uint64 (number (0, 0), 0);
  fail_unless_equals_uint64 (number (0, 1), 1);
  fail_unless_equals_uint64 (number (1, 2), 0);
  fail_unless_equals_uint64 (number (SPEAD2_ALL_DESTINATIONS, 3), 2);
  fail_unless_equals_uint64 (copy_of (1), 1);
  fail_unless_equals_uint64 (copy_of (2), 0);

  /* Dropped heaps give theirs back, but not below a later one's. */
  unnumber (SPEAD2_ALL_DESTINATIONS, 3, 2);
  unnumber (0, 1, 1);
  unnumber (0, 0, 5);
  fail_unless_equals_uint64 (number (0, 4), 1);
  fail_unless_equals_uint64 (number (1, 5), 1);
  fail_unless_equals_uint64 (number (2, 6), 0);
  fail_unless_equals_uint64 (number (SPEAD2_NO_DESTINATION, 7), 0);
}
GST_END_TEST

static void
check_run (const Spead2Heap *run, guint n, ...)
{
  va_list list;
  guint i;

  va_start (list, n);
  for (i = 0; i < n; i++)
    fail_unless_equals_int (
        spead2_heap_destination (run, i), va_arg (list, guint));
  va_end (list);
}

/* The heaps of a run go to the destinations there were when it was pushed, and those that
 * are dropped give their turns back. */
GST_START_TEST (test_a_run_in_turn)
{
  Spead2Heap run = {.n_heaps = 5}, other = {.n_heaps = 4};

  check_turns (1, 0);
  spead2_destinations_assign (&table, &run);
  check_run (&run, 5, 1, 2, 0, 1, 2);
  spead2_destinations_remove (&table, 1, 1);
  spead2_destinations_add (&table, &endpoints[3], 0, 1);
  spead2_destinations_assign (&table, &other);
  check_run (&run, 5, 1, 2, 0, 1, 2);
  check_run (&other, 4, 0, 2, 3, 0);
  spead2_destinations_give_back (&table, &other, 0);
  check_turns (1, 0);
  g_array_unref (run.turns);
  g_array_unref (other.turns);
}
GST_END_TEST

/* A run to one destination needs no list. */
GST_START_TEST (test_a_run_to_one)
{
  Spead2Heap run = {.n_heaps = 5};

  spead2_destinations_remove (&table, 0, 0);
  spead2_destinations_remove (&table, 0, 0);
  spead2_destinations_assign (&table, &run);
  fail_unless (run.turns == NULL);
  check_run (&run, 3, 2, 2, 2);
}
GST_END_TEST

/* Each destination counts the heaps of a run that go there. */
GST_START_TEST (test_numbers_of_a_run)
{
  static const guint64 expected[] = {1, 0, 0, 2, 1};
  Spead2Heap run = {.n_heaps = 5}, lone = {.n_heaps = 2};
  guint64 nth, most = 0;
  guint i;

  fail_unless_equals_uint64 (number (0, 0), 0);
  spead2_destinations_assign (&table, &run);
  nth = spead2_destinations_number (&table, &run, 1, &most);
  for (i = 0; i < 5; i++)
    fail_unless_equals_uint64 (
        spead2_destinations_nth (&run, nth, i), expected[i]);
  fail_unless_equals_uint64 (most, 3);

  /* The last two of four that are kept are dropped. */
  spead2_destinations_unnumber (&table, &run, 1, nth, 5, 1);
  spead2_destinations_unnumber (&table, &run, 1, nth, 4, 2);
  fail_unless_equals_uint64 (number (1, 2), 1);
  fail_unless_equals_uint64 (number (2, 3), 0);
  fail_unless_equals_uint64 (number (0, 4), 2);

  /* Fewer heaps than destinations. */
  spead2_destinations_assign (&table, &lone);
  nth = spead2_destinations_number (&table, &lone, 5, &most);
  fail_unless_equals_uint64 (spead2_destinations_nth (&lone, nth, 0), 1);
  fail_unless_equals_uint64 (spead2_destinations_nth (&lone, nth, 1), 3);
  g_array_unref (run.turns);
  g_array_unref (lone.turns);
  g_free (run.numbers);
  g_free (lone.numbers);
}
GST_END_TEST

static Suite *
destinations_suite (void)
{
  Suite *s = suite_create ("destinations");
  TCase *tc = tcase_create ("destinations");

  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_in_turn);
  tcase_add_test (tc, test_turns_are_given_back);
  tcase_add_test (tc, test_turns_of_another_list_are_given_back);
  tcase_add_test (tc, test_rules);
  tcase_add_test (tc, test_one_and_none);
  tcase_add_loop_test (tc, test_turns_after_a_removal, 0, N);
  tcase_add_test (tc, test_an_entry_is_filled_again_when_its_heaps_are_gone);
  tcase_add_test (tc, test_copies);
  tcase_add_test (tc, test_numbers);
  tcase_add_test (tc, test_a_run_in_turn);
  tcase_add_test (tc, test_a_run_to_one);
  tcase_add_test (tc, test_numbers_of_a_run);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (destinations)
