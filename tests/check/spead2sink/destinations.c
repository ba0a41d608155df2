/* Several destinations: which heaps each one gets, with which counters, and what changes
 * when they are added and removed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sys/socket.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define N 3
#define SIZE 500
#define END -1 /* of a list of numbers */

/* Sockets that are listened at, and decoders that get, without loss, what was sent to
 * each of them. */
static FakeReceiver *listeners[N], *decoders[N];

static void
setup (void)
{
  setup_fixture ();
  for (guint i = 0; i < N; i++) {
    listeners[i] = fake_receiver_new (AF_INET);
    decoders[i] = fake_receiver_new (AF_UNSPEC);
  }
}

static void
teardown (void)
{
  teardown_fixture ();
  for (guint i = 0; i < N; i++) {
    fake_receiver_free (listeners[i]);
    fake_receiver_free (decoders[i]);
  }
}

static guint16
port (guint i)
{
  return fake_receiver_port (listeners[i]);
}

/* The first n of them as a list. */
static void
set_destinations (guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s127.0.0.1:%u", i > 0 ? "," : "", port (i));
  g_object_set (sink, "destinations", text->str, NULL);
  g_string_free (text, TRUE);
}

static void
feed_message (FakeReceiver *decoder, const FaultsMessage *message)
{
  for (gsize at = 0; at < message->bytes; at += message->segment_size)
    if (!fake_receiver_feed (decoder, message->data + at,
            MIN (message->segment_size, message->bytes - at)))
      fail ("%s", fake_receiver_error (decoder));
}

/* Decodes what has been sent since the fixture was set up, each message at its port. */
static void
decode_each (void)
{
  FaultsMessage message;

  for (guint i = 0; i < N; i++)
    fake_receiver_forget (decoders[i]);
  for (gsize k = 0; k < faults_n_messages (); k++) {
    guint i = 0;

    fail_unless (faults_message (k, &message));
    while (i < N && port (i) != message.port)
      i++;
    fail_unless (i < N, "a message went to port %u", message.port);
    feed_message (decoders[i], &message);
  }
}

static const FakeHeap *
heap_at (guint destination, guint index)
{
  const FakeHeap *heap = fake_receiver_heap (decoders[destination], index);

  fail_unless (
      heap != NULL, "destination %u has no heap %u", destination, index);
  fail_unless (heap->complete);
  return heap;
}

/* Where the payload of a heap begins in the pattern, or -1 without one. */
static gint64
begin_of (const FakeHeap *heap)
{
  guint64 timestamp;

  return fake_heap_immediate (heap, ID_TIMESTAMP, &timestamp)
      ? (gint64) timestamp
      : -1;
}

/* A destination has exactly these heaps, by their counters: up to END. */
static void
assert_counters (guint destination, ...)
{
  va_list list;
  guint i = 0;

  va_start (list, destination);
  for (gint cnt = va_arg (list, gint); cnt != END; cnt = va_arg (list, gint))
    fail_unless_equals_uint64 (heap_at (destination, i++)->cnt, cnt);
  va_end (list);
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[destination]), i);
}

/* The heap has the nth of the heaps that push_heaps() makes. */
static void
assert_data (guint destination, guint index, guint nth)
{
  const FakeHeap *heap = heap_at (destination, index);
  gsize size;
  const guint8 *bytes = fake_heap_bytes (heap, ID_SAMPLES, &size);

  fail_unless_equals_int64 (begin_of (heap), nth * SIZE);
  fail_unless_equals_int (size, SIZE);
  for (gsize i = 0; i < size; i++)
    fail_unless_equals_int (bytes[i], pattern (nth * SIZE + i));
}

static void
assert_described (guint destination, guint index, guint n)
{
  fail_unless_equals_int (
      fake_heap_n_descriptors (heap_at (destination, index)), n);
}

static gboolean
is_stop (guint destination, guint index)
{
  return heap_at (destination, index)->stream_ctrl == FAKE_CTRL_STOP;
}

