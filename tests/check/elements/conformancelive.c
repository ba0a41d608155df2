/* spead2src against udpsrc: see conformance.c; the steps are those of
 * conformancesource.c.
 *
 * Both get the same datagrams, each of which is a heap: one buffer for either. What
 * differs by their nature is not shown: sizes, and times of arrival, which are real.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "conformancesource.h"

#include <gio/gio.h>
#include <gst/base/gstbasesrc.h>
#include <gst/check/gstcheck.h>

#include <sched.h>
#include <sys/ioctl.h>

#include "../engine/packets.h"

static guint n_sent;        /* datagrams that are to become buffers */
static gboolean has_played; /* since READY */

/* -- the network ---------------------------------------------------------------- */

static GSocket *
get_socket (void)
{
  GSocket *used;

  g_object_get (source, "used-socket", &used, NULL);
  return used;
}

static gboolean
socket_is_empty (void)
{
  GSocket *used = get_socket ();
  gint size = 0;

  if (used == NULL)
    return TRUE;
  ioctl (g_socket_get_fd (used), FIONREAD, &size);
  g_object_unref (used);
  return size == 0;
}

/* What a thread has read it has passed on when it sleeps, and then who waits for it is
 * awake. */
static gboolean
waits_for_data (void)
{
  return socket_is_empty () && source_worker_is_asleep () &&
      source_is_asleep ();
}

static void
send_heap (GSocket *sender, GSocketAddress *to)
{
  static Packet packet;

  packet_standard (&packet, ++n_sent, 8, 0, 8);
  packet_addressed (&packet, SAMPLES, 0);
  packet_payload (&packet, "abcdefgh", 8);
  fail_unless_equals_int (g_socket_send_to (sender, to, (gchar *) packet.bytes,
                              packet.size, NULL, NULL),
      packet.size);
}

static GSocket *
new_sender (void)
{
  GInetAddress *loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  GSocketAddress *any_port = g_inet_socket_address_new (loopback, 0);
  GSocket *sender = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);

  fail_unless (g_socket_bind (sender, any_port, FALSE, NULL));
  g_object_unref (any_port);
  g_object_unref (loopback);
  return sender;
}

/* The kernel delivers what a CPU has sent in that order, but perhaps later: what the
 * sender sends to itself comes behind the heaps. */
static void
send_heaps (GSocketAddress *to, gint64 n)
{
  GSocket *sender = new_sender ();
  GSocketAddress *own = g_socket_get_local_address (sender, NULL);
  cpu_set_t all, one;
  gchar byte = 0;

  sched_getaffinity (0, sizeof all, &all);
  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  sched_setaffinity (0, sizeof one, &one);
  while (n-- > 0)
    send_heap (sender, to);
  g_socket_send_to (sender, own, &byte, 1, NULL, NULL);
  fail_unless_equals_int (g_socket_receive (sender, &byte, 1, NULL, NULL), 1);
  sched_setaffinity (0, sizeof all, &all);
  g_object_unref (own);
  g_object_unref (sender);
}

/* -- steps ------------------------------------------------------------------------ */

/* What comes before PLAYING one of them discards: see spead2src's own tests. */
static void
send_data (gchar **args)
{
  GSocketAddress *to;
  GSocket *used;

  if (!has_played)
    return;
  used = get_socket ();
  to = g_socket_get_local_address (used, NULL);
  send_heaps (to, parse_number (args[0]));
  g_object_unref (to);
  g_object_unref (used);
}

static void
change_state (gchar **args)
{
  GstState state = parse_state (args[0]);

  if (state <= GST_STATE_READY && n_sent > source_n_taken ())
    see ("heaps are left in %s", G_OBJECT_TYPE_NAME (source));
  source_change_state (args);
  has_played = GST_STATE (source) > GST_STATE_READY &&
      (has_played || GST_STATE (source) == GST_STATE_PLAYING);
}

/* Where buffers may be held that came together. */
static void
see_list (void)
{
  if (n_sent > source_n_taken ())
    see ("a list of %s", G_OBJECT_TYPE_NAME (source));
}

static void
pull (gchar **args)
{
  if (GST_STATE (source) == GST_STATE_PAUSED)
    see_list ();
  source_pull (args);
}

static void
send_event (gchar **args)
{
  static const gchar *const serialized[] = {
      "flush-start", "eos", "custom-downstream", "custom-both", NULL};

  if (g_strv_contains (serialized, args[0]))
    see_list ();
  source_send_event (args);
}

