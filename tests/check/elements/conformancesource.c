/* adctestsrc against audiotestsrc: see conformance.c; and what conformancelive.c has in
 * common with it.
 *
 * The source stands alone, without a bin, and pushes into a pad whose chain
 * function takes as many buffers as the script pulls; a streaming thread that
 * brings one more waits there. What a source has in common with others is shown:
 * events, segments, offsets, times, sizes and flags of buffers, but not samples.
 *
 * A source that seeks without a flush, or ends, waits for its streaming thread:
 * the actor does what can wait so, and the waiting buffer is taken then.
 *
 * Threads: the test's own changes states, the actor sends events, the source's
 * task streams. What they share is guarded by lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "conformancesource.h"

#include <gst/base/gstbasesrc.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>

#include <string.h>

GstElement *source;
static GstPad *pad, *source_pad;
static GstBus *bus;
static GstTestClock *test_clock;
static const SourceKind *source_kind;
static guint n_taken; /* lock: buffers */

static GMutex lock;
static GCond changed;
static struct {
  guint credits;    /* buffers that may still come */
  gboolean waiting; /* the streaming thread, with one more */
  gboolean closed;  /* for a state change down */
  gboolean flushing;
  GstFlowReturn reply;
  const gchar *last;     /* what came before */
} gate;                  /* lock */
static GstCaps *allowed; /* lock */

static gint streaming_tid;      /* atomic; 0: there is none */
static gint worker_tid;         /* the same, of a thread of the element's own */
static gint actor_tid;          /* atomic; 0: it is done */
static gboolean actor_may_wait; /* for the streaming thread */

/* -- downstream ----------------------------------------------------------------- */

static const gchar *
show_time (guint64 value, gchar text[static 24])
{
  if (value == GST_CLOCK_TIME_NONE)
    strcpy (text, "none");
  else
    g_snprintf (text, 24, "%" G_GUINT64_FORMAT, value);
  return text;
}

static void
see_buffer (GstBuffer *buffer, const gchar *last)
{
  const guint flags = GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_GAP |
      GST_BUFFER_FLAG_CORRUPTED | GST_BUFFER_FLAG_RESYNC;
  gchar offset[24], end[24], pts[24], duration[24];

  see ("buffer offset=%s end=%s pts=%s duration=%s size=%" G_GSIZE_FORMAT
       " flags=%x after %s",
      show_time (GST_BUFFER_OFFSET (buffer), offset),
      show_time (GST_BUFFER_OFFSET_END (buffer), end),
      show_time (GST_BUFFER_PTS (buffer), pts),
      show_time (GST_BUFFER_DURATION (buffer), duration),
      gst_buffer_get_size (buffer), GST_BUFFER_FLAGS (buffer) & flags, last);
}

/* TRUE where the gate is open for one more. Called with the lock. */
static gboolean
gate_pass (void)
{
  while (gate.credits == 0 && !gate.closed && !gate.flushing) {
    gate.waiting = TRUE;
    g_cond_broadcast (&changed);
    g_cond_wait (&changed, &lock);
  }
  gate.waiting = FALSE;
  if (gate.closed || gate.flushing)
    return FALSE;
  gate.credits--;
  return TRUE;
}

static GstFlowReturn
take_buffer (GstPad *own_pad, GstObject *parent, GstBuffer *buffer)
{
  GstFlowReturn flow = GST_FLOW_FLUSHING;

  g_mutex_lock (&lock);
  if (gate_pass ()) {
    flow = gate.reply;
    n_taken++;
    source_kind->see_buffer (buffer, gate.last);
    gate.last = "buffer";
    gate.reply = GST_FLOW_OK;
  }
  g_mutex_unlock (&lock);
  gst_buffer_unref (buffer);
  return flow;
}

