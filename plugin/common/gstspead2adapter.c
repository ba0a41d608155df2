/* gst-spead2: buffers cut and joined into payloads of heaps: see gstspead2adapter.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2adapter.h"

#include "spead2/error.h"

/* What small pieces are copied into, bytes. */
#define CHUNK_SIZE 65536

/* -- life ----------------------------------------------------------------------- */

static void
clear_part (gpointer part)
{
  spead2_mapped_buffer_unref (((Spead2Part *) part)->mapped);
}

void
gst_spead2_adapter_init (GstSpead2Adapter *adapter, Spead2Layout *layout,
    gsize heap_size, gsize copy_size, GstSpead2Remainder remainder)
{
  *adapter = (GstSpead2Adapter){.layout = layout,
      .heap_size = heap_size,
      .copy_size = copy_size,
      .remainder = remainder,
      .parts = g_array_new (FALSE, FALSE, sizeof (Spead2Part))};
  g_array_set_clear_func (adapter->parts, clear_part);
}

static void
clear_open (GstSpead2Adapter *adapter)
{
  guint i;

  adapter->open.size = 0;
  adapter->closing = adapter->complete = FALSE;
  adapter->pool = NULL;
  for (i = 0; i < G_N_ELEMENTS (adapter->own); i++)
    gst_clear_structure (&adapter->own[i]);
  g_array_set_size (adapter->parts, 0);
}

static void
clear_buffer (GstSpead2Adapter *adapter)
{
  adapter->buffer = NULL;
  adapter->left = 0;
  g_clear_pointer (&adapter->mapped, spead2_mapped_buffer_unref);
}

void
gst_spead2_adapter_reset (GstSpead2Adapter *adapter)
{
  if (adapter->parts == NULL)
    return;
  clear_open (adapter);
  clear_buffer (adapter);
  g_clear_pointer (&adapter->chunk, spead2_mapped_buffer_unref);
  adapter->run_index = adapter->run_size = adapter->next_index = 0;
}

void
gst_spead2_adapter_clear (GstSpead2Adapter *adapter)
{
  gst_spead2_adapter_reset (adapter);
  g_clear_pointer (&adapter->parts, g_array_unref);
}

/* -- pieces ------------------------------------------------------------------------ */

static void
add_part (GstSpead2Adapter *adapter, Spead2MappedBuffer *mapped, gsize offset,
    gsize size)
{
  Spead2Part part = {spead2_mapped_buffer_ref (mapped), offset, size};

  g_array_append_val (adapter->parts, part);
}

/* Adds so many bytes to the open heap, for the caller to write. NULL with
 * SPEAD2_ERROR_MEMORY. */
static guint8 *
add_copied (GstSpead2Adapter *adapter, gsize size, GError **error)
{
  Spead2Part *last = NULL;
  gsize used;

  if (adapter->chunk == NULL ||
      size > adapter->chunk->memories[0].map.size - adapter->chunk_used) {
    GstBuffer *buffer =
        gst_buffer_new_allocate (NULL, MAX (size, CHUNK_SIZE), NULL);

    g_clear_pointer (&adapter->chunk, spead2_mapped_buffer_unref);
    adapter->chunk = spead2_mapped_buffer_new (buffer, error);
    adapter->chunk_used = 0;
    gst_buffer_unref (buffer);
    if (adapter->chunk == NULL)
      return NULL;
  }
  used = adapter->chunk_used;
  adapter->chunk_used += size;
  if (adapter->parts->len > 0)
    last = &g_array_index (adapter->parts, Spead2Part, adapter->parts->len - 1);
  if (last && last->mapped == adapter->chunk &&
      last->offset + last->size == used)
    last->size += size;
  else
    add_part (adapter, adapter->chunk, used, size);
  return adapter->chunk->memories[0].map.data + used;
}

/* The buffer's byte that no heap has yet. */
static gsize
next_offset (const GstSpead2Adapter *adapter)
{
  return adapter->buffer->offset + adapter->buffer->size - adapter->left;
}

static gboolean
hold_buffer (GstSpead2Adapter *adapter, GError **error)
{
  if (adapter->mapped == NULL)
    adapter->mapped = spead2_mapped_buffer_new (adapter->buffer->buffer, error);
  return adapter->mapped != NULL;
}

static gboolean
copy_piece (GstSpead2Adapter *adapter, gsize size, GError **error)
{
  guint8 *copy = add_copied (adapter, size, error);

  if (copy == NULL)
    return FALSE;
  spead2_mapped_buffer_read (
      adapter->mapped, next_offset (adapter), copy, size);
  return TRUE;
}

/* The pool that a buffer's memory returns to, also if it is a part of another
 * buffer; or NULL. */
static GstBufferPool *
pool_of (GstBuffer *buffer)
{
  GstParentBufferMeta *parent;

  while (buffer->pool == NULL &&
      (parent = gst_buffer_get_parent_buffer_meta (buffer)) != NULL)
    buffer = parent->buffer;
  return buffer->pool;
}

