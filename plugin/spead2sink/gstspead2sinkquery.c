/* gst-spead2: ALLOCATION, DRAIN and ACCEPT_CAPS queries: see gstspead2sinkprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"

#include <gst/video/video.h>

#include "common/gstspead2outstanding.h"
#include "common/gstspead2payload.h"

/* Buffers of this alignment are copied fastest. */
#define ALIGNMENT 64

/* Called with the object lock. */
static gboolean
gst_spead2_sink_wants_huge_pages (
    GstSpead2Sink *self, const GstSpead2Outstanding *outstanding)
{
  Spead2SenderStats stats = {0};

  if (self->sender)
    spead2_sender_get_stats (self->sender, &stats);
  return self->settings.zero_copy != GST_SPEAD2_ZERO_COPY_OFF &&
      (outstanding->has_shape ||
          self->settings.max_packet_size >= SPEAD2_ZERO_COPY_MIN_PACKET) &&
      stats.zerocopy_reason == NULL;
}

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

  return (guint64) spead2_max_heaps (
             settings->max_heaps, settings->send_threads, settings->heap_size) +
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

/* How much stays outstanding is for a source that makes a pool of its own. */
gboolean
gst_spead2_sink_propose_allocation (GstBaseSink *base, GstQuery *query)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstSpead2Outstanding outstanding = {0};
  GstAllocationParams params;
  GstCaps *caps;

  gst_allocation_params_init (&params);
  params.align = ALIGNMENT - 1;
  gst_query_add_allocation_param (query, NULL, &params);

  gst_query_parse_allocation (query, &caps, NULL);
  if (caps && gst_spead2_payload_caps_have_rows (caps))
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);

  outstanding.has_shape = gst_spead2_sink_find_shape (self, &outstanding.shape);
  GST_OBJECT_LOCK (self);
  gst_spead2_sink_find_outstanding (self, &outstanding);
  outstanding.huge_pages =
      gst_spead2_sink_wants_huge_pages (self, &outstanding);
  GST_OBJECT_UNLOCK (self);
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
  /* Upstream wants its buffers back. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_DRAIN &&
      gst_spead2_sink_takes_data (self) && self->sender)
    gst_spead2_sink_drain_all (self, query);
  return gst_spead2_sink_base_class ()->query (base, query);
}
