/* The ring of a build without liburing: it cannot be opened. See uring.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/uring.h"

#include <errno.h>

#include "spead2/error.h"

Spead2Uring *
spead2_uring_new (
    Spead2UringReleased released, gpointer user_data, GError **error)
{
  g_set_error_literal (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "This plugin was built without liburing");
  return NULL;
}

/* Without a ring none of these is called. */

void
spead2_uring_free (Spead2Uring *uring)
{
}

gboolean
spead2_uring_use (Spead2Uring *uring, Spead2HugePages *pages, GError **error)
{
  return FALSE;
}

void
spead2_uring_forget (Spead2Uring *uring)
{
}

void
spead2_uring_detach (Spead2Uring *uring)
{
}

void
spead2_uring_begin (Spead2Uring *uring)
{
}

guint8 *
spead2_uring_reserve (Spead2Uring *uring, gsize size)
{
  return NULL;
}

gint
spead2_uring_next (const Spead2Uring *uring, guint ahead)
{
  return -1;
}

gint
spead2_uring_send (
    Spead2Uring *uring, gint fd, const struct mmsghdr *headers, guint n)
{
  return -EOPNOTSUPP;
}

void
spead2_uring_reap (Spead2Uring *uring)
{
}

guint
spead2_uring_in_flight (const Spead2Uring *uring)
{
  return 0;
}

gint
spead2_uring_fd (const Spead2Uring *uring)
{
  return -1;
}
