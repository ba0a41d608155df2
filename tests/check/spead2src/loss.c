/* spead2src: how it marks what is missing, late, or begun anew.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

/* The next buffer, with that OFFSET; whether it has the flag DISCONT. */
static gboolean
next_is_discont (guint64 offset)
{
  GstBuffer *buffer = next_buffer ();
  gboolean discont = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT);

  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), offset);
  gst_buffer_unref (buffer);
  return discont;
}

GST_START_TEST (a_missing_heap_is_a_gap)
{
  GstClockTime start, duration;
  GstGapFlags flags;
  GstBuffer *buffer;
  GstEvent *event;

  start_source ("sample-rate=1000 sample-bits=8 timestamp-mode=index", NULL);
  send_heap (1, 0, 100, 0);
  send_heap (2, 100, 100, 100);
  send_heap (5, 400, 100, 0);
  buffer = next_buffer ();
  start = GST_BUFFER_PTS (buffer);
  gst_buffer_unref (buffer);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (
      GST_BUFFER_PTS (buffer), start + 100 * GST_MSECOND);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  event = next_event (GST_EVENT_GAP);
  gst_event_parse_gap (event, &start, &duration);
  gst_event_parse_gap_flags (event, &flags);
  fail_unless_equals_uint64 (duration, 200 * GST_MSECOND);
  fail_unless (flags & GST_GAP_FLAG_MISSING_DATA);
  gst_event_unref (event);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 400);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start + duration);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 200);
  stop_source ();
}
GST_END_TEST;

/* All timestamps are 0. */
GST_START_TEST (the_heap_counter_can_be_the_index)
{
  static const struct {
    const gchar *properties;
    guint64 n; /* samples a heap */
  } cases[] = {{"sample-bits=8", 100}, {"index-step=2048", 2048}};
  const guint64 last = (G_GUINT64_CONSTANT (1) << 40) - 1;
  guint k;

  for (k = 0; k < G_N_ELEMENTS (cases); k++) {
    g_autofree gchar *properties =
        g_strdup_printf ("index-item=heap-cnt %s", cases[k].properties);
    GstBuffer *buffer;

    start_source (properties, NULL);
    send_heap (last, 0, 100, 0);
    send_heap (0, 0, 100, 0);
    send_heap (3, 0, 100, 0);
    fail_unless (next_is_discont (last * cases[k].n));
    buffer = next_buffer ();
    fail_unless_equals_uint64 (
        GST_BUFFER_OFFSET (buffer), (last + 1) * cases[k].n);
    fail_unless_equals_uint64 (
        GST_BUFFER_OFFSET_END (buffer), (last + 2) * cases[k].n);
    fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
    gst_buffer_unref (buffer);
    fail_unless (next_is_discont ((last + 4) * cases[k].n));
    fail_unless_equals_uint64 (counter ("missing-samples"), 2 * cases[k].n);
    stop_source ();
  }
}
GST_END_TEST;

/* Times of arrival are what they are: the hole has the time that they leave in front of
 * the buffer, as much as its samples take at most. */
GST_START_TEST (a_gap_ends_where_the_buffer_behind_it_arrives)
{
  static const struct {
    guint64 index;     /* of the second heap */
    gboolean is_whole; /* the hole is shorter than the time between the heaps */
  } cases[] = {
      {200, TRUE},
      {G_GUINT64_CONSTANT (1) << 39, FALSE},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstClockTime end, start, duration;
    GstBuffer *buffer;
    GstEvent *event;

    start_source ("sample-bits=8 sample-rate=1000000000", NULL);
    send_heap (1, 0, 100, 0);
    buffer = next_buffer ();
    end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    gst_buffer_unref (buffer);
    send_heap (2, cases[i].index, 100, 0);
    event = next_event (GST_EVENT_GAP);
    gst_event_parse_gap (event, &start, &duration);
    gst_event_unref (event);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start + duration);
    fail_unless_equals_uint64 (
        duration, cases[i].is_whole ? 100 : GST_BUFFER_PTS (buffer) - end);
    gst_buffer_unref (buffer);
    stop_source ();
  }
}
GST_END_TEST;

/* A heap of 100 s, and a later one that arrives at once. */
GST_START_TEST (without_time_between_two_buffers_there_is_no_gap_event)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8 sample-rate=1", NULL);
  send_heap (1, 0, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (3, 200, 100, 0);
  buffer = next_buffer_at_once ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 100);
  stop_source ();
}
GST_END_TEST;

