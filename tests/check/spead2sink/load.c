/* Many heaps, large ones, small ones, and many sinks: every packet is checked as
 * it comes by a decoder that keeps nothing, the counters are those of the bytes
 * that left, and what the program holds (memory, descriptors, threads) is the
 * same after a tenth of a run and at its end.
 *
 * Where nothing may be lost and nothing may be slowed down by a rate, a socket of
 * packets stands in the network's place (faults_divert()), whose reader makes the
 * sender wait.
 *
 * Each run is a line of the output that begins with "load:". With LOAD_TORTURE=1
 * in the environment the runs are long: minutes each, instead of a second.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sinkfixture.h"

#define LIMIT (1800 * GST_SECOND)
#define N_BUFFERS 32
#define MAX_PACKET 65536

static gboolean torture;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUICKER 10
#else
#define QUICKER 1
#endif

/* A number of the quick run, or of the long one. */
#define LOAD(quick, full) (torture ? (full) : MAX ((quick) / QUICKER, 2))

/* -- samples: the byte of an index is the same in every heap ---------------------- */

/* Whole pages, and no power of 2. */
#define PERIOD (15 * 4096)

static guint8 *samples; /* begin again after PERIOD */
static gsize samples_size;

static void
make_samples (gsize heap_size)
{
  gsize i;

  samples_size = PERIOD + MAX (heap_size, MAX_PACKET);
  samples = g_malloc (samples_size);
  for (i = 0; i < samples_size; i++)
    samples[i] = pattern (i % PERIOD);
}

/* Nothing is copied: all heaps are made of the same bytes. */
static void
push_samples (guint64 index, gsize size)
{
  GstBuffer *buffer = gst_buffer_new ();

  gst_buffer_append_memory (buffer,
      gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, samples, samples_size,
          index % PERIOD, size, NULL, NULL));
  GST_BUFFER_OFFSET (buffer) = index;
  push_buffer (buffer);
}

/* -- the decoder ---------------------------------------------------------------------- */

/* Takes the packets of one worker, in order and without a gap. Written from the
 * wire format alone. */
typedef struct {
  guint bits;      /* of SPEAD-64-N */
  gsize heap_size; /* of samples, bytes */
  guint64 index;   /* of the first sample of all */
  guint64 n_packets, n_bytes, n_heaps;
  gboolean stopped;

  guint64 cnt;     /* of the present heap */
  guint64 length;  /* of it, descriptors included */
  guint64 offset;  /* that the next packet must have */
  guint64 address; /* of the samples */
} Decoder;

static guint64
low_bits (const Decoder *decoder, guint64 value)
{
  return value & ((G_GUINT64_CONSTANT (1) << decoder->bits) - 1);
}

/* A pointer as (mode and id, value or address). */
static guint64
pointer_at (
    const Decoder *decoder, const guint8 *packet, guint number, guint64 *id)
{
  guint64 pointer = read_u64 (packet + 8 + 8 * number);

  *id = pointer >> decoder->bits;
  return low_bits (decoder, pointer);
}

static guint64
immediate_id (const Decoder *decoder, guint64 id)
{
  return G_GUINT64_CONSTANT (1) << (63 - decoder->bits) | id;
}

/* The first packet of a heap: its number follows, it begins where the one before
 * it ended. */
static void
begin_heap (Decoder *decoder, const guint8 *packet, guint n)
{
  gboolean timestamp = FALSE;
  guint64 id, value;
  guint i;

  decoder->n_heaps++;
  decoder->cnt = pointer_at (decoder, packet, 0, &id);
  decoder->length = pointer_at (decoder, packet, 1, &id);
  decoder->address = G_MAXUINT64;
  fail_unless_equals_uint64 (
      decoder->cnt, low_bits (decoder, decoder->n_heaps));
  for (i = 4; i < n; i++) {
    value = pointer_at (decoder, packet, i, &id);
    if (id == immediate_id (decoder, ID_TIMESTAMP)) {
      fail_unless_equals_uint64 (value,
          low_bits (decoder,
              decoder->index + (decoder->n_heaps - 1) * decoder->heap_size));
      timestamp = TRUE;
    } else if (id == ID_SAMPLES) {
      decoder->address = value;
    } else if (id == immediate_id (decoder, FAKE_STREAM_CTRL)) {
      fail_unless_equals_uint64 (value, FAKE_CTRL_STOP);
      decoder->stopped = TRUE;
      return;
    }
  }
  fail_unless (timestamp && decoder->address != G_MAXUINT64);
  /* A heap of one packet may end in zeros. */
  fail_unless (decoder->length - decoder->address >= decoder->heap_size);
}

