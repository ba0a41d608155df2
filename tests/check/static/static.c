/* The plugin in a static program: registered by hand, found nowhere else. With
 * the argument "elements" its elements are registered one by one, without the
 * plugin, as gstreamer-full can do it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

GST_PLUGIN_STATIC_DECLARE (spead2);
GST_ELEMENT_REGISTER_DECLARE (adctestsrc);
GST_ELEMENT_REGISTER_DECLARE (spead2sink);

static gboolean
can_make (const gchar *name)
{
  GstElementFactory *factory = gst_element_factory_find (name);
  GstElement *element;

  if (factory == NULL) {
    g_printerr ("there is no %s\n", name);
    return FALSE;
  }
  element = gst_element_factory_create (factory, NULL);
  gst_object_unref (factory);
  if (element == NULL) {
    g_printerr ("%s cannot be made\n", name);
    return FALSE;
  }
  gst_object_unref (gst_object_ref_sink (element));
  return TRUE;
}

static gboolean
runs_to_eos (const gchar *text)
{
  GstElement *pipeline = gst_parse_launch (text, NULL);
  GstMessage *message;
  GstBus *bus;
  gboolean ended;

  if (pipeline == NULL)
    return FALSE;
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 10 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  ended = message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  if (!ended)
    g_printerr ("'%s' does not come to its end\n", text);
  if (message)
    gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return ended;
}

/* Applications find both by name. */
static gboolean
has_metas (void)
{
  if (gst_meta_get_info ("GstSpead2Items") == NULL ||
      g_type_from_name ("GstSpead2OutstandingAPI") == 0) {
    g_printerr ("the metas of spead2sink are not registered\n");
    return FALSE;
  }
  return TRUE;
}

static gboolean
plugin_works (void)
{
  GST_PLUGIN_STATIC_REGISTER (spead2);
  return has_metas () && can_make ("adctestsrc") && can_make ("spead2sink") &&
      runs_to_eos ("adctestsrc num-buffers=1 ! fakesink") &&
      runs_to_eos ("adctestsrc num-buffers=1 ! spead2sink");
}

static gboolean
elements_work (void)
{
  return GST_ELEMENT_REGISTER (spead2sink, NULL) && has_metas () &&
      runs_to_eos ("fakesrc num-buffers=1 sizetype=fixed ! spead2sink") &&
      GST_ELEMENT_REGISTER (adctestsrc, NULL) &&
      runs_to_eos ("adctestsrc num-buffers=1 ! spead2sink");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (gst_registry_find_plugin (gst_registry_get (), "spead2") != NULL) {
    g_printerr ("the plugin is there before it was registered\n");
    return 1;
  }
  return (argc > 1 && g_str_equal (argv[1], "elements") ? elements_work ()
                                                        : plugin_works ())
      ? 0
      : 1;
}
