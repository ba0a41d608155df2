/* Random sequences of all that an application, a pipeline and a network may do
 * to a spead2sink, and after each of them: nothing hangs, what went out is whole
 * and in order, and the counters add up. At the end neither a thread nor a file
 * descriptor is left.
 *
 * What a sequence does follows from the seed and its number alone; what the
 * streaming thread has done by then does not, so a sequence that failed may need
 * to be repeated some times. Each sequence is a line of the output, written as
 * it happens: the last line is the one that failed, however it failed.
 *
 *   spead2sink_storm [SEQUENCES]
 *
 * | environment     | means                                               |
 * |-----------------|-----------------------------------------------------|
 * | STORM_SEQUENCES | how many sequences are run (100)                    |
 * | STORM_SEED      | seed of all of them (each time another)             |
 * | STORM_ONLY      | the number of a sequence: only this one is repeated |
 *
 * Threads: the test's own changes states and the network; the pusher, or the
 * source, streams; a watchdog ends the program when an action hangs. What they
 * share is guarded by lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugin/adctestsrc/adcnoise.h"
#include "sinkfixture.h"

#define DEFAULT_SEQUENCES 100
#define MIN_ACTIONS 5
#define MAX_ACTIONS 18
#define HANG_SECONDS 30
/* What a pusher pushes between READY and READY, bytes. */
#define BUDGET 600000
#define NOISE_SEED 5

typedef enum {
  OPEN_NETWORK,
  BLOCKED_NETWORK,
  REAL_SOURCE,
  N_STORMS /* a sequence's number modulo this is its storm */
} Storm;

static guint64 seed;
static guint n_sequences = DEFAULT_SEQUENCES;
static gint64 only = -1;

/* The application's. */
static Storm storm;
static GstState state;
static gboolean reopen;   /* a property changed that is read when opening */
static gboolean invalid;  /* one of them cannot be opened with */
static gboolean blocked;  /* the network */
static gboolean flushing; /* between FLUSH_START and FLUSH_STOP */
static gboolean source_may_end; /* the source was told to end, or will */

static GMutex lock;
static GCond changed;

/* -- what is being done ------------------------------------------------------- */

static GThread *watchdog;
static gboolean watchdog_ends;  /* lock */
static gint64 watchdog_expires; /* lock */

static void
expect_progress (void)
{
  g_mutex_lock (&lock);
  watchdog_expires = g_get_monotonic_time () + HANG_SECONDS * G_USEC_PER_SEC;
  g_mutex_unlock (&lock);
}

/* Writes down the next action, before it is done. */
static G_GNUC_PRINTF (1, 2) void act (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar (' ');
  fflush (stdout);
  expect_progress ();
}

static gpointer
watch_progress (gpointer data)
{
  g_mutex_lock (&lock);
  while (!watchdog_ends) {
    if (g_get_monotonic_time () >= watchdog_expires) {
      printf ("<- this hangs\n");
      fflush (stdout);
      abort ();
    }
    g_cond_wait_until (&changed, &lock, watchdog_expires);
  }
  g_mutex_unlock (&lock);
  return NULL;
}

static void
start_watchdog (void)
{
  expect_progress ();
  watchdog_ends = FALSE;
  watchdog = g_thread_new ("watchdog", watch_progress, NULL);
}

static void
stop_watchdog (void)
{
  g_mutex_lock (&lock);
  watchdog_ends = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  g_thread_join (watchdog);
}

/* -- what should have gone out -------------------------------------------------- */

#define NO_INDEX G_MAXUINT64

/* A buffer that the sink has accepted. A source's is one that it was offered:
 * those that it did not accept are the last before a mark. */
typedef struct {
  gsize size;
  guint64 begin; /* what its payload begins with */
  guint64 index; /* timestamp that its heap must have, or NO_INDEX */
} Offer;

/* A moment at which nothing is outstanding, since the sink was emptied. */
typedef struct {
  gsize n_datagrams;
  guint n_offers;
} Mark;

static GArray *offers;         /* lock */
static GArray *marks;          /* lock */
static gboolean probe_flushed; /* lock */
static gboolean bad_offered;   /* lock: an error message is to be expected */

static void
add_offer (gsize size, guint64 begin, guint64 index)
{
  Offer offer = {size, begin, index};

  g_mutex_lock (&lock);
  g_array_append_val (offers, offer);
  g_mutex_unlock (&lock);
}

static void
add_mark (void)
{
  Mark mark = {.n_datagrams = faults_n_datagrams ()};

  g_mutex_lock (&lock);
  mark.n_offers = offers->len;
  g_array_append_val (marks, mark);
  probe_flushed = FALSE;
  g_mutex_unlock (&lock);
}

