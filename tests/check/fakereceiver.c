/* A SPEAD receiver for tests: see fakereceiver.h.
 *
 * A datagram is parsed without knowing of any heap (parse_packet), then put
 * into its heap (heap_add), then counted. Descriptors are packets within a
 * heap, and go the same way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "fakereceiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTOR_NAME 0x10
#define DESCRIPTOR_DESCRIPTION 0x11
#define DESCRIPTOR_SHAPE 0x12
#define DESCRIPTOR_FORMAT 0x13
#define DESCRIPTOR_ID 0x14
#define DESCRIPTOR_DTYPE 0x15

#define HEADER_SIZE 8
#define POINTER_SIZE 8
#define MAGIC 0x53
#define VERSION 4
#define MAX_DATAGRAM 65536
#define BATCH 16
#define WANTED_BUFFER (64 << 20)
/* A heap length above this is taken for nonsense, not for memory to get. */
#define MAX_HEAP (G_GUINT64_CONSTANT (2) << 30)

typedef struct {
  guint64 start;
  guint64 end;
} Span;

/* A packet that keeps every rule that needs no other packet. */
typedef struct {
  guint heap_address_bits;
  guint n_items;
  const guint8 *pointers;
  guint64 cnt;
  gboolean has_heap_length;
  guint64 heap_length;
  guint64 offset;
  guint64 length;
  const guint8 *payload;
  gsize size;
} Packet;

struct _FakeReceiver {
  int fd;
  int wake; /* eventfd: the thread is to end */
  guint16 port;
  gint buffer_size;
  GThread *thread;

  /* Everything below is protected by lock; changed is signalled when packets
   * came. */
  GMutex lock;
  GCond changed;
  guint quiet_ms;
  gboolean keep_payload;
  GPtrArray *heaps; /* FakeHeap, owned */
  GHashTable *open; /* cnt -> FakeHeap, since the last stop heap */
  guint n_complete;
  guint64 n_packets;
  guint64 n_bytes;
  guint64 n_errors;
  gchar *error;
  guint n_stops;
  guint n_stops_waited;
  gint64 last_time; /* of a packet, monotonic, us; 0 before the first */
};

/* --- one packet ---------------------------------------------------------- */

static guint64
read_be (const guint8 *bytes, gsize n)
{
  guint64 value = 0;

  for (gsize i = 0; i < n; i++)
    value = value << 8 | bytes[i];
  return value;
}

static void
read_pointer (const Packet *packet, guint index, FakeItem *item)
{
  guint bits = packet->heap_address_bits;
  guint64 pointer =
      read_be (packet->pointers + index * POINTER_SIZE, POINTER_SIZE);

  item->immediate = pointer >> 63 != 0;
  item->id = (pointer & G_MAXINT64) >> bits;
  item->value = pointer & ((G_GUINT64_CONSTANT (1) << bits) - 1);
}

static gboolean
parse_header (const guint8 *bytes, gsize size, Packet *packet, gchar **error)
{
  if (size < HEADER_SIZE) {
    *error = g_strdup_printf ("%" G_GSIZE_FORMAT " bytes are no header", size);
    return FALSE;
  }
  if (bytes[0] != MAGIC || bytes[1] != VERSION) {
    *error = g_strdup_printf (
        "magic and version are %02x %02x, not 53 04", bytes[0], bytes[1]);
    return FALSE;
  }
  if (bytes[2] == 0 || bytes[3] == 0 || bytes[2] + bytes[3] != POINTER_SIZE) {
    *error = g_strdup_printf ("item pointer width %u and heap address width %u "
                              "do not make 8 bytes",
        bytes[2], bytes[3]);
    return FALSE;
  }
  if (bytes[4] != 0 || bytes[5] != 0) {
    *error = g_strdup_printf (
        "reserved header bytes are %02x %02x", bytes[4], bytes[5]);
    return FALSE;
  }
  packet->heap_address_bits = 8 * bytes[3];
  packet->n_items = (guint) read_be (bytes + 6, 2);
  packet->pointers = bytes + HEADER_SIZE;
  packet->size = size;
  if (HEADER_SIZE + (gsize) packet->n_items * POINTER_SIZE > size) {
    *error = g_strdup_printf (
        "%u item pointers in %" G_GSIZE_FORMAT " bytes", packet->n_items, size);
    return FALSE;
  }
  return TRUE;
}

static gboolean
is_standard (guint64 id)
{
  return id >= FAKE_HEAP_CNT && id <= FAKE_PAYLOAD_LENGTH;
}

