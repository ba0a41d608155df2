/* gst-spead2: what the sender and the heap maker call: see gstspead2sinkprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkprivate.h"
#include "gstspead2sinkstats.h"
#include "spead2/error.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

/* -- the sender ---------------------------------------------------------------- */

/* A heap was refused by the kernel. */
static void
gst_spead2_sink_heap_failed (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  if (g_atomic_int_get (&self->settings.on_error) != GST_SPEAD2_ON_ERROR_FAIL) {
    gst_spead2_sink_report_failed (&self->reports, result);
    return;
  }
  if (!g_atomic_int_compare_and_exchange (&self->failed, FALSE, TRUE))
    return;
  GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
      ("%s. Heap %" G_GUINT64_FORMAT
       " is incomplete, and on-error=fail stops the stream.",
          result->error->message, result->cnt),
      ("errno %s", gst_spead2_errno_name (result->error->code)));
  spead2_sender_set_flushing (self->sender, TRUE);
}

static gboolean
gst_spead2_sink_is_stop (const Spead2Heap *heap)
{
  return heap->flags & SPEAD2_HEAP_CONTROL &&
      spead2_pointer_value (heap->flavour, heap->pointers[0]) ==
      SPEAD2_CTRL_STOP;
}

/* Whether descriptors are sent again at once. What one of several destinations refused is
 * sent when that one gets packets again: each time is a heap for all of them. */
static gboolean
gst_spead2_sink_is_redescribed (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  return result->flags & SPEAD2_HEAP_DESCRIBES &&
      (result->error->domain != SPEAD2_ERRNO ||
          !g_atomic_int_get (&self->apart));
}

/* Whether the kernel refused it for some of its destinations: to send it again would give
 * the others two. */
static gboolean
gst_spead2_sink_is_refused_for_some (const Spead2HeapResult *result)
{
  return result->error->domain == SPEAD2_ERRNO && result->bytes > 0;
}

/* A heap did not go, or not all of it. */
static void
gst_spead2_sink_heap_not_sent (
    GstSpead2Sink *self, const Spead2HeapResult *result)
{
  gboolean is_stop = gst_spead2_sink_is_stop (result->heap);

  GST_DEBUG_OBJECT (self, "heap %" G_GUINT64_FORMAT ": %s", result->cnt,
      result->error->message);
  if (gst_spead2_sink_is_redescribed (self, result))
    g_atomic_int_set (&self->redescribe, TRUE);
  if (is_stop && !gst_spead2_sink_is_refused_for_some (result))
    g_atomic_int_set (&self->end, GST_SPEAD2_SINK_END_PENDING);
  if (result->error->domain != SPEAD2_ERRNO)
    return;
  if (is_stop)
    gst_spead2_sink_report_stop_heap (&self->reports, result->error);
  else
    gst_spead2_sink_heap_failed (self, result);
}

/* In a worker, with no lock held, one heap at a time. */
static void
gst_spead2_sink_heap_done (const Spead2HeapResult *result, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  if (result->cnt != SPEAD2_NO_HEAP_CNT &&
      !(result->flags & SPEAD2_HEAP_HAS_CNT) &&
      !g_atomic_int_get (&self->settings.heap_cnt_per_destination))
    gst_spead2_sink_report_cnt (
        &self->reports, result->cnt, result->heap->flavour);
  if (result->error)
    gst_spead2_sink_heap_not_sent (self, result);

  if (g_atomic_int_get (&self->settings.signal_heaps) &&
      !(result->flags & SPEAD2_HEAP_CONTROL))
    gst_spead2_sink_signal_heap_done (self, result);
}

/* In a worker, with no lock held. */
static void
gst_spead2_sink_icmp_errors (
    const Spead2Endpoint *destination, gint errnum, guint n, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  gst_spead2_sink_report_icmp (&self->reports, destination->text, errnum, n);
}

/* In a worker, with no lock held. With on-error=fail a heap for them ends the stream, by an
 * error that names its destination. */
