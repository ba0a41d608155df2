/* Heaps through the sender: order, bounds, ends, numbers and rates, over
 * loopback behind a faulty network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "../../fakereceiver.h"
#include "../../tools.h"
#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/send/sender.h"

#define MS G_GUINT64_CONSTANT (1000000)
/* "At once", on a busy machine. */
#define SOON (10000 * MS)

/* How one heap ended. */
typedef struct {
  guint64 tag; /* in the order of the pushes */
  guint64 cnt;
  guint64 bytes;
  GQuark domain; /* 0: sent */
  gint code;
  guint destination; /* that the error names, from 1 on; 0: none */
} End;

#define N_DESTINATIONS 3

static gint sink;
static Spead2Endpoint destination;
static Spead2SenderConfig config;
static Spead2Sender *sender;
static GMutex lock;
static GArray *ends; /* End, guarded by lock */
static guint n_started, n_stopped;
static guint64 next_tag;
/* Heaps of the runs that push_many() pushes, where they may be so long. */
static guint run_length;
static guint8 payload[1 << 20];
static GstBufferPool *pool; /* tried when a heap is done */
static gint issued_early;
static gint n_refused; /* atomic: ICMP errors told of */

static gboolean
pool_has_buffer (GstBufferPool *from)
{
  GstBufferPoolAcquireParams params = {
      .flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
  GstBuffer *buffer = NULL;

  if (gst_buffer_pool_acquire_buffer (from, &buffer, &params) != GST_FLOW_OK)
    return FALSE;
  gst_buffer_unref (buffer);
  return TRUE;
}

static guint
named_destination (const gchar *message)
{
  guint i = config.n_destinations;

  while (i > 0 && !strstr (message, config.destinations[i - 1].text))
    i--;
  return i;
}

static void
heap_done (const Spead2HeapResult *result, gpointer user_data)
{
  End end = {
      .tag = spead2_pointer_value (
                 result->heap->flavour, result->heap->pointers[0]) +
          result->index,
      .cnt = result->cnt,
      .bytes = result->bytes,
  };

  if (result->error) {
    end.domain = result->error->domain;
    end.code = result->error->code;
    end.destination = named_destination (result->error->message);
  }
  if (pool && pool_has_buffer (pool))
    g_atomic_int_set (&issued_early, TRUE);
  g_mutex_lock (&lock);
  g_array_append_val (ends, end);
  g_mutex_unlock (&lock);
}

static void
icmp_errors (
    const Spead2Endpoint *from, gint errnum, guint n, gpointer user_data)
{
  fail_unless_equals_int (errnum, ECONNREFUSED);
  g_atomic_int_add (&n_refused, n);
}

static void
worker_started (guint worker, gpointer user_data)
{
  g_mutex_lock (&lock);
  n_started++;
  g_mutex_unlock (&lock);
}

static void
worker_stopped (guint worker, gpointer user_data)
{
  g_mutex_lock (&lock);
  n_stopped++;
  g_mutex_unlock (&lock);
}

static guint
n_ends (void)
{
  guint n;

  g_mutex_lock (&lock);
  n = ends->len;
  g_mutex_unlock (&lock);
  return n;
}

static const End *
end_at (guint index)
{
  g_assert (index < ends->len);
  return &g_array_index (ends, End, index);
}

static void
setup (void)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  guint i;

  faults_reset ();
  sink = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (bind (sink, (struct sockaddr *) &address, size) == 0);
  fail_unless (getsockname (sink, (struct sockaddr *) &address, &size) == 0);

  memset (&config, 0, sizeof config);
  spead2_packet_config_init (&config.packet, 40, 8972);
  fail_unless (spead2_endpoint_resolve (&destination, "127.0.0.1",
      ntohs (address.sin_port), AF_UNSPEC, NULL, NULL));
  config.destinations = &destination;
  config.n_destinations = 1;
  config.fd = -1;
  config.socket.ttl = 64;
  config.socket.ttl_mc = 1;
  config.socket.dscp = -1;
  config.n_workers = 1;
  config.interleave = 1;
  config.max_heaps = 256;
  config.burst_size = 65536;
  config.burst_rate_ratio = 1.05;
  config.cnt_start = config.cnt_step = 1;
  run_length = 1;
  ends = g_array_new (FALSE, FALSE, sizeof (End));
  for (i = 0; i < sizeof payload; i++)
    payload[i] = i * 31 + i / 256;
}

static void
teardown (void)
{
  g_clear_pointer (&sender, spead2_sender_free);
  g_array_unref (ends);
  faults_reset ();
  if (sink >= 0)
    close (sink);
}

static void
open_sender (void)
{
  static const Spead2SenderCallbacks callbacks = {.heap_done = heap_done,
      .icmp_errors = icmp_errors,
      .worker_started = worker_started,
      .worker_stopped = worker_stopped};
  GError *error = NULL;

  fail_unless (spead2_packet_config_check (&config.packet, NULL));
  sender = spead2_sender_new (&config, &callbacks, NULL, &error);
  fail_unless (sender != NULL, "%s", error ? error->message : "");
}

static void
start (void)
{
  fail_unless (spead2_sender_start (sender, NULL));
}

/* Its first item is its number, its payload begins at that place. */
static Spead2Heap *
make_heap (gsize length, guint flags)
{
  Spead2Heap *heap = spead2_heap_new (config.packet.flavour);
  guint64 tag = next_tag++;
  GBytes *bytes =
      g_bytes_new_static (payload + (length < 65536 ? tag : 0), length);

  heap->flags |= flags;
  g_assert (spead2_heap_add_immediate (
      heap, 0x1600, tag & spead2_flavour_max_value (heap->flavour), NULL));
  g_assert (spead2_heap_add_addressed (heap, 0x3300, NULL));
  g_assert (spead2_heap_append_bytes (heap, bytes, NULL));
  g_bytes_unref (bytes);
  return heap;
}

static Spead2SenderStatus
push_heap (Spead2Heap *heap, GError **error)
{
  guint n_pushed;
  Spead2SenderStatus status =
      spead2_sender_push (sender, &heap, 1, &n_pushed, error);

  fail_unless_equals_int (n_pushed, status == SPEAD2_SENDER_OK ? 1 : 0);
  return status;
}

static void
push (gsize length, guint flags)
{
  Spead2Heap *heap = make_heap (length, flags);

  fail_unless_equals_int (push_heap (heap, NULL), SPEAD2_SENDER_OK);
}

/* n heaps as make_heap() makes them, as a run. */
static Spead2Heap *
make_run (guint n, gsize length)
{
  Spead2Heap *run = spead2_heap_new (config.packet.flavour);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, n * length, NULL);
  Spead2MappedBuffer *mapped;
  guint i;

  for (i = 0; i < n; i++)
    gst_buffer_fill (buffer, i * length, payload + next_tag + i, length);
  mapped = spead2_mapped_buffer_new (buffer, NULL);
  g_assert (spead2_heap_add_immediate (
      run, 0x1600, next_tag & spead2_flavour_max_value (run->flavour), NULL));
  spead2_heap_step_immediate (run, 1, run->flavour);
  g_assert (spead2_heap_add_addressed (run, 0x3300, NULL));
  g_assert (spead2_heap_append_run (run, mapped, 0, length, n, NULL));
  spead2_mapped_buffer_unref (mapped);
  gst_buffer_unref (buffer);
  next_tag += n;
  return run;
}

