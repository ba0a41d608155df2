/* Sleeping that other threads can end: see waiter.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/waiter.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spead2/clock.h"
#include "spead2/error.h"

struct _Spead2Waiter {
  gint wakeup; /* eventfd, readable once the waiter was woken */
  guint max_fds;
  struct pollfd polled[]; /* the eventfd, then a copy of the caller's */
};

Spead2Waiter *
spead2_waiter_new (guint max_fds, GError **error)
{
  gint wakeup = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  Spead2Waiter *waiter;

  if (wakeup < 0) {
    spead2_set_errno (error, errno, "Could not open an eventfd");
    return NULL;
  }

  waiter = g_malloc0 (sizeof *waiter + (1 + max_fds) * sizeof (struct pollfd));
  waiter->wakeup = wakeup;
  waiter->max_fds = max_fds;
  waiter->polled[0].fd = wakeup;
  waiter->polled[0].events = POLLIN;
  return waiter;
}

void
spead2_waiter_free (Spead2Waiter *waiter)
{
  close (waiter->wakeup);
  g_free (waiter);
}

void
spead2_waiter_wake (Spead2Waiter *waiter)
{
  const guint64 one = 1;

  /* It can only fail when it is readable already. */
  if (write (waiter->wakeup, &one, sizeof one) < 0)
    return;
}

static void
forget_wakes (Spead2Waiter *waiter)
{
  guint64 count;

  /* It can only fail when it is not readable. */
  if (read (waiter->wakeup, &count, sizeof count) < 0)
    return;
}

/* As ppoll(), until a time. 0 where that fails. */
static gint
poll_until (struct pollfd *fds, guint n_fds, guint64 time)
{
  guint64 now = spead2_now (), left = time > now ? time - now : 0;
  struct timespec timeout = {left / SPEAD2_SECOND, left % SPEAD2_SECOND};
  gint n = ppoll (fds, n_fds, time == G_MAXUINT64 ? NULL : &timeout, NULL);

  return MAX (n, 0);
}

guint
spead2_waiter_wait (
    Spead2Waiter *waiter, struct pollfd *fds, guint n_fds, guint64 time)
{
  struct pollfd *polled = waiter->polled;
  guint i, n;

  g_assert (n_fds <= waiter->max_fds);
  for (i = 0; i < n_fds; i++)
    polled[1 + i] = fds[i];
  n = poll_until (polled, 1 + n_fds, time);
  for (i = 0; i < n_fds; i++)
    fds[i].revents = n > 0 ? polled[1 + i].revents : 0;

  if (n == 0 || polled[0].revents == 0)
    return n;
  forget_wakes (waiter);
  return n - 1;
}
