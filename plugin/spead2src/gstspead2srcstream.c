/* gst-spead2: from received heaps to buffers: see gstspead2srcprivate.h
 *
 * create() takes the heaps that are ready and makes a list of buffers of them, up to the
 * first one in front of which something else has to go: other caps, a GAP event, the end
 * of the stream. That heap then begins the next call.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "common/gstspead2itemvalues.h"
#include "common/gstspead2types.h"
#include "spead2/clock.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

/* Bytes of payload that are taken from the receiver at once. */
#define TAKE_BYTES (4 << 20)

/* How far, in heaps, an index may be behind the one that is due without meaning that
 * the sender began anew. */
#define MAX_HEAPS_BEHIND 1024

/* -- the stream ------------------------------------------------------------------- */

void
gst_spead2_src_reset_stream (GstSpead2Src *self)
{
  GstSpead2SrcPosition *position = &self->position;

  memset (position, 0, sizeof *position);
  position->next_time = GST_CLOCK_TIME_NONE;
  self->planned = FALSE;
  self->pushed = FALSE;
  self->discont = TRUE;
  self->undescribed = 0;
  self->bytes_known = FALSE;
  self->warned_descriptor = self->warned_size = FALSE;
}

static void
count (GstSpead2Src *self, guint64 *counter, guint64 n)
{
  GST_OBJECT_LOCK (self);
  *counter += n;
  GST_OBJECT_UNLOCK (self);
}

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

/* -- heaps without a type -------------------------------------------------------------- */

/* Whether downstream takes buffers of which nothing is known. */
static gboolean
takes_bytes (GstSpead2Src *self)
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

/* FALSE, with an error, when that has been so for too long. */
static gboolean
check_undescribed (GstSpead2Src *self)
{
  guint64 now = spead2_now ();

  if (self->undescribed == 0)
    self->undescribed = now;
  if (self->run.descriptor_timeout == 0 ||
      now - self->undescribed < self->run.descriptor_timeout)
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, TYPE_NOT_FOUND,
      ("No descriptor of the item came in %" G_GUINT64_FORMAT
       " ms, and the element behind this one does not take bytes. Describe the "
       "samples with caps= or sample-bits=, or have the sender describe them.",
          self->run.descriptor_timeout / GST_MSECOND),
      (NULL));
  return FALSE;
}

static void
note_wrong (GstSpead2Src *self, const GstSpead2SrcPlan *plan,
    const GError *error, gboolean wrong_size)
{
  gboolean *warned = wrong_size ? &self->warned_size : &self->warned_descriptor;

  if (plan->view.n_bad > 0)
    count (self, &self->counters.bad_descriptors, plan->view.n_bad);
  if (error == NULL || *warned)
    return;
  *warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, DECODE,
      ("%s. %s", error->message,
          wrong_size ? "Such heaps are dropped and counted."
                     : "Such descriptors are ignored and counted."),
      (NULL));
}

/* -- planning ----------------------------------------------------------------------- */

/* Bits that have one index, by the descriptor or by the caps that were set. 0: an item of
 * several dimensions, which does not say it. */
static guint64
frame_bits (const GstSpead2Src *self, const GstSpead2HeapView *view)
{
  const Spead2PayloadType *type = &self->payload.type;

  if (view->frame_bits > 0)
    return view->frame_bits;
  return self->has_frames ? (guint64) type->element_bits * type->sample_elements
                          : 0;
}

/* Whether the index lies so far behind that the sender has begun anew. */
static gboolean
is_restart (const GstSpead2SrcPosition *position, guint64 index, guint64 step)
{
  return index < position->next &&
      position->next - index > MAX_HEAPS_BEHIND * MAX (step, 1);
}

/* Whether both heap counter and index, as sent, went far back: an index alone that does
 * may have run over its bits. */
static gboolean
is_new_count (const GstSpead2SrcPosition *position,
    const Spead2ReceivedHeap *heap, guint64 index)
{
  return heap->cnt < position->cnt &&
      position->cnt - heap->cnt > MAX_HEAPS_BEHIND && index < position->sent;
}

