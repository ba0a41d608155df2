/* The fake receiver, with packets written by hand: it takes what the wire
 * format allows and refuses what it does not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../fakereceiver.h"

static FakeReceiver *receiver;

static void
setup (void)
{
  receiver = fake_receiver_new (AF_UNSPEC);
}

static void
teardown (void)
{
  fake_receiver_free (receiver);
}

/* Hexadecimal digits, with spaces anywhere; then n_payload bytes that count
 * from first. */
static GByteArray *
packet (const gchar *hex, gsize n_payload, guint first)
{
  GByteArray *bytes = g_byte_array_new ();

  while (*hex != '\0') {
    guint8 byte;

    if (*hex == ' ') {
      hex++;
      continue;
    }
    byte = (guint8) (g_ascii_xdigit_value (hex[0]) << 4 |
        g_ascii_xdigit_value (hex[1]));
    g_byte_array_append (bytes, &byte, 1);
    hex += 2;
  }
  for (gsize i = 0; i < n_payload; i++) {
    guint8 byte = (guint8) (first + i);

    g_byte_array_append (bytes, &byte, 1);
  }
  return bytes;
}

static gboolean
feed (const gchar *hex, gsize n_payload, guint first)
{
  GByteArray *bytes = packet (hex, n_payload, first);
  gboolean is_good = fake_receiver_feed (receiver, bytes->data, bytes->len);

  g_byte_array_unref (bytes);
  return is_good;
}

static void
assert_good (const gchar *hex, gsize n_payload, guint first)
{
  gboolean is_good = feed (hex, n_payload, first);

  fail_unless (is_good, "%s", fake_receiver_error (receiver));
}

static void
assert_bad (const gchar *hex, gsize n_payload, const gchar *why)
{
  fake_receiver_forget (receiver);
  fail_if (feed (hex, n_payload, 0), "%s was taken", why);
  fail_unless (strstr (fake_receiver_error (receiver), why) != NULL,
      "\"%s\" does not say \"%s\"", fake_receiver_error (receiver), why);
  assert_equals_uint64 (fake_receiver_n_errors (receiver), 1);
  assert_equals_int (fake_receiver_n_heaps (receiver), 0);
}

/* The beginning of the tutorial's data heap, and a heap of two packets. */
#define TUTORIAL_0                                                             \
  "5304030500000006 8000010000000002 8000020000100000 8000030000000000 "       \
  "8000040000000588 8016000000100000 0033000000000000"
#define FIRST                                                                  \
  "5304030500000006 8000010000000002 8000020000000018 8000030000000000 "       \
  "8000040000000010 8016000000100000 0033000000000000"
#define SECOND                                                                 \
  "5304030500000004 8000010000000002 8000020000000018 8000030000000010 "       \
  "8000040000000008"
#define STOP                                                                   \
  "5304030500000006 800001000000000b 8000020000000001 8000030000000000 "       \
  "8000040000000001 8000060000000002 0000000000000000 00"

GST_START_TEST (the_tutorials_packets_make_a_heap)
{
  const FakeHeap *heap;
  const FakePacket *record;
  const guint8 *bytes;
  guint64 value;
  gsize size;

  assert_good (TUTORIAL_0, 1416, 0);
  assert_good ("5304030500000004 8000010000000002 8000020000100000 "
               "8000030000000588 8000040000000598",
      1432, 1416);
  assert_equals_int (fake_receiver_n_heaps (receiver), 1);
  assert_equals_int (fake_receiver_n_complete (receiver), 0);
  heap = fake_receiver_heap (receiver, 0);
  assert_equals_uint64 (heap->cnt, 2);
  assert_equals_int (heap->heap_address_bits, 40);
  assert_equals_int64 (heap->heap_length, 1048576);
  assert_equals_int (heap->received, 2848);
  assert_equals_int (heap->stream_ctrl, -1);
  fail_if (heap->complete);
  assert_equals_int (heap->packets->len, 2);
  record = &g_array_index (heap->packets, FakePacket, 0);
  assert_equals_int (record->size, 1472);
  assert_equals_int (record->n_items, 6);
  assert_equals_int (record->length, 1416);
  assert_equals_int (heap->items->len, 2);
  fail_unless (fake_heap_immediate (heap, 0x1600, &value));
  assert_equals_uint64 (value, 0x100000);
  fail_if (fake_heap_immediate (heap, 0x3300, &value));
  bytes = fake_heap_bytes (heap, 0x3300, &size);
  assert_equals_int (size, 2848);
  for (gsize i = 0; i < size; i++)
    assert_equals_int (bytes[i], i & 0xff);
}

