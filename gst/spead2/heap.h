/* One heap to send: an ordered list of items and the bytes they stand for.
 *
 * The heap keeps what the wire needs and nothing else: item pointers, already
 * encoded for the flavour, and the payload as spans of memory. It holds one
 * reference to every buffer it takes bytes from, and the memories of those
 * bytes mapped for reading, until it is freed: a pool cannot issue such a
 * buffer again, and nobody can write into it, while the heap is being sent.
 *
 * A heap belongs to one thread at a time. spead2_heap_free() unmaps and unrefs,
 * which runs foreign code: call it with no lock held.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_HEAP_H
#define SPEAD2_HEAP_H

#include <gst/gst.h>

#include "flavour.h"
#include "hugepages.h"

G_BEGIN_DECLS

typedef struct _Spead2Heap Spead2Heap;

/* A run of payload bytes that lie together. */
typedef struct {
  const guint8 *data;
  gsize size;
} Spead2Span;

typedef enum {
  /* Every earlier heap has gone before this one starts, and no later heap
   * starts before it has gone: descriptors and stream control. */
  SPEAD2_HEAP_BARRIER = 1 << 0,
  /* Goes at once, whatever the rate, or is dropped when the kernel has no
   * room. For a heap that nothing else is outstanding with. */
  SPEAD2_HEAP_NO_WAIT = 1 << 1,
  /* Carries descriptors: if it fails, they must be sent again. */
  SPEAD2_HEAP_DESCRIBES = 1 << 2,
  /* Carries stream control and no data. */
  SPEAD2_HEAP_CONTROL = 1 << 3,
  /* cnt was chosen by the owner: the sender does not number this heap. */
  SPEAD2_HEAP_HAS_CNT = 1 << 4
} Spead2HeapFlags;

/* Enough for the usual heap without a second allocation. */
#define SPEAD2_HEAP_INLINE_POINTERS 8
#define SPEAD2_HEAP_INLINE_SPANS 2

/* Other rooms read these fields; only heap.c and the sender (cnt) write them.
 * What a lane needs stands in front, so that it is together in its cache. */
struct _Spead2Heap {
  Spead2Flavour flavour;
  guint flags;
  guint destination; /* index into the sender's destinations */
  guint n_pointers;
  guint n_spans;
  guint64 cnt;       /* heap counter on the wire, once it is known */
  guint64 length;    /* payload bytes, the sum of the spans */
  guint64 *pointers; /* encoded item pointers, host order */
  Spead2Span *spans;
  Spead2HugePages *pages; /* of all spans (the memories hold it), or NULL */
  Spead2Span inline_spans[SPEAD2_HEAP_INLINE_SPANS];
  guint64 inline_pointers[SPEAD2_HEAP_INLINE_POINTERS];

  GstBuffer *buffer;  /* (owned) the first buffer, or NULL */
  GPtrArray *buffers; /* (owned GstBuffer) beyond the first */
  GstMapInfo *maps;   /* the mapping of each span */
  guint allocated_pointers;
  guint allocated_spans;
  guint allocated_maps;
  GstMapInfo inline_maps[SPEAD2_HEAP_INLINE_SPANS];
};

/* How much of a heap's front a lane needs as a rule, bytes. */
#define SPEAD2_HEAP_FRONT                                                      \
  (G_STRUCT_OFFSET (Spead2Heap, inline_pointers) + 2 * sizeof (guint64))

/* An empty heap. Never fails. */
Spead2Heap *spead2_heap_new (Spead2Flavour flavour);

/* A heap that carries only stream control: SPEAD2_CTRL_STOP and so on. */
Spead2Heap *spead2_heap_new_control (Spead2Flavour flavour, guint control);

void spead2_heap_free (Spead2Heap *heap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spead2Heap, spead2_heap_free)

/* Adds an item whose value travels in the pointer itself. Fails with
 * SPEAD2_ERROR_INVALID, the heap unchanged, when the flavour cannot hold the
 * id or the value. */
gboolean spead2_heap_add_immediate (
    Spead2Heap *heap, guint64 id, guint64 value, GError **error);

/* Adds an item whose value is whatever is appended until the next item. Fails
 * with SPEAD2_ERROR_INVALID, the heap unchanged, when the id does not fit. */
gboolean spead2_heap_add_addressed (
    Spead2Heap *heap, guint64 id, GError **error);

/* Appends size bytes of buffer, from offset, to the last item. Takes a
 * reference of its own; memories are mapped one by one and never merged. Fails
 * with SPEAD2_ERROR_INVALID when the heap would be longer than its flavour can
 * say, or SPEAD2_ERROR_MEMORY when a memory cannot be mapped; the caller then
 * frees the heap. offset + size must lie within the buffer. */
gboolean spead2_heap_append_buffer (Spead2Heap *heap, GstBuffer *buffer,
    gsize offset, gsize size, GError **error);

/* The same for bytes that are not in a buffer yet. */
gboolean spead2_heap_append_bytes (
    Spead2Heap *heap, GBytes *bytes, GError **error);

G_END_DECLS

#endif /* SPEAD2_HEAP_H */
