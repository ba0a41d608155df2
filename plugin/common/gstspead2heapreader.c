/* gst-spead2: what a received heap is to a stream of buffers: see
 * gstspead2heapreader.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2heapreader.h"

#include "gstspead2itemtype.h"
#include "gstspead2types.h"
#include "spead2/error.h"
#include "spead2/wire/number.h"

/* What timestamp is without a descriptor, as every SPEAD telescope has it. */
#define TIMESTAMP_NAME "timestamp"
#define TIMESTAMP_ID 0x1600

/* Descriptors that are kept, each of up to 64 KiB: anybody may send them. */
#define MAX_DESCRIPTORS 1024

/* An item that a user named: by its id, or by the name of its descriptor. */
typedef struct {
  gchar *name; /* NULL: by id */
  guint64 id;  /* SPEAD2_ID_NULL: not known */
  /* As the descriptor of the id says, if that has been looked up. */
  gboolean has_type;
  Spead2NumberType type;
} ItemName;

/* What a heap and the next one mostly share, which therefore has data of the same type at
 * the same place. */
typedef struct {
  gboolean known; /* of a complete heap with data and no descriptors */
  Spead2Flavour flavour;
  guint flags;
  guint64 length;
  guint n_pointers;                         /* each of which is an item */
  guint64 pointers[SPEAD2_INLINE_POINTERS]; /* ids, addresses and, of the last
                                               heap, immediate values */
} Shape;

struct _GstSpead2HeapReader {
  /* Constant. */
  gboolean all_payload;
  GstCaps *caps;
  GstSpead2ItemType type;
  GstSpead2Rate rate;
  gboolean bug_compat;

  ItemName item;         /* neither name nor id: the largest addressed one */
  gboolean cnt_is_index; /* not index_item, but the heap counter */
  ItemName index_item;
  ItemName substream_items[GST_SPEAD2_MAX_SUBSTREAM_ITEMS];
  guint n_substream_items;
  Spead2AcceptRule *accept; /* (owned) */

  GHashTable *descriptors; /* (guint64, Spead2Descriptor), owned */

  /* Of the item with the id current_id, until its descriptor changes. */
  GstCaps *current; /* or NULL: not made yet */
  guint64 current_id;
  gboolean has_descriptor; /* what its elements are is known: */
  Spead2Descriptor current_descriptor;

  GstSpead2HeapValues values;
  guint64 n_omitted; /* values, since that was asked last */

  /* Of the heap that was read last. */
  Spead2ItemViews views;
  GstSpead2HeapView view;
  Shape shape;
};

/* -- names ---------------------------------------------------------------------- */

static gboolean
is_name (const ItemName *item)
{
  return item->name != NULL || item->id != SPEAD2_ID_NULL;
}

/* A number is an id. */
static gboolean
parse_item (
    ItemName *item, const gchar *text, const gchar *property, GError **error)
{
  guint64 id;
  gchar *end;

  if (text == NULL || *text == '\0')
    return TRUE;
  if (!g_ascii_isdigit (*text)) {
    item->name = g_strdup (text);
    if (g_str_equal (text, TIMESTAMP_NAME))
      item->id = TIMESTAMP_ID;
    return TRUE;
  }
  id = g_ascii_strtoull (text, &end, 0);
  if (*end == '\0' && id > SPEAD2_ID_STREAM_CTRL &&
      id < (G_GUINT64_CONSTANT (1) << 55)) {
    item->id = id;
    return TRUE;
  }
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "%s=%s is no item: an id is a number from 7 to 2^55 - 1, such as 0x3300, "
      "and a name does not begin with a digit",
      property, text);
  return FALSE;
}

static gboolean
is_set (const gchar *text)
{
  return text && *text;
}

