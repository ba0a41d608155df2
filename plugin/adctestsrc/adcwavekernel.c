/* The inner loops of the test signals, for several instruction sets: gaussian
 * samples of 8 bits, by look-up in a table, and gaussian numbers. adcwave.h defines
 * them; adcnoise.c has the reason for function pointers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "adcmath.h"
#include "adcwave.h"

#include <math.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define ADC_WAVE_X86
#include <immintrin.h>
#endif

/* ---- gaussian numbers ---- */

/* For normal numbers between 0 and 1. */
static ALWAYS_INLINE gdouble
logarithm (gdouble t)
{
  static const gdouble atanh_over_u[] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7,
      1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21,
      1.0 / 23};
  const guint64 bits = double_to_bits (t);
  /* The exponent becomes a double as the last bits of 2^52. */
  gdouble k = bits_to_double (bits >> 52 | BITS_OF_POWER (52)) - 0x1p52 - 1022;
  gdouble h = bits_to_double (
      (bits & G_GUINT64_CONSTANT (0xfffffffffffff)) | BITS_OF_POWER (-1));
  gdouble u;

  k = h < SQRT_HALF ? k - 1 : k;
  h = h < SQRT_HALF ? 2 * h : h;
  u = (h - 1) / (h + 1);

  return k * LN2 +
      2 * u * polynomial (atanh_over_u, G_N_ELEMENTS (atanh_over_u), u * u);
}

/* AS 241's rational approximations: Wichura, Applied Statistics 37 (1988). */
static const gdouble as241_a[] = {3.3871328727963666080e0,
    1.3314166789178437745e+2, 1.9715909503065514427e+3,
    1.3731693765509461125e+4, 4.5921953931549871457e+4,
    6.7265770927008700853e+4, 3.3430575583588128105e+4,
    2.5090809287301226727e+3};
static const gdouble as241_b[] = {1.0, 4.2313330701600911252e+1,
    6.8718700749205790830e+2, 5.3941960214247511077e+3,
    2.1213794301586595867e+4, 3.9307895800092710610e+4,
    2.8729085735721942674e+4, 5.2264952788528545610e+3};
static const gdouble as241_c[] = {1.42343711074968357734e0,
    4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0, 1.27045825245236838258e0,
    2.41780725177450611770e-1, 2.27238449892691845833e-2,
    7.74545014278341407640e-4};
static const gdouble as241_d[] = {1.0, 2.05319162663775882187e0,
    1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2,
    5.47593808499534494600e-4, 1.05075007164441684324e-9};
static const gdouble as241_e[] = {6.65790464350110377720e0,
    5.46378491116411436990e0, 1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2,
    1.24266094738807843860e-3, 2.71155556874348757815e-5,
    2.01033439929228813265e-7};
static const gdouble as241_f[] = {1.0, 5.99832206555887937690e-1,
    1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5,
    1.42151175831644588870e-7, 2.04426310338993978564e-15};

/* q of a word: the 52 bits that become a number from 1 to 2 leave one over. */
static ALWAYS_INLINE gdouble
word_to_q (guint64 word)
{
  const guint64 last = -(word >> 11 & 1) & BITS_OF_POWER (-53);

  return bits_to_double (word >> 12 | BITS_OF_POWER (0)) - 1.5 +
      bits_to_double (last) + 0x1p-54;
}

/* Where q is further than 0.425 from 0, one sample in seven, t is moved to the
 * front, so that there is something to do for a vector. */
static inline guint
collect_tails (const gdouble *q, guint count, gdouble *t, guint16 *place)
{
  guint tails = 0;

  for (guint i = 0; i < count; i++) {
    const gdouble distance = q[i] < 0 ? -q[i] : q[i];

    t[tails] = 0.5 - distance;
    place[tails] = i;
    tails += distance > 0.425;
  }

  return tails;
}

/* Makes gaussian numbers of words: up to ADC_WAVE_NORMAL_MAX of them. */
static ALWAYS_INLINE void
make_normal (const guint64 *restrict words, gdouble *restrict z, guint count)
{
  gdouble q[ADC_WAVE_NORMAL_MAX], t[ADC_WAVE_NORMAL_MAX],
      y[ADC_WAVE_NORMAL_MAX];
  guint16 place[ADC_WAVE_NORMAL_MAX];
  guint tails;

  for (guint i = 0; i < count; i++) {
    gdouble x;

    q[i] = word_to_q (words[i]);
    x = 0.180625 - q[i] * q[i];
    z[i] = q[i] * polynomial (as241_a, 8, x) / polynomial (as241_b, 8, x);
  }
  tails = collect_tails (q, count, t, place);
  for (guint i = 0; i < tails; i++) {
    y[i] = sqrt (-logarithm (t[i]));
    t[i] = polynomial (as241_c, 8, y[i] - 1.6) /
        polynomial (as241_d, 8, y[i] - 1.6);
  }
  for (guint i = 0; i < tails; i++) {
    if (y[i] > 5)
      t[i] = polynomial (as241_e, 8, y[i] - 5.0) /
          polynomial (as241_f, 8, y[i] - 5.0);
    z[place[i]] = q[place[i]] < 0 ? -t[i] : t[i];
  }
}

