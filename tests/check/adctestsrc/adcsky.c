/* Noise that sources share, against its definition in adcsky.h: values, where they
 * may be entered, and what a correlator finds in them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "gaussian.h"
#include "wavedata.h"

#define FRAMES 9036

static AdcWaveConfig
config_for (AdcWaveFormat format, guint channels)
{
  const AdcWaveConfig config = {.shape = ADC_WAVE_GAUSSIAN,
      .format = format,
      .channels = channels,
      .rate = 48000,
      .seed = 7,
      .standard_deviation = 20,
      .correlation = 0.3,
      .sky_seed = 11,
      .delay = 60123};

  return config;
}

/* Formats whose samples are made in different ways, and channels. */
static const struct {
  AdcWaveFormat format;
  guint channels;
  /* MD5 of frames 60000 to 69035, from tests/interop/adcwave.py. Of their sky, the
   * first 123 frames are before frame 0. */
  const gchar *md5;
} kinds[] = {
    {ADC_WAVE_S8, 1, "a4d1a5ae1237592e098bb1b3fd2de735"},
    {ADC_WAVE_S8, 3, "fa402413ebd8900ab11ef1d32039c8f0"},
    {ADC_WAVE_S8, 64, "d59fd40b937dfdbefdeafa8c7b9183a2"},
    {ADC_WAVE_S16LE, 1, "c5cb70c3412869f545af27b19cf8d64d"},
    {ADC_WAVE_S10, 3, "dc604c39daa72f66f432948c7b7e8c91"},
    {ADC_WAVE_F64LE, 2, "b1acf14e8097599a8def0f0df84406ff"},
};

GST_START_TEST (test_samples_are_those_of_the_definition)
{
  const AdcWaveConfig config =
      config_for (kinds[__i__].format, kinds[__i__].channels);
  gpointer data = fill (&config, 60000, FRAMES);
  gchar *md5 = g_compute_checksum_for_data (
      G_CHECKSUM_MD5, data, bytes_of (&config, FRAMES));

  assert_equals_string (md5, kinds[__i__].md5);
  g_free (md5);
  g_free (data);
}
GST_END_TEST;

/* -- the gaussian integers ---------------------------------------------------------- */

/* The four bytes of a word are independent: their variances add up. */
GST_START_TEST (test_mean_square_is_exact)
{
  const guint32 ends[] = {0x77777777, 0xffffffff};
  gint32 extremes[2];
  gdouble mean_square = 0;

  for (guint byte = 0; byte < 4; byte++) {
    guint32 words[256];
    gint32 numbers[256];
    gdouble sum = 0, squares = 0;

    for (guint i = 0; i < 256; i++)
      words[i] = i << (8 * byte);
    adc_sky_numbers (words, numbers, 256);
    for (guint i = 0; i < 256; i++) {
      sum += numbers[i];
      squares += (gdouble) numbers[i] * numbers[i];
    }
    mean_square += squares / 256 - sum / 256 * (sum / 256);
  }
  fail_unless_equals_float (mean_square, ADC_SKY_MEAN_SQUARE);
  adc_sky_numbers (ends, extremes, 2);
  fail_unless_equals_int (extremes[0], 14859 * 256 + 17145 * 257);
  fail_unless_equals_int (extremes[1], -(14859 * 256 + 17145 * 257));
}
GST_END_TEST;

/* All words that are ends of the tables, with factors of all sizes: numbers of 64
 * bits would give the same. */
GST_START_TEST (test_no_sum_overflows_in_any_kernel)
{
  const guint32 ends[] = {0x77777777, 0xffffffff, 0, 0x88888888};
  guint32 sky[ADC_SKY_TOGETHER], own[ADC_SKY_TOGETHER];
  AdcWaveKernel kernel;

  for (guint i = 0; i < ADC_SKY_TOGETHER; i++) {
    sky[i] = ends[i % 4];
    own[i] = ends[i / 4 % 4];
  }
  for (gdouble sd = 0; sd < 1e10; sd = 1.7 * sd + 1e-9) {
    gint32 s[ADC_SKY_TOGETHER], o[ADC_SKY_TOGETHER];
    const gdouble limited = MIN (sd, ADC_SKY_DEVIATION_MAX);
    AdcSkyScale scale;

    adc_sky_scale_init (&scale, sd, 0.5);
    adc_sky_numbers (sky, s, ADC_SKY_TOGETHER);
    adc_sky_numbers (own, o, ADC_SKY_TOGETHER);
    for (guint k = 0; adc_wave_kernel (k, &kernel); k++) {
      gint8 samples[ADC_SKY_TOGETHER];

      kernel.mix (&scale, sky, own, samples, ADC_SKY_TOGETHER);
      for (guint i = 0; i < ADC_SKY_TOGETHER; i++) {
        gdouble counts =
            limited * (s[i] + o[i]) / sqrt (2 * ADC_SKY_MEAN_SQUARE);

        fail_unless (fabs (samples[i] - CLAMP (counts, -128, 127)) < 0.51,
            "%s, deviation %g: %d instead of %g", kernel.name, sd, samples[i],
            counts);
      }
    }
  }
}
GST_END_TEST;

