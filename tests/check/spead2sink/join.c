/* Buffers that spead2sink joins to heaps, and what is left over: heap-size,
 * remainder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define NONE GST_BUFFER_OFFSET_NONE
#define EPOCH G_GUINT64_CONSTANT (1700000000000000000)

#define ITEMS                                                                  \
  "timestamp,id=0x1600,value=sample-index; a,id=0x1000,value=meta,default=1;"  \
  "samples,id=0x3300,value=payload"

/* -- joining ---------------------------------------------------------------------- */

/* Of a buffer, of a heap. Packets have 500 bytes: pieces of fewer are copied. */
static const struct {
  guint buffer, heap;
} sizes[] = {{1, 400}, {7, 400}, {100, 400}, {400, 400}, {401, 400},
    {1000, 400}, {5000, 4096}, {600, 4096}, {499, 4096}, {1700, 4096},
    {4096, 20000}, {70000, 65536}, {300, 200000}};

GST_START_TEST (heaps_do_not_depend_on_the_sizes_of_buffers)
{
  const guint buffer = sizes[__i__].buffer, heap = sizes[__i__].heap;
  const guint total = 5 * heap + 123;
  guint begin, i;

  g_object_set (sink, "heap-size", heap, NULL);
  g_object_set (sink, "max-packet-size", 500, NULL);
  play (CAPS_S8);
  for (begin = 0; begin < total; begin += buffer)
    push (MIN (buffer, total - begin), begin, __i__ % 2 ? NONE : 7 + begin);
  finish ();
  decode ();
  for (i = 0; i < 6; i++) {
    assert_heap (
        i, i + 1, (__i__ % 2 ? 0 : 7) + i * heap, i < 5 ? heap : 123, i * heap);
    assert_descriptors (i, i == 0 || i == 5 ? 2 : 0);
  }
  assert_stop_heap (6, 7);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* Samples of three bytes: no buffer has a whole number of them. */
GST_START_TEST (a_sample_may_lie_in_two_buffers)
{
  g_object_set (sink, "heap-size", 300, NULL);
  play (BYTES ",sample-bits=24");
  for (guint i = 0; i < 30; i++)
    push (100, 100 * i, NONE);
  finish ();
  decode ();
  for (guint i = 0; i < 10; i++)
    assert_heap (i, i + 1, 100 * i, 300, 300 * i);
}

GST_END_TEST;

/* Large pieces lie where they are: what is written there after they were accepted
 * is sent. Small ones are copied, and their buffers released. */
GST_START_TEST (large_pieces_are_held_and_small_ones_copied)
{
  static guint8 bytes[2][2000];
  gint n_freed[2] = {0, 0};

  g_object_set (sink, "heap-size", 4000, NULL);
  g_object_set (sink, "max-packet-size", 500, NULL);
  play (BYTES);
  for (guint i = 0; i < 2; i++)
    push_buffer (watched (
        gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, bytes[i],
            sizeof bytes[i], 0, i == 0 ? 2000 : 100, NULL, NULL),
        &n_freed[i]));
  fail_unless_equals_int (g_atomic_int_get (&n_freed[0]), 0);
  fail_unless_equals_int (g_atomic_int_get (&n_freed[1]), 1);
  fill_pattern (bytes[0], 2000, 0);
  fill_pattern (bytes[1], 2000, 2000);
  finish ();
  decode ();
  fail_unless_equals_int (g_atomic_int_get (&n_freed[0]), 1);
  {
    gsize size;
    const guint8 *sent = fake_heap_bytes (whole_heap (0), ID_SAMPLES, &size);

    fail_unless_equals_uint64 (size, 2100);
    for (guint i = 0; i < 2100; i++)
      fail_unless (sent[i] == (i < 2000 ? pattern (i) : 0), "byte %u", i);
  }
}

GST_END_TEST;

