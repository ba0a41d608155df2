/* Destinations that are absent: the kernel has no hardware address for them, or for the
 * router in front of them (neighbours.h).
 *
 * Packets to one of them stay in the socket's send buffer for seconds, until it is full and
 * the other destinations get none. So an absent destination is taken off the socket: its
 * packets fail, except for a message a second, which a socket of its own takes, so that the
 * kernel asks for the address again. What is in the buffer already leaves with its socket,
 * which is replaced by another one of the same port.
 *
 * Belongs to one thread. Times are of spead2_now(), in ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ABSENT_H
#define SPEAD2_ABSENT_H

#include "spead2/net/udpsocket.h"

G_BEGIN_DECLS

typedef struct {
  const Spead2UdpSocketOptions *options; /* (borrowed) of the socket */
  gboolean may_replace;                  /* others may be opened at its port */
  guint n;                               /* absent destinations */
  /* (owned) by destination: when it gets a message; 0: not absent */
  guint64 *tries;
  guint n_tries;
  guint64 found;    /* when a destination was found to be absent last */
  guint64 check;    /* when they are looked up again */
  guint64 rest;     /* nothing is looked up before then */
  guint64 report;   /* not before then */
  gboolean changed; /* there are others than were reported */
} Spead2Absent;

/* Frees what was allocated. All zeros is the initial state. */
void spead2_absent_clear (Spead2Absent *absent);

/* The destination is not absent: it was removed, or another address has its index. */
void spead2_absent_forget (Spead2Absent *absent, guint destination);

static inline gboolean
spead2_absent_has (const Spead2Absent *absent, guint destination)
{
  return absent->n > 0 && destination < absent->n_tries &&
      absent->tries[destination] > 0;
}

/* A wait for space in the socket's buffer. All zeros is the initial state. */
typedef struct {
  guint64 next; /* when it is looked up which destinations fill it */
  guint64 interval;
} Spead2AbsentSearch;

/* The socket's buffer is full: looks for destinations that fill it, at once or from
 * search->next on, for a tenth of the time at most. Returns TRUE if it has found some. */
gboolean spead2_absent_search (Spead2Absent *absent, Spead2AbsentSearch *search,
    const Spead2Endpoint *endpoints, guint n, guint64 now);

/* Those whose neighbour has responded are absent no longer, if it is time to look. */
void spead2_absent_check (
    Spead2Absent *absent, const Spead2Endpoint *endpoints, guint64 now);

/* Opens a socket at the port of fd, in whose buffer nothing is for absent destinations: the
 * caller closes it. The kernel reports errors of both to whichever has the port. -1: it may
 * not or cannot be opened, and the other destinations wait until the kernel gives up. */
gint spead2_absent_open_socket (const Spead2Absent *absent, gint fd);

/* Sends a message to an absent destination, whose address is endpoint, if it is time to: by a
 * socket that is closed then, if possible at the port of another one, like. Returns 0 or, if
 * it was not sent, why: an errno; EHOSTUNREACH where it is not time, or no socket could be
 * opened. */
gint spead2_absent_try (Spead2Absent *absent, guint destination,
    const Spead2Endpoint *endpoint, const struct msghdr *message, gint like,
    guint64 now);

/* How many are absent, if it has changed and is to be reported, and the names of some of
 * them, for the caller to free; 0: nothing is to be reported. At most once in 10 s. */
guint spead2_absent_take_report (Spead2Absent *absent,
    const Spead2Endpoint *endpoints, guint64 now, gchar **names);

G_END_DECLS

#endif /* SPEAD2_ABSENT_H */
