/* Assigns ports and addresses to sockets, and sockets to workers. Pure.
 *
 * A port, or a group at a port, belongs to one worker, so that all packets of a heap
 * come to the same one. A socket has one port and the addresses that it receives
 * there: one, to which it is bound, or several groups, bound to any address.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_SOCKETPLAN_H
#define SPEAD2_SOCKETPLAN_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint port;          /* index in the caller's ports */
  guint first_address; /* index in the caller's addresses... */
  guint n_addresses;   /* ...and how many from there on, at least 1 */
  guint worker;        /* 0 to spead2_socket_plan_n_workers() - 1, ascending */
} Spead2SocketPlan;

typedef struct {
  guint n_ports;      /* at least 1 */
  guint n_addresses;  /* at least 1; several are groups */
  guint n_ifaces;     /* on which each group is joined, at least 1 */
  guint n_threads;    /* workers asked for; 0: one for each socket, up to... */
  guint n_processors; /* ...so many, at least 1 */
} Spead2SocketPlanConfig;

/* (Spead2SocketPlan) by worker. No more workers than ports times addresses, and
 * each of them has at least one socket; as few sockets as that and
 * SPEAD2_MAX_MEMBERSHIPS allow. */
GArray *spead2_socket_plan_new (const Spead2SocketPlanConfig *config);

guint spead2_socket_plan_n_workers (const GArray *plan);

G_END_DECLS

#endif /* SPEAD2_SOCKETPLAN_H */
