/* The message spead2-stats, of the elements that have counters. The system clock is one
 * that the test moves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>

#include "../tools.h"

/* Of the element under test, and what makes the pipeline in which no data flow. */
static const struct {
  const gchar *name, *pipeline;
} kinds[] = {
    {"spead2sink", "spead2sink name=e async=false"},
    {"spead2src", "spead2src name=e port=0 ! fakesink async=false"},
};

static GstTestClock *test_clock;
static GstElement *pipeline, *element;

static void
setup (void)
{
  test_clock = GST_TEST_CLOCK (gst_test_clock_new ());
  gst_system_clock_set_default (GST_CLOCK (test_clock));
}

static void
teardown (void)
{
  gst_object_unref (element);
  ASSERT_OBJECT_REFCOUNT (pipeline, "pipeline", 1);
  gst_object_unref (pipeline);
  gst_system_clock_set_default (NULL);
  gst_object_unref (test_clock);
}

static void
make (guint kind, GstClockTime interval)
{
  pipeline = gst_parse_launch (kinds[kind].pipeline, NULL);
  if (!GST_IS_PIPELINE (pipeline)) {
    element = pipeline;
    pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (pipeline), gst_object_ref (element));
  } else {
    element = gst_bin_get_by_name (GST_BIN (pipeline), "e");
  }
  g_object_set (element, "stats-interval", interval, NULL);
}

static void
go_to (GstState state)
{
  gst_element_set_state (pipeline, state);
  /* A live source does not preroll in PAUSED. */
  fail_if (gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE) ==
      GST_STATE_CHANGE_FAILURE);
}

/* The end of a test, since gst-check waits for the threads of tasks before it calls the
 * fixture. */
static void
stop (void)
{
  go_to (GST_STATE_NULL);
}

static guint
count_waits (void)
{
  return gst_test_clock_peek_id_count (test_clock);
}

/* The fields of the next message of the element, or NULL if none was posted. Messages of
 * other kinds are dropped. */
static GstStructure *
pop_stats (void)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstStructure *stats = NULL;
  GstMessage *message;

  while (stats == NULL &&
      (message = gst_bus_pop_filtered (
           bus, GST_MESSAGE_ELEMENT | GST_MESSAGE_INFO))) {
    if (gst_message_has_name (message, "spead2-stats")) {
      fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (element));
      stats = gst_structure_copy (gst_message_get_structure (message));
    }
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return stats;
}

static gboolean
has_no_more (void)
{
  return pop_stats () == NULL;
}

/* It has the fields of stats, of the same types. */
static void
assert_stats (GstStructure *message)
{
  GstStructure *stats;

  fail_unless (message != NULL, "no message was posted");
  g_object_get (element, "stats", &stats, NULL);
  fail_unless_equals_int (
      gst_structure_n_fields (message), gst_structure_n_fields (stats));
  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, i);

    fail_unless (gst_structure_has_field_typed (
                     message, name, gst_structure_get_field_type (stats, name)),
        "%s is missing", name);
  }
  gst_structure_free (stats);
  gst_structure_free (message);
}

/* Has the clock arrive at the next wait, which is so late. */
static void
pass_interval (GstClockTime interval)
{
  GstClockTime before = gst_clock_get_time (GST_CLOCK (test_clock));

  fail_unless_equals_int (count_waits (), 1);
  fail_unless (gst_test_clock_crank (test_clock));
  fail_unless_equals_uint64 (
      gst_clock_get_time (GST_CLOCK (test_clock)) - before, interval);
}

GST_START_TEST (stats_come_at_the_interval_without_data)
{
  make (__i__, GST_SECOND);
  go_to (GST_STATE_READY);
  fail_unless_equals_int (count_waits (), 0);
  go_to (GST_STATE_PLAYING);
  fail_unless (has_no_more ());
  for (guint i = 0; i < 3; i++) {
    pass_interval (GST_SECOND);
    assert_stats (pop_stats ());
    fail_unless (has_no_more ());
  }
  go_to (GST_STATE_PAUSED);
  pass_interval (GST_SECOND);
  assert_stats (pop_stats ());
  stop ();
}
GST_END_TEST;

GST_START_TEST (stats_end_in_ready_and_begin_again)
{
  make (__i__, GST_SECOND);
  for (guint i = 0; i < 3; i++) {
    go_to (GST_STATE_PLAYING);
    pass_interval (GST_SECOND);
    assert_stats (pop_stats ());
    go_to (GST_STATE_READY);
    fail_unless_equals_int (count_waits (), 0);
  }
  stop ();
}
GST_END_TEST;

