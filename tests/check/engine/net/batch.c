/* Packets to messages: how they are filled, what their headers say, and where a
 * batch ends. Nothing is sent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "jobs.h"
#include "spead2/net/batch.h"
#include "spead2/memory/hugepages.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define MIB (1 << 20)
#define MAX_MESSAGE 65507

/* A message as its header describes it. */
typedef struct {
  guint16 port;
  guint batch; /* number of the batch, from 0 */
  gsize bytes;
  gsize n_iovecs;
  guint n_segments;
  gsize segment_size; /* UDP_SEGMENT; without it, bytes */
  gboolean has_gso;   /* UDP_SEGMENT is there */
  guint n_pages;      /* that its iovecs lie on */
} Sent;

static Spead2Endpoint endpoints[MAX_DESTINATIONS];
static Spead2Batch batch;
static Spead2BatchLimits limits;
static gboolean limited; /* each batch gets them */
static gboolean split;   /* every message is sent as plain packets */
static GArray *sent;     /* Sent */
static guint n_batches;
static GPtrArray *datagrams; /* GBytes */
static guint8 *headers;      /* what limits reserve */
static gsize n_reserved, headers_left;

static guint8 *
reserve (gpointer user_data, gsize size)
{
  guint8 *begin = headers + n_reserved;

  fail_unless (user_data == &limits);
  if (size > headers_left)
    return NULL;
  n_reserved += size;
  headers_left -= size;
  return begin;
}

static void
init_batch (gsize max_message)
{
  spead2_batch_init (&batch, endpoints, G_N_ELEMENTS (endpoints), max_message);
}

static void
setup (void)
{
  guint i;

  reset_jobs ();
  for (i = 0; i < G_N_ELEMENTS (endpoints); i++)
    fail_unless (spead2_endpoint_resolve (
        &endpoints[i], "127.0.0.1", 8888 + i, AF_UNSPEC, NULL, NULL));
  limited = split = FALSE;
  sent = g_array_new (FALSE, TRUE, sizeof (Sent));
  datagrams = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  n_batches = 0;
  headers = g_malloc (MIB);
  n_reserved = 0;
  headers_left = MIB;
  limits = (Spead2BatchLimits){.max_messages = SPEAD2_BATCH_MESSAGES,
      .max_fragments = 17,
      .reserve = reserve,
      .user_data = &limits};
  init_batch (MAX_MESSAGE);
}

static void
teardown (void)
{
  forget_jobs ();
  spead2_batch_clear (&batch);
  g_array_unref (sent);
  g_ptr_array_unref (datagrams);
  g_free (headers);
}

/* -- in the kernel's place ------------------------------------------------------- */

/* The size that the header asks the kernel to cut the message to, or 0. */
static gsize
segment_size (const struct msghdr *header)
{
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (header);
  guint16 size;

  if (cmsg == NULL)
    return 0;
  fail_unless_equals_int (cmsg->cmsg_level, IPPROTO_UDP);
  fail_unless_equals_int (cmsg->cmsg_type, UDP_SEGMENT);
  fail_unless_equals_int (cmsg->cmsg_len, CMSG_LEN (sizeof size));
  memcpy (&size, CMSG_DATA (cmsg), sizeof size);
  return size;
}

static GByteArray *
gather (const struct msghdr *header, guint *n_pages)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize i;

  for (i = 0; i < header->msg_iovlen; i++) {
    const struct iovec *iov = &header->msg_iov[i];

    g_byte_array_append (bytes, iov->iov_base, iov->iov_len);
    *n_pages += spead2_huge_pages_count (iov->iov_base, iov->iov_len);
  }
  return bytes;
}

static void
cut (const GByteArray *bytes, gsize size)
{
  gsize done;

  for (done = 0; done < bytes->len; done += size)
    g_ptr_array_add (datagrams,
        g_bytes_new (bytes->data + done, MIN (size, bytes->len - done)));
}

