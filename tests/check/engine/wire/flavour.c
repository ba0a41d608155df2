/* SPEAD-64-N for every N.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/wire/flavour.h"

GST_START_TEST (test_valid)
{
  guint n;

  for (n = 0; n < 200; n++)
    fail_unless_equals_int (spead2_flavour_is_valid (n),
        n == 8 || n == 16 || n == 24 || n == 32 || n == 40 || n == 48 ||
            n == 56);
}
GST_END_TEST

/* What is put into a pointer comes out of it: all powers of two, and one less,
 * as far as they fit. */
GST_START_TEST (test_pointers)
{
  const Spead2Flavour flavour = 8 * (__i__ + 1);
  guint id_bits = 63 - flavour, i, k;

  fail_unless_equals_uint64 (
      spead2_flavour_max_value (flavour), G_MAXUINT64 >> (64 - flavour));
  fail_unless_equals_uint64 (
      spead2_flavour_max_id (flavour), G_MAXUINT64 >> (64 - id_bits));
  fail_unless_equals_int (spead2_flavour_address_size (flavour), flavour / 8);
  fail_unless_equals_int (spead2_flavour_id_size (flavour), 8 - flavour / 8);

  for (i = 0; i <= id_bits; i++) {
    for (k = 0; k <= flavour; k++) {
      guint64 id = (G_GUINT64_CONSTANT (1) << i) - (i == id_bits);
      guint64 value = (G_GUINT64_CONSTANT (1) << k) - (k == flavour);
      guint64 immediate = spead2_flavour_immediate (flavour, id, value);
      guint64 addressed = spead2_flavour_addressed (flavour, id, value);

      if (!spead2_pointer_is_immediate (immediate) ||
          spead2_pointer_is_immediate (addressed) ||
          spead2_pointer_id (flavour, immediate) != id ||
          spead2_pointer_id (flavour, addressed) != id ||
          spead2_pointer_value (flavour, immediate) != value ||
          spead2_pointer_value (flavour, addressed) != value)
        fail ("bit %u of the id and %u of the value", i, k);
    }
  }
}
GST_END_TEST

GST_START_TEST (test_header)
{
  const Spead2Flavour flavour = 8 * (__i__ + 1);
  const guint8 expected[] = {
      0x53, 0x04, 8 - (__i__ + 1), __i__ + 1, 0, 0, 0x12, 0x34};
  guint8 header[8];

  spead2_flavour_write_header (flavour, 0x1234, header);
  fail_unless (memcmp (header, expected, sizeof header) == 0);
}
GST_END_TEST

GST_START_TEST (test_known)
{
  static const guint8 bytes[] = {0x80, 0x16, 0, 0, 0, 0x10, 0, 0};
  guint8 out[8];

  spead2_write_u64 (out, spead2_flavour_immediate (40, 0x1600, 0x100000));
  fail_unless (memcmp (out, bytes, sizeof bytes) == 0);
  fail_unless (spead2_flavour_addressed (40, 0x3300, 0) ==
      G_GUINT64_CONSTANT (0x0033000000000000));
  fail_unless (spead2_flavour_immediate (
                   48, 0x1600, G_GUINT64_CONSTANT (0x123456789abc)) ==
      G_GUINT64_CONSTANT (0x9600123456789abc));
  fail_unless (spead2_flavour_addressed (48, 0x3300, 0) ==
      G_GUINT64_CONSTANT (0x3300000000000000));
}
GST_END_TEST

static Suite *
flavour_suite (void)
{
  Suite *suite = suite_create ("flavour");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_valid);
  tcase_add_loop_test (tc, test_pointers, 0, 7);
  tcase_add_loop_test (tc, test_header, 0, 7);
  tcase_add_test (tc, test_known);
  return suite;
}

GST_CHECK_MAIN (flavour);
