/* gst-spead2: sends buffers as SPEAD heaps over UDP
 *
 * The element keeps properties, states, caps, queries and messages; packets,
 * threads and sockets are the engine's (gst/spead2). A buffer becomes a heap in
 * the streaming thread, is pushed into the engine's bounded queue, and is
 * released by a sending thread once the kernel has its bytes.
 *
 * Here are its class, properties and signals; gstspead2sinkprivate.h lists its
 * other files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-spead2sink
 * @title: spead2sink
 * @see_also: adctestsrc, udpsink
 *
 * Sends each buffer as a SPEAD heap over UDP, unicast or multicast, or heaps of
 * #GstSpead2Sink:heap-size bytes that are cut and joined from buffers. SPEAD
 * (Streaming Protocol for Exchanging Astronomical Data) carries the samples of
 * radio telescopes between machines; every receiver built on spead2 reads it.
 *
 * A heap carries two items, unless #GstSpead2Sink:items is set: 0x1600
 * `timestamp`, the index of its first sample, and 0x3300 `adc_samples`, the
 * samples, with the type and shape of the caps. Buffers whose caps define no
 * samples are sent as bytes. Descriptors are sent with the first heap, and with
 * heaps of another shape (see #GstSpead2Sink:descriptors). At EOS all heaps are
 * sent, then a stop heap; then an INFO message with the results is posted, unless
 * #GstSpead2Sink:quiet is set, and then the EOS message.
 *
 * Audio whose format has no type, or whose channels are not interleaved, is not
 * offered in negotiation, so that audioconvert in front converts it; without a
 * converter it is an error. If the payload has a `dtype` or `format` of its own in
 * #GstSpead2Sink:items, audio of any format and layout is accepted.
 *
 * An application can set values heap by heap: as a GstCustomMeta named
 * `GstSpead2Items` on a buffer, or as a serialized custom downstream event whose
 * structure is named `spead2-items` in front of it. The fields are values of the
 * items with `value=meta`, by name, and `heap-cnt` (guint64), the heap counter. A
 * buffer's values are in all heaps that are cut from it. [recipes.md](recipes.md)
 * has examples.
 *
 * Sending has a thread of its own: the next buffer is made while the previous one
 * is sent. At most #GstSpead2Sink:max-heaps heaps are outstanding, and none of
 * their memory is modified or released before the kernel has it.
 *
 * UDP has no flow control. Without a #GstSpead2Sink:rate, heaps are sent as fast
 * as the kernel takes them, and a slower receiver loses packets. With
 * #GstBaseSink:sync each buffer is sent when it is due, but as a whole: a rate
 * above that of the samples spreads it. Buffers are due by their timestamps, and
 * so by the sample rate of the caps, which for adctestsrc is 1712 MHz (1.7 GB/s)
 * by default.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 adctestsrc num-buffers=100 ! spead2sink rate=100000000
 * ]| The sender of spead2's tutorial: 100 heaps of 1 MiB of random samples to
 * port 8888 of this machine, at 100 MB/s.
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=100 ! audio/x-raw,format=S16LE ! spead2sink host=239.1.2.3 multicast-iface=lo sync=true
 * ]| 2.3 s of a tone in real time to a multicast group.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstspead2sink.h"

#include "common/gstspead2itemvalues.h"
#include "common/gstspead2outstanding.h"
#include "gstspead2sinkprivate.h"
#include "gstspead2sinkstats.h"
#include "spead2/error.h"

GST_DEBUG_CATEGORY (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

enum {
  SIGNAL_HEAP_DONE,
  SIGNAL_SEND_DESCRIPTORS,
  SIGNAL_SEND_STOP,
  SIGNAL_ADD,
  SIGNAL_REMOVE,
  SIGNAL_CLEAR,
  SIGNAL_GET_STATS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE_WITH_CODE (GstSpead2Sink, gst_spead2_sink, GST_TYPE_BASE_SINK,
    gst_spead2_net_element_add_uri_handler (g_define_type_id, GST_URI_SINK))

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

GstBaseSinkClass *
gst_spead2_sink_base_class (void)
{
  return GST_BASE_SINK_CLASS (gst_spead2_sink_parent_class);
}

void
gst_spead2_sink_signal_heap_done (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  g_signal_emit (self, signals[SIGNAL_HEAP_DONE], 0, result->cnt, result->bytes,
      result->error);
}

/* -- properties -------------------------------------------------------------- */

