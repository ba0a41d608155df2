/* For which destinations GSO is off, and until when.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>

#include "spead2/clock.h"
#include "spead2/net/gso.h"

#define N 3
#define RETRY_INTERVAL (10 * SPEAD2_SECOND)

static const Spead2Endpoint endpoints[N + 1];
static Spead2Batch batch;
static Spead2Gso gso;

static void
setup (void)
{
  spead2_batch_init (&batch, endpoints, N, 65507);
  spead2_gso_init (&gso, &batch);
}

static void
teardown (void)
{
  spead2_gso_clear (&gso);
  spead2_batch_clear (&batch);
}

static gboolean
refuse (guint destination, guint n_packets, gint errnum, guint64 now)
{
  const Spead2Message message = {
      .destination = destination, .n_packets = n_packets};

  return spead2_gso_note_refusal (&gso, &message, errnum, now);
}

/* Bit by bit, by destination. */
static guint
on (void)
{
  guint i, bits = 0;

  for (i = 0; i < batch.n_destinations; i++)
    bits |= batch.destinations[i].gso << i;
  return bits;
}

GST_START_TEST (test_off_for_one)
{
  fail_unless (refuse (1, 2, EIO, 0));
  fail_if (refuse (1, 2, EIO, 0), "it was off");
  fail_unless_equals_int (on (), 0x5);
  fail_unless_equals_int (spead2_gso_errno (&gso, 0), 0);
  fail_unless_equals_int (spead2_gso_errno (&gso, 1), EIO);
  fail_unless (refuse (2, 2, EINVAL, 0));
  fail_unless_equals_int (spead2_gso_any_errno (&gso), EINVAL);

  spead2_gso_restore (&gso, 1);
  spead2_gso_restore (&gso, 2);
  fail_unless_equals_int (on (), 0x7);
  fail_unless_equals_int (spead2_gso_any_errno (&gso), 0);
}
GST_END_TEST

/* The MTU may have changed back. */
GST_START_TEST (test_retry)
{
  refuse (0, 2, EMSGSIZE, SPEAD2_SECOND);
  refuse (1, 2, EMSGSIZE, 0);
  refuse (2, 2, EIO, 0);
  spead2_gso_retry (&gso, RETRY_INTERVAL - 1, FALSE);
  fail_unless_equals_int (on (), 0);
  spead2_gso_retry (&gso, RETRY_INTERVAL, FALSE);
  fail_unless_equals_int (on (), 0x2);
  spead2_gso_retry (&gso, RETRY_INTERVAL + SPEAD2_SECOND, FALSE);
  fail_unless_equals_int (on (), 0x3);
  spead2_gso_retry (&gso, G_MAXUINT64 - 1, FALSE);
  fail_unless_equals_int (on (), 0x3);
  spead2_gso_retry (&gso, 0, TRUE);
  fail_unless_equals_int (on (), 0x7);
}
GST_END_TEST

GST_START_TEST (test_single_packet)
{
  fail_if (refuse (1, 1, EINVAL, 0));
  fail_unless_equals_int (on (), 0x7);
  fail_if (batch.destinations[1].paged);
  fail_unless_equals_int (spead2_gso_any_errno (&gso), 0);
  spead2_gso_retry (&gso, 0, TRUE);
  fail_unless (batch.destinations[1].paged);
}
GST_END_TEST

GST_START_TEST (test_disabled)
{
  refuse (1, 2, EIO, 0);
  spead2_gso_disable (&gso);
  fail_unless_equals_int (on (), 0);
  fail_unless_equals_int (spead2_gso_any_errno (&gso), 0);
  spead2_gso_retry (&gso, 0, TRUE);
  spead2_batch_set_destinations (&batch, endpoints, N + 1);
  spead2_gso_add_destination (&gso);
  fail_unless_equals_int (on (), 0);
}
GST_END_TEST

GST_START_TEST (test_one_more)
{
  refuse (1, 2, EIO, 0);
  spead2_batch_set_destinations (&batch, endpoints, N + 1);
  spead2_gso_add_destination (&gso);
  fail_unless_equals_int (on (), 0xd);
  fail_unless_equals_int (spead2_gso_errno (&gso, N), 0);
  fail_unless_equals_int (spead2_gso_any_errno (&gso), EIO);
  fail_unless (refuse (N, 2, EIO, 0));
  fail_unless_equals_int (on (), 0x5);
}
GST_END_TEST

static Suite *
gso_suite (void)
{
  Suite *s = suite_create ("gso");
  TCase *tc = tcase_create ("gso");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_off_for_one);
  tcase_add_test (tc, test_retry);
  tcase_add_test (tc, test_single_packet);
  tcase_add_test (tc, test_disabled);
  tcase_add_test (tc, test_one_more);
  return s;
}

GST_CHECK_MAIN (gso)
