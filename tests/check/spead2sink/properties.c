/* spead2sink's properties: what each does, when it may change, and the URI that
 * carries them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sinkfixture.h"

/* -- URI ----------------------------------------------------------------------- */

static gchar *
get_uri (GstElement *element)
{
  return gst_uri_handler_get_uri (GST_URI_HANDLER (element));
}

static void
assert_uri (GstElement *element, const gchar *expected)
{
  gchar *uri = get_uri (element);

  fail_unless_equals_string (uri, expected);
  g_free (uri);
  g_object_get (element, "uri", &uri, NULL);
  fail_unless_equals_string (uri, expected);
  g_free (uri);
}

/* An element nobody has touched. */
static GstElement *
new_sink (void)
{
  return gst_object_ref_sink (gst_element_factory_make ("spead2sink", NULL));
}

GST_START_TEST (the_uri_of_a_new_element_is_where_it_sends)
{
  GstElement *element = new_sink ();

  assert_uri (element, "spead://127.0.0.1:8888");
  g_object_set (element, "host", "239.1.2.3", "port", 7148, NULL);
  assert_uri (element, "spead://239.1.2.3:7148");
  g_object_set (element, "host", "ff02::1", NULL);
  assert_uri (element, "spead://[ff02::1]:7148");
  gst_object_unref (element);
}

GST_END_TEST;

/* Every property that a text can say, with a value that is not its default. */
static const gchar *const others[][2] = {
    {"async", "false"},
    {"bind-address", "127.0.0.2"},
    {"bind-port", "7149"},
    {"blocksize", "100"},
    {"buffer-size", "65536"},
    {"burst-rate-ratio", "1.5"},
    {"burst-size", "9000000000"},
    {"close-socket", "false"},
    {"cpu-affinity", "0-2,5"},
    {"descriptor-cnt-start", "3"},
    {"descriptor-cnt-step", "2"},
    {"descriptor-interval", "5000000000"},
    {"descriptor-destinations", "first"},
    {"descriptors", "own-heap"},
    {"destination-item", "beam"},
    {"destination-rule", "all"},
    {"destinations", "10.1.1.1:7148,[ff15::1]+3:7148"},
    {"enable-last-sample", "true"},
    {"first-sample", "281474976710655"},
    {"gso", "off"},
    {"heap-address-bits", "48"},
    {"heap-cnt-per-destination", "true"},
    {"heap-cnt-start", "2"},
    {"heap-cnt-step", "3"},
    {"heap-size", "8000"},
    {"host", "2001:db8::1"},
    {"index-source", "count"},
    {"interleave", "16"},
    {"items", "a,id=0x1000,value=\"x&y=z%\"; p,id=7,value=payload"},
    {"loop", "false"},
    {"max-bitrate", "7"},
    {"max-heaps", "17"},
    {"max-lateness", "20"},
    {"max-packet-size", "8972"},
    {"multicast-iface", "a b&c=d%"},
    {"on-error", "fail"},
    {"packet-split", "balanced"},
    {"payload-per-packet", "1024"},
    {"port", "1"},
    {"processing-deadline", "5"},
    {"qos", "true"},
    {"qos-dscp", "46"},
    {"quiet", "true"},
    {"rate", "125000000.5"},
    {"remainder", "pad"},
    {"render-delay", "3"},
    {"repeat-pointers", "true"},
    {"sample-bits", "10"},
    {"sample-rate", "3200000000"},
    {"sample-rate-denominator", "27"},
    {"send-start-heap", "true"},
    {"send-stop-heap", "false"},
    {"send-threads", "3"},
    {"signal-heaps", "true"},
    {"start-alignment", "4096"},
    {"start-time", "1700000000000000001"},
    {"stats-interval", "3600000000000"},
    {"sync", "true"},
    {"sync-epoch", "1700000000000000000"},
    {"throttle-time", "9"},
    {"ts-offset", "-5"},
    {"ttl", "3"},
    {"ttl-mc", "4"},
    {"zero-copy", "off"},
};

static gboolean
is_among_others (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_str_equal (others[i][0], name))
      return TRUE;
  return FALSE;
}

