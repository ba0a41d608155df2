/* Gaussian noise, rounded to 8 bits, and whether a histogram is that of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GAUSSIAN_H
#define GAUSSIAN_H

#include <gst/check/gstcheck.h>
#include <math.h>

/* Sanitizers make a sample ten times as slow. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MANY_SAMPLES 5000000
#else
#define MANY_SAMPLES 100000000
#endif

/* By the C library's erfc. */
static inline gdouble
probability (gdouble deviation, gint value)
{
  const gdouble scale = 1 / (deviation * sqrt (2.0));
  const gint distance = ABS (value);
  gdouble p;

  if (deviation == 0.0)
    return value == 0;
  if (value == 0)
    return erf (0.5 * scale);
  p = erfc ((distance - 0.5) * scale) / 2;
  if (value != -128 && value != 127)
    p -= erfc ((distance + 0.5) * scale) / 2;

  return p;
}

/* How far a histogram of count samples is from gaussian noise, in standard
 * deviations of chi square. Values that are expected less than 10 times count
 * as one. */
static inline gdouble
surprise (const guint64 histogram[256], gdouble count, gdouble deviation)
{
  gdouble chi_square = 0.0, rest_expected = 0.0, rest = 0.0;
  guint freedom = 0;

  for (gint value = -128; value <= 127; value++) {
    gdouble expected = count * probability (deviation, value);
    gdouble n = histogram[value + 128];

    if (expected < 10) {
      rest += n;
      rest_expected += expected;
      continue;
    }
    chi_square += (n - expected) * (n - expected) / expected;
    freedom++;
  }
  if (rest_expected >= 1)
    chi_square +=
        (rest - rest_expected) * (rest - rest_expected) / rest_expected;
  else
    fail_unless (rest < 10);

  return (chi_square - (freedom - 1)) / sqrt (2.0 * (freedom - 1));
}

#endif /* GAUSSIAN_H */
