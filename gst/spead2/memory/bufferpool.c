/* A pool whose buffers are reused last in first out: see bufferpool.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "spead2/memory/bufferpool.h"

struct _Spead2BufferPool {
  GstBufferPool parent;

  /* Constant while the pool is active. */
  gsize size;
  guint min, max; /* max 0: no limit */

  GMutex lock;
  /* Guarded by lock, which is never held while buffers are made or freed. */
  GPtrArray *released; /* (not owned) the last is issued next */
  guint n_buffers;     /* released and outstanding */
};

G_DEFINE_TYPE (Spead2BufferPool, spead2_buffer_pool, GST_TYPE_BUFFER_POOL)

static gboolean
set_config (GstBufferPool *pool, GstStructure *config)
{
  Spead2BufferPool *self = SPEAD2_BUFFER_POOL (pool);
  guint size;

  if (!gst_buffer_pool_config_get_params (
          config, NULL, &size, &self->min, &self->max))
    return FALSE;
  self->size = size;
  return GST_BUFFER_POOL_CLASS (spead2_buffer_pool_parent_class)
      ->set_config (pool, config);
}

static void
discard (Spead2BufferPool *self, GstBuffer *buffer)
{
  g_mutex_lock (&self->lock);
  self->n_buffers--;
  g_mutex_unlock (&self->lock);
  GST_BUFFER_POOL_GET_CLASS (self)->free_buffer (
      GST_BUFFER_POOL (self), buffer);
}

static GstFlowReturn
make (Spead2BufferPool *self, GstBuffer **buffer,
    GstBufferPoolAcquireParams *params)
{
  GstFlowReturn flow;
  gboolean full;

  g_mutex_lock (&self->lock);
  full = self->max > 0 && self->n_buffers >= self->max;
  if (!full)
    self->n_buffers++;
  g_mutex_unlock (&self->lock);
  if (full)
    return GST_FLOW_EOS;

  flow = GST_BUFFER_POOL_GET_CLASS (self)->alloc_buffer (
      GST_BUFFER_POOL (self), buffer, params);
  if (flow == GST_FLOW_OK) {
    GST_BUFFER_FLAG_UNSET (*buffer, GST_BUFFER_FLAG_TAG_MEMORY);
    return flow;
  }
  g_mutex_lock (&self->lock);
  self->n_buffers--;
  g_mutex_unlock (&self->lock);
  return flow;
}

static GstFlowReturn
acquire_buffer (
    GstBufferPool *pool, GstBuffer **buffer, GstBufferPoolAcquireParams *params)
{
  Spead2BufferPool *self = (Spead2BufferPool *) pool;

  if (GST_BUFFER_POOL_IS_FLUSHING (pool))
    return GST_FLOW_FLUSHING;
  g_mutex_lock (&self->lock);
  *buffer = self->released->len > 0
      ? g_ptr_array_remove_index_fast (self->released, self->released->len - 1)
      : NULL;
  g_mutex_unlock (&self->lock);
  return *buffer ? GST_FLOW_OK : make (self, buffer, params);
}

/* A GstBufferForeachMetaFunc. */
static gboolean
remove_unpooled (GstBuffer *buffer, GstMeta **meta, gpointer user_data)
{
  if (!GST_META_FLAG_IS_SET (*meta, GST_META_FLAG_POOLED)) {
    GST_META_FLAG_UNSET (*meta, GST_META_FLAG_LOCKED);
    *meta = NULL;
  }
  return TRUE;
}

void
spead2_buffer_reset (GstBuffer *buffer)
{
  g_assert (GST_MINI_OBJECT_REFCOUNT_VALUE (buffer) == 1);
  GST_BUFFER_FLAGS (buffer) &= GST_BUFFER_FLAG_TAG_MEMORY;
  GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_OFFSET (buffer) = GST_BUFFER_OFFSET_NONE;
  GST_BUFFER_OFFSET_END (buffer) = GST_BUFFER_OFFSET_NONE;
  gst_buffer_foreach_meta (buffer, remove_unpooled, NULL);
}