/* Caps say everything about the type: no other property may. */
static gboolean
check_caps (const GstSpead2HeapReaderConfig *config, GError **error)
{
  const gchar *other = is_set (config->dtype) ? "dtype"
      : is_set (config->shape)                ? "shape"
      : config->sample_bits > 0               ? "sample-bits"
                                              : NULL;
  GstSpead2Rate rate =
      gst_spead2_rate_of_caps (gst_caps_get_structure (config->caps, 0));

  if (other) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "caps and %s both say what the samples are: set one of them", other);
    return FALSE;
  }
  if (rate.numerator > 0 && config->rate.numerator > 0 &&
      (rate.numerator != config->rate.numerator ||
          rate.denominator != config->rate.denominator)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "caps have rate=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT
        ", and sample-rate=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT
        ": set one of them",
        rate.numerator, rate.denominator, config->rate.numerator,
        config->rate.denominator);
    return FALSE;
  }
  return TRUE;
}

/* The user's caps, with the rate where they do not have one. */
static gboolean
take_caps (GstSpead2HeapReader *reader, const GstSpead2HeapReaderConfig *config,
    GError **error)
{
  if (config->caps == NULL)
    return TRUE;
  if (gst_caps_get_size (config->caps) == 0) {
    g_set_error_literal (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "caps=ANY and caps=EMPTY say nothing about the samples: set none");
    return FALSE;
  }
  if (!check_caps (config, error))
    return FALSE;
  reader->caps = gst_caps_copy (config->caps);
  if (!gst_structure_has_field (
          gst_caps_get_structure (reader->caps, 0), "rate"))
    gst_spead2_types_set_rate (reader->caps, &config->rate);
  return TRUE;
}

static gboolean
parse_substream_items (
    GstSpead2HeapReader *reader, const gchar *text, GError **error)
{
  g_auto (GStrv) names = NULL;
  guint i;

  if (text == NULL || *text == '\0')
    return TRUE;
  names = g_strsplit (text, ",", -1);
  for (i = 0; names[i]; i++) {
    g_strstrip (names[i]);
    if (*names[i] == '\0' || i == GST_SPEAD2_MAX_SUBSTREAM_ITEMS) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "substream-item=%s is no list of items: it must be 1 to %d ids or "
          "names, separated by commas",
          text, GST_SPEAD2_MAX_SUBSTREAM_ITEMS);
      return FALSE;
    }
    if (!parse_item (
            &reader->substream_items[i], names[i], "substream-item", error))
      return FALSE;
    reader->n_substream_items++;
  }
  return TRUE;
}

GstSpead2HeapReader *
gst_spead2_heap_reader_new (
    const GstSpead2HeapReaderConfig *config, GError **error)
{
  GstSpead2HeapReader *reader = g_new0 (GstSpead2HeapReader, 1);

  reader->all_payload = g_strcmp0 (config->item, "payload") == 0;
  reader->cnt_is_index =
      g_strcmp0 (config->index_item, SPEAD2_HEAP_CNT_NAME) == 0;
  reader->rate = config->rate;
  reader->bug_compat = config->bug_compat;
  gst_spead2_heap_values_init (&reader->values);
  reader->accept = spead2_accept_rule_new (config->accept, error);
  reader->descriptors =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  if (reader->accept != NULL &&
      (reader->all_payload ||
          parse_item (&reader->item, config->item, "item", error)) &&
      parse_item (
          &reader->index_item, config->index_item, "index-item", error) &&
      parse_substream_items (reader, config->substream_items, error) &&
      take_caps (reader, config, error) &&
      gst_spead2_item_type_parse (&reader->type, config->dtype, config->shape,
          config->sample_bits, error))
    return reader;
  gst_spead2_heap_reader_free (reader);
  return NULL;
}

void
gst_spead2_heap_reader_free (GstSpead2HeapReader *reader)
{
  guint i;

  spead2_item_views_clear (&reader->views);
  gst_spead2_heap_values_clear (&reader->values);
  g_free (reader->item.name);
  g_free (reader->index_item.name);
  for (i = 0; i < GST_SPEAD2_MAX_SUBSTREAM_ITEMS; i++)
    g_free (reader->substream_items[i].name);
  g_clear_pointer (&reader->accept, spead2_accept_rule_free);
  gst_clear_caps (&reader->caps);
  gst_clear_caps (&reader->current);
  g_hash_table_unref (reader->descriptors);
  g_free (reader);
}

guint64
gst_spead2_heap_reader_item_id (const GstSpead2HeapReader *reader)
{
  return reader->item.id;
}

/* -- descriptors ------------------------------------------------------------------ */

