/* Gaussian noise that several streams have in common, in parts: what antennas that
 * look at one sky receive.
 *
 * Pure: no element, no clock, no allocation, no lock, and constant tables.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef ADC_SKY_H
#define ADC_SKY_H

#include <glib.h>

G_BEGIN_DECLS

/* The definition
 * ==============
 *
 * Here are the numbers of the sky, and the samples of 8 bits that are made with
 * them; adcwave.h has those of other formats. Notation, words and functions are
 * those of adcnoise.h.
 *
 * A gaussian integer: g (r)
 * -------------------------
 * Of a word r of 32 bits each half of each byte chooses one of 16 numbers, and
 * their weighted sum is nearly normal. Byte 0 of r is the least significant one.
 *
 *   low (k)  =  13  14  22  24  30  35  36  127   for k = 0 to 7
 *   high (k) =  11  32  41  43  48  61  78  127
 *   low (k)  = -low (k - 8), high (k) = -high (k - 8)  for k = 8 to 15
 *
 *   byte i                0   1   2   3
 *   weight of low  (wl)  31  26  32  34
 *   weight of high (wh)  27  33  35  34
 *
 *   part (i) = wl[i] * low (byte i modulo 16) + wh[i] * high (floor (byte i / 16))
 *   p (r) = part (0) + part (1)
 *   q (r) = part (2) + part (3)
 *   g (r) = 256 * p (r) + 257 * q (r)
 *
 * The numbers are chosen such that the 4th, 6th and 8th cumulants vanish, nearly;
 * 256 and 257 make steps of g so small that rounding to counts does not show them.
 * Over all words the mean of g is 0 and its mean square exactly
 *
 *   V = 1795970000315.125
 *
 * Rounded to 20 counts a standard deviation, all counts have the probabilities of
 * normal numbers within 0.1 % up to twice the standard deviation, within 0.7 % up
 * to three times and within 15 % up to five times; none is beyond 6.13 times.
 *
 * The sky
 * -------
 * sky (f) is word f of 32 bits of seed mix64 (sky-seed + G), for frame f, modulo
 * 2^64: the sky is defined before frame 0, too. It is the same in all channels of a
 * stream.
 *
 * Samples of 8 bits
 * -----------------
 * For a correlation c > 0, with word r of sky (f - delay) and word o, of 32 bits, of
 * sample n of seed:
 *
 *   d = standard deviation, but no more than 2^26, divided by sqrt (V)
 *   s = the largest integer from 1 to 29 with 257 * d * 2^s <= 32767
 *   a = floor (256 * d * 2^s * sqrt (c) + 0.5)
 *   b = floor (257 * d * 2^s * sqrt (c) + 0.5)
 *   e = floor (256 * d * 2^s * sqrt (1 - c) + 0.5)
 *   h = floor (257 * d * 2^s * sqrt (1 - c) + 0.5)
 *
 *   sum = a * p (r) + b * q (r) + e * p (o) + h * q (o)
 *   sample n = floor ((sum + 2^(s - 1)) / 2^s),
 *
 * limited to -128 to 127. sum + 2^(s - 1) has no more than 32 bits. Factors are rounded
 * by a 30000th of the largest at most (where the standard deviation is above 0.16 counts, so
 * that s is below 29): that is all that amplitudes differ by, before samples are rounded. */

/* The mean square of g. */
#define ADC_SKY_MEAN_SQUARE 1795970000315.125
#define ADC_SKY_DEVIATION_MAX 0x1p26

/* Samples that a kernel makes in a group. */
#define ADC_SKY_TOGETHER 64

/* The factors of the sky and of the own noise above, that of q in the upper 16 bits,
 * and s. */
typedef struct {
  guint32 sky;
  guint32 own;
  guint shift;
} AdcSkyScale;

/* Writes a sample for each pair of words; count is a multiple of
 * ADC_SKY_TOGETHER. */
typedef void (*AdcSkyMix) (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *samples, guint count);

/* For a standard deviation in counts and a correlation from 0 to 1. */
void adc_sky_scale_init (
    AdcSkyScale *scale, gdouble deviation, gdouble correlation);

/* Writes g of each of the words. */
void adc_sky_numbers (const guint32 *words, gint32 *numbers, guint count);

/* The same function for several instruction sets: x86 processors of that name. Those
 * without SSSE3, the last of which was made in 2011, have the portable one: a fifth of the
 * speed of noise without a sky, instead of half. */
void adc_sky_mix_portable (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *samples, guint count);
#if defined(__x86_64__) && defined(__GNUC__)
void adc_sky_mix_ssse3 (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *samples, guint count);
void adc_sky_mix_avx2 (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *samples, guint count);
void adc_sky_mix_avx512 (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *samples, guint count);
void adc_sky_mix_avx512vbmi (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *samples, guint count);
#endif

G_END_DECLS

#endif /* ADC_SKY_H */
