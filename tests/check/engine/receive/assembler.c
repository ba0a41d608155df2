/* Packets to heaps: order, loss, duplicates, and what a heap has.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "assemblerfixture.h"
#include "spead2/heap/packetizer.h"

/* --- packets of one heap -------------------------------------------------- */

GST_START_TEST (test_in_order)
{
  const Spead2AssemblerCounters *counters =
      spead2_assembler_counters (assembler);
  Spead2ReceivedHeap *heap;

  for (guint i = 0; i < 4; i++) {
    fail_if_heap ();
    now = 100 + i;
    push (7, 1000, i * 250, 250);
  }
  heap = fail_unless_next (7, "complete");
  fail_if_heap ();
  fail_unless_equals_int (heap->flavour, 40);
  fail_unless_equals_uint64 (heap->length, 1000);
  fail_unless_equals_int (heap->flags, 0);
  fail_unless_equals_uint64 (heap->first_time, 100);
  fail_unless_equals_uint64 (heap->last_time, 103);
  fail_unless_equals_int (heap->n_pointers, 2);
  fail_unless_equals_uint64 (
      heap->pointers[0], spead2_flavour_immediate (40, TIMESTAMP, 7));
  fail_unless_equals_uint64 (
      heap->pointers[1], spead2_flavour_addressed (40, SAMPLES, 0));

  fail_unless_equals_uint64 (counters->datagrams, 4);
  fail_unless_equals_uint64 (counters->bytes, 1000 + 4 * 40 + 2 * 8);
  fail_unless_equals_uint64 (counters->payload_bytes, 1000);
  fail_unless_equals_uint64 (counters->heaps_started, 1);
  fail_unless_equals_uint64 (counters->single_packet_heaps, 0);
}
GST_END_TEST

GST_START_TEST (test_any_order)
{
  guint64 cnt = 0;

  for (guint order = 0; order < 256; order++) {
    const guint places[] = {
        order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};

    if ((1 << places[0] | 1 << places[1] | 1 << places[2] | 1 << places[3]) !=
        15)
      continue;
    for (guint i = 0; i < 4; i++)
      push (cnt, 1000, places[i] * 250, 250);
    fail_unless_equals_int (
        fail_unless_next (cnt++, "complete")->n_pointers, 2);
  }
  fail_unless_equals_uint64 (cnt, 24);
}
GST_END_TEST

/* The first, the middle and the last one. */
GST_START_TEST (test_one_lost)
{
  static const gchar *const missing[] = {"0-100", "100-200", "200-300"};
  Spead2ReceivedHeap *heap;

  push_heap_without (1, 300, 100, __i__);
  fail_if_heap ();
  fail_unless_equals_int (spead2_assembler_n_live (assembler), 1);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  heap = fail_unless_next (1, "stop");
  fail_unless_missing (heap, missing[__i__]);
  fail_unless_equals_uint64 (heap->length, 300);
  fail_unless_equals_int (heap->n_pointers, __i__ == 0 ? 0 : 2);
}
GST_END_TEST

GST_START_TEST (test_all_but_one_lost)
{
  push (1, 300, 100, 100);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_FLUSHED);
  fail_unless_missing (fail_unless_next (1, "flush"), "0-100 200-300");
}
GST_END_TEST

GST_START_TEST (test_duplicates_in_a_heap)
{
  for (guint i = 0; i < 3; i++) {
    push (1, 400, i * 100, 100);
    push (1, 400, i * 100, 100);
    push (1, 400, 0, 100);
  }
  fail_if_heap ();
  push (1, 400, 300, 100);
  fail_unless_next (1, "complete");
  fail_unless_equals_uint64 (count_packets ("duplicate"), 3 + 3);
  fail_unless_equals_uint64 (count_packets ("accepted"), 4);
}
GST_END_TEST

GST_START_TEST (test_overlap)
{
  push (1, 400, 100, 100);
  push (1, 400, 150, 100);
  push (1, 400, 0, 101);
  fail_unless_equals_uint64 (count_packets ("overlap"), 2);
  push (1, 400, 0, 100);
  push (1, 400, 200, 200);
  fail_unless_next (1, "complete");
}
GST_END_TEST

