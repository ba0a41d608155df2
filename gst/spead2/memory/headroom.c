/* Memory with headroom for packet headers: see headroom.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/memory/headroom.h"

#include <string.h>

/* Least alignment of maps, less one, as in GstAllocationParams. */
#define MIN_ALIGN 15

/* A memory. One with a parent is a part that was shared: only its first field is
 * in use. */
typedef struct {
  GstMemory memory;

  /* Constant. */
  GstMapInfo storage;     /* (owned) mapped until the memory is freed */
  Spead2HugePages *pages; /* (borrowed from storage) or NULL */

  /* Guarded by lock, under which nothing is called. */
  GMutex lock;
  guint8 *copy; /* (owned) contiguous payload, while n_maps > 0 */
  guint n_maps;

  gint claimed; /* atomic */
} HeadroomMemory;

struct _Spead2HeadroomAllocator {
  GstAllocator parent;

  /* Constant. */
  Spead2PacketShape shape;
  GstAllocator *storage; /* (owned) or NULL: the default allocator */
};

G_DEFINE_FINAL_TYPE (
    Spead2HeadroomAllocator, spead2_headroom_allocator, GST_TYPE_ALLOCATOR)

/* -- the shape --------------------------------------------------------------- */

static gsize
heap_storage (const Spead2PacketShape *shape, gsize size)
{
  gsize n;

  if (size == 0)
    return 0;
  if (size <= shape->first_piece)
    return shape->first_header + size;
  n = (size - shape->first_piece + shape->piece - 1) / shape->piece;
  return shape->first_header + size + n * shape->header;
}

/* The place of the payload's byte at offset within a heap of heap_size bytes of
 * payload (G_MAXUINT64: unlimited), whose storage begins at data. */
static void
find_in_heap (const Spead2PacketShape *shape, guint8 *data, gsize offset,
    guint64 heap_size, Spead2PacketPlace *place)
{
  gsize into, n;

  if (offset < shape->first_piece) {
    place->data = data + shape->first_header + offset;
    place->size = shape->first_piece - offset;
    place->headroom = offset == 0 ? shape->first_header : 0;
  } else {
    n = (offset - shape->first_piece) / shape->piece;
    into = (offset - shape->first_piece) % shape->piece;
    place->data = data + shape->first_header + offset + (n + 1) * shape->header;
    place->size = shape->piece - into;
    place->headroom = into == 0 ? shape->header : 0;
  }
  place->heap_size = heap_size - offset;
  place->size = MIN (place->size, place->heap_size);
  place->next_headroom = shape->header;
  place->next_piece = shape->piece;
  place->is_heap = heap_size <= shape->first_piece;
}

static void
find (const Spead2PacketShape *shape, guint8 *data, gsize offset,
    Spead2PacketPlace *place)
{
  const gsize heap_size = shape->heap_size;

  if (heap_size == 0)
    find_in_heap (shape, data, offset, G_MAXUINT64, place);
  else
    find_in_heap (shape,
        data + offset / heap_size * heap_storage (shape, heap_size),
        offset % heap_size, heap_size, place);
}

gsize
spead2_packet_shape_storage (const Spead2PacketShape *shape, gsize size)
{
  if (shape->heap_size == 0)
    return heap_storage (shape, size);
  return size / shape->heap_size * heap_storage (shape, shape->heap_size) +
      heap_storage (shape, size % shape->heap_size);
}

/* -- memories ------------------------------------------------------------------ */

/* The memory that owns the storage: itself, or the one that it is part of. */
static HeadroomMemory *
root_of (GstMemory *memory)
{
  return (HeadroomMemory *) (memory->parent ? memory->parent : memory);
}

static const Spead2PacketShape *
shape_of (const GstMemory *memory)
{
  return &SPEAD2_HEADROOM_ALLOCATOR (memory->allocator)->shape;
}

static GstMemory *
spead2_headroom_allocator_alloc (
    GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
  Spead2HeadroomAllocator *self = SPEAD2_HEADROOM_ALLOCATOR (allocator);
  HeadroomMemory *root;
  GstMemory *storage;

  if (params->prefix > 0 || params->padding > 0)
    return gst_allocator_alloc (NULL, size, params);

  storage = gst_allocator_alloc (
      self->storage, spead2_packet_shape_storage (&self->shape, size), params);
  if (storage == NULL)
    return NULL;

  root = g_new0 (HeadroomMemory, 1);
  if (!gst_memory_map (storage, &root->storage, GST_MAP_READWRITE)) {
    gst_memory_unref (storage);
    g_free (root);
    return NULL;
  }
  root->pages = spead2_huge_pages_of (storage);
  gst_memory_init (GST_MEMORY_CAST (root), params->flags, allocator, NULL, size,
      params->align | MIN_ALIGN, 0, size);
  g_mutex_init (&root->lock);
  return GST_MEMORY_CAST (root);
}

