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
  guint64 id; /* SPEAD2_ID_NULL: not looked up */
  GQuark field;
  Spead2NumberType number;
} Name;

void
gst_spead2_heap_values_init (GstSpead2HeapValues *values)
{
  values->heap_cnt = g_quark_from_static_string (SPEAD2_HEAP_CNT_NAME);
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

/* Whether a structure can have a field of that name. */
static gboolean
is_field_name (const gchar *name)
{
  gsize i;

  if (name == NULL || !g_ascii_isalpha (name[0]))
    return FALSE;
  for (i = 1; name[i]; i++)
    if (!g_ascii_isalnum (name[i]) && strchr ("/-_.:+", name[i]) == NULL)
      return FALSE;
  return TRUE;
}

static Name
find_name (GHashTable *descriptors, guint64 id)
{
  const Spead2Descriptor *descriptor = g_hash_table_lookup (descriptors, &id);
  Name name = {.id = id, .number = spead2_number_type_of (descriptor)};
  gchar text[40];

  g_snprintf (text, sizeof text, "item-0x%" G_GINT64_MODIFIER "x", id);
  name.field = g_quark_from_string (
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
    *name = find_name (descriptors, id);
  return name;
}

/* -- fields ----------------------------------------------------------------------- */

/* The way through the fields of one heap. */
typedef struct {
  GstSpead2HeapValues *values;
  const Spead2ReceivedHeap *heap;
  const Spead2ItemViews *items;
  guint64 data;
  GHashTable *descriptors;
  guint next;       /* item */
  gboolean has_cnt; /* heap-cnt, which is the first field, has been written */
} Writer;

static gboolean
is_value (const Writer *writer, const Spead2ItemView *item)
{
  if (item->id <= SPEAD2_ID_STREAM_CTRL)
    return FALSE;
  return item->immediate ||
      (item->size <= MAX_VALUE_SIZE && item->value != writer->data);
}

/* The next item that is a value, or NULL. */
static const Spead2ItemView *
next_value (Writer *writer)
{
  while (writer->next < writer->items->n_items) {
    const Spead2ItemView *item = &writer->items->items[writer->next++];

    if (is_value (writer, item))
      return item;
  }
  return NULL;
}

/* Of an item that next_value() returned. */
static const Name *
name_of_last (Writer *writer, const Spead2ItemView *item)
{
  return name_of (
      writer->values, writer->descriptors, writer->next - 1, item->id);
}

static GType
type_of (const Writer *writer, const Spead2ItemView *item, const Name *name)
{
  const Spead2NumberType *number = &name->number;

  if (!spead2_number_fits (number, item, writer->heap->flavour))
    return item->immediate ? G_TYPE_UINT64 : G_TYPE_BYTES;
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

static gdouble
to_double (guint64 number, guint bits)
{
  union {
    guint32 bits;
    gfloat value;
  } single = {number};
  union {
    guint64 bits;
    gdouble value;
  } twice = {number};

  return bits == 32 ? single.value : twice.value;
}

/* The value has the type of type_of(). */
static void
set_value (const Writer *writer, const Spead2ItemView *item, const Name *name,
    GValue *value)
{
  const Spead2NumberType *type = &name->number;
  const guint8 *payload = writer->heap->payload;

  if (G_VALUE_TYPE (value) == G_TYPE_BYTES)
    g_value_take_boxed (value, g_bytes_new (payload + item->value, item->size));
  else if (!spead2_number_fits (type, item, writer->heap->flavour))
    g_value_set_uint64 (value, item->value);
  else if (type->code == 'i')
    g_value_set_int64 (value, spead2_number_read (type, item, payload));
  else if (type->code == 'b')
    g_value_set_boolean (value, spead2_number_read (type, item, payload) != 0);
  else if (type->code == 'f')
    g_value_set_double (value,
        to_double (spead2_number_read (type, item, payload), type->bits));
  else
    g_value_set_uint64 (value, spead2_number_read (type, item, payload));
}

/* A GstStructureMapFunc. FALSE: the field is another. */
static gboolean
overwrite_field (GQuark field, GValue *value, gpointer user_data)
{
  Writer *writer = user_data;
  const Spead2ItemView *item;
  const Name *name;

  if (!writer->has_cnt) {
    writer->has_cnt = TRUE;
    if (field != writer->values->heap_cnt)
      return FALSE;
    g_value_set_uint64 (value, writer->heap->cnt);
    return TRUE;
  }
  item = next_value (writer);
  if (item == NULL)
    return FALSE;
  name = name_of_last (writer, item);
  if (name->field != field ||
      G_VALUE_TYPE (value) != type_of (writer, item, name))
    return FALSE;
  set_value (writer, item, name, value);
  return TRUE;
}

/* FALSE: the structure has other fields. */
static gboolean
overwrite (Writer *writer, GstStructure *structure)
{
  return gst_structure_map_in_place (structure, overwrite_field, writer) &&
      writer->has_cnt && next_value (writer) == NULL;
}

static void
rewrite (Writer *writer, GstStructure *structure)
{
  const Spead2ItemView *item;

  gst_structure_remove_all_fields (structure);
  gst_structure_id_set (structure, writer->values->heap_cnt, G_TYPE_UINT64,
      writer->heap->cnt, NULL);
  writer->next = 0;
  while ((item = next_value (writer))) {
    const Name *name = name_of_last (writer, item);
    GValue value = G_VALUE_INIT;

    g_value_init (&value, type_of (writer, item, name));
    set_value (writer, item, name, &value);
    gst_structure_id_take_value (structure, name->field, &value);
  }
}

void
gst_spead2_heap_values_write (GstSpead2HeapValues *values,
    const Spead2ReceivedHeap *heap, const Spead2ItemViews *items, guint64 data,
    GHashTable *descriptors, GstStructure *structure)
{
  Writer writer = {values, heap, items, data, descriptors};

  if (!overwrite (&writer, structure))
    rewrite (&writer, structure);
}
