/* Receives heaps on threads of its own: see receiver.h.
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
#include "spead2/net/socketplan.h"
#include "spead2/receive/receiver.h"
#include "spead2/thread.h"

/* Bytes that are read before complete heaps are handed over, where the sockets are not
 * empty before. With 1 MiB, receiving without a limit costs 4 to 7 % more. */
#define DRAIN_BYTES (4 << 20)

typedef struct {
  gint fd;
  guint first_address, n_addresses; /* of the receiver's */
  guint worker;
  Spead2Memberships *memberships; /* between start and stop, or NULL */
} Socket;

/* A thread, its sockets and its assembler, which belong to it while it runs. */
typedef struct {
  Spead2Receiver *receiver;
  guint index;
  Spead2Assembler *assembler; /* from the first start on */
  Spead2DatagramFunc take;    /* gives it a datagram */
  Spead2Thread *thread;       /* while it runs */

  /* Guarded by the receiver's lock, but not for the worker itself: from the first
   * start on. */
  Spead2UdpReader *reader;
  /* Guarded by the receiver's lock: what was counted by the last drain. */
  Spead2AssemblerCounters assembled;
  Spead2ReaderCounters read;
  guint live;
  guint64 live_bytes;
} Worker;

/* lock is never held while anything waits, and nothing but the ready queue's is locked
 * under it. */
struct _Spead2Receiver {
  /* Constant. */
  Spead2ReceiverCallbacks callbacks;
  GArray *addresses; /* (Spead2Endpoint) */
  GArray *sources;   /* (Spead2Endpoint) */
  gchar *ifaces;
  gboolean join;
  GArray *cpus;
  gchar *thread_name;
  Spead2UdpSocketState *adopted; /* (owned) of an outside socket, or NULL */
  Socket *sockets;
  guint n_sockets;
  Worker *workers;
  guint n_workers;

  gint stopping; /* atomic: workers end */

  GMutex lock;
  /* Guarded by lock; the consumer, start and stop read it without. From the first start
   * on, for its counters also after a stop. */
  Spead2ReadyQueue *queue;
  gboolean interrupted;
};

/* -- heaps ---------------------------------------------------------------------- */

/* Frees a list of heaps, and releases their memory. */
static void
free_heaps (Spead2Receiver *receiver, Spead2ReceivedHeap *heaps)
{
  const Spead2HeapMemoryOwner *owner = &receiver->callbacks.memory;
  Spead2ReceivedHeap *next;

  for (; heaps; heaps = next) {
    next = heaps->next;
    if (heaps->memory.data)
      owner->release (owner->user_data, &heaps->memory);
    spead2_received_heap_free (heaps);
  }
}

/* -- workers --------------------------------------------------------------------- */

static void
take_datagram (const Spead2Datagram *datagram, gpointer user_data)
{
  Worker *worker = user_data;

  spead2_assembler_push (
      worker->assembler, datagram->data, datagram->size, datagram->time);
}

/* With senders, which the reader fetches on demand. */
static void
take_datagram_of_sender (const Spead2Datagram *datagram, gpointer user_data)
{
  Worker *worker = user_data;

  spead2_assembler_set_sender (worker->assembler, datagram->source);
  take_datagram (datagram, user_data);
}

static gboolean
predict (
    const guint8 *last, gsize size, Spead2Places *places, gpointer user_data)
{
  Worker *worker = user_data;

  return spead2_assembler_predict (worker->assembler, last, size, places);
}

static void
take_placed (
    const Spead2Places *places, guint n, guint64 time, gpointer user_data)
{
  Worker *worker = user_data;

  spead2_assembler_push_placed (worker->assembler, places, n, time);
}

static void
publish (Worker *worker)
{
  g_mutex_lock (&worker->receiver->lock);
  worker->assembled = *spead2_assembler_counters (worker->assembler);
  worker->read = *spead2_udp_reader_counters (worker->reader);
  worker->live = spead2_assembler_n_live (worker->assembler);
  worker->live_bytes = spead2_assembler_live_bytes (worker->assembler);
  g_mutex_unlock (&worker->receiver->lock);
}