static void
gst_spead2_sink_init (GstSpead2Sink *self)
{
  GstPad *pad = GST_BASE_SINK_PAD (self);

  gst_spead2_net_element_init (&self->net, GST_ELEMENT (self),
      &gst_spead2_sink_settings_table, &self->settings);
  self->unpushed = g_ptr_array_new ();
  self->changes = g_array_new (FALSE, FALSE, sizeof (GstSpead2SinkChange));
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

  gst_spead2_net_element_clear (&self->net);
  g_ptr_array_unref (self->unpushed);
  g_array_unref (self->changes);
  gst_clear_caps (&self->refused_caps);
  G_OBJECT_CLASS (gst_spead2_sink_parent_class)->finalize (object);
}

/* What the pacer goes by. */
static gboolean
gst_spead2_sink_is_rate (guint id)
{
  return id == GST_SPEAD2_SINK_PROP_RATE ||
      id == GST_SPEAD2_SINK_PROP_BURST_SIZE ||
      id == GST_SPEAD2_SINK_PROP_BURST_RATE_RATIO;
}

static void
gst_spead2_sink_apply_rate (GstSpead2Sink *self)
{
  const GstSpead2SinkSettings *settings = &self->settings;

  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_set_rate (self->sender, settings->rate, settings->burst_size,
        settings->burst_rate_ratio);
  GST_OBJECT_UNLOCK (self);
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
  else if (gst_spead2_net_element_set_property (&self->net, value, pspec) &&
      gst_spead2_sink_is_rate (id))
    gst_spead2_sink_apply_rate (self);
  g_clear_error (&error);
}

static GstStructure *
gst_spead2_sink_make_stats (GstSpead2Sink *self)
{
  GstStructure *stats = gst_base_sink_get_stats (GST_BASE_SINK (self));
  Spead2SenderStats engine = {0};
  GstSpead2HeapMakerCounters counters;
  GArray *destinations = NULL;

  GST_OBJECT_LOCK (self);
  if (self->sender) {
    spead2_sender_get_stats (self->sender, &engine);
    destinations = spead2_sender_get_destinations (self->sender);
  }
  counters = self->maker_counters;
  GST_OBJECT_UNLOCK (self);

  gst_structure_set_name (stats, "application/x-spead2-sink-stats");
  gst_spead2_sink_stats_add (stats, &engine);
  gst_spead2_sink_stats_add_destinations (stats, destinations);
  g_clear_pointer (&destinations, g_array_unref);
  gst_structure_set (stats, "index-wraps", G_TYPE_UINT64, counters.index_wraps,
      "offset-jumps", G_TYPE_UINT64, counters.offset_jumps, "remainder-bytes",
      G_TYPE_UINT64, counters.remainder_bytes, "padding-bytes", G_TYPE_UINT64,
      counters.padding_bytes, NULL);
  return stats;
}