GST_START_TEST (the_interval_changes_while_playing)
{
  make (__i__, 0);
  go_to (GST_STATE_PLAYING);
  fail_unless_equals_int (count_waits (), 0);
  g_object_set (element, "stats-interval", 5 * GST_SECOND, NULL);
  pass_interval (5 * GST_SECOND);
  g_object_set (element, "stats-interval", (guint64) 1, NULL);
  pass_interval (GST_MSECOND);
  g_object_set (element, "stats-interval", (guint64) 0, NULL);
  fail_unless_equals_int (count_waits (), 0);
  assert_stats (pop_stats ());
  assert_stats (pop_stats ());
  fail_unless (has_no_more ());
  stop ();
}
GST_END_TEST;

/* In its first turn in PLAYING the loop of GstBaseSrc undoes an interruption (unlock_stop),
 * also one that came with EOS just before: EOS then waits for data. That is a few instructions
 * behind the start of the stream, and EOS is sent later than this. */
static void
await_stream (void)
{
  GstPad *pad = gst_element_get_static_pad (element, "src");
  GstEvent *event = NULL;

  wait_until (
      (event = gst_pad_get_sticky_event (pad, GST_EVENT_STREAM_START, 0)));
  gst_event_unref (event);
  gst_object_unref (pad);
}

static void
end_stream (void)
{
  GstPad *pad = gst_element_get_static_pad (element, "sink");

  if (pad) {
    gst_pad_send_event (pad, gst_event_new_stream_start ("test"));
    gst_pad_send_event (pad, gst_event_new_eos ());
    gst_object_unref (pad);
  } else {
    await_stream ();
    gst_element_send_event (pipeline, gst_event_new_eos ());
  }
}

/* The messages of the element up to EOS, of which there is one. */
static guint
count_stats_to_eos (void)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  guint n = 0;

  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (
        bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS);
    gboolean is_eos = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;

    n += gst_message_has_name (message, "spead2-stats");
    gst_message_unref (message);
    if (is_eos)
      break;
  }
  gst_object_unref (bus);
  return n;
}

GST_START_TEST (stats_come_at_eos_if_there_is_an_interval)
{
  make (__i__ / 2, __i__ % 2 ? GST_SECOND : 0);
  go_to (GST_STATE_PLAYING);
  end_stream ();
  fail_unless_equals_int (count_stats_to_eos (), __i__ % 2);
  stop ();
}
GST_END_TEST;

/* A handler of the bus that waits does not keep the element from NULL, and once it
 * returns the clock has nothing to do with the element any more. */
static gint posting, go_on; /* atomic */

static GstBusSyncReply
hold_stats (GstBus *bus, GstMessage *message, gpointer user_data)
{
  if (gst_message_has_name (message, "spead2-stats")) {
    g_atomic_int_set (&posting, TRUE);
    wait_until (g_atomic_int_get (&go_on));
  }
  return GST_BUS_PASS;
}

static gpointer
crank (gpointer data)
{
  gst_test_clock_crank (test_clock);
  return NULL;
}

GST_START_TEST (null_does_not_wait_for_a_message)
{
  GstBus *bus;
  GThread *thread;

  make (__i__, GST_SECOND);
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, hold_stats, NULL, NULL);
  go_to (GST_STATE_PLAYING);
  thread = g_thread_new ("crank", crank, NULL);
  wait_until (g_atomic_int_get (&posting));
  go_to (GST_STATE_NULL);
  g_atomic_int_set (&go_on, TRUE);
  g_thread_join (thread);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (bus);
}
GST_END_TEST;

/* The clock of the system itself, which calls in a thread of its own, while the element is
 * stopped and freed again and again. */
GST_START_TEST (an_element_is_freed_while_its_stats_are_due)
{
  gst_system_clock_set_default (NULL);
  for (guint i = 0; i < 20; i++) {
    if (i > 0) {
      gst_element_set_state (pipeline, GST_STATE_NULL);
      gst_object_unref (element);
      gst_object_unref (pipeline);
    }
    make (__i__, GST_MSECOND);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    if (i % 10 == 0) {
      GstStructure *stats;

      wait_until ((stats = pop_stats ()) != NULL);
      gst_structure_free (stats);
    }
  }
  stop ();
}
GST_END_TEST;

static Suite *
stats_suite (void)
{
  Suite *suite = suite_create ("stats");
  TCase *tc = tcase_create ("stats");
  guint n = G_N_ELEMENTS (kinds);

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, stats_come_at_the_interval_without_data, 0, n);
  tcase_add_loop_test (tc, stats_end_in_ready_and_begin_again, 0, n);
  tcase_add_loop_test (tc, the_interval_changes_while_playing, 0, n);
  tcase_add_loop_test (tc, stats_come_at_eos_if_there_is_an_interval, 0, 2 * n);
  tcase_add_loop_test (tc, null_does_not_wait_for_a_message, 0, n);
  tcase_add_loop_test (tc, an_element_is_freed_while_its_stats_are_due, 0, n);
  return suite;
}

GST_CHECK_MAIN (stats);
