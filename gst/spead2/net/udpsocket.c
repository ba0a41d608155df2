/* Opens the sockets that heaps leave and arrive by: see udpsocket.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/udpsocket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/time.h>
#include <unistd.h>

#include "spead2/error.h"
#include "spead2/net/iface.h"
#include "spead2/net/multicast.h"

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
  /* What was next in the queue is still the socket's error, which the next call would
   * return as its own. */
  if (!on)
    get_option (fd, SOL_SOCKET, SO_ERROR);
}

/* -- sending ------------------------------------------------------------------------ */

static gboolean
set_multicast_iface (gint fd, Spead2UdpSocketState *state, gint family,
    const gchar *text, GError **error)
{
  struct ip_mreqn request = {0};
  Spead2Iface iface;
  GArray *list;
  gint result;

  if (spead2_iface_is_list (text)) {
    list = spead2_iface_list_find (text, error);
    if (list)
      g_array_unref (list);
    return list != NULL;
  }
  if (!spead2_iface_find (&iface, text, error))
    return FALSE;

  /* An IPv4 address is where packets come from, too. */
  request.imr_ifindex = (int) iface.index;
  request.imr_address = iface.ipv4;
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

/* reuse: also where another socket is, with SO_REUSEADDR. */
static gint
open_at (const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, const Spead2Endpoint *local,
    gboolean reuse, GError **error)
{
  gint family = spead2_endpoint_family (destination);
  gint fd = socket (family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0) {
    spead2_set_errno (
        error, errno, "Could not open a UDP socket for %s", destination->text);
    return -1;
  }
  if (!set_option (
          fd, NULL, SOL_SOCKET, SO_REUSEADDR, reuse, "SO_REUSEADDR", error) ||
      (local && !bind_to (fd, local, error)) ||
      !set_options (fd, NULL, family, options, error)) {
    close (fd);
    return -1;
  }

  spead2_udp_socket_set_recverr (fd, family, TRUE);
  return fd;
}

gint
spead2_udp_socket_open (const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, GError **error)
{
  return open_at (destination, options, options->local, FALSE, error);
}

gint
spead2_udp_socket_reopen (
    gint fd, const Spead2UdpSocketOptions *options, GError **error)
{
  const gint on = TRUE;
  Spead2Endpoint local;

  if (!spead2_udp_socket_get_local (fd, &local, error))
    return -1;
  /* All sockets at a port need the option for another one to be bound there. */
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return open_at (&local, options, &local, TRUE, error);
}

/* -- receiving -------------------------------------------------------------------- */

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Switches UDP_GRO on, where the kernel has it. */
static void
set_gro (gint fd, Spead2UdpSocketState *state)
{
  const gint on = TRUE;
  Change off = {IPPROTO_UDP, UDP_GRO, 0};
  socklen_t size = sizeof off.value;

  /* It cannot be read before Linux 6.0, and is off by default. */
  getsockopt (fd, off.level, off.option, &off.value, &size);
  if (setsockopt (fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0 && state)
    g_array_append_val (state->changes, off);
}

/* SO_RCVBUF is limited to net.core.rmem_max. */
static void
set_receive_buffer (gint fd, gint size)
{
  if (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

/* Restricts a socket to the groups that it has joined itself. */
static gboolean
set_own_groups (
    gint fd, Spead2UdpSocketState *state, gint family, GError **error)
{
  if (family == AF_INET)
    return set_option (fd, state, IPPROTO_IP, IP_MULTICAST_ALL, FALSE,
        "IP_MULTICAST_ALL", error);
  /* A socket of both families receives groups of IPv4, too. */
  set_option (
      fd, state, IPPROTO_IP, IP_MULTICAST_ALL, FALSE, "IP_MULTICAST_ALL", NULL);
  return set_option (fd, state, IPPROTO_IPV6, IPV6_MULTICAST_ALL, FALSE,
      "IPV6_MULTICAST_ALL", error);
}

static gboolean
set_listen_options (gint fd, Spead2UdpSocketState *state, gint family,
    const Spead2UdpListenOptions *options, GError **error)
{
  if (options->buffer_size > 0) {
    remember (fd, state, SOL_SOCKET, SO_RCVBUF);
    set_receive_buffer (fd, MIN (options->buffer_size, G_MAXINT));
  }
  if (options->gro)
    set_gro (fd, state);
  return set_own_groups (fd, state, family, error);
}

/* Sets the address to bind to. A link-local group can be bound to only with its
 * interface. */
static void
choose_local (Spead2Endpoint *local, const Spead2Endpoint *addresses,
    guint n_addresses, guint port)
{
  const struct sockaddr_in6 *in6 =
      (const struct sockaddr_in6 *) &addresses[0].address;
  gint family = spead2_endpoint_family (&addresses[0]);

  if (n_addresses == 1 &&
      !(family == AF_INET6 && IN6_IS_ADDR_MC_LINKLOCAL (&in6->sin6_addr) &&
          in6->sin6_scope_id == 0)) {
    *local = addresses[0];
    if (local->port != port)
      spead2_endpoint_set_port (local, port);
  } else {
    spead2_endpoint_local (local, family, NULL, port, NULL);
  }
}

/* Whether the socket must be bound to the interface of its groups. */
static gboolean
needs_iface (
    const Spead2Endpoint *address, const Spead2UdpListenOptions *options)
{
  return spead2_endpoint_family (address) == AF_INET6 && address->multicast &&
      options->ifaces && spead2_multicast_n_ifaces (options->ifaces) == 1;
}

static gboolean
bind_to_iface (gint fd, const gchar *text, GError **error)
{
  Spead2Iface iface;

  return spead2_iface_find (&iface, text, error) &&
      set_option (fd, NULL, SOL_SOCKET, SO_BINDTOIFINDEX, (gint) iface.index,
          "the index of the interface", error);
}

static const gchar *
bind_advice (gint errnum)
{
  switch (errnum) {
    case EADDRINUSE:
      return ": another socket is bound there, 'ss -ulpn' lists them";
    case EADDRNOTAVAIL:
      return ": no interface has that address, 'ip address' lists them";
    case EACCES:
      return ": ports below net.ipv4.ip_unprivileged_port_start need "
             "CAP_NET_BIND_SERVICE";
    default:
      return "";
  }
}

static gboolean
listen_at (gint fd, const Spead2Endpoint *local, gboolean reuse, GError **error)
{
  const struct timeval most = {.tv_usec = SPEAD2_RECEIVE_TIMEOUT / 1000};

  if (reuse &&
      !set_option (
          fd, NULL, SOL_SOCKET, SO_REUSEADDR, TRUE, "SO_REUSEADDR", error))
    return FALSE;
  if (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) != 0) {
    spead2_set_errno (error, errno, "Could not set SO_RCVTIMEO");
    return FALSE;
  }
  if (bind (fd, (const struct sockaddr *) &local->address,
          local->address_size) == 0)
    return TRUE;

  spead2_set_errno (error, errno, "Could not receive at %s%s", local->text,
      bind_advice (errno));
  return FALSE;
}

gint
spead2_udp_socket_listen (const Spead2Endpoint *addresses, guint n_addresses,
    guint port, const Spead2UdpListenOptions *options, GError **error)
{
  gint family = spead2_endpoint_family (&addresses[0]);
  Spead2Endpoint local;
  gint fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  choose_local (&local, addresses, n_addresses, port);
  if (fd < 0) {
    spead2_set_errno (
        error, errno, "Could not open a UDP socket for %s", local.text);
    return -1;
  }
  if (!set_listen_options (fd, NULL, family, options, error) ||
      (needs_iface (&addresses[0], options) &&
          !bind_to_iface (fd, options->ifaces, error)) ||
      !listen_at (
          fd, &local, options->reuse || addresses[0].multicast, error)) {
    close (fd);
    return -1;
  }
  return fd;
}

gboolean
spead2_udp_socket_get_local (gint fd, Spead2Endpoint *local, GError **error)
{
  struct sockaddr_storage address = {0};
  socklen_t size = sizeof address;

  if (getsockname (fd, (struct sockaddr *) &address, &size) != 0) {
    spead2_set_errno (error, errno, "Could not read a socket's address");
    return FALSE;
  }
  return spead2_endpoint_from_native (local, &address, error);
}

/* -- outside sockets -------------------------------------------------------------- */

/* Begins what will restore a socket. NULL where it is no UDP socket of the family, or
 * of any if that is AF_UNSPEC; what: what needs it to be. */
static Spead2UdpSocketState *
begin_adoption (gint fd, gint family, const gchar *what, GError **error)
{
  gint domain = get_option (fd, SOL_SOCKET, SO_DOMAIN);
  Spead2UdpSocketState *state;

  if (get_option (fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_UDP ||
      (domain != AF_INET && domain != AF_INET6) ||
      (family != AF_UNSPEC && domain != family)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "The socket that was given is not a UDP socket%s%s%s",
        family == AF_INET        ? " of IPv4"
            : family == AF_INET6 ? " of IPv6"
                                 : "",
        what ? ", which is needed for " : "", what ? what : "");
    return NULL;
  }

  state = g_new (Spead2UdpSocketState, 1);
  state->status_flags = fcntl (fd, F_GETFL);
  state->changes = g_array_new (FALSE, FALSE, sizeof (Change));
  return state;
}

/* Frees state where the socket could not be prepared. */
static Spead2UdpSocketState *
finish_adoption (
    gint fd, Spead2UdpSocketState *state, gboolean prepared, GError **error)
{
  if (prepared && fcntl (fd, F_SETFL, state->status_flags | O_NONBLOCK) < 0) {
    spead2_set_errno (error, errno, "Could not make the socket non-blocking");
    prepared = FALSE;
  }
  if (prepared)
    return state;
  spead2_udp_socket_give_back (fd, state);
  return NULL;
}

Spead2UdpSocketState *
spead2_udp_socket_adopt (gint fd, const Spead2Endpoint *destination,
    const Spead2UdpSocketOptions *options, GError **error)
{
  gint family = spead2_endpoint_family (destination);
  Spead2UdpSocketState *state =
      begin_adoption (fd, family, destination->text, error);

  if (state == NULL)
    return NULL;
  remember (fd, state, recverr_level (family), recverr_option (family));
  state = finish_adoption (
      fd, state, set_options (fd, state, family, options, error), error);
  if (state)
    spead2_udp_socket_set_recverr (fd, family, TRUE);
  return state;
}

Spead2UdpSocketState *
spead2_udp_socket_adopt_listening (
    gint fd, gint family, const Spead2UdpListenOptions *options, GError **error)
{
  Spead2UdpSocketState *state = begin_adoption (
      fd, family, family == AF_UNSPEC ? NULL : "the groups", error);

  if (state == NULL)
    return NULL;
  return finish_adoption (fd, state,
      set_listen_options (
          fd, state, get_option (fd, SOL_SOCKET, SO_DOMAIN), options, error),
      error);
}

/* As it was before the change. */
static void
restore (gint fd, const Change *change)
{
  gint value = change->value;

  /* The kernel doubles what it is given. */
  if (change->level == SOL_SOCKET && change->option == SO_RCVBUF) {
    set_receive_buffer (fd, value / 2);
    return;
  }
  if (change->level == SOL_SOCKET && change->option == SO_SNDBUF)
    value /= 2;
  setsockopt (fd, change->level, change->option, &value, sizeof value);
}

void
spead2_udp_socket_give_back (gint fd, Spead2UdpSocketState *state)
{
  guint i;

  for (i = state->changes->len; i > 0; i--)
    restore (fd, &g_array_index (state->changes, Change, i - 1));
  /* An ICMP error of our packets, which the owner's next send would return. */
  get_option (fd, SOL_SOCKET, SO_ERROR);
  fcntl (fd, F_SETFL, state->status_flags);
  g_array_unref (state->changes);
  g_free (state);
}

/* -- what the kernel has set --------------------------------------------------------- */

guint
spead2_udp_socket_buffer_size (gint fd)
{
  return MAX (get_option (fd, SOL_SOCKET, SO_SNDBUF), 0) / 2;
}

guint
spead2_udp_socket_receive_buffer_size (gint fd)
{
  return MAX (get_option (fd, SOL_SOCKET, SO_RCVBUF), 0) / 2;
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
