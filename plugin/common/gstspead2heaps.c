/* gst-spead2: where buffers are cut and joined into heaps: see gstspead2heaps.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2heaps.h"

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
gst_spead2_heaps_init (GstSpead2Heaps *heaps, Spead2Layout *layout,
    gsize heap_size, gsize copy_size, GstSpead2Remainder remainder)
{
  *heaps = (GstSpead2Heaps){.layout = layout,
      .heap_size = heap_size,
      .copy_size = copy_size,
      .remainder = remainder,
      .parts = g_array_new (FALSE, FALSE, sizeof (Spead2Part))};
  g_array_set_clear_func (heaps->parts, clear_part);
}

static void
clear_open (GstSpead2Heaps *heaps)
{
  guint i;

  heaps->open.size = 0;
  heaps->closing = heaps->complete = FALSE;
  heaps->pool = NULL;
  for (i = 0; i < G_N_ELEMENTS (heaps->own); i++)
    gst_clear_structure (&heaps->own[i]);
  g_array_set_size (heaps->parts, 0);
}

static void
clear_buffer (GstSpead2Heaps *heaps)
{
  heaps->buffer = NULL;
  heaps->left = 0;
  g_clear_pointer (&heaps->mapped, spead2_mapped_buffer_unref);
}

void
gst_spead2_heaps_reset (GstSpead2Heaps *heaps)
{
  if (heaps->parts == NULL)
    return;
  clear_open (heaps);
  clear_buffer (heaps);
  g_clear_pointer (&heaps->chunk, spead2_mapped_buffer_unref);
  heaps->run_index = heaps->run_size = heaps->next_index = 0;
}

void
gst_spead2_heaps_clear (GstSpead2Heaps *heaps)
{
  gst_spead2_heaps_reset (heaps);
  g_clear_pointer (&heaps->parts, g_array_unref);
}

/* -- pieces ------------------------------------------------------------------------ */

static void
add_part (
    GstSpead2Heaps *heaps, Spead2MappedBuffer *mapped, gsize offset, gsize size)
{
  Spead2Part part = {spead2_mapped_buffer_ref (mapped), offset, size};

  g_array_append_val (heaps->parts, part);
}

/* Adds so many bytes to the open heap, for the caller to write. NULL with
 * SPEAD2_ERROR_MEMORY. */
static guint8 *
add_copied (GstSpead2Heaps *heaps, gsize size, GError **error)
{
  Spead2Part *last = NULL;
  gsize used;

  if (heaps->chunk == NULL ||
      size > heaps->chunk->memories[0].map.size - heaps->chunk_used) {
    GstBuffer *buffer =
        gst_buffer_new_allocate (NULL, MAX (size, CHUNK_SIZE), NULL);

    g_clear_pointer (&heaps->chunk, spead2_mapped_buffer_unref);
    heaps->chunk = spead2_mapped_buffer_new (buffer, error);
    heaps->chunk_used = 0;
    gst_buffer_unref (buffer);
    if (heaps->chunk == NULL)
      return NULL;
  }
  used = heaps->chunk_used;
  heaps->chunk_used += size;
  if (heaps->parts->len > 0)
    last = &g_array_index (heaps->parts, Spead2Part, heaps->parts->len - 1);
  if (last && last->mapped == heaps->chunk && last->offset + last->size == used)
    last->size += size;
  else
    add_part (heaps, heaps->chunk, used, size);
  return heaps->chunk->memories[0].map.data + used;
}

/* The buffer's byte that no heap has yet. */
static gsize
next_offset (const GstSpead2Heaps *heaps)
{
  return heaps->buffer->offset + heaps->buffer->size - heaps->left;
}

static gboolean
hold_buffer (GstSpead2Heaps *heaps, GError **error)
{
  if (heaps->mapped == NULL)
    heaps->mapped = spead2_mapped_buffer_new (heaps->buffer->buffer, error);
  return heaps->mapped != NULL;
}

