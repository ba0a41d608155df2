/* Heaps in the order of a number: what goes out when, of every permutation, over the wrap
 * of counters, with losses, late ones and limits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "../engine/receive/heaplist.h"
#include "../tools.h"
#include "common/gstspead2reorder.h"

#define LATENCY 1000
#define N_HEAPS 2048

static GstSpead2Reorder *reorder;
static Spead2ReceivedHeap heaps[N_HEAPS];
static guint64 now;

static void
setup_heaps (void)
{
  guint i;

  for (i = 0; i < N_HEAPS; i++)
    heaps[i] = (Spead2ReceivedHeap){.cnt = i, .length = 10, .n_heaps = 1};
}

static void
start_with (guint max_heaps, guint64 max_bytes)
{
  GstSpead2ReorderConfig config = {LATENCY, FALSE, max_heaps, max_bytes};

  reorder = gst_spead2_reorder_new (&config);
  now = 5000;
}

static void
start (void)
{
  start_with (N_HEAPS, G_MAXUINT64);
}

static void
end (void)
{
  fail_unless_equals_int (gst_spead2_reorder_get_n_waiting (reorder), 0);
  gst_spead2_reorder_free (reorder);
}

/* Heap i, with the value `base` + i of so many bits. */
static void
push_at (guint i, guint64 base, guint bits)
{
  gst_spead2_reorder_push (reorder, &heaps[i],
      (base + i) & ((G_GUINT64_CONSTANT (1) << bits) - 1), bits, 1, now);
}

static void
push (guint i)
{
  push_at (i, 0, 48);
}

static void
check_out (const gchar *expected)
{
  check_list (gst_spead2_reorder_pop (reorder, now), expected);
}

/* Heap i, and what goes out then. */
static void
check_push (guint i, const gchar *expected)
{
  push (i);
  check_out (expected);
}

/* With heap i out, which was the first of all. */
static void
start_behind (guint i)
{
  start ();
  check_push (i, "");
  now += LATENCY;
  fail_unless (gst_spead2_reorder_pop (reorder, now) != NULL);
}

GST_START_TEST (heaps_in_order_go_out_at_once_but_the_first)
{
  start ();
  fail_unless_equals_uint64 (
      gst_spead2_reorder_get_deadline (reorder), G_MAXUINT64);
  check_out ("");
  check_push (3, "");
  fail_unless_equals_uint64 (
      gst_spead2_reorder_get_deadline (reorder), now + LATENCY);
  now += LATENCY - 1;
  check_out ("");
  now++;
  check_out ("3 ");
  check_push (4, "4 ");
  check_push (5, "5 ");
  fail_unless_equals_uint64 (
      gst_spead2_reorder_get_deadline (reorder), G_MAXUINT64);
  end ();
}
GST_END_TEST;

