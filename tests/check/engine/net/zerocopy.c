/* Heaps on huge pages through writer and sender: what is not copied, why other
 * things are, and when heaps end, over loopback behind a faulty network.
 *
 * On loopback the kernel copies everything, and says so; most tests do not let
 * it say that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../../../preload/faults.h"
#include "../../fakereceiver.h"
#include "../../tools.h"
#include "spead2/clock.h"
#include "spead2/error.h"
#include "spead2/net/uringreaper.h"
#include "spead2/send/sender.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define KIB 1024
#define N_SLABS 8
#define SLAB_SIZE (256 * KIB + 64)
/* "At once", on a busy machine. */
#define WORKER "spead2:" /* its thread */
#define SOON (10000 * MS)

typedef struct {
  guint64 cnt;
  guint64 bytes;
  GQuark domain; /* 0: sent */
  gint code;
} End;

static FakeReceiver *receiver, *decoder;
static Spead2Endpoint destination;
static Spead2SenderConfig config;
static Spead2Sender *sender;
static Spead2HugePages *pages;
static GMutex lock;
static GArray *ends;   /* End, guarded by lock */
static gchar *refused; /* what was said last, guarded by lock */
static guint n_refused;
static gboolean available;

static void
heap_done (const Spead2HeapResult *result, gpointer user_data)
{
  End end = {.cnt = result->cnt, .bytes = result->bytes};

  if (result->error) {
    end.domain = result->error->domain;
    end.code = result->error->code;
  }
  g_mutex_lock (&lock);
  g_array_append_val (ends, end);
  g_mutex_unlock (&lock);
}

