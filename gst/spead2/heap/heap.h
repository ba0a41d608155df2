/* A run of heaps to send: an ordered list of items, and their bytes.
 *
 * A run has n_heaps equal heaps, at least one; nearly everything that is said here of a heap
 * is the same for all of them. They have the same items and the same number of bytes, and
 * differ in their payload, in their heap counter, and in the values of some item pointers,
 * which step from heap to heap. A heap that differs more is a run of its own.
 *
 * The run keeps what the wire needs and nothing else: item pointers, already
 * encoded for the flavour, and the payload as spans of memory. It holds the
 * buffers that these lie in until it is freed.
 *
 * A run belongs to one thread at a time. spead2_heap_free() unmaps and unrefs
 * buffers, which runs foreign code: call it with no lock held.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_HEAP_H
#define SPEAD2_HEAP_H

#include <gst/gst.h>

#include "spead2/wire/flavour.h"
#include "spead2/memory/mappedbuffer.h"

G_BEGIN_DECLS

typedef struct _Spead2Heap Spead2Heap;

/* Payload in one memory: contiguous where piece is 0, otherwise in pieces of which
 * each is preceded by space for a packet's header. */
typedef struct {
  const guint8 *data;
  gsize size;       /* of the payload, without gaps */
  guint16 first;    /* bytes of the first piece */
  guint16 piece;    /* bytes of each following piece */
  guint16 gap;      /* bytes between two pieces */
  guint16 headroom; /* bytes in front of data; 0: the heap may write neither
                     * there nor in the gaps */
} Spead2Span;

/* Where the bytes of a span come from, for packets that share the memory: the sender reads
 * spans alone. A reference to the memory does not keep a pooled
 * buffer from being issued again: hold the buffer. */
typedef struct {
  GstBuffer *buffer; /* (borrowed) the heap holds it */
  GstMemory *memory; /* (borrowed) of the buffer */
  gsize offset;      /* of the first byte, as gst_memory_share() takes it */
} Spead2SpanSource;

/* The contiguous bytes of a span from an offset on. */
typedef struct {
  guint8 *data;
  gsize size;
  gsize headroom; /* bytes in front of data that the heap may write */
} Spead2Piece;

static inline void
spead2_span_find (const Spead2Span *span, gsize offset, Spead2Piece *piece)
{
  piece->data = (guint8 *) span->data + offset;
  piece->headroom = 0;
  if (span->piece == 0) {
    piece->size = span->size - offset;
  } else if (offset < span->first) {
    piece->size = span->first - offset;
    if (offset == 0)
      piece->headroom = span->headroom;
  } else {
    gsize n = (offset - span->first) / span->piece;
    gsize into = (offset - span->first) % span->piece;

    piece->data += (n + 1) * span->gap;
    piece->size = MIN (span->piece - into, span->size - offset);
    if (into == 0 && span->headroom > 0)
      piece->headroom = span->gap;
  }
}

typedef enum {
  /* Every earlier heap has been sent before this one starts, and no later heap
   * starts before it has been sent: descriptors and stream control. */
  SPEAD2_HEAP_BARRIER = 1 << 0,
  /* Goes at once, whatever the rate, or is dropped when the kernel's
   * buffer is full. For a heap that nothing else is outstanding with. */
  SPEAD2_HEAP_NO_WAIT = 1 << 1,
  /* Carries descriptors: if it fails, they must be sent again. */
  SPEAD2_HEAP_DESCRIBES = 1 << 2,
  /* Carries stream control and no data. */
  SPEAD2_HEAP_CONTROL = 1 << 3,
  /* cnt was chosen by the owner: the sender does not number this heap. */
  SPEAD2_HEAP_HAS_CNT = 1 << 4,
  /* Of a slot: there was no destination when the heap was pushed. It is dropped, and
   * not numbered. */
  SPEAD2_HEAP_NOWHERE = 1 << 5,
  /* Of a slot: the last one of a group, of those that are sent in turn. */
  SPEAD2_HEAP_ENDS_GROUP = 1 << 6
} Spead2HeapFlags;

/* How the value of an item pointer goes on from heap to heap of a run. */
typedef struct {
  guint pointer; /* its index */
  guint64 step;
  /* the bits of the pointer that are the value: others do not change */
  guint64 mask;
} Spead2PointerStep;

/* The pointer of the index-th heap, from that of the first one. */
static inline guint64
spead2_pointer_step (
    const Spead2PointerStep *step, guint64 pointer, guint64 index)
{
  return (pointer & ~step->mask) |
      ((pointer + index * step->step) & step->mask);
}

/* Most heaps of a run. */
#define SPEAD2_MAX_RUN_HEAPS 1024

/* The greatest heap->destination before the push. */
#define SPEAD2_MAX_POSITION G_MAXINT

/* Enough for the usual heap without a second allocation. */
#define SPEAD2_HEAP_INLINE_POINTERS 8
#define SPEAD2_HEAP_INLINE_SPANS 2
#define SPEAD2_HEAP_INLINE_STEPS 2