/* Of 'destinations' in stats. */
static guint64
sent_to (guint i, const gchar *field)
{
  GstStructure *stats;
  const GstStructure *destination;
  guint64 value;

  g_object_get (sink, "stats", &stats, NULL);
  destination = gst_value_get_structure (gst_value_array_get_value (
      gst_structure_get_value (stats, "destinations"), i));
  fail_unless (gst_structure_get_uint64 (destination, field, &value));
  gst_structure_free (stats);
  return value;
}

/* -- rules --------------------------------------------------------------------------- */

/* Descriptors in a heap of their own, then heap n at destination n mod N, then the stop
 * heap: with one sending thread or several. */
GST_START_TEST (heaps_go_in_turn_and_descriptors_and_stop_heap_to_each)
{
  set_destinations (N);
  g_object_set (sink, "send-threads", __i__ == 0 ? 1 : 3, NULL);
  play (CAPS_S8);
  push_heaps (7, SIZE);
  finish ();
  decode_each ();
  assert_counters (0, 1, 2, 5, 8, 9, END);
  assert_counters (1, 1, 3, 6, 9, END);
  assert_counters (2, 1, 4, 7, 9, END);
  for (guint i = 0; i < N; i++) {
    guint n = fake_receiver_n_heaps (decoders[i]);

    assert_described (i, 0, 2);
    fail_unless_equals_int64 (begin_of (heap_at (i, 0)), -1);
    for (guint k = 1; k < n - 1; k++) {
      assert_described (i, k, 0);
      assert_data (i, k, i + (k - 1) * N);
    }
    fail_unless (is_stop (i, n - 1));
    fail_unless_equals_uint64 (
        sent_to (i, "packets-sent"), fake_receiver_n_packets (decoders[i]));
    fail_unless_equals_uint64 (
        sent_to (i, "bytes-sent"), fake_receiver_n_bytes (decoders[i]));
    fail_unless_equals_uint64 (sent_to (i, "errors"), 0);
  }
  fail_unless_equals_uint64 (counter ("heaps-sent"), 8);
}

GST_END_TEST;

/* Each heap to each destination with one counter and in one piece of memory, which is
 * released when the last copy has been sent. */
GST_START_TEST (all_destinations_get_every_heap)
{
  gint n_freed = 0;
  GstBuffer *buffer = make_buffer (SIZE, SIZE, SIZE);

  set_destinations (N);
  g_object_set (sink, "destination-rule", 1, NULL);
  play (CAPS_S8);
  push (SIZE, 0, 0);
  drain ();
  /* The descriptors are in the first heap; a second copy is held back. */
  faults_block_after (1);
  push_buffer (watched (buffer, &n_freed));
  wait_blocked ();
  fail_unless_equals_int (n_freed, 0);
  faults_block (false);
  finish ();
  fail_unless_equals_int (n_freed, 1);
  decode_each ();
  for (guint i = 0; i < N; i++) {
    assert_counters (i, 1, 2, 3, END);
    assert_described (i, 0, 2);
    assert_data (i, 0, 0);
    assert_data (i, 1, 1);
    fail_unless (is_stop (i, 2));
  }
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
  fail_unless_equals_uint64 (counter ("payload-bytes"),
      fake_receiver_heap (decoders[0], 0)->payload_size + SIZE);
}

GST_END_TEST;

static void
push_event (const gchar *text)
{
  fail_unless (gst_pad_push_event (pad,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_from_string (text, NULL))));
}

/* 0: the value of an item. 1: of the application, which is no item. */
GST_START_TEST (a_value_of_the_heap_names_its_destination)
{
  set_destinations (N);
  g_object_set (sink, "destination-rule", 2, "destination-item", "beam", NULL);
  if (__i__ == 0)
    g_object_set (sink, "items",
        "timestamp,id=0x1600,value=sample-index; "
        "beam,id=0x1601,value=<2,0,2>; samples,id=0x3300,value=payload",
        NULL);
  play (CAPS_S8);
  for (guint i = 0; i < 3; i++) {
    if (__i__ == 1)
      push_event (i == 1 ? "spead2-items,beam=0" : "spead2-items,beam=2");
    push (SIZE, i * SIZE, i * SIZE);
  }
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  assert_counters (0, 1, 3, 5, END);
  assert_counters (1, 1, 5, END);
  assert_counters (2, 1, 2, 4, 5, END);
  assert_data (0, 1, 1);
  assert_data (2, 1, 0);
  assert_data (2, 2, 2);
}