/* -- where a stream is entered ------------------------------------------------------ */

GST_START_TEST (test_kernels_give_the_same_samples)
{
  const AdcWaveConfig config =
      config_for (kinds[__i__].format, kinds[__i__].channels);
  const gsize size = bytes_of (&config, FRAMES);
  gpointer expected = fill (&config, 60000, FRAMES);
  gpointer data = g_malloc (size);
  AdcWaveKernel kernel;

  for (guint i = 0; adc_wave_kernel (i, &kernel); i++) {
    AdcWave wave;

    adc_wave_init (&wave, &config);
    adc_wave_set_kernel (&wave, &kernel);
    adc_wave_fill (&wave, 60000, data, FRAMES);
    fail_unless (memcmp (data, expected, size) == 0, "%s", kernel.name);
  }
  g_free (data);
  g_free (expected);
}
GST_END_TEST;

/* In order, at odd places, and then anywhere; over frame 2^64 - 1, and the sky over
 * its frame 0. */
static void
check_entries (const AdcWaveConfig *config, guint64 first)
{
  guint8 *whole = fill (config, first, FRAMES);
  guint8 *part = g_malloc (bytes_of (config, FRAMES));
  GRand *rand = g_rand_new_with_seed (1);
  gsize at = 0;
  AdcWave wave;

  adc_wave_init (&wave, config);
  for (guint i = 0; i < 200; i++) {
    gsize drawn = (gsize) g_rand_int_range (rand, 0, 300) * 4;
    gsize count = MIN (drawn, FRAMES - at);

    adc_wave_fill (&wave, first + at, part, count);
    fail_unless (memcmp (part, whole + bytes_of (config, at),
                     bytes_of (config, count)) == 0,
        "%" G_GSIZE_FORMAT " frames at %" G_GSIZE_FORMAT, count, at);
    at = i < 20 ? at + count
                : (gsize) g_rand_int_range (rand, 0, FRAMES / 4) * 4;
  }
  g_rand_free (rand);
  g_free (part);
  g_free (whole);
}

GST_START_TEST (test_samples_do_not_depend_on_cuts_and_seeks)
{
  AdcWaveConfig config =
      config_for (kinds[__i__].format, kinds[__i__].channels);

  check_entries (&config, 60000);
  config.channels = 1;
  config.delay = -1000;
  check_entries (&config, G_MAXUINT64 - 3999);
  config.delay = G_MININT64;
  check_entries (&config, 0);
}
GST_END_TEST;

/* Where there is nothing but sky, a delay is the distance between equal samples. */
GST_START_TEST (test_delay_moves_the_sky_by_whole_samples)
{
  const gint64 delays[] = {
      1, 31, 64, 65537, -1, -100001, G_MAXINT64, G_MININT64};
  AdcWaveConfig config =
      config_for (kinds[__i__].format, kinds[__i__].channels);

  config.correlation = 1;
  for (guint i = 0; i < G_N_ELEMENTS (delays); i++) {
    const guint64 first = 5000;
    gpointer late, undelayed;

    config.delay = delays[i];
    late = fill (&config, first, 400);
    config.delay = 0;
    undelayed = fill (&config, first - (guint64) delays[i], 400);
    fail_unless (memcmp (late, undelayed, bytes_of (&config, 400)) == 0,
        "delay %" G_GINT64_FORMAT, delays[i]);
    g_free (late);
    g_free (undelayed);
  }
}
GST_END_TEST;

