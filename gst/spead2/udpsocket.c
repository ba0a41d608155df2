/* Opens the sockets that heaps leave by: see udpsocket.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "udpsocket.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include "error.h"

static gboolean
set_option (gint fd, gint level, gint option, gint value, const gchar *what,
    GError **error)
{
  if (setsockopt (fd, level, option, &value, sizeof value) == 0)
    return TRUE;

  spead2_set_errno (error, errno, "Could not set %s to %d", what, value);
  return FALSE;
}

void
spead2_udp_socket_set_recverr (gint fd, gint family, gboolean on)
{
  /* Absent on no kernel that has UDP: there is nothing to report. */
  if (family == AF_INET)
    setsockopt (fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  else
    setsockopt (fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

static gboolean
set_multicast_iface (gint fd, gint family, const gchar *name, GError **error)
{
  guint index = if_nametoindex (name);
  struct ip_mreqn request = {.imr_ifindex = (int) index};
  gint result;

  if (index == 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        "There is no network interface '%s': 'ip link' lists those there are",
        name);
    return FALSE;
  }

  if (family == AF_INET)
    result =
        setsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
  else
    result =
        setsockopt (fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
  if (result == 0)
    return TRUE;

  spead2_set_errno (
      error, errno, "Could not send multicast by interface '%s'", name);
  return FALSE;
}

static gboolean
set_options (
    gint fd, gint family, const Spead2UdpSocketOptions *options, GError **error)
{
  gboolean v4 = family == AF_INET;
  gint level = v4 ? IPPROTO_IP : IPPROTO_IPV6;

  if (options->multicast_iface &&
      !set_multicast_iface (fd, family, options->multicast_iface, error))
    return FALSE;
  if (options->dscp >= 0 &&
      !set_option (fd, level, v4 ? IP_TOS : IPV6_TCLASS, options->dscp << 2,
          "the type of service", error))
    return FALSE;
  if (options->buffer_size > 0 &&
      !set_option (fd, SOL_SOCKET, SO_SNDBUF,
          MIN (options->buffer_size, G_MAXINT), "the send buffer", error))
    return FALSE;

  return set_option (fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, options->ttl,
             "the TTL", error) &&
      set_option (fd, level, v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS,
          options->ttl_mc, "the multicast TTL", error) &&
      set_option (fd, level, v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP,
          options->loop, "multicast loop", error) &&
      set_option (fd, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST", error);
}

static gboolean
bind_to (gint fd, const Spead2Endpoint *local, GError **error)
{
  if (bind (fd, (const struct sockaddr *) &local->address,
          local->address_size) == 0)
    return TRUE;

  spead2_set_errno (error, errno,
      "Could not send from %s (bind-address and bind-port)", local->text);
  return FALSE;
}

gint
spead2_udp_socket_open (const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, GError **error)
{
  gint family = spead2_endpoint_family (destination);
  gint fd = socket (family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0) {
    spead2_set_errno (
        error, errno, "Could not open a UDP socket for %s", destination->text);
    return -1;
  }
  if ((options->local && !bind_to (fd, options->local, error)) ||
      !set_options (fd, family, options, error)) {
    close (fd);
    return -1;
  }

  spead2_udp_socket_set_recverr (fd, family, TRUE);
  return fd;
}

static gint
get_option (gint fd, gint level, gint option)
{
  gint value = 0;
  socklen_t size = sizeof value;

  return getsockopt (fd, level, option, &value, &size) == 0 ? value : -1;
}

gboolean
spead2_udp_socket_adopt (gint fd, const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, GError **error)
{
  gint family = spead2_endpoint_family (destination);

  if (get_option (fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_UDP ||
      get_option (fd, SOL_SOCKET, SO_DOMAIN) != family) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The socket that was given is not a UDP socket of %s, which %s needs",
        family == AF_INET ? "IPv4" : "IPv6", destination->text);
    return FALSE;
  }
  if (!set_options (fd, family, options, error))
    return FALSE;

  if (fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK) < 0) {
    spead2_set_errno (error, errno, "Could not make the socket non-blocking");
    return FALSE;
  }
  spead2_udp_socket_set_recverr (fd, family, TRUE);
  return TRUE;
}

guint
spead2_udp_socket_buffer_size (gint fd)
{
  return MAX (get_option (fd, SOL_SOCKET, SO_SNDBUF), 0) / 2;
}

guint
spead2_udp_mtu (
    const Spead2Endpoint *destination, const Spead2UdpSocketOptions *options)
{
  gint family = spead2_endpoint_family (destination);
  gint fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gint mtu = 0;

  if (fd < 0)
    return 0;
  if ((options->multicast_iface == NULL ||
          set_multicast_iface (fd, family, options->multicast_iface, NULL)) &&
      set_option (fd, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST", NULL) &&
      connect (fd, (const struct sockaddr *) &destination->address,
          destination->address_size) == 0)
    mtu = family == AF_INET ? get_option (fd, IPPROTO_IP, IP_MTU)
                            : get_option (fd, IPPROTO_IPV6, IPV6_MTU);
  close (fd);
  return MAX (mtu, 0);
}
