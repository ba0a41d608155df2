/* spead2sink's errors and warnings: what a user may do wrong, and what a network
 * may do to heaps, in words that name the thing and the way out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sinkfixture.h"

/* -- errors of the settings ----------------------------------------------------- */

static const struct {
  const gchar *property;
  const gchar *value;
  GstResourceError code;
  const gchar *words;
} wrong[] = {
    {"multicast-iface", "nosuch0", GST_RESOURCE_ERROR_NOT_FOUND,
        "There is no network interface 'nosuch0'"},
    {"multicast-iface", "10.9.8.7", GST_RESOURCE_ERROR_NOT_FOUND,
        "No network interface has the address '10.9.8.7': 'ip address' lists"},
    {"multicast-iface", "2001:db8::1", GST_RESOURCE_ERROR_NOT_FOUND,
        "No network interface has the address '2001:db8::1'"},
    {"multicast-iface", "::1%nosuch0", GST_RESOURCE_ERROR_NOT_FOUND,
        "No network interface has the address '::1%nosuch0'"},
    {"multicast-iface", "1.2.3", GST_RESOURCE_ERROR_NOT_FOUND,
        "There is no network interface '1.2.3'"},
    {"multicast-iface", "lo,nosuch0", GST_RESOURCE_ERROR_NOT_FOUND,
        "multicast-iface, character 4: There is no network interface "
        "'nosuch0'"},
    {"multicast-iface", "lo,,lo", GST_RESOURCE_ERROR_SETTINGS,
        "multicast-iface: an empty interface at character 4: write"},
    {"multicast-iface", "lo,", GST_RESOURCE_ERROR_SETTINGS,
        "an empty interface at character 4"},
    {"multicast-iface", "lo, lo", GST_RESOURCE_ERROR_SETTINGS,
        "a space in the interface at character 4"},
    {"port", "0", GST_RESOURCE_ERROR_SETTINGS,
        "Port 0 does not exist: ports are 1 to 65535"},
    {"max-packet-size", "55", GST_RESOURCE_ERROR_SETTINGS, "at least 56"},
    {"max-packet-size", "65508", GST_RESOURCE_ERROR_SETTINGS, "at most 65507"},
    {"heap-address-bits", "56", GST_RESOURCE_ERROR_SETTINGS,
        "id 0x1600 does not fit SPEAD-64-56"},
    {"heap-address-bits", "41", GST_RESOURCE_ERROR_SETTINGS, "multiple of 8"},
    {"rate", "0.5", GST_RESOURCE_ERROR_SETTINGS,
        "rate=0.5: must be 0 (no limit) or at least 1 byte per second"},
    {"rate", "1e-10", GST_RESOURCE_ERROR_SETTINGS, "at least 1 byte"},
    {"cpu-affinity", "0,x", GST_RESOURCE_ERROR_SETTINGS,
        "Invalid CPU list \"0,x\": 'x' is not a CPU number from 0 to 1023"},
    {"cpu-affinity", "1023", GST_RESOURCE_ERROR_OPEN_WRITE, "to CPU 1023"},
    {"bind-address", "localhost", GST_RESOURCE_ERROR_SETTINGS,
        "Cannot send from 'localhost', port 0: it must be an IPv4 address"},
    {"bind-address", "::1", GST_RESOURCE_ERROR_SETTINGS,
        "it must be an IPv4 address of this machine"},
    {"bind-address", "192.0.2.1", GST_RESOURCE_ERROR_OPEN_WRITE,
        "Could not send from 192.0.2.1 (bind-address and bind-port)"},
    {"host", "127.0.0.1:8888", GST_RESOURCE_ERROR_SETTINGS,
        "has a port in it: write host=127.0.0.1 port=8888"},
    {"host", "[::1]", GST_RESOURCE_ERROR_SETTINGS, "write host=::1"},
    {"host", "239.2.1.150+15", GST_RESOURCE_ERROR_SETTINGS,
        "is several addresses: a sender takes them as destinations"},
    {"host", "spead://127.0.0.1", GST_RESOURCE_ERROR_SETTINGS, "set uri to it"},
    {"host", "no-such-host.invalid", GST_RESOURCE_ERROR_NOT_FOUND,
        "Host 'no-such-host.invalid' could not be resolved"},
};

