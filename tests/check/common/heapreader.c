/* What a received heap is to a stream of buffers: item, type, index, values.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "../engine/receive/assemblerfixture.h"
#include "common/gstspead2heapreader.h"
#include "spead2/error.h"

#define WEIGHTS 0x3301

static GstSpead2HeapReaderConfig config;
static GstSpead2HeapReader *reader;
static GstSpead2HeapView view;
static Spead2ReceivedHeap *heap; /* the last one that was read */
static guint64 cnt;

/* The heap that is being made: pointers, and what they point to. */
static Packet pointers;
static GByteArray *payload;

static void
setup (void)
{
  gst_init (NULL, NULL);
  setup_assembler ();
  config = (GstSpead2HeapReaderConfig){.index_item = "timestamp"};
  payload = g_byte_array_new ();
  packet_begin (&pointers, 40);
  cnt = 0;
}

static void
teardown (void)
{
  g_clear_pointer (&reader, gst_spead2_heap_reader_free);
  recycle_heaps ();
  teardown_assembler ();
  g_byte_array_unref (payload);
}

/* -- heaps ------------------------------------------------------------------------- */

static void
add_immediate (guint64 id, guint64 value)
{
  packet_immediate (&pointers, id, value);
}

static void
add_item (guint64 id, gconstpointer bytes, gsize size)
{
  packet_addressed (&pointers, id, payload->len);
  g_byte_array_append (payload, bytes, size);
}

/* So many bytes. */
static void
add_samples (guint64 id, gsize size)
{
  g_autofree guint8 *bytes = g_malloc0 (size);

  add_item (id, bytes, size);
}

static void
add_descriptor (const Spead2Descriptor *descriptor)
{
  GError *error = NULL;
  GBytes *bytes = spead2_descriptor_to_bytes (descriptor, 40, &error);
  gsize size;
  gconstpointer data;

  fail_unless (bytes != NULL, "%s", error ? error->message : "");
  data = g_bytes_get_data (bytes, &size);
  add_item (DESCRIPTOR, data, size);
  g_bytes_unref (bytes);
}

/* One dimension of n elements. */
static void
describe (guint64 id, const gchar *name, const gchar *dtype, gint64 n)
{
  const Spead2Descriptor descriptor = {.id = id,
      .name = name,
      .description = "",
      .dtype = dtype,
      .shape = {n},
      .n_dimensions = 1};

  add_descriptor (&descriptor);
}

/* A number of 40 bits. */
static void
describe_number (guint64 id, const gchar *name)
{
  const Spead2Descriptor descriptor = {.id = id,
      .name = name,
      .description = "",
      .formats = {{'u', 40}},
      .n_formats = 1};

  add_descriptor (&descriptor);
}

/* Sends what has been added, and reads the heap. */
static GstSpead2HeapKind
read_heap (GError **error)
{
  guint i;

  if (reader == NULL) {
    GError *wrong = NULL;

    reader = gst_spead2_heap_reader_new (&config, &wrong);
    fail_unless (reader != NULL, "%s", wrong ? wrong->message : "");
  }
  packet_standard (&packet, ++cnt, payload->len, 0, payload->len);
  packet_set_n_pointers (&packet, 4 + pointers.n_pointers);
  packet_payload (&packet, pointers.bytes + 8, pointers.size - 8);
  packet_payload (&packet, payload->data, payload->len);
  push_packet ();
  heap = next_heap ();
  fail_unless_equals_uint64 (heap->cnt, cnt);
  for (i = 0; i < payload->len; i++)
    fail_unless_equals_int (heap->payload[i], payload->data[i]);
  packet_begin (&pointers, 40);
  g_byte_array_set_size (payload, 0);
  return gst_spead2_heap_reader_read (reader, heap, &view, error);
}

static void
fail_unless_kind (GstSpead2HeapKind kind)
{
  GError *error = NULL;

  fail_unless_equals_int (read_heap (&error), kind);
  fail_unless (error == NULL, "%s", error ? error->message : "");
}

