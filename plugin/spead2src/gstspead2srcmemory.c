/* gst-spead2: memory that heaps are received into: see gstspead2srcmemory.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcmemory.h"

#include "spead2/memory/bufferpool.h"

/* Sizes of pools are multiples of this. */
#define GRANULE 4096

/* A heap has memory of the pool if it fills that much of it. */
#define MIN_SHARE 4

/* So many heaps in a row that do not, and the pool is made anew for heaps as they. */
#define MAX_SMALL 64

void
gst_spead2_src_memory_init (GstSpead2SrcMemory *memory)
{
  memset (memory, 0, sizeof *memory);
  g_mutex_init (&memory->lock);
  gst_spead2_src_slabs_init (&memory->slabs);
  gst_spead2_src_places_init (&memory->places, &memory->slabs);
  gst_allocation_params_init (&memory->params);
  memory->params.align = SPEAD2_PAYLOAD_ALIGNMENT - 1;
}

/* With the pool that it had, to be deactivated without the lock. */
static GstBufferPool *
steal_pool (GstSpead2SrcMemory *memory)
{
  memory->size = 0;
  memory->n_small = 0;
  memory->largest_small = 0;
  return g_steal_pointer (&memory->pool);
}

static void
free_pool (GstBufferPool *pool)
{
  if (pool == NULL)
    return;
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
}

void
gst_spead2_src_memory_start (
    GstSpead2SrcMemory *memory, guint n, gboolean has_runs)
{
  gst_spead2_src_slabs_start (&memory->slabs);
  memory->shared = n > 1;
  if (memory->shared)
    gst_spead2_src_places_start (&memory->places, n);
  else if (has_runs)
    gst_spead2_src_places_start_apart (&memory->places);
}

void
gst_spead2_src_memory_stop (GstSpead2SrcMemory *memory)
{
  GstBufferPool *pool;

  gst_spead2_src_places_stop (&memory->places);
  g_mutex_lock (&memory->lock);
  pool = steal_pool (memory);
  g_mutex_unlock (&memory->lock);
  free_pool (pool);
  gst_spead2_src_slabs_stop (&memory->slabs);
}

void
gst_spead2_src_memory_clear (GstSpead2SrcMemory *memory)
{
  gst_spead2_src_memory_stop (memory);
  gst_spead2_src_places_clear (&memory->places);
  gst_spead2_src_slabs_clear (&memory->slabs);
  gst_clear_object (&memory->allocator);
  g_mutex_clear (&memory->lock);
}

static gboolean
same_params (const GstAllocationParams *a, const GstAllocationParams *b)
{
  return a->flags == b->flags && a->align == b->align &&
      a->prefix == b->prefix && a->padding == b->padding;
}

/* As memory of any block is. */
static gboolean
is_plain (const GstAllocationParams *params)
{
  return params->align == SPEAD2_PAYLOAD_ALIGNMENT - 1 && params->prefix == 0 &&
      params->padding == 0;
}

void
gst_spead2_src_memory_set_allocator (GstSpead2SrcMemory *memory,
    GstAllocator *allocator, const GstAllocationParams *params)
{
  GstAllocationParams wanted = *params;
  GstAllocator *last = NULL;
  GstBufferPool *pool = NULL;

  wanted.align |= SPEAD2_PAYLOAD_ALIGNMENT - 1;
  /* Places are not made with it. */
  if (!memory->shared && !(allocator == NULL && is_plain (&wanted)))
    gst_spead2_src_places_stop (&memory->places);
  g_mutex_lock (&memory->lock);
  if (allocator != memory->allocator ||
      !same_params (&wanted, &memory->params)) {
    last = memory->allocator;
    memory->allocator = allocator ? gst_object_ref (allocator) : NULL;
    memory->params = wanted;
    pool = steal_pool (memory);
  }
  g_mutex_unlock (&memory->lock);
  gst_clear_object (&last);
  free_pool (pool);
}

/* Pages were mapped at the start for blocks, or for heaps that are too large for these. Others
 * that have no place, as one with descriptors, are few, mostly: they leave the pages to the
 * blocks, since to map more would take longer than it saves, while no packet is read. With
 * the lock. */
static GstBufferPool *
make_pool (GstSpead2SrcMemory *memory, gsize size)
{
  g_autoptr (GstAllocator) allocator = NULL;

  if (memory->allocator)
    allocator = gst_object_ref (memory->allocator);
  else if (!gst_spead2_src_places_suit (&memory->places, size))
    allocator = gst_spead2_src_slabs_take (&memory->slabs, size);
  return spead2_buffer_pool_start (size, allocator, &memory->params);
}

/* Whether the pool's buffers have a size for such heaps; otherwise, the size that they
 * should have. With the lock. */
static gboolean
fits_pool (GstSpead2SrcMemory *memory, gsize size, gsize *wanted)
{
  *wanted = size;
  if (size > memory->size)
    return FALSE;
  if (size > memory->size / MIN_SHARE) {
    memory->n_small = 0;
    memory->largest_small = 0;
    return TRUE;
  }
  memory->largest_small = MAX (memory->largest_small, size);
  *wanted = memory->largest_small;
  return ++memory->n_small < MAX_SMALL;
}

/* The pool for a heap of so many bytes (transfer full), or NULL: it has memory of its
 * own. */
