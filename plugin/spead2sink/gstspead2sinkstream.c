/* gst-spead2: buffers, caps, events and action signals of spead2sink: see
 * gstspead2sinkprivate.h
 *
 * All of it runs in the streaming thread, but for the action signals.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* -- buffers ------------------------------------------------------------------------ */

void
gst_spead2_sink_reset_stream (GstSpead2Sink *self)
{
  gst_spead2_sink_drop_unpushed (self, 0);
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

  gst_spead2_sink_start_arrive (self);
  gst_spead2_heap_maker_arrive (
      self->maker, buffer, gst_spead2_sink_index_source (self));
  self->heaps_made = FALSE;
  flow = self->chain (pad, parent, buffer);
  gst_spead2_sink_drop_unpushed (self, self->n_kept);
  return flow;
}

GstFlowReturn
gst_spead2_sink_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (parent);
  GstFlowReturn flow;

  gst_spead2_sink_start_arrive (self);
  gst_spead2_heap_maker_arrive_list (
      self->maker, list, gst_spead2_sink_index_source (self));
  self->heaps_made = FALSE;
  flow = self->chain_list (pad, parent, list);
  gst_spead2_sink_drop_unpushed (self, self->n_kept);
  return flow;
}

GstFlowReturn
gst_spead2_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  return gst_spead2_sink_push_buffers (GST_SPEAD2_SINK (base), NULL, buffer);
}

GstFlowReturn
gst_spead2_sink_render_list (GstBaseSink *base, GstBufferList *list)
{
  return gst_spead2_sink_push_buffers (GST_SPEAD2_SINK (base), list, NULL);
}

/* -- new caps --------------------------------------------------------------------- */

/* Pushes the open heap before new caps or a DRAIN query; if the element has to preroll, it
 * does so with these. Called with the preroll lock. */
static GstFlowReturn
gst_spead2_sink_end_run (GstSpead2Sink *self, GstMiniObject *before)
{
  GstFlowReturn flow;

  if (!gst_spead2_heap_maker_is_open (self->maker) && self->unpushed->len == 0)
    return GST_FLOW_OK;
  flow = gst_base_sink_do_preroll (GST_BASE_SINK (self), before);
  return flow == GST_FLOW_OK ? gst_spead2_sink_push_open (self) : flow;
}

static void
gst_spead2_sink_note_caps (GstSpead2Sink *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (self->refused_caps && !gst_caps_is_equal (self->refused_caps, caps))
    gst_clear_caps (&self->refused_caps);
}

gboolean
gst_spead2_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GError *error = NULL;
  GstFlowReturn flow;

  if (self->refused_caps)
    return FALSE;
  /* The next buffer pushes what a step leaves. */
  flow = gst_spead2_sink_end_run (self, GST_MINI_OBJECT_CAST (caps));
  if (flow != GST_FLOW_OK && flow != GST_SPEAD2_SINK_FLOW_STEP)
    return FALSE;
  if (!gst_spead2_heap_maker_set_caps (self->maker, caps, &error))
    goto refused;
  return TRUE;

  /* ERRORS */
refused:
  if (gst_spead2_sink_push_all_unpushed (self) == GST_FLOW_OK &&
      gst_spead2_sink_wait_sent (self) == GST_FLOW_OK) {
    gst_caps_replace (&self->refused_caps, caps);
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

  while (
      (flow = gst_spead2_sink_push_open (self)) == GST_SPEAD2_SINK_FLOW_STEP) {
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

  while ((flow = gst_spead2_sink_drain (self)) == GST_SPEAD2_SINK_FLOW_STEP) {
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
    gst_spead2_net_element_post_last_stats (&self->net);
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
  if (gst_spead2_sink_end_run (self, GST_MINI_OBJECT_CAST (query)) ==
      GST_SPEAD2_SINK_FLOW_STEP)
    gst_spead2_sink_push_all_unpushed (self);
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
      gst_spead2_sink_start_flush (self);
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
  const GstSpead2SinkChange stop = {.kind = GST_SPEAD2_SINK_CHANGE_STOP};
  gboolean accepted;

  GST_OBJECT_LOCK (self);
  accepted = self->sender && !spead2_sender_is_closed (self->sender) &&
      gst_spead2_sink_change_or_wait (self, &stop, NULL);
  GST_OBJECT_UNLOCK (self);
  return accepted;
}
