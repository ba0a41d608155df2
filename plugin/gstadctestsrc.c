/* adctestsrc: random samples, as a digitiser without a signal might give them.
 *
 * A source in the manner of audiotestsrc, for sinks that send gigabytes per
 * second: the samples come from adcnoise, into buffers of a pool that is just
 * large enough to keep a sink busy.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-adctestsrc
 * @title: adctestsrc
 * @see_also: audiotestsrc, spead2sink
 *
 * adctestsrc makes 8-bit samples of uniform random noise, as the
 * analogue-to-digital converter of a radio telescope might deliver them, as
 * fast as downstream takes them or, with #GstAdcTestSrc:is-live, at the sample
 * rate. A core of a current computer makes several gigabytes per second.
 *
 * Every value from #GstAdcTestSrc:minimum to #GstAdcTestSrc:maximum, both
 * included, is equally likely. With a #GstAdcTestSrc:seed the stream is
 * reproducible: sample n is the same in every run, on every machine, however
 * the stream is cut into buffers and wherever a seek began. A frame holds one
 * sample of each channel, and frame f of C channels holds samples f·C to
 * f·C + C - 1. The file plugin/adcnoise.h of the source code defines the values,
 * so that a receiver can check what it got.
 *
 * The offset of a buffer is the index of its first frame, and its offset-end
 * that of the frame after its last. Timestamps are computed from that index
 * and rounded down to the nanosecond; they do not drift. Where a frame is
 * shorter than a nanosecond, only the offset is exact.
 *
 * A seek to a time begins with the first frame whose timestamp is not before
 * it, and a stop time ends the stream in front of the first frame whose
 * timestamp is not before that. Reverse playback is refused.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 adctestsrc num-buffers=100 ! spead2sink
 * ]| Send 100 heaps of 1 MiB.
 * |[
 * gst-launch-1.0 adctestsrc seed=7 num-buffers=3 ! filesink location=noise.s8
 * ]| Write the same 3 MiB at every run.
 * |[
 * gst-launch-1.0 adctestsrc is-live=true samplesperbuffer=8192 ! audio/x-raw,rate=20000000,channels=2 ! fakesink silent=false -v
 * ]| Two channels at 20 MHz, in real time.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrc.h"
#include "gstspead2elements.h"
#include "gstspead2outstanding.h"
#include "spead2/sender.h"

GST_DEBUG_CATEGORY_STATIC (adc_test_src_debug);
#define GST_CAT_DEFAULT adc_test_src_debug

#define DEFAULT_IS_LIVE FALSE
#define DEFAULT_SAMPLES_PER_BUFFER 1048576
#define DEFAULT_MINIMUM -100
#define DEFAULT_MAXIMUM 100
#define DEFAULT_SEED 0
#define DEFAULT_TIMESTAMP_OFFSET 0

/* What caps without a preference become: MeerKAT's L band. */
#define DEFAULT_RATE 1712000000
#define DEFAULT_CHANNELS 1

/* Memory of a pooled buffer begins at a multiple of 64 bytes, a cache line. */
#define POOL_ALIGN 63
/* Buffers in the pool where downstream does not say what it keeps. */
#define POOL_MIN_DEFAULT 6
/* The buffer that is being filled, and one on its way. */
#define POOL_MIN_EXTRA 2
/* Bytes that a pool allocates before they are needed, at most. */
#define POOL_PREALLOCATED_MAX (G_GUINT64_CONSTANT (1) << 30)

enum {
  PROP_0,
  PROP_IS_LIVE,
  PROP_SAMPLES_PER_BUFFER,
  PROP_MINIMUM,
  PROP_MAXIMUM,
  PROP_SEED,
  PROP_TIMESTAMP_OFFSET
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/x-raw, format = (string) S8, "
                     "layout = (string) interleaved, "
                     "rate = (int) [ 1, max ], channels = (int) [ 1, 64 ]"));

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
static GstCaps *gst_adc_test_src_fixate (GstBaseSrc *basesrc, GstCaps *caps);
static gboolean gst_adc_test_src_set_caps (GstBaseSrc *basesrc, GstCaps *caps);
static gboolean gst_adc_test_src_decide_allocation (
    GstBaseSrc *basesrc, GstQuery *query);
