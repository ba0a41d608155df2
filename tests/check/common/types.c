/* Caps to SPEAD types and back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "plugin/common/gstspead2payload.h"
#include "plugin/common/gstspead2types.h"
#include "spead2/heap/payload.h"

/* Divisible by samples of all widths and numbers of channels here. */
#define SIZE (64 * 3 * 5 * 10 * 8)

static const GstSpead2Rate no_rate, khz48 = {48000, 1};

/* What spead2sink says of a payload with these caps; any: of every size. NULL where
 * that cannot be said. */
static Spead2Descriptor *
describe (GstCaps *caps, gsize size, gboolean any)
{
  static const Spead2Item item = {.source = SPEAD2_SOURCE_PAYLOAD};
  Spead2Descriptor descriptor = {
      .id = 0x3300, .name = "samples", .description = ""};
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  GstSpead2Payload of_caps;
  Spead2Payload payload;
  Spead2Descriptor *read;
  GError *error = NULL;
  Spead2Format format;
  GBytes *bytes;

  fail_unless (gst_spead2_payload_from_caps (&of_caps, caps, 0, FALSE, &error),
      "%s", error ? error->message : "");
  spead2_payload_init (&payload, &item, &of_caps.type);
  if (any && !spead2_payload_open_format (&payload, &format))
    return NULL;
  fail_unless (spead2_payload_find_shape (&payload, size, shape, &error), "%s",
      error ? error->message : "");
  spead2_payload_describe (&payload, any ? NULL : shape, &descriptor);
  bytes = spead2_descriptor_to_bytes (&descriptor, 40, NULL);
  read = spead2_descriptor_from_bytes (g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes), SPEAD2_BUG_COMPAT_NONE, &error);
  fail_unless (read != NULL, "%s", error ? error->message : "");
  g_bytes_unref (bytes);
  return read;
}

/* Either may be NULL. */
static void
assert_caps (GstCaps *caps, GstCaps *expected)
{
  gchar *is = caps ? gst_caps_to_string (caps) : NULL;
  gchar *should = expected ? gst_caps_to_string (expected) : NULL;

  fail_unless (
      caps == expected || (is && should && gst_caps_is_equal (caps, expected)),
      "%s, not %s", is, should);
  g_free (is);
  g_free (should);
}

static void
assert_offers (const Spead2Descriptor *descriptor, const GstSpead2Rate *rate,
    GstCaps *caps, gboolean first)
{
  GstCaps *offered = gst_spead2_types_offer (descriptor, rate);
  GstCaps *any = gst_caps_new_any ();
  GstCaps *chosen = gst_spead2_types_choose (offered, first ? any : caps);

  assert_caps (chosen, caps);
  fail_unless (gst_caps_is_fixed (chosen));
  gst_clear_caps (&chosen);
  gst_caps_unref (any);
  gst_caps_unref (offered);
}

/* Of one size and, where that can be said, of any. */
static void
assert_comes_back (
    GstCaps *caps, gsize size, const GstSpead2Rate *rate, gboolean first)
{
  gint any;

  for (any = 0; any < 2; any++) {
    Spead2Descriptor *descriptor = describe (caps, size, any);

    if (descriptor)
      assert_offers (descriptor, rate, caps, first);
    g_free (descriptor);
  }
}

static const gchar *audio_formats[] = {"S8", "U8", "S16LE", "S16BE", "U16LE",
    "U16BE", "S32LE", "S32BE", "U32LE", "U32BE", "F32LE", "F32BE", "F64LE",
    "F64BE", "S24BE", "U24BE"};

GST_START_TEST (test_audio_comes_back)
{
  static const gint channels[] = {1, 2, 5, 64};
  guint i;

  for (i = 0; i < G_N_ELEMENTS (channels); i++) {
    GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING,
        audio_formats[__i__], "layout", G_TYPE_STRING, "interleaved",
        "channels", G_TYPE_INT, channels[i], "rate", G_TYPE_INT, 48000, NULL);

    if (channels[i] > 2)
      gst_caps_set_simple (
          caps, "channel-mask", GST_TYPE_BITMASK, G_GUINT64_CONSTANT (0), NULL);
    assert_comes_back (caps, SIZE, &khz48, TRUE);
    /* The rate is downstream's. */
    assert_comes_back (caps, SIZE, &no_rate, FALSE);
    gst_caps_unref (caps);
  }
}
GST_END_TEST

/* The table has no format that is not tried here. */
GST_START_TEST (test_all_audio_formats_are_tested)
{
  GstCaps *all = gst_caps_from_string ("audio/x-raw");
  GstCaps *typed = gst_spead2_types_restrict (all, FALSE, FALSE);
  guint i, n = 0;

  for (i = 0; i < gst_caps_get_size (typed); i++)
    n += gst_value_list_get_size (
        gst_structure_get_value (gst_caps_get_structure (typed, i), "format"));
  fail_unless_equals_int (n, G_N_ELEMENTS (audio_formats));
  gst_caps_unref (typed);
  gst_caps_unref (all);
}
GST_END_TEST

