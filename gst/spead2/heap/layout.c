/* What every heap carries: see layout.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/layout.h"

#include "spead2/error.h"
#include "spead2/heap/itemvalue.h"

struct _Spead2Layout {
  Spead2LayoutConfig config;
  Spead2Flavour flavour;
  const Spead2Item **items; /* those that are pointers of the heap, in order */
  guint n_items;
  const Spead2Item *payload_item;
  const Spead2Item *cnt_item; /* with a value of its own, or NULL */
  gboolean can_step; /* values without a change that a run does not express */
  Spead2PayloadType type;
  Spead2Payload payload;
  gsize good_size; /* of the last payload that has its shape */
  gsize last_size; /* of the last payload, or 0 */
  guint n_changes; /* of the size, from payload to payload; at most 2 */

  guint64 heap_index;
  guint64 descriptor_cnt;
  /* The run that was made last can be extended: the sample index of the next heap. */
  gboolean run_is_open;
  guint64 run_index;

  /* The last description sent to the receivers. */
  gboolean described;
  gsize described_size; /* 0: any */
  guint64 described_time;
  gboolean requested;

  gboolean apart;          /* descriptors are in a heap of their own */
  gchar *destination_item; /* (owned) or NULL */
};

/* -- life --------------------------------------------------------------------- */

