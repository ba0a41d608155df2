/* What spead2sink's heaps carry: items, header, counters, descriptors, stream
 * control, and the application's own values.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define PAYLOAD "; samples,id=0x3300,value=payload"
#define CUSTOM                                                                 \
  "a,id=0x1000,value=meta,default=1; t,id=0x1001,value=meta,"                  \
  "default=\"none\"" PAYLOAD

static void
set_items (const gchar *items)
{
  g_object_set (sink, "items", items, NULL);
}

static void
assert_text (guint heap, guint64 id, const gchar *text)
{
  gsize size;
  const guint8 *bytes = fake_heap_bytes (whole_heap (heap), id, &size);

  fail_unless_equals_uint64 (size, strlen (text));
  fail_unless (memcmp (bytes, text, size) == 0);
}

static void
push_some (guint n)
{
  for (guint i = 0; i < n; i++)
    push (1000, 0, GST_BUFFER_OFFSET_NONE);
}

/* n buffers to EOS, and what came of them. */
static void
run (guint n)
{
  play (BYTES);
  push_some (n);
  finish ();
  decode ();
}

static const FakePacket *
packet (guint heap, guint index)
{
  const FakeHeap *found = whole_heap (heap);

  fail_unless (index < found->packets->len);
  return &g_array_index (found->packets, FakePacket, index);
}

/* -- items and packets ------------------------------------------------------------- */

GST_START_TEST (items_say_what_every_heap_carries_and_in_which_order)
{
  static const guint64 ids[] = {0x1600, 0x3101, 0x3102, 0x3103, 0x3300, 0x3104};
  const FakeHeap *heap;

  set_items ("timestamp,id=0x1600,value=sample-index; digitiser_id,id=0x3101,"
             "value=7; list,id=0x3102,value=<4,5>; step,id=0x3103,start=10,"
             "step=3" PAYLOAD "; place,id=0x3104,value=\"here\"");
  run (3);
  for (guint i = 0; i < 3; i++) {
    fail_unless_equals_uint64 (immediate (i, 0x1600), 1000 * i);
    fail_unless_equals_uint64 (immediate (i, 0x3101), 7);
    fail_unless_equals_uint64 (immediate (i, 0x3102), 4 + i % 2);
    fail_unless_equals_uint64 (immediate (i, 0x3103), 10 + 3 * i);
    assert_text (i, 0x3104, "here");
  }
  heap = whole_heap (1);
  fail_unless_equals_int (heap->items->len, G_N_ELEMENTS (ids));
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    fail_unless_equals_uint64 (
        g_array_index (heap->items, FakeItem, i).id, ids[i]);
  assert_descriptors (0, 6);
  assert_descriptors (1, 0);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* As EDD's spectrometer: both states of the noise diode have one timestamp. */
GST_START_TEST (a_counter_goes_on_every_so_many_heaps)
{
  static const guint64 expected[][5] = {{100, 0, 4, 0, 7}, {100, 1, 4, 0, 7},
      {108, 0, 4, 0, 8}, {108, 1, 5, 1, 7}, {116, 0, 5, 1, 7},
      {116, 1, 5, 1, 8}, {124, 0, 4, 2, 7}};

  set_items ("timestamp,id=0x1600,start=100,step=8,every=2; noise,id=0x1601,"
             "value=<0,1>; list,id=0x1602,value=<4,5>,every=3; heap,id=0x1603,"
             "value=heap-index,every=3; own,id=0x1604,value=meta,"
             "default=<7,7,8>,every=1" PAYLOAD);
  run (G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    for (guint j = 0; j < G_N_ELEMENTS (expected[i]); j++)
      fail_unless_equals_uint64 (immediate (i, 0x1600 + j), expected[i][j]);
}

GST_END_TEST;

GST_START_TEST (a_flush_begins_arrays_and_steps_anew)
{
  set_items ("list,id=0x3102,value=<4,5>; step,id=0x3103,start=10,step=3; "
             "h,id=0x3104,value=heap-index" PAYLOAD);
  play (BYTES);
  push_some (1);
  drain ();
  flush ();
  push_some (2);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (1, 0x3102), 4);
  fail_unless_equals_uint64 (immediate (1, 0x3103), 10);
  fail_unless_equals_uint64 (immediate (1, 0x3104), 0);
  fail_unless_equals_uint64 (immediate (2, 0x3104), 1);
}

GST_END_TEST;

static const struct {
  const gchar *id;
  gboolean warned;
} ids[] = {{"1600", TRUE}, {"0x640", FALSE}, {"999", FALSE}, {"0x1600", FALSE}};

GST_START_TEST (an_id_that_lacks_its_0x_is_warned_of)
{
  gchar *items =
      g_strdup_printf ("a,id=%s,value=heap-index" PAYLOAD, ids[__i__].id);

  set_items (items);
  play (BYTES);
  if (ids[__i__].warned)
    assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Item 'a' has the decimal id=1600, which is 0x640. If 0x1600 is meant, "
        "write id=0x1600");
  push_some (1);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  g_free (items);
}

