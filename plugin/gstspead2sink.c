/* gst-spead2: sends buffers as SPEAD heaps over UDP
 *
 * The element keeps properties, states, caps, queries and messages; packets,
 * threads and sockets are the engine's (gst/spead2). A buffer becomes a heap in
 * the streaming thread, is pushed into the engine's bounded queue, and is
 * released by a sending thread once the kernel has its bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-spead2sink
 * @title: spead2sink
 * @see_also: adctestsrc, udpsink
 *
 * Sends each buffer as a SPEAD heap over UDP, unicast or multicast. SPEAD
 * (Streaming Protocol for Exchanging Astronomical Data) is how radio telescopes
 * move samples between machines; every receiver built on spead2 reads it.
 *
 * A heap carries two items: 0x1600 `timestamp`, the index of its first sample,
 * and 0x3300 `adc_samples`, the samples, with a numpy dtype and a shape taken
 * from `audio/x-raw` caps. Other buffers are sent as bytes. Descriptors of both
 * go with the first heap, and with any heap of another shape. At EOS all heaps
 * are sent first, then a stop heap, and only then the EOS message is posted.
 *
 * Sending has a thread of its own: the next buffer is made while the last one
 * is on its way. At most #GstSpead2Sink:max-heaps heaps are outstanding, and
 * none of their memory is touched or released before the kernel has it.
 *
 * UDP has no flow control. With #GstSpead2Sink:rate unset, heaps go as fast as
 * the kernel takes them, and a slower receiver loses packets.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 adctestsrc num-buffers=100 ! spead2sink rate=100000000
 * ]| The sender of spead2's tutorial: 100 heaps of 1 MiB of random samples to
 * port 8888 of this machine, at 100 MB/s.
 * |[
 * gst-launch-1.0 audiotestsrc ! audio/x-raw,format=S16LE ! spead2sink host=239.1.2.3 multicast-iface=lo sync=true
 * ]| A tone in real time to a multicast group.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstspead2sink.h"

#include <gst/audio/audio.h>

#include "gstspead2elements.h"
#include "gstspead2outstanding.h"
#include "spead2/error.h"
#include "spead2/layout.h"
#include "spead2/sender.h"

GST_DEBUG_CATEGORY_STATIC (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 8888
#define DEFAULT_MAX_HEAPS 0
#define DEFAULT_MAX_PACKET_SIZE 1472
#define DEFAULT_RATE 0.0
#define DEFAULT_BURST_SIZE 65536
#define DEFAULT_BURST_RATE_RATIO 1.05
#define DEFAULT_HEAP_ADDRESS_BITS 40
#define DEFAULT_SEND_STOP_HEAP TRUE
#define DEFAULT_TTL_MC 1
#define DEFAULT_SIGNAL_HEAPS FALSE

#define MAX_MAX_HEAPS 65536

/* Buffers of this alignment are copied fastest. */
#define ALIGNMENT 64

/* What gst_base_sink_wait_preroll() returns when a step ended the wait. The base
 * class goes on as with GST_FLOW_OK, and so do we. */
#define FLOW_STEP GST_FLOW_CUSTOM_ERROR

/* Failing heaps are told of once in this time, with their number. */
#define WARNING_INTERVAL GST_SECOND

enum {
  PROP_0,
  PROP_HOST,
  PROP_PORT,
  PROP_MAX_HEAPS,
  PROP_MAX_PACKET_SIZE,
  PROP_RATE,
  PROP_BURST_SIZE,
  PROP_BURST_RATE_RATIO,
  PROP_HEAP_ADDRESS_BITS,
  PROP_SEND_STOP_HEAP,
  PROP_MULTICAST_IFACE,
  PROP_TTL_MC,
  PROP_STATS,
  PROP_SIGNAL_HEAPS
};

enum { SIGNAL_HEAP_DONE, N_SIGNALS };

static guint signals[N_SIGNALS];

/* Properties are guarded by the object lock. Of the rest, sender is set while
 * no other thread runs (NULL to READY) and cleared the same way; what follows
 * it belongs to the streaming thread, or to state changes while the pad is
 * inactive; the last part is atomic or the lanes' own, since heaps end one at
 * a time. No lock of the element is held while calling the engine. */
struct _GstSpead2Sink {
  GstBaseSink parent;

  gchar *host;
  guint port;
  guint max_heaps;
  guint max_packet_size;
  gdouble rate;
  guint64 burst_size;
  gdouble burst_rate_ratio;
  guint heap_address_bits;
  gint send_stop_heap; /* atomic */
  gchar *multicast_iface;
  gint ttl_mc;
  gboolean reopen; /* one that sockets or packets depend on has changed */

  Spead2Sender *sender;

  Spead2Layout *layout;
  Spead2Flavour flavour;
  gboolean offset_is_index; /* OFFSET counts frames (audio) or bytes */
  guint64 next_index;       /* of the next heap's first frame, if it follows */
  gboolean have_index;
  gboolean stop_pending; /* heaps went out since the last stop heap */
  gboolean jump_warned;
  gboolean wrap_warned;
  guint64 offset_jumps; /* object lock: stats reads it */
  guint64 index_wraps;  /* object lock */

