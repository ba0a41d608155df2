/* gst-spead2: the way from a buffer to a heap: see gstspead2sinkprivate.h
 *
 * All of it runs in the streaming thread, but for the action signals.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2clock.h"
#include "gstspead2items.h"
#include "gstspead2sinkprivate.h"
#include "spead2/error.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* Most buffers of a list whose heaps go into the queue together, and most heaps
 * of a buffer: the start of the stream, descriptors, its data. */
#define BUFFERS_AT_ONCE 64
#define HEAPS_OF_A_BUFFER 3

/* What gst_base_sink_wait_preroll() returns when a step ended the wait. The base
 * class goes on as with GST_FLOW_OK, and so do we. */
#define FLOW_STEP GST_FLOW_CUSTOM_ERROR

/* Heaps that are on their way into the queue. */
typedef struct {
  Spead2Heap *heaps[BUFFERS_AT_ONCE * HEAPS_OF_A_BUFFER];
  guint n;
} HeapBatch;

/* -- caps -------------------------------------------------------------------------- */

/* What the property says of samples whose caps do not. */
static guint
gst_spead2_sink_sample_bits (GstSpead2Sink *self)
{
  guint bits;

  GST_OBJECT_LOCK (self);
  bits = self->settings.sample_bits;
  GST_OBJECT_UNLOCK (self);
  return bits;
}

/* OFFSET is the sample index where both count the same. */
static void
gst_spead2_sink_use_payload (GstSpead2Sink *self)
{
  gsize size = self->payload.offset_size;

  spead2_layout_set_payload_type (self->layout, &self->payload.type);
  self->index.offset_counts =
      size > 0 && spead2_layout_n_samples (self->layout, 8 * size) == 8;
}

void
gst_spead2_sink_forget_caps (GstSpead2Sink *self)
{
  gst_spead2_payload_init (&self->payload, gst_spead2_sink_sample_bits (self));
  gst_spead2_sink_use_payload (self);
}

gboolean
gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GError *error = NULL;

  if (!gst_spead2_payload_from_caps (
          &self->payload, caps, gst_spead2_sink_sample_bits (self), &error)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message),
        ("caps: %" GST_PTR_FORMAT, caps));
    g_error_free (error);
    return FALSE;
  }
  gst_spead2_sink_use_payload (self);
  return TRUE;
}

/* -- data --------------------------------------------------------------------------- */

void
gst_spead2_sink_reset_stream (GstSpead2Sink *self)
{
  spead2_layout_restart (self->layout);
  gst_spead2_index_restart (&self->index);
  gst_clear_structure (&self->waiting);
  gst_clear_structure (&self->given);
  g_atomic_int_set (&self->started, FALSE);
}

static void
gst_spead2_sink_note_jump (
    GstSpead2Sink *self, GstBuffer *buffer, guint64 from, guint64 to)
{
  GST_OBJECT_LOCK (self);
  self->offset_jumps++;
  GST_OBJECT_UNLOCK (self);
  if (GST_BUFFER_IS_DISCONT (buffer) || self->jump_warned)
    return;

  self->jump_warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("The sample index jumps from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
       " without a discontinuity.",
          from, to),
      ("Buffer offsets do not add up; further jumps are counted in stats"));
}

static GstSpead2IndexSource
gst_spead2_sink_index_source (GstSpead2Sink *self)
{
  return g_atomic_int_get (&self->settings.index_source);
}

static void
gst_spead2_sink_count (GstSpead2Sink *self, GstBuffer *buffer)
{
  Spead2HeapValues values;
  guint64 from, to;

  gst_spead2_payload_find (&self->payload, buffer, &values);
  if (values.size > 0 &&
      gst_spead2_index_arrive (&self->index,
          gst_spead2_sink_index_source (self), buffer,
          spead2_layout_n_samples (self->layout, values.size), &from, &to))
    gst_spead2_sink_note_jump (self, buffer, from, to);
}

/* An event's values are for the buffer behind it, even if the base class drops
 * that. */
