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
  places.n = G_MAXUINT;
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
  packet_standard (&packet, 7, LENGTH, 2 * PIECE, PIECE);
  fail_unless_equals_uint64 (places.header_size, packet.size);
  fail_unless (memcmp (places.header, packet.bytes, packet.size) == 0);
  fail_unless_equals_int (places.n_steps, 1);
  fail_unless_equals_uint64 (places.steps[0].at, 24);
  fail_unless_equals_uint64 (places.steps[0].step, PIECE);

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
      fail_unless_equals_uint64 (places.steps[0].at, 8 + 3 * 8);
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

/* --- runs ----------------------------------------------------------------- */

static void
setup_runs (void)
{
  setup_assembler ();
  assembler_config.run_heaps = 8;
  assembler_config.run_bytes = 8 * PIECE;
  start_assembler ();
}

/* A heap of one packet with a timestamp, the counter and that. */
static void
push_run (guint64 from, guint64 to, guint64 timestamp)
{
  for (guint64 cnt = from; cnt <= to; cnt++) {
    packet_standard (&packet, cnt, PIECE, 0, PIECE);
    packet_immediate (&packet, TIMESTAMP, timestamp + cnt);
    packet_addressed (&packet, SAMPLES, 0);
    push_payload (cnt, 0, PIECE);
  }
}

/* The next heap is a run of so many, from cnt on, with their bytes. */
static void
fail_unless_run (guint64 cnt, guint n)
{
  const Spead2ReceivedHeap *heap = fail_unless_next (cnt, "complete");

  fail_unless_equals_int (heap->n_heaps, n);
  for (gsize i = 0; i < n * PIECE; i++)
    fail_unless_equals_int (
        heap->payload[i], heap_byte (cnt + i / PIECE, i % PIECE));
}

GST_START_TEST (heaps_of_a_run_are_predicted)
{
  const Spead2AssemblerCounters *counters =
      spead2_assembler_counters (assembler);

  push_run (1, 1, 0);
  /* The second heap says how they step. */
  fail_if (predict ());
  push_run (2, 2, 0);
  fail_unless (predict ());
  fail_unless_equals_int (places.n, 6);
  fail_unless_equals_uint64 (places.payload_size, PIECE);
  fail_unless_equals_uint64 (
      spead2_places_datagram_size (&places), packet.size);
  /* The heap counter and the timestamp. */
  for (gsize at = 0; at < places.header_size; at += 8)
    fail_unless_equals_uint64 (spead2_read_u64 (places.header + at),
        spead2_read_u64 (packet.bytes + at) + (at == 8 || at == 40));
  fail_unless_equals_int (places.n_steps, 2);
  for (guint i = 0; i < 2; i++) {
    fail_unless_equals_uint64 (places.steps[i].at, i == 0 ? 8 : 40);
    fail_unless_equals_uint64 (places.steps[i].step, 1);
  }

  now = 5;
  for (guint i = 0; i < 4; i++)
    for (guint k = 0; k < PIECE; k++)
      places.payload[i * PIECE + k] = heap_byte (3 + i, k);
  spead2_assembler_push_placed (assembler, &places, 4, now);
  fail_unless_equals_uint64 (counters->datagrams, 6);
  fail_unless_equals_uint64 (counters->bytes, 6 * packet.size);
  fail_unless_equals_uint64 (counters->payload_bytes, 6 * PIECE);
  fail_unless_equals_uint64 (counters->single_packet_heaps, 6);
  fail_unless_equals_uint64 (count_ended ("complete"), 6);

  /* And on from there, up to the end of the memory. */
  push_run (7, 7, 0);
  fail_unless (predict ());
  fail_unless_equals_int (places.n, 1);
  push_run (8, 8, 0);
  fail_if (predict ());
  /* They are remembered. */
  push_run (5, 6, 0);
  fail_unless_equals_uint64 (count_packets ("duplicate"), 2);
  fail_unless_run (1, 8);
  fail_if_heap ();
}
GST_END_TEST

/* As many as are of use; those that have come, or of which a packet has; and none that has
 * another header. */
GST_START_TEST (heaps_that_have_come_are_not_predicted)
{
  push_run (6, 6, 0);
  push (16, 2 * PIECE, PIECE, PIECE);
  push_run (1, 2, 0);
  fail_unless (predict ());
  fail_unless_equals_int (places.n, 3);
  places.n = 2;
  fail_unless (
      spead2_assembler_predict (assembler, packet.bytes, packet.size, &places));
  fail_unless_equals_int (places.n, 2);
  push_run (3, 5, 0);
  fail_if (predict ());
  push_run (14, 15, 0);
  fail_if (predict ());
  push (9, PIECE, 0, PIECE);
  fail_if (predict ());
}
GST_END_TEST

/* Two that do not differ, because what has come was forgotten. */
GST_START_TEST (equal_heaps_are_not_predicted)
{
  push_run (1, 1, 0);
  spead2_assembler_forget (assembler);
  push_run (1, 1, 0);
  fail_if (predict ());
}
GST_END_TEST

GST_START_TEST (values_that_wrap_are_not_predicted)
{
  push_run (1, 2, (G_GUINT64_CONSTANT (1) << 40) - 5);
  fail_unless (predict ());
  fail_unless_equals_int (places.n, 2);
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

  tc = tcase_create ("runs");
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_runs, teardown_assembler);
  tcase_add_test (tc, heaps_of_a_run_are_predicted);
  tcase_add_test (tc, heaps_that_have_come_are_not_predicted);
  tcase_add_test (tc, equal_heaps_are_not_predicted);
  tcase_add_test (tc, values_that_wrap_are_not_predicted);
  return suite;
}

GST_CHECK_MAIN (predict);