GST_START_TEST (a_wrong_setting_is_an_error_that_says_what_to_do)
{
  if (g_str_equal (wrong[__i__].property, "multicast-iface"))
    g_object_set (sink, "host", "239.1.2.3", NULL);
  gst_util_set_object_arg (
      G_OBJECT (sink), wrong[__i__].property, wrong[__i__].value);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, wrong[__i__].code, wrong[__i__].words);
  assert_no_message (GST_MESSAGE_STREAM_STATUS);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
}

GST_END_TEST;

static gpointer
start_sink (gpointer data)
{
  return GINT_TO_POINTER (gst_element_set_state (sink, GPOINTER_TO_INT (data)));
}

/* 0: in NULL to READY. 1: in READY to PAUSED, with another host. It waits with its
 * state lock taken; that another thread ends it is no error of the sink's. */
GST_START_TEST (null_from_another_thread_ends_the_look_up_of_a_name)
{
  gint64 begin;
  GThread *thread;

  if (__i__ == 1)
    gst_element_set_state (sink, GST_STATE_READY);
  faults_hang_resolver (true);
  g_object_set (sink, "host", "correlator.invalid", NULL);
  thread = g_thread_new (
      "start", start_sink, GINT_TO_POINTER (GST_STATE_READY + __i__));
  faults_wait_lookup (1);
  begin = g_get_monotonic_time ();
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  fail_unless (g_get_monotonic_time () - begin < 2 * G_USEC_PER_SEC);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (thread)), GST_STATE_CHANGE_FAILURE);
  if (__i__ == 0) /* the base class posts it whenever start() fails */
    assert_error (
        GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE, "state change failed");
  assert_no_message (GST_MESSAGE_ERROR);
  faults_hang_resolver (false);

  /* The next start is another one. */
  g_object_set (sink, "host", "localhost", NULL);
  fail_unless_equals_int (
      gst_element_set_state (sink, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
}

GST_END_TEST;

GST_START_TEST (a_socket_that_cannot_be_opened_is_an_error)
{
  faults_fail_socket (EMFILE, 1);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, g_strerror (EMFILE));
}

GST_END_TEST;

GST_START_TEST (a_bind_port_in_use_is_an_error)
{
  g_object_set (sink, "bind-address", "127.0.0.1", "bind-port",
      fake_receiver_port (receiver), NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
      "(bind-address and bind-port): Address already in use");
}

GST_END_TEST;

GST_START_TEST (an_ipv6_packet_may_be_20_bytes_larger_and_no_more)
{
  g_object_set (sink, "host", "::1", "max-packet-size", 65527, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (sink, "max-packet-size", 65528, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "at most 65527");
}

GST_END_TEST;

/* 0: of IPv6. 1: of TCP. */
GST_START_TEST (an_outside_socket_of_another_kind_is_an_error)
{
  GSocket *socket = __i__ == 0
      ? g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM,
            G_SOCKET_PROTOCOL_UDP, NULL)
      : g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
            G_SOCKET_PROTOCOL_TCP, NULL);

  g_object_set (sink, "socket", socket, NULL);
  g_object_unref (socket);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "is not a UDP socket of IPv4");
}

GST_END_TEST;

GST_START_TEST (a_heap_that_the_flavour_cannot_say_the_length_of_is_an_error)
{
  g_object_set (sink, "heap-address-bits", 16, NULL);
  play (CAPS_S8);
  fail_unless_equals_int (try_push (65536, 0, 0), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "SPEAD-64-16");
}

GST_END_TEST;

/* -- warnings of the settings ------------------------------------------------------- */

GST_START_TEST (packets_larger_than_the_mtu_are_a_warning_that_names_what_fits)
{
  /* The loopback's MTU is 65536, which IPv6 packets can exceed. */
  g_object_set (sink, "host", "::1", "max-packet-size", 65527, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Packets of 65520 bytes are larger than the network's MTU of");
  gst_element_set_state (pipeline, GST_STATE_NULL);

  g_object_set (sink, "max-packet-size", 65487, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  assert_no_message (GST_MESSAGE_WARNING);
}

GST_END_TEST;

GST_START_TEST (a_send_buffer_smaller_than_asked_is_a_warning)
{
  g_object_set (sink, "buffer-size", G_MAXINT, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "not the 2147483647 of buffer-size. Allow more with 'sysctl "
      "net.core.wmem_max=2147483647'");
  fail_unless (counter ("send-buffer") > 0);
}

GST_END_TEST;

/* -- heaps that fail -------------------------------------------------------------- */

GST_START_TEST (a_storm_of_refused_heaps_is_two_warnings_that_say_how_many)
{
  faults_fail_all (EPERM);
  play (CAPS_S8);
  for (guint i = 0; i < 20; i++) {
    push (1000, i * 1000, i * 1000);
    drain ();
  }
  faults_reset ();
  finish ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
      "Heap 1 is incomplete; the stream");
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
      "Heap 20 is incomplete (and 18 more before)");
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 20);
}

