/* gst-spead2: the substreams that share a port
 *
 * 64 antennas, 384 channels or two polarisations have a heap each at one index. The values
 * of some items say to which of them a heap belongs, and each has a position and an anchor
 * of its own. A pure module: no element, no clock.
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_SUBSTREAMS_H
#define GST_SPEAD2_SRC_SUBSTREAMS_H

#include "common/gstspead2heapreader.h"
#include "gstspead2srcposition.h"

G_BEGIN_DECLS

/* Whoever sends can send any number of values. */
#define GST_SPEAD2_SRC_MAX_SUBSTREAMS 4096

/* The running time of one index, from which that of all others follows. */
typedef struct {
  gboolean known;
  guint64 index;
  GstClockTime time;
} GstSpead2SrcAnchor;

/* What was lost of a substream. */
typedef struct {
  GstSpead2SubstreamKey key; /* which it is; constant */
  guint64 gaps;
  guint64 missing; /* samples */
  guint64 restarts;
} GstSpead2SrcLosses;

typedef struct {
  GstSpead2SrcLosses losses; /* first: the table finds it by its key */
  GstSpead2SrcPosition position;
  GstSpead2SrcAnchor anchor;
} GstSpead2SrcSubstream;

typedef struct _GstSpead2SrcSubstreams GstSpead2SrcSubstreams;

/* items: what the values of keys are of, as the property substream-item has it, or NULL. */
GstSpead2SrcSubstreams *gst_spead2_src_substreams_new (const gchar *items);
void gst_spead2_src_substreams_free (GstSpead2SrcSubstreams *substreams);

/* The substream with that key, or NULL. It keeps its address, as long as the table is. */
GstSpead2SrcSubstream *gst_spead2_src_substreams_find (
    GstSpead2SrcSubstreams *substreams, const GstSpead2SubstreamKey *key);

/* A substream for a key that has none, or NULL: there are as many as there may be. Its
 * first index gets the number that is nearest to the substream's that was found last. */
GstSpead2SrcSubstream *gst_spead2_src_substreams_add (
    GstSpead2SrcSubstreams *substreams, const GstSpead2SubstreamKey *key);

const gchar *gst_spead2_src_substreams_items (
    const GstSpead2SrcSubstreams *substreams);
guint gst_spead2_src_substreams_count (
    const GstSpead2SrcSubstreams *substreams);

/* The losses of those that have lost something, most samples first: at most max of them, as
 * an array of GstSpead2SrcLosses that the caller frees. Reads nothing else of them. */
GArray *gst_spead2_src_substreams_worst (
    const GstSpead2SrcSubstreams *substreams, guint max);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_SUBSTREAMS_H */
