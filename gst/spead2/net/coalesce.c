/* Fewer wake-ups: see coalesce.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/coalesce.h"

/* The time in which rates are measured, ns. */
#define WINDOW G_GUINT64_CONSTANT (1000000)

/* A shorter sleep lasts as long as one of this, by the slack of timers, ns. */
#define MIN_SLEEP (50 * G_GUINT64_CONSTANT (1000))

/* Messages within a sleep from which on it is worth it, and below which no more. */
#define BEGIN_MESSAGES 3
#define END_MESSAGES 2

#define NS_PER_S 1e9

void
spead2_coalesce_init (Spead2Coalesce *coalesce, guint64 max_sleep,
    guint64 buffer_size, guint64 now)
{
  *coalesce = (Spead2Coalesce){
      .max_sleep = max_sleep, .buffer_size = buffer_size, .window = now};
}

/* Closes the window if it has lasted long enough. */
static void
measure (Spead2Coalesce *coalesce, guint64 now)
{
  guint64 elapsed = now - coalesce->window;

  if (elapsed < WINDOW)
    return;
  coalesce->message_rate = coalesce->messages * NS_PER_S / elapsed;
  coalesce->byte_rate = coalesce->bytes * NS_PER_S / elapsed;
  coalesce->window = now;
  coalesce->messages = coalesce->bytes = 0;
}

/* How long to sleep if at all, ns: a quarter of the buffer at most. */
static guint64
limited_sleep (const Spead2Coalesce *coalesce)
{
  gdouble quarter = coalesce->buffer_size / 4 * NS_PER_S;

  if (coalesce->byte_rate * coalesce->max_sleep <= quarter)
    return coalesce->max_sleep;
  return quarter / coalesce->byte_rate;
}

guint64
spead2_coalesce_next (
    Spead2Coalesce *coalesce, guint64 now, guint64 messages, guint64 bytes)
{
  guint64 sleep;
  gdouble expected;

  coalesce->messages += messages;
  coalesce->bytes += bytes;
  measure (coalesce, now);

  sleep = limited_sleep (coalesce);
  expected = coalesce->message_rate * sleep / NS_PER_S;
  coalesce->sleeping = messages > 0 && sleep >= MIN_SLEEP &&
      expected >= (coalesce->sleeping ? END_MESSAGES : BEGIN_MESSAGES);
  return coalesce->sleeping ? sleep : 0;
}