GST_END_TEST;

GST_START_TEST (packets_may_come_in_any_order)
{
  const FakeHeap *heap;

  assert_good (SECOND, 8, 16);
  fail_if (fake_receiver_heap (receiver, 0)->complete);
  assert_good (FIRST, 16, 0);
  heap = fake_receiver_heap_by_cnt (receiver, 2);
  fail_unless (heap->complete);
  for (guint i = 0; i < 24; i++)
    assert_equals_int (heap->payload[i], i);
  assert_equals_int (fake_receiver_n_complete (receiver), 1);
  assert_equals_int (fake_receiver_n_heaps (receiver), 1);
  fail_unless (fake_receiver_error (receiver) == NULL);
}

GST_END_TEST;

GST_START_TEST (sixty_four_forty_eight_is_read)
{
  const FakeHeap *heap;
  guint64 value;
  gsize size;

  assert_good ("5304020600000006 8001000000000003 8002000000000010 "
               "8003000000000000 8004000000000010 9600123456789abc "
               "3300000000000000",
      16, 0);
  heap = fake_receiver_heap (receiver, 0);
  assert_equals_int (heap->heap_address_bits, 48);
  fail_unless (heap->complete);
  fail_unless (fake_heap_immediate (heap, 0x1600, &value));
  assert_equals_uint64 (value, G_GUINT64_CONSTANT (0x123456789abc));
  fail_unless (fake_heap_bytes (heap, 0x3300, &size) != NULL);
  assert_equals_int (size, 16);
}

GST_END_TEST;

GST_START_TEST (other_widths_are_read)
{
  /* 64-8: ids of 55 bits; 64-56: of 7. */
  assert_good ("5304070100000004 8000000000000105 8000000000000202 "
               "8000000000000300 8000000000000402",
      2, 0);
  assert_equals_uint64 (fake_receiver_heap (receiver, 0)->cnt, 5);
  fake_receiver_forget (receiver);
  assert_good ("5304010700000004 8100000000000005 8200000000000002 "
               "8300000000000000 8400000000000002",
      2, 0);
  assert_equals_int (fake_receiver_heap (receiver, 0)->heap_address_bits, 56);
}

GST_END_TEST;

GST_START_TEST (a_stop_heap_ends_the_stream)
{
  const FakeHeap *heap;
  const guint8 *bytes;
  gsize size;

  fail_if (fake_receiver_wait (receiver, 0));
  assert_good (STOP, 0, 0);
  heap = fake_receiver_heap (receiver, 0);
  assert_equals_int (heap->stream_ctrl, FAKE_CTRL_STOP);
  fail_unless (heap->complete);
  assert_equals_int (fake_receiver_saw_stop (receiver), 1);
  fail_unless (fake_receiver_wait (receiver, 0));
  fail_if (fake_receiver_wait (receiver, 0));
  bytes = fake_heap_bytes (heap, FAKE_NULL, &size);
  assert_equals_int (size, 1);
  assert_equals_int (bytes[0], 0);

  /* The same counter is another heap now. */
  assert_good (STOP, 0, 0);
  assert_equals_int (fake_receiver_n_heaps (receiver), 2);
  assert_equals_int (fake_receiver_saw_stop (receiver), 2);
  fail_unless (fake_receiver_heap_by_cnt (receiver, 11) ==
      fake_receiver_heap (receiver, 1));
}

GST_END_TEST;

GST_START_TEST (a_start_is_no_stop)
{
  assert_good ("5304030500000006 8000010000000001 8000020000000001 "
               "8000030000000000 8000040000000001 8000060000000000 "
               "0000000000000000 00",
      0, 0);
  assert_equals_int (fake_receiver_heap (receiver, 0)->stream_ctrl, 0);
  assert_equals_int (fake_receiver_saw_stop (receiver), 0);
}

