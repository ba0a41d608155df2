/* Stop heaps that the application asks for while buffers flow: what follows one on
 * the wire is another stream, and begins as such.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define HEAP_SIZE 500

static gboolean
send_stop (void)
{
  gboolean accepted = FALSE;

  g_signal_emit_by_name (sink, "send-stop", &accepted);
  return accepted;
}

/* Every stream begins as it should: with a start heap, and with descriptors in the
 * first heap of data or in a heap before it. The number of streams. */
static guint
count_streams (gboolean own_heap)
{
  guint n = fake_receiver_n_heaps (decoder), n_streams = 0;
  gboolean begins = TRUE;

  for (guint i = 0; i < n; i++) {
    const FakeHeap *heap = whole_heap (i);

    if (heap->stream_ctrl == FAKE_CTRL_STOP) {
      begins = TRUE;
    } else if (begins) {
      fail_unless_equals_int (heap->stream_ctrl, FAKE_CTRL_START);
      fail_unless (++i < n);
      assert_descriptors (i, 2);
      fail_unless_equals_int (whole_heap (i)->items->len, own_heap ? 2 : 2 + 2);
      begins = FALSE;
      n_streams++;
    } else {
      fail_unless_equals_int (heap->stream_ctrl, -1);
      assert_descriptors (i, 0);
    }
  }
  return n_streams;
}

static const struct {
  guint heaps; /* of a buffer */
  gdouble rate;
  const gchar *descriptors;
} flows[] = {
    {1, 0, "first-heap"},
    {1, 0, "own-heap"},
    {10, 0, "first-heap"},
    {200, 0, "own-heap"}, /* several batches */
    {4, 4e6, "first-heap"},
};

GST_START_TEST (a_stop_heap_among_buffers_that_flow_begins_another_stream)
{
  Feed feed = {.n = G_MAXUINT, .size = flows[__i__].heaps * HEAP_SIZE};
  guint n_stops = 20, n_streams;

  gst_util_set_object_arg (
      G_OBJECT (sink), "descriptors", flows[__i__].descriptors);
  g_object_set (sink, "send-start-heap", TRUE, "heap-size", HEAP_SIZE,
      "max-heaps", 4, "rate", flows[__i__].rate, NULL);
  play (BYTES);
  feed_begin (&feed);
  for (guint i = 0; i < n_stops; i++) {
    guint64 pushed;

    fail_unless (send_stop ());
    pushed = counter ("heaps-pushed");
    /* More than were made already. */
    while (counter ("heaps-sent") < pushed + 70)
      g_thread_yield ();
  }
  feed_stop (&feed);
  finish ();
  decode ();
  n_streams = count_streams (flows[__i__].descriptors[0] == 'o');
  /* The first stop heap may come before all data. */
  fail_unless (n_streams == n_stops || n_streams == n_stops + 1, "%u streams",
      n_streams);
}

GST_END_TEST;

/* The heap that waits in the pause was made before the stop heap, and goes before
 * it; what was made is described as it was. */
GST_START_TEST (a_stop_heap_in_a_pause_goes_behind_the_heap_that_waits)
{
  Feed feed = {.n = 4, .size = HEAP_SIZE};

  feed_full (&feed, BYTES);
  go_to (GST_STATE_PAUSED);
  fail_unless (send_stop ());
  faults_block (false);
  go_to (GST_STATE_PLAYING);
  feed_end (&feed);
  finish ();
  decode ();
  for (guint i = 0; i < 3; i++)
    assert_descriptors (i, i == 0 ? 2 : 0);
  fail_unless_equals_int (whole_heap (3)->stream_ctrl, FAKE_CTRL_STOP);
  assert_descriptors (4, 2);
  fail_unless_equals_int (whole_heap (5)->stream_ctrl, FAKE_CTRL_STOP);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 6);
}

GST_END_TEST;

/* The stop heap that was accepted is dropped with the heap that it waits for; the
 * one that READY sends says the same. */
GST_START_TEST (a_stop_heap_in_a_pause_does_not_hold_the_element)
{
  Feed feed = {.n = 4, .size = HEAP_SIZE};

  feed_full (&feed, BYTES);
  go_to (GST_STATE_PAUSED);
  fail_unless (send_stop ());
  faults_block (false);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  feed_end (&feed);
  decode ();
  fail_unless_equals_int (fake_receiver_saw_stop (decoder), 1);
}

GST_END_TEST;

static void
assert_balance (guint64 pushed, guint64 outstanding)
{
  GstStructure *stats;
  guint64 all, sent, failed, dropped;
  guint now;

  g_object_get (sink, "stats", &stats, NULL);
  gst_structure_get (stats, "heaps-pushed", G_TYPE_UINT64, &all, "heaps-sent",
      G_TYPE_UINT64, &sent, "heaps-failed", G_TYPE_UINT64, &failed,
      "heaps-dropped", G_TYPE_UINT64, &dropped, "outstanding", G_TYPE_UINT,
      &now, NULL);
  gst_structure_free (stats);
  fail_unless_equals_uint64 (all, sent + failed + dropped + now);
  if (pushed > 0) {
    fail_unless_equals_uint64 (all, pushed);
    fail_unless_equals_uint64 (now, outstanding);
  }
}

/* What comes before EOS, and how many stop heaps there are after it. */
static const struct {
  const gchar *what;
  guint n_stops;
} before_eos[] = {
    {"", 1},
    {"d", 1},
    {"s", 1},
    {"ds", 1},
    {"dsd", 2},
    {"dsE", 1},
    {"dE", 1},
    {"dEd", 2},
    {"dsf", 1},
    {"dsfd", 2},
};