/* As the default, which costs as much as to receive 2 KiB: but for the size, which
 * release_buffer() restores where the buffer is issued again. */
static void
reset_buffer (GstBufferPool *pool, GstBuffer *buffer)
{
  spead2_buffer_reset (buffer);
}

/* Gives a buffer its whole memory back. FALSE: it has another than it had, or that is used
 * elsewhere as well. */
static gboolean
restore_memory (const Spead2BufferPool *self, GstBuffer *buffer)
{
  GstMemory *memory;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_TAG_MEMORY) ||
      gst_buffer_n_memory (buffer) != 1)
    return FALSE;
  memory = gst_buffer_peek_memory (buffer, 0);
  if (GST_MINI_OBJECT_REFCOUNT_VALUE (memory) > 1)
    return FALSE;
  gst_memory_resize (memory, -(gssize) memory->offset, self->size);
  return TRUE;
}

static void
release_buffer (GstBufferPool *pool, GstBuffer *buffer)
{
  Spead2BufferPool *self = (Spead2BufferPool *) pool;

  if (!restore_memory (self, buffer)) {
    discard (self, buffer);
    return;
  }
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->released, buffer);
  g_mutex_unlock (&self->lock);
}

/* Frees what is released. */
static gboolean
stop (GstBufferPool *pool)
{
  Spead2BufferPool *self = SPEAD2_BUFFER_POOL (pool);
  GPtrArray *released;
  guint i;

  g_mutex_lock (&self->lock);
  released = self->released;
  self->released = g_ptr_array_new ();
  g_mutex_unlock (&self->lock);
  for (i = 0; i < released->len; i++)
    discard (self, g_ptr_array_index (released, i));
  g_ptr_array_unref (released);
  return TRUE;
}

static gboolean
start (GstBufferPool *pool)
{
  Spead2BufferPool *self = SPEAD2_BUFFER_POOL (pool);
  guint i;

  for (i = 0; i < self->min; i++) {
    GstBuffer *buffer;

    if (make (self, &buffer, NULL) != GST_FLOW_OK) {
      stop (pool);
      return FALSE;
    }
    gst_buffer_memset (buffer, 0, 0, self->size);
    g_mutex_lock (&self->lock);
    g_ptr_array_add (self->released, buffer);
    g_mutex_unlock (&self->lock);
  }
  return TRUE;
}

static void
finalize (GObject *object)
{
  Spead2BufferPool *self = SPEAD2_BUFFER_POOL (object);

  g_ptr_array_unref (self->released);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (spead2_buffer_pool_parent_class)->finalize (object);
}

static void
spead2_buffer_pool_init (Spead2BufferPool *self)
{
  g_mutex_init (&self->lock);
  self->released = g_ptr_array_new ();
}

static void
spead2_buffer_pool_class_init (Spead2BufferPoolClass *klass)
{
  GstBufferPoolClass *pool_class = GST_BUFFER_POOL_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  pool_class->set_config = set_config;
  pool_class->start = start;
  pool_class->stop = stop;
  pool_class->acquire_buffer = acquire_buffer;
  pool_class->reset_buffer = reset_buffer;
  pool_class->release_buffer = release_buffer;
}

GstBufferPool *
spead2_buffer_pool_new (void)
{
  return gst_object_ref_sink (g_object_new (SPEAD2_TYPE_BUFFER_POOL, NULL));
}

GstBufferPool *
spead2_buffer_pool_start (
    gsize size, GstAllocator *allocator, const GstAllocationParams *params)
{
  GstBufferPool *pool = spead2_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);

  gst_buffer_pool_config_set_params (config, NULL, size, 0, 0);
  gst_buffer_pool_config_set_allocator (config, allocator, params);
  if (gst_buffer_pool_set_config (pool, config) &&
      gst_buffer_pool_set_active (pool, TRUE))
    return pool;
  gst_object_unref (pool);
  return NULL;
}