GST_END_TEST;

GST_START_TEST (repeated_pointers_are_one_item)
{
  const FakeHeap *heap;

  assert_good (FIRST, 16, 0);
  assert_good ("5304030500000006 8000010000000002 8000020000000018 "
               "8000030000000010 8000040000000008 8016000000100000 "
               "0033000000000000",
      8, 16);
  heap = fake_receiver_heap (receiver, 0);
  assert_equals_int (heap->items->len, 2);
  fail_unless (fake_heap_item (heap, 0x3300, 0) != NULL);
  fail_unless (fake_heap_item (heap, 0x3300, 1) == NULL);
}

GST_END_TEST;

GST_START_TEST (an_item_ends_where_the_next_address_begins)
{
  const FakeHeap *heap;
  const guint8 *bytes;
  gsize size;

  /* 0x1001 at 8, 0x1002 at 0, 0x1003 at 12 and empty, 0x1004 at 12, NULL at
   * 15. */
  assert_good ("5304030500000009 8000010000000001 8000020000000010 "
               "8000030000000000 8000040000000010 0010010000000008 "
               "0010020000000000 001003000000000c 001004000000000c "
               "000000000000000f",
      16, 0);
  heap = fake_receiver_heap (receiver, 0);
  bytes = fake_heap_bytes (heap, 0x1001, &size);
  assert_equals_int (bytes[0], 8);
  assert_equals_int (size, 4);
  bytes = fake_heap_bytes (heap, 0x1002, &size);
  assert_equals_int (bytes[0], 0);
  assert_equals_int (size, 8);
  fail_unless (fake_heap_bytes (heap, 0x1003, &size) != NULL);
  assert_equals_int (size, 0);
  bytes = fake_heap_bytes (heap, 0x1004, &size);
  assert_equals_int (bytes[0], 12);
  assert_equals_int (size, 3);
  fail_unless (fake_heap_bytes (heap, 0x1005, &size) == NULL);
}

GST_END_TEST;

GST_START_TEST (a_heap_may_come_without_its_length)
{
  const FakeHeap *heap;

  assert_good (
      "5304030500000003 8000010000000001 8000030000000000 8000040000000004", 4,
      0);
  assert_good (
      "5304030500000003 8000010000000001 8000030000000008 8000040000000004", 4,
      8);
  heap = fake_receiver_heap (receiver, 0);
  assert_equals_int64 (heap->heap_length, -1);
  fail_if (heap->complete);
  assert_equals_int (heap->payload_size, 12);
  assert_equals_int (heap->payload[3], 3);
  assert_equals_int (heap->payload[4], 0);
  assert_equals_int (heap->payload[11], 11);
  assert_good ("5304030500000004 8000010000000001 800002000000000c "
               "8000030000000004 8000040000000004",
      4, 4);
  fail_unless (heap->complete);
  for (guint i = 0; i < 12; i++)
    assert_equals_int (heap->payload[i], i);
}

GST_END_TEST;

GST_START_TEST (payload_may_be_thrown_away)
{
  const FakeHeap *heap;
  gsize size;

  fake_receiver_set_keep_payload (receiver, FALSE);
  assert_good (FIRST, 16, 0);
  assert_good (SECOND, 8, 16);
  heap = fake_receiver_heap (receiver, 0);
  fail_unless (heap->complete);
  fail_unless (heap->payload == NULL);
  fail_unless (fake_heap_bytes (heap, 0x3300, &size) == NULL);
}

GST_END_TEST;

