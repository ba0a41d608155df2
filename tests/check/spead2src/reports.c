/* Warnings of what cannot be received.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "spead2src/gstspead2srcreports.h"

GST_DEBUG_CATEGORY (spead2_src_debug);

#define BEGIN (G_GUINT64_CONSTANT (1000) * GST_SECOND)

static GstElement *element;
static GstBus *bus;
static GstSpead2SrcReports reports;
static Spead2ReceiverStats stats;

static void
setup (void)
{
  GST_DEBUG_CATEGORY_INIT (spead2_src_debug, "spead2src", 0, "");
  element = gst_object_ref_sink (gst_bin_new (NULL));
  bus = gst_bus_new ();
  gst_element_set_bus (element, bus);
  memset (&stats, 0, sizeof stats);
  gst_spead2_src_reports_start (&reports, element, 0);
}

static void
teardown (void)
{
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
}

/* The counters are looked at so many ms after the beginning. */
static void
check_at (guint ms)
{
  gst_spead2_src_reports_check (&reports, &stats, BEGIN + ms * GST_MSECOND);
}

static void
assert_warning (GQuark domain, gint code, const gchar *text)
{
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  GError *error;

  fail_unless (message != NULL, "no warning: %s", text);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code));
  fail_unless (g_strrstr (error->message, text) != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
}

static void
assert_no_warning (void)
{
  fail_unless (!gst_bus_have_pending (bus));
}

GST_START_TEST (refused_datagrams_are_counted_by_reason)
{
  check_at (0);
  assert_no_warning ();
  stats.assembler.refused[SPEAD2_REFUSAL_MAGIC] = 3;
  stats.assembler.refused[SPEAD2_REFUSAL_SHORT] = 1;
  check_at (1000);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
      "4 datagrams were refused (short 1, magic 3)");
  assert_no_warning ();
}
GST_END_TEST;

GST_START_TEST (a_kind_is_warned_of_once_in_ten_seconds)
{
  stats.assembler.refused[SPEAD2_REFUSAL_MAGIC] = 1;
  check_at (0);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, "1 datagrams");
  stats.assembler.refused[SPEAD2_REFUSAL_MAGIC] = 3;
  check_at (9999);
  assert_no_warning ();
  stats.assembler.refused[SPEAD2_REFUSAL_MAGIC] = 6;
  check_at (10000);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
      "5 datagrams were refused (magic 5)");
  check_at (30000);
  assert_no_warning ();
}
GST_END_TEST;

GST_START_TEST (each_kind_has_a_warning)
{
  stats.assembler.packets[SPEAD2_PACKET_INCONSISTENT] = 1;
  stats.assembler.packets[SPEAD2_PACKET_TOO_LARGE] = 2;
  stats.assembler.packets[SPEAD2_PACKET_NO_MEMORY] = 3;
  stats.kernel.drops = 4;
  stats.kernel.size = 4096;
  check_at (0);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, "1 packets");
  assert_warning (
      GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, "larger than max-heap-size");
  assert_warning (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "3 packets");
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
      "dropped 4 messages, each of one packet or more: the receive buffer of "
      "2048 bytes");
  assert_no_warning ();
}
GST_END_TEST;

GST_START_TEST (what_was_lost_before_the_run_is_not_of_it)
{
  gst_spead2_src_reports_start (&reports, element, 7);
  stats.kernel.drops = 7;
  check_at (0);
  assert_no_warning ();
  stats.kernel.drops = 9;
  check_at (1000);
  assert_warning (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "dropped 2 messages");
}
GST_END_TEST;

static Suite *
reports_suite (void)
{
  Suite *suite = suite_create ("reports");
  TCase *tc = tcase_create ("reports");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, refused_datagrams_are_counted_by_reason);
  tcase_add_test (tc, a_kind_is_warned_of_once_in_ten_seconds);
  tcase_add_test (tc, each_kind_has_a_warning);
  tcase_add_test (tc, what_was_lost_before_the_run_is_not_of_it);
  return suite;
}

GST_CHECK_MAIN (reports);
