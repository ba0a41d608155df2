/* Sockets that receive: where they are bound, their options, and that an outside socket
 * is given back as it was. How sockets send is tested by what sends.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../../preload/faults.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"
#include "spead2/net/udpsocket.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static gint
open_at (const gchar *text, guint port, const Spead2UdpListenOptions *options,
    GError **error)
{
  GArray *list = spead2_endpoint_list_resolve (text, port, NULL, NULL);
  gint fd;

  fail_unless (list != NULL);
  fd = spead2_udp_socket_listen (
      (Spead2Endpoint *) list->data, list->len, port, options, error);
  g_array_unref (list);
  return fd;
}

static gint
get_option (gint fd, gint level, gint option)
{
  gint value = -1;
  socklen_t size = sizeof value;

  fail_unless_equals_int (getsockopt (fd, level, option, &value, &size), 0);
  return value;
}

static void
assert_error (GError **error, gint code, const gchar *words)
{
  fail_unless (*error != NULL);
  fail_unless (g_error_matches (*error, SPEAD2_ERRNO, code));
  fail_unless (strstr ((*error)->message, words) != NULL, "\"%s\" for \"%s\"",
      (*error)->message, words);
  g_clear_error (error);
}

static const struct {
  const gchar *addresses;
  const gchar *host; /* where the socket is bound */
} places[] = {
    {NULL, "0.0.0.0"}, {"127.0.0.1", "127.0.0.1"}, {"239.1.2.3", "239.1.2.3"},
    {"239.1.2.3+1", "0.0.0.0"}, {"::1", "::1"}, {"ff15::1", "ff15::1"},
    {"ff15::1+1", "::"}, {"ff02::99%lo", "ff02::99%lo"},
    {"ff02::99", "::"}, /* of which interface is known when it joins */
};

GST_START_TEST (test_where_it_is_bound)
{
  const Spead2UdpListenOptions options = {0};
  Spead2Endpoint local;
  GError *error = NULL;
  gint fd = open_at (places[__i__].addresses, 0, &options, &error);
  gchar *host;

  if (fd < 0 && strchr (places[__i__].host, ':')) {
    GST_WARNING ("no IPv6: %s", error->message);
    g_clear_error (&error);
    return;
  }
  fail_unless (fd >= 0, "%s", error ? error->message : "");
  fail_unless (spead2_udp_socket_get_local (fd, &local, NULL));
  fail_unless (local.port != 0);
  host = spead2_endpoint_dup_host (&local);
  fail_unless_equals_string (host, places[__i__].host);
  g_free (host);
  close (fd);
}
GST_END_TEST

/* Groups that others have joined are not heard; it blocks, and not for long. */
GST_START_TEST (test_options)
{
  const Spead2UdpListenOptions options = {.gro = __i__ % 2 == 1};
  struct timeval timeout;
  socklen_t size = sizeof timeout;
  gint fd = open_at (__i__ < 2 ? "0.0.0.0" : "::", 0, &options, NULL);

  if (fd < 0 && __i__ >= 2)
    return;
  fail_unless_equals_int (get_option (fd, IPPROTO_IP, IP_MULTICAST_ALL), 0);
  if (__i__ >= 2)
    fail_unless_equals_int (
        get_option (fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL), 0);
  fail_unless_equals_int (get_option (fd, IPPROTO_UDP, UDP_GRO), options.gro);
  fail_unless_equals_int (fcntl (fd, F_GETFL) & O_NONBLOCK, 0);
  fail_unless_equals_int (
      getsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &size), 0);
  fail_unless (timeout.tv_sec == 0 && timeout.tv_usec > 0);
  fail_unless (timeout.tv_usec <= 60000);
  close (fd);
}
GST_END_TEST

