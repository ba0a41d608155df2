/* Collects packets into messages: see batch.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "spead2/memory/hugepages.h"
#include "spead2/net/iface.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Iovecs from one message's to the next one's: a cache line more than it has, so that those
 * of all messages do not compete for the same lines of a cache. */
#define IOV_STRIDE (SPEAD2_PACKET_MAX_IOV + 4)

void
spead2_batch_init (Spead2Batch *batch, const Spead2Endpoint *endpoints,
    guint n_destinations, gsize max_message)
{
  batch->destinations = NULL;
  batch->n_destinations = 0;
  spead2_batch_set_destinations (batch, endpoints, n_destinations);
  batch->ifaces = NULL;
  batch->source.s_addr = INADDR_ANY;
  batch->max_message = max_message;
  batch->iovs = g_new (struct iovec, SPEAD2_BATCH_MESSAGES * IOV_STRIDE);
  batch->spans =
      g_new (Spead2TxSpan, SPEAD2_BATCH_MESSAGES * SPEAD2_MESSAGE_PACKETS);
  batch->scratch = g_malloc (SPEAD2_BATCH_BYTES);
  spead2_batch_begin (batch, G_MAXUINT64);
}

void
spead2_batch_set_destinations (
    Spead2Batch *batch, const Spead2Endpoint *endpoints, guint n_destinations)
{
  batch->endpoints = endpoints;
  batch->destinations =
      g_renew (Spead2BatchDestination, batch->destinations, n_destinations);
  while (batch->n_destinations < n_destinations)
    batch->destinations[batch->n_destinations++] =
        (Spead2BatchDestination){.gso = TRUE, .paged = TRUE};
}

void
spead2_batch_set_ifaces (
    Spead2Batch *batch, const GArray *ifaces, struct in_addr source)
{
  batch->ifaces = ifaces;
  batch->source = source;
}

void
spead2_batch_clear (Spead2Batch *batch)
{
  g_free (batch->destinations);
  g_free (batch->iovs);
  g_free (batch->spans);
  g_free (batch->scratch);
}

void
spead2_batch_set_gso (Spead2Batch *batch, guint destination, gboolean on)
{
  batch->destinations[destination].gso = on;
  batch->destinations[destination].paged = on;
}

void
spead2_batch_unset_paged (Spead2Batch *batch, guint destination)
{
  batch->destinations[destination].paged = FALSE;
}

void
spead2_batch_empty (Spead2Batch *batch)
{
  batch->limits = NULL;
  batch->bytes = 0;
  batch->n_messages = 0;
  batch->scratch_used = 0;
}

void
spead2_batch_begin (Spead2Batch *batch, guint64 max_bytes)
{
  batch->max_bytes = MIN (max_bytes, SPEAD2_BATCH_BYTES);
  spead2_batch_empty (batch);
}

void
spead2_batch_set_limits (Spead2Batch *batch, const Spead2BatchLimits *limits)
{
  batch->limits = limits;
}

/* -- which message ---------------------------------------------------------- */

/* Pages that the packet lies on, at most: its header on one, unless that lies
 * with the payload, and each piece, which is smaller than a page, on two. */
static guint
most_fragments (const Spead2Packet *packet)
{
  return 2 * packet->n_iov - (packet->scratch_size > 0 ? 1 : 0);
}

/* The last message for a destination, or NULL. */
static Spead2Message *
last_message (Spead2Batch *batch, guint destination)
{
  const guint number = batch->destinations[destination].last_message;
  Spead2Message *message = &batch->messages[number];

  return number < batch->n_messages && message->destination == destination
      ? message
      : NULL;
}

/* Whether the packet, which is for the same destination, can share the message: GSO cuts a
 * message into packets of one size, of which only the last may be smaller. */
static gboolean
fits_message (const Spead2Batch *batch, const Spead2Message *message,
    const Spead2Packet *packet)
{
  return message->n_packets < message->max_packets &&
      message->size == message->n_packets * message->packet_size &&
      packet->size <= message->packet_size &&
      message->size + packet->size <= batch->max_message &&
      message->n_iov + packet->n_iov <= SPEAD2_PACKET_MAX_IOV &&
      (batch->limits == NULL ||
          message->n_fragments + most_fragments (packet) <=
              batch->limits->max_fragments);
}

