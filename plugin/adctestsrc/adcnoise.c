/* Uniform pseudo-random samples: see adcnoise.h, which defines them.
 *
 * The work is one loop: the lanes make random words, which become samples without
 * leaving the processor's registers. (Another loop generates words only, for adcwave and to
 * reach the middle of a block.) Both are compiled for several instruction sets, and
 * a function pointer chooses. (target_clones would choose with an ifunc, which
 * sanitizers and static libraries do not always survive, and a test could not
 * compare the versions.)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "adcnoise.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define ADC_NOISE_X86
#include <immintrin.h>
#endif

#define NO_STEP G_MAXUINT64

/* Samples that are generated, and searched for words to be drawn again, while they
 * are in the L1 cache. */
#define RUN (4 * ADC_NOISE_TILE)

#define TILE_STEPS (ADC_NOISE_TILE / ADC_NOISE_STEP)

G_STATIC_ASSERT (ADC_NOISE_BLOCK % RUN == 0);

#define GOLDEN G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

static inline guint64
mix64 (guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline guint64
hash (guint64 a, guint64 b, guint64 c)
{
  return mix64 (mix64 (mix64 (a + GOLDEN) + b + GOLDEN) + c + GOLDEN);
}

/* Puts the words of 64-bit results into memory least significant first, which
 * they are already on a little-endian machine. */
static inline void
split_results (guint16 *words, guint steps)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (guint i = 0; i < steps * ADC_NOISE_STEP; i += 4) {
    guint64 result;

    memcpy (&result, words + i, sizeof result);
    for (guint j = 0; j < 4; j++)
      words[i + j] = (guint16) (result >> (16 * j));
  }
#else
  (void) words;
  (void) steps;
#endif
}

#define ROTL(x, k) (((x) << (k)) | ((x) >> (64 - (k))))

/* How a step mixes the vectors s0 to s3, t being s1 << 17. */
#define MIX(Vector, s0, s1, s2, s3, t)                                         \
  do {                                                                         \
    s2 ^= s0;                                                                  \
    s3 ^= s1;                                                                  \
    s1 ^= s2;                                                                  \
    s0 ^= s3;                                                                  \
    s2 ^= t;                                                                   \
  } while (0)

/* One step of the lanes in the vectors s0 to s3. */
#define XOSHIRO_STEP(Vector, Mix, s0, s1, s2, s3, result)                      \
  do {                                                                         \
    Vector t = s1 << 17;                                                       \
                                                                               \
    result = s0 + s3;                                                          \
    result = ROTL (result, 23) + s0;                                           \
    Mix (Vector, s0, s1, s2, s3, t);                                           \
    s3 = ROTL (s3, 45);                                                        \
  } while (0)

/* The lanes for vectors of Bytes, compiled with attributes. Two vectors of
 * lanes go through all steps at once, then the next two: eight vectors of
 * state stay in registers, and two chains hide each other's latency. */
