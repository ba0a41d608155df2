/* adctestsrc: test signals, as the digitiser of a telescope might give them.
 *
 * A source in the manner of audiotestsrc, for sinks that send gigabytes per
 * second: the samples come from adcwave, into buffers of a pool that is just
 * large enough to keep a sink busy.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-adctestsrc
 * @title: adctestsrc
 * @see_also: audiotestsrc, spead2sink
 *
 * adctestsrc makes samples as the analogue-to-digital converter (ADC) of a radio
 * telescope might deliver them: noise, tones, pulses or a counter, in 8 to 32
 * bits, packed 10 or 12 bits, or in floats. It makes them as fast as downstream takes them or, with
 * #GstAdcTestSrc:is-live, at the sample rate. Uniform and gaussian noise of 8
 * bits come at gigabytes per second from one core of a current computer; other
 * waves with noise at tens of millions of samples per second or more.
 *
 * ## Levels
 *
 * Levels are in counts: 1 is the least significant bit of an integer format.
 * Floats hold counts / 128, so that -1.0 to 1.0 is what an 8-bit ADC spans.
 * Integers saturate at the ends of their format, as an ADC does; floats are
 * neither limited nor rounded to whole counts (except where `uniform` has whole
 * counts anyway).
 *
 * ## Waves
 *
 * * `uniform`: every integer from #GstAdcTestSrc:minimum to
 *   #GstAdcTestSrc:maximum, both included, is equally likely.
 * * `gaussian`: noise of #GstAdcTestSrc:standard-deviation, of which
 *   #GstAdcTestSrc:correlation says what part several sources share.
 * * `sine`: a tone of #GstAdcTestSrc:freq in gaussian noise, with
 *   #GstAdcTestSrc:snr decibels between their powers. The two together have
 *   #GstAdcTestSrc:standard-deviation, so that the level does not depend on snr.
 * * `tones`: #GstAdcTestSrc:num-tones tones of equal power at freq, 2 freq, 3
 *   freq and so on, in noise; snr and standard-deviation as for `sine`.
 * * `ramp`: the index of the sample (see below), modulo the range of the format
 *   and from its middle on: 0, 1, 2 ... 127, -128 ... for S8. In floats, a
 *   sawtooth from -1.0 to 1.0 with 24 bits (F32) or 53 bits (F64). For finding
 *   out whether and where samples were lost.
 * * `silence`: 0.
 * * `pulses`: noise on which a positive pulse stands during the first 64th of
 *   each period of freq, one frame at least. The power of the pulse is snr
 *   decibels over that of the noise, and their sum that of standard-deviation.
 *
 * A tone above half the sample rate aliases, as in an ADC without a filter.
 *
 * ## One sky
 *
 * Several sources with the same #GstAdcTestSrc:sky-seed, as the polarisations
 * and antennas of a telescope, share a part of their gaussian noise: sample n is
 * √c·sky(n - delay) + √(1 - c)·own(n), c being #GstAdcTestSrc:correlation, before
 * it is rounded to counts. So a correlator finds √(c1·c2) at the lag of their
 * delays, in whichever process, machine or format each of them is made. All
 * channels of a source have the sky in common, and noise of their own.
 *
 * ## Reproducibility
 *
 * With a #GstAdcTestSrc:seed the stream is reproducible: a frame of an offset is
 * the same in every run, on every machine, however the stream is cut into
 * buffers and wherever a seek began. A frame holds one sample of each channel,
 * and frame f of C channels holds samples f·C to f·C + C - 1. Noise differs
 * between channels; tones and pulses are the same in all. The files adcnoise.h,
 * adcsky.h and adcwave.h in plugin/adctestsrc of the source code define every
 * sample, so that a receiver can check what it got.
 *
 * #GstAdcTestSrc:wave, #GstAdcTestSrc:freq, #GstAdcTestSrc:snr,
 * #GstAdcTestSrc:standard-deviation, #GstAdcTestSrc:correlation and
 * #GstAdcTestSrc:delay may change while the stream runs, also by a
 * controller. A change begins with a buffer, at whose timestamp controllers are
 * read; then samples depend on where buffers begin. The phase of a tone is its
 * frequency times the frame's offset, always, and jumps where freq changes.
 *
 * ## One clock
 *
 * With #GstAdcTestSrc:is-live and #GstAdcTestSrc:sync-epoch the clock says which
 * frame is made. Sources on one clock, as of a GstNetTimeProvider, have the same
 * frame at the same time, which #GstSpead2Sink:start-time begins to send.
 *
 * ## Offsets and times
 *
 * The offset of a buffer is the index of its first frame, and its offset-end
 * that of the frame after its last; the first is #GstAdcTestSrc:sample-offset.
 * Timestamps are computed from that index, less sample-offset, and rounded down
 * to the nanosecond; they do not drift. Where a frame is shorter than a
 * nanosecond, only the offset is exact.
 *
 * A seek to a time begins with the frame that the time is within, as that of
 * audiotestsrc; where frames are shorter than a nanosecond, with the first one of
 * that timestamp. A stop time ends the stream in front of the first frame whose
 * timestamp is not before it. Seeks in samples (`GST_FORMAT_DEFAULT`) and bytes,
 * and the position in them, are exact at every rate; they count from the first
 * frame of the stream, without sample-offset and #GstAdcTestSrc:timestamp-offset,
 * and bytes are rounded down to a frame. Reverse playback is refused. With
 * num-buffers the duration is known, and without it not.
 *
 * ## Caps
 *
 * Without a preference downstream the format is S8, the rate 1712000000 Hz, as
 * of MeerKAT's L band, and there is one channel. Caps hold a rate as a signed
 * integer of 32 bits: a faster ADC can be had as several channels at a part of
 * its rate.
 *
 * `application/octet-stream` with the field `sample-bits`, 10 or 12, is samples
 * as many digitisers send them, packed without padding: two's complement, the
 * most significant bit first, the first sample in the high bits of the first
 * byte. They come only where caps ask for them. Buffers are whole bytes:
 * #GstAdcTestSrc:samplesperbuffer times the number of channels is a multiple of 4
 * for 10 bits, and of 2 for 12. Where a stop time is within a byte, the stream
 * ends up to three frames before it.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 adctestsrc num-buffers=100 ! spead2sink
 * ]| Send 100 heaps of 1 MiB.
 * |[
 * gst-launch-1.0 adctestsrc wave=gaussian seed=7 num-buffers=3 ! filesink location=noise.s8
 * ]| Write the same 3 MiB at every run.
 * |[
 * gst-launch-1.0 adctestsrc wave=gaussian seed=1 correlation=0.5 num-buffers=3 ! filesink location=x.s8 \
 *     adctestsrc wave=gaussian seed=2 correlation=0.5 delay=-100 num-buffers=3 ! filesink location=y.s8
 * ]| Two antennas, the second of which sees the sky 100 samples earlier.
 * |[
 * gst-launch-1.0 adctestsrc wave=sine freq=1e6 snr=-10 num-buffers=100 ! audio/x-raw,rate=64000000 ! filesink location=tone.s8
 * ]| A tone of 1 MHz that is hidden in noise of ten times its power.
 * |[
 * gst-launch-1.0 adctestsrc is-live=true samplesperbuffer=8192 ! audio/x-raw,rate=20000000,channels=2 ! fakesink silent=false -v
 * ]| Two channels at 20 MHz, in real time.
 * |[
 * gst-launch-1.0 adctestsrc wave=gaussian standard-deviation=200 num-buffers=100 ! audio/x-raw,format=S16BE ! spead2sink
 * ]| A 12-bit ADC's samples in 16 bits, most significant byte first.
 * |[
 * gst-launch-1.0 adctestsrc wave=gaussian standard-deviation=100 samplesperbuffer=4096 num-buffers=100 ! application/octet-stream,sample-bits=10 ! spead2sink
 * ]| Heaps of 4096 samples of 10 bits, which are 5120 bytes.
 * |[
 * gst-launch-1.0 adctestsrc wave=pulses freq=2 is-live=true ! audio/x-raw,format=F32LE,rate=48000 ! audioconvert ! autoaudiosink
 * ]| Two pulses a second, to hear.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrc.h"
#include "common/gstspead2dates.h"
#include "gstadctestsrcmemory.h"

GST_DEBUG_CATEGORY_STATIC (adc_test_src_debug);
#define GST_CAT_DEFAULT adc_test_src_debug

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_ADC_TEST_SRC_CAPS));

G_DEFINE_TYPE (GstAdcTestSrc, gst_adc_test_src, GST_TYPE_BASE_SRC)
GST_ELEMENT_REGISTER_DEFINE (
    adctestsrc, "adctestsrc", GST_RANK_NONE, GST_TYPE_ADC_TEST_SRC);

static void gst_adc_test_src_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec);
static void gst_adc_test_src_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec);
static GstStateChangeReturn gst_adc_test_src_change_state (
    GstElement *element, GstStateChange transition);
static gboolean gst_adc_test_src_start (GstBaseSrc *basesrc);
static GstCaps *gst_adc_test_src_get_caps (
    GstBaseSrc *basesrc, GstCaps *filter);
static GstCaps *gst_adc_test_src_fixate (GstBaseSrc *basesrc, GstCaps *caps);
static gboolean gst_adc_test_src_set_caps (GstBaseSrc *basesrc, GstCaps *caps);
static gboolean gst_adc_test_src_decide_allocation (
    GstBaseSrc *basesrc, GstQuery *query);
static gboolean gst_adc_test_src_query (GstBaseSrc *basesrc, GstQuery *query);
static gboolean gst_adc_test_src_event (GstBaseSrc *basesrc, GstEvent *event);
static gboolean gst_adc_test_src_send_event (
    GstElement *element, GstEvent *event);
static gboolean gst_adc_test_src_is_seekable (GstBaseSrc *basesrc);
static gboolean gst_adc_test_src_prepare_seek_segment (
    GstBaseSrc *basesrc, GstEvent *event, GstSegment *segment);
static gboolean gst_adc_test_src_do_seek (
    GstBaseSrc *basesrc, GstSegment *segment);
static void gst_adc_test_src_get_times (GstBaseSrc *basesrc, GstBuffer *buffer,
    GstClockTime *start, GstClockTime *end);
static GstFlowReturn gst_adc_test_src_fill (
    GstBaseSrc *basesrc, guint64 offset, guint length, GstBuffer *buffer);

static void
gst_adc_test_src_class_init (GstAdcTestSrcClass *klass)
{
  GObjectClass *gobject_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *basesrc_class = GST_BASE_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      adc_test_src_debug, "adctestsrc", 0, "ADC test source");

  gobject_class->set_property = gst_adc_test_src_set_property;
  gobject_class->get_property = gst_adc_test_src_get_property;
  gst_adc_test_src_install_properties (gobject_class);

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "ADC test source",
      "Source/Audio",
      "Makes noise, tones, pulses or a counter as a digitiser (ADC) would, "
      "reproducibly and fast: adctestsrc wave=sine freq=1e6 seed=1 ! "
      "audio/x-raw,format=S16LE,rate=64000000,channels=2 ! ...",
      "The gst-spead2 developers");

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_adc_test_src_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR (gst_adc_test_src_send_event);
  basesrc_class->start = GST_DEBUG_FUNCPTR (gst_adc_test_src_start);
  basesrc_class->get_caps = GST_DEBUG_FUNCPTR (gst_adc_test_src_get_caps);
  basesrc_class->fixate = GST_DEBUG_FUNCPTR (gst_adc_test_src_fixate);
  basesrc_class->set_caps = GST_DEBUG_FUNCPTR (gst_adc_test_src_set_caps);
  basesrc_class->decide_allocation =
      GST_DEBUG_FUNCPTR (gst_adc_test_src_decide_allocation);
  basesrc_class->query = GST_DEBUG_FUNCPTR (gst_adc_test_src_query);
  basesrc_class->event = GST_DEBUG_FUNCPTR (gst_adc_test_src_event);
  basesrc_class->is_seekable = GST_DEBUG_FUNCPTR (gst_adc_test_src_is_seekable);
  basesrc_class->prepare_seek_segment =
      GST_DEBUG_FUNCPTR (gst_adc_test_src_prepare_seek_segment);
  basesrc_class->do_seek = GST_DEBUG_FUNCPTR (gst_adc_test_src_do_seek);
  basesrc_class->get_times = GST_DEBUG_FUNCPTR (gst_adc_test_src_get_times);
  basesrc_class->fill = GST_DEBUG_FUNCPTR (gst_adc_test_src_fill);
}

static void
gst_adc_test_src_init (GstAdcTestSrc *src)
{
  gst_spead2_settings_init (&gst_adc_test_src_settings_table,
      G_OBJECT_GET_CLASS (src), &src->settings);

  src->sync_epoch = src->settings.sync_epoch;
  gst_base_src_set_format (GST_BASE_SRC (src), GST_FORMAT_TIME);
}

static void
gst_adc_test_src_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (object);

  if (prop_id == GST_ADC_TEST_SRC_PROP_IS_LIVE) {
    /* Takes the object lock itself. */
    gst_base_src_set_live (GST_BASE_SRC (src), g_value_get_boolean (value));
    return;
  }

  GST_OBJECT_LOCK (src);
  gst_spead2_settings_set (
      &gst_adc_test_src_settings_table, &src->settings, pspec, value);
  if (pspec->flags & GST_PARAM_CONTROLLABLE)
    src->config_changed = TRUE;
  GST_OBJECT_UNLOCK (src);
}