static void
check_samples (const Decoder *decoder, const guint8 *payload, gsize size)
{
  guint64 end = decoder->address + decoder->heap_size;
  guint64 position = decoder->offset;
  guint64 index;

  if (position < decoder->address) {
    gsize skip = MIN (size, decoder->address - position);

    payload += skip;
    size -= skip;
    position += skip;
  }
  if (position >= end)
    return;
  size = MIN (size, end - position);
  index = decoder->index + (decoder->n_heaps - 1) * decoder->heap_size +
      position - decoder->address;
  fail_unless (memcmp (payload, samples + index % PERIOD, size) == 0,
      "heap %" G_GUINT64_FORMAT " has other bytes from %" G_GUINT64_FORMAT,
      decoder->n_heaps, position);
}

static void
decode_packet (Decoder *decoder, const guint8 *packet, gsize size)
{
  guint64 header = read_u64 (packet), id, value;
  guint n = header & 0xffff;
  gsize payload = 8 + 8 * n;

  fail_if (decoder->stopped, "a packet came behind the stop heap");
  fail_unless (size > payload);
  fail_unless (header >> 16 ==
      (G_GUINT64_CONSTANT (0x5304) << 32 | (8 - decoder->bits / 8) << 24 |
          (decoder->bits / 8) << 16));
  decoder->n_packets++;
  decoder->n_bytes += size;
  if (decoder->offset == 0)
    begin_heap (decoder, packet, n);

  value = pointer_at (decoder, packet, 0, &id);
  fail_unless (
      id == immediate_id (decoder, FAKE_HEAP_CNT) && value == decoder->cnt);
  value = pointer_at (decoder, packet, 1, &id);
  fail_unless (id == immediate_id (decoder, FAKE_HEAP_LENGTH) &&
      value == decoder->length);
  value = pointer_at (decoder, packet, 2, &id);
  fail_unless (id == immediate_id (decoder, FAKE_PAYLOAD_OFFSET) &&
      value == decoder->offset);
  value = pointer_at (decoder, packet, 3, &id);
  fail_unless (id == immediate_id (decoder, FAKE_PAYLOAD_LENGTH) &&
      value == size - payload);
  if (!decoder->stopped)
    check_samples (decoder, packet + payload, size - payload);
  decoder->offset += size - payload;
  fail_unless (decoder->offset <= decoder->length);
  if (decoder->offset == decoder->length)
    decoder->offset = 0;
}

/* -- a reader: the decoder's thread ------------------------------------------------------ */

static Decoder reading;
static GThread *reader;
static gint reader_fd = -1;
static guint reader_pause; /* us, between its calls */

