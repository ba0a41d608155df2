/* Packets to heaps: what the network cannot make it do, and what memory and time
 * end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "assemblerfixture.h"

/* --- heaps that are given up ---------------------------------------------- */

/* The one whose last packet came first; a packet that came again does not count. */
GST_START_TEST (test_evicted)
{
  for (guint64 cnt = 0; cnt < 4; cnt++)
    push (cnt, 300, 0, 100);
  push (0, 300, 100, 100);
  push (1, 300, 0, 100);
  fail_if_heap ();
  push (4, 300, 200, 100);
  fail_unless_missing (fail_unless_next (1, "evicted"), "100-300");
  push (2, 300, 100, 200);
  fail_unless_next (2, "complete");
  push (5, 300, 200, 100); /* in the place of 2 */
  fail_if_heap ();
  push (6, 300, 200, 100);
  fail_unless_next (3, "evicted");
  push (7, 300, 200, 100);
  fail_unless_missing (fail_unless_next (0, "evicted"), "200-300");
  fail_unless_equals_uint64 (count_ended ("evicted"), 3);
}
GST_END_TEST

/* A heap whose packets come is not given up for those that are only begun. */
GST_START_TEST (test_progress_is_not_evicted)
{
  for (guint64 i = 0; i < 100; i++) {
    push (1000, 10000, 100 * i, 100);
    for (guint64 k = 0; k < 3; k++)
      push (3 * i + k, 1 << 20, 0, 10);
  }
  fail_unless_equals_uint64 (count_ended ("complete"), 1);
  fail_unless_equals_uint64 (
      count_ended ("evicted"), 300 - spead2_assembler_n_live (assembler));
}
GST_END_TEST

GST_START_TEST (test_evicted_for_memory)
{
  assembler_config.max_live_bytes = (1 << 20) + 64;
  start_assembler ();
  for (guint64 cnt = 0; cnt < 3; cnt++)
    push (cnt, 300000, 0, 100);
  fail_if_heap ();
  push (3, 400000, 0, 100);
  fail_unless_next (0, "evicted");
  fail_if_heap ();
  /* The one that claims most goes first. */
  push (4, 1 << 20, 0, 100);
  fail_unless_next (3, "evicted");
  fail_unless_next (1, "evicted");
  fail_unless_next (2, "evicted");
  fail_unless_equals_uint64 (
      spead2_assembler_live_bytes (assembler), (1 << 20) + 64);
}
GST_END_TEST

/* A heap that grows has the others given up, and never itself. */
GST_START_TEST (test_evicted_by_a_growing_heap)
{
  assembler_config.max_live_bytes = (1 << 20) + 64;
  start_assembler ();
  push (0, -1, 0, 100);
  push (1, 500000, 0, 100);
  push (0, -1, 1000000, 100);
  fail_unless_next (1, "evicted");
  fail_if_heap ();
  push (0, -1, 100, 100);
  fail_unless_equals_uint64 (count_packets ("accepted"), 4);
}
GST_END_TEST

/* After its last packet, whichever one was the first that came. */
GST_START_TEST (test_timeout)
{
  fail_unless (spead2_assembler_expire (assembler, now) == G_MAXUINT64);
  now = 100;
  push (1, 300, 100, 100);
  now = 200;
  push (2, 300, 0, 100);
  now = 700;
  push (1, 300, 200, 100);
  fail_unless_equals_uint64 (spead2_assembler_expire (assembler, now), 1200);
  fail_unless_equals_uint64 (spead2_assembler_expire (assembler, 1199), 1200);
  fail_if_heap ();
  fail_unless_equals_uint64 (spead2_assembler_expire (assembler, 1200), 1700);
  fail_unless_next (2, "timeout");
  fail_if_heap ();
  fail_unless (spead2_assembler_expire (assembler, 5000) == G_MAXUINT64);
  fail_unless_missing (fail_unless_next (1, "timeout"), "0-100");
}
GST_END_TEST