GST_START_TEST (test_video_comes_back)
{
  static const gchar *const formats[] = {"GRAY8", "GRAY16_LE", "GRAY16_BE"};
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      formats[__i__], "width", G_TYPE_INT, 32, "height", G_TYPE_INT, 5,
      "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
  Spead2Descriptor *descriptor =
      describe (caps, 32 * 5 * (__i__ == 0 ? 1 : 2), FALSE);

  assert_offers (descriptor, &no_rate, caps, FALSE);
  g_free (descriptor);
  gst_caps_unref (caps);
}
GST_END_TEST

/* Samples of every width: first where numpy has no such type. */
GST_START_TEST (test_packed_comes_back)
{
  GstCaps *caps = gst_caps_new_simple ("application/octet-stream",
      "sample-bits", G_TYPE_INT, __i__, "channels", G_TYPE_INT, 1, NULL);
  gboolean first = __i__ != 8 && __i__ != 16 && __i__ != 32 && __i__ != 64;
  gsize size = __i__ * 8;

  assert_comes_back (caps, size, &no_rate, first);
  gst_caps_set_simple (caps, "channels", G_TYPE_INT, 5, NULL);
  assert_comes_back (caps, 5 * size, &no_rate, first);
  gst_caps_set_simple (caps, "rate", GST_TYPE_FRACTION, 25000000, 27, NULL);
  assert_comes_back (caps, 5 * size, &(GstSpead2Rate){25000000, 27}, first);
  gst_caps_unref (caps);
}
GST_END_TEST

/* All that is offered as an item is an item again. */
GST_START_TEST (test_items_come_back)
{
  static const gchar *const items[] = {"dtype=\"<c8\",shape=<-1,4>",
      "dtype=\"[('re','|i1'),('im','|i1')]\",shape=<-1,1024>",
      "dtype=\"[('a','|i1'),('','|V3'),('b','<f4',(2,))]\",shape=<-1>",
      "dtype=\"|S5\",shape=<2,-1>", "format=u10,shape=<-1,2,2>",
      "format=\"u4,i12\",shape=<-1>"};
  gchar *text = g_strconcat ("application/x-spead-item,", items[__i__], NULL);
  GstCaps *caps = gst_caps_from_string (text);
  Spead2Descriptor *descriptor = describe (caps, SIZE * 17 * 4, FALSE);
  const GValue *shape;
  GstCaps *of_size = gst_caps_copy (caps);
  GValue sizes = G_VALUE_INIT;
  guint i;

  /* The size that was open is known now. */
  shape = gst_structure_get_value (gst_caps_get_structure (caps, 0), "shape");
  g_value_init (&sizes, GST_TYPE_ARRAY);
  fail_unless_equals_int (
      gst_value_array_get_size (shape), descriptor->n_dimensions);
  for (i = 0; i < descriptor->n_dimensions; i++) {
    GValue size = G_VALUE_INIT;

    g_value_init (&size, G_TYPE_INT);
    g_value_set_int (&size, descriptor->shape[i]);
    gst_value_array_append_and_take_value (&sizes, &size);
  }
  gst_caps_set_value (of_size, "shape", &sizes);
  assert_offers (descriptor, &no_rate, of_size, TRUE);
  g_value_unset (&sizes);
  gst_caps_unref (of_size);
  gst_caps_unref (caps);
  g_free (descriptor);
  g_free (text);
}
GST_END_TEST

GST_START_TEST (test_bytes_come_back)
{
  GstCaps *caps = gst_caps_new_empty_simple ("application/octet-stream");

  assert_comes_back (caps, 1000, &no_rate, FALSE);
  gst_caps_unref (caps);
}
GST_END_TEST

/* -- first choices ------------------------------------------------------------- */