/* EOS ends a stream that has not ended. */
GST_START_TEST (eos_sends_no_second_stop_heap)
{
  const gchar *what = before_eos[__i__].what;

  play (BYTES);
  for (; *what != '\0'; what++) {
    if (*what == 'd')
      push (HEAP_SIZE, 0, 0);
    else if (*what == 's')
      fail_unless (send_stop ());
    else if (*what == 'E')
      finish ();
    drain ();
    if (*what == 'E' || *what == 'f')
      flush ();
  }
  finish ();
  decode ();
  fail_unless_equals_int (
      fake_receiver_saw_stop (decoder), before_eos[__i__].n_stops);
}

GST_END_TEST;

/* The stop heap of the signal is dropped with the heap before it. */
GST_START_TEST (eos_sends_the_stop_heap_that_a_flush_dropped)
{
  faults_block (true);
  play (BYTES);
  push (HEAP_SIZE, 0, 0);
  wait_blocked ();
  push (HEAP_SIZE, 0, 0);
  fail_unless (send_stop ());
  flush ();
  faults_block (false);
  finish ();
  decode ();
  fail_unless_equals_int (fake_receiver_saw_stop (decoder), 1);
}

GST_END_TEST;

/* It needs no room, and is in no counter of heaps; those that say nothing new are
 * left out. */
GST_START_TEST (stop_heaps_take_no_room_and_do_not_wait)
{
  guint n = __i__ + 1;

  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  g_object_set (sink, "max-heaps", 2 * n, NULL);
  faults_block (true);
  play (BYTES);
  for (guint i = 0; i < 2 * n - 1; i++)
    push (HEAP_SIZE, i * HEAP_SIZE, i * HEAP_SIZE);
  assert_balance (2 * n, 2 * n);
  for (guint i = 0; i < 100; i++)
    fail_unless (send_stop ());
  assert_balance (2 * n, 2 * n);
  faults_block (false);
  push (HEAP_SIZE, 0, 0);
  drain ();
  assert_balance (2 * n + 2, 0);
  fail_unless (counter ("peak-outstanding") <= 2 * n);
  decode ();
  fail_unless_equals_int (whole_heap (2 * n)->stream_ctrl, FAKE_CTRL_STOP);
  assert_descriptors (fake_receiver_n_heaps (decoder) - 2, 2);
}

GST_END_TEST;

GST_START_TEST (the_counters_of_heaps_balance_at_any_time)
{
  Feed feed = {.n = G_MAXUINT, .size = 3 * HEAP_SIZE};

  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  g_object_set (sink, "heap-size", HEAP_SIZE, "max-heaps", 4, NULL);
  play (BYTES);
  feed_begin (&feed);
  for (guint i = 0; i < 20000; i++) {
    assert_balance (0, 0);
    if (i % 100 == 0)
      fail_unless (send_stop ());
  }
  feed_stop (&feed);
}

GST_END_TEST;

static gint n_accepted;

static void
stop_when_freed (gpointer data)
{
  g_free (data);
  g_atomic_int_add (&n_accepted, send_stop ());
}

/* In a sending thread, or in the streaming thread while it waits for room. */
GST_START_TEST (a_buffer_that_is_freed_may_send_a_stop_heap)
{
  const guint n = 200;

  n_accepted = 0;
  g_object_set (sink, "max-heaps", 1 + __i__, NULL);
  play (BYTES);
  for (guint i = 0; i < n; i++) {
    guint8 *bytes = g_malloc0 (HEAP_SIZE);

    fail_unless_equals_int (
        gst_pad_push (pad,
            gst_buffer_new_wrapped_full (
                0, bytes, HEAP_SIZE, 0, HEAP_SIZE, bytes, stop_when_freed)),
        GST_FLOW_OK);
  }
  drain ();
  fail_unless_equals_int (g_atomic_int_get (&n_accepted), n);
  fail_unless_equals_uint64 (counter ("heaps-sent"), n);
}

GST_END_TEST;

static void
stop_when_done (void)
{
  g_atomic_int_add (&n_accepted, send_stop ());
}

GST_START_TEST (a_handler_of_heap_done_may_send_a_stop_heap)
{
  const guint n = 200;

  n_accepted = 0;
  g_object_set (sink, "max-heaps", 1 + __i__, "signal-heaps", TRUE, NULL);
  g_signal_connect (sink, "heap-done", G_CALLBACK (stop_when_done), NULL);
  play (BYTES);
  push_heaps (n, HEAP_SIZE);
  drain ();
  fail_unless_equals_int (g_atomic_int_get (&n_accepted), n);
}

GST_END_TEST;

static Suite *
sinkstop_suite (void)
{
  Suite *s = suite_create ("sinkstop");
  TCase *tc = tcase_create ("sinkstop");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc,
      a_stop_heap_among_buffers_that_flow_begins_another_stream, 0,
      G_N_ELEMENTS (flows));
  tcase_add_test (tc, a_stop_heap_in_a_pause_goes_behind_the_heap_that_waits);
  tcase_add_test (tc, a_stop_heap_in_a_pause_does_not_hold_the_element);
  tcase_add_loop_test (
      tc, eos_sends_no_second_stop_heap, 0, G_N_ELEMENTS (before_eos));
  tcase_add_test (tc, eos_sends_the_stop_heap_that_a_flush_dropped);
  tcase_add_loop_test (tc, stop_heaps_take_no_room_and_do_not_wait, 0, 3);
  tcase_add_test (tc, the_counters_of_heaps_balance_at_any_time);
  tcase_add_loop_test (tc, a_buffer_that_is_freed_may_send_a_stop_heap, 0, 2);
  tcase_add_loop_test (tc, a_handler_of_heap_done_may_send_a_stop_heap, 0, 2);
  return s;
}

GST_CHECK_MAIN (sinkstop);
