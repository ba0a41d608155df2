/* Opens the sockets that heaps leave by.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_UDPSOCKET_H
#define SPEAD2_UDPSOCKET_H

#include "spead2/net/endpoint.h"

G_BEGIN_DECLS

typedef struct {
  /* The name of an interface or one of its addresses ("eth0", "10.1.2.3",
   * "fe80::1%eth0"), which IPv4 packets then come from; or NULL: the kernel's. */
  const gchar *multicast_iface;
  gint ttl;                    /* hops of unicast packets, 1 to 255 */
  gint ttl_mc;                 /* hops of multicast packets, 0 to 255 */
  gboolean loop;               /* multicast is heard on this machine, too */
  gint dscp;                   /* 0 to 63, or -1: the kernel's */
  guint buffer_size;           /* of the send buffer, bytes; 0: the kernel's */
  const Spead2Endpoint *local; /* where to send from, or NULL: any */
} Spead2UdpSocketOptions;

/* Opens a non-blocking socket of the destination's family. It is not connected
 * (a connected one stops at every ICMP error), may broadcast, and has
 * IP_RECVERR on, without which the kernel hides its own drops. Returns the
 * descriptor, which the caller closes, or -1 with SPEAD2_ERROR_NOT_FOUND (no
 * such interface) or SPEAD2_ERRNO, naming what could not be done. */
gint spead2_udp_socket_open (const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, GError **error);

/* The options of an outside socket as they were before it was adopted. */
typedef struct _Spead2UdpSocketState Spead2UdpSocketState;

/* Gives an outside socket the options of one that is opened here; it is not
 * bound. The socket must be given back. NULL with SPEAD2_ERROR_INVALID (no UDP
 * socket of the destination's family) or as spead2_udp_socket_open(); it is
 * unchanged then. */
Spead2UdpSocketState *spead2_udp_socket_adopt (gint fd,
    const Spead2Endpoint *destination, const Spead2UdpSocketOptions *options,
    GError **error);

/* Restores the options of an adopted socket, and frees state. fd may be a
 * duplicate of that descriptor. What the kernel does not tell stays: the
 * interface of IPv4 multicast where it was set by number is then the routing
 * table's, and a send buffer above net.core.wmem_max is cut to it. */
void spead2_udp_socket_give_back (gint fd, Spead2UdpSocketState *state);

/* Size of the send buffer, bytes: as it was asked for, not doubled as the
 * kernel reports it. */
guint spead2_udp_socket_buffer_size (gint fd);

/* The largest IP packet, bytes, that goes to a destination in one piece, as
 * the kernel knows it; 0 when it knows no way there. Only the interface of
 * options is used. */
guint spead2_udp_mtu (
    const Spead2Endpoint *destination, const Spead2UdpSocketOptions *options);

/* The name of the interface that a multicast_iface says, to be freed; NULL: there
 * is none. */
gchar *spead2_udp_dup_iface_name (const gchar *text);

/* Bytes of IP and UDP headers in front of a packet. */
static inline gsize
spead2_udp_overhead (gint family)
{
  return family == AF_INET ? 20 + 8 : 40 + 8;
}

/* Turns IP_RECVERR or IPV6_RECVERR on or off. Off also empties the queue. */
void spead2_udp_socket_set_recverr (gint fd, gint family, gboolean on);

/* Most bytes of UDP payload in one message: what an IP packet can say, less
 * its headers (IPv6 counts its own header apart). */
static inline gsize
spead2_udp_max_message (gint family)
{
  return family == AF_INET ? 65535 - 20 - 8 : 65535 - 8;
}

G_END_DECLS

#endif /* SPEAD2_UDPSOCKET_H */