static void
zerocopy_disabled (const gchar *reason, gpointer user_data)
{
  g_mutex_lock (&lock);
  g_clear_pointer (&refused, g_free);
  refused = g_strdup (reason);
  n_refused++;
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

static void
wait_ends (guint n)
{
  wait_until (n_ends () >= n);
  fail_unless_equals_int (n_ends (), n);
}

static const End *
end_at (guint index)
{
  g_assert (index < ends->len);
  return &g_array_index (ends, End, index);
}

static Spead2SenderStats
get_stats (void)
{
  Spead2SenderStats stats;

  spead2_sender_get_stats (sender, &stats);
  return stats;
}

static void
setup (void)
{
  Spead2Uring *ring;
  GError *error = NULL;

  faults_reset ();
  faults_io_uring (0);
  faults_hide_copies (TRUE);
  receiver = fake_receiver_new (AF_INET);
  decoder = fake_receiver_new (AF_UNSPEC);
  memset (&config, 0, sizeof config);
  spead2_packet_config_init (&config.packet, 40, 8972);
  fail_unless (spead2_endpoint_resolve (&destination, "127.0.0.1",
      fake_receiver_port (receiver), AF_UNSPEC, NULL, NULL));
  config.destinations = &destination;
  config.n_destinations = 1;
  config.fd = -1;
  config.socket.ttl = 64;
  config.socket.ttl_mc = 1;
  config.socket.dscp = -1;
  config.n_workers = 1;
  config.interleave = 1;
  config.cnt_start = config.cnt_step = 1;
  config.max_heaps = 64;
  config.burst_size = 65536;
  config.burst_rate_ratio = 1.05;
  config.zero_copy = config.zero_copy_always = TRUE;
  ends = g_array_new (FALSE, FALSE, sizeof (End));

  ring = spead2_uring_new (NULL, NULL, &error);
  pages = ring ? spead2_huge_pages_new (SLAB_SIZE, N_SLABS, &error) : NULL;
  /* More than is registered at a time: what an earlier test had is released late. */
  available = pages != NULL && may_lock (64 << 20);
  if (!available) {
    g_print ("skipped: %s\n",
        error ? error->message : "too little memory may be locked");
    g_clear_error (&error);
  }
  g_clear_pointer (&ring, spead2_uring_free);
  faults_capture (TRUE, TRUE);
}

static void
teardown (void)
{
  faults_hold_releases (FALSE);
  g_clear_pointer (&sender, spead2_sender_free);
  fail_unless (spead2_uring_reaper_wait (SOON));
  if (pages) {
    ASSERT_OBJECT_REFCOUNT (pages, "pages", 1);
    gst_object_unref (pages);
  }
  g_array_unref (ends);
  g_clear_pointer (&refused, g_free);
  fake_receiver_free (receiver);
  fake_receiver_free (decoder);
  faults_reset ();
}

static void
open_sender (void)
{
  static const Spead2SenderCallbacks callbacks = {
      .heap_done = heap_done, .zerocopy_disabled = zerocopy_disabled};
  GError *error = NULL;

  fail_unless (spead2_packet_config_check (&config.packet, NULL));
  sender = spead2_sender_new (&config, &callbacks, NULL, &error);
  fail_unless (sender != NULL, "%s", error ? error->message : "");
}

static void
start (void)
{
  open_sender ();
  fail_unless (spead2_sender_start (sender, NULL));
}

static guint8
pattern (guint heap, gsize i)
{
  return i * 31 + i / 256 + heap * 7;
}

/* A buffer of allocator, with the pattern of heap number n. */
static GstBuffer *
make_buffer (GstAllocator *allocator, gsize size, guint n)
{
  GstBuffer *buffer = gst_buffer_new_allocate (allocator, size, NULL);
  GstMapInfo map;
  gsize i;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (i = 0; i < size; i++)
    map.data[i] = pattern (n, i);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* Takes the buffer. */
static void
push_part (GstBuffer *buffer, gsize offset, gsize size, guint flags)
{
  Spead2Heap *heap = spead2_heap_new (40);
  guint n_pushed;

  heap->flags |= flags;
  g_assert (spead2_heap_add_immediate (heap, 0x1600, 1, NULL));
  g_assert (spead2_heap_add_addressed (heap, 0x3300, NULL));
  g_assert (spead2_heap_append_buffer (heap, buffer, offset, size, NULL));
  gst_buffer_unref (buffer);
  fail_unless_equals_int (
      spead2_sender_push (sender, &heap, 1, &n_pushed, NULL), SPEAD2_SENDER_OK);
}

static void
push_buffer (GstBuffer *buffer, guint flags)
{
  push_part (buffer, 0, gst_buffer_get_size (buffer), flags);
}

/* Heap number n, from 1: on the pages as long as there is a slab. */
static void
push (gsize size, guint n)
{
  push_buffer (make_buffer (GST_ALLOCATOR (pages), size, n), 0);
}

static void
drain (void)
{
  fail_unless_equals_int (
      spead2_sender_drain (sender, FALSE), SPEAD2_SENDER_OK);
}

/* Every heap from 1 to n was sent whole, in order, with its pattern. */
static void
assert_sent (guint n, gsize size)
{
  guint64 last = 0;
  gsize i, bytes;
  guint k;

  for (k = 0; k < faults_n_datagrams (); k++) {
    const guint8 *datagram = faults_datagram (k, &bytes);

    fail_unless (fake_receiver_feed (decoder, datagram, bytes));
  }
  fail_unless (fake_receiver_error (decoder) == NULL, "%s",
      fake_receiver_error (decoder));
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), n);
  for (k = 1; k <= n; k++) {
    const FakeHeap *heap = fake_receiver_heap (decoder, k - 1);
    const guint8 *data = fake_heap_bytes (heap, 0x3300, &bytes);

    fail_unless_equals_uint64 (heap->cnt, k);
    fail_unless (heap->complete);
    fail_unless_equals_int (bytes, size);
    for (i = 0; i < size; i++)
      if (data[i] != pattern (k, i))
        fail ("heap %u differs at byte %" G_GSIZE_FORMAT, k, i);
    fail_unless (heap->cnt > last);
    last = heap->cnt;
  }
}

static void
assert_reason (const gchar *words)
{
  const gchar *reason = get_stats ().zerocopy_reason;

  if (words == NULL)
    fail_unless (reason == NULL, "%s", reason);
  else
    fail_unless (reason && strstr (reason, words), "%s", reason);
}

/* -- what is not copied -------------------------------------------------------------- */

static const struct {
  gsize packet, heap;
  guint messages; /* of one heap */
} shapes[] = {
    /* Full messages where the size of an IP packet is the limit, and eight packets
     * where the number of pieces is. */
    {8972, 7 * 8896 - 8, 1},
    {8972, 14 * 8896 - 8, 2},
    {3000, 16 * 2928 - 8, 2},
    {65507, 200000, 4},
    {40000, 200000, 5},
    {3016, 3016, 1},
};

