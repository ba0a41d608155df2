/* Whose turn it is in a group.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2/send/turns.h"

#define MAX_HEAPS 5

static Spead2Turns turns;

static void
setup (void)
{
  spead2_turns_init (&turns, MAX_HEAPS);
  fail_unless_equals_int (spead2_turns_n_open (&turns), 0);
}

static void
teardown (void)
{
  spead2_turns_clear (&turns);
}

/* The order of turns as digits, each heap having as many turns as its digit says. */
static void
assert_order (const gchar *lengths, const gchar *expected)
{
  GString *order = g_string_new (NULL);
  gchar *left = g_strdup (lengths);

  spead2_turns_begin (&turns, strlen (lengths));
  while (spead2_turns_n_open (&turns) > 0) {
    guint current = spead2_turns_current (&turns);

    g_string_append_printf (order, "%u", current);
    if (--left[current] == '0')
      spead2_turns_end (&turns);
    else
      spead2_turns_pass (&turns);
  }
  fail_unless_equals_string (order->str, expected);
  g_string_free (order, TRUE);
  g_free (left);
}

GST_START_TEST (test_order)
{
  assert_order ("3", "000");
  assert_order ("222", "012012");
  /* Those that have ended are left out, wherever they are. */
  assert_order ("1321", "0123121");
  assert_order ("31213",
      "01234024"
      "04");
}
GST_END_TEST

/* Heaps that are dropped before their first turn are in no round. */
GST_START_TEST (test_limit)
{
  spead2_turns_begin (&turns, 5);
  spead2_turns_pass (&turns);
  spead2_turns_end (&turns);
  spead2_turns_pass (&turns);
  fail_unless_equals_int (spead2_turns_current (&turns), 3);
  spead2_turns_limit (&turns, 3);
  fail_unless_equals_int (spead2_turns_n_open (&turns), 2);
  fail_unless_equals_int (spead2_turns_current (&turns), 0);
  spead2_turns_pass (&turns);
  fail_unless_equals_int (spead2_turns_current (&turns), 2);
  /* In a later round all have begun. */
  spead2_turns_limit (&turns, 3);
  fail_unless_equals_int (spead2_turns_n_open (&turns), 2);
  spead2_turns_end (&turns);
  spead2_turns_end (&turns);
  fail_unless_equals_int (spead2_turns_n_open (&turns), 0);

  /* None was begun, or all that were have ended. */
  spead2_turns_begin (&turns, 3);
  spead2_turns_limit (&turns, 0);
  fail_unless_equals_int (spead2_turns_n_open (&turns), 0);
  spead2_turns_begin (&turns, 3);
  spead2_turns_end (&turns);
  spead2_turns_limit (&turns, 1);
  fail_unless_equals_int (spead2_turns_n_open (&turns), 0);
}
GST_END_TEST

static Suite *
turns_suite (void)
{
  Suite *suite = suite_create ("turns");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_limit);
  return suite;
}

GST_CHECK_MAIN (turns);
