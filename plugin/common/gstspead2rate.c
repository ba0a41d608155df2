/* gst-spead2: how many samples a second there are: see gstspead2rate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2rate.h"

#include "spead2/error.h"

gboolean
gst_spead2_rate_check (const GstSpead2Rate *rate, GError **error)
{
  if (rate->numerator > 0 || rate->denominator == 1)
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "sample-rate-denominator=%" G_GUINT64_FORMAT
      " divides no sample-rate: set that, too",
      rate->denominator);
  return FALSE;
}

GstSpead2Rate
gst_spead2_rate_of_caps (const GstStructure *structure)
{
  gint numerator = 0, denominator = 1;

  if (!gst_structure_get_int (structure, "rate", &numerator))
    gst_structure_get_fraction (structure, "rate", &numerator, &denominator);
  return (GstSpead2Rate){MAX (numerator, 0), denominator};
}

GstClockTime
gst_spead2_rate_time (const GstSpead2Rate *rate, guint64 samples)
{
  if (rate->numerator == 0)
    return 0;
  return gst_util_uint64_scale_round (
      samples, GST_SECOND * rate->denominator, rate->numerator);
}

guint64
gst_spead2_rate_samples (const GstSpead2Rate *rate, GstClockTime time)
{
  if (rate->numerator == 0)
    return 0;
  return gst_util_uint64_scale_round (
      time, rate->numerator, GST_SECOND * rate->denominator);
}

/* The nearest multiple begins half a unit before itself. Half an odd unit ends
 * with half a sample, which is added before samples are cut to whole ones. */
guint64
gst_spead2_rate_units (
    const GstSpead2Rate *rate, GstClockTime time, guint64 unit)
{
  guint64 samples = unit % 2 == 1
      ? gst_spead2_rate_samples (rate, time)
      : gst_util_uint64_scale (
            time, rate->numerator, GST_SECOND * rate->denominator);

  return (samples + unit / 2) / unit * unit;
}
