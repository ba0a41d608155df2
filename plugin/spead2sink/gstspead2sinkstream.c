/* gst-spead2: the way from a buffer to a heap: see gstspead2sinkprivate.h
 *
 * All of it runs in the streaming thread, but for the action signals.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/gstspead2dates.h"
#include "common/gstspead2itemvalues.h"
#include "gstspead2sinkprivate.h"
#include "spead2/error.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* How many heaps go into the queue together, and what may stand in front of the
 * last of them: the start of the stream, descriptors. */
#define HEAPS_AT_ONCE 64
#define HEAPS_IN_FRONT 2

/* The flavour beside SPEAD-64-40 that receivers of the field are made for. */
#define SPEAD_64_48 48

/* What gst_base_sink_wait_preroll() returns when a step ended the wait. Returned by
 * render(), it has the base class begin the step with the buffer being rendered:
 * that is rendered again, once in PLAYING, or skipped. */
#define FLOW_STEP GST_FLOW_CUSTOM_ERROR

/* Heaps that are on their way into the queue. */
typedef struct {
  Spead2Heap *heaps[HEAPS_AT_ONCE + HEAPS_IN_FRONT];
  guint n;
  guint64 running_time; /* ns, of when it was begun, if descriptors go by it */
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

/* An OFFSET is believed to be the sample index where both count the same. */
static void
gst_spead2_sink_use_payload (GstSpead2Sink *self)
{
  gsize size = self->payload.offset_size;

  spead2_layout_set_payload_type (self->layout, &self->payload.type);
  gst_spead2_index_set_caps (&self->index,
      size > 0 && spead2_layout_n_samples (self->layout, 8 * size) == 8,
      &self->payload.rate);
}

void
gst_spead2_sink_forget_caps (GstSpead2Sink *self)
{
  gst_spead2_payload_init (&self->payload, gst_spead2_sink_sample_bits (self));
  gst_spead2_sink_use_payload (self);
  gst_clear_caps (&self->refused);
}

/* Whether buffers of these caps can be cut. */
static gboolean
gst_spead2_sink_check_heap_size (GstSpead2Sink *self, GError **error)
{
  if (self->adapter.heap_size == 0)
    return TRUE;
  if (self->payload.is_video) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "heap-size=%" G_GSIZE_FORMAT
        " would cut pictures, and a picture is one heap: set "
        "heap-size=0 in NULL or READY",
        self->adapter.heap_size);
    return FALSE;
  }
  if (spead2_layout_check_size (self->layout, self->adapter.heap_size, error))
    return TRUE;
  g_prefix_error (
      error, "heap-size=%" G_GSIZE_FORMAT ": ", self->adapter.heap_size);
  return FALSE;
}

/* -- data --------------------------------------------------------------------------- */

/* Called with the object lock. What comes behind it is another stream to the
 * receivers. FALSE while flushing. */
static gboolean
gst_spead2_sink_push_stop_heap (GstSpead2Sink *self)
{
  Spead2Heap *stop = spead2_heap_new_control (self->flavour, SPEAD2_CTRL_STOP);
  gint was_pending = g_atomic_int_get (&self->stop_pending);

  g_atomic_int_set (&self->stop_pending, FALSE);
  if (!spead2_sender_push_control (self->sender, stop)) {
    g_atomic_int_set (&self->stop_pending, was_pending);
    spead2_heap_free (stop);
    return FALSE;
  }
  g_atomic_int_set (&self->redescribe, TRUE);
  g_atomic_int_set (&self->started, FALSE);
  return TRUE;
}

/* Heaps are made as the receivers know the stream now. No stop heap comes between
 * them and what was pushed, until gst_spead2_sink_end_making(). */
static void
gst_spead2_sink_begin_making (GstSpead2Sink *self)
{
  GST_OBJECT_LOCK (self);
  self->making = TRUE;
  GST_OBJECT_UNLOCK (self);
}

/* The heaps have been pushed, or freed. */
static void
gst_spead2_sink_end_making (GstSpead2Sink *self)
{
  GST_OBJECT_LOCK (self);
  if (self->stop_wanted)
    gst_spead2_sink_push_stop_heap (self);
  self->making = self->stop_wanted = FALSE;
  GST_OBJECT_UNLOCK (self);
}

