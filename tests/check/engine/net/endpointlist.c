/* Lists of addresses.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "../../../preload/faults.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"

static gchar *
join_texts (const GArray *list)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < list->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "",
        g_array_index (list, Spead2Endpoint, i).text);
  return g_string_free (text, FALSE);
}

static const struct {
  const gchar *text;
  guint port;
  const gchar *addresses;
} lists[] = {
    {NULL, 8888, "0.0.0.0:8888"},
    {"", 0, "0.0.0.0"},
    {"127.0.0.1", 8888, "127.0.0.1:8888"},
    {"::", 8888, "[::]:8888"},
    {"239.1.2.3", 7148, "239.1.2.3:7148"},
    {"239.1.2.3", 0, "239.1.2.3"},
    {"239.1.2.3+0", 1, "239.1.2.3:1"},
    {"239.1.2.254+2", 1, "239.1.2.254:1 239.1.2.255:1 239.1.3.0:1"},
    {"239.1.2.3+1, 239.1.9.9", 1, "239.1.2.3:1 239.1.2.4:1 239.1.9.9:1"},
    {"ff15::ffff+1", 1, "[ff15::ffff]:1 [ff15::1:0]:1"},
    {"ff12::1%lo+1", 1, "[ff12::1%lo]:1 [ff12::2%lo]:1"},
    {"ff12::1%lo", 1, "[ff12::1%lo]:1"},
};

GST_START_TEST (test_addresses)
{
  GError *error = NULL;
  GArray *list = spead2_endpoint_list_resolve (
      lists[__i__].text, lists[__i__].port, NULL, &error);
  gchar *text;

  fail_unless (list != NULL, "%s", error ? error->message : "");
  text = join_texts (list);
  fail_unless_equals_string (text, lists[__i__].addresses);
  fail_unless_equals_int (
      g_array_index (list, Spead2Endpoint, 0).port, lists[__i__].port);
  g_free (text);
  g_array_unref (list);
}
GST_END_TEST

GST_START_TEST (test_name)
{
  GArray *list;
  gchar *text;

  faults_resolve ("239.7.7.7");
  list = spead2_endpoint_list_resolve ("stream+1", 8888, NULL, NULL);
  text = join_texts (list);
  fail_unless_equals_string (text, "239.7.7.7:8888 (stream) 239.7.7.8:8888");
  faults_resolve (NULL);
  g_free (text);
  g_array_unref (list);
}
GST_END_TEST

GST_START_TEST (test_most)
{
  GArray *list =
      spead2_endpoint_list_resolve ("239.0.0.0+1023", 8888, NULL, NULL);

  fail_unless_equals_int (list->len, SPEAD2_MAX_ADDRESSES);
  fail_unless_equals_string (
      g_array_index (list, Spead2Endpoint, 1023).text, "239.0.3.255:8888");
  g_array_unref (list);
}
GST_END_TEST

static const struct {
  const gchar *text, *words;
} wrong_lists[] = {
    {"239.1.2.3+7:7148",
        "has a port in it: write it apart, as in address=239.1.2.3+7 "
        "port=7148"},
    {"[ff15::1]:7148", "has brackets, which only a URI needs"},
    {"spead://239.1.2.3:7148", "is a URI: set uri instead"},
    {"udp://239.1.2.3:7148", "is a URL"},
    {"239.1.2.3+", "no number of groups"},
    {"239.1.2.3+x", "no number of groups"},
    {"239.1.2.3+-1", "no number of groups"},
    {"239.1.2.3+1024", "no number of groups up to 1023"},
    {"239.1.2.0+1023,239.2.0.0", "more than 1024"},
    {"10.1.1.1+3", "is no multicast group"},
    {"239.255.255.250+7", "goes beyond the multicast addresses"},
    {"239.1.1.1,10.1.1.1", "must all be multicast groups"},
    {"10.1.1.1,239.1.1.1", "must all be multicast groups"},
    {"239.1.1.1,ff15::1", "must all be IPv4 or all IPv6"},
    {"239.1.1.1+3,239.1.1.4", "239.1.1.4:8888' is twice"},
    {"239.1.1.1,", "is empty"},
    {"239.1.1", "has four numbers"},
};

GST_START_TEST (test_wrong_addresses)
{
  GError *error = NULL;

  fail_unless (spead2_endpoint_list_resolve (
                   wrong_lists[__i__].text, 8888, NULL, &error) == NULL);
  fail_unless (strstr (error->message, wrong_lists[__i__].words) != NULL, "%s",
      error->message);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_error_free (error);
}
GST_END_TEST

/* -- destinations ---------------------------------------------------------------- */

