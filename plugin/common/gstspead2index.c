/* gst-spead2: the index of each heap's first sample: see gstspead2index.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2index.h"

void
gst_spead2_index_restart (GstSpead2Index *index)
{
  index->arrived = (GstSpead2IndexPosition){0};
  index->skipped = 0;
  index->have_base = FALSE;
}

void
gst_spead2_index_forget_unit (GstSpead2Index *index)
{
  index->arrived.unit = GST_SPEAD2_OFFSET_UNKNOWN;
  index->arrived.have_last = FALSE;
}

void
gst_spead2_index_set_caps (
    GstSpead2Index *index, gboolean offset_counts, const GstSpead2Rate *rate)
{
  index->offset_counts = offset_counts;
  index->rate = *rate;
  gst_spead2_index_forget_unit (index);
}

static GstSpead2OffsetUnit
unit_of_distance (guint64 distance, guint64 n_samples, gsize size)
{
  if (distance == n_samples)
    return GST_SPEAD2_OFFSET_SAMPLES;
  return distance == size ? GST_SPEAD2_OFFSET_BYTES : GST_SPEAD2_OFFSET_OTHER;
}

/* By the end that the buffer has itself. */
static GstSpead2OffsetUnit
unit_by_end (
    const GstSpead2IndexPosition *at, GstBuffer *buffer, guint64 n_samples)
{
  GstSpead2OffsetUnit shown = unit_of_distance (
      GST_BUFFER_OFFSET_END (buffer) - GST_BUFFER_OFFSET (buffer), n_samples,
      gst_buffer_get_size (buffer));

  if (at->unit == GST_SPEAD2_OFFSET_UNKNOWN || GST_BUFFER_IS_DISCONT (buffer) ||
      shown == at->unit)
    return shown;
  return GST_SPEAD2_OFFSET_OTHER;
}

/* By the buffer before. An OFFSET that does not change, or numbers buffers, counts
 * something else. Samples, once shown, remain samples: a distance of as many bytes
 * is then a jump. */
static GstSpead2OffsetUnit
unit_by_step (const GstSpead2IndexPosition *at, GstBuffer *buffer)
{
  guint64 step = GST_BUFFER_OFFSET (buffer) - at->last_offset;
  GstSpead2OffsetUnit shown;

  if (!at->have_last || GST_BUFFER_IS_DISCONT (buffer))
    return at->unit;

  shown = unit_of_distance (step, at->last_samples, at->last_size);
  if (at->unit == GST_SPEAD2_OFFSET_BYTES && shown == GST_SPEAD2_OFFSET_SAMPLES)
    return shown;
  if (at->unit != GST_SPEAD2_OFFSET_UNKNOWN)
    return at->unit;
  return shown == GST_SPEAD2_OFFSET_OTHER && step > 1
      ? GST_SPEAD2_OFFSET_UNKNOWN
      : shown;
}

/* Whether OFFSET is the next position, but for a time in whole nanoseconds that it
 * was made from. */
static gboolean
is_rounded (const GstSpead2Index *index, const GstSpead2IndexPosition *at,
    GstBuffer *buffer)
{
  const guint64 rate = index->rate.numerator;
  const guint64 second = GST_SECOND * index->rate.denominator;
  guint64 offset = GST_BUFFER_OFFSET (buffer);
  guint64 distance = offset > at->next ? offset - at->next : at->next - offset;

  /* Nothing is lost where a sample takes whole nanoseconds. */
  if (rate == 0 || second % rate == 0 || !at->have_next ||
      distance > 1 + rate / second)
    return FALSE;
  return !GST_BUFFER_IS_DISCONT (buffer) && GST_BUFFER_PTS_IS_VALID (buffer) &&
      offset == gst_util_uint64_scale (GST_BUFFER_PTS (buffer), rate, second);
}

/* The index of a buffer by an OFFSET that counts bytes, without the shift. */
static guint64
samples_of_bytes (GstBuffer *buffer, guint64 n_samples)
{
  return gst_util_uint64_scale (
      GST_BUFFER_OFFSET (buffer), n_samples, gst_buffer_get_size (buffer));
}

static guint64
index_by_unit (
    const GstSpead2IndexPosition *at, GstBuffer *buffer, guint64 n_samples)
{
  switch (at->unit) {
    case GST_SPEAD2_OFFSET_BYTES:
      return samples_of_bytes (buffer, n_samples) + at->shift;
    case GST_SPEAD2_OFFSET_OTHER:
      return at->next;
    default:
      return GST_BUFFER_OFFSET (buffer);
  }
}