/* 0: as many as are wanted. */
static guint
max_buffers_of (GstBufferPool *pool)
{
  GstStructure *config = gst_buffer_pool_get_config (pool);
  guint max = 0;

  gst_buffer_pool_config_get_params (config, NULL, NULL, NULL, &max);
  gst_structure_free (config);
  return max;
}

/* Whether the buffer may wait with the open heap for those behind it. Half of a pool
 * that is limited, and all of a second pool, is left to upstream, or the next buffer
 * would never come. */
static gboolean
may_hold (GstSpead2Adapter *adapter)
{
  GstBufferPool *pool = pool_of (adapter->buffer->buffer);

  if (pool == NULL)
    return TRUE;
  if (adapter->pool == NULL) {
    adapter->pool = pool;
    adapter->n_pooled = 0;
    adapter->max_pooled = max_buffers_of (pool);
  }
  if (pool != adapter->pool ||
      (adapter->max_pooled > 0 && adapter->n_pooled >= adapter->max_pooled / 2))
    return FALSE;
  adapter->n_pooled++;
  return TRUE;
}

/* What the heap is made of that begins at the next byte of the buffer. */
static void
find_values (const GstSpead2Adapter *adapter, Spead2HeapValues *values)
{
  const gsize done = adapter->buffer->size - adapter->left;
  guint64 ns;

  *values = *adapter->buffer;
  values->size = adapter->left;
  values->mapped = adapter->mapped;
  if (adapter->run_size + done > 0)
    values->sample_index = adapter->run_index +
        spead2_layout_n_samples (adapter->layout, adapter->run_size + done);
  if (done == 0)
    return;
  values->offset += done;
  ns = gst_spead2_rate_time (
      &adapter->rate, spead2_layout_n_samples (adapter->layout, done));
  values->utc_ns += ns;
  values->ptp_ns += ns;
}

/* Adds the next bytes of the buffer to the open heap. waits: it will be open when
 * the buffer has ended. */
static gboolean
join (GstSpead2Adapter *adapter, gsize size, gboolean waits, GError **error)
{
  if (!hold_buffer (adapter, error))
    return FALSE;
  if (adapter->open.size == 0) {
    find_values (adapter, &adapter->open);
    adapter->open.size = 0;
    adapter->open.buffer = NULL;
    adapter->open.mapped = NULL;
  }
  if (size >= adapter->copy_size && (!waits || may_hold (adapter)))
    add_part (adapter, adapter->mapped, next_offset (adapter), size);
  else if (!copy_piece (adapter, size, error))
    return FALSE;
  adapter->left -= size;
  adapter->open.size += size;
  return TRUE;
}

/* -- where the open heap ends ------------------------------------------------------- */

/* Sizes of buffers need not be whole samples. The index that comes with a buffer has
 * none of the parts, that of the run has them all. */
static gboolean
is_next (const GstSpead2Adapter *adapter, const Spead2HeapValues *buffer)
{
  return !GST_BUFFER_IS_DISCONT (buffer->buffer) &&
      (buffer->sample_index == adapter->next_index ||
          buffer->sample_index ==
              adapter->run_index +
                  spead2_layout_n_samples (adapter->layout, adapter->run_size));
}

static gboolean
are_equal (const GstStructure *a, const GstStructure *b)
{
  return a == b || (a && b && gst_structure_is_equal (a, b));
}

gboolean
gst_spead2_adapter_continues (
    const GstSpead2Adapter *adapter, const Spead2HeapValues *buffer)
{
  return is_next (adapter, buffer) &&
      are_equal (adapter->open.own[0], buffer->own[0]) &&
      are_equal (adapter->open.own[1], buffer->own[1]);
}

gboolean
gst_spead2_adapter_cuts (
    const GstSpead2Adapter *adapter, const Spead2HeapValues *buffer)
{
  return adapter->heap_size > 0 &&
      buffer->size > adapter->heap_size - adapter->open.size;
}

void
gst_spead2_adapter_close (GstSpead2Adapter *adapter)
{
  adapter->closing = adapter->open.size > 0;
}

/* Takes the message. */
static void
set_message (GError *error, gchar *message)
{
  g_free (error->message);
  error->message = message;
}

