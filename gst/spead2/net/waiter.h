/* Sleeping until a time, until descriptors have events, or until another thread
 * ends it: an eventfd and ppoll().
 *
 * The end of a wait means only that something may have changed. What the descriptors are, and
 * what their events and errors mean, is the caller's.
 *
 * A waiter belongs to one thread, but for spead2_waiter_wake().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_WAITER_H
#define SPEAD2_WAITER_H

#include <poll.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _Spead2Waiter Spead2Waiter;

/* max_fds: most descriptors of one wait. Fails with SPEAD2_ERRNO (no descriptor
 * left). */
Spead2Waiter *spead2_waiter_new (guint max_fds, GError **error);

/* No thread may use it any more. */
void spead2_waiter_free (Spead2Waiter *waiter);

/* Ends the wait under way or, where there is none, the next one. Several calls
 * before the end of a wait are one. Any thread. */
void spead2_waiter_wake (Spead2Waiter *waiter);

/* Sleeps until a time of spead2_now() (G_MAXUINT64: for ever), until one of n_fds
 * descriptors has one of its events, or until the waiter is woken: not at all where
 * one of these is so already. A signal, or an error of ppoll(), ends it, too.
 *
 * fds are as for poll(): borrowed, and revents are filled in, with 0 where there is
 * nothing. A negative fd is left out; a descriptor with no events is not, and an
 * error on it (POLLERR) ends every wait until it is fetched. Returns how many
 * descriptors have events. */
guint spead2_waiter_wait (
    Spead2Waiter *waiter, struct pollfd *fds, guint n_fds, guint64 time);

G_END_DECLS

#endif /* SPEAD2_WAITER_H */
