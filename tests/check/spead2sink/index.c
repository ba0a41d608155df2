/* Where spead2sink finds the index of each heap's first sample with
 * index-source=auto, and what it makes of OFFSETs that count something else: in
 * pipelines of GStreamer's own elements, and buffer by buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include <fcntl.h>
#include <unistd.h>

#include "sinkfixture.h"

#define NONE GST_BUFFER_OFFSET_NONE
#define BYTES "application/octet-stream"
#define STEREO                                                                 \
  "audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved"
#define SINK " ! spead2sink name=sender"
#define FILE_SIZE 200000

static gchar *folder, *bytes_file, *wave_file;

/* -- pipelines ----------------------------------------------------------------------- */

/* Indexes that every heap must have: by the samples before it. */
static void
assert_contiguous (guint64 first, gsize frame_size, guint n_heaps)
{
  guint64 expected = first;

  for (guint i = 0; i < n_heaps; i++) {
    gsize size;

    fail_unless (fake_heap_bytes (whole_heap (i), ID_SAMPLES, &size) != NULL);
    assert_timestamp (whole_heap (i), expected);
    expected += size / frame_size;
  }
}

#define INTERLEAVE(source)                                                     \
  "interleave name=i " source " ! i. " source " ! i. i."
#define RAW_PARSE                                                              \
  "rawaudioparse pcm-format=s16le num-channels=2 sample-rate=44100"
#define TONE(rate)                                                             \
  "audiotestsrc num-buffers=9 samplesperbuffer=4096 ! "                        \
  "audio/x-raw,format=S16LE,rate=" #rate

/* What is launched, with %s for a file of bytes or a wave file; the elements
 * that it needs beside GStreamer's core; bytes of a frame, and the index of the
 * first. */
