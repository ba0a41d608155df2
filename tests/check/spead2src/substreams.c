/* The table of substreams.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "spead2src/gstspead2srcsubstreams.h"

#define MAX_SUBSTREAMS GST_SPEAD2_SRC_MAX_SUBSTREAMS

static GstSpead2SubstreamKey
key_of (guint64 antenna, guint64 polarisation)
{
  return (GstSpead2SubstreamKey){
      .values = {antenna, polarisation}, .present = 3};
}

GST_START_TEST (each_combination_of_values_is_a_substream)
{
  GstSpead2SrcSubstreams *substreams = gst_spead2_src_substreams_new (NULL);
  GstSpead2SrcSubstream *added[64][2];
  guint a, p;

  for (a = 0; a < 64; a++)
    for (p = 0; p < 2; p++) {
      const GstSpead2SubstreamKey key = key_of (a, p);

      fail_unless (gst_spead2_src_substreams_find (substreams, &key) == NULL);
      added[a][p] = gst_spead2_src_substreams_add (substreams, &key);
    }
  fail_unless_equals_int (gst_spead2_src_substreams_count (substreams), 128);
  for (p = 0; p < 2; p++)
    for (a = 0; a < 64; a++) {
      const GstSpead2SubstreamKey key = key_of (a, p);

      fail_unless (
          gst_spead2_src_substreams_find (substreams, &key) == added[a][p]);
    }
  gst_spead2_src_substreams_free (substreams);
}
GST_END_TEST;

GST_START_TEST (an_item_that_a_heap_lacks_is_not_an_item_of_0)
{
  GstSpead2SrcSubstreams *substreams = gst_spead2_src_substreams_new (NULL);
  GstSpead2SubstreamKey key = key_of (5, 0);

  gst_spead2_src_substreams_add (substreams, &key);
  key.present = 1;
  fail_unless (gst_spead2_src_substreams_find (substreams, &key) == NULL);
  gst_spead2_src_substreams_free (substreams);
}
GST_END_TEST;

GST_START_TEST (there_are_no_more_than_there_may_be)
{
  GstSpead2SrcSubstreams *substreams = gst_spead2_src_substreams_new (NULL);
  guint64 i;

  for (i = 0; i <= MAX_SUBSTREAMS; i++) {
    const GstSpead2SubstreamKey key = key_of (i << 32, i);
    GstSpead2SrcSubstream *added =
        gst_spead2_src_substreams_add (substreams, &key);

    fail_unless_equals_int (added != NULL, i < MAX_SUBSTREAMS);
  }
  fail_unless_equals_int (
      gst_spead2_src_substreams_count (substreams), MAX_SUBSTREAMS);
  for (i = 0; i <= MAX_SUBSTREAMS; i++) {
    const GstSpead2SubstreamKey key = key_of (i << 32, i);
    GstSpead2SrcSubstream *found =
        gst_spead2_src_substreams_find (substreams, &key);

    fail_unless_equals_int (found != NULL, i < MAX_SUBSTREAMS);
  }
  gst_spead2_src_substreams_free (substreams);
}
GST_END_TEST;

/* One that begins behind a wrap of the others is as far as they are. */
GST_START_TEST (a_new_substream_counts_on_from_the_others)
{
  const GstSpead2SubstreamKey first = key_of (1, 0), second = key_of (2, 0);
  const guint64 end = G_GUINT64_CONSTANT (1) << 40;
  GstSpead2SrcSubstreams *substreams = gst_spead2_src_substreams_new (NULL);
  GstSpead2SrcSubstream *one =
      gst_spead2_src_substreams_add (substreams, &first);
  GstSpead2SrcSubstream *two;
  GstSpead2SrcPlace place;

  gst_spead2_src_position_find (&one->position, 40, 1, end - 100, 100, &place);
  gst_spead2_src_position_accept (
      &one->position, 40, 1, end - 100, 100, &place);
  two = gst_spead2_src_substreams_add (substreams, &second);
  gst_spead2_src_position_find (&two->position, 40, 2, 0, 100, &place);
  fail_unless_equals_uint64 (place.index, end);
  fail_unless_equals_uint64 (place.missing, 0);
  fail_if (place.restarted);
  gst_spead2_src_substreams_free (substreams);
}
GST_END_TEST;

GST_START_TEST (the_worst_are_those_that_have_lost_most)
{
  GstSpead2SrcSubstreams *substreams = gst_spead2_src_substreams_new (NULL);
  GArray *worst;
  guint i;

  for (i = 0; i < 100; i++) {
    const GstSpead2SubstreamKey key = key_of (i, 0);
    GstSpead2SrcSubstream *added =
        gst_spead2_src_substreams_add (substreams, &key);

    if (i % 10 == 3) {
      added->losses.gaps = 1;
      added->losses.missing = 1000 + i * 37 % 100;
    }
  }
  worst = gst_spead2_src_substreams_worst (substreams, 64);
  fail_unless_equals_int (worst->len, 10);
  for (i = 0; i < worst->len; i++) {
    const GstSpead2SrcLosses *of =
        &g_array_index (worst, GstSpead2SrcLosses, i);

    fail_unless_equals_uint64 (of->missing, 1091 - 10 * i);
    fail_unless_equals_uint64 (of->key.values[0] % 10, 3);
  }
  g_array_unref (worst);
  worst = gst_spead2_src_substreams_worst (substreams, 4);
  fail_unless_equals_int (worst->len, 4);
  g_array_unref (worst);
  gst_spead2_src_substreams_free (substreams);
}
GST_END_TEST;

static Suite *
substreams_suite (void)
{
  Suite *suite = suite_create ("substreams");
  TCase *tc = tcase_create ("substreams");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, each_combination_of_values_is_a_substream);
  tcase_add_test (tc, an_item_that_a_heap_lacks_is_not_an_item_of_0);
  tcase_add_test (tc, there_are_no_more_than_there_may_be);
  tcase_add_test (tc, a_new_substream_counts_on_from_the_others);
  tcase_add_test (tc, the_worst_are_those_that_have_lost_most);
  return suite;
}

GST_CHECK_MAIN (substreams);
