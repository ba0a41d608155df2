/* gst-spead2: what a sink keeps outstanding, and how its packets lie in memory
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2outstanding.h"

GType
gst_spead2_outstanding_api_get_type (void)
{
  static const gchar *tags[] = {NULL};
  static GType type;

  if (g_once_init_enter (&type)) {
    GType registered =
        gst_meta_api_type_register (GST_SPEAD2_OUTSTANDING_API_NAME, tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_spead2_outstanding_add (
    const GstSpead2Outstanding *outstanding, GstQuery *query)
{
  const Spead2PacketShape *shape = &outstanding->shape;
  GstStructure *params = gst_structure_new (GST_SPEAD2_OUTSTANDING_API_NAME,
      "max-heaps", G_TYPE_UINT, outstanding->max_heaps, "max-bytes",
      G_TYPE_UINT64, outstanding->max_bytes, NULL);

  if (outstanding->has_shape)
    gst_structure_set (params, "first-header", G_TYPE_UINT,
        (guint) shape->first_header, "first-piece", G_TYPE_UINT,
        (guint) shape->first_piece, "header", G_TYPE_UINT,
        (guint) shape->header, "piece", G_TYPE_UINT, (guint) shape->piece,
        "heap-size", G_TYPE_UINT64, (guint64) shape->heap_size, NULL);
  gst_query_add_allocation_meta (
      query, GST_SPEAD2_OUTSTANDING_API_TYPE, params);
  gst_structure_free (params);
}

/* FALSE where the shape is missing, or cannot be. */
static gboolean
find_shape (const GstStructure *params, Spead2PacketShape *shape)
{
  guint first_header, first_piece, header, piece;
  guint64 heap_size;

  if (!gst_structure_get (params, "first-header", G_TYPE_UINT, &first_header,
          "first-piece", G_TYPE_UINT, &first_piece, "header", G_TYPE_UINT,
          &header, "piece", G_TYPE_UINT, &piece, "heap-size", G_TYPE_UINT64,
          &heap_size, NULL))
    return FALSE;
  if (first_header == 0 || first_piece == 0 || header == 0 || piece == 0 ||
      first_header > G_MAXUINT16 || first_piece > G_MAXUINT16 ||
      header > G_MAXUINT16 || piece > G_MAXUINT16)
    return FALSE;
  *shape =
      (Spead2PacketShape){first_header, first_piece, header, piece, heap_size};
  return TRUE;
}

gboolean
gst_spead2_outstanding_find (GstSpead2Outstanding *outstanding, GstQuery *query)
{
  GType api = GST_SPEAD2_OUTSTANDING_API_TYPE;
  const GstStructure *params = NULL;
  guint index;

  *outstanding = (GstSpead2Outstanding){0};
  if (!gst_query_find_allocation_meta (query, api, &index))
    return FALSE;
  gst_query_parse_nth_allocation_meta (query, index, &params);
  if (params == NULL)
    return FALSE;

  gst_structure_get_uint (params, "max-heaps", &outstanding->max_heaps);
  gst_structure_get_uint64 (params, "max-bytes", &outstanding->max_bytes);
  outstanding->has_shape = find_shape (params, &outstanding->shape);
  return TRUE;
}
