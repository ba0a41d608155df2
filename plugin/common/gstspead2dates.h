/* gst-spead2: the date of a buffer
 *
 * Nanoseconds since 1970 of a buffer's first sample: from its
 * GstReferenceTimestampMeta, or else from the pipeline's clock where that counts
 * them, or else, UTC only, from this machine's time of day.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_DATES_H
#define GST_SPEAD2_DATES_H

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum {
  /* timestamp/x-unix, a GstSystemClock of clock-type realtime (a GstTestClock
   * likewise), a GstNetClientClock within a day of the time of day, or the machine. */
  GST_SPEAD2_TIME_UTC = 1 << 0,
  /* timestamp/x-ptp, a GstSystemClock of clock-type tai, or a GstPtpClock: no
   * leap seconds. */
  GST_SPEAD2_TIME_PTP = 1 << 1
} GstSpead2TimeScale;

/* How the timestamps of buffers relate to a clock: as an element has it. */
typedef struct {
  GstClock *clock;        /* (borrowed) or NULL */
  GstClockTime base_time; /* ns of the clock; 0: the clock does not run yet */
  const GstSegment *segment; /* (borrowed) of the timestamps */
} GstSpead2Timeline;

/* The date on one of the scales, the first in the order above that exists. A clock's
 * date of a buffer with a PTS is when it is due, otherwise now. FALSE with
 * GST_STREAM_ERROR_FAILED where nothing has it. */
gboolean gst_spead2_dates_find (GstBuffer *buffer,
    const GstSpead2Timeline *timeline, GstSpead2TimeScale scales, guint64 *ns,
    GError **error);

/* Whether a clock counts ns since 1970, on one of the scales. */
gboolean gst_spead2_dates_clock_has_date (GstClock *clock);

/* Whether a clock counts ns since 1970 on the scale. */
gboolean gst_spead2_dates_clock_counts (
    GstClock *clock, GstSpead2TimeScale scale);

/* Adds the date, UTC, of a buffer's first sample to the buffer; duration may be NONE. */
void gst_spead2_dates_add (
    GstBuffer *buffer, guint64 utc_ns, GstClockTime duration);

G_END_DECLS

#endif /* GST_SPEAD2_DATES_H */
