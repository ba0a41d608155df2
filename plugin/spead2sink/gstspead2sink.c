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
 * Sends each buffer as a SPEAD heap over UDP, unicast or multicast, or heaps of
 * #GstSpead2Sink:heap-size bytes that are cut and joined from buffers. SPEAD (Streaming Protocol for Exchanging
 * Astronomical Data) is how radio telescopes move samples between machines;
 * every receiver built on spead2 reads it.
 *
 * A heap carries two items, unless #GstSpead2Sink:items says otherwise: 0x1600
 * `timestamp`, the index of its first sample, and 0x3300 `adc_samples`, the
 * samples, with a type and a shape taken from caps. Buffers whose caps say
 * nothing of samples are sent as bytes. Descriptors go with the first heap, and
 * with heaps of another shape (see #GstSpead2Sink:descriptors). At EOS all heaps are sent first, then a stop
 * heap; then an INFO message says what has become of them, unless
 * #GstSpead2Sink:quiet is set, and only then the EOS message is posted.
 *
 * Audio whose format has no type, or whose channels are not interleaved, is not
 * offered in negotiation, so that audioconvert in front makes other samples of it;
 * where no element can, it is an error. With a `dtype` or `format` of the payload's
 * own in #GstSpead2Sink:items audio of any format and layout is taken.
 *
 * An application may give values heap by heap: as a GstCustomMeta named
 * `GstSpead2Items` on a buffer, or as a serialized custom downstream event whose
 * structure is named `spead2-items` before it. Their fields are values of the
 * items with `value=meta`, by name, and `heap-cnt` (guint64), which numbers the
 * heap. A buffer's values are in all heaps that are cut from it.
 * [recipes.md](recipes.md) has examples.
 *
 * Sending has a thread of its own: the next buffer is made while the last one
 * is on its way. At most #GstSpead2Sink:max-heaps heaps are outstanding, and
 * none of their memory is touched or released before the kernel has it.
 *
 * UDP has no flow control. With #GstSpead2Sink:rate unset, heaps go as fast as
 * the kernel takes them, and a slower receiver loses packets. #GstBaseSink:sync
 * sends each buffer when it is due, but all of it at once: a rate above that of
 * the samples spreads it. It goes by timestamps, and so by the sample rate of the
 * caps, which adctestsrc takes for 1712 MHz (1.7 GB/s) if they do not say it.
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

#include "common/gstspead2itemvalues.h"
#include "common/gstspead2outstanding.h"
#include "gstspead2sinkopen.h"
#include "gstspead2sinkprivate.h"
#include "gstspead2stats.h"
#include "common/gstspead2uri.h"
#include "spead2/error.h"

GST_DEBUG_CATEGORY (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* Buffers of this alignment are copied fastest. */
#define ALIGNMENT 64

enum { SIGNAL_HEAP_DONE, SIGNAL_SEND_DESCRIPTORS, SIGNAL_SEND_STOP, N_SIGNALS };

static guint signals[N_SIGNALS];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static void gst_spead2_sink_uri_handler_init (
    gpointer iface, gpointer iface_data);

G_DEFINE_TYPE_WITH_CODE (GstSpead2Sink, gst_spead2_sink, GST_TYPE_BASE_SINK,
    G_IMPLEMENT_INTERFACE (
        GST_TYPE_URI_HANDLER, gst_spead2_sink_uri_handler_init))

/* Others find them by name. With the element, since it may be registered without
 * the plugin. */
static void
register_metas (void)
{
  gst_spead2_outstanding_api_get_type ();
  gst_spead2_item_values_meta_register ();
}

GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (spead2sink, "spead2sink", GST_RANK_NONE,
    GST_TYPE_SPEAD2_SINK, register_metas ());

/* -- properties -------------------------------------------------------------- */

static void
gst_spead2_sink_init (GstSpead2Sink *self)
{
  GstPad *pad = GST_BASE_SINK_PAD (self);

  gst_spead2_sink_settings_init (&self->settings, G_OBJECT_GET_CLASS (self));
  self->left = g_ptr_array_new ();
  self->resolving = g_cancellable_new ();
  self->chain = GST_PAD_CHAINFUNC (pad);
  self->chain_list = GST_PAD_CHAINLISTFUNC (pad);
  gst_pad_set_chain_function (pad, gst_spead2_sink_chain);
  gst_pad_set_chain_list_function (pad, gst_spead2_sink_chain_list);

  /* A network takes what it is given; a last sample would keep a buffer from
   * its pool. */
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_spead2_sink_finalize (GObject *object)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);

  gst_spead2_sink_settings_clear (&self->settings);
  g_clear_error (&self->uri_error);
  g_ptr_array_unref (self->left);
  g_object_unref (self->resolving);
  gst_clear_structure (&self->waiting);
  gst_clear_structure (&self->given);
  gst_clear_caps (&self->refused);
  G_OBJECT_CLASS (gst_spead2_sink_parent_class)->finalize (object);
}

/* A good text makes up for a bad one. */
static gboolean
gst_spead2_sink_set_uri (GstSpead2Sink *self, const gchar *uri, GError **error)
{
  if (!gst_spead2_uri_apply (uri ? uri : "", G_OBJECT (self), error))
    return FALSE;

  GST_OBJECT_LOCK (self);
  g_clear_error (&self->uri_error);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* Setting a property has no answer: the element will not start with a bad text,
 * and says then what was wrong. */
static void
gst_spead2_sink_set_uri_property (GstSpead2Sink *self, const gchar *uri)
{
  GError *error = NULL;

  if (gst_spead2_sink_set_uri (self, uri, &error))
    return;
  GST_WARNING_OBJECT (self, "%s", error->message);
  GST_OBJECT_LOCK (self);
  g_clear_error (&self->uri_error);
  self->uri_error = error;
  GST_OBJECT_UNLOCK (self);
}

/* What the pacer goes by. */
static gboolean
gst_spead2_sink_is_rate (guint id)
{
  return id == GST_SPEAD2_SINK_PROP_RATE ||
      id == GST_SPEAD2_SINK_PROP_BURST_SIZE ||
      id == GST_SPEAD2_SINK_PROP_BURST_RATE_RATIO;
}

/* Takes a value over, unless the property is fixed now: FALSE. */
static gboolean
gst_spead2_sink_set_setting (
    GstSpead2Sink *self, GParamSpec *pspec, const GValue *value)
{
  const GstSpead2SinkSettings *settings = &self->settings;
  gboolean playing = pspec->flags & GST_PARAM_MUTABLE_PLAYING;
  GSocket *last = NULL; /* is freed without the lock */
  gboolean taken;

  GST_OBJECT_LOCK (self);
  g_set_object (&last, settings->socket);
  taken = playing || !self->in_use;
  /* The URI is made of others, which are set one by one. */
  if (taken && pspec->param_id != GST_SPEAD2_SINK_PROP_URI) {
    gst_spead2_sink_settings_set (&self->settings, pspec, value);
    if (pspec->param_id == GST_SPEAD2_SINK_PROP_CLOSE_SOCKET &&
        self->used_socket && self->used_socket == settings->socket)
      self->close_used = settings->close_socket;
    self->reopen |= !playing;
    if (self->sender && gst_spead2_sink_is_rate (pspec->param_id))
      spead2_sender_set_rate (self->sender, settings->rate,
          settings->burst_size, settings->burst_rate_ratio);
  }
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&last);
  return taken;
}

/* A rate that cannot be is an error at the start; later, it is not taken. */
static gboolean
gst_spead2_sink_takes_rate (
    GstSpead2Sink *self, const GValue *value, GError **error)
{
  gboolean open;

  GST_OBJECT_LOCK (self);
  open = self->sender != NULL;
  GST_OBJECT_UNLOCK (self);
  return !open || spead2_sender_check_rate (g_value_get_double (value), error);
}

static void
gst_spead2_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);
  GError *error = NULL;

  if (id > GST_SPEAD2_SINK_PROP_URI)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (id == GST_SPEAD2_SINK_PROP_RATE &&
      !gst_spead2_sink_takes_rate (self, value, &error))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%s. It stays as it is.", error->message), (NULL));
  else if (!gst_spead2_sink_set_setting (self, pspec, value))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("Property %s cannot change in PAUSED or PLAYING: it stays as it is. "
         "Set the element to READY first.",
            pspec->name),
        (NULL));
  else if (id == GST_SPEAD2_SINK_PROP_URI)
    gst_spead2_sink_set_uri_property (self, g_value_get_string (value));
  g_clear_error (&error);
}

