/* What every heap carries: see layout.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "layout.h"

#include "error.h"

/* Where the value of an item comes from. */
typedef enum {
  VALUE_SAMPLE_INDEX, /* immediate */
  VALUE_PAYLOAD       /* addressed: the heap's part of the buffer */
} ValueSource;

typedef struct {
  ValueSource source;
  guint64 id;
  const gchar *name;
  const gchar *description;
} Item;

static const Item default_items[] = {
    {VALUE_SAMPLE_INDEX, SPEAD2_ID_TIMESTAMP, "timestamp",
        "Index of the first sample"},
    {VALUE_PAYLOAD, SPEAD2_ID_ADC_SAMPLES, "adc_samples",
        "ADC converter output"},
};

struct _Spead2Layout {
  Spead2Flavour flavour;
  const Item *items;
  guint n_items;
  Spead2PayloadType type;

  /* What the receivers were told last. */
  gboolean described;
  gsize described_frames;
};

static const Spead2PayloadType bytes_type = {
    .dtype = "|u1", .sample_size = 1, .channels = 1};

Spead2Layout *
spead2_layout_new (Spead2Flavour flavour, GError **error)
{
  Spead2Layout *layout;
  guint i;

  if (!spead2_flavour_check (flavour, error))
    return NULL;
  for (i = 0; i < G_N_ELEMENTS (default_items); i++) {
    if (default_items[i].id > spead2_flavour_max_id (flavour)) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "Id 0x%" G_GINT64_MODIFIER "x of item '%s' does not fit "
          "SPEAD-64-%u, whose largest id is 0x%" G_GINT64_MODIFIER
          "x: choose fewer heap-address-bits",
          default_items[i].id, default_items[i].name, flavour,
          spead2_flavour_max_id (flavour));
      return NULL;
    }
  }

  layout = g_new0 (Spead2Layout, 1);
  layout->flavour = flavour;
  layout->items = default_items;
  layout->n_items = G_N_ELEMENTS (default_items);
  layout->type = bytes_type;
  return layout;
}

void
spead2_layout_free (Spead2Layout *layout)
{
  g_free (layout);
}

void
spead2_layout_set_payload_type (
    Spead2Layout *layout, const Spead2PayloadType *type)
{
  layout->type = *type;
  layout->described = FALSE;
}

gsize
spead2_layout_frame_size (const Spead2Layout *layout)
{
  return (gsize) layout->type.sample_size * layout->type.channels;
}

void
spead2_layout_forget_descriptors (Spead2Layout *layout)
{
  layout->described = FALSE;
}

static void
describe (const Spead2Layout *layout, const Item *item, gsize n_frames,
    Spead2Descriptor *descriptor)
{
  memset (descriptor, 0, sizeof *descriptor);
  descriptor->id = item->id;
  descriptor->name = item->name;
  descriptor->description = item->description;

  switch (item->source) {
    case VALUE_SAMPLE_INDEX:
      descriptor->formats[0] = (Spead2Format){'u', layout->flavour};
      descriptor->n_formats = 1;
      break;
    case VALUE_PAYLOAD:
      if (layout->type.dtype[0] != '\0') {
        descriptor->dtype = layout->type.dtype;
      } else {
        descriptor->formats[0] = layout->type.format;
        descriptor->n_formats = 1;
      }
      descriptor->shape[descriptor->n_dimensions++] = n_frames;
      if (layout->type.channels > 1)
        descriptor->shape[descriptor->n_dimensions++] = layout->type.channels;
      break;
  }
}

static gboolean
add_descriptors (const Spead2Layout *layout, Spead2Heap *heap, gsize n_frames,
    GError **error)
{
  guint i;

  for (i = 0; i < layout->n_items; i++) {
    Spead2Descriptor descriptor;
    GBytes *bytes;
    gboolean added;

    describe (layout, &layout->items[i], n_frames, &descriptor);
    bytes = spead2_descriptor_to_bytes (&descriptor, layout->flavour, error);
    if (bytes == NULL)
      return FALSE;
    added = spead2_heap_add_addressed (heap, SPEAD2_ID_DESCRIPTOR, error) &&
        spead2_heap_append_bytes (heap, bytes, error);
    g_bytes_unref (bytes);
    if (!added)
      return FALSE;
  }

  heap->flags |= SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_BARRIER;
  return TRUE;
}

static gboolean
add_item (const Spead2Layout *layout, Spead2Heap *heap, const Item *item,
    const Spead2HeapValues *values, GError **error)
{
  switch (item->source) {
    case VALUE_SAMPLE_INDEX:
      return spead2_heap_add_immediate (heap, item->id,
          values->sample_index & spead2_flavour_max_value (layout->flavour),
          error);
    case VALUE_PAYLOAD:
      return spead2_heap_add_addressed (heap, item->id, error) &&
          spead2_heap_append_buffer (
              heap, values->buffer, values->offset, values->size, error);
  }
  g_return_val_if_reached (FALSE);
}

Spead2Heap *
spead2_layout_make_heap (
    Spead2Layout *layout, const Spead2HeapValues *values, GError **error)
{
  gsize frame_size = spead2_layout_frame_size (layout);
  gsize n_frames = values->size / frame_size;
  Spead2Heap *heap;
  guint i;

  if (values->size % frame_size != 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "A buffer of %" G_GSIZE_FORMAT " bytes is no whole number of frames of "
        "%" G_GSIZE_FORMAT " bytes (%u channels of %u)",
        values->size, frame_size, layout->type.channels,
        layout->type.sample_size);
    return NULL;
  }

  heap = spead2_heap_new (layout->flavour);
  if (!layout->described || layout->described_frames != n_frames) {
    if (!add_descriptors (layout, heap, n_frames, error))
      goto failed;
  }
  for (i = 0; i < layout->n_items; i++)
    if (!add_item (layout, heap, &layout->items[i], values, error))
      goto failed;

  layout->described = TRUE;
  layout->described_frames = n_frames;
  return heap;

failed:
  spead2_heap_free (heap);
  return NULL;
}