static const struct {
  const gchar *dtype; /* or NULL: */
  Spead2Format formats[3];
  guint bits;
  gboolean fortran_order;
  guint n_dimensions;
  gint64 shape[3];
  GstSpead2Rate rate;
  const gchar *first;
} choices[] = {
    {"|i1", {{0}}, 8, FALSE, 1, {1048576}, {0, 1},
        "application/x-spead-item,dtype=\"|i1\",shape=<1048576>"},
    {"|i1", {{0}}, 8, FALSE, 1, {1048576}, {1712000000, 1},
        "audio/x-raw,format=S8,layout=interleaved,channels=1,rate=1712000000"},
    /* No rate that audio can have. */
    {"|i1", {{0}}, 8, FALSE, 1, {4096}, {1712000000, 3},
        "application/x-spead-item,dtype=\"|i1\",shape=<4096>,"
        "rate=(fraction)1712000000/3"},
    {"|i1", {{0}}, 8, FALSE, 1, {4096}, {G_GUINT64_CONSTANT (3424000000), 1},
        "application/x-spead-item,dtype=\"|i1\",shape=<4096>"},
    /* No shape of audio. */
    {"<i2", {{0}}, 16, FALSE, 2, {100, 65}, {1000, 1},
        "application/x-spead-item,dtype=\"<i2\",shape=<100,65>,rate=1000"},
    {"<i2", {{0}}, 16, FALSE, 2, {2, -1}, {1000, 1},
        "application/x-spead-item,dtype=\"<i2\",shape=<2,-1>,rate=1000"},
    {"<i2", {{0}}, 16, TRUE, 2, {100, 2}, {1000, 1},
        "application/"
        "x-spead-item,dtype=\"<i2\",shape=<100,2>,order=fortran,rate=1000"},
    {"<i2", {{0}}, 16, FALSE, 3, {100, 2, 2}, {1000, 1},
        "application/x-spead-item,dtype=\"<i2\",shape=<100,2,2>,rate=1000"},
    {"<i2", {{0}}, 16, FALSE, 0, {0}, {0, 1},
        "application/x-spead-item,dtype=\"<i2\",shape=<>"},
    {"|u1", {{0}}, 8, FALSE, 1, {G_GINT64_CONSTANT (5000000000)}, {0, 1},
        "application/x-spead-item,dtype=\"|u1\",shape=<(gint64)5000000000>"},
    /* One order for one dimension. */
    {"<i2", {{0}}, 16, TRUE, 1, {100}, {1000, 1},
        "audio/x-raw,format=S16LE,layout=interleaved,channels=1,rate=1000"},
    /* Not in the table. */
    {"<i8", {{0}}, 64, FALSE, 1, {100}, {1000, 1},
        "application/x-spead-item,dtype=\"<i8\",shape=<100>,rate=1000"},
    {"<c8", {{0}}, 64, FALSE, 1, {100}, {1000, 1},
        "application/x-spead-item,dtype=\"<c8\",shape=<100>,rate=1000"},
    {"[('re','|i1'),('im','|i1')]", {{0}}, 16, FALSE, 2, {100, 2}, {1000, 1},
        "application/x-spead-item,dtype=\"[('re','|i1'),('im','|i1')]\","
        "shape=<100,2>,rate=1000"},
    /* Formats. */
    {NULL, {{'i', 16}}, 16, FALSE, 1, {-1}, {1000, 1},
        "audio/x-raw,format=S16BE,layout=interleaved,channels=1,rate=1000"},
    {NULL, {{'i', 10}}, 10, FALSE, 2, {-1, 2}, {1000, 1},
        "application/octet-stream,sample-bits=10,channels=2,rate=1000"},
    {NULL, {{'i', 24}}, 24, FALSE, 1, {8}, {0, 1},
        "application/octet-stream,sample-bits=24,channels=1"},
    /* Whole bytes, and not: what is left of the last one is no sample. */
    {NULL, {{'i', 12}}, 12, FALSE, 2, {4, 1}, {0, 1},
        "application/octet-stream,sample-bits=12,channels=1"},
    {NULL, {{'i', 12}}, 12, FALSE, 2, {3, 1}, {0, 1},
        "application/x-spead-item,format=i12,shape=<3,1>"},
    {NULL, {{'i', 1}}, 1, FALSE, 1, {7}, {0, 1},
        "application/x-spead-item,format=i1,shape=<7>"},
    {NULL, {{'u', 10}}, 10, FALSE, 1, {8}, {1000, 1},
        "application/x-spead-item,format=u10,shape=<8>,rate=1000"},
    {NULL, {{'i', 65}}, 65, FALSE, 1, {8}, {0, 1},
        "application/x-spead-item,format=i65,shape=<8>"},
    {NULL, {{'u', 8}, {'f', 32}}, 40, FALSE, 1, {8}, {0, 1},
        "application/x-spead-item,dtype=\"[('f0','|u1'),('f1','>f4')]\","
        "shape=<8>"},
    {NULL, {{'i', 4}, {'u', 12}}, 16, FALSE, 1, {8}, {0, 1},
        "application/x-spead-item,format=\"i4,u12\",shape=<8>"},
    {NULL, {{'i', 12}, {'i', 12}}, 24, FALSE, 1, {8}, {1000, 1},
        "application/x-spead-item,format=\"i12,i12\",shape=<8>,rate=1000"},
};

static void
fill_descriptor (Spead2Descriptor *descriptor, guint i)
{
  *descriptor = (Spead2Descriptor){.dtype = choices[i].dtype,
      .element_bits = choices[i].bits,
      .fortran_order = choices[i].fortran_order,
      .n_dimensions = choices[i].n_dimensions};
  memcpy (descriptor->formats, choices[i].formats, sizeof choices[i].formats);
  while (descriptor->formats[descriptor->n_formats].code)
    descriptor->n_formats++;
  memcpy (descriptor->shape, choices[i].shape, sizeof choices[i].shape);
}

