/* spead2src: what is on its buffers, and which heaps share one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "srcfixture.h"

/* A multiple of 64: heaps that are a buffer each come as runs, too. */
#define HEAP_SIZE 4032

/* The values on a buffer, or NULL. */
static GstStructure *
find_values (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "GstSpead2Items");

  return meta ? gst_custom_meta_get_structure (meta) : NULL;
}

static GstStructure *
values_of (GstBuffer *buffer)
{
  fail_unless (find_values (buffer) != NULL);
  return find_values (buffer);
}

static void
check_value (GstBuffer *buffer, const gchar *name, guint64 expected)
{
  guint64 value;

  fail_unless (gst_structure_get_uint64 (values_of (buffer), name, &value),
      "no %s", name);
  fail_unless_equals_uint64 (value, expected);
}

/* -- values ------------------------------------------------------------------------- */

/* Heaps with another item each time, and for six heaps each with one more, or with an
 * addressed one in the place of the immediate. */
static void
send_changing_heap (guint64 cnt)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  gchar payload[HEAP_SIZE] = "abcdefgh";

  packet_standard (packet, cnt, HEAP_SIZE, 0, HEAP_SIZE);
  packet_immediate (packet, TIMESTAMP, 8 * cnt);
  if (cnt / 6 % 4 == 2)
    packet_addressed (packet, 0x4100 + cnt % 3, 0);
  else
    packet_immediate (packet, 0x4100 + cnt % 3, 100 + cnt);
  if (cnt / 6 % 4 == 3)
    packet_immediate (packet, 0x4200, 200 + cnt);
  packet_addressed (packet, SAMPLES, cnt / 6 % 4 == 2 ? 8 : 0);
  packet_payload (packet, payload, HEAP_SIZE);
  send_packet (packet);
}

static void
check_changed (GstBuffer *buffer, guint64 cnt)
{
  GBytes *bytes;
  gchar name[16];

  check_value (buffer, "heap-cnt", cnt);
  check_value (buffer, "item-0x1600", 8 * cnt);
  g_snprintf (name, sizeof name, "item-0x%x", 0x4100 + (guint) cnt % 3);
  if (cnt / 6 % 4 == 2) {
    fail_unless (gst_structure_get (
        values_of (buffer), name, G_TYPE_BYTES, &bytes, NULL));
    fail_unless_equals_uint64 (g_bytes_get_size (bytes), 8);
    fail_if (memcmp (g_bytes_get_data (bytes, NULL), "abcdefgh", 8));
    g_bytes_unref (bytes);
  } else {
    check_value (buffer, name, 100 + cnt);
  }
  if (cnt / 6 % 4 == 3)
    check_value (buffer, "item-0x4200", 200 + cnt);
  fail_unless_equals_int (
      gst_structure_n_fields (values_of (buffer)), cnt / 6 % 4 == 3 ? 4 : 3);
}

GST_START_TEST (a_buffer_that_is_issued_again_has_the_values_of_its_heap)
{
  GHashTable *seen = g_hash_table_new (NULL, NULL);
  gboolean again = FALSE;
  guint64 cnt;

  start_source ("", NULL);
  for (cnt = 1; cnt <= 24 || (!again && cnt < 1000); cnt++) {
    GstBuffer *buffer;

    send_changing_heap (cnt);
    buffer = next_buffer ();
    again |= !g_hash_table_add (seen, buffer);
    check_changed (buffer, cnt);
    gst_buffer_unref (buffer);
  }
  fail_unless (again);
  g_hash_table_unref (seen);
  stop_source ();
}
GST_END_TEST;

/* -- several heaps a buffer ----------------------------------------------------------- */

/* Only what a test sends ends a buffer of up to four heaps. */
#define FOUR "heaps-per-buffer=4 buffer-timeout=1000000000000 sample-bits=8 "

/* A heap whose byte i is cnt + i, and whose samples follow those of the one before. */
static void
send_next (guint64 cnt)
{
  send_heap (cnt, cnt * HEAP_SIZE, HEAP_SIZE, cnt);
}

