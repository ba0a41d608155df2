/* Random heaps through the sender while the kernel fails at random, workers wait
 * for each other, and somebody empties or stops it in the middle; and after each
 * of them: every heap has ended once, in order and for a reason that was given,
 * what is counted is what left, and no memory was touched, kept or let go early.
 *
 * What a case is made of follows from the seed and its number alone; when things
 * happen does not, so a case that failed may need to be repeated some times.
 *
 * | environment  | means                                                  |
 * |--------------|--------------------------------------------------------|
 * | FAULTS_CASES | how many cases are run (60)                            |
 * | FAULTS_SEED  | seed of all of them (each time another)                |
 * | FAULTS_ONLY  | the number of a case: only this one is run             |
 *
 * Threads: the test's own does what happens in the middle; one pushes; the
 * workers end heaps. What they share is guarded by lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../preload/faults.h"
#include "../tools.h"
#include "../fakereceiver.h"
#include "spead2/error.h"
#include "spead2/memory/hugepages.h"
#include "spead2/net/batch.h"
#include "spead2/send/sender.h"

#define DEFAULT_CASES 60
#define CASES_PER_TEST 20
#define HANG_SECONDS 60
#define MAX_HEAPS_PUSHED 80
#define MAX_MEMORIES 24
#define ID_TAG 0x1600

/* What the kernel may answer to a send. */
static const gint errnums[] = {EAGAIN, EINTR, ENOBUFS, ENOMEM, EMSGSIZE,
    ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EPERM, EACCES, EIO, EINVAL,
    EOPNOTSUPP, ENOPROTOOPT};
/* Of these, what means "later" and fails no heap, */
static const gint waits[] = {EAGAIN, ENOBUFS, ENOMEM};
static const gint retries[] = {EAGAIN, ENOBUFS, ENOMEM, EINTR, ECONNREFUSED};
/* and what GSO may be at fault for. */
static const gint gso_errnums[] = {
    EINVAL, EMSGSIZE, EIO, EOPNOTSUPP, ENOPROTOOPT};

/* One heap, from being made to the release of its last memory. */
typedef struct {
  guint64 seed; /* of its bytes */
  gsize length;
  guint n_items;
  gboolean barrier;
  gint memories; /* atomic: not yet released */
  gboolean pushed;

  /* How it ended; lock. */
  guint n_ends;
  guint64 cnt;
  guint64 bytes;
  GQuark domain; /* 0: sent */
  gint code;

  /* What was captured of it. */
  guint64 captured;
  guint64 next_offset;
  gint thread;
} Job;

typedef struct {
  Job *job;
  gsize offset; /* of the memory in the heap */
  gsize size;
  guint8 *bytes;
  GstMemory *memory; /* (borrowed) where it was allocated */
} Piece;

typedef enum {
  RANDOM_NETWORK,  /* any message may fail with anything */
  NO_GSO_NETWORK,  /* messages with UDP_SEGMENT fail, and only they */
  SMALL_NETWORK,   /* large segments fail: an MTU that was lowered */
  CLOSED_NETWORK,  /* all messages fail */
  BLOCKED_NETWORK, /* nothing goes out, from some message on */
  N_NETWORKS
} Network;

static guint64 seed;
static guint n_cases = DEFAULT_CASES;
static gint64 only = -1;

static gint deaf = -1; /* takes all, and nobody looks */
static Spead2Endpoint destination;
static Spead2SenderConfig config;
static Spead2HugePages *pages; /* NULL: nothing can go without being copied */
static GstAllocator *packets;  /* of memory that lies as packets do, or NULL */
static Spead2Sender *sender;
static Network network;
static gint network_errnum;
static guint n_probes;
static gboolean emptied; /* a flush or a stop: heaps may be cut or dropped */

static GMutex lock;
static Job jobs[MAX_HEAPS_PUSHED];
static guint n_jobs;
static guint n_ended;      /* lock: all of them */
static gboolean stopped;   /* lock */
static guint n_icmp;       /* lock */
static guint64 n_zerocopy; /* messages, of all cases */