/* A packet that contradicts the others is not of the heap, and does it no harm. */
GST_START_TEST (test_inconsistent)
{
  push (1, 400, 0, 100);
  push (1, 500, 100, 100); /* another length */
  push (1, -1, 350, 100);  /* no length, and behind the end */
  packet_begin (&packet, 48);
  packet_immediate (&packet, HEAP_CNT, 1);
  packet_immediate (&packet, HEAP_LENGTH, 400);
  packet_immediate (&packet, PAYLOAD_OFFSET, 100);
  packet_immediate (&packet, PAYLOAD_LENGTH, 100);
  push_payload (1, 100, 100); /* another flavour */
  fail_unless_equals_uint64 (count_packets ("inconsistent"), 3);
  push (1, 400, 100, 300);
  fail_unless_next (1, "complete");
}
GST_END_TEST

/* Where only some packets say the length. */
GST_START_TEST (test_length_in_some_packets)
{
  push (1, -1, 100, 100);
  push (1, 300, 0, 100);
  fail_if_heap ();
  push (1, -1, 200, 100);
  fail_unless_equals_int (fail_unless_next (1, "complete")->flags, 0);
}
GST_END_TEST

/* A packet without payload brings items, and is no duplicate. */
GST_START_TEST (test_packet_without_payload)
{
  push (1, 200, 0, 100);
  packet_standard (&packet, 1, 200, 100, 0);
  packet_immediate (&packet, 0x3000, 1);
  push_packet ();
  push_packet ();
  push (1, 200, 100, 100);
  fail_unless_equals_int (fail_unless_next (1, "complete")->n_pointers, 3);
  fail_unless_equals_uint64 (count_packets ("accepted"), 4);
}
GST_END_TEST

GST_START_TEST (test_empty_heap)
{
  Spead2ReceivedHeap *heap;

  packet_standard (&packet, 1, 0, 0, 0);
  packet_immediate (&packet, TIMESTAMP, 5);
  push_packet ();
  heap = fail_unless_next (1, "complete");
  fail_unless_equals_uint64 (heap->length, 0);
  fail_unless (heap->payload == NULL);
  fail_unless_equals_int (heap->n_pointers, 1);
  fail_unless_equals_int (n_acquired, 0);
}
GST_END_TEST

/* --- heaps without a length ----------------------------------------------- */

/* Whole as far as anybody can say, when it is given up. */
GST_START_TEST (test_unsized)
{
  Spead2ReceivedHeap *heap;

  push (1, -1, 300, 100);
  push (1, -1, 0, 300);
  fail_if_heap ();
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  heap = fail_unless_next (1, "complete");
  fail_unless_equals_uint64 (heap->length, 400);
  fail_unless_equals_int (heap->flags, SPEAD2_RECEIVED_UNSIZED);
}
GST_END_TEST

GST_START_TEST (test_unsized_with_a_hole)
{
  push (1, -1, 0, 100);
  push (1, -1, 200, 100);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  fail_unless_missing (fail_unless_next (1, "stop"), "100-200");
}
GST_END_TEST

/* Its memory grows with it, and the bytes that came move. */
GST_START_TEST (test_unsized_grows)
{
  for (guint i = 0; i < 1000; i++)
    push (1, -1, i * 1000, 1000);
  fail_unless (n_acquired <= 11);
  fail_unless_equals_int (n_blocks, 1);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  fail_unless_equals_uint64 (fail_unless_next (1, "complete")->length, 1000000);
}
GST_END_TEST

GST_START_TEST (test_length_comes_late)
{
  push (1, -1, 0, 100);
  push (1, 50, 0, 50); /* shorter than what has come */
  fail_unless_equals_uint64 (count_packets ("inconsistent"), 1);
  push (1, 100000, 200, 100);
  push (1, -1, 100, 100);
  fail_unless_equals_uint64 (count_packets ("accepted"), 3);
  push (1, 100000, 300, 60000);
  push (1, 100000, 60300, 39700);
  fail_unless_equals_int (fail_unless_next (1, "complete")->flags, 0);
}
GST_END_TEST

/* --- many heaps ----------------------------------------------------------- */

