/* Packets to heaps: see assembler.h.
 *
 * A packet goes through three stages: it is read, its heap is found or begun, and
 * its bytes are placed there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/receive/assembler.h"

#include "spead2/receive/endedheaps.h"
#include "spead2/receive/liveheaps.h"
#include "spead2/receive/predict.h"
#include "spead2/receive/run.h"

typedef struct {
  Spead2ReceivedHeap *first, *last;
} HeapList;

struct _Spead2Assembler {
  Spead2AssemblerConfig config;
  Spead2HeapPool pool;
  guint64 align_id;
  const struct sockaddr_storage *sender; /* (borrowed) of packets, or NULL */
  Spead2AssemblerCounters counters;
  guint64 now; /* the last time that was passed in */
  guint64 seed;

  Spead2LiveHeaps live;
  gboolean accepted; /* the last datagram, as a packet of a heap */

  Spead2EndedHeaps *ended;
  HeapList ready; /* ended and not taken */
  Spead2Run run;  /* its heap is the last that is ready */
  /* of memory of those among them that were given up */
  guint64 incomplete_bytes;
};

const gchar *
spead2_packet_fate_name (Spead2PacketFate fate)
{
  static const gchar *const names[] = {
      [SPEAD2_PACKET_ACCEPTED] = "accepted",
      [SPEAD2_PACKET_DUPLICATE] = "duplicate",
      [SPEAD2_PACKET_OVERLAP] = "overlap",
      [SPEAD2_PACKET_INCONSISTENT] = "inconsistent",
      [SPEAD2_PACKET_LATE] = "late",
      [SPEAD2_PACKET_TOO_LARGE] = "too-large",
      [SPEAD2_PACKET_NO_MEMORY] = "no-memory",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == SPEAD2_N_PACKET_FATES);
  return names[fate];
}

Spead2Assembler *
spead2_assembler_new (
    const Spead2AssemblerConfig *config, const Spead2HeapMemoryOwner *owner)
{
  Spead2Assembler *assembler = g_new0 (Spead2Assembler, 1);

  g_assert (config->max_heaps > 0);
  g_assert (config->max_live_bytes >=
      config->max_heap_size + SPEAD2_PAYLOAD_ALIGNMENT);

  assembler->config = *config;
  assembler->seed =
      (guint64) g_random_int () << 32 | (guint64) g_random_int () | 1;
  spead2_heap_pool_init (&assembler->pool, owner, assembler->seed);
  spead2_live_heaps_init (&assembler->live, config->max_heaps, assembler->seed);
  assembler->ended = spead2_ended_heaps_new (
      config->n_remembered, config->remember_time, assembler->seed);
  return assembler;
}

/* --- heaps that end ------------------------------------------------------- */

static void
append (HeapList *list, Spead2ReceivedHeap *heap)
{
  heap->next = NULL;
  *(list->last ? &list->last->next : &list->first) = heap;
  list->last = heap;
}

/* No heap is added to the run. */
static void
end_run (Spead2Assembler *assembler)
{
  Spead2ReceivedHeap *heap = assembler->run.heap;

  if (heap && assembler->run.n_space > heap->n_heaps)
    spead2_heap_pool_resize_memory (
        &assembler->pool, heap, heap->n_heaps * heap->length);
  assembler->run.heap = NULL;
}

/* A heap that is not live (any more) is ready to be taken. */
static void
end_heap (Spead2Assembler *assembler, Spead2ReceivedHeap *heap,
    Spead2HeapEnd end, guint64 digest)
{
  gboolean unsized = heap->flags & SPEAD2_RECEIVED_UNSIZED;
  Spead2HeapIdentity identity = {heap->cnt,
      unsized ? SPEAD2_LENGTH_UNKNOWN : heap->length, digest, heap->flavour};

  end_run (assembler);
  /* More of an unsized heap may yet have come. */
  spead2_ended_heaps_add (assembler->ended, &identity,
      end == SPEAD2_HEAP_COMPLETE && !unsized, assembler->now);
  heap->end = end;
  assembler->counters.heaps_ended[end]++;
  append (&assembler->ready, heap);
}