static void
gst_adc_test_src_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (object);

  if (prop_id == GST_ADC_TEST_SRC_PROP_IS_LIVE) {
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (src)));
    return;
  }

  GST_OBJECT_LOCK (src);
  gst_spead2_settings_get (
      &gst_adc_test_src_settings_table, &src->settings, pspec, value);
  GST_OBJECT_UNLOCK (src);
}

/* With sync-epoch, the clock that is to be followed. */
static gboolean
check_clock (GstAdcTestSrc *src)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (src));
  const gboolean has_date = clock && gst_spead2_dates_clock_has_date (clock);

  if (!has_date)
    GST_ELEMENT_ERROR (src, CORE, CLOCK,
        ("sync-epoch needs a clock that counts the time since 1970. The "
         "pipeline has %s: give it a GstSystemClock with clock-type=realtime, "
         "or the provider of a GstNetClientClock one.",
            clock ? G_OBJECT_TYPE_NAME (clock) : "none"),
        (NULL));
  gst_clear_object (&clock);

  return has_date;
}

/* A live source that pauses while it waits for the clock loses the buffer that
 * it waits with, as a digitiser would lose its samples: GstBaseSrc drops it.
 * The buffer after it says so. */
static GstStateChangeReturn
gst_adc_test_src_change_state (GstElement *element, GstStateChange transition)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING &&
      src->sync_epoch >= 0) {
    if (!check_clock (src))
      return GST_STATE_CHANGE_FAILURE;
    g_atomic_int_set (&src->follow_clock, TRUE);
  }
  ret = GST_ELEMENT_CLASS (gst_adc_test_src_parent_class)
            ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED &&
      gst_base_src_is_live (GST_BASE_SRC (src)))
    g_atomic_int_set (&src->discont, TRUE);

  return ret;
}

