/* A run of heaps to send: see heap.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/heap.h"

#include "spead2/error.h"

/* A heap, wherever the next line begins. */
#define BLOCK_SIZE (sizeof (Spead2Heap) + SPEAD2_CACHE_LINE)

Spead2Heap *
spead2_heap_new (Spead2Flavour flavour)
{
  guint8 *block = g_slice_alloc (BLOCK_SIZE);
  Spead2Heap *heap =
      (Spead2Heap *) (block + -(gsize) block % SPEAD2_CACHE_LINE);

  heap->block = block;
  heap->flavour = flavour;
  heap->flags = 0;
  heap->destination = 0;
  heap->n_heaps = 1;
  heap->cnt = 0;
  heap->cnt_step = 0;
  heap->turns = NULL;
  heap->numbers = NULL;
  heap->steps = heap->inline_steps;
  heap->n_steps = 0;
  heap->allocated_steps = SPEAD2_HEAP_INLINE_STEPS;
  heap->pointers = heap->inline_pointers;
  heap->n_pointers = 0;
  heap->spans = heap->inline_spans;
  heap->n_spans = 0;
  heap->length = 0;
  heap->pages = NULL;
  heap->mapped = NULL;
  heap->more_mapped = NULL;
  heap->sources = heap->inline_sources;
  heap->allocated_pointers = SPEAD2_HEAP_INLINE_POINTERS;
  heap->allocated_spans = SPEAD2_HEAP_INLINE_SPANS;

  return heap;
}

Spead2Heap *
spead2_heap_new_control (Spead2Flavour flavour, guint control)
{
  Spead2Heap *heap = spead2_heap_new (flavour);

  heap->flags = SPEAD2_HEAP_BARRIER | SPEAD2_HEAP_CONTROL;
  /* A reserved id and a small value fit every flavour. */
  spead2_heap_add_immediate (heap, SPEAD2_ID_STREAM_CTRL, control, NULL);

  return heap;
}

void
spead2_heap_free (Spead2Heap *heap)
{
  g_clear_pointer (&heap->mapped, spead2_mapped_buffer_unref);
  g_clear_pointer (&heap->more_mapped, g_ptr_array_unref);

  if (heap->pointers != heap->inline_pointers)
    g_free (heap->pointers);
  if (heap->spans != heap->inline_spans) {
    g_free (heap->spans);
    g_free (heap->sources);
  }
  if (heap->steps != heap->inline_steps)
    g_free (heap->steps);
  g_clear_pointer (&heap->turns, g_array_unref);
  g_free (heap->numbers);
  g_slice_free1 (BLOCK_SIZE, heap->block);
}

/* Makes space in an array for as many elements again as the n that it has; the first
 * array is part of the heap itself and cannot be reallocated. */
static gpointer
grow (gpointer array, gpointer inline_array, guint n, gsize element_size)
{
  gpointer larger;

  if (array != inline_array)
    return g_realloc_n (array, 2 * n, element_size);
  larger = g_malloc_n (2 * n, element_size);
  memcpy (larger, array, n * element_size);
  return larger;
}

static void
grow_pointers (Spead2Heap *heap)
{
  guint n = heap->allocated_pointers;

  heap->pointers =
      grow (heap->pointers, heap->inline_pointers, n, sizeof (guint64));
  heap->allocated_pointers = 2 * n;
}

static void
grow_spans (Spead2Heap *heap)
{
  guint n = heap->allocated_spans;

  heap->spans = grow (heap->spans, heap->inline_spans, n, sizeof (Spead2Span));
  heap->sources =
      grow (heap->sources, heap->inline_sources, n, sizeof (Spead2SpanSource));
  heap->allocated_spans = 2 * n;
}

static gboolean
check_id (Spead2Heap *heap, guint64 id, GError **error)
{
  if (id <= spead2_flavour_max_id (heap->flavour))
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "Item id 0x%" G_GINT64_MODIFIER "x does not fit SPEAD-64-%u, whose "
      "largest id is 0x%" G_GINT64_MODIFIER "x: choose a smaller id or fewer "
      "heap-address-bits",
      id, heap->flavour, spead2_flavour_max_id (heap->flavour));
  return FALSE;
}

static void
add_pointer (Spead2Heap *heap, guint64 pointer)
{
  if (heap->n_pointers == heap->allocated_pointers)
    grow_pointers (heap);
  heap->pointers[heap->n_pointers++] = pointer;
}

