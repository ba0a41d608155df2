/* Sends heaps on threads of its own: see sender.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/send/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"
#include "spead2/net/iface.h"

/* How long a flush or a stop waits for the kernel to release memory, in ns. */
#define RELEASE_GRACE (500 * G_GUINT64_CONSTANT (1000000))

/* What a heap on its way is given to finish when the queue is emptied, in ns. */
#define FLUSH_GRACE (100 * G_GUINT64_CONSTANT (1000000))

/* join_lock is taken before the queue's lock. */
struct _Spead2Sender {
  Spead2WorkerGroup group;

  /* Constant. */
  gchar *thread_name;
  GArray *cpus; /* (owned) or NULL */
  Spead2Worker *workers;
  guint n_workers;
  Spead2UdpSocketOptions socket; /* (owned) of each socket */
  Spead2Endpoint local;          /* socket.local, unless that is NULL */
  /* (owned, Spead2Iface) of multicast, where there are several */
  GArray *ifaces;
  gint *fds; /* (owned) of the workers in turn */
  guint n_fds;
  Spead2UdpSocketState *adopted; /* (owned) of an outside socket, or NULL */
  gint family;
  gboolean no_gso;
  guint mtu;
  guint buffer_size;

  GMutex join_lock; /* held while workers are joined */
};

/* -- opening ------------------------------------------------------------------ */

/* One socket for all workers: an outside one, or one with a port of its own. */
static gboolean
shares_socket (const Spead2SenderConfig *config)
{
  return config->fd >= 0 ||
      (config->socket.local && config->socket.local->port != 0);
}

static gint
open_socket (
    Spead2Sender *sender, const Spead2SenderConfig *config, GError **error)
{
  gint fd;

  if (config->fd < 0)
    return spead2_udp_socket_open (
        &config->destinations[0], &config->socket, error);

  /* When its owner closes it, its number may soon be another file's. */
  fd = fcntl (config->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    spead2_set_errno (error, errno, "Could not share the socket");
    return -1;
  }
  sender->adopted = spead2_udp_socket_adopt (
      fd, &config->destinations[0], &config->socket, error);
  if (sender->adopted == NULL) {
    close (fd);
    return -1;
  }
  return fd;
}

static gboolean
open_sockets (
    Spead2Sender *sender, const Spead2SenderConfig *config, GError **error)
{
  const guint n = shares_socket (config) ? 1 : config->n_workers;

  sender->fds = g_new (gint, n);
  while (sender->n_fds < n) {
    gint fd = open_socket (sender, config, error);

    if (fd < 0)
      return FALSE;
    sender->fds[sender->n_fds++] = fd;
  }
  return TRUE;
}

static gboolean
open_worker (
    Spead2Sender *sender, const Spead2SenderConfig *config, GError **error)
{
  const guint index = sender->n_workers;
  Spead2UdpWriter *writer =
      spead2_udp_writer_new (sender->fds[index % sender->n_fds],
          config->destinations, config->n_destinations, error);

  if (writer == NULL)
    return FALSE;
  spead2_udp_writer_set_ifaces (writer, sender->ifaces);
  spead2_udp_writer_watch_neighbours (
      writer, &sender->socket, sender->adopted == NULL);
  if (config->no_gso)
    spead2_udp_writer_disable_gso (writer);
  if (config->zero_copy)
    spead2_udp_writer_use_zerocopy (writer, config->zero_copy_always);
  spead2_worker_init (&sender->workers[index], &sender->group, index, writer);
  sender->n_workers++;
  return TRUE;
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

/* A group must fit the queue. */
static gboolean
check_interleave (const Spead2SenderConfig *config, GError **error)
{
  if (config->max_heaps == 0 || config->interleave <= config->max_heaps)
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "interleave=%u needs as many outstanding heaps: max-heaps=%u must be at "
      "least that, or 0",
      config->interleave, config->max_heaps);
  return FALSE;
}

static gboolean
check_config (const Spead2SenderConfig *config, GError **error)
{
  return spead2_sender_check_rate (config->rate, error) &&
      check_interleave (config, error) &&
      spead2_flavour_check_cnt (
          config->packet.flavour, "heap-cnt-start", config->cnt_start, error) &&
      spead2_flavour_check_cnt (
          config->packet.flavour, "heap-cnt-step", config->cnt_step, error);
}

/* A push polls for a free slot where no rate makes it wait longer, and where workers leave
 * it a processor. */
