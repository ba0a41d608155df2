/* Text to address: see endpoint.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include "error.h"

/* One look-up of a name by a thread of its own, since the C library's cannot be
 * interrupted; whoever lets go of it last frees it. GLib's resolver ends the
 * program where it gets no thread or descriptor. */
typedef struct {
  gatomicrefcount refs;
  gchar *host;
  gchar *port;

  GMutex lock;
  GCond changed; /* done, or cancelled */
  gboolean done; /* lock; the rest is the caller's from then on */
  gint status;   /* of getaddrinfo() */
  gint errnum;
  struct addrinfo *addresses;
} Lookup;

static Lookup *
lookup_new (const gchar *host, guint port)
{
  Lookup *lookup = g_new0 (Lookup, 1);

  g_atomic_ref_count_init (&lookup->refs);
  lookup->host = g_strdup (host);
  lookup->port = g_strdup_printf ("%u", port);
  g_mutex_init (&lookup->lock);
  g_cond_init (&lookup->changed);
  return lookup;
}

static void
lookup_unref (Lookup *lookup)
{
  if (!g_atomic_ref_count_dec (&lookup->refs))
    return;
  if (lookup->addresses)
    freeaddrinfo (lookup->addresses);
  g_mutex_clear (&lookup->lock);
  g_cond_clear (&lookup->changed);
  g_free (lookup->host);
  g_free (lookup->port);
  g_free (lookup);
}

static gpointer
lookup_run (gpointer data)
{
  static const struct addrinfo hints = {
      .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
  Lookup *lookup = data;
  struct addrinfo *addresses = NULL;
  gint status = getaddrinfo (lookup->host, lookup->port, &hints, &addresses);
  gint errnum = errno;

  g_mutex_lock (&lookup->lock);
  lookup->status = status;
  lookup->errnum = errnum;
  lookup->addresses = status == 0 ? addresses : NULL;
  lookup->done = TRUE;
  g_cond_signal (&lookup->changed);
  g_mutex_unlock (&lookup->lock);
  lookup_unref (lookup);
  return NULL;
}

static void
lookup_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Lookup *lookup = user_data;

  g_mutex_lock (&lookup->lock);
  g_cond_signal (&lookup->changed);
  g_mutex_unlock (&lookup->lock);
}

/* FALSE: not before the end of its time, or cancelled. */
static gboolean
lookup_wait (Lookup *lookup, GCancellable *cancellable)
{
  gint64 end =
      g_get_monotonic_time () + SPEAD2_RESOLVE_TIMEOUT * G_USEC_PER_SEC;
  gulong id = cancellable ? g_cancellable_connect (cancellable,
                                G_CALLBACK (lookup_cancelled), lookup, NULL)
                          : 0;
  gboolean done, more = TRUE;

  g_mutex_lock (&lookup->lock);
  while (more && !lookup->done && !g_cancellable_is_cancelled (cancellable))
    more = g_cond_wait_until (&lookup->changed, &lookup->lock, end);
  done = lookup->done;
  g_mutex_unlock (&lookup->lock);

  if (cancellable)
    g_cancellable_disconnect (cancellable, id);
  return done;
}

static gboolean
not_resolved (const gchar *host, const gchar *why, GError **error)
{
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
      "Host '%s' could not be resolved: %s", host, why);
  return FALSE;
}

static gboolean
lookup_finish (Lookup *lookup, GCancellable *cancellable, GError **error)
{
  if (!lookup_wait (lookup, cancellable)) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        "Host '%s' could not be resolved: no answer within %d seconds",
        lookup->host, SPEAD2_RESOLVE_TIMEOUT);
    return FALSE;
  }
  if (lookup->status == 0)
    return TRUE;
  return not_resolved (lookup->host,
      lookup->status == EAI_SYSTEM ? g_strerror (lookup->errnum)
                                   : gai_strerror (lookup->status),
      error);
}

static GSocketAddress *
look_up (
    const gchar *host, guint port, GCancellable *cancellable, GError **error)
{
  GSocketAddress *address = NULL;
  struct in_addr abbreviated;
  GError *reason = NULL;
  Lookup *lookup;
  GThread *thread;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  /* "192.168.1" is 192.168.0.1 to the C library, and a mistake to us. */
  if (inet_aton (host, &abbreviated) != 0) {
    not_resolved (host, "an address has four numbers", error);
    return NULL;
  }

  lookup = lookup_new (host, port);
  g_atomic_ref_count_inc (&lookup->refs);
  thread = g_thread_try_new ("resolve", lookup_run, lookup, &reason);
  if (thread == NULL) {
    not_resolved (host, reason->message, error);
    g_error_free (reason);
    lookup_unref (lookup);
  } else {
    g_thread_unref (thread);
    if (lookup_finish (lookup, cancellable, error))
      address = g_socket_address_new_from_native (
          lookup->addresses->ai_addr, lookup->addresses->ai_addrlen);
  }
  lookup_unref (lookup);
  return address;
}

static gboolean
fill (Spead2Endpoint *endpoint, GSocketAddress *address, GError **error)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  gchar iface[IF_NAMESIZE];
  gchar *text;
  guint scope = 0;

  memset (endpoint, 0, sizeof *endpoint);
  endpoint->address_size = g_socket_address_get_native_size (address);
  if (!g_socket_address_to_native (
          address, &endpoint->address, sizeof endpoint->address, error))
    return FALSE;

  endpoint->port = g_inet_socket_address_get_port (inet);
  endpoint->multicast = g_inet_address_get_is_multicast (
      g_inet_socket_address_get_address (inet));
  if (spead2_endpoint_family (endpoint) == AF_INET6)
    scope = g_inet_socket_address_get_scope_id (inet);
  if (scope != 0 && if_indextoname (scope, iface)) {
    gchar *host =
        g_inet_address_to_string (g_inet_socket_address_get_address (inet));

    text = g_strdup_printf ("[%s%%%s]:%u", host, iface,
        (guint) g_inet_socket_address_get_port (inet));
    g_free (host);
  } else {
    text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  }
  g_strlcpy (endpoint->text, text, sizeof endpoint->text);
  g_free (text);
  return TRUE;
}

gboolean
spead2_endpoint_resolve (Spead2Endpoint *endpoint, const gchar *host,
    guint port, GCancellable *cancellable, GError **error)
{
  GSocketAddress *address;
  gboolean filled;

  if (port < 1 || port > G_MAXUINT16) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Port %u does not exist: ports are 1 to 65535", port);
    return FALSE;
  }

  address = g_inet_socket_address_new_from_string (host, port);
  if (address == NULL)
    address = look_up (host, port, cancellable, error);
  if (address == NULL)
    return FALSE;

  filled = fill (endpoint, address, error);
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

  filled = fill (endpoint, address, error);
  g_object_unref (address);
  return filled;
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
        memcmp (&in_a->sin6_addr, &in_b->sin6_addr, sizeof in_a->sin6_addr) ==
        0;
  }
}