static const gchar *
standard_name (guint64 id)
{
  static const gchar *const names[] = {
      "HEAP_CNT", "HEAP_LENGTH", "PAYLOAD_OFFSET", "PAYLOAD_LENGTH"};

  return names[id - FAKE_HEAP_CNT];
}

/* The four that say what the packet is: each once, immediate, and all but
 * HEAP_LENGTH there. */
static gboolean
parse_standard_items (Packet *packet, gchar **error)
{
  guint64 values[FAKE_PAYLOAD_LENGTH + 1] = {0};
  gboolean found[FAKE_PAYLOAD_LENGTH + 1] = {FALSE};

  for (guint i = 0; i < packet->n_items; i++) {
    FakeItem item;

    read_pointer (packet, i, &item);
    if (!is_standard (item.id))
      continue;
    if (!item.immediate) {
      *error = g_strdup_printf ("%s is addressed", standard_name (item.id));
      return FALSE;
    }
    if (found[item.id]) {
      *error = g_strdup_printf ("%s is there twice", standard_name (item.id));
      return FALSE;
    }
    found[item.id] = TRUE;
    values[item.id] = item.value;
  }
  for (guint id = FAKE_HEAP_CNT; id <= FAKE_PAYLOAD_LENGTH; id++) {
    if (!found[id] && id != FAKE_HEAP_LENGTH) {
      *error = g_strdup_printf ("%s is missing", standard_name (id));
      return FALSE;
    }
  }
  packet->cnt = values[FAKE_HEAP_CNT];
  packet->has_heap_length = found[FAKE_HEAP_LENGTH];
  packet->heap_length = values[FAKE_HEAP_LENGTH];
  packet->offset = values[FAKE_PAYLOAD_OFFSET];
  packet->length = values[FAKE_PAYLOAD_LENGTH];
  return TRUE;
}

