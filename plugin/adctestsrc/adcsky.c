/* Gaussian noise that several streams have in common: see adcsky.h, which defines
 * it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "adcsky.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define ADC_SKY_X86
#include <immintrin.h>
#endif

/* What the lower half of a byte adds to base, with a weight, in the order of the
 * halves; and what both halves are. */
#define LOW(weight, base)                                                      \
  (base) + 13 * (weight), (base) + 14 * (weight), (base) + 22 * (weight),      \
      (base) + 24 * (weight), (base) + 30 * (weight), (base) + 35 * (weight),  \
      (base) + 36 * (weight), (base) + 127 * (weight), (base) -13 * (weight),  \
      (base) -14 * (weight), (base) -22 * (weight), (base) -24 * (weight),     \
      (base) -30 * (weight), (base) -35 * (weight), (base) -36 * (weight),     \
      (base) -127 * (weight)
#define BYTE(low, high)                                                        \
  {                                                                            \
    LOW (low, 11 * (high)), LOW (low, 32 * (high)), LOW (low, 41 * (high)),    \
        LOW (low, 43 * (high)), LOW (low, 48 * (high)),                        \
        LOW (low, 61 * (high)), LOW (low, 78 * (high)),                        \
        LOW (low, 127 * (high)), LOW (low, -11 * (high)),                      \
        LOW (low, -32 * (high)), LOW (low, -41 * (high)),                      \
        LOW (low, -43 * (high)), LOW (low, -48 * (high)),                      \
        LOW (low, -61 * (high)), LOW (low, -78 * (high)),                      \
        LOW (low, -127 * (high))                                               \
  }

static const gint16 bytes[4][256] = {
    BYTE (31, 27), BYTE (26, 33), BYTE (32, 35), BYTE (34, 34)};

/* d scaled by 2^s. */
static guint32
factors (gdouble d, gdouble amplitude)
{
  return (guint32) (256 * d * amplitude + 0.5) |
      (guint32) (257 * d * amplitude + 0.5) << 16;
}

void
adc_sky_scale_init (AdcSkyScale *scale, gdouble deviation, gdouble correlation)
{
  const gdouble d =
      MIN (deviation, ADC_SKY_DEVIATION_MAX) / sqrt (ADC_SKY_MEAN_SQUARE);
  guint s = 29;

  while (s > 1 && 257 * (d * (1u << s)) > G_MAXINT16)
    s--;
  scale->sky = factors (d * (1u << s), sqrt (correlation));
  scale->own = factors (d * (1u << s), sqrt (1 - correlation));
  scale->shift = s;
}

/* p and q of a word, times the factors. */
static inline gint32
scaled (guint32 word, guint32 by)
{
  const gint p = bytes[0][word & 0xff] + bytes[1][word >> 8 & 0xff];
  const gint q = bytes[2][word >> 16 & 0xff] + bytes[3][word >> 24];

  return p * (gint) (by & 0xffff) + q * (gint) (by >> 16);
}

void
adc_sky_numbers (const guint32 *words, gint32 *numbers, guint count)
{
  for (guint i = 0; i < count; i++)
    numbers[i] = scaled (words[i], 256 | 257 << 16);
}

void
adc_sky_mix_portable (const AdcSkyScale *scale, const guint32 *sky,
    const guint32 *own, gint8 *restrict samples, guint count)
{
  const gint32 half = 1 << (scale->shift - 1);

  for (guint i = 0; i < count; i++) {
    const gint32 sum =
        scaled (sky[i], scale->sky) + scaled (own[i], scale->own) + half;

    samples[i] = (gint8) CLAMP (sum >> scale->shift, G_MININT8, G_MAXINT8);
  }
}

#ifdef ADC_SKY_X86

#define TARGET_SSSE3 __attribute__ ((target ("ssse3")))
#define TARGET_AVX2 __attribute__ ((target ("avx2")))
#define TARGET_AVX512 __attribute__ ((target ("avx512f,avx512bw")))
#define TARGET_AVX512VBMI                                                      \
  __attribute__ ((target ("avx512f,avx512bw,avx512vbmi")))

/* The two tables of 16 numbers, and the weights of the four bytes, for each 128
 * bits of a vector. */
static const gint8 low_numbers[16] = {LOW (1, 0)};
static const gint8 high_numbers[16] = {
    11, 32, 41, 43, 48, 61, 78, 127, -11, -32, -41, -43, -48, -61, -78, -127};
static const guint8 low_weights[16] = {
    31, 26, 32, 34, 31, 26, 32, 34, 31, 26, 32, 34, 31, 26, 32, 34};
static const guint8 high_weights[16] = {
    27, 33, 35, 34, 27, 33, 35, 34, 27, 33, 35, 34, 27, 33, 35, 34};

/* x86's vectors choose among 16 bytes, and add neighbours that they multiply:
 * first the bytes of a word by their weights, in pairs, which are p and q, then
 * these by their factors. Packing works within 128 bits, and order puts its parts in line. */