static gboolean
is_one_of (gint errnum, const gint *list, gsize n)
{
  gsize i;

  for (i = 0; i < n; i++)
    if (list[i] == errnum)
      return TRUE;
  return FALSE;
}

#define IS_ONE_OF(errnum, list)                                                \
  is_one_of ((errnum), (list), G_N_ELEMENTS (list))

/* -- heaps --------------------------------------------------------------------- */

/* What a heap's payload is made of: every byte tells whose it is and where. */
static guint8
byte_of (guint64 of, gsize position)
{
  return (guint8) (of + position * 31 + (position >> 8) * 7 + (position >> 16));
}

static gboolean
is_payload (const Job *job, gsize offset, const guint8 *bytes, gsize size)
{
  gsize i;

  for (i = 0; i < size; i++) {
    guint8 expected =
        offset + i < job->length ? byte_of (job->seed, offset + i) : 0;

    if (bytes[i] != expected)
      return FALSE;
  }
  return TRUE;
}

/* A memory is let go: after its heap has ended, and as it was made. */
static void
release_piece (gpointer data)
{
  Piece *piece = data;
  Job *job = piece->job;

  g_mutex_lock (&lock);
  if (job->pushed && job->n_ends == 0)
    g_error ("a memory was released before its heap had ended");
  g_mutex_unlock (&lock);
  if (!is_payload (job, piece->offset, piece->bytes, piece->size))
    g_error ("a memory was written to");
  memset (piece->bytes, 0xee, piece->size);
  g_free (piece->bytes);
  g_free (piece);
  g_atomic_int_add (&job->memories, -1);
}

/* The same of a memory that lies on huge pages, or as its packets will. */
static void
release_allocated (gpointer data)
{
  Piece *piece = data;
  guint8 *bytes = g_malloc (MAX (piece->size, 1));
  gsize done, size;

  if (spead2_is_headroom_memory (piece->memory)) {
    for (done = 0; done < piece->size; done += size) {
      Spead2PacketPlace place;

      spead2_headroom_find (piece->memory, done, &place);
      size = MIN (place.size, piece->size - done);
      memcpy (bytes + done, place.data, size);
    }
  } else {
    memcpy (bytes, piece->bytes, piece->size);
  }
  piece->bytes = bytes;
  release_piece (piece);
}

static void
append_allocated (
    GstAllocator *allocator, Job *job, GstBuffer *buffer, gsize size)
{
  GstMemory *memory = gst_allocator_alloc (allocator, MAX (size, 1), NULL);
  Piece *piece = g_new (Piece, 1);
  GstMapInfo map;
  gsize i;

  fail_unless (gst_memory_map (memory, &map, GST_MAP_WRITE));
  *piece = (Piece){job, job->length, size, map.data, memory};
  for (i = 0; i < size; i++)
    map.data[i] = byte_of (job->seed, job->length + i);
  gst_memory_unmap (memory, &map);
  gst_memory_resize (memory, 0, size);
  job->length += size;
  g_atomic_int_inc (&job->memories);
  gst_mini_object_set_qdata (GST_MINI_OBJECT (memory),
      g_quark_from_static_string ("piece"), piece, release_allocated);
  gst_buffer_append_memory (buffer, memory);
}

static void
append_memory (Job *job, GstBuffer *buffer, gsize size)
{
  Piece *piece = g_new (Piece, 1);
  gsize i;

  *piece = (Piece){job, job->length, size, g_malloc (MAX (size, 1)), NULL};
  for (i = 0; i < size; i++)
    piece->bytes[i] = byte_of (job->seed, job->length + i);
  job->length += size;
  g_atomic_int_inc (&job->memories);
  gst_buffer_append_memory (buffer,
      gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, piece->bytes,
          MAX (size, 1), 0, size, piece, release_piece));
}

static gsize
random_size (void)
{
  static const gsize largest[] = {9, 300, 3000, 20000};

  return pages ? roll (20000) : roll (largest[roll (G_N_ELEMENTS (largest))]);
}

