/* Heaps that spead2sink sends in runs: the wire, and what is reported of each heap, is that
 * of heaps one by one, which max-heaps=1 makes of the same buffers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <string.h>

#include "sinkfixture.h"

#define DIGITISER                                                              \
  "repeat-pointers=true items=\"timestamp,id=0x1600,value=sample-index; "      \
  "adc_id,id=0x3100,value=7; gain,id=0x3101,start=1,step=3,format=u8; "        \
  "samples,id=0x3300,value=payload\" "

/* Sources of 16 buffers, and what is set on the sink. */
static const struct {
  const gchar *source;
  const gchar *properties;
} streams[] = {
    {"adctestsrc seed=1 samplesperbuffer=65536",
        "heap-size=4096 max-packet-size=4168 " DIGITISER},
    /* Ten bits: 4096 samples are 5120 bytes. */
    {"adctestsrc seed=1 samplesperbuffer=32768 ! "
     "application/octet-stream,sample-bits=10",
        "heap-size=5120 max-packet-size=5192 " DIGITISER},
    {"adctestsrc seed=1 samplesperbuffer=65536", "heap-size=8192"},
    {"adctestsrc seed=1 samplesperbuffer=65536",
        "heap-size=8192 max-packet-size=9000 "
        "items=\"s,id=0x3300,value=payload; "
        "heap-cnt,start=5,step=2; "
        "heap-length; payload-offset; "
        "payload-length\""},
    /* A value that changes within a buffer, and one that wraps. */
    {"adctestsrc seed=1 samplesperbuffer=65536",
        "heap-size=1000 items=\"a,id=8,value=<1,2,3>,every=7; "
        "b,id=9,start=200,step=9,format=u8; s,id=0x3300,value=payload\""},
    {"adctestsrc seed=1 samplesperbuffer=65536",
        "heap-size=3000 descriptors=own-heap send-start-heap=true "
        "heap-cnt-start=9 heap-cnt-step=3"},
    {"audiotestsrc samplesperbuffer=3000 wave=saw ! "
     "audio/x-raw,format=S16LE,channels=2",
        "heap-size=4000 packet-split=balanced"},
    {"audiotestsrc samplesperbuffer=3000 wave=saw ! "
     "audio/x-raw,format=S16LE,channels=2",
        "heap-size=100 heap-address-bits=16 payload-per-packet=40"},
};

/* The datagrams that went out. */
static GPtrArray *
take_datagrams (void)
{
  GPtrArray *datagrams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (gsize i = 0; i < faults_n_datagrams (); i++) {
    gsize size;
    const guint8 *bytes = faults_datagram (i, &size);

    g_ptr_array_add (datagrams, g_bytes_new (bytes, size));
  }
  return datagrams;
}

static void
compare_datagrams (GPtrArray *expected, GPtrArray *datagrams)
{
  fail_unless (expected->len > 16);
  fail_unless_equals_int (datagrams->len, expected->len);
  for (guint i = 0; i < expected->len; i++)
    if (!g_bytes_equal (
            g_ptr_array_index (datagrams, i), g_ptr_array_index (expected, i)))
      fail ("datagram %u of %u differs", i, expected->len);
  g_ptr_array_unref (expected);
  g_ptr_array_unref (datagrams);
}

static GPtrArray *
send_stream (guint stream, guint max_heaps)
{
  gchar *text = g_strdup_printf ("%s ! spead2sink name=sender max-heaps=%u %s",
      streams[stream].source, max_heaps, streams[stream].properties);
  gchar **words = g_strsplit (text, "src ", 2);
  gchar *limited = g_strjoinv ("src num-buffers=16 ", words);
  GPtrArray *datagrams;

  teardown_fixture ();
  setup_fixture ();
  launch (limited);
  run_to_eos ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), counter ("heaps-pushed"));
  datagrams = take_datagrams ();
  go_to (GST_STATE_NULL);
  g_strfreev (words);
  g_free (limited);
  g_free (text);
  return datagrams;
}

GST_START_TEST (runs_are_sent_as_their_heaps)
{
  compare_datagrams (send_stream (__i__, 1), send_stream (__i__, 0));
}

GST_END_TEST;

/* -- lists ------------------------------------------------------------------------- */