static void
see_segment (GstEvent *event, const gchar *last)
{
  const GstSegment *segment;
  guint64 shown;
  gchar start[24], stop[24], time[24], base[24], position[24];

  gst_event_parse_segment (event, &segment);
  shown = source_kind->real_times ? GST_CLOCK_TIME_NONE : segment->position;
  see ("segment %s rate=%g flags=%x start=%s stop=%s time=%s base=%s "
       "position=%s after %s",
      gst_format_get_name (segment->format), segment->rate, segment->flags,
      show_time (segment->start, start), show_time (segment->stop, stop),
      show_time (segment->time, time), show_time (segment->base, base),
      show_time (shown, position), last);
}

static void
see_caps (GstEvent *event, const gchar *last)
{
  GstCaps *caps;
  gchar *text;

  gst_event_parse_caps (event, &caps);
  text = gst_caps_to_string (caps);
  see ("caps %s after %s", text, last);
  g_free (text);
}

static gboolean
take_event (GstPad *own_pad, GstObject *parent, GstEvent *event)
{
  const gchar *last;

  g_mutex_lock (&lock);
  last = gate.last;
  if (GST_EVENT_TYPE (event) != GST_EVENT_TAG &&
      (GST_EVENT_TYPE (event) != GST_EVENT_CAPS || !source_kind->any_caps))
    gate.last = GST_EVENT_TYPE_NAME (event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START)
    gate.flushing = TRUE;
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gate.flushing = FALSE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);

  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    see_segment (event, last);
  else if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS)
    see_caps (event, last);
  else
    see ("event %s after %s", GST_EVENT_TYPE_NAME (event), last);
  gst_event_unref (event);
  return TRUE;
}

static gboolean
answer_query (GstPad *own_pad, GstObject *parent, GstQuery *query)
{
  GstCaps *caps, *filter;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS)
    return gst_pad_query_default (own_pad, parent, query);

  g_mutex_lock (&lock);
  caps = gst_caps_ref (allowed);
  g_mutex_unlock (&lock);
  gst_query_parse_caps (query, &filter);
  if (filter) {
    GstCaps *common =
        gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = common;
  }
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
  return TRUE;
}

/* -- at rest ------------------------------------------------------------------- */

static gboolean
gate_is_waiting (void)
{
  gboolean waiting;

  g_mutex_lock (&lock);
  waiting = gate.waiting && gate.credits == 0 && !gate.closed && !gate.flushing;
  g_mutex_unlock (&lock);
  return waiting;
}

/* Its function runs with the stream lock. */
static gboolean
task_is_paused (void)
{
  if (gst_pad_get_task_state (source_pad) == GST_TASK_STARTED ||
      !g_rec_mutex_trylock (GST_PAD_GET_STREAM_LOCK (source_pad)))
    return FALSE;
  g_rec_mutex_unlock (GST_PAD_GET_STREAM_LOCK (source_pad));
  return TRUE;
}

gboolean
source_is_asleep (void)
{
  gint tid = g_atomic_int_get (&streaming_tid);

  return tid != 0 && thread_sleeps (tid);
}

gboolean
source_worker_is_asleep (void)
{
  gint tid = g_atomic_int_get (&worker_tid);

  return tid == 0 || thread_sleeps (tid);
}

guint
source_n_taken (void)
{
  guint n;

  g_mutex_lock (&lock);
  n = n_taken;
  g_mutex_unlock (&lock);
  return n;
}

static gboolean
waits_for_time (void)
{
  return source_is_asleep () && gst_test_clock_peek_id_count (test_clock) > 0;
}

static gboolean
source_is_at_rest (void)
{
  GstBaseSrc *base = GST_BASE_SRC (source);

  if (gate_is_waiting () || task_is_paused ())
    return TRUE;
  if (!gst_base_src_is_live (base))
    return FALSE;
  return base->live_running ? source_kind->has_no_more () : source_is_asleep ();
}

/* -- the actor -------------------------------------------------------------------- */

typedef struct {
  gboolean to_pad;
  GstEvent *event;
} Act;

