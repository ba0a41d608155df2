/* What becomes of packets: see heapmodel.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "heapmodel.h"

#include <string.h>

#include "check.h"

static ModelPacket packet;

static void
heap_clear (gpointer data)
{
  ModelHeap *heap = data;

  g_array_unref (heap->pointers);
  g_clear_pointer (&heap->header, g_bytes_unref);
}

static void
heap_unref (gpointer heap)
{
  g_rc_box_release_full (heap, heap_clear);
}

HeapModel *
heap_model_new (const Spead2AssemblerConfig *config)
{
  HeapModel *model = g_new0 (HeapModel, 1);

  check (config->max_heap_size == MODEL_HEAP_SIZE);
  model->config = *config;
  model->live = g_ptr_array_new_with_free_func (heap_unref);
  model->ready = g_ptr_array_new_with_free_func (heap_unref);
  model->remembered = g_ptr_array_new_with_free_func (heap_unref);
  return model;
}

void
heap_model_free (HeapModel *model)
{
  g_ptr_array_unref (model->live);
  g_ptr_array_unref (model->ready);
  g_ptr_array_unref (model->remembered);
  g_free (model);
}

/* --- heaps ---------------------------------------------------------------- */

static void give_up (HeapModel *model, ModelHeap *heap, Spead2HeapEnd end);

static void
end_unsized (HeapModel *model)
{
  for (guint i = 0; i < model->live->len;) {
    ModelHeap *heap = model->live->pdata[i];

    if (heap->sized)
      i++;
    else
      give_up (model, heap, SPEAD2_HEAP_STOPPED);
  }
}

static void
end_heap (HeapModel *model, ModelHeap *heap, Spead2HeapEnd end)
{
  gboolean complete = heap->received == heap->length;
  gboolean stop = complete && heap->sized && heap->flags & SPEAD2_RECEIVED_STOP;

  if (stop)
    end_unsized (model);
  heap->end = complete ? SPEAD2_HEAP_COMPLETE : end;
  heap->end_time = model->now;
  model->counters.heaps_ended[heap->end]++;
  g_ptr_array_add (model->ready, g_rc_box_acquire (heap));

  if (stop)
    heap_model_forget (model);
  g_ptr_array_insert (model->remembered, 0, g_rc_box_acquire (heap));
  if (model->remembered->len > model->config.n_remembered)
    g_ptr_array_set_size (model->remembered, model->config.n_remembered);
  g_ptr_array_remove (model->live, heap);
}

static void
give_up (HeapModel *model, ModelHeap *heap, Spead2HeapEnd end)
{
  guint64 bytes = heap->capacity + SPEAD2_PAYLOAD_ALIGNMENT;

  if (heap->received < heap->length) {
    if (model->incomplete_bytes + bytes > model->config.max_live_bytes)
      heap->has_memory = FALSE;
    else
      model->incomplete_bytes += bytes;
  }
  end_heap (model, heap, end);
}

guint64
heap_model_live_bytes (const HeapModel *model)
{
  guint64 bytes = 0;

  for (guint i = 0; i < model->live->len; i++) {
    const ModelHeap *heap = model->live->pdata[i];

    bytes += heap->capacity + SPEAD2_PAYLOAD_ALIGNMENT;
  }
  return bytes;
}

/* The one that claims most for what has not come, of others than heap. */
static ModelHeap *
find_greediest (HeapModel *model, const ModelHeap *heap)
{
  ModelHeap *greediest = NULL;

  for (guint i = model->live->len; i-- > 0;) {
    ModelHeap *other = model->live->pdata[i];

    if (other != heap &&
        (greediest == NULL ||
            other->capacity - other->received >=
                greediest->capacity - greediest->received))
      greediest = other;
  }
  return greediest;
}

/* Others go until all is within the limits. */
static void
make_space (HeapModel *model, const ModelHeap *heap)
{
  while (model->live->len > model->config.max_heaps) {
    gpointer first = model->live->pdata[0];

    give_up (model, first == heap ? model->live->pdata[1] : first,
        SPEAD2_HEAP_EVICTED);
  }
  while (heap_model_live_bytes (model) > model->config.max_live_bytes)
    give_up (model, find_greediest (model, heap), SPEAD2_HEAP_EVICTED);
}

static Spead2PacketFate
grow (HeapModel *model, ModelHeap *heap, guint64 capacity, guint phase)
{
  if (capacity > MODEL_HEAP_SIZE)
    return SPEAD2_PACKET_TOO_LARGE;
  if (model->no_memory)
    return SPEAD2_PACKET_NO_MEMORY;
  if (!heap->has_memory)
    heap->phase = phase;
  heap->has_memory = TRUE;
  heap->capacity =
      MAX (capacity, MIN (2 * heap->capacity, (guint64) MODEL_HEAP_SIZE));
  make_space (model, heap);
  return SPEAD2_PACKET_ACCEPTED;
}

