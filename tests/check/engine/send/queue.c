/* The queue of a sender as a state machine: its steps one by one, every interleaving of
 * the steps of small cases, and threads that wait for each other.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <string.h>

#include "spead2/send/queue.h"

#define MAX_HEAPS 8
#define MAX_TAKERS 2
#define NO_LIMIT G_MAXUINT64

/* All that the steps change, so that a copy is a state. */
typedef struct {
  Spead2Queue queue;
  Spead2Slot slots[MAX_HEAPS];
  Spead2Taker takers[MAX_TAKERS];
  guint64 taken[MAX_TAKERS][MAX_HEAPS];
  guint wakes[MAX_TAKERS];
  guint64 now;
} World;

static World world;
static Spead2Queue *const queue = &world.queue;
static Spead2Taker *const first_taker = &world.takers[0];
static Spead2Taker *const second_taker = &world.takers[1];
/* Never freed by the queue in these tests: it reads flags and length only. */
static Spead2Heap heaps[MAX_HEAPS];
static Spead2Heap *pointers[MAX_HEAPS];

static void
wake (gpointer user_data)
{
  guint *wakes = user_data;

  (*wakes)++;
}

/* Slots and positions lie in the world. */
static void
open_queue_of_groups (guint max_heaps, guint n_takers, guint interleave)
{
  guint i;

  memset (&world, 0, sizeof world);
  memset (heaps, 0, sizeof heaps);
  for (i = 0; i < MAX_HEAPS; i++) {
    heaps[i].length = 100;
    heaps[i].n_heaps = 1;
    pointers[i] = &heaps[i];
  }
  spead2_queue_init (queue, max_heaps, n_takers, interleave);
  queue->destinations.n = 1;
  g_assert (queue->n_slots <= MAX_HEAPS);
  g_aligned_free (queue->slots);
  queue->slots = world.slots;
  for (i = 0; i < n_takers; i++) {
    spead2_taker_init (&world.takers[i], queue, wake, &world.wakes[i]);
    g_free (world.takers[i].taken);
    world.takers[i].taken = world.taken[i];
  }
}

static void
open_queue (guint max_heaps, guint n_takers)
{
  open_queue_of_groups (max_heaps, n_takers, 1);
}

static void
close_queue (void)
{
  g_clear_pointer (&queue->takers, g_free);
  g_cond_clear (&queue->changed);
  g_mutex_clear (&queue->lock);
}

static guint
push_heaps (guint first, guint n)
{
  return spead2_queue_try_push (queue, pointers + first, n, 0);
}

/* The run at current is cut into packets, or will not be any further. */
static void
end_run (Spead2Taker *taker)
{
  const Spead2Slot *slot = spead2_taker_slot (taker, taker->current++);
  guint n = taker->n_begun > 0 ? taker->n_unbegun + 1 : slot->n_heaps;

  taker->unbegun_bytes -= n * slot->length;
  taker->n_begun -= taker->n_begun > 0;
  taker->n_unbegun = 0;
}

/* The taker is in the middle of the run at current: n of its heaps are begun. */
static void
begin_run (Spead2Taker *taker, guint n)
{
  const Spead2Slot *slot = spead2_taker_slot (taker, taker->current);

  taker->n_begun = 1;
  taker->n_unbegun = slot->n_heaps - n;
  taker->unbegun_bytes -= (n - 1) * slot->length;
}

/* All that the taker has is cut into packets; n of each are in flight. */
static void
cut_all (Spead2Taker *taker, guint in_flight)
{
  while (taker->current != taker->end) {
    spead2_taker_slot (taker, taker->current)->tx.in_flight = in_flight;
    end_run (taker);
  }
}

/* How many slots are completed. */
static guint
complete (void)
{
  guint64 head = queue->head, end;

  while (spead2_queue_begin_completion (queue, &end))
    spead2_queue_end_completion (queue, end);
  return queue->head - head;
}

/* -- steps ----------------------------------------------------------------------- */

GST_START_TEST (test_capacity)
{
  open_queue (3, 1);
  fail_unless_equals_int (queue->n_slots, 4);
  heaps[1].flags = SPEAD2_HEAP_CONTROL;
  fail_unless_equals_int (push_heaps (0, 5), 3);
  fail_unless_equals_int (push_heaps (3, 1), 0);
  fail_unless_equals_int (queue->outstanding, 2);
  fail_unless_equals_int (queue->peak_outstanding, 2);
  fail_unless_equals_uint64 (queue->n_pushed, 2);

  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, world.now));
  cut_all (first_taker, 0);
  spead2_taker_finish (first_taker);
  fail_unless_equals_int (complete (), 3);
  fail_unless_equals_int (queue->outstanding, 0);
  fail_unless_equals_int (push_heaps (3, 2), 2);
}
GST_END_TEST

/* Stream control has a slot beyond max_heaps, and is left out where that is used. */
GST_START_TEST (test_control)
{
  Spead2Heap *control = spead2_heap_new_control (40, SPEAD2_CTRL_STOP);
  Spead2Heap *another = spead2_heap_new_control (40, SPEAD2_CTRL_STOP);

  open_queue (3, 1);
  fail_unless_equals_int (push_heaps (0, 3), 3);
  fail_unless (spead2_queue_push_control (queue, control));
  fail_unless (spead2_queue_push_control (queue, another));
  fail_unless_equals_int (spead2_queue_n_used (queue), 4);
  fail_unless_equals_int (queue->outstanding, 3);
  spead2_queue_set_flushing (queue, TRUE);
  fail_if (spead2_queue_push_control (queue, control));
  fail_unless_equals_int (push_heaps (3, 1), 0);
  spead2_heap_free (control);
}
GST_END_TEST

