/* spead2sink against fakesink and udpsink: see conformance.c.
 *
 * The sink stands alone, without a bin, and gets its data from a pad and its time
 * from a test clock. The pusher is the streaming thread: a step is over when it
 * has done its part, or waits in preroll or for the clock.
 *
 * Threads: the test's own changes states and sends out-of-band events; the
 * pusher does all that is serialized. What they share is guarded by lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "conformance.h"

#include <gst/base/gstbasesink.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FORMATS "time|bytes|default|buffers"
#define BOOLEAN "true|false"

static GstElement *sink;
static GstPad *pad;
static GstBus *bus;
static GstTestClock *test_clock;
static gboolean under_test;
static GstState wanted; /* of the sink */
static gint stepped;    /* atomic: a STEP was sent */
static int deaf = -1;   /* a socket that is sent to, and does not look */

static struct {
  GThread *thread;
  gint tid; /* atomic */
  GMutex lock;
  GCond changed;
  gboolean leave;

  /* lock: its work */
  const StepKind *kind;
  gchar **args; /* (owned) */

  GstClockTime position; /* of the next buffer; the pusher's */
} pusher;

/* -- the streaming thread ------------------------------------------------------------ */

static gpointer
pusher_run (gpointer data)
{
  g_mutex_lock (&pusher.lock);
  g_atomic_int_set (&pusher.tid, own_tid ());
  while (!pusher.leave) {
    if (pusher.kind == NULL) {
      g_cond_broadcast (&pusher.changed);
      g_cond_wait (&pusher.changed, &pusher.lock);
      continue;
    }
    g_mutex_unlock (&pusher.lock);
    pusher.kind->run (pusher.args);
    g_mutex_lock (&pusher.lock);
    pusher.kind = NULL;
    g_clear_pointer (&pusher.args, g_strfreev);
  }
  g_mutex_unlock (&pusher.lock);
  return NULL;
}

static gboolean
pusher_is_idle (void)
{
  gboolean idle;

  g_mutex_lock (&pusher.lock);
  idle = pusher.kind == NULL;
  g_mutex_unlock (&pusher.lock);
  return idle;
}

/* Nothing to do, or waiting for what only the test does. */
static gboolean
pusher_is_at_rest (void)
{
  if (pusher_is_idle ())
    return TRUE;
  return thread_sleeps (g_atomic_int_get (&pusher.tid)) &&
      (GST_BASE_SINK (sink)->have_preroll ||
          gst_test_clock_peek_id_count (test_clock) > 0);
}

static void
give_pusher (const StepKind *kind, gchar **args)
{
  g_mutex_lock (&pusher.lock);
  pusher.kind = kind;
  pusher.args = g_strdupv (args);
  g_cond_broadcast (&pusher.changed);
  g_mutex_unlock (&pusher.lock);
}

/* -- what is pushed -------------------------------------------------------------------- */

static void
push_event (GstEvent *event)
{
  const gchar *name = GST_EVENT_TYPE_NAME (event);

  see ("%s=%d", name, gst_pad_push_event (pad, event));
}

static gboolean
has_event (GstEventType type)
{
  GstEvent *event = gst_pad_get_sticky_event (pad, type, 0);

  if (event == NULL)
    return FALSE;
  gst_event_unref (event);
  return TRUE;
}