static gpointer
read_packets (gpointer data)
{
  guint8 *buffers = g_malloc (N_BUFFERS * MAX_PACKET);
  struct iovec iovs[N_BUFFERS];
  struct mmsghdr headers[N_BUFFERS];
  gint i, n = 1;

  memset (headers, 0, sizeof headers);
  for (i = 0; i < N_BUFFERS; i++) {
    iovs[i] = (struct iovec){buffers + i * MAX_PACKET, MAX_PACKET};
    headers[i].msg_hdr.msg_iov = &iovs[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  while (n > 0 && !reading.stopped) {
    n = recvmmsg (reader_fd, headers, N_BUFFERS, MSG_WAITFORONE, NULL);
    for (i = 0; i < n && headers[i].msg_len > 0; i++)
      decode_packet (&reading, iovs[i].iov_base, headers[i].msg_len);
    if (i < n)
      break;
    if (reader_pause > 0)
      pass_time (reader_pause);
  }
  g_free (buffers);
  return NULL;
}

static void
start_reader (gint fd, guint bits, gsize heap_size, guint64 index)
{
  reading = (Decoder){.bits = bits, .heap_size = heap_size, .index = index};
  reader_fd = fd;
  reader = g_thread_new ("reader", read_packets, NULL);
}

/* A packet socket in the network's place, and its reader. */
static gint diverted[2] = {-1, -1};

static void
divert (guint bits, gsize heap_size, guint64 index, gboolean wait)
{
  gint size = 1 << 20;

  fail_unless (
      socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, diverted) == 0);
  setsockopt (diverted[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  start_reader (diverted[1], bits, heap_size, index);
  faults_divert (diverted[0], wait);
}

/* -- a run ----------------------------------------------------------------------------------- */

static void
wait_eos_long (void)
{
  GstMessage *message = gst_bus_timed_pop_filtered (
      bus, LIMIT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
}

/* Pushes n heaps, ends the stream, and looks at what is held on the way. */
static void
run (const gchar *what, guint64 n, gsize size, guint64 index)
{
  gint64 begin = g_get_monotonic_time ();
  Usage early = {0}, late = {0};
  FaultsCounts counts;
  gdouble seconds;
  guint64 i;

  play (NULL);
  for (i = 0; i < n; i++) {
    push_samples (index + i * size, size);
    if (i == n / 10)
      get_usage (&early);
    if (i % 1024 == 0)
      drop_messages ();
  }
  get_usage (&late);
  push_eos ();
  wait_eos_long ();
  seconds = (g_get_monotonic_time () - begin) / 1e6;
  if (n >= 100)
    fail_unless_flat (&early, &late);

  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), n);
  fail_unless_equals_uint64 (counter ("heaps-sent"), n);
  fail_unless_equals_uint64 (counter ("bytes"), counts.bytes);
  fail_unless_equals_uint64 (counter ("packets"), counts.datagrams);
  fail_unless_equals_uint64 (counter ("messages"), counts.messages);
  fail_unless (counter ("payload-bytes") >= n * size);
  printf ("load: %s: %" G_GUINT64_FORMAT " heaps of %" G_GSIZE_FORMAT
          " bytes, %" G_GUINT64_FORMAT
          " packets, %.1f s, %.0f MB/s, RSS %" G_GSIZE_FORMAT
          " to %" G_GSIZE_FORMAT " KiB, %u descriptors\n",
      what, n, size, counts.datagrams, seconds, counts.bytes / seconds / 1e6,
      early.rss, late.rss, late.fds);
  fflush (stdout);
}

/* The decoder has had all of it, to the stop heap. */
static void
check_decoder (guint64 n)
{
  g_thread_join (reader);
  reader = NULL;
  fail_unless (reading.stopped);
  fail_unless_equals_uint64 (reading.n_heaps, n + 1);
  fail_unless_equals_uint64 (reading.n_packets, counter ("packets"));
  fail_unless_equals_uint64 (reading.n_bytes, counter ("bytes"));
  if (diverted[0] >= 0) {
    faults_divert (-1, false);
    close (diverted[0]);
    close (diverted[1]);
  }
}

static void
setup (void)
{
  setup_fixture ();
  faults_capture (false, false);
}

static void
teardown (void)
{
  teardown_fixture ();
  g_clear_pointer (&samples, g_free);
}

GST_START_TEST (heaps_of_8_KiB_at_full_speed_arrive_whole)
{
  guint64 n = LOAD (10000, 1000000);

  make_samples (8192);
  g_object_set (sink, "max-packet-size", 4096, NULL);
  divert (40, 8192, 0, TRUE);
  run ("full speed, a reader that makes it wait", n, 8192, 0);
  check_decoder (n);
}
GST_END_TEST

GST_START_TEST (heaps_of_one_byte_arrive_whole)
{
  guint64 n = LOAD (5000, 1000000);

  make_samples (1);
  divert (40, 1, 0, TRUE);
  run ("one byte a heap", n, 1, 0);
  check_decoder (n);
}
GST_END_TEST

/* Heap counter and timestamp run over, many times or at the largest value. */
static const struct {
  guint bits;
  gsize size;
  guint64 index;
  guint64 quick, full;
} wraps[] = {
    {16, 200, 0, 70000, 1000000},
    {40, 4096, (G_GUINT64_CONSTANT (1) << 40) - 100 * 4096, 300, 300},
    {48, 4096, (G_GUINT64_CONSTANT (1) << 48) - 100 * 4096, 300, 300},
    {40, 4096, G_MAXUINT64 - 1000 * 4096, 300, 300},
};

GST_START_TEST (counters_go_on_behind_their_wrap)
{
  guint64 n = LOAD (wraps[__i__].quick, wraps[__i__].full);

  make_samples (wraps[__i__].size);
  g_object_set (sink, "heap-address-bits", wraps[__i__].bits, NULL);
  divert (wraps[__i__].bits, wraps[__i__].size, wraps[__i__].index, TRUE);
  run ("counters wrap", n, wraps[__i__].size, wraps[__i__].index);
  check_decoder (n);
}
GST_END_TEST

/* Samples in so much address space, and in little memory: the same pages again
 * and again. */
static guint8 *
map_samples (gsize size)
{
  gsize block = 256 * PERIOD, offset;
  gint fd = memfd_create ("samples", MFD_CLOEXEC);
  guint8 *mapped = mmap (NULL, size, PROT_NONE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  fail_unless (fd >= 0 && mapped != MAP_FAILED);
  for (offset = 0; offset < block; offset += PERIOD)
    fail_unless (write (fd, samples, PERIOD) == PERIOD);
  for (offset = 0; offset < size; offset += block)
    fail_unless (mmap (mapped + offset, MIN (block, size - offset), PROT_READ,
                     MAP_SHARED | MAP_FIXED, fd, 0) == mapped + offset);
  close (fd);
  return mapped;
}

static const gint64 huge_sizes[] = {-1, 1};

GST_START_TEST (a_heap_about_as_long_as_32_bits_can_say_arrives_whole)
{
  gsize size =
      LOAD (G_GUINT64_CONSTANT (1) << 26, G_GUINT64_CONSTANT (1) << 32) +
      huge_sizes[__i__];
  GstBuffer *buffer = gst_buffer_new ();
  guint8 *mapped;

  make_samples (MAX_PACKET);
  mapped = map_samples (size);
  g_object_set (sink, "max-packet-size", 65504, NULL);
  divert (40, size, 0, TRUE);
  gst_buffer_append_memory (buffer,
      gst_memory_new_wrapped (
          GST_MEMORY_FLAG_READONLY, mapped, size, 0, size, NULL, NULL));
  play (NULL);
  push_buffer (buffer);
  push_eos ();
  wait_eos_long ();
  check_decoder (1);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 1);
  fail_unless (counter ("payload-bytes") >= size);
  printf ("load: one heap of %" G_GSIZE_FORMAT " bytes, %" G_GUINT64_FORMAT
          " packets\n",
      size, reading.n_packets);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  munmap (mapped, size);
}
GST_END_TEST

/* -- the real loopback ------------------------------------------------------------------------ */

static gint
open_udp (guint16 *port)
{
  gint fd = open_deaf (port), large = 64 << 20, allowed = 4 << 20;

  if (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large) != 0)
    setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &allowed, sizeof allowed);
  return fd;
}

