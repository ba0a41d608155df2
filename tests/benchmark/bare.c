/* The kernel's limit: packets that were prepared once, in messages as large as
 * UDP segmentation offload takes, 16 of them to a call of sendmmsg, from memory
 * that goes round in a working set of given size. Nothing is waited for and
 * nothing is counted but what the kernel took.
 * Usage: bare [OPTION...] HOST PORT; prints one line of JSON.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define MESSAGES 16
#define MAX_MESSAGE 65507
#define MAX_SEGMENTS 64

typedef struct {
  char bytes[CMSG_SPACE (sizeof (guint16))] __attribute__ ((aligned (8)));
} Control;

static gint packet_size = 1472;
static gint header_size = 40;
static gint message_size;
static gint64 working_set = 4 << 20;
static gint64 payload_bytes = G_GINT64_CONSTANT (2000000000);
static gint n_threads = 1;
static gboolean contiguous;

static const GOptionEntry entries[] = {
    {"packet-size", 0, 0, G_OPTION_ARG_INT, &packet_size, "of UDP payload",
        "BYTES"},
    {"header-size", 0, 0, G_OPTION_ARG_INT, &header_size, "in each packet",
        "BYTES"},
    {"message-size", 0, 0, G_OPTION_ARG_INT, &message_size,
        "of UDP payload, whose last packet may be smaller; 0: the largest",
        "BYTES"},
    {"working-set", 0, 0, G_OPTION_ARG_INT64, &working_set,
        "of payload in memory", "BYTES"},
    {"bytes", 0, 0, G_OPTION_ARG_INT64, &payload_bytes, "of payload to send",
        "BYTES"},
    {"threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "each with a socket", "N"},
    {"contiguous", 0, 0, G_OPTION_ARG_NONE, &contiguous,
        "header and payload of a packet lie together", NULL},
    {NULL}};

typedef struct {
  struct sockaddr_in destination;
  gint fd;
  guint packets_per_message;
  gsize message_payload; /* bytes without headers */
  guint n_messages;      /* prepared */
  struct mmsghdr *messages;
  gint64 bytes;      /* of payload to send, then sent */
  gint64 begin, end; /* us */
  gdouble cpu;       /* seconds between them */
  pthread_barrier_t *barrier;
} Sender;

/* As much of a SPEAD header as tells a reader where the payload begins. */
static void
write_header (guint8 *header)
{
  memset (header, 0, header_size);
  header[0] = 0x53;
  header[1] = 0x04;
  header[2] = 0x03;
  header[3] = 0x05;
  header[7] = header_size / 8 - 1;
}

static void
prepare_message (Sender *sender, struct msghdr *header, guint8 *headers,
    guint8 *payload, Control *control)
{
  const gsize payload_size = packet_size - header_size;
  const guint n = sender->packets_per_message;
  gsize left = sender->message_payload;
  const guint16 segment = packet_size;
  struct cmsghdr *cmsg;

  header->msg_name = &sender->destination;
  header->msg_namelen = sizeof sender->destination;
  if (contiguous) {
    header->msg_iov = g_new0 (struct iovec, 1);
    header->msg_iovlen = 1;
    header->msg_iov[0] =
        (struct iovec){payload, left + (gsize) n * header_size};
  } else {
    header->msg_iov = g_new0 (struct iovec, 2 * n);
    header->msg_iovlen = 2 * n;
    for (guint i = 0; i < n; i++) {
      header->msg_iov[2 * i] =
          (struct iovec){headers + i * header_size, header_size};
      header->msg_iov[2 * i + 1] =
          (struct iovec){payload + i * payload_size, MIN (left, payload_size)};
      left -= header->msg_iov[2 * i + 1].iov_len;
    }
  }
  if (n > 1) {
    header->msg_control = control;
    header->msg_controllen = sizeof *control;
    cmsg = CMSG_FIRSTHDR (header);
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN (sizeof segment);
    memcpy (CMSG_DATA (cmsg), &segment, sizeof segment);
  }
}

