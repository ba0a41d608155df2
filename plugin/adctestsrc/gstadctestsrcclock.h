/* adctestsrc's frames by the clock: with sync-epoch, a frame has one date everywhere.
 *
 * Frame n is due n frames after the epoch, on a clock that counts ns since 1970. A stream
 * begins with a frame that is a multiple of a buffer's, so that the buffers of all sources
 * of one size have the same frames. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_CLOCK_H
#define GST_ADC_TEST_SRC_CLOCK_H

#include <gst/gst.h>

#include "gstadctestsrcformat.h"

G_BEGIN_DECLS

typedef struct {
  guint64 epoch;     /* of frame 0, ns since 1970 */
  guint64 base_time; /* of the element, ns since 1970 */
} GstAdcTestSrcClock;

/* The frame that a stream begins with, or continues with after a pause, where it is
 * now, and nothing before the running time is made: the buffer that is in progress, or
 * else the first one from that running time on. All in ns; now is not before the
 * epoch. */
guint64 gst_adc_test_src_clock_frame (const GstAdcTestSrcClock *clock,
    const GstAdcTestSrcFormat *format, guint frames_per_buffer,
    GstClockTime now, GstClockTime running_time);

/* The running time at which a frame is due, rounded down to ns. */
GstClockTime gst_adc_test_src_clock_time (const GstAdcTestSrcClock *clock,
    const GstAdcTestSrcFormat *format, guint64 frame);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_CLOCK_H */
