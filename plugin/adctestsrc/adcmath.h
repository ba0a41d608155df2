/* Arithmetic of adcwave's files: IEEE 754 doubles with the same results on every
 * processor, as adcwave.h defines them. Files that include this must be compiled
 * without contraction to fused operations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef ADC_MATH_H
#define ADC_MATH_H

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

#define LN2 0.69314718055994531
#define SQRT_HALF 0.70710678118654752

/* For functions that are compiled once for each instruction set, inlined. */
#define ALWAYS_INLINE inline __attribute__ ((always_inline))

/* The value at x of a polynomial of count coefficients, that of x^0 first. */
static ALWAYS_INLINE gdouble
polynomial (const gdouble *coefficients, guint count, gdouble x)
{
  gdouble value = coefficients[--count];

  while (count > 0)
    value = coefficients[--count] + x * value;

  return value;
}

/* The bits of 2^exponent, which is a normal number. */
#define BITS_OF_POWER(exponent) ((guint64) ((exponent) + 1023) << 52)

static ALWAYS_INLINE gdouble
bits_to_double (guint64 bits)
{
  gdouble value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static ALWAYS_INLINE guint64
double_to_bits (gdouble value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

static inline gint64
floor_to_int (gdouble x)
{
  gint64 i = (gint64) x;

  return i - (i > x);
}

G_END_DECLS

#endif /* ADC_MATH_H */