static gboolean
copy_piece (GstSpead2Heaps *heaps, gsize size, GError **error)
{
  guint8 *copy = add_copied (heaps, size, error);

  if (copy == NULL)
    return FALSE;
  spead2_mapped_buffer_read (heaps->mapped, next_offset (heaps), copy, size);
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
may_hold (GstSpead2Heaps *heaps)
{
  GstBufferPool *pool = pool_of (heaps->buffer->buffer);

  if (pool == NULL)
    return TRUE;
  if (heaps->pool == NULL) {
    heaps->pool = pool;
    heaps->n_pooled = 0;
    heaps->max_pooled = max_buffers_of (pool);
  }
  if (pool != heaps->pool ||
      (heaps->max_pooled > 0 && heaps->n_pooled >= heaps->max_pooled / 2))
    return FALSE;
  heaps->n_pooled++;
  return TRUE;
}

/* What the heap is made of that begins at the next byte of the buffer. */
static void
find_values (const GstSpead2Heaps *heaps, Spead2HeapValues *values)
{
  const gsize done = heaps->buffer->size - heaps->left;
  guint64 ns;

  *values = *heaps->buffer;
  values->size = heaps->left;
  values->mapped = heaps->mapped;
  if (heaps->run_size + done > 0)
    values->sample_index = heaps->run_index +
        spead2_layout_n_samples (heaps->layout, heaps->run_size + done);
  if (done == 0)
    return;
  values->offset += done;
  ns = gst_spead2_rate_time (
      &heaps->rate, spead2_layout_n_samples (heaps->layout, done));
  values->utc_ns += ns;
  values->ptp_ns += ns;
}

/* Adds the next bytes of the buffer to the open heap. waits: it will be open when
 * the buffer has ended. */
static gboolean
join (GstSpead2Heaps *heaps, gsize size, gboolean waits, GError **error)
{
  if (!hold_buffer (heaps, error))
    return FALSE;
  if (heaps->open.size == 0) {
    find_values (heaps, &heaps->open);
    heaps->open.size = 0;
    heaps->open.buffer = NULL;
    heaps->open.mapped = NULL;
  }
  if (size >= heaps->copy_size && (!waits || may_hold (heaps)))
    add_part (heaps, heaps->mapped, next_offset (heaps), size);
  else if (!copy_piece (heaps, size, error))
    return FALSE;
  heaps->left -= size;
  heaps->open.size += size;
  return TRUE;
}

/* -- where the open heap ends ------------------------------------------------------- */

/* Sizes of buffers need not be whole samples. The index that comes with a buffer has
 * none of the parts, that of the run has them all. */
static gboolean
is_next (const GstSpead2Heaps *heaps, const Spead2HeapValues *buffer)
{
  return !GST_BUFFER_IS_DISCONT (buffer->buffer) &&
      (buffer->sample_index == heaps->next_index ||
          buffer->sample_index ==
              heaps->run_index +
                  spead2_layout_n_samples (heaps->layout, heaps->run_size));
}

static gboolean
are_equal (const GstStructure *a, const GstStructure *b)
{
  return a == b || (a && b && gst_structure_is_equal (a, b));
}

gboolean
gst_spead2_heaps_continues (
    const GstSpead2Heaps *heaps, const Spead2HeapValues *buffer)
{
  return is_next (heaps, buffer) &&
      are_equal (heaps->open.own[0], buffer->own[0]) &&
      are_equal (heaps->open.own[1], buffer->own[1]);
}

gboolean
gst_spead2_heaps_cuts (
    const GstSpead2Heaps *heaps, const Spead2HeapValues *buffer)
{
  return heaps->heap_size > 0 &&
      buffer->size > heaps->heap_size - heaps->open.size;
}

void
gst_spead2_heaps_close (GstSpead2Heaps *heaps)
{
  heaps->closing = heaps->open.size > 0;
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
end_open (GstSpead2Heaps *heaps, GError **error)
{
  gsize size = heaps->open.size, below, above;
  GError *why = NULL;
  guint8 *zeros;

  if (spead2_layout_check_size (heaps->layout, size, &why))
    return TRUE;
  if (!spead2_layout_round (heaps->layout, size, &below, &above)) {
    if (heaps->heap_size == 0 && above > 0)
      set_message (why,
          g_strdup_printf ("%s. heap-size=%" G_GSIZE_FORMAT
                           " cuts and joins buffers of any size to that",
              why->message, above));
    goto refused;
  }
  if (heaps->remainder == GST_SPEAD2_REMAINDER_ERROR) {
    set_message (why,
        g_strdup_printf (
            "%s. remainder=drop or remainder=pad allows it", why->message));
    goto refused;
  }

  g_error_free (why);
  if (heaps->remainder == GST_SPEAD2_REMAINDER_DROP) {
    heaps->dropped += size - below;
    heaps->open.size = below;
    return TRUE;
  }
  zeros = add_copied (heaps, above - size, error);
  if (zeros == NULL)
    return FALSE;
  memset (zeros, 0, above - size);
  heaps->padding += above - size;
  heaps->open.size = above;
  return TRUE;

  /* ERRORS */
refused:
  g_propagate_error (error, why);
  return FALSE;
}

/* -- the buffer's way ---------------------------------------------------------------- */

void
gst_spead2_heaps_begin (GstSpead2Heaps *heaps, const Spead2HeapValues *buffer,
    const GstSpead2Rate *rate)
{
  if (heaps->heap_size == 0 || !is_next (heaps, buffer)) {
    heaps->run_index = buffer->sample_index;
    heaps->run_size = 0;
  }
  heaps->buffer = buffer;
  heaps->left = buffer->size;
  heaps->rate = *rate;
}

/* Whether the next heap is a piece of this buffer, without more. */
static gboolean
is_one_piece (const GstSpead2Heaps *heaps)
{
  if (heaps->open.size > 0)
    return FALSE;
  if (heaps->heap_size > 0)
    return heaps->left >= heaps->heap_size;
  /* A picture that has not the shape is none. */
  return heaps->left > 0 &&
      (heaps->buffer->row_size > 0 ||
          spead2_layout_check_size (heaps->layout, heaps->left, NULL));
}

static gboolean
take_piece (GstSpead2Heaps *heaps, Spead2HeapValues *values, GError **error)
{
  /* Several heaps share it. */
  if (gst_spead2_heaps_cuts (heaps, heaps->buffer) &&
      !hold_buffer (heaps, error))
    return FALSE;
  find_values (heaps, values);
  if (heaps->heap_size > 0)
    values->size = heaps->heap_size;
  heaps->left -= values->size;
  return TRUE;
}

/* The bytes of the buffer that end the open heap, or 0. */
static gsize
ending_size (const GstSpead2Heaps *heaps)
{
  gsize wanted = heaps->heap_size - heaps->open.size;

  if (heaps->heap_size == 0)
    return heaps->left;
  return heaps->left >= wanted ? wanted : 0;
}

gboolean
gst_spead2_heaps_next (
    GstSpead2Heaps *heaps, Spead2HeapValues *values, GError **error)
{
  gsize size;

  if (heaps->complete)
    clear_open (heaps);
  if (is_one_piece (heaps))
    return take_piece (heaps, values, error);

  size = heaps->closing ? 0 : ending_size (heaps);
  if (size == 0 && !heaps->closing)
    return FALSE;
  if ((size > 0 && !join (heaps, size, FALSE, error)) ||
      !end_open (heaps, error))
    return FALSE;
  heaps->complete = TRUE;
  *values = heaps->open;
  values->parts = (const Spead2Part *) heaps->parts->data;
  values->n_parts = heaps->parts->len;
  return values->size > 0;
}

/* The open heap outlives the buffer that the application's values came with. */
static void
keep_own (GstSpead2Heaps *heaps)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (heaps->own); i++)
    if (heaps->open.own[i] != NULL && heaps->own[i] == NULL) {
      heaps->own[i] = gst_structure_copy (heaps->open.own[i]);
      heaps->open.own[i] = heaps->own[i];
    }
}

gboolean
gst_spead2_heaps_end (GstSpead2Heaps *heaps, GError **error)
{
  const Spead2HeapValues *buffer = heaps->buffer;
  gboolean good = TRUE;

  if (heaps->complete)
    clear_open (heaps);
  if (heaps->left > 0)
    good = join (heaps, heaps->left, TRUE, error);
  if (heaps->open.size > 0)
    keep_own (heaps);
  if (heaps->heap_size > 0) {
    heaps->run_size += buffer->size;
    heaps->next_index = buffer->sample_index +
        spead2_layout_n_samples (heaps->layout, buffer->size);
  }
  clear_buffer (heaps);
  return good;
}
