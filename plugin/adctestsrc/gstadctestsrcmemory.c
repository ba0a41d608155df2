/* The memory of adctestsrc's buffers: see gstadctestsrcmemory.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstadctestsrcmemory.h"

#include <string.h>

#include "common/gstspead2outstanding.h"
#include "gstadctestsrcpool.h"
#include "spead2/memory/hugepages.h"
#include "spead2/memory/lazyhugepages.h"
#include "spead2/send/sender.h"

/* Buffers in the pool where the sink does not say what it keeps. */
#define DEFAULT_N_BUFFERS 6
/* Bytes of the fewest frames that are whole bytes, at most: one of 64 channels of
 * F64. */
#define WHOLE_FRAMES_MAX (64 * sizeof (gdouble))

/* -- which memory -------------------------------------------------------------- */

/* How many buffers of size bytes the sink keeps outstanding, or 0: unknown. */
static guint64
count_outstanding (const GstSpead2Outstanding *outstanding, guint size)
{
  if (outstanding->max_heaps != 0)
    return outstanding->max_heaps;
  if (outstanding->max_bytes == 0)
    return 0;
  return CLAMP (outstanding->max_bytes / size, SPEAD2_AUTO_MIN_HEAPS,
      SPEAD2_AUTO_MAX_HEAPS);
}

/* How many buffers the pool allocates in advance, storage: the bytes of each. The
 * pool grows without a limit if more are outstanding: a limit that is too low would
 * be a deadlock. */
static guint
count_buffers (
    const GstSpead2Outstanding *outstanding, guint size, gsize storage)
{
  guint64 n = count_outstanding (outstanding, size);
  guint64 most = MAX (SPEAD2_MAX_MAPPING / storage, SPEAD2_EXTRA_SLABS);

  n = n != 0 ? n + SPEAD2_EXTRA_SLABS : DEFAULT_N_BUFFERS;
  return MIN (n, most);
}

/* GStreamer aborts the program if an allocation fails: this one is tried first, and
 * freed. */
static gboolean
have_memory (gsize storage, guint n_buffers)
{
  gpointer memory = g_try_malloc_n (n_buffers, storage);

  g_free (memory);
  return memory != NULL;
}

/* Adds headroom to ordinary memory, and to that of spead2sink, but not to memory that
 * another element offers. offered is NULL or (transfer full). */
static GstAllocator *
add_headroom (const Spead2PacketShape *shape, GstAllocator *offered)
{
  GstAllocator *headroom;

  if (offered && !SPEAD2_IS_LAZY_HUGE_PAGES (offered))
    return offered;
  headroom = spead2_headroom_allocator_new (shape, offered);
  gst_clear_object (&offered);
  return headroom;
}

/* shape: NULL without headroom. */
static void
decide_allocator (
    GstQuery *query, const Spead2PacketShape *shape, gsize storage)
{
  GstAllocator *allocator = NULL;
  GstAllocationParams params;

  gst_allocation_params_init (&params);
  if (gst_query_get_n_allocation_params (query) > 0)
    gst_query_parse_nth_allocation_param (query, 0, &allocator, &params);
  else
    gst_query_add_allocation_param (query, NULL, &params);
  params.align |= spead2_huge_pages_alignment (storage) - 1;
  if (shape)
    allocator = add_headroom (shape, allocator);
  gst_query_set_nth_allocation_param (query, 0, allocator, &params);
  gst_clear_object (&allocator);
}

/* The pool is adctestsrc's own even if downstream offers one: adctestsrc decides the
 * size of a buffer, and a limit of downstream's pool would apply to buffers that
 * elements in between keep as well. */