static GstStructure *
gst_spead2_sink_make_stats (GstSpead2Sink *self)
{
  GstStructure *stats = gst_base_sink_get_stats (GST_BASE_SINK (self));
  Spead2SenderStats engine = {0};
  guint64 offset_jumps, index_wraps, remainder, padding;

  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_get_stats (self->sender, &engine);
  offset_jumps = self->offset_jumps;
  index_wraps = self->index_wraps;
  remainder = self->remainder_bytes;
  padding = self->padding_bytes;
  GST_OBJECT_UNLOCK (self);

  gst_structure_set_name (stats, "application/x-spead2-sink-stats");
  gst_spead2_stats_add (stats, &engine);
  gst_structure_set (stats, "index-wraps", G_TYPE_UINT64, index_wraps,
      "offset-jumps", G_TYPE_UINT64, offset_jumps, "remainder-bytes",
      G_TYPE_UINT64, remainder, "padding-bytes", G_TYPE_UINT64, padding, NULL);
  return stats;
}

static void
gst_spead2_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);

  switch (id) {
    case GST_SPEAD2_SINK_PROP_STATS:
      g_value_take_boxed (value, gst_spead2_sink_make_stats (self));
      break;
    case GST_SPEAD2_SINK_PROP_URI:
      g_value_take_string (value, gst_spead2_uri_of (object));
      break;
    case GST_SPEAD2_SINK_PROP_USED_SOCKET:
      GST_OBJECT_LOCK (self);
      g_value_set_object (value, self->used_socket);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      GST_OBJECT_LOCK (self);
      gst_spead2_sink_settings_get (&self->settings, pspec, value);
      GST_OBJECT_UNLOCK (self);
      break;
  }
}

