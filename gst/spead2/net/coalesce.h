/* When a reader sleeps instead of blocking, so that one wake-up fetches several
 * messages. Pure: time and what was read are passed in.
 *
 * The rate of messages is measured over windows of about a millisecond. Sleeping
 * begins where at least three messages come in the time of a sleep, and ends below
 * two, or as soon as one brought nothing. A sleep is never longer than a quarter of
 * what the socket's buffer holds at the measured rate of bytes, and where that is
 * too short to be worth it there is none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_COALESCE_H
#define SPEAD2_COALESCE_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint64 max_sleep;   /* ns; 0: never sleeps */
  guint64 buffer_size; /* bytes of payload that the socket's buffer holds */

  guint64 window;          /* when the present one began, ns */
  guint64 messages, bytes; /* in it */
  gdouble message_rate;    /* of the last one, a second */
  gdouble byte_rate;
  gboolean sleeping;
} Spead2Coalesce;

void spead2_coalesce_init (Spead2Coalesce *coalesce, guint64 max_sleep,
    guint64 buffer_size, guint64 now);

/* To be called when nothing is queued, with what was read since the last call.
 * Returns how long to sleep, ns; 0: block. */
guint64 spead2_coalesce_next (
    Spead2Coalesce *coalesce, guint64 now, guint64 messages, guint64 bytes);

G_END_DECLS

#endif /* SPEAD2_COALESCE_H */