static void
resolve_name (ItemName *item, const Spead2Descriptor *descriptor)
{
  item->has_type = FALSE;
  if (item->name && g_strcmp0 (item->name, descriptor->name) == 0)
    item->id = descriptor->id;
}

static gboolean
has_name (gpointer key, gpointer value, gpointer name)
{
  return g_strcmp0 (((Spead2Descriptor *) value)->name, name) == 0;
}

/* Takes a descriptor (transfer full) in place of one with the same id or name, as
 * spead2 does. */
static void
add_descriptor (GstSpead2HeapReader *reader, Spead2Descriptor *descriptor)
{
  const Spead2Descriptor *last =
      g_hash_table_lookup (reader->descriptors, &descriptor->id);
  guint i;

  if (last && spead2_descriptor_equal (last, descriptor)) {
    g_free (descriptor);
    return;
  }
  gst_clear_caps (&reader->current);
  gst_spead2_heap_values_rename (&reader->values);
  if (descriptor->name && *descriptor->name)
    g_hash_table_foreach_remove (
        reader->descriptors, has_name, (gpointer) descriptor->name);
  g_hash_table_replace (reader->descriptors, &descriptor->id, descriptor);
  resolve_name (&reader->item, descriptor);
  resolve_name (&reader->index_item, descriptor);
  for (i = 0; i < reader->n_substream_items; i++)
    resolve_name (&reader->substream_items[i], descriptor);
  if (descriptor->name)
    spead2_accept_rule_set_id (
        reader->accept, descriptor->name, descriptor->id);
}

static void
read_descriptors (
    GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap, GError **error)
{
  guint i;

  if (!(heap->flags & SPEAD2_RECEIVED_DESCRIBES) ||
      heap->received < heap->length || heap->payload == NULL)
    return;
  for (i = 0; i < reader->views.n_items; i++) {
    const Spead2ItemView *item = &reader->views.items[i];
    Spead2Descriptor *descriptor;

    if (item->id != SPEAD2_ID_DESCRIPTOR || item->immediate)
      continue;
    descriptor =
        spead2_descriptor_from_bytes (heap->payload + item->value, item->size,
            reader->bug_compat ? SPEAD2_BUG_COMPAT_PYSPEAD_0_5_2
                               : SPEAD2_BUG_COMPAT_NONE,
            error && *error == NULL ? error : NULL);
    if (descriptor == NULL) {
      reader->view.n_bad++;
    } else if (g_hash_table_size (reader->descriptors) < MAX_DESCRIPTORS) {
      add_descriptor (reader, descriptor);
    } else {
      reader->view.n_bad++;
      if (error && *error == NULL)
        g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
            "More than %u items are described: that of 0x%" G_GINT64_MODIFIER
            "x is one too many",
            MAX_DESCRIPTORS, descriptor->id);
      g_free (descriptor);
    }
  }
}

/* -- types -------------------------------------------------------------------------- */

/* Of bytes of which nothing is known. */
static GstCaps *
bytes_caps (const GstSpead2HeapReader *reader)
{
  GstCaps *caps = gst_caps_new_empty_simple (GST_SPEAD2_BYTES);

  gst_spead2_types_set_rate (caps, &reader->rate);
  return caps;
}

static void
update_type (GstSpead2HeapReader *reader, guint64 id)
{
  Spead2Descriptor *descriptor = &reader->current_descriptor;

  if (reader->current && reader->current_id == id)
    return;
  gst_clear_caps (&reader->current);
  reader->current_id = id;
  reader->has_descriptor = reader->caps == NULL &&
      gst_spead2_item_type_apply (&reader->type,
          g_hash_table_lookup (reader->descriptors, &id), descriptor);
  descriptor->id = id;
  if (reader->caps)
    reader->current = gst_caps_ref (reader->caps);
  else if (reader->has_descriptor)
    reader->current = gst_spead2_types_offer (descriptor, &reader->rate);
  else
    reader->current = bytes_caps (reader);
}

