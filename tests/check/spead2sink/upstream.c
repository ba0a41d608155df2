/* spead2sink in pipelines: what comes from other elements arrives whole, and
 * clocks, seeks, segments, steps and new links do to the stream what users of
 * GStreamer expect.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>

#include <string.h>
#include <sys/socket.h>

#include "sinkfixture.h"

#define TIMEOUT (10 * GST_SECOND)

/* -- tools -------------------------------------------------------------------- */

/* A buffer, or a list, for an appsrc to send. Takes it. */
static void
app_push (GstElement *app, gpointer data)
{
  const gchar *action =
      GST_IS_BUFFER_LIST (data) ? "push-buffer-list" : "push-buffer";
  GstFlowReturn flow;

  g_signal_emit_by_name (app, action, data, &flow);
  gst_mini_object_unref (data);
  fail_unless_equals_int (flow, GST_FLOW_OK);
}

static void
app_end (GstElement *app)
{
  GstFlowReturn flow;

  g_signal_emit_by_name (app, "end-of-stream", &flow);
  fail_unless_equals_int (flow, GST_FLOW_OK);
}

/* Decodes what has been sent to one port. */
static void
decode_port (guint16 port)
{
  FaultsMessage message;

  fake_receiver_forget (decoder);
  for (size_t i = 0; faults_message (i, &message); i++) {
    if (message.port != port)
      continue;
    for (gsize at = 0; at < message.bytes; at += message.segment_size)
      fake_receiver_feed (decoder, message.data + at,
          MIN (message.segment_size, message.bytes - at));
  }
  fail_if (fake_receiver_error (decoder) != NULL, "%s",
      fake_receiver_error (decoder));
}

/* What passed a pad: all bytes, and the size of each buffer. */
typedef struct {
  GByteArray *bytes;
  GArray *sizes; /* gsize */
} Passed;

static Passed *
passed_new (void)
{
  Passed *passed = g_new (Passed, 1);

  passed->bytes = g_byte_array_new ();
  passed->sizes = g_array_new (FALSE, FALSE, sizeof (gsize));
  return passed;
}

static void
passed_free (Passed *passed)
{
  g_byte_array_unref (passed->bytes);
  g_array_unref (passed->sizes);
  g_free (passed);
}

static GstPadProbeReturn
note_buffer (GstPad *sink_pad, GstPadProbeInfo *info, gpointer user_data)
{
  Passed *passed = user_data;
  GstMapInfo map;

  fail_unless (
      gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ));
  g_byte_array_append (passed->bytes, map.data, map.size);
  g_array_append_val (passed->sizes, map.size);
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  return GST_PAD_PROBE_OK;
}

static void
watch_pad (GstElement *watched, Passed *passed)
{
  GstPad *sink_pad = gst_element_get_static_pad (watched, "sink");

  gst_pad_add_probe (
      sink_pad, GST_PAD_PROBE_TYPE_BUFFER, note_buffer, passed, NULL);
  gst_object_unref (sink_pad);
}

/* The decoder's first heaps are what passed, a buffer each, and the last one
 * is a stop heap. */
static void
assert_passed (const Passed *passed)
{
  gsize at = 0;

  for (guint i = 0; i < passed->sizes->len; i++) {
    const FakeHeap *heap = whole_heap (i);
    gsize size;
    const guint8 *bytes = fake_heap_bytes (heap, ID_SAMPLES, &size);

    fail_unless_equals_uint64 (heap->cnt, i + 1);
    fail_unless_equals_uint64 (size, g_array_index (passed->sizes, gsize, i));
    fail_unless (memcmp (bytes, passed->bytes->data + at, size) == 0,
        "heap %u is not buffer %u", i, i);
    at += size;
  }
  assert_stop_heap (passed->sizes->len, passed->sizes->len + 1);
}

/* -- sources and converters ----------------------------------------------------- */

static const struct {
  const gchar *needs;
  const gchar *text; /* "app" is fed */
} chains[] = {
    {"appsrc", "appsrc name=app format=time"},
    {"appsrc", "appsrc name=app format=time caps=" CAPS_S8 " ! queue"},
    {"audioconvert",
        "audiotestsrc num-buffers=4 samplesperbuffer=300 ! "
        "audio/x-raw,format=S16LE,channels=1 ! audioconvert ! "
        "audio/x-raw,format=S32BE,channels=2"},
    {"fakesrc",
        "fakesrc num-buffers=4 filltype=zero sizetype=fixed sizemax=1500 "
        "filltype=pattern-span"},
    {"fakesrc",
        "fakesrc num-buffers=4 filltype=zero sizetype=fixed sizemax=1500 "
        "data=subbuffer "
        "parentsize=4000 filltype=pattern-span"},
    {"audiotestsrc",
        "audiotestsrc num-buffers=4 samplesperbuffer=300 wave=saw ! "
        "audio/x-raw,format=F32LE,channels=1 ! tee ! queue ! identity"},
    {"videotestsrc",
        "videotestsrc num-buffers=4 ! "
        "video/x-raw,format=GRAY8,width=48,height=30"},
};

/* Runs a chain to its end, and says what came out of it. A fakesink is what
 * proposes nothing. */