/* Data: that item, from an offset on. */
static void
fail_unless_item (guint64 id, guint64 offset, guint64 size)
{
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless_equals_uint64 (view.id, id);
  fail_unless_equals_uint64 (view.offset, offset);
  fail_unless_equals_uint64 (view.size, size);
}

static void
add_two_items (void)
{
  add_samples (WEIGHTS, 30);
  add_samples (SAMPLES, 50);
}

/* -- the item ------------------------------------------------------------------------ */

GST_START_TEST (the_largest_item_is_the_default)
{
  add_two_items ();
  fail_unless_item (SAMPLES, 30, 50);
  add_samples (WEIGHTS, 60);
  add_samples (SAMPLES, 50);
  fail_unless_item (WEIGHTS, 0, 60);
  fail_unless_equals_uint64 (
      gst_spead2_heap_reader_item_id (reader), SPEAD2_ID_NULL);
}
GST_END_TEST;

/* Descriptors are larger than what they describe. */
GST_START_TEST (a_descriptor_is_no_data)
{
  describe (SAMPLES, "samples", "|i1", 4);
  add_samples (SAMPLES, 4);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless_equals_uint64 (view.id, SAMPLES);
  describe (SAMPLES, "samples", "|i1", 4);
  fail_unless_kind (GST_SPEAD2_HEAP_CONTROL);
}
GST_END_TEST;

GST_START_TEST (an_item_by_its_id)
{
  config.item = "0x3301";
  add_two_items ();
  fail_unless_item (WEIGHTS, 0, 30);
  fail_unless_equals_uint64 (gst_spead2_heap_reader_item_id (reader), WEIGHTS);
  add_samples (SAMPLES, 50);
  fail_unless_kind (GST_SPEAD2_HEAP_NO_ITEM);
  /* A number in a pointer is no data. */
  add_immediate (WEIGHTS, 5);
  add_samples (SAMPLES, 50);
  fail_unless_kind (GST_SPEAD2_HEAP_NO_ITEM);
}
GST_END_TEST;

GST_START_TEST (an_item_by_its_name_from_its_descriptor_on)
{
  GstStructure *values;

  config.item = "weights";
  add_two_items ();
  fail_unless_kind (GST_SPEAD2_HEAP_NO_ITEM);
  describe (WEIGHTS, "weights", "|i1", 30);
  add_two_items ();
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless_equals_uint64 (view.id, WEIGHTS);
  fail_unless_equals_uint64 (gst_spead2_heap_reader_item_id (reader), WEIGHTS);
  /* The name goes to another id. */
  describe (SAMPLES, "weights", "|i1", 50);
  fail_unless_kind (GST_SPEAD2_HEAP_CONTROL);
  add_two_items ();
  fail_unless_item (SAMPLES, 30, 50);
  values = gst_structure_new_empty ("values");
  gst_spead2_heap_reader_write_values (reader, heap, values);
  fail_unless (gst_structure_has_field (values, "item-0x3301"));
  fail_if (gst_structure_has_field (values, "weights"));
  gst_structure_free (values);
}
GST_END_TEST;

GST_START_TEST (all_of_the_payload)
{
  config.item = "payload";
  add_two_items ();
  fail_unless_item (SPEAD2_ID_NULL, 0, 80);
}
GST_END_TEST;

GST_START_TEST (without_addressed_items_the_payload_is_data)
{
  guint8 bytes[7] = {1, 2, 3};

  g_byte_array_append (payload, bytes, sizeof bytes);
  add_immediate (TIMESTAMP, 5);
  fail_unless_item (SPEAD2_ID_NULL, 0, 7);
  add_immediate (TIMESTAMP, 5);
  fail_unless_kind (GST_SPEAD2_HEAP_CONTROL);
  /* Padding of a stop heap. */
  g_byte_array_append (payload, bytes, sizeof bytes);
  add_immediate (STREAM_CTRL, 2);
  fail_unless_kind (GST_SPEAD2_HEAP_CONTROL);
  add_immediate (STREAM_CTRL, 2);
  add_samples (SAMPLES, 7);
  fail_unless_item (SAMPLES, 0, 7);
}
GST_END_TEST;