/* Ends a live heap before its length, if it has one, has come. What claims memory
 * that no payload came for has no more of it until it is taken than live heaps. */
static void
give_up (
    Spead2Assembler *assembler, Spead2ReceivedHeap *heap, Spead2HeapEnd end)
{
  guint64 bytes = spead2_live_heaps_cost (heap->capacity);

  spead2_live_heaps_remove (&assembler->live, heap);
  if (heap->flags & SPEAD2_RECEIVED_UNSIZED && heap->received == heap->length)
    end = SPEAD2_HEAP_COMPLETE;
  else if (assembler->incomplete_bytes + bytes >
      assembler->config.max_live_bytes)
    spead2_heap_pool_release_memory (&assembler->pool, heap);
  else
    assembler->incomplete_bytes += bytes;
  end_heap (assembler, heap, end, 0);
}

/* Nothing but the end of the stream says that they are complete. */
static void
end_unsized (Spead2Assembler *assembler)
{
  Spead2ReceivedHeap *heap, *newer;

  for (heap = assembler->live.oldest; heap; heap = newer) {
    newer = heap->newer;
    if (heap->flags & SPEAD2_RECEIVED_UNSIZED)
      give_up (assembler, heap, SPEAD2_HEAP_STOPPED);
  }
}

/* The heap is not live. */
static void
complete_heap (
    Spead2Assembler *assembler, Spead2ReceivedHeap *heap, guint64 digest)
{
  if (heap->flags & SPEAD2_RECEIVED_STOP) {
    end_unsized (assembler);
    spead2_ended_heaps_forget (assembler->ended);
  }
  end_heap (assembler, heap, SPEAD2_HEAP_COMPLETE, digest);
}

/* Gives up heaps, but not this one, until so much is within the limits. */
static void
make_space (Spead2Assembler *assembler, const Spead2ReceivedHeap *heap,
    guint n_more, guint64 bytes_more)
{
  const Spead2AssemblerConfig *config = &assembler->config;

  while (assembler->live.n + n_more > config->max_heaps) {
    Spead2ReceivedHeap *oldest = assembler->live.oldest;

    give_up (assembler, oldest == heap ? oldest->newer : oldest,
        SPEAD2_HEAP_EVICTED);
  }
  while (assembler->live.bytes + bytes_more > config->max_live_bytes)
    give_up (assembler, spead2_live_heaps_greediest (&assembler->live, heap),
        SPEAD2_HEAP_EVICTED);
}

/* --- packets -------------------------------------------------------------- */

/* A growing heap doubles, so that a byte is moved twice at most. One that is refused has
 * no memory, and needs none. */
static Spead2PacketFate
grow_heap (
    Spead2Assembler *assembler, Spead2ReceivedHeap *heap, guint64 capacity)
{
  guint64 before = heap->capacity;
  guint64 limit = assembler->config.max_heap_size;

  if (capacity > limit)
    return SPEAD2_PACKET_TOO_LARGE;
  if (heap->flags & SPEAD2_RECEIVED_REFUSED)
    return SPEAD2_PACKET_ACCEPTED;
  capacity = MAX (capacity, MIN (2 * before, limit));
  if (!spead2_heap_pool_acquire_memory (
          &assembler->pool, heap, capacity, (guintptr) heap->payload))
    return SPEAD2_PACKET_NO_MEMORY;
  spead2_live_heaps_note_growth (&assembler->live, capacity - before);
  make_space (assembler, heap, 0, 0);
  return SPEAD2_PACKET_ACCEPTED;
}

