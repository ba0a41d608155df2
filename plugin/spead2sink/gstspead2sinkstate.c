/* gst-spead2: states of spead2sink: opening, starting and closing: see
 * gstspead2sinkprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkopen.h"
#include "gstspead2sinkprivate.h"
#include "spead2/error.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* -- NULL to READY and back ------------------------------------------------------ */

/* All but the socket in use. */
static void
gst_spead2_sink_close_sender (GstSpead2Sink *self)
{
  Spead2Sender *sender = self->sender;

  if (sender) {
    /* Its threads may still post and signal, without the object lock. */
    spead2_sender_stop (sender);
    gst_spead2_sink_report_rest (&self->reports);
    GST_OBJECT_LOCK (self);
    self->sender = NULL;
    g_array_set_size (self->changes, 0);
    GST_OBJECT_UNLOCK (self);
    spead2_sender_free (sender);
  }
  g_clear_pointer (&self->maker, gst_spead2_heap_maker_free);
}

gboolean
gst_spead2_sink_stop (GstBaseSink *base)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);

  gst_spead2_sink_close_sender (self);
  gst_spead2_net_element_use_socket (&self->net, NULL, FALSE);
  return TRUE;
}

gboolean
gst_spead2_sink_start (GstBaseSink *base)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (base);
  GstSpead2SinkSettings settings = {0};
  Spead2Sender *sender = NULL;
  GSocket *used = NULL;
  GError *error = NULL;

  g_atomic_int_set (&self->failed, FALSE);
  g_atomic_int_set (&self->redescribe, FALSE);
  g_atomic_int_set (&self->copy_warned, FALSE);
  g_atomic_int_set (&self->requested, FALSE);
  gst_spead2_sink_reports_begin (&self->reports, GST_ELEMENT (self));

  if (!gst_spead2_net_element_begin_open (&self->net, &settings, &error))
    goto failed;
  sender = gst_spead2_sink_settings_open (
      &settings, GST_ELEMENT (self), &self->maker, self->net.resolving, &error);
  if (sender == NULL)
    goto failed;
  used = settings.socket ? g_object_ref (settings.socket)
                         : gst_spead2_net_element_socket_of_fd (
                               spead2_sender_dup_fd (sender, &error), &error);
  if (used == NULL)
    goto failed;
  /* Workers may post as soon as they run. */
  if (!spead2_sender_start (sender, &error))
    goto failed;

  GST_OBJECT_LOCK (self);
  self->sender = sender;
  gst_spead2_sink_note_destinations (self);
  self->maker_counters = (GstSpead2HeapMakerCounters){0};
  GST_OBJECT_UNLOCK (self);
  gst_spead2_net_element_use_socket (
      &self->net, used, settings.socket == NULL || settings.close_socket);
  gst_spead2_settings_clear (
      &gst_spead2_sink_settings_table, G_OBJECT_GET_CLASS (self), &settings);
  return TRUE;

  /* ERRORS */
failed:
  g_clear_object (&used);
  g_clear_pointer (&sender, spead2_sender_free);
  g_clear_pointer (&self->maker, gst_spead2_heap_maker_free);
  gst_spead2_settings_clear (
      &gst_spead2_sink_settings_table, G_OBJECT_GET_CLASS (self), &settings);
  gst_spead2_net_element_post_error (
      GST_ELEMENT (self), error, GST_RESOURCE_ERROR_OPEN_WRITE);
  g_clear_error (&error);
  return FALSE;
}

/* -- READY to PAUSED and back ----------------------------------------------------- */

/* The stream ends without EOS: a stop heap is sent if the kernel takes it at once. */
static void
gst_spead2_sink_try_stop_heap (GstSpead2Sink *self)
{
  Spead2Heap *heap;

  if (g_atomic_int_get (&self->end) != GST_SPEAD2_SINK_END_PENDING ||
      !g_atomic_int_get (&self->settings.send_stop_heap))
    return;

  heap = gst_spead2_sink_new_control (self, SPEAD2_CTRL_STOP);
  heap->flags |= SPEAD2_HEAP_NO_WAIT;
  if (spead2_sender_push_control (self->sender, heap))
    spead2_sender_drain (self->sender, FALSE);
  else
    spead2_heap_free (heap);
}

/* Properties that were changed in READY count from here on. */
static gboolean
gst_spead2_sink_reopen_if_changed (GstSpead2Sink *self)
{
  /* Without a sender the last attempt to open failed. */
  if (self->sender && !gst_spead2_net_element_has_changed (&self->net))
    return TRUE;

  gst_spead2_sink_close_sender (self);
  gst_spead2_net_element_release_replaced (&self->net);
  return gst_spead2_sink_start (GST_BASE_SINK (self));
}

/* Runs before the state lock is taken, which a start in another thread holds while it
 * resolves a name: cancels that. When a parent bin is set to NULL, the bin waits for its
 * own state lock first, and the look-up is not cancelled. */
GstStateChangeReturn
gst_spead2_sink_set_state (GstElement *element, GstState state)
{
  if (state == GST_STATE_NULL)
    g_cancellable_cancel (GST_SPEAD2_SINK (element)->net.resolving);
  return GST_ELEMENT_CLASS (gst_spead2_sink_base_class ())
      ->set_state (element, state);
}

GstStateChangeReturn
gst_spead2_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstSpead2Sink *self = GST_SPEAD2_SINK (element);
  GstStateChangeReturn result;

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      gst_spead2_net_element_set_in_use (&self->net, TRUE);
      if (!gst_spead2_sink_reopen_if_changed (self)) {
        gst_spead2_net_element_set_in_use (&self->net, FALSE);
        return GST_STATE_CHANGE_FAILURE;
      }
      gst_spead2_sink_reset_stream (self);
      gst_spead2_heap_maker_start (self->maker);
      gst_spead2_sink_start_begin (self);
      gst_clear_caps (&self->refused_caps);
      g_atomic_int_set (&self->end, GST_SPEAD2_SINK_END_NONE);
      /* A late FLUSH_START. */
      spead2_sender_set_flushing (self->sender, FALSE);
      spead2_sender_probe (self->sender);
      gst_spead2_sink_report_restart_summary (&self->reports, self->sender);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (!gst_spead2_sink_start_play (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      /* Ends a wait of the streaming thread, which the base class joins. */
      spead2_sender_set_flushing (self->sender, TRUE);
      break;
    default:
      break;
  }

  result = GST_ELEMENT_CLASS (gst_spead2_sink_base_class ())
               ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
      result == GST_STATE_CHANGE_FAILURE)
    gst_spead2_net_element_set_in_use (&self->net, FALSE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_spead2_sink_reset_stream (self);
    gst_spead2_sink_start_end (self);
    spead2_sender_flush (self->sender);
    spead2_sender_set_flushing (self->sender, FALSE);
    gst_spead2_sink_try_stop_heap (self);
    g_atomic_int_set (&self->failed, FALSE);
    gst_spead2_net_element_set_in_use (&self->net, FALSE);
  }
  return result;
}
