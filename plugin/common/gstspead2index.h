/* gst-spead2: the index of each heap's first sample
 *
 * It is the buffer's OFFSET where that counts samples or bytes, else a count of
 * what has arrived; never the PTS, which is too coarse at the sample rates
 * of digitisers. What OFFSET counts differs from element to element, and is found
 * by GST_SPEAD2_INDEX_SOURCE_AUTO:
 *
 * - With an OFFSET_END it counts samples or bytes if the distance between both is
 *   the number of samples or of bytes in the buffer. Otherwise (pictures, packets,
 *   bytes of another format) it is not used before the next DISCONT.
 * - Without an OFFSET_END, and only where caps are audio or missing, it counts
 *   samples, until the distance to the next buffer without DISCONT is the number
 *   of bytes in the buffer: then it counts bytes from there on. An OFFSET that
 *   does not change or numbers the buffers counts something else, and is not used.
 * - Without an OFFSET_END, an OFFSET that is nothing but the PTS in samples differs
 *   from the position where the buffer before ended by what a nanosecond rounds
 *   off (interleave). The buffer then begins at that position.
 *
 * Belongs to the streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_INDEX_H
#define GST_SPEAD2_INDEX_H

#include <gst/gst.h>

#include "gstspead2rate.h"

G_BEGIN_DECLS

/**
 * GstSpead2IndexSource:
 * @GST_SPEAD2_INDEX_SOURCE_AUTO: the buffer's offset where it counts samples or
 *   bytes, else the sink's own count
 * @GST_SPEAD2_INDEX_SOURCE_OFFSET: the buffer's offset as it is, where it has one
 * @GST_SPEAD2_INDEX_SOURCE_COUNT: the number of frames, or bytes, so far
 *
 * Where the index of a heap's first sample comes from.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_INDEX_SOURCE_AUTO,
  GST_SPEAD2_INDEX_SOURCE_OFFSET,
  GST_SPEAD2_INDEX_SOURCE_COUNT
} GstSpead2IndexSource;

typedef enum {
  GST_SPEAD2_OFFSET_UNKNOWN, /* samples, as far as nothing else is shown */
  GST_SPEAD2_OFFSET_SAMPLES,
  GST_SPEAD2_OFFSET_BYTES,
  GST_SPEAD2_OFFSET_OTHER
} GstSpead2OffsetUnit;

/* How far a walk along the buffers has come. */
typedef struct {
  guint64 next; /* index behind all samples so far */
  gboolean have_next;
  GstSpead2OffsetUnit unit;
  guint64 shift; /* unit BYTES: what is added to them, in samples; mod 2^64 */
  /* The buffer before, if it had an OFFSET that the next one is compared with. */
  gboolean have_last;
  guint64 last_offset;
  guint64 last_samples;
  gsize last_size; /* bytes */
} GstSpead2IndexPosition;

typedef struct {
  /* What caps say. An OFFSET without OFFSET_END counts samples. */
  gboolean offset_counts;
  GstSpead2Rate rate;
  /* Every buffer is walked along twice: when it arrives, and when it is rendered,
   * which a late one is not. */
  GstSpead2IndexPosition arrived;
  GstSpead2IndexPosition rendered;
  GstClockTime skipped; /* since a buffer arrived */
  /* What is added on the wire, once it is known. */
  guint64 base;
  gboolean have_base;
  guint64 sent; /* the last index on the wire; valid with the base */
} GstSpead2Index;

/* A new stream: counted from 0, and the base is not known. */
void gst_spead2_index_restart (GstSpead2Index *index);

/* Another source: its OFFSETs may count something else. */
void gst_spead2_index_forget_unit (GstSpead2Index *index);

/* Other caps, which is another source, too. */
void gst_spead2_index_set_caps (
    GstSpead2Index *index, gboolean offset_counts, const GstSpead2Rate *rate);

/* A buffer of so many samples has arrived. Every one is counted, also one that
 * the base class drops since it is late: its samples are missing, not the next
 * ones. Returns TRUE when it does not begin where the one before ended; from is
 * then where that was, to where it begins. */
gboolean gst_spead2_index_arrive (GstSpead2Index *index,
    GstSpead2IndexSource source, GstBuffer *buffer, guint64 n_samples,
    guint64 *from, guint64 *to);

/* Before the arrival of a buffer, or of a list of them, that is then rendered. */
void gst_spead2_index_expect (GstSpead2Index *index);

/* The index of the first sample, without the base, of the next buffer that is
 * rendered. Once for each of them, in the order of arrival. */
guint64 gst_spead2_index_next (GstSpead2Index *index,
    GstSpead2IndexSource source, GstBuffer *buffer, guint64 n_samples);

/* Nothing arrives for so long, and the samples of that time are counted: without
 * adding up what is rounded, from one call to the next. */
void gst_spead2_index_skip (
    GstSpead2Index *index, const GstSpead2Rate *rate, GstClockTime duration);

/* The heap that begins at such an index is the first of the stream, and has the
 * index first on the wire. Modulo 2^64. */
void gst_spead2_index_set_first (
    GstSpead2Index *index, guint64 heap_index, guint64 first);

/* A heap with such an index goes on the wire, in so many bits: how often they run
 * over between the heap before and this one. An index that goes back does not run
 * over. */
guint64 gst_spead2_index_send (
    GstSpead2Index *index, guint64 wire_index, guint bits);

G_END_DECLS

#endif /* GST_SPEAD2_INDEX_H */
