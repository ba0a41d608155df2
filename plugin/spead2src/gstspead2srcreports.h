/* gst-spead2: spead2src's warnings of what cannot be received
 *
 * Packets and messages that are lost are counted in stats, each under its reason. For
 * people there is a warning of each kind, at most once in 10 s, with the number since the
 * last one.
 *
 * The streaming thread's, and state changes' while it waits for PLAYING.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_REPORTS_H
#define GST_SPEAD2_SRC_REPORTS_H

#include <gst/gst.h>

#include "spead2/receive/receiver.h"

G_BEGIN_DECLS

typedef enum {
  GST_SPEAD2_SRC_LOSS_REFUSED, /* no SPEAD packets, or not of the stream's form */
  GST_SPEAD2_SRC_LOSS_INCONSISTENT, /* packets that contradict their heap */
  GST_SPEAD2_SRC_LOSS_TOO_LARGE,    /* packets of heaps above the limits */
  GST_SPEAD2_SRC_LOSS_NO_MEMORY,    /* packets for whose heap there was none */
  GST_SPEAD2_SRC_LOSS_KERNEL,       /* messages, in a full receive buffer */
  GST_SPEAD2_SRC_N_LOSSES
} GstSpead2SrcLoss;

typedef struct {
  GstElement *element; /* not owned: it has this */
  guint64 due;         /* spead2_now() of the next look at the counters */
  guint64 reported[GST_SPEAD2_SRC_N_LOSSES]; /* of each counter */
  guint64 warned[GST_SPEAD2_SRC_N_LOSSES];   /* spead2_now(), or 0 */
  guint64 refused[SPEAD2_N_REFUSALS];        /* of each reason, reported */
} GstSpead2SrcReports;

/* A new run, of which all counters begin at 0, but for the kernel's. */
void gst_spead2_src_reports_start (
    GstSpead2SrcReports *reports, GstElement *element, guint64 kernel_drops);

/* Warns of what the counters have more than was reported. */
void gst_spead2_src_reports_check (GstSpead2SrcReports *reports,
    const Spead2ReceiverStats *stats, guint64 now);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_REPORTS_H */