/* The receiver's bytes are right, and all of the pages go without a copy. */
GST_START_TEST (messages_are_filled)
{
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  spead2_packet_config_init (&config.packet, 40, shapes[__i__].packet);
  start ();
  for (i = 1; i <= 10; i++) {
    push (shapes[__i__].heap, i);
    drain ();
  }
  assert_sent (10, shapes[__i__].heap);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.zerocopy_messages, counts.messages);
  fail_unless_equals_uint64 (counts.messages, 10 * shapes[__i__].messages);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  fail_unless_equals_uint64 (
      get_stats ().writer.zerocopy_messages, counts.messages);
  assert_reason (NULL);
}
GST_END_TEST;

/* Heaps smaller than a packet share a message, and slabs that lie on the edge
 * of a page make one fragment more: none is refused by the kernel. */
GST_START_TEST (no_message_has_too_many_fragments)
{
  static const gsize sizes[] = {8192, 5000, 8896, 30000, 250000};
  FaultsCounts counts;
  guint i, k;

  if (!available)
    return;
  g_object_unref (pages);
  pages = spead2_huge_pages_new (sizes[__i__] + 4321, 64, NULL);
  start ();
  for (i = 0; i < 4; i++) {
    GstBuffer *buffers[64];

    for (k = 0; k < 64; k++)
      buffers[k] =
          make_buffer (GST_ALLOCATOR (pages), sizes[__i__], i * 64 + k + 1);
    for (k = 0; k < 64; k++)
      push_buffer (buffers[k], 0);
    drain ();
  }
  assert_sent (256, sizes[__i__]);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  fail_unless_equals_uint64 (counts.zerocopy_messages, counts.messages);
}
GST_END_TEST;

/* Where headers lie with the payload, packets of any size fill a message. */
GST_START_TEST (small_packets_with_their_headers_are_not_copied)
{
  const gsize size = __i__ ? 1000 : 250000;
  Spead2PacketShape shape;
  GstAllocator *packets;
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  spead2_packet_config_init (&config.packet, 40, 1472);
  start ();
  fail_unless (spead2_packet_config_shape (&config.packet, 2, &shape));
  g_object_unref (pages);
  pages = spead2_huge_pages_new (
      spead2_packet_shape_storage (&shape, size), 40, NULL);
  packets = spead2_headroom_allocator_new (
      &shape, pages ? GST_ALLOCATOR (pages) : NULL);
  for (i = 1; i <= 40; i++)
    push_buffer (make_buffer (packets, size, i), 0);
  drain ();
  assert_sent (40, size);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  fail_unless_equals_uint64 (counts.zerocopy_messages, counts.messages);
  if (size > 65507)
    fail_unless (counts.messages < 40 * (size / 60000 + 2));
  assert_reason (NULL);
  gst_object_unref (packets);
}
GST_END_TEST;

/* A packet whose payload lies on two pages has three fragments: five of them make
 * a message, not eight. */
GST_START_TEST (payload_over_the_edge_of_a_page_counts_twice)
{
  const gsize size = 8000;
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  g_object_unref (pages);
  pages = spead2_huge_pages_new (3 << 20, 10, NULL);
  open_sender ();
  for (i = 0; i < 10; i++) {
    GstBuffer *buffer =
        gst_buffer_new_allocate (GST_ALLOCATOR (pages), 3 << 20, NULL);
    GstMapInfo map;
    gsize edge;

    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
    edge = -(gsize) map.data % SPEAD2_HUGE_PAGE_SIZE;
    if (edge < size)
      edge += SPEAD2_HUGE_PAGE_SIZE;
    gst_buffer_unmap (buffer, &map);
    push_part (buffer, edge - size / 2, size, 0);
  }
  /* All of them in one batch. */
  fail_unless (spead2_sender_start (sender, NULL));
  drain ();
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  fail_unless_equals_uint64 (counts.messages, 2);
  fail_unless_equals_uint64 (counts.zerocopy_messages, 2);
}
GST_END_TEST;

/* Descriptors and foreign buffers are copied in between, and overtake nothing. */
GST_START_TEST (what_is_copied_in_between_stays_in_order)
{
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  start ();
  for (i = 1; i <= 120; i++) {
    GstAllocator *allocator = i / 3 % 2 ? GST_ALLOCATOR (pages) : NULL;

    push_buffer (make_buffer (allocator, 20000, i),
        i % 40 == 0 ? SPEAD2_HEAP_BARRIER : 0);
  }
  drain ();
  assert_sent (120, 20000);
  faults_get_counts (&counts);
  fail_unless (counts.messages > 0);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
}
GST_END_TEST;

