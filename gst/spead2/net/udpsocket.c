/* Opens the sockets that heaps leave by: see udpsocket.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/udpsocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include "spead2/error.h"

/* -- options ---------------------------------------------------------------------- */

/* An option of an outside socket and its value before it was changed. */
typedef struct {
  gint level;
  gint option;
  gint value;
} Change;

struct _Spead2UdpSocketState {
  gint status_flags; /* of the open file: fcntl(2), F_GETFL */
  GArray *changes;   /* (Change) in the order in which they were made */
};

static gint
get_option (gint fd, gint level, gint option)
{
  gint value = 0;
  socklen_t size = sizeof value;

  return getsockopt (fd, level, option, &value, &size) == 0 ? value : -1;
}

/* Keeps an option's value, where it will have to be restored. */
static void
remember (gint fd, Spead2UdpSocketState *state, gint level, gint option)
{
  Change change = {level, option, 0};
  socklen_t size = sizeof change.value;

  if (state && getsockopt (fd, level, option, &change.value, &size) == 0)
    g_array_append_val (state->changes, change);
}

static gboolean
set_option (gint fd, Spead2UdpSocketState *state, gint level, gint option,
    gint value, const gchar *what, GError **error)
{
  remember (fd, state, level, option);
  if (setsockopt (fd, level, option, &value, sizeof value) == 0)
    return TRUE;

  spead2_set_errno (error, errno, "Could not set %s to %d", what, value);
  return FALSE;
}

static gint
recverr_level (gint family)
{
  return family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
}

static gint
recverr_option (gint family)
{
  return family == AF_INET ? IP_RECVERR : IPV6_RECVERR;
}

void
spead2_udp_socket_set_recverr (gint fd, gint family, gboolean on)
{
  /* Absent on no kernel that has UDP: there is nothing to report. */
  setsockopt (
      fd, recverr_level (family), recverr_option (family), &on, sizeof on);
}

/* -- interfaces ------------------------------------------------------------------ */

/* An interface as it is named, or said by one of its addresses. */
typedef struct {
  guint index; /* 0: there is none */
  gboolean by_address;
  struct in_addr ipv4; /* that address, or 0.0.0.0 */
} Iface;

static gboolean
has_address (const struct ifaddrs *entry, gint family, gconstpointer address)
{
  const struct sockaddr *own = entry->ifa_addr;

  if (own == NULL || own->sa_family != family)
    return FALSE;
  if (family == AF_INET)
    return memcmp (&((const struct sockaddr_in *) own)->sin_addr, address,
               sizeof (struct in_addr)) == 0;
  return memcmp (&((const struct sockaddr_in6 *) own)->sin6_addr, address,
             sizeof (struct in6_addr)) == 0;
}

/* The interface with that address, and that name unless it is NULL; 0: none. */
static guint
index_of_address (gint family, gconstpointer address, const gchar *name)
{
  struct ifaddrs *list, *entry;
  guint index = 0;

  if (getifaddrs (&list) != 0)
    return 0;
  for (entry = list; index == 0 && entry != NULL; entry = entry->ifa_next)
    if (has_address (entry, family, address) &&
        (name == NULL || g_str_equal (entry->ifa_name, name)))
      index = if_nametoindex (entry->ifa_name);
  freeifaddrs (list);
  return index;
}

/* "eth0", "10.1.2.3", "fd00::1" or "fe80::1%eth0". */
static Iface
find_iface (const gchar *text)
{
  Iface iface = {.index = if_nametoindex (text)};
  struct in6_addr ipv6;
  gchar **parts;

  if (iface.index != 0)
    return iface;
  if (inet_pton (AF_INET, text, &iface.ipv4) == 1) {
    iface.by_address = TRUE;
    iface.index = index_of_address (AF_INET, &iface.ipv4, NULL);
    return iface;
  }

  parts = g_strsplit (text, "%", 2);
  if (parts[0] && inet_pton (AF_INET6, parts[0], &ipv6) == 1) {
    iface.by_address = TRUE;
    iface.index = index_of_address (AF_INET6, &ipv6, parts[1]);
  }
  g_strfreev (parts);
  return iface;
}

gchar *
spead2_udp_dup_iface_name (const gchar *text)
{
  gchar name[IF_NAMESIZE];

  return if_indextoname (find_iface (text).index, name) ? g_strdup (name)
                                                        : NULL;
}