gboolean
spead2_heap_add_immediate (
    Spead2Heap *heap, guint64 id, guint64 value, GError **error)
{
  if (!check_id (heap, id, error))
    return FALSE;

  if (value > spead2_flavour_max_value (heap->flavour)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Value %" G_GUINT64_FORMAT " of item 0x%" G_GINT64_MODIFIER
        "x does not fit SPEAD-64-%u, whose largest immediate is "
        "%" G_GUINT64_FORMAT ": choose more heap-address-bits",
        value, id, heap->flavour, spead2_flavour_max_value (heap->flavour));
    return FALSE;
  }

  add_pointer (heap, spead2_flavour_immediate (heap->flavour, id, value));
  return TRUE;
}

gboolean
spead2_heap_add_addressed (Spead2Heap *heap, guint64 id, GError **error)
{
  if (!check_id (heap, id, error))
    return FALSE;

  add_pointer (
      heap, spead2_flavour_addressed (heap->flavour, id, heap->length));
  return TRUE;
}

void
spead2_heap_step_immediate (Spead2Heap *heap, guint64 step, guint bits)
{
  guint n = heap->n_steps;

  if (n == heap->allocated_steps) {
    heap->steps =
        grow (heap->steps, heap->inline_steps, n, sizeof (Spead2PointerStep));
    heap->allocated_steps = 2 * n;
  }
  heap->steps[heap->n_steps++] =
      (Spead2PointerStep){.pointer = heap->n_pointers - 1,
          .step = step,
          .mask = (G_GUINT64_CONSTANT (1) << bits) - 1};
}

/* -- payload ------------------------------------------------------------------ */

static Spead2MappedBuffer *
last_mapped (const Spead2Heap *heap)
{
  return heap->more_mapped
      ? g_ptr_array_index (heap->more_mapped, heap->more_mapped->len - 1)
      : heap->mapped;
}

/* Takes the reference. */
static void
keep (Spead2Heap *heap, Spead2MappedBuffer *mapped)
{
  if (heap->mapped == NULL) {
    heap->mapped = mapped;
    return;
  }
  if (heap->more_mapped == NULL)
    heap->more_mapped = g_ptr_array_new_with_free_func (
        (GDestroyNotify) spead2_mapped_buffer_unref);
  g_ptr_array_add (heap->more_mapped, mapped);
}

static Spead2Span *
add_span (Spead2Heap *heap, const guint8 *data, gsize size,
    Spead2HugePages *pages, const Spead2SpanSource *source)
{
  guint i = heap->n_spans;

  if (i == heap->allocated_spans)
    grow_spans (heap);
  heap->pages = i == 0 || heap->pages == pages ? pages : NULL;
  heap->sources[i] = *source;
  heap->spans[i] = (Spead2Span){.data = data, .size = size};
  heap->n_spans++;
  return &heap->spans[i];
}

/* How many of the next size bytes lie in pieces of one size, with the same gap in front of
 * each: up to the end of the heap that the memory was laid out for, or all of them where
 * such a heap is a single piece. */
static gsize
even_size (const Spead2PacketPlace *place, gsize size)
{
  return place->is_heap && place->headroom > 0 ? size
                                               : MIN (size, place->heap_size);
}

/* writable: the headroom is the heap's to write. */
static void
append_pieces (
    Spead2Heap *heap, Spead2SpanSource *source, gsize size, gboolean writable)
{
  while (size > 0) {
    Spead2PacketPlace place;
    Spead2Span *span;

    spead2_headroom_find (source->memory, source->offset, &place);
    span = add_span (heap, place.data, even_size (&place, size),
        spead2_headroom_pages (source->memory), source);
    span->first = MIN (span->size, place.size);
    span->piece = span->size > place.heap_size ? place.size : place.next_piece;
    span->gap =
        span->size > place.heap_size ? place.headroom : place.next_headroom;
    span->headroom = writable ? place.headroom : 0;
    source->offset += span->size;
    size -= span->size;
  }
}

static Spead2HugePages *
pages_of (const Spead2MappedMemory *mapped)
{
  return mapped->has_headroom ? spead2_headroom_pages (mapped->map.memory)
                              : spead2_huge_pages_of (mapped->map.memory);
}