static void
run (gpointer data)
{
  Worker *worker = data;
  Spead2Receiver *receiver = worker->receiver;

  while (!g_atomic_int_get (&receiver->stopping)) {
    gboolean more = spead2_udp_reader_drain (
        worker->reader, DRAIN_BYTES, worker->take, worker);
    guint64 expiry = spead2_assembler_expire (worker->assembler, spead2_now ());
    Spead2ReceivedHeap *heaps = spead2_assembler_take (worker->assembler);

    publish (worker);
    spead2_assembler_recycle (
        worker->assembler, spead2_ready_queue_push (receiver->queue, heaps));
    spead2_assembler_recycle (
        worker->assembler, spead2_ready_queue_take_returned (receiver->queue));
    if (!more)
      spead2_udp_reader_wait (worker->reader, expiry);
  }
  spead2_assembler_flush (worker->assembler, SPEAD2_HEAP_STOPPED);
  spead2_assembler_recycle (
      worker->assembler, spead2_assembler_take (worker->assembler));
  publish (worker);
}

static Spead2UdpReader *
open_reader (
    Worker *worker, const Spead2UdpReaderOptions *options, GError **error)
{
  const Spead2Receiver *receiver = worker->receiver;
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (gint));
  guint i;

  for (i = 0; i < receiver->n_sockets; i++)
    if (receiver->sockets[i].worker == worker->index)
      g_array_append_val (fds, receiver->sockets[i].fd);
  return spead2_udp_reader_new (
      (const gint *) fds->data, fds->len, options, error);
}

static void
close_worker (Worker *worker)
{
  Spead2UdpReader *reader;

  g_mutex_lock (&worker->receiver->lock);
  reader = g_steal_pointer (&worker->reader);
  g_mutex_unlock (&worker->receiver->lock);
  g_clear_pointer (&reader, spead2_udp_reader_free);
  g_clear_pointer (&worker->assembler, spead2_assembler_free);
}

/* What a run needs, with counters from 0. */
static gboolean
open_worker (Worker *worker, const Spead2ReceiverConfig *config, GError **error)
{
  Spead2Receiver *receiver = worker->receiver;
  Spead2UdpReaderOptions options = config->reader;
  Spead2UdpReader *reader;

  options.placer = (Spead2PlacerFuncs){predict, take_placed};
  reader = open_reader (worker, &options, error);
  if (reader == NULL)
    return FALSE;
  close_worker (worker);
  worker->assembler =
      spead2_assembler_new (&config->assembler, &receiver->callbacks.memory);
  spead2_assembler_set_align_id (worker->assembler, config->align_id);
  worker->take =
      config->reader.source ? take_datagram_of_sender : take_datagram;
  g_mutex_lock (&receiver->lock);
  worker->reader = reader;
  g_mutex_unlock (&receiver->lock);
  publish (worker);
  return TRUE;
}

static gboolean
start_worker (Worker *worker, GError **error)
{
  Spead2Receiver *receiver = worker->receiver;
  Spead2ThreadConfig config = {
      .name = receiver->thread_name,
      .index = worker->index,
      .cpus = receiver->cpus,
      .run = run,
      .data = worker,
      .started = receiver->callbacks.thread_started,
      .stopped = receiver->callbacks.thread_stopped,
      .user_data = receiver->callbacks.user_data,
  };

  worker->thread = spead2_thread_start (&config, error);
  return worker->thread != NULL;
}

/* -- groups ----------------------------------------------------------------------- */

static gboolean
join_groups (Spead2Receiver *receiver, GError **error)
{
  Spead2MulticastOptions options = {
      .ifaces = receiver->ifaces,
      .sources = (const Spead2Endpoint *) receiver->sources->data,
      .n_sources = receiver->sources->len,
  };
  guint i;

  if (!receiver->join)
    return TRUE;
  for (i = 0; i < receiver->n_sockets; i++) {
    Socket *socket = &receiver->sockets[i];

    socket->memberships = spead2_multicast_join (socket->fd,
        &g_array_index (
            receiver->addresses, Spead2Endpoint, socket->first_address),
        socket->n_addresses, &options, error);
    if (socket->memberships == NULL)
      return FALSE;
  }
  return TRUE;
}