GST_START_TEST (test_interleaved)
{
  for (guint i = 0; i < 10; i++)
    for (guint64 cnt = 0; cnt < 4; cnt++)
      push (cnt, 1000, i * 100, 100);
  for (guint64 cnt = 0; cnt < 4; cnt++)
    fail_unless_next (cnt, "complete");
  fail_unless_equals_uint64 (count_packets ("accepted"), 40);
}
GST_END_TEST

GST_START_TEST (test_one_packet_heaps_take_no_place)
{
  assembler_config.max_heaps = 1;
  start_assembler ();
  push (1, 300, 0, 100);
  for (guint64 cnt = 2; cnt < 20; cnt++)
    push (cnt, 50, 0, 50);
  fail_unless_equals_int (spead2_assembler_n_live (assembler), 1);
  push (1, 300, 100, 200);
  for (guint64 cnt = 2; cnt < 20; cnt++)
    fail_unless_equals_int (
        fail_unless_next (cnt, "complete")->flags, SPEAD2_RECEIVED_SINGLE);
  fail_unless_next (1, "complete");
  fail_unless_equals_uint64 (
      spead2_assembler_counters (assembler)->single_packet_heaps, 18);
}
GST_END_TEST

/* Counters are names: they need not grow, and wrap. */
GST_START_TEST (test_counters_wrap)
{
  const guint64 max = spead2_flavour_max_value (40);

  push (max, 200, 0, 100);
  push (0, 200, 0, 100);
  push (max, 200, 100, 100);
  push (0, 200, 100, 100);
  push_heap (max - 1, 200, 100);
  fail_unless_next (max, "complete");
  fail_unless_next (0, "complete");
  fail_unless_next (max - 1, "complete");
}
GST_END_TEST

/* --- heaps that have ended ------------------------------------------------ */

GST_START_TEST (test_duplicated_heap)
{
  push_heap (1, 300, 100);
  push_heap (1, 300, 100);
  fail_unless_next (1, "complete");
  fail_if_heap ();
  fail_unless_equals_int (spead2_assembler_n_live (assembler), 0);
  fail_unless_equals_uint64 (count_packets ("duplicate"), 3);
}
GST_END_TEST

GST_START_TEST (test_duplicated_one_packet_heap)
{
  push (1, 100, 0, 100);
  push (1, 100, 0, 100);
  fail_unless_next (1, "complete");
  fail_if_heap ();
  fail_unless_equals_uint64 (count_packets ("duplicate"), 1);
}
GST_END_TEST

/* Channels or polarisations that share a counter. */
GST_START_TEST (test_one_packet_heaps_with_one_counter)
{
  for (guint twice = 0; twice < 2; twice++) {
    for (guint channel = 0; channel < 10; channel++) {
      packet_standard (&packet, 1, 100, 0, 100);
      packet_immediate (&packet, 0x3000, channel);
      push_payload (1, 0, 100);
    }
  }
  for (guint channel = 0; channel < 10; channel++)
    fail_unless_equals_uint64 (fail_unless_next (1, "complete")->pointers[0],
        spead2_flavour_immediate (40, 0x3000, channel));
  fail_if_heap ();
  fail_unless_equals_uint64 (count_packets ("duplicate"), 10);
}
GST_END_TEST

GST_START_TEST (test_packet_heaps)
{
  assembler_config.rules.packet_heaps = TRUE;
  start_assembler ();
  for (guint channel = 0; channel < 3; channel++) {
    packet_begin (&packet, 40);
    packet_immediate (&packet, HEAP_CNT, 1);
    packet_immediate (&packet, PAYLOAD_LENGTH, 100);
    packet_immediate (&packet, 0x3000, channel);
    push_payload (1, 0, 100);
    fail_unless_equals_int (
        fail_unless_next (1, "complete")->flags, SPEAD2_RECEIVED_SINGLE);
  }
}
GST_END_TEST

GST_START_TEST (test_nothing_is_remembered)
{
  assembler_config.n_remembered = 0;
  start_assembler ();
  for (guint i = 0; i < 2; i++) {
    push (1, 100, 0, 100);
    push_heap (2, 300, 100);
    fail_unless_next (1, "complete");
    fail_unless_next (2, "complete");
  }
}
GST_END_TEST

