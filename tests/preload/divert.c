/* A socket of packets in the network's place: see divert.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "divert.h"

#include <errno.h>
#include <poll.h>

#define MAX_SEGMENTS 128
#define MAX_IOVECS 1024 /* UIO_MAXIOV */

typedef struct {
  struct mmsghdr headers[MAX_SEGMENTS];
  struct iovec iovecs[MAX_IOVECS + MAX_SEGMENTS];
  size_t n_segments;
} Packets;

/* Cuts a message as the kernel cuts it. */
static int
cut (Packets *packets, const struct msghdr *message, size_t segment_size)
{
  struct iovec *out = packets->iovecs;
  size_t room = 0;

  packets->n_segments = 0;
  for (size_t i = 0; i < message->msg_iovlen; i++) {
    struct iovec in = message->msg_iov[i];

    while (in.iov_len > 0) {
      struct msghdr *header;
      size_t size;

      if (room == 0) {
        if (packets->n_segments == MAX_SEGMENTS)
          return -1;
        header = &packets->headers[packets->n_segments++].msg_hdr;
        *header = (struct msghdr){.msg_iov = out};
        room = segment_size;
      }
      header = &packets->headers[packets->n_segments - 1].msg_hdr;
      size = in.iov_len < room ? in.iov_len : room;
      *out++ = (struct iovec){in.iov_base, size};
      header->msg_iovlen++;
      in.iov_base = (char *) in.iov_base + size;
      in.iov_len -= size;
      room -= size;
    }
  }
  return 0;
}

/* As poll sees it: three quarters are free, which any message fits in. */
static bool
has_room (int fd)
{
  struct pollfd fds = {fd, POLLOUT, 0};

  return poll (&fds, 1, 0) != 0;
}

int
divert_message (
    int fd, const struct msghdr *message, size_t segment_size, bool wait)
{
  Packets packets;
  size_t n = 0;

  if (message->msg_iovlen > MAX_IOVECS ||
      cut (&packets, message, segment_size) != 0) {
    errno = EMSGSIZE;
    return -1;
  }
  if (!wait && !has_room (fd)) {
    errno = EAGAIN;
    return -1;
  }
  while (n < packets.n_segments) {
    int sent = sendmmsg (fd, packets.headers + n,
        (unsigned int) (packets.n_segments - n), MSG_NOSIGNAL);

    if (sent < 0 && errno != EINTR)
      return -1;
    n += sent > 0 ? (size_t) sent : 0;
  }
  return 0;
}