/* After a flush a SEGMENT comes before any buffer: whatever was outstanding has
 * ended, and nothing new has begun. */
static void
see_event (GstEvent *event)
{
  gboolean flushed;

  g_mutex_lock (&lock);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    probe_flushed = TRUE;
  flushed = probe_flushed;
  g_mutex_unlock (&lock);
  if (flushed && GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    add_mark ();
}

static GstPadProbeReturn
see_data (GstPad *sink_pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (!(info->type & GST_PAD_PROBE_TYPE_BUFFER)) {
    see_event (GST_PAD_PROBE_INFO_EVENT (info));
  } else if (storm == REAL_SOURCE) {
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
    guint64 offset = GST_BUFFER_OFFSET (buffer);

    add_offer (gst_buffer_get_size (buffer), offset, offset);
  }
  return GST_PAD_PROBE_OK;
}

static void
probe_sink (void)
{
  GstPad *sink_pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_add_probe (sink_pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
          GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      see_data, NULL, NULL);
  gst_object_unref (sink_pad);
}

/* -- what has gone out -------------------------------------------------------- */

/* From one opening of the sink to the next, or to its closing: heaps are
 * counted from 1. What of it has been checked so far. */
static struct {
  guint n_marks;
  gsize n_datagrams;
  guint n_heaps;
  guint n_offers;
  guint64 next_cnt;
  guint64 n_whole, n_cut; /* stop heaps are neither */
  guint64 payload_bytes;
} session;

static void
begin_session (void)
{
  faults_reset ();
  faults_capture (true, true);
  faults_block (blocked);
  fake_receiver_forget (decoder);
  memset (&session, 0, sizeof session);
  session.next_cnt = 1;
  reopen = FALSE;

  g_mutex_lock (&lock);
  g_array_set_size (offers, 0);
  g_array_set_size (marks, 0);
  probe_flushed = FALSE;
  g_mutex_unlock (&lock);
}

static void
feed_decoder (gsize end)
{
  for (; session.n_datagrams < end; session.n_datagrams++) {
    size_t size;
    const uint8_t *bytes = faults_datagram (session.n_datagrams, &size);

    fail_unless (bytes != NULL);
    fail_unless (fake_receiver_feed (decoder, bytes, size), "datagram %zu: %s",
        session.n_datagrams, fake_receiver_error (decoder));
  }
}

static void
check_cnt (const FakeHeap *heap)
{
  fail_unless (heap->cnt == session.next_cnt,
      "heap %" G_GUINT64_FORMAT " comes where %" G_GUINT64_FORMAT " is due",
      heap->cnt, session.next_cnt);
  session.next_cnt++;
}

static void
expected_bytes (guint8 *bytes, const Offer *offer)
{
  AdcNoise noise;

  if (storm != REAL_SOURCE) {
    fill_pattern (bytes, offer->size, offer->begin);
    return;
  }
  adc_noise_init (&noise, NOISE_SEED, -100, 100);
  adc_noise_fill (&noise, offer->begin, (gint8 *) bytes, offer->size);
}

static void
check_payload (const FakeHeap *heap, const Offer *offer)
{
  guint8 *expected = g_malloc (offer->size);
  const guint8 *bytes;
  gsize size;

  bytes = fake_heap_bytes (heap, ID_SAMPLES, &size);
  fail_unless (bytes != NULL);
  expected_bytes (expected, offer);
  fail_unless (
      size == offer->size && memcmp (bytes, expected, offer->size) == 0,
      "heap %" G_GUINT64_FORMAT " is not the buffer of %" G_GSIZE_FORMAT
      " bytes from %" G_GUINT64_FORMAT,
      heap->cnt, offer->size, offer->begin);
  if (offer->index != NO_INDEX)
    assert_timestamp (heap, offer->index);
  g_free (expected);
}

/* Without the NULL item that fills up a payload which is too short for a packet. */
static guint64
payload_length (const FakeHeap *heap)
{
  const FakeItem *items = (const FakeItem *) (gpointer) heap->items->data;

  for (guint i = 0; i < heap->items->len; i++)
    if (items[i].id == 0 && !items[i].immediate)
      return items[i].value;
  return heap->heap_length;
}

/* One heap that is no stop heap. Only the last before a mark may be cut. */
static void
check_heap (const FakeHeap *heap, const Offer *offer, gboolean last)
{
  fail_unless_equals_int (heap->stream_ctrl, -1);
  if (heap->complete) {
    check_payload (heap, offer);
    session.n_whole++;
    session.payload_bytes += payload_length (heap);
  } else {
    fail_unless (last, "heap %" G_GUINT64_FORMAT " is not whole", heap->cnt);
    fail_unless_equals_uint64 (heap->received, heap->payload_size);
    session.n_cut++;
  }
}

/* The number of the last heap with data, or -1. */
static gint
last_data_heap (guint begin, guint end)
{
  while (end > begin)
    if (fake_receiver_heap (decoder, --end)->stream_ctrl < 0)
      return end;
  return -1;
}

/* Heaps from the last mark to this one are the first of the buffers from the
 * last mark to this one; those that follow were dropped. */
static void
check_until (const Mark *mark)
{
  guint begin = session.n_heaps, end;
  gint last;

  feed_decoder (mark->n_datagrams);
  end = fake_receiver_n_heaps (decoder);
  last = last_data_heap (begin, end);
  for (; session.n_heaps < end; session.n_heaps++) {
    const FakeHeap *heap = fake_receiver_heap (decoder, session.n_heaps);

    check_cnt (heap);
    if (heap->stream_ctrl == FAKE_CTRL_STOP)
      continue;
    if (heap->complete && session.n_heaps == begin)
      fail_unless_equals_int (fake_heap_n_descriptors (heap), 2);
    fail_unless (session.n_offers < mark->n_offers,
        "heap %" G_GUINT64_FORMAT " is of no buffer", heap->cnt);
    check_heap (heap, &g_array_index (offers, Offer, session.n_offers++),
        (gint) session.n_heaps == last);
  }
  session.n_offers = mark->n_offers;
}

/* With nothing streaming. */
static void
check_wire (void)
{
  add_mark ();
  g_mutex_lock (&lock);
  for (; session.n_marks < marks->len; session.n_marks++)
    check_until (&g_array_index (marks, Mark, session.n_marks));
  g_mutex_unlock (&lock);
  /* A heap that was cut stays so. */
  fail_unless_equals_int (fake_receiver_n_complete (decoder),
      session.n_whole + fake_receiver_saw_stop (decoder));
}

static void
check_stats (void)
{
  guint64 pushed = counter ("heaps-pushed");
  FaultsCounts kernel;

  faults_get_counts (&kernel);
  fail_unless_equals_uint64 (pushed,
      counter ("heaps-sent") + counter ("heaps-failed") +
          counter ("heaps-dropped"));
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
  fail_unless_equals_uint64 (counter ("heaps-sent"), session.n_whole);
  fail_unless_equals_uint64 (counter ("heaps-failed"), session.n_cut);
  fail_unless_equals_uint64 (counter ("payload-bytes"), session.payload_bytes);
  fail_unless_equals_uint64 (counter ("bytes"), kernel.bytes);
  fail_unless_equals_uint64 (counter ("packets"), kernel.datagrams);
  fail_unless_equals_uint64 (counter ("messages"), kernel.messages);
  if (storm == REAL_SOURCE)
    fail_unless (pushed <= offers->len);
  else
    fail_unless_equals_uint64 (pushed, offers->len);
}

/* After EOS nothing may be missing, and a stop heap is the last. */
static void
check_clean_end (void)
{
  guint n = fake_receiver_n_heaps (decoder), n_data = 0;
  const Mark *mark = &g_array_index (marks, Mark, marks->len - 1);
  guint first = marks->len > 1 ? (mark - 1)->n_offers : 0;

  fail_unless (n > 0);
  fail_unless_equals_int (
      fake_receiver_heap (decoder, --n)->stream_ctrl, FAKE_CTRL_STOP);
  for (; n_data < mark->n_offers - first; n_data++) {
    const FakeHeap *heap;

    fail_unless (n > 0);
    heap = fake_receiver_heap (decoder, --n);
    fail_unless (heap->complete && heap->stream_ctrl < 0,
        "a heap is missing before the stop heap");
  }
}

/* -- the streaming thread -------------------------------------------------------- */

typedef struct {
  const gchar *text; /* NULL: none are sent */
  guint frame;       /* bytes */
  gboolean indexed;  /* OFFSET is the timestamp */
} Caps;

static const Caps good_caps[] = {
    {NULL, 1, TRUE},
    {CAPS_S8, 1, TRUE},
    {CAPS_STEREO, 4, TRUE},
    {"audio/x-raw,format=S24BE,rate=8000,channels=1,layout=interleaved", 3,
        TRUE},
    {"application/octet-stream", 1, FALSE},
};

static const gchar *const bad_caps[] = {
    "audio/x-raw,format=S24LE,rate=8000,channels=1,layout=interleaved",
    "audio/x-raw,format=S16LE,rate=8000,channels=2,layout=non-interleaved,"
    "channel-mask=(bitmask)3",
};

/* A source's task by other means. It stands still when it is told to, when a
 * flow says so, after EOS, and when it has pushed enough. */
static struct {
  GThread *thread;
  GRand *dice;      /* the thread's, like the next three */
  const Caps *caps; /* those that the sink took last */
  guint64 position; /* of the pattern */

  /* lock */
  gboolean halt, leave;
  gboolean still;
  gboolean over; /* a flow said so, or EOS was sent */
  gboolean eos;  /* it was EOS */
  gboolean eos_wanted;
  gboolean no_eos; /* unless it is wanted */
  gboolean segment_wanted;
  gsize budget;
} pusher;

static guint
pusher_roll (guint n)
{
  return g_rand_int_range (pusher.dice, 0, n);
}

static void
pusher_stop_streaming (void)
{
  g_mutex_lock (&lock);
  pusher.over = TRUE;
  g_mutex_unlock (&lock);
}

static void
expect_error (void)
{
  g_mutex_lock (&lock);
  bad_offered = TRUE;
  g_mutex_unlock (&lock);
}

static gsize
pusher_size (void)
{
  switch (pusher_roll (8)) {
    case 0:
      return 1 + pusher_roll (100);
    case 1:
      return 1 + pusher_roll (200000);
    default:
      return 1 + pusher_roll (20000);
  }
}

/* The memory is the test's own, so that it is written and freed in code that
 * ThreadSanitizer sees. */
static void
push_bytes (gsize size)
{
  guint64 begin = pusher.position;
  GstBuffer *buffer = make_buffer (size, begin, begin);
  GstFlowReturn flow;

  /* Positions jump at every turn: the end says that they are frames. */
  GST_BUFFER_OFFSET_END (buffer) = begin + size / pusher.caps->frame;
  flow = gst_pad_push (pad, buffer);

  if (flow == GST_FLOW_OK && size > 0)
    add_offer (size, begin, pusher.caps->indexed ? begin : NO_INDEX);
  if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS)
    pusher_stop_streaming ();
  pusher.position += size + pusher_roll (8);
  g_mutex_lock (&lock);
  pusher.budget -= MIN (size, pusher.budget);
  g_mutex_unlock (&lock);
}