static gboolean
check_addresses (const Packet *packet, gchar **error)
{
  for (guint i = 0; packet->has_heap_length && i < packet->n_items; i++) {
    FakeItem item;

    read_pointer (packet, i, &item);
    if (!item.immediate && item.value > packet->heap_length) {
      *error = g_strdup_printf (
          "heap %" G_GUINT64_FORMAT ": item 0x%" G_GINT64_MODIFIER
          "x is at %" G_GUINT64_FORMAT ", the heap ends at %" G_GUINT64_FORMAT,
          packet->cnt, item.id, item.value, packet->heap_length);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
parse_packet (const guint8 *bytes, gsize size, Packet *packet, gchar **error)
{
  gsize header;

  if (!parse_header (bytes, size, packet, error) ||
      !parse_standard_items (packet, error))
    return FALSE;
  header = HEADER_SIZE + (gsize) packet->n_items * POINTER_SIZE;
  packet->payload = bytes + header;
  if (packet->length != size - header) {
    *error = g_strdup_printf ("heap %" G_GUINT64_FORMAT ": PAYLOAD_LENGTH is "
                              "%" G_GUINT64_FORMAT
                              ", the packet has %" G_GSIZE_FORMAT,
        packet->cnt, packet->length, size - header);
    return FALSE;
  }
  if (packet->length == 0) {
    *error = g_strdup_printf (
        "heap %" G_GUINT64_FORMAT ": a packet without payload", packet->cnt);
    return FALSE;
  }
  if (packet->has_heap_length &&
      (packet->offset > packet->heap_length ||
          packet->length > packet->heap_length - packet->offset)) {
    *error = g_strdup_printf (
        "heap %" G_GUINT64_FORMAT ": payload %" G_GUINT64_FORMAT
        " + %" G_GUINT64_FORMAT " goes beyond the heap's %" G_GUINT64_FORMAT,
        packet->cnt, packet->offset, packet->length, packet->heap_length);
    return FALSE;
  }
  return check_addresses (packet, error);
}

/* --- one heap ------------------------------------------------------------ */

static FakeHeap *
heap_new (const Packet *packet, gboolean keep_payload)
{
  FakeHeap *heap = g_new0 (FakeHeap, 1);

  heap->cnt = packet->cnt;
  heap->keep_payload = keep_payload;
  heap->heap_address_bits = packet->heap_address_bits;
  heap->heap_length = -1;
  heap->stream_ctrl = -1;
  heap->items = g_array_new (FALSE, FALSE, sizeof (FakeItem));
  heap->packets = g_array_new (FALSE, FALSE, sizeof (FakePacket));
  heap->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  return heap;
}

static void
heap_free (FakeHeap *heap)
{
  g_array_unref (heap->items);
  g_array_unref (heap->packets);
  g_array_unref (heap->spans);
  g_free (heap->payload);
  g_free (heap);
}

/* Spans are sorted, apart from each other and never touch; nearly always the
 * new one continues the last. */
static gboolean
spans_add (GArray *spans, guint64 start, guint64 end)
{
  guint i = spans->len;
  Span span = {start, end};
  Span *before, *after;

  while (i > 0 && g_array_index (spans, Span, i - 1).start >= start)
    i--;
  before = i > 0 ? &g_array_index (spans, Span, i - 1) : NULL;
  after = i < spans->len ? &g_array_index (spans, Span, i) : NULL;
  if ((before != NULL && before->end > start) ||
      (after != NULL && after->start < end))
    return FALSE;
  if (before != NULL && before->end == start) {
    before->end = end;
    if (after != NULL && after->start == end) {
      before->end = after->end;
      g_array_remove_index (spans, i);
    }
  } else if (after != NULL && after->start == end) {
    after->start = start;
  } else {
    g_array_insert_val (spans, i, span);
  }
  return TRUE;
}

static gboolean
heap_check_length (FakeHeap *heap, const Packet *packet, gchar **error)
{
  if (packet->heap_address_bits != heap->heap_address_bits) {
    *error = g_strdup_printf ("heap %" G_GUINT64_FORMAT
                              ": flavour 64-%u, then 64-%u",
        heap->cnt, heap->heap_address_bits, packet->heap_address_bits);
    return FALSE;
  }
  if (!packet->has_heap_length)
    return TRUE;
  if (heap->heap_length >= 0 &&
      packet->heap_length != (guint64) heap->heap_length) {
    *error = g_strdup_printf ("heap %" G_GUINT64_FORMAT
                              ": HEAP_LENGTH is %" G_GINT64_FORMAT
                              ", then %" G_GUINT64_FORMAT,
        heap->cnt, heap->heap_length, packet->heap_length);
    return FALSE;
  }
  if (heap->payload_size > packet->heap_length) {
    *error = g_strdup_printf ("heap %" G_GUINT64_FORMAT
                              ": HEAP_LENGTH is %" G_GUINT64_FORMAT
                              ", but %" G_GSIZE_FORMAT " came before",
        heap->cnt, packet->heap_length, heap->payload_size);
    return FALSE;
  }
  return TRUE;
}

static void
heap_reserve (FakeHeap *heap, gsize size)
{
  if (size <= heap->payload_allocated)
    return;
  heap->payload = g_realloc (heap->payload, size);
  memset (heap->payload + heap->payload_allocated, 0,
      size - heap->payload_allocated);
  heap->payload_allocated = size;
}

static void
heap_add_payload (FakeHeap *heap, const Packet *packet)
{
  guint64 end = packet->offset + packet->length;

  if (heap->keep_payload) {
    heap_reserve (heap, MAX (end, packet->heap_length));
    memcpy (heap->payload + packet->offset, packet->payload, packet->length);
  }
  heap->payload_size = MAX (heap->payload_size, end);
  heap->received += packet->length;
}

static gboolean
heap_has_item (const FakeHeap *heap, const FakeItem *item)
{
  for (guint i = 0; i < heap->items->len; i++) {
    const FakeItem *known = &g_array_index (heap->items, FakeItem, i);

    if (known->id == item->id && known->immediate == item->immediate &&
        known->value == item->value)
      return TRUE;
  }
  return FALSE;
}

/* A pointer that came before is the same item again (repeated pointers). NULL
 * pads say nothing, but stay visible: they end the item before them. */
static void
heap_add_items (FakeHeap *heap, const Packet *packet)
{
  for (guint i = 0; i < packet->n_items; i++) {
    FakeItem item;

    read_pointer (packet, i, &item);
    if (is_standard (item.id) || heap_has_item (heap, &item))
      continue;
    g_array_append_val (heap->items, item);
    if (item.id == FAKE_STREAM_CTRL && item.immediate)
      heap->stream_ctrl = (gint) MIN (item.value, G_MAXINT);
  }
}

static gboolean
heap_add (FakeHeap *heap, const Packet *packet, gint64 time, gchar **error)
{
  FakePacket record = {
      packet->size, packet->n_items, packet->offset, packet->length, time};
  guint64 end = packet->offset + packet->length;

  if (!heap_check_length (heap, packet, error))
    return FALSE;
  if (heap->keep_payload && MAX (end, packet->heap_length) > MAX_HEAP) {
    *error = g_strdup_printf (
        "heap %" G_GUINT64_FORMAT ": larger than a test can hold", heap->cnt);
    return FALSE;
  }
  if (!spans_add (heap->spans, packet->offset, end)) {
    *error = g_strdup_printf ("heap %" G_GUINT64_FORMAT
                              ": some of bytes %" G_GUINT64_FORMAT
                              " to %" G_GUINT64_FORMAT " came before",
        heap->cnt, packet->offset, end);
    return FALSE;
  }
  if (packet->has_heap_length)
    heap->heap_length = (gint64) packet->heap_length;
  heap_add_payload (heap, packet);
  heap_add_items (heap, packet);
  g_array_append_val (heap->packets, record);
  heap->complete =
      heap->heap_length >= 0 && heap->received == (guint64) heap->heap_length;
  return TRUE;
}

/* --- items and descriptors ----------------------------------------------- */

const FakeItem *
fake_heap_item (const FakeHeap *heap, guint64 id, guint n)
{
  for (guint i = 0; i < heap->items->len; i++) {
    const FakeItem *item = &g_array_index (heap->items, FakeItem, i);

    if (item->id == id && n-- == 0)
      return item;
  }
  return NULL;
}

gboolean
fake_heap_immediate (const FakeHeap *heap, guint64 id, guint64 *value)
{
  const FakeItem *item = fake_heap_item (heap, id, 0);

  if (item == NULL || !item->immediate)
    return FALSE;
  *value = item->value;
  return TRUE;
}

static guint64
item_end (const FakeHeap *heap, const FakeItem *item)
{
  guint64 end = heap->payload_size;

  for (guint i = 0; i < heap->items->len; i++) {
    const FakeItem *other = &g_array_index (heap->items, FakeItem, i);

    if (other->immediate)
      continue;
    if (other->value == item->value && other > item)
      return item->value;
    if (other->value > item->value)
      end = MIN (end, other->value);
  }
  return end;
}

const guint8 *
fake_heap_item_bytes (const FakeHeap *heap, const FakeItem *item, gsize *size)
{
  guint64 end;

  *size = 0;
  if (item == NULL || item->immediate || heap->payload == NULL ||
      item->value > heap->payload_size)
    return NULL;
  end = item_end (heap, item);
  *size = end - item->value;
  return heap->payload + item->value;
}

const guint8 *
fake_heap_bytes (const FakeHeap *heap, guint64 id, gsize *size)
{
  return fake_heap_item_bytes (heap, fake_heap_item (heap, id, 0), size);
}

guint
fake_heap_n_descriptors (const FakeHeap *heap)
{
  guint n = 0;

  while (fake_heap_item (heap, FAKE_DESCRIPTOR, n) != NULL)
    n++;
  return n;
}

/* A descriptor field of either mode, as text; NULL when it is not there. */
static gchar *
descriptor_text (const FakeHeap *heap, guint64 id)
{
  const FakeItem *item = fake_heap_item (heap, id, 0);
  const guint8 *bytes;
  gsize size;

  if (item == NULL)
    return NULL;
  if (!item->immediate) {
    bytes = fake_heap_item_bytes (heap, item, &size);
    return g_strndup ((const gchar *) bytes, size);
  } else {
    GString *text = g_string_new (NULL);

    for (gint shift = (gint) heap->heap_address_bits - 8; shift >= 0;
         shift -= 8) {
      gchar c = (gchar) (item->value >> shift & 0xff);

      if (c != '\0')
        g_string_append_c (text, c);
    }
    return g_string_free (text, FALSE);
  }
}

/* An entry is a character and a length in bits. */
static gboolean
decode_format (const FakeHeap *heap, FakeDescriptor *descriptor, gchar **error)
{
  gsize width = 1 + 8 - heap->heap_address_bits / 8;
  gsize size;
  const guint8 *bytes = fake_heap_bytes (heap, DESCRIPTOR_FORMAT, &size);

  if (size % width != 0) {
    *error = g_strdup_printf ("a format of %" G_GSIZE_FORMAT
                              " bytes has no entries of %" G_GSIZE_FORMAT,
        size, width);
    return FALSE;
  }
  descriptor->n_formats = size / width;
  descriptor->formats = g_new0 (FakeFormat, descriptor->n_formats);
  for (guint i = 0; i < descriptor->n_formats; i++) {
    descriptor->formats[i].code = (gchar) bytes[i * width];
    descriptor->formats[i].bits = read_be (bytes + i * width + 1, width - 1);
  }
  return TRUE;
}

/* An entry is a flag and a number: 0 is that size, 1 any. */
static gboolean
decode_shape (const FakeHeap *heap, FakeDescriptor *descriptor, gchar **error)
{
  gsize width = 1 + heap->heap_address_bits / 8;
  gsize size;
  const guint8 *bytes = fake_heap_bytes (heap, DESCRIPTOR_SHAPE, &size);

  if (size % width != 0) {
    *error = g_strdup_printf ("a shape of %" G_GSIZE_FORMAT
                              " bytes has no entries of %" G_GSIZE_FORMAT,
        size, width);
    return FALSE;
  }
  descriptor->n_dimensions = size / width;
  descriptor->shape = g_new0 (gint64, descriptor->n_dimensions);
  for (guint i = 0; i < descriptor->n_dimensions; i++) {
    guint8 flag = bytes[i * width];
    guint64 value = read_be (bytes + i * width + 1, width - 1);

    if (flag > 1 || (flag == 1 && value != 0)) {
      *error = g_strdup_printf (
          "dimension %u is %u, %" G_GUINT64_FORMAT, i, flag, value);
      return FALSE;
    }
    descriptor->shape[i] = flag == 1 ? -1 : (gint64) value;
  }
  return TRUE;
}

static FakeDescriptor *
decode_descriptor (const FakeHeap *heap, gsize size, gchar **error)
{
  FakeDescriptor *descriptor;
  guint64 id;

  if (!heap->complete) {
    *error = g_strdup ("a descriptor's packet is not a whole heap");
    return NULL;
  }
  if (!fake_heap_immediate (heap, DESCRIPTOR_ID, &id) || id == 0) {
    *error = g_strdup ("a descriptor without an immediate id");
    return NULL;
  }
  descriptor = g_new0 (FakeDescriptor, 1);
  descriptor->id = id;
  descriptor->size = size;
  descriptor->name = descriptor_text (heap, DESCRIPTOR_NAME);
  descriptor->description = descriptor_text (heap, DESCRIPTOR_DESCRIPTION);
  descriptor->numpy = descriptor_text (heap, DESCRIPTOR_DTYPE);
  if (!decode_format (heap, descriptor, error) ||
      !decode_shape (heap, descriptor, error)) {
    fake_descriptor_free (descriptor);
    return NULL;
  }
  return descriptor;
}

FakeDescriptor *
fake_heap_descriptor (const FakeHeap *heap, guint n, gchar **error)
{
  const FakeItem *item = fake_heap_item (heap, FAKE_DESCRIPTOR, n);
  FakeDescriptor *descriptor = NULL;
  gchar *why = NULL;
  FakeHeap *inner;
  const guint8 *bytes;
  Packet packet;
  gsize size;

  bytes = fake_heap_item_bytes (heap, item, &size);
  if (bytes == NULL) {
    why = g_strdup ("there is no such descriptor");
  } else if (parse_packet (bytes, size, &packet, &why)) {
    inner = heap_new (&packet, TRUE);
    if (heap_add (inner, &packet, 0, &why))
      descriptor = decode_descriptor (inner, size, &why);
    heap_free (inner);
  }
  if (error != NULL)
    *error = why;
  else
    g_free (why);
  return descriptor;
}

void
fake_descriptor_free (FakeDescriptor *descriptor)
{
  if (descriptor == NULL)
    return;
  g_free (descriptor->name);
  g_free (descriptor->description);
  g_free (descriptor->formats);
  g_free (descriptor->shape);
  g_free (descriptor->numpy);
  g_free (descriptor);
}

/* --- the stream ---------------------------------------------------------- */

static void
count_error (FakeReceiver *receiver, gchar *error)
{
  if (receiver->n_errors++ == 0)
    receiver->error = error;
  else
    g_free (error);
}

static void
add_heap (FakeReceiver *receiver, FakeHeap *heap)
{
  g_ptr_array_add (receiver->heaps, heap);
  g_hash_table_insert (receiver->open, &heap->cnt, heap);
}

static gboolean
add_packet (
    FakeReceiver *receiver, const Packet *packet, gint64 time, gchar **error)
{
  FakeHeap *known = g_hash_table_lookup (receiver->open, &packet->cnt);
  FakeHeap *heap = known;
  gboolean was_complete = known != NULL && known->complete;
  gboolean was_stop = known != NULL && known->stream_ctrl == FAKE_CTRL_STOP;

  if (heap == NULL)
    heap = heap_new (packet, receiver->keep_payload);
  if (!heap_add (heap, packet, time, error)) {
    if (known == NULL)
      heap_free (heap);
    return FALSE;
  }
  if (known == NULL)
    add_heap (receiver, heap);
  if (heap->complete && !was_complete)
    receiver->n_complete++;
  if (heap->stream_ctrl == FAKE_CTRL_STOP) {
    if (!was_stop)
      receiver->n_stops++;
    if (heap->complete || heap->heap_length < 0)
      g_hash_table_remove_all (receiver->open);
  }
  return TRUE;
}

/* With the lock held. */
static gboolean
take_datagram (
    FakeReceiver *receiver, const guint8 *bytes, gsize size, gint64 time)
{
  gchar *error = NULL;
  Packet packet;

  receiver->n_packets++;
  receiver->n_bytes += size;
  receiver->last_time = time;
  if (parse_packet (bytes, size, &packet, &error) &&
      add_packet (receiver, &packet, time, &error))
    return TRUE;
  count_error (receiver, error);
  return FALSE;
}

gboolean
fake_receiver_feed (FakeReceiver *receiver, const guint8 *bytes, gsize size)
{
  gboolean is_good;

  g_mutex_lock (&receiver->lock);
  is_good = take_datagram (receiver, bytes, size, g_get_monotonic_time ());
  g_cond_broadcast (&receiver->changed);
  g_mutex_unlock (&receiver->lock);
  return is_good;
}

/* --- the socket ---------------------------------------------------------- */

typedef struct {
  struct mmsghdr messages[BATCH];
  struct iovec vectors[BATCH];
  guint8 bytes[BATCH][MAX_DATAGRAM];
} Batch;

static Batch *
batch_new (void)
{
  Batch *batch = g_new0 (Batch, 1);

  for (guint i = 0; i < BATCH; i++) {
    batch->vectors[i].iov_base = batch->bytes[i];
    batch->vectors[i].iov_len = MAX_DATAGRAM;
    batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
    batch->messages[i].msg_hdr.msg_iovlen = 1;
  }
  return batch;
}

/* FALSE when nothing was there. */
static gboolean
take_batch (FakeReceiver *receiver, Batch *batch)
{
  gint64 now;
  int n = recvmmsg (receiver->fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);

  if (n <= 0)
    return FALSE;
  now = g_get_monotonic_time ();
  g_mutex_lock (&receiver->lock);
  for (int i = 0; i < n; i++)
    take_datagram (receiver, batch->bytes[i], batch->messages[i].msg_len, now);
  g_cond_broadcast (&receiver->changed);
  g_mutex_unlock (&receiver->lock);
  return TRUE;
}

static gpointer
receive (gpointer data)
{
  FakeReceiver *receiver = data;
  Batch *batch = batch_new ();
  struct pollfd fds[] = {
      {receiver->fd, POLLIN, 0}, {receiver->wake, POLLIN, 0}};

  while (fds[1].revents == 0) {
    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
      g_error ("fake receiver: poll: %s", g_strerror (errno));
    while (take_batch (receiver, batch))
      ;
  }
  g_free (batch);
  return NULL;
}

static gboolean
make_address (const gchar *text, guint16 port, struct sockaddr_storage *address,
    socklen_t *size)
{
  struct sockaddr_in *in = (struct sockaddr_in *) address;
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) address;

  memset (address, 0, sizeof *address);
  if (inet_pton (AF_INET, text, &in->sin_addr) == 1) {
    in->sin_family = AF_INET;
    in->sin_port = g_htons (port);
    *size = sizeof *in;
    return TRUE;
  }
  if (inet_pton (AF_INET6, text, &in6->sin6_addr) == 1) {
    in6->sin6_family = AF_INET6;
    in6->sin6_port = g_htons (port);
    *size = sizeof *in6;
    return TRUE;
  }
  errno = EINVAL;
  return FALSE;
}

static guint16
bound_port (int fd)
{
  struct sockaddr_storage address;
  socklen_t size = sizeof address;

  if (getsockname (fd, (struct sockaddr *) &address, &size) != 0)
    return 0;
  return g_ntohs (address.ss_family == AF_INET
          ? ((struct sockaddr_in *) &address)->sin_port
          : ((struct sockaddr_in6 *) &address)->sin6_port);
}

/* As large as this user may have. */
static gint
enlarge_buffer (int fd)
{
  int value = WANTED_BUFFER;
  socklen_t size = sizeof value;

  if (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, size) != 0 &&
      setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &value, size) != 0)
    g_warning ("fake receiver: SO_RCVBUF: %s", g_strerror (errno));
  if (getsockopt (fd, SOL_SOCKET, SO_RCVBUF, &value, &size) != 0)
    return 0;
  return value;
}