static void
push_caps_text (const gchar *text)
{
  GstCaps *caps = gst_caps_from_string (text);

  push_event (gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

/* A segment may not come before them. */
static void
begin_caps (const gchar *text)
{
  if (!has_event (GST_EVENT_STREAM_START))
    push_event (gst_event_new_stream_start ("conformance"));
  if (!has_event (GST_EVENT_CAPS))
    push_caps_text (text);
}

/* Nor data before this. */
static void
begin_stream (void)
{
  GstSegment segment;

  begin_caps ("application/octet-stream");
  if (has_event (GST_EVENT_SEGMENT))
    return;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  push_event (gst_event_new_segment (&segment));
  pusher.position = 0;
}

static GstBuffer *
make_buffer (gsize size, gboolean timed)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (buffer, 0, 0, size);
  if (timed) {
    GST_BUFFER_PTS (buffer) = pusher.position;
    GST_BUFFER_DURATION (buffer) = TICK;
  }
  pusher.position += TICK;
  return buffer;
}

static void
push_stream_start (gchar **args)
{
  push_event (gst_event_new_stream_start (args[0]));
}

static void
push_caps (gchar **args)
{
  begin_caps (args[0]);
  push_caps_text (args[0]);
}

/* format rate start length. A base sink that steps takes every segment for one
 * of time, and logs a CRITICAL. */
static void
push_segment (gchar **args)
{
  GstFormat format =
      g_atomic_int_get (&stepped) ? GST_FORMAT_TIME : parse_format (args[0]);
  gint64 scale = format == GST_FORMAT_TIME ? TICK : 1;
  GstSegment segment;

  begin_caps ("application/octet-stream");
  gst_segment_init (&segment, format);
  segment.rate = g_ascii_strtod (args[1], NULL);
  segment.start = segment.time = segment.position =
      parse_number (args[2]) * scale;
  if (parse_number (args[3]) >= 0)
    segment.stop = segment.start + parse_number (args[3]) * scale;
  else if (segment.rate < 0.0)
    segment.stop = 100 * scale;
  push_event (gst_event_new_segment (&segment));
  pusher.position = segment.start;
}

/* number size timed|untimed */
static void
push_buffers (gchar **args)
{
  gint64 n = parse_number (args[0]);
  GstFlowReturn flow = GST_FLOW_OK;

  begin_stream ();
  while (flow == GST_FLOW_OK && n-- > 0)
    flow = gst_pad_push (pad,
        make_buffer (parse_number (args[1]), g_str_equal (args[2], "timed")));
  see ("flow=%s", gst_flow_get_name (flow));
}

static void
push_list (gchar **args)
{
  GstBufferList *list = gst_buffer_list_new ();

  begin_stream ();
  for (gint64 n = parse_number (args[0]); n > 0; n--)
    gst_buffer_list_add (list,
        make_buffer (parse_number (args[1]), g_str_equal (args[2], "timed")));
  if (g_str_equal (G_OBJECT_TYPE_NAME (sink), "GstFakeSink"))
    see ("one by one");
  see ("flow=%s", gst_flow_get_name (gst_pad_push_list (pad, list)));
}

static void
push_gap (gchar **args)
{
  GstClockTime duration =
      g_str_equal (args[0], "none") ? GST_CLOCK_TIME_NONE : TICK;

  begin_stream ();
  push_event (gst_event_new_gap (pusher.position, duration));
  pusher.position += TICK;
}

static void
push_sink_message (void)
{
  GstMessage *message = gst_message_new_application (
      NULL, gst_structure_new_empty ("conformance"));

  push_event (gst_event_new_sink_message ("conformance", message));
  gst_message_unref (message);
}

static void
push_serialized (gchar **args)
{
  begin_stream ();
  if (g_str_equal (args[0], "eos"))
    push_event (gst_event_new_eos ());
  else if (g_str_equal (args[0], "tag"))
    push_event (
        gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "storm", NULL)));
  else if (g_str_equal (args[0], "segment-done"))
    push_event (gst_event_new_segment_done (GST_FORMAT_TIME, 7));
  else if (g_str_equal (args[0], "stream-group-done"))
    push_event (gst_event_new_stream_group_done (3));
  else if (g_str_equal (args[0], "sink-message"))
    push_sink_message ();
  else if (g_str_equal (args[0], "custom-downstream"))
    push_event (gst_event_new_custom (
        GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty ("conformance")));
  else if (g_str_equal (args[0], "custom-sticky"))
    push_event (gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY,
        gst_structure_new_empty ("conformance")));
  else
    push_event (gst_event_new_custom (
        GST_EVENT_CUSTOM_BOTH, gst_structure_new_empty ("conformance")));
}

static void
ask_drain (gchar **args)
{
  GstQuery *query = gst_query_new_drain ();

  see ("drain=%d", gst_pad_peer_query (pad, query));
  gst_query_unref (query);
}

