/* adctestsrc: negotiation, the stream of buffers, seeks, live mode, its pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/audio/audio.h>
#include <gst/base/gstbasesrc.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/controller/controller.h>
#include <math.h>
#include <string.h>

#include "../tools.h"
#include "plugin/adctestsrc/adcwave.h"

#define MESSAGE_TIMEOUT (20 * GST_SECOND)
#define RATE_1K_CAPS "audio/x-raw,format=S8,rate=1000"
#define PACKED "application/octet-stream"

/* What the stream of seed holds from sample first on. */
static gint8 *
expected_samples (guint64 seed, guint64 first, gsize count)
{
  gint8 *samples = g_malloc (count);
  AdcNoise noise;

  adc_noise_init (&noise, seed, -100, 100);
  adc_noise_fill (&noise, first, samples, count);

  return samples;
}

static void
assert_buffer_samples (GstBuffer *buffer, guint64 seed, guint64 first)
{
  gsize size = gst_buffer_get_size (buffer);
  gint8 *expected = expected_samples (seed, first, size);

  fail_unless (gst_buffer_memcmp (buffer, 0, expected, size) == 0,
      "samples from %" G_GUINT64_FORMAT
      " on are not those of seed %" G_GUINT64_FORMAT,
      first, seed);
  g_free (expected);
}

static guint64
floor_time (guint64 frame, guint64 rate)
{
  return (unsigned __int128) frame * GST_SECOND / rate;
}

static guint64
ceil_frame (GstClockTime time, guint64 rate)
{
  return ((unsigned __int128) time * rate + GST_SECOND - 1) / GST_SECOND;
}

/* A harness around an adctestsrc with properties in the syntax of gst-launch,
 * not yet playing. */
static GstHarness *
new_harness (const gchar *properties, const gchar *caps)
{
  gchar *launch = g_strdup_printf ("adctestsrc %s", properties);
  GstElement *bin = gst_parse_launch (launch, NULL);
  GstHarness *h;

  fail_unless (bin != NULL);
  h = gst_harness_new_with_element (bin, NULL, "src");
  gst_object_unref (bin);
  if (caps != NULL)
    gst_harness_set_sink_caps_str (h, caps);
  g_free (launch);

  return h;
}

/* What fixed caps say. */
static void
read_caps (GstPad *pad, gint *rate, gint *frame_bits)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  gint channels, bits;
  GstAudioInfo info;

  fail_unless (gst_structure_get_int (structure, "rate", rate));
  fail_unless (gst_structure_get_int (structure, "channels", &channels));
  if (gst_structure_get_int (structure, "sample-bits", &bits)) {
    *frame_bits = channels * bits;
  } else {
    fail_unless (gst_audio_info_from_caps (&info, caps));
    *frame_bits = 8 * info.bpf;
  }
  gst_caps_unref (caps);
}

/* All samples until EOS; on the way, that offsets and times follow each other
 * and belong together. */
static GByteArray *
pull_stream (GstHarness *h, guint64 *first_offset)
{
  GByteArray *samples = g_byte_array_new ();
  guint64 next_offset = GST_BUFFER_OFFSET_NONE;
  GstClockTime next_time = GST_CLOCK_TIME_NONE;
  GstBuffer *buffer = NULL;
  gint rate, frame_bits;

  while (gst_harness_pull_until_eos (h, &buffer) && buffer != NULL) {
    GstMapInfo map;

    read_caps (h->sinkpad, &rate, &frame_bits);
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
    if (next_offset == GST_BUFFER_OFFSET_NONE) {
      if (first_offset != NULL)
        *first_offset = GST_BUFFER_OFFSET (buffer);
    } else {
      fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), next_offset);
      fail_unless_equals_clocktime (GST_BUFFER_PTS (buffer), next_time);
    }
    fail_unless_equals_clocktime (
        GST_BUFFER_PTS (buffer), floor_time (GST_BUFFER_OFFSET (buffer), rate));
    next_offset = GST_BUFFER_OFFSET_END (buffer);
    next_time = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    fail_unless_equals_uint64 (
        (next_offset - GST_BUFFER_OFFSET (buffer)) * frame_bits, 8 * map.size);
    g_byte_array_append (samples, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
    buffer = NULL;
  }

  return samples;
}

static GByteArray *
run_stream (const gchar *properties, const gchar *caps)
{
  GstHarness *h = new_harness (properties, caps);
  GByteArray *samples;

  gst_harness_play (h);
  samples = pull_stream (h, NULL);
  gst_harness_teardown (h);

  return samples;
}

static void
assert_stream (GByteArray *samples, guint64 seed, guint64 first, gsize count)
{
  gint8 *expected = expected_samples (seed, first, count);

  fail_unless_equals_uint64 (samples->len, count);
  fail_unless (memcmp (samples->data, expected, count) == 0);
  g_free (expected);
  g_byte_array_unref (samples);
}

static GstStructure *
negotiate (const gchar *sink_caps)
{
  GstHarness *h = new_harness ("num-buffers=1 samplesperbuffer=12", sink_caps);
  GstStructure *structure;
  GstCaps *caps;

  gst_harness_play (h);
  gst_buffer_unref (gst_harness_pull (h));
  caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_caps_is_fixed (caps));
  structure = gst_structure_copy (gst_caps_get_structure (caps, 0));
  gst_caps_unref (caps);
  gst_harness_teardown (h);

  return structure;
}

static void
assert_negotiates (const gchar *sink_caps, const gchar *expected)
{
  GstStructure *structure = negotiate (sink_caps);
  GstStructure *wanted = gst_structure_from_string (expected, NULL);

  fail_unless (gst_structure_is_equal (structure, wanted),
      "%" GST_PTR_FORMAT " instead of %" GST_PTR_FORMAT, structure, wanted);
  gst_structure_free (structure);
  gst_structure_free (wanted);
}

GST_START_TEST (test_caps_are_fixated)
{
#define S8 "audio/x-raw,format=S8,layout=interleaved,"
  assert_negotiates (NULL, S8 "rate=1712000000,channels=1");
  assert_negotiates (
      "audio/x-raw,rate=[1,48000],channels=[2,8]", S8 "rate=48000,channels=2");
  assert_negotiates ("audio/x-raw,rate=2147483647,channels=[4,8]",
      S8 "rate=2147483647,channels=4,channel-mask=(bitmask)0x33");
  assert_negotiates ("audio/x-raw,rate=1,channels=64",
      S8 "rate=1,channels=64,channel-mask=(bitmask)0x0");
  assert_negotiates ("audio/x-raw,channels=3,channel-mask=(bitmask)0x0",
      S8 "rate=1712000000,channels=3,channel-mask=(bitmask)0x0");
  /* The channels that downstream has positions for. */
  assert_negotiates ("audio/x-raw,channels=[1,8],channel-mask=(bitmask)0x3f",
      S8 "rate=1712000000,channels=6,channel-mask=(bitmask)0x3f");
  assert_negotiates ("audio/x-raw,channels=2,channel-mask=(bitmask)0x3",
      S8 "rate=1712000000,channels=2,channel-mask=(bitmask)0x3");
  assert_negotiates (
      "audio/x-raw,format={F64BE,S8,S16LE}", S8 "rate=1712000000,channels=1");
#undef S8
  /* Packed only where nothing else will do. */
  assert_negotiates (
      PACKED, PACKED ",sample-bits=10,rate=1712000000,channels=1");
  assert_negotiates (PACKED ",sample-bits={12,14},rate=[5,9],channels=3",
      PACKED ",sample-bits=12,rate=9,channels=3");
  assert_negotiates (PACKED ",sample-bits=10;audio/x-raw",
      "audio/x-raw,format=S8,layout=interleaved,rate=1712000000,channels=1");
  assert_negotiates ("audio/x-raw,format={S16BE,S32LE},rate=48000",
      "audio/x-raw,format=S16BE,layout=interleaved,rate=48000,channels=1");
}
GST_END_TEST;

GST_START_TEST (test_default_buffer_is_one_mebibyte)
{
  GstHarness *h = new_harness ("num-buffers=1", NULL);
  GstBuffer *buffer;

  gst_harness_play (h);
  buffer = gst_harness_pull (h);
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 1048576);
  fail_unless_equals_int (gst_buffer_n_memory (buffer), 1);
  fail_unless_equals_clocktime (GST_BUFFER_PTS (buffer), 0);
  fail_unless_equals_clocktime (
      GST_BUFFER_DURATION (buffer), floor_time (1048576, 1712000000));
  fail_unless_equals_int (
      gst_base_src_get_blocksize (GST_BASE_SRC (h->element)), 1048576);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}
