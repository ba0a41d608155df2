/* A receiver on loopback: sockets and workers, the way of a heap through it, its ends,
 * and the memory of heaps, which is released in each of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../tools.h"
#include "../packets.h"
#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"
#include "spead2/receive/receiver.h"

#define NAME "receiver"
#define GROUPS "239.255.77.1+1"
#define EVER G_MAXUINT64
#define ALL G_MAXUINT64

static Spead2Receiver *receiver;
static Spead2ReceiverConfig config;
static GArray *addresses; /* (Spead2Endpoint) */
static gint sender = -1;
static GArray *taken; /* (guint64) counters of heaps, sorted */

/* Atomic. */
static gint n_acquired, n_released; /* blocks of memory */
static gint no_memory;
static gint n_started,
    n_stopped; /* threads, a hexadecimal digit for each worker */

/* -- callbacks --------------------------------------------------------------------- */

static gboolean
acquire (gpointer user_data, gsize size, guint phase, Spead2HeapMemory *memory)
{
  fail_unless (user_data == &receiver);
  if (g_atomic_int_get (&no_memory))
    return FALSE;
  memory->data = memory->token = g_malloc (size);
  memory->size = size;
  g_atomic_int_inc (&n_acquired);
  return TRUE;
}

static void
release (gpointer user_data, Spead2HeapMemory *memory)
{
  fail_unless (user_data == &receiver);
  g_free (memory->token);
  g_atomic_int_inc (&n_released);
}

static void
thread_started (guint worker, gpointer user_data)
{
  g_atomic_int_add (&n_started, 1 << (4 * worker));
}

static void
thread_stopped (guint worker, gpointer user_data)
{
  g_atomic_int_add (&n_stopped, 1 << (4 * worker));
}

static guint
n_blocks (void)
{
  return g_atomic_int_get (&n_acquired) - g_atomic_int_get (&n_released);
}

/* -- a receiver ------------------------------------------------------------------------ */

static Spead2Receiver *
new_receiver (const gchar *text, guint port, Spead2ReceiverSockets *sockets,
    GError **error)
{
  const Spead2ReceiverCallbacks callbacks = {
      .memory = {acquire, release, NULL, &receiver},
      .thread_started = thread_started,
      .thread_stopped = thread_stopped,
  };

  g_clear_pointer (&addresses, g_array_unref);
  addresses = spead2_endpoint_list_resolve (text, port, NULL, NULL);
  fail_unless (addresses != NULL);
  sockets->addresses = (const Spead2Endpoint *) addresses->data;
  sockets->n_addresses = addresses->len;
  sockets->ports = &port;
  sockets->n_ports = 1;
  sockets->thread_name = NAME;
  sockets->socket.gro = TRUE;
  return spead2_receiver_new (sockets, &callbacks, error);
}

static void
open_receiver (const gchar *text, guint n_threads)
{
  Spead2ReceiverSockets sockets = {
      .fd = -1, .n_threads = n_threads, .ifaces = "lo", .join = TRUE};
  GError *error = NULL;

  receiver = new_receiver (text, 0, &sockets, &error);
  fail_unless (receiver != NULL, "%s", error ? error->message : "");
}

static void
start (void)
{
  GError *error = NULL;

  fail_unless (spead2_receiver_start (receiver, &config, &error), "%s",
      error ? error->message : "");
}

static void
start_one (void)
{
  open_receiver ("127.0.0.1", 1);
  start ();
}

/* All memory has been released by then. */
static void
close_receiver (void)
{
  g_clear_pointer (&receiver, spead2_receiver_free);
  fail_unless_equals_int (n_blocks (), 0);
  wait_until (count_threads (NAME) == 0);
  fail_unless_equals_int (n_started, n_stopped);
}

