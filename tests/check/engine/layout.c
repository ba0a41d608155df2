/* What every heap carries, and when receivers are told.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>
#include <sys/socket.h>

#include "../fakereceiver.h"
#include "spead2/error.h"
#include "spead2/layout.h"
#include "spead2/packetizer.h"

static Spead2Layout *layout;
static FakeReceiver *receiver;
static guint64 next_cnt;

static void
setup (void)
{
  layout = spead2_layout_new (40, NULL);
  fail_unless (layout != NULL);
  receiver = fake_receiver_new (AF_UNSPEC);
}

static void
teardown (void)
{
  spead2_layout_free (layout);
  fake_receiver_free (receiver);
}

static Spead2Heap *
make_heap (gsize size, guint64 sample_index, GError **error)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size + 7, NULL);
  const Spead2HeapValues values = {buffer, 7, size, sample_index};
  Spead2Heap *heap;

  gst_buffer_memset (buffer, 0, 0xee, 7);
  gst_buffer_memset (buffer, 7, 0x5a, size);
  heap = spead2_layout_make_heap (layout, &values, error);
  gst_buffer_unref (buffer);
  return heap;
}

/* Makes a heap and what the receiver makes of it. */
static const FakeHeap *
receive (gsize size, guint64 sample_index, gboolean described)
{
  GError *error = NULL;
  Spead2Heap *heap = make_heap (size, sample_index, &error);
  Spead2PacketConfig config;
  Spead2Packetizer packetizer;
  const FakeHeap *received;
  guint8 *packet = g_malloc (2000);
  struct iovec *iov = g_new (struct iovec, SPEAD2_PACKET_MAX_IOV);

  fail_unless (heap != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (
      heap->flags, described ? SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_BARRIER : 0);
  fail_unless_equals_int (heap->n_pointers, described ? 4 : 2);
  heap->cnt = ++next_cnt;
  spead2_packet_config_init (&config, heap->flavour, 1472);
  fail_unless (spead2_packet_config_check (&config, NULL));
  spead2_packetizer_start (&packetizer, &config, heap);
  while (spead2_packetizer_peek (&packetizer)) {
    GByteArray *bytes = g_byte_array_new ();
    guint n_iov = spead2_packetizer_peek (&packetizer)->n_iov, i;

    spead2_packetizer_write (&packetizer, 1, packet, iov);
    for (i = 0; i < n_iov; i++)
      g_byte_array_append (bytes, iov[i].iov_base, iov[i].iov_len);
    fail_unless (fake_receiver_feed (receiver, bytes->data, bytes->len), "%s",
        fake_receiver_error (receiver));
    g_byte_array_unref (bytes);
  }
  g_free (packet);
  g_free (iov);
  spead2_heap_free (heap);

  received = fake_receiver_heap_by_cnt (receiver, next_cnt);
  fail_unless (received->complete);
  fail_unless_equals_int (
      fake_heap_n_descriptors (received), described ? 2 : 0);
  return received;
}

static void
check_values (const FakeHeap *heap, guint64 sample_index, gsize size)
{
  const guint8 *bytes;
  guint64 value;
  gsize n, i;
  const FakeItem *items = (const FakeItem *) (gpointer) heap->items->data;
  guint at = heap->items->len >= 4 ? 2 : 0;

  fail_unless (fake_heap_immediate (heap, 0x1600, &value));
  fail_unless_equals_uint64 (value, sample_index);
  bytes = fake_heap_bytes (heap, 0x3300, &n);
  fail_unless_equals_uint64 (n, size);
  for (i = 0; i < n; i++)
    if (bytes[i] != 0x5a)
      fail ("byte %" G_GSIZE_FORMAT, i);
  /* Their order, which some receivers go by. */
  fail_unless_equals_uint64 (items[at].id, 0x1600);
  fail_unless_equals_uint64 (items[at + 1].id, 0x3300);
}

static FakeDescriptor *
get_descriptor (const FakeHeap *heap, guint n)
{
  gchar *error = NULL;
  FakeDescriptor *descriptor = fake_heap_descriptor (heap, n, &error);

  fail_unless (descriptor != NULL, "%s", error ? error : "");
  return descriptor;
}

static void
check_numpy (const FakeHeap *heap, const gchar *expected)
{
  FakeDescriptor *descriptor = get_descriptor (heap, 1);

  fail_unless_equals_uint64 (descriptor->id, 0x3300);
  fail_unless_equals_string (descriptor->name, "adc_samples");
  fail_unless_equals_string (descriptor->numpy, expected);
  fake_descriptor_free (descriptor);
}

GST_START_TEST (test_default)
{
  const FakeHeap *heap = receive (1000, 0, TRUE);
  FakeDescriptor *descriptor = get_descriptor (heap, 0);

  check_values (heap, 0, 1000);
  fail_unless_equals_uint64 (descriptor->id, 0x1600);
  fail_unless_equals_string (descriptor->name, "timestamp");
  fail_unless_equals_string (
      descriptor->description, "Index of the first sample");
  fail_unless_equals_int (descriptor->n_formats, 1);
  fail_unless_equals_int (descriptor->formats[0].code, 'u');
  fail_unless_equals_uint64 (descriptor->formats[0].bits, 40);
  fail_unless_equals_int (descriptor->n_dimensions, 0);
  fail_unless (descriptor->numpy == NULL);
  fail_unless_equals_uint64 (descriptor->size, 118);
  fake_descriptor_free (descriptor);
  check_numpy (
      heap, "{'descr': '|u1', 'fortran_order': False, 'shape': (1000,)}");
}
GST_END_TEST

/* Once, and again when the shape or the type is another, or when told to. */
GST_START_TEST (test_when_described)
{
  const Spead2PayloadType stereo = {
      .dtype = "<i2", .sample_size = 2, .channels = 2};

  receive (1000, 0, TRUE);
  check_values (receive (1000, 1000, FALSE), 1000, 1000);
  receive (1000, 2000, FALSE);
  check_numpy (receive (500, 3000, TRUE),
      "{'descr': '|u1', 'fortran_order': False, 'shape': (500,)}");
  receive (500, 3500, FALSE);
  receive (1000, 4000, TRUE);
  spead2_layout_forget_descriptors (layout);
  receive (1000, 5000, TRUE);
  receive (1000, 6000, FALSE);

  fail_unless_equals_uint64 (spead2_layout_frame_size (layout), 1);
  spead2_layout_set_payload_type (layout, &stereo);
  fail_unless_equals_uint64 (spead2_layout_frame_size (layout), 4);
  check_numpy (receive (1000, 7000, TRUE),
      "{'descr': '<i2', 'fortran_order': False, 'shape': (250, 2)}");
  receive (1000, 7250, FALSE);
  /* A heap without data has a shape too. */
  check_numpy (receive (0, 7500, TRUE),
      "{'descr': '<i2', 'fortran_order': False, 'shape': (0, 2)}");
}
GST_END_TEST

GST_START_TEST (test_format)
{
  const Spead2PayloadType type = {
      .format = {'i', 24}, .sample_size = 3, .channels = 2};
  FakeDescriptor *descriptor;

  spead2_layout_set_payload_type (layout, &type);
  descriptor = get_descriptor (receive (600, 0, TRUE), 1);
  fail_unless (descriptor->numpy == NULL);
  fail_unless_equals_int (descriptor->n_formats, 1);
  fail_unless_equals_int (descriptor->formats[0].code, 'i');
  fail_unless_equals_uint64 (descriptor->formats[0].bits, 24);
  fail_unless_equals_int (descriptor->n_dimensions, 2);
  fail_unless (descriptor->shape[0] == 100 && descriptor->shape[1] == 2);
  fake_descriptor_free (descriptor);
}
GST_END_TEST

GST_START_TEST (test_wrap)
{
  const guint64 modulus = G_GUINT64_CONSTANT (1) << 40;

  check_values (receive (100, modulus - 1, TRUE), modulus - 1, 100);
  check_values (receive (100, modulus, FALSE), 0, 100);
  check_values (receive (100, 3 * modulus + 5, FALSE), 5, 100);
  check_values (receive (100, G_MAXUINT64, FALSE), modulus - 1, 100);
}
GST_END_TEST

GST_START_TEST (test_wrong_size)
{
  const Spead2PayloadType type = {
      .dtype = "<i2", .sample_size = 2, .channels = 3};
  GError *error = NULL;
  gsize size;

  spead2_layout_set_payload_type (layout, &type);
  for (size = 1; size < 6; size++) {
    fail_unless (make_heap (600 + size, 0, &error) == NULL);
    fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
    fail_unless (strstr (error->message, "3 channels of 2") != NULL);
    g_clear_error (&error);
  }
  /* Nobody has been told yet. */
  receive (600, 0, TRUE);
  fail_unless (make_heap (5, 0, NULL) == NULL);
  receive (600, 100, FALSE);
}
GST_END_TEST

/* A heap that was not made describes nothing. */
GST_START_TEST (test_too_long)
{
  GError *error = NULL;

  spead2_layout_free (layout);
  layout = spead2_layout_new (16, NULL);
  fail_unless (make_heap (65536, 0, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_clear_error (&error);
  fail_unless (make_heap (65500, 0, &error) == NULL);
  g_clear_error (&error);
  receive (60000, 0, TRUE);
  receive (60000, 0, FALSE);
}
GST_END_TEST

GST_START_TEST (test_flavours)
{
  guint flavour;

  for (flavour = 0; flavour <= 64; flavour++) {
    GError *error = NULL;
    Spead2Layout *other = spead2_layout_new (flavour, &error);

    if (flavour >= 8 && flavour <= 48 && flavour % 8 == 0) {
      fail_unless (other != NULL);
      spead2_layout_free (other);
    } else {
      fail_unless (other == NULL);
      fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
      fail_unless (strstr (error->message,
                       flavour == 56 ? "'timestamp' does not fit SPEAD-64-56"
                                     : "does not exist") != NULL,
          "%s", error->message);
      g_error_free (error);
    }
  }
}
GST_END_TEST

static Suite *
layout_suite (void)
{
  Suite *suite = suite_create ("layout");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_default);
  tcase_add_test (tc, test_when_described);
  tcase_add_test (tc, test_format);
  tcase_add_test (tc, test_wrap);
  tcase_add_test (tc, test_wrong_size);
  tcase_add_test (tc, test_too_long);
  tcase_add_test (tc, test_flavours);
  return suite;
}

GST_CHECK_MAIN (layout);