static void
fail_unless_refused (const gchar *property)
{
  GError *error = NULL;

  fail_unless (gst_spead2_heap_reader_new (&config, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (
      g_str_has_prefix (error->message, property), "%s", error->message);
  g_error_free (error);
}

GST_START_TEST (what_is_no_item_is_an_error)
{
  static const gchar *const texts[] = {
      "6", "0x33 00", "12x", "36028797018963968"};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (texts); i++) {
    config.item = texts[i];
    fail_unless_refused ("item=");
    config.item = NULL;
    config.index_item = texts[i];
    fail_unless_refused ("index-item=");
    config.index_item = NULL;
  }
}
GST_END_TEST;

/* -- the index ------------------------------------------------------------------------- */

static void
fail_unless_index (guint64 index)
{
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless (view.has_index);
  fail_unless_equals_uint64 (view.index, index);
}

GST_START_TEST (timestamp_is_the_index_without_a_descriptor)
{
  add_immediate (TIMESTAMP, 12345);
  add_samples (SAMPLES, 8);
  fail_unless_index (12345);
  fail_unless_equals_int (view.index_bits, 40);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_if (view.has_index);
}
GST_END_TEST;

GST_START_TEST (an_index_by_id_and_by_name)
{
  config.index_item = "0x4000";
  add_immediate (TIMESTAMP, 1);
  add_immediate (0x4000, 2);
  add_samples (SAMPLES, 8);
  fail_unless_index (2);
  g_clear_pointer (&reader, gst_spead2_heap_reader_free);

  config.index_item = "sample";
  add_immediate (0x4000, 2);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_if (view.has_index);
  describe_number (0x4000, "sample");
  add_immediate (0x4000, 3);
  add_samples (SAMPLES, 8);
  fail_unless_index (3);
}
GST_END_TEST;

/* -- heaps like the last one -------------------------------------------------------------- */

static void
add_like (guint64 index, guint64 channel)
{
  add_immediate (TIMESTAMP, index);
  add_immediate (0x4101, channel);
}

static void
fail_unless_like (guint64 index, guint64 channel, guint64 offset, guint64 size)
{
  GstStructure *values = gst_structure_new_empty ("values");
  guint64 value;

  fail_unless_item (SAMPLES, offset, size);
  fail_unless_equals_uint64 (view.index, index);
  fail_unless_equals_uint64 (view.substream.values[0], channel);
  fail_unless (view.has_substream);
  gst_spead2_heap_reader_write_values (reader, heap, values);
  fail_unless (gst_structure_get_uint64 (values, "heap-cnt", &value));
  fail_unless_equals_uint64 (value, heap->cnt);
  fail_unless (gst_structure_get_uint64 (values, "item-0x4101", &value));
  fail_unless_equals_uint64 (value, channel);
  gst_structure_free (values);
}

GST_START_TEST (what_differs_from_the_last_heap_is_read)
{
  config.substream_items = "0x4101";
  config.accept = "0x4101,value=1:8";
  add_like (100, 1);
  add_samples (SAMPLES, 80);
  fail_unless_like (100, 1, 0, 80);
  add_like (200, 2);
  add_samples (SAMPLES, 80);
  fail_unless_like (200, 2, 0, 80);
  /* Not accepted, and not what the next one is like. */
  add_like (300, 9);
  add_samples (SAMPLES, 80);
  fail_unless_kind (GST_SPEAD2_HEAP_NOT_ACCEPTED);
  add_like (400, 3);
  add_samples (SAMPLES, 80);
  fail_unless_like (400, 3, 0, 80);
  /* As many bytes, but the item elsewhere, and then another item. */
  g_byte_array_append (payload, (const guint8 *) "filling", 7);
  add_like (500, 4);
  add_samples (SAMPLES, 73);
  fail_unless_like (500, 4, 7, 73);
  add_like (600, 5);
  add_samples (WEIGHTS, 80);
  fail_unless_item (WEIGHTS, 0, 80);
  /* Fewer items. */
  add_immediate (TIMESTAMP, 700);
  add_samples (SAMPLES, 80);
  fail_unless_kind (GST_SPEAD2_HEAP_NOT_ACCEPTED);
}
GST_END_TEST;

GST_START_TEST (a_heap_without_one_of_the_last_heaps_items_has_no_substream)
{
  config.substream_items = "0x4101";
  add_like (1, 7);
  add_samples (SAMPLES, 8);
  fail_unless_like (1, 7, 0, 8);
  add_immediate (TIMESTAMP, 2);
  add_immediate (0x4102, 7);
  add_samples (SAMPLES, 8);
  fail_unless_item (SAMPLES, 0, 8);
  fail_if (view.has_substream);
  fail_unless_equals_uint64 (view.substream.values[0], 0);
}
GST_END_TEST;

/* -- types -------------------------------------------------------------------------------- */

static void
fail_unless_caps (const gchar *expected)
{
  GstCaps *caps = gst_caps_from_string (expected);

  fail_unless (view.caps && gst_caps_can_intersect (view.caps, caps),
      "%" GST_PTR_FORMAT " are not %s", view.caps, expected);
  gst_caps_unref (caps);
}

GST_START_TEST (what_is_not_described_is_bytes)
{
  add_samples (SAMPLES, 8);
  fail_unless_item (SAMPLES, 0, 8);
  fail_if (view.described);
  fail_unless_equals_uint64 (view.n_samples, 0);
  fail_unless_caps ("application/octet-stream");
}
GST_END_TEST;

GST_START_TEST (a_described_item_has_the_caps_of_its_type)
{
  GstCaps *caps;

  config.rate = (GstSpead2Rate){48000, 1};
  describe (SAMPLES, "samples", "<i2", 4);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless (view.described);
  fail_unless_equals_uint64 (view.n_samples, 4);
  fail_unless_caps (
      "audio/x-raw, format=S16LE, rate=48000, channels=1, layout=interleaved");
  caps = view.caps;
  /* Neither the same descriptor nor none changes them. */
  describe (SAMPLES, "samples", "<i2", 4);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless (view.caps == caps);
  describe (SAMPLES, "samples", "<f4", 2);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless_equals_uint64 (view.n_samples, 2);
  fail_unless_caps ("audio/x-raw, format=F32LE, rate=48000, channels=1");
}
GST_END_TEST;

GST_START_TEST (given_caps_override_a_descriptor)
{
  config.caps = gst_caps_from_string ("audio/x-raw, format=U8, rate=1000, "
                                      "channels=1, layout=interleaved");
  describe (SAMPLES, "samples", "<i2", 4);
  add_samples (SAMPLES, 7); /* which the descriptor contradicts */
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless (view.described);
  fail_unless (gst_caps_is_equal (view.caps, config.caps));
  gst_clear_caps (&config.caps);
}
GST_END_TEST;

GST_START_TEST (given_bits_describe_packed_samples)
{
  config.sample_bits = 12;
  add_samples (SAMPLES, 9);
  fail_unless_item (SAMPLES, 0, 9);
  fail_unless (view.described);
  fail_unless_caps ("application/octet-stream, sample-bits=12");
}
GST_END_TEST;

GST_START_TEST (an_item_that_is_too_small_for_its_descriptor_is_wrong)
{
  GError *error = NULL;

  describe (SAMPLES, "samples", "<i2", 4);
  add_samples (SAMPLES, 7);
  fail_unless_equals_int (read_heap (&error), GST_SPEAD2_HEAP_WRONG_SIZE);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_clear_error (&error);
  fail_unless_equals_int (read_heap (NULL), GST_SPEAD2_HEAP_CONTROL);
  /* What is more than the descriptor says is padding. */
  add_samples (SAMPLES, 9);
  fail_unless_item (SAMPLES, 0, 8);
}
GST_END_TEST;

GST_START_TEST (bad_descriptors_are_counted_and_change_nothing)
{
  GError *error = NULL;

  describe (SAMPLES, "samples", "<i2", 4);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  add_item (DESCRIPTOR, "no descriptor", 13);
  add_item (DESCRIPTOR, "nor this", 8);
  add_samples (SAMPLES, 8);
  fail_unless_equals_int (read_heap (&error), GST_SPEAD2_HEAP_DATA);
  fail_unless_equals_int (view.n_bad, 2);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_clear_error (&error);
  fail_unless_equals_uint64 (view.n_samples, 4);
}
GST_END_TEST;

/* -- values --------------------------------------------------------------------------------- */

static void
fail_unless_values (const gchar *expected)
{
  GstStructure *values = gst_structure_new_empty ("values");
  GstStructure *wanted = gst_structure_from_string (expected, NULL);

  gst_spead2_heap_reader_write_values (reader, heap, values);
  fail_unless (wanted && gst_structure_is_equal (values, wanted),
      "%" GST_PTR_FORMAT " is not %s", values, expected);
  gst_structure_free (wanted);
  gst_structure_free (values);
}

GST_START_TEST (values_have_the_names_of_their_descriptors)
{
  add_immediate (TIMESTAMP, 7);
  add_immediate (0x4101, 3);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless_values ("values, heap-cnt=(guint64)1, item-0x1600=(guint64)7, "
                      "item-0x4101=(guint64)3;");
  describe_number (0x4101, "feng_id");
  describe_number (TIMESTAMP, "timestamp");
  add_immediate (TIMESTAMP, 8);
  add_immediate (0x4101, 4);
  add_samples (SAMPLES, 8);
  fail_unless_kind (GST_SPEAD2_HEAP_DATA);
  fail_unless_values ("values, heap-cnt=(guint64)2, timestamp=(guint64)8, "
                      "feng_id=(guint64)4;");
}
GST_END_TEST;

GST_START_TEST (short_addressed_items_are_values_and_data_is_none)
{
  GstStructure *values = gst_structure_new_empty ("values");
  GBytes *bytes = NULL;
  gsize size;

  add_samples (SAMPLES, 1000);
  add_item (WEIGHTS, "abcde", 5);
  add_samples (0x3302, 500);
  fail_unless_item (SAMPLES, 0, 1000);
  gst_spead2_heap_reader_write_values (reader, heap, values);
  fail_unless (
      gst_structure_get (values, "item-0x3301", G_TYPE_BYTES, &bytes, NULL));
  fail_unless (memcmp (g_bytes_get_data (bytes, &size), "abcde", 5) == 0);
  fail_unless_equals_uint64 (size, 5);
  fail_if (gst_structure_has_field (values, "item-0x3300"));
  fail_if (gst_structure_has_field (values, "item-0x3302"));
  g_bytes_unref (bytes);
  gst_structure_free (values);
}
GST_END_TEST;

static Suite *
heapreader_suite (void)
{
  Suite *suite = suite_create ("heapreader");
  TCase *tc = tcase_create ("heapreader");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, the_largest_item_is_the_default);
  tcase_add_test (tc, a_descriptor_is_no_data);
  tcase_add_test (tc, an_item_by_its_id);
  tcase_add_test (tc, an_item_by_its_name_from_its_descriptor_on);
  tcase_add_test (tc, all_of_the_payload);
  tcase_add_test (tc, without_addressed_items_the_payload_is_data);
  tcase_add_test (tc, what_is_no_item_is_an_error);
  tcase_add_test (tc, timestamp_is_the_index_without_a_descriptor);
  tcase_add_test (tc, an_index_by_id_and_by_name);
  tcase_add_test (tc, what_differs_from_the_last_heap_is_read);
  tcase_add_test (
      tc, a_heap_without_one_of_the_last_heaps_items_has_no_substream);
  tcase_add_test (tc, what_is_not_described_is_bytes);
  tcase_add_test (tc, a_described_item_has_the_caps_of_its_type);
  tcase_add_test (tc, given_caps_override_a_descriptor);
  tcase_add_test (tc, given_bits_describe_packed_samples);
  tcase_add_test (tc, an_item_that_is_too_small_for_its_descriptor_is_wrong);
  tcase_add_test (tc, bad_descriptors_are_counted_and_change_nothing);
  tcase_add_test (tc, values_have_the_names_of_their_descriptors);
  tcase_add_test (tc, short_addressed_items_are_values_and_data_is_none);
  return suite;
}

GST_CHECK_MAIN (heapreader);