/* Samples and index, of the caps that have been set. */
static void
plan_samples (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  GstSpead2SrcPosition *position = &self->position;
  guint64 bits = frame_bits (self, &plan->view), step;

  plan->n_samples = bits > 0 ? plan->view.size * 8 / bits : 0;
  if (!plan->view.has_index)
    return;
  step = self->run.index_step ? self->run.index_step : plan->n_samples;
  position->index.bits = heap->flavour;
  plan->index = gst_spead2_unwrap_peek (&position->index, plan->view.index);
  if (!position->known)
    return;
  plan->restarted = is_restart (position, plan->index, step) ||
      is_new_count (position, heap, plan->view.index);
  if (plan->restarted)
    plan->index = plan->view.index;
  else if (step > 0 && plan->index > position->next)
    plan->missing = plan->index - position->next;
}

/* The counter of a heap of that kind that does not become a buffer, or NULL. */
static guint64 *
reason_to_drop (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2HeapView *view, GstSpead2HeapKind kind)
{
  switch (kind) {
    case GST_SPEAD2_HEAP_CONTROL:
      return &self->counters.control;
    case GST_SPEAD2_HEAP_NO_ITEM:
      return &self->counters.no_item;
    case GST_SPEAD2_HEAP_WRONG_SIZE:
      return &self->counters.wrong_size;
    case GST_SPEAD2_HEAP_DATA:
      break;
  }
  /* Of many that are given up at once, some lose their memory. */
  if (heap->received < heap->length &&
      (self->run.incomplete == GST_SPEAD2_INCOMPLETE_DROP ||
          heap->payload == NULL))
    return &self->counters.incomplete;
  /* What has no items has no descriptors. */
  if (!view->described && view->id != SPEAD2_ID_NULL && !takes_bytes (self))
    return &self->counters.no_descriptor;
  return NULL;
}

static void
plan_heap (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  GError *error = NULL;
  GstSpead2HeapKind kind;

  memset (plan, 0, sizeof *plan);
  kind = gst_spead2_heap_reader_read (self->reader, heap, &plan->view, &error);
  if (plan->view.n_bad > 0 || error)
    note_wrong (self, plan, error, plan->view.n_bad == 0);
  g_clear_error (&error);
  plan->dropped = reason_to_drop (self, heap, &plan->view, kind);
  if (plan->dropped)
    return;
  plan->new_type = plan->view.caps != self->offered;
  if (!plan->new_type)
    plan_samples (self, heap, plan);
}

/* -- caps ---------------------------------------------------------------------------- */

static GstFlowReturn
refuse_caps (GstSpead2Src *self, GstCaps *offered, GstCaps *downstream)
{
  if (GST_PAD_IS_FLUSHING (GST_BASE_SRC_PAD (self)))
    return GST_FLOW_FLUSHING;
  GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
      ("The samples cannot be what the element behind this one takes. "
       "sample-rate= says their rate, caps= or sample-bits= what they are."),
      ("offered: %" GST_PTR_FORMAT ", taken: %" GST_PTR_FORMAT, offered,
          downstream));
  return GST_FLOW_NOT_NEGOTIATED;
}

/* What buffers of these caps are, for their samples to be counted. */
static void
read_caps (GstSpead2Src *self, GstCaps *caps)
{
  self->has_frames = !gst_structure_has_name (
                         gst_caps_get_structure (caps, 0), GST_SPEAD2_ITEM) &&
      gst_spead2_payload_from_caps (&self->payload, caps, 0, FALSE, NULL);
  if (!self->has_frames) {
    gst_spead2_payload_init (&self->payload, 0);
    self->payload.rate =
        gst_spead2_rate_of_caps (gst_caps_get_structure (caps, 0));
  }
}

/* Of the caps that are offered those that downstream prefers. */
static GstFlowReturn
set_caps (GstSpead2Src *self, GstCaps *offered)
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

/* -- time ------------------------------------------------------------------------------ */

/* The running time at which the heap's first packet was read, or NONE before time
 * runs. */
static GstClockTime
arrival_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now, base, age = spead2_now () - heap->first_time;

  if (clock == NULL)
    return GST_CLOCK_TIME_NONE;
  now = gst_clock_get_time (clock);
  gst_object_unref (clock);
  base = gst_element_get_base_time (GST_ELEMENT (self));
  return now > base + age ? now - base - age : 0;
}