GST_START_TEST (full_socket_keeps_the_order)
{
  guint i;

  if (!available)
    return;
  faults_fail_message (3, 1, EAGAIN);
  faults_fail_message (6, 3, ENOBUFS);
  faults_fail_message (12, 2, EINTR);
  start ();
  for (i = 1; i <= 20; i++)
    push (100000, i);
  drain ();
  assert_sent (20, 100000);
  fail_unless (get_stats ().writer.waits >= 4);
}
GST_END_TEST;

/* As the kernel counts, one message fills the buffer of a socket. */
GST_START_TEST (a_socket_with_room_for_one_is_copied_to)
{
  guint i;

  if (!available)
    return;
  config.zero_copy_always = FALSE;
  faults_fail_message (2, 1, EAGAIN);
  start ();
  for (i = 1; i <= 5; i++) {
    push (50000, i);
    drain ();
  }
  assert_sent (5, 50000);
  fail_unless_equals_uint64 (get_stats ().writer.zerocopy_messages, 1);
  assert_reason ("net.core.wmem_max");
}
GST_END_TEST;

/* With several in flight the wire has enough to do. */
GST_START_TEST (a_full_socket_is_waited_for)
{
  guint i;

  if (!available)
    return;
  config.zero_copy_always = FALSE;
  faults_fail_message (4, 1, EAGAIN);
  start ();
  faults_hold_releases (TRUE);
  for (i = 1; i <= 6; i++) {
    push (50000, i);
    fail_unless (fake_receiver_wait_heaps (receiver, i, 10000));
  }
  faults_hold_releases (FALSE);
  drain ();
  assert_sent (6, 50000);
  fail_unless_equals_uint64 (get_stats ().writer.zerocopy_messages, 5);
  fail_unless_equals_uint64 (get_stats ().writer.waits, 1);
  assert_reason (NULL);
}
GST_END_TEST;

/* -- why it is copied ------------------------------------------------------------------ */

/* Every errno that zero copy may be at fault for: the message goes as a copy, and
 * so do all after it. */
GST_START_TEST (a_refused_optimization_is_switched_off)
{
  static const gint errnums[] = {
      EINVAL, EMSGSIZE, EIO, EOPNOTSUPP, ENOPROTOOPT};
  gint errnum = errnums[__i__];
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  faults_refuse_zerocopy (errnum);
  start ();
  for (i = 1; i <= 10; i++) {
    push (100000, i);
    drain ();
    assert_reason (g_strerror (errnum));
  }
  assert_sent (10, 100000);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (faults_injected (errnum), 1);
  fail_unless_equals_uint64 (counts.zerocopy_messages, 0);
  fail_unless_equals_uint64 (get_stats ().writer.errors[errnum], 1);
  fail_unless_equals_int (get_stats ().gso_errno, 0);
  fail_unless_equals_int (n_refused, 1);

  /* The next stream tries again. */
  faults_remove_rule (0);
  spead2_sender_probe (sender);
  push (100000, 11);
  drain ();
  assert_reason (NULL);
  faults_get_counts (&counts);
  fail_unless (counts.zerocopy_messages > 0);
}
GST_END_TEST;

/* Neither was at fault: both stay on, and one heap fails. */
GST_START_TEST (an_errno_of_the_packets_switches_nothing_off)
{
  FaultsRule rule = {.errnum = EINVAL, .times = 3};

  if (!available)
    return;
  faults_add_rule (&rule);
  start ();
  push (50000, 1);
  drain ();
  push (50000, 2);
  drain ();
  fail_unless_equals_int (end_at (0)->domain, SPEAD2_ERRNO);
  fail_unless_equals_int (end_at (0)->code, EINVAL);
  fail_unless_equals_int (end_at (1)->domain, 0);
  assert_reason (NULL);
  fail_unless_equals_int (get_stats ().gso_errno, 0);
  fail_unless_equals_uint64 (get_stats ().writer.zerocopy_messages, 1);
}
GST_END_TEST;

