/* The fixture of the source's tests: see srcfixture.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>

#include "srcfixture.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

GstElement *pipeline, *source;
GQueue *pushed;
static GMutex lock;
static gint sender = -1;

static GstPadProbeReturn
keep (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  guint i;

  g_mutex_lock (&lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    for (i = 0; i < gst_buffer_list_length (list); i++)
      g_queue_push_tail (
          pushed, gst_buffer_ref (gst_buffer_list_get (list, i)));
  } else if (GST_EVENT_TYPE (info->data) != GST_EVENT_STREAM_START) {
    g_queue_push_tail (pushed, gst_mini_object_ref (info->data));
  }
  g_mutex_unlock (&lock);
  return GST_PAD_PROBE_OK;
}

void
setup_source (void)
{
  pushed = g_queue_new ();
  sender = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (sender >= 0);
}

static void
drop_pushed (void)
{
  g_queue_free_full (pushed, (GDestroyNotify) gst_mini_object_unref);
  pushed = NULL;
}

void
teardown_source (void)
{
  drop_pushed ();
  close (sender);
}

void
stop_source (void)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_clear_object (&source);
  gst_clear_object (&pipeline);
}

/* The warning of a receive buffer that is smaller than buffer-size, as an unprivileged
 * process gets it, precedes all others. */
static void
drop_buffer_warning (void)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  GError *error = NULL;

  if (message) {
    gst_message_parse_warning (message, &error, NULL);
    fail_unless (g_error_matches (
                     error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS),
        "%s", error->message);
    g_error_free (error);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
}

void
make_source (const gchar *properties, const gchar *rest)
{
  g_autofree gchar *text =
      g_strdup_printf ("spead2src name=src address=127.0.0.1 port=0 %s ! %s",
          properties, rest ? rest : "fakesink");
  GError *error = NULL;
  GstPad *pad;

  pipeline = gst_parse_launch (text, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  source = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST |
          GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      keep, NULL, NULL);
  gst_object_unref (pad);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  drop_buffer_warning ();
}

void
start_source (const gchar *properties, const gchar *rest)
{
  GstState state;

  make_source (properties, rest);
  fail_if (gst_element_set_state (pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE);
  /* The source alone: the sink waits for data. */
  fail_if (gst_element_get_state (source, &state, NULL, GST_CLOCK_TIME_NONE) ==
      GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (state, GST_STATE_PLAYING);
}

guint
source_port (void)
{
  gint port;

  g_object_get (source, "port", &port, NULL);
  return port;
}

static struct sockaddr_in
source_address (void)
{
  return (struct sockaddr_in){.sin_family = AF_INET,
      .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
      .sin_port = htons (source_port ())};
}

void
send_bytes (const guint8 *bytes, gsize size)
{
  struct sockaddr_in to = source_address ();

  fail_unless_equals_int (
      sendto (sender, bytes, size, 0, (struct sockaddr *) &to, sizeof to),
      size);
}

gint
connect_to_source (void)
{
  struct sockaddr_in to = source_address ();
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  fail_unless (connect (fd, (struct sockaddr *) &to, sizeof to) == 0);
  return fd;
}

void
send_packet (const Packet *packet)
{
  send_bytes (packet->bytes, packet->size);
}

void
make_part (Packet *packet, guint64 cnt, guint64 timestamp, gsize length,
    gsize offset, gsize size)
{
  g_autofree guint8 *samples = g_malloc (size + 1);
  gsize i;

  for (i = 0; i < size; i++)
    samples[i] = offset + i;
  packet_standard (packet, cnt, length, offset, size);
  packet_immediate (packet, TIMESTAMP, timestamp);
  packet_addressed (packet, SAMPLES, 0);
  packet_payload (packet, samples, size);
}

static void
make_heap (
    Packet *packet, guint64 cnt, guint64 timestamp, gsize size, guint8 value)
{
  gsize i;

  make_part (packet, cnt, timestamp, size, 0, size);
  for (i = 0; i < size; i++)
    packet->bytes[packet->size - size + i] = value + i;
}

void
send_heap (guint64 cnt, guint64 timestamp, gsize size, guint8 value)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  make_heap (packet, cnt, timestamp, size, value);
  send_packet (packet);
}

/* Datagrams of so many bytes in one message. */
static void
send_train (const guint8 *bytes, gsize size, guint16 segment)
{
  union {
    gchar bytes[CMSG_SPACE (sizeof segment)];
    struct cmsghdr header;
  } control = {.header = {.cmsg_level = IPPROTO_UDP,
                   .cmsg_type = UDP_SEGMENT,
                   .cmsg_len = CMSG_LEN (sizeof segment)}};
  struct sockaddr_in to = source_address ();
  struct iovec iov = {(gpointer) bytes, size};
  const struct msghdr message = {.msg_name = &to,
      .msg_namelen = sizeof to,
      .msg_iov = &iov,
      .msg_iovlen = 1,
      .msg_control = &control,
      .msg_controllen = sizeof control};

  memcpy (CMSG_DATA (&control.header), &segment, sizeof segment);
  fail_unless_equals_int (sendmsg (sender, &message, 0), size);
}

void
send_heaps (guint64 cnt, guint n, gsize size)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  g_autofree Packet *train = g_new0 (Packet, 1);

  for (; n > 0; n--, cnt++) {
    make_heap (packet, cnt, cnt * size, size, cnt);
    packet_payload (train, packet->bytes, packet->size);
  }
  send_train (train->bytes, train->size, packet->size);
}