static gboolean
may_poll (guint n_workers, const Spead2Pacer *pacer)
{
  return spead2_pacer_burst (pacer) == G_MAXUINT64 &&
      n_workers < g_get_num_processors ();
}

static void
init_destinations (
    Spead2Destinations *destinations, const Spead2SenderConfig *config)
{
  spead2_destinations_init (
      destinations, config->destinations, config->n_destinations);
  destinations->rule = config->rule;
  destinations->describe_first = config->describe_first;
  destinations->count_each =
      config->count_each && config->rule != SPEAD2_DESTINATION_ALL;
}

guint
spead2_sender_mtu (const Spead2Endpoint *destination, guint index,
    const Spead2UdpSocketOptions *options)
{
  gchar *iface = spead2_iface_list_dup (options->multicast_iface, index);
  Spead2UdpSocketOptions own = *options;
  guint mtu;

  own.multicast_iface = iface;
  mtu = spead2_udp_mtu (destination, &own);
  g_free (iface);
  return mtu;
}

/* Of the destinations whose MTU is known; 0: none. */
static guint
smallest_mtu (const Spead2SenderConfig *config)
{
  guint smallest = 0, i;

  for (i = 0; i < config->n_destinations; i++) {
    guint mtu =
        spead2_sender_mtu (&config->destinations[i], i, &config->socket);

    if (mtu > 0 && (smallest == 0 || mtu < smallest))
      smallest = mtu;
  }
  return smallest;
}

static void
init_group (Spead2WorkerGroup *group, const Spead2SenderConfig *config,
    const Spead2SenderCallbacks *callbacks, gpointer user_data)
{
  spead2_queue_init (
      &group->queue, config->max_heaps, config->n_workers, config->interleave);
  init_destinations (&group->queue.destinations, config);
  group->packet = config->packet;
  group->cnt_start = config->cnt_start;
  group->cnt_step = config->cnt_step;
  group->report_zerocopy = config->zero_copy;
  group->callbacks = *callbacks;
  group->user_data = user_data;
  group->abandoned_rings = g_ptr_array_new ();
  group->abandoned_heaps =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
  spead2_pacer_init (&group->pacer, config->rate, config->burst_size,
      config->burst_rate_ratio);
  group->queue.may_poll = may_poll (config->n_workers, &group->pacer);
}

static void
copy_options (Spead2Sender *sender, const Spead2UdpSocketOptions *options)
{
  sender->socket = *options;
  sender->socket.multicast_iface = g_strdup (options->multicast_iface);
  if (options->local) {
    sender->local = *options->local;
    sender->socket.local = &sender->local;
  }
}

Spead2Sender *
spead2_sender_new (const Spead2SenderConfig *config,
    const Spead2SenderCallbacks *callbacks, gpointer user_data, GError **error)
{
  Spead2Sender *sender;
  guint i;

  g_return_val_if_fail (
      config->n_workers >= 1 && config->n_workers <= SPEAD2_MAX_WORKERS, NULL);
  g_return_val_if_fail (config->n_destinations >= 1, NULL);
  g_return_val_if_fail (config->cnt_step >= 1, NULL);
  g_return_val_if_fail (
      config->interleave >= 1 && config->interleave <= SPEAD2_MAX_INTERLEAVE,
      NULL);

  if (!check_config (config, error))
    return NULL;

  sender = g_new0 (Spead2Sender, 1);
  init_group (&sender->group, config, callbacks, user_data);
  g_mutex_init (&sender->join_lock);
  sender->thread_name = g_strdup (config->thread_name);
  sender->cpus = config->cpus ? g_array_ref (config->cpus) : NULL;
  copy_options (sender, &config->socket);
  sender->workers = g_new0 (Spead2Worker, config->n_workers);
  if (!open_sockets (sender, config, error))
    goto failed;
  if (spead2_iface_is_list (sender->socket.multicast_iface) &&
      !(sender->ifaces =
              spead2_iface_list_find (sender->socket.multicast_iface, error)))
    goto failed;
  for (i = 0; i < config->n_workers; i++)
    if (!open_worker (sender, config, error))
      goto failed;

  sender->family = spead2_endpoint_family (&config->destinations[0]);
  sender->no_gso = config->no_gso;
  sender->mtu = smallest_mtu (config);
  sender->buffer_size = spead2_udp_socket_buffer_size (sender->fds[0]);
  return sender;

failed:
  spead2_sender_free (sender);
  return NULL;
}

