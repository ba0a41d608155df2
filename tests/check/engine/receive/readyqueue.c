/* Heaps between workers and their consumer: what is taken, dropped and kept, and who
 * waits for whom.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "heaplist.h"
#include "spead2/clock.h"
#include "spead2/receive/readyqueue.h"

static Spead2ReadyQueue *queue;
static Spead2ReceivedHeap heaps[16];

/* heaps[first] to heaps[first + n - 1] as a list, each of so many KiB. */
static Spead2ReceivedHeap *
list (guint first, guint n, guint64 kib)
{
  guint i;

  for (i = first; i < first + n; i++) {
    memset (&heaps[i], 0, sizeof heaps[i]);
    heaps[i].cnt = i;
    heaps[i].length = kib << 10;
    heaps[i].n_heaps = 1;
    heaps[i].next = i + 1 < first + n ? &heaps[i + 1] : NULL;
  }
  return &heaps[first];
}

static void
check_taken (guint64 max_kib, const gchar *expected)
{
  Spead2ReadyStatus status;

  check_list (
      spead2_ready_queue_take (queue, 0, max_kib << 10, &status), expected);
  fail_unless_equals_int (
      status, *expected ? SPEAD2_READY_HEAPS : SPEAD2_READY_TIME_OUT);
}

static void
check_balance (void)
{
  Spead2ReadyCounters counters;

  spead2_ready_queue_get_counters (queue, &counters);
  fail_unless_equals_uint64 (counters.pushed,
      counters.taken + counters.dropped + counters.cleared + counters.ready);
}

static void
start (guint max_heaps, guint64 max_kib, Spead2Leak leak)
{
  const Spead2ReadyBounds bounds = {.heaps = max_heaps, .bytes = max_kib << 10};

  queue = spead2_ready_queue_new (&bounds, leak);
}

static void
end (void)
{
  check_balance ();
  spead2_ready_queue_clear (queue);
  check_balance ();
  spead2_ready_queue_take_returned (queue);
  spead2_ready_queue_free (queue);
}

