/* gst-spead2: the values of a received heap's items: see gstspead2heapvalues.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2heapvalues.h"

#include "spead2/heap/layout.h"
#include "spead2/wire/number.h"

/* Bytes of an addressed item that is a value, not data. */
#define MAX_VALUE_SIZE 64

/* The field of an item. */
typedef struct {
  guint64 id;   /* SPEAD2_ID_NULL: not looked up */
  GQuark field; /* 0: it has none */
  Spead2NumberType number;
} Name;

void
gst_spead2_heap_values_init (GstSpead2HeapValues *values)
{
  values->heap_cnt = g_quark_from_static_string (SPEAD2_HEAP_CNT_NAME);
  values->n_new_names = 0;
  values->names = g_array_new (FALSE, TRUE, sizeof (Name));
}

void
gst_spead2_heap_values_clear (GstSpead2HeapValues *values)
{
  g_array_unref (values->names);
}

void
gst_spead2_heap_values_rename (GstSpead2HeapValues *values)
{
  g_array_set_size (values->names, 0);
}

/* -- names ------------------------------------------------------------------------ */

/* Whether an item can have a field of that name. */
static gboolean
is_field_name (const gchar *name)
{
  gsize i;

  if (name == NULL || !g_ascii_isalpha (name[0]) ||
      g_str_equal (name, SPEAD2_HEAP_CNT_NAME))
    return FALSE;
  for (i = 1; name[i]; i++)
    if (!g_ascii_isalnum (name[i]) && strchr ("/-_.:+", name[i]) == NULL)
      return FALSE;
  return TRUE;
}

static GQuark
find_field (GstSpead2HeapValues *values, const gchar *name)
{
  GQuark field = g_quark_try_string (name);

  if (field != 0 || values->n_new_names == GST_SPEAD2_MAX_VALUE_NAMES)
    return field;
  values->n_new_names++;
  return g_quark_from_string (name);
}

static Name
find_name (GstSpead2HeapValues *values, GHashTable *descriptors, guint64 id)
{
  const Spead2Descriptor *descriptor = g_hash_table_lookup (descriptors, &id);
  Name name = {.id = id, .number = spead2_number_type_of (descriptor)};
  gchar text[40];

  g_snprintf (text, sizeof text, "item-0x%" G_GINT64_MODIFIER "x", id);
  name.field = find_field (values,
      descriptor && is_field_name (descriptor->name) ? descriptor->name : text);
  return name;
}

/* The field of the item at place i of its heap, where it mostly was in the last one. */
static const Name *
name_of (
    GstSpead2HeapValues *values, GHashTable *descriptors, guint i, guint64 id)
{
  Name *name;

  if (i >= values->names->len)
    g_array_set_size (values->names, i + 1);
  name = &g_array_index (values->names, Name, i);
  if (name->id != id)
    *name = find_name (values, descriptors, id);
  return name;
}

/* -- fields ----------------------------------------------------------------------- */

static gboolean
is_value (const GstSpead2HeapFields *fields, const Spead2ItemView *item)
{
  if (item->id <= SPEAD2_ID_STREAM_CTRL)
    return FALSE;
  return item->immediate ||
      (item->size <= MAX_VALUE_SIZE && item->value != fields->data);
}

static GType
type_of_number (const Spead2NumberType *number)
{
  switch (number->code) {
    case 'i':
      return G_TYPE_INT64;
    case 'b':
      return G_TYPE_BOOLEAN;
    case 'f':
      return G_TYPE_DOUBLE;
    default:
      return G_TYPE_UINT64;
  }
}

/* Of the bits of a float, those of a double of the same value. */
static guint64
to_double (guint64 number, guint bits)
{
  guint32 single_bits = number;
  gfloat single;
  gdouble value;

  if (bits != 32)
    return number;
  memcpy (&single, &single_bits, sizeof single);
  value = single;
  memcpy (&number, &value, sizeof number);
  return number;
}

static void
read_field (const GstSpead2HeapFields *fields, const Spead2ItemView *item,
    const Name *name, GstSpead2HeapField *field)
{
  const Spead2NumberType *number = &name->number;
  const guint8 *payload = fields->heap->payload;

  field->name = name->field;
  field->size = 0;
  field->step = fields->heap->n_heaps > 1
      ? fields->heap->steps[item - fields->items->items]
      : 0;
  if (spead2_number_fits (number, item, fields->heap->flavour)) {
    field->type = type_of_number (number);
    field->bits = spead2_number_read (number, item, payload);
    if (number->code == 'f')
      field->bits = to_double (field->bits, number->bits);
    else if (number->code == 'b')
      field->bits = field->bits != 0;
  } else if (item->immediate) {
    field->type = G_TYPE_UINT64;
    field->bits = item->value;
  } else {
    field->type = G_TYPE_BYTES;
    field->bytes = payload + item->value;
    field->size = item->size;
  }
}