GST_END_TEST;

GST_START_TEST (a_mistake_in_items_is_an_error_that_says_where)
{
  set_items ("a,id=0x1000,value=1,colour=red" PAYLOAD);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Item 1 'a' (offset 20 of items): there is no field 'colour'");
}

GST_END_TEST;

/* Two of the standard pointers, and not one byte more. */
GST_START_TEST (a_header_that_spead2_cannot_read_is_sent_and_warned_of)
{
  static const guint8 expected[] = {0x53, 4, 2, 6, 0, 0, 0, 4, /* header */
      0x80, 1, 0, 0, 0, 0, 0, 9,                               /* counter */
      0x80, 4, 0, 0, 0, 0, 0, 8,                               /* length */
      0xb0, 0x10, 0, 0, 0, 0, 0, 1, 0x33, 0, 0, 0, 0, 0, 0, 0};
  const uint8_t *bytes;
  size_t size;

  set_items ("heap-cnt,value=9; payload-length; a,id=0x3010,value=1" PAYLOAD);
  g_object_set (sink, "heap-address-bits", 48, "descriptors", 0,
      "send-stop-heap", FALSE, NULL);
  play (BYTES);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "items leaves out heap-length, payload-offset");
  push (8, 0, 0);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_int (faults_n_datagrams (), 1);
  bytes = faults_datagram (0, &size);
  fail_unless_equals_int (size, 48);
  fail_unless (memcmp (bytes, expected, sizeof expected) == 0);
  fail_unless_equals_int (bytes[47], pattern (7));
}

GST_END_TEST;

GST_START_TEST (a_heap_of_two_packets_without_payload_offset_is_an_error)
{
  set_items ("heap-cnt; payload-length" PAYLOAD);
  g_object_set (sink, "descriptors", 0, NULL);
  play (BYTES);
  fail_unless_equals_int (
      try_push (1472 - 32, 0, GST_BUFFER_OFFSET_NONE), GST_FLOW_OK);
  fail_unless_equals_int (
      try_push (1472 - 31, 0, GST_BUFFER_OFFSET_NONE), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "does not fit one packet of 1472");
}

GST_END_TEST;

GST_START_TEST (repeat_pointers_puts_the_items_into_every_packet)
{
  g_object_set (sink, "repeat-pointers", TRUE, "max-packet-size", 400, NULL);
  run (2);
  fail_unless (whole_heap (1)->packets->len > 2);
  for (guint i = 0; i < whole_heap (1)->packets->len; i++)
    fail_unless_equals_int (packet (1, i)->n_items, 6);
}

GST_END_TEST;

GST_START_TEST (payload_per_packet_fixes_the_payload_of_packets)
{
  g_object_set (sink, "payload-per-packet", 96, NULL);
  run (2);
  fail_unless_equals_int (whole_heap (1)->packets->len, 11);
  for (guint i = 0; i < 10; i++)
    fail_unless_equals_int (packet (1, i)->length, 96);
  fail_unless_equals_int (packet (1, 10)->length, 40);
}

GST_END_TEST;

