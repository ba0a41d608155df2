/* What a step does to a sink that waits, for room in its queue or for the queue to
 * drain at EOS. As with every sink of the base class, a flushing step skips whole
 * buffers, here from the one that waits on, and never keeps a state change from
 * ending.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sinkfixture.h"

#define N_BUFFERS 6
#define CAPS_U8 "audio/x-raw,format=U8,rate=48000,channels=1,layout=interleaved"

/* The network is open again; the stream goes on to its end. */
static void
finish_feed (Feed *feed)
{
  faults_block (false);
  go_to (GST_STATE_PLAYING);
  fail_unless_equals_int (feed_end (feed), GST_FLOW_OK);
  if (feed->eos)
    wait_eos ();
  else
    finish ();
  decode ();
}

static const struct {
  GstState state;
  guint64 buffers;
} steps[] = {
    {GST_STATE_PLAYING, 0},
    {GST_STATE_PLAYING, 1},
    {GST_STATE_PAUSED, 0},
    {GST_STATE_PAUSED, 1},
    {GST_STATE_PLAYING, 3},
    {GST_STATE_PAUSED, 3},
};

/* Those that end within the second buffer. */
#define N_SHORT_STEPS 4

GST_START_TEST (a_step_skips_buffers_from_the_one_that_waits_on)
{
  Feed feed = {.size = 1000, .n = N_BUFFERS};
  guint skipped = steps[__i__].buffers;

  feed_full (&feed, CAPS_S8);

  go_to (steps[__i__].state);
  step (steps[__i__].state, skipped);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 2);
  finish_feed (&feed);
  for (guint i = 0; i < N_BUFFERS - skipped; i++) {
    guint begin = (i < 2 ? i : i + skipped) * 1000;

    assert_heap (i, i + 1, begin, 1000, begin);
  }
  assert_stop_heap (N_BUFFERS - skipped, N_BUFFERS - skipped + 1);
}

GST_END_TEST;

/* Of the first buffer, two heaps are in the queue and four wait: they go once, or
 * are skipped with their buffer. */
GST_START_TEST (a_step_goes_on_within_a_buffer_or_skips_its_rest)
{
  Feed feed = {.size = 6000, .n = 2};
  guint skipped = 4 * steps[__i__].buffers;

  g_object_set (sink, "heap-size", 1000, NULL);
  feed_full (&feed, CAPS_S8);
  go_to (steps[__i__].state);
  step (steps[__i__].state, steps[__i__].buffers);
  finish_feed (&feed);
  for (guint i = 0; i < 12 - skipped; i++) {
    guint begin = (i < 2 ? i : i + skipped) * 1000;

    assert_heap (i, i + 1, begin, 1000, begin);
  }
  assert_stop_heap (12 - skipped, 12 - skipped + 1);
}

GST_END_TEST;

/* The heap that was skipped had them. */
GST_START_TEST (descriptors_that_a_step_skips_come_again)
{
  Feed feed = {.size = 1000, .next_size = 500, .n = N_BUFFERS};

  feed_full (&feed, CAPS_S8);

  go_to (GST_STATE_PLAYING);
  step (GST_STATE_PLAYING, 1);
  finish_feed (&feed);
  assert_heap (2, 3, 2500, 500, 2500);
  for (guint i = 0; i < N_BUFFERS - 1; i++)
    assert_descriptors (i, i == 0 || i == 2 ? 2 : 0);
}

GST_END_TEST;

/* What ends a heap of which 400 bytes are there, while the queue is full, and the heaps
 * that are sent: the step skips the 1200 bytes behind. */
static const struct {
  const gchar *end;
  struct {
    gsize size;
    guint64 begin;
  } heaps[4];
} ends[] = {
    {"caps", {{400, 2000}, {1000, 3600}, {200, 4600}}},
    {"drain", {{400, 2000}, {1000, 3600}, {200, 4600}}},
    {"its size", {{1000, 2000}, {1000, 3600}, {200, 4600}}},
    /* The rest of the buffer is already in the next heap. */
    {"discont", {{400, 2000}, {600, 2400}, {1000, 3600}, {200, 4600}}},
};

static gpointer
end_heap (gpointer end)
{
  if (g_str_equal (end, "caps"))
    fail_unless (set_caps (CAPS_U8));
  else if (g_str_equal (end, "drain"))
    drain ();
  for (guint64 begin = 2400; begin < 4800; begin += 600) {
    GstBuffer *buffer = make_buffer (600, begin, GST_BUFFER_OFFSET_NONE);

    if (g_str_equal (end, "discont") && begin == 2400)
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    push_buffer (buffer);
  }
  return NULL;
}

/* Two heaps and 400 bytes more; a thread named "end" waits to send those, and a step
 * ends that wait. */
static GThread *
step_over_end (GThreadFunc end, const gchar *what)
{
  GThread *thread;

  g_object_set (sink, "heap-size", 1000, "max-heaps", 2, NULL);
  faults_block (true);
  play (CAPS_S8);
  push (2400, 0, GST_BUFFER_OFFSET_NONE);
  thread = g_thread_new ("end", end, (gpointer) what);
  wait_asleep ("end");
  fail_unless (gst_element_send_event (
      sink, gst_event_new_step (GST_FORMAT_BUFFERS, 2, 1.0, TRUE, FALSE)));
  return thread;
}

