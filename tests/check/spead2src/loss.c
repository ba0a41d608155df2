/* spead2src: how it marks what is missing, late, or begun anew.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

GST_START_TEST (a_missing_heap_is_a_gap)
{
  GstClockTime start, duration;
  GstGapFlags flags;
  GstBuffer *buffer;
  GstEvent *event;

  start_source ("sample-rate=1000 sample-bits=8 timestamp-mode=index", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (2, 100, 100, 100);
  send_heap (5, 400, 100, 0);
  buffer = next_buffer ();
  start = GST_BUFFER_PTS (buffer);
  gst_buffer_unref (buffer);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (
      GST_BUFFER_PTS (buffer), start + 100 * GST_MSECOND);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  event = next_event (GST_EVENT_GAP);
  gst_event_parse_gap (event, &start, &duration);
  gst_event_parse_gap_flags (event, &flags);
  fail_unless_equals_uint64 (duration, 200 * GST_MSECOND);
  fail_unless (flags & GST_GAP_FLAG_MISSING_DATA);
  gst_event_unref (event);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 400);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start + duration);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 200);
  stop_source ();
}
GST_END_TEST;

/* Times of arrival are what they are: the hole has the time that they leave in front of
 * the buffer, as much as its samples take at most. */
GST_START_TEST (a_gap_ends_where_the_buffer_behind_it_arrives)
{
  static const struct {
    guint64 index;     /* of the second heap */
    gboolean is_whole; /* the hole is shorter than the time between the heaps */
  } cases[] = {
      {200, TRUE},
      {G_GUINT64_CONSTANT (1) << 39, FALSE},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstClockTime end, start, duration;
    GstBuffer *buffer;
    GstEvent *event;

    start_source ("sample-bits=8 sample-rate=1000000000", NULL);
    send_heap (1, 0, 100, 0);
    buffer = next_buffer ();
    end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    gst_buffer_unref (buffer);
    send_heap (2, cases[i].index, 100, 0);
    event = next_event (GST_EVENT_GAP);
    gst_event_parse_gap (event, &start, &duration);
    gst_event_unref (event);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start + duration);
    fail_unless_equals_uint64 (
        duration, cases[i].is_whole ? 100 : GST_BUFFER_PTS (buffer) - end);
    gst_buffer_unref (buffer);
    stop_source ();
  }
}
GST_END_TEST;

/* A heap of 100 s, and a later one that arrives at once. */
GST_START_TEST (without_time_between_two_buffers_there_is_no_gap_event)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8 sample-rate=1", NULL);
  send_heap (1, 0, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (3, 200, 100, 0);
  buffer = next_buffer_at_once ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 100);
  stop_source ();
}
GST_END_TEST;

/* Two of three packets of heap 1, and all of heap 2. */
static void
send_incomplete (void)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  make_part (packet, 1, 0, 300, 0, 100);
  send_packet (packet);
  make_part (packet, 1, 0, 300, 200, 100);
  send_packet (packet);
}

GST_START_TEST (a_heap_with_a_missing_packet_is_dropped_and_counted)
{
  start_source ("heap-timeout=1000000", NULL);
  send_incomplete ();
  wait_until (counter ("heaps-dropped-incomplete") == 1);
  fail_unless_equals_uint64 (counter ("heaps-timeout"), 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_heap_with_a_missing_packet_is_filled)
{
  GstBuffer *buffer;
  guint8 bytes[300];
  guint i;

  start_source ("heap-timeout=1000000 incomplete=fill fill-value=128", NULL);
  send_incomplete ();
  buffer = next_buffer ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_CORRUPTED));
  fail_unless_equals_uint64 (gst_buffer_extract (buffer, 0, bytes, 300), 300);
  for (i = 0; i < 300; i++)
    fail_unless_equals_int (bytes[i], i < 100 || i >= 200 ? (guint8) i : 128);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* The second of three packets: item pointers are in the first one only. */
static void
send_without_pointers (guint64 cnt)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  static const guint8 samples[100];

  packet_standard (packet, cnt, 300, 100, sizeof samples);
  packet_payload (packet, samples, sizeof samples);
  send_packet (packet);
}

/* What it has of samples, and which, is not known: neither is it other data. */
GST_START_TEST (an_incomplete_heap_without_its_pointers_is_dropped)
{
  static const gchar *const properties[] = {"", "item=0x3300",
      "incomplete=fill", "incomplete=fill item=0x3300",
      "incomplete=fill sample-bits=8"};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (properties); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("heap-timeout=1000000 %s", properties[i]);
    GstBuffer *buffer;

    start_source (text, NULL);
    send_without_pointers (1);
    wait_until (counter ("heaps-dropped-incomplete") == 1);
    send_heap (2, 300, 300, 2);
    check_samples (next_buffer (), 300, 2);
    send_without_pointers (3);
    wait_until (counter ("heaps-dropped-incomplete") == 2);
    send_heap (4, 900, 300, 4);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 900);
    check_samples (buffer, 300, 4);
    fail_unless_equals_uint64 (counter ("heaps-control"), 0);
    check_balance ();
    stop_source ();
  }
}
GST_END_TEST;