/* Whether the number of an item steps, or is the same for some heaps. */
static gboolean
number_can_step (const Spead2Item *item)
{
  switch (item->source) {
    case SPEAD2_SOURCE_SAMPLE_INDEX:
    case SPEAD2_SOURCE_HEAP_INDEX:
    case SPEAD2_SOURCE_NUMBERS:
    case SPEAD2_SOURCE_STEPS:
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
find_can_step (const Spead2Layout *layout)
{
  guint i;

  if (layout->cnt_item && !number_can_step (layout->cnt_item))
    return FALSE;
  for (i = 0; i < layout->n_items; i++) {
    const Spead2Item *item = layout->items[i];

    if (item->kind == SPEAD2_ITEM_VALUE && item != layout->payload_item &&
        !(item->immediate && number_can_step (item)))
      return FALSE;
  }
  return TRUE;
}

static void
update_payload (Spead2Layout *layout)
{
  spead2_payload_init (&layout->payload, layout->payload_item, &layout->type);
  layout->good_size = G_MAXSIZE;
  layout->last_size = 0;
  layout->n_changes = 0;
}

Spead2Layout *
spead2_layout_new (const Spead2LayoutConfig *config, GError **error)
{
  const Spead2Items *list = config->items;
  Spead2Layout *layout;
  guint i;

  if (!spead2_flavour_check_cnt (list->flavour, "descriptor-cnt-start",
          config->descriptor_cnt_start, error) ||
      !spead2_flavour_check_cnt (list->flavour, "descriptor-cnt-step",
          config->descriptor_cnt_step, error))
    return NULL;

  layout = g_new0 (Spead2Layout, 1);
  layout->config = *config;
  layout->config.items = spead2_items_ref (config->items);
  layout->flavour = list->flavour;
  layout->descriptor_cnt = config->descriptor_cnt_start;
  layout->cnt_item = spead2_items_counter (list);
  layout->destination_item = g_strdup (config->destination_item);
  layout->items = g_new (const Spead2Item *, list->n_items);
  for (i = 0; i < list->n_items; i++) {
    const Spead2Item *item = &list->items[i];

    if (item->kind <= SPEAD2_ITEM_NULL)
      layout->items[layout->n_items++] = item;
    if (item->source == SPEAD2_SOURCE_PAYLOAD)
      layout->payload_item = item;
  }
  layout->can_step = find_can_step (layout);
  spead2_payload_type_init (&layout->type);
  update_payload (layout);
  return layout;
}

void
spead2_layout_free (Spead2Layout *layout)
{
  spead2_items_unref (layout->config.items);
  g_free (layout->destination_item);
  g_free (layout->items);
  g_free (layout);
}

void
spead2_layout_set_payload_type (
    Spead2Layout *layout, const Spead2PayloadType *type)
{
  layout->type = *type;
  update_payload (layout);
  layout->described = FALSE;
}

guint64
spead2_layout_n_samples (const Spead2Layout *layout, gsize size)
{
  return spead2_payload_n_samples (&layout->payload, size);
}

void
spead2_layout_restart (Spead2Layout *layout)
{
  layout->heap_index = 0;
  layout->described = FALSE;
  layout->last_size = 0;
  layout->n_changes = 0;
  layout->run_is_open = FALSE;
}

void
spead2_layout_set_apart (Spead2Layout *layout, gboolean apart)
{
  layout->apart = apart;
}

void
spead2_layout_forget_descriptors (Spead2Layout *layout)
{
  layout->described = FALSE;
}

void
spead2_layout_request_descriptors (Spead2Layout *layout)
{
  layout->requested = TRUE;
}

/* -- descriptors --------------------------------------------------------------- */

/* Nearly all payloads are of one size. */
gboolean
spead2_layout_check_size (Spead2Layout *layout, gsize size, GError **error)
{
  gint64 shape[SPEAD2_MAX_DIMENSIONS];

  if (size == layout->good_size)
    return TRUE;
  if (!spead2_payload_find_shape (&layout->payload, size, shape, error))
    return FALSE;
  layout->good_size = size;
  return TRUE;
}

gboolean
spead2_layout_round (
    const Spead2Layout *layout, gsize size, gsize *below, gsize *above)
{
  return spead2_payload_round (&layout->payload, size, below, above);
}

/* Whether descriptors are of payloads of any size: from the second change of the
 * size on, if that can be said. A last payload that is shorter is one change. */
static gboolean
describes_any_size (const Spead2Layout *layout)
{
  Spead2Format format;

  return layout->n_changes == 2 &&
      spead2_payload_open_format (&layout->payload, &format);
}

static void
note_size (Spead2Layout *layout, gsize size)
{
  if (size == layout->last_size)
    return;
  if (layout->last_size != 0 && layout->n_changes < 2)
    layout->n_changes++;
  layout->last_size = size;
}

static void
describe (const Spead2Layout *layout, const Spead2Item *item,
    const gint64 *payload_shape, Spead2Descriptor *descriptor)
{
  memset (descriptor, 0, sizeof *descriptor);
  descriptor->id = item->id;
  descriptor->name = item->name;
  descriptor->description = item->description;
  descriptor->dtype = item->dtype;
  descriptor->n_formats = item->n_formats;
  memcpy (descriptor->formats, item->formats, sizeof item->formats);

  if (item->source == SPEAD2_SOURCE_PAYLOAD) {
    spead2_payload_describe (&layout->payload,
        describes_any_size (layout) ? NULL : payload_shape, descriptor);
  } else if (item->source == SPEAD2_SOURCE_TEXT) {
    descriptor->n_dimensions = 1;
    descriptor->shape[0] = item->from_application
        ? SPEAD2_VARIABLE_SIZE
        : (gint64) g_bytes_get_size (item->text);
  }
}

static gboolean
add_descriptors (
    const Spead2Layout *layout, Spead2Heap *heap, gsize size, GError **error)
{
  gint64 shape[SPEAD2_MAX_DIMENSIONS] = {0};
  guint i;

  if (!spead2_payload_find_shape (&layout->payload, size, shape, error))
    return FALSE;

  for (i = 0; i < layout->n_items; i++) {
    Spead2Descriptor descriptor;
    GBytes *bytes;
    gboolean added;

    if (layout->items[i]->kind != SPEAD2_ITEM_VALUE)
      continue;
    describe (layout, layout->items[i], shape, &descriptor);
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
interval_is_over (const Spead2Layout *layout, const Spead2HeapValues *values)
{
  return layout->config.descriptor_interval > 0 &&
      values->running_time >=
      layout->described_time + layout->config.descriptor_interval;
}

static gboolean
wants_descriptors (const Spead2Layout *layout, const Spead2HeapValues *values)
{
  return layout->requested ||
      (layout->config.descriptors != SPEAD2_DESCRIPTORS_NONE &&
          (!layout->described ||
              (layout->described_size != 0 &&
                  layout->described_size != values->size) ||
              interval_is_over (layout, values)));
}

static void
set_described (Spead2Layout *layout, const Spead2HeapValues *values)
{
  layout->requested = FALSE;
  layout->described = TRUE;
  layout->described_size = describes_any_size (layout) ? 0 : values->size;
  layout->described_time = values->running_time;
}

static gboolean
describes_in_heap (const Spead2Layout *layout)
{
  return layout->config.descriptors == SPEAD2_DESCRIPTORS_FIRST_HEAP &&
      !layout->apart;
}

gboolean
spead2_layout_wants_descriptor_heap (
    const Spead2Layout *layout, const Spead2HeapValues *values)
{
  return !describes_in_heap (layout) && wants_descriptors (layout, values);
}

static void
set_cnt (Spead2Heap *heap, guint64 cnt)
{
  heap->cnt = cnt & spead2_flavour_max_value (heap->flavour);
  heap->flags |= SPEAD2_HEAP_HAS_CNT;
}

Spead2Heap *
spead2_layout_make_descriptor_heap (
    Spead2Layout *layout, const Spead2HeapValues *values, GError **error)
{
  Spead2Heap *heap = spead2_heap_new (layout->flavour);

  note_size (layout, values->size);
  if (!add_descriptors (layout, heap, values->size, error)) {
    spead2_heap_free (heap);
    return NULL;
  }
  if (layout->config.descriptor_cnt_step > 0) {
    set_cnt (heap, layout->descriptor_cnt);
    layout->descriptor_cnt += layout->config.descriptor_cnt_step;
  }
  set_described (layout, values);
  return heap;
}

/* -- values --------------------------------------------------------------------------- */

static const GValue *
find_own (const Spead2HeapValues *values, const gchar *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (values->own); i++) {
    const GValue *value =
        values->own[i] ? gst_structure_get_value (values->own[i], name) : NULL;

    if (value)
      return value;
  }
  return NULL;
}

/* -- runs ----------------------------------------------------------------------------- */

static guint
n_heaps_of (const Spead2HeapValues *values)
{
  return MAX (values->n_heaps, 1);
}

/* By how much the item's number steps from heap to heap of a run. */
static guint64
step_of (const Spead2Layout *layout, const Spead2Item *item, gsize size)
{
  if (item->source == SPEAD2_SOURCE_SAMPLE_INDEX)
    return spead2_layout_n_samples (layout, size);
  if (item->every > 1)
    return 0;
  return item->source == SPEAD2_SOURCE_HEAP_INDEX ? 1
      : item->source == SPEAD2_SOURCE_STEPS       ? item->step
                                                  : 0;
}

/* How many heaps from heap_index on have a number of the item that steps, or is one. */
static guint64
n_even (const Spead2Item *item, guint64 heap_index)
{
  if (item->source == SPEAD2_SOURCE_NUMBERS ? item->n_numbers == 1
                                            : item->every <= 1)
    return G_MAXUINT64;
  return item->every - heap_index % item->every;
}

/* The same for all items. */
static guint64
n_even_heaps (const Spead2Layout *layout, guint64 heap_index)
{
  guint64 n =
      layout->cnt_item ? n_even (layout->cnt_item, heap_index) : G_MAXUINT64;
  guint i;

  for (i = 0; i < layout->n_items; i++)
    n = MIN (n, n_even (layout->items[i], heap_index));
  return n;
}

/* Whether a heap with these values can be one of several in a run: all that follow have
 * whole samples, and nothing that only one heap has. */
static gboolean
is_even (const Spead2Layout *layout, const Spead2HeapValues *values)
{
  return layout->can_step && values->own[0] == NULL && values->own[1] == NULL &&
      values->n_parts == 0 && values->row_size == 0 &&
      spead2_layout_n_samples (layout, 8 * values->size) ==
      8 * spead2_layout_n_samples (layout, values->size);
}

guint
spead2_layout_max_run (
    const Spead2Layout *layout, const Spead2HeapValues *values, guint max)
{
  if (max <= 1 || !is_even (layout, values) ||
      (layout->config.descriptors == SPEAD2_DESCRIPTORS_FIRST_HEAP &&
          wants_descriptors (layout, values)))
    return 1;
  return MIN (max, n_even_heaps (layout, layout->heap_index));
}

/* The heaps of run, the last ones that were made, may be followed by others. */
static void
open_run (
    Spead2Layout *layout, const Spead2Heap *run, const Spead2HeapValues *values)
{
  layout->run_is_open =
      is_even (layout, values) && !(run->flags & SPEAD2_HEAP_DESCRIBES);
  layout->run_index = values->sample_index +
      run->n_heaps * spead2_layout_n_samples (layout, values->size);
}

gboolean
spead2_layout_extend_run (Spead2Layout *layout, Spead2Heap *run,
    const Spead2HeapValues *values, guint max)
{
  if (!layout->run_is_open || run->n_heaps >= max ||
      run->length != values->size || values->size == 0 ||
      values->mapped != NULL || values->sample_index != layout->run_index ||
      !is_even (layout, values) || wants_descriptors (layout, values) ||
      n_even_heaps (layout, layout->heap_index - 1) == 1 ||
      !spead2_heap_extend_run (run, values->buffer, values->offset))
    return FALSE;
  layout->run_index += spead2_layout_n_samples (layout, values->size);
  layout->heap_index++;
  return TRUE;
}

/* -- heaps ---------------------------------------------------------------------------- */

/* The value of an item that is a number, a counter with all its bits. */
static guint64
number_of (const Spead2Layout *layout, const Spead2Item *item,
    const Spead2HeapValues *values)
{
  switch (item->source) {
    case SPEAD2_SOURCE_SAMPLE_INDEX:
      return values->sample_index;
    case SPEAD2_SOURCE_HEAP_INDEX:
      return layout->heap_index / item->every;
    case SPEAD2_SOURCE_UTC_NS:
      return values->utc_ns;
    case SPEAD2_SOURCE_PTP_NS:
      return values->ptp_ns;
    case SPEAD2_SOURCE_NUMBERS:
      return item->numbers[layout->heap_index / item->every % item->n_numbers];
    case SPEAD2_SOURCE_STEPS:
      return item->start + item->step * (layout->heap_index / item->every);
    default:
      g_return_val_if_reached (0);
  }
}

static gboolean
add_addressed (
    Spead2Heap *heap, const Spead2Item *item, GBytes *bytes, GError **error)
{
  return spead2_heap_add_addressed (heap, item->id, error) &&
      spead2_heap_append_bytes (heap, bytes, error);
}

static gboolean
add_number (
    Spead2Heap *heap, const Spead2Item *item, guint64 number, GError **error)
{
  guint8 bytes[8];
  GBytes *value;
  gboolean added;

  number = spead2_item_encode (item, number);
  if (item->immediate)
    return spead2_heap_add_immediate (heap, item->id, number, error);

  if (item->little_endian) {
    number = GUINT64_TO_LE (number);
    memcpy (bytes, &number, sizeof bytes);
    value = g_bytes_new (bytes, item->bytes);
  } else {
    spead2_write_u64 (bytes, number);
    value = g_bytes_new (bytes + 8 - item->bytes, item->bytes);
  }
  added = add_addressed (heap, item, value, error);
  g_bytes_unref (value);
  return added;
}

static gboolean
add_own (
    Spead2Heap *heap, const Spead2Item *item, const GValue *own, GError **error)
{
  guint64 number;
  GBytes *text;
  gboolean added;

  if (item->source != SPEAD2_SOURCE_TEXT)
    return spead2_item_value_number (own, item->name, item, &number, error) &&
        add_number (heap, item, number, error);

  text = spead2_item_value_text (own, item, error);
  if (text == NULL)
    return FALSE;
  added = add_addressed (heap, item, text, error);
  g_bytes_unref (text);
  return added;
}

static gboolean
append_parts (Spead2Heap *heap, const Spead2HeapValues *values, GError **error)
{
  gsize left = values->size;
  guint i;

  for (i = 0; i < values->n_parts && left > 0; i++) {
    const Spead2Part *part = &values->parts[i];
    gsize size = MIN (left, part->size);

    if (!spead2_heap_append_mapped (
            heap, part->mapped, part->offset, size, error))
      return FALSE;
    left -= size;
  }
  return TRUE;
}

static gboolean
add_payload (Spead2Heap *heap, const Spead2Item *item,
    const Spead2HeapValues *values, GError **error)
{
  gsize row_size = values->row_size ? values->row_size : values->size;
  gsize offset = values->offset, left;

  if (!spead2_heap_add_addressed (heap, item->id, error))
    return FALSE;
  if (n_heaps_of (values) > 1)
    return spead2_heap_append_run (
        heap, values->mapped, offset, values->size, values->n_heaps, error);
  if (values->n_parts > 0)
    return append_parts (heap, values, error);
  for (left = values->size; left > 0;) {
    gsize size = MIN (left, row_size);

    if (!(values->mapped ? spead2_heap_append_mapped (
                               heap, values->mapped, offset, size, error)
                         : spead2_heap_append_buffer (
                               heap, values->buffer, offset, size, error)))
      return FALSE;
    offset += values->row_stride;
    left -= size;
  }
  return TRUE;
}

/* Adds an item whose number the layout has. */
static gboolean
add_layout_number (const Spead2Layout *layout, Spead2Heap *heap,
    const Spead2Item *item, const Spead2HeapValues *values, GError **error)
{
  guint64 step = step_of (layout, item, values->size);

  if (!add_number (heap, item, number_of (layout, item, values), error))
    return FALSE;
  if (item->immediate && step != 0)
    spead2_heap_step_immediate (
        heap, spead2_item_encode (item, step), 8 * item->bytes);
  return TRUE;
}

static gboolean
add_item (const Spead2Layout *layout, Spead2Heap *heap, const Spead2Item *item,
    const Spead2HeapValues *values, GError **error)
{
  const GValue *own =
      item->from_application ? find_own (values, item->name) : NULL;

  if (own)
    return add_own (heap, item, own, error);
  /* A pad is addressed where the payload has come to, and so ends the item
   * before it just where that ends anyway. */
  if (item->kind == SPEAD2_ITEM_NULL)
    return spead2_heap_add_addressed (heap, SPEAD2_ID_NULL, error);
  if (item->source == SPEAD2_SOURCE_PAYLOAD)
    return add_payload (heap, item, values, error);
  if (item->source == SPEAD2_SOURCE_TEXT)
    return add_addressed (heap, item, item->text, error);
  return add_layout_number (layout, heap, item, values, error);
}

/* The application numbers the heap. */
static gboolean
add_own_cnt (Spead2Heap *heap, const GValue *own, GError **error)
{
  const Spead2Item any = {.limit = spead2_flavour_max_value (heap->flavour)};
  guint64 cnt;

  if (!spead2_item_value_number (own, SPEAD2_HEAP_CNT_NAME, &any, &cnt, error))
    return FALSE;
  set_cnt (heap, cnt);
  return TRUE;
}

/* Numbers the heap, if that is not left to the sender. */
static gboolean
add_cnt (const Spead2Layout *layout, Spead2Heap *heap,
    const Spead2HeapValues *values, GError **error)
{
  const GValue *own = values->own[0] || values->own[1]
      ? find_own (values, SPEAD2_HEAP_CNT_NAME)
      : NULL;

  if (own)
    return add_own_cnt (heap, own, error);
  if (layout->cnt_item) {
    set_cnt (heap, number_of (layout, layout->cnt_item, values));
    heap->cnt_step = step_of (layout, layout->cnt_item, values->size);
  }
  return TRUE;
}

static const Spead2Item *
find_number (const Spead2Layout *layout, const gchar *name)
{
  guint i;

  for (i = 0; i < layout->n_items; i++)
    if (layout->items[i]->source >= SPEAD2_SOURCE_SAMPLE_INDEX &&
        layout->items[i]->source <= SPEAD2_SOURCE_STEPS &&
        g_strcmp0 (layout->items[i]->name, name) == 0)
      return layout->items[i];
  return NULL;
}

/* The heap chooses its destination by a value of the application, or of an item. */
static gboolean
add_destination (const Spead2Layout *layout, Spead2Heap *heap,
    const Spead2HeapValues *values, GError **error)
{
  const gchar *name = layout->destination_item;
  const Spead2Item any = {.limit = SPEAD2_MAX_POSITION};
  const GValue *own = find_own (values, name);
  const Spead2Item *item = find_number (layout, name);
  guint64 position;

  if (own) {
    if (!spead2_item_value_number (own, name, &any, &position, error))
      return FALSE;
  } else if (item) {
    position = number_of (layout, item, values);
  } else {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "destination-item=%s: no item of that name is a number, and the "
        "application gives no value for it",
        name);
    return FALSE;
  }
  heap->destination = MIN (position, SPEAD2_MAX_POSITION);
  return TRUE;
}

guint
spead2_layout_plain_pointers (const Spead2Layout *layout)
{
  guint i;

  for (i = 0; i < layout->n_items; i++) {
    const Spead2Item *item = layout->items[i];

    if (item != layout->payload_item && item->kind == SPEAD2_ITEM_VALUE &&
        !item->immediate)
      return 0;
  }
  return layout->n_items;
}

Spead2Heap *
spead2_layout_make_heap (
    Spead2Layout *layout, const Spead2HeapValues *values, GError **error)
{
  gboolean describes =
      describes_in_heap (layout) && wants_descriptors (layout, values);
  Spead2Heap *heap;
  guint i;

  if (!spead2_layout_check_size (layout, values->size, error))
    return NULL;

  note_size (layout, values->size);
  heap = spead2_heap_new (layout->flavour);
  if (describes && !add_descriptors (layout, heap, values->size, error))
    goto failed;
  for (i = 0; i < layout->n_items; i++)
    if (!add_item (layout, heap, layout->items[i], values, error))
      goto failed;
  if (!add_cnt (layout, heap, values, error) ||
      (layout->destination_item &&
          !add_destination (layout, heap, values, error)))
    goto failed;

  if (describes)
    set_described (layout, values);
  layout->heap_index += heap->n_heaps;
  open_run (layout, heap, values);
  return heap;

failed:
  spead2_heap_free (heap);
  return NULL;
}
