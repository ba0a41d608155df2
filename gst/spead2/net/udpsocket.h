/* Opens the sockets that heaps leave and arrive by.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_UDPSOCKET_H
#define SPEAD2_UDPSOCKET_H

#include "spead2/net/endpoint.h"

G_BEGIN_DECLS

typedef struct {
  /* The name of an interface or one of its addresses ("eth0", "10.1.2.3",
   * "fe80::1%eth0"), which IPv4 packets then come from; or NULL: the kernel's. A list of
   * several is only checked here: each message has its own, see
   * spead2_batch_set_ifaces(). */
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

/* As spead2_udp_socket_open(), at the address and port of another socket, which sends by
 * them, too, and is bound or has sent. Only options->local is not used. Both sockets have
 * SO_REUSEADDR on from then on, so that more can be opened there. Any thread. */
gint spead2_udp_socket_reopen (
    gint fd, const Spead2UdpSocketOptions *options, GError **error);

/* The most that a call which receives blocks, ns. */
#define SPEAD2_RECEIVE_TIMEOUT (50 * G_GUINT64_CONSTANT (1000000))

typedef struct {
  guint buffer_size; /* of the receive buffer, bytes; 0: the kernel's */
  /* Other sockets may be bound to the same address and port (SO_REUSEADDR). Each
   * then gets all of multicast; unicast goes to the last one alone. */
  gboolean reuse;
  gboolean gro; /* the kernel merges datagrams into trains, where it can */
  /* The interfaces on which groups will be joined, as Spead2MulticastOptions.ifaces.
   * A socket of IPv6 whose groups have one interface is bound to it
   * (SO_BINDTOIFINDEX), since the kernel compares only the address of an IPv6
   * group. */
  const gchar *ifaces;
} Spead2UdpListenOptions;

/* Opens a socket that receives what is sent to a port at addresses, all of one
 * family: bound to the address where there is one (a group, an address of this
 * machine, or any), and to any address where there are several. port 0: the
 * kernel chooses, see spead2_udp_socket_get_local(). Nothing is joined yet: see
 * multicast.h.
 *
 * The socket blocks for up to SPEAD2_RECEIVE_TIMEOUT (SO_RCVTIMEO). It receives no
 * group that only other sockets have joined (IP_MULTICAST_ALL and
 * IPV6_MULTICAST_ALL are off, also without groups), nor, except for IPv6 groups on
 * several interfaces, one that they have joined on another interface. reuse is
 * implied for groups. The buffer is set with SO_RCVBUFFORCE or, where that is not allowed, with
 * SO_RCVBUF, which net.core.rmem_max cuts: spead2_udp_socket_receive_buffer_size()
 * returns what it became.
 *
 * Returns the descriptor, which the caller closes, or -1 with
 * SPEAD2_ERROR_NOT_FOUND (no such interface) or SPEAD2_ERRNO, naming address, port
 * and what to do. */
gint spead2_udp_socket_listen (const Spead2Endpoint *addresses,
    guint n_addresses, guint port, const Spead2UdpListenOptions *options,
    GError **error);

/* The options of an outside socket as they were before it was adopted. */
typedef struct _Spead2UdpSocketState Spead2UdpSocketState;

/* Gives an outside socket the options of one that is opened here; it is not
 * bound. The socket must be given back. NULL with SPEAD2_ERROR_INVALID (no UDP
 * socket of the destination's family) or as spead2_udp_socket_open(); it is
 * unchanged then. */
Spead2UdpSocketState *spead2_udp_socket_adopt (gint fd,
    const Spead2Endpoint *destination, const Spead2UdpSocketOptions *options,
    GError **error);

/* As spead2_udp_socket_adopt(), with the options of one that receives. It must be
 * bound, or nothing arrives; reuse is not used. family: of the groups to join, or
 * AF_UNSPEC. */
Spead2UdpSocketState *spead2_udp_socket_adopt_listening (gint fd, gint family,
    const Spead2UdpListenOptions *options, GError **error);

/* Restores the options of an adopted socket, and frees state. fd may be a
 * duplicate of that descriptor. What the kernel does not tell stays: the
 * interface of IPv4 multicast where it was set by number is then the routing
 * table's, and a send buffer above net.core.wmem_max is cut to it. */
void spead2_udp_socket_give_back (gint fd, Spead2UdpSocketState *state);

/* Size of the send buffer, bytes: as it was asked for, not doubled as the
 * kernel reports it. */
guint spead2_udp_socket_buffer_size (gint fd);

/* Size of the receive buffer, bytes: as it was asked for, not doubled as the
 * kernel reports it. */
guint spead2_udp_socket_receive_buffer_size (gint fd);

/* The address and port that a socket is bound to. FALSE with SPEAD2_ERRNO. */
gboolean spead2_udp_socket_get_local (
    gint fd, Spead2Endpoint *local, GError **error);

/* The largest IP packet, bytes, that goes to a destination in one piece, as
 * the kernel knows it; 0 when it knows no way there. Only the interface of
 * options is used. */
guint spead2_udp_mtu (
    const Spead2Endpoint *destination, const Spead2UdpSocketOptions *options);

/* Bytes of IP and UDP headers in front of a packet. */
static inline gsize
spead2_udp_overhead (gint family)
{
  return family == AF_INET ? 20 + 8 : 40 + 8;
}

/* Turns IP_RECVERR or IPV6_RECVERR on or off. Off also empties the queue and clears the
 * socket's pending error. */
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