GST_START_TEST (packets_that_break_a_rule_are_refused)
{
  assert_bad ("", 0, "no header");
  assert_bad ("53040305000000", 0, "no header");
  assert_bad ("5404030500000000", 0, "54 04");
  assert_bad ("5305030500000000", 0, "53 05");
  assert_bad ("5304030400000000", 0, "do not make 8");
  assert_bad ("5304000800000000", 0, "do not make 8");
  assert_bad ("5304080000000000", 0, "do not make 8");
  assert_bad ("5304030500010000", 0, "reserved");
  assert_bad ("5304030500000004 8000010000000001", 0, "4 item pointers in 16");
  assert_bad ("5304030500000000", 0, "HEAP_CNT is missing");
  assert_bad (
      "5304030500000001 8000010000000001", 0, "PAYLOAD_OFFSET is missing");
  assert_bad ("5304030500000002 8000010000000001 8000030000000000", 0,
      "PAYLOAD_LENGTH is missing");
  assert_bad (
      "5304030500000003 0000010000000001 8000030000000000 8000040000000001", 1,
      "HEAP_CNT is addressed");
  assert_bad ("5304030500000004 8000010000000001 8000010000000001 "
              "8000030000000000 8000040000000001",
      1, "HEAP_CNT is there twice");
  assert_bad (FIRST, 15, "PAYLOAD_LENGTH is 16, the packet has 15");
  assert_bad (FIRST, 17, "PAYLOAD_LENGTH is 16, the packet has 17");
  assert_bad (TUTORIAL_0, 1415, "PAYLOAD_LENGTH is 1416");
  assert_bad ("5304030500000004 8000010000000001 8000020000000000 "
              "8000030000000000 8000040000000000",
      0, "without payload");
  assert_bad ("5304030500000004 8000010000000001 8000020000000008 "
              "8000030000000001 8000040000000008",
      8, "beyond the heap's 8");
  assert_bad ("5304030500000004 8000010000000001 8000020000000008 "
              "800003ffffffffff 8000040000000008",
      8, "beyond the heap's 8");
  assert_bad ("5304030500000005 8000010000000001 8000020000000008 "
              "8000030000000000 8000040000000008 0010000000000009",
      8, "item 0x1000 is at 9");
  assert_bad ("5304030500000004 8000010000000001 800002ffffffffff "
              "8000030000000000 8000040000000008",
      8, "larger than");
}

GST_END_TEST;

GST_START_TEST (packets_that_contradict_their_heap_are_refused)
{
  assert_good (FIRST, 16, 0);
  fail_if (feed (FIRST, 16, 0));
  fail_unless (strstr (fake_receiver_error (receiver), "bytes 0 to 16 came"));
  /* A byte of overlap, a length, a flavour. */
  fail_if (feed ("5304030500000004 8000010000000002 8000020000000018 "
                 "800003000000000f 8000040000000001",
      1, 0));
  fail_if (feed ("5304030500000004 8000010000000002 8000020000000019 "
                 "8000030000000010 8000040000000001",
      1, 0));
  fail_if (feed ("5304020600000004 8001000000000002 8002000000000018 "
                 "8003000000000010 8004000000000001",
      1, 0));
  assert_equals_uint64 (fake_receiver_n_errors (receiver), 4);
  assert_equals_uint64 (fake_receiver_n_packets (receiver), 5);
  /* The first is the one that is kept, and none of them did anything. */
  fail_unless (strstr (fake_receiver_error (receiver), "bytes 0 to 16 came"));
  assert_equals_int (fake_receiver_heap (receiver, 0)->received, 16);
  assert_good (SECOND, 8, 16);
  fail_unless (fake_receiver_heap (receiver, 0)->complete);
}

GST_END_TEST;

GST_START_TEST (every_order_of_packets_is_put_together)
{
  static const guint orders[][5] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0},
      {0, 2, 4, 1, 3}, {4, 0, 3, 1, 2}, {2, 1, 3, 0, 4}};

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++) {
    fake_receiver_forget (receiver);
    for (guint j = 0; j < G_N_ELEMENTS (orders[i]); j++) {
      gchar *hex =
          g_strdup_printf ("5304030500000004 8000010000000001 8000020000000014 "
                           "80000300000000%02x 8000040000000004",
              orders[i][j] * 4);

      assert_good (hex, 4, orders[i][j] * 4);
      fail_if (feed (hex, 4, 0));
      g_free (hex);
    }
    fail_unless (fake_receiver_heap (receiver, 0)->complete);
    for (guint j = 0; j < 20; j++)
      assert_equals_int (fake_receiver_heap (receiver, 0)->payload[j], j);
  }
}

GST_END_TEST;

/* --- descriptors --------------------------------------------------------- */

