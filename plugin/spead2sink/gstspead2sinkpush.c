/* gst-spead2: spead2sink's buffers as heaps, and heaps into the sender's queue: see
 * gstspead2sinkprivate.h
 *
 * Three things end a wait for a free slot, and differ in what becomes of the heaps that
 * are not pushed yet. A pause: the wait goes on in PLAYING, with the same heaps. A flush,
 * or a heap that failed with on-error=fail: they are dropped. A step: they are kept in
 * unpushed until the base class has decided whether it skips the buffer being rendered.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* Runs of heaps that are pushed together, at most. */
#define RUNS_AT_ONCE 64

/* Runs of heaps that are made and not in the queue yet. */
typedef struct {
  Spead2Heap *heaps[RUNS_AT_ONCE + GST_SPEAD2_HEAP_MAKER_MAX_HEAPS];
  guint n;
  guint n_kept; /* the first ones: up to the heap of data that completes, or is,
                   the one that was open before this buffer */
  gboolean begins_open; /* that heap is not made yet */
} HeapBatch;

/* -- stop heaps --------------------------------------------------------------------- */

gboolean
gst_spead2_sink_push_stop_heap (GstSpead2Sink *self)
{
  Spead2Heap *stop = gst_spead2_sink_new_control (self, SPEAD2_CTRL_STOP);
  gint before = g_atomic_int_get (&self->end);

  /* Before the push: a worker may report at once that the heap failed. */
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

/* From here to gst_spead2_sink_end_making() no stop heap is pushed, and destinations stay:
 * whether a heap that is made in between has descriptors depends on what receivers were
 * sent before. */
static void
gst_spead2_sink_begin_making (GstSpead2Sink *self)
{
  GST_OBJECT_LOCK (self);
  self->making = TRUE;
  GST_OBJECT_UNLOCK (self);
}

void
gst_spead2_sink_drop_unpushed (GstSpead2Sink *self, guint n_kept)
{
  guint i;

  if (self->unpushed->len == n_kept)
    return;
  for (i = n_kept; i < self->unpushed->len; i++) {
    Spead2Heap *heap = g_ptr_array_index (self->unpushed, i);

    if (heap->flags & SPEAD2_HEAP_DESCRIBES)
      g_atomic_int_set (&self->redescribe, TRUE);
    spead2_heap_free (heap);
  }
  g_ptr_array_set_size (self->unpushed, n_kept);
  self->n_kept = n_kept;
  if (n_kept == 0)
    gst_spead2_sink_end_making (self);
}

/* -- waits -------------------------------------------------------------------------- */

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

GstFlowReturn
gst_spead2_sink_flushing (GstSpead2Sink *self)
{
  return g_atomic_int_get (&self->failed) ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
}

GstFlowReturn
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

GstFlowReturn
gst_spead2_sink_wait_sent (GstSpead2Sink *self)
{
  GstFlowReturn flow = GST_FLOW_OK;
  Spead2SenderStats stats;

  spead2_sender_get_stats (self->sender, &stats);
  if (stats.outstanding > 0)
    do {
      flow = gst_spead2_sink_drain (self);
    } while (flow == GST_SPEAD2_SINK_FLOW_STEP);
  return flow;
}

/* Frees the error. */
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

/* -- heaps ---------------------------------------------------------------------- */

/* The state of the stream that the heaps of a batch are made for, and the start heap. */
static void
gst_spead2_sink_begin_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  GstClockTime running;

  gst_spead2_sink_begin_making (self);
  gst_spead2_heap_maker_set_apart (
      self->maker, g_atomic_int_get (&self->apart));
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
  if (self->unpushed->len == 0)
    gst_spead2_sink_end_making (self);
}

GstFlowReturn
gst_spead2_sink_push_unpushed (GstSpead2Sink *self)
{
  guint n_pushed;
  GstFlowReturn flow;

  if (self->unpushed->len == 0)
    return GST_FLOW_OK;
  flow = gst_spead2_sink_push (self, (Spead2Heap **) self->unpushed->pdata,
      self->unpushed->len, &n_pushed);
  if (n_pushed > 0)
    g_ptr_array_remove_range (self->unpushed, 0, n_pushed);
  self->n_kept -= MIN (self->n_kept, n_pushed);
  gst_spead2_sink_note_pushed (self, n_pushed);
  return flow;
}