static void
push_frames (void)
{
  gsize frame = pusher.caps->frame;

  push_bytes ((pusher_size () + frame - 1) / frame * frame);
}

static void
push_cut_frame (void)
{
  if (pusher.caps->frame == 1)
    return;
  expect_error ();
  push_bytes (pusher.caps->frame * (1 + pusher_roll (100)) - 1);
}

static void
push_good_caps (void)
{
  /* The first set is none, and cannot be gone back to. */
  pusher.caps = &good_caps[1 + pusher_roll (G_N_ELEMENTS (good_caps) - 1)];
  if (!set_caps (pusher.caps->text) && !GST_PAD_IS_FLUSHING (pad))
    pusher_stop_streaming ();
}

static void
push_bad_caps (void)
{
  expect_error ();
  set_caps (bad_caps[pusher_roll (G_N_ELEMENTS (bad_caps))]);
  push_good_caps ();
}

/* A stream that begins without caps stays so: they would have to come before
 * its segment. */
static void
change_caps (void)
{
  if (pusher.caps->text == NULL)
    return;
  if (pusher_roll (4) == 0)
    push_bad_caps ();
  else
    push_good_caps ();
}

static void
begin_caps (void)
{
  pusher.caps = &good_caps[0];
  if (pusher_roll (4) != 0)
    push_good_caps ();
}