/* What comes after a heap was given up begins no other. */
GST_START_TEST (test_late)
{
  push_heap_without (1, 300, 100, 1);
  for (guint64 cnt = 2; cnt < 6; cnt++)
    push (cnt, 300, 0, 100);
  fail_unless_next (1, "evicted");
  push (1, 300, 100, 100);
  fail_unless_equals_uint64 (count_packets ("late"), 1);
  fail_unless_equals_int (spead2_assembler_n_live (assembler), 4);
  fail_if_heap ();
}
GST_END_TEST

GST_START_TEST (test_rest_of_an_unsized_heap_is_late)
{
  push (1, -1, 0, 100);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  fail_unless_next (1, "complete");
  push (1, -1, 100, 100);
  push (1, 200, 100, 100);
  fail_unless_equals_uint64 (count_packets ("late"), 2);
}
GST_END_TEST

/* The counter of another heap, which has another length. */
GST_START_TEST (test_counter_is_used_again)
{
  push_heap (1, 300, 100);
  push_heap (1, 400, 100);
  fail_unless_equals_uint64 (fail_unless_next (1, "complete")->length, 300);
  fail_unless_equals_uint64 (fail_unless_next (1, "complete")->length, 400);
}
GST_END_TEST

GST_START_TEST (test_window_of_heaps)
{
  for (guint64 cnt = 0; cnt < 200; cnt++) {
    push (cnt, 100, 0, 100);
    fail_unless_next (cnt, "complete");
    push (MAX (cnt, 63) - 63, 100, 0, 100);
    fail_if_heap ();
  }
  push (199 - 64, 100, 0, 100);
  fail_unless_next (199 - 64, "complete");
}
GST_END_TEST

GST_START_TEST (test_window_of_time)
{
  assembler_config.remember_time = 500;
  start_assembler ();
  push (1, 100, 0, 100);
  fail_unless_next (1, "complete");
  now += 500;
  push (1, 100, 0, 100);
  fail_if_heap ();
  now += 1;
  push (1, 100, 0, 100);
  fail_unless_next (1, "complete");
}
GST_END_TEST

static void
push_stop (guint64 cnt)
{
  packet_standard (&packet, cnt, 1, 0, 1);
  packet_immediate (&packet, STREAM_CTRL, 2);
  packet_addressed (&packet, NULL_ITEM, 0);
  push_payload (cnt, 0, 1);
}

/* A sender that begins anew counts from where it did, but a stop heap that comes
 * twice is one. */
GST_START_TEST (test_stop_forgets)
{
  for (guint i = 0; i < 2; i++) {
    push_heap (1, 300, 100);
    push_stop (2 + i);
    push_stop (2 + i);
    fail_unless_next (1, "complete");
    fail_unless_equals_int (fail_unless_next (2 + i, "complete")->flags,
        SPEAD2_RECEIVED_SINGLE | SPEAD2_RECEIVED_STOP);
    fail_if_heap ();
  }
}
GST_END_TEST

/* In front of it come the heaps that it ends: those without a length. */
GST_START_TEST (test_stop_ends_unsized_heaps)
{
  push (1, 200, 0, 100);
  push (2, -1, 0, 100);
  push (3, -1, 100, 100);
  push (4, -1, 0, 100);
  push_stop (5);
  fail_unless_next (2, "complete");
  fail_unless_next (3, "stop");
  fail_unless_next (4, "complete");
  fail_unless_next (5, "complete");
  fail_if_heap ();
  push (1, 200, 100, 100);
  fail_unless_next (1, "complete");
}
GST_END_TEST

GST_START_TEST (test_forget)
{
  push (1, 100, 0, 100);
  fail_unless_next (1, "complete");
  spead2_assembler_forget (assembler);
  push (1, 100, 0, 100);
  fail_unless_next (1, "complete");
}
GST_END_TEST

/* --- item pointers -------------------------------------------------------- */

/* Repeated in each packet; two values of one id are two items. */
GST_START_TEST (test_repeated_pointers)
{
  Spead2ReceivedHeap *heap;

  for (guint i = 0; i < 4; i++) {
    packet_standard (&packet, 1, 400, i * 100, 100);
    packet_immediate (&packet, TIMESTAMP, 5);
    packet_immediate (&packet, 0x3000, i / 2);
    packet_addressed (&packet, SAMPLES, 0);
    packet_addressed (&packet, NULL_ITEM, 350);
    push_payload (1, i * 100, 100);
  }
  heap = fail_unless_next (1, "complete");
  fail_unless_equals_int (heap->n_pointers, 5);
  fail_unless_equals_uint64 (
      heap->pointers[4], spead2_flavour_immediate (40, 0x3000, 1));
}
GST_END_TEST

