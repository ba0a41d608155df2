/* spead2sink with several sending threads: heaps arrive whole, in bounds and
 * behind their descriptors, and the threads are where they should be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "sinkfixture.h"

#define N_HEAPS 400
#define HEAP_SIZE 30000

/* The heap that carries the pattern from begin on. */
static const FakeHeap *
heap_from (guint64 begin)
{
  /* Counters begin with 1 and go in the order of the buffers. */
  return fake_receiver_heap_by_cnt (decoder, begin / HEAP_SIZE + 1);
}

GST_START_TEST (heaps_of_several_threads_arrive_whole)
{
  guint8 *expected = g_malloc (HEAP_SIZE);

  g_object_set (sink, "send-threads", 3, "max-packet-size", 8972, NULL);
  play (CAPS_S8);
  push_heaps (N_HEAPS, HEAP_SIZE);
  finish ();
  decode ();

  fail_unless_equals_int (fake_receiver_n_complete (decoder), N_HEAPS + 1);
  for (guint64 i = 0; i < N_HEAPS; i++) {
    const FakeHeap *heap = heap_from (i * HEAP_SIZE);
    const guint8 *bytes;
    gsize size;

    fail_unless (heap != NULL && heap->complete);
    assert_timestamp (heap, i * HEAP_SIZE);
    bytes = fake_heap_bytes (heap, ID_SAMPLES, &size);
    fail_unless_equals_uint64 (size, HEAP_SIZE);
    fill_pattern (expected, HEAP_SIZE, i * HEAP_SIZE);
    fail_unless (memcmp (bytes, expected, HEAP_SIZE) == 0);
  }
  assert_descriptors (0, 2);
  assert_stop_heap (N_HEAPS, N_HEAPS + 1);
  fail_unless_equals_uint64 (counter ("heaps-sent"), N_HEAPS);
  fail_unless_equals_uint64 (
      counter ("packets"), fake_receiver_n_packets (decoder));
  fail_unless_equals_uint64 (
      counter ("bytes"), fake_receiver_n_bytes (decoder));
  g_free (expected);
}

GST_END_TEST;

static guint64 n_done;

static void
count_in_order (GstElement *element, guint64 heap_cnt, guint64 bytes,
    GError *error, gpointer user_data)
{
  fail_unless_equals_uint64 (heap_cnt, n_done + 1);
  fail_unless (error == NULL);
  n_done++;
}

GST_START_TEST (heaps_of_several_threads_end_in_order)
{
  g_object_set (sink, "send-threads", 4, "signal-heaps", TRUE, NULL);
  g_signal_connect (sink, "heap-done", G_CALLBACK (count_in_order), NULL);
  play (CAPS_S8);
  push_heaps (N_HEAPS, HEAP_SIZE);
  finish ();
  fail_unless_equals_uint64 (n_done, N_HEAPS);
}

GST_END_TEST;

static guint threads_seen;

static void
see (guint number, gint tid, gpointer data)
{
  threads_seen |= 1u << number;
}

GST_START_TEST (every_thread_has_a_name_and_says_when_it_comes_and_goes)
{
  g_object_set (sink, "send-threads", 3, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_int (for_each_thread ("sender:", see, NULL), 3);
  fail_unless_equals_int (threads_seen, 1 | 2 | 4);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (for_each_thread ("sender:", see, NULL), 0);
  for (guint i = 0; i < 6; i++)
    gst_message_unref (pop (GST_MESSAGE_STREAM_STATUS));
  assert_no_message (GST_MESSAGE_STREAM_STATUS);
}

GST_END_TEST;

static guint cpus[2], n_cpus;

static void
check_cpu (guint number, gint tid, gpointer data)
{
  cpu_set_t set;

  fail_unless (sched_getaffinity (tid, sizeof set, &set) == 0);
  fail_unless_equals_int (CPU_COUNT (&set), 1);
  fail_unless (CPU_ISSET (cpus[number % n_cpus], &set));
}

GST_START_TEST (threads_keep_to_their_cpus)
{
  cpu_set_t allowed, after;
  gchar *text;

  fail_unless (sched_getaffinity (0, sizeof allowed, &allowed) == 0);
  for (guint cpu = 0; cpu < CPU_SETSIZE && n_cpus < 2; cpu++)
    if (CPU_ISSET (cpu, &allowed))
      cpus[n_cpus++] = cpu;
  /* The last first, so that a thread on any CPU by chance is seen. */
  text = n_cpus == 2 ? g_strdup_printf ("%u,%u", cpus[1], cpus[0])
                     : g_strdup_printf ("%u", cpus[0]);
  if (n_cpus == 2) {
    guint first = cpus[0];

    cpus[0] = cpus[1];
    cpus[1] = first;
  }
  g_object_set (sink, "send-threads", 3, "cpu-affinity", text, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_int (for_each_thread ("sender:", check_cpu, NULL), 3);
  fail_unless (sched_getaffinity (0, sizeof after, &after) == 0);
  fail_unless (CPU_EQUAL (&allowed, &after));
  g_free (text);
}

GST_END_TEST;

/* A flush drops what is queued and the next heap follows without a gap. */
GST_START_TEST (a_flush_with_several_threads_leaves_no_thread_behind)
{
  g_object_set (sink, "send-threads", 3, "max-heaps", 12, NULL);
  play (CAPS_S8);
  push (HEAP_SIZE, 0, 0);
  drain ();
  faults_block (TRUE);
  for (guint64 i = 1; i <= 12; i++)
    push (HEAP_SIZE, i * HEAP_SIZE, i * HEAP_SIZE);
  flush ();
  faults_block (FALSE);
  fail_unless_equals_uint64 (
      counter ("heaps-dropped") + counter ("heaps-failed"), 12);
  fail_unless_equals_int (counter ("outstanding"), 0);

  push_segment ();
  push_heaps (20, HEAP_SIZE);
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 21);
}

GST_END_TEST;

static Suite *
sinkthreads_suite (void)
{
  Suite *s = suite_create ("sinkthreads");
  TCase *tc = tcase_create ("sinkthreads");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, heaps_of_several_threads_arrive_whole);
  tcase_add_test (tc, heaps_of_several_threads_end_in_order);
  tcase_add_test (tc, every_thread_has_a_name_and_says_when_it_comes_and_goes);
  tcase_add_test (tc, threads_keep_to_their_cpus);
  tcase_add_test (tc, a_flush_with_several_threads_leaves_no_thread_behind);
  return s;
}

GST_CHECK_MAIN (sinkthreads);
