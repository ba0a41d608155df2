/* Ports, groups and threads to sockets: see socketplan.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/socketplan.h"

#include "spead2/net/multicast.h"

/* The places, an address at a port each, are numbered port by port, and worker w of n
 * has those from w / n to (w + 1) / n of them. */
static guint
first_place (guint worker, guint n_workers, guint n_places)
{
  return (guint64) worker * n_places / n_workers;
}

static guint
count_workers (
    const Spead2SocketPlanConfig *config, guint n_places, guint per_socket)
{
  guint n_sockets =
      config->n_ports * ((config->n_addresses + per_socket - 1) / per_socket);

  return config->n_threads > 0 ? MIN (config->n_threads, n_places)
                               : MIN (config->n_processors, n_sockets);
}

static void
add_sockets (GArray *plan, const Spead2SocketPlanConfig *config,
    guint per_socket, guint worker, guint begin, guint end)
{
  while (begin < end) {
    Spead2SocketPlan socket = {
        .port = begin / config->n_addresses,
        .first_address = begin % config->n_addresses,
        .worker = worker,
    };

    socket.n_addresses =
        MIN (per_socket, config->n_addresses - socket.first_address);
    socket.n_addresses = MIN (socket.n_addresses, end - begin);
    g_array_append_val (plan, socket);
    begin += socket.n_addresses;
  }
}

GArray *
spead2_socket_plan_new (const Spead2SocketPlanConfig *config)
{
  GArray *plan = g_array_new (FALSE, FALSE, sizeof (Spead2SocketPlan));
  guint per_socket = MAX (SPEAD2_MAX_MEMBERSHIPS / config->n_ifaces, 1);
  guint n_places = config->n_ports * config->n_addresses;
  guint n_workers = count_workers (config, n_places, per_socket);
  guint w;

  for (w = 0; w < n_workers; w++)
    add_sockets (plan, config, per_socket, w,
        first_place (w, n_workers, n_places),
        first_place (w + 1, n_workers, n_places));
  return plan;
}

guint
spead2_socket_plan_n_workers (const GArray *plan)
{
  return g_array_index (plan, Spead2SocketPlan, plan->len - 1).worker + 1;
}
