/* The header of packets, and how heaps are split: see packetconfig.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/packetconfig.h"

#include <string.h>

#include "spead2/error.h"

void
spead2_packet_config_init (
    Spead2PacketConfig *config, Spead2Flavour flavour, gsize max_packet_size)
{
  static const Spead2PointerKind standard[] = {SPEAD2_POINTER_HEAP_CNT,
      SPEAD2_POINTER_HEAP_LENGTH, SPEAD2_POINTER_PAYLOAD_OFFSET,
      SPEAD2_POINTER_PAYLOAD_LENGTH, SPEAD2_POINTER_ITEMS};

  memset (config, 0, sizeof *config);
  config->flavour = flavour;
  config->max_packet_size = max_packet_size;
  memcpy (config->kinds, standard, sizeof standard);
  config->n_kinds = G_N_ELEMENTS (standard);
}

static Spead2PointerKind
kind_of (const Spead2Item *item)
{
  switch (item->kind) {
    case SPEAD2_ITEM_HEAP_CNT:
      return SPEAD2_POINTER_HEAP_CNT;
    case SPEAD2_ITEM_HEAP_LENGTH:
      return SPEAD2_POINTER_HEAP_LENGTH;
    case SPEAD2_ITEM_PAYLOAD_OFFSET:
      return SPEAD2_POINTER_PAYLOAD_OFFSET;
    case SPEAD2_ITEM_PAYLOAD_LENGTH:
      return SPEAD2_POINTER_PAYLOAD_LENGTH;
    default:
      return SPEAD2_POINTER_ITEM;
  }
}

gboolean
spead2_packet_config_set_items (
    Spead2PacketConfig *config, const Spead2Items *items, GError **error)
{
  guint i, end = items->n_items;

  while (kind_of (&items->items[end - 1]) == SPEAD2_POINTER_ITEM)
    end--;
  if (end + 1 > SPEAD2_MAX_POINTER_KINDS) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Standard pointers may only be among the first %u items, not at "
        "place %u",
        SPEAD2_MAX_POINTER_KINDS - 1, end);
    return FALSE;
  }

  for (i = 0; i < end; i++)
    config->kinds[i] = kind_of (&items->items[i]);
  if (end < items->n_items) {
    config->kinds[end++] = SPEAD2_POINTER_ITEMS;
  } else {
    /* There is one: the payload. */
    for (i = end; config->kinds[i - 1] != SPEAD2_POINTER_ITEM;)
      i--;
    config->kinds[i - 1] = SPEAD2_POINTER_ITEMS;
  }
  config->n_kinds = end;
  return TRUE;
}

static gboolean
has_kind (const Spead2PacketConfig *config, Spead2PointerKind kind)
{
  guint i;

  for (i = 0; i < config->n_kinds; i++)
    if (config->kinds[i] == kind)
      return TRUE;
  return FALSE;
}

gchar *
spead2_packet_config_missing (const Spead2PacketConfig *config)
{
  static const gchar *const names[] = {
      [SPEAD2_POINTER_HEAP_CNT] = "heap-cnt",
      [SPEAD2_POINTER_HEAP_LENGTH] = "heap-length",
      [SPEAD2_POINTER_PAYLOAD_OFFSET] = "payload-offset",
      [SPEAD2_POINTER_PAYLOAD_LENGTH] = "payload-length",
  };
  GString *missing = g_string_new (NULL);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    if (!has_kind (config, i))
      g_string_append_printf (
          missing, "%s%s", missing->len > 0 ? ", " : "", names[i]);
  return g_string_free (missing, missing->len == 0);
}

static gsize
prefix_size (const Spead2PacketConfig *config)
{
  gsize size = SPEAD2_HEADER_SIZE;
  guint i;

  for (i = 0; i < config->n_kinds; i++)
    if (!spead2_pointer_kind_is_item (config->kinds[i]))
      size += SPEAD2_POINTER_SIZE;
  return size;
}

gsize
spead2_packet_config_min_size (const Spead2PacketConfig *config)
{
  return prefix_size (config) + SPEAD2_POINTER_SIZE +
      MAX (config->payload_per_packet, SPEAD2_PACKET_ALIGNMENT);
}

gboolean
spead2_packet_config_check (Spead2PacketConfig *config, GError **error)
{
  guint i, n_items = 0;

  if (!spead2_flavour_check (config->flavour, error))
    return FALSE;

  for (i = 0; i < config->n_kinds; i++) {
    if (n_items > 0 && spead2_pointer_kind_is_item (config->kinds[i])) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "Pointer %u of the packet header is an item behind the place of all "
          "items",
          i);
      return FALSE;
    }
    if (config->kinds[i] == SPEAD2_POINTER_ITEMS)
      n_items++;
  }
  if (n_items != 1) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The packet header has no place for items");
    return FALSE;
  }

  if (config->payload_per_packet % SPEAD2_PACKET_ALIGNMENT != 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "payload-per-packet=%" G_GSIZE_FORMAT " is no multiple of %u",
        config->payload_per_packet, SPEAD2_PACKET_ALIGNMENT);
    return FALSE;
  }
  if (config->max_packet_size < spead2_packet_config_min_size (config)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "A packet of %" G_GSIZE_FORMAT " bytes has no room for a SPEAD header "
        "and payload: max-packet-size must be at least %" G_GSIZE_FORMAT,
        config->max_packet_size, spead2_packet_config_min_size (config));
    return FALSE;
  }

  config->packet_size =
      config->max_packet_size & ~(gsize) (SPEAD2_PACKET_ALIGNMENT - 1);
  config->prefix_size = prefix_size (config);
  config->max_items =
      (config->packet_size - config->prefix_size -
          MAX (config->payload_per_packet, SPEAD2_PACKET_ALIGNMENT)) /
      SPEAD2_POINTER_SIZE;
  config->one_packet = !has_kind (config, SPEAD2_POINTER_PAYLOAD_OFFSET);
  return TRUE;
}

gboolean
spead2_packet_config_shape (const Spead2PacketConfig *config, guint n_pointers,
    Spead2PacketShape *shape)
{
  guint n_repeated = config->repeat_pointers ? n_pointers : 0;

  if (config->balanced || n_pointers > config->max_items)
    return FALSE;
  shape->first_header = config->prefix_size + n_pointers * SPEAD2_POINTER_SIZE;
  shape->first_piece = spead2_packet_config_payload (
      config, config->packet_size, n_pointers, G_MAXUINT64);
  shape->header = config->prefix_size + n_repeated * SPEAD2_POINTER_SIZE;
  shape->piece = spead2_packet_config_payload (
      config, config->packet_size, n_repeated, G_MAXUINT64);
  shape->heap_size = 0;
  return TRUE;
}