static const struct {
  const gchar *needs;
  const gchar *text;
  gsize frame_size;
  guint64 first;
} pipelines[] = {
    /* OFFSET counts frames. */
    {"audiotestsrc", "audiotestsrc num-buffers=4", 2, 0},
    {"audiotestsrc",
        "audiotestsrc num-buffers=4 timestamp-offset=1000000000 ! "
        "audio/x-raw,format=S16LE",
        2, 0},
    {"adctestsrc",
        "adctestsrc num-buffers=4 samplesperbuffer=1000 sample-offset=777 ! "
        "audio/x-raw,format=S16LE,channels=2",
        4, 777},
    {"adctestsrc",
        "adctestsrc num-buffers=4 samplesperbuffer=1000 sample-offset=777 ! "
        "application/octet-stream,sample-bits=12,channels=2",
        3, 777},
    {"audioconvert",
        "audiotestsrc num-buffers=4 ! audio/x-raw,format=S16LE ! audioconvert "
        "! "
        "audio/x-raw,format=F64LE,channels=2",
        16, 0},
    {"audioresample",
        "audiotestsrc num-buffers=8 ! audio/x-raw,format=S16LE,rate=44100 ! "
        "audioresample ! audio/x-raw,rate=48000",
        2, 0},
    {"audiorate",
        "audiotestsrc num-buffers=8 ! audio/x-raw,format=S16LE ! audiorate", 2,
        0},
    {"audiomixer",
        "audiomixer name=m audiotestsrc num-buffers=8 ! "
        "audio/x-raw,format=S16LE,rate=44100 ! m. m.",
        2, 0},
    {"wavparse", "filesrc location=%w ! wavparse", 4, 0},
    {"wavparse",
        "filesrc location=%w ! decodebin ! audioconvert ! audioresample ! "
        "audio/x-raw,format=S16LE,rate=48000,channels=2",
        4, 0},
    /* Bytes, with an end. */
    {NULL, "filesrc location=%b blocksize=4096", 1, 0},
    {NULL, "filesrc location=%b blocksize=4096 ! " STEREO, 4, 0},
    {"rawaudioparse", "filesrc location=%b blocksize=4096 ! " RAW_PARSE, 4, 0},
    {"multifilesrc", "multifilesrc location=%b num-buffers=3 ! " STEREO, 4, 0},
    {"giosrc", "giosrc location=file://%b blocksize=4096 ! " STEREO, 4, 0},
    /* Bytes of another format. */
    {"rawaudioparse",
        "filesrc location=%b blocksize=4096 ! " RAW_PARSE " ! audioconvert ! "
        "audio/x-raw,format=F32LE",
        8, 0},
    /* Bytes, without an end. */
    {NULL, "fdsrc fd=%d blocksize=4096", 1, 0},
    {NULL, "fdsrc fd=%d blocksize=4096 ! " STEREO, 4, 0},
    {NULL,
        "fakesrc num-buffers=4 sizetype=fixed sizemax=1000 filltype=zero "
        "format=bytes ! " STEREO,
        4, 0},
    /* Rounded times. */
    {"interleave", INTERLEAVE (TONE (44100)), 4, 0},
    {"interleave", INTERLEAVE (TONE (48000)), 4, 0},
    {"interleave", INTERLEAVE (TONE (11025)), 4, 0},
    {"interleave",
        INTERLEAVE ("adctestsrc num-buffers=9 samplesperbuffer=4096 ! "
                    "audio/x-raw,format=S16LE,rate=1712000000"),
        4, 0},
    /* Nothing. */
    {"mulawdec",
        "audiotestsrc num-buffers=4 ! audio/x-raw,format=S16LE,rate=8000 ! "
        "mulawenc ! mulawdec",
        2, 0},
    {"rtpL16depay",
        "audiotestsrc num-buffers=4 ! audio/x-raw,format=S16BE,rate=44100 ! "
        "rtpL16pay ! rtpL16depay",
        2, 0},
    /* Pictures. */
    {"videotestsrc",
        "videotestsrc num-buffers=3 ! "
        "video/x-raw,format=GRAY8,width=32,height=8",
        1, 0},
    {"imagefreeze",
        "videotestsrc num-buffers=1 ! "
        "video/x-raw,format=GRAY16_LE,width=32,height=8 ! "
        "imagefreeze num-buffers=4",
        2, 0},
};

/* With the files' names and descriptor. */
static gchar *
complete (const gchar *text, gint fd)
{
  GString *line = g_string_new (text);
  gchar *number = g_strdup_printf ("%d", fd);

  g_string_replace (line, "%b", bytes_file, 0);
  g_string_replace (line, "%w", wave_file, 0);
  g_string_replace (line, "%d", number, 0);
  g_free (number);
  g_string_append (line, SINK);
  return g_string_free (line, FALSE);
}

static void
write_files (void)
{
  guint8 *bytes = g_malloc (FILE_SIZE);
  gchar *text;

  folder = g_dir_make_tmp ("sinkindex-XXXXXX", NULL);
  fail_unless (folder != NULL);
  bytes_file = g_build_filename (folder, "bytes", NULL);
  wave_file = g_build_filename (folder, "wave", NULL);
  fill_pattern (bytes, FILE_SIZE, 0);
  fail_unless (
      g_file_set_contents (bytes_file, (gchar *) bytes, FILE_SIZE, NULL));
  g_free (bytes);
  if (!have_element ("wavenc"))
    return;
  text = g_strdup_printf ("audiotestsrc num-buffers=8 ! "
                          "audio/x-raw,format=S16LE,rate=44100,channels=2 ! "
                          "tee name=t ! queue ! wavenc ! filesink location=%s "
                          "t. ! queue" SINK,
      wave_file);
  launch (text);
  run_to_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_free (text);
}

static void
remove_files (void)
{
  g_unlink (bytes_file);
  g_unlink (wave_file);
  g_rmdir (folder);
  g_free (bytes_file);
  g_free (wave_file);
  g_free (folder);
}

static void
setup_pipelines (void)
{
  setup_fixture ();
  write_files ();
  teardown_fixture ();
  setup_fixture ();
}