static Passed *
run_chain (guint chain, gboolean into_fakesink)
{
  gchar *text = g_strdup_printf ("%s ! %s spead2sink name=sender",
      chains[chain].text, into_fakesink ? "fakesink name=plain" : "");
  GstElement *app;
  Passed *passed = passed_new ();

  launch (text);
  g_free (text);
  watch_pad (into_fakesink ? element ("plain") : sink, passed);
  if (into_fakesink)
    gst_bin_remove (GST_BIN (pipeline), sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  app = gst_bin_get_by_name (GST_BIN (pipeline), "app");
  if (app) {
    for (guint i = 0; i < 4; i++)
      app_push (app, make_buffer (700 + i, i * 800, GST_BUFFER_OFFSET_NONE));
    app_end (app);
    gst_object_unref (app);
  }
  wait_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return passed;
}

GST_START_TEST (buffers_are_cut_as_for_a_sink_that_proposes_nothing)
{
  Passed *plain, *passed;

  if (!have_element (chains[__i__].needs))
    return;
  plain = run_chain (__i__, TRUE);
  passed = run_chain (__i__, FALSE);
  fail_unless_equals_int (plain->sizes->len, 4);
  fail_unless_equals_int (passed->sizes->len, 4);
  for (guint i = 0; i < 4; i++)
    fail_unless_equals_uint64 (g_array_index (passed->sizes, gsize, i),
        g_array_index (plain->sizes, gsize, i));
  decode ();
  assert_passed (plain);
  passed_free (plain);
  passed_free (passed);
}

GST_END_TEST;

static gpointer
ask_app (gpointer query)
{
  GstPad *source_pad = gst_element_get_static_pad (element ("app"), "src");

  gst_pad_peer_query (source_pad, query);
  gst_object_unref (source_pad);
  return NULL;
}

GST_START_TEST (a_drain_query_before_a_queue_returns_when_all_heaps_are_sent)
{
  GstQuery *query = gst_query_new_drain ();
  GThread *asking;

  if (!have_element ("appsrc"))
    return;
  launch ("appsrc name=app ! queue ! spead2sink name=sender");
  faults_block (true);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 4; i++)
    app_push (element ("app"), make_buffer (1000, i * 1000, i * 1000));
  wait_stat ("heaps-pushed", 4);
  asking = g_thread_new ("asking", ask_app, query);
  wait_asleep ("asking");
  faults_block (false);
  g_thread_join (asking);
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 4);
  gst_query_unref (query);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (a_tee_feeds_several_sinks_whole)
{
  static const gchar *const names[] = {"sender", "second", "third"};
  FakeReceiver *receivers[3] = {receiver};
  Passed *passed = passed_new ();

  launch ("adctestsrc num-buffers=20 samplesperbuffer=50000 ! tee name=t "
          "t. ! queue ! spead2sink name=sender "
          "t. ! queue ! spead2sink name=second max-heaps=2 "
          "t. ! queue ! spead2sink name=third max-packet-size=8972");
  watch_pad (sink, passed);
  for (guint i = 1; i < 3; i++) {
    receivers[i] = fake_receiver_new (AF_INET);
    g_object_set (
        element (names[i]), "port", fake_receiver_port (receivers[i]), NULL);
  }
  run_to_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (passed->sizes->len, 20);
  for (guint i = 0; i < 3; i++) {
    decode_port (fake_receiver_port (receivers[i]));
    assert_passed (passed);
    assert_timestamp (whole_heap (19), 19 * 50000);
    if (i > 0)
      fake_receiver_free (receivers[i]);
  }
  passed_free (passed);
}

GST_END_TEST;

GST_START_TEST (a_branch_that_waits_for_its_network_loses_nothing)
{
  FakeReceiver *other = fake_receiver_new (AF_INET);
  Passed *passed = passed_new ();

  launch ("adctestsrc num-buffers=30 samplesperbuffer=1000 ! tee name=t "
          "t. ! queue max-size-buffers=2 ! spead2sink name=sender max-heaps=2 "
          "t. ! queue max-size-buffers=2 ! "
          "spead2sink name=second max-heaps=2 rate=200000");
  watch_pad (sink, passed);
  g_object_set (element ("second"), "port", fake_receiver_port (other), NULL);
  run_to_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (passed->sizes->len, 30);
  decode_port (fake_receiver_port (receiver));
  assert_passed (passed);
  decode_port (fake_receiver_port (other));
  assert_passed (passed);
  fake_receiver_free (other);
  passed_free (passed);
}

GST_END_TEST;

/* A list of n buffers of size bytes, of the pattern from begin on. */
static GstBufferList *
make_list (guint n, gsize size, guint64 begin)
{
  GstBufferList *list = gst_buffer_list_new_sized (n);

  for (guint i = 0; i < n; i++)
    gst_buffer_list_insert (
        list, -1, make_buffer (size, begin + i * size, begin + i * size));
  return list;
}

