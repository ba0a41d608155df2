/* Text to address.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "../../../preload/faults.h"
#include "../../tools.h"
#include "spead2/net/endpoint.h"
#include "spead2/error.h"

static const struct {
  const gchar *host;
  guint port;
  gint family;
  gboolean multicast;
  const gchar *text;
} literals[] = {
    {"127.0.0.1", 8888, AF_INET, FALSE, "127.0.0.1:8888"},
    {"127.0.0.1", 1, AF_INET, FALSE, "127.0.0.1:1"},
    {"255.255.255.255", 65535, AF_INET, FALSE, "255.255.255.255:65535"},
    {"239.102.2.3", 7148, AF_INET, TRUE, "239.102.2.3:7148"},
    {"::1", 8888, AF_INET6, FALSE, "[::1]:8888"},
    {"fe80::1%lo", 8888, AF_INET6, FALSE, "[fe80::1%lo]:8888"},
    {"ff02::1%lo", 8888, AF_INET6, TRUE, "[ff02::1%lo]:8888"},
};

GST_START_TEST (test_literals)
{
  const gchar *host = literals[__i__].host, *scope = strchr (host, '%');
  gchar *number = scope ? g_strndup (host, scope - host) : g_strdup (host);
  Spead2Endpoint endpoint;
  const struct sockaddr_in *in = (const struct sockaddr_in *) &endpoint.address;
  const struct sockaddr_in6 *in6 =
      (const struct sockaddr_in6 *) &endpoint.address;
  struct in6_addr bytes;
  GError *error = NULL;

  fail_unless (spead2_endpoint_resolve (&endpoint, host, literals[__i__].port,
                   AF_UNSPEC, NULL, &error),
      "%s", error ? error->message : "");
  fail_unless_equals_int (
      spead2_endpoint_family (&endpoint), literals[__i__].family);
  fail_unless_equals_int (endpoint.multicast, literals[__i__].multicast);
  fail_unless_equals_int (
      inet_pton (literals[__i__].family, number, &bytes), 1);
  if (literals[__i__].family == AF_INET) {
    fail_unless_equals_int (endpoint.address_size, sizeof *in);
    fail_unless_equals_int (ntohs (in->sin_port), literals[__i__].port);
    fail_unless (memcmp (&in->sin_addr, &bytes, sizeof in->sin_addr) == 0);
  } else {
    fail_unless_equals_int (endpoint.address_size, sizeof *in6);
    fail_unless_equals_int (ntohs (in6->sin6_port), literals[__i__].port);
    fail_unless (memcmp (&in6->sin6_addr, &bytes, sizeof bytes) == 0);
    fail_unless_equals_int (
        in6->sin6_scope_id, scope ? if_nametoindex ("lo") : 0);
  }
  fail_unless_equals_string (endpoint.text, literals[__i__].text);
  g_free (number);
}
GST_END_TEST

/* An address of the kernel's, its parts, and another port. */
GST_START_TEST (test_parts)
{
  const struct sockaddr_storage local = {.ss_family = AF_UNIX};
  Spead2Endpoint endpoint, copy;
  GError *error = NULL;
  gchar *host;

  fail_unless (spead2_endpoint_resolve (
      &endpoint, literals[__i__].host, 7, AF_UNSPEC, NULL, NULL));
  fail_unless (spead2_endpoint_from_native (&copy, &endpoint.address, &error));
  fail_unless_equals_string (copy.text, endpoint.text);
  fail_unless (spead2_endpoint_equal (&copy, &endpoint.address));
  fail_unless_equals_int (copy.address_size, endpoint.address_size);
  fail_unless_equals_int (copy.multicast, endpoint.multicast);

  spead2_endpoint_set_port (&copy, literals[__i__].port);
  fail_unless_equals_string (copy.text, literals[__i__].text);
  fail_if (spead2_endpoint_equal (&copy, &endpoint.address));
  host = spead2_endpoint_dup_host (&copy);
  fail_unless_equals_string (host, literals[__i__].host);
  g_free (host);
  spead2_endpoint_set_port (&copy, 0);
  fail_unless_equals_string (copy.text, literals[__i__].host);

  fail_if (spead2_endpoint_from_native (&copy, &local, &error));
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_error_free (error);
}
GST_END_TEST

/* What a name's addresses are, in the system's order, of which family it must be,
 * and which is taken. */