GST_START_TEST (test_first_choice)
{
  GstCaps *expected = gst_caps_from_string (choices[__i__].first);
  Spead2Descriptor descriptor;

  fail_unless (expected != NULL);
  fill_descriptor (&descriptor, __i__);
  assert_offers (&descriptor, &choices[__i__].rate, expected, TRUE);
  gst_caps_unref (expected);
}
GST_END_TEST

/* Downstream takes what it takes: bytes, always; a rate that it says. */
static const struct {
  const gchar *downstream;
  const gchar *chosen;
} filters[] = {
    {"application/octet-stream",
        "application/octet-stream,sample-bits=16,channels=2"},
    {"application/octet-stream,sample-bits=0",
        "application/octet-stream,sample-bits=0"},
    {"audio/x-raw", NULL},
    {"audio/x-raw,rate=[1,MAX]", NULL},
    {"audio/x-raw,rate={44100,48000}", NULL},
    {"audio/x-raw,rate=44100",
        "audio/x-raw,format=S16BE,layout=interleaved,channels=2,rate=44100"},
    {"audio/x-raw,rate=[1,MAX];application/x-spead-item",
        "application/x-spead-item,dtype=\">i2\",shape=<16,2>"},
    {"application/x-spead-item,dtype={\"<i2\",\">i2\"},rate=7",
        "application/x-spead-item,dtype=\">i2\",shape=<16,2>,rate=7"},
    {"video/x-raw,format=GRAY8", NULL},
    {"EMPTY", NULL},
};

GST_START_TEST (test_downstream_chooses)
{
  const Spead2Descriptor descriptor = {
      .dtype = ">i2", .element_bits = 16, .shape = {16, 2}, .n_dimensions = 2};
  GstCaps *offered = gst_spead2_types_offer (&descriptor, &no_rate);
  GstCaps *downstream = gst_caps_from_string (filters[__i__].downstream);
  GstCaps *chosen = gst_spead2_types_choose (offered, downstream);
  GstCaps *expected = filters[__i__].chosen
      ? gst_caps_from_string (filters[__i__].chosen)
      : NULL;

  assert_caps (chosen, expected);
  gst_clear_caps (&expected);
  gst_clear_caps (&chosen);
  gst_caps_unref (downstream);
  gst_caps_unref (offered);
}
GST_END_TEST

/* As speakers stand, if downstream says so. */
GST_START_TEST (test_channel_mask_of_downstream)
{
  const Spead2Descriptor descriptor = {
      .dtype = "|i1", .element_bits = 8, .shape = {16, 6}, .n_dimensions = 2};
  GstCaps *caps = gst_caps_from_string (
      "audio/x-raw,format=S8,layout=interleaved,channels=6,rate=48000,"
      "channel-mask=(bitmask)0x3f");

  assert_offers (&descriptor, &khz48, caps, FALSE);
  gst_caps_unref (caps);
}
GST_END_TEST

/* Rows of GStreamer's pictures begin at multiples of 4 bytes. */
GST_START_TEST (test_no_video_with_padding)
{
  const Spead2Descriptor descriptor = {
      .dtype = "|u1", .element_bits = 8, .shape = {5, 30}, .n_dimensions = 2};
  GstCaps *offered = gst_spead2_types_offer (&descriptor, &no_rate);
  GstCaps *video = gst_caps_new_empty_simple ("video/x-raw");

  fail_if (gst_caps_can_intersect (offered, video));
  gst_caps_unref (video);
  gst_caps_unref (offered);
}
GST_END_TEST

static Suite *
types_suite (void)
{
  Suite *suite = suite_create ("types");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (
      tc, test_audio_comes_back, 0, G_N_ELEMENTS (audio_formats));
  tcase_add_test (tc, test_all_audio_formats_are_tested);
  tcase_add_loop_test (tc, test_video_comes_back, 0, 3);
  tcase_add_loop_test (
      tc, test_packed_comes_back, 1, GST_SPEAD2_MAX_SAMPLE_BITS + 1);
  tcase_add_loop_test (tc, test_items_come_back, 0, 6);
  tcase_add_test (tc, test_bytes_come_back);
  tcase_add_loop_test (tc, test_first_choice, 0, G_N_ELEMENTS (choices));
  tcase_add_loop_test (tc, test_downstream_chooses, 0, G_N_ELEMENTS (filters));
  tcase_add_test (tc, test_channel_mask_of_downstream);
  tcase_add_test (tc, test_no_video_with_padding);
  return suite;
}

GST_CHECK_MAIN (types);
