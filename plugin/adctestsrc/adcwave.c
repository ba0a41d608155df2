/* Test signals: see adcwave.h, which defines them.
 *
 * A stream is made in tiles that fit in the L1 cache, each in up to four steps:
 * random words, real numbers, integers, bytes. The numbers must be the same on
 * every processor, so the functions that a C library would round in its own way
 * are here. The inner loops of gaussian noise are in adcwavekernel.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "adcwave.h"
#include "adcmath.h"

#include <math.h>

/* Samples in a tile; their words of 64 bits are 4 KiB. */
#define TILE ADC_WAVE_NORMAL_MAX
#define STEPS_MAX (TILE / ADC_NOISE_RESULTS + 1)
/* Samples that are whole bytes in every format. */
#define WHOLE 4
/* Gaussian samples of 8 bits in a tile, and their words. */
#define PICKED 2048
#define PICKED_IN_STEP (2 * ADC_NOISE_RESULTS)
/* The same with a sky; their words begin within a step, and end within a group. */
#define MIXED 2048
#define MIXED_RESULTS (MIXED / 2 + ADC_NOISE_RESULTS + ADC_SKY_TOGETHER / 2)

#define NO_STEP G_MAXUINT64

#define LN2_HIGH 0x1.62e42fefa38p-1
#define LN2_LOW 0x1.ef35793c7673p-45
#define LN10_10 0.23025850929940458
#define SQRT_PI 1.7724538509055160

/* ---- functions that are the same everywhere ---- */

/* For y between -708 and 708. */
static gdouble
exponential (gdouble y)
{
  const gint k = (gint) floor_to_int (y / LN2 + 0.5);
  const gdouble t = y - k * LN2_HIGH - k * LN2_LOW;
  gdouble coefficients[18];
  gdouble factorial = 1.0;

  for (guint i = 0; i < G_N_ELEMENTS (coefficients); i++) {
    factorial *= MAX (i, 1);
    coefficients[i] = 1.0 / factorial;
  }

  return bits_to_double (BITS_OF_POWER (k)) *
      polynomial (coefficients, G_N_ELEMENTS (coefficients), t);
}

/* Of phase in 2^-64 turns. */
static gdouble
sine (guint64 phase)
{
  static const gdouble coefficients[] = {1.5707963267948966,
      -0.64596409750624628, 0.079692626246167048, -0.0046817541353186883,
      0.00016044118478735983, -3.5988432352120852e-06, 5.6921729219679268e-08,
      -6.6880351098114677e-10, 6.0669357311061955e-12, -4.3770654673137423e-14,
      2.5714228928604741e-16};
  const gint64 quarter = G_GINT64_CONSTANT (1) << 62;
  gint64 p = (gint64) phase;
  gdouble y;

  if (p > quarter || p < -quarter)
    p = (gint64) ((G_GUINT64_CONSTANT (1) << 63) - phase);
  y = (gdouble) p * 0x1p-62;

  return y * polynomial (coefficients, G_N_ELEMENTS (coefficients), y * y);
}

/* 1 - erf (x), for x >= 0, with a relative error below 1e-13: by erf's series
 * of positive terms, and by the continued fraction where that cancels. */
static gdouble
complementary_error (gdouble x)
{
  gdouble value;

  /* Below 1e-390. */
  if (x > 30)
    return 0.0;

  if (x < 2) {
    gdouble term = x;

    value = x;
    for (guint i = 1; i < 60; i++) {
      term *= 2 * x * x / (2 * i + 1);
      value += term;
    }
    return 1 - 2 / SQRT_PI * exponential (-x * x) * value;
  }

  value = x;
  for (guint i = 80; i > 0; i--)
    value = x + i / 2.0 / value;

  /* Beyond what a double holds: exponential's limit. */
  return x * x > 700 ? 0.0 : exponential (-x * x) / SQRT_PI / value;
}

/* ---- setting up gaussian samples of 8 bits ---- */

/* The probability that noise exceeds x standard deviations. */
static gdouble
exceeds (gdouble x)
{
  return complementary_error (x * SQRT_HALF) / 2;
}