GST_END_TEST;

static const struct {
  const gchar *event, *words;
} wrong_values[] = {
    {"spead2-items,beam=3",
        "A heap is for destination 3, and there are 3: its value must be from "
        "0 "
        "to 2"},
    {"spead2-items,beam=-1", "value -1 (gint) of item 'beam' is not a whole"},
    {NULL, "destination-item=beam: no item of that name is a number"},
};

GST_START_TEST (a_value_without_a_destination_is_an_error)
{
  set_destinations (N);
  g_object_set (sink, "destination-rule", 2, "destination-item", "beam", NULL);
  play (CAPS_S8);
  push_event ("spead2-items,beam=1");
  push (SIZE, 0, 0);
  if (wrong_values[__i__].event)
    push_event (wrong_values[__i__].event);
  fail_unless_equals_int (try_push (SIZE, SIZE, SIZE), GST_FLOW_ERROR);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, wrong_values[__i__].words);
  /* What came before has been sent. */
  decode_each ();
  assert_counters (1, 1, 2, END);
}

GST_END_TEST;

/* -- counters ------------------------------------------------------------------------ */

GST_START_TEST (each_destination_counts_for_itself)
{
  set_destinations (N);
  g_object_set (sink, "heap-cnt-per-destination", TRUE, "heap-cnt-start",
      G_GUINT64_CONSTANT (10), "send-threads", __i__ == 0 ? 1 : 3, NULL);
  play (CAPS_S8);
  push_heaps (7, SIZE);
  finish ();
  decode_each ();
  assert_counters (0, 10, 11, 12, 13, 14, END);
  assert_counters (1, 10, 11, 12, 13, END);
  assert_counters (2, 10, 11, 12, 13, END);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* 0: descriptors are counted with the others. 1: apart. */
GST_START_TEST (descriptors_go_to_the_first_destination_alone)
{
  set_destinations (N);
  gst_util_set_object_arg (G_OBJECT (sink), "descriptor-destinations", "first");
  g_object_set (sink, "descriptor-cnt-start", G_GUINT64_CONSTANT (100),
      "descriptor-cnt-step", (guint64) __i__, NULL);
  play (CAPS_S8);
  push_heaps (3, SIZE);
  finish ();
  decode_each ();
  if (__i__ == 0) {
    assert_counters (0, 1, 2, 5, END);
    assert_counters (1, 3, 5, END);
    assert_counters (2, 4, 5, END);
  } else {
    assert_counters (0, 100, 1, 4, END);
    assert_counters (1, 2, 4, END);
    assert_counters (2, 3, 4, END);
  }
  assert_described (0, 0, 2);
  assert_data (0, 1, 0);
  assert_data (1, 0, 1);
}

GST_END_TEST;

/* Descriptors that wait in the queue with the heaps around them are numbered as they are
 * sent. */
GST_START_TEST (copies_for_all_are_numbered_in_their_order)
{
  set_destinations (N);
  g_object_set (sink, "heap-cnt-per-destination", TRUE, NULL);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  drain ();
  faults_block (true);
  for (guint i = 1; i < 3 * N; i++) {
    gboolean open = FALSE;

    if (i % N == 0)
      g_signal_emit_by_name (sink, "send-descriptors", &open);
    push (SIZE, i * SIZE, i * SIZE);
    if (i == 1)
      wait_blocked ();
  }
  faults_block (false);
  finish ();
  decode_each ();
  for (guint i = 0; i < N; i++) {
    assert_counters (i, 1, 2, 3, 4, 5, 6, 7, END);
    for (guint k = 0; k < 6; k++)
      assert_described (i, k, k % 2 == 0 ? 2 : 0);
  }
}

GST_END_TEST;

/* The heaps that a flush drops give their turns back, with their counters. */
GST_START_TEST (a_flush_keeps_turns_and_counters_together)
{
  Feed feed = {.n = N + 1, .size = SIZE};

  set_destinations (N);
  g_object_set (
      sink, "descriptors", 0, "heap-cnt-per-destination", __i__ == 1, NULL);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  drain ();
  faults_block (true);
  feed_begin (&feed);
  wait_stat ("outstanding", N + 1);
  feed_end (&feed);
  flush ();
  faults_block (false);
  push_heaps (3, SIZE);
  finish ();
  decode_each ();
  for (guint i = 0; i < N; i++) {
    guint n = fake_receiver_n_heaps (decoders[i]);

    for (guint k = 0; k < n; k++) {
      const FakeHeap *heap = fake_receiver_heap (decoders[i], k);

      if (heap->stream_ctrl >= 0)
        continue;
      /* One that was begun before the flush may be cut off. */
      if (__i__ == 0) {
        fail_unless_equals_uint64 ((heap->cnt - 1) % N, i);
      } else if (k > 0) {
        fail_unless_equals_uint64 (
            heap->cnt, fake_receiver_heap (decoders[i], k - 1)->cnt + 1);
      }
    }
  }
}

GST_END_TEST;

/* -- changes ------------------------------------------------------------------------- */

static void
change (const gchar *action, guint i)
{
  g_signal_emit_by_name (sink, action, "127.0.0.1", (gint) port (i));
}

static void
assert_property (const gchar *name, const gchar *value)
{
  gchar *text;

  g_object_get (sink, name, &text, NULL);
  fail_unless_equals_string (text, value);
  g_free (text);
}

/* A new one gets descriptors before data, and a removed one nothing more. */
GST_START_TEST (destinations_are_added_and_removed_between_heaps)
{
  gchar *text;

  set_destinations (2);
  play (CAPS_S8);
  push_heaps (2, SIZE);
  change ("add", 2);
  push (SIZE, 2 * SIZE, 2 * SIZE);
  push (SIZE, 3 * SIZE, 3 * SIZE);
  push (SIZE, 4 * SIZE, 4 * SIZE);
  change ("remove", 0);
  push (SIZE, 5 * SIZE, 5 * SIZE);
  push (SIZE, 6 * SIZE, 6 * SIZE);
  text = g_strdup_printf ("127.0.0.1:%u,127.0.0.1:%u", port (1), port (2));
  assert_property ("destinations", text);
  g_free (text);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  /* 4 describes to all three. */
  assert_counters (0, 1, 2, 4, 5, END);
  assert_counters (1, 1, 3, 4, 6, 8, 10, END);
  assert_counters (2, 4, 7, 9, 10, END);
  assert_described (2, 0, 2);
  assert_data (2, 1, 4);
  assert_data (1, 4, 5);
  assert_data (2, 2, 6);
  fail_unless (is_stop (1, 5));
  fail_unless (is_stop (2, 3));
}

GST_END_TEST;

/* With host and port, one becomes two. What was pushed before goes where it was to go. */
GST_START_TEST (a_destination_is_added_to_host_and_port)
{
  g_object_set (sink, "port", (gint) port (0), "max-heaps", 4, NULL);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  drain ();
  faults_block (true);
  push (SIZE, SIZE, SIZE);
  wait_blocked ();
  change ("add", 1);
  faults_block (false);
  push (SIZE, 2 * SIZE, 2 * SIZE);
  push (SIZE, 3 * SIZE, 3 * SIZE);
  finish ();
  decode_each ();
  assert_counters (0, 1, 2, 3, 4, 6, END);
  assert_counters (1, 3, 5, 6, END);
  assert_described (1, 0, 2);
  assert_data (1, 1, 3);
}

GST_END_TEST;

static Feed feed;

/* To n destinations: a buffer of ten heaps, of which some wait for a slot. */
static void
begin_to_wait (guint n)
{
  feed = (Feed){.n = 1, .size = 10 * SIZE};
  set_destinations (n);
  g_object_set (sink, "heap-size", SIZE, "max-heaps", 2, NULL);
  play (CAPS_S8);
  faults_block (true);
  feed_begin (&feed);
  wait_stat ("outstanding", 2);
  wait_blocked ();
}

/* They are sent, and after them another buffer of two heaps. */
static void
end_to_wait (void)
{
  faults_block (false);
  feed_end (&feed);
  push (2 * SIZE, 10 * SIZE, 10 * SIZE);
  finish ();
}

/* Heaps of a buffer that wait for a slot were made for the destinations there were. */
GST_START_TEST (heaps_that_were_made_go_before_a_change)
{
  begin_to_wait (1);
  change ("add", 1);
  end_to_wait ();
  decode_each ();
  assert_counters (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, END);
  assert_counters (1, 11, 13, 14, END);
  assert_described (1, 0, 2);
}

GST_END_TEST;

/* A change that waits with these heaps is a warning as any other. */
GST_START_TEST (a_change_that_waited_and_is_refused_is_a_warning)
{
  begin_to_wait (2);
  change ("add", 1);
  change ("remove", 2);
  assert_no_message (GST_MESSAGE_WARNING);
  end_to_wait ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is twice in the list. The destinations stay as they are");
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is not in the list. The destinations stay as they are");
}

GST_END_TEST;

/* A stop heap that waits goes to the destinations there were when it was asked for. */
GST_START_TEST (stop_heaps_and_changes_that_waited_keep_their_order)
{
  gboolean accepted;

  begin_to_wait (2);
  g_signal_emit_by_name (sink, "send-stop", &accepted);
  fail_unless (accepted);
  change ("remove", 0);
  change ("add", 2);
  end_to_wait ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  assert_counters (0, 1, 2, 4, 6, 8, 10, 12, END);
  fail_unless (is_stop (0, 6));
  fail_unless (is_stop (1, 6));
  assert_described (1, 7, 2);
  assert_described (2, 0, 2);
}

GST_END_TEST;

/* Without any, heaps are dropped and counted. */
GST_START_TEST (heaps_without_a_destination_are_dropped)
{
  set_destinations (N);
  play (CAPS_S8);
  push_heaps (3, SIZE);
  drain ();
  g_signal_emit_by_name (sink, "clear");
  push (SIZE, 3 * SIZE, 3 * SIZE);
  push (SIZE, 4 * SIZE, 4 * SIZE);
  drain ();
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 2);
  change ("add", 1);
  push (SIZE, 5 * SIZE, 5 * SIZE);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[0]), 2);
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[1]), 4);
  assert_described (1, 2, 2);
  assert_data (1, 2, 5);
}

