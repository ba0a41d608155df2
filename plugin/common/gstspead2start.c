/* gst-spead2: with which sample a stream begins: see gstspead2start.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2start.h"

guint64
gst_spead2_start_skip (const GstSpead2Start *start, guint64 unit,
    const GstSpead2Rate *rate, guint64 date, guint64 index)
{
  const guint64 early =
      start->earliest > date ? start->earliest - date - 1 : 0; /* ns */
  guint64 skip, beyond;

  if (unit == 0)
    return early > 0 ? G_MAXUINT64 : 0;
  skip = early > 0 ? gst_util_uint64_scale_ceil (
                         early, rate->numerator, GST_SECOND * rate->denominator)
                   : 0;
  beyond = (index + skip) % unit;
  return beyond > 0 ? skip + unit - beyond : skip;
}