/* Two of three packets of heap 1. */
static void
send_incomplete (void)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  make_part (packet, 1, 0, 300, 0, 100);
  send_packet (packet);
  make_part (packet, 1, 0, 300, 200, 100);
  send_packet (packet);
}

GST_START_TEST (a_heap_with_a_missing_packet_is_dropped_and_counted)
{
  start_source ("heap-timeout=1000000", NULL);
  send_incomplete ();
  wait_until (counter ("heaps-dropped-incomplete") == 1);
  fail_unless_equals_uint64 (counter ("heaps-timeout"), 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* It is given up for the heap that follows it. */
GST_START_TEST (a_heap_with_a_missing_packet_is_filled)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  GstBuffer *buffer;
  guint8 bytes[300];
  guint i;

  start_source (
      "max-heaps=1 heap-timeout=0 incomplete=fill fill-value=128", NULL);
  send_incomplete ();
  make_part (packet, 2, 300, 300, 0, 100);
  send_packet (packet);
  buffer = next_buffer ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_CORRUPTED));
  fail_unless_equals_uint64 (gst_buffer_extract (buffer, 0, bytes, 300), 300);
  for (i = 0; i < 300; i++)
    fail_unless_equals_int (bytes[i], i < 100 || i >= 200 ? (guint8) i : 128);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* The second of three packets: item pointers are in the first one only. */
static void
send_without_pointers (guint64 cnt)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  static const guint8 samples[100];

  packet_standard (packet, cnt, 300, 100, sizeof samples);
  packet_payload (packet, samples, sizeof samples);
  send_packet (packet);
}

/* What it has of samples, and which, is not known: neither is it other data. */
GST_START_TEST (an_incomplete_heap_without_its_pointers_is_dropped)
{
  static const gchar *const properties[] = {"", "item=0x3300",
      "incomplete=fill", "incomplete=fill item=0x3300",
      "incomplete=fill sample-bits=8"};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (properties); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("heap-timeout=1000000 %s", properties[i]);
    GstBuffer *buffer;

    start_source (text, NULL);
    send_without_pointers (1);
    wait_until (counter ("heaps-dropped-incomplete") == 1);
    send_heap (2, 300, 300, 2);
    check_samples (next_buffer (), 300, 2);
    send_without_pointers (3);
    wait_until (counter ("heaps-dropped-incomplete") == 2);
    send_heap (4, 900, 300, 4);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 900);
    check_samples (buffer, 300, 4);
    fail_unless_equals_uint64 (counter ("heaps-control"), 0);
    check_balance ();
    stop_source ();
  }
}
GST_END_TEST;

GST_START_TEST (a_sender_that_begins_anew_is_followed)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8", NULL);
  send_heap (100000, 10000000, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (1, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_RESYNC));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("restarts"), 1);
  stop_source ();
}
GST_END_TEST;