/* Whether the packet may be of the heap, and where it needs more memory, that. */
static Spead2PacketFate
check_packet (Spead2Assembler *assembler, Spead2ReceivedHeap *heap,
    const Spead2PacketView *view)
{
  gboolean unsized = heap->flags & SPEAD2_RECEIVED_UNSIZED;
  guint64 end = view->offset + view->payload_size;

  if (view->flavour != heap->flavour)
    return SPEAD2_PACKET_INCONSISTENT;
  if (view->heap_length != SPEAD2_LENGTH_UNKNOWN) {
    if (unsized ? view->heap_length < heap->length
                : view->heap_length != heap->length)
      return SPEAD2_PACKET_INCONSISTENT;
    end = view->heap_length;
  }
  if (!unsized && end > heap->length)
    return SPEAD2_PACKET_INCONSISTENT;
  if (view->n_pointers > SPEAD2_MAX_HEAP_POINTERS - heap->n_pointers)
    return SPEAD2_PACKET_TOO_LARGE;
  return end > heap->capacity ? grow_heap (assembler, heap, end)
                              : SPEAD2_PACKET_ACCEPTED;
}

/* Places a packet's bytes in a heap that has the memory. */
static Spead2PacketFate
place_packet (Spead2Assembler *assembler, Spead2ReceivedHeap *heap,
    const Spead2PacketView *view)
{
  guint64 end = view->offset + view->payload_size;

  if (view->payload_size > 0) {
    switch (spead2_ranges_add (&heap->ranges, view->offset, end)) {
      case SPEAD2_RANGES_DUPLICATE:
        return SPEAD2_PACKET_DUPLICATE;
      case SPEAD2_RANGES_OVERLAP:
        return SPEAD2_PACKET_OVERLAP;
      case SPEAD2_RANGES_FULL:
        return SPEAD2_PACKET_TOO_LARGE;
      case SPEAD2_RANGES_ADDED:
        break;
    }
    if (heap->payload)
      memcpy (heap->payload + view->offset, view->payload, view->payload_size);
  }
  if (view->heap_length != SPEAD2_LENGTH_UNKNOWN) {
    heap->length = view->heap_length;
    heap->flags &= ~SPEAD2_RECEIVED_UNSIZED;
  } else if (end > heap->length) {
    heap->length = end;
  }
  heap->received += view->payload_size;
  heap->last_time = assembler->now;
  if (view->n_pointers > 0)
    spead2_received_heap_add_pointers (heap, view);
  assembler->counters.payload_bytes += view->payload_size;
  return SPEAD2_PACKET_ACCEPTED;
}

/* Bytes have been added to a live heap. */
static void
note_progress (Spead2Assembler *assembler, Spead2ReceivedHeap *heap)
{
  if (heap->received == heap->length &&
      !(heap->flags & SPEAD2_RECEIVED_UNSIZED)) {
    spead2_live_heaps_remove (&assembler->live, heap);
    complete_heap (assembler, heap, 0);
  } else if (heap != assembler->live.newest) {
    spead2_live_heaps_touch (&assembler->live, heap);
  }
}

static Spead2PacketFate
continue_heap (Spead2Assembler *assembler, Spead2ReceivedHeap *heap,
    const Spead2PacketView *view)
{
  Spead2PacketFate fate = check_packet (assembler, heap, view);

  if (fate == SPEAD2_PACKET_ACCEPTED)
    fate = place_packet (assembler, heap, view);
  if (fate == SPEAD2_PACKET_ACCEPTED)
    note_progress (assembler, heap);
  return fate;
}

/* What tells a heap of one packet from another with its counter: begins as the seed, and is
 * updated with each pointer; the lowest bit is set in the end. */
static inline guint64
update_digest (
    const Spead2Assembler *assembler, guint64 digest, guint64 pointer)
{
  digest = (digest ^ pointer) * assembler->seed;
  return digest ^ digest >> 32;
}

static guint64
digest_packet (const Spead2Assembler *assembler, const Spead2PacketView *view)
{
  guint64 digest = assembler->seed;

  for (guint i = 0; i < view->n_pointers; i++)
    digest = update_digest (assembler, digest, spead2_packet_pointer (view, i));
  return digest | 1;
}

