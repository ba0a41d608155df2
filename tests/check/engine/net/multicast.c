/* Membership of groups, in a network of the test's own that has two interfaces.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../ownnetwork.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"
#include "spead2/net/multicast.h"
#include "spead2/net/udpsocket.h"

#define PORT 8888

static gboolean has_network;

/* By family. */
static const struct {
  const gchar *group, *groups;    /* one, and more that it is among */
  const gchar *address, *another; /* of the interface "one" */
} networks[] = {
    {"239.1.2.3", "239.1.2.3+3", "10.201.1.1", "10.201.1.9"},
    {"ff15::3", "ff15::3+3", "fd01::1", "fd01::9"},
};

static void
setup (void)
{
  static const gchar *const commands[] = {
      "link set lo up",
      "link add name one type veth peer name farone",
      "link add name two type veth peer name fartwo",
      "link set one up",
      "link set farone up",
      "link set two up",
      "link set fartwo up",
      "address add 10.201.1.1/24 dev one",
      "address add 10.201.1.9/24 dev one",
      "address add 10.201.2.1/24 dev two",
      "address add fd01::1/64 dev one nodad",
      "address add fd01::9/64 dev one nodad",
      "address add fd02::1/64 dev two nodad",
  };
  guint i;

  has_network = enter_network ();
  for (i = 0; has_network && i < G_N_ELEMENTS (commands); i++)
    ip (commands[i]);
}

static Spead2Memberships *
join_from (gint fd, const gchar *text, const gchar *ifaces,
    const gchar *sources, GError **error)
{
  GArray *list = spead2_endpoint_list_resolve (text, PORT, NULL, NULL);
  GArray *from = spead2_endpoint_list_parse_sources (sources, NULL);
  const Spead2MulticastOptions options = {
      ifaces, (Spead2Endpoint *) from->data, from->len};
  Spead2Memberships *memberships = spead2_multicast_join (
      fd, (Spead2Endpoint *) list->data, list->len, &options, error);

  g_array_unref (from);
  g_array_unref (list);
  return memberships;
}

static Spead2Memberships *
join (gint fd, const gchar *text, const gchar *ifaces)
{
  GError *error = NULL;
  Spead2Memberships *memberships = join_from (fd, text, ifaces, NULL, &error);

  fail_unless (memberships != NULL, "%s", error ? error->message : "");
  return memberships;
}

static gint
open_on (const gchar *text, const gchar *ifaces)
{
  const Spead2UdpListenOptions options = {.ifaces = ifaces};
  GArray *list = spead2_endpoint_list_resolve (text, PORT, NULL, NULL);
  GError *error = NULL;
  gint fd = spead2_udp_socket_listen (
      (Spead2Endpoint *) list->data, list->len, PORT, &options, &error);

  fail_unless (fd >= 0, "%s", error ? error->message : "");
  g_array_unref (list);
  return fd;
}

static gint
open_at (const gchar *text)
{
  return open_on (text, NULL);
}

/* Sends one byte to a group by an interface, from that address or, for NULL, any. */
static void
send_by (const gchar *iface, const gchar *from, const gchar *group, gchar byte)
{
  Spead2UdpSocketOptions options = {
      .multicast_iface = iface, .ttl = 1, .ttl_mc = 1, .loop = 1, .dscp = -1};
  Spead2Endpoint destination, local;
  GError *error = NULL;
  gint fd;

  fail_unless (spead2_endpoint_resolve (
      &destination, group, PORT, AF_UNSPEC, NULL, NULL));
  if (from) {
    fail_unless (spead2_endpoint_local (
        &local, spead2_endpoint_family (&destination), from, 0, NULL));
    options.local = &local;
  }
  fd = spead2_udp_socket_open (&destination, &options, &error);
  fail_unless (fd >= 0, "%s", error ? error->message : "");
  fail_unless_equals_int (
      sendto (fd, &byte, 1, 0, (struct sockaddr *) &destination.address,
          destination.address_size),
      1);
  close (fd);
}

/* What has come: the next byte, or 0 for nothing. What was sent here is queued. */
static gchar
next_byte (gint fd)
{
  gchar byte = 0;

  return recv (fd, &byte, 1, MSG_DONTWAIT) == 1 ? byte : 0;
}

/* A group that somebody else has joined on the other interface is not heard, whether
 * the socket is bound to its group or to any address. */
