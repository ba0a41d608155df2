/* The fixture of the tests with several destinations: see destinationsfixture.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sys/socket.h>

#include "destinationsfixture.h"

FakeReceiver *listeners[N], *decoders[N];

void
setup_destinations (void)
{
  setup_fixture ();
  for (guint i = 0; i < N; i++) {
    listeners[i] = fake_receiver_new (AF_INET);
    decoders[i] = fake_receiver_new (AF_UNSPEC);
  }
}

void
teardown_destinations (void)
{
  teardown_fixture ();
  for (guint i = 0; i < N; i++) {
    fake_receiver_free (listeners[i]);
    fake_receiver_free (decoders[i]);
  }
}

guint16
port_of (guint i)
{
  return fake_receiver_port (listeners[i]);
}

void
set_destinations (guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (
        text, "%s127.0.0.1:%u", i > 0 ? "," : "", port_of (i));
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

void
decode_each (void)
{
  FaultsMessage message;

  for (guint i = 0; i < N; i++)
    fake_receiver_forget (decoders[i]);
  for (gsize k = 0; k < faults_n_messages (); k++) {
    guint i = 0;

    fail_unless (faults_message (k, &message));
    while (i < N && port_of (i) != message.port)
      i++;
    fail_unless (i < N, "a message went to port %u", message.port);
    feed_message (decoders[i], &message);
  }
}

const FakeHeap *
heap_at (guint destination, guint index)
{
  const FakeHeap *heap = fake_receiver_heap (decoders[destination], index);

  fail_unless (
      heap != NULL, "destination %u has no heap %u", destination, index);
  fail_unless (heap->complete);
  return heap;
}

gint64
begin_of (const FakeHeap *heap)
{
  guint64 timestamp;

  return fake_heap_immediate (heap, ID_TIMESTAMP, &timestamp)
      ? (gint64) timestamp
      : -1;
}

void
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

void
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

void
assert_described (guint destination, guint index, guint n)
{
  fail_unless_equals_int (
      fake_heap_n_descriptors (heap_at (destination, index)), n);
}

gboolean
is_stop (guint destination, guint index)
{
  return heap_at (destination, index)->stream_ctrl == FAKE_CTRL_STOP;
}

guint64
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
