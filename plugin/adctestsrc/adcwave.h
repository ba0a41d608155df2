/* Test signals like those of an analogue-to-digital converter, in the formats of
 * audio/x-raw and packed: noise, tones, pulses and a ramp.
 *
 * Pure: no element, no clock, no allocation, no lock. One AdcWave belongs to
 * one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef ADC_WAVE_H
#define ADC_WAVE_H

#include "adcnoise.h"
#include "adcsky.h"

G_BEGIN_DECLS

/* The definition
 * ==============
 *
 * What follows fixes every sample of every wave, as adcnoise.h and adcsky.h do for
 * their own. The words, functions and notation of adcnoise.h are used here. It is a contract:
 * tests/interop/adcwave.py is a second implementation. Nothing depends on how
 * the stream was cut, where it was entered, or on the processor.
 *
 * The sample of channel c in frame f of C channels is sample n = f * C + c.
 * Everything random has n as its index: channels are independent. What is
 * periodic has f: all channels have the same tone, in phase.
 *
 * Real numbers are IEEE 754 doubles. Only + - * / and sqrt are used, each
 * rounded to nearest, none contracted, in the order that is written:
 * polynomials by Horner's rule, p0 + x * (p1 + x * (p2 + ...)), innermost first.
 *
 * Counts and formats
 * ------------------
 * Waves are made in counts: 1 is the least significant bit of an integer
 * format. A real number of counts g becomes the integer floor (g + 0.5),
 * limited to what the format holds, as an ADC saturates. S24LE and S24BE are
 * three bytes a sample. S10 and S12 are packed: two's complement of 10 or 12
 * bits, the most significant one first, sample after sample without padding. The
 * first sample that is asked for begins in the high bit of the first byte, so
 * that 4 samples of 10 bits are 5 bytes, and 2 of 12 bits 3; where the last byte
 * is not full, the rest of it is 0. Float formats hold g / 128, so that the full scale of an
 * 8-bit ADC is -1.0 to 1.0, neither rounded to integers nor limited; F32 is
 * rounded to nearest once, at the end. Integer counts v are v / 128 likewise.
 *
 * Waves
 * -----
 * uniform   The integers of [minimum, maximum], as adcnoise.h says, in all
 *           formats.
 *
 * gaussian  S8: see below. Other formats: g = sd * z (n), sd being the standard
 *           deviation.
 *           With a correlation c > 0, noise that streams of one sky-seed share,
 *           whatever their formats are. S8: see adcsky.h, whose sky, g and V are
 *           used here. Other formats, with sn = sd * sqrt (1 - c):
 *             g = (sd * sqrt (c / V)) * g (sky (f - delay)) + sn * z (n)
 *
 * sine, tones, pulses
 *           g = s (f) + sn * z (n), a signal in gaussian noise. Noise and
 *           signal share the power sd^2 so that their ratio is snr:
 *             S  = exp (snr * LN10_10)   LN10_10 = 0.23025850929940458
 *             sn = sqrt (sd * sd / (1 + S))
 *             Ps = sd * sd * (S / (1 + S))
 *           With phi = f * increment modulo 2^64, in units of 2^-64 turns:
 *             sine    s = sqrt (2 * Ps) * sine (phi)
 *             tones   s = sqrt (2 * Ps / N) * (sine (phi_1) + ... +
 *                     sine (phi_N)), added from left to right; N tones at freq,
 *                     2 * freq ... N * freq, of equal power, beginning at
 *                     phases (Schroeder's) that keep the peaks low:
 *                     phi_k = k * phi + k * (k - 1) * floor (2^63 / N)
 *             pulses  s = sqrt (Ps) while phi < max (2^58, increment), else 0:
 *                     the first 64th of each period, but one frame at least.
 *                     Here snr is that within a pulse.
 *           increment is 2^56 where freq is 0, a period of 256 frames; else
 *             q = freq / rate, increment = floor ((q - floor (q)) * 2^64).
 *           Above rate / 2 frequencies alias, as in an ADC without a filter.
 *
 * ramp      n modulo 2^bits, as two's complement, bits being the format's; in
 *           floats, with bits = 24 for F32 and 53 for F64, the same number
 *           divided by 2^(bits - 1), exactly.
 *
 * silence   0.
 *
 * Gaussian samples of 8 bits
 * --------------------------
 * With p_v the probability that gaussian noise of standard deviation sd rounds
 * and saturates to v, for v from -128 to 127, value v has w_v of the 2^32 words:
 * the integer next to 2^32 * p_v (half up), and what the sum lacks of 2^32 is
 * added to the value that has the most (the lowest such v). p_v is computed
 * with a relative error below 1e-12; where another implementation rounds
 * differently, it is by one word in 2^32.
 *
 * Words of 32 bits, as in adcnoise.h, choose by an alias table of 256 columns
 * with 2^24 words each. Column j begins with left[j] = w_(j - 128). As often as
 * there are columns: s is the column, of those not yet closed, with the
 * smallest left, and l the one with the largest (the lowest of equals, each).
 * keep[s] = left[s], alias[s] = l, left[l] -= 2^24 - left[s]; s is closed.
 * Sample n with word r, its least significant byte being j:
 *
 *   sample n = (floor (r / 256) < keep[j] ? j : alias[j]) - 128
 *
 * so that value v has exactly w_v of all words.
 *
 * Gaussian numbers: z (n)
 * -----------------------
 * Words of 64 bits, as in adcnoise.h. With r the word of sample n:
 *   m = 2 * floor (r / 2^11) + 1 - 2^53        an odd integer
 *   q = m / 2^54                               between -0.5 and 0.5, exact
 *   t = (2^53 - |m|) / 2^54                    0.5 - |q|, exact
 * z is the inverse normal distribution at 0.5 + q by M. J. Wichura's algorithm
 * AS 241, PPND16, with its coefficients (adcwavekernel.c lists them):
 *   |q| <= 0.425:  x = 0.180625 - q * q;  z = q * a (x) / b (x)
 *   else y = sqrt (-log (t)), and with the sign of q
 *     y <= 5:  x = y - 1.6;  z = c (x) / d (x)
 *     else     x = y - 5.0;  z = e (x) / f (x)
 *
 * Functions
 * ---------
 * log (t), for 0 < t < 1: t = 2^k * h with sqrt(1/2) <= h < sqrt(2), the limit
 * being 0.70710678118654752; u = (h - 1) / (h + 1);
 *   log = k * LN2 + 2 * u * P (u * u),   LN2 = 0.69314718055994531,
 *   P having the coefficients 1, 1.0 / 3, 1.0 / 5 ... 1.0 / 23.
 *
 * exp (y): k = floor (y / LN2 + 0.5); t = y - k * LN2_HIGH - k * LN2_LOW;
 *   exp = 2^k * P (t), P having the coefficients 1.0 / i! for i = 0 to 17,
 *   LN2_HIGH = 0x1.62e42fefa38p-1, LN2_LOW = 0x1.ef35793c7673p-45.
 *
 * sine (phi): p is phi as a signed integer, -2^63 to 2^63 - 1, in 2^-64 turns.
 *   p > 2^62 becomes 2^63 - p, and p < -2^62 becomes -2^63 - p.
 *   y = p * 2^-62, p rounded to a double first;  sine = y * P (y * y), P having
 *   the coefficients of sin (y * pi / 2) to y^21 that adcwave.c lists. */

