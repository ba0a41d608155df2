/* spead2sink's socket: which options it gets, whose it is, and what is left of an
 * outside one when it is given back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "sinkfixture.h"

/* -- its options ---------------------------------------------------------------- */
static GSocket *
used_socket (void)
{
  GSocket *socket;

  g_object_get (sink, "used-socket", &socket, NULL);
  return socket;
}

static GSocket *
outside_socket (GSocketFamily family)
{
  GSocket *socket = g_socket_new (
      family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  fail_unless (socket != NULL);
  return socket;
}

static gint
option (gint level, gint name)
{
  GSocket *socket = used_socket ();
  gint value = -1;

  fail_unless (socket != NULL);
  fail_unless (g_socket_get_option (socket, level, name, &value, NULL));
  g_object_unref (socket);
  return value;
}

GST_START_TEST (socket_options_are_the_properties_on_ipv4)
{
  g_object_set (sink, "ttl", 7, "ttl-mc", 9, "loop", FALSE, "qos-dscp", 46,
      "buffer-size", 30000, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_int (option (IPPROTO_IP, IP_TTL), 7);
  fail_unless_equals_int (option (IPPROTO_IP, IP_MULTICAST_TTL), 9);
  fail_unless_equals_int (option (IPPROTO_IP, IP_MULTICAST_LOOP), 0);
  fail_unless_equals_int (option (IPPROTO_IP, IP_TOS), 46 << 2);
  fail_unless_equals_int (option (SOL_SOCKET, SO_SNDBUF), 60000);
  fail_unless_equals_uint64 (counter ("send-buffer"), 30000);
  fail_unless (counter ("mtu") >= 65507 + 28);
}

GST_END_TEST;

GST_START_TEST (socket_options_are_the_properties_on_ipv6)
{
  g_object_set (sink, "host", "::1", "ttl", 7, "ttl-mc", 9, "loop", FALSE,
      "qos-dscp", 46, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_int (option (IPPROTO_IPV6, IPV6_UNICAST_HOPS), 7);
  fail_unless_equals_int (option (IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 9);
  fail_unless_equals_int (option (IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 0);
  fail_unless_equals_int (option (IPPROTO_IPV6, IPV6_TCLASS), 46 << 2);
}

GST_END_TEST;

GST_START_TEST (socket_options_by_default_are_udpsinks)
{
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_int (option (IPPROTO_IP, IP_TTL), 64);
  fail_unless_equals_int (option (IPPROTO_IP, IP_MULTICAST_TTL), 1);
  fail_unless_equals_int (option (IPPROTO_IP, IP_MULTICAST_LOOP), 1);
  fail_unless_equals_int (option (IPPROTO_IP, IP_TOS), 0);
}

GST_END_TEST;

/* 0: by bind-address. 1: by socket. 2: by neither, for which ::1 comes first. */
GST_START_TEST (the_address_of_a_name_is_of_the_family_that_is_sent_from)
{
  GSocket *socket = outside_socket (G_SOCKET_FAMILY_IPV6), *used;

  faults_resolve (__i__ == 2 ? "::1 127.0.0.1" : "127.0.0.1 ::1");
  g_object_set (sink, "host", "correlator", NULL);
  if (__i__ == 0)
    g_object_set (sink, "bind-address", "::1", NULL);
  else if (__i__ == 1)
    g_object_set (sink, "socket", socket, NULL);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  used = used_socket ();
  fail_unless_equals_int (g_socket_get_family (used),
      __i__ == 2 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_object_unref (used);
  g_object_unref (socket);
}

GST_END_TEST;

/* 0, 2: by its name. 1, 3: by an address, which is of the other family, too. */
GST_START_TEST (multicast_leaves_by_an_interface_or_by_who_has_an_address)
{
  const gboolean ipv6 = __i__ >= 2;

  g_object_set (sink, "host", ipv6 ? "ff02::1" : "239.1.2.3", "multicast-iface",
      __i__ % 2 == 0 ? "lo" : "127.0.0.1", NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  if (ipv6) {
    fail_unless_equals_int (
        option (IPPROTO_IPV6, IPV6_MULTICAST_IF), if_nametoindex ("lo"));
  } else {
    /* Where packets come from, which is all that the kernel tells. */
    fail_unless_equals_int (option (IPPROTO_IP, IP_MULTICAST_IF),
        __i__ == 0 ? INADDR_ANY : htonl (INADDR_LOOPBACK));
  }
}

GST_END_TEST;

GST_START_TEST (a_multicast_interface_is_useless_for_a_unicast_host)
{
  g_object_set (sink, "multicast-iface", "lo", NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "multicast-iface=lo has no effect: 127.0.0.1:");
  gst_element_set_state (pipeline, GST_STATE_NULL);

  g_object_set (sink, "host", "239.1.2.3", NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

/* A port of that address that is free now. */
static guint16
free_port (void)
{
  FakeReceiver *other = fake_receiver_new (AF_INET);
  guint16 port = fake_receiver_port (other);

  fake_receiver_free (other);
  return port;
}

static void
assert_sent_from (const gchar *address, guint16 port)
{
  GSocket *socket = used_socket ();
  GSocketAddress *local = g_socket_get_local_address (socket, NULL);
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (local);
  gchar *text =
      g_inet_address_to_string (g_inet_socket_address_get_address (inet));

  fail_unless_equals_string (text, address);
  if (port)
    fail_unless_equals_int (g_inet_socket_address_get_port (inet), port);
  g_free (text);
  g_object_unref (local);
  g_object_unref (socket);
}

GST_START_TEST (bind_address_and_port_are_where_packets_come_from)
{
  guint16 port = free_port ();

  g_object_set (sink, "bind-address", "127.0.0.2", "bind-port", port, NULL);
  play (CAPS_S8);
  assert_sent_from ("127.0.0.2", port);
  push (1000, 0, 0);
  finish ();
  fail_unless (fake_receiver_wait (receiver, 5000));
}

GST_END_TEST;

GST_START_TEST (bind_address_alone_takes_any_port)
{
  g_object_set (sink, "bind-address", "127.0.0.3", NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  assert_sent_from ("127.0.0.3", 0);
}

GST_END_TEST;

GST_START_TEST (there_is_no_used_socket_in_null)
{
  GSocket *socket;

  fail_unless (used_socket () == NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  socket = used_socket ();
  fail_unless (socket != NULL);
  fail_if (g_socket_is_closed (socket));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (used_socket () == NULL);
  fail_unless (g_socket_is_closed (socket));
  g_object_unref (socket);
}

GST_END_TEST;

/* 0: it stays open. 1: it is closed, which is the default. */
GST_START_TEST (an_outside_socket_is_sent_with_and_closed_as_asked)
{
  GSocket *socket = outside_socket (G_SOCKET_FAMILY_IPV4), *used;
  FaultsCounts counts;

  g_object_set (sink, "socket", socket, NULL);
  if (__i__ == 0)
    g_object_set (sink, "close-socket", FALSE, NULL);
  faults_reset ();
  play (CAPS_S8);
  used = used_socket ();
  fail_unless (used == socket);
  g_object_unref (used);
  push (1000, 0, 0);
  finish ();
  fail_unless (fake_receiver_wait (receiver, 5000));

  /* It has sent, for it has a port now. */
  assert_sent_from ("0.0.0.0", 0);
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.messages, 2);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_if (g_socket_is_closed (socket));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (g_socket_is_closed (socket), __i__ == 1);
  g_object_unref (socket);
}

GST_END_TEST;

GST_START_TEST (an_outside_socket_survives_a_change_in_ready)
{
  GSocket *socket = outside_socket (G_SOCKET_FAMILY_IPV4);

  g_object_set (sink, "socket", socket, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  g_object_set (sink, "ttl", 5, NULL);
  play (CAPS_S8);
  fail_unless_equals_int (option (IPPROTO_IP, IP_TTL), 5);
  push (1000, 0, 0);
  finish ();
  g_object_unref (socket);
}

GST_END_TEST;

/* -- whose it is --------------------------------------------------------------- */

/* What is done, letter by letter: A, B: it is the socket; 0: none is. c, C:
 * close-socket is false, true. x, y: the port is wrong, right, so that a start fails.
 * t: another TTL. N, R: to NULL, READY. P: to PAUSED, without waiting for data. */
static const struct {
  const gchar *steps;
  gboolean a_closed, b_closed;
} lives[] = {
    {"A R N", TRUE, FALSE},
    {"A P N", TRUE, FALSE},
    {"A c R N", FALSE, FALSE},
    {"A c P N", FALSE, FALSE},
    {"A c R N R N", FALSE, FALSE},
    /* The last word counts. */
    {"A R c N", FALSE, FALSE},
    {"A c R C N", TRUE, FALSE},
    {"A P R c N", FALSE, FALSE},
    /* Never in use. */
    {"A N", FALSE, FALSE},
    {"R A N", FALSE, FALSE},
    {"A 0 R N", FALSE, FALSE},
    {"A B R N", FALSE, TRUE},
    {"A x R N", FALSE, FALSE},
    {"A c x R N", FALSE, FALSE},
    /* Replaced by one that is never in use. */
    {"A R B N", TRUE, FALSE},
    {"A c R B N", FALSE, FALSE},
    {"A R 0 N", TRUE, FALSE},
    {"A c R 0 N", FALSE, FALSE},
    {"A c P R 0 N", FALSE, FALSE},
    /* What is said later is about the other one. */
    {"A c R B C N", FALSE, FALSE},
    {"A R B c N", TRUE, FALSE},
    {"A c R B A C N", TRUE, FALSE},
    /* Replaced by one that comes into use. */
    {"R A P N", TRUE, FALSE},
    {"A R B P", TRUE, FALSE},
    {"A R B P N", TRUE, TRUE},
    {"A c R B P", FALSE, FALSE},
    {"A c R B P N", FALSE, FALSE},
    {"A c R B C P N", FALSE, TRUE},
    {"A R B c P N", TRUE, FALSE},
    {"A R 0 P", TRUE, FALSE},
    {"A c R 0 P", FALSE, FALSE},
    /* Opened anew with the same one. */
    {"A R t P", FALSE, FALSE},
    {"A R t P N", TRUE, FALSE},
    {"A c R t P N", FALSE, FALSE},
    /* That fails. */
    {"A R x P", FALSE, FALSE},
    {"A R x P N", TRUE, FALSE},
    {"A c R x P N", FALSE, FALSE},
    {"A R x P c N", FALSE, FALSE},
    {"A R x P y P", FALSE, FALSE},
    {"A R x P y P N", TRUE, FALSE},
    {"A R B x P", TRUE, FALSE},
    {"A R B x P N", TRUE, FALSE},
    {"A c R B C x P N", FALSE, FALSE},
};

static void
take_step (gchar step, GSocket *a, GSocket *b)
{
  switch (step) {
    case 'A':
    case 'B':
    case '0':
      g_object_set (sink, "socket",
          step == 'A'       ? a
              : step == 'B' ? b
                            : NULL,
          NULL);
      break;
    case 'c':
    case 'C':
      g_object_set (sink, "close-socket", step == 'C', NULL);
      break;
    case 'x':
    case 'y':
      g_object_set (sink, "port", step == 'x' ? 0 : 8888, NULL);
      break;
    case 't':
      g_object_set (sink, "ttl", 5, NULL);
      break;
    case 'N':
      gst_element_set_state (sink, GST_STATE_NULL);
      break;
    case 'R':
      gst_element_set_state (sink, GST_STATE_READY);
      break;
    case 'P':
      gst_element_set_state (sink, GST_STATE_PAUSED);
      break;
    default:
      fail_unless_equals_int (step, ' ');
  }
}

GST_START_TEST (a_socket_is_closed_by_who_used_it_and_as_was_said_of_it)
{
  GSocket *a = outside_socket (G_SOCKET_FAMILY_IPV4);
  GSocket *b = outside_socket (G_SOCKET_FAMILY_IPV4);
  const gchar *steps = lives[__i__].steps;

  for (const gchar *step = steps; *step != '\0'; step++)
    take_step (*step, a, b);
  fail_unless_equals_int (g_socket_is_closed (a), lives[__i__].a_closed);
  fail_unless_equals_int (g_socket_is_closed (b), lives[__i__].b_closed);
  g_object_unref (a);
  g_object_unref (b);
}

GST_END_TEST;

/* 0: by the sink, at the end of the first run. 1: by its owner. 2: by its owner,
 * in READY, and something makes the sink open it anew. */
GST_START_TEST (a_socket_that_is_closed_is_an_error)
{
  GSocket *socket = outside_socket (G_SOCKET_FAMILY_IPV4);

  g_object_set (sink, "socket", socket, NULL);
  if (__i__ != 1)
    fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_READY),
        GST_STATE_CHANGE_SUCCESS);
  if (__i__ == 0)
    gst_element_set_state (sink, GST_STATE_NULL);
  else
    g_socket_close (socket, NULL);
  g_object_set (sink, "ttl", 5, NULL);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "The socket that was given is closed");

  gst_element_set_state (sink, GST_STATE_NULL);
  g_object_set (sink, "socket", NULL, NULL);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  g_object_unref (socket);
}

GST_END_TEST;

/* -- what is left of it -------------------------------------------------------- */

/* Of each family, with a value that is neither the kernel's nor the sink's. */
static const struct {
  gint family, level, option, value;
} kept[] = {
    {AF_INET, SOL_SOCKET, SO_BROADCAST, 0},
    {AF_INET, SOL_SOCKET, SO_SNDBUF, 40000},
    {AF_INET, IPPROTO_IP, IP_TTL, 21},
    {AF_INET, IPPROTO_IP, IP_MULTICAST_TTL, 22},
    {AF_INET, IPPROTO_IP, IP_MULTICAST_LOOP, 0},
    {AF_INET, IPPROTO_IP, IP_TOS, 8},
    {AF_INET, SOL_SOCKET, SO_PRIORITY, 5}, /* which IP_TOS sets */
    {AF_INET, IPPROTO_IP, IP_RECVERR, 0},
    {AF_INET, IPPROTO_IP, IP_MULTICAST_IF, 0},
    {AF_INET6, SOL_SOCKET, SO_BROADCAST, 0},
    {AF_INET6, SOL_SOCKET, SO_SNDBUF, 40000},
    {AF_INET6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 21},
    {AF_INET6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 22},
    {AF_INET6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0},
    {AF_INET6, IPPROTO_IPV6, IPV6_TCLASS, 8},
    {AF_INET6, IPPROTO_IPV6, IPV6_RECVERR, 0},
    {AF_INET6, IPPROTO_IPV6, IPV6_MULTICAST_IF, 0},
};

/* The value that is set, and what the kernel then says it is. */
static gint
kept_value (guint i, gboolean read)
{
  if (kept[i].option == SO_SNDBUF && kept[i].level == SOL_SOCKET)
    return kept[i].value * (read ? 2 : 1);
  if (kept[i].level == IPPROTO_IP && kept[i].option == IP_MULTICAST_IF)
    return htonl (INADDR_LOOPBACK);
  if (kept[i].level == IPPROTO_IPV6 && kept[i].option == IPV6_MULTICAST_IF)
    return if_nametoindex ("lo");
  return kept[i].value;
}

static gint
blocking_flag (GSocket *socket)
{
  return fcntl (g_socket_get_fd (socket), F_GETFL) & O_NONBLOCK;
}

static void
assert_kept (GSocket *socket, gint family)
{
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++) {
    gint value = -1;

    if (kept[i].family != family)
      continue;
    fail_unless (g_socket_get_option (
        socket, kept[i].level, kept[i].option, &value, NULL));
    fail_unless (value == kept_value (i, TRUE), "option %d of level %d is %d",
        kept[i].option, kept[i].level, value);
  }
  fail_unless_equals_int (blocking_flag (socket), 0);
}

/* A socket of an owner with wishes; it blocks. */
static GSocket *
wishful_socket (gint family)
{
  GSocket *socket = outside_socket (
      family == AF_INET ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  gint fd = g_socket_get_fd (socket);

  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (kept[i].family == family)
      fail_unless (g_socket_set_option (
          socket, kept[i].level, kept[i].option, kept_value (i, FALSE), NULL));
  fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) & ~O_NONBLOCK);
  assert_kept (socket, family);
  return socket;
}

/* How it is given back: at the end, for another one, as the start fails, or as
 * opening it anew fails. Both families. */
enum { AT_THE_END, FOR_ANOTHER, START_FAILS, REOPENING_FAILS, N_WAYS };

GST_START_TEST (a_socket_that_is_given_back_is_as_it_was)
{
  gint family = __i__ < N_WAYS ? AF_INET : AF_INET6, way = __i__ % N_WAYS;
  GSocket *socket = wishful_socket (family);

  g_object_set (sink, "host", family == AF_INET ? "239.1.2.3" : "ff02::1",
      "multicast-iface", "lo", "qos-dscp", 46, "ttl-mc", 9, "buffer-size",
      100000, "socket", socket, "close-socket", FALSE, NULL);
  if (way == START_FAILS)
    faults_fail_setsockopt (SOL_SOCKET, SO_BROADCAST, EPERM, 1);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_READY),
      way == START_FAILS ? GST_STATE_CHANGE_FAILURE : GST_STATE_CHANGE_SUCCESS);
  if (way != START_FAILS) {
    fail_if (blocking_flag (socket) == 0);
    fail_unless_equals_int (
        option (family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
            family == AF_INET ? IP_TTL : IPV6_UNICAST_HOPS),
        64);
  }

  if (way == FOR_ANOTHER)
    g_object_set (sink, "socket", NULL, NULL);
  else if (way == REOPENING_FAILS)
    g_object_set (sink, "port", 0, NULL);
  if (way == FOR_ANOTHER || way == REOPENING_FAILS)
    gst_element_set_state (sink, GST_STATE_PAUSED);
  else
    gst_element_set_state (sink, GST_STATE_NULL);
  assert_kept (socket, family);
  gst_element_set_state (sink, GST_STATE_NULL);
  g_object_unref (socket);
}

GST_END_TEST;

/* Nor does its owner get the answer to a packet of ours. */
GST_START_TEST (a_socket_that_is_given_back_has_no_error_of_ours)
{
  GSocket *socket = outside_socket (G_SOCKET_FAMILY_IPV4);
  guint16 port = free_port ();
  GError *error = NULL;
  GSocketAddress *address =
      g_inet_socket_address_new_from_string ("127.0.0.1", port);

  /* The owner has it connected, and so is told of each ICMP error. */
  fail_unless (g_socket_connect (socket, address, NULL, NULL));
  g_object_set (sink, "socket", socket, "close-socket", FALSE, "port",
      (gint) port, "send-stop-heap", FALSE, NULL);
  play (CAPS_S8);
  push (1000, 0, 0);
  finish ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (g_socket_send (socket, "", 1, NULL, &error), 1);
  g_object_unref (address);
  g_object_unref (socket);
}

GST_END_TEST;

static void
read_stats (gpointer element, GObject *socket)
{
  GstStructure *stats;

  g_object_get (element, "stats", &stats, NULL);
  gst_structure_free (stats);
}

/* Whoever hears of it may use the element. */
GST_START_TEST (a_socket_that_is_replaced_is_freed_with_no_lock_held)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);

  g_object_set (sink, "socket", socket, NULL);
  g_object_weak_ref (G_OBJECT (socket), read_stats, sink);
  g_object_unref (socket);
  g_object_set (sink, "socket", NULL, NULL);
}

GST_END_TEST;

static Suite *
sinksocket_suite (void)
{
  Suite *s = suite_create ("sinksocket");
  TCase *tc = tcase_create ("sinksocket");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, socket_options_are_the_properties_on_ipv4);
  tcase_add_test (tc, socket_options_are_the_properties_on_ipv6);
  tcase_add_test (tc, socket_options_by_default_are_udpsinks);
  tcase_add_loop_test (
      tc, the_address_of_a_name_is_of_the_family_that_is_sent_from, 0, 3);
  tcase_add_loop_test (
      tc, multicast_leaves_by_an_interface_or_by_who_has_an_address, 0, 4);
  tcase_add_test (tc, a_multicast_interface_is_useless_for_a_unicast_host);
  tcase_add_test (tc, bind_address_and_port_are_where_packets_come_from);
  tcase_add_test (tc, bind_address_alone_takes_any_port);
  tcase_add_test (tc, there_is_no_used_socket_in_null);
  tcase_add_loop_test (
      tc, an_outside_socket_is_sent_with_and_closed_as_asked, 0, 2);
  tcase_add_test (tc, an_outside_socket_survives_a_change_in_ready);
  tcase_add_loop_test (tc,
      a_socket_is_closed_by_who_used_it_and_as_was_said_of_it, 0,
      G_N_ELEMENTS (lives));
  tcase_add_loop_test (tc, a_socket_that_is_closed_is_an_error, 0, 3);
  tcase_add_loop_test (
      tc, a_socket_that_is_given_back_is_as_it_was, 0, 2 * N_WAYS);
  tcase_add_test (tc, a_socket_that_is_given_back_has_no_error_of_ours);
  tcase_add_test (tc, a_socket_that_is_replaced_is_freed_with_no_lock_held);
  return s;
}

GST_CHECK_MAIN (sinksocket);
