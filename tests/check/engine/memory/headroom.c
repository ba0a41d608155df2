/* Memory with headroom for packet headers: in place, mapped, and as packets on the
 * wire.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/heap/packetizer.h"

#define HEADROOM 0xee

static const struct {
  Spead2PacketShape shape;
  gsize size;
  gsize storage;
} shapes[] = {
    /* One heap a memory. */
    {{56, 944, 40, 960, 0}, 1, 57},
    {{56, 944, 40, 960, 0}, 944, 1000},
    {{56, 944, 40, 960, 0}, 945, 1041},
    {{56, 944, 40, 960, 0}, 944 + 960, 2000},
    {{56, 944, 40, 960, 0}, 10000, 10000 + 56 + 10 * 40},
    /* Several. */
    {{56, 944, 40, 960, 8192}, 8192, 8192 + 56 + 8 * 40},
    {{56, 944, 40, 960, 8192}, 8193, 8192 + 56 + 8 * 40 + 57},
    {{56, 944, 40, 960, 8192}, 5 * 8192, 5 * (8192 + 56 + 8 * 40)},
    {{56, 8192, 40, 8208, 4096}, 3 * 4096, 3 * (4096 + 56)},
    {{56, 944, 40, 960, 7}, 7 * 5 + 3, 6 * 56 + 7 * 5 + 3},
};

static GstMemory *
new_memory (const Spead2PacketShape *shape, gsize size)
{
  GstAllocator *allocator = spead2_headroom_allocator_new (shape, NULL);
  GstMemory *memory = gst_allocator_alloc (allocator, size, NULL);

  fail_unless (spead2_is_headroom_memory (memory));
  gst_object_unref (allocator);
  return memory;
}

static guint8
pattern (gsize position)
{
  return position * 131 + (position >> 8) * 7 + 5;
}

/* The places of the payload cover the storage, each with its headroom in front and
 * nothing between them. */
GST_START_TEST (pieces_and_headroom_alternate)
{
  const Spead2PacketShape *shape = &shapes[__i__].shape;
  const gsize size = shapes[__i__].size;
  GstMemory *memory = new_memory (shape, size);
  guint8 *end = NULL, *begin = NULL;
  Spead2PacketPlace next = {0};
  gsize offset, step;

  fail_unless_equals_uint64 (
      spead2_packet_shape_storage (shape, size), shapes[__i__].storage);
  for (offset = 0; offset < size; offset += step) {
    Spead2PacketPlace place;
    gsize into = shape->heap_size ? offset % shape->heap_size : offset;

    spead2_headroom_find (memory, offset, &place);
    fail_unless_equals_int (
        place.headroom, into == 0 ? shape->first_header : shape->header);
    if (into > 0) {
      fail_unless (next.data == place.data);
      fail_unless_equals_uint64 (next.size, place.size);
      fail_unless_equals_int (next.headroom, place.headroom);
      fail_unless_equals_uint64 (next.heap_size, place.heap_size);
    } else {
      fail_unless_equals_uint64 (next.size, 0);
    }
    next = place;
    spead2_packet_place_next (&next);
    if (begin == NULL)
      begin = place.data - place.headroom;
    else
      fail_unless (place.data - place.headroom == end);
    step = MIN (place.size, size - offset);
    if (shape->heap_size)
      fail_unless_equals_uint64 (place.heap_size, shape->heap_size - into);
    end = place.data + step;

    if (step > 1) {
      Spead2PacketPlace within;

      spead2_headroom_find (memory, offset + step - 1, &within);
      fail_unless (within.data == end - 1);
      fail_unless_equals_int (within.headroom, 0);
    }
  }
  fail_unless_equals_uint64 (end - begin, shapes[__i__].storage);
  gst_memory_unref (memory);
}

GST_END_TEST;

/* Writes the pattern where it belongs, and something else into the headroom. */
static void
fill_pieces (GstMemory *memory)
{
  gsize offset, size = gst_memory_get_sizes (memory, NULL, NULL), step, i;

  for (offset = 0; offset < size; offset += step) {
    Spead2PacketPlace place;

    spead2_headroom_find (memory, offset, &place);
    memset (place.data - place.headroom, HEADROOM, place.headroom);
    step = MIN (place.size, size - offset);
    for (i = 0; i < step; i++)
      place.data[i] = pattern (offset + i);
  }
}

static void
check_mapped (GstMemory *memory, gsize position)
{
  GstMapInfo map;
  gsize i;

  fail_unless (gst_memory_map (memory, &map, GST_MAP_READ));
  for (i = 0; i < map.size; i++)
    if (map.data[i] != pattern (position + i))
      fail ("byte %" G_GSIZE_FORMAT, i);
  gst_memory_unmap (memory, &map);
}