static void
leave_groups (Spead2Receiver *receiver)
{
  guint i;

  for (i = 0; i < receiver->n_sockets; i++)
    if (receiver->sockets[i].memberships)
      spead2_multicast_leave (receiver->sockets[i].fd,
          g_steal_pointer (&receiver->sockets[i].memberships));
}

/* -- open and close ---------------------------------------------------------------- */

/* An outside socket receives all addresses. */
static gboolean
adopt_socket (
    Spead2Receiver *receiver, const Spead2ReceiverSockets *from, GError **error)
{
  const Spead2Endpoint *first = &from->addresses[0];
  gint fd = fcntl (from->fd, F_DUPFD_CLOEXEC, 0);

  if (fd < 0) {
    spead2_set_errno (error, errno, "The socket cannot be duplicated");
    return FALSE;
  }
  receiver->adopted = spead2_udp_socket_adopt_listening (fd,
      first->multicast ? spead2_endpoint_family (first) : AF_UNSPEC,
      &from->socket, error);
  if (receiver->adopted == NULL) {
    close (fd);
    return FALSE;
  }
  receiver->sockets = g_new0 (Socket, 1);
  receiver->n_sockets = 1;
  receiver->sockets[0].fd = fd;
  receiver->sockets[0].n_addresses = from->n_addresses;
  return TRUE;
}

/* Port 0 is chosen by the kernel for the first socket that has it, and the others have
 * the same. */
static gboolean
open_sockets (
    Spead2Receiver *receiver, const Spead2ReceiverSockets *from, GError **error)
{
  Spead2SocketPlanConfig config = {
      .n_ports = from->n_ports,
      .n_addresses = from->n_addresses,
      .n_ifaces = spead2_multicast_n_ifaces (from->ifaces),
      .n_threads = from->n_threads,
      .n_processors = g_get_num_processors (),
  };
  g_autoptr (GArray) plan = spead2_socket_plan_new (&config);
  g_autofree guint *ports =
      g_memdup2 (from->ports, from->n_ports * sizeof (guint));
  guint i;

  receiver->sockets = g_new0 (Socket, plan->len);
  for (i = 0; i < plan->len; i++) {
    const Spead2SocketPlan *planned =
        &g_array_index (plan, Spead2SocketPlan, i);
    Socket *socket = &receiver->sockets[i];
    Spead2Endpoint local;

    socket->first_address = planned->first_address;
    socket->n_addresses = planned->n_addresses;
    socket->worker = planned->worker;
    socket->fd =
        spead2_udp_socket_listen (&from->addresses[planned->first_address],
            planned->n_addresses, ports[planned->port], &from->socket, error);
    if (socket->fd < 0)
      return FALSE;
    receiver->n_sockets++;
    if (!spead2_udp_socket_get_local (socket->fd, &local, error))
      return FALSE;
    ports[planned->port] = local.port;
  }
  return TRUE;
}

static void
make_workers (Spead2Receiver *receiver)
{
  guint i;

  for (i = 0; i < receiver->n_sockets; i++)
    receiver->n_workers =
        MAX (receiver->n_workers, receiver->sockets[i].worker + 1);
  receiver->workers = g_new0 (Worker, receiver->n_workers);
  for (i = 0; i < receiver->n_workers; i++) {
    receiver->workers[i].receiver = receiver;
    receiver->workers[i].index = i;
  }
}

static GArray *
copy_endpoints (const Spead2Endpoint *endpoints, guint n)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (Spead2Endpoint));

  if (n > 0)
    g_array_append_vals (array, endpoints, n);
  return array;
}

Spead2Receiver *
spead2_receiver_new (const Spead2ReceiverSockets *sockets,
    const Spead2ReceiverCallbacks *callbacks, GError **error)
{
  Spead2Receiver *receiver = g_new0 (Spead2Receiver, 1);

  g_mutex_init (&receiver->lock);
  receiver->callbacks = *callbacks;
  receiver->addresses =
      copy_endpoints (sockets->addresses, sockets->n_addresses);
  receiver->sources = copy_endpoints (sockets->sources, sockets->n_sources);
  receiver->ifaces = g_strdup (sockets->ifaces);
  receiver->join = sockets->join;
  receiver->cpus =
      sockets->cpus ? g_array_ref ((GArray *) sockets->cpus) : NULL;
  receiver->thread_name = g_strdup (sockets->thread_name);
  if (!(sockets->fd >= 0 ? adopt_socket (receiver, sockets, error)
                         : open_sockets (receiver, sockets, error))) {
    spead2_receiver_free (receiver);
    return NULL;
  }
  make_workers (receiver);
  return receiver;
}