/* Of a packet that is not taken nothing is. */
GST_START_TEST (test_pointers_of_duplicates)
{
  push (1, 200, 0, 100);
  packet_standard (&packet, 1, 200, 0, 100);
  packet_immediate (&packet, 0x3000, 1);
  push_payload (1, 0, 100);
  push (1, 200, 100, 100);
  fail_unless_equals_int (fail_unless_next (1, "complete")->n_pointers, 2);
}
GST_END_TEST

/* More than fit anywhere inline, over many packets, the second half twice. */
GST_START_TEST (test_many_pointers)
{
  const guint n_packets = 20, n_each = 500;
  Spead2ReceivedHeap *heap;

  for (guint i = 0; i < n_packets; i++) {
    packet_standard (&packet, 1, 100 * n_packets, 100 * i, 100);
    for (guint k = 0; k < 2 * n_each; k++)
      packet_immediate (&packet, 0x3000, i * n_each + k);
    push_payload (1, 100 * i, 100);
  }
  heap = fail_unless_next (1, "complete");
  fail_unless_equals_int (heap->n_pointers, (n_packets + 1) * n_each);
  for (guint i = 0; i < heap->n_pointers; i++)
    fail_unless_equals_uint64 (
        heap->pointers[i], spead2_flavour_immediate (40, 0x3000, i));
}
GST_END_TEST

/* A pointer that no item can be at does not keep the heap from being complete. */
GST_START_TEST (test_odd_pointers)
{
  packet_standard (&packet, 1, 200, 0, 100);
  for (guint id = HEAP_CNT; id <= PAYLOAD_LENGTH; id++)
    packet_addressed (&packet, id, 150);
  packet_addressed (&packet, SAMPLES, 201);
  push_payload (1, 0, 100);
  push (1, 200, 100, 100);
  fail_unless_equals_int (fail_unless_next (1, "complete")->n_pointers, 1);
}
GST_END_TEST

static guint
flags_of_item (gboolean immediate, guint64 id, guint64 value)
{
  static guint64 cnt;

  packet_standard (&packet, ++cnt, 1, 0, 1);
  if (immediate)
    packet_immediate (&packet, id, value);
  else
    packet_addressed (&packet, id, value);
  push_payload (cnt, 0, 1);
  return fail_unless_next (cnt, "complete")->flags & ~SPEAD2_RECEIVED_SINGLE;
}

GST_START_TEST (test_flags)
{
  fail_unless_equals_int (
      flags_of_item (TRUE, STREAM_CTRL, 0), SPEAD2_RECEIVED_START);
  fail_unless_equals_int (
      flags_of_item (TRUE, STREAM_CTRL, 2), SPEAD2_RECEIVED_STOP);
  fail_unless_equals_int (flags_of_item (TRUE, STREAM_CTRL, 1), 0);
  fail_unless_equals_int (flags_of_item (FALSE, STREAM_CTRL, 0), 0);
  fail_unless_equals_int (
      flags_of_item (FALSE, DESCRIPTOR, 0), SPEAD2_RECEIVED_DESCRIBES);
  fail_unless_equals_int (flags_of_item (TRUE, DESCRIPTOR, 0), 0);
}
GST_END_TEST

/* --- alignment ------------------------------------------------------------ */

#define fail_unless_aligned(heap, position)                                    \
  fail_unless_equals_int (                                                     \
      ((guintptr) (heap)->payload + (position)) % SPEAD2_PAYLOAD_ALIGNMENT, 0)

static void
push_with_descriptors (guint64 cnt, gint64 heap_length)
{
  packet_standard (&packet, cnt, heap_length, 0, 400);
  packet_addressed (&packet, DESCRIPTOR, 0);
  packet_addressed (&packet, DESCRIPTOR, 118);
  packet_immediate (&packet, TIMESTAMP, 0);
  packet_addressed (&packet, SAMPLES, 297);
  packet_addressed (&packet, 0x3301, 333);
  push_payload (cnt, 0, 400);
}