/* Heaps that are left were made of a buffer that a step has skipped: what they
 * describe is unknown to the receivers. */
static void
gst_spead2_sink_drop_left (GstSpead2Sink *self)
{
  guint i;

  if (self->left->len == 0)
    return;
  for (i = 0; i < self->left->len; i++) {
    Spead2Heap *heap = g_ptr_array_index (self->left, i);

    if (heap->flags & SPEAD2_HEAP_DESCRIBES)
      g_atomic_int_set (&self->redescribe, TRUE);
    spead2_heap_free (heap);
  }
  g_ptr_array_set_size (self->left, 0);
  gst_spead2_sink_end_making (self);
}

void
gst_spead2_sink_reset_stream (GstSpead2Sink *self)
{
  gst_spead2_sink_drop_left (self);
  spead2_layout_restart (self->layout);
  gst_spead2_index_restart (&self->index);
  gst_spead2_adapter_reset (&self->adapter);
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
      ("Buffer offsets do not add up. If no samples are missing, set "
       "index-source=count. Further jumps are counted in stats"));
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
  GstFlowReturn flow;

  gst_spead2_index_expect (&self->index);
  /* An empty one is no heap. */
  if (gst_buffer_get_size (buffer) > 0)
    gst_spead2_sink_take_waiting (self);
  gst_spead2_sink_count (self, buffer);
  self->made = FALSE;
  flow = self->chain (pad, parent, buffer);
  gst_spead2_sink_drop_left (self);
  return flow;
}

GstFlowReturn
gst_spead2_sink_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (parent);
  guint i, n = gst_buffer_list_length (list);
  GstFlowReturn flow;

  gst_spead2_index_expect (&self->index);
  gst_spead2_sink_take_waiting (self);
  for (i = 0; i < n; i++)
    gst_spead2_sink_count (self, gst_buffer_list_get (list, i));
  self->made = FALSE;
  flow = self->chain_list (pad, parent, list);
  gst_spead2_sink_drop_left (self);
  return flow;
}

const Spead2Item *
gst_spead2_sink_find_index_item (const Spead2Items *items)
{
  const Spead2Item *narrowest = NULL;
  guint i;

  for (i = 0; i < items->n_items; i++) {
    const Spead2Item *item = &items->items[i];

    if (item->source == SPEAD2_SOURCE_SAMPLE_INDEX &&
        (narrowest == NULL || item->bits < narrowest->bits))
      narrowest = item;
  }
  return narrowest;
}

/* Whether an item may be as wide as an address, and all ids fit a flavour whose
 * addresses are wider. */
static gboolean
gst_spead2_sink_fits_wide_flavour (GstSpead2Sink *self, const Spead2Item *item)
{
  guint i;

  if (item->limit != spead2_flavour_max_value (self->flavour) ||
      self->flavour >= SPEAD_64_48)
    return FALSE;
  for (i = 0; i < self->items->n_items; i++)
    if (self->items->items[i].id > spead2_flavour_max_id (SPEAD_64_48))
      return FALSE;
  return TRUE;
}

static void
gst_spead2_sink_note_wrap (GstSpead2Sink *self, guint64 index)
{
  const Spead2Item *item = self->index_item;
  guint bits = item ? item->bits : 64;
  guint64 wraps = gst_spead2_index_send (&self->index, index, bits);

  if (wraps == 0)
    return;
  GST_OBJECT_LOCK (self);
  self->index_wraps += wraps;
  GST_OBJECT_UNLOCK (self);
  if (self->wrap_warned)
    return;

  self->wrap_warned = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("The %s has wrapped: sample index %" G_GUINT64_FORMAT
       " needs more than %u bits. To count longer, set %s in NULL or READY.",
          item->name, index, bits,
          gst_spead2_sink_fits_wide_flavour (self, item)
              ? "heap-address-bits=48"
              : "its format to u64 and its mode to addressed in items"),
      ("Values go on modulo 2^%u", bits));
}

