/* spead2src: what buffers are, by descriptors, properties and downstream.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

/* The caps of what comes next. */
static GstCaps *
next_caps (void)
{
  GstEvent *event = next_event (GST_EVENT_CAPS);
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  gst_caps_ref (caps);
  gst_event_unref (event);
  return caps;
}

static void
check_caps (const gchar *text)
{
  GstCaps *caps = next_caps (), *expected = gst_caps_from_string (text);

  fail_unless (gst_caps_is_equal (caps, expected), "caps are %s, not %s",
      gst_caps_to_string (caps), text);
  gst_caps_unref (caps);
  gst_caps_unref (expected);
}

/* -- properties ---------------------------------------------------------------------- */

/* Of heaps of 96 bytes, without a descriptor. */
static const struct {
  const gchar *properties;
  const gchar *rest;
  const gchar *caps;
  guint64 n_samples; /* OFFSET_END of the first */
} types[] = {
    {"dtype=|i1", NULL, "application/x-spead-item, dtype=\"|i1\", shape=<-1>",
        96},
    {"dtype=int8 sample-rate=1000", NULL,
        "audio/x-raw, format=S8, layout=interleaved, channels=1, rate=1000",
        96},
    {"dtype=<i2 shape=(-1,3) sample-rate=1000", NULL,
        "audio/x-raw, format=S16LE, layout=interleaved, channels=3, rate=1000, "
        "channel-mask=(bitmask)0",
        16},
    {"dtype=<c8", NULL, "application/x-spead-item, dtype=\"<c8\", shape=<-1>",
        12},
    {"dtype=\"[('re','i1'),('im','i1')]\" sample-rate=7", NULL,
        "application/x-spead-item, "
        "dtype=\"[('re','|i1'),('im','|i1')]\", shape=<-1>, rate=7",
        48},
    {"sample-bits=12 shape=(-1,2)", NULL,
        "application/octet-stream, sample-bits=12, channels=2", 32},
    {"sample-bits=16 sample-rate=1000", NULL,
        "audio/x-raw, format=S16BE, layout=interleaved, channels=1, rate=1000",
        48},
    {"caps=\"audio/x-raw, format=S8, layout=interleaved, channels=1\" "
     "sample-rate=1000",
        NULL,
        "audio/x-raw, format=S8, layout=interleaved, channels=1, rate=1000",
        96},
    /* The element behind gives the rate, or takes packed samples only. */
    {"dtype=int8", "audio/x-raw,rate=1712000000 ! fakesink",
        "audio/x-raw, format=S8, layout=interleaved, channels=1, "
        "rate=1712000000",
        96},
    {"dtype=int8", "audioconvert ! audio/x-raw,format=F32LE,rate=64 ! fakesink",
        "audio/x-raw, format=S8, layout=interleaved, channels=1, rate=64", 96},
    {"sample-bits=16 sample-rate=1000", "application/octet-stream ! fakesink",
        "application/octet-stream, sample-bits=16, channels=1, rate=1000", 48},
};

GST_START_TEST (properties_and_downstream_give_the_type)
{
  GstBuffer *buffer;

  start_source (types[__i__].properties, types[__i__].rest);
  send_heap (1, 0, 96, 5);
  check_caps (types[__i__].caps);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (
      GST_BUFFER_OFFSET_END (buffer), types[__i__].n_samples);
  check_samples (buffer, 96, 5);
  stop_source ();
}
GST_END_TEST;

/* Described as 100 bytes. */
GST_START_TEST (a_dtype_and_a_shape_override_the_descriptor)
{
  static const struct {
    const gchar *properties, *caps;
  } cases[] = {
      {"", "application/x-spead-item, dtype=\"|u1\", shape=<100>"},
      {"dtype=>i2", "application/x-spead-item, dtype=\">i2\", shape=<-1>"},
      {"shape=(-1,10)",
          "application/x-spead-item, dtype=\"|u1\", shape=<-1, 10>"},
      {"dtype=>i2 shape=(5,10)",
          "application/x-spead-item, dtype=\">i2\", shape=<5, 10>"},
      {"sample-bits=10",
          "application/octet-stream, sample-bits=10, channels=1"},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = NULL;
    GstElement *sending;

    start_source (cases[i].properties, NULL);
    text = g_strdup_printf ("fakesrc num-buffers=1 sizetype=fixed sizemax=100 "
                            "! spead2sink port=%u",
        source_port ());
    sending = gst_parse_launch (text, NULL);
    gst_element_set_state (sending, GST_STATE_PLAYING);
    check_caps (cases[i].caps);
    gst_buffer_unref (next_buffer ());
    gst_element_set_state (sending, GST_STATE_NULL);
    gst_object_unref (sending);
    stop_source ();
  }
}
GST_END_TEST;