static const struct {
  const gchar *addresses;
  gint family;
  const gchar *text; /* NULL: none */
} choices[] = {
    {"127.0.0.1", AF_UNSPEC, "127.0.0.1:8888 (correlator)"},
    {"10.1.2.3 10.1.2.4", AF_UNSPEC, "10.1.2.3:8888 (correlator)"},
    {"239.1.2.3", AF_UNSPEC, "239.1.2.3:8888 (correlator)"},
    {"2001:db8::1 10.1.2.3", AF_UNSPEC, "[2001:db8::1]:8888 (correlator)"},
    {"10.1.2.3 2001:db8::1", AF_UNSPEC, "10.1.2.3:8888 (correlator)"},
    {"2001:db8::1 10.1.2.3", AF_INET6, "[2001:db8::1]:8888 (correlator)"},
    {"2001:db8::1 10.1.2.3", AF_INET, "10.1.2.3:8888 (correlator)"},
    {"10.1.2.3 2001:db8::1", AF_INET6, "[2001:db8::1]:8888 (correlator)"},
    {"2001:db8::1", AF_INET, NULL},
    {"10.1.2.3 127.0.0.1", AF_INET6, NULL},
    /* A name for this machine. */
    {"::1 127.0.0.1", AF_UNSPEC, "127.0.0.1:8888 (correlator)"},
    {"::1 10.1.2.3 127.0.1.1", AF_UNSPEC, "127.0.1.1:8888 (correlator)"},
    {"127.0.0.1 ::1", AF_UNSPEC, "127.0.0.1:8888 (correlator)"},
    {"::1 127.0.0.1", AF_INET6, "[::1]:8888 (correlator)"},
    {"::1 127.0.0.1", AF_INET, "127.0.0.1:8888 (correlator)"},
    {"::1 10.1.2.3", AF_UNSPEC, "[::1]:8888 (correlator)"},
    {"::1", AF_UNSPEC, "[::1]:8888 (correlator)"},
    {"::1", AF_INET, NULL},
    {"2001:db8::1 127.0.0.1", AF_UNSPEC, "[2001:db8::1]:8888 (correlator)"},
};

GST_START_TEST (test_address_of_a_name)
{
  Spead2Endpoint endpoint;
  GError *error = NULL;
  gboolean resolved;

  faults_resolve (choices[__i__].addresses);
  resolved = spead2_endpoint_resolve (
      &endpoint, "correlator", 8888, choices[__i__].family, NULL, &error);
  faults_resolve (NULL);
  fail_unless_equals_int (resolved, choices[__i__].text != NULL);
  if (resolved) {
    fail_unless_equals_string (endpoint.text, choices[__i__].text);
    return;
  }
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message,
                   choices[__i__].family == AF_INET
                       ? "Host 'correlator' has no IPv4 address"
                       : "Host 'correlator' has no IPv6 address") != NULL);
  g_error_free (error);
}
GST_END_TEST

/* As this machine's files say it. */
GST_START_TEST (test_localhost)
{
  Spead2Endpoint endpoint;

  fail_unless (spead2_endpoint_resolve (
      &endpoint, "localhost", 8888, AF_UNSPEC, NULL, NULL));
  fail_unless_equals_string (endpoint.text, "127.0.0.1:8888 (localhost)");
}
GST_END_TEST

/* A name as long as one can be does not end the message early. */
GST_START_TEST (test_long_name)
{
  Spead2Endpoint endpoint;
  gchar *name = g_strnfill (253, 'n');

  faults_resolve ("2001:db8:1234:5678:9abc:def0:1234:5678");
  fail_unless (
      spead2_endpoint_resolve (&endpoint, name, 65535, AF_UNSPEC, NULL, NULL));
  faults_resolve (NULL);
  fail_unless (g_str_has_suffix (endpoint.text, "nnn)"));
  g_free (name);
}
GST_END_TEST

static const struct {
  const gchar *host, *words;
} wrong_hosts[] = {
    {"", "is empty"},
    {"127.0.0.1:8888",
        "Host '127.0.0.1:8888' has a port in it: write host=127.0.0.1 "
        "port=8888"},
    {"correlator:7148", "write host=correlator port=7148"},
    {"[::1]", "has brackets, which only a URI needs: write host=::1"},
    {"[::1]:8888", "write host=::1 port=8888"},
    {"239.2.1.150+15",
        "is several addresses: a sender takes them as destinations"},
    {"239.2.1.150+15:7148", "is several addresses"},
    {"10.1.1.1,10.1.1.2", "is several addresses"},
    {"spead://239.2.1.150:7148", "is a URI: set uri to it instead of host"},
    {"udp://239.2.1.150:7148", "host=239.1.2.3 port=7148"},
    {" 127.0.0.1", "has a blank in it"},
    {"127.0.0.1 ", "has a blank in it"},
    {"127.0.0.1/8", "has a / in it"},
    {"256.1.1.1", "an address has four numbers from 0 to 255"},
    {"1.2.3.4.5", "an address has four numbers"},
    /* Addresses to the C library, of other machines than one would think. */
    {"10.1", "an address has four numbers"},
    {"192.168.1", "an address has four numbers"},
    {"1", "an address has four numbers"},
    {"0x7f000001", "an address has four numbers"},
    {"1:2:3", "is not an IPv6 address"},
    {"fe80::1%nosuch0", "there is no network interface 'nosuch0'"},
};

