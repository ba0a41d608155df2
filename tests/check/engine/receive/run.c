/* Runs of heaps: what makes one, what ends it, and that it is what heaps one by one would
 * have been.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "assemblerfixture.h"

#include <gst/check/gstcheck.h>

#include <string.h>

#define SIZE 100

static void
setup_runs (void)
{
  setup_assembler ();
  assembler_config.run_heaps = 8;
  assembler_config.run_bytes = 8 * SIZE;
  start_assembler ();
}

/* A heap of one packet with a value of an item beside the timestamp. */
static void
push_heap_with (guint64 cnt, guint64 timestamp, guint64 id, guint64 value)
{
  packet_standard (&packet, cnt, SIZE, 0, SIZE);
  packet_immediate (&packet, TIMESTAMP, timestamp);
  packet_immediate (&packet, id, value);
  packet_addressed (&packet, SAMPLES, 0);
  push_payload (cnt, 0, SIZE);
}

static void
push_next (guint64 cnt)
{
  push_heap_with (cnt, 100 * cnt, 0x4101, 7);
}

static void
push_from (guint64 from, guint64 to)
{
  for (; from <= to; from++)
    push_next (from);
}

/* What comes next is a run of so many heaps from that counter on, with their bytes. */
static Spead2ReceivedHeap *
fail_unless_run (guint64 cnt, guint n, guint64 step)
{
  Spead2ReceivedHeap *heap = fail_unless_next (cnt, "complete");

  fail_unless_equals_int (heap->n_heaps, n);
  if (n > 1)
    fail_unless_equals_uint64 (heap->cnt_step, step);
  for (guint i = 0; i < n * SIZE; i++)
    fail_unless_equals_int (
        heap->payload[i], heap_byte (cnt + i / SIZE * step, i % SIZE));
  return heap;
}

/* --- what is a run -------------------------------------------------------- */

GST_START_TEST (heaps_that_step_are_a_run)
{
  const Spead2ReceivedHeap *run;

  push_from (1, 2);
  now = 5;
  push_next (3);
  run = fail_unless_run (1, 3, 1);
  fail_unless_equals_int (run->n_pointers, 3);
  fail_unless_equals_uint64 (run->steps[0], 100);
  fail_unless_equals_uint64 (run->steps[1], 0);
  fail_unless_equals_uint64 (run->steps[2], 0);
  fail_unless_equals_uint64 (run->length, SIZE);
  fail_unless_equals_uint64 (run->first_time, 1);
  fail_unless_equals_uint64 (run->last_time, 5);
  fail_unless_equals_uint64 (spead2_received_heap_cost (run), 3 * 1024);
  fail_if_heap ();
  fail_unless_equals_int (n_acquired, 1);
  fail_unless_equals_uint64 (count_ended ("complete"), 3);
  fail_unless_equals_uint64 (
      spead2_assembler_counters (assembler)->single_packet_heaps, 3);
}
GST_END_TEST;

GST_START_TEST (counters_may_step_by_more_and_values_go_back)
{
  const Spead2ReceivedHeap *run;

  for (guint i = 0; i < 4; i++)
    push_heap_with (10 + 3 * i, 1000 - 100 * i, 0x4101, 7);
  run = fail_unless_run (10, 4, 3);
  fail_unless_equals_uint64 (run->steps[0], -(guint64) 100);
}
GST_END_TEST;

GST_START_TEST (a_run_ends_where_another_step_comes)
{
  push_from (1, 3);
  push_from (5, 7);
  fail_unless_run (1, 3, 1);
  fail_unless_run (5, 3, 1);
  fail_if_heap ();
}
GST_END_TEST;

/* Of 40 bits: the pointer would have another id. */
GST_START_TEST (a_value_that_wraps_ends_the_run)
{
  const guint64 limit = G_GUINT64_CONSTANT (1) << 40;

  for (guint i = 0; i < 6; i++)
    push_heap_with (i, (limit - 300 + 100 * i) % limit, 0x4101, 7);
  fail_unless_run (0, 3, 1);
  fail_unless_run (3, 3, 1);
}
GST_END_TEST;

