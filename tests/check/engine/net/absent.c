/* Absent destinations: when they are looked up, and what is reported of them. This machine
 * has none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2/clock.h"
#include "spead2/net/absent.h"

#define N 10

static const Spead2UdpSocketOptions options = {
    .ttl = 64, .ttl_mc = 1, .dscp = -1};
static Spead2Endpoint endpoints[N];
static Spead2Absent absent;

static void
setup (void)
{
  guint i;

  for (i = 0; i < N; i++)
    fail_unless (spead2_endpoint_resolve (
        &endpoints[i], "127.0.0.1", 8000 + i, AF_UNSPEC, NULL, NULL));
  absent = (Spead2Absent){.options = &options};
}

static void
teardown (void)
{
  spead2_absent_clear (&absent);
}

/* Looked up or not: the interval is only set then. */
static gboolean
looks_up (guint64 now)
{
  Spead2AbsentSearch search = {0};

  fail_if (spead2_absent_search (&absent, &search, endpoints, N, now));
  fail_unless (search.next > now);
  return search.interval > 0;
}

/* Soon after one was found, each wait begins with looking up, unless that has just been
 * done. */
GST_START_TEST (test_lookups_do_not_take_all_of_the_time)
{
  const guint64 now = spead2_now ();

  absent.found = now;
  fail_unless (looks_up (now));
  fail_if (looks_up (now));
  fail_if (looks_up (absent.rest - 1));
  fail_unless (looks_up (absent.rest));
}
GST_END_TEST

static void
add_absent (guint n)
{
  guint i;

  absent.tries = g_renew (guint64, absent.tries, N);
  absent.n_tries = N;
  for (i = 0; i < N; i++)
    absent.tries[i] = i < n;
  absent.n = n;
  absent.changed = TRUE;
  absent.found = absent.report = 0;
}

/* How many there are; how the list ends. */
static const struct {
  guint n;
  const gchar *end;
} reports[] = {
    {1, "127.0.0.1:8000"},
    {8, ", 127.0.0.1:8007"},
    {9, ", 127.0.0.1:8007 and 1 other"},
    {10, ", 127.0.0.1:8007 and 2 others"},
};

GST_START_TEST (test_names)
{
  g_autofree gchar *names = NULL;

  add_absent (reports[__i__].n);
  fail_unless_equals_int (
      spead2_absent_take_report (&absent, endpoints, SPEAD2_SECOND, &names),
      reports[__i__].n);
  fail_unless (g_str_has_suffix (names, reports[__i__].end), "%s", names);
}
GST_END_TEST

static Suite *
absent_suite (void)
{
  Suite *s = suite_create ("absent");
  TCase *tc = tcase_create ("absent");

  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_lookups_do_not_take_all_of_the_time);
  tcase_add_loop_test (tc, test_names, 0, G_N_ELEMENTS (reports));
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (absent)
