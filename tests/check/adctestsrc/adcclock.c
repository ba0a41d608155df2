/* adctestsrc with sync-epoch: the clock says which frame is made, and time is virtual.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <string.h>

#include "plugin/adctestsrc/adcwave.h"

__extension__ typedef unsigned __int128 Wide;

#define EPOCH G_GUINT64_CONSTANT (1700000000000000000)
#define NOW (EPOCH + 5 * GST_SECOND)
#define RATE G_GUINT64_CONSTANT (1712000000)
#define FRAMES 4096
#define CAPS "audio/x-raw,format=S8,channels=1,rate=1712000000"

static GstTestClock *test_clock;

static void
setup (void)
{
  test_clock = g_object_new (GST_TYPE_TEST_CLOCK, "start-time", NOW,
      "clock-type", GST_CLOCK_TYPE_REALTIME, NULL);
}

static void
teardown (void)
{
  gst_object_unref (test_clock);
}

/* A source that went to PLAYING so long before the time that it is. */
static GstHarness *
play (const gchar *properties, GstClockTimeDiff running_time)
{
  gchar *launch = g_strdup_printf (
      "adctestsrc is-live=true wave=gaussian seed=3 samplesperbuffer=%d "
      "sync-epoch=%" G_GUINT64_FORMAT " %s",
      FRAMES, EPOCH, properties);
  GstElement *source = gst_parse_launch (launch, NULL);
  GstHarness *h = gst_harness_new_with_element (source, NULL, "src");

  gst_harness_set_sink_caps_str (h, CAPS);
  gst_element_set_clock (source, GST_CLOCK_CAST (test_clock));
  gst_element_set_base_time (
      source, gst_clock_get_time (GST_CLOCK_CAST (test_clock)) - running_time);
  gst_harness_play (h);
  gst_object_unref (source);
  g_free (launch);
  return h;
}

/* ns since 1970, rounded down. */
static GstClockTime
date_of (guint64 frame)
{
  return EPOCH + (GstClockTime) ((Wide) frame * GST_SECOND / RATE);
}

static void
assert_samples (GstBuffer *buffer, guint64 first)
{
  const AdcWaveConfig config = {.shape = ADC_WAVE_GAUSSIAN,
      .format = ADC_WAVE_S8,
      .channels = 1,
      .rate = RATE,
      .seed = 3,
      .standard_deviation = 20};
  gint8 expected[FRAMES];
  AdcWave wave;

  adc_wave_init (&wave, &config);
  adc_wave_fill (&wave, first, expected, FRAMES);
  fail_unless_equals_int (gst_buffer_memcmp (buffer, 0, expected, FRAMES), 0);
}

/* The next buffer begins with that frame, and has its date. */
static void
assert_next (GstHarness *h, guint64 frame)
{
  const GstClockTime base = gst_element_get_base_time (h->element);
  GstBuffer *buffer = gst_harness_pull (h);

  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), frame);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), frame + FRAMES);
  fail_unless_equals_uint64 (base + GST_BUFFER_PTS (buffer), date_of (frame));
  assert_samples (buffer, frame);
  gst_buffer_unref (buffer);
}

/* The base class waits for it, as long as it is due later than now. */
static void
crank_to (guint64 frame)
{
  GstClockID id;

  gst_test_clock_wait_for_next_pending_id (test_clock, &id);
  fail_unless_equals_uint64 (gst_clock_id_get_time (id), date_of (frame));
  gst_clock_id_unref (id);
  fail_unless (gst_test_clock_crank (test_clock));
}

static const struct {
  GstClockTimeDiff running_time;
  /* the first one, counted from the epoch: 5 s are 2089843.75 */
  guint64 buffer;
} starts[] = {
    {0, 2089844},    /* the one in progress began before running time 0 */
    {1794, 2089844}, /* 0.75 of a buffer, and less than that */
    {1795, 2089843},
    {GST_SECOND, 2089843},
};