static void
take_message (const Spead2Message *message, const struct msghdr *header)
{
  const Spead2Endpoint *endpoint = &endpoints[message->destination];
  Sent now = {.batch = n_batches, .n_iovecs = header->msg_iovlen};
  GByteArray *bytes = gather (header, &now.n_pages);
  gsize size = segment_size (header), n_bytes = 0;
  guint i, n_packets = 0;

  fail_unless_equals_int (header->msg_namelen, endpoint->address_size);
  fail_unless (
      memcmp (header->msg_name, &endpoint->address, header->msg_namelen) == 0);
  now.port = ntohs (((struct sockaddr_in *) header->msg_name)->sin_port);
  now.bytes = bytes->len;
  now.segment_size = size ? size : bytes->len;
  now.n_segments = (now.bytes + now.segment_size - 1) / now.segment_size;
  now.has_gso = size != 0;
  fail_unless (now.has_gso || now.n_segments == 1);
  fail_unless_equals_uint64 (message->size, now.bytes);
  fail_unless_equals_uint64 (message->n_packets, now.n_segments);
  cut (bytes, now.segment_size);
  g_byte_array_unref (bytes);
  g_array_append_val (sent, now);

  for (i = 0; i < message->n_spans; i++) {
    const Spead2TxSpan *span = &message->spans[i];

    span->tx->bytes += span->bytes;
    span->tx->in_flight -= span->n_packets;
    n_bytes += span->bytes;
    n_packets += span->n_packets;
  }
  fail_unless_equals_uint64 (n_bytes, now.bytes);
  fail_unless_equals_uint64 (n_packets, now.n_segments);
}

static void
take_plain (const Spead2Message *message)
{
  Spead2PlainMessages *plain = g_new (Spead2PlainMessages, 1);
  guint i;

  spead2_batch_split (&batch, message, plain);
  fail_unless_equals_int (plain->n, message->n_packets);
  for (i = 0; i < plain->n; i++)
    take_message (&plain->messages[i], &plain->headers[i].msg_hdr);
  g_free (plain);
}

static void
begin (guint64 max_bytes)
{
  spead2_batch_begin (&batch, max_bytes);
  if (limited)
    spead2_batch_set_limits (&batch, &limits);
}

static gboolean
add (Spead2Packetizer *packetizer, Spead2TxState *tx)
{
  return spead2_batch_add (&batch, packetizer, tx);
}

static void
take_batch (void)
{
  guint64 bytes = 0;
  guint i;

  spead2_batch_write_headers (&batch);
  for (i = 0; i < batch.n_messages; i++) {
    bytes += batch.messages[i].size;
    if (split)
      take_plain (&batch.messages[i]);
    else
      take_message (&batch.messages[i], &batch.headers[i].msg_hdr);
  }
  fail_unless_equals_uint64 (batch.bytes, bytes);
  spead2_batch_empty (&batch);
  fail_unless_equals_int (batch.n_messages, 0);
  n_batches++;
}

static const guint8 *
get_datagram (gsize index, gsize *size)
{
  return g_bytes_get_data (g_ptr_array_index (datagrams, index), size);
}

/* Nothing of the jobs is lost, doubled or out of order. */
static void
send_jobs_in_batches (guint64 max_bytes)
{
  static const JobSender sender = {begin, add, take_batch};

  g_array_set_size (sent, 0);
  g_ptr_array_set_size (datagrams, 0);
  n_batches = 0;
  pass_jobs (&sender, max_bytes);
  check_all_sent ();
  check_datagrams (get_datagram, datagrams->len);
}

static void
send_jobs (void)
{
  send_jobs_in_batches (G_MAXUINT64);
}

static const Sent *
sent_at (guint index)
{
  fail_unless (index < sent->len);
  return &g_array_index (sent, Sent, index);
}

/* -- filling messages ------------------------------------------------------------ */

