/* Items that are one number.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "spead2/wire/number.h"

#define FLAVOUR 40

static const guint8 payload[] = {0xff, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde,
    0xf0, 0x80, 0, 0, 0, 0, 0, 0x01};

static Spead2NumberType
type_of (const gchar *dtype, gchar code, guint bits)
{
  Spead2Descriptor descriptor = {.dtype = dtype,
      .formats = {{code, bits}},
      .n_formats = dtype == NULL,
      .element_bits = bits};

  return spead2_number_type_of (&descriptor);
}

static const struct {
  const gchar *dtype; /* or NULL: */
  gchar code;
  guint bits;
  gboolean immediate;
  guint64 value; /* or the address */
  guint64 size;  /* of an addressed item */
  guint64 number;
} numbers[] = {
    /* The first bits of an addressed item's bytes. */
    {NULL, 'u', 64, FALSE, 1, 8, G_GUINT64_CONSTANT (0x123456789abcdef0)},
    {NULL, 'u', 12, FALSE, 1, 2, 0x123},
    {NULL, 'u', 12, FALSE, 1, 4, 0x123},
    {NULL, 'i', 12, FALSE, 0, 2, -15},
    {NULL, 'i', 1, FALSE, 0, 1, -1},
    {NULL, 'b', 1, FALSE, 9, 1, 1},
    {"<u4", 0, 32, FALSE, 1, 4, 0x78563412},
    {">i2", 0, 16, FALSE, 7, 2, -8464},
    /* The last bytes of an immediate. */
    {NULL, 'u', 40, TRUE, G_GUINT64_CONSTANT (0x123456789a), 0,
        G_GUINT64_CONSTANT (0x123456789a)},
    {NULL, 'u', 8, TRUE, G_GUINT64_CONSTANT (0x123456789a), 0, 0x9a},
    {NULL, 'i', 8, TRUE, G_GUINT64_CONSTANT (0x123456789a), 0, -102},
    {NULL, 'u', 12, TRUE, 0x1230, 0, 0x123},
    {"<i2", 0, 16, TRUE, 0xfeff, 0, -2},
    {"|u1", 0, 8, TRUE, 5, 0, 5},
    {">f4", 0, 32, TRUE, 0x3fa00000, 0, 0x3fa00000},
};

GST_START_TEST (test_numbers)
{
  Spead2NumberType type =
      type_of (numbers[__i__].dtype, numbers[__i__].code, numbers[__i__].bits);
  Spead2ItemView item = {0x1234, numbers[__i__].value, numbers[__i__].size,
      numbers[__i__].immediate};

  fail_unless (spead2_number_fits (&type, &item, FLAVOUR));
  fail_unless_equals_uint64_hex (
      spead2_number_read (&type, &item, payload), numbers[__i__].number);
}
GST_END_TEST

GST_START_TEST (test_no_numbers)
{
  Spead2Descriptor array = {
      .dtype = "<i2", .element_bits = 16, .n_dimensions = 1, .shape = {1}};
  Spead2Descriptor fields = {
      .formats = {{'u', 4}, {'u', 4}}, .n_formats = 2, .element_bits = 8};

  fail_unless_equals_int (spead2_number_type_of (NULL).bits, 0);
  fail_unless_equals_int (spead2_number_type_of (&array).bits, 0);
  fail_unless_equals_int (spead2_number_type_of (&fields).bits, 0);
  fail_unless_equals_int (type_of (NULL, 'c', 8).bits, 0);
  fail_unless_equals_int (type_of (NULL, 'u', 65).bits, 0);
  fail_unless_equals_int (type_of ("|S3", 0, 24).bits, 0);
  fail_unless_equals_int (type_of ("<f2", 0, 16).bits, 0);
  fail_unless_equals_int (type_of ("[('a','<i2')]", 0, 16).bits, 0);
}
GST_END_TEST

/* An immediate of which nothing is known is a number; bytes are not. */
GST_START_TEST (test_sizes)
{
  Spead2NumberType none = {0}, u24 = type_of (NULL, 'u', 24);
  Spead2NumberType u48 = type_of (NULL, 'u', 48);
  Spead2ItemView immediate = {0x1234, 7, 0, TRUE};
  Spead2ItemView two = {0x1234, 0, 2, FALSE};

  fail_unless (spead2_number_fits (&none, &immediate, 40));
  fail_unless_equals_uint64 (
      spead2_number_read (&none, &immediate, payload), 7);
  fail_if (spead2_number_fits (&none, &two, 40));
  fail_if (spead2_number_fits (&u24, &two, 40));
  fail_if (spead2_number_fits (&u48, &immediate, 40));
  fail_unless (spead2_number_fits (&u48, &immediate, 48));
}
GST_END_TEST

/* Of all that are said to step, each is read as that. */
GST_START_TEST (numbers_that_step_are_read_so)
{
  const struct {
    const gchar *dtype;
    gchar code;
    guint bits;
  } types[] = {{NULL, 'u', 8}, {NULL, 'u', 12}, {NULL, 'u', 40},
      {NULL, 'i', 16}, {NULL, 'b', 8}, {"<u2", 0, 16}, {">f4", 0, 32},
      {">u4", 0, 32}};
  const guint64 mask = (G_GUINT64_CONSTANT (1) << FLAVOUR) - 1;
  GRand *rand = g_rand_new_with_seed (1);
  guint i, k, n_steps = 0;

  for (i = 0; i < 20000; i++) {
    guint at = i % G_N_ELEMENTS (types), n = g_rand_int_range (rand, 2, 10);
    Spead2NumberType type =
        type_of (types[at].dtype, types[at].code, types[at].bits);
    guint64 value = g_rand_int (rand) >> g_rand_int_range (rand, 0, 32);
    guint64 step = g_rand_int_range (rand, -300, 300);
    Spead2ItemView item = {.value = value & mask, .immediate = TRUE};
    guint64 number = spead2_number_read (&type, &item, payload);

    if (!spead2_number_steps (&type, &item, step, n))
      continue;
    n_steps++;
    for (k = 0; k < n; k++, item.value = (item.value + step) & mask)
      fail_unless_equals_uint64 (
          spead2_number_read (&type, &item, payload), number + k * step);
  }
  fail_unless (n_steps > 2000, "%u", n_steps);
  g_rand_free (rand);
}
GST_END_TEST;

/* A value that is back where it was has left its bits in between. */
GST_START_TEST (numbers_that_leave_their_bits_do_not_step)
{
  Spead2NumberType u8 = type_of (NULL, 'u', 8);
  Spead2ItemView item = {.value = 100, .immediate = TRUE};

  fail_unless (spead2_number_steps (&u8, &item, 31, 6));
  fail_if (spead2_number_steps (&u8, &item, 32, 6));
  fail_unless (spead2_number_steps (&u8, &item, -(guint64) 20, 6));
  fail_if (spead2_number_steps (&u8, &item, -(guint64) 21, 6));
  fail_unless (spead2_number_steps (&u8, &item, 0, G_MAXUINT));
  fail_if (spead2_number_steps (&u8, &item, G_GUINT64_CONSTANT (1) << 62, 5));
}
GST_END_TEST;

static Suite *
number_suite (void)
{
  Suite *suite = suite_create ("number");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_numbers, 0, G_N_ELEMENTS (numbers));
  tcase_add_test (tc, numbers_that_step_are_read_so);
  tcase_add_test (tc, numbers_that_leave_their_bits_do_not_step);
  tcase_add_test (tc, test_no_numbers);
  tcase_add_test (tc, test_sizes);
  return suite;
}

GST_CHECK_MAIN (number);
