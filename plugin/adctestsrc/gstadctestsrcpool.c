/* adctestsrc's pool: see gstadctestsrcpool.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcpool.h"

struct _GstAdcTestSrcPool {
  GstBufferPool parent;

  /* Guarded by lock, under which nothing is called. */
  GMutex lock;
  GPtrArray *returned; /* (owned GstBuffer) in the order of their release */
};

G_DEFINE_FINAL_TYPE (
    GstAdcTestSrcPool, gst_adc_test_src_pool, GST_TYPE_BUFFER_POOL)

static GstBuffer *
take_last (GstAdcTestSrcPool *self)
{
  GstBuffer *buffer = NULL;

  g_mutex_lock (&self->lock);
  if (self->returned->len > 0)
    buffer =
        g_ptr_array_remove_index_fast (self->returned, self->returned->len - 1);
  g_mutex_unlock (&self->lock);
  return buffer;
}

static GstFlowReturn
gst_adc_test_src_pool_acquire_buffer (
    GstBufferPool *pool, GstBuffer **buffer, GstBufferPoolAcquireParams *params)
{
  if (!GST_BUFFER_POOL_IS_FLUSHING (pool) &&
      (*buffer = take_last (GST_ADC_TEST_SRC_POOL (pool))) != NULL)
    return GST_FLOW_OK;
  return GST_BUFFER_POOL_CLASS (gst_adc_test_src_pool_parent_class)
      ->acquire_buffer (pool, buffer, params);
}

/* A buffer whose memory was replaced, or is shared, is not used again: the base class
 * frees it. */
static void
gst_adc_test_src_pool_release_buffer (GstBufferPool *pool, GstBuffer *buffer)
{
  GstAdcTestSrcPool *self = GST_ADC_TEST_SRC_POOL (pool);

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_TAG_MEMORY) ||
      !gst_buffer_is_all_memory_writable (buffer)) {
    GST_BUFFER_POOL_CLASS (gst_adc_test_src_pool_parent_class)
        ->release_buffer (pool, buffer);
    return;
  }
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->returned, buffer);
  g_mutex_unlock (&self->lock);
}

static gboolean
gst_adc_test_src_pool_stop (GstBufferPool *pool)
{
  GstBufferPoolClass *parent_class =
      GST_BUFFER_POOL_CLASS (gst_adc_test_src_pool_parent_class);
  GstBuffer *buffer;

  while ((buffer = take_last (GST_ADC_TEST_SRC_POOL (pool))) != NULL)
    parent_class->release_buffer (pool, buffer);
  return parent_class->stop (pool);
}

static void
gst_adc_test_src_pool_finalize (GObject *object)
{
  GstAdcTestSrcPool *self = GST_ADC_TEST_SRC_POOL (object);

  g_ptr_array_unref (self->returned);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_adc_test_src_pool_parent_class)->finalize (object);
}

static void
gst_adc_test_src_pool_class_init (GstAdcTestSrcPoolClass *klass)
{
  GstBufferPoolClass *pool_class = GST_BUFFER_POOL_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_adc_test_src_pool_finalize;
  pool_class->acquire_buffer = gst_adc_test_src_pool_acquire_buffer;
  pool_class->release_buffer = gst_adc_test_src_pool_release_buffer;
  pool_class->stop = gst_adc_test_src_pool_stop;
}

static void
gst_adc_test_src_pool_init (GstAdcTestSrcPool *self)
{
  g_mutex_init (&self->lock);
  self->returned = g_ptr_array_new ();
}

GstBufferPool *
gst_adc_test_src_pool_new (void)
{
  return g_object_ref_sink (g_object_new (GST_TYPE_ADC_TEST_SRC_POOL, NULL));
}
