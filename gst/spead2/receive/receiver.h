/* Receives heaps on threads of its own.
 *
 * A receiver opens the sockets that its addresses and ports need, each of which belongs
 * to one worker: a thread that reads datagrams and assembles heaps of them. What one
 * drain of the sockets (all that was queued in them) completed goes into the ready queue as
 * one list, from which the consumer takes heaps. Heaps of one socket come in the order in
 * which they ended; between sockets there is no order.
 *
 * Life: new (sockets are open, nothing is read), start, any number of take and
 * give_back, stop, start again ..., free.
 *
 * Threads: take and give_back belong to one consumer at a time; the others may be
 * called from any thread, start, stop and free by one at a time and with no consumer
 * in take. Nothing of the caller's is called with a lock held.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_RECEIVER_H
#define SPEAD2_RECEIVER_H

#include "spead2/net/multicast.h"
#include "spead2/net/udpreader.h"
#include "spead2/net/udpsocket.h"
#include "spead2/receive/assembler.h"
#include "spead2/receive/readyqueue.h"

G_BEGIN_DECLS

/* What sockets depend on. All of it is borrowed for the call. */
typedef struct {
  const Spead2Endpoint *addresses; /* of one family; their ports are not used */
  guint n_addresses;               /* at least 1 */
  const guint *ports;              /* 0: the kernel chooses one */
  guint n_ports;                   /* at least 1 */
  Spead2UdpListenOptions socket;
  const gchar *ifaces; /* of groups, as Spead2MulticastOptions; or NULL */
  const Spead2Endpoint *sources; /* of groups */
  guint n_sources;
  gboolean join; /* groups are joined at the start */
  gint fd; /* an outside socket, duplicated, in the end given back; or -1 */
  guint n_threads;          /* 0: one for each socket, up to the CPUs */
  const GArray *cpus;       /* (guint), a reference is kept; or NULL */
  const gchar *thread_name; /* copied */
} Spead2ReceiverSockets;

/* What one run depends on. Copied. */
typedef struct {
  Spead2AssemblerConfig assembler;
  Spead2UdpReaderOptions reader;
  Spead2ReadyBounds ready; /* and leak: as spead2_ready_queue_new() */
  Spead2Leak leak;
  guint64 align_id; /* as spead2_assembler_set_align_id() */
} Spead2ReceiverConfig;

/* Memory of heaps: acquire and release are called by any worker and by the consumer,
 * at the same time. thread_started and thread_stopped, which may be NULL, in the
 * thread. */
typedef struct {
  Spead2HeapMemoryOwner memory;
  void (*thread_started) (guint worker, gpointer user_data);
  void (*thread_stopped) (guint worker, gpointer user_data);
  gpointer user_data; /* of the last two */
} Spead2ReceiverCallbacks;

/* Sums over the workers: counters since the start, and what is now live, ready, and in
 * the sockets' buffers. */
typedef struct {
  Spead2AssemblerCounters assembler;
  Spead2ReaderCounters reader;
  Spead2ReadyCounters ready;
  Spead2ReaderKernel kernel;
  guint live; /* heaps under assembly */
  guint64 live_bytes;
  guint n_sockets;
  guint n_threads;
} Spead2ReceiverStats;

typedef struct _Spead2Receiver Spead2Receiver;

/* Opens the sockets. NULL with the socket's error. */
Spead2Receiver *spead2_receiver_new (const Spead2ReceiverSockets *sockets,
    const Spead2ReceiverCallbacks *callbacks, GError **error);

/* Joins groups, discards what the sockets have queued until then, and starts the
 * workers. On failure none runs, with the error of the join or of the thread. */
gboolean spead2_receiver_start (Spead2Receiver *receiver,
    const Spead2ReceiverConfig *config, GError **error);

/* Ends the workers, leaves the groups, and releases all heaps that were not taken.
 * Returns within 100 ms, whatever comes in. Harmless when they do not run. */
void spead2_receiver_stop (Spead2Receiver *receiver);

/* Stops, closes the sockets and frees. */
void spead2_receiver_free (Spead2Receiver *receiver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2Receiver, spead2_receiver_free)

/* As spead2_ready_queue_take(). The receiver has been started. Heaps go back with
 * spead2_receiver_give_back(), their memory in them or taken out. */
Spead2ReceivedHeap *spead2_receiver_take (Spead2Receiver *receiver,
    guint64 deadline, guint64 max_bytes, Spead2ReadyStatus *status);
void spead2_receiver_give_back (
    Spead2Receiver *receiver, Spead2ReceivedHeap *heaps);

/* While TRUE, takes return SPEAD2_READY_INTERRUPTED; heaps stay ready, and
 * receiving goes on. It may be set before the start. */
void spead2_receiver_set_interrupted (
    Spead2Receiver *receiver, gboolean interrupted);

/* Releases the heaps that are ready. Those under assembly are kept. */
void spead2_receiver_flush (Spead2Receiver *receiver);

/* A copy of the first socket's descriptor, for the caller to close; -1 with
 * SPEAD2_ERRNO. */
gint spead2_receiver_dup_fd (Spead2Receiver *receiver, GError **error);

/* The address and port that the first socket is bound to. */
gboolean spead2_receiver_get_local (
    Spead2Receiver *receiver, Spead2Endpoint *local, GError **error);

/* Bytes of the first socket's receive buffer, as asked for. */
guint spead2_receiver_buffer_size (Spead2Receiver *receiver);

/* All counters are 0 before the first start. */
void spead2_receiver_get_stats (
    Spead2Receiver *receiver, Spead2ReceiverStats *stats);

G_END_DECLS

#endif /* SPEAD2_RECEIVER_H */
