/* Several destinations: which heaps each one gets, with which counters and errors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sys/socket.h>

#include "destinationsfixture.h"

/* -- rules --------------------------------------------------------------------------- */

/* Descriptors in a heap of their own, then heap n at destination n mod N, then the stop
 * heap: with one sending thread or several, which send in no order what they have at a time. */
GST_START_TEST (heaps_go_in_turn_and_descriptors_and_stop_heap_to_each)
{
  set_destinations (N);
  g_object_set (sink, "send-threads", __i__ == 0 ? 1 : 3, NULL);
  play (CAPS_S8);
  for (guint i = 0; i < 7; i++) {
    push (SIZE, i * SIZE, i * SIZE);
    wait_stat ("heaps-sent", i + 2);
  }
  finish ();
  decode_each ();
  assert_counters (0, 1, 2, 5, 8, 9, END);
  assert_counters (1, 1, 3, 6, 9, END);
  assert_counters (2, 1, 4, 7, 9, END);
  for (guint i = 0; i < N; i++) {
    guint n = fake_receiver_n_heaps (decoders[i]);

    assert_described (i, 0, 2);
    fail_unless_equals_int64 (begin_of (heap_at (i, 0)), -1);
    for (guint k = 1; k < n - 1; k++) {
      assert_described (i, k, 0);
      assert_data (i, k, i + (k - 1) * N);
    }
    fail_unless (is_stop (i, n - 1));
    fail_unless_equals_uint64 (
        sent_to (i, "packets-sent"), fake_receiver_n_packets (decoders[i]));
    fail_unless_equals_uint64 (
        sent_to (i, "bytes-sent"), fake_receiver_n_bytes (decoders[i]));
    fail_unless_equals_uint64 (sent_to (i, "errors"), 0);
  }
  fail_unless_equals_uint64 (counter ("heaps-sent"), 8);
}

GST_END_TEST;

/* A batch has 64 messages. */
GST_START_TEST (descriptors_and_stop_heap_go_to_more_than_a_batch_has)
{
  g_object_set (sink, "destinations", "127.0.0.1:20000+149", NULL);
  play (CAPS_S8);
  push (SIZE, 0, 0);
  finish ();
  for (guint i = 0; i < 150; i++)
    fail_unless_equals_uint64 (sent_to (i, "packets-sent"), i == 0 ? 3 : 2);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
}

GST_END_TEST;

/* The same of heaps that are cut from one buffer, in one run. 1: each destination counts. */
GST_START_TEST (heaps_cut_from_a_buffer_go_in_turn)
{
  set_destinations (N);
  g_object_set (
      sink, "heap-size", SIZE, "heap-cnt-per-destination", __i__ == 1, NULL);
  play (CAPS_S8);
  push (7 * SIZE, 0, 0);
  push (7 * SIZE, 7 * SIZE, 7 * SIZE);
  finish ();
  decode_each ();
  if (__i__ == 0) {
    assert_counters (0, 1, 2, 5, 8, 11, 14, 16, END);
    assert_counters (1, 1, 3, 6, 9, 12, 15, 16, END);
    assert_counters (2, 1, 4, 7, 10, 13, 16, END);
  } else {
    for (guint i = 0; i < N; i++)
      for (guint k = 0; k < fake_receiver_n_heaps (decoders[i]); k++)
        fail_unless_equals_uint64 (heap_at (i, k)->cnt, k + 1);
  }
  for (guint i = 0; i < N; i++) {
    fail_unless_equals_int (fake_receiver_n_heaps (decoders[i]), i < 2 ? 7 : 6);
    for (guint k = 1; k < (i < 2 ? 6 : 5); k++)
      assert_data (i, k, i + (k - 1) * N);
    fail_unless_equals_uint64 (
        sent_to (i, "packets-sent"), fake_receiver_n_packets (decoders[i]));
  }
  fail_unless_equals_uint64 (counter ("heaps-sent"), 15);
}

GST_END_TEST;

/* Each heap to each destination with one counter and in one piece of memory, which is
 * released when the last copy has been sent. */