/* Said at once: no name is looked up. */
GST_START_TEST (test_wrong_host)
{
  const gchar *host = wrong_hosts[__i__].host;
  Spead2Endpoint endpoint;
  GError *error = NULL;

  faults_hang_resolver (true);
  fail_if (
      spead2_endpoint_resolve (&endpoint, host, 8888, AF_UNSPEC, NULL, &error));
  faults_hang_resolver (false);
  fail_unless (strstr (error->message, wrong_hosts[__i__].words) != NULL, "%s",
      error->message);
  fail_unless_equals_int (error->code,
      strchr (host, '%') ? SPEAD2_ERROR_NOT_FOUND : SPEAD2_ERROR_INVALID);
  g_clear_error (&error);
  fail_if (spead2_endpoint_check_host (host, NULL));
}
GST_END_TEST

GST_START_TEST (test_possible_host)
{
  static const gchar *const hosts[] = {"localhost", "a", "a.b-c_d.example.",
      "größe.example", "127.0.0.1", "::1", "fe80::1%lo", "1e100.net", "10g"};

  fail_unless (spead2_endpoint_check_host (hosts[__i__], NULL));
}
GST_END_TEST

GST_START_TEST (test_ports)
{
  static const guint ports[] = {0, 65536, 65537, G_MAXUINT};
  Spead2Endpoint endpoint;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (ports); i++) {
    gchar *text = g_strdup_printf ("Port %u", ports[i]);
    GError *error = NULL;

    fail_if (spead2_endpoint_resolve (
        &endpoint, "127.0.0.1", ports[i], AF_UNSPEC, NULL, &error));
    fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
    fail_unless (strstr (error->message, text) != NULL);
    g_error_free (error);
    g_free (text);
  }
}
GST_END_TEST

GST_START_TEST (test_cancelled)
{
  gint64 start = g_get_monotonic_time ();
  GCancellable *cancellable = g_cancellable_new ();
  Spead2Endpoint endpoint;
  GError *error = NULL;

  g_cancellable_cancel (cancellable);
  fail_if (spead2_endpoint_resolve (
      &endpoint, "no-such-host.invalid", 8888, AF_UNSPEC, cancellable, &error));
  fail_unless (g_get_monotonic_time () - start < 2 * G_USEC_PER_SEC);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_error_free (error);

  /* An address needs no look-up. */
  fail_unless (spead2_endpoint_resolve (
      &endpoint, "127.0.0.1", 8888, AF_UNSPEC, cancellable, NULL));
  g_object_unref (cancellable);
}
GST_END_TEST

GST_START_TEST (test_equal)
{
  static const struct {
    const gchar *host;
    guint port;
  } all[] = {{"127.0.0.1", 8888}, {"127.0.0.1", 8889}, {"127.0.0.2", 8888},
      {"::1", 8888}, {"::1", 8889}, {"::2", 8888}};
  Spead2Endpoint a, b;
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (all); i++) {
    for (k = 0; k < G_N_ELEMENTS (all); k++) {
      fail_unless (spead2_endpoint_resolve (
          &a, all[i].host, all[i].port, AF_UNSPEC, NULL, NULL));
      fail_unless (spead2_endpoint_resolve (
          &b, all[k].host, all[k].port, AF_UNSPEC, NULL, NULL));
      fail_unless_equals_int (spead2_endpoint_equal (&a, &b.address), i == k);
    }
  }
}
GST_END_TEST

static Suite *
endpoint_suite (void)
{
  Suite *suite = suite_create ("endpoint");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_literals, 0, G_N_ELEMENTS (literals));
  tcase_add_loop_test (tc, test_parts, 0, G_N_ELEMENTS (literals));
  tcase_add_loop_test (tc, test_address_of_a_name, 0, G_N_ELEMENTS (choices));
  tcase_add_test (tc, test_localhost);
  tcase_add_test (tc, test_long_name);
  tcase_add_loop_test (tc, test_wrong_host, 0, G_N_ELEMENTS (wrong_hosts));
  tcase_add_loop_test (tc, test_possible_host, 0, 9);
  tcase_add_test (tc, test_ports);
  tcase_add_test (tc, test_cancelled);
  tcase_add_test (tc, test_equal);
  return suite;
}

GST_CHECK_MAIN (endpoint);