static void
append_random (Job *job, GstBuffer *buffer)
{
  gsize size = random_size ();

  if (packets && chance (0.8))
    append_allocated (packets, job, buffer, size);
  else if (pages)
    append_allocated (GST_ALLOCATOR (pages), job, buffer, size);
  else
    append_memory (job, buffer, size);
}

static void
append_item (Job *job, Spead2Heap *heap)
{
  GstBuffer *buffer = gst_buffer_new ();
  gsize before = job->length;
  guint n = chance (0.8) ? 1 : 1 + roll (gst_buffer_get_max_memory ());

  while (n-- > 0 && job->length < MIN (60000, 100 * config.packet.packet_size))
    append_random (job, buffer);
  fail_unless (spead2_heap_add_addressed (heap, 0x3300 + job->n_items, NULL) &&
      spead2_heap_append_buffer (heap, buffer, 0, job->length - before, NULL));
  job->n_items++;
  gst_buffer_unref (buffer);
}

/* The sender has the only reference to its buffers. */
static Spead2Heap *
make_heap (Job *job, guint64 tag)
{
  Spead2Heap *heap = spead2_heap_new (config.packet.flavour);
  guint n = chance (0.7) ? 1 : roll (20);

  memset (job, 0, sizeof *job);
  job->seed = g_rand_int (dice);
  fail_unless (spead2_heap_add_immediate (heap, ID_TAG, tag, NULL));
  for (; n > 0; n--) {
    if (chance (0.7))
      append_item (job, heap);
    else
      fail_unless (
          spead2_heap_add_immediate (heap, 0x2000 + n, roll (1 << 15), NULL));
  }
  job->barrier = chance (0.1);
  if (job->barrier)
    heap->flags |= SPEAD2_HEAP_BARRIER;
  return heap;
}

/* -- what the sender says ------------------------------------------------------- */

static void
heap_done (const Spead2HeapResult *result, gpointer user_data)
{
  guint64 tag =
      spead2_pointer_value (result->heap->flavour, result->heap->pointers[0]);
  Job *job = &jobs[tag];

  g_mutex_lock (&lock);
  if (tag != n_ended)
    g_error ("heap %" G_GUINT64_FORMAT " ends as number %u", tag, n_ended);
  n_ended++;
  job->n_ends++;
  job->cnt = result->cnt;
  job->bytes = result->bytes;
  if (result->error) {
    job->domain = result->error->domain;
    job->code = result->error->code;
  }
  g_mutex_unlock (&lock);
}

static void
icmp_errors (
    const Spead2Endpoint *from, gint errnum, guint n, gpointer user_data)
{
  g_mutex_lock (&lock);
  n_icmp += n;
  g_mutex_unlock (&lock);
}

/* -- a case ---------------------------------------------------------------------- */

static void
random_packets (void)
{
  static const guint flavours[] = {24, 32, 40, 40, 40, 48};
  static const gsize sizes[] = {0, 200, 512, 1472, 1472, 4096, 8972, 65507};

  gsize least;

  spead2_packet_config_init (
      &config.packet, flavours[roll (6)], sizes[roll (8)]);
  least = spead2_packet_config_min_size (&config.packet) + roll (32);
  config.packet.max_packet_size = MAX (config.packet.max_packet_size, least);
  /* All pointers in each packet need room. */
  config.packet.repeat_pointers =
      config.packet.max_packet_size >= 512 && chance (0.3);
  fail_unless (spead2_packet_config_check (&config.packet, NULL));
}

