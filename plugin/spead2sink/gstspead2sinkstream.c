/* gst-spead2: buffers and events of spead2sink: see
 * gstspead2sinkprivate.h
 *
 * All of it runs in the streaming thread, but for the action signals.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* Heaps that are pushed together, at most. */
#define HEAPS_AT_ONCE 64

/* What gst_base_sink_wait_preroll() returns when a step ended the wait. Returned by
 * render(), it has the base class begin the step with the buffer being rendered:
 * that is rendered again, once in PLAYING, or skipped. */
#define FLOW_STEP GST_FLOW_CUSTOM_ERROR

/* Heaps that are on their way into the queue. */
typedef struct {
  Spead2Heap *heaps[HEAPS_AT_ONCE + GST_SPEAD2_HEAP_MAKER_MAX_HEAPS];
  guint n;
  guint n_kept; /* the first ones, up to the first that has a payload, if that
                   begins with bytes of earlier buffers */
  gboolean begins_open; /* it does, and is not made yet */
} HeapBatch;

/* -- data --------------------------------------------------------------------------- */

/* Called with the object lock. Heaps behind it are another stream to the receivers.
 * FALSE while flushing. */
static gboolean
gst_spead2_sink_push_stop_heap (GstSpead2Sink *self)
{
  Spead2Heap *stop = gst_spead2_sink_new_control (self, SPEAD2_CTRL_STOP);
  gint before = g_atomic_int_get (&self->end);

  /* First: the heap may be lost at once. */
  g_atomic_int_set (&self->end, GST_SPEAD2_SINK_END_SENT);
  if (!spead2_sender_push_control (self->sender, stop)) {
    g_atomic_int_set (&self->end, before);
    spead2_heap_free (stop);
    return FALSE;
  }
  g_atomic_int_set (&self->redescribe, TRUE);
  g_atomic_int_set (&self->started, FALSE);
  return TRUE;
}

/* From here to gst_spead2_sink_end_making() no stop heap is pushed: the heaps that are
 * made between assume what the receivers have been sent so far. */
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

/* Drops the heaps that are left, but for the first ones: their descriptions are sent
 * again. */
static void
gst_spead2_sink_drop_left (GstSpead2Sink *self, guint n_kept)
{
  guint i;

  if (self->left->len == n_kept)
    return;
  for (i = n_kept; i < self->left->len; i++) {
    Spead2Heap *heap = g_ptr_array_index (self->left, i);

    if (heap->flags & SPEAD2_HEAP_DESCRIBES)
      g_atomic_int_set (&self->redescribe, TRUE);
    spead2_heap_free (heap);
  }
  g_ptr_array_set_size (self->left, n_kept);
  self->n_kept = n_kept;
  if (n_kept == 0)
    gst_spead2_sink_end_making (self);
}

void
gst_spead2_sink_reset_stream (GstSpead2Sink *self)
{
  gst_spead2_sink_drop_left (self, 0);
  gst_spead2_heap_maker_restart (self->maker);
  g_atomic_int_set (&self->started, FALSE);
}

static GstSpead2IndexSource
gst_spead2_sink_index_source (GstSpead2Sink *self)
{
  return g_atomic_int_get (&self->settings.index_source);
}

GstFlowReturn
gst_spead2_sink_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (parent);
  GstFlowReturn flow;

  gst_spead2_heap_maker_arrive (
      self->maker, buffer, gst_spead2_sink_index_source (self));
  self->made = FALSE;
  flow = self->chain (pad, parent, buffer);
  gst_spead2_sink_drop_left (self, self->n_kept);
  return flow;
}

GstFlowReturn
gst_spead2_sink_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (parent);
  GstFlowReturn flow;

  gst_spead2_heap_maker_arrive_list (
      self->maker, list, gst_spead2_sink_index_source (self));
  self->made = FALSE;
  flow = self->chain_list (pad, parent, list);
  gst_spead2_sink_drop_left (self, self->n_kept);
  return flow;
}

/* Whether nothing may be sent now. In PAUSED the base class can still call render(): when
 * the streaming thread has not yet woken from its last wait. Rendering on the way to
 * PAUSED (playing_async: a step that flushes, a buffer outside of the segment) is
 * intended. */
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

/* The result of a wait that flushing has ended. */
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

/* Waits until accepted heaps have been sent, or have failed: before an error, since
 * applications then set NULL. */
