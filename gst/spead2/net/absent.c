/* Destinations that are absent: see absent.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/absent.h"

#include <errno.h>
#include <unistd.h>

#include "spead2/clock.h"
#include "spead2/net/neighbours.h"

#define MS G_GUINT64_CONSTANT (1000000)

/* How long the buffer is full before it is looked up which destinations fill it, and then
 * again. At 1 Gbit/s, the network takes half of a buffer of the usual size in less. */
#define SEARCH_MIN (2 * MS)
#define SEARCH_MAX (128 * MS)

/* Where one destination was absent, others are probably. */
#define ALERT_TIME SPEAD2_SECOND

/* They are looked up in a tenth of the thread's time at most. */
#define SHARE 10

#define CHECK_INTERVAL (100 * MS)
#define TRY_INTERVAL SPEAD2_SECOND
#define REPORT_INTERVAL (10 * SPEAD2_SECOND)

/* Most names of a report. */
#define MAX_NAMES 8

void
spead2_absent_clear (Spead2Absent *absent)
{
  g_clear_pointer (&absent->tries, g_free);
}

static void
set_present (Spead2Absent *absent, guint destination)
{
  absent->tries[destination] = 0;
  absent->n--;
}

void
spead2_absent_forget (Spead2Absent *absent, guint destination)
{
  if (spead2_absent_has (absent, destination))
    set_present (absent, destination);
}

/* -- which are absent ---------------------------------------------------------------- */

static void
make_tries (Spead2Absent *absent, guint n)
{
  if (absent->n_tries >= n)
    return;
  absent->tries = g_renew (guint64, absent->tries, n);
  while (absent->n_tries < n)
    absent->tries[absent->n_tries++] = 0;
}

static void
rest (Spead2Absent *absent, guint64 begin)
{
  absent->rest = begin + SHARE * (spead2_now () - begin);
}

/* Adds those whose neighbours do not respond. */
static void
add_absent (Spead2Absent *absent, const Spead2Neighbours *neighbours,
    const Spead2Endpoint *endpoints, guint n, guint64 now)
{
  guint i;

  make_tries (absent, n);
  for (i = 0; i < n; i++) {
    if (absent->tries[i] > 0 ||
        !spead2_neighbours_include (
            neighbours, &endpoints[i], absent->options->local))
      continue;
    absent->tries[i] = now + TRY_INTERVAL;
    absent->n++;
  }
}

/* Looks up which are. FALSE: no more than were known. */
static gboolean
find (
    Spead2Absent *absent, const Spead2Endpoint *endpoints, guint n, guint64 now)
{
  const guint n_before = absent->n;
  Spead2Neighbours *neighbours = spead2_neighbours_read (FALSE);

  if (neighbours) {
    add_absent (absent, neighbours, endpoints, n, now);
    spead2_neighbours_free (neighbours);
  }
  rest (absent, now);
  if (absent->n == n_before)
    return FALSE;

  absent->found = now;
  absent->check = now + CHECK_INTERVAL;
  absent->changed = TRUE;
  return TRUE;
}

gboolean
spead2_absent_search (Spead2Absent *absent, Spead2AbsentSearch *search,
    const Spead2Endpoint *endpoints, guint n, guint64 now)
{
  if (search->next == 0 &&
      (absent->found == 0 || now - absent->found >= ALERT_TIME)) {
    search->interval = SEARCH_MIN;
    search->next = now + SEARCH_MIN;
  }
  search->next = MAX (search->next, absent->rest);
  if (now < search->next)
    return FALSE;
  if (find (absent, endpoints, n, now))
    return TRUE;
  search->interval = CLAMP (search->interval * 2, SEARCH_MIN, SEARCH_MAX);
  search->next = now + search->interval;
  return FALSE;
}

void
spead2_absent_check (
    Spead2Absent *absent, const Spead2Endpoint *endpoints, guint64 now)
{
  Spead2Neighbours *neighbours;
  guint i;

  if (absent->n == 0 || now < absent->check)
    return;
  neighbours = spead2_neighbours_read (TRUE);
  for (i = 0; i < absent->n_tries; i++)
    if (absent->tries[i] > 0 &&
        (neighbours == NULL ||
            !spead2_neighbours_include (
                neighbours, &endpoints[i], absent->options->local)))
      set_present (absent, i);
  g_clear_pointer (&neighbours, spead2_neighbours_free);
  rest (absent, now);
  absent->check = MAX (now + CHECK_INTERVAL, absent->rest);
}

/* -- their sockets ------------------------------------------------------------------- */

gint
spead2_absent_open_socket (const Spead2Absent *absent, gint fd)
{
  return absent->may_replace
      ? spead2_udp_socket_reopen (fd, absent->options, NULL)
      : -1;
}

/* A socket at the port of fd, or at any where that cannot be. */
static gint
open_for_try (
    const Spead2Absent *absent, const Spead2Endpoint *endpoint, gint fd)
{
  Spead2UdpSocketOptions options = *absent->options;
  const gint opened = spead2_absent_open_socket (absent, fd);
  Spead2Endpoint local;

  if (opened >= 0)
    return opened;
  if (options.local) {
    local = *options.local;
    spead2_endpoint_set_port (&local, 0);
    options.local = absent->may_replace ? &local : NULL;
  }
  return spead2_udp_socket_open (endpoint, &options, NULL);
}

gint
spead2_absent_try (Spead2Absent *absent, guint destination,
    const Spead2Endpoint *endpoint, const struct msghdr *message, gint like,
    guint64 now)
{
  gint fd, errnum;

  if (now < absent->tries[destination])
    return EHOSTUNREACH;
  absent->tries[destination] = now + TRY_INTERVAL;
  fd = open_for_try (absent, endpoint, like);
  if (fd < 0)
    return EHOSTUNREACH;
  errnum = sendmsg (fd, message, MSG_DONTWAIT) < 0 ? errno : 0;
  close (fd);
  return errnum;
}

/* -- the report ------------------------------------------------------------------------ */

guint
spead2_absent_take_report (Spead2Absent *absent,
    const Spead2Endpoint *endpoints, guint64 now, gchar **names)
{
  GString *text;
  guint i, n = 0;

  /* Others that are absent, too, have been found by then. */
  if (!absent->changed || absent->n == 0 || now < absent->report ||
      now - absent->found < CHECK_INTERVAL)
    return 0;
  absent->report = now + REPORT_INTERVAL;
  absent->changed = FALSE;
  text = g_string_new (NULL);
  for (i = 0; i < absent->n_tries && n < MAX_NAMES; i++)
    if (absent->tries[i] > 0)
      g_string_append_printf (
          text, "%s%s", n++ > 0 ? ", " : "", endpoints[i].text);
  if (n < absent->n)
    g_string_append_printf (
        text, " and %u other%s", absent->n - n, absent->n - n > 1 ? "s" : "");
  *names = g_string_free (text, FALSE);
  return absent->n;
}
