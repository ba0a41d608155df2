/* Buffers that spead2sink cuts into several heaps: heap-size. sinkjoin.c has those
 * that it joins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define NONE GST_BUFFER_OFFSET_NONE
#define EPOCH G_GUINT64_CONSTANT (1700000000000000000)

/* Heaps from number `first` on are size bytes each of the pattern from begin,
 * and n_samples apart from index on; they are numbered without a gap. */
static void
assert_heaps (guint first, guint n, guint64 index, guint n_samples, gsize size,
    guint64 begin)
{
  for (guint i = 0; i < n; i++)
    assert_heap (first + i, first + i + 1, index + i * n_samples, size,
        begin + i * size);
}

/* -- heaps of a buffer ------------------------------------------------------------- */

GST_START_TEST (a_buffer_is_cut_into_heaps)
{
  gint n_freed = 0;

  g_object_set (sink, "heap-size", 400, NULL);
  play (CAPS_STEREO);
  for (guint i = 0; i < 3; i++)
    push_buffer (watched (make_buffer (2000, 2000 * i, 7 + 500 * i), &n_freed));
  finish ();
  decode ();
  assert_heaps (0, 15, 7, 100, 400, 0);
  assert_stop_heap (15, 16);
  for (guint i = 0; i < 15; i++)
    assert_descriptors (i, i == 0 ? 2 : 0);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 15);
  fail_unless_equals_uint64 (counter ("rendered"), 3);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 3);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* It is described, as every heap of another shape. */
GST_START_TEST (what_is_left_at_the_end_is_a_shorter_heap)
{
  g_object_set (sink, "heap-size", 400, NULL);
  play (CAPS_S8);
  push (1000, 0, NONE);
  push (1000, 1000, NONE);
  push (100, 2000, NONE);
  finish ();
  decode ();
  assert_heaps (0, 5, 0, 400, 400, 0);
  assert_heap (5, 6, 2000, 100, 2000);
  assert_stop_heap (6, 7);
  for (guint i = 0; i < 6; i++)
    assert_descriptors (i, i == 0 || i == 5 ? 2 : 0);
}

GST_END_TEST;

/* Of memories that do not end where heaps do, none of them copied. */
GST_START_TEST (heaps_go_from_one_memory_into_the_next)
{
  static guint8 memories[7][300];
  GstBuffer *buffer = gst_buffer_new ();

  for (guint i = 0; i < 7; i++)
    gst_buffer_append_memory (buffer,
        gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, memories[i],
            sizeof memories[i], 0, sizeof memories[i], NULL, NULL));
  g_object_set (sink, "heap-size", 700, NULL);
  faults_block (true);
  play (CAPS_S8);
  push_buffer (buffer);
  for (guint i = 0; i < 7; i++)
    fill_pattern (memories[i], sizeof memories[i], i * 300);
  faults_block (false);
  finish ();
  decode ();
  assert_heaps (0, 3, 0, 700, 700, 0);
}

GST_END_TEST;

/* More than go into the queue at once, and than may be outstanding. What stands
 * in front of the first stands there once. */
GST_START_TEST (a_buffer_may_be_a_thousand_heaps)
{
  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "max-heaps", 5, "send-start-heap", TRUE, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  play (BYTES);
  push (100000, 0, NONE);
  push (1000, 100000, NONE);
  finish ();
  decode ();
  fail_unless_equals_int (whole_heap (0)->stream_ctrl, FAKE_CTRL_START);
  assert_descriptors (1, 2);
  for (guint i = 0; i < 1010; i++) {
    assert_heap (2 + i, 3 + i, 100 * i, 100, 100 * i);
    assert_descriptors (2 + i, 0);
  }
  assert_stop_heap (1012, 1013);
  fail_unless (counter ("peak-outstanding") <= 5);
}

GST_END_TEST;

/* 0: counted. 1: by OFFSET. */
GST_START_TEST (buffers_of_a_list_are_cut)
{
  GstBufferList *list = gst_buffer_list_new ();

  g_object_set (sink, "heap-size", 400, NULL);
  play (CAPS_STEREO);
  for (guint i = 0; i < 100; i++)
    gst_buffer_list_add (
        list, make_buffer (1000, 1000 * i, __i__ == 0 ? NONE : 50 + 250 * i));
  fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
  push (1000, 100000, __i__ == 0 ? NONE : 50 + 25000);
  finish ();
  decode ();
  assert_heaps (0, 252, __i__ == 0 ? 0 : 50, 100, 400, 0);
  assert_heap (252, 253, (__i__ == 0 ? 0 : 50) + 25200, 200, 100800);
  assert_stop_heap (253, 254);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
}