static void
push_many (guint n, gsize length)
{
  guint most = MIN (run_length, spead2_sender_max_run (sender, length));

  for (; n > 0 && most == 1; n--)
    push (length, 0);
  for (; n > 0; n -= MIN (n, most))
    fail_unless_equals_int (
        push_heap (make_run (MIN (n, most), length), NULL), SPEAD2_SENDER_OK);
}

static void
drain (void)
{
  fail_unless_equals_int (
      spead2_sender_drain (sender, FALSE), SPEAD2_SENDER_OK);
}

/* Completions in the order of the pushes, once each, and the sums. */
static void
check_ends (guint n)
{
  Spead2SenderStats stats;
  guint64 sent = 0, dropped = 0, bytes = 0;
  FaultsCounts counts;
  guint i;

  fail_unless_equals_int (n_ends (), n);
  for (i = 0; i < n; i++) {
    const End *end = end_at (i);

    if (end->tag != i)
      fail ("end %u is of heap %" G_GUINT64_FORMAT, i, end->tag);
    sent += end->domain == 0;
    dropped += end->domain == SPEAD2_ERROR && end->code == SPEAD2_ERROR_DROPPED;
    bytes += end->bytes;
    if (end->domain == SPEAD2_ERROR && end->code == SPEAD2_ERROR_DROPPED &&
        end->bytes != 0)
      fail ("heap %u was dropped and sent", i);
  }
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heaps_pushed, n);
  fail_unless_equals_uint64 (stats.heaps_sent, sent);
  fail_unless_equals_uint64 (stats.heaps_dropped, dropped);
  fail_unless_equals_uint64 (stats.heaps_failed, n - sent - dropped);
  fail_unless_equals_int (stats.outstanding, 0);
  fail_unless_equals_uint64 (stats.writer.bytes, bytes);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.bytes, bytes);
}

static void
check_all_sent (guint n)
{
  guint i;

  check_ends (n);
  for (i = 0; i < n; i++) {
    if (end_at (i)->domain != 0)
      fail ("heap %u failed", i);
    if (end_at (i)->cnt != i + 1)
      fail ("heap %u has number %" G_GUINT64_FORMAT, i, end_at (i)->cnt);
  }
}

/* What was captured, to a receiver: n heaps of that length, intact. */
static void
check_received (guint n, gsize length)
{
  FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
  gsize i, n_datagrams = faults_n_datagrams ();

  for (i = 0; i < n_datagrams; i++) {
    gsize size;
    const guint8 *bytes = faults_datagram (i, &size);

    if (!fake_receiver_feed (receiver, bytes, size))
      fail ("%s", fake_receiver_error (receiver));
  }
  fail_unless_equals_int (fake_receiver_n_complete (receiver), n);
  for (i = 0; i < n; i++) {
    const FakeHeap *heap = fake_receiver_heap_by_cnt (receiver, i + 1);
    guint64 tag;

    if (heap == NULL || !heap->complete || heap->payload_size != length ||
        !fake_heap_immediate (heap, 0x1600, &tag) || tag != i ||
        memcmp (heap->payload, payload + i, length) != 0)
      fail ("heap %" G_GSIZE_FORMAT " is not what was pushed", i + 1);
  }
  fake_receiver_free (receiver);
}

static guint64
datagram_cnt (gsize index)
{
  gsize size;
  const guint8 *bytes = faults_datagram (index, &size);
  guint64 value;

  g_assert (size >= 40);
  memcpy (&value, bytes + 8, sizeof value);
  return GUINT64_FROM_BE (value) & ((G_GUINT64_CONSTANT (1) << 40) - 1);
}

/* -- messages ----------------------------------------------------------------- */

/* As long as the queue is full, messages are: 7 packets of 8248 bytes. */
GST_START_TEST (test_full_messages)
{
  FaultsMessage message;
  guint i;

  run_length = 1 + 4 * __i__;
  open_sender ();
  faults_capture (TRUE, TRUE);
  push_many (256, 8192);
  start ();
  push_many (744, 8192);
  drain ();
  check_all_sent (1000);
  check_received (1000, 8192);
  for (i = 0; i < 252 / 7; i++) {
    fail_unless (faults_message (i, &message));
    fail_unless_equals_uint64 (message.n_segments, 7);
    fail_unless_equals_uint64 (message.bytes, 7 * 8248);
  }
}
GST_END_TEST

/* Also where a message ends within a run. */
GST_START_TEST (test_one_message_fails)
{
  guint i;

  run_length = 1 + 4 * __i__;
  open_sender ();
  push_many (28, 8192);
  /* Once behind the count of the first message, once seen. */
  faults_fail_message (1, 2, EPERM);
  start ();
  drain ();
  check_ends (28);
  for (i = 0; i < 28; i++) {
    const End *end = end_at (i);
    gboolean fails = i >= 7 && i < 14;

    fail_unless_equals_int (end->domain, fails ? SPEAD2_ERRNO : 0);
    fail_unless_equals_int (end->code, fails ? EPERM : 0);
    fail_unless_equals_uint64 (end->bytes, fails ? 0 : 8248);
    fail_unless_equals_uint64 (end->cnt, i + 1);
  }
}
GST_END_TEST

GST_START_TEST (test_random_faults)
{
  static const gint errnums[] = {EAGAIN, ENOBUFS, EINTR, ECONNREFUSED, EINVAL,
      EMSGSIZE, EPERM, ENETUNREACH};

  config.n_workers = __i__ % 2 + 1;
  run_length = __i__ < 10 ? 1 : __i__;
  open_sender ();
  faults_random (__i__ + 1, 0.1, 0.2, errnums, G_N_ELEMENTS (errnums));
  start ();
  push_many (500, 20000);
  drain ();
  check_ends (500);
}
GST_END_TEST

/* -- runs ----------------------------------------------------------------------- */

/* What happens to 40 heaps of three packets that were pushed before the start: message i
 * fails, and more behind it; or the network takes i messages before a flush. */
static void
end_heaps (guint length, guint i, gint errnum)
{
  run_length = length;
  open_sender ();
  push_many (40, 20000);
  if (errnum != 0)
    faults_fail_message (i, 1 + 2 * (i % 2), errnum);
  else
    faults_block_after (i);
  faults_capture (TRUE, FALSE);
  start ();
  if (errnum == 0) {
    wait_until (faults_n_messages () >= i);
    spead2_sender_flush (sender);
  }
  drain ();
  check_ends (40);
}