GST_START_TEST (test_take_by_bytes)
{
  open_queue (7, 1);
  heaps[0].length = 5000;
  heaps[3].length = 0;
  fail_unless_equals_int (push_heaps (0, 6), 6);
  /* One at least. */
  fail_unless (spead2_taker_take (first_taker, 200, world.now));
  fail_unless_equals_uint64 (first_taker->end, 1);
  cut_all (first_taker, 0);
  fail_unless (spead2_taker_take (first_taker, 200, world.now));
  fail_unless_equals_uint64 (first_taker->end, 4);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 200);
}
GST_END_TEST

/* Slots end in order within a taker, and are completed in order. */
GST_START_TEST (test_order_of_ends)
{
  guint64 end;

  open_queue (7, 2);
  fail_unless_equals_int (push_heaps (0, 4), 4);
  fail_unless (spead2_taker_take (first_taker, 200, world.now));
  fail_unless (spead2_taker_take (second_taker, 200, world.now));
  cut_all (first_taker, 0);
  cut_all (second_taker, 0);
  spead2_queue_slot (queue, 0)->tx.in_flight = 1;
  spead2_taker_finish (first_taker);
  spead2_taker_finish (second_taker);
  fail_if (spead2_queue_begin_completion (queue, &end));

  spead2_queue_slot (queue, 0)->tx.in_flight = 0;
  spead2_queue_slot (queue, 1)->tx.in_flight = 1;
  spead2_taker_finish (first_taker);
  fail_unless (spead2_queue_begin_completion (queue, &end));
  fail_unless_equals_uint64 (end, 1);
  /* One at a time. */
  spead2_queue_slot (queue, 1)->tx.in_flight = 0;
  spead2_taker_finish (first_taker);
  fail_if (spead2_queue_begin_completion (queue, &end));
  spead2_queue_end_completion (queue, 1);
  fail_unless_equals_int (complete (), 3);
}
GST_END_TEST

/* What is dropped last gives its number back; a begun heap is not dropped. */
GST_START_TEST (test_discard)
{
  open_queue (7, 1);
  heaps[3].flags = SPEAD2_HEAP_HAS_CNT;
  fail_unless_equals_int (push_heaps (0, 6), 6);
  fail_unless (spead2_taker_take (first_taker, 500, world.now));
  fail_unless_equals_uint64 (queue->n_numbered, 4);
  first_taker->n_begun = 1;
  spead2_queue_begin_discard (queue);
  fail_unless (spead2_queue_is_closed (queue));
  spead2_taker_discard (first_taker);
  fail_unless_equals_uint64 (queue->n_numbered, 1);
  fail_unless_equals_uint64 (first_taker->end, 1);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 100);
  fail_unless_equals_int (complete (), 0);
  cut_all (first_taker, 0);
  spead2_taker_finish (first_taker);
  fail_unless_equals_int (complete (), 6);
  spead2_queue_end_discard (queue);

  fail_unless_equals_int (push_heaps (6, 2), 2);
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, world.now));
  fail_unless_equals_uint64 (spead2_queue_slot (queue, 6)->nth, 1);
  cut_all (first_taker, 0);
  spead2_taker_drop_last (first_taker, 1);
  fail_unless_equals_uint64 (first_taker->current, first_taker->end);
  fail_unless_equals_uint64 (queue->n_numbered, 2);
  spead2_taker_finish (first_taker);
  fail_unless_equals_int (
      spead2_queue_slot (queue, 7)->state, SPEAD2_SLOT_DROPPED);
}
GST_END_TEST

static void
set_destinations (void)
{
  Spead2Endpoint endpoints[3];
  guint i;

  for (i = 0; i < 3; i++)
    fail_unless (spead2_endpoint_resolve (
        &endpoints[i], "127.0.0.1", 9000 + i, AF_UNSPEC, NULL, NULL));
  spead2_destinations_init (&queue->destinations, endpoints, 3);
}

/* Heaps of one taker are dropped while another is in the middle of later ones: the next heap
 * has the destination that its number says. */
GST_START_TEST (test_turns_go_with_numbers)
{
  open_queue (7, 2);
  set_destinations ();
  fail_unless_equals_int (push_heaps (0, 7), 7);
  fail_unless (spead2_taker_take (first_taker, 200, world.now));
  fail_unless (spead2_taker_take (&world.takers[1], 300, world.now));
  begin_run (&world.takers[1], 1);
  spead2_queue_begin_discard (queue);
  spead2_taker_discard (first_taker);
  spead2_taker_discard (&world.takers[1]);
  fail_unless_equals_uint64 (queue->n_numbered, 3);
  fail_unless_equals_uint64 (queue->kept_end, 3);
  fail_unless_equals_int (queue->destinations.next, 0);
  spead2_destinations_clear (&queue->destinations);
}
GST_END_TEST

/* The heaps of runs that are dropped, some of them in the middle of one, give back the turns
 * that they had. */
GST_START_TEST (test_turns_of_runs_go_with_numbers)
{
  guint i;

  open_queue (7, 1);
  set_destinations ();
  queue->destinations.count_each = __i__ == 1;
  heaps[0].n_heaps = heaps[1].n_heaps = 3;
  fail_unless_equals_int (push_heaps (0, 3), 3);
  fail_unless (spead2_taker_take (first_taker, 600, world.now));
  begin_run (first_taker, 2);
  spead2_queue_begin_discard (queue);
  spead2_taker_discard (first_taker);
  fail_unless_equals_uint64 (queue->kept_end, 1);
  fail_unless_equals_int (queue->destinations.next, 2);
  for (i = 0; i < 3; i++)
    fail_unless_equals_uint64 (
        spead2_destinations_entry (&queue->destinations, i)->n_numbered,
        __i__ == 1 && i < 2 ? 1 : 0);
  end_run (first_taker);
  /* The second heap was abandoned. */
  spead2_taker_drop_last (first_taker, 1);
  fail_unless_equals_int (queue->destinations.next, 1);
  for (i = 0; i < 2; i++) {
    g_array_unref (heaps[i].turns);
    g_free (heaps[i].numbers);
  }
  spead2_destinations_clear (&queue->destinations);
}
GST_END_TEST

