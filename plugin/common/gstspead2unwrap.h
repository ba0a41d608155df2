/* gst-spead2: counters of a few bits as numbers without end
 *
 * A value of N bits comes modulo 2^N. The number behind it is the one nearest to the
 * last number that was accepted: values may come a little out of order, and run over in
 * both directions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_UNWRAP_H
#define GST_SPEAD2_UNWRAP_H

#include <glib.h>

G_BEGIN_DECLS

/* All of it 0 but bits: no value has come. */
typedef struct {
  guint bits; /* 1 to 64 */
  gboolean known;
  guint64 last; /* the number of the last value */
} GstSpead2Unwrap;

/* The number of a value, of which only the low bits count, without accepting it. The
 * first value is its own number. A value in front of number 0 has none: it gets the
 * number 2^bits above, as does one exactly half of 2^bits behind the last. */
guint64 gst_spead2_unwrap_peek (const GstSpead2Unwrap *unwrap, guint64 value);

/* The same, and the next values are nearest to this one. */
guint64 gst_spead2_unwrap_next (GstSpead2Unwrap *unwrap, guint64 value);

/* The next value begins anew. */
void gst_spead2_unwrap_reset (GstSpead2Unwrap *unwrap);

G_END_DECLS

#endif /* GST_SPEAD2_UNWRAP_H */