/* Of the item that was found. FALSE: its size contradicts its type. */
static gboolean
view_type (GstSpead2HeapReader *reader, GError **error)
{
  const Spead2Descriptor *descriptor = &reader->current_descriptor;
  GstSpead2HeapView *view = &reader->view;
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  gsize used;

  update_type (reader, view->id);
  view->caps = reader->current;
  view->described = reader->caps || reader->has_descriptor;
  if (!reader->has_descriptor)
    return TRUE;
  if (!spead2_descriptor_fit (descriptor, view->size, shape, &used,
          error && *error == NULL ? error : NULL))
    return FALSE;
  view->size = used;
  if (descriptor->n_dimensions <= 1)
    view->n_samples = descriptor->n_dimensions == 1 ? shape[0] : 1;
  return TRUE;
}

/* -- reading --------------------------------------------------------------------- */

static const Spead2ItemView *
find_largest (const GstSpead2HeapReader *reader)
{
  const Spead2ItemView *largest = NULL;
  guint i;

  for (i = 0; i < reader->views.n_items; i++) {
    const Spead2ItemView *item = &reader->views.items[i];

    if (!item->immediate && item->id != SPEAD2_ID_DESCRIPTOR &&
        (largest == NULL || item->size > largest->size))
      largest = item;
  }
  return largest;
}

static gboolean
has_addressed (const GstSpead2HeapReader *reader)
{
  guint i;

  for (i = 0; i < reader->views.n_items; i++)
    if (!reader->views.items[i].immediate)
      return TRUE;
  return FALSE;
}

/* All of the payload, where nothing in it is addressed or the user wants that. That of
 * stream control alone is padding. */
static GstSpead2HeapKind
view_payload (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  reader->view.id = SPEAD2_ID_NULL;
  reader->view.offset = 0;
  reader->view.size = heap->length;
  if (heap->length == 0 ||
      (heap->flags & (SPEAD2_RECEIVED_START | SPEAD2_RECEIVED_STOP) &&
          !has_addressed (reader)))
    return GST_SPEAD2_HEAP_CONTROL;
  return GST_SPEAD2_HEAP_DATA;
}

/* Of a heap without an addressed item that is data. */
static GstSpead2HeapKind
view_unaddressed (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  if (reader->views.n_outside > 0)
    return GST_SPEAD2_HEAP_NO_ITEM;
  if (reader->views.n_empty > 0 || reader->views.padding ||
      has_addressed (reader))
    return GST_SPEAD2_HEAP_CONTROL;
  return view_payload (reader, heap);
}

static GstSpead2HeapKind
view_item (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  const Spead2ItemView *item;

  if (reader->all_payload)
    return view_payload (reader, heap);
  if (is_name (&reader->item)) {
    item = reader->item.id != SPEAD2_ID_NULL
        ? spead2_item_views_find (&reader->views, reader->item.id)
        : NULL;
    if (item == NULL || item->immediate)
      return find_largest (reader) ? GST_SPEAD2_HEAP_NO_ITEM
                                   : GST_SPEAD2_HEAP_CONTROL;
  } else {
    item = find_largest (reader);
    if (item == NULL)
      return view_unaddressed (reader, heap);
  }
  reader->view.id = item->id;
  reader->view.offset = item->value;
  reader->view.size = item->size;
  return GST_SPEAD2_HEAP_DATA;
}

/* The number that an item is. FALSE: the heap has no such number. */
static gboolean
find_number (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap,
    ItemName *name, guint64 *value, guint *bits)
{
  const Spead2ItemView *item = name->id != SPEAD2_ID_NULL
      ? spead2_item_views_find (&reader->views, name->id)
      : NULL;
  Spead2NumberType type;

  if (item == NULL)
    return FALSE;
  if (!name->has_type)
    name->type = spead2_number_type_of (
        g_hash_table_lookup (reader->descriptors, &item->id));
  name->has_type = TRUE;
  type = name->type;
  /* An immediate that is shorter than its descriptor says is a number of its bits. */
  if (item->immediate && !spead2_number_fits (&type, item, heap->flavour))
    memset (&type, 0, sizeof type);
  /* Of an incomplete heap, addressed bytes may be missing, and of a refused one all. */
  if (type.code == 'f' ||
      (!item->immediate &&
          (heap->received < heap->length || heap->payload == NULL)) ||
      !spead2_number_fits (&type, item, heap->flavour))
    return FALSE;
  *value = spead2_number_read (&type, item, heap->payload);
  *bits = type.bits ? type.bits : heap->flavour;
  return TRUE;
}