/* -- URI ------------------------------------------------------------------------ */

static GstURIType
gst_spead2_sink_uri_get_type (GType type)
{
  return GST_URI_SINK;
}

static const gchar *const *
gst_spead2_sink_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = {GST_SPEAD2_URI_PROTOCOL, NULL};

  return protocols;
}

static gchar *
gst_spead2_sink_uri_get_uri (GstURIHandler *handler)
{
  return gst_spead2_uri_of (G_OBJECT (handler));
}

static gboolean
gst_spead2_sink_uri_set_uri (
    GstURIHandler *handler, const gchar *uri, GError **error)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (handler);
  gboolean in_use;

  GST_OBJECT_LOCK (self);
  in_use = self->in_use;
  GST_OBJECT_UNLOCK (self);
  if (in_use) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "The URI cannot change in PAUSED or PLAYING: set the element to READY "
        "first");
    return FALSE;
  }
  return gst_spead2_sink_set_uri (self, uri, error);
}

static void
gst_spead2_sink_uri_handler_init (gpointer iface, gpointer iface_data)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = gst_spead2_sink_uri_get_type;
  handler->get_protocols = gst_spead2_sink_uri_get_protocols;
  handler->get_uri = gst_spead2_sink_uri_get_uri;
  handler->set_uri = gst_spead2_sink_uri_set_uri;
}

/* -- what workers report --------------------------------------------------------- */

/* A heap was refused by the kernel. */
static void
gst_spead2_sink_heap_failed (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  if (g_atomic_int_get (&self->settings.on_error) != GST_SPEAD2_ON_ERROR_FAIL) {
    gst_spead2_sink_report_failed (&self->reports, result);
    return;
  }
  if (!g_atomic_int_compare_and_exchange (&self->failed, FALSE, TRUE))
    return;
  GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
      ("%s. Heap %" G_GUINT64_FORMAT
       " is incomplete, and on-error=fail stops the stream.",
          result->error->message, result->cnt),
      ("errno %s", gst_spead2_errno_name (result->error->code)));
  spead2_sender_set_flushing (self->sender, TRUE);
}

static gboolean
gst_spead2_sink_is_stop (const Spead2Heap *heap)
{
  return heap->flags & SPEAD2_HEAP_CONTROL &&
      spead2_pointer_value (heap->flavour, heap->pointers[0]) ==
      SPEAD2_CTRL_STOP;
}