GST_START_TEST (the_clock_says_which_frame_is_first)
{
  const guint64 frame = starts[__i__].buffer * FRAMES;
  GstHarness *h = play ("", starts[__i__].running_time);

  assert_next (h, frame);
  for (guint i = 1; i < 5; i++) {
    crank_to (frame + i * FRAMES);
    assert_next (h, frame + i * FRAMES);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* 10^6 buffers later, a source that was started then is at the same frame. */
GST_START_TEST (sources_that_were_started_at_other_times_make_the_same)
{
  const guint64 first = G_GUINT64_CONSTANT (2089843) * FRAMES;
  const guint64 later = first + G_GUINT64_CONSTANT (1000000) * FRAMES;
  GstHarness *early = play ("", GST_SECOND), *late;

  assert_next (early, first);
  gst_harness_set_drop_buffers (early, TRUE);
  for (guint i = 1; i < 1000; i++)
    crank_to (first + i * FRAMES);
  gst_harness_teardown (early);

  gst_test_clock_set_time (test_clock, date_of (later) + 1);
  late = play ("", GST_SECOND);
  assert_next (late, later);
  gst_harness_teardown (late);
}

GST_END_TEST;

/* Running time stands meanwhile, and the clock does not. The buffer that waits for its
 * time is lost. */
GST_START_TEST (a_pause_leaves_out_the_frames_of_its_time)
{
  const guint64 first = G_GUINT64_CONSTANT (2089843) * FRAMES;
  GstHarness *h = play ("", GST_SECOND);
  GstClockTime base = gst_element_get_base_time (h->element) + GST_SECOND;
  GstClockID id;
  GstBuffer *buffer;
  guint64 frame;

  assert_next (h, first);
  gst_test_clock_wait_for_next_pending_id (test_clock, &id);
  gst_clock_id_unref (id);
  gst_element_set_state (h->element, GST_STATE_PAUSED);
  gst_test_clock_advance_time (test_clock, GST_SECOND);
  gst_element_set_base_time (h->element, base);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  fail_unless (gst_test_clock_crank (test_clock));

  buffer = gst_harness_pull (h);
  frame = GST_BUFFER_OFFSET (buffer);
  fail_unless_equals_uint64 (frame % FRAMES, 0);
  fail_unless_equals_uint64 (base + GST_BUFFER_PTS (buffer), date_of (frame));
  /* A second later, and not before the end of the buffer that was lost. */
  fail_unless (date_of (frame) >= date_of (first + 2 * FRAMES) + GST_SECOND);
  fail_unless (date_of (frame) < date_of (first + 3 * FRAMES) + GST_SECOND);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  assert_samples (buffer, frame);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (sample_offset_is_added)
{
  const guint64 frame = G_GUINT64_CONSTANT (2089843) * FRAMES;
  GstHarness *h = play ("sample-offset=1000", GST_SECOND);
  GstBuffer *buffer = gst_harness_pull (h);

  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), frame + 1000);
  assert_samples (buffer, frame + 1000);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
assert_error (const gchar *launch, GstClock *clock, const gchar *words)
{
  GstElement *pipeline = gst_parse_launch (launch, NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error;

  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message =
      gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

GST_START_TEST (what_cannot_be_is_an_error)
{
  GstClock *clock = GST_CLOCK_CAST (test_clock);

  assert_error ("adctestsrc sync-epoch=0 ! fakesink", clock, "is-live=true");
  assert_error ("adctestsrc sync-epoch=1700000006000000000 is-live=true ! "
                "fakesink",
      clock, "is later than the clock");
  g_object_set (clock, "clock-type", GST_CLOCK_TYPE_MONOTONIC, NULL);
  assert_error ("adctestsrc sync-epoch=0 is-live=true ! fakesink", clock,
      "clock-type=realtime");
}

GST_END_TEST;

GST_START_TEST (seeks_are_refused)
{
  GstHarness *h = play ("", GST_SECOND);

  gst_buffer_unref (gst_harness_pull (h));
  fail_if (gst_element_seek_simple (
      h->element, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SECOND));
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
adcclock_suite (void)
{
  Suite *suite = suite_create ("adcclock");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (
      tc, the_clock_says_which_frame_is_first, 0, G_N_ELEMENTS (starts));
  tcase_add_test (tc, sources_that_were_started_at_other_times_make_the_same);
  tcase_add_test (tc, a_pause_leaves_out_the_frames_of_its_time);
  tcase_add_test (tc, sample_offset_is_added);
  tcase_add_test (tc, what_cannot_be_is_an_error);
  tcase_add_test (tc, seeks_are_refused);
  return suite;
}

GST_CHECK_MAIN (adcclock);