GST_END_TEST;

/* Caps, bytes of a heap, its samples. */
static const struct {
  const gchar *caps;
  guint heap_size, n_samples;
} packed[] = {
    {BYTES ",sample-bits=10", 500, 400},
    {BYTES ",sample-bits=12,channels=2", 300, 100},
    {BYTES ",sample-bits=10,channels=3", 750, 200},
    {NULL, 333, 333},
};

GST_START_TEST (the_index_counts_samples_whatever_those_are)
{
  gsize size = packed[__i__].heap_size;

  g_object_set (sink, "heap-size", size, NULL);
  play (packed[__i__].caps);
  push (3 * size, 0, NONE);
  push (2 * size, 3 * size, NONE);
  finish ();
  decode ();
  assert_heaps (0, 5, 0, packed[__i__].n_samples, size, 0);
}

GST_END_TEST;

GST_START_TEST (heap_done_tells_of_each_heap_of_a_buffer)
{
  gint n_done = 0;

  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "signal-heaps", TRUE, NULL);
  g_signal_connect_swapped (
      sink, "heap-done", G_CALLBACK (g_atomic_int_inc), &n_done);
  play (CAPS_S8);
  push (950, 0, 0);
  finish ();
  fail_unless_equals_int (g_atomic_int_get (&n_done), 10);
}

GST_END_TEST;

GST_START_TEST (send_descriptors_does_not_wait_for_the_next_buffer)
{
  guint n_described = 0;
  gboolean done = FALSE;
  Feed feed = {.n = 1, .size = 30000};

  g_object_set (sink, "heap-size", 100, NULL);
  feed_full (&feed, CAPS_S8);
  g_signal_emit_by_name (sink, "send-descriptors", &done);
  fail_unless (done);
  faults_block (false);
  fail_unless_equals_int (feed_end (&feed), GST_FLOW_OK);
  finish ();
  decode ();
  assert_heaps (0, 300, 0, 100, 100, 0);
  for (guint i = 0; i < 300; i++)
    n_described += fake_heap_n_descriptors (whole_heap (i)) > 0;
  fail_unless_equals_int (n_described, 2);
}

GST_END_TEST;

/* -- in the middle of a buffer -------------------------------------------------------- */

GST_START_TEST (a_pause_in_the_middle_of_a_buffer_loses_nothing)
{
  Feed feed = {.n = 1, .size = 30000};

  g_object_set (sink, "heap-size", 100, NULL);
  feed_full (&feed, CAPS_S8);
  go_to (GST_STATE_PAUSED);
  go_to (GST_STATE_PLAYING);
  go_to (GST_STATE_PAUSED);
  /* What was accepted goes on; nothing more is accepted. */
  faults_block (false);
  wait_stat ("heaps-sent", 2);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 2);
  /* And once more, behind the first heaps that went into the queue together. */
  faults_block_after (100);
  go_to (GST_STATE_PLAYING);
  wait_stat ("outstanding", 2);
  wait_until (faults_n_messages () >= 100);
  go_to (GST_STATE_PAUSED);
  faults_block (false);
  wait_stat ("outstanding", 0);
  go_to (GST_STATE_PLAYING);
  fail_unless_equals_int (feed_end (&feed), GST_FLOW_OK);
  finish ();
  decode ();
  assert_heaps (0, 300, 0, 100, 100, 0);
  assert_stop_heap (300, 301);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 300);
  fail_unless_equals_uint64 (counter ("peak-outstanding"), 2);
}

GST_END_TEST;

static gpointer
push_in_thread (gpointer buffer)
{
  return GINT_TO_POINTER (gst_pad_push (pad, buffer));
}

/* 0: a flush. 1: NULL. The buffer is given back, and the event's values that were
 * for it are gone. */