void
spead2_sender_free (Spead2Sender *sender)
{
  Spead2WorkerGroup *group = &sender->group;
  guint i;

  spead2_sender_stop (sender);
  if (sender->adopted)
    spead2_udp_socket_give_back (sender->fds[0], sender->adopted);
  for (i = 0; i < sender->n_workers; i++)
    spead2_worker_clear (&sender->workers[i]);
  for (i = 0; i < sender->n_fds; i++)
    close (sender->fds[i]);
  spead2_queue_clear (&group->queue);
  g_ptr_array_unref (group->abandoned_rings);
  g_ptr_array_unref (group->abandoned_heaps);
  g_free (sender->workers);
  g_free (sender->fds);
  g_clear_pointer (&sender->ifaces, g_array_unref);
  g_free ((gchar *) sender->socket.multicast_iface);
  g_free (sender->thread_name);
  g_clear_pointer (&sender->cpus, g_array_unref);
  g_mutex_clear (&sender->join_lock);
  g_free (sender);
}

const Spead2PacketConfig *
spead2_sender_packet_config (const Spead2Sender *sender)
{
  return &sender->group.packet;
}

guint
spead2_sender_max_run (const Spead2Sender *sender, guint64 heap_bytes)
{
  const Spead2Queue *queue = &sender->group.queue;

  return spead2_max_run (
      queue->max_heaps, queue->n_takers, queue->interleave, heap_bytes);
}

gint
spead2_sender_dup_fd (Spead2Sender *sender, GError **error)
{
  gint fd = fcntl (sender->fds[0], F_DUPFD_CLOEXEC, 0);

  if (fd < 0)
    spead2_set_errno (error, errno, "Could not share the socket");
  return fd;
}

/* -- destinations ----------------------------------------------------------------- */

gint
spead2_sender_family (const Spead2Sender *sender)
{
  return sender->family;
}

guint
spead2_sender_n_destinations (Spead2Sender *sender)
{
  Spead2Queue *queue = &sender->group.queue;
  guint n;

  g_mutex_lock (&queue->lock);
  n = queue->destinations.n;
  g_mutex_unlock (&queue->lock);
  return n;
}

/* Called with the queue's lock. */
static gboolean
check_new (Spead2Sender *sender, const Spead2Endpoint *endpoint, GError **error)
{
  const Spead2Queue *queue = &sender->group.queue;
  const Spead2Destinations *destinations = &queue->destinations;
  const gchar *reason = NULL;

  if (spead2_endpoint_family (endpoint) != sender->family)
    reason = sender->family == AF_INET ? "is IPv6, and the socket is of IPv4"
                                       : "is IPv4, and the socket is of IPv6";
  else if (spead2_destinations_find (destinations, endpoint) >= 0)
    reason = "is twice in the list";
  else if (destinations->n == SPEAD2_MAX_DESTINATIONS)
    reason = "is one too many: there are 4096";
  else if (spead2_destinations_is_full (destinations, queue->head))
    reason = "is added too soon after others that were removed";
  if (reason == NULL)
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID, "Destination '%s' %s",
      endpoint->text, reason);
  return FALSE;
}

gboolean
spead2_sender_add_destination (
    Spead2Sender *sender, const Spead2Endpoint *endpoint, GError **error)
{
  Spead2Queue *queue = &sender->group.queue;
  gboolean good;

  g_mutex_lock (&queue->lock);
  good = check_new (sender, endpoint, error);
  if (good)
    spead2_destinations_add (
        &queue->destinations, endpoint, queue->head, queue->tail);
  g_mutex_unlock (&queue->lock);
  return good;
}

gint
spead2_sender_remove_destination (
    Spead2Sender *sender, const Spead2Endpoint *endpoint, GError **error)
{
  Spead2Queue *queue = &sender->group.queue;
  gint position;

  g_mutex_lock (&queue->lock);
  position = spead2_destinations_find (&queue->destinations, endpoint);
  if (position >= 0)
    spead2_destinations_remove (&queue->destinations, position, queue->tail);
  g_mutex_unlock (&queue->lock);
  if (position < 0)
    spead2_endpoint_not_listed (endpoint, error);
  return position;
}

void
spead2_sender_clear_destinations (Spead2Sender *sender)
{
  Spead2Queue *queue = &sender->group.queue;

  g_mutex_lock (&queue->lock);
  while (queue->destinations.n > 0)
    spead2_destinations_remove (
        &queue->destinations, queue->destinations.n - 1, queue->tail);
  g_mutex_unlock (&queue->lock);
}