GstFlowReturn
gst_spead2_sink_push_all_unpushed (GstSpead2Sink *self)
{
  GstFlowReturn flow;

  do {
    flow = gst_spead2_sink_push_unpushed (self);
  } while (flow == GST_SPEAD2_SINK_FLOW_STEP);
  return flow;
}

/* The heaps from n_pushed on wait until the step is done. */
static void
gst_spead2_sink_keep_unpushed (
    GstSpead2Sink *self, HeapBatch *batch, guint n_pushed)
{
  guint i;

  for (i = n_pushed; i < batch->n; i++)
    g_ptr_array_add (self->unpushed, batch->heaps[i]);
  if (batch->n_kept > n_pushed)
    self->n_kept += batch->n_kept - n_pushed;
}

/* Pushes the batch, which is empty then. If a step ends the wait, or has ended one
 * before, the rest goes to unpushed, with GST_FLOW_OK: all heaps of a buffer are made. */
static GstFlowReturn
gst_spead2_sink_push_batch (GstSpead2Sink *self, HeapBatch *batch)
{
  guint i, n_pushed = 0;
  GstFlowReturn flow = GST_SPEAD2_SINK_FLOW_STEP;

  if (batch->n > 0)
    gst_spead2_sink_report_push (&self->reports);
  if (self->unpushed->len == 0)
    flow = gst_spead2_sink_push (self, batch->heaps, batch->n, &n_pushed);
  if (flow == GST_SPEAD2_SINK_FLOW_STEP)
    gst_spead2_sink_keep_unpushed (self, batch, n_pushed);
  else
    for (i = n_pushed; i < batch->n; i++)
      spead2_heap_free (batch->heaps[i]);
  batch->n = batch->n_kept = 0;
  gst_spead2_sink_note_pushed (self, n_pushed);
  return flow == GST_SPEAD2_SINK_FLOW_STEP ? GST_FLOW_OK : flow;
}

/* The next heap cannot be made: those before it are sent, then the error is posted. */
static GstFlowReturn
gst_spead2_sink_end_batch (GstSpead2Sink *self, HeapBatch *batch, GError *error)
{
  GstFlowReturn flow = gst_spead2_sink_push_batch (self, batch);

  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_all_unpushed (self);
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
    if (batch->n >= RUNS_AT_ONCE)
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

GstFlowReturn
gst_spead2_sink_push_open (GstSpead2Sink *self)
{
  const gboolean is_first = self->unpushed->len == 0;
  HeapBatch batch;
  GstFlowReturn flow;

  gst_spead2_sink_init_batch (self, &batch);
  gst_spead2_heap_maker_close (self->maker);
  flow = gst_spead2_sink_add_heaps (self, &batch);
  if (flow == GST_FLOW_OK)
    flow = gst_spead2_sink_push_batch (self, &batch);
  if (flow == GST_FLOW_OK && !is_first)
    flow = gst_spead2_sink_push_unpushed (self);
  return flow == GST_FLOW_OK && self->unpushed->len > 0
      ? GST_SPEAD2_SINK_FLOW_STEP
      : flow;
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

/* The base class renders a buffer twice if a step has ended a wait, and if a step without
 * a flush ends with the buffer. */
GstFlowReturn
gst_spead2_sink_push_buffers (
    GstSpead2Sink *self, GstBufferList *list, GstBuffer *buffer)
{
  GstFlowReturn flow;

  if (g_atomic_int_get (&self->failed))
    return GST_FLOW_ERROR;
  flow = gst_spead2_sink_push_unpushed (self);
  if (flow != GST_FLOW_OK || self->heaps_made)
    return flow;

  self->heaps_made = TRUE;
  if (self->start.time > 0 || self->start.alignment > 0)
    gst_spead2_sink_start_render (self);
  flow = gst_spead2_sink_make_heaps (self, list, buffer);
  return flow == GST_FLOW_OK && self->unpushed->len > 0
      ? GST_SPEAD2_SINK_FLOW_STEP
      : flow;
}
