/* Heap to packets, byte for byte, with the fake receiver to put them together.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>
#include <sys/socket.h>

#include "../../fakereceiver.h"
#include "spead2/error.h"
#include "spead2/heap/packetizer.h"

#define MIB (1 << 20)

/* What a heap is cut into. */
typedef struct {
  GPtrArray *packets; /* GBytes */
  gsize bytes;
  guint max_iov;
  guint n_gathered; /* packets whose payload was copied */
  guint n_in_place; /* packets with their headers in front of the payload */
} Wire;

static guint8
pattern (gsize position)
{
  return position * 131 + (position >> 8) * 7 + (position >> 16) + 5;
}

/* A buffer of size bytes in n_memories pieces, the last of which is longest;
 * its bytes go on with the pattern at `position`. */
static GstBuffer *
make_buffer (gsize position, gsize size, guint n_memories)
{
  GstBuffer *buffer = gst_buffer_new ();
  gsize done = 0;
  guint i;

  for (i = 0; i < n_memories; i++) {
    gsize piece = i + 1 < n_memories ? size / n_memories : size - done, k;
    guint8 *bytes = g_malloc (MAX (piece, 1));

    for (k = 0; k < piece; k++)
      bytes[k] = pattern (position + done + k);
    gst_buffer_append_memory (buffer,
        gst_memory_new_wrapped (0, bytes, piece, 0, piece, bytes, g_free));
    done += piece;
  }
  return buffer;
}

/* A buffer merges its memories when there are more than it likes. */
static void
append (Spead2Heap *heap, gsize size, guint n_memories)
{
  guint n_max = gst_buffer_get_max_memory ();

  while (n_memories > 0) {
    guint n = MIN (n_memories, n_max);
    gsize part = n == n_memories ? size : size / n_memories * n;
    GstBuffer *buffer = make_buffer (heap->length, part, n);

    fail_unless (spead2_heap_append_buffer (heap, buffer, 0, part, NULL));
    gst_buffer_unref (buffer);
    size -= part;
    n_memories -= n;
  }
}