static void
random_config (void)
{
  Spead2PacketShape shape;

  memset (&config, 0, sizeof config);
  config.destinations = &destination;
  config.n_destinations = 1;
  random_packets ();
  config.fd = -1;
  config.socket.ttl = 64;
  config.socket.ttl_mc = 1;
  config.socket.dscp = -1;
  config.n_workers = 1 + roll (4);
  config.max_heaps = chance (0.2) ? 0 : 1 + roll (60);
  config.interleave =
      chance (0.5) ? 1 : 1 + roll (config.max_heaps ? config.max_heaps : 20);
  config.rate = chance (0.2) ? 50e6 + roll (1000000000) : 0;
  config.burst_size = 1 + roll (100000);
  config.burst_rate_ratio = 1 + g_rand_double (dice);
  /* Smaller packets are copied in any case. */
  config.zero_copy = config.packet.packet_size >= 3000;
  if (config.zero_copy)
    pages = spead2_huge_pages_new (25000, 200, NULL);
  /* Most heaps have two pointers. */
  if (chance (0.5) && spead2_packet_config_shape (&config.packet, 2, &shape)) {
    shape.heap_size = chance (0.3) ? 1 + roll (3000) : 0;
    packets = spead2_headroom_allocator_new (
        &shape, pages ? GST_ALLOCATOR (pages) : NULL);
  }
  config.cnt_step = chance (0.7) ? 1 : 1 + roll (1000);
  /* Now and then it wraps. */
  config.cnt_start = chance (0.5)
      ? 1
      : spead2_flavour_max_value (config.packet.flavour) - roll (50);
}

/* A random choice of errnos, and how often. */
static void
random_failures (void)
{
  gint chosen[G_N_ELEMENTS (errnums)];
  guint i, n = 0;

  for (i = 0; i < G_N_ELEMENTS (errnums); i++)
    if (chance (0.5))
      chosen[n++] = errnums[i];
  faults_random (g_rand_int (dice), n > 0 ? 0.3 * g_rand_double (dice) : 0,
      chance (0.5) ? g_rand_double (dice) : 0, chosen, n);
}

static void
random_network (void)
{
  faults_reset ();
  faults_capture (true, true);
  network = roll (N_NETWORKS);
  network_errnum = gso_errnums[roll (G_N_ELEMENTS (gso_errnums))];
  switch (network) {
    case NO_GSO_NETWORK:
      faults_refuse_gso (network_errnum);
      break;
    case SMALL_NETWORK:
      faults_add_rule (&(FaultsRule){.errnum = network_errnum,
          .gso = true,
          .above_segment = 100 + roll (2000)});
      break;
    case CLOSED_NETWORK:
      network_errnum = errnums[4 + roll (G_N_ELEMENTS (errnums) - 4)];
      if (network_errnum == ECONNREFUSED)
        network_errnum = EPERM;
      faults_fail_all (network_errnum);
      break;
    case BLOCKED_NETWORK:
      faults_block_after (roll (40));
      random_failures ();
      break;
    default:
      random_failures ();
      break;
  }
}

/* Loopback copies all the same, which would switch it off. */
static void
open_rings (void)
{
  faults_io_uring (config.zero_copy ? 0 : ENOSYS);
  faults_hide_copies (config.zero_copy);
}

static gboolean
has_stopped (void)
{
  gboolean has;

  g_mutex_lock (&lock);
  has = stopped;
  g_mutex_unlock (&lock);
  return has;
}

static Spead2Heap *heaps[MAX_HEAPS_PUSHED];

static gpointer
push_heaps (gpointer data)
{
  guint i, n = GPOINTER_TO_UINT (data);

  for (i = 0; i < n; i++) {
    Spead2SenderStatus status;
    guint pushed;

    g_mutex_lock (&lock);
    jobs[i].pushed = TRUE;
    g_mutex_unlock (&lock);
    do {
      status = spead2_sender_push (sender, &heaps[i], 1, &pushed, NULL);
      if (status != SPEAD2_SENDER_OK)
        pass_time (50);
    } while (status != SPEAD2_SENDER_OK && !has_stopped ());
    if (status != SPEAD2_SENDER_OK)
      break;
  }
  n_jobs = i;
  for (; i < n; i++) {
    g_mutex_lock (&lock);
    jobs[i].pushed = FALSE;
    g_mutex_unlock (&lock);
    spead2_heap_free (heaps[i]);
  }
  return NULL;
}

