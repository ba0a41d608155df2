/* gst-spead2: the values of a received heap's items: see gstspead2heapvalues.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2heapvalues.h"

#include "spead2/heap/layout.h"
#include "spead2/wire/descriptor.h"

/* Bytes of an addressed item that is a value, not data. */
#define MAX_VALUE_SIZE 64

/* The field of an item. */
typedef struct {
  guint64 id; /* SPEAD2_ID_NULL: not looked up */
  GQuark field;
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

static GQuark
find_field (GHashTable *descriptors, guint64 id)
{
  const Spead2Descriptor *descriptor = g_hash_table_lookup (descriptors, &id);
  gchar name[40];

  if (descriptor && is_field_name (descriptor->name))
    return g_quark_from_string (descriptor->name);
  g_snprintf (name, sizeof name, "item-0x%" G_GINT64_MODIFIER "x", id);
  return g_quark_from_string (name);
}

/* The field of the item at place i of its heap, where it mostly was in the last one. */
static GQuark
field_of (
    GstSpead2HeapValues *values, GHashTable *descriptors, guint i, guint64 id)
{
  Name *name;

  if (i >= values->names->len)
    g_array_set_size (values->names, i + 1);
  name = &g_array_index (values->names, Name, i);
  if (name->id != id) {
    name->id = id;
    name->field = find_field (descriptors, id);
  }
  return name->field;
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
static GQuark
field_of_last (Writer *writer, const Spead2ItemView *item)
{
  return field_of (
      writer->values, writer->descriptors, writer->next - 1, item->id);
}

static void
set_value (
    const Writer *writer, const Spead2ItemView *item, GValue *initialised)
{
  if (item->immediate)
    g_value_set_uint64 (initialised, item->value);
  else
    g_value_take_boxed (initialised,
        g_bytes_new (writer->heap->payload + item->value, item->size));
}

static GType
type_of (const Spead2ItemView *item)
{
  return item->immediate ? G_TYPE_UINT64 : G_TYPE_BYTES;
}

/* A GstStructureMapFunc. FALSE: the field is another. */
static gboolean
overwrite_field (GQuark field, GValue *value, gpointer user_data)
{
  Writer *writer = user_data;
  const Spead2ItemView *item;

  if (!writer->has_cnt) {
    writer->has_cnt = TRUE;
    if (field != writer->values->heap_cnt)
      return FALSE;
    g_value_set_uint64 (value, writer->heap->cnt);
    return TRUE;
  }
  item = next_value (writer);
  if (item == NULL || field_of_last (writer, item) != field ||
      G_VALUE_TYPE (value) != type_of (item))
    return FALSE;
  set_value (writer, item, value);
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
    GValue value = G_VALUE_INIT;

    g_value_init (&value, type_of (item));
    set_value (writer, item, &value);
    gst_structure_id_take_value (
        structure, field_of_last (writer, item), &value);
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
