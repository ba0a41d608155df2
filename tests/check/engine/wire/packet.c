/* Datagrams that are packets, and those that are none, each for its reason.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "../packets.h"
#include "spead2/heap/packetizer.h"
#include "spead2/wire/packet.h"

static const Spead2PacketRules as_spead2 = {0};
static const Spead2PacketRules packet_heaps = {.packet_heaps = TRUE};

static Packet packet;
static Spead2PacketView view;

/* In memory of exactly that size, so that sanitizers see what is read behind it. */
static Spead2Refusal
parse_bytes (const Spead2PacketRules *rules, const guint8 *bytes, gsize size)
{
  guint8 *copy = g_malloc (MAX (size, 1));
  Spead2PacketView other;
  Spead2Refusal refusal;

  memcpy (copy, bytes, size);
  memset (&view, 0, sizeof view);
  memset (&other, 0, sizeof other);
  refusal = spead2_packet_parse (&view, rules, copy, size);
  fail_unless_equals_int (
      spead2_packet_parse_any (&other, rules, copy, size), refusal);
  if (refusal == SPEAD2_REFUSAL_NONE ||
      refusal == SPEAD2_REFUSAL_SIZE_MISMATCH) {
    fail_unless (memcmp (&view, &other, sizeof view) == 0);
    fail_unless_equals_int (view.payload + view.payload_size == copy + size,
        refusal == SPEAD2_REFUSAL_NONE);
    /* Where they are in the caller's bytes. */
    view.payload += bytes - copy;
    view.pointers += bytes - copy;
  }
  g_free (copy);
  return refusal;
}

static Spead2Refusal
parse (void)
{
  return parse_bytes (&as_spead2, packet.bytes, packet.size);
}

#define fail_unless_refused(expected)                                          \
  fail_unless_equals_string (spead2_refusal_name (parse ()), expected)
#define fail_unless_accepted() fail_unless_refused ("none")

static void
fail_unless_view (
    guint64 cnt, guint64 heap_length, guint64 offset, gsize payload_size)
{
  fail_unless_equals_uint64 (view.cnt, cnt);
  fail_unless_equals_uint64 (view.heap_length, heap_length);
  fail_unless_equals_uint64 (view.offset, offset);
  fail_unless_equals_uint64 (view.payload_size, payload_size);
}

/* The tutorial's first packet with two items, as spead2 sends it. */
GST_START_TEST (test_known_bytes)
{
  static const guint8 header[] = {0x53, 0x04, 0x03, 0x05, 0, 0, 0, 6, //
      0x80, 0, 1, 0, 0, 0, 0, 0x02,                                   //
      0x80, 0, 2, 0, 0, 0x10, 0, 0,                                   //
      0x80, 0, 3, 0, 0, 0, 0, 0,                                      //
      0x80, 0, 4, 0, 0, 0, 0x05, 0x88,                                //
      0x80, 0x16, 0, 0, 0, 0x10, 0, 0,                                //
      0x00, 0x33, 0, 0, 0, 0, 0, 0};
  guint8 datagram[1472] = {0};

  memcpy (datagram, header, sizeof header);
  fail_unless_equals_int (
      parse_bytes (&as_spead2, datagram, sizeof datagram), SPEAD2_REFUSAL_NONE);
  fail_unless_view (2, 1 << 20, 0, 1416);
  fail_unless_equals_int (view.flavour, 40);
  fail_unless (view.payload == datagram + sizeof header);
  fail_unless_equals_int (view.n_pointers, 2);
  fail_unless_equals_uint64 (spead2_packet_pointer (&view, 0),
      spead2_flavour_immediate (40, TIMESTAMP, 0x100000));
  fail_unless_equals_uint64 (spead2_packet_pointer (&view, 1),
      spead2_flavour_addressed (40, SAMPLES, 0));
}
GST_END_TEST