GST_START_TEST (packets_of_a_balanced_heap_are_of_one_size)
{
  g_object_set (sink, "max-packet-size", 400, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "packet-split", "balanced");
  run (2);
  /* 1000 bytes, 2 pointers, 3 headers of 40 bytes: 1136 / 3, of 8. */
  fail_unless_equals_int (whole_heap (1)->packets->len, 3);
  fail_unless_equals_int (packet (1, 0)->size, 384);
  fail_unless_equals_int (packet (1, 1)->size, 384);
  fail_unless_equals_int (packet (1, 2)->size, 1136 - 2 * 384);
}

GST_END_TEST;

static const struct {
  const gchar *name, *value, *words;
} wrong[] = {
    {"payload-per-packet", "100", "payload-per-packet=100 is no multiple of 8"},
    {"payload-per-packet", "1440", "max-packet-size must be at least 1488"},
    {"heap-cnt-start", "1099511627776",
        "heap-cnt-start=1099511627776 does not fit SPEAD-64-40"},
    {"heap-cnt-step", "1099511627776", "heap-cnt-step=1099511627776 does not"},
    {"descriptor-cnt-start", "1099511627776", "descriptor-cnt-start=1099511"},
    {"descriptor-cnt-step", "1099511627776", "descriptor-cnt-step=1099511"},
    {"items", "a,id=0x800000,value=1" PAYLOAD, "does not fit SPEAD-64-40"},
};

GST_START_TEST (settings_that_do_not_fit_are_errors)
{
  gst_util_set_object_arg (
      G_OBJECT (sink), wrong[__i__].name, wrong[__i__].value);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  assert_error (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, wrong[__i__].words);
}

GST_END_TEST;

/* -- counters and control --------------------------------------------------------- */

GST_START_TEST (heap_counters_begin_and_step_as_told)
{
  g_object_set (sink, "heap-cnt-start", G_GUINT64_CONSTANT (0xfffffffffe),
      "heap-cnt-step", G_GUINT64_CONSTANT (3), NULL);
  run (2);
  assert_heap (0, 0xfffffffffe, 0, 1000, 0);
  assert_heap (1, 1, 1000, 1000, 0);
  assert_stop_heap (2, 4);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  fail_unless_equals_uint64 (counter ("heap-cnt-wraps"), 1);
}

GST_END_TEST;

/* The start, descriptor and stop heaps have none of the items' counters: a
 * receiver takes heaps of one counter for one. */
GST_START_TEST (a_heap_cnt_of_the_items_is_not_that_of_other_heaps)
{
  static const guint64 cnts[] = {
      0x8000000005, 0x8000000006, 4, 5, 6, 7, 0x8000000007};

  set_items ("heap-cnt,start=4,step=1; heap-length; payload-offset; "
             "payload-length" PAYLOAD);
  g_object_set (sink, "send-start-heap", TRUE, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  run (4);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), G_N_ELEMENTS (cnts));
  for (guint i = 0; i < G_N_ELEMENTS (cnts); i++)
    fail_unless_equals_uint64 (whole_heap (i)->cnt, cnts[i]);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* Before the first heap of each stream: at first, after EOS and a flush. */
GST_START_TEST (a_start_heap_begins_every_stream)
{
  g_object_set (sink, "send-start-heap", TRUE, NULL);
  play (BYTES);
  push_some (2);
  finish ();
  flush ();
  push_some (1);
  finish ();
  decode ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 7);
  fail_unless_equals_int (whole_heap (0)->stream_ctrl, FAKE_CTRL_START);
  fail_unless_equals_int (whole_heap (1)->stream_ctrl, -1);
  fail_unless_equals_int (whole_heap (2)->stream_ctrl, -1);
  fail_unless_equals_int (whole_heap (3)->stream_ctrl, FAKE_CTRL_STOP);
  fail_unless_equals_int (whole_heap (4)->stream_ctrl, FAKE_CTRL_START);
  fail_unless_equals_int (whole_heap (6)->stream_ctrl, FAKE_CTRL_STOP);
  /* Control is no heap to the counters. */
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 3);
}

