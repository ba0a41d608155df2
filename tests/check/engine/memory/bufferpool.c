/* A pool whose buffers are reused last in first out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "spead2/memory/bufferpool.h"

#define SIZE 1000

static GstBufferPool *pool;

static void
start (guint min, guint max)
{
  GstStructure *config;

  pool = spead2_buffer_pool_new ();
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, NULL, SIZE, min, max);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
}

static void
end (void)
{
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  gst_object_unref (pool);
}

static GstBuffer *
acquire (void)
{
  GstBuffer *buffer;

  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  fail_unless_equals_int (gst_buffer_get_size (buffer), SIZE);
  return buffer;
}

GST_START_TEST (the_buffer_that_was_released_last_is_issued_next)
{
  GstBuffer *first, *second;

  start (0, 0);
  first = acquire ();
  second = acquire ();
  gst_buffer_unref (first);
  gst_buffer_unref (second);
  fail_unless (acquire () == second);
  fail_unless (acquire () == first);
  gst_buffer_unref (first);
  gst_buffer_unref (second);
  end ();
}
GST_END_TEST;

/* Beside its size: times, offsets, flags, and metas but those that are the pool's. */
GST_START_TEST (a_buffer_that_is_issued_again_is_as_it_was)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("timestamp/x-test");
  GstBuffer *buffer;
  GstMeta *kept;

  start (1, 1);
  buffer = acquire ();
  kept = (GstMeta *) gst_buffer_add_reference_timestamp_meta (
      buffer, caps, 1, GST_CLOCK_TIME_NONE);
  GST_META_FLAG_SET (kept, GST_META_FLAG_POOLED);
  gst_buffer_add_reference_timestamp_meta (
      buffer, caps, 2, GST_CLOCK_TIME_NONE);
  gst_buffer_resize (buffer, 100, 200);
  GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) = 5;
  GST_BUFFER_DURATION (buffer) = 6;
  GST_BUFFER_OFFSET (buffer) = GST_BUFFER_OFFSET_END (buffer) = 7;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  gst_buffer_unref (buffer);
  fail_unless (acquire () == buffer);
  fail_if (
      GST_BUFFER_PTS_IS_VALID (buffer) || GST_BUFFER_DTS_IS_VALID (buffer));
  fail_if (GST_BUFFER_DURATION_IS_VALID (buffer));
  fail_if (GST_BUFFER_OFFSET_IS_VALID (buffer) ||
      GST_BUFFER_OFFSET_END_IS_VALID (buffer));
  fail_if (GST_BUFFER_IS_DISCONT (buffer));
  fail_unless_equals_int (
      gst_buffer_get_n_meta (buffer, GST_REFERENCE_TIMESTAMP_META_API_TYPE), 1);
  fail_unless (gst_buffer_get_reference_timestamp_meta (buffer, caps) ==
      (GstReferenceTimestampMeta *) kept);
  gst_buffer_unref (buffer);
  end ();
}
GST_END_TEST;

/* Its memory is referenced elsewhere, or was replaced. */
GST_START_TEST (a_buffer_whose_memory_is_not_its_own_is_not_issued_again)
{
  GstBuffer *buffer, *part;

  start (0, 1);
  buffer = acquire ();
  part = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 0, 10);
  gst_buffer_unref (buffer);
  buffer = acquire ();
  fail_if (gst_buffer_peek_memory (buffer, 0) ==
      gst_buffer_peek_memory (part, 0)->parent);
  gst_buffer_unref (part);
  gst_buffer_remove_all_memory (buffer);
  gst_buffer_unref (buffer);
  gst_buffer_unref (acquire ());
  end ();
}
GST_END_TEST;

GST_START_TEST (with_the_maximum_outstanding_acquiring_fails_at_once)
{
  GstBuffer *first, *second;

  start (1, 1);
  first = acquire ();
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &second, NULL), GST_FLOW_EOS);
  gst_buffer_unref (first);
  gst_buffer_unref (acquire ());
  end ();
}
GST_END_TEST;

GST_START_TEST (a_buffer_outlives_a_pool_that_was_stopped)
{
  GstBuffer *buffer;

  start (2, 0);
  buffer = acquire ();
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  gst_object_unref (pool);
  gst_buffer_memset (buffer, 0, 1, SIZE);
  gst_buffer_unref (buffer);
}
GST_END_TEST;

GST_START_TEST (a_stopped_pool_issues_nothing)
{
  GstBuffer *buffer;

  start (1, 0);
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_FLUSHING);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  gst_buffer_unref (acquire ());
  end ();
}
GST_END_TEST;

static Suite *
bufferpool_suite (void)
{
  Suite *suite = suite_create ("bufferpool");
  TCase *tc = tcase_create ("bufferpool");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, the_buffer_that_was_released_last_is_issued_next);
  tcase_add_test (tc, a_buffer_that_is_issued_again_is_as_it_was);
  tcase_add_test (tc, a_buffer_whose_memory_is_not_its_own_is_not_issued_again);
  tcase_add_test (tc, with_the_maximum_outstanding_acquiring_fails_at_once);
  tcase_add_test (tc, a_buffer_outlives_a_pool_that_was_stopped);
  tcase_add_test (tc, a_stopped_pool_issues_nothing);
  return suite;
}

GST_CHECK_MAIN (bufferpool);
