/* Heaps of several destinations that are sent in turn: the order on the wire, and when a
 * part of a group goes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "destinationsfixture.h"

/* Payload of the first packet of a heap, of 1472 bytes, and of those behind it. */
#define FIRST 1416
#define OTHER 1432

/* A heap of so many packets. */
#define PACKETS(n) (FIRST + ((n) -1) * OTHER)

static void
start (guint interleave, guint heap_size)
{
  set_destinations (N);
  g_object_set (sink, "interleave", interleave, "heap-size", heap_size, NULL);
  play (CAPS_S8);
}

/* The heap that a message is of, by its counter: the first one behind the descriptors is a. */
static gchar
letter_of (const FaultsMessage *message)
{
  /* Behind the header of 8 bytes and the item id: 5 bytes. */
  return 'a' - 2 + message->data[15];
}

/* The heap of each message in the order of sending, descriptors at the start and stop heaps
 * left out. */
static void
assert_order (const gchar *expected)
{
  GString *order = g_string_new (NULL);
  const gsize n = faults_n_messages ();
  FaultsMessage message;

  for (gsize i = N; i < n - N; i++) {
    fail_unless (faults_message (i, &message));
    g_string_append_c (order, letter_of (&message));
  }
  fail_unless_equals_string (order->str, expected);
  g_string_free (order, TRUE);
}

/* Packet by packet where nothing shares a message; the part of a group at the end, too. */
GST_START_TEST (heaps_of_a_group_are_sent_in_turn)
{
  gst_util_set_object_arg (G_OBJECT (sink), "gso", "off");
  start (3, PACKETS (2));
  push (8 * PACKETS (2), 0, 0);
  finish ();
  decode_each ();
  assert_order ("abcabcdefdefghgh");
  assert_counters (0, 1, 2, 5, 8, 10, END);
  assert_counters (1, 1, 3, 6, 9, 10, END);
  assert_counters (2, 1, 4, 7, 10, END);
}

GST_END_TEST;

GST_START_TEST (one_after_the_other_is_the_default)
{
  gst_util_set_object_arg (G_OBJECT (sink), "gso", "off");
  start (1, PACKETS (2));
  push (4 * PACKETS (2), 0, 0);
  finish ();
  assert_order ("aabbccdd");
}

GST_END_TEST;

/* A turn is a message: the largest one, or a burst. 44 and 6 packets. */
GST_START_TEST (a_turn_is_a_message)
{
  const guint n_packets = __i__ == 0 ? 44 : 6;
  GString *expected = g_string_new (NULL);

  if (__i__ == 1)
    g_object_set (
        sink, "rate", 100e6, "burst-size", G_GUINT64_CONSTANT (10000), NULL);
  start (2, PACKETS (3 * n_packets + 2));
  push (2 * PACKETS (3 * n_packets + 2), 0, 0);
  finish ();
  decode_each ();
  for (guint i = 0; i < 4; i++)
    g_string_append (expected, "ab");
  assert_order (expected->str);
  for (gsize i = 0; i < 6; i++) {
    FaultsMessage message;

    fail_unless (faults_message (N + i, &message));
    fail_unless_equals_uint64 (message.n_segments, n_packets);
  }
  assert_counters (0, 1, 2, 4, END);
  assert_counters (1, 1, 3, 4, END);
  g_string_free (expected, TRUE);
}

GST_END_TEST;

/* Descriptors are sent behind the part of a group that came before them. */
GST_START_TEST (descriptors_divide_a_group)
{
  gboolean accepted;

  gst_util_set_object_arg (G_OBJECT (sink), "gso", "off");
  start (3, PACKETS (2));
  push (2 * PACKETS (2), 0, 0);
  g_signal_emit_by_name (sink, "send-descriptors", &accepted);
  fail_unless (accepted);
  push (PACKETS (2), 2 * PACKETS (2), 2 * PACKETS (2));
  finish ();
  assert_order ("ababcccdd");
}

GST_END_TEST;

/* Nothing comes behind it. */
GST_START_TEST (a_part_of_a_group_goes_after_a_time)
{
  start (3, PACKETS (2));
  push (2 * PACKETS (2), 0, 0);
  wait_until (counter ("heaps-sent") == 3);
  push (4 * PACKETS (2), 2 * PACKETS (2), 2 * PACKETS (2));
  wait_until (counter ("heaps-sent") == 7);
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
}

GST_END_TEST;

/* What one destination refuses fails its heap of the group alone. */
GST_START_TEST (an_errno_fails_one_heap_of_a_group)
{
  g_object_set (sink, "descriptors", 0, NULL);
  start (3, PACKETS (2));
  faults_refuse_port (port_of (1), EPERM);
  push (3 * PACKETS (2), 0, 0);
  drain ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 1);
  decode_each ();
  assert_counters (0, 1, END);
  assert_counters (1, END);
  assert_counters (2, 3, END);
}

GST_END_TEST;

/* Each heap to each destination, and all of them whole. */
GST_START_TEST (heaps_of_a_group_go_to_all)
{
  g_object_set (sink, "destination-rule", 1, "descriptors", 0, NULL);
  start (2, PACKETS (2));
  push (4 * PACKETS (2), 0, 0);
  finish ();
  decode_each ();
  for (guint i = 0; i < N; i++)
    assert_counters (i, 1, 2, 3, 4, 5, END);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 4);
}

GST_END_TEST;

/* Groups that are as large as the queue, by several threads. */
GST_START_TEST (a_group_may_fill_the_queue)
{
  g_object_set (sink, "max-heaps", 20, "send-threads", 1 + __i__, NULL);
  start (__i__ == 0 ? 20 : 16, SIZE);
  for (guint i = 0; i < 10; i++)
    push (64 * SIZE, i * 64 * SIZE, i * 64 * SIZE);
  finish ();
  decode_each ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 641);
  for (guint i = 0; i < N; i++)
    fail_unless_equals_int (
        fake_receiver_n_heaps (decoders[i]), (640 + N - 1 - i) / N + 2);
}

GST_END_TEST;

GST_START_TEST (a_group_that_the_queue_cannot_hold_is_an_error)
{
  g_object_set (sink, "interleave", 5, "max-heaps", 4, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "interleave=5 needs as many outstanding heaps: max-heaps=4");
}

GST_END_TEST;

static Suite *
interleave_suite (void)
{
  Suite *s = suite_create ("sinkinterleave");
  TCase *tc = tcase_create ("sinkinterleave");

  tcase_add_checked_fixture (tc, setup_destinations, teardown_destinations);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, heaps_of_a_group_are_sent_in_turn);
  tcase_add_test (tc, one_after_the_other_is_the_default);
  tcase_add_loop_test (tc, a_turn_is_a_message, 0, 2);
  tcase_add_test (tc, descriptors_divide_a_group);
  tcase_add_test (tc, a_part_of_a_group_goes_after_a_time);
  tcase_add_test (tc, an_errno_fails_one_heap_of_a_group);
  tcase_add_test (tc, heaps_of_a_group_go_to_all);
  tcase_add_loop_test (tc, a_group_may_fill_the_queue, 0, 2);
  tcase_add_test (tc, a_group_that_the_queue_cannot_hold_is_an_error);
  return s;
}

GST_CHECK_MAIN (interleave)
