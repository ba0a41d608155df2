/* Runs a pipeline with a spead2src named "receiver" which receives the ramp that
 * "adctestsrc wave=ramp ! audio/x-raw,format=S32LE,channels=1" makes, and checks every byte
 * against the index of its sample.
 *
 *   rampcheck PIPELINE PAYLOAD FILL RECORDS
 *
 * A heap is pieces of PAYLOAD bytes, as its packets have them. Each piece is either the ramp
 * from its index on, or the byte FILL; anything else is a wrong byte. RECORDS is the file
 * to which a Record goes for each buffer.
 *
 * Prints {"port": number} once it listens. "stats" on its input prints {"stats": counters};
 * "end", or the end of the input, ends the stream, prints {"stats": counters} once more,
 * {"checked": {...}} and ends. An error is printed as {"error": text}, and ends it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <gst/gst.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A buffer, and the GAP event in front of it. */
typedef struct {
  guint64 cnt; /* heap counter */
  guint64 offset;
  guint64 offset_end;
  guint64 pts;          /* ns */
  guint64 flags;        /* GstBufferFlags */
  guint64 received;     /* bit i: piece i is the ramp */
  guint64 wrong;        /* bytes */
  guint64 n_gaps;       /* events, with GST_GAP_FLAG_MISSING_DATA */
  guint64 gap_start;    /* of the last one, ns */
  guint64 gap_duration; /* ns */
} Record;

static GstElement *pipeline, *receiver;
static GMainLoop *loop;
static gsize payload_size;
static guint8 fill_value;
static FILE *records;
static int status;

/* The streaming thread's. */
static Record next;
static guint64 n_buffers, n_wrong, n_gap_events, n_other_gaps;

/* -- samples --------------------------------------------------------------------------- */

/* Bytes of a piece that are not what they should be. */
static gsize
check_piece (const guint8 *bytes, gsize size, guint64 index, gboolean *received)
{
  gsize i, wrong = 0;

  *received = bytes[0] != fill_value || memcmp (bytes, bytes + 1, size - 1);
  for (i = 0; i < size; i += sizeof (gint32)) {
    guint32 expected = *received ? GUINT32_TO_LE (index + i / sizeof (gint32))
                                 : fill_value * 0x01010101u;

    if (memcmp (bytes + i, &expected, sizeof expected) != 0)
      wrong += sizeof expected;
  }
  return wrong;
}

static void
check_samples (GstBuffer *buffer, Record *record)
{
  GstMapInfo map;
  gsize at;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    g_error ("a buffer cannot be mapped");
  for (at = 0; at < map.size; at += payload_size) {
    gboolean received;

    record->wrong +=
        check_piece (map.data + at, MIN (payload_size, map.size - at),
            record->offset + at / sizeof (gint32), &received);
    record->received |= (guint64) received << at / payload_size;
  }
  gst_buffer_unmap (buffer, &map);
}

static guint64
counter_of (GstBuffer *buffer)
{
  guint64 cnt;

  if (!gst_structure_get_uint64 (
          gst_custom_meta_get_structure (
              gst_buffer_get_custom_meta (buffer, "GstSpead2Items")),
          "heap-cnt", &cnt))
    g_error ("a buffer has no heap-cnt");
  return cnt;
}

static void
check_buffer (GstBuffer *buffer)
{
  next.cnt = counter_of (buffer);
  next.offset = GST_BUFFER_OFFSET (buffer);
  next.offset_end = GST_BUFFER_OFFSET_END (buffer);
  next.pts = GST_BUFFER_PTS (buffer);
  next.flags = GST_BUFFER_FLAGS (buffer);
  check_samples (buffer, &next);
  n_buffers++;
  n_wrong += next.wrong;
  if (fwrite (&next, sizeof next, 1, records) != 1)
    g_error ("the records cannot be written");
  memset (&next, 0, sizeof next);
}

