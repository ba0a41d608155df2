/* The generator of adctestsrc alone, against its definition in adcnoise.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "plugin/adctestsrc/adcnoise.h"

static gint8 *
fill (guint64 seed, gint minimum, gint maximum, guint64 first, gsize count)
{
  gint8 *samples = g_malloc (count);
  AdcNoise noise;

  adc_noise_init (&noise, seed, minimum, maximum);
  adc_noise_fill (&noise, first, samples, count);

  return samples;
}

/* The vectors here and below were computed by tests/interop/adcnoise.py. */
static const gint8 seed_1[32] = {-27, -63, -29, -59, 99, 2, -36, 73, 70, -82,
    -38, -73, -16, 6, -14, 65, 49, -8, -26, 83, -95, -20, -59, -28, 79, 93, 4,
    46, -4, 73, -46, 89};
static const gint8 seed_max[32] = {-2, -71, 71, -76, -79, -42, -8, -72, -4, 0,
    -89, -90, -14, -62, 67, 93, 74, 99, 45, -9, 22, 92, -62, -34, 44, 42, -96,
    77, -92, 24, -45, -43};
static const gint8 seed_1_full_range[32] = {-35, -80, -37, -75, 126, 2, -47, 93,
    89, -105, -48, -93, -21, 7, -18, 83, 61, -11, -34, 105, -121, -27, -75, -37,
    100, 118, 5, 59, -5, 92, -59, 113};
/* Samples 65520 to 65551, around the beginning of the second block. */
static const gint8 seed_1_block[32] = {23, -66, 27, -21, -9, 10, 7, 31, -32, 32,
    84, -95, 42, 85, 38, 32, 86, 29, -36, -25, -37, 5, -96, -63, 24, -27, 80,
    41, -9, 64, 98, 28};
/* Around sample 2^48. */
static const gint8 seed_1_far[32] = {-8, 53, -99, -23, 45, -46, -50, -32, 100,
    78, 47, 62, 60, -96, -16, 54, 39, -64, 74, -22, -82, 15, 43, 42, 96, 94, 12,
    -5, -96, -74, -43, -39};

static void
assert_samples (guint64 seed, gint minimum, gint maximum, guint64 first,
    const gint8 *expected, gsize count)
{
  gint8 *samples = fill (seed, minimum, maximum, first, count);

  for (gsize i = 0; i < count; i++)
    fail_unless (samples[i] == expected[i],
        "sample %" G_GUINT64_FORMAT " of seed %" G_GUINT64_FORMAT
        " is %d instead of %d",
        first + i, seed, samples[i], expected[i]);
  g_free (samples);
}

GST_START_TEST (test_vectors)
{
  assert_samples (1, -100, 100, 0, seed_1, 32);
  assert_samples (G_MAXUINT64, -100, 100, 0, seed_max, 32);
  assert_samples (1, -128, 127, 0, seed_1_full_range, 32);
  assert_samples (1, -100, 100, 65520, seed_1_block, 32);
  assert_samples (
      1, -100, 100, (G_GUINT64_CONSTANT (1) << 48) - 16, seed_1_far, 32);
}
GST_END_TEST;

GST_START_TEST (test_words_are_drawn_again)
{
  /* The first samples of seed 1 whose word lies above k * range. */
  const guint64 n[] = {6377, 7468, 12945};
  const gint8 expected[] = {-35, -53, 90};

  for (guint i = 0; i < G_N_ELEMENTS (n); i++)
    assert_samples (1, -100, 100, n[i], &expected[i], 1);
}
GST_END_TEST;

