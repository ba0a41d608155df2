/* gst-spead2: what spead2sink reports while it sends: see
 * gstspead2sinkreports.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkreports.h"

#include <errno.h>

#include "gstspead2sinkstats.h"
#include "spead2/clock.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* Failed heaps, and errors of the network, are reported once in this time, with
 * their number. */
#define FAILED_INTERVAL GST_SECOND
#define ICMP_INTERVAL (10 * GST_SECOND)

/* Whether n more are reported now. If so, suppressed is how many were not, since the
 * last report. */
static gboolean
may_report (GstSpead2RateLimit *limit, GstClockTime interval, guint n,
    guint *suppressed)
{
  GstClockTime now = gst_util_get_timestamp ();

  if (limit->reported != GST_CLOCK_TIME_NONE &&
      now - limit->reported < interval) {
    limit->suppressed += n;
    return FALSE;
  }
  *suppressed = limit->suppressed + n - 1;
  limit->reported = now;
  limit->suppressed = 0;
  return TRUE;
}

void
gst_spead2_sink_reports_begin (
    GstSpead2SinkReports *reports, GstElement *element)
{
  g_clear_error (&reports->suppressed_error);
  *reports = (GstSpead2SinkReports){.element = element,
      .icmp.reported = GST_CLOCK_TIME_NONE,
      .failed.reported = GST_CLOCK_TIME_NONE};
}

/* The number of suppressed messages in words; the caller frees it. */
static gchar *
and_more (guint suppressed)
{
  return suppressed > 0 ? g_strdup_printf (" (and %u more before)", suppressed)
                        : g_strdup ("");
}

/* For programs and for people. */
static void
report_failed (GstElement *element, const GError *error, guint64 cnt,
    guint64 bytes, guint suppressed)
{
  gchar *more = and_more (suppressed);

  gst_element_post_message (element,
      gst_message_new_element (GST_OBJECT (element),
          gst_structure_new ("spead2-heap-failed", "heap-cnt", G_TYPE_UINT64,
              cnt, "bytes", G_TYPE_UINT64, bytes, "errno", G_TYPE_INT,
              error->code, "reason", G_TYPE_STRING, error->message,
              "suppressed", G_TYPE_UINT, suppressed, NULL)));
  GST_ELEMENT_WARNING (element, RESOURCE, WRITE,
      ("%s. Heap %" G_GUINT64_FORMAT " is incomplete%s; the stream goes on.",
          error->message, cnt, more),
      ("errno %s, %" G_GUINT64_FORMAT " bytes of the heap were sent",
          gst_spead2_errno_name (error->code), bytes));
  g_free (more);
}

void
gst_spead2_sink_report_failed (
    GstSpead2SinkReports *reports, const Spead2HeapResult *result)
{
  guint suppressed;

  g_clear_error (&reports->suppressed_error);
  if (may_report (&reports->failed, FAILED_INTERVAL, 1, &suppressed)) {
    report_failed (reports->element, result->error, result->cnt, result->bytes,
        suppressed);
    return;
  }
  reports->suppressed_error = g_error_copy (result->error);
  reports->suppressed_cnt = result->cnt;
  reports->suppressed_bytes = result->bytes;
}

void
gst_spead2_sink_report_rest (GstSpead2SinkReports *reports)
{
  if (reports->suppressed_error == NULL)
    return;
  report_failed (reports->element, reports->suppressed_error,
      reports->suppressed_cnt, reports->suppressed_bytes,
      reports->failed.suppressed - 1);
  g_clear_error (&reports->suppressed_error);
  reports->failed.suppressed = 0;
}

void
gst_spead2_sink_report_restart_summary (
    GstSpead2SinkReports *reports, Spead2Sender *sender)
{
  spead2_sender_get_stats (sender, &reports->summarized);
  reports->first_push = 0;
}

void
gst_spead2_sink_report_push (GstSpead2SinkReports *reports)
{
  if (reports->first_push == 0)
    reports->first_push = spead2_now ();
}

