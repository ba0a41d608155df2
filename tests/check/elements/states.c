/* All elements through all states, unlinked and with default properties, and what
 * applications may ask of the sink in each of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

static const gchar *const elements[] = {
    "adctestsrc", "spead2sink", "spead2src"};

static GstElement *
make (guint i)
{
  GstElement *element = gst_element_factory_make (elements[i], NULL);

  fail_unless (element != NULL, "there is no %s", elements[i]);
  return element;
}

static void
run (GstElement *element, const GstState *states, guint n_states)
{
  for (guint i = 0; i < n_states; i++)
    fail_if (
        gst_element_set_state (element, states[i]) == GST_STATE_CHANGE_FAILURE,
        "%s does not go to %s", GST_OBJECT_NAME (element),
        gst_element_state_get_name (states[i]));
  fail_unless_equals_int (GST_STATE (element), GST_STATE_NULL);
}

GST_START_TEST (states_go_up_and_down_one_by_one)
{
  static const GstState states[] = {GST_STATE_READY, GST_STATE_PAUSED,
      GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL,
      GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED,
      GST_STATE_READY, GST_STATE_NULL};
  GstElement *element = make (__i__);

  run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (states_are_jumped_up_and_come_down_one_by_one)
{
  static const GstState states[] = {GST_STATE_PLAYING, GST_STATE_PAUSED,
      GST_STATE_READY, GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_PAUSED,
      GST_STATE_READY, GST_STATE_NULL};
  GstElement *element = make (__i__);

  run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (states_go_up_one_by_one_and_are_jumped_down)
{
  static const GstState states[] = {GST_STATE_READY, GST_STATE_PAUSED,
      GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED,
      GST_STATE_PLAYING, GST_STATE_NULL};
  GstElement *element = make (__i__);

  run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (states_are_jumped_up_and_down_many_times)
{
  static const GstState states[] = {GST_STATE_PLAYING, GST_STATE_NULL};
  GstElement *element = make (__i__);

  for (guint i = 0; i < 50; i++)
    run (element, states, G_N_ELEMENTS (states));
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (an_element_that_never_ran_is_freed)
{
  GstElement *element = make (__i__);

  ASSERT_OBJECT_REFCOUNT (element, elements[__i__], 1);
  gst_object_unref (element);
}

GST_END_TEST;

/* -- events, queries and signals in every state ------------------------------------ */

/* Where an element is. */
typedef enum {
  AT_NULL,
  AT_NULL_AFTER_A_FAILED_START,
  AT_READY,
  AT_READY_AFTER_A_FAILED_START,
  AT_PAUSED, /* no data have come: on the way there, and to PLAYING */
  AT_PLAYING,
  N_PLACES
} Place;

static void
fail_to_reach (GstElement *element, GstState state)
{
  fail_unless_equals_int (
      gst_element_set_state (element, state), GST_STATE_CHANGE_FAILURE);
}

/* Breaks the next change of state. */
static void
break_it (GstElement *element, const gchar *state_error)
{
  if (g_object_class_find_property (
          G_OBJECT_GET_CLASS (element), "state-error"))
    gst_util_set_object_arg (G_OBJECT (element), "state-error", state_error);
  else
    g_object_set (element, "items", "payload,id=0x3300", NULL);
}

static GstElement *
make_at (const gchar *factory, Place place)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  switch (place) {
    case AT_NULL:
    case N_PLACES:
      break;
    case AT_NULL_AFTER_A_FAILED_START:
      break_it (element, "null-to-ready");
      fail_to_reach (element, GST_STATE_READY);
      break;
    case AT_READY:
      gst_element_set_state (element, GST_STATE_READY);
      break;
    case AT_READY_AFTER_A_FAILED_START:
      gst_element_set_state (element, GST_STATE_READY);
      break_it (element, "ready-to-paused");
      fail_to_reach (element, GST_STATE_PAUSED);
      break;
    case AT_PAUSED:
      gst_element_set_state (element, GST_STATE_PAUSED);
      break;
    case AT_PLAYING:
      gst_element_set_state (element, GST_STATE_PLAYING);
      break;
  }
  return element;
}

