/* Descriptors read: those of other senders byte for byte, and what is refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "hex.h"
#include "spead2/wire/descriptor.h"
#include "spead2/error.h"

/* A copy without a byte to spare, so that memory checkers see reads behind it. */
static Spead2Descriptor *
read_bytes (
    const guint8 *data, gsize size, Spead2BugCompat bug_compat, GError **error)
{
  guint8 *copy = g_memdup2 (data, size);
  Spead2Descriptor *descriptor =
      spead2_descriptor_from_bytes (copy, size, bug_compat, error);

  g_free (copy);
  return descriptor;
}

static Spead2Descriptor *
read_array (GByteArray *bytes, Spead2BugCompat bug_compat)
{
  GError *error = NULL;
  Spead2Descriptor *descriptor =
      read_bytes (bytes->data, bytes->len, bug_compat, &error);

  fail_unless (descriptor != NULL, "%s", error ? error->message : "");
  g_byte_array_unref (bytes);
  return descriptor;
}

static const struct {
  Spead2Descriptor descriptor;
  guint element_bits;
} known[] = {
    {{.id = 0x16,
         .name = "timestamp",
         .description = "Index\tof the\nfirst sample",
         .formats = {{'u', 40}},
         .n_formats = 1},
        40},
    {{.id = 1,
         .name = "",
         .description = "",
         .dtype = "<f4",
         .fortran_order = TRUE,
         .shape = {2, 0, 200},
         .n_dimensions = 3},
        32},
    {{.id = 0x7f,
         .name = "x",
         .description = "",
         .dtype = "[('re','<f4'),('im','<f4')]"},
        64},
    {{.id = 7,
         .name = "eight of each",
         .description = "",
         .formats = {{'u', 1}, {'i', 12}, {'f', 32}, {'f', 64}, {'c', 8},
             {'b', 1}, {'b', 8}, {'i', 100}},
         .n_formats = 8,
         .shape = {1, 2, SPEAD2_VARIABLE_SIZE, 4, 5, 6, 7, 255},
         .n_dimensions = 8},
        226},
};

/* What is written is read, in every flavour that it fits. */
GST_START_TEST (test_read_what_is_written)
{
  const Spead2Descriptor *descriptor = &known[__i__].descriptor;
  Spead2Flavour flavour;

  for (flavour = 8; flavour <= 56; flavour += 8) {
    GBytes *bytes = spead2_descriptor_to_bytes (descriptor, flavour, NULL);
    Spead2Descriptor *read;
    GError *error = NULL;
    gsize size;
    const guint8 *data;

    fail_unless (bytes != NULL);
    data = g_bytes_get_data (bytes, &size);
    read = read_bytes (data, size, SPEAD2_BUG_COMPAT_NONE, &error);
    fail_unless (read != NULL, "%s", error ? error->message : "");
    fail_unless (spead2_descriptor_equal (read, descriptor));
    fail_unless_equals_int (read->element_bits, known[__i__].element_bits);
    g_free (read);
    g_bytes_unref (bytes);
  }
}
GST_END_TEST