GST_END_TEST;

/* In NULL the actions change the property, from host and port on. */
GST_START_TEST (the_list_changes_in_null_too)
{
  gchar *text;

  g_object_set (sink, "port", (gint) port (0), NULL);
  change ("add", 1);
  text = g_strdup_printf ("127.0.0.1:%u,127.0.0.1:%u", port (0), port (1));
  assert_property ("destinations", text);
  change ("add", 1);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is twice in the list. The destinations stay as they are");
  assert_property ("destinations", text);
  g_free (text);
  change ("remove", 0);
  g_signal_emit_by_name (sink, "clear");
  assert_property ("destinations", "");
  change ("add", 2);
  play (CAPS_S8);
  push_heaps (1, SIZE);
  finish ();
  decode_each ();
  assert_counters (2, 1, 2, END);
}

GST_END_TEST;

static const struct {
  const gchar *action, *host;
  gint port;
  const gchar *words;
} wrong_changes[] = {
    {"add", "::1", 7148, "is IPv6, and the socket is of IPv4"},
    {"add", "10.1.1.1", 0, "Port 0 does not exist"},
    {"add", "10.1.1", 1, "has four numbers"},
    {"add", "10.1.1.1:1", 1, "has a port in it"},
    {"remove", "10.1.1.1", 1, "'10.1.1.1:1' is not in the list"},
};