static const struct {
  const gchar *text, *addresses;
} destination_lists[] = {
    {"127.0.0.1:8888", "127.0.0.1:8888"},
    {"239.102.0.64+2:7148",
        "239.102.0.64:7148 239.102.0.65:7148 239.102.0.66:7148"},
    {"10.1.1.1:7148, 10.1.1.2:7149", "10.1.1.1:7148 10.1.1.2:7149"},
    {"[ff15::1]+1:7148", "[ff15::1]:7148 [ff15::2]:7148"},
    {"[::1]:7148+1", "[::1]:7148 [::1]:7149"},
    {"ff15::1+1", "[ff15::1]:9 [ff15::2]:9"},
    {"127.0.0.1:9000+2", "127.0.0.1:9000 127.0.0.1:9001 127.0.0.1:9002"},
    {"10.1.1.254+2", "10.1.1.254:9 10.1.1.255:9 10.1.2.0:9"},
    {"239.1.1.1:1,10.1.1.1:1", "239.1.1.1:1 10.1.1.1:1"},
    {"127.0.0.1:65535+0", "127.0.0.1:65535"},
};

GST_START_TEST (test_destinations)
{
  GError *error = NULL;
  GArray *list = spead2_endpoint_list_resolve_destinations (
      destination_lists[__i__].text, 9, AF_UNSPEC, NULL, &error);
  GArray *again;
  gchar *text;

  fail_unless (list != NULL, "%s", error ? error->message : "");
  text = join_texts (list);
  fail_unless_equals_string (text, destination_lists[__i__].addresses);
  g_free (text);

  /* The same again from what it is written as. */
  text = spead2_endpoint_list_to_text (
      (const Spead2Endpoint *) list->data, list->len);
  again = spead2_endpoint_list_resolve_destinations (
      text, 0, AF_UNSPEC, NULL, &error);
  g_free (text);
  text = join_texts (again);
  fail_unless_equals_string (text, destination_lists[__i__].addresses);
  g_free (text);
  g_array_unref (again);
  g_array_unref (list);
}
GST_END_TEST