void
adc_wave_gaussian_words (gdouble standard_deviation, guint64 words[256])
{
  const gdouble all = 4294967296.0;
  gint64 lacking = G_GINT64_CONSTANT (1) << 32;
  guint most = 0;

  for (gint value = -128; value <= 127; value++) {
    const gint distance = ABS (value);
    gdouble p;

    if (value == 0)
      p = 1 - 2 * exceeds (0.5 / standard_deviation);
    else
      p = exceeds ((distance - 0.5) / standard_deviation);
    if (value != 0 && value != -128 && value != 127)
      p -= exceeds ((distance + 0.5) / standard_deviation);
    words[value + 128] = (guint64) floor_to_int (p * all + 0.5);
    lacking -= words[value + 128];
    if (words[value + 128] > words[most])
      most = value + 128;
  }
  words[most] += lacking;
}

static void
make_table (gdouble standard_deviation, guint32 table[256])
{
  const guint64 full = 1 << 24;
  gboolean closed[256] = {FALSE};
  guint64 left[256];

  adc_wave_gaussian_words (standard_deviation, left);
  for (guint i = 0; i < 256; i++) {
    gint s = -1, l = -1;

    for (gint j = 0; j < 256; j++) {
      if (closed[j])
        continue;
      if (s < 0 || left[j] < left[s])
        s = j;
      if (l < 0 || left[j] > left[l])
        l = j;
    }
    table[s] = (guint32) (left[s] << 8) | (guint32) l;
    left[l] -= full - left[s];
    closed[s] = TRUE;
  }
}

/* ---- formats ---- */

static gboolean
is_float (AdcWaveFormat format)
{
  return format >= ADC_WAVE_F32LE;
}

guint
adc_wave_format_bits (AdcWaveFormat format)
{
  static const guint8 bits[ADC_WAVE_N_FORMATS] = {
      8, 16, 16, 24, 24, 32, 32, 10, 12, 32, 32, 64, 64};

  return bits[format];
}

void
adc_wave_format_range (AdcWaveFormat format, gint *minimum, gint *maximum)
{
  const guint unused =
      is_float (format) ? 0 : 32 - adc_wave_format_bits (format);

  *minimum = G_MININT32 / (1 << unused);
  *maximum = G_MAXINT32 >> unused;
}

/* ---- setting up ---- */

void
adc_wave_set_kernel (AdcWave *wave, const AdcWaveKernel *kernel)
{
  wave->kernel = *kernel;
  wave->own.noise.kernel = wave->sky.noise.kernel = kernel->noise;
}

static guint64
phase_increment (const AdcWaveConfig *config)
{
  const gdouble q = config->freq / config->rate;

  if (config->freq == 0.0)
    return G_GUINT64_CONSTANT (1) << 56;

  return (guint64) ((q - floor_to_int (q)) * 0x1p64);
}

static void
init_signal (AdcWave *wave)
{
  const AdcWaveConfig *config = &wave->config;
  const gdouble sd = config->standard_deviation;
  const gdouble ratio = exponential (config->snr * LN10_10);
  const gdouble power = sd * sd * (ratio / (1 + ratio));

  wave->increment = phase_increment (config);
  wave->noise_deviation = sqrt (sd * sd / (1 + ratio));
  if (config->shape == ADC_WAVE_SINE)
    wave->amplitude = sqrt (2 * power);
  else if (config->shape == ADC_WAVE_TONES)
    wave->amplitude = sqrt (2 * power / config->num_tones);
  else
    wave->amplitude = sqrt (power);
}

static gboolean
has_sky (const AdcWaveConfig *config)
{
  return config->shape == ADC_WAVE_GAUSSIAN && config->correlation > 0;
}

static void
init_sky (AdcWave *wave)
{
  const AdcWaveConfig *config = &wave->config;
  const gdouble sd = config->standard_deviation;
  const gdouble c = config->correlation;

  adc_noise_init_words (
      &wave->sky.noise, adc_noise_other_seed (config->sky_seed), 32);
  adc_sky_scale_init (&wave->scale, sd, c);
  wave->amplitude = sd * sqrt (c / ADC_SKY_MEAN_SQUARE);
  wave->noise_deviation = sd * sqrt (1 - c);
}

static void
init_uniform (AdcWave *wave)
{
  const AdcWaveConfig *config = &wave->config;
  gint minimum = config->minimum;

  wave->range = (guint64) ((gint64) config->maximum - minimum) + 1;
  if (wave->range <= 256) {
    /* adcnoise generates 8 bits: a range beyond these is shifted. */
    if (minimum < G_MININT8 || config->maximum > G_MAXINT8)
      minimum = G_MININT8;
    adc_noise_init (&wave->own.noise, config->seed, minimum,
        minimum + (gint) (wave->range - 1));
  } else {
    adc_noise_init_words (&wave->own.noise, config->seed, 32);
    wave->k = (G_GUINT64_CONSTANT (1) << 32) / wave->range;
  }
}

