/* gst-spead2: from received heaps to buffers: see gstspead2srcprivate.h
 *
 * create() takes the heaps that are ready and makes a list of buffers of them, up to the
 * first one in front of which something else has to go: other caps, a GAP event, the end
 * of the stream. That heap then begins the next call.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "spead2/clock.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

/* Bytes of payload that are taken from the receiver at once. */
#define TAKE_BYTES (4 << 20)

/* -- the stream ------------------------------------------------------------------- */

void
gst_spead2_src_reset_stream (GstSpead2Src *self)
{
  GstSpead2SrcSubstreams *last = self->substreams;

  GST_OBJECT_LOCK (self);
  self->substreams = gst_spead2_src_substreams_new (self->run.substream_item);
  GST_OBJECT_UNLOCK (self);
  gst_spead2_src_substreams_free (last);
  memset (&self->anchor, 0, sizeof self->anchor);
  memset (&self->utc, 0, sizeof self->utc);
  self->end_time = GST_CLOCK_TIME_NONE;
  self->first_time = self->last_time = 0;
  self->planned = FALSE;
  self->group.n = 0;
  self->pushed = FALSE;
  self->discont = TRUE;
  self->undescribed = 0;
  self->step = 0;
  self->bytes_known = FALSE;
  self->warned_descriptor = self->warned_size = FALSE;
  self->warned_substreams = self->warned_substream_item = FALSE;
  self->warned_date = self->warned_rate = FALSE;
}

void
gst_spead2_src_count (GstSpead2Src *self, guint64 *counter, guint64 n)
{
  GST_OBJECT_LOCK (self);
  *counter += n;
  GST_OBJECT_UNLOCK (self);
}

/* -- heaps without a type -------------------------------------------------------------- */

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
       "samples with dtype= and sample-rate=, or have the sender describe "
       "them.",
          self->run.descriptor_timeout / GST_MSECOND),
      (NULL));
  return FALSE;
}

/* -- heaps ------------------------------------------------------------------------------------ */

static void
note_times (GstSpead2Src *self, const Spead2ReceivedHeap *heap)
{
  if (self->first_time == 0)
    self->first_time = self->last_time = heap->first_time;
  self->last_time = MAX (self->last_time, heap->last_time);
}

/* Takes the first heap off the list. */
static Spead2ReceivedHeap *
pop_heap (GstSpead2Src *self)
{
  Spead2ReceivedHeap *heap = self->taken;

  self->taken = heap->next;
  self->planned = FALSE;
  note_times (self, heap);
  heap->next = NULL;
  return heap;
}

static void
note_stop (GstSpead2Src *self, const Spead2ReceivedHeap *heap)
{
  if (heap->flags & SPEAD2_RECEIVED_STOP)
    gst_spead2_src_count (self, &self->counters.stops, 1);
}

/* The heaps that are buffers, or were dropped, go back at once. */
static void
give_back_used (GstSpead2Src *self)
{
  spead2_receiver_give_back (self->receiver, self->used);
  self->used = NULL;
}

static void
add_used (GstSpead2Src *self, Spead2ReceivedHeap *heap)
{
  heap->next = self->used;
  self->used = heap;
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
  gst_spead2_src_count (self, counter, heap->n_heaps);
  note_stop (self, heap);
  gst_spead2_src_signal_heap (self, heap, counter);
  add_used (self, heap);
}

/* Heaps of a buffer that can no longer go out. */
static void
drop_group (GstSpead2Src *self)
{
  GstSpead2SrcGroup *group = &self->group;
  const Spead2ReceivedHeap *heap;

  if (group->n == 0)
    return;
  for (heap = group->first; heap; heap = heap->next)
    gst_spead2_src_signal_heap (self, heap, &self->counters.after_end);
  gst_spead2_src_count (self, &self->counters.after_end, group->n);
  group->last->next = self->used;
  self->used = group->first;
  group->n = 0;
}

void
gst_spead2_src_drop_taken (GstSpead2Src *self)
{
  gst_spead2_src_count (self, &self->counters.after_end, self->n_made);
  self->n_made = self->bytes_made = 0;
  g_clear_pointer (&self->made, gst_buffer_list_unref);
  drop_group (self);
  do {
    while (self->taken)
      drop_heap (self, &self->counters.after_end);
    if (self->reorder)
      self->taken = gst_spead2_src_order_drain (self);
  } while (self->taken);
  give_back_used (self);
}

/* Whether something goes in front of the buffer that is none. */
static gboolean
needs_break (const GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  return plan->new_type || plan->place.restarted ||
      (plan->place.missing > 0 &&
          self->run.missing != GST_SPEAD2_MISSING_NONE &&
          !gst_spead2_src_hole_is_filled (self, plan));
}

