/* Which sockets there are, and whose.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2/net/socketplan.h"

/* Ports, addresses, interfaces, threads, processors; and what comes of it: sockets as
 * "worker:port:first address+addresses". */
static const struct {
  Spead2SocketPlanConfig config;
  const gchar *plan;
} plans[] = {
    {{1, 1, 1, 0, 8}, "0:0:0+1"},
    {{1, 1, 1, 4, 8}, "0:0:0+1"},
    {{3, 1, 1, 0, 8}, "0:0:0+1 1:1:0+1 2:2:0+1"},
    {{3, 1, 1, 0, 2}, "0:0:0+1 1:1:0+1 1:2:0+1"},
    {{3, 1, 1, 1, 8}, "0:0:0+1 0:1:0+1 0:2:0+1"},
    /* Groups share a socket, as many as the kernel lets join, or a worker has. */
    {{1, 8, 1, 0, 8}, "0:0:0+8"},
    {{1, 8, 1, 4, 8}, "0:0:0+2 1:0:2+2 2:0:4+2 3:0:6+2"},
    {{1, 8, 1, 100, 8},
        "0:0:0+1 1:0:1+1 2:0:2+1 3:0:3+1 4:0:4+1 5:0:5+1 "
        "6:0:6+1 7:0:7+1"},
    {{1, 20, 1, 0, 8}, "0:0:0+20"},
    {{1, 21, 1, 0, 8}, "0:0:0+10 1:0:10+11"},
    {{1, 21, 1, 1, 8}, "0:0:0+20 0:0:20+1"},
    {{2, 25, 1, 3, 8}, "0:0:0+16 1:0:16+9 1:1:0+8 2:1:8+17"},
    {{1, 20, 2, 1, 8}, "0:0:0+10 0:0:10+10"},
    {{1, 2, 30, 1, 8}, "0:0:0+1 0:0:1+1"},
};

GST_START_TEST (test_plan)
{
  GArray *plan = spead2_socket_plan_new (&plans[__i__].config);
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < plan->len; i++) {
    const Spead2SocketPlan *socket = &g_array_index (plan, Spead2SocketPlan, i);

    g_string_append_printf (text, "%s%u:%u:%u+%u", i > 0 ? " " : "",
        socket->worker, socket->port, socket->first_address,
        socket->n_addresses);
  }
  fail_unless_equals_string (text->str, plans[__i__].plan);
  fail_unless_equals_int (spead2_socket_plan_n_workers (plan),
      g_array_index (plan, Spead2SocketPlan, plan->len - 1).worker + 1);
  g_string_free (text, TRUE);
  g_array_unref (plan);
}
GST_END_TEST

/* Whatever is asked for: every address at every port once, in order, no socket with
 * more than the kernel lets it join, and no worker without one. */
GST_START_TEST (test_every_address_once)
{
  Spead2SocketPlanConfig config = {.n_processors = 4};
  guint i;

  for (config.n_ports = 1; config.n_ports <= 5; config.n_ports++)
    for (config.n_addresses = 1; config.n_addresses <= 50; config.n_addresses++)
      for (config.n_ifaces = 1; config.n_ifaces <= 3; config.n_ifaces++)
        for (config.n_threads = 0; config.n_threads <= 9; config.n_threads++) {
          GArray *plan = spead2_socket_plan_new (&config);
          guint place = 0, worker = 0;

          for (i = 0; i < plan->len; i++) {
            const Spead2SocketPlan *socket =
                &g_array_index (plan, Spead2SocketPlan, i);

            fail_unless_equals_int (
                socket->port * config.n_addresses + socket->first_address,
                place);
            fail_unless (socket->n_addresses >= 1);
            fail_unless (socket->n_addresses * config.n_ifaces <= 20);
            fail_unless (
                socket->worker == worker || socket->worker == worker + 1);
            worker = socket->worker;
            place += socket->n_addresses;
          }
          fail_unless_equals_int (place, config.n_ports * config.n_addresses);
          g_array_unref (plan);
        }
}
GST_END_TEST

static Suite *
socketplan_suite (void)
{
  Suite *s = suite_create ("socketplan");
  TCase *tc = tcase_create ("socketplan");

  tcase_add_loop_test (tc, test_plan, 0, G_N_ELEMENTS (plans));
  tcase_add_test (tc, test_every_address_once);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (socketplan)
