/* start-time and start-alignment of spead2sink: which sample goes out first, and when.
 * A microsecond is a sample and a byte, and time is virtual.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>
#include <gst/net/gstnet.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream,rate=1000000"
#define NONE GST_BUFFER_OFFSET_NONE
#define NOW G_GUINT64_CONSTANT (1700000000000000000)
#define US GST_USECOND

static GstTestClock *test_clock;
static GThread *cranking;
static gint crank_end; /* atomic */
/* What the base class has waited for, by the clock. */
static GstClockTime waits[100];
static guint n_waits;

static void
setup (void)
{
  setup_fixture ();
  test_clock = g_object_new (GST_TYPE_TEST_CLOCK, "start-time", NOW,
      "clock-type", GST_CLOCK_TYPE_REALTIME, NULL);
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), GST_CLOCK_CAST (test_clock));
  n_waits = 0;
}

/* Time goes on to whatever is waited for. */
static gpointer
crank (gpointer data)
{
  while (!g_atomic_int_get (&crank_end))
    if (gst_test_clock_timed_wait_for_multiple_pending_ids (
            test_clock, 1, 10, NULL)) {
      const GstClockTime now = gst_clock_get_time (GST_CLOCK_CAST (test_clock));
      const GstClockTime time = gst_test_clock_get_next_entry_time (test_clock);

      /* What is late does not wait. */
      if (time > now)
        waits[n_waits++] = time;
      gst_test_clock_crank (test_clock);
    }
  return NULL;
}

static void
begin_cranking (void)
{
  g_atomic_int_set (&crank_end, FALSE);
  cranking = g_thread_new ("crank", crank, NULL);
}

static void
end_cranking (void)
{
  g_atomic_int_set (&crank_end, TRUE);
  g_thread_join (cranking);
  cranking = NULL;
}

static void
teardown (void)
{
  if (cranking)
    end_cranking ();
  teardown_fixture ();
  gst_object_unref (test_clock);
}

static gboolean
say_live (GstPad *src, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (src, parent, query);
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/* n samples from one on, with the running time that they begin at. */
static GstBuffer *
make_samples (guint begin, guint n)
{
  GstBuffer *buffer = make_buffer (n, begin, NONE);

  GST_BUFFER_PTS (buffer) = begin * US;
  return buffer;
}

static void
push_samples (guint n_buffers, guint n)
{
  for (guint i = 0; i < n_buffers; i++)
    push_buffer (make_samples (i * n, n));
}

GST_START_TEST (the_first_sample_is_due_at_start_time)
{
  g_object_set (sink, "start-time", NOW + GST_SECOND, "sync", TRUE, "ts-offset",
      (gint64) 5, NULL);
  begin_cranking ();
  play (BYTES);
  push_samples (3, 100);
  finish ();
  end_cranking ();
  fail_unless_equals_uint64 (n_waits, 3);
  for (guint i = 0; i < 3; i++)
    fail_unless_equals_uint64 (waits[i], NOW + GST_SECOND + i * 100 * US + 5);
  decode ();
  assert_stream (3, 100);
}

GST_END_TEST;

/* The stream began 250 us ago: of heaps of 100 samples, the one from 300 on comes next,
 * and goes out when it is due. Buffers have other sizes. */
GST_START_TEST (a_late_sender_begins_with_the_next_heap)
{
  g_object_set (sink, "start-time", NOW - 250 * US, "sync", TRUE, "heap-size",
      (guint64) 100, NULL);
  begin_cranking ();
  play (BYTES);
  push_samples (10, 70);
  finish ();
  end_cranking ();
  fail_unless_equals_uint64 (waits[0], NOW + 30 * US);
  decode ();
  for (guint i = 0; i < 4; i++)
    assert_heap (i, 1 + i, 300 + 100 * i, 100, 300 + 100 * i);
}

GST_END_TEST;

/* What it takes to come to the next heap makes others old, which are left out, too. */
GST_START_TEST (a_late_sender_sends_nothing_that_became_old)
{
  g_object_set (sink, "start-time", NOW - 150 * US, "sync", TRUE, NULL);
  begin_cranking ();
  play (BYTES);
  push_samples (1, 100);
  gst_test_clock_advance_time (test_clock, 500 * US);
  for (guint i = 1; i < 7; i++)
    push_buffer (make_samples (i * 100, 100));
  push_buffer (make_samples (700, 100));
  finish ();
  decode ();
  assert_heap (0, 1, 700, 100, 700);
}

GST_END_TEST;

static const struct {
  guint heap_size, alignment;
  guint begin, size; /* of the first heap */
} live_cases[] = {
    {100, 0, 200, 100},
    {100, 500, 500, 100},
    {0, 0, 140, 70}, /* a whole buffer */
    {0, 150, 150, 60},
};

/* From 130 us on. */
GST_START_TEST (samples_of_a_live_source_are_left_out_before_start_time)
{
  const guint size = live_cases[__i__].size, begin = live_cases[__i__].begin;

  gst_pad_set_query_function (pad, say_live);
  g_object_set (sink, "start-time", NOW + 130 * US, "heap-size",
      (guint64) live_cases[__i__].heap_size, "start-alignment",
      (guint64) live_cases[__i__].alignment, NULL);
  play (BYTES);
  push_samples (20, 70);
  finish ();
  decode ();
  assert_heap (0, 1, begin, size, begin);
  /* All others follow. */
  fail_unless (whole_heap (1) != NULL);
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), begin + size);
}