#define DEFINE_MIX(                                                            \
    id, attributes, Register, prefix, choose, sra, broadcast, order)           \
  attributes static inline Register scaled_##id (                              \
      Register words, const Register *tables, Register by)                     \
  {                                                                            \
    Register low = choose (tables[0], words);                                  \
    Register high = choose (tables[1], prefix##_srli_epi16 (words, 4));        \
    Register halves =                                                          \
        prefix##_add_epi16 (prefix##_maddubs_epi16 (tables[2], low),           \
            prefix##_maddubs_epi16 (tables[3], high));                         \
                                                                               \
    return prefix##_madd_epi16 (halves, by);                                   \
  }                                                                            \
                                                                               \
  attributes void adc_sky_mix_##id (const AdcSkyScale *scale,                  \
      const guint32 *sky, const guint32 *own, gint8 *restrict samples,         \
      guint count)                                                             \
  {                                                                            \
    const Register tables[4] = {broadcast (low_numbers),                       \
        broadcast (high_numbers), broadcast (low_weights),                     \
        broadcast (high_weights)};                                             \
    const Register a = prefix##_set1_epi32 ((gint) scale->sky);                \
    const Register b = prefix##_set1_epi32 ((gint) scale->own);                \
    const Register half = prefix##_set1_epi32 (1 << (scale->shift - 1));       \
    const __m128i shift = _mm_cvtsi32_si128 ((gint) scale->shift);             \
    enum { N = sizeof (Register) / 4 };                                        \
                                                                               \
    for (guint i = 0; i < count; i += 4 * N) {                                 \
      Register sums[4], packed;                                                \
                                                                               \
      for (guint j = 0; j < 4; j++) {                                          \
        Register s, o;                                                         \
                                                                               \
        memcpy (&s, sky + i + j * N, sizeof s);                                \
        memcpy (&o, own + i + j * N, sizeof o);                                \
        sums[j] = prefix##_add_epi32 (                                         \
            scaled_##id (s, tables, a), scaled_##id (o, tables, b));           \
        sums[j] = sra (prefix##_add_epi32 (sums[j], half), shift);             \
      }                                                                        \
      packed = prefix##_packs_epi16 (prefix##_packs_epi32 (sums[0], sums[1]),  \
          prefix##_packs_epi32 (sums[2], sums[3]));                            \
      packed = order (packed);                                                 \
      memcpy (samples + i, &packed, sizeof packed);                            \
    }                                                                          \
  }

/* Masks of all ones: GCC 12 warns of its own plain intrinsics. */

/* By the lowest 4 bits of each byte. VBMI chooses among 64 by 6 bits: four times the
 * same 16, which needs no mask. */
#define CHOOSE_SSSE3(table, index)                                             \
  _mm_shuffle_epi8 (table, _mm_and_si128 (index, _mm_set1_epi8 (0x0f)))
#define CHOOSE_AVX2(table, index)                                              \
  _mm256_shuffle_epi8 (table, _mm256_and_si256 (index, _mm256_set1_epi8 (0x0f)))
#define CHOOSE_AVX512(table, index)                                            \
  _mm512_shuffle_epi8 (table, _mm512_and_si512 (index, _mm512_set1_epi8 (0x0f)))
#define CHOOSE_AVX512VBMI(table, index)                                        \
  _mm512_maskz_permutexvar_epi8 (G_MAXUINT64, index, table)

#define SRA_AVX512(x, shift) _mm512_maskz_sra_epi32 (0xffff, x, shift)

#define BROADCAST_SSSE3(table) _mm_loadu_si128 ((const __m128i *) table)
#define BROADCAST_AVX2(table)                                                  \
  _mm256_broadcastsi128_si256 (BROADCAST_SSSE3 (table))
#define BROADCAST_AVX512(table)                                                \
  _mm512_maskz_broadcast_i32x4 (0xffff, BROADCAST_SSSE3 (table))

#define ORDER_SSSE3(x) (x)
#define ORDER_AVX2(x)                                                          \
  _mm256_permutevar8x32_epi32 (x, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7))
#define ORDER_AVX512(x)                                                        \
  _mm512_maskz_permutexvar_epi32 (0xffff,                                      \
      _mm512_setr_epi32 (                                                      \
          0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),               \
      x)

DEFINE_MIX (ssse3, TARGET_SSSE3, __m128i, _mm, CHOOSE_SSSE3, _mm_sra_epi32,
    BROADCAST_SSSE3, ORDER_SSSE3)
DEFINE_MIX (avx2, TARGET_AVX2, __m256i, _mm256, CHOOSE_AVX2, _mm256_sra_epi32,
    BROADCAST_AVX2, ORDER_AVX2)
DEFINE_MIX (avx512, TARGET_AVX512, __m512i, _mm512, CHOOSE_AVX512, SRA_AVX512,
    BROADCAST_AVX512, ORDER_AVX512)
DEFINE_MIX (avx512vbmi, TARGET_AVX512VBMI, __m512i, _mm512, CHOOSE_AVX512VBMI,
    SRA_AVX512, BROADCAST_AVX512, ORDER_AVX512)

#endif /* ADC_SKY_X86 */