static GstBufferPool *
find_pool (GstSpead2SrcMemory *memory, gsize size)
{
  GstBufferPool *pool = NULL, *last = NULL;
  gsize wanted;

  g_mutex_lock (&memory->lock);
  if (!fits_pool (memory, size, &wanted)) {
    gsize rounded = (wanted + GRANULE - 1) / GRANULE * GRANULE;

    last = steal_pool (memory);
    if (rounded <= G_MAXUINT) {
      memory->pool = make_pool (memory, rounded);
      memory->size = memory->pool ? rounded : 0;
    }
  }
  if (memory->pool && size > memory->size / MIN_SHARE)
    pool = gst_object_ref (memory->pool);
  g_mutex_unlock (&memory->lock);
  free_pool (last);
  return pool;
}

static GstBuffer *
make_buffer (GstSpead2SrcMemory *memory, gsize size)
{
  GstBufferPool *pool = find_pool (memory, size);
  GstBuffer *buffer = NULL;
  GstAllocationParams params;

  if (pool) {
    gst_buffer_pool_acquire_buffer (pool, &buffer, NULL);
    gst_object_unref (pool);
  }
  if (buffer)
    return buffer;
  gst_allocation_params_init (&params);
  params.align = SPEAD2_PAYLOAD_ALIGNMENT - 1;
  return gst_buffer_new_allocate (NULL, size, &params);
}

/* A slab is where it is, and nobody else has the buffer: mapping it would do nothing, at the
 * price of receiving a packet. */
static gboolean
map_buffer (GstBuffer *buffer, GstMapInfo *map)
{
  const GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  guint8 *slab = spead2_huge_pages_slab (memory);

  if (slab == NULL)
    return gst_buffer_map (buffer, map, GST_MAP_WRITE);
  memset (map, 0, sizeof *map);
  map->data = slab;
  map->size = memory->size;
  return TRUE;
}

/* A buffer of its own. */
static gboolean
acquire_buffer (GstSpead2SrcMemory *memory, gsize size, guint phase,
    Spead2HeapMemory *heap_memory)
{
  GstBuffer *buffer = make_buffer (memory, size + SPEAD2_PAYLOAD_ALIGNMENT);
  GstMapInfo *map = &heap_memory->map;
  gsize offset;

  if (buffer == NULL)
    return FALSE;
  if (!map_buffer (buffer, map)) {
    gst_buffer_unref (buffer);
    return FALSE;
  }
  offset = (phase - (guintptr) map->data) & (SPEAD2_PAYLOAD_ALIGNMENT - 1);
  heap_memory->data = map->data + offset;
  heap_memory->size = map->size - offset;
  heap_memory->token = buffer;
  return TRUE;
}

static gboolean
acquire (
    gpointer user_data, gsize size, guint phase, Spead2HeapMemory *heap_memory)
{
  GstSpead2SrcMemory *memory = user_data;

  return (phase == 0 &&
             gst_spead2_src_places_acquire (
                 &memory->places, size, heap_memory)) ||
      acquire_buffer (memory, size, phase, heap_memory);
}

static GstBuffer *
unmap (Spead2HeapMemory *memory)
{
  GstBuffer *buffer = memory->token;

  if (memory->map.memory)
    gst_buffer_unmap (buffer, &memory->map);
  memory->data = NULL;
  memory->token = NULL;
  return buffer;
}

static void
release (gpointer user_data, Spead2HeapMemory *memory)
{
  gst_buffer_unref (unmap (memory));
}

static gsize
resize (gpointer user_data, Spead2HeapMemory *heap_memory, gsize size)
{
  GstSpead2SrcMemory *memory = user_data;

  return gst_spead2_src_places_have (heap_memory)
      ? gst_spead2_src_places_resize (&memory->places, heap_memory, size)
      : 0;
}

Spead2HeapMemoryOwner
gst_spead2_src_memory_owner (GstSpead2SrcMemory *memory)
{
  return (Spead2HeapMemoryOwner){acquire, release, resize, memory};
}

/* -- what becomes of it ------------------------------------------------------------- */

GstBuffer *
gst_spead2_src_memory_peek (const Spead2ReceivedHeap *heap)
{
  return gst_spead2_src_places_have (&heap->memory) ? NULL : heap->memory.token;
}

gboolean
gst_spead2_src_memory_adjoins (
    const Spead2ReceivedHeap *first, const Spead2ReceivedHeap *second)
{
  return gst_spead2_src_places_have (&first->memory) &&
      gst_spead2_src_places_have (&second->memory) &&
      gst_spead2_src_places_adjoin (&first->memory, &second->memory);
}

gboolean
gst_spead2_src_memory_ends_block (const Spead2ReceivedHeap *heap)
{
  return gst_spead2_src_places_have (&heap->memory) &&
      gst_spead2_src_places_is_last (&heap->memory);
}

Spead2ReceivedHeap *
gst_spead2_src_memory_split (Spead2ReceivedHeap *run, guint n)
{
  Spead2ReceivedHeap *first = spead2_received_heap_split (run, n);

  gst_spead2_src_places_split (&run->memory, n * run->length, &first->memory);
  return first;
}

GstBuffer *
gst_spead2_src_memory_take_place (
    Spead2ReceivedHeap *heap, guint64 offset, guint64 size)
{
  return gst_spead2_src_places_take_first (
      &heap->memory, heap->length, offset, size);
}

GstBuffer *
gst_spead2_src_memory_take (
    Spead2ReceivedHeap *heap, guint64 offset, guint64 size)
{
  gsize begin = heap->memory.data - heap->memory.map.data;
  GstBuffer *buffer;

  if (gst_spead2_src_places_have (&heap->memory)) {
    buffer = gst_spead2_src_places_take (&heap->memory, offset + size);
    begin = 0;
  } else {
    buffer = unmap (&heap->memory);
  }
  /* It is the buffer's only one, and nobody else has it yet. */
  gst_memory_resize (gst_buffer_peek_memory (buffer, 0), begin + offset, size);
  return buffer;
}
