/* Several destinations: what changes when they are added and removed, in PLAYING, in NULL and
 * while heaps wait.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "destinationsfixture.h"

static void
change (const gchar *action, guint i)
{
  g_signal_emit_by_name (sink, action, "127.0.0.1", (gint) port_of (i));
}

static void
assert_property (const gchar *name, const gchar *value)
{
  gchar *text;

  g_object_get (sink, name, &text, NULL);
  fail_unless_equals_string (text, value);
  g_free (text);
}

/* A new one gets descriptors before data, and a removed one nothing more. */
GST_START_TEST (destinations_are_added_and_removed_between_heaps)
{
  gchar *text;

  set_destinations (2);
  play (CAPS_S8);
  push_heaps (2, SIZE);
  change ("add", 2);
  push (SIZE, 2 * SIZE, 2 * SIZE);
  push (SIZE, 3 * SIZE, 3 * SIZE);
  push (SIZE, 4 * SIZE, 4 * SIZE);
  change ("remove", 0);
  push (SIZE, 5 * SIZE, 5 * SIZE);
  push (SIZE, 6 * SIZE, 6 * SIZE);
  text =
      g_strdup_printf ("127.0.0.1:%u,127.0.0.1:%u", port_of (1), port_of (2));
  assert_property ("destinations", text);
  g_free (text);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  /* 4 describes to all three. */
  assert_counters (0, 1, 2, 4, 5, END);
  assert_counters (1, 1, 3, 4, 6, 8, 10, END);
  assert_counters (2, 4, 7, 9, 10, END);
  assert_described (2, 0, 2);
  assert_data (2, 1, 4);
  assert_data (1, 4, 5);
  assert_data (2, 2, 6);
  fail_unless (is_stop (1, 5));
  fail_unless (is_stop (2, 3));
}

GST_END_TEST;

/* Descriptors are for the first alone: the one that becomes it gets them. Once there is
 * none, nothing is described. */
GST_START_TEST (the_destination_that_becomes_the_first_is_described_to)
{
  set_destinations (3);
  gst_util_set_object_arg (G_OBJECT (sink), "descriptor-destinations", "first");
  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  play (CAPS_S8);
  push_heaps (3, SIZE);
  change ("remove", 1);
  push (SIZE, 3 * SIZE, 3 * SIZE);
  change ("remove", 0);
  push (SIZE, 4 * SIZE, 4 * SIZE);
  change ("remove", 2);
  push (SIZE, 5 * SIZE, 5 * SIZE);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  assert_counters (0, 1, 2, 5, END);
  assert_counters (1, 3, END);
  assert_counters (2, 4, 6, 7, END);
  assert_described (0, 0, 2);
  assert_described (2, 1, 2);
  assert_data (2, 2, 4);
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 1);
}

GST_END_TEST;

/* With host and port, one becomes two. What was pushed before goes where it was to go. */
GST_START_TEST (a_destination_is_added_to_host_and_port)
{
  g_object_set (sink, "port", (gint) port_of (0), "max-heaps", 4, NULL);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  drain ();
  faults_block (true);
  push (SIZE, SIZE, SIZE);
  wait_blocked ();
  change ("add", 1);
  faults_block (false);
  push (SIZE, 2 * SIZE, 2 * SIZE);
  push (SIZE, 3 * SIZE, 3 * SIZE);
  finish ();
  decode_each ();
  assert_counters (0, 1, 2, 3, 4, 6, END);
  assert_counters (1, 3, 5, 6, END);
  assert_described (1, 0, 2);
  assert_data (1, 1, 3);
}

GST_END_TEST;

static Feed feed;

/* To n destinations: a buffer of ten heaps, of which some wait for a slot. */
static void
begin_to_wait (guint n)
{
  feed = (Feed){.n = 1, .size = 10 * SIZE};
  set_destinations (n);
  g_object_set (sink, "heap-size", SIZE, "max-heaps", 2, NULL);
  play (CAPS_S8);
  faults_block (true);
  feed_begin (&feed);
  wait_stat ("outstanding", 2);
  wait_blocked ();
}

/* They are sent, and after them another buffer of two heaps. */
static void
end_to_wait (void)
{
  faults_block (false);
  feed_end (&feed);
  push (2 * SIZE, 10 * SIZE, 10 * SIZE);
  finish ();
}