static void
check_event (GstEvent *event)
{
  GstGapFlags flags;

  if (GST_EVENT_TYPE (event) != GST_EVENT_GAP)
    return;
  gst_event_parse_gap_flags (event, &flags);
  gst_event_parse_gap (event, &next.gap_start, &next.gap_duration);
  n_gap_events++;
  if (flags == GST_GAP_FLAG_MISSING_DATA)
    next.n_gaps++;
  else
    n_other_gaps++;
}

static GstPadProbeReturn
on_pushed (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  guint i;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    check_buffer (GST_PAD_PROBE_INFO_BUFFER (info));
  } else if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    for (i = 0; i < gst_buffer_list_length (list); i++)
      check_buffer (gst_buffer_list_get (list, i));
  } else {
    check_event (GST_PAD_PROBE_INFO_EVENT (info));
  }
  return GST_PAD_PROBE_OK;
}

/* -- what it says ------------------------------------------------------------------------ */

static gboolean
print_field (GQuark field, const GValue *value, gpointer first)
{
  GValue text = G_VALUE_INIT;

  if (!G_VALUE_HOLDS_UINT64 (value) && !G_VALUE_HOLDS_UINT (value))
    return TRUE;
  g_value_init (&text, G_TYPE_STRING);
  g_value_transform (value, &text);
  printf ("%s\"%s\": %s", *(gboolean *) first ? "" : ", ",
      g_quark_to_string (field), g_value_get_string (&text));
  *(gboolean *) first = FALSE;
  g_value_unset (&text);
  return TRUE;
}

static void
print_stats (void)
{
  gboolean first = TRUE;
  GstStructure *stats;

  g_object_get (receiver, "stats", &stats, NULL);
  printf ("{\"stats\": {");
  gst_structure_foreach (stats, print_field, &first);
  printf ("}}\n");
  fflush (stdout);
  gst_structure_free (stats);
}

static void
print_port (void)
{
  gint port;

  g_object_get (receiver, "port", &port, NULL);
  printf ("{\"port\": %d}\n", port);
  fflush (stdout);
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  GstState state;
  GError *error;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_EOS:
      g_main_loop_quit (loop);
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      fprintf (stderr, "%s\n", error->message);
      printf ("{\"error\": true}\n");
      g_error_free (error);
      status = 1;
      g_main_loop_quit (loop);
      break;
    case GST_MESSAGE_STATE_CHANGED:
      gst_message_parse_state_changed (message, NULL, &state, NULL);
      if (GST_MESSAGE_SRC (message) == GST_OBJECT (receiver) &&
          state == GST_STATE_PLAYING)
        print_port ();
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  gchar *line = NULL;
  gboolean more = g_io_channel_read_line (channel, &line, NULL, NULL, NULL) ==
          G_IO_STATUS_NORMAL &&
      g_str_equal (line, "stats\n");

  if (more)
    print_stats ();
  else
    gst_element_send_event (pipeline, gst_event_new_eos ());
  g_free (line);
  return more;
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GIOChannel *input;
  GstBus *bus;
  GstPad *pad;

  gst_init (&argc, &argv);
  if (argc != 5)
    g_error ("usage: rampcheck PIPELINE PAYLOAD FILL RECORDS");
  pipeline = gst_parse_launch (argv[1], &error);
  if (error)
    g_error ("%s", error->message);
  payload_size = atoi (argv[2]);
  fill_value = atoi (argv[3]);
  records = fopen (argv[4], "wb");
  if (records == NULL)
    g_error ("%s cannot be written", argv[4]);

  receiver = gst_bin_get_by_name (GST_BIN (pipeline), "receiver");
  pad = gst_element_get_static_pad (receiver, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM, on_pushed, NULL, NULL);
  gst_object_unref (pad);
  loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, NULL);
  gst_object_unref (bus);
  input = g_io_channel_unix_new (0);
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_input, NULL);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  print_stats ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fclose (records);
  printf ("{\"checked\": {\"buffers\": %" G_GUINT64_FORMAT
          ", \"wrong\": %" G_GUINT64_FORMAT
          ", \"gap-events\": %" G_GUINT64_FORMAT
          ", \"other-gap-events\": %" G_GUINT64_FORMAT "}}\n",
      n_buffers, n_wrong, n_gap_events, n_other_gaps);
  return status;
}