GST_START_TEST (test_alignment)
{
  push_with_descriptors (1, 400);
  fail_unless_aligned (fail_unless_next (1, "complete"), 297);
}
GST_END_TEST

GST_START_TEST (test_alignment_of_a_chosen_item)
{
  spead2_assembler_set_align_id (assembler, 0x3301);
  push_with_descriptors (1, 500);
  push (1, 500, 400, 100);
  fail_unless_aligned (fail_unless_next (1, "complete"), 333);
}
GST_END_TEST

GST_START_TEST (test_alignment_without_pointers)
{
  push (1, 1400, 400, 1000);
  push_with_descriptors (1, 1400);
  fail_unless_aligned (fail_unless_next (1, "complete"), 0);
}
GST_END_TEST

GST_START_TEST (test_alignment_of_a_growing_heap)
{
  push_with_descriptors (1, -1);
  push (1, -1, 400, 50000);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  fail_unless_aligned (fail_unless_next (1, "complete"), 297);
}
GST_END_TEST

/* --- what our sender sends ------------------------------------------------ */

static Spead2Heap *
make_heap (guint64 cnt, gsize length)
{
  Spead2Heap *heap = spead2_heap_new (48);
  guint8 *bytes = g_malloc (length + 1);
  GBytes *payload;

  for (gsize i = 0; i < length; i++)
    bytes[i] = heap_byte (cnt, i);
  payload = g_bytes_new_take (bytes, length);
  heap->cnt = cnt;
  fail_unless (spead2_heap_add_immediate (heap, TIMESTAMP, cnt, NULL));
  fail_unless (spead2_heap_add_addressed (heap, SAMPLES, NULL));
  if (length > 0)
    fail_unless (spead2_heap_append_bytes (heap, payload, NULL));
  g_bytes_unref (payload);
  return heap;
}

static void
add_packets (
    GPtrArray *packets, const Spead2PacketConfig *config, Spead2Heap *heap)
{
  static guint8 scratch[65536];
  static struct iovec iov[SPEAD2_PACKET_MAX_IOV];
  Spead2Packetizer packetizer;

  fail_unless (spead2_packetizer_check (config, heap, NULL));
  spead2_packetizer_start (&packetizer, config, heap);
  while (spead2_packetizer_peek (&packetizer) != NULL) {
    guint n = spead2_packetizer_write (&packetizer, 1, scratch, iov);
    GByteArray *bytes = g_byte_array_new ();

    for (guint i = 0; i < n; i++)
      g_byte_array_append (bytes, iov[i].iov_base, iov[i].iov_len);
    g_ptr_array_add (packets, g_byte_array_free_to_bytes (bytes));
  }
  spead2_heap_free (heap);
}

/* A twentieth lost, a fiftieth doubled, a tenth moved by up to five places. What is
 * not lost comes out, and every packet is counted for what was done to it. */