GST_START_TEST (a_flush_in_the_middle_of_a_buffer_gives_it_back)
{
  gint n_freed = 0;
  GThread *thread;
  guint n;

  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "max-heaps", 2, "items",
      "timestamp,id=0x1600,value=sample-index; a,id=0x1000,value=meta,"
      "default=1; samples,id=0x3300,value=payload",
      NULL);
  faults_block (true);
  play (CAPS_S8);
  push_values ("spead2-items,a=(uint)5");
  thread = g_thread_new (
      "feed", push_in_thread, watched (make_buffer (30000, 0, 0), &n_freed));
  wait_stat ("outstanding", 2);
  if (__i__ == 0)
    fail_unless (gst_pad_push_event (pad, gst_event_new_flush_start ()));
  else
    gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), GST_FLOW_FLUSHING);
  if (__i__ == 0)
    fail_unless (gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE)));
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 1);
  if (__i__ == 1)
    return;

  fail_unless_equals_uint64 (counter ("heaps-pushed"), 2);
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
  faults_block (false);
  push_segment ();
  push (1000, 500, 7000);
  finish ();
  decode ();
  /* What went before is incomplete or whole, or did not go at all. */
  n = fake_receiver_n_heaps (decoder);
  fail_unless (n >= 11);
  for (guint i = 0; i < 10; i++) {
    const FakeHeap *heap = whole_heap (n - 11 + i);

    assert_timestamp (heap, 7000 + 100 * i);
    fail_unless_equals_uint64 (immediate (n - 11 + i, 0x1000), 1);
  }
  assert_descriptors (n - 11, 3);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
}

GST_END_TEST;

/* The last frame of the buffer is cut in two. At the time of the error all heaps
 * are sent, although that takes its time. */
GST_START_TEST (heaps_before_one_that_cannot_be_made_are_sent)
{
  gint n_freed = 0;

  g_object_set (sink, "heap-size", 400, NULL);
  g_object_set (sink, "rate", 500000.0, "burst-size", (guint64) 2000, NULL);
  play (CAPS_STEREO);
  push_buffer (watched (make_buffer (400 * 100 + 202, 0, 0), &n_freed));
  fail_if (gst_pad_push_event (pad, gst_event_new_eos ()));
  fail_unless_equals_uint64 (counter ("heaps-sent"), 100);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "A payload of 202 bytes does not have the shape (any, 2) with elements "
      "of 16 bits: it must be a multiple of 4 bytes. remainder=drop or "
      "remainder=pad allows it");
  decode ();
  assert_heaps (0, 100, 0, 100, 400, 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 1);
}

GST_END_TEST;

/* -- what cannot be cut ------------------------------------------------------------ */

static const struct {
  const gchar *caps;
  guint heap_size;
  const gchar *payload;
  const gchar *words;
} refused[] = {
    {CAPS_STEREO, 1022, "",
        "heap-size=1022: A payload of 1022 bytes does not have the shape (any, "
        "2) with elements of 16 bits: it must be a multiple of 4 bytes"},
    {BYTES ",sample-bits=10", 501, "", "it must be a multiple of 5 bytes"},
    {BYTES ",sample-bits=10,channels=4", 503, "",
        "it must be a multiple of 5 bytes"},
    {BYTES ",sample-bits=12,channels=3", 483, "",
        "it must be a multiple of 9 bytes"},
    {BYTES ",sample-bits=12,channels=2", 301, "",
        "it must be a multiple of 3 bytes"},
    {BYTES, 484, ",dtype=\">i4\",shape=<4,30>", "it must be 480 bytes"},
    {"video/x-raw,format=GRAY8,width=32,height=15,framerate=1/1", 480, "",
        "heap-size=480 would cut pictures, and a picture is one heap: set "
        "heap-size=0"},
};

GST_START_TEST (caps_that_cannot_be_cut_are_refused)
{
  gchar *items = g_strconcat ("timestamp,id=0x1600,value=sample-index; "
                              "adc_samples,id=0x3300,value=payload",
      refused[__i__].payload, NULL);

  g_object_set (sink, "items", items, NULL);
  g_free (items);
  g_object_set (sink, "heap-size", refused[__i__].heap_size, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_pad_push_event (pad, gst_event_new_stream_start ("test"));
  set_caps (refused[__i__].caps);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, refused[__i__].words);
  push_segment ();
  fail_unless_equals_int (try_push (600, 0, 0), GST_FLOW_NOT_NEGOTIATED);
  fail_unless_equals_int (faults_n_datagrams (), 0);
}

GST_END_TEST;