static void
spead2_headroom_allocator_free (GstAllocator *allocator, GstMemory *memory)
{
  HeadroomMemory *root = (HeadroomMemory *) memory;
  GstMemory *storage = root->storage.memory;

  if (memory->parent == NULL) {
    gst_memory_unmap (storage, &root->storage);
    gst_memory_unref (storage);
    g_mutex_clear (&root->lock);
  }
  g_free (root);
}

static GstMemory *
share_headroom (GstMemory *memory, gssize offset, gssize size)
{
  GstMemory *parent = GST_MEMORY_CAST (root_of (memory));
  HeadroomMemory *part = g_new0 (HeadroomMemory, 1);

  if (size == -1)
    size = memory->size - offset;
  gst_memory_init (GST_MEMORY_CAST (part),
      GST_MINI_OBJECT_FLAGS (parent) | GST_MINI_OBJECT_FLAG_LOCK_READONLY,
      memory->allocator, parent, memory->maxsize, memory->align,
      memory->offset + offset, size);
  return GST_MEMORY_CAST (part);
}

/* -- mapping: a contiguous copy -------------------------------------------------- */

/* Copies the payload from its pieces to the copy, or back. */
static void
copy_payload (HeadroomMemory *root, gboolean back)
{
  const Spead2PacketShape *shape = shape_of (&root->memory);
  gsize offset, size;

  for (offset = 0; offset < root->memory.maxsize; offset += size) {
    Spead2PacketPlace place;

    find (shape, root->storage.data, offset, &place);
    size = MIN (place.size, root->memory.maxsize - offset);
    if (back)
      memcpy (place.data, root->copy + offset, size);
    else
      memcpy (root->copy + offset, place.data, size);
  }
}

static gpointer
map_copy (GstMemory *memory, GstMapInfo *info, gsize max_size)
{
  HeadroomMemory *root = root_of (memory);

  g_mutex_lock (&root->lock);
  if (root->n_maps++ == 0) {
    root->copy = g_aligned_alloc (
        MAX (root->memory.maxsize, 1), 1, root->memory.align + 1);
    copy_payload (root, FALSE);
  }
  g_mutex_unlock (&root->lock);
  return root->copy;
}

static void
unmap_copy (GstMemory *memory, GstMapInfo *info)
{
  HeadroomMemory *root = root_of (memory);

  g_mutex_lock (&root->lock);
  if (info->flags & GST_MAP_WRITE)
    copy_payload (root, TRUE);
  if (--root->n_maps == 0)
    g_clear_pointer (&root->copy, g_aligned_free);
  g_mutex_unlock (&root->lock);
}

/* -- access in place --------------------------------------------------------------- */

gboolean
spead2_is_headroom_memory (const GstMemory *memory)
{
  return memory->allocator != NULL &&
      G_OBJECT_TYPE (memory->allocator) == SPEAD2_TYPE_HEADROOM_ALLOCATOR;
}

void
spead2_headroom_find (GstMemory *memory, gsize offset, Spead2PacketPlace *place)
{
  find (shape_of (memory), root_of (memory)->storage.data,
      memory->offset + offset, place);
}

gboolean
spead2_headroom_claim (GstMemory *memory)
{
  return g_atomic_int_compare_and_exchange (
      &root_of (memory)->claimed, FALSE, TRUE);
}

void
spead2_headroom_return (GstMemory *memory)
{
  g_atomic_int_set (&root_of (memory)->claimed, FALSE);
}

Spead2HugePages *
spead2_headroom_pages (GstMemory *memory)
{
  return root_of (memory)->pages;
}

/* -- class ------------------------------------------------------------------------- */

GstAllocator *
spead2_headroom_allocator_new (
    const Spead2PacketShape *shape, GstAllocator *storage)
{
  Spead2HeadroomAllocator *self =
      g_object_ref_sink (g_object_new (SPEAD2_TYPE_HEADROOM_ALLOCATOR, NULL));

  self->shape = *shape;
  if (storage)
    self->storage = gst_object_ref (storage);
  return GST_ALLOCATOR (self);
}

static void
spead2_headroom_allocator_finalize (GObject *object)
{
  gst_clear_object (&SPEAD2_HEADROOM_ALLOCATOR (object)->storage);
  G_OBJECT_CLASS (spead2_headroom_allocator_parent_class)->finalize (object);
}

static void
spead2_headroom_allocator_init (Spead2HeadroomAllocator *self)
{
  GstAllocator *allocator = GST_ALLOCATOR (self);

  allocator->mem_type = "Spead2Headroom";
  allocator->mem_map_full = map_copy;
  allocator->mem_unmap_full = unmap_copy;
  allocator->mem_share = share_headroom;
}

static void
spead2_headroom_allocator_class_init (Spead2HeadroomAllocatorClass *klass)
{
  GstAllocatorClass *allocator_class = GST_ALLOCATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = spead2_headroom_allocator_finalize;
  allocator_class->alloc = spead2_headroom_allocator_alloc;
  allocator_class->free = spead2_headroom_allocator_free;
}
