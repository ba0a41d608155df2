/* One item of a heap: see item.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/item.h"

const gchar *
spead2_item_kind_name (Spead2ItemKind kind)
{
  static const gchar *const standard_names[] = {
      [SPEAD2_ITEM_NULL] = "null",
      [SPEAD2_ITEM_HEAP_CNT] = "heap-cnt",
      [SPEAD2_ITEM_HEAP_LENGTH] = "heap-length",
      [SPEAD2_ITEM_PAYLOAD_OFFSET] = "payload-offset",
      [SPEAD2_ITEM_PAYLOAD_LENGTH] = "payload-length",
  };

  g_return_val_if_fail (
      kind != SPEAD2_ITEM_VALUE && kind < G_N_ELEMENTS (standard_names), NULL);
  return standard_names[kind];
}

void
spead2_item_clear (Spead2Item *item)
{
  g_free (item->name);
  g_free (item->description);
  g_free (item->numbers);
  g_free (item->dtype);
  g_clear_pointer (&item->text, g_bytes_unref);
}

gboolean
spead2_item_is_characters (const Spead2Item *item)
{
  return item->n_formats == 1 && item->formats[0].code == 'c';
}

gboolean
spead2_item_is_bytes (const Spead2Item *item)
{
  return item->n_formats == 1 && item->formats[0].code == 'u' &&
      item->formats[0].bits == 8;
}

gint64
spead2_item_smallest (const Spead2Item *item)
{
  return item->is_signed ? -(gint64) item->limit - 1 : 0;
}

gboolean
spead2_item_has_number (
    const Spead2Item *item, guint64 number, gboolean negative)
{
  return negative ? (gint64) number >= spead2_item_smallest (item)
                  : number <= item->limit;
}

guint64
spead2_item_encode (const Spead2Item *item, guint64 number)
{
  guint64 mask = item->is_signed ? 2 * item->limit + 1 : item->limit;

  return (number & mask) << (8 * item->bytes - item->bits);
}

gboolean
spead2_item_has_text (const Spead2Item *item, const gchar *bytes, gsize size)
{
  gsize i;

  if (!spead2_item_is_bytes (item))
    for (i = 0; i < size; i++)
      if (bytes[i] == 0 || (bytes[i] & 0x80))
        return FALSE;
  return size > 0;
}
