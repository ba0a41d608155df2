/* adctestsrc and spead2sink together: samples in memory that has room for the
 * headers of their packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>
#include <sys/socket.h>

#include "sinkfixture.h"

#define HEAP 100000
#define N_HEAPS 20

/* The source's properties and the sink's; the first packets' headers lie with the
 * payload, so that messages are in one piece. */
static const struct {
  const gchar *source, *sink;
  gboolean in_one_piece;
} ways[] = {
    {"", "", TRUE},
    {"", "max-packet-size=8972", TRUE},
    {"", "max-packet-size=8972 zero-copy=off", TRUE},
    {"", "repeat-pointers=true", TRUE},
    {"", "payload-per-packet=1024", TRUE},
    {"", "heap-address-bits=48", TRUE},
    {"! identity", "", TRUE},
    {"! queue max-size-buffers=3", "", TRUE},
    {"! audioconvert", "", TRUE},
    {"! rawaudioparse use-sink-caps=true", "", TRUE},
    {"! tee name=t ! queue ! fakesink t. ! queue", "", FALSE},
    {"", "packet-split=balanced", FALSE},
    {"",
        "items=\"note,id=0x2000,value=\\\"text\\\",format=c8;"
        "timestamp,id=0x1600,value=sample-index;"
        "adc_samples,id=0x3300,value=payload\"",
        FALSE},
};

/* The ramp goes on from heap to heap. */
static void
assert_ramp (guint n_heaps)
{
  guint i;

  for (i = 0; i < n_heaps; i++) {
    const FakeHeap *heap = whole_heap (i);
    gsize size, k;
    const guint8 *samples = fake_heap_bytes (heap, ID_SAMPLES, &size);

    assert_timestamp (heap, (guint64) i * HEAP);
    fail_unless_equals_uint64 (size, HEAP);
    for (k = 0; k < size; k++)
      if (samples[k] != (guint8) ((guint64) i * HEAP + k))
        fail ("heap %u differs at sample %" G_GSIZE_FORMAT, i, k);
  }
}

/* Who frees a buffer of several threads is ordered by GStreamer's atomic counts,
 * which ThreadSanitizer does not see. */
#ifdef __SANITIZE_THREAD__
#define SEVERAL_THREADS FALSE
#else
#define SEVERAL_THREADS TRUE
#endif

static guint
n_messages_in_one_piece (void)
{
  guint i, n = 0;

  for (i = 0; i < faults_n_messages (); i++) {
    FaultsMessage message;

    fail_unless (faults_message (i, &message));
    n += message.n_segments > 1 && message.n_iovecs == 1;
  }
  return n;
}

static void
launch_ramp (const gchar *between, const gchar *properties)
{
  gchar *text = g_strdup_printf (
      "adctestsrc wave=ramp num-buffers=%u samplesperbuffer=%u %s ! "
      "spead2sink name=sender %s",
      N_HEAPS, HEAP, between, properties);

  launch (text);
  g_free (text);
}

GST_START_TEST (samples_arrive_and_messages_are_in_one_piece)
{
  guint n;

  if (!SEVERAL_THREADS && strstr (ways[__i__].source, "queue"))
    return;
  launch_ramp (ways[__i__].source, ways[__i__].sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  decode ();
  assert_ramp (N_HEAPS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  n = n_messages_in_one_piece ();
  fail_unless (ways[__i__].in_one_piece ? n >= N_HEAPS : n == 0, "%u", n);
}

GST_END_TEST;

/* Both write headers for the same samples, of other sizes. */
GST_START_TEST (two_sinks_send_the_same_buffers)
{
  FakeReceiver *other = fake_receiver_new (AF_INET);
  FakeReceiver *others = fake_receiver_new (AF_UNSPEC);
  FakeReceiver *ours = decoder;
  guint i;

  launch_ramp ("! identity ! tee name=t ! queue ! spead2sink name=other "
               "max-packet-size=1000 t. ! queue",
      "");
  {
    GstElement *second = gst_bin_get_by_name (GST_BIN (pipeline), "other");

    g_object_set (second, "port", fake_receiver_port (other), NULL);
    gst_object_unref (second);
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  for (i = 0; i < faults_n_messages (); i++) {
    FaultsMessage message;
    gsize at, size;

    fail_unless (faults_message (i, &message));
    for (at = 0; at < message.bytes; at += size) {
      size = MIN (message.segment_size, message.bytes - at);
      fail_unless (fake_receiver_feed (
          message.port == fake_receiver_port (other) ? others : ours,
          message.data + at, size));
    }
  }
  assert_ramp (N_HEAPS);
  decoder = others;
  assert_ramp (N_HEAPS);
  decoder = ours;
  fake_receiver_free (other);
  fake_receiver_free (others);
}

GST_END_TEST;

static Suite *
sinkpackets_suite (void)
{
  Suite *suite = suite_create ("sinkpackets");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (
      tc, samples_arrive_and_messages_are_in_one_piece, 0, G_N_ELEMENTS (ways));
  if (SEVERAL_THREADS)
    tcase_add_test (tc, two_sinks_send_the_same_buffers);
  return suite;
}

GST_CHECK_MAIN (sinkpackets);