/* What the kernel dropped at a port, from /proc/net/udp. */
static guint64
drops_at (guint16 port)
{
  gchar *text, *wanted = g_strdup_printf (":%04X 00000000:0000", port);
  const gchar *line;
  guint64 drops;

  fail_unless (g_file_get_contents ("/proc/net/udp", &text, NULL, NULL));
  line = strstr (text, wanted);
  fail_unless (line != NULL);
  line = strndup (line, strcspn (line, "\n"));
  g_strchomp ((gchar *) line);
  drops = g_ascii_strtoull (strrchr (line, ' '), NULL, 10);
  free ((gchar *) line);
  g_free (wanted);
  g_free (text);
  return drops;
}

/* A quarter of the greatest rate at which the reader, right now, loses nothing
 * for a moment; at most what a buffer bridges while a reader waits for a CPU. */
static gdouble
measure_safe_rate (void)
{
  gdouble rate, safe = 10e6;

  for (rate = 40e6; rate <= 400e6; rate *= 2) {
    guint64 drops;
    guint16 port;
    gint fd = open_udp (&port);

    g_object_set (sink, "port", port, "rate", rate, NULL);
    start_reader (fd, 40, 65536, 0);
    run ("measuring", MIN (rate / 65536 / 10, 600), 65536, 0);
    drops = drops_at (port);
    if (drops == 0)
      check_decoder (counter ("heaps-sent"));
    gst_element_set_state (pipeline, GST_STATE_READY);
    faults_reset ();
    close (fd);
    if (drops > 0)
      break;
    safe = rate / 4;
  }
  return MIN (safe, 100e6);
}

