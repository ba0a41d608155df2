/* gst-spead2: the substreams that share a port: see gstspead2srcsubstreams.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcsubstreams.h"

#include <string.h>

struct _GstSpead2SrcSubstreams {
  gchar *items;
  GHashTable *table; /* (GstSpead2SrcSubstream), owned; each is its own key */
  GstSpead2SrcSubstream *last; /* that was found or added, or NULL */
};

/* Unknown to those who send: they cannot choose values that collide. */
static guint64
seed (void)
{
  static gsize value = 0;

  if (g_once_init_enter (&value))
    g_once_init_leave (&value, (gsize) g_random_int () | 1);
  return value;
}

static guint
hash_key (gconstpointer data)
{
  const GstSpead2SubstreamKey *key = data;
  guint64 hash = seed () ^ key->present;
  guint i;

  for (i = 0; i < GST_SPEAD2_MAX_SUBSTREAM_ITEMS; i++) {
    hash = (hash ^ key->values[i]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
  }
  return hash;
}

static gboolean
equal_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (GstSpead2SubstreamKey)) == 0;
}

GstSpead2SrcSubstreams *
gst_spead2_src_substreams_new (const gchar *items)
{
  GstSpead2SrcSubstreams *substreams = g_new0 (GstSpead2SrcSubstreams, 1);

  substreams->items = g_strdup (items ? items : "");
  substreams->table =
      g_hash_table_new_full (hash_key, equal_keys, g_free, NULL);
  return substreams;
}

void
gst_spead2_src_substreams_free (GstSpead2SrcSubstreams *substreams)
{
  g_hash_table_unref (substreams->table);
  g_free (substreams->items);
  g_free (substreams);
}

GstSpead2SrcSubstream *
gst_spead2_src_substreams_find (
    GstSpead2SrcSubstreams *substreams, const GstSpead2SubstreamKey *key)
{
  GstSpead2SrcSubstream *found = substreams->last;

  if (found && equal_keys (&found->losses.key, key))
    return found;
  found = g_hash_table_lookup (substreams->table, key);
  if (found)
    substreams->last = found;
  return found;
}

GstSpead2SrcSubstream *
gst_spead2_src_substreams_add (
    GstSpead2SrcSubstreams *substreams, const GstSpead2SubstreamKey *key)
{
  GstSpead2SrcSubstream *added;

  if (g_hash_table_size (substreams->table) >= GST_SPEAD2_SRC_MAX_SUBSTREAMS)
    return NULL;
  added = g_new0 (GstSpead2SrcSubstream, 1);
  added->losses.key = *key;
  if (substreams->last)
    added->position.unwrap = substreams->last->position.unwrap;
  g_hash_table_add (substreams->table, added);
  substreams->last = added;
  return added;
}

const gchar *
gst_spead2_src_substreams_items (const GstSpead2SrcSubstreams *substreams)
{
  return substreams->items;
}

guint
gst_spead2_src_substreams_count (const GstSpead2SrcSubstreams *substreams)
{
  return g_hash_table_size (substreams->table);
}

static gint
compare_losses (gconstpointer a, gconstpointer b)
{
  const GstSpead2SrcLosses *x = a, *y = b;

  if (x->missing != y->missing)
    return x->missing > y->missing ? -1 : 1;
  return x->restarts == y->restarts ? 0 : x->restarts > y->restarts ? -1 : 1;
}

GArray *
gst_spead2_src_substreams_worst (
    const GstSpead2SrcSubstreams *substreams, guint max)
{
  GArray *worst = g_array_new (FALSE, FALSE, sizeof (GstSpead2SrcLosses));
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, substreams->table);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    const GstSpead2SrcLosses *losses = &((GstSpead2SrcSubstream *) key)->losses;

    if (losses->gaps > 0 || losses->restarts > 0)
      g_array_append_vals (worst, losses, 1);
  }
  g_array_sort (worst, compare_losses);
  if (worst->len > max)
    g_array_set_size (worst, max);
  return worst;
}
