/* Runs a pipeline and says how long it took, from the first buffer that leaves a
 * source to the EOS message, what CPU time it used meanwhile, and what the
 * sinks counted: as one line of JSON. Starting the process, loading plugins and
 * opening sockets are not in the figures.
 * Usage: send [--null-after SECONDS] DESCRIPTION
 * With --null-after the pipeline is set to NULL in mid-stream, and the time that
 * takes is measured.
 *
 * Beside the elements of the plugins a description may name these:
 *   reusedsrc     adctestsrc in all but the samples: the buffers of its pool
 *                 go round as they are, so that only sending is measured; with
 *                 list-size in lists of so many, which num-buffers counts then;
 *                 with leave-empty they are not even filled the first time
 *   packetlister  makes of each buffer a list of packets of packet-size bytes,
 *                 each with a header of its own in front: what a payloader does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/base/gstbasesrc.h>
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define HEADER_SIZE 40
/* What memory is filled with: fresh pages would all be the kernel's one page of
 * zeros, which is always in cache. */
#define FILL 0x5a

/* --- reusedsrc --------------------------------------------------------------- */

typedef struct {
  guint64 next_frame;
  guint list_size;
  gboolean leave_empty;
} ReusedSrcPrivate;

enum { PROP_0, PROP_LIST_SIZE, PROP_LEAVE_EMPTY };

static GTypeQuery adc_test_src;
static GQuark filled; /* set of buffers that are */
static GstBaseSrcClass *reused_src_parent;

static ReusedSrcPrivate *
reused_src_private (gpointer src)
{
  return (ReusedSrcPrivate *) ((guint8 *) src + adc_test_src.instance_size);
}

/* Mapping a buffer costs a copy where it has room for packet headers: once. */
static GstFlowReturn
reused_src_fill (
    GstBaseSrc *basesrc, guint64 offset, guint length, GstBuffer *buffer)
{
  ReusedSrcPrivate *private = reused_src_private (basesrc);
  GstMiniObject *object = GST_MINI_OBJECT_CAST (buffer);

  if (!private->leave_empty && !gst_mini_object_get_qdata (object, filled)) {
    gst_buffer_memset (buffer, 0, FILL, length);
    gst_mini_object_set_qdata (object, filled, &filled, NULL);
  }
  GST_BUFFER_OFFSET (buffer) = private->next_frame;
  private->next_frame += length;
  GST_BUFFER_OFFSET_END (buffer) = private->next_frame;

  return GST_FLOW_OK;
}

/* A list, where lists are wanted. */
static GstFlowReturn
reused_src_create (
    GstBaseSrc *basesrc, guint64 offset, guint size, GstBuffer **buffer)
{
  const guint n = reused_src_private (basesrc)->list_size;
  GstFlowReturn flow = GST_FLOW_OK;
  GstBufferPool *pool;
  GstBufferList *list;

  if (n <= 1)
    return reused_src_parent->create (basesrc, offset, size, buffer);

  pool = gst_base_src_get_buffer_pool (basesrc);
  list = gst_buffer_list_new_sized (n);
  for (guint i = 0; i < n && flow == GST_FLOW_OK; i++) {
    GstBuffer *filled;

    flow = gst_buffer_pool_acquire_buffer (pool, &filled, NULL);
    if (flow == GST_FLOW_OK) {
      gst_buffer_list_add (list, filled);
      flow = reused_src_fill (basesrc, offset, size, filled);
    }
  }
  gst_object_unref (pool);
  if (flow == GST_FLOW_OK)
    gst_base_src_submit_buffer_list (basesrc, list);
  else
    gst_buffer_list_unref (list);
  return flow;
}

static void
reused_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  ReusedSrcPrivate *private = reused_src_private (object);

  if (id == PROP_LIST_SIZE)
  private->list_size = g_value_get_uint (value);
  else private->leave_empty = g_value_get_boolean (value);
}