/* Whether nothing may be sent now. The base class does not always prevent that in
 * PAUSED: it takes the streaming thread for waiting until that wakes, and then lets
 * it render. Where it renders on the way to PAUSED (a step that flushes, a buffer
 * without a place in the segment), it means to. */
static gboolean
gst_spead2_sink_is_paused (GstSpead2Sink *self)
{
  return GST_STATE_TARGET (self) == GST_STATE_PAUSED &&
      !GST_BASE_SINK (self)->playing_async;
}

/* Waits in a pause, until PLAYING, a flush or a step. */
static GstFlowReturn
gst_spead2_sink_wait_playing (GstSpead2Sink *self)
{
  GstFlowReturn flow;

  do {
    flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
  } while (flow == GST_FLOW_OK && gst_spead2_sink_is_paused (self));
  return flow;
}

/* What a wait that was ended by flushing means. */
static GstFlowReturn
gst_spead2_sink_flushing (GstSpead2Sink *self)
{
  return g_atomic_int_get (&self->failed) ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
}

/* Waits until all heaps have ended; pausing interrupts and resumes it. FLOW_STEP: a
 * step has ended the wait. */
static GstFlowReturn
gst_spead2_sink_drain (GstSpead2Sink *self)
{
  GstFlowReturn flow = GST_FLOW_OK;

  while (flow == GST_FLOW_OK) {
    Spead2SenderStatus status = SPEAD2_SENDER_INTERRUPTED;

    if (!gst_spead2_sink_is_paused (self))
      status = spead2_sender_drain (self->sender, TRUE);
    if (status == SPEAD2_SENDER_OK)
      return GST_FLOW_OK;
    if (status != SPEAD2_SENDER_INTERRUPTED)
      return gst_spead2_sink_flushing (self);
    flow = gst_spead2_sink_wait_playing (self);
  }
  return flow;
}

/* Waits until what was accepted has gone, or failed: before an error, upon which
 * an application goes to NULL. */
static GstFlowReturn
gst_spead2_sink_wait_sent (GstSpead2Sink *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  Spead2SenderStats stats;

  spead2_sender_get_stats (self->sender, &stats);
  if (stats.outstanding > 0)
    flow = gst_spead2_sink_drain (self);
  return flow == FLOW_STEP ? GST_FLOW_OK : flow;
}

/* Takes the error. */
static GstFlowReturn
gst_spead2_sink_send_error (GstSpead2Sink *self, GError *error)
{
  GstFlowReturn flow = gst_spead2_sink_wait_sent (self);

  if (flow == GST_FLOW_OK) {
    GST_ELEMENT_ERROR (self, STREAM, FAILED, ("%s", error->message), (NULL));
    flow = GST_FLOW_ERROR;
  }
  g_error_free (error);
  return flow;
}

/* Hands heaps over; pausing interrupts the wait for room, and resuming goes on
 * with the same heap. n_pushed says how many belong to the queue now. */