/* It goes back by a millisecond of samples, and time does not. */
GST_START_TEST (a_sender_that_begins_anew_has_the_time_of_its_arrival)
{
  GstClockTime time;
  GstBuffer *buffer;

  start_source (
      "sample-bits=8 sample-rate=1000000000 timestamp-mode=index", NULL);
  send_heap (1, 1000000, 100, 0);
  buffer = next_buffer ();
  time = GST_BUFFER_PTS (buffer);
  gst_buffer_unref (buffer);
  send_heap (2, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless (GST_BUFFER_PTS (buffer) > time);
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("restarts"), 1);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (the_index_runs_over)
{
  const guint64 last = (G_GUINT64_CONSTANT (1) << 40) - 100;
  GstBuffer *buffer;

  start_source ("sample-bits=8", NULL);
  send_heap (1, last, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (2, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), last + 100);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* Counter and index go back together: not over their bits, although the index could. */
GST_START_TEST (a_sender_that_begins_anew_late_in_the_bits_is_followed)
{
  GstBuffer *buffer;

  start_source ("sample-bits=8", NULL);
  send_heap (100000, (G_GUINT64_CONSTANT (1) << 40) - 1000000, 100, 0);
  gst_buffer_unref (next_buffer ());
  send_heap (1, 0, 100, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_RESYNC));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (counter ("restarts"), 1);
  fail_unless_equals_uint64 (counter ("gaps"), 0);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_late_heap_makes_no_second_gap)
{
  static const guint order[] = {5, 7, 6, 8};
  guint i;

  start_source ("sample-bits=8", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_heap (order[i], order[i] * 100, 100, order[i]);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    GstBuffer *buffer = next_buffer ();

    /* None begins where the one in front of it ended. */
    fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
    check_samples (buffer, 100, order[i]);
  }
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  stop_source ();
}
GST_END_TEST;

/* A heap from before the first one is late. */
GST_START_TEST (times_follow_the_index_both_ways)
{
  static const guint order[] = {5, 4, 6};
  GstClockTime start = 0;
  guint i;

  start_source (
      "sample-rate=100000000 sample-bits=8 timestamp-mode=index", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_heap (order[i], order[i] * 100, 100, order[i]);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    GstBuffer *buffer = next_buffer ();
    GstClockTime time = GST_BUFFER_PTS (buffer);

    if (i == 0)
      start = time;
    fail_unless_equals_uint64 (
        time + 5 * GST_USECOND, start + order[i] * GST_USECOND);
    gst_buffer_unref (buffer);
  }
  stop_source ();
}
GST_END_TEST;

/* Heap 3 is late: the hole behind it begins behind heap 4. */
GST_START_TEST (a_gap_begins_where_the_stream_had_come_to)
{
  static const guint order[] = {1, 2, 4, 3, 6};
  GstClockTime start, duration, gap_start;
  GstEvent *event;
  guint i;

  start_source ("sample-rate=1000 sample-bits=8 timestamp-mode=index", NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_heap (order[i], order[i] * 100, 100, order[i]);
  for (i = 0; i < 4; i++) {
    GstBuffer *buffer = next_buffer ();

    if (i == 0)
      start = GST_BUFFER_PTS (buffer);
    gst_buffer_unref (buffer);
  }
  event = next_event (GST_EVENT_GAP);
  gst_event_parse_gap (event, &gap_start, &duration);
  fail_unless_equals_uint64 (gap_start, start + 400 * GST_MSECOND);
  fail_unless_equals_uint64 (duration, 100 * GST_MSECOND);
  gst_event_unref (event);
  stop_source ();
}
GST_END_TEST;

/* 100 bytes each: frames of two samples of 16 bits, samples of 4 bits, bytes, or what only
 * index-step says. */
GST_START_TEST (samples_are_counted_as_the_caps_say)
{
  static const struct {
    const gchar *properties;
    guint64 n, step;
  } cases[] = {
      {"caps=\"audio/x-raw, format=S16LE, layout=interleaved, channels=2, "
       "rate=1000\"",
          25, 25},
      {"sample-bits=4", 200, 200},
      {"", 100, 100},
      {"index-step=3000", 3000, 3000},
      /* Of several dimensions. */
      {"index-step=3000 dtype=int8 shape=10,10", 3000, 3000},
      /* Every fourth heap of a stream. */
      {"index-step=400 sample-bits=8", 100, 400},
  };
  guint i, k;

  for (k = 0; k < G_N_ELEMENTS (cases); k++) {
    start_source (cases[k].properties, NULL);
    for (i = 0; i < 3; i++)
      send_heap (i + 1, i * cases[k].step, 100, i);
    for (i = 0; i < 3; i++) {
      GstBuffer *buffer = next_buffer ();

      fail_unless_equals_uint64 (
          GST_BUFFER_OFFSET_END (buffer), i * cases[k].step + cases[k].n);
      fail_unless_equals_int (
          GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), i == 0);
      check_samples (buffer, 100, i);
    }
    fail_unless_equals_uint64 (counter ("gaps"), 0);
    stop_source ();
  }
}
GST_END_TEST;

/* -- substreams ---------------------------------------------------------------------- */

#define FENG_ID 0x4101
#define POLARISATION 0x3101

/* A heap of 100 samples of an antenna and a polarisation. */
static void
send_antenna (guint64 cnt, guint64 timestamp, guint antenna, guint polarisation)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint8 samples[100] = {0};

  packet_standard (packet, cnt, sizeof samples, 0, sizeof samples);
  packet_immediate (packet, TIMESTAMP, timestamp);
  packet_immediate (packet, FENG_ID, antenna);
  packet_immediate (packet, POLARISATION, polarisation);
  packet_addressed (packet, SAMPLES, 0);
  packet_payload (packet, samples, sizeof samples);
  send_packet (packet);
}

