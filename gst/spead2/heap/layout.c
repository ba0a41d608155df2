/* What every heap carries: see layout.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/layout.h"

#include "spead2/wire/dtype.h"
#include "spead2/error.h"
#include "spead2/heap/itemtext.h"

/* How the elements of a payload lie: its item's word, or else the buffers'. */
typedef struct {
  const gchar *dtype;
  const Spead2Format *formats;
  guint n_formats;
  guint element_bits;
  const gint64 *shape;
  guint n_dimensions;
  guint sample_elements;
} Payload;

struct _Spead2Layout {
  Spead2LayoutConfig config;
  Spead2Flavour flavour;
  const Spead2Item **items; /* those that are pointers of the heap, in order */
  guint n_items;
  const Spead2Item *payload_item;
  const Spead2Item *cnt_item; /* with a value of its own, or NULL */
  Spead2PayloadType type;
  Payload payload;
  gsize good_size; /* of the last payload that has its shape */
  gsize last_size; /* of the last payload, or 0 */
  guint n_changes; /* of the size, from payload to payload; at most 2 */

  guint64 heap_index;
  guint64 descriptor_cnt;

  /* What the receivers were told last. */
  gboolean described;
  gsize described_size; /* 0: any */
  guint64 described_time;
  gboolean requested;
};

static const gint64 one_variable[] = {SPEAD2_VARIABLE_SIZE};

void
spead2_payload_type_init (Spead2PayloadType *type)
{
  *type = (Spead2PayloadType){.dtype = "|u1",
      .element_bits = 8,
      .shape = {SPEAD2_VARIABLE_SIZE},
      .n_dimensions = 1,
      .sample_elements = 1};
}

/* -- life --------------------------------------------------------------------- */

static void
resolve_payload (Spead2Layout *layout)
{
  const Spead2Item *item = layout->payload_item;
  const Spead2PayloadType *type = &layout->type;
  Payload *payload = &layout->payload;
  guint i;

  if (item->dtype || item->n_formats > 0) {
    *payload = (Payload){.dtype = item->dtype,
        .formats = item->formats,
        .n_formats = item->n_formats,
        .element_bits = item->dtype_size * 8,
        .shape = one_variable,
        .n_dimensions = 1,
        .sample_elements = 1};
    for (i = 0; i < item->n_formats; i++)
      payload->element_bits += item->formats[i].bits;
  } else {
    *payload = (Payload){.dtype = type->dtype,
        .formats = &type->format,
        .n_formats = type->dtype ? 0 : 1,
        .element_bits = type->element_bits,
        .shape = type->shape,
        .n_dimensions = type->n_dimensions,
        .sample_elements = type->sample_elements};
  }
  if (item->has_shape) {
    payload->shape = item->shape;
    payload->n_dimensions = item->n_dimensions;
  }
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
  layout->items = g_new (const Spead2Item *, list->n_items);
  for (i = 0; i < list->n_items; i++) {
    const Spead2Item *item = &list->items[i];

    if (item->kind <= SPEAD2_ITEM_NULL)
      layout->items[layout->n_items++] = item;
    if (item->source == SPEAD2_SOURCE_PAYLOAD)
      layout->payload_item = item;
  }
  spead2_payload_type_init (&layout->type);
  resolve_payload (layout);
  return layout;
}

void
spead2_layout_free (Spead2Layout *layout)
{
  spead2_items_unref (layout->config.items);
  g_free (layout->items);
  g_free (layout);
}

void
spead2_layout_set_payload_type (
    Spead2Layout *layout, const Spead2PayloadType *type)
{
  layout->type = *type;
  resolve_payload (layout);
  layout->described = FALSE;
}

guint64
spead2_layout_n_samples (const Spead2Layout *layout, gsize size)
{
  return (guint64) size * 8 / layout->payload.element_bits /
      layout->payload.sample_elements;
}