GST_START_TEST (a_wrong_change_is_a_warning_and_changes_nothing)
{
  gchar *before;

  set_destinations (N);
  play (CAPS_S8);
  g_object_get (sink, "destinations", &before, NULL);
  g_signal_emit_by_name (sink, wrong_changes[__i__].action,
      wrong_changes[__i__].host, wrong_changes[__i__].port);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      wrong_changes[__i__].words);
  assert_property ("destinations", before);
  g_free (before);
}

GST_END_TEST;

/* The list stays unset: host and port still count. */
GST_START_TEST (a_refused_change_leaves_host_and_port)
{
  g_object_set (sink, "port", (gint) port (0), NULL);
  play (CAPS_S8);
  change ("remove", 1);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is not in the list. The destinations stay as they are");
  assert_property ("destinations", NULL);
}

GST_END_TEST;

/* The system has a name's IPv4 address first, and the list is of IPv6. 0: with a sender.
 * 1: without one. */
GST_START_TEST (a_name_has_an_address_of_the_list_s_family)
{
  GstStructure *stats;

  g_object_set (sink, "destinations", "[::1]:9000", NULL);
  if (__i__ == 0)
    go_to (GST_STATE_READY);
  faults_resolve ("127.0.0.1 ::1");
  g_signal_emit_by_name (sink, "add", "correlator", 9001);
  assert_property ("destinations", "[::1]:9000,[::1]:9001");
  g_signal_emit_by_name (sink, "get-stats", "correlator", 9001, &stats);
  fail_unless_equals_int (gst_structure_n_fields (stats) > 0, __i__ == 0);
  gst_structure_free (stats);
  g_signal_emit_by_name (sink, "remove", "correlator", 9001);
  assert_property ("destinations", "[::1]:9000");
  faults_resolve (NULL);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* While buffers flow, with receivers that come and go: nothing is sent to a destination
 * before its descriptors. */
GST_START_TEST (destinations_come_and_go_while_buffers_flow)
{
  Feed feed = {.n = G_MAXUINT, .size = SIZE};

  set_destinations (1);
  g_object_set (sink, "max-heaps", 16, "send-threads", 2, NULL);
  play (CAPS_S8);
  feed_begin (&feed);
  for (guint i = 0; i < 50; i++) {
    guint64 pushed;

    change ("add", 1 + i % 2);
    pushed = counter ("heaps-pushed");
    while (counter ("heaps-sent") < pushed + 20)
      g_thread_yield ();
    change ("remove", 1 + i % 2);
  }
  feed_stop (&feed);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  decode_each ();
  for (guint i = 0; i < N; i++) {
    assert_described (i, 0, 2);
    fail_unless (fake_receiver_n_heaps (decoders[i]) > 25);
  }
  fail_unless_equals_uint64 (counter ("heaps-pushed"), counter ("heaps-sent"));
}

GST_END_TEST;

/* -- errors and reports -------------------------------------------------------------- */

static GstStructure *
stats_of (const gchar *host, guint16 port)
{
  GstStructure *stats;

  g_signal_emit_by_name (sink, "get-stats", host, (gint) port, &stats);
  return stats;
}

/* Of three, one is refused by the kernel: its heaps fail, and the warning names it. */
GST_START_TEST (errors_belong_to_their_destination)
{
  gchar *words;
  GstStructure *stats;
  guint64 errors;

  set_destinations (N);
  faults_refuse_port (port (1), EPERM);
  play (CAPS_S8);
  push_heaps (6, SIZE);
  drain ();
  words = g_strdup_printf ("Could not send to 127.0.0.1:%u", port (1));
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, words);
  g_free (words);
  /* The descriptors, which were not sent to one, are sent again before heap 2 and
   * so on; all other heaps of the two are whole. */
  decode_each ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoders[1]), 0);
  fail_unless (sent_to (1, "errors") > 2);
  fail_unless_equals_uint64 (sent_to (0, "errors"), 0);
  fail_unless_equals_uint64 (sent_to (2, "errors"), 0);
  stats = stats_of ("127.0.0.1", port (1));
  fail_unless (gst_structure_get_uint64 (stats, "errors", &errors));
  fail_unless_equals_uint64 (errors, sent_to (1, "errors"));
  gst_structure_free (stats);
  stats = stats_of ("127.0.0.1", 1);
  fail_unless_equals_int (gst_structure_n_fields (stats), 0);
  gst_structure_free (stats);
  faults_reset ();
}