static void
drop_element (GstElement *element)
{
  /* The base class has a step in NULL end there asynchronously. */
  fail_if (gst_element_set_state (element, GST_STATE_NULL) ==
      GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (GST_STATE (element), GST_STATE_NULL);
  gst_object_unref (element);
}

#define N_EVENTS 28

/* NULL: it would wait for PLAYING, as is right. */
static GstEvent *
make_event (guint i, Place place)
{
  GstStructure *structure = gst_structure_new_empty ("anything");
  GstSegment segment;
  GstCaps *caps;
  GstEvent *event;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  if (i >= 20)
    switch (i) {
      case 20:
        return gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, structure);
      case 21:
        return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure);
      case 22:
        return gst_event_new_custom (
            GST_EVENT_CUSTOM_DOWNSTREAM_OOB, structure);
      case 23:
        return gst_event_new_custom (
            GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
      case 24:
        return gst_event_new_custom (GST_EVENT_CUSTOM_BOTH, structure);
      case 25:
        return gst_event_new_custom (GST_EVENT_CUSTOM_BOTH_OOB, structure);
      case 26:
        return gst_event_new_navigation (structure);
      default:
        gst_structure_set_name (structure, "spead2-items");
        return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure);
    }

  gst_structure_free (structure);
  switch (i) {
    case 0:
      return gst_event_new_step (GST_FORMAT_BUFFERS, 1, 1.0, TRUE, FALSE);
    case 1:
      return gst_event_new_step (GST_FORMAT_TIME, 0, 2.0, TRUE, TRUE);
    case 2:
      return gst_event_new_step (GST_FORMAT_BUFFERS, 1, 1.0, FALSE, FALSE);
    case 3:
      return gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
          GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1);
    case 4:
      return gst_event_new_flush_start ();
    case 5:
      return gst_event_new_flush_stop (TRUE);
    case 6:
      return gst_event_new_latency (GST_SECOND);
    case 7:
      return gst_event_new_qos (GST_QOS_TYPE_OVERFLOW, 1.0, 0, 0);
    case 8:
      return gst_event_new_reconfigure ();
    case 9:
      return gst_event_new_stream_start ("test");
    case 10:
      caps = gst_caps_new_empty_simple ("application/octet-stream");
      event = gst_event_new_caps (caps);
      gst_caps_unref (caps);
      return event;
    case 11:
      return gst_event_new_segment (&segment);
    case 12:
      return gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "a", NULL));
    case 13:
      return gst_event_new_buffer_size (GST_FORMAT_BYTES, 1, 2, FALSE);
    case 14:
      return gst_event_new_segment_done (GST_FORMAT_TIME, 0);
    case 15:
      return gst_event_new_stream_group_done (1);
    case 16:
      return gst_event_new_instant_rate_change (2.0, 0);
    case 17:
      return gst_event_new_toc_select ("anything");
    case 18:
      return place == AT_PAUSED ? NULL : gst_event_new_eos ();
    default:
      return place == AT_PAUSED ? NULL : gst_event_new_gap (0, GST_SECOND);
  }
}

/* As with fakesink. */
GST_START_TEST (events_are_taken_or_refused_in_every_state)
{
  for (guint i = 0; i < N_EVENTS; i++) {
    GstElement *fake = make_at ("fakesink", __i__);
    GstElement *element = make_at ("spead2sink", __i__);
    GstEvent *event = make_event (i, __i__);

    if (event)
      fail_unless_equals_int (
          gst_element_send_event (element, gst_event_ref (event)),
          gst_element_send_event (fake, gst_event_ref (event)));
    g_clear_pointer (&event, gst_event_unref);
    drop_element (element);
    drop_element (fake);
  }
}

GST_END_TEST;

#define N_QUERIES 15

static GstQuery *
make_query (guint i, GstCaps *caps)
{
  switch (i) {
    case 0:
      return gst_query_new_position (GST_FORMAT_TIME);
    case 1:
      return gst_query_new_position (GST_FORMAT_BYTES);
    case 2:
      return gst_query_new_duration (GST_FORMAT_TIME);
    case 3:
      return gst_query_new_latency ();
    case 4:
      return gst_query_new_seeking (GST_FORMAT_TIME);
    case 5:
      return gst_query_new_segment (GST_FORMAT_TIME);
    case 6:
      return gst_query_new_convert (GST_FORMAT_TIME, 1, GST_FORMAT_BYTES);
    case 7:
      return gst_query_new_formats ();
    case 8:
      return gst_query_new_buffering (GST_FORMAT_BYTES);
    case 9:
      return gst_query_new_uri ();
    case 10:
      return gst_query_new_allocation (caps, TRUE);
    case 11:
      return gst_query_new_accept_caps (caps);
    case 12:
      return gst_query_new_caps (NULL);
    case 13:
      return gst_query_new_drain ();
    default:
      return gst_query_new_custom (
          GST_QUERY_CUSTOM, gst_structure_new_empty ("anything"));
  }
}

