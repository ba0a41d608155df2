/* Neighbours that do not respond: hosts and routers of this machine's networks whose
 * hardware address the kernel asks for (ARP, NDP), and has not got.
 *
 * The kernel holds packets to such a neighbour until it gives up, after 3 s by default, and
 * they take space in the send buffer of their socket meanwhile. Read by netlink, without
 * waiting; without permission for that, every neighbour responds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_NEIGHBOURS_H
#define SPEAD2_NEIGHBOURS_H

#include "spead2/net/endpoint.h"

G_BEGIN_DECLS

/* Those that do not respond, at the time of the call that made it. */
typedef struct _Spead2Neighbours Spead2Neighbours;

/* Neighbours for which the kernel holds packets; with given_up also those that it has given
 * up, and does not ask before the next packet. NULL: there are none. */
Spead2Neighbours *spead2_neighbours_read (gboolean given_up);

void spead2_neighbours_free (Spead2Neighbours *neighbours);

/* Whether packets to an endpoint go to one of them: to itself, or to a router. Those to a
 * group, or to an endpoint without an address (AF_UNSPEC), do not. local: the address that
 * they come from, or NULL: any. */
gboolean spead2_neighbours_include (const Spead2Neighbours *neighbours,
    const Spead2Endpoint *endpoint, const Spead2Endpoint *local);

G_END_DECLS

#endif /* SPEAD2_NEIGHBOURS_H */
