/* One heap to send: see heap.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "heap.h"

#include "error.h"

Spead2Heap *
spead2_heap_new (Spead2Flavour flavour)
{
  Spead2Heap *heap = g_slice_new (Spead2Heap);

  heap->flavour = flavour;
  heap->flags = 0;
  heap->destination = 0;
  heap->cnt = 0;
  heap->pointers = heap->inline_pointers;
  heap->n_pointers = 0;
  heap->spans = heap->inline_spans;
  heap->n_spans = 0;
  heap->length = 0;
  heap->pages = NULL;
  heap->buffers = NULL;
  heap->buffer = NULL;
  heap->allocated_pointers = SPEAD2_HEAP_INLINE_POINTERS;
  heap->allocated_spans = SPEAD2_HEAP_INLINE_SPANS;
  heap->maps = heap->inline_maps;
  heap->allocated_maps = SPEAD2_HEAP_INLINE_SPANS;

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
  guint i;

  for (i = 0; i < heap->n_spans; i++)
    gst_memory_unmap (heap->maps[i].memory, &heap->maps[i]);
  gst_clear_buffer (&heap->buffer);
  g_clear_pointer (&heap->buffers, g_ptr_array_unref);

  if (heap->pointers != heap->inline_pointers)
    g_free (heap->pointers);
  if (heap->spans != heap->inline_spans)
    g_free (heap->spans);
  if (heap->maps != heap->inline_maps)
    g_free (heap->maps);
  g_slice_free (Spead2Heap, heap);
}

/* Doubles an array of n elements when it is full; the first one is part of the
 * heap itself and cannot be reallocated. */
static gpointer
reserve_one (gpointer array, gpointer inline_array, guint n, guint *allocated,
    gsize element_size)
{
  gpointer larger;

  if (n < *allocated)
    return array;

  *allocated *= 2;
  if (array != inline_array)
    return g_realloc_n (array, *allocated, element_size);

  larger = g_malloc_n (*allocated, element_size);
  memcpy (larger, array, n * element_size);
  return larger;
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
  heap->pointers = reserve_one (heap->pointers, heap->inline_pointers,
      heap->n_pointers, &heap->allocated_pointers, sizeof (guint64));
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

static GstBuffer *
last_buffer (const Spead2Heap *heap)
{
  return heap->buffers
      ? g_ptr_array_index (heap->buffers, heap->buffers->len - 1)
      : heap->buffer;
}

static void
keep_buffer (Spead2Heap *heap, GstBuffer *buffer)
{
  if (heap->buffer == NULL) {
    heap->buffer = gst_buffer_ref (buffer);
    return;
  }
  /* Rows of a picture come one by one from the same buffer. */
  if (last_buffer (heap) == buffer)
    return;
  if (heap->buffers == NULL)
    heap->buffers =
        g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  g_ptr_array_add (heap->buffers, gst_buffer_ref (buffer));
}

static gboolean
append_memory (Spead2Heap *heap, GstMemory *memory, gsize offset, gsize size,
    GError **error)
{
  Spead2HugePages *pages = spead2_huge_pages_of (memory);
  GstMapInfo *map;

  heap->spans = reserve_one (heap->spans, heap->inline_spans, heap->n_spans,
      &heap->allocated_spans, sizeof (Spead2Span));
  heap->maps = reserve_one (heap->maps, heap->inline_maps, heap->n_spans,
      &heap->allocated_maps, sizeof (GstMapInfo));
  map = &heap->maps[heap->n_spans];
  if (!gst_memory_map (memory, map, GST_MAP_READ)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_MEMORY,
        "Memory of type '%s' cannot be mapped for reading",
        memory->allocator ? memory->allocator->mem_type : "unknown");
    return FALSE;
  }

  heap->spans[heap->n_spans] = (Spead2Span){map->data + offset, size};
  heap->pages = heap->n_spans == 0 || heap->pages == pages ? pages : NULL;
  heap->n_spans++;
  heap->length += size;
  return TRUE;
}

gboolean
spead2_heap_append_buffer (Spead2Heap *heap, GstBuffer *buffer, gsize offset,
    gsize size, GError **error)
{
  guint64 limit = spead2_flavour_max_value (heap->flavour);
  guint i, n_memories = gst_buffer_n_memory (buffer);

  if (size > limit - heap->length) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "A heap of %" G_GUINT64_FORMAT " bytes does not fit SPEAD-64-%u, "
        "whose longest heap has %" G_GUINT64_FORMAT ": send smaller buffers "
        "or choose more heap-address-bits",
        heap->length + size, heap->flavour, limit);
    return FALSE;
  }

  keep_buffer (heap, buffer);

  for (i = 0; i < n_memories && size > 0; i++) {
    GstMemory *memory = gst_buffer_peek_memory (buffer, i);
    gsize available = gst_memory_get_sizes (memory, NULL, NULL);
    gsize take;

    if (offset >= available) {
      offset -= available;
      continue;
    }
    take = MIN (size, available - offset);
    if (!append_memory (heap, memory, offset, take, error))
      return FALSE;
    size -= take;
    offset = 0;
  }

  g_return_val_if_fail (size == 0, FALSE);
  return TRUE;
}

gboolean
spead2_heap_append_bytes (Spead2Heap *heap, GBytes *bytes, GError **error)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (bytes);
  gboolean appended = spead2_heap_append_buffer (
      heap, buffer, 0, g_bytes_get_size (bytes), error);

  gst_buffer_unref (buffer);
  return appended;
}