static guint64
get_value (GstBuffer *buffer, const gchar *name)
{
  guint64 value;

  fail_unless (gst_structure_get_uint64 (
      gst_custom_meta_get_structure (
          gst_buffer_get_custom_meta (buffer, "GstSpead2Items")),
      name, &value));
  return value;
}

GST_START_TEST (a_heap_of_each_substream_at_one_index_is_no_loss)
{
  guint i, k;

  start_source ("sample-bits=8 substream-item=0x4101,0x3101", NULL);
  for (i = 0; i < 3; i++)
    for (k = 0; k < 8; k++)
      send_antenna (8 * i + k, 100 * i, k / 2, k % 2);
  for (i = 0; i < 3; i++)
    for (k = 0; k < 8; k++)
      fail_unless_equals_int (next_is_discont (100 * i), i == 0 && k == 0);
  fail_unless_equals_uint64 (counter ("substreams"), 8);
  fail_unless_equals_uint64 (counter ("gaps"), 0);
  stop_source ();
}
GST_END_TEST;

/* What stats has of the substream that lost most, which is the only one. */
static GstStructure *
get_losses (void)
{
  const GValue *list;
  GstStructure *stats, *losses;

  g_object_get (source, "stats", &stats, NULL);
  list = gst_structure_get_value (stats, "substream-losses");
  fail_unless_equals_int (gst_value_array_get_size (list), 1);
  losses = gst_structure_copy (
      gst_value_get_structure (gst_value_array_get_value (list, 0)));
  gst_structure_free (stats);
  return losses;
}

GST_START_TEST (a_loss_is_that_of_its_substream)
{
  guint64 antenna, polarisation, gaps, missing, restarts;
  GstStructure *losses;
  guint i;

  start_source ("sample-bits=8 substream-item=0x4101,0x3101", NULL);
  send_antenna (1, 0, 5, 1);
  send_antenna (2, 0, 7, 1);
  send_antenna (3, 100, 5, 1);
  send_antenna (4, 300, 5, 1);
  send_antenna (5, 100, 7, 1);
  fail_unless (next_is_discont (0));
  fail_if (next_is_discont (0));
  fail_if (next_is_discont (100));
  fail_unless (next_is_discont (300));
  fail_if (next_is_discont (100));
  losses = get_losses ();
  fail_unless (gst_structure_get (losses, "0x4101", G_TYPE_UINT64, &antenna,
      "0x3101", G_TYPE_UINT64, &polarisation, "gaps", G_TYPE_UINT64, &gaps,
      "missing-samples", G_TYPE_UINT64, &missing, "restarts", G_TYPE_UINT64,
      &restarts, NULL));
  fail_unless_equals_uint64 (antenna, 5);
  fail_unless_equals_uint64 (polarisation, 1);
  fail_unless_equals_uint64 (gaps, 1);
  fail_unless_equals_uint64 (missing, 100);
  fail_unless_equals_uint64 (restarts, 0);
  gst_structure_free (losses);
  fail_unless_equals_uint64 (counter ("missing-samples"), 100);

  /* stats may be read at any time, which ThreadSanitizer sees. */
  for (i = 0; i < 1000; i++) {
    send_antenna (6 + i, 400 + 100 * i, 5, 1);
    fail_unless_equals_uint64 (counter ("gaps"), 1);
  }
  stop_source ();
}
GST_END_TEST;

/* Each of two antennas has heaps 0, 1, 3 and 5, and the second also 2. */
GST_START_TEST (a_gap_event_is_for_a_time_that_all_substreams_lack)
{
  static const guint order[][2] = {
      {0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 1}, {3, 0}, {3, 1}, {5, 0}, {5, 1}};
  GstClockTime start = 0, gap_start, duration;
  GstEvent *event;
  guint i;

  start_source ("sample-bits=8 sample-rate=1000 timestamp-mode=index "
                "substream-item=0x4101",
      NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_antenna (i, 100 * order[i][0], order[i][1], 0);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    gboolean lost = i == 5 || i >= 7;
    GstBuffer *buffer;

    if (i == 7) {
      event = next_event (GST_EVENT_GAP);
      gst_event_parse_gap (event, &gap_start, &duration);
      gst_event_unref (event);
      fail_unless_equals_uint64 (gap_start, start + 400 * GST_MSECOND);
      fail_unless_equals_uint64 (duration, 100 * GST_MSECOND);
    }
    buffer = i == 0 ? next_buffer () : next_buffer_at_once ();
    if (i == 0)
      start = GST_BUFFER_PTS (buffer);
    /* One clock counts the samples of both. */
    fail_unless_equals_uint64 (
        GST_BUFFER_PTS (buffer), start + order[i][0] * 100 * GST_MSECOND);
    fail_unless_equals_int (
        GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT),
        lost || i == 0);
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (counter ("gaps"), 3);
  stop_source ();
}
GST_END_TEST;

