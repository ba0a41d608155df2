/* adctestsrc: positions in time, samples and bytes are each other's inverse, at every
 * rate: conversions, seeks and the position that it reports. Drawn from a seeded
 * generator, and compared with arithmetic of 128 bits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#define N_RATES 24
#define N_CONVERSIONS 500
#define N_SEEKS 6
#define SEED 20260101
/* Eight years, so that bytes at the highest rate fit into 63 bits. */
#define MAX_SECONDS (1 << 28)
#define FRAMES_PER_BUFFER 8
/* From one seek's start to its stop; whole bytes in each format. */
#define FRAMES_TO_STOP 4

static const struct {
  const gchar *caps;
  guint frame_bits;
} formats[] = {
    {"audio/x-raw,format=S8,channels=1", 8},
    {"audio/x-raw,format=S24LE,channels=2", 48},
    {"application/octet-stream,sample-bits=10,channels=1", 10},
    {"application/octet-stream,sample-bits=12,channels=3", 36},
};

static const gint fixed_rates[] = {1, 3, 44100, 48000, 409600, 925926,
    999999937, 1000000000, 1000000007, 1712000000, G_MAXINT};

static GRand *generator;
static GstElement *pipeline, *src, *sink;
static guint64 rate;
static guint frame_bits;

/* -- what must come out -------------------------------------------------------------- */

static guint64
stamp_of (guint64 frame)
{
  return (unsigned __int128) frame * GST_SECOND / rate;
}

static guint64
bytes_of (guint64 frame)
{
  return ((unsigned __int128) frame * frame_bits + 7) / 8;
}

/* The first frame of the last timestamp that is not after time. */
static guint64
frame_within (guint64 time)
{
  guint64 frame = (unsigned __int128) time * rate / GST_SECOND;

  while (stamp_of (frame + 1) <= time)
    frame++;
  while (frame > 0 && stamp_of (frame - 1) == stamp_of (frame))
    frame--;
  return frame;
}

/* -- the source -------------------------------------------------------------------- */

/* Of any number of digits up to limit. */
static guint64
draw (guint64 limit)
{
  guint64 number =
      (guint64) g_rand_int (generator) << 32 | g_rand_int (generator);

  return (number >> g_rand_int_range (generator, 0, 64)) % limit;
}

static gint
draw_rate (guint number)
{
  return number < G_N_ELEMENTS (fixed_rates) ? fixed_rates[number]
                                             : 1 + (gint) draw (G_MAXINT);
}

static void
open_source (const gchar *caps)
{
  gchar *launch = g_strdup_printf (
      "adctestsrc name=src wave=silence samplesperbuffer=%d ! %s,rate=%d ! "
      "fakesink name=sink",
      FRAMES_PER_BUFFER, caps, (gint) rate);

  pipeline = gst_parse_launch (launch, NULL);
  fail_unless (pipeline != NULL);
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE),
      GST_STATE_CHANGE_SUCCESS);
  g_free (launch);
}

static void
close_source (void)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (src);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

static void
assert_converts (GstFormat from, guint64 value, GstFormat to, guint64 expected)
{
  gint64 result;

  fail_unless (gst_element_query_convert (src, from, value, to, &result));
  fail_unless (result == (gint64) expected,
      "%" G_GUINT64_FORMAT " Hz, %u bits: %" G_GUINT64_FORMAT
      " %s are %" G_GINT64_FORMAT " %s instead of %" G_GUINT64_FORMAT,
      rate, frame_bits, value, gst_format_get_name (from), result,
      gst_format_get_name (to), expected);
}

static void
assert_position (GstFormat format, guint64 expected)
{
  gint64 position;

  fail_unless (gst_element_query_position (src, format, &position));
  fail_unless_equals_int64 (position, expected);
}

/* -- the tests ---------------------------------------------------------------------- */