GST_START_TEST (test_without_correlation_the_sky_does_not_matter)
{
  AdcWaveConfig config =
      config_for (kinds[__i__].format, kinds[__i__].channels);
  gpointer with, without;

  config.correlation = 0;
  with = fill (&config, 60000, FRAMES);
  config.sky_seed = 12;
  config.delay = 3;
  without = fill (&config, 60000, FRAMES);
  fail_unless (memcmp (with, without, bytes_of (&config, FRAMES)) == 0);
  g_free (with);
  g_free (without);
}
GST_END_TEST;

/* -- statistics ------------------------------------------------------------------------- */

/* As test_gaussian_histogram() of adcwave.c: all of it sky, and half of it. */
GST_START_TEST (test_histogram_is_gaussian)
{
  static const gdouble correlations[] = {1, 0.5, 1e-3};
  const guint part = 1 << 16;
  AdcWaveConfig config = config_for (ADC_WAVE_S8, 1);
  gint8 *samples = g_malloc (part);
  guint64 histogram[256] = {0};
  guint64 count;
  AdcWave wave;

  config.correlation = correlations[__i__];
  adc_wave_init (&wave, &config);
  for (count = 0; count < MANY_SAMPLES; count += part) {
    adc_wave_fill (&wave, count, samples, part);
    for (guint i = 0; i < part; i++)
      histogram[samples[i] + 128]++;
  }
  fail_unless (fabs (surprise (histogram, count, 20)) < 5, "%g",
      surprise (histogram, count, 20));
  g_free (samples);
}
GST_END_TEST;

#define PART (1 << 18)

/* What a correlator finds at a lag: frame n of x with frame n + lag of y, both in
 * units of their own standard deviations, over MANY_SAMPLES frames. */
static gdouble
correlate (
    const AdcWaveConfig *x_config, const AdcWaveConfig *y_config, gint64 lag)
{
  gint8 *x = g_malloc (PART), *y = g_malloc (PART);
  gdouble xy = 0, xx = 0, yy = 0;
  AdcWave x_wave, y_wave;

  adc_wave_init (&x_wave, x_config);
  adc_wave_init (&y_wave, y_config);
  for (guint64 n = 0; n < MANY_SAMPLES; n += PART) {
    gint64 sum_xy = 0, sum_xx = 0, sum_yy = 0;

    adc_wave_fill (&x_wave, n, x, PART);
    adc_wave_fill (&y_wave, n + (guint64) lag, y, PART);
    for (guint i = 0; i < PART; i++) {
      sum_xy += x[i] * y[i];
      sum_xx += x[i] * x[i];
      sum_yy += y[i] * y[i];
    }
    xy += sum_xy;
    xx += sum_xx;
    yy += sum_yy;
  }
  g_free (x);
  g_free (y);

  return xy / sqrt (xx * yy);
}

/* The coefficient of a bivariate normal distribution is found with a standard error of
 * (1 - r^2) / sqrt (N), which is at most 1 / sqrt (N). Rounding to integers adds
 * noise of variance 1 / 12 to each sample, which has nothing in common with the
 * signal or with the other sample's (Widrow's model; what it neglects is below
 * exp (-2 pi^2 d^2), 1e-34 at a deviation d of 2): the variance d^2 becomes d^2 + 1 / 12,
 * the covariance stays (Sheppard). The limits exclude a coefficient that ignores this for d = 2. */
static void
check_coefficients (
    gdouble deviation, gdouble c1, gdouble c2, gint64 delay1, gint64 delay2)
{
  const gint64 lag = delay2 - delay1;
  const gint64 elsewhere[] = {
      lag - 1, lag + 1, lag + 32, lag - 64, lag + 65536, -lag, 0};
  const gdouble limit = 5 / sqrt (MANY_SAMPLES);
  AdcWaveConfig x = config_for (ADC_WAVE_S8, 1);
  AdcWaveConfig y = config_for (ADC_WAVE_S8, 1);
  gdouble expected, found;

  x.standard_deviation = y.standard_deviation = deviation;
  x.correlation = c1;
  x.delay = delay1;
  y.correlation = c2;
  y.delay = delay2;
  y.seed = 8;
  expected = sqrt (c1 * c2) / (1 + 1 / (12 * deviation * deviation));
  found = correlate (&x, &y, lag);
  fail_unless (fabs (found - expected) < limit, "%g instead of %g within %g",
      found, expected, limit);
  for (guint i = 0; i < G_N_ELEMENTS (elsewhere); i++) {
    if (elsewhere[i] == lag)
      continue;
    found = correlate (&x, &y, elsewhere[i]);
    fail_unless (fabs (found) < limit, "%g at lag %" G_GINT64_FORMAT, found,
        elsewhere[i]);
  }
}

