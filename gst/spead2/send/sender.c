/* Sends heaps on threads of its own: see sender.h.
 *
 * The way of a heap: push puts it into the next slot of a ring; a worker takes it
 * from there, together with as many behind it as fill a batch, cuts it into
 * packets, sends them, and marks the slot done; whichever worker finds the oldest
 * slot done delivers it, and all done ones behind it, in order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/send/senderprivate.h"

/* How long a flush or a stop waits for the kernel to release memory, in ns. */
#define RELEASE_GRACE (500 * G_GUINT64_CONSTANT (1000000))

/* What a heap on its way is given to finish when the queue is emptied, in ns. */
#define FLUSH_GRACE (100 * G_GUINT64_CONSTANT (1000000))

/* Where many heaps may be outstanding, a push that has to wait waits for room for
 * half of them, as long as the workers have others: being woken and waking cost more
 * than a small heap does. */
#define MANY_HEAPS 16

/* To wake a thread costs a worker more than two messages where a processor sleeps (10
 * to 160 us in a virtual machine). So a push that waits first looks for itself, after
 * at least so many us each time, and so many times: as long as fast workers need for a
 * queue of 4 MiB. With a rate workers have the time, and where they leave it no
 * processor it would take theirs. */
#define LOOK_INTERVAL 50
#define LOOKS 16

/* Of all senders; atomic. */
static guint n_running_workers;

guint
spead2_max_heaps (guint max_heaps, guint n_workers, guint64 heap_bytes)
{
  if (max_heaps > 0)
    return max_heaps;
  return CLAMP (SPEAD2_AUTO_BYTES / MAX (heap_bytes, 1),
      MAX (SPEAD2_AUTO_MIN_HEAPS, 2 * n_workers), SPEAD2_AUTO_MAX_HEAPS);
}

/* -- delivering ------------------------------------------------------------- */

static GError *
error_of (Spead2Sender *sender, const Slot *slot)
{
  const gchar *destination = sender->config.destination.text;
  gint errnum = slot->tx.error;

  if (slot->tx.held)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_ABANDONED,
        "A heap for %s was abandoned: the kernel has taken it and still reads "
        "its memory",
        destination);
  if (slot->state == SLOT_DROPPED ||
      (errnum == ECANCELED && slot->tx.bytes == 0))
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_DROPPED,
        "A heap for %s was dropped before it was sent", destination);
  if (errnum == ECANCELED)
    return g_error_new (SPEAD2_ERROR, SPEAD2_ERROR_CUT_SHORT,
        "A heap for %s was cut short after %" G_GUINT64_FORMAT " bytes",
        destination, slot->tx.bytes);
  if (errnum != 0) {
    GError *error = NULL;

    spead2_set_errno (&error, errnum, "Could not send to %s", destination);
    return error;
  }
  return NULL;
}

/* Counts the end of a slot's heap in stats. */
static void
count_end (Spead2SenderStats *stats, const Slot *slot, const GError *error,
    guint64 now)
{
  if (slot->flags & SPEAD2_HEAP_CONTROL)
    return;
  stats->last_end = now;
  if (error == NULL) {
    stats->heaps_sent++;
    spead2_times_add (&stats->heap_time, now - slot->pushed);
    stats->payload_bytes += slot->length;
  } else if (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_DROPPED)) {
    stats->heaps_dropped++;
  } else {
    stats->heaps_failed++;
    if (slot->tx.held)
      stats->heaps_abandoned++;
  }
}

static void
deliver_slot (
    Spead2Sender *sender, Slot *slot, Spead2SenderStats *stats, guint64 now)
{
  GError *error = error_of (sender, slot);
  Spead2HeapResult result = {slot->heap, slot->flags,
      slot->state == SLOT_DROPPED ? SPEAD2_NO_HEAP_CNT
                                  : spead2_sender_cnt (sender, slot),
      slot->tx.bytes, error};

  if (sender->callbacks.heap_done)
    sender->callbacks.heap_done (&result, sender->user_data);
  count_end (stats, slot, error, now);
  g_clear_error (&error);
  if (slot->tx.held)
    g_ptr_array_add (sender->held_heaps, g_steal_pointer (&slot->heap));
}