GST_START_TEST (a_uri_carries_every_property_that_a_text_can_say)
{
  static const gchar *const left[] = {"name", "parent", "socket", "uri", NULL};
  GstElement *first = new_sink (), *second = new_sink ();
  guint n;
  GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (first), &n);
  gchar *uri;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    gst_util_set_object_arg (G_OBJECT (first), others[i][0], others[i][1]);
  uri = get_uri (first);
  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (second), uri, NULL));

  for (guint i = 0; i < n; i++) {
    GValue a = G_VALUE_INIT, b = G_VALUE_INIT;

    if (!(specs[i]->flags & G_PARAM_WRITABLE) ||
        g_strv_contains (left, specs[i]->name))
      continue;
    fail_unless (is_among_others (specs[i]->name), "%s", specs[i]->name);
    g_value_init (&a, specs[i]->value_type);
    g_value_init (&b, specs[i]->value_type);
    g_object_get_property (G_OBJECT (first), specs[i]->name, &a);
    g_object_get_property (G_OBJECT (second), specs[i]->name, &b);
    fail_if (g_param_value_defaults (specs[i], &a) &&
            !g_str_equal (specs[i]->name, "sync") &&
            !g_str_equal (specs[i]->name, "enable-last-sample"),
        "%s", specs[i]->name);
    fail_unless (g_param_values_cmp (specs[i], &a, &b) == 0, "%s of %s",
        specs[i]->name, uri);
    g_value_unset (&a);
    g_value_unset (&b);
  }

  g_free (specs);
  g_free (uri);
  gst_object_unref (first);
  gst_object_unref (second);
}

GST_END_TEST;

GST_START_TEST (options_that_a_uri_does_not_name_stay)
{
  GstElement *element = new_sink ();

  g_object_set (element, "ttl", 5, NULL);
  fail_unless (gst_uri_handler_set_uri (
      GST_URI_HANDLER (element), "spead://10.0.0.1?ttl-mc=2", NULL));
  assert_uri (element, "spead://10.0.0.1:8888?ttl=5&ttl-mc=2");
  gst_object_unref (element);
}

GST_END_TEST;

static const struct {
  const gchar *set, *destinations, *get;
} lists[] = {
    {"spead://239.2.1.150+15:7148", "239.2.1.150+15:7148",
        "spead://239.2.1.150+15:7148"},
    {"spead://239.2.1.150+15:7148?ttl-mc=4", "239.2.1.150+15:7148",
        "spead://239.2.1.150+15:7148?ttl-mc=4"},
    {"spead://239.2.1.150+15", "239.2.1.150+15",
        "spead://127.0.0.1:8888?destinations=239.2.1.150%2B15"},
    {"spead://127.0.0.1?destinations=10.1.1.1:1,10.1.1.2:2",
        "10.1.1.1:1,10.1.1.2:2",
        "spead://127.0.0.1:8888?destinations=10.1.1.1:1%2C10.1.1.2:2"},
    {"spead://127.0.0.1?destinations=[ff15::1]%2B3:7148", "[ff15::1]+3:7148",
        "spead://127.0.0.1:8888?destinations=%5Bff15::1%5D%2B3:7148"},
    {"spead://127.0.0.2:5", NULL, "spead://127.0.0.2:5"},
};