static void
gst_spead2_sink_absent (const gchar *names, guint n, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  if (g_atomic_int_get (&self->settings.on_error) == GST_SPEAD2_ON_ERROR_FAIL)
    return;
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("No response on the network from %s: heaps for %s fail, the other "
       "destinations get theirs. 'ip neighbour' lists the hosts that have not "
       "responded: start that host, or correct the address.",
          names, n > 1 ? "them" : "it"),
      ("the hardware address is asked for once in a second"));
}

/* In a worker, with no lock held. */
static void
gst_spead2_sink_recovered (gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  if (g_atomic_int_get (&self->apart))
    g_atomic_int_set (&self->redescribe, TRUE);
}

/* At the start, or in a worker with no lock held: heaps are copied. */
static void
gst_spead2_sink_zerocopy_disabled (const gchar *reason, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  GST_INFO_OBJECT (self, "no zero copy: %s", reason);
  if (g_atomic_int_get (&self->settings.zero_copy) == GST_SPEAD2_ZERO_COPY_ON &&
      g_atomic_int_compare_and_exchange (&self->copy_warned, FALSE, TRUE))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("%s. Heaps are copied, although zero-copy=on.", reason), (NULL));
}

static void
gst_spead2_sink_worker_started (guint worker, gpointer user_data)
{
  gst_spead2_net_element_post_thread (user_data, GST_STREAM_STATUS_TYPE_ENTER);
}

static void
gst_spead2_sink_worker_stopped (guint worker, gpointer user_data)
{
  gst_spead2_net_element_post_thread (user_data, GST_STREAM_STATUS_TYPE_LEAVE);
}

const Spead2SenderCallbacks gst_spead2_sink_sender_callbacks = {
    .heap_done = gst_spead2_sink_heap_done,
    .icmp_errors = gst_spead2_sink_icmp_errors,
    .absent = gst_spead2_sink_absent,
    .recovered = gst_spead2_sink_recovered,
    .zerocopy_disabled = gst_spead2_sink_zerocopy_disabled,
    .worker_started = gst_spead2_sink_worker_started,
    .worker_stopped = gst_spead2_sink_worker_stopped,
};

/* -- the heap maker ------------------------------------------------------------- */

static gboolean
gst_spead2_sink_find_date (GstBuffer *buffer, GstSpead2TimeScale scales,
    guint64 *ns, GError **error, gpointer user_data)
{
  GstElement *element = user_data;
  GstClock *clock = gst_element_get_clock (element);
  GstSpead2Timeline timeline = {
      .clock = clock, .segment = &GST_BASE_SINK (element)->segment};
  gboolean found;

  GST_OBJECT_LOCK (element);
  timeline.base_time = GST_ELEMENT_CAST (element)->base_time +
      GST_SPEAD2_SINK (element)->start.shift;
  GST_OBJECT_UNLOCK (element);
  found = gst_spead2_dates_find (buffer, &timeline, scales, ns, error);
  gst_clear_object (&clock);
  return found;
}

static guint
gst_spead2_sink_max_run (gsize heap_bytes, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  return g_atomic_int_get (&self->single)
      ? 1
      : spead2_sender_max_run (self->sender, heap_bytes);
}

static void
gst_spead2_sink_warn (
    const gchar *message, const gchar *detail, gpointer user_data)
{
  GST_ELEMENT_WARNING (
      user_data, STREAM, FORMAT, ("%s", message), ("%s", detail));
}

static void
gst_spead2_sink_counted (
    const GstSpead2HeapMakerCounters *counters, gpointer user_data)
{
  GstSpead2Sink *self = user_data;

  GST_OBJECT_LOCK (self);
  self->maker_counters = *counters;
  GST_OBJECT_UNLOCK (self);
}

const GstSpead2HeapMakerCallbacks gst_spead2_sink_maker_callbacks = {
    .date = gst_spead2_sink_find_date,
    .max_run = gst_spead2_sink_max_run,
    .warning = gst_spead2_sink_warn,
    .counted = gst_spead2_sink_counted,
};