GST_END_TEST;

static const struct {
  guint heap_size, alignment;
  guint64 first;
} epoch_cases[] = {
    {100, 0, 1000200},
    {0, 0, 14288 * 70}, /* 1000140 is nearest to 14288 heaps of 70 */
    {100, 64, 1000192},
    {0, 64, 1000192},
};

GST_START_TEST (sync_epoch_goes_by_the_first_sample_that_is_sent)
{
  gst_pad_set_query_function (pad, say_live);
  g_object_set (sink, "start-time", NOW + 130 * US, "sync-epoch",
      (gint64) (NOW - GST_SECOND), "heap-size",
      (guint64) epoch_cases[__i__].heap_size, "start-alignment",
      (guint64) epoch_cases[__i__].alignment, NULL);
  play (BYTES);
  push_samples (20, 70);
  finish ();
  decode ();
  fail_unless_equals_uint64 (
      immediate (0, ID_TIMESTAMP), epoch_cases[__i__].first);
}

GST_END_TEST;

/* With their own dates, the clock does not matter. */
GST_START_TEST (dates_of_buffers_go_before_the_clock)
{
  gst_pad_set_query_function (pad, say_live);
  g_object_set (sink, "start-time", NOW + 130 * US, NULL);
  play (BYTES);
  push_buffer (make_dated_buffer (50, "timestamp/x-unix", NOW + 129 * US));
  push_buffer (make_dated_buffer (60, "timestamp/x-unix", NOW + 130 * US));
  finish ();
  decode ();
  assert_heap (0, 1, 50, 60, 0);
}

GST_END_TEST;

GST_START_TEST (the_first_index_is_a_multiple_of_start_alignment)
{
  g_object_set (
      sink, "start-alignment", (guint64) 64, "first-sample", (guint64) 6, NULL);
  play ("audio/x-raw,format=S8,rate=1000000,channels=1,layout=interleaved");
  push (50, 8, 8);
  push (100, 58, 58);
  push (10, 158, 158);
  drain ();
  flush ();
  push (10, 0, 122); /* of a new stream likewise: 128 */
  push (10, 10, 132);
  finish ();
  decode ();
  assert_heap (0, 1, 64, 100, 58);
  assert_heap (1, 2, 164, 10, 158);
  assert_heap (2, 3, 128, 10, 0);
}

GST_END_TEST;

GST_START_TEST (a_start_within_a_byte_is_an_error)
{
  g_object_set (
      sink, "start-alignment", (guint64) 2, "first-sample", (guint64) 1, NULL);
  play (BYTES ",sample-bits=10");
  fail_unless_equals_int (try_push (5, 0, NONE), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "within a byte");
}

GST_END_TEST;

GST_START_TEST (a_start_time_of_no_known_rate_is_an_error)
{
  gst_pad_set_query_function (pad, say_live);
  g_object_set (sink, "start-time", NOW, "heap-size", (guint64) 10, NULL);
  play ("application/octet-stream");
  fail_unless_equals_int (try_push (5, 0, 0), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "set sample-rate");
}

GST_END_TEST;

