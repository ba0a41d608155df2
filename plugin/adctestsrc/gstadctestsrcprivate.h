/* adctestsrc: what the files of the element share
 *
 * gstadctestsrc.c            class, properties, states, start
 * gstadctestsrcproperties.c  declares the properties
 * gstadctestsrccaps.c        negotiation, and what caps decide: generator, size of buffers, pool
 * gstadctestsrcquery.c       CONVERT, POSITION, DURATION, LATENCY and SCHEDULING queries
 * gstadctestsrcseek.c        which seeks are done, and to which frame
 * gstadctestsrcstream.c      buffers: frames, offsets, times, the clock with sync-epoch
 *
 * The other modules do not know the element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_PRIVATE_H
#define GST_ADC_TEST_SRC_PRIVATE_H

#include <gst/gst.h>

#include "adcwave.h"
#include "gstadctestsrc.h"
#include "gstadctestsrcclock.h"
#include "gstadctestsrcformat.h"
#include "gstadctestsrcposition.h"
#include "gstadctestsrcproperties.h"

G_BEGIN_DECLS

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

/* The functions of GstBaseSrc, for those that chain up. */
GstBaseSrcClass *gst_adc_test_src_base_class (void);

/* Virtual functions of GstBaseSrc and GstElement. */
GstCaps *gst_adc_test_src_get_caps (GstBaseSrc *basesrc, GstCaps *filter);
GstCaps *gst_adc_test_src_fixate (GstBaseSrc *basesrc, GstCaps *caps);
gboolean gst_adc_test_src_set_caps (GstBaseSrc *basesrc, GstCaps *caps);
gboolean gst_adc_test_src_decide_allocation (
    GstBaseSrc *basesrc, GstQuery *query);
gboolean gst_adc_test_src_query (GstBaseSrc *basesrc, GstQuery *query);
gboolean gst_adc_test_src_is_seekable (GstBaseSrc *basesrc);
gboolean gst_adc_test_src_event (GstBaseSrc *basesrc, GstEvent *event);
gboolean gst_adc_test_src_send_event (GstElement *element, GstEvent *event);
gboolean gst_adc_test_src_prepare_seek_segment (
    GstBaseSrc *basesrc, GstEvent *event, GstSegment *segment);
gboolean gst_adc_test_src_do_seek (GstBaseSrc *basesrc, GstSegment *segment);
void gst_adc_test_src_get_times (GstBaseSrc *basesrc, GstBuffer *buffer,
    GstClockTime *start, GstClockTime *end);
GstFlowReturn gst_adc_test_src_fill (
    GstBaseSrc *basesrc, guint64 offset, guint length, GstBuffer *buffer);

/* Initializes the generator for the current caps and properties. FALSE after an element
 * error: the properties do not fit the format. Streaming thread. */
gboolean gst_adc_test_src_configure_wave (GstAdcTestSrc *src);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_PRIVATE_H */