/* Heaps of ten buffers from a pool that has four. */
GST_START_TEST (a_small_pool_does_not_run_dry)
{
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  const guint max = __i__ + 1;
  guint i;

  gst_buffer_pool_config_set_params (config, NULL, 2000, max, max);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  g_object_set (sink, "heap-size", 20000, NULL);
  play (BYTES);
  for (i = 0; i < 105; i++) {
    GstBuffer *buffer;
    GstMapInfo map;

    fail_unless_equals_int (
        gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
    fill_pattern (map.data, map.size, 2000 * i);
    gst_buffer_unmap (buffer, &map);
    /* Its memory comes from the pool, too, if it is a part of another buffer. */
    if (i % 2) {
      GstBuffer *part =
          gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 0, -1);

      gst_buffer_add_parent_buffer_meta (part, buffer);
      gst_buffer_unref (buffer);
      buffer = part;
    }
    push_buffer (buffer);
  }
  finish ();
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  decode ();
  for (i = 0; i < 11; i++)
    assert_heap (
        i, i + 1, 20000 * i, i < 10 ? 20000 : 10000, 20000 * (guint64) i);
}

GST_END_TEST;

/* Pictures of 38400 bytes for eight heaps and an open one of 50000. Bytes have no
 * size that a pool could be asked for. */
GST_START_TEST (upstream_is_asked_for_as_many_pictures_as_heaps_have)
{
  GstCaps *caps = gst_caps_from_string (__i__ == 0
          ? "video/x-raw,format=I420,width=160,height=160,framerate=1/1"
          : BYTES);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  guint size, min, max;

  g_object_set (sink, "heap-size", 50000, NULL);
  g_object_set (sink, "max-heaps", 8, NULL);
  play (BYTES);
  fail_unless (gst_pad_peer_query (pad, query));
  if (__i__ == 0) {
    gst_query_parse_nth_allocation_pool (query, 0, NULL, &size, &min, &max);
    fail_unless_equals_int (size, 38400);
    fail_unless_equals_int (min, 9 * 50000 / 38400 + 2);
    fail_unless_equals_int (max, 0);
  } else {
    fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
  }
  gst_query_unref (query);
  gst_caps_unref (caps);
}

GST_END_TEST;

/* -- where a heap ends ---------------------------------------------------------- */

static GstBuffer *
with_a (GstBuffer *buffer, guint64 value)
{
  gst_structure_set (gst_custom_meta_get_structure (
                         gst_buffer_add_custom_meta (buffer, "GstSpead2Items")),
      "a", G_TYPE_UINT64, value, NULL);
  return buffer;
}

static void
push_a (guint64 value)
{
  fail_unless (gst_pad_push_event (pad,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new (
              "spead2-items", "a", G_TYPE_UINT64, value, NULL))));
}

enum { DISCONT, JUMP, GAP, CAPS, META, EVENT, DRAIN, N_ENDS };

/* The index of the next buffer, which begins at byte 300 of the pattern. */
static guint64
end_heap (guint how)
{
  GstBuffer *buffer = make_buffer (500, 300, how == JUMP ? 1000 : 300);

  switch (how) {
    case DISCONT:
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
      break;
    case GAP:
      gst_pad_push_event (pad, gst_event_new_gap (0, GST_SECOND / 480));
      wait_stat ("heaps-sent", 1);
      GST_BUFFER_OFFSET (buffer) = 400;
      break;
    case CAPS:
      fail_unless (
          set_caps ("audio/x-raw,format=U8,rate=48000,channels=1,layout="
                    "interleaved"));
      wait_stat ("heaps-sent", 1);
      break;
    case META:
      with_a (buffer, 5);
      break;
    case EVENT:
      push_a (5);
      break;
    case DRAIN:
      drain ();
      fail_unless_equals_uint64 (counter ("heaps-sent"), 1);
      break;
  }
  push_buffer (buffer);
  return how == JUMP ? 1000 : how == GAP ? 400 : 300;
}

