/* Packets that are sent without copying: see zerocopy.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/zerocopy.h"

#include <errno.h>

#include "spead2/clock.h"

/* With fewer messages in the kernel than these, the network interface idles while the
 * sender wakes up. */
#define FEW_MESSAGES 3

/* How long after EMSGSIZE, which a changed MTU may cause, zero copy is tried again. */
#define RETRY_INTERVAL (10 * SPEAD2_SECOND)

/* The first batch is copied: the size of its messages is not known, and messages that are
 * not copied overflow the socket buffer of a receiver on this machine if they are small. */
#define NO_BATCH                                                               \
  "The size of the messages is not known before the first ones are sent"
#define SMALL_MESSAGES                                                         \
  "Messages of less than 20000 bytes are sent faster by copying"

typedef struct {
  gboolean off;
  guint64 retry;       /* when to try again, or G_MAXUINT64 */
  const gchar *reason; /* why packets are copied, or NULL; interned */
} Destination;

/* A message that the kernel has not released. */
typedef struct {
  guint destination;
  guint n_spans;
  Spead2TxSpan spans[SPEAD2_ZERO_COPY_SPANS];
} Flight;

struct _Spead2ZeroCopy {
  Destination *destinations;
  guint n_destinations;
  guint64 retry; /* the earliest of theirs */
  gboolean always;
  /* why the next batch is copied, or NULL; static */
  const gchar *batch_reason;
  /* the batch has more than descriptors and stream control */
  gboolean has_data;
  Spead2Uring *ring;        /* or NULL */
  const gchar *error;       /* why there is none; interned */
  Spead2BatchLimits limits; /* of a batch that is not copied */
  Spead2HugePages *pages;   /* (borrowed) whose memory that lies in */
  guint released;           /* messages, since the last take */
  Flight flights[SPEAD2_URING_MESSAGES]; /* by the message's number */
  guint n_added;                         /* messages for the next send */
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
    flight->spans[i].tx->in_flight -= flight->spans[i].n_packets;
  flight->n_spans = 0;
}

static void
note_released (guint message, gboolean copied, gpointer user_data)
{
  Spead2ZeroCopy *zerocopy = user_data;
  Flight *flight = &zerocopy->flights[message];
  Destination *destination = &zerocopy->destinations[flight->destination];

  end_flight (flight);
  zerocopy->released++;
  if (copied && !destination->off)
    switch_off (destination,
        "The kernel copies what goes to a receiver, or a packet sniffer, on "
        "this machine");
}

static void
open_ring (Spead2ZeroCopy *zerocopy)
{
  GError *error = NULL;

  zerocopy->ring = spead2_uring_new (note_released, zerocopy, &error);
  zerocopy->error = NULL;
  if (zerocopy->ring == NULL) {
    zerocopy->error = g_intern_string (error->message);
    g_error_free (error);
  }
}

static guint8 *
reserve_headers (gpointer zerocopy, gsize size)
{
  return spead2_uring_reserve (((Spead2ZeroCopy *) zerocopy)->ring, size);
}

Spead2ZeroCopy *
spead2_zero_copy_new (guint n_destinations, gboolean always)
{
  Spead2ZeroCopy *zerocopy = g_new0 (Spead2ZeroCopy, 1);
  guint i;

  zerocopy->n_destinations = n_destinations;
  zerocopy->retry = G_MAXUINT64;
  zerocopy->always = always;
  zerocopy->batch_reason = always ? NULL : NO_BATCH;
  zerocopy->limits.max_fragments = SPEAD2_URING_FRAGMENTS;
  zerocopy->limits.reserve = reserve_headers;
  zerocopy->limits.user_data = zerocopy;
  zerocopy->destinations = g_new (Destination, n_destinations);
  for (i = 0; i < n_destinations; i++)
    restore (&zerocopy->destinations[i]);
  open_ring (zerocopy);
  return zerocopy;
}

void
spead2_zero_copy_set_destination (Spead2ZeroCopy *zerocopy, guint destination)
{
  if (destination >= zerocopy->n_destinations) {
    zerocopy->destinations =
        g_renew (Destination, zerocopy->destinations, destination + 1);
    while (zerocopy->n_destinations <= destination)
      restore (&zerocopy->destinations[zerocopy->n_destinations++]);
  }
  restore (&zerocopy->destinations[destination]);
}

void
spead2_zero_copy_free (Spead2ZeroCopy *zerocopy)
{
  g_clear_pointer (&zerocopy->ring, spead2_uring_free);
  g_free (zerocopy->destinations);
  g_free (zerocopy);
}

