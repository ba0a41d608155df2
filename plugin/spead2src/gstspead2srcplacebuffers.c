/* gst-spead2: buffers of heaps that have a place in a block each: see
 * gstspead2srcplacebuffers.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcplacebuffers.h"

#include "spead2/memory/bufferpool.h"
#include "spead2/receive/receivedheap.h"

/* Of a pool's buffer, or with a parent a part of it that was shared. */
typedef struct {
  GstMemory memory;
  /* (owned) NULL: the memory is in the pool, or has a parent */
  GstBuffer *block;
  guint8 *data;
} Place;

/* -- memory --------------------------------------------------------------------------- */

#define TYPE_PLACE_ALLOCATOR (gst_spead2_src_place_allocator_get_type ())
G_DECLARE_FINAL_TYPE (GstSpead2SrcPlaceAllocator,
    gst_spead2_src_place_allocator, GST_SPEAD2, SRC_PLACE_ALLOCATOR,
    GstAllocator)

struct _GstSpead2SrcPlaceAllocator {
  GstAllocator parent;
};

G_DEFINE_FINAL_TYPE (GstSpead2SrcPlaceAllocator, gst_spead2_src_place_allocator,
    GST_TYPE_ALLOCATOR)

static GstMemory *
new_place (GstAllocator *allocator, GstMemory *parent, GstMemoryFlags flags,
    gsize max_size, gsize offset, gsize size)
{
  Place *place = g_new0 (Place, 1);

  gst_memory_init (&place->memory, flags, allocator, parent, max_size,
      SPEAD2_PAYLOAD_ALIGNMENT - 1, offset, size);
  return &place->memory;
}

/* Of a buffer that has not been issued yet. */
static GstMemory *
alloc_place (GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
  return new_place (allocator, NULL, 0, size, 0, size);
}

static void
free_place (GstAllocator *allocator, GstMemory *memory)
{
  Place *place = (Place *) memory;

  gst_clear_buffer (&place->block);
  g_free (place);
}

static gpointer
map_place (GstMemory *memory, gsize max_size, GstMapFlags flags)
{
  return ((Place *) memory)->data;
}

static void
unmap_place (GstMemory *memory)
{
}

static GstMemory *
share_place (GstMemory *memory, gssize offset, gssize size)
{
  GstMemory *parent = memory->parent ? memory->parent : memory, *shared;

  if (size == -1)
    size = memory->size - offset;
  shared = new_place (memory->allocator, parent,
      GST_MINI_OBJECT_FLAGS (parent) | GST_MINI_OBJECT_FLAG_LOCK_READONLY,
      memory->maxsize, memory->offset + offset, size);
  ((Place *) shared)->data = ((Place *) memory)->data;
  return shared;
}

static void
gst_spead2_src_place_allocator_init (GstSpead2SrcPlaceAllocator *self)
{
  GstAllocator *allocator = GST_ALLOCATOR (self);

  allocator->mem_type = "GstSpead2SrcPlace";
  allocator->mem_map = map_place;
  allocator->mem_unmap = unmap_place;
  allocator->mem_share = share_place;
  /* A copy is not in the block. */
  GST_OBJECT_FLAG_SET (allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static void
gst_spead2_src_place_allocator_class_init (
    GstSpead2SrcPlaceAllocatorClass *klass)
{
  GstAllocatorClass *allocator_class = GST_ALLOCATOR_CLASS (klass);

  allocator_class->alloc = alloc_place;
  allocator_class->free = free_place;
}

/* -- buffers -------------------------------------------------------------------------- */

/* Called for memory that comes back to the pool. */
static void
leave_block (GstMemory *memory)
{
  Place *place = (Place *) memory;

  place->data = NULL;
  gst_clear_buffer (&place->block);
}

GstBufferPool *
gst_spead2_src_place_buffers_new (void)
{
  GstAllocator *allocator =
      g_object_ref_sink (g_object_new (TYPE_PLACE_ALLOCATOR, NULL));
  GstBufferPool *pool = spead2_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);

  /* The size is that of a buffer that has not been issued yet. */
  gst_buffer_pool_config_set_params (config, NULL, 1, 0, 0);
  gst_buffer_pool_config_set_allocator (config, allocator, NULL);
  gst_buffer_pool_set_config (pool, config);
  spead2_buffer_pool_set_restore (SPEAD2_BUFFER_POOL (pool), leave_block);
  gst_buffer_pool_set_active (pool, TRUE);
  gst_object_unref (allocator);
  return pool;
}

/* Nobody else has the buffer's memory yet. */
GstBuffer *
gst_spead2_src_place_buffers_issue (
    GstBufferPool *pool, GstBuffer *block, guint8 *data, gsize size)
{
  GstBuffer *buffer = NULL;
  Place *place;

  if (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL) != GST_FLOW_OK)
    return gst_buffer_new_wrapped_full (
        0, data, size, 0, size, block, (GDestroyNotify) gst_buffer_unref);
  place = (Place *) gst_buffer_peek_memory (buffer, 0);
  place->block = block;
  place->data = data;
  place->memory.offset = 0;
  place->memory.size = place->memory.maxsize = size;
  return buffer;
}
