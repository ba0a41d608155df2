/* Streams of packets, fuzzed: the assembler does with each what a model does that
 * keeps whole heaps, and hands out the same heaps, byte for byte.
 *
 * An input is three bytes of settings, and then steps: a byte that says which, and
 * what belongs to it. See run_step().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "../check/engine/packets.h"
#include "check.h"
#include "heapmodel.h"

typedef struct {
  const guint8 *data;
  gsize size;
} Input;

static Spead2Assembler *assembler;
static HeapModel *model;
static guint n_blocks;

/* The datagram that came last, or none. */
static guint8 *last;
static gsize last_size;

static guint
next_byte (Input *input)
{
  if (input->size == 0)
    return 0;
  input->size--;
  return *input->data++;
}

/* --- memory --------------------------------------------------------------- */

/* Of exactly the size that is asked for, which is bounded, or of as many as a run may have. */
static gboolean
acquire (gpointer user_data, gsize size, guint phase, Spead2HeapMemory *memory)
{
  gsize n = MAX (model->config.run_heaps, 1);
  gpointer block;

  check (size <= MODEL_HEAP_SIZE && phase < SPEAD2_PAYLOAD_ALIGNMENT);
  if (model->no_memory)
    return FALSE;
  check (
      posix_memalign (&block, SPEAD2_PAYLOAD_ALIGNMENT, phase + n * size) == 0);
  *memory = (Spead2HeapMemory){(guint8 *) block + phase, size, block};
  n_blocks++;
  return TRUE;
}

static void
release (gpointer user_data, Spead2HeapMemory *memory)
{
  n_blocks--;
  free (memory->token);
}

static gsize
resize (gpointer user_data, Spead2HeapMemory *memory, gsize size)
{
  if (model->no_memory)
    return 0;
  memory->size = size;
  return size;
}

/* --- what comes out ------------------------------------------------------- */

static void
check_pointers (const Spead2ReceivedHeap *heap, const ModelHeap *expected)
{
  check (heap->n_pointers == expected->pointers->len);
  if (heap->n_pointers > 0)
    check (memcmp (heap->pointers, expected->pointers->data,
               heap->n_pointers * sizeof *heap->pointers) == 0);
}

static void
check_payload (const Spead2ReceivedHeap *heap, const ModelHeap *expected)
{
  Spead2Range missing[MODEL_HEAP_SIZE];
  guint n = spead2_received_heap_missing (heap, missing), at = 0;

  check ((heap->payload != NULL) == expected->has_memory);
  for (guint64 i = 0; i < expected->length; i++) {
    gboolean is_missing;

    while (at < n && missing[at].end <= i)
      at++;
    is_missing = at < n && missing[at].begin <= i;
    check (is_missing != expected->had[i]);
    if (heap->payload && !is_missing)
      check (heap->payload[i] == expected->bytes[i]);
  }
  check (n == 0 || missing[n - 1].end <= expected->length);
}

/* Of a heap, or the first of a run. */
static void
check_alignment (const Spead2ReceivedHeap *heap, const ModelHeap *expected)
{
  check (!heap->payload ||
      (guintptr) heap->payload % SPEAD2_PAYLOAD_ALIGNMENT == expected->phase);
}

static void
check_heap (const Spead2ReceivedHeap *heap, const ModelHeap *expected)
{
  guint flags =
      expected->flags | (expected->sized ? 0 : SPEAD2_RECEIVED_UNSIZED);

  check (heap->cnt == expected->cnt);
  check (heap->flavour == expected->flavour);
  check (heap->end == expected->end);
  check (heap->flags == flags);
  check (heap->length == expected->length);
  check (heap->received == expected->received);
  check_pointers (heap, expected);
  check_payload (heap, expected);
}

/* The first heap of a run comes at its first time, the last at its last. */
static void
check_run (Spead2ReceivedHeap *run)
{
  check (model->ready->len >= run->n_heaps);
  check_alignment (run, model->ready->pdata[0]);
  check (run->first_time == ((ModelHeap *) model->ready->pdata[0])->first_time);
  check (run->last_time ==
      ((ModelHeap *) model->ready->pdata[run->n_heaps - 1])->last_time);
  while (run->n_heaps > 1) {
    Spead2ReceivedHeap *heap = spead2_received_heap_split (run, 1);

    check_heap (heap, model->ready->pdata[0]);
    heap_model_take (model);
    spead2_received_heap_free (heap);
  }
  check_heap (run, model->ready->pdata[0]);
  heap_model_take (model);
}