/* From the index of one heap of a run to that of the next; there is an index. */
static guint64
index_step (const GstSpead2HeapReader *reader, const Spead2ReceivedHeap *run)
{
  if (reader->cnt_is_index)
    return run->cnt_step;
  return run
      ->steps[spead2_item_views_find (&reader->views, reader->index_item.id) -
          reader->views.items];
}

static gboolean
find_index (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap,
    guint64 *index, guint *bits)
{
  if (!reader->cnt_is_index)
    return find_number (reader, heap, &reader->index_item, index, bits);
  *index = heap->cnt;
  *bits = heap->flavour;
  return TRUE;
}

static void
view_place (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  GstSpead2HeapView *view = &reader->view;
  guint i, bits;

  view->has_index = find_index (reader, heap, &view->index, &view->index_bits);
  view->index_is_cnt = reader->cnt_is_index;
  if (view->has_index && heap->n_heaps > 1)
    view->index_step = index_step (reader, heap);
  view->has_substream = TRUE;
  memset (&view->substream, 0, sizeof view->substream);
  for (i = 0; i < reader->n_substream_items; i++)
    if (find_number (reader, heap, &reader->substream_items[i],
            &view->substream.values[i], &bits))
      view->substream.present |= G_GUINT64_CONSTANT (1) << i;
    else
      view->has_substream = FALSE;
}

static gboolean
is_accepted (const GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  if (heap->flags & SPEAD2_RECEIVED_REFUSED)
    return FALSE;
  /* A heap whose item pointers were lost is incomplete, whatever they were. */
  if (heap->n_pointers == 0 && heap->received < heap->length)
    return TRUE;
  return spead2_accept_rule_matches (reader->accept, heap);
}

static void
keep_shape (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap,
    GstSpead2HeapKind kind)
{
  Shape *shape = &reader->shape;

  shape->known = kind == GST_SPEAD2_HEAP_DATA && heap->payload &&
      heap->received == heap->length &&
      !(heap->flags & (SPEAD2_RECEIVED_DESCRIBES | SPEAD2_RECEIVED_REFUSED)) &&
      heap->n_pointers <= SPEAD2_INLINE_POINTERS &&
      heap->n_pointers == reader->views.n_items;
  if (!shape->known)
    return;
  shape->flavour = heap->flavour;
  shape->flags = heap->flags;
  shape->length = heap->length;
  shape->n_pointers = heap->n_pointers;
  memcpy (shape->pointers, heap->pointers,
      heap->n_pointers * sizeof *heap->pointers);
}

/* Reads the items of a heap that has the shape of the last one: only immediates differ. FALSE:
 * it has another. */
static gboolean
read_same_shape (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  Shape *shape = &reader->shape;
  guint i;

  if (!shape->known || heap->flavour != shape->flavour ||
      heap->flags != shape->flags || heap->length != shape->length ||
      heap->n_pointers != shape->n_pointers || heap->received < heap->length ||
      heap->payload == NULL)
    return FALSE;
  for (i = 0; i < shape->n_pointers; i++) {
    guint64 pointer = heap->pointers[i], differs = pointer ^ shape->pointers[i];

    if (differs == 0)
      continue;
    if (!spead2_pointer_is_immediate (pointer) || differs >> heap->flavour)
      return FALSE;
    shape->pointers[i] = pointer;
    reader->views.items[i].value =
        spead2_pointer_value (heap->flavour, pointer);
  }
  return TRUE;
}

static GstSpead2HeapKind
read_any (
    GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap, GError **error)
{
  GstSpead2HeapKind kind;

  memset (&reader->view, 0, sizeof reader->view);
  spead2_item_views_read (&reader->views, heap->flavour, heap->pointers,
      heap->n_pointers, heap->length);
  read_descriptors (reader, heap, error);
  kind = view_item (reader, heap);
  if (kind != GST_SPEAD2_HEAP_CONTROL && !is_accepted (reader, heap))
    kind = GST_SPEAD2_HEAP_NOT_ACCEPTED;
  if (kind == GST_SPEAD2_HEAP_DATA && !view_type (reader, error))
    kind = GST_SPEAD2_HEAP_WRONG_SIZE;
  keep_shape (reader, heap, kind);
  return kind;
}

