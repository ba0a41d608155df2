/* What the fields of an item mean: makes an item of its text.
 *
 * The second half of what items.h describes, behind the syntax of itemtext.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ITEM_PARSER_H
#define SPEAD2_ITEM_PARSER_H

#include "spead2/heap/item.h"
#include "spead2/heap/itemtext.h"

G_BEGIN_DECLS

/* Makes the item that the text was scanned to last, regardless of the others. FALSE
 * with an error in the text, which names item and field. The caller clears the item
 * in any case. */
gboolean spead2_item_parse (
    Spead2ItemText *text, Spead2Flavour flavour, Spead2Item *item);

G_END_DECLS

#endif /* SPEAD2_ITEM_PARSER_H */