/* Nothing but a state change ends it. */
GST_START_TEST (queries_return_in_every_state)
{
  GstCaps *caps = gst_caps_new_empty_simple ("application/octet-stream");

  for (guint i = 0; i < N_QUERIES; i++) {
    GstElement *element = make_at ("spead2sink", __i__);
    GstPad *sink_pad = gst_element_get_static_pad (element, "sink");
    GstQuery *query = make_query (i, caps);

    /* Those that are serialized come from upstream only. */
    if (!GST_QUERY_IS_SERIALIZED (query))
      gst_element_query (element, query);
    gst_pad_query (sink_pad, query);
    gst_query_unref (query);
    gst_object_unref (sink_pad);
    drop_element (element);
  }
  gst_caps_unref (caps);
}

GST_END_TEST;

GST_START_TEST (action_signals_are_refused_where_nothing_is_open)
{
  static const gchar *const actions[] = {"send-descriptors", "send-stop"};
  static const gboolean is_open[N_PLACES] = {
      [AT_READY] = TRUE, [AT_PAUSED] = TRUE, [AT_PLAYING] = TRUE};

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
    GstElement *element = make_at ("spead2sink", __i__);
    gboolean done = !is_open[__i__];

    g_signal_emit_by_name (element, actions[i], &done);
    fail_unless_equals_int (done, is_open[__i__]);
    drop_element (element);
  }
}

GST_END_TEST;

/* Only what may change while it plays changes in PAUSED and PLAYING. */
GST_START_TEST (properties_are_read_and_set_in_every_state)
{
  GstElement *element = make_at ("spead2sink", __i__);
  GstStructure *stats;
  GObject *used;
  gchar *uri;

  g_object_set (element, "rate", 1e6, "burst-size", (guint64) 1000, NULL);
  g_object_get (
      element, "stats", &stats, "uri", &uri, "used-socket", &used, NULL);
  fail_unless (stats != NULL && uri != NULL);
  fail_unless_equals_int (used != NULL,
      __i__ != AT_NULL && __i__ != AT_NULL_AFTER_A_FAILED_START &&
          __i__ != AT_READY_AFTER_A_FAILED_START);
  g_clear_object (&used);
  gst_structure_free (stats);
  g_free (uri);
  drop_element (element);
}

GST_END_TEST;

/* As an application may do before it looks at the state. */
static gpointer
step_often (gpointer data)
{
  while (!g_atomic_int_get ((gint *) g_object_get_data (data, "end")))
    gst_element_send_event (
        data, gst_event_new_step (GST_FORMAT_BUFFERS, 1, 1.0, TRUE, FALSE));
  return NULL;
}

GST_START_TEST (steps_come_while_the_state_changes)
{
  GstElement *element = make_at ("spead2sink", AT_NULL);
  gint end = FALSE;
  GThread *thread;

  g_object_set_data (G_OBJECT (element), "end", &end);
  thread = g_thread_new ("steps", step_often, element);
  for (guint i = 0; i < 100; i++) {
    gst_element_set_state (element, GST_STATE_PLAYING);
    gst_element_set_state (element, GST_STATE_NULL);
  }
  g_atomic_int_set (&end, TRUE);
  g_thread_join (thread);
  drop_element (element);
}

GST_END_TEST;

static Suite *
states_suite (void)
{
  Suite *s = suite_create ("states");
  TCase *tc = tcase_create ("states");
  const gint n = G_N_ELEMENTS (elements);

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, states_go_up_and_down_one_by_one, 0, n);
  tcase_add_loop_test (tc, states_are_jumped_up_and_come_down_one_by_one, 0, n);
  tcase_add_loop_test (tc, states_go_up_one_by_one_and_are_jumped_down, 0, n);
  tcase_add_loop_test (tc, states_are_jumped_up_and_down_many_times, 0, n);
  tcase_add_loop_test (tc, an_element_that_never_ran_is_freed, 0, n);
  tcase_add_loop_test (
      tc, events_are_taken_or_refused_in_every_state, 0, N_PLACES);
  tcase_add_loop_test (tc, queries_return_in_every_state, 0, N_PLACES);
  tcase_add_loop_test (
      tc, action_signals_are_refused_where_nothing_is_open, 0, N_PLACES);
  tcase_add_loop_test (
      tc, properties_are_read_and_set_in_every_state, 0, N_PLACES);
  tcase_add_test (tc, steps_come_while_the_state_changes);
  return s;
}

GST_CHECK_MAIN (states);