/* A whole number of calls, so that each call has all its messages. */
static void
prepare (Sender *sender)
{
  const guint n = message_size > 0
      ? (message_size + packet_size - 1) / packet_size
      : MIN (MAX_MESSAGE / packet_size, MAX_SEGMENTS);
  const gsize payload =
      (message_size > 0 ? (guint) message_size : n * packet_size) -
      n * header_size;
  const gsize stride = contiguous ? (gsize) n * packet_size : payload;
  guint calls = MAX (working_set / (payload * MESSAGES), 1);
  guint8 *memory, *headers;
  Control *controls;

  sender->packets_per_message = n;
  sender->message_payload = payload;
  sender->n_messages = calls * MESSAGES;
  sender->messages = g_new0 (struct mmsghdr, sender->n_messages);
  memory = g_malloc (stride * sender->n_messages);
  memset (memory, 0x5a, stride * sender->n_messages);
  if (contiguous)
    for (guint i = 0; i < n * sender->n_messages; i++)
      write_header (memory + (gsize) i * packet_size);
  headers = g_malloc ((gsize) n * header_size * MESSAGES);
  for (guint i = 0; i < n * MESSAGES; i++)
    write_header (headers + (gsize) i * header_size);
  controls = g_new0 (Control, sender->n_messages);
  /* Headers are written anew for each call by a real sender, always in the
   * same place. */
  for (guint i = 0; i < sender->n_messages; i++)
    prepare_message (sender, &sender->messages[i].msg_hdr,
        headers + (gsize) (i % MESSAGES) * n * header_size, memory + stride * i,
        &controls[i]);
}

static void
send_messages (Sender *sender, struct mmsghdr *messages)
{
  guint done = 0;

  while (done < MESSAGES) {
    gint sent =
        sendmmsg (sender->fd, messages + done, MESSAGES - done, MSG_DONTWAIT);

    if (sent > 0)
      done += sent;
    else if (errno == EAGAIN) {
      struct pollfd poll_fd = {.fd = sender->fd, .events = POLLOUT};

      poll (&poll_fd, 1, -1);
    } else if (errno == ENOBUFS)
      g_usleep (50);
    else if (errno != EINTR && errno != ECONNREFUSED)
      g_error ("sendmmsg: %s", g_strerror (errno));
  }
}

static gdouble
thread_cpu_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void *
run (void *data)
{
  Sender *sender = data;
  const gint64 per_call = (gint64) MESSAGES * sender->message_payload;
  gint64 wanted = sender->bytes;
  guint next = 0;

  pthread_barrier_wait (sender->barrier);
  sender->begin = g_get_monotonic_time ();
  sender->cpu = thread_cpu_seconds ();
  for (sender->bytes = 0; sender->bytes < wanted; sender->bytes += per_call) {
    send_messages (sender, sender->messages + next);
    next = (next + MESSAGES) % sender->n_messages;
  }
  sender->cpu = thread_cpu_seconds () - sender->cpu;
  sender->end = g_get_monotonic_time ();

  return NULL;
}

int
main (int argc, char **argv)
{
  GOptionContext *options = g_option_context_new ("HOST PORT");
  pthread_barrier_t barrier;
  GError *error = NULL;
  pthread_t *threads;
  Sender *senders;
  gint64 begin = G_MAXINT64, end = 0, bytes = 0;
  gdouble cpu = 0;

  g_option_context_add_main_entries (options, entries, NULL);
  if (!g_option_context_parse (options, &argc, &argv, &error))
    g_error ("%s", error->message);
  if (argc != 3 || header_size < 8 || packet_size <= header_size ||
      packet_size > MAX_MESSAGE || message_size > MAX_MESSAGE || n_threads < 1)
    g_error ("Usage: bare [OPTION...] HOST PORT");

  threads = g_new0 (pthread_t, n_threads);
  senders = g_new0 (Sender, n_threads);
  pthread_barrier_init (&barrier, NULL, n_threads);
  for (gint i = 0; i < n_threads; i++) {
    senders[i].destination.sin_family = AF_INET;
    senders[i].destination.sin_port = htons (atoi (argv[2]));
    inet_pton (AF_INET, argv[1], &senders[i].destination.sin_addr);
    senders[i].fd = socket (AF_INET, SOCK_DGRAM, 0);
    senders[i].bytes = payload_bytes / n_threads;
    senders[i].barrier = &barrier;
    prepare (&senders[i]);
    pthread_create (&threads[i], NULL, run, &senders[i]);
  }
  for (gint i = 0; i < n_threads; i++) {
    pthread_join (threads[i], NULL);
    bytes += senders[i].bytes;
    cpu += senders[i].cpu;
    begin = MIN (begin, senders[i].begin);
    end = MAX (end, senders[i].end);
  }
  printf ("{\"seconds\": %.6f, \"cpu\": %.6f, \"payload\": %" G_GINT64_FORMAT
          ", \"packets_per_message\": %u}\n",
      (end - begin) / 1e6, cpu, bytes, senders[0].packets_per_message);

  return 0;
}
