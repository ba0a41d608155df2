/* Heaps that have been received and wait to be taken: see readyqueue.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "spead2/clock.h"
#include "spead2/receive/readyqueue.h"

struct _Spead2ReadyQueue {
  Spead2ReadyBounds bounds; /* constant, as is the next */
  Spead2Leak leak;

  GMutex lock;
  GCond filled; /* the consumer waits for heaps, or to be interrupted */
  GCond space;  /* pushes wait for heaps to be taken, or for the end */

  /* Guarded by lock. */
  Spead2ReceivedHeap *first, *last;
  Spead2ReceivedHeap *returned;
  gboolean waiting; /* the consumer, and nothing has woken it yet */
  guint n_blocked;  /* pushes that wait for space */
  gboolean interrupted;
  gboolean closed;
  Spead2ReadyCounters counters;
};

Spead2ReadyQueue *
spead2_ready_queue_new (const Spead2ReadyBounds *bounds, Spead2Leak leak)
{
  Spead2ReadyQueue *queue = g_new0 (Spead2ReadyQueue, 1);

  queue->bounds = *bounds;
  queue->leak = leak;
  g_mutex_init (&queue->lock);
  g_cond_init (&queue->filled);
  g_cond_init (&queue->space);
  return queue;
}

void
spead2_ready_queue_free (Spead2ReadyQueue *queue)
{
  g_assert (queue->first == NULL && queue->returned == NULL);
  g_cond_clear (&queue->space);
  g_cond_clear (&queue->filled);
  g_mutex_clear (&queue->lock);
  g_free (queue);
}

/* -- with the lock -------------------------------------------------------------- */

static gboolean
fits (const Spead2ReadyQueue *queue, const Spead2ReceivedHeap *heap)
{
  const Spead2ReadyCounters *counters = &queue->counters;
  const Spead2ReadyBounds *bounds = &queue->bounds;

  if (counters->ready == 0)
    return TRUE;
  return (bounds->heaps == 0 ||
             counters->ready + heap->n_heaps <= bounds->heaps) &&
      counters->ready_bytes + spead2_received_heap_cost (heap) <=
      bounds->bytes &&
      (bounds->time == 0 ||
          heap->first_time <= queue->first->first_time + bounds->time);
}

static void
append (Spead2ReadyQueue *queue, Spead2ReceivedHeap *heap)
{
  heap->next = NULL;
  if (queue->last)
    queue->last->next = heap;
  else
    queue->first = heap;
  queue->last = heap;
  queue->counters.ready += heap->n_heaps;
  queue->counters.ready_bytes += spead2_received_heap_cost (heap);
  queue->counters.peak_ready =
      MAX (queue->counters.peak_ready, queue->counters.ready);
}

static Spead2ReceivedHeap *
remove_first (Spead2ReadyQueue *queue)
{
  Spead2ReceivedHeap *heap = queue->first;

  queue->first = heap->next;
  if (queue->first == NULL)
    queue->last = NULL;
  queue->counters.ready -= heap->n_heaps;
  queue->counters.ready_bytes -= spead2_received_heap_cost (heap);
  heap->next = NULL;
  return heap;
}

/* Whether the consumer has to be woken; after that, no more until it waits again. */
static gboolean
begin_wake (Spead2ReadyQueue *queue)
{
  gboolean wake = queue->waiting && queue->first;

  if (wake)
    queue->waiting = FALSE;
  return wake;
}

/* Makes space for a heap as the leak says. FALSE: it is dropped itself. Heaps that are
 * dropped for it are put in front of dropped. */
static gboolean
make_space (Spead2ReadyQueue *queue, const Spead2ReceivedHeap *heap,
    Spead2ReceivedHeap **dropped)
{
  if (fits (queue, heap))
    return TRUE;
  if (queue->leak == SPEAD2_LEAK_UPSTREAM)
    return FALSE;
  if (queue->leak == SPEAD2_LEAK_DOWNSTREAM) {
    while (!fits (queue, heap)) {
      Spead2ReceivedHeap *oldest = remove_first (queue);

      oldest->next = *dropped;
      *dropped = oldest;
      queue->counters.dropped += oldest->n_heaps;
    }
    return TRUE;
  }
  queue->counters.waits++;
  if (begin_wake (queue))
    g_cond_signal (&queue->filled);
  queue->n_blocked++;
  while (!queue->closed && !fits (queue, heap))
    g_cond_wait (&queue->space, &queue->lock);
  queue->n_blocked--;
  return TRUE;
}

/* -- functions ------------------------------------------------------------------- */