static void
normal_portable (const guint64 *words, gdouble *z, guint count)
{
  make_normal (words, z, count);
}

#ifdef ADC_WAVE_X86
__attribute__ ((target ("avx2"))) static void
normal_avx2 (const guint64 *words, gdouble *z, guint count)
{
  make_normal (words, z, count);
}
#endif

/* ---- gaussian samples of 8 bits ---- */

/* Words that are looked up in the table at a time: by loads one by
 * one, which are faster than AVX2's gather (and where the loop itself costs a
 * fifth), and so many that the entries have left the store buffer when vectors read
 * them. */
#define LOOKED_UP 512

static inline void
look_up (const guint32 table[256], const guint64 *restrict results,
    guint64 *restrict entries, guint count)
{
#pragma GCC unroll 8
  for (guint i = 0; i < count / 2; i++) {
    const guint64 result = results[i];

    entries[i] =
        table[(guint8) result] | (guint64) table[(guint8) (result >> 32)] << 32;
  }
}

static void
pick_portable (const guint32 table[256], const guint64 *restrict results,
    gint8 *restrict samples, guint count)
{
  for (guint i = 0; i < count / 2; i++) {
    const guint64 result = results[i];

    for (guint half = 0; half < 2; half++) {
      guint32 word = (guint32) (result >> (32 * half));
      guint32 entry = table[word & 0xff];
      guint32 index = word >> 8 < entry >> 8 ? word : entry;

      samples[2 * i + half] = (gint8) (guint8) (index ^ 0x80);
    }
  }
}

#ifdef ADC_WAVE_X86

/* The rest in x86's vectors, in which numbers of 24 bits are compared as signed
 * ones of 32. Packing works within 128 bits, and order puts its parts in line. */