/* Heap 2 of antenna 5 is missing, and antenna 7 is further on by then. */
GST_START_TEST (a_hole_of_one_substream_is_filled_with_its_values_and_times)
{
  static const guint order[][2] = {
      {0, 5}, {0, 7}, {1, 5}, {1, 7}, {2, 7}, {3, 7}, {3, 5}};
  GstClockTime start = 0;
  GstBuffer *buffer;
  guint i;

  start_source ("sample-bits=8 sample-rate=1000 timestamp-mode=index "
                "missing=fill substream-item=0x4101",
      NULL);
  for (i = 0; i < G_N_ELEMENTS (order); i++)
    send_antenna (i, 100 * order[i][0], order[i][1], 0);
  for (i = 0; i < 6; i++) {
    buffer = next_buffer ();
    if (i == 0)
      start = GST_BUFFER_PTS (buffer);
    gst_buffer_unref (buffer);
  }
  buffer = next_buffer_at_once ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 200);
  fail_unless_equals_uint64 (
      GST_BUFFER_PTS (buffer), start + 200 * GST_MSECOND);
  fail_unless_equals_uint64 (get_value (buffer, "item-0x4101"), 5);
  gst_buffer_unref (buffer);
  fail_if (next_is_discont (300));
  stop_source ();
}
GST_END_TEST;

/* Antenna 0 begins anew, antenna 1 goes on, and then begins anew, too: a little before the
 * index that the other has begun with. */
GST_START_TEST (a_substream_that_begins_anew_is_followed_alone)
{
  static const struct {
    guint64 cnt, timestamp;
    guint antenna;
    gboolean restarted;
  } heaps[] = {
      {100000, 10000000, 0, FALSE},
      {100001, 10000000, 1, FALSE},
      {1, 500, 0, TRUE},
      {100002, 10000100, 1, FALSE},
      {2, 400, 1, TRUE},
      {3, 600, 0, FALSE},
      {4, 500, 1, FALSE},
  };
  GstClockTime times[G_N_ELEMENTS (heaps)];
  guint i;

  start_source ("sample-bits=8 sample-rate=1000 timestamp-mode=index "
                "substream-item=0x4101",
      NULL);
  for (i = 0; i < G_N_ELEMENTS (heaps); i++) {
    GstBuffer *buffer;

    send_antenna (heaps[i].cnt, heaps[i].timestamp, heaps[i].antenna, i % 2);
    buffer = next_buffer ();
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), heaps[i].timestamp);
    fail_unless_equals_int (
        GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_RESYNC),
        heaps[i].restarted);
    times[i] = GST_BUFFER_PTS (buffer);
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (counter ("restarts"), 2);
  fail_unless_equals_uint64 (counter ("gaps"), 0);
  /* Those that have begun anew have equal times at equal indices again, as the others
   * have that have not. */
  fail_unless_equals_uint64 (times[1], times[0]);
  fail_unless_equals_uint64 (times[3], times[0] + 100 * GST_MSECOND);
  fail_unless_equals_uint64 (times[6], times[2]);
  fail_unless_equals_uint64 (times[5], times[2] + 100 * GST_MSECOND);
  stop_source ();
}
GST_END_TEST;