GST_START_TEST (a_failed_message_fails_its_heap_alone)
{
  guint i;

  if (!available)
    return;
  faults_fail_message (2, 1, EPERM);
  start ();
  for (i = 1; i <= 5; i++) {
    push (50000, i);
    drain ();
  }
  for (i = 0; i < 5; i++)
    fail_unless_equals_int (end_at (i)->code, i == 2 ? EPERM : 0);
  assert_reason (NULL);
}
GST_END_TEST;

GST_START_TEST (a_ring_that_fails_is_done_without)
{
  guint i;

  if (!available)
    return;
  faults_fail_submit (EBUSY, FAULTS_FOREVER);
  start ();
  for (i = 1; i <= 5; i++)
    push (100000, i);
  drain ();
  assert_sent (5, 100000);
  assert_reason (g_strerror (EIO));
}
GST_END_TEST;

/* The truth about loopback. */
GST_START_TEST (copies_of_the_kernel_switch_it_off)
{
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  faults_hide_copies (FALSE);
  start ();
  for (i = 1; i <= 10; i++) {
    push (50000, i);
    drain ();
  }
  assert_sent (10, 50000);
  assert_reason ("this machine");
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.zerocopy_messages, 1);
  fail_unless_equals_uint64 (counts.messages, 10);
}
GST_END_TEST;

static void
push_foreign (void)
{
  push_buffer (make_buffer (NULL, 100000, 1), 0);
}

static void
push_small_heap (void)
{
  push (2999, 1);
}

static void
push_small_packets (void)
{
  push (100000, 1);
}

static void
refuse_registration (void)
{
  /* After the trial of the ring. */
  faults_fail_register (ENOMEM, FAULTS_FOREVER);
  push (100000, 1);
}

static const struct {
  void (*push) (void);
  gsize size, packet;
  const gchar *reason;
} copied[] = {
    {push_foreign, 100000, 8972, "do not lie in memory"},
    {push_small_heap, 2999, 8972, "less than 3000 bytes"},
    {push_small_packets, 100000, 2999, "less than 3000 bytes"},
    {refuse_registration, 100000, 8972, "ulimit -l"},
};

GST_START_TEST (a_reason_to_copy_is_reported)
{
  FaultsCounts counts;

  if (!available)
    return;
  spead2_packet_config_init (&config.packet, 40, copied[__i__].packet);
  start ();
  assert_reason (NULL);
  copied[__i__].push ();
  drain ();
  assert_sent (1, copied[__i__].size);
  assert_reason (copied[__i__].reason);
  fail_unless (refused && strstr (refused, copied[__i__].reason));
  fail_unless_equals_int (n_refused, 1);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.zerocopy_messages, 0);
}
GST_END_TEST;

/* Of descriptors, which say nothing of the stream; and until a probe. */
GST_START_TEST (small_messages_are_passed_over)
{
  guint i;

  if (!available)
    return;
  config.zero_copy_always = FALSE;
  start ();
  push (50000, 1);
  push_buffer (make_buffer (GST_ALLOCATOR (pages), 1000, 2),
      SPEAD2_HEAP_BARRIER | SPEAD2_HEAP_DESCRIBES);
  drain ();
  push (50000, 3);
  drain ();
  fail_unless_equals_uint64 (get_stats ().writer.zerocopy_messages, 1);
  assert_reason (NULL);
  push (19000, 4);
  drain ();
  spead2_sender_probe (sender);
  for (i = 5; i <= 6; i++) {
    push (50000, i);
    drain ();
  }
  fail_unless_equals_uint64 (get_stats ().writer.zerocopy_messages, 3);
}
GST_END_TEST;

/* The first one is, and those behind a small one. */
GST_START_TEST (small_messages_are_copied)
{
  static const struct {
    gsize size;
    guint messages; /* that were not copied, up to that one */
  } heaps[] = {
      {50000, 0}, {19000, 1}, {50000, 1}, {50000, 2}, {19000, 3}, {19000, 3}};
  guint i;

  if (!available)
    return;
  config.zero_copy_always = __i__ == 1;
  start ();
  for (i = 0; i < G_N_ELEMENTS (heaps); i++) {
    push (heaps[i].size, i + 1);
    drain ();
    fail_unless_equals_uint64 (get_stats ().writer.zerocopy_messages,
        __i__ == 1 ? i + 1 : heaps[i].messages);
  }
  assert_reason (__i__ == 1 ? NULL : "less than 20000 bytes");
}
GST_END_TEST;