static void
gst_spead2_sink_take_waiting (GstSpead2Sink *self)
{
  gst_clear_structure (&self->given);
  self->given = g_steal_pointer (&self->waiting);
}

GstFlowReturn
gst_spead2_sink_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (parent);

  gst_spead2_index_expect (&self->index);
  /* An empty one is no heap. */
  if (gst_buffer_get_size (buffer) > 0)
    gst_spead2_sink_take_waiting (self);
  gst_spead2_sink_count (self, buffer);
  return self->chain (pad, parent, buffer);
}

GstFlowReturn
gst_spead2_sink_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (parent);
  guint i, n = gst_buffer_list_length (list);

  gst_spead2_index_expect (&self->index);
  gst_spead2_sink_take_waiting (self);
  for (i = 0; i < n; i++)
    gst_spead2_sink_count (self, gst_buffer_list_get (list, i));
  return self->chain_list (pad, parent, list);
}

static void
gst_spead2_sink_note_wrap (GstSpead2Sink *self, guint64 index)
{
  guint64 wraps = gst_spead2_index_wraps (&self->index, index, self->flavour);

  GST_OBJECT_LOCK (self);
  self->index_wraps = wraps;
  GST_OBJECT_UNLOCK (self);
  if (wraps > 0 && !self->wrap_warned) {
    self->wrap_warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The timestamp has wrapped: sample index %" G_GUINT64_FORMAT
         " needs more than %u bits. Set heap-address-bits=48 to count longer.",
            index, self->flavour),
        ("Values go on modulo 2^%u", self->flavour));
  }
}

static GstFlowReturn
gst_spead2_sink_send_error (GstSpead2Sink *self, GError *error)
{
  GST_ELEMENT_ERROR (self, STREAM, FAILED, ("%s", error->message), (NULL));
  g_error_free (error);
  return GST_FLOW_ERROR;
}

/* Whether PAUSED is wanted. The base class does not always know: it takes the
 * streaming thread for waiting until that wakes, and then lets it render. */
static gboolean
gst_spead2_sink_is_paused (GstSpead2Sink *self)
{
  return GST_STATE_TARGET (self) == GST_STATE_PAUSED;
}

/* Waits in a pause. A step ends the wait of the base class; the heap that the
 * sink waits with goes first, and it cannot go before PLAYING. */
static GstFlowReturn
gst_spead2_sink_wait_playing (GstSpead2Sink *self)
{
  GstFlowReturn flow;

  do {
    flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
  } while (flow == FLOW_STEP ||
      (flow == GST_FLOW_OK && gst_spead2_sink_is_paused (self)));
  return flow;
}

/* What a wait that was ended by flushing means. */
static GstFlowReturn
gst_spead2_sink_flushing (GstSpead2Sink *self)
{
  return g_atomic_int_get (&self->failed) ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
}

/* Hands heaps over; pausing interrupts the wait for room, and resuming goes on
 * with the same heap. Takes the heaps in any case. pushed: whether any was
 * accepted. */
static GstFlowReturn
gst_spead2_sink_push (
    GstSpead2Sink *self, Spead2Heap **heaps, guint n, gboolean *pushed)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GError *error = NULL;
  guint i = 0, n_pushed;

  while (i < n && flow == GST_FLOW_OK) {
    Spead2SenderStatus status = SPEAD2_SENDER_INTERRUPTED;

    n_pushed = 0;
    /* Waiting for room, it would not let the base class's lock go. */
    if (!gst_spead2_sink_is_paused (self))
      status = spead2_sender_push (
          self->sender, heaps + i, n - i, &n_pushed, &error);
    i += n_pushed;
    switch (status) {
      case SPEAD2_SENDER_OK:
        break;
      case SPEAD2_SENDER_INTERRUPTED:
        flow = gst_spead2_sink_wait_playing (self);
        break;
      case SPEAD2_SENDER_FLUSHING:
        flow = gst_spead2_sink_flushing (self);
        break;
      case SPEAD2_SENDER_REFUSED:
        flow = gst_spead2_sink_send_error (self, error);
        break;
    }
  }
  *pushed = i > 0;
  for (; i < n; i++)
    spead2_heap_free (heaps[i]);
  return flow;
}

