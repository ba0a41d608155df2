/* gst-spead2: values of items that an application gives: see gstspead2itemvalues.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2itemvalues.h"

static const GstMetaInfo *meta_info;

void
gst_spead2_item_values_meta_register (void)
{
  static const gchar *tags[] = {NULL};

  if (g_once_init_enter (&meta_info)) {
    const GstMetaInfo *info =
        gst_meta_get_info (GST_SPEAD2_ITEM_VALUES_META_NAME);

    if (info == NULL)
      info = gst_meta_register_custom (
          GST_SPEAD2_ITEM_VALUES_META_NAME, tags, NULL, NULL, NULL);
    g_once_init_leave (&meta_info, info);
  }
}

const GstStructure *
gst_spead2_item_values_of_buffer (GstBuffer *buffer)
{
  GstMeta *meta = gst_buffer_get_meta (buffer, meta_info->api);

  return meta ? gst_custom_meta_get_structure ((GstCustomMeta *) meta) : NULL;
}

GstStructure *
gst_spead2_item_values_write (GstBuffer *buffer)
{
  GstMeta *meta = gst_buffer_get_meta (buffer, meta_info->api);

  if (meta == NULL) {
    meta = gst_buffer_add_meta (buffer, meta_info, NULL);
    GST_META_FLAG_SET (meta, GST_META_FLAG_POOLED);
  }
  return gst_custom_meta_get_structure ((GstCustomMeta *) meta);
}

static gboolean
add_field (GQuark field, const GValue *value, gpointer pending)
{
  gst_structure_id_set_value (pending, field, value);
  return TRUE;
}

void
gst_spead2_item_values_add_event (GstStructure **pending, GstEvent *event)
{
  const GstStructure *values = gst_event_get_structure (event);

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_DOWNSTREAM ||
      !gst_event_has_name (event, GST_SPEAD2_ITEM_VALUES_EVENT_NAME))
    return;
  if (*pending == NULL)
    *pending = gst_structure_copy (values);
  else
    gst_structure_foreach (values, add_field, *pending);
}
