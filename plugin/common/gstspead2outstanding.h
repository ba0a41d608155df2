/* gst-spead2: what a sink keeps outstanding, and how its packets lie in memory
 *
 * A private arrangement of spead2sink with adctestsrc, beside what an ALLOCATION
 * query offers to every element. The sink adds an allocation meta of this API to
 * the query, with the fields of GstSpead2Outstanding as its parameters:
 * "max-heaps" (guint), "max-bytes" (guint64), and of the shape "first-header",
 * "first-piece", "header", "piece" (guint) and "heap-size" (guint64). adctestsrc
 * sizes its pool accordingly, and allocates headroom memory of that shape. No
 * buffer carries such a meta.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_OUTSTANDING_H
#define GST_SPEAD2_OUTSTANDING_H

#include <gst/gst.h>

#include "spead2/memory/headroom.h"

G_BEGIN_DECLS

#define GST_SPEAD2_OUTSTANDING_API_NAME "GstSpead2OutstandingAPI"
#define GST_SPEAD2_OUTSTANDING_API_TYPE (gst_spead2_outstanding_api_get_type ())

typedef struct {
  guint max_heaps;    /* most buffers that the sink keeps; 0: limited by */
  guint64 max_bytes;  /* their size, in all */
  gboolean has_shape; /* FALSE: packets of a heap depend on its length */
  Spead2PacketShape shape;
} GstSpead2Outstanding;

GType gst_spead2_outstanding_api_get_type (void);

/* Adds it to the query. */
void gst_spead2_outstanding_add (
    const GstSpead2Outstanding *outstanding, GstQuery *query);

/* Reads it from the query that the sink answered. FALSE, with all fields 0, where
 * there is none. */
gboolean gst_spead2_outstanding_find (
    GstSpead2Outstanding *outstanding, GstQuery *query);

G_END_DECLS

#endif /* GST_SPEAD2_OUTSTANDING_H */