GST_START_TEST (what_does_not_go_on_ends_a_heap)
{
  guint64 index;

  g_object_set (sink, "heap-size", 400, NULL);
  g_object_set (sink, "items", ITEMS, NULL);
  play (CAPS_S8);
  push (300, 0, 0);
  index = end_heap (__i__);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 300, 0);
  assert_heap (1, 2, index, 400, 300);
  assert_heap (2, 3, index + 400, 100, 700);
  assert_stop_heap (3, 4);
  fail_unless_equals_uint64 (immediate (0, 0x1000), 1);
  for (guint i = 1; i < 3; i++)
    fail_unless_equals_uint64 (
        immediate (i, 0x1000), __i__ == META || __i__ == EVENT ? 5 : 1);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 3);
}

GST_END_TEST;

/* Also when those that had them are long gone. 0: by meta. 1: by event. */
GST_START_TEST (buffers_of_equal_values_are_joined)
{
  g_object_set (sink, "heap-size", 400, NULL);
  g_object_set (sink, "items", ITEMS, NULL);
  play (CAPS_S8);
  for (guint i = 0; i < 16; i++) {
    GstBuffer *buffer = make_buffer (100, 100 * i, NONE);

    if (__i__ == 0)
      with_a (buffer, 10 + i / 6);
    else
      push_a (10 + i / 6);
    push_buffer (buffer);
  }
  push (100, 1600, NONE);
  finish ();
  decode ();
  for (guint i = 0; i < 3; i++) {
    assert_heap (2 * i, 2 * i + 1, 600 * i, 400, 600 * i);
    fail_unless_equals_uint64 (immediate (2 * i, 0x1000), 10 + i);
    if (i == 2)
      break;
    assert_heap (2 * i + 1, 2 * i + 2, 600 * i + 400, 200, 600 * i + 400);
    fail_unless_equals_uint64 (immediate (2 * i + 1, 0x1000), 10 + i);
  }
  assert_heap (5, 6, 1600, 100, 1600);
  fail_unless_equals_uint64 (immediate (5, 0x1000), 1);
}

GST_END_TEST;

/* 0: a flush. 1: READY. */
GST_START_TEST (a_heap_that_is_not_full_is_dropped_by_a_flush)
{
  gint n_freed = 0;

  g_object_set (sink, "heap-size", 4000, NULL);
  play (CAPS_S8);
  push_buffer (watched (make_buffer (3000, 0, NONE), &n_freed));
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 0);
  if (__i__ == 0) {
    flush ();
  } else {
    go_to (GST_STATE_READY);
  }
  fail_unless_equals_int (g_atomic_int_get (&n_freed), 1);
  if (__i__ == 1)
    play (CAPS_S8);
  else
    push_segment ();
  push (4000, 0, NONE);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 4000, 0);
  assert_stop_heap (1, 2);
}

GST_END_TEST;

/* A pause at the caps that end a heap: the pipeline reaches PAUSED, and the heap is
 * sent in PLAYING. */
static gpointer
push_caps (gpointer text)
{
  return GINT_TO_POINTER (set_caps (text));
}

GST_START_TEST (a_pause_before_other_caps_loses_nothing)
{
  GThread *thread;

  g_object_set (sink, "heap-size", 400, NULL);
  play (CAPS_S8);
  push (300, 0, NONE);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_ASYNC);
  thread = g_thread_new ("caps", push_caps, (gpointer) CAPS_STEREO);
  go_to (GST_STATE_PAUSED);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
  go_to (GST_STATE_PLAYING);
  fail_unless (GPOINTER_TO_INT (g_thread_join (thread)));
  push (400, 300, NONE);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 300, 0);
  assert_heap (1, 2, 300, 400, 300);
}

GST_END_TEST;

