/* How the heaps of a run end, by what became of its packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>

#include "spead2/error.h"
#include "spead2/send/result.h"

/* Five heaps of 3000 bytes, in packets of 1472, 1472 and 192 bytes. */
#define N_HEAPS 5
#define FIRST 1472
#define LAST (3000 - 1416 - 1432 + 40)
#define ALL (2 * FIRST + LAST)

static Spead2PacketConfig config;
static Spead2Slot slot;

static void
setup (void)
{
  GBytes *bytes = g_bytes_new_take (g_malloc0 (3000), 3000);

  spead2_packet_config_init (&config, 40, 1472);
  fail_unless (spead2_packet_config_check (&config, NULL));
  memset (&slot, 0, sizeof slot);
  slot.state = SPEAD2_SLOT_DONE;
  slot.n_heaps = N_HEAPS;
  slot.length = 3000;
  slot.pushed = 100;
  slot.heap = spead2_heap_new (40);
  spead2_heap_add_immediate (slot.heap, 0x1600, 1, NULL);
  spead2_heap_add_addressed (slot.heap, 0x3300, NULL);
  spead2_heap_append_bytes (slot.heap, bytes, NULL);
  g_bytes_unref (bytes);
  slot.tx.notes_failures = TRUE;
  slot.tx.bytes = N_HEAPS * ALL;
}

static void
teardown (void)
{
  spead2_tx_state_clear (&slot.tx);
  spead2_heap_free (slot.heap);
}

static Spead2HeapEnd
end_of (guint index)
{
  Spead2HeapEnd ends[N_HEAPS];

  spead2_slot_heap_ends (&slot, &config, ends);
  return ends[index];
}

/* code: of the errors of this domain; 0: sent */
static void
check_end (guint index, GQuark domain, gint code, guint64 bytes)
{
  Spead2HeapEnd end = end_of (index);
  GError *error = spead2_heap_end_error (&end, "somewhere");

  fail_unless_equals_int (error ? error->code : 0, code);
  fail_unless (code == 0 || error->domain == domain);
  fail_unless_equals_uint64 (end.bytes, bytes);
  g_clear_error (&error);
}

GST_START_TEST (test_all_sent)
{
  guint i;

  fail_unless (spead2_slot_is_sent (&slot));
  for (i = 0; i < N_HEAPS; i++)
    check_end (i, 0, 0, ALL);
}
GST_END_TEST

/* The last packet of heap 0, all of heap 1, the first of heap 2 and of heap 4. */
GST_START_TEST (test_packets_fail)
{
  spead2_tx_state_fail (&slot.tx, 2, 2, EPERM, 0);
  spead2_tx_state_fail (&slot.tx, 4, 3, EPERM, 0);
  fail_unless_equals_int (slot.tx.failures->len, 1);
  spead2_tx_state_fail (&slot.tx, 12, 1, ENETUNREACH, 0);
  fail_unless_equals_int (slot.tx.error, EPERM);
  fail_if (spead2_slot_is_sent (&slot));
  check_end (0, SPEAD2_ERRNO, EPERM, 2 * FIRST);
  check_end (1, SPEAD2_ERRNO, EPERM, 0);
  check_end (2, SPEAD2_ERRNO, EPERM, FIRST + LAST);
  check_end (3, 0, 0, ALL);
  check_end (4, SPEAD2_ERRNO, ENETUNREACH, FIRST + LAST);
}
GST_END_TEST

/* Cut short in heap 2 behind its first packet; the heaps behind it have no number. */
GST_START_TEST (test_cut_short)
{
  slot.n_dropped = 2;
  spead2_tx_state_fail (&slot.tx, 1, 1, EPERM, 0);
  spead2_tx_state_fail (&slot.tx, 7, 2, ECANCELED, 0);
  fail_unless_equals_int (slot.tx.error, ECANCELED);
  check_end (0, SPEAD2_ERRNO, EPERM, FIRST + LAST);
  check_end (1, 0, 0, ALL);
  check_end (2, SPEAD2_ERROR, SPEAD2_ERROR_CUT_SHORT, FIRST);
  check_end (3, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED, 0);
  check_end (4, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED, 0);
  fail_if (end_of (2).dropped);
  fail_unless (end_of (3).dropped);
}
GST_END_TEST

/* All that was sent was sent whole. */
GST_START_TEST (test_dropped_behind_a_heap)
{
  slot.n_dropped = 4;
  slot.tx.bytes = ALL;
  fail_if (spead2_slot_is_sent (&slot));
  check_end (0, 0, 0, ALL);
  check_end (1, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED, 0);
}
GST_END_TEST

/* The kernel keeps memory of heaps 1 and 2, which it has accepted. */
GST_START_TEST (test_abandoned)
{
  Spead2HeapCounts counts = {0};
  guint i;

  spead2_tx_state_abandon (&slot.tx, 5, 2);
  fail_unless (slot.tx.unreleased);
  fail_if (spead2_slot_is_sent (&slot));
  for (i = 0; i < N_HEAPS; i++) {
    Spead2HeapEnd end = end_of (i);
    GError *error = spead2_heap_end_error (&end, "somewhere");
    gboolean fails = i == 1 || i == 2;

    check_end (i, SPEAD2_ERROR, fails ? SPEAD2_ERROR_ABANDONED : 0, ALL);
    spead2_heap_counts_add (&counts, &slot, 1, error, 150);
    g_clear_error (&error);
  }
  fail_unless_equals_uint64 (counts.sent, 3);
  fail_unless_equals_uint64 (counts.failed, 2);
  fail_unless_equals_uint64 (counts.abandoned, 2);
  fail_unless_equals_uint64 (counts.payload_bytes, 9000);
  fail_unless_equals_uint64 (counts.heap_time.n, 3);
  fail_unless_equals_uint64 (counts.heap_time.total, 150);
}
GST_END_TEST

/* One heap needs no notes. */
GST_START_TEST (test_a_single_heap)
{
  slot.n_heaps = 1;
  slot.tx.notes_failures = FALSE;
  slot.tx.bytes = FIRST;
  spead2_tx_state_fail (&slot.tx, 1, 2, EPERM, 0);
  fail_unless (slot.tx.failures == NULL);
  check_end (0, SPEAD2_ERRNO, EPERM, FIRST);
  slot.tx.bytes = 0;
  spead2_tx_state_fail (&slot.tx, 0, 1, ECANCELED, 0);
  check_end (0, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED, 0);
}
GST_END_TEST

static Suite *
result_suite (void)
{
  Suite *suite = suite_create ("result");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_all_sent);
  tcase_add_test (tc, test_packets_fail);
  tcase_add_test (tc, test_cut_short);
  tcase_add_test (tc, test_dropped_behind_a_heap);
  tcase_add_test (tc, test_abandoned);
  tcase_add_test (tc, test_a_single_heap);
  return suite;
}

GST_CHECK_MAIN (result);