static gboolean
set_multicast_iface (gint fd, Spead2UdpSocketState *state, gint family,
    const gchar *text, GError **error)
{
  const Iface iface = find_iface (text);
  /* An IPv4 address is where packets come from, too. */
  const struct ip_mreqn request = {
      .imr_ifindex = (int) iface.index, .imr_address = iface.ipv4};
  gint result;

  if (iface.index == 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        iface.by_address
            ? "No network interface has the address '%s': 'ip address' lists "
              "those there are"
            : "There is no network interface '%s': 'ip link' lists those there "
              "are",
        text);
    return FALSE;
  }

  if (family == AF_INET) {
    /* What the kernel gives is the interface's address, which sets it too. */
    remember (fd, state, IPPROTO_IP, IP_MULTICAST_IF);
    result =
        setsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
  } else {
    remember (fd, state, IPPROTO_IPV6, IPV6_MULTICAST_IF);
    result = setsockopt (
        fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &iface.index, sizeof iface.index);
  }
  if (result == 0)
    return TRUE;

  spead2_set_errno (
      error, errno, "Could not send multicast by interface '%s'", text);
  return FALSE;
}

/* -- sockets ---------------------------------------------------------------------- */

static gboolean
set_dscp (gint fd, Spead2UdpSocketState *state, gint family, gint dscp,
    GError **error)
{
  if (family == AF_INET6)
    return set_option (fd, state, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2,
        "the traffic class", error);

  /* IP_TOS sets it, too. */
  remember (fd, state, SOL_SOCKET, SO_PRIORITY);
  return set_option (
      fd, state, IPPROTO_IP, IP_TOS, dscp << 2, "the type of service", error);
}

static gboolean
set_options (gint fd, Spead2UdpSocketState *state, gint family,
    const Spead2UdpSocketOptions *options, GError **error)
{
  gboolean v4 = family == AF_INET;
  gint level = v4 ? IPPROTO_IP : IPPROTO_IPV6;

  if (options->multicast_iface &&
      !set_multicast_iface (fd, state, family, options->multicast_iface, error))
    return FALSE;
  if (options->dscp >= 0 && !set_dscp (fd, state, family, options->dscp, error))
    return FALSE;
  if (options->buffer_size > 0 &&
      !set_option (fd, state, SOL_SOCKET, SO_SNDBUF,
          MIN (options->buffer_size, G_MAXINT), "the send buffer", error))
    return FALSE;

  return set_option (fd, state, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS,
             options->ttl, "the TTL", error) &&
      set_option (fd, state, level, v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS,
          options->ttl_mc, "the multicast TTL", error) &&
      set_option (fd, state, level,
          v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP, options->loop,
          "multicast loop", error) &&
      set_option (
          fd, state, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST", error);
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
      !set_options (fd, NULL, family, options, error)) {
    close (fd);
    return -1;
  }

  spead2_udp_socket_set_recverr (fd, family, TRUE);
  return fd;
}

Spead2UdpSocketState *
spead2_udp_socket_adopt (gint fd, const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, GError **error)
{
  gint family = spead2_endpoint_family (destination);
  Spead2UdpSocketState *state;

  if (get_option (fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_UDP ||
      get_option (fd, SOL_SOCKET, SO_DOMAIN) != family) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The socket that was given is not a UDP socket of %s, which %s needs",
        family == AF_INET ? "IPv4" : "IPv6", destination->text);
    return NULL;
  }

  state = g_new (Spead2UdpSocketState, 1);
  state->status_flags = fcntl (fd, F_GETFL);
  state->changes = g_array_new (FALSE, FALSE, sizeof (Change));
  remember (fd, state, recverr_level (family), recverr_option (family));
  if (!set_options (fd, state, family, options, error)) {
    spead2_udp_socket_give_back (fd, state);
    return NULL;
  }
  if (fcntl (fd, F_SETFL, state->status_flags | O_NONBLOCK) < 0) {
    spead2_set_errno (error, errno, "Could not make the socket non-blocking");
    spead2_udp_socket_give_back (fd, state);
    return NULL;
  }
  spead2_udp_socket_set_recverr (fd, family, TRUE);
  return state;
}

void
spead2_udp_socket_give_back (gint fd, Spead2UdpSocketState *state)
{
  guint i;

  for (i = state->changes->len; i > 0; i--) {
    const Change *change = &g_array_index (state->changes, Change, i - 1);
    gint value = change->value;

    /* The kernel doubles what it is given. */
    if (change->level == SOL_SOCKET && change->option == SO_SNDBUF)
      value /= 2;
    setsockopt (fd, change->level, change->option, &value, sizeof value);
  }
  /* An ICMP error of our packets, which the owner's next send would return. */
  get_option (fd, SOL_SOCKET, SO_ERROR);
  fcntl (fd, F_SETFL, state->status_flags);
  g_array_unref (state->changes);
  g_free (state);
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
          set_multicast_iface (
              fd, NULL, family, options->multicast_iface, NULL)) &&
      set_option (
          fd, NULL, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST", NULL) &&
      connect (fd, (const struct sockaddr *) &destination->address,
          destination->address_size) == 0)
    mtu = family == AF_INET ? get_option (fd, IPPROTO_IP, IP_MTU)
                            : get_option (fd, IPPROTO_IPV6, IPV6_MTU);
  close (fd);
  return MAX (mtu, 0);
}
