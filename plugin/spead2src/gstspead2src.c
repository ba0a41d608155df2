/* gst-spead2: receives SPEAD heaps over UDP as buffers
 *
 * The element keeps properties, states, queries and messages; sockets, threads and
 * packets are the engine's (gst/spead2). Receiving threads assemble heaps; the streaming
 * thread makes buffers of those that are ready.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-spead2src
 * @title: spead2src
 * @see_also: spead2sink, udpsrc
 *
 * Receives SPEAD heaps over UDP, unicast or multicast, from any sender, and pushes each
 * as a buffer: the bytes of one item (#GstSpead2Src:item), or all of the payload.
 *
 * Caps are those of the item's type, which #GstSpead2Src:dtype and #GstSpead2Src:shape say,
 * or else its descriptor: audio/x-raw where the sample rate is known, by
 * #GstSpead2Src:sample-rate or by caps behind, application/octet-stream with sample-bits for
 * packed samples, otherwise application/x-spead-item with dtype and shape. Items without a
 * type are bytes. The caps that an element behind accepts count: docs/items.md has the
 * table.
 *
 * A buffer's OFFSET is the index of its first sample (#GstSpead2Src:index-item), with all
 * bits, and OFFSET_END the one behind it. Where samples are missing the next buffer has
 * the flag DISCONT, and a GAP event with the flag MISSING_DATA goes before it where the
 * rate of samples is known. The event ends at the buffer's timestamp, and does not reach
 * into the buffers before: times of arrival may make it shorter than what is missing, or
 * leave no time for it. A sender that begins anew is followed, with RESYNC.
 *
 * The heap counter (`heap-cnt`) and the values of all other items are on the buffer as a
 * GstCustomMeta named `GstSpead2Items`, which spead2sink sends again. A field has the
 * name of the item's descriptor or, where there is none, `item-0x4101`. A number is
 * guint64, gint64, gboolean or gdouble, as its descriptor says; an immediate without one
 * is guint64. Everything else is GBytes, which have at most 64 bytes: larger items are
 * left out.
 *
 * Sockets are bound in NULL to READY. Groups are joined, and what the sockets have queued
 * is discarded, in PAUSED to PLAYING, since a live source has no data before. The stream
 * ends at a stop heap (#GstSpead2Src:on-stop). At the end an INFO message with the results
 * is posted, unless #GstSpead2Src:quiet is set.
 *
 * Receiving has threads of its own, one for each socket. Heaps that are ready wait for
 * downstream in a queue (#GstSpead2Src:max-size-bytes, #GstSpead2Src:leaky).
 * Nothing that arrives vanishes uncounted: see #GstSpead2Src:stats.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 spead2src ! fakesink & sleep 1
 * gst-launch-1.0 adctestsrc num-buffers=20 ! spead2sink rate=10e6; wait
 * ]| Receives what spead2sink, or the sender of spead2's tutorial, sends to port 8888 of
 * this machine, up to its stop heap.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "common/gstspead2itemvalues.h"
#include "gstspead2srcprivate.h"

GST_DEBUG_CATEGORY (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

enum { SIGNAL_HEAP_RECEIVED, N_SIGNALS };

static guint signals[N_SIGNALS];

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE_WITH_CODE (GstSpead2Src, gst_spead2_src, GST_TYPE_PUSH_SRC,
    gst_spead2_net_element_add_uri_handler (g_define_type_id, GST_URI_SRC))

GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (spead2src, "spead2src", GST_RANK_NONE,
    GST_TYPE_SPEAD2_SRC, gst_spead2_item_values_meta_register ());

/* -- properties -------------------------------------------------------------- */

/* The base class pushes EOS for several reasons. */
static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstSpead2Src *self = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS) {
    gst_spead2_src_post_summary (self);
    gst_spead2_net_element_post_last_stats (&self->net);
  }
  return GST_PAD_PROBE_OK;
}

static void
gst_spead2_src_init (GstSpead2Src *self)
{
  GstBaseSrc *base = GST_BASE_SRC (self);

  gst_spead2_net_element_init (&self->net, GST_ELEMENT (self),
      &gst_spead2_src_settings_table, &self->settings);
  gst_spead2_src_memory_init (&self->memory);
  gst_spead2_heap_table_init (&self->table);
  self->substreams = gst_spead2_src_substreams_new (NULL);
  gst_base_src_set_live (base, TRUE);
  gst_base_src_set_format (base, GST_FORMAT_TIME);
  gst_pad_add_probe (GST_BASE_SRC_PAD (self),
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, self, NULL);
}