static GstFlowReturn
gst_spead2_sink_wait_sent (GstSpead2Sink *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  Spead2SenderStats stats;

  spead2_sender_get_stats (self->sender, &stats);
  if (stats.outstanding > 0)
    do {
      flow = gst_spead2_sink_drain (self);
    } while (flow == FLOW_STEP);
  return flow;
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

/* Pushes heaps. A pause interrupts the wait for a free slot, and playing resumes it with
 * the same heap. n_pushed: the number of heaps that the queue owns now. */
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

    /* A wait in the push would keep the preroll lock. */
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

/* The state of the stream that the heaps of a batch are made for, and the start heap. */
static void
gst_spead2_sink_begin_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  GstClockTime running;

  gst_spead2_sink_begin_making (self);
  if (g_atomic_int_compare_and_exchange (&self->redescribe, TRUE, FALSE))
    gst_spead2_heap_maker_redescribe (self->maker);
  if (g_atomic_int_compare_and_exchange (&self->requested, TRUE, FALSE))
    gst_spead2_heap_maker_request_descriptors (self->maker);
  if (gst_spead2_heap_maker_uses_running_time (self->maker)) {
    running = gst_element_get_current_running_time (GST_ELEMENT (self));
    gst_spead2_heap_maker_set_running_time (
        self->maker, running == GST_CLOCK_TIME_NONE ? 0 : running);
  }
  if (!g_atomic_int_get (&self->started) &&
      g_atomic_int_get (&self->settings.send_start_heap))
    batch->heaps[batch->n++] =
        gst_spead2_sink_new_control (self, SPEAD2_CTRL_START);
}

/* n more heaps are in the queue. */
static void
gst_spead2_sink_note_pushed (GstSpead2Sink *self, guint n)
{
  if (n > 0) {
    g_atomic_int_set (&self->started, TRUE);
    g_atomic_int_set (&self->end, GST_SPEAD2_SINK_END_PENDING);
  }
  if (self->left->len == 0)
    gst_spead2_sink_end_making (self);
}

/* Pushes the heaps that are left; with FLOW_STEP some remain. */
static GstFlowReturn
gst_spead2_sink_push_left (GstSpead2Sink *self)
{
  guint n_pushed;
  GstFlowReturn flow;

  if (self->left->len == 0)
    return GST_FLOW_OK;
  flow = gst_spead2_sink_push (
      self, (Spead2Heap **) self->left->pdata, self->left->len, &n_pushed);
  if (n_pushed > 0)
    g_ptr_array_remove_range (self->left, 0, n_pushed);
  self->n_kept -= MIN (self->n_kept, n_pushed);
  gst_spead2_sink_note_pushed (self, n_pushed);
  return flow;
}

/* The same through steps, where no buffer ends those. */
static GstFlowReturn
gst_spead2_sink_push_all_left (GstSpead2Sink *self)
{
  GstFlowReturn flow;

  do {
    flow = gst_spead2_sink_push_left (self);
  } while (flow == FLOW_STEP);
  return flow;
}

/* The heaps from n_pushed on are left. */
static void
gst_spead2_sink_leave (GstSpead2Sink *self, HeapBatch *batch, guint n_pushed)
{
  guint i;

  for (i = n_pushed; i < batch->n; i++)
    g_ptr_array_add (self->left, batch->heaps[i]);
  if (batch->n_kept > n_pushed)
    self->n_kept += batch->n_kept - n_pushed;
}

/* Pushes the batch, which is empty then. If a step ends the wait, or has ended one
 * before, the rest is left. */
static GstFlowReturn
gst_spead2_sink_push_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  guint i, n_pushed = 0;
  GstFlowReturn flow = FLOW_STEP;

  if (batch->n > 0)
    gst_spead2_sink_report_push (&self->reports);
  if (self->left->len == 0)
    flow = gst_spead2_sink_push (self, batch->heaps, batch->n, &n_pushed);
  if (flow == FLOW_STEP)
    gst_spead2_sink_leave (self, batch, n_pushed);
  else
    for (i = n_pushed; i < batch->n; i++)
      spead2_heap_free (batch->heaps[i]);
  batch->n = batch->n_kept = 0;
  gst_spead2_sink_note_pushed (self, n_pushed);
  return flow == FLOW_STEP ? GST_FLOW_OK : flow;
}

/* The next heap cannot be made: those before it are sent, then the error is posted. */
static GstFlowReturn
gst_spead2_sink_end_batch (GstSpead2Sink *self, HeapBatch *batch, GError *error)
{
  GstFlowReturn flow = gst_spead2_sink_push_batch (self, batch);

  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_all_left (self);
  if (flow == GST_FLOW_OK)
    return gst_spead2_sink_send_error (self, error);
  g_error_free (error);
  return flow;
}

