/* Host names to addresses, in limited time
 *
 * getaddrinfo() cannot be interrupted: it runs in a thread of its own, which the caller
 * does not wait for longer than it wants, and which then ends by itself. GLib's resolver
 * is not used since it aborts the program if it gets no thread or descriptor.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_RESOLVER_H
#define SPEAD2_RESOLVER_H

#include <gio/gio.h>
#include <netdb.h>

G_BEGIN_DECLS

/* The addresses of host, of both families, with port, in the order of getaddrinfo() (RFC
 * 6724: those without a route are last); the caller frees them with freeaddrinfo().
 * Blocks for timeout seconds at most, or until cancellable is cancelled, which any thread
 * may do. NULL with SPEAD2_ERROR_NOT_FOUND or G_IO_ERROR_CANCELLED. */
struct addrinfo *spead2_resolver_lookup (const gchar *host, guint port,
    gdouble timeout, GCancellable *cancellable, GError **error);

G_END_DECLS

#endif /* SPEAD2_RESOLVER_H */