GST_START_TEST (a_buffer_list_through_a_tee_is_a_heap_a_buffer)
{
  FakeReceiver *other = fake_receiver_new (AF_INET);

  if (!have_element ("appsrc")) {
    fake_receiver_free (other);
    return;
  }
  launch ("appsrc name=app ! tee name=t t. ! queue ! spead2sink name=sender "
          "t. ! queue ! spead2sink name=second");
  g_object_set (element ("second"), "port", fake_receiver_port (other), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  app_push (element ("app"), make_list (6, 2000, 0));
  app_push (element ("app"), make_buffer (2000, 12000, 12000));
  app_push (element ("app"), make_list (3, 2000, 14000));
  app_end (element ("app"));
  wait_eos ();
  for (guint branch = 0; branch < 2; branch++) {
    decode_port (fake_receiver_port (branch == 0 ? receiver : other));
    assert_stream (10, 2000);
  }
  fake_receiver_free (other);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* The sink has room for two of the list's heaps when it is paused. */
GST_START_TEST (a_pause_within_a_buffer_list_loses_nothing)
{
  if (!have_element ("appsrc"))
    return;
  launch ("appsrc name=app ! spead2sink name=sender max-heaps=2");
  faults_block (true);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  app_push (element ("app"), make_list (8, 2000, 0));
  app_end (element ("app"));
  wait_stat ("outstanding", 2);
  go_to (GST_STATE_PAUSED);
  faults_block (false);
  wait_stat ("heaps-sent", 2);
  run_to_eos ();
  decode ();
  assert_stream (8, 2000);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* -- states ----------------------------------------------------------------------- */

static const struct {
  const gchar *needs;
  const gchar *text;
  gboolean live;
} streams[] = {
    {"audiotestsrc",
        "audiotestsrc num-buffers=5 samplesperbuffer=100 ! "
        "spead2sink name=sender",
        FALSE},
    {"audiotestsrc",
        "audiotestsrc num-buffers=5 samplesperbuffer=100 ! "
        "spead2sink name=sender sync=true",
        FALSE},
    {"audiotestsrc",
        "audiotestsrc num-buffers=5 samplesperbuffer=100 is-live=true ! "
        "spead2sink name=sender",
        TRUE},
    {"audiotestsrc",
        "audiotestsrc num-buffers=5 samplesperbuffer=100 is-live=true ! "
        "queue ! spead2sink name=sender sync=true",
        TRUE},
    {"adctestsrc",
        "adctestsrc num-buffers=5 samplesperbuffer=100 is-live=true ! "
        "spead2sink name=sender sync=true",
        TRUE},
    {"adctestsrc",
        "adctestsrc num-buffers=5 samplesperbuffer=100 ! queue ! "
        "spead2sink name=sender async=false",
        FALSE},
};

GST_START_TEST (pipelines_reach_paused_and_playing_and_end)
{
  if (!have_element (streams[__i__].needs))
    return;
  launch (streams[__i__].text);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, TIMEOUT),
      streams[__i__].live ? GST_STATE_CHANGE_NO_PREROLL
                          : GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
  run_to_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  decode ();
  for (guint i = 0; i < 5; i++)
    assert_timestamp (whole_heap (i), i * 100);
  assert_stop_heap (5, 6);
}

GST_END_TEST;

GST_START_TEST (a_gap_prerolls_as_data_does)
{
  play (CAPS_S8);
  fail_unless (gst_pad_push_event (pad, gst_event_new_gap (0, GST_SECOND)));
  go_to (GST_STATE_PLAYING);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
  push (100, 0, 0);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_stop_heap (1, 2);
}

GST_END_TEST;

GST_START_TEST (an_empty_buffer_prerolls_as_data_does)
{
  play (CAPS_S8);
  push (0, 0, 0);
  go_to (GST_STATE_PLAYING);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
  push (100, 0, 0);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_stop_heap (1, 2);
}

GST_END_TEST;

typedef struct {
  gint n;     /* atomic: threads come at the same time */
  gint named; /* of them, by a thread whose name the kernel knows */
} Workers;

/* In the thread that posts. The kernel keeps 15 bytes of a name, and some are
 * the worker's number. */
static GstBusSyncReply
look_at_thread (GstBus *message_bus, GstMessage *message, gpointer user_data)
{
  Workers *workers = user_data;
  GstStreamStatusType type;
  GstElement *owner;
  gchar *comm, *begin;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_STREAM_STATUS)
    return GST_BUS_PASS;
  gst_message_parse_stream_status (message, &type, &owner);
  if (type != GST_STREAM_STATUS_TYPE_ENTER || GST_IS_PAD (owner) ||
      !g_str_has_prefix (GST_OBJECT_NAME (owner), "digitiser-"))
    return GST_BUS_PASS;

  begin = g_strdup_printf ("%.12s", GST_OBJECT_NAME (owner));
  if (g_file_get_contents ("/proc/thread-self/comm", &comm, NULL, NULL)) {
    if (g_str_has_prefix (comm, begin) &&
        g_value_get_boxed (gst_message_get_stream_status_object (message)) ==
            g_thread_self ())
      g_atomic_int_inc (&workers->named);
    g_free (comm);
  }
  g_atomic_int_inc (&workers->n);
  g_free (begin);
  return GST_BUS_PASS;
}

/* Runs two sinks, one of that name. */
static void
look_at_threads (const gchar *name)
{
  Workers workers = {0};

  gst_bin_add_many (GST_BIN (pipeline),
      gst_element_factory_make ("spead2sink", name),
      gst_element_factory_make ("spead2sink", "digitiser-2"), NULL);
  gst_bus_set_sync_handler (bus, look_at_thread, &workers, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  fail_unless_equals_int (workers.n, 2);
  fail_unless_equals_int (workers.named, 2);
}

GST_START_TEST (a_sending_thread_is_named_after_its_element)
{
  look_at_threads ("digitiser-1");
}

GST_END_TEST;

GST_START_TEST (a_sending_thread_of_a_long_name_has_its_beginning)
{
  look_at_threads ("digitiser-of-the-north");
}

GST_END_TEST;

/* -- the clock ---------------------------------------------------------------------- */

static GstTestClock *test_clock;

/* Time stands still unless a test moves it. The clock goes with the pipeline. */
static void
use_test_clock (void)
{
  GstClock *clock = gst_test_clock_new_with_start_time (1000 * GST_SECOND);

  test_clock = GST_TEST_CLOCK (clock);
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  gst_object_unref (clock);
}

/* Waits until a thread waits for the clock; returns until which running time. */
static GstClockTime
wait_for_waiter (void)
{
  GList *pending = NULL;

  fail_unless (gst_test_clock_timed_wait_for_multiple_pending_ids (
                   test_clock, 1, 10000, &pending),
      "nobody waits for the clock");
  g_list_free_full (pending, (GDestroyNotify) gst_clock_id_unref);
  return gst_test_clock_get_next_entry_time (test_clock) -
      gst_element_get_base_time (sink);
}

static GstClockTime
running_time (void)
{
  return gst_clock_get_time (GST_CLOCK (test_clock)) -
      gst_element_get_base_time (sink);
}

/* Lets time pass until then, or none if it is over, and ends the wait that is
 * due: the test clock ends none by itself. */
static void
move_clock_to (GstClockTime time)
{
  GstClockID id;

  gst_test_clock_set_time (test_clock,
      gst_element_get_base_time (sink) + MAX (time, running_time ()));
  id = gst_test_clock_process_next_clock_id (test_clock);
  if (id)
    gst_clock_id_unref (id);
}

/* EOS is waited for as well, until the last buffer has ended. */
static void
wait_eos_at (GstClockTime time)
{
  fail_unless_equals_uint64 (wait_for_waiter (), time);
  move_clock_to (time);
  wait_eos ();
}

/* Shorter than a second: the base class renders a late buffer after all when it
 * has rendered none for so long. */
#define TICK (GST_SECOND / 10)

/* Buffers of 100 bytes and a tick in a thread of their own, then EOS. */
typedef struct {
  guint n;
  GstClockTime times[8]; /* NONE: a GAP event behind the buffer before */
  gboolean without_offsets;
  GstFlowReturn flow;
} TimedFeed;

static gpointer
timed_feed_run (gpointer data)
{
  TimedFeed *feed = data;

  for (guint i = 0; i < feed->n && feed->flow == GST_FLOW_OK; i++) {
    GstBuffer *buffer;

    if (!GST_CLOCK_TIME_IS_VALID (feed->times[i])) {
      gst_pad_push_event (
          pad, gst_event_new_gap (feed->times[i - 1] + TICK, TICK));
      continue;
    }
    buffer = make_buffer (
        100, i * 100, feed->without_offsets ? GST_BUFFER_OFFSET_NONE : i * 100);
    GST_BUFFER_PTS (buffer) = feed->times[i];
    GST_BUFFER_DURATION (buffer) = TICK;
    feed->flow = gst_pad_push (pad, buffer);
  }
  gst_pad_push_event (pad, gst_event_new_eos ());
  return NULL;
}

static const struct {
  const gchar *property;
  const gchar *value; /* ns */
  gint64 shift;
} shifts[] = {
    {"sync", "true", 0},
    {"ts-offset", "300000000", 300 * (gint64) GST_MSECOND},
    {"ts-offset", "-300000000", -300 * (gint64) GST_MSECOND},
    {"render-delay", "200000000", -200 * (gint64) GST_MSECOND},
};

GST_START_TEST (a_synchronised_buffer_goes_when_its_time_has_come)
{
  TimedFeed feed = {.n = 3, .times = {5 * TICK, 6 * TICK, 7 * TICK}};
  GThread *thread;

  use_test_clock ();
  g_object_set (sink, "sync", TRUE, NULL);
  gst_util_set_object_arg (
      G_OBJECT (sink), shifts[__i__].property, shifts[__i__].value);
  play (CAPS_S8);
  thread = g_thread_new ("feed", timed_feed_run, &feed);
  for (guint i = 0; i < 3; i++) {
    GstClockTime due = feed.times[i] + shifts[__i__].shift;

    fail_unless_equals_uint64 (wait_for_waiter (), due);
    fail_unless_equals_uint64 (counter ("heaps-pushed"), i);
    move_clock_to (due);
    wait_stat ("heaps-sent", i + 1);
  }
  wait_eos_at (feed.times[2] + TICK + shifts[__i__].shift);
  g_thread_join (thread);
  decode ();
  assert_stream (3, 100);
}

GST_END_TEST;

GST_START_TEST (a_gap_is_waited_for_before_the_next_heap)
{
  TimedFeed feed = {.n = 3, .times = {TICK, GST_CLOCK_TIME_NONE, 5 * TICK}};
  GThread *thread;

  use_test_clock ();
  g_object_set (sink, "sync", TRUE, NULL);
  play (CAPS_S8);
  thread = g_thread_new ("feed", timed_feed_run, &feed);
  fail_unless_equals_uint64 (wait_for_waiter (), TICK);
  move_clock_to (TICK);
  fail_unless_equals_uint64 (wait_for_waiter (), 2 * TICK);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 1);
  move_clock_to (2 * TICK);
  fail_unless_equals_uint64 (wait_for_waiter (), 5 * TICK);
  move_clock_to (5 * TICK);
  wait_eos_at (6 * TICK);
  g_thread_join (thread);
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_heap (1, 2, 200, 100, 200);
  assert_stop_heap (2, 3);
}

GST_END_TEST;

typedef struct {
  guint n_late;
  GstClockTimeDiff diff; /* of the last late one */
  GstClockTime time;
} Qos;

static gboolean
note_qos (GstPad *source_pad, GstObject *parent, GstEvent *event)
{
  Qos *qos = gst_pad_get_element_private (source_pad);
  GstQOSType type;

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    GstClockTimeDiff diff;
    GstClockTime time;

    gst_event_parse_qos (event, &type, NULL, &diff, &time);
    if (type == GST_QOS_TYPE_UNDERFLOW && diff > 0) {
      qos->n_late++;
      qos->diff = diff;
      qos->time = time;
    }
  }
  gst_event_unref (event);
  return TRUE;
}