/* A kernel without GRO: datagrams come one by one. */
GST_START_TEST (test_gro_refused)
{
  const Spead2UdpListenOptions options = {.gro = TRUE};
  gint fd;

  faults_fail_setsockopt (IPPROTO_UDP, UDP_GRO, ENOPROTOOPT, 1);
  fd = open_at ("127.0.0.1", 0, &options, NULL);
  fail_unless (fd >= 0);
  fail_unless_equals_uint64 (faults_seen (ENOPROTOOPT), 1);
  faults_reset ();
  close (fd);
}
GST_END_TEST

/* Without the right to more, what net.core.rmem_max allows. */
GST_START_TEST (test_buffer_size)
{
  const Spead2UdpListenOptions options = {.buffer_size = 1 << 26};
  gchar *text = NULL;
  guint64 most;
  gint fd;

  fail_unless (
      g_file_get_contents ("/proc/sys/net/core/rmem_max", &text, NULL, NULL));
  most = g_ascii_strtoull (text, NULL, 10);
  g_free (text);

  faults_fail_setsockopt (SOL_SOCKET, SO_RCVBUFFORCE, EPERM, 1);
  fd = open_at ("127.0.0.1", 0, &options, NULL);
  fail_unless_equals_uint64 (spead2_udp_socket_receive_buffer_size (fd),
      MIN (most, options.buffer_size));
  close (fd);
  faults_reset ();

  if (geteuid () != 0)
    return;
  fd = open_at ("127.0.0.1", 0, &options, NULL);
  fail_unless_equals_uint64 (
      spead2_udp_socket_receive_buffer_size (fd), options.buffer_size);
  close (fd);
}
GST_END_TEST

GST_START_TEST (test_reuse)
{
  static const gchar *const addresses[] = {"127.0.0.1", "239.1.2.3"};
  const Spead2UdpListenOptions once = {0}, shared = {.reuse = TRUE};
  gboolean multicast = __i__ == 1;
  Spead2Endpoint local;
  GError *error = NULL;
  gint first = open_at (addresses[__i__], 0, &shared, NULL), second;

  fail_unless (spead2_udp_socket_get_local (first, &local, NULL));
  second = open_at (addresses[__i__], local.port, &shared, NULL);
  fail_unless (second >= 0);
  close (second);
  second = open_at (addresses[__i__], local.port, &once, &error);
  if (multicast) {
    fail_unless (second >= 0);
    close (second);
  } else {
    gchar *words = g_strdup_printf (
        "Could not receive at 127.0.0.1:%u: another socket is bound there, "
        "'ss -ulpn' lists them: ",
        local.port);

    fail_unless_equals_int (second, -1);
    assert_error (&error, EADDRINUSE, words);
    g_free (words);
  }
  close (first);
}
GST_END_TEST

GST_START_TEST (test_errors)
{
  const Spead2UdpListenOptions options = {0};
  GError *error = NULL;

  fail_unless_equals_int (open_at ("192.0.2.1", 8888, &options, &error), -1);
  assert_error (&error, EADDRNOTAVAIL,
      "Could not receive at 192.0.2.1:8888: no interface has that address");
  faults_fail_bind (EACCES, 1);
  fail_unless_equals_int (open_at (NULL, 80, &options, &error), -1);
  assert_error (&error, EACCES,
      "Could not receive at 0.0.0.0:80: ports below "
      "net.ipv4.ip_unprivileged_port_start");
  faults_fail_socket (EMFILE, 1);
  fail_unless_equals_int (open_at (NULL, 80, &options, &error), -1);
  assert_error (&error, EMFILE, "Could not open a UDP socket for 0.0.0.0:80");
  faults_fail_setsockopt (IPPROTO_IP, IP_MULTICAST_ALL, ENOPROTOOPT, 1);
  fail_unless_equals_int (open_at (NULL, 80, &options, &error), -1);
  assert_error (&error, ENOPROTOOPT, "Could not set IP_MULTICAST_ALL to 0");
}
GST_END_TEST

/* -- outside sockets ------------------------------------------------------------------ */

typedef struct {
  gint flags, buffer, gro, all;
} Outside;