static const struct {
  gsize packet_size;
  guint n_packets, n_messages, in_message;
  gboolean in_place;
} fillings[] = {
    {1472, 733, 17, 44},
    /* 45 of them are 65520 bytes: more than IPv4 has. */
    {1456, 741, 17, 44},
    {8972, 118, 17, 7},
    {65507, 17, 17, 1},
    {1472, 733, 17, 44, TRUE},
    {8972, 118, 17, 7, TRUE},
    {65507, 17, 17, 1, TRUE},
};

GST_START_TEST (test_filled_messages)
{
  guint i;

  in_place = fillings[__i__].in_place;
  set_packet_size (fillings[__i__].packet_size);
  add_job (MIB);
  send_jobs ();
  fail_unless_equals_int (datagrams->len, fillings[__i__].n_packets);
  fail_unless_equals_int (sent->len, fillings[__i__].n_messages);
  fail_unless_equals_int (n_batches, 1);
  for (i = 0; i < sent->len; i++) {
    fail_unless (sent_at (i)->bytes <= MAX_MESSAGE);
    if (i + 1 < sent->len)
      fail_unless_equals_int (
          sent_at (i)->n_segments, fillings[__i__].in_message);
    if (in_place)
      fail_unless_equals_uint64 (sent_at (i)->n_iovecs, 1);
  }
}
GST_END_TEST

/* A single packet has it where the kernel has no cache for memory that is as large, but not
 * where no two packets of its size share a message. */
static const struct {
  gsize packet_size;
  gboolean has_gso;
} singles[] = {
    {1472, FALSE}, {7799, FALSE}, {7800, TRUE}, {32753, TRUE}, {32754, FALSE}};

GST_START_TEST (test_single_packets)
{
  const guint number = __i__ / 2;
  const gboolean gso = __i__ % 2;
  const gsize packet_size = singles[number].packet_size;
  gsize header_size;

  set_packet_size (65507);
  add_job (1000);
  send_jobs ();
  header_size = sent_at (0)->bytes - 1000;
  forget_jobs ();

  spead2_batch_set_gso (&batch, 0, gso);
  add_job (packet_size - header_size);
  send_jobs ();
  fail_unless_equals_int (sent->len, 1);
  fail_unless_equals_uint64 (sent_at (0)->bytes, packet_size);
  fail_unless_equals_int (sent_at (0)->has_gso, gso && singles[number].has_gso);
}
GST_END_TEST

/* Small heaps that lie one behind the other are one iovec, too. */
GST_START_TEST (test_heaps_in_place)
{
  Spead2PacketShape shape;
  Spead2MappedBuffer *held;
  GstAllocator *allocator;
  GstBuffer *buffer;
  guint i;

  fail_unless (spead2_packet_config_shape (&config, 2, &shape));
  shape.heap_size = 1000;
  allocator = spead2_headroom_allocator_new (&shape, NULL);
  buffer = gst_buffer_new_allocate (allocator, 20000, NULL);
  gst_buffer_memset (buffer, 0, 0x5a, 20000);
  held = spead2_mapped_buffer_new (buffer, NULL);
  for (i = 0; i < 20; i++)
    add_job_of (held, i * 1000, 1000);
  spead2_mapped_buffer_unref (held);
  send_jobs ();
  fail_unless_equals_int (sent->len, 1);
  fail_unless_equals_int (sent_at (0)->n_segments, 20);
  fail_unless_equals_uint64 (sent_at (0)->n_iovecs, 1);
  gst_buffer_unref (buffer);
  gst_object_unref (allocator);
}
GST_END_TEST

/* 13 packets of 5040 bytes are 65520. */
GST_START_TEST (test_message_limit)
{
  const gsize limit = __i__ == 0 ? 65519 : 65520;

  spead2_batch_clear (&batch);
  init_batch (limit);
  set_packet_size (5040);
  add_job (200000);
  send_jobs ();
  fail_unless_equals_int (sent_at (0)->n_segments, __i__ == 0 ? 12 : 13);
}
GST_END_TEST

