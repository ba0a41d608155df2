/* gst-spead2: action signals that change the destinations of spead2sink: see
 * gstspead2sinkprivate.h
 *
 * While there is a sender, its list counts, and the property `destinations` repeats it;
 * otherwise the property is the list. A change comes between heaps: while the streaming
 * thread has heaps that are not in the queue, which were made for the destinations there
 * were, it waits until they are pushed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkopen.h"
#include "gstspead2sinkprivate.h"
#include "gstspead2sinkstats.h"
#include "spead2/net/endpointlist.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

typedef enum { CHANGE_ADD, CHANGE_REMOVE, CHANGE_CLEAR } ChangeKind;

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
      n != 1 || settings->destination_rule == SPEAD2_DESTINATION_ITEM);
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

/* With the object lock. */
static gboolean
gst_spead2_sink_apply (
    GstSpead2Sink *self, const GstSpead2SinkChange *change, GError **error)
{
  gboolean applied = TRUE;

  switch ((ChangeKind) change->kind) {
    case CHANGE_ADD:
      applied = spead2_sender_add_destination (
          self->sender, &change->endpoint, error);
      if (applied)
        g_atomic_int_set (&self->redescribe, TRUE);
      break;
    case CHANGE_REMOVE:
      applied = spead2_sender_remove_destination (
          self->sender, &change->endpoint, error);
      break;
    case CHANGE_CLEAR:
      spead2_sender_clear_destinations (self->sender);
      break;
  }
  gst_spead2_sink_note_destinations (self);
  gst_spead2_sink_write_destinations (self);
  return applied;
}

void
gst_spead2_sink_apply_changes (GstSpead2Sink *self)
{
  guint i;

  for (i = 0; i < self->changes->len; i++) {
    GError *error = NULL;

    if (!gst_spead2_sink_apply (self,
            &g_array_index (self->changes, GstSpead2SinkChange, i), &error)) {
      GST_WARNING_OBJECT (self, "%s", error->message);
      g_clear_error (&error);
    }
  }
  g_array_set_size (self->changes, 0);
}

/* -- the property's list ----------------------------------------------------------- */

/* Appends to the list, or removes from it. FALSE with an error. */
static gboolean
change_list (GArray *list, const GstSpead2SinkChange *change, GError **error)
{
  guint i;

  if (change->kind == CHANGE_CLEAR)
    g_array_set_size (list, 0);
  else if (change->kind == CHANGE_ADD)
    return spead2_endpoint_list_append (list, &change->endpoint, error);
  for (i = 0; i < list->len && change->kind == CHANGE_REMOVE; i++) {
    if (spead2_endpoint_equal (&g_array_index (list, Spead2Endpoint, i),
            &change->endpoint.address)) {
      g_array_remove_index (list, i);
      return TRUE;
    }
  }
  return change->kind == CHANGE_CLEAR ||
      spead2_endpoint_not_listed (&change->endpoint, error);
}

/* What the property would be; the caller frees it. NULL with an error. */
static gchar *
changed_text (const GstSpead2SinkSettings *settings,
    const GstSpead2SinkChange *change, GError **error)
{
  GArray *list = NULL;
  gchar *text = NULL;

  /* After `clear` there are none; where it is unset, host and port count. */
  if (change->kind == CHANGE_CLEAR ||
      (settings->destinations && *settings->destinations == '\0'))
    list = g_array_new (FALSE, FALSE, sizeof (Spead2Endpoint));
  else
    list = gst_spead2_sink_settings_resolve (settings, NULL, error);
  if (list && change_list (list, change, error))
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
    GstSpead2Sink *self, const GstSpead2SinkChange *change, GError **error)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (self);
  GstSpead2SinkSettings settings = {0};
  gboolean is_same;
  gchar *text;

  GST_OBJECT_LOCK (self);
  gst_spead2_settings_copy (
      &gst_spead2_sink_settings_table, klass, &settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  text = changed_text (&settings, change, error);

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

/* TRUE: there is a sender, and the change has been made, or will be, or is refused. */
static gboolean
gst_spead2_sink_change_sender (
    GstSpead2Sink *self, const GstSpead2SinkChange *change, GError **error)
{
  gboolean open;

  GST_OBJECT_LOCK (self);
  open = self->sender != NULL;
  if (open && self->making)
    g_array_append_val (self->changes, *change);
  else if (open)
    gst_spead2_sink_apply (self, change, error);
  GST_OBJECT_UNLOCK (self);
  return open;
}

static void
gst_spead2_sink_change (
    GstSpead2Sink *self, ChangeKind kind, const gchar *host, gint port)
{
  GstSpead2SinkChange change = {.kind = kind};
  GError *error = NULL;

  if (kind == CHANGE_CLEAR ||
      spead2_endpoint_resolve (&change.endpoint, host ? host : "",
          MAX (port, 0), AF_UNSPEC, NULL, &error))
    while (!gst_spead2_sink_change_sender (self, &change, &error) &&
        !gst_spead2_sink_change_property (self, &change, &error)) {
    }
  if (error)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%s. The destinations stay as they are.", error->message), (NULL));
  g_clear_error (&error);
}

void
gst_spead2_sink_add (GstSpead2Sink *self, const gchar *host, gint port)
{
  gst_spead2_sink_change (self, CHANGE_ADD, host, port);
}

void
gst_spead2_sink_remove (GstSpead2Sink *self, const gchar *host, gint port)
{
  gst_spead2_sink_change (self, CHANGE_REMOVE, host, port);
}

void
gst_spead2_sink_clear (GstSpead2Sink *self)
{
  gst_spead2_sink_change (self, CHANGE_CLEAR, NULL, 0);
}

GstStructure *
gst_spead2_sink_get_destination_stats (
    GstSpead2Sink *self, const gchar *host, gint port)
{
  GArray *list = NULL;
  GstStructure *stats = NULL;
  Spead2Endpoint endpoint;
  guint i;

  GST_OBJECT_LOCK (self);
  if (self->sender)
    list = spead2_sender_get_destinations (self->sender);
  GST_OBJECT_UNLOCK (self);
  if (list &&
      spead2_endpoint_resolve (
          &endpoint, host ? host : "", MAX (port, 0), AF_UNSPEC, NULL, NULL))
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