#define DEFINE_DRAW(id, attributes, Bytes, Mix)                                \
  typedef guint64 Vector_##id __attribute__ ((vector_size (Bytes)));           \
                                                                               \
  attributes static void draw_##id (                                           \
      guint64 lanes[4][ADC_NOISE_LANES], guint16 *words, guint steps)          \
  {                                                                            \
    enum { N = Bytes / 8 };                                                    \
                                                                               \
    for (guint lane = 0; lane < ADC_NOISE_LANES; lane += 2 * N) {              \
      Vector_##id s[4][2];                                                     \
      guint16 *out = words + 4 * lane;                                         \
                                                                               \
      for (guint i = 0; i < 4; i++)                                            \
        memcpy (s[i], lanes[i] + lane, sizeof s[i]);                           \
      for (guint step = 0; step < steps; step++, out += ADC_NOISE_STEP) {      \
        Vector_##id results[2];                                                \
                                                                               \
        XOSHIRO_STEP (                                                         \
            Vector_##id, Mix, s[0][0], s[1][0], s[2][0], s[3][0], results[0]); \
        XOSHIRO_STEP (                                                         \
            Vector_##id, Mix, s[0][1], s[1][1], s[2][1], s[3][1], results[1]); \
        memcpy (out, results, sizeof results);                                 \
      }                                                                        \
      for (guint i = 0; i < 4; i++)                                            \
        memcpy (lanes[i] + lane, s[i], sizeof s[i]);                           \
    }                                                                          \
    split_results (words, steps);                                              \
  }

DEFINE_DRAW (portable, , 16, MIX)

static void
fill_portable (guint64 lanes[4][ADC_NOISE_LANES], const AdcNoiseMap *map,
    gint8 *restrict samples, guint steps)
{
  guint16 words[16 * ADC_NOISE_STEP];
  const AdcNoiseMap m = *map;
  const guint16 cap = G_MAXUINT16 - m.increment;

  while (steps > 0) {
    guint part = MIN (steps, G_N_ELEMENTS (words) / ADC_NOISE_STEP);

    draw_portable (lanes, words, part);
    for (guint i = 0; i < part * ADC_NOISE_STEP; i++) {
      guint16 w = MIN (words[i], cap) + m.increment;
      guint16 index = ((guint32) w * m.multiplier) >> 16 >> m.shift;

      samples[i] = (gint8) (guint8) (index + m.minimum);
    }
    samples += part * ADC_NOISE_STEP;
    steps -= part;
  }
}

static const AdcNoiseKernel kernel_portable = {
    "portable", draw_portable, fill_portable};

#ifdef ADC_NOISE_X86

#define ALWAYS_INLINE inline __attribute__ ((always_inline))

/* Packing two vectors takes 128 bits of each in turn, which are the words of two
 * lanes. So that these come out in line, of 4 lanes in a row the first vector has two
 * and the second the other two. */
static inline void
copy_ordered (guint64 lanes[4][ADC_NOISE_LANES], guint first, guint n,
    guint64 *ordered, gboolean back)
{
  for (guint i = 0; i < 4; i++)
    for (guint vector = 0; vector < 2; vector++)
      for (guint j = 0; j < n; j += 2, ordered += 2) {
        guint64 *pair = &lanes[i][first + 2 * j + 2 * vector];

        if (back)
          memcpy (pair, ordered, 2 * sizeof *pair);
        else
          memcpy (ordered, pair, 2 * sizeof *pair);
      }
}

/* The lanes and the map in x86's vectors, two of them at once as above. Compilers do
 * not find the upper half of a 16-bit product by themselves. Most maps have no
 * increment, and are compiled without. No index exceeds 255, and packing with
 * saturation leaves it as it is. */
#define DEFINE_FILL(id, attributes, Mix, Register, prefix, store, pack)        \
  attributes static ALWAYS_INLINE Register index_##id (                        \
      Vector_##id words, gboolean increment, Register mul, __m128i shift)      \
  {                                                                            \
    Register w = (Register) words;                                             \
                                                                               \
    if (increment)                                                             \
      w = prefix##_adds_epu16 (w, prefix##_set1_epi16 (1));                    \
    return prefix##_srl_epi16 (prefix##_mulhi_epu16 (w, mul), shift);          \
  }                                                                            \
                                                                               \
  attributes static ALWAYS_INLINE void fill_by_##id (                          \
      guint64 lanes[4][ADC_NOISE_LANES], const AdcNoiseMap *map,               \
      gboolean increment, gint8 *restrict samples, guint steps)                \
  {                                                                            \
    enum { N = sizeof (Register) / 8 };                                        \
    const Register mul = prefix##_set1_epi16 ((gint16) map->multiplier);       \
    const Register minimum = prefix##_set1_epi8 ((gint8) map->minimum);        \
    const __m128i shift = _mm_cvtsi32_si128 (map->shift);                      \
                                                                               \
    for (guint lane = 0; lane < ADC_NOISE_LANES; lane += 2 * N) {              \
      guint64 ordered[8 * N];                                                  \
      Vector_##id s[4][2];                                                     \
      gint8 *out = samples + 4 * lane;                                         \
                                                                               \
      copy_ordered (lanes, lane, N, ordered, FALSE);                           \
      memcpy (s, ordered, sizeof s);                                           \
      for (guint step = 0; step < steps; step++, out += ADC_NOISE_STEP) {      \
        Vector_##id low, high;                                                 \
        Register index;                                                        \
                                                                               \
        XOSHIRO_STEP (                                                         \
            Vector_##id, Mix, s[0][0], s[1][0], s[2][0], s[3][0], low);        \
        XOSHIRO_STEP (                                                         \
            Vector_##id, Mix, s[0][1], s[1][1], s[2][1], s[3][1], high);       \
        index = pack (index_##id (low, increment, mul, shift),                 \
            index_##id (high, increment, mul, shift));                         \
        store ((Register *) out, prefix##_add_epi8 (index, minimum));          \
      }                                                                        \
      memcpy (ordered, s, sizeof ordered);                                     \
      copy_ordered (lanes, lane, N, ordered, TRUE);                            \
    }                                                                          \
  }                                                                            \
                                                                               \
  attributes static void fill_##id (guint64 lanes[4][ADC_NOISE_LANES],         \
      const AdcNoiseMap *map, gint8 *samples, guint steps)                     \
  {                                                                            \
    if (map->increment > 0)                                                    \
      fill_by_##id (lanes, map, TRUE, samples, steps);                         \
    else                                                                       \
      fill_by_##id (lanes, map, FALSE, samples, steps);                        \
  }                                                                            \
                                                                               \
  static const AdcNoiseKernel kernel_##id = {#id, draw_##id, fill_##id};

#define TARGET_AVX2 __attribute__ ((target ("avx2")))
#define TARGET_AVX512 __attribute__ ((target ("avx512f,avx512bw")))

typedef Vector_portable Vector_sse2;
#define draw_sse2 draw_portable
DEFINE_FILL (sse2, , MIX, __m128i, _mm, _mm_storeu_si128, _mm_packus_epi16)

DEFINE_DRAW (avx2, TARGET_AVX2, 32, MIX)
DEFINE_FILL (avx2, TARGET_AVX2, MIX, __m256i, _mm256, _mm256_storeu_si256,
    _mm256_packus_epi16)

/* The same in four instructions instead of five: one XORs three vectors. */
#define XOR3(Vector, a, b, c)                                                  \
  ((Vector) _mm512_ternarylogic_epi64 (                                        \
      (__m512i) (a), (__m512i) (b), (__m512i) (c), 0x96))
#define MIX_AVX512(Vector, s0, s1, s2, s3, t)                                  \
  do {                                                                         \
    Vector mixed = XOR3 (Vector, s1, s2, s0);                                  \
                                                                               \
    s2 = XOR3 (Vector, s2, s0, t);                                             \
    s0 = XOR3 (Vector, s0, s3, s1);                                            \
    s3 ^= s1;                                                                  \
    s1 = mixed;                                                                \
  } while (0)

DEFINE_DRAW (avx512, TARGET_AVX512, 64, MIX_AVX512)
DEFINE_FILL (avx512, TARGET_AVX512, MIX_AVX512, __m512i, _mm512,
    _mm512_storeu_si512, _mm512_packus_epi16)

#endif /* ADC_NOISE_X86 */

const AdcNoiseKernel *
adc_noise_kernel (guint index)
{
  const AdcNoiseKernel *usable[4];
  guint count = 0;

#ifdef ADC_NOISE_X86
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw"))
    usable[count++] = &kernel_avx512;
  if (__builtin_cpu_supports ("avx2"))
    usable[count++] = &kernel_avx2;
  usable[count++] = &kernel_sse2;
#endif
  usable[count++] = &kernel_portable;

  return index < count ? usable[index] : NULL;
}

/* With 2^s the largest power of two that is not above k, one of the two
 * multipliers next to 2^(16 + s) / k is exact: the upper one if it is too
 * large by little enough, else the lower one, applied to the word plus one. */
static void
map_init (AdcNoiseMap *map, guint k, gint minimum)
{
  guint s = g_bit_storage (k) - 1;
  guint64 power = G_GUINT64_CONSTANT (1) << (16 + s);
  guint64 lower = power / k;

  map->minimum = (guint8) minimum;
  map->increment = 0;
  map->shift = s;
  if (lower * k == power) {
    /* k is 2^s, and lower 2^16: one bit more than there is. */
    map->multiplier = lower / 2;
    map->shift = s - 1;
  } else if ((lower + 1) * k - power <= power >> 16) {
    map->multiplier = lower + 1;
  } else {
    map->multiplier = lower;
    map->increment = 1;
  }
}

void
adc_noise_init_words (AdcNoise *noise, guint64 seed, guint bits)
{
  g_assert (bits == 16 || bits == 32 || bits == 64);

  noise->kernel = adc_noise_kernel (0);
  noise->seed = seed;
  noise->steps_in_block = ADC_NOISE_BLOCK / (64 / bits * ADC_NOISE_RESULTS);
  noise->next_step = NO_STEP;
  noise->tile = NO_STEP;
}

void
adc_noise_init (AdcNoise *noise, guint64 seed, gint minimum, gint maximum)
{
  g_assert (minimum >= G_MININT8 && minimum <= maximum);
  g_assert (maximum <= G_MAXINT8);

  adc_noise_init_words (noise, seed, 16);
  noise->range = maximum - minimum + 1;
  noise->k = 65536 / noise->range;
  map_init (&noise->map, noise->k, minimum);
}

static void
seed_lanes (AdcNoise *noise, guint64 block)
{
  for (guint lane = 0; lane < ADC_NOISE_LANES; lane++) {
    guint64 h = hash (noise->seed, block, lane);

    for (guint i = 0; i < 4; i++)
      noise->lanes[i][lane] = mix64 (h + (i + 1) * GOLDEN);
  }
  noise->next_step = block * noise->steps_in_block;
}

/* Advances the lanes so that step is computed next. */
static void
go_to_step (AdcNoise *noise, guint64 step)
{
  guint16 skipped[ADC_NOISE_TILE];
  guint64 block = step / noise->steps_in_block;

  /* At the beginning of a block the lanes still belong to the one before. */
  if (noise->next_step % noise->steps_in_block == 0 ||
      noise->next_step / noise->steps_in_block != block ||
      noise->next_step > step)
    seed_lanes (noise, block);

  while (noise->next_step < step) {
    guint steps = MIN (step - noise->next_step, TILE_STEPS);

    noise->kernel->draw (noise->lanes, skipped, steps);
    noise->next_step += steps;
  }
}

guint64
adc_noise_other_seed (guint64 seed)
{
  return mix64 (seed + GOLDEN);
}

guint64
adc_noise_redraw (guint64 seed, guint64 n, guint bits, guint64 k, guint64 range)
{
  const guint64 mask = (G_GUINT64_CONSTANT (1) << bits) - 1;
  guint64 attempt = 1;
  guint64 index;

  do
    index = (hash (seed, n, 15 + attempt++) & mask) / k;
  while (index >= range);

  return index;
}

/* Replaces the samples that the map left at maximum + 1, which no other word
 * gives: 65536 - k * range is less than k, so that such a word's index is
 * range itself. */
static void
redraw_marked (
    const AdcNoise *noise, guint64 first, gint8 *samples, gsize count)
{
  guint8 mark = (guint8) (noise->map.minimum + noise->range);
  gint8 *end = samples + count;
  gint8 *at = samples;

  if (noise->k * noise->range == 65536)
    return;

  while ((at = memchr (at, mark, end - at)) != NULL) {
    guint index = adc_noise_redraw (
        noise->seed, first + (at - samples), 16, noise->k, noise->range);

    *at++ = (gint8) (guint8) (noise->map.minimum + index);
  }
}

/* Whole steps within a block. */
static void
fill_steps (AdcNoise *noise, guint64 step, gint8 *samples, guint steps)
{
  go_to_step (noise, step);
  noise->kernel->fill (noise->lanes, &noise->map, samples, steps);
  noise->next_step += steps;
  redraw_marked (noise, step * ADC_NOISE_STEP, samples, steps * ADC_NOISE_STEP);
}

/* Part of a tile. The tile is kept, since the next call is likely to continue
 * there. */
static void
fill_partial (AdcNoise *noise, guint64 first, gint8 *samples, guint count)
{
  guint64 tile = first / ADC_NOISE_TILE;

  if (noise->tile != tile) {
    fill_steps (noise, tile * TILE_STEPS, noise->samples, TILE_STEPS);
    noise->tile = tile;
  }
  /* Of memcpy() compilers make a string instruction here, which is slow from some
   * addresses. */
  memmove (samples, noise->samples + first % ADC_NOISE_TILE, count);
}

void
adc_noise_fill (AdcNoise *noise, guint64 first, gint8 *samples, gsize count)
{
  while (count > 0) {
    guint into = first % ADC_NOISE_TILE;
    guint part;

    if (into != 0 || count < ADC_NOISE_TILE) {
      part = MIN (count, ADC_NOISE_TILE - into);
      fill_partial (noise, first, samples, part);
    } else {
      part = MIN (count, RUN - first % RUN) / ADC_NOISE_TILE * ADC_NOISE_TILE;
      fill_steps (
          noise, first / ADC_NOISE_STEP, samples, part / ADC_NOISE_STEP);
    }
    first += part;
    samples += part;
    count -= part;
  }
}

/* Kernels write results as 16-bit words, least significant first. */
static inline void
join_words (guint64 *results, guint64 count)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (guint64 i = 0; i < count; i++)
    results[i] = results[i] << 48 | (results[i] & 0xffff0000) << 16 |
        (results[i] >> 16 & 0xffff0000) | results[i] >> 48;
#else
  (void) results;
  (void) count;
#endif
}

void
adc_noise_results (
    AdcNoise *noise, guint64 step, guint64 *results, guint64 steps)
{
  while (steps > 0) {
    guint part =
        MIN (steps, noise->steps_in_block - step % noise->steps_in_block);

    /* After the last block comes the first. */
    step %= (guint64) noise->steps_in_block << 48;
    go_to_step (noise, step);
    noise->kernel->draw (noise->lanes, (guint16 *) results, part);
    join_words (results, (guint64) part * ADC_NOISE_RESULTS);
    noise->next_step += part;
    step += part;
    results += (gsize) part * ADC_NOISE_RESULTS;
    steps -= part;
  }
}