/* A heap did not go, or not all of it. */
static void
gst_spead2_sink_heap_not_sent (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  gboolean is_stop = gst_spead2_sink_is_stop (result->heap);

  GST_DEBUG_OBJECT (self, "heap %" G_GUINT64_FORMAT ": %s", result->cnt,
      result->error->message);
  if (result->flags & SPEAD2_HEAP_DESCRIBES)
    g_atomic_int_set (&self->redescribe, TRUE);
  if (is_stop)
    g_atomic_int_set (&self->stop_pending, TRUE);
  if (result->error->domain != SPEAD2_ERRNO)
    return;
  if (is_stop)
    gst_spead2_sink_report_stop_heap (&self->reports, result->error);
  else
    gst_spead2_sink_heap_failed (self, result);
}

/* In a worker, with no lock held, one heap at a time. */
static void
gst_spead2_sink_heap_done (const Spead2HeapResult *result, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  if (result->cnt != SPEAD2_NO_HEAP_CNT &&
      !(result->flags & SPEAD2_HEAP_HAS_CNT))
    gst_spead2_sink_report_cnt (&self->reports, result->cnt, self->flavour);
  if (result->error)
    gst_spead2_sink_heap_not_sent (self, result);

  if (g_atomic_int_get (&self->settings.signal_heaps) &&
      !(result->flags & SPEAD2_HEAP_CONTROL))
    g_signal_emit (self, signals[SIGNAL_HEAP_DONE], 0, result->cnt,
        result->bytes, result->error);
}

/* In a worker, with no lock held: the network answered earlier packets. */
static void
gst_spead2_sink_icmp_errors (gint errnum, guint n, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  gst_spead2_sink_report_icmp (&self->reports,
      spead2_sender_destination (self->sender)->text, errnum, n);
}

/* At the start, or in a worker with no lock held: heaps are copied. */
static void
gst_spead2_sink_zerocopy_refused (const gchar *reason, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  GST_INFO_OBJECT (self, "no zero copy: %s", reason);
  if (g_atomic_int_get (&self->settings.zero_copy) == GST_SPEAD2_ZERO_COPY_ON &&
      g_atomic_int_compare_and_exchange (&self->copy_warned, FALSE, TRUE))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%s. Heaps are copied, although zero-copy=on.", reason), (NULL));
}

static void
gst_spead2_sink_worker_started (guint worker, gpointer user_data)
{
  gst_spead2_sink_report_thread (user_data, GST_STREAM_STATUS_TYPE_ENTER);
}

static void
gst_spead2_sink_worker_stopped (guint worker, gpointer user_data)
{
  gst_spead2_sink_report_thread (user_data, GST_STREAM_STATUS_TYPE_LEAVE);
}

/* -- NULL to READY and back ------------------------------------------------------ */

/* The socket in use from now on (transfer full), or NULL. The one so far is given
 * up, and closed if that was said of it. */
static void
gst_spead2_sink_use_socket (
    GstSpead2Sink *self, GSocket *socket, gboolean close)
{
  GSocket *last;
  gboolean close_last;

  GST_OBJECT_LOCK (self);
  last = self->used_socket;
  close_last = self->close_used;
  self->used_socket = socket;
  self->close_used = close;
  GST_OBJECT_UNLOCK (self);
  if (last && last != socket && close_last)
    g_socket_close (last, NULL);
  g_clear_object (&last);
}

/* All but the socket in use. */
static void
gst_spead2_sink_close_sender (GstSpead2Sink *self)
{
  Spead2Sender *sender = self->sender;

  if (sender) {
    /* Its threads may still post and signal, without the object lock. */
    spead2_sender_stop (sender);
    gst_spead2_sink_report_rest (&self->reports);
    GST_OBJECT_LOCK (self);
    self->sender = NULL;
    GST_OBJECT_UNLOCK (self);
    spead2_sender_free (sender);
  }
  gst_spead2_adapter_clear (&self->adapter);
  g_clear_pointer (&self->layout, spead2_layout_free);
  g_clear_pointer (&self->items, spead2_items_unref);
}

static gboolean
gst_spead2_sink_stop (GstBaseSink *base)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);

  gst_spead2_sink_close_sender (self);
  gst_spead2_sink_use_socket (self, NULL, FALSE);
  return TRUE;
}

/* Why it did not start. */
static void
gst_spead2_sink_report_start (GstSpead2Sink *self, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    GST_DEBUG_OBJECT (self, "the start was cancelled");
  else if (error->domain == GST_URI_ERROR ||
      g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID))
    GST_ELEMENT_ERROR (
        self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND))
    GST_ELEMENT_ERROR (
        self, RESOURCE, NOT_FOUND, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (
        self, RESOURCE, OPEN_WRITE, ("%s", error->message), (NULL));
}

