/* spead2src: heaps in the order of their counters or indices.
 *
 * Where a test is not about the latency, that is longer than any test, and heaps go on
 * since more may not wait, or since they are the next ones.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

#define BY_COUNTER "sample-bits=8 order=counter "
#define BY_INDEX "sample-bits=8 order=index index-step=100 "
#define FOREVER "latency=1000000000000 "

/* The next buffer has that index, and is marked so. */
static void
check_next (guint64 index, gboolean discont)
{
  GstBuffer *buffer = next_buffer ();

  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), index);
  fail_unless_equals_int (
      GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), discont);
  gst_buffer_unref (buffer);
}

/* A heap of 100 samples, the first of which is the first of heap cnt. */
static void
send_heap_at (guint64 cnt)
{
  send_heap (cnt, cnt * 100, 100, 0);
}

GST_START_TEST (buffers_are_in_the_order_asked_for)
{
  static const gchar *const orders[] = {BY_COUNTER, BY_INDEX};
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (orders); i++) {
    g_autofree gchar *properties =
        g_strconcat (orders[i], FOREVER "max-size-buffers=3", NULL);

    start_source (properties, NULL);
    send_heap_at (4);
    send_heap_at (2);
    send_heap_at (3);
    wait_until (counter ("heaps-waiting") == 3);
    check_balance ();
    send_heap_at (1);
    for (k = 1; k <= 4; k++)
      check_next (k * 100, k == 1);
    send_heap_at (6);
    wait_until (counter ("heaps-waiting") == 1);
    send_heap_at (5);
    check_next (500, FALSE);
    check_next (600, FALSE);
    fail_unless_equals_uint64 (counter ("gaps"), 0);
    check_balance ();
    stop_source ();
  }
}
GST_END_TEST;

/* Counters and indices need not agree. */
GST_START_TEST (the_order_by_counter_is_not_that_of_the_index)
{
  start_source (BY_COUNTER FOREVER "max-size-buffers=1", NULL);
  send_heap (2, 0, 100, 0);
  send_heap (1, 100, 100, 0);
  check_next (100, TRUE);
  check_next (0, TRUE);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_heap_goes_on_when_its_latency_ends_and_nothing_else_comes)
{
  start_source (BY_COUNTER "latency=1000000", NULL);
  send_heap_at (1);
  check_next (100, TRUE);
  send_heap_at (3);
  check_next (300, TRUE);
  fail_unless_equals_uint64 (counter ("heaps-waiting"), 0);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (what_is_later_than_the_latency_is_a_late_heap)
{
  start_source (BY_INDEX "latency=1", NULL);
  send_heap_at (1);
  check_next (100, TRUE);
  send_heap_at (3);
  check_next (300, TRUE);
  send_heap_at (2);
  check_next (200, TRUE);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (heaps_of_other_substreams_are_waited_for)
{
  static const guint order[][2] = {{2, 0}, {1, 0}, {2, 1}, {1, 1}};
  static const guint8 samples[100];
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint i;

  start_source (
      BY_INDEX FOREVER "max-size-buffers=3 substream-item=0x4101", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    packet_standard (packet, i, 100, 0, 100);
    packet_immediate (packet, TIMESTAMP, order[i][0] * 100);
    packet_immediate (packet, 0x4101, order[i][1]);
    packet_addressed (packet, SAMPLES, 0);
    packet_payload (packet, samples, 100);
    send_packet (packet);
  }
  check_next (100, TRUE);
  check_next (100, FALSE);
  fail_unless_equals_uint64 (counter ("heaps-waiting"), 2);
  stop_source ();
}
GST_END_TEST;

/* -- ends ---------------------------------------------------------------------------------- */

GST_START_TEST (a_stop_heap_has_its_place_in_the_order)
{
  guint i;

  start_source (BY_COUNTER FOREVER "max-size-buffers=3", NULL);
  send_heap_at (4);
  send_stop (5);
  send_heap_at (3);
  send_heap_at (1);
  check_next (100, TRUE);
  send_heap_at (2);
  for (i = 2; i <= 4; i++)
    check_next (i * 100, FALSE);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (counter ("heaps-dropped-after-end"), 0);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_stop_heap_without_an_index_is_behind_what_waits)
{
  start_source (BY_INDEX "latency=1000000", NULL);
  send_heap_at (1);
  send_heap_at (3);
  send_stop (4);
  check_next (100, TRUE);
  check_next (300, TRUE);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (what_waits_at_the_end_of_the_element_is_counted)
{
  start_source (BY_COUNTER FOREVER, NULL);
  send_heap_at (1);
  send_heap_at (3);
  wait_until (counter ("heaps-waiting") == 2);
  check_balance ();
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_uint64 (counter ("heaps-waiting"), 0);
  fail_unless_equals_uint64 (counter ("heaps-dropped-after-end"), 2);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (what_waits_in_a_pause_waits_behind_it)
{
  start_source (BY_COUNTER FOREVER "max-size-buffers=1", NULL);
  send_heap_at (2);
  wait_until (counter ("heaps-waiting") == 1);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  /* From 1.24 on a pause may end create(), and the base class then pauses its task: one
   * that is started again before that is paused for good. */
  wait_asleep ("src:src");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_uint64 (counter ("heaps-waiting"), 1);
  send_heap_at (1);
  check_next (100, TRUE);
  check_next (200, FALSE);
  stop_source ();
}
GST_END_TEST;

/* -- latency ------------------------------------------------------------------------------- */

static GstClockTime
query_latency (void)
{
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min;

  fail_unless (gst_element_query (source, query));
  gst_query_parse_latency (query, NULL, &min, NULL);
  gst_query_unref (query);
  return min;
}

GST_START_TEST (waiting_for_the_order_is_latency)
{
  start_source (BY_COUNTER "sample-rate=1000 latency=5000000", NULL);
  fail_unless_equals_uint64 (query_latency (), 5 * GST_MSECOND);
  send_heap_at (1);
  check_next (100, TRUE);
  fail_unless_equals_uint64 (query_latency (), 105 * GST_MSECOND);
  stop_source ();
  start_source ("latency=5000000", NULL);
  fail_unless_equals_uint64 (query_latency (), 0);
  stop_source ();
}
GST_END_TEST;

static Suite *
order_suite (void)
{
  Suite *suite = suite_create ("order");
  TCase *tc = tcase_create ("order");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, buffers_are_in_the_order_asked_for);
  tcase_add_test (tc, the_order_by_counter_is_not_that_of_the_index);
  tcase_add_test (
      tc, a_heap_goes_on_when_its_latency_ends_and_nothing_else_comes);
  tcase_add_test (tc, what_is_later_than_the_latency_is_a_late_heap);
  tcase_add_test (tc, heaps_of_other_substreams_are_waited_for);
  tcase_add_test (tc, a_stop_heap_has_its_place_in_the_order);
  tcase_add_test (tc, a_stop_heap_without_an_index_is_behind_what_waits);
  tcase_add_test (tc, what_waits_at_the_end_of_the_element_is_counted);
  tcase_add_test (tc, what_waits_in_a_pause_waits_behind_it);
  tcase_add_test (tc, waiting_for_the_order_is_latency);
  return suite;
}

GST_CHECK_MAIN (order);