#define DEFINE_PICK(                                                           \
    id, attributes, Register, prefix, bits, load, store, order)                \
  attributes static inline Register index_##id (                               \
      const guint32 *words, const guint32 *entries)                            \
  {                                                                            \
    const Register low = prefix##_set1_epi32 (0xff);                           \
    Register word = load ((const Register *) words);                           \
    Register entry = load ((const Register *) entries);                        \
    Register keep = prefix##_cmpgt_epi32 (                                     \
        prefix##_srli_epi32 (entry, 8), prefix##_srli_epi32 (word, 8));        \
    Register differs = prefix##_xor_##bits (word, entry);                      \
                                                                               \
    entry = prefix##_xor_##bits (entry, prefix##_and_##bits (differs, keep));  \
    return prefix##_and_##bits (entry, low);                                   \
  }                                                                            \
                                                                               \
  attributes static void pick_##id (const guint32 table[256],                  \
      const guint64 *restrict results, gint8 *restrict samples, guint count)   \
  {                                                                            \
    const Register sign = prefix##_set1_epi8 (-128);                           \
    const guint32 *words = (const guint32 *) results;                          \
    enum { N = sizeof (Register) / 4 };                                        \
    guint64 entries[LOOKED_UP / 2];                                            \
                                                                               \
    for (guint i = 0; i < count; i += 4 * N) {                                 \
      const guint32 *entry = (const guint32 *) entries + i % LOOKED_UP;        \
      Register pairs[2], bytes;                                                \
                                                                               \
      if (i % LOOKED_UP == 0)                                                  \
        look_up (table, results + i / 2, entries, MIN (count - i, LOOKED_UP)); \
      for (guint j = 0; j < 2; j++)                                            \
        pairs[j] = prefix##_packs_epi32 (                                      \
            index_##id (words + i + 2 * N * j, entry + 2 * N * j),             \
            index_##id (words + i + 2 * N * j + N, entry + 2 * N * j + N));    \
      bytes = order (prefix##_packus_epi16 (pairs[0], pairs[1]));              \
      store ((Register *) (samples + i), prefix##_xor_##bits (bytes, sign));   \
    }                                                                          \
  }

#define ORDER_SSE2(x) (x)
#define ORDER_AVX2(x)                                                          \
  _mm256_permutevar8x32_epi32 (x, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7))

DEFINE_PICK (
    sse2, , __m128i, _mm, si128, _mm_loadu_si128, _mm_storeu_si128, ORDER_SSE2)
DEFINE_PICK (avx2, __attribute__ ((target ("avx2"))), __m256i, _mm256, si256,
    _mm256_loadu_si256, _mm256_storeu_si256, ORDER_AVX2)

#define TARGET_VBMI __attribute__ ((target ("avx512f,avx512bw,avx512vbmi")))

/* A byte of each of the table's 256 entries, in four registers. */
typedef struct {
  __m512i part[4];
} VbmiTable;

TARGET_VBMI static inline void
load_vbmi (VbmiTable *loaded, const guint32 table[256], guint shift)
{
  guint8 bytes[256];

  for (guint i = 0; i < 256; i++)
    bytes[i] = (guint8) (table[i] >> shift);
  memcpy (loaded, bytes, sizeof *loaded);
}

TARGET_VBMI static inline __m512i
look_up_vbmi (const VbmiTable *table, __m512i index)
{
  __m512i low =
      _mm512_permutex2var_epi8 (table->part[0], index, table->part[1]);
  __m512i high =
      _mm512_permutex2var_epi8 (table->part[2], index, table->part[3]);

  return _mm512_mask_blend_epi8 (_mm512_movepi8_mask (index), low, high);
}

/* The bytes of 64 words, sorted by their place in the word. (Masks of all ones:
 * GCC 12 warns of its own plain intrinsics.) */
TARGET_VBMI static inline void
split_vbmi (const guint8 *words, const guint8 order[2][64], __m512i bytes[4])
{
  for (guint pair = 0; pair < 2; pair++) {
    const __m512i index = _mm512_loadu_si512 (order[pair]);
    __m512i first = _mm512_permutex2var_epi8 (
        _mm512_loadu_si512 (words), index, _mm512_loadu_si512 (words + 64));
    __m512i second = _mm512_permutex2var_epi8 (_mm512_loadu_si512 (words + 128),
        index, _mm512_loadu_si512 (words + 192));

    bytes[2 * pair] = _mm512_maskz_shuffle_i64x2 (
        0xff, first, second, _MM_SHUFFLE (1, 0, 1, 0));
    bytes[2 * pair + 1] = _mm512_maskz_shuffle_i64x2 (
        0xff, first, second, _MM_SHUFFLE (3, 2, 3, 2));
  }
}

/* Of 32 words, byte 0 of each and then byte 1, or bytes 2 and 3. */
static void
make_vbmi_order (guint8 order[2][64])
{
  for (guint i = 0; i < 64; i++) {
    order[0][i] = i % 32 * 4 + i / 32;
    order[1][i] = i % 32 * 4 + i / 32 + 2;
  }
}

TARGET_VBMI static void
pick_vbmi (const guint32 table[256], const guint64 *restrict results,
    gint8 *restrict samples, guint count)
{
  const __m512i sign = _mm512_set1_epi8 (-128);
  const guint8 *words = (const guint8 *) results;
  VbmiTable alias, keep[3];
  guint8 order[2][64];

  load_vbmi (&alias, table, 0);
  for (guint j = 0; j < 3; j++)
    load_vbmi (&keep[j], table, 8 * (j + 1));
  make_vbmi_order (order);
  for (guint i = 0; i < count; i += 64, words += 256) {
    __m512i bytes[4], index;
    __mmask64 kept = 0;

    /* Numbers of three bytes are compared a byte at a time, from the least
     * significant on. */
    split_vbmi (words, order, bytes);
    for (guint j = 0; j < 3; j++) {
      __m512i limit = look_up_vbmi (&keep[j], bytes[0]);

      kept = _mm512_cmplt_epu8_mask (bytes[j + 1], limit) |
          (_mm512_cmpeq_epu8_mask (bytes[j + 1], limit) & kept);
    }
    index = _mm512_mask_blend_epi8 (
        kept, look_up_vbmi (&alias, bytes[0]), bytes[0]);
    _mm512_storeu_si512 (samples + i, _mm512_xor_si512 (index, sign));
  }
}

#endif /* ADC_WAVE_X86 */

static const AdcNoiseKernel *
find_noise_kernel (const gchar *name)
{
  const AdcNoiseKernel *kernel;

  for (guint i = 0; (kernel = adc_noise_kernel (i)); i++)
    if (strcmp (kernel->name, name) == 0)
      return kernel;

  return NULL;
}

gboolean
adc_wave_kernel (guint index, AdcWaveKernel *kernel)
{
  AdcWaveKernel usable[6];
  guint count = 0;

#ifdef ADC_WAVE_X86
  const AdcNoiseKernel *avx512 = find_noise_kernel ("avx512");
  const AdcNoiseKernel *avx2 = find_noise_kernel ("avx2");
  const AdcNoiseKernel *sse2 = find_noise_kernel ("sse2");

  if (avx512 != NULL && __builtin_cpu_supports ("avx512vbmi"))
    usable[count++] = (AdcWaveKernel){
        "avx512vbmi", avx512, pick_vbmi, normal_avx2, adc_sky_mix_avx512vbmi};
  if (avx512 != NULL)
    usable[count++] = (AdcWaveKernel){
        "avx512", avx512, pick_avx2, normal_avx2, adc_sky_mix_avx512};
  if (avx2 != NULL)
    usable[count++] =
        (AdcWaveKernel){"avx2", avx2, pick_avx2, normal_avx2, adc_sky_mix_avx2};
  if (__builtin_cpu_supports ("ssse3"))
    usable[count++] = (AdcWaveKernel){
        "ssse3", sse2, pick_sse2, normal_portable, adc_sky_mix_ssse3};
  usable[count++] = (AdcWaveKernel){
      "sse2", sse2, pick_sse2, normal_portable, adc_sky_mix_portable};
#endif
  usable[count++] = (AdcWaveKernel){"portable", find_noise_kernel ("portable"),
      pick_portable, normal_portable, adc_sky_mix_portable};

  if (index >= count)
    return FALSE;
  *kernel = usable[index];

  return TRUE;
}