GST_END_TEST;

/* ICMP errors come back for one of three. */
GST_START_TEST (an_icmp_error_belongs_to_its_destination)
{
  guint16 deaf;
  gchar *words;

  set_destinations (N);
  deaf = port (2);
  fake_receiver_free (listeners[2]);
  play (CAPS_S8);
  push_heaps (30, SIZE);
  drain ();
  words = g_strdup_printf ("Nobody listens at 127.0.0.1:%u", deaf);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, words);
  g_free (words);
  fail_unless (sent_to (2, "errors") > 0);
  fail_unless_equals_uint64 (sent_to (0, "errors"), 0);
  fail_unless_equals_uint64 (sent_to (1, "errors"), 0);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 0);
  listeners[2] = fake_receiver_new (AF_INET);
}

GST_END_TEST;

static const struct {
  const gchar *property, *value, *words;
} wrong_settings[] = {
    {"destinations", "127.0.0.1:1,127.0.0.1:x",
        "destinations, character 13: Destination '127.0.0.1:x' needs a port"},
    {"destination-rule", "item", "set destination-item"},
    {"destinations", "spead://127.0.0.1:1", "is a URI: set uri"},
};

GST_START_TEST (a_wrong_list_is_an_error_that_says_where)
{
  gst_util_set_object_arg (G_OBJECT (sink), wrong_settings[__i__].property,
      wrong_settings[__i__].value);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      wrong_settings[__i__].words);
}