GST_END_TEST;

/* pull_stream looks at every buffer. */
GST_START_TEST (test_times_do_not_drift)
{
  GByteArray *samples =
      run_stream ("seed=1 num-buffers=20000 samplesperbuffer=997", NULL);

  assert_stream (samples, 1, 0, 20000 * 997);
}
GST_END_TEST;

GST_START_TEST (test_samples_do_not_depend_on_the_buffer_size)
{
  const gsize count = 2 * 1048576;

  assert_stream (run_stream ("seed=42 num-buffers=2", NULL), 42, 0, count);
  assert_stream (
      run_stream ("seed=42 num-buffers=2000 samplesperbuffer=1000", NULL), 42,
      0, 2000000);
  assert_stream (
      run_stream ("seed=42 num-buffers=10000 samplesperbuffer=1", NULL), 42, 0,
      10000);
}
GST_END_TEST;

GST_START_TEST (test_channels_interleave_the_same_samples)
{
  assert_stream (run_stream ("seed=42 num-buffers=100 samplesperbuffer=500",
                     "audio/x-raw,channels=2"),
      42, 0, 100000);
  assert_stream (run_stream ("seed=42 num-buffers=100 samplesperbuffer=333",
                     "audio/x-raw,channels=64"),
      42, 0, 100 * 333 * 64);
}
GST_END_TEST;

static void
assert_streams_differ (const gchar *one, const gchar *two)
{
  GByteArray *a = run_stream (one, NULL);
  GByteArray *b = run_stream (two, NULL);
  guint same = 0;

  fail_unless_equals_int (a->len, 1024);
  fail_unless_equals_int (b->len, 1024);
  for (guint i = 0; i < a->len; i++)
    same += a->data[i] == b->data[i];
  /* 1024 / 201 are expected: 5, with a standard deviation of 2.3. */
  fail_unless (same < 25, "%u of 1024 samples are the same", same);
  g_byte_array_unref (a);
  g_byte_array_unref (b);
}

GST_START_TEST (test_seeds_differ)
{
  assert_streams_differ ("seed=1 num-buffers=1 samplesperbuffer=1024",
      "seed=2 num-buffers=1 samplesperbuffer=1024");
  assert_stream (run_stream ("seed=18446744073709551615 num-buffers=1", NULL),
      G_MAXUINT64, 0, 1048576);
}
GST_END_TEST;

GST_START_TEST (test_seed_0_differs_each_time)
{
  assert_streams_differ ("num-buffers=1 samplesperbuffer=1024",
      "num-buffers=1 samplesperbuffer=1024");
}
GST_END_TEST;

GST_START_TEST (test_seed_0_differs_after_a_restart)
{
  GstHarness *h = new_harness ("num-buffers=1 samplesperbuffer=1024", NULL);
  GstBuffer *first, *second;
  GstMapInfo map;
  guint64 seed;

  gst_harness_play (h);
  first = gst_harness_pull (h);
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  second = gst_harness_pull (h);
  fail_unless (gst_buffer_map (second, &map, GST_MAP_READ));
  fail_unless (gst_buffer_memcmp (first, 0, map.data, map.size) != 0);
  gst_buffer_unmap (second, &map);
  g_object_get (h->element, "seed", &seed, NULL);
  fail_unless_equals_uint64 (seed, 0);
  gst_buffer_unref (first);
  gst_buffer_unref (second);
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_noise_is_uniform)
{
  const guint count = 16 * 1048576;
  const gdouble mean_square = 40400.0 / 12;
  GByteArray *samples = run_stream ("seed=3 num-buffers=16", NULL);
  guint histogram[256] = {0};
  gdouble squares = 0.0;

  fail_unless_equals_int (samples->len, count);
  for (guint i = 0; i < count; i++)
    histogram[samples->data[i]]++;
  for (gint value = -128; value <= 127; value++) {
    guint n = histogram[(guint8) value];
    gdouble expected = count / 201.0;

    squares += (gdouble) n * value * value;
    if (value < -100 || value > 100)
      expected = 0.0;
    fail_unless (fabs (n - expected) <= 5 * sqrt (expected),
        "%d comes %u times", value, n);
  }
  /* 3366.67, and the variance of a uniform variable's square is 4 / 5 of its
   * squared mean square. */
  fail_unless (fabs (squares / count - mean_square) <
          5 * mean_square * sqrt (0.8 / count),
      "mean square %g", squares / count);
  g_byte_array_unref (samples);
}
GST_END_TEST;

static void
assert_range (const gchar *properties, gint minimum, gint maximum)
{
  GByteArray *samples = run_stream (properties, NULL);
  gint low = 127, high = -128;

  for (guint i = 0; i < samples->len; i++) {
    low = MIN (low, (gint8) samples->data[i]);
    high = MAX (high, (gint8) samples->data[i]);
  }
  fail_unless_equals_int (low, minimum);
  fail_unless_equals_int (high, maximum);
  g_byte_array_unref (samples);
}

GST_START_TEST (test_both_ends_of_the_range_are_reached)
{
  assert_range ("num-buffers=1", -100, 100);
  assert_range ("num-buffers=1 minimum=-128 maximum=127", -128, 127);
  assert_range ("num-buffers=1 minimum=5 maximum=5", 5, 5);
  assert_range ("num-buffers=1 minimum=-1 maximum=1", -1, 1);
  assert_range ("num-buffers=1 minimum=101 maximum=127", 101, 127);
}
GST_END_TEST;

/* Plays launch until the message of type, which the caller unrefs. */
static GstMessage *
run_until (GstElement *pipeline, GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, MESSAGE_TIMEOUT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "nothing happened for 20 s");
  fail_unless (GST_MESSAGE_TYPE (message) == type,
      "unexpected message %" GST_PTR_FORMAT, message);
  gst_object_unref (bus);

  return message;
}