/* Heaps from one counter to another. */
static void
send_run (guint64 from, guint64 to)
{
  for (; from <= to; from++)
    send_next (from);
}

/* The next buffer has the samples of those heaps. */
static GstBuffer *
next_run (guint64 from, guint64 to)
{
  GstBuffer *buffer = next_buffer ();
  GstMapInfo map;
  gsize i;

  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), from * HEAP_SIZE);
  fail_unless_equals_uint64 (
      GST_BUFFER_OFFSET_END (buffer), (to + 1) * HEAP_SIZE);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_uint64 (map.size, (to + 1 - from) * HEAP_SIZE);
  for (i = 0; i < map.size; i++)
    fail_unless_equals_int (
        map.data[i], (guint8) (from + i / HEAP_SIZE + i % HEAP_SIZE));
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static void
check_run (guint64 from, guint64 to, gboolean discont)
{
  GstBuffer *buffer = next_run (from, to);

  fail_unless_equals_int (
      GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), discont);
  gst_buffer_unref (buffer);
}

/* A value of each heap of a buffer. */
static void
check_each (GstBuffer *buffer, const gchar *name, guint64 from, guint64 step)
{
  const guint64 *values;
  GBytes *bytes;
  gsize i, size;

  fail_unless (
      gst_structure_get (values_of (buffer), name, G_TYPE_BYTES, &bytes, NULL),
      "no %s", name);
  values = g_bytes_get_data (bytes, &size);
  fail_unless_equals_uint64 (
      size, gst_buffer_get_size (buffer) / HEAP_SIZE * sizeof *values);
  for (i = 0; i < size / sizeof *values; i++)
    fail_unless_equals_uint64 (values[i], from + i * step);
  g_bytes_unref (bytes);
}

GST_START_TEST (heaps_share_a_buffer)
{
  GstBuffer *buffer;
  guint i, n;

  start_source (FOUR "sample-rate=1000", NULL);
  send_run (1, 12);
  for (i = 1; i <= 9; i += 4) {
    buffer = next_run (i, i + 3);
    fail_unless_equals_uint64 (
        GST_BUFFER_DURATION (buffer), 4 * HEAP_SIZE * GST_MSECOND);
    fail_unless_equals_int (
        GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT), i == 1);
    fail_unless (gst_structure_get_uint (values_of (buffer), "n-heaps", &n));
    fail_unless_equals_int (n, 4);
    check_each (buffer, "each/heap-cnt", i, 1);
    check_each (buffer, "each/item-0x1600", i * HEAP_SIZE, HEAP_SIZE);
    fail_unless_equals_int (gst_structure_n_fields (values_of (buffer)), 3);
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (counter ("heaps-delivered"), 12);
  fail_unless_equals_uint64 (counter ("payload-bytes"), 12 * HEAP_SIZE);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

static void
send_values (guint64 cnt, guint64 antenna, const gchar *name)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint8 payload[HEAP_SIZE + 8];
  guint i;

  for (i = 0; i < HEAP_SIZE; i++)
    payload[i] = cnt + i;
  memcpy (payload + HEAP_SIZE, name, 8);
  packet_standard (packet, cnt, sizeof payload, 0, sizeof payload);
  packet_immediate (packet, TIMESTAMP, cnt * HEAP_SIZE);
  packet_immediate (packet, 0x4101, antenna);
  packet_immediate (packet, 0x4102, 7);
  packet_addressed (packet, SAMPLES, 0);
  packet_addressed (packet, 0x4103, HEAP_SIZE);
  packet_payload (packet, payload, sizeof payload);
  send_packet (packet);
}

