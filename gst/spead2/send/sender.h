/* Sends heaps on its own threads; a bounded number of heaps is outstanding (pushed and
 * not ended).
 *
 * spead2_sender_push() hands a heap over and returns while it is being sent; it blocks
 * while as many heaps as permitted are outstanding. Workers (worker.h), each a thread and a
 * socket, take runs of heaps (heap.h) from the queue (queue.h) in the order of the pushes,
 * number the heaps, and send them. Every heap that was accepted ends in exactly one call of
 * heap_done, in the order of the pushes: sent, failed, or dropped. When the last heap of a
 * run has ended, a worker frees the run, with no lock held; what releases its buffers may
 * call the functions that callbacks may call (worker.h).
 *
 * Threads: all functions may be called from any thread, spead2_sender_free() when all
 * others have returned. Workers begin heaps in the order of the pushes; if a push waits,
 * heaps of another push may come between its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_SENDER_H
#define SPEAD2_SENDER_H

#include "spead2/net/udpsocket.h"
#include "spead2/send/worker.h"

G_BEGIN_DECLS

#define SPEAD2_MAX_WORKERS 64

typedef struct {
  Spead2PacketConfig packet; /* checked */
  /* All of one family, at least one, borrowed for the call. */
  const Spead2Endpoint *destinations;
  guint n_destinations;
  Spead2DestinationRule rule;
  gboolean describe_first; /* see Spead2Destinations */
  gboolean count_each;
  Spead2UdpSocketOptions socket; /* its pointers are borrowed for the call */
  gint fd; /* an outside socket, duplicated, in the end restored; or -1 */
  /* as in Spead2ThreadConfig; the index is the worker's */
  const gchar *thread_name;
  guint n_workers; /* 1 to SPEAD2_MAX_WORKERS */
  GArray *cpus;    /* as in Spead2ThreadConfig; a reference is kept */
  guint max_heaps; /* outstanding; 0: automatic */
  /* How many consecutive heaps are sent in turn, 1 to SPEAD2_MAX_INTERLEAVE, and at most
   * max_heaps unless that is 0: see queue.h and worker.h. */
  guint interleave;
  gdouble rate;       /* bytes of UDP payload per second, from 1; 0: no limit */
  guint64 burst_size; /* bytes */
  gdouble burst_rate_ratio;
  gboolean no_gso;           /* every packet is a message of its own */
  gboolean zero_copy;        /* where it can be and is faster */
  gboolean zero_copy_always; /* where it can be */
  /* Of the heaps that come without a counter of their own; counted modulo the
   * flavour. cnt_step is at least 1. */
  guint64 cnt_start;
  guint64 cnt_step;
} Spead2SenderConfig;

typedef Spead2WorkerCallbacks Spead2SenderCallbacks;

typedef enum {
  SPEAD2_SENDER_OK = SPEAD2_QUEUE_OK,
  /* By spead2_sender_set_interrupted(). */
  SPEAD2_SENDER_INTERRUPTED = SPEAD2_QUEUE_INTERRUPTED,
  /* By spead2_sender_set_flushing(), or stopped. */
  SPEAD2_SENDER_FLUSHING = SPEAD2_QUEUE_CLOSED,
  /* This heap cannot be sent. */
  SPEAD2_SENDER_REFUSED
} Spead2SenderStatus;

/* pushed = sent + failed + dropped + outstanding, at any time. Stream control is
 * in none of these, but its packets are counted; a heap that only carries
 * descriptors is a heap as any other. */
typedef struct {
  guint64 heaps_pushed;
  guint64 heaps_sent;
  guint64 heaps_failed;
  guint64 heaps_dropped;
  /* of heaps_failed: the kernel still read their memory */
  guint64 heaps_abandoned;
  guint64 payload_bytes; /* of heaps sent, SPEAD headers not included */
  guint64 heap_cnt_wraps;
  guint outstanding;
  guint peak_outstanding;
  gboolean no_gso;              /* as configured */
  gint gso_errno;               /* for which GSO was disabled, or 0 */
  const gchar *zerocopy_reason; /* why heaps are copied, or NULL */
  guint64 last_end; /* spead2_now() when a heap ended last; 0: none did */
  guint mtu; /* the smallest spead2_udp_mtu(), when it was opened; 0: unknown */
  guint buffer_size;           /* of the first worker's socket, bytes */
  Spead2Times heap_time;       /* of heaps sent, from push to release */
  Spead2Times pacing_error;    /* of bursts: how late they went */
  Spead2WriterCounters writer; /* of all workers */
} Spead2SenderStats;

typedef struct _Spead2Sender Spead2Sender;

/* spead2_udp_mtu() of a destination, by the interface of its index in the list. */
guint spead2_sender_mtu (const Spead2Endpoint *destination, guint index,
    const Spead2UdpSocketOptions *options);

/* Opens a socket for each worker; with a local port, or an outside socket, the
 * workers share one. NULL with the socket's error, or SPEAD2_ERROR_INVALID for
 * counters that do not fit the flavour and an invalid rate. */
Spead2Sender *spead2_sender_new (const Spead2SenderConfig *config,
    const Spead2SenderCallbacks *callbacks, gpointer user_data, GError **error);

/* Starts the workers' threads. On failure none runs, with the error of
 * spead2_thread_start(). */
