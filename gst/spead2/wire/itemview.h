/* Items out of a heap's pointers and payload.
 *
 * An immediate has its value in its pointer. An addressed item has the bytes from
 * its address to the next higher address of the heap, or to the end of its payload;
 * NULL pointers are no items, but end those in front of them. Of pointers with one
 * address only the last has bytes. Rule: SPEAD protocol revision 1, section 5, as
 * spead2 reads it (src/recv_heap.cpp).
 *
 * Any thread; a Spead2ItemViews is used by one at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ITEM_VIEW_H
#define SPEAD2_ITEM_VIEW_H

#include "spead2/wire/flavour.h"

G_BEGIN_DECLS

typedef struct {
  guint64 id;
  guint64 value; /* of an immediate; otherwise the address: bytes of payload in
                   * front of the item's first one */
  guint64 size;  /* bytes of an addressed item, at least 1; 0 of an immediate */
  gboolean immediate;
} Spead2ItemView;

typedef struct _Spead2ItemAddress Spead2ItemAddress;

/* All zero is empty. Reused from heap to heap. */
typedef struct {
  Spead2ItemView *items; /* in the order of the pointers */
  guint n_items;
  guint n_empty; /* addressed pointers without bytes, which are no items */
  /* addressed pointers with an address behind the payload's end, which are refused */
  guint n_outside;
  /* A NULL pointer has the address 0: without addressed items, all of the payload is
   * padding, as senders have it who send no packet without payload. */
  gboolean padding;

  /*< private >*/
  guint allocated;
  Spead2ItemAddress *addresses;
} Spead2ItemViews;

/* Reads n pointers of a heap (Spead2ReceivedHeap has them) with a payload of length
 * bytes. Every item of the result lies within it. */
void spead2_item_views_read (Spead2ItemViews *views, Spead2Flavour flavour,
    const guint64 *pointers, guint n, guint64 length);

/* The first item with that id, or NULL. */
const Spead2ItemView *spead2_item_views_find (
    const Spead2ItemViews *views, guint64 id);

/* Frees what it allocated. */
void spead2_item_views_clear (Spead2ItemViews *views);

G_END_DECLS

#endif /* SPEAD2_ITEM_VIEW_H */