/* The largest values that fit, in every flavour there is. */
GST_START_TEST (test_flavours)
{
  guint flavour = 8 * (__i__ + 1);
  guint64 max = spead2_flavour_max_value (flavour);

  packet_begin (&packet, flavour);
  packet_immediate (&packet, HEAP_CNT, max);
  packet_immediate (&packet, HEAP_LENGTH, max);
  packet_immediate (&packet, PAYLOAD_OFFSET, max - 5);
  packet_immediate (&packet, PAYLOAD_LENGTH, 5);
  packet_addressed (&packet, spead2_flavour_max_id (flavour), max);
  packet_payload (&packet, "12345", 5);
  fail_unless_accepted ();
  fail_unless_view (max, max, max - 5, 5);
  fail_unless_equals_int (view.flavour, flavour);
  fail_unless_equals_uint64 (spead2_packet_pointer (&view, 0),
      spead2_flavour_addressed (flavour, spead2_flavour_max_id (flavour), max));
}
GST_END_TEST

/* Everything that our sender makes of a heap, whatever its header, is read again,
 * and puts the payload together. */
GST_START_TEST (test_packetizer)
{
  static guint8 scratch[65536];
  static struct iovec iov[SPEAD2_PACKET_MAX_IOV];
  const guint flavour = __i__ % 2 ? 48 : 40;
  Spead2Heap *heap = spead2_heap_new (flavour);
  GBytes *payload = g_bytes_new_take (g_malloc0 (5000), 5000);
  Spead2PacketConfig config;
  Spead2Packetizer packetizer;
  const Spead2Packet *next;
  guint64 offset = 0;

  spead2_packet_config_init (&config, flavour, 56 + 168 * __i__);
  config.repeat_pointers = __i__ % 4 >= 2;
  heap->cnt = 77;
  fail_unless (spead2_heap_add_immediate (heap, TIMESTAMP, 1234, NULL));
  fail_unless (spead2_heap_add_addressed (heap, SAMPLES, NULL));
  fail_unless (spead2_heap_append_bytes (heap, payload, NULL));
  fail_unless (spead2_packet_config_check (&config, NULL));
  fail_unless (spead2_packetizer_check (&config, heap, NULL));

  spead2_packetizer_start (&packetizer, &config, heap);
  while ((next = spead2_packetizer_peek (&packetizer)) != NULL) {
    const gsize size = next->size;
    const guint n_items = next->n_items;
    guint n = spead2_packetizer_write (&packetizer, 1, scratch, iov);

    packet.size = 0;
    for (guint i = 0; i < n; i++)
      packet_payload (&packet, iov[i].iov_base, iov[i].iov_len);
    fail_unless_equals_uint64 (packet.size, size);
    fail_unless_accepted ();
    fail_unless_view (77, 5000, offset, view.payload_size);
    fail_unless_equals_int (view.n_pointers, n_items);
    offset += view.payload_size;
  }
  fail_unless_equals_uint64 (offset, 5000);
  spead2_heap_free (heap);
  g_bytes_unref (payload);
}
GST_END_TEST

/* All orders of the four, and an item at each place among them. */
GST_START_TEST (test_order)
{
  for (guint order = 0; order < 4 * 4 * 4 * 4; order++) {
    const guint places[] = {
        order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};

    if ((1 << places[0] | 1 << places[1] | 1 << places[2] | 1 << places[3]) !=
        15)
      continue;
    for (guint at = 0; at <= 4; at++) {
      static const guint64 values[] = {7, 11, 3, 5};

      packet_begin (&packet, 40);
      for (guint i = 0; i <= 4; i++) {
        if (i == at)
          packet_immediate (&packet, TIMESTAMP, 99);
        if (i < 4)
          packet_immediate (&packet, 1 + places[i], values[places[i]]);
      }
      packet_payload (&packet, "12345", 5);
      fail_unless_accepted ();
      fail_unless_view (7, 11, 3, 5);
      fail_unless_equals_int (view.n_pointers, 5 - at);
      fail_unless_equals_uint64 (spead2_packet_pointer (&view, 0),
          spead2_flavour_immediate (40, TIMESTAMP, 99));
    }
  }
}
GST_END_TEST