static void
free_queue (Spead2Receiver *receiver)
{
  Spead2ReadyQueue *queue;

  g_mutex_lock (&receiver->lock);
  queue = g_steal_pointer (&receiver->queue);
  g_mutex_unlock (&receiver->lock);
  if (queue == NULL)
    return;
  free_heaps (receiver, spead2_ready_queue_clear (queue));
  free_heaps (receiver, spead2_ready_queue_take_returned (queue));
  spead2_ready_queue_free (queue);
}

void
spead2_receiver_free (Spead2Receiver *receiver)
{
  guint i;

  spead2_receiver_stop (receiver);
  free_queue (receiver);
  for (i = 0; i < receiver->n_workers; i++)
    close_worker (&receiver->workers[i]);
  if (receiver->adopted)
    spead2_udp_socket_give_back (receiver->sockets[0].fd, receiver->adopted);
  for (i = 0; i < receiver->n_sockets; i++)
    close (receiver->sockets[i].fd);
  g_free (receiver->workers);
  g_free (receiver->sockets);
  g_free (receiver->thread_name);
  g_clear_pointer (&receiver->cpus, g_array_unref);
  g_free (receiver->ifaces);
  g_array_unref (receiver->sources);
  g_array_unref (receiver->addresses);
  g_mutex_clear (&receiver->lock);
  g_free (receiver);
}

/* A descriptor that was handed out may have made its sockets non-blocking: the flag is
 * shared. Its reader would then wait in poll, which costs more. */
static void
make_blocking (Spead2Receiver *receiver)
{
  guint i;

  if (receiver->adopted)
    return;
  for (i = 0; i < receiver->n_sockets; i++) {
    gint fd = receiver->sockets[i].fd, flags = fcntl (fd, F_GETFL);

    if (flags >= 0 && flags & O_NONBLOCK)
      fcntl (fd, F_SETFL, flags & ~O_NONBLOCK);
  }
}

/* -- start and stop ----------------------------------------------------------------- */

static void
make_queue (Spead2Receiver *receiver, const Spead2ReceiverConfig *config)
{
  Spead2ReadyQueue *queue =
      spead2_ready_queue_new (&config->ready, config->leak);

  free_queue (receiver);
  g_mutex_lock (&receiver->lock);
  spead2_ready_queue_set_interrupted (queue, receiver->interrupted);
  receiver->queue = queue;
  g_mutex_unlock (&receiver->lock);
}

gboolean
spead2_receiver_start (Spead2Receiver *receiver,
    const Spead2ReceiverConfig *config, GError **error)
{
  gboolean ok = TRUE;
  guint i;

  make_queue (receiver, config);
  make_blocking (receiver);
  g_atomic_int_set (&receiver->stopping, FALSE);
  for (i = 0; i < receiver->n_workers && ok; i++)
    ok = open_worker (&receiver->workers[i], config, error);
  ok = ok && join_groups (receiver, error);
  for (i = 0; i < receiver->n_workers && ok; i++)
    spead2_udp_reader_discard (receiver->workers[i].reader);
  for (i = 0; i < receiver->n_workers && ok; i++)
    ok = start_worker (&receiver->workers[i], error);
  if (!ok)
    spead2_receiver_stop (receiver);
  return ok;
}

void
spead2_receiver_stop (Spead2Receiver *receiver)
{
  guint i;

  g_atomic_int_set (&receiver->stopping, TRUE);
  if (receiver->queue)
    spead2_ready_queue_close (receiver->queue);
  for (i = 0; i < receiver->n_workers; i++)
    if (receiver->workers[i].thread)
      spead2_udp_reader_wake (receiver->workers[i].reader);
  for (i = 0; i < receiver->n_workers; i++)
    g_clear_pointer (&receiver->workers[i].thread, spead2_thread_join);
  leave_groups (receiver);
  spead2_receiver_flush (receiver);
}