/* A heap that begins while another's timeout is over does not put that off. */
GST_START_TEST (test_timeout_is_not_put_off)
{
  now = 100;
  push (1, 300, 0, 100);
  now = 2000;
  push (2, 300, 0, 100);
  fail_unless_equals_uint64 (spead2_assembler_expire (assembler, now), 3000);
  fail_unless_next (1, "timeout");
}
GST_END_TEST

GST_START_TEST (test_no_timeout)
{
  assembler_config.heap_timeout = __i__ == 0 ? 0 : G_MAXUINT64;
  start_assembler ();
  push (1, 300, 0, 100);
  fail_unless (
      spead2_assembler_expire (assembler, G_MAXUINT64 - 1) == G_MAXUINT64);
  fail_if_heap ();
}
GST_END_TEST

/* --- what is claimed ------------------------------------------------------ */

/* Nothing is asked for, and nothing given up for it. */
GST_START_TEST (test_length_claimed)
{
  push (1, 300, 0, 100);
  packet_begin (&packet, 56);
  packet_immediate (&packet, HEAP_CNT, 2);
  packet_immediate (
      &packet, HEAP_LENGTH, G_GUINT64_CONSTANT (1) << (47 + __i__));
  packet_immediate (&packet, PAYLOAD_OFFSET, 0);
  packet_immediate (&packet, PAYLOAD_LENGTH, 100);
  push_payload (2, 0, 100);
  push (3, (1 << 20) + 1, 0, 100);
  fail_unless_equals_uint64 (count_packets ("too-large"), 2);
  fail_unless_equals_uint64 (max_block, 300);
  push (1, 300, 100, 200);
  fail_unless_next (1, "complete");
  fail_if_heap ();
}
GST_END_TEST

GST_START_TEST (test_largest)
{
  push_heap (1, 1 << 20, 60000);
  fail_unless_next (1, "complete");
  fail_unless_equals_uint64 (max_block, 1 << 20);
}
GST_END_TEST

/* Of a new heap, and of one that has begun. */
GST_START_TEST (test_offset_claimed)
{
  push (1, -1, G_GUINT64_CONSTANT (1) << 39, 100);
  fail_unless_equals_int (spead2_assembler_n_live (assembler), 0);
  push (1, -1, 0, 100);
  push (1, -1, 1 << 20, 1);
  push (1, G_GUINT64_CONSTANT (1) << 39, 100, 100);
  fail_unless_equals_uint64 (count_packets ("too-large"), 3);
  push (1, -1, (1 << 20) - 100, 100);
  fail_unless_equals_uint64 (count_packets ("accepted"), 2);
  fail_unless_equals_uint64 (max_block, 1 << 20);
}
GST_END_TEST

/* Heaps that are begun and never finished cost what live ones may, and as much until
 * they are taken; others come through. */
GST_START_TEST (test_never_finished)
{
  assembler_config.max_heaps = 16;
  start_assembler ();
  for (guint64 cnt = 0; cnt < 5000; cnt++) {
    push (2 * cnt, 1 << 20, 0, 10);
    push (2 * cnt + 1, 100, 0, 50);
    push (2 * cnt + 1, 100, 50, 50);
    fail_unless (
        block_bytes <= 2 * assembler_config.max_live_bytes + 5000 * 164);
  }
  fail_unless_equals_uint64 (count_ended ("complete"), 5000);
  fail_unless_equals_uint64 (
      count_ended ("evicted"), 5000 - spead2_assembler_n_live (assembler));
  for (guint64 n = count_ended ("complete") + count_ended ("evicted"); n > 0;
       n--)
    next_heap ();
  recycle_heaps ();
  fail_unless (n_blocks <= 16);
}
GST_END_TEST