/* The element has a list before, which a URI with one host replaces. */
GST_START_TEST (a_uri_has_a_range_in_front_or_a_list_as_an_option)
{
  GstElement *element = new_sink ();
  gchar *list;

  g_object_set (element, "destinations", "127.0.0.1:1,127.0.0.1:2", NULL);
  fail_unless (gst_uri_handler_set_uri (
      GST_URI_HANDLER (element), lists[__i__].set, NULL));
  g_object_get (element, "destinations", &list, NULL);
  fail_unless_equals_string (list, lists[__i__].destinations);
  g_free (list);
  assert_uri (element, lists[__i__].get);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (an_element_is_made_from_a_uri)
{
  GError *error = NULL;
  GstElement *element = gst_element_make_from_uri (
      GST_URI_SINK, "spead://127.0.0.1:7148?rate=1e6", NULL, &error);

  fail_unless (element != NULL, "%s", error ? error->message : "");
  fail_unless_equals_string (
      GST_OBJECT_NAME (gst_element_get_factory (element)), "spead2sink");
  assert_uri (element, "spead://127.0.0.1:7148?rate=1000000");
  gst_object_unref (gst_object_ref_sink (element));
}

GST_END_TEST;

GST_START_TEST (a_pipeline_sends_where_its_uri_says)
{
  gchar *text =
      g_strdup_printf ("fakesrc num-buffers=3 filltype=zero sizetype=fixed "
                       "sizemax=2000 ! spead2sink name=sender "
                       "uri=\"spead://127.0.0.1:%u?max-packet-size="
                       "200\"",
          fake_receiver_port (receiver));

  launch (text);
  g_free (text);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  fail_unless (fake_receiver_wait (receiver, 5000));
  fail_unless_equals_int (fake_receiver_n_complete (receiver), 4);
  fail_unless_equals_int (
      g_array_index (fake_receiver_heap (receiver, 1)->packets, FakePacket, 0)
          .size,
      200);
  /* gst-check waits for streaming threads before the teardown. */
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static const struct {
  const gchar *uri, *words;
} bad_uris[] = {
    {"", "'' is not a SPEAD URI"},
    {"127.0.0.1:8888", "does not begin with spead://"},
    {"udp://127.0.0.1:8888", "does not begin with spead://"},
    {"spead://", "names no host"},
    {"spead://:8888", "names no host"},
    {"spead://127.0.0.1:70000", "not a SPEAD URI"},
    {"spead://127.0.0.1:port", "not a SPEAD URI"},
    {"spead://127.0.0.1:8888/stream", "a user, a path or a fragment"},
    {"spead://me@127.0.0.1:8888", "a user, a path or a fragment"},
    {"spead://127.0.0.1:8888#1", "a user, a path or a fragment"},
    {"spead://127.0.0.1?ttl=2&rat=1e6", "no option 'rat'"},
    {"spead://127.0.0.1?ttl=2&port=1", "'port' cannot be an option"},
    {"spead://127.0.0.1?ttl=2&host=1.2.3.4", "host and port stand in front"},
    {"spead://127.0.0.1?ttl=2&uri=x", "'uri' cannot be an option: it is this"},
    {"spead://127.0.0.1?name=x", "'name' cannot be an option: it is about the"},
    {"spead://127.0.0.1?name=", "'name' cannot be an option: it is about the"},
    {"spead://127.0.0.1?ttl=2&parent=x", "'parent' cannot be an option: it is"},
    {"spead://127.0.0.1?ttl=2&socket=x",
        "'socket' cannot be an option: no text"},
    {"spead://127.0.0.1?ttl=2&stats=x", "'stats' cannot be an option: no text"},
    {"spead://127.0.0.1?=2", "an option has no name"},
    {"spead://127.0.0.1?ttl=2&&loop=false", "not name=value"},
    {"spead://127.0.0.1?ttl=", "Option 'ttl' has no value"},
    {"spead://127.0.0.1?on-error=&ttl=2", "Option 'on-error' has no value"},
    {"spead://239.2.1.150,239.2.1.151:7148", "is several addresses"},
    {"spead://127.0.0.1%20:7148", "has a blank in it"},
    {"spead://10.1:7148", "an address has four numbers"},
    {"spead://[::1", "not a SPEAD URI"},
    {"spead://::1", "not a SPEAD URI"},
    {"spead:127.0.0.1:8888", "does not begin with spead://"},
    {"spead://127.0.0.1?ttl=2&rate", "not name=value"},
    {"spead://127.0.0.1?ttl=2&rate=fast", "'fast' is not a value of rate"},
    {"spead://127.0.0.1?ttl=2&ttl-mc=256", "its limit is 255"},
    {"spead://127.0.0.1?ttl=2&rate=-1", "its limit is 0"},
    {"spead://127.0.0.1?ttl=2&on-error=panic", "'panic' is not a value"},
    {"spead://127.0.0.1?ttl=2&loop=maybe", "'maybe' is not a value"},
    {"spead://127.0.0.1?ttl=2&ttl=3", "'ttl' stands there twice"},
    {"spead://127.0.0.1?ttl=2&bind-address=%zz", "Invalid %-encoding"},
};

GST_START_TEST (a_uri_with_a_mistake_is_refused_in_words_and_sets_nothing)
{
  GError *error = NULL;

  fail_if (gst_uri_handler_set_uri (
      GST_URI_HANDLER (sink), bad_uris[__i__].uri, &error));
  fail_unless (error->domain == GST_URI_ERROR);
  g_error_free (error);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);

  /* A property cannot answer: the element says it when it starts. */
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (sink, "port", 8888, "uri", bad_uris[__i__].uri, NULL);
  assert_uri (sink, "spead://127.0.0.1:8888");
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, bad_uris[__i__].words);

  /* The next text makes it good. */
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (sink, "uri", "spead://127.0.0.1?rate=1e6", NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
}

GST_END_TEST;

GST_START_TEST (a_uri_cannot_change_while_it_is_in_use)
{
  GError *error = NULL;

  play (CAPS_S8);
  fail_if (gst_uri_handler_set_uri (
      GST_URI_HANDLER (sink), "spead://127.0.0.1:7148", &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE));
  g_error_free (error);
  push (1000, 0, 0);
  finish ();
}

GST_END_TEST;

/* -- when they may change ---------------------------------------------------------- */

static GParamSpec **
list_own (guint *n)
{
  GParamSpec **all =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (sink), n);
  guint own = 0;

  for (guint i = 0; i < *n; i++)
    if (all[i]->owner_type == G_OBJECT_TYPE (sink))
      all[own++] = all[i];
  *n = own;
  return all;
}