static void
append_hex (GString *hex, const gchar *text)
{
  for (; *text != '\0'; text++)
    g_string_append_printf (hex, "%02x", (guint8) *text);
}

/* A heap whose payload is the descriptor, in hexadecimal. */
static void
feed_descriptor (const gchar *descriptor)
{
  GByteArray *bytes = packet (descriptor, 0, 0);
  gchar *hex =
      g_strdup_printf ("5304030500000005 8000010000000001 8000020000%06x "
                       "8000030000000000 8000040000%06x 0000050000000000 %s",
          bytes->len, bytes->len, descriptor);

  fake_receiver_forget (receiver);
  assert_good (hex, 0, 0);
  g_free (hex);
  g_byte_array_unref (bytes);
}

GST_START_TEST (the_tutorials_timestamp_descriptor_is_decoded)
{
  FakeDescriptor *descriptor;
  gchar *error = NULL;
  /* Payload: 9 + 25 bytes of text, 4 of format, none of shape. */
  GString *hex =
      g_string_new ("5304030500000009 8000010000000001 8000020000000026 "
                    "8000030000000000 8000040000000026 8000140000001600 "
                    "0000100000000000 0000110000000009 0000130000000022 "
                    "0000120000000026 ");

  append_hex (hex, "timestampIndex of the first sample");
  g_string_append (hex, "75000028");
  feed_descriptor (hex->str);
  descriptor =
      fake_heap_descriptor (fake_receiver_heap (receiver, 0), 0, &error);
  fail_unless (descriptor != NULL, "%s", error);
  assert_equals_int (descriptor->size, 118);
  assert_equals_uint64 (descriptor->id, 0x1600);
  assert_equals_string (descriptor->name, "timestamp");
  assert_equals_string (descriptor->description, "Index of the first sample");
  assert_equals_int (descriptor->n_formats, 1);
  assert_equals_int (descriptor->formats[0].code, 'u');
  assert_equals_uint64 (descriptor->formats[0].bits, 40);
  assert_equals_int (descriptor->n_dimensions, 0);
  fail_unless (descriptor->numpy == NULL);
  fake_descriptor_free (descriptor);
  assert_equals_int (
      fake_heap_n_descriptors (fake_receiver_heap (receiver, 0)), 1);
  fail_unless (
      fake_heap_descriptor (fake_receiver_heap (receiver, 0), 1, NULL) == NULL);
  g_string_free (hex, TRUE);
}

GST_END_TEST;

GST_START_TEST (shapes_formats_and_numpy_headers_are_decoded)
{
  FakeDescriptor *descriptor;
  gchar *error = NULL;
  /* 1 + 1 bytes of text, 8 of format, 12 of shape, 7 of numpy header. */
  GString *hex =
      g_string_new ("530403050000000a 8000010000000001 800002000000001d "
                    "8000030000000000 800004000000001d 8000140000003300 "
                    "0000100000000000 0000110000000001 0000130000000002 "
                    "000012000000000a 0000150000000016 ");

  append_hex (hex, "ab");
  g_string_append (hex, "66000020 69000010 010000000000 000000000400 ");
  append_hex (hex, "{'a':1}");
  feed_descriptor (hex->str);
  descriptor =
      fake_heap_descriptor (fake_receiver_heap (receiver, 0), 0, &error);
  fail_unless (descriptor != NULL, "%s", error);
  assert_equals_int (descriptor->n_formats, 2);
  assert_equals_int (descriptor->formats[0].code, 'f');
  assert_equals_uint64 (descriptor->formats[0].bits, 32);
  assert_equals_int (descriptor->formats[1].code, 'i');
  assert_equals_uint64 (descriptor->formats[1].bits, 16);
  assert_equals_int (descriptor->n_dimensions, 2);
  assert_equals_int64 (descriptor->shape[0], -1);
  assert_equals_int64 (descriptor->shape[1], 1024);
  assert_equals_string (descriptor->numpy, "{'a':1}");
  fake_descriptor_free (descriptor);
  g_string_free (hex, TRUE);
}

GST_END_TEST;

