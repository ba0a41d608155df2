/* The fixture of the sink's tests: see sinkfixture.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sinkfixture.h"

#include <string.h>
#include <sys/socket.h>

#define TIMEOUT (10 * GST_SECOND)

FakeReceiver *receiver, *decoder;
GstElement *pipeline, *sink;
GstPad *pad;
GstBus *bus;
static GQueue warnings = G_QUEUE_INIT; /* read from the bus, not yet wanted */

static void
take_pipeline (GstElement *element)
{
  pipeline = element;
  /* So that messages of going to NULL can be read. */
  g_object_set (pipeline, "auto-flush-bus", FALSE, NULL);
  bus = gst_pipeline_get_bus (GST_PIPELINE (pipeline));
}

void
setup_fixture (void)
{
  GstPad *peer;

  faults_reset ();
  faults_capture (true, true);
  receiver = fake_receiver_new (AF_INET);
  decoder = fake_receiver_new (AF_UNSPEC);

  take_pipeline (gst_pipeline_new (NULL));
  sink = gst_element_factory_make ("spead2sink", "sender");
  fail_unless (sink != NULL);
  gst_bin_add (GST_BIN (pipeline), gst_object_ref (sink));
  g_object_set (sink, "port", fake_receiver_port (receiver), NULL);

  pad = gst_pad_new ("src", GST_PAD_SRC);
  peer = gst_element_get_static_pad (sink, "sink");
  fail_unless_equals_int (gst_pad_link (pad, peer), GST_PAD_LINK_OK);
  gst_object_unref (peer);
  gst_pad_set_active (pad, TRUE);
}

static void
drop_pipeline (void)
{
  faults_block (false);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (pad) {
    gst_pad_set_active (pad, FALSE);
    gst_object_unref (pad);
    pad = NULL;
  }
  gst_bus_set_flushing (bus, TRUE);
  g_queue_clear_full (&warnings, (GDestroyNotify) gst_message_unref);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

void
teardown_fixture (void)
{
  drop_pipeline ();
  fake_receiver_free (receiver);
  fake_receiver_free (decoder);
  faults_reset ();
}

/* A whole pipeline instead, with a spead2sink named "sender". */
void
launch (const gchar *text)
{
  GError *error = NULL;
  GstElement *element = gst_parse_launch (text, &error);

  fail_if (error != NULL, "%s", error ? error->message : NULL);
  drop_pipeline ();
  take_pipeline (element);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sender");
  fail_unless (sink != NULL);
  g_object_set (sink, "port", fake_receiver_port (receiver), NULL);
}

gboolean
have_element (const gchar *name)
{
  GstElementFactory *factory = gst_element_factory_find (name);

  if (factory == NULL)
    return FALSE;
  gst_object_unref (factory);
  return TRUE;
}

GstElement *
element (const gchar *name)
{
  GstElement *found = gst_bin_get_by_name (GST_BIN (pipeline), name);

  fail_unless (found != NULL, "there is no %s", name);
  gst_object_unref (found);
  return found;
}

void
go_to (GstState state)
{
  GstState reached;

  fail_if (gst_element_set_state (pipeline, state) == GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (
      gst_element_get_state (pipeline, &reached, NULL, TIMEOUT),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (reached, state);
}

void
run_to_eos (void)
{
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
}

void
restart (void)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_pad_set_active (pad, FALSE);
  gst_pad_set_active (pad, TRUE);
}

gboolean
set_caps (const gchar *text)
{
  GstCaps *caps = gst_caps_from_string (text);
  gboolean taken;

  fail_unless (caps != NULL, "%s", text);
  taken = gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  return taken;
}

void
push_segment (void)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  fail_unless (gst_pad_push_event (pad, gst_event_new_segment (&segment)));
}

void
flush (void)
{
  fail_unless (gst_pad_push_event (pad, gst_event_new_flush_start ()));
  fail_unless (gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE)));
  push_segment ();
}

void
step (GstState state, guint64 buffers)
{
  fail_unless (gst_element_send_event (sink,
      gst_event_new_step (GST_FORMAT_BUFFERS, buffers, 1.0, TRUE, FALSE)));
  gst_message_unref (pop (GST_MESSAGE_STEP_DONE));
  go_to (state);
}

