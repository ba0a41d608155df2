/* The least that a receiver does: one recvmsg with UDP_GRO at a time into one buffer of
 * 64 KiB. Packets are not parsed, and their payload is placed nowhere.
 * Usage: bench-barereceive [--latency] PORT BUFFER-BYTES. Ends at SIGINT, and prints one
 * line of JSON; with --latency also how long heaps took: see stamp.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "stamp.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define MESSAGE_SIZE 65536

typedef struct {
  guint64 messages, packets, bytes;
} Counts;

static volatile sig_atomic_t ended;

static void
end (int number)
{
  ended = 1;
}

static int
open_socket (guint16 port, gint buffer)
{
  const struct sockaddr_in address = {.sin_family = AF_INET,
      .sin_port = htons (port),
      .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  const gint on = 1;
  const gint fd = socket (AF_INET, SOCK_DGRAM, 0);

  if (fd < 0 || setsockopt (fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0 ||
      setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) < 0 ||
      bind (fd, (const struct sockaddr *) &address, sizeof address) < 0) {
    g_printerr ("port %u: %s\n", port, g_strerror (errno));
    exit (EXIT_FAILURE);
  }
  return fd;
}

/* Bytes of each packet of a message but the last; 0: it is one packet. */
static gsize
segment_size (struct msghdr *message)
{
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (message);
  gint size;

  if (cmsg == NULL || cmsg->cmsg_level != IPPROTO_UDP ||
      cmsg->cmsg_type != UDP_GRO)
    return 0;
  memcpy (&size, CMSG_DATA (cmsg), sizeof size);
  return size;
}

static void
receive (int fd, Counts *counts, StampLatencies *latencies)
{
  static guint8 data[MESSAGE_SIZE];

  while (!ended) {
    char control[CMSG_SPACE (sizeof (gint))] __attribute__ ((aligned (8)));
    struct iovec iov = {data, sizeof data};
    struct msghdr message = {.msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control};
    const gssize size = recvmsg (fd, &message, 0);
    const gsize segment = size > 0 ? segment_size (&message) : 0;

    if (size < 0)
      continue;
    if (latencies && size >= (gssize) STAMP_SIZE)
      stamp_note (latencies, data + size - STAMP_SIZE);
    counts->messages++;
    counts->bytes += size;
    counts->packets += segment > 0 ? (size + segment - 1) / segment : 1;
  }
}

int
main (int argc, char **argv)
{
  /* Without SA_RESTART: recvmsg() returns. */
  const struct sigaction action = {.sa_handler = end};
  static StampLatencies latencies;
  const gboolean latency = argc > 1 && strcmp (argv[1], "--latency") == 0;
  Counts counts = {0};

  argv += latency;
  if (argc - latency != 3) {
    g_printerr ("usage: bench-barereceive [--latency] PORT BUFFER-BYTES\n");
    return EXIT_FAILURE;
  }
  sigaction (SIGINT, &action, NULL);
  receive (open_socket (atoi (argv[1]), atoi (argv[2])), &counts,
      latency ? &latencies : NULL);
  g_print ("{\"messages\": %" G_GUINT64_FORMAT
           ", \"packets\": %" G_GUINT64_FORMAT
           ", \"bytes\": %" G_GUINT64_FORMAT,
      counts.messages, counts.packets, counts.bytes);
  if (latency)
    stamp_print (&latencies);
  g_print ("}\n");
  return EXIT_SUCCESS;
}