void
adc_wave_init (AdcWave *wave, const AdcWaveConfig *config)
{
  AdcWaveKernel kernel;

  memset (wave, 0, sizeof *wave);
  wave->config = *config;
  wave->own.last_step = wave->sky.last_step = NO_STEP;
  adc_wave_kernel (0, &kernel);

  if (config->shape == ADC_WAVE_UNIFORM) {
    init_uniform (wave);
  } else if (config->shape == ADC_WAVE_GAUSSIAN &&
      config->format == ADC_WAVE_S8) {
    adc_noise_init_words (&wave->own.noise, config->seed, 32);
    if (!has_sky (config))
      make_table (config->standard_deviation, wave->table);
  } else {
    adc_noise_init_words (&wave->own.noise, config->seed, 64);
    wave->noise_deviation = config->standard_deviation;
    if (config->shape != ADC_WAVE_GAUSSIAN)
      init_signal (wave);
  }
  if (has_sky (config))
    init_sky (wave);
  adc_wave_set_kernel (wave, &kernel);
}

/* ---- words ---- */

/* Draws the results that hold words first to first + count - 1, per_step of
 * which are in a step. Returns the place of the first word among them. */
static guint
draw_words (AdcWaveWords *words, guint64 first, guint count, guint per_step,
    guint64 *results)
{
  const guint64 step = first / per_step;
  const guint into = first % per_step;
  const guint steps = (into + count + per_step - 1) / per_step;
  const guint known = step == words->last_step ? 1 : 0;

  if (known)
    memcpy (results, words->last, sizeof words->last);
  adc_noise_results (&words->noise, step + known,
      results + known * ADC_NOISE_RESULTS, steps - known);

  words->last_step = (first + count - 1) / per_step;
  memcpy (words->last, results + (steps - 1) * ADC_NOISE_RESULTS,
      sizeof words->last);

  return into;
}

/* Words of 32 bits: up to MIXED, and zeros up to the end of a group. */
typedef union {
  guint64 results[MIXED_RESULTS];
  guint32 words[2 * MIXED_RESULTS];
} MixedWords;

/* Draws words first to first + count - 1. Returns the first of them, which are
 * within drawn. */
static const guint32 *
draw_mixed (AdcWaveWords *words, guint64 first, guint count, MixedWords *drawn)
{
  const guint into =
      draw_words (words, first, count, PICKED_IN_STEP, drawn->results);

#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (guint i = 0; i < (into + count + 1) / 2; i++)
    drawn->results[i] = drawn->results[i] << 32 | drawn->results[i] >> 32;
#endif
  memset (
      drawn->words + into + count, 0, ADC_SKY_TOGETHER * sizeof *drawn->words);

  return drawn->words + into;
}

/* ---- waves ---- */

/* Numbers between two steps: a wave has ints or reals, both in counts. */
typedef struct {
  gboolean has_reals;
  guint64 results[STEPS_MAX * ADC_NOISE_RESULTS];
  gint32 ints[TILE];
  gdouble reals[TILE];
} Tile;

static void
make_uniform_words (AdcWave *wave, Tile *tile, guint64 n, guint count)
{
  const guint into =
      draw_words (&wave->own, n, count, PICKED_IN_STEP, tile->results);
  const guint32 k = (guint32) wave->k;

  for (guint i = 0; i < count; i++) {
    const guint at = into + i;
    guint64 index = (guint32) (tile->results[at / 2] >> (at % 2 * 32)) / k;

    if (index >= wave->range)
      index =
          adc_noise_redraw (wave->config.seed, n + i, 32, wave->k, wave->range);
    tile->ints[i] = (gint32) ((gint64) index + wave->config.minimum);
  }
}

static void
make_uniform (AdcWave *wave, Tile *tile, guint64 n, guint count)
{
  gint8 samples[TILE];
  gint moved = wave->config.minimum - (gint8) wave->own.noise.map.minimum;

  if (wave->range > 256) {
    make_uniform_words (wave, tile, n, count);
    return;
  }
  adc_noise_fill (&wave->own.noise, n, samples, count);
  for (guint i = 0; i < count; i++)
    tile->ints[i] = samples[i] + moved;
}