GST_START_TEST (test_64_packets_a_message)
{
  guint i;

  set_packet_size (136);
  add_job (MIB / 2);
  send_jobs ();
  for (i = 0; i + 1 < sent->len; i++)
    fail_unless_equals_int (sent_at (i)->n_segments, 64);
}
GST_END_TEST

/* Packets of 25 iovecs: 40 of them, not 64. */
GST_START_TEST (test_iovec_limit)
{
  guint i;

  set_packet_size (136);
  add_job_in_pieces (100000, 4);
  send_jobs ();
  fail_unless (sent->len > 10);
  for (i = 0; i < sent->len; i++) {
    fail_unless (sent_at (i)->n_iovecs <= 1024);
    if (i > 0 && i + 1 < sent->len)
      fail_unless_equals_int (sent_at (i)->n_segments, 40);
  }
}
GST_END_TEST

/* Packets of one size share a message whichever heap they are of; a smaller
 * one ends it, a larger one begins another. */
GST_START_TEST (test_heaps_share_messages)
{
  guint i;

  set_packet_size (8972);
  for (i = 0; i < 21; i++)
    add_job (8192);
  add_job (4000);
  add_job (8192);
  send_jobs ();
  fail_unless_equals_int (sent->len, 4);
  for (i = 0; i < 3; i++) {
    fail_unless_equals_int (sent_at (i)->n_segments, i < 2 ? 7 : 8);
    fail_unless_equals_uint64 (sent_at (i)->segment_size, 8248);
  }
}
GST_END_TEST

/* Packets to one destination share messages, whatever goes to others between them. */
GST_START_TEST (test_destinations_in_turn)
{
  guint i;

  for (i = 0; i < 5 * MAX_DESTINATIONS; i++)
    add_job (FULL_PACKETS (3))->heap->destination = i % MAX_DESTINATIONS;
  send_jobs ();
  fail_unless_equals_int (sent->len, MAX_DESTINATIONS);
  for (i = 0; i < sent->len; i++) {
    fail_unless_equals_int (sent_at (i)->port, 8888 + i);
    fail_unless_equals_int (sent_at (i)->n_segments, 5 * 3);
  }
}
GST_END_TEST

/* A message that is full, or ended by a smaller packet, is followed by another to the same
 * destination, and those to the others go on. */
GST_START_TEST (test_messages_of_a_destination)
{
  static const guint ports[] = {8888, 8889, 8888, 8889, 8889};
  static const guint segments[] = {44, 21, 6, 44, 6};
  guint i;

  add_job (FULL_PACKETS (20));
  add_job (FULL_PACKETS (20) + 8)->heap->destination = 1;
  add_job (FULL_PACKETS (30));
  add_job (FULL_PACKETS (50))->heap->destination = 1;
  send_jobs ();
  fail_unless_equals_int (sent->len, 5);
  for (i = 0; i < sent->len; i++) {
    fail_unless_equals_int (sent_at (i)->port, ports[i]);
    fail_unless_equals_int (sent_at (i)->n_segments, segments[i]);
  }
}
GST_END_TEST

/* Whether the next packet shares a message says which one its destination's last is. */
GST_START_TEST (test_fits)
{
  Spead2Packetizer first, second;
  Spead2TxState tx = {0};

  add_job (FULL_PACKETS (50));
  add_job (FULL_PACKETS (50))->heap->destination = 1;
  spead2_packetizer_start (&first, &config, jobs[0].heap);
  spead2_packetizer_start (&second, &config, jobs[1].heap);
  begin (G_MAXUINT64);
  fail_if (spead2_batch_fits (&batch, &first));
  fail_unless (add (&first, &tx));
  fail_unless (spead2_batch_fits (&batch, &first));
  fail_if (spead2_batch_fits (&batch, &second));
  fail_unless (add (&second, &tx));
  fail_unless (spead2_batch_fits (&batch, &second));
  fail_unless (add (&first, &tx));
  fail_unless_equals_int (batch.n_messages, 2);
  fail_if (spead2_batch_fits (&batch, &first));
  fail_unless (spead2_batch_fits (&batch, &second));

  /* Of another batch. */
  begin (G_MAXUINT64);
  fail_if (spead2_batch_fits (&batch, &second));
}
GST_END_TEST

