/* gst-spead2: action signals that change the destinations of spead2sink: see
 * gstspead2sinkprivate.h
 *
 * While there is a sender, its list counts, and the property `destinations` repeats it;
 * otherwise the property is the list. A change comes between heaps: while the streaming
 * thread has heaps that are not in the queue, which were made for the destinations there
 * were, it waits until they are pushed. Stop heaps, which go to the destinations there are,
 * wait in the same order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkopen.h"
#include "gstspead2sinkprivate.h"
#include "gstspead2sinkstats.h"
#include "spead2/net/endpointlist.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* -- the sender's list ------------------------------------------------------------- */

void
gst_spead2_sink_note_destinations (GstSpead2Sink *self)
{
  const GstSpead2SinkSettings *settings = &self->settings;
  const gboolean each_has_all_heaps =
      settings->destination_rule == SPEAD2_DESTINATION_ALL &&
      settings->descriptor_destinations ==
          GST_SPEAD2_DESCRIPTOR_DESTINATIONS_ALL;

  const guint n = spead2_sender_n_destinations (self->sender);

  g_atomic_int_set (&self->apart, n > 1 && !each_has_all_heaps);
  g_atomic_int_set (&self->single,
      settings->destination_rule == SPEAD2_DESTINATION_ITEM ||
          (settings->destination_rule == SPEAD2_DESTINATION_ALL && n != 1));
}

/* The property repeats the sender's list. With the object lock. */
static void
gst_spead2_sink_write_destinations (GstSpead2Sink *self)
{
  GArray *list = spead2_sender_get_destinations (self->sender);
  GArray *endpoints =
      g_array_sized_new (FALSE, FALSE, sizeof (Spead2Endpoint), list->len);
  guint i;

  for (i = 0; i < list->len; i++)
    g_array_append_val (
        endpoints, g_array_index (list, Spead2DestinationStats, i).endpoint);
  g_free (self->settings.destinations);
  self->settings.destinations = spead2_endpoint_list_to_text (
      (const Spead2Endpoint *) endpoints->data, endpoints->len);
  g_array_unref (endpoints);
  g_array_unref (list);
}

/* Descriptors for the first destination alone are sent again to the one that becomes it.
 * With the object lock. */
static gboolean
gst_spead2_sink_apply_removal (
    GstSpead2Sink *self, const Spead2Endpoint *endpoint, GError **error)
{
  const gint position =
      spead2_sender_remove_destination (self->sender, endpoint, error);

  if (position == 0 && spead2_sender_n_destinations (self->sender) > 0 &&
      self->settings.descriptor_destinations ==
          GST_SPEAD2_DESCRIPTOR_DESTINATIONS_FIRST)
    g_atomic_int_set (&self->redescribe, TRUE);
  return position >= 0;
}

/* With the object lock. */
static gboolean
gst_spead2_sink_apply (
    GstSpead2Sink *self, const GstSpead2SinkChange *change, GError **error)
{
  gboolean applied = TRUE;

  switch (change->kind) {
    case GST_SPEAD2_SINK_CHANGE_STOP:
      return gst_spead2_sink_push_stop_heap (self);
    case GST_SPEAD2_SINK_CHANGE_ADD:
      applied = spead2_sender_add_destination (
          self->sender, &change->endpoint, error);
      if (applied)
        g_atomic_int_set (&self->redescribe, TRUE);
      break;
    case GST_SPEAD2_SINK_CHANGE_REMOVE:
      applied = gst_spead2_sink_apply_removal (self, &change->endpoint, error);
      break;
    case GST_SPEAD2_SINK_CHANGE_CLEAR:
      spead2_sender_clear_destinations (self->sender);
      break;
  }
  if (applied) {
    gst_spead2_sink_note_destinations (self);
    gst_spead2_sink_write_destinations (self);
  }
  return applied;
}

/* Several stop heaps with nothing between them are one. With the object lock. */
static void
gst_spead2_sink_append_change (
    GstSpead2Sink *self, const GstSpead2SinkChange *change)
{
  const guint n = self->changes->len;

  if (n == 0 || change->kind != GST_SPEAD2_SINK_CHANGE_STOP ||
      g_array_index (self->changes, GstSpead2SinkChange, n - 1).kind !=
          GST_SPEAD2_SINK_CHANGE_STOP)
    g_array_append_val (self->changes, *change);
}