static void
decide_pool (GstQuery *query, guint size, guint n_buffers)
{
  GstBufferPool *pool = gst_adc_test_src_pool_new ();

  if (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_set_nth_allocation_pool (query, 0, pool, size, n_buffers, 0);
  else
    gst_query_add_allocation_pool (query, pool, size, n_buffers, 0);
  gst_object_unref (pool);
}

gboolean
gst_adc_test_src_memory_decide (GstQuery *query, guint size, guint *n_buffers)
{
  GstSpead2Outstanding outstanding;
  const Spead2PacketShape *shape = NULL;
  gsize storage = size; /* of a buffer, headroom included */

  gst_spead2_outstanding_find (&outstanding, query);
  /* If heaps do not begin where buffers do, their headers have other offsets in each
   * buffer. */
  if (outstanding.has_shape &&
      (outstanding.shape.heap_size == 0 ||
          size % outstanding.shape.heap_size == 0))
    shape = &outstanding.shape;
  if (shape)
    storage = spead2_packet_shape_storage (shape, size);
  *n_buffers = count_buffers (&outstanding, size, storage);
  if (!have_memory (storage, *n_buffers))
    return FALSE;
  decide_allocator (query, shape, storage);
  decide_pool (query, size, *n_buffers);
  return TRUE;
}

/* -- samples ---------------------------------------------------------------------- */

/* The fewest frames that are whole bytes, at an offset where they cross the end of a
 * piece. */
static void
fill_across_pieces (GstMemory *memory, gsize offset, AdcWave *wave,
    const GstAdcTestSrcFormat *format, guint64 frame, guint n_frames)
{
  guint8 bytes[WHOLE_FRAMES_MAX];
  gsize size = gst_adc_test_src_format_bytes (format, n_frames);
  gsize done, take;

  adc_wave_fill (wave, frame, bytes, n_frames);
  for (done = 0; done < size; done += take) {
    Spead2PacketPlace place;

    spead2_headroom_find (memory, offset + done, &place);
    take = MIN (place.size, size - done);
    memcpy (place.data, bytes + done, take);
  }
}

/* FALSE while the memory is mapped elsewhere. */
static gboolean
fill_headroom_memory (GstMemory *memory, AdcWave *wave,
    const GstAdcTestSrcFormat *format, guint64 frame, guint n_frames)
{
  guint whole = gst_adc_test_src_format_whole_frames (format);
  Spead2PacketPlace place = {0}; /* of offset, if it has a size */
  gsize offset = 0, last_size = 0;
  guint in_piece = 0; /* frames, of last_size bytes */

  if (!gst_mini_object_lock (
          GST_MINI_OBJECT_CAST (memory), GST_LOCK_FLAG_WRITE))
    return FALSE;
  while (n_frames > 0) {
    gsize size;
    guint n;

    if (place.size == 0)
      spead2_headroom_find (memory, offset, &place);
    if (place.size != last_size) {
      last_size = place.size;
      in_piece = gst_adc_test_src_format_frames (format, last_size);
    }
    n = MIN (n_frames, in_piece);
    if (n > 0) {
      adc_wave_fill (wave, frame, place.data, n);
    } else {
      n = whole;
      fill_across_pieces (memory, offset, wave, format, frame, n);
    }
    size = gst_adc_test_src_format_bytes (format, n);
    if (size == place.size)
      spead2_packet_place_next (&place);
    else
      place.size = 0;
    offset += size;
    frame += n;
    n_frames -= n;
  }
  gst_mini_object_unlock (GST_MINI_OBJECT_CAST (memory), GST_LOCK_FLAG_WRITE);
  return TRUE;
}

gboolean
gst_adc_test_src_memory_fill (GstBuffer *buffer, AdcWave *wave,
    const GstAdcTestSrcFormat *format, guint64 first_frame, guint n_frames)
{
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  GstMapInfo map;

  if (gst_buffer_n_memory (buffer) == 1 && spead2_is_headroom_memory (memory))
    return fill_headroom_memory (memory, wave, format, first_frame, n_frames);
  if (!gst_buffer_map (buffer, &map, GST_MAP_WRITE))
    return FALSE;
  adc_wave_fill (wave, first_frame, map.data, n_frames);
  gst_buffer_unmap (buffer, &map);
  return TRUE;
}
