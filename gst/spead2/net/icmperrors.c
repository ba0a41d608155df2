/* The ICMP errors of a socket's earlier packets: see icmperrors.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/icmperrors.h"

#include "spead2/clock.h"
#include "spead2/net/errorqueue.h"
#include "spead2/net/udpsocket.h"

#define ERRORS_PER_SECOND 16

/* The destination with this address, which the kernel adds to each error. */
static guint
destination_at (const Spead2Endpoint *endpoints, guint n,
    const struct sockaddr_storage *address)
{
  guint i;

  if (n == 1)
    return 0;
  for (i = 0; i < n; i++)
    if (spead2_endpoint_equal (&endpoints[i], address))
      return i;
  return SPEAD2_NO_ENDPOINT;
}

/* Counts an error, and disables their reception when there are many. */
static void
note (Spead2IcmpErrors *errors, gint fd, guint destination, gint errnum)
{
  const guint64 now = spead2_now ();

  if (destination != SPEAD2_NO_ENDPOINT) {
    errors->unreported++;
    errors->errnum = errnum;
    errors->destination = destination;
  }
  if (now - errors->window >= SPEAD2_SECOND) {
    errors->window = now;
    errors->n = 0;
  }
  if (++errors->n < ERRORS_PER_SECOND)
    return;
  spead2_udp_socket_set_recverr (fd, errors->family, FALSE);
  errors->off = TRUE;
}

gboolean
spead2_icmp_errors_take (Spead2IcmpErrors *errors, gint fd,
    const Spead2Endpoint *endpoints, guint n_endpoints, guint *destination,
    gint *errnum)
{
  struct sockaddr_storage address;

  *errnum = 0;
  while (*errnum == 0)
    if (errors->off || !spead2_error_queue_take (fd, &address, errnum))
      return FALSE;
  *destination = destination_at (endpoints, n_endpoints, &address);
  note (errors, fd, *destination, *errnum);
  return TRUE;
}

void
spead2_icmp_errors_resume (Spead2IcmpErrors *errors, gint fd, guint64 now)
{
  if (!errors->off || now - errors->window < SPEAD2_SECOND)
    return;
  spead2_udp_socket_set_recverr (fd, errors->family, TRUE);
  errors->off = FALSE;
}

guint
spead2_icmp_errors_take_report (
    Spead2IcmpErrors *errors, gint *errnum, guint *destination)
{
  const guint n = errors->unreported;

  *errnum = errors->errnum;
  *destination = errors->destination;
  errors->unreported = 0;
  errors->errnum = 0;
  return n;
}
