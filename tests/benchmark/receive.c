/* A pipeline that receives, until the stream ends or SIGINT comes.
 * Usage: bench-receive DESCRIPTION, in which the element "source" receives and the element
 * "sink" is the last. Prints one line of JSON: what the sink got, what the source's stats
 * say where it has them, and context switches.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <sys/resource.h>

typedef struct {
  GMainLoop *loop;
  gboolean failed;
  /* The streaming thread's, until it has ended. */
  guint64 buffers, bytes;
} Receiver;

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Receiver *receiver = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    receiver->buffers += gst_buffer_list_length (list);
    receiver->bytes += gst_buffer_list_calculate_size (list);
  } else {
    receiver->buffers++;
    receiver->bytes += gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
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

static void
print_stats (GstElement *source)
{
  GstStructure *stats;
  gint i;

  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (source), "stats"))
    return;
  g_object_get (source, "stats", &stats, NULL);
  for (i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, i);
    guint64 value;

    if (gst_structure_get_uint64 (stats, name, &value))
      g_print (", \"%s\": %" G_GUINT64_FORMAT, name, value);
  }
  gst_structure_free (stats);
}

static void
print_report (const Receiver *receiver, GstElement *source)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  g_print ("{\"buffers\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT
           ", \"switches\": %ld",
      receiver->buffers, receiver->bytes, usage.ru_nvcsw);
  print_stats (source);
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
  /* The counters of spead2src are kept in PAUSED, and 0 in NULL. */
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  if (!receiver->failed)
    print_report (receiver, source);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  return !receiver->failed;
}

gint
main (gint argc, gchar **argv)
{
  Receiver receiver = {0};
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  gst_init (&argc, &argv);
  if (argc != 2) {
    g_printerr ("usage: %s DESCRIPTION\n", argv[0]);
    return EXIT_FAILURE;
  }
  pipeline = gst_parse_launch (argv[1], &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  receiver.loop = g_main_loop_new (NULL, FALSE);
  ok = run (&receiver, pipeline);
  g_main_loop_unref (receiver.loop);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