/* A discard between the copies of a heap for all. */
GST_START_TEST (test_begun_copies_keep_their_numbers)
{
  guint i;

  open_queue (7, 1);
  set_destinations ();
  queue->destinations.count_each = TRUE;
  heaps[0].flags = SPEAD2_HEAP_DESCRIBES;
  fail_unless_equals_int (push_heaps (0, 1), 1);
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, world.now));
  begin_run (first_taker, 1);
  spead2_queue_begin_discard (queue);
  spead2_taker_discard (first_taker);
  for (i = 0; i < 3; i++)
    fail_unless_equals_uint64 (
        spead2_destinations_entry (&queue->destinations, i)->n_numbered, 1);
  spead2_destinations_clear (&queue->destinations);
}
GST_END_TEST

/* Heaps that go nowhere have no number. */
GST_START_TEST (test_no_destination)
{
  open_queue (7, 1);
  fail_unless_equals_int (push_heaps (0, 1), 1);
  queue->destinations.n = 0;
  fail_unless_equals_int (push_heaps (1, 1), 1);
  queue->destinations.n = 1;
  fail_unless_equals_int (push_heaps (2, 1), 1);
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, world.now));
  fail_unless_equals_uint64 (queue->n_numbered, 2);
  fail_unless_equals_uint64 (spead2_queue_slot (queue, 2)->nth, 1);
}
GST_END_TEST

/* Limits and counts are of heaps, whatever the runs. */
GST_START_TEST (test_counts_of_runs)
{
  open_queue (7, 1);
  heaps[0].n_heaps = 3;
  heaps[1].n_heaps = 3;
  heaps[2].n_heaps = 2;
  fail_unless_equals_int (push_heaps (0, 3), 2);
  fail_unless_equals_int (spead2_queue_n_used (queue), 6);
  fail_unless_equals_int (queue->outstanding, 6);
  fail_unless_equals_uint64 (queue->n_pushed, 6);
  fail_unless_equals_int (push_heaps (3, 1), 1);
  fail_unless_equals_int (queue->peak_outstanding, 7);
  fail_unless_equals_int (push_heaps (4, 1), 0);

  /* 300 bytes each, and 100. */
  fail_unless (spead2_taker_take (first_taker, 500, world.now));
  fail_unless_equals_uint64 (first_taker->end, 1);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 300);
  fail_unless (spead2_taker_take (first_taker, 700, world.now));
  fail_unless_equals_uint64 (first_taker->end, 3);
  fail_unless_equals_uint64 (spead2_queue_slot (queue, 1)->nth, 3);
  fail_unless_equals_uint64 (spead2_queue_slot (queue, 2)->nth, 6);
  fail_unless_equals_uint64 (queue->n_numbered, 7);
  fail_unless (spead2_queue_slot (queue, 0)->tx.notes_failures);
  fail_if (spead2_queue_slot (queue, 2)->tx.notes_failures);

  cut_all (first_taker, 0);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 0);
  spead2_taker_finish (first_taker);
  fail_unless_equals_int (complete (), 3);
  fail_unless_equals_int (spead2_queue_n_used (queue), 0);
  fail_unless_equals_int (queue->outstanding, 0);
}
GST_END_TEST

/* In the middle of a run, the heaps that are not begun are dropped. */
GST_START_TEST (test_discard_in_a_run)
{
  open_queue (7, 1);
  heaps[0].n_heaps = 4;
  heaps[1].n_heaps = 2;
  fail_unless_equals_int (push_heaps (0, 2), 2);
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, world.now));
  begin_run (first_taker, 2);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 500);
  spead2_queue_begin_discard (queue);
  spead2_taker_discard (first_taker);
  fail_unless_equals_uint64 (first_taker->end, 1);
  fail_unless_equals_int (spead2_slot_n_kept (spead2_queue_slot (queue, 0)), 2);
  fail_unless_equals_int (spead2_slot_n_kept (spead2_queue_slot (queue, 1)), 0);
  fail_unless_equals_uint64 (queue->n_numbered, 2);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 100);

  end_run (first_taker);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 0);
  /* The second heap was abandoned. */
  spead2_taker_drop_last (first_taker, 1);
  fail_unless_equals_uint64 (queue->n_numbered, 1);
  fail_unless_equals_uint64 (first_taker->end, 1);
  spead2_taker_finish (first_taker);
  fail_unless_equals_int (
      spead2_queue_slot (queue, 0)->state, SPEAD2_SLOT_DONE);
  fail_unless_equals_int (complete (), 2);
  spead2_queue_end_discard (queue);
  fail_unless_equals_int (spead2_queue_n_used (queue), 0);
}
GST_END_TEST

/* A push wakes as many takers as it has slots for, of those that may take them. */
GST_START_TEST (test_wakes)
{
  open_queue (7, 2);
  first_taker->asleep = second_taker->asleep = TRUE;
  push_heaps (0, 1);
  fail_unless_equals_int (world.wakes[0] + world.wakes[1], 1);
  fail_if (first_taker->asleep);
  push_heaps (1, 2);
  fail_unless_equals_int (world.wakes[1], 1);

  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, world.now));
  second_taker->asleep = TRUE;
  heaps[3].flags = SPEAD2_HEAP_BARRIER;
  push_heaps (3, 1);
  fail_unless_equals_int (world.wakes[1], 1);
  fail_unless (second_taker->asleep);
  cut_all (first_taker, 0);
  spead2_taker_finish (first_taker);
  fail_unless_equals_int (world.wakes[1], 2);

  /* Whatever they sleep for. */
  first_taker->asleep = second_taker->asleep = TRUE;
  spead2_queue_begin_discard (queue);
  fail_if (first_taker->asleep || second_taker->asleep);
  first_taker->asleep = second_taker->asleep = TRUE;
  spead2_queue_stop (queue);
  fail_if (first_taker->asleep || second_taker->asleep);
}
GST_END_TEST