GST_START_TEST (test_heap_length_absent)
{
  packet_standard (&packet, 1, -1, 1000, 5);
  packet_payload (&packet, "12345", 5);
  fail_unless_accepted ();
  fail_unless_view (1, SPEAD2_LENGTH_UNKNOWN, 1000, 5);
}
GST_END_TEST

GST_START_TEST (test_no_payload)
{
  packet_standard (&packet, 1, 10, 10, 0);
  fail_unless_accepted ();
  fail_unless_view (1, 10, 10, 0);
  fail_unless (view.payload == packet.bytes + packet.size);
}
GST_END_TEST

GST_START_TEST (test_reserved_bytes)
{
  packet_standard (&packet, 1, 3, 0, 3);
  packet_payload (&packet, "abc", 3);
  packet.bytes[4] = packet.bytes[5] = 0xff;
  fail_unless_accepted ();
  fail_unless_view (1, 3, 0, 3);
}
GST_END_TEST

/* The last one counts, wherever it stands. */
GST_START_TEST (test_repeated_special)
{
  packet_standard (&packet, 1, 100, 0, 100);
  packet_immediate (&packet, TIMESTAMP, 9);
  packet_immediate (&packet, HEAP_CNT, 2);
  packet_immediate (&packet, PAYLOAD_LENGTH, 3);
  packet_immediate (&packet, HEAP_LENGTH, 50);
  packet_immediate (&packet, PAYLOAD_OFFSET, 7);
  packet_payload (&packet, "abc", 3);
  fail_unless_accepted ();
  fail_unless_view (2, 50, 7, 3);
}
GST_END_TEST

/* Also where the packet would be one without it. */
GST_START_TEST (test_one_repeated_special)
{
  packet_standard (&packet, 1, 100, 0, 3);
  packet_immediate (&packet, HEAP_CNT, 2);
  packet_payload (&packet, "abc", 3);
  fail_unless_accepted ();
  fail_unless_view (2, 100, 0, 3);
}
GST_END_TEST

/* An addressed pointer with one of the four ids is none of them, and no item. */
GST_START_TEST (test_addressed_special)
{
  for (guint id = HEAP_CNT; id <= PAYLOAD_LENGTH; id++) {
    packet_standard (&packet, 1, 100, 7, 3);
    packet_addressed (&packet, id, 60);
    packet_payload (&packet, "abc", 3);
    fail_unless_accepted ();
    fail_unless_view (1, 100, 7, 3);
    fail_unless_equals_int (view.n_pointers, 1);
    fail_if (spead2_pointer_is_item (40, spead2_packet_pointer (&view, 0)));
  }
  fail_unless (spead2_pointer_is_item (40, 0));
  fail_unless (spead2_pointer_is_item (
      40, spead2_flavour_immediate (40, DESCRIPTOR, 0)));
}
GST_END_TEST

/* --- what is refused ------------------------------------------------------ */

GST_START_TEST (test_short)
{
  packet_standard (&packet, 1, 3, 0, 3);
  for (packet.size = 0; packet.size < 8; packet.size++)
    fail_unless_refused ("short");
}
GST_END_TEST

GST_START_TEST (test_magic)
{
  packet_standard (&packet, 1, 0, 0, 0);
  packet.bytes[0] = 0x54;
  fail_unless_refused ("magic");
  packet.bytes[0] = 0x53;
  packet.bytes[1] = 0x05;
  fail_unless_refused ("magic");
}
GST_END_TEST

/* All pairs of widths but those of the seven flavours. */
GST_START_TEST (test_flavour)
{
  packet_standard (&packet, 1, 0, 0, 0);
  for (guint widths = 0; widths <= G_MAXUINT16; widths++) {
    guint id = widths >> 8, address = widths & 0xff;

    packet.bytes[2] = id;
    packet.bytes[3] = address;
    if (id + address == 8 && id > 0 && address > 0)
      continue;
    fail_unless_refused ("flavour");
  }
}
GST_END_TEST

