/* How fast adctestsrc's signals are made: every wave in every format, with each
 * kernel that this processor runs, in GB/s into a buffer of 512 KiB, which stays
 * in the L2 cache. The wave "sky" is gaussian noise, half of which sources share.
 * Usage: adcwave [repeats [wave [format]]]. Prints medians of the repeats, in
 * which the kernels take turns, so that a disturbance meets all of them alike.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../plugin/adctestsrc/adcwave.h"

#define BUFFER_SIZE (512 * 1024)
/* A repeat lasts about so long. */
#define REPEAT_USEC 2000
#define KERNELS_MAX 8

static const gchar *const waves[ADC_WAVE_N_SHAPES] = {
    "uniform", "gaussian", "sine", "tones", "ramp", "silence", "pulses"};
static const gchar *const formats[ADC_WAVE_N_FORMATS] = {"S8", "S16LE", "S16BE",
    "S24LE", "S24BE", "S32LE", "S32BE", "S10", "S12", "F32LE", "F32BE", "F64LE",
    "F64BE"};

typedef struct {
  AdcWave wave;
  guint64 next_frame;
  gdouble *speeds;
} Runner;

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

/* Microseconds of CPU, so that other programs disturb less. */
static gint64
cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gdouble
gigabytes_per_second (Runner *runner, guint8 *buffer)
{
  const gsize frames =
      8 * BUFFER_SIZE / adc_wave_format_bits (runner->wave.config.format);
  const gint64 begin = cpu_time ();
  guint64 bytes = 0;
  gint64 took;

  do {
    adc_wave_fill (&runner->wave, runner->next_frame, buffer, frames);
    runner->next_frame += frames;
    bytes += BUFFER_SIZE;
    took = cpu_time () - begin;
  } while (took < REPEAT_USEC);

  return bytes / 1e3 / took;
}

static void
measure (const gchar *name, AdcWaveShape shape, AdcWaveFormat format,
    gdouble correlation, guint repeats)
{
  const AdcWaveConfig config = {.shape = shape,
      .format = format,
      .channels = 1,
      .rate = 1712000000,
      .seed = 1,
      .minimum = -100,
      .maximum = 100,
      .standard_deviation = 20,
      .correlation = correlation,
      .delay = 1001,
      .snr = 20,
      .num_tones = 8};
  guint8 *buffer = g_malloc0 (BUFFER_SIZE);
  Runner runners[KERNELS_MAX];
  AdcWaveKernel kernel;
  guint kernels;

  for (kernels = 0; adc_wave_kernel (kernels, &kernel); kernels++) {
    adc_wave_init (&runners[kernels].wave, &config);
    adc_wave_set_kernel (&runners[kernels].wave, &kernel);
    runners[kernels].next_frame = 0;
    runners[kernels].speeds = g_new (gdouble, repeats);
  }
  for (guint i = 0; i < repeats; i++)
    for (guint k = 0; k < kernels; k++)
      runners[k].speeds[i] = gigabytes_per_second (&runners[k], buffer);

  g_print ("%-9s %-6s", name, formats[format]);
  for (guint k = 0; k < kernels; k++) {
    qsort (runners[k].speeds, repeats, sizeof (gdouble), compare_doubles);
    g_print ("  %s %6.2f", runners[k].wave.kernel.name,
        runners[k].speeds[repeats / 2]);
    g_free (runners[k].speeds);
  }
  g_print ("\n");
  g_free (buffer);
}

/* In all formats, or in the one that argv names, unless it names another wave. */
static void
measure_formats (
    const gchar *name, AdcWaveShape shape, gdouble correlation, char **argv)
{
  const guint repeats = argv[1] != NULL ? MAX (atoi (argv[1]), 1) : 21;
  const gchar *only_wave = argv[1] != NULL ? argv[2] : NULL;
  const gchar *only_format = only_wave != NULL ? argv[3] : NULL;

  if (only_wave != NULL && strcmp (only_wave, name) != 0)
    return;
  for (guint format = 0; format < ADC_WAVE_N_FORMATS; format++)
    if (only_format == NULL || strcmp (only_format, formats[format]) == 0)
      measure (name, shape, format, correlation, repeats);
}

int
main (int argc, char **argv)
{
  g_print ("GB/s, one channel, default properties of adctestsrc\n");
  for (guint shape = 0; shape < ADC_WAVE_N_SHAPES; shape++)
    measure_formats (waves[shape], shape, 0, argv);
  measure_formats ("sky", ADC_WAVE_GAUSSIAN, 0.5, argv);

  return 0;
}