static void
gst_spead2_src_finalize (GObject *object)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (object);

  gst_spead2_net_element_clear (&self->net);
  gst_spead2_settings_clear (
      &gst_spead2_src_settings_table, G_OBJECT_GET_CLASS (self), &self->run);
  gst_spead2_src_memory_clear (&self->memory);
  gst_spead2_heap_table_clear (&self->table);
  gst_spead2_src_substreams_free (self->substreams);
  gst_clear_caps (&self->caps);
  gst_clear_caps (&self->offered);
  G_OBJECT_CLASS (gst_spead2_src_parent_class)->finalize (object);
}

static void
gst_spead2_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (object);

  if (id > GST_SPEAD2_SRC_PROP_URI)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else
    gst_spead2_net_element_set_property (&self->net, value, pspec);
}

/* How many substreams stats has the losses of. */
#define MAX_STATS_SUBSTREAMS 64

static GstStructure *
gst_spead2_src_copy_stats (GstSpead2Src *self)
{
  Spead2ReceiverStats engine = {0};
  GstSpead2SrcCounters counters;
  GstSpead2SrcSubstreamStats substreams;
  g_autofree gchar *items = NULL;
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  if (self->receiver)
    spead2_receiver_get_stats (self->receiver, &engine);
  counters = self->counters;
  items = g_strdup (gst_spead2_src_substreams_items (self->substreams));
  substreams.items = items;
  substreams.n = gst_spead2_src_substreams_count (self->substreams);
  substreams.worst =
      gst_spead2_src_substreams_worst (self->substreams, MAX_STATS_SUBSTREAMS);
  GST_OBJECT_UNLOCK (self);
  stats = gst_spead2_src_make_stats (&engine, &counters, &substreams);
  g_array_unref (substreams.worst);
  return stats;
}

/* The one that was set, or chosen by the kernel where that is 0. */
static guint
gst_spead2_src_get_port (GstSpead2Src *self)
{
  Spead2Endpoint local;
  guint port;

  GST_OBJECT_LOCK (self);
  port = self->settings.port;
  if (port == 0 && self->receiver &&
      spead2_receiver_get_local (self->receiver, &local, NULL))
    port = local.port;
  GST_OBJECT_UNLOCK (self);
  return port;
}

static void
gst_spead2_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (object);

  if (id == GST_SPEAD2_SRC_PROP_STATS)
    g_value_take_boxed (value, gst_spead2_src_copy_stats (self));
  else if (id == GST_SPEAD2_SRC_PROP_PORT)
    g_value_set_int (value, gst_spead2_src_get_port (self));
  else
    gst_spead2_net_element_get_property (&self->net, value, pspec);
}

/* -- threads --------------------------------------------------------------------- */

static void
gst_spead2_src_thread_started (guint worker, gpointer user_data)
{
  gst_spead2_net_element_post_thread (user_data, GST_STREAM_STATUS_TYPE_ENTER);
}

static void
gst_spead2_src_thread_stopped (guint worker, gpointer user_data)
{
  gst_spead2_net_element_post_thread (user_data, GST_STREAM_STATUS_TYPE_LEAVE);
}

/* -- signals ----------------------------------------------------------------------- */

void
gst_spead2_src_signal_heap (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, const guint64 *counter)
{
  if (self->run.signal_heaps)
    g_signal_emit (self, signals[SIGNAL_HEAP_RECEIVED], 0, heap->cnt,
        gst_spead2_src_outcome_name (&self->counters, counter),
        spead2_heap_end_name (heap->end), heap->received, heap->length);
}

/* -- NULL to READY and back ------------------------------------------------------ */

/* All but the socket in use. */
static void
gst_spead2_src_close_receiver (GstSpead2Src *self)
{
  Spead2Receiver *receiver = self->receiver;

  GST_OBJECT_LOCK (self);
  self->receiver = NULL;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&receiver, spead2_receiver_free);
}

static void
gst_spead2_src_close (GstSpead2Src *self)
{
  gst_spead2_src_close_receiver (self);
  gst_spead2_net_element_use_socket (&self->net, NULL, FALSE);
}