/* Lists of small buffers: of one size with a jump of the index, then of two sizes. */
static GPtrArray *
send_lists (guint max_heaps)
{
  gint n_freed = 0;
  guint n = 0;
  guint64 offset = 0;
  GPtrArray *datagrams;

  teardown_fixture ();
  setup_fixture ();
  g_object_set (sink, "max-heaps", max_heaps, NULL);
  play (CAPS_S8);
  for (guint i = 0; i < 4; i++) {
    GstBufferList *list = gst_buffer_list_new ();

    for (guint k = 0; k < 40; k++, n++) {
      gsize size = i < 3 ? 500 : k % 8 < 6 ? 700 : 300;

      if (i == 1 && k == 20)
        offset += 1000;
      gst_buffer_list_add (
          list, watched (make_buffer (size, offset, offset), &n_freed));
      offset += size;
    }
    fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
  }
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), n);
  fail_unless_equals_int (g_atomic_int_get (&n_freed), n);
  datagrams = take_datagrams ();
  return datagrams;
}

GST_START_TEST (lists_are_sent_as_their_buffers)
{
  compare_datagrams (send_lists (1), send_lists (0));
}

GST_END_TEST;

/* -- reports ------------------------------------------------------------------------ */

typedef struct {
  guint64 cnt, bytes;
  gint code;
} Done;

static GArray *done; /* Done */

static void
note_done (GstElement *element, guint64 cnt, guint64 bytes, GError *error)
{
  Done one = {cnt, bytes, error ? error->code : 0};

  g_array_append_val (done, one);
}

/* heap-done comes once a heap, in their order, and a failure belongs to the heaps of the
 * packets that were refused: the first message, of 15 heaps. */
GST_START_TEST (every_heap_of_a_run_is_reported)
{
  done = g_array_new (FALSE, FALSE, sizeof (Done));
  g_object_set (sink, "heap-size", 4096, "max-packet-size", 4168,
      "signal-heaps", TRUE, "descriptors", 0, NULL);
  g_signal_connect (sink, "heap-done", G_CALLBACK (note_done), NULL);
  faults_block (true);
  play (CAPS_S8);
  push (65536, 0, 0);
  faults_fail_message (0, 1, EPERM);
  faults_block (false);
  finish ();
  fail_unless_equals_int (done->len, 16);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 1);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 15);
  for (guint i = 0; i < 16; i++) {
    const Done *one = &g_array_index (done, Done, i);

    fail_unless_equals_uint64 (one->cnt, i + 1);
    fail_unless_equals_uint64 (one->bytes, i == 15 ? 4152 : 0);
    fail_unless_equals_int (one->code, i == 15 ? 0 : EPERM);
  }
  g_array_unref (done);
}

GST_END_TEST;

/* max-heaps limits heaps, not runs of them. */
GST_START_TEST (max_heaps_counts_the_heaps_of_runs)
{
  static const guint limits[] = {1, 2, 8, 16, 50};
  Feed feed = {.n = 100, .size = 6400, .eos = TRUE};

  g_object_set (sink, "heap-size", 64, "max-heaps", limits[__i__], NULL);
  faults_block (true);
  play (CAPS_S8);
  feed_begin (&feed);
  wait_blocked ();
  /* A run is a quarter of them at most. */
  wait_until (counter ("outstanding") + limits[__i__] / 4 >= limits[__i__]);
  fail_unless (counter ("peak-outstanding") <= limits[__i__]);
  faults_block (false);
  fail_unless_equals_int (feed_end (&feed), GST_FLOW_OK);
  wait_eos ();
  fail_unless (counter ("peak-outstanding") <= limits[__i__]);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 10000);
}

GST_END_TEST;

static Suite *
runs_suite (void)
{
  Suite *suite = suite_create ("runs");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (
      tc, runs_are_sent_as_their_heaps, 0, G_N_ELEMENTS (streams));
  tcase_add_test (tc, lists_are_sent_as_their_buffers);
  tcase_add_test (tc, every_heap_of_a_run_is_reported);
  tcase_add_loop_test (tc, max_heaps_counts_the_heaps_of_runs, 0, 5);
  return suite;
}

GST_CHECK_MAIN (runs);
