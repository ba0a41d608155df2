/* A run of heaps to packets: see packetizer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/packetizer.h"

#include "spead2/error.h"

/* Standard pointers: the kinds before SPEAD2_POINTER_ITEM. */
#define N_STANDARD SPEAD2_POINTER_ITEM

/* Padding behind the data of a heap with too little payload. A packet that
 * is full of items has less than two of these to fill. */
static const guint8 zeros[2 * SPEAD2_PACKET_ALIGNMENT];

/* The size that makes all packets of the heap equal, and no more of them than full
 * ones; or that of full ones, where pointers would not fit. */
static gsize
balanced_size (const Spead2PacketConfig *config, guint n_items, guint64 length)
{
  gsize pointers = n_items * SPEAD2_POINTER_SIZE;
  gsize space = config->packet_size - config->prefix_size;
  guint64 n, size;

  if (n_items > config->max_items)
    return config->packet_size;
  n = config->repeat_pointers
      ? (length + space - pointers - 1) / (space - pointers)
      : (length + pointers + space - 1) / space;
  size = config->prefix_size +
      (length + (config->repeat_pointers ? n * pointers : pointers) + n - 1) /
          n;
  size = (size + SPEAD2_PACKET_ALIGNMENT - 1) / SPEAD2_PACKET_ALIGNMENT *
      SPEAD2_PACKET_ALIGNMENT;
  return size < config->prefix_size + pointers + SPEAD2_PACKET_ALIGNMENT
      ? config->packet_size
      : size;
}

/* Whether the first packet must have all item pointers: they are repeated in the
 * others, or its payload is fixed and leaves some no packet. */
static gboolean
all_in_first (const Spead2PacketConfig *config)
{
  return config->repeat_pointers || config->payload_per_packet > 0;
}

/* The least payload that gives each packet, full of items or not, at least one
 * byte. */
static guint64
least_payload (const Spead2PacketConfig *config, const Spead2Heap *heap)
{
  /* Most heaps need no division. */
  return all_in_first (config) || heap->n_pointers < config->max_items
      ? 1
      : SPEAD2_PACKET_ALIGNMENT * (heap->n_pointers / config->max_items) + 1;
}

/* A heap without payload gets one more: the NULL that ends its last item. */
static gboolean
check_all_in_first (
    const Spead2PacketConfig *config, const Spead2Heap *heap, GError **error)
{
  guint n_pointers = heap->n_pointers + (heap->length == 0 ? 1 : 0);

  if (!all_in_first (config) || n_pointers <= config->max_items)
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "%u item pointers do not fit one packet of %" G_GSIZE_FORMAT " bytes, "
      "which holds %u beside its payload: choose a larger max-packet-size",
      n_pointers, config->packet_size, config->max_items);
  return FALSE;
}

/* Without a payload offset a receiver cannot place a second packet. */
static gboolean
check_one_packet (
    const Spead2PacketConfig *config, const Spead2Heap *heap, GError **error)
{
  Spead2Packetizer packetizer;

  if (!config->one_packet)
    return TRUE;
  spead2_packetizer_start (&packetizer, config, heap);
  if (packetizer.next.payload_size == packetizer.length)
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A heap of %" G_GUINT64_FORMAT " bytes does not fit one packet of "
      "%" G_GSIZE_FORMAT ", and the header has no payload-offset to tell a "
      "second one's place: choose a larger max-packet-size or smaller buffers",
      packetizer.length, config->packet_size);
  return FALSE;
}

gboolean
spead2_packetizer_check (
    const Spead2PacketConfig *config, const Spead2Heap *heap, GError **error)
{
  if (least_payload (config, heap) >
      spead2_flavour_max_value (config->flavour)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "%u items need more packets than SPEAD-64-%u can number: choose a "
        "larger max-packet-size or more heap-address-bits",
        heap->n_pointers, config->flavour);
    return FALSE;
  }

  return check_all_in_first (config, heap, error) &&
      check_one_packet (config, heap, error);
}

/* How much of so many bytes of the next packet's payload is data: zeros follow. */
static gsize
data_size (const Spead2Packetizer *packetizer, gsize payload_size)
{
  const guint64 length = packetizer->heap->length;

  return MIN (payload_size, length - MIN (length, packetizer->offset));
}