GST_START_TEST (test_coefficient_is_the_root_of_both_correlations)
{
  check_coefficients (20, 0.5, 0.02, 1000, -234);
}
GST_END_TEST;

GST_START_TEST (test_coefficient_of_coarse_samples_is_lower)
{
  check_coefficients (2, 0.81, 0.64, -5, 32763);
}
GST_END_TEST;

/* The same seed for both purposes, and another sky. */
GST_START_TEST (test_seeds_have_nothing_in_common)
{
  const gdouble limit = 5 / sqrt (MANY_SAMPLES);
  AdcWaveConfig sky = config_for (ADC_WAVE_S8, 1);
  AdcWaveConfig other = config_for (ADC_WAVE_S8, 1);
  gdouble found;

  sky.correlation = 1;
  sky.delay = other.delay = 0;
  other.seed = sky.sky_seed;
  other.correlation = 1e-12;
  found = correlate (&sky, &other, 0);
  fail_unless (fabs (found) < limit, "sky and own noise: %g", found);
  other.correlation = 1;
  other.sky_seed = 12;
  found = correlate (&sky, &other, 0);
  fail_unless (fabs (found) < limit, "two skies: %g", found);
}
GST_END_TEST;

/* A sky that is seen in real numbers and in 8 bits, each in two channels. */
GST_START_TEST (test_formats_and_channels_share_the_sky)
{
  const guint frames = 1 << 20;
  const gdouble limit = 5 / sqrt (frames);
  AdcWaveConfig coarse_config = config_for (ADC_WAVE_S8, 2);
  AdcWaveConfig real_config = config_for (
      G_BYTE_ORDER == G_LITTLE_ENDIAN ? ADC_WAVE_F64LE : ADC_WAVE_F64BE, 2);
  gint8 *coarse = fill (&coarse_config, 0, frames);
  gdouble *real = fill (&real_config, 0, frames);

  for (guint channels = 0; channels < 4; channels++) {
    gdouble xy = 0, channels_xy = 0;

    for (guint i = 0; i < frames; i++) {
      xy += coarse[2 * i + channels / 2] * real[2 * i + channels % 2] * 128;
      channels_xy += coarse[2 * i] * coarse[2 * i + 1];
    }
    fail_unless (
        fabs (xy / frames / 400 - 0.3) < limit, "%g", xy / frames / 400);
    fail_unless (fabs (channels_xy / frames / 400 - 0.3) < limit, "%g",
        channels_xy / frames / 400);
  }
  g_free (coarse);
  g_free (real);
}
GST_END_TEST;

static Suite *
adcsky_suite (void)
{
  Suite *s = suite_create ("adcsky");
  TCase *tc = tcase_create ("general");
  TCase *heavy = tcase_create ("heavy");
  const gint n_kinds = G_N_ELEMENTS (kinds);

  suite_add_tcase (s, tc);
  suite_add_tcase (s, heavy);
  tcase_set_tags (heavy, "heavy");
  tcase_set_timeout (tc, 120);
  tcase_set_timeout (heavy, 120);
  tcase_add_loop_test (
      tc, test_samples_are_those_of_the_definition, 0, n_kinds);
  tcase_add_test (tc, test_mean_square_is_exact);
  tcase_add_test (heavy, test_no_sum_overflows_in_any_kernel);
  tcase_add_loop_test (heavy, test_kernels_give_the_same_samples, 0, n_kinds);
  tcase_add_loop_test (
      heavy, test_samples_do_not_depend_on_cuts_and_seeks, 0, n_kinds);
  tcase_add_loop_test (
      heavy, test_delay_moves_the_sky_by_whole_samples, 0, n_kinds);
  tcase_add_loop_test (
      heavy, test_without_correlation_the_sky_does_not_matter, 0, n_kinds);
  tcase_add_loop_test (heavy, test_histogram_is_gaussian, 0, 3);
  tcase_add_test (heavy, test_coefficient_is_the_root_of_both_correlations);
  tcase_add_test (heavy, test_coefficient_of_coarse_samples_is_lower);
  tcase_add_test (heavy, test_seeds_have_nothing_in_common);
  tcase_add_test (tc, test_formats_and_channels_share_the_sky);

  return s;
}

GST_CHECK_MAIN (adcsky);