GST_START_TEST (heaps_come_out_in_the_order_in_which_they_went_in)
{
  start (0, 100, SPEAD2_LEAK_NO);
  check_taken (100, "");
  fail_unless (spead2_ready_queue_push (queue, NULL) == NULL);
  fail_unless (spead2_ready_queue_push (queue, list (0, 3, 10)) == NULL);
  fail_unless (spead2_ready_queue_push (queue, list (3, 2, 10)) == NULL);
  check_taken (100, "0 1 2 3 4 ");
  check_taken (100, "");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_take_is_bounded_and_gives_one_heap_at_least)
{
  start (0, 1000, SPEAD2_LEAK_NO);
  fail_unless (spead2_ready_queue_push (queue, list (0, 4, 10)) == NULL);
  check_taken (29, "0 1 ");
  check_taken (1, "2 ");
  check_taken (10, "3 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_heap_that_exceeds_the_bounds_is_taken_into_an_empty_queue)
{
  start (1, 5, SPEAD2_LEAK_UPSTREAM);
  fail_unless (spead2_ready_queue_push (queue, list (0, 1, 10)) == NULL);
  check_taken (1, "0 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (an_upstream_leak_drops_what_arrives)
{
  start (0, 30, SPEAD2_LEAK_UPSTREAM);
  check_list (spead2_ready_queue_push (queue, list (0, 5, 10)), "4 3 ");
  check_taken (100, "0 1 2 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_downstream_leak_drops_the_oldest)
{
  start (2, 1000, SPEAD2_LEAK_DOWNSTREAM);
  check_list (spead2_ready_queue_push (queue, list (0, 5, 10)), "2 1 0 ");
  check_taken (100, "3 4 ");
  end ();
}
GST_END_TEST;

static gpointer
push_four (gpointer data)
{
  return spead2_ready_queue_push (queue, list (0, 4, 10));
}

/* Until so many pushes have waited. */
static void
wait_for_waits (guint64 n)
{
  Spead2ReadyCounters counters;

  do {
    g_thread_yield ();
    spead2_ready_queue_get_counters (queue, &counters);
  } while (counters.waits < n);
}

GST_START_TEST (a_run_counts_as_its_heaps)
{
  Spead2ReadyCounters counters;

  start (6, 1000, SPEAD2_LEAK_UPSTREAM);
  list (0, 3, 10);
  heaps[0].n_heaps = 4;
  heaps[1].n_heaps = 3;
  heaps[2].n_heaps = 2;
  check_list (spead2_ready_queue_push (queue, &heaps[0]), "1 ");
  spead2_ready_queue_get_counters (queue, &counters);
  fail_unless_equals_uint64 (counters.pushed, 9);
  fail_unless_equals_uint64 (counters.dropped, 3);
  fail_unless_equals_int (counters.ready, 6);
  fail_unless_equals_uint64 (counters.ready_bytes, 60 << 10);
  check_balance ();
  check_taken (59, "0 ");
  spead2_ready_queue_get_counters (queue, &counters);
  fail_unless_equals_uint64 (counters.taken, 4);
  end ();
}
GST_END_TEST;

/* First packets came at 0, 10, 20 ... ns; with several workers a heap may be older than
 * those before it. */
GST_START_TEST (time_bounds_what_is_ready)
{
  const Spead2ReadyBounds bounds = {.bytes = 1 << 20, .time = 20};
  guint i;

  queue = spead2_ready_queue_new (&bounds, SPEAD2_LEAK_DOWNSTREAM);
  for (i = 0; i < 5; i++) {
    list (i, 1, 10);
    heaps[i].first_time = 10 * i;
    check_list (spead2_ready_queue_push (queue, &heaps[i]),
        i == 3       ? "0 "
            : i == 4 ? "1 "
                     : "");
  }
  list (5, 1, 10);
  heaps[5].first_time = 5;
  check_list (spead2_ready_queue_push (queue, &heaps[5]), "");
  check_taken (100, "2 3 4 5 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (without_a_leak_a_push_waits_for_takes)
{
  GThread *thread;

  start (2, 1000, SPEAD2_LEAK_NO);
  thread = g_thread_new ("push", push_four, NULL);
  wait_for_waits (1);
  check_taken (10, "0 ");
  wait_for_waits (2);
  check_taken (100, "1 2 ");
  fail_unless (g_thread_join (thread) == NULL);
  check_taken (100, "3 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (closing_ends_a_push_that_waits_and_gives_its_heaps_back)
{
  GThread *thread;

  start (2, 1000, SPEAD2_LEAK_NO);
  thread = g_thread_new ("push", push_four, NULL);
  wait_for_waits (1);
  spead2_ready_queue_close (queue);
  check_list (g_thread_join (thread), "3 2 ");
  check_list (spead2_ready_queue_push (queue, list (4, 1, 10)), "4 ");
  check_taken (100, "0 1 ");
  end ();
}
GST_END_TEST;

static gpointer
take_one (gpointer data)
{
  Spead2ReadyStatus status;
  Spead2ReceivedHeap *heap =
      spead2_ready_queue_take (queue, G_MAXUINT64, 100, &status);

  *(Spead2ReadyStatus *) data = status;
  return heap;
}

GST_START_TEST (a_push_ends_the_wait_of_a_take)
{
  Spead2ReadyStatus status;
  GThread *thread;

  start (0, 1000, SPEAD2_LEAK_NO);
  thread = g_thread_new ("take", take_one, &status);
  fail_unless (spead2_ready_queue_push (queue, list (0, 1, 10)) == NULL);
  check_list (g_thread_join (thread), "0 ");
  fail_unless_equals_int (status, SPEAD2_READY_HEAPS);
  end ();
}
GST_END_TEST;

GST_START_TEST (an_interrupted_take_leaves_the_heaps)
{
  Spead2ReadyStatus status;
  GThread *thread;

  start (0, 1000, SPEAD2_LEAK_NO);
  thread = g_thread_new ("take", take_one, &status);
  spead2_ready_queue_set_interrupted (queue, TRUE);
  fail_unless (g_thread_join (thread) == NULL);
  fail_unless_equals_int (status, SPEAD2_READY_INTERRUPTED);
  fail_unless (spead2_ready_queue_push (queue, list (0, 1, 10)) == NULL);
  fail_unless (
      spead2_ready_queue_take (queue, G_MAXUINT64, 100, &status) == NULL);
  fail_unless_equals_int (status, SPEAD2_READY_INTERRUPTED);
  spead2_ready_queue_set_interrupted (queue, FALSE);
  check_taken (100, "0 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (heaps_that_were_given_back_are_taken_at_once)
{
  start (0, 1000, SPEAD2_LEAK_NO);
  spead2_ready_queue_give_back (queue, NULL);
  spead2_ready_queue_give_back (queue, list (0, 2, 1));
  spead2_ready_queue_give_back (queue, list (2, 1, 1));
  check_list (spead2_ready_queue_take_returned (queue), "2 0 1 ");
  fail_unless (spead2_ready_queue_take_returned (queue) == NULL);
  end ();
}
GST_END_TEST;

/* Whoever sends them would have the queue grow without bounds. */
GST_START_TEST (heaps_without_payload_count_as_well)
{
  start (0, 3, SPEAD2_LEAK_UPSTREAM);
  check_list (spead2_ready_queue_push (queue, list (0, 5, 0)), "4 3 ");
  check_taken (2, "0 1 ");
  check_taken (2, "2 ");
  list (0, 3, 0);
  heaps[1].n_pointers = 1000;
  check_list (spead2_ready_queue_push (queue, heaps), "1 ");
  check_taken (3, "0 2 ");
  end ();
}
GST_END_TEST;

static Suite *
readyqueue_suite (void)
{
  Suite *suite = suite_create ("readyqueue");
  TCase *tc = tcase_create ("readyqueue");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, heaps_come_out_in_the_order_in_which_they_went_in);
  tcase_add_test (tc, a_take_is_bounded_and_gives_one_heap_at_least);
  tcase_add_test (
      tc, a_heap_that_exceeds_the_bounds_is_taken_into_an_empty_queue);
  tcase_add_test (tc, an_upstream_leak_drops_what_arrives);
  tcase_add_test (tc, a_downstream_leak_drops_the_oldest);
  tcase_add_test (tc, a_run_counts_as_its_heaps);
  tcase_add_test (tc, time_bounds_what_is_ready);
  tcase_add_test (tc, without_a_leak_a_push_waits_for_takes);
  tcase_add_test (tc, closing_ends_a_push_that_waits_and_gives_its_heaps_back);
  tcase_add_test (tc, a_push_ends_the_wait_of_a_take);
  tcase_add_test (tc, an_interrupted_take_leaves_the_heaps);
  tcase_add_test (tc, heaps_that_were_given_back_are_taken_at_once);
  tcase_add_test (tc, heaps_without_payload_count_as_well);
  return suite;
}

GST_CHECK_MAIN (readyqueue);