/* Packets of a run that do not follow each other, since others between them went to another
 * destination, are two spans of their message. */
GST_START_TEST (test_spans_of_a_run)
{
  static const guint to[] = {0, 1, 0};
  Spead2Packetizer packetizer;
  Spead2TxState tx = {0};
  const Spead2TxSpan *spans;
  guint i;

  add_job (FULL_PACKETS (60));
  spead2_packetizer_start (&packetizer, &config, jobs[0].heap);
  begin (G_MAXUINT64);
  for (i = 0; i < G_N_ELEMENTS (to); i++) {
    packetizer.destination = to[i];
    fail_unless (add (&packetizer, &tx));
  }
  fail_unless_equals_int (batch.n_messages, 2);
  spans = batch.messages[0].spans;
  fail_unless_equals_int (batch.messages[0].n_spans, 2);
  fail_unless_equals_uint64 (spans[0].first, 0);
  fail_unless_equals_int (spans[0].n_packets, 1);
  fail_unless_equals_uint64 (spans[1].first, 45);
  fail_unless_equals_int (spans[1].n_packets, 15);
}
GST_END_TEST

/* Without GSO a packet is a message, for that destination alone, and until it is
 * back. */
GST_START_TEST (test_without_gso)
{
  guint i;

  add_job (FULL_PACKETS (6));
  add_job (FULL_PACKETS (6))->heap->destination = 1;
  spead2_batch_set_gso (&batch, 0, FALSE);
  send_jobs ();
  fail_unless_equals_int (sent->len, 7);
  for (i = 0; i < 6; i++)
    fail_unless_equals_int (sent_at (i)->n_segments, 1);
  fail_unless_equals_int (sent_at (6)->n_segments, 6);

  spead2_batch_set_gso (&batch, 0, TRUE);
  send_jobs ();
  fail_unless_equals_int (sent->len, 2);
}
GST_END_TEST

/* -- where a batch ends ---------------------------------------------------------- */

GST_START_TEST (test_max_bytes)
{
  static const guint64 sizes[] = {1, 1472, 2943, 2944, 10000};
  static const guint packets[] = {1, 1, 1, 2, 6};
  guint i;

  add_job (FULL_PACKETS (12));
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    send_jobs_in_batches (sizes[i]);
    fail_unless_equals_int (n_batches, 12 / packets[i]);
    fail_unless_equals_int (sent->len, n_batches);
    fail_unless_equals_int (sent_at (0)->n_segments, packets[i]);
  }
}
GST_END_TEST

/* A batch that only its own memory ends does not begin a message that could not be
 * filled. */
GST_START_TEST (test_full_batch)
{
  guint i;

  add_job (3 * MIB);
  send_jobs ();
  fail_unless_equals_int (n_batches, 3);
  for (i = 0; i + 1 < sent->len; i++)
    fail_unless_equals_int (sent_at (i)->n_segments, 44);
  fail_unless_equals_int (sent_at (16)->batch, 0);
  fail_unless_equals_int (sent_at (17)->batch, 1);
}
GST_END_TEST

GST_START_TEST (test_64_messages_a_batch)
{
  spead2_batch_set_gso (&batch, 0, FALSE);
  add_job (FULL_PACKETS (65));
  send_jobs ();
  fail_unless_equals_int (n_batches, 2);
  fail_unless_equals_int (sent_at (63)->batch, 0);
  fail_unless_equals_int (sent_at (64)->batch, 1);
}
GST_END_TEST