static guint64
random_seed (void)
{
  guint64 seed;

  do
    seed = (guint64) g_random_int () << 32 | g_random_int ();
  while (seed == 0);

  return seed;
}

static gboolean
gst_adc_test_src_start (GstBaseSrc *basesrc)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  AdcWaveConfig *config = &src->config;

  GST_OBJECT_LOCK (src);
  config->minimum = src->settings.minimum;
  config->maximum = src->settings.maximum;
  config->num_tones = src->settings.num_tones;
  config->seed = src->settings.seed;
  config->sky_seed = src->settings.sky_seed;
  src->first_frame = src->sample_offset = src->settings.sample_offset;
  src->sync_epoch = src->settings.sync_epoch;
  src->frames_per_buffer = src->settings.samples_per_buffer;
  src->format.rate = 0;
  GST_OBJECT_UNLOCK (src);

  if (config->minimum > config->maximum)
    goto no_range;
  if (src->sync_epoch >= 0 && !gst_base_src_is_live (basesrc))
    goto not_live;
  if (config->seed == 0)
    config->seed = random_seed ();
  GST_INFO_OBJECT (src, "seed %" G_GUINT64_FORMAT, config->seed);

  gst_adc_test_src_position_init (&src->position);
  g_atomic_int_set (&src->discont, FALSE);
  g_atomic_int_set (&src->follow_clock, FALSE);
  src->clock = (GstAdcTestSrcClock){0};
  src->running_time = 0;

  return TRUE;

  /* ERRORS */