static gboolean gst_adc_test_src_query (GstBaseSrc *basesrc, GstQuery *query);
static gboolean gst_adc_test_src_event (GstBaseSrc *basesrc, GstEvent *event);
static gboolean gst_adc_test_src_send_event (
    GstElement *element, GstEvent *event);
static gboolean gst_adc_test_src_is_seekable (GstBaseSrc *basesrc);
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
  const GParamFlags when_stopped =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  GST_DEBUG_CATEGORY_INIT (
      adc_test_src_debug, "adctestsrc", 0, "ADC test source");

  gobject_class->set_property = gst_adc_test_src_set_property;
  gobject_class->get_property = gst_adc_test_src_get_property;

  /**
   * GstAdcTestSrc:is-live:
   *
   * Whether buffers come at the sample rate, by the pipeline's clock, instead
   * of as fast as downstream takes them. Takes effect on the way from READY to
   * PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is Live",
          "Whether to make samples in real time, at the sample rate",
          DEFAULT_IS_LIVE, when_stopped));

  /**
   * GstAdcTestSrc:samplesperbuffer:
   *
   * Frames in each buffer, a frame being one sample of every channel: with one
   * channel, also its size in bytes. A buffer holds no more than 2147483647
   * bytes; more is an error when the stream starts. Sets
   * #GstBaseSrc:blocksize. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, PROP_SAMPLES_PER_BUFFER,
      g_param_spec_int ("samplesperbuffer", "Samples per buffer",
          "Number of samples of each channel in each outgoing buffer", 1,
          G_MAXINT, DEFAULT_SAMPLES_PER_BUFFER, when_stopped));

  /**
   * GstAdcTestSrc:minimum:
   *
   * The lowest sample value, included. More than #GstAdcTestSrc:maximum is an
   * error when the stream starts. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, PROP_MINIMUM,
      g_param_spec_int ("minimum", "Minimum", "Lowest sample value (included)",
          G_MININT8, G_MAXINT8, DEFAULT_MINIMUM, when_stopped));

  /**
   * GstAdcTestSrc:maximum:
   *
   * The highest sample value, included. Less than #GstAdcTestSrc:minimum is an
   * error when the stream starts. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, PROP_MAXIMUM,
      g_param_spec_int ("maximum", "Maximum", "Highest sample value (included)",
          G_MININT8, G_MAXINT8, DEFAULT_MAXIMUM, when_stopped));

  /**
   * GstAdcTestSrc:seed:
   *
   * What the samples are computed from: the same seed and range give the same
   * samples in every run. 0 takes a random seed at each start, which the debug
   * log names at level INFO. Takes effect on the way from READY to PAUSED.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, PROP_SEED,
      g_param_spec_uint64 ("seed", "Seed",
          "Seed of the random samples (0 = a different one at each start)", 0,
          G_MAXUINT64, DEFAULT_SEED, when_stopped));

  /**
   * GstAdcTestSrc:timestamp-offset:
   *
   * Added to the timestamps of buffers, in nanoseconds, from the next buffer
   * on. Offsets of buffers, seeks and samples are not affected. A timestamp
   * that would be negative is 0.
   *
   * Since: 0.1
   */
  g_object_class_install_property (gobject_class, PROP_TIMESTAMP_OFFSET,
      g_param_spec_int64 ("timestamp-offset", "Timestamp offset",
          "An offset added to timestamps set on buffers (in ns)", G_MININT64,
          G_MAXINT64, DEFAULT_TIMESTAMP_OFFSET,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "ADC test source",
      "Source/Audio", "Makes random 8-bit samples as a digitiser would",
      "The gst-spead2 developers");

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_adc_test_src_change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR (gst_adc_test_src_send_event);
  basesrc_class->start = GST_DEBUG_FUNCPTR (gst_adc_test_src_start);
  basesrc_class->fixate = GST_DEBUG_FUNCPTR (gst_adc_test_src_fixate);
  basesrc_class->set_caps = GST_DEBUG_FUNCPTR (gst_adc_test_src_set_caps);
  basesrc_class->decide_allocation =
      GST_DEBUG_FUNCPTR (gst_adc_test_src_decide_allocation);
  basesrc_class->query = GST_DEBUG_FUNCPTR (gst_adc_test_src_query);
  basesrc_class->event = GST_DEBUG_FUNCPTR (gst_adc_test_src_event);
  basesrc_class->is_seekable = GST_DEBUG_FUNCPTR (gst_adc_test_src_is_seekable);
  basesrc_class->do_seek = GST_DEBUG_FUNCPTR (gst_adc_test_src_do_seek);
  basesrc_class->get_times = GST_DEBUG_FUNCPTR (gst_adc_test_src_get_times);
  basesrc_class->fill = GST_DEBUG_FUNCPTR (gst_adc_test_src_fill);
}

