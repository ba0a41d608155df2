/* gst-spead2: which date a buffer has
 *
 * Nanoseconds since 1970 of a buffer's first sample: from its
 * GstReferenceTimestampMeta, or else from the pipeline's clock where that counts
 * them, or else, UTC only, from this machine's time of day.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_CLOCK_H
#define GST_SPEAD2_CLOCK_H

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

typedef enum {
  /* timestamp/x-unix, a GstSystemClock of clock-type realtime, or the machine. */
  GST_SPEAD2_TIME_UTC = 1 << 0,
  /* timestamp/x-ptp, a GstSystemClock of clock-type tai, or a GstPtpClock: no
   * leap seconds. */
  GST_SPEAD2_TIME_PTP = 1 << 1
} GstSpead2TimeScale;

/* The date on one of the scales, the first in the order above that is there; a
 * clock's date of a buffer with a PTS is when it is due, else now. FALSE with
 * GST_STREAM_ERROR_FAILED when nothing says it. Streaming thread. */
gboolean gst_spead2_clock_date (GstBaseSink *sink, GstBuffer *buffer,
    GstSpead2TimeScale scales, guint64 *ns, GError **error);

G_END_DECLS

#endif /* GST_SPEAD2_CLOCK_H */