not_live : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("sync-epoch needs is-live=true: only then is a sample made when the "
       "clock says so."),
      (NULL));
  return FALSE;
}
no_range : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("minimum (%d) is greater than maximum (%d): there is no sample value "
       "between them. Set minimum to %d or less, or maximum to %d or more.",
          config->minimum, config->maximum, config->maximum, config->minimum),
      (NULL));
  return FALSE;
}
}

/* Rates below 1 are accepted here so that set_caps can post an error that explains
 * them: caps text such as rate=3200000000 becomes a negative number, and "no
 * common caps" explains nothing. */
static GstCaps *
gst_adc_test_src_get_caps (GstBaseSrc *basesrc, GstCaps *filter)
{
  GstCaps *caps = gst_pad_get_pad_template_caps (GST_BASE_SRC_PAD (basesrc));
  GstCaps *overflown = gst_caps_copy (caps);

  gst_caps_set_simple (
      overflown, "rate", GST_TYPE_INT_RANGE, G_MININT, 0, NULL);
  caps = gst_caps_merge (caps, overflown);
  if (filter != NULL) {
    GstCaps *common =
        gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = common;
  }

  return caps;
}

static GstCaps *
gst_adc_test_src_fixate (GstBaseSrc *basesrc, GstCaps *caps)
{
  caps = gst_caps_make_writable (caps);
  gst_adc_test_src_format_fixate (gst_caps_get_structure (caps, 0));

  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->fixate (basesrc, caps);
}