static void
reused_src_class_init (gpointer klass, gpointer data)
{
  GObjectClass *object_class = klass;

  filled = g_quark_from_static_string ("reusedsrc-filled");
  reused_src_parent = g_type_class_peek_parent (klass);
  object_class->set_property = reused_src_set_property;
  g_object_class_install_property (object_class, PROP_LIST_SIZE,
      g_param_spec_uint ("list-size", "List size", "Buffers in a list", 1, 1024,
          1, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_LEAVE_EMPTY,
      g_param_spec_boolean ("leave-empty", "Leave empty",
          "Send what the memory has", FALSE,
          G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  GST_BASE_SRC_CLASS (klass)->create = reused_src_create;
  GST_BASE_SRC_CLASS (klass)->fill = reused_src_fill;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Reused buffers", "Source/Test", "Hands out its buffers unfilled",
      "gst-spead2");
}

static gboolean
register_reused_src (void)
{
  GstElementFactory *factory = gst_element_factory_find ("adctestsrc");
  GstPluginFeature *loaded =
      factory ? gst_plugin_feature_load (GST_PLUGIN_FEATURE (factory)) : NULL;
  GTypeInfo info = {.class_init = reused_src_class_init};
  GType parent;

  if (loaded == NULL)
    return FALSE;
  parent = gst_element_factory_get_element_type (GST_ELEMENT_FACTORY (loaded));
  g_type_query (parent, &adc_test_src);
  info.class_size = adc_test_src.class_size;
  info.instance_size = adc_test_src.instance_size + sizeof (ReusedSrcPrivate);
  gst_object_unref (loaded);
  gst_object_unref (factory);

  return gst_element_register (NULL, "reusedsrc", GST_RANK_NONE,
      g_type_register_static (parent, "BenchReusedSrc", &info, 0));
}

/* --- packetlister ------------------------------------------------------------ */

typedef struct {
  GstElement parent;
  GstPad *srcpad;
  guint packet_size;
} PacketLister;

typedef struct {
  GstElementClass parent_class;
} PacketListerClass;

GType packet_lister_get_type (void);
G_DEFINE_TYPE (PacketLister, packet_lister, GST_TYPE_ELEMENT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* Each packet has a header of its own, as a payloader makes it: enough of a SPEAD
 * header that a reader knows where the payload begins. */
static GstMemory *
new_header (void)
{
  static const guint8 bytes[HEADER_SIZE] = {0x53, 4, 3, 5, 0, 0, 0, 4};
  GstMemory *header = gst_allocator_alloc (NULL, HEADER_SIZE, NULL);
  GstMapInfo map;

  gst_memory_map (header, &map, GST_MAP_WRITE);
  memcpy (map.data, bytes, HEADER_SIZE);
  gst_memory_unmap (header, &map);

  return header;
}

static GstFlowReturn
packet_lister_chain (GstPad *pad, GstObject *parent, GstBuffer *heap)
{
  PacketLister *lister = (PacketLister *) parent;
  gsize payload = lister->packet_size - HEADER_SIZE;
  gsize size = gst_buffer_get_size (heap);
  GstBufferList *list =
      gst_buffer_list_new_sized ((size + payload - 1) / payload);

  for (gsize at = 0; at < size; at += payload) {
    GstBuffer *packet = gst_buffer_new ();

    gst_buffer_append_memory (packet, new_header ());
    /* The whole buffer is kept, since the pool would reuse it. */
    gst_buffer_copy_into (
        packet, heap, GST_BUFFER_COPY_MEMORY, at, MIN (payload, size - at));
    gst_buffer_add_parent_buffer_meta (packet, heap);
    gst_buffer_list_add (list, packet);
  }
  gst_buffer_unref (heap);

  return gst_pad_push_list (lister->srcpad, list);
}

static void
packet_lister_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  ((PacketLister *) object)->packet_size = g_value_get_uint (value);
}

static void
packet_lister_class_init (PacketListerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = packet_lister_set_property;
  g_object_class_install_property (object_class, 1,
      g_param_spec_uint ("packet-size", "Packet size", "Bytes of a packet",
          HEADER_SIZE + 1, 65507, 1472, G_PARAM_WRITABLE));
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Packet lister",
      "Filter", "Makes lists of packets", "gst-spead2");
}

static void
packet_lister_init (PacketLister *lister)
{
  GstPad *sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");

  lister->packet_size = 1472;
  gst_pad_set_chain_function (sinkpad, packet_lister_chain);
  gst_element_add_pad (GST_ELEMENT (lister), sinkpad);
  lister->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_element_add_pad (GST_ELEMENT (lister), lister->srcpad);
}

/* --- measuring ---------------------------------------------------------------- */

typedef struct {
  GMutex lock;
  gboolean begun;
  gint64 begin; /* us, monotonic */
  struct rusage usage;
} Start;

static gdouble
seconds (const struct timeval *time)
{
  return time->tv_sec + time->tv_usec / 1e6;
}

static GstPadProbeReturn
note_start (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Start *start = user_data;

  g_mutex_lock (&start->lock);
  if (!start->begun) {
    start->begun = TRUE;
    start->begin = g_get_monotonic_time ();
    getrusage (RUSAGE_SELF, &start->usage);
  }
  g_mutex_unlock (&start->lock);

  return GST_PAD_PROBE_REMOVE;
}

static void
watch_source (const GValue *item, gpointer user_data)
{
  GstElement *source = g_value_get_object (item);
  GstPad *pad = gst_element_get_static_pad (source, "src");

  if (pad == NULL)
    return;
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, note_start,
      user_data, NULL);
  gst_object_unref (pad);
}

static gboolean
is_number (const GValue *value)
{
  return G_VALUE_HOLDS_UINT64 (value) || G_VALUE_HOLDS_UINT (value) ||
      G_VALUE_HOLDS_INT64 (value) || G_VALUE_HOLDS_INT (value) ||
      G_VALUE_HOLDS_DOUBLE (value);
}