/* Their samples do not lie side by side, and are copied. */
GST_START_TEST (values_that_differ_are_on_the_buffer_for_each_heap)
{
  GstBuffer *buffer;
  GBytes *bytes;
  guint i;

  start_source (FOUR, NULL);
  for (i = 0; i < 4; i++)
    send_values (i, 100 + i, "whatever");
  buffer = next_run (0, 3);
  check_each (buffer, "each/item-0x4101", 100, 1);
  check_value (buffer, "item-0x4102", 7);
  fail_unless (gst_structure_get (
      values_of (buffer), "item-0x4103", G_TYPE_BYTES, &bytes, NULL));
  fail_if (memcmp (g_bytes_get_data (bytes, NULL), "whatever", 8));
  g_bytes_unref (bytes);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (bytes_or_items_that_differ_end_the_buffer)
{
  start_source (FOUR, NULL);
  send_values (0, 100, "whatever");
  send_values (1, 100, "whatever");
  send_values (2, 100, "whenever");
  send_next (3);
  send_next (4);
  check_run (0, 1, TRUE);
  check_run (2, 2, FALSE);
  send_stop (5);
  check_run (3, 4, FALSE);
  stop_source ();
}
GST_END_TEST;

/* As a heap that begins with descriptors has them. */
GST_START_TEST (samples_elsewhere_in_the_heap_end_the_buffer)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint8 payload[HEAP_SIZE + 8];
  guint i;

  for (i = 0; i < sizeof payload; i++)
    payload[i] = 1 + i - 8;
  start_source (FOUR, NULL);
  packet_standard (packet, 1, sizeof payload, 0, sizeof payload);
  packet_immediate (packet, TIMESTAMP, HEAP_SIZE);
  packet_addressed (packet, SAMPLES, 8);
  packet_payload (packet, payload, sizeof payload);
  send_packet (packet);
  send_run (2, 5);
  check_run (1, 1, TRUE);
  check_run (2, 5, FALSE);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_hole_ends_the_buffer)
{
  start_source (FOUR, NULL);
  send_run (1, 2);
  send_run (4, 7);
  check_run (1, 2, TRUE);
  /* Two are left of the four places side by side. */
  check_run (4, 5, TRUE);
  send_run (8, 9);
  check_run (6, 9, FALSE);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  stop_source ();
}
GST_END_TEST;

static guint8 *
data_of (GstBuffer *buffer)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  gst_buffer_unmap (buffer, &map);
  return map.data;
}

/* The bytes of the next buffer (transfer full both) lie behind those of one of two heaps. */
static void
check_adjoin (GstBuffer *from, GstBuffer *next)
{
  fail_unless (data_of (next) == data_of (from) + 2 * HEAP_SIZE);
  gst_buffer_unref (from);
  gst_buffer_unref (next);
}

GST_START_TEST (heaps_are_received_in_the_place_they_have_in_the_buffer)
{
  GstBuffer *from, *next;

  start_source (FOUR, NULL);
  send_run (1, 2);
  send_run (4, 5);
  from = next_run (1, 2);
  next = next_run (4, 5);
  fail_unless_equals_uint64 (GPOINTER_TO_SIZE (data_of (from)) % 64, 0);
  check_adjoin (from, next);
  stop_source ();
}
GST_END_TEST;

/* As one with descriptors is, which the first heap mostly is. */
GST_START_TEST (a_first_heap_of_another_size_leaves_others_places)
{
  GstBuffer *from, *next;

  start_source (FOUR, NULL);
  send_heap (0, 0, 2 * HEAP_SIZE, 0);
  send_run (2, 3);
  send_run (5, 6);
  check_samples (next_buffer (), 2 * HEAP_SIZE, 0);
  from = next_run (2, 3);
  next = next_run (5, 6);
  check_adjoin (from, next);
  stop_source ();
}
GST_END_TEST;

/* To map pages for it would take longer than to receive it. */
GST_START_TEST (a_larger_heap_has_ordinary_memory)
{
  GstBuffer *buffer;

  start_source (FOUR, NULL);
  send_run (0, 1);
  send_heap (2, 2 * HEAP_SIZE, 20000, 0);
  send_heap (3, 2 * HEAP_SIZE + 20000, 50, 0);
  check_run (0, 1, TRUE);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 20000);
  fail_unless_equals_string (
      gst_buffer_peek_memory (buffer, 0)->allocator->mem_type,
      GST_ALLOCATOR_SYSMEM);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_larger_heap_leaves_others_their_places)
{
  GstBuffer *from, *next;

  start_source (FOUR, NULL);
  send_run (1, 2);
  send_heap (3, 3 * HEAP_SIZE, 2 * HEAP_SIZE, 0);
  send_run (5, 6);
  from = next_run (1, 2);
  check_samples (next_buffer (), 2 * HEAP_SIZE, 0);
  next = next_run (5, 6);
  check_adjoin (from, next);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_heap_of_another_size_ends_the_buffer)
{
  start_source (FOUR, NULL);
  send_run (0, 1);
  send_heap (2, 2 * HEAP_SIZE, 50, 0);
  check_run (0, 1, TRUE);
  send_heap (3, 2 * HEAP_SIZE + 50, 100, 0);
  check_samples (next_buffer (), 50, 0);
  stop_source ();
}
GST_END_TEST;

