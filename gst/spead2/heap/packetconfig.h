/* The header of packets, and how heaps are split into them.
 *
 * The header of a packet is an ordered list of pointer kinds; how many pointers and how
 * much payload a packet holds is computed from that list, the packet size and the way of
 * splitting, nowhere else. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PACKETCONFIG_H
#define SPEAD2_PACKETCONFIG_H

#include "spead2/heap/items.h"
#include "spead2/memory/headroom.h"
#include "spead2/wire/flavour.h"

G_BEGIN_DECLS

/* Pointers and packets are multiples of this, and so is every payload offset. */
#define SPEAD2_PACKET_ALIGNMENT 8

typedef enum {
  /* The standard ones, in the order of their ids. */
  SPEAD2_POINTER_HEAP_CNT,
  SPEAD2_POINTER_HEAP_LENGTH,
  SPEAD2_POINTER_PAYLOAD_OFFSET,
  SPEAD2_POINTER_PAYLOAD_LENGTH,
  /* The next item of the heap, where there is one left. */
  SPEAD2_POINTER_ITEM,
  /* All items that are left, as far as they fit. Exactly once in a list, and
   * no SPEAD2_POINTER_ITEM behind it. */
  SPEAD2_POINTER_ITEMS
} Spead2PointerKind;

#define SPEAD2_MAX_POINTER_KINDS 32

typedef struct {
  Spead2Flavour flavour;
  gsize max_packet_size; /* bytes of UDP payload */
  gboolean repeat_pointers;
  /* Payload bytes of each packet but the last, a multiple of 8; 0: as many as
   * fit. */
  gsize payload_per_packet;
  gboolean balanced; /* where they fit: packets of one size, not full ones */
  Spead2PointerKind kinds[SPEAD2_MAX_POINTER_KINDS];
  guint n_kinds;

  /* Computed by spead2_packet_config_check(). */
  gsize packet_size;   /* max_packet_size, rounded down to a multiple of 8 */
  gsize prefix_size;   /* header and all pointers that are not items */
  guint max_items;     /* most item pointers of a packet */
  gboolean one_packet; /* no pointer says where a second one's payload goes */
} Spead2PacketConfig;

/* The four standard pointers in front, then the items: what spead2 sends. */
void spead2_packet_config_init (
    Spead2PacketConfig *config, Spead2Flavour flavour, gsize max_packet_size);

/* The header that a list of items names. Fails with SPEAD2_ERROR_INVALID when
 * too many items precede a standard pointer. */
gboolean spead2_packet_config_set_items (
    Spead2PacketConfig *config, const Spead2Items *items, GError **error);

/* Which of the standard pointers (as "heap-length, payload-offset") that every
 * receiver can do with are not written, or NULL; the caller frees it. */
gchar *spead2_packet_config_missing (const Spead2PacketConfig *config);

/* The smallest packet that this header fits in, with one item and payload. */
gsize spead2_packet_config_min_size (const Spead2PacketConfig *config);

/* Computes the sizes. Fails with SPEAD2_ERROR_INVALID when the flavour does
 * not exist, the list of kinds is not as described, the packet too small or
 * payload_per_packet no multiple of 8. */
gboolean spead2_packet_config_check (
    Spead2PacketConfig *config, GError **error);

/* How the packets of heaps with so many item pointers lie in memory, if their
 * headers are in front of the payload. FALSE where that depends on the heap's
 * length, or on its items beyond the first packet. */
gboolean spead2_packet_config_shape (const Spead2PacketConfig *config,
    guint n_pointers, Spead2PacketShape *shape);

static inline gboolean
spead2_pointer_kind_is_item (Spead2PointerKind kind)
{
  return kind == SPEAD2_POINTER_ITEM || kind == SPEAD2_POINTER_ITEMS;
}

/* The rule that splits a heap over packets: how much payload goes with n_items
 * pointers in a packet of so many bytes, when so much is left. */
static inline gsize
spead2_packet_config_payload (const Spead2PacketConfig *config,
    gsize packet_size, guint n_items, guint64 left)
{
  return MIN (left,
      config->payload_per_packet
          ? config->payload_per_packet
          : packet_size - config->prefix_size - n_items * SPEAD2_POINTER_SIZE);
}

G_END_DECLS

#endif /* SPEAD2_PACKETCONFIG_H */