/* Every difference counts. */
GST_START_TEST (test_equal)
{
  const Spead2Descriptor *a = &known[3].descriptor;
  Spead2Descriptor b = *a;

  fail_unless (spead2_descriptor_equal (a, &b));
#define CHECK_DIFFERS(change)                                                  \
  b = *a;                                                                      \
  change;                                                                      \
  fail_if (spead2_descriptor_equal (a, &b), #change);
  CHECK_DIFFERS (b.id++);
  CHECK_DIFFERS (b.name = "other");
  CHECK_DIFFERS (b.description = "other");
  CHECK_DIFFERS (b.dtype = "|i1");
  CHECK_DIFFERS (b.fortran_order = TRUE);
  CHECK_DIFFERS (b.n_formats--);
  CHECK_DIFFERS (b.formats[7].bits++);
  CHECK_DIFFERS (b.formats[0].code = 'i');
  CHECK_DIFFERS (b.n_dimensions--);
  CHECK_DIFFERS (b.shape[7]++);
}
GST_END_TEST

/* As spead2's tutorial in C++ sends it, with a shape beside the numpy header. */
GST_START_TEST (test_read_numpy_header_first)
{
  GByteArray *bytes = g_byte_array_new ();
  Spead2Descriptor *descriptor;

  append_hex (bytes,
      "530403050000000a 8000010000000001 8000020000000060 8000030000000000 "
      "8000040000000060 8000140000003300 0000100000000000 0000110000000001 "
      "0000130000000001 0000120000000001 0000150000000007");
  append_text (bytes, "n");
  append_hex (bytes, "000000000003");
  append_text (
      bytes, "{'shape': (1048576,), 'fortran_order': False, 'descr': 'i1'}");
  append_hex (
      bytes, "0000000000000000000000000000000000000000000000000000000000");
  descriptor = read_array (bytes, SPEAD2_BUG_COMPAT_NONE);
  fail_unless_equals_int (descriptor->id, 0x3300);
  fail_unless_equals_string (descriptor->name, "n");
  fail_unless_equals_string (descriptor->description, "");
  fail_unless_equals_string (descriptor->dtype, "|i1");
  fail_unless_equals_int (descriptor->n_dimensions, 1);
  fail_unless_equals_int (descriptor->shape[0], 1048576);
  fail_unless_equals_int (descriptor->n_formats, 0);
  g_free (descriptor);
}
GST_END_TEST

/* A SPEAD-64-48 packet of an item 7 without name, with these formats and sizes. */
static GByteArray *
make_typed (const gchar *formats, const gchar *shape)
{
  GByteArray *bytes = g_byte_array_new (), *payload = g_byte_array_new ();
  guint8 number[8];
  guint n_format;

  append_hex (payload, formats);
  n_format = payload->len;
  append_hex (payload, shape);
  append_hex (bytes,
      "5304020600000006 8001000000000001 8003000000000000 8014000000000007 "
      "0013000000000000");
  spead2_write_u64 (number, spead2_flavour_addressed (48, 0x12, n_format));
  g_byte_array_append (bytes, number, 8);
  spead2_write_u64 (number, spead2_flavour_immediate (48, 4, payload->len));
  g_byte_array_append (bytes, number, 8);
  g_byte_array_append (bytes, payload->data, payload->len);
  g_byte_array_unref (payload);
  return bytes;
}

/* PySPEAD's widths, and its bit of a variable size: the other one means nothing. */
GST_START_TEST (test_read_pyspead)
{
  Spead2Descriptor *descriptor =
      read_array (make_typed ("75 00000a 69 000010",
                      "02 00000000000000 01 00000000000009 00 00000000000003"),
          SPEAD2_BUG_COMPAT_PYSPEAD_0_5_2);

  fail_unless_equals_int (descriptor->n_formats, 2);
  fail_unless_equals_int (descriptor->formats[0].code, 'u');
  fail_unless_equals_int (descriptor->formats[0].bits, 10);
  fail_unless_equals_int (descriptor->formats[1].code, 'i');
  fail_unless_equals_int (descriptor->formats[1].bits, 16);
  fail_unless_equals_int (descriptor->element_bits, 26);
  fail_unless_equals_int (descriptor->n_dimensions, 3);
  fail_unless_equals_int64 (descriptor->shape[0], SPEAD2_VARIABLE_SIZE);
  fail_unless_equals_int64 (descriptor->shape[1], 9);
  fail_unless_equals_int64 (descriptor->shape[2], 3);
  g_free (descriptor);
}
GST_END_TEST

GST_START_TEST (test_read_swapped)
{
  const Spead2Descriptor written = {.id = 1,
      .name = "n",
      .description = "",
      .dtype = "[('a','<i2'),('b','|u1')]"};
  GBytes *bytes = spead2_descriptor_to_bytes (&written, 40, NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Spead2Descriptor *read =
      read_bytes (data, size, SPEAD2_BUG_COMPAT_SWAP_ENDIAN, NULL);

  fail_unless_equals_string (read->dtype, "[('a','>i2'),('b','|u1')]");
  g_free (read);
  g_bytes_unref (bytes);
}
GST_END_TEST

/* Pointers repeated, payload cut in the middle of a name. */
GST_START_TEST (test_read_several_packets)
{
  GByteArray *bytes = g_byte_array_new ();
  Spead2Descriptor *descriptor;

  append_hex (bytes,
      "5304030500000007 8000010000000001 8000020000000008 8000030000000000 "
      "8000040000000003 8000140000000009 0000100000000000 0000130000000004");
  append_text (bytes, "abc");
  append_hex (bytes,
      "5304030500000007 8000010000000001 8000020000000008 8000030000000003 "
      "8000040000000005 8000140000000009 0000100000000000 0000130000000004");
  append_text (bytes, "du");
  append_hex (bytes, "000008");
  /* Behind the last packet: of no use, and no harm. */
  append_hex (bytes, "5304");
  descriptor = read_array (bytes, SPEAD2_BUG_COMPAT_NONE);
  fail_unless_equals_string (descriptor->name, "abcd");
  fail_unless_equals_int (descriptor->formats[0].bits, 8);
  g_free (descriptor);
}
GST_END_TEST

/* Senders in C fill fields up; a short name may be an immediate. */
GST_START_TEST (test_read_text_without_zeros)
{
  GByteArray *bytes = g_byte_array_new ();
  Spead2Descriptor *descriptor;

  append_hex (bytes,
      "5304030500000007 8000010000000001 8000030000000000 8000040000000008 "
      "8000140000000009 8000100000006162 0000130000000000 0000110000000004");
  append_hex (bytes, "75000008 63640000");
  descriptor = read_array (bytes, SPEAD2_BUG_COMPAT_NONE);
  fail_unless_equals_string (descriptor->name, "ab");
  fail_unless_equals_string (descriptor->description, "cd");
  g_free (descriptor);
}
GST_END_TEST

static void
check_unread (GByteArray *bytes, const gchar *words)
{
  GError *error = NULL;

  fail_unless (read_bytes (bytes->data, bytes->len, SPEAD2_BUG_COMPAT_NONE,
                   &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
  g_error_free (error);
  g_byte_array_unref (bytes);
}

static const gchar *bad_types[][3] = {
    {"", "",
        "Descriptor of item 0x7: it has neither a numpy header nor a format"},
    {"75 00000a", "",
        "format: 4 bytes are no multiple of 3 (does the sender need "
        "bug-compat"},
    {"78 0008", "",
        "format: code 0x78 of 8 bits: its code is none of u, i, f, c, b"},
    {"00 0008", "",
        "format: code 0x00 of 8 bits: its code is none of u, i, f, c, b"},
    {"75 0000", "",
        "format: code 0x75 of 0 bits: it has no bits (does the sender need"},
    {"66 0010", "", "of 16 bits: floats have 32 or 64 bits"},
    {"63 0010", "", "of 16 bits: characters have 8 bits"},
    {"750001 750001 750001 750001 750001 750001 750001 750001 750001", "",
        "format: more than 8 entries"},
    {"750008", "00 00000000000004",
        "shape: 8 bytes are no multiple of 7 (does the sender need bug-compat"},
    {"750008", "01 000000000000 01 000000000000",
        "shape: 2 dimensions are variable"},
    {"750008",
        "00000000000001 00000000000001 00000000000001 00000000000001 "
        "00000000000001 00000000000001 00000000000001 00000000000001 "
        "00000000000001",
        "shape: more than 8 entries"},
};

GST_START_TEST (test_read_bad_types)
{
  check_unread (make_typed (bad_types[__i__][0], bad_types[__i__][1]),
      bad_types[__i__][2]);
}
GST_END_TEST

/* After HEAP_CNT and an offset of 0: the rest of the pointers and the payload, after
 * a payload length of its own. */
static const gchar *bad_packets[][3] = {
    {"8000140000000000", "", "Descriptor: it has no id"},
    {"0000140000000000", "", "Descriptor: it has no id"},
    {"", "", "Descriptor: it has no id"},
    {"8000140000000009 0000100000000000", "41ff",
        "Descriptor of item 0x9: name: 0xff at byte 1 is not ASCII text"},
    {"8000140000000009 0000100000000000", "410a41", "name: 0x0a at byte 1"},
    {"8000140000000009 0000100000000000 0000110000000001", "411b",
        "Descriptor of item 0x9 'A': description: 0x1b at byte 0"},
    {"8000140000000009 0000150000000000", "7b",
        "numpy header: a key is none of 'descr', 'fortran_order' and 'shape', "
        "at "
        "character 1, its end"},
    {"8000140000000009 0000150000000000", "7b00c3",
        "numpy header: 0x00 at byte 1"},
    {"8000140000000009 8000140000000008", "", "item 0x14 occurs twice in it"},
    {"8000020000000005 8000140000000009", "7575",
        "2 bytes of payload came, of 5"},
    {"8000140000000009 0000130000000004", "757575",
        "a field's address is behind its 3 bytes of payload"},
};

GST_START_TEST (test_read_bad_packets)
{
  GByteArray *bytes = g_byte_array_new (), *rest = g_byte_array_new ();
  guint n_pointers, payload;
  guint8 number[8];

  append_hex (rest, bad_packets[__i__][0]);
  n_pointers = 3 + rest->len / 8;
  append_hex (rest, bad_packets[__i__][1]);
  payload = rest->len - 8 * (n_pointers - 3);
  spead2_flavour_write_header (40, n_pointers, number);
  g_byte_array_append (bytes, number, 8);
  append_hex (bytes, "8000010000000001 8000030000000000");
  spead2_write_u64 (number, spead2_flavour_immediate (40, 4, payload));
  g_byte_array_append (bytes, number, 8);
  g_byte_array_append (bytes, rest->data, rest->len);
  g_byte_array_unref (rest);
  check_unread (bytes, bad_packets[__i__][2]);
}
GST_END_TEST

GST_START_TEST (test_read_no_packet)
{
  GByteArray *bytes = g_byte_array_new ();

  append_text (bytes, "no packet");
  check_unread (
      bytes, "Descriptor: its 9 bytes do not begin with a packet (magic)");
  check_unread (g_byte_array_new (), "its 0 bytes do not begin with a packet");
  bytes = g_byte_array_new ();
  g_byte_array_set_size (bytes, SPEAD2_MAX_DESCRIPTOR_SIZE + 1);
  check_unread (bytes, "65537 bytes are more than 65536");
}
GST_END_TEST

/* A second packet at another place, and one of another heap. */
GST_START_TEST (test_read_bad_second_packet)
{
  static const gchar *const second[] = {
      "8000010000000001 8000030000000005", "8000010000000002 8000030000000004"};
  static const gchar *const words[] = {
      "a packet's payload is at offset 5, where the one before it ends at 4",
      "it has packets of two heaps"};
  GByteArray *bytes = g_byte_array_new ();

  append_hex (bytes,
      "5304030500000005 8000010000000001 8000030000000000 8000040000000004 "
      "8000140000000009 0000130000000000 75000008 5304030500000003");
  append_hex (bytes, second[__i__]);
  append_hex (bytes, "8000040000000001 00");
  check_unread (bytes, words[__i__]);
}
GST_END_TEST

GST_START_TEST (test_read_many_pointers)
{
  GByteArray *bytes = g_byte_array_new ();
  guint i;

  append_hex (bytes,
      "530403050000ffff 8000010000000001 8000030000000000 8000040000000000");
  for (i = 3; i < 0xffff; i++) {
    guint8 number[8];

    spead2_write_u64 (number, spead2_flavour_immediate (40, 0x1000 + i, 0));
    g_byte_array_append (bytes, number, 8);
  }
  g_byte_array_set_size (bytes, 8 * 8000);
  bytes->data[6] = 7999 >> 8;
  bytes->data[7] = 7999 & 0xff;
  check_unread (bytes, "more than 64 item pointers");
}
GST_END_TEST

GST_START_TEST (test_read_long_name)
{
  gchar name[258];
  Spead2Descriptor descriptor = {
      .id = 1, .name = name, .description = "", .dtype = "|i1"};
  gint i;

  memset (name, 'n', sizeof name);
  for (i = 0; i < 2; i++) {
    GByteArray *bytes;

    name[255 + i] = '\0';
    bytes = g_bytes_unref_to_array (
        spead2_descriptor_to_bytes (&descriptor, 40, NULL));
    if (i == 0) {
      Spead2Descriptor *read = read_array (bytes, SPEAD2_BUG_COMPAT_NONE);

      fail_unless_equals_string (read->name, name);
      g_free (read);
    } else {
      check_unread (bytes,
          "Descriptor of item 0x1: a name of 256 characters is longer than "
          "255");
    }
    name[255] = 'n';
  }
}
GST_END_TEST

/* Cut anywhere, with any byte changed: nothing behind it is read, and it is read or
 * refused. */
GST_START_TEST (test_read_damaged)
{
  GBytes *bytes =
      spead2_descriptor_to_bytes (&known[__i__].descriptor, 40, NULL);
  gsize size, i;
  guint8 *data = g_bytes_unref_to_data (bytes, &size);

  for (i = 0; i < size; i++) {
    Spead2Descriptor *descriptor;
    GError *error = NULL;
    gint bit;

    fail_unless (read_bytes (data, i, SPEAD2_BUG_COMPAT_NONE, NULL) == NULL);
    for (bit = 0; bit < 8; bit++) {
      data[i] ^= 1 << bit;
      descriptor = read_bytes (data, size, SPEAD2_BUG_COMPAT_NONE, &error);
      fail_unless ((descriptor == NULL) == (error != NULL));
      g_clear_error (&error);
      g_free (descriptor);
      data[i] ^= 1 << bit;
    }
  }
  g_free (data);
}
GST_END_TEST

static Suite *
descriptordecode_suite (void)
{
  Suite *suite = suite_create ("descriptordecode");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_read_what_is_written, 0, G_N_ELEMENTS (known));
  tcase_add_test (tc, test_equal);
  tcase_add_test (tc, test_read_numpy_header_first);
  tcase_add_test (tc, test_read_pyspead);
  tcase_add_test (tc, test_read_swapped);
  tcase_add_test (tc, test_read_several_packets);
  tcase_add_test (tc, test_read_text_without_zeros);
  tcase_add_loop_test (tc, test_read_bad_types, 0, G_N_ELEMENTS (bad_types));
  tcase_add_loop_test (
      tc, test_read_bad_packets, 0, G_N_ELEMENTS (bad_packets));
  tcase_add_test (tc, test_read_no_packet);
  tcase_add_loop_test (tc, test_read_bad_second_packet, 0, 2);
  tcase_add_test (tc, test_read_many_pointers);
  tcase_add_test (tc, test_read_long_name);
  tcase_add_loop_test (tc, test_read_damaged, 0, G_N_ELEMENTS (known));
  return suite;
}

GST_CHECK_MAIN (descriptordecode);