static void
assert_error (const gchar *launch, const gchar *const *parts)
{
  GstElement *pipeline = gst_parse_launch (launch, NULL);
  GstMessage *message = run_until (pipeline, GST_MESSAGE_ERROR);
  GError *error;

  gst_message_parse_error (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  for (; *parts != NULL; parts++)
    fail_unless (strstr (error->message, *parts) != NULL, "no \"%s\" in: %s",
        *parts, error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_START_TEST (test_minimum_above_maximum_is_an_error)
{
  const gchar *const parts[] = {
      "minimum (17)", "maximum (-23)", "Set minimum to -23 or less", NULL};

  assert_error ("adctestsrc minimum=17 maximum=-23 ! fakesink", parts);
}
GST_END_TEST;

GST_START_TEST (test_too_large_buffer_is_an_error)
{
  const gchar *const parts[] = {
      "33554432 samples", "64 channels", "2147483648 bytes", "33554431", NULL};

  const gchar *const packed[] = {"2147483647 samples", "1 channels",
      "2684354559 bytes", "1717986916 or less", NULL};

  assert_error ("adctestsrc samplesperbuffer=33554432 ! "
                "audio/x-raw,channels=64 ! fakesink",
      parts);
  assert_error (
      "adctestsrc samplesperbuffer=2147483647 ! " PACKED " ! fakesink", packed);
}
GST_END_TEST;

GST_START_TEST (test_buffer_of_parts_of_bytes_is_an_error)
{
  const gchar *const ten[] = {
      "4095 samples", "1 channels of 10 bits", "a multiple of 4", NULL};
  const gchar *const two_of_ten[] = {
      "2 channels of 10 bits", "a multiple of 2", NULL};
  const gchar *const twelve[] = {
      "3 channels of 12 bits", "a multiple of 2", NULL};

  assert_error ("adctestsrc samplesperbuffer=4095 ! " PACKED
                ",sample-bits=10 ! fakesink",
      ten);
  assert_error ("adctestsrc samplesperbuffer=3 ! " PACKED
                ",sample-bits=10,channels=2 ! fakesink",
      two_of_ten);
  assert_error ("adctestsrc samplesperbuffer=1 ! " PACKED
                ",sample-bits=12,channels=3 ! fakesink",
      twelve);
}
GST_END_TEST;

GST_START_TEST (test_samples_beyond_the_format_are_an_error)
{
  const gchar *const s8[] = {"-100 (minimum)", "128 (maximum)", "format S8",
      "-128 to 127", "format=S16LE", NULL};
  const gchar *const s16[] = {"-40000 (minimum)", "format S16BE",
      "-32768 to 32767", "format=S32LE", NULL};

  const gchar *const ten[] = {"512 (maximum)", "format sample-bits=10",
      "-512 to 511", "format=S16LE", NULL};
  const gchar *const twelve[] = {
      "-2049 (minimum)", "format sample-bits=12", "-2048 to 2047", NULL};

  assert_error (
      "adctestsrc maximum=512 ! " PACKED ",sample-bits=10 ! fakesink", ten);
  assert_error ("adctestsrc minimum=-2049 ! " PACKED
                ",sample-bits=12 ! fakesink",
      twelve);
  assert_error ("adctestsrc maximum=128 ! fakesink", s8);
  assert_error (
      "adctestsrc minimum=-40000 ! audio/x-raw,format=S16BE ! fakesink", s16);
}
GST_END_TEST;

GST_START_TEST (test_other_waves_have_no_range)
{
  GByteArray *samples = run_stream (
      "wave=silence maximum=1000 num-buffers=1 samplesperbuffer=10", NULL);

  fail_unless_equals_int (samples->len, 10);
  g_byte_array_unref (samples);
}
GST_END_TEST;

GST_START_TEST (test_rate_that_became_negative_is_an_error)
{
  const gchar *const parts[] = {"-1094967296 Hz", "3200000000 Hz would",
      "1 to 2147483647 Hz", "several channels", NULL};
  const gchar *const zero[] = {"rate of 0 Hz", NULL};

  assert_error ("adctestsrc ! audio/x-raw,rate=3200000000 ! fakesink", parts);
  assert_error ("adctestsrc ! audio/x-raw,rate=0 ! fakesink", zero);
  assert_error ("adctestsrc ! " PACKED ",rate=3200000000 ! fakesink", parts);
}
GST_END_TEST;

GST_START_TEST (test_mask_of_other_channels_is_an_error)
{
  const gchar *const parts[] = {"4 channels", "channel-mask with 3 positions",
      "channel-mask=(bitmask)0x0", NULL};

  assert_error ("adctestsrc ! audio/x-raw,channels=4,channel-mask=(bitmask)0x7 "
                "! fakesink",
      parts);
}
GST_END_TEST;

/* ---- waves and formats ---- */

static const gchar *const waves[] = {
    "uniform", "gaussian", "sine", "tones", "ramp", "silence", "pulses"};
static const gchar *const formats[ADC_WAVE_N_FORMATS] = {[ADC_WAVE_S8] = "S8",
    [ADC_WAVE_S16LE] = "S16LE",
    [ADC_WAVE_S16BE] = "S16BE",
    [ADC_WAVE_S24LE] = "S24LE",
    [ADC_WAVE_S24BE] = "S24BE",
    [ADC_WAVE_S32LE] = "S32LE",
    [ADC_WAVE_S32BE] = "S32BE",
    [ADC_WAVE_S10] = "S10",
    [ADC_WAVE_S12] = "S12",
    [ADC_WAVE_F32LE] = "F32LE",
    [ADC_WAVE_F32BE] = "F32BE",
    [ADC_WAVE_F64LE] = "F64LE",
    [ADC_WAVE_F64BE] = "F64BE"};

static AdcWaveConfig
default_config (AdcWaveShape shape, AdcWaveFormat format)
{
  AdcWaveConfig config = {.shape = shape,
      .format = format,
      .channels = 2,
      .rate = 48000,
      .seed = 9,
      .minimum = -100,
      .maximum = 100,
      .standard_deviation = 20,
      .freq = 0,
      .snr = 20,
      .num_tones = 8};

  return config;
}

static void
assert_data (const guint8 *data, gsize size, const AdcWaveConfig *config,
    guint64 first, guint frames)
{
  gsize expected_size = (gsize) frames * config->channels *
      adc_wave_format_bits (config->format) / 8;
  guint8 *expected = g_malloc (expected_size);
  AdcWave wave;

  adc_wave_init (&wave, config);
  adc_wave_fill (&wave, first, expected, frames);
  fail_unless_equals_uint64 (size, expected_size);
  fail_unless (size == 0 || memcmp (data, expected, size) == 0, "not %s in %s",
      waves[config->shape], formats[config->format]);
  g_free (expected);
}

/* Two channels at 48 kHz. */
static gchar *
caps_of (AdcWaveFormat format)
{
  const guint bits = adc_wave_format_bits (format);
  gchar *kind = bits % 8 == 0
      ? g_strdup_printf ("audio/x-raw,format=%s", formats[format])
      : g_strdup_printf (PACKED ",sample-bits=%u", bits);
  gchar *caps = g_strconcat (kind, ",channels=2,rate=48000", NULL);

  g_free (kind);

  return caps;
}

/* 5 buffers of 778 frames in two channels. */
static void
assert_wave (const gchar *properties, const AdcWaveConfig *config)
{
  gchar *all =
      g_strdup_printf ("seed=9 num-buffers=5 samplesperbuffer=778 wave=%s %s",
          waves[config->shape], properties);
  gchar *caps = caps_of (config->format);
  GByteArray *samples = run_stream (all, caps);

  assert_data (samples->data, samples->len, config, 0, 5 * 778);
  g_byte_array_unref (samples);
  g_free (all);
  g_free (caps);
}

GST_START_TEST (test_every_wave_in_every_format)
{
  for (guint format = 0; format < G_N_ELEMENTS (formats); format++) {
    const AdcWaveConfig config = default_config (__i__, format);

    assert_wave ("", &config);
  }
}
GST_END_TEST;

GST_START_TEST (test_every_property_of_a_wave)
{
  AdcWaveConfig config = default_config (ADC_WAVE_TONES, ADC_WAVE_S16LE);

  config.freq = 440.5;
  assert_wave ("freq=440.5", &config);
  config.snr = -3;
  assert_wave ("freq=440.5 snr=-3", &config);
  config.num_tones = 64;
  assert_wave ("freq=440.5 snr=-3 num-tones=64", &config);
  config.standard_deviation = 1234.5;
  assert_wave (
      "freq=440.5 snr=-3 num-tones=64 standard-deviation=1234.5", &config);

  config = default_config (ADC_WAVE_UNIFORM, ADC_WAVE_S10);
  config.minimum = -512;
  config.maximum = 511;
  assert_wave ("minimum=-512 maximum=511", &config);

  config = default_config (ADC_WAVE_UNIFORM, ADC_WAVE_S32BE);
  config.minimum = G_MININT;
  assert_wave ("minimum=-2147483648", &config);
  config.maximum = G_MAXINT;
  assert_wave ("minimum=-2147483648 maximum=2147483647", &config);

  config = default_config (ADC_WAVE_GAUSSIAN, ADC_WAVE_S8);
  config.correlation = 0.25;
  assert_wave ("correlation=0.25", &config);
  config.sky_seed = G_MAXUINT64;
  assert_wave ("correlation=0.25 sky-seed=18446744073709551615", &config);
  config.delay = -1;
  assert_wave (
      "correlation=0.25 sky-seed=18446744073709551615 delay=-1", &config);
}
GST_END_TEST;

GST_START_TEST (test_properties_are_read_back)
{
  GstElement *src = gst_parse_launch (
      "adctestsrc wave=pulses freq=1.5 snr=-7 standard-deviation=3 num-tones=5 "
      "minimum=-7 maximum=300 sample-offset=9223372036854775807",
      NULL);
  gdouble freq, snr, deviation;
  gint wave, minimum, maximum;
  guint64 offset;
  guint tones;

  g_object_get (src, "wave", &wave, "freq", &freq, "snr", &snr,
      "standard-deviation", &deviation, "num-tones", &tones, "minimum",
      &minimum, "maximum", &maximum, "sample-offset", &offset, NULL);
  fail_unless_equals_int (wave, ADC_WAVE_PULSES);
  fail_unless_equals_float (freq, 1.5);
  fail_unless_equals_float (snr, -7);
  fail_unless_equals_float (deviation, 3);
  fail_unless_equals_int (tones, 5);
  fail_unless_equals_int (minimum, -7);
  fail_unless_equals_int (maximum, 300);
  fail_unless_equals_uint64 (offset, G_MAXINT64);
  gst_object_unref (src);
}
GST_END_TEST;

static void
assert_next_buffer (GstHarness *h, const AdcWaveConfig *config, guint64 offset)
{
  GstBuffer *buffer = gst_harness_pull (h);
  GstMapInfo map;

  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), offset);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  assert_data (map.data, map.size, config, offset,
      GST_BUFFER_OFFSET_END (buffer) - offset);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

/* Times begin with 0, and so do seeks. */
GST_START_TEST (test_sample_offset)
{
  const guint64 begin = (G_GUINT64_CONSTANT (1) << 48) - 50;
  gchar *properties = g_strdup_printf (
      "seed=9 samplesperbuffer=48 wave=sine sample-offset=%" G_GUINT64_FORMAT,
      begin);
  const AdcWaveConfig config = default_config (ADC_WAVE_SINE, ADC_WAVE_S16LE);
  const gchar *caps = "audio/x-raw,format=S16LE,rate=48000,channels=2";
  GstHarness *h = new_harness (properties, caps);
  GstBuffer *buffer;

  fail_unless (gst_element_send_event (h->element,
      gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
          GST_SEEK_TYPE_SET, GST_SECOND, GST_SEEK_TYPE_SET,
          GST_SECOND + GST_MSECOND)));
  gst_harness_play (h);
  assert_next_buffer (h, &config, begin + 48000);
  gst_harness_teardown (h);

  h = new_harness (properties, caps);
  gst_harness_play (h);
  buffer = gst_harness_pull (h);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), begin);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), begin + 48);
  fail_unless_equals_clocktime (GST_BUFFER_PTS (buffer), 0);
  fail_unless_equals_clocktime (GST_BUFFER_DURATION (buffer), GST_MSECOND);
  gst_buffer_unref (buffer);
  assert_next_buffer (h, &config, begin + 48);
  gst_harness_teardown (h);
  g_free (properties);
}
GST_END_TEST;

