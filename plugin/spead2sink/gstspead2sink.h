/* gst-spead2: sends buffers as SPEAD heaps over UDP
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_H
#define GST_SPEAD2_SINK_H

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_SPEAD2_SINK (gst_spead2_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstSpead2Sink, gst_spead2_sink, GST, SPEAD2_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (spead2sink);

G_END_DECLS

#endif /* GST_SPEAD2_SINK_H */