GST_START_TEST (all_destinations_get_every_heap)
{
  gint n_freed = 0;
  GstBuffer *buffer = make_buffer (SIZE, SIZE, SIZE);

  set_destinations (N);
  g_object_set (sink, "destination-rule", 1, NULL);
  play (CAPS_S8);
  push (SIZE, 0, 0);
  drain ();
  /* The descriptors are in the first heap; a second copy is held back. */
  faults_block_after (1);
  push_buffer (watched (buffer, &n_freed));
  wait_blocked ();
  fail_unless_equals_int (n_freed, 0);
  faults_block (false);
  finish ();
  fail_unless_equals_int (n_freed, 1);
  decode_each ();
  for (guint i = 0; i < N; i++) {
    assert_counters (i, 1, 2, 3, END);
    assert_described (i, 0, 2);
    assert_data (i, 0, 0);
    assert_data (i, 1, 1);
    fail_unless (is_stop (i, 2));
  }
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
  fail_unless_equals_uint64 (counter ("payload-bytes"),
      fake_receiver_heap (decoders[0], 0)->payload_size + SIZE);
}

GST_END_TEST;

static GstBuffer *
with_beam (GstBuffer *buffer, gint beam)
{
  GstCustomMeta *meta = gst_buffer_add_custom_meta (buffer, "GstSpead2Items");

  gst_structure_set (
      gst_custom_meta_get_structure (meta), "beam", G_TYPE_INT, beam, NULL);
  return buffer;
}

/* 0: the value of an item. 1: of the application's event, which is no item. 2: of its meta.
 * 3: of its meta, which goes before an item's. */
GST_START_TEST (a_value_of_the_heap_names_its_destination)
{
  static const gint beams[] = {2, 0, 2};
  gchar *items = g_strdup_printf (
      "timestamp,id=0x1600,value=sample-index; beam,id=0x1601,value=<%s>; "
      "samples,id=0x3300,value=payload",
      __i__ == 0 ? "2,0,2" : "1,1,1");

  set_destinations (N);
  g_object_set (sink, "destination-rule", 2, "destination-item", "beam", NULL);
  if (__i__ == 0 || __i__ == 3)
    g_object_set (sink, "items", items, NULL);
  g_free (items);
  play (CAPS_S8);
  for (guint i = 0; i < 3; i++) {
    GstBuffer *buffer = make_buffer (SIZE, i * SIZE, i * SIZE);

    if (__i__ == 1)
      push_values (i == 1 ? "spead2-items,beam=0" : "spead2-items,beam=2");
    push_buffer (__i__ >= 2 ? with_beam (buffer, beams[i]) : buffer);
  }
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  assert_counters (0, 1, 3, 5, END);
  assert_counters (1, 1, 5, END);
  assert_counters (2, 1, 2, 4, 5, END);
  assert_data (0, 1, 1);
  assert_data (2, 1, 0);
  assert_data (2, 2, 2);
}

GST_END_TEST;

static const struct {
  const gchar *event, *words;
} wrong_values[] = {
    {"spead2-items,beam=3",
        "A heap is for destination 3, and there are 3: its value must be from "
        "0 "
        "to 2"},
    {"spead2-items,beam=-1", "value -1 (gint) of item 'beam' is not a whole"},
    {NULL, "destination-item=beam: no item of that name is a number"},
};

GST_START_TEST (a_value_without_a_destination_is_an_error)
{
  set_destinations (N);
  g_object_set (sink, "destination-rule", 2, "destination-item", "beam", NULL);
  play (CAPS_S8);
  push_values ("spead2-items,beam=1");
  push (SIZE, 0, 0);
  if (wrong_values[__i__].event)
    push_values (wrong_values[__i__].event);
  fail_unless_equals_int (try_push (SIZE, SIZE, SIZE), GST_FLOW_ERROR);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, wrong_values[__i__].words);
  /* What came before has been sent. */
  decode_each ();
  assert_counters (1, 1, 2, END);
}

GST_END_TEST;

/* -- counters ------------------------------------------------------------------------ */

/* A destination has n heaps, whose counters are from 10 on: descriptors and stop heap first and
 * last, others in any order. */