GST_START_TEST (test_num_buffers)
{
  GByteArray *samples =
      run_stream ("seed=8 num-buffers=7 samplesperbuffer=11", NULL);

  assert_stream (samples, 8, 0, 77);
  samples = run_stream ("num-buffers=0", NULL);
  fail_unless_equals_int (samples->len, 0);
  g_byte_array_unref (samples);
}
GST_END_TEST;

GST_START_TEST (test_timestamp_offset)
{
  const struct {
    const gchar *properties;
    GstClockTime first;
    GstClockTime second;
  } cases[] = {
      {"timestamp-offset=5000000000", 5 * GST_SECOND,
          5 * GST_SECOND + 100 * GST_MSECOND},
      {"timestamp-offset=-40000000", 0, 60 * GST_MSECOND},
      {"timestamp-offset=-9223372036854775808", 0, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *properties = g_strdup_printf (
        "num-buffers=2 samplesperbuffer=100 %s", cases[i].properties);
    GstHarness *h = new_harness (properties, RATE_1K_CAPS);
    GstBuffer *buffer;

    gst_harness_play (h);
    buffer = gst_harness_pull (h);
    fail_unless_equals_clocktime (GST_BUFFER_PTS (buffer), cases[i].first);
    fail_unless_equals_clocktime (
        GST_BUFFER_DURATION (buffer), 100 * GST_MSECOND);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
    gst_buffer_unref (buffer);
    buffer = gst_harness_pull (h);
    fail_unless_equals_clocktime (GST_BUFFER_PTS (buffer), cases[i].second);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 100);
    gst_buffer_unref (buffer);
    gst_harness_teardown (h);
    g_free (properties);
  }
}
GST_END_TEST;

static gboolean
query_latency (GstHarness *h, gboolean *live, GstClockTime *minimum)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean answered = gst_element_query (h->element, query);

  if (answered)
    gst_query_parse_latency (query, live, minimum, NULL);
  gst_query_unref (query);

  return answered;
}

GST_START_TEST (test_queries)
{
  GstHarness *h =
      new_harness ("num-buffers=3 samplesperbuffer=100", RATE_1K_CAPS);
  GstClockTime latency;
  GstQuery *query;
  gint64 value;
  gboolean live;

  /* Without caps there is no rate to answer with. */
  fail_if (query_latency (h, &live, &latency));
  fail_if (gst_element_query_convert (
      h->element, GST_FORMAT_DEFAULT, 500, GST_FORMAT_TIME, &value));

  gst_harness_play (h);
  gst_buffer_unref (gst_harness_pull (h));
  fail_unless (query_latency (h, &live, &latency));
  fail_if (live);
  fail_unless_equals_clocktime (latency, 0);
  fail_unless (gst_element_query_convert (
      h->element, GST_FORMAT_DEFAULT, 500, GST_FORMAT_TIME, &value));
  fail_unless_equals_int64 (value, 500 * GST_MSECOND);
  fail_unless (gst_element_query_convert (
      h->element, GST_FORMAT_TIME, 2 * GST_SECOND, GST_FORMAT_BYTES, &value));
  fail_unless_equals_int64 (value, 2000);
  fail_unless (
      gst_element_query_duration (h->element, GST_FORMAT_TIME, &value));
  fail_unless_equals_int64 (value, 300 * GST_MSECOND);
  fail_unless (
      gst_element_query_duration (h->element, GST_FORMAT_DEFAULT, &value));
  fail_unless_equals_int64 (value, 300);
  fail_unless (
      gst_element_query_duration (h->element, GST_FORMAT_PERCENT, &value));
  fail_unless_equals_int64 (value, GST_FORMAT_PERCENT_MAX);
  g_object_set (h->element, "num-buffers", -1, NULL);
  fail_unless (
      gst_element_query_duration (h->element, GST_FORMAT_TIME, &value));
  fail_unless_equals_int64 (value, -1);

  query = gst_query_new_scheduling ();
  fail_unless (gst_pad_peer_query (h->sinkpad, query));
  fail_unless (gst_query_has_scheduling_mode (query, GST_PAD_MODE_PUSH));
  fail_if (gst_query_has_scheduling_mode (query, GST_PAD_MODE_PULL));
  gst_query_unref (query);

  query = gst_query_new_seeking (GST_FORMAT_TIME);
  fail_unless (gst_element_query (h->element, query));
  {
    gboolean seekable = FALSE;

    gst_query_parse_seeking (query, NULL, &seekable, NULL, NULL);
    fail_unless (seekable);
  }
  gst_query_unref (query);
  gst_harness_teardown (h);
}
GST_END_TEST;

/* A frame of 30 bits: bytes hold it whole, or not. */
GST_START_TEST (test_queries_of_packed_samples)
{
  static const struct {
    GstFormat from;
    gint64 value;
    GstFormat to;
    gint64 result;
  } cases[] = {
      {GST_FORMAT_DEFAULT, 4, GST_FORMAT_BYTES, 15},
      {GST_FORMAT_DEFAULT, 1, GST_FORMAT_BYTES, 4},
      {GST_FORMAT_BYTES, 4, GST_FORMAT_DEFAULT, 1},
      {GST_FORMAT_BYTES, 3, GST_FORMAT_DEFAULT, 0},
      {GST_FORMAT_BYTES, 15, GST_FORMAT_TIME, 4 * GST_MSECOND},
      {GST_FORMAT_TIME, 2 * GST_SECOND, GST_FORMAT_BYTES, 7500},
      {GST_FORMAT_TIME, -1, GST_FORMAT_BYTES, -1},
  };
  GstHarness *h = new_harness ("num-buffers=3 samplesperbuffer=100",
      PACKED ",sample-bits=10,rate=1000,channels=3");
  GstClockTime latency;
  gint64 value;
  gboolean live;

  gst_harness_play (h);
  gst_buffer_unref (gst_harness_pull (h));
  fail_unless_equals_int (
      gst_base_src_get_blocksize (GST_BASE_SRC (h->element)), 375);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    fail_unless (gst_element_query_convert (
        h->element, cases[i].from, cases[i].value, cases[i].to, &value));
    fail_unless_equals_int64 (value, cases[i].result);
  }
  fail_if (gst_element_query_convert (
      h->element, GST_FORMAT_DEFAULT, G_MAXINT64, GST_FORMAT_BYTES, &value));
  fail_unless (query_latency (h, &live, &latency));
  fail_unless (
      gst_element_query_duration (h->element, GST_FORMAT_TIME, &value));
  fail_unless_equals_int64 (value, 300 * GST_MSECOND);
  fail_unless (
      gst_element_query_duration (h->element, GST_FORMAT_BYTES, &value));
  fail_unless_equals_int64 (value, 3 * 375);
  gst_harness_teardown (h);
}
GST_END_TEST;