static void
pusher_push_segment (void)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
}

static void
pusher_push_eos (void)
{
  g_mutex_lock (&lock);
  pusher.eos = TRUE;
  g_mutex_unlock (&lock);
  gst_pad_push_event (pad, gst_event_new_eos ());
  pusher_stop_streaming ();
}

static void
push_something (gboolean no_eos)
{
  guint n = pusher_roll (100);

  if (n < 70)
    push_frames ();
  else if (n < 76)
    push_bytes (0);
  else if (n < 82)
    gst_pad_push_event (pad, gst_event_new_gap (0, GST_MSECOND));
  else if (n < 89)
    change_caps ();
  else if (n < 91)
    push_cut_frame ();
  else if (n < 94)
    drain ();
  else if (n == 94 && !no_eos)
    pusher_push_eos ();
  else
    pass_time (pusher_roll (1000));
}

/* Waits until it may go on. FALSE: never. */
static gboolean
pusher_wait (void)
{
  while (!pusher.leave &&
      (pusher.halt || pusher.over ||
          (pusher.budget == 0 && !pusher.eos_wanted &&
              !pusher.segment_wanted))) {
    pusher.still = TRUE;
    g_cond_broadcast (&changed);
    g_cond_wait (&changed, &lock);
  }
  pusher.still = FALSE;
  return !pusher.leave;
}