GST_START_TEST (test_other_interface)
{
  guint family = __i__ / 2;
  const gchar *group = networks[family].group;
  const gchar *own = __i__ % 2 ? networks[family].groups : group;
  Spead2Memberships *memberships, *others;
  gint fd, other;

  if (!has_network)
    return;
  fd = open_on (own, "one");
  other = open_on (networks[family].groups, "two");
  memberships = join (fd, own, "one");
  others = join (other, group, "two");

  send_by ("two", NULL, group, 'x');
  fail_unless_equals_int (next_byte (other), 'x');
  fail_unless_equals_int (next_byte (fd), 0);
  send_by ("one", NULL, group, 'y');
  fail_unless_equals_int (next_byte (fd), 'y');
  fail_unless_equals_int (next_byte (other), 0);

  spead2_multicast_leave (fd, memberships);
  spead2_multicast_leave (other, others);
  close (other);
  close (fd);
}
GST_END_TEST

/* Only whom it is to listen to. */
GST_START_TEST (test_sources)
{
  const gchar *group = networks[__i__].group;
  Spead2Memberships *memberships;
  gint fd, other;

  if (!has_network)
    return;
  fd = open_at (group);
  other = open_at (group);
  spead2_multicast_leave (other, join (other, group, "two"));
  memberships = join_from (fd, group, "one", networks[__i__].another, NULL);
  fail_unless (memberships != NULL);
  send_by ("one", networks[__i__].address, group, 'x');
  send_by ("one", networks[__i__].another, group, 'y');
  fail_unless_equals_int (next_byte (fd), 'y');
  fail_unless_equals_int (next_byte (fd), 0);

  /* And not any more. */
  spead2_multicast_leave (fd, memberships);
  memberships = join (other, group, "one");
  send_by ("one", networks[__i__].another, group, 'z');
  fail_unless_equals_int (next_byte (other), 'z');
  fail_unless_equals_int (next_byte (fd), 0);
  spead2_multicast_leave (other, memberships);
  close (other);
  close (fd);
}
GST_END_TEST

GST_START_TEST (test_leave)
{
  const gchar *group = networks[__i__].group;
  Spead2Memberships *memberships;
  gint fd, other;

  if (!has_network)
    return;
  fd = open_at (group);
  other = open_at (group);
  memberships = join (fd, group, "one,two");
  spead2_multicast_leave (other, join (other, group, "one"));
  memberships =
      (spead2_multicast_leave (fd, memberships), join (fd, group, "two, one"));
  send_by ("one", NULL, group, 'x');
  send_by ("two", NULL, group, 'y');
  fail_unless_equals_int (next_byte (fd), 'x');
  fail_unless_equals_int (next_byte (fd), 'y');
  fail_unless_equals_int (next_byte (other), 0);
  spead2_multicast_leave (fd, memberships);
  close (other);
  close (fd);
}
GST_END_TEST

/* What the owner of a socket joined is the owner's. */
GST_START_TEST (test_member_already)
{
  const gchar *group = networks[__i__].group;
  Spead2Memberships *owners, *memberships;
  gint fd;

  if (!has_network)
    return;
  fd = open_at (group);
  owners = join (fd, group, "one");
  memberships = join (fd, group, "one");
  spead2_multicast_leave (fd, memberships);
  send_by ("one", NULL, group, 'x');
  fail_unless_equals_int (next_byte (fd), 'x');
  spead2_multicast_leave (fd, owners);
  close (fd);
}
GST_END_TEST

/* An interface may be said by its address. */
GST_START_TEST (test_interface_by_address)
{
  const gchar *group = networks[__i__].group;
  Spead2Memberships *memberships;
  gint fd;

  if (!has_network)
    return;
  fd = open_at (group);
  memberships = join (fd, group, networks[__i__].address);
  send_by ("one", NULL, group, 'x');
  fail_unless_equals_int (next_byte (fd), 'x');
  spead2_multicast_leave (fd, memberships);
  close (fd);
}
GST_END_TEST