/* The phase of a payload, with which the item that is to be aligned is. */
static guintptr
find_phase (const Spead2Assembler *assembler, const Spead2PacketView *view)
{
  for (guint i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);
    guint64 id = spead2_pointer_id (view->flavour, pointer);

    if (spead2_pointer_is_immediate (pointer))
      continue;
    if (assembler->align_id == SPEAD2_ID_NULL ? id > SPEAD2_ID_DESCRIPTOR
                                              : id == assembler->align_id)
      return -(guintptr) spead2_pointer_value (view->flavour, pointer);
  }
  return 0;
}

static Spead2ReceivedHeap *
new_heap (Spead2Assembler *assembler, const Spead2PacketView *view)
{
  Spead2ReceivedHeap *heap = spead2_heap_pool_take (&assembler->pool);

  heap->first_time = assembler->now;
  heap->cnt = view->cnt;
  heap->flavour = view->flavour;
  heap->flags =
      view->heap_length == SPEAD2_LENGTH_UNKNOWN ? SPEAD2_RECEIVED_UNSIZED : 0;
  if (assembler->sender)
    heap->sender = *assembler->sender;
  return heap;
}

/* Memory for a heap that begins with the packet, if it is wanted. */
static gboolean
new_payload (Spead2Assembler *assembler, Spead2ReceivedHeap *heap,
    const Spead2PacketView *view, guint64 length)
{
  if (assembler->config.accept &&
      spead2_accept_rule_refuses (assembler->config.accept, view)) {
    heap->flags |= SPEAD2_RECEIVED_REFUSED;
    return TRUE;
  }
  return length == 0 ||
      spead2_heap_pool_acquire_memory (
          &assembler->pool, heap, length, find_phase (assembler, view));
}

/* The first packet of a heap that is seen. */
static Spead2PacketFate
begin_heap (Spead2Assembler *assembler, const Spead2PacketView *view)
{
  gboolean single = view->payload_size == view->heap_length;
  guint64 length = view->heap_length == SPEAD2_LENGTH_UNKNOWN
      ? view->offset + view->payload_size
      : view->heap_length;
  Spead2HeapIdentity identity = {view->cnt, view->heap_length,
      single ? digest_packet (assembler, view) : 0, view->flavour};
  Spead2ReceivedHeap *heap;
  gboolean complete;

  if (spead2_ended_heaps_find (
          assembler->ended, &identity, assembler->now, &complete))
    return complete ? SPEAD2_PACKET_DUPLICATE : SPEAD2_PACKET_LATE;
  if (length > assembler->config.max_heap_size)
    return SPEAD2_PACKET_TOO_LARGE;

  heap = new_heap (assembler, view);
  if (!new_payload (assembler, heap, view, length)) {
    spead2_assembler_recycle (assembler, heap);
    return SPEAD2_PACKET_NO_MEMORY;
  }
  assembler->counters.heaps_started++;
  place_packet (assembler, heap, view);
  if (single) {
    heap->flags |= SPEAD2_RECEIVED_SINGLE;
    assembler->counters.single_packet_heaps++;
    complete_heap (assembler, heap, identity.digest);
  } else {
    make_space (assembler, heap, 1, spead2_live_heaps_cost (heap->capacity));
    spead2_live_heaps_add (&assembler->live, heap);
  }
  return SPEAD2_PACKET_ACCEPTED;
}

/* --- runs ----------------------------------------------------------------- */

/* The packet was all of a heap, which is the last that is ready. */
static void
begin_run (Spead2Assembler *assembler, const Spead2PacketView *view,
    const guint8 *packet, gsize size)
{
  if (assembler->config.accept || assembler->sender)
    return;
  spead2_run_begin (&assembler->run, assembler->ready.last, packet, size);
  assembler->run.phase = find_phase (assembler, view);
}

/* Whether the run has memory for another heap: one of two asks for as much as there may be. */
static gboolean
has_space (Spead2Assembler *assembler)
{
  const Spead2AssemblerConfig *config = &assembler->config;
  Spead2Run *run = &assembler->run;
  Spead2ReceivedHeap *heap = run->heap;

  if (run->n_space == 1 && config->run_heaps > 1 &&
      2 * heap->length <= config->run_bytes) {
    guint64 n = MIN (config->run_heaps, config->run_bytes / heap->length);

    run->n_space = spead2_heap_pool_resize_memory (
                       &assembler->pool, heap, n * heap->length) /
        heap->length;
  }
  return heap->n_heaps < run->n_space;
}

