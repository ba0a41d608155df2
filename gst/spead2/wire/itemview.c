/* Items out of a heap's pointers: see itemview.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/itemview.h"

#include <stdlib.h>

#include "spead2/wire/packet.h"

/* What items end at: an address, and the item that begins there, or none of it is
 * a NULL. Positions make the order of equal addresses that of the pointers. */
struct _Spead2ItemAddress {
  guint64 address;
  guint item;
  guint position;
};

#define NO_ITEM G_MAXUINT

static gint
compare_addresses (gconstpointer a, gconstpointer b)
{
  const Spead2ItemAddress *x = a, *y = b;

  if (x->address != y->address)
    return x->address < y->address ? -1 : 1;
  return x->position < y->position ? -1 : 1;
}

static void
reserve (Spead2ItemViews *views, guint n)
{
  if (n <= views->allocated)
    return;
  views->allocated = MAX (n, 2 * views->allocated);
  views->items = g_renew (Spead2ItemView, views->items, views->allocated);
  views->addresses =
      g_renew (Spead2ItemAddress, views->addresses, views->allocated);
}

/* Items without sizes, and how many addresses there are. */
static guint
read_pointers (Spead2ItemViews *views, Spead2Flavour flavour,
    const guint64 *pointers, guint n, guint64 length)
{
  guint n_addresses = 0;

  for (guint i = 0; i < n; i++) {
    Spead2ItemView *item = &views->items[views->n_items];
    gboolean is_null =
        spead2_pointer_id (flavour, pointers[i]) == SPEAD2_ID_NULL;

    item->id = spead2_pointer_id (flavour, pointers[i]);
    item->value = spead2_pointer_value (flavour, pointers[i]);
    item->immediate = spead2_pointer_is_immediate (pointers[i]);
    item->size = 0;
    if (!spead2_pointer_is_item (flavour, pointers[i]) ||
        (is_null && item->immediate))
      continue;
    if (!item->immediate && item->value > length) {
      views->n_outside += !is_null;
      continue;
    }
    views->padding |= is_null && item->value == 0;
    if (!item->immediate)
      views->addresses[n_addresses++] = (Spead2ItemAddress){
          item->value, is_null ? NO_ITEM : views->n_items, i};
    views->n_items += !is_null;
  }
  return n_addresses;
}

/* An item has the bytes up to the next address. */
static void
measure (Spead2ItemViews *views, guint n_addresses, guint64 length)
{
  Spead2ItemAddress *addresses = views->addresses;

  if (n_addresses > 1)
    qsort (addresses, n_addresses, sizeof *addresses, compare_addresses);
  for (guint i = 0; i < n_addresses; i++) {
    guint64 end = i + 1 < n_addresses ? addresses[i + 1].address : length;

    if (addresses[i].item != NO_ITEM)
      views->items[addresses[i].item].size = end - addresses[i].address;
  }
}

static void
remove_empty (Spead2ItemViews *views)
{
  guint n = 0;

  for (guint i = 0; i < views->n_items; i++)
    if (views->items[i].immediate || views->items[i].size > 0)
      views->items[n++] = views->items[i];
  views->n_empty = views->n_items - n;
  views->n_items = n;
}

void
spead2_item_views_read (Spead2ItemViews *views, Spead2Flavour flavour,
    const guint64 *pointers, guint n, guint64 length)
{
  views->n_items = views->n_empty = views->n_outside = 0;
  views->padding = FALSE;
  reserve (views, n);
  measure (views, read_pointers (views, flavour, pointers, n, length), length);
  remove_empty (views);
}

const Spead2ItemView *
spead2_item_views_find (const Spead2ItemViews *views, guint64 id)
{
  for (guint i = 0; i < views->n_items; i++)
    if (views->items[i].id == id)
      return &views->items[i];
  return NULL;
}

void
spead2_item_views_clear (Spead2ItemViews *views)
{
  g_free (views->items);
  g_free (views->addresses);
  memset (views, 0, sizeof *views);
}
