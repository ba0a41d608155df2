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

#include <glib.h>

G_BEGIN_DECLS

/* Largest header of a datagram whose payload is read into place, in words of 64 bits. */
#define SPEAD2_PLACES_MAX_WORDS 24

/* Where the payload of the datagrams belongs that come next, if they continue the last one:
 * all have headers of the same size, in which each word steps by the same from one datagram to
 * the next, and payload of the same size, which lies one behind the other in memory. */
typedef struct {
  guint n;       /* datagrams, at least 1 */
  guint n_words; /* of a header, 1 to SPEAD2_PLACES_MAX_WORDS */
  gsize payload_size;
  /* of the first; anything may be written to these n * payload_size */
  guint8 *payload;
  guint64 words[SPEAD2_PLACES_MAX_WORDS]; /* header of the first */
  guint64 steps[SPEAD2_PLACES_MAX_WORDS]; /* modulo 2^64 */
} Spead2Places;

static inline gsize
spead2_places_header_size (const Spead2Places *places)
{
  return places->n_words * sizeof *places->words;
}

/* Bytes of each of the datagrams. */
static inline gsize
spead2_places_datagram_size (const Spead2Places *places)
{
  return spead2_places_header_size (places) + places->payload_size;
}

G_END_DECLS

#endif /* SPEAD2_PLACES_H */
