/* A buffer that heaps take bytes from: see heldbuffer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "heldbuffer.h"

#include "error.h"

static gboolean
hold_memory (Spead2HeldMemory *held, GstMemory *memory)
{
  held->is_packets = spead2_is_packet_memory (memory);
  if (!held->is_packets)
    return gst_memory_map (memory, &held->map, GST_MAP_READ);

  held->map.memory = memory;
  if (!gst_mini_object_lock (GST_MINI_OBJECT_CAST (memory), GST_LOCK_FLAG_READ))
    return FALSE;
  held->is_claimed = spead2_packet_memory_claim (memory);
  return TRUE;
}

static void
release_memory (Spead2HeldMemory *held)
{
  GstMemory *memory = held->map.memory;

  if (!held->is_packets) {
    gst_memory_unmap (memory, &held->map);
    return;
  }
  if (held->is_claimed)
    spead2_packet_memory_return (memory);
  gst_mini_object_unlock (GST_MINI_OBJECT_CAST (memory), GST_LOCK_FLAG_READ);
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

void
spead2_held_buffer_unref (Spead2HeldBuffer *held)
{
  if (g_atomic_int_dec_and_test (&held->refs))
    held_buffer_free (held);
}