static void
gst_spead2_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (object);

  if (id == GST_SPEAD2_SINK_PROP_STATS)
    g_value_take_boxed (value, gst_spead2_sink_make_stats (self));
  else
    gst_spead2_net_element_get_property (&self->net, value, pspec);
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
   * Emitted when a heap has ended, in the order of the buffers, by a sending
   * thread, with no lock held, while #GstSpead2Sink:signal-heaps is set. The
   * heap's buffer is released after the handlers have returned, when all heaps
   * that were cut from it have ended. Small heaps of one buffer or buffer list
   * pass the queue in runs of up to 1024, and the buffers of a run are released
   * together, when its last heap has ended. A handler must not change the
   * element's state.
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
   * Action signal: describe the items with the next heap, in it or in front of it
   * as #GstSpead2Sink:descriptors defines; with `none` in front of it. For
   * receivers that join late.
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
   * Action signal: send a stop heap behind everything that has been accepted,
   * whatever the value of #GstSpead2Sink:send-stop-heap. Later heaps are another
   * stream for the receivers: a start heap is sent before them if
   * #GstSpead2Sink:send-start-heap is set, and they are described again; counters
   * continue. While a buffer is being accepted, those of its heaps that are made,
   * up to 65536, are sent before the stop heap; a heap that waits for more buffers
   * to complete #GstSpead2Sink:heap-size is sent behind it. Stop heaps and changes
   * of the destinations take effect in the order in which they were emitted.
   *
   * Any thread can emit it in any state, also a handler of
   * #GstSpead2Sink::heap-done: it does not block, and the stop heap is not counted
   * in #GstSpead2Sink:max-heaps. Of several emissions with nothing between them,
   * at least one sends a stop heap. EOS sends another one only if heaps were sent
   * after the last, or if that was dropped or failed.
   *
   * Returns: whether the stop heap was accepted: not in NULL, nor while flushing
   *
   * Since: 0.1
   */
  signals[SIGNAL_SEND_STOP] = g_signal_new_class_handler ("send-stop",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_spead2_sink_send_stop), NULL, NULL, NULL, G_TYPE_BOOLEAN,
      0);

  /**
   * GstSpead2Sink::add:
   * @sink: the sink
   * @host: an address, or a name, whose lookup blocks for up to 5 s
   * @port: UDP port, 1 to 65535
   *
   * Action signal: append a destination to #GstSpead2Sink:destinations. It gets heaps
   * that are accepted from now on, descriptors first. Any thread, in any state; while a
   * buffer is being accepted, it comes behind those of its heaps that are made, up to
   * 65536. If a name has addresses of both families, one of the others' family is taken.
   *
   * A destination that is in the list, or of another family than the others, or beyond
   * 4096, is not added, which is a warning; nor is one while heaps are on their way to
   * thousands that were removed.
   *
   * Since: 0.1
   */
  signals[SIGNAL_ADD] =
      g_signal_new_class_handler ("add", G_TYPE_FROM_CLASS (klass),
          G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_spead2_sink_add),
          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_INT);

  /**
   * GstSpead2Sink::remove:
   * @sink: the sink
   * @host: an address, or a name, whose lookup blocks for up to 5 s
   * @port: UDP port
   *
   * Action signal: remove a destination from #GstSpead2Sink:destinations. It still
   * gets the heaps that were accepted before, and no stop heap. One that is not in the
   * list is a warning.
   *
   * Since: 0.1
   */
  signals[SIGNAL_REMOVE] = g_signal_new_class_handler ("remove",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_spead2_sink_remove), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, G_TYPE_INT);

  /**
   * GstSpead2Sink::clear:
   * @sink: the sink
   *
   * Action signal: remove all destinations. Heaps are then dropped, which
   * `heaps-dropped` in #GstSpead2Sink:stats counts, until one is added. If none is,
   * #GstSpead2Sink:host and #GstSpead2Sink:port are used when the element starts again.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CLEAR] = g_signal_new_class_handler ("clear",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_spead2_sink_clear), NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * GstSpead2Sink::get-stats:
   * @sink: the sink
   * @host: an address, or a name, whose lookup blocks for up to 5 s
   * @port: UDP port
   *
   * Action signal: the counters of a destination, as in `destinations` of
   * #GstSpead2Sink:stats.
   *
   * Returns: (transfer full): a structure without fields if it is not in the list
   *
   * Since: 0.1
   */
  signals[SIGNAL_GET_STATS] = g_signal_new_class_handler ("get-stats",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_spead2_sink_get_destination_stats), NULL, NULL, NULL,
      GST_TYPE_STRUCTURE, 2, G_TYPE_STRING, G_TYPE_INT);

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