static gpointer
actor_run (gpointer data)
{
  Act *act = data;

  g_atomic_int_set (&actor_tid, own_tid ());
  see ("event=%d",
      act->to_pad ? gst_pad_push_event (pad, act->event)
                  : gst_element_send_event (source, act->event));
  g_atomic_int_set (&actor_tid, 0);
  return NULL;
}

/* What the actor waits for while a buffer waits is the streaming thread. */
static gboolean
actor_is_done_or_waits (void)
{
  gint tid = g_atomic_int_get (&actor_tid);

  return tid == 0 ||
      (tid > 0 && actor_may_wait && gate_is_waiting () && thread_sleeps (tid));
}

static gboolean
may_wait (GstEvent *event)
{
  GstSeekFlags flags;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  gst_event_parse_seek (event, NULL, NULL, &flags, NULL, NULL, NULL, NULL);
  return !(flags & GST_SEEK_FLAG_FLUSH);
}

void
source_act (gboolean to_pad, GstEvent *event)
{
  Act act = {to_pad, event};
  GThread *actor;

  actor_may_wait = may_wait (event);
  g_atomic_int_set (&actor_tid, -1);
  actor = g_thread_new ("actor", actor_run, &act);
  for (;;) {
    wait_until (actor_is_done_or_waits ());
    if (g_atomic_int_get (&actor_tid) == 0)
      break;
    g_mutex_lock (&lock);
    gate.credits = 1;
    g_cond_broadcast (&changed);
    g_mutex_unlock (&lock);
  }
  g_thread_join (actor);
}

/* -- steps ---------------------------------------------------------------------------- */

static void
set_gate (gboolean closed)
{
  g_mutex_lock (&lock);
  gate.closed = closed;
  if (!closed) {
    gate.credits = 0;
    gate.flushing = FALSE;
    gate.reply = GST_FLOW_OK;
    gate.last = "nothing";
  }
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

/* What is downstream goes down first. */
void
source_change_state (gchar **args)
{
  GstState state = parse_state (args[0]);

  if (state <= GST_STATE_READY)
    set_gate (TRUE);
  see ("set-state=%s",
      gst_element_state_change_return_get_name (
          gst_element_set_state (source, state)));
  if (state <= GST_STATE_READY) {
    gst_pad_set_active (pad, FALSE);
    gst_pad_set_active (pad, TRUE);
    set_gate (FALSE);
  }
}

static void
change_state (gchar **args)
{
  if (g_str_equal (args[0], "PAUSED") &&
      GST_STATE (source) == GST_STATE_PLAYING &&
      gst_base_src_is_live (GST_BASE_SRC (source)))
    see ("live pause of %s", G_OBJECT_TYPE_NAME (source));
  source_change_state (args);
}

void
source_pull (gchar **args)
{
  g_mutex_lock (&lock);
  gate.credits = parse_number (args[0]);
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
source_set_reply (gchar **args)
{
  GstFlowReturn flow = GST_FLOW_OK;

  while (
      flow > GST_FLOW_ERROR && !g_str_equal (gst_flow_get_name (flow), args[0]))
    flow--;
  g_mutex_lock (&lock);
  gate.reply = flow;
  g_mutex_unlock (&lock);
}

/* time: µs, exact at 8000 Hz where it is a multiple of 125 */
static gint64
parse_position (GstFormat format, const gchar *word)
{
  gint64 number = parse_number (word);

  return number >= 0 && format == GST_FORMAT_TIME ? number * GST_USECOND
                                                  : number;
}

static gboolean
has_caps (void)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);

  if (caps == NULL)
    return FALSE;
  gst_caps_unref (caps);
  return TRUE;
}

/* At 8000 Hz all of them are times of samples. */
static gboolean
positions_are_exact (void)
{
  gint rate;

  g_mutex_lock (&lock);
  gst_structure_get_int (gst_caps_get_structure (allowed, 0), "rate", &rate);
  g_mutex_unlock (&lock);
  return rate == 8000;
}

