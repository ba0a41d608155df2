/* spead2sink and adctestsrc with buffers that are not copied.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sinkfixture.h"

#include <errno.h>
#include <string.h>

#define JUMBO 8972

/* FALSE, with a word, where io_uring cannot be had. */
static gboolean
open_rings (void)
{
  gchar *reason;

  faults_io_uring (0);
  faults_hide_copies (true);
  gst_element_set_state (pipeline, GST_STATE_READY);
  reason = stat_string ("zero-copy-reason");
  if (reason)
    g_print ("skipped: %s\n", reason);
  g_free (reason);
  return reason == NULL;
}

/* -- what the sink asks for -------------------------------------------------------- */

static gboolean
asks_for_huge_pages (void)
{
  GstCaps *caps = gst_caps_from_string (CAPS_S8);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  const GstStructure *outstanding;
  gboolean huge_pages;
  guint index;

  fail_unless (gst_pad_peer_query (pad, query));
  fail_unless (gst_query_find_allocation_meta (
      query, g_type_from_name ("GstSpead2OutstandingAPI"), &index));
  gst_query_parse_nth_allocation_meta (query, index, &outstanding);
  fail_unless (
      gst_structure_get_boolean (outstanding, "huge-pages", &huge_pages));
  gst_query_unref (query);
  gst_caps_unref (caps);
  return huge_pages;
}

static const struct {
  const gchar *zero_copy;
  guint packet;
  const gchar *split;
  gboolean asks;
} settings[] = {
    {"auto", JUMBO, "full", TRUE},
    {"on", JUMBO, "full", TRUE},
    {"off", JUMBO, "full", FALSE},
    {"auto", JUMBO, "balanced", TRUE},
    /* Small packets only where headers can lie with the payload. */
    {"auto", 1472, "full", TRUE},
    {"auto", 1472, "balanced", FALSE},
};

GST_START_TEST (huge_pages_are_asked_for_where_they_are_of_use)
{
  g_object_set (sink, "max-packet-size", settings[__i__].packet, NULL);
  gst_util_set_object_arg (
      G_OBJECT (sink), "zero-copy", settings[__i__].zero_copy);
  gst_util_set_object_arg (
      G_OBJECT (sink), "packet-split", settings[__i__].split);
  if (!open_rings ())
    return;
  play (CAPS_S8);
  fail_unless_equals_int (asks_for_huge_pages (), settings[__i__].asks);
}

GST_END_TEST;

GST_START_TEST (without_io_uring_nothing_is_asked_for)
{
  g_object_set (sink, "max-packet-size", JUMBO, NULL);
  play (CAPS_S8);
  fail_unless (!asks_for_huge_pages ());
}

GST_END_TEST;

/* -- what the sink says ------------------------------------------------------------- */

GST_START_TEST (on_says_once_why_it_is_not_done)
{
  g_object_set (sink, "max-packet-size", JUMBO, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "zero-copy", "on");
  play (CAPS_S8);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Heaps are copied, although zero-copy=on");
  push (20000, 0, 0);
  push (20000, 20000, 20000);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless (!stat_flag ("zero-copy"));
}

GST_END_TEST;

/* A reason that shows only when buffers come. */
GST_START_TEST (on_says_that_buffers_come_from_elsewhere)
{
  g_object_set (sink, "max-packet-size", JUMBO, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "zero-copy", "on");
  if (!open_rings ())
    return;
  play (CAPS_S8);
  push (20000, 0, 0);
  drain ();
  assert_no_message (GST_MESSAGE_WARNING);
  push (20000, 20000, 20000);
  drain ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "do not lie in memory that the sink asked for");
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (auto_says_it_in_the_statistics_only)
{
  gchar *reason;

  g_object_set (sink, "max-packet-size", JUMBO, NULL);
  play (CAPS_S8);
  push (20000, 0, 0);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  reason = stat_string ("zero-copy-reason");
  fail_unless (reason != NULL);
  g_free (reason);
}

GST_END_TEST;

/* -- the whole pipeline ---------------------------------------------------------------- */

static const struct {
  const gchar *zero_copy;
  guint heap_size, n_heaps;
  gboolean wanted;
} runs[] = {
    {"auto", 0, 30, TRUE},
    {"on", 0, 30, TRUE},
    {"off", 0, 30, FALSE},
    {"auto", 40000, 150, TRUE},
};

/* The same bytes, in the same packets, whether they are copied or not. */
GST_START_TEST (heaps_of_adctestsrc_are_not_copied)
{
  guint i, n_heaps = runs[__i__].n_heaps;
  FaultsCounts counts;

  launch ("adctestsrc seed=5 num-buffers=30 samplesperbuffer=200000 ! "
          "spead2sink name=sender max-packet-size=8972");
  g_object_set (sink, "heap-size", runs[__i__].heap_size, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "zero-copy", runs[__i__].zero_copy);
  if (!open_rings ())
    return;
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  fail_unless_equals_int (stat_flag ("zero-copy"), runs[__i__].wanted);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (
      counter ("zero-copy-messages"), counts.zerocopy_messages);
  fail_unless_equals_int (counts.zerocopy_messages > 0, runs[__i__].wanted);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  decode ();
  for (i = 0; i < n_heaps; i++)
    fail_unless_equals_uint64 (whole_heap (i)->cnt, i + 1);
  assert_stop_heap (n_heaps, n_heaps + 1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

/* Whatever the kernel holds, NULL comes soon, and nothing is freed too early. */
GST_START_TEST (null_does_not_wait_for_the_kernel)
{
  gint64 begun;

  launch ("adctestsrc samplesperbuffer=200000 ! "
          "spead2sink name=sender max-packet-size=8972 zero-copy=on");
  if (!open_rings ())
    return;
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_until (counter ("zero-copy-messages") >= 100);
  faults_hold_releases (true);
  /* The kernel has all that fits in the queue. */
  wait_asleep ("sender:");
  begun = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless (counter ("heaps-abandoned") > 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (g_get_monotonic_time () - begun < 10 * G_USEC_PER_SEC);
  faults_hold_releases (false);
}

GST_END_TEST;

static Suite *
sinkzerocopy_suite (void)
{
  Suite *suite = suite_create ("sinkzerocopy");
  TCase *tc = tcase_create ("sinkzerocopy");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc, huge_pages_are_asked_for_where_they_are_of_use, 0,
      G_N_ELEMENTS (settings));
  tcase_add_test (tc, without_io_uring_nothing_is_asked_for);
  tcase_add_test (tc, on_says_once_why_it_is_not_done);
  tcase_add_test (tc, on_says_that_buffers_come_from_elsewhere);
  tcase_add_test (tc, auto_says_it_in_the_statistics_only);
  tcase_add_loop_test (
      tc, heaps_of_adctestsrc_are_not_copied, 0, G_N_ELEMENTS (runs));
  tcase_add_test (tc, null_does_not_wait_for_the_kernel);
  return suite;
}

GST_CHECK_MAIN (sinkzerocopy);
