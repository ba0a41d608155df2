/* adctestsrc: test signals, as the digitiser of a telescope might give them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_H
#define GST_ADC_TEST_SRC_H

#include <gst/base/gstbasesrc.h>
#include <gst/gst.h>

#include "adcwave.h"
#include "gstadctestsrcclock.h"
#include "gstadctestsrcformat.h"
#include "gstadctestsrcposition.h"
#include "gstadctestsrcproperties.h"

G_BEGIN_DECLS

#define GST_TYPE_ADC_TEST_SRC (gst_adc_test_src_get_type ())
G_DECLARE_FINAL_TYPE (
    GstAdcTestSrc, gst_adc_test_src, GST, ADC_TEST_SRC, GstBaseSrc)

/* Locks: the object lock guards settings, config_changed and the frames that a seek
 * names, and format and position where they are written and where a thread other
 * than the streaming one reads them. What start () sets up and the stream's state
 * belong to the thread that holds the stream lock. */
struct _GstAdcTestSrc {
  GstBaseSrc parent;

  GstAdcTestSrcSettings settings;
  /* A property that takes effect at the next buffer was set. */
  gboolean config_changed;

  /* What the caps say; rate is 0 before there are any. */
  GstAdcTestSrcFormat format;

  /* From start () on. */
  gint frames_per_buffer;
  guint64 sample_offset;
  guint64 first_frame; /* the same, unless the clock says which */
  gint64 sync_epoch;   /* ns since 1970, or -1 */
  /* Complete once there are caps. */
  AdcWaveConfig config;
  AdcWave wave;

  /* Offsets, and what wave calls frames, are first_frame more than its frames. */
  GstAdcTestSrcPosition position;

  /* With sync_epoch: what first_frame was computed of, and where the last buffer
   * ended. */
  GstAdcTestSrcClock clock;
  GstClockTime running_time;
  guint64 unpaced_frame; /* of a buffer that does not wait for its time */

  /* Atomic: base time is another one, and the clock says which frame comes next.
   * Only with sync_epoch. */
  gint follow_clock;
  /* Atomic: the next buffer does not follow the last one that was pushed. */
  gint discont;
};

GST_ELEMENT_REGISTER_DECLARE (adctestsrc);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_H */