GST_START_TEST (a_heap_that_is_too_short_for_its_shape_is_dropped_and_counted)
{
  GstMessage *message;
  GError *error;

  start_source ("dtype=|i1 shape=(10,2)", NULL);
  send_heap (1, 0, 19, 0);
  message = next_message (GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE));
  g_error_free (error);
  gst_message_unref (message);
  wait_until (counter ("heaps-dropped-wrong-size") == 1);
  /* What is behind the item's elements is no part of it. */
  send_heap (2, 0, 21, 0);
  check_samples (next_buffer (), 20, 0);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* Caps hold no such rate, and durations do. */
GST_START_TEST (a_rate_above_that_of_caps_gives_durations)
{
  GstBuffer *buffer;

  start_source ("dtype=|i1 sample-rate=3200000000", NULL);
  send_heap (1, 0, 64, 0);
  check_caps ("application/x-spead-item, dtype=\"|i1\", shape=<-1>");
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), 20);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* -- errors --------------------------------------------------------------------------- */

/* Each names both. */
static const struct {
  const gchar *properties;
  const gchar *words[2];
} conflicts[] = {
    {"dtype=|i1 sample-bits=8", {"dtype=|i1", "sample-bits=8"}},
    {"caps=audio/x-raw dtype=|i1", {"caps", "dtype"}},
    {"caps=audio/x-raw shape=(2)", {"caps", "shape"}},
    {"caps=audio/x-raw sample-bits=10", {"caps", "sample-bits"}},
    {"caps=audio/x-raw,rate=7 sample-rate=8", {"rate=7/1", "sample-rate=8/1"}},
    {"caps=ANY", {"caps=ANY", "caps=EMPTY"}},
    {"dtype=what", {"dtype=what", "numpy"}},
    {"shape=(a)", {"shape=(a)", "(1024,2)"}},
};

GST_START_TEST (properties_that_contradict_each_other_are_an_error)
{
  GstMessage *message;
  GError *error;
  guint i;

  make_source (conflicts[__i__].properties, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  message = next_message (GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  for (i = 0; i < 2; i++)
    fail_unless (strstr (error->message, conflicts[__i__].words[i]) != NULL,
        "no %s in: %s", conflicts[__i__].words[i], error->message);
  g_error_free (error);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

/* The filter's rate, and another one. */
GST_START_TEST (a_rate_that_downstream_does_not_take_is_an_error)
{
  GstMessage *message;
  GError *error;
  gchar *debug;

  start_source ("dtype=|i1 sample-rate=8", "audio/x-raw,rate=7 ! fakesink");
  send_heap (1, 0, 64, 0);
  message = next_message (GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, &debug);
  fail_unless (
      g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE));
  fail_unless (strstr (debug, "rate=(int)8") && strstr (debug, "rate=(int)7"),
      "%s", debug);
  g_free (debug);
  g_error_free (error);
  gst_message_unref (message);
  stop_source ();
}
GST_END_TEST;

/* -- the index ------------------------------------------------------------------------- */

/* A descriptor of the timestamp: a byte, of which the first heap knows nothing. */
static void
describe_timestamp (void)
{
  static const gchar header[] =
      "{'descr': '|u1', 'fortran_order': False, 'shape': ()}";
  g_autofree Packet *inner = g_new0 (Packet, 1);
  g_autofree Packet *packet = g_new0 (Packet, 1);

  packet_standard (inner, 1, strlen (header), 0, strlen (header));
  packet_immediate (inner, 0x14, TIMESTAMP);
  packet_addressed (inner, 0x15, 0);
  packet_payload (inner, header, strlen (header));
  packet_standard (packet, 1000, inner->size, 0, inner->size);
  packet_addressed (packet, DESCRIPTOR, 0);
  packet_payload (packet, inner->bytes, inner->size);
  send_packet (packet);
}

GST_START_TEST (the_index_has_the_type_of_its_last_descriptor)
{
  static const guint64 sent[] = {0x100, 0x5000164}, index[] = {256, 356};
  GstBuffer *buffer;
  guint i;

  start_source ("sample-bits=8", NULL);
  for (i = 0; i < G_N_ELEMENTS (sent); i++) {
    send_heap (i + 1, sent[i], 100, 0);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), index[i]);
    gst_buffer_unref (buffer);
    if (i == 0)
      describe_timestamp ();
  }
  fail_unless_equals_uint64 (counter ("heaps-control"), 1);
  stop_source ();
}
GST_END_TEST;

static Suite *
types_suite (void)
{
  Suite *suite = suite_create ("types");
  TCase *tc = tcase_create ("types");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_loop_test (
      tc, properties_and_downstream_give_the_type, 0, G_N_ELEMENTS (types));
  tcase_add_test (tc, a_dtype_and_a_shape_override_the_descriptor);
  tcase_add_test (
      tc, a_heap_that_is_too_short_for_its_shape_is_dropped_and_counted);
  tcase_add_test (tc, a_rate_above_that_of_caps_gives_durations);
  tcase_add_loop_test (tc, properties_that_contradict_each_other_are_an_error,
      0, G_N_ELEMENTS (conflicts));
  tcase_add_test (tc, a_rate_that_downstream_does_not_take_is_an_error);
  tcase_add_test (tc, the_index_has_the_type_of_its_last_descriptor);
  return suite;
}

GST_CHECK_MAIN (types);