static void
gst_spead2_src_report_error (GstSpead2Src *self, const GError *error)
{
  gst_spead2_net_element_post_error (
      GST_ELEMENT (self), error, GST_RESOURCE_ERROR_OPEN_READ);
}

static gboolean
gst_spead2_src_open (GstSpead2Src *self)
{
  const Spead2ReceiverCallbacks callbacks = {
      .memory = gst_spead2_src_memory_owner (&self->memory),
      .thread_started = gst_spead2_src_thread_started,
      .thread_stopped = gst_spead2_src_thread_stopped,
      .user_data = self,
  };
  GstSpead2SrcSettings settings = {0};
  Spead2Receiver *receiver = NULL;
  GSocket *used = NULL;
  GError *error = NULL;

  if (gst_spead2_net_element_begin_open (&self->net, &settings, &error))
    receiver = gst_spead2_src_settings_open (
        &settings, GST_ELEMENT (self), &callbacks, self->net.resolving, &error);
  if (receiver)
    used = settings.socket
        ? g_object_ref (settings.socket)
        : gst_spead2_net_element_socket_of_fd (
              spead2_receiver_dup_fd (receiver, &error), &error);
  if (used) {
    GST_OBJECT_LOCK (self);
    self->receiver = receiver;
    memset (&self->counters, 0, sizeof self->counters);
    GST_OBJECT_UNLOCK (self);
    gst_spead2_net_element_use_socket (
        &self->net, used, settings.socket == NULL || settings.close_socket);
    if (settings.port == 0)
      g_object_notify (G_OBJECT (self), "port");
  } else {
    g_clear_pointer (&receiver, spead2_receiver_free);
    gst_spead2_src_report_error (self, error);
    g_clear_error (&error);
  }
  gst_spead2_settings_clear (
      &gst_spead2_src_settings_table, G_OBJECT_GET_CLASS (self), &settings);
  return used != NULL;
}

/* Properties that were changed in READY count from here on. */
static gboolean
gst_spead2_src_reopen_if_changed (GstSpead2Src *self)
{
  /* Without a receiver the last attempt to open failed. */
  if (self->receiver && !gst_spead2_net_element_has_changed (&self->net))
    return TRUE;

  gst_spead2_src_close_receiver (self);
  gst_spead2_net_element_release_replaced (&self->net);
  return gst_spead2_src_open (self);
}

/* -- READY to PAUSED and back ------------------------------------------------------ */

static gboolean
gst_spead2_src_start (GstBaseSrc *base)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);
  GstSpead2HeapReaderConfig config;
  GError *error = NULL;
  gint num_buffers;

  /* Without the lock: it may free a socket. */
  gst_spead2_settings_clear (
      &gst_spead2_src_settings_table, G_OBJECT_GET_CLASS (self), &self->run);
  GST_OBJECT_LOCK (self);
  gst_spead2_settings_copy (&gst_spead2_src_settings_table,
      G_OBJECT_GET_CLASS (self), &self->run, &self->settings);
  memset (&self->counters, 0, sizeof self->counters);
  self->duration = 0;
  GST_OBJECT_UNLOCK (self);
  config = (GstSpead2HeapReaderConfig){
      .item = self->run.item,
      .index_item = self->run.index_item,
      .substream_items = self->run.substream_item,
      .accept = self->run.accept,
      .caps = self->run.caps,
      .dtype = self->run.dtype,
      .shape = self->run.shape,
      .sample_bits = self->run.sample_bits,
      .rate = gst_spead2_src_settings_rate (&self->run),
      .bug_compat = self->run.bug_compat,
  };
  self->reader = gst_spead2_heap_reader_new (&config, &error);
  if (self->reader == NULL) {
    gst_spead2_src_report_error (self, error);
    g_clear_error (&error);
    return FALSE;
  }
  g_object_get (self, "num-buffers", &num_buffers, NULL);
  self->single = num_buffers >= 0;
  gst_spead2_src_memory_start (&self->memory, self->run.heaps_per_buffer,
      gst_spead2_src_settings_have_runs (&self->run));
  gst_spead2_src_reset_stream (self);
  gst_spead2_src_order_start (self);
  gst_clear_caps (&self->caps);
  gst_clear_caps (&self->offered);
  return TRUE;
}