GST_START_TEST (every_property_says_when_it_may_change)
{
  guint n;
  GParamSpec **own = list_own (&n);

  fail_unless (n > 20);
  for (guint i = 0; i < n; i++) {
    gboolean ready = (own[i]->flags & GST_PARAM_MUTABLE_READY) != 0;
    gboolean playing = (own[i]->flags & GST_PARAM_MUTABLE_PLAYING) != 0;

    if (own[i]->flags & G_PARAM_WRITABLE)
      fail_unless (ready != playing, "%s", own[i]->name);
  }
  g_free (own);
}

GST_END_TEST;

/* Sets a property to its value of the table above; TRUE when it took it. */
static gboolean
change (GParamSpec *spec)
{
  GValue before = G_VALUE_INIT, after = G_VALUE_INIT;
  gboolean changed;

  g_value_init (&before, spec->value_type);
  g_value_init (&after, spec->value_type);
  g_object_get_property (G_OBJECT (sink), spec->name, &before);
  if (g_str_equal (spec->name, "uri")) {
    g_object_set (sink, "uri", "spead://127.0.0.1:7148", NULL);
  } else if (g_str_equal (spec->name, "socket")) {
    GSocket *socket =
        g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, 0, NULL);

    g_object_set (sink, "socket", socket, NULL);
    g_object_unref (socket);
  } else {
    for (guint i = 0; i < G_N_ELEMENTS (others); i++)
      if (g_str_equal (others[i][0], spec->name))
        gst_util_set_object_arg (G_OBJECT (sink), others[i][0], others[i][1]);
  }
  g_object_get_property (G_OBJECT (sink), spec->name, &after);
  changed = g_param_values_cmp (spec, &before, &after) != 0;
  g_value_unset (&before);
  g_value_unset (&after);
  return changed;
}

/* 0: in PLAYING. 1: in PAUSED. */
GST_START_TEST (what_may_not_change_in_use_is_refused_in_words)
{
  guint n;
  GParamSpec **own = list_own (&n);

  play (CAPS_S8);
  push (1000, 0, 0);
  if (__i__ == 1)
    gst_element_set_state (pipeline, GST_STATE_PAUSED);

  for (guint i = 0; i < n; i++) {
    gchar *words;

    if (!(own[i]->flags & G_PARAM_WRITABLE))
      continue;
    if (own[i]->flags & GST_PARAM_MUTABLE_PLAYING) {
      fail_unless (change (own[i]), "%s", own[i]->name);
      assert_no_message (GST_MESSAGE_WARNING);
      continue;
    }
    fail_if (change (own[i]), "%s", own[i]->name);
    words = g_strdup_printf ("%s cannot change", own[i]->name);
    assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, words);
    g_free (words);
  }
  g_free (own);
}

