/* Which heaps a rule takes, which texts are no rule, and what of a heap is received that a
 * rule refuses.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "assemblerfixture.h"
#include "spead2/error.h"

#define FLAVOUR 48

/* A heap with 0x4101 = 3, 0x4102 = 0x1ff, addressed 0x3300, and 0x4101 again. */
static const guint64 pointers[] = {
    G_GUINT64_CONSTANT (0x8000) << 48 | G_GUINT64_CONSTANT (0x4101) << 48 | 3,
    G_GUINT64_CONSTANT (0x8000) << 48 | G_GUINT64_CONSTANT (0x4102) << 48 |
        0x1ff,
    G_GUINT64_CONSTANT (0x3300) << 48,
    G_GUINT64_CONSTANT (0x8000) << 48 | G_GUINT64_CONSTANT (0x4101) << 48 | 4,
};
static const Spead2ReceivedHeap heap = {.cnt = 77,
    .flavour = FLAVOUR,
    .length = 8192,
    .pointers = (guint64 *) pointers,
    .n_pointers = G_N_ELEMENTS (pointers)};

static Spead2AcceptRule *
make_rule (const gchar *text)
{
  GError *error = NULL;
  Spead2AcceptRule *rule = spead2_accept_rule_new (text, &error);

  fail_unless (rule != NULL, "'%s': %s", text, error ? error->message : "");
  return rule;
}

static const struct {
  const gchar *text;
  gboolean matches;
} rules[] = {
    {NULL, TRUE},
    {"", TRUE},
    {" \n", TRUE},
    /* an item, by id, or with a name to read */
    {"0x4101", TRUE},
    {"16641", TRUE},
    {"0x4103", FALSE},
    {"0x3300", TRUE},
    {"feng_id=0x4101", TRUE},
    {"feng_id=0x4103", FALSE},
    /* values */
    {"0x4101,value=3", TRUE},
    {"0x4101,value=0x3", TRUE},
    {"0x4101,value=2", FALSE},
    {"feng_id=0x4101,value=3", TRUE},
    {"0x4101,value=<1,2,3>", TRUE},
    {"0x4101,value=<1,2,4>", FALSE},
    {"0x4101,value=0:3", TRUE},
    {"0x4101,value=3:9", TRUE},
    {"0x4101,value=4:9", FALSE},
    {"0x4101,value=1:9:2", TRUE},
    {"0x4101,value=0:9:2", FALSE},
    {"0x4101,value=<0,2:4>", TRUE},
    {"0x4101,value=0:0xffffffffffffffff:0xffffffffffffffff", FALSE},
    /* an addressed item has no value */
    {"0x3300,value=0", FALSE},
    /* masks */
    {"0x4102,mask=1,value=1", TRUE},
    {"0x4102,value=1,mask=1", TRUE},
    {"0x4102,mask=0x100,value=256", TRUE},
    {"0x4102,mask=0x200,value=0", TRUE},
    {"0x4102,mask=2,value=0", FALSE},
    {"0x4102,value=1", FALSE},
    /* the heap's own */
    {"heap-cnt,value=77", TRUE},
    {"heap-cnt,value=2:0xffffffffffff", TRUE},
    {"heap-cnt,mask=1,value=0", FALSE},
    {"heap-length,value=8192", TRUE},
    {"heap-length,value=8193", FALSE},
    {"heap-length", TRUE},
    /* all of several conditions, blanks anywhere */
    {"0x4101,value=3;0x4102,mask=1,value=1;heap-length,value=8192", TRUE},
    {"0x4101,value=3;0x4102,mask=1,value=0", FALSE},
    {"0x4101,value=4;0x4102,mask=1,value=1", FALSE},
    {" feng_id = 0x4101 , value = < 2 , 3 > ;\n 0x4102 ; ", TRUE},
    /* a name that no descriptor has said */
    {"feng_id,value=3", FALSE},
    {"feng_id", FALSE},
};

GST_START_TEST (a_rule_takes_the_heaps_for_which_its_conditions_hold)
{
  Spead2AcceptRule *rule = make_rule (rules[__i__].text);

  fail_unless (spead2_accept_rule_matches (rule, &heap) == rules[__i__].matches,
      "'%s'", rules[__i__].text);
  spead2_accept_rule_free (rule);
}
GST_END_TEST;

GST_START_TEST (a_name_is_the_item_of_the_last_descriptor)
{
  Spead2AcceptRule *rule = make_rule ("feng_id,value=3");

  spead2_accept_rule_set_id (rule, "pol", 0x4101);
  fail_if (spead2_accept_rule_matches (rule, &heap));
  spead2_accept_rule_set_id (rule, "feng_id", 0x4101);
  fail_unless (spead2_accept_rule_matches (rule, &heap));
  spead2_accept_rule_set_id (rule, "feng_id", 0x4102);
  fail_if (spead2_accept_rule_matches (rule, &heap));
  spead2_accept_rule_free (rule);
}
GST_END_TEST;

