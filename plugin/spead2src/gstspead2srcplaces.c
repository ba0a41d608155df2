/* gst-spead2: blocks of memory with places for several heaps: see
 * gstspead2srcplaces.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcplaces.h"

#include "spead2/memory/bufferpool.h"

/* So many heaps in a row that have no place, and places have the size of the last. */
#define MAX_OTHER 64

void
gst_spead2_src_places_init (
    GstSpead2SrcPlaces *places, GstSpead2SrcSlabs *slabs)
{
  memset (places, 0, sizeof *places);
  g_mutex_init (&places->lock);
  places->slabs = slabs;
  places->n = 1;
}

/* -- pools ------------------------------------------------------------------------ */

/* What is freed without the lock. */
typedef struct {
  GstBufferPool *pool;
  GstBuffer *block;
} Stolen;

/* With the lock. */
static Stolen
steal (GstSpead2SrcPlaces *places)
{
  Stolen stolen = {
      g_steal_pointer (&places->pool), g_steal_pointer (&places->block)};

  places->size = 0;
  places->settled = FALSE;
  places->n_other = 0;
  places->begun = FALSE;
  return stolen;
}

static void
free_stolen (Stolen stolen)
{
  gst_clear_buffer (&stolen.block);
  if (stolen.pool)
    gst_buffer_pool_set_active (stolen.pool, FALSE);
  gst_clear_object (&stolen.pool);
}

static void
start (GstSpead2SrcPlaces *places, guint n, gboolean apart)
{
  Stolen stolen;

  g_mutex_lock (&places->lock);
  stolen = steal (places);
  g_atomic_int_set (&places->n, n);
  places->apart = apart;
  g_mutex_unlock (&places->lock);
  free_stolen (stolen);
}

void
gst_spead2_src_places_start (GstSpead2SrcPlaces *places, guint n)
{
  start (places, n, FALSE);
}

void
gst_spead2_src_places_start_apart (GstSpead2SrcPlaces *places)
{
  start (places, GST_SPEAD2_SRC_MAX_PLACE_BUFFERS, TRUE);
}

void
gst_spead2_src_places_stop (GstSpead2SrcPlaces *places)
{
  start (places, 1, FALSE);
}

void
gst_spead2_src_places_clear (GstSpead2SrcPlaces *places)
{
  gst_spead2_src_places_stop (places);
  g_mutex_clear (&places->lock);
}

/* How many places of a size a block has. */
static guint
n_places (const GstSpead2SrcPlaces *places, gsize size)
{
  guint64 most =
      places->apart ? GST_SPEAD2_SRC_MAX_APART : GST_SPEAD2_SRC_MAX_BLOCK;

  return MIN ((guint) places->n, most / size);
}

gboolean
gst_spead2_src_places_suit (GstSpead2SrcPlaces *places, gsize size)
{
  gboolean suit;

  g_mutex_lock (&places->lock);
  suit = n_places (places, size) > 1;
  g_mutex_unlock (&places->lock);
  return suit;
}

/* From a place for a heap of that size to the next. With the lock. */
static gsize
stride (const GstSpead2SrcPlaces *places, gsize size)
{
  gsize alignment = places->apart ? SPEAD2_PAYLOAD_ALIGNMENT : 1;

  return (size + alignment - 1) / alignment * alignment;
}

static GstAllocationParams
aligned (void)
{
  GstAllocationParams params;

  gst_allocation_params_init (&params);
  params.align = SPEAD2_PAYLOAD_ALIGNMENT - 1;
  return params;
}

/* The memory of slabs and of the default allocator stays where it is, mapped or not. With
 * the lock. */
static GstBufferPool *
make_pool (GstSpead2SrcPlaces *places, gsize size)
{
  g_autoptr (GstAllocator) allocator =
      gst_spead2_src_slabs_take (places->slabs, size);
  GstAllocationParams params = aligned ();

  return spead2_buffer_pool_start (size, allocator, &params);
}

/* The pool for the next block (transfer full), or NULL: it is the first of its size. Mostly
 * that is of a heap with descriptors, larger than all after it, for which the pages are
 * that were mapped at the start. With the lock. */
static GstBufferPool *
find_pool (GstSpead2SrcPlaces *places)
{
  gsize size = places->size * n_places (places, places->size);

  if (places->pool == NULL &&
      (places->begun || !gst_spead2_src_slabs_are_uncut (places->slabs, size)))
    places->pool = make_pool (places, size);
  return places->pool ? gst_object_ref (places->pool) : NULL;
}

/* Without the lock. */
static GstBuffer *
make_block (GstBufferPool *pool, gsize size)
{
  GstAllocationParams params = aligned ();
  GstBuffer *block = NULL;

  if (pool == NULL)
    return gst_buffer_new_allocate (NULL, size, &params);
  gst_buffer_pool_acquire_buffer (pool, &block, NULL);
  return block;
}

/* -- places ----------------------------------------------------------------------- */

/* Whether a heap of that size has a place. If it is to, from now on, places are made anew,
 * and what was there before is stolen: the first heap of a run may be alone in its size, as one
 * with descriptors is. With the lock. */
static gboolean
has_place (GstSpead2SrcPlaces *places, gsize size, Stolen *stolen)
{
  gboolean settled;

  if (size == 0 || n_places (places, size) < 2)
    return FALSE;
  if (size == places->size) {
    places->n_other = 0;
    places->settled = TRUE;
    return TRUE;
  }
  if (places->settled && ++places->n_other < MAX_OTHER)
    return FALSE;
  settled = places->size > 0;
  *stolen = steal (places);
  places->size = size;
  places->settled = settled;
  return TRUE;
}