static void
happen (void)
{
  switch (roll (7)) {
    case 6:
      faults_hold_releases (true);
      pass_time (roll (2000));
      faults_hold_releases (false);
      break;
    case 0:
      emptied = TRUE;
      spead2_sender_flush (sender);
      break;
    case 1:
      spead2_sender_set_interrupted (sender, TRUE);
      pass_time (roll (300));
      spead2_sender_set_interrupted (sender, FALSE);
      break;
    case 2:
      spead2_sender_set_rate (sender, chance (0.5) ? 0 : 1e8 + roll (1 << 30),
          1 + roll (65536), 1.1);
      break;
    case 3:
      n_probes++;
      spead2_sender_probe (sender);
      break;
    default:
      pass_time (roll (2000));
      break;
  }
}

/* What was pushed goes out, or the sender is stopped first. */
static void
end_case (GThread *pusher)
{
  if (chance (0.7)) {
    faults_block (false);
    g_thread_join (pusher);
    fail_unless_equals_int (
        spead2_sender_drain (sender, FALSE), SPEAD2_SENDER_OK);
    return;
  }
  emptied = TRUE;
  g_mutex_lock (&lock);
  stopped = TRUE;
  g_mutex_unlock (&lock);
  spead2_sender_stop (sender);
  g_thread_join (pusher);
}

/* -- what must be true afterwards -------------------------------------------------- */

static void
check_end (const Job *job, guint number)
{
  fail_unless_equals_int (job->n_ends, 1);
  if (job->domain == 0) {
    fail_unless (
        job->captured > 0, "heap %u was sent and is not there", number);
  } else if (job->domain == SPEAD2_ERRNO) {
    fail_if (IS_ONE_OF (job->code, retries), "heap %u failed with errno %d",
        number, job->code);
    fail_unless (faults_seen (job->code) > 0,
        "heap %u failed with errno %d, which nobody answered", number,
        job->code);
  } else {
    fail_unless (emptied, "heap %u was taken back", number);
    fail_unless_equals_int (job->code == SPEAD2_ERROR_DROPPED, job->bytes == 0);
  }
  fail_unless (job->bytes == job->captured,
      "heap %u: %" G_GUINT64_FORMAT " bytes left, and %" G_GUINT64_FORMAT
      " are counted",
      number, job->captured, job->bytes);
}

static void
check_sums (void)
{
  guint64 sent = 0, failed = 0, dropped = 0, bytes = 0, payload = 0;
  Spead2SenderStats stats;
  FaultsCounts counts;
  guint i;

  for (i = 0; i < n_jobs; i++) {
    const Job *job = &jobs[i];
    gboolean was_dropped =
        job->domain == SPEAD2_ERROR && job->code == SPEAD2_ERROR_DROPPED;

    check_end (job, i);
    sent += job->domain == 0;
    dropped += was_dropped;
    failed += job->domain != 0 && !was_dropped;
    bytes += job->bytes;
    payload += job->domain == 0 ? job->length : 0;
  }
  spead2_sender_get_stats (sender, &stats);
  fail_unless_equals_uint64 (stats.heaps_pushed, n_jobs);
  fail_unless_equals_uint64 (stats.heaps_sent, sent);
  fail_unless_equals_uint64 (stats.heaps_failed, failed);
  fail_unless_equals_uint64 (stats.heaps_dropped, dropped);
  fail_unless_equals_uint64 (stats.payload_bytes, payload);
  fail_unless_equals_uint64 (stats.heap_time.n, sent);
  fail_unless_equals_int (stats.outstanding, 0);
  fail_unless (
      stats.peak_outstanding <= spead2_max_heaps (config.max_heaps,
                                    config.n_workers, config.interleave, 0));

  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.kernel_errors, 0);
  fail_unless_equals_uint64 (stats.writer.bytes, bytes);
  fail_unless_equals_uint64 (stats.writer.bytes, counts.bytes);
  fail_unless_equals_uint64 (stats.writer.packets, counts.datagrams);
  fail_unless_equals_uint64 (stats.writer.messages, counts.messages);
  fail_unless_equals_uint64 (
      stats.writer.zerocopy_messages, counts.zerocopy_messages);
  n_zerocopy += counts.zerocopy_messages;
  if (!config.zero_copy)
    fail_unless_equals_uint64 (stats.writer.calls, counts.sendmmsg_calls);
}

