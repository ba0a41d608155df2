/* spead2src: which heaps are taken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

#define FENG_ID 0x4101

/* A heap of one packet with samples, the first of which is value, and feng_id. */
static void
send_heap_of (guint64 cnt, guint64 timestamp, guint64 feng_id, guint8 value)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint8 samples[100];
  guint i;

  for (i = 0; i < sizeof samples; i++)
    samples[i] = value + i;
  packet_standard (packet, cnt, sizeof samples, 0, sizeof samples);
  packet_immediate (packet, TIMESTAMP, timestamp);
  packet_immediate (packet, FENG_ID, feng_id);
  packet_addressed (packet, SAMPLES, 0);
  packet_payload (packet, samples, sizeof samples);
  send_packet (packet);
}

GST_START_TEST (heaps_that_do_not_match_are_dropped_without_a_gap)
{
  guint64 i;

  start_source ("sample-bits=8 accept=\"feng_id=0x4101,value=<1,3>\"", NULL);
  for (i = 0; i < 12; i++)
    send_heap_of (i + 1, i / 4 * 100, i % 4, i);
  for (i = 1; i < 12; i += 2) {
    GstBuffer *buffer = next_buffer ();

    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), i / 4 * 100);
    check_samples (buffer, 100, i);
  }
  fail_unless_equals_uint64 (counter ("gaps"), 0);
  fail_unless_equals_uint64 (counter ("heaps-dropped-not-accepted"), 6);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* The index of what is not taken does not count. */
GST_START_TEST (heaps_that_do_not_match_do_not_advance_the_index)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8 accept=0x4101,value=1", NULL);
  send_heap_of (1, 0, 1, 0);
  send_heap_of (2, 5000, 2, 0);
  send_heap_of (3, 100, 1, 0);
  gst_buffer_unref (next_buffer ());
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 100);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* One has lost a packet, and the other its item pointers, which nobody can judge. */
GST_START_TEST (an_incomplete_heap_counts_once)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  start_source ("heap-timeout=1 accept=0x4101,value=1", NULL);
  packet_standard (packet, 1, 300, 0, 4);
  packet_immediate (packet, FENG_ID, 2);
  packet_addressed (packet, SAMPLES, 0);
  packet_payload (packet, "abcd", 4);
  send_packet (packet);
  wait_until (counter ("heaps-dropped-not-accepted") == 1);
  packet_standard (packet, 2, 300, 4, 4);
  packet_payload (packet, "efgh", 4);
  send_packet (packet);
  wait_until (counter ("heaps-dropped-incomplete") == 1);
  fail_unless_equals_uint64 (counter ("heaps-dropped-not-accepted"), 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* The first heap describes the items: its descriptors count, whether it is taken
 * itself or not. */
GST_START_TEST (a_name_is_that_of_a_descriptor)
{
  static const guint64 expected[] = {7, 0, 7};
  GstElement *sending;
  guint64 value;
  gchar *text;
  guint i;

  start_source ("accept=feng_id,value=<0,7>", NULL);
  text = g_strdup_printf (
      "adctestsrc num-buffers=6 samplesperbuffer=100 ! spead2sink port=%u "
      "items=\"timestamp,id=0x1600,value=sample-index;"
      "feng_id,id=0x4101,value=<5,7,6,0,5,7>;"
      "adc_samples,id=0x3300,value=payload\"",
      source_port ());
  sending = gst_parse_launch (text, NULL);
  g_free (text);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  for (i = 0; i < G_N_ELEMENTS (expected); i++) {
    GstBuffer *buffer = next_buffer ();

    fail_unless (gst_structure_get_uint64 (
        gst_custom_meta_get_structure (
            gst_buffer_get_custom_meta (buffer, "GstSpead2Items")),
        "feng_id", &value));
    fail_unless_equals_uint64 (value, expected[i]);
    gst_buffer_unref (buffer);
  }
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (counter ("heaps-dropped-not-accepted"), 3);
  check_balance ();
  gst_element_set_state (sending, GST_STATE_NULL);
  gst_object_unref (sending);
  stop_source ();
}
GST_END_TEST;

/* Of heaps that are refused no payload is kept: neither their addressed numbers, nor
 * anything but the descriptors, which are in the first of them, is read. */
GST_START_TEST (heaps_that_are_refused_have_descriptors_and_no_payload)
{
  GstElement *sending;
  GstEvent *event;
  GstCaps *caps;
  gchar *text;
  guint i;

  start_source (
      "sample-rate=1000000 order=index latency=1000000 accept=0x4101,value=1",
      NULL);
  text = g_strdup_printf (
      "adctestsrc num-buffers=5 samplesperbuffer=100 wave=ramp ! "
      "spead2sink port=%u items=\"timestamp,id=0x1600,value=sample-index,"
      "mode=addressed,format=u64;feng_id,id=0x4101,value=<2,1,1,2,2>;"
      "adc_samples,id=0x3300,value=payload\"",
      source_port ());
  sending = gst_parse_launch (text, NULL);
  g_free (text);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  event = next_event (GST_EVENT_CAPS);
  gst_event_parse_caps (event, &caps);
  fail_unless (
      gst_structure_has_name (gst_caps_get_structure (caps, 0), "audio/x-raw"));
  gst_event_unref (event);
  for (i = 1; i <= 2; i++) {
    GstBuffer *buffer = next_buffer ();

    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), i * 100);
    check_samples (buffer, 100, i * 100);
  }
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (counter ("heaps-dropped-not-accepted"), 3);
  check_balance ();
  gst_element_set_state (sending, GST_STATE_NULL);
  gst_object_unref (sending);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_stop_heap_ends_the_stream_whatever_is_accepted)
{
  start_source ("accept=0x4101,value=1", NULL);
  send_heap_of (1, 0, 2, 0);
  send_stop (2);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (counter ("heaps-dropped-not-accepted"), 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_text_that_is_no_rule_is_an_error)
{
  GstMessage *message;
  GError *error;

  make_source ("accept=0x4101,value=x", NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
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

static Suite *
accept_suite (void)
{
  Suite *suite = suite_create ("accept");
  TCase *tc = tcase_create ("accept");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, heaps_that_do_not_match_are_dropped_without_a_gap);
  tcase_add_test (tc, heaps_that_do_not_match_do_not_advance_the_index);
  tcase_add_test (tc, an_incomplete_heap_counts_once);
  tcase_add_test (tc, a_name_is_that_of_a_descriptor);
  tcase_add_test (tc, heaps_that_are_refused_have_descriptors_and_no_payload);
  tcase_add_test (tc, a_stop_heap_ends_the_stream_whatever_is_accepted);
  tcase_add_test (tc, a_text_that_is_no_rule_is_an_error);
  return suite;
}

GST_CHECK_MAIN (accept);