  gint signal_heaps; /* atomic */
  gint redescribe;   /* atomic: a heap with descriptors did not arrive */
  GstClockTime warned_at;
  guint unreported; /* failed heaps since then */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE (GstSpead2Sink, gst_spead2_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE (
    spead2sink, "spead2sink", GST_RANK_NONE, GST_TYPE_SPEAD2_SINK);

/* -- properties -------------------------------------------------------------- */

static void
gst_spead2_sink_init (GstSpead2Sink *self)
{
  self->host = g_strdup (DEFAULT_HOST);
  self->port = DEFAULT_PORT;
  self->max_heaps = DEFAULT_MAX_HEAPS;
  self->max_packet_size = DEFAULT_MAX_PACKET_SIZE;
  self->rate = DEFAULT_RATE;
  self->burst_size = DEFAULT_BURST_SIZE;
  self->burst_rate_ratio = DEFAULT_BURST_RATE_RATIO;
  self->heap_address_bits = DEFAULT_HEAP_ADDRESS_BITS;
  self->send_stop_heap = DEFAULT_SEND_STOP_HEAP;
  self->ttl_mc = DEFAULT_TTL_MC;
  self->signal_heaps = DEFAULT_SIGNAL_HEAPS;
  self->warned_at = GST_CLOCK_TIME_NONE;

  /* A network takes what it is given; a last sample would keep a buffer from
   * its pool. */
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_spead2_sink_finalize (GObject *object)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);

  g_free (self->host);
  g_free (self->multicast_iface);
  G_OBJECT_CLASS (gst_spead2_sink_parent_class)->finalize (object);
}

static void
gst_spead2_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);

  GST_OBJECT_LOCK (self);
  self->reopen |= !(pspec->flags & GST_PARAM_MUTABLE_PLAYING);
  switch (id) {
    case PROP_HOST:
      g_free (self->host);
      self->host = g_value_dup_string (value);
      if (self->host == NULL)
        self->host = g_strdup (DEFAULT_HOST);
      break;
    case PROP_PORT:
      self->port = g_value_get_int (value);
      break;
    case PROP_MAX_HEAPS:
      self->max_heaps = g_value_get_uint (value);
      break;
    case PROP_MAX_PACKET_SIZE:
      self->max_packet_size = g_value_get_uint (value);
      break;
    case PROP_RATE:
      self->rate = g_value_get_double (value);
      break;
    case PROP_BURST_SIZE:
      self->burst_size = g_value_get_uint64 (value);
      break;
    case PROP_BURST_RATE_RATIO:
      self->burst_rate_ratio = g_value_get_double (value);
      break;
    case PROP_HEAP_ADDRESS_BITS:
      self->heap_address_bits = g_value_get_uint (value);
      break;
    case PROP_SEND_STOP_HEAP:
      g_atomic_int_set (&self->send_stop_heap, g_value_get_boolean (value));
      break;
    case PROP_MULTICAST_IFACE:
      g_free (self->multicast_iface);
      self->multicast_iface = g_value_dup_string (value);
      break;
    case PROP_TTL_MC:
      self->ttl_mc = g_value_get_int (value);
      break;
    case PROP_SIGNAL_HEAPS:
      g_atomic_int_set (&self->signal_heaps, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstStructure *
gst_spead2_sink_make_stats (GstSpead2Sink *self)
{
  GstStructure *stats = gst_base_sink_get_stats (GST_BASE_SINK (self));
  Spead2SenderStats engine = {0};
  guint64 offset_jumps, index_wraps;
  guint64 errors = 0;
  guint i;

  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_get_stats (self->sender, &engine);
  offset_jumps = self->offset_jumps;
  index_wraps = self->index_wraps;
  GST_OBJECT_UNLOCK (self);

  for (i = 0; i < G_N_ELEMENTS (engine.writer.errors); i++)
    errors += engine.writer.errors[i];

  gst_structure_set_name (stats, "application/x-spead2-sink-stats");
  gst_structure_set (stats, "heaps-pushed", G_TYPE_UINT64, engine.heaps_pushed,
      "heaps-sent", G_TYPE_UINT64, engine.heaps_sent, "heaps-failed",
      G_TYPE_UINT64, engine.heaps_failed, "heaps-dropped", G_TYPE_UINT64,
      engine.heaps_dropped, "packets", G_TYPE_UINT64, engine.writer.packets,
      "bytes", G_TYPE_UINT64, engine.writer.bytes, "payload-bytes",
      G_TYPE_UINT64, engine.payload_bytes, "messages", G_TYPE_UINT64,
      engine.writer.messages, "calls", G_TYPE_UINT64, engine.writer.calls,
      "waits", G_TYPE_UINT64, engine.writer.waits, "errors", G_TYPE_UINT64,
      (guint64) errors, "gso", G_TYPE_BOOLEAN, engine.gso_errno == 0,
      "heap-cnt-wraps", G_TYPE_UINT64, engine.heap_cnt_wraps, "index-wraps",
      G_TYPE_UINT64, index_wraps, "offset-jumps", G_TYPE_UINT64, offset_jumps,
      "outstanding", G_TYPE_UINT, engine.outstanding, "peak-outstanding",
      G_TYPE_UINT, engine.peak_outstanding, NULL);
  return stats;
}

static void
gst_spead2_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, gst_spead2_sink_make_stats (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_int (value, self->port);
      break;
    case PROP_MAX_HEAPS:
      g_value_set_uint (value, self->max_heaps);
      break;
    case PROP_MAX_PACKET_SIZE:
      g_value_set_uint (value, self->max_packet_size);
      break;
    case PROP_RATE:
      g_value_set_double (value, self->rate);
      break;
    case PROP_BURST_SIZE:
      g_value_set_uint64 (value, self->burst_size);
      break;
    case PROP_BURST_RATE_RATIO:
      g_value_set_double (value, self->burst_rate_ratio);
      break;
    case PROP_HEAP_ADDRESS_BITS:
      g_value_set_uint (value, self->heap_address_bits);
      break;
    case PROP_SEND_STOP_HEAP:
      g_value_set_boolean (value, g_atomic_int_get (&self->send_stop_heap));
      break;
    case PROP_MULTICAST_IFACE:
      g_value_set_string (value, self->multicast_iface);
      break;
    case PROP_TTL_MC:
      g_value_set_int (value, self->ttl_mc);
      break;
    case PROP_SIGNAL_HEAPS:
      g_value_set_boolean (value, g_atomic_int_get (&self->signal_heaps));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* -- what lanes report --------------------------------------------------------- */

/* Posts a warning for a failed heap, but not one for each of a storm. */
static void
gst_spead2_sink_warn_failed (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  GstClockTime now = gst_util_get_timestamp ();

  self->unreported++;
  if (self->warned_at != GST_CLOCK_TIME_NONE &&
      now - self->warned_at < WARNING_INTERVAL)
    return;

  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("%s. Heap %" G_GUINT64_FORMAT " is incomplete; the stream goes on.",
          result->error->message, result->cnt),
      ("%u heap(s) failed since the last warning, %" G_GUINT64_FORMAT
       " bytes of this one were sent",
          self->unreported, result->bytes));
  self->warned_at = now;
  self->unreported = 0;
}

/* In a lane, with no lock held, one heap at a time. */
static void
gst_spead2_sink_heap_done (const Spead2HeapResult *result, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  if (result->error && result->heap->flags & SPEAD2_HEAP_DESCRIBES)
    g_atomic_int_set (&self->redescribe, TRUE);
  if (result->error && result->error->domain == SPEAD2_ERRNO)
    gst_spead2_sink_warn_failed (self, result);
  if (result->error)
    GST_DEBUG_OBJECT (self, "heap %" G_GUINT64_FORMAT ": %s", result->cnt,
        result->error->message);

  if (g_atomic_int_get (&self->signal_heaps) &&
      !(result->heap->flags & SPEAD2_HEAP_CONTROL))
    g_signal_emit (self, signals[SIGNAL_HEAP_DONE], 0, result->cnt,
        result->bytes, result->error);
}

static void
gst_spead2_sink_post_stream_status (
    GstSpead2Sink *self, GstStreamStatusType type)
{
  GstMessage *message = gst_message_new_stream_status (
      GST_OBJECT (self), type, GST_ELEMENT (self));
  GValue thread = G_VALUE_INIT;

  g_value_init (&thread, GST_TYPE_G_THREAD);
  g_value_set_boxed (&thread, g_thread_self ());
  gst_message_set_stream_status_object (message, &thread);
  g_value_unset (&thread);
  gst_element_post_message (GST_ELEMENT (self), message);
}

static void
gst_spead2_sink_lane_started (guint lane, gpointer user_data)
{
  gst_spead2_sink_post_stream_status (user_data, GST_STREAM_STATUS_TYPE_ENTER);
}

static void
gst_spead2_sink_lane_stopped (guint lane, gpointer user_data)
{
  gst_spead2_sink_post_stream_status (user_data, GST_STREAM_STATUS_TYPE_LEAVE);
}

/* -- NULL to READY and back ------------------------------------------------------ */

static gboolean
gst_spead2_sink_check_packet_size (
    const Spead2SenderConfig *config, GError **error)
{
  gint family = spead2_endpoint_family (&config->destination);

  if (config->packet.max_packet_size <= spead2_udp_max_message (family))
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A packet of %" G_GSIZE_FORMAT " bytes is more than UDP over %s carries: "
      "max-packet-size must be at most %" G_GSIZE_FORMAT,
      config->packet.max_packet_size, family == AF_INET ? "IPv4" : "IPv6",
      spead2_udp_max_message (family));
  return FALSE;
}

/* Reads the properties, and finds and checks all that can be wrong with them. */
static Spead2Sender *
gst_spead2_sink_open (GstSpead2Sink *self, GError **error)
{
  static const Spead2SenderCallbacks callbacks = {
      gst_spead2_sink_heap_done,
      gst_spead2_sink_lane_started,
      gst_spead2_sink_lane_stopped,
  };
  Spead2SenderConfig config = {.n_lanes = 1};
  Spead2Sender *sender = NULL;
  gchar *host, *iface, *name = gst_object_get_name (GST_OBJECT (self));
  guint port;

  GST_OBJECT_LOCK (self);
  self->reopen = FALSE;
  spead2_packet_config_init (
      &config.packet, self->heap_address_bits, self->max_packet_size);
  config.max_heaps = self->max_heaps;
  config.rate = self->rate;
  config.burst_size = self->burst_size;
  config.burst_rate_ratio = self->burst_rate_ratio;
  config.socket.ttl_mc = self->ttl_mc;
  config.socket.multicast_iface = iface = g_strdup (self->multicast_iface);
  host = g_strdup (self->host);
  port = self->port;
  GST_OBJECT_UNLOCK (self);
  config.thread_name = name;

  self->flavour = config.packet.flavour;
  if (spead2_packet_config_check (&config.packet, error) &&
      (self->layout = spead2_layout_new (self->flavour, error)) != NULL &&
      spead2_endpoint_resolve (&config.destination, host, port, NULL, error) &&
      gst_spead2_sink_check_packet_size (&config, error))
    sender = spead2_sender_new (&config, &callbacks, self, error);

  g_free (host);
  g_free (iface);
  g_free (name);
  return sender;
}

static gboolean
gst_spead2_sink_stop (GstBaseSink *base)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  Spead2Sender *sender = self->sender;

  if (sender) {
    /* Its threads may still post and signal, without the object lock. */
    spead2_sender_stop (sender);
    GST_OBJECT_LOCK (self);
    self->sender = NULL;
    GST_OBJECT_UNLOCK (self);
    spead2_sender_free (sender);
  }
  g_clear_pointer (&self->layout, spead2_layout_free);
  return TRUE;
}