/* Counts the pieces that the next packet's payload lies in. */
static guint
count_pieces (const Spead2Packetizer *packetizer, gsize payload_size)
{
  const Spead2Heap *heap = packetizer->heap;
  gsize left = data_size (packetizer, payload_size);
  guint span, n = left < payload_size ? 1 : 0;
  gsize offset = packetizer->span_offset;

  for (span = packetizer->span; left > 0; span++) {
    while (left > 0 && offset < heap->spans[span].size) {
      Spead2Piece piece;
      gsize size;

      spead2_span_find (&heap->spans[span], offset, &piece);
      size = MIN (piece.size, left);
      left -= size;
      offset += size;
      n++;
    }
    offset = 0;
  }
  return n;
}

/* Whether the next packet's header can go in front of its payload. */
static gboolean
is_in_place (
    const Spead2Packetizer *packetizer, gsize header_size, gsize payload_size)
{
  const Spead2Heap *heap = packetizer->heap;
  Spead2Piece piece;

  if (packetizer->span == heap->n_spans ||
      heap->spans[packetizer->span].headroom == 0 ||
      data_size (packetizer, payload_size) < payload_size)
    return FALSE;
  spead2_span_find (
      &heap->spans[packetizer->span], packetizer->span_offset, &piece);
  return piece.headroom >= header_size && piece.size >= payload_size;
}

/* Whether all packets from here on have their header in the gap that they have
 * in front of them, and fill the piece behind it. */
static gboolean
fill_pieces (const Spead2Packetizer *packetizer, const Spead2Span *span)
{
  const Spead2Packet *next = &packetizer->next;

  return next->payload_size == span->piece &&
      next->size - next->payload_size == span->gap &&
      (packetizer->span_offset > 0 ||
          (span->first == span->piece && span->headroom == span->gap));
}

/* The payload from the next packet on that packets with its pointers and its destination
 * have: of the heaps from its own on where each is one packet, or of what is left of its
 * heap. */
static guint64
size_of_alike (const Spead2Packetizer *packetizer)
{
  const Spead2Heap *heap = packetizer->heap;
  const Spead2Packet *next = &packetizer->next;

  if (next->is_heap)
    return heap->turns ? heap->length
                       : (heap->n_heaps - packetizer->index) * heap->length;
  return next->n_items == 0 || packetizer->config->repeat_pointers
      ? data_size (packetizer, G_MAXSIZE)
      : 0;
}

/* How many packets from the next one on are alike: of one size, with the same items, and
 * each with all of its payload in the span of the first: in its one piece, or in a piece of
 * its own. */
static guint
count_alike (const Spead2Packetizer *packetizer)
{
  const Spead2Heap *heap = packetizer->heap;
  const Spead2Packet *next = &packetizer->next;
  guint64 size = size_of_alike (packetizer);
  const Spead2Span *span;

  if (size < 2 * next->payload_size || packetizer->span == heap->n_spans)
    return 1;
  span = &heap->spans[packetizer->span];
  if (next->scratch_size == 0 ? !fill_pieces (packetizer, span)
                              : span->piece > 0 || next->n_iov != 2)
    return 1;
  size = MIN (size, span->size - packetizer->span_offset);
  return size < 2 * next->payload_size
      ? 1
      : MIN (G_MAXUINT, size / next->payload_size);
}

/* How many item pointers the packet has that comes behind so many of them. */
static guint
items_of_packet (const Spead2Packetizer *packetizer, guint item)
{
  guint first = packetizer->config->repeat_pointers ? 0 : item;

  return MIN (packetizer->n_items - first, packetizer->config->max_items);
}

static void
prepare_next (Spead2Packetizer *packetizer)
{
  const Spead2PacketConfig *config = packetizer->config;
  Spead2Packet *next = &packetizer->next;
  gsize header_size;

  if (packetizer->index == packetizer->heap->n_heaps) {
    next->size = 0;
    return;
  }

  next->n_items = items_of_packet (packetizer, packetizer->item);
  next->payload_size =
      spead2_packet_config_payload (config, packetizer->packet_size,
          next->n_items, packetizer->length - packetizer->offset);
  header_size = config->prefix_size + next->n_items * SPEAD2_POINTER_SIZE;
  next->size = header_size + next->payload_size;
  next->is_heap = next->payload_size == packetizer->length &&
      packetizer->length == packetizer->heap->length;
  if (is_in_place (packetizer, header_size, next->payload_size)) {
    next->n_iov = 1;
    next->scratch_size = 0;
  } else {
    next->n_iov = 1 + count_pieces (packetizer, next->payload_size);
    next->scratch_size = header_size;
  }
  if (next->n_iov > SPEAD2_PACKET_MAX_IOV) {
    next->n_iov = 1;
    next->scratch_size = next->size;
  }
  next->n_alike = count_alike (packetizer);
}

