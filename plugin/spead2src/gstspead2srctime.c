/* gst-spead2: dates and running times of spead2src's heaps, and of holes between them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "common/gstspead2dates.h"
#include "spead2/clock.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

/* How far dates may be from this machine's time of day without a warning. */
#define MAX_DATE_ERROR (10 * GST_SECOND)

/* -- clocks ------------------------------------------------------------------------- */

/* A clock that does not count UTC is compared with this machine's time of day once: two
 * readings differ by the time between them. */
static void
compare_with_utc (
    GstSpead2SrcUtc *utc, GstClock *clock, GstClockTime now, GstClockTime base)
{
  if (clock != utc->clock) {
    utc->clock = clock;
    utc->ahead = gst_spead2_dates_clock_counts (clock, GST_SPEAD2_TIME_UTC)
        ? 0
        : utc->now - (gint64) now;
  }
  utc->zero = utc->ahead + (gint64) base;
}

void
gst_spead2_src_read_clock (GstSpead2Src *self)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now, base = gst_element_get_base_time (GST_ELEMENT (self));

  self->now = spead2_now ();
  self->running_now = GST_CLOCK_TIME_NONE;
  if (self->run.sync_epoch >= 0)
    self->utc.now = g_get_real_time () * 1000;
  if (clock == NULL)
    return;
  now = gst_clock_get_time (clock);
  self->running_now = now > base ? now - base : 0;
  if (self->run.sync_epoch >= 0)
    compare_with_utc (&self->utc, clock, now, base);
  gst_object_unref (clock);
}

/* -- dates -------------------------------------------------------------------------- */

guint64
gst_spead2_src_first_index (const GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GstSpead2Unwrap unwrap = {.bits = plan->view.index_bits, .known = TRUE};
  gint64 arrival = self->utc.now - (gint64) (self->now - heap->first_time);

  if (self->payload.rate.numerator == 0 || arrival <= self->run.sync_epoch)
    return plan->place.index;
  unwrap.last = gst_spead2_rate_samples (
                    &self->payload.rate, arrival - self->run.sync_epoch) /
      plan->unit;
  return gst_spead2_unwrap_peek (&unwrap, plan->view.index);
}

static void
check_date (GstSpead2Src *self, guint64 date)
{
  gint64 error = (gint64) date - self->utc.now;

  if (self->warned_date ||
      self->run.timestamp_mode != GST_SPEAD2_TIMESTAMP_MODE_UTC ||
      (guint64) ABS (error) <= MAX_DATE_ERROR)
    return;
  self->warned_date = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, DECODE,
      ("By sync-epoch and sample rate, samples that arrive now are of a time "
       "%.3f s %s this machine's: check both, and this machine's clock.",
          ABS (error) / 1e9, error < 0 ? "behind" : "ahead of"),
      (NULL));
}

guint64
gst_spead2_src_heap_date (GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  guint64 since, date;

  if (self->run.sync_epoch < 0 || !plan->view.has_index ||
      self->payload.rate.numerator == 0)
    return 0;
  since = gst_spead2_rate_time (&self->payload.rate, plan->place.index);
  if (since > (guint64) (G_MAXINT64 - self->run.sync_epoch))
    return 0;
  date = self->run.sync_epoch + since;
  check_date (self, date);
  return date;
}

/* -- times -------------------------------------------------------------------------- */

/* The running time at which the heap's first packet was read, or NONE before time
 * runs. */
static GstClockTime
arrival_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap)
{
  GstClockTime age =
      self->now > heap->first_time ? self->now - heap->first_time : 0;

  if (!GST_CLOCK_TIME_IS_VALID (self->running_now))
    return GST_CLOCK_TIME_NONE;
  return self->running_now > age ? self->running_now - age : 0;
}

/* How far the time of an index may be from the arrival of its heap, for an anchor to be
 * shared. */
#define MAX_ANCHOR_ERROR GST_SECOND

/* Before the start of running time: 0. */
static GstClockTime
anchored_time (
    const GstSpead2SrcAnchor *anchor, const GstSpead2Rate *rate, guint64 index)
{
  GstClockTime before;

  if (index >= anchor->index)
    return anchor->time + gst_spead2_rate_time (rate, index - anchor->index);
  before = gst_spead2_rate_time (rate, anchor->index - index);
  return anchor->time > before ? anchor->time - before : 0;
}

/* Of a substream that begins, or begins anew. Substreams of one clock share an anchor, and
 * have equal times at equal indices: it is that of the last one that began, where this
 * is near the heap's arrival. */
static void
set_anchor (GstSpead2Src *self, GstSpead2SrcSubstream *substream, guint64 index,
    GstClockTime arrival)
{
  const GstSpead2SrcAnchor *last = &self->anchor, *own = &substream->anchor;
  gboolean is_own =
      own->known && own->index == last->index && own->time == last->time;

  if (!last->known || is_own ||
      ABS (GST_CLOCK_DIFF (anchored_time (last, &self->payload.rate, index),
          arrival)) > MAX_ANCHOR_ERROR)
    self->anchor = (GstSpead2SrcAnchor){TRUE, index, arrival};
  substream->anchor = self->anchor;
}

/* From the first heap's time of arrival on. */
static GstClockTime
index_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcSubstream *substream = plan->substream;
  const GstSpead2Rate *rate = &self->payload.rate;

  if (!substream->anchor.known || plan->place.restarted) {
    GstClockTime arrival = arrival_time (self, heap);

    if (!GST_CLOCK_TIME_IS_VALID (arrival))
      return arrival;
    set_anchor (self, substream, plan->place.index, arrival);
  }
  return anchored_time (&substream->anchor, rate, plan->place.index);
}

/* The running time of a date; what was before all running time is at its beginning. */
static GstClockTime
date_time (const GstSpead2Src *self, guint64 date)
{
  if (!GST_CLOCK_TIME_IS_VALID (self->running_now))
    return GST_CLOCK_TIME_NONE;
  return MAX ((gint64) date - self->utc.zero, 0);
}

GstClockTime
gst_spead2_src_heap_time (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  if (self->run.timestamp_mode == GST_SPEAD2_TIMESTAMP_MODE_UTC &&
      plan->date > 0)
    return date_time (self, plan->date);
  if (self->run.timestamp_mode == GST_SPEAD2_TIMESTAMP_MODE_INDEX &&
      plan->substream && self->payload.rate.numerator > 0)
    return index_time (self, heap, plan);
  return arrival_time (self, heap);
}

/* The hole ends where the buffer behind it begins, and has the length of what is missing.
 * Times of arrival may leave less between two buffers than that, or nothing. */
gboolean
gst_spead2_src_hole_time (const GstSpead2Src *self,
    const GstSpead2SrcPlan *plan, GstClockTime *start, GstClockTime *duration)
{
  GstClockTime missing =
      gst_spead2_rate_time (&self->payload.rate, plan->place.missing);
  GstClockTime end = plan->time;

  if (missing == 0 || !GST_CLOCK_TIME_IS_VALID (end) ||
      !GST_CLOCK_TIME_IS_VALID (self->end_time) || end <= self->end_time)
    return FALSE;
  *duration = MIN (missing, end - self->end_time);
  *start = end - *duration;
  return TRUE;
}