GST_START_TEST (without_a_ring_everything_is_copied)
{
  if (!available)
    return;
  faults_io_uring (EPERM);
  start ();
  assert_reason ("io_uring is not allowed");
  push (100000, 1);
  drain ();
  assert_sent (1, 100000);
  assert_reason ("io_uring is not allowed");

  faults_io_uring (0);
  spead2_sender_probe (sender);
  push (100000, 2);
  drain ();
  assert_reason (NULL);
  fail_unless (get_stats ().writer.zerocopy_messages > 0);
}
GST_END_TEST;

/* -- when heaps end ---------------------------------------------------------------------- */

/* A heap ends, and its buffer can be written again, when it is released; what
 * comes meanwhile is sent. */
GST_START_TEST (memory_is_held_until_it_is_released)
{
  GstBuffer *buffer;
  guint i;

  if (!available)
    return;
  buffer = make_buffer (GST_ALLOCATOR (pages), 100000, 1);
  start ();
  faults_hold_releases (TRUE);
  push_buffer (gst_buffer_ref (buffer), 0);
  for (i = 2; i <= 4; i++) {
    /* The worker waits for the release, and is woken all the same. */
    fail_unless (fake_receiver_wait_heaps (receiver, i - 1, 10000));
    wait_asleep (WORKER);
    push (100000, i);
  }
  fail_unless (fake_receiver_wait_heaps (receiver, 4, 10000));
  fail_unless_equals_int (n_ends (), 0);
  fail_unless (!gst_buffer_is_writable (buffer));
  fail_unless_equals_int (get_stats ().outstanding, 4);

  faults_hold_releases (FALSE);
  wait_ends (4);
  for (i = 0; i < 4; i++) {
    fail_unless_equals_int (end_at (i)->domain, 0);
    fail_unless_equals_uint64 (end_at (i)->cnt, i + 1);
  }
  drain ();
  fail_unless (gst_buffer_is_writable (buffer));
  gst_buffer_unref (buffer);
  assert_sent (4, 100000);
}
GST_END_TEST;

/* The worker sleeps, neither spinning nor polling by time. */
GST_START_TEST (waiting_for_releases_costs_nothing)
{
  FaultsCounts before, after;

  if (!available)
    return;
  start ();
  faults_hold_releases (TRUE);
  push (100000, 1);
  fail_unless (fake_receiver_wait_heaps (receiver, 1, 10000));
  wait_asleep (WORKER);
  faults_get_counts (&before);
  pass_time (100000);
  faults_get_counts (&after);
  fail_unless (after.ring_polls - before.ring_polls <= 1);
  faults_hold_releases (FALSE);
  wait_ends (1);
}
GST_END_TEST;

/* With a rate, a worker waits longer between bursts than for releases. */
GST_START_TEST (a_rate_does_not_hold_completions_back)
{
  if (!available)
    return;
  config.rate = 1000;
  start ();
  faults_hold_releases (TRUE);
  push (8000, 1); /* a packet each */
  push (8000, 2);
  fail_unless (fake_receiver_wait_heaps (receiver, 1, 10000));
  wait_asleep (WORKER);
  faults_hold_releases (FALSE);
  wait_ends (1);
  /* The other is due after eight seconds. */
  fail_unless_equals_int (fake_receiver_n_complete (receiver), 1);
  spead2_sender_flush (sender);
  fail_unless_equals_int (n_ends (), 2);
}
GST_END_TEST;

/* Ends in the order of the pushes, though heaps in between were copied. */
GST_START_TEST (copied_heaps_wait_for_held_ones)
{
  guint i;

  if (!available)
    return;
  start ();
  faults_hold_releases (TRUE);
  push (100000, 1);
  push_buffer (make_buffer (NULL, 100000, 2), 0);
  fail_unless (fake_receiver_wait_heaps (receiver, 2, 10000));
  wait_asleep (WORKER);
  fail_unless_equals_int (n_ends (), 0);
  faults_hold_releases (FALSE);
  wait_ends (2);
  for (i = 0; i < 2; i++)
    fail_unless_equals_uint64 (end_at (i)->cnt, i + 1);
}
GST_END_TEST;