/* element|pad format rate flags start length. Backwards audiotestsrc logs
 * CRITICALs; adctestsrc refuses it. */
static void
seek (gchar **args)
{
  GstFormat format = parse_format (args[1]);
  gint64 start = parse_position (format, args[4]);
  gint64 length = parse_position (format, args[5]);
  GstSeekFlags flags = GST_SEEK_FLAG_NONE;

  if (strstr (args[3], "flush"))
    flags |= GST_SEEK_FLAG_FLUSH;
  if (strstr (args[3], "segment"))
    flags |= GST_SEEK_FLAG_SEGMENT;
  /* A live source that waits for the clock, or for PLAYING, is waited for. */
  if (!(flags & GST_SEEK_FLAG_FLUSH) &&
      gst_base_src_is_live (GST_BASE_SRC (source)))
    return;
  if (!has_caps ())
    see ("early %s", G_OBJECT_TYPE_NAME (source));
  if (!positions_are_exact ())
    see ("inexact %s", G_OBJECT_TYPE_NAME (source));
  source_act (g_str_equal (args[0], "pad"),
      gst_event_new_seek (g_ascii_strtod (args[2], NULL), format, flags,
          GST_SEEK_TYPE_SET, start, GST_SEEK_TYPE_SET,
          length < 0 ? -1 : start + length));
}

void
source_send_event (gchar **args)
{
  /* A base source that cannot push it now loses count of it. */
  if (g_str_equal (args[0], "eos") && task_is_paused ())
    return;
  /* One that does not run passes it on, but not the FLUSH_STOP that follows. */
  if (g_str_equal (args[0], "flush-start") &&
      GST_STATE (source) < GST_STATE_PAUSED)
    return;
  source_act (FALSE, make_event (args[0]));
}

void
source_push_event (gchar **args)
{
  source_act (TRUE, make_event (args[0]));
}

/* Where nothing is flushing it would wait for a task that never ends. */
void
source_send_flush_stop (gchar **args)
{
  gboolean flushing;

  g_mutex_lock (&lock);
  flushing = gate.flushing;
  g_mutex_unlock (&lock);
  if (flushing)
    source_act (
        FALSE, gst_event_new_flush_stop (g_str_equal (args[0], "reset")));
}

static void
set_downstream (gchar **args)
{
  g_mutex_lock (&lock);
  gst_caps_unref (allowed);
  allowed = gst_caps_from_string (args[0]);
  g_mutex_unlock (&lock);
  if (GST_STATE (source) >= GST_STATE_PAUSED)
    see ("other caps %s", G_OBJECT_TYPE_NAME (source));
  source_act (TRUE, gst_event_new_reconfigure ());
}

void
source_query_element (gchar **args)
{
  see_query (source, ask_element, make_query (args[0], parse_format (args[1])));
}

void
source_query_pad (gchar **args)
{
  see_query (pad, ask_peer, make_query (args[0], parse_format (args[1])));
}

void
source_query_convert (gchar **args)
{
  GstFormat from = parse_format (args[0]), to = parse_format (args[2]);

  see_query (pad, ask_peer,
      gst_query_new_convert (from, parse_position (from, args[1]), to));
}

void
source_set_property (gchar **args)
{
  gst_util_set_object_arg (G_OBJECT (source), args[0], args[1]);
}

/* Those that are read when the source starts. */
void
source_set_stopped_property (gchar **args)
{
  if (GST_STATE (source) <= GST_STATE_READY)
    source_set_property (args);
}

void
source_advance_clock (gchar **args)
{
  advance_test_clock (test_clock, parse_number (args[0]), source_is_at_rest);
}

/* -- the fixture -------------------------------------------------------------------------- */

/* The task's, or one of the element's own. */
static gint *
thread_of (GstMessage *message)
{
  const GValue *object = gst_message_get_stream_status_object (message);

  return object && G_VALUE_HOLDS (object, GST_TYPE_TASK) ? &streaming_tid
                                                         : &worker_tid;
}

