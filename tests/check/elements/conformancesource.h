/* Scripts for sources that are GstBaseSrc: what conformancesource.c and
 * conformancelive.c share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_CONFORMANCE_SOURCE_H
#define SPEAD2_TESTS_CONFORMANCE_SOURCE_H

#include "conformance.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *caps; /* that downstream takes at first */
  /* when caps come, and so what follows them, does not count */
  gboolean any_caps;
  /* buffers have times of arrival, which are real: positions in time are not shown */
  gboolean real_times;
  /* Shows a buffer, and what came before it. */
  void (*see_buffer) (GstBuffer *buffer, const gchar *last);
  /* Whether the source, in PLAYING, waits for what only the test does. */
  gboolean (*has_no_more) (void);
} SourceKind;

extern GstElement *source;

/* As those of a Comparison. */
void source_begin (const gchar *element, const SourceKind *kind);
void source_run (const StepKind *kind, gchar **args);
void source_settle (void);
void source_end (void);

/* Whether its streaming thread exists and sleeps, and whether a thread of its own, if it
 * has one, does. */
gboolean source_is_asleep (void);
gboolean source_worker_is_asleep (void);

/* Buffers that downstream has taken. */
guint source_n_taken (void);

/* Sends an event to the element, or pushes it upstream, and lets a buffer through where
 * that waits for it. Takes the event. */
void source_act (gboolean to_pad, GstEvent *event);

/* Steps. */
void source_change_state (gchar **args);
void source_pull (gchar **args);
void source_set_reply (gchar **args);
void source_send_event (gchar **args);
void source_push_event (gchar **args);
void source_send_flush_stop (gchar **args);
void source_query_element (gchar **args);
void source_query_pad (gchar **args);
void source_query_convert (gchar **args);
void source_set_property (gchar **args);
void source_set_stopped_property (gchar **args);
void source_advance_clock (gchar **args);

G_END_DECLS

#endif /* SPEAD2_TESTS_CONFORMANCE_SOURCE_H */
