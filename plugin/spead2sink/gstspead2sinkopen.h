/* gst-spead2: from spead2sink's settings to a heap maker, a socket and workers
 *
 * Here is all that can be wrong with the settings taken together.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_OPEN_H
#define GST_SPEAD2_SINK_OPEN_H

#include <gio/gio.h>
#include <gst/gst.h>

#include "common/gstspead2heapmaker.h"
#include "gstspead2sinkproperties.h"
#include "spead2/send/sender.h"

G_BEGIN_DECLS

/* A sender that is not started yet, and the heap maker that goes with it, which is the
 * caller's; the callbacks of both get the element. Posts warnings of what will not work
 * as it was meant. NULL, and nothing else, with SPEAD2_ERROR or SPEAD2_ERRNO. Looking up
 * a name takes up to 5 s, and ends with G_IO_ERROR_CANCELLED when cancellable is
 * cancelled. */
Spead2Sender *gst_spead2_sink_settings_open (
    const GstSpead2SinkSettings *settings, GstElement *element,
    GstSpead2HeapMaker **maker, GCancellable *cancellable, GError **error);

/* The family that the address of a name must have by bind-address or socket, or
 * AF_UNSPEC. */
gint gst_spead2_sink_settings_family (const GstSpead2SinkSettings *settings);

/* The destinations (Spead2Endpoint) that the settings name, to be freed. NULL with an
 * error; names are looked up as above. */
GArray *gst_spead2_sink_settings_resolve (const GstSpead2SinkSettings *settings,
    GCancellable *cancellable, GError **error);

G_END_DECLS

#endif /* GST_SPEAD2_SINK_OPEN_H */