GST_START_TEST (test_max_heaps)
{
  fail_unless_equals_int (spead2_max_heaps (7, 2, 1, 1), 7);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 1, 0), 4095);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 1, 1024), 4095);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 1, 8192), 512);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 1, 1 << 20), 4);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 1, 1 << 30), 4);
  fail_unless_equals_int (spead2_max_heaps (0, 4, 1, 1 << 30), 8);
}
GST_END_TEST

/* A part of what may be outstanding, and of a batch. */
GST_START_TEST (test_max_run)
{
  fail_unless_equals_int (spead2_max_run (1, 1, 1, 1), 1);
  fail_unless_equals_int (spead2_max_run (7, 1, 1, 1), 1);
  fail_unless_equals_int (spead2_max_run (8, 1, 1, 1), 2);
  fail_unless_equals_int (spead2_max_run (16, 2, 1, 1), 2);
  fail_unless_equals_int (spead2_max_run (0, 1, 1, 0), 1023);
  fail_unless_equals_int (spead2_max_run (100000, 1, 1, 0), 1024);
  fail_unless_equals_int (spead2_max_run (0, 1, 1, 8192), 32);
  fail_unless_equals_int (spead2_max_run (0, 1, 1, 200000), 1);
  fail_unless_equals_int (spead2_max_run (0, 64, 1, 1 << 30), 1);
}
GST_END_TEST

/* -- groups ------------------------------------------------------------------------ */

/* A group is taken together, whatever its size, and its end is marked. */
GST_START_TEST (test_groups_are_taken_whole)
{
  open_queue_of_groups (7, 2, 3);
  push_heaps (0, 2);
  fail_if (spead2_taker_take (first_taker, 100, 0));
  push_heaps (2, 4);
  fail_unless (spead2_taker_take (first_taker, 100, 0));
  fail_unless_equals_uint64 (first_taker->end, 3);
  fail_unless (spead2_taker_take (second_taker, 100, 0));
  fail_unless_equals_uint64 (second_taker->end, 3);
  for (guint i = 0; i < 3; i++)
    fail_unless_equals_int (
        !!(spead2_taker_slot (first_taker, i)->flags & SPEAD2_HEAP_ENDS_GROUP),
        i == 2);
}
GST_END_TEST

#define MS G_GUINT64_CONSTANT (1000000) /* ns */

/* A part of a group goes in front of a barrier, which is alone; or when nothing was pushed for
 * a millisecond. */
GST_START_TEST (test_parts_of_groups)
{
  open_queue_of_groups (7, 1, 4);
  heaps[2].flags = SPEAD2_HEAP_BARRIER;
  push_heaps (0, 4);
  fail_unless (spead2_taker_take (first_taker, 200, 0));
  fail_unless_equals_uint64 (first_taker->end, 2);
  cut_all (first_taker, 0);
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, 0));
  fail_unless_equals_uint64 (first_taker->end, 3);
  cut_all (first_taker, 0);
  spead2_taker_finish (first_taker);

  fail_if (spead2_taker_take (first_taker, NO_LIMIT, MS - 1));
  fail_unless_equals_uint64 (spead2_taker_fall_asleep (first_taker), MS);
  /* It watches: more of the part wakes nobody. */
  spead2_queue_try_push (queue, pointers + 4, 1, 1000);
  fail_unless_equals_int (world.wakes[0], 0);
  fail_if (spead2_taker_take (first_taker, NO_LIMIT, MS));
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, MS + 1000));
  fail_unless_equals_uint64 (first_taker->end, 5);
}
GST_END_TEST

/* Heaps of a group that are begun, cut into packets or not, are not dropped. */
GST_START_TEST (test_discard_in_a_group)
{
  open_queue_of_groups (7, 1, 4);
  push_heaps (0, 5);
  fail_unless (spead2_taker_take (first_taker, NO_LIMIT, 0));
  first_taker->n_begun = 2;
  spead2_queue_begin_discard (queue);
  spead2_taker_discard (first_taker);
  fail_unless_equals_uint64 (first_taker->end, 2);
  fail_unless_equals_uint64 (first_taker->unbegun_bytes, 200);
  fail_unless_equals_uint64 (queue->n_numbered, 2);
  for (guint i = 0; i < 5; i++)
    fail_unless_equals_int (spead2_queue_slot (queue, i)->state,
        i < 2 ? SPEAD2_SLOT_TAKEN : SPEAD2_SLOT_DROPPED);
}
GST_END_TEST

/* Automatic limits have space for two groups, and groups have no runs. */
GST_START_TEST (test_limits_of_groups)
{
  fail_unless_equals_int (spead2_max_heaps (7, 1, 7, 1), 7);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 64, 1 << 20), 128);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 64, 8192), 512);
  fail_unless_equals_int (spead2_max_heaps (0, 1, 4096, 0), 8192);
  fail_unless_equals_int (spead2_max_run (0, 1, 2, 8192), 1);
}
GST_END_TEST

/* -- every interleaving ---------------------------------------------------------------
 *
 * Actors do the queue's steps in the way that sender and worker do. A step is what happens
 * with the lock, or without it on slots that the actor owns. From each state every step
 * that is possible is tried, states that were seen before are left out. Waits are
 * modelled: an actor that waits has no step until it is woken. */

#define N_ACTORS 6

typedef enum {
  ABSENT,
  AT_PUSH,
  AT_TAKE,
  AT_SEND,
  AT_COMPLETE,
  AT_DISCARD,
  AT_WAIT_DISCARDED,
  AT_STOP,
  AT_CLOCK, /* the time for a part of a group passes */
  WAITING,  /* for wake_waiters() */
  ASLEEP,   /* for wake() */
  ENDED
} Phase;

typedef struct {
  Phase phase, resumed; /* resumed: behind WAITING */
  Spead2Taker *taker;
  guint next, last; /* heaps to push */
  guint64 end;      /* of a completion */
  guint64 wakes_at; /* where ASLEEP */
} Actor;

typedef struct {
  World world;
  Actor actors[N_ACTORS];
  guint order[MAX_HEAPS]; /* heaps in the order of their pushes */
  guint n_pushed, n_completed, n_sent;
} State;

