/* A script of steps, run on an element and on its peers, and compared: see
 * conformance.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_CONFORMANCE_H
#define SPEAD2_TESTS_CONFORMANCE_H

#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

#include "../tools.h"

G_BEGIN_DECLS

#define MAX_ARGS 6
#define MAX_PEERS 2
#define TICK (10 * GST_MSECOND) /* of the test clock, and of a buffer */

/* A word of the scripts' language. A script is text: "PAUSED; step buffers 1". */
typedef struct {
  const gchar *name;
  guint weight; /* how often it comes, relative to the others */
  void (*run) (gchar **args);
  gboolean streams;                /* it runs in the streaming thread */
  const gchar *args[MAX_ARGS + 1]; /* each "one|two|three": what it may be */
} StepKind;

/* A difference that is meant. The first three are globs. */
typedef struct {
  const gchar *step;
  const gchar *peer;
  const gchar *line; /* of what the step shows, at the element or at the peer */
  const gchar *reason;
  gboolean ends; /* what follows cannot be compared */
} Difference;

typedef struct {
  const gchar *name;
  const gchar *element; /* under test */
  const gchar *peers[MAX_PEERS];
  guint min_steps, max_steps;
  const StepKind *kinds;
  guint n_kinds;
  const Difference *differences;
  guint n_differences;

  void (*begin) (const gchar *element);
  void (*run) (const StepKind *kind, gchar **args);
  /* Returns when nothing moves any more; then shows the element's state. */
  void (*settle) (void);
  void (*end) (void);
} Comparison;

/* Adds a line to what the current step shows. Any thread. The order of lines
 * within a step does not count. */
void see (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

/* Shows the messages on a bus, but for those that say nothing of conformance. */
void see_messages (GstBus *bus);

/* Asks, and shows the whole answer. Takes the query. */
typedef gboolean (*AskFunc) (gpointer object, GstQuery *query);
gboolean ask_element (gpointer object, GstQuery *query);
gboolean ask_peer (gpointer object, GstQuery *query);
void see_query (gpointer object, AskFunc ask, GstQuery *query);

/* Due waits end, and those that they lead to. */
void advance_test_clock (
    GstTestClock *clock, gint64 ticks, gboolean (*at_rest) (void));

/* "none" is -1. */
gint64 parse_number (const gchar *word);
GstFormat parse_format (const gchar *word);
GstState parse_state (const gchar *name);
/* By name: seek, flushing-seek, tag, eos, qos, latency, reconfigure, step,
 * navigation, flush-start, custom-upstream, custom-downstream, custom-both,
 * custom-downstream-oob, custom-both-oob. */
GstEvent *make_event (const gchar *name);
/* By name: position, duration, seeking, segment, latency, formats, caps,
 * scheduling, custom. */
GstQuery *make_query (const gchar *name, GstFormat format);

extern const Comparison sink_comparison, source_comparison, live_comparison;

G_END_DECLS

#endif /* SPEAD2_TESTS_CONFORMANCE_H */