static gpointer
pusher_run (gpointer data)
{
  gst_pad_push_event (pad, gst_event_new_stream_start ("storm"));
  begin_caps ();

  g_mutex_lock (&lock);
  while (pusher_wait ()) {
    gboolean segment = pusher.segment_wanted, eos = pusher.eos_wanted;
    gboolean no_eos = pusher.no_eos;

    pusher.segment_wanted = FALSE;
    pusher.eos_wanted = FALSE;
    g_mutex_unlock (&lock);
    if (segment)
      pusher_push_segment ();
    if (eos)
      pusher_push_eos ();
    else
      push_something (no_eos);
    g_mutex_lock (&lock);
  }
  g_mutex_unlock (&lock);
  return NULL;
}

static void
start_pusher (void)
{
  gst_pad_set_active (pad, TRUE);
  pusher.halt = pusher.leave = pusher.over = pusher.eos = FALSE;
  pusher.eos_wanted = FALSE;
  pusher.segment_wanted = TRUE;
  pusher.budget = BUDGET;
  flushing = FALSE;
  pusher.thread = g_thread_new ("pusher", pusher_run, NULL);
}

/* The pad is inactive or flushing: no push of its takes long. */
static void
stop_pusher (void)
{
  g_mutex_lock (&lock);
  pusher.leave = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  g_thread_join (pusher.thread);
  pusher.thread = NULL;
  gst_pad_set_active (pad, FALSE);
}

static void
flush_start (void)
{
  g_mutex_lock (&lock);
  pusher.halt = TRUE;
  g_mutex_unlock (&lock);
  gst_pad_push_event (pad, gst_event_new_flush_start ());
  g_mutex_lock (&lock);
  while (pusher.thread && !pusher.still)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
  flushing = TRUE;
}

static void
flush_stop (void)
{
  gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE));
  g_mutex_lock (&lock);
  pusher.halt = pusher.over = pusher.eos = FALSE;
  pusher.segment_wanted = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  flushing = FALSE;
}

static void
want_segment (void)
{
  g_mutex_lock (&lock);
  pusher.segment_wanted = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

/* In the thread that seeks, as a source does it. */
static gboolean
pusher_event (GstPad *own_pad, GstObject *parent, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK) {
    GstSeekFlags flags;

    gst_event_parse_seek (event, NULL, NULL, &flags, NULL, NULL, NULL, NULL);
    if (flags & GST_SEEK_FLAG_FLUSH) {
      flush_start ();
      flush_stop ();
    } else {
      want_segment ();
    }
  }
  gst_event_unref (event);
  return TRUE;
}

/* -- states ---------------------------------------------------------------------- */

static void
check_message (GstMessage *message)
{
  gboolean expected;
  GError *error;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR)
    return;
  gst_message_parse_error (message, &error, NULL);
  g_mutex_lock (&lock);
  expected = bad_offered;
  g_mutex_unlock (&lock);
  fail_unless (expected, "error message: %s", error->message);
  g_error_free (error);
}

static void
clear_messages (void)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL) {
    check_message (message);
    gst_message_unref (message);
  }
}

static void
stop_streaming (void)
{
  if (storm != REAL_SOURCE)
    stop_pusher ();
  flushing = FALSE;
  source_may_end = FALSE;
}

static void
go_down (GstState target)
{
  gst_element_set_state (pipeline, target);
  if (state >= GST_STATE_PAUSED && target <= GST_STATE_READY) {
    stop_streaming ();
    check_wire ();
    if (target == GST_STATE_READY)
      check_stats ();
  }
  state = target;
}

