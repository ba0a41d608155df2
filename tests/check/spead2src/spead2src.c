/* spead2src: what it pushes of what arrives, in words of GStreamer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gio/gio.h>

#include "srcfixture.h"

/* -- heaps to buffers -------------------------------------------------------------- */

GST_START_TEST (what_spead2sink_sends_arrives_and_ends_the_stream)
{
  GstElement *sending;
  GstMessage *message;
  GError *error = NULL;
  g_autofree gchar *text = NULL;
  guint64 offset = 0;
  guint i;

  start_source ("sample-rate=1000000", NULL);
  text = g_strdup_printf ("adctestsrc num-buffers=5 samplesperbuffer=100000 "
                          "wave=ramp ! spead2sink rate=1e8 port=%u",
      source_port ());
  sending = gst_parse_launch (text, &error);
  fail_unless (error == NULL);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  for (i = 0; i < 5; i++) {
    GstBuffer *buffer = next_buffer ();

    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), offset);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), offset + 100000);
    fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), 100 * GST_MSECOND);
    fail_unless (GST_BUFFER_PTS_IS_VALID (buffer));
    fail_unless_equals_int (
        GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), i == 0);
    check_samples (buffer, 100000, offset);
    offset += 100000;
  }
  message = next_message (GST_MESSAGE_EOS);
  gst_message_unref (message);
  fail_unless_equals_uint64 (counter ("heaps-delivered"), 5);
  fail_unless_equals_uint64 (counter ("stops"), 1);
  check_balance ();
  gst_element_set_state (sending, GST_STATE_NULL);
  gst_object_unref (sending);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_described_item_has_the_caps_of_its_type)
{
  GstElement *sending;
  GstEvent *event;
  GstCaps *caps,
      *expected = gst_caps_from_string (
          "audio/x-raw, format=S16LE, layout=interleaved, "
          "channels=2, rate=44100, channel-mask=(bitmask)0x3");
  g_autofree gchar *text = NULL;

  start_source ("sample-rate=44100", NULL);
  text = g_strdup_printf (
      "audiotestsrc num-buffers=2 ! "
      "audio/x-raw,format=S16LE,channels=2,rate=44100 ! spead2sink port=%u",
      source_port ());
  sending = gst_parse_launch (text, NULL);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  event = next_event (GST_EVENT_CAPS);
  gst_event_parse_caps (event, &caps);
  fail_unless (gst_caps_can_intersect (caps, expected), "the caps are %s",
      gst_caps_to_string (caps));
  gst_event_unref (event);
  gst_caps_unref (expected);
  gst_buffer_unref (next_buffer ());
  gst_element_set_state (sending, GST_STATE_NULL);
  gst_object_unref (sending);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (heaps_without_a_descriptor_are_bytes)
{
  GstEvent *event;
  GstCaps *caps;

  start_source ("", NULL);
  send_heap (1, 1000, 64, 5);
  event = next_event (GST_EVENT_CAPS);
  gst_event_parse_caps (event, &caps);
  fail_unless (gst_structure_has_name (
      gst_caps_get_structure (caps, 0), "application/octet-stream"));
  gst_event_unref (event);
  check_samples (next_buffer (), 64, 5);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (packets_in_any_order_make_the_heap)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  static const guint order[] = {2, 0, 3, 1, 0};
  guint i;

  start_source ("", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    make_part (packet, 7, 0, 400, order[i] * 100, 100);
    send_packet (packet);
  }
  check_samples (next_buffer (), 400, 0);
  wait_until (counter ("packets-duplicate") == 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (the_item_lies_at_a_boundary_of_64_bytes)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint8 payload[300];
  GstBuffer *buffer;
  GstMapInfo map;
  guint i;

  for (i = 0; i < sizeof payload; i++)
    payload[i] = i;
  start_source ("item=0x3300", NULL);
  packet_standard (packet, 1, sizeof payload, 0, sizeof payload);
  packet_addressed (packet, 0x1234, 0);
  packet_addressed (packet, SAMPLES, 37);
  packet_payload (packet, payload, sizeof payload);
  send_packet (packet);
  buffer = next_buffer ();
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_uint64 (GPOINTER_TO_SIZE (map.data) % 64, 0);
  gst_buffer_unmap (buffer, &map);
  check_samples (buffer, sizeof payload - 37, 37);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (values_of_other_items_are_on_the_buffer)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  const GstStructure *values;
  GstBuffer *buffer;
  guint64 value;

  start_source ("", NULL);
  make_part (packet, 77, 4096, 0, 0, 0);
  packet_standard (packet, 77, 8, 0, 8);
  packet_immediate (packet, TIMESTAMP, 4096);
  packet_immediate (packet, 0x4101, 3);
  packet_addressed (packet, SAMPLES, 0);
  packet_payload (packet, "abcdefgh", 8);
  send_packet (packet);
  buffer = next_buffer ();
  values = gst_custom_meta_get_structure (
      gst_buffer_get_custom_meta (buffer, "GstSpead2Items"));
  fail_unless (gst_structure_get_uint64 (values, "heap-cnt", &value));
  fail_unless_equals_uint64 (value, 77);
  fail_unless (gst_structure_get_uint64 (values, "item-0x4101", &value));
  fail_unless_equals_uint64 (value, 3);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_heap_without_the_item_is_dropped_and_counted)
{
  start_source ("item=0x3301", NULL);
  send_heap (1, 0, 8, 0);
  wait_until (counter ("heaps-dropped-no-item") == 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* -- types ------------------------------------------------------------------------------ */

GST_START_TEST (
    without_a_descriptor_and_with_caps_that_need_one_heaps_are_dropped)
{
  start_source ("", "audioconvert ! fakesink");
  send_heap (1, 0, 100, 0);
  wait_until (counter ("heaps-dropped-no-descriptor") == 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_descriptor_that_never_comes_is_an_error)
{
  GstMessage *message;
  GError *error;

  start_source ("descriptor-timeout=1", "audioconvert ! fakesink");
  send_heap (1, 0, 100, 0);
  wait_until (counter ("heaps-dropped-no-descriptor") == 1);
  send_heap (2, 0, 100, 0);
  message = next_message (GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (
      error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND));
  g_error_free (error);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (caps_that_downstream_refuses_are_an_error)
{
  GstMessage *message;
  GError *error;

  start_source ("sample-bits=8", "audioconvert ! fakesink");
  send_heap (1, 0, 100, 0);
  message = next_message (GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE));
  g_error_free (error);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

/* -- ends -------------------------------------------------------------------------------- */

GST_START_TEST (a_stop_heap_can_be_ignored)
{
  start_source ("on-stop=ignore", NULL);
  send_stop (1);
  send_heap (2, 0, 10, 3);
  check_samples (next_buffer (), 10, 3);
  fail_unless_equals_uint64 (counter ("stops"), 1);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (the_last_of_several_stop_heaps_ends_the_stream)
{
  start_source ("n-stops=2", NULL);
  send_stop (1);
  send_heap (2, 0, 10, 3);
  check_samples (next_buffer (), 10, 3);
  send_stop (3);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (counter ("stops"), 2);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (an_eos_event_ends_the_stream)
{
  start_source ("", NULL);
  send_heap (1, 0, 10, 3);
  check_samples (next_buffer (), 10, 3);
  /* An event holds the state lock, which the sink needs to leave its preroll. */
  gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  fail_unless (gst_element_send_event (pipeline, gst_event_new_eos ()));
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (num_buffers_counts_buffers)
{
  guint i;

  start_source ("num-buffers=3", NULL);
  for (i = 0; i < 8; i++)
    send_heap (i + 1, 100 * i, 10, 3);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  for (i = 0; i < 3; i++)
    check_samples (next_buffer (), 10, 3);
  gst_event_unref (next_event (GST_EVENT_EOS));
  stop_source ();
}
GST_END_TEST;

/* -- states ------------------------------------------------------------------------------- */

GST_START_TEST (paused_has_no_data_and_what_came_before_playing_is_discarded)
{
  make_source ("", NULL);
  send_heap (1, 0, 10, 1);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  send_heap (2, 0, 10, 2);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_until (counter ("discarded") == 2);
  send_heap (3, 0, 10, 3);
  check_samples (next_buffer (), 10, 3);
  stop_source ();
}
GST_END_TEST;

/* In PLAYING, with one heap sent, and the streaming thread waiting for another; then in
 * PAUSED. */
static void
start_and_pause (const gchar *properties)
{
  start_source (properties, NULL);
  send_heap (1, 0, 10, 1);
  check_samples (next_buffer (), 10, 1);
  gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  wait_asleep ("src:src");
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
}

/* Up to 1.22 the base class has one buffer made in a pause, and holds it. */
GST_START_TEST (heaps_that_arrive_in_a_pause_come_after_it)
{
  start_and_pause ("");
  send_heap (2, 10, 10, 2);
  send_heap (3, 20, 10, 3);
  wait_until (counter ("heaps-complete") == 3);
  fail_unless (g_queue_is_empty (pushed));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  check_samples (next_buffer (), 10, 2);
  check_samples (next_buffer (), 10, 3);
  stop_source ();
}
GST_END_TEST;

/* Two heaps of one drain, which are one list of buffers. From 1.24 on they stay with the
 * receiver. */
GST_START_TEST (heaps_that_arrive_in_a_pause_and_go_nowhere_are_counted)
{
  start_and_pause ("");
  send_heaps (2, 2, 10);
  wait_until (counter ("heaps-complete") == 3);
  if (is_up_to_1_22 ())
    wait_until (counter ("heaps-ready") == 0);
  wait_asleep ("src:src");
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_uint64 (counter ("heaps-delivered"), 1);
  fail_unless_equals_uint64 (
      counter (
          is_up_to_1_22 () ? "heaps-dropped-after-end" : "heaps-flushed-ready"),
      2);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (it_starts_again_after_ready_and_after_null)
{
  static const GstState states[] = {GST_STATE_READY, GST_STATE_NULL};
  guint i;

  start_source ("", NULL);
  for (i = 0; i < G_N_ELEMENTS (states); i++) {
    send_heap (i + 1, 0, 10, i);
    check_samples (next_buffer (), 10, i);
    fail_unless_equals_int (
        gst_element_set_state (pipeline, states[i]), GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    gst_element_get_state (source, NULL, NULL, GST_CLOCK_TIME_NONE);
  }
  send_heap (9, 0, 10, 9);
  check_samples (next_buffer (), 10, 9);
  fail_unless_equals_uint64 (counter ("heaps-delivered"), 1);
  stop_source ();
}
GST_END_TEST;

static void
count_port (GObject *object, GParamSpec *spec, gpointer n)
{
  fail_unless (source_port () > 0);
  *(guint *) n += 1;
}

/* Of the socket in use, and announced. In NULL it is 0 again. */
GST_START_TEST (port_0_reads_as_the_port_that_was_chosen)
{
  GSocketAddress *address;
  GSocket *used;
  guint n = 0;

  make_source ("", NULL);
  g_signal_connect (source, "notify::port", G_CALLBACK (count_port), &n);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (source_port (), 0);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_int (n, 1);
  g_object_get (source, "used-socket", &used, NULL);
  address = g_socket_get_local_address (used, NULL);
  fail_unless_equals_int (source_port (),
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  g_object_unref (address);
  g_object_unref (used);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_port_that_is_taken_is_an_error)
{
  GstElement *second = gst_element_factory_make ("spead2src", NULL);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error;

  start_source ("reuse=false", NULL);
  gst_element_set_bus (second, bus);
  g_object_set (second, "address", "127.0.0.1", "port", source_port (), "reuse",
      FALSE, NULL);
  fail_unless_equals_int (gst_element_set_state (second, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (
      error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ));
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (second, GST_STATE_NULL);
  gst_element_set_bus (second, NULL);
  gst_object_unref (bus);
  gst_object_unref (second);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (properties_are_fixed_in_paused)
{
  GstMessage *message;
  guint n;

  start_source ("", NULL);
  g_object_set (source, "n-stops", 5, NULL);
  message = next_message (GST_MESSAGE_WARNING);
  gst_message_unref (message);
  g_object_get (source, "n-stops", &n, NULL);
  fail_unless_equals_int (n, 1);
  stop_source ();
}
GST_END_TEST;

static void
read_port (gpointer count, GObject *socket)
{
  gint port;

  g_object_get (source, "port", &port, NULL);
  *(guint *) count += 1;
}

/* Its last reference is dropped by a start, and runs foreign code. */
GST_START_TEST (a_socket_is_freed_without_a_lock)
{
  GSocket *given =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, 0, NULL);
  guint n_freed = 0;

  make_source ("", NULL);
  g_object_weak_ref (G_OBJECT (given), read_port, &n_freed);
  g_object_set (source, "socket", given, NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  gst_element_set_state (pipeline, GST_STATE_READY);
  g_object_set (source, "socket", NULL, NULL);
  g_object_unref (given);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (n_freed, 1);
  stop_source ();
}
GST_END_TEST;

/* The URI that the source has of itself then. */
static const struct {
  const gchar *uri, *address, *again;
} uris[] = {
    {"spead://239.1.2.3+3:7148?n-stops=4", "239.1.2.3+3", NULL},
    {"spead://239.1.2.3+3,239.2.0.1:7148", "239.1.2.3+3,239.2.0.1", NULL},
    {"spead://[ff15::1]:7148", "ff15::1", NULL},
    /* What brackets hold is one address. */
    {"spead://ff15%3A%3A1+3:7148", "ff15::1+3", NULL},
    {"spead://127.0.0.1:7148?dtype=[('re','i1'),('im','i1')]&shape=(-1,2)",
        "127.0.0.1",
        "spead://"
        "127.0.0.1:7148?dtype=%5B%28%27re%27%2C%27i1%27%29%2C%28%27im%27"
        "%2C%27i1%27%29%5D&shape=%28-1%2C2%29"},
    {"spead://0.0.0.0:7148?caps=audio/x-raw,format=S8", "0.0.0.0",
        "spead://0.0.0.0:7148?caps=audio%2Fx-raw%2C%20format%3D%28string%29S8"},
    {"spead://0.0.0.0:7148?leaky=upstream&sync-epoch=5&timestamp-mode=utc",
        "0.0.0.0", NULL},
};

GST_START_TEST (a_uri_sets_address_port_and_options)
{
  gchar *address, *uri;
  gint port;
  guint i;

  make_source ("", NULL);
  g_object_set (source, "address", NULL, "port", 8888, NULL);
  uri = g_strdup (uris[__i__].uri);
  for (i = 0; i < 2; i++) {
    fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (source), uri, NULL));
    g_free (uri);
    g_object_get (source, "address", &address, "port", &port, NULL);
    fail_unless_equals_string (address, uris[__i__].address);
    fail_unless_equals_int (port, 7148);
    g_free (address);
    uri = gst_uri_handler_get_uri (GST_URI_HANDLER (source));
    fail_unless_equals_string (
        uri, uris[__i__].again ? uris[__i__].again : uris[__i__].uri);
  }
  g_free (uri);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (nothing_arriving_is_a_message)
{
  GstMessage *message;
  guint64 timeout;

  start_source ("timeout=1000000", NULL);
  message = next_message (GST_MESSAGE_ELEMENT);
  fail_unless (gst_message_has_name (message, "GstUDPSrcTimeout"));
  fail_unless (gst_structure_get_uint64 (
      gst_message_get_structure (message), "timeout", &timeout));
  fail_unless_equals_uint64 (timeout, 1000000);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (the_duration_of_a_buffer_is_latency)
{
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min;
  gboolean live;

  start_source ("sample-bits=8 sample-rate=1000", NULL);
  send_heap (1, 0, 100, 0);
  gst_buffer_unref (next_buffer ());
  fail_unless (gst_element_query (source, query));
  gst_query_parse_latency (query, &live, &min, NULL);
  fail_unless_equals_uint64 (min, 100 * GST_MSECOND);
  gst_query_unref (query);
  stop_source ();
}
GST_END_TEST;

/* Seeks of the element alone succeed and change nothing, as udpsrc's. */
GST_START_TEST (it_is_live_and_cannot_seek)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean live;

  start_source ("", NULL);
  fail_unless (gst_element_query (source, query));
  gst_query_parse_latency (query, &live, NULL, NULL);
  fail_unless (live);
  gst_query_unref (query);
  fail_if (gst_element_seek_simple (
      pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  gst_element_seek_simple (source, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
  send_heap (1, 0, 10, 1);
  check_samples (next_buffer (), 10, 1);
  stop_source ();
}
GST_END_TEST;

/* -- when nobody takes ----------------------------------------------------------------------- */

/* Of heaps that arrive one after another each is too young for the one before. */
GST_START_TEST (time_bounds_the_queue)
{
  gulong probe = start_blocked ("max-size-time=1 leaky=downstream");
  guint i;

  for (i = 3; i < 8; i++) {
    send_heap (i, 10 * i, 10, i);
    wait_until (counter ("heaps-complete") == i);
    wait_until (counter ("heaps-dropped-queue") == i - 3);
  }
  unblock (probe);
  check_samples (next_buffer (), 10, 2);
  check_samples (next_buffer (), 10, 7);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_full_queue_drops_what_arrives_and_counts_it)
{
  gulong probe = start_blocked ("max-size-buffers=2 leaky=upstream");
  guint i;

  for (i = 3; i < 8; i++)
    send_heap (i, 10 * i, 10, i);
  wait_until (counter ("heaps-dropped-queue") == 3);
  unblock (probe);
  for (i = 2; i < 5; i++)
    check_samples (next_buffer (), 10, i);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_receiving_thread_says_that_it_has_started)
{
  gboolean found = FALSE;

  start_source ("", NULL);
  while (!found) {
    GstMessage *message = next_message (GST_MESSAGE_STREAM_STATUS);
    const GValue *object = gst_message_get_stream_status_object (message);
    GstStreamStatusType type;

    /* The other one is the task of the streaming thread. */
    found = object && G_VALUE_HOLDS (object, GST_TYPE_G_THREAD);
    if (found) {
      gst_message_parse_stream_status (message, &type, NULL);
      fail_unless_equals_int (type, GST_STREAM_STATUS_TYPE_ENTER);
      fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (source));
    }
    gst_message_unref (message);
  }
  stop_source ();
}
GST_END_TEST

static Suite *
spead2src_suite (void)
{
  Suite *suite = suite_create ("spead2src");
  TCase *tc = tcase_create ("spead2src");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, what_spead2sink_sends_arrives_and_ends_the_stream);
  tcase_add_test (tc, a_described_item_has_the_caps_of_its_type);
  tcase_add_test (tc, heaps_without_a_descriptor_are_bytes);
  tcase_add_test (tc, packets_in_any_order_make_the_heap);
  tcase_add_test (tc, the_item_lies_at_a_boundary_of_64_bytes);
  tcase_add_test (tc, values_of_other_items_are_on_the_buffer);
  tcase_add_test (tc, a_heap_without_the_item_is_dropped_and_counted);
  tcase_add_test (
      tc, without_a_descriptor_and_with_caps_that_need_one_heaps_are_dropped);
  tcase_add_test (tc, a_descriptor_that_never_comes_is_an_error);
  tcase_add_test (tc, caps_that_downstream_refuses_are_an_error);
  tcase_add_test (tc, a_stop_heap_can_be_ignored);
  tcase_add_test (tc, the_last_of_several_stop_heaps_ends_the_stream);
  tcase_add_test (tc, an_eos_event_ends_the_stream);
  tcase_add_test (tc, num_buffers_counts_buffers);
  tcase_add_test (
      tc, paused_has_no_data_and_what_came_before_playing_is_discarded);
  tcase_add_test (tc, heaps_that_arrive_in_a_pause_come_after_it);
  tcase_add_test (tc, heaps_that_arrive_in_a_pause_and_go_nowhere_are_counted);
  tcase_add_test (tc, it_starts_again_after_ready_and_after_null);
  tcase_add_test (tc, port_0_reads_as_the_port_that_was_chosen);
  tcase_add_test (tc, a_port_that_is_taken_is_an_error);
  tcase_add_test (tc, properties_are_fixed_in_paused);
  tcase_add_test (tc, a_socket_is_freed_without_a_lock);
  tcase_add_loop_test (
      tc, a_uri_sets_address_port_and_options, 0, G_N_ELEMENTS (uris));
  tcase_add_test (tc, nothing_arriving_is_a_message);
  tcase_add_test (tc, the_duration_of_a_buffer_is_latency);
  tcase_add_test (tc, it_is_live_and_cannot_seek);
  tcase_add_test (tc, time_bounds_the_queue);
  tcase_add_test (tc, a_full_queue_drops_what_arrives_and_counts_it);
  tcase_add_test (tc, a_receiving_thread_says_that_it_has_started);
  return suite;
}

GST_CHECK_MAIN (spead2src);