/* An errno is counted once for each call that returned it, but for one that was
 * GSO's where the packets then failed with another. What is repeated at once is
 * not counted. */
static void
check_errnos (void)
{
  Spead2SenderStats stats;
  guint64 waited = 0;
  guint i;

  spead2_sender_get_stats (sender, &stats);
  for (i = 0; i < G_N_ELEMENTS (errnums); i++) {
    guint64 counted = stats.writer.errors[errnums[i]];
    guint64 seen = faults_seen (errnums[i]);

    if (IS_ONE_OF (errnums[i], waits))
      waited += seen;
    /* What zero copy was at fault for is another errno of the same bytes. */
    if (config.zero_copy && counted <= seen)
      continue;
    if (errnums[i] == EAGAIN || errnums[i] == EINTR ||
        errnums[i] == ECONNREFUSED) {
      fail_unless_equals_uint64 (counted, 0);
    } else if (IS_ONE_OF (errnums[i], gso_errnums)) {
      fail_unless (counted <= seen);
    } else {
      fail_unless_equals_uint64 (counted, seen);
    }
  }
  if (!config.zero_copy)
    fail_unless_equals_uint64 (stats.writer.waits, waited);
  fail_unless_equals_int (n_icmp, 0);
}

static void
check_gso (void)
{
  Spead2SenderStats stats;
  guint64 blamed = 0;
  guint i;

  spead2_sender_get_stats (sender, &stats);
  for (i = 0; i < G_N_ELEMENTS (gso_errnums); i++)
    blamed += faults_seen (gso_errnums[i]);
  fail_unless (stats.writer.gso_off <= blamed);
  if (stats.writer.gso_off == 0)
    fail_unless_equals_int (stats.gso_errno, 0);
  if (stats.gso_errno != 0)
    fail_unless (IS_ONE_OF (stats.gso_errno, gso_errnums) &&
        faults_seen (stats.gso_errno) > 0);

  switch (network) {
    case NO_GSO_NETWORK:
    case SMALL_NETWORK:
      /* Each worker finds it out once, and each time that it tries again; not where only
       * single packets were refused. */
      fail_unless (emptied || blamed == 0 || stats.writer.gso_off > 0 ||
          config.packet.packet_size >= SPEAD2_MIN_PAGED_PACKET);
      fail_unless (stats.writer.gso_off <= config.n_workers * (1 + n_probes));
      fail_unless (
          emptied || (stats.heaps_failed == 0 && stats.heaps_dropped == 0));
      break;
    case CLOSED_NETWORK:
      fail_unless_equals_uint64 (stats.writer.gso_off, 0);
      fail_unless_equals_uint64 (stats.heaps_sent, 0);
      break;
    default:
      break;
  }
}

/* -- what went out ------------------------------------------------------------------ */

typedef struct {
  guint64 cnt, offset;
  const guint8 *payload;
  gsize size;
} Packet;

/* The standard pointers are the first four. */
static void
read_packet (Packet *packet, const guint8 *bytes, gsize size)
{
  guint64 mask = (G_GUINT64_CONSTANT (1) << config.packet.flavour) - 1;
  gsize header = 8 + 8 * (read_u64 (bytes) & 0xffff);

  fail_unless (size > header);
  packet->cnt = read_u64 (bytes + 8) & mask;
  packet->offset = read_u64 (bytes + 24) & mask;
  packet->payload = bytes + header;
  packet->size = size - header;
}

