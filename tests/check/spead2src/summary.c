/* spead2src: the INFO message at EOS.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

/* The text of the INFO message, which comes in front of EOS. gst-launch-1.0 prints the
 * debug text. The caller frees it. */
static gchar *
next_summary (void)
{
  GstMessage *message = next_message (GST_MESSAGE_INFO | GST_MESSAGE_EOS);
  gchar *debug, *text;
  GError *error;

  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_INFO);
  gst_message_parse_info (message, &error, &debug);
  fail_unless_equals_string (error->message, debug);
  text = g_strdup (error->message);
  g_free (debug);
  g_error_free (error);
  gst_message_unref (message);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  return text;
}

static void
check_summary (const gchar *pattern)
{
  g_autofree gchar *text = next_summary ();

  fail_unless (g_regex_match_simple (pattern, text, 0, 0), "%s", text);
}

GST_START_TEST (the_end_of_a_stream_is_summed_up)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  g_autofree gchar *pattern = NULL;

  start_source ("sample-bits=8", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (3, 200, 100, 0);
  make_part (packet, 4, 300, 300, 0, 100);
  send_packet (packet);
  send_heap (5, 600, 100, 0);
  send_stop (6);
  wait_until (counter ("packets") == 5);
  pattern = g_strdup_printf (
      "^Received 3 heaps, %" G_GUINT64_FORMAT
      " bytes in 5 packets, in 0\\.\\d{6} s \\(\\d+\\.\\d{3} MB/s\\); 1 heaps "
      "were incomplete, 0 were dropped, 400 samples are missing\\.$",
      counter ("bytes"));
  check_summary (pattern);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (heaps_that_are_dropped_are_summed_up)
{
  start_source ("item=0x3301", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (2, 0, 100, 0);
  send_stop (3);
  check_summary ("^Received 0 heaps, .*; 0 heaps were incomplete, 2 were "
                 "dropped, 0 samples are missing\\.$");
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (the_last_of_num_buffers_is_summed_up)
{
  start_source ("num-buffers=2", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (2, 0, 100, 0);
  check_summary ("^Received 2 heaps, ");
  stop_source ();
}
GST_END_TEST;

/* Its last buffer is in the middle of a run, which has come after the first heap. */
GST_START_TEST (a_summary_within_a_run_has_its_time)
{
  start_source ("num-buffers=4", NULL);
  send_heap (0, 0, 4032, 0);
  wait_until (counter ("heaps-delivered") == 1);
  send_heaps (1, 7, 4032);
  check_summary ("^Received 4 heaps, .* in 0\\.0*[1-9]\\d* s ");
  stop_source ();
}
GST_END_TEST;

/* And nothing has arrived. */
GST_START_TEST (an_eos_event_is_summed_up)
{
  start_source ("", "fakesink async=false");
  gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  gst_element_send_event (pipeline, gst_event_new_eos ());
  check_summary ("^Received 0 heaps: nothing arrived before EOS\\.$");
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (quiet_posts_no_summary)
{
  GstMessage *message;

  start_source ("", NULL);
  g_object_set (source, "quiet", TRUE, NULL);
  send_heap (1, 0, 100, 0);
  send_stop (2);
  message = next_message (GST_MESSAGE_INFO | GST_MESSAGE_EOS);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

/* The bytes and packets of both are the same. */
GST_START_TEST (the_summaries_of_sink_and_source_agree)
{
  g_autofree gchar *line = NULL, *received = NULL;
  gchar *text;
  GstElement *sending;
  GstMessage *message;
  GstBus *bus;
  GError *error;

  start_source ("", NULL);
  line = g_strdup_printf ("adctestsrc num-buffers=5 samplesperbuffer=10000 ! "
                          "spead2sink rate=1e8 port=%u",
      source_port ());
  sending = gst_parse_launch (line, NULL);
  bus = gst_element_get_bus (sending);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND, GST_MESSAGE_INFO);
  fail_unless (message != NULL);
  gst_message_parse_info (message, &error, NULL);
  /* "Sent 5 heaps, N bytes in M packets, " */
  text = strstr (error->message, " 5 heaps");
  *strstr (text, " in 0.") = '\0';
  received = next_summary ();
  fail_unless (g_str_has_prefix (received + strlen ("Received"), text),
      "sent%s, received: %s", text, received);
  g_error_free (error);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (sending, GST_STATE_NULL);
  gst_object_unref (sending);
  stop_source ();
}
GST_END_TEST;

static Suite *
summary_suite (void)
{
  Suite *suite = suite_create ("summary");
  TCase *tc = tcase_create ("summary");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, the_end_of_a_stream_is_summed_up);
  tcase_add_test (tc, heaps_that_are_dropped_are_summed_up);
  tcase_add_test (tc, the_last_of_num_buffers_is_summed_up);
  tcase_add_test (tc, a_summary_within_a_run_has_its_time);
  tcase_add_test (tc, an_eos_event_is_summed_up);
  tcase_add_test (tc, quiet_posts_no_summary);
  tcase_add_test (tc, the_summaries_of_sink_and_source_agree);
  return suite;
}

GST_CHECK_MAIN (summary);