static void
setup (void)
{
  gint lo = if_nametoindex ("lo");
  struct ip_mreqn iface = {.imr_ifindex = lo};

  config = (Spead2ReceiverConfig){
      .assembler = {.max_heap_size = 1 << 20,
          .max_live_bytes = 8 << 20,
          .max_heaps = 4,
          .n_remembered = 64},
      .ready.bytes = 1 << 20,
  };
  n_acquired = n_released = no_memory = n_started = n_stopped = 0;
  taken = g_array_new (FALSE, FALSE, sizeof (guint64));
  sender = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (sender >= 0);
  fail_unless (setsockopt (sender, IPPROTO_IP, IP_MULTICAST_IF, &iface,
                   sizeof iface) == 0);
}

static void
teardown (void)
{
  close (sender);
  g_array_unref (taken);
  g_clear_pointer (&addresses, g_array_unref);
}

/* -- packets ---------------------------------------------------------------------------- */

/* To address i. */
static void
send_packet (guint i, const Packet *packet)
{
  struct sockaddr_in to;
  Spead2Endpoint local;

  fail_unless (spead2_receiver_get_local (receiver, &local, NULL));
  memcpy (
      &to, &g_array_index (addresses, Spead2Endpoint, i).address, sizeof to);
  to.sin_port = htons (local.port);
  fail_unless_equals_int (sendto (sender, packet->bytes, packet->size, 0,
                              (struct sockaddr *) &to, sizeof to),
      packet->size);
}

/* 100 bytes of a heap, from offset on. */
static void
send_part (guint i, guint64 cnt, gsize length, gsize offset)
{
  g_autofree Packet *packet = g_new (Packet, 1);
  guint8 payload[100];

  memset (payload, cnt, sizeof payload);
  packet_standard (packet, cnt, length, offset, sizeof payload);
  packet_payload (packet, payload, sizeof payload);
  send_packet (i, packet);
}

static void
send_heap (guint i, guint64 cnt)
{
  send_part (i, cnt, 100, 0);
}

static gpointer
send_for_ever (gpointer ended)
{
  guint64 cnt;

  for (cnt = 1; !g_atomic_int_get ((gint *) ended); cnt++) {
    send_part (0, cnt, 200, 0);
    if (cnt % 2)
      send_part (0, cnt, 200, 100);
  }
  return NULL;
}

/* -- heaps -------------------------------------------------------------------------------- */

static void
check_heap (const Spead2ReceivedHeap *heap)
{
  gsize i;

  fail_unless_equals_int (heap->end, SPEAD2_HEAP_COMPLETE);
  for (i = 0; i < heap->length; i++)
    fail_unless_equals_int (heap->payload[i], (guint8) heap->cnt);
  g_array_append_val (taken, heap->cnt);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  return *(const guint64 *) a < *(const guint64 *) b ? -1 : 1;
}

/* Takes n heaps, which have to come. */
static void
take (guint n)
{
  while (taken->len < n) {
    Spead2ReadyStatus status;
    Spead2ReceivedHeap *heap,
        *heaps = spead2_receiver_take (
            receiver, spead2_now () + 30 * SPEAD2_SECOND, ALL, &status);

    fail_unless (heaps != NULL, "%u of %u heaps came", taken->len, n);
    for (heap = heaps; heap; heap = heap->next)
      check_heap (heap);
    spead2_receiver_give_back (receiver, heaps);
  }
  g_array_sort (taken, compare);
}

/* Takes those, in whatever order. */
static void
check_taken (guint64 lowest, guint n)
{
  guint i;

  take (n);
  fail_unless_equals_int (taken->len, n);
  for (i = 0; i < n; i++)
    fail_unless_equals_uint64 (g_array_index (taken, guint64, i), lowest + i);
  g_array_set_size (taken, 0);
}

static Spead2ReceiverStats
get_stats (void)
{
  Spead2ReceiverStats stats;

  spead2_receiver_get_stats (receiver, &stats);
  return stats;
}

static Spead2ReadyStatus
take_nothing (guint64 deadline)
{
  Spead2ReadyStatus status;

  fail_unless (spead2_receiver_take (receiver, deadline, ALL, &status) == NULL);
  return status;
}

/* -- sockets and workers -------------------------------------------------------------------- */