/* Of the third heap and later ones, too: of the heap counter, the carry would make another
 * item of the first pointer, and the packet has no heap counter. */
GST_START_TEST (a_counter_that_carries_ends_the_run)
{
  const guint64 limit = G_GUINT64_CONSTANT (1) << 40;

  for (guint64 cnt = limit - 3; cnt < limit; cnt++)
    push_heap_with (cnt, 0, 0x4101, 7);
  packet_standard (&packet, 0, SIZE, 0, SIZE);
  packet_immediate (&packet, TIMESTAMP, 0);
  packet_immediate (&packet, 0x4101, 7);
  packet_addressed (&packet, SAMPLES, 0);
  spead2_write_u64 (packet.bytes + SPEAD2_HEADER_SIZE,
      spead2_flavour_immediate (40, SPEAD2_ID_HEAP_LENGTH, 0));
  push_payload (0, 0, SIZE);
  fail_unless_equals_uint64 (count_refused ("specials"), 1);
  fail_unless_run (limit - 3, 3, 1);
  fail_if_heap ();
}
GST_END_TEST;

/* Item 7 that steps below 0 would be item 6, stream control. */
GST_START_TEST (a_value_that_borrows_ends_the_run)
{
  const guint64 limit = G_GUINT64_CONSTANT (1) << 40;

  push_heap_with (1, 0, STREAM_CTRL + 1, limit - 2);
  push_heap_with (2, 0, STREAM_CTRL + 1, 0);
  push_heap_with (3, 0, STREAM_CTRL, SPEAD2_CTRL_STOP);
  fail_unless_run (1, 2, 1);
  fail_unless (fail_unless_run (3, 1, 0)->flags & SPEAD2_RECEIVED_STOP);
}
GST_END_TEST;

GST_START_TEST (a_run_ends_when_heaps_are_taken)
{
  push_from (1, 3);
  fail_unless_run (1, 3, 1);
  push_from (4, 5);
  fail_unless_run (4, 2, 1);
}
GST_END_TEST;

GST_START_TEST (a_run_has_a_limit)
{
  push_from (1, 10);
  fail_unless_run (1, 8, 1);
  fail_unless_run (9, 2, 1);
  assembler_config.run_bytes = 3 * SIZE - 1;
  start_assembler ();
  push_from (1, 3);
  fail_unless_run (1, 2, 1);
  fail_unless_run (3, 1, 0);
}
GST_END_TEST;

/* Each heap begins another run, for which no packet is parsed. */
GST_START_TEST (heaps_without_runs_come_one_by_one)
{
  assembler_config.run_heaps = __i__;
  start_assembler ();
  push_from (1, 3);
  now = 5;
  push_next (4);
  push_next (4);
  push_from (6, 8);
  for (guint cnt = 1; cnt <= 8; cnt++) {
    const Spead2ReceivedHeap *heap;

    if (cnt == 5)
      continue;
    heap = fail_unless_run (cnt, 1, 0);
    fail_unless_equals_int (heap->n_pointers, 3);
    fail_unless_equals_uint64 (
        spead2_pointer_value (40, heap->pointers[0]), 100 * cnt);
    fail_unless_equals_int (spead2_received_heap_missing (heap, NULL), 0);
    fail_unless_equals_uint64 (heap->first_time, cnt < 4 ? 1 : 5);
    fail_unless_equals_uint64 (heap->last_time, cnt < 4 ? 1 : 5);
    fail_unless_equals_uint64 (heap->memory.size, SIZE);
  }
  fail_if_heap ();
  fail_unless_equals_uint64 (count_packets ("duplicate"), 1);
  fail_unless_equals_int (n_acquired, 7);
}
GST_END_TEST;

GST_START_TEST (memory_that_a_run_did_not_fill_is_returned)
{
  push_from (1, 3);
  fail_unless_equals_uint64 (block_bytes, 8 * SIZE);
  push_next (10);
  fail_unless_equals_uint64 (block_bytes, 3 * SIZE + SIZE);
  fail_unless_run (1, 3, 1);
}
GST_END_TEST;