static void
assert_bad_descriptor (const gchar *hex, const gchar *why)
{
  gchar *error = NULL;

  feed_descriptor (hex);
  fail_unless (fake_heap_descriptor (
                   fake_receiver_heap (receiver, 0), 0, &error) == NULL);
  fail_unless (
      strstr (error, why) != NULL, "\"%s\" does not say \"%s\"", error, why);
  g_free (error);
}

GST_START_TEST (bad_descriptors_are_refused)
{
  assert_bad_descriptor ("5304", "no header");
  assert_bad_descriptor ("5304030500000004 8000010000000001 8000020000000002 "
                         "8000030000000000 8000040000000001 61",
      "not a whole heap");
  assert_bad_descriptor ("5304030500000004 8000010000000001 8000020000000001 "
                         "8000030000000000 8000040000000001 61",
      "without an immediate id");
  assert_bad_descriptor ("5304030500000006 8000010000000001 8000020000000003 "
                         "8000030000000000 8000040000000003 8000140000001000 "
                         "0000130000000000 750000",
      "a format of 3 bytes");
  assert_bad_descriptor ("5304030500000006 8000010000000001 8000020000000007 "
                         "8000030000000000 8000040000000007 8000140000001000 "
                         "0000120000000000 00000000000000",
      "a shape of 7 bytes");
  assert_bad_descriptor ("5304030500000006 8000010000000001 8000020000000006 "
                         "8000030000000000 8000040000000006 8000140000001000 "
                         "0000120000000000 020000000000",
      "dimension 0 is 2");
}

GST_END_TEST;

/* --- the socket ---------------------------------------------------------- */