GST_START_TEST (heaps_arrive_and_are_counted)
{
  Spead2ReceiverStats stats;
  guint i;

  start_one ();
  for (i = 0; i < 20; i++)
    send_heap (0, i);
  send_part (0, 20, 200, 100);
  send_part (0, 20, 200, 0);
  send_part (0, 20, 200, 0);
  check_taken (0, 21);
  wait_until (get_stats ().assembler.packets[SPEAD2_PACKET_DUPLICATE] == 1);
  stats = get_stats ();
  fail_unless_equals_uint64 (stats.assembler.datagrams, 23);
  fail_unless_equals_uint64 (stats.reader.datagrams, 23);
  fail_unless_equals_uint64 (
      stats.assembler.packets[SPEAD2_PACKET_ACCEPTED], 22);
  fail_unless_equals_uint64 (stats.assembler.heaps_started, 21);
  fail_unless_equals_uint64 (
      stats.assembler.heaps_ended[SPEAD2_HEAP_COMPLETE], 21);
  fail_unless_equals_uint64 (stats.ready.pushed, 21);
  fail_unless_equals_uint64 (stats.ready.taken, 21);
  fail_unless_equals_int (stats.n_sockets, 1);
  fail_unless_equals_int (stats.n_threads, 1);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (each_of_several_workers_has_a_socket_and_its_heaps)
{
  guint i;

  open_receiver (GROUPS, 2);
  start ();
  wait_until (g_atomic_int_get (&n_started) == 0x11);
  fail_unless_equals_int (count_threads (NAME), 2);
  /* The heap counters of the two senders agree. */
  for (i = 0; i < 4; i++) {
    send_part (0, i, 200, 0);
    send_part (1, i, 200, 0);
  }
  wait_until (get_stats ().live == 8);
  fail_unless_equals_uint64 (
      get_stats ().live_bytes, 8 * (200 + SPEAD2_PAYLOAD_ALIGNMENT));
  for (i = 0; i < 4; i++) {
    send_part (1, i, 200, 100);
    send_part (0, i, 200, 100);
  }
  take (8);
  for (i = 0; i < 8; i++)
    fail_unless_equals_uint64 (g_array_index (taken, guint64, i), i / 2);
  fail_unless_equals_int (get_stats ().n_sockets, 2);
  fail_unless_equals_int (get_stats ().n_threads, 2);
  close_receiver ();
  fail_unless_equals_int (n_stopped, 0x11);
}
GST_END_TEST;

/* 20 groups are what a socket can be a member of. */
GST_START_TEST (one_worker_reads_several_sockets)
{
  open_receiver ("239.255.77.1+20", 1);
  start ();
  send_heap (0, 0);
  send_heap (19, 1);
  send_heap (20, 2);
  check_taken (0, 3);
  fail_unless_equals_int (get_stats ().n_sockets, 2);
  fail_unless_equals_int (get_stats ().n_threads, 1);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (what_was_queued_before_the_start_is_discarded)
{
  open_receiver ("127.0.0.1", 1);
  send_heap (0, 7);
  send_heap (0, 8);
  start ();
  send_heap (0, 1);
  check_taken (1, 1);
  fail_unless_equals_uint64 (get_stats ().reader.discarded, 2);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_second_run_counts_anew)
{
  start_one ();
  send_heap (0, 1);
  check_taken (1, 1);
  spead2_receiver_stop (receiver);
  wait_until (count_threads (NAME) == 0);
  /* What it counted can be read until then. */
  fail_unless_equals_uint64 (get_stats ().ready.taken, 1);
  send_heap (0, 2);
  start ();
  fail_unless_equals_uint64 (get_stats ().ready.taken, 0);
  fail_unless_equals_uint64 (get_stats ().assembler.datagrams, 0);
  /* Its counter was that of a heap before. */
  send_heap (0, 1);
  check_taken (1, 1);
  fail_unless_equals_uint64 (get_stats ().reader.discarded, 1);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (an_outside_socket_is_given_back_as_it_was)
{
  Spead2ReceiverSockets sockets = {.n_threads = 4};
  struct sockaddr_in local = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gint flags;

  fail_unless (bind (fd, (struct sockaddr *) &local, sizeof local) == 0);
  flags = fcntl (fd, F_GETFL);
  sockets.fd = fd;
  receiver = new_receiver ("127.0.0.1", 1, &sockets, NULL);
  fail_unless (receiver != NULL);
  start ();
  send_heap (0, 1);
  check_taken (1, 1);
  fail_unless_equals_int (get_stats ().n_threads, 1);
  close_receiver ();
  fail_unless_equals_int (fcntl (fd, F_GETFL), flags);
  close (fd);
}
GST_END_TEST;

/* -- ends ------------------------------------------------------------------------------------ */

GST_START_TEST (a_stop_returns_while_packets_come_in)
{
  gint ended = FALSE;
  GThread *thread;
  guint i;

  open_receiver ("127.0.0.1", 1);
  config.leak = SPEAD2_LEAK_DOWNSTREAM;
  thread = g_thread_new ("sender", send_for_ever, &ended);
  for (i = 0; i < 5; i++) {
    start ();
    wait_until (get_stats ().ready.pushed > 100);
    spead2_receiver_stop (receiver);
    /* Those that were ready, live, or given back. */
    fail_unless_equals_int (n_blocks (), 0);
    fail_unless_equals_int (get_stats ().ready.ready, 0);
  }
  g_atomic_int_set (&ended, TRUE);
  g_thread_join (thread);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_stop_ends_a_worker_that_waits_for_space)
{
  guint i;

  config.ready.heaps = 2;
  start_one ();
  for (i = 0; i < 3; i++)
    send_heap (0, i);
  wait_until (get_stats ().ready.waits == 1);
  spead2_receiver_stop (receiver);
  fail_unless_equals_uint64 (get_stats ().ready.cleared, 3);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (heaps_under_assembly_end_with_the_run)
{
  start_one ();
  send_part (0, 1, 200, 0);
  wait_until (get_stats ().live == 1);
  spead2_receiver_stop (receiver);
  fail_unless_equals_int (get_stats ().live, 0);
  fail_unless_equals_uint64 (
      get_stats ().assembler.heaps_ended[SPEAD2_HEAP_STOPPED], 1);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_flush_releases_what_is_ready_and_keeps_what_is_live)
{
  start_one ();
  send_part (0, 1, 200, 0);
  send_heap (0, 2);
  send_heap (0, 3);
  wait_until (get_stats ().ready.ready == 2);
  fail_unless_equals_int (n_blocks (), 3);
  spead2_receiver_flush (receiver);
  fail_unless_equals_int (n_blocks (), 1);
  fail_unless_equals_uint64 (get_stats ().ready.cleared, 2);
  send_part (0, 1, 200, 100);
  check_taken (1, 1);
  close_receiver ();
}
GST_END_TEST;

/* -- the consumer ------------------------------------------------------------------------------ */

static gpointer
take_for_ever (gpointer data)
{
  return GINT_TO_POINTER (take_nothing (EVER));
}

GST_START_TEST (an_interrupted_consumer_leaves_heaps_ready)
{
  GThread *thread;

  start_one ();
  fail_unless_equals_int (take_nothing (0), SPEAD2_READY_TIME_OUT);
  thread = g_thread_new ("consumer", take_for_ever, NULL);
  wait_asleep ("consumer");
  spead2_receiver_set_interrupted (receiver, TRUE);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), SPEAD2_READY_INTERRUPTED);
  send_heap (0, 1);
  wait_until (get_stats ().ready.ready == 1);
  fail_unless_equals_int (take_nothing (EVER), SPEAD2_READY_INTERRUPTED);
  spead2_receiver_set_interrupted (receiver, FALSE);
  check_taken (1, 1);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (an_interruption_before_the_start_holds_after_it)
{
  open_receiver ("127.0.0.1", 1);
  spead2_receiver_set_interrupted (receiver, TRUE);
  start ();
  fail_unless_equals_int (take_nothing (EVER), SPEAD2_READY_INTERRUPTED);
  close_receiver ();
}
GST_END_TEST;

/* The worker releases the memory of a heap that is given back, and makes the next one
 * of it. */
GST_START_TEST (heaps_that_are_given_back_are_used_again)
{
  Spead2ReadyStatus status;
  Spead2ReceivedHeap *first, *second, *third;

  start_one ();
  send_heap (0, 1);
  first = spead2_receiver_take (receiver, EVER, ALL, &status);
  spead2_receiver_give_back (receiver, first);
  send_heap (0, 2);
  wait_until (get_stats ().ready.ready == 1 && n_blocks () == 1);
  second = spead2_receiver_take (receiver, EVER, ALL, &status);
  fail_unless_equals_uint64 (second->cnt, 2);
  spead2_receiver_give_back (receiver, second);
  wait_until (n_blocks () == 0);
  send_heap (0, 3);
  third = spead2_receiver_take (receiver, EVER, ALL, &status);
  fail_unless (third == first || third == second);
  fail_unless_equals_uint64 (third->cnt, 3);
  spead2_receiver_give_back (receiver, third);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (memory_that_is_taken_out_of_a_heap_is_the_takers)
{
  Spead2HeapMemory memory;
  Spead2ReadyStatus status;
  Spead2ReceivedHeap *heap;

  start_one ();
  send_heap (0, 1);
  heap = spead2_receiver_take (receiver, EVER, ALL, &status);
  memory = heap->memory;
  heap->memory.data = NULL;
  spead2_receiver_give_back (receiver, heap);
  spead2_receiver_stop (receiver);
  fail_unless_equals_int (n_blocks (), 1);
  release (&receiver, &memory);
  close_receiver ();
}
GST_END_TEST;

/* -- limits --------------------------------------------------------------------------------------- */

GST_START_TEST (a_full_queue_holds_the_worker_back)
{
  guint i;

  config.ready.bytes = 2048; /* two heaps, which count as 1024 bytes at least */
  start_one ();
  for (i = 0; i < 5; i++)
    send_heap (0, i);
  wait_until (get_stats ().ready.waits == 1);
  fail_unless_equals_uint64 (get_stats ().ready.ready_bytes, 2048);
  check_taken (0, 5);
  fail_unless_equals_uint64 (get_stats ().ready.dropped, 0);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_leak_upstream_drops_what_arrives)
{
  guint i;

  config.ready.heaps = 2;
  config.leak = SPEAD2_LEAK_UPSTREAM;
  start_one ();
  for (i = 0; i < 5; i++)
    send_heap (0, i);
  wait_until (get_stats ().ready.dropped == 3 && n_blocks () == 2);
  check_taken (0, 2);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_leak_downstream_drops_the_oldest)
{
  guint i;

  config.ready.heaps = 2;
  config.leak = SPEAD2_LEAK_DOWNSTREAM;
  start_one ();
  for (i = 0; i < 5; i++)
    send_heap (0, i);
  wait_until (get_stats ().ready.dropped == 3 && n_blocks () == 2);
  check_taken (3, 2);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (without_memory_packets_are_dropped_and_counted)
{
  no_memory = TRUE;
  start_one ();
  send_heap (0, 1);
  wait_until (get_stats ().assembler.packets[SPEAD2_PACKET_NO_MEMORY] == 1);
  g_atomic_int_set (&no_memory, FALSE);
  send_heap (0, 2);
  check_taken (2, 1);
  close_receiver ();
}
GST_END_TEST;

/* -- errors ---------------------------------------------------------------------------------------- */

GST_START_TEST (a_port_that_is_taken_is_an_error)
{
  Spead2ReceiverSockets sockets = {.fd = -1};
  Spead2Endpoint local;
  GError *error = NULL;

  open_receiver ("127.0.0.1", 1);
  fail_unless (spead2_receiver_get_local (receiver, &local, NULL));
  fail_unless (
      new_receiver ("127.0.0.1", local.port, &sockets, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERRNO, EADDRINUSE));
  g_clear_error (&error);
  close_receiver ();
}
GST_END_TEST;

static void
start_fails (GQuark domain, gint code)
{
  GError *error = NULL;

  fail_if (spead2_receiver_start (receiver, &config, &error));
  fail_unless (error->domain == domain, "%s", error->message);
  if (code >= 0)
    fail_unless_equals_int (error->code, code);
  g_clear_error (&error);
  wait_until (count_threads (NAME) == 0);
  fail_unless_equals_int (n_started, n_stopped);
}

/* The second worker cannot start: the first one is stopped. */
GST_START_TEST (a_cpu_that_does_not_exist_starts_no_worker)
{
  Spead2ReceiverSockets sockets = {
      .fd = -1, .n_threads = 2, .ifaces = "lo", .join = TRUE};
  guint cpus[] = {0, CPU_SETSIZE - 1};
  GError *error = NULL;

  sockets.cpus = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_vals ((GArray *) sockets.cpus, cpus, 2);
  receiver = new_receiver (GROUPS, 0, &sockets, &error);
  g_array_unref ((GArray *) sockets.cpus);
  fail_unless (receiver != NULL);
  start_fails (SPEAD2_ERRNO, -1);
  send_heap (0, 1);
  start_fails (SPEAD2_ERRNO, -1);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_group_that_cannot_be_joined_starts_no_worker)
{
  Spead2ReceiverSockets sockets = {
      .fd = -1, .ifaces = "no-such-iface", .join = TRUE};

  receiver = new_receiver (GROUPS, 0, &sockets, NULL);
  fail_unless (receiver != NULL);
  start_fails (SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND);
  close_receiver ();
}
GST_END_TEST;

GST_START_TEST (a_receiver_that_was_never_started_has_counted_nothing)
{
  Spead2ReceiverStats stats;
  gint fd;

  open_receiver ("127.0.0.1", 1);
  spead2_receiver_stop (receiver);
  spead2_receiver_flush (receiver);
  stats = get_stats ();
  fail_unless_equals_uint64 (stats.assembler.datagrams, 0);
  fail_unless_equals_uint64 (stats.kernel.size, 0);
  fail_unless_equals_int (stats.n_sockets, 1);
  fd = spead2_receiver_dup_fd (receiver, NULL);
  fail_unless (fd >= 0);
  close (fd);
  close_receiver ();
}
GST_END_TEST;

static Suite *
receiver_suite (void)
{
  Suite *suite = suite_create ("receiver");
  TCase *tc = tcase_create ("receiver");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, heaps_arrive_and_are_counted);
  tcase_add_test (tc, each_of_several_workers_has_a_socket_and_its_heaps);
  tcase_add_test (tc, one_worker_reads_several_sockets);
  tcase_add_test (tc, what_was_queued_before_the_start_is_discarded);
  tcase_add_test (tc, a_second_run_counts_anew);
  tcase_add_test (tc, an_outside_socket_is_given_back_as_it_was);
  tcase_add_test (tc, a_stop_returns_while_packets_come_in);
  tcase_add_test (tc, a_stop_ends_a_worker_that_waits_for_space);
  tcase_add_test (tc, heaps_under_assembly_end_with_the_run);
  tcase_add_test (tc, a_flush_releases_what_is_ready_and_keeps_what_is_live);
  tcase_add_test (tc, an_interrupted_consumer_leaves_heaps_ready);
  tcase_add_test (tc, an_interruption_before_the_start_holds_after_it);
  tcase_add_test (tc, heaps_that_are_given_back_are_used_again);
  tcase_add_test (tc, memory_that_is_taken_out_of_a_heap_is_the_takers);
  tcase_add_test (tc, a_full_queue_holds_the_worker_back);
  tcase_add_test (tc, a_leak_upstream_drops_what_arrives);
  tcase_add_test (tc, a_leak_downstream_drops_the_oldest);
  tcase_add_test (tc, without_memory_packets_are_dropped_and_counted);
  tcase_add_test (tc, a_port_that_is_taken_is_an_error);
  tcase_add_test (tc, a_cpu_that_does_not_exist_starts_no_worker);
  tcase_add_test (tc, a_group_that_cannot_be_joined_starts_no_worker);
  tcase_add_test (tc, a_receiver_that_was_never_started_has_counted_nothing);
  return suite;
}

GST_CHECK_MAIN (receiver);