static void
ask_allocation (gchar **args)
{
  GstCaps *caps = gst_caps_new_empty_simple ("application/octet-stream");
  GstQuery *query = gst_query_new_allocation (caps, FALSE);

  see ("allocation=%d", gst_pad_peer_query (pad, query));
  see ("pools=%u", gst_query_get_n_allocation_pools (query));
  see ("params=%u", gst_query_get_n_allocation_params (query));
  gst_query_unref (query);
  gst_caps_unref (caps);
}

/* -- what the test does itself ------------------------------------------------------------ */

/* As a pipeline does it. */
static void
set_base_time (void)
{
  GstClockTime start = gst_element_get_start_time (sink);
  GstClockTime now = gst_clock_get_time (GST_CLOCK (test_clock));

  /* A step may have taken it beyond the clock. */
  if (start <= now)
    gst_element_set_base_time (sink, now - start);
}

/* What streamed into it stops, too, and begins anew. */
static void
restart_pad (void)
{
  gst_pad_set_active (pad, FALSE);
  wait_until (pusher_is_idle ());
  stepped = FALSE;
  gst_pad_set_active (pad, TRUE);
}

static GstStateChangeReturn
set_state (GstState state)
{
  if (state == GST_STATE_PLAYING)
    set_base_time ();
  return gst_element_set_state (sink, state);
}

/* As a bin does it: state by state, and not up while a change is under way.
 * settle () goes on with that. */
static GstStateChangeReturn
approach_state (void)
{
  GstState state = GST_STATE (sink);
  GstStateChangeReturn result;

  do {
    state += (state < wanted) - (state > wanted);
    result = set_state (state);
    if (state > wanted)
      wait_until (pusher_is_at_rest ());
  } while (state != wanted && result != GST_STATE_CHANGE_FAILURE &&
      (result != GST_STATE_CHANGE_ASYNC || state > wanted));
  return result;
}

static void
change_state (gchar **args)
{
  GstStateChangeReturn result;

  wanted = parse_state (args[0]);
  result = approach_state ();
  see ("set-state=%s", gst_element_state_change_return_get_name (result));
  /* As an application does. */
  if (result == GST_STATE_CHANGE_FAILURE)
    wanted = GST_STATE (sink);
  if (wanted <= GST_STATE_READY)
    restart_pad ();
}

/* FALSE where nothing is left to do. */
static gboolean
go_on (void)
{
  GstState current;

  if (gst_element_get_state (sink, &current, NULL, 0) !=
          GST_STATE_CHANGE_SUCCESS ||
      current >= wanted)
    return FALSE;
  return approach_state () != GST_STATE_CHANGE_FAILURE;
}

static gboolean
segment_is_time (void)
{
  GstEvent *event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;
  gboolean is_time;

  if (event == NULL)
    return TRUE;
  gst_event_parse_segment (event, &segment);
  is_time = segment->format == GST_FORMAT_TIME;
  gst_event_unref (event);
  return is_time;
}

/* format amount rate flush intermediate */
static void
send_step (gchar **args)
{
  GstFormat format = parse_format (args[0]);
  gint64 amount = parse_number (args[1]);

  if (!segment_is_time ())
    return;
  g_atomic_int_set (&stepped, TRUE);
  if (under_test && wanted == GST_STATE_PAUSED &&
      g_str_equal (args[3], "flush") &&
      !gst_base_sink_is_async_enabled (GST_BASE_SINK (sink)))
    see ("nothing is sent in PAUSED");
  if (amount > 0 && format == GST_FORMAT_TIME)
    amount *= TICK;
  see ("step=%d",
      gst_element_send_event (sink,
          gst_event_new_step (format, amount, g_ascii_strtod (args[2], NULL),
              g_str_equal (args[3], "flush"),
              g_str_equal (args[4], "intermediate"))));
}

/* An application's, to the element. */
static void
send_event (gchar **args)
{
  see ("send=%d", gst_element_send_event (sink, make_event (args[0])));
}

/* Upstream's, beside the stream. */
static void
push_beside (gchar **args)
{
  see ("push=%d", gst_pad_push_event (pad, make_event (args[0])));
}

static void
flush_start (gchar **args)
{
  /* A base sink that waits for the clock in a step does not wake for a flush. */
  if (stepped && gst_test_clock_peek_id_count (test_clock) > 0)
    return;
  see (
      "flush-start=%d", gst_pad_push_event (pad, gst_event_new_flush_start ()));
}

