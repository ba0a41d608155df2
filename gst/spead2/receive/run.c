/* Runs of heaps: see run.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/run.h"

#include "spead2/wire/number.h"

static guint64
read_word (const guint8 *packet, guint i)
{
  return spead2_read_u64 (packet + i * sizeof (guint64));
}

/* Whether the header is that of the heap: the four in the order of their ids, and then its
 * pointers, none of which may change what is done with it. */
static gboolean
is_header (const Spead2ReceivedHeap *heap, const guint64 *words)
{
  for (guint id = SPEAD2_ID_HEAP_CNT; id <= SPEAD2_ID_PAYLOAD_LENGTH; id++)
    if (words[id] >> heap->flavour !=
        spead2_flavour_immediate (heap->flavour, id, 0) >> heap->flavour)
      return FALSE;
  words += SPEAD2_RUN_LEADING_WORDS;
  for (guint i = 0; i < heap->n_pointers; i++) {
    guint64 id = spead2_pointer_id (heap->flavour, words[i]);

    if (words[i] != heap->pointers[i] ||
        (id != SPEAD2_ID_NULL && id <= SPEAD2_ID_STREAM_CTRL))
      return FALSE;
  }
  return TRUE;
}

void
spead2_run_begin (
    Spead2Run *run, Spead2ReceivedHeap *heap, const guint8 *packet, gsize size)
{
  guint n_words = SPEAD2_RUN_LEADING_WORDS + heap->n_pointers;

  if (heap->flags != SPEAD2_RECEIVED_SINGLE || heap->payload == NULL ||
      n_words > SPEAD2_RUN_MAX_WORDS ||
      size != n_words * sizeof *run->words + heap->length)
    return;
  for (guint i = 0; i < n_words; i++)
    run->words[i] = read_word (packet, i);
  if (!is_header (heap, run->words))
    return;
  run->heap = heap;
  run->n_space = 1;
  run->size = size;
  run->n_words = n_words;
  run->n_left = 0;
}

/* Whether one of the heap's pointers may step: two with one id could become the same, which
 * a heap has once. */
static gboolean
may_step (const Spead2Run *run, guint i, guint64 step)
{
  Spead2Flavour flavour = run->heap->flavour;
  guint64 word = run->words[i];

  if (!spead2_pointer_is_immediate (word) || ((word + step) ^ word) >> flavour)
    return FALSE;
  if (i < SPEAD2_RUN_LEADING_WORDS)
    return i == SPEAD2_ID_HEAP_CNT;
  for (guint k = SPEAD2_RUN_LEADING_WORDS; k < run->n_words; k++)
    if (k != i && run->words[k] >> flavour == word >> flavour)
      return FALSE;
  return TRUE;
}

/* The heap's steps are those of the run. */
static void
set_steps (const Spead2Run *run, Spead2ReceivedHeap *heap)
{
  heap->cnt_step = run->steps[SPEAD2_ID_HEAP_CNT];
  memcpy (heap->steps, run->steps + SPEAD2_RUN_LEADING_WORDS,
      heap->n_pointers * sizeof *heap->steps);
}

gboolean
spead2_run_find_steps (Spead2Run *run, const guint8 *packet)
{
  Spead2Flavour flavour = run->heap->flavour;
  guint64 limit = spead2_flavour_max_value (flavour);
  guint64 n = G_MAXUINT64;

  if (run->heap->n_heaps > 1)
    return FALSE;
  for (guint i = 0; i < run->n_words; i++) {
    guint64 value = spead2_pointer_value (flavour, run->words[i]);

    run->steps[i] = read_word (packet, i) - run->words[i];
    if (run->steps[i] != 0 && !may_step (run, i, run->steps[i]))
      return FALSE;
    n = MIN (n, spead2_number_count_steps (value, run->steps[i], limit));
  }
  /* Heaps that do not differ are one. */
  if (n == G_MAXUINT64)
    return FALSE;
  run->n_left = n - 1;
  for (guint i = 0; i < run->n_words; i++)
    run->words[i] += run->steps[i];
  set_steps (run, run->heap);
  return TRUE;
}

void
spead2_run_renew (Spead2Run *run, Spead2ReceivedHeap *heap)
{
  const Spead2ReceivedHeap *last = run->heap;

  heap->cnt =
      spead2_pointer_value (last->flavour, run->words[SPEAD2_ID_HEAP_CNT]);
  heap->flavour = last->flavour;
  heap->flags = last->flags;
  heap->length = heap->received = last->length;
  spead2_ranges_add (&heap->ranges, 0, heap->length);
  heap->n_pointers = last->n_pointers;
  memcpy (heap->pointers, run->words + SPEAD2_RUN_LEADING_WORDS,
      heap->n_pointers * sizeof *heap->pointers);
  set_steps (run, heap);
  run->heap = heap;
  run->n_space = 1;
}

gboolean
spead2_run_predict (const Spead2Run *run, Spead2Places *places)
{
  const Spead2ReceivedHeap *heap = run->heap;

  G_STATIC_ASSERT (sizeof run->words <= SPEAD2_PLACES_MAX_HEADER);
  places->n = MIN (places->n, MIN (run->n_space - heap->n_heaps, run->n_left));
  places->header_size = run->n_words * sizeof *run->words;
  places->payload_size = heap->length;
  places->payload = heap->payload + heap->n_heaps * heap->length;
  places->n_steps = 0;
  for (guint i = 0; i < run->n_words; i++) {
    const gsize at = i * sizeof *run->words;

    spead2_write_u64 (places->header + at, run->words[i] + run->steps[i]);
    if (run->steps[i] != 0 &&
        !spead2_places_add_step (places, at, run->steps[i]))
      return FALSE;
  }
  return places->n > 0;
}
