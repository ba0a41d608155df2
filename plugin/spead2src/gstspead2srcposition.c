/* gst-spead2: where a heap stands in the stream of samples: see gstspead2srcposition.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcposition.h"

/* Whether the index lies so far before the due one that the sender has begun anew. How
 * many heaps that is only a known step says. */
static gboolean
is_restart (const GstSpead2SrcPosition *position, guint64 index, guint64 step)
{
  return step > 0 && index < position->due &&
      (position->due - index) / step > GST_SPEAD2_SRC_MAX_LATE_HEAPS;
}

/* Whether heap counter and index, as sent, both went far back: an index alone that does
 * may have run over its bits, and so have both where the index, unwrapped, is due. */
static gboolean
is_new_count (const GstSpead2SrcPosition *position, guint64 cnt,
    guint64 wrapped, guint64 index)
{
  return cnt < position->cnt &&
      position->cnt - cnt > GST_SPEAD2_SRC_MAX_LATE_HEAPS &&
      wrapped < position->wrapped && index != position->due;
}

void
gst_spead2_src_position_find (const GstSpead2SrcPosition *position, guint bits,
    guint64 cnt, guint64 wrapped, guint64 step, GstSpead2SrcPlace *place)
{
  GstSpead2Unwrap unwrap = position->unwrap;

  memset (place, 0, sizeof *place);
  unwrap.bits = bits;
  place->index = gst_spead2_unwrap_peek (&unwrap, wrapped);
  if (!position->known)
    return;
  place->restarted = is_restart (position, place->index, step) ||
      is_new_count (position, cnt, wrapped, place->index);
  if (place->restarted)
    place->index = wrapped;
  else if (place->index < position->due)
    place->late = TRUE;
  else if (step > 0)
    place->missing = place->index - position->due;
  place->discont = place->restarted || place->late || place->missing > 0 ||
      position->after_late;
}

void
gst_spead2_src_position_accept (GstSpead2SrcPosition *position, guint bits,
    guint64 cnt, guint64 wrapped, guint64 step, const GstSpead2SrcPlace *place)
{
  if (place->restarted)
    position->due = 0;
  position->unwrap =
      (GstSpead2Unwrap){.bits = bits, .known = TRUE, .last = place->index};
  position->known = TRUE;
  position->cnt = cnt;
  position->wrapped = wrapped;
  position->after_late = place->late;
  position->due = MAX (position->due, place->index + step);
}
