/* gst-spead2: where a heap stands in the stream of samples
 *
 * The index of a heap's first sample comes modulo 2^bits. A position is the index that is
 * due next, and says of a heap where it stands against that: at it, beyond it (samples
 * are missing), before it (the heap is late), or so far before it that the sender has
 * begun anew. A pure module: no element, no clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_POSITION_H
#define GST_SPEAD2_SRC_POSITION_H

#include "common/gstspead2unwrap.h"

G_BEGIN_DECLS

/* How far, in heaps, an index may lie before the one that is due without meaning that
 * the sender has begun anew. */
#define GST_SPEAD2_SRC_MAX_LATE_HEAPS 1024

/* All of it 0: no heap has been accepted. */
typedef struct {
  GstSpead2Unwrap unwrap;
  gboolean known;  /* a heap has been accepted: the rest is set */
  guint64 due;     /* the unwrapped index behind the furthest heap */
  guint64 cnt;     /* heap counter of the last heap, as sent... */
  guint64 wrapped; /* ...and its index, as sent */
  /* the last heap was late: what is due does not follow it */
  gboolean after_late;
} GstSpead2SrcPosition;

/* Where one heap stands. */
typedef struct {
  guint64 index;      /* unwrapped, of its first sample */
  guint64 missing;    /* samples between the due index and this one */
  gboolean late;      /* it begins before the due index */
  gboolean discont;   /* it does not begin where the last heap ended */
  gboolean restarted; /* the sender has begun anew; index is as sent */
} GstSpead2SrcPlace;

/* The place of a heap with that counter and that index, of `bits` bits, as sent. step: samples
 * from one heap to the next, 0 where that is not known. Changes nothing. */
void gst_spead2_src_position_find (const GstSpead2SrcPosition *position,
    guint bits, guint64 cnt, guint64 wrapped, guint64 step,
    GstSpead2SrcPlace *place);

/* Accepts the heap that find() had that place for; of the first one, and of a sender that
 * has begun anew, the caller may have set another index with the same bits. */
void gst_spead2_src_position_accept (GstSpead2SrcPosition *position, guint bits,
    guint64 cnt, guint64 wrapped, guint64 step, const GstSpead2SrcPlace *place);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_POSITION_H */
