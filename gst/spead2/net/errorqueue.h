/* The error queue of a UDP socket (IP_RECVERR, IPV6_RECVERR): ICMP errors of packets
 * that it has sent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ERRORQUEUE_H
#define SPEAD2_ERRORQUEUE_H

#include <sys/socket.h>

#include <glib.h>

G_BEGIN_DECLS

/* Takes one entry off the queue: the packet's destination (of AF_UNSPEC where the
 * kernel gives none), and the errno; 0 where the entry is no ICMP error. FALSE where
 * the queue is empty. Never blocks. */
gboolean spead2_error_queue_take (
    gint fd, struct sockaddr_storage *destination, gint *errnum);

G_END_DECLS

#endif /* SPEAD2_ERRORQUEUE_H */
