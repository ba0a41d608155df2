/* A bad network: takes SPEAD packets at one UDP port and sends them to another, loses,
 * doubles and reorders some of them, and counts what it did.
 *
 * It works packet by packet, without segmentation offload. What becomes of a packet follows
 * from the seed and the packet's number. It is lost; or it is sent once or twice, each time
 * in its turn or up to --window packets later; or it is late: sent when --late-heaps
 * heaps have begun that will never be whole, so that a receiver which assembles fewer has given
 * its heap up. Only packets of heaps of which something was sent before are late.
 *
 * Heaps have at most 64 packets, all but the last of --payload bytes of payload, and
 * counters from that of the first packet on in steps of 1. What the kernel drops in front of
 * the relay is counted as "kernel-drops"; to a heap it is as if the sender had not sent it.
 *
 * Prints {"port": number, "buffer": bytes}. When a line or the end of its input comes, sends
 * what it holds (but late packets, which are lost then), prints {"relay": counters} and ends.
 * --heaps=FILE has a record of each heap: see Heap. Bytes are of payload, but "bytes".
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What the kernel may queue while the relay waits for a CPU. */
#define BUFFER_SIZE (64 << 20)

/* A heap as it is written. Bit i of a mask is the packet at offset i * payload. */
typedef struct {
  guint64 cnt;
  guint64 all;     /* its packets; 0: none came */
  guint64 in_time; /* those that were sent, but not late */
  guint64 lost;    /* those that were lost, or are late */
  guint64
      begun; /* number of its first packet among all that were sent; 0: none */
  guint64 completed; /* the same of the one with which all were sent in time */
} Heap;

typedef struct _Packet Packet;
struct _Packet {
  Packet *next;
  guint64 cnt;
  guint64 bit;        /* in the masks of its heap */
  gsize payload;      /* bytes */
  guint64 n_hopeless; /* a late one is sent when there are so many */
  gsize size;
  guint8 bytes[];
};

/* Each received packet is lost, or sent; a doubled one is sent twice. */
enum { RECEIVED, LOST, DOUBLED, REORDERED, LATE, SENT, N_COUNTERS };

static const gchar *const names[N_COUNTERS] = {
    "received", "lost", "doubled", "reordered", "late", "sent"};

static gint to_port, payload_size, window = 1, late_heaps;
static gint64 seed;
static gdouble loss, doubling, reordering, lateness;
static gchar *heaps_file;