GST_START_TEST (test_flavour_filter)
{
  const Spead2PacketRules only_48 = {.flavour = 48};
  const Spead2PacketRules only_40 = {.flavour = 40};

  packet_standard (&packet, 1, 0, 0, 0);
  fail_unless_equals_string (
      spead2_refusal_name (parse_bytes (&only_48, packet.bytes, packet.size)),
      "flavour-filter");
  fail_unless_equals_int (
      parse_bytes (&only_40, packet.bytes, packet.size), SPEAD2_REFUSAL_NONE);
}
GST_END_TEST

/* A table that is one byte, and one pointer, longer than the datagram. */
GST_START_TEST (test_pointers)
{
  packet_standard (&packet, 1, 0, 0, 0);
  packet.size--;
  fail_unless_refused ("pointers");
  packet.size++;
  packet_set_n_pointers (&packet, 5);
  fail_unless_refused ("pointers");
  packet_set_n_pointers (&packet, 65535);
  fail_unless_refused ("pointers");
}
GST_END_TEST

/* A payload that begins as a pointer would. */
GST_START_TEST (test_payload_is_no_pointer)
{
  packet_standard (&packet, 1, 100, 0, 8); /* the last pointer is payload */
  packet_set_n_pointers (&packet, 3);
  fail_unless_refused ("specials");
}
GST_END_TEST

/* Each of the three that are required: absent, and addressed. */
GST_START_TEST (test_specials)
{
  static const guint required[] = {HEAP_CNT, PAYLOAD_OFFSET, PAYLOAD_LENGTH};

  for (guint i = 0; i < G_N_ELEMENTS (required); i++) {
    for (guint addressed = 0; addressed < 2; addressed++) {
      packet_begin (&packet, 40);
      for (guint id = HEAP_CNT; id <= PAYLOAD_LENGTH; id++) {
        if (id != required[i])
          packet_immediate (&packet, id, 0);
        else if (addressed)
          packet_addressed (&packet, id, 0);
      }
      fail_unless_refused ("specials");
    }
  }
  packet_begin (&packet, 40);
  fail_unless_refused ("specials");
}
GST_END_TEST

GST_START_TEST (test_payload)
{
  packet_standard (&packet, 1, 100, 0, 4);
  packet_payload (&packet, "abc", 3);
  fail_unless_refused ("payload");
  packet_standard (&packet, 1, -1, 0, (G_GUINT64_CONSTANT (1) << 40) - 1);
  packet_payload (&packet, "abc", 3);
  fail_unless_refused ("payload");
}
GST_END_TEST

GST_START_TEST (test_bound)
{
  packet_standard (&packet, 1, 10, 8, 3);
  packet_payload (&packet, "abc", 3);
  fail_unless_refused ("bound");
  packet_standard (&packet, 1, 10, 11, 0);
  fail_unless_refused ("bound");
}
GST_END_TEST

/* One byte and a whole packet behind the payload; the first one is read. */
GST_START_TEST (test_size_mismatch)
{
  packet_standard (&packet, 1, 100, 0, 3);
  packet_payload (&packet, "abcd", 4);
  fail_unless_refused ("size-mismatch");
  fail_unless_view (1, 100, 0, 3);
  fail_unless (view.payload == packet.bytes + packet.size - 4);
  packet_payload (&packet, packet.bytes, 43);
  fail_unless_refused ("size-mismatch");
}
GST_END_TEST

/* --- packets that are heaps ----------------------------------------------- */

/* As an SKA-Low station sends: neither heap length nor payload offset. */
static void
make_packet_heap (gsize payload_length)
{
  packet_begin (&packet, 48);
  packet_immediate (&packet, HEAP_CNT, 0x123456789abc);
  packet_immediate (&packet, PAYLOAD_LENGTH, payload_length);
  packet_immediate (&packet, 0x3000, 0x000500010064);
  packet_addressed (&packet, SAMPLES, 0);
}