static guint64
index_by_end (GstSpead2IndexPosition *at, GstBuffer *buffer, guint64 n_samples)
{
  at->unit = unit_by_end (at, buffer, n_samples);
  at->shift = 0;
  at->have_last = FALSE;
  return index_by_unit (at, buffer, n_samples);
}

static guint64
index_by_step (const GstSpead2Index *index, GstSpead2IndexPosition *at,
    GstBuffer *buffer, guint64 n_samples)
{
  GstSpead2OffsetUnit unit = unit_by_step (at, buffer);
  gboolean rounded =
      at->unit < GST_SPEAD2_OFFSET_BYTES && is_rounded (index, at, buffer);

  if (rounded)
    unit = GST_SPEAD2_OFFSET_SAMPLES;
  /* Bytes go on from the first OFFSET, which was taken for samples. */
  if (unit == GST_SPEAD2_OFFSET_BYTES && unit != at->unit)
    at->shift = at->next - samples_of_bytes (buffer, n_samples);
  at->unit = unit;
  at->have_last = TRUE;
  at->last_offset = GST_BUFFER_OFFSET (buffer);
  at->last_samples = n_samples;
  at->last_size = gst_buffer_get_size (buffer);
  return rounded ? at->next : index_by_unit (at, buffer, n_samples);
}

static guint64
find_index (const GstSpead2Index *index, GstSpead2IndexPosition *at,
    GstSpead2IndexSource source, GstBuffer *buffer, guint64 n_samples)
{
  if (source == GST_SPEAD2_INDEX_SOURCE_COUNT ||
      !GST_BUFFER_OFFSET_IS_VALID (buffer)) {
    at->have_last = FALSE;
    return at->next;
  }
  if (source == GST_SPEAD2_INDEX_SOURCE_OFFSET)
    return GST_BUFFER_OFFSET (buffer);
  if (GST_BUFFER_OFFSET_END_IS_VALID (buffer))
    return index_by_end (at, buffer, n_samples);
  return index->offset_counts ? index_by_step (index, at, buffer, n_samples)
                              : at->next;
}

/* Walks along a buffer; returns its index. */
static guint64
walk (const GstSpead2Index *index, GstSpead2IndexPosition *at,
    GstSpead2IndexSource source, GstBuffer *buffer, guint64 n_samples)
{
  guint64 begin = find_index (index, at, source, buffer, n_samples);

  at->next = begin + n_samples;
  at->have_next = TRUE;
  return begin;
}

gboolean
gst_spead2_index_arrive (GstSpead2Index *index, GstSpead2IndexSource source,
    GstBuffer *buffer, guint64 n_samples, guint64 *from, guint64 *to)
{
  gboolean have_from = index->arrived.have_next;

  index->skipped = 0;
  *from = index->arrived.next;
  *to = walk (index, &index->arrived, source, buffer, n_samples);
  return have_from && *to != *from;
}

void
gst_spead2_index_expect (GstSpead2Index *index)
{
  index->rendered = index->arrived;
}

guint64
gst_spead2_index_next (GstSpead2Index *index, GstSpead2IndexSource source,
    GstBuffer *buffer, guint64 n_samples)
{
  return walk (index, &index->rendered, source, buffer, n_samples);
}

void
gst_spead2_index_skip (
    GstSpead2Index *index, const GstSpead2Rate *rate, GstClockTime duration)
{
  guint64 before = gst_spead2_rate_samples (rate, index->skipped);

  index->skipped += duration;
  index->arrived.next +=
      gst_spead2_rate_samples (rate, index->skipped) - before;
  index->arrived.have_last = FALSE;
}

void
gst_spead2_index_set_first (
    GstSpead2Index *index, guint64 heap_index, guint64 first)
{
  index->base = first - heap_index;
  index->sent = first;
  index->have_base = TRUE;
}

guint64
gst_spead2_index_send (GstSpead2Index *index, guint64 wire_index, guint bits)
{
  guint64 before = index->sent;

  index->sent = wire_index;
  /* Modulo 2^64, as indexes are. */
  if (bits >= 64 || (gint64) (wire_index - before) <= 0)
    return 0;
  return ((wire_index >> bits) - (before >> bits)) & (G_MAXUINT64 >> bits);
}
