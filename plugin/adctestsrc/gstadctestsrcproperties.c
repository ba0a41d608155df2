/* The properties of adctestsrc: see gstadctestsrcproperties.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstadctestsrcproperties.h"

#include <gst/gst.h>

#define DEFAULT_IS_LIVE FALSE
#define DEFAULT_SAMPLES_PER_BUFFER 1048576
#define DEFAULT_SAMPLE_OFFSET 0
#define DEFAULT_SYNC_EPOCH -1
#define DEFAULT_WAVE ADC_WAVE_UNIFORM
#define DEFAULT_MINIMUM -100
#define DEFAULT_MAXIMUM 100
/* An 8-bit ADC clips one sample in six thousand million. */
#define DEFAULT_STANDARD_DEVIATION 20.0
#define DEFAULT_FREQ 0.0
#define DEFAULT_SNR 20.0
#define DEFAULT_NUM_TONES 8
#define DEFAULT_SEED 0
#define DEFAULT_CORRELATION 0.0
#define DEFAULT_SKY_SEED 0
#define DEFAULT_DELAY 0
#define DEFAULT_TIMESTAMP_OFFSET 0

static const gsize field_offsets[GST_ADC_TEST_SRC_N_SETTINGS] = {
#define FIELD(id, field)                                                       \
  [GST_ADC_TEST_SRC_PROP_##id] = G_STRUCT_OFFSET (GstAdcTestSrcSettings, field)
    FIELD (SAMPLES_PER_BUFFER, samples_per_buffer),
    FIELD (SAMPLE_OFFSET, sample_offset),
    FIELD (SYNC_EPOCH, sync_epoch),
    FIELD (TIMESTAMP_OFFSET, timestamp_offset),
    FIELD (WAVE, shape),
    FIELD (MINIMUM, minimum),
    FIELD (MAXIMUM, maximum),
    FIELD (STANDARD_DEVIATION, standard_deviation),
    FIELD (FREQ, freq),
    FIELD (SNR, snr),
    FIELD (NUM_TONES, num_tones),
    FIELD (SEED, seed),
    FIELD (CORRELATION, correlation),
    FIELD (SKY_SEED, sky_seed),
    FIELD (DELAY, delay),
#undef FIELD
};

const GstSpead2SettingsTable gst_adc_test_src_settings_table = {
    .size = sizeof (GstAdcTestSrcSettings),
    .offsets = field_offsets,
    .n = G_N_ELEMENTS (field_offsets),
};

/* -- installing ---------------------------------------------------------------- */

#define GST_TYPE_ADC_TEST_SRC_WAVE (gst_adc_test_src_wave_get_type ())
static GType
gst_adc_test_src_wave_get_type (void)
{
  static const GEnumValue waves[] = {
      {ADC_WAVE_UNIFORM, "Uniform noise; minimum, maximum", "uniform"},
      {ADC_WAVE_GAUSSIAN,
          "Gaussian noise; standard-deviation, correlation, sky-seed, delay",
          "gaussian"},
      {ADC_WAVE_SINE, "A tone in gaussian noise; freq, snr, standard-deviation",
          "sine"},
      {ADC_WAVE_TONES,
          "Tones at freq, 2 freq ... in noise; num-tones, and as sine",
          "tones"},
      {ADC_WAVE_RAMP, "A counter: the index of the sample", "ramp"},
      {ADC_WAVE_SILENCE, "Zeros", "silence"},
      {ADC_WAVE_PULSES, "Pulses in gaussian noise, freq a second; as sine",
          "pulses"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstAdcTestSrcWave", waves));

  return type;
}

#define WHEN_STOPPED                                                           \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define ALWAYS                                                                 \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)
#define CONTROLLED (ALWAYS | GST_PARAM_CONTROLLABLE)

static void
install_stream_properties (GObjectClass *gobject_class)
{
  /**
   * GstAdcTestSrc:is-live:
   *
   * Whether buffers are produced at the sample rate, by the pipeline's clock,
   * instead of as fast as downstream takes them. The rate is 1712 MHz if caps
   * downstream contain none. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is Live",
          "Whether to produce samples in real time, at the sample rate",
          DEFAULT_IS_LIVE, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:samplesperbuffer:
   *
   * Frames in each buffer, a frame being one sample of every channel: with one
   * channel of S8, also its size in bytes. More than 2147483647 bytes, or a part
   * of a byte with packed samples, is an error when the stream starts. Sets #GstBaseSrc:blocksize. Takes effect on
   * the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_SAMPLES_PER_BUFFER,
      g_param_spec_int ("samplesperbuffer", "Samples per buffer",
          "Number of samples of each channel in each outgoing buffer", 1,
          G_MAXINT, DEFAULT_SAMPLES_PER_BUFFER, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:sample-offset:
   *
   * The frame that the stream begins with, and thus the offset of the first
   * buffer: the stream is that of sample-offset 0 from this frame on. Times
   * begin with 0 in any case. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_SAMPLE_OFFSET,
      g_param_spec_uint64 ("sample-offset", "Sample offset",
          "First frame, and the offset of the first buffer", 0, G_MAXINT64,
          DEFAULT_SAMPLE_OFFSET, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:sync-epoch:
   *
   * The time of frame 0, in ns since 1970, for #GstAdcTestSrc:is-live, without
   * which it is an error: the offset of a frame is then what the clock makes it, so
   * that all sources with one clock, epoch and rate make the same frame at the same
   * time, whenever they were started. #GstAdcTestSrc:sample-offset is added to
   * offsets. -1: the stream begins with sample-offset. Seeks are refused.
   *
   * Buffers begin with multiples of #GstAdcTestSrc:samplesperbuffer. The first is
   * the one in progress, or, where that began before running time 0, the next. That
   * comes at once, less than a buffer before its time, which its timestamp has:
   * #GstBaseSink:sync of the sink keeps it until then. A pause leaves out the frames of
   * its time.
   *
   * The pipeline's clock must count the time since 1970, or PLAYING is an error; see
   * #GstSpead2Sink:start-time for which clocks do. Takes effect on the way from READY
   * to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_SYNC_EPOCH,
      g_param_spec_int64 ("sync-epoch", "Sync epoch",
          "Time of frame 0 by the clock (in ns since 1970, -1 = unset)", -1,
          G_MAXINT64, DEFAULT_SYNC_EPOCH, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:timestamp-offset:
   *
   * Added to the timestamps of buffers, in nanoseconds, from the next buffer
   * on. Offsets of buffers, seeks and samples are not affected. A timestamp
   * that would be negative is 0.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_TIMESTAMP_OFFSET,
      g_param_spec_int64 ("timestamp-offset", "Timestamp offset",
          "An offset added to timestamps set on buffers (in ns)", G_MININT64,
          G_MAXINT64, DEFAULT_TIMESTAMP_OFFSET, ALWAYS));
}

static void
install_noise_properties (GObjectClass *gobject_class)
{
  /**
   * GstAdcTestSrc:minimum:
   *
   * The lowest count of wave=uniform, included. A value above
   * #GstAdcTestSrc:maximum, or below the range of the format, is an error
   * when the stream starts. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_MINIMUM,
      g_param_spec_int ("minimum", "Minimum",
          "Lowest sample value of wave=uniform (included), in counts: 1 is the "
          "least significant bit, or 1/128 in floats",
          G_MININT, G_MAXINT, DEFAULT_MINIMUM, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:maximum:
   *
   * The highest count of wave=uniform, included. A value below
   * #GstAdcTestSrc:minimum, or above the range of the format, is an error
   * when the stream starts. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_MAXIMUM,
      g_param_spec_int ("maximum", "Maximum",
          "Highest sample value of wave=uniform (included), in counts: 1 is "
          "the "
          "least significant bit, or 1/128 in floats",
          G_MININT, G_MAXINT, DEFAULT_MAXIMUM, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:standard-deviation:
   *
   * The root mean square of all waves but `uniform`, `ramp` and `silence`, in
   * counts: of noise and signal together. With the default an 8-bit ADC clips
   * about one sample in six thousand million. Takes effect at the next buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_STANDARD_DEVIATION,
      g_param_spec_double ("standard-deviation", "Standard deviation",
          "Root mean square of noise and signal together, in counts: 1 is the "
          "least significant bit, or 1/128 in floats (not for wave=uniform)",
          0.0, G_MAXINT, DEFAULT_STANDARD_DEVIATION, CONTROLLED));

  /**
   * GstAdcTestSrc:seed:
   *
   * Seed of the random samples: the same seed and properties give the same
   * samples in every run. 0 selects a random seed at each start, which is in the
   * debug log at level INFO. Takes effect on the way from READY to
   * PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_SEED,
      g_param_spec_uint64 ("seed", "Seed",
          "Seed of the random samples (0 = a different one at each start)", 0,
          G_MAXUINT64, DEFAULT_SEED, WHEN_STOPPED));
}

static void
install_sky_properties (GObjectClass *gobject_class)
{
  /**
   * GstAdcTestSrc:correlation:
   *
   * The part of the power of wave=gaussian, from 0 to 1, that is the noise of a
   * sky, which sources with the same #GstAdcTestSrc:sky-seed share. Two of them
   * with correlations c1 and c2 have the correlation coefficient √(c1·c2) where
   * their delays cancel, times what the rounding to counts leaves (for each of
   * the two a factor of 1 / √(1 + 1 / (12 d²)), with d the standard deviation in counts;
   * floats are not rounded), and none elsewhere. The sources need different
   * values of #GstAdcTestSrc:seed. Takes effect at the next buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_CORRELATION,
      g_param_spec_double ("correlation", "Correlation",
          "Part of the power of wave=gaussian that is the sky's, the same for "
          "all sources with the same sky-seed",
          0.0, 1.0, DEFAULT_CORRELATION, CONTROLLED));

  /**
   * GstAdcTestSrc:sky-seed:
   *
   * Seed of the sky, for wave=gaussian with a #GstAdcTestSrc:correlation above 0.
   * Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_SKY_SEED,
      g_param_spec_uint64 ("sky-seed", "Sky seed",
          "Seed of the noise that sources share by their correlation", 0,
          G_MAXUINT64, DEFAULT_SKY_SEED, WHEN_STOPPED));

  /**
   * GstAdcTestSrc:delay:
   *
   * How many frames later than a source without delay this one sees the sky, for
   * wave=gaussian with a #GstAdcTestSrc:correlation above 0. Frame n has frame n -
   * delay of the sky, which exists before frame 0, too; negative values are
   * earlier. Takes effect at the next buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_DELAY,
      g_param_spec_int64 ("delay", "Delay",
          "Delay of the sky in frames: frame n has frame n - delay of it",
          G_MININT64, G_MAXINT64, DEFAULT_DELAY, CONTROLLED));
}

static void
install_signal_properties (GObjectClass *gobject_class)
{
  /**
   * GstAdcTestSrc:wave:
   *
   * Kind of samples; the description of the element defines each, and which
   * properties apply to it. Takes effect at the next buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_WAVE,
      g_param_spec_enum ("wave", "Waveform",
          "Kind of samples, and the properties that apply to it",
          GST_TYPE_ADC_TEST_SRC_WAVE, DEFAULT_WAVE, CONTROLLED));

  /**
   * GstAdcTestSrc:freq:
   *
   * The frequency of wave=sine, the lowest one of wave=tones, and the number of
   * pulses per second of wave=pulses; in Hz. 0 is a 256th of the sample rate. Takes
   * effect at the next buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_FREQ,
      g_param_spec_double ("freq", "Frequency",
          "Frequency of wave=sine, tones and pulses, in Hz (0 = sample rate / "
          "256)",
          0.0, G_MAXINT, DEFAULT_FREQ, CONTROLLED));

  /**
   * GstAdcTestSrc:snr:
   *
   * The ratio of the power of the signal, all tones together, to that of the
   * noise, in decibels, for wave=sine, tones and pulses; for pulses it is that
   * within a pulse. Takes effect at the next buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, GST_ADC_TEST_SRC_PROP_SNR,
      g_param_spec_double ("snr", "Signal to noise ratio",
          "Power of the signal above that of the noise, in dB, for wave=sine, "
          "tones and pulses",
          -100.0, 100.0, DEFAULT_SNR, CONTROLLED));

  /**
   * GstAdcTestSrc:num-tones:
   *
   * Number of tones of wave=tones, at #GstAdcTestSrc:freq and its multiples.
   * Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class,
      GST_ADC_TEST_SRC_PROP_NUM_TONES,
      g_param_spec_uint ("num-tones", "Number of tones",
          "Number of tones of wave=tones, at freq, 2 freq, 3 freq ...", 1,
          ADC_WAVE_TONES_MAX, DEFAULT_NUM_TONES, WHEN_STOPPED));
}

void
gst_adc_test_src_install_properties (GObjectClass *klass)
{
  install_signal_properties (klass);
  install_noise_properties (klass);
  install_sky_properties (klass);
  install_stream_properties (klass);
  gst_type_mark_as_plugin_api (GST_TYPE_ADC_TEST_SRC_WAVE, 0);
}
