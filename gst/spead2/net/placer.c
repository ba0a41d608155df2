/* Payload to where it belongs: see placer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/placer.h"

#include "spead2/heap/heap.h"

/* So many messages are read as usual behind one that was not as predicted. */
#define PLACE_AFTER 16

/* --- reading to places ---------------------------------------------------- */

/* Headers and payloads in turn, and what follows them. */
static guint
lay_out (Spead2Placer *placer, guint8 *memory)
{
  const Spead2Places *places = &placer->places;
  gsize header_size = places->header_size, payload_size = places->payload_size;
  gsize begin = places->n * (header_size + payload_size);
  guint8 *payload = places->payload;
  struct iovec *iov = placer->iovs;
  guint i, n = places->n;

  for (i = 0; i < n; i++) {
    *iov++ = (struct iovec){placer->headers[i], header_size};
    *iov++ = (struct iovec){payload, payload_size};
    payload += payload_size;
  }
  *iov++ = (struct iovec){memory + begin, SPEAD2_MAX_MESSAGE - begin};
  return 2 * n + 1;
}

guint
spead2_placer_prepare (Spead2Placer *placer, guint8 *memory, gpointer user_data)
{
  gsize size = placer->last_size;

  spead2_placer_skip (placer);
  if (placer->funcs.predict == NULL || placer->n_usual > 0 ||
      placer->last == NULL || size < SPEAD2_PLACER_MIN_DATAGRAM)
    return 0;
  placer->places.n = SPEAD2_MAX_MESSAGE / size;
  if (placer->funcs.predict (placer->last, size, &placer->places, user_data))
    return lay_out (placer, memory);
  spead2_placer_skip (placer);
  return 0;
}

/* Copies the message to its memory, as if it had been read there. */
static void
gather (const Spead2Placer *placer, const Spead2ReadMessage *message)
{
  guint8 *to = message->data;
  gsize left = message->size;
  guint i;

  for (i = 0; i < 2 * placer->places.n; i++) {
    const struct iovec *iov = &placer->iovs[i];
    gsize size = MIN (iov->iov_len, left);

    memcpy (to, iov->iov_base, size);
    to += size;
    left -= size;
  }
}

/* Whether the n first headers are as predicted. */
static gboolean
match_headers (Spead2Placer *placer, guint n)
{
  guint i = 0;

  while (i < n && spead2_places_match (&placer->places, placer->headers[i]))
    i++;
  return i == n;
}

/* How many datagrams are in their places. */
static guint
count_placed (
    Spead2Placer *placer, const Spead2ReadMessage *message, gboolean intact)
{
  const Spead2Places *places = &placer->places;
  gsize size = message->size, segment = message->segment;
  gsize expected = spead2_places_datagram_size (places);
  guint n = MIN (places->n, size / expected);

  return (segment == expected || (segment == 0 && size == expected)) &&
          (n == places->n || size == n * expected) && intact &&
          match_headers (placer, n)
      ? n
      : 0;
}

guint
spead2_placer_settle (
    Spead2Placer *placer, const Spead2ReadMessage *message, gboolean intact)
{
  guint n;

  placer->n_usual -= placer->n_usual > 0;
  placer->last = NULL;
  if (placer->places.n == 0)
    return 0;

  n = count_placed (placer, message, intact);
  if (n == 0) {
    gather (placer, message);
    placer->n_usual = PLACE_AFTER;
  }
  return n;
}

/* --- copying to places ---------------------------------------------------- */

/* Fetches a place into the cache while the payload of the one before it is copied. Memory of
 * heaps is seldom there, and a processor fetches less of it at a time for the stores of a copy
 * alone: without this, heaps of 1 MiB in packets of 1472 cost a quarter more on a Xeon. */
static void
prefetch (const guint8 *place, gsize size)
{
  gsize at;

  for (at = 0; at < size; at += SPEAD2_CACHE_LINE)
    __builtin_prefetch (place + at, 1);
}

guint
spead2_placer_copy (Spead2Placer *placer, const Spead2ReadMessage *message,
    guint k, guint64 time, gpointer user_data)
{
  gsize size = message->segment;
  const guint8 *data = message->data + k * size;
  guint n_alike = MIN (message->size / size, message->whole);
  Spead2Places places;
  guint i;

  places.n = n_alike - k;
  if (k >= n_alike || placer->funcs.predict == NULL ||
      !placer->funcs.predict (placer->last, size, &places, user_data))
    return 0;
  for (i = 0; i < places.n && spead2_places_match (&places, data); i++) {
    guint8 *place = places.payload + i * places.payload_size;

    if (i + 1 < places.n)
      prefetch (place + places.payload_size, places.payload_size);
    memcpy (place, data + places.header_size, places.payload_size);
    data += size;
  }
  if (i == 0)
    return 0;
  spead2_placer_note (placer, data - size, size);
  placer->funcs.placed (&places, i, time, user_data);
  return i;
}