/* Stops, or flushes, with two heaps that the kernel holds. */
static void
end_while_held (void (*end) (Spead2Sender *sender))
{
  GstBuffer *buffer = make_buffer (GST_ALLOCATOR (pages), 100000, 1);
  guint64 begun;
  guint i;

  start ();
  faults_hold_releases (TRUE);
  push_buffer (gst_buffer_ref (buffer), 0);
  push (100000, 2);
  fail_unless (fake_receiver_wait_heaps (receiver, 2, 10000));

  begun = spead2_now ();
  end (sender);
  fail_unless (spead2_now () - begun >= 450 * MS);
  fail_unless (spead2_now () - begun < SOON);
  fail_unless_equals_int (n_ends (), 2);
  for (i = 0; i < 2; i++) {
    fail_unless_equals_int (end_at (i)->domain, SPEAD2_ERROR);
    fail_unless_equals_int (end_at (i)->code, SPEAD2_ERROR_ABANDONED);
    fail_unless (end_at (i)->bytes > 100000);
  }
  fail_unless_equals_uint64 (get_stats ().heaps_abandoned, 2);
  fail_unless_equals_uint64 (get_stats ().heaps_failed, 2);
  fail_unless_equals_int (get_stats ().outstanding, 0);

  /* The kernel reads it yet. */
  fail_unless (!spead2_uring_reaper_wait (100 * MS));
  fail_unless (!gst_buffer_is_writable (buffer));
  if (end == spead2_sender_stop)
    g_clear_pointer (&sender, spead2_sender_free);
  fail_unless (!gst_buffer_is_writable (buffer));
  faults_hold_releases (FALSE);
  fail_unless (spead2_uring_reaper_wait (SOON));
  fail_unless (gst_buffer_is_writable (buffer));
  gst_buffer_unref (buffer);
}

GST_START_TEST (a_stop_abandons_what_is_held)
{
  if (available)
    end_while_held (spead2_sender_stop);
}
GST_END_TEST;

GST_START_TEST (a_flush_abandons_what_is_held)
{
  if (!available)
    return;
  end_while_held (spead2_sender_flush);

  /* The stream goes on by copying, and the next one does not copy. */
  push (100000, 3);
  drain ();
  assert_reason ("too long");
  spead2_sender_probe (sender);
  push (100000, 4);
  drain ();
  assert_reason (NULL);
  assert_sent (4, 100000);
}
GST_END_TEST;

/* As soon as it is released, and not half a second later. */
GST_START_TEST (a_stop_waits_for_releases)
{
  if (!available)
    return;
  start ();
  faults_hold_releases (TRUE);
  push (100000, 1);
  fail_unless (fake_receiver_wait_heaps (receiver, 1, 10000));
  faults_hold_releases (FALSE);
  spead2_sender_stop (sender);
  fail_unless_equals_int (n_ends (), 1);
  fail_unless_equals_int (end_at (0)->domain, 0);
  fail_unless_equals_uint64 (get_stats ().heaps_abandoned, 0);
}
GST_END_TEST;

/* Each worker has a ring of its own; a barrier still comes last. */
GST_START_TEST (workers_release_apart)
{
  FaultsCounts counts;
  guint i;

  if (!available)
    return;
  config.n_workers = 3;
  start ();
  for (i = 1; i <= 200; i++)
    push_buffer (make_buffer (GST_ALLOCATOR (pages), 30000, i),
        i % 50 == 0 ? SPEAD2_HEAP_BARRIER : 0);
  drain ();
  fail_unless_equals_int (n_ends (), 200);
  for (i = 0; i < 200; i++)
    fail_unless_equals_int (end_at (i)->domain, 0);
  faults_get_counts (&counts);
  fail_unless (counts.zerocopy_messages > 0);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
}
GST_END_TEST;

/* In turn, a message of each at a time. */
GST_START_TEST (heaps_of_a_group_are_not_copied)
{
  Spead2SenderStats stats;
  GString *order = g_string_new (NULL);
  gsize k, size;
  guint i;

  if (!available)
    return;
  config.interleave = 3;
  /* All are there before any is sent: part of a group would go after a millisecond. */
  open_sender ();
  for (i = 1; i <= 7; i++)
    push (150000, i);
  fail_unless (spead2_sender_start (sender, NULL));
  drain ();
  assert_sent (7, 150000);
  stats = get_stats ();
  fail_unless_equals_uint64 (
      stats.writer.zerocopy_messages, stats.writer.messages);
  for (k = 0; k < faults_n_datagrams (); k++) {
    /* The heap counter, behind the header of 8 bytes and its id. */
    const gchar cnt = '0' + faults_datagram (k, &size)[15];

    if (order->len == 0 || order->str[order->len - 1] != cnt)
      g_string_append_c (order, cnt);
  }
  fail_unless_equals_string (order->str, "1231231234564564567");
  g_string_free (order, TRUE);
}
GST_END_TEST;