/* --- packets -------------------------------------------------------------- */

static void
add_pointers (ModelHeap *heap)
{
  for (guint i = 0; i < packet.n_pointers; i++) {
    const ModelPointer *pointer = &packet.pointers[i];
    gboolean known = pointer->id >= 1 && pointer->id <= 4;

    for (guint k = 0; k < heap->pointers->len; k++)
      known |= g_array_index (heap->pointers, guint64, k) == pointer->bits;
    if (known)
      continue;
    g_array_append_val (heap->pointers, pointer->bits);
    if (pointer->id == 5 && !pointer->immediate)
      heap->flags |= SPEAD2_RECEIVED_DESCRIBES;
    if (pointer->id == 6 && pointer->immediate && pointer->value == 0)
      heap->flags |= SPEAD2_RECEIVED_START;
    if (pointer->id == 6 && pointer->immediate && pointer->value == 2)
      heap->flags |= SPEAD2_RECEIVED_STOP;
  }
}

static Spead2PacketFate
place (HeapModel *model, ModelHeap *heap)
{
  guint64 end = packet.offset + packet.payload_size;
  guint n_had = 0;

  for (guint64 i = packet.offset; i < end; i++)
    n_had += heap->had[i];
  if (n_had > 0)
    return n_had == packet.payload_size ? SPEAD2_PACKET_DUPLICATE
                                        : SPEAD2_PACKET_OVERLAP;
  for (guint64 i = packet.offset; i < end; i++) {
    heap->had[i] = TRUE;
    heap->bytes[i] = packet.payload[i - packet.offset];
  }
  heap->received += packet.payload_size;
  heap->length = packet.has_length ? packet.length : MAX (heap->length, end);
  heap->sized |= packet.has_length;
  heap->last_time = model->now;
  add_pointers (heap);
  model->counters.payload_bytes += packet.payload_size;
  return SPEAD2_PACKET_ACCEPTED;
}

static Spead2PacketFate
continue_heap (HeapModel *model, ModelHeap *heap)
{
  guint64 end =
      packet.has_length ? packet.length : packet.offset + packet.payload_size;
  Spead2PacketFate fate = SPEAD2_PACKET_ACCEPTED;

  if (packet.flavour != heap->flavour)
    return SPEAD2_PACKET_INCONSISTENT;
  if (heap->sized &&
      (packet.has_length ? end != heap->length : end > heap->length))
    return SPEAD2_PACKET_INCONSISTENT;
  if (!heap->sized && packet.has_length && end < heap->length)
    return SPEAD2_PACKET_INCONSISTENT;
  if (end > heap->capacity)
    fate = grow (model, heap, end, 0);
  if (fate == SPEAD2_PACKET_ACCEPTED)
    fate = place (model, heap);
  if (fate != SPEAD2_PACKET_ACCEPTED)
    return fate;
  if (heap->sized && heap->received == heap->length) {
    end_heap (model, heap, SPEAD2_HEAP_COMPLETE);
  } else {
    g_rc_box_acquire (heap);
    g_ptr_array_remove (model->live, heap);
    g_ptr_array_add (model->live, heap);
  }
  return fate;
}

static GBytes *
make_header (void)
{
  GByteArray *bytes = g_byte_array_new ();
  guint first = 0;

  while (first < packet.n_pointers && packet.pointers[first].immediate &&
      packet.pointers[first].id >= 1 && packet.pointers[first].id <= 4)
    first++;
  for (guint i = first; i < packet.n_pointers; i++)
    g_byte_array_append (bytes, (const guint8 *) &packet.pointers[i].bits, 8);
  return g_byte_array_free_to_bytes (bytes);
}

/* The heap among those remembered that the packet is of. */
static const ModelHeap *
find_remembered (const HeapModel *model, GBytes *header)
{
  for (guint i = 0; i < model->remembered->len; i++) {
    const ModelHeap *heap = model->remembered->pdata[i];

    if (model->config.remember_time > 0 &&
        model->now - heap->end_time > model->config.remember_time)
      continue;
    if (heap->cnt != packet.cnt || heap->flavour != packet.flavour)
      continue;
    if (heap->sized && packet.has_length && heap->length != packet.length)
      continue;
    if ((header == NULL) != (heap->header == NULL) ||
        (header && !g_bytes_equal (header, heap->header)))
      continue;
    return heap;
  }
  return NULL;
}

