/* The position of adctestsrc's stream, and what seeks make of it.
 *
 * Frames count from 0 at time 0. A position in frames exists only at a known rate: a
 * seek that comes before the first caps leaves times, of which frames are made when
 * the rate is set. Above 1 GHz several frames have the same time: a seek in samples
 * or bytes, which the base class converts to times, therefore also names its frames.
 *
 * Guarded by whoever owns the struct.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_POSITION_H
#define GST_ADC_TEST_SRC_POSITION_H

#include <gst/gst.h>

#include "gstadctestsrcformat.h"

G_BEGIN_DECLS

typedef struct {
  GstClockTime start_time;
  GstClockTime stop_time; /* GST_CLOCK_TIME_NONE: no stop */
  guint64 next_frame;     /* of the next buffer; from the first caps on */
  guint64 stop_frame;     /* the first one that is not sent */

  /* From a seek's preparation until it is done: the frames that it names, or
   * G_MAXUINT64. */
  guint64 named_start;
  guint64 named_stop;
} GstAdcTestSrcPosition;

/* Frame 0, and no stop. */
void gst_adc_test_src_position_init (GstAdcTestSrcPosition *position);

/* Notes the frames that a seek event names, if it is one in samples or bytes. */
void gst_adc_test_src_position_prepare_seek (GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *format, GstEvent *seek);

/* Goes to the segment's position, with its stop. format: without a rate before the
 * first caps. */
void gst_adc_test_src_position_seek (GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *format, const GstSegment *segment);

/* Takes over a format; that of before has no rate at the first caps. TRUE if the
 * stream continues at the same time with another frame. */
gboolean gst_adc_test_src_position_set_format (GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *before, const GstAdcTestSrcFormat *format);

/* Frames of the next buffer: whole bytes, at most max_frames, 0 at the stop. */
guint gst_adc_test_src_position_count (const GstAdcTestSrcPosition *position,
    const GstAdcTestSrcFormat *format, guint max_frames);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_POSITION_H */
