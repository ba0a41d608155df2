/* Sends heaps at a steady rate, whose last bytes say when they were sent: bytes 16 to 9
 * from the end are STAMP_MARK (stamp.h), and the last 8 the time of CLOCK_MONOTONIC in ns,
 * taken in front of the system call that sends the heap's last packet. The message that
 * this call sends contains up to 64 packets, as all others do, and one more comes as soon
 * as the rate allows it.
 * Usage: bench-stampsender PORT PACKET-BYTES HEAP-BYTES MB/S HEAPS. Each packet has six
 * item pointers; a stop heap ends the stream. Prints one line of JSON.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gst/spead2/wire/flavour.h"
#include "stamp.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define MAX_MESSAGE 65507
#define MAX_SEGMENTS 64
#define N_POINTERS 6
#define HEADER_SIZE (SPEAD2_HEADER_SIZE + N_POINTERS * SPEAD2_POINTER_SIZE)
#define FLAVOUR 40

enum { TIMESTAMP = 0x1600, SAMPLES = 0x3300 };

typedef struct {
  gint fd;
  gsize payload_size, heap_size; /* of a packet, of a heap */
  guint8 *heap;
  gint64 due;        /* ns */
  gdouble ns_a_byte; /* of payload */
  guint64 packets, bytes;
} Sender;

static guint64
immediate (guint64 id, guint64 value)
{
  return spead2_flavour_immediate (FLAVOUR, id, value);
}

/* last: the sixth item pointer. */
static void
write_header (guint8 *header, guint64 heap_cnt, gsize heap_size, gsize offset,
    gsize length, guint64 timestamp, guint64 last)
{
  const guint64 pointers[N_POINTERS] = {
      immediate (SPEAD2_ID_HEAP_CNT, heap_cnt),
      immediate (SPEAD2_ID_HEAP_LENGTH, heap_size),
      immediate (SPEAD2_ID_PAYLOAD_OFFSET, offset),
      immediate (SPEAD2_ID_PAYLOAD_LENGTH, length),
      immediate (TIMESTAMP, timestamp), last};

  spead2_flavour_write_header (FLAVOUR, N_POINTERS, header);
  for (guint i = 0; i < N_POINTERS; i++)
    spead2_write_u64 (
        header + SPEAD2_HEADER_SIZE + i * SPEAD2_POINTER_SIZE, pointers[i]);
}

static void
set_segment_size (struct msghdr *message, guint16 size)
{
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (message);

  cmsg->cmsg_level = IPPROTO_UDP;
  cmsg->cmsg_type = UDP_SEGMENT;
  cmsg->cmsg_len = CMSG_LEN (sizeof size);
  memcpy (CMSG_DATA (cmsg), &size, sizeof size);
}

static void
wait_until (gint64 ns)
{
  const struct timespec time = {ns / 1000000000, ns % 1000000000};

  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
    continue;
}

static void
send_or_exit (Sender *sender, const struct msghdr *message, guint packets)
{
  gssize sent;

  /* ECONNREFUSED is of an earlier message. */
  while ((sent = sendmsg (sender->fd, message, 0)) < 0)
    if (errno != EINTR && errno != ECONNREFUSED) {
      g_printerr ("sendmsg: %s\n", g_strerror (errno));
      exit (EXIT_FAILURE);
    }
  sender->packets += packets;
  sender->bytes += sent;
}

/* Sends a message of a heap from an offset on, and returns the offset behind it. */
static gsize
send_message (Sender *sender, guint64 number, gsize offset)
{
  static guint8 headers[MAX_SEGMENTS][HEADER_SIZE];
  const gsize packet = HEADER_SIZE + sender->payload_size;
  const guint most = MIN (MAX_MESSAGE / packet, MAX_SEGMENTS);
  char control[CMSG_SPACE (sizeof (guint16))] __attribute__ ((aligned (8)));
  struct iovec iov[2 * MAX_SEGMENTS];
  struct msghdr message = {
      .msg_iov = iov, .msg_control = control, .msg_controllen = sizeof control};
  const gsize begin = offset;
  guint n;

  for (n = 0; n < most && offset < sender->heap_size; n++) {
    const gsize length = MIN (sender->payload_size, sender->heap_size - offset);

    write_header (headers[n], number + 1, sender->heap_size, offset, length,
        number * sender->heap_size,
        spead2_flavour_addressed (FLAVOUR, SAMPLES, 0));
    iov[2 * n] = (struct iovec){headers[n], HEADER_SIZE};
    iov[2 * n + 1] = (struct iovec){sender->heap + offset, length};
    offset += length;
  }
  message.msg_iovlen = 2 * n;
  set_segment_size (&message, packet);
  wait_until (sender->due);
  sender->due += (offset - begin) * sender->ns_a_byte;
  if (offset == sender->heap_size)
    stamp_write (sender->heap, sender->heap_size, stamp_now ());
  send_or_exit (sender, &message, n);
  return offset;
}

static void
send_stop_heap (Sender *sender, guint64 number)
{
  guint8 header[HEADER_SIZE];
  struct iovec iov = {header, sizeof header};
  const struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

  write_header (header, number + 1, 0, 0, 0, 0,
      immediate (SPEAD2_ID_STREAM_CTRL, SPEAD2_CTRL_STOP));
  send_or_exit (sender, &message, 1);
}

int
main (int argc, char **argv)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  Sender sender = {.fd = socket (AF_INET, SOCK_DGRAM, 0)};
  guint64 heaps;
  gint64 begin;

  if (argc != 6) {
    g_printerr ("usage: %s PORT PACKET-BYTES HEAP-BYTES MB/S HEAPS\n", argv[0]);
    return EXIT_FAILURE;
  }
  address.sin_port = htons (atoi (argv[1]));
  if (connect (sender.fd, (const struct sockaddr *) &address, sizeof address) <
      0) {
    g_printerr ("connect: %s\n", g_strerror (errno));
    return EXIT_FAILURE;
  }
  sender.payload_size = (atoi (argv[2]) & ~7) - HEADER_SIZE;
  sender.heap_size = atoi (argv[3]);
  sender.ns_a_byte = 1e3 / atoi (argv[4]);
  heaps = g_ascii_strtoull (argv[5], NULL, 10);
  sender.heap = g_malloc (sender.heap_size);
  memset (sender.heap, 0x5a, sender.heap_size);

  begin = sender.due = stamp_now ();
  for (guint64 i = 0; i < heaps; i++)
    for (gsize offset = 0; offset < sender.heap_size;)
      offset = send_message (&sender, i, offset);
  send_stop_heap (&sender, heaps);
  g_print ("{\"seconds\": %.6f, \"packets\": %" G_GUINT64_FORMAT
           ", \"bytes\": %" G_GUINT64_FORMAT "}\n",
      (stamp_now () - begin) / 1e9, sender.packets, sender.bytes);
  g_free (sender.heap);
  return EXIT_SUCCESS;
}
