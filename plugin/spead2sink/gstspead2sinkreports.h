/* gst-spead2: what spead2sink reports while it sends
 *
 * Heaps that failed, errors of the network, counters that wrapped: messages on the
 * bus, at a limited rate, each with the number of those that were suppressed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_REPORTS_H
#define GST_SPEAD2_SINK_REPORTS_H

#include <gst/gst.h>

#include "spead2/send/sender.h"

G_BEGIN_DECLS

/* Of one kind of message. */
typedef struct {
  GstClockTime reported; /* time of the last message, or GST_CLOCK_TIME_NONE */
  guint suppressed;      /* since then */
} GstSpead2RateLimit;

/* Of heaps: the workers' own, since heaps end one at a time. icmp is guarded by
 * the element's object lock. The summary's are the streaming thread's, or a
 * state change's while the pad is inactive. */
typedef struct {
  GstElement *element;          /* that posts; borrowed */
  Spead2SenderStats summarized; /* what the next summary does not count */
  guint64 first_push;           /* spead2_now() of its first heap, or 0 */
  GstSpead2RateLimit icmp;
  GstSpead2RateLimit failed;
  GError *suppressed_error; /* of the last failed heap without a message */
  guint64 suppressed_cnt;
  guint64 suppressed_bytes;
  guint64 last_cnt;
  gboolean cnt_wrap_warned;
} GstSpead2SinkReports;

/* Nothing has been reported yet. No worker runs. */
void gst_spead2_sink_reports_begin (
    GstSpead2SinkReports *reports, GstElement *element);

/* A heap was refused by the kernel, and the stream goes on. */
void gst_spead2_sink_report_failed (
    GstSpead2SinkReports *reports, const Spead2HeapResult *result);

/* The next summary counts from here on. */
void gst_spead2_sink_report_restart_summary (
    GstSpead2SinkReports *reports, Spead2Sender *sender);

/* A heap is about to be pushed. */
void gst_spead2_sink_report_push (GstSpead2SinkReports *reports);

/* What has become of the heaps since the last summary, in an INFO message. No
 * heap is outstanding. */
void gst_spead2_sink_report_summary (
    GstSpead2SinkReports *reports, Spead2Sender *sender);

/* The failed heaps that were suppressed. No heap is outstanding. */
void gst_spead2_sink_report_rest (GstSpead2SinkReports *reports);

/* The stop heap failed: receivers do not notice the end of the stream. */
void gst_spead2_sink_report_stop_heap (
    GstSpead2SinkReports *reports, const GError *error);

/* The counter of a heap that the sender has numbered. */
void gst_spead2_sink_report_cnt (
    GstSpead2SinkReports *reports, guint64 cnt, Spead2Flavour flavour);

/* n ICMP errors arrived for earlier packets to destination, errnum the last of
 * them. Any worker. */
void gst_spead2_sink_report_icmp (GstSpead2SinkReports *reports,
    const gchar *destination, gint errnum, guint n);

G_END_DECLS

#endif /* GST_SPEAD2_SINK_REPORTS_H */