/* What earlier buffers have in the heap was accepted. */
GST_START_TEST (a_step_keeps_the_heap_that_earlier_buffers_began)
{
  GThread *thread = step_over_end (end_heap, ends[__i__].end);
  guint n = 0;

  faults_block (false);
  g_thread_join (thread);
  go_to (GST_STATE_PLAYING);
  finish ();
  decode ();
  for (; n < 4 && ends[__i__].heaps[n].size > 0; n++)
    assert_heap (n + 2, n + 3, ends[__i__].heaps[n].begin,
        ends[__i__].heaps[n].size, ends[__i__].heaps[n].begin);
  assert_stop_heap (n + 2, n + 3);
}

GST_END_TEST;

static gpointer
fail_caps (gpointer unused)
{
  set_caps ("audio/x-raw,format=S24LE,rate=48000,channels=1");
  return NULL;
}

/* A buffer of several heaps has no heap counter. */
static gpointer
fail_buffer (gpointer unused)
{
  GstStructure *values = gst_structure_new (
      "spead2-items", "heap-cnt", G_TYPE_UINT64, (guint64) 9, NULL);

  fail_unless (gst_pad_push_event (
      pad, gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, values)));
  fail_unless_equals_int (
      try_push (1200, 2400, GST_BUFFER_OFFSET_NONE), GST_FLOW_ERROR);
  return NULL;
}

/* No buffer that could end the step follows. */
GST_START_TEST (an_error_after_a_step_comes_behind_the_heap_before_it)
{
  GThread *thread = step_over_end (__i__ ? fail_buffer : fail_caps, NULL);

  faults_block (false);
  g_thread_join (thread);
  assert_error (GST_STREAM_ERROR,
      __i__ ? GST_STREAM_ERROR_FAILED : GST_STREAM_ERROR_FORMAT, NULL);
  decode ();
  assert_heap (2, 3, 2000, 400, 2000);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 3);
}

GST_END_TEST;

/* What EOS waits for goes on in the state that the step leaves: the drain, or a slot for
 * the open heap. */
GST_START_TEST (a_step_while_eos_waits_ends_and_the_wait_goes_on)
{
  GstState state = __i__ % 2 == 0 ? GST_STATE_PLAYING : GST_STATE_PAUSED;
  gboolean open = __i__ >= 2;
  Feed feed = {.size = open ? 1200 : 1000, .n = 2, .eos = TRUE};

  g_object_set (sink, "heap-size", open ? 1000 : 0, NULL);
  feed_full (&feed, CAPS_S8);
  wait_asleep ("feed");

  go_to (state);
  step (state, 1);
  assert_no_message (GST_MESSAGE_EOS);
  finish_feed (&feed);
  if (open) {
    assert_heap (2, 3, 2000, 400, 2000);
    assert_stop_heap (3, 4);
  } else {
    assert_stream (2, 1000);
  }
}

GST_END_TEST;

/* The base class renders the buffer twice that ends a step without a flush. */
GST_START_TEST (a_step_without_a_flush_sends_every_buffer_once)
{
  play (CAPS_S8);
  push (100, 0, 0);
  fail_unless (gst_element_send_event (
      sink, gst_event_new_step (GST_FORMAT_BUFFERS, 1, 1.0, FALSE, FALSE)));
  for (guint i = 1; i < 4; i++)
    push (100, i * 100, i * 100);
  gst_message_unref (pop (GST_MESSAGE_STEP_DONE));
  finish ();
  decode ();
  assert_stream (4, 100);
}

GST_END_TEST;

/* Of a stream at its rate, the streaming thread waits at nearly any time. */
GST_START_TEST (a_paced_stream_goes_on_after_each_step)
{
  launch ("adctestsrc samplesperbuffer=4096 ! audio/x-raw,rate=1000000 ! "
          "spead2sink name=sender rate=4000000 max-heaps=4");
  go_to (GST_STATE_PLAYING);
  for (guint i = 0; i < 20; i++) {
    guint64 sent = counter ("heaps-sent");

    step (GST_STATE_PLAYING, 1);
    wait_until (counter ("heaps-sent") >= sent + 4);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
sinksteps_suite (void)
{
  Suite *s = suite_create ("sinksteps");
  TCase *tc = tcase_create ("sinksteps");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc, a_step_skips_buffers_from_the_one_that_waits_on, 0,
      G_N_ELEMENTS (steps));
  tcase_add_loop_test (
      tc, a_step_goes_on_within_a_buffer_or_skips_its_rest, 0, N_SHORT_STEPS);
  tcase_add_test (tc, descriptors_that_a_step_skips_come_again);
  tcase_add_loop_test (tc, a_step_keeps_the_heap_that_earlier_buffers_began, 0,
      G_N_ELEMENTS (ends));
  tcase_add_loop_test (
      tc, an_error_after_a_step_comes_behind_the_heap_before_it, 0, 2);
  tcase_add_loop_test (
      tc, a_step_while_eos_waits_ends_and_the_wait_goes_on, 0, 4);
  tcase_add_test (tc, a_step_without_a_flush_sends_every_buffer_once);
  tcase_add_test (tc, a_paced_stream_goes_on_after_each_step);
  return s;
}

GST_CHECK_MAIN (sinksteps);