/* What a worker has sent to an entry. Called with the queue's lock. */
static void
add_destination_counters (Spead2DestinationCounters *sum,
    const Spead2Worker *worker, guint index, guint64 filled)
{
  Spead2DestinationCounters counters;

  if (filled > worker->n_changes)
    return;
  spead2_udp_writer_get_destination (worker->writer, index, &counters);
  sum->packets += counters.packets;
  sum->bytes += counters.bytes;
  sum->errors += counters.errors;
}

GArray *
spead2_sender_get_destinations (Spead2Sender *sender)
{
  const Spead2Destinations *destinations = &sender->group.queue.destinations;
  GArray *list = g_array_new (FALSE, TRUE, sizeof (Spead2DestinationStats));
  guint i, k;

  g_mutex_lock (&sender->group.queue.lock);
  g_array_set_size (list, destinations->n);
  for (i = 0; i < destinations->n; i++) {
    Spead2DestinationStats *stats =
        &g_array_index (list, Spead2DestinationStats, i);
    const guint index = spead2_destinations_index (destinations, i);
    const Spead2Destination *entry =
        spead2_destinations_entry (destinations, index);

    stats->endpoint = entry->endpoint;
    for (k = 0; k < sender->n_workers; k++)
      add_destination_counters (
          &stats->counters, &sender->workers[k], index, entry->filled);
  }
  g_mutex_unlock (&sender->group.queue.lock);
  return list;
}

/* -- start, stop, flush --------------------------------------------------------- */

gboolean
spead2_sender_start (Spead2Sender *sender, GError **error)
{
  guint i;

  for (i = 0; i < sender->n_workers; i++) {
    if (!spead2_worker_start (
            &sender->workers[i], sender->thread_name, sender->cpus, error)) {
      spead2_sender_stop (sender);
      return FALSE;
    }
  }
  return TRUE;
}

/* Called with the queue's lock. */
static void
set_release_deadline (Spead2WorkerGroup *group)
{
  if (!group->queue.stopping)
    group->release_deadline = spead2_now () + RELEASE_GRACE;
}

void
spead2_sender_stop (Spead2Sender *sender)
{
  Spead2WorkerGroup *group = &sender->group;
  guint i;

  g_mutex_lock (&group->queue.lock);
  set_release_deadline (group);
  spead2_queue_stop (&group->queue);
  g_mutex_unlock (&group->queue.lock);

  g_mutex_lock (&sender->join_lock);
  for (i = 0; i < sender->n_workers; i++)
    spead2_worker_join (&sender->workers[i]);
  g_mutex_lock (&group->queue.lock);
  spead2_worker_group_defer_free (group);
  g_mutex_unlock (&group->queue.lock);
  g_mutex_unlock (&sender->join_lock);
}

static void
set_deadlines (Spead2Sender *sender, guint64 deadline)
{
  guint i;

  for (i = 0; i < sender->n_workers; i++)
    spead2_udp_writer_set_deadline (sender->workers[i].writer, deadline);
}

void
spead2_sender_flush (Spead2Sender *sender)
{
  Spead2WorkerGroup *group = &sender->group;
  Spead2Queue *queue = &group->queue;

  g_mutex_lock (&queue->lock);
  set_release_deadline (group);
  set_deadlines (sender, spead2_now () + FLUSH_GRACE);
  spead2_queue_begin_discard (queue);
  spead2_queue_wait_discarded (queue);
  spead2_queue_end_discard (queue);
  if (spead2_queue_n_used (queue) == 0)
    spead2_worker_group_defer_free (group);
  if (!spead2_queue_is_discarding (queue))
    set_deadlines (sender, G_MAXUINT64);
  g_mutex_unlock (&queue->lock);
}

/* -- pushing and waiting ---------------------------------------------------------- */

/* Whether a run that chooses its destination chooses one that there is. */
static gboolean
check_destination (const Spead2Heap *heap, guint n_destinations, GError **error)
{
  if (heap->destination < n_destinations || n_destinations == 0)
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A heap is for destination %u, and there are %u: its value must be from "
      "0 "
      "to %u",
      heap->destination, n_destinations, n_destinations - 1);
  return FALSE;
}

/* How many of the runs, from the front, can be sent at all. */
static guint
count_sendable (
    Spead2Sender *sender, Spead2Heap *const *heaps, guint n, GError **error)
{
  const guint n_destinations =
      sender->group.queue.destinations.rule == SPEAD2_DESTINATION_ITEM
      ? spead2_sender_n_destinations (sender)
      : G_MAXUINT;
  guint i;

  for (i = 0; i < n; i++)
    if (!spead2_packetizer_check (&sender->group.packet, heaps[i], error) ||
        !check_destination (heaps[i], n_destinations, error))
      break;
  return i;
}

