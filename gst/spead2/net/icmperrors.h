/* The ICMP errors of a socket's earlier packets: to which destination each packet went, how
 * many errors are read, and what is to be reported of them.
 *
 * With IP_RECVERR, the kernel keeps each error in the socket's error queue, and returns its
 * errno by the next call. After 16 errors in a second, the option is off for the rest of it:
 * each error costs a call.
 *
 * Belongs to one thread. Times are of spead2_now(), in ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ICMPERRORS_H
#define SPEAD2_ICMPERRORS_H

#include "spead2/net/endpoint.h"

G_BEGIN_DECLS

/* All zeros but the family is the initial state, of a socket that has IP_RECVERR on. When
 * another such socket takes its place, off is FALSE again. */
typedef struct {
  gint family;      /* of the socket */
  gboolean off;     /* IP_RECVERR is */
  guint64 window;   /* when the present second of errors began */
  guint n;          /* in it */
  guint unreported; /* of known destinations, not yet reported */
  /* of the last of these */
  gint errnum;
  guint destination;
} Spead2IcmpErrors;

/* Takes the next error out of the queue of the socket fd: its errno, and the index of its
 * packet's destination in endpoints, or SPEAD2_NO_ENDPOINT if that was replaced. FALSE: there
 * is none, or the option is off. Never blocks. */
gboolean spead2_icmp_errors_take (Spead2IcmpErrors *errors, gint fd,
    const Spead2Endpoint *endpoints, guint n_endpoints, guint *destination,
    gint *errnum);

/* Switches IP_RECVERR on again, if it is time to. */
void spead2_icmp_errors_resume (Spead2IcmpErrors *errors, gint fd, guint64 now);

/* How many errors of known destinations were taken since the last call, and the last one's
 * errno (0: none) and destination. */
guint spead2_icmp_errors_take_report (
    Spead2IcmpErrors *errors, gint *errnum, guint *destination);

G_END_DECLS

#endif /* SPEAD2_ICMPERRORS_H */