GST_START_TEST (who_maps_it_sees_the_payload_alone)
{
  gsize size = shapes[__i__].size, middle = size / 3;
  GstMemory *memory = new_memory (&shapes[__i__].shape, size);
  GstMemory *part, *part_of_part, *copy;

  fill_pieces (memory);
  check_mapped (memory, 0);

  part = gst_memory_share (memory, middle, -1);
  check_mapped (part, middle);
  part_of_part = gst_memory_share (part, middle / 2, middle / 4);
  fail_unless_equals_uint64 (
      gst_memory_get_sizes (part_of_part, NULL, NULL), middle / 4);
  check_mapped (part_of_part, middle + middle / 2);
  copy = gst_memory_copy (part, 0, -1);
  check_mapped (copy, middle);

  /* Parts keep the whole. */
  gst_memory_unref (memory);
  gst_memory_unref (part);
  check_mapped (part_of_part, middle + middle / 2);
  gst_memory_unref (part_of_part);
  gst_memory_unref (copy);
}

GST_END_TEST;

/* As soon as the one who wrote unmaps, and without what he does not touch. */
GST_START_TEST (what_is_written_is_put_back)
{
  gsize size = shapes[__i__].size, i;
  GstMemory *memory = new_memory (&shapes[__i__].shape, size);
  GstMapInfo outer, inner;

  fill_pieces (memory);
  fail_unless (gst_memory_map (memory, &outer, GST_MAP_READWRITE));
  fail_unless (gst_memory_map (memory, &inner, GST_MAP_READ));
  fail_unless (inner.data == outer.data);
  for (i = 0; i < size; i += 2)
    outer.data[i] = ~pattern (i);
  gst_memory_unmap (memory, &outer);

  for (i = 0; i < size; i++) {
    Spead2PacketPlace place;

    spead2_headroom_find (memory, i, &place);
    if (place.data[0] != (guint8) (i % 2 ? pattern (i) : ~pattern (i)))
      fail ("byte %" G_GSIZE_FORMAT, i);
    if (place.headroom > 0 && place.data[-1] != HEADROOM)
      fail ("the headroom in front of byte %" G_GSIZE_FORMAT, i);
  }
  gst_memory_unmap (memory, &inner);
  gst_memory_unref (memory);
}

GST_END_TEST;

GST_START_TEST (headroom_has_one_owner)
{
  GstMemory *memory = new_memory (&shapes[4].shape, 10000);
  GstMemory *part = gst_memory_share (memory, 5000, 5000);

  fail_unless (spead2_headroom_claim (memory));
  fail_if (spead2_headroom_claim (memory));
  fail_if (spead2_headroom_claim (part));
  spead2_headroom_return (memory);
  fail_unless (spead2_headroom_claim (part));
  fail_if (spead2_headroom_claim (memory));
  spead2_headroom_return (part);
  gst_memory_unref (part);
  gst_memory_unref (memory);
}

GST_END_TEST;

GST_START_TEST (maps_are_as_aligned_as_was_asked)
{
  GstAllocator *allocator =
      spead2_headroom_allocator_new (&shapes[0].shape, NULL);
  GstAllocationParams params = {.align = 4095};
  GstMemory *memory = gst_allocator_alloc (allocator, 100, &params);
  GstMapInfo map;

  fail_unless (gst_memory_map (memory, &map, GST_MAP_READ));
  fail_unless_equals_uint64 ((gsize) map.data % 4096, 0);
  gst_memory_unmap (memory, &map);
  gst_memory_unref (memory);
  gst_object_unref (allocator);
}

GST_END_TEST;

GST_START_TEST (prefix_and_padding_are_given_by_ordinary_memory)
{
  GstAllocator *allocator =
      spead2_headroom_allocator_new (&shapes[0].shape, NULL);
  GstAllocationParams params = {.align = 63, .padding = 16};
  GstMemory *memory = gst_allocator_alloc (allocator, 5000, &params);

  fail_if (spead2_is_headroom_memory (memory));
  gst_memory_unref (memory);
  params = (GstAllocationParams){.align = 63, .prefix = 16};
  memory = gst_allocator_alloc (allocator, 5000, &params);
  fail_if (spead2_is_headroom_memory (memory));
  gst_memory_unref (memory);
  gst_object_unref (allocator);
}

GST_END_TEST;

/* -- packets ---------------------------------------------------------------------- */

/* A heap: so many immediates, so many bytes in front of the samples, and size of
 * these from offset of the buffer on. */
