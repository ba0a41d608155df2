/* gst-spead2: what elements with a URI and a socket have in common: see
 * gstspead2netelement.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2netelement.h"

#include <glib/gstdio.h>

#include "gstspead2uri.h"
#include "spead2/error.h"

/* The struct of an element, for its URI handler. */
static G_DEFINE_QUARK (gst - spead2 - net - element, net)

    /* -- instance ---------------------------------------------------------------------- */

    void gst_spead2_net_element_init (GstSpead2NetElement *net,
        GstElement *element, const GstSpead2SettingsTable *table,
        gpointer settings)
{
  net->element = element;
  net->table = table;
  net->settings = settings;
  net->resolving = g_cancellable_new ();
  gst_spead2_settings_init (table, G_OBJECT_GET_CLASS (element), settings);
  g_object_set_qdata (G_OBJECT (element), net_quark (), net);
}

void
gst_spead2_net_element_clear (GstSpead2NetElement *net)
{
  gst_spead2_settings_clear (
      net->table, G_OBJECT_GET_CLASS (net->element), net->settings);
  g_clear_error (&net->uri_error);
  g_clear_object (&net->resolving);
}

static gpointer
find_field (const GstSpead2NetElement *net, const gchar *name)
{
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (net->element), name);

  return G_STRUCT_MEMBER_P (net->settings, net->table->offsets[spec->param_id]);
}

/* The application's socket, with the object lock. */
static GSocket *
given_socket (const GstSpead2NetElement *net)
{
  return *(GSocket **) find_field (net, "socket");
}

/* -- properties -------------------------------------------------------------------- */

/* A good URI replaces the error of a bad one. */
static gboolean
set_uri (GstSpead2NetElement *net, const gchar *uri, GError **error)
{
  if (!gst_spead2_uri_apply (uri ? uri : "", G_OBJECT (net->element), error))
    return FALSE;

  GST_OBJECT_LOCK (net->element);
  g_clear_error (&net->uri_error);
  GST_OBJECT_UNLOCK (net->element);
  return TRUE;
}

/* Setting a property returns no error: it is kept for the start. */
static void
set_uri_property (GstSpead2NetElement *net, const gchar *uri)
{
  GError *error = NULL;

  if (set_uri (net, uri, &error))
    return;
  GST_WARNING_OBJECT (net->element, "%s", error->message);
  GST_OBJECT_LOCK (net->element);
  g_clear_error (&net->uri_error);
  net->uri_error = error;
  GST_OBJECT_UNLOCK (net->element);
}

/* Called with the object lock. */
static void
apply_stats_interval (GstSpead2NetElement *net)
{
  guint64 *interval = find_field (net, "stats-interval");

  gst_spead2_stats_timer_set (
      &net->stats_timer, net->element, net->in_use ? *interval : 0);
}

/* Called with the object lock. */
static void
set_field (GstSpead2NetElement *net, const GValue *value, GParamSpec *spec)
{
  gst_spead2_settings_set (net->table, net->settings, spec, value);
  if (g_str_equal (spec->name, "close-socket") && net->used_socket &&
      net->used_socket == given_socket (net))
    net->close_used = g_value_get_boolean (value);
  if (g_str_equal (spec->name, "stats-interval"))
    apply_stats_interval (net);
  net->reopen |= !(spec->flags & GST_PARAM_MUTABLE_PLAYING);
}

gboolean
gst_spead2_net_element_set_property (
    GstSpead2NetElement *net, const GValue *value, GParamSpec *spec)
{
  gboolean is_uri = g_str_equal (spec->name, "uri");
  GSocket *last; /* is freed without the lock */
  gboolean fixed;

  GST_OBJECT_LOCK (net->element);
  last = given_socket (net);
  if (last)
    g_object_ref (last);
  fixed = net->in_use && !(spec->flags & GST_PARAM_MUTABLE_PLAYING);
  /* A URI sets other properties, one by one. */
  if (!fixed && !is_uri)
    set_field (net, value, spec);
  GST_OBJECT_UNLOCK (net->element);
  g_clear_object (&last);

  if (fixed)
    GST_ELEMENT_WARNING (net->element, RESOURCE, SETTINGS,
        ("Property %s cannot change in PAUSED or PLAYING: it stays as it is. "
         "Set the element to READY first.",
            spec->name),
        (NULL));
  else if (is_uri)
    set_uri_property (net, g_value_get_string (value));
  return !fixed;
}

void
gst_spead2_net_element_get_property (
    GstSpead2NetElement *net, GValue *value, GParamSpec *spec)
{
  if (g_str_equal (spec->name, "uri")) {
    g_value_take_string (value, gst_spead2_uri_of (G_OBJECT (net->element)));
    return;
  }
  GST_OBJECT_LOCK (net->element);
  if (g_str_equal (spec->name, "used-socket"))
    g_value_set_object (value, net->used_socket);
  else
    gst_spead2_settings_get (net->table, net->settings, spec, value);
  GST_OBJECT_UNLOCK (net->element);
}

void
gst_spead2_net_element_post_last_stats (GstSpead2NetElement *net)
{
  gboolean wanted;

  GST_OBJECT_LOCK (net->element);
  wanted = *(guint64 *) find_field (net, "stats-interval") > 0;
  GST_OBJECT_UNLOCK (net->element);
  if (wanted)
    gst_spead2_stats_post (net->element);
}

/* -- URI handler ------------------------------------------------------------------- */

