/* sync=true at the rate of a digitiser: heaps go out at their times, with no drift. Time is
 * virtual: the clock jumps to whatever is waited for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "sinkfixture.h"

__extension__ typedef unsigned __int128 Wide;

/* Sanitizers make a heap ten times as slow. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define N_HEAPS 50000
#else
#define N_HEAPS 1000000
#endif
#define SAMPLES 4096
#define RATE 1712000000
#define BEGIN (123 * GST_SECOND)

/* -- a clock that jumps ----------------------------------------------------------- */

typedef struct {
  GstClock parent;

  /* Guarded by the object lock. */
  GstClockTime now;
  guint n_waits;
  /* the first wait that was not for its heap's time; -1: none */
  gint first_wrong;
  GstClockTime wrong;
} JumpClock;

typedef GstClockClass JumpClockClass;

GType jump_clock_get_type (void);
G_DEFINE_TYPE (JumpClock, jump_clock, GST_TYPE_CLOCK)

static GstClockTime
jump_clock_get_internal_time (GstClock *clock)
{
  GstClockTime now;

  GST_OBJECT_LOCK (clock);
  now = ((JumpClock *) clock)->now;
  GST_OBJECT_UNLOCK (clock);
  return now;
}

static GstClockTime
time_of_heap (guint64 n)
{
  return BEGIN + (GstClockTime) ((Wide) n * SAMPLES * GST_SECOND / RATE);
}

static GstClockReturn
jump_clock_wait (
    GstClock *clock, GstClockEntry *entry, GstClockTimeDiff *jitter)
{
  JumpClock *self = (JumpClock *) clock;
  const GstClockTime time = GST_CLOCK_ENTRY_TIME (entry);

  GST_OBJECT_LOCK (clock);
  if (self->first_wrong < 0 && time != time_of_heap (self->n_waits)) {
    self->first_wrong = self->n_waits;
    self->wrong = time;
  }
  self->n_waits++;
  *jitter = GST_CLOCK_DIFF (time, self->now);
  self->now = MAX (self->now, time);
  GST_OBJECT_UNLOCK (clock);
  return GST_CLOCK_OK;
}

static void
jump_clock_class_init (JumpClockClass *klass)
{
  klass->get_internal_time = jump_clock_get_internal_time;
  klass->wait = jump_clock_wait;
}

static void
jump_clock_init (JumpClock *self)
{
  self->now = BEGIN;
  self->first_wrong = -1;
}

/* -- the test --------------------------------------------------------------------- */

/* A heap lasts 2392.52 ns. The base class waits once for each, until its first sample is
 * due, and once for EOS, at the end of the last; and nothing else waits. */
GST_START_TEST (a_million_heaps_do_not_drift)
{
  JumpClock *clock = g_object_new (jump_clock_get_type (), NULL);
  gchar *text = g_strdup_printf (
      "adctestsrc wave=silence num-buffers=%d samplesperbuffer=%d ! "
      "audio/x-raw,format=S8,channels=1,rate=%d ! "
      "spead2sink name=sender sync=true max-packet-size=8972",
      N_HEAPS, SAMPLES, RATE);

  launch (text);
  /* What is sent would be gigabytes. */
  faults_capture (false, false);
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), GST_CLOCK_CAST (clock));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (gst_bus_timed_pop_filtered (
      bus, 100 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (clock->first_wrong < 0,
      "heap %d was waited for until %" G_GUINT64_FORMAT
      " instead of %" G_GUINT64_FORMAT,
      clock->first_wrong, clock->wrong,
      time_of_heap (MAX (clock->first_wrong, 0)));
  fail_unless_equals_uint64 (clock->n_waits, N_HEAPS + 1);
  fail_unless_equals_uint64 (clock->now, time_of_heap (N_HEAPS));
  fail_unless_equals_uint64 (counter ("heaps-sent"), N_HEAPS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (clock);
  g_free (text);
}

GST_END_TEST;

static Suite *
pace_suite (void)
{
  Suite *suite = suite_create ("pace");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, a_million_heaps_do_not_drift);
  return suite;
}

GST_CHECK_MAIN (pace);