void
spead2_zero_copy_reap (Spead2ZeroCopy *zerocopy)
{
  if (zerocopy->ring)
    spead2_uring_reap (zerocopy->ring);
}

guint
spead2_zero_copy_unreleased (const Spead2ZeroCopy *zerocopy)
{
  return zerocopy->ring ? spead2_uring_in_flight (zerocopy->ring) : 0;
}

guint
spead2_zero_copy_capacity (const Spead2ZeroCopy *zerocopy)
{
  return SPEAD2_URING_MESSAGES - spead2_zero_copy_unreleased (zerocopy);
}

gint
spead2_zero_copy_fd (const Spead2ZeroCopy *zerocopy)
{
  return spead2_zero_copy_unreleased (zerocopy) > 0
      ? spead2_uring_fd (zerocopy->ring)
      : -1;
}

guint
spead2_zero_copy_released (const Spead2ZeroCopy *zerocopy)
{
  return zerocopy->released;
}

guint
spead2_zero_copy_take_released (Spead2ZeroCopy *zerocopy)
{
  const guint released = zerocopy->released;

  zerocopy->released = 0;
  return released;
}

Spead2Uring *
spead2_zero_copy_abandon (Spead2ZeroCopy *zerocopy)
{
  guint i, k;

  for (i = 0; i < SPEAD2_URING_MESSAGES; i++) {
    Flight *flight = &zerocopy->flights[i];

    for (k = 0; k < flight->n_spans; k++)
      spead2_tx_state_abandon (flight->spans[k].tx, flight->spans[k].first,
          flight->spans[k].n_packets);
    end_flight (flight);
  }
  zerocopy->error = "The kernel held memory of earlier heaps for too long";
  spead2_uring_detach (zerocopy->ring);
  return g_steal_pointer (&zerocopy->ring);
}

/* -- whether to ----------------------------------------------------------------- */

void
spead2_zero_copy_disable (
    Spead2ZeroCopy *zerocopy, guint index, gint errnum, guint64 now)
{
  Destination *destination = &zerocopy->destinations[index];

  switch_off (destination, g_strerror (errnum));
  if (errnum == EMSGSIZE)
    destination->retry = now + RETRY_INTERVAL;
  zerocopy->retry = MIN (zerocopy->retry, destination->retry);
}

gboolean
spead2_zero_copy_mark_full (Spead2ZeroCopy *zerocopy, guint destination)
{
  if (zerocopy->always ||
      spead2_zero_copy_unreleased (zerocopy) >= FEW_MESSAGES)
    return FALSE;
  switch_off (&zerocopy->destinations[destination],
      "The socket's send buffer has no room for several messages that are not "
      "copied, of up to 20 MiB each as the kernel counts: raise buffer-size, "
      "and sysctl net.core.wmem_max, to 64 MiB");
  return TRUE;
}

static void
restore_due (Spead2ZeroCopy *zerocopy, guint64 now, gboolean all)
{
  guint i;

  zerocopy->retry = G_MAXUINT64;
  for (i = 0; i < zerocopy->n_destinations; i++) {
    Destination *destination = &zerocopy->destinations[i];

    if (all || destination->retry <= now)
      restore (destination);
    zerocopy->retry = MIN (zerocopy->retry, destination->retry);
  }
}

void
spead2_zero_copy_retry (Spead2ZeroCopy *zerocopy, guint64 now, gboolean probe)
{
  if (probe || zerocopy->retry <= now)
    restore_due (zerocopy, now, probe);
  if (!probe)
    return;
  zerocopy->batch_reason = zerocopy->always ? NULL : NO_BATCH;
  if (zerocopy->ring)
    spead2_uring_forget (zerocopy->ring);
  else
    open_ring (zerocopy);
}

gboolean
spead2_zero_copy_is_on (const Spead2ZeroCopy *zerocopy, guint destination)
{
  return zerocopy->ring && !zerocopy->destinations[destination].off;
}

const gchar *
spead2_zero_copy_reason (const Spead2ZeroCopy *zerocopy, guint destination)
{
  return zerocopy->ring ? zerocopy->destinations[destination].reason
                        : zerocopy->error;
}

/* Packets with their headers in place may have any size: a message is contiguous. */
static gboolean
is_small (const Spead2Packetizer *packetizer)
{
  return packetizer->next.scratch_size > 0 &&
      (packetizer->heap->length < SPEAD2_ZERO_COPY_MIN_PACKET ||
          packetizer->config->packet_size < SPEAD2_ZERO_COPY_MIN_PACKET);
}

