/* A pipeline that receives, until the stream ends or SIGINT comes.
 * Usage: bench-receive [--latency] DESCRIPTION, in which the element "source" receives and
 * the element "sink" is the last. Prints one line of JSON: what the sink got, the largest
 * memory, and the stats of both where they have them. With --latency also how long heaps
 * took from their sending to the sink: see stamp.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "stamp.h"

typedef struct {
  GMainLoop *loop;
  gboolean failed;
  /* The streaming thread's, until it has ended. */
  guint64 buffers, bytes;
  StampLatencies *latencies; /* NULL: they are not measured */
} Receiver;

static gboolean
note_latency (GstBuffer **buffer, guint index, gpointer user_data)
{
  const gsize size = gst_buffer_get_size (*buffer);
  guint8 last[STAMP_SIZE];

  if (size >= sizeof last) {
    gst_buffer_extract (*buffer, size - sizeof last, last, sizeof last);
    stamp_note (user_data, last);
  }
  return TRUE;
}

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Receiver *receiver = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    if (receiver->latencies)
      gst_buffer_list_foreach (list, note_latency, receiver->latencies);
    receiver->buffers += gst_buffer_list_length (list);
    receiver->bytes += gst_buffer_list_calculate_size (list);
  } else {
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);

    if (receiver->latencies)
      note_latency (&buffer, 0, receiver->latencies);
    receiver->buffers++;
    receiver->bytes += gst_buffer_get_size (buffer);
  }
  return GST_PAD_PROBE_OK;
}

static gboolean
end (gpointer user_data)
{
  Receiver *receiver = user_data;

  g_main_loop_quit (receiver->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
handle_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Receiver *receiver = user_data;
  GError *error = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      g_printerr ("%s\n", error->message);
      g_error_free (error);
      receiver->failed = TRUE;
      g_main_loop_quit (receiver->loop);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (receiver->loop);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

/* As a further member of a JSON object. */
static void
print_stats (const gchar *name, GstElement *element)
{
  GstStructure *stats;
  gboolean any = FALSE;

  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (element), "stats"))
    return;
  g_object_get (element, "stats", &stats, NULL);
  g_print (", \"%s\": {", name);
  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *field = gst_structure_nth_field_name (stats, i);
    guint64 value;
    guint small;

    if (gst_structure_get_uint (stats, field, &small))
      value = small;
    else if (!gst_structure_get_uint64 (stats, field, &value))
      continue;
    g_print ("%s\"%s\": %" G_GUINT64_FORMAT, any ? ", " : "", field, value);
    any = TRUE;
  }
  g_print ("}");
  gst_structure_free (stats);
}

static void
print_report (const Receiver *receiver, GstElement *source, GstElement *sink)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  g_print ("{\"buffers\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT
           ", \"max_rss_kib\": %ld",
      receiver->buffers, receiver->bytes, usage.ru_maxrss);
  print_stats ("source", source);
  print_stats ("sink", sink);
  if (receiver->latencies)
    stamp_print (receiver->latencies);
  g_print ("}\n");
}

static gboolean
run (Receiver *receiver, GstElement *pipeline)
{
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (pipeline), "source");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  if (source == NULL || sink == NULL) {
    g_printerr ("no elements named source and sink\n");
    return FALSE;
  }
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, count,
      receiver, NULL);
  gst_bus_add_watch (bus, handle_message, receiver);
  g_unix_signal_add (SIGINT, end, receiver);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (receiver->loop);
  /* Counters are kept in PAUSED, and 0 in NULL. */
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  if (!receiver->failed)
    print_report (receiver, source, sink);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  return !receiver->failed;
}

gint
main (gint argc, gchar **argv)
{
  static StampLatencies latencies;
  gboolean latency = FALSE, ok;
  const GOptionEntry entries[] = {
      {"latency", 0, 0, G_OPTION_ARG_NONE, &latency,
          "Print how long each heap took to the sink", NULL},
      {NULL}};
  GOptionContext *options = g_option_context_new ("DESCRIPTION");
  Receiver receiver = {0};
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (options, entries, NULL);
  g_option_context_add_group (options, gst_init_get_option_group ());
  ok = g_option_context_parse (options, &argc, &argv, &error);
  g_option_context_free (options);
  if (!ok || argc != 2) {
    g_printerr (
        "%s: %s\n", argv[0], error ? error->message : "one DESCRIPTION");
    return EXIT_FAILURE;
  }
  pipeline = gst_parse_launch (argv[1], &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  if (latency)
    receiver.latencies = &latencies;
  receiver.loop = g_main_loop_new (NULL, FALSE);
  ok = run (&receiver, pipeline);
  g_main_loop_unref (receiver.loop);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
