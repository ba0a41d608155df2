/* Which heaps have ended lately, so that packets of theirs are recognised.
 *
 * A window of the last n, found by their counters. Adding one overwrites the oldest;
 * nothing is allocated after the beginning.
 *
 * One thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_ENDED_HEAPS_H
#define SPEAD2_ENDED_HEAPS_H

#include "spead2/wire/packet.h"

G_BEGIN_DECLS

/* More than one heap may have a counter: these have to agree, too. */
typedef struct {
  guint64 cnt;
  guint64 length; /* or SPEAD2_LENGTH_UNKNOWN, which is the same as any */
  guint64 digest; /* of the header of a heap of one packet; 0 of others */
  Spead2Flavour flavour;
} Spead2HeapIdentity;

typedef struct _Spead2EndedHeaps Spead2EndedHeaps;

#define SPEAD2_MAX_ENDED_HEAPS G_MAXUINT16

/* n_heaps may be 0: then none is ever found. max_age is in ns, 0: any. seed is odd,
 * and unknown to those who send. */
Spead2EndedHeaps *spead2_ended_heaps_new (
    guint n_heaps, guint64 max_age, guint64 seed);

void spead2_ended_heaps_free (Spead2EndedHeaps *ended);

void spead2_ended_heaps_forget (Spead2EndedHeaps *ended);

void spead2_ended_heaps_add (Spead2EndedHeaps *ended,
    const Spead2HeapIdentity *heap, gboolean complete, guint64 now);

/* Whether such a heap ended within max_age, and then whether it was complete. */
gboolean spead2_ended_heaps_find (const Spead2EndedHeaps *ended,
    const Spead2HeapIdentity *heap, guint64 now, gboolean *complete);

G_END_DECLS

#endif /* SPEAD2_ENDED_HEAPS_H */
