/* What spead2sink makes of samples: their types, and the index that each heap
 * gets by OFFSET, count or date.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>
#include <gst/video/video.h>

#include <string.h>

#include "sinkfixture.h"

#define BYTES "application/octet-stream"
#define ITEM "application/x-spead-item"
#define NONE GST_BUFFER_OFFSET_NONE
#define EPOCH G_GINT64_CONSTANT (1700000000000000000)

static void
assert_type (guint heap, const gchar *words)
{
  gchar *error = NULL;
  const FakeHeap *found = whole_heap (heap);
  FakeDescriptor *descriptor =
      fake_heap_descriptor (found, fake_heap_n_descriptors (found) - 1, &error);
  GString *text;

  fail_unless (descriptor != NULL, "%s", error);
  text = g_string_new (descriptor->numpy);
  for (guint i = 0; i < descriptor->n_formats; i++)
    g_string_append_printf (text, "%c%u ", descriptor->formats[i].code,
        (guint) descriptor->formats[i].bits);
  for (guint i = 0; i < descriptor->n_dimensions; i++)
    g_string_append_printf (text, "[%d]", (gint) descriptor->shape[i]);
  assert_words (text->str, words);
  g_string_free (text, TRUE);
  fake_descriptor_free (descriptor);
}

/* -- types ------------------------------------------------------------------------- */

/* Caps, sample-bits, items; the descriptor, and the samples of 480 bytes. */
static const struct {
  const gchar *caps;
  guint sample_bits;
  const gchar *payload;
  const gchar *type;
  guint64 n_samples;
} types[] = {
    {BYTES, 0, "", "'|u1', 'fortran_order': False, 'shape': (480,)", 480},
    {BYTES, 10, "", "i10 [384]", 384},
    {BYTES, 12, "", "i12 [320]", 320},
    {BYTES, 4, "", "i4 [960]", 960},
    {BYTES, 8, "", "'|i1'", 480},
    {BYTES, 16, "", "'>i2', 'fortran_order': False, 'shape': (240,)", 240},
    {BYTES ",sample-bits=10", 0, "", "i10 [384]", 384},
    {BYTES ",sample-bits=10", 12, "", "i10 [384]", 384},
    {NULL, 10, "", "i10 [384]", 384},
    {BYTES ",sample-bits=10,channels=2", 0, "", "i10 [192][2]", 192},
    {BYTES ",sample-bits=16,channels=1", 0, "", "'shape': (240,)", 240},
    {BYTES ",channels=4", 12, "", "i12 [80][4]", 80},
    {BYTES ",channels=4", 0, "",
        "'|u1', 'fortran_order': False, 'shape': (480,)", 480},
    {BYTES, 12, ",format=u10", "u10 [384]", 384},
    {BYTES, 0, ",dtype=\"<c8\"",
        "'<c8', 'fortran_order': False, "
        "'shape': (60,)",
        60},
    {BYTES, 0, ",dtype=\"[('re','|i1'),('im','|i1')]\",shape=<-1,2>",
        "[('re','|i1'),('im','|i1')], 'fortran_order': False, "
        "'shape': (120, 2)",
        240},
    {BYTES, 0, ",dtype=\">i4\",shape=<4,30>",
        "'>i4', 'fortran_order': False, "
        "'shape': (4, 30)",
        120},
    {CAPS_S8, 10, "", "'|i1'", 480},
    {CAPS_STEREO, 0, "", "'<i2', 'fortran_order': False, 'shape': (120, 2)",
        120},
    {CAPS_STEREO, 0, ",dtype=\"[('re','<i2'),('im','<i2')]\"",
        "'shape': (120,)", 120},
    {"video/x-raw,format=GRAY8,width=32,height=15,framerate=1/1", 0, "",
        "'|u1', 'fortran_order': False, 'shape': (15, 32)", 480},
    {"video/x-raw,format=GRAY16_LE,width=16,height=15,framerate=1/1", 0, "",
        "'<u2', 'fortran_order': False, 'shape': (15, 16)", 240},
    {"video/x-raw,format=GRAY16_BE,width=16,height=15,framerate=1/1", 0, "",
        "'>u2', 'fortran_order': False, 'shape': (15, 16)", 240},
    {ITEM ",dtype=\"<c8\"", 0, "",
        "'<c8', 'fortran_order': False, 'shape': (60,)", 60},
    {ITEM ",dtype=\">i2\",shape=<100,5,2>", 10, "",
        "'>i2', 'fortran_order': False, 'shape': (24, 5, 2)", 24},
    {ITEM ",dtype=\"[('re','|i1'),('im','|i1')]\",shape=<3,-1>", 0, "",
        "[('re','|i1'),('im','|i1')], 'fortran_order': False, 'shape': (3, 80)",
        240},
    {ITEM ",format=\"u4,i12\",shape=<-1,2>", 0, "", "u4 i12 [120][2]", 120},
    {ITEM ",format=u10", 0, ",format=i12", "i12 [320]", 320},
    {"video/x-raw,format=RGBA,width=8,height=15,framerate=1/1", 0, "",
        "'|u1', 'fortran_order': False, 'shape': (480,)", 480},
};