static GstFlowReturn
gst_spead2_sink_push (
    GstSpead2Sink *self, Spead2Heap *const *heaps, guint n, guint *n_pushed)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GError *error = NULL;
  guint i = 0;

  while (i < n && flow == GST_FLOW_OK) {
    Spead2SenderStatus status = SPEAD2_SENDER_INTERRUPTED;
    guint n_more = 0;

    /* Waiting for room, it would not let the base class's lock go. */
    if (!gst_spead2_sink_is_paused (self))
      status =
          spead2_sender_push (self->sender, heaps + i, n - i, &n_more, &error);
    i += n_more;
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
  *n_pushed = i;
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

static GstSpead2Rate
gst_spead2_sink_sample_rate (GstSpead2Sink *self)
{
  GstSpead2Rate rate;

  GST_OBJECT_LOCK (self);
  rate.numerator = self->settings.sample_rate;
  rate.denominator = self->settings.sample_rate_denominator;
  GST_OBJECT_UNLOCK (self);
  return rate.numerator > 0 ? rate : self->payload.rate;
}

static gboolean
gst_spead2_sink_find_date (GstSpead2Sink *self, GstBuffer *buffer,
    GstSpead2TimeScale scales, guint64 *ns, GError **error)
{
  GstElement *element = GST_ELEMENT (self);
  const GstSpead2Timeline timeline = {.clock = gst_element_get_clock (element),
      .base_time = gst_element_get_base_time (element),
      .segment = &GST_BASE_SINK (self)->segment};
  gboolean found = gst_spead2_dates_find (buffer, &timeline, scales, ns, error);

  if (timeline.clock)
    gst_object_unref (timeline.clock);
  return found;
}

/* The index on the wire of the stream's first heap. */
static gboolean
gst_spead2_sink_first_index (GstSpead2Sink *self,
    const Spead2HeapValues *values, guint64 *first, GError **error)
{
  gsize heap_size = self->adapter.heap_size;
  guint64 n = spead2_layout_n_samples (
      self->layout, heap_size ? heap_size : values->size);
  GstSpead2Rate rate = gst_spead2_sink_sample_rate (self);
  gint64 epoch;
  guint64 date;

  GST_OBJECT_LOCK (self);
  *first = values->sample_index + self->settings.first_sample;
  epoch = self->settings.sync_epoch;
  GST_OBJECT_UNLOCK (self);
  if (epoch < 0)
    return TRUE;

  if (rate.numerator == 0 || n == 0) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "sync-epoch needs to know how many samples a second there are: caps do "
        "not say it, so set sample-rate in NULL or READY");
    return FALSE;
  }
  if (!gst_spead2_sink_find_date (self, values->buffer,
          GST_SPEAD2_TIME_UTC | GST_SPEAD2_TIME_PTP, &date, error))
    return FALSE;
  if (date < (guint64) epoch) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "sync-epoch %" G_GINT64_FORMAT " is later than the first heap, "
        "%" G_GUINT64_FORMAT " ns since 1970",
        epoch, date);
    return FALSE;
  }
  *first += gst_spead2_rate_units (&rate, date - epoch, n);
  return TRUE;
}

/* Several heaps cannot have one counter. */
static gboolean
gst_spead2_sink_check_given_cnt (
    GstSpead2Sink *self, const Spead2HeapValues *values, GError **error)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (values->own); i++) {
    if (values->own[i] == NULL ||
        !gst_structure_has_field (values->own[i], SPEAD2_HEAP_CNT_NAME))
      continue;
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "The application gives a heap-cnt for a buffer of %" G_GSIZE_FORMAT
        " bytes, which heap-size=%" G_GSIZE_FORMAT
        " cuts into several heaps: leave it out, push one buffer a heap, or "
        "set heap-size=0",
        values->size, self->adapter.heap_size);
    return FALSE;
  }
  return TRUE;
}

/* What there is to know of a buffer. */
static gboolean
gst_spead2_sink_find_values (GstSpead2Sink *self, GstBuffer *buffer,
    Spead2HeapValues *values, GError **error)
{
  guint i;

  values->sample_index =
      gst_spead2_index_next (&self->index, gst_spead2_sink_index_source (self),
          buffer, spead2_layout_n_samples (self->layout, values->size));
  values->own[0] = gst_spead2_item_values_of_buffer (buffer);
  values->own[1] = self->given;
  for (i = 0; i < G_N_ELEMENTS (values->own); i++)
    gst_spead2_sink_check_given (self, values->own[i]);
  return (!self->uses_utc ||
             gst_spead2_sink_find_date (
                 self, buffer, GST_SPEAD2_TIME_UTC, &values->utc_ns, error)) &&
      (!self->uses_ptp ||
          gst_spead2_sink_find_date (
              self, buffer, GST_SPEAD2_TIME_PTP, &values->ptp_ns, error));
}

/* What counts for a batch, and the start of the stream. */
static void
gst_spead2_sink_begin_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  GstClockTime running;

  gst_spead2_sink_begin_making (self);
  if (g_atomic_int_compare_and_exchange (&self->redescribe, TRUE, FALSE))
    spead2_layout_forget_descriptors (self->layout);
  if (g_atomic_int_compare_and_exchange (&self->requested, TRUE, FALSE))
    spead2_layout_request_descriptors (self->layout);

  batch->running_time = 0;
  if (self->timed) {
    running = gst_element_get_current_running_time (GST_ELEMENT (self));
    batch->running_time = running == GST_CLOCK_TIME_NONE ? 0 : running;
  }
  if (!g_atomic_int_get (&self->started) &&
      g_atomic_int_get (&self->settings.send_start_heap))
    batch->heaps[batch->n++] =
        spead2_heap_new_control (self->flavour, SPEAD2_CTRL_START);
}