static gboolean
gst_spead2_sink_start (GstBaseSink *base)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GError *error = NULL;
  Spead2Sender *sender = gst_spead2_sink_open (self, &error);

  if (sender == NULL)
    goto no_sender;
  if (!spead2_sender_start (sender, &error))
    goto no_thread;

  self->warned_at = GST_CLOCK_TIME_NONE;
  self->unreported = 0;
  GST_OBJECT_LOCK (self);
  self->sender = sender;
  self->offset_jumps = self->index_wraps = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;

  /* ERRORS */
no_thread:
  spead2_sender_free (sender);
no_sender:
  g_clear_pointer (&self->layout, spead2_layout_free);
  if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID))
    GST_ELEMENT_ERROR (
        self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND))
    GST_ELEMENT_ERROR (
        self, RESOURCE, NOT_FOUND, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (
        self, RESOURCE, OPEN_WRITE, ("%s", error->message), (NULL));
  g_clear_error (&error);
  return FALSE;
}

/* -- caps -------------------------------------------------------------------------- */

/* numpy's name of an audio format, or a SPEAD format, or neither (FALSE). */
static gboolean
gst_spead2_sink_type_of_audio (
    const GstAudioFormatInfo *format, Spead2PayloadType *type)
{
  gboolean real = GST_AUDIO_FORMAT_INFO_IS_FLOAT (format);
  gboolean is_signed = GST_AUDIO_FORMAT_INFO_IS_SIGNED (format);
  gboolean little =
      GST_AUDIO_FORMAT_INFO_ENDIANNESS (format) == G_LITTLE_ENDIAN;
  gint width = GST_AUDIO_FORMAT_INFO_WIDTH (format);
  gchar code = real ? 'f' : is_signed ? 'i' : 'u';

  if (GST_AUDIO_FORMAT_INFO_DEPTH (format) != width)
    return FALSE;

  type->sample_size = width / 8;
  switch (width) {
    case 8:
      g_snprintf (type->dtype, sizeof type->dtype, "|%c1", code);
      return TRUE;
    case 16:
    case 32:
    case 64:
      g_snprintf (type->dtype, sizeof type->dtype, "%c%c%d", little ? '<' : '>',
          code, width / 8);
      return TRUE;
    default:
      type->dtype[0] = '\0';
      type->format = (Spead2Format){code, width};
      return !little;
  }
}