/* What cannot be opened is refused, and can be mended in NULL. */
static void
be_refused (GstState target)
{
  fail_unless_equals_int (
      gst_element_set_state (pipeline, target), GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (
      gst_element_set_state (pipeline, target), GST_STATE_CHANGE_FAILURE);
  act ("refused");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (sink, "items", NULL, NULL);
  invalid = FALSE;
  state = GST_STATE_NULL;
}

static void
go_up (GstState target)
{
  gboolean streams = state <= GST_STATE_READY && target >= GST_STATE_PAUSED;

  if (state == GST_STATE_NULL || (streams && reopen)) {
    begin_session ();
    if (invalid) {
      be_refused (target);
      return;
    }
  }
  fail_if (
      gst_element_set_state (pipeline, target) == GST_STATE_CHANGE_FAILURE);
  if (streams && storm != REAL_SOURCE)
    start_pusher ();
  state = target;
}

static void
go (GstState target)
{
  if (target > state)
    go_up (target);
  else
    go_down (target);
}

/* -- properties -------------------------------------------------------------------- */

static void
set_packet_size (void)
{
  static const guint sizes[] = {56, 200, 1000, 1472, 8972, 65507};

  g_object_set (
      sink, "max-packet-size", sizes[roll (G_N_ELEMENTS (sizes))], NULL);
}

static void
set_max_heaps (void)
{
  static const guint numbers[] = {0, 0, 1, 2, 3, 16};

  g_object_set (
      sink, "max-heaps", numbers[roll (G_N_ELEMENTS (numbers))], NULL);
}

/* A source has no end of data: only a rate keeps it from filling memory. */
static void
set_rate (void)
{
  gdouble rate = 10e6 * (1 + roll (4));

  if (storm != REAL_SOURCE && chance (0.6))
    rate = 0;
  g_object_set (sink, "rate", rate, NULL);
}

static void
set_flavour (void)
{
  static const guint bits[] = {32, 40, 48};

  g_object_set (
      sink, "heap-address-bits", bits[roll (G_N_ELEMENTS (bits))], NULL);
}

static void
set_invalid (void)
{
  g_object_set (sink, "items", "no value, id=0x3300", NULL);
  if (state > GST_STATE_READY)
    return;
  expect_error ();
  invalid = TRUE;
}

/* In PAUSED and PLAYING they are refused. */
static void
set_one_that_is_read_when_opening (void)
{
  static void (*const set[]) (void) = {
      set_packet_size, set_max_heaps, set_flavour};

  set[roll (G_N_ELEMENTS (set))]();
  reopen |= state == GST_STATE_READY;
}

static void
set_one_that_counts_at_once (void)
{
  if (chance (0.5))
    set_rate ();
  else
    g_object_set (sink, chance (0.5) ? "send-stop-heap" : "signal-heaps",
        chance (0.5), NULL);
}

static void
set_source (void)
{
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "noise");

  g_object_set (source, "samplesperbuffer", 1 + roll (30000), NULL);
  gst_object_unref (source);
}

static void
set_properties (void)
{
  g_object_set (sink, "items", NULL, NULL);
  set_packet_size ();
  set_max_heaps ();
  set_rate ();
  set_flavour ();
  set_one_that_counts_at_once ();
  if (storm == REAL_SOURCE)
    set_source ();
}

/* -- actions ------------------------------------------------------------------------- */

static void
seek (GstSeekFlags flags, gint64 stop)
{
  gst_element_seek (pipeline, 1.0, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET,
      roll (1000) * GST_MSECOND,
      stop < 0 ? GST_SEEK_TYPE_NONE : GST_SEEK_TYPE_SET, stop);
}

/* GstBin can lose count of its sinks when one prerolls, or is flushed, while the
 * bin's state is being changed: with fakesink as with any other, bin or sink
 * waits for ever for a PLAYING that does not come, and only READY helps. */
static gboolean
pipeline_is_stuck (void)
{
  return GST_STATE (pipeline) != GST_STATE_PLAYING ||
      GST_STATE (sink) != GST_STATE_PLAYING;
}

/* Before it ends, or seeks without a flush, GstBaseSrc waits for its streaming
 * thread, and that for the sink: for ever, where the sink is paused or the
 * network blocked. Half way to PLAYING is no better: the wait bars it. */
static gboolean
source_listens (void)
{
  if (storm != REAL_SOURCE)
    return TRUE;
  return state == GST_STATE_PLAYING && !blocked &&
      gst_element_get_state (pipeline, NULL, NULL, GST_SECOND) ==
      GST_STATE_CHANGE_SUCCESS;
}

static void
do_flush (void)
{
  act ("flush");
  if (storm == REAL_SOURCE) {
    seek (GST_SEEK_FLAG_FLUSH, -1);
    source_may_end = FALSE;
  } else {
    flush_start ();
    flush_stop ();
  }
}

static void
do_half_flush (void)
{
  if (storm == REAL_SOURCE)
    return;
  act (flushing ? "flush-stop" : "flush-start");
  if (flushing)
    flush_stop ();
  else
    flush_start ();
}

static void
do_flushing_seek (void)
{
  act ("flushing-seek");
  source_may_end = chance (0.3);
  seek (GST_SEEK_FLAG_FLUSH, source_may_end ? GST_SECOND : -1);
}

