/* Where datagrams that have not come yet will belong.
 *
 * A stream in order can be predicted: the next datagrams have the header of the last one, but
 * for a number that counts their payload. So a reader can have the kernel write their payload
 * to where it belongs, instead of copying it there, and compare the headers with what was
 * predicted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PLACES_H
#define SPEAD2_PLACES_H

#include <glib.h>

G_BEGIN_DECLS

/* Largest header of a datagram whose payload is read into place, bytes. */
#define SPEAD2_PLACES_MAX_HEADER 128

/* Where the payload of the datagrams belongs that come next, if they continue the last one:
 * all have headers of the same size and bytes, but for a number that counts their
 * payload, and payload of the same size, which lies one behind the other in memory. */
typedef struct {
  guint n;           /* datagrams, at least 1 */
  gsize header_size; /* 1 to SPEAD2_PLACES_MAX_HEADER */
  gsize payload_size;
  /* of the first; anything may be written to these n * payload_size */
  guint8 *payload;
  /* 64 bits of the header, big endian, that grow by payload_size */
  gsize count_at;
  guint8 header[SPEAD2_PLACES_MAX_HEADER]; /* of the first */
} Spead2Places;

G_END_DECLS

#endif /* SPEAD2_PLACES_H */