/* element|pad format */
static void
seek (gchar **args)
{
  see_list ();
  source_act (g_str_equal (args[0], "pad"),
      gst_event_new_seek (1.0, parse_format (args[1]), GST_SEEK_FLAG_FLUSH,
          GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1));
}

/* -- the fixture ------------------------------------------------------------------- */

static void
see_buffer (GstBuffer *buffer, const gchar *last)
{
  const guint flags = GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_GAP |
      GST_BUFFER_FLAG_CORRUPTED | GST_BUFFER_FLAG_RESYNC;

  see ("buffer timed=%d duration=%d offset=%d end=%d flags=%x after %s",
      GST_BUFFER_PTS_IS_VALID (buffer), GST_BUFFER_DURATION_IS_VALID (buffer),
      GST_BUFFER_OFFSET_IS_VALID (buffer),
      GST_BUFFER_OFFSET_END_IS_VALID (buffer),
      GST_BUFFER_FLAGS (buffer) & flags, last);
}

static void
begin (const gchar *element)
{
  static const SourceKind network_source = {
      .caps = "ANY",
      .any_caps = TRUE,
      .real_times = TRUE,
      .see_buffer = see_buffer,
      .has_no_more = waits_for_data,
  };

  source_begin (element, &network_source);
  n_sent = 0;
  has_played = FALSE;
  g_object_set (
      source, "address", "127.0.0.1", "port", 0, "buffer-size", 0, NULL);
  gst_util_set_object_arg (
      G_OBJECT (source), "caps", "application/octet-stream");
}

/* -- the tables ---------------------------------------------------------------------- */

#define FORMATS "time|time|default|bytes|buffers|percent"
#define QUERIES                                                                \
  "position|position|duration|duration|seeking|segment|latency|formats|"       \
  "scheduling|custom"
#define EVENTS                                                                 \
  "eos|qos|latency|reconfigure|step|navigation|custom-upstream|"               \
  "custom-downstream|custom-downstream-oob|custom-both|custom-both-oob|"       \
  "flush-start"

static const StepKind kinds[] = {
    {"state", 20, change_state, FALSE,
        {"NULL|READY|PAUSED|PAUSED|PLAYING|PLAYING|PLAYING"}},
    {"data", 30, send_data, FALSE, {"1|1|2|5"}},
    {"pull", 30, pull, FALSE, {"1|1|2|5|10"}},
    {"seek", 8, seek, FALSE, {"element|pad", "time|time|default|bytes"}},
    {"send", 8, send_event, FALSE, {EVENTS}},
    {"push", 4, source_push_event, FALSE,
        {"qos|latency|reconfigure|step|navigation|custom-upstream"}},
    {"flush-stop", 5, source_send_flush_stop, FALSE, {"reset|keep"}},
    {"query", 8, source_query_element, FALSE, {QUERIES, FORMATS}},
    {"query-pad", 8, source_query_pad, FALSE, {QUERIES "|caps", FORMATS}},
    {"convert", 3, source_query_convert, FALSE,
        {FORMATS, "none|0|1|1000|12345|1000000", FORMATS}},
    {"set", 4, source_set_stopped_property, FALSE, {"num-buffers", "-1|0|1|3"}},
    {"reply", 2, source_set_reply, FALSE, {"eos|not-linked|error|flushing"}},
    {"advance", 4, source_advance_clock, FALSE, {"1|10|100"}},
};

static const Difference differences[] = {
    {"state *", "udpsrc", "heaps are left in *",
        "it delivers, when it plays again, what its socket has from before",
        TRUE},
    {"*", "udpsrc", "a list of *",
        "it pushes one buffer at a time, where a pause, a flush or an event "
        "comes "
        "between; a list is pushed or dropped as a whole",
        TRUE},
    {"*", "udpsrc", "caps *",
        "it has caps before it has data, and does not look at those", FALSE},
    {"query* position time", "udpsrc", "answer=*",
        "a buffer's time is when it was pushed, not when its first packet came",
        FALSE},
    {"query* latency *", "udpsrc", "answer=*",
        "it says that it keeps nothing; heaps wait in a queue for downstream",
        FALSE},
    {"*", "udpsrc", "message=info", "it says at EOS what was received", FALSE},
};

const Comparison live_comparison = {
    .name = "live",
    .element = "spead2src",
    .peers = {"udpsrc"},
    .min_steps = 6,
    .max_steps = 30,
    .kinds = kinds,
    .n_kinds = G_N_ELEMENTS (kinds),
    .differences = differences,
    .n_differences = G_N_ELEMENTS (differences),
    .begin = begin,
    .run = source_run,
    .settle = source_settle,
    .end = source_end,
};