/* Of the first item that is to be aligned, the first byte's place. */
static guint
find_phase (const HeapModel *model)
{
  for (guint i = 0; i < packet.n_pointers; i++) {
    const ModelPointer *pointer = &packet.pointers[i];

    if (!pointer->immediate &&
        (model->align_id > 0 ? pointer->id == model->align_id
                             : pointer->id > 5))
      return -pointer->value & (SPEAD2_PAYLOAD_ALIGNMENT - 1);
  }
  return 0;
}

static ModelHeap *
new_heap (const HeapModel *model, GBytes *header)
{
  ModelHeap *heap = g_rc_box_new0 (ModelHeap);

  heap->cnt = packet.cnt;
  heap->flavour = packet.flavour;
  heap->sized = packet.has_length;
  heap->length =
      packet.has_length ? packet.length : packet.offset + packet.payload_size;
  heap->capacity = heap->length;
  heap->has_memory = heap->length > 0;
  heap->phase = find_phase (model);
  heap->pointers = g_array_new (FALSE, FALSE, sizeof (guint64));
  heap->first_time = model->now;
  heap->header = header;
  heap->flags = header ? SPEAD2_RECEIVED_SINGLE : 0;
  return heap;
}

static Spead2PacketFate
begin_heap (HeapModel *model)
{
  gboolean single = packet.has_length && packet.payload_size == packet.length;
  GBytes *header = single ? make_header () : NULL;
  const ModelHeap *remembered = find_remembered (model, header);
  ModelHeap *heap = new_heap (model, header);
  Spead2PacketFate fate = SPEAD2_PACKET_ACCEPTED;

  if (remembered)
    fate = remembered->sized && remembered->end == SPEAD2_HEAP_COMPLETE
        ? SPEAD2_PACKET_DUPLICATE
        : SPEAD2_PACKET_LATE;
  else if (heap->length > MODEL_HEAP_SIZE)
    fate = SPEAD2_PACKET_TOO_LARGE;
  else if (heap->has_memory && model->no_memory)
    fate = SPEAD2_PACKET_NO_MEMORY;
  if (fate != SPEAD2_PACKET_ACCEPTED) {
    heap_unref (heap);
    return fate;
  }

  model->counters.heaps_started++;
  check (place (model, heap) == SPEAD2_PACKET_ACCEPTED);
  if (single) {
    model->counters.single_packet_heaps++;
    end_heap (model, heap, SPEAD2_HEAP_COMPLETE);
    heap_unref (heap);
  } else {
    g_ptr_array_add (model->live, heap);
    make_space (model, heap);
  }
  return fate;
}

void
heap_model_push (HeapModel *model, const guint8 *data, gsize size)
{
  const gchar *refusal =
      model_packet_read (&packet, model->config.rules.flavour,
          model->config.rules.packet_heaps, data, size);
  ModelHeap *heap = NULL;

  model->counters.datagrams++;
  model->counters.bytes += size;
  if (!g_str_equal (refusal, "none")) {
    for (guint i = 0; i < SPEAD2_N_REFUSALS; i++)
      model->counters.refused[i] +=
          g_str_equal (refusal, spead2_refusal_name (i));
    return;
  }
  for (guint i = 0; i < model->live->len && heap == NULL; i++) {
    heap = model->live->pdata[i];
    if (heap->cnt != packet.cnt)
      heap = NULL;
  }
  model->counters
      .packets[heap ? continue_heap (model, heap) : begin_heap (model)]++;
}

/* --- what the owner does -------------------------------------------------- */

void
heap_model_expire (HeapModel *model)
{
  for (guint i = 0; i < model->live->len;) {
    ModelHeap *heap = model->live->pdata[i];

    if (model->config.heap_timeout > 0 &&
        model->now - heap->last_time >= model->config.heap_timeout)
      give_up (model, heap, SPEAD2_HEAP_TIMEOUT);
    else
      i++;
  }
}

guint64
heap_model_next_expiry (const HeapModel *model)
{
  guint64 next = G_MAXUINT64;

  for (guint i = 0; i < model->live->len; i++) {
    const ModelHeap *heap = model->live->pdata[i];

    if (model->config.heap_timeout > 0)
      next = MIN (next, heap->last_time + model->config.heap_timeout);
  }
  return next;
}

void
heap_model_flush (HeapModel *model, Spead2HeapEnd end)
{
  while (model->live->len > 0)
    give_up (model, model->live->pdata[0], end);
}

void
heap_model_forget (HeapModel *model)
{
  g_ptr_array_set_size (model->remembered, 0);
}

void
heap_model_take (HeapModel *model)
{
  g_ptr_array_remove_index (model->ready, 0);
}