/* What follows from the heap's length and items. */
static void
set_sizes (Spead2Packetizer *packetizer, const Spead2PacketConfig *config,
    const Spead2Heap *heap)
{
  guint64 least = least_payload (config, heap);

  packetizer->config = config;
  packetizer->heap = heap;
  packetizer->length = heap->length;
  packetizer->n_items = heap->n_pointers;
  if (heap->length < least) {
    packetizer->length = least;
    packetizer->n_items++;
  }
  packetizer->packet_size = config->balanced
      ? balanced_size (config, packetizer->n_items, packetizer->length)
      : config->packet_size;
}

void
spead2_packetizer_start (Spead2Packetizer *packetizer,
    const Spead2PacketConfig *config, const Spead2Heap *heap)
{
  set_sizes (packetizer, config, heap);
  packetizer->destination = heap->destination;
  packetizer->cnt_step = heap->cnt_step;
  packetizer->number = 0;
  packetizer->index = 0;
  packetizer->cnt = heap->cnt;
  packetizer->offset = 0;
  packetizer->item = 0;
  packetizer->span = 0;
  packetizer->span_offset = 0;
  prepare_next (packetizer);
}

/* -- headers ------------------------------------------------------------------ */

/* The counter of the heap that is so many behind that of the next packet. */
static guint64
cnt_behind (const Spead2Packetizer *packetizer, guint n)
{
  return (packetizer->cnt + n * packetizer->cnt_step) &
      spead2_flavour_max_value (packetizer->config->flavour);
}

static guint8 *
write_pointer (guint8 *out, guint64 pointer)
{
  spead2_write_u64 (out, pointer);
  return out + SPEAD2_POINTER_SIZE;
}

static guint8 *
write_standard (const Spead2Packetizer *packetizer, guint8 *out,
    Spead2PointerKind kind, guint64 value)
{
  /* In the order of their ids, and of their kinds. */
  return write_pointer (out,
      spead2_flavour_immediate (
          packetizer->config->flavour, SPEAD2_ID_HEAP_CNT + kind, value));
}

/* Writes the run's item pointers from one on, up to another. */
static guint8 *
write_items (
    const Spead2Packetizer *packetizer, guint8 *out, guint item, guint end)
{
  const Spead2Heap *heap = packetizer->heap;

  for (; item < MIN (end, heap->n_pointers); item++)
    out = write_pointer (out, heap->pointers[item]);
  /* The pointer that ends the last item where the zeros begin. */
  if (item < end)
    out = write_pointer (out,
        spead2_flavour_addressed (heap->flavour, SPEAD2_ID_NULL, heap->length));
  return out;
}

/* Where the nth item pointer is in the header of a packet that has as many. */
static gsize
item_place (const Spead2PacketConfig *config, guint nth)
{
  guint i, n_items = 0;

  for (i = 0; config->kinds[i] != SPEAD2_POINTER_ITEMS; i++) {
    if (config->kinds[i] != SPEAD2_POINTER_ITEM)
      continue;
    if (n_items == nth)
      break;
    n_items++;
  }
  return SPEAD2_HEADER_SIZE + (i + nth - n_items) * SPEAD2_POINTER_SIZE;
}

/* Makes the run's item pointers from first on, in n headers, each stride behind the other,
 * those of the heaps from the index-th on. */
static void
step_items (const Spead2Packetizer *packetizer, guint8 *header, guint n,
    gsize stride, guint first, guint index)
{
  const Spead2Heap *heap = packetizer->heap;
  guint i, k;

  for (i = 0; i < heap->n_steps; i++) {
    const Spead2PointerStep *step = &heap->steps[i];
    const guint64 pointer = heap->pointers[step->pointer];
    guint8 *out;

    if (step->pointer < first ||
        step->pointer >= first + packetizer->next.n_items)
      continue;
    out = header + item_place (packetizer->config, step->pointer - first);
    for (k = 0; k < n; k++)
      write_pointer (
          out + k * stride, spead2_pointer_step (step, pointer, index + k));
  }
}

/* Writes the header of the next packet, and returns what is behind it. standard is set to
 * where the standard pointers are, by their kinds, or NULL. */
