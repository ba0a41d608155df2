/* Runs: heaps of one packet each that came one after another and differ by a few numbers.
 *
 * A digitiser's heaps have one header, in which the heap counter and some immediates step.
 * The first two heaps say by how much; a packet continues the run if every 64 bits of its
 * header are those of the last one and the step. It needs no parsing, and a run is one
 * Spead2ReceivedHeap, which is passed on, queued and made a buffer of as one. Where that
 * has no space for another heap, the next one is the first of another run: heaps that are
 * a buffer each are runs of one.
 *
 * A pure module: the assembler has the memory, and decides whether a heap that would
 * continue a run has come before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_RECEIVE_RUN_H
#define SPEAD2_RECEIVE_RUN_H

#include "spead2/net/places.h"
#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* The header, HEAP_CNT, HEAP_LENGTH, PAYLOAD_OFFSET and PAYLOAD_LENGTH. */
#define SPEAD2_RUN_LEADING_WORDS 5

#define SPEAD2_RUN_MAX_WORDS (SPEAD2_RUN_LEADING_WORDS + SPEAD2_INLINE_POINTERS)

/* The run that may be continued. All zero: there is none. */
typedef struct {
  Spead2ReceivedHeap *heap; /* (borrowed) or NULL */
  guint n_space;            /* heaps that its memory has space for */
  guintptr phase;           /* the assembler's, with which memory is acquired */
  gsize size;               /* bytes of each of its packets */
  guint n_words;            /* of a header */
  guint64 words[SPEAD2_RUN_MAX_WORDS]; /* of the last packet */
  guint64 steps[SPEAD2_RUN_MAX_WORDS]; /* modulo 2^64 */
  /* How often they may yet be made before a value steps out of its bits. 0: also where they
   * are unknown, as no second heap has come. */
  guint64 n_left;
} Spead2Run;

/* A heap that a packet was all of is the first of a run, if others can follow: its
 * pointers are items without stream control and descriptors, behind the four that place
 * the payload, and the heap has memory. */
void spead2_run_begin (
    Spead2Run *run, Spead2ReceivedHeap *heap, const guint8 *packet, gsize size);

/* Whether a datagram is the packet of the heap that comes next in the run, of which there
 * is one. If so, words are those of it; otherwise they are no longer valid. */
static inline gboolean spead2_run_is_next (
    Spead2Run *run, const guint8 *packet, gsize size);

/* The heap that is next, with its header in words, begins a run that goes on as this one.
 * It is new, and has memory; all of its payload is taken to be there. */
void spead2_run_renew (Spead2Run *run, Spead2ReceivedHeap *heap);

/* Where the payload of the heaps belongs that come next, of places->n at most: behind what its
 * memory has of them. FALSE: it is not known, or there is no space. */
gboolean spead2_run_predict (const Spead2Run *run, Spead2Places *places);

/* Makes the words of a header those of the next heap's. */
static inline void
spead2_run_step (const Spead2Run *run, guint64 *words)
{
  for (guint i = 0; i < run->n_words; i++)
    words[i] += run->steps[i];
}

/* Adds the heap that comes next, as predicted. */
static inline void
spead2_run_add_placed (Spead2Run *run)
{
  spead2_run_step (run, run->words);
  run->n_left--;
  run->heap->n_heaps++;
}

/*< private >*/

/* Of the second heap: how it differs from the first. FALSE also if the run has more. */
gboolean spead2_run_find_steps (Spead2Run *run, const guint8 *packet);

static inline gboolean
spead2_run_is_next (Spead2Run *run, const guint8 *packet, gsize size)
{
  if (size != run->size)
    return FALSE;
  if (run->n_left == 0)
    return spead2_run_find_steps (run, packet);
  run->n_left--;
  for (guint i = 0; i < run->n_words; i++) {
    run->words[i] += run->steps[i];
    if (spead2_read_u64 (packet + i * sizeof *run->words) != run->words[i])
      return FALSE;
  }
  return TRUE;
}

G_END_DECLS

#endif /* SPEAD2_RECEIVE_RUN_H */