/* A live harness at 1 kHz in buffers of 100 ms, by a clock that stands. */
static GstHarness *
new_live_harness (void)
{
  GstHarness *h =
      new_harness ("is-live=true seed=4 samplesperbuffer=100", RATE_1K_CAPS);

  gst_harness_use_testclock (h);
  gst_harness_play (h);

  return h;
}

/* Waits until the source waits for the clock, looks that it waits for time, and
 * lets the time come. */
static GstBuffer *
pull_live (GstHarness *h, GstClockTime time)
{
  GstTestClock *clock = gst_harness_get_testclock (h);

  fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  fail_unless_equals_clocktime (
      gst_test_clock_get_next_entry_time (clock), time);
  fail_unless (gst_test_clock_crank (clock));
  gst_object_unref (clock);

  return gst_harness_pull (h);
}

GST_START_TEST (test_live_is_paced)
{
  GstHarness *h = new_live_harness ();
  GstClockTime latency;
  gboolean live;

  for (guint i = 0; i < 10; i++) {
    GstBuffer *buffer = pull_live (h, i * 100 * GST_MSECOND);

    fail_unless_equals_clocktime (
        GST_BUFFER_PTS (buffer), i * 100 * GST_MSECOND);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), i * 100);
    assert_buffer_samples (buffer, 4, i * 100);
    gst_buffer_unref (buffer);
  }
  fail_unless (query_latency (h, &live, &latency));
  fail_unless (live);
  fail_unless_equals_clocktime (latency, 100 * GST_MSECOND);
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_live_pause_is_a_discontinuity)
{
  GstHarness *h = new_live_harness ();
  GstBuffer *buffer;
  guint64 offset;

  gst_buffer_unref (pull_live (h, 0));
  buffer = pull_live (h, 100 * GST_MSECOND);
  offset = GST_BUFFER_OFFSET_END (buffer);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);

  fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
  fail_unless_equals_int (gst_element_set_state (h->element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  buffer = pull_live (h, 100 * GST_MSECOND);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), offset + 100);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  assert_buffer_samples (buffer, 4, offset + 100);
  gst_buffer_unref (buffer);

  buffer = pull_live (h, 200 * GST_MSECOND);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), offset + 200);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_live_wait_is_interrupted)
{
  GstElement *pipeline = gst_parse_launch (
      "adctestsrc is-live=true samplesperbuffer=1000000 ! " RATE_1K_CAPS
      " ! fakesink",
      NULL);
  gint64 begin;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, MESSAGE_TIMEOUT),
      GST_STATE_CHANGE_SUCCESS);
  begin = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (g_get_monotonic_time () - begin < G_USEC_PER_SEC);
  gst_object_unref (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_new_rate_goes_on_at_the_same_time)
{
  GstHarness *h = new_live_harness ();
  GstBuffer *buffer;

  gst_buffer_unref (pull_live (h, 0));
  gst_buffer_unref (pull_live (h, 100 * GST_MSECOND));
  /* The buffer that waits already has the old rate. */
  fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
  gst_harness_set_sink_caps_str (h, "audio/x-raw,rate=2000,channels=3");
  gst_buffer_unref (pull_live (h, 200 * GST_MSECOND));

  buffer = pull_live (h, 300 * GST_MSECOND);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 600);
  fail_unless_equals_clocktime (GST_BUFFER_PTS (buffer), 300 * GST_MSECOND);
  fail_unless_equals_clocktime (GST_BUFFER_DURATION (buffer), 50 * GST_MSECOND);
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 300);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  assert_buffer_samples (buffer, 4, 600 * 3);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}
GST_END_TEST;

static void
assert_live_buffer (
    GstHarness *h, guint i, AdcWaveShape shape, gdouble deviation)
{
  AdcWaveConfig config = default_config (shape, ADC_WAVE_S8);
  GstBuffer *buffer = pull_live (h, i * 100 * GST_MSECOND);
  GstMapInfo map;

  config.channels = 1;
  config.rate = 1000;
  config.seed = 4;
  config.standard_deviation = deviation;
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  assert_data (map.data, map.size, &config, i * 100, 100);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

/* The buffer that waits for the clock has been made before. */
GST_START_TEST (test_wave_changes_with_the_next_buffer)
{
  GstHarness *h = new_live_harness ();

  assert_live_buffer (h, 0, ADC_WAVE_UNIFORM, 20);
  fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
  g_object_set (h->element, "wave", ADC_WAVE_GAUSSIAN, NULL);
  assert_live_buffer (h, 1, ADC_WAVE_UNIFORM, 20);
  fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
  g_object_set (h->element, "standard-deviation", 3.0, NULL);
  assert_live_buffer (h, 2, ADC_WAVE_GAUSSIAN, 20);
  assert_live_buffer (h, 3, ADC_WAVE_GAUSSIAN, 3);
  assert_live_buffer (h, 4, ADC_WAVE_GAUSSIAN, 3);
  gst_harness_teardown (h);
}
GST_END_TEST;

/* standard-deviation from 0 to 100 within 100 s; controllers read the time of
 * the buffer's first frame. */
GST_START_TEST (test_properties_are_controlled)
{
  GstHarness *h =
      new_harness ("wave=gaussian seed=4 samplesperbuffer=1000", RATE_1K_CAPS);
  GstControlSource *source = gst_interpolation_control_source_new ();
  AdcWaveConfig config = default_config (ADC_WAVE_GAUSSIAN, ADC_WAVE_S8);

  g_object_set (source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
  gst_timed_value_control_source_set (
      GST_TIMED_VALUE_CONTROL_SOURCE (source), 0, 0.0);
  gst_timed_value_control_source_set (
      GST_TIMED_VALUE_CONTROL_SOURCE (source), 100 * GST_SECOND, 100.0);
  fail_unless (gst_object_add_control_binding (GST_OBJECT (h->element),
      gst_direct_control_binding_new_absolute (
          GST_OBJECT (h->element), "standard-deviation", source)));
  gst_harness_play (h);
  config.channels = 1;
  config.rate = 1000;
  config.seed = 4;
  for (guint i = 0; i < 10; i++) {
    config.standard_deviation = i;
    assert_next_buffer (h, &config, i * 1000);
  }
  gst_object_unref (source);
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_wave_that_does_not_fit_is_an_error_while_running)
{
  GstHarness *h = new_harness (
      "is-live=true wave=gaussian maximum=1000 samplesperbuffer=100",
      RATE_1K_CAPS);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;

  gst_element_set_bus (h->element, bus);
  gst_harness_use_testclock (h);
  gst_harness_play (h);
  gst_buffer_unref (pull_live (h, 0));
  fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
  g_object_set (h->element, "wave", ADC_WAVE_UNIFORM, NULL);
  gst_buffer_unref (pull_live (h, 100 * GST_MSECOND));
  message =
      gst_bus_timed_pop_filtered (bus, MESSAGE_TIMEOUT, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
  gst_object_unref (bus);
}
GST_END_TEST;

static GstEvent *
new_seek (gdouble rate, GstClockTime start, GstClockTime stop)
{
  return gst_event_new_seek (rate, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
      GST_SEEK_TYPE_SET, start,
      GST_CLOCK_TIME_IS_VALID (stop) ? GST_SEEK_TYPE_SET : GST_SEEK_TYPE_NONE,
      stop);
}

/* Before the first buffer, when no rate is known. */
GST_START_TEST (test_seek_with_stop)
{
  const struct {
    guint64 rate;
    GstClockTime start;
    GstClockTime stop;
    guint64 first;
  } cases[] = {
      {1000, 300 * GST_MSECOND, 2550 * GST_MSECOND, 300},
      {1000, 300 * GST_MSECOND, 400 * GST_MSECOND, 300},
      {1000, 301 * GST_MSECOND - 1, 301 * GST_MSECOND + 1, 300},
      {1000, 0, GST_MSECOND - 1, 0},
      /* The time of frame 1000, rounded down, leads back to it. */
      {44100, 22675736, 22675736 + GST_SECOND, 1000},
      {1712000000, GST_SECOND + 1, GST_SECOND + 5000, 1712000002},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint64 first = cases[i].first;
    guint64 end = ceil_frame (cases[i].stop, cases[i].rate);
    gchar *caps = g_strdup_printf ("audio/x-raw,rate=%d", (gint) cases[i].rate);
    GstHarness *h = new_harness ("seed=11 samplesperbuffer=100", caps);
    guint64 offset = 0;

    fail_unless (gst_element_send_event (
        h->element, new_seek (1.0, cases[i].start, cases[i].stop)));
    gst_harness_play (h);
    assert_stream (pull_stream (h, &offset), 11, first, end - first);
    fail_unless_equals_uint64 (offset, first);
    gst_harness_teardown (h);
    g_free (caps);
  }
}
GST_END_TEST;

/* From any frame on, and in front of the stop to the last whole byte. */
GST_START_TEST (test_seek_in_packed_samples)
{
  static const struct {
    guint begin;
    guint stop;
    guint end;
  } cases[] = {{301, 2551, 2549}, {300, 400, 400}, {303, 307, 307},
      {303, 306, 303}, {0, 1002, 1000}};

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstHarness *h = new_harness ("seed=9 samplesperbuffer=100",
        PACKED ",sample-bits=10,rate=1000,channels=1");
    AdcWaveConfig config = default_config (ADC_WAVE_UNIFORM, ADC_WAVE_S10);
    guint64 offset = cases[i].begin;
    GByteArray *samples;

    config.channels = 1;
    config.rate = 1000;
    fail_unless (gst_element_send_event (h->element,
        gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
            GST_SEEK_TYPE_SET, cases[i].begin * GST_MSECOND, GST_SEEK_TYPE_SET,
            cases[i].stop * GST_MSECOND)));
    gst_harness_play (h);
    samples = pull_stream (h, &offset);
    fail_unless_equals_uint64 (offset, cases[i].begin);
    assert_data (samples->data, samples->len, &config, offset,
        cases[i].end - cases[i].begin);
    g_byte_array_unref (samples);
    gst_harness_teardown (h);
  }
}
GST_END_TEST;

/* At 1.712 GHz sample 2^48 comes after 45 hours, and 2^53 after 60 days. */
GST_START_TEST (test_large_indices)
{
  for (guint bits = 40; bits <= 53; bits++) {
    const guint64 rate = 1712000000;
    GstClockTime start = floor_time ((G_GUINT64_CONSTANT (1) << bits), rate);
    GstHarness *h =
        new_harness ("seed=12 num-buffers=10 samplesperbuffer=1001", NULL);
    guint64 offset = 0;

    fail_unless (gst_element_send_event (
        h->element, new_seek (1.0, start, GST_CLOCK_TIME_NONE)));
    gst_harness_play (h);
    assert_stream (
        pull_stream (h, &offset), 12, ceil_frame (start, rate), 10010);
    fail_unless_equals_uint64 (offset, ceil_frame (start, rate));
    gst_harness_teardown (h);
  }
}
GST_END_TEST;

static void
assert_preroll (GstElement *pipeline, guint64 offset)
{
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;

  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, MESSAGE_TIMEOUT),
      GST_STATE_CHANGE_SUCCESS);
  g_object_get (sink, "last-sample", &sample, NULL);
  fail_unless_equals_uint64 (
      GST_BUFFER_OFFSET (gst_sample_get_buffer (sample)), offset);
  assert_buffer_samples (gst_sample_get_buffer (sample), 13, offset);
  gst_sample_unref (sample);
  gst_object_unref (sink);
}