static int
open_socket (const gchar *text, guint16 port)
{
  struct sockaddr_storage address;
  socklen_t size;
  int fd, saved;

  if (!make_address (text, port, &address, &size))
    return -1;
  fd = socket (address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  if (bind (fd, (struct sockaddr *) &address, size) != 0) {
    saved = errno;
    close (fd);
    errno = saved;
    return -1;
  }
  return fd;
}

static FakeReceiver *
receiver_new (int fd)
{
  FakeReceiver *receiver = g_new0 (FakeReceiver, 1);

  receiver->fd = fd;
  receiver->wake = -1;
  receiver->quiet_ms = 500;
  receiver->keep_payload = TRUE;
  g_mutex_init (&receiver->lock);
  g_cond_init (&receiver->changed);
  receiver->heaps = g_ptr_array_new_with_free_func ((GDestroyNotify) heap_free);
  receiver->open = g_hash_table_new (g_int64_hash, g_int64_equal);
  return receiver;
}

FakeReceiver *
fake_receiver_new_at (const gchar *address, guint16 port)
{
  int fd = open_socket (address, port);
  FakeReceiver *receiver;

  if (fd < 0)
    return NULL;
  receiver = receiver_new (fd);
  receiver->port = bound_port (fd);
  receiver->buffer_size = enlarge_buffer (fd);
  receiver->wake = eventfd (0, EFD_CLOEXEC);
  if (receiver->wake < 0)
    g_error ("fake receiver: eventfd: %s", g_strerror (errno));
  receiver->thread = g_thread_new ("fake-receiver", receive, receiver);
  return receiver;
}

FakeReceiver *
fake_receiver_new (int family)
{
  FakeReceiver *receiver;

  if (family == AF_UNSPEC)
    return receiver_new (-1);
  receiver = fake_receiver_new_at (family == AF_INET6 ? "::1" : "127.0.0.1", 0);
  if (receiver == NULL)
    g_error ("fake receiver: %s", g_strerror (errno));
  return receiver;
}

void
fake_receiver_free (FakeReceiver *receiver)
{
  if (receiver->thread != NULL) {
    guint64 one = 1;

    if (write (receiver->wake, &one, sizeof one) != sizeof one)
      g_error ("fake receiver: %s", g_strerror (errno));
    g_thread_join (receiver->thread);
    close (receiver->wake);
    close (receiver->fd);
  }
  g_hash_table_unref (receiver->open);
  g_ptr_array_unref (receiver->heaps);
  g_free (receiver->error);
  g_cond_clear (&receiver->changed);
  g_mutex_clear (&receiver->lock);
  g_free (receiver);
}

guint16
fake_receiver_port (FakeReceiver *receiver)
{
  return receiver->port;
}

int
fake_receiver_fd (FakeReceiver *receiver)
{
  return receiver->fd;
}

gint
fake_receiver_buffer_size (FakeReceiver *receiver)
{
  return receiver->buffer_size;
}

guint64
fake_receiver_kernel_drops (FakeReceiver *receiver)
{
  guint32 values[SK_MEMINFO_VARS] = {0};
  socklen_t size = sizeof values;

  if (receiver->fd < 0)
    return 0;
  if (getsockopt (receiver->fd, SOL_SOCKET, SO_MEMINFO, values, &size) != 0)
    g_error ("fake receiver: SO_MEMINFO: %s", g_strerror (errno));
  return values[SK_MEMINFO_DROPS];
}

/* --- what a test asks ---------------------------------------------------- */

void
fake_receiver_set_quiet (FakeReceiver *receiver, guint milliseconds)
{
  g_mutex_lock (&receiver->lock);
  receiver->quiet_ms = milliseconds;
  g_mutex_unlock (&receiver->lock);
}

void
fake_receiver_set_keep_payload (FakeReceiver *receiver, gboolean keep)
{
  g_mutex_lock (&receiver->lock);
  receiver->keep_payload = keep;
  g_mutex_unlock (&receiver->lock);
}

/* When a wait ends that has until deadline; with the lock held. */
static gint64
wait_end (const FakeReceiver *receiver, gint64 deadline)
{
  if (receiver->last_time == 0)
    return deadline;
  return MIN (
      deadline, receiver->last_time + (gint64) receiver->quiet_ms * 1000);
}

gboolean
fake_receiver_wait (FakeReceiver *receiver, guint milliseconds)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) milliseconds * 1000;
  gboolean is_stopped;

  g_mutex_lock (&receiver->lock);
  while (receiver->n_stops == receiver->n_stops_waited) {
    gint64 end = wait_end (receiver, deadline);

    if (receiver->thread == NULL || g_get_monotonic_time () >= end)
      break;
    g_cond_wait_until (&receiver->changed, &receiver->lock, end);
  }
  is_stopped = receiver->n_stops > receiver->n_stops_waited;
  receiver->n_stops_waited += is_stopped;
  g_mutex_unlock (&receiver->lock);
  return is_stopped;
}