gboolean
gst_spead2_sink_change_or_wait (
    GstSpead2Sink *self, const GstSpead2SinkChange *change, GError **error)
{
  if (!self->making)
    return gst_spead2_sink_apply (self, change, error);
  gst_spead2_sink_append_change (self, change);
  return TRUE;
}

/* Without the object lock. Frees the error. */
static void
gst_spead2_sink_warn_refused (GstSpead2Sink *self, GError *error)
{
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("%s. The destinations stay as they are.", error->message), (NULL));
  g_error_free (error);
}

void
gst_spead2_sink_end_making (GstSpead2Sink *self)
{
  GSList *refused = NULL; /* (owned GError) the last one first */
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->changes->len; i++) {
    GError *error = NULL;

    gst_spead2_sink_apply (
        self, &g_array_index (self->changes, GstSpead2SinkChange, i), &error);
    if (error)
      refused = g_slist_prepend (refused, error);
  }
  g_array_set_size (self->changes, 0);
  self->making = FALSE;
  GST_OBJECT_UNLOCK (self);

  refused = g_slist_reverse (refused);
  while (refused) {
    gst_spead2_sink_warn_refused (self, refused->data);
    refused = g_slist_delete_link (refused, refused);
  }
}

/* -- what a change is about --------------------------------------------------------- */

/* An action's arguments; the endpoint is resolved when its family is known. */
typedef struct {
  GstSpead2SinkChangeKind kind;
  const gchar *host;
  gint port;
} Action;

static gboolean
resolve (Spead2Endpoint *endpoint, const gchar *host, gint port, gint family,
    GError **error)
{
  return spead2_endpoint_resolve (
      endpoint, host ? host : "", MAX (port, 0), family, NULL, error);
}

/* family: of the other destinations, or AF_UNSPEC. */
static gboolean
resolve_change (GstSpead2SinkChange *change, const Action *action, gint family,
    GError **error)
{
  *change = (GstSpead2SinkChange){.kind = action->kind};
  return action->kind == GST_SPEAD2_SINK_CHANGE_CLEAR ||
      resolve (&change->endpoint, action->host, action->port, family, error);
}

/* -- the property's list ----------------------------------------------------------- */

/* Appends to the list, or removes from it. FALSE with an error. */
static gboolean
change_list (GArray *list, const GstSpead2SinkChange *change, GError **error)
{
  guint i;

  if (change->kind == GST_SPEAD2_SINK_CHANGE_CLEAR)
    g_array_set_size (list, 0);
  else if (change->kind == GST_SPEAD2_SINK_CHANGE_ADD)
    return spead2_endpoint_list_append (list, &change->endpoint, error);
  for (i = 0; i < list->len && change->kind == GST_SPEAD2_SINK_CHANGE_REMOVE;
       i++) {
    if (spead2_endpoint_equal (&g_array_index (list, Spead2Endpoint, i),
            &change->endpoint.address)) {
      g_array_remove_index (list, i);
      return TRUE;
    }
  }
  return change->kind == GST_SPEAD2_SINK_CHANGE_CLEAR ||
      spead2_endpoint_not_listed (&change->endpoint, error);
}

static gint
family_of (const GArray *list, const GstSpead2SinkSettings *settings)
{
  return list->len > 0
      ? spead2_endpoint_family (&g_array_index (list, Spead2Endpoint, 0))
      : gst_spead2_sink_settings_family (settings);
}

/* What the property would be; the caller frees it. NULL with an error. */
static gchar *
changed_text (
    const GstSpead2SinkSettings *settings, const Action *action, GError **error)
{
  GstSpead2SinkChange change;
  GArray *list = NULL;
  gchar *text = NULL;

  /* After `clear` there are none; where it is unset, host and port count. */
  if (action->kind == GST_SPEAD2_SINK_CHANGE_CLEAR ||
      (settings->destinations && *settings->destinations == '\0'))
    list = g_array_new (FALSE, FALSE, sizeof (Spead2Endpoint));
  else
    list = gst_spead2_sink_settings_resolve (settings, NULL, error);
  if (list &&
      resolve_change (&change, action, family_of (list, settings), error) &&
      change_list (list, &change, error))
    text = spead2_endpoint_list_to_text (
        (const Spead2Endpoint *) list->data, list->len);
  g_clear_pointer (&list, g_array_unref);
  return text;
}