GstSpead2HeapField
gst_spead2_heap_fields_cnt (const GstSpead2HeapFields *fields)
{
  return (GstSpead2HeapField){
      .name = fields->values->heap_cnt,
      .type = G_TYPE_UINT64,
      .bits = fields->heap->cnt,
      .step = fields->heap->n_heaps > 1 ? fields->heap->cnt_step : 0,
  };
}

gboolean
gst_spead2_heap_fields_next (
    GstSpead2HeapFields *fields, GstSpead2HeapField *field)
{
  while (fields->next < fields->items->n_items) {
    guint i = fields->next++;
    const Spead2ItemView *item = &fields->items->items[i];
    const Name *name;

    if (!is_value (fields, item))
      continue;
    if (fields->n_values++ < GST_SPEAD2_MAX_VALUES) {
      name = name_of (fields->values, fields->descriptors, i, item->id);
      if (name->field != 0) {
        read_field (fields, item, name, field);
        return TRUE;
      }
    }
    fields->n_omitted++;
  }
  return FALSE;
}

/* The value of an addressed item is in the payload of each heap. */
gboolean
gst_spead2_heap_fields_step (const GstSpead2HeapFields *fields)
{
  const Spead2ReceivedHeap *heap = fields->heap;
  guint i;

  for (i = 0; i < fields->items->n_items; i++) {
    const Spead2ItemView *item = &fields->items->items[i];
    const Spead2NumberType *number;

    if (!item->immediate && is_value (fields, item))
      return FALSE;
    if (heap->steps[i] == 0)
      continue;
    number =
        &name_of (fields->values, fields->descriptors, i, item->id)->number;
    if (spead2_number_fits (number, item, heap->flavour) &&
        !spead2_number_steps (number, item, heap->steps[i], heap->n_heaps))
      return FALSE;
  }
  return TRUE;
}

/* The value has the field's type. */
static void
set_value (const GstSpead2HeapField *field, GValue *value)
{
  gdouble number;

  switch (field->type) {
    case G_TYPE_UINT64:
      g_value_set_uint64 (value, field->bits);
      break;
    case G_TYPE_INT64:
      g_value_set_int64 (value, field->bits);
      break;
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, field->bits);
      break;
    case G_TYPE_DOUBLE:
      memcpy (&number, &field->bits, sizeof number);
      g_value_set_double (value, number);
      break;
    default:
      g_value_take_boxed (value, g_bytes_new (field->bytes, field->size));
      break;
  }
}

void
gst_spead2_heap_field_set (
    const GstSpead2HeapField *field, GstStructure *structure)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, field->type);
  set_value (field, &value);
  gst_structure_id_take_value (structure, field->name, &value);
}

/* -- writing ---------------------------------------------------------------------- */

typedef struct {
  GstSpead2HeapFields *fields;
  gboolean has_cnt; /* heap-cnt, which is the first field, has been written */
} Writer;

/* A GstStructureMapFunc. FALSE: the field is another. */
static gboolean
overwrite_field (GQuark name, GValue *value, gpointer user_data)
{
  Writer *writer = user_data;
  GstSpead2HeapField field;

  if (!writer->has_cnt) {
    writer->has_cnt = TRUE;
    field = gst_spead2_heap_fields_cnt (writer->fields);
  } else if (!gst_spead2_heap_fields_next (writer->fields, &field)) {
    return FALSE;
  }
  if (field.name != name || field.type != G_VALUE_TYPE (value))
    return FALSE;
  set_value (&field, value);
  return TRUE;
}

/* FALSE: the structure has other fields, and fields is at its beginning. */
static gboolean
overwrite (GstSpead2HeapFields *fields, GstStructure *structure)
{
  Writer writer = {fields, FALSE};
  GstSpead2HeapField field;

  if (gst_structure_map_in_place (structure, overwrite_field, &writer) &&
      writer.has_cnt && !gst_spead2_heap_fields_next (fields, &field))
    return TRUE;
  fields->next = fields->n_values = fields->n_omitted = 0;
  return FALSE;
}

static void
rewrite (GstSpead2HeapFields *fields, GstStructure *structure)
{
  GstSpead2HeapField field = gst_spead2_heap_fields_cnt (fields);

  gst_structure_remove_all_fields (structure);
  do
    gst_spead2_heap_field_set (&field, structure);
  while (gst_spead2_heap_fields_next (fields, &field));
}

void
gst_spead2_heap_values_write (
    GstSpead2HeapFields *fields, GstStructure *structure)
{
  if (!overwrite (fields, structure))
    rewrite (fields, structure);
}