GST_START_TEST (memory_that_cannot_be_extended_is_of_one_heap)
{
  push_next (1);
  no_memory = TRUE;
  push_next (2);
  fail_unless_equals_uint64 (count_packets ("no-memory"), 1);
  no_memory = FALSE;
  push_next (2);
  fail_unless_run (1, 1, 0);
  fail_unless_run (2, 1, 0);
}
GST_END_TEST;

static void
push_another (guint64 cnt, guint what)
{
  switch (what) {
    case 0: /* another item */
      push_heap_with (cnt, 100 * cnt, 0x4102, 7);
      break;
    case 1: /* stream control */
      push_heap_with (cnt, 100 * cnt, STREAM_CTRL, SPEAD2_CTRL_STOP);
      break;
    case 2: /* another length */
      push_heap (cnt, SIZE + 1, SIZE + 1);
      break;
    case 3: /* more than one packet */
      push_heap (cnt, SIZE, SIZE / 2);
      break;
    default: /* two values of one item, which may become one */
      packet_standard (&packet, cnt, SIZE, 0, SIZE);
      packet_immediate (&packet, TIMESTAMP, 100 * cnt);
      packet_immediate (&packet, TIMESTAMP, 305);
      packet_addressed (&packet, SAMPLES, 0);
      push_payload (cnt, 0, SIZE);
      break;
  }
}

GST_START_TEST (other_heaps_are_not_in_the_run)
{
  const gboolean runs[] = {TRUE, FALSE, TRUE, FALSE, FALSE};

  push_from (1, 2);
  push_another (3, __i__);
  push_another (4, __i__);
  push_from (5, 6);
  fail_unless_run (1, 2, 1);
  /* Those that are whole in a packet are a run of their own. */
  fail_unless_equals_int (
      fail_unless_next (3, "complete")->n_heaps, runs[__i__] ? 2 : 1);
  if (!runs[__i__])
    fail_unless_equals_int (fail_unless_next (4, "complete")->n_heaps, 1);
  fail_unless_run (5, 2, 1);
}
GST_END_TEST;

GST_START_TEST (heaps_of_a_run_are_remembered)
{
  push_from (1, 4);
  push_from (1, 4);
  fail_unless_equals_uint64 (count_packets ("duplicate"), 4);
  push_from (5, 6);
  fail_unless_run (1, 4, 1);
  fail_unless_run (5, 2, 1);
  fail_if_heap ();
}
GST_END_TEST;

/* The packet that would continue the run is of a heap with its counter. */
GST_START_TEST (a_live_heap_takes_its_packets_from_a_run)
{
  push (3, 2 * SIZE, SIZE, SIZE);
  push_from (1, 3);
  fail_unless_equals_uint64 (count_packets ("inconsistent"), 1);
  fail_unless_run (1, 2, 1);
}
GST_END_TEST;

GST_START_TEST (a_run_can_be_split)
{
  Spead2ReceivedHeap *run, *front;

  push_from (1, 5);
  run = fail_unless_run (1, 5, 1);
  front = spead2_received_heap_split (run, 2);
  fail_unless (front->memory.data == NULL);
  fail_unless_equals_int (front->n_heaps, 2);
  fail_unless_equals_uint64 (front->cnt, 1);
  fail_unless (front->payload == run->payload - 2 * SIZE);
  fail_unless_equals_int (spead2_received_heap_missing (front, NULL), 0);
  fail_unless_equals_int (run->n_heaps, 3);
  fail_unless_equals_uint64 (run->cnt, 3);
  fail_unless_equals_uint64 (
      spead2_pointer_value (40, front->pointers[0]), 100);
  fail_unless_equals_uint64 (spead2_pointer_value (40, run->pointers[0]), 300);
  spead2_received_heap_skip (run, 1);
  fail_unless_equals_int (run->n_heaps, 2);
  fail_unless_equals_uint64 (run->cnt, 4);
  fail_unless (front->payload == run->payload - 3 * SIZE);
  fail_unless_equals_uint64 (spead2_pointer_value (40, run->pointers[0]), 400);
  spead2_received_heap_free (front);
}
GST_END_TEST;