/* -- the consumer -------------------------------------------------------------------- */

Spead2ReceivedHeap *
spead2_receiver_take (Spead2Receiver *receiver, guint64 deadline,
    guint64 max_bytes, Spead2ReadyStatus *status)
{
  return spead2_ready_queue_take (receiver->queue, deadline, max_bytes, status);
}

void
spead2_receiver_give_back (Spead2Receiver *receiver, Spead2ReceivedHeap *heaps)
{
  spead2_ready_queue_give_back (receiver->queue, heaps);
}

void
spead2_receiver_set_interrupted (Spead2Receiver *receiver, gboolean interrupted)
{
  g_mutex_lock (&receiver->lock);
  receiver->interrupted = interrupted;
  if (receiver->queue)
    spead2_ready_queue_set_interrupted (receiver->queue, interrupted);
  g_mutex_unlock (&receiver->lock);
}

void
spead2_receiver_flush (Spead2Receiver *receiver)
{
  Spead2ReceivedHeap *heaps = NULL;

  g_mutex_lock (&receiver->lock);
  if (receiver->queue)
    heaps = spead2_ready_queue_clear (receiver->queue);
  g_mutex_unlock (&receiver->lock);
  free_heaps (receiver, heaps);
}

/* -- what it is ------------------------------------------------------------------------ */

gint
spead2_receiver_dup_fd (Spead2Receiver *receiver, GError **error)
{
  gint fd = fcntl (receiver->sockets[0].fd, F_DUPFD_CLOEXEC, 0);

  if (fd < 0)
    spead2_set_errno (error, errno, "The socket cannot be duplicated");
  return fd;
}

gboolean
spead2_receiver_get_local (
    Spead2Receiver *receiver, Spead2Endpoint *local, GError **error)
{
  return spead2_udp_socket_get_local (receiver->sockets[0].fd, local, error);
}

guint
spead2_receiver_buffer_size (Spead2Receiver *receiver)
{
  return spead2_udp_socket_receive_buffer_size (receiver->sockets[0].fd);
}

static void
add_all (guint64 *sum, const guint64 *counters, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    sum[i] += counters[i];
}

/* Counters are structs of guint64 alone, and so add up as arrays. */
G_STATIC_ASSERT (sizeof (Spead2AssemblerCounters) % sizeof (guint64) == 0);
G_STATIC_ASSERT (sizeof (Spead2ReaderCounters) % sizeof (guint64) == 0);

void
spead2_receiver_get_stats (Spead2Receiver *receiver, Spead2ReceiverStats *stats)
{
  guint i;

  memset (stats, 0, sizeof *stats);
  stats->n_sockets = receiver->n_sockets;
  stats->n_threads = receiver->n_workers;
  g_mutex_lock (&receiver->lock);
  if (receiver->queue)
    spead2_ready_queue_get_counters (receiver->queue, &stats->ready);
  for (i = 0; i < receiver->n_workers; i++) {
    const Worker *worker = &receiver->workers[i];
    Spead2ReaderKernel kernel = {0};

    add_all ((guint64 *) &stats->assembler,
        (const guint64 *) &worker->assembled,
        sizeof worker->assembled / sizeof (guint64));
    add_all ((guint64 *) &stats->reader, (const guint64 *) &worker->read,
        sizeof worker->read / sizeof (guint64));
    /* What the reader could not give is refused as well. */
    stats->assembler.datagrams += worker->read.truncated + worker->read.ctrunc;
    stats->assembler.refused[SPEAD2_REFUSAL_TRUNCATED] +=
        worker->read.truncated + worker->read.ctrunc;
    stats->live += worker->live;
    stats->live_bytes += worker->live_bytes;
    if (worker->reader)
      spead2_udp_reader_get_kernel (worker->reader, &kernel);
    stats->kernel.drops += kernel.drops;
    stats->kernel.fill += kernel.fill;
    stats->kernel.size += kernel.size;
  }
  g_mutex_unlock (&receiver->lock);
}