static gboolean
gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstStructure *structure = gst_caps_get_structure (caps, 0);
  Spead2PayloadType type = {.dtype = "|u1", .sample_size = 1, .channels = 1};
  GstAudioInfo info;

  self->offset_is_index = gst_structure_has_name (structure, "audio/x-raw");
  if (self->offset_is_index) {
    if (!gst_audio_info_from_caps (&info, caps) ||
        GST_AUDIO_INFO_CHANNELS (&info) < 1)
      goto bad_caps;
    if (GST_AUDIO_INFO_LAYOUT (&info) != GST_AUDIO_LAYOUT_INTERLEAVED)
      goto bad_layout;
    if (!gst_spead2_sink_type_of_audio (info.finfo, &type))
      goto bad_format;
    type.channels = GST_AUDIO_INFO_CHANNELS (&info);
  }

  spead2_layout_set_payload_type (self->layout, &type);
  return TRUE;

  /* ERRORS */
bad_caps:
  GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("These audio caps are not whole."),
      ("caps: %" GST_PTR_FORMAT, caps));
  return FALSE;
bad_layout:
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("Samples of several channels must be interleaved: put 'audioconvert ! "
       "audio/x-raw,layout=interleaved' in front."),
      ("caps: %" GST_PTR_FORMAT, caps));
  return FALSE;