GST_END_TEST;

static Suite *
destinations_suite (void)
{
  Suite *s = suite_create ("sinkdestinations");
  TCase *tc = tcase_create ("sinkdestinations");

  tcase_add_checked_fixture (tc, setup, teardown);
  suite_add_tcase (s, tc);
  tcase_add_loop_test (
      tc, heaps_go_in_turn_and_descriptors_and_stop_heap_to_each, 0, 2);
  tcase_add_test (tc, all_destinations_get_every_heap);
  tcase_add_loop_test (tc, a_value_of_the_heap_names_its_destination, 0, 2);
  tcase_add_loop_test (tc, a_value_without_a_destination_is_an_error, 0,
      G_N_ELEMENTS (wrong_values));
  tcase_add_loop_test (tc, each_destination_counts_for_itself, 0, 2);
  tcase_add_loop_test (tc, descriptors_go_to_the_first_destination_alone, 0, 2);
  tcase_add_test (tc, copies_for_all_are_numbered_in_their_order);
  tcase_add_loop_test (tc, a_flush_keeps_turns_and_counters_together, 0, 2);
  tcase_add_test (tc, destinations_are_added_and_removed_between_heaps);
  tcase_add_test (tc, a_destination_is_added_to_host_and_port);
  tcase_add_test (tc, heaps_that_were_made_go_before_a_change);
  tcase_add_test (tc, a_change_that_waited_and_is_refused_is_a_warning);
  tcase_add_test (tc, stop_heaps_and_changes_that_waited_keep_their_order);
  tcase_add_test (tc, heaps_without_a_destination_are_dropped);
  tcase_add_test (tc, the_list_changes_in_null_too);
  tcase_add_loop_test (tc, a_wrong_change_is_a_warning_and_changes_nothing, 0,
      G_N_ELEMENTS (wrong_changes));
  tcase_add_test (tc, a_refused_change_leaves_host_and_port);
  tcase_add_loop_test (tc, a_name_has_an_address_of_the_list_s_family, 0, 2);
  tcase_add_test (tc, destinations_come_and_go_while_buffers_flow);
  tcase_add_test (tc, errors_belong_to_their_destination);
  tcase_add_test (tc, an_icmp_error_belongs_to_its_destination);
  tcase_add_loop_test (tc, a_wrong_list_is_an_error_that_says_where, 0,
      G_N_ELEMENTS (wrong_settings));
  return s;
}

GST_CHECK_MAIN (destinations)