/* Whether the packetizer's next packet can be part of a batch of that mapping. */
static gboolean
suits (const Spead2ZeroCopy *zerocopy, const Spead2HugePages *pages,
    const Spead2Packetizer *packetizer)
{
  const Spead2Heap *heap = packetizer->heap;

  /* A heap that is longer on the wire is padded with zeros of other memory. */
  return pages != NULL && pages == heap->pages &&
      packetizer->length == heap->length && !is_small (packetizer) &&
      packetizer->next.n_iov <= SPEAD2_URING_FRAGMENTS / 2 &&
      spead2_zero_copy_is_on (zerocopy, packetizer->destination);
}

gboolean
spead2_zero_copy_suits (
    const Spead2ZeroCopy *zerocopy, const Spead2Packetizer *packetizer)
{
  return suits (zerocopy, zerocopy->pages, packetizer);
}

/* Keeps the reason why the packet is copied, unless it is not typical of the stream. */
static void
note_unsuited (Spead2ZeroCopy *zerocopy, const Spead2Packetizer *packetizer)
{
  const Spead2Heap *heap = packetizer->heap;
  Destination *destination = &zerocopy->destinations[packetizer->destination];

  if (heap->flags & (SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_CONTROL) ||
      !spead2_zero_copy_is_on (zerocopy, packetizer->destination))
    return;
  if (is_small (packetizer))
    destination->reason =
        "Packets of less than 3000 bytes are sent faster by copying";
  else if (heap->pages == NULL)
    destination->reason =
        "The buffers do not lie in memory that the sink offers";
  else if (zerocopy->batch_reason)
    destination->reason = zerocopy->batch_reason;
}

void
spead2_zero_copy_note_batch (Spead2ZeroCopy *zerocopy, const Spead2Batch *batch)
{
  const gboolean full =
      batch->limits && batch->n_messages == batch->limits->max_messages;

  if (zerocopy->has_data && !full)
    zerocopy->batch_reason = !zerocopy->always &&
            batch->bytes <
                batch->n_messages * (guint64) SPEAD2_ZERO_COPY_MIN_MESSAGE
        ? SMALL_MESSAGES
        : NULL;
  zerocopy->has_data = FALSE;
}

const Spead2BatchLimits *
spead2_zero_copy_begin (
    Spead2ZeroCopy *zerocopy, const Spead2Packetizer *packetizer)
{
  Spead2HugePages *pages = packetizer->heap->pages;
  Destination *destination = &zerocopy->destinations[packetizer->destination];
  GError *error = NULL;

  if (!(packetizer->heap->flags &
          (SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_CONTROL)))
    zerocopy->has_data = TRUE;
  if (zerocopy->batch_reason || !suits (zerocopy, pages, packetizer)) {
    note_unsuited (zerocopy, packetizer);
    return NULL;
  }
  if (spead2_uring_use (zerocopy->ring, pages, &error)) {
    spead2_uring_begin (zerocopy->ring);
    zerocopy->pages = pages;
    zerocopy->limits.max_messages = spead2_zero_copy_capacity (zerocopy);
    return zerocopy->limits.max_messages > 0 ? &zerocopy->limits : NULL;
  }
  if (error) {
    destination->reason = g_intern_string (error->message);
    g_error_free (error);
  }
  return NULL;
}

/* -- sending ---------------------------------------------------------------------- */

gboolean
spead2_zero_copy_add (Spead2ZeroCopy *zerocopy, guint destination,
    const Spead2TxSpan *spans, guint n_spans)
{
  gint number = spead2_uring_next (zerocopy->ring, zerocopy->n_added);
  Flight *flight;
  guint i;

  if (number < 0 || zerocopy->n_added == SPEAD2_URING_CHAIN)
    return FALSE;
  flight = &zerocopy->flights[number];
  zerocopy->destinations[destination].reason = NULL;
  flight->destination = destination;
  flight->n_spans = n_spans;
  for (i = 0; i < n_spans; i++) {
    flight->spans[i] = spans[i];
    spans[i].tx->in_flight += spans[i].n_packets;
  }
  zerocopy->n_added++;
  return TRUE;
}

gint
spead2_zero_copy_send (
    Spead2ZeroCopy *zerocopy, gint fd, const struct mmsghdr *headers)
{
  const guint first = spead2_uring_next (zerocopy->ring, 0);
  const guint n = zerocopy->n_added;
  gint sent = spead2_uring_send (zerocopy->ring, fd, headers, n);
  guint i;

  zerocopy->n_added = 0;
  for (i = MAX (sent, 0); i < n; i++)
    end_flight (&zerocopy->flights[(first + i) % SPEAD2_URING_MESSAGES]);
  return sent;
}