/* Tells of the end of all heaps that are done and have no unfinished one before
 * them. Called with the lock, which is released meanwhile; one thread does it at
 * a time. */
void
spead2_sender_deliver (Spead2Sender *sender)
{
  if (sender->delivering)
    return;
  sender->delivering = TRUE;

  while (sender->ended != sender->tail &&
      spead2_sender_slot (sender, sender->ended)->state >= SLOT_DONE) {
    guint64 number, end = sender->ended, now = spead2_now ();
    Spead2SenderStats ended = {0};

    while (end != sender->tail &&
        spead2_sender_slot (sender, end)->state >= SLOT_DONE)
      end++;

    g_mutex_unlock (&sender->lock);
    for (number = sender->ended; number != end; number++)
      deliver_slot (sender, spead2_sender_slot (sender, number), &ended, now);
    g_mutex_lock (&sender->lock);

    sender->ended = end;
    sender->stats.last_end = MAX (sender->stats.last_end, ended.last_end);
    sender->stats.heaps_sent += ended.heaps_sent;
    sender->stats.heaps_failed += ended.heaps_failed;
    sender->stats.heaps_dropped += ended.heaps_dropped;
    sender->stats.heaps_abandoned += ended.heaps_abandoned;
    sender->stats.payload_bytes += ended.payload_bytes;
    spead2_times_merge (&sender->stats.heap_time, &ended.heap_time);
  }

  sender->delivering = FALSE;
}

/* Frees the heaps that have been told of. Called as spead2_sender_deliver() is. */
void
spead2_sender_release (Spead2Sender *sender)
{
  if (sender->releasing)
    return;
  sender->releasing = TRUE;

  while (sender->head != sender->ended) {
    guint64 number, end = sender->ended;

    g_mutex_unlock (&sender->lock);
    for (number = sender->head; number != end; number++)
      g_clear_pointer (
          &spead2_sender_slot (sender, number)->heap, spead2_heap_free);
    g_mutex_lock (&sender->lock);

    sender->head = end;
    if (sender->room_waiters > 0)
      g_cond_broadcast (&sender->room);
  }

  sender->releasing = FALSE;
}

/* Waits until something has been released, or else has happened, or until a time.
 * wanted: what spead2_sender_have_released() leaves to the caller, or 0. */
static void
wait_for_room (Spead2Sender *sender, guint64 wanted, gint64 until)
{
  sender->room_waiters++;
  if (wanted > 0)
    sender->room_wanted = wanted;
  if (until > 0)
    g_cond_wait_until (&sender->room, &sender->lock, until);
  else
    g_cond_wait (&sender->room, &sender->lock);
  if (wanted > 0)
    sender->room_wanted = 0;
  sender->room_waiters--;
  spead2_sender_release (sender);
}

/* Whether the thread that pushes is ahead of the workers, and will come again: it
 * came since the last time, and has left them half of what is outstanding. */
static gboolean
pusher_is_ahead (const Spead2Sender *sender)
{
  return sender->pushing &&
      2 * (sender->tail - sender->taken) >= sender->tail - sender->head;
}

static void
wake_push (Spead2Sender *sender)
{
  sender->room_wanted = 0;
  g_cond_broadcast (&sender->room);
}

void
spead2_sender_want_more (Spead2Sender *sender)
{
  if (sender->room_wanted > 1 && sender->ended != sender->head)
    wake_push (sender);
}

/* Has heaps released that were told of: here, or by a thread that pushes if that
 * is ahead; it made their buffers, too. It does so when it comes again; one that
 * waits for room does it when it looks, or is woken as soon as fewer than it wants
 * will then be outstanding. */
void
spead2_sender_have_released (Spead2Sender *sender)
{
  if (sender->room_wanted > 0) {
    if (sender->tail - sender->ended < sender->room_wanted)
      wake_push (sender);
  } else if (!pusher_is_ahead (sender)) {
    spead2_sender_release (sender);
  }
  sender->pushing = FALSE;
}