static void
count_losses (GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcLosses *losses = &plan->substream->losses;
  guint gaps = plan->place.missing > 0, restarts = plan->place.restarted;

  GST_OBJECT_LOCK (self);
  self->counters.gaps += gaps;
  self->counters.missing += plan->place.missing;
  self->counters.restarts += restarts;
  losses->gaps += gaps;
  losses->missing += plan->place.missing;
  losses->restarts += restarts;
  GST_OBJECT_UNLOCK (self);
  if (restarts)
    GST_INFO_OBJECT (self, "the sender began anew, at index %" G_GUINT64_FORMAT,
        plan->place.index);
}

/* Counts and warns of a heap that has too many substreams before it, or lacks the items
 * that say which is its own. */
static void
report_substream (GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  if (plan->substream == NULL) {
    gst_spead2_src_count (self, &self->counters.unmarked, 1);
    if (!self->warned_substreams)
      GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
          ("substream-item=%s has more than %d values. Losses of further ones "
           "are not marked: accept= selects the heaps of some.",
              self->run.substream_item, GST_SPEAD2_SRC_MAX_SUBSTREAMS),
          (NULL));
    self->warned_substreams = TRUE;
  } else if (!plan->view.has_substream && !self->warned_substream_item) {
    self->warned_substream_item = TRUE;
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("A heap has no number for each item of substream-item=%s. Such "
         "heaps are taken for one substream. An item that no descriptor names "
         "is given by its id.",
            self->run.substream_item),
        (NULL));
  }
}

/* What is missing in front of the buffer. */
static void
begin_hole (GstSpead2Src *self, GstSpead2SrcPlan *plan)
{
  if (gst_spead2_src_hole_is_filled (self, plan)) {
    plan->hole = plan->place.missing;
    plan->place.discont = FALSE;
  } else if (self->run.missing != GST_SPEAD2_MISSING_NONE) {
    gst_spead2_src_hole_push_gap (self, plan);
  }
}

/* Sets caps and pushes the gap that precede the buffer, and counts. */
static GstFlowReturn
begin_buffer (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstSpead2SrcPlan *plan)
{
  if (plan->begun)
    return GST_FLOW_OK;
  if (plan->new_type) {
    GstFlowReturn flow = gst_spead2_src_set_caps (self, plan->view.caps);

    if (flow != GST_FLOW_OK)
      return flow;
    gst_spead2_src_plan_samples (self, heap, plan);
  }
  plan->begun = TRUE;
  plan->date = gst_spead2_src_heap_date (self, plan);
  plan->time = gst_spead2_src_heap_time (self, heap, plan);
  if (plan->place.missing > 0 || plan->place.restarted)
    count_losses (self, plan);
  if (plan->place.missing > 0)
    begin_hole (self, plan);
  return GST_FLOW_OK;
}

static gboolean
is_at_end (GstSpead2Src *self)
{
  return self->run.on_stop == GST_SPEAD2_ON_STOP_EOS &&
      self->counters.stops >= self->run.n_stops;
}

