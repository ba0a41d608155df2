/* Samples of a wave in memory of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WAVE_DATA_H
#define WAVE_DATA_H

#include "plugin/adctestsrc/adcwave.h"

static inline gsize
bytes_of (const AdcWaveConfig *config, gsize frames)
{
  const guint bits = config->channels * adc_wave_format_bits (config->format);

  return (frames * bits + 7) / 8;
}

/* So many frames from first on, to be released with g_free(). */
static inline gpointer
fill (const AdcWaveConfig *config, guint64 first, gsize frames)
{
  gpointer data = g_malloc (bytes_of (config, frames));
  AdcWave wave;

  adc_wave_init (&wave, config);
  adc_wave_fill (&wave, first, data, frames);

  return data;
}

#endif /* WAVE_DATA_H */
