/* SPEAD packets, read: a datagram becomes a checked view of it, or a reason why
 * it is none.
 *
 * A datagram is accepted or refused as a whole, by the rules that spead2 applies
 * to UDP (src/recv_packet.cpp and src/recv_udp_base.cpp), in their order: see
 * Spead2Refusal. Item pointers may stand in any order, reserved header bytes are
 * ignored, of a pointer that occurs twice the last one counts, and the payload
 * ends exactly where the datagram ends.
 *
 * Nothing is allocated or copied: a view points into the datagram and is valid as
 * long as that. No byte outside of [data, data + size) is read, whatever they say.
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PACKET_H
#define SPEAD2_PACKET_H

#include "spead2/wire/flavour.h"

G_BEGIN_DECLS

/* Why a datagram is no packet; the first that applies. */
typedef enum {
  SPEAD2_REFUSAL_NONE,  /* it is one */
  SPEAD2_REFUSAL_SHORT, /* fewer bytes than a header has, or none */
  SPEAD2_REFUSAL_MAGIC, /* it does not begin with 53 04: not SPEAD */
  /* The two widths are not those of a SPEAD-64 flavour. */
  SPEAD2_REFUSAL_FLAVOUR,
  /* A flavour, but not the one that Spead2PacketRules takes. */
  SPEAD2_REFUSAL_FLAVOUR_FILTER,
  /* The item pointers go beyond the datagram. */
  SPEAD2_REFUSAL_POINTERS,
  /* HEAP_CNT, PAYLOAD_OFFSET or PAYLOAD_LENGTH is missing, or addressed. */
  SPEAD2_REFUSAL_SPECIALS,
  /* PAYLOAD_LENGTH goes beyond the datagram. */
  SPEAD2_REFUSAL_PAYLOAD,
  /* The payload goes beyond HEAP_LENGTH. */
  SPEAD2_REFUSAL_BOUND,
  /* Bytes behind the payload. */
  SPEAD2_REFUSAL_SIZE_MISMATCH,
  /* The reader could not take the whole datagram (MSG_TRUNC): never said by
   * spead2_packet_parse(), but counted with the others. */
  SPEAD2_REFUSAL_TRUNCATED,
  SPEAD2_N_REFUSALS
} Spead2Refusal;

/* A word for counters: "short", "size-mismatch" ...; static. */
const gchar *spead2_refusal_name (Spead2Refusal refusal);

/* What is accepted beside the rules above. All zero: what spead2 accepts. */
typedef struct {
  Spead2Flavour flavour; /* the only one that is taken, or 0 for any */
  /* A packet without PAYLOAD_OFFSET is a heap of its own: its offset is 0, and
   * its heap length its payload's, which HEAP_LENGTH may say again but not
   * contradict (then SPEAD2_REFUSAL_SPECIALS). SKA-Low sends such packets, and
   * spead2 refuses them. Packets with PAYLOAD_OFFSET are read as without. */
  gboolean packet_heaps;
} Spead2PacketRules;

/* A heap length that no packet has said. */
#define SPEAD2_LENGTH_UNKNOWN G_MAXUINT64

/* What a packet says. All but the heap length is at most 2^56 - 1, so that sums
 * of two of them do not wrap. */
typedef struct {
  Spead2Flavour flavour;
  guint64 cnt;         /* heap counter */
  guint64 heap_length; /* bytes of payload of the whole heap, or
                          * SPEAD2_LENGTH_UNKNOWN */
  guint64 offset;      /* bytes of the heap's payload in front of this one's */
  const guint8 *payload; /* not NULL, even where payload_size is 0 */
  gsize payload_size;    /* bytes */
  /* Item pointers from the first one on that is not an immediate HEAP_CNT,
   * HEAP_LENGTH, PAYLOAD_OFFSET or PAYLOAD_LENGTH, as spead2_packet_pointer()
   * reads them. Behind it any may occur, those four too. */
  const guint8 *pointers;
  guint n_pointers;
} Spead2PacketView;

