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
 * gst-launch-1.0 adctestsrc is-live=true samplesperbuffer=8192 num-buffers=100 ! audio/x-raw,rate=20000000,channels=2 ! fakesink silent=false -v
 * ]| Two channels at 20 MHz, in real time.
 * |[
 * gst-launch-1.0 adctestsrc wave=gaussian standard-deviation=200 num-buffers=100 ! audio/x-raw,format=S16BE ! spead2sink
 * ]| A 12-bit ADC's samples in 16 bits, most significant byte first.
 * |[
 * gst-launch-1.0 adctestsrc wave=gaussian standard-deviation=100 samplesperbuffer=4096 num-buffers=100 ! application/octet-stream,sample-bits=10 ! spead2sink
 * ]| Heaps of 4096 samples of 10 bits, which are 5120 bytes.
 * |[
 * gst-launch-1.0 adctestsrc wave=pulses freq=2 is-live=true samplesperbuffer=4800 num-buffers=30 ! audio/x-raw,format=F32LE,rate=48000 ! audioconvert ! autoaudiosink
 * ]| Two pulses a second, to hear for 3 seconds.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcprivate.h"

#include "common/gstspead2dates.h"

GST_DEBUG_CATEGORY (adc_test_src_debug);
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

GstBaseSrcClass *
gst_adc_test_src_base_class (void)
{
  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class);
}

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