Spead2ReceivedHeap *
spead2_ready_queue_push (Spead2ReadyQueue *queue, Spead2ReceivedHeap *heaps)
{
  Spead2ReceivedHeap *dropped = NULL, *next;
  gboolean wake;

  if (heaps == NULL)
    return NULL;
  g_mutex_lock (&queue->lock);
  for (; heaps; heaps = next) {
    gboolean kept = make_space (queue, heaps, &dropped);

    next = heaps->next;
    queue->counters.pushed += heaps->n_heaps;
    if (kept && !queue->closed) {
      append (queue, heaps);
      continue;
    }
    if (kept)
      queue->counters.cleared += heaps->n_heaps;
    else
      queue->counters.dropped += heaps->n_heaps;
    heaps->next = dropped;
    dropped = heaps;
  }
  wake = begin_wake (queue);
  g_mutex_unlock (&queue->lock);
  /* Under the lock, a consumer that preempts this thread would wait for it again. */
  if (wake)
    g_cond_signal (&queue->filled);
  return dropped;
}

/* Heaps from the front, with the lock; there is one. */
static Spead2ReceivedHeap *
take_ready (Spead2ReadyQueue *queue, guint64 max_bytes)
{
  Spead2ReceivedHeap *first = queue->first, *last = NULL;
  guint64 bytes = 0;

  do {
    bytes += spead2_received_heap_cost (queue->first);
    last = remove_first (queue);
    last->next = queue->first;
    queue->counters.taken += last->n_heaps;
  } while (queue->first &&
      bytes + spead2_received_heap_cost (queue->first) <= max_bytes);
  last->next = NULL;
  if (queue->n_blocked > 0)
    g_cond_broadcast (&queue->space);
  return first;
}

/* Until there is something to say. FALSE at the deadline. With the lock. */
static gboolean
wait_filled (Spead2ReadyQueue *queue, guint64 deadline)
{
  gboolean in_time = TRUE;

  while (in_time && queue->first == NULL && !queue->interrupted) {
    queue->waiting = TRUE;
    if (deadline == G_MAXUINT64)
      g_cond_wait (&queue->filled, &queue->lock);
    else /* GLib's monotonic time is the same clock in us */
      in_time = g_cond_wait_until (
          &queue->filled, &queue->lock, (gint64) (deadline / 1000) + 1);
  }
  queue->waiting = FALSE;
  return queue->first != NULL || queue->interrupted;
}

Spead2ReceivedHeap *
spead2_ready_queue_take (Spead2ReadyQueue *queue, guint64 deadline,
    guint64 max_bytes, Spead2ReadyStatus *status)
{
  Spead2ReceivedHeap *heaps = NULL;

  g_mutex_lock (&queue->lock);
  if (!wait_filled (queue, deadline)) {
    *status = SPEAD2_READY_TIME_OUT;
  } else if (queue->interrupted) {
    *status = SPEAD2_READY_INTERRUPTED;
  } else {
    *status = SPEAD2_READY_HEAPS;
    heaps = take_ready (queue, max_bytes);
  }
  g_mutex_unlock (&queue->lock);
  return heaps;
}

void
spead2_ready_queue_set_interrupted (
    Spead2ReadyQueue *queue, gboolean interrupted)
{
  g_mutex_lock (&queue->lock);
  queue->interrupted = interrupted;
  g_cond_signal (&queue->filled);
  g_mutex_unlock (&queue->lock);
}

void
spead2_ready_queue_close (Spead2ReadyQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->closed = TRUE;
  g_cond_broadcast (&queue->space);
  g_mutex_unlock (&queue->lock);
}

Spead2ReceivedHeap *
spead2_ready_queue_clear (Spead2ReadyQueue *queue)
{
  Spead2ReceivedHeap *heaps;

  g_mutex_lock (&queue->lock);
  heaps = queue->first;
  queue->first = queue->last = NULL;
  queue->counters.cleared += queue->counters.ready;
  queue->counters.ready = 0;
  queue->counters.ready_bytes = 0;
  g_cond_broadcast (&queue->space);
  g_mutex_unlock (&queue->lock);
  return heaps;
}

void
spead2_ready_queue_give_back (
    Spead2ReadyQueue *queue, Spead2ReceivedHeap *heaps)
{
  Spead2ReceivedHeap *last = heaps;

  if (heaps == NULL)
    return;
  while (last->next)
    last = last->next;
  g_mutex_lock (&queue->lock);
  last->next = queue->returned;
  queue->returned = heaps;
  g_mutex_unlock (&queue->lock);
}

Spead2ReceivedHeap *
spead2_ready_queue_take_returned (Spead2ReadyQueue *queue)
{
  Spead2ReceivedHeap *heaps;

  g_mutex_lock (&queue->lock);
  heaps = queue->returned;
  queue->returned = NULL;
  g_mutex_unlock (&queue->lock);
  return heaps;
}

void
spead2_ready_queue_get_counters (
    Spead2ReadyQueue *queue, Spead2ReadyCounters *counters)
{
  g_mutex_lock (&queue->lock);
  *counters = queue->counters;
  g_mutex_unlock (&queue->lock);
}
