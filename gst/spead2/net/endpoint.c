/* Text to address: see endpoint.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/endpoint.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "spead2/error.h"
#include "spead2/net/resolver.h"

/* -- what a host may be ------------------------------------------------------- */

/* address, and a port if it is not NULL, is what should have been written. */
static gboolean
wrong_host (GError **error, const gchar *host, const gchar *why,
    const gchar *address, gsize length, const gchar *port)
{
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "Host '%s' %s: write host=%.*s%s%s", host, why, (gint) length, address,
      port ? " port=" : "", port ? port : "");
  return FALSE;
}

static gboolean
bad_host (GError **error, const gchar *host, const gchar *what)
{
  g_set_error (
      error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID, "Host '%s' %s", host, what);
  return FALSE;
}

static gboolean
is_address (const gchar *host)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (host, 0);

  if (address == NULL)
    return FALSE;
  g_object_unref (address);
  return TRUE;
}

/* What has several colons. */
static gboolean
check_ipv6 (const gchar *host, GError **error)
{
  const gchar *scope = strchr (host, '%');

  if (is_address (host))
    return TRUE;
  if (scope && if_nametoindex (scope + 1) == 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        "Host '%s': there is no network interface '%s': 'ip link' lists those "
        "there are",
        host, scope + 1);
    return FALSE;
  }
  return bad_host (error, host, "is not an IPv6 address");
}

gboolean
spead2_endpoint_check_host (const gchar *host, GError **error)
{
  const gchar *colon = strchr (host, ':');
  const gchar *bracket = strchr (host, ']');
  struct in_addr abbreviated;

  if (*host == '\0')
    return bad_host (error, host,
        "is empty: it must be an address, a multicast group or a name");
  if (g_str_has_prefix (host, "spead://"))
    return bad_host (error, host, "is a URI: set uri to it instead of host");
  if (strstr (host, "://"))
    return bad_host (error, host,
        "is a URL: write what stands between :// and the port, as in "
        "host=239.1.2.3 port=7148");
  if (strpbrk (host, " \t\r\n"))
    return bad_host (error, host, "has a blank in it");
  if (strchr (host, '/'))
    return bad_host (error, host,
        "has a / in it: write an address without a network's size");
  if (strpbrk (host, "+,"))
    return bad_host (error, host,
        "is several addresses: a sender takes them as destinations, with "
        "their ports, as in destinations=239.1.2.3+7:7148");
  if (*host == '[' && bracket)
    return wrong_host (error, host, "has brackets, which only a URI needs",
        host + 1, bracket - host - 1, bracket[1] == ':' ? bracket + 2 : NULL);
  if (colon && strchr (colon + 1, ':'))
    return check_ipv6 (host, error);
  if (colon)
    return wrong_host (
        error, host, "has a port in it", host, colon - host, colon + 1);
  /* "192.168.1" is 192.168.0.1 to the C library, and a mistake to us. */
  if (!is_address (host) &&
      (inet_aton (host, &abbreviated) != 0 ||
          strspn (host, "0123456789.") == strlen (host)))
    return bad_host (error, host,
        "is not an address: an address has four numbers from 0 to 255");
  return TRUE;
}

/* -- names ---------------------------------------------------------------------- */

static gboolean
is_loopback (const struct addrinfo *info)
{
  const struct sockaddr_in *in = (const struct sockaddr_in *) info->ai_addr;
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) info->ai_addr;

  if (info->ai_family == AF_INET)
    return ntohl (in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  return IN6_IS_ADDR_LOOPBACK (&in6->sin6_addr);
}

static const struct addrinfo *
find_address (const struct addrinfo *list, gint family, gboolean loopback)
{
  for (; list != NULL; list = list->ai_next)
    if ((family == AF_UNSPEC || list->ai_family == family) &&
        (!loopback || is_loopback (list)))
      return list;
  return NULL;
}

/* The first in the system's order, but 127.0.0.1 rather than ::1: receivers on
 * this machine mostly listen on IPv4. NULL: there is none of that family. */
static const struct addrinfo *
choose (const struct addrinfo *list, gint family)
{
  const struct addrinfo *first = find_address (list, family, FALSE);
  const struct addrinfo *ipv4 = NULL;

  if (first && family == AF_UNSPEC && is_loopback (first))
    ipv4 = find_address (list, AF_INET, TRUE);
  return ipv4 ? ipv4 : first;
}

static GSocketAddress *
choose_address (const struct addrinfo *addresses, const gchar *host,
    gint family, GError **error)
{
  const struct addrinfo *chosen = choose (addresses, family);

  if (chosen)
    return g_socket_address_new_from_native (
        chosen->ai_addr, chosen->ai_addrlen);
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
      "Host '%s' has no %s address, and bind-address, socket or another "
      "destination is %s",
      host, family == AF_INET ? "IPv4" : "IPv6",
      family == AF_INET ? "IPv4" : "IPv6");
  return NULL;
}

static GSocketAddress *
look_up (const gchar *host, guint port, gint family, GCancellable *cancellable,
    GError **error)
{
  struct addrinfo *addresses = spead2_resolver_lookup (
      host, port, SPEAD2_RESOLVE_TIMEOUT, cancellable, error);
  GSocketAddress *address = NULL;

  if (addresses) {
    address = choose_address (addresses, host, family, error);
    freeaddrinfo (addresses);
  }
  return address;
}

/* -- endpoints -------------------------------------------------------------------- */