static void
send_to (FakeReceiver *to, int family, const gchar *hex, gsize n_payload)
{
  struct sockaddr_in in = {.sin_family = AF_INET,
      .sin_port = htons (fake_receiver_port (to)),
      .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
      .sin6_port = htons (fake_receiver_port (to)),
      .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int fd = socket (family, SOCK_DGRAM, 0);
  GByteArray *bytes = packet (hex, n_payload, 0);

  fail_unless (fd >= 0);
  fail_unless (
      sendto (fd, bytes->data, bytes->len, 0,
          family == AF_INET ? (struct sockaddr *) &in
                            : (struct sockaddr *) &in6,
          family == AF_INET ? sizeof in : sizeof in6) == (ssize_t) bytes->len);
  g_byte_array_unref (bytes);
  close (fd);
}

static void
test_family (int family)
{
  FakeReceiver *listening = fake_receiver_new (family);

  fail_unless (fake_receiver_port (listening) > 0);
  fail_unless (fake_receiver_buffer_size (listening) > 0);
  fail_unless (fake_receiver_fd (listening) >= 0);
  send_to (listening, family, FIRST, 16);
  fail_unless (!fake_receiver_wait_heaps (listening, 1, 10));
  send_to (listening, family, SECOND, 8);
  fail_unless (fake_receiver_wait_heaps (listening, 1, 10000));
  send_to (listening, family, STOP, 0);
  fail_unless (fake_receiver_wait (listening, 10000));
  assert_equals_int (fake_receiver_n_heaps (listening), 2);
  fail_unless (fake_receiver_heap (listening, 0)->complete);
  assert_equals_uint64 (fake_receiver_n_packets (listening), 3);
  assert_equals_uint64 (fake_receiver_n_bytes (listening), 72 + 48 + 57);
  assert_equals_uint64 (fake_receiver_kernel_drops (listening), 0);
  fail_unless (fake_receiver_error (listening) == NULL);
  fake_receiver_free (listening);
}

GST_START_TEST (packets_come_by_ipv4)
{
  test_family (AF_INET);
}

GST_END_TEST;

GST_START_TEST (packets_come_by_ipv6)
{
  test_family (AF_INET6);
}

GST_END_TEST;

GST_START_TEST (a_quiet_stream_is_over)
{
  FakeReceiver *listening = fake_receiver_new (AF_INET);
  gint64 start = g_get_monotonic_time ();

  /* Before the first packet quiet does not count. */
  fake_receiver_set_quiet (listening, 10);
  fail_if (fake_receiver_wait (listening, 100));
  fail_unless (g_get_monotonic_time () - start >= 100000);
  send_to (listening, AF_INET, FIRST, 16);
  start = g_get_monotonic_time ();
  fail_if (fake_receiver_wait (listening, 30000));
  fail_unless (g_get_monotonic_time () - start < 20 * G_USEC_PER_SEC);
  assert_equals_int (fake_receiver_n_heaps (listening), 1);
  fake_receiver_free (listening);
}

GST_END_TEST;

GST_START_TEST (an_empty_datagram_is_refused)
{
  FakeReceiver *listening = fake_receiver_new (AF_INET);

  send_to (listening, AF_INET, "", 0);
  send_to (listening, AF_INET, STOP, 0);
  fail_unless (fake_receiver_wait (listening, 10000));
  assert_equals_uint64 (fake_receiver_n_errors (listening), 1);
  fake_receiver_free (listening);
}

GST_END_TEST;

GST_START_TEST (drops_of_the_kernel_are_known)
{
  FakeReceiver *listening = fake_receiver_new (AF_INET);
  int smallest = 1;
  guint n_sent = 0;

  /* The thread takes some of them; with this buffer it cannot take all. */
  fail_unless (setsockopt (fake_receiver_fd (listening), SOL_SOCKET, SO_RCVBUF,
                   &smallest, sizeof smallest) == 0);
  while (fake_receiver_kernel_drops (listening) == 0 && n_sent < 100000) {
    send_to (listening, AF_INET, TUTORIAL_0, 1416);
    n_sent++;
  }
  fail_unless (fake_receiver_kernel_drops (listening) > 0);
  fake_receiver_wait (listening, 10000);
  assert_equals_uint64 (fake_receiver_n_packets (listening) +
          fake_receiver_kernel_drops (listening),
      n_sent);
  fake_receiver_free (listening);
}

GST_END_TEST;

GST_START_TEST (a_port_can_be_chosen_and_be_taken)
{
  FakeReceiver *listening = fake_receiver_new_at ("127.0.0.1", 0);
  guint16 port = fake_receiver_port (listening);

  fail_unless (fake_receiver_new_at ("127.0.0.1", port) == NULL);
  assert_equals_int (errno, EADDRINUSE);
  fake_receiver_free (listening);
  listening = fake_receiver_new_at ("127.0.0.1", port);
  fail_unless (listening != NULL);
  assert_equals_int (fake_receiver_port (listening), port);
  fake_receiver_free (listening);
  fail_unless (fake_receiver_new_at ("no address", 0) == NULL);
}

GST_END_TEST;

static Suite *
fakereceiver_suite (void)
{
  Suite *suite = suite_create ("fakereceiver");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, the_tutorials_packets_make_a_heap);
  tcase_add_test (tc, packets_may_come_in_any_order);
  tcase_add_test (tc, sixty_four_forty_eight_is_read);
  tcase_add_test (tc, other_widths_are_read);
  tcase_add_test (tc, a_stop_heap_ends_the_stream);
  tcase_add_test (tc, a_start_is_no_stop);
  tcase_add_test (tc, repeated_pointers_are_one_item);
  tcase_add_test (tc, an_item_ends_where_the_next_address_begins);
  tcase_add_test (tc, a_heap_may_come_without_its_length);
  tcase_add_test (tc, payload_may_be_thrown_away);
  tcase_add_test (tc, packets_that_break_a_rule_are_refused);
  tcase_add_test (tc, packets_that_contradict_their_heap_are_refused);
  tcase_add_test (tc, every_order_of_packets_is_put_together);
  tcase_add_test (tc, the_tutorials_timestamp_descriptor_is_decoded);
  tcase_add_test (tc, shapes_formats_and_numpy_headers_are_decoded);
  tcase_add_test (tc, bad_descriptors_are_refused);
  tcase_add_test (tc, packets_come_by_ipv4);
  tcase_add_test (tc, packets_come_by_ipv6);
  tcase_add_test (tc, a_quiet_stream_is_over);
  tcase_add_test (tc, an_empty_datagram_is_refused);
  tcase_add_test (tc, drops_of_the_kernel_are_known);
  tcase_add_test (tc, a_port_can_be_chosen_and_be_taken);
  return suite;
}

GST_CHECK_MAIN (fakereceiver);