/* Serialized: it brings along sticky events that were not delivered yet. */
static void
flush_stop (gchar **args)
{
  see ("flush-stop=%d",
      gst_pad_push_event (
          pad, gst_event_new_flush_stop (g_str_equal (args[0], "reset"))));
}

static void
query_element (gchar **args)
{
  see_query (sink, ask_element, make_query (args[0], parse_format (args[1])));
}

static void
query_pad (gchar **args)
{
  see_query (pad, ask_peer, make_query (args[0], parse_format (args[1])));
}

static void
query_accept (gchar **args)
{
  GstCaps *caps = gst_caps_from_string (args[0]);

  see_query (pad, ask_peer, gst_query_new_accept_caps (caps));
  gst_caps_unref (caps);
}

static void
unlink_pad (gchar **args)
{
  GstPad *peer = gst_pad_get_peer (pad);

  if (peer == NULL)
    return;
  gst_pad_unlink (pad, peer);
  gst_object_unref (peer);
}

static void
link_pad (gchar **args)
{
  GstPad *peer = gst_element_get_static_pad (sink, "sink");

  if (!gst_pad_is_linked (pad))
    see ("link=%d", gst_pad_link (pad, peer));
  gst_object_unref (peer);
}

static void
set_property (gchar **args)
{
  gst_util_set_object_arg (G_OBJECT (sink), args[0], args[1]);
}

static void
get_last_sample (gchar **args)
{
  GstSample *sample = NULL;

  g_object_get (sink, "last-sample", &sample, NULL);
  if (sample == NULL) {
    see ("last-sample=none");
    return;
  }
  see ("last-sample=%" G_GSIZE_FORMAT,
      gst_buffer_get_size (gst_sample_get_buffer (sample)));
  gst_sample_unref (sample);
}

static void
get_stats (gchar **args)
{
  guint64 rendered = 0, dropped = 0;
  GstStructure *stats;

  g_object_get (sink, "stats", &stats, NULL);
  gst_structure_get (stats, "rendered", G_TYPE_UINT64, &rendered, "dropped",
      G_TYPE_UINT64, &dropped, NULL);
  see ("rendered=%" G_GUINT64_FORMAT " dropped=%" G_GUINT64_FORMAT, rendered,
      dropped);
  gst_structure_free (stats);
}

/* Others have no such signals: this may change nothing that all of them show. */
static void
emit_signal (gchar **args)
{
  gboolean done;

  if (under_test)
    g_signal_emit_by_name (sink, args[0], &done);
}

static void
advance_clock (gchar **args)
{
  advance_test_clock (test_clock, parse_number (args[0]), pusher_is_at_rest);
}

/* Opening fails, or not any more. Others read the address in NULL to READY only:
 * it changes in NULL. */
static void
set_openable (gchar **args)
{
  gboolean openable = g_str_equal (args[0], "true");

  if (GST_STATE (sink) != GST_STATE_NULL)
    return;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (sink), "state-error"))
    gst_util_set_object_arg (
        G_OBJECT (sink), "state-error", openable ? "none" : "null-to-ready");
  else
    g_object_set (sink, "bind-address", openable ? NULL : "192.0.2.1", NULL);
  if (!openable)
    see ("unopenable %s", G_OBJECT_TYPE_NAME (sink));
}

/* -- upstream ------------------------------------------------------------------------------ */

static gboolean
upstream_event (GstPad *own_pad, GstObject *parent, GstEvent *event)
{
  see ("upstream=%s", GST_EVENT_TYPE_NAME (event));
  gst_event_unref (event);
  return TRUE;
}

static gboolean
upstream_query (GstPad *own_pad, GstObject *parent, GstQuery *query)
{
  GstFormat format;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_LATENCY:
      gst_query_set_latency (query, TRUE, TICK, GST_CLOCK_TIME_NONE);
      return TRUE;
    case GST_QUERY_DURATION:
      gst_query_parse_duration (query, &format, NULL);
      gst_query_set_duration (query, format, 100 * TICK);
      return format == GST_FORMAT_TIME;
    case GST_QUERY_SEEKING:
      gst_query_parse_seeking (query, &format, NULL, NULL, NULL);
      gst_query_set_seeking (query, format, TRUE, 0, 100 * TICK);
      return format == GST_FORMAT_TIME;
    case GST_QUERY_CUSTOM:
      return TRUE;
    default:
      return gst_pad_query_default (own_pad, parent, query);
  }
}