/* Tells of values that no item takes. */
static void
gst_spead2_sink_check_given (GstSpead2Sink *self, const GstStructure *given)
{
  gint i, n = given && !self->given_warned ? gst_structure_n_fields (given) : 0;

  for (i = 0; i < n; i++) {
    const gchar *name = gst_structure_nth_field_name (given, i);

    if (g_str_equal (name, SPEAD2_HEAP_CNT_NAME) ||
        spead2_items_find (self->items, name))
      continue;
    self->given_warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The application gives a value for '%s', which no item of that name "
         "takes with value=meta: it is not sent.",
            name),
        ("%" GST_PTR_FORMAT, given));
    return;
  }
}

/* The index on the wire of the stream's first heap. */
static gboolean
gst_spead2_sink_first_index (GstSpead2Sink *self,
    const Spead2HeapValues *values, guint64 *first, GError **error)
{
  guint64 n = spead2_layout_n_samples (self->layout, values->size);
  gint64 epoch, rate;
  guint64 date;

  GST_OBJECT_LOCK (self);
  *first = values->sample_index + self->settings.first_sample;
  epoch = self->settings.sync_epoch;
  rate = self->settings.sample_rate;
  GST_OBJECT_UNLOCK (self);
  if (epoch < 0)
    return TRUE;

  if (rate == 0)
    rate = self->payload.rate;
  if (rate == 0 || n == 0) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "sync-epoch needs to know how many samples a second there are: caps do "
        "not say it, so set sample-rate");
    return FALSE;
  }
  if (!gst_spead2_clock_date (GST_BASE_SINK (self), values->buffer,
          GST_SPEAD2_TIME_UTC | GST_SPEAD2_TIME_PTP, &date, error))
    return FALSE;
  if (date < (guint64) epoch) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "sync-epoch %" G_GINT64_FORMAT " is later than the first heap, "
        "%" G_GUINT64_FORMAT " ns since 1970",
        epoch, date);
    return FALSE;
  }
  *first += gst_spead2_clock_index (date, epoch, rate, n);
  return TRUE;
}

/* What there is to know of a buffer's heap. */
static gboolean
gst_spead2_sink_find_values (GstSpead2Sink *self, GstBuffer *buffer,
    Spead2HeapValues *values, GError **error)
{
  GstBaseSink *base = GST_BASE_SINK (self);
  GstClockTime running;

  values->own[0] = gst_spead2_items_of_buffer (buffer);
  values->own[1] = self->given;
  gst_spead2_sink_check_given (self, values->own[0]);
  gst_spead2_sink_check_given (self, values->own[1]);

  if (self->timed) {
    running = gst_element_get_current_running_time (GST_ELEMENT (self));
    values->running_time = running == GST_CLOCK_TIME_NONE ? 0 : running;
  }
  return (!self->uses_utc ||
             gst_spead2_clock_date (
                 base, buffer, GST_SPEAD2_TIME_UTC, &values->utc_ns, error)) &&
      (!self->uses_ptp ||
          gst_spead2_clock_date (
              base, buffer, GST_SPEAD2_TIME_PTP, &values->ptp_ns, error));
}

/* What goes in front of a heap: the start of the stream, and descriptors in a
 * heap of their own. */
static gboolean
gst_spead2_sink_add_in_front (GstSpead2Sink *self, HeapBatch *batch,
    const Spead2HeapValues *values, GError **error)
{
  Spead2Heap *heap;

  if (batch->n == 0 && !g_atomic_int_get (&self->started) &&
      g_atomic_int_get (&self->settings.send_start_heap))
    batch->heaps[batch->n++] =
        spead2_heap_new_control (self->flavour, SPEAD2_CTRL_START);
  if (!spead2_layout_wants_descriptor_heap (self->layout, values))
    return TRUE;

  heap = spead2_layout_make_descriptor_heap (self->layout, values, error);
  if (heap)
    batch->heaps[batch->n++] = heap;
  return heap != NULL;
}