GST_START_TEST (test_seek_while_running)
{
  GstElement *pipeline = gst_parse_launch (
      "adctestsrc name=src seed=13 samplesperbuffer=100 ! " RATE_1K_CAPS
      " ! fakesink name=sink",
      NULL);
  GstElement *src = gst_bin_get_by_name (GST_BIN (pipeline), "src");

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  assert_preroll (pipeline, 0);
  fail_unless (gst_element_send_event (
      pipeline, new_seek (1.0, 1234 * GST_SECOND, GST_CLOCK_TIME_NONE)));
  assert_preroll (pipeline, 1234000);
  fail_unless (gst_element_send_event (
      pipeline, new_seek (1.0, GST_SECOND, GST_CLOCK_TIME_NONE)));
  assert_preroll (pipeline, 1000);
  fail_unless (gst_element_seek (pipeline, 1.0, GST_FORMAT_DEFAULT,
      GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 777, GST_SEEK_TYPE_NONE, -1));
  assert_preroll (pipeline, 777);

  /* Backwards: refused, and nothing is flushed for it. */
  fail_if (gst_element_send_event (pipeline, new_seek (-1.0, 0, GST_SECOND)));
  assert_preroll (pipeline, 777);
  fail_if (gst_element_send_event (src, new_seek (-1.0, 0, GST_SECOND)));
  assert_preroll (pipeline, 777);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (src);
  gst_object_unref (pipeline);
}
GST_END_TEST;

/* Two segments, the second from where the first ended: no EOS between. */
GST_START_TEST (test_segment_seek)
{
  GstElement *pipeline = gst_parse_launch (
      "adctestsrc seed=13 samplesperbuffer=100 ! " RATE_1K_CAPS
      " ! appsink name=sink sync=false",
      NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstSeekFlags flush = GST_SEEK_FLAG_FLUSH;
  guint64 next = 50;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, MESSAGE_TIMEOUT),
      GST_STATE_CHANGE_SUCCESS);
  for (guint i = 0; i < 2; i++) {
    GstClockTime start = (50 + i * 500) * GST_MSECOND;
    GstMessage *message;
    gint64 position;

    fail_unless (gst_element_seek (pipeline, 1.0, GST_FORMAT_TIME,
        GST_SEEK_FLAG_SEGMENT | flush, GST_SEEK_TYPE_SET, start,
        GST_SEEK_TYPE_SET, start + 500 * GST_MSECOND));
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (bus, MESSAGE_TIMEOUT,
        GST_MESSAGE_SEGMENT_DONE | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    fail_unless (message != NULL &&
            GST_MESSAGE_TYPE (message) == GST_MESSAGE_SEGMENT_DONE,
        "no segment-done but %" GST_PTR_FORMAT, message);
    gst_message_parse_segment_done (message, NULL, &position);
    fail_unless_equals_int64 (position, start + 500 * GST_MSECOND);
    gst_message_unref (message);
    for (guint n = 0; n < 5; n++, next += 100) {
      GstSample *sample = NULL;
      GstBuffer *buffer;

      g_signal_emit_by_name (sink, "try-pull-sample", MESSAGE_TIMEOUT, &sample);
      fail_unless (sample != NULL);
      buffer = gst_sample_get_buffer (sample);
      fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), next);
      fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), next + 100);
      assert_buffer_samples (buffer, 13, next);
      gst_sample_unref (sample);
    }
    flush = GST_SEEK_FLAG_NONE;
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_state_cycles)
{
  GstHarness *h =
      new_harness ("seed=14 num-buffers=5 samplesperbuffer=1000", NULL);
  const GstState rest[] = {GST_STATE_READY, GST_STATE_NULL};

  gst_harness_play (h);
  for (guint i = 0; i < 20; i++) {
    /* All of them, or some. */
    for (guint n = 0; n < 5 - i % 3; n++) {
      GstBuffer *buffer = gst_harness_pull (h);

      fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), n * 1000);
      fail_unless_equals_clocktime (
          GST_BUFFER_PTS (buffer), floor_time (n * 1000, 1712000000));
      assert_buffer_samples (buffer, 14, n * 1000);
      gst_buffer_unref (buffer);
    }
    gst_element_set_state (h->element, rest[i % 2]);
    while (gst_harness_buffers_in_queue (h) > 0)
      gst_buffer_unref (gst_harness_pull (h));
    if (i % 4 == 3)
      gst_element_set_state (h->element, GST_STATE_PAUSED);
    gst_element_set_state (h->element, GST_STATE_PLAYING);
  }
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_stop_before_the_end)
{
  for (guint i = 0; i < 20; i++) {
    GstElement *pipeline =
        gst_parse_launch ("adctestsrc ! queue ! fakesink", NULL);

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    pass_time (i * 500);
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
    gst_object_unref (pipeline);
  }
}
GST_END_TEST;

/* ---- the pool ---- */

static void
collect_address (
    GstElement *sink, GstBuffer *buffer, GstPad *pad, GHashTable *addresses)
{
  GstMapInfo map;

  fail_unless_equals_int (gst_buffer_n_memory (buffer), 1);
  fail_unless (buffer->pool != NULL);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_int (GPOINTER_TO_SIZE (map.data) % 64, 0);
  fail_unless_equals_uint64 (map.size, 4096);
  g_hash_table_add (addresses, map.data);
  gst_buffer_unmap (buffer, &map);
}