/* Of heaps that were given up, the memory is freed once it has been released.
 * Called with the lock, when none is outstanding. */
static void
bury_held (Spead2Sender *sender)
{
  if (sender->held_rings->len == 0)
    return;
  spead2_uring_bury (sender->held_rings, sender->held_heaps);
  sender->held_rings = g_ptr_array_new ();
  sender->held_heaps =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
}
/* -- life ------------------------------------------------------------------- */

/* With a port of our own there can be only one socket. */
static gboolean
shares_socket (const Spead2SenderConfig *config)
{
  return config->fd >= 0 ||
      (config->socket.local && config->socket.local->port != 0);
}

static gboolean
open_socket (Worker *worker, GError **error)
{
  const Spead2SenderConfig *config = &worker->sender->config;

  if (worker->index > 0 && shares_socket (config)) {
    worker->fd = worker->sender->workers[0].fd;
    return TRUE;
  }
  if (config->fd < 0) {
    worker->fd =
        spead2_udp_socket_open (&config->destination, &config->socket, error);
    worker->owns_fd = worker->fd >= 0;
    return worker->owns_fd;
  }
  /* When its owner closes it, its number may soon be another file's. */
  worker->fd = fcntl (config->fd, F_DUPFD_CLOEXEC, 0);
  if (worker->fd < 0) {
    spead2_set_errno (error, errno, "Could not share the socket");
    return FALSE;
  }
  worker->owns_fd = TRUE;
  worker->sender->adopted = spead2_udp_socket_adopt (
      worker->fd, &config->destination, &config->socket, error);
  return worker->sender->adopted != NULL;
}

static gboolean
open_worker (Worker *worker, GError **error)
{
  Spead2Sender *sender = worker->sender;

  worker->taken = g_new (guint64, sender->n_slots);
  if (!open_socket (worker, error))
    return FALSE;
  worker->writer =
      spead2_udp_writer_new (worker->fd, &sender->config.destination, 1, error);
  if (worker->writer && sender->config.no_gso)
    spead2_udp_writer_disable_gso (worker->writer);
  if (worker->writer && sender->config.zero_copy) {
    spead2_udp_writer_use_zerocopy (
        worker->writer, sender->config.zero_copy_always);
    worker->zerocopy_reason =
        spead2_udp_writer_zerocopy_reason (worker->writer, 0);
  }
  return worker->writer != NULL;
}

/* The next one from n on. */
static guint
power_of_two (guint n)
{
  return 1u << g_bit_storage (n - 1);
}

gboolean
spead2_sender_check_rate (gdouble rate, GError **error)
{
  if (rate == 0 || rate >= SPEAD2_MIN_RATE)
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "rate=%g: must be 0 (no limit) or at least %g byte per second", rate,
      SPEAD2_MIN_RATE);
  return FALSE;
}

