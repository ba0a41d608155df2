/* Threads of the engine: see thread.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/thread.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

#include "spead2/error.h"

#define UNKNOWN (-1)

struct _Spead2Thread {
  Spead2ThreadConfig config; /* constant; name and cpus are not set */
  gint cpu;                  /* constant; -1: any */
  GThread *thread;           /* of whoever started it */

  GMutex lock;
  GCond bound;
  gint bind_errno; /* guarded by lock: UNKNOWN, 0, or why it has not its CPU */
};

/* 0 or an errno. */
static gint
bind_to_cpu (gint cpu)
{
  cpu_set_t set;

  if (cpu < 0)
    return 0;
  CPU_ZERO (&set);
  CPU_SET (cpu, &set);
  return sched_setaffinity (0, sizeof set, &set) < 0 ? errno : 0;
}

static gpointer
thread_run (gpointer data)
{
  Spead2Thread *thread = data;
  const Spead2ThreadConfig *config = &thread->config;
  gint bind_errno = bind_to_cpu (thread->cpu);

  g_mutex_lock (&thread->lock);
  thread->bind_errno = bind_errno;
  g_cond_signal (&thread->bound);
  g_mutex_unlock (&thread->lock);
  if (bind_errno != 0)
    return NULL;

  /* The kernel may end a sleep 50 us late otherwise, which shows in a rate. */
  prctl (PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (config->started)
    config->started (config->index, config->user_data);
  config->run (config->data);
  if (config->stopped)
    config->stopped (config->index, config->user_data);
  return NULL;
}

static gint
wait_bound (Spead2Thread *thread)
{
  gint bind_errno;

  g_mutex_lock (&thread->lock);
  while (thread->bind_errno == UNKNOWN)
    g_cond_wait (&thread->bound, &thread->lock);
  bind_errno = thread->bind_errno;
  g_mutex_unlock (&thread->lock);
  return bind_errno;
}

static void
thread_free (Spead2Thread *thread)
{
  g_mutex_clear (&thread->lock);
  g_cond_clear (&thread->bound);
  g_free (thread);
}

void
spead2_thread_join (Spead2Thread *thread)
{
  g_thread_join (thread->thread);
  thread_free (thread);
}

Spead2Thread *
spead2_thread_start (const Spead2ThreadConfig *config, GError **error)
{
  const GArray *cpus = config->cpus;
  Spead2Thread *thread = g_new0 (Spead2Thread, 1);
  /* The kernel has room for 15 bytes. */
  gchar *name = g_strdup_printf (
      "%.12s:%u", config->name ? config->name : "spead2", config->index);
  gint bind_errno;

  thread->config = *config;
  thread->config.name = NULL;
  thread->config.cpus = NULL;
  thread->cpu = cpus && cpus->len > 0
      ? (gint) g_array_index (cpus, guint, config->index % cpus->len)
      : -1;
  thread->bind_errno = UNKNOWN;
  g_mutex_init (&thread->lock);
  g_cond_init (&thread->bound);

  thread->thread = g_thread_try_new (name, thread_run, thread, error);
  if (thread->thread == NULL) {
    thread_free (thread);
    g_free (name);
    return NULL;
  }
  bind_errno = wait_bound (thread);
  if (bind_errno != 0) {
    spead2_set_errno (error, bind_errno, "Could not bind thread '%s' to CPU %d",
        name, thread->cpu);
    g_clear_pointer (&thread, spead2_thread_join);
  }
  g_free (name);
  return thread;
}