/* A number is on the wire once: one that was given back goes to the next heap. */
static void
check_numbers (void)
{
  GHashTable *seen = g_hash_table_new (g_int64_hash, g_int64_equal);
  guint i;

  for (i = 0; i < n_jobs; i++)
    if (jobs[i].bytes > 0)
      fail_unless (g_hash_table_add (seen, &jobs[i].cnt),
          "two heaps have number %" G_GUINT64_FORMAT, jobs[i].cnt);
  g_hash_table_unref (seen);
}

/* The heap on the wire with that number: mostly the one that was last asked
 * for. */
static Job *
job_of (guint64 cnt)
{
  static guint last;
  guint i;

  for (i = 0; i < n_jobs; i++, last++) {
    Job *job = &jobs[last % n_jobs];

    if (job->cnt == cnt && job->bytes > 0)
      return job;
  }
  fail ("heap %" G_GUINT64_FORMAT " is on the wire, and was not sent", cnt);
  return NULL;
}

/* One datagram more of a heap: its bytes, behind those before it, by one worker. */
static void
check_packet (Job *job, const Packet *packet, gsize size, gint thread)
{
  fail_unless (is_payload (job, packet->offset, packet->payload, packet->size));
  fail_unless (packet->offset >= job->next_offset,
      "a packet came behind a later one of its heap");
  if (job->captured > 0)
    fail_unless_equals_int (thread, job->thread);
  if (job->domain == 0)
    fail_unless_equals_uint64 (packet->offset, job->next_offset);
  job->next_offset = packet->offset + packet->size;
  job->captured += size;
  job->thread = thread;
}

/* Numbers of heaps that have gone out, in the order of the pushes. */
typedef struct {
  gint threads[4];
  gint64 last[4]; /* of each thread */
  guint n_threads;
  gint64 newest;
  gint64 barrier;
} Order;

/* Heaps of one worker follow each other, but for those of a group, which are sent in turn; a
 * barrier stands between all. */
static void
check_order (Order *order, gint64 number, gint thread)
{
  guint i;

  for (i = 0; i < order->n_threads && order->threads[i] != thread; i++)
    ;
  if (i == order->n_threads) {
    fail_unless (i < config.n_workers);
    order->threads[order->n_threads++] = thread;
    order->last[i] = -1;
  }
  fail_unless (number + config.interleave > order->last[i],
      "a worker sent heap %" G_GINT64_FORMAT " behind heap %" G_GINT64_FORMAT,
      number, order->last[i]);
  order->last[i] = MAX (order->last[i], number);

  fail_unless (number >= order->barrier,
      "heap %" G_GINT64_FORMAT " comes behind the barrier %" G_GINT64_FORMAT,
      number, order->barrier);
  if (jobs[number].barrier) {
    fail_unless (number >= order->newest,
        "the barrier %" G_GINT64_FORMAT " comes behind heap %" G_GINT64_FORMAT,
        number, order->newest);
    order->barrier = number;
  }
  order->newest = MAX (order->newest, number);
}

static void
check_datagram (FakeReceiver *receiver, Order *order, gsize index, gint thread)
{
  gsize size;
  const guint8 *bytes = faults_datagram (index, &size);
  Packet packet;
  Job *job;

  fail_unless (bytes != NULL && size <= config.packet.packet_size);
  fail_unless (fake_receiver_feed (receiver, bytes, size), "%s",
      fake_receiver_error (receiver));
  read_packet (&packet, bytes, size);
  job = job_of (packet.cnt);
  check_packet (job, &packet, size, thread);
  check_order (order, job - jobs, thread);
}

static void
check_captured (void)
{
  FakeReceiver *receiver = fake_receiver_new (AF_UNSPEC);
  Order order = {.newest = -1, .barrier = -1};
  gsize i, k, datagram = 0;
  FaultsMessage message;

  for (i = 0; faults_message (i, &message); i++)
    for (k = 0; k < message.n_segments; k++)
      check_datagram (receiver, &order, datagram++, message.thread);
  for (i = 0; i < n_jobs; i++) {
    const FakeHeap *heap = fake_receiver_heap_by_cnt (receiver, jobs[i].cnt);

    if (jobs[i].domain == 0)
      fail_unless (heap && heap->complete &&
              (guint64) heap->heap_length >= jobs[i].length,
          "heap %" G_GSIZE_FORMAT " of %" G_GUINT64_FORMAT
          " bytes, number %" G_GUINT64_FORMAT ": %" G_GINT64_FORMAT
          " bytes, %s",
          i, jobs[i].length, jobs[i].cnt, heap ? heap->heap_length : 0,
          heap && heap->complete ? "complete" : "incomplete");
  }
  fake_receiver_free (receiver);
}