static void
check_conversions (guint64 frame, guint64 time)
{
  const guint64 stamp = stamp_of (frame), bytes = bytes_of (frame);

  assert_converts (GST_FORMAT_DEFAULT, frame, GST_FORMAT_TIME, stamp);
  assert_converts (GST_FORMAT_DEFAULT, frame, GST_FORMAT_BYTES, bytes);
  assert_converts (GST_FORMAT_BYTES, bytes, GST_FORMAT_DEFAULT, frame);
  assert_converts (GST_FORMAT_BYTES, bytes, GST_FORMAT_TIME, stamp);
  assert_converts (
      GST_FORMAT_TIME, stamp, GST_FORMAT_DEFAULT, frame_within (stamp));
  if (rate <= GST_SECOND)
    assert_converts (GST_FORMAT_TIME, stamp, GST_FORMAT_DEFAULT, frame);
  assert_converts (
      GST_FORMAT_TIME, time, GST_FORMAT_DEFAULT, frame_within (time));
  assert_converts (
      GST_FORMAT_TIME, time, GST_FORMAT_BYTES, bytes_of (frame_within (time)));
}

/* Begins with the frame; where it has a stop, what begins there is not made. */
static void
check_seek (
    GstFormat format, guint64 start, guint64 stop, guint64 frame, guint frames)
{
  GstSample *sample;
  GstBuffer *buffer;

  fail_unless (gst_element_seek (pipeline, 1.0, format, GST_SEEK_FLAG_FLUSH,
      GST_SEEK_TYPE_SET, start, GST_SEEK_TYPE_SET, stop));
  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE),
      GST_STATE_CHANGE_SUCCESS);
  g_object_get (sink, "last-sample", &sample, NULL);
  buffer = gst_sample_get_buffer (sample);
  fail_unless (GST_BUFFER_OFFSET (buffer) == frame,
      "%" G_GUINT64_FORMAT " Hz, %u bits: a seek to %" G_GUINT64_FORMAT
      " %s begins with frame %" G_GUINT64_FORMAT
      " instead of %" G_GUINT64_FORMAT,
      rate, frame_bits, start, gst_format_get_name (format),
      GST_BUFFER_OFFSET (buffer), frame);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), frame + frames);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), stamp_of (frame));
  gst_sample_unref (sample);
  assert_position (GST_FORMAT_DEFAULT, frame + frames);
  assert_position (GST_FORMAT_BYTES, bytes_of (frame + frames));
}

static void
check_seeks (guint64 frame, guint64 time)
{
  const guint64 stop = frame + FRAMES_TO_STOP;

  check_seek (GST_FORMAT_DEFAULT, frame, stop, frame, FRAMES_TO_STOP);
  check_seek (GST_FORMAT_BYTES, bytes_of (frame), bytes_of (stop), frame,
      FRAMES_TO_STOP);
  check_seek (GST_FORMAT_DEFAULT, frame, -1, frame, FRAMES_PER_BUFFER);
  /* What an earlier seek has named does not count. */
  check_seek (GST_FORMAT_TIME, stamp_of (frame), -1,
      frame_within (stamp_of (frame)), FRAMES_PER_BUFFER);
  check_seek (
      GST_FORMAT_TIME, time, -1, frame_within (time), FRAMES_PER_BUFFER);
}

GST_START_TEST (time_samples_and_bytes_are_each_others_inverse)
{
  generator = g_rand_new_with_seed (SEED + __i__);
  frame_bits = formats[__i__].frame_bits;
  for (guint i = 0; i < N_RATES; i++) {
    rate = draw_rate (i);
    open_source (formats[__i__].caps);
    for (guint n = 0; n < N_CONVERSIONS; n++)
      check_conversions (
          draw (rate * MAX_SECONDS), draw (MAX_SECONDS * GST_SECOND));
    for (guint n = 0; n < N_SEEKS; n++)
      check_seeks (draw (rate * MAX_SECONDS), draw (MAX_SECONDS * GST_SECOND));
    close_source ();
  }
  g_rand_free (generator);
}

GST_END_TEST;

static Suite *
adcpositions_suite (void)
{
  Suite *suite = suite_create ("adcpositions");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_tags (tc, "heavy");
  tcase_add_loop_test (tc, time_samples_and_bytes_are_each_others_inverse, 0,
      G_N_ELEMENTS (formats));
  return suite;
}

GST_CHECK_MAIN (adcpositions);