/* The heaps of runs end as they do one by one. */
static void
compare_ends (guint i, gint errnum)
{
  static const guint lengths[] = {2, 7, 12};
  GArray *expected;
  guint k, heap;

  end_heaps (1, i, errnum);
  expected = g_steal_pointer (&ends);
  for (k = 0; k < G_N_ELEMENTS (lengths); k++) {
    g_clear_pointer (&sender, spead2_sender_free);
    faults_reset ();
    g_clear_pointer (&ends, g_array_unref);
    ends = g_array_new (FALSE, FALSE, sizeof (End));
    next_tag = 0;
    end_heaps (lengths[k], i, errnum);
    for (heap = 0; heap < 40; heap++) {
      const End *end = end_at (heap);
      const End *single = &g_array_index (expected, End, heap);

      if (end->cnt != single->cnt || end->bytes != single->bytes ||
          end->domain != single->domain || end->code != single->code ||
          end->destination != single->destination)
        fail ("heap %u, runs of %u: number %" G_GUINT64_FORMAT
              ", %" G_GUINT64_FORMAT " bytes, %d; alone %" G_GUINT64_FORMAT
              ", %" G_GUINT64_FORMAT ", %d",
            heap, lengths[k], end->cnt, end->bytes, end->code, single->cnt,
            single->bytes, single->code);
    }
  }
  g_array_unref (expected);
}

GST_START_TEST (test_a_message_of_runs_fails)
{
  compare_ends (__i__, EPERM);
}
GST_END_TEST

GST_START_TEST (test_flush_in_a_run)
{
  compare_ends (__i__ + 1, 0);
}
GST_END_TEST

/* Heaps in turn to several destinations, which count for themselves or do not. */
static void
compare_ends_in_turn (guint i, gint errnum)
{
  Spead2Endpoint endpoints[N_DESTINATIONS];
  FakeReceiver *listeners[N_DESTINATIONS];
  guint k;

  for (k = 0; k < N_DESTINATIONS; k++) {
    listeners[k] = fake_receiver_new (AF_INET);
    fail_unless (spead2_endpoint_resolve (&endpoints[k], "127.0.0.1",
        fake_receiver_port (listeners[k]), AF_UNSPEC, NULL, NULL));
  }
  config.destinations = endpoints;
  config.n_destinations = N_DESTINATIONS;
  config.count_each = i % 2 == 0;
  compare_ends (i, errnum);
  for (k = 0; k < N_DESTINATIONS; k++)
    fake_receiver_free (listeners[k]);
}

GST_START_TEST (test_a_message_of_runs_in_turn_fails)
{
  compare_ends_in_turn (__i__, EPERM);
}
GST_END_TEST

GST_START_TEST (test_flush_in_a_run_in_turn)
{
  compare_ends_in_turn (__i__ + 1, 0);
}
GST_END_TEST

/* Of heaps that a slow rate sends: those of which no packet has gone are dropped, others
 * are cut short. */
GST_START_TEST (test_flush_in_a_run_of_a_rate)
{
  FaultsCounts counts;
  guint i, n_numbered = 0;

  config.rate = 1e5;
  run_length = 6;
  open_sender ();
  start ();
  push_many (6, 20000);
  wait_until ((faults_get_counts (&counts), counts.messages > 0));
  spead2_sender_flush (sender);
  check_ends (6);
  for (i = 0; i < 6; i++)
    n_numbered += end_at (i)->cnt != SPEAD2_NO_HEAP_CNT;
  fail_unless_equals_int (end_at (n_numbered - 1)->cnt, n_numbered);
  fail_unless (n_numbered < 6);
  config.rate = 0;
  spead2_sender_set_rate (sender, 0, config.burst_size, 1);
  push_many (6, 20000);
  drain ();
  check_ends (12);
  for (i = 6; i < 12; i++)
    fail_unless_equals_uint64 (end_at (i)->cnt, n_numbered + i - 5);
}
GST_END_TEST

/* The owner numbers the heaps of a run, too. */
GST_START_TEST (test_chosen_numbers_of_a_run)
{
  Spead2Heap *run;
  guint i;

  open_sender ();
  faults_capture (TRUE, TRUE);
  start ();
  push (100, 0);
  run = make_run (5, 100);
  run->flags |= SPEAD2_HEAP_HAS_CNT;
  run->cnt = (G_GUINT64_CONSTANT (1) << 40) - 3;
  run->cnt_step = 2;
  fail_unless_equals_int (push_heap (run, NULL), SPEAD2_SENDER_OK);
  push (100, 0);
  drain ();
  check_ends (7);
  for (i = 0; i < 7; i++) {
    static const guint64 numbers[] = {1, (G_GUINT64_CONSTANT (1) << 40) - 3,
        (G_GUINT64_CONSTANT (1) << 40) - 1, 1, 3, 5, 2};

    fail_unless_equals_uint64 (end_at (i)->cnt, numbers[i]);
    fail_unless_equals_uint64 (datagram_cnt (i), numbers[i]);
  }
}
GST_END_TEST

GST_START_TEST (test_stop_heap)
{
  FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
  Spead2SenderStats stats;
  gsize size, i;

  open_sender ();
  faults_capture (TRUE, TRUE);
  start ();
  push (8192, 0);
  fail_unless_equals_int (
      push_heap (spead2_heap_new_control (40, SPEAD2_CTRL_STOP), NULL),
      SPEAD2_SENDER_OK);
  drain ();
  fail_unless_equals_int (n_ends (), 2);
  fail_unless_equals_uint64 (end_at (1)->bytes, 57);
  fail_unless_equals_uint64 (end_at (1)->cnt, 2);
  for (i = 0; i < faults_n_datagrams (); i++) {
    const guint8 *bytes = faults_datagram (i, &size);

    fail_unless (fake_receiver_feed (receiver, bytes, size));
  }
  fail_unless_equals_int (fake_receiver_saw_stop (receiver), 1);
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heaps_pushed, 1);
  fail_unless_equals_uint64 (stats.heaps_sent, 1);
  fail_unless_equals_uint64 (stats.payload_bytes, 8192);
  fail_unless_equals_uint64 (stats.writer.bytes, 8248 + 57);
  fake_receiver_free (receiver);
}
GST_END_TEST

/* -- bounds ---------------------------------------------------------------------- */

static gint push_returned;
static glong push_sleeps; /* how often its thread went to sleep */

static glong
count_sleeps (void)
{
  struct rusage usage;

  fail_unless_equals_int (getrusage (RUSAGE_THREAD, &usage), 0);
  return usage.ru_nvcsw;
}

static gpointer
push_one (gpointer data)
{
  glong before = count_sleeps ();
  Spead2SenderStatus status = push_heap (data, NULL);

  push_sleeps = count_sleeps () - before;
  g_atomic_int_set (&push_returned, TRUE);
  return GINT_TO_POINTER (status);
}

static gpointer
drain_interruptibly (gpointer data)
{
  return GINT_TO_POINTER (spead2_sender_drain (sender, TRUE));
}