/* Sent at once, it is the last that completes: it is late, and alone in its buffer. */
GST_START_TEST (a_late_heap_has_a_buffer_of_its_own)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  GstBuffer *buffer;

  start_source (FOUR, NULL);
  send_next (1);
  make_part (packet, 2, 2 * HEAP_SIZE, HEAP_SIZE, 0, 100);
  send_packet (packet);
  send_run (3, 4);
  make_part (packet, 2, 2 * HEAP_SIZE, HEAP_SIZE, 100, HEAP_SIZE - 100);
  send_packet (packet);
  send_run (5, 6);
  send_stop (7);
  check_run (1, 1, TRUE);
  check_run (3, 4, TRUE);
  buffer = next_buffer ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 2 * HEAP_SIZE);
  check_samples (buffer, HEAP_SIZE, 0);
  check_run (5, 6, TRUE);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_heap_without_data_does_not_end_the_buffer)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);

  start_source (FOUR, NULL);
  send_run (1, 2);
  packet_standard (packet, 1000, 0, 0, 0);
  packet_immediate (packet, STREAM_CTRL, 0);
  send_packet (packet);
  send_run (3, 4);
  check_run (1, 4, TRUE);
  fail_unless_equals_uint64 (counter ("heaps-control"), 1);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_stop_heap_ends_the_buffer)
{
  start_source (FOUR, NULL);
  send_run (1, 6);
  send_stop (7);
  check_run (1, 4, TRUE);
  check_run (5, 6, FALSE);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_buffer_does_not_wait_for_ever)
{
  GstBuffer *buffer;

  start_source (
      "heaps-per-buffer=4 buffer-timeout=1000000 sample-bits=8", NULL);
  send_next (1);
  buffer = next_run (1, 1);
  check_each (buffer, "each/heap-cnt", 1, 1);
  gst_buffer_unref (buffer);
  send_run (2, 3);
  send_stop (4);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_filled_heap_marks_the_buffer_that_it_shares)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  GstBuffer *buffer;
  guint8 byte;

  start_source (FOUR "incomplete=fill fill-value=9 max-heaps=1", NULL);
  send_next (1);
  make_part (packet, 2, 2 * HEAP_SIZE, HEAP_SIZE, 0, 100);
  send_packet (packet);
  make_part (packet, 3, 3 * HEAP_SIZE, HEAP_SIZE, 0, 100);
  send_packet (packet);
  make_part (packet, 3, 3 * HEAP_SIZE, HEAP_SIZE, 100, HEAP_SIZE - 100);
  send_packet (packet);
  send_next (4);
  buffer = next_buffer ();
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_CORRUPTED));
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 4 * HEAP_SIZE);
  fail_unless_equals_uint64 (
      gst_buffer_extract (buffer, HEAP_SIZE + 100, &byte, 1), 1);
  fail_unless_equals_int (byte, 9);
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (heaps_of_a_buffer_that_never_went_out_are_counted)
{
  start_source (FOUR, NULL);
  send_run (1, 2);
  wait_until (counter ("heaps-complete") == 2 && counter ("heaps-ready") == 0);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless_equals_uint64 (counter ("heaps-dropped-after-end"), 2);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

GST_START_TEST (a_buffer_adds_what_it_waits_to_the_latency)
{
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min;

  start_source (FOUR "buffer-timeout=5000000 sample-rate=1000", NULL);
  send_run (1, 4);
  gst_buffer_unref (next_run (1, 4));
  wait_until (gst_element_query (source, query) &&
      (gst_query_parse_latency (query, NULL, &min, NULL),
          min == 4 * HEAP_SIZE * GST_MSECOND + 5 * GST_MSECOND));
  gst_query_unref (query);
  stop_source ();
}
GST_END_TEST;

/* -- one heap a buffer ------------------------------------------------------------------ */

#define N_TRAIN 7

static gboolean
is_place (GstBuffer *buffer)
{
  return g_str_equal (gst_buffer_peek_memory (buffer, 0)->allocator->mem_type,
      "GstSpead2SrcPlace");
}

/* Each of them keeps its samples as long as it is kept, however many come after it. */
GST_START_TEST (heaps_of_a_run_are_buffers_of_their_own)
{
  GstBuffer *kept[N_TRAIN];
  guint64 cnt = 0, end;
  guint i;

  start_source ("sample-bits=8 sample-rate=1000", NULL);
  send_heaps (cnt, N_TRAIN, HEAP_SIZE);
  for (i = 0; i < N_TRAIN; i++, cnt++) {
    kept[i] = next_buffer ();
    fail_unless (is_place (kept[i]));
    fail_unless_equals_uint64 (GPOINTER_TO_SIZE (data_of (kept[i])) % 64, 0);
    check_value (kept[i], "heap-cnt", cnt);
    check_value (kept[i], "item-0x1600", cnt * HEAP_SIZE);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (kept[i]), cnt * HEAP_SIZE);
    fail_unless_equals_uint64 (
        GST_BUFFER_DURATION (kept[i]), HEAP_SIZE * GST_MSECOND);
    fail_unless_equals_int (
        GST_BUFFER_FLAG_IS_SET (kept[i], GST_BUFFER_FLAG_DISCONT), i == 0);
  }
  for (end = cnt + 50 * N_TRAIN; cnt < end;) {
    send_heaps (cnt, N_TRAIN, HEAP_SIZE);
    for (i = 0; i < N_TRAIN; i++, cnt++)
      check_run (cnt, cnt, FALSE);
  }
  for (i = 0; i < N_TRAIN; i++)
    check_samples (kept[i], HEAP_SIZE, i);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* As one with descriptors mostly has. The pages that were mapped at the start remain for the
 * blocks of those behind it: to map others would take longer than to receive it. */
GST_START_TEST (a_heap_with_bytes_in_front_has_ordinary_memory)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  g_autofree gchar *payload = g_malloc0 (20008);
  GstBuffer *buffer;

  start_source ("sample-bits=8 item=0x3300", NULL);
  packet_standard (packet, 0, 20008, 0, 20008);
  packet_immediate (packet, TIMESTAMP, 0);
  packet_addressed (packet, 0x4100, 0);
  packet_addressed (packet, SAMPLES, 8);
  packet_payload (packet, payload, 20008);
  send_packet (packet);
  send_heap (1, 20000, HEAP_SIZE, 0);
  buffer = next_buffer ();
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 20000);
  fail_unless_equals_uint64 (GPOINTER_TO_SIZE (data_of (buffer)) % 64, 0);
  fail_unless_equals_string (
      gst_buffer_peek_memory (buffer, 0)->allocator->mem_type,
      GST_ALLOCATOR_SYSMEM);
  gst_buffer_unref (buffer);
  buffer = next_buffer ();
  fail_unless (is_place (buffer));
  gst_buffer_unref (buffer);
  stop_source ();
}
GST_END_TEST;