static void
teardown_pipelines (void)
{
  teardown_fixture ();
  remove_files ();
}

GST_START_TEST (the_index_is_that_of_the_first_sample)
{
  guint n;
  gint fd;
  gchar *text;

  if (pipelines[__i__].needs && !have_element (pipelines[__i__].needs))
    return;
  fd = g_open (bytes_file, O_RDONLY);
  text = complete (pipelines[__i__].text, fd);
  launch (text);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  decode ();
  n = fake_receiver_n_heaps (decoder) - 1;
  fail_unless (n >= 2, "%s: %u heaps", text, n);
  assert_contiguous (pipelines[__i__].first, pipelines[__i__].frame_size, n);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  assert_no_message (GST_MESSAGE_WARNING);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_close (fd, NULL);
  g_free (text);
}

GST_END_TEST;

/* -- buffer by buffer --------------------------------------------------------------- */

#define DISCONT 1 /* flag */
#define GAP 2     /* of a second before it */

typedef struct {
  guint64 offset, end; /* a short end is one relative to offset */
  guint flags;
  guint64 index; /* that the heap has */
} Step;

/* Buffers of 400 bytes. */
static const struct {
  const gchar *caps;
  Step steps[5]; /* up to one of nothing */
  guint64 n_jumps;
  gboolean warns;
} walks[] = {
    /* One OFFSET alone counts frames. */
    {CAPS_STEREO, {{0, NONE, 0, 0}}, 0, FALSE},
    {CAPS_STEREO, {{1000, NONE, 0, 1000}}, 0, FALSE},
    {CAPS_STEREO, {{1000, NONE, 0, 1000}, {1100, NONE, 0, 1100}}, 0, FALSE},
    /* The second shows bytes: these are counted from the first on. */
    {CAPS_STEREO,
        {{0, NONE, 0, 0}, {400, NONE, 0, 100}, {800, NONE, 0, 200},
            {1600, NONE, DISCONT, 400}},
        1, FALSE},
    {CAPS_STEREO, {{1000, NONE, 0, 1000}, {1400, NONE, 0, 1100}}, 0, FALSE},
    /* It shows a loss, if it says so. */
    {CAPS_STEREO,
        {{0, NONE, 0, 0}, {400, NONE, DISCONT, 400}, {500, NONE, 0, 500}}, 1,
        FALSE},
    /* And the third shows that it was a loss after all. */
    {CAPS_STEREO,
        {{0, NONE, 0, 0}, {400, NONE, 0, 100}, {500, NONE, 0, 500},
            {600, NONE, 0, 600}},
        1, TRUE},
    /* Frames are frames from then on. */
    {CAPS_STEREO,
        {{0, NONE, 0, 0}, {100, NONE, 0, 100}, {500, NONE, 0, 500},
            {900, NONE, 0, 900}},
        2, TRUE},
    /* A number of the buffer, or always the same. */
    {CAPS_STEREO, {{7, NONE, 0, 7}, {8, NONE, 0, 107}, {9, NONE, 0, 207}}, 0,
        FALSE},
    {CAPS_STEREO, {{0, NONE, 0, 0}, {0, NONE, 0, 100}, {0, NONE, 0, 200}}, 0,
        FALSE},
    /* A gap is neither. */
    {CAPS_STEREO,
        {{0, NONE, 0, 0}, {48100, NONE, GAP, 48100}, {48200, NONE, 0, 48200}},
        0, FALSE},
    /* An end shows it at once. */
    {CAPS_STEREO, {{1000, 100, 0, 1000}, {1400, 100, 0, 1400}}, 1, TRUE},
    {CAPS_STEREO, {{1000, 400, 0, 250}, {1400, 400, 0, 350}}, 0, FALSE},
    {CAPS_STEREO, {{1000, 400, 0, 250}, {2000, 400, DISCONT, 500}}, 1, FALSE},
    {CAPS_STEREO, {{1000, 1, 0, 0}, {1001, 1, 0, 100}}, 0, FALSE},
    /* What does not fit is not believed before the next discontinuity. */
    {CAPS_STEREO,
        {{100, 100, 0, 100}, {300, 99, 0, 200}, {500, 100, 0, 300},
            {700, 100, DISCONT, 700}},
        1, FALSE},
    /* Bytes are bytes. */
    {NULL, {{1000, NONE, 0, 1000}, {1400, NONE, 0, 1400}}, 0, FALSE},
    {BYTES, {{1000, 400, 0, 1000}, {1400, 400, 0, 1400}}, 0, FALSE},
    {BYTES, {{1000, NONE, 0, 0}, {1400, NONE, 0, 400}}, 0, FALSE},
    {BYTES ",sample-bits=10",
        {{1000, 320, 0, 1000}, {1500, 320, DISCONT, 1500}}, 1, FALSE},
    {BYTES ",sample-bits=10", {{1000, 400, 0, 800}, {2000, 400, DISCONT, 1600}},
        1, FALSE},
};