/* What goes in front of a heap: what the batch begins with, and descriptors in a
 * heap of their own. */
static gboolean
gst_spead2_sink_add_in_front (GstSpead2Sink *self, HeapBatch *batch,
    Spead2HeapValues *values, GError **error)
{
  Spead2Heap *heap;

  if (batch->n == 0)
    gst_spead2_sink_begin_batch (self, batch);
  values->running_time = batch->running_time;
  if (!spead2_layout_wants_descriptor_heap (self->layout, values))
    return TRUE;

  heap = spead2_layout_make_descriptor_heap (self->layout, values, error);
  if (heap)
    batch->heaps[batch->n++] = heap;
  return heap != NULL;
}

/* A heap, and what goes in front of it. */
static gboolean
gst_spead2_sink_add_heap (GstSpead2Sink *self, HeapBatch *batch,
    Spead2HeapValues *values, GError **error)
{
  Spead2Heap *heap;

  values->sample_index += self->index.base;
  if (!gst_spead2_sink_add_in_front (self, batch, values, error))
    return FALSE;
  heap = spead2_layout_make_heap (self->layout, values, error);
  if (heap == NULL)
    return FALSE;
  batch->heaps[batch->n++] = heap;
  gst_spead2_sink_note_wrap (self, values->sample_index);
  return TRUE;
}

/* n heaps more are in the queue. */
static void
gst_spead2_sink_note_pushed (GstSpead2Sink *self, guint n)
{
  if (n > 0) {
    g_atomic_int_set (&self->started, TRUE);
    g_atomic_int_set (&self->stop_pending, TRUE);
  }
  if (self->left->len == 0)
    gst_spead2_sink_end_making (self);
}

/* Hands over the heaps that are left, of which some may still be left then. */
static GstFlowReturn
gst_spead2_sink_push_left (GstSpead2Sink *self)
{
  guint n_pushed;
  GstFlowReturn flow = gst_spead2_sink_push (
      self, (Spead2Heap **) self->left->pdata, self->left->len, &n_pushed);

  if (n_pushed > 0)
    g_ptr_array_remove_range (self->left, 0, n_pushed);
  gst_spead2_sink_note_pushed (self, n_pushed);
  return flow;
}

/* One way into the queue for all of them; the batch is empty then. Once a step has
 * ended the wait, heaps are left. */
static GstFlowReturn
gst_spead2_sink_push_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  guint i, n_pushed = 0;
  GstFlowReturn flow = FLOW_STEP;

  if (batch->n > 0)
    gst_spead2_sink_report_push (&self->reports);
  if (self->left->len == 0)
    flow = gst_spead2_sink_push (self, batch->heaps, batch->n, &n_pushed);
  for (i = n_pushed; i < batch->n; i++)
    if (flow == FLOW_STEP)
      g_ptr_array_add (self->left, batch->heaps[i]);
    else
      spead2_heap_free (batch->heaps[i]);
  batch->n = 0;
  gst_spead2_sink_note_pushed (self, n_pushed);
  return flow == FLOW_STEP ? GST_FLOW_OK : flow;
}

/* The next heap cannot be made; those before it go. */
static GstFlowReturn
gst_spead2_sink_end_batch (GstSpead2Sink *self, HeapBatch *batch, GError *error)
{
  GstFlowReturn flow = gst_spead2_sink_push_batch (self, batch);

  if (flow == GST_FLOW_OK)
    return gst_spead2_sink_send_error (self, error);
  g_error_free (error);
  return flow;
}

/* Nobody else writes them while buffers come: they are read without the lock. */
static void
gst_spead2_sink_note_remainder (GstSpead2Sink *self)
{
  const GstSpead2Adapter *adapter = &self->adapter;

  if (adapter->dropped == self->remainder_bytes &&
      adapter->padding == self->padding_bytes)
    return;
  GST_OBJECT_LOCK (self);
  self->remainder_bytes = adapter->dropped;
  self->padding_bytes = adapter->padding;
  GST_OBJECT_UNLOCK (self);
}

