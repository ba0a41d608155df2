/* GLib's locks used as they should be, each kind of them, and references of buffers:
 * ThreadSanitizer must report nothing, and the locks must be those of glib-locks.c, here
 * and in GStreamer's libraries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#define ITEMS 2000
#define ROOM 4

/* A bounded queue of plain numbers. */
static GMutex lock;
static GCond not_full;
static GCond not_empty;
static guint queue[ROOM];
static guint n_queued;

static gpointer
produce (gpointer data)
{
  for (guint i = 1; i <= ITEMS; i++) {
    g_mutex_lock (&lock);
    while (n_queued == ROOM)
      g_cond_wait (&not_full, &lock);
    queue[n_queued++] = i;
    g_cond_signal (&not_empty);
    g_mutex_unlock (&lock);
  }
  return NULL;
}

static guint64
consume (void)
{
  guint64 sum = 0;

  for (guint i = 0; i < ITEMS; i++) {
    g_mutex_lock (&lock);
    while (n_queued == 0) {
      gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 1000;

      g_cond_wait_until (&not_empty, &lock, end);
    }
    sum += queue[--n_queued];
    g_cond_broadcast (&not_full);
    g_mutex_unlock (&lock);
  }
  return sum;
}

static void
test_queue (void)
{
  GThread *producer = g_thread_new ("producer", produce, NULL);
  guint64 sum = consume ();

  g_thread_join (producer);
  g_assert_cmpuint (sum, ==, (guint64) ITEMS * (ITEMS + 1) / 2);
}

static void
test_wait_until_times_out (void)
{
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 50;

  g_mutex_lock (&lock);
  while (g_cond_wait_until (&not_empty, &lock, end))
    ;
  g_mutex_unlock (&lock);
  g_assert_cmpint (g_get_monotonic_time (), >=, end);

  g_mutex_lock (&lock);
  g_assert_false (g_cond_wait_until (&not_empty, &lock, 0));
  g_mutex_unlock (&lock);
}

static GRecMutex rec_lock;
static guint rec_counter;
static GRWLock rw_lock;
static guint rw_counter;

static gpointer
count (gpointer data)
{
  for (guint i = 0; i < ITEMS; i++) {
    g_rec_mutex_lock (&rec_lock);
    g_assert_true (g_rec_mutex_trylock (&rec_lock));
    rec_counter++;
    g_rec_mutex_unlock (&rec_lock);
    g_rec_mutex_unlock (&rec_lock);

    if (g_rw_lock_writer_trylock (&rw_lock)) {
      rw_counter++;
      g_rw_lock_writer_unlock (&rw_lock);
    } else {
      g_rw_lock_reader_lock (&rw_lock);
      g_assert_cmpuint (rw_counter, <=, 2 * ITEMS);
      g_rw_lock_reader_unlock (&rw_lock);
    }
  }
  return NULL;
}

static void
test_counters (void)
{
  GThread *one = g_thread_new ("one", count, NULL);
  GThread *two = g_thread_new ("two", count, NULL);

  g_thread_join (one);
  g_thread_join (two);
  g_assert_cmpuint (rec_counter, ==, 2 * ITEMS);
  g_assert_true (g_rw_lock_reader_trylock (&rw_lock));
  g_rw_lock_reader_unlock (&rw_lock);
}

static gpointer
try_lock (gpointer data)
{
  return GINT_TO_POINTER (g_mutex_trylock (data));
}

static void
test_trylock_of_a_held_lock (void)
{
  GMutex mutex;

  g_mutex_init (&mutex);
  g_mutex_lock (&mutex);
  g_assert_null (g_thread_join (g_thread_new ("try", try_lock, &mutex)));
  g_mutex_unlock (&mutex);
  g_assert_true (g_mutex_trylock (&mutex));
  g_mutex_unlock (&mutex);
  g_mutex_clear (&mutex);
}

/* GLib's mutex is an integer that is 0 when nobody holds it; ours keeps an
 * object from its first use on. libgstreamer uses it in setting the name. */
static void
test_gstreamer_binds_to_them (void)
{
  GstElement *bin = gst_bin_new (NULL);

  gst_object_set_name (GST_OBJECT (bin), "somebody");
  g_assert_nonnull (GST_OBJECT (bin)->lock.p);
  gst_object_unref (bin);
}

/* -- references ---------------------------------------------------------------------- */

/* A buffer's memory: each of two threads writes to its half, and the one that drops the last
 * reference of the buffer reads both. */
typedef struct {
  guint written[2];
  GstBuffer *buffer;
  GstBufferList
      *list; /* what the second thread has a reference of instead, or NULL */
} Shared;

static void
check_written (gpointer data)
{
  Shared *shared = data;

  g_assert_cmpuint (shared->written[0], ==, 1);
  g_assert_cmpuint (shared->written[1], ==, 2);
  g_free (shared);
}

static gpointer
write_first (gpointer data)
{
  Shared *shared = data;

  shared->written[0] = 1;
  gst_buffer_unref (shared->buffer);
  return NULL;
}

static gpointer
write_second (gpointer data)
{
  Shared *shared = data;

  shared->written[1] = 2;
  if (shared->list)
    gst_buffer_list_unref (shared->list);
  else
    gst_buffer_unref (shared->buffer);
  return NULL;
}

static void
drop_in_two_threads (gboolean in_list)
{
  Shared *shared = g_new0 (Shared, 1);
  GThread *first, *second;

  shared->buffer = gst_buffer_new_wrapped_full (
      0, shared, sizeof *shared, 0, sizeof *shared, shared, check_written);
  gst_buffer_ref (shared->buffer);
  if (in_list) {
    shared->list = gst_buffer_list_new ();
    gst_buffer_list_add (shared->list, shared->buffer);
  }
  first = g_thread_new ("first", write_first, shared);
  second = g_thread_new ("second", write_second, shared);
  g_thread_join (first);
  g_thread_join (second);
}

static void
test_references (void)
{
  guint i;

  for (i = 0; i < 100; i++)
    drop_in_two_threads (i % 2);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  test_queue ();
  test_wait_until_times_out ();
  test_counters ();
  test_trylock_of_a_held_lock ();
  test_gstreamer_binds_to_them ();
  test_references ();
  return 0;
}