static Spead2Heap *
make_heap (guint n_immediates, gsize in_front, GstBuffer *buffer, gsize offset,
    gsize size)
{
  Spead2Heap *heap = spead2_heap_new (40);
  guint i;

  heap->cnt = 7;
  if (in_front > 0) {
    guint8 *bytes = g_malloc0 (in_front);
    GBytes *value = g_bytes_new_take (bytes, in_front);

    fail_unless (spead2_heap_add_addressed (heap, 0x2000, NULL));
    fail_unless (spead2_heap_append_bytes (heap, value, NULL));
    g_bytes_unref (value);
  }
  for (i = 0; i < n_immediates; i++)
    fail_unless (spead2_heap_add_immediate (heap, 0x1600 + i, i, NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  fail_unless (spead2_heap_append_buffer (heap, buffer, offset, size, NULL));
  return heap;
}

/* The heap's packets one behind the other. n_in_place: how many of them have their
 * headers in the buffer's memory. */
static GByteArray *
cut (const Spead2PacketConfig *config, const Spead2Heap *heap, guint at_a_time,
    guint *n_in_place)
{
  GByteArray *wire = g_byte_array_new ();
  Spead2Packetizer packetizer;
  const Spead2Packet *next;

  *n_in_place = 0;
  fail_unless (spead2_packetizer_check (config, heap, NULL));
  spead2_packetizer_start (&packetizer, config, heap);
  while ((next = spead2_packetizer_peek (&packetizer)) != NULL) {
    Spead2Packet packet = *next;
    guint n = MIN (packet.n_alike, at_a_time), n_iov, i;
    guint8 *scratch = g_malloc (n * packet.scratch_size);
    struct iovec *iov = g_new (struct iovec, n * packet.n_iov);
    gsize before = wire->len;

    n_iov = spead2_packetizer_write (&packetizer, n, scratch, iov);
    fail_unless (n_iov <= n * packet.n_iov);
    for (i = 0; i < n_iov; i++)
      g_byte_array_append (wire, iov[i].iov_base, iov[i].iov_len);
    fail_unless_equals_uint64 (wire->len - before, n * packet.size);
    if (packet.scratch_size == 0) {
      fail_unless_equals_int (n_iov, 1);
      *n_in_place += n;
    }
    g_free (scratch);
    g_free (iov);
  }
  return wire;
}

/* In ordinary memory. */
static GstBuffer *
copy_of (GstBuffer *buffer)
{
  gpointer bytes;
  gsize size;

  gst_buffer_extract_dup (buffer, 0, -1, &bytes, &size);
  return gst_buffer_new_wrapped (bytes, size);
}

/* The packets are those of ordinary memory; payload and headroom of others are left
 * alone. in_place: how many packets have their headers there, or -1: any. */
static void
check_packets (const Spead2PacketConfig *config, GstBuffer *packets,
    guint n_immediates, gsize in_front, gsize offset, gsize size, gint in_place)
{
  static const guint steps[] = {1, 3, G_MAXUINT};
  GstBuffer *plain = copy_of (packets);
  Spead2Heap *heap = make_heap (n_immediates, in_front, plain, offset, size);
  guint n_in_place, i;
  GByteArray *wanted = cut (config, heap, 1, &n_in_place);

  fail_unless_equals_int (n_in_place, 0);
  spead2_heap_free (heap);
  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    GByteArray *wire;

    heap = make_heap (n_immediates, in_front, packets, offset, size);
    wire = cut (config, heap, steps[i], &n_in_place);
    fail_unless_equals_uint64 (wire->len, wanted->len);
    fail_unless (memcmp (wire->data, wanted->data, wire->len) == 0);
    if (in_place >= 0)
      fail_unless_equals_int (n_in_place, in_place);
    g_byte_array_unref (wire);
    spead2_heap_free (heap);
  }
  g_byte_array_unref (wanted);
  check_mapped (gst_buffer_peek_memory (packets, 0), 0);
  gst_buffer_unref (plain);
}

static void
config_init (Spead2PacketConfig *config, gsize packet, gboolean repeat,
    gsize payload_per_packet)
{
  spead2_packet_config_init (config, 40, packet);
  config->repeat_pointers = repeat;
  config->payload_per_packet = payload_per_packet;
  fail_unless (spead2_packet_config_check (config, NULL));
}

static GstBuffer *
new_buffer (const Spead2PacketShape *shape, gsize size)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstMemory *memory = new_memory (shape, size);

  fill_pieces (memory);
  gst_buffer_append_memory (buffer, memory);
  return buffer;
}