/* The heap with these values, and what goes in front of it. */
static gboolean
gst_spead2_sink_add_heap (GstSpead2Sink *self, HeapBatch *batch,
    Spead2HeapValues *values, GError **error)
{
  guint64 index = values->sample_index;
  Spead2Heap *heap;

  if (!self->index.have_base) {
    guint64 first;

    if (!gst_spead2_sink_first_index (self, values, &first, error))
      return FALSE;
    gst_spead2_index_set_first (&self->index, index, first);
  }
  values->sample_index += self->index.base;

  if (!gst_spead2_sink_add_in_front (self, batch, values, error))
    return FALSE;
  heap = spead2_layout_make_heap (self->layout, values, error);
  if (heap == NULL)
    return FALSE;
  batch->heaps[batch->n++] = heap;

  gst_spead2_index_pushed (&self->index, index,
      spead2_layout_n_samples (self->layout, values->size));
  gst_spead2_sink_note_wrap (self, values->sample_index);
  return TRUE;
}

/* The heaps of a buffer; none where there is nothing to send. */
static gboolean
gst_spead2_sink_add_buffer (
    GstSpead2Sink *self, HeapBatch *batch, GstBuffer *buffer, GError **error)
{
  Spead2HeapValues values = {0};
  gboolean added;

  gst_spead2_payload_find (&self->payload, buffer, &values);
  if (values.size == 0)
    return TRUE;

  values.sample_index = gst_spead2_index_of (
      &self->index, gst_spead2_sink_index_source (self), buffer);
  if (g_atomic_int_compare_and_exchange (&self->redescribe, TRUE, FALSE))
    spead2_layout_forget_descriptors (self->layout);
  if (g_atomic_int_compare_and_exchange (&self->requested, TRUE, FALSE))
    spead2_layout_request_descriptors (self->layout);

  added = gst_spead2_sink_find_values (self, buffer, &values, error) &&
      gst_spead2_sink_add_heap (self, batch, &values, error);
  gst_clear_structure (&self->given);
  return added;
}

/* Sends at most BUFFERS_AT_ONCE buffers: one way into the queue for all. */
static GstFlowReturn
gst_spead2_sink_send (GstSpead2Sink *self, GstBuffer *const *buffers, guint n)
{
  HeapBatch batch;
  GError *error = NULL;
  GstFlowReturn flow;
  gboolean pushed;
  guint i;

  if (g_atomic_int_get (&self->failed))
    return GST_FLOW_ERROR;

  batch.n = 0;
  for (i = 0; i < n && error == NULL; i++)
    gst_spead2_sink_add_buffer (self, &batch, buffers[i], &error);
  /* Those before the one that cannot be sent go. */
  flow = gst_spead2_sink_push (self, batch.heaps, batch.n, &pushed);
  if (pushed) {
    g_atomic_int_set (&self->started, TRUE);
    g_atomic_int_set (&self->stop_pending, TRUE);
  }
  if (error == NULL)
    return flow;
  if (flow == GST_FLOW_OK)
    return gst_spead2_sink_send_error (self, error);
  g_error_free (error);
  return flow;
}

GstFlowReturn
gst_spead2_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  return gst_spead2_sink_send (GST_SPEAD2_SINK (base), &buffer, 1);
}

GstFlowReturn
gst_spead2_sink_render_list (GstBaseSink *base, GstBufferList *list)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstBuffer *buffers[BUFFERS_AT_ONCE];
  guint i, k, n = gst_buffer_list_length (list);
  GstFlowReturn flow = GST_FLOW_OK;

  for (i = 0; i < n && flow == GST_FLOW_OK; i += k) {
    for (k = 0; k < BUFFERS_AT_ONCE && i + k < n; k++)
      buffers[k] = gst_buffer_list_get (list, i + k);
    flow = gst_spead2_sink_send (self, buffers, k);
  }
  return flow;
}