static gboolean
gst_spead2_sink_start (GstBaseSink *base)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstSpead2SinkSettings settings = {0};
  Spead2Sender *sender = NULL;
  GSocket *used = NULL;
  static const Spead2SenderCallbacks callbacks = {
      .heap_done = gst_spead2_sink_heap_done,
      .icmp_errors = gst_spead2_sink_icmp_errors,
      .zerocopy_refused = gst_spead2_sink_zerocopy_refused,
      .worker_started = gst_spead2_sink_worker_started,
      .worker_stopped = gst_spead2_sink_worker_stopped,
  };
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  self->reopen = FALSE;
  gst_spead2_sink_settings_copy (&settings, &self->settings);
  if (self->uri_error)
    error = g_error_copy (self->uri_error);
  GST_OBJECT_UNLOCK (self);

  g_atomic_int_set (&self->failed, FALSE);
  g_atomic_int_set (&self->redescribe, FALSE);
  g_atomic_int_set (&self->copy_warned, FALSE);
  g_atomic_int_set (&self->requested, FALSE);
  gst_spead2_sink_reports_begin (&self->reports, GST_ELEMENT (self));
  g_cancellable_reset (self->resolving);

  if (error)
    goto failed;
  self->flavour = settings.heap_address_bits;
  sender = gst_spead2_sink_settings_open (&settings, GST_ELEMENT (self),
      &callbacks, &self->items, &self->layout, self->resolving, &error);
  if (sender == NULL)
    goto failed;
  gst_spead2_adapter_init (&self->adapter, self->layout, settings.heap_size,
      settings.max_packet_size, settings.remainder);
  used = gst_spead2_sink_open_used_socket (sender, settings.socket, &error);
  if (used == NULL)
    goto failed;
  /* Workers may post as soon as they run. */
  if (!spead2_sender_start (sender, &error))
    goto failed;

  GST_OBJECT_LOCK (self);
  self->sender = sender;
  self->offset_jumps = self->index_wraps = 0;
  self->remainder_bytes = self->padding_bytes = 0;
  GST_OBJECT_UNLOCK (self);
  gst_spead2_sink_use_socket (
      self, used, settings.socket == NULL || settings.close_socket);
  self->timed = settings.descriptor_interval > 0;
  self->uses_utc = spead2_items_use (self->items, SPEAD2_SOURCE_UTC_NS);
  self->uses_ptp = spead2_items_use (self->items, SPEAD2_SOURCE_PTP_NS);
  self->index_item = gst_spead2_sink_find_index_item (self->items);
  gst_spead2_sink_settings_clear (&settings);
  return TRUE;

  /* ERRORS */
failed:
  g_clear_object (&used);
  g_clear_pointer (&sender, spead2_sender_free);
  gst_spead2_adapter_clear (&self->adapter);
  g_clear_pointer (&self->layout, spead2_layout_free);
  g_clear_pointer (&self->items, spead2_items_unref);
  gst_spead2_sink_settings_clear (&settings);
  gst_spead2_sink_report_start (self, error);
  g_clear_error (&error);
  return FALSE;
}

/* -- events ------------------------------------------------------------------------ */

GstFlowReturn
gst_spead2_sink_sync_event (GstSpead2Sink *self, GstEvent *event)
{
  return GST_BASE_SINK_CLASS (gst_spead2_sink_parent_class)
      ->wait_event (GST_BASE_SINK (self), event);
}

/* The EOS message is posted when this returns. Also called for GAP events. */
static GstFlowReturn
gst_spead2_sink_wait_event (GstBaseSink *base, GstEvent *event)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstFlowReturn flow = gst_spead2_sink_sync_event (self, event);

  if (flow == GST_FLOW_OK && GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    flow = gst_spead2_sink_end_stream (self, event);
  else if (flow == GST_FLOW_OK && GST_EVENT_TYPE (event) == GST_EVENT_GAP)
    flow = gst_spead2_sink_skip_gap (self, event);
  return flow;
}