static void
gst_adc_test_src_init (GstAdcTestSrc *src)
{
  src->samples_per_buffer = DEFAULT_SAMPLES_PER_BUFFER;
  src->minimum = DEFAULT_MINIMUM;
  src->maximum = DEFAULT_MAXIMUM;
  src->seed = DEFAULT_SEED;
  src->timestamp_offset = DEFAULT_TIMESTAMP_OFFSET;
  gst_audio_info_init (&src->info);

  gst_base_src_set_format (GST_BASE_SRC (src), GST_FORMAT_TIME);
  gst_base_src_set_live (GST_BASE_SRC (src), DEFAULT_IS_LIVE);
}

static void
gst_adc_test_src_set_property (
    GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (object);

  if (prop_id == PROP_IS_LIVE) {
    /* Takes the object lock itself. */
    gst_base_src_set_live (GST_BASE_SRC (src), g_value_get_boolean (value));
    return;
  }

  GST_OBJECT_LOCK (src);
  switch (prop_id) {
    case PROP_SAMPLES_PER_BUFFER:
      src->samples_per_buffer = g_value_get_int (value);
      break;
    case PROP_MINIMUM:
      src->minimum = g_value_get_int (value);
      break;
    case PROP_MAXIMUM:
      src->maximum = g_value_get_int (value);
      break;
    case PROP_SEED:
      src->seed = g_value_get_uint64 (value);
      break;
    case PROP_TIMESTAMP_OFFSET:
      src->timestamp_offset = g_value_get_int64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (src);
}

static void
gst_adc_test_src_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (object);

  if (prop_id == PROP_IS_LIVE) {
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (src)));
    return;
  }

  GST_OBJECT_LOCK (src);
  switch (prop_id) {
    case PROP_SAMPLES_PER_BUFFER:
      g_value_set_int (value, src->samples_per_buffer);
      break;
    case PROP_MINIMUM:
      g_value_set_int (value, src->minimum);
      break;
    case PROP_MAXIMUM:
      g_value_set_int (value, src->maximum);
      break;
    case PROP_SEED:
      g_value_set_uint64 (value, src->seed);
      break;
    case PROP_TIMESTAMP_OFFSET:
      g_value_set_int64 (value, src->timestamp_offset);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (src);
}

/* A live source that pauses while it waits for the clock loses the buffer that
 * it waits with, as a digitiser would lose its samples: GstBaseSrc drops it.
 * The buffer after it says so. */
static GstStateChangeReturn
gst_adc_test_src_change_state (GstElement *element, GstStateChange transition)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (element);
  GstStateChangeReturn ret = GST_ELEMENT_CLASS (gst_adc_test_src_parent_class)
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
  gint minimum, maximum;
  guint64 seed;

  GST_OBJECT_LOCK (src);
  minimum = src->minimum;
  maximum = src->maximum;
  seed = src->seed;
  src->frames_per_buffer = src->samples_per_buffer;
  gst_audio_info_init (&src->info);
  GST_OBJECT_UNLOCK (src);

  if (minimum > maximum)
    goto no_range;
  if (seed == 0)
    seed = random_seed ();

  adc_noise_init (&src->noise, seed, minimum, maximum);
  GST_INFO_OBJECT (src,
      "seed %" G_GUINT64_FORMAT ", samples from %d to %d, %s kernel", seed,
      minimum, maximum, src->noise.kernel->name);

  src->times_changed = FALSE;
  src->next_frame = 0;
  src->stop_time = GST_CLOCK_TIME_NONE;
  src->stop_frame = G_MAXUINT64;
  g_atomic_int_set (&src->discont, FALSE);

  return TRUE;

  /* ERRORS */
no_range : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("minimum (%d) is greater than maximum (%d): there is no sample value "
       "between them. Set minimum to %d or less, or maximum to %d or more.",
          minimum, maximum, maximum, minimum),
      (NULL));
  return FALSE;
}
}