void
send_stop (guint64 cnt)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  packet_standard (packet, cnt, 0, 0, 0);
  packet_immediate (packet, STREAM_CTRL, 2);
  send_packet (packet);
}

/* The first thing that was pushed (transfer full), or NULL. */
static GstMiniObject *
pop_pushed (void)
{
  GstMiniObject *object;

  g_mutex_lock (&lock);
  object = g_queue_pop_head (pushed);
  g_mutex_unlock (&lock);
  return object;
}

GstBuffer *
next_buffer (void)
{
  GstMiniObject *object;

  for (;;) {
    wait_until ((object = pop_pushed ()) != NULL);
    if (GST_IS_BUFFER (object))
      return GST_BUFFER (object);
    gst_mini_object_unref (object);
  }
}

GstBuffer *
next_buffer_at_once (void)
{
  GstMiniObject *object;

  wait_until ((object = pop_pushed ()) != NULL);
  fail_unless (GST_IS_BUFFER (object), "a %s event came before the buffer",
      GST_EVENT_TYPE_NAME (object));
  return GST_BUFFER (object);
}

GstEvent *
next_event (GstEventType type)
{
  GstMiniObject *object;

  for (;;) {
    wait_until ((object = pop_pushed ()) != NULL);
    fail_unless (GST_IS_EVENT (object), "a buffer came before the %s event",
        gst_event_type_get_name (type));
    if (GST_EVENT_TYPE (object) == type)
      return GST_EVENT (object);
    gst_mini_object_unref (object);
  }
}

GstMessage *
next_message (GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND, type);

  gst_object_unref (bus);
  fail_unless (
      message != NULL, "no %s message came", gst_message_type_get_name (type));
  return message;
}

void
check_samples (GstBuffer *buffer, gsize size, guint8 value)
{
  GstMapInfo map;
  gsize i;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_uint64 (map.size, size);
  for (i = 0; i < size; i++)
    fail_unless_equals_int (map.data[i], (guint8) (value + i));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

guint64
counter (const gchar *name)
{
  GstStructure *stats;
  guint64 value;

  g_object_get (source, "stats", &stats, NULL);
  fail_unless (
      gst_structure_get_uint64 (stats, name, &value), "stats have no %s", name);
  gst_structure_free (stats);
  return value;
}

/* The sum of all counters whose names begin so. */
static guint64
sum (const GstStructure *stats, const gchar *prefix)
{
  guint64 total = 0, value;
  gint i;

  for (i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, i);

    if (g_str_has_prefix (name, prefix) &&
        gst_structure_get_uint64 (stats, name, &value))
      total += value;
  }
  return total;
}

static guint64
get (const GstStructure *stats, const gchar *name)
{
  guint64 value;

  fail_unless (gst_structure_get_uint64 (stats, name, &value), "no %s", name);
  return value;
}

static guint64
count_ended (const GstStructure *stats)
{
  return get (stats, "heaps-complete") + get (stats, "heaps-evicted") +
      get (stats, "heaps-timeout") + get (stats, "heaps-stop") +
      get (stats, "heaps-flush");
}

static guint64
count_processed (const GstStructure *stats)
{
  return get (stats, "heaps-delivered") + get (stats, "heaps-control") +
      sum (stats, "heaps-dropped-") + get (stats, "heaps-ready") +
      get (stats, "heaps-waiting") + get (stats, "heaps-flushed-ready");
}

/* Heaps that have been taken are counted when they become buffers, or do not. */
static gboolean
all_are_processed (void)
{
  GstStructure *stats;
  gboolean all;

  g_object_get (source, "stats", &stats, NULL);
  all = count_ended (stats) == count_processed (stats);
  gst_structure_free (stats);
  return all;
}

void
check_balance (void)
{
  GstStructure *stats;

  wait_until (all_are_processed ());
  g_object_get (source, "stats", &stats, NULL);
  fail_unless_equals_uint64 (get (stats, "datagrams"),
      get (stats, "packets") + sum (stats, "refused-"));
  fail_unless_equals_uint64 (get (stats, "packets"), sum (stats, "packets-"));
  fail_unless_equals_uint64 (get (stats, "heaps-started"),
      count_ended (stats) + get (stats, "heaps-live"));
  fail_unless_equals_uint64 (count_ended (stats), count_processed (stats));
  gst_structure_free (stats);
}

static GstPadProbeReturn
block (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return GST_PAD_PROBE_OK;
}

gulong
start_blocked (const gchar *properties)
{
  GstPad *pad;
  gulong probe;

  start_source (properties, NULL);
  send_heap (1, 0, 10, 1);
  check_samples (next_buffer (), 10, 1);
  pad = gst_element_get_static_pad (source, "src");
  probe = gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER |
          GST_PAD_PROBE_TYPE_BUFFER_LIST,
      block, NULL, NULL);
  gst_object_unref (pad);
  send_heap (2, 10, 10, 2);
  wait_until (counter ("heaps-delivered") == 2);
  return probe;
}

void
unblock (gulong probe)
{
  GstPad *pad = gst_element_get_static_pad (source, "src");

  gst_pad_remove_probe (pad, probe);
  gst_object_unref (pad);
}

gboolean
is_up_to_1_22 (void)
{
  guint major, minor, micro, nano;

  gst_version (&major, &minor, &micro, &nano);
  return major == 1 && minor <= 22;
}