static const struct {
  gsize packet;
  gboolean repeat;
  gsize payload_per_packet;
  guint n_immediates;
} ways[] = {
    {1472, FALSE, 0, 1},
    {1472, TRUE, 0, 1},
    {1472, FALSE, 1024, 1},
    {1472, TRUE, 1024, 3},
    {8972, FALSE, 0, 0},
    {100, FALSE, 0, 4},
    {65507, FALSE, 0, 1},
};

static const gsize sizes[] = {1, 7, 8, 1000, 1416, 1417, 8192, 100003};

GST_START_TEST (headers_go_in_front_of_the_payload)
{
  Spead2PacketShape shape;
  Spead2PacketConfig config;
  guint i;

  config_init (&config, ways[__i__].packet, ways[__i__].repeat,
      ways[__i__].payload_per_packet);
  fail_unless (spead2_packet_config_shape (
      &config, ways[__i__].n_immediates + 1, &shape));
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    gsize size = sizes[i];
    gsize behind = size - MIN (size, shape.first_piece);
    GstBuffer *buffer = new_buffer (&shape, size);

    check_packets (&config, buffer, ways[__i__].n_immediates, 0, 0, size,
        1 + (behind + shape.piece - 1) / shape.piece);
    gst_buffer_unref (buffer);
  }
}

GST_END_TEST;

