/* The value of an item as an application gives it: a GValue of many types.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ITEM_VALUE_H
#define SPEAD2_ITEM_VALUE_H

#include <glib-object.h>

#include "spead2/heap/item.h"

G_BEGIN_DECLS

/* A whole number of any GType, a boolean, or a text that reads as a number; a
 * negative one is the two's complement. FALSE with SPEAD2_ERROR_INVALID, which
 * names the item, where type does not have that number. */
gboolean spead2_item_value_number (const GValue *value, const gchar *name,
    const Spead2Item *type, guint64 *number, GError **error);

/* A text or GBytes that receivers can read. A new reference, or NULL with
 * SPEAD2_ERROR_INVALID. */
GBytes *spead2_item_value_text (
    const GValue *value, const Spead2Item *item, GError **error);

G_END_DECLS

#endif /* SPEAD2_ITEM_VALUE_H */