GST_START_TEST (a_sender_that_begins_anew_is_followed)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8", NULL);
  send_heap (100000, 10000000, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (1, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_RESYNC));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("restarts"), 1);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (the_index_runs_over)
{
  const guint64 last = (G_GUINT64_CONSTANT (1) << 40) - 100;
  GstBuffer *buffer;

  start_source ("sample-bits=8", NULL);
  send_heap (1, last, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (2, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), last + 100);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* Counter and index go back together: not over their bits, although the index could. */
GST_START_TEST (a_sender_that_begins_anew_late_in_the_bits_is_followed)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8", NULL);
  send_heap (100000, (G_GUINT64_CONSTANT (1) << 40) - 1000000, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (1, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_RESYNC));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("restarts"), 1);
  fail_unless_equals_uint64 (counter ("gaps"), 0);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_late_heap_makes_no_second_gap)
{
  static const guint order[] = {5, 7, 6, 8};
  guint i;

  start_source ("sample-bits=8", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_heap (order[i], order[i] * 100, 100, order[i]);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    GstBuffer *buffer = next_buffer ();

    /* None begins where the one in front of it ended. */
    fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
    check_samples (buffer, 100, order[i]);
  }
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  stop_source ();
}
GST_END_TEST;

/* A heap from before the first one is late. */
GST_START_TEST (times_follow_the_index_both_ways)
{
  static const guint order[] = {5, 4, 6};
  GstClockTime start = 0;
  guint i;

  start_source (
      "sample-rate=100000000 sample-bits=8 timestamp-mode=index", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_heap (order[i], order[i] * 100, 100, order[i]);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    GstBuffer *buffer = next_buffer ();
    GstClockTime time = GST_BUFFER_PTS (buffer);

    if (i == 0)
      start = time;
    fail_unless_equals_uint64 (
        time + 5 * GST_USECOND, start + order[i] * GST_USECOND);
    gst_buffer_unref (buffer);
  }
  stop_source ();
}
GST_END_TEST;

/* Heap 3 is late: the hole behind it begins behind heap 4. */
GST_START_TEST (a_gap_begins_where_the_stream_had_come_to)
{
  static const guint order[] = {1, 2, 4, 3, 6};
  GstClockTime start, duration, gap_start;
  GstEvent *event;
  guint i;

  start_source ("sample-rate=1000 sample-bits=8 timestamp-mode=index", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_heap (order[i], order[i] * 100, 100, order[i]);
  for (i = 0; i < 4; i++) {
    GstBuffer *buffer = next_buffer ();

    if (i == 0)
      start = GST_BUFFER_PTS (buffer);
    gst_buffer_unref (buffer);
  }
  event = next_event (GST_EVENT_GAP);
  gst_event_parse_gap (event, &gap_start, &duration);
  fail_unless_equals_uint64 (gap_start, start + 400 * GST_MSECOND);
  fail_unless_equals_uint64 (duration, 100 * GST_MSECOND);
  gst_event_unref (event);
  stop_source ();
}
GST_END_TEST;

/* 100 bytes each: frames of two samples of 16 bits, or samples of 4 bits. */
GST_START_TEST (samples_are_counted_as_the_caps_say)
{
  static const struct {
    const gchar *properties;
    guint64 n;
  } cases[] = {
      {"caps=\"audio/x-raw, format=S16LE, layout=interleaved, channels=2, "
       "rate=1000\"",
          25},
      {"sample-bits=4", 200},
      {"", 100},
  };
  guint i, k;

  for (k = 0; k < G_N_ELEMENTS (cases); k++) {
    start_source (cases[k].properties, NULL);
    for (i = 0; i < 3; i++)
      send_heap (i + 1, i * cases[k].n, 100, i);
    for (i = 0; i < 3; i++) {
      GstBuffer *buffer = next_buffer ();

      fail_unless_equals_uint64 (
          GST_BUFFER_OFFSET_END (buffer), (i + 1) * cases[k].n);
      fail_unless_equals_int (
          GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), i == 0);
      check_samples (buffer, 100, i);
    }
    fail_unless_equals_uint64 (counter ("gaps"), 0);
    stop_source ();
  }
}
GST_END_TEST;

static Suite *
loss_suite (void)
{
  Suite *suite = suite_create ("loss");
  TCase *tc = tcase_create ("loss");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, a_missing_heap_is_a_gap);
  tcase_add_test (tc, a_gap_ends_where_the_buffer_behind_it_arrives);
  tcase_add_test (tc, without_time_between_two_buffers_there_is_no_gap_event);
  tcase_add_test (tc, a_heap_with_a_missing_packet_is_dropped_and_counted);
  tcase_add_test (tc, a_heap_with_a_missing_packet_is_filled);
  tcase_add_test (tc, an_incomplete_heap_without_its_pointers_is_dropped);
  tcase_add_test (tc, a_sender_that_begins_anew_is_followed);
  tcase_add_test (tc, the_index_runs_over);
  tcase_add_test (tc, a_sender_that_begins_anew_late_in_the_bits_is_followed);
  tcase_add_test (tc, a_late_heap_makes_no_second_gap);
  tcase_add_test (tc, times_follow_the_index_both_ways);
  tcase_add_test (tc, a_gap_begins_where_the_stream_had_come_to);
  tcase_add_test (tc, samples_are_counted_as_the_caps_say);
  return suite;
}

GST_CHECK_MAIN (loss);
