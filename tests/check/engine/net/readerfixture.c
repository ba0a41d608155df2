/* A reader and somebody who sends to it: see readerfixture.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "readerfixture.h"

#include <gst/check/gstcheck.h>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "../../../preload/faults.h"

gint fds[2]; /* what the reader reads */
guint n_fds;
Spead2Endpoint locals[2]; /* where they are bound */
gint sender;
Spead2UdpReader *reader;
Spead2UdpReaderOptions reader_options;

/* What was given. */
GPtrArray *given; /* (GBytes) */
Spead2Datagram last;
struct sockaddr_storage last_source;

gint
open_one (const gchar *host, Spead2UdpListenOptions *options, guint i)
{
  Spead2Endpoint address;
  GError *error = NULL;

  fail_unless (
      spead2_endpoint_resolve (&address, host, 1, AF_UNSPEC, NULL, NULL));
  fds[i] = spead2_udp_socket_listen (&address, 1, 0, options, &error);
  fail_unless (fds[i] >= 0, "%s", error ? error->message : "");
  fail_unless (spead2_udp_socket_get_local (fds[i], &locals[i], &error));
  return fds[i];
}

static void
open_reader (const gchar *host, guint n, gboolean gro)
{
  Spead2UdpListenOptions options = {.buffer_size = 4 << 20, .gro = gro};
  guint i;

  for (i = 0; i < n; i++)
    open_one (host, &options, i);
  n_fds = n;
  sender = socket (
      spead2_endpoint_family (&locals[0]), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (sender >= 0);
  reader = spead2_udp_reader_new (fds, n, &reader_options, NULL);
  fail_unless (reader != NULL);
}

void
close_reader (void)
{
  guint i;

  if (reader == NULL)
    return;
  g_clear_pointer (&reader, spead2_udp_reader_free);
  for (i = 0; i < n_fds; i++)
    close (fds[i]);
  close (sender);
}

void
open_fixture (void)
{
  faults_reset ();
  reader_options = (Spead2UdpReaderOptions){0};
  given = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  open_reader ("127.0.0.1", 1, TRUE);
}

void
close_fixture (void)
{
  faults_reset ();
  close_reader ();
  g_ptr_array_unref (given);
}

void
reopen (const gchar *host, guint n, gboolean gro)
{
  close_reader ();
  open_reader (host, n, gro);
}

static void
take (const Spead2Datagram *datagram, gpointer user_data)
{
  fail_unless (user_data == given);
  g_ptr_array_add (given, g_bytes_new (datagram->data, datagram->size));
  last = *datagram;
  if (datagram->source)
    last_source = *datagram->source;
}

gboolean
drain (gsize max_bytes)
{
  return spead2_udp_reader_drain (reader, max_bytes, take, given);
}

const Spead2ReaderCounters *
counters (void)
{
  return spead2_udp_reader_counters (reader);
}

/* Bytes that differ at every place and in every message. */
guint8 *
new_bytes (gsize size, guint seed)
{
  guint8 *bytes = g_malloc (size + 1);
  gsize i;

  for (i = 0; i < size; i++)
    bytes[i] = (i * 31 + i / 251 + seed * 7) & 0xff;
  return bytes;
}

/* One message to socket i: a train of segments, or one datagram for 0. */
void
send_message (guint i, const guint8 *bytes, gsize size, guint16 segment)
{
  union {
    gchar bytes[CMSG_SPACE (sizeof (guint16))];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec iov = {(gpointer) bytes, size};
  struct msghdr header = {.msg_name = &locals[i].address,
      .msg_namelen = locals[i].address_size,
      .msg_iov = &iov,
      .msg_iovlen = 1};

  if (segment > 0) {
    struct cmsghdr *cmsg = &control.align;

    header.msg_control = &control;
    header.msg_controllen = sizeof control;
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN (sizeof segment);
    memcpy (CMSG_DATA (cmsg), &segment, sizeof segment);
  }
  fail_unless_equals_int64 (sendmsg (sender, &header, 0), size);
}

void
send_n (guint i, guint n, gsize size)
{
  guint8 *bytes = new_bytes (size, 0);

  while (n-- > 0)
    send_message (i, bytes, size, 0);
  g_free (bytes);
}

/* Datagrams from number first on are those bytes, cut into segments (0: one). */
void
check_given (guint first, const guint8 *bytes, gsize size, gsize segment)
{
  gsize offset = 0;

  do {
    gsize length = segment > 0 ? MIN (segment, size - offset) : size;
    gsize n;
    gconstpointer data;

    fail_unless (first < given->len);
    data = g_bytes_get_data (given->pdata[first++], &n);
    fail_unless_equals_uint64 (n, length);
    fail_unless (length == 0 || memcmp (data, bytes + offset, n) == 0);
    offset += length;
  } while (offset < size);
}