GST_END_TEST;

GST_START_TEST (a_stop_heap_that_fails_is_told_of_as_such)
{
  faults_fail_message (1, 1, EPERM);
  play (CAPS_S8);
  push (1000, 0, 0);
  finish ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
      "The stop heap was not sent");
  assert_no_message (GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 0);
}

GST_END_TEST;

/* Adds up what the element messages that are on the bus stand for. */
static guint
count_told (guint *n_messages)
{
  GstMessage *message;
  guint told = 0;

  *n_messages = 0;
  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT))) {
    const GstStructure *failed = gst_message_get_structure (message);
    guint64 cnt, bytes;
    guint suppressed;
    gint errnum;

    fail_unless (gst_structure_has_name (failed, "spead2-heap-failed"));
    fail_unless (gst_structure_get_uint64 (failed, "heap-cnt", &cnt));
    fail_unless (gst_structure_get_uint64 (failed, "bytes", &bytes));
    fail_unless (gst_structure_get_int (failed, "errno", &errnum));
    fail_unless (gst_structure_get_uint (failed, "suppressed", &suppressed));
    fail_unless_equals_int (errnum, EPERM);
    fail_unless_equals_uint64 (bytes, 0);
    assert_words (
        gst_structure_get_string (failed, "reason"), g_strerror (EPERM));
    told += 1 + suppressed;
    (*n_messages)++;
    gst_message_unref (message);
  }
  return told;
}

GST_START_TEST (element_messages_stand_for_every_failed_heap)
{
  guint n;

  faults_fail_all (EPERM);
  play (CAPS_S8);
  push_heaps (30, 1000);
  drain ();
  /* Told at the end, though the stream has none. */
  faults_reset ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (count_told (&n), 30);
  fail_unless (n < 5, "%u messages", n);
}

GST_END_TEST;

GST_START_TEST (on_error_fail_stops_the_stream_at_the_first_refused_heap)
{
  GstFlowReturn flow = GST_FLOW_OK;

  gst_util_set_object_arg (G_OBJECT (sink), "on-error", "fail");
  /* After an error a bin does not lead an element that was flushed back to
   * PLAYING; this one does not leave it. */
  g_object_set (sink, "async", FALSE, NULL);
  faults_fail_message (1, FAULTS_FOREVER, EPERM);
  play (CAPS_S8);
  push (1000, 0, 0);
  drain ();
  for (guint i = 1; i < 1000 && flow == GST_FLOW_OK; i++) {
    flow = try_push (1000, i * 1000, i * 1000);
    drain ();
  }
  fail_unless_equals_int (flow, GST_FLOW_ERROR);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
      "Heap 2 is incomplete, and on-error=fail stops the stream");
  assert_no_message (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 1);

  /* A flush does not make it good, READY does. */
  flush ();
  fail_unless_equals_int (try_push (1000, 0, 0), GST_FLOW_ERROR);
  faults_reset ();
  faults_capture (true, true);
  gst_element_set_state (pipeline, GST_STATE_READY);
  play (CAPS_S8);
  push (1000, 0, 0);
  finish ();
}

GST_END_TEST;

/* The first heap fails at once, and at such a rate the next ones take hours. */
GST_START_TEST (on_error_fail_wakes_a_push_that_waits_for_room)
{
  GstFlowReturn flow = GST_FLOW_OK;

  gst_util_set_object_arg (G_OBJECT (sink), "on-error", "fail");
  g_object_set (sink, "max-heaps", 2, "rate", 1.0, NULL);
  faults_fail_message (0, 1, ENETUNREACH);
  play (CAPS_S8);
  for (guint i = 0; i < 10 && flow == GST_FLOW_OK; i++)
    flow = try_push (1000, 0, i * 1000);
  fail_unless_equals_int (flow, GST_FLOW_ERROR);
  assert_error (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, g_strerror (ENETUNREACH));
}

