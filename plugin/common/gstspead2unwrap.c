/* Counters of a few bits as numbers without end: see gstspead2unwrap.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2unwrap.h"

guint64
gst_spead2_unwrap_peek (const GstSpead2Unwrap *unwrap, guint64 value)
{
  guint64 mask = unwrap->bits < 64
      ? (G_GUINT64_CONSTANT (1) << unwrap->bits) - 1
      : G_MAXUINT64;
  guint64 ahead, behind;

  value &= mask;
  if (!unwrap->known)
    return value;
  ahead = (value - unwrap->last) & mask;
  behind = (unwrap->last - value) & mask;
  return ahead <= behind || behind > unwrap->last ? unwrap->last + ahead
                                                  : unwrap->last - behind;
}

guint64
gst_spead2_unwrap_next (GstSpead2Unwrap *unwrap, guint64 value)
{
  unwrap->last = gst_spead2_unwrap_peek (unwrap, value);
  unwrap->known = TRUE;
  return unwrap->last;
}

void
gst_spead2_unwrap_reset (GstSpead2Unwrap *unwrap)
{
  unwrap->known = FALSE;
  unwrap->last = 0;
}