/* More heaps come back than the assembler has made. */
GST_START_TEST (heaps_that_were_split_off_do_not_pile_up)
{
  for (guint64 cnt = 0; cnt < 8 * SPEAD2_MAX_UNUSED_HEAPS; cnt += 8) {
    Spead2ReceivedHeap *run;

    push_from (cnt, cnt + 7);
    run = fail_unless_run (cnt, 8, 1);
    while (run->n_heaps > 1) {
      Spead2ReceivedHeap *first = spead2_received_heap_split (run, 1);

      first->next = run->next;
      run->next = first;
    }
    recycle_heaps ();
  }
  fail_unless_equals_int (
      spead2_assembler_n_unused (assembler), SPEAD2_MAX_UNUSED_HEAPS);
}
GST_END_TEST;

/* --- against heaps one by one ---------------------------------------------- */

#define N_ROUNDS 100
#define N_PUSHES 200

static guint8 (*sent)[N_PUSHES][2000];
static gsize sizes[N_PUSHES];
static gboolean taken[N_PUSHES]; /* heaps are taken behind that packet */

/* Mostly heaps that follow one another, with all that may happen to packets on their way. */
static void
make_stream (GRand *rand)
{
  guint64 cnt = g_rand_int_range (rand, 0, 1000);
  guint64 base = G_GUINT64_CONSTANT (1) << 40;
  gint step = g_rand_int_range (rand, 1, 3);
  guint n = 0;

  base = g_rand_boolean (rand) ? 0 : base - 100 * (cnt + 50);
  while (n < N_PUSHES) {
    guint what = g_rand_int_range (rand, 0, 40);
    guint64 value = (base + 100 * cnt) & ((G_GUINT64_CONSTANT (1) << 40) - 1);

    packet_standard (&packet, cnt, what == 1 ? 2 * SIZE : SIZE, 0, SIZE);
    packet_immediate (&packet, TIMESTAMP, value);
    packet_immediate (
        &packet, what == 2 ? 0x4102 : 0x4101, what == 3 ? cnt : cnt / 20);
    if (what == 4)
      packet_immediate (&packet, STREAM_CTRL, SPEAD2_CTRL_STOP);
    packet_addressed (&packet, SAMPLES, 0);
    for (guint i = 0; i < SIZE; i++)
      packet.bytes[packet.size++] = heap_byte (cnt, i);
    memcpy ((*sent)[n], packet.bytes, packet.size);
    sizes[n] = packet.size;
    taken[n++] = what == 5;
    cnt += what == 6 ? 7 : what == 7 ? -5 : step;
    /* Repeated, and swapped with one before. */
    if (n < N_PUSHES && what == 8) {
      guint from = g_rand_int_range (rand, 0, n);

      memcpy ((*sent)[n], (*sent)[from], sizes[from]);
      sizes[n] = sizes[from];
      taken[n++] = FALSE;
    } else if (n > 1 && what == 9) {
      memcpy (packet.bytes, (*sent)[n - 1], sizes[n - 1]);
      memcpy ((*sent)[n - 1], (*sent)[n - 2], sizes[n - 2]);
      memcpy ((*sent)[n - 2], packet.bytes, sizes[n - 1]);
      packet.size = sizes[n - 1];
      sizes[n - 1] = sizes[n - 2];
      sizes[n - 2] = packet.size;
    }
  }
}

static void
write_heap (GString *text, const Spead2ReceivedHeap *heap)
{
  g_string_append_printf (text,
      "%" G_GUINT64_FORMAT " %s %u %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
      heap->cnt, spead2_heap_end_name (heap->end), heap->flags, heap->received,
      heap->length);
  for (guint i = 0; i < heap->n_pointers; i++)
    g_string_append_printf (
        text, " %" G_GINT64_MODIFIER "x", heap->pointers[i]);
  for (guint i = 0; heap->received == heap->length && i < heap->length; i++)
    g_string_append_printf (text, "%c%02x", i ? ',' : ' ', heap->payload[i]);
  g_string_append_c (text, '\n');
}

