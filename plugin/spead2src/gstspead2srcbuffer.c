/* gst-spead2: spead2src's buffers: of the items of a group of heaps, with times, marks and
 * values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "common/gstspead2dates.h"
#include "common/gstspead2itemvalues.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_src_debug);
#define GST_CAT_DEFAULT spead2_src_debug

/* -- groups ---------------------------------------------------------------------------- */

void
gst_spead2_src_fill_missing (const GstSpead2Src *self, Spead2ReceivedHeap *heap)
{
  g_autofree Spead2Range *missing = g_new (Spead2Range, heap->ranges.n + 1);
  guint i, n = spead2_received_heap_missing (heap, missing);

  for (i = 0; i < n; i++)
    memset (heap->payload + missing[i].begin, self->run.fill_value,
        missing[i].end - missing[i].begin);
}

/* Whether the heap's item lies right behind that of the group's last heap. */
static gboolean
adjoins (const GstSpead2SrcGroup *group, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  return group->adjoining && plan->view.size == heap->length &&
      gst_spead2_src_memory_adjoins (group->last, heap);
}

gboolean
gst_spead2_src_group_continues (GstSpead2Src *self,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  const GstSpead2SrcGroup *group = &self->group;
  const GstSpead2SrcPlan *first = &group->plan;

  if (plan->new_type || plan->place.missing > 0 || plan->place.discont ||
      plan->place.restarted || plan->view.size != first->view.size ||
      plan->view.offset != first->view.offset ||
      plan->view.has_index != first->view.has_index)
    return FALSE;
  return gst_spead2_heap_reader_add_to_table (self->reader, heap, &self->table);
}

static void
begin (GstSpead2Src *self, const Spead2ReceivedHeap *heap,
    const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcGroup *group = &self->group;

  memset (group, 0, sizeof *group);
  group->plan = *plan;
  group->discont = self->discont || plan->place.discont;
  group->adjoining = plan->view.size == heap->length;
  group->deadline = self->now + self->run.buffer_timeout;
  gst_spead2_heap_reader_begin_table (self->reader, heap, &self->table);
}

void
gst_spead2_src_group_add (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GstSpead2SrcGroup *group = &self->group;

  if (group->n == 0) {
    begin (self, heap, plan);
    group->first = heap;
  } else {
    group->adjoining = adjoins (group, heap, plan);
    group->last->next = heap;
  }
  group->last = heap;
  group->n += heap->n_heaps;
  group->corrupted |= heap->received < heap->length;
  if (plan->view.has_index)
    group->n_samples = MAX (group->n_samples,
        plan->place.index - group->plan.place.index +
            (heap->n_heaps - 1) * plan->step * plan->unit + plan->n_samples);
  else
    group->n_samples += heap->n_heaps * plan->n_samples;
}

guint
gst_spead2_src_group_space (
    const GstSpead2Src *self, const GstSpead2SrcPlan *plan)
{
  guint64 most = GST_SPEAD2_SRC_MAX_BLOCK / MAX (plan->view.size, 1);

  return CLAMP (most, 1, self->run.heaps_per_buffer) - self->group.n;
}

gboolean
gst_spead2_src_group_is_full (const GstSpead2Src *self)
{
  const GstSpead2SrcGroup *group = &self->group;

  /* What follows in another block would be copied, and so would all heaps after it, since
   * no further buffer would begin where a block does. */
  if (group->adjoining && gst_spead2_src_memory_ends_block (group->last))
    return TRUE;
  return gst_spead2_src_group_space (self, &group->plan) == 0;
}

/* -- buffers --------------------------------------------------------------------------- */