/* Reads the datagram. Where it is refused, the view is undefined, but with
 * SPEAD2_REFUSAL_SIZE_MISMATCH: then it is of a packet, with other bytes behind its
 * payload, as where packets stand one behind the other. rules are not NULL. */
static inline Spead2Refusal spead2_packet_parse (Spead2PacketView *view,
    const Spead2PacketRules *rules, const guint8 *data, gsize size);

/* The n-th pointer, n < n_pointers, for the functions of flavour.h. */
static inline guint64 spead2_packet_pointer (
    const Spead2PacketView *view, guint n);

/* Whether a pointer is an item: not with an id of the four above, which is no item
 * where it is addressed either. NULL is one: it ends the item in front of it. */
static inline gboolean
spead2_pointer_is_item (Spead2Flavour flavour, guint64 pointer)
{
  guint64 id = spead2_pointer_id (flavour, pointer);

  return id == SPEAD2_ID_NULL || id > SPEAD2_ID_PAYLOAD_LENGTH;
}

/*< private >*/

static inline guint64
spead2_packet_pointer (const Spead2PacketView *view, guint n)
{
  return spead2_read_u64 (view->pointers + n * SPEAD2_POINTER_SIZE);
}

/* Any datagram, not inlined. */
Spead2Refusal spead2_packet_parse_any (Spead2PacketView *view,
    const Spead2PacketRules *rules, const guint8 *data, gsize size);

/* The inline path takes what senders send: the four in the order of their ids, then
 * items, and nothing to refuse. */
static inline Spead2Refusal
spead2_packet_parse (Spead2PacketView *view, const Spead2PacketRules *rules,
    const guint8 *data, gsize size)
{
  guint64 header, step, pointer, values[4];
  guint flavour, n_pointers, i;

  if (size < SPEAD2_HEADER_SIZE + 4 * SPEAD2_POINTER_SIZE)
    return spead2_packet_parse_any (view, rules, data, size);

  header = spead2_read_u64 (data);
  flavour = 8 * (header >> 32 & 7);
  n_pointers = header & G_MAXUINT16;
  if (G_UNLIKELY (flavour == 0 ||
          header >> 32 != spead2_flavour_header_word (flavour) ||
          (rules->flavour != 0 && rules->flavour != flavour) ||
          n_pointers < 4 ||
          n_pointers > (size - SPEAD2_HEADER_SIZE) / SPEAD2_POINTER_SIZE))
    return spead2_packet_parse_any (view, rules, data, size);

  /* Immediates of one id are the numbers from its pointer with value 0 on. */
  step = G_GUINT64_CONSTANT (1) << flavour;
  pointer = spead2_flavour_immediate (flavour, SPEAD2_ID_HEAP_CNT, 0);
  view->pointers = data + SPEAD2_HEADER_SIZE;
  for (i = 0; i < 4; i++) {
    values[i] = spead2_packet_pointer (view, i) - pointer;
    if (G_UNLIKELY (values[i] >= step))
      return spead2_packet_parse_any (view, rules, data, size);
    pointer += step;
  }
  pointer -= 4 * step;
  for (; i < n_pointers; i++)
    if (G_UNLIKELY (spead2_packet_pointer (view, i) - pointer < 4 * step))
      return spead2_packet_parse_any (view, rules, data, size);

  view->flavour = flavour;
  view->cnt = values[0];
  view->heap_length = values[1];
  view->offset = values[2];
  view->payload_size = values[3];
  view->payload = view->pointers + n_pointers * SPEAD2_POINTER_SIZE;
  view->pointers += 4 * SPEAD2_POINTER_SIZE;
  view->n_pointers = n_pointers - 4;
  if (G_UNLIKELY (values[3] != (guint64) (data + size - view->payload) ||
          values[2] + values[3] > values[1]))
    return spead2_packet_parse_any (view, rules, data, size);
  return SPEAD2_REFUSAL_NONE;
}

G_END_DECLS

#endif /* SPEAD2_PACKET_H */