/* -- the fixture ------------------------------------------------------------------------------- */

static void
make_comparable (const gchar *element)
{
  g_object_set (sink, "sync", FALSE, "enable-last-sample", TRUE, "async", TRUE,
      "qos", FALSE, NULL);
  if (!g_str_equal (element, "fakesink")) {
    guint16 port;

    deaf = open_deaf (&port);
    g_object_set (sink, "host", "127.0.0.1", "port", (gint) port, NULL);
  }
}

static void
begin (const gchar *element)
{
  GstPad *peer;

  under_test = g_str_equal (element, "spead2sink");
  sink = gst_element_factory_make (element, "sink");
  fail_unless (sink != NULL, "there is no %s", element);
  gst_object_ref_sink (sink);
  make_comparable (element);
  bus = gst_bus_new ();
  gst_element_set_bus (sink, bus);
  test_clock = GST_TEST_CLOCK (gst_test_clock_new ());
  gst_element_set_clock (sink, GST_CLOCK (test_clock));

  pad = gst_pad_new ("src", GST_PAD_SRC);
  gst_pad_set_event_function (pad, upstream_event);
  gst_pad_set_query_function (pad, upstream_query);
  peer = gst_element_get_static_pad (sink, "sink");
  fail_unless_equals_int (gst_pad_link (pad, peer), GST_PAD_LINK_OK);
  gst_object_unref (peer);
  gst_pad_set_active (pad, TRUE);

  wanted = GST_STATE_NULL;
  stepped = FALSE;
  pusher.leave = FALSE;
  pusher.position = 0;
  pusher.thread = g_thread_new ("pusher", pusher_run, NULL);
}

static void
end (void)
{
  gst_element_set_state (sink, GST_STATE_NULL);
  restart_pad ();
  g_mutex_lock (&pusher.lock);
  pusher.leave = TRUE;
  g_cond_broadcast (&pusher.changed);
  g_mutex_unlock (&pusher.lock);
  g_thread_join (pusher.thread);

  gst_element_set_bus (sink, NULL);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (pad);
  gst_object_unref (test_clock);
  if (deaf >= 0)
    close (deaf);
  deaf = -1;
}

static void
run (const StepKind *kind, gchar **args)
{
  if (!kind->streams)
    kind->run (args);
  else if (pusher_is_idle ())
    give_pusher (kind, args);
  else
    see ("busy");
}

static void
settle (void)
{
  GstState current, pending;
  GstStateChangeReturn result;

  do
    wait_until (pusher_is_at_rest ());
  while (go_on ());
  see ("pusher=%s", pusher_is_idle () ? "idle" : "waits");
  see_messages (bus);
  result = gst_element_get_state (sink, &current, &pending, 0);
  see ("state=%s %s %s", gst_element_state_change_return_get_name (result),
      gst_element_state_get_name (current),
      gst_element_state_get_name (pending));
}

/* -- the tables --------------------------------------------------------------------------------- */

#define QUERIES "position|duration|seeking|segment|latency|formats|caps|custom"
#define UPSTREAM_EVENTS                                                        \
  "seek|flushing-seek|qos|reconfigure|latency|navigation|custom-upstream|"     \
  "custom-downstream-oob|custom-both-oob|custom-downstream|tag|eos"
#define CAPS                                                                   \
  "audio/x-raw,format=S8,rate=8000,channels=1,layout=interleaved|"             \
  "audio/x-raw,format=S16LE,rate=8000,channels=2,layout=interleaved|"          \
  "application/octet-stream|application/x-conformance"