GST_START_TEST (test_sender_over_a_bad_network)
{
  GRand *rand = g_rand_new_with_seed (__i__);
  GPtrArray *packets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint64 n_lost = 0, n_doubled = 0;
  guint hurt[200] = {0};
  Spead2PacketConfig config;

  assembler_config.max_heaps = 16;
  assembler_config.n_remembered = 1000;
  start_assembler ();
  spead2_packet_config_init (&config, 48, 1472);
  config.repeat_pointers = __i__ % 2;
  fail_unless (spead2_packet_config_check (&config, NULL));

  for (guint cnt = 0; cnt < G_N_ELEMENTS (hurt); cnt++) {
    gsize length =
        g_rand_boolean (rand) ? 8192 : g_rand_int_range (rand, 0, 5000);
    guint first = packets->len;

    add_packets (packets, &config, make_heap (cnt, length));
    for (guint i = first; i < packets->len; i++) {
      gdouble fate = g_rand_double (rand);

      if (fate < 0.05) {
        g_ptr_array_remove_index (packets, i--);
        n_lost++;
        hurt[cnt]++;
      } else if (fate < 0.07) {
        g_ptr_array_add (packets, g_bytes_ref (packets->pdata[i++]));
        n_doubled++;
        if (i < packets->len - 1) {
          gpointer last = packets->pdata[packets->len - 1];

          packets->pdata[packets->len - 1] = packets->pdata[i];
          packets->pdata[i] = last;
        }
      }
    }
  }
  for (guint i = 0; i + 5 < packets->len; i++) {
    if (g_rand_double (rand) < 0.1) {
      guint with = i + g_rand_int_range (rand, 1, 6);
      gpointer moved = packets->pdata[i];

      packets->pdata[i] = packets->pdata[with];
      packets->pdata[with] = moved;
    }
  }
  for (guint i = 0; i < packets->len; i++) {
    gsize size;
    const guint8 *bytes = g_bytes_get_data (packets->pdata[i], &size);

    spead2_assembler_push (assembler, bytes, size, now);
  }
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);

  fail_unless_equals_uint64 (
      count_packets ("duplicate") + count_packets ("late"), n_doubled);
  fail_unless_equals_uint64 (
      count_packets ("accepted"), packets->len - n_doubled);
  fail_unless_equals_uint64 (
      spead2_assembler_counters (assembler)->datagrams, packets->len);
  for (guint64 n = spead2_assembler_counters (assembler)->heaps_started; n > 0;
       n--) {
    Spead2ReceivedHeap *heap = next_heap ();

    fail_unless_equals_int (
        heap->end == SPEAD2_HEAP_COMPLETE, hurt[heap->cnt] == 0);
    /* The sender fills an empty heap with a zero. */
    if (heap->end == SPEAD2_HEAP_COMPLETE && heap->length > 1)
      check_heap_bytes (heap);
  }
  fail_if_heap ();
  g_ptr_array_unref (packets);
  g_rand_free (rand);
}
GST_END_TEST

static Suite *
assembler_suite (void)
{
  Suite *suite = suite_create ("assembler");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_assembler, teardown_assembler);
  tcase_add_test (tc, test_in_order);
  tcase_add_test (tc, test_any_order);
  tcase_add_loop_test (tc, test_one_lost, 0, 3);
  tcase_add_test (tc, test_all_but_one_lost);
  tcase_add_test (tc, test_duplicates_in_a_heap);
  tcase_add_test (tc, test_overlap);
  tcase_add_test (tc, test_inconsistent);
  tcase_add_test (tc, test_length_in_some_packets);
  tcase_add_test (tc, test_packet_without_payload);
  tcase_add_test (tc, test_empty_heap);
  tcase_add_test (tc, test_unsized);
  tcase_add_test (tc, test_unsized_with_a_hole);
  tcase_add_test (tc, test_unsized_grows);
  tcase_add_test (tc, test_length_comes_late);
  tcase_add_test (tc, test_interleaved);
  tcase_add_test (tc, test_one_packet_heaps_take_no_place);
  tcase_add_test (tc, test_counters_wrap);
  tcase_add_test (tc, test_duplicated_heap);
  tcase_add_test (tc, test_duplicated_one_packet_heap);
  tcase_add_test (tc, test_one_packet_heaps_with_one_counter);
  tcase_add_test (tc, test_packet_heaps);
  tcase_add_test (tc, test_nothing_is_remembered);
  tcase_add_test (tc, test_late);
  tcase_add_test (tc, test_rest_of_an_unsized_heap_is_late);
  tcase_add_test (tc, test_counter_is_used_again);
  tcase_add_test (tc, test_window_of_heaps);
  tcase_add_test (tc, test_window_of_time);
  tcase_add_test (tc, test_stop_forgets);
  tcase_add_test (tc, test_stop_ends_unsized_heaps);
  tcase_add_test (tc, test_forget);
  tcase_add_test (tc, test_repeated_pointers);
  tcase_add_test (tc, test_pointers_of_duplicates);
  tcase_add_test (tc, test_many_pointers);
  tcase_add_test (tc, test_odd_pointers);
  tcase_add_test (tc, test_flags);
  tcase_add_test (tc, test_alignment);
  tcase_add_test (tc, test_alignment_of_a_chosen_item);
  tcase_add_test (tc, test_alignment_without_pointers);
  tcase_add_test (tc, test_alignment_of_a_growing_heap);
  tcase_add_loop_test (tc, test_sender_over_a_bad_network, 0, 6);
  return suite;
}

GST_CHECK_MAIN (assembler);
