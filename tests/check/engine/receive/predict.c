/* Where the payload of the next packets belongs, and heaps of packets that were read to there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "assemblerfixture.h"

#define LENGTH 1050
#define PIECE 100

static Spead2Places places;

/* Of what continues the packet that was pushed last. */
static gboolean
predict (void)
{
  return spead2_assembler_predict (
      assembler, packet.bytes, packet.size, &places);
}

/* As the kernel does it. */
static void
read_into_places (guint64 cnt, guint64 offset, guint n)
{
  for (gsize i = 0; i < n * places.payload_size; i++)
    places.payload[i] = heap_byte (cnt, offset + i);
}

GST_START_TEST (the_rest_of_a_heap_is_predicted)
{
  const Spead2AssemblerCounters *counters =
      spead2_assembler_counters (assembler);

  push (7, LENGTH, 0, PIECE);
  push (7, LENGTH, PIECE, PIECE);
  fail_unless (predict ());
  /* The last 50 bytes are another packet. */
  fail_unless_equals_int (places.n, 8);
  fail_unless_equals_uint64 (places.payload_size, PIECE);
  fail_unless_equals_uint64 (places.header_size, 40);
  fail_unless_equals_uint64 (places.count_at, 24);
  packet_standard (&packet, 7, LENGTH, 2 * PIECE, PIECE);
  fail_unless (memcmp (places.header, packet.bytes, packet.size) == 0);

  now = 5;
  read_into_places (7, 2 * PIECE, 8);
  spead2_assembler_push_placed (assembler, &places, 3, now);
  fail_if_heap ();
  fail_unless_equals_uint64 (counters->datagrams, 5);
  fail_unless_equals_uint64 (counters->bytes, 5 * (40 + PIECE) + 16);
  fail_unless_equals_uint64 (counters->payload_bytes, 5 * PIECE);

  /* And on from there. */
  packet_standard (&packet, 7, LENGTH, 4 * PIECE, PIECE);
  packet.size += PIECE;
  fail_unless (predict ());
  fail_unless_equals_int (places.n, 5);
  spead2_assembler_push_placed (assembler, &places, 5, now);
  push (7, LENGTH, 10 * PIECE, 50);
  fail_unless_equals_uint64 (fail_unless_next (7, "complete")->last_time, 5);
}
GST_END_TEST

GST_START_TEST (placed_packets_complete_a_heap)
{
  push (7, 4 * PIECE, 0, PIECE);
  fail_unless (predict ());
  read_into_places (7, PIECE, 3);
  spead2_assembler_push_placed (assembler, &places, 3, now);
  fail_unless_next (7, "complete");
  fail_if (predict ());
  /* It is remembered. */
  push (7, 4 * PIECE, PIECE, PIECE);
  fail_unless_equals_uint64 (count_packets ("duplicate"), 1);
}
GST_END_TEST

/* What is behind the last packet was not received, or it is not known what will come. */
GST_START_TEST (nothing_is_predicted)
{
  fail_if (predict ());
  /* The heap ends within the next packet. */
  push (1, 150, 0, PIECE);
  fail_if (predict ());
  /* A packet in front of the last. */
  push (2, LENGTH, 5 * PIECE, PIECE);
  push (2, LENGTH, PIECE, PIECE);
  fail_if (predict ());
  /* Another heap's. */
  push (3, LENGTH, 0, PIECE);
  packet_standard (&packet, 2, LENGTH, 5 * PIECE, PIECE);
  packet.size += PIECE;
  fail_if (predict ());
  /* No length. */
  push (4, -1, 0, PIECE);
  fail_if (predict ());
  /* A packet that is refused. */
  push (5, LENGTH, 0, PIECE);
  packet.size--;
  fail_if (predict ());
  packet.size++;
  fail_unless (predict ());
}
GST_END_TEST

/* A hole does not matter: the heap is filled behind it. */
GST_START_TEST (behind_a_hole)
{
  push (1, 4 * PIECE, 0, PIECE);
  push (1, 4 * PIECE, 2 * PIECE, PIECE);
  fail_unless (predict ());
  fail_unless_equals_int (places.n, 1);
  read_into_places (1, 3 * PIECE, 1);
  spead2_assembler_push_placed (assembler, &places, 1, now);
  push (1, 4 * PIECE, PIECE, PIECE);
  fail_unless_next (1, "complete");
}
GST_END_TEST

/* Item pointers in each packet, in front of the offset; and with two offsets it is not known
 * which one counts. */
GST_START_TEST (pointers_in_each_packet)
{
  for (guint twice = 0; twice < 2; twice++) {
    packet_begin (&packet, 48);
    packet_immediate (&packet, TIMESTAMP, 3);
    packet_immediate (&packet, HEAP_CNT, 10 + twice);
    packet_immediate (&packet, HEAP_LENGTH, LENGTH);
    if (twice)
      packet_immediate (&packet, PAYLOAD_OFFSET, 0);
    packet_immediate (&packet, PAYLOAD_OFFSET, 0);
    packet_immediate (&packet, PAYLOAD_LENGTH, PIECE);
    push_payload (10 + twice, 0, PIECE);
    fail_unless (predict () == !twice);
    if (!twice)
      fail_unless_equals_uint64 (places.count_at, 8 + 3 * 8);
  }
}
GST_END_TEST

/* The pointers of a packet that was not accepted are not in the heap, though it ends where the
 * last one does: those of the packets behind it must be read. */
GST_START_TEST (nothing_is_predicted_behind_a_duplicate)
{
  for (guint i = 0; i < 4; i++) {
    packet_standard (&packet, 1, 4 * PIECE, i * PIECE, PIECE);
    packet_immediate (&packet, STREAM_CTRL, SPEAD2_CTRL_STOP);
    if (i == 0) {
      Packet first = packet;

      packet_standard (&packet, 1, 4 * PIECE, 0, PIECE);
      packet_immediate (&packet, STREAM_CTRL, SPEAD2_CTRL_START);
      push_payload (1, 0, PIECE);
      fail_unless (predict ());
      packet = first;
    }
    push_payload (1, i * PIECE, PIECE);
    fail_unless (predict () == (i == 1 || i == 2));
  }
  fail_unless_equals_uint64 (count_packets ("duplicate"), 1);
  fail_unless (fail_unless_next (1, "complete")->flags & SPEAD2_RECEIVED_STOP);
}
GST_END_TEST

static Suite *
predict_suite (void)
{
  Suite *suite = suite_create ("predict");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_assembler, teardown_assembler);
  tcase_add_test (tc, the_rest_of_a_heap_is_predicted);
  tcase_add_test (tc, placed_packets_complete_a_heap);
  tcase_add_test (tc, nothing_is_predicted);
  tcase_add_test (tc, behind_a_hole);
  tcase_add_test (tc, pointers_in_each_packet);
  tcase_add_test (tc, nothing_is_predicted_behind_a_duplicate);
  return suite;
}

GST_CHECK_MAIN (predict);
