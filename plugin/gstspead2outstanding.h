/* gst-spead2: how a sink says what it keeps outstanding
 *
 * An allocation meta of this API in the answer to an ALLOCATION query has as
 * its parameters "max-heaps" (guint, buffers that the sink may hold, 0: as many
 * as max-bytes allows), "max-bytes" (guint64) and "huge-pages" (gboolean, FALSE
 * where it is missing: buffers in memory of Spead2HugePages will not be copied).
 * A source that makes a pool of its own makes it by that. No buffer ever carries
 * such a meta.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_OUTSTANDING_H
#define GST_SPEAD2_OUTSTANDING_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_SPEAD2_OUTSTANDING_API_NAME "GstSpead2OutstandingAPI"
#define GST_SPEAD2_OUTSTANDING_API_TYPE (gst_spead2_outstanding_api_get_type ())

GType gst_spead2_outstanding_api_get_type (void);

G_END_DECLS

#endif /* GST_SPEAD2_OUTSTANDING_H */