static Actor actors[N_ACTORS];
static guint order[MAX_HEAPS], n_pushed, n_completed, n_sent;
static GHashTable *seen; /* hashes of states */
static guint n_final;
static const gchar *fault; /* why the state is wrong, or NULL */

static void
save_state (State *state)
{
  memset (state, 0, sizeof *state);
  memcpy (&state->world, &world, sizeof world);
  memcpy (state->actors, actors, sizeof actors);
  memcpy (state->order, order, sizeof order);
  state->n_pushed = n_pushed;
  state->n_completed = n_completed;
  state->n_sent = n_sent;
}

static void
restore_state (const State *state)
{
  memcpy (&world, &state->world, sizeof world);
  memcpy (actors, state->actors, sizeof actors);
  memcpy (order, state->order, sizeof order);
  n_pushed = state->n_pushed;
  n_completed = state->n_completed;
  n_sent = state->n_sent;
}

/* FALSE where the state was seen before. What nobody reads any more is left out. */
static gboolean
see_state (const State *found)
{
  State state = *found;
  const guint8 *bytes = (const guint8 *) &state;
  gint64 hash = 0x4bf29ce484222325;
  guint64 number;
  gsize i;

  memset (&state.world.queue.lock, 0, sizeof state.world.queue.lock);
  memset (&state.world.queue.changed, 0, sizeof state.world.queue.changed);
  memset (state.world.wakes, 0, sizeof state.world.wakes);
  if (queue->n_barriers == 0)
    state.world.queue.barrier_taker = NULL;
  for (number = queue->tail; number != queue->head + queue->n_slots; number++)
    memset (
        &state.world.slots[number % queue->n_slots], 0, sizeof (Spead2Slot));
  for (i = 0; i < queue->n_takers; i++) {
    const Spead2Taker *taker = &world.takers[i];

    for (number = taker->end; number != taker->first + queue->n_slots; number++)
      state.world.taken[i][number % queue->n_slots] = 0;
  }
  for (i = 0; i < sizeof state; i++)
    hash = (gint64) (((guint64) hash ^ bytes[i]) * 0x100000001b3);
  if (g_hash_table_contains (seen, &hash))
    return FALSE;
  g_hash_table_add (seen, g_memdup2 (&hash, sizeof hash));
  return TRUE;
}

static void
wait_for (Actor *actor, guint below, Phase resumed)
{
  queue->wake_below = MAX (queue->wake_below, below);
  actor->phase = WAITING;
  actor->resumed = resumed;
}

static void
step_push (Actor *actor)
{
  guint i,
      n = spead2_queue_try_push (
          queue, pointers + actor->next, actor->last - actor->next, 0);

  for (i = 0; i < n; i++)
    order[n_pushed++] = actor->next++;
  if (actor->next == actor->last || spead2_queue_is_closed (queue))
    actor->phase = ENDED;
  else
    wait_for (
        actor, queue->max_heaps - heaps[actor->next].n_heaps + 1, AT_PUSH);
}

/* The rest of the taker's turn, when it has nothing more to complete. */
static void
end_turn (Actor *actor)
{
  Spead2Taker *taker = actor->taker;

  if (spead2_queue_begin_completion (queue, &actor->end)) {
    actor->phase = AT_COMPLETE;
  } else if (spead2_taker_take (taker, 200, world.now)) {
    actor->phase = AT_SEND;
  } else if (queue->stopping && taker->first == taker->end) {
    actor->phase = ENDED;
  } else {
    actor->wakes_at = spead2_taker_fall_asleep (taker);
    actor->phase = ASLEEP;
  }
}

static void
step_take (Actor *actor)
{
  Spead2Taker *taker = actor->taker;

  spead2_taker_wake_up (taker);
  actor->wakes_at = 0;
  if (spead2_queue_is_discarding (queue)) {
    spead2_taker_discard (taker);
    if (taker->n_begun > 0 && queue->interleave == 1)
      end_run (taker);
  }
  while (taker->end != taker->first && taker->end == taker->current &&
      spead2_taker_slot (taker, taker->end - 1)->tx.error == ECANCELED)
    spead2_taker_drop_last (taker, 1);
  spead2_taker_finish (taker);
  end_turn (actor);
}

static void
step_complete (Actor *actor)
{
  guint64 number;

  for (number = queue->head; number != actor->end; number++) {
    const Spead2Slot *slot = spead2_queue_slot (queue, number);

    if (slot->heap != &heaps[order[n_completed++]])
      fault = "a heap is completed twice, or not in the order of the pushes";
    n_sent += spead2_slot_n_kept (slot);
  }
  spead2_queue_end_completion (queue, actor->end);
  end_turn (actor);
}

/* Of those slots that are not cut. */
static guint
size_of_last_group (const Spead2Taker *taker)
{
  guint64 position = taker->end - 1;

  while (position != taker->current &&
      !(spead2_taker_slot (taker, position - 1)->flags &
          SPEAD2_HEAP_ENDS_GROUP))
    position--;
  return taker->end - position;
}

/* how: 0: all packets are sent, 1: one of the last heap is in flight for longer, 2: the
 * batch is abandoned, 4: it is full before the second heap of the last run, 5: before the
 * first one, 6, 7: it is full when one heap of the last group, or all, had a turn. */
static void
step_send (Actor *actor, guint how)
{
  Spead2Taker *taker = actor->taker;
  guint64 first = taker->current, number;

  actor->phase = AT_TAKE;
  if (how >= 4) {
    while (taker->current + (how < 6 ? 1 : size_of_last_group (taker)) !=
        taker->end)
      end_run (taker);
    if (how == 4)
      begin_run (taker, 1);
    else if (how > 5)
      taker->n_begun = how == 6 ? 1 : size_of_last_group (taker);
    return;
  }
  cut_all (taker, 0);
  if (how == 1)
    spead2_taker_slot (taker, taker->end - 1)->tx.in_flight = 1;
  for (number = first; how == 2 && number != taker->end; number++)
    spead2_taker_slot (taker, number)->tx.error = ECANCELED;
}