static GstCaps *
gst_adc_test_src_fixate (GstBaseSrc *basesrc, GstCaps *caps)
{
  GstStructure *structure;
  gint channels = 0;

  caps = gst_caps_make_writable (caps);
  structure = gst_caps_get_structure (caps, 0);

  gst_structure_fixate_field_nearest_int (structure, "rate", DEFAULT_RATE);
  gst_structure_fixate_field_nearest_int (
      structure, "channels", DEFAULT_CHANNELS);
  gst_structure_get_int (structure, "channels", &channels);

  /* audio/x-raw with more than two channels says where each belongs. */
  if (channels > 2 &&
      !gst_structure_has_field_typed (
          structure, "channel-mask", GST_TYPE_BITMASK))
    gst_structure_set (structure, "channel-mask", GST_TYPE_BITMASK,
        gst_audio_channel_get_fallback_mask (channels), NULL);

  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->fixate (basesrc, caps);
}

/* The time of a frame, rounded down; GST_CLOCK_TIME_NONE beyond what a
 * GstClockTime can hold. */
static GstClockTime
frame_to_time (GstAdcTestSrc *src, guint64 frame)
{
  return gst_util_uint64_scale_int (
      frame, GST_SECOND, GST_AUDIO_INFO_RATE (&src->info));
}

/* The first frame whose time, as frame_to_time gives it, is not before time. */
static guint64
time_to_frame (GstAdcTestSrc *src, GstClockTime time)
{
  return gst_util_uint64_scale_int_ceil (
      time, GST_AUDIO_INFO_RATE (&src->info), GST_SECOND);
}

static gboolean
gst_adc_test_src_set_caps (GstBaseSrc *basesrc, GstCaps *caps)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  gint old_rate = GST_AUDIO_INFO_RATE (&src->info);
  GstAudioInfo info;
  guint64 size;

  if (!gst_audio_info_from_caps (&info, caps))
    goto invalid_caps;

  size = (guint64) src->frames_per_buffer * GST_AUDIO_INFO_BPF (&info);
  if (size > G_MAXINT)
    goto too_large;

  /* At a new rate the stream goes on at the same time, with another frame. */
  if (old_rate != 0 && old_rate != GST_AUDIO_INFO_RATE (&info)) {
    if (!src->times_changed)
      src->seek_time = frame_to_time (src, src->next_frame);
    src->times_changed = TRUE;
    g_atomic_int_set (&src->discont, TRUE);
  }

  GST_OBJECT_LOCK (src);
  src->info = info;
  GST_OBJECT_UNLOCK (src);
  gst_base_src_set_blocksize (basesrc, size);
  GST_DEBUG_OBJECT (src, "buffers of %" G_GUINT64_FORMAT " bytes", size);

  return TRUE;

  /* ERRORS */
invalid_caps : {
  GST_ERROR_OBJECT (src, "not audio caps: %" GST_PTR_FORMAT, caps);
  return FALSE;
}
too_large : {
  GST_ELEMENT_ERROR (src, RESOURCE, SETTINGS,
      ("A buffer of %d samples (samplesperbuffer) in each of %d channels has "
       "%" G_GUINT64_FORMAT " bytes, more than %d. Set samplesperbuffer to "
       "%d or less.",
          src->frames_per_buffer, GST_AUDIO_INFO_CHANNELS (&info), size,
          G_MAXINT, G_MAXINT / GST_AUDIO_INFO_BPF (&info)),
      (NULL));
  return FALSE;
}
}

/* How many buffers of size downstream says it keeps outstanding, or 0 where it
 * says nothing. */
static guint64
query_outstanding (GstQuery *query, guint size)
{
  GType api = GST_SPEAD2_OUTSTANDING_API_TYPE;
  const GstStructure *params = NULL;
  guint max_heaps = 0;
  guint64 max_bytes = 0;
  guint index;

  if (!gst_query_find_allocation_meta (query, api, &index))
    return 0;

  gst_query_parse_nth_allocation_meta (query, index, &params);
  if (params == NULL)
    return 0;

  gst_structure_get_uint (params, "max-heaps", &max_heaps);
  if (max_heaps != 0)
    return max_heaps;

  gst_structure_get_uint64 (params, "max-bytes", &max_bytes);
  return CLAMP (max_bytes / size, SPEAD2_AUTO_MIN_HEAPS, SPEAD2_AUTO_MAX_HEAPS);
}

