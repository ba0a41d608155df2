/* Whose turn it is among the heaps of a group that are sent in turn.
 *
 * Heaps are numbered from 0. In each round every one that has not ended has one turn, in the
 * order of the numbers. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TURNS_H
#define SPEAD2_TURNS_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  /* (owned) The heaps that have not ended: n_kept had their turn in this round and have one
   * in the next, those from next to n have it still. */
  guint *open;
  guint n_kept, next, n;
} Spead2Turns;

/* max: most heaps of a group. None begins. */
static inline void
spead2_turns_init (Spead2Turns *turns, guint max)
{
  *turns = (Spead2Turns){.open = g_new (guint, max)};
}

/* Frees what init allocated. */
static inline void
spead2_turns_clear (Spead2Turns *turns)
{
  g_clear_pointer (&turns->open, g_free);
}

/* A group of n heaps, the first of which has its turn. */
static inline void
spead2_turns_begin (Spead2Turns *turns, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    turns->open[i] = i;
  turns->n_kept = turns->next = 0;
  turns->n = n;
}

/* How many have not ended. */
static inline guint
spead2_turns_n_open (const Spead2Turns *turns)
{
  return turns->n_kept + turns->n - turns->next;
}

/* The heap whose turn it is; at least one has not ended. */
static inline guint
spead2_turns_current (const Spead2Turns *turns)
{
  return turns->open[turns->next];
}

/* Begins the next round behind the last turn of one. */
static inline void
spead2_turns_next_round (Spead2Turns *turns)
{
  if (turns->next < turns->n)
    return;
  turns->n = turns->n_kept;
  turns->n_kept = turns->next = 0;
}

/* The next heap has its turn. */
static inline void
spead2_turns_pass (Spead2Turns *turns)
{
  turns->open[turns->n_kept++] = turns->open[turns->next++];
  spead2_turns_next_round (turns);
}

/* The heap whose turn it is has ended; the next one has its turn. */
static inline void
spead2_turns_end (Spead2Turns *turns)
{
  turns->next++;
  spead2_turns_next_round (turns);
}

/* Heaps from number n on, which had no turn yet, are not in the group. */
static inline void
spead2_turns_limit (Spead2Turns *turns, guint n)
{
  while (turns->n > turns->next && turns->open[turns->n - 1] >= n)
    turns->n--;
  spead2_turns_next_round (turns);
}

G_END_DECLS

#endif /* SPEAD2_TURNS_H */