/* Initializes the generator for the current caps and properties. */
static gboolean
configure_wave (GstAdcTestSrc *src)
{
  AdcWaveConfig *config = &src->config;
  gint lowest, highest;

  GST_OBJECT_LOCK (src);
  config->shape = src->settings.shape;
  config->standard_deviation = src->settings.standard_deviation;
  config->freq = src->settings.freq;
  config->snr = src->settings.snr;
  config->correlation = src->settings.correlation;
  config->delay = src->settings.delay;
  src->config_changed = FALSE;
  GST_OBJECT_UNLOCK (src);

  config->format = src->format.wave;
  config->channels = src->format.channels;
  config->rate = src->format.rate;
  adc_wave_format_range (config->format, &lowest, &highest);
  if (config->shape == ADC_WAVE_UNIFORM &&
      (config->minimum < lowest || config->maximum > highest))
    goto out_of_range;

  adc_wave_init (&src->wave, config);
  GST_DEBUG_OBJECT (src, "%s kernel", src->wave.kernel.name);

  return TRUE;

  /* ERRORS */
out_of_range : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("Samples from %d (minimum) to %d (maximum) do not fit into format %s, "
       "which holds %d to %d. Set minimum and maximum within that, or ask for "
       "a wider format: adctestsrc ! audio/x-raw,format=%s ! ...",
          config->minimum, config->maximum, src->format.name, lowest, highest,
          config->minimum >= G_MININT16 && config->maximum <= G_MAXINT16
              ? "S16LE"
              : "S32LE"),
      (NULL));
  return FALSE;
}
}

static void
set_format (GstAdcTestSrc *src, const GstAdcTestSrcFormat *format)
{
  const GstAdcTestSrcFormat old = src->format;

  GST_OBJECT_LOCK (src);
  src->format = *format;
  if (gst_adc_test_src_position_set_format (&src->position, &old, format))
    g_atomic_int_set (&src->discont, TRUE);
  GST_OBJECT_UNLOCK (src);
}

static gboolean
gst_adc_test_src_set_caps (GstBaseSrc *basesrc, GstCaps *caps)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  GstAdcTestSrcFormat format;
  GError *error = NULL;
  guint64 size;
  guint whole;

  if (!gst_adc_test_src_format_from_caps (&format, caps, &error))
    goto invalid_caps;

  size = gst_adc_test_src_format_bytes (&format, src->frames_per_buffer);
  if (size > G_MAXINT)
    goto too_large;
  whole = gst_adc_test_src_format_whole_frames (&format);
  if (src->frames_per_buffer % whole != 0)
    goto not_whole;

  set_format (src, &format);
  gst_base_src_set_blocksize (basesrc, size);
  GST_DEBUG_OBJECT (src, "buffers of %" G_GUINT64_FORMAT " bytes", size);

  return configure_wave (src);

  /* ERRORS */
invalid_caps : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS, ("%s", error->message),
      ("caps: %" GST_PTR_FORMAT, caps));
  g_error_free (error);
  return FALSE;
}
too_large : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("A buffer of %d samples (samplesperbuffer) in each of %d channels has "
       "%" G_GUINT64_FORMAT " bytes, more than %d. Set samplesperbuffer to "
       "%d or less.",
          src->frames_per_buffer, format.channels, size, G_MAXINT,
          (gint) gst_adc_test_src_format_frames (&format, G_MAXINT)),
      (NULL));
  return FALSE;
}
not_whole : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("A buffer of %d samples (samplesperbuffer) in each of %d channels of %u "
       "bits is no whole number of bytes. Set samplesperbuffer to a multiple "
       "of %u.",
          src->frames_per_buffer, format.channels,
          adc_wave_format_bits (format.wave), whole),
      (NULL));
  return FALSE;
}
}