static const struct {
  guint64 seed;
  guint64 first;
  gsize count;
  gint minimum;
  gint maximum;
  const gchar *sha256;
} checksums[] = {
    {G_GUINT64_CONSTANT (0x1), G_GUINT64_CONSTANT (0x0), 200000, -100, 100,
        "595b8ee157b128f26d819029ead20a8f16eb0ccb75e0977b5e2c108d0dcb704d"},
    {G_GUINT64_CONSTANT (0x1), G_GUINT64_CONSTANT (0xfde8), 70000, -100, 100,
        "0b65f7154304323eb5b4e8fd28223614578e0b569dd16415e1b442eca6bf0ad6"},
    {G_GUINT64_CONSTANT (0xffffffffffffffff),
        G_GUINT64_CONSTANT (0xfffffffffc18), 66000, -100, 100,
        "da03f97391247a497b4935da74e3d5a496d3ee20c5a7160bdd822f88e8922269"},
    {G_GUINT64_CONSTANT (0x7), G_GUINT64_CONSTANT (0x3039), 100001, -128, 127,
        "cf597c297cba1b1396f3797cbf55415b1031f600e5db6ccf986fce19a3703455"},
    {G_GUINT64_CONSTANT (0x7), G_GUINT64_CONSTANT (0x3), 70000, -127, 127,
        "a4bc6038a41f9e0e030c80bed5827d9b3a891126900f524409d499a43b6dbc99"},
    {G_GUINT64_CONSTANT (0x7), G_GUINT64_CONSTANT (0x0), 70000, 5, 5,
        "09d8a81449649659a2a44476f7f262e8f30134a49ddcd2d37cb076ca4dfc1e5d"},
    {G_GUINT64_CONSTANT (0x7), G_GUINT64_CONSTANT (0x0), 70000, -1, 0,
        "53c0fe97e9e478b1a16689f4eb398de9e4824a5a8d62cf67e0bd882b47823996"},
    {G_GUINT64_CONSTANT (0x7), G_GUINT64_CONSTANT (0x0), 70000, -1, 1,
        "32088ac5f137db0fab17b5b4345ef0b0c689a53798973895d95a59c622a07cee"},
    {G_GUINT64_CONSTANT (0x7), G_GUINT64_CONSTANT (0x0), 70000, -128, 110,
        "05f457796b35d0ef2b5c99766eaa79bb258119c482c83252d0ec6112276a81b0"},
    {G_GUINT64_CONSTANT (0x63), G_GUINT64_CONSTANT (0x1ffff), 140000, 0, 126,
        "a4416ebbbeea6e6c9aa02281b696e0f0b084ea9dda89e36297be512546fde2d1"},
    {G_GUINT64_CONSTANT (0x0), G_GUINT64_CONSTANT (0x8000000000000000), 65536,
        -50, 50,
        "a2fa5971250a78df96929149c382141247f647285b49da5af1581c8964f2a6f7"},
};

GST_START_TEST (test_checksums)
{
  gint8 *samples = fill (checksums[__i__].seed, checksums[__i__].minimum,
      checksums[__i__].maximum, checksums[__i__].first, checksums[__i__].count);
  gchar *sha256 = g_compute_checksum_for_data (
      G_CHECKSUM_SHA256, (const guchar *) samples, checksums[__i__].count);

  assert_equals_string (sha256, checksums[__i__].sha256);
  g_free (sha256);
  g_free (samples);
}
GST_END_TEST;

/* Ends of ranges of every size, in turn at the lower end, in the middle and at
 * the upper end of what 8 bits hold. */
static void
range_of_size (guint size, gint *minimum, gint *maximum)
{
  const gint room = 256 - size;

  *minimum = -128 + room * (gint) (size % 3) / 2;
  *maximum = *minimum + size - 1;
}

/* Sets the lanes so that their next step gives the words from first on: what a lane
 * gives is rotl (s[0] + s[3], 23) + s[0]. */
static void
give_words (guint64 lanes[4][ADC_NOISE_LANES], guint first)
{
  for (guint lane = 0; lane < ADC_NOISE_LANES; lane++) {
    guint64 result = 0;

    for (guint i = 0; i < 4; i++)
      result |= (guint64) (first + 4 * lane + i) << (16 * i);
    lanes[0][lane] = 0;
    lanes[1][lane] = lanes[2][lane] = 1;
    lanes[3][lane] = result >> 23 | result << 41;
  }
}

/* All 65536 words through every kernel: the division is exact, each value has k
 * words, and the rest are marked to be drawn again. */
GST_START_TEST (test_map_is_exact_for_every_word)
{
  gint8 *samples = g_new (gint8, 65536);
  const AdcNoiseKernel *kernel;

  for (guint kernels = 0; (kernel = adc_noise_kernel (kernels)); kernels++) {
    for (guint range = 1; range <= 256; range++) {
      guint counts[257] = {0};
      guint k = 65536 / range;
      gint minimum, maximum;
      AdcNoise noise;

      range_of_size (range, &minimum, &maximum);
      adc_noise_init (&noise, 1, minimum, maximum);
      for (guint i = 0; i < 65536; i += ADC_NOISE_STEP) {
        give_words (noise.lanes, i);
        kernel->fill (noise.lanes, &noise.map, samples + i, 1);
      }
      for (guint i = 0; i < 65536; i++) {
        guint index = i / k;

        /* A check costs more than the map of all words. */
        if (index > range || (guint8) samples[i] != (guint8) (minimum + index))
          fail ("%s kernel, range %u, word %u: sample %d", kernel->name, range,
              i, samples[i]);
        counts[index]++;
      }
      for (guint i = 0; i < range; i++)
        if (counts[i] != k)
          fail ("range %u: index %u has %u words", range, i, counts[i]);
      fail_unless_equals_int (counts[range], 65536 - k * range);
    }
  }
  g_free (samples);
}
GST_END_TEST;