/* Heaps of a buffer that wait for a slot were made for the destinations there were. */
GST_START_TEST (heaps_that_were_made_go_before_a_change)
{
  begin_to_wait (1);
  change ("add", 1);
  end_to_wait ();
  decode_each ();
  assert_counters (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, END);
  assert_counters (1, 11, 13, 14, END);
  assert_described (1, 0, 2);
}

GST_END_TEST;

/* A change that waits with these heaps is a warning as any other. */
GST_START_TEST (a_change_that_waited_and_is_refused_is_a_warning)
{
  begin_to_wait (2);
  change ("add", 1);
  change ("remove", 2);
  assert_no_message (GST_MESSAGE_WARNING);
  end_to_wait ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is twice in the list. The destinations stay as they are");
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is not in the list. The destinations stay as they are");
}

GST_END_TEST;

/* A stop heap that waits goes to the destinations there were when it was asked for. */
GST_START_TEST (stop_heaps_and_changes_that_waited_keep_their_order)
{
  gboolean accepted;

  begin_to_wait (2);
  g_signal_emit_by_name (sink, "send-stop", &accepted);
  fail_unless (accepted);
  change ("remove", 0);
  change ("add", 2);
  end_to_wait ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  assert_counters (0, 1, 2, 4, 6, 8, 10, 12, END);
  fail_unless (is_stop (0, 6));
  fail_unless (is_stop (1, 6));
  assert_described (1, 7, 2);
  assert_described (2, 0, 2);
}

GST_END_TEST;

/* Without any, heaps are dropped and counted. */
GST_START_TEST (heaps_without_a_destination_are_dropped)
{
  set_destinations (N);
  play (CAPS_S8);
  push_heaps (3, SIZE);
  drain ();
  g_signal_emit_by_name (sink, "clear");
  push (SIZE, 3 * SIZE, 3 * SIZE);
  push (SIZE, 4 * SIZE, 4 * SIZE);
  drain ();
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 2);
  change ("add", 1);
  push (SIZE, 5 * SIZE, 5 * SIZE);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[0]), 2);
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[1]), 4);
  assert_described (1, 2, 2);
  assert_data (1, 2, 5);
}

GST_END_TEST;

/* In NULL the actions change the property, from host and port on. */
GST_START_TEST (the_list_changes_in_null_too)
{
  gchar *text;

  g_object_set (sink, "port", (gint) port_of (0), NULL);
  change ("add", 1);
  text =
      g_strdup_printf ("127.0.0.1:%u,127.0.0.1:%u", port_of (0), port_of (1));
  assert_property ("destinations", text);
  change ("add", 1);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is twice in the list. The destinations stay as they are");
  assert_property ("destinations", text);
  g_free (text);
  change ("remove", 0);
  g_signal_emit_by_name (sink, "clear");
  assert_property ("destinations", "");
  change ("add", 2);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  finish ();
  decode_each ();
  assert_counters (2, 1, 2, END);
}

GST_END_TEST;

static const struct {
  const gchar *action, *host;
  gint port;
  const gchar *words;
} wrong_changes[] = {
    {"add", "::1", 7148, "is IPv6, and the socket is of IPv4"},
    {"add", "10.1.1.1", 0, "Port 0 does not exist"},
    {"add", "10.1.1", 1, "has four numbers"},
    {"add", "10.1.1.1:1", 1, "has a port in it"},
    {"remove", "10.1.1.1", 1, "'10.1.1.1:1' is not in the list"},
};

GST_START_TEST (a_wrong_change_is_a_warning_and_changes_nothing)
{
  gchar *before;

  set_destinations (N);
  play (CAPS_S8);
  g_object_get (sink, "destinations", &before, NULL);
  g_signal_emit_by_name (sink, wrong_changes[__i__].action,
      wrong_changes[__i__].host, wrong_changes[__i__].port);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      wrong_changes[__i__].words);
  assert_property ("destinations", before);
  g_free (before);
}

GST_END_TEST;