GST_END_TEST;

/* What stats counts of an errno. */
static guint64
errors_of (const gchar *name)
{
  GstStructure *stats, *errors;
  guint64 n = 0;

  g_object_get (sink, "stats", &stats, NULL);
  fail_unless (gst_structure_get (
      stats, "errors-by-errno", GST_TYPE_STRUCTURE, &errors, NULL));
  gst_structure_get_uint64 (errors, name, &n);
  gst_structure_free (errors);
  gst_structure_free (stats);
  return n;
}

GST_START_TEST (stats_counts_errors_by_errno)
{

  faults_fail_message (0, 2, EPERM);
  faults_fail_message (4, 1, ENOBUFS);
  play (CAPS_S8);
  for (guint i = 0; i < 5; i++) {
    push (1000, i * 1000, i * 1000);
    drain ();
  }
  finish ();
  fail_unless_equals_uint64 (errors_of ("EPERM"), 2);
  fail_unless_equals_uint64 (errors_of ("ENOBUFS"), 1);
  fail_unless_equals_uint64 (counter ("errors"), 3);
}

GST_END_TEST;

GST_START_TEST (stats_says_why_gso_is_off)
{
  gchar *reason;

  faults_refuse_gso (EIO);
  play (CAPS_S8);
  push (100000, 0, 0);
  drain ();
  fail_if (stat_flag ("gso"));
  reason = stat_string ("gso-reason");
  fail_unless_equals_string (reason, g_strerror (EIO));
  g_free (reason);
  finish ();
}

GST_END_TEST;

/* Each packet is a message of its own, with the same bytes; nothing has to be
 * refused for it, and a new stream does not end it. */
GST_START_TEST (without_gso_each_packet_is_a_message)
{
  gchar *reason;
  FaultsCounts counts;

  gst_util_set_object_arg (G_OBJECT (sink), "gso", "off");
  g_object_set (sink, "max-packet-size", 1472, NULL);
  for (guint i = 0; i < 2; i++) {
    play (CAPS_S8);
    push (100000, 0, 0);
    finish ();
    go_to (GST_STATE_READY);
  }
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counts.gso_messages, 0);
  fail_unless (counts.messages > 2 * 100000 / 1472);
  fail_unless_equals_uint64 (counts.messages, counts.datagrams);
  fail_unless_equals_uint64 (counter ("errors"), 0);
  reason = stat_string ("gso-reason");
  fail_unless_equals_string (reason, "gso=off");
  g_free (reason);
  decode ();
  assert_heap (0, 1, 0, 100000, 0);
}

GST_END_TEST;

GST_START_TEST (stats_times_every_heap_that_was_sent)
{
  play (CAPS_S8);
  fail_unless_equals_uint64 (counter ("heap-time-max"), 0);
  faults_block (true);
  push (1000, 0, 0);
  pass_time (20000);
  faults_block (false);
  drain ();
  push (1000, 1000, 1000);
  finish ();
  fail_unless (counter ("heap-time-max") >= 20 * GST_MSECOND);
  fail_unless (counter ("heap-time-min") > 0);
  fail_unless (counter ("heap-time-min") < counter ("heap-time-mean"));
  fail_unless (counter ("heap-time-mean") < counter ("heap-time-max"));
}

GST_END_TEST;

/* -- what the network answers ------------------------------------------------------ */

/* 0: at an address. 1: at a name, which may have several. */
GST_START_TEST (a_port_nobody_listens_at_is_a_warning_and_the_stream_goes_on)
{
  FakeReceiver *other = fake_receiver_new (AF_INET);
  const gchar *host = __i__ == 0 ? "127.0.0.1" : "localhost";
  gchar *words = g_strdup_printf ("Nobody listens at 127.0.0.1:%u%s",
      fake_receiver_port (other), __i__ == 0 ? ":" : " (localhost):");

  g_object_set (sink, "host", host, "port", fake_receiver_port (other), NULL);
  fake_receiver_free (other);
  play (CAPS_S8);
  for (guint i = 0; i < 50; i++) {
    push (1000, i * 1000, i * 1000);
    drain ();
  }
  finish ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, words);
  assert_no_message (GST_MESSAGE_WARNING);
  g_free (words);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 50);

  fail_unless (errors_of ("ECONNREFUSED") >= 1);
}

GST_END_TEST;