/* A name behind which an id stands is not changed by a descriptor. */
GST_START_TEST (an_id_in_the_text_stays)
{
  Spead2AcceptRule *rule = make_rule ("feng_id=0x4101,value=3");

  spead2_accept_rule_set_id (rule, "feng_id", 0x4102);
  fail_unless (spead2_accept_rule_matches (rule, &heap));
  spead2_accept_rule_free (rule);
}
GST_END_TEST;

static const struct {
  const gchar *text;
  const gchar *where; /* in the message */
} mistakes[] = {
    {";", "Condition 1 (offset 0 of accept)"},
    {"0x4101;;", "Condition 2 (offset 7 of accept)"},
    {",value=3", "Condition 1 (offset 0 of accept)"},
    {"0x4101 value=3", "Condition 1 (offset 7 of accept)"},
    {"0x4101,", "Condition 1 (offset 7 of accept)"},
    {"0x4101,values=3", "Condition 1 (offset 7 of accept)"},
    {"0x4101,value", "Condition 1 (offset 12 of accept)"},
    {"0x4101,value=", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=three", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=-1", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=+1", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=ff", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=07", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=0x", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=18446744073709551616", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=1,2", "Condition 1 (offset 15 of accept)"},
    {"0x4101,value=<1,2", "Condition 1 (offset 17 of accept)"},
    {"0x4101,value=<>", "Condition 1 (offset 14 of accept)"},
    {"0x4101,value=1:", "Condition 1 (offset 15 of accept)"},
    {"0x4101,value=1:2:3:4", "Condition 1 (offset 19 of accept)"},
    {"0x4101,value=2:1", "Condition 1 (offset 13 of accept)"},
    {"0x4101,value=1:2:0", "Condition 1 (offset 17 of accept)"},
    {"0x4101,value=1,value=2", "Condition 1 (offset 15 of accept)"},
    {"0x4101,mask=1,mask=2,value=1", "Condition 1 (offset 14 of accept)"},
    {"0x4102; 0x4101,mask=1", "Condition 2 (offset 8 of accept)"},
    {"0x4101,mask=1,value=2", "Condition 1 (offset 0 of accept)"},
    {"feng_id=3", "Condition 1 (offset 8 of accept)"},
    {"feng_id=", "Condition 1 (offset 8 of accept)"},
    {"6", "Condition 1 (offset 0 of accept)"},
    {"0x80000000000000", "Condition 1 (offset 0 of accept)"},
    {"\"a b\"", "Condition 1 (offset 0 of accept)"},
};

GST_START_TEST (a_mistake_is_an_error_that_names_the_place)
{
  GError *error = NULL;

  fail_unless (spead2_accept_rule_new (mistakes[__i__].text, &error) == NULL,
      "'%s'", mistakes[__i__].text);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (g_str_has_prefix (error->message, mistakes[__i__].where),
      "'%s': %s", mistakes[__i__].text, error->message);
  g_error_free (error);
}
GST_END_TEST;

/* -- heaps that are refused ------------------------------------------------------------ */

static Spead2AcceptRule *accept_rule;

/* An assembler with a rule; the fixture's packets have the heap counter as timestamp. */
static void
start_with (const gchar *text)
{
  accept_rule = make_rule (text);
  assembler_config.accept = accept_rule;
  start_assembler ();
}

static void
teardown_rule (void)
{
  teardown_assembler ();
  g_clear_pointer (&accept_rule, spead2_accept_rule_free);
}

/* The next heap, which has that counter, and memory or not. */
static Spead2ReceivedHeap *
check_next (guint64 cnt, gboolean refused)
{
  Spead2ReceivedHeap *next = next_heap ();

  fail_unless_equals_uint64 (next->cnt, cnt);
  fail_unless_equals_int (
      (next->flags & SPEAD2_RECEIVED_REFUSED) != 0, refused);
  fail_unless_equals_int (next->payload == NULL, refused);
  if (!refused)
    check_heap_bytes (next);
  return next;
}

GST_START_TEST (a_heap_that_is_refused_has_no_memory)
{
  Spead2ReceivedHeap *next;

  start_with ("0x1600,value=7");
  push_heap (8, 1000, 250);
  push_heap (9, 100, 100);
  next = check_next (8, TRUE);
  fail_unless_equals_int (next->end, SPEAD2_HEAP_COMPLETE);
  fail_unless_equals_uint64 (next->received, 1000);
  check_next (9, TRUE);
  fail_unless_equals_int (n_acquired, 0);
  push_heap (7, 1000, 250);
  check_next (7, FALSE);
  fail_unless_equals_int (n_acquired, 1);
  fail_unless_equals_uint64 (count_packets ("accepted"), 9);
  /* Its packets are known as those of any other heap. */
  push (8, 1000, 250, 250);
  fail_unless_equals_uint64 (count_packets ("duplicate"), 1);
}
GST_END_TEST;

