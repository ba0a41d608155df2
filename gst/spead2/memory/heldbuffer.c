/* A buffer that heaps take bytes from: see heldbuffer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/memory/heldbuffer.h"

#include <string.h>

#include "spead2/error.h"

/* A mapping of a memory that was mapped already when it was made. */
struct _Spead2SharedMapping {
  GstMapInfo map;
  guint refs; /* guarded by shared_lock */
};

/* The shared mappings by memory. The lock is the innermost: nothing is called
 * under it that takes another, nor any code of a memory. */
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

/* One that another thread has added meanwhile is found no more. */
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

/* Nearly every memory is mapped by one buffer at a time, which costs no look-up. */
static gboolean
hold_memory (Spead2HeldMemory *held, GstMemory *memory)
{
  held->shared = NULL;
  if (is_mapped (memory)) {
    held->shared = find_shared (memory);
    if (held->shared == NULL)
      held->shared = add_shared (memory);
    if (held->shared == NULL)
      return FALSE;
    held->map = held->shared->map;
  } else if (!map_memory (memory, &held->map)) {
    return FALSE;
  }
  held->is_packets = spead2_is_headroom_memory (memory);
  held->is_claimed = held->is_packets && spead2_headroom_claim (memory);
  return TRUE;
}

static void
release_memory (Spead2HeldMemory *held)
{
  if (held->is_claimed)
    spead2_headroom_return (held->map.memory);
  if (held->shared)
    unref_shared (held->shared);
  else
    unmap_memory (&held->map);
}

static void
held_buffer_free (Spead2HeldBuffer *held)
{
  guint i;

  for (i = 0; i < held->n_memories; i++)
    release_memory (&held->memories[i]);
  gst_buffer_unref (held->buffer);
  g_free (held);
}

Spead2HeldBuffer *
spead2_held_buffer_new (GstBuffer *buffer, GError **error)
{
  guint i, n = gst_buffer_n_memory (buffer);
  Spead2HeldBuffer *held =
      g_malloc (sizeof *held + n * sizeof (Spead2HeldMemory));

  held->refs = 1;
  held->buffer = gst_buffer_ref (buffer);
  held->rooms_taken = 0;
  for (i = 0; i < n; i++) {
    GstMemory *memory = gst_buffer_peek_memory (buffer, i);

    held->n_memories = i;
    if (hold_memory (&held->memories[i], memory))
      continue;
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_MEMORY,
        "Memory of type '%s' cannot be mapped for reading",
        memory->allocator ? memory->allocator->mem_type : "unknown");
    held_buffer_free (held);
    return NULL;
  }
  held->n_memories = n;
  return held;
}

Spead2HeldBuffer *
spead2_held_buffer_ref (Spead2HeldBuffer *held)
{
  g_atomic_int_inc (&held->refs);
  return held;
}

static void
read_packets (GstMemory *memory, gsize offset, guint8 *to, gsize size)
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
spead2_held_buffer_read (
    const Spead2HeldBuffer *held, gsize offset, guint8 *to, gsize size)
{
  guint i;

  for (i = 0; i < held->n_memories && size > 0; i++) {
    const Spead2HeldMemory *from = &held->memories[i];
    gsize available = gst_memory_get_sizes (from->map.memory, NULL, NULL);
    gsize take;

    if (offset >= available) {
      offset -= available;
      continue;
    }
    take = MIN (size, available - offset);
    if (from->is_packets)
      read_packets (from->map.memory, offset, to, take);
    else
      memcpy (to, from->map.data + offset, take);
    to += take;
    size -= take;
    offset = 0;
  }
  g_return_if_fail (size == 0);
}

void
spead2_held_buffer_unref (Spead2HeldBuffer *held)
{
  if (g_atomic_int_dec_and_test (&held->refs))
    held_buffer_free (held);
}