typedef enum {
  ADC_WAVE_UNIFORM,
  ADC_WAVE_GAUSSIAN,
  ADC_WAVE_SINE,
  ADC_WAVE_TONES,
  ADC_WAVE_RAMP,
  ADC_WAVE_SILENCE,
  ADC_WAVE_PULSES,
} AdcWaveShape;

typedef enum {
  ADC_WAVE_S8,
  ADC_WAVE_S16LE,
  ADC_WAVE_S16BE,
  ADC_WAVE_S24LE,
  ADC_WAVE_S24BE,
  ADC_WAVE_S32LE,
  ADC_WAVE_S32BE,
  ADC_WAVE_S10,
  ADC_WAVE_S12,
  ADC_WAVE_F32LE,
  ADC_WAVE_F32BE,
  ADC_WAVE_F64LE,
  ADC_WAVE_F64BE,
} AdcWaveFormat;

#define ADC_WAVE_N_SHAPES (ADC_WAVE_PULSES + 1)
#define ADC_WAVE_N_FORMATS (ADC_WAVE_F64BE + 1)
#define ADC_WAVE_CHANNELS_MAX 64
#define ADC_WAVE_TONES_MAX 64

/* The parameters of a stream. Each wave uses its own fields only. */
typedef struct {
  AdcWaveShape shape;
  AdcWaveFormat format;
  /* 1 to 64. */
  guint channels;
  /* Frames a second, from 1 on. */
  guint rate;
  guint64 seed;
  /* uniform: counts; minimum <= maximum, both within the format's range. */
  gint minimum;
  gint maximum;
  /* gaussian, sine, tones, pulses: root mean square of the whole signal, in
   * counts; 0 to 2^31. */
  gdouble standard_deviation;
  /* gaussian: the part of the power that is the sky's, 0 to 1; its seed, and by how
   * many frames it is late. */
  gdouble correlation;
  guint64 sky_seed;
  gint64 delay;
  /* sine, tones, pulses: Hz, 0 to 2^31; 0 is rate / 256. */
  gdouble freq;
  /* sine, tones, pulses: signal to noise, in decibels, -100 to 100. */
  gdouble snr;
  /* tones: 1 to 64. */
  guint num_tones;
} AdcWaveConfig;

