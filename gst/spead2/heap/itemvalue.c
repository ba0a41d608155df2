/* The value of an item as an application gives it: see itemvalue.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/itemvalue.h"

#include <string.h>

#include "spead2/error.h"
#include "spead2/heap/itemtext.h"

/* The number of any type that GObject has for whole ones, and of texts. */
static gboolean
read_number (const GValue *value, guint64 *number, gboolean *negative)
{
  gint64 integer = 0;

  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_UCHAR:
      *number = g_value_get_uchar (value);
      break;
    case G_TYPE_UINT:
      *number = g_value_get_uint (value);
      break;
    case G_TYPE_ULONG:
      *number = g_value_get_ulong (value);
      break;
    case G_TYPE_UINT64:
      *number = g_value_get_uint64 (value);
      break;
    case G_TYPE_BOOLEAN:
      *number = g_value_get_boolean (value) ? 1 : 0;
      break;
    case G_TYPE_CHAR:
      *number = integer = g_value_get_schar (value);
      break;
    case G_TYPE_INT:
      *number = integer = g_value_get_int (value);
      break;
    case G_TYPE_LONG:
      *number = integer = g_value_get_long (value);
      break;
    case G_TYPE_INT64:
      *number = integer = g_value_get_int64 (value);
      break;
    case G_TYPE_STRING:
      return g_value_get_string (value) &&
          spead2_parse_number (g_value_get_string (value), number, negative);
    default:
      return FALSE;
  }
  *negative = integer < 0;
  return TRUE;
}

gboolean
spead2_item_value_number (const GValue *value, const gchar *name,
    const Spead2Item *type, guint64 *number, GError **error)
{
  gboolean negative;
  gchar *text;

  if (read_number (value, number, &negative) &&
      spead2_item_has_number (type, *number, negative))
    return TRUE;

  text = g_strdup_value_contents (value);
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "The application's value %s (%s) of item '%s' is not a whole number from "
      "%" G_GINT64_FORMAT " to %" G_GUINT64_FORMAT,
      text, G_VALUE_TYPE_NAME (value), name, spead2_item_smallest (type),
      type->limit);
  g_free (text);
  return FALSE;
}

GBytes *
spead2_item_value_text (
    const GValue *value, const Spead2Item *item, GError **error)
{
  GBytes *bytes = NULL;
  const gchar *data;
  gsize size;

  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value))
    bytes = g_bytes_new (
        g_value_get_string (value), strlen (g_value_get_string (value)));
  else if (G_VALUE_HOLDS (value, G_TYPE_BYTES) && g_value_get_boxed (value))
    bytes = g_bytes_ref (g_value_get_boxed (value));

  if (bytes == NULL) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The application's value of item '%s' is a %s, no text and no GBytes",
        item->name, G_VALUE_TYPE_NAME (value));
    return NULL;
  }
  data = g_bytes_get_data (bytes, &size);
  if (!spead2_item_has_text (item, data, size)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The application's text for item '%s' %s", item->name,
        size == 0 ? "is empty, which receivers do not take for a value"
                  : "has bytes that are not ASCII, or 0, which receivers "
                    "cannot read: with format=u8 they get its bytes");
    g_clear_pointer (&bytes, g_bytes_unref);
  }
  return bytes;
}