/* The heap that is next begins another run. FALSE: there is no memory for it. */
static gboolean
renew_run (Spead2Assembler *assembler)
{
  const Spead2ReceivedHeap *last = assembler->run.heap;
  Spead2ReceivedHeap *heap = spead2_heap_pool_take (&assembler->pool);

  heap->first_time = assembler->now;
  if (!spead2_heap_pool_acquire_memory (
          &assembler->pool, heap, last->length, assembler->run.phase)) {
    spead2_assembler_recycle (assembler, heap);
    return FALSE;
  }
  spead2_run_renew (&assembler->run, heap);
  heap->end = SPEAD2_HEAP_COMPLETE;
  append (&assembler->ready, heap);
  return TRUE;
}

/* Where the payload of the heap that is next belongs, which the run now has, or NULL. */
static guint8 *
add_next (Spead2Assembler *assembler)
{
  Spead2Run *run = &assembler->run;

  if (has_space (assembler))
    return run->heap->payload + run->heap->n_heaps++ * run->heap->length;
  return renew_run (assembler) ? run->heap->payload : NULL;
}

/* Of the heap of the run that has these words as its header. */
static Spead2HeapIdentity
identify (const Spead2Assembler *assembler, const guint64 *words)
{
  const Spead2Run *run = &assembler->run;
  Spead2HeapIdentity identity = {
      .cnt =
          spead2_pointer_value (run->heap->flavour, words[SPEAD2_ID_HEAP_CNT]),
      .length = run->heap->length,
      .digest = assembler->seed,
      .flavour = run->heap->flavour,
  };

  for (guint i = SPEAD2_RUN_LEADING_WORDS; i < run->n_words; i++)
    identity.digest = update_digest (assembler, identity.digest, words[i]);
  identity.digest |= 1;
  return identity;
}

static gboolean
has_come (const Spead2Assembler *assembler, const Spead2HeapIdentity *identity)
{
  gboolean complete;

  return spead2_live_heaps_find (&assembler->live, identity->cnt) ||
      spead2_ended_heaps_find (
          assembler->ended, identity, assembler->now, &complete);
}

/* n heaps of the run, each of them complete, have been added. */
static void
count_added (Spead2Assembler *assembler, guint n)
{
  Spead2AssemblerCounters *counters = &assembler->counters;
  Spead2ReceivedHeap *heap = assembler->run.heap;

  heap->last_time = assembler->now;
  counters->packets[SPEAD2_PACKET_ACCEPTED] += n;
  counters->payload_bytes += n * heap->length;
  counters->heaps_started += n;
  counters->single_packet_heaps += n;
  counters->heaps_ended[SPEAD2_HEAP_COMPLETE] += n;
}

/* Adds the heap that is next in the run. FALSE: the packet is not all of that, or the heap
 * does not come for the first time, or has no memory. */
static gboolean
continue_run (Spead2Assembler *assembler, const guint8 *packet, gsize size)
{
  Spead2Run *run = &assembler->run;
  guint64 length = run->heap->length;
  Spead2HeapIdentity identity;
  guint8 *payload;

  if (!spead2_run_is_next (run, packet, size))
    return FALSE;
  identity = identify (assembler, run->words);
  if (has_come (assembler, &identity))
    return FALSE;
  payload = add_next (assembler);
  if (payload == NULL)
    return FALSE;

  memcpy (payload, packet + size - length, length);
  spead2_ended_heaps_add (assembler->ended, &identity, TRUE, assembler->now);
  count_added (assembler, 1);
  return TRUE;
}

