/* A network that delivers a stream as fast as it is read, so that what a receiver does
 * for it depends on no other process and on no timing:
 *   LD_PRELOAD=<build>/tests/preload/libspead2feed.so FEED=FILE PROGRAM
 *
 * Each recvmsg() of a UDP socket returns the next message of the file, as one with UDP_GRO
 * gets it, and is the kernel's behind the last one. It begins once such a socket was found
 * to be empty, since receivers discard what came before they were started. The program has
 * one such socket, which one thread at a time reads.
 *
 * The file has messages, each of them two uint32_t in the machine's byte order, its size
 * and that of the datagrams in it (0: it is one), and so many bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define MAX_IOVECS 64

typedef struct {
  uint32_t size;
  uint32_t segment_size;
} Header;

static int file;
static bool begun, ended;
static ssize_t (*real_recvmsg) (int, struct msghdr *, int);

__attribute__ ((constructor)) static void
open_file (void)
{
  const char *path = getenv ("FEED");

  *(void **) &real_recvmsg = dlsym (RTLD_NEXT, "recvmsg");
  file = open (path ? path : "", O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    fprintf (stderr, "feed: FEED names no file: %s\n", strerror (errno));
    abort ();
  }
}

static bool
is_udp (int fd)
{
  int type = -1, domain = -1;
  socklen_t size = sizeof type;

  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size);
  getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  return type == SOCK_DGRAM && (domain == AF_INET || domain == AF_INET6);
}

static void
set_segment_size (struct msghdr *message, int size)
{
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (message);

  cmsg->cmsg_level = IPPROTO_UDP;
  cmsg->cmsg_type = UDP_GRO;
  cmsg->cmsg_len = CMSG_LEN (sizeof size);
  memcpy (CMSG_DATA (cmsg), &size, sizeof size);
  message->msg_controllen = CMSG_SPACE (sizeof size);
}

/* Reads as much of the file as a message has, where its iovecs say. The kernel does it, so
 * that nothing in this process copies the bytes. */
static ssize_t
read_into (const struct msghdr *message, size_t size)
{
  struct iovec iov[MAX_IOVECS];
  size_t i;

  for (i = 0; i < message->msg_iovlen && i < MAX_IOVECS; i++) {
    iov[i] = message->msg_iov[i];
    iov[i].iov_len = iov[i].iov_len < size ? iov[i].iov_len : size;
    size -= iov[i].iov_len;
  }
  return readv (file, iov, (int) i);
}

/* FALSE: there is none. */
static bool
deliver (struct msghdr *message, ssize_t *size)
{
  Header header;

  if (read (file, &header, sizeof header) != sizeof header)
    return false;
  *size = read_into (message, header.size);
  message->msg_flags = 0;
  message->msg_namelen = 0;
  if (header.segment_size > 0)
    set_segment_size (message, (int) header.segment_size);
  else
    message->msg_controllen = 0;
  return true;
}

ssize_t
recvmsg (int fd, struct msghdr *message, int flags)
{
  ssize_t size;

  if ((flags & MSG_ERRQUEUE) || ended || !is_udp (fd))
    return real_recvmsg (fd, message, flags);
  if (begun && deliver (message, &size))
    return size;
  ended = begun;
  size = real_recvmsg (fd, message, flags);
  begun |= size < 0 && errno == EAGAIN;
  return size;
}