/* As many as the plan puts on a socket, and each is heard. */
GST_START_TEST (test_most_groups)
{
  Spead2Memberships *memberships;
  gint fd;
  guint i;

  if (!has_network)
    return;
  fd = open_at ("239.1.2.1+19");
  memberships = join (fd, "239.1.2.1+19", "one");
  for (i = 1; i <= 20; i++) {
    gchar *group = g_strdup_printf ("239.1.2.%u", i);

    send_by ("one", NULL, group, 'x');
    fail_unless_equals_int (next_byte (fd), 'x');
    g_free (group);
  }
  spead2_multicast_leave (fd, memberships);
  close (fd);
}
GST_END_TEST

static const struct {
  const gchar *addresses, *ifaces, *sources;
  GQuark (*domain) (void);
  gint code;
  const gchar *words;
} failures[] = {
    {"239.1.2.3", "nosuch0", NULL, spead2_error_quark, SPEAD2_ERROR_NOT_FOUND,
        "There is no network interface 'nosuch0'"},
    {"239.1.2.3", "10.9.9.9", NULL, spead2_error_quark, SPEAD2_ERROR_NOT_FOUND,
        "No network interface has the address '10.9.9.9'"},
    {"239.1.2.3", NULL, NULL, spead2_errno_quark, ENODEV,
        "Could not join 239.1.2.3: there is no route to the group: set "
        "multicast-iface: "},
    {"239.1.2.3+20", "one", NULL, spead2_errno_quark, ENOBUFS,
        "Could not join 239.1.2.23 by interface 'one': 'sysctl "
        "net.ipv4.igmp_max_memberships'"},
    {"239.1.2.3", "one", "fd01::1", spead2_error_quark, SPEAD2_ERROR_INVALID,
        "The multicast source fd01::1 is not of the family of the group "
        "239.1.2.3:8888"},
};

/* Everything is joined, or nothing. */
GST_START_TEST (test_failure)
{
  GError *error = NULL;
  gint fd;

  if (!has_network)
    return;
  fd = open_at (failures[__i__].addresses);
  fail_unless (join_from (fd, failures[__i__].addresses, failures[__i__].ifaces,
                   failures[__i__].sources, &error) == NULL);
  fail_unless (
      g_error_matches (error, failures[__i__].domain (), failures[__i__].code),
      "%s", error->message);
  fail_unless (strstr (error->message, failures[__i__].words) != NULL, "%s",
      error->message);
  g_error_free (error);
  send_by ("one", NULL, "239.1.2.3", 'x');
  fail_unless_equals_int (next_byte (fd), 0);
  close (fd);
}
GST_END_TEST

/* One that is needed for the socket is named before anything is joined. */
GST_START_TEST (test_no_such_interface)
{
  const Spead2UdpListenOptions options = {.ifaces = "nosuch0"};
  Spead2Endpoint group;
  GError *error = NULL;

  fail_unless (
      spead2_endpoint_resolve (&group, "ff15::1", PORT, AF_UNSPEC, NULL, NULL));
  if (spead2_udp_socket_listen (&group, 1, 0, &options, &error) != -1 ||
      error->domain != SPEAD2_ERROR)
    fail_unless (error && error->code == EAFNOSUPPORT);
  g_error_free (error);
}
GST_END_TEST

GST_START_TEST (test_count_of_interfaces)
{
  fail_unless_equals_int (spead2_multicast_n_ifaces (NULL), 1);
  fail_unless_equals_int (spead2_multicast_n_ifaces ("one"), 1);
  fail_unless_equals_int (spead2_multicast_n_ifaces ("one,10.201.2.1"), 2);
}
GST_END_TEST

static Suite *
multicast_suite (void)
{
  Suite *s = suite_create ("multicast");
  TCase *tc = tcase_create ("multicast");

  tcase_add_checked_fixture (tc, setup, NULL);
  tcase_add_loop_test (tc, test_other_interface, 0, 4);
  tcase_add_loop_test (tc, test_sources, 0, 2);
  tcase_add_loop_test (tc, test_leave, 0, 2);
  tcase_add_loop_test (tc, test_member_already, 0, 2);
  tcase_add_loop_test (tc, test_interface_by_address, 0, 2);
  tcase_add_test (tc, test_most_groups);
  tcase_add_loop_test (tc, test_failure, 0, G_N_ELEMENTS (failures));
  suite_add_tcase (s, tc);

  tc = tcase_create ("names");
  tcase_add_test (tc, test_no_such_interface);
  tcase_add_test (tc, test_count_of_interfaces);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (multicast)