/* Without a sender. Looking up names blocks, without the lock: if another thread has
 * changed the property meanwhile, or a sender was opened, it is done again. TRUE: it need
 * not be. */
static gboolean
gst_spead2_sink_change_property (
    GstSpead2Sink *self, const Action *action, GError **error)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (self);
  GstSpead2SinkSettings settings = {0};
  gboolean is_same;
  gchar *text;

  GST_OBJECT_LOCK (self);
  gst_spead2_settings_copy (
      &gst_spead2_sink_settings_table, klass, &settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  text = changed_text (&settings, action, error);

  GST_OBJECT_LOCK (self);
  is_same = self->sender == NULL &&
      g_strcmp0 (settings.destinations, self->settings.destinations) == 0;
  if (text && is_same) {
    g_free (self->settings.destinations);
    self->settings.destinations = g_steal_pointer (&text);
  }
  GST_OBJECT_UNLOCK (self);
  g_free (text);
  gst_spead2_settings_clear (&gst_spead2_sink_settings_table, klass, &settings);
  return is_same || *error;
}

/* -- actions ------------------------------------------------------------------------ */

/* Of the sender, or AF_UNSPEC without one. With the object lock. */
static gint
gst_spead2_sink_family (GstSpead2Sink *self)
{
  return self->sender ? spead2_sender_family (self->sender) : AF_UNSPEC;
}

/* TRUE: there is a sender, and the change has been made, or will be, or is refused. FALSE
 * also where a sender of another family was opened while the name was looked up. */
static gboolean
gst_spead2_sink_change_sender (
    GstSpead2Sink *self, const Action *action, GError **error)
{
  GstSpead2SinkChange change;
  gboolean is_same;
  gint family;

  GST_OBJECT_LOCK (self);
  family = gst_spead2_sink_family (self);
  GST_OBJECT_UNLOCK (self);
  if (family == AF_UNSPEC)
    return FALSE;
  if (!resolve_change (&change, action, family, error))
    return TRUE;

  GST_OBJECT_LOCK (self);
  is_same = gst_spead2_sink_family (self) == family;
  if (is_same)
    gst_spead2_sink_change_or_wait (self, &change, error);
  GST_OBJECT_UNLOCK (self);
  return is_same;
}

static void
gst_spead2_sink_change (GstSpead2Sink *self, GstSpead2SinkChangeKind kind,
    const gchar *host, gint port)
{
  const Action action = {.kind = kind, .host = host, .port = port};
  GError *error = NULL;

  while (!gst_spead2_sink_change_sender (self, &action, &error) &&
      !gst_spead2_sink_change_property (self, &action, &error)) {
  }
  if (error)
    gst_spead2_sink_warn_refused (self, error);
}

void
gst_spead2_sink_add (GstSpead2Sink *self, const gchar *host, gint port)
{
  gst_spead2_sink_change (self, GST_SPEAD2_SINK_CHANGE_ADD, host, port);
}

void
gst_spead2_sink_remove (GstSpead2Sink *self, const gchar *host, gint port)
{
  gst_spead2_sink_change (self, GST_SPEAD2_SINK_CHANGE_REMOVE, host, port);
}

void
gst_spead2_sink_clear (GstSpead2Sink *self)
{
  gst_spead2_sink_change (self, GST_SPEAD2_SINK_CHANGE_CLEAR, NULL, 0);
}

GstStructure *
gst_spead2_sink_get_destination_stats (
    GstSpead2Sink *self, const gchar *host, gint port)
{
  GArray *list = NULL;
  GstStructure *stats = NULL;
  Spead2Endpoint endpoint;
  gint family;
  guint i;

  GST_OBJECT_LOCK (self);
  family = gst_spead2_sink_family (self);
  if (self->sender)
    list = spead2_sender_get_destinations (self->sender);
  GST_OBJECT_UNLOCK (self);
  if (list && resolve (&endpoint, host, port, family, NULL))
    for (i = 0; i < list->len && stats == NULL; i++) {
      const Spead2DestinationStats *destination =
          &g_array_index (list, Spead2DestinationStats, i);

      if (spead2_endpoint_equal (&destination->endpoint, &endpoint.address))
        stats = gst_spead2_sink_destination_stats (destination);
    }
  g_clear_pointer (&list, g_array_unref);
  return stats ? stats
               : gst_structure_new_empty (GST_SPEAD2_SINK_DESTINATION_STATS);
}