static const StepKind kinds[] = {
    {"state", 30, change_state, FALSE,
        {"NULL|READY|PAUSED|PAUSED|PLAYING|PLAYING|PLAYING"}},
    {"step", 12, send_step, FALSE,
        {FORMATS "|undefined", "none|1|2|3", "1.0|2.0|0.5", "flush|wait",
            "intermediate|whole"}},
    {"send", 8, send_event, FALSE, {UPSTREAM_EVENTS}},
    {"push-beside", 3, push_beside, FALSE,
        {"custom-downstream-oob|custom-both-oob"}},
    {"flush-start", 6, flush_start, FALSE, {NULL}},
    {"flush-stop", 8, flush_stop, TRUE, {"reset|keep"}},
    {"query", 10, query_element, FALSE,
        {QUERIES "|scheduling", FORMATS "|percent"}},
    {"query-pad", 5, query_pad, FALSE, {QUERIES, FORMATS "|percent"}},
    {"accept-caps", 2, query_accept, FALSE, {CAPS}},
    {"unlink", 2, unlink_pad, FALSE, {NULL}},
    {"link", 4, link_pad, FALSE, {NULL}},
    {"set", 3, set_property, FALSE,
        {"sync|async|enable-last-sample|qos", BOOLEAN}},
    {"set", 2, set_property, FALSE,
        {"ts-offset|render-delay|max-lateness", "0|20000000|50000000"}},
    {"set", 1, set_property, FALSE,
        {"throttle-time|processing-deadline", "0|20000000"}},
    {"last-sample", 3, get_last_sample, FALSE, {NULL}},
    {"stats", 3, get_stats, FALSE, {NULL}},
    {"signal", 3, emit_signal, FALSE, {"send-descriptors|send-stop"}},
    {"advance", 6, advance_clock, FALSE, {"1|2|5|100"}},
    {"openable", 1, set_openable, FALSE, {"false|true|true"}},
    {"stream-start", 1, push_stream_start, TRUE, {"one|two"}},
    {"caps", 3, push_caps, TRUE, {CAPS}},
    {"segment", 5, push_segment, TRUE,
        {"time|time|bytes|default", "1.0|1.0|2.0|0.5|-1.0", "0|0|3|50",
            "none|none|1|60"}},
    {"buffers", 25, push_buffers, TRUE,
        {"1|1|2|5", "64|64|1024|8192|0", "timed|timed|untimed"}},
    {"list", 4, push_list, TRUE, {"0|1|2|5", "64|1024|0", "timed|untimed"}},
    {"gap", 3, push_gap, TRUE, {"one|none"}},
    {"event", 8, push_serialized, TRUE,
        {"eos|eos|tag|segment-done|stream-group-done|sink-message|"
         "custom-downstream|custom-sticky|custom-both"}},
    {"drain", 2, ask_drain, TRUE, {NULL}},
    {"allocation", 1, ask_allocation, TRUE, {NULL}},
};

static const Difference differences[] = {
    {"query* seeking *", "fakesink", "answer=*",
        "it says itself that it cannot seek; a network sink asks upstream",
        FALSE},
    {"*", "fakesink", "one by one",
        "it renders a list buffer by buffer, the others as a whole", TRUE},
    {"state *", "fakesink", "message=error",
        "the base class adds one to that of a start () that failed, and not to "
        "its state-error",
        FALSE},
    {"state *", "*", "message=async-done *",
        "with async=false the base class posts it where the streaming thread "
        "is "
        "faster than the state change",
        FALSE},
    {"step *", "*", "nothing is sent in PAUSED",
        "with async=false the base class does not tell a step from a pause "
        "that "
        "it does not keep",
        TRUE},
    {"openable false", "udpsink", "unopenable *",
        "it opens at the second attempt, without the address", TRUE},
    {"openable false", "fakesink", "unopenable *",
        "it fails by its state-error", FALSE},
    {"*", "*", "message=info", "it says at EOS what was sent", FALSE},
    {"*", "*", "allocation=*", "it says what it keeps outstanding", FALSE},
    {"*", "*", "params=*", "it asks for aligned memory", FALSE},
};

const Comparison sink_comparison = {
    .name = "sink",
    .element = "spead2sink",
    .peers = {"fakesink", "udpsink"},
    .min_steps = 6,
    .max_steps = 30,
    .kinds = kinds,
    .n_kinds = G_N_ELEMENTS (kinds),
    .differences = differences,
    .n_differences = G_N_ELEMENTS (differences),
    .begin = begin,
    .run = run,
    .settle = settle,
    .end = end,
};
