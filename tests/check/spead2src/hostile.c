/* spead2src on a hostile network: whatever anybody sends, it is counted under its
 * reason, costs no more than the limits, and the good stream beside it is whole.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults.h"
#include "srcfixture.h"

/* The first heap counter of the good stream. */
#define GOOD 1000000
#define GOOD_SIZE 1000
#define PIECE 100

/* Bytes by which this process may grow beyond what it had; what the limits do not hold
 * grows by many times that. */
#define MAX_GROWTH (64 << 20)

/* No test may lose a packet in the socket's buffer. */
#define MAX_QUEUED 200

static Packet *packet;
static guint64 n_sent;

static void
setup (void)
{
  setup_source ();
  dice = g_rand_new_with_seed (1);
  packet = g_new0 (Packet, 1);
  n_sent = 0;
}

static void
teardown (void)
{
  g_clear_pointer (&packet, g_free);
  g_clear_pointer (&dice, g_rand_free);
  teardown_source ();
  faults_reset ();
}

/* -- sending -------------------------------------------------------------------------- */

static void
send_any (const guint8 *bytes, gsize size)
{
  send_bytes (bytes, size);
  n_sent++;
  if (n_sent % MAX_QUEUED == 0)
    wait_until (counter ("datagrams") == n_sent);
}

static void
send_made (void)
{
  send_any (packet->bytes, packet->size);
}

static void
send_good_piece (guint number, guint piece)
{
  make_part (packet, GOOD + number, 0, GOOD_SIZE, (gsize) piece * PIECE, PIECE);
  send_made ();
}

/* A heap of the good stream in pieces, with foreign packets between them. */
static void
send_good (guint number, void (*send_foreign) (void), guint n_foreign)
{
  guint i, k;

  for (i = 0; i < GOOD_SIZE / PIECE; i++) {
    send_good_piece (number, i);
    for (k = 0; k < n_foreign; k++)
      send_foreign ();
  }
}

/* -- what arrives ---------------------------------------------------------------------- */

static guint64
heap_cnt (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "GstSpead2Items");
  guint64 cnt;

  fail_unless (gst_structure_get_uint64 (
      gst_custom_meta_get_structure (meta), "heap-cnt", &cnt));
  return cnt;
}

/* That heap of the good stream comes, behind those before it, and is whole. */
static void
check_good (guint number)
{
  GstBuffer *buffer = next_buffer ();

  while (heap_cnt (buffer) != GOOD + number) {
    gst_buffer_unref (buffer);
    buffer = next_buffer ();
  }
  check_samples (buffer, GOOD_SIZE, 0);
}

static gsize
resident (void)
{
  g_autofree gchar *text = NULL;

  malloc_trim (0);
  fail_unless (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  return g_ascii_strtoull (strchr (text, ' '), NULL, 10) *
      sysconf (_SC_PAGESIZE);
}

/* A sanitizer keeps what was freed. */
static void
check_growth (gsize before)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  gsize after = resident ();

  fail_unless (after <= before + MAX_GROWTH,
      "%" G_GSIZE_FORMAT " bytes were in use, and now %" G_GSIZE_FORMAT, before,
      after);
#endif
}

/* Warnings that were posted until now. */
static guint
count_warnings (void)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING))) {
    n++;
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return n;
}

/* All that was sent has been read, and is in the sums. */
static void
check_all_counted (void)
{
  wait_until (counter ("datagrams") == n_sent);
  wait_until (counter ("heaps-ready") == 0);
  check_balance ();
  fail_unless_equals_uint64 (counter ("kernel-drops"), 0);
}

/* -- foreign packets ------------------------------------------------------------------- */

static void
send_noise (void)
{
  gsize size = roll (2000), i;

  for (i = 0; i < size; i++)
    packet->bytes[i] = roll (256);
  send_any (packet->bytes, size);
}

