/* Uniform pseudo-random samples, like those of an analogue-to-digital converter
 * without a signal, generated faster than a network can send them.
 *
 * Pure: no element, no clock, no allocation, no lock. One AdcNoise belongs to
 * one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef ADC_NOISE_H
#define ADC_NOISE_H

#include <glib.h>

G_BEGIN_DECLS

/* The definition
 * ==============
 *
 * What follows fixes every sample of the stream. It is a contract: an
 * implementation with other instructions, in another language (tests/interop/
 * adcnoise.py is one) or for wider samples gives the same values.
 *
 * All arithmetic is on unsigned 64-bit integers, modulo 2^64. floor (x) is the
 * largest integer that is not above x, rotl (x, k) is x rotated left by k bits,
 * >> shifts zeros in.
 *
 *   G = 0x9e3779b97f4a7c15
 *
 *   mix64 (z):  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
 *               z = (z ^ (z >> 27)) * 0x94d049bb133111eb
 *               the result is z ^ (z >> 31)
 *
 *   hash (a, b, c) = mix64 (mix64 (mix64 (a + G) + b + G) + c + G)
 *
 * Samples. The sample of channel c in frame f of a stream of C channels is
 * sample n = f * C + c. Sample n depends on the seed, on n and on the range
 * [minimum, maximum], both ends included, and on nothing else: not on how the
 * stream was cut into buffers, nor on what was made before.
 *
 *   range = maximum - minimum + 1
 *   bits  = 16 where range <= 256, else 32
 *   k     = floor (2^bits / range)
 *
 * Random words. Block b = floor (n / 65536) holds 65536 samples. It begins
 * with 16 lanes of xoshiro256++; lane l (0 to 15) of block b starts with the
 * four state words
 *
 *   h = hash (seed, b, l)
 *   s[i] = mix64 (h + (i + 1) * G),  i = 0, 1, 2, 3
 *
 * A step takes one 64-bit word from every lane. In each lane it is
 *
 *   result = rotl (s[0] + s[3], 23) + s[0]
 *   t = s[1] << 17
 *   s[2] ^= s[0];  s[3] ^= s[1];  s[1] ^= s[2];  s[0] ^= s[3]
 *   s[2] ^= t;  s[3] = rotl (s[3], 45)
 *
 * in this order. The 16 results in the order of the lanes, each split into
 * words of `bits` bits with its least significant word first, are the words of
 * the step: 64 of 16 bits, or 32 of 32 bits, or, as adcwave.h takes them, 16 of
 * 64 bits. With p the number of words in a step and m = n - 65536 * b, sample n
 * takes as its word r number m modulo p of step floor (m / p) of its block, the
 * first step being step 0.
 *
 * Values. index = floor (r / k). An index below range is the sample's;
 * otherwise the word is drawn again: attempt a = 1, 2, 3, ... takes as r the
 * least significant `bits` bits of hash (seed, n, 15 + a), until the index is
 * below range.
 *
 *   sample n = minimum + index
 *
 * Of the 2^bits words each value has exactly k, and the rest are drawn again:
 * with uniform words the samples are exactly uniform. In the range -100 to 100
 * one word in 6554 is drawn again, and the mean square is
 * (201^2 - 1) / 12 = 3366.67.
 *
 * Below is the case of 8-bit samples, where range never exceeds 256, and the
 * words themselves, of which adcwave makes the rest. */

#define ADC_NOISE_LANES 16
/* Samples in a block. A block is computed from its beginning unless the stream
 * continues where the last call ended. */
#define ADC_NOISE_BLOCK 65536
/* Samples in a step. */
#define ADC_NOISE_STEP 64
/* 64-bit results in a step, one of each lane. */
#define ADC_NOISE_RESULTS ADC_NOISE_LANES
/* Samples of a tile, generated together even if only some are requested: 64
 * steps. */
#define ADC_NOISE_TILE 4096

/* Division of a 16-bit word by k without a division: with w = word + increment,
 * but no more than 65535, floor (word / k) = (w * multiplier >> 16) >> shift,
 * exactly, for all 65536 words. */
typedef struct {
  guint16 increment;
  guint16 multiplier;
  guint16 shift;
  /* Added to the index, modulo 256. */
  guint8 minimum;
} AdcNoiseMap;

/* The two inner loops, compiled for one set of instructions. Both advance the
 * lanes by steps. */
typedef struct {
  const gchar *name;
  /* Writes the steps' words. */
  void (*draw) (guint64 lanes[4][ADC_NOISE_LANES], guint16 *words, guint steps);
  /* Writes the sample of each word instead. A word that is to be drawn again
   * gives maximum + 1, modulo 256. */
  void (*fill) (guint64 lanes[4][ADC_NOISE_LANES], const AdcNoiseMap *map,
      gint8 *samples, guint steps);
} AdcNoiseKernel;

/* A generator, in memory of the caller. It owns nothing: a plain copy is an
 * independent generator, and nothing is to be freed. */
typedef struct {
  /*< private >*/
  const AdcNoiseKernel *kernel;
  guint64 seed;
  guint steps_in_block;
  guint range;
  guint k;
  AdcNoiseMap map;
  /* Both counted from sample 0: the step that the lanes compute next, and the tile
   * that samples holds (G_MAXUINT64: none). */
  guint64 next_step;
  guint64 tile;
  guint64 lanes[4][ADC_NOISE_LANES];
  gint8 samples[ADC_NOISE_TILE];
} AdcNoise;

/* Initializes noise for the stream of seed over [minimum, maximum], where -128 <=
 * minimum <= maximum <= 127. */
void adc_noise_init (AdcNoise *noise, guint64 seed, gint minimum, gint maximum);

/* Writes samples first to first + count - 1 of the stream. To continue
 * where the last call ended has no extra cost; any other first recomputes at most
 * one block of 65536 samples. n counts modulo 2^64. */
void adc_noise_fill (
    AdcNoise *noise, guint64 first, gint8 *samples, gsize count);

/* Initializes noise for the words of bits bits of seed: 16, 32 or 64. Such a
 * generator has words, and no samples. */
void adc_noise_init_words (AdcNoise *noise, guint64 seed, guint bits);

/* Writes the 16 results of each of the steps step to step + steps - 1, in the
 * order of the lanes. Steps count from the first of block 0, a block having
 * 64 * bits of them, modulo those of 2^48 blocks; noise has been initialized for
 * words. The cost is that of adc_noise_fill(). */
void adc_noise_results (
    AdcNoise *noise, guint64 step, guint64 *results, guint64 steps);

/* A seed whose words have nothing in common with those of seed: mix64 (seed + G). */
guint64 adc_noise_other_seed (guint64 seed);

/* The index, below range, of sample n of a seed whose word of bits bits is to
 * be drawn again. */
guint64 adc_noise_redraw (
    guint64 seed, guint64 n, guint bits, guint64 k, guint64 range);

/* The kernels that this processor can run, the best first, or NULL from index
 * on. adc_noise_init takes the first; tests and benchmarks put another one
 * into the struct. */
const AdcNoiseKernel *adc_noise_kernel (guint index);

G_END_DECLS

#endif /* ADC_NOISE_H */