/* n_immediates and one addressed item of size bytes. */
static Spead2Heap *
make_heap (guint n_immediates, gsize size, guint n_memories)
{
  Spead2Heap *heap = spead2_heap_new (40);
  guint i;

  heap->cnt = 2;
  for (i = 0; i < n_immediates; i++)
    fail_unless (spead2_heap_add_immediate (heap, 0x1600 + i, i, NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  append (heap, size, n_memories);
  return heap;
}

static void
wire_clear (Wire *wire)
{
  g_ptr_array_unref (wire->packets);
}

static const guint8 *
wire_packet (const Wire *wire, guint index, gsize *size)
{
  fail_unless (index < wire->packets->len);
  return g_bytes_get_data (g_ptr_array_index (wire->packets, index), size);
}

static gsize
wire_size (const Wire *wire, guint index)
{
  gsize size;

  wire_packet (wire, index, &size);
  return size;
}

/* Takes the packet in n_iov iovecs into wire. */
static void
take_packet (Wire *wire, const Spead2Packet *packet, const struct iovec *iov)
{
  GByteArray *bytes = g_byte_array_new ();
  guint i;

  for (i = 0; i < packet->n_iov; i++) {
    if (iov[i].iov_len == 0)
      fail ("iovec %u is empty", i);
    g_byte_array_append (bytes, iov[i].iov_base, iov[i].iov_len);
  }
  fail_unless_equals_uint64 (bytes->len, packet->size);

  wire->bytes += packet->size;
  wire->max_iov = MAX (wire->max_iov, packet->n_iov);
  wire->n_gathered += packet->scratch_size == packet->size;
  wire->n_in_place += packet->scratch_size == 0;
  g_ptr_array_add (wire->packets, g_byte_array_free_to_bytes (bytes));
}

/* Takes n packets, whose headers are in scratch or, all in one iovec, in place. */
static void
take_packets (Wire *wire, const Spead2Packet *packet, guint n,
    const guint8 *scratch, const struct iovec *iov, guint n_iov)
{
  guint i;

  if (packet->scratch_size > 0) {
    fail_unless_equals_int (n_iov, n * packet->n_iov);
    for (i = 0; i < n; i++, iov += packet->n_iov) {
      fail_unless (iov->iov_base == scratch + i * packet->scratch_size);
      fail_unless_equals_uint64 (iov->iov_len, packet->scratch_size);
      take_packet (wire, packet, iov);
    }
    return;
  }
  fail_unless_equals_int (n_iov, 1);
  fail_unless_equals_uint64 (iov->iov_len, n * packet->size);
  for (i = 0; i < n; i++) {
    struct iovec one = {
        (guint8 *) iov->iov_base + i * packet->size, packet->size};

    take_packet (wire, packet, &one);
  }
}

/* Cuts the heap, writing at most so many packets at a time. */
static void
cut_by (Wire *wire, const Spead2PacketConfig *config, const Spead2Heap *heap,
    guint at_a_time)
{
  Spead2Packetizer packetizer;
  const Spead2Packet *next;

  memset (wire, 0, sizeof *wire);
  wire->packets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  fail_unless (spead2_packetizer_check (config, heap, NULL));
  spead2_packetizer_start (&packetizer, config, heap);

  while ((next = spead2_packetizer_peek (&packetizer)) != NULL) {
    Spead2Packet packet = *next;
    guint n = MIN (packet.n_alike, at_a_time), n_iov;
    /* Of exactly the promised sizes, so that a byte too many is seen. */
    guint8 *scratch = g_malloc (n * packet.scratch_size);
    struct iovec *iov = g_new (struct iovec, n * packet.n_iov);

    fail_unless (n >= 1);
    fail_unless (packet.n_iov >= 1 && packet.n_iov <= SPEAD2_PACKET_MAX_IOV);
    fail_unless (packet.size <= config->max_packet_size);
    fail_unless (packet.payload_size > 0);
    fail_unless (spead2_packetizer_peek (&packetizer) == next);

    n_iov = spead2_packetizer_write (&packetizer, n, scratch, iov);
    take_packets (wire, &packet, n, scratch, iov, n_iov);
    g_free (scratch);
    g_free (iov);
  }
}

/* The packets are the same however many are written at a time. */
static void
cut (Wire *wire, const Spead2PacketConfig *config, const Spead2Heap *heap)
{
  static const guint steps[] = {3, G_MAXUINT};
  guint i, k;

  cut_by (wire, config, heap, 1);
  for (k = 0; k < G_N_ELEMENTS (steps); k++) {
    Wire other;

    cut_by (&other, config, heap, steps[k]);
    fail_unless_equals_int (other.packets->len, wire->packets->len);
    for (i = 0; i < wire->packets->len; i++)
      if (!g_bytes_equal (g_ptr_array_index (other.packets, i),
              g_ptr_array_index (wire->packets, i)))
        fail ("packet %u differs when %u are written at a time", i, steps[k]);
    wire_clear (&other);
  }
}

/* The receiver makes the same heap of the packets, in either direction: as
 * many items, and the pattern for payload, with zeros behind it. */
static void
check_received (const Wire *wire, const Spead2Heap *heap)
{
  gint backwards;

  for (backwards = 0; backwards < 2; backwards++) {
    FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
    guint i, n = wire->packets->len;
    const FakeHeap *received;
    gsize k;

    for (i = 0; i < n; i++) {
      gsize size;
      const guint8 *bytes =
          wire_packet (wire, backwards ? n - 1 - i : i, &size);

      fail_unless (fake_receiver_feed (receiver, bytes, size), "packet %u: %s",
          i, fake_receiver_error (receiver));
    }
    fail_unless_equals_uint64 (fake_receiver_n_heaps (receiver), 1);
    received = fake_receiver_heap (receiver, 0);
    fail_unless (received->complete);
    fail_unless_equals_uint64 (received->cnt, heap->cnt);
    fail_unless_equals_uint64 (received->packets->len, n);
    fail_unless_equals_uint64 (received->heap_address_bits, heap->flavour);
    fail_unless ((guint64) received->heap_length >= heap->length);
    fail_unless_equals_uint64 (received->received, received->heap_length);
    fail_unless_equals_uint64 (received->items->len,
        heap->n_pointers +
            ((guint64) received->heap_length > heap->length ? 1 : 0));
    /* Not fail_unless() for each byte: it writes to a pipe. */
    for (k = 0; k < (gsize) received->heap_length; k++)
      if (received->payload[k] != (k < heap->length ? pattern (k) : 0))
        break;
    fail_unless_equals_uint64 (k, received->heap_length);
    fake_receiver_free (receiver);
  }
}

static void
standard (Spead2PacketConfig *config, gsize max_packet_size)
{
  spead2_packet_config_init (config, 40, max_packet_size);
  fail_unless (spead2_packet_config_check (config, NULL));
}

/* The first bytes of a packet, as hexadecimal text with blanks anywhere. */
static void
check_head (const Wire *wire, guint index, const gchar *hex)
{
  gsize size, n = 0;
  const guint8 *bytes = wire_packet (wire, index, &size);

  for (; *hex; hex++) {
    gint high, low;

    if (*hex == ' ')
      continue;
    high = g_ascii_xdigit_value (*hex++);
    low = g_ascii_xdigit_value (*hex);
    fail_unless (n < size);
    fail_unless (bytes[n] == (high << 4 | low),
        "packet %u, byte %" G_GSIZE_FORMAT ": 0x%02x, should be 0x%x%x", index,
        n, bytes[n], high, low);
    n++;
  }
}

GST_START_TEST (test_vector_data)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (40);
  Wire wire;

  standard (&config, 1472);
  heap->cnt = 2;
  fail_unless (spead2_heap_add_immediate (heap, 0x1600, 0x100000, NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  append (heap, MIB, 1);
  cut (&wire, &config, heap);

  check_head (&wire, 0,
      "5304030500000006 8000010000000002 8000020000100000 8000030000000000 "
      "8000040000000588 8016000000100000 0033000000000000");
  fail_unless_equals_int (wire_size (&wire, 0), 56 + 1416);
  check_head (&wire, 1,
      "5304030500000004 8000010000000002 8000020000100000 8000030000000588 "
      "8000040000000598");
  fail_unless_equals_int (wire_size (&wire, 1), 40 + 1432);
  check_received (&wire, heap);

  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

GST_START_TEST (test_vector_stop)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new_control (40, SPEAD2_CTRL_STOP);
  FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
  const guint8 *bytes;
  gsize size;
  Wire wire;

  standard (&config, 1472);
  heap->cnt = 11;
  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 1);
  check_head (&wire, 0,
      "5304030500000006 800001000000000b 8000020000000001 8000030000000000 "
      "8000040000000001 8000060000000002 0000000000000000 00");
  bytes = wire_packet (&wire, 0, &size);
  fail_unless_equals_int (size, 57);
  fail_unless (fake_receiver_feed (receiver, bytes, size));
  fail_unless_equals_int (fake_receiver_saw_stop (receiver), 1);

  fake_receiver_free (receiver);
  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

GST_START_TEST (test_vector_empty)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (40);
  Wire wire;

  standard (&config, 1472);
  heap->cnt = 1;
  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 1);
  fail_unless_equals_int (wire.bytes, 49);
  check_head (&wire, 0,
      "5304030500000005 8000010000000001 8000020000000001 8000030000000000 "
      "8000040000000001 0000000000000000 00");
  check_received (&wire, heap);

  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

GST_START_TEST (test_vector_64_48)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (48);
  Wire wire;

  spead2_packet_config_init (&config, 48, 1472);
  fail_unless (spead2_packet_config_check (&config, NULL));
  heap->cnt = 3;
  fail_unless (spead2_heap_add_immediate (
      heap, 0x1600, G_GUINT64_CONSTANT (0x123456789abc), NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  append (heap, 16, 1);
  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 1);
  fail_unless_equals_int (wire.bytes, 72);
  check_head (&wire, 0,
      "5304020600000006 8001000000000003 8002000000000010 8003000000000000 "
      "8004000000000010 9600123456789abc 3300000000000000");
  check_received (&wire, heap);

  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

/* Packets and bytes of heaps of two items, as spead2 makes them. */
static const struct {
  gsize length, max_packet_size;
  gboolean repeat;
  guint n_packets;
  gsize bytes, first, last;
} counts[] = {
    {MIB, 1472, FALSE, 733, 1077912, 1472, 408},
    {MIB, 9000, FALSE, 118, 1053312, 9000, 312},
    {MIB, 8972, FALSE, 118, 1053312, 8968, 4056},
    {MIB, 65507, FALSE, 17, 1049272, 65504, 1208},
    {MIB, 1472, TRUE, 741, 1090072, 1472, 792},
    {8192, 9000, FALSE, 1, 8248, 8248, 8248},
    {16384, 9000, FALSE, 2, 16480, 9000, 7480},
    {32768, 9000, FALSE, 4, 32944, 9000, 5944},
    {65536, 9000, FALSE, 8, 65872, 9000, 2872},
    /* One byte less than the first packet holds, as much, one more. */
    {1415, 1472, FALSE, 1, 1471, 1471, 1471},
    {1416, 1472, FALSE, 1, 1472, 1472, 1472},
    {1417, 1472, FALSE, 2, 1513, 1472, 41},
    /* Whole packets only. */
    {1416 + 1432, 1472, FALSE, 2, 2944, 1472, 1472},
    {1416 + 9 * 1432, 1472, FALSE, 10, 14720, 1472, 1472},
    {1416 + 9 * 1432 + 1, 1472, FALSE, 11, 14761, 1472, 41},
    {1, 1472, FALSE, 1, 57, 57, 57},
    /* No payload: a NULL pointer and a zero. */
    {0, 1472, FALSE, 1, 65, 65, 65},
};

GST_START_TEST (test_counts)
{
  static const guint memories[] = {1, 2, 3, 7, 100};
  Spead2PacketConfig config;
  guint i = __i__, m;

  spead2_packet_config_init (&config, 40, counts[i].max_packet_size);
  config.repeat_pointers = counts[i].repeat;
  fail_unless (spead2_packet_config_check (&config, NULL));

  for (m = 0; m < G_N_ELEMENTS (memories); m++) {
    Spead2Heap *heap = make_heap (1, counts[i].length, memories[m]);
    Wire wire;

    cut (&wire, &config, heap);
    fail_unless_equals_int (wire.packets->len, counts[i].n_packets);
    fail_unless_equals_uint64 (wire.bytes, counts[i].bytes);
    fail_unless_equals_uint64 (wire_size (&wire, 0), counts[i].first);
    fail_unless_equals_uint64 (
        wire_size (&wire, wire.packets->len - 1), counts[i].last);
    fail_unless_equals_int (wire.n_gathered, 0);
    check_received (&wire, heap);
    wire_clear (&wire);
    spead2_heap_free (heap);
  }
}
GST_END_TEST

GST_START_TEST (test_counts_with_descriptors)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (40);
  Wire wire;

  standard (&config, 1472);
  heap->cnt = 1;
  fail_unless (spead2_heap_add_addressed (heap, SPEAD2_ID_DESCRIPTOR, NULL));
  append (heap, 118, 1);
  fail_unless (spead2_heap_add_addressed (heap, SPEAD2_ID_DESCRIPTOR, NULL));
  append (heap, 179, 1);
  fail_unless (spead2_heap_add_immediate (heap, 0x1600, 0, NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  append (heap, MIB, 1);
  fail_unless_equals_uint64 (heap->length, 1048873);

  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 733);
  fail_unless_equals_uint64 (wire.bytes, 1078225);
  fail_unless_equals_uint64 (wire_size (&wire, 732), 721);
  check_head (&wire, 0,
      "5304030500000008 8000010000000001 8000020000100129 8000030000000000 "
      "8000040000000578 0000050000000000 0000050000000076 8016000000000000 "
      "0033000000000129");
  check_received (&wire, heap);

  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

/* Every number of memories up to 100, and lengths that the pieces do not
 * divide, at packets that cut pieces in two. */
GST_START_TEST (test_memories)
{
  static const gsize sizes[] = {100, 999, 1416, 5000, 12345};
  Spead2PacketConfig config;
  guint n, i;

  standard (&config, 136);
  for (n = 1; n <= 100; n++) {
    for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
      Spead2Heap *heap = make_heap (1, sizes[i], n);
      Wire wire;

      fail_unless_equals_int (heap->n_spans, n);
      cut (&wire, &config, heap);
      check_received (&wire, heap);
      wire_clear (&wire);
      spead2_heap_free (heap);
    }
  }
}
GST_END_TEST

/* More items than a packet holds, and too little payload for the packets. */
static const struct {
  guint n_immediates;
  gsize payload; /* of an addressed item behind them; no item when 0 */
  guint n_packets;
  gsize first, last;
  guint64 heap_length;
} many_items[] = {
    {177, 0, 1, 40 + 178 * 8 + 1, 40 + 178 * 8 + 1, 1},
    {178, 0, 2, 1472, 40 + 8 + 1, 9},
    {179, 0, 2, 1472, 40 + 16 + 1, 9},
    {356, 0, 3, 1472, 40 + 8 + 1, 17},
    {200, 3, 2, 1472, 40 + 24 * 8 + 1, 9},
    {200, 9, 2, 1472, 40 + 23 * 8 + 1, 9},
    {200, 8, 2, 1472, 40 + 24 * 8 + 1, 9},
    {176, 1, 1, 40 + 177 * 8 + 1, 40 + 177 * 8 + 1, 1},
    {177, 1, 2, 1472, 40 + 8 + 1, 9},
    {177, 9, 2, 1472, 40 + 1, 9},
};

GST_START_TEST (test_many_items)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (40);
  guint i;
  Wire wire;

  standard (&config, 1472);
  fail_unless_equals_int (config.max_items, 178);
  heap->cnt = 2;
  for (i = 0; i < many_items[__i__].n_immediates; i++)
    fail_unless (spead2_heap_add_immediate (heap, 0x1000 + i, i, NULL));
  if (many_items[__i__].payload > 0) {
    fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
    append (heap, many_items[__i__].payload, 1);
  }

  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, many_items[__i__].n_packets);
  fail_unless_equals_uint64 (wire_size (&wire, 0), many_items[__i__].first);
  fail_unless_equals_uint64 (
      wire_size (&wire, wire.packets->len - 1), many_items[__i__].last);
  check_received (&wire, heap);

  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

/* spead2 sends the zeros first here, and the item then reads zeros. */
GST_START_TEST (test_data_before_zeros)
{
  static const guint8 data[] = {0xaa, 0xbb, 0xcc};
  static const guint8 expected[] = {0xaa, 0xbb, 0xcc, 0, 0, 0, 0, 0};
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (40);
  FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
  GBytes *bytes = g_bytes_new_static (data, sizeof data);
  const guint8 *packet, *value;
  gsize size;
  guint i;
  Wire wire;

  standard (&config, 1472);
  heap->cnt = 7;
  for (i = 0; i < 200; i++)
    fail_unless (spead2_heap_add_immediate (heap, 0x1000 + i, i, NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  fail_unless (spead2_heap_append_bytes (heap, bytes, NULL));
  g_bytes_unref (bytes);

  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 2);
  packet = wire_packet (&wire, 0, &size);
  fail_unless_equals_int (size, 1472);
  fail_unless (memcmp (packet + 1464, expected, 8) == 0);
  fail_unless (fake_receiver_feed (receiver, packet, size));
  packet = wire_packet (&wire, 1, &size);
  fail_unless_equals_int (packet[size - 1], 0);
  fail_unless (fake_receiver_feed (receiver, packet, size));

  value = fake_heap_bytes (fake_receiver_heap (receiver, 0), 0x3300, &size);
  fail_unless_equals_int (size, 3);
  fail_unless (memcmp (value, data, 3) == 0);

  fake_receiver_free (receiver);
  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

static void
check_refused (GError *error, const gchar *part)
{
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, part) != NULL, "%s", error->message);
  g_error_free (error);
}

GST_START_TEST (test_repeat)
{
  Spead2PacketConfig config;
  GError *error = NULL;
  Spead2Heap *heap;
  guint i;
  Wire wire;

  spead2_packet_config_init (&config, 40, 1472);
  config.repeat_pointers = TRUE;
  fail_unless (spead2_packet_config_check (&config, NULL));

  heap = make_heap (176, 100, 1);
  cut (&wire, &config, heap);
  /* 177 pointers leave 16 bytes of each packet. */
  fail_unless_equals_int (wire.packets->len, 7);
  for (i = 0; i < 7; i++) {
    check_head (&wire, i, "53040305000000b5 8000010000000002");
    fail_unless_equals_uint64 (
        wire_size (&wire, i), i < 6 ? 1472 : 1472 - 16 + 4);
  }
  check_received (&wire, heap);
  wire_clear (&wire);
  spead2_heap_free (heap);

  /* 178 leave 8. */
  heap = make_heap (177, 20, 1);
  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 3);
  check_received (&wire, heap);
  wire_clear (&wire);
  spead2_heap_free (heap);

  heap = make_heap (178, 100, 1);
  fail_if (spead2_packetizer_check (&config, heap, &error));
  check_refused (error, "179 item pointers");
  spead2_heap_free (heap);
  error = NULL;
  heap = make_heap (177, 0, 1);
  fail_if (spead2_packetizer_check (&config, heap, &error));
  check_refused (error, "179 item pointers");
  spead2_heap_free (heap);

  /* No payload: the pointer that ends it must have room too. */
  heap = make_heap (176, 0, 1);
  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 1);
  fail_unless_equals_uint64 (wire.bytes, 40 + 178 * 8 + 1);
  check_received (&wire, heap);
  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

GST_START_TEST (test_gather)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (40);
  guint i;
  Wire wire;

  standard (&config, 65507);
  heap->cnt = 5;
  for (i = 0; i < 20000; i++) {
    fail_unless (spead2_heap_add_addressed (heap, 0x1000 + i, NULL));
    append (heap, 8, 1);
  }
  cut (&wire, &config, heap);
  fail_unless (wire.max_iov <= 1024);
  fail_unless (wire.n_gathered > 0);
  check_received (&wire, heap);
  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

/* 1023 pieces and the header fill the iovecs; one more is gathered. */
GST_START_TEST (test_gather_limit)
{
  Spead2PacketConfig config;
  guint n;

  standard (&config, 9000);
  for (n = 1022; n <= 1025; n++) {
    Spead2Heap *heap = spead2_heap_new (40);
    guint i;
    Wire wire;

    heap->cnt = 5;
    fail_unless (spead2_heap_add_addressed (heap, 0x1000, NULL));
    for (i = 0; i < n; i++)
      append (heap, 8, 1);
    cut (&wire, &config, heap);
    fail_unless_equals_int (wire.packets->len, 1);
    fail_unless_equals_int (wire.max_iov, n <= 1023 ? n + 1 : 1);
    fail_unless_equals_int (wire.n_gathered, n <= 1023 ? 0 : 1);
    check_received (&wire, heap);
    wire_clear (&wire);
    spead2_heap_free (heap);
  }
}
GST_END_TEST

GST_START_TEST (test_smallest_packet)
{
  Spead2PacketConfig config;
  GError *error = NULL;
  Spead2Heap *heap;
  gsize size;
  Wire wire;

  for (size = 0; size < 56; size++) {
    spead2_packet_config_init (&config, 40, size);
    fail_unless_equals_uint64 (spead2_packet_config_min_size (&config), 56);
    fail_if (spead2_packet_config_check (&config, &error));
    check_refused (error, "at least 56");
    error = NULL;
  }
  for (size = 56; size < 64; size++) {
    standard (&config, size);
    fail_unless_equals_uint64 (config.packet_size, 56);
    fail_unless_equals_int (config.max_items, 1);
    heap = make_heap (3, 1000, 3);
    cut (&wire, &config, heap);
    /* Four packets with an item and 8 bytes, the others with 16. */
    fail_unless_equals_int (wire.packets->len, 4 + (1000 - 32 + 15) / 16);
    check_received (&wire, heap);
    wire_clear (&wire);
    spead2_heap_free (heap);
  }
}
GST_END_TEST

/* The largest heap of SPEAD-64-8 is 255 bytes, zeros included. */
GST_START_TEST (test_zeros_do_not_fit)
{
  Spead2PacketConfig config;
  GError *error = NULL;
  guint n;

  spead2_packet_config_init (&config, 8, 56);
  fail_unless (spead2_packet_config_check (&config, NULL));
  for (n = 31; n <= 32; n++) {
    Spead2Heap *heap = spead2_heap_new (8);
    guint i;
    Wire wire;

    for (i = 0; i < n; i++)
      fail_unless (spead2_heap_add_immediate (heap, 0x1000 + i, i, NULL));
    if (n == 31) {
      cut (&wire, &config, heap);
      fail_unless_equals_int (wire.packets->len, 32);
      check_received (&wire, heap);
      wire_clear (&wire);
    } else {
      fail_if (spead2_packetizer_check (&config, heap, &error));
      check_refused (error, "32 items");
    }
    spead2_heap_free (heap);
  }
}
GST_END_TEST

static void
set_kinds (
    Spead2PacketConfig *config, const Spead2PointerKind *kinds, guint n_kinds)
{
  memcpy (config->kinds, kinds, n_kinds * sizeof *kinds);
  config->n_kinds = n_kinds;
}

/* SKA-Low's channeliser: six pointers, no heap length, no payload offset. */
GST_START_TEST (test_six_pointers)
{
  static const Spead2PointerKind kinds[] = {SPEAD2_POINTER_HEAP_CNT,
      SPEAD2_POINTER_PAYLOAD_LENGTH, SPEAD2_POINTER_ITEMS};
  Spead2PacketConfig config;
  Spead2Heap *heap = spead2_heap_new (48);
  gsize size;
  const guint8 *bytes;
  guint i;
  Wire wire;

  spead2_packet_config_init (&config, 48, 9000);
  set_kinds (&config, kinds, G_N_ELEMENTS (kinds));
  fail_unless_equals_uint64 (spead2_packet_config_min_size (&config), 40);
  fail_unless (spead2_packet_config_check (&config, NULL));
  fail_unless_equals_uint64 (config.prefix_size, 24);

  heap->cnt = 9;
  fail_unless (spead2_heap_add_immediate (heap, 0x3010, 1, NULL));
  fail_unless (spead2_heap_add_immediate (heap, 0x3000, 2, NULL));
  fail_unless (spead2_heap_add_immediate (heap, 0x3001, 3, NULL));
  fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
  append (heap, 8192, 2);

  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 1);
  fail_unless_equals_uint64 (wire.bytes, 8 + 6 * 8 + 8192);
  check_head (&wire, 0,
      "5304020600000006 8001000000000009 8004000000002000 b010000000000001 "
      "b000000000000002 b001000000000003 3300000000000000");
  bytes = wire_packet (&wire, 0, &size);
  for (i = 0; i < 8192; i++)
    if (bytes[56 + i] != pattern (i))
      fail ("payload byte %u", i);

  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

/* Single items between the standard pointers, and pads. */
GST_START_TEST (test_mixed_kinds)
{
  static const Spead2PointerKind kinds[] = {SPEAD2_POINTER_ITEM,
      SPEAD2_POINTER_HEAP_CNT, SPEAD2_POINTER_HEAP_LENGTH, SPEAD2_POINTER_ITEM,
      SPEAD2_POINTER_PAYLOAD_OFFSET, SPEAD2_POINTER_PAYLOAD_LENGTH,
      SPEAD2_POINTER_ITEMS, SPEAD2_POINTER_HEAP_CNT};
  Spead2PacketConfig config;
  Spead2Heap *heap = make_heap (3, 100, 1);
  Wire wire;

  fail_unless (spead2_heap_add_addressed (heap, SPEAD2_ID_NULL, NULL));
  spead2_packet_config_init (&config, 40, 136);
  set_kinds (&config, kinds, G_N_ELEMENTS (kinds));
  fail_unless (spead2_packet_config_check (&config, NULL));
  fail_unless_equals_uint64 (config.prefix_size, 48);
  cut (&wire, &config, heap);
  fail_unless_equals_int (wire.packets->len, 2);
  check_head (&wire, 0,
      "530403050000000a 8016000000000000 8000010000000002 8000020000000064 "
      "8016010000000001 8000030000000000 8000040000000030 8016020000000002 "
      "0033000000000000 0000000000000064 8000010000000002");
  check_head (&wire, 1,
      "5304030500000005 8000010000000002 8000020000000064 8000030000000030 "
      "8000040000000034 8000010000000002");
  fail_unless_equals_uint64 (wire_size (&wire, 0), 136);
  fail_unless_equals_uint64 (wire_size (&wire, 1), 48 + 52);
  wire_clear (&wire);
  spead2_heap_free (heap);
}
GST_END_TEST

/* The header that a list of items names. */
static const struct {
  const gchar *items;
  const gchar *kinds; /* c, l, o, p: standard pointers; i, I: item, items */
  const gchar *missing;
} headers[] = {
    {"a,id=7,value=1;p,id=8,value=payload", "clopI", NULL},
    {"heap-cnt;payload-length;a,id=7,value=1;p,id=8,value=payload", "cpI",
        "heap-length, payload-offset"},
    {"a,id=7,value=1;heap-cnt;null;heap-length;payload-offset;p,id=8,"
     "value=payload;null;payload-length",
        "iciloiIp", NULL},
    {"p,id=8,value=payload;payload-offset;heap-cnt", "Ioc",
        "heap-length, payload-length"},
};

GST_START_TEST (test_header_of_items)
{
  static const gchar letters[] = "clopiI";
  Spead2PacketConfig config;
  Spead2Items *items = spead2_items_new (headers[__i__].items, 48, NULL);
  GString *kinds = g_string_new (NULL);
  gchar *missing;
  guint i;

  fail_unless (items != NULL);
  spead2_packet_config_init (&config, 48, 1472);
  fail_unless (spead2_packet_config_set_items (&config, items, NULL));
  fail_unless (spead2_packet_config_check (&config, NULL));
  for (i = 0; i < config.n_kinds; i++)
    g_string_append_c (kinds, letters[config.kinds[i]]);
  fail_unless_equals_string (kinds->str, headers[__i__].kinds);
  missing = spead2_packet_config_missing (&config);
  fail_unless (g_strcmp0 (missing, headers[__i__].missing) == 0, "%s", missing);
  g_free (missing);
  g_string_free (kinds, TRUE);
  spead2_items_unref (items);
}
GST_END_TEST

GST_START_TEST (test_standard_pointer_too_far_behind)
{
  GString *text = g_string_new ("p,id=7,value=payload");
  Spead2PacketConfig config;
  GError *error = NULL;
  Spead2Items *items;
  guint i;

  spead2_packet_config_init (&config, 48, 1472);
  for (i = 0; i < 31; i++)
    g_string_append (text, ";null");
  items = spead2_items_new (text->str, 48, NULL);
  fail_unless (spead2_packet_config_set_items (&config, items, NULL));
  spead2_items_unref (items);

  g_string_append (text, ";heap-cnt");
  items = spead2_items_new (text->str, 48, NULL);
  fail_if (spead2_packet_config_set_items (&config, items, &error));
  check_refused (error, "among the first 31 items, not at place 33");
  spead2_items_unref (items);
  g_string_free (text, TRUE);
}
GST_END_TEST

/* Without a payload offset a heap is one packet, or is refused. */
GST_START_TEST (test_one_packet)
{
  Spead2Items *items = spead2_items_new (
      "heap-cnt;payload-length;a,id=7,value=1;p,id=8,value=payload", 40, NULL);
  Spead2PacketConfig config;
  Spead2Heap *heap;
  GError *error = NULL;

  spead2_packet_config_init (&config, 40, 1472);
  fail_unless (spead2_packet_config_set_items (&config, items, NULL));
  fail_unless (spead2_packet_config_check (&config, NULL));
  heap = make_heap (1, 1472 - 40, 1);
  fail_unless (spead2_packetizer_check (&config, heap, NULL));
  spead2_heap_free (heap);
  heap = make_heap (1, 1472 - 39, 1);
  fail_if (spead2_packetizer_check (&config, heap, &error));
  check_refused (error, "does not fit one packet of 1472");
  spead2_heap_free (heap);
  spead2_items_unref (items);
}
GST_END_TEST

/* Each packet the same payload, whatever pointers it has. */
GST_START_TEST (test_payload_per_packet)
{
  Spead2PacketConfig config;
  Spead2Heap *heap = make_heap (3, 10000, 2);
  GError *error = NULL;
  guint i;
  Wire wire;

  spead2_packet_config_init (&config, 40, 1472);
  config.payload_per_packet = 1024;
  for (i = 0; i < 2; i++) {
    config.repeat_pointers = i;
    fail_unless (spead2_packet_config_check (&config, NULL));
    cut (&wire, &config, heap);
    fail_unless_equals_int (wire.packets->len, 10);
    fail_unless_equals_uint64 (wire_size (&wire, 0), 72 + 1024);
    fail_unless_equals_uint64 (wire_size (&wire, 8), (i ? 72 : 40) + 1024);
    fail_unless_equals_uint64 (wire_size (&wire, 9), (i ? 72 : 40) + 784);
    check_received (&wire, heap);
    wire_clear (&wire);
  }
  spead2_heap_free (heap);

  /* Exactly what a digitiser's packet takes. */
  heap = make_heap (3, 5120, 1);
  spead2_packet_config_init (&config, 48, 5192);
  config.repeat_pointers = TRUE;
  config.payload_per_packet = 5120;
  fail_unless (spead2_packet_config_check (&config, NULL));
  fail_unless (spead2_packetizer_check (&config, heap, NULL));
  spead2_heap_free (heap);

  /* Of one that did not fit, no packet might tell. */
  heap = make_heap (4, 5120, 1);
  config.repeat_pointers = FALSE;
  fail_if (spead2_packetizer_check (&config, heap, &error));
  check_refused (error, "5 item pointers do not fit one packet of 5192");
  error = NULL;
  spead2_heap_free (heap);

  config.max_packet_size = 5167;
  fail_if (spead2_packet_config_check (&config, &error));
  check_refused (error, "at least 5168");
  error = NULL;
  config.payload_per_packet = 100;
  fail_if (spead2_packet_config_check (&config, &error));
  check_refused (error, "no multiple of 8");
}
GST_END_TEST

/* As many packets as full ones, and all but the last of one size: with one
 * size, a message takes them all. */
GST_START_TEST (test_balanced)
{
  static const gsize lengths[] = {
      1, 8, 1400, 1416, 1417, 3000, 8192, 100000, MIB};
  gint repeat;
  guint i, k;

  for (repeat = 0; repeat < 2; repeat++) {
    for (i = 0; i < G_N_ELEMENTS (lengths); i++) {
      Spead2PacketConfig config;
      Spead2Heap *heap = make_heap (1, lengths[i], 1);
      Wire full, wire;
      guint n;

      spead2_packet_config_init (&config, 40, 1472);
      config.repeat_pointers = repeat;
      fail_unless (spead2_packet_config_check (&config, NULL));
      cut (&full, &config, heap);
      config.balanced = TRUE;
      cut (&wire, &config, heap);
      n = wire.packets->len;
      fail_unless_equals_int (n, full.packets->len);
      for (k = 1; k + 1 < n; k++)
        fail_unless_equals_uint64 (wire_size (&wire, k), wire_size (&wire, 0));
      fail_unless (wire_size (&wire, n - 1) <= wire_size (&wire, 0));
      fail_unless (wire_size (&wire, 0) - wire_size (&wire, n - 1) <= 8 * n);
      check_received (&wire, heap);
      wire_clear (&full);
      wire_clear (&wire);
      spead2_heap_free (heap);
    }
  }
}
GST_END_TEST

/* More pointers than one packet holds: full packets, and nothing breaks. */
GST_START_TEST (test_balanced_with_many_pointers)
{
  guint n;

  for (n = 1; n < 60; n++) {
    Spead2PacketConfig config;
    Spead2Heap *heap = make_heap (n, n * 3, 1);
    Wire wire;

    spead2_packet_config_init (&config, 40, 200);
    config.balanced = TRUE;
    fail_unless (spead2_packet_config_check (&config, NULL));
    cut (&wire, &config, heap);
    check_received (&wire, heap);
    wire_clear (&wire);
    spead2_heap_free (heap);
  }
}
GST_END_TEST

GST_START_TEST (test_bad_configurations)
{
  static const Spead2PointerKind no_items[] = {SPEAD2_POINTER_HEAP_CNT};
  static const Spead2PointerKind twice[] = {
      SPEAD2_POINTER_ITEMS, SPEAD2_POINTER_ITEMS};
  static const Spead2PointerKind behind[] = {
      SPEAD2_POINTER_ITEMS, SPEAD2_POINTER_HEAP_CNT, SPEAD2_POINTER_ITEM};
  Spead2PacketConfig config;
  GError *error = NULL;
  guint flavour;

  for (flavour = 0; flavour <= 72; flavour++) {
    spead2_packet_config_init (&config, flavour, 1472);
    if (flavour >= 8 && flavour <= 56 && flavour % 8 == 0) {
      fail_unless (spead2_packet_config_check (&config, NULL));
    } else {
      fail_if (spead2_packet_config_check (&config, &error));
      check_refused (error, "does not exist");
      error = NULL;
    }
  }

  spead2_packet_config_init (&config, 40, 1472);
  set_kinds (&config, no_items, 1);
  fail_if (spead2_packet_config_check (&config, &error));
  check_refused (error, "no place for items");
  error = NULL;
  set_kinds (&config, twice, 2);
  fail_if (spead2_packet_config_check (&config, &error));
  check_refused (error, "Pointer 1");
  error = NULL;
  set_kinds (&config, behind, 3);
  fail_if (spead2_packet_config_check (&config, &error));
  check_refused (error, "Pointer 2");
}
GST_END_TEST

static Suite *
packetizer_suite (void)
{
  Suite *suite = suite_create ("packetizer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_vector_data);
  tcase_add_test (tc, test_vector_stop);
  tcase_add_test (tc, test_vector_empty);
  tcase_add_test (tc, test_vector_64_48);
  tcase_add_loop_test (tc, test_counts, 0, G_N_ELEMENTS (counts));
  tcase_add_test (tc, test_counts_with_descriptors);
  tcase_add_test (tc, test_memories);
  tcase_add_loop_test (tc, test_many_items, 0, G_N_ELEMENTS (many_items));
  tcase_add_test (tc, test_data_before_zeros);
  tcase_add_test (tc, test_repeat);
  tcase_add_test (tc, test_gather);
  tcase_add_test (tc, test_gather_limit);
  tcase_add_test (tc, test_smallest_packet);
  tcase_add_test (tc, test_zeros_do_not_fit);
  tcase_add_test (tc, test_six_pointers);
  tcase_add_test (tc, test_mixed_kinds);
  tcase_add_loop_test (tc, test_header_of_items, 0, G_N_ELEMENTS (headers));
  tcase_add_test (tc, test_standard_pointer_too_far_behind);
  tcase_add_test (tc, test_one_packet);
  tcase_add_test (tc, test_payload_per_packet);
  tcase_add_test (tc, test_balanced);
  tcase_add_test (tc, test_balanced_with_many_pointers);
  tcase_add_test (tc, test_bad_configurations);
  return suite;
}

GST_CHECK_MAIN (packetizer);