/* Whether the last run has several heaps, of which none is begun. */
static gboolean
ends_with_a_run (const Spead2Taker *taker)
{
  return !(taker->n_begun > 0 && taker->current + 1 == taker->end) &&
      spead2_taker_slot (taker, taker->end - 1)->n_heaps > 1;
}

/* The taker finds memory released: when it fills a batch, or where it sleeps, which ends
 * that. FALSE: there is none. */
static gboolean
step_release (Actor *actor)
{
  Spead2Taker *taker = actor->taker;
  gboolean released = FALSE;
  guint64 number;

  for (number = taker->first; number != taker->end; number++) {
    Spead2Slot *slot = spead2_taker_slot (taker, number);

    released |= slot->tx.in_flight > 0;
    slot->tx.in_flight = 0;
  }
  if (released && actor->phase == ASLEEP)
    actor->phase = AT_TAKE;
  return released;
}

/* Does an actor's step number how, where it has so many. */
static gboolean
step (Actor *actor, guint how)
{
  if (how == 3)
    return (actor->phase == ASLEEP || actor->phase == AT_SEND) &&
        step_release (actor);
  if (how > 0 &&
      (actor->phase != AT_SEND ||
          (how == 2 && !spead2_queue_is_discarding (queue)) ||
          (how == 4 && !ends_with_a_run (actor->taker)) ||
          (how == 5 && actor->taker->current + 1 == actor->taker->end) ||
          (how > 5 && (queue->interleave == 1 || actor->taker->n_begun > 0))))
    return FALSE;

  switch (actor->phase) {
    case AT_PUSH:
      step_push (actor);
      return TRUE;
    case AT_TAKE:
      step_take (actor);
      return TRUE;
    case AT_SEND:
      step_send (actor, how);
      return TRUE;
    case AT_COMPLETE:
      step_complete (actor);
      return TRUE;
    case AT_DISCARD:
      spead2_queue_begin_discard (queue);
      actor->phase = AT_WAIT_DISCARDED;
      return TRUE;
    case AT_WAIT_DISCARDED:
      if (spead2_queue_n_used (queue) > 0 && !queue->stopping) {
        wait_for (actor, 1, AT_WAIT_DISCARDED);
      } else {
        spead2_queue_end_discard (queue);
        actor->phase = ENDED;
      }
      return TRUE;
    case AT_STOP:
      spead2_queue_stop (queue);
      actor->phase = ENDED;
      return TRUE;
    case AT_CLOCK:
      world.now = SPEAD2_GROUP_WAIT;
      actor->phase = ENDED;
      return TRUE;
    case ASLEEP:
      if (actor->taker->asleep && actor->wakes_at > world.now)
        return FALSE;
      step_take (actor);
      return TRUE;
    default:
      return FALSE;
  }
}

static void
resume_waiting (void)
{
  guint i;

  for (i = 0; i < N_ACTORS; i++)
    if (actors[i].phase == WAITING && queue->wake_below == 0)
      actors[i].phase = actors[i].resumed;
}

static gboolean
has_barrier (const Spead2Taker *taker)
{
  guint64 number;

  for (number = taker->first; number != taker->end; number++)
    if (spead2_taker_slot (taker, number)->flags & SPEAD2_HEAP_BARRIER)
      return TRUE;
  return FALSE;
}

/* What holds in every state. */
static void
check_state (void)
{
  const Spead2Taker *one = first_taker, *other = second_taker;
  guint64 number;
  guint n_taken = 0, n_held = 0, i;

  for (number = queue->head; number != queue->tail; number++) {
    Spead2SlotState state = spead2_queue_slot (queue, number)->state;

    n_taken += state == SPEAD2_SLOT_TAKEN;
    if ((state == SPEAD2_SLOT_QUEUED) != (number >= queue->taken))
      fault = "a slot is queued that was taken, or not queued";
  }
  for (i = 0; i < queue->n_takers; i++)
    n_held += world.takers[i].end - world.takers[i].first;
  if (n_taken != n_held)
    fault = "a slot is taken by nobody, or twice";
  if (spead2_queue_n_used (queue) > queue->max_heaps)
    fault = "more heaps are used than permitted";
  if ((has_barrier (one) && other->first != other->end) ||
      (has_barrier (other) && one->first != one->end))
    fault = "a barrier is taken beside other heaps";
  if (queue->wake_below > spead2_queue_n_used (queue))
    fault = "waiters were not woken";
}

/* Nobody has a step. */
static void
check_final (void)
{
  guint i;

  n_final++;
  for (i = 0; i < N_ACTORS; i++)
    if (actors[i].phase == WAITING)
      fault = "a waiter sleeps for ever";
  if (spead2_queue_n_used (queue) > 0 || n_completed != n_pushed)
    fault = "heaps stay in the queue";
  if (queue->outstanding != 0 || queue->n_barriers != 0)
    fault = "the queue is empty, and counts something";
  for (i = 0; i < N_ACTORS; i++)
    if (queue->stopping && actors[i].taker && actors[i].phase != ENDED)
      fault = "a taker does not end";
  if (queue->n_takers == 1 && queue->n_numbered != n_sent)
    fault = "numbers have a gap";
}

static void
explore (void)
{
  gboolean moved = FALSE;
  State state;
  guint i, how;

  save_state (&state);
  if (fault || !see_state (&state))
    return;
  check_state ();
  for (i = 0; i < N_ACTORS; i++) {
    for (how = 0; how < 8 && fault == NULL; how++) {
      if (!step (&actors[i], how))
        continue;
      moved = TRUE;
      resume_waiting ();
      explore ();
      restore_state (&state);
    }
  }
  if (!moved && fault == NULL)
    check_final ();
}

