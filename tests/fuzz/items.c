/* The text of items, fuzzed: whatever it says is refused, or makes heaps that
 * an independent decoder reads back.
 *
 * An input is six bytes of settings and then the text. Heaps are made of the
 * items, cut into packets, and given to the strict receiver of the other tests,
 * which must find every item with its value, and every descriptor whole. A
 * warning of GLib or GStreamer ends the program, as a finding of a sanitizer
 * does.
 *
 *   CC=clang meson setup build-fuzz -Dfuzz=enabled && ninja -C build-fuzz tests/fuzz/fuzz-items
 *   build-fuzz/tests/fuzz/fuzz-items -max_total_time=20 tests/fuzz/corpus/items
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include <string.h>
#include <sys/socket.h>

#include "../check/fakereceiver.h"
#include "check.h"
#include "spead2/heap/layout.h"
#include "spead2/heap/packetizer.h"

#define N_SETTINGS 6
#define N_HEAPS 3

static guint8 scratch[65536 + 8];
static struct iovec iov[SPEAD2_PACKET_MAX_IOV];
static guint8 payload[512 * 16];

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  /* GStreamer's own leaks and signal handlers are not looked at here. */
  gst_registry_fork_set_enabled (FALSE);
  gst_init (argc, argv);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  for (guint i = 0; i < sizeof payload; i++)
    payload[i] = i * 7 + i / 256;
  return 0;
}

/* One packet, of pieces; it is taken, unless its header is not for such a
 * receiver. */
static void
feed_packet (FakeReceiver *receiver, const struct iovec *pieces, guint n_pieces,
    gsize size, gboolean readable)
{
  static guint8 packet[65536];
  gsize n = 0;

  for (guint i = 0; i < n_pieces; i++) {
    memcpy (packet + n, pieces[i].iov_base, pieces[i].iov_len);
    n += pieces[i].iov_len;
  }
  check (n == size);
  if (readable && !fake_receiver_feed (receiver, packet, size)) {
    g_printerr ("%s\n", fake_receiver_error (receiver));
    abort ();
  }
}

/* Makes of one iovec of n packets one for each. */
static void
split_iov (guint n, gsize size)
{
  guint8 *data = iov[0].iov_base;

  check (iov[0].iov_len == n * size);
  for (guint i = 0; i < n; i++)
    iov[i] = (struct iovec){data + i * size, size};
}

/* As many packets at once as may be. */
static void
feed (FakeReceiver *receiver, const Spead2PacketConfig *config,
    const Spead2Heap *heap, gboolean readable)
{
  Spead2Packetizer packetizer;
  const Spead2Packet *next;

  spead2_packetizer_start (&packetizer, config, heap);
  while ((next = spead2_packetizer_peek (&packetizer)) != NULL) {
    const Spead2Packet packet = *next;
    guint n = MIN (packet.n_alike, SPEAD2_PACKET_MAX_IOV / packet.n_iov);

    check (packet.size <= config->max_packet_size);
    check (packet.scratch_size <= packet.size);
    if (packet.scratch_size > 0)
      n = MIN (n, sizeof scratch / packet.scratch_size);
    check (n >= 1);
    if (spead2_packetizer_write (&packetizer, n, scratch, iov) == 1)
      split_iov (n, packet.size);
    for (guint i = 0; i < n; i++)
      feed_packet (receiver, iov + i * packet.n_iov, packet.n_iov, packet.size,
          readable);
  }
}

static void
check_bytes (const Spead2Heap *heap, const FakeHeap *received)
{
  gsize at = 0;

  check ((guint64) received->heap_length >= heap->length);
  for (guint i = 0; i < heap->n_spans; i++) {
    Spead2Piece piece;

    for (gsize done = 0; done < heap->spans[i].size; done += piece.size) {
      spead2_span_find (&heap->spans[i], done, &piece);
      check (memcmp (received->payload + at, piece.data, piece.size) == 0);
      at += piece.size;
    }
  }
  for (; at < (guint64) received->heap_length; at++)
    check (received->payload[at] == 0);
}

/* A number as spead2 reads it: the high bits of the last bytes. */
static guint64
read_number (const Spead2Item *item, guint64 value)
{
  check (value >> 1 >> (8 * item->bytes - 1) == 0);
  value >>= 8 * item->bytes - item->bits;
  if (item->is_signed && value >> (item->bits - 1))
    value |= (G_MAXUINT64 << 1) << (item->bits - 1);
  return value;
}

/* The items that the text names, in their order, with what it says of them. */
static void
check_values (const Spead2Items *items, const FakeHeap *received, guint nth)
{
  guint at = 0;

  for (guint i = 0; i < items->n_items; i++) {
    const Spead2Item *item = &items->items[i];
    const FakeItem *found;
    gsize size;

    if (item->kind != SPEAD2_ITEM_VALUE)
      continue;
    found = fake_heap_item (received, item->id, 0);
    check (found != NULL && found->immediate == item->immediate);
    check (found >= &g_array_index (received->items, FakeItem, at));
    at = found - &g_array_index (received->items, FakeItem, 0);

    if (item->source == SPEAD2_SOURCE_NUMBERS && item->immediate)
      check (read_number (item, found->value) ==
          item->numbers[nth / item->every % item->n_numbers]);
    if (item->source == SPEAD2_SOURCE_HEAP_INDEX && item->immediate &&
        nth / item->every <= item->limit)
      check (read_number (item, found->value) == nth / item->every);
    if (item->source == SPEAD2_SOURCE_NUMBERS && !item->immediate) {
      fake_heap_item_bytes (received, found, &size);
      check (size == item->bytes);
    }
    if (item->source == SPEAD2_SOURCE_TEXT) {
      const guint8 *text = fake_heap_item_bytes (received, found, &size);

      check (size == g_bytes_get_size (item->text));
      check (memcmp (text, g_bytes_get_data (item->text, NULL), size) == 0);
      for (gsize k = 0; item->formats[0].code == 'c' && k < size; k++)
        check (text[k] > 0 && text[k] < 128);
    }
  }
}

