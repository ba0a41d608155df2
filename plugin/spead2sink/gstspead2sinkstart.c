/* gst-spead2: start-time and start-alignment of spead2sink: see gstspead2sinkprivate.h
 *
 * Which samples are left out is the heap maker's business. Here is the date that it goes
 * by. The samples of a live source have dates of their own, and those before start-time
 * are left out. Any other source begins with its first sample, which is due at start-time:
 * the base class waits for that with its ts-offset, to which the distance from the
 * pipeline's base time to start-time is added.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/gstspead2dates.h"
#include "gstspead2sinkprivate.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

static gboolean
upstream_is_live (GstSpead2Sink *self)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (GST_BASE_SINK_PAD (self), query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  gst_query_unref (query);
  return live;
}

/* By how much running time 0 is later than the pipeline has it. */
static void
set_shift (GstSpead2Sink *self, GstClockTimeDiff shift)
{
  GstBaseSink *base = GST_BASE_SINK (self);
  GstClockTimeDiff more;

  GST_OBJECT_LOCK (self);
  more = shift - self->start.shift;
  self->start.shift = shift;
  GST_OBJECT_UNLOCK (self);
  gst_base_sink_set_ts_offset (base, gst_base_sink_get_ts_offset (base) + more);
}

static gboolean
is_pending (GstSpead2Sink *self)
{
  gboolean pending;

  GST_OBJECT_LOCK (self);
  pending = self->start.pending;
  GST_OBJECT_UNLOCK (self);
  return pending;
}

void
gst_spead2_sink_start_begin (GstSpead2Sink *self)
{
  GST_OBJECT_LOCK (self);
  self->start = (GstSpead2SinkStart){.time = self->settings.start_time,
      .alignment = self->settings.start_alignment,
      .pending = self->settings.start_time > 0};
  GST_OBJECT_UNLOCK (self);
}

void
gst_spead2_sink_start_end (GstSpead2Sink *self)
{
  set_shift (self, 0);
}

void
gst_spead2_sink_start_flush (GstSpead2Sink *self)
{
  /* Running time begins anew, with the next base time. */
  if (!is_pending (self))
    set_shift (self, 0);
}

static gboolean
check_clock (GstSpead2Sink *self, GstClock *clock)
{
  if (clock && gst_spead2_dates_clock_has_date (clock))
    return TRUE;
  GST_ELEMENT_ERROR (self, CORE, CLOCK,
      ("start-time needs a clock that counts the time since 1970. The "
       "pipeline has %s: give it a GstSystemClock with clock-type=realtime, or "
       "the provider of a GstNetClientClock one.",
          clock ? G_OBJECT_TYPE_NAME (clock) : "none"),
      (NULL));
  return FALSE;
}

static gboolean
check_sync (GstSpead2Sink *self, gboolean live)
{
  if (live || gst_base_sink_get_sync (GST_BASE_SINK (self)))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
      ("start-time needs sync=true, or a live source: without it no sample is "
       "due at any time."),
      (NULL));
  return FALSE;
}

/* Of a source that is not live, samples that are due before now are left out as well:
 * nothing old is sent. */
static guint64
earliest_date (GstSpead2Sink *self, gboolean live, GstClock *clock)
{
  return live ? self->start.time
              : MAX (self->start.time, gst_clock_get_time (clock));
}

gboolean
gst_spead2_sink_start_play (GstSpead2Sink *self)
{
  GstElement *element = GST_ELEMENT (self);
  GstClock *clock;
  gboolean live, ready;

  if (!is_pending (self))
    return TRUE;
  clock = gst_element_get_clock (element);
  live = upstream_is_live (self);
  ready = check_clock (self, clock) && check_sync (self, live);
  if (ready) {
    set_shift (self,
        live ? 0
             : GST_CLOCK_DIFF (
                   gst_element_get_base_time (element), self->start.time));
    GST_OBJECT_LOCK (self);
    self->start.live = live;
    self->start.earliest = earliest_date (self, live, clock);
    GST_OBJECT_UNLOCK (self);
    GST_INFO_OBJECT (self, "from %" G_GUINT64_FORMAT " on", self->start.time);
  }
  gst_clear_object (&clock);
  return ready;
}

void
gst_spead2_sink_start_arrive (GstSpead2Sink *self)
{
  GstClock *clock;

  if (!is_pending (self))
    return;
  clock = gst_element_get_clock (GST_ELEMENT (self));
  GST_OBJECT_LOCK (self);
  if (g_atomic_int_get (&self->started)) {
    self->start.pending = FALSE;
    self->start.earliest = 0;
  } else if (self->start.earliest > 0 && clock) {
    self->start.earliest = earliest_date (self, self->start.live, clock);
  }
  GST_OBJECT_UNLOCK (self);
  gst_clear_object (&clock);
}

void
gst_spead2_sink_start_render (GstSpead2Sink *self)
{
  GstSpead2Start start;

  GST_OBJECT_LOCK (self);
  start = (GstSpead2Start){self->start.earliest, self->start.alignment};
  GST_OBJECT_UNLOCK (self);
  gst_spead2_heap_maker_set_start (self->maker, &start);
}
