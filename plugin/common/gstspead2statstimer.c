/* gst-spead2: posts the counters of an element at an interval: see
 * gstspead2statstimer.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2statstimer.h"

#define MIN_INTERVAL GST_MSECOND

void
gst_spead2_stats_post (GstElement *element)
{
  GstStructure *stats;
  GstMessage *message;

  g_object_get (element, "stats", &stats, NULL);
  gst_structure_set_name (stats, "spead2-stats");
  message = gst_message_new_element (GST_OBJECT (element), stats);
  GST_MESSAGE_TIMESTAMP (message) = gst_util_get_timestamp ();
  gst_element_post_message (element, message);
}

/* The clock keeps this for a while after it was cancelled, and may then still call: that
 * must not keep the element. */
typedef struct {
  GWeakRef element;
  GstSpead2StatsTimer *timer; /* exists as long as the element */
} Tick;

static void
free_tick (gpointer data)
{
  Tick *tick = data;

  g_weak_ref_clear (&tick->element);
  g_free (tick);
}

/* The clock's thread. */
static gboolean
handle_tick (GstClock *clock, GstClockTime time, GstClockID id, gpointer data)
{
  Tick *tick = data;
  GstElement *element = g_weak_ref_get (&tick->element);
  gboolean current;

  if (element == NULL)
    return FALSE;
  GST_OBJECT_LOCK (element);
  current = tick->timer->id == id;
  GST_OBJECT_UNLOCK (element);
  if (current)
    gst_spead2_stats_post (element);
  gst_object_unref (element);
  return current;
}

static void
cancel (GstSpead2StatsTimer *timer)
{
  if (timer->id == NULL)
    return;
  gst_clock_id_unschedule (timer->id);
  gst_clock_id_unref (timer->id);
  timer->id = NULL;
}

void
gst_spead2_stats_timer_set (
    GstSpead2StatsTimer *timer, GstElement *element, GstClockTime interval)
{
  GstClock *clock;
  Tick *tick;

  cancel (timer);
  if (interval == 0)
    return;

  interval = MAX (interval, MIN_INTERVAL);
  tick = g_new (Tick, 1);
  g_weak_ref_init (&tick->element, element);
  tick->timer = timer;
  clock = gst_system_clock_obtain ();
  timer->id = gst_clock_new_periodic_id (
      clock, gst_clock_get_time (clock) + interval, interval);
  gst_clock_id_wait_async (timer->id, handle_tick, tick, free_tick);
  gst_object_unref (clock);
}