bad_format:
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("Audio format %s has neither a numpy type nor a SPEAD format: put "
       "'audioconvert ! audio/x-raw,format=S32LE' in front, or S24BE.",
          GST_AUDIO_INFO_NAME (&info)),
      ("caps: %" GST_PTR_FORMAT, caps));
  return FALSE;
}

/* -- data --------------------------------------------------------------------------- */

/* A new stream: it is described and counted from its beginning. */
static void
gst_spead2_sink_reset_stream (GstSpead2Sink *self)
{
  spead2_layout_forget_descriptors (self->layout);
  self->have_index = FALSE;
  self->next_index = 0;
}

/* The index of the buffer's first frame: its OFFSET where that counts frames or
 * bytes, else the number of frames so far. Never from the PTS, which cannot
 * tell samples apart at the rates of digitisers. */
static guint64
gst_spead2_sink_index_of (GstSpead2Sink *self, GstBuffer *buffer)
{
  guint64 index = self->next_index;

  if (self->offset_is_index && GST_BUFFER_OFFSET_IS_VALID (buffer))
    index = GST_BUFFER_OFFSET (buffer);
  if (!self->have_index || index == self->next_index)
    return index;

  GST_OBJECT_LOCK (self);
  self->offset_jumps++;
  GST_OBJECT_UNLOCK (self);
  if (!GST_BUFFER_IS_DISCONT (buffer) && !self->jump_warned) {
    self->jump_warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The sample index jumps from %" G_GUINT64_FORMAT
         " to %" G_GUINT64_FORMAT " without a discontinuity.",
            self->next_index, index),
        ("Buffer offsets do not add up; further jumps are counted in stats"));
  }
  return index;
}

static void
gst_spead2_sink_note_wrap (GstSpead2Sink *self, guint64 index)
{
  guint64 wraps = index >> self->flavour;

  GST_OBJECT_LOCK (self);
  self->index_wraps = wraps;
  GST_OBJECT_UNLOCK (self);
  if (wraps > 0 && !self->wrap_warned) {
    self->wrap_warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The timestamp has wrapped: sample index %" G_GUINT64_FORMAT
         " needs more than %u bits. Set heap-address-bits=48 to count longer.",
            index, self->flavour),
        ("Values go on modulo 2^%u", self->flavour));
  }
}

static GstFlowReturn
gst_spead2_sink_send_error (GstSpead2Sink *self, GError *error)
{
  GST_ELEMENT_ERROR (self, STREAM, FAILED, ("%s", error->message), (NULL));
  g_error_free (error);
  return GST_FLOW_ERROR;
}

/* Hands a heap over; pausing interrupts the wait for room, and resuming goes on
 * with the same heap. Takes the heap in any case. */
static GstFlowReturn
gst_spead2_sink_push (GstSpead2Sink *self, Spead2Heap *heap)
{
  GError *error = NULL;

  for (;;) {
    GstFlowReturn flow;

    switch (spead2_sender_push (self->sender, heap, &error)) {
      case SPEAD2_SENDER_OK:
        return GST_FLOW_OK;
      case SPEAD2_SENDER_INTERRUPTED:
        flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
        if (flow == GST_FLOW_OK || flow == FLOW_STEP)
          continue;
        spead2_heap_free (heap);
        return flow;
      case SPEAD2_SENDER_FLUSHING:
        spead2_heap_free (heap);
        return GST_FLOW_FLUSHING;
      case SPEAD2_SENDER_REFUSED:
        spead2_heap_free (heap);
        return gst_spead2_sink_send_error (self, error);
    }
  }
}