static GstBusSyncReply
note_thread (GstBus *own_bus, GstMessage *message, gpointer data)
{
  GstStreamStatusType type;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS) {
    gst_message_parse_stream_status (message, &type, NULL);
    if (type == GST_STREAM_STATUS_TYPE_ENTER)
      g_atomic_int_set (thread_of (message), own_tid ());
    else if (type == GST_STREAM_STATUS_TYPE_LEAVE)
      g_atomic_int_set (thread_of (message), 0);
  }
  return GST_BUS_PASS;
}

void
source_begin (const gchar *element, const SourceKind *kind)
{
  source_kind = kind;
  n_taken = 0;
  source = gst_element_factory_make (element, "source");
  fail_unless (source != NULL, "there is no %s", element);
  gst_object_ref_sink (source);
  bus = gst_bus_new ();
  gst_bus_set_sync_handler (bus, note_thread, NULL, NULL);
  gst_element_set_bus (source, bus);
  test_clock = GST_TEST_CLOCK (gst_test_clock_new ());
  gst_element_set_clock (source, GST_CLOCK (test_clock));
  gst_element_set_base_time (source, 0);

  allowed = gst_caps_from_string (kind->caps);
  pad = gst_pad_new ("sink", GST_PAD_SINK);
  gst_pad_set_chain_function (pad, take_buffer);
  gst_pad_set_event_function (pad, take_event);
  gst_pad_set_query_function (pad, answer_query);
  source_pad = gst_element_get_static_pad (source, "src");
  fail_unless_equals_int (gst_pad_link (source_pad, pad), GST_PAD_LINK_OK);
  gst_pad_set_active (pad, TRUE);
  set_gate (FALSE);
}

static const SourceKind sample_source = {
    .caps = "audio/x-raw,format=S16LE,rate=8000,channels=1,layout=interleaved",
    .see_buffer = see_buffer,
    .has_no_more = waits_for_time,
};

static void
begin (const gchar *element)
{
  source_begin (element, &sample_source);
  g_object_set (source, "samplesperbuffer", 1000, NULL);
}

void
source_end (void)
{
  source_change_state ((gchar *[]){(gchar *) "NULL"});
  gst_element_set_bus (source, NULL);
  gst_object_unref (bus);
  gst_object_unref (source_pad);
  gst_object_unref (source);
  gst_object_unref (pad);
  gst_object_unref (test_clock);
  gst_clear_caps (&allowed);
}

void
source_run (const StepKind *kind, gchar **args)
{
  kind->run (args);
}

void
source_settle (void)
{
  GstState current, pending;
  GstStateChangeReturn result;

  wait_until (source_is_at_rest ());
  see_messages (bus);
  result = gst_element_get_state (source, &current, &pending, 0);
  see ("state=%s %s %s", gst_element_state_change_return_get_name (result),
      gst_element_state_get_name (current),
      gst_element_state_get_name (pending));
  see ("task=%d", gst_pad_get_task_state (source_pad));
}

/* -- the tables ----------------------------------------------------------------------------- */

#define FORMATS "time|time|default|bytes|buffers|percent"
#define QUERIES                                                                \
  "position|position|duration|duration|seeking|segment|latency|formats|"       \
  "scheduling|custom"
#define EVENTS                                                                 \
  "eos|qos|latency|reconfigure|step|navigation|custom-upstream|"               \
  "custom-downstream|custom-downstream-oob|custom-both|custom-both-oob|"       \
  "flush-start"
#define AUDIO(format, rate, channels)                                          \
  "audio/x-raw,format=" format ",rate=" rate ",channels=" channels             \
  ",layout=interleaved"