/* There are 4096. 0: with a sender. 1: without one. */
GST_START_TEST (a_full_list_takes_no_more)
{
  GstStructure *stats;

  g_object_set (sink, "destinations", "127.0.0.1:20000+4095", NULL);
  if (__i__ == 0)
    go_to (GST_STATE_READY);
  change ("add", 0);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      __i__ == 0 ? "is one too many: there are 4096"
                 : "more than 4096 destinations");
  go_to (GST_STATE_READY);
  g_signal_emit_by_name (sink, "get-stats", "127.0.0.1", 24095, &stats);
  fail_unless (gst_structure_n_fields (stats) > 0);
  gst_structure_free (stats);
  g_signal_emit_by_name (
      sink, "get-stats", "127.0.0.1", (gint) port_of (0), &stats);
  fail_unless_equals_int (gst_structure_n_fields (stats), 0);
  gst_structure_free (stats);
}

GST_END_TEST;

/* The list stays unset: host and port still count. */
GST_START_TEST (a_refused_change_leaves_host_and_port)
{
  g_object_set (sink, "port", (gint) port_of (0), NULL);
  play (CAPS_S8);
  change ("remove", 1);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is not in the list. The destinations stay as they are");
  assert_property ("destinations", NULL);
}

GST_END_TEST;

/* The system has a name's IPv4 address first, and the list is of IPv6. 0: with a sender.
 * 1: without one. */
GST_START_TEST (a_name_has_an_address_of_the_list_s_family)
{
  GstStructure *stats;

  g_object_set (sink, "destinations", "[::1]:9000", NULL);
  if (__i__ == 0)
    go_to (GST_STATE_READY);
  faults_resolve ("127.0.0.1 ::1");
  g_signal_emit_by_name (sink, "add", "correlator", 9001);
  assert_property ("destinations", "[::1]:9000,[::1]:9001");
  g_signal_emit_by_name (sink, "get-stats", "correlator", 9001, &stats);
  fail_unless_equals_int (gst_structure_n_fields (stats) > 0, __i__ == 0);
  gst_structure_free (stats);
  g_signal_emit_by_name (sink, "remove", "correlator", 9001);
  assert_property ("destinations", "[::1]:9000");
  faults_resolve (NULL);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* While buffers flow, with receivers that come and go: nothing is sent to a destination
 * before its descriptors. */
GST_START_TEST (destinations_come_and_go_while_buffers_flow)
{
  Feed feed = {.n = G_MAXUINT, .size = SIZE};

  set_destinations (1);
  g_object_set (sink, "max-heaps", 16, "send-threads", 2, NULL);
  play (CAPS_S8);
  feed_begin (&feed);
  for (guint i = 0; i < 50; i++) {
    guint64 pushed;

    change ("add", 1 + i % 2);
    pushed = counter ("heaps-pushed");
    while (counter ("heaps-sent") < pushed + 20)
      g_thread_yield ();
    change ("remove", 1 + i % 2);
  }
  feed_stop (&feed);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  for (guint i = 0; i < N; i++) {
    assert_described (i, 0, 2);
    fail_unless (fake_receiver_n_heaps (decoders[i]) > 25);
  }
  fail_unless_equals_uint64 (counter ("heaps-pushed"), counter ("heaps-sent"));
}

GST_END_TEST;

static Suite *
destinationchanges_suite (void)
{
  Suite *s = suite_create ("sinkdestinationchanges");
  TCase *tc = tcase_create ("sinkdestinationchanges");

  tcase_add_checked_fixture (tc, setup_destinations, teardown_destinations);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, destinations_are_added_and_removed_between_heaps);
  tcase_add_test (tc, the_destination_that_becomes_the_first_is_described_to);
  tcase_add_test (tc, a_destination_is_added_to_host_and_port);
  tcase_add_test (tc, heaps_that_were_made_go_before_a_change);
  tcase_add_test (tc, a_change_that_waited_and_is_refused_is_a_warning);
  tcase_add_test (tc, stop_heaps_and_changes_that_waited_keep_their_order);
  tcase_add_test (tc, heaps_without_a_destination_are_dropped);
  tcase_add_test (tc, the_list_changes_in_null_too);
  tcase_add_loop_test (tc, a_wrong_change_is_a_warning_and_changes_nothing, 0,
      G_N_ELEMENTS (wrong_changes));
  tcase_add_loop_test (tc, a_full_list_takes_no_more, 0, 2);
  tcase_add_test (tc, a_refused_change_leaves_host_and_port);
  tcase_add_loop_test (tc, a_name_has_an_address_of_the_list_s_family, 0, 2);
  tcase_add_test (tc, destinations_come_and_go_while_buffers_flow);
  return s;
}

GST_CHECK_MAIN (destinationchanges)