/* A heap that was given up has memory when it is taken in time. */
GST_START_TEST (test_memory_until_taken)
{
  assembler_config.max_live_bytes = (1 << 20) + 64;
  start_assembler ();
  for (guint64 cnt = 0; cnt < 4; cnt++)
    push (cnt, 1 << 20, 0, 100);
  fail_unless (fail_unless_next (0, "evicted")->payload != NULL);
  fail_unless (fail_unless_next (1, "evicted")->payload == NULL);
  fail_unless (fail_unless_next (2, "evicted")->payload == NULL);
  push (4, 1 << 20, 0, 100);
  fail_unless (fail_unless_next (3, "evicted")->payload != NULL);
}
GST_END_TEST

/* Every other byte of a heap. */
GST_START_TEST (test_pieces)
{
  for (guint i = 0; i < SPEAD2_MAX_RANGES + 10; i++)
    push (1, 1 << 20, 2 * i + 1, 1);
  fail_unless_equals_uint64 (count_packets ("accepted"), SPEAD2_MAX_RANGES);
  fail_unless_equals_uint64 (count_packets ("too-large"), 10);
}
GST_END_TEST

GST_START_TEST (test_pointers)
{
  for (guint i = 0; i < 20; i++) {
    packet_standard (&packet, 1, 1000, i, 1);
    for (guint k = 0; k < 8000; k++)
      packet_immediate (&packet, 0x3000 + i, k);
    push_payload (1, i, 1);
  }
  fail_unless_equals_uint64 (count_packets ("accepted"), 8);
  fail_unless_equals_uint64 (count_packets ("too-large"), 12);
  push (1, 1000, 20, 980);
  push (1, 1000, 8, 12);
  fail_unless_equals_int (fail_unless_next (1, "complete")->n_pointers, 64000);
}
GST_END_TEST

/* --- memory --------------------------------------------------------------- */

/* A packet that there is no memory for begins nothing, and the heap may yet. */
GST_START_TEST (test_no_memory)
{
  for (guint64 cnt = 10; cnt < 16; cnt++)
    push_heap (cnt, 300, 100);
  recycle_heaps ();
  push (3, 300, 0, 100);
  no_memory = TRUE;
  push (4, 300, 0, 100);
  push (5, 300, 0, 300);
  fail_unless_equals_uint64 (count_packets ("no-memory"), 2);
  fail_unless_equals_int (spead2_assembler_n_live (assembler), 1);
  push (3, 300, 100, 200);
  fail_unless_next (3, "complete");
  no_memory = FALSE;
  for (guint64 cnt = 4; cnt < 10; cnt++) {
    push_heap (cnt, 300, 100);
    fail_unless_next (cnt, "complete");
  }
}
GST_END_TEST

GST_START_TEST (test_no_memory_to_grow)
{
  push (1, -1, 0, 100);
  no_memory = TRUE;
  push (1, -1, 100, 100);
  fail_unless_equals_uint64 (count_packets ("no-memory"), 1);
  no_memory = FALSE;
  push (1, -1, 100, 100);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
  fail_unless_equals_uint64 (fail_unless_next (1, "complete")->length, 200);
}
GST_END_TEST

/* One heap after the other is made of the same structure, as new. */
GST_START_TEST (test_recycled)
{
  Spead2ReceivedHeap *first = NULL;

  for (guint64 cnt = 0; cnt < 10; cnt++) {
    Spead2ReceivedHeap *heap;

    if (cnt % 2) {
      push_heap (cnt, 300, 100);
    } else { /* with all that a heap can have */
      for (guint i = 0; i < 40; i++) {
        packet_standard (&packet, cnt, -1, 20 * i, 10);
        packet_immediate (&packet, 0x3000, i);
        packet_immediate (&packet, STREAM_CTRL, 0);
        push_payload (cnt, 20 * i, 10);
      }
      spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
    }
    heap = fail_unless_next (cnt, cnt % 2 ? "complete" : "stop");
    fail_unless (first == NULL || heap == first);
    fail_unless_equals_int (heap->n_pointers, cnt % 2 ? 2 : 41);
    fail_unless_equals_int (heap->flags,
        cnt % 2 ? 0 : SPEAD2_RECEIVED_UNSIZED | SPEAD2_RECEIVED_START);
    first = heap;
    recycle_heaps ();
    fail_unless_equals_int (n_blocks, 0);
  }
}
GST_END_TEST