static void
make_ramp (AdcWave *wave, Tile *tile, guint64 n, guint count)
{
  const AdcWaveFormat format = wave->config.format;

  tile->has_reals = is_float (format);
  if (tile->has_reals) {
    const gboolean f32 = format <= ADC_WAVE_F32BE;
    const guint unused = f32 ? 64 - 24 : 64 - 53;
    const gdouble count_of_bit = f32 ? 0x1p-16 : 0x1p-45;

    for (guint i = 0; i < count; i++)
      tile->reals[i] =
          (gdouble) ((gint64) ((n + i) << unused) >> unused) * count_of_bit;
  } else {
    const guint unused = 32 - adc_wave_format_bits (format);

    for (guint i = 0; i < count; i++)
      tile->ints[i] = (gint32) ((guint32) (n + i) << unused) >> unused;
  }
}

static gdouble
tones_at (const AdcWave *wave, guint64 phase)
{
  const guint num_tones = wave->config.num_tones;
  const guint64 share = (G_GUINT64_CONSTANT (1) << 63) / num_tones;
  gdouble sum = sine (phase);

  for (guint64 k = 2; k <= num_tones; k++)
    sum += sine (k * phase + k * (k - 1) * share);

  return wave->amplitude * sum;
}

/* What is the same in all channels, in counts. */
static gdouble
signal_at (const AdcWave *wave, guint64 frame)
{
  const guint64 phase = frame * wave->increment;

  switch (wave->config.shape) {
    case ADC_WAVE_SINE:
      return wave->amplitude * sine (phase);
    case ADC_WAVE_TONES:
      return tones_at (wave, phase);
    case ADC_WAVE_PULSES:
      return phase < MAX (G_GUINT64_CONSTANT (1) << 58, wave->increment)
          ? wave->amplitude
          : 0.0;
    default:
      return 0.0;
  }
}

static void
make_noise (AdcWave *wave, Tile *tile, guint64 n, guint count)
{
  const guint into =
      draw_words (&wave->own, n, count, ADC_NOISE_RESULTS, tile->results);
  const gdouble deviation = wave->noise_deviation;

  tile->has_reals = TRUE;
  wave->kernel.normal (tile->results + into, tile->reals, count);
  for (guint i = 0; i < count; i++)
    tile->reals[i] *= deviation;
}

static guint64
sky_frame (const AdcWave *wave, guint64 frame)
{
  return frame - (guint64) wave->config.delay;
}

static void
add_sky (AdcWave *wave, Tile *tile, guint64 frame, guint frames)
{
  const guint channels = wave->config.channels;
  gdouble *real = tile->reals;
  gint32 numbers[TILE];
  MixedWords drawn;

  adc_sky_numbers (
      draw_mixed (&wave->sky, sky_frame (wave, frame), frames, &drawn), numbers,
      frames);
  for (guint i = 0; i < frames; i++) {
    const gdouble sky = wave->amplitude * numbers[i];

    for (guint channel = 0; channel < channels; channel++, real++)
      *real = sky + *real;
  }
}

static void
add_signal (const AdcWave *wave, Tile *tile, guint64 frame, guint frames)
{
  const guint channels = wave->config.channels;
  gdouble *real = tile->reals;

  for (guint i = 0; i < frames; i++) {
    const gdouble signal = signal_at (wave, frame + i);

    for (guint channel = 0; channel < channels; channel++, real++)
      *real = signal + *real;
  }
}

/* ---- bytes ---- */

static void
round_reals (const AdcWave *wave, Tile *tile, guint count)
{
  gint minimum, maximum;

  adc_wave_format_range (wave->config.format, &minimum, &maximum);
  for (guint i = 0; i < count; i++) {
    const gdouble x = CLAMP (tile->reals[i] + 0.5, minimum, maximum);
    const gint32 towards_0 = (gint32) x;

    tile->ints[i] = towards_0 - (towards_0 > x);
  }
}

/* Bytes of a number of 8 * bytes bits, in either order. */
static inline void
write_number (guint8 *out, guint64 number, guint bytes, gboolean big_endian)
{
  for (guint i = 0; i < bytes; i++)
    out[i] = (guint8) (number >> 8 * (big_endian ? bytes - 1 - i : i));
}

static inline void
write_ints (
    const Tile *tile, guint8 *out, guint count, guint bytes, gboolean be)
{
  for (guint i = 0; i < count; i++, out += bytes)
    write_number (out, (guint32) tile->ints[i], bytes, be);
}