static void
do_seek (void)
{
  if (!source_listens ())
    return;
  act ("seek");
  seek (GST_SEEK_FLAG_NONE, -1);
}

static void
do_eos (void)
{
  if (!source_listens ())
    return;
  act ("eos");
  if (storm == REAL_SOURCE) {
    gst_element_send_event (pipeline, gst_event_new_eos ());
    source_may_end = TRUE;
  } else {
    g_mutex_lock (&lock);
    pusher.eos_wanted = TRUE;
    g_cond_broadcast (&changed);
    g_mutex_unlock (&lock);
  }
}

static void
block_network (void)
{
  if (storm == OPEN_NETWORK)
    return;
  blocked = TRUE;
  if (chance (0.5)) {
    act ("block");
    faults_block (true);
  } else {
    guint messages = 1 + roll (12);

    act ("block-after-%u", messages);
    faults_block_after (messages);
  }
}

static void
open_network (void)
{
  if (storm == OPEN_NETWORK)
    return;
  act ("open");
  blocked = FALSE;
  faults_block (false);
}

static void
do_set_now (void)
{
  act ("set");
  set_one_that_counts_at_once ();
}

static void
do_set_for_later (void)
{
  act ("set-for-later");
  set_one_that_is_read_when_opening ();
}

static void
do_set_invalid (void)
{
  if (!chance (0.3))
    return;
  act ("set-invalid");
  set_invalid ();
  reopen |= state == GST_STATE_READY;
}

static void
do_play (void)
{
  act ("PLAYING");
  go (GST_STATE_PLAYING);
}

static void
do_pause (void)
{
  act ("PAUSED");
  go (GST_STATE_PAUSED);
}

static void
do_ready (void)
{
  act ("READY");
  go (GST_STATE_READY);
}

static void
do_null (void)
{
  act ("NULL");
  go (GST_STATE_NULL);
}

static const struct {
  guint weight;
  void (*act) (void);
} actions[] = {
    {7, do_play},
    {4, do_pause},
    {2, do_ready},
    {1, do_null},
    {2, do_flush},
    {2, do_half_flush},
    {2, do_flushing_seek},
    {2, do_seek},
    {1, do_eos},
    {3, block_network},
    {4, open_network},
    {2, do_set_now},
    {2, do_set_for_later},
    {1, do_set_invalid},
};

static void
do_something (void)
{
  guint total = 0, i, n;

  for (i = 0; i < G_N_ELEMENTS (actions); i++)
    total += actions[i].weight;
  n = roll (total);
  for (i = 0; n >= actions[i].weight; i++)
    n -= actions[i].weight;
  actions[i].act ();
}

static void
wait_a_little (void)
{
  if (chance (0.6))
    pass_time (roll (6000));
}

/* -- sequences ------------------------------------------------------------------------ */

static gboolean
stream_may_be_over (void)
{
  gboolean over;

  g_mutex_lock (&lock);
  pusher.no_eos = TRUE;
  pusher.eos_wanted = FALSE;
  over = pusher.eos;
  g_mutex_unlock (&lock);
  return storm == REAL_SOURCE ? source_may_end : over;
}

/* FALSE when it cannot come. */
static gboolean
wait_for_eos_message (void)
{
  GstMessage *message = NULL;

  while (message == NULL) {
    message = gst_bus_timed_pop_filtered (bus, 2 * GST_SECOND, GST_MESSAGE_EOS);
    if (message == NULL && pipeline_is_stuck ()) {
      act ("stuck");
      return FALSE;
    }
  }
  gst_message_unref (message);
  return TRUE;
}

/* Whatever was done before: now the stream can be ended as it should be. */
static void
end_stream (void)
{
  gboolean came;

  open_network ();
  if (flushing)
    do_half_flush ();
  do_play ();
  if (state != GST_STATE_PLAYING)
    do_play ();
  g_object_set (sink, "send-stop-heap", TRUE, NULL);
  if (stream_may_be_over ()) {
    do_flush ();
    clear_messages ();
  }
  do_eos ();
  came = wait_for_eos_message ();
  do_ready ();
  if (came)
    check_clean_end ();
}

static void
begin_sequence (guint number)
{
  const guint32 seeds[] = {seed, seed >> 32, number};

  printf ("sequence %u: ", number);
  dice = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  pusher.dice = g_rand_new_with_seed (g_rand_int (dice));
  pusher.position = roll (1 << 20);
  pusher.no_eos = FALSE;
  bad_offered = reopen = invalid = blocked = FALSE;
  set_properties ();
}