/* Memory that was taken out is the taker's, and so is the heap. */
GST_START_TEST (test_taken)
{
  Spead2HeapMemory memory;
  Spead2ReceivedHeap *heap;

  push_heap (1, 300, 100);
  push_heap (2, 300, 100);
  heap = spead2_assembler_take (assembler);
  fail_unless (heap->next && heap->next->next == NULL);
  spead2_assembler_recycle (assembler, heap->next);
  fail_unless_equals_int (n_blocks, 1);
  memory = heap->memory;
  heap->memory.data = NULL;
  fail_unless_equals_int (heap->payload[299], heap_byte (1, 299));
  spead2_received_heap_free (heap);
  fail_unless_equals_int (n_blocks, 1);
  n_blocks--;
  g_free (memory.token);
}
GST_END_TEST

/* Live heaps and ended ones, when the assembler goes: see the fixture. */
GST_START_TEST (test_freed_in_the_middle)
{
  push (1, 300, 0, 100);
  push (2, -1, 0, 100);
  push_heap (3, 300, 100);
}
GST_END_TEST

/* --- foreign traffic ------------------------------------------------------ */

GST_START_TEST (test_refused)
{
  push (1, 300, 0, 100);
  packet_standard (&packet, 1, 300, 100, 200);
  packet.bytes[0] = 'x';
  push_payload (1, 100, 200);
  packet_standard (&packet, 1, 300, 100, 200);
  push_packet ();
  packet_begin (&packet, 40);
  push_packet ();
  packet.size = 0;
  push_packet ();
  spead2_assembler_push_truncated (assembler, 1000);
  fail_unless_equals_uint64 (count_refused ("magic"), 1);
  fail_unless_equals_uint64 (count_refused ("payload"), 1);
  fail_unless_equals_uint64 (count_refused ("specials"), 1);
  fail_unless_equals_uint64 (count_refused ("short"), 1);
  fail_unless_equals_uint64 (count_refused ("truncated"), 1);
  fail_unless_equals_uint64 (
      spead2_assembler_counters (assembler)->datagrams, 6);
  push (1, 300, 100, 200);
  fail_unless_next (1, "complete");
}
GST_END_TEST

GST_START_TEST (test_names)
{
  for (guint i = 0; i < SPEAD2_N_PACKET_FATES; i++)
    for (guint k = 0; k < i; k++)
      fail_if (g_str_equal (
          spead2_packet_fate_name (i), spead2_packet_fate_name (k)));
  for (guint i = 0; i < SPEAD2_N_HEAP_ENDS; i++)
    for (guint k = 0; k < i; k++)
      fail_if (
          g_str_equal (spead2_heap_end_name (i), spead2_heap_end_name (k)));
}
GST_END_TEST

static Suite *
limits_suite (void)
{
  Suite *suite = suite_create ("limits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_assembler, teardown_assembler);
  tcase_add_test (tc, test_evicted);
  tcase_add_test (tc, test_progress_is_not_evicted);
  tcase_add_test (tc, test_evicted_for_memory);
  tcase_add_test (tc, test_evicted_by_a_growing_heap);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_timeout_is_not_put_off);
  tcase_add_loop_test (tc, test_no_timeout, 0, 2);
  tcase_add_loop_test (tc, test_length_claimed, 0, 2);
  tcase_add_test (tc, test_largest);
  tcase_add_test (tc, test_offset_claimed);
  tcase_add_test (tc, test_never_finished);
  tcase_add_test (tc, test_memory_until_taken);
  tcase_add_test (tc, test_pieces);
  tcase_add_test (tc, test_pointers);
  tcase_add_test (tc, test_no_memory);
  tcase_add_test (tc, test_no_memory_to_grow);
  tcase_add_test (tc, test_recycled);
  tcase_add_test (tc, test_taken);
  tcase_add_test (tc, test_freed_in_the_middle);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_names);
  return suite;
}

GST_CHECK_MAIN (limits);
