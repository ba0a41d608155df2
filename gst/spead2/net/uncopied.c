/* Which packets need not be copied: see uncopied.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/uncopied.h"

#include <errno.h>

#include "spead2/clock.h"

/* With fewer messages in the kernel than these, a wire has nothing to do while
 * the sender wakes up. */
#define FEW_MESSAGES 3

/* How long after EMSGSIZE, which a changed MTU explains, it is tried again. */
#define RETRY_INTERVAL (10 * SPEAD2_SECOND)

typedef struct {
  gboolean off;
  guint64 retry;       /* when to try again, or G_MAXUINT64 */
  const gchar *reason; /* why packets are copied, or NULL; interned */
} Destination;

/* A message that the kernel has not released. */
typedef struct {
  guint destination;
  guint n_spans;
  Spead2TransferSpan spans[SPEAD2_UNCOPIED_SPANS];
} Flight;

struct _Spead2Uncopied {
  Destination *destinations;
  guint n_destinations;
  gboolean always;
  Spead2Uring *ring;                     /* or NULL */
  const gchar *error;                    /* why not; interned */
  guint released;                        /* messages */
  Flight flights[SPEAD2_URING_MESSAGES]; /* by the message's number */
  guint n_added;                         /* messages to be sent */
};

/* -- the ring ------------------------------------------------------------------ */

static void
switch_off (Destination *destination, const gchar *reason)
{
  destination->off = TRUE;
  destination->reason = g_intern_string (reason);
}

static void
restore (Destination *destination)
{
  destination->off = FALSE;
  destination->reason = NULL;
  destination->retry = G_MAXUINT64;
}

static void
end_flight (Flight *flight)
{
  guint i;

  for (i = 0; i < flight->n_spans; i++)
    flight->spans[i].transfer->in_flight -= flight->spans[i].n_packets;
  flight->n_spans = 0;
}

static void
note_released (guint message, gboolean copied, gpointer user_data)
{
  Spead2Uncopied *uncopied = user_data;
  Flight *flight = &uncopied->flights[message];
  Destination *destination = &uncopied->destinations[flight->destination];

  end_flight (flight);
  uncopied->released++;
  if (copied && !destination->off)
    switch_off (destination,
        "The kernel copies what goes to a receiver, or a packet sniffer, on "
        "this machine");
}

static void
open_ring (Spead2Uncopied *uncopied)
{
  GError *error = NULL;

  uncopied->ring = spead2_uring_new (note_released, uncopied, &error);
  uncopied->error = NULL;
  if (uncopied->ring == NULL) {
    uncopied->error = g_intern_string (error->message);
    g_error_free (error);
  }
}

Spead2Uncopied *
spead2_uncopied_new (guint n_destinations, gboolean always)
{
  Spead2Uncopied *uncopied = g_new0 (Spead2Uncopied, 1);
  guint i;

  uncopied->n_destinations = n_destinations;
  uncopied->always = always;
  uncopied->destinations = g_new (Destination, n_destinations);
  for (i = 0; i < n_destinations; i++)
    restore (&uncopied->destinations[i]);
  open_ring (uncopied);
  return uncopied;
}

void
spead2_uncopied_free (Spead2Uncopied *uncopied)
{
  g_clear_pointer (&uncopied->ring, spead2_uring_free);
  g_free (uncopied->destinations);
  g_free (uncopied);
}

void
spead2_uncopied_reap (Spead2Uncopied *uncopied)
{
  if (uncopied->ring)
    spead2_uring_reap (uncopied->ring);
}

guint
spead2_uncopied_held (const Spead2Uncopied *uncopied)
{
  return uncopied->ring ? spead2_uring_in_flight (uncopied->ring) : 0;
}

guint
spead2_uncopied_room (const Spead2Uncopied *uncopied)
{
  return SPEAD2_URING_MESSAGES - spead2_uncopied_held (uncopied);
}

gint
spead2_uncopied_fd (const Spead2Uncopied *uncopied)
{
  return spead2_uncopied_held (uncopied) > 0 ? spead2_uring_fd (uncopied->ring)
                                             : -1;
}

guint
spead2_uncopied_released (const Spead2Uncopied *uncopied)
{
  return uncopied->released;
}

Spead2Uring *
spead2_uncopied_give_up (Spead2Uncopied *uncopied)
{
  guint i, k;

  for (i = 0; i < SPEAD2_URING_MESSAGES; i++) {
    Flight *flight = &uncopied->flights[i];

    for (k = 0; k < flight->n_spans; k++)
      flight->spans[k].transfer->held = TRUE;
    end_flight (flight);
  }
  uncopied->error = "The kernel held memory of earlier heaps for too long";
  spead2_uring_disown (uncopied->ring);
  return g_steal_pointer (&uncopied->ring);
}

/* -- whether to ----------------------------------------------------------------- */

void
spead2_uncopied_refuse (
    Spead2Uncopied *uncopied, guint index, gint errnum, guint64 now)
{
  Destination *destination = &uncopied->destinations[index];

  switch_off (destination, g_strerror (errnum));
  if (errnum == EMSGSIZE)
    destination->retry = now + RETRY_INTERVAL;
}