static const TimedFeed late_feed = {
    .n = 5,
    .times = {TICK, 2 * TICK, 3 * TICK, 4 * TICK, 8 * TICK},
};

/* The clock goes on to 7 ticks while the third buffer waits, so that the fourth
 * comes three ticks late. */
static void
run_late_feed (TimedFeed *feed)
{
  static const GstClockTime moves[] = {
      TICK, 2 * TICK, 7 * TICK, 7 * TICK, 8 * TICK};
  GThread *thread;

  use_test_clock ();
  g_object_set (
      sink, "sync", TRUE, "max-lateness", TICK / 10, "qos", TRUE, NULL);
  play (CAPS_S8);
  thread = g_thread_new ("feed", timed_feed_run, feed);
  for (guint i = 0; i < feed->n; i++) {
    fail_unless_equals_uint64 (wait_for_waiter (), feed->times[i]);
    move_clock_to (moves[i]);
  }
  wait_eos_at (9 * TICK);
  g_thread_join (thread);
  decode ();
}

GST_START_TEST (a_late_buffer_is_dropped_and_counted)
{
  TimedFeed feed = late_feed;

  run_late_feed (&feed);
  for (guint i = 0; i < 3; i++)
    assert_heap (i, i + 1, i * 100, 100, i * 100);
  assert_heap (3, 4, 400, 100, 400);
  assert_stop_heap (4, 5);
  fail_unless_equals_uint64 (counter ("dropped"), 1);
  fail_unless_equals_uint64 (counter ("rendered"), 4);
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 0);
}

