/* gst-spead2: how many samples a second there are
 *
 * A fraction, since rates of channelisers are none of whole numbers: SKA-Low's
 * 1.08 us a sample are 25000000 / 27 a second. All sums are exact before they are
 * rounded, once, to the nearest: over decades no sample is lost.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_RATE_H
#define GST_SPEAD2_RATE_H

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct {
  guint64 numerator;   /* 0: the rate is not known, and all of it may be 0 */
  guint64 denominator; /* 1 to 2^31 - 1 */
} GstSpead2Rate;

/* FALSE with SPEAD2_ERROR_INVALID if the properties sample-rate and
 * sample-rate-denominator have a denominator and no numerator. */
gboolean gst_spead2_rate_check (const GstSpead2Rate *rate, GError **error);

/* What the field "rate" of caps says, a whole number or a fraction, if it is more
 * than 0. */
GstSpead2Rate gst_spead2_rate_of_caps (const GstStructure *structure);

/* How long so many samples take, ns; 0 where the rate is not known. */
GstClockTime gst_spead2_rate_time (const GstSpead2Rate *rate, guint64 samples);

/* How many samples come in that time; 0 where the rate is not known. */
guint64 gst_spead2_rate_samples (const GstSpead2Rate *rate, GstClockTime time);

/* The same of a known rate, as the nearest multiple of unit samples (at least
 * 1). */
guint64 gst_spead2_rate_units (
    const GstSpead2Rate *rate, GstClockTime time, guint64 unit);

G_END_DECLS

#endif /* GST_SPEAD2_RATE_H */