/* A buffer prerolls, and the way to PLAYING is an error. */
static void
assert_cannot_play (GQuark domain, gint code, const gchar *words)
{
  Feed feed = {.n = 1, .size = 10};

  play (BYTES);
  feed_begin (&feed);
  assert_error (domain, code, words);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  feed_end (&feed);
}

GST_START_TEST (a_clock_that_has_no_date_is_an_error)
{
  g_object_set (test_clock, "clock-type", GST_CLOCK_TYPE_MONOTONIC, NULL);
  g_object_set (sink, "start-time", NOW, "sync", TRUE, NULL);
  assert_cannot_play (
      GST_CORE_ERROR, GST_CORE_ERROR_CLOCK, "clock-type=realtime");
}

GST_END_TEST;

GST_START_TEST (a_start_time_without_sync_is_an_error)
{
  g_object_set (sink, "start-time", NOW, NULL);
  assert_cannot_play (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "needs sync=true");
}

GST_END_TEST;

/* 0: the provider has a clock with a date. 1: it has not. */
GST_START_TEST (a_clock_of_the_network_has_its_providers_date)
{
  GstClock *clock = g_object_new (GST_TYPE_SYSTEM_CLOCK, "clock-type",
      __i__ == 0 ? GST_CLOCK_TYPE_REALTIME : GST_CLOCK_TYPE_MONOTONIC, NULL);
  GstNetTimeProvider *provider =
      gst_net_time_provider_new (clock, "127.0.0.1", 0);
  GstClock *client;
  gint port;

  g_object_get (provider, "port", &port, NULL);
  client = gst_net_client_clock_new ("client", "127.0.0.1", port, 0);
  fail_unless (gst_clock_wait_for_sync (client, 10 * GST_SECOND));
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), client);
  gst_pad_set_query_function (pad, say_live);
  g_object_set (sink, "start-time", NOW, NULL);
  if (__i__ == 0) {
    play (BYTES);
    push_samples (2, 100);
    finish ();
    fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
  } else {
    assert_cannot_play (
        GST_CORE_ERROR, GST_CORE_ERROR_CLOCK, "has GstNetClientClock");
  }
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), NULL);
  gst_object_unref (client);
  gst_object_unref (provider);
  gst_object_unref (clock);
}

GST_END_TEST;

/* A clock as GstPtpClock, whose type is recognised by its name: a test clock. */
static GType
ptp_clock_type (void)
{
  GTypeQuery parent;

  g_type_query (GST_TYPE_TEST_CLOCK, &parent);
  return g_type_register_static_simple (GST_TYPE_TEST_CLOCK, "GstPtpClock",
      parent.class_size, NULL, parent.instance_size, NULL, 0);
}

/* 0: TAI. 1: PTP. All dates are on the scale of the clock. */
GST_START_TEST (a_clock_without_leap_seconds_has_dates_without_them)
{
  gst_object_unref (test_clock);
  test_clock =
      g_object_new (__i__ == 0 ? GST_TYPE_TEST_CLOCK : ptp_clock_type (),
          "start-time", NOW, "clock-type",
          __i__ == 0 ? GST_CLOCK_TYPE_TAI : GST_CLOCK_TYPE_MONOTONIC, NULL);
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), GST_CLOCK_CAST (test_clock));
  g_object_set (sink, "start-time", NOW + GST_SECOND, "sync", TRUE,
      "sync-epoch", (gint64) NOW, "items",
      "timestamp,id=0x1600,value=sample-index;"
      "date,id=0x1000,value=ptp-ns,mode=addressed,format=u64;"
      "samples,id=0x3300,value=payload",
      NULL);
  begin_cranking ();
  play (BYTES);
  push_samples (2, 100);
  finish ();
  end_cranking ();
  fail_unless_equals_uint64 (waits[0], NOW + GST_SECOND);
  decode ();
  fail_unless_equals_uint64 (immediate (0, ID_TIMESTAMP), 1000000);
  fail_unless_equals_uint64 (date_of (0), NOW + GST_SECOND);
  fail_unless_equals_uint64 (date_of (1), NOW + GST_SECOND + 100 * US);
}

GST_END_TEST;

static GstClockTime
wait_for_wait (void)
{
  GstClockID id;
  GstClockTime time;

  gst_test_clock_wait_for_next_pending_id (test_clock, &id);
  time = gst_clock_id_get_time (id);
  gst_clock_id_unref (id);
  return time;
}