static gboolean
gst_adc_test_src_decide_allocation (GstBaseSrc *basesrc, GstQuery *query)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  guint size =
      gst_adc_test_src_format_bytes (&src->format, src->frames_per_buffer);
  guint n_buffers;

  if (!gst_adc_test_src_memory_decide (query, size, &n_buffers)) {
    GST_ELEMENT_ERROR (src, RESOURCE, NO_SPACE_LEFT,
        ("There is no memory for %u buffers of %u bytes: set fewer "
         "samplesperbuffer.",
            n_buffers, size),
        (NULL));
    return FALSE;
  }
  GST_DEBUG_OBJECT (
      src, "pool of at least %u buffers of %u bytes", n_buffers, size);

  /* Configures the pool from the query. */
  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->decide_allocation (basesrc, query);
}

static gboolean
query_convert (const GstAdcTestSrcFormat *format, GstQuery *query)
{
  gint64 value, result;
  GstFormat from, to;

  gst_query_parse_convert (query, &from, &value, &to, NULL);
  if (!gst_adc_test_src_format_convert (format, from, value, to, &result))
    return FALSE;
  gst_query_set_convert (query, from, value, to, result);

  return TRUE;
}

static gboolean
query_latency (
    GstAdcTestSrc *src, const GstAdcTestSrcFormat *format, GstQuery *query)
{
  gboolean live = gst_base_src_is_live (GST_BASE_SRC (src));
  GstClockTime latency = 0;

  /* A digitiser hands a buffer on when its last sample has come. No buffer lasts
   * longer, wherever its timestamps are rounded. */
  if (live)
    latency = gst_util_uint64_scale_int_ceil (
        src->frames_per_buffer, GST_SECOND, format->rate);
  gst_query_set_latency (query, live, latency, GST_CLOCK_TIME_NONE);
  GST_DEBUG_OBJECT (
      src, "latency of %" GST_TIME_FORMAT, GST_TIME_ARGS (latency));

  return TRUE;
}

/* Known where the number of buffers is; else, and in other formats, the base
 * class answers. */
static gboolean
query_duration (
    GstAdcTestSrc *src, const GstAdcTestSrcFormat *format, GstQuery *query)
{
  gint64 duration;
  gint num_buffers;
  GstFormat unit;

  g_object_get (src, "num-buffers", &num_buffers, NULL);
  gst_query_parse_duration (query, &unit, NULL);
  if (num_buffers < 0 ||
      !gst_adc_test_src_format_convert (format, GST_FORMAT_DEFAULT,
          (gint64) num_buffers * src->frames_per_buffer, unit, &duration))
    return FALSE;
  gst_query_set_duration (query, unit, duration);

  return TRUE;
}

/* In frames and bytes, where the base class would convert a time. */
static gboolean
query_position (
    const GstAdcTestSrcFormat *format, guint64 next_frame, GstQuery *query)
{
  GstFormat unit;
  gint64 position;

  gst_query_parse_position (query, &unit, NULL);
  if ((unit != GST_FORMAT_DEFAULT && unit != GST_FORMAT_BYTES) ||
      !gst_adc_test_src_format_convert (
          format, GST_FORMAT_DEFAULT, next_frame, unit, &position))
    return FALSE;
  gst_query_set_position (query, unit, position);

  return TRUE;
}

static gboolean
gst_adc_test_src_query (GstBaseSrc *basesrc, GstQuery *query)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  GstAdcTestSrcFormat format;
  guint64 next_frame;
  gboolean negotiated;

  GST_OBJECT_LOCK (src);
  format = src->format;
  next_frame = src->position.next_frame;
  GST_OBJECT_UNLOCK (src);
  negotiated = format.rate != 0;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CONVERT:
      return query_convert (&format, query);
    case GST_QUERY_POSITION:
      if (negotiated && query_position (&format, next_frame, query))
        return TRUE;
      break;
    case GST_QUERY_DURATION:
      if (negotiated && query_duration (src, &format, query))
        return TRUE;
      break;
    case GST_QUERY_LATENCY:
      return negotiated && query_latency (src, &format, query);
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling (query,
          gst_adc_test_src_is_seekable (basesrc) ? GST_SCHEDULING_FLAG_SEEKABLE
                                                 : 0,
          1, -1, 0);
      gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
      return TRUE;
    default:
      break;
  }

  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->query (basesrc, query);
}