#define fail_unless_packet_heap(expected)                                      \
  fail_unless_equals_string (spead2_refusal_name (parse_bytes (                \
                                 &packet_heaps, packet.bytes, packet.size)),   \
      expected)

GST_START_TEST (test_packet_heap)
{
  make_packet_heap (3);
  packet_payload (&packet, "abc", 3);
  fail_unless_packet_heap ("none");
  fail_unless_view (0x123456789abc, 3, 0, 3);
  fail_unless_equals_int (view.n_pointers, 2);
  fail_unless_refused ("specials");
}
GST_END_TEST

GST_START_TEST (test_packet_heap_says_its_length)
{
  make_packet_heap (3);
  packet_immediate (&packet, HEAP_LENGTH, 3);
  packet_payload (&packet, "abc", 3);
  fail_unless_packet_heap ("none");
  make_packet_heap (3);
  packet_immediate (&packet, HEAP_LENGTH, 4);
  packet_payload (&packet, "abc", 3);
  fail_unless_packet_heap ("specials");
}
GST_END_TEST

/* Where lenience ends: the counter, the length, and all bytes are required. */
GST_START_TEST (test_packet_heap_refused)
{
  packet_begin (&packet, 48);
  packet_immediate (&packet, PAYLOAD_LENGTH, 0);
  fail_unless_packet_heap ("specials");
  packet_begin (&packet, 48);
  packet_immediate (&packet, HEAP_CNT, 0);
  fail_unless_packet_heap ("specials");
  make_packet_heap (3);
  fail_unless_packet_heap ("payload");
  make_packet_heap (0);
  packet_payload (&packet, "abc", 3);
  fail_unless_packet_heap ("size-mismatch");
}
GST_END_TEST

/* Others are read as without the rule. */
GST_START_TEST (test_packet_heaps_among_others)
{
  packet_standard (&packet, 1, -1, 4, 3);
  packet_payload (&packet, "abc", 3);
  fail_unless_packet_heap ("none");
  fail_unless_view (1, SPEAD2_LENGTH_UNKNOWN, 4, 3);
}
GST_END_TEST

/* --- names ---------------------------------------------------------------- */

GST_START_TEST (test_names)
{
  for (guint i = 0; i < SPEAD2_N_REFUSALS; i++)
    for (guint k = 0; k < i; k++)
      fail_if (g_str_equal (spead2_refusal_name (i), spead2_refusal_name (k)));
}
GST_END_TEST

static Suite *
packet_suite (void)
{
  Suite *suite = suite_create ("packet");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_known_bytes);
  tcase_add_loop_test (tc, test_flavours, 0, 7);
  tcase_add_loop_test (tc, test_packetizer, 0, 8);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_heap_length_absent);
  tcase_add_test (tc, test_no_payload);
  tcase_add_test (tc, test_reserved_bytes);
  tcase_add_test (tc, test_repeated_special);
  tcase_add_test (tc, test_one_repeated_special);
  tcase_add_test (tc, test_addressed_special);
  tcase_add_test (tc, test_short);
  tcase_add_test (tc, test_magic);
  tcase_add_test (tc, test_flavour);
  tcase_add_test (tc, test_flavour_filter);
  tcase_add_test (tc, test_pointers);
  tcase_add_test (tc, test_payload_is_no_pointer);
  tcase_add_test (tc, test_specials);
  tcase_add_test (tc, test_payload);
  tcase_add_test (tc, test_bound);
  tcase_add_test (tc, test_size_mismatch);
  tcase_add_test (tc, test_packet_heap);
  tcase_add_test (tc, test_packet_heap_says_its_length);
  tcase_add_test (tc, test_packet_heap_refused);
  tcase_add_test (tc, test_packet_heaps_among_others);
  tcase_add_test (tc, test_names);
  return suite;
}

GST_CHECK_MAIN (packet);