static gpointer
push_two (gpointer data)
{
  push_samples (2, 100);
  return NULL;
}

GST_START_TEST (a_pause_before_the_start_does_not_move_it)
{
  GThread *pushing;

  g_object_set (sink, "start-time", NOW + GST_SECOND, "sync", TRUE, NULL);
  play (BYTES);
  pushing = g_thread_new ("push", push_two, NULL);
  fail_unless_equals_uint64 (wait_for_wait (), NOW + GST_SECOND);
  go_to (GST_STATE_PAUSED);
  gst_test_clock_advance_time (test_clock, GST_SECOND / 2);
  go_to (GST_STATE_PLAYING);
  fail_unless_equals_uint64 (wait_for_wait (), NOW + GST_SECOND);
  begin_cranking ();
  g_thread_join (pushing);
  finish ();
  end_cranking ();
  fail_unless_equals_uint64 (n_waits, 2);
  decode ();
  assert_stream (2, 100);
}

GST_END_TEST;

/* It is the first stream's, and running time begins anew. */
GST_START_TEST (a_flush_begins_at_once)
{
  gint64 offset;

  g_object_set (sink, "start-time", NOW + GST_SECOND, "sync", TRUE, "ts-offset",
      (gint64) 7, NULL);
  begin_cranking ();
  play (BYTES);
  push_samples (2, 100);
  drain ();
  flush ();
  g_object_get (sink, "ts-offset", &offset, NULL);
  fail_unless_equals_int64 (offset, 7);
  push_samples (2, 100);
  finish ();
  end_cranking ();
  decode ();
  for (guint i = 0; i < 4; i++)
    assert_heap (i, 1 + i, i % 2 * 100, 100, i % 2 * 100);
}

GST_END_TEST;

/* ts-offset is the application's again. */
GST_START_TEST (a_second_run_has_a_start_of_its_own)
{
  gint64 offset;

  g_object_set (sink, "start-time", NOW + GST_SECOND, "sync", TRUE, NULL);
  begin_cranking ();
  play (BYTES);
  push_samples (1, 100);
  finish ();
  restart ();
  g_object_get (sink, "ts-offset", &offset, NULL);
  fail_unless_equals_int64 (offset, 0);
  g_object_set (sink, "start-time", NOW + 2 * GST_SECOND, NULL);
  play (BYTES);
  push_samples (1, 100);
  finish ();
  end_cranking ();
  fail_unless_equals_uint64 (n_waits, 2);
  fail_unless_equals_uint64 (waits[0], NOW + GST_SECOND);
  fail_unless_equals_uint64 (waits[1], NOW + 2 * GST_SECOND);
}

GST_END_TEST;

static Suite *
start_suite (void)
{
  Suite *suite = suite_create ("start");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, the_first_sample_is_due_at_start_time);
  tcase_add_test (tc, a_late_sender_begins_with_the_next_heap);
  tcase_add_test (tc, a_late_sender_sends_nothing_that_became_old);
  tcase_add_loop_test (tc,
      samples_of_a_live_source_are_left_out_before_start_time, 0,
      G_N_ELEMENTS (live_cases));
  tcase_add_loop_test (tc, sync_epoch_goes_by_the_first_sample_that_is_sent, 0,
      G_N_ELEMENTS (epoch_cases));
  tcase_add_test (tc, dates_of_buffers_go_before_the_clock);
  tcase_add_test (tc, the_first_index_is_a_multiple_of_start_alignment);
  tcase_add_test (tc, a_start_within_a_byte_is_an_error);
  tcase_add_test (tc, a_start_time_of_no_known_rate_is_an_error);
  tcase_add_test (tc, a_clock_that_has_no_date_is_an_error);
  tcase_add_test (tc, a_start_time_without_sync_is_an_error);
  tcase_add_loop_test (tc, a_clock_of_the_network_has_its_providers_date, 0, 2);
  tcase_add_loop_test (
      tc, a_clock_without_leap_seconds_has_dates_without_them, 0, 2);
  tcase_add_test (tc, a_pause_before_the_start_does_not_move_it);
  tcase_add_test (tc, a_flush_begins_at_once);
  tcase_add_test (tc, a_second_run_has_a_start_of_its_own);
  return suite;
}

GST_CHECK_MAIN (start);