static void
end_sequence (void)
{
  if (chance (0.5))
    end_stream ();
  else if (state != GST_STATE_READY)
    do_ready ();
  do_null ();
  clear_messages ();
  /* Of nothing the next one must tell apart what it did. */
  faults_reset ();
  g_rand_free (pusher.dice);
  g_rand_free (dice);
  printf ("ok\n");
}

static void
run_sequence (guint number)
{
  begin_sequence (number);
  for (guint n = MIN_ACTIONS + roll (MAX_ACTIONS - MIN_ACTIONS + 1); n > 0;
       n--) {
    do_something ();
    wait_a_little ();
    clear_messages ();
  }
  end_sequence ();
}

/* -- what is left at the end ----------------------------------------------------------- */

static void
do_nothing (gpointer data, gpointer user_data)
{
}

/* GLib 2.76 and later make the threads of pools in a thread of their own, which
 * begins with the first of them and stays. */
static void
begin_thread_pools (void)
{
  GThreadPool *pool = g_thread_pool_new (do_nothing, NULL, 1, FALSE, NULL);

  g_thread_pool_push (pool, GINT_TO_POINTER (1), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
}

static void
run_storm (Storm which)
{
  guint threads, fds;

  storm = which;
  state = GST_STATE_NULL;
  offers = g_array_new (FALSE, FALSE, sizeof (Offer));
  marks = g_array_new (FALSE, FALSE, sizeof (Mark));
  probe_sink ();
  start_watchdog ();

  /* What libraries keep for good is made now. */
  faults_block (true);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  begin_thread_pools ();
  threads = count_threads (NULL);
  fds = count_fds ();
  for (guint i = which; i < n_sequences; i += N_STORMS)
    run_sequence (only < 0 ? i : only);
  /* A thread that was joined may still be there for a moment. */
  wait_until (count_threads (NULL) <= threads);
  fail_unless_equals_int (count_fds (), fds);

  stop_watchdog ();
  g_array_free (offers, TRUE);
  g_array_free (marks, TRUE);
}

static gboolean
is_wanted (Storm which)
{
  return only < 0 || only % N_STORMS == which;
}

/* -- the tests ---------------------------------------------------------------------------- */

/* Where the sink sends to: somebody listens, so that no ICMP error comes, and
 * does not look. */
static int deaf = -1;

static void
send_to_the_deaf (void)
{
  guint16 port;

  deaf = open_deaf (&port);
  g_object_set (sink, "port", port, NULL);
}

static void
teardown (void)
{
  teardown_fixture ();
  close (deaf);
}

/* With a pad that the pusher pushes into. */
static void
run_pushed_storm (Storm which)
{
  if (!is_wanted (which))
    return;
  send_to_the_deaf ();
  gst_pad_set_active (pad, FALSE);
  gst_pad_set_event_function (pad, pusher_event);
  run_storm (which);
}

GST_START_TEST (a_storm_with_an_open_network)
{
  run_pushed_storm (OPEN_NETWORK);
}

GST_END_TEST;

GST_START_TEST (a_storm_with_a_network_that_blocks)
{
  run_pushed_storm (BLOCKED_NETWORK);
}

GST_END_TEST;

GST_START_TEST (a_storm_with_a_real_source)
{
  if (!is_wanted (REAL_SOURCE))
    return;
  launch ("adctestsrc name=noise seed=" G_STRINGIFY (
      NOISE_SEED) " !"
                  " spead2sink name=sender");
  send_to_the_deaf ();
  run_storm (REAL_SOURCE);
}

GST_END_TEST;

static Suite *
storm_suite (void)
{
  Suite *s = suite_create ("storm");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  /* The watchdog knows better, and says what hangs. */
  tcase_set_timeout (tc, 0);
  tcase_add_checked_fixture (tc, setup_fixture, teardown);
  tcase_add_test (tc, a_storm_with_an_open_network);
  tcase_add_test (tc, a_storm_with_a_network_that_blocks);
  tcase_add_test (tc, a_storm_with_a_real_source);
  return s;
}

static void
read_settings (int argc, char **argv)
{
  const gchar *text;

  seed = g_get_real_time ();
  if ((text = g_getenv ("STORM_SEED")) != NULL)
    seed = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("STORM_ONLY")) != NULL)
    only = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("STORM_SEQUENCES")) != NULL)
    n_sequences = g_ascii_strtoull (text, NULL, 0);
  if (argc > 1)
    n_sequences = g_ascii_strtoull (argv[1], NULL, 0);
  printf (
      "STORM_SEED=%" G_GUINT64_FORMAT ", %u sequences\n", seed, n_sequences);
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  read_settings (argc, argv);
  return gst_check_run_suite (storm_suite (), "storm", __FILE__);
}