/* All heaps that there are. A batch that is full goes. */
static GstFlowReturn
gst_spead2_sink_add_heaps (GstSpead2Sink *self, HeapBatch *batch)
{
  GstFlowReturn flow = GST_FLOW_OK;
  Spead2HeapValues values;
  GError *error = NULL;

  while (flow == GST_FLOW_OK &&
      gst_spead2_adapter_may_have_next (&self->adapter) &&
      gst_spead2_adapter_next (&self->adapter, &values, &error)) {
    if (batch->n >= HEAPS_AT_ONCE)
      flow = gst_spead2_sink_push_batch (self, batch);
    if (flow == GST_FLOW_OK &&
        !gst_spead2_sink_add_heap (self, batch, &values, &error))
      break;
  }
  gst_spead2_sink_note_remainder (self);
  if (error)
    flow = gst_spead2_sink_end_batch (self, batch, error);
  return flow;
}

/* The open heap, too, if there is one. */
static GstFlowReturn
gst_spead2_sink_add_open (GstSpead2Sink *self, HeapBatch *batch)
{
  gst_spead2_adapter_close (&self->adapter);
  return gst_spead2_sink_add_heaps (self, batch);
}

/* Hands it over. FLOW_STEP: once a step has ended the wait, heaps are left. */
static GstFlowReturn
gst_spead2_sink_push_open (GstSpead2Sink *self)
{
  HeapBatch batch = {.n = 0};
  GstFlowReturn flow = gst_spead2_sink_add_open (self, &batch);

  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_batch (self, &batch);
  return flow == GST_FLOW_OK && self->left->len > 0 ? FLOW_STEP : flow;
}

static gboolean
gst_spead2_sink_begin_buffer (
    GstSpead2Sink *self, const Spead2HeapValues *values, GError **error)
{
  GstSpead2Rate rate = {0};
  guint64 first;

  if (!self->index.have_base) {
    if (!gst_spead2_sink_first_index (self, values, &first, error))
      return FALSE;
    gst_spead2_index_set_first (&self->index, values->sample_index, first);
  }
  if (gst_spead2_adapter_cuts (&self->adapter, values)) {
    if (!gst_spead2_sink_check_given_cnt (self, values, error))
      return FALSE;
    if (self->uses_utc || self->uses_ptp) {
      rate = gst_spead2_sink_sample_rate (self);
      if (rate.numerator == 0)
        goto no_rate;
    }
  }
  gst_spead2_adapter_begin (&self->adapter, values, &rate);
  return TRUE;

  /* ERRORS */
no_rate:
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "The dates of heaps that are cut from a buffer need to know how many "
      "samples a second there are: caps do not say it, so set sample-rate in "
      "NULL "
      "or READY");
  return FALSE;
}

/* The heaps of a buffer that there is something to send of. */
static GstFlowReturn
gst_spead2_sink_add_values (
    GstSpead2Sink *self, HeapBatch *batch, Spead2HeapValues *values)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GError *error = NULL;

  if (!gst_spead2_sink_find_values (self, values->buffer, values, &error))
    goto refused;
  if (gst_spead2_adapter_is_open (&self->adapter) &&
      !gst_spead2_adapter_continues (&self->adapter, values))
    flow = gst_spead2_sink_add_open (self, batch);
  if (flow != GST_FLOW_OK)
    return flow;
  if (!gst_spead2_sink_begin_buffer (self, values, &error))
    goto refused;
  flow = gst_spead2_sink_add_heaps (self, batch);
  if (flow == GST_FLOW_OK && !gst_spead2_adapter_end (&self->adapter, &error))
    flow = gst_spead2_sink_end_batch (self, batch, error);
  return flow;

  /* ERRORS */
refused:
  flow = gst_spead2_sink_add_open (self, batch);
  if (flow == GST_FLOW_OK)
    return gst_spead2_sink_end_batch (self, batch, error);
  g_error_free (error);
  return flow;
}