/* Predicts heaps of the run that will come for the first time. */
static gboolean
predict_run (Spead2Assembler *assembler, Spead2Places *places)
{
  const Spead2Run *run = &assembler->run;
  guint64 words[SPEAD2_RUN_MAX_WORDS];
  guint n;

  if (run->n_left == 0 || !has_space (assembler) ||
      !spead2_run_predict (run, places))
    return FALSE;
  memcpy (words, run->words, run->n_words * sizeof *words);
  for (n = 0; n < places->n; n++) {
    Spead2HeapIdentity identity;

    spead2_run_step (run, words);
    identity = identify (assembler, words);
    if (has_come (assembler, &identity))
      break;
  }
  places->n = n;
  return n > 0;
}

static void
push_placed_run (Spead2Assembler *assembler, guint n)
{
  for (guint i = 0; i < n; i++) {
    Spead2HeapIdentity identity;

    spead2_run_add_placed (&assembler->run);
    identity = identify (assembler, assembler->run.words);
    spead2_ended_heaps_add (assembler->ended, &identity, TRUE, assembler->now);
  }
  count_added (assembler, n);
}

/* --- datagrams ------------------------------------------------------------ */

void
spead2_assembler_push (
    Spead2Assembler *assembler, const guint8 *data, gsize size, guint64 now)
{
  Spead2ReceivedHeap *heap = assembler->live.newest;
  Spead2PacketView view;
  Spead2Refusal refusal;
  Spead2PacketFate fate;

  assembler->now = now;
  assembler->accepted = FALSE;
  assembler->counters.datagrams++;
  assembler->counters.bytes += size;
  if (assembler->run.heap) {
    if (continue_run (assembler, data, size))
      return;
    end_run (assembler);
  }
  refusal = spead2_packet_parse (&view, &assembler->config.rules, data, size);
  if (G_UNLIKELY (refusal != SPEAD2_REFUSAL_NONE)) {
    assembler->counters.refused[refusal]++;
    return;
  }

  if (heap == NULL || heap->cnt != view.cnt)
    heap = spead2_live_heaps_find (&assembler->live, view.cnt);
  fate = heap ? continue_heap (assembler, heap, &view)
              : begin_heap (assembler, &view);
  assembler->counters.packets[fate]++;
  assembler->accepted = fate == SPEAD2_PACKET_ACCEPTED;
  if (heap == NULL && fate == SPEAD2_PACKET_ACCEPTED &&
      view.payload_size == view.heap_length)
    begin_run (assembler, &view, data, size);
}

gboolean
spead2_assembler_predict (Spead2Assembler *assembler, const guint8 *last,
    gsize size, Spead2Places *places)
{
  if (assembler->run.heap)
    return size == assembler->run.size && predict_run (assembler, places);
  /* What was not has nothing in the heap, neither its payload nor its pointers. */
  return assembler->live.newest && assembler->accepted &&
      spead2_predict_places (
          assembler->live.newest, &assembler->config.rules, last, size, places);
}

static void
push_placed_heap (
    Spead2Assembler *assembler, const Spead2Places *places, guint n)
{
  Spead2ReceivedHeap *heap = assembler->live.newest;
  guint64 begin = places->payload - heap->payload;
  guint64 size = n * (guint64) places->payload_size;

  assembler->counters.payload_bytes += size;
  assembler->counters.packets[SPEAD2_PACKET_ACCEPTED] += n;
  /* Right behind the last range. */
  spead2_ranges_add (&heap->ranges, begin, begin + size);
  heap->received += size;
  heap->last_time = assembler->now;
  note_progress (assembler, heap);
}

void
spead2_assembler_push_placed (Spead2Assembler *assembler,
    const Spead2Places *places, guint n, guint64 now)
{
  assembler->now = now;
  assembler->counters.datagrams += n;
  assembler->counters.bytes +=
      n * (guint64) spead2_places_datagram_size (places);
  if (assembler->run.heap)
    push_placed_run (assembler, n);
  else
    push_placed_heap (assembler, places, n);
}

void
spead2_assembler_push_truncated (Spead2Assembler *assembler, gsize size)
{
  assembler->counters.datagrams++;
  assembler->counters.bytes += size;
  assembler->counters.refused[SPEAD2_REFUSAL_TRUNCATED]++;
}

