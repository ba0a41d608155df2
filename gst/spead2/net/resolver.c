/* Host names to addresses: see resolver.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/resolver.h"

#include <errno.h>

#include "spead2/error.h"

/* Shared by the caller and the thread. */
typedef struct {
  gint refs; /* atomic */
  gchar *host;
  gchar *port;

  GMutex lock;
  GCond changed; /* done, or cancelled */
  gboolean done; /* guarded by lock; what follows is set before it */
  gint status;   /* of getaddrinfo() */
  gint errnum;
  struct addrinfo *addresses;
} Lookup;

static Lookup *
lookup_new (const gchar *host, guint port)
{
  Lookup *lookup = g_new0 (Lookup, 1);

  lookup->refs = 1;
  lookup->host = g_strdup (host);
  lookup->port = g_strdup_printf ("%u", port);
  g_mutex_init (&lookup->lock);
  g_cond_init (&lookup->changed);
  return lookup;
}

static void
lookup_unref (Lookup *lookup)
{
  if (!g_atomic_int_dec_and_test (&lookup->refs))
    return;
  if (lookup->addresses)
    freeaddrinfo (lookup->addresses);
  g_mutex_clear (&lookup->lock);
  g_cond_clear (&lookup->changed);
  g_free (lookup->host);
  g_free (lookup->port);
  g_free (lookup);
}

static gpointer
lookup_run (gpointer data)
{
  /* Of both families, whatever this machine has: addresses with no route stand
   * last. */
  static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
  Lookup *lookup = data;
  struct addrinfo *addresses = NULL;
  gint status = getaddrinfo (lookup->host, lookup->port, &hints, &addresses);
  gint errnum = errno;

  g_mutex_lock (&lookup->lock);
  lookup->status = status;
  lookup->errnum = errnum;
  lookup->addresses = status == 0 ? addresses : NULL;
  lookup->done = TRUE;
  g_cond_signal (&lookup->changed);
  g_mutex_unlock (&lookup->lock);
  lookup_unref (lookup);
  return NULL;
}

static void
lookup_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Lookup *lookup = user_data;

  g_mutex_lock (&lookup->lock);
  g_cond_signal (&lookup->changed);
  g_mutex_unlock (&lookup->lock);
}

/* FALSE after timeout seconds, or if cancelled. */
static gboolean
lookup_wait (Lookup *lookup, gdouble timeout, GCancellable *cancellable)
{
  gint64 end = g_get_monotonic_time () + (gint64) (timeout * G_USEC_PER_SEC);
  gulong id = cancellable ? g_cancellable_connect (cancellable,
                                G_CALLBACK (lookup_cancelled), lookup, NULL)
                          : 0;
  gboolean done, more = TRUE;

  g_mutex_lock (&lookup->lock);
  while (more && !lookup->done && !g_cancellable_is_cancelled (cancellable))
    more = g_cond_wait_until (&lookup->changed, &lookup->lock, end);
  done = lookup->done;
  g_mutex_unlock (&lookup->lock);

  if (cancellable)
    g_cancellable_disconnect (cancellable, id);
  return done;
}

static gboolean
not_resolved (const gchar *host, const gchar *why, GError **error)
{
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
      "Host '%s' could not be resolved: %s", host, why);
  return FALSE;
}

static gboolean
lookup_finish (
    Lookup *lookup, gdouble timeout, GCancellable *cancellable, GError **error)
{
  if (!lookup_wait (lookup, timeout, cancellable)) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
        "Host '%s' could not be resolved: no answer within %g seconds",
        lookup->host, timeout);
    return FALSE;
  }
  if (lookup->status == 0)
    return TRUE;
  return not_resolved (lookup->host,
      lookup->status == EAI_SYSTEM ? g_strerror (lookup->errnum)
                                   : gai_strerror (lookup->status),
      error);
}

struct addrinfo *
spead2_resolver_lookup (const gchar *host, guint port, gdouble timeout,
    GCancellable *cancellable, GError **error)
{
  struct addrinfo *addresses = NULL;
  GError *reason = NULL;
  Lookup *lookup;
  GThread *thread;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  lookup = lookup_new (host, port);
  g_atomic_int_inc (&lookup->refs);
  thread = g_thread_try_new ("resolve", lookup_run, lookup, &reason);
  if (thread == NULL) {
    not_resolved (host, reason->message, error);
    g_error_free (reason);
    lookup_unref (lookup);
  } else {
    g_thread_unref (thread);
    if (lookup_finish (lookup, timeout, cancellable, error))
      addresses = g_steal_pointer (&lookup->addresses);
  }
  lookup_unref (lookup);
  return addresses;
}