static gboolean
gst_spead2_src_stop (GstBaseSrc *base)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);

  if (self->started) {
    gst_spead2_src_drop_taken (self);
    spead2_receiver_stop (self->receiver);
    self->started = FALSE;
  }
  gst_spead2_src_order_stop (self);
  g_clear_pointer (&self->reader, gst_spead2_heap_reader_free);
  g_clear_pointer (&self->fill, gst_memory_unref);
  gst_spead2_src_sender_clear (&self->sender);
  gst_spead2_src_memory_stop (&self->memory);
  gst_clear_caps (&self->caps);
  gst_clear_caps (&self->offered);
  return TRUE;
}

/* The first time in PLAYING. */
/* Of all runs on these sockets. */
static guint64
count_kernel_drops (GstSpead2Src *self)
{
  Spead2ReceiverStats stats;

  spead2_receiver_get_stats (self->receiver, &stats);
  return stats.kernel.drops;
}

static gboolean
gst_spead2_src_start_receiving (GstSpead2Src *self)
{
  Spead2ReceiverConfig config;
  GError *error = NULL;

  if (self->started)
    return TRUE;
  gst_spead2_src_settings_run (&self->run, &config);
  config.align_id = gst_spead2_heap_reader_item_id (self->reader);
  if (self->run.accept)
    config.assembler.accept = gst_spead2_heap_reader_accept (self->reader);
  gst_spead2_src_reports_start (
      &self->reports, GST_ELEMENT (self), count_kernel_drops (self));
  self->started = spead2_receiver_start (self->receiver, &config, &error);
  if (!self->started) {
    gst_spead2_src_report_error (self, error);
    g_clear_error (&error);
  }
  return self->started;
}

static void
gst_spead2_src_set_interrupted (GstSpead2Src *self, gboolean interrupted)
{
  GST_OBJECT_LOCK (self);
  self->interrupted = interrupted;
  if (self->receiver)
    spead2_receiver_set_interrupted (self->receiver, interrupted);
  GST_OBJECT_UNLOCK (self);
}

/* To pause and to flush. What is ready stays. */
static gboolean
gst_spead2_src_unlock (GstBaseSrc *base)
{
  gst_spead2_src_set_interrupted (GST_SPEAD2_SRC (base), TRUE);
  return TRUE;
}

static gboolean
gst_spead2_src_unlock_stop (GstBaseSrc *base)
{
  gst_spead2_src_set_interrupted (GST_SPEAD2_SRC (base), FALSE);
  return TRUE;
}

/* Runs before the state lock is taken, which a start in another thread holds while it
 * waits for a name. */
static GstStateChangeReturn
gst_spead2_src_set_state (GstElement *element, GstState state)
{
  if (state == GST_STATE_NULL)
    g_cancellable_cancel (GST_SPEAD2_SRC (element)->net.resolving);
  return GST_ELEMENT_CLASS (gst_spead2_src_parent_class)
      ->set_state (element, state);
}

/* FALSE: the state change fails. */
static gboolean
gst_spead2_src_before (GstSpead2Src *self, GstStateChange transition)
{
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      return gst_spead2_src_open (self);
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      gst_spead2_net_element_set_in_use (&self->net, TRUE);
      return gst_spead2_src_reopen_if_changed (self);
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      return gst_spead2_src_start_receiving (self);
    default:
      return TRUE;
  }
}

static GstStateChangeReturn
gst_spead2_src_change_state (GstElement *element, GstStateChange transition)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (element);
  GstStateChangeReturn result = GST_STATE_CHANGE_FAILURE;

  if (gst_spead2_src_before (self, transition))
    result = GST_ELEMENT_CLASS (gst_spead2_src_parent_class)
                 ->change_state (element, transition);

  if ((transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
          result == GST_STATE_CHANGE_FAILURE) ||
      transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_spead2_net_element_set_in_use (&self->net, FALSE);
  if ((transition == GST_STATE_CHANGE_NULL_TO_READY &&
          result == GST_STATE_CHANGE_FAILURE) ||
      transition == GST_STATE_CHANGE_READY_TO_NULL)
    gst_spead2_src_close (self);
  return result;
}

/* -- queries --------------------------------------------------------------------------- */