GST_START_TEST (heaps_wait_for_a_missing_one)
{
  start_behind (0);
  check_push (2, "");
  now += 10;
  check_push (4, "");
  now += 10;
  fail_unless_equals_int (gst_spead2_reorder_get_n_waiting (reorder), 2);
  check_push (1, "1 2 ");
  check_push (3, "3 4 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_lost_heap_is_waited_for_once_for_the_latency)
{
  start_behind (0);
  check_push (2, "");
  now += 100;
  check_push (3, "");
  check_push (5, "");
  fail_unless_equals_uint64 (
      gst_spead2_reorder_get_deadline (reorder), now - 100 + LATENCY);
  now += LATENCY - 100;
  check_out ("2 3 ");
  fail_unless_equals_uint64 (
      gst_spead2_reorder_get_deadline (reorder), now + 100);
  now += 100;
  check_out ("5 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_late_heap_goes_out_at_once_and_the_order_goes_on)
{
  start_behind (0);
  check_push (2, "");
  now += LATENCY;
  check_out ("2 ");
  check_push (1, "1 ");
  check_push (4, "");
  check_push (3, "3 4 ");
  end ();
}
GST_END_TEST;

/* Its latency has passed: none before it is waited for any longer. */
GST_START_TEST (what_waits_before_an_expired_heap_goes_out_with_it)
{
  start_behind (0);
  check_push (9, "");
  now += LATENCY / 2;
  check_push (4, "");
  check_push (6, "");
  now += LATENCY / 2;
  check_out ("4 6 9 ");
  end ();
}
GST_END_TEST;

/* -- permutations ------------------------------------------------------------------------- */

#define N_PERMUTED 6

/* The next permutation of order in the order of dictionaries; FALSE: it was the last. */
static gboolean
permute (guint *order, guint n)
{
  guint i = n - 1, k = n - 1;

  while (i > 0 && order[i - 1] > order[i])
    i--;
  if (i == 0)
    return FALSE;
  while (order[k] < order[i - 1])
    k--;
#define SWAP(a, b)                                                             \
  G_STMT_START                                                                 \
  {                                                                            \
    guint kept = order[a];                                                     \
    order[a] = order[b];                                                       \
    order[b] = kept;                                                           \
  }                                                                            \
  G_STMT_END
  SWAP (i - 1, k);
  for (k = n - 1; i < k; i++, k--)
    SWAP (i, k);
  return TRUE;
}

/* How many of the first n of them are 0, 1, 2 ... without a hole. */
static guint
count_whole (const guint *order, guint n)
{
  guint i, whole = 0;

  for (i = 0; i < n; i++)
    if (order[i] == whole) {
      whole++;
      i = -1;
    }
  return whole;
}

/* The first of all is the one that has come when the latency has passed. */
GST_START_TEST (every_permutation_of_the_first_heaps_is_sorted)
{
  const guint bits = __i__;
  const guint64 base = (G_GUINT64_CONSTANT (1) << bits) - N_PERMUTED / 2;
  guint i, order[N_PERMUTED] = {0, 1, 2, 3, 4, 5};

  do {
    start ();
    for (i = 0; i < N_PERMUTED; i++) {
      push_at (order[i], base, bits);
      check_out ("");
      now++;
    }
    now += LATENCY;
    check_out ("0 1 2 3 4 5 ");
    end ();
  } while (permute (order, N_PERMUTED));
}
GST_END_TEST;

GST_START_TEST (every_permutation_is_sorted_and_waits_for_holes_alone)
{
  const guint bits = __i__;
  const guint64 base = (G_GUINT64_CONSTANT (1) << bits) - N_PERMUTED / 2;
  guint i, n, order[N_PERMUTED] = {0, 1, 2, 3, 4, 5};

  do {
    start ();
    gst_spead2_reorder_push (
        reorder, &heaps[N_PERMUTED], base - 1, bits, 1, now);
    now += LATENCY;
    check_out ("6 ");
    for (i = n = 0; i < N_PERMUTED; i++) {
      Spead2ReceivedHeap *heap;

      push_at (order[i], base, bits);
      for (heap = gst_spead2_reorder_pop (reorder, now); heap;
           heap = heap->next)
        fail_unless_equals_uint64 (heap->cnt, n++);
      fail_unless_equals_int (n, count_whole (order, i + 1));
    }
    end ();
  } while (permute (order, N_PERMUTED));
}
GST_END_TEST;

/* One of them is lost: those before it go out in order at once, those behind it in order
 * after the latency. */
GST_START_TEST (every_permutation_with_a_loss_is_sorted)
{
  guint i, n, lost = __i__, order[N_PERMUTED] = {0, 1, 2, 3, 4, 5};

  do {
    start_behind (0);
    for (i = n = 0; i < N_PERMUTED; i++) {
      Spead2ReceivedHeap *heap;

      if (order[i] == lost)
        continue;
      push (order[i] + 1);
      for (heap = gst_spead2_reorder_pop (reorder, now); heap;
           heap = heap->next)
        fail_unless_equals_uint64 (heap->cnt, ++n);
    }
    fail_unless_equals_int (n, lost);
    now += LATENCY;
    {
      Spead2ReceivedHeap *heap = gst_spead2_reorder_pop (reorder, now);

      for (n = lost + 2; n <= N_PERMUTED; n++, heap = heap->next)
        fail_unless_equals_uint64 (heap->cnt, n);
      fail_unless (heap == NULL);
    }
    end ();
  } while (permute (order, N_PERMUTED));
}
GST_END_TEST;

/* Whatever comes when: every heap goes out once, none waits longer than the latency, and
 * none goes out behind one with a larger number that was still there when it came. */
GST_START_TEST (chance_loses_nothing_and_disorders_nothing)
{
  guint64 came[N_HEAPS], went[N_HEAPS];
  guint numbers[N_HEAPS], gone[N_HEAPS], i, k, n_gone = 0;

  dice = g_rand_new_with_seed (__i__);
  start ();
  for (i = 0; i < N_HEAPS; i++) {
    Spead2ReceivedHeap *heap;

    now += roll (200);
    came[i] = now;
    numbers[i] = 1000 + i - roll (MIN (i + 1, 20)) + roll (3);
    gst_spead2_reorder_push (reorder, &heaps[i], numbers[i], 40, 1, now);
    if (i + 1 == N_HEAPS)
      now += LATENCY;
    for (heap = gst_spead2_reorder_pop (reorder, now); heap;
         heap = heap->next) {
      went[n_gone] = now;
      gone[n_gone++] = heap->cnt;
    }
    fail_unless (gst_spead2_reorder_get_deadline (reorder) > now);
  }
  fail_unless_equals_int (n_gone, N_HEAPS);
  for (i = 0; i < N_HEAPS; i++) {
    /* Pops are up to 200 ns apart. */
    fail_unless (went[i] < came[gone[i]] + LATENCY + 200 ||
        went[i] == went[N_HEAPS - 1]);
    for (k = i + 1; k < N_HEAPS && came[gone[k]] < went[i]; k++)
      fail_unless (numbers[gone[k]] >= numbers[gone[i]],
          "seed %d: %u went behind %u", __i__, numbers[gone[k]],
          numbers[gone[i]]);
  }
  end ();
  g_rand_free (dice);
}
GST_END_TEST;

/* -- numbers ------------------------------------------------------------------------------ */

GST_START_TEST (equal_numbers_keep_the_order_in_which_they_came)
{
  start_behind (0);
  gst_spead2_reorder_push (reorder, &heaps[10], 2, 40, 1, now);
  gst_spead2_reorder_push (reorder, &heaps[11], 2, 40, 1, now);
  gst_spead2_reorder_push (reorder, &heaps[12], 1, 40, 1, now);
  gst_spead2_reorder_push (reorder, &heaps[13], 1, 40, 1, now);
  check_out ("12 13 10 11 ");
  gst_spead2_reorder_push (reorder, &heaps[14], 2, 40, 1, now);
  check_out ("14 ");
  end ();
}
GST_END_TEST;

/* Other heaps with its number may come. */
GST_START_TEST (a_number_that_is_shared_is_no_reason_for_the_next_to_go_out)
{
  GstSpead2ReorderConfig config = {LATENCY, TRUE, N_HEAPS, G_MAXUINT64};

  reorder = gst_spead2_reorder_new (&config);
  check_push (0, "");
  now += LATENCY;
  check_out ("0 ");
  gst_spead2_reorder_push (reorder, &heaps[10], 0, 48, 1, now);
  check_out ("10 ");
  check_push (1, "");
  gst_spead2_reorder_push (reorder, &heaps[11], 0, 48, 1, now);
  check_out ("11 ");
  now += LATENCY;
  check_out ("1 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (without_a_step_every_heap_waits)
{
  start_behind (0);
  gst_spead2_reorder_push (reorder, &heaps[1], 100, 40, 0, now);
  now += 10;
  gst_spead2_reorder_push (reorder, &heaps[2], 50, 40, 0, now);
  check_out ("");
  now += LATENCY - 10;
  check_out ("2 1 ");
  gst_spead2_reorder_push (reorder, &heaps[3], 101, 40, 0, now);
  check_out ("");
  now += LATENCY;
  check_out ("3 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_step_may_be_of_many_samples)
{
  start ();
  gst_spead2_reorder_push (reorder, &heaps[0], 8192, 48, 4096, now);
  now += LATENCY;
  check_out ("0 ");
  gst_spead2_reorder_push (reorder, &heaps[2], 16384, 48, 4096, now);
  check_out ("");
  gst_spead2_reorder_push (reorder, &heaps[1], 12288, 48, 4096, now);
  check_out ("1 2 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_heap_without_a_number_stays_behind_the_one_before_it)
{
  start_behind (0);
  check_push (3, "");
  gst_spead2_reorder_push_unnumbered (reorder, &heaps[100], now);
  check_push (2, "");
  gst_spead2_reorder_push_unnumbered (reorder, &heaps[101], now);
  check_push (1, "1 2 101 3 100 ");
  gst_spead2_reorder_push_unnumbered (reorder, &heaps[102], now);
  check_out ("102 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (the_end_stays_behind_all_that_come_within_the_latency)
{
  start_behind (0);
  check_push (1, "1 ");
  gst_spead2_reorder_push_last (reorder, &heaps[100], now);
  check_out ("");
  check_push (3, "");
  now += LATENCY - 1;
  check_push (2, "2 3 ");
  check_push (5, "");
  now++;
  check_out ("5 100 ");
  /* Another stream may begin anywhere. */
  check_push (2, "");
  check_push (1, "");
  now += LATENCY;
  check_out ("1 2 ");
  end ();
}
GST_END_TEST;

/* -- restarts ------------------------------------------------------------------------------ */

GST_START_TEST (a_sender_that_begins_anew_is_behind_all_that_wait)
{
  start ();
  push_at (0, 100000, 48);
  now += LATENCY;
  check_out ("0 ");
  push_at (2, 100000, 48);
  push_at (4, 100000, 48);
  check_out ("");
  gst_spead2_reorder_push (reorder, &heaps[11], 1, 48, 1, now);
  check_out ("2 4 ");
  gst_spead2_reorder_push (reorder, &heaps[10], 0, 48, 1, now);
  check_out ("");
  now += LATENCY;
  check_out ("10 11 ");
  gst_spead2_reorder_push (reorder, &heaps[12], 2, 48, 1, now);
  check_out ("12 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (what_is_less_far_behind_is_late)
{
  start ();
  push_at (0, 100000, 48);
  now += LATENCY;
  check_out ("0 ");
  push_at (2, 100000, 48);
  gst_spead2_reorder_push (reorder, &heaps[10],
      100001 - GST_SPEAD2_REORDER_MAX_LATE + 1, 48, 1, now);
  check_out ("10 ");
  push_at (1, 100000, 48);
  check_out ("1 2 ");
  end ();
}
GST_END_TEST;

/* The latency may be that of many heaps. */
GST_START_TEST (what_is_far_behind_others_that_wait_is_in_order)
{
  start_behind (0);
  push (N_HEAPS - 1);
  check_push (2, "");
  check_push (1, "1 2 ");
  now += LATENCY;
  fail_unless (gst_spead2_reorder_pop (reorder, now) != NULL);
  end ();
}
GST_END_TEST;

/* Anybody may send one. */
GST_START_TEST (a_number_far_ahead_goes_out_last_and_the_order_begins_anew)
{
  start_behind (0);
  gst_spead2_reorder_push (
      reorder, &heaps[100], G_GUINT64_CONSTANT (1) << 40, 48, 1, now);
  check_push (2, "");
  check_push (1, "1 2 ");
  check_push (3, "3 ");
  now += LATENCY;
  check_out ("100 ");
  check_push (5, "");
  check_push (4, "");
  now += LATENCY;
  check_out ("4 5 ");
  check_push (6, "6 ");
  end ();
}
GST_END_TEST;

/* -- limits ---------------------------------------------------------------------------------- */

GST_START_TEST (beyond_the_heaps_that_may_wait_the_first_go_out)
{
  start_with (3, G_MAXUINT64);
  check_push (8, "");
  check_push (6, "");
  check_push (4, "");
  check_push (2, "2 ");
  check_push (9, "4 ");
  check_push (3, "3 ");
  check_push (5, "5 6 ");
  check_list (gst_spead2_reorder_drain (reorder), "8 9 ");
  end ();
}
GST_END_TEST;

/* The smallest heap counts 1024. */
GST_START_TEST (beyond_the_bytes_that_may_wait_the_first_go_out)
{
  start_with (N_HEAPS, 3072);
  heaps[8].length = 100000;
  check_push (8, "");
  check_push (6, "6 ");
  heaps[9].length = 2048;
  check_list (gst_spead2_reorder_drain (reorder), "8 ");
  check_push (9, "");
  check_push (5, "");
  check_push (7, "5 ");
  check_list (gst_spead2_reorder_drain (reorder), "7 9 ");
  end ();
}
GST_END_TEST;

GST_START_TEST (a_drain_gives_all_in_order_and_begins_anew)
{
  start_behind (0);
  check_push (7, "");
  check_push (3, "");
  check_push (5, "");
  check_list (gst_spead2_reorder_drain (reorder), "3 5 7 ");
  fail_unless (gst_spead2_reorder_drain (reorder) == NULL);
  check_push (2, "");
  now += LATENCY;
  check_out ("2 ");
  end ();
}
GST_END_TEST;

static Suite *
reorder_suite (void)
{
  Suite *suite = suite_create ("reorder");
  TCase *tc = tcase_create ("reorder");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_heaps, NULL);
  tcase_add_test (tc, heaps_in_order_go_out_at_once_but_the_first);
  tcase_add_test (tc, heaps_wait_for_a_missing_one);
  tcase_add_test (tc, a_lost_heap_is_waited_for_once_for_the_latency);
  tcase_add_test (tc, a_late_heap_goes_out_at_once_and_the_order_goes_on);
  tcase_add_test (tc, what_waits_before_an_expired_heap_goes_out_with_it);
  tcase_add_loop_test (
      tc, every_permutation_of_the_first_heaps_is_sorted, 32, 49);
  tcase_add_loop_test (
      tc, every_permutation_is_sorted_and_waits_for_holes_alone, 32, 49);
  tcase_add_loop_test (
      tc, every_permutation_with_a_loss_is_sorted, 0, N_PERMUTED);
  tcase_add_loop_test (tc, chance_loses_nothing_and_disorders_nothing, 0, 20);
  tcase_add_test (tc, equal_numbers_keep_the_order_in_which_they_came);
  tcase_add_test (
      tc, a_number_that_is_shared_is_no_reason_for_the_next_to_go_out);
  tcase_add_test (tc, without_a_step_every_heap_waits);
  tcase_add_test (tc, a_step_may_be_of_many_samples);
  tcase_add_test (tc, a_heap_without_a_number_stays_behind_the_one_before_it);
  tcase_add_test (tc, the_end_stays_behind_all_that_come_within_the_latency);
  tcase_add_test (tc, a_sender_that_begins_anew_is_behind_all_that_wait);
  tcase_add_test (tc, what_is_less_far_behind_is_late);
  tcase_add_test (tc, what_is_far_behind_others_that_wait_is_in_order);
  tcase_add_test (
      tc, a_number_far_ahead_goes_out_last_and_the_order_begins_anew);
  tcase_add_test (tc, beyond_the_heaps_that_may_wait_the_first_go_out);
  tcase_add_test (tc, beyond_the_bytes_that_may_wait_the_first_go_out);
  tcase_add_test (tc, a_drain_gives_all_in_order_and_begins_anew);
  return suite;
}

GST_CHECK_MAIN (reorder);