/* Other video is bytes, and so are caps without structure. */
GST_START_TEST (bytes_are_cut_anywhere)
{
  static const gchar *const caps[] = {
      NULL, BYTES, "video/x-raw,format=RGB,width=16,height=16,framerate=1/1"};

  g_object_set (sink, "heap-size", 101, NULL);
  play (caps[__i__]);
  push (303, 0, NONE);
  finish ();
  decode ();
  assert_heaps (0, 3, 0, 101, 101, 0);
}

GST_END_TEST;

/* -- values of the application --------------------------------------------------------- */

static GstBuffer *
with_value (GstBuffer *buffer, const gchar *name, guint64 value)
{
  GstCustomMeta *meta = gst_buffer_add_custom_meta (buffer, "GstSpead2Items");

  fail_unless (meta != NULL);
  gst_structure_set (
      gst_custom_meta_get_structure (meta), name, G_TYPE_UINT64, value, NULL);
  return buffer;
}

static void
push_value (const gchar *name, guint64 value)
{
  fail_unless (gst_pad_push_event (pad,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new (
              "spead2-items", name, G_TYPE_UINT64, value, NULL))));
}

GST_START_TEST (an_applications_values_are_in_all_heaps_of_their_buffer)
{
  static const guint64 as[] = {77, 1, 1}, bs[] = {2, 88, 2};

  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "items",
      "a,id=0x1000,value=meta,default=1; b,id=0x1001,value=meta,default=2;"
      "samples,id=0x3300,value=payload",
      NULL);
  play (BYTES);
  gst_pad_push (pad, with_value (make_buffer (20000, 0, NONE), "a", 77));
  push_value ("b", 88);
  push (20000, 0, NONE);
  /* As spead2src has them with heaps-per-buffer. */
  push_value ("n-heaps", 200);
  gst_pad_push (
      pad, with_value (make_buffer (20000, 0, NONE), "each/heap-cnt", 1));
  finish ();
  decode ();
  for (guint i = 0; i < 600; i++) {
    fail_unless_equals_uint64 (immediate (i, 0x1000), as[i / 200]);
    fail_unless_equals_uint64 (immediate (i, 0x1001), bs[i / 200]);
  }
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* 0: by meta. 1: by event. One heap may have it. */
GST_START_TEST (several_heaps_are_not_given_one_counter)
{
  GstBuffer *buffers[2];

  g_object_set (sink, "heap-size", 100, NULL);
  play (BYTES);
  for (guint i = 0; i < 2; i++) {
    buffers[i] = make_buffer (100 + i, 0, NONE);
    if (__i__ == 0)
      with_value (buffers[i], "heap-cnt", 1000 + i);
  }
  if (__i__ == 1)
    push_value ("heap-cnt", 1000);
  push_buffer (buffers[0]);
  if (__i__ == 1)
    push_value ("heap-cnt", 1001);
  fail_unless_equals_int (gst_pad_push (pad, buffers[1]), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "gives a heap-cnt for a buffer of 101 bytes, which heap-size=100 cuts "
      "into several heaps: leave it out");
  drain ();
  decode ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 1);
  fail_unless_equals_uint64 (whole_heap (0)->cnt, 1000);
}

GST_END_TEST;

/* -- dates ----------------------------------------------------------------------------- */

/* The third heap begins 200 samples after the buffer. */
static const struct {
  const gchar *caps;
  gint64 sample_rate;
  gint denominator;
  const gchar *value, *scale;
  guint64 ns;
} dates[] = {
    {CAPS_S8, 0, 1, "utc-ns", "timestamp/x-unix", 4166667},
    {CAPS_S8, 0, 1, "ptp-ns", "timestamp/x-ptp", 4166667},
    {BYTES, 1712000000, 1, "ptp-ns", "timestamp/x-ptp", 117},
    {CAPS_S8, 1000, 1, "utc-ns", "timestamp/x-unix", 200000000},
    {BYTES, 25000000, 27, "utc-ns", "timestamp/x-unix", 216000},
    {BYTES ",rate=(fraction)25000000/27", 0, 1, "utc-ns", "timestamp/x-unix",
        216000},
};