/* Described as what they are, and counted as such. */
GST_START_TEST (timestamps_step_by_samples_whatever_those_are)
{
  gchar *items = g_strconcat (
      "timestamp,id=0x1600,value=sample-index; adc_samples,id=0x3300,"
      "value=payload",
      types[__i__].payload, NULL);

  g_object_set (
      sink, "items", items, "sample-bits", types[__i__].sample_bits, NULL);
  g_free (items);
  play (types[__i__].caps);
  for (guint i = 0; i < 3; i++)
    push (480, 480 * i, NONE);
  finish ();
  decode ();
  assert_type (0, types[__i__].type);
  for (guint i = 0; i < 3; i++)
    assert_heap (i, i + 1, i * types[__i__].n_samples, 480, 480 * i);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* filesrc's OFFSET counts bytes: no index where samples are something else. */
GST_START_TEST (an_offset_in_bytes_is_no_index_of_packed_samples)
{
  g_object_set (sink, "sample-bits", 10, NULL);
  play (NULL);
  push (480, 0, 0);
  push (480, 0, 480);
  finish ();
  decode ();
  assert_timestamp (whole_heap (1), 384);
}

GST_END_TEST;

static const struct {
  const gchar *caps;
  guint sample_bits;
  gsize size;
  const gchar *words;
} wrong_sizes[] = {
    {BYTES, 10, 481,
        "481 bytes does not have the shape (any) with elements of "
        "10 bits"},
    {BYTES ",sample-bits=12,channels=3", 0, 480,
        "480 bytes does not have the shape (any, 3) with elements of "
        "12 bits"},
    {"video/x-raw,format=GRAY8,width=32,height=15,framerate=1/1", 0, 479,
        "479 bytes does not have the shape (15, 32)"},
    {"video/x-raw,format=GRAY8,width=30,height=15,framerate=1/1", 0, 440,
        "440 bytes does not have the shape (15, 30)"},
};

GST_START_TEST (a_buffer_of_another_size_is_an_error)
{
  g_object_set (sink, "sample-bits", wrong_sizes[__i__].sample_bits, NULL);
  play (wrong_sizes[__i__].caps);
  fail_unless_equals_int (
      try_push (wrong_sizes[__i__].size, 0, NONE), GST_FLOW_ERROR);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, wrong_sizes[__i__].words);
}

GST_END_TEST;

GST_START_TEST (samples_that_are_too_wide_are_refused)
{
  play (BYTES);
  set_caps (BYTES ",sample-bits=65");
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "Samples of 65 bits do not exist");
}

GST_END_TEST;

/* 0: padding as GStreamer makes it. 1: as a meta says, with a margin in front. */
GST_START_TEST (the_padding_of_a_pictures_rows_is_not_sent)
{
  gsize stride = __i__ == 0 ? 12 : 25, margin = __i__ == 0 ? 0 : 7, size;
  GstBuffer *buffer = make_buffer (margin + 5 * stride, 0, NONE);
  const guint8 *bytes;

  if (__i__ == 1) {
    gsize offsets[GST_VIDEO_MAX_PLANES] = {margin};
    gint strides[GST_VIDEO_MAX_PLANES] = {stride};

    gst_buffer_add_video_meta_full (
        buffer, 0, GST_VIDEO_FORMAT_GRAY8, 10, 5, 1, offsets, strides);
  }
  play ("video/x-raw,format=GRAY8,width=10,height=5,framerate=1/1");
  push_buffer (buffer);
  finish ();
  decode ();
  assert_type (0, "'shape': (5, 10)");
  bytes = fake_heap_bytes (whole_heap (0), ID_SAMPLES, &size);
  fail_unless_equals_uint64 (size, 50);
  for (guint i = 0; i < 50; i++)
    if (bytes[i] != pattern (margin + i / 10 * stride + i % 10))
      fail ("pixel %u", i);
}

