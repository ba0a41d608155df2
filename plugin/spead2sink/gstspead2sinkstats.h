/* The engine's counters as a GstStructure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_STATS_H
#define GST_SPEAD2_SINK_STATS_H

#include <gst/gst.h>

#include "spead2/send/sender.h"

G_BEGIN_DECLS

/* Adds the fields that GstSpead2Sink:stats documents. */
void gst_spead2_sink_stats_add (
    GstStructure *stats, const Spead2SenderStats *engine);

/* The name of a destination's structure. */
#define GST_SPEAD2_SINK_DESTINATION_STATS                                      \
  "application/x-spead2-destination-stats"

/* What the documentation of stats says of a destination. */
GstStructure *gst_spead2_sink_destination_stats (
    const Spead2DestinationStats *destination);

/* Adds the field of all destinations (Spead2DestinationStats); NULL: there are none. */
void gst_spead2_sink_stats_add_destinations (
    GstStructure *stats, const GArray *destinations);

/* An errno's name, as "ENOBUFS". */
const gchar *gst_spead2_errno_name (gint errnum);

G_END_DECLS

#endif /* GST_SPEAD2_SINK_STATS_H */