GST_START_TEST (heaps_of_64_KiB_over_loopback_arrive_without_a_drop)
{
  guint64 n = LOAD (500, 100000);
  gdouble rate;
  guint16 port;
  gint fd;

  make_samples (65536);
  g_object_set (sink, "max-packet-size", 8972, NULL);
  rate = torture ? measure_safe_rate () : 20e6;
  fd = open_udp (&port);
  g_object_set (sink, "port", port, "rate", rate, NULL);
  start_reader (fd, 40, 65536, 0);
  run ("over loopback, at a safe rate", n, 65536, 0);
  fail_unless_equals_uint64 (drops_at (port), 0);
  check_decoder (n);
  close (fd);
}
GST_END_TEST

GST_START_TEST (heaps_of_1_MiB_to_a_port_nobody_listens_at_are_counted_right)
{
  guint64 n = LOAD (500, 1000000);
  guint16 port;

  make_samples (1 << 20);
  close (open_udp (&port));
  g_object_set (sink, "max-packet-size", 8972, "port", port, NULL);
  run ("to a port nobody listens at", n, 1 << 20, 0);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 0);
  fail_unless (counter ("errors") > 0);
}
GST_END_TEST

/* -- state changes, with a reader that is slow -------------------------------------------------- */

static gpointer
push_until_flushing (gpointer data)
{
  GstBuffer *buffer;

  do {
    buffer = gst_buffer_new ();
    gst_buffer_append_memory (buffer,
        gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, samples, samples_size,
            0, 1 << 20, NULL, NULL));
  } while (gst_pad_push (pad, buffer) == GST_FLOW_OK);
  return NULL;
}

/* Reads, looks at nothing, and would need seconds for a heap. */
static gpointer
read_slowly (gpointer data)
{
  guint8 byte;

  while (recv (diverted[1], &byte, 1, 0) > 0)
    pass_time (2000);
  return NULL;
}

GST_START_TEST (a_slow_network_does_not_hold_a_state_change_up)
{
  guint i, n = LOAD (5, 200);
  gint64 longest = 0;
  GThread *slow;

  make_samples (1 << 20);
  fail_unless (
      socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, diverted) == 0);
  slow = g_thread_new ("reader", read_slowly, NULL);
  faults_divert (diverted[0], false);

  for (i = 0; i < n; i++) {
    GThread *pusher;
    gint64 begin;

    play (NULL);
    pusher = g_thread_new ("pusher", push_until_flushing, NULL);
    wait_stat ("outstanding", 4);
    begin = g_get_monotonic_time ();
    gst_element_set_state (pipeline, GST_STATE_READY);
    longest = MAX (longest, g_get_monotonic_time () - begin);
    g_thread_join (pusher);
    fail_unless_equals_uint64 (counter ("heaps-pushed"),
        counter ("heaps-sent") + counter ("heaps-failed") +
            counter ("heaps-dropped"));
    gst_pad_set_active (pad, FALSE);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_pad_set_active (pad, TRUE);
    drop_messages ();
  }
  printf ("load: %u state changes with a slow reader, the longest %.0f ms\n", n,
      longest / 1e3);
  fail_unless (longest < G_USEC_PER_SEC);
  shutdown (diverted[0], SHUT_RDWR);
  g_thread_join (slow);
  close (diverted[0]);
  close (diverted[1]);
}
GST_END_TEST

/* -- 64 sinks -------------------------------------------------------------------------------------- */

#define N_SINKS 64
#define HEAPS_PER_SINK 10
#define SINK_HEAP 16384

/* What each sink's thread sent, fed to a receiver of its own. */
static void
check_streams (void)
{
  GHashTable *receivers = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) fake_receiver_free);
  FaultsMessage message;
  GHashTableIter iter;
  gpointer value;
  gsize i, k, datagram = 0;

  for (i = 0; faults_message (i, &message); i++) {
    gpointer key = GINT_TO_POINTER (message.thread);
    FakeReceiver *own = g_hash_table_lookup (receivers, key);

    if (own == NULL) {
      own = fake_receiver_new (AF_UNSPEC);
      g_hash_table_insert (receivers, key, own);
    }
    for (k = 0; k < message.n_segments; k++) {
      size_t size;
      const guint8 *bytes = faults_datagram (datagram++, &size);

      fail_unless (fake_receiver_feed (own, bytes, size), "%s",
          fake_receiver_error (own));
    }
  }
  fail_unless_equals_int (g_hash_table_size (receivers), N_SINKS);
  g_hash_table_iter_init (&iter, receivers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    fail_unless_equals_int (
        fake_receiver_n_complete (value), HEAPS_PER_SINK + 1);
    fail_unless_equals_int (fake_receiver_saw_stop (value), 1);
  }
  g_hash_table_unref (receivers);
}