static void
assert_counted_from_10 (guint destination, guint n)
{
  guint64 seen = 0;

  fail_unless_equals_int (fake_receiver_n_heaps (decoders[destination]), n);
  for (guint i = 0; i < n; i++)
    seen |= G_GUINT64_CONSTANT (1) << heap_at (destination, i)->cnt;
  fail_unless_equals_uint64 (seen, ((G_GUINT64_CONSTANT (1) << n) - 1) << 10);
  assert_described (destination, 0, 2);
  fail_unless_equals_uint64 (heap_at (destination, 0)->cnt, 10);
  fail_unless (is_stop (destination, n - 1));
  fail_unless_equals_uint64 (heap_at (destination, n - 1)->cnt, 10 + n - 1);
}

/* 1: several threads, which send in no order. */
GST_START_TEST (each_destination_counts_for_itself)
{
  set_destinations (N);
  g_object_set (sink, "heap-cnt-per-destination", TRUE, "heap-cnt-start",
      G_GUINT64_CONSTANT (10), "send-threads", __i__ == 0 ? 1 : 3, NULL);
  play (CAPS_S8);
  push_heaps (7, SIZE);
  finish ();
  decode_each ();
  assert_counted_from_10 (0, 5);
  assert_counted_from_10 (1, 4);
  assert_counted_from_10 (2, 4);
  if (__i__ == 0)
    assert_counters (0, 10, 11, 12, 13, 14, END);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* 0: descriptors are counted with the others. 1: apart. */
GST_START_TEST (descriptors_go_to_the_first_destination_alone)
{
  set_destinations (N);
  gst_util_set_object_arg (G_OBJECT (sink), "descriptor-destinations", "first");
  g_object_set (sink, "descriptor-cnt-start", G_GUINT64_CONSTANT (100),
      "descriptor-cnt-step", (guint64) __i__, NULL);
  play (CAPS_S8);
  push_heaps (3, SIZE);
  finish ();
  decode_each ();
  if (__i__ == 0) {
    assert_counters (0, 1, 2, 5, END);
    assert_counters (1, 3, 5, END);
    assert_counters (2, 4, 5, END);
  } else {
    assert_counters (0, 100, 1, 4, END);
    assert_counters (1, 2, 4, END);
    assert_counters (2, 3, 4, END);
  }
  assert_described (0, 0, 2);
  assert_data (0, 1, 0);
  assert_data (1, 0, 1);
}

GST_END_TEST;

/* 1: descriptors go to the first alone. */
GST_START_TEST (start_and_stop_heaps_go_to_each)
{
  set_destinations (N);
  gst_util_set_object_arg (
      G_OBJECT (sink), "descriptor-destinations", __i__ == 0 ? "all" : "first");
  g_object_set (sink, "send-start-heap", TRUE, NULL);
  play (CAPS_S8);
  push_heaps (3, SIZE);
  finish ();
  decode_each ();
  for (guint i = 0; i < N; i++) {
    const guint described = __i__ == 0 || i == 0;

    assert_described (i, 1, described ? 2 : 0);
    assert_data (i, 1 + described, i);
    if (described)
      assert_counters (i, 1, 2, 3 + i, 6, END);
    else
      assert_counters (i, 1, 3 + i, 6, END);
    fail_unless_equals_int (heap_at (i, 0)->stream_ctrl, FAKE_CTRL_START);
    fail_unless (is_stop (i, 2 + described));
  }
}

GST_END_TEST;

/* Descriptors that wait in the queue with the heaps around them are numbered as they are
 * sent. */
GST_START_TEST (copies_for_all_are_numbered_in_their_order)
{
  set_destinations (N);
  g_object_set (sink, "heap-cnt-per-destination", TRUE, NULL);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  drain ();
  faults_block (true);
  for (guint i = 1; i < 3 * N; i++) {
    gboolean open = FALSE;

    if (i % N == 0)
      g_signal_emit_by_name (sink, "send-descriptors", &open);
    push (SIZE, i * SIZE, i * SIZE);
    if (i == 1)
      wait_blocked ();
  }
  faults_block (false);
  finish ();
  decode_each ();
  for (guint i = 0; i < N; i++) {
    assert_counters (i, 1, 2, 3, 4, 5, 6, 7, END);
    for (guint k = 0; k < 6; k++)
      assert_described (i, k, k % 2 == 0 ? 2 : 0);
  }
}

GST_END_TEST;

/* The heaps that a flush drops give their turns back, with their counters. */
GST_START_TEST (a_flush_keeps_turns_and_counters_together)
{
  Feed feed = {.n = N + 1, .size = SIZE};

  set_destinations (N);
  g_object_set (
      sink, "descriptors", 0, "heap-cnt-per-destination", __i__ == 1, NULL);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  drain ();
  faults_block (true);
  feed_begin (&feed);
  wait_stat ("outstanding", N + 1);
  feed_end (&feed);
  flush ();
  faults_block (false);
  push_heaps (3, SIZE);
  finish ();
  decode_each ();
  for (guint i = 0; i < N; i++) {
    guint n = fake_receiver_n_heaps (decoders[i]);

    for (guint k = 0; k < n; k++) {
      const FakeHeap *heap = fake_receiver_heap (decoders[i], k);

      if (heap->stream_ctrl >= 0)
        continue;
      /* One that was begun before the flush may be cut off. */
      if (__i__ == 0) {
        fail_unless_equals_uint64 ((heap->cnt - 1) % N, i);
      } else if (k > 0) {
        fail_unless_equals_uint64 (
            heap->cnt, fake_receiver_heap (decoders[i], k - 1)->cnt + 1);
      }
    }
  }
}

GST_END_TEST;

/* Nine heaps of a packet, of which the first of three destinations gets its own before a flush:
 * those of the others are dropped, and the counters of those that had heaps behind them that
 * were sent are missing. 1: each destination counts. 2: interleave. 3: both. */
GST_START_TEST (a_flush_in_a_group_uses_no_counter_twice)
{
  Feed feed = {.n = 1, .size = 3 * N * SIZE};

  set_destinations (N);
  g_object_set (sink, "descriptors", 0, "heap-size", SIZE,
      "heap-cnt-per-destination", __i__ % 2 == 1, "interleave",
      __i__ >= 2 ? 3 * N : 1, NULL);
  play (CAPS_S8);
  faults_block_after (1);
  feed_begin (&feed);
  feed_end (&feed);
  wait_blocked ();
  flush ();
  faults_block (false);
  for (guint i = 0; i < 2; i++)
    push (N * SIZE, i * N * SIZE, i * N * SIZE);
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 5 * N);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 3 * N);
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 2 * N);
  decode_each ();
  if (__i__ % 2 == 0) {
    assert_counters (0, 1, 4, 7, 10, 13, 14, END);
    assert_counters (1, 8, 11, 14, END);
    assert_counters (2, 9, 12, 14, END);
  } else {
    assert_counters (0, 1, 2, 3, 4, 5, 6, END);
    assert_counters (1, 3, 4, 5, END);
    assert_counters (2, 3, 4, 5, END);
  }
}