static GstFlowReturn
gst_spead2_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  Spead2HeapValues values = {.buffer = buffer};
  GError *error = NULL;
  GstFlowReturn flow;
  Spead2Heap *heap;

  values.size = gst_buffer_get_size (buffer);
  if (values.size == 0)
    return GST_FLOW_OK;
  values.sample_index = gst_spead2_sink_index_of (self, buffer);

  if (g_atomic_int_compare_and_exchange (&self->redescribe, TRUE, FALSE))
    spead2_layout_forget_descriptors (self->layout);
  heap = spead2_layout_make_heap (self->layout, &values, &error);
  if (heap == NULL)
    return gst_spead2_sink_send_error (self, error);

  flow = gst_spead2_sink_push (self, heap);
  if (flow != GST_FLOW_OK)
    return flow;

  self->stop_pending = TRUE;
  self->have_index = TRUE;
  self->next_index = values.sample_index +
      values.size / spead2_layout_frame_size (self->layout);
  gst_spead2_sink_note_wrap (self, values.sample_index);
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_spead2_sink_render_list (GstBaseSink *base, GstBufferList *list)
{
  guint i, n = gst_buffer_list_length (list);
  GstFlowReturn flow = GST_FLOW_OK;

  for (i = 0; i < n && flow == GST_FLOW_OK; i++)
    flow = gst_spead2_sink_render (base, gst_buffer_list_get (list, i));
  return flow;
}

/* Waits until all heaps have ended; pausing interrupts and resumes it. */
static GstFlowReturn
gst_spead2_sink_drain (GstSpead2Sink *self)
{
  for (;;) {
    GstFlowReturn flow;

    switch (spead2_sender_drain (self->sender, TRUE)) {
      case SPEAD2_SENDER_OK:
        return GST_FLOW_OK;
      case SPEAD2_SENDER_INTERRUPTED:
        flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
        if (flow != GST_FLOW_OK && flow != FLOW_STEP)
          return flow;
        break;
      default:
        return GST_FLOW_FLUSHING;
    }
  }
}

/* Ends the stream on the wire: what is queued, then the stop heap. */
static GstFlowReturn
gst_spead2_sink_end_stream (GstSpead2Sink *self)
{
  GstFlowReturn flow = gst_spead2_sink_drain (self);

  if (flow == GST_FLOW_OK && g_atomic_int_get (&self->send_stop_heap)) {
    flow = gst_spead2_sink_push (
        self, spead2_heap_new_control (self->flavour, SPEAD2_CTRL_STOP));
    if (flow == GST_FLOW_OK)
      flow = gst_spead2_sink_drain (self);
  }
  if (flow == GST_FLOW_OK) {
    self->stop_pending = FALSE;
    spead2_layout_forget_descriptors (self->layout);
  }
  return flow;
}

/* The EOS message is posted when this returns. Also called for GAP events. */
static GstFlowReturn
gst_spead2_sink_wait_event (GstBaseSink *base, GstEvent *event)
{
  GstFlowReturn flow = GST_BASE_SINK_CLASS (gst_spead2_sink_parent_class)
                           ->wait_event (base, event);

  if (flow == GST_FLOW_OK && GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    flow = gst_spead2_sink_end_stream (GST_SPEAD2_SINK (base));
  return flow;
}

/* Called to pause and to flush: the queue is left alone. */
static gboolean
gst_spead2_sink_unlock (GstBaseSink *base)
{
  spead2_sender_set_interrupted (GST_SPEAD2_SINK (base)->sender, TRUE);
  return TRUE;
}

static gboolean
gst_spead2_sink_unlock_stop (GstBaseSink *base)
{
  spead2_sender_set_interrupted (GST_SPEAD2_SINK (base)->sender, FALSE);
  return TRUE;
}

static gboolean
gst_spead2_sink_event (GstBaseSink *base, GstEvent *event)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      spead2_sender_set_flushing (self->sender, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      spead2_sender_flush (self->sender);
      spead2_sender_set_flushing (self->sender, FALSE);
      gst_spead2_sink_reset_stream (self);
      break;
    default:
      break;
  }
  return GST_BASE_SINK_CLASS (gst_spead2_sink_parent_class)
      ->event (base, event);
}

/* -- queries --------------------------------------------------------------------------- */

/* No pool: a base source would take its size for the one it must produce. What
 * is said instead is how much stays outstanding, for a source that makes a pool
 * of its own. */
static gboolean
gst_spead2_sink_propose_allocation (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstAllocationParams params;
  GstStructure *outstanding;

  gst_allocation_params_init (&params);
  params.align = ALIGNMENT - 1;
  gst_query_add_allocation_param (query, NULL, &params);

  GST_OBJECT_LOCK (self);
  outstanding = gst_structure_new (GST_SPEAD2_OUTSTANDING_API_NAME, "max-heaps",
      G_TYPE_UINT, self->max_heaps, "max-bytes", G_TYPE_UINT64,
      (guint64) SPEAD2_AUTO_BYTES, NULL);
  GST_OBJECT_UNLOCK (self);
  gst_query_add_allocation_meta (
      query, GST_SPEAD2_OUTSTANDING_API_TYPE, outstanding);
  gst_structure_free (outstanding);
  return TRUE;
}