static gboolean
gst_spead2_src_query (GstBaseSrc *base, GstQuery *query)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);
  GstClockTime latency;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_BASE_SRC_CLASS (gst_spead2_src_parent_class)
        ->query (base, query);

  GST_OBJECT_LOCK (self);
  latency = self->duration;
  if (self->settings.heaps_per_buffer > 1)
    latency += self->settings.buffer_timeout;
  if (self->settings.order != GST_SPEAD2_ORDER_ARRIVAL)
    latency += self->settings.latency;
  GST_OBJECT_UNLOCK (self);
  gst_query_set_latency (query, TRUE, latency, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static GstCaps *
gst_spead2_src_get_caps (GstBaseSrc *base, GstCaps *filter)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);
  GstCaps *caps, *result;

  GST_OBJECT_LOCK (self);
  caps = self->settings.caps ? gst_caps_ref (self->settings.caps)
                             : gst_caps_new_any ();
  GST_OBJECT_UNLOCK (self);
  if (filter == NULL)
    return caps;
  result = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return result;
}

/* A flush of the element alone: what is ready stays, behind a new segment. */
static gboolean
gst_spead2_src_do_seek (GstBaseSrc *base, GstSegment *segment)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);

  self->pushed = FALSE;
  self->discont = TRUE;
  return GST_BASE_SRC_CLASS (gst_spead2_src_parent_class)
      ->do_seek (base, segment);
}

static gboolean
gst_spead2_src_is_seekable (GstBaseSrc *base)
{
  return FALSE;
}

/* -- class ------------------------------------------------------------------------------- */

static void
gst_spead2_src_class_init (GstSpead2SrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);
  GstPushSrcClass *push_class = GST_PUSH_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      spead2_src_debug, "spead2src", 0, "SPEAD heaps from UDP");

  object_class->set_property = gst_spead2_src_set_property;
  object_class->get_property = gst_spead2_src_get_property;
  object_class->finalize = gst_spead2_src_finalize;

  gst_spead2_src_install_properties (object_class);

  /**
   * GstSpead2Src::heap-received:
   * @source: the source
   * @heap_cnt: the heap counter, as it was sent
   * @outcome: what becomes of the heap: `delivered`, `control` (no data for a buffer) or
   *   `dropped-no-item` and the like, as the counters of #GstSpead2Src:stats behind
   *   `heaps-`
   * @end: how receiving it ended: `complete`, `evicted`, `timeout`, `stop` or `flush`, as
   *   those counters
   * @received: bytes of payload that came
   * @length: bytes of payload that it has; where no packet says it, those up to the last
   *   one that came
   *
   * Emitted for each heap that leaves the queue of received heaps, while
   * #GstSpead2Src:signal-heaps is set: by the streaming thread with no lock of the element
   * held, in the order of the buffers, before the heap's buffer is pushed; for those that a
   * stop of the element drops, by the thread that stops it. Heaps that leave the queue
   * otherwise, by #GstSpead2Src:leaky or in a stop, are counted alone.
   *
   * The stream waits for the handlers. A handler may read properties and post messages. It
   * must not change the element's state, nor send it an event.
   *
   * Since: 0.1
   */
  signals[SIGNAL_HEAP_RECEIVED] = g_signal_new ("heap-received",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 5, G_TYPE_UINT64, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
      G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_UINT64, G_TYPE_UINT64);

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "SPEAD receiver",
      "Source/Network", "Receives SPEAD heaps over UDP as buffers",
      "The gst-spead2 developers");

  element_class->set_state = gst_spead2_src_set_state;
  element_class->change_state = gst_spead2_src_change_state;
  base_class->start = gst_spead2_src_start;
  base_class->stop = gst_spead2_src_stop;
  base_class->unlock = gst_spead2_src_unlock;
  base_class->unlock_stop = gst_spead2_src_unlock_stop;
  base_class->negotiate = gst_spead2_src_negotiate;
  base_class->decide_allocation = gst_spead2_src_decide_allocation;
  base_class->get_caps = gst_spead2_src_get_caps;
  base_class->query = gst_spead2_src_query;
  base_class->do_seek = gst_spead2_src_do_seek;
  base_class->is_seekable = gst_spead2_src_is_seekable;
  push_class->create = gst_spead2_src_create;
}