static const GOptionEntry options[] = {
    {"to", 0, 0, G_OPTION_ARG_INT, &to_port, "Port to send to", "PORT"},
    {"payload", 0, 0, G_OPTION_ARG_INT, &payload_size,
        "Bytes of payload in a packet", "BYTES"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Seed", "N"},
    {"loss", 0, 0, G_OPTION_ARG_DOUBLE, &loss, "Probability of a loss", "P"},
    {"double", 0, 0, G_OPTION_ARG_DOUBLE, &doubling,
        "Probability that a packet is sent twice", "P"},
    {"reorder", 0, 0, G_OPTION_ARG_DOUBLE, &reordering,
        "Probability that a packet is sent later", "P"},
    {"window", 0, 0, G_OPTION_ARG_INT, &window,
        "How many packets later, at most", "N"},
    {"late", 0, 0, G_OPTION_ARG_DOUBLE, &lateness,
        "Probability that a packet is late", "P"},
    {"late-heaps", 0, 0, G_OPTION_ARG_INT, &late_heaps,
        "How many hopeless heaps late", "N"},
    {"heaps", 0, 0, G_OPTION_ARG_FILENAME, &heaps_file,
        "Where heaps are written to", "FILE"},
    {NULL},
};

static gint fd;
static struct sockaddr_in to;
static GRand *dice;
static GArray *heaps; /* (Heap), by counter, from that of the first packet on */
static Packet **
    queues; /* of the packets that are sent i packets later, modulo their number */
static GQueue late_packets = G_QUEUE_INIT;
static guint64 n_hopeless; /* heaps that have begun and will not be whole */
static guint64 packets[N_COUNTERS], bytes[N_COUNTERS];
static guint64 datagram_bytes; /* sent, with headers */

static void
count (guint what, const Packet *packet)
{
  packets[what]++;
  bytes[what] += packet->payload;
}

/* -- SPEAD --------------------------------------------------------------------------- */

static guint64
read_u64 (const guint8 *data)
{
  guint64 value;

  memcpy (&value, data, sizeof value);
  return GUINT64_FROM_BE (value);
}

static Heap *
get_heap (guint64 cnt)
{
  static guint64 first;

  if (heaps->len == 0)
    first = cnt;
  if (cnt < first || cnt - first > G_MAXINT)
    g_error ("heap %" G_GUINT64_FORMAT
             " does not follow heap %" G_GUINT64_FORMAT,
        cnt, first);
  while (heaps->len <= cnt - first) {
    Heap heap = {.cnt = first + heaps->len};

    g_array_append_val (heaps, heap);
  }
  return &g_array_index (heaps, Heap, cnt - first);
}

/* Reads the standard items of SPEAD-64-40, immediates 1 to 4. */
static void
parse (Packet *packet)
{
  guint64 values[5] = {0}, n, number;
  gsize i, n_pointers = packet->bytes[6] << 8 | packet->bytes[7];

  if (packet->size < 8 + 8 * n_pointers ||
      memcmp (packet->bytes, "\x53\x04\x03\x05\0\0", 6) != 0)
    g_error ("a packet of %" G_GSIZE_FORMAT " bytes is not of SPEAD-64-40",
        packet->size);
  for (i = 0; i < n_pointers; i++) {
    guint64 pointer = read_u64 (packet->bytes + 8 + 8 * i);
    guint64 id = (pointer & G_MAXINT64) >> 40;

    if (pointer >> 63 && id < G_N_ELEMENTS (values))
      values[id] = pointer & ((G_GUINT64_CONSTANT (1) << 40) - 1);
  }
  n = (values[2] + payload_size - 1) / payload_size;
  number = values[3] / payload_size;
  if (values[3] % payload_size != 0 || n > 64 || number >= n)
    g_error ("a packet is not of a heap of up to 64 packets of %d bytes",
        payload_size);
  packet->cnt = values[1];
  packet->bit = G_GUINT64_CONSTANT (1) << number;
  packet->payload = values[4];
  get_heap (packet->cnt)->all = G_MAXUINT64 >> (64 - n);
}

/* -- what becomes of a packet ---------------------------------------------------------- */

static void
send_packet (const Packet *packet, gboolean in_time)
{
  Heap *heap = get_heap (packet->cnt);

  while (sendto (fd, packet->bytes, packet->size, 0, (struct sockaddr *) &to,
             sizeof to) < 0)
    if (errno != EINTR)
      g_error ("a packet cannot be sent: %s", g_strerror (errno));
  count (SENT, packet);
  datagram_bytes += packet->size;
  if (heap->begun == 0) {
    heap->begun = packets[SENT];
    n_hopeless += heap->lost != 0;
  }
  if (!in_time)
    return;
  heap->in_time |= packet->bit;
  if (heap->in_time == heap->all && heap->completed == 0)
    heap->completed = packets[SENT];
}

/* Its heap will not be whole. */
static void
note_loss (const Packet *packet)
{
  Heap *heap = get_heap (packet->cnt);

  n_hopeless += heap->lost == 0 && heap->begun > 0;
  heap->lost |= packet->bit;
}

static gboolean
chance (gdouble probability)
{
  return g_rand_double (dice) < probability;
}

static Packet *
keep (const Packet *packet)
{
  return g_memdup2 (packet, sizeof *packet + packet->size);
}

static Packet **
queue_after (guint n)
{
  return &queues[(packets[RECEIVED] + n) % (window + 1)];
}

static void
send_in_turn_or_later (const Packet *packet)
{
  Packet **queue, *kept;

  if (!chance (reordering)) {
    send_packet (packet, TRUE);
    return;
  }
  count (REORDERED, packet);
  queue = queue_after (g_rand_int_range (dice, 1, window + 1));
  kept = keep (packet);
  kept->next = *queue;
  *queue = kept;
}

static void
decide (const Packet *packet)
{
  count (RECEIVED, packet);
  if (chance (loss)) {
    count (LOST, packet);
    note_loss (packet);
  } else if (chance (doubling)) {
    count (DOUBLED, packet);
    send_in_turn_or_later (packet);
    send_in_turn_or_later (packet);
  } else if (chance (lateness) && get_heap (packet->cnt)->begun > 0) {
    Packet *kept = keep (packet);

    note_loss (packet);
    kept->n_hopeless = n_hopeless + late_heaps;
    g_queue_push_tail (&late_packets, kept);
  } else {
    send_in_turn_or_later (packet);
  }
}

static void
send_queue (Packet **queue)
{
  while (*queue) {
    Packet *packet = *queue;

    *queue = packet->next;
    send_packet (packet, TRUE);
    g_free (packet);
  }
}

static void
send_late (void)
{
  Packet *packet;

  while ((packet = g_queue_peek_head (&late_packets)) &&
      packet->n_hopeless <= n_hopeless) {
    count (LATE, packet);
    send_packet (g_queue_pop_head (&late_packets), FALSE);
    g_free (packet);
  }
}

/* Takes all that has come. */
static void
drain (Packet *packet)
{
  for (;;) {
    gssize size = recv (fd, packet->bytes, G_MAXUINT16, MSG_DONTWAIT);

    if (size < 0 && errno == EAGAIN)
      return;
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      g_error ("nothing can be received: %s", g_strerror (errno));
    packet->size = size;
    parse (packet);
    decide (packet);
    send_queue (queue_after (0));
    send_late ();
  }
}

/* -- the end ----------------------------------------------------------------------------- */

static void
finish (void)
{
  Packet *packet;
  gint i;

  for (i = 1; i <= window; i++)
    send_queue (queue_after (i));
  while ((packet = g_queue_pop_head (&late_packets))) {
    count (LOST, packet);
    g_free (packet);
  }
}

static guint32
kernel_drops (void)
{
  guint32 values[SK_MEMINFO_VARS] = {0};
  socklen_t size = sizeof values;

  if (getsockopt (fd, SOL_SOCKET, SO_MEMINFO, values, &size) != 0)
    g_error ("the kernel does not say what it dropped: %s", g_strerror (errno));
  return values[SK_MEMINFO_DROPS];
}

static void
report (void)
{
  guint i;

  printf ("{\"relay\": {");
  for (i = 0; i < N_COUNTERS; i++)
    printf ("\"%s\": %" G_GUINT64_FORMAT ", \"%s-bytes\": %" G_GUINT64_FORMAT
            ", ",
        names[i], packets[i], names[i], bytes[i]);
  printf ("\"bytes\": %" G_GUINT64_FORMAT ", \"kernel-drops\": %u}}\n",
      datagram_bytes, kernel_drops ());
  if (heaps_file &&
      !g_file_set_contents (
          heaps_file, heaps->data, heaps->len * sizeof (Heap), NULL))
    g_error ("%s cannot be written", heaps_file);
}

/* A socket of the loopback. Prints where it is. */
static void
open_socket (void)
{
  struct sockaddr_in local = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  gint size = BUFFER_SIZE;
  socklen_t length = sizeof size;

  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind (fd, (struct sockaddr *) &local, sizeof local) != 0)
    g_error ("no socket: %s", g_strerror (errno));
  if (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  getsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, &length);
  to = local;
  to.sin_port = htons (to_port);
  length = sizeof local;
  getsockname (fd, (struct sockaddr *) &local, &length);
  printf ("{\"port\": %u, \"buffer\": %d}\n", ntohs (local.sin_port), size / 2);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  GOptionContext *context = g_option_context_new ("- a bad network");
  Packet *packet = g_malloc0 (sizeof *packet + G_MAXUINT16);
  struct pollfd polled[2] = {{.fd = 0, .events = POLLIN}};
  GError *error = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  if (to_port <= 0 || payload_size <= 0 || window < 1)
    g_error ("--to and --payload are wanted, and a --window of 1 or more");
  dice = g_rand_new_with_seed (seed);
  heaps = g_array_new (FALSE, FALSE, sizeof (Heap));
  queues = g_new0 (Packet *, window + 1);
  open_socket ();
  polled[1] = (struct pollfd){.fd = fd, .events = POLLIN};
  while (polled[0].revents == 0) {
    poll (polled, G_N_ELEMENTS (polled), -1);
    drain (packet);
  }
  finish ();
  report ();
  return 0;
}
