/* How fast the generator of adctestsrc is, with each kernel that this processor
 * runs: GB/s of samples into a buffer of 512 KiB, which stays in the L2 cache.
 * Usage: adcnoise [repeats]. Prints medians and quartiles of the repeats, which
 * take turns, so that a disturbance meets all kernels alike.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>
#include <stdlib.h>

#include "../../plugin/adctestsrc/adcnoise.h"

#define BUFFER_SIZE (512 * 1024)
/* Each repeat makes so many buffers: 16 MiB. */
#define BUFFERS 32
#define KERNELS_MAX 8

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

static gdouble
gigabytes_per_second (AdcNoise *noise, gint8 *buffer)
{
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < BUFFERS; i++)
    adc_noise_fill (noise, (guint64) i * BUFFER_SIZE, buffer, BUFFER_SIZE);

  return BUFFERS * BUFFER_SIZE / 1e3 / MAX (g_get_monotonic_time () - begin, 1);
}

int
main (int argc, char **argv)
{
  guint repeats = argc > 1 ? MAX (atoi (argv[1]), 1) : 101;
  gint8 *buffer = g_malloc0 (BUFFER_SIZE);
  AdcNoise noises[KERNELS_MAX];
  gdouble *speeds[KERNELS_MAX];
  guint kernels;

  for (kernels = 0; adc_noise_kernel (kernels) != NULL; kernels++) {
    adc_noise_init (&noises[kernels], 1, -100, 100);
    noises[kernels].kernel = adc_noise_kernel (kernels);
    speeds[kernels] = g_new (gdouble, repeats);
    gigabytes_per_second (&noises[kernels], buffer);
  }
  for (guint i = 0; i < repeats; i++)
    for (guint k = 0; k < kernels; k++)
      speeds[k][i] = gigabytes_per_second (&noises[k], buffer);

  for (guint k = 0; k < kernels; k++) {
    qsort (speeds[k], repeats, sizeof *speeds[k], compare_doubles);
    g_print ("%-10s %6.2f GB/s (quartiles %.2f, %.2f)\n",
        noises[k].kernel->name, speeds[k][repeats / 2], speeds[k][repeats / 4],
        speeds[k][repeats * 3 / 4]);
    g_free (speeds[k]);
  }
  g_free (buffer);

  return 0;
}