static void
check_descriptors (const Spead2Items *items, const FakeHeap *received)
{
  guint n = 0;

  for (guint i = 0; i < items->n_items; i++) {
    const Spead2Item *item = &items->items[i];
    FakeDescriptor *descriptor;
    gchar *error = NULL;

    if (item->kind != SPEAD2_ITEM_VALUE)
      continue;
    descriptor = fake_heap_descriptor (received, n++, &error);
    if (descriptor == NULL) {
      g_printerr ("%s\n", error);
      abort ();
    }
    check (descriptor->id == item->id);
    check (g_str_equal (descriptor->name, item->name));
    check (g_str_equal (descriptor->description, item->description));
    fake_descriptor_free (descriptor);
  }
  check (fake_heap_n_descriptors (received) == n);
}

static void
check_received (const Spead2Items *items, const Spead2Heap *heap,
    const FakeHeap *received, gboolean is_data, guint nth)
{
  check (received->complete);
  check_bytes (heap, received);
  if (heap->flags & SPEAD2_HEAP_DESCRIBES)
    check_descriptors (items, received);
  if (is_data)
    check_values (items, received, nth);
}

/* Every other one has room for headers, if packets have a shape. */
static GstBuffer *
make_buffer (
    const Spead2PacketConfig *config, const Spead2Layout *layout, guint size)
{
  guint n_pointers = spead2_layout_plain_pointers (layout);
  Spead2PacketShape shape;
  GstAllocator *allocator;
  GstBuffer *buffer;

  if (size % 4 < 2 || n_pointers == 0 ||
      !spead2_packet_config_shape (config, n_pointers, &shape))
    return gst_buffer_new_wrapped_full (
        GST_MEMORY_FLAG_READONLY, payload, sizeof payload, 0, size, NULL, NULL);

  shape.heap_size = size % 8 < 4 ? 0 : 1 + size / 3;
  allocator = spead2_headroom_allocator_new (&shape, NULL);
  buffer = gst_buffer_new_allocate (allocator, size, NULL);
  check (gst_buffer_fill (buffer, 0, payload, size) == size);
  gst_object_unref (allocator);
  return buffer;
}

static void
send_heaps (const Spead2Items *items, const Spead2PacketConfig *config,
    Spead2Layout *layout, guint size)
{
  FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
  GstBuffer *buffer = make_buffer (config, layout, size);
  Spead2HeapValues values = {.buffer = buffer, .size = size};
  gchar *missing = spead2_packet_config_missing (config);
  guint nth = 0; /* data heap */

  for (guint i = 0; i < N_HEAPS; i++) {
    gboolean is_data =
        i != 1 || !spead2_layout_wants_descriptor_heap (layout, &values);
    GError *error = NULL;
    Spead2Heap *heap;

    values.sample_index = i * 1000;
    heap = is_data
        ? spead2_layout_make_heap (layout, &values, &error)
        : spead2_layout_make_descriptor_heap (layout, &values, &error);
    check ((heap == NULL) == (error != NULL));
    if (heap && spead2_packetizer_check (config, heap, &error)) {
      heap->cnt = i;
      feed (receiver, config, heap, missing == NULL);
      if (missing == NULL)
        check_received (
            items, heap, fake_receiver_heap_by_cnt (receiver, i), is_data, nth);
    }
    nth += heap && is_data;
    g_clear_error (&error);
    g_clear_pointer (&heap, spead2_heap_free);
  }
  g_free (missing);
  gst_buffer_unref (buffer);
  fake_receiver_free (receiver);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Spead2LayoutConfig layout_config = {0};
  Spead2PacketConfig config;
  Spead2Flavour flavour;
  GError *error = NULL;
  gchar *text;

  if (size < N_SETTINGS)
    return 0;
  text = g_strndup ((const gchar *) data + N_SETTINGS, size - N_SETTINGS);
  flavour = 8 + data[0] % 7 * 8;
  layout_config.items = spead2_items_new (text, flavour, &error);
  g_free (text);
  check ((layout_config.items == NULL) == (error != NULL));
  if (layout_config.items == NULL) {
    check (g_utf8_validate (error->message, -1, NULL));
    g_error_free (error);
    return 0;
  }

  spead2_packet_config_init (&config, flavour, 56 + data[1] * 8);
  config.repeat_pointers = data[2] & 1;
  config.balanced = data[2] & 2;
  config.payload_per_packet = data[2] & 4 ? 8 * (data[3] & 63) : 0;
  layout_config.descriptors = data[2] >> 3 & 1 ? SPEAD2_DESCRIPTORS_FIRST_HEAP
                                               : SPEAD2_DESCRIPTORS_OWN_HEAP;
  if (spead2_packet_config_set_items (&config, layout_config.items, NULL) &&
      spead2_packet_config_check (&config, NULL)) {
    Spead2Layout *layout = spead2_layout_new (&layout_config, NULL);

    check (layout != NULL);
    send_heaps (
        layout_config.items, &config, layout, (data[4] | data[5] << 8) & 4095);
    spead2_layout_free (layout);
  }
  spead2_items_unref (layout_config.items);
  return 0;
}
