/* The error queue of a UDP socket (IP_RECVERR, IPV6_RECVERR), in which ICMP errors of
 * packets that it sent stand.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ERRORQUEUE_H
#define SPEAD2_ERRORQUEUE_H

#include <sys/socket.h>

#include <glib.h>

G_BEGIN_DECLS

/* Takes one entry off the queue: where the packet went (the family is AF_UNSPEC where
 * the kernel does not say it), and its errno; 0 where it is no ICMP error. FALSE when
 * there is none. Never blocks. */
gboolean spead2_error_queue_take (
    gint fd, struct sockaddr_storage *destination, gint *errnum);

G_END_DECLS

#endif /* SPEAD2_ERRORQUEUE_H */