GST_START_TEST (test_kernels_give_the_same_samples)
{
  const gsize count = 3 * ADC_NOISE_BLOCK + 77;
  const AdcNoiseKernel *kernel;
  gint8 *samples = g_malloc (count);

  for (guint range = 1; range <= 256; range += range < 10 ? 1 : 41) {
    gint minimum, maximum;
    gint8 *expected;

    range_of_size (range, &minimum, &maximum);
    expected = fill (3, minimum, maximum, 1000, count);
    for (guint i = 0; (kernel = adc_noise_kernel (i)); i++) {
      AdcNoise noise;

      adc_noise_init (&noise, 3, minimum, maximum);
      noise.kernel = kernel;
      adc_noise_fill (&noise, 1000, samples, count);
      fail_unless (memcmp (samples, expected, count) == 0, "%s, range %u",
          kernel->name, range);
    }
    g_free (expected);
  }
  g_free (samples);
}
GST_END_TEST;

static const gsize cuts[] = {
    1, 7, 63, 64, 65, 1000, 4095, 4096, 65535, 65536, 65537, 200000};

GST_START_TEST (test_cuts_do_not_change_samples)
{
  const gsize count = 5 * ADC_NOISE_BLOCK + 11;
  const gsize cut = cuts[__i__];
  gint8 *expected = fill (5, -100, 100, 0, count);
  gint8 *samples = g_malloc0 (count);
  AdcNoise noise;

  adc_noise_init (&noise, 5, -100, 100);
  for (gsize at = 0; at < count; at += cut)
    adc_noise_fill (&noise, at, samples + at, MIN (cut, count - at));
  fail_unless (memcmp (samples, expected, count) == 0);
  g_free (expected);
  g_free (samples);
}
GST_END_TEST;

GST_START_TEST (test_jumps_do_not_change_samples)
{
  const gsize count = 4 * ADC_NOISE_BLOCK;
  gint8 *expected = fill (6, -100, 100, 0, count);
  GRand *rand = g_rand_new_with_seed (1);
  gint8 *samples = g_malloc (count);
  AdcNoise noise;

  adc_noise_init (&noise, 6, -100, 100);
  for (guint i = 0; i < 2000; i++) {
    gsize at = g_rand_int_range (rand, 0, count);
    gsize part = g_rand_int_range (rand, 0, MIN (count - at, 40000) + 1);

    /* Every third one begins with a tile, every ninth with a block. */
    if (i % 3 == 0)
      at -= at % (i % 9 == 0 ? ADC_NOISE_BLOCK : ADC_NOISE_TILE);
    adc_noise_fill (&noise, at, samples, part);
    fail_unless (memcmp (samples, expected + at, part) == 0,
        "%" G_GSIZE_FORMAT " samples at %" G_GSIZE_FORMAT, part, at);
  }
  g_rand_free (rand);
  g_free (expected);
  g_free (samples);
}
GST_END_TEST;