static void
gst_spead2_sink_set_interrupted (GstSpead2Sink *self, gboolean interrupted)
{
  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_set_interrupted (self->sender, interrupted);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_spead2_sink_set_flushing (GstSpead2Sink *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_set_flushing (self->sender, flushing);
  GST_OBJECT_UNLOCK (self);
}

/* Called to pause, to flush and to step, the last by any thread in any state. The
 * queue is left alone. */
static gboolean
gst_spead2_sink_unlock (GstBaseSink *base)
{
  gst_spead2_sink_set_interrupted (GST_SPEAD2_SINK (base), TRUE);
  return TRUE;
}

static gboolean
gst_spead2_sink_unlock_stop (GstBaseSink *base)
{
  gst_spead2_sink_set_interrupted (GST_SPEAD2_SINK (base), FALSE);
  return TRUE;
}

static gboolean
gst_spead2_sink_event (GstBaseSink *base, GstEvent *event)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      /* Not serialized: the pad may be on its way to READY. */
      gst_spead2_sink_set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      spead2_sender_flush (self->sender);
      spead2_sender_set_flushing (self->sender, FALSE);
      gst_spead2_sink_reset_stream (self);
      break;
    case GST_EVENT_CAPS:
      gst_spead2_sink_note_caps (self, event);
      break;
    case GST_EVENT_STREAM_START:
      gst_spead2_index_forget_unit (&self->index);
      break;
    default:
      gst_spead2_item_values_add_event (&self->waiting, event);
      break;
  }
  return GST_BASE_SINK_CLASS (gst_spead2_sink_parent_class)
      ->event (base, event);
}

/* -- queries --------------------------------------------------------------------------- */

/* Called with the object lock. */
static gboolean
gst_spead2_sink_wants_huge_pages (
    GstSpead2Sink *self, const GstSpead2Outstanding *outstanding)
{
  Spead2SenderStats stats = {0};

  if (self->sender)
    spead2_sender_get_stats (self->sender, &stats);
  return self->settings.zero_copy != GST_SPEAD2_ZERO_COPY_OFF &&
      (outstanding->has_shape ||
          self->settings.max_packet_size >= SPEAD2_ZERO_COPY_MIN_PACKET) &&
      stats.zerocopy_reason == NULL;
}

/* How packets lie that are heaps of nothing but payload, if they are all alike. */
static gboolean
gst_spead2_sink_find_shape (GstSpead2Sink *self, Spead2PacketShape *shape)
{
  guint n_pointers;

  if (self->sender == NULL)
    return FALSE;
  n_pointers = spead2_layout_plain_pointers (self->layout);
  return n_pointers > 0 &&
      spead2_packet_config_shape (
          spead2_sender_packet_config (self->sender), n_pointers, shape);
}

/* Outstanding heaps of heap-size, and the open one. Called with the object lock. */
static guint64
gst_spead2_sink_n_heaps (GstSpead2Sink *self)
{
  const GstSpead2SinkSettings *settings = &self->settings;

  return (guint64) spead2_max_heaps (settings->max_heaps,
             settings->send_threads, self->adapter.heap_size) +
      1;
}

/* So many buffers, or as many as make so many bytes. Called with the object
 * lock. */
static void
gst_spead2_sink_find_outstanding (
    GstSpead2Sink *self, GstSpead2Outstanding *outstanding)
{
  const guint64 heap_size = self->adapter.heap_size;

  outstanding->shape.heap_size = heap_size;
  outstanding->max_heaps = self->settings.max_heaps;
  outstanding->max_bytes = SPEAD2_AUTO_BYTES;
  if (heap_size == 0)
    return;
  /* Heaps that are cut from buffers do not say how many buffers they are. */
  outstanding->max_heaps = 0;
  outstanding->max_bytes = heap_size * gst_spead2_sink_n_heaps (self);
}

/* Asks for as many pictures as heaps of heap-size are made of: caps fix their size.
 * Otherwise no pool is proposed, since a base source would take its size for the one
 * that it must produce. */
static void
gst_spead2_sink_propose_pool (GstSpead2Sink *self,
    const GstSpead2Outstanding *outstanding, GstQuery *query)
{
  GstVideoInfo info;
  GstCaps *caps;

  gst_query_parse_allocation (query, &caps, NULL);
  if (self->adapter.heap_size == 0 || caps == NULL ||
      !gst_video_info_from_caps (&info, caps))
    return;
  /* Two more, of which the first and the last heap have a part. */
  gst_query_add_allocation_pool (query, NULL, info.size,
      MIN (outstanding->max_bytes / info.size + 2, SPEAD2_AUTO_MAX_HEAPS), 0);
}

