/* A buffer that heaps take payload from: see mappedbuffer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/memory/mappedbuffer.h"

#include <string.h>

#include "spead2/error.h"

/* A mapping of a memory that had another mapping already. */
struct _Spead2SharedMapping {
  GstMapInfo map;
  guint refs; /* guarded by shared_lock */
};

/* The shared mappings by memory. The lock is innermost: no other lock is taken, and
 * no function of a memory called, while it is held. */
static GMutex shared_lock;
static GHashTable *shared_mappings;

/* -- one mapping -------------------------------------------------------------- */

static gboolean
map_memory (GstMemory *memory, GstMapInfo *map)
{
  if (!spead2_is_headroom_memory (memory))
    return gst_memory_map (memory, map, GST_MAP_READ);
  map->memory = memory;
  return gst_mini_object_lock (
      GST_MINI_OBJECT_CAST (memory), GST_LOCK_FLAG_READ);
}

static void
unmap_memory (GstMapInfo *map)
{
  if (!spead2_is_headroom_memory (map->memory))
    gst_memory_unmap (map->memory, map);
  else
    gst_mini_object_unlock (
        GST_MINI_OBJECT_CAST (map->memory), GST_LOCK_FLAG_READ);
}

static gboolean
is_mapped (GstMemory *memory)
{
  return g_atomic_int_get (&GST_MINI_OBJECT_CAST (memory)->lockstate) &
      GST_LOCK_FLAG_READWRITE;
}

/* -- one mapping for many -------------------------------------------------------- */

static Spead2SharedMapping *
find_shared (GstMemory *memory)
{
  Spead2SharedMapping *shared = NULL;

  g_mutex_lock (&shared_lock);
  if (shared_mappings)
    shared = g_hash_table_lookup (shared_mappings, memory);
  if (shared)
    shared->refs++;
  g_mutex_unlock (&shared_lock);
  return shared;
}

/* Replaces a shared mapping that another thread added in the meantime: that one
 * stays valid for its owners, and is not found any more. */
static Spead2SharedMapping *
add_shared (GstMemory *memory)
{
  Spead2SharedMapping *shared = g_new (Spead2SharedMapping, 1);

  if (!map_memory (memory, &shared->map)) {
    g_free (shared);
    return NULL;
  }
  shared->refs = 1;
  g_mutex_lock (&shared_lock);
  if (shared_mappings == NULL)
    shared_mappings = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (shared_mappings, memory, shared);
  g_mutex_unlock (&shared_lock);
  return shared;
}

static void
unref_shared (Spead2SharedMapping *shared)
{
  GstMemory *memory = shared->map.memory;
  gboolean last;

  g_mutex_lock (&shared_lock);
  last = --shared->refs == 0;
  if (last && g_hash_table_lookup (shared_mappings, memory) == shared)
    g_hash_table_remove (shared_mappings, memory);
  g_mutex_unlock (&shared_lock);
  if (!last)
    return;
  unmap_memory (&shared->map);
  g_free (shared);
}

/* -- the memories of a buffer ---------------------------------------------------- */

/* A memory without another mapping, the usual case, needs no look-up. */
static gboolean
map_one (Spead2MappedMemory *mapped, GstMemory *memory)
{
  mapped->shared = NULL;
  if (is_mapped (memory)) {
    mapped->shared = find_shared (memory);
    if (mapped->shared == NULL)
      mapped->shared = add_shared (memory);
    if (mapped->shared == NULL)
      return FALSE;
    mapped->map = mapped->shared->map;
  } else if (!map_memory (memory, &mapped->map)) {
    return FALSE;
  }
  mapped->has_headroom = spead2_is_headroom_memory (memory);
  mapped->is_claimed = mapped->has_headroom && spead2_headroom_claim (memory);
  return TRUE;
}

static void
release_memory (Spead2MappedMemory *mapped)
{
  if (mapped->is_claimed)
    spead2_headroom_return (mapped->map.memory);
  if (mapped->shared)
    unref_shared (mapped->shared);
  else
    unmap_memory (&mapped->map);
}

static void
mapped_buffer_free (Spead2MappedBuffer *mapped)
{
  guint i;

  for (i = 0; i < mapped->n_memories; i++)
    release_memory (&mapped->memories[i]);
  gst_buffer_unref (mapped->buffer);
  g_free (mapped);
}

Spead2MappedBuffer *
spead2_mapped_buffer_new (GstBuffer *buffer, GError **error)
{
  guint i, n = gst_buffer_n_memory (buffer);
  Spead2MappedBuffer *mapped =
      g_malloc (sizeof *mapped + n * sizeof (Spead2MappedMemory));

  mapped->refs = 1;
  mapped->buffer = gst_buffer_ref (buffer);
  mapped->headroom_used = 0;
  for (i = 0; i < n; i++) {
    GstMemory *memory = gst_buffer_peek_memory (buffer, i);

    mapped->n_memories = i;
    if (map_one (&mapped->memories[i], memory))
      continue;
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_MEMORY,
        "Memory of type '%s' cannot be mapped for reading",
        memory->allocator ? memory->allocator->mem_type : "unknown");
    mapped_buffer_free (mapped);
    return NULL;
  }
  mapped->n_memories = n;
  return mapped;
}

Spead2MappedBuffer *
spead2_mapped_buffer_ref (Spead2MappedBuffer *mapped)
{
  g_atomic_int_inc (&mapped->refs);
  return mapped;
}

static void
read_pieces (GstMemory *memory, gsize offset, guint8 *to, gsize size)
{
  while (size > 0) {
    Spead2PacketPlace place;
    gsize take;

    spead2_headroom_find (memory, offset, &place);
    take = MIN (size, place.size);
    memcpy (to, place.data, take);
    offset += take;
    to += take;
    size -= take;
  }
}

void
spead2_mapped_buffer_read (
    const Spead2MappedBuffer *mapped, gsize offset, guint8 *to, gsize size)
{
  guint i;

  for (i = 0; i < mapped->n_memories && size > 0; i++) {
    const Spead2MappedMemory *from = &mapped->memories[i];
    gsize available = gst_memory_get_sizes (from->map.memory, NULL, NULL);
    gsize take;

    if (offset >= available) {
      offset -= available;
      continue;
    }
    take = MIN (size, available - offset);
    if (from->has_headroom)
      read_pieces (from->map.memory, offset, to, take);
    else
      memcpy (to, from->map.data + offset, take);
    to += take;
    size -= take;
    offset = 0;
  }
  g_return_if_fail (size == 0);
}

void
spead2_mapped_buffer_unref (Spead2MappedBuffer *mapped)
{
  if (g_atomic_int_dec_and_test (&mapped->refs))
    mapped_buffer_free (mapped);
}
