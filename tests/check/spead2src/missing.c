/* spead2src: what stands for samples that are missing, by the property missing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

#define FILL "missing=fill fill-value=9 sample-bits=8 sample-rate=1000 "

static void
check_offsets (GstBuffer *buffer, guint64 begin, guint64 end)
{
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), begin);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), end);
}

/* A buffer of those samples, of a heap with the value of its first one, that follows what
 * was there before. */
static void
check_heap (guint64 begin, guint64 end, guint8 value)
{
  GstBuffer *buffer = next_buffer ();

  check_offsets (buffer, begin, end);
  fail_unless_equals_int (
      GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), begin == 0);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
  check_samples (buffer, end - begin, value);
}

/* A buffer of the fill value; its timestamp. */
static GstClockTime
check_filled (guint64 begin, guint64 end)
{
  GstBuffer *buffer = next_buffer ();
  GstClockTime time = GST_BUFFER_PTS (buffer);
  guint8 *bytes = g_malloc (end - begin);
  guint64 i;

  check_offsets (buffer, begin, end);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  fail_unless_equals_uint64 (
      GST_BUFFER_DURATION (buffer), (end - begin) * GST_MSECOND);
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), end - begin);
  gst_buffer_extract (buffer, 0, bytes, end - begin);
  for (i = 0; i < end - begin; i++)
    fail_unless_equals_int (bytes[i], 9);
  g_free (bytes);
  gst_buffer_unref (buffer);
  return time;
}

/* Half a heap, too, where a heap is of another size. */
GST_START_TEST (a_hole_is_filled)
{
  GstClockTime start;
  GstBuffer *buffer;

  start_source (FILL "timestamp-mode=index", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (5, 350, 100, 3);
  send_heap (6, 450, 100, 4);
  buffer = next_buffer ();
  start = GST_BUFFER_PTS (buffer);
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (
      check_filled (100, 200), start + 100 * GST_MSECOND);
  fail_unless_equals_uint64 (
      check_filled (200, 300), start + 200 * GST_MSECOND);
  fail_unless_equals_uint64 (
      check_filled (300, 350), start + 300 * GST_MSECOND);
  check_heap (350, 450, 3);
  check_heap (450, 550, 4);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 250);
  fail_unless_equals_uint64 (counter ("filled-samples"), 250);
  fail_unless_equals_uint64 (counter ("heaps-delivered"), 3);
  fail_unless_equals_uint64 (counter ("payload-bytes"), 300);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* The reordered heap would be there twice for whoever counts samples. */
GST_START_TEST (a_late_heap_of_a_filled_hole_is_dropped)
{
  start_source (FILL, NULL);
  send_heap (1, 0, 100, 0);
  send_heap (3, 200, 100, 2);
  send_heap (2, 100, 100, 1);
  send_heap (4, 300, 100, 3);
  check_heap (0, 100, 0);
  check_filled (100, 200);
  check_heap (200, 300, 2);
  check_heap (300, 400, 3);
  fail_unless_equals_uint64 (counter ("heaps-dropped-late"), 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* Samples of 4 bits, of which an odd number is missing, and more than can be filled. */
GST_START_TEST (a_hole_that_cannot_be_filled_is_a_gap)
{
  static const struct {
    const gchar *properties;
    guint64 n,
        begin; /* samples in a heap of 100 bytes, and where the second one is */
  } cases[] = {
      {"sample-bits=4", 200, 201},
      {"sample-bits=8", 100, 1025 * 100 + 101},
      {"sample-bits=8 index-step=50", 50, 99},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *properties = g_strdup_printf (
        "missing=fill sample-rate=1000 timestamp-mode=index %s",
        cases[i].properties);
    GstBuffer *buffer;

    start_source (properties, NULL);
    send_heap (1, 0, 100, 0);
    gst_buffer_unref (next_buffer ());
    send_heap (2, cases[i].begin, 100, 1);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), cases[i].begin);
    fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
    gst_buffer_unref (buffer);
    fail_unless_equals_uint64 (counter ("gaps"), 1);
    fail_unless_equals_uint64 (counter ("filled-samples"), 0);
    stop_source ();
  }
}
GST_END_TEST;

GST_START_TEST (the_longest_hole_is_filled_buffer_by_buffer)
{
  guint64 i;

  start_source (FILL "num-buffers=1025", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (2, 102500, 100, 1);
  check_heap (0, 100, 0);
  for (i = 1; i <= 1024; i++)
    check_filled (i * 100, (i + 1) * 100);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (counter ("missing-samples"), 102400);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (heaps_that_share_a_buffer_end_where_samples_are_filled)
{
  start_source (FILL "heaps-per-buffer=4 buffer-timeout=1000000000000", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (2, 100, 100, 100);
  send_heap (4, 300, 100, 2);
  send_heap (5, 400, 100, 102);
  check_heap (0, 200, 0);
  check_filled (200, 300);
  check_heap (300, 500, 2);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (without_a_mark_there_is_no_event)
{
  GstBuffer *buffer;
  GstEvent *event;

  start_source ("missing=none sample-bits=8 sample-rate=1000 "
                "timestamp-mode=index on-stop=eos",
      NULL);
  send_heap (1, 0, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (3, 200, 100, 2);
  send_stop (4);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  buffer = g_queue_peek_head (pushed);
  fail_unless (GST_IS_BUFFER (buffer), "there is an event before the buffer");
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (next_buffer ());
  event = next_event (GST_EVENT_EOS);
  gst_event_unref (event);
  fail_unless_equals_uint64 (counter ("missing-samples"), 100);
  stop_source ();
}
GST_END_TEST;

static Suite *
missing_suite (void)
{
  Suite *suite = suite_create ("missing");
  TCase *tc = tcase_create ("missing");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, a_hole_is_filled);
  tcase_add_test (tc, a_late_heap_of_a_filled_hole_is_dropped);
  tcase_add_test (tc, a_hole_that_cannot_be_filled_is_a_gap);
  tcase_add_test (tc, the_longest_hole_is_filled_buffer_by_buffer);
  tcase_add_test (tc, heaps_that_share_a_buffer_end_where_samples_are_filled);
  tcase_add_test (tc, without_a_mark_there_is_no_event);
  return suite;
}

GST_CHECK_MAIN (missing);