GST_START_TEST (test_bounded)
{
  Spead2SenderStats stats;
  Spead2Heap *heap;
  GThread *thread;

  config.max_heaps = 4;
  open_sender ();
  push_many (4, 8192);
  heap = make_heap (8192, 0);
  thread = g_thread_new ("push", push_one, heap);
  pass_time (50000);
  fail_if (g_atomic_int_get (&push_returned));
  spead2_sender_set_interrupted (sender, TRUE);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), SPEAD2_SENDER_INTERRUPTED);
  /* It looked whether there was room now and then, but not for ever. */
  fail_unless (push_sleeps < 50, "%ld times", push_sleeps);
  thread = g_thread_new ("drain", drain_interruptibly, NULL);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), SPEAD2_SENDER_INTERRUPTED);
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_int (stats.outstanding, 4);

  /* The same heap again, which waits until there is room. */
  spead2_sender_set_interrupted (sender, FALSE);
  thread = g_thread_new ("push", push_one, heap);
  wait_asleep ("push");
  start ();
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), SPEAD2_SENDER_OK);
  push_many (100, 8192);
  drain ();
  check_all_sent (105);
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_int (stats.peak_outstanding, 4);
}
GST_END_TEST

#define PACED_HEAPS 400

static gpointer
push_paced (gpointer data)
{
  glong before = count_sleeps ();

  push_many (PACED_HEAPS, 8192);
  push_sleeps = count_sleeps () - before;
  g_atomic_int_set (&push_returned, TRUE);
  return NULL;
}

/* Where the rate makes it wait, it is woken for three eighths of the heaps and does not
 * look before; those that have ended are not counted as outstanding meanwhile. */
GST_START_TEST (test_a_paced_push_sleeps)
{
  Spead2SenderStats stats;
  GThread *thread;

  config.max_heaps = 32;
  config.rate = 20e6;
  open_sender ();
  start ();
  thread = g_thread_new ("push", push_paced, NULL);
  while (!g_atomic_int_get (&push_returned)) {
    spead2_sender_get_stats (sender, &stats);
    fail_unless_equals_uint64 (stats.heaps_pushed,
        stats.heaps_sent + stats.heaps_failed + stats.heaps_dropped +
            stats.outstanding);
    pass_time (1000);
  }
  g_thread_join (thread);
  fail_unless (push_sleeps < PACED_HEAPS / 4, "%ld times", push_sleeps);
  drain ();
  check_all_sent (PACED_HEAPS);
}
GST_END_TEST

GST_START_TEST (test_flushing)
{
  Spead2Heap *heap;
  GThread *thread;

  config.max_heaps = 4;
  open_sender ();
  push_many (4, 8192);
  heap = make_heap (8192, 0);
  thread = g_thread_new ("push", push_one, heap);
  wait_asleep ("push");
  spead2_sender_set_flushing (sender, TRUE);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), SPEAD2_SENDER_FLUSHING);
  fail_unless_equals_int (
      spead2_sender_drain (sender, FALSE), SPEAD2_SENDER_FLUSHING);
  start ();
  spead2_sender_set_flushing (sender, FALSE);
  fail_unless_equals_int (push_heap (heap, NULL), SPEAD2_SENDER_OK);
  drain ();
  check_all_sent (5);
}
GST_END_TEST

GST_START_TEST (test_refused)
{
  GError *error = NULL;
  Spead2Heap *heap;
  guint i;

  config.packet.max_packet_size = 1472;
  config.packet.repeat_pointers = TRUE;
  open_sender ();
  heap = make_heap (100, 0);
  for (i = 0; i < 177; i++)
    fail_unless (spead2_heap_add_immediate (heap, 0x2000 + i, 0, NULL));
  fail_unless_equals_int (push_heap (heap, &error), SPEAD2_SENDER_REFUSED);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_error_free (error);
  spead2_heap_free (heap);
  check_ends (0);
}
GST_END_TEST

/* Several at once: those before a heap that cannot be sent are, and the rest
 * stays the caller's. */
GST_START_TEST (test_refused_among_many)
{
  Spead2Heap *heaps[5];
  GError *error = NULL;
  guint i, n_pushed;

  config.packet.repeat_pointers = TRUE;
  config.packet.max_packet_size = 1472;
  open_sender ();
  start ();
  for (i = 0; i < 5; i++)
    heaps[i] = make_heap (100, 0);
  for (i = 0; i < 200; i++)
    spead2_heap_add_immediate (heaps[3], 0x4000 + i, i, NULL);
  fail_unless_equals_int (
      spead2_sender_push (sender, heaps, 5, &n_pushed, &error),
      SPEAD2_SENDER_REFUSED);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_clear_error (&error);
  fail_unless_equals_int (n_pushed, 3);
  drain ();
  check_all_sent (3);
  fail_unless_equals_int (
      spead2_sender_push (sender, heaps + 4, 1, &n_pushed, &error),
      SPEAD2_SENDER_OK);
  spead2_heap_free (heaps[3]);
  drain ();
  fail_unless_equals_int (n_ends (), 4);
}
GST_END_TEST

/* An interruption says how many of the heaps were taken. */
GST_START_TEST (test_interrupted_among_many)
{
  Spead2Heap *heaps[7];
  guint i, n_pushed;

  config.max_heaps = 4;
  open_sender ();
  faults_block (TRUE);
  start ();
  for (i = 0; i < 7; i++)
    heaps[i] = make_heap (100, 0);
  spead2_sender_set_interrupted (sender, TRUE);
  fail_unless_equals_int (
      spead2_sender_push (sender, heaps, 7, &n_pushed, NULL),
      SPEAD2_SENDER_INTERRUPTED);
  fail_unless_equals_int (n_pushed, 4);
  spead2_sender_set_interrupted (sender, FALSE);
  faults_block (FALSE);
  fail_unless_equals_int (
      spead2_sender_push (sender, heaps + 4, 3, &n_pushed, NULL),
      SPEAD2_SENDER_OK);
  fail_unless_equals_int (n_pushed, 3);
  drain ();
  check_all_sent (7);
}
GST_END_TEST

GST_START_TEST (test_max_heaps)
{
  config.n_workers = 4;
  config.max_heaps = 8;
  open_sender ();
  start ();
  push_many (50, 100);
  drain ();
  spead2_sender_stop (sender);
  fail_unless_equals_int (n_started, 4);
  fail_unless_equals_int (n_stopped, 4);
}
GST_END_TEST

/* From one on, fewer than there are workers, too: those that have none sleep. With
 * barriers, stream control and a rate. */
GST_START_TEST (test_few_heaps)
{
  Spead2SenderStats stats;
  guint i;

  config.max_heaps = 1 + __i__ % 3;
  config.n_workers = 1 + __i__ / 3;
  if (__i__ % 2 == 1)
    config.rate = 100e6;
  open_sender ();
  start ();
  for (i = 0; i < 500; i++)
    push (i % 7 * 1000 + 100, i % 50 == 0 ? SPEAD2_HEAP_BARRIER : 0);
  drain ();
  check_all_sent (500);
  spead2_sender_get_stats (sender, &stats);
  fail_unless (stats.peak_outstanding <= config.max_heaps);
}
GST_END_TEST

/* -- stream control and foreign code ------------------------------------------------ */

