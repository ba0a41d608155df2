/* Text to address.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ENDPOINT_H
#define SPEAD2_ENDPOINT_H

#include <sys/socket.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where packets go: plain data, copied freely. */
typedef struct {
  struct sockaddr_storage address;
  socklen_t address_size;
  guint16 port;
  gboolean multicast;
  /* For messages: "127.0.0.1:8888", "[ff02::1%lo]:8888", and the name that was
   * looked up: "127.0.0.1:8888 (localhost)". */
  gchar text[340];
} Spead2Endpoint;

/* The index of no endpoint. */
#define SPEAD2_NO_ENDPOINT G_MAXUINT

/* How long a name may take to resolve, in seconds. */
#define SPEAD2_RESOLVE_TIMEOUT 5

/* Whether a text can be a host: FALSE with SPEAD2_ERROR_INVALID, or
 * SPEAD2_ERROR_NOT_FOUND for a scope that is no interface, and what to write
 * instead. Never blocks; a name need not exist. */
gboolean spead2_endpoint_check_host (const gchar *host, GError **error);

/* Fills endpoint from a host (an IPv4 or IPv6 address, the latter with a scope
 * if it needs one, or a name) and a port from 1 to 65535.
 *
 * A name is looked up, which is the engine's only blocking call: it returns
 * within SPEAD2_RESOLVE_TIMEOUT seconds, or when cancellable is cancelled. Of its
 * addresses the first of the family is taken (AF_UNSPEC: of both), in the system's
 * order, in which those with no route are last (RFC 6724). With AF_UNSPEC a name
 * for this machine is its IPv4 address if it has one. family is not about a host
 * that is an address.
 *
 * Fails with SPEAD2_ERROR_INVALID (port, host), SPEAD2_ERROR_NOT_FOUND (name) or
 * G_IO_ERROR_CANCELLED. */
gboolean spead2_endpoint_resolve (Spead2Endpoint *endpoint, const gchar *host,
    guint port, gint family, GCancellable *cancellable, GError **error);

/* An address of this machine to send from: host is an IP address of that
 * family, or NULL for any, and port 0 for any. Never blocks. Fails with
 * SPEAD2_ERROR_INVALID. */
gboolean spead2_endpoint_local (Spead2Endpoint *endpoint, gint family,
    const gchar *host, guint port, GError **error);

/* Fills endpoint from an address of the kernel's. FALSE with SPEAD2_ERROR_INVALID
 * where it is of neither family. */
gboolean spead2_endpoint_from_native (Spead2Endpoint *endpoint,
    const struct sockaddr_storage *address, GError **error);

/* The same address with another port; the name that was looked up is left out. */
void spead2_endpoint_set_port (Spead2Endpoint *endpoint, guint16 port);

/* The address without its port, to be freed: "127.0.0.1", "ff02::1%lo". */
gchar *spead2_endpoint_dup_host (const Spead2Endpoint *endpoint);

/* AF_INET or AF_INET6. */
static inline gint
spead2_endpoint_family (const Spead2Endpoint *endpoint)
{
  return endpoint->address.ss_family;
}

/* Whether address and port are the same, and the interfaces (scopes), where both have
 * one. */
gboolean spead2_endpoint_equal (
    const Spead2Endpoint *a, const struct sockaddr_storage *address);

G_END_DECLS

#endif /* SPEAD2_ENDPOINT_H */