Spead2Sender *
spead2_sender_new (const Spead2SenderConfig *config,
    const Spead2SenderCallbacks *callbacks, gpointer user_data, GError **error)
{
  Spead2Sender *sender;
  guint i;

  g_return_val_if_fail (
      config->n_workers >= 1 && config->n_workers <= SPEAD2_MAX_WORKERS, NULL);
  g_return_val_if_fail (config->cnt_step >= 1, NULL);

  if (!spead2_sender_check_rate (config->rate, error) ||
      !spead2_flavour_check_cnt (
          config->packet.flavour, "heap-cnt-start", config->cnt_start, error) ||
      !spead2_flavour_check_cnt (
          config->packet.flavour, "heap-cnt-step", config->cnt_step, error))
    return NULL;

  sender = g_new0 (Spead2Sender, 1);
  sender->config = *config;
  sender->callbacks = *callbacks;
  sender->user_data = user_data;
  sender->thread_name = g_strdup (config->thread_name);
  sender->config.thread_name = NULL;
  if (config->cpus)
    g_array_ref (config->cpus);
  g_mutex_init (&sender->lock);
  g_cond_init (&sender->work);
  g_cond_init (&sender->room);
  /* One more at least, for stream control. */
  sender->n_slots = power_of_two (
      spead2_max_heaps (config->max_heaps, config->n_workers, 0) + 1);
  sender->slots =
      g_aligned_alloc0 (sender->n_slots, sizeof (Slot), _Alignof(Slot));
  sender->held_rings = g_ptr_array_new ();
  sender->held_heaps =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
  spead2_pacer_init (&sender->pacer, config->rate, config->burst_size,
      config->burst_rate_ratio);

  sender->n_processors = g_get_num_processors ();
  sender->n_workers = config->n_workers;
  sender->workers = g_new0 (Worker, sender->n_workers);
  for (i = 0; i < sender->n_workers; i++) {
    sender->workers[i].sender = sender;
    sender->workers[i].index = i;
    sender->workers[i].fd = -1;
  }
  for (i = 0; i < sender->n_workers; i++) {
    if (!open_worker (&sender->workers[i], error)) {
      spead2_sender_free (sender);
      return NULL;
    }
  }
  sender->stats.mtu = spead2_udp_mtu (&config->destination, &config->socket);
  sender->stats.no_gso = config->no_gso;
  sender->stats.buffer_size =
      spead2_udp_socket_buffer_size (sender->workers[0].fd);
  /* Only the sockets' opening needed them. */
  sender->config.socket.multicast_iface = NULL;
  sender->config.socket.local = NULL;
  return sender;
}

static gboolean
start_worker (Worker *worker, GError **error)
{
  const Spead2Sender *sender = worker->sender;
  const Spead2ThreadConfig config = {
      .name = sender->thread_name,
      .index = worker->index,
      .cpus = sender->config.cpus,
      .run = spead2_worker_run,
      .data = worker,
      .started = sender->callbacks.worker_started,
      .stopped = sender->callbacks.worker_stopped,
      .user_data = sender->user_data,
  };

  worker->thread = spead2_thread_start (&config, error);
  if (worker->thread == NULL)
    return FALSE;
  g_atomic_int_inc (&n_running_workers);
  return TRUE;
}

gboolean
spead2_sender_start (Spead2Sender *sender, GError **error)
{
  guint i;

  for (i = 0; i < sender->n_workers; i++) {
    if (!start_worker (&sender->workers[i], error)) {
      spead2_sender_stop (sender);
      return FALSE;
    }
  }
  return TRUE;
}

const Spead2Endpoint *
spead2_sender_destination (const Spead2Sender *sender)
{
  return &sender->config.destination;
}

const Spead2PacketConfig *
spead2_sender_packet_config (const Spead2Sender *sender)
{
  return &sender->config.packet;
}

gint
spead2_sender_dup_fd (Spead2Sender *sender, GError **error)
{
  gint fd = fcntl (sender->workers[0].fd, F_DUPFD_CLOEXEC, 0);

  if (fd < 0)
    spead2_set_errno (error, errno, "Could not share the socket");
  return fd;
}

static void
set_deadlines (Spead2Sender *sender, guint64 deadline)
{
  guint i;

  for (i = 0; i < sender->n_workers; i++)
    spead2_udp_writer_set_deadline (sender->workers[i].writer, deadline);
}

static void
join_worker (Worker *worker)
{
  if (worker->thread == NULL)
    return;
  spead2_udp_writer_set_deadline (worker->writer, 0);
  g_clear_pointer (&worker->thread, spead2_thread_join);
  g_atomic_int_add (&n_running_workers, -1);
}

