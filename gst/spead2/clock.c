/* The engine's clock: see clock.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/clock.h"

#include <time.h>

guint64
spead2_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * SPEAD2_SECOND + now.tv_nsec;
}