static gboolean
push_stop (void)
{
  Spead2Heap *heap = spead2_heap_new_control (40, SPEAD2_CTRL_STOP);

  if (spead2_sender_push_control (sender, heap))
    return TRUE;
  spead2_heap_free (heap);
  return FALSE;
}

/* Where there is no room for heaps, and while a push waits for some. */
GST_START_TEST (test_control_takes_no_room)
{
  Spead2SenderStats stats;
  GThread *thread;
  guint i;

  config.max_heaps = 2;
  open_sender ();
  push_many (2, 100);
  thread = g_thread_new ("push", push_one, make_heap (100, 0));
  for (i = 0; i < 10; i++)
    fail_unless (push_stop ());
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heaps_pushed, 2);
  fail_unless_equals_int (stats.outstanding, 2);
  fail_if (g_atomic_int_get (&push_returned));
  start ();
  g_thread_join (thread);
  drain ();
  /* Two stop heaps of four places: the others said nothing new. */
  fail_unless_equals_int (n_ends (), 5);
  fail_unless_equals_uint64 (end_at (2)->bytes, 57);
  fail_unless_equals_uint64 (end_at (3)->bytes, 57);
  fail_unless (end_at (4)->bytes > 57);
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heaps_sent, 3);
  fail_unless_equals_int (stats.outstanding, 0);
  fail_unless_equals_int (stats.peak_outstanding, 2);
  spead2_sender_set_flushing (sender, TRUE);
  fail_if (push_stop ());
}
GST_END_TEST

static void
stop_when_freed (gpointer bytes)
{
  g_free (bytes);
  fail_unless (push_stop ());
}

static gpointer
push_foreign (gpointer data)
{
  guint i;

  for (i = 0; i < 300; i++) {
    guint8 *bytes = g_malloc0 (100);
    GstBuffer *buffer = gst_buffer_new_wrapped_full (
        0, bytes, 100, 0, 100, bytes, stop_when_freed);
    Spead2Heap *heap = spead2_heap_new (40);
    guint n_pushed;

    g_assert (spead2_heap_add_addressed (heap, 0x3300, NULL));
    g_assert (spead2_heap_append_buffer (heap, buffer, 0, 100, NULL));
    gst_buffer_unref (buffer);
    fail_unless_equals_int (
        spead2_sender_push (sender, &heap, 1, &n_pushed, NULL),
        SPEAD2_SENDER_OK);
  }
  return NULL;
}

/* Whoever frees a heap runs it with no lock held: a worker, or one of two pushes. */
GST_START_TEST (test_what_frees_a_heap_may_push_control)
{
  Spead2SenderStats stats;
  GThread *thread;

  config.max_heaps = 1 + __i__;
  open_sender ();
  start ();
  thread = g_thread_new ("push", push_foreign, NULL);
  push_foreign (NULL);
  g_thread_join (thread);
  drain ();
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heaps_pushed, 600);
  fail_unless_equals_uint64 (stats.heaps_sent, 600);
  fail_unless (stats.peak_outstanding <= config.max_heaps);
}
GST_END_TEST

static gpointer
stop_sender (gpointer data)
{
  spead2_sender_stop (sender);
  return GINT_TO_POINTER (n_stopped);
}

/* Each returns when the workers have ended. */
GST_START_TEST (test_stop_in_several_threads)
{
  guint round, i;

  config.n_workers = 4;
  for (round = 0; round < 50; round++) {
    GThread *threads[3];

    n_stopped = 0;
    open_sender ();
    start ();
    push_many (4, 100);
    for (i = 0; i < 3; i++)
      threads[i] = g_thread_new ("stop", stop_sender, NULL);
    for (i = 0; i < 3; i++)
      fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (threads[i])), 4);
    g_clear_pointer (&sender, spead2_sender_free);
  }
}
GST_END_TEST

static GThread *stopper;

/* In a worker, between two of its heaps: a part of a group is queued, and the sender stops. */
static void
push_part_and_stop (gpointer bytes)
{
  g_free (bytes);
  push (100, 0);
  g_atomic_pointer_set (&stopper, g_thread_new ("stop", stop_sender, NULL));
  fail_unless_equals_int (
      spead2_sender_drain (sender, FALSE), SPEAD2_SENDER_FLUSHING);
}

/* A worker completes heaps without the lock, and sees then that it is to stop. */
GST_START_TEST (test_stop_with_a_part_of_a_group)
{
  guint8 *bytes = g_malloc0 (100);
  GstBuffer *buffer = gst_buffer_new_wrapped_full (
      0, bytes, 100, 0, 100, bytes, push_part_and_stop);
  Spead2Heap *heap = make_heap (100, 0);

  config.interleave = 2;
  open_sender ();
  start ();
  g_assert (spead2_heap_append_buffer (heap, buffer, 0, 100, NULL));
  gst_buffer_unref (buffer);
  fail_unless_equals_int (push_heap (heap, NULL), SPEAD2_SENDER_OK);
  push (100, 0);
  while (g_atomic_pointer_get (&stopper) == NULL)
    g_thread_yield ();
  g_thread_join (stopper);
  fail_unless_equals_int (n_ends (), 3);
}
GST_END_TEST

/* A buffer goes back to its pool when its heap has ended, not earlier. */
GST_START_TEST (test_pool)
{
  GstStructure *pool_config;
  GstBuffer *buffer;
  FaultsCounts counts;
  guint i;

  pool = gst_buffer_pool_new ();
  pool_config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (pool_config, NULL, 8192, 1, 1);
  fail_unless (gst_buffer_pool_set_config (pool, pool_config));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  open_sender ();
  faults_capture (TRUE, TRUE);
  start ();

  for (i = 0; i < 20; i++) {
    Spead2Heap *heap = spead2_heap_new (40);
    gsize size;
    const guint8 *bytes;

    fail_unless (
        gst_buffer_pool_acquire_buffer (pool, &buffer, NULL) == GST_FLOW_OK);
    gst_buffer_memset (buffer, 0, i, 8192);
    fail_unless (spead2_heap_add_immediate (heap, 0x1600, i, NULL));
    fail_unless (spead2_heap_add_addressed (heap, 0x3300, NULL));
    fail_unless (spead2_heap_append_buffer (heap, buffer, 0, 8192, NULL));
    gst_buffer_unref (buffer);
    faults_block (i < 3);
    fail_unless_equals_int (push_heap (heap, NULL), SPEAD2_SENDER_OK);
    if (i < 3) {
      wait_until ((faults_get_counts (&counts), counts.polls_blocked > i));
      fail_if (pool_has_buffer (pool));
      faults_block (FALSE);
    }
    drain ();
    fail_unless (pool_has_buffer (pool));
    bytes = faults_datagram (i, &size);
    fail_unless_equals_int (bytes[size - 1], i);
  }
  fail_if (g_atomic_int_get (&issued_early));
  fail_unless_equals_int (n_ends (), 20);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_clear_object (&pool);
}
GST_END_TEST

/* -- flush and stop ----------------------------------------------------------------- */