/* How many buffers of size the pool allocates in advance. It grows when
 * downstream keeps more; without a limit, since one that is too low is a
 * deadlock. */
static guint
pool_minimum (GstQuery *query, guint size)
{
  guint64 outstanding = query_outstanding (query, size);
  guint64 minimum =
      outstanding != 0 ? outstanding + POOL_MIN_EXTRA : POOL_MIN_DEFAULT;
  guint64 affordable = MAX (POOL_PREALLOCATED_MAX / size, POOL_MIN_EXTRA);

  return MIN (minimum, affordable);
}

/* The pool is our own even where downstream offers one: the size of a buffer
 * is ours to say, and a limit of downstream's pool would apply to what the
 * elements between hold as well. */
static gboolean
gst_adc_test_src_decide_allocation (GstBaseSrc *basesrc, GstQuery *query)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  guint size = src->frames_per_buffer * (guint) GST_AUDIO_INFO_BPF (&src->info);
  guint minimum = pool_minimum (query, size);
  GstAllocator *allocator = NULL;
  GstAllocationParams params;
  GstBufferPool *pool;

  if (gst_query_get_n_allocation_params (query) > 0) {
    gst_query_parse_nth_allocation_param (query, 0, &allocator, &params);
    params.align |= POOL_ALIGN;
    gst_query_set_nth_allocation_param (query, 0, allocator, &params);
  } else {
    gst_allocation_params_init (&params);
    params.align |= POOL_ALIGN;
    gst_query_add_allocation_param (query, NULL, &params);
  }
  gst_clear_object (&allocator);

  /* The base class configures the pool from the query. */
  pool = gst_buffer_pool_new ();
  if (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_set_nth_allocation_pool (query, 0, pool, size, minimum, 0);
  else
    gst_query_add_allocation_pool (query, pool, size, minimum, 0);
  gst_object_unref (pool);
  GST_DEBUG_OBJECT (
      src, "pool of at least %u buffers of %u bytes", minimum, size);

  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->decide_allocation (basesrc, query);
}

static gboolean
query_convert (const GstAudioInfo *info, GstQuery *query)
{
  GstFormat src_format, dest_format;
  gint64 src_value, dest_value;

  gst_query_parse_convert (
      query, &src_format, &src_value, &dest_format, &dest_value);
  if (!gst_audio_info_convert (
          info, src_format, src_value, dest_format, &dest_value))
    return FALSE;
  gst_query_set_convert (query, src_format, src_value, dest_format, dest_value);

  return TRUE;
}

static gboolean
query_latency (GstAdcTestSrc *src, const GstAudioInfo *info, GstQuery *query)
{
  gboolean live = gst_base_src_is_live (GST_BASE_SRC (src));
  GstClockTime latency = 0;

  /* A digitiser hands a buffer on when its last sample has come. */
  if (live)
    latency = gst_util_uint64_scale_int (
        src->frames_per_buffer, GST_SECOND, GST_AUDIO_INFO_RATE (info));
  gst_query_set_latency (query, live, latency, GST_CLOCK_TIME_NONE);
  GST_DEBUG_OBJECT (
      src, "latency of %" GST_TIME_FORMAT, GST_TIME_ARGS (latency));

  return TRUE;
}

static gboolean
gst_adc_test_src_query (GstBaseSrc *basesrc, GstQuery *query)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  GstAudioInfo info;
  gboolean negotiated;

  GST_OBJECT_LOCK (src);
  info = src->info;
  GST_OBJECT_UNLOCK (src);
  negotiated = GST_AUDIO_INFO_RATE (&info) != 0;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CONVERT:
      return negotiated && query_convert (&info, query);
    case GST_QUERY_LATENCY:
      return negotiated && query_latency (src, &info, query);
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling (query, GST_SCHEDULING_FLAG_SEEKABLE, 1, -1, 0);
      gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
      return TRUE;
    default:
      return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
          ->query (basesrc, query);
  }
}

static gboolean
is_reverse_seek (GstAdcTestSrc *src, GstEvent *event)
{
  gdouble rate;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return FALSE;
  gst_event_parse_seek (event, &rate, NULL, NULL, NULL, NULL, NULL, NULL);
  if (rate > 0.0)
    return FALSE;
  GST_WARNING_OBJECT (src, "reverse playback is not supported");

  return TRUE;
}

/* A seek comes from downstream, to event (), or from the application, to
 * send_event (). One backwards is refused in both, before the base class
 * flushes the pipeline for it. */