GST_END_TEST;

GST_START_TEST (samples_stay_what_they_are_from_one_caps_to_the_next)
{
  play (BYTES ",sample-bits=10");
  push (480, 0, NONE);
  fail_unless (set_caps (BYTES ",sample-bits=12"));
  push (480, 0, NONE);
  finish ();
  decode ();
  assert_type (0, "i10 [384]");
  assert_type (1, "i12 [320]");
  assert_timestamp (whole_heap (1), 384);
}

GST_END_TEST;

/* -- index ---------------------------------------------------------------------------- */

/* 0: counted. 1: by OFFSET. */
GST_START_TEST (first_sample_is_added_to_every_index)
{
  g_object_set (sink, "first-sample", G_GUINT64_CONSTANT (5000), NULL);
  play (CAPS_S8);
  push (100, 0, __i__ ? 30 : NONE);
  push (100, 0, __i__ ? 130 : NONE);
  finish ();
  decode ();
  assert_timestamp (whole_heap (0), __i__ ? 5030 : 5000);
  assert_timestamp (whole_heap (1), __i__ ? 5130 : 5100);
}

GST_END_TEST;

/* The first time is told of, and no more. */
GST_START_TEST (the_index_goes_on_behind_48_bits)
{
  const guint64 modulus = G_GUINT64_CONSTANT (1) << 48;

  g_object_set (
      sink, "heap-address-bits", 48, "first-sample", modulus - 150, NULL);
  play (BYTES);
  push (100, 0, NONE);
  drain ();
  assert_no_message (GST_MESSAGE_WARNING);
  push (100, 0, NONE);
  push (100, 0, NONE);
  push (100, 0, NONE);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, ID_TIMESTAMP), modulus - 150);
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), modulus - 50);
  fail_unless_equals_uint64 (immediate (2, ID_TIMESTAMP), 50);
  fail_unless_equals_uint64 (immediate (3, ID_TIMESTAMP), 150);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("index-wraps"), 1);
}

GST_END_TEST;

static void
push_dated (gsize size, const gchar *scale, guint64 date)
{
  push_buffer (make_dated_buffer (size, scale, date));
}

/* ns since the epoch, and the index of a heap of so many samples. */
static const struct {
  gint64 rate;
  gint denominator;
  guint size;
  guint64 ns, index;
} dates[] = {
    {1712000000, 1, 4096, 0, 0},
    {1712000000, 1, 4096, 1196, 0},    /* 2047.6 samples: nearer to 0 */
    {1712000000, 1, 4096, 1197, 4096}, /* 2049.3 */
    {1712000000, 1, 4096, 2393, 4096},
    /* 1712000000 / 4096 = 417968.75 */
    {1712000000, 1, 4096, 1000000000, 1712001024},
    /* Two years, to the sample. */
    {1712000000, 1, 4096, G_GUINT64_CONSTANT (63072000000000000),
        G_GUINT64_CONSTANT (107979264000000000)},
    /* SKA-Low: 1.08 us a sample; 26 years are 370976579229 heaps. */
    {25000000, 27, 2048, G_GUINT64_CONSTANT (370976579229) * 2211840,
        G_GUINT64_CONSTANT (370976579229) * 2048},
    /* Half a heap less than that and one ns, and half a heap less. */
    {25000000, 27, 2048, G_GUINT64_CONSTANT (370976579229) * 2211840 - 1105921,
        G_GUINT64_CONSTANT (370976579228) * 2048},
    {25000000, 27, 2048, G_GUINT64_CONSTANT (370976579229) * 2211840 - 1105920,
        G_GUINT64_CONSTANT (370976579229) * 2048},
    /* Heaps of odd sizes: one and a half are two, less is one. */
    {2, 1, 1, 750000000, 2},
    {2, 1, 1, 749999999, 1},
    {2, 1, 3, G_GUINT64_CONSTANT (2250000000), 6},
    {2, 1, 3, G_GUINT64_CONSTANT (2249999999), 3},
    /* More than 2^64 steps between: a rate of 2^40, and a heap of 2^24. */
    {G_GINT64_CONSTANT (1) << 40, G_MAXINT, 1 << 24,
        G_GUINT64_CONSTANT (2147483647) * 1000000000,
        G_GUINT64_CONSTANT (1) << 40},
};

