/* What becomes of packets, found out slowly: a model for the assembler, which keeps
 * whole heaps with a flag for each byte.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_FUZZ_HEAP_MODEL_H
#define SPEAD2_FUZZ_HEAP_MODEL_H

#include "packetmodel.h"
#include "spead2/receive/assembler.h"

G_BEGIN_DECLS

#define MODEL_HEAP_SIZE 300

typedef struct {
  guint64 cnt;
  guint flavour;
  gboolean sized;
  guint64 length;
  guint64 capacity; /* bytes of payload that it has memory for */
  guint phase;      /* of its first byte, modulo the alignment */
  gboolean has_memory;
  gboolean had[MODEL_HEAP_SIZE];
  guint8 bytes[MODEL_HEAP_SIZE];
  guint64 received;
  GArray *pointers; /* guint64 */
  guint flags;
  guint64 first_time, last_time;
  GBytes *header; /* of a heap of one packet: its pointers, or NULL */
  Spead2HeapEnd end;
  guint64 end_time;
} ModelHeap;

typedef struct {
  Spead2AssemblerConfig config;
  guint64 align_id;
  guint64 now;
  gboolean no_memory;
  GPtrArray *live;       /* ModelHeap, in the order of their last packets */
  GPtrArray *ready;      /* ended and not taken, in that order */
  GPtrArray *remembered; /* those that have ended last, the last one first */
  guint64 incomplete_bytes;
  Spead2AssemblerCounters counters;
} HeapModel;

HeapModel *heap_model_new (const Spead2AssemblerConfig *config);
void heap_model_free (HeapModel *model);
void heap_model_push (HeapModel *model, const guint8 *data, gsize size);
void heap_model_expire (HeapModel *model);
void heap_model_flush (HeapModel *model, Spead2HeapEnd end);
void heap_model_forget (HeapModel *model);

/* When the first live heap is given up, or G_MAXUINT64. */
guint64 heap_model_next_expiry (const HeapModel *model);
guint64 heap_model_live_bytes (const HeapModel *model);

/* Forgets the first heap that is ready. */
void heap_model_take (HeapModel *model);

G_END_DECLS

#endif /* SPEAD2_FUZZ_HEAP_MODEL_H */