static GstClockTime
heap_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcPosition *position = &self->position;
  const GstSpead2Rate *rate = &self->payload.rate;

  if (self->run.timestamp_mode != GST_SPEAD2_TIMESTAMP_MODE_INDEX ||
      !plan->view.has_index || rate->numerator == 0)
    return arrival_time (self, heap);
  if (!position->timed || plan->restarted || plan->index < position->first) {
    position->timed = TRUE;
    position->first = plan->index;
    position->first_time = arrival_time (self, heap);
  }
  if (!GST_CLOCK_TIME_IS_VALID (position->first_time))
    return GST_CLOCK_TIME_NONE;
  return position->first_time +
      gst_spead2_rate_time (rate, plan->index - position->first);
}

/* -- buffers ------------------------------------------------------------------------------ */

/* Writes the fill value where bytes are missing. */
static void
fill (GstSpead2Src *self, Spead2ReceivedHeap *heap)
{
  g_autofree Spead2Range *missing = g_new (Spead2Range, heap->ranges.n + 1);
  guint i, n = spead2_received_heap_missing (heap, missing);

  for (i = 0; i < n; i++)
    memset (heap->payload + missing[i].begin, self->run.fill_value,
        missing[i].end - missing[i].begin);
}

static void
add_values (GstSpead2Src *self, GstBuffer *buffer, GstStructure *values)
{
  GstCustomMeta *meta =
      gst_buffer_add_custom_meta (buffer, GST_SPEAD2_ITEM_VALUES_META_NAME);
  gint i;

  if (meta) {
    GstStructure *to = gst_custom_meta_get_structure (meta);

    for (i = 0; i < gst_structure_n_fields (values); i++) {
      const gchar *name = gst_structure_nth_field_name (values, i);

      gst_structure_set_value (
          to, name, gst_structure_get_value (values, name));
    }
  }
  gst_structure_free (values);
}

/* A buffer comes when its last sample has been received: its duration is latency. */
static void
note_latency (GstSpead2Src *self, GstClockTime duration)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = duration > self->duration;
  self->duration = MAX (self->duration, duration);
  GST_OBJECT_UNLOCK (self);
  if (changed)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static void
note_position (GstSpead2Src *self, GstBuffer *buffer,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcPosition *position = &self->position;
  GstClockTime duration = GST_BUFFER_DURATION (buffer);

  position->next_time = GST_BUFFER_PTS (buffer);
  if (GST_CLOCK_TIME_IS_VALID (duration)) {
    note_latency (self, duration);
    if (GST_CLOCK_TIME_IS_VALID (position->next_time))
      position->next_time += duration;
  }
  self->undescribed = 0;
  if (!plan->view.has_index)
    return;
  if (plan->restarted) {
    gst_spead2_unwrap_reset (&position->index);
    position->next = 0;
  }
  gst_spead2_unwrap_next (&position->index, plan->view.index);
  position->known = TRUE;
  position->cnt = heap->cnt;
  position->sent = plan->view.index;
  position->next = MAX (position->next,
      plan->index +
          (self->run.index_step ? self->run.index_step : plan->n_samples));
}

static void
stamp (GstSpead2Src *self, GstBuffer *buffer, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  gboolean behind = plan->view.has_index && self->position.known &&
      plan->index < self->position.next;

  GST_BUFFER_PTS (buffer) = heap_time (self, heap, plan);
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = plan->n_samples && self->payload.rate.numerator
      ? gst_spead2_rate_time (&self->payload.rate, plan->n_samples)
      : GST_CLOCK_TIME_NONE;
  if (plan->view.has_index) {
    GST_BUFFER_OFFSET (buffer) = plan->index;
    GST_BUFFER_OFFSET_END (buffer) = plan->index + plan->n_samples;
  }
  if (self->discont || plan->missing > 0 || behind)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (plan->restarted)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_RESYNC);
  self->discont = FALSE;
}