GST_END_TEST;

static gboolean
emit (const gchar *action)
{
  gboolean done = FALSE;

  g_signal_emit_by_name (sink, action, &done);
  return done;
}

/* What comes behind it is another stream, which ends by itself. */
GST_START_TEST (send_stop_ends_the_stream_on_the_wire)
{
  fail_if (emit ("send-stop"));
  play (BYTES);
  push_some (2);
  fail_unless (emit ("send-stop"));
  drain ();
  decode ();
  assert_stop_heap (2, 3);

  push_some (1);
  finish ();
  decode ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 5);
  assert_descriptors (3, 2);
  fail_unless_equals_int (whole_heap (4)->stream_ctrl, FAKE_CTRL_STOP);
}

GST_END_TEST;

/* One is enough, unless heaps went out behind it. */
GST_START_TEST (send_stop_is_not_repeated_on_the_way_to_ready)
{
  play (BYTES);
  push_some (2);
  fail_unless (emit ("send-stop"));
  drain ();
  if (__i__ == 1)
    push_some (1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  decode ();
  fail_unless_equals_int (fake_receiver_saw_stop (decoder), 1 + __i__);
}

GST_END_TEST;

/* -- descriptors --------------------------------------------------------------------- */

GST_START_TEST (without_descriptors_nothing_is_described_unless_asked_for)
{
  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "none");
  fail_if (emit ("send-descriptors"));
  play (BYTES);
  push_some (2);
  fail_unless (emit ("send-descriptors"));
  push_some (2);
  finish ();
  decode ();
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 6);
  for (guint i = 0; i < 5; i++)
    assert_descriptors (i, i == 2 ? 2 : 0);
  /* A heap that only describes. */
  fail_unless_equals_int (whole_heap (2)->items->len, 2);
}

GST_END_TEST;

GST_START_TEST (send_descriptors_describes_with_the_next_heap)
{
  play (BYTES);
  push_some (2);
  fail_unless (emit ("send-descriptors"));
  push_some (2);
  finish ();
  decode ();
  for (guint i = 0; i < 4; i++)
    assert_descriptors (i, i == 0 || i == 2 ? 2 : 0);
}

GST_END_TEST;

/* Numbered with the others, or by themselves. */
GST_START_TEST (descriptors_of_their_own_go_before_the_heap)
{
  static const guint64 counters[2][5] = {{2, 4, 6, 8, 10}, {1, 2, 4, 6, 8}};

  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  g_object_set (sink, "heap-cnt-start", G_GUINT64_CONSTANT (2), "heap-cnt-step",
      G_GUINT64_CONSTANT (2), NULL);
  if (__i__ == 1)
    g_object_set (sink, "descriptor-cnt-start", G_GUINT64_CONSTANT (1),
        "descriptor-cnt-step", G_GUINT64_CONSTANT (2), NULL);
  run (3);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 5);
  for (guint i = 0; i < 5; i++) {
    fail_unless_equals_uint64 (whole_heap (i)->cnt, counters[__i__][i]);
    assert_descriptors (i, i == 0 ? 2 : 0);
  }
  fail_unless_equals_int (whole_heap (0)->items->len, 2);
  assert_timestamp (whole_heap (1), 0);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (descriptors_are_sent_again_after_the_interval)
{
  guint n_described = 0;
  gint64 begin;

  gst_util_set_object_arg (G_OBJECT (sink), "descriptors", "own-heap");
  g_object_set (sink, "descriptor-interval", (guint64) 20 * GST_MSECOND, NULL);
  play (BYTES);
  begin = g_get_monotonic_time ();
  while (g_get_monotonic_time () - begin < 90000) {
    push_some (1);
    pass_time (1000);
  }
  begin = (g_get_monotonic_time () - begin) / 1000;
  finish ();
  decode ();
  for (guint i = 0; i < fake_receiver_n_heaps (decoder); i++)
    n_described += fake_heap_n_descriptors (whole_heap (i)) > 0;
  fail_unless (n_described >= 2 && n_described <= 1 + begin / 20,
      "%u descriptor heaps in %d ms", n_described, (gint) begin);
}