/* -- memory of downstream ------------------------------------------------------------------ */

/* Answers an ALLOCATION query with GStreamer's own allocator. */
static GstPadProbeReturn
offer_allocator (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);
  GstAllocator *allocator;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  allocator = gst_allocator_find (NULL);
  gst_query_add_allocation_param (query, allocator, NULL);
  gst_object_unref (allocator);
  return GST_PAD_PROBE_HANDLED;
}

/* Places are not made by it. The first heap may have come before it was asked for. */
GST_START_TEST (small_heaps_have_memory_of_downstreams_allocator)
{
  GstBuffer *buffer;
  GstPad *pad;
  guint64 cnt;

  make_source ("sample-bits=8", NULL);
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, offer_allocator, NULL, NULL);
  gst_object_unref (pad);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (source, NULL, NULL, GST_CLOCK_TIME_NONE);
  for (cnt = 0; cnt < 3; cnt++) {
    send_next (cnt);
    buffer = next_buffer ();
    fail_if (cnt > 0 && is_place (buffer));
    check_samples (buffer, HEAP_SIZE, cnt);
  }
  stop_source ();
}
GST_END_TEST;

/* -- runs and heaps one by one ---------------------------------------------------------- */

static const gchar *const compared[] = {"heaps-complete", "heaps-delivered",
    "payload-bytes", "gaps", "missing-samples", "heaps-dropped-late",
    "restarts"};