/* Once, from the first; the rest is counted, whatever dates say. */
GST_START_TEST (sync_epoch_gives_the_first_heap_the_index_of_its_date)
{
  guint64 index = dates[__i__].index;
  guint size = dates[__i__].size;

  g_object_set (sink, "sync-epoch", EPOCH, "sample-rate", dates[__i__].rate,
      "sample-rate-denominator", dates[__i__].denominator, "heap-address-bits",
      56, "max-packet-size", 65000, "items",
      "timestamp,id=0x16,value=sample-index;samples,id=0x33,value=payload",
      NULL);
  play (BYTES);
  push_dated (size, "timestamp/x-unix", EPOCH + dates[__i__].ns);
  push_dated (size, "timestamp/x-unix", EPOCH + 5 * GST_SECOND);
  push (size, 0, NONE);
  finish ();
  decode ();
  for (guint i = 0; i < 3; i++) {
    fail_unless_equals_uint64 (immediate (i, 0x16),
        (index + size * i) & ((G_GUINT64_CONSTANT (1) << 56) - 1));
  }
  fail_unless_equals_uint64 (counter ("index-wraps"), 0);
}

GST_END_TEST;

GST_START_TEST (sync_epoch_goes_with_first_sample_and_offsets)
{
  GstBuffer *buffer =
      make_dated_buffer (1000, "timestamp/x-ptp", EPOCH + GST_SECOND);

  /* 48000 a second, by the caps. */
  g_object_set (
      sink, "sync-epoch", EPOCH, "first-sample", G_GUINT64_CONSTANT (7), NULL);
  play (CAPS_S8);
  GST_BUFFER_OFFSET (buffer) = 1000000;
  push_buffer (buffer);
  push (1000, 0, 1001000);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, ID_TIMESTAMP), 1000000 + 48000 + 7);
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), 1001000 + 48000 + 7);
}

GST_END_TEST;

static void
assert_near_now (guint64 found, guint64 rate)
{
  gint64 now = (g_get_real_time () * 1000 - EPOCH) / (gint64) GST_SECOND * rate;

  fail_unless (ABS ((gint64) found - now) < 30 * (gint64) rate,
      "%" G_GUINT64_FORMAT " at %" G_GINT64_FORMAT, found, now);
}

/* 0: a clock that counts UTC. 1: one that does not, so this machine's. */
GST_START_TEST (sync_epoch_without_a_date_goes_by_the_clock)
{
  GstClock *clock = g_object_new (GST_TYPE_SYSTEM_CLOCK, "clock-type",
      __i__ == 0 ? GST_CLOCK_TYPE_REALTIME : GST_CLOCK_TYPE_MONOTONIC, NULL);

  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  g_object_set (sink, "sync-epoch", EPOCH, "heap-address-bits", 48, NULL);
  play (CAPS_S8);
  push (1000, 0, NONE);
  push (1000, 0, NONE);
  finish ();
  decode ();
  assert_near_now (immediate (0, ID_TIMESTAMP), 48000);
  fail_unless_equals_uint64 (immediate (0, ID_TIMESTAMP) % 1000, 0);
  fail_unless_equals_uint64 (
      immediate (1, ID_TIMESTAMP), immediate (0, ID_TIMESTAMP) + 1000);
  gst_object_unref (clock);
}

GST_END_TEST;

GST_START_TEST (a_flush_takes_the_date_anew)
{
  g_object_set (sink, "sync-epoch", EPOCH, NULL);
  play (CAPS_S8);
  push_dated (1000, "timestamp/x-unix", EPOCH);
  drain ();
  flush ();
  push_dated (1000, "timestamp/x-unix", EPOCH + GST_SECOND);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, ID_TIMESTAMP), 0);
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), 48000);
}

GST_END_TEST;

GST_START_TEST (a_date_that_cannot_be_is_an_error)
{
  g_object_set (sink, "sync-epoch", EPOCH, NULL);
  play (__i__ == 0 ? CAPS_S8 : BYTES);
  fail_unless_equals_int (gst_pad_push (pad,
                              make_dated_buffer (1000, "timestamp/x-unix",
                                  EPOCH - (__i__ == 0 ? 1 : 0))),
      GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      __i__ == 0 ? "is later than the first heap" : "so set sample-rate");
}