static guint8 *
write_header (
    Spead2Packetizer *packetizer, guint8 *header, guint8 *standard[N_STANDARD])
{
  const Spead2PacketConfig *config = packetizer->config;
  const Spead2Packet *packet = &packetizer->next;
  const guint64 values[] = {
      [SPEAD2_POINTER_HEAP_CNT] = packetizer->cnt,
      [SPEAD2_POINTER_HEAP_LENGTH] = packetizer->length,
      [SPEAD2_POINTER_PAYLOAD_OFFSET] = packetizer->offset,
      [SPEAD2_POINTER_PAYLOAD_LENGTH] = packet->payload_size,
  };
  const guint first = config->repeat_pointers ? 0 : packetizer->item;
  const guint items_end = first + packet->n_items;
  guint8 *out = header + SPEAD2_HEADER_SIZE;
  guint i, item = first;

  memset (standard, 0, N_STANDARD * sizeof *standard);
  spead2_flavour_write_header (config->flavour,
      (config->prefix_size - SPEAD2_HEADER_SIZE) / SPEAD2_POINTER_SIZE +
          packet->n_items,
      header);

  for (i = 0; i < config->n_kinds; i++) {
    Spead2PointerKind kind = config->kinds[i];
    guint end =
        kind == SPEAD2_POINTER_ITEMS ? items_end : MIN (item + 1, items_end);

    if (spead2_pointer_kind_is_item (kind)) {
      if (item < end)
        out = write_items (packetizer, out, item, end);
      item = end;
    } else {
      standard[kind] = out;
      out = write_standard (packetizer, out, kind, values[kind]);
    }
  }
  if (packetizer->index > 0)
    step_items (packetizer, header, 1, 0, first, packetizer->index);

  packetizer->item = item;
  return out;
}

/* Repeats the header of the first of n packets of a heap for those behind it, each stride
 * further on and with its own payload offset. */
static void
repeat_in_heap (const Spead2Packetizer *packetizer, guint n, guint8 *first,
    gsize size, gsize stride, const guint8 *offset)
{
  const gsize place = offset ? offset - first : 0;
  guint64 pointer = offset ? spead2_read_u64 (offset) : 0;
  guint8 *header = first;

  while (--n > 0) {
    header += stride;
    memcpy (header, first, size);
    if (offset)
      write_pointer (header + place, pointer += packetizer->next.payload_size);
  }
}

/* The same for n packets that are heaps of the run: each header has its heap's counter, and
 * its heap's values. */
static void
repeat_for_heaps (const Spead2Packetizer *packetizer, guint n, guint8 *first,
    gsize size, gsize stride, const guint8 *cnt)
{
  guint8 *header = first;
  guint i;

  for (i = 1; i < n; i++) {
    header += stride;
    memcpy (header, first, size);
    if (cnt)
      write_standard (packetizer, header + (cnt - first),
          SPEAD2_POINTER_HEAP_CNT, cnt_behind (packetizer, i));
  }
  step_items (
      packetizer, first + stride, n - 1, stride, 0, packetizer->index + 1);
}

static void
repeat_header (const Spead2Packetizer *packetizer, guint n, guint8 *first,
    gsize size, gsize stride, guint8 *standard[N_STANDARD])
{
  if (packetizer->next.is_heap)
    repeat_for_heaps (
        packetizer, n, first, size, stride, standard[SPEAD2_POINTER_HEAP_CNT]);
  else
    repeat_in_heap (packetizer, n, first, size, stride,
        standard[SPEAD2_POINTER_PAYLOAD_OFFSET]);
}

/* -- payload ------------------------------------------------------------------ */

/* Goes on by size bytes, which lie in the present span. */
static void
skip_payload (Spead2Packetizer *packetizer, gsize size)
{
  packetizer->span_offset += size;
  if (packetizer->span_offset ==
      packetizer->heap->spans[packetizer->span].size) {
    packetizer->span++;
    packetizer->span_offset = 0;
  }
}

/* Takes the next piece of payload, of at most size bytes. */
static void
take_piece (Spead2Packetizer *packetizer, gsize size, struct iovec *iov)
{
  Spead2Piece piece;

  spead2_span_find (&packetizer->heap->spans[packetizer->span],
      packetizer->span_offset, &piece);
  *iov = (struct iovec){piece.data, MIN (size, piece.size)};
  skip_payload (packetizer, iov->iov_len);
}

/* Writes the first of the next packets with its header in scratch, and sets standard as
 * write_header() does. */
static void
write_first (Spead2Packetizer *packetizer, guint8 *scratch, struct iovec *iov,
    guint8 *standard[N_STANDARD])
{
  const Spead2Packet *packet = &packetizer->next;
  gboolean gather = packet->scratch_size == packet->size;
  guint8 *payload = write_header (packetizer, scratch, standard);
  gsize data = data_size (packetizer, packet->payload_size);
  gsize left, taken = 0;

  iov->iov_base = scratch;
  iov->iov_len = packet->scratch_size;

  for (left = packet->payload_size; left > 0; left -= taken) {
    struct iovec piece = {(guint8 *) zeros, left};

    if (data > 0) {
      take_piece (packetizer, data, &piece);
      data -= piece.iov_len;
    }
    taken = piece.iov_len;
    if (gather) {
      memcpy (payload, piece.iov_base, taken);
      payload += taken;
    } else {
      *++iov = piece;
    }
  }
}