gboolean spead2_sender_start (Spead2Sender *sender, GError **error);

/* -- destinations: any thread; for heaps that are pushed from then on --------------- */

/* AF_INET or AF_INET6, of all of them. Constant. */
gint spead2_sender_family (const Spead2Sender *sender);

/* How many there are. */
guint spead2_sender_n_destinations (Spead2Sender *sender);

/* Appends a destination. FALSE with SPEAD2_ERROR_INVALID: it is in the list, is of another
 * family, there are SPEAD2_MAX_DESTINATIONS, or heaps are on their way to too many that
 * were removed. */
gboolean spead2_sender_add_destination (
    Spead2Sender *sender, const Spead2Endpoint *endpoint, GError **error);

/* Removes a destination, which gets what was pushed before. Returns its position in the
 * list, or -1 with SPEAD2_ERROR_INVALID if it is not there. */
gint spead2_sender_remove_destination (
    Spead2Sender *sender, const Spead2Endpoint *endpoint, GError **error);

/* Removes all of them: heaps are dropped until one is added. */
void spead2_sender_clear_destinations (Spead2Sender *sender);

typedef struct {
  Spead2Endpoint endpoint;
  Spead2DestinationCounters counters; /* since it was added, of all workers */
} Spead2DestinationStats;

/* The list (Spead2DestinationStats). */
GArray *spead2_sender_get_destinations (Spead2Sender *sender);

/* How heaps are cut into packets. Constant. */
const Spead2PacketConfig *spead2_sender_packet_config (
    const Spead2Sender *sender);

/* How many heaps of so many payload bytes may be in one run. Constant. */
guint spead2_sender_max_run (const Spead2Sender *sender, guint64 heap_bytes);

/* A copy of the first worker's descriptor, for the caller to close; -1 with
 * SPEAD2_ERRNO. */
gint spead2_sender_dup_fd (Spead2Sender *sender, GError **error);

/* Hands over n runs of heaps, at least one run; n_pushed says how many of them, from the
 * front, belong to the sender now. With SPEAD2_SENDER_OK all do; otherwise the
 * rest stays the caller's, untouched: after SPEAD2_SENDER_INTERRUPTED or FLUSHING it may
 * be pushed again; after SPEAD2_SENDER_REFUSED the first of it cannot be sent, and error
 * says why. */
Spead2SenderStatus spead2_sender_push (Spead2Sender *sender,
    Spead2Heap *const *heaps, guint n, guint *n_pushed, GError **error);

/* Hands over a heap of stream control: see spead2_queue_push_control(). FALSE while
 * flushing or stopped: the heap stays the caller's. */
gboolean spead2_sender_push_control (Spead2Sender *sender, Spead2Heap *heap);

/* Whether pushes return SPEAD2_SENDER_FLUSHING. */
gboolean spead2_sender_is_closed (Spead2Sender *sender);

/* Waits until no heap is outstanding, also of pushes meanwhile, and all are freed. With
 * interruptible FALSE only flushing ends the wait early. */
Spead2SenderStatus spead2_sender_drain (
    Spead2Sender *sender, gboolean interruptible);

/* While TRUE, pushes that would wait and interruptible drains return
 * SPEAD2_SENDER_INTERRUPTED. Workers continue to send. */
void spead2_sender_set_interrupted (Spead2Sender *sender, gboolean interrupted);

/* While TRUE, pushes and drains return SPEAD2_SENDER_FLUSHING. */
void spead2_sender_set_flushing (Spead2Sender *sender, gboolean flushing);

/* Empties the queue: a heap whose packets are on their way has 100 ms to
 * finish, otherwise it fails with SPEAD2_ERROR_CUT_SHORT; all others are dropped with
 * SPEAD2_ERROR_DROPPED. A heap that the kernel still reads 500 ms after the call fails
 * with SPEAD2_ERROR_ABANDONED; its buffers are released when it has been read.
 * Returns when all have ended. */
void spead2_sender_flush (Spead2Sender *sender);

/* Ends the workers. Does not wait for the network, and at most 500 ms for memory that the
 * kernel still reads; what is outstanding is cut short, dropped or abandoned. Harmless
 * when they do not run. Several threads may call it; each returns when the workers have
 * ended. */
void spead2_sender_stop (Spead2Sender *sender);

/* FALSE with SPEAD2_ERROR_INVALID for a rate that is neither 0 nor at least
 * SPEAD2_MIN_RATE. */
gboolean spead2_sender_check_rate (gdouble rate, GError **error);

/* Another rate, checked. It applies to bytes that were sent ahead of the rate, too, and to
 * workers that sleep: see spead2_pacer_set_rate(). */
void spead2_sender_set_rate (Spead2Sender *sender, gdouble rate,
    guint64 burst_size, gdouble burst_rate_ratio);

/* Tries GSO and zero copy again where they were disabled. */
void spead2_sender_probe (Spead2Sender *sender);

void spead2_sender_get_stats (Spead2Sender *sender, Spead2SenderStats *stats);

/* Stops, closes the sockets and frees. */
void spead2_sender_free (Spead2Sender *sender);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2Sender, spead2_sender_free)

G_END_DECLS

#endif /* SPEAD2_SENDER_H */
