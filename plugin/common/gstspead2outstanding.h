/* gst-spead2: how a sink says what it keeps outstanding
 *
 * An allocation meta of this API in the answer to an ALLOCATION query has as
 * its parameters the fields of GstSpead2Outstanding: "max-heaps" (guint),
 * "max-bytes" (guint64), "huge-pages" (gboolean), and those of the shape as
 * "first-header", "first-piece", "header", "piece" (guint) and "heap-size"
 * (guint64). A source that makes a pool of its own makes it by that. No buffer
 * ever carries such a meta.
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
  guint max_heaps;     /* buffers that the sink may hold; 0: as many as */
  guint64 max_bytes;   /* have so many bytes */
  gboolean huge_pages; /* memory of Spead2HugePages will not be copied */
  gboolean has_shape;  /* headroom memory of this shape is sent faster */
  Spead2PacketShape shape;
} GstSpead2Outstanding;

GType gst_spead2_outstanding_api_get_type (void);

/* Adds it to the answer. */
void gst_spead2_outstanding_add (
    const GstSpead2Outstanding *outstanding, GstQuery *query);

/* What an answer says: FALSE, and nothing set, where it says nothing. */
gboolean gst_spead2_outstanding_find (
    GstSpead2Outstanding *outstanding, GstQuery *query);

G_END_DECLS

#endif /* GST_SPEAD2_OUTSTANDING_H */
