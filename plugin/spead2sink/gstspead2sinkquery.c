/* gst-spead2: ALLOCATION, DRAIN and ACCEPT_CAPS queries: see gstspead2sinkprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"

#include <gst/video/video.h>

#include "common/gstspead2outstanding.h"
#include "common/gstspead2payload.h"
#include "spead2/memory/lazyhugepages.h"

/* Buffers of this alignment are copied fastest. */
#define ALIGNMENT 64

/* How packets lie that are heaps of nothing but payload, if they are all alike. */
static gboolean
gst_spead2_sink_find_shape (GstSpead2Sink *self, Spead2PacketShape *shape)
{
  guint n_pointers;

  if (self->sender == NULL)
    return FALSE;
  n_pointers = gst_spead2_heap_maker_plain_pointers (self->maker);
  return n_pointers > 0 &&
      spead2_packet_config_shape (
          spead2_sender_packet_config (self->sender), n_pointers, shape);
}

/* Outstanding heaps of heap-size, and the open one. Called with the object lock. */
static guint64
gst_spead2_sink_n_heaps (GstSpead2Sink *self)
{
  const GstSpead2SinkSettings *settings = &self->settings;

  return (guint64) spead2_max_heaps (settings->max_heaps,
             settings->send_threads, settings->interleave,
             settings->heap_size) +
      1;
}

/* So many buffers, or as many as make so many bytes. Called with the object
 * lock. */
static void
gst_spead2_sink_find_outstanding (
    GstSpead2Sink *self, GstSpead2Outstanding *outstanding)
{
  const guint64 heap_size = self->settings.heap_size;

  outstanding->shape.heap_size = heap_size;
  outstanding->max_heaps = self->settings.max_heaps;
  outstanding->max_bytes = SPEAD2_AUTO_BYTES;
  if (heap_size == 0)
    return;
  /* Heaps that are cut from buffers do not say how many buffers they are. */
  outstanding->max_heaps = 0;
  outstanding->max_bytes = heap_size * gst_spead2_sink_n_heaps (self);
}

/* Asks for as many pictures as heaps of heap-size are made of: caps fix their size.
 * Otherwise no pool is proposed, since a base source would take its size for the one
 * that it must produce. */
static void
gst_spead2_sink_propose_pool (GstSpead2Sink *self,
    const GstSpead2Outstanding *outstanding, GstQuery *query)
{
  GstVideoInfo info;
  GstCaps *caps;

  gst_query_parse_allocation (query, &caps, NULL);
  if (outstanding->shape.heap_size == 0 || caps == NULL ||
      !gst_video_info_from_caps (&info, caps))
    return;
  /* Two more, of which the first and the last heap have a part. */
  gst_query_add_allocation_pool (query, NULL, info.size,
      MIN (outstanding->max_bytes / info.size + 2, SPEAD2_AUTO_MAX_HEAPS), 0);
}

/* Offers memory that need not be copied, for as many buffers as stay outstanding.
 * It is offered with zero-copy=off as well: slabs that are used again are faster
 * than memory that is new for each buffer. */
static void
gst_spead2_sink_propose_allocator (
    const GstSpead2Outstanding *outstanding, GstQuery *query)
{
  GstAllocator *allocator;
  GstAllocationParams params;
  guint64 bytes = outstanding->max_bytes;

  if (outstanding->has_shape)
    bytes = spead2_packet_shape_storage (&outstanding->shape, bytes);
  allocator = outstanding->max_heaps > 0
      ? spead2_lazy_huge_pages_new (0, outstanding->max_heaps)
      : spead2_lazy_huge_pages_new (bytes, SPEAD2_AUTO_MIN_HEAPS);
  gst_allocation_params_init (&params);
  params.align = ALIGNMENT - 1;
  gst_query_add_allocation_param (query, allocator, &params);
  gst_object_unref (allocator);
}

gboolean
gst_spead2_sink_propose_allocation (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstSpead2Outstanding outstanding = {0};
  GstCaps *caps;

  gst_query_parse_allocation (query, &caps, NULL);
  if (caps && gst_spead2_payload_caps_have_rows (caps))
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);

  outstanding.has_shape = gst_spead2_sink_find_shape (self, &outstanding.shape);
  GST_OBJECT_LOCK (self);
  gst_spead2_sink_find_outstanding (self, &outstanding);
  GST_OBJECT_UNLOCK (self);
  gst_spead2_sink_propose_allocator (&outstanding, query);
  gst_spead2_outstanding_add (&outstanding, query);
  gst_spead2_sink_propose_pool (self, &outstanding, query);
  return TRUE;
}

/* Whether the pad takes data. A serialized query holds the stream lock, for which a
 * state change waits once it has made the pad flush: until the query has returned,
 * the sender stays. */
static gboolean
gst_spead2_sink_takes_data (GstSpead2Sink *self)
{
  GstPad *pad = GST_BASE_SINK_PAD (self);
  gboolean flushing;

  GST_OBJECT_LOCK (pad);
  flushing = GST_PAD_IS_FLUSHING (pad);
  GST_OBJECT_UNLOCK (pad);
  return !flushing;
}

gboolean
gst_spead2_sink_query (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) == GST_QUERY_ACCEPT_CAPS) {
    gst_query_parse_accept_caps (query, &caps);
    gst_query_set_accept_caps_result (
        query, gst_spead2_sink_accept_caps (self, caps));
    return TRUE;
  }
  /* Upstream waits for the return of its buffers. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_DRAIN &&
      gst_spead2_sink_takes_data (self) && self->sender)
    gst_spead2_sink_drain_all (self, query);
  return gst_spead2_sink_base_class ()->query (base, query);
}
