/* spead2src: what it says of each heap, beside its samples and values: who sent it, and what became
 * of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gst/net/gstnetaddressmeta.h>

#include "srcfixture.h"

/* -- senders -------------------------------------------------------------------------- */

static socklen_t
set_loopback (struct sockaddr_storage *address, gint family, guint port)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *) address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) address;

  memset (address, 0, sizeof *address);
  address->ss_family = family;
  if (family == AF_INET) {
    v4->sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    v4->sin_port = htons (port);
    return sizeof *v4;
  }
  v6->sin6_addr = in6addr_loopback;
  v6->sin6_port = htons (port);
  return sizeof *v6;
}

/* A socket that is connected to the source, and the port that it has itself. */
static gint
open_sender (gint family, guint *port)
{
  struct sockaddr_storage address;
  socklen_t size = set_loopback (&address, family, source_port ());
  gint fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  fail_unless (fd >= 0);
  fail_unless (connect (fd, (struct sockaddr *) &address, size) == 0);
  fail_unless (getsockname (fd, (struct sockaddr *) &address, &size) == 0);
  /* IPv6 has the port at the same place. */
  *port = ntohs (((struct sockaddr_in *) &address)->sin_port);
  return fd;
}

/* One of n packets of a heap of n * 10 bytes. */
static void
send_part_from (gint fd, guint64 cnt, guint i, guint n)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  make_part (packet, cnt, cnt * 10, n * 10, i * 10, 10);
  fail_unless_equals_int (
      send (fd, packet->bytes, packet->size, 0), packet->size);
}

/* The address on a buffer (transfer full), which is unreffed. */
static GSocketAddress *
take_address (GstBuffer *buffer)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (buffer);
  GSocketAddress *address;

  fail_unless (meta != NULL);
  address = g_object_ref (meta->addr);
  gst_buffer_unref (buffer);
  return address;
}

/* Checks the address and unrefs it. */
static void
check_address (GSocketAddress *address, const gchar *host, guint port)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  gchar *text =
      g_inet_address_to_string (g_inet_socket_address_get_address (inet));

  fail_unless_equals_string (text, host);
  fail_unless_equals_int (g_inet_socket_address_get_port (inet), port);
  g_free (text);
  g_object_unref (address);
}

GST_START_TEST (a_buffer_has_the_address_of_the_first_packet)
{
  guint ports[2];
  gint fds[2];

  start_source ("retrieve-sender-address=true", NULL);
  fds[0] = open_sender (AF_INET, &ports[0]);
  fds[1] = open_sender (AF_INET, &ports[1]);
  send_part_from (fds[1], 1, 0, 2);
  send_part_from (fds[0], 2, 0, 1);
  send_part_from (fds[0], 1, 1, 2);
  check_address (take_address (next_buffer ()), "127.0.0.1", ports[0]);
  check_address (take_address (next_buffer ()), "127.0.0.1", ports[1]);
  close (fds[0]);
  close (fds[1]);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (buffers_in_a_row_of_one_sender_share_an_address_object)
{
  GSocketAddress *addresses[3];
  guint i, ports[2];
  gint fds[2];

  start_source ("retrieve-sender-address=true", NULL);
  fds[0] = open_sender (AF_INET, &ports[0]);
  fds[1] = open_sender (AF_INET, &ports[1]);
  for (i = 0; i < 3; i++) {
    send_part_from (fds[i == 2], i, 0, 1);
    addresses[i] = take_address (next_buffer ());
  }
  fail_unless (addresses[0] == addresses[1]);
  fail_unless (addresses[0] != addresses[2]);
  for (i = 0; i < 3; i++)
    check_address (addresses[i], "127.0.0.1", ports[i == 2]);
  close (fds[0]);
  close (fds[1]);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_sender_may_have_an_address_of_ipv6)
{
  guint port;
  gint fd;

  start_source ("address=::1 retrieve-sender-address=true", NULL);
  fd = open_sender (AF_INET6, &port);
  send_part_from (fd, 1, 0, 1);
  check_address (take_address (next_buffer ()), "::1", port);
  close (fd);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (without_demand_a_buffer_has_no_address)
{
  GstBuffer *buffer;

  start_source ("", NULL);
  send_heap (1, 0, 10, 0);
  buffer = next_buffer ();
  fail_unless (gst_buffer_get_net_address_meta (buffer) == NULL);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* -- the signal ----------------------------------------------------------------------- */

static GMutex lock;
static GString *signalled; /* guarded by lock */

static void
note_heap (GstElement *element, guint64 cnt, const gchar *outcome,
    const gchar *end, guint64 received, guint64 length, gpointer data)
{
  g_mutex_lock (&lock);
  g_string_append_printf (signalled, "%d %s %s %d/%d\n", (gint) cnt, outcome,
      end, (gint) received, (gint) length);
  g_mutex_unlock (&lock);
  /* No lock is held. */
  counter ("heaps-complete");
}

static gboolean
is_signalled (const gchar *text)
{
  gboolean same;

  g_mutex_lock (&lock);
  same = g_str_equal (signalled->str, text);
  g_mutex_unlock (&lock);
  return same;
}

GST_START_TEST (each_heap_is_signalled_in_the_order_of_the_buffers)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  make_source (
      "signal-heaps=true item=0x3300 heap-timeout=1 accept=heap-cnt,value=0:9",
      NULL);
  signalled = g_string_new (NULL);
  g_signal_connect (source, "heap-received", G_CALLBACK (note_heap), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (source, NULL, NULL, GST_CLOCK_TIME_NONE);
  send_heap (1, 0, 10, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (10, 0, 20, 0);
  wait_until (counter ("heaps-dropped-not-accepted") == 1);
  make_part (packet, 2, 0, 300, 100, 100);
  send_packet (packet);
  wait_until (counter ("heaps-dropped-incomplete") == 1);
  send_stop (3);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  wait_until (is_signalled ("1 delivered complete 10/10\n"
                            "10 dropped-not-accepted complete 20/20\n"
                            "2 dropped-incomplete timeout 100/300\n"
                            "3 control complete 0/0\n"));
  stop_source ();
  g_string_free (signalled, TRUE);
}
GST_END_TEST;

GST_START_TEST (without_demand_no_heap_is_signalled)
{
  make_source ("", NULL);
  signalled = g_string_new (NULL);
  g_signal_connect (source, "heap-received", G_CALLBACK (note_heap), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (source, NULL, NULL, GST_CLOCK_TIME_NONE);
  send_heap (1, 0, 10, 0);
  gst_buffer_unref (next_buffer ());
  fail_unless (is_signalled (""));
  stop_source ();
  g_string_free (signalled, TRUE);
}
GST_END_TEST;

static Suite *
perheap_suite (void)
{
  Suite *suite = suite_create ("perheap");
  TCase *tc = tcase_create ("perheap");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, a_buffer_has_the_address_of_the_first_packet);
  tcase_add_test (tc, buffers_in_a_row_of_one_sender_share_an_address_object);
  tcase_add_test (tc, a_sender_may_have_an_address_of_ipv6);
  tcase_add_test (tc, without_demand_a_buffer_has_no_address);
  tcase_add_test (tc, each_heap_is_signalled_in_the_order_of_the_buffers);
  tcase_add_test (tc, without_demand_no_heap_is_signalled);
  return suite;
}

GST_CHECK_MAIN (perheap);