/* A buffer comes when its last sample has been received: its duration is latency. */
static void
report_latency (GstSpead2Src *self, GstClockTime duration)
{
  /* No other thread sets it. */
  if (duration <= self->duration)
    return;
  GST_OBJECT_LOCK (self);
  self->duration = duration;
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* A sender that begins anew may have its times anew, too. */
static void
note_end_time (GstSpead2Src *self, GstBuffer *buffer, gboolean restarted)
{
  GstClockTime end = GST_BUFFER_PTS (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (end))
    return;
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    end += GST_BUFFER_DURATION (buffer);
  if (restarted || !GST_CLOCK_TIME_IS_VALID (self->end_time) ||
      end > self->end_time)
    self->end_time = end;
}

/* Leaves as many of a run of heaps the first that was taken as can be handled as one: those
 * behind them come next. */
static void
limit_run (GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  Spead2ReceivedHeap *run = self->taken, *first;
  guint n = 1;

  if (run->n_heaps == 1)
    return;
  if (plan->dropped && !plan->place.late)
    n = run->n_heaps;
  else if (plan->contiguous)
    n = MIN (run->n_heaps, gst_spead2_src_group_space (self, plan));
  if (n == run->n_heaps)
    return;
  first = gst_spead2_src_memory_split (run, n);
  first->next = run;
  self->taken = first;
}

/* The next heap is expected behind this one, or behind the n-th of this run. */
static void
accept_heap (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan, guint n)
{
  GstSpead2SrcPlace place = plan->place;
  guint64 further = n - 1;

  self->step = plan->step;
  self->undescribed = 0;
  self->discont = FALSE;
  if (plan->view.has_index)
    report_substream (self, plan);
  if (plan->substream) {
    place.index = place.index / plan->unit + further * plan->step;
    gst_spead2_src_position_accept (&plan->substream->position,
        plan->view.index_bits,
        plan->view.index_is_cnt ? 0 : plan->cnt + further * heap->cnt_step,
        plan->view.index + further * plan->step, plan->step, &place);
  }
  note_stop (self, heap);
}

/* Adds a buffer of n heaps to the list (transfer full). */
static void
add_buffer (GstSpead2Src *self, GstBufferList *list, GstBuffer *buffer,
    const GstSpead2SrcPlan *plan, guint n)
{
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    report_latency (self, GST_BUFFER_DURATION (buffer));
  note_end_time (self, buffer, plan->place.restarted);
  gst_buffer_list_add (list, buffer);
  self->n_made += n;
  self->bytes_made += n * plan->view.size;
}

/* Makes a buffer of the group. */
static void
finish_group (GstSpead2Src *self, GstBufferList *list)
{
  GstSpead2SrcGroup *group = &self->group;
  GstBuffer *buffer = gst_spead2_src_group_make_buffer (self);
  const Spead2ReceivedHeap *heap;

  add_buffer (self, list, buffer, &group->plan, group->n);
  for (heap = group->first; heap; heap = heap->next)
    gst_spead2_src_signal_heap (self, heap, &self->counters.delivered);
  group->last->next = self->used;
  self->used = group->first;
  group->n = 0;
}

/* Leaves the heaps behind the first one of the run that was taken, with the plan of the next
 * one, if that is known. With single buffers, downstream may change in front of it. */
static void
step_run (GstSpead2Src *self)
{
  Spead2ReceivedHeap *run = self->taken;
  GstSpead2SrcPlan *plan = &self->plan;

  note_times (self, run);
  spead2_received_heap_skip (run, 1);
  self->planned = plan->contiguous && !self->single;
  if (self->planned)
    gst_spead2_src_plan_next (self, run, plan);
}

/* Makes a buffer of the first heap that was taken, or of the first one of its run. */
static void
add_single (GstSpead2Src *self, GstBufferList *list)
{
  Spead2ReceivedHeap *heap = self->taken;
  GstSpead2SrcPlan *plan = &self->plan;
  GstBuffer *buffer = gst_spead2_src_make_buffer (self, heap, plan);

  add_buffer (self, list, buffer, plan, 1);
  gst_spead2_src_signal_heap (self, heap, &self->counters.delivered);
  accept_heap (self, heap, plan, 1);
  if (heap->n_heaps > 1)
    step_run (self);
  else
    add_used (self, pop_heap (self));
}

/* Makes one buffer of what is missing in front of the first heap that was taken. */
static void
fill_hole (GstSpead2Src *self, GstBufferList *list)
{
  GstSpead2SrcPlan *plan = &self->plan;
  guint64 left = plan->hole;
  GstBuffer *buffer = gst_spead2_src_hole_fill (self, plan);

  note_end_time (self, buffer, FALSE);
  gst_buffer_list_add (list, buffer);
  self->discont = FALSE;
  gst_spead2_src_count (self, &self->counters.filled, left - plan->hole);
}

/* Adds the first heap that was taken to the group, whose buffer it finishes, or drops it.
 * FALSE: the buffers so far go out first. */
static gboolean
add_heap (GstSpead2Src *self, GstBufferList *list, GstFlowReturn *flow)
{
  guint n = gst_buffer_list_length (list);
  GstSpead2SrcPlan *plan = &self->plan;
  Spead2ReceivedHeap *heap;

  if (n > 0 && self->single)
    return FALSE;
  if (!self->planned)
    gst_spead2_src_plan_heap (self, self->taken, plan);
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
    limit_run (self, plan);
    drop_heap (self, plan->dropped);
    return TRUE;
  }
  if (self->group.n > 0) {
    limit_run (self, plan);
    if (!gst_spead2_src_group_continues (self, self->taken, plan)) {
      finish_group (self, list);
      return TRUE;
    }
  }
  if (self->group.n == 0) {
    if (n > 0 && !plan->begun && needs_break (self, plan))
      return FALSE;
    *flow = begin_buffer (self, self->taken, plan);
    if (*flow != GST_FLOW_OK)
      return FALSE;
    if (plan->hole > 0) {
      fill_hole (self, list);
      return TRUE;
    }
    if (self->run.heaps_per_buffer == 1) {
      add_single (self, list);
      return TRUE;
    }
    limit_run (self, plan);
  }
  heap = pop_heap (self);
  gst_spead2_src_group_add (self, heap, plan);
  accept_heap (self, heap, plan, heap->n_heaps);
  if (gst_spead2_src_group_is_full (self))
    finish_group (self, list);
  return TRUE;
}