static gboolean
write_field (GQuark name, const GValue *value, gpointer text)
{
  g_string_append_printf (text, " %s=", g_quark_to_string (name));
  if (G_VALUE_TYPE (value) == G_TYPE_BYTES) {
    gsize i, size;
    const guint8 *bytes = g_bytes_get_data (g_value_get_boxed (value), &size);

    for (i = 0; i < size; i++)
      g_string_append_printf (text, "%02x", bytes[i]);
  } else {
    g_autofree gchar *number = gst_value_serialize (value);

    g_string_append (text, number);
  }
  return TRUE;
}

/* All that is said of a buffer, which is unreffed. */
static void
write_buffer (GString *text, GstBuffer *buffer)
{
  const GstStructure *values = find_values (buffer);
  g_autofree gchar *checksum = NULL;
  GstMapInfo map;

  g_string_append_printf (text,
      "%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %x",
      GST_BUFFER_OFFSET (buffer), GST_BUFFER_OFFSET_END (buffer),
      GST_BUFFER_DURATION (buffer),
      GST_BUFFER_FLAGS (buffer) & ~GST_BUFFER_FLAG_TAG_MEMORY);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  checksum = g_compute_checksum_for_data (G_CHECKSUM_MD5, map.data, map.size);
  g_string_append_printf (text, " %u:%s", (guint) map.size, checksum);
  gst_buffer_unmap (buffer, &map);
  if (values)
    gst_structure_foreach (values, write_field, text);
  g_string_append_c (text, '\n');
  gst_buffer_unref (buffer);
}

static void
send_random_heap (GRand *rand, guint64 cnt, guint64 timestamp, gboolean swap)
{
  g_autofree Packet *packet = g_new0 (Packet, 1);
  guint8 payload[HEAP_SIZE + 8];
  guint i, what = g_rand_int_range (rand, 0, 24);
  gsize size = what == 1 ? HEAP_SIZE + 8 : HEAP_SIZE;

  for (i = 0; i < size; i++)
    payload[i] = 3 * cnt + i;
  packet_standard (packet, cnt, size, 0, size);
  packet_immediate (packet, TIMESTAMP, timestamp);
  packet_immediate (packet, what == 2 ? 0x4102 : 0x4101, cnt / 10);
  if (swap)
    packet_immediate (packet, 0x4103, 1000 - cnt);
  packet_addressed (packet, SAMPLES, 0);
  /* A value that is bytes, and follows the samples. */
  if (what == 1)
    packet_addressed (packet, 0x4104, HEAP_SIZE);
  packet_payload (packet, payload, size);
  send_packet (packet);
}

/* What becomes of a stream of heaps with gaps, repetitions, late ones and values that come and
 * go. The same with each call. */