static gboolean
gst_spead2_sink_query (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);

  /* Upstream wants its buffers back. Pausing does not end the wait: heaps go
   * on being sent. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_DRAIN && self->sender)
    spead2_sender_drain (self->sender, FALSE);
  return GST_BASE_SINK_CLASS (gst_spead2_sink_parent_class)
      ->query (base, query);
}

/* -- states ----------------------------------------------------------------------------- */

/* The stream was left without EOS: tell the receivers, if it can be done
 * without waiting. */
static void
gst_spead2_sink_try_stop_heap (GstSpead2Sink *self)
{
  Spead2Heap *heap;

  if (!self->stop_pending || !g_atomic_int_get (&self->send_stop_heap))
    return;

  heap = spead2_heap_new_control (self->flavour, SPEAD2_CTRL_STOP);
  heap->flags |= SPEAD2_HEAP_NO_WAIT;
  if (spead2_sender_push (self->sender, heap, NULL) == SPEAD2_SENDER_OK)
    spead2_sender_drain (self->sender, FALSE);
  else
    spead2_heap_free (heap);
}

/* Properties that were changed in READY count from here on. */
static gboolean
gst_spead2_sink_reopen_if_changed (GstSpead2Sink *self)
{
  GstBaseSink *base = GST_BASE_SINK (self);
  gboolean reopen;

  GST_OBJECT_LOCK (self);
  reopen = self->reopen;
  GST_OBJECT_UNLOCK (self);
  if (!reopen)
    return TRUE;

  gst_spead2_sink_stop (base);
  return gst_spead2_sink_start (base);
}

static GstStateChangeReturn
gst_spead2_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (element);
  GstStateChangeReturn result;

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!gst_spead2_sink_reopen_if_changed (self))
        return GST_STATE_CHANGE_FAILURE;
      gst_spead2_sink_reset_stream (self);
      /* Bytes without caps are counted by their OFFSET, as filesrc does. */
      self->offset_is_index = TRUE;
      self->stop_pending = FALSE;
      self->jump_warned = self->wrap_warned = FALSE;
      spead2_sender_probe (self->sender);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      /* Ends a wait of the streaming thread, which the base class joins. */
      spead2_sender_set_flushing (self->sender, TRUE);
      break;
    default:
      break;
  }

  result = GST_ELEMENT_CLASS (gst_spead2_sink_parent_class)
               ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    spead2_sender_flush (self->sender);
    spead2_sender_set_flushing (self->sender, FALSE);
    gst_spead2_sink_try_stop_heap (self);
    self->stop_pending = FALSE;
  }
  return result;
}

/* -- class ------------------------------------------------------------------------------- */