/* The bytes of a block; NULL: it cannot be mapped. */
static guint8 *
block_data (GstBuffer *block, gsize *size)
{
  GstMapInfo map;

  if (!gst_buffer_map (block, &map, GST_MAP_READ))
    return NULL;
  gst_buffer_unmap (block, &map);
  *size = map.size;
  return map.data;
}

/* The next place of the block, of which size bytes are used: less than all where the next one
 * has to be aligned, which therefore does not adjoin. FALSE: there is no block. With the
 * lock. */
static gboolean
take_place (GstSpead2SrcPlaces *places, gsize size, Spead2HeapMemory *memory)
{
  if (places->block == NULL)
    return FALSE;
  memory->data = places->next;
  memory->size = size;
  memset (&memory->map, 0, sizeof memory->map);
  memory->map.data = places->end;
  memory->map.maxsize = places->size;
  places->next += places->size;
  if (places->next == places->end)
    memory->token = g_steal_pointer (&places->block);
  else
    memory->token = gst_buffer_ref (places->block);
  return TRUE;
}

/* Has places of a size taken from a block (transfer full if TRUE). FALSE: another thread
 * has done the same, or has made the places anew. With the lock. */
static gboolean
use_block (GstSpead2SrcPlaces *places, gsize size, GstBuffer *block)
{
  guint8 *data;
  gsize block_size;

  if (places->block || places->size != size)
    return FALSE;
  data = block_data (block, &block_size);
  if (data == NULL)
    return FALSE;
  if (places->apart)
    gst_spead2_src_place_buffers_prepare (block);
  places->block = block;
  places->next = data;
  places->end = data + block_size;
  places->begun = TRUE;
  return TRUE;
}

gboolean
gst_spead2_src_places_acquire (
    GstSpead2SrcPlaces *places, gsize size, Spead2HeapMemory *memory)
{
  GstBufferPool *pool = NULL;
  GstBuffer *block;
  Stolen stolen = {NULL, NULL};
  gboolean has, taken = FALSE;
  gsize place_size;
  guint n = 0;

  if (g_atomic_int_get (&places->n) == 1)
    return FALSE;
  g_mutex_lock (&places->lock);
  place_size = stride (places, size);
  has = has_place (places, place_size, &stolen);
  if (has) {
    n = n_places (places, place_size);
    taken = take_place (places, size, memory);
    if (!taken)
      pool = find_pool (places);
  }
  g_mutex_unlock (&places->lock);
  free_stolen (stolen);
  if (!has || taken)
    return taken;

  block = make_block (pool, n * place_size);
  if (block) {
    g_mutex_lock (&places->lock);
    if (use_block (places, place_size, block)) {
      block = NULL;
      taken = take_place (places, size, memory);
    }
    g_mutex_unlock (&places->lock);
  }
  gst_clear_buffer (&block);
  gst_clear_object (&pool);
  return taken;
}

/* The places behind a memory are free again, or still. FALSE: others have been taken
 * there. With the lock. */
static gboolean
go_back_to (GstSpead2SrcPlaces *places, const Spead2HeapMemory *memory)
{
  guint8 *behind = memory->data + memory->size;

  if (places->block == NULL && behind == memory->map.data &&
      places->size == memory->map.maxsize) {
    places->block = gst_buffer_ref (memory->token);
    places->next = places->end = behind;
  }
  return places->block == memory->token && places->next == behind;
}

gsize
gst_spead2_src_places_resize (
    GstSpead2SrcPlaces *places, Spead2HeapMemory *memory, gsize size)
{
  g_mutex_lock (&places->lock);
  if (go_back_to (places, memory)) {
    memory->size = MIN (size, (gsize) (places->end - memory->data));
    if (memory->size > places->size)
      places->settled = TRUE;
    places->next = memory->data + memory->size;
    /* The memory has a reference of its own. */
    if (places->next == places->end)
      gst_clear_buffer (&places->block);
  } else {
    memory->size = MIN (size, memory->size);
  }
  g_mutex_unlock (&places->lock);
  return memory->size;
}

gboolean
gst_spead2_src_places_have (const Spead2HeapMemory *memory)
{
  return memory->map.size == 0;
}

/* -- heaps that have places --------------------------------------------------------- */

gboolean
gst_spead2_src_places_adjoin (
    const Spead2HeapMemory *first, const Spead2HeapMemory *second)
{
  return first->token == second->token &&
      second->data == first->data + first->size;
}

void
gst_spead2_src_places_split (
    Spead2HeapMemory *memory, gsize size, Spead2HeapMemory *first)
{
  *first = *memory;
  first->size = size;
  gst_buffer_ref (memory->token);
  memory->data += size;
  memory->size -= size;
}

GstBuffer *
gst_spead2_src_places_take_first (
    Spead2HeapMemory *memory, gsize length, gsize offset, gsize size)
{
  guint8 *data = memory->data;
  /* The last one of the block is 0. */
  guint place = (memory->map.data - data) / memory->map.maxsize - 1;
  GstBuffer *block = memory->token;

  if (length < memory->size) {
    memory->data += length;
    memory->size -= length;
    gst_buffer_ref (block);
  } else {
    memory->data = NULL;
    memory->token = NULL;
  }
  return gst_spead2_src_place_buffers_issue (block, place, data + offset, size);
}

gboolean
gst_spead2_src_places_is_last (const Spead2HeapMemory *memory)
{
  return memory->data + memory->size == memory->map.data;
}

GstBuffer *
gst_spead2_src_places_take (Spead2HeapMemory *memory, gsize size)
{
  guint8 *data = g_steal_pointer (&memory->data);

  return gst_buffer_new_wrapped_full (0, data, size, 0, size,
      g_steal_pointer (&memory->token), (GDestroyNotify) gst_buffer_unref);
}