static GstFlowReturn
gst_spead2_sink_add_buffer (
    GstSpead2Sink *self, HeapBatch *batch, GstBuffer *buffer)
{
  Spead2HeapValues values = {0};
  GstFlowReturn flow;

  gst_spead2_payload_find (&self->payload, buffer, &values);
  if (values.size == 0)
    return GST_FLOW_OK;

  flow = gst_spead2_sink_add_values (self, batch, &values);
  gst_clear_structure (&self->given);
  /* Nothing goes on from there. */
  if (flow != GST_FLOW_OK)
    gst_spead2_adapter_reset (&self->adapter);
  return flow;
}

/* Makes heaps of the buffers of a list, or of the one without a list, and hands
 * them over. */
static GstFlowReturn
gst_spead2_sink_make_heaps (
    GstSpead2Sink *self, GstBufferList *list, GstBuffer *buffer)
{
  guint i, n = list ? gst_buffer_list_length (list) : 1;
  GstFlowReturn flow = GST_FLOW_OK;
  HeapBatch batch;

  batch.n = 0;
  for (i = 0; i < n && flow == GST_FLOW_OK; i++)
    flow = gst_spead2_sink_add_buffer (
        self, &batch, list ? gst_buffer_list_get (list, i) : buffer);
  return flow == GST_FLOW_OK ? gst_spead2_sink_push_batch (self, &batch) : flow;
}

/* The base class renders a buffer again after a step: when that has ended a wait,
 * and, without a flush, when the step ends with the buffer. */
static GstFlowReturn
gst_spead2_sink_send (
    GstSpead2Sink *self, GstBufferList *list, GstBuffer *buffer)
{
  GstFlowReturn flow;

  if (g_atomic_int_get (&self->failed))
    return GST_FLOW_ERROR;
  if (self->made)
    return gst_spead2_sink_push_left (self);

  self->made = TRUE;
  flow = gst_spead2_sink_make_heaps (self, list, buffer);
  return flow == GST_FLOW_OK && self->left->len > 0 ? FLOW_STEP : flow;
}

GstFlowReturn
gst_spead2_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  return gst_spead2_sink_send (GST_SPEAD2_SINK (base), NULL, buffer);
}

GstFlowReturn
gst_spead2_sink_render_list (GstBaseSink *base, GstBufferList *list)
{
  return gst_spead2_sink_send (GST_SPEAD2_SINK (base), list, NULL);
}

/* -- new caps --------------------------------------------------------------------- */

/* Hands over the open heap before an event or a query that is no more of its stream;
 * a wait for PLAYING prerolls with that. Once a step has ended the wait, the heap
 * is left. Called with the preroll lock. */
static GstFlowReturn
gst_spead2_sink_end_run (GstSpead2Sink *self, GstMiniObject *before)
{
  GstFlowReturn flow;

  if (!gst_spead2_adapter_is_open (&self->adapter))
    return GST_FLOW_OK;
  flow = gst_base_sink_do_preroll (GST_BASE_SINK (self), before);
  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_open (self);
  return flow == FLOW_STEP ? GST_FLOW_OK : flow;
}

void
gst_spead2_sink_note_caps (GstSpead2Sink *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (self->refused && !gst_caps_is_equal (self->refused, caps))
    gst_clear_caps (&self->refused);
}

/* All remains as it was where caps are refused. */
static gboolean
gst_spead2_sink_take_caps (GstSpead2Sink *self, GstCaps *caps, GError **error)
{
  GstSpead2Payload before = self->payload;

  if (gst_spead2_payload_from_caps (&self->payload, caps,
          gst_spead2_sink_sample_bits (self),
          gst_spead2_items_give_type (self->items), error)) {
    gst_spead2_sink_use_payload (self);
    if (gst_spead2_sink_check_heap_size (self, error))
      return TRUE;
  }
  self->payload = before;
  gst_spead2_sink_use_payload (self);
  return FALSE;
}

gboolean
gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GError *error = NULL;

  if (self->refused ||
      gst_spead2_sink_end_run (self, GST_MINI_OBJECT_CAST (caps)) !=
          GST_FLOW_OK)
    return FALSE;
  /* A run of bytes is counted in samples of one size. */
  gst_spead2_adapter_reset (&self->adapter);
  if (!gst_spead2_sink_take_caps (self, caps, &error))
    goto refused;
  return TRUE;

  /* ERRORS */