static gboolean
gst_adc_test_src_event (GstBaseSrc *basesrc, GstEvent *event)
{
  if (is_reverse_seek (GST_ADC_TEST_SRC (basesrc), event))
    return FALSE;

  return GST_BASE_SRC_CLASS (gst_adc_test_src_parent_class)
      ->event (basesrc, event);
}

static gboolean
gst_adc_test_src_send_event (GstElement *element, GstEvent *event)
{
  if (is_reverse_seek (GST_ADC_TEST_SRC (element), event)) {
    gst_event_unref (event);
    return FALSE;
  }

  return GST_ELEMENT_CLASS (gst_adc_test_src_parent_class)
      ->send_event (element, event);
}

static gboolean
gst_adc_test_src_is_seekable (GstBaseSrc *basesrc)
{
  return TRUE;
}

static gboolean
gst_adc_test_src_do_seek (GstBaseSrc *basesrc, GstSegment *segment)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);

  src->seek_time = segment->position;
  src->stop_time = segment->stop;
  src->times_changed = TRUE;
  GST_DEBUG_OBJECT (src, "seeking: %" GST_SEGMENT_FORMAT, segment);

  return TRUE;
}

static void
gst_adc_test_src_get_times (GstBaseSrc *basesrc, GstBuffer *buffer,
    GstClockTime *start, GstClockTime *end)
{
  *start = GST_CLOCK_TIME_NONE;
  *end = GST_CLOCK_TIME_NONE;

  if (gst_base_src_is_live (basesrc)) {
    *start = GST_BUFFER_PTS (buffer);
    if (GST_BUFFER_PTS_IS_VALID (buffer) &&
        GST_BUFFER_DURATION_IS_VALID (buffer))
      *end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
  }
}

static void
convert_times (GstAdcTestSrc *src)
{
  src->next_frame = time_to_frame (src, src->seek_time);
  src->stop_frame = GST_CLOCK_TIME_IS_VALID (src->stop_time)
      ? time_to_frame (src, src->stop_time)
      : G_MAXUINT64;
  src->times_changed = FALSE;
}

static GstClockTime
add_timestamp_offset (GstAdcTestSrc *src, GstClockTime time)
{
  gint64 offset;

  GST_OBJECT_LOCK (src);
  offset = src->timestamp_offset;
  GST_OBJECT_UNLOCK (src);

  if (!GST_CLOCK_TIME_IS_VALID (time))
    return time;
  if (offset < 0 && time < -(guint64) offset)
    return 0;

  return time + (guint64) offset;
}

static void
stamp_buffer (GstAdcTestSrc *src, GstBuffer *buffer, guint frames)
{
  guint64 end_frame = src->next_frame + frames;
  GstClockTime start = frame_to_time (src, src->next_frame);
  GstClockTime end = frame_to_time (src, end_frame);

  GST_BUFFER_OFFSET (buffer) = src->next_frame;
  GST_BUFFER_OFFSET_END (buffer) = end_frame;
  GST_BUFFER_PTS (buffer) = add_timestamp_offset (src, start);
  GST_BUFFER_DURATION (buffer) =
      GST_CLOCK_TIME_IS_VALID (end) ? end - start : GST_CLOCK_TIME_NONE;
  if (g_atomic_int_compare_and_exchange (&src->discont, TRUE, FALSE))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
}

static GstFlowReturn
gst_adc_test_src_fill (
    GstBaseSrc *basesrc, guint64 offset, guint length, GstBuffer *buffer)
{
  GstAdcTestSrc *src = GST_ADC_TEST_SRC (basesrc);
  gint channels = GST_AUDIO_INFO_CHANNELS (&src->info);
  guint frames = src->frames_per_buffer;
  GstMapInfo map;

  if (src->times_changed)
    convert_times (src);
  if (src->next_frame >= src->stop_frame)
    return GST_FLOW_EOS;
  frames = MIN (frames, src->stop_frame - src->next_frame);

  gst_buffer_set_size (buffer, (gssize) frames * channels);
  if (!gst_buffer_map (buffer, &map, GST_MAP_WRITE))
    goto not_mapped;
  adc_noise_fill (
      &src->noise, src->next_frame * channels, (gint8 *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);

  stamp_buffer (src, buffer, frames);
  src->next_frame += frames;
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
