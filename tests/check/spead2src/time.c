/* spead2src: the dates of samples, and the timestamps that follow from them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

__extension__ typedef unsigned __int128 Wide;

#define RATE G_GUINT64_CONSTANT (1712000000)
#define BITS 40
#define MASK ((G_GUINT64_CONSTANT (1) << BITS) - 1)

/* Three days ago: an index of 40 bits has run over 403 times since. */
static guint64
make_epoch (void)
{
  return g_get_real_time () * 1000 - 3 * 24 * 3600 * GST_SECOND + 1;
}

static guint64
date_of (guint64 epoch, guint64 index)
{
  return epoch + ((Wide) index * GST_SECOND + RATE / 2) / RATE;
}

/* The index of the present, if 0 was at epoch. */
static guint64
index_now (guint64 epoch)
{
  return (Wide) (g_get_real_time () * 1000 - epoch) * RATE / GST_SECOND;
}

static guint64
get_date (GstBuffer *buffer)
{
  GstCaps *caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  GstReferenceTimestampMeta *meta =
      gst_buffer_get_reference_timestamp_meta (buffer, caps);

  gst_caps_unref (caps);
  return meta ? meta->timestamp : 0;
}

/* Starts with one-byte samples at RATE, and that epoch. */
static void
start_dated (const gchar *properties, guint64 epoch, GstClock *clock)
{
  g_autofree gchar *all =
      g_strdup_printf ("sample-bits=8 sample-rate=%" G_GUINT64_FORMAT
                       " sync-epoch=%" G_GUINT64_FORMAT " %s",
          RATE, epoch, properties);

  make_source (all, NULL);
  if (clock)
    gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (source, NULL, NULL, GST_CLOCK_TIME_NONE);
}

/* Each 1000 samples: from the present to where the bits run over, and on. */
GST_START_TEST (the_date_is_that_of_the_index_with_all_its_bits)
{
  guint64 epoch = make_epoch (), first = index_now (epoch);
  guint64 wrap = (first | MASK) + 1;
  const guint64 indices[] = {
      first, first + 1000, wrap - 1000, wrap, wrap + 999};
  guint i;

  start_dated ("", epoch, NULL);
  for (i = 0; i < G_N_ELEMENTS (indices); i++) {
    GstBuffer *buffer;

    send_heap (i + 1, indices[i] & MASK, 1000, i);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), indices[i]);
    fail_unless_equals_uint64 (get_date (buffer), date_of (epoch, indices[i]));
    gst_buffer_unref (buffer);
  }
  stop_source ();
}
GST_END_TEST;

/* 2^40 samples are 642 s: the index of a sender that begins anew is again the nearest. */
GST_START_TEST (a_sender_that_begins_anew_has_its_date)
{
  guint64 epoch = make_epoch (), now = index_now (epoch);
  /* Neither runs over nor counts below the last number of wraps. */
  guint64 base = (now & ~MASK) | 1 << 20;
  GstBuffer *buffer;

  start_dated ("", epoch, NULL);
  send_heap (100000, (base + RATE) & MASK, 1000, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (1, base & MASK, 1000, 0);
  buffer = next_buffer ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_RESYNC));
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer) & MASK, base & MASK);
  fail_unless (ABS ((gint64) (get_date (buffer) - g_get_real_time () * 1000)) <=
      322 * (gint64) GST_SECOND);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (there_is_no_date_without_an_epoch_or_a_rate)
{
  static const gchar *properties[] = {
      "sample-bits=8 sample-rate=1000", "sample-bits=8 sync-epoch=5"};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (properties); i++) {
    GstBuffer *buffer;

    start_source (properties[i], NULL);
    send_heap (1, 7, 10, 0);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (get_date (buffer), 0);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 7);
    gst_buffer_unref (buffer);
    stop_source ();
  }
}
GST_END_TEST;

/* Samples from 2 s after the start on, each 1 s later than those before. */
static void
check_utc_times (GstClock *clock, gboolean exact)
{
  guint64 epoch = make_epoch (), start;
  GstClockTime base, zero = 0, now;
  guint i;

  start_dated ("timestamp-mode=utc", epoch, clock);
  gst_element_get_state (pipeline, NULL, NULL, 0);
  base = gst_element_get_base_time (source);
  start = index_now (epoch) + 2 * RATE;
  for (i = 0; i < 3; i++) {
    GstBuffer *buffer;

    send_heap (i + 1, (start + i * RATE) & MASK, 1000, i);
    buffer = next_buffer ();
    /* UTC at running time 0. */
    if (i == 0)
      zero = get_date (buffer) - GST_BUFFER_PTS (buffer);
    fail_unless_equals_uint64 (
        GST_BUFFER_PTS (buffer), date_of (epoch, start + i * RATE) - zero);
    gst_buffer_unref (buffer);
  }
  if (exact)
    fail_unless_equals_uint64 (zero, base);
  /* Running time began a little while ago. */
  now = g_get_real_time () * 1000;
  fail_unless (zero <= now && zero > now - 60 * GST_SECOND);
  stop_source ();
}

