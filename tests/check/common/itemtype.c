/* The type of an item as the user gives it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "common/gstspead2itemtype.h"
#include "spead2/error.h"

#define V SPEAD2_VARIABLE_SIZE

static const struct {
  const gchar *text;
  guint n;
  gint64 sizes[SPEAD2_MAX_DIMENSIONS];
} shapes[] = {
    {"(1024,2)", 2, {1024, 2}},
    {"(1024,)", 1, {1024}},
    {"7", 1, {7}},
    {" ( -1, 2 ) ", 2, {V, 2}},
    {"1,1,1,1,1,1,1,-1", 8, {1, 1, 1, 1, 1, 1, 1, V}},
    {"72057594037927935", 1, {G_GUINT64_CONSTANT (72057594037927935)}},
    /* Wrong ones. */
    {"()", 0, {0}},
    {"(-1,-1)", 0, {0}},
    {"(0,2)", 0, {0}},
    {"(-2)", 0, {0}},
    {"(2", 0, {0}},
    {"((2))", 0, {0}},
    {"2,,3", 0, {0}},
    {"two", 0, {0}},
    {"2x", 0, {0}},
    {"1,1,1,1,1,1,1,1,1", 0, {0}},
    {"72057594037927936", 0, {0}},
    {"99999999999999999999", 0, {0}},
};

GST_START_TEST (a_shape_is_sizes)
{
  GstSpead2ItemType type;
  GError *error = NULL;
  guint i;

  fail_unless_equals_int (
      gst_spead2_item_type_parse (&type, NULL, shapes[__i__].text, 0, &error),
      shapes[__i__].n > 0);
  if (shapes[__i__].n == 0) {
    fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
    fail_unless (strstr (error->message, shapes[__i__].text) != NULL);
    g_error_free (error);
    return;
  }
  fail_unless_equals_int (type.n_dimensions, shapes[__i__].n);
  for (i = 0; i < type.n_dimensions; i++)
    fail_unless_equals_int64 (type.shape[i], shapes[__i__].sizes[i]);
}
GST_END_TEST;

GST_START_TEST (a_wrong_dtype_and_two_types_are_errors)
{
  GstSpead2ItemType type;
  GError *error = NULL;

  fail_if (gst_spead2_item_type_parse (&type, "|i3", NULL, 0, &error));
  fail_unless (strstr (error->message, "dtype=|i3") != NULL);
  g_clear_error (&error);
  fail_if (gst_spead2_item_type_parse (&type, "|i1", NULL, 10, &error));
  fail_unless (strstr (error->message, "dtype=|i1 and sample-bits=10") != NULL);
  g_clear_error (&error);
}
GST_END_TEST;

/* Of an item that is described as (frames, 3) of i12, and of one that is not. */
static const struct {
  const gchar *dtype;
  const gchar *shape;
  guint sample_bits;
  gboolean described;
  /* What it is then. */
  const gchar *as;
  guint bits;
  guint n;
  gint64 sizes[2];
} types[] = {
    {NULL, NULL, 0, TRUE, NULL, 12, 2, {100, 3}},
    {NULL, "(-1,)", 0, TRUE, NULL, 12, 1, {V}},
    {"int16", NULL, 0, TRUE, G_BYTE_ORDER == G_LITTLE_ENDIAN ? "<i2" : ">i2",
        16, 1, {V}},
    {NULL, NULL, 8, TRUE, "|i1", 8, 1, {V}},
    {NULL, "(5,4)", 10, TRUE, NULL, 10, 2, {5, 4}},
    {"<c8", "(-1,2)", 0, FALSE, "<c8", 64, 2, {V, 2}},
    {NULL, "(2)", 0, FALSE, NULL, 0, 0, {0}},
    {NULL, NULL, 0, FALSE, NULL, 0, 0, {0}},
};

GST_START_TEST (a_type_replaces_a_descriptor_or_a_part_of_it)
{
  const Spead2Descriptor described = {.name = "samples",
      .formats = {{'i', 12}},
      .n_formats = 1,
      .shape = {100, 3},
      .n_dimensions = 2,
      .element_bits = 12};
  Spead2Descriptor descriptor;
  GstSpead2ItemType type;
  guint i;

  fail_unless (gst_spead2_item_type_parse (&type, types[__i__].dtype,
      types[__i__].shape, types[__i__].sample_bits, NULL));
  fail_unless_equals_int (
      gst_spead2_item_type_apply (
          &type, types[__i__].described ? &described : NULL, &descriptor),
      types[__i__].bits > 0);
  if (types[__i__].bits == 0)
    return;
  fail_unless_equals_string (descriptor.dtype, types[__i__].as);
  fail_unless_equals_int (descriptor.n_formats, types[__i__].as ? 0 : 1);
  fail_unless_equals_int (descriptor.element_bits, types[__i__].bits);
  fail_unless_equals_int (descriptor.n_dimensions, types[__i__].n);
  for (i = 0; i < types[__i__].n; i++)
    fail_unless_equals_int64 (descriptor.shape[i], types[__i__].sizes[i]);
}
GST_END_TEST;

static Suite *
itemtype_suite (void)
{
  Suite *suite = suite_create ("itemtype");
  TCase *tc = tcase_create ("itemtype");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, a_shape_is_sizes, 0, G_N_ELEMENTS (shapes));
  tcase_add_test (tc, a_wrong_dtype_and_two_types_are_errors);
  tcase_add_loop_test (tc, a_type_replaces_a_descriptor_or_a_part_of_it, 0,
      G_N_ELEMENTS (types));
  return suite;
}

GST_CHECK_MAIN (itemtype);