void
spead2_sender_stop (Spead2Sender *sender)
{
  guint i;

  g_mutex_lock (&sender->lock);
  if (!sender->stopping)
    sender->release_deadline = spead2_now () + RELEASE_GRACE;
  sender->stopping = TRUE;
  spead2_workers_wake (sender);
  g_cond_broadcast (&sender->room);
  while (sender->joining)
    wait_for_room (sender, 0, 0);
  sender->joining = TRUE;
  g_mutex_unlock (&sender->lock);

  for (i = 0; i < sender->n_workers; i++)
    join_worker (&sender->workers[i]);

  g_mutex_lock (&sender->lock);
  bury_held (sender);
  sender->joining = FALSE;
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_free (Spead2Sender *sender)
{
  guint i;

  spead2_sender_stop (sender);
  if (sender->adopted)
    spead2_udp_socket_give_back (sender->workers[0].fd, sender->adopted);
  for (i = 0; i < sender->n_workers; i++) {
    Worker *worker = &sender->workers[i];

    if (worker->writer)
      spead2_udp_writer_free (worker->writer);
    if (worker->owns_fd)
      close (worker->fd);
    g_free (worker->taken);
  }
  g_free (sender->workers);
  g_aligned_free (sender->slots);
  g_ptr_array_unref (sender->held_rings);
  g_ptr_array_unref (sender->held_heaps);
  g_free (sender->thread_name);
  g_clear_pointer (&sender->config.cpus, g_array_unref);
  g_cond_clear (&sender->work);
  g_cond_clear (&sender->room);
  g_mutex_clear (&sender->lock);
  g_free (sender);
}

/* -- pushing and waiting ------------------------------------------------------ */

static guint
slots_used (const Spead2Sender *sender)
{
  return sender->tail - sender->head;
}

/* Without stream control, which the other counters leave out as well. */
static guint
count_outstanding (const Spead2SenderStats *stats)
{
  return stats->heaps_pushed - stats->heaps_sent - stats->heaps_failed -
      stats->heaps_dropped;
}

/* Nothing is accepted. */
static gboolean
is_closed (const Spead2Sender *sender)
{
  return sender->flushing || sender->n_discarding > 0 || sender->stopping;
}

static gboolean
may_look (Spead2Sender *sender)
{
  return spead2_pacer_burst (&sender->pacer) == G_MAXUINT64 &&
      (guint) g_atomic_int_get (&n_running_workers) < sender->n_processors;
}

/* Another push may be filling slots. */
static void
wait_filled (Spead2Sender *sender)
{
  sender->fill_waiters++;
  while (sender->filling)
    g_cond_wait (&sender->room, &sender->lock);
  sender->fill_waiters--;
}

/* Waits until fewer than limit slots are used. A push that has to wait waits until
 * fewer than wanted are; 0: it is no push. */
static Spead2SenderStatus
wait_used_below (
    Spead2Sender *sender, guint limit, guint wanted, gboolean interruptible)
{
  guint looks = 0;

  for (;;) {
    if (is_closed (sender))
      return SPEAD2_SENDER_FLUSHING;
    if (slots_used (sender) < limit)
      return SPEAD2_SENDER_OK;
    if (interruptible && sender->interrupted)
      return SPEAD2_SENDER_INTERRUPTED;
    if (wanted > 0 && may_look (sender) && looks++ < LOOKS)
      wait_for_room (sender, 1, g_get_monotonic_time () + LOOK_INTERVAL);
    else
      wait_for_room (sender, wanted, 0);
  }
}

static guint
limit_for (const Spead2Sender *sender, const Spead2Heap *heap)
{
  return spead2_max_heaps (
      sender->config.max_heaps, sender->n_workers, heap->length);
}

/* Waits for room for a heap; where there may be many, for more of them. */
static Spead2SenderStatus
wait_to_push (Spead2Sender *sender, const Spead2Heap *heap, guint64 *now)
{
  guint limit = limit_for (sender, heap);
  guint room = limit < MANY_HEAPS ? 1 : limit / 2;
  Spead2SenderStatus status;
  gboolean waits;

  spead2_sender_release (sender);
  waits = slots_used (sender) >= limit;
  do {
    wait_filled (sender);
    status = wait_used_below (sender, limit, limit - room + 1, TRUE);
  } while (status == SPEAD2_SENDER_OK && sender->filling);

  if (waits)
    *now = spead2_now ();
  return status;
}

/* How many of the heaps there is room for. */
static guint
count_room (const Spead2Sender *sender, Spead2Heap *const *heaps, guint n)
{
  guint i = 0;

  while (i < n && slots_used (sender) + i < limit_for (sender, heaps[i]))
    i++;
  return i;
}

static void
fill_slot (Slot *slot, Spead2Heap *heap, guint64 now)
{
  memset (slot, 0, sizeof *slot);
  slot->state = SLOT_QUEUED;
  slot->flags = heap->flags;
  slot->length = heap->length;
  slot->heap = heap;
  slot->pushed = now;
}

/* The workers may take the next n slots. */
static void
publish (Spead2Sender *sender, guint n)
{
  sender->tail += n;
  if (n > 1 && sender->work_waiters > 1)
    g_cond_broadcast (&sender->work);
  else if (sender->work_waiters > 0)
    g_cond_signal (&sender->work);
  spead2_workers_wake_polling (sender);
}

/* Puts heaps into slots that nobody looks at yet. Called with the lock, which is
 * released meanwhile. FALSE: a flush came between. */
static gboolean
enqueue (Spead2Sender *sender, Spead2Heap *const *heaps, guint n, guint64 now)
{
  guint64 tail = sender->tail;
  guint i, n_control = 0;

  sender->filling = TRUE;
  g_mutex_unlock (&sender->lock);
  for (i = 0; i < n; i++) {
    n_control += (heaps[i]->flags & SPEAD2_HEAP_CONTROL) != 0;
    fill_slot (spead2_sender_slot (sender, tail + i), heaps[i], now);
  }
  g_mutex_lock (&sender->lock);
  sender->filling = FALSE;
  if (sender->fill_waiters > 0)
    g_cond_broadcast (&sender->room);
  if (is_closed (sender))
    return FALSE;

  sender->pushing = TRUE;
  sender->stats.heaps_pushed += n - n_control;
  sender->stats.peak_outstanding =
      MAX (sender->stats.peak_outstanding, count_outstanding (&sender->stats));
  publish (sender, n);
  return TRUE;
}

/* How many of the heaps, from the front, can be sent at all. */
static guint
count_sendable (
    Spead2Sender *sender, Spead2Heap *const *heaps, guint n, GError **error)
{
  guint i;

  for (i = 0; i < n; i++)
    if (!spead2_packetizer_check (&sender->config.packet, heaps[i], error))
      break;
  return i;
}

Spead2SenderStatus
spead2_sender_push (Spead2Sender *sender, Spead2Heap *const *heaps, guint n,
    guint *n_pushed, GError **error)
{
  Spead2SenderStatus status = SPEAD2_SENDER_OK;
  guint i, n_fitting, n_sendable = count_sendable (sender, heaps, n, error);
  guint64 now = spead2_now ();

  g_mutex_lock (&sender->lock);
  for (i = 0; i < n_sendable; i += n_fitting) {
    status = wait_to_push (sender, heaps[i], &now);
    if (status != SPEAD2_SENDER_OK)
      break;
    n_fitting = count_room (sender, heaps + i, n_sendable - i);
    if (!enqueue (sender, heaps + i, n_fitting, now)) {
      status = SPEAD2_SENDER_FLUSHING;
      break;
    }
  }
  g_mutex_unlock (&sender->lock);

  *n_pushed = i;
  if (status == SPEAD2_SENDER_OK && i < n)
    return SPEAD2_SENDER_REFUSED;
  g_clear_error (error);
  return status;
}

gboolean
spead2_sender_push_control (Spead2Sender *sender, Spead2Heap *heap)
{
  gboolean accepted, is_full = FALSE;

  g_mutex_lock (&sender->lock);
  wait_filled (sender);
  accepted = !is_closed (sender);
  if (accepted) {
    is_full = slots_used (sender) == sender->n_slots;
    if (!is_full) {
      fill_slot (
          spead2_sender_slot (sender, sender->tail), heap, spead2_now ());
      publish (sender, 1);
    }
  }
  g_mutex_unlock (&sender->lock);
  if (is_full)
    spead2_heap_free (heap);
  return accepted;
}

gboolean
spead2_sender_is_closed (Spead2Sender *sender)
{
  gboolean closed;

  g_mutex_lock (&sender->lock);
  closed = is_closed (sender);
  g_mutex_unlock (&sender->lock);
  return closed;
}

Spead2SenderStatus
spead2_sender_drain (Spead2Sender *sender, gboolean interruptible)
{
  Spead2SenderStatus status;

  g_mutex_lock (&sender->lock);
  status = wait_used_below (sender, 1, 0, interruptible);
  g_mutex_unlock (&sender->lock);
  return status;
}

void
spead2_sender_set_interrupted (Spead2Sender *sender, gboolean interrupted)
{
  g_mutex_lock (&sender->lock);
  sender->interrupted = interrupted;
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_set_flushing (Spead2Sender *sender, gboolean flushing)
{
  g_mutex_lock (&sender->lock);
  sender->flushing = flushing;
  g_cond_broadcast (&sender->room);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_flush (Spead2Sender *sender)
{
  g_mutex_lock (&sender->lock);
  sender->n_discarding++;
  if (!sender->stopping)
    sender->release_deadline = spead2_now () + RELEASE_GRACE;
  set_deadlines (sender, spead2_now () + FLUSH_GRACE);
  spead2_workers_wake (sender);
  g_cond_broadcast (&sender->room);
  while (slots_used (sender) > 0 && !sender->stopping)
    wait_for_room (sender, 0, 0);
  sender->n_discarding--;
  if (slots_used (sender) == 0)
    bury_held (sender);
  if (sender->n_discarding == 0 && !sender->stopping)
    set_deadlines (sender, G_MAXUINT64);
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_set_rate (Spead2Sender *sender, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio)
{
  guint64 now = spead2_now ();
  Spead2Pacer last;
  guint i;

  g_mutex_lock (&sender->lock);
  last = sender->pacer;
  spead2_pacer_set_rate (
      &sender->pacer, now, rate, burst_size, burst_rate_ratio);
  for (i = 0; i < sender->n_workers; i++) {
    Worker *worker = &sender->workers[i];

    if (worker->due <= now)
      continue;
    worker->due = spead2_pacer_move (&sender->pacer, &last, now, worker->due);
    spead2_udp_writer_wake (worker->writer);
  }
  g_mutex_unlock (&sender->lock);
}

void
spead2_sender_probe (Spead2Sender *sender)
{
  guint i;

  for (i = 0; i < sender->n_workers; i++)
    spead2_udp_writer_probe (sender->workers[i].writer);
}

static void
add_counters (Spead2WriterCounters *sum, const Spead2WriterCounters *counters)
{
  guint i;

  sum->packets += counters->packets;
  sum->bytes += counters->bytes;
  sum->messages += counters->messages;
  sum->calls += counters->calls;
  sum->waits += counters->waits;
  sum->gso_off += counters->gso_off;
  sum->zerocopy_messages += counters->zerocopy_messages;
  for (i = 0; i < G_N_ELEMENTS (sum->errors); i++)
    sum->errors[i] += counters->errors[i];
}

void
spead2_sender_get_stats (Spead2Sender *sender, Spead2SenderStats *stats)
{
  guint i;

  g_mutex_lock (&sender->lock);
  *stats = sender->stats;
  stats->outstanding = count_outstanding (&sender->stats);
  if (sender->n_numbered > 0)
    stats->heap_cnt_wraps =
        spead2_sender_long_cnt (sender, sender->n_numbered - 1) >>
        sender->config.packet.flavour;
  for (i = 0; i < sender->n_workers; i++) {
    add_counters (&stats->writer, &sender->workers[i].counters);
    if (stats->gso_errno == 0)
      stats->gso_errno = sender->workers[i].gso_errno;
    if (stats->zerocopy_reason == NULL)
      stats->zerocopy_reason = sender->workers[i].zerocopy_reason;
  }
  g_mutex_unlock (&sender->lock);
}
