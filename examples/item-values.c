/* item-values: values of your own in every heap
 *
 * Each buffer carries a GstCustomMeta with the values of its heap's items, and
 * with its heap counter. docs/recipes.md explains it; docs/embedding.md how to
 * send in earnest.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/gstappsrc.h>
#include <stdlib.h>

#define PIPELINE                                                               \
  "appsrc name=source caps=application/octet-stream ! "                        \
  "spead2sink name=sink rate=1000000 items=\""                                 \
  "scan_id,id=0x6008,value=meta,default=0; "                                   \
  "target,id=0x6100,value=meta,default=\\\"none\\\"; "                         \
  "samples,id=0x3300,value=payload\""

/* A heap with its values; all of them are optional. */
static GstBuffer *
make_buffer (guint64 scan_id, const gchar *target, guint64 heap_cnt)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 1000, NULL);
  GstCustomMeta *meta;

  gst_buffer_memset (buffer, 0, scan_id, 1000);
  meta = gst_buffer_add_custom_meta (buffer, "GstSpead2Items");
  gst_structure_set (gst_custom_meta_get_structure (meta), "scan_id",
      G_TYPE_UINT64, scan_id, "heap-cnt", G_TYPE_UINT64, heap_cnt, NULL);
  if (target)
    gst_structure_set (gst_custom_meta_get_structure (meta), "target",
        G_TYPE_STRING, target, NULL);
  return buffer;
}

/* Waits for the end, and returns the program's status. */
static int
wait (GstElement *pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gboolean failed = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  GError *error;

  if (failed) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("Error: %s\n", error->message);
    g_error_free (error);
  }
  gst_message_unref (message);
  gst_object_unref (bus);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GstElement *pipeline, *sink;
  GstAppSrc *source;
  guint64 scan_id;
  int status;

  gst_init (&argc, &argv);
  pipeline = gst_parse_launch (PIPELINE, &error);
  if (error) {
    g_printerr ("Error: %s (is GST_PLUGIN_PATH set?)\n", error->message);
    return EXIT_FAILURE;
  }
  source = GST_APP_SRC (gst_bin_get_by_name (GST_BIN (pipeline), "source"));
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  if (argc > 1)
    g_object_set (sink, "port", atoi (argv[1]), NULL);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (scan_id = 1; scan_id <= 5; scan_id++)
    gst_app_src_push_buffer (source,
        make_buffer (scan_id, scan_id == 3 ? "B0833-45" : NULL, scan_id << 32));
  gst_app_src_end_of_stream (source);
  status = wait (pipeline);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (source);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  return status;
}
