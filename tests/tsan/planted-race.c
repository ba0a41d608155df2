/* Two threads write a plain variable: ThreadSanitizer must report it. When it
 * does not, the absence of reports in every other test says nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>

#define ROUNDS 10000

static guint unprotected;
static guint protected;
static GMutex lock;

static gpointer
count (gpointer data)
{
  for (guint i = 0; i < ROUNDS; i++) {
    unprotected++;
    /* A lock beside it, taken and released, protects nothing else. */
    if (i % 1000 == 0) {
      g_mutex_lock (&lock);
      protected++;
      g_mutex_unlock (&lock);
    }
  }
  return NULL;
}

int
main (void)
{
  GThread *one = g_thread_new ("one", count, NULL);
  GThread *two = g_thread_new ("two", count, NULL);

  g_thread_join (one);
  g_thread_join (two);
  g_print ("%u, %u\n", unprotected, protected);
  return 0;
}