/* The caller frees it. */
static gchar *
summary (const GstSpead2SinkReports *reports, const Spead2SenderStats *stats)
{
  const Spead2SenderStats *from = &reports->summarized;
  guint64 sent = stats->heaps_sent - from->heaps_sent;
  guint64 failed = stats->heaps_failed - from->heaps_failed;
  guint64 dropped = stats->heaps_dropped - from->heaps_dropped;
  guint64 bytes = stats->writer.bytes - from->writer.bytes;
  gdouble ns;

  if (sent + failed + dropped == 0)
    return g_strdup ("Sent 0 heaps: no buffer with data came before EOS.");
  ns = MAX (stats->last_end - reports->first_push, 1);
  return g_strdup_printf ("Sent %" G_GUINT64_FORMAT " heaps, %" G_GUINT64_FORMAT
                          " bytes in %" G_GUINT64_FORMAT
                          " packets, in %.6f s (%.3f MB/s); %" G_GUINT64_FORMAT
                          " heaps failed, %" G_GUINT64_FORMAT " were dropped.",
      sent, bytes, stats->writer.packets - from->writer.packets, ns / 1e9,
      1e3 * bytes / ns, failed, dropped);
}

/* gst-launch-1.0 prints nothing of an INFO message but its debug string; with
 * GST_ELEMENT_INFO() that would begin with file and line. */
void
gst_spead2_sink_report_summary (
    GstSpead2SinkReports *reports, Spead2Sender *sender)
{
  Spead2SenderStats stats;
  GError *info;
  gchar *text;

  spead2_sender_get_stats (sender, &stats);
  text = summary (reports, &stats);
  info =
      g_error_new_literal (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, text);
  gst_element_post_message (reports->element,
      gst_message_new_info (GST_OBJECT (reports->element), info, text));
  g_error_free (info);
  g_free (text);
}

void
gst_spead2_sink_report_stop_heap (
    GstSpead2SinkReports *reports, const GError *error)
{
  GST_ELEMENT_WARNING (reports->element, RESOURCE, WRITE,
      ("%s. The stop heap was not sent: receivers do not notice the end of the "
       "stream.",
          error->message),
      ("errno %s", gst_spead2_errno_name (error->code)));
}

void
gst_spead2_sink_report_cnt (
    GstSpead2SinkReports *reports, guint64 cnt, Spead2Flavour flavour)
{
  if (cnt < reports->last_cnt && !reports->cnt_wrap_warned) {
    reports->cnt_wrap_warned = TRUE;
    GST_ELEMENT_WARNING (reports->element, STREAM, FORMAT,
        ("The heap counter has wrapped: it has %u bits. Set a greater "
         "heap-address-bits in NULL or READY to count longer.",
            flavour),
        ("Heap %" G_GUINT64_FORMAT " follows heap %" G_GUINT64_FORMAT, cnt,
            reports->last_cnt));
  }
  reports->last_cnt = cnt;
}

void
gst_spead2_sink_report_icmp (GstSpead2SinkReports *reports,
    const gchar *destination, gint errnum, guint n)
{
  GstElement *element = reports->element;
  gboolean report;
  guint suppressed = 0;
  gchar *more;

  GST_OBJECT_LOCK (element);
  report = may_report (&reports->icmp, ICMP_INTERVAL, n, &suppressed);
  GST_OBJECT_UNLOCK (element);
  if (!report)
    return;

  more = and_more (suppressed);
  if (errnum == ECONNREFUSED)
    GST_ELEMENT_WARNING (element, RESOURCE, WRITE,
        ("Nobody listens at %s%s: start the receiver, or check host and "
         "port. The stream goes on.",
            destination, more),
        ("ICMP error of earlier packets: ECONNREFUSED"));
  else
    GST_ELEMENT_WARNING (element, RESOURCE, WRITE,
        ("%s cannot be reached: %s%s. 'ip route get' shows the way there. The "
         "stream goes on.",
            destination, g_strerror (errnum), more),
        ("ICMP error of earlier packets: %s", gst_spead2_errno_name (errnum)));
  g_free (more);
}