/* Of which the second counts its samples from another time. */
GST_START_TEST (substreams_of_two_clocks_have_times_of_their_own)
{
  GstClockTime first, second;
  GstBuffer *buffer;

  start_source ("sample-bits=8 sample-rate=1000 timestamp-mode=index "
                "substream-item=0x4101",
      NULL);
  send_antenna (1, 0, 0, 0);
  buffer = next_buffer ();
  first = GST_BUFFER_PTS (buffer);
  gst_buffer_unref (buffer);
  send_antenna (2, 1000 * 3600, 1, 0);
  buffer = next_buffer ();
  second = GST_BUFFER_PTS (buffer);
  gst_buffer_unref (buffer);
  fail_unless (second >= first && second < first + 3500 * GST_SECOND);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (substreams_beyond_the_limit_are_delivered_and_counted)
{
  guint i;

  start_source ("sample-bits=8 substream-item=0x4101", NULL);
  for (i = 0; i < 4098; i++) {
    send_antenna (i + 1, 100, i, 0);
    /* The socket's buffer holds that many. */
    if (i % 64 == 63)
      wait_until (counter ("heaps-delivered") == i + 1);
  }
  gst_message_unref (next_message (GST_MESSAGE_WARNING));
  wait_until (counter ("heaps-delivered") == 4098);
  fail_unless_equals_uint64 (counter ("substreams"), 4096);
  fail_unless_equals_uint64 (counter ("heaps-unmarked"), 2);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (heaps_without_a_substream_item_are_warned_of_once)
{
  GstMessage *message;
  GError *error;

  /* No descriptor has that name. */
  start_source ("sample-bits=8 substream-item=feng_id", NULL);
  send_antenna (1, 0, 0, 0);
  send_antenna (2, 100, 0, 0);
  message = next_message (GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (
      g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  g_error_free (error);
  gst_message_unref (message);
  fail_unless (next_is_discont (0));
  fail_if (next_is_discont (100));
  fail_unless_equals_uint64 (counter ("substreams"), 1);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_list_of_substream_items_that_is_none_is_an_error)
{
  static const gchar *const texts[] = {
      "0x4101,", ",", "1,2,3,4,5", "0x4101,5", "7000,8x"};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (texts); i++) {
    GstMessage *message;
    GError *error;

    make_source ("", NULL);
    g_object_set (source, "substream-item", texts[i], NULL);
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
        GST_STATE_CHANGE_FAILURE);
    message = next_message (GST_MESSAGE_ERROR);
    gst_message_parse_error (message, &error, NULL);
    fail_unless (g_error_matches (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
    fail_unless (g_str_has_prefix (error->message, "substream-item="));
    g_error_free (error);
    gst_message_unref (message);
    stop_source ();
  }
}
GST_END_TEST;

static Suite *
loss_suite (void)
{
  Suite *suite = suite_create ("loss");
  TCase *tc = tcase_create ("loss");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, a_missing_heap_is_a_gap);
  tcase_add_test (tc, the_heap_counter_can_be_the_index);
  tcase_add_test (tc, a_gap_ends_where_the_buffer_behind_it_arrives);
  tcase_add_test (tc, without_time_between_two_buffers_there_is_no_gap_event);
  tcase_add_test (tc, a_heap_with_a_missing_packet_is_dropped_and_counted);
  tcase_add_test (tc, a_heap_with_a_missing_packet_is_filled);
  tcase_add_test (tc, an_incomplete_heap_without_its_pointers_is_dropped);
  tcase_add_test (tc, a_sender_that_begins_anew_is_followed);
  tcase_add_test (tc, a_sender_that_begins_anew_has_the_time_of_its_arrival);
  tcase_add_test (tc, the_index_runs_over);
  tcase_add_test (tc, a_sender_that_begins_anew_late_in_the_bits_is_followed);
  tcase_add_test (tc, a_late_heap_makes_no_second_gap);
  tcase_add_test (tc, times_follow_the_index_both_ways);
  tcase_add_test (tc, a_gap_begins_where_the_stream_had_come_to);
  tcase_add_test (tc, samples_are_counted_as_the_caps_say);
  tcase_add_test (tc, a_heap_of_each_substream_at_one_index_is_no_loss);
  tcase_add_test (tc, a_loss_is_that_of_its_substream);
  tcase_add_test (tc, a_gap_event_is_for_a_time_that_all_substreams_lack);
  tcase_add_test (
      tc, a_hole_of_one_substream_is_filled_with_its_values_and_times);
  tcase_add_test (tc, a_substream_that_begins_anew_is_followed_alone);
  tcase_add_test (tc, substreams_of_two_clocks_have_times_of_their_own);
  tcase_add_test (tc, substreams_beyond_the_limit_are_delivered_and_counted);
  tcase_add_test (tc, heaps_without_a_substream_item_are_warned_of_once);
  tcase_add_test (tc, a_list_of_substream_items_that_is_none_is_an_error);
  return suite;
}

GST_CHECK_MAIN (loss);
