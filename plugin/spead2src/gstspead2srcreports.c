/* gst-spead2: spead2src's warnings of what cannot be received: see
 * gstspead2srcreports.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcreports.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

#define CHECK_INTERVAL GST_SECOND
#define WARNING_INTERVAL (10 * GST_SECOND)

static guint64
count_loss (const Spead2ReceiverStats *stats, GstSpead2SrcLoss loss)
{
  const Spead2AssemblerCounters *counters = &stats->assembler;
  guint64 refused = 0;
  guint i;

  switch (loss) {
    case GST_SPEAD2_SRC_LOSS_REFUSED:
      for (i = 0; i < SPEAD2_N_REFUSALS; i++)
        refused += counters->refused[i];
      return refused;
    case GST_SPEAD2_SRC_LOSS_INCONSISTENT:
      return counters->packets[SPEAD2_PACKET_INCONSISTENT];
    case GST_SPEAD2_SRC_LOSS_TOO_LARGE:
      return counters->packets[SPEAD2_PACKET_TOO_LARGE];
    case GST_SPEAD2_SRC_LOSS_NO_MEMORY:
      return counters->packets[SPEAD2_PACKET_NO_MEMORY];
    case GST_SPEAD2_SRC_LOSS_KERNEL:
      return stats->kernel.drops;
    case GST_SPEAD2_SRC_N_LOSSES:
      break;
  }
  return 0;
}

/* "magic 3, short 1": the reasons since the last warning, as stats names them. */
static gchar *
list_reasons (GstSpead2SrcReports *reports, const guint64 *refused)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < SPEAD2_N_REFUSALS; i++) {
    const guint64 n = refused[i] - reports->refused[i];

    if (n > 0)
      g_string_append_printf (text, "%s%s %" G_GUINT64_FORMAT,
          text->len > 0 ? ", " : "", spead2_refusal_name (i), n);
    reports->refused[i] = refused[i];
  }
  return g_string_free (text, FALSE);
}

static void
warn (GstSpead2SrcReports *reports, const Spead2ReceiverStats *stats,
    GstSpead2SrcLoss loss, guint64 n)
{
  GstElement *element = reports->element;
  g_autofree gchar *reasons = NULL;

  switch (loss) {
    case GST_SPEAD2_SRC_LOSS_REFUSED:
      reasons = list_reasons (reports, stats->assembler.refused);
      GST_ELEMENT_WARNING (element, STREAM, DECODE,
          ("%" G_GUINT64_FORMAT " datagrams were refused (%s): another program "
           "sends to this port, or "
           "the sender's packets are invalid, or excluded by "
           "heap-address-bits.",
              n, reasons),
          (NULL));
      break;
    case GST_SPEAD2_SRC_LOSS_INCONSISTENT:
      GST_ELEMENT_WARNING (element, STREAM, DECODE,
          ("%" G_GUINT64_FORMAT
           " packets contradict others of their heap and were dropped: several "
           "senders may have the same heap counters.",
              n),
          (NULL));
      break;
    case GST_SPEAD2_SRC_LOSS_TOO_LARGE:
      GST_ELEMENT_WARNING (element, STREAM, DECODE,
          ("%" G_GUINT64_FORMAT
           " packets were dropped: their heaps are larger than max-heap-size.",
              n),
          (NULL));
      break;
    case GST_SPEAD2_SRC_LOSS_NO_MEMORY:
      GST_ELEMENT_WARNING (element, RESOURCE, NO_SPACE_LEFT,
          ("%" G_GUINT64_FORMAT
           " packets were dropped: there was no memory for their heaps.",
              n),
          (NULL));
      break;
    case GST_SPEAD2_SRC_LOSS_KERNEL:
      /* The kernel's size is twice that of buffer-size: socket(7), SO_RCVBUF. */
      GST_ELEMENT_WARNING (element, RESOURCE, READ,
          ("The kernel dropped %" G_GUINT64_FORMAT
           " messages, each of one packet or more: the receive buffer of %u "
           "bytes was full. Set buffer-size and net.core.rmem_max higher, or "
           "have the sender send at an even rate.",
              n, (guint) (stats->kernel.size / 2)),
          (NULL));
      break;
    case GST_SPEAD2_SRC_N_LOSSES:
      break;
  }
}

void
gst_spead2_src_reports_start (
    GstSpead2SrcReports *reports, GstElement *element, guint64 kernel_drops)
{
  *reports = (GstSpead2SrcReports){.element = element};
  reports->reported[GST_SPEAD2_SRC_LOSS_KERNEL] = kernel_drops;
}

void
gst_spead2_src_reports_check (
    GstSpead2SrcReports *reports, const Spead2ReceiverStats *stats, guint64 now)
{
  guint loss;

  reports->due = now + CHECK_INTERVAL;
  for (loss = 0; loss < GST_SPEAD2_SRC_N_LOSSES; loss++) {
    const guint64 count = count_loss (stats, loss);

    if (count == reports->reported[loss] ||
        (reports->warned[loss] > 0 &&
            now - reports->warned[loss] < WARNING_INTERVAL))
      continue;
    warn (reports, stats, loss, count - reports->reported[loss]);
    reports->reported[loss] = count;
    reports->warned[loss] = now;
  }
}
