/* gst-spead2: the index of each heap's first sample: see gstspead2index.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2index.h"

void
gst_spead2_index_restart (GstSpead2Index *index)
{
  index->have_next = FALSE;
  index->next = 0;
  index->have_base = FALSE;
}

static gboolean
has_offset (
    const GstSpead2Index *index, GstSpead2IndexSource source, GstBuffer *buffer)
{
  if (!GST_BUFFER_OFFSET_IS_VALID (buffer))
    return FALSE;

  switch (source) {
    case GST_SPEAD2_INDEX_SOURCE_OFFSET:
      return TRUE;
    case GST_SPEAD2_INDEX_SOURCE_COUNT:
      return FALSE;
    default:
      return index->offset_counts;
  }
}

void
gst_spead2_index_expect (GstSpead2Index *index)
{
  index->heap = index->next;
}

gboolean
gst_spead2_index_arrive (GstSpead2Index *index, GstSpead2IndexSource source,
    GstBuffer *buffer, guint64 n_samples, guint64 *from, guint64 *to)
{
  gboolean jumped;

  *from = index->next;
  *to = has_offset (index, source, buffer) ? GST_BUFFER_OFFSET (buffer)
                                           : index->next;
  jumped = index->have_next && *to != *from;
  index->have_next = TRUE;
  index->next = *to + n_samples;
  return jumped;
}

void
gst_spead2_index_skip (GstSpead2Index *index, guint64 n_samples)
{
  index->next += n_samples;
}

guint64
gst_spead2_index_of (
    const GstSpead2Index *index, GstSpead2IndexSource source, GstBuffer *buffer)
{
  return has_offset (index, source, buffer) ? GST_BUFFER_OFFSET (buffer)
                                            : index->heap;
}

void
gst_spead2_index_set_first (
    GstSpead2Index *index, guint64 heap_index, guint64 first)
{
  index->base = first - heap_index;
  index->first = first;
  index->have_base = TRUE;
}

void
gst_spead2_index_pushed (
    GstSpead2Index *index, guint64 heap_index, guint64 n_samples)
{
  index->heap = heap_index + n_samples;
}

guint64
gst_spead2_index_wraps (
    const GstSpead2Index *index, guint64 wire_index, guint bits)
{
  return (wire_index >> bits) - (index->first >> bits);
}