/* The heap's item as a buffer; the heap keeps nothing of it. */
static GstBuffer *
make_buffer (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GstStructure *values;
  GstBuffer *buffer;

  if (heap->received < heap->length)
    fill (self, heap);
  values = gst_spead2_heap_reader_values (self->reader, heap);
  buffer = gst_spead2_src_memory_take (heap);
  gst_buffer_resize (buffer, plan->view.offset, plan->view.size);
  stamp (self, buffer, heap, plan);
  if (heap->received < heap->length)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
  add_values (self, buffer, values);
  note_position (self, buffer, heap, plan);
  GST_LOG_OBJECT (
      self, "heap %" G_GUINT64_FORMAT ": %" GST_PTR_FORMAT, heap->cnt, buffer);
  return buffer;
}

/* -- heaps ------------------------------------------------------------------------------------ */

/* Takes the first heap off the list. */
static Spead2ReceivedHeap *
pop_heap (GstSpead2Src *self)
{
  Spead2ReceivedHeap *heap = self->taken;

  self->taken = heap->next;
  self->planned = FALSE;
  heap->next = NULL;
  return heap;
}

static void
note_stop (GstSpead2Src *self, const Spead2ReceivedHeap *heap)
{
  if (heap->flags & SPEAD2_RECEIVED_STOP)
    count (self, &self->counters.stops, 1);
}

static void
drop_heap (GstSpead2Src *self, guint64 *counter)
{
  Spead2ReceivedHeap *heap = pop_heap (self);

  GST_LOG_OBJECT (self,
      "heap %" G_GUINT64_FORMAT " becomes no buffer: %s, %" G_GUINT64_FORMAT
      " of %" G_GUINT64_FORMAT " bytes",
      heap->cnt, spead2_heap_end_name (heap->end), heap->received,
      heap->length);
  count (self, counter, 1);
  note_stop (self, heap);
  spead2_receiver_give_back (self->receiver, heap);
}

void
gst_spead2_src_drop_taken (GstSpead2Src *self)
{
  while (self->taken)
    drop_heap (self, &self->counters.after_end);
}

/* The hole in front of the next buffer, where its time is known and a segment has gone
 * out. */
static void
push_gap (GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  GstClockTime start = self->position.next_time;
  GstClockTime duration =
      gst_spead2_rate_time (&self->payload.rate, plan->missing);
  GstEvent *event;

  if (!self->pushed || duration == 0 || !GST_CLOCK_TIME_IS_VALID (start))
    return;
  event = gst_event_new_gap (start, duration);
  gst_event_set_gap_flags (event, GST_GAP_FLAG_MISSING_DATA);
  gst_pad_push_event (GST_BASE_SRC_PAD (self), event);
}

/* Whether something goes in front of the buffer. */
static gboolean
needs_break (const GstSpead2SrcPlan *plan)
{
  return plan->new_type || plan->missing > 0 || plan->restarted;
}

/* Does what goes in front of the buffer. */
static GstFlowReturn
prepare (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  if (plan->new_type) {
    GstFlowReturn flow = set_caps (self, plan->view.caps);

    if (flow != GST_FLOW_OK)
      return flow;
    plan_samples (self, heap, plan);
  }
  if (plan->missing > 0) {
    count (self, &self->counters.gaps, 1);
    count (self, &self->counters.missing, plan->missing);
    push_gap (self, plan);
  }
  if (plan->restarted) {
    count (self, &self->counters.restarts, 1);
    GST_INFO_OBJECT (self, "the sender began anew, at index %" G_GUINT64_FORMAT,
        plan->index);
  }
  return GST_FLOW_OK;
}

static gboolean
is_at_end (GstSpead2Src *self)
{
  return self->run.on_stop == GST_SPEAD2_ON_STOP_EOS &&
      self->counters.stops >= self->run.n_stops;
}

/* Makes a buffer of the first heap that was taken, or drops it. FALSE: the buffers so far
 * go out first. */
