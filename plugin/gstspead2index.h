/* gst-spead2: the index of each heap's first sample
 *
 * It is the buffer's OFFSET where that counts samples, else a count of what has
 * arrived; never the PTS, which cannot tell samples apart at the rates of
 * digitisers. Belongs to the streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_INDEX_H
#define GST_SPEAD2_INDEX_H

#include <gst/gst.h>

#include "gstspead2sinkproperties.h"

G_BEGIN_DECLS

typedef struct {
  gboolean offset_counts; /* OFFSET counts samples */
  guint64 next;           /* behind all samples that have arrived */
  gboolean have_next;
  guint64 heap; /* of the next heap's first sample, if it has no OFFSET */
  /* What is added on the wire, once it is known; and the first index there. */
  guint64 base;
  guint64 first;
  gboolean have_base;
} GstSpead2Index;

/* A new stream: counted from 0, and the base is not known. */
void gst_spead2_index_restart (GstSpead2Index *index);

/* Before a buffer, or a list of them, is rendered. */
void gst_spead2_index_expect (GstSpead2Index *index);

/* A buffer of so many samples has arrived. Every one is counted, also one that
 * the base class drops since it is late: its samples are missing, not the next
 * ones. Returns TRUE when it does not begin where the one before ended; from is
 * then where that was, to where it begins. */
gboolean gst_spead2_index_arrive (GstSpead2Index *index,
    GstSpead2IndexSource source, GstBuffer *buffer, guint64 n_samples,
    guint64 *from, guint64 *to);

/* So many samples did not arrive, and are counted. */
void gst_spead2_index_skip (GstSpead2Index *index, guint64 n_samples);

/* The index of a buffer's first sample, without the base. */
guint64 gst_spead2_index_of (const GstSpead2Index *index,
    GstSpead2IndexSource source, GstBuffer *buffer);

/* The heap that begins at such an index is the first of the stream, and has the
 * index first on the wire. Modulo 2^64. */
void gst_spead2_index_set_first (
    GstSpead2Index *index, guint64 heap_index, guint64 first);

/* A heap of so many samples has been pushed. */
void gst_spead2_index_pushed (
    GstSpead2Index *index, guint64 heap_index, guint64 n_samples);

/* How often an index on the wire has run over so many bits since the first. */
guint64 gst_spead2_index_wraps (
    const GstSpead2Index *index, guint64 wire_index, guint bits);

G_END_DECLS

#endif /* GST_SPEAD2_INDEX_H */