/* "127.0.0.1", "ff02::1%lo" */
static gchar *
dup_host (GInetSocketAddress *inet)
{
  gchar *host =
      g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  gchar iface[IF_NAMESIZE], *scoped;
  guint scope = 0;

  if (g_socket_address_get_family (G_SOCKET_ADDRESS (inet)) ==
      G_SOCKET_FAMILY_IPV6)
    scope = g_inet_socket_address_get_scope_id (inet);
  if (scope == 0 || if_indextoname (scope, iface) == NULL)
    return host;
  scoped = g_strdup_printf ("%s%%%s", host, iface);
  g_free (host);
  return scoped;
}

/* "127.0.0.1:8888 (localhost)", "127.0.0.1" for any port; name may be NULL. */
static void
describe (Spead2Endpoint *endpoint, GInetSocketAddress *inet, const gchar *name)
{
  gboolean v4 = spead2_endpoint_family (endpoint) == AF_INET;
  gchar *host = dup_host (inet), *address = NULL;

  if (endpoint->port != 0)
    address = g_strdup_printf (v4 ? "%s:%u" : "[%s]:%u", host, endpoint->port);
  g_snprintf (endpoint->text, sizeof endpoint->text, name ? "%s (%s)" : "%s",
      address ? address : host, name);
  g_free (address);
  g_free (host);
}

static gboolean
fill (Spead2Endpoint *endpoint, GSocketAddress *address, const gchar *name,
    GError **error)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);

  memset (endpoint, 0, sizeof *endpoint);
  endpoint->address_size = g_socket_address_get_native_size (address);
  if (!g_socket_address_to_native (
          address, &endpoint->address, sizeof endpoint->address, error))
    return FALSE;

  endpoint->port = g_inet_socket_address_get_port (inet);
  endpoint->multicast = g_inet_address_get_is_multicast (
      g_inet_socket_address_get_address (inet));
  describe (endpoint, inet, name);
  return TRUE;
}

gboolean
spead2_endpoint_resolve (Spead2Endpoint *endpoint, const gchar *host,
    guint port, gint family, GCancellable *cancellable, GError **error)
{
  GSocketAddress *address;
  const gchar *name = NULL;
  gboolean filled;

  if (port < 1 || port > G_MAXUINT16) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Port %u does not exist: ports are 1 to 65535", port);
    return FALSE;
  }
  if (!spead2_endpoint_check_host (host, error))
    return FALSE;

  address = g_inet_socket_address_new_from_string (host, port);
  if (address == NULL) {
    name = host;
    address = look_up (host, port, family, cancellable, error);
  }
  if (address == NULL)
    return FALSE;

  filled = fill (endpoint, address, name, error);
  g_object_unref (address);
  return filled;
}

gboolean
spead2_endpoint_local (Spead2Endpoint *endpoint, gint family, const gchar *host,
    guint port, GError **error)
{
  const gchar *any = family == AF_INET ? "0.0.0.0" : "::";
  GSocketAddress *address = NULL;
  gboolean filled;

  if (port <= G_MAXUINT16)
    address = g_inet_socket_address_new_from_string (host ? host : any, port);
  if (address == NULL ||
      (gint) g_socket_address_get_family (address) != family) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Cannot send from '%s', port %u: it must be an %s address of this "
        "machine ('ip address' lists them) and a port up to 65535",
        host ? host : any, port, family == AF_INET ? "IPv4" : "IPv6");
    g_clear_object (&address);
    return FALSE;
  }

  filled = fill (endpoint, address, NULL, error);
  g_object_unref (address);
  return filled;
}

gboolean
spead2_endpoint_from_native (Spead2Endpoint *endpoint,
    const struct sockaddr_storage *native, GError **error)
{
  GSocketAddress *address = g_socket_address_new_from_native (
      (gpointer) native, sizeof (struct sockaddr_storage));
  gboolean filled;

  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address)) {
    g_clear_object (&address);
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "An address is of neither IPv4 nor IPv6");
    return FALSE;
  }
  filled = fill (endpoint, address, NULL, error);
  g_object_unref (address);
  return filled;
}

void
spead2_endpoint_set_port (Spead2Endpoint *endpoint, guint16 port)
{
  struct sockaddr_storage address = endpoint->address;

  /* Both families have it at the same place. */
  ((struct sockaddr_in *) &address)->sin_port = htons (port);
  spead2_endpoint_from_native (endpoint, &address, NULL);
}

gchar *
spead2_endpoint_dup_host (const Spead2Endpoint *endpoint)
{
  GSocketAddress *address = g_socket_address_new_from_native (
      (gpointer) &endpoint->address, endpoint->address_size);
  gchar *host = dup_host (G_INET_SOCKET_ADDRESS (address));

  g_object_unref (address);
  return host;
}

gboolean
spead2_endpoint_equal (
    const Spead2Endpoint *a, const struct sockaddr_storage *address)
{
  if (a->address.ss_family != address->ss_family)
    return FALSE;

  if (address->ss_family == AF_INET) {
    const struct sockaddr_in *in_a = (const struct sockaddr_in *) &a->address;
    const struct sockaddr_in *in_b = (const struct sockaddr_in *) address;

    return in_a->sin_port == in_b->sin_port &&
        in_a->sin_addr.s_addr == in_b->sin_addr.s_addr;
  } else {
    const struct sockaddr_in6 *in_a = (const struct sockaddr_in6 *) &a->address;
    const struct sockaddr_in6 *in_b = (const struct sockaddr_in6 *) address;

    return in_a->sin6_port == in_b->sin6_port &&
        (in_a->sin6_scope_id == in_b->sin6_scope_id ||
            in_a->sin6_scope_id == 0 || in_b->sin6_scope_id == 0) &&
        memcmp (&in_a->sin6_addr, &in_b->sin6_addr, sizeof in_a->sin6_addr) ==
        0;
  }
}