GST_START_TEST (an_unreachable_destination_is_a_warning_and_the_stream_goes_on)
{
  static const gint errnums[] = {
      ENETUNREACH, EHOSTUNREACH, ENETDOWN, EACCES, EINVAL};

  faults_fail_message (0, 1, errnums[__i__]);
  play (CAPS_S8);
  for (guint i = 0; i < 3; i++) {
    push (1000, i * 1000, i * 1000);
    drain ();
  }
  finish ();
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
      g_strerror (errnums[__i__]));
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 1);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
}

GST_END_TEST;

GST_START_TEST (the_first_wrap_of_the_heap_counter_is_a_warning)
{
  faults_capture (false, false);
  g_object_set (sink, "heap-address-bits", 16, NULL);
  play ("application/octet-stream");
  for (guint i = 0; i < 65536 + 100; i++)
    push (8, 0, GST_BUFFER_OFFSET_NONE);
  finish ();
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, NULL);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "The heap counter has wrapped: it has 16 bits. Set a greater "
      "heap-address-bits");
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("heap-cnt-wraps"), 1);
}

GST_END_TEST;

/* -- the summary at EOS ---------------------------------------------------------- */

typedef struct {
  guint64 heaps, bytes, packets, failed, dropped;
  gdouble seconds, rate;
} Summary;

/* Ends the stream: the INFO message, which comes before EOS. Its debug string is
 * what gst-launch-1.0 prints. The caller frees the text. */
static gchar *
finish_with_info (void)
{
  GstMessage *message;
  GError *info;
  gchar *debug;

  push_eos ();
  message = pop (GST_MESSAGE_INFO);
  fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (sink));
  gst_message_parse_info (message, &info, &debug);
  fail_unless_equals_string (info->message, debug);
  g_error_free (info);
  gst_message_unref (message);
  wait_eos ();
  assert_no_message (GST_MESSAGE_INFO);
  return debug;
}

static Summary
finish_with_summary (void)
{
  gchar *text = finish_with_info ();
  Summary found;

  fail_unless_equals_int (
      sscanf (text,
          "Sent %" G_GUINT64_FORMAT " heaps, %" G_GUINT64_FORMAT
          " bytes in %" G_GUINT64_FORMAT
          " packets, in %lf s (%lf MB/s); %" G_GUINT64_FORMAT
          " heaps failed, %" G_GUINT64_FORMAT " were dropped.",
          &found.heaps, &found.bytes, &found.packets, &found.seconds,
          &found.rate, &found.failed, &found.dropped),
      7);
  g_free (text);
  return found;
}

GST_START_TEST (eos_is_announced_with_what_has_become_of_the_heaps)
{
  guint64 bytes, packets;
  Summary found;

  faults_fail_message (1, 1, EPERM);
  play (CAPS_S8);
  for (guint i = 0; i < 4; i++) {
    push (5000, i * 5000, i * 5000);
    drain ();
  }
  found = finish_with_summary ();
  fail_unless_equals_uint64 (found.heaps, 3);
  fail_unless_equals_uint64 (found.failed, 1);
  fail_unless_equals_uint64 (found.dropped, 0);
  fail_unless_equals_uint64 (found.packets, packets = counter ("packets"));
  fail_unless_equals_uint64 (found.bytes, bytes = counter ("bytes"));

  /* What a flush drops is said at the next EOS, and nothing said twice. */
  flush ();
  faults_block (true);
  push (5000, 0, 0);
  push (5000, 5000, 5000);
  flush ();
  faults_block (false);
  push (5000, 0, 0);
  found = finish_with_summary ();
  fail_unless_equals_uint64 (found.heaps, 1);
  fail_unless_equals_uint64 (found.failed, 0);
  fail_unless_equals_uint64 (found.dropped, 2);
  fail_unless_equals_uint64 (found.packets, counter ("packets") - packets);
  fail_unless_equals_uint64 (found.bytes, counter ("bytes") - bytes);
}

GST_END_TEST;

/* The time that passes before the first heap and behind the last one is not the
 * stream's. */