/* How much stays outstanding is for a source that makes a pool of its own. */
static gboolean
gst_spead2_sink_propose_allocation (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstSpead2Outstanding outstanding = {0};
  GstAllocationParams params;
  GstCaps *caps;

  gst_allocation_params_init (&params);
  params.align = ALIGNMENT - 1;
  gst_query_add_allocation_param (query, NULL, &params);

  gst_query_parse_allocation (query, &caps, NULL);
  if (caps && gst_spead2_payload_caps_have_rows (caps))
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);

  outstanding.has_shape = gst_spead2_sink_find_shape (self, &outstanding.shape);
  GST_OBJECT_LOCK (self);
  gst_spead2_sink_find_outstanding (self, &outstanding);
  outstanding.huge_pages =
      gst_spead2_sink_wants_huge_pages (self, &outstanding);
  GST_OBJECT_UNLOCK (self);
  gst_spead2_outstanding_add (&outstanding, query);
  gst_spead2_sink_propose_pool (self, &outstanding, query);
  return TRUE;
}

/* Whether the pad takes data. A serialized query holds the stream lock, for which a
 * state change waits once it has made the pad flush: until the query has returned,
 * the sender stays. */
static gboolean
gst_spead2_sink_takes_data (GstSpead2Sink *self)
{
  GstPad *pad = GST_BASE_SINK_PAD (self);
  gboolean flushing;

  GST_OBJECT_LOCK (pad);
  flushing = GST_PAD_IS_FLUSHING (pad);
  GST_OBJECT_UNLOCK (pad);
  return !flushing;
}

static gboolean
gst_spead2_sink_query (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) == GST_QUERY_ACCEPT_CAPS) {
    gst_query_parse_accept_caps (query, &caps);
    gst_query_set_accept_caps_result (
        query, gst_spead2_sink_accept_caps (self, caps));
    return TRUE;
  }
  /* Upstream wants its buffers back. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_DRAIN &&
      gst_spead2_sink_takes_data (self) && self->sender)
    gst_spead2_sink_drain_all (self, query);
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

  if (!g_atomic_int_get (&self->stop_pending) ||
      !g_atomic_int_get (&self->settings.send_stop_heap))
    return;

  heap = spead2_heap_new_control (self->flavour, SPEAD2_CTRL_STOP);
  heap->flags |= SPEAD2_HEAP_NO_WAIT;
  if (spead2_sender_push_control (self->sender, heap))
    spead2_sender_drain (self->sender, FALSE);
  else
    spead2_heap_free (heap);
}

static void
gst_spead2_sink_set_in_use (GstSpead2Sink *self, gboolean in_use)
{
  GST_OBJECT_LOCK (self);
  self->in_use = in_use;
  GST_OBJECT_UNLOCK (self);
}

/* Properties that were changed in READY count from here on. */
static gboolean
gst_spead2_sink_reopen_if_changed (GstSpead2Sink *self)
{
  gboolean reopen, same_socket;

  GST_OBJECT_LOCK (self);
  /* Or it could not be opened when that was tried before. */
  reopen = self->reopen || self->sender == NULL;
  same_socket = self->used_socket == self->settings.socket;
  GST_OBJECT_UNLOCK (self);
  if (!reopen)
    return TRUE;

  gst_spead2_sink_close_sender (self);
  if (!same_socket)
    gst_spead2_sink_use_socket (self, NULL, FALSE);
  return gst_spead2_sink_start (GST_BASE_SINK (self));
}

/* Runs before the state lock is taken, which a start in another thread holds while
 * it waits for a name: it gives up. A bin that this thread would go through has a
 * state lock of its own, and then the look-up goes on to its end. */
static GstStateChangeReturn
gst_spead2_sink_set_state (GstElement *element, GstState state)
{
  if (state == GST_STATE_NULL)
    g_cancellable_cancel (GST_SPEAD2_SINK (element)->resolving);
  return GST_ELEMENT_CLASS (gst_spead2_sink_parent_class)
      ->set_state (element, state);
}