/* As JSON: numbers, booleans, and the text of everything else. */
static void
print_value (const GValue *value)
{
  gchar *text = gst_value_serialize (value);
  gchar *escaped = g_strescape (text ? text : "", NULL);

  if (G_VALUE_HOLDS_BOOLEAN (value))
    g_print ("%s", g_value_get_boolean (value) ? "true" : "false");
  else if (is_number (value))
    g_print ("%s", text);
  else
    g_print ("\"%s\"", escaped);
  g_free (escaped);
  g_free (text);
}

static gboolean
print_field (GQuark field, const GValue *value, gpointer user_data)
{
  g_print (
      "%s\"%s\": ", *(gint *) user_data ? ", " : "", g_quark_to_string (field));
  print_value (value);
  *(gint *) user_data = TRUE;

  return TRUE;
}

static void
print_sink (const GValue *item, gpointer user_data)
{
  GstElement *sink = g_value_get_object (item);
  GstStructure *stats = NULL;
  gint any = FALSE;

  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (sink), "stats"))
    return;
  g_object_get (sink, "stats", &stats, NULL);
  g_print ("%s{", *(gint *) user_data ? ", " : "");
  gst_structure_foreach (stats, print_field, &any);
  g_print ("}");
  gst_structure_free (stats);
  *(gint *) user_data = TRUE;
}

static void
for_each_sink (GstElement *pipeline, GstIteratorForeachFunction function,
    gpointer user_data)
{
  GstIterator *sinks = gst_bin_iterate_sinks (GST_BIN (pipeline));

  gst_iterator_foreach (sinks, function, user_data);
  gst_iterator_free (sinks);
}

/* FALSE when it was an error that came, not EOS or the end of the time. */
static gboolean
wait_for_end (GstElement *pipeline, gdouble null_after)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstClockTime timeout =
      null_after > 0 ? (GstClockTime) (null_after * 1e9) : GST_CLOCK_TIME_NONE;
  GstMessage *message = gst_bus_timed_pop_filtered (
      bus, timeout, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gboolean good = TRUE;

  if (message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error;
    gchar *debug;

    gst_message_parse_error (message, &error, &debug);
    g_printerr ("send: %s\n%s\n", error->message, debug ? debug : "");
    g_error_free (error);
    g_free (debug);
    good = FALSE;
  }
  if (message != NULL)
    gst_message_unref (message);
  gst_object_unref (bus);

  return good;
}

static void
report (GstElement *pipeline, const Start *start)
{
  gint64 end = g_get_monotonic_time ();
  struct rusage usage;
  gint any = FALSE;

  getrusage (RUSAGE_SELF, &usage);
  g_print ("{\"seconds\": %.6f, \"user\": %.6f, \"system\": %.6f, "
           "\"max_rss_kib\": %ld, \"sinks\": [",
      (end - start->begin) / 1e6,
      seconds (&usage.ru_utime) - seconds (&start->usage.ru_utime),
      seconds (&usage.ru_stime) - seconds (&start->usage.ru_stime),
      usage.ru_maxrss);
  for_each_sink (pipeline, print_sink, &any);
}

int
main (int argc, char **argv)
{
  gdouble null_after = 0;
  gchar **rest = NULL, *description;
  const GOptionEntry entries[] = {
      {"null-after", 0, 0, G_OPTION_ARG_DOUBLE, &null_after,
          "Set the pipeline to NULL so many seconds after its start",
          "SECONDS"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rest, NULL,
          "DESCRIPTION"},
      {NULL}};
  GOptionContext *options = g_option_context_new (NULL);
  GError *error = NULL;
  GstElement *pipeline;
  GstIterator *sources;
  Start start = {.begun = FALSE};
  gint64 before;
  gboolean good;

  g_option_context_add_main_entries (options, entries, NULL);
  g_option_context_add_group (options, gst_init_get_option_group ());
  if (!g_option_context_parse (options, &argc, &argv, &error) || rest == NULL) {
    g_printerr ("send: %s\n", error ? error->message : "no description");
    return 2;
  }
  if (!register_reused_src ()) {
    g_printerr ("send: there is no adctestsrc\n");
    return 1;
  }
  gst_element_register (
      NULL, "packetlister", GST_RANK_NONE, packet_lister_get_type ());

  description = g_strjoinv (" ", rest);
  pipeline = gst_parse_launch (description, &error);
  if (pipeline == NULL || error != NULL) {
    g_printerr ("send: %s\n", error->message);
    return 1;
  }
  if (!GST_IS_PIPELINE (pipeline)) {
    g_printerr ("send: one element is no pipeline\n");
    return 1;
  }
  sources = gst_bin_iterate_sources (GST_BIN (pipeline));
  gst_iterator_foreach (sources, watch_source, &start);
  gst_iterator_free (sources);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  good = wait_for_end (pipeline, null_after);
  if (good)
    report (pipeline, &start);
  before = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (good)
    g_print (
        "], \"null_ms\": %.3f}\n", (g_get_monotonic_time () - before) / 1e3);

  gst_object_unref (pipeline);
  g_free (description);
  g_strfreev (rest);
  g_option_context_free (options);
  return good ? 0 : 1;
}