/* 200 heaps: 126 make the first batch, of which three messages of 7 go. Numbers
 * go on without a gap, whatever the step. */
GST_START_TEST (test_flush)
{
  static const guint64 steps[] = {1, 2, 7, G_GUINT64_CONSTANT (1) << 39};
  guint64 begun, last = 0;
  guint i, n_dropped = 0;

  /* The batch ends within a run of five. */
  run_length = __i__ < 4 ? 1 : 5;
  config.cnt_start = config.cnt_step = steps[__i__ % 4];
  open_sender ();
  push_many (200, 8192);
  faults_capture (TRUE, TRUE);
  faults_block_after (3);
  start ();
  wait_until (faults_n_messages () >= 3);
  begun = spead2_now ();
  spead2_sender_flush (sender);
  fail_unless (spead2_now () - begun < SOON);
  check_ends (200);
  for (i = 0; i < 200; i++) {
    const End *end = end_at (i);

    fail_unless_equals_int (end->domain, i < 21 ? 0 : SPEAD2_ERROR);
    if (i >= 21)
      fail_unless_equals_int (end->code, SPEAD2_ERROR_DROPPED);
    n_dropped += end->cnt == SPEAD2_NO_HEAP_CNT;
    if (end->cnt != SPEAD2_NO_HEAP_CNT)
      last = MAX (last, end->cnt);
  }
  /* What was not sent at all has no number, and leaves no gap. */
  fail_unless_equals_int (n_dropped, 179);
  if (__i__ % 4 < 3)
    fail_unless_equals_uint64 (last, 21 * config.cnt_step);

  faults_block (FALSE);
  push_many (10, 8192);
  drain ();
  check_ends (210);
  for (i = 200; i < 210; i++) {
    fail_unless_equals_int (end_at (i)->domain, 0);
    fail_unless_equals_uint64 (end_at (i)->cnt,
        (22 + i - 200) * config.cnt_step & spead2_flavour_max_value (40));
  }
}
GST_END_TEST

static gpointer
flush_thread (gpointer data)
{
  spead2_sender_flush (sender);
  return NULL;
}

/* A batch is one run, and goes while the flush waits: the next run is not begun, and dropped
 * as a whole. */
GST_START_TEST (test_flush_between_runs)
{
  FaultsCounts counts;
  GThread *thread;
  guint i;

  run_length = 4;
  config.rate = 50e6;
  config.burst_size = 4 * 1080;
  config.cnt_start = config.cnt_step = 1;
  open_sender ();
  push_many (40, 1024);
  faults_capture (TRUE, TRUE);
  faults_block (TRUE);
  start ();
  wait_until ((faults_get_counts (&counts), counts.polls_blocked > 0));
  thread = g_thread_new ("flush", flush_thread, NULL);
  wait_until (spead2_sender_is_closed (sender));
  faults_block (FALSE);
  g_thread_join (thread);
  check_ends (40);
  for (i = 0; i < 40; i++)
    fail_unless_equals_uint64 (
        end_at (i)->cnt, i < 4 ? 1 + i : SPEAD2_NO_HEAP_CNT);

  push_many (40, 1024);
  drain ();
  check_ends (80);
  for (i = 40; i < 80; i++)
    fail_unless_equals_uint64 (end_at (i)->cnt, 5 + i - 40);
}
GST_END_TEST

/* A heap of which some packets went is cut short, and says how much went. */
GST_START_TEST (test_flush_cuts_short)
{
  open_sender ();
  push (500000, 0);
  push (500000, 0);
  faults_capture (TRUE, FALSE);
  faults_block_after (2);
  start ();
  wait_until (faults_n_messages () >= 2);
  spead2_sender_flush (sender);
  check_ends (2);
  fail_unless_equals_int (end_at (0)->code, SPEAD2_ERROR_CUT_SHORT);
  fail_unless_equals_uint64 (end_at (0)->bytes, 2 * 7 * 8968);
  fail_unless_equals_int (end_at (1)->code, SPEAD2_ERROR_DROPPED);
}
GST_END_TEST

/* The network takes everything: what has begun is finished. */
GST_START_TEST (test_flush_gives_time)
{
  gint i;

  run_length = 1 + 8 * __i__;
  open_sender ();
  start ();
  for (i = 0; i < 20; i++) {
    push_many (50, 8192);
    spead2_sender_flush (sender);
    check_ends (50 * (i + 1));
  }
  for (i = 0; i < 1000; i++)
    if (end_at (i)->domain != 0)
      fail_unless_equals_int (end_at (i)->code, SPEAD2_ERROR_DROPPED);
}
GST_END_TEST

/* Bytes that a flush took back are not waited for afterwards. */
GST_START_TEST (test_flush_of_a_rate)
{
  FaultsCounts counts;
  guint64 begun;

  config.rate = 1e5;
  open_sender ();
  start ();
  push (1000000, 0);
  wait_until ((faults_get_counts (&counts), counts.messages > 0));
  begun = spead2_now ();
  spead2_sender_flush (sender);
  push (100, 0);
  drain ();
  fail_unless (spead2_now () - begun < SOON);
  check_ends (2);
  fail_unless_equals_int (end_at (0)->code, SPEAD2_ERROR_CUT_SHORT);
  fail_unless_equals_int (end_at (1)->domain, 0);
}
GST_END_TEST

/* A stop heap that could not go at once has no number either. */
GST_START_TEST (test_no_wait_leaves_no_gap)
{
  open_sender ();
  start ();
  faults_block (TRUE);
  push (100, SPEAD2_HEAP_NO_WAIT);
  drain ();
  faults_block (FALSE);
  push (100, 0);
  drain ();
  check_ends (2);
  fail_unless_equals_int (end_at (0)->code, SPEAD2_ERROR_DROPPED);
  fail_unless_equals_uint64 (end_at (0)->cnt, SPEAD2_NO_HEAP_CNT);
  fail_unless_equals_uint64 (end_at (1)->cnt, 1);
}
GST_END_TEST

GST_START_TEST (test_stop_blocked)
{
  guint64 begun;

  config.n_workers = __i__ + 1;
  open_sender ();
  faults_block (TRUE);
  start ();
  push_many (200, 8192);
  begun = spead2_now ();
  spead2_sender_stop (sender);
  fail_unless (spead2_now () - begun < SOON);
  check_ends (200);
  fail_unless_equals_int (end_at (199)->code, SPEAD2_ERROR_DROPPED);
  fail_unless_equals_int (n_stopped, __i__ + 1);
  spead2_sender_stop (sender);
}
GST_END_TEST

/* -- destinations ----------------------------------------------------------------- */

/* One that is removed keeps its entry of the table while heaps may be for it, and no
 * longer. */