static gboolean
gst_adc_test_src_is_seekable (GstBaseSrc *basesrc)
{
  /* What follows the clock cannot be elsewhere. */
  return GST_ADC_TEST_SRC (basesrc)->sync_epoch < 0;
}

static gboolean
is_refused_seek (GstAdcTestSrc *src, GstEvent *event)
{
  gdouble rate;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return FALSE;
  if (!gst_adc_test_src_is_seekable (GST_BASE_SRC (src))) {
    GST_WARNING_OBJECT (src, "the clock says which frame is made");
    return TRUE;
  }
  gst_event_parse_seek (event, &rate, NULL, NULL, NULL, NULL, NULL, NULL);
  if (rate > 0.0)
    return FALSE;
  GST_WARNING_OBJECT (src, "reverse playback is not supported");

  return TRUE;
}

/* A seek comes from downstream, to event (), or from the application, to
 * send_event (). One backwards, or of what follows the clock, is refused in both,
 * before the base class flushes the pipeline for it. */
static gboolean
gst_adc_test_src_event (GstBaseSrc *basesrc, GstEvent *event)
{
  if (is_refused_seek (GST_ADC_TEST_SRC (basesrc), event))
    return FALSE;

  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->event (basesrc, event);
}

static gboolean
gst_adc_test_src_send_event (GstElement *element, GstEvent *event)
{
  if (is_refused_seek (GST_ADC_TEST_SRC (element), event)) {
    gst_event_unref (event);
    return FALSE;
  }

  return GST_ELEMENT_CLASS (gst_adc_test_src_parent_class)
      ->send_event (element, event);
}

/* Called for seeks in samples or bytes. The base class converts them to times; the
 * frames that they name go past it. */
static gboolean
gst_adc_test_src_prepare_seek_segment (
    GstBaseSrc *basesrc, GstEvent *event, GstSegment *segment)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  if (!GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
           ->prepare_seek_segment (basesrc, event, segment))
    return FALSE;
  GST_OBJECT_LOCK (src);
  gst_adc_test_src_position_prepare_seek (&src->position, &src->format, event);
  GST_OBJECT_UNLOCK (src);

  return TRUE;
}

static gboolean
gst_adc_test_src_do_seek (GstBaseSrc *basesrc, GstSegment *segment)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  GST_OBJECT_LOCK (src);
  gst_adc_test_src_position_seek (&src->position, &src->format, segment);
  GST_OBJECT_UNLOCK (src);
  GST_DEBUG_OBJECT (src, "seeking: %" GST_SEGMENT_FORMAT, segment);

  return TRUE;
}

static void
gst_adc_test_src_get_times (GstBaseSrc *basesrc, GstBuffer *buffer,
    GstClockTime *start, GstClockTime *end)
{
  const GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  *start = GST_CLOCK_TIME_NONE;
  *end = GST_CLOCK_TIME_NONE;

  /* By the first buffer with a time in PLAYING the base class finds what it adds to
   * all timestamps. Those that the clock has made are right. */
  if (src->sync_epoch >= 0 && GST_BUFFER_OFFSET (buffer) == src->unpaced_frame)
    return;
  if (gst_base_src_is_live (basesrc)) {
    *start = GST_BUFFER_PTS (buffer);
    if (GST_BUFFER_PTS_IS_VALID (buffer) &&
        GST_BUFFER_DURATION_IS_VALID (buffer))
      *end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
  }
}

static GstClockTime
add_timestamp_offset (GstAdcTestSrc *src, GstClockTime time)
{
  gint64 offset;

  GST_OBJECT_LOCK (src);
  offset = src->settings.timestamp_offset;
  GST_OBJECT_UNLOCK (src);

  if (!GST_CLOCK_TIME_IS_VALID (time))
    return time;
  if (offset < 0 && time < -(guint64) offset)
    return 0;

  return time + (guint64) offset;
}