/* The date and the index of a heap are those of its first byte. */
GST_START_TEST (a_heap_has_the_date_of_its_first_byte)
{
  g_object_set (sink, "heap-size", 500, NULL);
  g_object_set (sink, "items",
      "timestamp,id=0x1600,value=sample-index;"
      "date,id=0x1000,value=utc-ns,mode=addressed,format=u64;"
      "samples,id=0x3300,value=payload",
      NULL);
  play ("audio/x-raw,format=S8,rate=1000,channels=1,layout=interleaved");
  for (guint i = 0; i < 5; i++)
    push_buffer (make_dated_buffer (
        300, "timestamp/x-unix", EPOCH + i * 300 * GST_MSECOND));
  finish ();
  decode ();
  for (guint i = 0; i < 3; i++) {
    assert_timestamp (whole_heap (i), 500 * i);
    fail_unless_equals_uint64 (date_of (i), EPOCH + i * 500 * GST_MSECOND);
  }
}

GST_END_TEST;

/* -- what is left over --------------------------------------------------------------- */

#define SHAPE "samples,id=0x3300,value=payload,dtype=\"|u1\",shape=<8,50>"
#define ROWS "samples,id=0x3300,value=payload,dtype=\"|u1\",shape=<-1,50>"

/* The payload's item, heap-size, the last of three buffers of which the others have
 * 400 bytes, remainder; the last heap's size (0: there is none; 1: an error), and
 * what stats count. */
static const struct {
  const gchar *item;
  guint heap_size, last;
  const gchar *remainder;
  guint sent, dropped, padding;
} rests[] = {
    {SHAPE, 0, 170, "error", 1, 0, 0},
    {SHAPE, 0, 170, "drop", 0, 170, 0},
    {SHAPE, 0, 170, "pad", 400, 0, 230},
    {SHAPE, 400, 170, "error", 1, 0, 0},
    {SHAPE, 400, 170, "drop", 0, 170, 0},
    {SHAPE, 400, 170, "pad", 400, 0, 230},
    {SHAPE, 0, 401, "drop", 1, 0, 0},
    {SHAPE, 0, 401, "pad", 1, 0, 0},
    {ROWS, 0, 170, "error", 1, 0, 0},
    {ROWS, 0, 170, "drop", 150, 20, 0},
    {ROWS, 0, 170, "pad", 200, 0, 30},
    {ROWS, 400, 30, "drop", 0, 30, 0},
    {ROWS, 400, 170, "pad", 200, 0, 30},
    {ROWS, 0, 150, "error", 150, 0, 0},
    {"samples,id=0x3300,value=payload", 0, 170, "error", 170, 0, 0},
    {"samples,id=0x3300,value=payload", 400, 170, "drop", 170, 0, 0},
};

GST_START_TEST (bytes_that_are_left_over)
{
  gchar *items = g_strconcat (
      "timestamp,id=0x1600,value=sample-index;", rests[__i__].item, NULL);
  const guint last = rests[__i__].last, sent = rests[__i__].sent;
  const guint data = sent - rests[__i__].padding;
  const guint8 *bytes;
  gsize size;

  g_object_set (sink, "heap-size", rests[__i__].heap_size, NULL);
  g_object_set (sink, "items", items, NULL);
  gst_util_set_object_arg (
      G_OBJECT (sink), "remainder", rests[__i__].remainder);
  g_free (items);
  play (BYTES);
  push (400, 0, NONE);
  push (400, 400, NONE);
  if (sent == 1) {
    fail_unless_equals_int (try_push (last, 800, NONE),
        rests[__i__].heap_size == 0 ? GST_FLOW_ERROR : GST_FLOW_OK);
    gst_pad_push_event (pad, gst_event_new_eos ());
    fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
    assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        last > 400 ? "heap-size=400 cuts and joins" : "remainder=drop");
    return;
  }

  push (last, 800, NONE);
  finish ();
  decode ();
  for (guint i = 0; i < 2; i++)
    assert_heap (i, i + 1, 400 * i, 400, 400 * i);
  assert_stop_heap (sent ? 3 : 2, sent ? 4 : 3);
  fail_unless_equals_uint64 (counter ("remainder-bytes"), rests[__i__].dropped);
  fail_unless_equals_uint64 (counter ("padding-bytes"), rests[__i__].padding);
  if (sent == 0)
    return;
  bytes = fake_heap_bytes (whole_heap (2), ID_SAMPLES, &size);
  fail_unless_equals_uint64 (size, sent);
  for (guint i = 0; i < sent; i++)
    fail_unless (bytes[i] == (i < data ? pattern (800 + i) : 0), "byte %u", i);
}