GST_START_TEST (the_summary_takes_the_time_of_the_heaps)
{
  gint64 begun;
  gdouble seconds;
  Summary found;

  g_object_set (
      sink, "rate", 1e6, "burst-size", G_GUINT64_CONSTANT (1472), NULL);
  play (CAPS_S8);
  pass_time (20000);
  begun = g_get_monotonic_time ();
  push (20000, 0, 0);
  push (20000, 20000, 20000);
  drain ();
  seconds = (g_get_monotonic_time () - begun) / 1e6;
  pass_time (20000);
  found = finish_with_summary ();
  fail_unless (
      found.seconds <= seconds + 0.001, "%f s of %f", found.seconds, seconds);
  /* One burst is not waited for. */
  fail_unless (found.seconds >= 0.03, "%f s", found.seconds);
  fail_unless (
      ABS (found.rate * 1e6 * found.seconds - found.bytes) < 0.05 * found.bytes,
      "%f MB/s", found.rate);
}

GST_END_TEST;

/* 0: no buffer. 1: empty ones. */
GST_START_TEST (the_summary_of_a_stream_without_data_says_so)
{
  gchar *text;

  play (CAPS_S8);
  if (__i__ == 1)
    push (0, 0, 0);
  text = finish_with_info ();
  fail_unless_equals_string (
      text, "Sent 0 heaps: no buffer with data came before EOS.");
  g_free (text);
}

GST_END_TEST;

GST_START_TEST (a_quiet_sink_posts_no_summary)
{
  GstMessage *message;

  g_object_set (sink, "quiet", TRUE, NULL);
  play (CAPS_S8);
  push (1000, 0, 0);
  push_eos ();
  message = gst_bus_timed_pop_filtered (
      bus, 10 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_INFO);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);

  /* The next one does not count what it did not say. */
  flush ();
  g_object_set (sink, "quiet", FALSE, NULL);
  push (1000, 0, 0);
  fail_unless_equals_uint64 (finish_with_summary ().heaps, 1);
}

GST_END_TEST;

static Suite *
sinkerrors_suite (void)
{
  Suite *s = suite_create ("sinkerrors");
  TCase *tc = tcase_create ("sinkerrors");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_loop_test (tc, a_wrong_setting_is_an_error_that_says_what_to_do, 0,
      G_N_ELEMENTS (wrong));
  tcase_add_loop_test (
      tc, null_from_another_thread_ends_the_look_up_of_a_name, 0, 2);
  tcase_add_test (tc, a_socket_that_cannot_be_opened_is_an_error);
  tcase_add_test (tc, a_bind_port_in_use_is_an_error);
  tcase_add_test (tc, an_ipv6_packet_may_be_20_bytes_larger_and_no_more);
  tcase_add_loop_test (tc, an_outside_socket_of_another_kind_is_an_error, 0, 2);
  tcase_add_test (
      tc, a_heap_that_the_flavour_cannot_say_the_length_of_is_an_error);
  tcase_add_test (
      tc, packets_larger_than_the_mtu_are_a_warning_that_names_what_fits);
  tcase_add_test (tc, a_send_buffer_smaller_than_asked_is_a_warning);
  tcase_add_test (
      tc, a_storm_of_refused_heaps_is_two_warnings_that_say_how_many);
  tcase_add_test (tc, a_stop_heap_that_fails_is_told_of_as_such);
  tcase_add_test (tc, element_messages_stand_for_every_failed_heap);
  tcase_add_test (tc, on_error_fail_stops_the_stream_at_the_first_refused_heap);
  tcase_add_test (tc, on_error_fail_wakes_a_push_that_waits_for_room);
  tcase_add_test (tc, stats_counts_errors_by_errno);
  tcase_add_test (tc, stats_says_why_gso_is_off);
  tcase_add_test (tc, without_gso_each_packet_is_a_message);
  tcase_add_test (tc, stats_times_every_heap_that_was_sent);
  tcase_add_loop_test (
      tc, a_port_nobody_listens_at_is_a_warning_and_the_stream_goes_on, 0, 2);
  tcase_add_loop_test (
      tc, an_unreachable_destination_is_a_warning_and_the_stream_goes_on, 0, 5);
  tcase_add_test (tc, the_first_wrap_of_the_heap_counter_is_a_warning);
  tcase_add_test (tc, eos_is_announced_with_what_has_become_of_the_heaps);
  tcase_add_test (tc, the_summary_takes_the_time_of_the_heaps);
  tcase_add_loop_test (tc, the_summary_of_a_stream_without_data_says_so, 0, 2);
  tcase_add_test (tc, a_quiet_sink_posts_no_summary);
  return s;
}

GST_CHECK_MAIN (sinkerrors);