/* Whether the batch takes one more message. */
static gboolean
takes_message (const Spead2Batch *batch)
{
  if (batch->n_messages == SPEAD2_BATCH_MESSAGES)
    return FALSE;
  if (batch->limits && batch->n_messages >= batch->limits->max_messages)
    return FALSE;
  if (batch->n_messages == 0)
    return TRUE;
  /* A batch that only its own size ends, ends where the next message could not be
   * filled. */
  return batch->max_bytes < SPEAD2_BATCH_BYTES ||
      batch->bytes + batch->max_message <= SPEAD2_BATCH_BYTES;
}

static Spead2Message *
begin_message (
    Spead2Batch *batch, guint destination, const Spead2Packet *packet)
{
  const guint number = batch->n_messages++;
  Spead2Message *message = &batch->messages[number];

  batch->destinations[destination].last_message = number;
  message->destination = destination;
  message->n_packets = 0;
  message->max_packets =
      batch->destinations[destination].gso ? SPEAD2_MESSAGE_PACKETS : 1;
  message->paged = batch->destinations[destination].paged;
  message->packet_size = packet->size;
  message->size = 0;
  message->iov = batch->iovs + number * IOV_STRIDE;
  message->n_iov = 0;
  message->n_fragments = 0;
  message->spans = batch->spans + number * SPEAD2_MESSAGE_PACKETS;
  message->n_spans = 0;
  return message;
}

/* The message that takes the packet, or NULL when the batch is full. */
static Spead2Message *
message_for (Spead2Batch *batch, guint destination, const Spead2Packet *packet)
{
  Spead2Message *last;

  if (batch->bytes > 0 && batch->bytes + packet->size > batch->max_bytes)
    return NULL;
  if (batch->scratch_used + packet->scratch_size > SPEAD2_BATCH_BYTES)
    return NULL;

  last = last_message (batch, destination);
  if (last && fits_message (batch, last, packet))
    return last;
  return takes_message (batch) ? begin_message (batch, destination, packet)
                               : NULL;
}

gboolean
spead2_batch_fits (Spead2Batch *batch, const Spead2Packetizer *packetizer)
{
  const Spead2Message *last = last_message (batch, packetizer->destination);

  return last && fits_message (batch, last, &packetizer->next);
}

/* How many of the next packets, which are alike, fit the message, whose first one does. */
static guint
count_fitting (const Spead2Batch *batch, const Spead2Message *message,
    const Spead2Packet *packet)
{
  gsize bytes = batch->max_message - message->size;
  guint n_iov = SPEAD2_PACKET_MAX_IOV - message->n_iov;
  guint64 n = packet->n_alike;

  /* What differs from the message's first packet is its last. */
  if (n == 1 || packet->size != message->packet_size)
    return 1;

  n = MIN (n, message->max_packets - message->n_packets);
  if (batch->max_bytes > batch->bytes)
    bytes = MIN (bytes, batch->max_bytes - batch->bytes);
  n = MIN (n, bytes / packet->size);
  if (packet->scratch_size == 0)
    return MAX (MIN (n, n_iov / packet->n_iov), 1);

  n = MIN (n, n_iov / packet->n_iov);
  n = MIN (
      n, (SPEAD2_BATCH_BYTES - batch->scratch_used) / packet->scratch_size);
  /* Their payload is contiguous: at most one page more than a page each. */
  if (batch->limits)
    n = MIN (n, (batch->limits->max_fragments - 1 - message->n_fragments) / 2);
  return MAX (n, 1);
}

/* -- adding ------------------------------------------------------------------ */

/* Memory for packet headers; NULL: the batch is full. An empty batch without headroom
 * becomes one that is copied. */
static guint8 *
take_scratch (Spead2Batch *batch, gsize size)
{
  guint8 *scratch;

  if (batch->limits) {
    scratch = batch->limits->reserve (batch->limits->user_data, size);
    if (scratch != NULL || batch->bytes > 0)
      return scratch;
    batch->limits = NULL;
  }
  scratch = batch->scratch + batch->scratch_used;
  batch->scratch_used += size;
  return scratch;
}