static guint64
sum_of_sinks (GstElement *bin, const gchar *name)
{
  guint64 sum = 0;
  guint i;

  for (i = 0; i < N_SINKS; i++) {
    gchar *sink_name = g_strdup_printf ("sender%u", i);
    GstElement *one = gst_bin_get_by_name (GST_BIN (bin), sink_name);
    GstStructure *stats;
    guint64 value;

    g_object_get (one, "stats", &stats, NULL);
    fail_unless (gst_structure_get_uint64 (stats, name, &value));
    sum += value;
    gst_structure_free (stats);
    gst_object_unref (one);
    g_free (sink_name);
  }
  return sum;
}

static void
play_sinks (GstElement *bin, gboolean decoded)
{
  GstBus *own_bus = gst_element_get_bus (bin);
  GstMessage *message;
  FaultsCounts counts;

  faults_reset ();
  faults_capture (decoded, decoded);
  gst_element_set_state (bin, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      own_bus, LIMIT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (
      sum_of_sinks (bin, "heaps-sent"), N_SINKS * HEAPS_PER_SINK);
  fail_unless_equals_uint64 (sum_of_sinks (bin, "bytes"), counts.bytes);
  if (decoded)
    check_streams ();
  gst_element_set_state (bin, GST_STATE_NULL);
  gst_bus_set_flushing (own_bus, TRUE);
  gst_bus_set_flushing (own_bus, FALSE);
  gst_object_unref (own_bus);
}

GST_START_TEST (many_sinks_do_not_meet)
{
  GString *text = g_string_new (NULL);
  guint i, n = LOAD (2, 50);
  Usage early, late;
  GstElement *bin;
  guint16 port;
  gint deaf = open_udp (&port);

  for (i = 0; i < N_SINKS; i++)
    g_string_append_printf (text,
        "adctestsrc num-buffers=%d samplesperbuffer=%d ! spead2sink "
        "name=sender%u "
        "port=%d ",
        HEAPS_PER_SINK, SINK_HEAP, i, port);
  bin = gst_parse_launch (text->str, NULL);
  g_string_free (text, TRUE);
  for (i = 0; i < n; i++) {
    play_sinks (bin, i == 0);
    if (i == n / 10)
      get_usage (&early);
  }
  get_usage (&late);
  if (n > 10)
    fail_unless_flat (&early, &late);
  fail_unless_equals_int (early.fds, late.fds);
  printf ("load: %d sinks, %u times, RSS %" G_GSIZE_FORMAT
          " to %" G_GSIZE_FORMAT " KiB, %u descriptors\n",
      N_SINKS, n, early.rss, late.rss, late.fds);
  gst_object_unref (bin);
  close (deaf);
}
GST_END_TEST

static Suite *
load_suite (void)
{
  Suite *suite = suite_create ("load");
  TCase *tc = tcase_create ("general");

  torture = g_getenv ("LOAD_TORTURE") != NULL;
  /* Meson has it touch what is free. */
  mallopt (M_PERTURB, 0);
  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, LIMIT / GST_SECOND);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, heaps_of_8_KiB_at_full_speed_arrive_whole);
  tcase_add_test (tc, heaps_of_one_byte_arrive_whole);
  tcase_add_loop_test (
      tc, counters_go_on_behind_their_wrap, 0, G_N_ELEMENTS (wraps));
  tcase_add_loop_test (tc,
      a_heap_about_as_long_as_32_bits_can_say_arrives_whole, 0,
      G_N_ELEMENTS (huge_sizes));
  tcase_add_test (tc, heaps_of_64_KiB_over_loopback_arrive_without_a_drop);
  tcase_add_test (
      tc, heaps_of_1_MiB_to_a_port_nobody_listens_at_are_counted_right);
  tcase_add_test (tc, a_slow_network_does_not_hold_a_state_change_up);
  tcase_add_test (tc, many_sinks_do_not_meet);
  return suite;
}

GST_CHECK_MAIN (load);