GST_END_TEST;

/* 0: on the way up. 1: on the way down. */
GST_START_TEST (everything_may_change_in_ready)
{
  guint n;
  GParamSpec **own = list_own (&n);

  if (__i__ == 1)
    play (CAPS_S8);
  gst_element_set_state (pipeline, GST_STATE_READY);
  for (guint i = 0; i < n; i++)
    if (own[i]->flags & G_PARAM_WRITABLE)
      fail_unless (change (own[i]), "%s", own[i]->name);
  assert_no_message (GST_MESSAGE_WARNING);
  g_free (own);
}

GST_END_TEST;

GST_START_TEST (a_lower_rate_counts_from_the_next_burst_on)
{
  FaultsMessage first, last;

  g_object_set (sink, "burst-size", G_GUINT64_CONSTANT (1000), NULL);
  play (CAPS_S8);
  push (50000, 0, 0);
  drain ();
  g_object_set (sink, "rate", 500000.0, NULL);
  push (50000, 50000, 50000);
  drain ();
  finish ();

  /* All messages of the second heap, but for the last burst: 98 ms. */
  for (gsize i = 0; faults_message (i, &last); i++)
    if (last.bytes > 2000)
      faults_message (i + 1, &first);
  faults_message (faults_n_messages () - 2, &last);
  fail_unless (last.time - first.time > 80 * GST_MSECOND, "%" G_GUINT64_FORMAT,
      last.time - first.time);
  fail_unless (counter ("pacing-error-max") >= counter ("pacing-error-mean"));
  fail_unless (counter ("pacing-error-max") > 0);
}

GST_END_TEST;

GST_START_TEST (a_higher_rate_ends_a_slow_heap)
{
  g_object_set (sink, "rate", 10.0, "max-packet-size", 1472, NULL);
  play (CAPS_S8);
  push (1000000, 0, 0); /* 28 hours, and 147 s to the second packet */
  wait_until (faults_n_messages () > 0);
  g_object_set (sink, "rate", 0.0, NULL);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 1000000, 0);
}

GST_END_TEST;

/* An application's mistake while it plays: nothing stops for it. */
GST_START_TEST (a_rate_that_cannot_be_is_refused_while_it_plays)
{
  gdouble rate;

  g_object_set (sink, "rate", 1e6, NULL);
  play (CAPS_S8);
  g_object_set (sink, "rate", 0.5, NULL);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "rate=0.5: must be 0 (no limit) or at least 1 byte per second");
  g_object_get (sink, "rate", &rate, NULL);
  fail_unless_equals_float (rate, 1e6);
  push (1000, 0, 0);
  finish ();
}

GST_END_TEST;

/* -- where the index comes from ---------------------------------------------------------- */

static const struct {
  const gchar *source, *caps;
  guint64 timestamps[3]; /* of buffers of 100 bytes with offset 500, none, 50 */
} sources[] = {
    {"auto", CAPS_S8, {500, 600, 50}},
    {"auto", "video/x-raw,format=GRAY8,width=10,height=10,framerate=1/1",
        {0, 100, 200}},
    {"offset", CAPS_S8, {500, 600, 50}},
    {"offset", "video/x-raw,format=GRAY8,width=10,height=10,framerate=1/1",
        {500, 600, 50}},
    {"count", CAPS_S8, {0, 100, 200}},
    {"count", "application/octet-stream", {0, 100, 200}},
};

