/* What tests of every kind need: waiting, chance, a look at their own process, a
 * socket that nobody reads.
 *
 * A test never waits for a time to pass: it waits for something that comes true,
 * or for a thread to sleep that has no more to do until it is woken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_TOOLS_H
#define SPEAD2_TESTS_TOOLS_H

#include <glib.h>

G_BEGIN_DECLS

/* Returns when the condition is true, which is asked again and again; fails the test
 * where that takes 30 s. */
#define wait_until(condition)                                                  \
  G_STMT_START                                                                 \
  {                                                                            \
    Wait wait_ = {.what = G_STRLOC ": " #condition};                           \
    while (!(condition))                                                       \
      wait_turn (&wait_);                                                      \
  }                                                                            \
  G_STMT_END

typedef struct {
  const gchar *what;
  gint64 end;   /* monotonic, us; 0 before the first turn */
  gulong pause; /* us, before the next turn; 0: short at first */
} Wait;

void wait_turn (Wait *wait);

/* Lets time pass, where time itself is what a test is about: never to wait for something
 * to happen. Microseconds. */
void pass_time (gulong us);

/* Whether a thread of this process sleeps. Who waits in a system call is woken before
 * the call of the waker returns: it does not sleep from then on. */
gboolean thread_sleeps (gint tid);
gint own_tid (void);

/* Returns when a thread whose name begins so has slept for some milliseconds without
 * being woken: it waits for what the test does next. */
void wait_asleep (const gchar *name);

/* Threads of this process whose name begins so; NULL: all, without those that GLib
 * keeps for later. */
guint count_threads (const gchar *name);
guint count_fds (void);
/* Calls what for each of them, with the number behind the prefix; how many they are. */
guint for_each_thread (const gchar *prefix,
    void (*what) (guint number, gint tid, gpointer data), gpointer data);

/* Whether this process may lock so many bytes in memory ('ulimit -l'), as io_uring does
 * with what it sends from. */
gboolean may_lock (gsize size);

/* What this process holds. */
typedef struct {
  gsize rss; /* KiB, without what malloc() has free */
  guint fds;
  guint threads;
} Usage;

void get_usage (Usage *usage);

/* Fails where descriptors or threads have become more, or memory, by what could be more
 * than a queue which is full only later. */
void fail_unless_flat (const Usage *before, const Usage *after);

/* A number below n, and TRUE with that probability; from dice, which the test sets. */
extern GRand *dice;
guint roll (guint n);
gboolean chance (gdouble probability);

/* A UDP socket of the loopback, so that no ICMP error comes; nobody reads it. */
gint open_deaf (guint16 *port);

/* Big endian. */
guint64 read_u64 (const guint8 *bytes);

G_END_DECLS

#endif /* SPEAD2_TESTS_TOOLS_H */