void
spead2_layout_restart (Spead2Layout *layout)
{
  layout->heap_index = 0;
  layout->described = FALSE;
  layout->last_size = 0;
  layout->n_changes = 0;
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

/* "(any, 2)", for messages; the caller frees it. */
static gchar *
shape_in_words (const Payload *payload)
{
  GString *text = g_string_new ("(");
  guint i;

  for (i = 0; i < payload->n_dimensions; i++) {
    g_string_append (text, i ? ", " : "");
    if (payload->shape[i] == SPEAD2_VARIABLE_SIZE)
      g_string_append (text, "any");
    else
      g_string_append_printf (text, "%" G_GINT64_FORMAT, payload->shape[i]);
  }
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

/* bits: of a payload of that shape, or of one more in the dimension that is
 * variable; 0 where they are too many to count. */
static void
set_size_error (GError **error, const Payload *payload, gsize size,
    guint64 bits, gboolean variable)
{
  gchar *words = shape_in_words (payload);
  /* As many more as make whole bytes, or a last byte that is filled up. */
  guint64 bytes = variable
      ? bits / (guint64) gst_util_greatest_common_divisor_int64 (bits, 8)
      : bits / 8 + (bits % 8 > 0);
  gchar *rule = bits == 0
      ? g_strdup ("")
      : g_strdup_printf (": it must be %s%" G_GUINT64_FORMAT " bytes",
            variable ? "a multiple of " : "", bytes);

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A payload of %" G_GSIZE_FORMAT " bytes does not have the shape %s with "
      "elements of %u bits%s",
      size, words, payload->element_bits, rule);
  g_free (rule);
  g_free (words);
}

/* The shape of a payload of so many bytes, every size known. */
static gboolean
shape_of (const Payload *payload, gsize size, gint64 *shape, GError **error)
{
  guint64 bits = payload->element_bits;
  gint64 *variable = NULL;
  gboolean counted = TRUE, good;
  guint i;

  for (i = 0; i < payload->n_dimensions; i++) {
    shape[i] = payload->shape[i];
    if (shape[i] == SPEAD2_VARIABLE_SIZE)
      variable = &shape[i];
    else
      counted = counted && g_uint64_checked_mul (&bits, bits, shape[i]);
  }
  if (variable) {
    good = counted && (guint64) size * 8 % bits == 0;
    *variable = good ? (guint64) size * 8 / bits : 0;
  } else {
    /* The last byte is filled up. */
    good = counted && size == bits / 8 + (bits % 8 > 0);
  }
  if (!good)
    set_size_error (error, payload, size, counted ? bits : 0, variable != NULL);
  return good;
}

/* Nearly all payloads are of one size. */
gboolean
spead2_layout_check_size (Spead2Layout *layout, gsize size, GError **error)
{
  gint64 shape[SPEAD2_MAX_DIMENSIONS];

  if (size == layout->good_size)
    return TRUE;
  if (!shape_of (&layout->payload, size, shape, error))
    return FALSE;
  layout->good_size = size;
  return TRUE;
}

gboolean
spead2_layout_round (
    const Spead2Layout *layout, gsize size, gsize *below, gsize *above)
{
  const Payload *payload = &layout->payload;
  guint64 bits = payload->element_bits;
  gboolean variable = FALSE;
  guint i;

  *below = *above = 0;
  for (i = 0; i < payload->n_dimensions; i++) {
    if (payload->shape[i] == SPEAD2_VARIABLE_SIZE)
      variable = TRUE;
    else if (!g_uint64_checked_mul (&bits, bits, payload->shape[i]))
      return FALSE;
  }
  if (bits == 0 || (!variable && bits % 8 != 0))
    return FALSE;
  *above = bits / (guint64) gst_util_greatest_common_divisor_int64 (bits, 8);
  if (!variable)
    return size < *above;
  *below = size - size % *above;
  return g_size_checked_add (above, *below, *above);
}

/* What SPEAD calls elements of a numpy dtype, where it has a word for them that
 * receivers make the same numbers of: big endian, or of one byte. Other than a numpy
 * header, a format can leave a dimension open. */
static gboolean
format_of_dtype (const gchar *text, Spead2Format *format)
{
  Spead2Dtype dtype;

  if (!spead2_dtype_parse (text, &dtype, NULL) ||
      (dtype.little_endian && dtype.size > 1))
    return FALSE;
  *format = (Spead2Format){dtype.kind, 8 * dtype.size};
  return dtype.kind == 'i' || dtype.kind == 'u' ||
      (dtype.kind == 'f' && dtype.size >= 4);
}

static gboolean
is_variable (const Payload *payload)
{
  guint i;

  for (i = 0; i < payload->n_dimensions; i++)
    if (payload->shape[i] == SPEAD2_VARIABLE_SIZE)
      return TRUE;
  return FALSE;
}

/* Whether descriptors are of payloads of any size: from the second change of the
 * size on, if that can be said. A last payload that is shorter is one change. */
static gboolean
describes_any_size (const Spead2Layout *layout)
{
  const Payload *payload = &layout->payload;
  Spead2Format format;

  return layout->n_changes == 2 && is_variable (payload) &&
      (payload->dtype == NULL || format_of_dtype (payload->dtype, &format));
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
describe_payload (const Spead2Layout *layout, const gint64 *shape,
    Spead2Descriptor *descriptor)
{
  const Payload *payload = &layout->payload;

  descriptor->dtype = payload->dtype;
  descriptor->n_formats = payload->n_formats;
  memcpy (descriptor->formats, payload->formats,
      payload->n_formats * sizeof (Spead2Format));
  descriptor->n_dimensions = payload->n_dimensions;
  memcpy (descriptor->shape, shape, sizeof descriptor->shape);
  if (!describes_any_size (layout))
    return;
  memcpy (descriptor->shape, payload->shape,
      payload->n_dimensions * sizeof (gint64));
  if (payload->dtype == NULL)
    return;
  descriptor->dtype = NULL;
  descriptor->n_formats = 1;
  format_of_dtype (payload->dtype, &descriptor->formats[0]);
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
    describe_payload (layout, payload_shape, descriptor);
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

  if (!shape_of (&layout->payload, size, shape, error))
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

gboolean
spead2_layout_wants_descriptor_heap (
    const Spead2Layout *layout, const Spead2HeapValues *values)
{
  return layout->config.descriptors != SPEAD2_DESCRIPTORS_FIRST_HEAP &&
      wants_descriptors (layout, values);
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

/* -- values of the application ---------------------------------------------------- */

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

/* The number of any type that GObject has for whole ones, and of texts. */
static gboolean
read_number (const GValue *value, guint64 *number, gboolean *negative)
{
  gint64 integer = 0;

  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_UCHAR:
      *number = g_value_get_uchar (value);
      break;
    case G_TYPE_UINT:
      *number = g_value_get_uint (value);
      break;
    case G_TYPE_ULONG:
      *number = g_value_get_ulong (value);
      break;
    case G_TYPE_UINT64:
      *number = g_value_get_uint64 (value);
      break;
    case G_TYPE_BOOLEAN:
      *number = g_value_get_boolean (value) ? 1 : 0;
      break;
    case G_TYPE_CHAR:
      *number = integer = g_value_get_schar (value);
      break;
    case G_TYPE_INT:
      *number = integer = g_value_get_int (value);
      break;
    case G_TYPE_LONG:
      *number = integer = g_value_get_long (value);
      break;
    case G_TYPE_INT64:
      *number = integer = g_value_get_int64 (value);
      break;
    case G_TYPE_STRING:
      return g_value_get_string (value) &&
          spead2_parse_number (g_value_get_string (value), number, negative);
    default:
      return FALSE;
  }
  *negative = integer < 0;
  return TRUE;
}

static gboolean
own_number (const GValue *value, const gchar *name, const Spead2Item *type,
    guint64 *number, GError **error)
{
  gboolean negative;
  gchar *text;

  if (read_number (value, number, &negative) &&
      spead2_item_has_number (type, *number, negative))
    return TRUE;

  text = g_strdup_value_contents (value);
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "The application's value %s (%s) of item '%s' is not a whole number from "
      "%" G_GINT64_FORMAT " to %" G_GUINT64_FORMAT,
      text, G_VALUE_TYPE_NAME (value), name, spead2_item_smallest (type),
      type->limit);
  g_free (text);
  return FALSE;
}

/* A new reference, or NULL: a text that receivers can read. */
static GBytes *
own_text (const GValue *value, const Spead2Item *item, GError **error)
{
  GBytes *bytes = NULL;
  const gchar *data;
  gsize size;

  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value))
    bytes = g_bytes_new (
        g_value_get_string (value), strlen (g_value_get_string (value)));
  else if (G_VALUE_HOLDS (value, G_TYPE_BYTES) && g_value_get_boxed (value))
    bytes = g_bytes_ref (g_value_get_boxed (value));

  if (bytes == NULL) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The application's value of item '%s' is a %s, no text and no GBytes",
        item->name, G_VALUE_TYPE_NAME (value));
    return NULL;
  }
  data = g_bytes_get_data (bytes, &size);
  if (!spead2_item_has_text (item, data, size)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The application's text for item '%s' %s", item->name,
        size == 0 ? "is empty, which receivers do not take for a value"
                  : "has bytes that are not ASCII, or 0, which receivers "
                    "cannot read: with format=u8 they get its bytes");
    g_clear_pointer (&bytes, g_bytes_unref);
  }
  return bytes;
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
    return own_number (own, item->name, item, &number, error) &&
        add_number (heap, item, number, error);

  text = own_text (own, item, error);
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
  return add_number (heap, item, number_of (layout, item, values), error);
}

/* Numbers the heap, if that is not left to the sender. */
static gboolean
add_cnt (const Spead2Layout *layout, Spead2Heap *heap,
    const Spead2HeapValues *values, GError **error)
{
  const GValue *own = values->own[0] || values->own[1]
      ? find_own (values, SPEAD2_HEAP_CNT_NAME)
      : NULL;

  if (own) {
    const Spead2Item any = {
        .limit = spead2_flavour_max_value (layout->flavour)};
    guint64 cnt;

    if (!own_number (own, SPEAD2_HEAP_CNT_NAME, &any, &cnt, error))
      return FALSE;
    set_cnt (heap, cnt);
  } else if (layout->cnt_item) {
    set_cnt (heap, number_of (layout, layout->cnt_item, values));
  }
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
      layout->config.descriptors == SPEAD2_DESCRIPTORS_FIRST_HEAP &&
      wants_descriptors (layout, values);
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
  if (!add_cnt (layout, heap, values, error))
    goto failed;

  if (describes)
    set_described (layout, values);
  layout->heap_index++;
  return heap;

failed:
  spead2_heap_free (heap);
  return NULL;
}