/* Counts packets of tx, of which the first has that number. */
static void
add_to_span (Spead2Message *message, Spead2TxState *tx, guint64 first,
    guint n_packets, gsize size)
{
  Spead2TxSpan *span = message->spans + message->n_spans - 1;

  if (message->n_spans == 0 || span->tx != tx ||
      span->first + span->n_packets != first) {
    span = message->spans + message->n_spans++;
    span->tx = tx;
    span->first = first;
    span->n_packets = 0;
    span->bytes = 0;
  }
  span->n_packets += n_packets;
  span->bytes += size;
}

static void
add_fragments (Spead2Message *message, const struct iovec *iov, guint n_iov)
{
  guint i;

  for (i = 0; i < n_iov; i++)
    message->n_fragments +=
        spead2_huge_pages_count (iov[i].iov_base, iov[i].iov_len);
}

/* Counts iovecs that were written behind the message's others. One that begins where
 * these end, as packets with their headers in place do, becomes part of the last. */
static void
add_iovs (Spead2Message *message, guint n_iov)
{
  struct iovec *iov = message->iov + message->n_iov;

  if (n_iov == 1 && message->n_iov > 0 &&
      (guint8 *) iov[-1].iov_base + iov[-1].iov_len == iov->iov_base) {
    iov[-1].iov_len += iov->iov_len;
    return;
  }
  message->n_iov += n_iov;
}

gboolean
spead2_batch_add (
    Spead2Batch *batch, Spead2Packetizer *packetizer, Spead2TxState *tx)
{
  const Spead2Packet *packet = &packetizer->next;
  const guint64 first = packetizer->number;
  guint8 *scratch = NULL;
  Spead2Message *message;
  struct iovec *iov;
  guint n, n_iov;
  gsize size;

  message = message_for (batch, packetizer->destination, packet);
  if (message == NULL)
    return FALSE;
  n = count_fitting (batch, message, packet);
  if (packet->scratch_size > 0) {
    scratch = take_scratch (batch, n * packet->scratch_size);
    if (scratch == NULL) {
      if (message->n_packets == 0)
        batch->n_messages--;
      return FALSE;
    }
  }

  size = n * packet->size;
  iov = message->iov + message->n_iov;
  n_iov = spead2_packetizer_write (packetizer, n, scratch, iov);
  if (batch->limits)
    add_fragments (message, iov, n_iov);
  add_iovs (message, n_iov);
  batch->bytes += size;

  message->n_packets += n;
  message->size += size;
  add_to_span (message, tx, first, n, size);
  tx->in_flight += n;
  return TRUE;
}

/* -- headers ----------------------------------------------------------------- */

static void
write_header (const Spead2Batch *batch, const Spead2Message *message,
    struct mmsghdr *header)
{
  const Spead2Endpoint *endpoint = &batch->endpoints[message->destination];

  memset (header, 0, sizeof *header);
  header->msg_hdr.msg_name = (gpointer) &endpoint->address;
  header->msg_hdr.msg_namelen = endpoint->address_size;
  header->msg_hdr.msg_iov = message->iov;
  header->msg_hdr.msg_iovlen = message->n_iov;
}

/* Appends a control message. control: memory for all of the header's, zeros before the
 * first. */
static void
add_control (struct mmsghdr *header, Spead2MessageControl *control, gint level,
    gint type, gconstpointer data, gsize size)
{
  struct msghdr *msg = &header->msg_hdr;
  struct cmsghdr *cmsg =
      (struct cmsghdr *) (control->bytes + msg->msg_controllen);

  msg->msg_control = control;
  msg->msg_controllen += CMSG_SPACE (size);
  cmsg->cmsg_level = level;
  cmsg->cmsg_type = type;
  cmsg->cmsg_len = CMSG_LEN (size);
  memcpy (CMSG_DATA (cmsg), data, size);
}

