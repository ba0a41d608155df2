/* gst-spead2: buffers of heaps that have a place in a block each: see
 * gstspead2srcplacebuffers.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcplacebuffers.h"

#include "spead2/memory/bufferpool.h"
#include "spead2/receive/receivedheap.h"

/* Of a place's buffer, or with a parent a part of it that was shared. */
typedef struct {
  GstMemory memory;
  /* (owned) NULL: the buffer is with its block, or the memory has a parent */
  GstBuffer *block;
  GstBuffer **kept; /* where the block keeps the buffer */
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
  GST_ALLOCATOR_CLASS (klass)->free = free_place;
}

/* One for all, which is never freed. */
static GstAllocator *
get_allocator (void)
{
  static GstAllocator *allocator;

  if (g_once_init_enter (&allocator)) {
    GstAllocator *made =
        g_object_ref_sink (g_object_new (TYPE_PLACE_ALLOCATOR, NULL));

    GST_OBJECT_FLAG_SET (made, GST_OBJECT_FLAG_MAY_BE_LEAKED);
    g_once_init_leave (&allocator, made);
  }
  return allocator;
}

/* -- buffers that are with their block ------------------------------------------------- */

typedef struct {
  GstMeta meta;
  /* (owned) of each place, or NULL: there is none, or it was issued. The thread that has the
   * place uses it. */
  GstBuffer *buffers[GST_SPEAD2_SRC_MAX_PLACE_BUFFERS];
} Kept;

/* A GstMetaInitFunction. */
static gboolean
init_kept (GstMeta *meta, gpointer params, GstBuffer *block)
{
  memset (((Kept *) meta)->buffers, 0, sizeof ((Kept *) meta)->buffers);
  return TRUE;
}

/* A GstMetaFreeFunction. */
static void
free_kept (GstMeta *meta, GstBuffer *block)
{
  guint i;

  for (i = 0; i < GST_SPEAD2_SRC_MAX_PLACE_BUFFERS; i++)
    gst_clear_buffer (&((Kept *) meta)->buffers[i]);
}

static const GstMetaInfo *
get_kept_info (void)
{
  static const gchar *tags[] = {NULL};
  static const GstMetaInfo *info;

  if (g_once_init_enter (&info))
    g_once_init_leave (&info,
        gst_meta_register (
            gst_meta_api_type_register ("GstSpead2SrcPlaceBuffersAPI", tags),
            "GstSpead2SrcPlaceBuffers", sizeof (Kept), init_kept, free_kept,
            NULL));
  return info;
}

static Kept *
get_kept (GstBuffer *block)
{
  return (Kept *) gst_buffer_get_meta (block, get_kept_info ()->api);
}

void
gst_spead2_src_place_buffers_prepare (GstBuffer *block)
{
  GstMeta *meta;

  if (get_kept (block))
    return;
  meta = gst_buffer_add_meta (block, get_kept_info (), NULL);
  GST_META_FLAG_SET (meta, GST_META_FLAG_POOLED);
}

/* -- buffers that are issued ------------------------------------------------------------ */

/* Whether the buffer was issued, and has the memory that it was made with, which nothing else
 * uses. */
static gboolean
can_return (GstBuffer *buffer)
{
  const Place *place;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_TAG_MEMORY) ||
      gst_buffer_n_memory (buffer) != 1)
    return FALSE;
  place = (const Place *) gst_buffer_peek_memory (buffer, 0);
  return place->block && GST_MINI_OBJECT_REFCOUNT_VALUE (place) == 1;
}

/* A GstMiniObjectDisposeFunction: a buffer that nobody has any more goes back to its block,
 * or is freed. */
static gboolean
return_to_block (GstMiniObject *object)
{
  GstBuffer *buffer = GST_BUFFER_CAST (object);
  Place *place;

  if (!can_return (buffer))
    return TRUE;
  place = (Place *) gst_buffer_peek_memory (buffer, 0);
  *place->kept = gst_buffer_ref (buffer);
  spead2_buffer_reset (buffer);
  /* This may free the block, and the buffer with it. */
  gst_buffer_unref (g_steal_pointer (&place->block));
  return FALSE;
}

static GstBuffer *
make_buffer (void)
{
  GstBuffer *buffer = gst_buffer_new ();

  gst_buffer_append_memory (
      buffer, new_place (get_allocator (), NULL, 0, 0, 0, 0));
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_TAG_MEMORY);
  GST_MINI_OBJECT_CAST (buffer)->dispose = return_to_block;
  return buffer;
}

/* Nobody else has the buffer's memory yet. */
GstBuffer *
gst_spead2_src_place_buffers_issue (
    GstBuffer *block, guint i, guint8 *data, gsize size)
{
  GstBuffer **kept = &get_kept (block)->buffers[i];
  GstBuffer *buffer = *kept ? g_steal_pointer (kept) : make_buffer ();
  Place *place = (Place *) gst_buffer_peek_memory (buffer, 0);

  place->block = block;
  place->kept = kept;
  place->data = data;
  place->memory.offset = 0;
  place->memory.size = place->memory.maxsize = size;
  return buffer;
}