/* To PLAYING, as far as it goes without data. */
void
play (const gchar *caps)
{
  fail_if (gst_element_set_state (pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE);
  fail_unless (gst_pad_push_event (pad, gst_event_new_stream_start ("test")));
  if (caps)
    fail_unless (set_caps (caps));
  push_segment ();
}

/* The payload of all tests: where it begins says what it is. */
guint8
pattern (guint64 position)
{
  return (guint8) (position ^ (position >> 8) * 31 ^ (position >> 16) * 57);
}

void
fill_pattern (guint8 *bytes, gsize size, guint64 begin)
{
  for (gsize i = 0; i < size; i++)
    bytes[i] = pattern (begin + i);
}

GstBuffer *
make_buffer (gsize size, guint64 begin, guint64 offset)
{
  guint8 *bytes = g_malloc (MAX (size, 1));
  GstBuffer *buffer;

  fill_pattern (bytes, size, begin);
  buffer = gst_buffer_new_wrapped (bytes, size);
  GST_BUFFER_OFFSET (buffer) = offset;
  return buffer;
}

GstBuffer *
make_dated_buffer (gsize size, const gchar *scale, guint64 date)
{
  GstBuffer *buffer = make_buffer (size, 0, GST_BUFFER_OFFSET_NONE);
  GstCaps *caps = gst_caps_from_string (scale);

  gst_buffer_add_reference_timestamp_meta (
      buffer, caps, date, GST_CLOCK_TIME_NONE);
  gst_caps_unref (caps);
  return buffer;
}

GstFlowReturn
try_push (gsize size, guint64 begin, guint64 offset)
{
  return gst_pad_push (pad, make_buffer (size, begin, offset));
}

void
push (gsize size, guint64 begin, guint64 offset)
{
  fail_unless_equals_int (try_push (size, begin, offset), GST_FLOW_OK);
}

void
push_heaps (guint n, gsize size)
{
  for (guint i = 0; i < n; i++)
    push (size, i * size, i * size);
}

void
push_buffer (GstBuffer *buffer)
{
  fail_unless_equals_int (gst_pad_push (pad, buffer), GST_FLOW_OK);
}

static void
count_free (gpointer n_freed, GstMiniObject *object)
{
  g_atomic_int_inc ((gint *) n_freed);
}

GstBuffer *
watched (GstBuffer *buffer, gint *n_freed)
{
  gst_mini_object_weak_ref (GST_MINI_OBJECT (buffer), count_free, n_freed);
  return buffer;
}

static gpointer
feed_run (gpointer data)
{
  Feed *feed = data;
  guint64 begin = 0;

  for (guint i = 0; i < feed->n && feed->flow == GST_FLOW_OK &&
       !g_atomic_int_get (&feed->end);
       i++) {
    gsize size = i < 2 || feed->next_size == 0 ? feed->size : feed->next_size;

    feed->flow = try_push (size, begin, begin);
    begin += size;
  }
  if (feed->eos)
    gst_pad_push_event (pad, gst_event_new_eos ());
  return NULL;
}

void
feed_begin (Feed *feed)
{
  feed->thread = g_thread_new ("feed", feed_run, feed);
}

void
feed_full (Feed *feed, const gchar *caps)
{
  g_object_set (sink, "max-heaps", 2, NULL);
  faults_block (true);
  play (caps);
  feed_begin (feed);
  wait_stat ("outstanding", 2);
}

GstFlowReturn
feed_end (Feed *feed)
{
  g_thread_join (feed->thread);
  return feed->flow;
}

GstFlowReturn
feed_stop (Feed *feed)
{
  g_atomic_int_set (&feed->end, TRUE);
  return feed_end (feed);
}

void
drain (void)
{
  GstQuery *query = gst_query_new_drain ();

  gst_pad_peer_query (pad, query);
  gst_query_unref (query);
}

void
push_values (const gchar *structure)
{
  fail_unless (gst_pad_push_event (pad,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_from_string (structure, NULL))));
}

void
push_eos (void)
{
  fail_unless (gst_pad_push_event (pad, gst_event_new_eos ()));
}

/* The next message of a type. Warnings that come before it are kept. */
GstMessage *
pop (GstMessageType type)
{
  GstMessage *message = NULL;

  if (type == GST_MESSAGE_WARNING)
    message = g_queue_pop_head (&warnings);
  while (message == NULL) {
    message = gst_bus_timed_pop (bus, TIMEOUT);
    fail_unless (message != NULL, "no %s message came",
        gst_message_type_get_name (type));
    if (GST_MESSAGE_TYPE (message) == type)
      break;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      GError *error;

      gst_message_parse_error (message, &error, NULL);
      fail ("error message: %s", error->message);
    }
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
      g_queue_push_tail (&warnings, message);
    else
      gst_message_unref (message);
    message = NULL;
  }
  return message;
}

void
wait_eos (void)
{
  gst_message_unref (pop (GST_MESSAGE_EOS));
}

void
finish (void)
{
  push_eos ();
  wait_eos ();
}

void
assert_no_message (GstMessageType types)
{
  GstMessage *message = NULL;

  if (types & GST_MESSAGE_WARNING)
    message = g_queue_pop_head (&warnings);
  if (message == NULL)
    message = gst_bus_pop_filtered (bus, types);
  fail_if (message != NULL, "unexpected message: %" GST_PTR_FORMAT, message);
}

void
drop_messages (void)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL)
    gst_message_unref (message);
}

void
assert_words (const gchar *text, const gchar *words)
{
  fail_unless (text != NULL && strstr (text, words) != NULL,
      "\"%s\" does not say \"%s\"", text, words);
}

static void
assert_message (GstMessageType type,
    void (*parse) (GstMessage *, GError **, gchar **), GQuark domain, gint code,
    const gchar *words)
{
  GstMessage *message = pop (type);
  GError *error = NULL;
  gchar *debug = NULL;

  parse (message, &error, &debug);
  fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (sink));
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  if (words)
    assert_words (error->message, words);
  g_error_free (error);
  g_free (debug);
  gst_message_unref (message);
}