/* A group that has waited for long enough, or that no heap will follow. */
static gboolean
is_group_due (GstSpead2Src *self)
{
  return self->group.n > 0 &&
      (is_at_end (self) || self->now >= self->group.deadline);
}

/* Buffers of the heaps that were taken, as far as they may go together; none with OK:
 * there are none. */
static GstFlowReturn
make_buffers (GstSpead2Src *self)
{
  GstBufferList *list = gst_buffer_list_new ();
  GstFlowReturn flow = GST_FLOW_OK;

  gst_spead2_src_read_clock (self);
  while (self->taken && !is_at_end (self) && add_heap (self, list, &flow))
    continue;
  if (is_group_due (self) &&
      (!self->single || gst_buffer_list_length (list) == 0))
    finish_group (self, list);
  give_back_used (self);
  if (gst_buffer_list_length (list) > 0) {
    self->made = list;
    return GST_FLOW_OK;
  }
  gst_buffer_list_unref (list);
  return flow;
}

static gboolean
is_interrupted (GstSpead2Src *self)
{
  gboolean interrupted;

  GST_OBJECT_LOCK (self);
  interrupted = self->interrupted;
  GST_OBJECT_UNLOCK (self);
  return interrupted;
}

/* FALSE: buffers are not wanted any more. The base class waits as well, but throws away
 * what it has if PLAYING does not come; up to 1.22 it logs a CRITICAL for a list. */
static gboolean
wait_playing (GstSpead2Src *self)
{
  GstBaseSrc *base = GST_BASE_SRC (self);

  g_mutex_lock (&base->live_lock);
  while (!base->live_running && !is_interrupted (self))
    g_cond_wait (&base->live_cond, &base->live_lock);
  g_mutex_unlock (&base->live_lock);
  return !is_interrupted (self);
}

static void
count_delivered (GstSpead2Src *self)
{
  GST_OBJECT_LOCK (self);
  self->counters.delivered += self->n_made;
  self->counters.bytes += self->bytes_made;
  GST_OBJECT_UNLOCK (self);
  self->n_made = self->bytes_made = 0;
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

static void
check_losses (GstSpead2Src *self, guint64 now)
{
  Spead2ReceiverStats stats;

  if (now < self->reports.due)
    return;
  spead2_receiver_get_stats (self->receiver, &stats);
  gst_spead2_src_reports_check (&self->reports, &stats, now);
}

/* Waits for heaps that are next in their order, or until the group is due. */
static GstFlowReturn
take_heaps (GstSpead2Src *self)
{
  guint64 group_due = self->group.n > 0 ? self->group.deadline : G_MAXUINT64;

  for (;;) {
    guint64 now = spead2_now ();
    guint64 quiet = self->run.timeout ? now + self->run.timeout : G_MAXUINT64;
    guint64 due = self->reorder
        ? gst_spead2_reorder_get_deadline (self->reorder)
        : G_MAXUINT64;
    Spead2ReadyStatus status;

    check_losses (self, now);
    due = MIN (due, self->reports.due);
    if (self->run.timeout)
      self->n_datagrams = count_datagrams (self);
    self->taken = spead2_receiver_take (
        self->receiver, MIN (quiet, MIN (due, group_due)), TAKE_BYTES, &status);
    if (status == SPEAD2_READY_INTERRUPTED)
      return GST_FLOW_FLUSHING;
    if (self->reorder) {
      gst_spead2_src_order_push (self, self->taken);
      self->taken = gst_spead2_src_order_pop (self);
    }
    if (self->taken || spead2_now () >= group_due)
      return GST_FLOW_OK;
    if (status == SPEAD2_READY_TIME_OUT && spead2_now () >= quiet)
      post_timeout (self);
  }
}

GstFlowReturn
gst_spead2_src_create (GstPushSrc *push, GstBuffer **buffer)
{
  GstSpead2Src *self = GST_SPEAD2_SRC (push);
  GstBufferList *list;
  GstFlowReturn flow;

  while (self->made == NULL) {
    if (is_at_end (self)) {
      gst_spead2_src_drop_taken (self);
      return GST_FLOW_EOS;
    }
    flow = self->taken ? GST_FLOW_OK : take_heaps (self);
    if (flow == GST_FLOW_OK)
      flow = make_buffers (self);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  if (!wait_playing (self))
    return GST_FLOW_FLUSHING;
  list = g_steal_pointer (&self->made);
  count_delivered (self);
  self->pushed = TRUE;
  if (gst_buffer_list_length (list) > 1) {
    gst_base_src_submit_buffer_list (GST_BASE_SRC (self), list);
    return GST_FLOW_OK;
  }
  *buffer = gst_buffer_ref (gst_buffer_list_get (list, 0));
  gst_buffer_list_unref (list);
  return GST_FLOW_OK;
}