/* Items that do not lie side by side. */
static GstBuffer *
copy_items (const GstSpead2SrcGroup *group)
{
  gsize offset = group->plan.view.offset, size = group->plan.view.size, at = 0;
  const Spead2ReceivedHeap *heap;
  GstAllocationParams params;
  GstBuffer *buffer;
  guint i;

  gst_allocation_params_init (&params);
  params.align = SPEAD2_PAYLOAD_ALIGNMENT - 1;
  buffer = gst_buffer_new_allocate (NULL, group->n * size, &params);
  for (heap = group->first; heap; heap = heap->next)
    for (i = 0; i < heap->n_heaps; i++, at += size)
      gst_buffer_fill (
          buffer, at, heap->payload + i * heap->length + offset, size);
  return buffer;
}

static GstBuffer *
make_buffer (const GstSpead2SrcGroup *group)
{
  const GstSpead2HeapView *view = &group->plan.view;

  if (group->n > 1 && !group->adjoining)
    return copy_items (group);
  return gst_spead2_src_memory_take (
      group->first, view->offset, group->n * view->size);
}

/* Sets times, offsets and flags but for CORRUPTED of a buffer that begins with a heap, and
 * has so many samples. */
static void
set_marks (GstSpead2Src *self, GstBuffer *buffer,
    const Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan,
    guint64 n_samples)
{
  guint64 n_omitted = gst_spead2_heap_reader_take_omitted (self->reader);

  GST_BUFFER_PTS (buffer) = plan->time;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = plan->n_samples && self->payload.rate.numerator
      ? gst_spead2_rate_time (&self->payload.rate, n_samples)
      : GST_CLOCK_TIME_NONE;
  if (plan->view.has_index) {
    GST_BUFFER_OFFSET (buffer) = plan->place.index;
    GST_BUFFER_OFFSET_END (buffer) = plan->place.index + n_samples;
  }
  if (plan->date > 0)
    gst_spead2_dates_add (buffer, plan->date, GST_BUFFER_DURATION (buffer));
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (plan->place.restarted)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_RESYNC);
  if (n_omitted > 0)
    gst_spead2_src_count (self, &self->counters.values_omitted, n_omitted);
  if (self->run.retrieve_sender_address)
    gst_spead2_src_sender_attach (&self->sender, heap, buffer);
}

GstBuffer *
gst_spead2_src_group_make_buffer (GstSpead2Src *self)
{
  GstSpead2SrcGroup *group = &self->group;
  GstBuffer *buffer = make_buffer (group);

  gst_spead2_heap_table_write (
      &self->table, gst_spead2_item_values_write (buffer));
  set_marks (self, buffer, group->first, &group->plan, group->n_samples);
  if (group->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (group->corrupted)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
  GST_LOG_OBJECT (self, "%u heaps from %" G_GUINT64_FORMAT ": %" GST_PTR_FORMAT,
      group->n, group->first->cnt, buffer);
  return buffer;
}

static void
write_values (
    GstSpead2Src *self, const Spead2ReceivedHeap *heap, GstBuffer *buffer)
{
  gst_spead2_heap_reader_write_values (
      self->reader, heap, gst_spead2_item_values_write (buffer));
}

/* With the values of the heap, which are read while its memory is mapped. */
static GstBuffer *
take_memory (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2HeapView *view)
{
  GstBuffer *buffer = gst_spead2_src_memory_peek (heap);

  if (buffer) {
    write_values (self, heap, buffer);
    return gst_spead2_src_memory_take (heap, view->offset, view->size);
  }
  buffer = gst_spead2_src_memory_take_place (heap, view->offset, view->size);
  write_values (self, heap, buffer);
  return buffer;
}

GstBuffer *
gst_spead2_src_make_buffer (
    GstSpead2Src *self, Spead2ReceivedHeap *heap, const GstSpead2SrcPlan *plan)
{
  GstBuffer *buffer = take_memory (self, heap, &plan->view);

  set_marks (self, buffer, heap, plan, plan->n_samples);
  if (plan->place.discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (heap->received < heap->length)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
  GST_LOG_OBJECT (
      self, "heap %" G_GUINT64_FORMAT ": %" GST_PTR_FORMAT, heap->cnt, buffer);
  return buffer;
}
