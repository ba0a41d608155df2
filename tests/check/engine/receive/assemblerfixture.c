/* An assembler for tests: see assemblerfixture.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "assemblerfixture.h"

#include <gst/check/gstcheck.h>

#include <stdlib.h>
#include <string.h>

Spead2AssemblerConfig assembler_config;
Spead2Assembler *assembler;
guint64 now;
Packet packet;
guint n_blocks, n_acquired;
guint64 block_bytes, max_block;
gboolean no_memory;

static Spead2ReceivedHeap *heaps; /* that were taken */
static Spead2ReceivedHeap *heaps_seen;

/* --- memory --------------------------------------------------------------- */

/* Of exactly the size that is asked for, so that sanitizers see what is written
 * behind it, and filled as far as most heaps go, so that what did not come shows. With runs,
 * there is more behind it. */
static gboolean
acquire (gpointer user_data, gsize size, guint phase, Spead2HeapMemory *memory)
{
  gsize n = MAX (assembler_config.run_heaps, 1);
  gpointer block;

  fail_unless (user_data == &assembler);
  max_block = MAX (max_block, size);
  if (no_memory)
    return FALSE;
  fail_unless (phase < SPEAD2_PAYLOAD_ALIGNMENT);
  fail_unless (
      posix_memalign (&block, SPEAD2_PAYLOAD_ALIGNMENT, phase + n * size) == 0);
  memset (block, 0xa5, phase + MIN (size, 10000));
  *memory = (Spead2HeapMemory){(guint8 *) block + phase, size, block};
  n_blocks++;
  n_acquired++;
  block_bytes += size;
  return TRUE;
}

static void
release (gpointer user_data, Spead2HeapMemory *memory)
{
  fail_unless (user_data == &assembler);
  fail_unless (n_blocks > 0);
  n_blocks--;
  block_bytes -= memory->size;
  free (memory->token);
}

static gsize
resize (gpointer user_data, Spead2HeapMemory *memory, gsize size)
{
  fail_unless (user_data == &assembler);
  if (no_memory)
    return 0;
  block_bytes += size - memory->size;
  memory->size = size;
  return size;
}

static const Spead2HeapMemoryOwner owner = {
    acquire, release, resize, &assembler};

/* --- the assembler -------------------------------------------------------- */

static void
stop_assembler (void)
{
  gchar *imbalance;

  if (assembler == NULL)
    return;
  imbalance = spead2_assembler_imbalance (assembler);
  if (imbalance)
    fail ("%s", imbalance);
  recycle_heaps ();
  spead2_assembler_free (assembler);
  assembler = NULL;
  fail_unless_equals_int (n_blocks, 0);
}

void
start_assembler (void)
{
  stop_assembler ();
  assembler = spead2_assembler_new (&assembler_config, &owner);
}

void
setup_assembler (void)
{
  assembler_config = (Spead2AssemblerConfig){
      .max_heap_size = 1 << 20,
      .max_live_bytes = 8 << 20,
      .max_heaps = 4,
      .heap_timeout = 1000,
      .n_remembered = 64,
  };
  now = 1;
  n_blocks = n_acquired = 0;
  block_bytes = max_block = 0;
  no_memory = FALSE;
  heaps = heaps_seen = NULL;
  start_assembler ();
}

void
teardown_assembler (void)
{
  stop_assembler ();
}

/* --- packets -------------------------------------------------------------- */

guint8
heap_byte (guint64 cnt, guint64 position)
{
  return cnt * 37 + position * 131 + (position >> 8) * 7 + 5;
}

void
push_packet (void)
{
  guint8 *copy = g_memdup2 (packet.bytes, packet.size);

  spead2_assembler_push (assembler, copy, packet.size, now);
  g_free (copy);
}

void
push_payload (guint64 cnt, guint64 offset, gsize size)
{
  for (gsize i = 0; i < size; i++)
    packet.bytes[packet.size++] = heap_byte (cnt, offset + i);
  push_packet ();
}

void
push (guint64 cnt, gint64 heap_length, guint64 offset, gsize size)
{
  packet_standard (&packet, cnt, heap_length, offset, size);
  if (offset == 0) {
    packet_immediate (&packet, TIMESTAMP, cnt);
    packet_addressed (&packet, SAMPLES, 0);
  }
  push_payload (cnt, offset, size);
}