/* Takes what is there, and writes it heap by heap; longest becomes that of a longer run. */
static void
write_heaps (GString *text, guint *longest)
{
  Spead2ReceivedHeap *heaps = spead2_assembler_take (assembler), *heap;

  for (heap = heaps; heap; heap = heap->next) {
    *longest = MAX (*longest, heap->n_heaps);
    while (heap->n_heaps > 1) {
      Spead2ReceivedHeap *first = spead2_received_heap_split (heap, 1);

      write_heap (text, first);
      spead2_received_heap_free (first);
    }
    write_heap (text, heap);
  }
  spead2_assembler_recycle (assembler, heaps);
}

/* All that comes of the stream, and the counters; with runs of so many heaps at most. Where
 * heaps have senders, each packet is parsed. */
static gchar *
receive_stream (guint run_heaps, gboolean senders, guint *longest)
{
  const struct sockaddr_storage sender = {.ss_family = AF_UNSPEC};
  GString *text = g_string_new (NULL);
  const guint64 *counters;

  assembler_config.run_heaps = run_heaps;
  start_assembler ();
  if (senders)
    spead2_assembler_set_sender (assembler, &sender);
  *longest = 0;
  for (guint n = 0; n < N_PUSHES; n++) {
    spead2_assembler_push (assembler, (*sent)[n], sizes[n], ++now);
    if (taken[n])
      write_heaps (text, longest);
  }
  write_heaps (text, longest);
  counters = (const guint64 *) spead2_assembler_counters (assembler);
  for (guint i = 0; i < sizeof (Spead2AssemblerCounters) / sizeof *counters;
       i++)
    g_string_append_printf (text, "%" G_GUINT64_FORMAT " ", counters[i]);
  return g_string_free (text, FALSE);
}

GST_START_TEST (runs_are_what_heaps_one_by_one_are)
{
  GRand *rand = g_rand_new_with_seed (1);
  guint longest, alone, n_long = 0;

  sent = g_malloc (sizeof *sent);
  for (guint i = 0; i < N_ROUNDS; i++) {
    g_autofree gchar *runs = NULL, *single = NULL, *heaps = NULL;

    make_stream (rand);
    heaps = receive_stream (8, TRUE, &alone);
    fail_unless_equals_int (alone, 1);
    single = receive_stream (0, FALSE, &alone);
    fail_unless_equals_string (single, heaps);
    fail_unless_equals_int (alone, 1);
    runs = receive_stream (8, FALSE, &longest);
    fail_unless_equals_string (runs, heaps);
    n_long += longest > 4;
  }
  fail_unless (n_long > N_ROUNDS / 2, "%u long runs", n_long);
  g_free (sent);
  g_rand_free (rand);
}
GST_END_TEST;

static Suite *
run_suite (void)
{
  Suite *suite = suite_create ("run");
  TCase *tc = tcase_create ("run");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_runs, teardown_assembler);
  tcase_add_test (tc, heaps_that_step_are_a_run);
  tcase_add_test (tc, counters_may_step_by_more_and_values_go_back);
  tcase_add_test (tc, a_run_ends_where_another_step_comes);
  tcase_add_test (tc, a_value_that_wraps_ends_the_run);
  tcase_add_test (tc, a_counter_that_carries_ends_the_run);
  tcase_add_test (tc, a_value_that_borrows_ends_the_run);
  tcase_add_test (tc, a_run_ends_when_heaps_are_taken);
  tcase_add_test (tc, a_run_has_a_limit);
  tcase_add_loop_test (tc, heaps_without_runs_come_one_by_one, 0, 2);
  tcase_add_test (tc, memory_that_a_run_did_not_fill_is_returned);
  tcase_add_test (tc, memory_that_cannot_be_extended_is_of_one_heap);
  tcase_add_loop_test (tc, other_heaps_are_not_in_the_run, 0, 5);
  tcase_add_test (tc, heaps_of_a_run_are_remembered);
  tcase_add_test (tc, a_live_heap_takes_its_packets_from_a_run);
  tcase_add_test (tc, a_run_can_be_split);
  tcase_add_test (tc, heaps_that_were_split_off_do_not_pile_up);
  tcase_add_test (tc, runs_are_what_heaps_one_by_one_are);
  return suite;
}

GST_CHECK_MAIN (run);