GST_START_TEST (test_a_full_table_of_destinations_is_used_again)
{
  GError *error = NULL;
  Spead2Endpoint other;

  fail_unless (
      spead2_endpoint_resolve (&other, "127.0.0.1", 1, AF_UNSPEC, NULL, NULL));
  open_sender ();
  faults_block (TRUE);
  start ();
  push (8192, 0);
  while (spead2_sender_add_destination (sender, &other, &error))
    fail_unless_equals_int (
        spead2_sender_remove_destination (sender, &other, NULL), 1);
  fail_unless (
      strstr (error->message, "is added too soon after others") != NULL, "%s",
      error->message);
  g_error_free (error);
  faults_block (FALSE);
  drain ();
  fail_unless (spead2_sender_add_destination (sender, &other, NULL));
}
GST_END_TEST

/* -- numbers --------------------------------------------------------------------------- */

GST_START_TEST (test_wrap)
{
  Spead2SenderStats stats;
  guint i;

  run_length = 1 + 20 * __i__;
  spead2_packet_config_init (&config.packet, 8, 1472);
  open_sender ();
  start ();
  push_many (300, 50);
  drain ();
  for (i = 0; i < 300; i++)
    if (end_at (i)->cnt != ((i + 1) & 0xff))
      fail ("heap %u has number %" G_GUINT64_FORMAT, i, end_at (i)->cnt);
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heap_cnt_wraps, 1);
}
GST_END_TEST

GST_START_TEST (test_start_and_step)
{
  Spead2SenderStats stats;
  guint i;

  run_length = 1 + 20 * __i__;
  spead2_packet_config_init (&config.packet, 8, 1472);
  config.cnt_start = 250;
  config.cnt_step = 4;
  open_sender ();
  start ();
  push_many (100, 50);
  drain ();
  for (i = 0; i < 100; i++)
    if (end_at (i)->cnt != ((250 + 4 * i) & 0xff))
      fail ("heap %u has number %" G_GUINT64_FORMAT, i, end_at (i)->cnt);
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heap_cnt_wraps, (250 + 4 * 99) / 256);
}
GST_END_TEST

GST_START_TEST (test_numbers_that_do_not_fit)
{
  static const Spead2SenderCallbacks callbacks = {heap_done, NULL, NULL};
  GError *error = NULL;

  spead2_packet_config_init (&config.packet, 8, 1472);
  fail_unless (spead2_packet_config_check (&config.packet, NULL));
  config.cnt_start = 256;
  fail_unless (spead2_sender_new (&config, &callbacks, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, "heap-cnt-start=256") != NULL);
  g_clear_error (&error);
  config.cnt_start = 0;
  config.cnt_step = 256;
  fail_unless (spead2_sender_new (&config, &callbacks, NULL, &error) == NULL);
  fail_unless (strstr (error->message, "heap-cnt-step=256") != NULL);
  g_clear_error (&error);
}
GST_END_TEST

GST_START_TEST (test_chosen_number)
{
  Spead2Heap *heap;

  open_sender ();
  start ();
  push (100, 0);
  heap = make_heap (100, SPEAD2_HEAP_HAS_CNT);
  heap->cnt = 77;
  fail_unless_equals_int (push_heap (heap, NULL), SPEAD2_SENDER_OK);
  push (100, 0);
  drain ();
  fail_unless_equals_uint64 (end_at (0)->cnt, 1);
  fail_unless_equals_uint64 (end_at (1)->cnt, 77);
  fail_unless_equals_uint64 (end_at (2)->cnt, 2);
}
GST_END_TEST

/* -- workers -------------------------------------------------------------------------------- */

/* Every 50th heap is a barrier: all packets of earlier heaps have gone before
 * its first, and none of later ones before its last. */
GST_START_TEST (test_two_workers)
{
  guint64 highest = 0, barrier;
  gsize i, n;

  run_length = 1 + 4 * __i__;
  config.n_workers = 2;
  config.max_heaps = 64;
  open_sender ();
  faults_capture (TRUE, TRUE);
  start ();
  for (i = 0; i < 12; i++) {
    push (20000, SPEAD2_HEAP_BARRIER | SPEAD2_HEAP_DESCRIBES);
    push_many (49, 20000);
  }
  drain ();
  check_all_sent (600);
  check_received (600, 20000);

  n = faults_n_datagrams ();
  for (i = 0; i < n; i++) {
    guint64 cnt = datagram_cnt (i);

    highest = MAX (highest, cnt);
    /* The last barrier that has begun; numbers begin with 1. */
    barrier = (highest - 1) / 50 * 50 + 1;
    if (cnt < barrier)
      fail ("a packet of heap %" G_GUINT64_FORMAT " came after heap "
            "%" G_GUINT64_FORMAT,
          cnt, barrier);
  }
  highest = G_MAXUINT64;
  for (i = n; i-- > 0;) {
    guint64 cnt = datagram_cnt (i);

    highest = MIN (highest, cnt);
    /* Read backwards: once a barrier has been seen, nothing after it. */
    barrier = (highest - 1 + 49) / 50 * 50 + 1;
    if (cnt > barrier)
      fail ("a packet of heap %" G_GUINT64_FORMAT " came before heap "
            "%" G_GUINT64_FORMAT,
          cnt, barrier);
  }
}
GST_END_TEST

/* With a port of their own the workers have one socket between them. */
GST_START_TEST (test_workers_share_a_bound_socket)
{
  Spead2Endpoint local;
  FaultsCounts counts;
  FakeReceiver *free_port = fake_receiver_new (AF_INET);
  struct sockaddr_in bound;
  socklen_t size = sizeof bound;
  GError *error = NULL;
  gint fd;

  fail_unless (spead2_endpoint_local (
      &local, AF_INET, "127.0.0.1", fake_receiver_port (free_port), NULL));
  fake_receiver_free (free_port);
  config.n_workers = 3;
  config.socket.local = &local;
  open_sender ();
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.binds, 3); /* two are of sockets above */
  faults_capture (TRUE, TRUE);
  start ();
  push_many (300, 20000);
  drain ();
  check_all_sent (300);
  check_received (300, 20000);

  fd = spead2_sender_dup_fd (sender, &error);
  fail_unless (fd >= 0);
  fail_unless (getsockname (fd, (struct sockaddr *) &bound, &size) == 0);
  fail_unless_equals_int (ntohs (bound.sin_port), local.port);
  close (fd);
}
GST_END_TEST

/* Several workers send with an outside socket, and leave it open. */
GST_START_TEST (test_outside_socket)
{
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  config.n_workers = 2;
  config.fd = fd;
  open_sender ();
  faults_capture (TRUE, TRUE);
  start ();
  push_many (100, 20000);
  drain ();
  check_all_sent (100);
  check_received (100, 20000);
  g_clear_pointer (&sender, spead2_sender_free);
  fail_unless (close (fd) == 0);
}
GST_END_TEST

/* Nobody listens: the worker tells of it, and nothing fails. */
GST_START_TEST (test_icmp_errors)
{
  Spead2SenderStats stats;
  guint i;

  close (sink);
  sink = -1;
  open_sender ();
  start ();
  for (i = 0; i < 20; i++) {
    push (1000, 0);
    drain ();
  }
  check_all_sent (20);
  spead2_sender_get_stats (sender, &stats);
  fail_unless (stats.writer.errors[ECONNREFUSED] > 0);
  fail_unless_equals_uint64 (stats.writer.errors[ECONNREFUSED],
      (guint64) g_atomic_int_get (&n_refused));
}
GST_END_TEST