/* Waits until all heaps have ended; pausing interrupts and resumes it. */
static GstFlowReturn
gst_spead2_sink_drain (GstSpead2Sink *self)
{
  for (;;) {
    Spead2SenderStatus status = SPEAD2_SENDER_INTERRUPTED;
    GstFlowReturn flow;

    if (!gst_spead2_sink_is_paused (self))
      status = spead2_sender_drain (self->sender, TRUE);
    switch (status) {
      case SPEAD2_SENDER_OK:
        return GST_FLOW_OK;
      case SPEAD2_SENDER_INTERRUPTED:
        flow = gst_spead2_sink_wait_playing (self);
        if (flow != GST_FLOW_OK)
          return flow;
        break;
      default:
        return gst_spead2_sink_flushing (self);
    }
  }
}

GstFlowReturn
gst_spead2_sink_end_stream (GstSpead2Sink *self)
{
  GstFlowReturn flow = gst_spead2_sink_drain (self);
  gboolean pushed;

  if (flow == GST_FLOW_OK &&
      g_atomic_int_get (&self->settings.send_stop_heap)) {
    Spead2Heap *stop =
        spead2_heap_new_control (self->flavour, SPEAD2_CTRL_STOP);

    g_atomic_int_set (&self->stop_pending, FALSE);
    flow = gst_spead2_sink_push (self, &stop, 1, &pushed);
    /* Told that it has gone, the element would not try again in READY. */
    if (!pushed)
      g_atomic_int_set (&self->stop_pending, TRUE);
    if (flow == GST_FLOW_OK)
      flow = gst_spead2_sink_drain (self);
  }
  if (flow == GST_FLOW_OK) {
    gst_spead2_sink_report_rest (&self->reports);
    spead2_layout_forget_descriptors (self->layout);
    g_atomic_int_set (&self->started, FALSE);
  }
  return flow;
}

void
gst_spead2_sink_skip_gap (GstSpead2Sink *self, GstEvent *event)
{
  GstClockTime duration;
  guint64 rate;

  gst_event_parse_gap (event, NULL, &duration);
  GST_OBJECT_LOCK (self);
  rate = self->settings.sample_rate ? self->settings.sample_rate
                                    : self->payload.rate;
  GST_OBJECT_UNLOCK (self);
  if (duration != GST_CLOCK_TIME_NONE)
    gst_spead2_index_skip (
        &self->index, gst_util_uint64_scale_round (duration, rate, GST_SECOND));
}

/* -- action signals --------------------------------------------------------------- */

gboolean
gst_spead2_sink_send_descriptors (GstSpead2Sink *self)
{
  gboolean open;

  GST_OBJECT_LOCK (self);
  open = self->sender != NULL;
  GST_OBJECT_UNLOCK (self);
  g_atomic_int_set (&self->requested, open);
  return open;
}

/* In the application's thread: closing the sender ends the wait for room, and
 * then waits for this. */
gboolean
gst_spead2_sink_send_stop (GstSpead2Sink *self)
{
  Spead2SenderStatus status;
  Spead2Sender *sender;
  Spead2Heap *heap;
  guint n_pushed;

  GST_OBJECT_LOCK (self);
  sender = self->sender;
  self->n_stopping += sender != NULL;
  GST_OBJECT_UNLOCK (self);
  if (sender == NULL)
    return FALSE;

  heap = spead2_heap_new_control (self->flavour, SPEAD2_CTRL_STOP);
  g_atomic_int_set (&self->stop_pending, FALSE);
  do
    status = spead2_sender_push (sender, &heap, 1, &n_pushed, NULL);
  while (status == SPEAD2_SENDER_INTERRUPTED);
  if (status == SPEAD2_SENDER_OK) {
    /* What comes now is another stream to the receivers. */
    g_atomic_int_set (&self->redescribe, TRUE);
    g_atomic_int_set (&self->started, FALSE);
  } else {
    g_atomic_int_set (&self->stop_pending, TRUE);
    spead2_heap_free (heap);
  }

  GST_OBJECT_LOCK (self);
  self->n_stopping--;
  g_cond_signal (&self->not_stopping);
  GST_OBJECT_UNLOCK (self);
  return status == SPEAD2_SENDER_OK;
}