gboolean
spead2_uncopied_crowd (Spead2Uncopied *uncopied, guint destination)
{
  if (uncopied->always || spead2_uncopied_held (uncopied) >= FEW_MESSAGES)
    return FALSE;
  switch_off (&uncopied->destinations[destination],
      "The socket's send buffer has no room for several messages that are not "
      "copied, of up to 20 MiB each as the kernel counts: raise buffer-size, "
      "and sysctl net.core.wmem_max, to 64 MiB");
  return TRUE;
}

void
spead2_uncopied_retry (Spead2Uncopied *uncopied, guint64 now, gboolean probe)
{
  guint i;

  for (i = 0; i < uncopied->n_destinations; i++)
    if (probe || uncopied->destinations[i].retry <= now)
      restore (&uncopied->destinations[i]);
  if (!probe)
    return;
  if (uncopied->ring)
    spead2_uring_forget (uncopied->ring);
  else
    open_ring (uncopied);
}

gboolean
spead2_uncopied_is_on (const Spead2Uncopied *uncopied, guint destination)
{
  return uncopied->ring && !uncopied->destinations[destination].off;
}

const gchar *
spead2_uncopied_reason (const Spead2Uncopied *uncopied, guint destination)
{
  return uncopied->ring ? uncopied->destinations[destination].reason
                        : uncopied->error;
}

/* Packets with their headers in place are of any size: a message lies together. */
static gboolean
is_small (const Spead2Packetizer *packetizer)
{
  return packetizer->next.scratch_size > 0 &&
      (packetizer->heap->length < SPEAD2_UNCOPIED_MIN_PACKET ||
          packetizer->config->packet_size < SPEAD2_UNCOPIED_MIN_PACKET);
}

gboolean
spead2_uncopied_suits (const Spead2Uncopied *uncopied,
    const Spead2HugePages *pages, const Spead2Packetizer *packetizer)
{
  const Spead2Heap *heap = packetizer->heap;

  /* A heap that is longer on the wire has zeros behind it, from elsewhere. */
  return pages != NULL && pages == heap->pages &&
      packetizer->length == heap->length && !is_small (packetizer) &&
      packetizer->next.n_iov <= SPEAD2_URING_FRAGMENTS / 2 &&
      spead2_uncopied_is_on (uncopied, heap->destination);
}

/* Says why the packet is copied, unless that tells nothing of the stream. */
static void
note_unsuited (Spead2Uncopied *uncopied, const Spead2Packetizer *packetizer)
{
  const Spead2Heap *heap = packetizer->heap;
  Destination *destination = &uncopied->destinations[heap->destination];

  if (heap->flags & (SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_CONTROL) ||
      !spead2_uncopied_is_on (uncopied, heap->destination))
    return;
  if (is_small (packetizer))
    destination->reason =
        "Packets of less than 3000 bytes are sent faster by copying";
  else if (heap->pages == NULL)
    destination->reason =
        "The buffers do not lie in memory that the sink asked for";
}

Spead2HugePages *
spead2_uncopied_begin (
    Spead2Uncopied *uncopied, const Spead2Packetizer *packetizer)
{
  Spead2HugePages *pages = packetizer->heap->pages;
  Destination *destination =
      &uncopied->destinations[packetizer->heap->destination];
  GError *error = NULL;

  if (!spead2_uncopied_suits (uncopied, pages, packetizer)) {
    note_unsuited (uncopied, packetizer);
    return NULL;
  }
  if (spead2_uring_use (uncopied->ring, pages, &error)) {
    destination->reason = NULL;
    spead2_uring_begin (uncopied->ring);
    return spead2_uncopied_room (uncopied) > 0 ? pages : NULL;
  }
  if (error) {
    destination->reason = g_intern_string (error->message);
    g_error_free (error);
  }
  return NULL;
}

/* -- sending ---------------------------------------------------------------------- */

guint8 *
spead2_uncopied_reserve (Spead2Uncopied *uncopied, gsize size)
{
  return spead2_uring_reserve (uncopied->ring, size);
}

gboolean
spead2_uncopied_add (Spead2Uncopied *uncopied, guint destination,
    const Spead2TransferSpan *spans, guint n_spans)
{
  gint number = spead2_uring_next (uncopied->ring, uncopied->n_added);
  Flight *flight;
  guint i;

  if (number < 0 || uncopied->n_added == SPEAD2_URING_CHAIN)
    return FALSE;
  flight = &uncopied->flights[number];
  flight->destination = destination;
  flight->n_spans = n_spans;
  for (i = 0; i < n_spans; i++) {
    flight->spans[i] = spans[i];
    spans[i].transfer->in_flight += spans[i].n_packets;
  }
  uncopied->n_added++;
  return TRUE;
}

gint
spead2_uncopied_send (
    Spead2Uncopied *uncopied, gint fd, const struct mmsghdr *headers)
{
  const guint first = spead2_uring_next (uncopied->ring, 0);
  const guint n = uncopied->n_added;
  gint sent = spead2_uring_send (uncopied->ring, fd, headers, n);
  guint i;

  uncopied->n_added = 0;
  for (i = MAX (sent, 0); i < n; i++)
    end_flight (&uncopied->flights[(first + i) % SPEAD2_URING_MESSAGES]);
  return sent;
}