GST_END_TEST;

GST_START_TEST (upstream_is_told_of_a_late_buffer)
{
  TimedFeed feed = late_feed;
  Qos qos = {0};

  gst_pad_set_element_private (pad, &qos);
  gst_pad_set_event_function (pad, note_qos);
  run_late_feed (&feed);
  fail_unless_equals_int (qos.n_late, 1);
  fail_unless_equals_int64 (qos.diff, 3 * TICK);
  fail_unless_equals_uint64 (qos.time, 4 * TICK);
}

GST_END_TEST;

GST_START_TEST (the_index_counts_a_late_buffer)
{
  TimedFeed feed = late_feed;

  feed.without_offsets = __i__ == 0;
  run_late_feed (&feed);
  assert_heap (2, 3, 200, 100, 200);
  assert_heap (3, 4, 400, 100, 400);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* A source of bytes knows the time of its first buffer only: 0. */
GST_START_TEST (bytes_are_sent_without_waiting_for_the_clock)
{
  launch ("fakesrc num-buffers=5 filltype=zero sizetype=fixed sizemax=1000 "
          "format=bytes ! "
          "spead2sink name=sender sync=true");
  use_test_clock ();
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_uint64 (wait_for_waiter (), 0);
  move_clock_to (0);
  wait_eos ();
  decode ();
  for (guint i = 0; i < 5; i++)
    assert_timestamp (whole_heap (i), i * 1000);
  assert_stop_heap (5, 6);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* The streaming thread waits for the clock twice a buffer, in the source and in
 * the sink; while it does, it is looked at what has been rendered. */
GST_START_TEST (a_live_source_is_paced_by_the_clock)
{
  const GstClockTime duration = 10 * GST_MSECOND;
  const gboolean sync = __i__ == 1;
  const guint n = 5;
  guint64 rendered = 0;

  if (!have_element ("audiotestsrc"))
    return;
  launch ("audiotestsrc num-buffers=6 samplesperbuffer=480 is-live=true ! "
          "audio/x-raw,rate=48000,channels=1 ! "
          "spead2sink name=sender processing-deadline=3000000");
  g_object_set (sink, "sync", sync, NULL);
  use_test_clock ();
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (rendered < n) {
    GstClockTime until = wait_for_waiter ();
    GstClockTime now = running_time ();
    GstClockTime latency = sync ? 13 * GST_MSECOND : 0;

    rendered = counter ("rendered");
    fail_unless (rendered == 0 || (rendered - 1) * duration + latency <= now,
        "%" G_GUINT64_FORMAT " heaps at %" GST_TIME_FORMAT, rendered,
        GST_TIME_ARGS (now));
    move_clock_to (MAX (now, until));
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;
/* -- other links and other caps ------------------------------------------------------ */

GST_START_TEST (a_source_of_other_caps_linked_while_playing_is_described)
{
  GstElement *one, *two;
  GstBuffer *buffer;

  if (!have_element ("appsrc"))
    return;
  launch (
      "appsrc name=one format=time caps=" CAPS_S8 " ! spead2sink name=sender");
  one = element ("one");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 2; i++)
    app_push (one, make_buffer (100, i * 100, i * 100));
  wait_stat ("heaps-sent", 2);
  go_to (GST_STATE_PLAYING);

  gst_element_unlink (one, sink);
  gst_element_set_state (one, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (pipeline), one);
  two = gst_element_factory_make ("appsrc", "two");
  gst_util_set_object_arg (G_OBJECT (two), "format", "time");
  gst_util_set_object_arg (G_OBJECT (two), "caps", CAPS_STEREO);
  gst_bin_add (GST_BIN (pipeline), two);
  fail_unless (gst_element_link (two, sink));
  fail_unless (gst_element_sync_state_with_parent (two));

  buffer = make_buffer (400, 0, 0);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  app_push (two, buffer);
  app_push (two, make_buffer (400, 400, 100));
  app_end (two);
  wait_eos ();
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_heap (1, 2, 100, 100, 100);
  assert_heap (2, 3, 0, 400, 0);
  assert_descriptors (2, 2);
  assert_dtype (2, "'<i2'");
  assert_heap (3, 4, 100, 400, 400);
  assert_descriptors (3, 0);
  assert_stop_heap (4, 5);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 4);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 1);
  assert_no_message (GST_MESSAGE_WARNING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (one_source_after_the_other_is_one_stream)
{
  if (!have_element ("audiotestsrc"))
    return;
  launch ("concat name=c ! spead2sink name=sender "
          "audiotestsrc num-buffers=3 samplesperbuffer=100 ! "
          "audio/x-raw,format=S16LE,rate=48000,channels=1 ! c. "
          "audiotestsrc num-buffers=2 samplesperbuffer=50 ! "
          "audio/x-raw,format=F64LE,rate=48000,channels=1 ! c.");
  run_to_eos ();
  decode ();
  for (guint i = 0; i < 5; i++) {
    fail_unless_equals_uint64 (whole_heap (i)->cnt, i + 1);
    assert_timestamp (whole_heap (i), i < 3 ? i * 100 : (i - 3) * 50);
    assert_descriptors (i, i == 0 || i == 3 ? 2 : 0);
  }
  assert_dtype (0, "'<i2'");
  assert_dtype (3, "'<f8'");
  assert_stop_heap (5, 6);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 1);
  assert_no_message (GST_MESSAGE_WARNING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (a_capsfilter_that_changes_its_mind_is_described_once)
{
  guint n, first_other = 0;
  guint64 sent;
  GstCaps *caps = gst_caps_from_string (
      "audio/x-raw,format=F32LE,rate=48000,channels=2,layout=interleaved");

  if (!have_element ("audiotestsrc")) {
    gst_caps_unref (caps);
    return;
  }
  launch ("audiotestsrc samplesperbuffer=100 ! capsfilter name=filter caps="
          "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! "
          "spead2sink name=sender max-heaps=2 rate=1000000");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_until (counter ("heaps-sent") >= 5);
  g_object_set (element ("filter"), "caps", caps, NULL);
  gst_caps_unref (caps);
  sent = counter ("heaps-sent");
  wait_until (counter ("heaps-sent") >= sent + 10);
  fail_unless (gst_element_send_event (pipeline, gst_event_new_eos ()));
  wait_eos ();
  decode ();
  n = fake_receiver_n_heaps (decoder) - 1;
  for (guint i = 0; i < n; i++) {
    gsize size;

    fail_unless_equals_uint64 (whole_heap (i)->cnt, i + 1);
    fake_heap_bytes (whole_heap (i), ID_SAMPLES, &size);
    if (size != 200 && first_other == 0)
      first_other = i;
    fail_unless_equals_uint64 (size, first_other == 0 ? 200 : 800);
    assert_descriptors (i, i == 0 || i == first_other ? 2 : 0);
    assert_timestamp (whole_heap (i), i * 100);
  }
  fail_unless (first_other >= 5);
  assert_dtype (0, "'<i2'");
  assert_dtype (first_other, "'<f4'");
  assert_stop_heap (n, n + 1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* -- seeks and segments -------------------------------------------------------------- */

static void
seek (GstFormat format, GstSeekFlags flags, gint64 start, gint64 stop)
{
  fail_unless (gst_element_seek (pipeline, 1.0, format, flags,
      GST_SEEK_TYPE_SET, start, GST_SEEK_TYPE_SET, stop));
}

static const struct {
  const gchar *needs;
  const gchar *text;
  GstFormat format;
  gint64 unit;   /* of the seek, for one buffer */
  guint64 index; /* of the second buffer */
} seekable[] = {
    {"audiotestsrc",
        "audiotestsrc samplesperbuffer=480 ! "
        "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
        "spead2sink name=sender",
        GST_FORMAT_TIME, 10 * GST_MSECOND, 480},
    {"audiotestsrc",
        "audiotestsrc samplesperbuffer=480 ! audio/x-raw,rate=48000 ! queue ! "
        "audioconvert ! audio/x-raw,format=F64LE,channels=2 ! queue ! "
        "spead2sink name=sender sync=true",
        GST_FORMAT_TIME, 10 * GST_MSECOND, 480},
    {"adctestsrc",
        "adctestsrc samplesperbuffer=1000 ! audio/x-raw,rate=1000000 ! "
        "spead2sink name=sender",
        GST_FORMAT_TIME, GST_MSECOND, 1000},
    {"fakesrc",
        "fakesrc filltype=zero sizetype=fixed sizemax=500 format=bytes ! "
        "spead2sink name=sender",
        GST_FORMAT_BYTES, 500, 500},
};

GST_START_TEST (a_flushing_seek_is_described_and_the_counter_goes_on)
{
  const gint64 unit = seekable[__i__].unit;
  const guint64 index = seekable[__i__].index;
  const GstFormat format = seekable[__i__].format;

  if (!have_element (seekable[__i__].needs))
    return;
  launch (seekable[__i__].text);
  go_to (GST_STATE_PAUSED);
  seek (format, GST_SEEK_FLAG_FLUSH, 2 * unit, 5 * unit);
  run_to_eos ();
  seek (format, GST_SEEK_FLAG_FLUSH, 10 * unit, 12 * unit);
  wait_eos ();
  decode ();
  for (guint i = 0; i < 3; i++) {
    assert_timestamp (whole_heap (i), (2 + i) * index);
    fail_unless_equals_uint64 (whole_heap (i)->cnt, i + 1);
    assert_descriptors (i, i == 0 ? 2 : 0);
  }
  fail_unless_equals_int (whole_heap (3)->stream_ctrl, FAKE_CTRL_STOP);
  for (guint i = 0; i < 2; i++) {
    assert_timestamp (whole_heap (4 + i), (10 + i) * index);
    fail_unless_equals_uint64 (whole_heap (4 + i)->cnt, 5 + i);
    assert_descriptors (4 + i, i == 0 ? 2 : 0);
  }
  fail_unless_equals_int (whole_heap (6)->stream_ctrl, FAKE_CTRL_STOP);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 7);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  assert_no_message (GST_MESSAGE_WARNING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* All the room there is is taken when the seek comes. */
GST_START_TEST (a_flushing_seek_returns_though_the_network_is_blocked)
{
  gint64 begun;
  guint n;

  if (!have_element ("audiotestsrc"))
    return;
  launch ("audiotestsrc samplesperbuffer=480 ! "
          "audio/x-raw,format=S16LE,rate=48000,channels=1 ! queue ! "
          "spead2sink name=sender max-heaps=2");
  faults_block (true);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_stat ("outstanding", 2);
  begun = g_get_monotonic_time ();
  seek (GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SECOND,
      GST_SECOND + 50 * GST_MSECOND);
  fail_unless (g_get_monotonic_time () - begun < 10 * G_USEC_PER_SEC);
  faults_block (false);
  wait_eos ();
  decode ();
  n = fake_receiver_n_heaps (decoder);
  for (guint i = 0; i < 5; i++) {
    const FakeHeap *heap = whole_heap (n - 6 + i);

    assert_timestamp (heap, 48000 + i * 480);
    assert_descriptors (n - 6 + i, i == 0 ? 2 : 0);
  }
  fail_unless_equals_uint64 (counter ("heaps-sent"), 5);
  fail_unless_equals_uint64 (
      counter ("heaps-dropped") + counter ("heaps-failed"), 2);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (a_seek_without_flush_goes_on_without_descriptors)
{
  if (!have_element ("audiotestsrc"))
    return;
  launch ("audiotestsrc samplesperbuffer=480 ! "
          "audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
          "spead2sink name=sender");
  go_to (GST_STATE_PAUSED);
  seek (GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT, 0,
      30 * GST_MSECOND);
  go_to (GST_STATE_PLAYING);
  gst_message_unref (pop (GST_MESSAGE_SEGMENT_DONE));
  seek (GST_FORMAT_TIME, GST_SEEK_FLAG_NONE, GST_SECOND,
      GST_SECOND + 20 * GST_MSECOND);
  wait_eos ();
  decode ();
  for (guint i = 0; i < 5; i++) {
    fail_unless_equals_uint64 (whole_heap (i)->cnt, i + 1);
    assert_timestamp (whole_heap (i), i < 3 ? i * 480 : 48000 + (i - 3) * 480);
    assert_descriptors (i, i == 0 ? 2 : 0);
  }
  assert_stop_heap (5, 6);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 1);
  assert_no_message (GST_MESSAGE_WARNING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (a_new_segment_in_mid_stream_changes_nothing_on_the_wire)
{
  GstSegment segment;

  play (CAPS_S8);
  push (100, 0, 0);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 7 * GST_SECOND;
  segment.base = GST_SECOND;
  fail_unless (gst_pad_push_event (pad, gst_event_new_segment (&segment)));
  push (100, 100, 100);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_heap (1, 2, 100, 100, 100);
  assert_descriptors (1, 0);
  assert_stop_heap (2, 3);
}

GST_END_TEST;

static const struct {
  const gchar *needs;
  const gchar *text;
  GstFormat format;
  gint64 end;
} positions[] = {
    {"audiotestsrc",
        "audiotestsrc num-buffers=3 samplesperbuffer=480 ! "
        "audio/x-raw,rate=48000 ! spead2sink name=sender",
        GST_FORMAT_TIME, 30 * GST_MSECOND},
    {"fakesrc",
        "fakesrc num-buffers=3 filltype=zero sizetype=fixed sizemax=500 "
        "format=bytes ! "
        "spead2sink name=sender",
        GST_FORMAT_BYTES, 1500},
};

GST_START_TEST (the_position_is_where_the_last_heap_ends)
{
  gint64 position;

  if (!have_element (positions[__i__].needs))
    return;
  launch (positions[__i__].text);
  run_to_eos ();
  fail_unless (gst_element_query_position (
      pipeline, positions[__i__].format, &position));
  fail_unless_equals_int64 (position, positions[__i__].end);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* -- latency -------------------------------------------------------------------------- */

static const struct {
  const gchar *property;
  gboolean live, sync;
} latencies[] = {
    {"processing-deadline", TRUE, TRUE},
    {"render-delay", TRUE, TRUE},
    {"processing-deadline", TRUE, FALSE},
    {"processing-deadline", FALSE, TRUE},
    {"render-delay", FALSE, FALSE},
};

static GstClockTime
latency (void)
{
  GstQuery *query = gst_query_new_latency ();
  GstClockTime minimum;

  fail_unless (gst_element_query (pipeline, query));
  gst_query_parse_latency (query, NULL, &minimum, NULL);
  gst_query_unref (query);
  return minimum;
}

/* Only a live source makes time matter, and only a sink that keeps to it. */
GST_START_TEST (the_latency_of_a_live_pipeline_has_the_sinks_in_it)
{
  const gboolean counts = latencies[__i__].live && latencies[__i__].sync;
  GstClockTime without;

  if (!have_element ("audiotestsrc"))
    return;
  launch ("audiotestsrc name=source ! queue ! "
          "spead2sink name=sender processing-deadline=0");
  g_object_set (element ("source"), "is-live", latencies[__i__].live, NULL);
  g_object_set (sink, "sync", latencies[__i__].sync, NULL);
  go_to (GST_STATE_PLAYING);
  without = latency ();
  fail_unless_equals_int (without > 0, counts);
  g_object_set (
      sink, latencies[__i__].property, (guint64) 30 * GST_MSECOND, NULL);
  fail_unless_equals_uint64 (
      latency () - without, counts ? 30 * GST_MSECOND : 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* -- the end, and steps ---------------------------------------------------------------- */

GST_START_TEST (a_second_eos_is_not_told_again)
{
  play (CAPS_S8);
  push (100, 0, 0);
  finish ();
  gst_pad_push_event (pad, gst_event_new_eos ());
  drain ();
  assert_no_message (GST_MESSAGE_EOS);
  decode ();
  assert_stop_heap (1, 2);
}

GST_END_TEST;

/* As with every sink of the base class: until GStreamer 1.24 it takes a flush, and
 * since then a stream-start is enough. */
GST_START_TEST (after_eos_a_stream_begins_as_in_every_sink)
{
  GstFlowReturn flow;
  guint major, minor, micro, nano;

  gst_version (&major, &minor, &micro, &nano);
  play (CAPS_S8);
  push (100, 0, 0);
  finish ();
  gst_pad_push_event (pad, gst_event_new_stream_start ("other"));
  set_caps (CAPS_S8);
  flow = try_push (100, 100, 100);
  drain ();
  decode ();
  if (major == 1 && minor < 24) {
    fail_unless (flow != GST_FLOW_OK);
    assert_stop_heap (1, 2);
  } else {
    fail_unless_equals_int (flow, GST_FLOW_OK);
    finish ();
    decode ();
    fail_unless_equals_int (fake_receiver_saw_stop (decoder), 2);
    assert_heap (2, 3, 100, 100, 100);
    assert_descriptors (2, 2);
  }
}

GST_END_TEST;

/* The base class drops what is stepped over, and a preroll sends nothing. */
GST_START_TEST (stepped_buffers_are_skipped_and_the_rest_is_whole)
{
  GstElement *app;

  if (!have_element ("appsrc"))
    return;
  launch (
      "appsrc name=app format=time caps=" CAPS_S8 " ! spead2sink name=sender");
  app = element ("app");
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  for (guint i = 0; i < 8; i++) {
    GstBuffer *buffer = make_buffer (100, i * 100, i * 100);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    GST_BUFFER_DURATION (buffer) = GST_SECOND;
    app_push (app, buffer);
  }
  app_end (app);
  go_to (GST_STATE_PAUSED);
  step (GST_STATE_PAUSED, 1);
  step (GST_STATE_PAUSED, 2);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
  run_to_eos ();
  decode ();
  for (guint i = 0; i < 5; i++) {
    assert_heap (i, i + 1, (3 + i) * 100, 100, (3 + i) * 100);
    assert_descriptors (i, i == 0 ? 2 : 0);
  }
  assert_stop_heap (5, 6);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (gaps_and_empty_buffers_pass_between_heaps)
{
  GstElement *app;

  if (!have_element ("appsrc"))
    return;
  launch ("appsrc name=app format=time caps=" CAPS_S8
          " ! queue ! spead2sink name=sender");
  app = element ("app");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 4; i++) {
    app_push (app, make_buffer (100, i * 100, i * 100));
    app_push (app, make_buffer (0, 0, GST_BUFFER_OFFSET_NONE));
    fail_unless (gst_element_send_event (
        app, gst_event_new_gap (i * GST_SECOND, GST_CLOCK_TIME_NONE)));
  }
  app_end (app);
  wait_eos ();
  decode ();
  for (guint i = 0; i < 4; i++) {
    assert_heap (i, i + 1, i * 100, 100, i * 100);
    assert_descriptors (i, i == 0 ? 2 : 0);
  }
  assert_stop_heap (4, 5);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

GST_START_TEST (silence_flagged_as_a_gap_is_sent_all_the_same)
{
  static const guint8 zeros[600];

  if (!have_element ("audiotestsrc"))
    return;
  launch ("audiotestsrc wave=silence num-buffers=3 samplesperbuffer=300 ! "
          "audio/x-raw,format=S16LE,channels=1 ! spead2sink name=sender");
  run_to_eos ();
  decode ();
  for (guint i = 0; i < 3; i++) {
    gsize size;
    const guint8 *bytes = fake_heap_bytes (whole_heap (i), ID_SAMPLES, &size);

    fail_unless_equals_uint64 (size, sizeof zeros);
    fail_unless (memcmp (bytes, zeros, size) == 0);
  }
  assert_stop_heap (3, 4);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
upstream_suite (void)
{
  Suite *s = suite_create ("upstream");
  TCase *tc = tcase_create ("upstream");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc, buffers_are_cut_as_for_a_sink_that_proposes_nothing,
      0, G_N_ELEMENTS (chains));
  tcase_add_test (
      tc, a_drain_query_before_a_queue_returns_when_all_heaps_are_sent);
  tcase_add_test (tc, a_tee_feeds_several_sinks_whole);
  tcase_add_test (tc, a_branch_that_waits_for_its_network_loses_nothing);
  tcase_add_test (tc, a_buffer_list_through_a_tee_is_a_heap_a_buffer);
  tcase_add_test (tc, a_pause_within_a_buffer_list_loses_nothing);
  tcase_add_loop_test (tc, pipelines_reach_paused_and_playing_and_end, 0,
      G_N_ELEMENTS (streams));
  tcase_add_test (tc, a_gap_prerolls_as_data_does);
  tcase_add_test (tc, an_empty_buffer_prerolls_as_data_does);
  tcase_add_test (tc, a_sending_thread_is_named_after_its_element);
  tcase_add_test (tc, a_sending_thread_of_a_long_name_has_its_beginning);
  tcase_add_loop_test (tc, a_synchronised_buffer_goes_when_its_time_has_come, 0,
      G_N_ELEMENTS (shifts));
  tcase_add_test (tc, a_gap_is_waited_for_before_the_next_heap);
  tcase_add_test (tc, a_late_buffer_is_dropped_and_counted);
  tcase_add_loop_test (tc, the_index_counts_a_late_buffer, 0, 2);
  tcase_add_test (tc, upstream_is_told_of_a_late_buffer);
  tcase_add_test (tc, bytes_are_sent_without_waiting_for_the_clock);
  tcase_add_loop_test (tc, a_live_source_is_paced_by_the_clock, 0, 2);
  tcase_add_test (tc, a_source_of_other_caps_linked_while_playing_is_described);
  tcase_add_test (tc, one_source_after_the_other_is_one_stream);
  tcase_add_test (tc, a_capsfilter_that_changes_its_mind_is_described_once);
  tcase_add_loop_test (tc, a_flushing_seek_is_described_and_the_counter_goes_on,
      0, G_N_ELEMENTS (seekable));
  tcase_add_test (tc, a_flushing_seek_returns_though_the_network_is_blocked);
  tcase_add_test (tc, a_seek_without_flush_goes_on_without_descriptors);
  tcase_add_test (tc, a_new_segment_in_mid_stream_changes_nothing_on_the_wire);
  tcase_add_loop_test (tc, the_position_is_where_the_last_heap_ends, 0,
      G_N_ELEMENTS (positions));
  tcase_add_loop_test (tc, the_latency_of_a_live_pipeline_has_the_sinks_in_it,
      0, G_N_ELEMENTS (latencies));
  tcase_add_test (tc, a_second_eos_is_not_told_again);
  tcase_add_test (tc, after_eos_a_stream_begins_as_in_every_sink);
  tcase_add_test (tc, stepped_buffers_are_skipped_and_the_rest_is_whole);
  tcase_add_test (tc, gaps_and_empty_buffers_pass_between_heaps);
  tcase_add_test (tc, silence_flagged_as_a_gap_is_sent_all_the_same);
  return s;
}

GST_CHECK_MAIN (upstream);