GST_END_TEST;

/* -- values of the application ------------------------------------------------------- */

static GstBuffer *
with_meta (GstBuffer *buffer, const gchar *field, GType type, ...)
{
  GstCustomMeta *meta = gst_buffer_add_custom_meta (buffer, "GstSpead2Items");
  va_list args;

  fail_unless (meta != NULL);
  va_start (args, type);
  if (type == G_TYPE_UINT64)
    gst_structure_set (gst_custom_meta_get_structure (meta), field, type,
        va_arg (args, guint64), NULL);
  else
    gst_structure_set (gst_custom_meta_get_structure (meta), field, type,
        va_arg (args, const gchar *), NULL);
  va_end (args);
  return buffer;
}

static GstBuffer *
some (void)
{
  return make_buffer (1000, 0, GST_BUFFER_OFFSET_NONE);
}

GST_START_TEST (values_of_a_buffers_meta_are_in_its_heap)
{
  set_items (CUSTOM);
  play (BYTES);
  push_some (1);
  gst_pad_push (
      pad, with_meta (some (), "a", G_TYPE_UINT64, G_GUINT64_CONSTANT (77)));
  gst_pad_push (pad, with_meta (some (), "t", G_TYPE_STRING, "some text"));
  push_some (1);
  finish ();
  decode ();
  for (guint i = 0; i < 4; i++) {
    fail_unless_equals_uint64 (immediate (i, 0x1000), i == 1 ? 77 : 1);
    assert_text (i, 0x1001, i == 2 ? "some text" : "none");
  }
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* Two events before one buffer are both for it; an empty buffer is none. */
GST_START_TEST (values_of_an_event_are_in_the_next_heap)
{
  set_items (CUSTOM);
  play (BYTES);
  push_values ("spead2-items,a=5,t=(string)old");
  push_values ("spead2-items,t=(string)new");
  push_values ("other-items,a=6");
  push (0, 0, GST_BUFFER_OFFSET_NONE);
  push_some (2);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, 0x1000), 5);
  assert_text (0, 0x1001, "new");
  fail_unless_equals_uint64 (immediate (1, 0x1000), 1);
  assert_text (1, 0x1001, "none");
}

GST_END_TEST;

GST_START_TEST (meta_goes_before_an_event)
{
  set_items (CUSTOM);
  play (BYTES);
  push_values ("spead2-items,a=5,t=(string)event");
  gst_pad_push (
      pad, with_meta (some (), "a", G_TYPE_UINT64, G_GUINT64_CONSTANT (77)));
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, 0x1000), 77);
  assert_text (0, 0x1001, "event");
}

GST_END_TEST;

/* The first of a list has the event's. */
GST_START_TEST (an_event_before_a_list_is_for_its_first_buffer)
{
  GstBufferList *list = gst_buffer_list_new ();

  set_items (CUSTOM);
  play (BYTES);
  push_values ("spead2-items,a=5");
  gst_buffer_list_add (list, some ());
  gst_buffer_list_add (list, with_meta (some (), "t", G_TYPE_STRING, "second"));
  fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, 0x1000), 5);
  fail_unless_equals_uint64 (immediate (1, 0x1000), 1);
  assert_text (1, 0x1001, "second");
}

GST_END_TEST;

GST_START_TEST (a_flush_forgets_an_events_values)
{
  set_items (CUSTOM);
  play (BYTES);
  push_values ("spead2-items,a=5");
  flush ();
  push_some (1);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, 0x1000), 1);
}

GST_END_TEST;