GST_START_TEST (test_buffers_are_reused)
{
  GstElement *pipeline =
      gst_parse_launch ("adctestsrc num-buffers=1000 samplesperbuffer=4096 ! "
                        "fakesink name=sink signal-handoffs=true",
          NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GHashTable *addresses = g_hash_table_new (NULL, NULL);

  g_signal_connect (sink, "handoff", G_CALLBACK (collect_address), addresses);
  gst_message_unref (run_until (pipeline, GST_MESSAGE_EOS));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (g_hash_table_size (addresses) <= 6, "%u addresses",
      g_hash_table_size (addresses));
  g_hash_table_unref (addresses);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_collecting_sink_does_not_deadlock)
{
  GstElement *pipeline = gst_parse_launch (
      "adctestsrc num-buffers=100 samplesperbuffer=1024 ! "
      "queue min-threshold-buffers=50 max-size-buffers=0 max-size-bytes=0 "
      "max-size-time=0 ! fakesink",
      NULL);

  gst_message_unref (run_until (pipeline, GST_MESSAGE_EOS));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}
GST_END_TEST;

/* The clipped buffer goes back to the pool and comes out whole. */
GST_START_TEST (test_clipped_buffer_is_whole_again)
{
  GstHarness *h = new_live_harness ();
  GstBuffer *buffer;

  for (guint i = 0; i < 10; i++) {
    fail_unless (gst_harness_wait_for_clock_id_waits (h, 1, 20));
    fail_unless (gst_harness_push_upstream_event (
        h, new_seek (1.0, i * GST_SECOND, i * GST_SECOND + 130 * GST_MSECOND)));
    buffer = pull_live (h, i * GST_SECOND);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 100);
    gst_buffer_unref (buffer);
    buffer = pull_live (h, i * GST_SECOND + 100 * GST_MSECOND);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 30);
    fail_unless_equals_clocktime (
        GST_BUFFER_DURATION (buffer), 30 * GST_MSECOND);
    gst_buffer_unref (buffer);
    fail_unless (gst_harness_push_upstream_event (
        h, new_seek (1.0, i * GST_SECOND, GST_CLOCK_TIME_NONE)));
  }
  gst_harness_teardown (h);
}
GST_END_TEST;

static GType
outstanding_api (void)
{
  /* Registered by the plugin, which the source has loaded. */
  GType type = g_type_from_name ("GstSpead2OutstandingAPI");

  fail_unless (type != 0);
  return type;
}

/* The pool that a stream of buffers of size bytes uses when downstream answers
 * with params in its allocation meta, and 4 KiB alignment. */
static void
assert_pool (guint size, GstStructure *params, guint expected)
{
  gchar *properties =
      g_strdup_printf ("num-buffers=1 samplesperbuffer=%u", size);
  GstHarness *h = new_harness (properties, NULL);
  GstAllocationParams allocation;
  guint pool_size, minimum, maximum;
  GstStructure *config;
  GstBuffer *buffer;
  GstMapInfo map;

  gst_allocation_params_init (&allocation);
  allocation.align = 4095;
  gst_harness_set_propose_allocator (h, NULL, &allocation);
  if (params != NULL)
    gst_harness_add_propose_allocation_meta (h, outstanding_api (), params);
  gst_harness_play (h);
  buffer = gst_harness_pull (h);
  config = gst_buffer_pool_get_config (buffer->pool);
  fail_unless (gst_buffer_pool_config_get_params (
      config, NULL, &pool_size, &minimum, &maximum));
  fail_unless_equals_int (pool_size, size);
  fail_unless_equals_int (minimum, expected);
  fail_unless_equals_int (maximum, 0);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_int (GPOINTER_TO_SIZE (map.data) % 4096, 0);
  gst_buffer_unmap (buffer, &map);
  gst_structure_free (config);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
  g_clear_pointer (&params, gst_structure_free);
  g_free (properties);
}

static GstStructure *
outstanding (guint max_heaps, guint64 max_bytes)
{
  return gst_structure_new ("outstanding", "max-heaps", G_TYPE_UINT, max_heaps,
      "max-bytes", G_TYPE_UINT64, max_bytes, NULL);
}

GST_START_TEST (test_pool_follows_what_is_outstanding)
{
  const guint64 mib = 1 << 20;

  /* Nobody has registered the meta, then nobody answers with it. */
  assert_pool (1000, NULL, 6);
  outstanding_api ();
  assert_pool (1000, NULL, 6);
  assert_pool (1000, outstanding (10, 4 * mib), 12);
  assert_pool (1 << 20, outstanding (0, 4 * mib), 6);
  assert_pool (1 << 18, outstanding (0, 4 * mib), 18);
  assert_pool (1 << 21, outstanding (0, 4 * mib), 6);
  assert_pool (64, outstanding (0, 4 * mib), 4097);
  assert_pool (1000, gst_structure_new_empty ("outstanding"), 6);
  /* No more than 1 GiB before it is needed. */
  assert_pool (1 << 20, outstanding (G_MAXUINT, 0), 1024);
}
GST_END_TEST;

/* A few buffers stay in the cache, where all of them would not. */
GST_START_TEST (test_pool_gives_out_what_came_back_last)
{
  GstBuffer *buffers[4], *foreign;
  GstBufferPool *pool;
  GstStructure *config;
  guint i;

  /* Registers the type. */
  assert_pool (1000, NULL, 6);
  pool = g_object_ref_sink (
      g_object_new (g_type_from_name ("GstAdcTestSrcPool"), NULL));
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, NULL, 100, 2, 0);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffers[0], NULL),
      GST_FLOW_FLUSHING);

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  for (i = 0; i < 4; i++)
    fail_unless_equals_int (
        gst_buffer_pool_acquire_buffer (pool, &buffers[i], NULL), GST_FLOW_OK);
  gst_buffer_set_size (buffers[2], 10);
  for (i = 0; i < 4; i++)
    gst_buffer_unref (buffers[i]);
  for (i = 0; i < 4; i++) {
    GstBuffer *buffer;

    fail_unless_equals_int (
        gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
    fail_unless (buffer == buffers[3 - i]);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 100);
  }

  /* One with another's memory does not come back. */
  gst_buffer_replace_all_memory (
      buffers[0], gst_allocator_alloc (NULL, 100, NULL));
  foreign = buffers[0];
  gst_buffer_unref (buffers[1]);
  gst_buffer_unref (foreign);
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffers[0], NULL), GST_FLOW_OK);
  fail_unless (buffers[0] == buffers[1]);

  gst_buffer_unref (buffers[2]);
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffers[2], NULL),
      GST_FLOW_FLUSHING);
  gst_buffer_unref (buffers[0]);
  gst_buffer_unref (buffers[3]);
  ASSERT_OBJECT_REFCOUNT (pool, "pool", 1);
  gst_object_unref (pool);
}
GST_END_TEST;