GST_END_TEST;

/* Upon an error an application goes to NULL, where the rest is dropped: what was
 * accepted has been sent before. 0: a buffer of no whole shape, in a list. 1: caps
 * that are refused. 2: a date that nothing says, which the open heap has none of. */
GST_START_TEST (what_was_accepted_is_sent_before_an_error)
{
  static const guint n_sent[] = {50, 50, 51};
  GstBufferList *list = gst_buffer_list_new ();

  g_object_set (sink, "rate", 100000.0, "burst-size", (guint64) 1000, NULL);
  if (__i__ == 0)
    g_object_set (sink, "items", SHAPE, NULL);
  if (__i__ == 2) {
    g_object_set (sink, "heap-size", 400, NULL);
    g_object_set (sink, "items",
        "date,id=0x1000,value=ptp-ns,mode=addressed,format=u64;"
        "samples,id=0x3300,value=payload",
        "sample-rate", G_GINT64_CONSTANT (1000), NULL);
  }
  play (BYTES);
  for (guint i = 0; i < 50; i++)
    gst_buffer_list_add (
        list, make_dated_buffer (400, "timestamp/x-ptp", EPOCH));
  if (__i__ == 2)
    gst_buffer_list_add (
        list, make_dated_buffer (100, "timestamp/x-ptp", EPOCH));
  if (__i__ != 1)
    gst_buffer_list_add (list, make_buffer (100, 0, NONE));
  fail_unless_equals_int (
      gst_pad_push_list (pad, list), __i__ == 1 ? GST_FLOW_OK : GST_FLOW_ERROR);
  if (__i__ == 1)
    set_caps ("audio/x-raw,format=S24LE,rate=48000,channels=1,layout="
              "interleaved");
  gst_message_unref (
      gst_bus_timed_pop_filtered (bus, GST_SECOND, GST_MESSAGE_ERROR));
  fail_unless_equals_uint64 (counter ("heaps-sent"), n_sent[__i__]);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), n_sent[__i__]);
}

GST_END_TEST;

static Suite *
sinkjoin_suite (void)
{
  Suite *s = suite_create ("sinkjoin");
  TCase *tc = tcase_create ("sinkjoin");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (
      tc, heaps_do_not_depend_on_the_sizes_of_buffers, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, a_sample_may_lie_in_two_buffers);
  tcase_add_test (tc, large_pieces_are_held_and_small_ones_copied);
  tcase_add_loop_test (tc, a_small_pool_does_not_run_dry, 0, 4);
  tcase_add_loop_test (
      tc, upstream_is_asked_for_as_many_pictures_as_heaps_have, 0, 2);
  tcase_add_loop_test (tc, what_does_not_go_on_ends_a_heap, 0, N_ENDS);
  tcase_add_loop_test (tc, buffers_of_equal_values_are_joined, 0, 2);
  tcase_add_loop_test (tc, a_heap_that_is_not_full_is_dropped_by_a_flush, 0, 2);
  tcase_add_test (tc, a_pause_before_other_caps_loses_nothing);
  tcase_add_test (tc, a_heap_has_the_date_of_its_first_byte);
  tcase_add_loop_test (tc, bytes_that_are_left_over, 0, G_N_ELEMENTS (rests));
  tcase_add_loop_test (tc, what_was_accepted_is_sent_before_an_error, 0, 3);
  return s;
}

GST_CHECK_MAIN (sinkjoin);