Spead2SenderStatus
spead2_sender_push (Spead2Sender *sender, Spead2Heap *const *heaps, guint n,
    guint *n_pushed, GError **error)
{
  guint n_sendable = count_sendable (sender, heaps, n, error);
  Spead2QueueStatus status = SPEAD2_QUEUE_OK;

  *n_pushed = 0;
  if (n_sendable > 0)
    status = spead2_queue_push (
        &sender->group.queue, heaps, n_sendable, spead2_now (), n_pushed);
  if (status == SPEAD2_QUEUE_OK && n_sendable < n)
    return SPEAD2_SENDER_REFUSED;
  g_clear_error (error);
  return (Spead2SenderStatus) status;
}

gboolean
spead2_sender_push_control (Spead2Sender *sender, Spead2Heap *heap)
{
  return spead2_queue_push_control (&sender->group.queue, heap);
}

gboolean
spead2_sender_is_closed (Spead2Sender *sender)
{
  Spead2Queue *queue = &sender->group.queue;
  gboolean closed;

  g_mutex_lock (&queue->lock);
  closed = spead2_queue_is_closed (queue);
  g_mutex_unlock (&queue->lock);
  return closed;
}

Spead2SenderStatus
spead2_sender_drain (Spead2Sender *sender, gboolean interruptible)
{
  return (Spead2SenderStatus) spead2_queue_drain (
      &sender->group.queue, interruptible);
}

void
spead2_sender_set_interrupted (Spead2Sender *sender, gboolean interrupted)
{
  spead2_queue_set_interrupted (&sender->group.queue, interrupted);
}

void
spead2_sender_set_flushing (Spead2Sender *sender, gboolean flushing)
{
  spead2_queue_set_flushing (&sender->group.queue, flushing);
}

/* -- rate, probes, statistics -------------------------------------------------------- */

void
spead2_sender_set_rate (Spead2Sender *sender, gdouble rate, guint64 burst_size,
    gdouble burst_rate_ratio)
{
  Spead2WorkerGroup *group = &sender->group;
  const guint64 now = spead2_now ();
  Spead2Pacer last;
  guint i;

  g_mutex_lock (&group->queue.lock);
  last = group->pacer;
  spead2_pacer_set_rate (
      &group->pacer, now, rate, burst_size, burst_rate_ratio);
  group->queue.may_poll = may_poll (sender->n_workers, &group->pacer);
  for (i = 0; i < sender->n_workers; i++)
    spead2_worker_move_due (&sender->workers[i], &last, now);
  g_mutex_unlock (&group->queue.lock);
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

static void
add_worker (Spead2SenderStats *stats, const Spead2Worker *worker)
{
  add_counters (&stats->writer, &worker->counters);
  if (stats->gso_errno == 0)
    stats->gso_errno = worker->gso_errno;
  if (stats->zerocopy_reason == NULL)
    stats->zerocopy_reason = worker->zerocopy_reason;
}

void
spead2_sender_get_stats (Spead2Sender *sender, Spead2SenderStats *stats)
{
  Spead2WorkerGroup *group = &sender->group;
  Spead2Queue *queue = &group->queue;
  guint i;

  g_mutex_lock (&queue->lock);
  *stats = (Spead2SenderStats){
      .heaps_pushed = queue->n_pushed,
      .heaps_sent = group->counts.sent,
      .heaps_failed = group->counts.failed,
      .heaps_dropped = group->counts.dropped,
      .heaps_abandoned = group->counts.abandoned,
      .payload_bytes = group->counts.payload_bytes,
      .outstanding = queue->outstanding,
      .peak_outstanding = queue->peak_outstanding,
      .no_gso = sender->no_gso,
      .last_end = group->counts.last_end,
      .mtu = sender->mtu,
      .buffer_size = sender->buffer_size,
      .heap_time = group->counts.heap_time,
      .pacing_error = group->pacing_error,
  };
  if (queue->n_numbered > 0)
    stats->heap_cnt_wraps =
        spead2_worker_group_long_cnt (group, queue->n_numbered - 1) >>
        group->packet.flavour;
  for (i = 0; i < sender->n_workers; i++)
    add_worker (stats, &sender->workers[i]);
  g_mutex_unlock (&queue->lock);
}