/* The next frame is the one that is due now. */
static gboolean
follow_clock (GstAdcTestSrc *src)
{
  GstElement *element = GST_ELEMENT (src);
  GstClock *clock = gst_element_get_clock (element);
  const GstClockTime now = gst_clock_get_time (clock);
  guint64 frame;

  gst_object_unref (clock);
  src->clock = (GstAdcTestSrcClock){
      src->sync_epoch, gst_element_get_base_time (element)};
  if (now < src->clock.epoch)
    goto too_early;
  frame = gst_adc_test_src_clock_frame (&src->clock, &src->format,
      src->frames_per_buffer, now, src->running_time);
  GST_INFO_OBJECT (src, "frame %" G_GUINT64_FORMAT " by the clock", frame);
  src->unpaced_frame = frame + src->sample_offset;
  src->first_frame = src->unpaced_frame - src->position.next_frame;

  return TRUE;

  /* ERRORS */
too_early : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("sync-epoch (%" G_GINT64_FORMAT
       ") is later than the clock, %" G_GUINT64_FORMAT " ns since 1970.",
          src->sync_epoch, now),
      (NULL));
  return FALSE;
}
}

/* The timestamp of a frame, counted as position does. */
static GstClockTime
stamp (const GstAdcTestSrc *src, guint64 frame)
{
  return src->sync_epoch < 0
      ? gst_adc_test_src_format_stamp (&src->format, frame)
      : gst_adc_test_src_clock_time (&src->clock, &src->format,
            src->first_frame + frame - src->sample_offset);
}

static void
stamp_buffer (GstAdcTestSrc *src, GstBuffer *buffer, guint frames)
{
  guint64 frame = src->position.next_frame;
  guint64 end_frame = frame + frames;
  GstClockTime start = stamp (src, frame);
  GstClockTime end = stamp (src, end_frame);

  GST_BUFFER_OFFSET (buffer) = src->first_frame + frame;
  GST_BUFFER_OFFSET_END (buffer) = src->first_frame + end_frame;
  GST_BUFFER_PTS (buffer) = add_timestamp_offset (src, start);
  GST_BUFFER_DURATION (buffer) =
      GST_CLOCK_TIME_IS_VALID (end) ? end - start : GST_CLOCK_TIME_NONE;
  src->running_time = end;
  if (g_atomic_int_compare_and_exchange (&src->discont, TRUE, FALSE))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
}

/* Takes over properties that were set, or that controllers set now. */
static gboolean
follow_properties (GstAdcTestSrc *src, GstClockTime time)
{
  gboolean changed;

  if (GST_CLOCK_TIME_IS_VALID (time))
    gst_object_sync_values (GST_OBJECT (src), time);
  GST_OBJECT_LOCK (src);
  changed = src->config_changed;
  GST_OBJECT_UNLOCK (src);

  return !changed || configure_wave (src);
}

static GstFlowReturn
gst_adc_test_src_fill (
    GstBaseSrc *basesrc, guint64 offset, guint length, GstBuffer *buffer)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  guint frames;

  frames = gst_adc_test_src_position_count (
      &src->position, &src->format, src->frames_per_buffer);
  if (frames == 0)
    return GST_FLOW_EOS;
  if (g_atomic_int_compare_and_exchange (&src->follow_clock, TRUE, FALSE) &&
      !follow_clock (src))
    return GST_FLOW_ERROR;
  gst_buffer_set_size (
      buffer, gst_adc_test_src_format_bytes (&src->format, frames));
  stamp_buffer (src, buffer, frames);
  if (!follow_properties (src, GST_BUFFER_PTS (buffer)))
    return GST_FLOW_ERROR;

  if (!gst_adc_test_src_memory_fill (
          buffer, &src->wave, &src->format, GST_BUFFER_OFFSET (buffer), frames))
    goto not_mapped;

  GST_OBJECT_LOCK (src);
  src->position.next_frame += frames;
  GST_OBJECT_UNLOCK (src);
  GST_LOG_OBJECT (src, "filled %" GST_PTR_FORMAT, buffer);

  return GST_FLOW_OK;

  /* ERRORS */
not_mapped : {
  GST_ELEMENT_ERROR (src, RESOURCE, WRITE,
      ("The memory of a buffer of %" G_GSIZE_FORMAT
       " bytes could not be mapped for writing.",
          gst_buffer_get_size (buffer)),
      (NULL));
  return GST_FLOW_ERROR;
}
}