static GstURIType
get_sink_type (GType type)
{
  return GST_URI_SINK;
}

static GstURIType
get_src_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
get_protocols (GType type)
{
  static const gchar *const protocols[] = {GST_SPEAD2_URI_PROTOCOL, NULL};

  return protocols;
}

static gchar *
get_handler_uri (GstURIHandler *handler)
{
  return gst_spead2_uri_of (G_OBJECT (handler));
}

static gboolean
set_handler_uri (GstURIHandler *handler, const gchar *uri, GError **error)
{
  GstSpead2NetElement *net =
      g_object_get_qdata (G_OBJECT (handler), net_quark ());
  gboolean in_use;

  GST_OBJECT_LOCK (net->element);
  in_use = net->in_use;
  GST_OBJECT_UNLOCK (net->element);
  if (in_use) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "The URI cannot change in PAUSED or PLAYING: set the element to READY "
        "first");
    return FALSE;
  }
  return set_uri (net, uri, error);
}

static void
uri_handler_init (gpointer iface, gpointer direction)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = GPOINTER_TO_INT (direction) == GST_URI_SINK
      ? get_sink_type
      : get_src_type;
  handler->get_protocols = get_protocols;
  handler->get_uri = get_handler_uri;
  handler->set_uri = set_handler_uri;
}

void
gst_spead2_net_element_add_uri_handler (GType type, GstURIType direction)
{
  const GInterfaceInfo info = {
      .interface_init = uri_handler_init,
      .interface_data = GINT_TO_POINTER (direction),
  };

  g_type_add_interface_static (type, GST_TYPE_URI_HANDLER, &info);
}

/* -- opening and closing ------------------------------------------------------------ */

void
gst_spead2_net_element_set_in_use (GstSpead2NetElement *net, gboolean in_use)
{
  GST_OBJECT_LOCK (net->element);
  net->in_use = in_use;
  apply_stats_interval (net);
  GST_OBJECT_UNLOCK (net->element);
}

gboolean
gst_spead2_net_element_begin_open (
    GstSpead2NetElement *net, gpointer settings, GError **error)
{
  GError *refused = NULL;

  GST_OBJECT_LOCK (net->element);
  net->reopen = FALSE;
  gst_spead2_settings_copy (
      net->table, G_OBJECT_GET_CLASS (net->element), settings, net->settings);
  if (net->uri_error)
    refused = g_error_copy (net->uri_error);
  GST_OBJECT_UNLOCK (net->element);
  g_cancellable_reset (net->resolving);
  if (refused == NULL)
    return TRUE;
  g_propagate_error (error, refused);
  return FALSE;
}

gboolean
gst_spead2_net_element_has_changed (GstSpead2NetElement *net)
{
  gboolean changed;

  GST_OBJECT_LOCK (net->element);
  changed = net->reopen;
  GST_OBJECT_UNLOCK (net->element);
  return changed;
}

void
gst_spead2_net_element_use_socket (
    GstSpead2NetElement *net, GSocket *socket, gboolean close)
{
  GSocket *last;
  gboolean close_last;

  GST_OBJECT_LOCK (net->element);
  last = net->used_socket;
  close_last = net->close_used;
  net->used_socket = socket;
  net->close_used = close;
  GST_OBJECT_UNLOCK (net->element);
  if (last && last != socket && close_last)
    g_socket_close (last, NULL);
  g_clear_object (&last);
}

void
gst_spead2_net_element_release_replaced (GstSpead2NetElement *net)
{
  gboolean replaced;

  GST_OBJECT_LOCK (net->element);
  replaced = net->used_socket != given_socket (net);
  GST_OBJECT_UNLOCK (net->element);
  if (replaced)
    gst_spead2_net_element_use_socket (net, NULL, FALSE);
}

/* -- helpers of a start ------------------------------------------------------------- */

gboolean
gst_spead2_net_element_check_socket (GSocket *socket, GError **error)
{
  if (socket == NULL || !g_socket_is_closed (socket))
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "The socket that was given is closed, as close-socket=true leaves it in "
      "NULL: set an open one before each start, or none, or "
      "close-socket=false");
  return FALSE;
}

GSocket *
gst_spead2_net_element_socket_of_fd (gint fd, GError **error)
{
  GSocket *socket;

  if (fd < 0)
    return NULL;
  socket = g_socket_new_from_fd (fd, error);
  if (socket == NULL)
    g_close (fd, NULL);
  return socket;
}

void
gst_spead2_net_element_post_error (
    GstElement *element, const GError *error, GstResourceError code)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    GST_DEBUG_OBJECT (element, "the start was cancelled");
    return;
  }
  if (error->domain == GST_URI_ERROR ||
      g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID))
    code = GST_RESOURCE_ERROR_SETTINGS;
  else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND))
    code = GST_RESOURCE_ERROR_NOT_FOUND;
  gst_element_message_full (element, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR,
      code, g_strdup (error->message), NULL, __FILE__, GST_FUNCTION, __LINE__);
}

void
gst_spead2_net_element_post_thread (
    GstElement *element, GstStreamStatusType type)
{
  GstMessage *message =
      gst_message_new_stream_status (GST_OBJECT (element), type, element);
  GValue thread = G_VALUE_INIT;

  g_value_init (&thread, GST_TYPE_G_THREAD);
  g_value_set_boxed (&thread, g_thread_self ());
  gst_message_set_stream_status_object (message, &thread);
  g_value_unset (&thread);
  gst_element_post_message (element, message);
}