/* 0: by meta. 1: by event. The sender's count does not go on with it. */
GST_START_TEST (the_application_may_number_a_heap)
{
  play (BYTES);
  push_some (1);
  if (__i__ == 1)
    push_values ("spead2-items,heap-cnt=(guint64)1000");
  gst_pad_push (pad,
      __i__ == 0 ? with_meta (some (), "heap-cnt", G_TYPE_UINT64,
                       G_GUINT64_CONSTANT (1000))
                 : some ());
  push_some (1);
  finish ();
  decode ();
  fail_unless_equals_uint64 (whole_heap (0)->cnt, 1);
  fail_unless_equals_uint64 (whole_heap (1)->cnt, 1000);
  fail_unless_equals_uint64 (whole_heap (2)->cnt, 2);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (a_value_that_no_item_takes_is_warned_of_once)
{
  set_items (CUSTOM);
  play (BYTES);
  push_values ("spead2-items,samples=5");
  push_some (1);
  push_values ("spead2-items,b=5");
  push_some (1);
  finish ();
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "gives a value for 'samples', which no item of that name takes");
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (the_index_as_a_value_is_not_warned_of)
{
  play (BYTES);
  push_values ("spead2-items,timestamp=(guint64)5");
  push_some (1);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (a_value_that_does_not_fit_is_an_error_that_says_which)
{
  set_items (CUSTOM);
  play (BYTES);
  push_values ("spead2-items,a=(guint64)1099511627776");
  fail_unless_equals_int (
      try_push (1000, 0, GST_BUFFER_OFFSET_NONE), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "value 1099511627776 (guint64) of item 'a' is not a whole number "
      "from 0 to 1099511627775");
}

GST_END_TEST;

static Suite *
sinkitems_suite (void)
{
  Suite *s = suite_create ("sinkitems");
  TCase *tc = tcase_create ("sinkitems");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, items_say_what_every_heap_carries_and_in_which_order);
  tcase_add_test (tc, a_counter_goes_on_every_so_many_heaps);
  tcase_add_test (tc, a_flush_begins_arrays_and_steps_anew);
  tcase_add_loop_test (
      tc, an_id_that_lacks_its_0x_is_warned_of, 0, G_N_ELEMENTS (ids));
  tcase_add_test (tc, a_mistake_in_items_is_an_error_that_says_where);
  tcase_add_test (tc, a_header_that_spead2_cannot_read_is_sent_and_warned_of);
  tcase_add_test (tc, a_heap_of_two_packets_without_payload_offset_is_an_error);
  tcase_add_test (tc, repeat_pointers_puts_the_items_into_every_packet);
  tcase_add_test (tc, payload_per_packet_fixes_the_payload_of_packets);
  tcase_add_test (tc, packets_of_a_balanced_heap_are_of_one_size);
  tcase_add_loop_test (
      tc, settings_that_do_not_fit_are_errors, 0, G_N_ELEMENTS (wrong));
  tcase_add_test (tc, heap_counters_begin_and_step_as_told);
  tcase_add_test (tc, a_heap_cnt_of_the_items_is_not_that_of_other_heaps);
  tcase_add_test (tc, a_start_heap_begins_every_stream);
  tcase_add_test (tc, send_stop_ends_the_stream_on_the_wire);
  tcase_add_loop_test (tc, send_stop_is_not_repeated_on_the_way_to_ready, 0, 2);
  tcase_add_test (
      tc, without_descriptors_nothing_is_described_unless_asked_for);
  tcase_add_test (tc, send_descriptors_describes_with_the_next_heap);
  tcase_add_loop_test (tc, descriptors_of_their_own_go_before_the_heap, 0, 2);
  tcase_add_test (tc, descriptors_are_sent_again_after_the_interval);
  tcase_add_test (tc, values_of_a_buffers_meta_are_in_its_heap);
  tcase_add_test (tc, values_of_an_event_are_in_the_next_heap);
  tcase_add_test (tc, meta_goes_before_an_event);
  tcase_add_test (tc, an_event_before_a_list_is_for_its_first_buffer);
  tcase_add_test (tc, a_flush_forgets_an_events_values);
  tcase_add_loop_test (tc, the_application_may_number_a_heap, 0, 2);
  tcase_add_test (tc, a_value_that_no_item_takes_is_warned_of_once);
  tcase_add_test (tc, the_index_as_a_value_is_not_warned_of);
  tcase_add_test (tc, a_value_that_does_not_fit_is_an_error_that_says_which);
  return s;
}

GST_CHECK_MAIN (sinkitems);
