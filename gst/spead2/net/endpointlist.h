/* Lists of addresses in one text: "239.102.0.64+7,239.102.1.1".
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ENDPOINTLIST_H
#define SPEAD2_ENDPOINTLIST_H

#include "spead2/net/endpoint.h"

G_BEGIN_DECLS

/* Most addresses of a list. */
#define SPEAD2_MAX_ADDRESSES 1024
#define SPEAD2_MAX_DESTINATIONS 4096

/* Addresses to receive at: one address of this machine (or its name, or NULL or ""
 * for any address of IPv4), or multicast groups of one family, separated by commas,
 * where "239.102.0.64+7" is that group and the seven after it. Returns
 * (Spead2Endpoint), each with that port, which may be 0: any.
 *
 * A name is looked up: see spead2_endpoint_resolve(). Fails as that, or with
 * SPEAD2_ERROR_INVALID: families or unicast and multicast mixed, a group twice, a
 * range that runs out of the multicast addresses, too many. */
GArray *spead2_endpoint_list_resolve (
    const gchar *text, guint port, GCancellable *cancellable, GError **error);

/* Destinations to send to, separated by commas, all of one family:
 *
 *   239.102.0.64:7148      an address, or a name, and a port
 *   239.102.0.64+7:7148    that address and the seven after it
 *   127.0.0.1:9000+7       that port and the seven after it
 *   [ff15::1]+3:7148       IPv6 with a port is in brackets
 *   239.102.0.64           with the port that is passed, 1 to 65535
 *
 * Returns (Spead2Endpoint), at most SPEAD2_MAX_DESTINATIONS. family is for names, as in
 * spead2_endpoint_resolve(); those after the first entry have its family. Fails as that,
 * or with SPEAD2_ERROR_INVALID: no such entry, families mixed, a destination twice, a
 * range that runs out of the unicast or multicast addresses or of the ports, too many.
 * The error of one of several entries names the character where it begins. */
GArray *spead2_endpoint_list_resolve_destinations (const gchar *text,
    guint port, gint family, GCancellable *cancellable, GError **error);

/* Appends a destination to such a list, which may be empty. FALSE with
 * SPEAD2_ERROR_INVALID: another family, twice, or too many. */
gboolean spead2_endpoint_list_append (
    GArray *list, const Spead2Endpoint *endpoint, GError **error);

/* Sets SPEAD2_ERROR_INVALID for a destination that is not in a list. FALSE, always. */
gboolean spead2_endpoint_not_listed (
    const Spead2Endpoint *endpoint, GError **error);

/* A list that spead2_endpoint_list_resolve_destinations() reads as these endpoints; the
 * caller frees it. */
gchar *spead2_endpoint_list_to_text (
    const Spead2Endpoint *endpoints, guint n_endpoints);

/* Senders to receive from: unicast addresses in the syntax of udpsrc's
 * multicast-source, each after a "+" ("+10.1.1.1+10.1.1.2"), or separated by commas.
 * Returns (Spead2Endpoint) with port 0, none of them for NULL or "". Never blocks.
 * Fails with SPEAD2_ERROR_INVALID: no such address, too many, or one after a
 * "-", since a membership cannot both include and exclude senders. */
GArray *spead2_endpoint_list_parse_sources (const gchar *text, GError **error);

G_END_DECLS

#endif /* SPEAD2_ENDPOINTLIST_H */