/* Makes all heaps that there are; a full batch is pushed. */
static GstFlowReturn
gst_spead2_sink_add_heaps (GstSpead2Sink *self, HeapBatch *batch)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GError *error = NULL;

  while (flow == GST_FLOW_OK && error == NULL &&
      gst_spead2_heap_maker_next (self->maker, &error)) {
    if (batch->n >= HEAPS_AT_ONCE)
      flow = gst_spead2_sink_push_batch (self, batch);
    if (flow != GST_FLOW_OK)
      break;
    if (batch->n == 0)
      gst_spead2_sink_begin_batch (self, batch);
    gst_spead2_heap_maker_make (self->maker, batch->heaps, &batch->n, &error);
    if (batch->begins_open) {
      batch->n_kept = batch->n;
      batch->begins_open = FALSE;
    }
  }
  if (error)
    flow = gst_spead2_sink_end_batch (self, batch, error);
  if (flow != GST_FLOW_OK)
    gst_spead2_heap_maker_drop (self->maker);
  return flow;
}

static void
gst_spead2_sink_init_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  batch->n = batch->n_kept = 0;
  batch->begins_open = gst_spead2_heap_maker_is_open (self->maker);
}

/* Pushes the open heap, behind those that are left. With FLOW_STEP some are left. */
static GstFlowReturn
gst_spead2_sink_push_open (GstSpead2Sink *self)
{
  HeapBatch batch;
  GstFlowReturn flow;

  gst_spead2_sink_init_batch (self, &batch);
  gst_spead2_heap_maker_close (self->maker);
  flow = gst_spead2_sink_add_heaps (self, &batch);
  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_batch (self, &batch);
  return flow == GST_FLOW_OK ? gst_spead2_sink_push_left (self) : flow;
}

static GstFlowReturn
gst_spead2_sink_add_buffer (
    GstSpead2Sink *self, HeapBatch *batch, GstBuffer *buffer)
{
  gst_spead2_heap_maker_push (self->maker, buffer);
  return gst_spead2_sink_add_heaps (self, batch);
}

/* Makes heaps of a list, or else of a buffer, and pushes them. */
static GstFlowReturn
gst_spead2_sink_make_heaps (
    GstSpead2Sink *self, GstBufferList *list, GstBuffer *buffer)
{
  guint i, n = list ? gst_buffer_list_length (list) : 1;
  GstFlowReturn flow = GST_FLOW_OK;
  HeapBatch batch;

  gst_spead2_sink_init_batch (self, &batch);
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
  flow = gst_spead2_sink_push_left (self);
  if (flow != GST_FLOW_OK || self->made)
    return flow;

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

/* Pushes the open heap before caps or a query that end its run; a wait for PLAYING
 * prerolls with these. FLOW_STEP: a step has ended the wait, and heaps are left. Called
 * with the preroll lock. */
static GstFlowReturn
gst_spead2_sink_end_run (GstSpead2Sink *self, GstMiniObject *before)
{
  GstFlowReturn flow;

  if (!gst_spead2_heap_maker_is_open (self->maker) && self->left->len == 0)
    return GST_FLOW_OK;
  flow = gst_base_sink_do_preroll (GST_BASE_SINK (self), before);
  return flow == GST_FLOW_OK ? gst_spead2_sink_push_open (self) : flow;
}

static void
gst_spead2_sink_note_caps (GstSpead2Sink *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (self->refused && !gst_caps_is_equal (self->refused, caps))
    gst_clear_caps (&self->refused);
}

gboolean
gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GError *error = NULL;
  GstFlowReturn flow;

  if (self->refused)
    return FALSE;
  /* The next buffer pushes what a step leaves. */
  flow = gst_spead2_sink_end_run (self, GST_MINI_OBJECT_CAST (caps));
  if (flow != GST_FLOW_OK && flow != FLOW_STEP)
    return FALSE;
  if (!gst_spead2_heap_maker_set_caps (self->maker, caps, &error))
    goto refused;
  return TRUE;

  /* ERRORS */
refused:
  if (gst_spead2_sink_push_all_left (self) == GST_FLOW_OK &&
      gst_spead2_sink_wait_sent (self) == GST_FLOW_OK) {
    gst_caps_replace (&self->refused, caps);
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message),
        ("caps: %" GST_PTR_FORMAT, caps));
  }
  g_error_free (error);
  return FALSE;
}

/* -- the end ---------------------------------------------------------------------- */

/* The base class's wait for an event's time, and for PLAYING; steps are done. */
static GstFlowReturn
gst_spead2_sink_sync_event (GstSpead2Sink *self, GstEvent *event)
{
  return gst_spead2_sink_base_class ()->wait_event (
      GST_BASE_SINK (self), event);
}

/* Sends the open heap at an event. A step ends there: the base class ends it, and waits
 * for PLAYING. */
