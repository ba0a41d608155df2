/* What tests of every kind need: see tools.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tools.h"

#include <gst/check/gstcheck.h>

#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAIT_LIMIT (30 * G_USEC_PER_SEC)
#define FIRST_PAUSE 50  /* us */
#define LAST_PAUSE 1000 /* us */
/* So many looks in a row find a thread asleep that was not woken between them. */
#define SLEEPING_LOOKS 10

/* -- waiting ---------------------------------------------------------------------- */

void
wait_turn (Wait *wait)
{
  if (wait->end == 0)
    wait->end = g_get_monotonic_time () + WAIT_LIMIT;
  if (wait->pause == 0)
    wait->pause = FIRST_PAUSE;
  if (g_get_monotonic_time () > wait->end)
    fail ("%s: not within %d s", wait->what,
        (gint) (WAIT_LIMIT / G_USEC_PER_SEC));
  pass_time (wait->pause);
  wait->pause = MIN (2 * wait->pause, LAST_PAUSE);
}

void
pass_time (gulong us)
{
  g_usleep (us);
}

/* -- threads ------------------------------------------------------------------------ */

/* A file of a thread, which may be gone: NULL. */
static gchar *
read_task (const gchar *tid, const gchar *file)
{
  gchar *path = g_build_filename ("/proc/self/task", tid, file, NULL);
  gchar *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  g_free (path);
  return text;
}

gint
own_tid (void)
{
  return syscall (SYS_gettid);
}

guint
for_each_thread (const gchar *prefix,
    void (*what) (guint number, gint tid, gpointer data), gpointer data)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *task;
  guint n = 0;

  fail_unless (tasks != NULL);
  while ((task = g_dir_read_name (tasks)) != NULL) {
    gchar *name = read_task (task, "comm");

    if (name && g_str_has_prefix (name, prefix)) {
      n++;
      if (what)
        what (atoi (name + strlen (prefix)), atoi (task), data);
    }
    g_free (name);
  }
  g_dir_close (tasks);
  return n;
}

guint
count_threads (const gchar *name)
{
  if (name == NULL)
    g_thread_pool_stop_unused_threads ();
  return for_each_thread (name ? name : "", NULL, NULL);
}

/* How often a thread has gone to sleep; -1 where it does not sleep. */
static gint64
count_sleeps (gint tid)
{
  gchar *name = g_strdup_printf ("%d", tid);
  gchar *text = read_task (name, "status");
  const gchar *state = text ? strstr (text, "State:\t") : NULL;
  const gchar *switches =
      text ? strstr (text, "\nvoluntary_ctxt_switches:\t") : NULL;
  gint64 n = -1;

  if (state && switches && state[7] == 'S')
    n = g_ascii_strtoll (strchr (switches, '\t'), NULL, 10);
  g_free (text);
  g_free (name);
  return n;
}

gboolean
thread_sleeps (gint tid)
{
  return count_sleeps (tid) >= 0;
}

static void
keep_sleeps (guint number, gint tid, gpointer sleeps)
{
  *(gint64 *) sleeps = count_sleeps (tid);
}

static gint64
sleeps_of (const gchar *name)
{
  gint64 sleeps = -1;

  for_each_thread (name, keep_sleeps, &sleeps);
  return sleeps;
}

void
wait_asleep (const gchar *name)
{
  gchar *what = g_strdup_printf ("a thread named '%s' sleeps", name);
  Wait wait = {.what = what, .pause = LAST_PAUSE};
  gint64 before = -1;

  for (guint n = 0; n < SLEEPING_LOOKS; n++) {
    gint64 now;

    while ((now = sleeps_of (name)) < 0)
      wait_turn (&wait);
    if (now != before)
      n = 0;
    before = now;
    wait_turn (&wait);
  }
  g_free (what);
}

/* -- descriptors and sockets ---------------------------------------------------------- */

guint
count_fds (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  fail_unless (dir != NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

gint
open_deaf (guint16 *port)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  fail_unless (bind (fd, (struct sockaddr *) &address, size) == 0);
  fail_unless (getsockname (fd, (struct sockaddr *) &address, &size) == 0);
  *port = ntohs (address.sin_port);
  return fd;
}

gboolean
may_lock (gsize size)
{
  gpointer pages = mmap (
      NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  gboolean locked = mlock2 (pages, size, MLOCK_ONFAULT) == 0;

  munmap (pages, size);
  return locked;
}

/* -- what the process holds ----------------------------------------------------------- */

/* With a sanitizer, what was freed is kept. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAX_GROWTH (1 << 20) /* KiB */
#else
#define MAX_GROWTH 8192
#endif

void
get_usage (Usage *usage)
{
  gchar *text;

  malloc_trim (0);
  fail_unless (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  usage->rss = g_ascii_strtoull (strchr (text, ' '), NULL, 10) *
      (sysconf (_SC_PAGESIZE) / 1024);
  g_free (text);
  usage->fds = count_fds ();
  usage->threads = count_threads (NULL);
}

void
fail_unless_flat (const Usage *before, const Usage *after)
{
  fail_unless_equals_int (after->fds, before->fds);
  fail_unless (after->threads <= before->threads);
  fail_unless (after->rss <= before->rss + MAX_GROWTH,
      "there were %" G_GSIZE_FORMAT " KiB, now %" G_GSIZE_FORMAT, before->rss,
      after->rss);
}

/* -- numbers -------------------------------------------------------------------------- */

GRand *dice;

guint
roll (guint n)
{
  return g_rand_int_range (dice, 0, n);
}

gboolean
chance (gdouble probability)
{
  return g_rand_double (dice) < probability;
}

guint64
read_u64 (const guint8 *bytes)
{
  guint64 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_BE (value);
}