static void
gst_spead2_sink_class_init (GstSpead2SinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  GST_DEBUG_CATEGORY_INIT (
      spead2_sink_debug, "spead2sink", 0, "SPEAD heaps over UDP");

  object_class->set_property = gst_spead2_sink_set_property;
  object_class->get_property = gst_spead2_sink_get_property;
  object_class->finalize = gst_spead2_sink_finalize;

  /**
   * GstSpead2Sink:host:
   *
   * Where to send: an IPv4 or IPv6 address, unicast or multicast, or a name,
   * which is resolved in NULL to READY, within 5 seconds.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_HOST,
      g_param_spec_string ("host", "Host",
          "Address, multicast group or name to send to", DEFAULT_HOST,
          flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:port:
   *
   * UDP port to send to, 1 to 65535.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_PORT,
      g_param_spec_int ("port", "Port", "UDP port to send to", 0, G_MAXUINT16,
          DEFAULT_PORT, flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:max-heaps:
   *
   * Most heaps that are outstanding: accepted and not yet sent. Upstream waits
   * while there are so many. 0 allows as many as make 4 MiB, from 4 to 4096;
   * otherwise at least 2.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_MAX_HEAPS,
      g_param_spec_uint ("max-heaps", "Max heaps",
          "Most outstanding heaps (0 = as many as make 4 MiB, from 4 to 4096)",
          0, MAX_MAX_HEAPS, DEFAULT_MAX_HEAPS,
          flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:max-packet-size:
   *
   * Most bytes of UDP payload in a packet, SPEAD header included, IP and UDP
   * headers not; rounded down to a multiple of 8. From 56 to 65507 (IPv4) or
   * 65527 (IPv6). What fits a network is its MTU less 28 (IPv4) or 48 (IPv6):
   * 1472 for Ethernet, 8972 for jumbo frames of 9000.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_MAX_PACKET_SIZE,
      g_param_spec_uint ("max-packet-size", "Max packet size",
          "Most bytes of UDP payload in a packet (MTU less 28 on IPv4)", 0,
          G_MAXUINT, DEFAULT_MAX_PACKET_SIZE, flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:rate:
   *
   * Mean rate to keep, in bytes of UDP payload per second; 0 sends as fast as
   * the kernel takes it.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_RATE,
      g_param_spec_double ("rate", "Rate",
          "Bytes of UDP payload per second (0 = unlimited)", 0.0, G_MAXDOUBLE,
          DEFAULT_RATE, flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:burst-size:
   *
   * With a rate, most bytes that are sent back to back; never more than a
   * millisecond of the rate, and always at least one packet.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_BURST_SIZE,
      g_param_spec_uint64 ("burst-size", "Burst size",
          "With a rate: most bytes sent back to back", 1, G_MAXUINT64,
          DEFAULT_BURST_SIZE, flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:burst-rate-ratio:
   *
   * With a rate, how much faster than it a sender that fell behind may catch
   * up.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_BURST_RATE_RATIO,
      g_param_spec_double ("burst-rate-ratio", "Burst rate ratio",
          "With a rate: fastest catching up, as a multiple of it", 1.0,
          G_MAXDOUBLE, DEFAULT_BURST_RATE_RATIO,
          flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:heap-address-bits:
   *
   * The flavour, SPEAD-64-N: bits of an immediate value, an address and the
   * heap counter; a multiple of 8. 40 suits generic receivers, 48 MeerKAT,
   * Effelsberg and SKA. Timestamps count modulo 2^N.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_HEAP_ADDRESS_BITS,
      g_param_spec_uint ("heap-address-bits", "Heap address bits",
          "Flavour: N of SPEAD-64-N, a multiple of 8", 8, 56,
          DEFAULT_HEAP_ADDRESS_BITS, flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:send-stop-heap:
   *
   * Tell receivers that the stream has ended: after the last heap at EOS, and
   * when the element goes to READY without one.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_SEND_STOP_HEAP,
      g_param_spec_boolean ("send-stop-heap", "Send stop heap",
          "End the stream with a stop heap", DEFAULT_SEND_STOP_HEAP,
          flags | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:multicast-iface:
   *
   * Name of the network interface that multicast leaves by; unset, the routing
   * table says.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_MULTICAST_IFACE,
      g_param_spec_string ("multicast-iface", "Multicast interface",
          "Interface that multicast leaves by, for example eth0", NULL,
          flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:ttl-mc:
   *
   * How many routers a multicast packet may pass; 1 stays on the local network.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_TTL_MC,
      g_param_spec_int ("ttl-mc", "Multicast TTL",
          "Time to live (hops) of multicast packets", 0, 255, DEFAULT_TTL_MC,
          flags | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:stats:
   *
   * What has been sent since the element went to READY. Besides the fields of
   * #GstBaseSink:stats: heaps-pushed, heaps-sent, heaps-failed, heaps-dropped;
   * packets, bytes (of UDP payload) and messages that the kernel accepted, stop
   * heaps included; calls (of sendmmsg), waits (for room in the kernel), errors
   * (errnos and ICMP errors); payload-bytes of the heaps sent; gso, whether
   * segmentation offload is in use; heap-cnt-wraps, index-wraps, offset-jumps;
   * outstanding and peak-outstanding heaps.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters of heaps, packets, bytes and errors", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * GstSpead2Sink:signal-heaps:
   *
   * Emit #GstSpead2Sink::heap-done for each heap.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_SIGNAL_HEAPS,
      g_param_spec_boolean ("signal-heaps", "Signal heaps",
          "Emit heap-done for each heap", DEFAULT_SIGNAL_HEAPS,
          flags | GST_PARAM_MUTABLE_PLAYING));

  /**
   * GstSpead2Sink::heap-done:
   * @sink: the sink
   * @heap_cnt: the heap counter on the wire, or G_MAXUINT64 for a heap that was
   *   dropped before it got one
   * @bytes: bytes of UDP payload that the kernel accepted
   * @error: (nullable): why the heap is not complete, or %NULL
   *
   * A heap has ended, and its buffer is released when the handlers return.
   * Emitted in the order of the buffers, by a sending thread, with no lock
   * held, while #GstSpead2Sink:signal-heaps is set. A handler must not change
   * the element's state.
   *
   * Since: 0.1
   */
  signals[SIGNAL_HEAP_DONE] = g_signal_new ("heap-done",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_UINT64, G_TYPE_UINT64, G_TYPE_ERROR);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "SPEAD sender",
      "Sink/Network", "Sends buffers as SPEAD heaps over UDP",
      "The gst-spead2 developers");

  element_class->change_state = gst_spead2_sink_change_state;
  base_class->start = gst_spead2_sink_start;
  base_class->stop = gst_spead2_sink_stop;
  base_class->set_caps = gst_spead2_sink_set_caps;
  base_class->render = gst_spead2_sink_render;
  base_class->render_list = gst_spead2_sink_render_list;
  base_class->wait_event = gst_spead2_sink_wait_event;
  base_class->event = gst_spead2_sink_event;
  base_class->query = gst_spead2_sink_query;
  base_class->propose_allocation = gst_spead2_sink_propose_allocation;
  base_class->unlock = gst_spead2_sink_unlock;
  base_class->unlock_stop = gst_spead2_sink_unlock_stop;
}
