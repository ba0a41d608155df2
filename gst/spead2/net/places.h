/* Where datagrams that have not come yet will belong.
 *
 * A stream in order can be predicted: the headers of the next datagrams are that of the last
 * one, in which a few numbers step. So a reader can have the kernel write their payload to
 * where it belongs, instead of copying it there, and compare the headers with what was
 * predicted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PLACES_H
#define SPEAD2_PLACES_H

#include <string.h>

#include "spead2/wire/flavour.h"

G_BEGIN_DECLS

/* Largest header of a datagram whose payload is read into place, bytes, and the most numbers
 * of 64 bits in it that step. */
#define SPEAD2_PLACES_MAX_HEADER 192
#define SPEAD2_PLACES_MAX_STEPS 8

/* Where the payload of the datagrams belongs that come next, if they continue the last one:
 * all have headers of the same size and bytes, but for numbers that step by the same from one
 * datagram to the next, and payload of the same size, which lies one behind the other in
 * memory. */
typedef struct {
  guint n;           /* datagrams, at least 1 */
  gsize header_size; /* 1 to SPEAD2_PLACES_MAX_HEADER */
  gsize payload_size;
  /* of the first; anything may be written to these n * payload_size */
  guint8 *payload;
  guint n_steps;
  struct {
    gsize at;     /* of a number in the header, big endian */
    guint64 step; /* modulo 2^64 */
  } steps[SPEAD2_PLACES_MAX_STEPS];
  /* of the first, or of the next one that is compared */
  guint8 header[SPEAD2_PLACES_MAX_HEADER];
} Spead2Places;

/* Bytes of each of the datagrams. */
static inline gsize
spead2_places_datagram_size (const Spead2Places *places)
{
  return places->header_size + places->payload_size;
}

/* FALSE: there are too many. */
static inline gboolean
spead2_places_add_step (Spead2Places *places, gsize at, guint64 step)
{
  if (places->n_steps == SPEAD2_PLACES_MAX_STEPS)
    return FALSE;
  places->steps[places->n_steps].at = at;
  places->steps[places->n_steps++].step = step;
  return TRUE;
}

/* Whether the header is that of the next datagram. If so, the one behind it is next. */
static inline gboolean
spead2_places_match (Spead2Places *places, const guint8 *header)
{
  guint i;

  if (memcmp (header, places->header, places->header_size) != 0)
    return FALSE;
  for (i = 0; i < places->n_steps; i++) {
    guint8 *number = places->header + places->steps[i].at;

    spead2_write_u64 (number, spead2_read_u64 (number) + places->steps[i].step);
  }
  return TRUE;
}

G_END_DECLS

#endif /* SPEAD2_PLACES_H */