static const StepKind kinds[] = {
    {"state", 20, change_state, FALSE,
        {"NULL|READY|PAUSED|PAUSED|PLAYING|PLAYING|PLAYING"}},
    {"pull", 30, source_pull, FALSE, {"1|1|2|5"}},
    {"seek", 15, seek, FALSE,
        {"element|pad", "time|time|default|bytes|buffers",
            "1.0|1.0|1.0|2.0|0.5", "none|flush|segment|flush+segment",
            "0|1000|128000|1000000|10000", "none|none|1000|100000|256000"}},
    {"send", 6, source_send_event, FALSE, {EVENTS}},
    {"push", 3, source_push_event, FALSE,
        {"qos|latency|reconfigure|step|navigation|custom-upstream"}},
    {"flush-stop", 5, source_send_flush_stop, FALSE, {"reset|keep"}},
    {"downstream", 3, set_downstream, FALSE,
        {AUDIO ("S16LE", "8000", "1") "|" AUDIO (
            "S16LE", "44100", "1") "|" AUDIO ("S32LE", "48000",
            "2,channel-mask=(bitmask)0x3") "|" AUDIO ("F32LE", "8000", "1")}},
    {"query", 8, source_query_element, FALSE, {QUERIES, FORMATS}},
    {"query-pad", 8, source_query_pad, FALSE, {QUERIES "|caps", FORMATS}},
    {"convert", 5, source_query_convert, FALSE,
        {FORMATS, "none|0|1|1000|12345|1000000", FORMATS}},
    {"set", 4, source_set_stopped_property, FALSE,
        {"is-live", "true|false|false"}},
    {"set", 4, source_set_stopped_property, FALSE, {"num-buffers", "-1|0|1|3"}},
    {"set", 2, source_set_stopped_property, FALSE,
        {"samplesperbuffer", "1|80|1000"}},
    {"set", 2, source_set_property, FALSE, {"timestamp-offset", "0|1000000"}},
    {"set", 1, source_set_stopped_property, FALSE,
        {"do-timestamp", "true|false"}},
    {"reply", 2, source_set_reply, FALSE, {"eos|not-linked|error|flushing"}},
    {"advance", 8, source_advance_clock, FALSE, {"1|10|100"}},
};

static const Difference differences[] = {
    {"*", "audiotestsrc", "event tag *", "its wave's name", FALSE},
    {"downstream *", "audiotestsrc", "other caps *",
        "it counts on with samples of another rate", TRUE},
    {"state PAUSED", "audiotestsrc", "live pause of *",
        "it does not mark the buffer behind the one that a pause drops", TRUE},
    {"seek *", "audiotestsrc", "early *",
        "it takes the position before it has a rate, and begins at 0", TRUE},
    {"seek *", "audiotestsrc", "inexact *",
        "it begins in front of a time between two samples, and even in front "
        "of "
        "a sample that was asked for by number, since it goes by the time",
        TRUE},
    {"query* position default", "audiotestsrc", "answer=*",
        "it goes by the time of the last buffer", FALSE},
    {"query* position bytes", "audiotestsrc", "answer=*",
        "it goes by the time of the last buffer", FALSE},
    {"query* duration *", "audiotestsrc", "answer=*",
        "it has no duration with num-buffers", FALSE},
    {"convert time *", "audiotestsrc", "answer=*",
        "a time is in the sample whose buffer it is in, not in the nearest",
        FALSE},
    {"convert * time", "audiotestsrc", "answer=*",
        "a sample's time is rounded down, as that of a buffer", FALSE},
    {"query-pad caps *", "audiotestsrc", "answer=*", "formats of its own",
        FALSE},
    {"query* latency *", "audiotestsrc", "answer=*",
        "a source that is not live has no latency", FALSE},
};

const Comparison source_comparison = {
    .name = "source",
    .element = "adctestsrc",
    .peers = {"audiotestsrc"},
    .min_steps = 6,
    .max_steps = 30,
    .kinds = kinds,
    .n_kinds = G_N_ELEMENTS (kinds),
    .differences = differences,
    .n_differences = G_N_ELEMENTS (differences),
    .begin = begin,
    .run = source_run,
    .settle = source_settle,
    .end = source_end,
};