/* Most numbers that a kernel computes in a call; samples that it picks in a group. */
#define ADC_WAVE_NORMAL_MAX 512
#define ADC_WAVE_PICKED_TOGETHER 64

/* The functions that are compiled for one instruction set. */
typedef struct {
  const gchar *name;
  const AdcNoiseKernel *noise;
  /* Writes a sample for each of the 32-bit words in results, by an alias
   * table. count is a multiple of ADC_WAVE_PICKED_TOGETHER. */
  void (*pick) (const guint32 table[256], const guint64 *results,
      gint8 *samples, guint count);
  /* Makes a gaussian number z of each of the words of 64 bits. */
  void (*normal) (const guint64 *words, gdouble *z, guint count);
  AdcSkyMix mix;
} AdcWaveKernel;

/* Random words of a seed, at any place. */
typedef struct {
  AdcNoise noise;
  /* The step that was drawn last, which the next call may continue; G_MAXUINT64:
   * none. */
  guint64 last_step;
  guint64 last[ADC_NOISE_RESULTS];
} AdcWaveWords;

/* A generator, in memory of the caller. It owns nothing: a plain copy is an
 * independent generator, and nothing is to be freed. */
typedef struct {
  /*< private >*/
  AdcWaveKernel kernel;
  AdcWaveConfig config;
  AdcWaveWords own;
  /* gaussian with a correlation, of which 8 bits have a scale, other formats an
   * amplitude. */
  AdcWaveWords sky;
  AdcSkyScale scale;
  /* uniform: as in adcnoise.h. */
  guint64 range;
  guint64 k;
  /* gaussian of 8 bits: keep[j] * 256 + alias[j], modulo 2^32. A column that
   * keeps all its words has itself as alias, and keep becomes 0. */
  guint32 table[256];
  /* Per frame, in 2^-64 turns. */
  guint64 increment;
  /* Of one tone, of a pulse, or of a sky of mean square 1, in counts. */
  gdouble amplitude;
  /* Standard deviation of the noise, in counts. */
  gdouble noise_deviation;
} AdcWave;

/* Initializes wave for a stream of these parameters, which are copied and must be
 * within the limits above. Uses the fastest kernel. Takes about 100 microseconds for
 * gaussian S8, and far less for other waves. */
void adc_wave_init (AdcWave *wave, const AdcWaveConfig *config);

/* Writes frames first to first + frames - 1 of the stream to data, which holds
 * frames * channels * adc_wave_format_bits () bits, in whole bytes, and need not
 * be aligned.
 * To continue where the last call ended has no extra cost; any other first
 * recomputes at most one block of 65536 random words. Sample indices count modulo
 * 2^64. */
void adc_wave_fill (AdcWave *wave, guint64 first, gpointer data, gsize frames);

/* Bits of a sample: a multiple of 8 but for the packed formats. */
guint adc_wave_format_bits (AdcWaveFormat format);

/* The smallest and the largest count of a format; a gint's for float formats. */
void adc_wave_format_range (AdcWaveFormat format, gint *minimum, gint *maximum);

/* Writes the count lowest-order parts of bits bits, 10 or 12, of samples to out,
 * packed as above: count * bits bits, in whole bytes. */
void adc_wave_pack (
    const gint32 *samples, guint8 *out, guint count, guint bits);

/* The number of words, of 2^32, of each value from -128 to 127 in gaussian S8 noise
 * of a standard deviation, for tests that compare a histogram with it. */
void adc_wave_gaussian_words (gdouble standard_deviation, guint64 words[256]);

/* Sets *kernel to the one at index of those that this processor can run, the fastest
 * first; FALSE if there are fewer. Tests and benchmarks set others than the first in
 * a generator. */
gboolean adc_wave_kernel (guint index, AdcWaveKernel *kernel);
void adc_wave_set_kernel (AdcWave *wave, const AdcWaveKernel *kernel);

G_END_DECLS

#endif /* ADC_WAVE_H */