GST_END_TEST;

/* -- errors and reports -------------------------------------------------------------- */

static GstStructure *
stats_of (const gchar *host, guint16 port)
{
  GstStructure *stats;

  g_signal_emit_by_name (sink, "get-stats", host, (gint) port, &stats);
  return stats;
}

/* Of three, one is refused by the kernel: its heaps fail, and the warning names it. */
GST_START_TEST (errors_belong_to_their_destination)
{
  gchar *words;
  GstStructure *stats;
  guint64 errors;

  set_destinations (N);
  faults_refuse_port (port_of (1), EPERM);
  play (CAPS_S8);
  push_heaps (6, SIZE);
  drain ();
  words = g_strdup_printf ("Could not send to 127.0.0.1:%u", port_of (1));
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, words);
  g_free (words);
  /* All heaps of the other two are whole. */
  decode_each ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[1]), 0);
  /* An error a message, which several heaps may share. */
  fail_unless (sent_to (1, "errors") > 0);
  fail_unless_equals_uint64 (sent_to (0, "errors"), 0);
  fail_unless_equals_uint64 (sent_to (2, "errors"), 0);
  stats = stats_of ("127.0.0.1", port_of (1));
  fail_unless (gst_structure_get_uint64 (stats, "errors", &errors));
  fail_unless_equals_uint64 (errors, sent_to (1, "errors"));
  gst_structure_free (stats);
  stats = stats_of ("127.0.0.1", 1);
  fail_unless_equals_int (gst_structure_n_fields (stats), 0);
  gst_structure_free (stats);
  faults_reset ();
}

GST_END_TEST;

/* Descriptors that one of three refuses are not sent to all again and again, but when that
 * one gets packets again. */