gboolean
fake_receiver_wait_heaps (
    FakeReceiver *receiver, guint n_complete, guint milliseconds)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) milliseconds * 1000;
  gboolean is_reached;

  g_mutex_lock (&receiver->lock);
  while (receiver->n_complete < n_complete && receiver->thread != NULL &&
      g_cond_wait_until (&receiver->changed, &receiver->lock, deadline))
    ;
  is_reached = receiver->n_complete >= n_complete;
  g_mutex_unlock (&receiver->lock);
  return is_reached;
}

void
fake_receiver_forget (FakeReceiver *receiver)
{
  g_mutex_lock (&receiver->lock);
  g_hash_table_remove_all (receiver->open);
  g_ptr_array_set_size (receiver->heaps, 0);
  g_clear_pointer (&receiver->error, g_free);
  receiver->n_complete = 0;
  receiver->n_packets = 0;
  receiver->n_bytes = 0;
  receiver->n_errors = 0;
  receiver->n_stops = 0;
  receiver->n_stops_waited = 0;
  receiver->last_time = 0;
  g_mutex_unlock (&receiver->lock);
}

guint
fake_receiver_n_heaps (FakeReceiver *receiver)
{
  guint n;

  g_mutex_lock (&receiver->lock);
  n = receiver->heaps->len;
  g_mutex_unlock (&receiver->lock);
  return n;
}