/* -- limits ---------------------------------------------------------------------- */

GST_START_TEST (test_limited_messages)
{
  guint i;

  limited = TRUE;
  limits.max_messages = 3;
  add_job (FULL_PACKETS (100));
  send_jobs ();
  for (i = 0; i < sent->len; i++)
    fail_unless_equals_int (sent_at (i)->batch, i / 3);
}
GST_END_TEST

/* Payload on two pages of 2 MiB: no message lies on more pages than may be, and those
 * on one page have as many packets as that allows. */
GST_START_TEST (test_limited_fragments)
{
  guint8 *memory = g_malloc (3 * SPEAD2_HUGE_PAGE_SIZE);
  gsize offset = (gsize) memory % SPEAD2_HUGE_PAGE_SIZE;
  guint8 *page = memory + SPEAD2_HUGE_PAGE_SIZE - offset;
  GstBuffer *buffer;
  Spead2MappedBuffer *held;
  guint i, most = 0;

  /* Half a megabyte of each page. */
  memset (page, 0x5a, 2 * SPEAD2_HUGE_PAGE_SIZE);
  buffer = gst_buffer_new_wrapped_full (
      0, page + SPEAD2_HUGE_PAGE_SIZE - MIB / 2, MIB, 0, MIB, NULL, NULL);
  held = spead2_mapped_buffer_new (buffer, NULL);
  set_packet_size (3008);
  add_job_of (held, 0, MIB);
  spead2_mapped_buffer_unref (held);
  limited = TRUE;
  send_jobs ();
  for (i = 0; i < sent->len; i++) {
    fail_unless (sent_at (i)->n_pages <= 17, "%u", sent_at (i)->n_pages);
    most = MAX (most, sent_at (i)->n_segments);
  }
  fail_unless_equals_int (most, 8);

  /* Copied, a message is filled. */
  limited = FALSE;
  send_jobs ();
  fail_unless_equals_int (sent_at (1)->n_segments, MAX_MESSAGE / 3008);
  forget_jobs ();
  gst_buffer_unref (buffer);
  g_free (memory);
}
GST_END_TEST

/* Headers lie in what was reserved; when nothing is left the batch is full, and as it
 * was. */
GST_START_TEST (test_reserved_headers)
{
  Spead2Packetizer packetizer;
  Spead2TxState tx = {0};
  guint i, n_messages;

  add_job (FULL_PACKETS (200));
  spead2_packetizer_start (&packetizer, &config, jobs[0].heap);
  headers_left = 8000;
  limited = TRUE;
  begin (G_MAXUINT64);
  while (add (&packetizer, &tx))
    ;
  n_messages = batch.n_messages;
  fail_unless (n_messages > 1);
  fail_unless_equals_int (tx.in_flight, packetizer.offset / 1432 + 1);
  fail_unless (batch.limits != NULL);
  fail_unless_equals_uint64 (batch.scratch_used, 0);
  for (i = 0; i < n_messages; i++) {
    const guint8 *header = batch.messages[i].iov[0].iov_base;

    fail_unless (header >= headers && header < headers + n_reserved);
  }

  headers_left = MIB;
  fail_unless (add (&packetizer, &tx));
  fail_unless_equals_int (batch.n_messages, n_messages + 1);
}
GST_END_TEST

/* Where nothing can be reserved for the first packets, the batch is copied. */
GST_START_TEST (test_nothing_reserved)
{
  Spead2Packetizer packetizer;
  Spead2TxState tx = {0};

  add_job (FULL_PACKETS (200));
  spead2_packetizer_start (&packetizer, &config, jobs[0].heap);
  headers_left = 0;
  limited = TRUE;
  begin (G_MAXUINT64);
  fail_unless (batch.limits == &limits);
  fail_unless (add (&packetizer, &tx));
  fail_unless (batch.limits == NULL);
  fail_unless (add (&packetizer, &tx));
  fail_unless_equals_uint64 (n_reserved, 0);
  fail_unless (batch.messages[0].iov[0].iov_base == batch.scratch);
}
GST_END_TEST