/* A worker that is free does not take a barrier while another one is not. */
GST_START_TEST (test_barrier_waits)
{
  FaultsCounts counts;
  gint rule;
  gsize i;

  config.n_workers = 2;
  open_sender ();
  faults_capture (TRUE, TRUE);
  rule = faults_refuse_above (5000, ENOBUFS);
  start ();
  push (20000, 0);
  wait_until ((faults_get_counts (&counts), counts.injected > 0));
  push (100, SPEAD2_HEAP_BARRIER);
  push (100, 0);
  /* A while, as the worker counts it that tries again and again. */
  wait_until ((faults_get_counts (&counts), counts.injected > 12));
  fail_unless_equals_uint64 (faults_n_messages (), 0);
  faults_remove_rule (rule);
  drain ();
  check_all_sent (3);
  fail_unless_equals_uint64 (faults_n_datagrams (), 5);
  for (i = 0; i < 5; i++)
    fail_unless_equals_uint64 (datagram_cnt (i), i < 3 ? 1 : i - 1);
}
GST_END_TEST

/* -- rate ------------------------------------------------------------------------------------- */

GST_START_TEST (test_rate)
{
  FaultsMessage first, last;
  gdouble expected;
  FaultsCounts counts;

  config.rate = 8e6;
  config.n_workers = __i__ + 1;
  open_sender ();
  faults_capture (TRUE, FALSE);
  start ();
  push_many (200, 8192);
  drain ();
  check_ends (200);
  faults_get_counts (&counts);
  fail_unless (faults_message (0, &first));
  fail_unless (faults_message (faults_n_messages () - 1, &last));
  expected = (counts.bytes - last.bytes) / config.rate * 1e9;
  /* 206 ms. With two workers the messages may return in another order. */
  fail_unless (last.time - first.time >= expected * 0.95);
  /* No burst is longer than a millisecond, or a packet. */
  fail_unless_equals_uint64 (counts.messages, 200);
}
GST_END_TEST

/* 13 minutes to go for the second packet: another rate ends the sleep. */
GST_START_TEST (test_a_new_rate_wakes_workers)
{
  config.n_workers = 2;
  config.rate = 10;
  faults_capture (TRUE, FALSE);
  open_sender ();
  start ();
  push_many (4, 8192);
  wait_until (faults_n_messages () > 0);
  spead2_sender_set_rate (sender, 1, config.burst_size, 1.05);
  spead2_sender_set_rate (
      sender, __i__ == 0 ? 0 : 1e9, config.burst_size, 1.05);
  drain ();
  check_all_sent (4);
}
GST_END_TEST

GST_START_TEST (test_rates_that_cannot_be)
{
  static const gdouble rates[] = {1e-9, 0.1, 0.999, -1, (gdouble) NAN};
  static const Spead2SenderCallbacks callbacks = {heap_done, NULL, NULL};
  GError *error = NULL;

  config.rate = rates[__i__];
  fail_unless (spead2_packet_config_check (&config.packet, NULL));
  fail_unless (spead2_sender_new (&config, &callbacks, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, "at least 1") != NULL);
  g_error_free (error);
}
GST_END_TEST

/* Gives up at once where others wait. */
GST_START_TEST (test_no_wait)
{
  guint64 begun = spead2_now ();

  open_sender ();
  faults_block (TRUE);
  start ();
  push (8192, SPEAD2_HEAP_NO_WAIT);
  drain ();
  fail_unless (spead2_now () - begun < SOON);
  fail_unless (end_at (0)->domain != 0);
  fail_unless_equals_uint64 (end_at (0)->bytes, 0);
  faults_block (FALSE);
  push (8192, SPEAD2_HEAP_NO_WAIT);
  drain ();
  fail_unless_equals_int (end_at (1)->domain, 0);
  check_ends (2);
}
GST_END_TEST

static Suite *
sender_suite (void)
{
  Suite *suite = suite_create ("sender");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_full_messages, 0, 3);
  tcase_add_loop_test (tc, test_one_message_fails, 0, 3);
  tcase_add_loop_test (tc, test_random_faults, 0, 14);
  tcase_add_loop_test (tc, test_a_message_of_runs_fails, 0, 13);
  tcase_add_loop_test (tc, test_a_message_of_runs_in_turn_fails, 0, 13);
  tcase_add_loop_test (tc, test_flush_in_a_run, 0, 12);
  tcase_add_loop_test (tc, test_flush_in_a_run_in_turn, 0, 12);
  tcase_add_test (tc, test_flush_in_a_run_of_a_rate);
  tcase_add_test (tc, test_chosen_numbers_of_a_run);
  tcase_add_test (tc, test_stop_heap);
  tcase_add_test (tc, test_bounded);
  tcase_add_test (tc, test_a_paced_push_sleeps);
  tcase_add_test (tc, test_flushing);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_refused_among_many);
  tcase_add_test (tc, test_interrupted_among_many);
  tcase_add_test (tc, test_max_heaps);
  tcase_add_loop_test (tc, test_few_heaps, 0, 9);
  tcase_add_test (tc, test_control_takes_no_room);
  tcase_add_loop_test (tc, test_what_frees_a_heap_may_push_control, 0, 3);
  tcase_add_test (tc, test_stop_in_several_threads);
  tcase_add_test (tc, test_stop_with_a_part_of_a_group);
  tcase_add_test (tc, test_pool);
  tcase_add_loop_test (tc, test_flush, 0, 8);
  tcase_add_test (tc, test_flush_between_runs);
  tcase_add_test (tc, test_flush_cuts_short);
  tcase_add_loop_test (tc, test_flush_gives_time, 0, 2);
  tcase_add_test (tc, test_flush_of_a_rate);
  tcase_add_test (tc, test_no_wait_leaves_no_gap);
  tcase_add_loop_test (tc, test_stop_blocked, 0, 2);
  tcase_add_test (tc, test_a_full_table_of_destinations_is_used_again);
  tcase_add_loop_test (tc, test_wrap, 0, 2);
  tcase_add_loop_test (tc, test_start_and_step, 0, 2);
  tcase_add_test (tc, test_numbers_that_do_not_fit);
  tcase_add_test (tc, test_chosen_number);
  tcase_add_loop_test (tc, test_two_workers, 0, 2);
  tcase_add_test (tc, test_workers_share_a_bound_socket);
  tcase_add_test (tc, test_outside_socket);
  tcase_add_test (tc, test_icmp_errors);
  tcase_add_test (tc, test_barrier_waits);
  tcase_add_loop_test (tc, test_rate, 0, 2);
  tcase_add_loop_test (tc, test_a_new_rate_wakes_workers, 0, 2);
  tcase_add_loop_test (tc, test_rates_that_cannot_be, 0, 5);
  tcase_add_test (tc, test_no_wait);
  return suite;
}

GST_CHECK_MAIN (sender);