GST_END_TEST;

/* Gaps that follow each other are one: a second of them has all samples of a
 * second, though a millisecond has no whole number. */
GST_START_TEST (gaps_do_not_add_up_what_is_rounded)
{
  play (BYTES ",rate=(fraction)25000000/27");
  push (100, 0, NONE);
  for (guint i = 0; i < 1000; i++)
    fail_unless (gst_pad_push_event (pad, gst_event_new_gap (0, GST_MSECOND)));
  push (100, 0, NONE);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), 100 + 925926);
}

GST_END_TEST;

/* 0: video has none that counts. 1: caps say none. */
GST_START_TEST (a_gap_of_no_known_rate_counts_nothing)
{
  play (__i__ == 0 ? "video/x-raw,format=GRAY8,width=10,height=10,"
                     "framerate=25/1"
                   : BYTES);
  push (100, 0, NONE);
  fail_unless (gst_pad_push_event (pad, gst_event_new_gap (0, GST_SECOND)));
  push (100, 0, NONE);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), 100);
}

GST_END_TEST;

/* The rate of caps other than audio may be a fraction. */
GST_START_TEST (a_fraction_in_caps_is_the_sample_rate)
{
  g_object_set (sink, "sync-epoch", EPOCH, NULL);
  play (BYTES ",rate=(fraction)25000000/27");
  push_dated (
      2048, "timestamp/x-unix", EPOCH + 1000 * G_GINT64_CONSTANT (2211840));
  fail_unless (gst_pad_push_event (pad, gst_event_new_gap (0, 27000)));
  push (2048, 0, NONE);
  finish ();
  decode ();
  fail_unless_equals_uint64 (immediate (0, ID_TIMESTAMP), 1000 * 2048);
  fail_unless_equals_uint64 (immediate (1, ID_TIMESTAMP), 1001 * 2048 + 25);
}

GST_END_TEST;

static const struct {
  const gchar *name, *value, *words;
} no_index[] = {
    {"sync-epoch", "1700000000000000000", "sync-epoch says where"},
    {"first-sample", "5", "first-sample says where"},
};

GST_START_TEST (an_index_that_no_item_carries_is_warned_of)
{
  gst_util_set_object_arg (
      G_OBJECT (sink), no_index[__i__].name, no_index[__i__].value);
  g_object_set (sink, "items",
      "h,id=0x1000,value=heap-index; samples,id=0x3300,value=payload", NULL);
  play (CAPS_S8);
  assert_warning (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, no_index[__i__].words);
  push (100, 0, NONE);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (a_denominator_without_a_rate_is_an_error)
{
  g_object_set (sink, "sample-rate-denominator", 27, NULL);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "sample-rate-denominator=27 divides no sample-rate");
}

GST_END_TEST;

GST_START_TEST (a_gap_is_counted_by_sample_rate)
{
  g_object_set (sink, "sample-rate", G_GINT64_CONSTANT (3200000000), NULL);
  play (BYTES);
  push (100, 0, NONE);
  fail_unless (gst_pad_push_event (pad, gst_event_new_gap (0, 2 * GST_SECOND)));
  push (100, 0, NONE);
  finish ();
  decode ();
  fail_unless_equals_uint64 (
      immediate (1, ID_TIMESTAMP), 100 + G_GUINT64_CONSTANT (6400000000));
}

GST_END_TEST;

/* -- dates as items -------------------------------------------------------------------- */

#define DATES                                                                  \
  "utc,id=0x1000,value=utc-ns,mode=addressed,format=u64;"                      \
  "samples,id=0x3300,value=payload"
#define PTP_DATES                                                              \
  "ptp,id=0x1000,value=ptp-ns,mode=addressed,format=u64;"                      \
  "samples,id=0x3300,value=payload"

/* 0: UTC. 1: PTP. Each heap has its buffer's. */
GST_START_TEST (an_item_may_be_the_buffers_date)
{
  const gchar *scale = __i__ == 0 ? "timestamp/x-unix" : "timestamp/x-ptp";

  g_object_set (sink, "items", __i__ == 0 ? DATES : PTP_DATES, NULL);
  play (BYTES);
  push_dated (100, scale, EPOCH + 17);
  push_dated (100, scale, EPOCH + 3);
  finish ();
  decode ();
  fail_unless_equals_uint64 (date_of (0), EPOCH + 17);
  fail_unless_equals_uint64 (date_of (1), EPOCH + 3);
}