GstSpead2HeapKind
gst_spead2_heap_reader_read (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstSpead2HeapView *view, GError **error)
{
  GstSpead2HeapKind kind;

  if (!read_same_shape (reader, heap))
    kind = read_any (reader, heap, error);
  else if (is_accepted (reader, heap))
    kind = GST_SPEAD2_HEAP_DATA;
  else
    kind = GST_SPEAD2_HEAP_NOT_ACCEPTED;
  view_place (reader, heap);
  *view = reader->view;
  return kind;
}

gboolean
gst_spead2_heap_reader_find_index (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, guint64 *index, guint *bits)
{
  reader->shape.known = FALSE;
  spead2_item_views_read (&reader->views, heap->flavour, heap->pointers,
      heap->n_pointers, heap->length);
  return find_index (reader, heap, index, bits);
}

const Spead2AcceptRule *
gst_spead2_heap_reader_accept (const GstSpead2HeapReader *reader)
{
  return reader->accept;
}

gboolean
gst_spead2_heap_reader_index_is_cnt (const GstSpead2HeapReader *reader)
{
  return reader->cnt_is_index;
}

static GstSpead2HeapFields
fields_of (GstSpead2HeapReader *reader, const Spead2ReceivedHeap *heap)
{
  return (GstSpead2HeapFields){&reader->values, heap, &reader->views,
      reader->view.offset, reader->descriptors};
}

/* With the shape known, items are in the places of their pointers. */
gboolean
gst_spead2_heap_reader_steps (
    GstSpead2HeapReader *reader, const Spead2ReceivedHeap *run)
{
  GstSpead2HeapFields fields = fields_of (reader, run);

  return reader->shape.known && gst_spead2_heap_fields_step (&fields);
}

void
gst_spead2_heap_reader_step (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *run, GstSpead2HeapView *view)
{
  guint i;

  for (i = 0; i < run->n_pointers; i++) {
    if (run->steps[i] == 0)
      continue;
    reader->shape.pointers[i] = run->pointers[i];
    reader->views.items[i].value =
        spead2_pointer_value (run->flavour, run->pointers[i]);
  }
  view->index += view->index_step;
}

void
gst_spead2_heap_reader_write_values (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstStructure *structure)
{
  GstSpead2HeapFields fields = fields_of (reader, heap);

  gst_spead2_heap_values_write (&fields, structure);
  reader->n_omitted += fields.n_omitted;
}

static gboolean
is_substream_item (const GstSpead2HeapReader *reader, guint64 id)
{
  guint i;

  for (i = 0; i < reader->n_substream_items; i++)
    if (reader->substream_items[i].id == id)
      return TRUE;
  return FALSE;
}

void
gst_spead2_heap_reader_write_substream (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstStructure *structure)
{
  GstSpead2HeapFields fields = fields_of (reader, heap);
  GstSpead2HeapField field;

  while (gst_spead2_heap_fields_next (&fields, &field))
    if (is_substream_item (reader, reader->views.items[fields.next - 1].id))
      gst_spead2_heap_field_set (&field, structure);
}

void
gst_spead2_heap_reader_begin_table (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstSpead2HeapTable *table)
{
  GstSpead2HeapFields fields = fields_of (reader, heap);

  gst_spead2_heap_table_begin (table, &fields);
  reader->n_omitted += (guint64) fields.n_omitted * heap->n_heaps;
}

gboolean
gst_spead2_heap_reader_add_to_table (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstSpead2HeapTable *table)
{
  GstSpead2HeapFields fields = fields_of (reader, heap);

  if (!gst_spead2_heap_table_add (table, &fields))
    return FALSE;
  reader->n_omitted += (guint64) fields.n_omitted * heap->n_heaps;
  return TRUE;
}

guint64
gst_spead2_heap_reader_take_omitted (GstSpead2HeapReader *reader)
{
  guint64 n = reader->n_omitted;

  reader->n_omitted = 0;
  return n;
}