static void
take (gboolean keep_memory)
{
  Spead2ReceivedHeap *heaps = spead2_assembler_take (assembler), *heap;

  for (heap = heaps; heap; heap = heap->next) {
    check_run (heap);
    if (keep_memory && heap->memory.data) {
      release (NULL, &heap->memory);
      heap->memory.data = NULL;
    }
  }
  check (model->ready->len == 0);
  model->incomplete_bytes = 0;
  spead2_assembler_recycle (assembler, heaps);
}

static void
check_state (void)
{
  gchar *imbalance = spead2_assembler_imbalance (assembler);

  if (imbalance) {
    g_printerr ("%s\n", imbalance);
    abort ();
  }
  check (memcmp (spead2_assembler_counters (assembler), &model->counters,
             sizeof model->counters) == 0);
  check (spead2_assembler_n_live (assembler) == model->live->len);
  check (
      spead2_assembler_live_bytes (assembler) == heap_model_live_bytes (model));
}

/* --- what goes in --------------------------------------------------------- */

static void
set_last (const guint8 *data, gsize size)
{
  g_free (last);
  last = data ? g_malloc (MAX (size, 1)) : NULL;
  last_size = size;
  if (data)
    memcpy (last, data, size);
}

static void
push (const guint8 *data, gsize size)
{
  set_last (data, size);
  spead2_assembler_push (assembler, last, size, model->now);
  heap_model_push (model, last, size);
}

/* A packet of a few heaps, most of the time a right one. Its bytes are those of no
 * other. */
static void
push_packet (guint step, Input *input)
{
  static guint8 payload[256], fill;
  static Packet packet;
  guint64 cnt = next_byte (input) & 7;
  guint64 length = next_byte (input);
  guint64 offset = next_byte (input);
  gsize size = next_byte (input) & 127;
  guint item = next_byte (input);

  if ((step & 3) == 3)
    length *= 2;
  if ((step & 3) > 0) {
    offset = offset % (length + 1);
    size = MIN (size, length - offset);
  }
  packet_begin (&packet, step & 16 ? 48 : 40);
  packet_immediate (&packet, PAYLOAD_LENGTH, size);
  packet_immediate (&packet, HEAP_CNT, cnt);
  packet_immediate (&packet, PAYLOAD_OFFSET, offset);
  if (!(step & 8))
    packet_immediate (&packet, HEAP_LENGTH, length);
  if (step & 32) {
    packet_immediate (&packet, TIMESTAMP, item & 3);
    packet_addressed (&packet, item & 64 ? DESCRIPTOR : SAMPLES, item);
  }
  if (step & 64)
    packet_immediate (&packet, STREAM_CTRL, item & 3);
  if (step & 128)
    for (guint i = 0; i < item % 64; i++)
      packet_immediate (&packet, 0x2000 + offset + i, i);
  memset (payload, ++fill, size);
  packet_payload (&packet, payload, size);
  push (packet.bytes, packet.size);
}

/* Adds to 64 bits of a packet, a carry included. */
static void
add_to_word (Packet *packet, guint i, guint64 more)
{
  guint8 *word = packet->bytes + i * sizeof (guint64);

  spead2_write_u64 (word, spead2_read_u64 (word) + more);
}

/* Heaps of one packet in a row, whose counter and another number step from near 0, or near
 * the largest that there is, and beyond that. */
static void
push_heaps (guint n, Input *input)
{
  static guint8 payload[256], fill;
  static Packet packet;
  const guint64 max = spead2_flavour_max_value (40);
  guint64 cnt = (gint8) next_byte (input) & max;
  guint what = next_byte (input);
  guint64 step = (what & 7) - (guint64) 2;
  guint64 number = (gint8) next_byte (input) & max;
  guint64 by = (gint8) next_byte (input);
  gsize size = next_byte (input);

  if (what & 8)
    by *= (max >> 8) + 1;
  for (guint k = 0; k < n; k++) {
    packet_standard (&packet, cnt, size, 0, size);
    packet_immediate (&packet, what & 16 ? STREAM_CTRL + 1 : TIMESTAMP, number);
    packet_addressed (&packet, SAMPLES, 0);
    add_to_word (&packet, 1, k * step);
    add_to_word (&packet, 5, k * by);
    memset (payload, ++fill, size);
    packet_payload (&packet, payload, size);
    push (packet.bytes, packet.size);
  }
}

/* Writes to all places that the packets behind the last one are predicted to have, and has
 * some of them come there, or none. */