/* --- what the owner does -------------------------------------------------- */

/* When the first live heap is given up. */
static guint64
next_expiry (const Spead2Assembler *assembler)
{
  guint64 timeout = assembler->config.heap_timeout;
  const Spead2ReceivedHeap *oldest = assembler->live.oldest;

  if (timeout == 0 || oldest == NULL ||
      timeout > G_MAXUINT64 - oldest->last_time)
    return G_MAXUINT64;
  return oldest->last_time + timeout;
}

guint64
spead2_assembler_expire (Spead2Assembler *assembler, guint64 now)
{
  guint64 next;

  assembler->now = now;
  while ((next = next_expiry (assembler)) <= now)
    give_up (assembler, assembler->live.oldest, SPEAD2_HEAP_TIMEOUT);
  return next;
}

void
spead2_assembler_flush (Spead2Assembler *assembler, Spead2HeapEnd end)
{
  while (assembler->live.oldest)
    give_up (assembler, assembler->live.oldest, end);
}

void
spead2_assembler_forget (Spead2Assembler *assembler)
{
  spead2_ended_heaps_forget (assembler->ended);
}

void
spead2_assembler_set_align_id (Spead2Assembler *assembler, guint64 id)
{
  end_run (assembler);
  assembler->align_id = id;
}

void
spead2_assembler_set_sender (
    Spead2Assembler *assembler, const struct sockaddr_storage *sender)
{
  end_run (assembler);
  assembler->sender = sender;
}

Spead2ReceivedHeap *
spead2_assembler_take (Spead2Assembler *assembler)
{
  Spead2ReceivedHeap *heaps = assembler->ready.first;

  end_run (assembler);
  assembler->ready = (HeapList){NULL, NULL};
  assembler->incomplete_bytes = 0;
  return heaps;
}

void
spead2_assembler_recycle (Spead2Assembler *assembler, Spead2ReceivedHeap *heaps)
{
  spead2_heap_pool_recycle (&assembler->pool, heaps);
}

void
spead2_assembler_free (Spead2Assembler *assembler)
{
  spead2_assembler_flush (assembler, SPEAD2_HEAP_FLUSHED);
  spead2_assembler_recycle (assembler, spead2_assembler_take (assembler));
  spead2_heap_pool_clear (&assembler->pool);
  spead2_ended_heaps_free (assembler->ended);
  spead2_live_heaps_clear (&assembler->live);
  g_free (assembler);
}

const Spead2AssemblerCounters *
spead2_assembler_counters (const Spead2Assembler *assembler)
{
  return &assembler->counters;
}

guint
spead2_assembler_n_live (const Spead2Assembler *assembler)
{
  return assembler->live.n;
}

guint
spead2_assembler_n_unused (const Spead2Assembler *assembler)
{
  return assembler->pool.n_unused;
}

guint64
spead2_assembler_live_bytes (const Spead2Assembler *assembler)
{
  return assembler->live.bytes;
}

static guint64
sum (const guint64 *counters, guint n)
{
  guint64 total = 0;

  for (guint i = 0; i < n; i++)
    total += counters[i];
  return total;
}

gchar *
spead2_assembler_imbalance (const Spead2Assembler *assembler)
{
  const Spead2AssemblerCounters *counters = &assembler->counters;
  guint64 datagrams = sum (counters->refused, SPEAD2_N_REFUSALS) +
      sum (counters->packets, SPEAD2_N_PACKET_FATES);
  guint64 started =
      sum (counters->heaps_ended, SPEAD2_N_HEAP_ENDS) + assembler->live.n;

  if (counters->datagrams != datagrams)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " datagrams, but "
                            "%" G_GUINT64_FORMAT " refused and packets",
        counters->datagrams, datagrams);
  if (counters->heaps_started != started)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " heaps started, but "
                            "%" G_GUINT64_FORMAT " ended and live",
        counters->heaps_started, started);
  return NULL;
}