GST_START_TEST (test_nothing_is_written_beyond_the_end)
{
  gint8 samples[200];
  AdcNoise noise;

  adc_noise_init (&noise, 1, -100, 100);
  for (guint first = 0; first < 130; first++) {
    for (guint count = 0; count < 190; count++) {
      memset (samples, 127, sizeof samples);
      adc_noise_fill (&noise, first, samples + 4, count);
      for (guint i = 0; i < sizeof samples; i++)
        if ((samples[i] == 127) != (i < 4 || i >= 4 + count))
          fail ("first %u, count %u: byte %u", first, count, i);
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_going_on_is_cheap)
{
  /* One sample at a time through a block: the lanes go on, a tile for every 4096
   * samples, instead of through the block from its beginning each time. */
  AdcNoise noise;
  gint8 *expected;
  gint8 sample;

  adc_noise_init (&noise, 1, -100, 100);
  for (guint i = 0; i < ADC_NOISE_BLOCK; i++) {
    /* Lanes that began anew would not have kept this. */
    if (i == 40000)
      noise.lanes[0][0] = 0;
    adc_noise_fill (&noise, i, &sample, 1);
    if (noise.next_step !=
        (i / ADC_NOISE_TILE + 1) * (ADC_NOISE_TILE / ADC_NOISE_STEP))
      fail ("sample %u left step %" G_GUINT64_FORMAT, i, noise.next_step);
  }
  expected = fill (1, -100, 100, ADC_NOISE_BLOCK - 64, 64);
  fail_unless (memcmp (noise.samples + ADC_NOISE_TILE - 64, expected, 64) != 0);
  g_free (expected);
}
GST_END_TEST;

GST_START_TEST (test_seeds_differ)
{
  gint8 *one = fill (1, -100, 100, 0, 1024);
  gint8 *two = fill (2, -100, 100, 0, 1024);
  guint same = 0;

  for (guint i = 0; i < 1024; i++)
    same += one[i] == two[i];
  /* 1024 / 201 are expected: 5, with a standard deviation of 2.3. */
  fail_unless (same < 20, "%u samples of 1024 are the same", same);
  g_free (one);
  g_free (two);
}
GST_END_TEST;

GST_START_TEST (test_copy_is_independent)
{
  gint8 *expected = fill (9, -100, 100, 0, 300);
  gint8 a[100], b[100];
  AdcNoise noise, copy;

  adc_noise_init (&noise, 9, -100, 100);
  adc_noise_fill (&noise, 0, a, 100);
  copy = noise;
  adc_noise_fill (&noise, 200, a, 100);
  adc_noise_fill (&copy, 100, b, 100);
  fail_unless (memcmp (a, expected + 200, 100) == 0);
  fail_unless (memcmp (b, expected + 100, 100) == 0);
  g_free (expected);
}
GST_END_TEST;

/* 16 Mi samples: the histogram against a uniform one, neighbours against
 * independence, the mean square against its value. The limits are five
 * standard deviations of what ideal noise would do; the seed is fixed. */
GST_START_TEST (test_uniform)
{
  const gsize count = 1 << 24;
  const gdouble mean_square = (201.0 * 201.0 - 1) / 12;
  gint8 *samples = fill (20, -100, 100, 0, count);
  guint histogram[201] = {0};
  gdouble chi_square = 0.0;
  gint64 sum = 0, squares = 0, lag_1 = 0, lag_64 = 0;

  for (gsize i = 0; i < count; i++) {
    gint x = samples[i];

    if (x < -100 || x > 100)
      fail ("sample %" G_GSIZE_FORMAT " is %d", i, x);
    histogram[x + 100]++;
    sum += x;
    squares += x * x;
    lag_1 += i >= 1 ? x * samples[i - 1] : 0;
    lag_64 += i >= 64 ? x * samples[i - 64] : 0;
  }
  for (guint i = 0; i < 201; i++) {
    gdouble expected = count / 201.0;

    chi_square += pow (histogram[i] - expected, 2) / expected;
  }
  /* 200 degrees of freedom: a variance of 400. */
  fail_unless (fabs (chi_square - 200) < 5 * sqrt (400), "%g", chi_square);
  fail_unless (fabs ((gdouble) sum / count) < 5 * sqrt (mean_square / count));
  /* The variance of a uniform variable's square is 4 / 5 of its squared mean
   * square. */
  fail_unless (fabs ((gdouble) squares / count - mean_square) <
          5 * mean_square * sqrt (0.8 / count),
      "%g", (gdouble) squares / count);
  fail_unless (fabs ((gdouble) lag_1 / count) < 5 * mean_square / sqrt (count));
  fail_unless (
      fabs ((gdouble) lag_64 / count) < 5 * mean_square / sqrt (count));
  g_free (samples);
}
GST_END_TEST;

static Suite *
adcnoise_suite (void)
{
  Suite *s = suite_create ("adcnoise");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_words_are_drawn_again);
  tcase_add_loop_test (tc, test_checksums, 0, G_N_ELEMENTS (checksums));
  tcase_add_test (tc, test_map_is_exact_for_every_word);
  tcase_add_test (tc, test_kernels_give_the_same_samples);
  tcase_add_loop_test (
      tc, test_cuts_do_not_change_samples, 0, G_N_ELEMENTS (cuts));
  tcase_add_test (tc, test_jumps_do_not_change_samples);
  tcase_add_test (tc, test_nothing_is_written_beyond_the_end);
  tcase_add_test (tc, test_going_on_is_cheap);
  tcase_add_test (tc, test_seeds_differ);
  tcase_add_test (tc, test_copy_is_independent);
  tcase_add_test (tc, test_uniform);

  return s;
}

GST_CHECK_MAIN (adcnoise);