static GstFlowReturn
gst_spead2_sink_send_open (GstSpead2Sink *self, GstEvent *event)
{
  GstFlowReturn flow;

  while ((flow = gst_spead2_sink_push_open (self)) == FLOW_STEP) {
    flow = gst_spead2_sink_sync_event (self, event);
    if (flow != GST_FLOW_OK)
      break;
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

/* Unless a stop heap was the last one. FALSE while flushing. */
static gboolean
gst_spead2_sink_push_last_heap (GstSpead2Sink *self)
{
  gboolean pushed = TRUE;

  GST_OBJECT_LOCK (self);
  if (g_atomic_int_get (&self->settings.send_stop_heap) &&
      g_atomic_int_get (&self->end) != GST_SPEAD2_SINK_END_SENT)
    pushed = gst_spead2_sink_push_stop_heap (self);
  GST_OBJECT_UNLOCK (self);
  return pushed;
}

static GstFlowReturn
gst_spead2_sink_end_stream (GstSpead2Sink *self, GstEvent *eos)
{
  GstFlowReturn flow = gst_spead2_sink_send_open (self, eos);

  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_drain_at (self, eos);
  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_last_heap (self)
        ? gst_spead2_sink_drain_at (self, eos)
        : gst_spead2_sink_flushing (self);
  if (flow == GST_FLOW_OK) {
    gst_spead2_sink_report_rest (&self->reports);
    if (!g_atomic_int_get (&self->settings.quiet))
      gst_spead2_sink_report_summary (&self->reports, self->sender);
    gst_spead2_sink_report_restart_summary (&self->reports, self->sender);
    gst_spead2_heap_maker_redescribe (self->maker);
    g_atomic_int_set (&self->started, FALSE);
  }
  return flow;
}

void
gst_spead2_sink_drain_all (GstSpead2Sink *self, GstQuery *query)
{
  GstBaseSink *base = GST_BASE_SINK (self);

  GST_BASE_SINK_PREROLL_LOCK (base);
  if (gst_spead2_sink_end_run (self, GST_MINI_OBJECT_CAST (query)) == FLOW_STEP)
    gst_spead2_sink_push_all_left (self);
  GST_BASE_SINK_PREROLL_UNLOCK (base);
  spead2_sender_drain (self->sender, FALSE);
}

static GstFlowReturn
gst_spead2_sink_skip_gap (GstSpead2Sink *self, GstEvent *event)
{
  GstFlowReturn flow = gst_spead2_sink_send_open (self, event);
  GstClockTime duration;

  gst_event_parse_gap (event, NULL, &duration);
  if (flow == GST_FLOW_OK && duration != GST_CLOCK_TIME_NONE)
    gst_spead2_heap_maker_skip (self->maker, duration);
  return flow;
}

/* -- events ------------------------------------------------------------------------ */

/* The EOS message is posted when this returns. Also called for GAP events. */
GstFlowReturn
gst_spead2_sink_wait_event (GstBaseSink *base, GstEvent *event)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstFlowReturn flow = gst_spead2_sink_sync_event (self, event);

  if (flow == GST_FLOW_OK && GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    flow = gst_spead2_sink_end_stream (self, event);
  else if (flow == GST_FLOW_OK && GST_EVENT_TYPE (event) == GST_EVENT_GAP)
    flow = gst_spead2_sink_skip_gap (self, event);
  return flow;
}

static void
gst_spead2_sink_set_interrupted (GstSpead2Sink *self, gboolean interrupted)
{
  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_set_interrupted (self->sender, interrupted);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_spead2_sink_set_flushing (GstSpead2Sink *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->sender)
    spead2_sender_set_flushing (self->sender, flushing);
  GST_OBJECT_UNLOCK (self);
}

/* Called to pause, to flush and to step, the last by any thread in any state. The
 * queue is left alone. */
gboolean
gst_spead2_sink_unlock (GstBaseSink *base)
{
  gst_spead2_sink_set_interrupted (GST_SPEAD2_SINK (base), TRUE);
  return TRUE;
}

gboolean
gst_spead2_sink_unlock_stop (GstBaseSink *base)
{
  gst_spead2_sink_set_interrupted (GST_SPEAD2_SINK (base), FALSE);
  return TRUE;
}

gboolean
gst_spead2_sink_event (GstBaseSink *base, GstEvent *event)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      /* Not serialized: the pad may be on its way to READY. */
      gst_spead2_sink_set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      spead2_sender_flush (self->sender);
      spead2_sender_set_flushing (self->sender, FALSE);
      gst_spead2_sink_reset_stream (self);
      break;
    case GST_EVENT_CAPS:
      gst_spead2_sink_note_caps (self, event);
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      gst_spead2_heap_maker_event (self->maker, event);
      break;
    default:
      break;
  }
  return gst_spead2_sink_base_class ()->event (base, event);
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

/* Any thread, also from code that frees a buffer or handles heap-done: never blocks.
 * Heaps that are made and not yet in the queue precede the stop heap, which the
 * streaming thread then pushes. */
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
