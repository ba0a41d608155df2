/* GLib's locks over pthread, for programs under ThreadSanitizer.
 *
 * GLib's own GMutex and GCond are raw futexes, which TSan does not see: every
 * correct program looks racy to it. A program that links this file, with its
 * symbols exported, has these in front of GLib's, for itself and for every
 * library it loads. The pthread object is made when a lock is first used, and
 * hangs on the pointer that GLib's struct begins with, so that zeroed static
 * locks work as they do with GLib. Locks that GLib keeps to itself stay GLib's:
 * it binds to its own functions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

typedef void (*MakeFunc) (gpointer object);
typedef int (*DestroyFunc) (gpointer object);

static void
check (int errnum, const gchar *call)
{
  if (errnum != 0)
    g_error ("glib-locks: %s: %s", call, g_strerror (errnum));
}

static void
destroy (gpointer object, DestroyFunc destroy_func)
{
  check (destroy_func (object), "destroy");
  g_free (object);
}

/* The object behind a lock. Of two threads that make it at once, one wins and
 * the other throws its own away. */
static gpointer
object_of (
    gpointer *slot, gsize size, MakeFunc make_func, DestroyFunc destroy_func)
{
  gpointer object = __atomic_load_n (slot, __ATOMIC_ACQUIRE);
  gpointer made;

  if (G_LIKELY (object != NULL))
    return object;
  made = g_malloc0 (size);
  make_func (made);
  if (__atomic_compare_exchange_n (
          slot, &object, made, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return made;
  destroy (made, destroy_func);
  return object;
}

static void
clear (gpointer *slot, DestroyFunc destroy_func)
{
  gpointer object = __atomic_exchange_n (slot, NULL, __ATOMIC_ACQ_REL);

  if (object != NULL)
    destroy (object, destroy_func);
}

/* --- GMutex -------------------------------------------------------------- */

static void
make_mutex (gpointer object)
{
  check (pthread_mutex_init (object, NULL), "pthread_mutex_init");
}

static int
destroy_mutex (gpointer object)
{
  return pthread_mutex_destroy (object);
}

static pthread_mutex_t *
mutex_of (GMutex *mutex)
{
  return object_of (
      &mutex->p, sizeof (pthread_mutex_t), make_mutex, destroy_mutex);
}

void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex *mutex)
{
  clear (&mutex->p, destroy_mutex);
}

void
g_mutex_lock (GMutex *mutex)
{
  check (pthread_mutex_lock (mutex_of (mutex)), "pthread_mutex_lock");
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  int errnum = pthread_mutex_trylock (mutex_of (mutex));

  if (errnum == EBUSY)
    return FALSE;
  check (errnum, "pthread_mutex_trylock");
  return TRUE;
}

void
g_mutex_unlock (GMutex *mutex)
{
  check (pthread_mutex_unlock (mutex_of (mutex)), "pthread_mutex_unlock");
}

/* --- GRecMutex ----------------------------------------------------------- */

static void
make_rec_mutex (gpointer object)
{
  pthread_mutexattr_t attributes;

  check (pthread_mutexattr_init (&attributes), "pthread_mutexattr_init");
  check (pthread_mutexattr_settype (&attributes, PTHREAD_MUTEX_RECURSIVE),
      "pthread_mutexattr_settype");
  check (pthread_mutex_init (object, &attributes), "pthread_mutex_init");
  pthread_mutexattr_destroy (&attributes);
}

static pthread_mutex_t *
rec_mutex_of (GRecMutex *mutex)
{
  return object_of (
      &mutex->p, sizeof (pthread_mutex_t), make_rec_mutex, destroy_mutex);
}

void
g_rec_mutex_init (GRecMutex *mutex)
{
  mutex->p = NULL;
}

void
g_rec_mutex_clear (GRecMutex *mutex)
{
  clear (&mutex->p, destroy_mutex);
}

void
g_rec_mutex_lock (GRecMutex *mutex)
{
  check (pthread_mutex_lock (rec_mutex_of (mutex)), "pthread_mutex_lock");
}

gboolean
g_rec_mutex_trylock (GRecMutex *mutex)
{
  int errnum = pthread_mutex_trylock (rec_mutex_of (mutex));

  if (errnum == EBUSY)
    return FALSE;
  check (errnum, "pthread_mutex_trylock");
  return TRUE;
}

void
g_rec_mutex_unlock (GRecMutex *mutex)
{
  check (pthread_mutex_unlock (rec_mutex_of (mutex)), "pthread_mutex_unlock");
}

/* --- GRWLock ------------------------------------------------------------- */

static void
make_rw_lock (gpointer object)
{
  check (pthread_rwlock_init (object, NULL), "pthread_rwlock_init");
}

static int
destroy_rw_lock (gpointer object)
{
  return pthread_rwlock_destroy (object);
}

static pthread_rwlock_t *
rw_lock_of (GRWLock *rw_lock)
{
  return object_of (
      &rw_lock->p, sizeof (pthread_rwlock_t), make_rw_lock, destroy_rw_lock);
}

void
g_rw_lock_init (GRWLock *rw_lock)
{
  rw_lock->p = NULL;
}

void
g_rw_lock_clear (GRWLock *rw_lock)
{
  clear (&rw_lock->p, destroy_rw_lock);
}

void
g_rw_lock_writer_lock (GRWLock *rw_lock)
{
  check (pthread_rwlock_wrlock (rw_lock_of (rw_lock)), "pthread_rwlock_wrlock");
}

gboolean
g_rw_lock_writer_trylock (GRWLock *rw_lock)
{
  int errnum = pthread_rwlock_trywrlock (rw_lock_of (rw_lock));

  if (errnum == EBUSY)
    return FALSE;
  check (errnum, "pthread_rwlock_trywrlock");
  return TRUE;
}

void
g_rw_lock_writer_unlock (GRWLock *rw_lock)
{
  check (pthread_rwlock_unlock (rw_lock_of (rw_lock)), "pthread_rwlock_unlock");
}

void
g_rw_lock_reader_lock (GRWLock *rw_lock)
{
  check (pthread_rwlock_rdlock (rw_lock_of (rw_lock)), "pthread_rwlock_rdlock");
}

gboolean
g_rw_lock_reader_trylock (GRWLock *rw_lock)
{
  int errnum = pthread_rwlock_tryrdlock (rw_lock_of (rw_lock));

  if (errnum == EBUSY)
    return FALSE;
  check (errnum, "pthread_rwlock_tryrdlock");
  return TRUE;
}

void
g_rw_lock_reader_unlock (GRWLock *rw_lock)
{
  check (pthread_rwlock_unlock (rw_lock_of (rw_lock)), "pthread_rwlock_unlock");
}

/* --- GCond --------------------------------------------------------------- */

/* g_cond_wait_until() counts in g_get_monotonic_time(). */
static void
make_cond (gpointer object)
{
  pthread_condattr_t attributes;

  check (pthread_condattr_init (&attributes), "pthread_condattr_init");
  check (pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC),
      "pthread_condattr_setclock");
  check (pthread_cond_init (object, &attributes), "pthread_cond_init");
  pthread_condattr_destroy (&attributes);
}

static int
destroy_cond (gpointer object)
{
  return pthread_cond_destroy (object);
}

static pthread_cond_t *
cond_of (GCond *cond)
{
  return object_of (&cond->p, sizeof (pthread_cond_t), make_cond, destroy_cond);
}

void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond *cond)
{
  clear (&cond->p, destroy_cond);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  check (pthread_cond_wait (cond_of (cond), mutex_of (mutex)),
      "pthread_cond_wait");
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gint64 end = MAX (end_time, 0);
  struct timespec deadline = {
      end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000};
  int errnum =
      pthread_cond_timedwait (cond_of (cond), mutex_of (mutex), &deadline);

  if (errnum == ETIMEDOUT)
    return FALSE;
  check (errnum, "pthread_cond_timedwait");
  return TRUE;
}

void
g_cond_signal (GCond *cond)
{
  check (pthread_cond_signal (cond_of (cond)), "pthread_cond_signal");
}

void
g_cond_broadcast (GCond *cond)
{
  check (pthread_cond_broadcast (cond_of (cond)), "pthread_cond_broadcast");
}