guint
fake_receiver_n_complete (FakeReceiver *receiver)
{
  guint n;

  g_mutex_lock (&receiver->lock);
  n = receiver->n_complete;
  g_mutex_unlock (&receiver->lock);
  return n;
}

const FakeHeap *
fake_receiver_heap (FakeReceiver *receiver, guint index)
{
  const FakeHeap *heap = NULL;

  g_mutex_lock (&receiver->lock);
  if (index < receiver->heaps->len)
    heap = g_ptr_array_index (receiver->heaps, index);
  g_mutex_unlock (&receiver->lock);
  return heap;
}

const FakeHeap *
fake_receiver_heap_by_cnt (FakeReceiver *receiver, guint64 cnt)
{
  const FakeHeap *heap = NULL;

  g_mutex_lock (&receiver->lock);
  for (guint i = receiver->heaps->len; i > 0 && heap == NULL; i--) {
    const FakeHeap *candidate = g_ptr_array_index (receiver->heaps, i - 1);

    if (candidate->cnt == cnt)
      heap = candidate;
  }
  g_mutex_unlock (&receiver->lock);
  return heap;
}

guint64
fake_receiver_n_packets (FakeReceiver *receiver)
{
  guint64 n;

  g_mutex_lock (&receiver->lock);
  n = receiver->n_packets;
  g_mutex_unlock (&receiver->lock);
  return n;
}

guint64
fake_receiver_n_bytes (FakeReceiver *receiver)
{
  guint64 n;

  g_mutex_lock (&receiver->lock);
  n = receiver->n_bytes;
  g_mutex_unlock (&receiver->lock);
  return n;
}

guint
fake_receiver_saw_stop (FakeReceiver *receiver)
{
  guint n;

  g_mutex_lock (&receiver->lock);
  n = receiver->n_stops;
  g_mutex_unlock (&receiver->lock);
  return n;
}

const gchar *
fake_receiver_error (FakeReceiver *receiver)
{
  const gchar *error;

  g_mutex_lock (&receiver->lock);
  error = receiver->error;
  g_mutex_unlock (&receiver->lock);
  return error;
}

guint64
fake_receiver_n_errors (FakeReceiver *receiver)
{
  guint64 n;

  g_mutex_lock (&receiver->lock);
  n = receiver->n_errors;
  g_mutex_unlock (&receiver->lock);
  return n;
}