static void
place (gboolean none, Input *input)
{
  static guint8 fill = 128;
  Spead2Places places;
  gsize size;
  guint8 *packet;
  guint n = next_byte (input);

  places.n = 1 + next_byte (input);
  if (last == NULL ||
      !spead2_assembler_predict (assembler, last, last_size, &places))
    return;
  size = spead2_places_datagram_size (&places);
  check (places.n > 0 && size == last_size);
  memset (places.payload, ++fill, places.n * places.payload_size);
  if (none)
    return;
  n = 1 + n % places.n;
  packet = g_malloc (size);
  for (guint i = 0; i < n; i++) {
    guint8 *payload = places.payload + i * places.payload_size;

    memset (payload, ++fill, places.payload_size);
    memcpy (packet, places.header, places.header_size);
    memcpy (packet + places.header_size, payload, places.payload_size);
    check (spead2_places_match (&places, packet));
    heap_model_push (model, packet, size);
  }
  spead2_assembler_push_placed (assembler, &places, n, model->now);
  set_last (packet, size);
  g_free (packet);
}

static void
push_datagram (Input *input)
{
  gsize size = next_byte (input);

  size |= next_byte (input) << 8;
  size = MIN (size, input->size);
  push (input->data, size);
  input->data += size;
  input->size -= size;
}

static void
expire (guint64 duration)
{
  guint64 next;

  model->now += duration;
  next = spead2_assembler_expire (assembler, model->now);
  heap_model_expire (model);
  check (next == heap_model_next_expiry (model));
}

static void
do_more (guint what, Input *input)
{
  switch (what & 7) {
    case 0:
      spead2_assembler_flush (assembler, SPEAD2_HEAP_STOPPED);
      heap_model_flush (model, SPEAD2_HEAP_STOPPED);
      break;
    case 1:
      spead2_assembler_flush (assembler, SPEAD2_HEAP_FLUSHED);
      heap_model_flush (model, SPEAD2_HEAP_FLUSHED);
      break;
    case 2:
      spead2_assembler_forget (assembler);
      heap_model_forget (model);
      break;
    case 3:
      set_last (NULL, 0);
      spead2_assembler_push_truncated (assembler, what);
      model->counters.datagrams++;
      model->counters.bytes += what;
      model->counters.refused[SPEAD2_REFUSAL_TRUNCATED]++;
      break;
    case 4:
      model->align_id = what & 8 ? SAMPLES : SPEAD2_ID_NULL;
      spead2_assembler_set_align_id (assembler, model->align_id);
      break;
    case 5:
      push_heaps (2 + (what >> 3), input);
      break;
    case 6:
      place (what & 8, input);
      break;
    default:
      model->no_memory = !model->no_memory;
      /* A run has its memory already: that ends it. */
      spead2_assembler_set_align_id (assembler, model->align_id);
      break;
  }
}

static void
run_step (Input *input)
{
  guint step = next_byte (input);

  switch (step & 7) {
    case 4:
      push_datagram (input);
      break;
    case 5:
      expire (step >> 3);
      break;
    case 6:
      take (step & 8);
      break;
    case 7:
      do_more (step >> 3, input);
      break;
    default:
      push_packet (step, input);
      break;
  }
  check_state ();
}

static Spead2AssemblerConfig
read_settings (Input *input)
{
  guint byte = next_byte (input);
  Spead2AssemblerConfig config = {
      .max_heap_size = MODEL_HEAP_SIZE,
      .max_live_bytes =
          (MODEL_HEAP_SIZE + SPEAD2_PAYLOAD_ALIGNMENT) * (byte & 128 ? 1 : 4),
      .max_heaps = 1 + (byte & 3),
      .rules = {byte & 4 ? 40 : 0, byte & 8},
      .n_remembered = (byte >> 4 & 7) * (byte >> 4 & 7),
  };

  byte = next_byte (input);
  config.heap_timeout = byte & 15;
  config.remember_time = byte >> 4;
  byte = next_byte (input);
  config.run_heaps = byte & 7;
  config.run_bytes = (byte >> 3) * 64;
  return config;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const Spead2HeapMemoryOwner owner = {acquire, release, resize, NULL};
  Input input = {data, size};
  Spead2AssemblerConfig config = read_settings (&input);

  model = heap_model_new (&config);
  assembler = spead2_assembler_new (&config, &owner);
  while (input.size > 0)
    run_step (&input);
  take (FALSE);
  spead2_assembler_free (assembler);
  set_last (NULL, 0);
  check (n_blocks == 0);
  heap_model_free (model);
  return 0;
}