/* Makes a payload of the open heap that the layout takes, which may be none. */
static gboolean
end_open (GstSpead2Adapter *adapter, GError **error)
{
  gsize size = adapter->open.size, below, above;
  GError *why = NULL;
  guint8 *zeros;

  if (spead2_layout_check_size (adapter->layout, size, &why))
    return TRUE;
  if (!spead2_layout_round (adapter->layout, size, &below, &above)) {
    if (adapter->heap_size == 0 && above > 0)
      set_message (why,
          g_strdup_printf ("%s. heap-size=%" G_GSIZE_FORMAT
                           " cuts and joins buffers of any size to that",
              why->message, above));
    goto refused;
  }
  if (adapter->remainder == GST_SPEAD2_REMAINDER_ERROR) {
    set_message (why,
        g_strdup_printf (
            "%s. remainder=drop or remainder=pad allows it", why->message));
    goto refused;
  }

  g_error_free (why);
  if (adapter->remainder == GST_SPEAD2_REMAINDER_DROP) {
    adapter->dropped += size - below;
    adapter->open.size = below;
    return TRUE;
  }
  zeros = add_copied (adapter, above - size, error);
  if (zeros == NULL)
    return FALSE;
  memset (zeros, 0, above - size);
  adapter->padding += above - size;
  adapter->open.size = above;
  return TRUE;

  /* ERRORS */
refused:
  g_propagate_error (error, why);
  return FALSE;
}

/* -- the buffer's way ---------------------------------------------------------------- */

void
gst_spead2_adapter_begin (GstSpead2Adapter *adapter,
    const Spead2HeapValues *buffer, const GstSpead2Rate *rate)
{
  if (adapter->heap_size == 0 || !is_next (adapter, buffer)) {
    adapter->run_index = buffer->sample_index;
    adapter->run_size = 0;
  }
  adapter->buffer = buffer;
  adapter->left = buffer->size;
  adapter->rate = *rate;
}

/* Whether the next heap is a piece of this buffer, without more. */
static gboolean
is_one_piece (const GstSpead2Adapter *adapter)
{
  if (adapter->open.size > 0)
    return FALSE;
  if (adapter->heap_size > 0)
    return adapter->left >= adapter->heap_size;
  /* A picture that has not the shape is none. */
  return adapter->left > 0 &&
      (adapter->buffer->row_size > 0 ||
          spead2_layout_check_size (adapter->layout, adapter->left, NULL));
}

static gboolean
take_piece (GstSpead2Adapter *adapter, Spead2HeapValues *values, GError **error)
{
  /* Several heaps share it. */
  if (gst_spead2_adapter_cuts (adapter, adapter->buffer) &&
      !hold_buffer (adapter, error))
    return FALSE;
  find_values (adapter, values);
  if (adapter->heap_size > 0)
    values->size = adapter->heap_size;
  adapter->left -= values->size;
  return TRUE;
}

void
gst_spead2_adapter_take_run (
    GstSpead2Adapter *adapter, guint max, Spead2HeapValues *values)
{
  gsize n;

  if (adapter->heap_size == 0 || values->mapped == NULL)
    return;
  n = MIN (adapter->left / adapter->heap_size, max - 1);
  values->n_heaps = 1 + n;
  adapter->left -= n * adapter->heap_size;
}

/* The bytes of the buffer that end the open heap, or 0. */
static gsize
ending_size (const GstSpead2Adapter *adapter)
{
  gsize wanted = adapter->heap_size - adapter->open.size;

  if (adapter->heap_size == 0)
    return adapter->left;
  return adapter->left >= wanted ? wanted : 0;
}

gboolean
gst_spead2_adapter_next (
    GstSpead2Adapter *adapter, Spead2HeapValues *values, GError **error)
{
  gsize size;

  if (adapter->complete)
    clear_open (adapter);
  if (is_one_piece (adapter))
    return take_piece (adapter, values, error);

  size = adapter->closing ? 0 : ending_size (adapter);
  if (size == 0 && !adapter->closing)
    return FALSE;
  if ((size > 0 && !join (adapter, size, FALSE, error)) ||
      !end_open (adapter, error))
    return FALSE;
  adapter->complete = TRUE;
  *values = adapter->open;
  values->parts = (const Spead2Part *) adapter->parts->data;
  values->n_parts = adapter->parts->len;
  return values->size > 0;
}

/* The open heap outlives the buffer that the application's values came with. */
static void
keep_own (GstSpead2Adapter *adapter)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (adapter->own); i++)
    if (adapter->open.own[i] != NULL && adapter->own[i] == NULL) {
      adapter->own[i] = gst_structure_copy (adapter->open.own[i]);
      adapter->open.own[i] = adapter->own[i];
    }
}

gboolean
gst_spead2_adapter_end (GstSpead2Adapter *adapter, GError **error)
{
  const Spead2HeapValues *buffer = adapter->buffer;
  gboolean good = TRUE;

  if (adapter->complete)
    clear_open (adapter);
  if (adapter->left > 0)
    good = join (adapter, adapter->left, TRUE, error);
  if (adapter->open.size > 0)
    keep_own (adapter);
  if (adapter->heap_size > 0) {
    adapter->run_size += buffer->size;
    adapter->next_index = buffer->sample_index +
        spead2_layout_n_samples (adapter->layout, buffer->size);
  }
  clear_buffer (adapter);
  return good;
}
