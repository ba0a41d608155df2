/* The list of what every heap carries: see items.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/items.h"

#include "spead2/error.h"
#include "spead2/heap/itemparser.h"

/* The least id that is more often written in hexadecimal. */
#define MIN_SUSPECT_ID 1000

/* -- from text to list ----------------------------------------------------------- */

static gboolean
are_same (const Spead2Item *a, const Spead2Item *b)
{
  return a->kind != SPEAD2_ITEM_NULL && a->kind == b->kind &&
      (a->kind != SPEAD2_ITEM_VALUE || a->id == b->id ||
          g_str_equal (a->name, b->name) ||
          (a->source == SPEAD2_SOURCE_PAYLOAD && b->source == a->source));
}

static gboolean
check_unique (Spead2ItemText *text, const GArray *items, const Spead2Item *item)
{
  guint i;

  for (i = 0; i < items->len; i++) {
    const Spead2Item *other = &g_array_index (items, Spead2Item, i);

    if (are_same (item, other))
      return spead2_item_text_fail (text, text->offset,
          "name, id and value=payload must be unique, and item %u '%s' has "
          "one of them",
          i + 1, other->name);
  }
  return TRUE;
}

/* Adds the next item of the text. */
static gboolean
add_item (Spead2ItemText *text, Spead2Flavour flavour, GArray *items)
{
  Spead2Item item;

  if (!spead2_item_text_next (text))
    return FALSE;
  if (!spead2_item_parse (text, flavour, &item) ||
      !check_unique (text, items, &item)) {
    spead2_item_clear (&item);
    return FALSE;
  }
  g_array_append_val (items, item);
  return TRUE;
}

/* All four in front, when none is named. */
static void
add_standard (GArray *items)
{
  Spead2Item standard[4] = {0};
  guint i;

  for (i = 0; i < items->len; i++)
    if (g_array_index (items, Spead2Item, i).kind >= SPEAD2_ITEM_HEAP_CNT)
      return;

  for (i = 0; i < G_N_ELEMENTS (standard); i++) {
    standard[i].kind = SPEAD2_ITEM_HEAP_CNT + i;
    standard[i].name = g_strdup (spead2_item_kind_name (standard[i].kind));
    standard[i].description = g_strdup ("");
  }
  g_array_prepend_vals (items, standard, G_N_ELEMENTS (standard));
}

static gboolean
has_payload (const GArray *items)
{
  guint i;

  for (i = 0; i < items->len; i++)
    if (g_array_index (items, Spead2Item, i).source == SPEAD2_SOURCE_PAYLOAD)
      return TRUE;
  return FALSE;
}

static gboolean
add_items (Spead2ItemText *text, Spead2Flavour flavour, GArray *items)
{
  const gchar *end;

  if (!g_utf8_validate (text->text, -1, &end))
    return spead2_item_text_fail (
        text, end - text->text, "the text is not UTF-8");
  while (!spead2_item_text_at_end (text))
    if (!add_item (text, flavour, items))
      return FALSE;

  if (text->number == 0) {
    g_set_error_literal (text->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "items is empty: it needs at least the payload, such as "
        "samples,id=0x3300,value=payload");
    return FALSE;
  }
  if (!has_payload (items)) {
    g_set_error (text->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "None of the %u items has value=payload: the buffers would not be sent",
        items->len);
    return FALSE;
  }
  return TRUE;
}

Spead2Items *
spead2_items_new (const gchar *text, Spead2Flavour flavour, GError **error)
{
  GArray *array = g_array_new (FALSE, TRUE, sizeof (Spead2Item));
  Spead2Items *items = NULL;
  Spead2ItemText scanner;

  spead2_item_text_init (&scanner, text, error);
  g_array_set_clear_func (array, (GDestroyNotify) spead2_item_clear);
  if (spead2_flavour_check (flavour, error) &&
      add_items (&scanner, flavour, array)) {
    gsize n;

    add_standard (array);
    items = g_atomic_rc_box_new0 (Spead2Items);
    items->flavour = flavour;
    items->items = g_array_steal (array, &n);
    items->n_items = n;
  }
  spead2_item_text_clear (&scanner);
  g_array_unref (array);
  return items;
}

/* -- the list -------------------------------------------------------------------- */

Spead2Items *
spead2_items_ref (Spead2Items *items)
{
  return g_atomic_rc_box_acquire (items);
}

static void
items_clear (gpointer data)
{
  Spead2Items *items = data;
  guint i;

  for (i = 0; i < items->n_items; i++)
    spead2_item_clear (&items->items[i]);
  g_free (items->items);
}

void
spead2_items_unref (Spead2Items *items)
{
  g_atomic_rc_box_release_full (items, items_clear);
}

const Spead2Item *
spead2_items_find (const Spead2Items *items, const gchar *name)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].from_application &&
        g_str_equal (items->items[i].name, name))
      return &items->items[i];
  return NULL;
}

gboolean
spead2_items_is_sample_index (const Spead2Items *items, const gchar *name)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].source == SPEAD2_SOURCE_SAMPLE_INDEX &&
        g_str_equal (items->items[i].name, name))
      return TRUE;
  return FALSE;
}

const Spead2Item *
spead2_items_counter (const Spead2Items *items)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].kind == SPEAD2_ITEM_HEAP_CNT &&
        items->items[i].source != SPEAD2_SOURCE_NONE)
      return &items->items[i];
  return NULL;
}

guint64
spead2_items_first_cnt (const Spead2Items *items, guint64 start)
{
  const Spead2Item *counter = spead2_items_counter (items);
  guint64 half = G_GUINT64_CONSTANT (1) << (items->flavour - 1);

  if (counter == NULL)
    return start;
  start += half + (counter->n_numbers ? counter->numbers[0] : counter->start);
  return start & spead2_flavour_max_value (items->flavour);
}

const Spead2Item *
spead2_items_suspect_id (const Spead2Items *items)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].decimal_id && items->items[i].id >= MIN_SUSPECT_ID)
      return &items->items[i];
  return NULL;
}

gboolean
spead2_items_have_payload_type (const Spead2Items *items)
{
  guint i;

  for (i = 0; i < items->n_items; i++) {
    const Spead2Item *item = &items->items[i];

    if (item->source == SPEAD2_SOURCE_PAYLOAD)
      return item->dtype != NULL || item->n_formats > 0;
  }
  return FALSE;
}

gboolean
spead2_items_use (const Spead2Items *items, Spead2ValueSource source)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].source == source)
      return TRUE;
  return FALSE;
}