void
assert_warning (GQuark domain, gint code, const gchar *words)
{
  assert_message (
      GST_MESSAGE_WARNING, gst_message_parse_warning, domain, code, words);
}

void
assert_error (GQuark domain, gint code, const gchar *words)
{
  assert_message (
      GST_MESSAGE_ERROR, gst_message_parse_error, domain, code, words);
}

guint64
counter (const gchar *name)
{
  GstStructure *stats;
  guint64 value = 0;
  guint small;

  g_object_get (sink, "stats", &stats, NULL);
  if (!gst_structure_get_uint64 (stats, name, &value)) {
    fail_unless (gst_structure_get_uint (stats, name, &small), "%s", name);
    value = small;
  }
  gst_structure_free (stats);
  return value;
}

gboolean
stat_flag (const gchar *name)
{
  GstStructure *stats;
  gboolean value;

  g_object_get (sink, "stats", &stats, NULL);
  fail_unless (gst_structure_get_boolean (stats, name, &value), "%s", name);
  gst_structure_free (stats);
  return value;
}

gchar *
stat_string (const gchar *name)
{
  GstStructure *stats;
  gchar *value;

  g_object_get (sink, "stats", &stats, NULL);
  value = g_strdup (gst_structure_get_string (stats, name));
  gst_structure_free (stats);
  return value;
}

void
wait_blocked (void)
{
  FaultsCounts counts;

  wait_until ((faults_get_counts (&counts), counts.polls_blocked > 0));
}

/* Decodes what has been sent since the fixture was set up. */
void
decode (void)
{
  const uint8_t *bytes;
  size_t size;

  fake_receiver_forget (decoder);
  for (size_t i = 0; (bytes = faults_datagram (i, &size)) != NULL; i++)
    fake_receiver_feed (decoder, bytes, size);
  fail_if (fake_receiver_error (decoder) != NULL, "%s",
      fake_receiver_error (decoder));
}

const FakeHeap *
whole_heap (guint index)
{
  const FakeHeap *heap = fake_receiver_heap (decoder, index);

  fail_unless (heap != NULL, "there is no heap %u", index);
  fail_unless (heap->complete);
  return heap;
}

guint64
immediate (guint index, guint64 id)
{
  guint64 value;

  fail_unless (fake_heap_immediate (whole_heap (index), id, &value));
  return value;
}

void
assert_timestamp (const FakeHeap *heap, guint64 timestamp)
{
  guint64 value;

  fail_unless (fake_heap_immediate (heap, ID_TIMESTAMP, &value));
  fail_unless_equals_uint64 (value, timestamp);
}

/* The heap is whole, and carries size bytes of the pattern from first on. */
void
assert_heap (
    guint index, guint64 cnt, guint64 timestamp, gsize size, guint64 begin)
{
  const FakeHeap *heap = whole_heap (index);
  const guint8 *bytes;
  gsize found;

  fail_unless_equals_uint64 (heap->cnt, cnt);
  fail_unless_equals_int (heap->stream_ctrl, -1);
  assert_timestamp (heap, timestamp);
  bytes = fake_heap_bytes (heap, ID_SAMPLES, &found);
  fail_unless (bytes != NULL);
  fail_unless_equals_uint64 (found, size);
  /* An assertion a byte would be a system call a byte. */
  for (found = 0; found < size && bytes[found] == pattern (begin + found);)
    found++;
  fail_unless (found == size, "byte %" G_GSIZE_FORMAT, found);
}

/* The last heap, and the only one of its kind, is a stop heap. */
void
assert_stop_heap (guint index, guint64 cnt)
{
  const FakeHeap *heap = whole_heap (index);

  fail_unless_equals_uint64 (heap->cnt, cnt);
  fail_unless_equals_int (heap->stream_ctrl, FAKE_CTRL_STOP);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), index + 1);
  fail_unless_equals_int (fake_receiver_saw_stop (decoder), 1);
}

void
assert_stream (guint n, gsize size)
{
  for (guint i = 0; i < n; i++)
    assert_heap (i, i + 1, i * size, size, i * size);
  assert_stop_heap (n, n + 1);
}

void
assert_descriptors (guint index, guint n)
{
  fail_unless_equals_int (fake_heap_n_descriptors (whole_heap (index)), n);
}

FakeDescriptor *
descriptor (guint heap, guint n)
{
  gchar *error = NULL;
  FakeDescriptor *found = fake_heap_descriptor (whole_heap (heap), n, &error);

  fail_unless (found != NULL, "%s", error);
  return found;
}

void
assert_dtype (guint heap, const gchar *dtype)
{
  FakeDescriptor *found = descriptor (heap, 1);

  assert_words (found->numpy, dtype);
  fake_descriptor_free (found);
}

guint64
date_of (guint index)
{
  gsize size;
  const guint8 *bytes = fake_heap_bytes (whole_heap (index), 0x1000, &size);
  guint64 date = 0;

  fail_unless_equals_uint64 (size, 8);
  while (size-- > 0)
    date = date << 8 | *bytes++;
  return date;
}
