/* gst-spead2: spead2src's caps, and the allocation that goes with them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "common/gstspead2types.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

gboolean
gst_spead2_src_negotiate (GstBaseSrc *base)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);

  /* Downstream may have changed: the next heap's caps are chosen again. */
  gst_clear_caps (&self->offered);
  self->bytes_known = FALSE;
  return TRUE;
}

/* Heaps are received into memory of the peer's allocator, in a pool of the element: a
 * peer's pool knows nothing of where in a heap the item begins. */
gboolean
gst_spead2_src_decide_allocation (GstBaseSrc *base, GstQuery *query)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (base);
  GstAllocator *allocator = NULL;
  GstAllocationParams params;

  gst_allocation_params_init (&params);
  if (gst_query_get_n_allocation_params (query) > 0)
    gst_query_parse_nth_allocation_param (query, 0, &allocator, &params);
  gst_spead2_src_memory_set_allocator (&self->memory, allocator, &params);
  gst_clear_object (&allocator);
  while (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_remove_nth_allocation_pool (query, 0);
  return TRUE;
}

gboolean
gst_spead2_src_takes_bytes (GstSpead2Src *self)
{
  if (self->run.wait_descriptor != GST_SPEAD2_WAIT_DESCRIPTOR_AUTO)
    return self->run.wait_descriptor == GST_SPEAD2_WAIT_DESCRIPTOR_FALSE;
  if (!self->bytes_known) {
    GstCaps *bytes = gst_caps_new_empty_simple (GST_SPEAD2_BYTES);
    GstCaps *peer = gst_pad_peer_query_caps (GST_BASE_SRC_PAD (self), NULL);

    self->takes_bytes = gst_caps_can_intersect (peer, bytes);
    self->bytes_known = TRUE;
    gst_caps_unref (peer);
    gst_caps_unref (bytes);
  }
  return self->takes_bytes;
}

static GstFlowReturn
refuse_caps (GstSpead2Src *self, GstCaps *offered, GstCaps *downstream)
{
  if (GST_PAD_IS_FLUSHING (GST_BASE_SRC_PAD (self)))
    return GST_FLOW_FLUSHING;
  GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
      ("The samples cannot be what the element behind this one takes. dtype= "
       "and shape= say what they are, sample-rate= their rate."),
      ("offered: %" GST_PTR_FORMAT ", taken: %" GST_PTR_FORMAT, offered,
          downstream));
  return GST_FLOW_NOT_NEGOTIATED;
}

/* Where times of samples are wanted, and how long samples are is not known. */
static void
check_rate (GstSpead2Src *self)
{
  const gboolean utc =
      self->run.timestamp_mode == GST_SPEAD2_TIMESTAMP_MODE_UTC;

  if (self->payload.rate.numerator > 0 || self->warned_rate ||
      self->run.timestamp_mode == GST_SPEAD2_TIMESTAMP_MODE_ARRIVAL)
    return;
  self->warned_rate = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("timestamp-mode=%s needs the sample rate: set sample-rate. Until then "
       "timestamps are times of arrival.",
          utc ? "utc" : "index"),
      (NULL));
}

/* What buffers of these caps are, for their samples to be counted. */
static void
read_caps (GstSpead2Src *self, GstCaps *caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  self->has_frames = !gst_structure_has_name (structure, GST_SPEAD2_ITEM) &&
      gst_spead2_payload_from_caps (&self->payload, caps, 0, FALSE, NULL);
  if (!self->has_frames)
    gst_spead2_payload_init (&self->payload, 0);
  /* Caps hold no rate above an int. */
  self->payload.rate = self->run.sample_rate > 0
      ? gst_spead2_src_settings_rate (&self->run)
      : gst_spead2_rate_of_caps (structure);
  check_rate (self);
}

GstFlowReturn
gst_spead2_src_set_caps (GstSpead2Src *self, GstCaps *offered)
{
  GstCaps *downstream = gst_pad_peer_query_caps (GST_BASE_SRC_PAD (self), NULL);
  GstCaps *caps = gst_spead2_types_choose (offered, downstream);
  GstFlowReturn flow = GST_FLOW_OK;

  GST_DEBUG_OBJECT (self,
      "offered %" GST_PTR_FORMAT ", chosen %" GST_PTR_FORMAT, offered, caps);
  if (caps == NULL ||
      ((self->caps == NULL || !gst_caps_is_equal (caps, self->caps)) &&
          (!gst_base_src_set_caps (GST_BASE_SRC (self), caps) ||
              !gst_base_src_negotiate (GST_BASE_SRC (self))))) {
    flow = refuse_caps (self, offered, downstream);
  } else {
    read_caps (self, caps);
    gst_caps_replace (&self->caps, caps);
    gst_caps_replace (&self->offered, offered);
  }
  gst_clear_caps (&caps);
  gst_caps_unref (downstream);
  return flow;
}
