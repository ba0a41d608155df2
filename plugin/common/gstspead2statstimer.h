/* gst-spead2: posts the counters of an element at an interval
 *
 * An element message named `spead2-stats`, with the fields of the element's property
 * `stats`. The timer is an asynchronous wait of GStreamer's system clock, whose one thread
 * serves all elements of a process: the message comes whether data flow or not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_STATS_TIMER_H
#define GST_SPEAD2_STATS_TIMER_H

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct {
  /* (owned) guarded by the element's object lock; NULL: stopped */
  GstClockID id;
} GstSpead2StatsTimer;

/* Posts every interval ns from now on, instead of as before; 0: not any more. Less than
 * GST_MSECOND is GST_MSECOND. The timer is a part of the element, and is set to 0 before
 * that is finalized. With the object lock; does not wait for a message that is being
 * posted. */
void gst_spead2_stats_timer_set (
    GstSpead2StatsTimer *timer, GstElement *element, GstClockTime interval);

/* Posts the message now. Any thread, without the object lock. */
void gst_spead2_stats_post (GstElement *element);

G_END_DECLS

#endif /* GST_SPEAD2_STATS_TIMER_H */