static gchar *
receive_random (const gchar *properties, guint seed)
{
  GRand *rand = g_rand_new_with_seed (seed);
  GString *text = g_string_new (NULL);
  guint64 cnt = 1000, steps[] = {HEAP_SIZE, HEAP_SIZE, 2 * HEAP_SIZE, 0};
  guint64 step = steps[seed % G_N_ELEMENTS (steps)];
  guint i, n, what;

  start_source (properties, NULL);
  for (i = 0; i < 400; i++, cnt++) {
    what = g_rand_int_range (rand, 0, 30);
    if (what == 0)
      cnt += g_rand_int_range (rand, 1, 5);
    else if (what == 1)
      cnt -= g_rand_int_range (rand, 1, 5);
    send_random_heap (rand, cnt, cnt * step, i / 100 == 1);
  }
  send_stop (G_MAXUINT16);
  gst_message_unref (next_message (GST_MESSAGE_EOS));
  for (i = counter ("heaps-delivered"); i > 0; i -= n) {
    GstBuffer *buffer = next_buffer ();
    const GstStructure *values = find_values (buffer);

    /* What is filled has no heaps, and what is a heap alone does not count them. */
    n = 0;
    if (values && !gst_structure_get_uint (values, "n-heaps", &n))
      n = 1;
    write_buffer (text, buffer);
  }
  for (i = 0; i < G_N_ELEMENTS (compared); i++)
    g_string_append_printf (
        text, "%s %" G_GUINT64_FORMAT "\n", compared[i], counter (compared[i]));
  check_balance ();
  stop_source ();
  g_rand_free (rand);
  return g_string_free (text, FALSE);
}

/* Streams with four heaps a buffer, and as many with one. */
#define N_SEEDS 12

/* Where each heap is signalled there are no runs. */
GST_START_TEST (runs_make_the_buffers_that_heaps_one_by_one_make)
{
  const gchar *const missing[] = {"", "missing=fill ", "missing=none "};
  g_autofree gchar *properties =
      g_strconcat (__i__ < N_SEEDS ? FOUR : "sample-bits=8 ",
          "sample-rate=1000 ", missing[__i__ % G_N_ELEMENTS (missing)], NULL);
  g_autofree gchar *one_by_one =
      g_strconcat (properties, "signal-heaps=true", NULL);
  g_autofree gchar *runs = receive_random (properties, __i__);
  g_autofree gchar *heaps = receive_random (one_by_one, __i__);

  fail_unless_equals_string (runs, heaps);
}
GST_END_TEST;

static Suite *
buffers_suite (void)
{
  Suite *suite = suite_create ("buffers");
  TCase *tc = tcase_create ("buffers");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup_source, teardown_source);
  tcase_add_test (tc, a_buffer_that_is_issued_again_has_the_values_of_its_heap);
  tcase_add_test (tc, heaps_share_a_buffer);
  tcase_add_test (tc, values_that_differ_are_on_the_buffer_for_each_heap);
  tcase_add_test (tc, bytes_or_items_that_differ_end_the_buffer);
  tcase_add_test (tc, samples_elsewhere_in_the_heap_end_the_buffer);
  tcase_add_test (tc, a_hole_ends_the_buffer);
  tcase_add_test (tc, heaps_are_received_in_the_place_they_have_in_the_buffer);
  tcase_add_test (tc, a_first_heap_of_another_size_leaves_others_places);
  tcase_add_test (tc, a_larger_heap_has_ordinary_memory);
  tcase_add_test (tc, a_larger_heap_leaves_others_their_places);
  tcase_add_test (tc, a_heap_of_another_size_ends_the_buffer);
  tcase_add_test (tc, a_late_heap_has_a_buffer_of_its_own);
  tcase_add_test (tc, a_heap_without_data_does_not_end_the_buffer);
  tcase_add_test (tc, a_stop_heap_ends_the_buffer);
  tcase_add_test (tc, a_buffer_does_not_wait_for_ever);
  tcase_add_test (tc, a_filled_heap_marks_the_buffer_that_it_shares);
  tcase_add_test (tc, heaps_of_a_buffer_that_never_went_out_are_counted);
  tcase_add_test (tc, a_buffer_adds_what_it_waits_to_the_latency);
  tcase_add_test (tc, heaps_of_a_run_are_buffers_of_their_own);
  tcase_add_test (tc, a_heap_with_bytes_in_front_has_ordinary_memory);
  tcase_add_test (tc, small_heaps_have_memory_of_downstreams_allocator);
  tcase_add_loop_test (
      tc, runs_make_the_buffers_that_heaps_one_by_one_make, 0, 2 * N_SEEDS);
  return suite;
}

GST_CHECK_MAIN (buffers);