/* The interfaces need not exist to be told apart. */
GST_START_TEST (test_a_group_at_several_interfaces_is_several_destinations)
{
  GError *error = NULL;
  GArray *list = spead2_endpoint_list_resolve_destinations (
      "[ff12::1%4241]:7148,[ff12::1%4242]:7148", 9, AF_UNSPEC, NULL, &error);

  fail_unless (list != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (list->len, 2);
  g_array_unref (list);
}
GST_END_TEST

/* Names take the family of the first entry. */
GST_START_TEST (test_destination_names)
{
  GArray *list;
  gchar *text;

  faults_resolve ("127.0.0.7 fd00::7");
  list = spead2_endpoint_list_resolve_destinations (
      "x-engine:7148+1", 9, AF_UNSPEC, NULL, NULL);
  text = join_texts (list);
  fail_unless_equals_string (text, "127.0.0.7:7148 (x-engine) 127.0.0.7:7149");
  g_free (text);
  g_array_unref (list);

  list = spead2_endpoint_list_resolve_destinations (
      "[fd00::1]:7148,x-engine", 9, AF_UNSPEC, NULL, NULL);
  text = join_texts (list);
  fail_unless_equals_string (text, "[fd00::1]:7148 [fd00::7]:9 (x-engine)");
  faults_resolve (NULL);
  g_free (text);
  g_array_unref (list);
}
GST_END_TEST

GST_START_TEST (test_most_destinations)
{
  GArray *list = spead2_endpoint_list_resolve_destinations (
      "239.0.0.0+4094:7148,10.0.0.1", 9, AF_UNSPEC, NULL, NULL);

  fail_unless_equals_int (list->len, SPEAD2_MAX_DESTINATIONS);
  fail_unless_equals_string (
      g_array_index (list, Spead2Endpoint, 4094).text, "239.0.15.254:7148");
  g_array_unref (list);
}
GST_END_TEST

static const struct {
  const gchar *text, *words;
} wrong_destinations[] = {
    {"", "Destination '' is empty"},
    {"10.1.1.1:1,", "destinations, character 12: Host '' is empty"},
    {"10.1.1.1:1, 10.1.1.2:99999,10.1.1.3:1",
        "destinations, character 13: Destination '10.1.1.2:99999' needs a port "
        "from 1 to 65535"},
    {"10.1.1.1:0", "needs a port from 1"},
    {"10.1.1.1:", "needs a port"},
    {"10.1.1.1:x", "needs a port"},
    {"10.1.1.1:1x", "has trailing characters"},
    {"10.1.1.1:1-3", "has trailing characters"},
    {"10.1.1.1+1:1+1", "range of addresses and one of ports"},
    {"10.1.1.1:65530+7", "has ports above 65535"},
    {"10.1.1.1+x:1", "no number of addresses up to 4095 after the +"},
    {"10.1.1.1:1+", "no number of addresses up to 4095"},
    {"10.1.1.1+4096:1", "no number of addresses up to 4095"},
    {"[ff15::1:7148", "has no ]"},
    {"[ff15::1]7148", "has trailing characters"},
    {"239.0.0.0+4095:1,10.0.0.1:1", "more than 4096 destinations"},
    {"239.255.255.250+7:1", "goes beyond the multicast addresses"},
    {"223.255.255.250+7:1", "goes beyond the unicast addresses"},
    {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]+2:1", "goes beyond"},
    {"10.1.1.1:1,[fd00::1]:1", "must all be IPv4 or all IPv6"},
    {"10.1.1.1+3:1,10.1.1.4:1",
        "character 14: Destination '10.1.1.4:1' is twice"},
    {"[ff12::1%lo]:1,[ff12::1%lo]:1", "Destination '[ff12::1%lo]:1' is twice"},
    {"[ff12::1]:1,[ff12::1%lo]:1", "Destination '[ff12::1%lo]:1' is twice"},
    {"spead://239.1.2.3:7148", "is a URI: set uri"},
    {"udp://239.1.2.3:7148", "is a URL"},
    {"239.1.1:1", "has four numbers"},
};

GST_START_TEST (test_wrong_destinations)
{
  GError *error = NULL;

  fail_unless (
      spead2_endpoint_list_resolve_destinations (
          wrong_destinations[__i__].text, 9, AF_UNSPEC, NULL, &error) == NULL);
  fail_unless (strstr (error->message, wrong_destinations[__i__].words) != NULL,
      "%s", error->message);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_error_free (error);
}
GST_END_TEST

/* -- sources ---------------------------------------------------------------------- */

/* NULL: an error with those words. */
static const struct {
  const gchar *text, *sources, *words;
} source_lists[] = {
    {NULL, "", NULL},
    {"", "", NULL},
    {"10.1.1.1", "10.1.1.1", NULL},
    {"+10.1.1.1+10.1.1.2", "10.1.1.1 10.1.1.2", NULL},
    {"10.1.1.1, 10.1.1.2,10.1.1.1", "10.1.1.1 10.1.1.2", NULL},
    {"+fd00::1+fd00::2", "fd00::1 fd00::2", NULL},
    {"+10.1.1.1-10.1.1.2", NULL, "cannot be excluded with a '-'"},
    {"+239.1.1.1", NULL, "'239.1.1.1' is not the address of a sender"},
    {"correlator", NULL, "'correlator' is not the address of a sender"},
    {"1.1.1.1+1.1.1.2+1.1.1.3+1.1.1.4+1.1.1.5+1.1.1.6+1.1.1.7+1.1.1.8+1.1.1.9+"
     "1.1.1.10+1.1.1.11",
        NULL, "more than 10 multicast sources"},
};

GST_START_TEST (test_sources)
{
  GError *error = NULL;
  GArray *list =
      spead2_endpoint_list_parse_sources (source_lists[__i__].text, &error);

  if (source_lists[__i__].sources) {
    gchar *text = join_texts (list);

    fail_unless_equals_string (text, source_lists[__i__].sources);
    g_free (text);
    g_array_unref (list);
  } else {
    fail_unless (list == NULL);
    fail_unless (strstr (error->message, source_lists[__i__].words) != NULL,
        "%s", error->message);
    g_error_free (error);
  }
}
GST_END_TEST

static Suite *
endpointlist_suite (void)
{
  Suite *s = suite_create ("endpointlist");
  TCase *tc = tcase_create ("endpointlist");

  tcase_add_loop_test (tc, test_addresses, 0, G_N_ELEMENTS (lists));
  tcase_add_test (tc, test_name);
  tcase_add_test (tc, test_most);
  tcase_add_loop_test (tc, test_wrong_addresses, 0, G_N_ELEMENTS (wrong_lists));
  tcase_add_loop_test (
      tc, test_destinations, 0, G_N_ELEMENTS (destination_lists));
  tcase_add_test (
      tc, test_a_group_at_several_interfaces_is_several_destinations);
  tcase_add_test (tc, test_destination_names);
  tcase_add_test (tc, test_most_destinations);
  tcase_add_loop_test (
      tc, test_wrong_destinations, 0, G_N_ELEMENTS (wrong_destinations));
  tcase_add_loop_test (tc, test_sources, 0, G_N_ELEMENTS (source_lists));
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (endpointlist)