GST_START_TEST (index_source_says_where_the_timestamp_comes_from)
{
  static const guint64 offsets[] = {500, GST_BUFFER_OFFSET_NONE, 50};

  gst_util_set_object_arg (
      G_OBJECT (sink), "index-source", sources[__i__].source);
  play (sources[__i__].caps);
  for (guint i = 0; i < 3; i++)
    push (100, i * 100, offsets[i]);
  finish ();
  decode ();
  for (guint i = 0; i < 3; i++)
    assert_timestamp (whole_heap (i), sources[__i__].timestamps[i]);
}

GST_END_TEST;

GST_START_TEST (a_gap_advances_the_counted_index)
{
  play (CAPS_S8);
  push (100, 0, GST_BUFFER_OFFSET_NONE);
  /* 48000 frames a second. */
  gst_pad_push_event (pad, gst_event_new_gap (0, GST_SECOND / 2));
  push (100, 100, GST_BUFFER_OFFSET_NONE);
  gst_pad_push_event (pad, gst_event_new_gap (0, GST_CLOCK_TIME_NONE));
  push (100, 200, GST_BUFFER_OFFSET_NONE);
  finish ();
  decode ();
  assert_timestamp (whole_heap (0), 0);
  assert_timestamp (whole_heap (1), 24100);
  assert_timestamp (whole_heap (2), 24200);
  assert_stop_heap (3, 4);
}

GST_END_TEST;

GST_START_TEST (buffers_of_lists_are_counted_one_by_one)
{
  play (CAPS_S8);
  for (guint round = 0; round < 2; round++) {
    GstBufferList *list = gst_buffer_list_new ();

    for (guint i = 0; i < 3; i++)
      gst_buffer_list_add (list, make_buffer (100, 0, GST_BUFFER_OFFSET_NONE));
    fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
  }
  push (100, 0, GST_BUFFER_OFFSET_NONE);
  finish ();
  decode ();
  for (guint i = 0; i < 7; i++)
    assert_timestamp (whole_heap (i), i * 100);
}

GST_END_TEST;

GST_START_TEST (an_offset_that_jumps_over_a_gap_is_no_jump)
{
  play (CAPS_S8);
  push (100, 0, 0);
  gst_pad_push_event (pad, gst_event_new_gap (0, GST_SECOND));
  push (100, 100, 48100);
  finish ();
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

static Suite *
sinkproperties_suite (void)
{
  Suite *s = suite_create ("sinkproperties");
  TCase *tc = tcase_create ("sinkproperties");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, the_uri_of_a_new_element_is_where_it_sends);
  tcase_add_test (tc, a_uri_carries_every_property_that_a_text_can_say);
  tcase_add_test (tc, options_that_a_uri_does_not_name_stay);
  tcase_add_loop_test (tc, a_uri_has_a_range_in_front_or_a_list_as_an_option, 0,
      G_N_ELEMENTS (lists));
  tcase_add_test (tc, an_element_is_made_from_a_uri);
  tcase_add_test (tc, a_pipeline_sends_where_its_uri_says);
  tcase_add_loop_test (tc,
      a_uri_with_a_mistake_is_refused_in_words_and_sets_nothing, 0,
      G_N_ELEMENTS (bad_uris));
  tcase_add_test (tc, a_uri_cannot_change_while_it_is_in_use);
  tcase_add_test (tc, every_property_says_when_it_may_change);
  tcase_add_loop_test (
      tc, what_may_not_change_in_use_is_refused_in_words, 0, 2);
  tcase_add_loop_test (tc, everything_may_change_in_ready, 0, 2);
  tcase_add_test (tc, a_lower_rate_counts_from_the_next_burst_on);
  tcase_add_test (tc, a_higher_rate_ends_a_slow_heap);
  tcase_add_test (tc, a_rate_that_cannot_be_is_refused_while_it_plays);
  tcase_add_loop_test (tc, index_source_says_where_the_timestamp_comes_from, 0,
      G_N_ELEMENTS (sources));
  tcase_add_test (tc, a_gap_advances_the_counted_index);
  tcase_add_test (tc, buffers_of_lists_are_counted_one_by_one);
  tcase_add_test (tc, an_offset_that_jumps_over_a_gap_is_no_jump);
  return s;
}

GST_CHECK_MAIN (sinkproperties);