static void
push_step (const Step *step)
{
  GstBuffer *buffer = make_buffer (400, 0, step->offset);

  if (step->end != NONE)
    GST_BUFFER_OFFSET_END (buffer) = step->offset + step->end;
  if (step->flags & DISCONT)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (step->flags & GAP)
    fail_unless (gst_pad_push_event (pad, gst_event_new_gap (0, GST_SECOND)));
  push_buffer (buffer);
}

/* A step of nothing but zeros is the end, unless it is the first. */
static guint
n_steps (const Step *steps)
{
  guint n = 1;

  while (n < 5 && steps[n].index > 0)
    n++;
  return n;
}

GST_START_TEST (an_offset_is_believed_where_it_counts_samples_or_bytes)
{
  const Step *steps = walks[__i__].steps;
  guint n = n_steps (steps);

  play (walks[__i__].caps);
  for (guint i = 0; i < n; i++)
    push_step (&steps[i]);
  finish ();
  decode ();
  for (guint i = 0; i < n; i++)
    assert_timestamp (whole_heap (i), steps[i].index);
  fail_unless_equals_uint64 (counter ("offset-jumps"), walks[__i__].n_jumps);
  if (walks[__i__].warns)
    assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* The same in a list: each buffer has its own. */
GST_START_TEST (the_buffers_of_a_list_have_their_own_indexes)
{
  static const guint64 offsets[] = {0, 400, 800, 1200};
  GstBufferList *list = gst_buffer_list_new ();

  play (CAPS_STEREO);
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    gst_buffer_list_add (list, make_buffer (400, 0, offsets[i]));
  fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
  finish ();
  decode ();
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    assert_timestamp (whole_heap (i), i * 100);
}

GST_END_TEST;

/* A buffer without OFFSET, or a list of it and a smaller one, at a second. */
static void
push_at (guint64 second, gboolean as_list)
{
  GstBuffer *buffer = make_buffer (400, 0, GST_BUFFER_OFFSET_NONE);
  GstBufferList *list;

  GST_BUFFER_PTS (buffer) = second * GST_SECOND;
  GST_BUFFER_DURATION (buffer) = GST_SECOND;
  if (!as_list) {
    fail_unless_equals_int (gst_pad_push (pad, buffer), GST_FLOW_OK);
    return;
  }
  list = gst_buffer_list_new ();
  gst_buffer_list_add (list, buffer);
  gst_buffer_list_add (list, make_buffer (40, 0, GST_BUFFER_OFFSET_NONE));
  fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
}

/* The base class drops it, and counts it in no statistics: its samples are missing. */
GST_START_TEST (what_is_outside_of_the_segment_is_counted)
{
  const guint64 n = __i__ ? 110 : 100;
  GstSegment segment;

  play (CAPS_STEREO);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 2 * GST_SECOND;
  fail_unless (gst_pad_push_event (pad, gst_event_new_segment (&segment)));
  push_at (0, __i__);
  push_at (2, __i__);
  push_at (1, __i__);
  push_at (3, __i__);
  finish ();
  decode ();
  fail_unless_equals_uint64 (counter ("dropped"), 0);
  assert_timestamp (whole_heap (0), n);
  assert_timestamp (whole_heap (__i__ ? 2 : 1), 3 * n);
}

GST_END_TEST;

/* Caps or a stream of another source are not judged by the one before. */
GST_START_TEST (another_source_counts_in_its_own_way)
{
  play (CAPS_STEREO);
  push (400, 0, 0);
  push (400, 0, 400);
  if (__i__ == 0)
    fail_unless (set_caps (STEREO));
  else
    fail_unless (
        gst_pad_push_event (pad, gst_event_new_stream_start ("another")));
  push_segment ();
  push (400, 0, 200);
  push (400, 0, 300);
  finish ();
  decode ();
  for (guint i = 0; i < 4; i++)
    assert_timestamp (whole_heap (i), i * 100);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* Caps' rate; the OFFSET, without an end, of the second of two buffers of 4096
 * frames, and its PTS; its index. */
static const struct {
  const gchar *rate;
  guint64 offset;
  GstClockTime time;
  guint64 index;
} roundings[] = {
    {"44100", 4095, 92879818, 4096},
    {"44100", 4094, 92879818, 4094}, /* not what the PTS makes of it */
    {"44100", 4095, GST_CLOCK_TIME_NONE, 4095},
    {"44100", 4097, 92902495, 4096},
    {"44100", 4098, 92925171, 4098},  /* more than a nanosecond is worth */
    {"1000000", 4095, 4095000, 4095}, /* nothing is rounded */
    {"1712000000", 4094, 2392, 4094}, /* 4095.1 */
    {"1712000000", 4095, 2392, 4096},
    {"2147483647", 4090, 1905, 4090},
    {"2147483647", 4095, 1907, 4096},
};

GST_START_TEST (an_offset_made_from_a_time_is_told_from_a_jump)
{
  gchar *caps = g_strdup_printf (
      "audio/x-raw,format=S8,channels=1,layout=interleaved,rate=%s",
      roundings[__i__].rate);
  GstBuffer *buffer = make_buffer (4096, 0, roundings[__i__].offset);
  gboolean jumps = roundings[__i__].index != 4096;

  GST_BUFFER_PTS (buffer) = roundings[__i__].time;
  play (caps);
  push (4096, 0, 0);
  push_buffer (buffer);
  finish ();
  decode ();
  assert_timestamp (whole_heap (1), roundings[__i__].index);
  fail_unless_equals_uint64 (counter ("offset-jumps"), jumps);
  if (jumps)
    assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  assert_no_message (GST_MESSAGE_WARNING);
  g_free (caps);
}

GST_END_TEST;

/* -- running over --------------------------------------------------------------------- */

#define UP_TO_4(...)                                                           \
  {                                                                            \
    __VA_ARGS__                                                                \
  }

/* OFFSETs of heaps of 100 samples in 16 bits; how often the index runs over. */
static const struct {
  guint64 first_sample;
  guint64 offsets[4];
  guint64 wraps;
} runs[] = {
    {0, UP_TO_4 (65436, 65536, 65636, 65736), 1},
    {0, UP_TO_4 (65600, 100, 200, 300), 0},
    {0, UP_TO_4 (200000, 100, 300000, 300100), 4},
    {0, UP_TO_4 (65536, 65436, 65536, 65636), 1},
    {G_MAXUINT64 - 99, UP_TO_4 (0, 100, 200, 300), 1},
};

GST_START_TEST (an_index_that_goes_back_has_not_run_over)
{
  g_object_set (sink, "heap-address-bits", 16, "first-sample",
      runs[__i__].first_sample, NULL);
  play (CAPS_S8);
  for (guint i = 0; i < 4; i++) {
    GstBuffer *buffer = make_buffer (100, 0, runs[__i__].offsets[i]);

    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    push_buffer (buffer);
  }
  finish ();
  fail_unless_equals_uint64 (counter ("index-wraps"), runs[__i__].wraps);
  if (runs[__i__].wraps > 0)
    assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* It is counted since READY, as all of stats are. */
GST_START_TEST (a_flush_does_not_take_back_that_the_index_ran_over)
{
  g_object_set (sink, "heap-address-bits", 16, NULL);
  play (CAPS_S8);
  push (100, 0, 65500);
  push (100, 0, 65600);
  drain ();
  flush ();
  push (100, 0, 65500);
  push (100, 0, 65600);
  finish ();
  fail_unless_equals_uint64 (counter ("index-wraps"), 2);
}

GST_END_TEST;

/* The item with the index; whether a heap behind 2^40 makes it run over, and what
 * the warning says to do. */
static const struct {
  const gchar *items;
  guint64 wraps;
  const gchar *advice;
} widths[] = {
    {"timestamp,id=0x1600,value=sample-index", 1,
        "The timestamp has wrapped: sample index 1099511627776 needs more than "
        "40 bits. To count longer, set heap-address-bits=48 in NULL or READY."},
    {"count,id=0x9000,value=sample-index", 1,
        "The count has wrapped: sample index 1099511627776 needs more than "
        "40 bits. To count longer, set its format to u64 and its mode to "
        "addressed in items in NULL or READY."},
    {"count,id=0x1600,value=sample-index,mode=addressed,format=u64", 0, NULL},
    {"count,id=0x1600,value=sample-index,format=u32", 1, "more than 32 bits"},
    {"count,id=0x1600,value=heap-index", 0, NULL},
};

GST_START_TEST (the_bits_that_run_over_are_the_items)
{
  gchar *items = g_strconcat (
      widths[__i__].items, "; samples,id=0x3300,value=payload", NULL);

  g_object_set (sink, "items", items, NULL);
  play (CAPS_S8);
  push (100, 0, (G_GUINT64_CONSTANT (1) << 40) - 100);
  push (100, 0, G_GUINT64_CONSTANT (1) << 40);
  finish ();
  fail_unless_equals_uint64 (counter ("index-wraps"), widths[__i__].wraps);
  if (widths[__i__].advice)
    assert_warning (
        GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, widths[__i__].advice);
  assert_no_message (GST_MESSAGE_WARNING);
  g_free (items);
}

GST_END_TEST;

static Suite *
sinkindex_suite (void)
{
  Suite *s = suite_create ("sinkindex");
  TCase *tc = tcase_create ("buffers");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc,
      an_offset_is_believed_where_it_counts_samples_or_bytes, 0,
      G_N_ELEMENTS (walks));
  tcase_add_test (tc, the_buffers_of_a_list_have_their_own_indexes);
  tcase_add_loop_test (tc, what_is_outside_of_the_segment_is_counted, 0, 2);
  tcase_add_loop_test (tc, another_source_counts_in_its_own_way, 0, 2);
  tcase_add_loop_test (tc, an_offset_made_from_a_time_is_told_from_a_jump, 0,
      G_N_ELEMENTS (roundings));
  tcase_add_loop_test (
      tc, an_index_that_goes_back_has_not_run_over, 0, G_N_ELEMENTS (runs));
  tcase_add_test (tc, a_flush_does_not_take_back_that_the_index_ran_over);
  tcase_add_loop_test (
      tc, the_bits_that_run_over_are_the_items, 0, G_N_ELEMENTS (widths));

  tc = tcase_create ("pipelines");
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_pipelines, teardown_pipelines);
  tcase_add_loop_test (
      tc, the_index_is_that_of_the_first_sample, 0, G_N_ELEMENTS (pipelines));
  return s;
}

GST_CHECK_MAIN (sinkindex);