/* Nobody is told a date that is wrong. */
GST_START_TEST (dates_need_to_know_the_rate)
{
  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "items",
      "date,id=0x1000,value=utc-ns,mode=addressed,format=u64;"
      "samples,id=0x3300,value=payload",
      NULL);
  play (BYTES);
  push_buffer (make_dated_buffer (100, "timestamp/x-unix", EPOCH));
  fail_unless_equals_int (
      gst_pad_push (pad, make_dated_buffer (101, "timestamp/x-unix", EPOCH)),
      GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, NULL);
}

GST_END_TEST;

GST_START_TEST (the_dates_of_a_buffers_heaps_go_on_by_its_samples)
{
  gchar *items =
      g_strdup_printf ("date,id=0x1000,value=%s,mode=addressed,format=u64;"
                       "samples,id=0x3300,value=payload",
          dates[__i__].value);

  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "items", items, "sample-rate", dates[__i__].sample_rate,
      "sample-rate-denominator", dates[__i__].denominator, NULL);
  g_free (items);
  play (dates[__i__].caps);
  for (guint i = 0; i < 2; i++)
    push_buffer (make_dated_buffer (300, dates[__i__].scale, EPOCH + i * 31));
  finish ();
  decode ();
  for (guint i = 0; i < 2; i++) {
    fail_unless_equals_uint64 (date_of (3 * i), EPOCH + i * 31);
    fail_unless_equals_uint64 (
        date_of (3 * i + 2), EPOCH + i * 31 + dates[__i__].ns);
  }
}

GST_END_TEST;

/* 2049.3 samples: nearer to one heap of 4096 samples than to none. */
GST_START_TEST (sync_epoch_counts_by_the_heaps_samples)
{
  g_object_set (sink, "heap-size", 4096, NULL);
  g_object_set (sink, "sync-epoch", EPOCH, "sample-rate",
      G_GINT64_CONSTANT (1712000000), NULL);
  play (BYTES);
  push_buffer (make_dated_buffer (3 * 4096, "timestamp/x-unix", EPOCH + 1197));
  finish ();
  decode ();
  for (guint i = 0; i < 3; i++)
    assert_timestamp (whole_heap (i), 4096 * (i + 1));
}

GST_END_TEST;

/* -- what upstream is told ------------------------------------------------------------- */

/* Properties; the answer. */
static const struct {
  guint heap_size, max_heaps;
  guint answered_heaps;
  guint64 answered_bytes;
  guint interleave; /* 0: the default */
} answers[] = {
    {0, 7, 7, 4 << 20},
    {0, 0, 0, 4 << 20},
    {8192, 7, 0, 8 * 8192},
    {G_MAXUINT, 65536, 0, G_GUINT64_CONSTANT (65537) * G_MAXUINT},
    /* Automatic: 4 MiB, from 4 to 4095 heaps. And the open one. */
    {8192, 0, 0, (4 << 20) + 8192},
    {2 << 20, 0, 0, 10 << 20},
    {16, 0, 0, 65536},
    /* Two groups at least. */
    {2 << 20, 0, 0, (2 * 64 + 1) << 21, 64},
};

GST_START_TEST (upstream_is_told_how_many_bytes_stay_outstanding)
{
  GstCaps *caps = gst_caps_from_string (BYTES);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  const GstStructure *outstanding;
  guint index, max_heaps;
  guint64 max_bytes;

  g_object_set (sink, "heap-size", answers[__i__].heap_size, NULL);
  g_object_set (sink, "max-heaps", answers[__i__].max_heaps, NULL);
  if (answers[__i__].interleave > 0)
    g_object_set (sink, "interleave", answers[__i__].interleave, NULL);
  play (BYTES);
  fail_unless (gst_pad_peer_query (pad, query));
  fail_unless (gst_query_find_allocation_meta (
      query, g_type_from_name ("GstSpead2OutstandingAPI"), &index));
  gst_query_parse_nth_allocation_meta (query, index, &outstanding);
  fail_unless (gst_structure_get (outstanding, "max-heaps", G_TYPE_UINT,
      &max_heaps, "max-bytes", G_TYPE_UINT64, &max_bytes, NULL));
  fail_unless_equals_int (max_heaps, answers[__i__].answered_heaps);
  fail_unless_equals_uint64 (max_bytes, answers[__i__].answered_bytes);
  gst_query_unref (query);
  gst_caps_unref (caps);
}

GST_END_TEST;