static const struct {
  guint max_heaps, n_takers, n_each; /* heaps of each of two pushes */
  guint flags[MAX_HEAPS];
  Phase others[2];
  guint n_heaps[MAX_HEAPS]; /* of each run; 0: one */
  guint interleave;         /* 0: one */
} cases[] = {
    {2, 1, 2, {0}, {ABSENT}},
    {2, 2, 2, {0}, {ABSENT}},
    {1, 2, 2, {0}, {ABSENT}},
    {3, 2, 3, {0, SPEAD2_HEAP_BARRIER, 0, 0}, {ABSENT}},
    {3, 2, 2, {SPEAD2_HEAP_BARRIER, SPEAD2_HEAP_BARRIER}, {ABSENT}},
    {3, 1, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_DISCARD}},
    {3, 2, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_DISCARD}},
    {3, 2, 2, {0, 0, SPEAD2_HEAP_BARRIER}, {AT_STOP}},
    {2, 2, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_DISCARD, AT_DISCARD}},
    {2, 2, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_DISCARD, AT_STOP}},
    {3, 1, 2, {0}, {ABSENT}, {2, 1, 1, 3}},
    {3, 2, 2, {0}, {ABSENT}, {2, 0, 2}},
    {3, 1, 2, {0}, {AT_DISCARD}, {2, 2, 1, 2}},
    {3, 2, 2, {0}, {AT_DISCARD}, {2, 0, 2}},
    {3, 2, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_STOP}, {2, 0, 3}},
    /* Groups: whole ones need no clock. */
    {3, 1, 2, {0}, {ABSENT}, {0}, 2},
    {2, 2, 2, {0}, {ABSENT}, {0}, 2},
    {3, 2, 2, {0}, {ABSENT}, {0}, 2},
    {3, 2, 2, {0}, {AT_CLOCK}, {0}, 3},
    {3, 2, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_CLOCK}, {0}, 2},
    {3, 1, 2, {0, SPEAD2_HEAP_BARRIER}, {AT_DISCARD, AT_CLOCK}, {0}, 2},
    {3, 2, 1, {0}, {AT_DISCARD, AT_CLOCK}, {0}, 2},
    {3, 1, 2, {0}, {AT_DISCARD, AT_CLOCK}, {0}, 3},
    {3, 2, 2, {0, 0, SPEAD2_HEAP_BARRIER}, {AT_STOP}, {0}, 2},
};

/* One thread explores: ThreadSanitizer, under which that takes a minute, has nothing to find. */
#ifdef __SANITIZE_THREAD__
#define N_EXPLORED 1
#else
#define N_EXPLORED G_N_ELEMENTS (cases)
#endif

GST_START_TEST (test_every_interleaving)
{
  guint i;

  open_queue_of_groups (cases[__i__].max_heaps, cases[__i__].n_takers,
      MAX (cases[__i__].interleave, 1));
  /* What a lock allocates, if anything, is the same in all states. */
  g_mutex_lock (&queue->lock);
  g_cond_broadcast (&queue->changed);
  g_mutex_unlock (&queue->lock);
  for (i = 0; i < MAX_HEAPS; i++) {
    heaps[i].flags = cases[__i__].flags[i];
    heaps[i].n_heaps = MAX (cases[__i__].n_heaps[i], 1);
  }
  memset (actors, 0, sizeof actors);
  for (i = 0; i < 2; i++) {
    actors[i].phase = AT_PUSH;
    actors[i].next = i * cases[__i__].n_each;
    actors[i].last = (i + 1) * cases[__i__].n_each;
    actors[4 + i].phase = cases[__i__].others[i];
  }
  for (i = 0; i < queue->n_takers; i++) {
    actors[2 + i].phase = AT_TAKE;
    actors[2 + i].taker = &world.takers[i];
  }
  n_pushed = n_completed = n_sent = n_final = 0;
  fault = NULL;
  seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  explore ();
  GST_INFO (
      "%u states, of which %u are final", g_hash_table_size (seen), n_final);
  fail_unless (fault == NULL, "%s", fault);
  fail_unless (n_final > 0 && g_hash_table_size (seen) > 50);
  g_hash_table_unref (seen);
}
GST_END_TEST

/* -- threads ---------------------------------------------------------------------------- */

static Spead2QueueStatus thread_status;
static guint thread_pushed;

static gpointer
push_in_thread (gpointer data)
{
  thread_status = spead2_queue_push (queue, pointers, 4, 0, &thread_pushed);
  return NULL;
}

static gpointer
drain_in_thread (gpointer data)
{
  thread_status = spead2_queue_drain (queue, TRUE);
  return NULL;
}

/* Until a thread waits in the queue, once all polls are over. */
static void
await_waiter (guint64 below)
{
  gboolean waits = FALSE;

  while (!waits) {
    g_mutex_lock (&queue->lock);
    waits = queue->wake_below == below;
    g_mutex_unlock (&queue->lock);
    g_thread_yield ();
  }
}

static void
send_all (void)
{
  g_mutex_lock (&queue->lock);
  spead2_taker_take (first_taker, NO_LIMIT, world.now);
  cut_all (first_taker, 0);
  spead2_taker_finish (first_taker);
  complete ();
  g_mutex_unlock (&queue->lock);
}

GST_START_TEST (test_a_push_waits)
{
  GThread *thread;

  open_queue (2, 1);
  queue->may_poll = __i__;
  thread = g_thread_new ("push", push_in_thread, NULL);
  await_waiter (2);
  send_all ();
  g_thread_join (thread);
  fail_unless_equals_int (thread_status, SPEAD2_QUEUE_OK);
  fail_unless_equals_int (thread_pushed, 4);

  thread = g_thread_new ("drain", drain_in_thread, NULL);
  await_waiter (1);
  send_all ();
  g_thread_join (thread);
  fail_unless_equals_int (thread_status, SPEAD2_QUEUE_OK);
}
GST_END_TEST