/* Four samples are one word, of which the next four overwrite what is beyond
 * their own bytes; the last ones go bit by bit. */
static ALWAYS_INLINE void
pack (const gint32 *restrict samples, guint8 *restrict out, guint count,
    const guint bits)
{
  const guint64 mask = (1 << bits) - 1;
  guint64 left = 0;
  guint left_bits = 0;

  for (; count >= 8; count -= 4, samples += 4, out += bits / 2) {
    const guint64 word = (samples[0] & mask) << (64 - bits) |
        (samples[1] & mask) << (64 - 2 * bits) |
        (samples[2] & mask) << (64 - 3 * bits) |
        (samples[3] & mask) << (64 - 4 * bits);
    const guint64 bytes = GUINT64_TO_BE (word);

    memcpy (out, &bytes, sizeof bytes);
  }
  for (; count > 0; count--) {
    left = left << bits | (*samples++ & mask);
    for (left_bits += bits; left_bits >= 8; left_bits -= 8)
      *out++ = (guint8) (left >> (left_bits - 8));
  }
  if (left_bits > 0)
    *out = (guint8) (left << (8 - left_bits));
}

void
adc_wave_pack (const gint32 *samples, guint8 *out, guint count, guint bits)
{
  if (bits == 10)
    pack (samples, out, count, 10);
  else
    pack (samples, out, count, 12);
}

static inline void
write_f32 (const Tile *tile, guint8 *out, guint count, gboolean be)
{
  for (guint i = 0; i < count; i++, out += 4) {
    const gfloat value = (gfloat) (tile->reals[i] * 0x1p-7);
    guint32 bits;

    memcpy (&bits, &value, sizeof bits);
    write_number (out, bits, 4, be);
  }
}

static inline void
write_f64 (const Tile *tile, guint8 *out, guint count, gboolean be)
{
  for (guint i = 0; i < count; i++, out += 8) {
    const gdouble value = tile->reals[i] * 0x1p-7;
    guint64 bits;

    memcpy (&bits, &value, sizeof bits);
    write_number (out, bits, 8, be);
  }
}

/* With constants, so that a compiler sees each loop by itself. */
static void
write_tile (const AdcWave *wave, Tile *tile, guint8 *out, guint count)
{
  switch (wave->config.format) {
    case ADC_WAVE_S8:
      write_ints (tile, out, count, 1, FALSE);
      break;
    case ADC_WAVE_S16LE:
      write_ints (tile, out, count, 2, FALSE);
      break;
    case ADC_WAVE_S16BE:
      write_ints (tile, out, count, 2, TRUE);
      break;
    case ADC_WAVE_S24LE:
      write_ints (tile, out, count, 3, FALSE);
      break;
    case ADC_WAVE_S24BE:
      write_ints (tile, out, count, 3, TRUE);
      break;
    case ADC_WAVE_S32LE:
      write_ints (tile, out, count, 4, FALSE);
      break;
    case ADC_WAVE_S32BE:
      write_ints (tile, out, count, 4, TRUE);
      break;
    case ADC_WAVE_S10:
    case ADC_WAVE_S12:
      adc_wave_pack (
          tile->ints, out, count, adc_wave_format_bits (wave->config.format));
      break;
    case ADC_WAVE_F32LE:
      write_f32 (tile, out, count, FALSE);
      break;
    case ADC_WAVE_F32BE:
      write_f32 (tile, out, count, TRUE);
      break;
    case ADC_WAVE_F64LE:
      write_f64 (tile, out, count, FALSE);
      break;
    case ADC_WAVE_F64BE:
      write_f64 (tile, out, count, TRUE);
      break;
  }
}

static void
convert_tile (const AdcWave *wave, Tile *tile, guint count)
{
  if (!is_float (wave->config.format)) {
    if (tile->has_reals)
      round_reals (wave, tile, count);
  } else if (!tile->has_reals) {
    for (guint i = 0; i < count; i++)
      tile->reals[i] = tile->ints[i];
  }
}