/* Heaps cut from one memory, which has headroom for each. */
GST_START_TEST (several_heaps_of_a_memory)
{
  Spead2PacketConfig config;
  Spead2PacketShape shape;
  GstBuffer *buffer;
  guint i;

  config_init (&config, 1472, FALSE, 0);
  fail_unless (spead2_packet_config_shape (&config, 2, &shape));
  shape.heap_size = 5000;
  buffer = new_buffer (&shape, 23456);
  for (i = 0; i < 5; i++)
    check_packets (&config, buffer, 1, 0, i * 5000,
        MIN (5000, 23456 - i * 5000), i < 4 ? 4 : 3);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* As many heaps as one likes share the headroom of a buffer, if they take its bytes
 * in order. */
GST_START_TEST (heaps_of_a_mapped_buffer)
{
  Spead2PacketConfig config;
  Spead2PacketShape shape;
  Spead2MappedBuffer *mapped;
  Spead2Heap *heaps[301];
  GstBuffer *buffer;
  guint i, n_in_place;

  config_init (&config, 1472, FALSE, 0);
  fail_unless (spead2_packet_config_shape (&config, 2, &shape));
  shape.heap_size = 100;
  buffer = new_buffer (&shape, 30000);
  mapped = spead2_mapped_buffer_new (buffer, NULL);
  for (i = 0; i <= 300; i++) {
    heaps[i] = spead2_heap_new (40);
    fail_unless (spead2_heap_add_immediate (heaps[i], 0x1600, i, NULL));
    fail_unless (spead2_heap_add_addressed (heaps[i], 0x3300, NULL));
    /* The last one is the second of its bytes. */
    fail_unless (spead2_heap_append_mapped (
        heaps[i], mapped, i < 300 ? i * 100 : 7000, 100, NULL));
  }
  spead2_mapped_buffer_unref (mapped);
  for (i = 0; i <= 300; i++) {
    g_byte_array_unref (cut (&config, heaps[i], 1, &n_in_place));
    fail_unless_equals_int (n_in_place, i < 300 ? 1 : 0);
    spead2_heap_free (heaps[i]);
  }
  check_packets (&config, buffer, 1, 0, 200, 100, 1);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Wherever packets do not fall on the pieces, the bytes are right all the same. */
GST_START_TEST (packets_that_do_not_fit_the_pieces)
{
  Spead2PacketConfig config, other;
  Spead2PacketShape shape;
  GstBuffer *buffer;

  config_init (&config, 1472, FALSE, 0);
  fail_unless (spead2_packet_config_shape (&config, 2, &shape));
  shape.heap_size = __i__ ? 7001 : 0;
  buffer = new_buffer (&shape, 30000);
  check_packets (&config, buffer, 1, 297, 0, 30000, -1);
  check_packets (&config, buffer, 1, 8, 0, 30000, -1);
  check_packets (&config, buffer, 5, 0, 0, 30000, -1);
  check_packets (&config, buffer, 0, 0, 0, 30000, -1);
  check_packets (&config, buffer, 1, 0, 1, 29999, 0);
  check_packets (&config, buffer, 1, 0, 5000, 20000, 0);
  check_packets (&config, buffer, 1, 0, 1416, 1432, -1);
  config_init (&other, 8972, FALSE, 0);
  check_packets (&other, buffer, 1, 0, 0, 30000, -1);
  config_init (&other, 500, TRUE, 0);
  check_packets (&other, buffer, 1, 0, 0, 30000, -1);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* The second heap of the same bytes writes its headers elsewhere. */
GST_START_TEST (heaps_of_the_same_bytes_do_not_share_headers)
{
  Spead2PacketConfig config;
  Spead2PacketShape shape;
  Spead2Heap *first, *second;
  GByteArray *first_wire, *second_wire;
  GstBuffer *buffer;
  guint n_first, n_second;

  config_init (&config, 1472, FALSE, 0);
  fail_unless (spead2_packet_config_shape (&config, 2, &shape));
  buffer = new_buffer (&shape, 10000);
  first = make_heap (1, 0, buffer, 0, 10000);
  second = make_heap (1, 0, buffer, 0, 10000);
  first_wire = cut (&config, first, G_MAXUINT, &n_first);
  second_wire = cut (&config, second, G_MAXUINT, &n_second);
  fail_unless_equals_int (n_first, 7);
  fail_unless_equals_int (n_second, 0);
  fail_unless (first_wire->len == second_wire->len &&
      memcmp (first_wire->data, second_wire->data, first_wire->len) == 0);
  spead2_heap_free (first);
  spead2_heap_free (second);
  check_packets (&config, buffer, 1, 0, 0, 10000, 7);

  g_byte_array_unref (first_wire);
  g_byte_array_unref (second_wire);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (nobody_writes_what_a_heap_holds)
{
  Spead2PacketConfig config;
  Spead2PacketShape shape;
  GstBuffer *buffer;
  GstMemory *memory;
  GstMapInfo map;
  Spead2Heap *heap;

  config_init (&config, 1472, FALSE, 0);
  fail_unless (spead2_packet_config_shape (&config, 2, &shape));
  buffer = new_buffer (&shape, 10000);
  memory = gst_buffer_get_memory (buffer, 0);
  heap = make_heap (1, 0, buffer, 0, 10000);
  fail_if (gst_memory_map (memory, &map, GST_MAP_WRITE));
  check_mapped (memory, 0);
  spead2_heap_free (heap);
  gst_memory_unref (memory);
  memory = gst_buffer_peek_memory (buffer, 0);
  fail_unless (gst_memory_map (memory, &map, GST_MAP_WRITE));
  gst_memory_unmap (memory, &map);

  /* Nor does a heap take what somebody writes. */
  fail_unless (gst_memory_map (memory, &map, GST_MAP_WRITE));
  heap = spead2_heap_new (40);
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  fail_if (spead2_heap_append_buffer (heap, buffer, 0, 10000, NULL));
  spead2_heap_free (heap);
  gst_memory_unmap (memory, &map);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (no_shape_where_packets_differ_from_heap_to_heap)
{
  Spead2PacketConfig config;
  Spead2PacketShape shape;

  config_init (&config, 1472, FALSE, 0);
  fail_unless (spead2_packet_config_shape (&config, config.max_items, &shape));
  fail_if (spead2_packet_config_shape (&config, config.max_items + 1, &shape));
  config.balanced = TRUE;
  fail_if (spead2_packet_config_shape (&config, 2, &shape));
}

GST_END_TEST;

static Suite *
headroom_suite (void)
{
  Suite *suite = suite_create ("headroom");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (
      tc, pieces_and_headroom_alternate, 0, G_N_ELEMENTS (shapes));
  tcase_add_loop_test (
      tc, who_maps_it_sees_the_payload_alone, 0, G_N_ELEMENTS (shapes));
  tcase_add_loop_test (
      tc, what_is_written_is_put_back, 0, G_N_ELEMENTS (shapes));
  tcase_add_test (tc, headroom_has_one_owner);
  tcase_add_test (tc, maps_are_as_aligned_as_was_asked);
  tcase_add_test (tc, prefix_and_padding_are_given_by_ordinary_memory);
  tcase_add_loop_test (
      tc, headers_go_in_front_of_the_payload, 0, G_N_ELEMENTS (ways));
  tcase_add_test (tc, several_heaps_of_a_memory);
  tcase_add_test (tc, heaps_of_a_mapped_buffer);
  tcase_add_loop_test (tc, packets_that_do_not_fit_the_pieces, 0, 2);
  tcase_add_test (tc, heaps_of_the_same_bytes_do_not_share_headers);
  tcase_add_test (tc, nobody_writes_what_a_heap_holds);
  tcase_add_test (tc, no_shape_where_packets_differ_from_heap_to_heap);
  return suite;
}

GST_CHECK_MAIN (headroom);