static GstStateChangeReturn
gst_spead2_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (element);
  GstStateChangeReturn result;

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      gst_spead2_sink_set_in_use (self, TRUE);
      if (!gst_spead2_sink_reopen_if_changed (self)) {
        gst_spead2_sink_set_in_use (self, FALSE);
        return GST_STATE_CHANGE_FAILURE;
      }
      gst_spead2_sink_reset_stream (self);
      gst_spead2_sink_forget_caps (self);
      g_atomic_int_set (&self->stop_pending, FALSE);
      self->jump_warned = self->wrap_warned = self->given_warned = FALSE;
      /* A late FLUSH_START. */
      spead2_sender_set_flushing (self->sender, FALSE);
      spead2_sender_probe (self->sender);
      gst_spead2_sink_report_restart_summary (&self->reports, self->sender);
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

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
      result == GST_STATE_CHANGE_FAILURE)
    gst_spead2_sink_set_in_use (self, FALSE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_spead2_sink_reset_stream (self);
    spead2_sender_flush (self->sender);
    spead2_sender_set_flushing (self->sender, FALSE);
    gst_spead2_sink_try_stop_heap (self);
    g_atomic_int_set (&self->failed, FALSE);
    gst_spead2_sink_set_in_use (self, FALSE);
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

  GST_DEBUG_CATEGORY_INIT (
      spead2_sink_debug, "spead2sink", 0, "SPEAD heaps over UDP");

  object_class->set_property = gst_spead2_sink_set_property;
  object_class->get_property = gst_spead2_sink_get_property;
  object_class->finalize = gst_spead2_sink_finalize;

  gst_spead2_sink_install_properties (object_class);

  /**
   * GstSpead2Sink::heap-done:
   * @sink: the sink
   * @heap_cnt: the heap counter on the wire, or G_MAXUINT64 for a heap that was
   *   dropped before it got one
   * @bytes: bytes of UDP payload that the kernel accepted
   * @error: (nullable): why the heap is not complete, or %NULL
   *
   * A heap has ended; its buffer is released after the handlers have returned,
   * unless other heaps were cut from it that have not ended.
   * Emitted in the order of the buffers, by a sending thread, with no lock
   * held, while #GstSpead2Sink:signal-heaps is set. A handler must not change
   * the element's state.
   *
   * Since: 0.1
   */
  signals[SIGNAL_HEAP_DONE] = g_signal_new ("heap-done",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_UINT64, G_TYPE_UINT64, G_TYPE_ERROR);

  /**
   * GstSpead2Sink::send-descriptors:
   * @sink: the sink
   *
   * Action signal: describe the items to the receivers with the next heap, in it
   * or before it as #GstSpead2Sink:descriptors says; with `none` before it. For
   * receivers that joined late.
   *
   * Returns: whether the element is at least in READY
   *
   * Since: 0.1
   */
  signals[SIGNAL_SEND_DESCRIPTORS] =
      g_signal_new_class_handler ("send-descriptors", G_TYPE_FROM_CLASS (klass),
          G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
          G_CALLBACK (gst_spead2_sink_send_descriptors), NULL, NULL, NULL,
          G_TYPE_BOOLEAN, 0);

  /**
   * GstSpead2Sink::send-stop:
   * @sink: the sink
   *
   * Action signal: send a stop heap behind what has been accepted so far, whatever
   * #GstSpead2Sink:send-stop-heap says. Heaps that come later are another stream
   * to the receivers: a start heap goes before them where
   * #GstSpead2Sink:send-start-heap says so, and they are described again; counters
   * go on. Heaps of a buffer that is being accepted, up to 64, go before it; one
   * that waits for more buffers to make up #GstSpead2Sink:heap-size goes behind.
   *
   * Any thread may emit it in any state, also a handler of
   * #GstSpead2Sink::heap-done: it does not wait, and the stop heap is none of
   * #GstSpead2Sink:max-heaps. Of several stop heaps with nothing between them,
   * one at least is sent.
   *
   * Returns: whether the stop heap was accepted: not in NULL, nor while flushing
   *
   * Since: 0.1
   */
  signals[SIGNAL_SEND_STOP] = g_signal_new_class_handler ("send-stop",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_spead2_sink_send_stop), NULL, NULL, NULL, G_TYPE_BOOLEAN,
      0);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "SPEAD sender",
      "Sink/Network", "Sends buffers as SPEAD heaps over UDP",
      "The gst-spead2 developers");

  element_class->set_state = gst_spead2_sink_set_state;
  element_class->change_state = gst_spead2_sink_change_state;
  base_class->start = gst_spead2_sink_start;
  base_class->stop = gst_spead2_sink_stop;
  base_class->get_caps = gst_spead2_sink_get_caps;
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