GST_START_TEST (a_heap_without_a_length_is_refused_up_to_the_limit)
{
  start_with ("0x1600,value=7");
  push (8, -1, 0, 1000);
  push (8, -1, 1 << 20, 100);
  fail_unless_equals_uint64 (count_packets ("too-large"), 1);
  push (8, -1, 1000, 1000);
  spead2_assembler_expire (assembler, now + 1000);
  fail_unless_equals_uint64 (check_next (8, TRUE)->length, 2000);
}
GST_END_TEST;

GST_START_TEST (what_does_not_say_it_is_received)
{
  start_with ("0x1600,value=7;heap-length,value=1000");
  /* The packet that has the item comes second. */
  push (8, 1000, 500, 500);
  push (8, 1000, 0, 500);
  check_next (8, FALSE);
  push (9, -1, 500, 500);
  spead2_assembler_flush (assembler, SPEAD2_HEAP_FLUSHED);
  fail_if (next_heap ()->flags & SPEAD2_RECEIVED_REFUSED);
}
GST_END_TEST;

/* A descriptor, which another thread reads, may change its id. */
GST_START_TEST (a_name_refuses_nothing)
{
  start_with ("timestamp,value=7");
  spead2_accept_rule_set_id (accept_rule, "timestamp", TIMESTAMP);
  push_heap (8, 1000, 500);
  fail_if (spead2_accept_rule_matches (accept_rule, check_next (8, FALSE)));
}
GST_END_TEST;

GST_START_TEST (counter_and_length_are_known_at_once)
{
  start_with ("heap-cnt,value=7;heap-length,value=1000");
  push (8, 1000, 500, 500);
  push (8, 1000, 0, 500);
  check_next (8, TRUE);
  push_heap (7, 999, 333);
  check_next (7, TRUE);
  fail_unless_equals_int (n_acquired, 0);
}
GST_END_TEST;

GST_START_TEST (descriptors_are_received_of_any_heap)
{
  start_with ("0x1600,value=7");
  packet_standard (&packet, 8, 100, 0, 100);
  packet_immediate (&packet, TIMESTAMP, 8);
  packet_addressed (&packet, DESCRIPTOR, 0);
  push_payload (8, 0, 100);
  check_next (8, FALSE);
}
GST_END_TEST;

/* 750 bytes of heap 1 have not come. */
GST_START_TEST (a_heap_that_is_refused_is_not_given_up_for_memory)
{
  assembler_config.max_heap_size = 1000;
  assembler_config.max_live_bytes = 2 * (1000 + SPEAD2_PAYLOAD_ALIGNMENT);
  start_with ("0x1600,value=0:7");
  push (8, 1000, 0, 250);
  push (1, 1000, 0, 250);
  push (2, 1000, 0, 250);
  check_next (1, FALSE);
  fail_unless_equals_uint64 (count_ended ("evicted"), 1);
}
GST_END_TEST;

static Suite *
acceptrule_suite (void)
{
  Suite *suite = suite_create ("acceptrule");
  TCase *tc = tcase_create ("acceptrule");
  TCase *refused = tcase_create ("refused");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, a_rule_takes_the_heaps_for_which_its_conditions_hold,
      0, G_N_ELEMENTS (rules));
  tcase_add_test (tc, a_name_is_the_item_of_the_last_descriptor);
  tcase_add_test (tc, an_id_in_the_text_stays);
  tcase_add_loop_test (tc, a_mistake_is_an_error_that_names_the_place, 0,
      G_N_ELEMENTS (mistakes));

  suite_add_tcase (suite, refused);
  tcase_add_checked_fixture (refused, setup_assembler, teardown_rule);
  tcase_add_test (refused, a_heap_that_is_refused_has_no_memory);
  tcase_add_test (refused, a_heap_without_a_length_is_refused_up_to_the_limit);
  tcase_add_test (refused, what_does_not_say_it_is_received);
  tcase_add_test (refused, a_name_refuses_nothing);
  tcase_add_test (refused, counter_and_length_are_known_at_once);
  tcase_add_test (refused, descriptors_are_received_of_any_heap);
  tcase_add_test (refused, a_heap_that_is_refused_is_not_given_up_for_memory);
  return suite;
}

GST_CHECK_MAIN (acceptrule);