/* More than a memory can be mapped. */
GST_START_TEST (thousands_of_heaps_hold_one_buffer)
{
  gint n_freed = 0;

  g_object_set (sink, "heap-size", 100, NULL);
  g_object_set (sink, "max-heaps", 65536, NULL);
  faults_block (true);
  play (BYTES);
  push_buffer (watched (make_buffer (200000, 0, NONE), &n_freed));
  fail_unless_equals_uint64 (counter ("outstanding"), 2000);
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 0);
  faults_block (false);
  finish ();
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 1);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2000);
}

GST_END_TEST;

/* The same buffer (0), its memory in many buffers, as imagefreeze makes them (1), and
 * rows of a picture with padding between them (2). */
GST_START_TEST (hundreds_of_buffers_have_one_memory)
{
  gint n_freed = 0;
  GstBuffer *buffer = watched (make_buffer (1200, 0, NONE), &n_freed);

  g_object_set (sink, "max-heaps", 1000, NULL);
  faults_block (true);
  play (__i__ == 2
          ? "video/x-raw,format=GRAY8,width=10,height=100,framerate=1/1"
          : BYTES);
  for (guint i = 0; i < 900; i++)
    fail_unless_equals_int (
        gst_pad_push (pad,
            __i__ == 0 ? gst_buffer_ref (buffer) : gst_buffer_copy (buffer)),
        GST_FLOW_OK);
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("outstanding"), 900);
  faults_block (false);
  finish ();
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 1);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 900);
}

GST_END_TEST;

/* The automatic number goes by the heap, not by its buffer. */
GST_START_TEST (as_many_heaps_are_outstanding_as_make_4_mib)
{
  g_object_set (sink, "heap-size", 8192, NULL);
  faults_block (true);
  play (BYTES);
  push (4 << 20, 0, NONE);
  fail_unless_equals_uint64 (counter ("outstanding"), 512);
  faults_block (false);
  finish ();
}

GST_END_TEST;

static Suite *
sinkcut_suite (void)
{
  Suite *s = suite_create ("sinkcut");
  TCase *tc = tcase_create ("sinkcut");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, a_buffer_is_cut_into_heaps);
  tcase_add_test (tc, what_is_left_at_the_end_is_a_shorter_heap);
  tcase_add_test (tc, heaps_go_from_one_memory_into_the_next);
  tcase_add_test (tc, a_buffer_may_be_a_thousand_heaps);
  tcase_add_loop_test (tc, buffers_of_a_list_are_cut, 0, 2);
  tcase_add_loop_test (tc, the_index_counts_samples_whatever_those_are, 0,
      G_N_ELEMENTS (packed));
  tcase_add_test (tc, heap_done_tells_of_each_heap_of_a_buffer);
  tcase_add_test (tc, send_descriptors_does_not_wait_for_the_next_buffer);
  tcase_add_test (tc, a_pause_in_the_middle_of_a_buffer_loses_nothing);
  tcase_add_loop_test (
      tc, a_flush_in_the_middle_of_a_buffer_gives_it_back, 0, 2);
  tcase_add_test (tc, heaps_before_one_that_cannot_be_made_are_sent);
  tcase_add_loop_test (
      tc, caps_that_cannot_be_cut_are_refused, 0, G_N_ELEMENTS (refused));
  tcase_add_loop_test (tc, bytes_are_cut_anywhere, 0, 3);
  tcase_add_test (tc, an_applications_values_are_in_all_heaps_of_their_buffer);
  tcase_add_loop_test (tc, several_heaps_are_not_given_one_counter, 0, 2);
  tcase_add_test (tc, dates_need_to_know_the_rate);
  tcase_add_loop_test (tc, the_dates_of_a_buffers_heaps_go_on_by_its_samples, 0,
      G_N_ELEMENTS (dates));
  tcase_add_test (tc, sync_epoch_counts_by_the_heaps_samples);
  tcase_add_loop_test (tc, upstream_is_told_how_many_bytes_stay_outstanding, 0,
      G_N_ELEMENTS (answers));
  tcase_add_test (tc, thousands_of_heaps_hold_one_buffer);
  tcase_add_loop_test (tc, hundreds_of_buffers_have_one_memory, 0, 3);
  tcase_add_test (tc, as_many_heaps_are_outstanding_as_make_4_mib);
  return s;
}

GST_CHECK_MAIN (sinkcut);
