/* What a step does to a sink that waits, for room in its queue or for the queue to
 * drain at EOS. As with every sink of the base class, a flushing step skips whole
 * buffers, here from the one that waits on, and never keeps a state change from
 * ending.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sinkfixture.h"

#define N_BUFFERS 6

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

/* The drain at EOS goes on in the state that the step leaves. */
GST_START_TEST (a_step_while_eos_drains_ends_and_the_drain_goes_on)
{
  GstState state = __i__ == 0 ? GST_STATE_PLAYING : GST_STATE_PAUSED;
  Feed feed = {.size = 1000, .n = 2, .eos = TRUE};

  feed_full (&feed, CAPS_S8);

  go_to (state);
  step (state, 1);
  assert_no_message (GST_MESSAGE_EOS);
  finish_feed (&feed);
  assert_stream (2, 1000);
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
  tcase_add_loop_test (
      tc, a_step_while_eos_drains_ends_and_the_drain_goes_on, 0, 2);
  tcase_add_test (tc, a_step_without_a_flush_sends_every_buffer_once);
  tcase_add_test (tc, a_paced_stream_goes_on_after_each_step);
  return s;
}

GST_CHECK_MAIN (sinksteps);