GST_END_TEST;

/* Its time on the clock is when a buffer is due. */
GST_START_TEST (a_buffers_date_by_the_clock_is_when_it_is_due)
{
  GstClock *clock = g_object_new (
      GST_TYPE_SYSTEM_CLOCK, "clock-type", GST_CLOCK_TYPE_REALTIME, NULL);
  GstClockTime base_time;

  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  g_object_set (sink, "items", DATES, NULL);
  play (BYTES);
  for (guint i = 0; i < 2; i++) {
    GstBuffer *buffer = make_buffer (100, 0, NONE);

    GST_BUFFER_PTS (buffer) = i * GST_MSECOND;
    push_buffer (buffer);
  }
  base_time = gst_element_get_base_time (sink);
  finish ();
  decode ();
  fail_unless_equals_uint64 (date_of (0), base_time);
  fail_unless_equals_uint64 (date_of (1), base_time + GST_MSECOND);
  gst_object_unref (clock);
}

GST_END_TEST;

GST_START_TEST (a_date_is_this_machines_where_nothing_else_says_it)
{
  guint64 now = g_get_real_time () * 1000;

  g_object_set (sink, "items", DATES, NULL);
  play (BYTES);
  push (100, 0, NONE);
  finish ();
  decode ();
  fail_unless (date_of (0) >= now && date_of (0) < now + 60 * GST_SECOND);
}

GST_END_TEST;

GST_START_TEST (ptp_time_that_nothing_says_is_an_error)
{
  g_object_set (sink, "items", PTP_DATES, NULL);
  play (BYTES);
  fail_unless_equals_int (
      gst_pad_push (pad, make_dated_buffer (100, "timestamp/x-unix", EPOCH)),
      GST_FLOW_ERROR);
  assert_error (
      GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "Nothing says PTP time");
}

GST_END_TEST;

static Suite *
sinksamples_suite (void)
{
  Suite *s = suite_create ("sinksamples");
  TCase *tc = tcase_create ("sinksamples");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc, timestamps_step_by_samples_whatever_those_are, 0,
      G_N_ELEMENTS (types));
  tcase_add_test (tc, an_offset_in_bytes_is_no_index_of_packed_samples);
  tcase_add_loop_test (
      tc, a_buffer_of_another_size_is_an_error, 0, G_N_ELEMENTS (wrong_sizes));
  tcase_add_test (tc, samples_that_are_too_wide_are_refused);
  tcase_add_loop_test (tc, the_padding_of_a_pictures_rows_is_not_sent, 0, 2);
  tcase_add_test (tc, samples_stay_what_they_are_from_one_caps_to_the_next);
  tcase_add_loop_test (tc, first_sample_is_added_to_every_index, 0, 2);
  tcase_add_test (tc, the_index_goes_on_behind_48_bits);
  tcase_add_loop_test (tc,
      sync_epoch_gives_the_first_heap_the_index_of_its_date, 0,
      G_N_ELEMENTS (dates));
  tcase_add_test (tc, sync_epoch_goes_with_first_sample_and_offsets);
  tcase_add_loop_test (tc, sync_epoch_without_a_date_goes_by_the_clock, 0, 2);
  tcase_add_test (tc, a_flush_takes_the_date_anew);
  tcase_add_loop_test (tc, a_date_that_cannot_be_is_an_error, 0, 2);
  tcase_add_test (tc, gaps_do_not_add_up_what_is_rounded);
  tcase_add_loop_test (tc, a_gap_of_no_known_rate_counts_nothing, 0, 2);
  tcase_add_test (tc, a_fraction_in_caps_is_the_sample_rate);
  tcase_add_loop_test (tc, an_index_that_no_item_carries_is_warned_of, 0,
      G_N_ELEMENTS (no_index));
  tcase_add_test (tc, a_denominator_without_a_rate_is_an_error);
  tcase_add_test (tc, a_gap_is_counted_by_sample_rate);
  tcase_add_loop_test (tc, an_item_may_be_the_buffers_date, 0, 2);
  tcase_add_test (tc, a_buffers_date_by_the_clock_is_when_it_is_due);
  tcase_add_test (tc, a_date_is_this_machines_where_nothing_else_says_it);
  tcase_add_test (tc, ptp_time_that_nothing_says_is_an_error);
  return s;
}

GST_CHECK_MAIN (sinksamples);