/* Directs a message to a group to its interface. IP_PKTINFO sets the source of an IPv4 packet
 * even where it has none, and the socket's is lost; IPV6_PKTINFO without one keeps it. */
static void
add_iface (const Spead2Batch *batch, guint destination, struct mmsghdr *header,
    Spead2MessageControl *control)
{
  const Spead2Endpoint *endpoint = &batch->endpoints[destination];
  const Spead2Iface *iface = &g_array_index (
      batch->ifaces, Spead2Iface, destination % batch->ifaces->len);
  const struct in_pktinfo ipv4 = {.ipi_ifindex = (int) iface->index,
      .ipi_spec_dst =
          batch->source.s_addr == INADDR_ANY ? iface->ipv4 : batch->source};
  const struct in6_pktinfo ipv6 = {.ipi6_ifindex = iface->index};

  if (!endpoint->multicast)
    return;
  if (spead2_endpoint_family (endpoint) == AF_INET)
    add_control (header, control, IPPROTO_IP, IP_PKTINFO, &ipv4, sizeof ipv4);
  else if (((const struct sockaddr_in6 *) &endpoint->address)->sin6_scope_id ==
      0)
    add_control (
        header, control, IPPROTO_IPV6, IPV6_PKTINFO, &ipv6, sizeof ipv6);
}

void
spead2_batch_write_headers (Spead2Batch *batch)
{
  guint i;

  for (i = 0; i < batch->n_messages; i++) {
    const Spead2Message *message = &batch->messages[i];
    struct mmsghdr *header = &batch->headers[i];
    Spead2MessageControl *control = &batch->controls[i];

    write_header (batch, message, header);
    if (spead2_message_has_gso (message) || batch->ifaces)
      memset (control, 0, sizeof *control);
    if (spead2_message_has_gso (message)) {
      const guint16 size = message->packet_size;

      add_control (
          header, control, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
    }
    if (batch->ifaces)
      add_iface (batch, message->destination, header, control);
  }
}

/* -- without GSO -------------------------------------------------------------- */

/* The iovecs of the next size bytes of a message, from *from on, of which *used
 * have been taken. Returns how many there are. */
static guint
split_iovs (
    const struct iovec **from, gsize *used, gsize size, struct iovec *iovs)
{
  guint n = 0;

  while (size > 0) {
    gsize taken = MIN (size, (*from)->iov_len - *used);

    iovs[n].iov_base = (guint8 *) (*from)->iov_base + *used;
    iovs[n++].iov_len = taken;
    size -= taken;
    *used += taken;
    if (*used == (*from)->iov_len) {
      (*from)++;
      *used = 0;
    }
  }
  return n;
}

void
spead2_batch_split (const Spead2Batch *batch, const Spead2Message *message,
    Spead2PlainMessages *plain)
{
  const struct iovec *from = message->iov;
  struct iovec *iovs = plain->iovs;
  gsize left = message->size, iov_used = 0;
  guint i, span = 0, used = 0;

  plain->n = message->n_packets;
  if (batch->ifaces)
    memset (&plain->control, 0, sizeof plain->control);
  for (i = 0; i < plain->n; i++) {
    Spead2Message *packet = &plain->messages[i];
    gsize size = MIN (left, message->packet_size);

    packet->destination = message->destination;
    packet->n_packets = packet->max_packets = 1;
    packet->paged = FALSE;
    packet->packet_size = packet->size = size;
    packet->iov = iovs;
    packet->n_iov = split_iovs (&from, &iov_used, size, iovs);
    packet->n_fragments = 0;
    iovs += packet->n_iov;

    plain->spans[i].tx = message->spans[span].tx;
    plain->spans[i].first = message->spans[span].first + used;
    plain->spans[i].n_packets = 1;
    plain->spans[i].bytes = size;
    packet->spans = &plain->spans[i];
    packet->n_spans = 1;
    if (++used == message->spans[span].n_packets) {
      span++;
      used = 0;
    }

    write_header (batch, packet, &plain->headers[i]);
    if (batch->ifaces)
      add_iface (
          batch, message->destination, &plain->headers[i], &plain->control);
    left -= size;
  }
}
