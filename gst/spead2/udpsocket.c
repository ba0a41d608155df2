/* Opens the sockets that heaps leave by: see udpsocket.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "udpsocket.h"

#include <errno.h>
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

  if (options->multicast_iface &&
      !set_multicast_iface (fd, family, options->multicast_iface, error))
    return FALSE;

  return set_option (fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
             v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, options->ttl_mc,
             "the multicast TTL", error) &&
      set_option (fd, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST", error);
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
  if (!set_options (fd, family, options, error)) {
    close (fd);
    return -1;
  }

  spead2_udp_socket_set_recverr (fd, family, TRUE);
  return fd;
}