GST_START_TEST (timestamps_are_dates_on_a_clock_of_utc)
{
  GstClock *clock = g_object_new (GST_TYPE_SYSTEM_CLOCK, "name", "utc",
      "clock-type", GST_CLOCK_TYPE_REALTIME, NULL);

  check_utc_times (clock, TRUE);
  gst_object_unref (clock);
}
GST_END_TEST;

GST_START_TEST (timestamps_are_dates_on_any_clock)
{
  check_utc_times (NULL, FALSE);
}
GST_END_TEST;

/* Samples of a time before the pipeline ran. */
GST_START_TEST (a_date_before_running_time_is_its_beginning)
{
  guint64 epoch = make_epoch ();
  GstBuffer *buffer;

  start_dated ("timestamp-mode=utc", epoch, NULL);
  send_heap (1, (index_now (epoch) - 9 * RATE) & MASK, 1000, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 0);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (utc_needs_an_epoch)
{
  GstMessage *message;
  GError *error;

  /* It goes to READY, which fails. */
  pipeline = gst_parse_launch (
      "spead2src name=src timestamp-mode=utc port=0 ! fakesink", NULL);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  message = next_message (GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  g_error_free (error);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

/* One warning, whatever comes. */
static void
check_warning (gint code)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error;
  guint i;

  for (i = 0; i < 3; i++) {
    send_heap (i + 1, i * 10, 10, i);
    gst_buffer_unref (next_buffer ());
  }
  message = next_message (GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_STREAM_ERROR, code), "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message == NULL);
  gst_object_unref (bus);
}

GST_START_TEST (times_of_samples_without_a_rate_are_warned_of)
{
  static const gchar *modes[] = {"index", "utc sync-epoch=0"};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autofree gchar *properties =
        g_strdup_printf ("sample-bits=8 timestamp-mode=%s", modes[i]);

    start_source (properties, NULL);
    check_warning (GST_STREAM_ERROR_FORMAT);
    stop_source ();
  }
}
GST_END_TEST;

/* At 1 kHz the 40 bits have not run over since 1970. */
GST_START_TEST (dates_far_from_the_present_are_warned_of)
{
  start_source (
      "sample-bits=8 sample-rate=1000 timestamp-mode=utc sync-epoch=0", NULL);
  check_warning (GST_STREAM_ERROR_DECODE);
  stop_source ();
}
GST_END_TEST;

/* What spead2sink makes of the present comes back. */
GST_START_TEST (the_epoch_of_spead2sink_is_the_same)
{
  guint64 epoch = make_epoch (), before = g_get_real_time () * 1000;
  g_autofree gchar *text = NULL;
  GstElement *sending;
  GstBuffer *buffer;
  guint64 date;

  start_dated ("", epoch, NULL);
  text = g_strdup_printf ("adctestsrc num-buffers=1 samplesperbuffer=100000 ! "
                          "audio/x-raw,format=S8,rate=%" G_GUINT64_FORMAT
                          " ! spead2sink port=%u sync-epoch=%" G_GUINT64_FORMAT,
      RATE, source_port (), epoch);
  sending = gst_parse_launch (text, NULL);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  buffer = next_buffer ();
  date = get_date (buffer);
  /* To the nearest heap. */
  fail_unless (date + 100000 * GST_SECOND / RATE >= before);
  fail_unless (date <= (guint64) g_get_real_time () * 1000 + GST_MSECOND);
  gst_buffer_unref (buffer);
  gst_element_set_state (sending, GST_STATE_NULL);
  gst_object_unref (sending);
  stop_source ();
}
GST_END_TEST;

static Suite *
time_suite (void)
{
  Suite *suite = suite_create ("time");
  TCase *tc = tcase_create ("time");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, the_date_is_that_of_the_index_with_all_its_bits);
  tcase_add_test (tc, a_sender_that_begins_anew_has_its_date);
  tcase_add_test (tc, there_is_no_date_without_an_epoch_or_a_rate);
  tcase_add_test (tc, timestamps_are_dates_on_a_clock_of_utc);
  tcase_add_test (tc, timestamps_are_dates_on_any_clock);
  tcase_add_test (tc, a_date_before_running_time_is_its_beginning);
  tcase_add_test (tc, utc_needs_an_epoch);
  tcase_add_test (tc, times_of_samples_without_a_rate_are_warned_of);
  tcase_add_test (tc, dates_far_from_the_present_are_warned_of);
  tcase_add_test (tc, the_epoch_of_spead2sink_is_the_same);
  return suite;
}

GST_CHECK_MAIN (time);