GST_START_TEST (descriptors_are_repeated_when_a_destination_recovers)
{
  gint rule;

  set_destinations (N);
  rule = faults_refuse_port (port_of (1), EPERM);
  play (CAPS_S8);
  for (guint i = 0; i < 6; i++) {
    push (SIZE, i * SIZE, i * SIZE);
    drain ();
  }
  decode_each ();
  assert_counters (0, 1, 2, 5, END);
  faults_remove_rule (rule);
  for (guint i = 6; i < 12; i++) {
    push (SIZE, i * SIZE, i * SIZE);
    drain ();
  }
  finish ();
  decode_each ();
  /* Heap 9 is the first that it gets. */
  assert_counters (0, 1, 2, 5, 8, 10, 12, 15, END);
  assert_counters (1, 9, 10, 13, 15, END);
  assert_described (0, 4, 2);
  assert_described (1, 1, 2);
}

GST_END_TEST;

/* ICMP errors come back for one of three. */
GST_START_TEST (an_icmp_error_belongs_to_its_destination)
{
  guint16 deaf;
  gchar *words;

  set_destinations (N);
  deaf = port_of (2);
  fake_receiver_free (listeners[2]);
  play (CAPS_S8);
  push_heaps (30, SIZE);
  drain ();
  words = g_strdup_printf ("Nobody listens at 127.0.0.1:%u", deaf);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, words);
  g_free (words);
  fail_unless (sent_to (2, "errors") > 0);
  fail_unless_equals_uint64 (sent_to (0, "errors"), 0);
  fail_unless_equals_uint64 (sent_to (1, "errors"), 0);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 0);
  listeners[2] = fake_receiver_new (AF_INET);
}

GST_END_TEST;

static const struct {
  const gchar *property, *value, *words;
} wrong_settings[] = {
    {"destinations", "127.0.0.1:1,127.0.0.1:x",
        "destinations, character 13: Destination '127.0.0.1:x' needs a port"},
    {"destination-rule", "item", "set destination-item"},
    {"destinations", "spead://127.0.0.1:1", "is a URI: set uri"},
};

GST_START_TEST (a_wrong_list_is_an_error_that_says_where)
{
  gst_util_set_object_arg (G_OBJECT (sink), wrong_settings[__i__].property,
      wrong_settings[__i__].value);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      wrong_settings[__i__].words);
}

GST_END_TEST;

static Suite *
destinations_suite (void)
{
  Suite *s = suite_create ("sinkdestinations");
  TCase *tc = tcase_create ("sinkdestinations");

  tcase_add_checked_fixture (tc, setup_destinations, teardown_destinations);
  suite_add_tcase (s, tc);
  tcase_add_loop_test (
      tc, heaps_go_in_turn_and_descriptors_and_stop_heap_to_each, 0, 2);
  tcase_add_test (tc, descriptors_and_stop_heap_go_to_more_than_a_batch_has);
  tcase_add_loop_test (tc, heaps_cut_from_a_buffer_go_in_turn, 0, 2);
  tcase_add_test (tc, all_destinations_get_every_heap);
  tcase_add_loop_test (tc, a_value_of_the_heap_names_its_destination, 0, 4);
  tcase_add_loop_test (tc, a_value_without_a_destination_is_an_error, 0,
      G_N_ELEMENTS (wrong_values));
  tcase_add_loop_test (tc, each_destination_counts_for_itself, 0, 2);
  tcase_add_loop_test (tc, descriptors_go_to_the_first_destination_alone, 0, 2);
  tcase_add_loop_test (tc, start_and_stop_heaps_go_to_each, 0, 2);
  tcase_add_test (tc, copies_for_all_are_numbered_in_their_order);
  tcase_add_loop_test (tc, a_flush_keeps_turns_and_counters_together, 0, 2);
  tcase_add_loop_test (tc, a_flush_in_a_group_uses_no_counter_twice, 0, 4);
  tcase_add_test (tc, errors_belong_to_their_destination);
  tcase_add_test (tc, descriptors_are_repeated_when_a_destination_recovers);
  tcase_add_test (tc, an_icmp_error_belongs_to_its_destination);
  tcase_add_loop_test (tc, a_wrong_list_is_an_error_that_says_where, 0,
      G_N_ELEMENTS (wrong_settings));
  return s;
}

GST_CHECK_MAIN (destinations)