static const struct {
  guint max_heaps, length, interleave;
  guint below; /* how few are used when a push is woken */
} waits_for_space[] = {
    {15, 1, 1, 15},
    {16, 1, 1, 11},
    {512, 1, 1, 321},
    /* 1.25 MiB are fewer than five eighths */
    {512, 8192, 1, 191},
    {400, 8192, 1, 162},
    /* but no more than 2.5 MiB, or two heaps, end for one */
    {16, 1 << 20, 1, 13},
    {16, 8 << 20, 1, 15},
    {64, 1 << 20, 1, 61},
    /* the rest may be a part of a group */
    {16, 1, 12, 12},
    {16, 1, 16, 16},
    {16, 1 << 20, 8, 13},
};

static gpointer
push_one_in_thread (gpointer full)
{
  thread_status = spead2_queue_push (full, pointers, 1, 0, &thread_pushed);
  return NULL;
}

/* Until some of many heaps are left, or one of a few has ended. */
GST_START_TEST (test_how_many_heaps_a_push_waits_for)
{
  const guint max_heaps = waits_for_space[__i__].max_heaps;
  Spead2Queue full;
  Spead2Taker taker;
  GThread *thread;
  guint i, below = 0;

  open_queue (1, 1);
  pointers[0]->length = waits_for_space[__i__].length;
  spead2_queue_init (&full, max_heaps, 1, waits_for_space[__i__].interleave);
  full.destinations.n = 1;
  spead2_taker_init (&taker, &full, wake, &world.wakes[0]);
  for (i = 0; i < max_heaps; i++)
    fail_unless_equals_int (spead2_queue_try_push (&full, pointers, 1, 0), 1);

  thread = g_thread_new ("push", push_one_in_thread, &full);
  while (below == 0) {
    g_mutex_lock (&full.lock);
    below = full.wake_below;
    g_mutex_unlock (&full.lock);
    g_thread_yield ();
  }
  spead2_queue_set_interrupted (&full, TRUE);
  g_thread_join (thread);
  fail_unless_equals_int (below, waits_for_space[__i__].below);
  fail_unless_equals_int (thread_status, SPEAD2_QUEUE_INTERRUPTED);

  full.head = full.tail;
  spead2_taker_clear (&taker);
  spead2_queue_clear (&full);
}
GST_END_TEST

/* Who drains does not wait for a group to become whole. */
GST_START_TEST (test_a_drain_takes_a_part)
{
  GThread *thread;

  open_queue_of_groups (7, 1, 4);
  push_heaps (0, 2);
  fail_if (spead2_taker_take (first_taker, NO_LIMIT, 0));
  first_taker->asleep = TRUE;
  thread = g_thread_new ("drain", drain_in_thread, NULL);
  await_waiter (1);
  g_mutex_lock (&queue->lock);
  fail_if (first_taker->asleep);
  g_mutex_unlock (&queue->lock);
  send_all ();
  g_thread_join (thread);
  fail_unless_equals_int (thread_status, SPEAD2_QUEUE_OK);
}
GST_END_TEST

/* What ends a wait says so, and how many heaps were pushed before. */
GST_START_TEST (test_ends_of_a_wait)
{
  static const Spead2QueueStatus expected[] = {SPEAD2_QUEUE_INTERRUPTED,
      SPEAD2_QUEUE_CLOSED, SPEAD2_QUEUE_CLOSED, SPEAD2_QUEUE_CLOSED};
  GThreadFunc run = __i__ < 4 ? push_in_thread : drain_in_thread;
  GThread *thread;

  open_queue (2, 1);
  if (run == drain_in_thread)
    push_heaps (0, 2);
  thread = g_thread_new ("wait", run, NULL);
  await_waiter (run == drain_in_thread ? 1 : 2);
  switch (__i__ % 4) {
    case 0:
      spead2_queue_set_interrupted (queue, TRUE);
      break;
    case 1:
      spead2_queue_set_flushing (queue, TRUE);
      break;
    default:
      g_mutex_lock (&queue->lock);
      if (__i__ % 4 == 2)
        spead2_queue_begin_discard (queue);
      else
        spead2_queue_stop (queue);
      g_mutex_unlock (&queue->lock);
  }
  g_thread_join (thread);
  fail_unless_equals_int (thread_status, expected[__i__ % 4]);
  if (run == push_in_thread)
    fail_unless_equals_int (thread_pushed, 2);
}
GST_END_TEST

static Suite *
queue_suite (void)
{
  Suite *suite = suite_create ("queue");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, NULL, close_queue);
  tcase_add_test (tc, test_capacity);
  tcase_add_test (tc, test_control);
  tcase_add_test (tc, test_take_by_bytes);
  tcase_add_test (tc, test_order_of_ends);
  tcase_add_test (tc, test_discard);
  tcase_add_test (tc, test_turns_go_with_numbers);
  tcase_add_loop_test (tc, test_turns_of_runs_go_with_numbers, 0, 2);
  tcase_add_test (tc, test_begun_copies_keep_their_numbers);
  tcase_add_test (tc, test_no_destination);
  tcase_add_test (tc, test_counts_of_runs);
  tcase_add_test (tc, test_discard_in_a_run);
  tcase_add_test (tc, test_wakes);
  tcase_add_test (tc, test_max_heaps);
  tcase_add_test (tc, test_max_run);
  tcase_add_test (tc, test_groups_are_taken_whole);
  tcase_add_test (tc, test_parts_of_groups);
  tcase_add_test (tc, test_discard_in_a_group);
  tcase_add_test (tc, test_limits_of_groups);
  tcase_add_loop_test (tc, test_every_interleaving, 0, N_EXPLORED);
  tcase_add_loop_test (tc, test_a_push_waits, 0, 2);
  tcase_add_loop_test (tc, test_how_many_heaps_a_push_waits_for, 0,
      G_N_ELEMENTS (waits_for_space));
  tcase_add_test (tc, test_a_drain_takes_a_part);
  tcase_add_loop_test (tc, test_ends_of_a_wait, 0, 8);
  return suite;
}

GST_CHECK_MAIN (queue);