/* A packet of another heap with some bytes changed or cut off. */
static void
send_broken (void)
{
  guint n = roll (4);

  make_part (packet, roll (1000), roll (1000), 1 + roll (3000), roll (1000),
      roll (500));
  while (n-- > 0)
    packet->bytes[roll (MIN (packet->size, 60))] = roll (256);
  send_any (packet->bytes, packet->size - (chance (0.2) ? roll (9) : 0));
}

GST_START_TEST (foreign_traffic_is_counted_and_disturbs_nothing)
{
  start_source ("", NULL);
  send_bytes ((const guint8 *) "hello", 5);
  make_part (packet, 1, 0, 300, 0, 100);
  send_bytes (packet->bytes, packet->size - 1);
  /* It claims 2^39 bytes. */
  make_part (packet, 2, 0, (gsize) 1 << 39, 0, 100);
  send_packet (packet);
  send_heap (3, 0, 10, 3);
  check_samples (next_buffer (), 10, 3);
  fail_unless_equals_uint64 (counter ("refused-short"), 1);
  fail_unless_equals_uint64 (counter ("refused-payload"), 1);
  wait_until (count_warnings () > 0);
  fail_unless_equals_uint64 (counter ("packets-too-large"), 1);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* Of other flavours, too: all that a byte can say is in it. */
GST_START_TEST (any_bytes_are_counted_and_disturb_nothing)
{
  guint i;

  start_source ("on-stop=ignore incomplete=fill", NULL);
  for (i = 0; i < 300; i++)
    send_good (i, chance (0.5) ? send_noise : send_broken, 3);
  for (i = 0; i < 300; i++)
    check_good (i);
  check_all_counted ();
  stop_source ();
}
GST_END_TEST;

static void
send_claim (void)
{
  packet_begin (packet, 48);
  packet_immediate (packet, HEAP_CNT, roll (10000));
  packet_immediate (packet, HEAP_LENGTH, G_GUINT64_CONSTANT (1) << 47);
  packet_immediate (
      packet, PAYLOAD_OFFSET, chance (0.5) ? 0 : G_GUINT64_CONSTANT (1) << 46);
  packet_immediate (packet, PAYLOAD_LENGTH, 10);
  packet_payload (packet, "0123456789", 10);
  send_made ();
}

GST_START_TEST (a_claimed_length_costs_nothing)
{
  gsize before;
  guint i;

  start_source ("", NULL);
  send_good (0, send_claim, 1);
  check_good (0);
  before = resident ();
  for (i = 1; i < 50; i++) {
    send_good (i, send_claim, 10);
    check_good (i);
  }
  check_all_counted ();
  fail_unless_equals_uint64 (counter ("packets-too-large"), 10 + 49 * 10 * 10);
  fail_unless_equals_uint64 (counter ("heaps-started"), 50);
  check_growth (before);
  stop_source ();
}
GST_END_TEST;

/* A packet of a heap of 4 MiB of which no other comes. */
static void
send_begun (void)
{
  static guint64 cnt;

  make_part (packet, cnt++ % GOOD, 0, 4 << 20, roll (60) * 60000, 60000);
  send_made ();
}

GST_START_TEST (heaps_that_are_only_begun_displace_no_other)
{
  gsize before;
  guint i;

  start_source (
      "max-heap-size=4194304 heap-timeout=0 max-size-bytes=8388608", NULL);
  send_good (0, send_begun, 1);
  check_good (0);
  before = resident ();
  for (i = 1; i < 60; i++) {
    send_good (i, send_begun, 8);
    check_good (i);
  }
  check_all_counted ();
  fail_unless_equals_uint64 (counter ("heaps-complete"), 60);
  fail_unless_equals_uint64 (
      counter ("heaps-evicted"), 10 + 59 * 10 * 8 - counter ("heaps-live"));
  check_growth (before);
  stop_source ();
}
GST_END_TEST;

/* Heaps whose pieces all come leave no trace. */
static void
send_tiny_piece (void)
{
  static guint64 at;

  make_part (packet, 1, 0, 100000, at++ * 2 % 100000, 1);
  send_made ();
}

GST_START_TEST (tiny_pieces_have_a_limit)
{
  guint i;

  start_source ("heap-timeout=0", NULL);
  for (i = 0; i < 60; i++)
    send_good (i, send_tiny_piece, 10);
  for (i = 0; i < 60; i++)
    check_good (i);
  check_all_counted ();
  fail_unless_equals_uint64 (counter ("heaps-live"), 1);
  fail_unless_equals_uint64 (
      counter ("packets-too-large"), 60 * 10 * 10 - 4096);
  stop_source ();
}
GST_END_TEST;

/* -- items ------------------------------------------------------------------------------- */

static void
send_outside (void)
{
  static const guint64 addresses[] = {
      101, 1 << 20, (G_GUINT64_CONSTANT (1) << 40) - 1};
  static guint64 cnt;
  guint i;

  packet_standard (packet, cnt++, 100, 0, 100);
  for (i = 0; i < 50; i++)
    packet_addressed (
        packet, 0x3300 + roll (3), addresses[roll (G_N_ELEMENTS (addresses))]);
  packet_addressed (packet, DESCRIPTOR, addresses[roll (3)]);
  packet_payload (packet, packet->bytes, 100);
  send_made ();
}

GST_START_TEST (items_that_point_outside_are_none)
{
  guint i;

  start_source ("item=0x3300", NULL);
  for (i = 0; i < 20; i++)
    send_good (i, send_outside, 5);
  for (i = 0; i < 20; i++)
    check_good (i);
  check_all_counted ();
  fail_unless_equals_uint64 (counter ("heaps-delivered"), 20);
  fail_unless_equals_uint64 (counter ("heaps-control"), 20 * 10 * 5);
  stop_source ();
}
GST_END_TEST;

/* A heap with as many items as a packet holds, none of which was seen before. */
static void
send_items (void)
{
  static guint64 id = 0x4000;
  static guint64 cnt;
  guint i;

  packet_standard (packet, cnt++, 8, 0, 8);
  packet_addressed (packet, SAMPLES, 0);
  for (i = 0; i < 8000; i++)
    packet_immediate (packet, id++, i);
  packet_payload (packet, "01234567", 8);
  send_made ();
}

/* Their names would be kept for ever, and each be searched among all others. */
GST_START_TEST (values_have_a_limit)
{
  GstBuffer *buffer;
  gsize before;
  guint i;

  start_source ("", NULL);
  send_items ();
  buffer = next_buffer ();
  fail_unless_equals_int (
      gst_structure_n_fields (gst_custom_meta_get_structure (
          gst_buffer_get_custom_meta (buffer, "GstSpead2Items"))),
      257);
  gst_buffer_unref (buffer);
  before = resident ();
  for (i = 0; i < 500; i++) {
    send_items ();
    gst_buffer_unref (next_buffer ());
  }
  send_good (0, send_items, 1);
  check_good (0);
  check_all_counted ();
  wait_until (counter ("heaps-delivered") == 512);
  fail_unless_equals_uint64 (counter ("values-omitted"), 511 * 8000 - 4096 + 1);
  fail_unless_equals_int (g_quark_try_string ("item-0x8004000"), 0);
  check_growth (before);
  stop_source ();
}
GST_END_TEST;

/* -- descriptors -------------------------------------------------------------------------- */

static GByteArray *
make_descriptor (guint64 id, const gchar *description, const gchar *header)
{
  g_autofree Packet *inner = g_new0 (Packet, 1);
  gsize size = strlen (description) + strlen (header);

  packet_standard (inner, 1, size, 0, size);
  packet_immediate (inner, 0x14, id);
  packet_addressed (inner, 0x11, 0);
  packet_addressed (inner, 0x15, strlen (description));
  packet_payload (inner, description, strlen (description));
  packet_payload (inner, header, strlen (header));
  return g_byte_array_append (g_byte_array_new (), inner->bytes, inner->size);
}

/* Sends a heap with that as a descriptor, freed. */
static void
send_descriptor (GByteArray *bytes)
{
  static guint64 cnt = 1000;

  packet_standard (packet, cnt++, bytes->len, 0, bytes->len);
  packet_addressed (packet, DESCRIPTOR, 0);
  packet_payload (packet, bytes->data, bytes->len);
  g_byte_array_unref (bytes);
  send_made ();
}

static gchar *
repeat (const gchar *text, guint n)
{
  GString *all = g_string_new (NULL);

  while (n-- > 0)
    g_string_append (all, text);
  return g_string_free (all, FALSE);
}

/* A numpy header in which the text is repeated. */
static void
send_numpy_header (const gchar *before, const gchar *text, guint n)
{
  g_autofree gchar *repeated = repeat (text, n);
  g_autofree gchar *header = g_strconcat (before, repeated, NULL);

  send_descriptor (make_descriptor (0x3300, "samples", header));
}

/* Each in the one before. */
static void
send_nested (guint depth)
{
  g_autofree Packet *inner = g_new0 (Packet, 1);
  GByteArray *bytes = make_descriptor (0x3300, "inside", "");

  while (depth-- > 0) {
    packet_standard (inner, 1, bytes->len, 0, bytes->len);
    packet_immediate (inner, 0x14, 0x3300);
    packet_addressed (inner, DESCRIPTOR, 0);
    packet_payload (inner, bytes->data, bytes->len);
    g_byte_array_set_size (bytes, 0);
    g_byte_array_append (bytes, inner->bytes, inner->size);
  }
  send_descriptor (bytes);
}

/* As many packets as fit, none of which has a byte of payload. */
static void
send_endless (void)
{
  g_autofree Packet *inner = g_new0 (Packet, 1);
  GByteArray *bytes = g_byte_array_new ();

  packet_standard (inner, 1, 100, 0, 0);
  while (bytes->len + inner->size < 60000)
    g_byte_array_append (bytes, inner->bytes, inner->size);
  send_descriptor (bytes);
}

/* A shape of 2^40 - 1 to the power of 8, of bits that no type has. */
static void
send_huge (void)
{
  g_autofree Packet *inner = g_new0 (Packet, 1);
  guint8 payload[52];

  memset (payload, 0xff, sizeof payload);
  payload[0] = 'u';
  packet_standard (inner, 1, sizeof payload, 0, sizeof payload);
  packet_immediate (inner, 0x14, 0x3300);
  packet_addressed (inner, 0x13, 0);
  packet_addressed (inner, 0x12, 4);
  packet_payload (inner, payload, sizeof payload);
  send_descriptor (
      g_byte_array_append (g_byte_array_new (), inner->bytes, inner->size));
}

#define HEADER(type) "{'descr': " type ", 'fortran_order': False, 'shape': "

GST_START_TEST (hostile_descriptors_are_refused_and_counted)
{
  guint i, n = 0;

  start_source ("sample-bits=8", NULL);
  for (i = 0; i < 100; i++) {
    send_numpy_header (HEADER ("'|i1'"), "(", 50000);
    send_numpy_header ("{'descr': ", "[", 50000);
    send_numpy_header ("{'descr': ", "[('a',", 8000);
    send_numpy_header (HEADER ("'|i1'"), "99999999999999999999,", 2000);
    send_numpy_header ("\\x00\xff", "\xc3\xa4", 10000);
    send_numpy_header (HEADER ("'|V99999999999999999999'") "()}", "", 0);
    send_nested (1 + i);
    send_endless ();
    send_huge ();
    n += 9;
    send_good (i, send_noise, 0);
    check_good (i);
  }
  check_all_counted ();
  fail_unless_equals_uint64 (counter ("bad-descriptors"), n);
  fail_unless_equals_uint64 (counter ("heaps-control"), n);
  fail_unless (count_warnings () < 10);
  stop_source ();
}
GST_END_TEST;

/* Each of another item, with much to say of it. */
GST_START_TEST (descriptors_have_a_limit)
{
  g_autofree gchar *description = repeat ("long ", 8000);
  gsize before;
  guint i;

  start_source ("sample-bits=8 max-size-bytes=4194304", NULL);
  send_good (0, send_noise, 0);
  check_good (0);
  before = resident ();
  for (i = 0; i < 3000; i++)
    send_descriptor (
        make_descriptor (0x4000 + i, description, HEADER ("'<f8'") "(4,)}"));
  send_good (1, send_noise, 0);
  check_good (1);
  check_all_counted ();
  fail_unless_equals_uint64 (counter ("bad-descriptors"), 3000 - 1024);
  fail_unless (count_warnings () < 10);
  check_growth (before);
  stop_source ();
}
GST_END_TEST;

/* -- when nobody takes --------------------------------------------------------------------- */

static void
send_empty (void)
{
  static guint64 cnt = 100;

  packet_standard (packet, cnt++, 0, 0, 0);
  packet_addressed (packet, SAMPLES, 0);
  send_made ();
}

/* They have no payload that could fill the queue. */
GST_START_TEST (empty_heaps_fill_the_queue)
{
  gulong probe = start_blocked ("max-size-bytes=1048576 leaky=upstream");
  guint i;

  n_sent = 2;
  for (i = 0; i < 3000; i++)
    send_empty ();
  wait_until (counter ("datagrams") == n_sent);
  wait_until (counter ("heaps-dropped-queue") == 3000 - 1024);
  fail_unless_equals_uint64 (counter ("heaps-ready"), 1024);
  unblock (probe);
  wait_until (counter ("heaps-ready") == 0);
  send_good (0, send_noise, 0);
  check_good (0);
  check_all_counted ();
  stop_source ();
}
GST_END_TEST;

/* All of them are read in one drain, since the worker waits for the queue. */
GST_START_TEST (heaps_that_nobody_finishes_keep_no_memory_beyond_the_limits)
{
  gulong probe =
      start_blocked ("max-size-buffers=1 max-heap-size=300 incomplete=fill");
  guint i;

  send_heap (3, 20, 10, 3);
  wait_until (counter ("heaps-ready") == 1);
  send_heap (4, 30, 10, 4);
  wait_until (counter ("queue-waits") == 1);
  for (i = 10; i < 50; i++) {
    make_part (packet, i, 10 * i, 300, 0, 100);
    send_packet (packet);
  }
  unblock (probe);
  wait_until (counter ("heaps-dropped-incomplete") >= 30);
  stop_source ();
}
GST_END_TEST;

/* -- states -------------------------------------------------------------------------------- */

static gint flooding;

/* Of every third heap half is missing. */
static gpointer
flood (gpointer fd)
{
  g_autofree Packet *own = g_new0 (Packet, 1);
  guint64 cnt = 0;

  while (g_atomic_int_get (&flooding)) {
    make_part (own, cnt, 20 * cnt, 20, 0, cnt % 3 ? 20 : 10);
    send (GPOINTER_TO_INT (fd), own->bytes, own->size, 0);
    cnt++;
  }
  return NULL;
}

/* Up to 1.22 the base class unreferences a buffer that is NULL where a state change comes
 * between create() and itself, and there is a list. All other logs are failures. */
static void
ignore_null_of_base_class (const gchar *domain, GLogLevelFlags level,
    const gchar *text, gpointer user_data)
{
  if (!g_str_has_prefix (text, "gst_mini_object_unref: assertion 'mini_object"))
    fail ("%s", text);
}

/* With an end that takes, and one that never does. */
GST_START_TEST (states_change_whatever_comes_in)
{
  static const GstState states[] = {GST_STATE_PAUSED, GST_STATE_PLAYING,
      GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_NULL};
  static const gchar *const rests[] = {
      "fakesink", "fakesink sync=true", "queue max-size-buffers=1 ! valve"};
  GThread *thread;
  guint i, k;
  gint fd;

  if (is_up_to_1_22 ())
    g_log_set_handler ("GStreamer", G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING,
        ignore_null_of_base_class, NULL);
  make_source ("max-size-bytes=4096", rests[__i__]);
  g_object_set (source, "port", source_port (), NULL);
  fd = connect_to_source ();
  g_atomic_int_set (&flooding, TRUE);
  thread = g_thread_new ("flood", flood, GINT_TO_POINTER (fd));
  for (i = 0; i < 10; i++)
    for (k = 0; k < G_N_ELEMENTS (states); k++) {
      gst_element_set_state (pipeline, states[k]);
      if (states[k] == GST_STATE_PLAYING)
        wait_until (counter ("datagrams") > 0);
    }
  g_atomic_int_set (&flooding, FALSE);
  g_thread_join (thread);
  close (fd);
  stop_source ();
}
GST_END_TEST;

/* -- what the kernel cuts -------------------------------------------------------------------- */

/* The worker's next call of the kernel is the first one with the fault. */
static void
wait_for_next_call (void)
{
  guint64 calls = faults_receive_calls ();

  wait_until (faults_receive_calls () > calls);
}

/* Its first packets are whole, and the rest of it is not known. */
GST_START_TEST (a_train_that_is_cut_is_counted)
{
  guint i;

  start_source ("sample-bits=8", NULL);
  send_heaps (0, 20, 10);
  for (i = 0; i < 20; i++)
    check_samples (next_buffer (), 10, i);
  make_part (packet, 20, 200, 10, 0, 10);
  faults_truncate_received (3 * packet->size + 20, 1);
  wait_for_next_call ();
  send_heaps (20, 20, 10);
  send_heaps (40, 20, 10);
  for (i = 0; i < 23; i++) {
    GstBuffer *buffer = next_buffer ();

    fail_unless_equals_uint64 (heap_cnt (buffer), 20 + (i < 3 ? i : 17 + i));
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (counter ("truncated"), 1);
  fail_unless_equals_uint64 (counter ("refused-truncated"), 1);
  fail_unless_equals_uint64 (counter ("datagrams"), 44);
  fail_unless_equals_uint64 (counter ("gaps"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 170);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

/* Without its control data nobody can say where its packets end. */
GST_START_TEST (a_train_without_its_size_is_counted)
{
  guint i;

  start_source ("sample-bits=8", NULL);
  send_heaps (0, 20, 10);
  for (i = 0; i < 20; i++)
    check_samples (next_buffer (), 10, i);
  faults_cut_control (1);
  wait_for_next_call ();
  send_heaps (20, 20, 10);
  send_heaps (40, 20, 10);
  for (i = 0; i < 20; i++) {
    GstBuffer *buffer = next_buffer ();

    fail_unless_equals_uint64 (heap_cnt (buffer), 40 + i);
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (counter ("ctrunc"), 1);
  fail_unless_equals_uint64 (counter ("refused-truncated"), 1);
  fail_unless_equals_uint64 (counter ("missing-samples"), 200);
  check_balance ();
  stop_source ();
}
GST_END_TEST;

static Suite *
hostile_suite (void)
{
  Suite *suite = suite_create ("hostile");
  TCase *tc = tcase_create ("hostile");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, foreign_traffic_is_counted_and_disturbs_nothing);
  tcase_add_test (tc, any_bytes_are_counted_and_disturb_nothing);
  tcase_add_test (tc, a_claimed_length_costs_nothing);
  tcase_add_test (tc, heaps_that_are_only_begun_displace_no_other);
  tcase_add_test (tc, tiny_pieces_have_a_limit);
  tcase_add_test (tc, items_that_point_outside_are_none);
#ifndef __SANITIZE_ADDRESS__
  /* GLib drops tables of names that it has outgrown, which are leaks to it. */
  tcase_add_test (tc, values_have_a_limit);
#else
  (void) values_have_a_limit;
#endif
  tcase_add_test (tc, hostile_descriptors_are_refused_and_counted);
  tcase_add_test (tc, descriptors_have_a_limit);
  tcase_add_test (tc, empty_heaps_fill_the_queue);
  tcase_add_test (
      tc, heaps_that_nobody_finishes_keep_no_memory_beyond_the_limits);
  tcase_add_loop_test (tc, states_change_whatever_comes_in, 0, 3);
  tcase_add_test (tc, a_train_that_is_cut_is_counted);
  tcase_add_test (tc, a_train_without_its_size_is_counted);
  return suite;
}

GST_CHECK_MAIN (hostile);
