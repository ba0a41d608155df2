/* spead2sink and adctestsrc with buffers that are not copied.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sinkfixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <gst/base/gstbasesrc.h>
#include <string.h>
#include <unistd.h>

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

/* -- memory that the sink offers ---------------------------------------------------- */

#define OFFERED_SIZE 100000 /* bytes of a buffer */
#define N_OFFERED 40        /* buffers: fewer than are offered memory */
#define TONE                                                                   \
  "audiotestsrc num-buffers=40 samplesperbuffer=50000 ! "                      \
  "audio/x-raw,format=S16LE,channels=1"

/* What came to the sink's pad, from the streaming thread. */
typedef struct {
  GByteArray *bytes;
  GPtrArray *kept; /* (GstBuffer) or NULL */
  guint n, n_offered;
} Arrived;

static gboolean
is_offered (GstBuffer *buffer)
{
  return gst_memory_is_type (
      gst_buffer_peek_memory (buffer, 0), "Spead2HugePages");
}

static GstPadProbeReturn
note_buffer (GstPad *sink_pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  Arrived *arrived = user_data;
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_byte_array_append (arrived->bytes, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  arrived->n++;
  arrived->n_offered += is_offered (buffer);
  if (arrived->kept)
    g_ptr_array_add (arrived->kept, gst_buffer_ref (buffer));
  return GST_PAD_PROBE_OK;
}

static void
note_buffers (Arrived *arrived)
{
  GstPad *sink_pad = gst_element_get_static_pad (sink, "sink");

  *arrived = (Arrived){.bytes = g_byte_array_new ()};
  gst_pad_add_probe (
      sink_pad, GST_PAD_PROBE_TYPE_BUFFER, note_buffer, arrived, NULL);
  gst_object_unref (sink_pad);
}

/* The allocator that an ALLOCATION query names, or NULL. */
static GstAllocator *
query_allocator (GstAllocationParams *params)
{
  GstCaps *caps = gst_caps_from_string (CAPS_S8);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  GstAllocator *allocator;

  fail_unless (gst_pad_peer_query (pad, query));
  fail_unless_equals_int (gst_query_get_n_allocation_params (query), 1);
  gst_query_parse_nth_allocation_param (query, 0, &allocator, params);
  gst_query_unref (query);
  gst_caps_unref (caps);
  return allocator;
}

/* FALSE, with a word, where the kernel has no such memory. */
static gboolean
have_huge_pages (void)
{
  GstAllocationParams params;
  GstAllocator *allocator;
  GstBuffer *buffer;
  gboolean have;

  play (CAPS_S8);
  allocator = query_allocator (&params);
  fail_unless (allocator != NULL);
  buffer = gst_buffer_new_allocate (allocator, 20000, &params);
  have = is_offered (buffer);
  if (!have)
    g_print ("skipped: there are no pages of 2 MiB here\n");
  gst_buffer_unref (buffer);
  gst_object_unref (allocator);
  return have;
}

static gchar *
write_file (void)
{
  gchar *name, *bytes = g_malloc (N_OFFERED * OFFERED_SIZE);
  gint fd = g_file_open_tmp ("spead2-XXXXXX", &name, NULL);

  fail_unless (fd >= 0);
  close (fd);
  fill_pattern ((guint8 *) bytes, N_OFFERED * OFFERED_SIZE, 0);
  fail_unless (
      g_file_set_contents (name, bytes, N_OFFERED * OFFERED_SIZE, NULL));
  g_free (bytes);
  return name;
}

static void
launch_source (const gchar *source, const gchar *file)
{
  gchar *text = g_strdup_printf ("%s ! spead2sink name=sender", source);
  gchar **parts = g_strsplit (text, "%f", 2);
  gchar *whole = g_strjoinv (file, parts);

  launch (whole);
  g_object_set (sink, "max-packet-size", JUMBO, NULL);
  g_strfreev (parts);
  g_free (text);
  g_free (whole);
}

static void
assert_sent (const Arrived *arrived)
{
  gsize done = 0, size;
  guint i;

  decode ();
  for (i = 0; i < arrived->n; i++) {
    const guint8 *bytes = fake_heap_bytes (whole_heap (i), ID_SAMPLES, &size);

    fail_unless (done + size <= arrived->bytes->len);
    fail_unless (memcmp (bytes, arrived->bytes->data + done, size) == 0);
    done += size;
  }
  fail_unless_equals_uint64 (done, arrived->bytes->len);
}

static const struct {
  const gchar *source;
  const gchar *zero_copy;
  gboolean taken;
} elements[] = {
    {TONE, "auto", TRUE},
    {TONE, "off", TRUE},
    {TONE " ! queue", "auto", TRUE},
    {TONE " ! audioconvert ! audio/x-raw,format=F64LE", "auto", TRUE},
    {"filesrc location=%f blocksize=100000", "auto", TRUE},
    {"filesrc location=%f blocksize=100000 ! queue", "auto", TRUE},
    {"videotestsrc num-buffers=40 ! video/x-raw,format=GRAY8", "auto", TRUE},
    /* It asks all branches, and forwards no allocator. */
    {TONE " ! tee ! queue", "auto", FALSE},
};

GST_START_TEST (elements_take_the_memory_that_is_offered)
{
  gchar *file = write_file ();
  gboolean taken = elements[__i__].taken, rings;
  Arrived arrived;

  if (!have_huge_pages ())
    return;
  launch_source (elements[__i__].source, file);
  gst_util_set_object_arg (
      G_OBJECT (sink), "zero-copy", elements[__i__].zero_copy);
  note_buffers (&arrived);
  rings = g_str_equal (elements[__i__].zero_copy, "auto") && open_rings ();
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  fail_unless_equals_int (arrived.n, N_OFFERED);
  fail_unless_equals_int (arrived.n_offered, taken ? N_OFFERED : 0);
  fail_unless_equals_int (counter ("zero-copy-messages") > 0, taken && rings);
  assert_sent (&arrived);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_byte_array_unref (arrived.bytes);
  g_unlink (file);
  g_free (file);
}

GST_END_TEST;

/* More buffers than are offered memory are kept, NULL does not wait for them, the
 * next run gets new memory, and what was kept outlives both pipelines. */
GST_START_TEST (offered_memory_outlives_the_sink)
{
  Arrived arrived;
  guint i, run, n[2];
  gsize done = 0;

  if (!have_huge_pages ())
    return;
  launch_source ("audiotestsrc num-buffers=80 samplesperbuffer=50000 ! "
                 "audio/x-raw,format=S16LE,channels=1",
      "");
  note_buffers (&arrived);
  arrived.kept =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  for (run = 0; run < 2; run++) {
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    wait_eos ();
    go_to (GST_STATE_NULL);
    n[run] = arrived.n_offered;
  }
  fail_unless (n[0] > 40 && n[0] < 80, "%u of 80", n[0]);
  fail_unless_equals_int (n[1], 2 * n[0]);
  /* Frees the pipeline. */
  launch ("fakesrc num-buffers=0 ! spead2sink name=sender");

  for (i = 0; i < arrived.kept->len; i++) {
    GstBuffer *buffer = g_ptr_array_index (arrived.kept, i);

    fail_unless (gst_buffer_memcmp (
                     buffer, 0, arrived.bytes->data + done, OFFERED_SIZE) == 0);
    done += OFFERED_SIZE;
  }
  g_ptr_array_unref (arrived.kept);
  g_byte_array_unref (arrived.bytes);
}

GST_END_TEST;

static void
read_adc (guint8 *samples, gsize size)
{
  fill_pattern (samples, size, 0);
}

/* Called in appsrc's streaming thread: then it has negotiated with the sink. */
static void
push_in_offered_memory (GstElement *source, guint length, gpointer user_data)
{
  GstAllocator *allocator;
  GstAllocationParams params;
  GstBuffer *buffer;
  GstMapInfo map;
  GstFlowReturn flow;

  gst_base_src_get_allocator (GST_BASE_SRC (source), &allocator, &params);
  buffer = gst_buffer_new_allocate (allocator, OFFERED_SIZE, &params);
  gst_clear_object (&allocator);
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  read_adc (map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  g_signal_emit_by_name (source, "push-buffer", buffer, &flow);
  gst_buffer_unref (buffer);
}

static void
end_stream (GstElement *source, guint length, gpointer user_data)
{
  Arrived *arrived = user_data;
  GstFlowReturn flow;

  if (arrived->n >= N_OFFERED)
    g_signal_emit_by_name (source, "end-of-stream", &flow);
  else
    push_in_offered_memory (source, length, NULL);
}

GST_START_TEST (an_application_takes_the_memory_that_is_offered)
{
  GstElement *source;
  Arrived arrived;

  if (!have_huge_pages ())
    return;
  launch_source ("appsrc name=source caps=" CAPS_S8, "");
  note_buffers (&arrived);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  g_signal_connect (source, "need-data", G_CALLBACK (end_stream), &arrived);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  fail_unless (arrived.n >= N_OFFERED);
  fail_unless_equals_int (arrived.n_offered, arrived.n);
  assert_sent (&arrived);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_byte_array_unref (arrived.bytes);
  gst_object_unref (source);
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
      "do not lie in memory that the sink offers");
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
  tcase_add_loop_test (
      tc, elements_take_the_memory_that_is_offered, 0, G_N_ELEMENTS (elements));
  tcase_add_test (tc, offered_memory_outlives_the_sink);
  tcase_add_test (tc, an_application_takes_the_memory_that_is_offered);
  tcase_add_test (tc, on_says_once_why_it_is_not_done);
  tcase_add_test (tc, on_says_that_buffers_come_from_elsewhere);
  tcase_add_test (tc, auto_says_it_in_the_statistics_only);
  tcase_add_loop_test (
      tc, heaps_of_adctestsrc_are_not_copied, 0, G_N_ELEMENTS (runs));
  tcase_add_test (tc, null_does_not_wait_for_the_kernel);
  return suite;
}

GST_CHECK_MAIN (sinkzerocopy);
