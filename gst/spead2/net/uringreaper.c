/* Memory that the kernel still reads when nobody waits for it: see uringreaper.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/uringreaper.h"

#include <poll.h>

typedef struct {
  GPtrArray *rings;
  GPtrArray *heaps;
} Deferred;

static GMutex lock;
static GCond changed;
static guint
    n_deferred; /* guarded by lock: threads that have not freed everything */

static void
count_deferred (gint change)
{
  g_mutex_lock (&lock);
  n_deferred += change;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

static void
wait_released (Spead2Uring *uring)
{
  struct pollfd poll_fd = {spead2_uring_fd (uring), POLLIN, 0};

  spead2_uring_reap (uring);
  while (spead2_uring_in_flight (uring) > 0) {
    poll (&poll_fd, 1, -1);
    spead2_uring_reap (uring);
  }
}

static gpointer
reaper_run (gpointer data)
{
  Deferred *deferred = data;
  guint i;

  for (i = 0; i < deferred->rings->len; i++)
    wait_released (g_ptr_array_index (deferred->rings, i));
  g_ptr_array_unref (deferred->heaps);
  for (i = 0; i < deferred->rings->len; i++)
    spead2_uring_free (g_ptr_array_index (deferred->rings, i));
  g_ptr_array_unref (deferred->rings);
  g_free (deferred);
  count_deferred (-1);
  return NULL;
}

void
spead2_uring_reaper_defer_free (GPtrArray *rings, GPtrArray *heaps)
{
  Deferred *deferred = g_new (Deferred, 1);
  GThread *thread;

  deferred->rings = rings;
  deferred->heaps = heaps;
  count_deferred (1);
  thread = g_thread_try_new ("spead2-reaper", reaper_run, deferred, NULL);
  /* Without a thread the memory is leaked, since the kernel may read it. */
  if (thread)
    g_thread_unref (thread);
}

gboolean
spead2_uring_reaper_wait (guint64 timeout)
{
  gint64 end = g_get_monotonic_time () + (gint64) (timeout / 1000);
  gboolean freed;

  g_mutex_lock (&lock);
  while (n_deferred > 0 && g_cond_wait_until (&changed, &lock, end))
    ;
  freed = n_deferred == 0;
  g_mutex_unlock (&lock);
  return freed;
}