/* -- plain packets ---------------------------------------------------------------- */

/* Messages of 44 packets, heaps of 30: most have two heaps' packets. */
GST_START_TEST (test_split)
{
  guint i;

  in_place = __i__ == 1;
  for (i = 0; i < 5; i++) {
    if (__i__ == 2)
      add_job_in_pieces (FULL_PACKETS (30), 500);
    else
      add_job (FULL_PACKETS (30));
  }
  add_job (100);
  split = TRUE;
  send_jobs ();
  fail_unless_equals_int (sent->len, 151);
  for (i = 0; i < 150; i++)
    fail_unless_equals_uint64 (sent_at (i)->bytes, 1472);
}
GST_END_TEST

/* -- everything at once ----------------------------------------------------------- */

#define SEEDS_PER_TEST 50

GST_START_TEST (test_random)
{
  guint i, k;

  for (i = 0; i < SEEDS_PER_TEST; i++) {
    GRand *random = g_rand_new_with_seed (__i__ * SEEDS_PER_TEST + i + 1);
    guint n_destinations = g_rand_int_range (random, 1, MAX_DESTINATIONS + 1);

    forget_jobs ();
    for (k = 0; k < 12; k++) {
      Job *job;

      in_place = g_rand_boolean (random);
      job = add_job_in_pieces (g_rand_boolean (random)
              ? FULL_PACKETS (g_rand_int_range (random, 1, 30))
              : (gsize) g_rand_int_range (random, 0, 20000),
          g_rand_int_range (random, 200, 50000));
      job->heap->destination = g_rand_int_range (random, 0, n_destinations);
    }
    for (k = 0; k < G_N_ELEMENTS (endpoints); k++)
      spead2_batch_set_gso (&batch, k, g_rand_boolean (random));
    split = g_rand_boolean (random);
    limited = g_rand_boolean (random);
    limits.max_messages = g_rand_int_range (random, 1, 20);
    n_reserved = 0;
    headers_left = g_rand_int_range (random, 0, MIB);
    send_jobs_in_batches (g_rand_boolean (random) ? G_MAXUINT64 : 20000);
    g_rand_free (random);
  }
}
GST_END_TEST

static Suite *
batch_suite (void)
{
  Suite *suite = suite_create ("batch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_filled_messages, 0, G_N_ELEMENTS (fillings));
  tcase_add_loop_test (tc, test_single_packets, 0, 2 * G_N_ELEMENTS (singles));
  tcase_add_test (tc, test_heaps_in_place);
  tcase_add_loop_test (tc, test_message_limit, 0, 2);
  tcase_add_test (tc, test_64_packets_a_message);
  tcase_add_test (tc, test_iovec_limit);
  tcase_add_test (tc, test_heaps_share_messages);
  tcase_add_test (tc, test_destinations_in_turn);
  tcase_add_test (tc, test_messages_of_a_destination);
  tcase_add_test (tc, test_fits);
  tcase_add_test (tc, test_spans_of_a_run);
  tcase_add_test (tc, test_without_gso);
  tcase_add_test (tc, test_max_bytes);
  tcase_add_test (tc, test_full_batch);
  tcase_add_test (tc, test_64_messages_a_batch);
  tcase_add_test (tc, test_limited_messages);
  tcase_add_test (tc, test_limited_fragments);
  tcase_add_test (tc, test_reserved_headers);
  tcase_add_test (tc, test_nothing_reserved);
  tcase_add_loop_test (tc, test_split, 0, 3);
  tcase_add_loop_test (tc, test_random, 0, 4);
  return suite;
}

GST_CHECK_MAIN (batch);