refused:
  if (gst_spead2_sink_wait_sent (self) == GST_FLOW_OK) {
    gst_caps_replace (&self->refused, caps);
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message),
        ("caps: %" GST_PTR_FORMAT, caps));
  }
  g_error_free (error);
  return FALSE;
}

/* -- the end ---------------------------------------------------------------------- */

/* Sends the open heap at an event. A step ends there: the base class does that, and
 * waits for PLAYING. */
static GstFlowReturn
gst_spead2_sink_send_open (GstSpead2Sink *self, GstEvent *event)
{
  GstFlowReturn flow = gst_spead2_sink_push_open (self);

  while (flow == FLOW_STEP) {
    flow = gst_spead2_sink_sync_event (self, event);
    if (flow == GST_FLOW_OK)
      flow = gst_spead2_sink_push_left (self);
  }
  return flow;
}

static GstFlowReturn
gst_spead2_sink_drain_at (GstSpead2Sink *self, GstEvent *eos)
{
  GstFlowReturn flow;

  while ((flow = gst_spead2_sink_drain (self)) == FLOW_STEP) {
    flow = gst_spead2_sink_sync_event (self, eos);
    if (flow != GST_FLOW_OK)
      break;
  }
  return flow;
}

GstFlowReturn
gst_spead2_sink_end_stream (GstSpead2Sink *self, GstEvent *eos)
{
  GstFlowReturn flow = gst_spead2_sink_send_open (self, eos);

  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_drain_at (self, eos);
  if (flow == GST_FLOW_OK &&
      g_atomic_int_get (&self->settings.send_stop_heap)) {
    gboolean pushed;

    GST_OBJECT_LOCK (self);
    pushed = gst_spead2_sink_push_stop_heap (self);
    GST_OBJECT_UNLOCK (self);
    flow = pushed ? gst_spead2_sink_drain_at (self, eos)
                  : gst_spead2_sink_flushing (self);
  }
  if (flow == GST_FLOW_OK) {
    gst_spead2_sink_report_rest (&self->reports);
    if (!g_atomic_int_get (&self->settings.quiet))
      gst_spead2_sink_report_summary (&self->reports, self->sender);
    gst_spead2_sink_report_restart_summary (&self->reports, self->sender);
    spead2_layout_forget_descriptors (self->layout);
    g_atomic_int_set (&self->started, FALSE);
  }
  return flow;
}

void
gst_spead2_sink_drain_all (GstSpead2Sink *self, GstQuery *query)
{
  GstBaseSink *base = GST_BASE_SINK (self);

  GST_BASE_SINK_PREROLL_LOCK (base);
  gst_spead2_sink_end_run (self, GST_MINI_OBJECT_CAST (query));
  GST_BASE_SINK_PREROLL_UNLOCK (base);
  spead2_sender_drain (self->sender, FALSE);
}

GstFlowReturn
gst_spead2_sink_skip_gap (GstSpead2Sink *self, GstEvent *event)
{
  GstFlowReturn flow = gst_spead2_sink_send_open (self, event);
  GstSpead2Rate rate = gst_spead2_sink_sample_rate (self);
  GstClockTime duration;

  gst_event_parse_gap (event, NULL, &duration);
  if (flow == GST_FLOW_OK && duration != GST_CLOCK_TIME_NONE)
    gst_spead2_index_skip (&self->index, &rate, duration);
  return flow;
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

/* Any thread, also where a buffer is freed or a heap ends: nothing here waits. The
 * stop heap goes behind heaps that are made already and not yet in the queue, by
 * the thread that has made them. */
gboolean
gst_spead2_sink_send_stop (GstSpead2Sink *self)
{
  gboolean accepted = FALSE;

  GST_OBJECT_LOCK (self);
  if (self->sender && self->making)
    accepted = self->stop_wanted = !spead2_sender_is_closed (self->sender);
  else if (self->sender)
    accepted = gst_spead2_sink_push_stop_heap (self);
  GST_OBJECT_UNLOCK (self);
  return accepted;
}
