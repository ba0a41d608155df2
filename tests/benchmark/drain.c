/* A reader that takes packets as fast as the kernel gives them: UDP_GRO, a large
 * buffer, and nothing is done with them but counting.
 * Usage: drain [RECEIVE-BUFFER-BYTES]. Prints "PORT BUFFER-BYTES", the buffer
 * that the kernel granted; then, for each line on standard input, when nothing
 * has come for 50 ms, one line of JSON: what came since the last one. Ends when
 * standard input does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define MESSAGES 64
#define MESSAGE_SIZE 65536
#define QUIET_MS 50

typedef struct {
  guint64 bytes; /* of UDP payload */
  guint64 packets;
  guint64 payload; /* of SPEAD heaps */
  /* Readings, each a time t (s) and the bytes b before it, and their sums: of
   * them the line that fits best is the rate, whatever bursts there are. */
  gint64 first; /* us */
  gdouble n, t, b, tt, tb;
} Counts;

typedef struct {
  gint fd;
  guint8 *memory;
  struct iovec iovs[MESSAGES];
  char controls[MESSAGES][CMSG_SPACE (sizeof (gint))]
      __attribute__ ((aligned (8)));
  struct mmsghdr messages[MESSAGES];
  Counts counts;
} Drain;

/* Segments are of equal size but the last; the message says of which. */
static gsize
segment_size (struct msghdr *message, gsize size)
{
  struct cmsghdr *cmsg;
  gint segment;

  for (cmsg = CMSG_FIRSTHDR (message); cmsg; cmsg = CMSG_NXTHDR (message, cmsg))
    if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
      memcpy (&segment, CMSG_DATA (cmsg), sizeof segment);
      return MAX (segment, 1);
    }

  return MAX (size, 1);
}

/* A SPEAD packet says in its header how many item pointers it has; all behind
 * them is payload. */
static gsize
payload_of (const guint8 *packet, gsize size)
{
  gsize header = size < 8 ? size : 8 + 8 * (packet[6] * 256u + packet[7]);

  return size > header ? size - header : 0;
}

static void
count (Drain *drain, struct mmsghdr *message)
{
  const guint8 *data = message->msg_hdr.msg_iov->iov_base;
  gsize size = message->msg_len;
  gsize segment = segment_size (&message->msg_hdr, size);

  drain->counts.bytes += size;
  for (gsize at = 0; at < size; at += segment) {
    drain->counts.packets++;
    drain->counts.payload += payload_of (data + at, MIN (segment, size - at));
  }
}

static void
note_reading (Counts *counts)
{
  gint64 now = g_get_monotonic_time ();
  gdouble t, b = counts->bytes;

  if (counts->n == 0)
    counts->first = now;
  t = (now - counts->first) / 1e6;
  counts->n++;
  counts->t += t;
  counts->b += b;
  counts->tt += t * t;
  counts->tb += t * b;
}

/* Bytes a second, or 0 when too little came. */
static gdouble
fit_rate (const Counts *counts)
{
  gdouble spread = counts->n * counts->tt - counts->t * counts->t;

  return spread > 0 ? (counts->n * counts->tb - counts->t * counts->b) / spread
                    : 0;
}

static void
read_packets (Drain *drain)
{
  gint n;

  for (guint i = 0; i < MESSAGES; i++) {
    drain->messages[i].msg_hdr.msg_control = drain->controls[i];
    drain->messages[i].msg_hdr.msg_controllen = sizeof drain->controls[i];
  }
  n = recvmmsg (drain->fd, drain->messages, MESSAGES, MSG_DONTWAIT, NULL);
  if (n <= 0)
    return;
  note_reading (&drain->counts);
  for (gint i = 0; i < n; i++)
    count (drain, &drain->messages[i]);
}

static void
report (Drain *drain)
{
  struct pollfd poll_fd = {.fd = drain->fd, .events = POLLIN};
  const Counts *counts = &drain->counts;

  while (poll (&poll_fd, 1, QUIET_MS) > 0)
    read_packets (drain);
  printf ("{\"bytes\": %" G_GUINT64_FORMAT ", \"packets\": %" G_GUINT64_FORMAT
          ", \"payload\": %" G_GUINT64_FORMAT ", \"rate\": %.0f}\n",
      counts->bytes, counts->packets, counts->payload, fit_rate (counts));
  fflush (stdout);
  memset (&drain->counts, 0, sizeof drain->counts);
}

/* Larger than net.core.rmem_max where that is allowed. */
static gint
set_buffer (gint fd, gint wanted)
{
  socklen_t length = sizeof wanted;

  if (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
    setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
  getsockopt (fd, SOL_SOCKET, SO_RCVBUF, &wanted, &length);

  return wanted / 2;
}

int
main (int argc, char **argv)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  Drain *drain = g_new0 (Drain, 1);
  gint on = 1;

  drain->fd = socket (AF_INET, SOCK_DGRAM, 0);
  if (bind (drain->fd, (struct sockaddr *) &address, sizeof address) != 0)
    g_error ("bind: %s", g_strerror (errno));
  getsockname (drain->fd, (struct sockaddr *) &address, &length);
  setsockopt (drain->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
  drain->memory = g_malloc (MESSAGES * MESSAGE_SIZE);
  for (guint i = 0; i < MESSAGES; i++) {
    drain->iovs[i].iov_base = drain->memory + i * MESSAGE_SIZE;
    drain->iovs[i].iov_len = MESSAGE_SIZE;
    drain->messages[i].msg_hdr.msg_iov = &drain->iovs[i];
    drain->messages[i].msg_hdr.msg_iovlen = 1;
  }
  printf ("%d %d\n", ntohs (address.sin_port),
      set_buffer (drain->fd, argc > 1 ? atoi (argv[1]) : 64 << 20));
  fflush (stdout);

  while (TRUE) {
    struct pollfd poll_fds[] = {{.fd = drain->fd, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN}};
    gchar line[64];

    if (poll (poll_fds, G_N_ELEMENTS (poll_fds), -1) < 0)
      continue;
    if (poll_fds[0].revents & POLLIN)
      read_packets (drain);
    if (poll_fds[1].revents != 0) {
      gssize n = read (STDIN_FILENO, line, sizeof line);

      if (n <= 0)
        break;
      report (drain);
    }
  }
  close (drain->fd);
  g_free (drain->memory);
  g_free (drain);

  return 0;
}
