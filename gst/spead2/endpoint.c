/* Text to address: see endpoint.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "endpoint.h"

#include <net/if.h>
#include <netinet/in.h>

#include "error.h"

/* One look-up of a name, in a main context of its own so that it can be given
 * a time limit from any thread. */
typedef struct {
  GMainLoop *loop;
  GCancellable *cancellable;
  gboolean timed_out;
  GList *addresses;
  GError *error;
} Lookup;

static void
on_resolved (GObject *resolver, GAsyncResult *result, gpointer user_data)
{
  Lookup *lookup = user_data;

  lookup->addresses = g_resolver_lookup_by_name_finish (
      G_RESOLVER (resolver), result, &lookup->error);
  g_main_loop_quit (lookup->loop);
}

static gboolean
on_timeout (gpointer user_data)
{
  Lookup *lookup = user_data;

  lookup->timed_out = TRUE;
  g_cancellable_cancel (lookup->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static GList *
look_up (const gchar *host, GCancellable *cancellable, GError **error)
{
  GMainContext *context = g_main_context_new ();
  GResolver *resolver = g_resolver_get_default ();
  GSource *timeout = g_timeout_source_new_seconds (SPEAD2_RESOLVE_TIMEOUT);
  gulong cancelled = 0;
  Lookup lookup = {
      g_main_loop_new (context, FALSE),
      g_cancellable_new (),
  };

  g_main_context_push_thread_default (context);
  g_source_set_callback (timeout, on_timeout, &lookup, NULL);
  g_source_attach (timeout, context);
  if (cancellable)
    cancelled = g_cancellable_connect (
        cancellable, G_CALLBACK (on_cancelled), lookup.cancellable, NULL);

  g_resolver_lookup_by_name_async (
      resolver, host, lookup.cancellable, on_resolved, &lookup);
  g_main_loop_run (lookup.loop);

  if (cancellable)
    g_cancellable_disconnect (cancellable, cancelled);
  g_source_destroy (timeout);
  g_source_unref (timeout);
  g_main_context_pop_thread_default (context);
  g_main_loop_unref (lookup.loop);
  g_main_context_unref (context);
  g_object_unref (lookup.cancellable);
  g_object_unref (resolver);

  if (lookup.timed_out) {
    g_clear_error (&lookup.error);
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        "Host '%s' could not be resolved: no answer within %d seconds", host,
        SPEAD2_RESOLVE_TIMEOUT);
  } else if (g_error_matches (lookup.error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_propagate_error (error, lookup.error);
  } else if (lookup.error) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        "Host '%s' could not be resolved: %s", host, lookup.error->message);
    g_clear_error (&lookup.error);
  }
  return lookup.addresses;
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
  if (address == NULL) {
    GList *addresses = look_up (host, cancellable, error);

    if (addresses == NULL)
      return FALSE;
    address = g_inet_socket_address_new (addresses->data, port);
    g_resolver_free_addresses (addresses);
  }

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