/* Refusals, waits and holds at random: every heap ends once, in order, and what
 * ended well arrived. */
GST_START_TEST (nothing_is_lost_in_a_storm)
{
  static const gint errnums[] = {EAGAIN, ENOBUFS, EINTR, EPERM, EINVAL};
  GRand *rand = g_rand_new_with_seed (__i__ + 1);
  guint i, n_sent = 0;

  if (!available) {
    g_rand_free (rand);
    return;
  }
  config.n_workers = 1 + __i__ % 2;
  /* A push must not wait for what it holds back. */
  config.max_heaps = 512;
  faults_capture (FALSE, FALSE);
  faults_random (__i__ + 1, 0.05, 0.05, errnums, G_N_ELEMENTS (errnums));
  start ();
  for (i = 1; i <= 300; i++) {
    faults_hold_releases (g_rand_boolean (rand));
    push_buffer (
        make_buffer (
            g_rand_int_range (rand, 0, 4) > 0 ? GST_ALLOCATOR (pages) : NULL,
            g_rand_int_range (rand, 10, 100000), i),
        g_rand_int_range (rand, 0, 50) == 0 ? SPEAD2_HEAP_BARRIER : 0);
    if (g_rand_int_range (rand, 0, 50) == 0)
      spead2_sender_probe (sender);
    if (g_rand_int_range (rand, 0, 100) == 0)
      spead2_sender_flush (sender);
    faults_hold_releases (FALSE);
  }
  drain ();
  fail_unless_equals_int (n_ends (), 300);
  for (i = 0; i < 300; i++)
    n_sent += end_at (i)->domain == 0;
  fail_unless_equals_uint64 (get_stats ().heaps_sent, n_sent);
  g_rand_free (rand);
}
GST_END_TEST;

static Suite *
zerocopy_suite (void)
{
  Suite *suite = suite_create ("zerocopy");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, messages_are_filled, 0, G_N_ELEMENTS (shapes));
  tcase_add_loop_test (
      tc, small_packets_with_their_headers_are_not_copied, 0, 2);
  tcase_add_loop_test (tc, no_message_has_too_many_fragments, 0, 5);
  tcase_add_test (tc, payload_over_the_edge_of_a_page_counts_twice);
  tcase_add_test (tc, what_is_copied_in_between_stays_in_order);
  tcase_add_test (tc, full_socket_keeps_the_order);
  tcase_add_test (tc, a_socket_with_room_for_one_is_copied_to);
  tcase_add_test (tc, a_full_socket_is_waited_for);
  tcase_add_loop_test (tc, a_refused_optimization_is_switched_off, 0, 5);
  tcase_add_test (tc, an_errno_of_the_packets_switches_nothing_off);
  tcase_add_test (tc, a_failed_message_fails_its_heap_alone);
  tcase_add_test (tc, a_ring_that_fails_is_done_without);
  tcase_add_test (tc, copies_of_the_kernel_switch_it_off);
  tcase_add_loop_test (
      tc, a_reason_to_copy_is_reported, 0, G_N_ELEMENTS (copied));
  tcase_add_loop_test (tc, small_messages_are_copied, 0, 2);
  tcase_add_test (tc, small_messages_are_passed_over);
  tcase_add_test (tc, without_a_ring_everything_is_copied);
  tcase_add_test (tc, memory_is_held_until_it_is_released);
  tcase_add_test (tc, waiting_for_releases_costs_nothing);
  tcase_add_test (tc, a_rate_does_not_hold_completions_back);
  tcase_add_test (tc, copied_heaps_wait_for_held_ones);
  tcase_add_test (tc, a_stop_abandons_what_is_held);
  tcase_add_test (tc, a_flush_abandons_what_is_held);
  tcase_add_test (tc, a_stop_waits_for_releases);
  tcase_add_test (tc, heaps_of_a_group_are_not_copied);
  tcase_add_test (tc, workers_release_apart);
  tcase_add_loop_test (tc, nothing_is_lost_in_a_storm, 0, 6);
  return suite;
}

GST_CHECK_MAIN (zerocopy);