static gboolean
add_heap (GstSpead2Src *self, GstBufferList *list, GstFlowReturn *flow)
{
  guint n = gst_buffer_list_length (list);
  GstSpead2SrcPlan *plan = &self->plan;
  Spead2ReceivedHeap *heap;

  if (n > 0 && self->single)
    return FALSE;
  if (!self->planned)
    plan_heap (self, self->taken, plan);
  self->planned = TRUE;
  if (plan->dropped == &self->counters.no_descriptor) {
    if (n > 0)
      return FALSE;
    if (!check_undescribed (self)) {
      *flow = GST_FLOW_ERROR;
      return FALSE;
    }
  }
  if (plan->dropped) {
    drop_heap (self, plan->dropped);
    return TRUE;
  }
  if (n > 0 && needs_break (plan))
    return FALSE;
  *flow = prepare (self, self->taken, plan);
  if (*flow != GST_FLOW_OK)
    return FALSE;
  heap = pop_heap (self);
  gst_buffer_list_add (list, make_buffer (self, heap, plan));
  note_stop (self, heap);
  spead2_receiver_give_back (self->receiver, heap);
  return TRUE;
}

static void
count_delivered (GstSpead2Src *self, GstBufferList *list)
{
  GST_OBJECT_LOCK (self);
  self->counters.delivered += gst_buffer_list_length (list);
  self->counters.bytes += gst_buffer_list_calculate_size (list);
  GST_OBJECT_UNLOCK (self);
}

/* Buffers of the heaps that were taken, as far as they may go together; NULL with OK:
 * there are none. */
static GstFlowReturn
make_buffers (GstSpead2Src *self, GstBufferList **buffers)
{
  GstBufferList *list = gst_buffer_list_new ();
  GstFlowReturn flow = GST_FLOW_OK;

  while (self->taken && !is_at_end (self) && add_heap (self, list, &flow))
    continue;
  if (gst_buffer_list_length (list) > 0) {
    count_delivered (self, list);
    *buffers = list;
    return GST_FLOW_OK;
  }
  gst_buffer_list_unref (list);
  *buffers = NULL;
  return flow;
}

/* -- waiting ------------------------------------------------------------------------------------ */

static guint64
count_datagrams (GstSpead2Src *self)
{
  Spead2ReceiverStats stats;

  spead2_receiver_get_stats (self->receiver, &stats);
  return stats.assembler.datagrams;
}

/* As udpsrc's. */
static void
post_timeout (GstSpead2Src *self)
{
  if (count_datagrams (self) == self->n_datagrams)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_element (GST_OBJECT (self),
            gst_structure_new ("GstUDPSrcTimeout", "timeout", G_TYPE_UINT64,
                self->run.timeout, NULL)));
}

/* Waits for heaps. */
static GstFlowReturn
take_heaps (GstSpead2Src *self)
{
  for (;;) {
    guint64 deadline =
        self->run.timeout ? spead2_now () + self->run.timeout : G_MAXUINT64;
    Spead2ReadyStatus status;

    if (self->run.timeout)
      self->n_datagrams = count_datagrams (self);
    self->taken =
        spead2_receiver_take (self->receiver, deadline, TAKE_BYTES, &status);
    switch (status) {
      case SPEAD2_READY_HEAPS:
        return GST_FLOW_OK;
      case SPEAD2_READY_INTERRUPTED:
        return GST_FLOW_FLUSHING;
      case SPEAD2_READY_TIME_OUT:
        post_timeout (self);
        break;
    }
  }
}

GstFlowReturn
gst_spead2_src_create (GstPushSrc *push, GstBuffer **buffer)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (push);
  GstBufferList *list = NULL;
  GstFlowReturn flow;

  while (list == NULL) {
    if (is_at_end (self)) {
      gst_spead2_src_drop_taken (self);
      return GST_FLOW_EOS;
    }
    flow = self->taken ? GST_FLOW_OK : take_heaps (self);
    if (flow == GST_FLOW_OK)
      flow = make_buffers (self, &list);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  self->pushed = TRUE;
  if (gst_buffer_list_length (list) > 1) {
    gst_base_src_submit_buffer_list (GST_BASE_SRC (self), list);
    return GST_FLOW_OK;
  }
  *buffer = gst_buffer_ref (gst_buffer_list_get (list, 0));
  gst_buffer_list_unref (list);
  return GST_FLOW_OK;
}