static void
fill_tile (AdcWave *wave, guint64 frame, guint8 *out, guint frames)
{
  const guint64 n = frame * wave->config.channels;
  const guint count = frames * wave->config.channels;
  Tile tile;

  tile.has_reals = FALSE;
  switch (wave->config.shape) {
    case ADC_WAVE_UNIFORM:
      make_uniform (wave, &tile, n, count);
      break;
    case ADC_WAVE_RAMP:
      make_ramp (wave, &tile, n, count);
      break;
    case ADC_WAVE_GAUSSIAN:
      make_noise (wave, &tile, n, count);
      if (has_sky (&wave->config))
        add_sky (wave, &tile, frame, frames);
      break;
    default:
      make_noise (wave, &tile, n, count);
      add_signal (wave, &tile, frame, frames);
      break;
  }
  convert_tile (wave, &tile, count);
  write_tile (wave, &tile, out, count);
}

static void
fill_picked (AdcWave *wave, guint64 n, gint8 *out, gsize count)
{
  guint64 results[PICKED / 2 + ADC_NOISE_RESULTS];
  gint8 samples[PICKED + PICKED_IN_STEP];

  while (count > 0) {
    const guint part = MIN (count, PICKED - n % PICKED_IN_STEP);
    const guint into =
        draw_words (&wave->own, n, part, PICKED_IN_STEP, results);
    const guint groups =
        (into + part + ADC_WAVE_PICKED_TOGETHER - 1) / ADC_WAVE_PICKED_TOGETHER;

    /* Of the last group the second step may not have been drawn. */
    if (into + part <= groups * ADC_WAVE_PICKED_TOGETHER - PICKED_IN_STEP)
      memset (results + (2 * groups - 1) * ADC_NOISE_RESULTS, 0,
          ADC_NOISE_RESULTS * sizeof *results);
    wave->kernel.pick (
        wave->table, results, samples, groups * ADC_WAVE_PICKED_TOGETHER);
    memcpy (out, samples + into, part);
    n += part;
    out += part;
    count -= part;
  }
}

/* A word for each channel of a frame. */
static const guint32 *
spread (const guint32 *words, guint frames, guint channels,
    MixedWords *spread_words)
{
  guint32 *out = spread_words->words;

  for (guint i = 0; i < frames; i++)
    for (guint channel = 0; channel < channels; channel++)
      *out++ = words[i];
  memset (out, 0, ADC_SKY_TOGETHER * sizeof *out);

  return spread_words->words;
}

static void
fill_mixed (AdcWave *wave, guint64 frame, gint8 *out, gsize frames)
{
  const guint channels = wave->config.channels;
  MixedWords own, sky, spread_sky;
  gint8 samples[MIXED + ADC_SKY_TOGETHER];

  while (frames > 0) {
    const guint part = MIN (frames, MIXED / channels);
    const guint count = part * channels;
    const guint32 *own_words =
        draw_mixed (&wave->own, frame * channels, count, &own);
    const guint32 *sky_words =
        draw_mixed (&wave->sky, sky_frame (wave, frame), part, &sky);

    if (channels > 1)
      sky_words = spread (sky_words, part, channels, &spread_sky);
    wave->kernel.mix (&wave->scale, sky_words, own_words, samples,
        (count + ADC_SKY_TOGETHER - 1) / ADC_SKY_TOGETHER * ADC_SKY_TOGETHER);
    memcpy (out, samples, count);
    frame += part;
    out += count;
    frames -= part;
  }
}

static void
fill_tiles (AdcWave *wave, guint64 first, guint8 *out, gsize frames)
{
  const guint channels = wave->config.channels;
  const guint bits = channels * adc_wave_format_bits (wave->config.format);

  while (frames > 0) {
    const guint part = MIN (frames, TILE / channels / WHOLE * WHOLE);

    fill_tile (wave, first, out, part);
    first += part;
    out += part * bits / 8;
    frames -= part;
  }
}

void
adc_wave_fill (AdcWave *wave, guint64 first, gpointer data, gsize frames)
{
  const AdcWaveConfig *config = &wave->config;
  const guint64 n = first * config->channels;
  const gsize count = frames * config->channels;

  if (config->shape == ADC_WAVE_SILENCE)
    memset (data, 0, (count * adc_wave_format_bits (config->format) + 7) / 8);
  else if (config->shape == ADC_WAVE_UNIFORM && config->format == ADC_WAVE_S8)
    adc_noise_fill (&wave->own.noise, n, data, count);
  else if (has_sky (config) && config->format == ADC_WAVE_S8)
    fill_mixed (wave, first, data, frames);
  else if (config->shape == ADC_WAVE_GAUSSIAN && config->format == ADC_WAVE_S8)
    fill_picked (wave, n, data, count);
  else
    fill_tiles (wave, first, data, frames);
}