/* Appends bytes of a buffer that the heap has kept. */
static void
append_kept (
    Spead2Heap *heap, Spead2MappedBuffer *mapped, gsize offset, gsize size)
{
  gboolean unused = offset >= mapped->headroom_used;
  guint i;

  mapped->headroom_used = MAX (mapped->headroom_used, offset + size);
  for (i = 0; i < mapped->n_memories && size > 0; i++) {
    Spead2MappedMemory *from = &mapped->memories[i];
    Spead2SpanSource source = {mapped->buffer, from->map.memory, offset};
    gsize available = gst_memory_get_sizes (source.memory, NULL, NULL);
    gsize take;

    if (offset >= available) {
      offset -= available;
      continue;
    }
    take = MIN (size, available - offset);
    if (from->has_headroom)
      append_pieces (heap, &source, take, unused && from->is_claimed);
    else
      add_span (heap, from->map.data + offset, take, pages_of (from), &source);
    size -= take;
    offset = 0;
  }
  g_return_if_fail (size == 0);
}

static gboolean
check_length (const Spead2Heap *heap, gsize size, GError **error)
{
  guint64 limit = spead2_flavour_max_value (heap->flavour);

  if (size <= limit - heap->length)
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A heap of %" G_GUINT64_FORMAT " bytes does not fit SPEAD-64-%u, "
      "whose longest heap has %" G_GUINT64_FORMAT ": send smaller buffers "
      "or choose more heap-address-bits",
      heap->length + size, heap->flavour, limit);
  return FALSE;
}

gboolean
spead2_heap_append_run (Spead2Heap *heap, Spead2MappedBuffer *mapped,
    gsize offset, gsize size, guint n_heaps, GError **error)
{
  g_return_val_if_fail (n_heaps == 1 || heap->n_spans == 0, FALSE);

  if (!check_length (heap, size, error))
    return FALSE;
  if (last_mapped (heap) != mapped)
    keep (heap, spead2_mapped_buffer_ref (mapped));
  append_kept (heap, mapped, offset, n_heaps * size);
  heap->length += size;
  heap->n_heaps = n_heaps;
  return TRUE;
}

gboolean
spead2_heap_append_mapped (Spead2Heap *heap, Spead2MappedBuffer *mapped,
    gsize offset, gsize size, GError **error)
{
  return spead2_heap_append_run (heap, mapped, offset, size, 1, error);
}

gboolean
spead2_heap_append_buffer (Spead2Heap *heap, GstBuffer *buffer, gsize offset,
    gsize size, GError **error)
{
  Spead2MappedBuffer *mapped = last_mapped (heap);

  if (!check_length (heap, size, error))
    return FALSE;
  /* Rows of a picture come one by one from the same buffer. */
  if (mapped == NULL || mapped->buffer != buffer) {
    mapped = spead2_mapped_buffer_new (buffer, error);
    if (mapped == NULL)
      return FALSE;
    keep (heap, mapped);
  }
  append_kept (heap, mapped, offset, size);
  heap->length += size;
  return TRUE;
}

/* Whether all of the buffer lies in the pages that the heap lies in, if any. */
static gboolean
shares_pages (const Spead2Heap *heap, const Spead2MappedBuffer *mapped)
{
  guint i;

  for (i = 0; i < mapped->n_memories; i++)
    if (pages_of (&mapped->memories[i]) != heap->pages)
      return FALSE;
  return TRUE;
}

gboolean
spead2_heap_extend_run (Spead2Heap *heap, GstBuffer *buffer, gsize offset)
{
  Spead2MappedBuffer *mapped = spead2_mapped_buffer_new (buffer, NULL);

  if (mapped == NULL)
    return FALSE;
  if (!shares_pages (heap, mapped)) {
    spead2_mapped_buffer_unref (mapped);
    return FALSE;
  }
  keep (heap, mapped);
  append_kept (heap, mapped, offset, heap->length);
  heap->n_heaps++;
  return TRUE;
}

gboolean
spead2_heap_append_bytes (Spead2Heap *heap, GBytes *bytes, GError **error)
{
  gsize size = g_bytes_get_size (bytes);
  GstBuffer *buffer;
  gboolean appended;

  /* No buffer can be made of none. */
  if (size == 0)
    return TRUE;
  buffer = gst_buffer_new_wrapped_bytes (bytes);
  appended = spead2_heap_append_buffer (heap, buffer, 0, size, error);
  gst_buffer_unref (buffer);
  return appended;
}