void
push_heap_without (guint64 cnt, gsize length, gsize piece, guint lost)
{
  for (guint i = 0; i * piece < length; i++)
    if (i != lost)
      push (cnt, length, i * piece, MIN (piece, length - i * piece));
}

void
push_heap (guint64 cnt, gsize length, gsize piece)
{
  push_heap_without (cnt, length, piece, G_MAXUINT);
}

/* --- heaps ---------------------------------------------------------------- */

static Spead2ReceivedHeap **
end_of (Spead2ReceivedHeap **list)
{
  while (*list)
    list = &(*list)->next;
  return list;
}

static gboolean
take (void)
{
  if (heaps == NULL)
    heaps = spead2_assembler_take (assembler);
  return heaps != NULL;
}

Spead2ReceivedHeap *
next_heap (void)
{
  Spead2ReceivedHeap *heap;

  fail_unless (take ());
  heap = heaps;
  heaps = heap->next;
  heap->next = heaps_seen;
  heaps_seen = heap;
  return heap;
}

void
recycle_heaps (void)
{
  take ();
  *end_of (&heaps_seen) = heaps;
  heaps = NULL;
  spead2_assembler_recycle (assembler, heaps_seen);
  heaps_seen = NULL;
}

void
fail_if_heap (void)
{
  if (take ())
    fail ("heap %" G_GUINT64_FORMAT " ended: %s", heaps->cnt,
        spead2_heap_end_name (heaps->end));
}

void
check_heap_bytes (const Spead2ReceivedHeap *heap)
{
  const Spead2Range *range = spead2_ranges_get (&heap->ranges);
  guint64 received = 0;

  for (guint i = 0; i < heap->ranges.n; i++) {
    received += range[i].end - range[i].begin;
    for (guint64 at = range[i].begin; heap->payload && at < range[i].end; at++)
      if (heap->payload[at] != heap_byte (heap->cnt, at))
        fail ("heap %" G_GUINT64_FORMAT ", byte %" G_GUINT64_FORMAT, heap->cnt,
            at);
  }
  fail_unless_equals_uint64 (heap->received, received);
}

Spead2ReceivedHeap *
fail_unless_next (guint64 cnt, const gchar *end)
{
  Spead2ReceivedHeap *heap = next_heap ();

  fail_unless_equals_uint64 (heap->cnt, cnt);
  fail_unless_equals_string (spead2_heap_end_name (heap->end), end);
  if (heap->end == SPEAD2_HEAP_COMPLETE) {
    fail_unless_equals_uint64 (heap->received, heap->length);
    fail_unless_equals_int (spead2_received_heap_missing (heap, NULL), 0);
    fail_unless (heap->payload != NULL || heap->length == 0);
  }
  check_heap_bytes (heap);
  return heap;
}

void
fail_unless_missing (const Spead2ReceivedHeap *heap, const gchar *ranges)
{
  Spead2Range *missing = g_new (Spead2Range, heap->ranges.n + 1);
  guint n = spead2_received_heap_missing (heap, missing);
  GString *text = g_string_new (NULL);

  fail_unless_equals_int (spead2_received_heap_missing (heap, NULL), n);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
        i > 0 ? " " : "", missing[i].begin, missing[i].end);
  fail_unless_equals_string (text->str, ranges);
  g_string_free (text, TRUE);
  g_free (missing);
}

/* --- counters ------------------------------------------------------------- */

guint64
count_packets (const gchar *fate)
{
  for (guint i = 0; i < SPEAD2_N_PACKET_FATES; i++)
    if (g_str_equal (spead2_packet_fate_name (i), fate))
      return spead2_assembler_counters (assembler)->packets[i];
  fail ("no fate of packets is %s", fate);
  return 0;
}

guint64
count_refused (const gchar *refusal)
{
  for (guint i = 0; i < SPEAD2_N_REFUSALS; i++)
    if (g_str_equal (spead2_refusal_name (i), refusal))
      return spead2_assembler_counters (assembler)->refused[i];
  fail ("nothing is refused as %s", refusal);
  return 0;
}

guint64
count_ended (const gchar *end)
{
  for (guint i = 0; i < SPEAD2_N_HEAP_ENDS; i++)
    if (g_str_equal (spead2_heap_end_name (i), end))
      return spead2_assembler_counters (assembler)->heaps_ended[i];
  fail ("no end of heaps is %s", end);
  return 0;
}