/* Writes packets that are alike with their headers in scratch. */
static guint
write_apart (
    Spead2Packetizer *packetizer, guint n, guint8 *scratch, struct iovec *iov)
{
  const Spead2Packet *packet = &packetizer->next;
  const gsize header_size = packet->scratch_size;
  guint8 *standard[N_STANDARD];
  guint i;

  write_first (packetizer, scratch, iov, standard);
  if (n == 1)
    return packet->n_iov;
  repeat_header (packetizer, n, scratch, header_size, header_size, standard);
  for (i = 1; i < n; i++) {
    iov[2 * i].iov_base = scratch + i * header_size;
    iov[2 * i].iov_len = header_size;
    iov[2 * i + 1].iov_base =
        (guint8 *) iov[1].iov_base + i * packet->payload_size;
    iov[2 * i + 1].iov_len = packet->payload_size;
  }
  skip_payload (packetizer, (n - 1) * packet->payload_size);
  return 2 * n;
}

/* Writes packets that are alike with their headers in front of the payload, where all lie
 * together. */
static guint
write_in_place (Spead2Packetizer *packetizer, guint n, struct iovec *iov)
{
  const Spead2Packet *packet = &packetizer->next;
  const gsize header_size = packet->size - packet->payload_size;
  guint8 *standard[N_STANDARD];
  struct iovec payload;
  guint8 *header;

  take_piece (packetizer, packet->payload_size, &payload);
  header = (guint8 *) payload.iov_base - header_size;
  write_header (packetizer, header, standard);
  if (n > 1) {
    repeat_header (packetizer, n, header, header_size, packet->size, standard);
    skip_payload (packetizer, (n - 1) * packet->payload_size);
  }
  *iov = (struct iovec){header, n * packet->size};
  return 1;
}

/* n packets that are alike have been written. */
static void
go_on (Spead2Packetizer *packetizer, guint n)
{
  const gboolean are_heaps = packetizer->next.is_heap;
  const guint n_heaps = are_heaps ? n : 1;

  packetizer->number += n;
  packetizer->offset += (are_heaps ? 1 : n) * packetizer->next.payload_size;
  if (packetizer->offset == packetizer->length) {
    packetizer->index += n_heaps;
    packetizer->cnt = cnt_behind (packetizer, n_heaps);
    packetizer->offset = 0;
    packetizer->item = 0;
  }
  prepare_next (packetizer);
}

guint
spead2_packetizer_write (
    Spead2Packetizer *packetizer, guint n, guint8 *scratch, struct iovec *iov)
{
  guint n_iov = packetizer->next.scratch_size == 0
      ? write_in_place (packetizer, n, iov)
      : write_apart (packetizer, n, scratch, iov);

  go_on (packetizer, n);
  return n_iov;
}

/* -- sizes of packets --------------------------------------------------------- */

/* Goes along the packets of a heap, from number 0 to end at most. Returns how many there
 * are; adds the bytes of those from first on. */
static guint64
count_packets (const Spead2PacketConfig *config, const Spead2Heap *heap,
    guint64 first, guint64 end, guint64 *bytes)
{
  Spead2Packetizer packetizer;
  guint64 offset = 0, n;
  guint item = 0;

  set_sizes (&packetizer, config, heap);
  for (n = 0; n < end && offset < packetizer.length; n++) {
    guint n_items = items_of_packet (&packetizer, item);
    gsize payload_size = spead2_packet_config_payload (
        config, packetizer.packet_size, n_items, packetizer.length - offset);

    if (n >= first)
      *bytes +=
          config->prefix_size + n_items * SPEAD2_POINTER_SIZE + payload_size;
    item += n_items;
    offset += payload_size;
  }
  return n;
}

guint64
spead2_packetizer_n_packets (
    const Spead2PacketConfig *config, const Spead2Heap *heap)
{
  guint64 bytes = 0;

  return count_packets (config, heap, 0, G_MAXUINT64, &bytes);
}

guint64
spead2_packetizer_bytes (const Spead2PacketConfig *config,
    const Spead2Heap *heap, guint64 first, guint64 n)
{
  guint64 bytes = 0;

  count_packets (config, heap, first, first + n, &bytes);
  return bytes;
}