/* Other modules read these fields; heap.c writes them, an owner flags, cnt, cnt_step and
 * destination, which the push replaces.
 * The fields that a worker always reads come first, in as few cache lines of the other
 * processor as possible: a heap begins at a line. */
struct _Spead2Heap {
  Spead2Flavour flavour;
  guint flags;
  /* Before the push: the position in the sender's list that it is for, where values
   * choose that, otherwise 0. From then on: the first heap's destination, see
   * destinations.h. */
  guint destination;
  guint n_pointers;
  guint n_spans;
  guint n_heaps;
  guint64 cnt;       /* the first heap's counter, where the owner chose it */
  guint64 length;    /* payload bytes of each heap */
  guint64 *pointers; /* encoded item pointers of the first heap, host order */
  /* The payload of all heaps, one behind the other: a span may have bytes of several. */
  Spead2Span *spans;
  Spead2HugePages *pages; /* of all spans (the memories hold it), or NULL */
  Spead2Span inline_spans[SPEAD2_HEAP_INLINE_SPANS];
  guint64 inline_pointers[SPEAD2_HEAP_INLINE_POINTERS];

  /* Of a run of several heaps. */
  guint64 cnt_step; /* from heap to heap, modulo the flavour */
  /* From the push on: the destinations (guint) that the heaps go to in turn, the first one
   * to that at position turn. (owned) NULL: all go to destination. */
  GArray *turns;
  guint turn;
  Spead2PointerStep *steps; /* in the order of the pointers */
  guint n_steps;
  guint allocated_steps;
  Spead2PointerStep inline_steps[SPEAD2_HEAP_INLINE_STEPS];
  /* Where each of several destinations counts for itself, from the taking on: the number
   * of the first heap that goes to each, in the order of the heaps. (owned) or NULL */
  guint64 *numbers;

  Spead2MappedBuffer *mapped; /* (owned) the first buffer, or NULL */
  GPtrArray *more_mapped;    /* (owned Spead2MappedBuffer) beyond it, or NULL */
  Spead2SpanSource *sources; /* of the spans, in the same order */
  guint allocated_pointers;
  guint allocated_spans; /* and sources */
  gpointer block;        /* what the heap was allocated in */
  Spead2SpanSource inline_sources[SPEAD2_HEAP_INLINE_SPANS];
};

/* Where the heap at index of a run that was pushed goes. */
static inline guint
spead2_heap_destination (const Spead2Heap *heap, guint index)
{
  if (index == 0 || heap->turns == NULL)
    return heap->destination;
  return g_array_index (
      heap->turns, guint, (heap->turn + index) % heap->turns->len);
}

/* Bytes that processors exchange at a time. */
#define SPEAD2_CACHE_LINE 64

/* How much of a heap's front that is, bytes. */
#define SPEAD2_HEAP_FRONT                                                      \
  (G_STRUCT_OFFSET (Spead2Heap, inline_pointers) + 2 * sizeof (guint64))

/* A run of one empty heap. Never fails. */
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

/* Appends size bytes of buffer, from offset, to the last item: memory by memory,
 * never merged. Fails with SPEAD2_ERROR_INVALID when the heap would be longer than
 * its flavour can say, or SPEAD2_ERROR_MEMORY when the buffer cannot be mapped;
 * the caller then frees the heap. offset + size must lie within the buffer. */
gboolean spead2_heap_append_buffer (Spead2Heap *heap, GstBuffer *buffer,
    gsize offset, gsize size, GError **error);

/* The same for a buffer that other heaps take bytes from, too: in the order of
 * their bytes, if they are to have their headers in its headroom. Takes a
 * reference of its own. */
gboolean spead2_heap_append_mapped (Spead2Heap *heap,
    Spead2MappedBuffer *mapped, gsize offset, gsize size, GError **error);

/* The payload of a run of n_heaps, whose only bytes these are: size bytes of each heap, one
 * behind the other. Fails in the same way. */
gboolean spead2_heap_append_run (Spead2Heap *heap, Spead2MappedBuffer *mapped,
    gsize offset, gsize size, guint n_heaps, GError **error);

/* Adds a heap to the run, whose payload is as long as that of the others, and begins at
 * offset of a buffer. FALSE, the run unchanged, when the buffer cannot be mapped, or lies in
 * other memory than the run if that matters to zero copy. */
gboolean spead2_heap_extend_run (
    Spead2Heap *heap, GstBuffer *buffer, gsize offset);

/* The value of the pointer that was added last, an immediate, steps from heap to heap of a
 * run: modulo 2^bits, at most those of the flavour. */
void spead2_heap_step_immediate (Spead2Heap *heap, guint64 step, guint bits);

/* As spead2_heap_append_buffer(), for bytes that are not in a buffer yet. */
gboolean spead2_heap_append_bytes (
    Spead2Heap *heap, GBytes *bytes, GError **error);

G_END_DECLS

#endif /* SPEAD2_HEAP_H */