static Outside
look_at (gint fd)
{
  return (Outside){fcntl (fd, F_GETFL), get_option (fd, SOL_SOCKET, SO_RCVBUF),
      get_option (fd, IPPROTO_UDP, UDP_GRO),
      get_option (fd, IPPROTO_IP, IP_MULTICAST_ALL)};
}

static void
check_same (const Outside *a, const Outside *b)
{
  fail_unless_equals_int (a->flags, b->flags);
  fail_unless_equals_int (a->buffer, b->buffer);
  fail_unless_equals_int (a->gro, b->gro);
  fail_unless_equals_int (a->all, b->all);
}

GST_START_TEST (test_given_back)
{
  const Spead2UdpListenOptions options = {.buffer_size = 100000, .gro = TRUE};
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Outside before = look_at (fd), adopted, after;
  Spead2UdpSocketState *state =
      spead2_udp_socket_adopt_listening (fd, AF_UNSPEC, &options, NULL);

  fail_unless (state != NULL);
  adopted = look_at (fd);
  fail_unless (adopted.flags & O_NONBLOCK);
  fail_unless_equals_int (adopted.buffer, 200000);
  fail_unless_equals_int (adopted.gro, 1);
  fail_unless_equals_int (adopted.all, 0);
  spead2_udp_socket_give_back (fd, state);
  after = look_at (fd);
  check_same (&before, &after);
  close (fd);
}
GST_END_TEST

/* What cannot be prepared is as it was. */
GST_START_TEST (test_adoption_fails)
{
  const Spead2UdpListenOptions options = {.buffer_size = 100000, .gro = TRUE};
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Outside before = look_at (fd), after;
  GError *error = NULL;

  faults_fail_setsockopt (IPPROTO_IP, IP_MULTICAST_ALL, ENOPROTOOPT, 1);
  fail_unless (spead2_udp_socket_adopt_listening (
                   fd, AF_INET, &options, &error) == NULL);
  assert_error (&error, ENOPROTOOPT, "Could not set IP_MULTICAST_ALL to 0");
  after = look_at (fd);
  check_same (&before, &after);
  close (fd);
}
GST_END_TEST

static const struct {
  gint domain, type, family;
  const gchar *words;
} wrong_sockets[] = {
    {AF_INET, SOCK_STREAM, AF_UNSPEC, "is not a UDP socket"},
    {AF_UNIX, SOCK_DGRAM, AF_UNSPEC, "is not a UDP socket"},
    {AF_INET, SOCK_DGRAM, AF_INET6,
        "is not a UDP socket of IPv6, which is needed for the groups"},
};

GST_START_TEST (test_wrong_socket)
{
  const Spead2UdpListenOptions options = {0};
  GError *error = NULL;
  gint fd = socket (
      wrong_sockets[__i__].domain, wrong_sockets[__i__].type | SOCK_CLOEXEC, 0);

  fail_unless (spead2_udp_socket_adopt_listening (
                   fd, wrong_sockets[__i__].family, &options, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, wrong_sockets[__i__].words) != NULL,
      "%s", error->message);
  g_error_free (error);
  close (fd);
}
GST_END_TEST

static Suite *
udpsocket_suite (void)
{
  Suite *s = suite_create ("udpsocket");
  TCase *tc = tcase_create ("listening");

  tcase_add_loop_test (tc, test_where_it_is_bound, 0, G_N_ELEMENTS (places));
  tcase_add_loop_test (tc, test_options, 0, 4);
  tcase_add_test (tc, test_gro_refused);
  tcase_add_test (tc, test_buffer_size);
  tcase_add_loop_test (tc, test_reuse, 0, 2);
  tcase_add_test (tc, test_errors);
  suite_add_tcase (s, tc);

  tc = tcase_create ("outside");
  tcase_add_test (tc, test_given_back);
  tcase_add_test (tc, test_adoption_fails);
  tcase_add_loop_test (tc, test_wrong_socket, 0, G_N_ELEMENTS (wrong_sockets));
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (udpsocket)
