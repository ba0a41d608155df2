/* gst-spead2: with which sample a stream begins
 *
 * Senders that begin together leave out the samples before a date, and begin where
 * their index is a multiple of the same number. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_START_H
#define GST_SPEAD2_START_H

#include <gst/gst.h>

#include "gstspead2rate.h"

G_BEGIN_DECLS

/* All 0: with the first sample. */
typedef struct {
  guint64 earliest; /* the date, ns since 1970 */
  /* samples; 0: those of a heap, where heaps are cut, else none */
  guint64 alignment;
} GstSpead2Start;

static inline gboolean
gst_spead2_start_is_set (const GstSpead2Start *start)
{
  return start->earliest > 0 || start->alignment > 0;
}

/* How many samples are left out in front of the first one that may be sent, of
 * samples from this date and index on. unit: samples that the index is to be a
 * multiple of, or 0 where buffers are not cut: then the result is 0 or G_MAXUINT64.
 * Dates are rounded down to ns: one that is 1 ns too early is in time. The rate
 * must be known unless unit is 0 or nothing is before the date. */
guint64 gst_spead2_start_skip (const GstSpead2Start *start, guint64 unit,
    const GstSpead2Rate *rate, guint64 date, guint64 index);

G_END_DECLS

#endif /* GST_SPEAD2_START_H */
