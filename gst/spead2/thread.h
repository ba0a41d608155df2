/* Threads of the engine: name, CPU, timer slack, and callbacks at both ends.
 *
 * Sending and receiving workers are such threads. What they have in common with the
 * threads of an element, STREAM_STATUS messages, is posted by the callbacks.
 *
 * Any thread may start one; whoever started it joins it, once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_THREAD_H
#define SPEAD2_THREAD_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  /* Of all threads of a group; NULL: "spead2". The kernel's name of the thread has
   * ":<index>" behind it, and at most the first 12 bytes of this one. Copied. */
  const gchar *name;
  guint index; /* of the thread in its group, below 100 */
  /* (guint) CPU numbers. The thread is bound to number index modulo their count; NULL
   * or empty: to none. Borrowed for the call. */
  const GArray *cpus;
  void (*run) (gpointer data);
  gpointer data;
  /* Called in the thread before and after run, with no lock held; or NULL. */
  void (*started) (guint index, gpointer user_data);
  void (*stopped) (guint index, gpointer user_data);
  gpointer user_data;
} Spead2ThreadConfig;

typedef struct _Spead2Thread Spead2Thread;

/* Starts a thread with a timer slack of 1 ns (the default is 50 us). Returns when it is
 * bound to its CPU; started may not have been called yet. NULL with GLib's thread error,
 * or with SPEAD2_ERRNO for a CPU that does not exist or is not permitted: the thread has
 * ended then, and no callback was called. */
Spead2Thread *spead2_thread_start (
    const Spead2ThreadConfig *config, GError **error);

/* Waits until run and stopped have returned, and frees. */
void spead2_thread_join (Spead2Thread *thread);

G_END_DECLS

#endif /* SPEAD2_THREAD_H */
