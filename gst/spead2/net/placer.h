/* Puts the payload of datagrams that continue the last one where it belongs.
 *
 * Where that is is predicted (Spead2Places). Large payload is read to there, which saves a
 * copy: the kernel writes the headers of a message to memory of the placer, and the payload
 * between them to its places. What is behind the predicted datagrams comes to the memory of
 * the message, where it would lie if all of it had been read there. There the rest is put
 * as well, if the headers differ from what was predicted. Small payload is copied from the
 * message to its places, without the datagrams being given to anybody.
 *
 * Pure but for what predict and placed do; for one thread. Sizes are bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PLACER_H
#define SPEAD2_PLACER_H

#include <sys/uio.h>

#include "spead2/net/places.h"

G_BEGIN_DECLS

/* Bytes of memory for one message: UDP carries less, and a train is no longer. */
#define SPEAD2_MAX_MESSAGE 65536

/* Payload of smaller datagrams is not read into place: the kernel takes longer for each
 * piece than a copy does. */
#define SPEAD2_PLACER_MIN_DATAGRAM 4096
#define SPEAD2_PLACER_MAX_PLACES                                               \
  (SPEAD2_MAX_MESSAGE / SPEAD2_PLACER_MIN_DATAGRAM)

/* Both functions or none. */
typedef struct {
  /* Fills in where the payload of datagrams belongs that continue the last one, of which only
   * the header may be read, of places->n at most; FALSE: that is unknown. Header and payload
   * have the size of the last datagram together. */
  gboolean (*predict) (
      const guint8 *last, gsize size, Spead2Places *places, gpointer user_data);
  /* The payload of the first n of them is there. time: when it was read, ns. */
  void (*placed) (
      const Spead2Places *places, guint n, guint64 time, gpointer user_data);
} Spead2PlacerFuncs;

/* One datagram, or a train: several of the same size, but for the last one, which is no
 * larger. */
typedef struct {
  guint8 *data; /* SPEAD2_MAX_MESSAGE bytes, where it is read as usual */
  gsize size;
  gsize segment; /* size of a train's datagrams; 0: it is one datagram */
  guint n;       /* datagrams */
  guint whole;   /* the first of them: those that are not cut off */
} Spead2ReadMessage;

/* Fields are the placer's, but for funcs. Zeroed is one that has seen no datagram. */
typedef struct {
  Spead2PlacerFuncs funcs;
  const guint8 *last; /* (borrowed) the last datagram, or NULL */
  gsize last_size;
  guint n_usual; /* messages that are next read as usual */
  /* of the message that is read; n is 0 where it is read as usual */
  Spead2Places places;
  guint8 headers[SPEAD2_PLACER_MAX_PLACES][SPEAD2_PLACES_MAX_HEADER];
  struct iovec iovs[2 * SPEAD2_PLACER_MAX_PLACES + 1];
} Spead2Placer;

/* Prepares reading a message to places, if it is known where its payload belongs, the
 * datagrams are large, and 16 messages have been read as usual since one that was not as
 * predicted: how many of the placer's iovs it is read to, the last of which is in memory.
 * 0: read it as usual. */
guint spead2_placer_prepare (
    Spead2Placer *placer, guint8 *memory, gpointer user_data);

/* The message that is next is read as usual. */
static inline void
spead2_placer_skip (Spead2Placer *placer)
{
  placer->places.n = 0;
}

/* The message was read, and datagrams before it are gone. intact: nothing of it was cut off.
 * Returns how many of its first datagrams are in their places: as many as could be, or none,
 * and then all of the message is in its memory. */
guint spead2_placer_settle (
    Spead2Placer *placer, const Spead2ReadMessage *message, gboolean intact);

/* A datagram was given to somebody else. data: valid until spead2_placer_settle(). */
static inline void
spead2_placer_note (Spead2Placer *placer, const guint8 *data, gsize size)
{
  placer->last = data;
  placer->last_size = size;
}

/* Calls placed for the first n datagrams, as many as spead2_placer_settle() has found. */
static inline void
spead2_placer_give (
    Spead2Placer *placer, guint n, guint64 time, gpointer user_data)
{
  const Spead2Places *places = &placer->places;

  spead2_placer_note (
      placer, placer->headers[n - 1], spead2_places_datagram_size (places));
  placer->funcs.placed (places, n, time, user_data);
}

/* Copies the payload of a train's whole datagrams from number k on that have the train's size
 * and continue the last one, up to the first that does not, to where it belongs, and calls
 * placed for them. Returns how many they are. */
guint spead2_placer_copy (Spead2Placer *placer,
    const Spead2ReadMessage *message, guint k, guint64 time,
    gpointer user_data);

G_END_DECLS

#endif /* SPEAD2_PLACER_H */