static void
check_released (guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    fail_unless_equals_int (g_atomic_int_get (&jobs[i].memories), 0);
}

static void
run_case (guint number)
{
  static const Spead2SenderCallbacks callbacks = {
      .heap_done = heap_done, .icmp_errors = icmp_errors};
  const guint32 seeds[] = {seed, seed >> 32, number};
  guint i, n;
  GThread *pusher;
  GError *error = NULL;

  dice = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  n_ended = n_jobs = n_icmp = n_probes = 0;
  stopped = emptied = FALSE;
  random_config ();
  n = 1 + roll (MAX_HEAPS_PUSHED);
  for (i = 0; i < n; i++)
    heaps[i] = make_heap (&jobs[i], i);
  random_network ();
  open_rings ();
  printf ("case %u: %u heaps, %u in turn, %u workers, packets of "
          "%" G_GSIZE_FORMAT ", network %d\n",
      number, n, config.interleave, config.n_workers, config.packet.packet_size,
      network);
  fflush (stdout);

  sender = spead2_sender_new (&config, &callbacks, NULL, &error);
  fail_unless (sender != NULL, "%s", error ? error->message : "");
  fail_unless (spead2_sender_start (sender, NULL));
  pusher = g_thread_new ("pusher", push_heaps, GUINT_TO_POINTER (n));
  for (i = roll (8); i > 0; i--)
    happen ();
  end_case (pusher);

  check_numbers ();
  check_captured ();
  check_sums ();
  check_errnos ();
  check_gso ();
  check_released (n);
  g_clear_pointer (&sender, spead2_sender_free);
  g_clear_object (&packets);
  g_clear_object (&pages);
  g_clear_pointer (&dice, g_rand_free);
}

GST_START_TEST (nothing_is_lost_and_nothing_is_silent)
{
  guint first = __i__ * CASES_PER_TEST, i;
  guint16 port;
  guint fds;

  deaf = open_deaf (&port);
  fail_unless (spead2_endpoint_resolve (
      &destination, "127.0.0.1", port, AF_UNSPEC, NULL, NULL));
  faults_block (true); /* they make what they keep */
  faults_reset ();
  fds = count_fds ();
  for (i = first; i < MIN (first + CASES_PER_TEST, n_cases); i++) {
    if (only >= 0 && i != only)
      continue;
    alarm (HANG_SECONDS);
    run_case (i);
  }
  fail_unless_equals_int (count_fds (), fds);
  close (deaf);
  printf ("%" G_GUINT64_FORMAT " messages were not copied\n", n_zerocopy);
}
GST_END_TEST

static Suite *
faults_suite (void)
{
  Suite *suite = suite_create ("faults");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 0);
  tcase_add_loop_test (tc, nothing_is_lost_and_nothing_is_silent, 0,
      (n_cases + CASES_PER_TEST - 1) / CASES_PER_TEST);
  return suite;
}

static void
read_settings (void)
{
  const gchar *text;

  seed = g_get_real_time ();
  if ((text = g_getenv ("FAULTS_SEED")) != NULL)
    seed = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("FAULTS_ONLY")) != NULL)
    only = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("FAULTS_CASES")) != NULL)
    n_cases = g_ascii_strtoull (text, NULL, 0);
  n_cases = MAX (n_cases, only + 1);
  printf ("FAULTS_SEED=%" G_GUINT64_FORMAT ", %u cases\n", seed, n_cases);
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  read_settings ();
  return gst_check_run_suite (faults_suite (), "faults", __FILE__);
}