/* All samples of ten buffers, in a memory of this type. */
static GBytes *
pull_all (const gchar *settings, const gchar *caps, GstStructure *params,
    const gchar *memory_type)
{
  GByteArray *all = g_byte_array_new ();
  GstHarness *h = new_harness (settings, caps);
  guint i;

  if (params)
    gst_harness_add_propose_allocation_meta (h, outstanding_api (), params);
  gst_harness_play (h);
  for (i = 0; i < 10; i++) {
    GstBuffer *buffer = gst_harness_pull (h);
    GstMapInfo map;

    fail_unless (
        gst_memory_is_type (gst_buffer_peek_memory (buffer, 0), memory_type));
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
    g_byte_array_append (all, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
  return g_byte_array_free_to_bytes (all);
}

static const struct {
  const gchar *settings, *caps;
} packets[] = {
    {"wave=uniform", "audio/x-raw,format=S8,channels=1"},
    {"wave=uniform", "audio/x-raw,format=S8,channels=7"},
    {"wave=gaussian", "audio/x-raw,format=S8,channels=1"},
    {"wave=sine freq=1e6", "audio/x-raw,format=S24LE,channels=5"},
    {"wave=ramp", "audio/x-raw,format=S16BE,channels=3"},
    {"wave=gaussian", "audio/x-raw,format=F64LE,channels=64"},
    {"wave=pulses", "audio/x-raw,format=F32LE,channels=1"},
    {"wave=uniform", "application/octet-stream,sample-bits=10,channels=3"},
    {"wave=silence", "application/octet-stream,sample-bits=12,channels=1"},
};

static GstStructure *
shape (guint first_piece, guint piece, guint64 heap_size)
{
  GstStructure *params = outstanding (4, 0);

  gst_structure_set (params, "first-header", G_TYPE_UINT, 56, "first-piece",
      G_TYPE_UINT, first_piece, "header", G_TYPE_UINT, 40, "piece", G_TYPE_UINT,
      piece, "heap-size", G_TYPE_UINT64, heap_size, NULL);
  return params;
}

static const struct {
  guint first_piece, piece;
  guint64 heap_size;
} shapes[] = {
    {1416, 1432, 0},
    {8, 16, 0},
    {400, 416, 1250},
    {1250, 1432, 1250},
    {8, 16, 5},
};

/* The samples are the same, wherever they lie. */
GST_START_TEST (test_buffers_have_headroom_when_that_is_asked_for)
{
  gchar *settings =
      g_strdup_printf ("%s seed=3 num-buffers=10 samplesperbuffer=5000",
          packets[__i__].settings);
  const gchar *caps = packets[__i__].caps;
  GBytes *plain;
  guint i;

  /* Registers the meta. */
  assert_pool (1000, NULL, 6);
  plain = pull_all (settings, caps, NULL, GST_ALLOCATOR_SYSMEM);
  for (i = 0; i < G_N_ELEMENTS (shapes); i++) {
    GstStructure *params =
        shape (shapes[i].first_piece, shapes[i].piece, shapes[i].heap_size);
    GBytes *packets = pull_all (settings, caps, params, "Spead2Headroom");

    fail_unless (g_bytes_equal (plain, packets), "shape %u", i);
    g_bytes_unref (packets);
    gst_structure_free (params);
  }
  g_bytes_unref (plain);
  g_free (settings);
}
GST_END_TEST;

/* The last: heaps do not begin where buffers do. */
GST_START_TEST (test_impossible_headroom_is_ignored)
{
  static const guint pieces[][3] = {
      {0, 1432, 0}, {1416, 0, 0}, {65536, 1432, 0}, {1416, 1432, 3000}};
  GstStructure *params =
      shape (pieces[__i__][0], pieces[__i__][1], pieces[__i__][2]);

  assert_pool (1000, NULL, 6);
  g_bytes_unref (pull_all ("num-buffers=10 samplesperbuffer=5000", NULL, params,
      GST_ALLOCATOR_SYSMEM));
  gst_structure_free (params);
}
GST_END_TEST;

/* Of an element in between, which has put its own in the place of the sink's: its
 * memory has no headroom, whatever the sink's packets are. */
GST_START_TEST (test_allocator_from_downstream_is_taken)
{
  GstStructure *params = shape (1416, 1432, 0);
  GstAllocator *allocator = gst_allocator_find (GST_ALLOCATOR_SYSMEM);
  GstBuffer *buffers[12];
  GstHarness *h;
  guint i;

  /* Registers the meta. */
  assert_pool (1000, NULL, 6);
  h = new_harness ("samplesperbuffer=100000 num-buffers=12", NULL);
  gst_harness_set_propose_allocator (h, allocator, NULL);
  gst_harness_add_propose_allocation_meta (h, outstanding_api (), params);
  gst_harness_play (h);
  /* More than the pool has at first: it must not run dry. */
  for (i = 0; i < 12; i++) {
    buffers[i] = gst_harness_pull (h);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffers[i]), 100000);
    fail_unless (gst_memory_is_type (
        gst_buffer_peek_memory (buffers[i], 0), GST_ALLOCATOR_SYSMEM));
  }
  for (i = 0; i < 12; i++)
    gst_buffer_unref (buffers[i]);
  gst_harness_teardown (h);
  gst_structure_free (params);
}
GST_END_TEST;

static GstPadProbeReturn
offer_pool (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  gst_query_add_allocation_pool (query, user_data, 77, 1, 2);

  return GST_PAD_PROBE_HANDLED;
}

GST_START_TEST (test_pool_from_downstream_is_not_taken)
{
  GstHarness *h = new_harness ("num-buffers=5 samplesperbuffer=1000", NULL);
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstPad *srcpad = gst_element_get_static_pad (h->element, "src");
  GstBuffer *buffers[5];

  gst_pad_add_probe (srcpad,
      GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PUSH, offer_pool,
      pool, NULL);
  gst_harness_play (h);
  for (guint i = 0; i < 5; i++) {
    buffers[i] = gst_harness_pull (h);
    fail_unless (buffers[i]->pool != pool);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffers[i]), 1000);
  }
  for (guint i = 0; i < 5; i++)
    gst_buffer_unref (buffers[i]);
  gst_harness_teardown (h);
  gst_object_unref (srcpad);
  gst_object_unref (pool);
}
GST_END_TEST;

static Suite *
adctestsrc_suite (void)
{
  Suite *s = suite_create ("adctestsrc");
  TCase *tc = tcase_create ("general");
  TCase *heavy = tcase_create ("heavy");

  suite_add_tcase (s, tc);
  suite_add_tcase (s, heavy);
  tcase_set_tags (heavy, "heavy");
  tcase_set_timeout (tc, 60);
  tcase_set_timeout (heavy, 60);
  tcase_add_test (tc, test_caps_are_fixated);
  tcase_add_test (tc, test_default_buffer_is_one_mebibyte);
  tcase_add_test (tc, test_times_do_not_drift);
  tcase_add_test (tc, test_samples_do_not_depend_on_the_buffer_size);
  tcase_add_test (tc, test_channels_interleave_the_same_samples);
  tcase_add_test (tc, test_seeds_differ);
  tcase_add_test (tc, test_seed_0_differs_each_time);
  tcase_add_test (tc, test_seed_0_differs_after_a_restart);
  tcase_add_test (tc, test_noise_is_uniform);
  tcase_add_test (tc, test_both_ends_of_the_range_are_reached);
  tcase_add_test (tc, test_minimum_above_maximum_is_an_error);
  tcase_add_test (tc, test_too_large_buffer_is_an_error);
  tcase_add_test (tc, test_buffer_of_parts_of_bytes_is_an_error);
  tcase_add_test (tc, test_samples_beyond_the_format_are_an_error);
  tcase_add_test (tc, test_other_waves_have_no_range);
  tcase_add_test (tc, test_rate_that_became_negative_is_an_error);
  tcase_add_test (tc, test_mask_of_other_channels_is_an_error);
  tcase_add_loop_test (
      tc, test_every_wave_in_every_format, 0, G_N_ELEMENTS (waves));
  tcase_add_test (tc, test_every_property_of_a_wave);
  tcase_add_test (tc, test_properties_are_read_back);
  tcase_add_test (tc, test_sample_offset);
  tcase_add_test (tc, test_num_buffers);
  tcase_add_test (tc, test_timestamp_offset);
  tcase_add_test (tc, test_queries);
  tcase_add_test (tc, test_queries_of_packed_samples);
  tcase_add_test (tc, test_live_is_paced);
  tcase_add_test (tc, test_live_pause_is_a_discontinuity);
  tcase_add_test (tc, test_live_wait_is_interrupted);
  tcase_add_test (tc, test_new_rate_goes_on_at_the_same_time);
  tcase_add_test (tc, test_wave_changes_with_the_next_buffer);
  tcase_add_test (tc, test_properties_are_controlled);
  tcase_add_test (tc, test_wave_that_does_not_fit_is_an_error_while_running);
  tcase_add_test (tc, test_seek_with_stop);
  tcase_add_test (tc, test_seek_in_packed_samples);
  tcase_add_test (tc, test_large_indices);
  tcase_add_test (tc, test_seek_while_running);
  tcase_add_test (tc, test_segment_seek);
  tcase_add_test (tc, test_state_cycles);
  tcase_add_test (tc, test_stop_before_the_end);
  tcase_add_test (tc, test_buffers_are_reused);
  tcase_add_test (tc, test_collecting_sink_does_not_deadlock);
  tcase_add_test (tc, test_clipped_buffer_is_whole_again);
  tcase_add_test (tc, test_pool_follows_what_is_outstanding);
  tcase_add_loop_test (heavy, test_buffers_have_headroom_when_that_is_asked_for,
      0, G_N_ELEMENTS (packets));
  tcase_add_loop_test (tc, test_impossible_headroom_is_ignored, 0, 4);
  tcase_add_test (tc, test_pool_gives_out_what_came_back_last);
  tcase_add_test (tc, test_allocator_from_downstream_is_taken);
  tcase_add_test (tc, test_pool_from_downstream_is_not_taken);

  return s;
}

GST_CHECK_MAIN (adctestsrc);
