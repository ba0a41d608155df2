/* The sink's fixture with several destinations: a socket that is listened at for each of
 * them, and a decoder that gets, without loss, what was sent to it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_DESTINATIONS_FIXTURE_H
#define SPEAD2_TESTS_DESTINATIONS_FIXTURE_H

#include "sinkfixture.h"

#define N 3
#define SIZE 500 /* of a heap's samples in bytes */
#define END -1   /* of a list of numbers */

extern FakeReceiver *listeners[N], *decoders[N];

/* A checked fixture, which contains setup_fixture(). */
void setup_destinations (void);
void teardown_destinations (void);

guint16 port_of (guint i);
/* The first n of them as a list. */
void set_destinations (guint n);
/* Decodes what has been sent since the fixture was set up, each message at its port. */
void decode_each (void);

/* The rest reads what decode_each() decoded; heaps of a destination are counted from 0. */
const FakeHeap *heap_at (guint destination, guint index);
/* Where the payload of a heap begins in the pattern, or -1 without one. */
gint64 begin_of (const FakeHeap *heap);
/* The heap is a stop heap. */
gboolean is_stop (guint destination, guint index);
/* A destination has exactly these heaps, by their counters: up to END. */
void assert_counters (guint destination, ...);
/* The heap has the nth of the heaps that push_heaps() makes. */
void assert_data (guint destination, guint index, guint nth);
/* The heap has so many descriptors. */
void assert_described (guint destination, guint index, guint n);

/* A counter of 'destinations' in stats. */
guint64 sent_to (guint i, const gchar *field);

#endif /* SPEAD2_TESTS_DESTINATIONS_FIXTURE_H */
