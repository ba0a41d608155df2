/* How fast adctestsrc's signals are made: every wave in every format, with each
 * kernel that this processor runs, in GB/s into a buffer of 512 KiB, which stays
 * in the L2 cache.
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
measure (AdcWaveShape shape, AdcWaveFormat format, guint repeats)
{
  const AdcWaveConfig config = {.shape = shape,
      .format = format,
      .channels = 1,
      .rate = 1712000000,
      .seed = 1,
      .minimum = -100,
      .maximum = 100,
      .standard_deviation = 20,
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

  g_print ("%-9s %-6s", waves[shape], formats[format]);
  for (guint k = 0; k < kernels; k++) {
    qsort (runners[k].speeds, repeats, sizeof (gdouble), compare_doubles);
    g_print ("  %s %6.2f", runners[k].wave.kernel.name,
        runners[k].speeds[repeats / 2]);
    g_free (runners[k].speeds);
  }
  g_print ("\n");
  g_free (buffer);
}

int
main (int argc, char **argv)
{
  guint repeats = argc > 1 ? MAX (atoi (argv[1]), 1) : 21;

  g_print ("GB/s, one channel, default properties of adctestsrc\n");
  for (guint shape = 0; shape < ADC_WAVE_N_SHAPES; shape++)
    for (guint format = 0; format < ADC_WAVE_N_FORMATS; format++)
      if ((argc <= 2 || strcmp (argv[2], waves[shape]) == 0) &&
          (argc <= 3 || strcmp (argv[3], formats[format]) == 0))
        measure (shape, format, repeats);

  return 0;
}
