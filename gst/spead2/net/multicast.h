/* Membership of multicast groups.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_MULTICAST_H
#define SPEAD2_MULTICAST_H

#include "spead2/net/endpoint.h"

G_BEGIN_DECLS

/* How many groups, times interfaces, one socket can be a member of:
 * net.ipv4.igmp_max_memberships is 20 by default. */
#define SPEAD2_MAX_MEMBERSHIPS 20

/* How many senders one membership can name: net.ipv4.igmp_max_msf is 10. */
#define SPEAD2_MAX_SOURCES 10

typedef struct {
  /* Names of interfaces or their addresses ("eth0", "10.1.2.3", "fe80::1%eth0"),
   * separated by commas; NULL: the interface of the route to the group. */
  const gchar *ifaces;
  /* The senders to receive from (source-specific multicast), see
   * spead2_endpoint_list_parse_sources(); none: all. Borrowed. */
  const Spead2Endpoint *sources;
  guint n_sources;
} Spead2MulticastOptions;

/* Groups that a socket has joined. */
typedef struct _Spead2Memberships Spead2Memberships;

/* How many interfaces a text names: 1 for NULL. */
guint spead2_multicast_n_ifaces (const gchar *ifaces);

/* Joins each group of the addresses on each interface, and skips addresses that are
 * no groups. A group that an outside socket has joined before is no error, and is
 * not left. All groups are joined, or none: fails with SPEAD2_ERROR_NOT_FOUND
 * (no such interface), SPEAD2_ERROR_INVALID (a source of the other family) or
 * SPEAD2_ERRNO, naming group, interface and what to do. */
Spead2Memberships *spead2_multicast_join (gint fd,
    const Spead2Endpoint *addresses, guint n_addresses,
    const Spead2MulticastOptions *options, GError **error);

/* Leaves what was joined, and frees memberships. fd may be a duplicate of the
 * descriptor. A socket that is closed leaves by itself. */
void spead2_multicast_leave (gint fd, Spead2Memberships *memberships);

G_END_DECLS

#endif /* SPEAD2_MULTICAST_H */
