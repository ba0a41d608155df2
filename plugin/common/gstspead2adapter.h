/* gst-spead2: buffers of any size in, payloads of heap-size bytes out
 *
 * What GstAdapter does for elements, without merging: a payload may begin or end within
 * a buffer, and have bytes of many. With heap_size 0 each buffer is one payload.
 *
 * A buffer goes through three steps: gst_spead2_adapter_begin(), then
 * gst_spead2_adapter_next() for each payload that it completes, then
 * gst_spead2_adapter_end(), after which its last bytes are the open heap, which the
 * next buffer continues. A buffer that does not continue it (a discontinuity, a jump of
 * the sample index, other values of the application), and whatever else the owner calls
 * gst_spead2_adapter_close() for, ends the open heap. It is then shorter than the
 * others, or treated as `remainder` says where the shape of a payload does not allow
 * its size.
 *
 * The open heap holds the buffers of its bytes, except for small pieces and those of a
 * pool that would run dry: these are copied.
 *
 * Without threads, clocks and elements. All functions belong to one thread at a
 * time; those that release buffers run foreign code: call them with no lock held.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_ADAPTER_H
#define GST_SPEAD2_ADAPTER_H

#include <gst/gst.h>

#include "gstspead2rate.h"
#include "spead2/heap/layout.h"

G_BEGIN_DECLS

/**
 * GstSpead2Remainder:
 * @GST_SPEAD2_REMAINDER_ERROR: post an error and stop the stream
 * @GST_SPEAD2_REMAINDER_DROP: leave those bytes out
 * @GST_SPEAD2_REMAINDER_PAD: add zeros up to the next size that the shape allows
 *
 * What to do with the last bytes of a heap if they are too few for the shape.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_REMAINDER_ERROR,
  GST_SPEAD2_REMAINDER_DROP,
  GST_SPEAD2_REMAINDER_PAD
} GstSpead2Remainder;

typedef struct {
  /* The owner's, constant while anything is open. */
  Spead2Layout *layout; /* (borrowed) */
  gsize heap_size;      /* bytes; 0: a heap a buffer */
  gsize copy_size; /* a piece of fewer bytes is copied if it is to be joined */
  GstSpead2Remainder remainder;

  /* Since gst_spead2_adapter_init(), bytes. */
  guint64 dropped;
  guint64 padding;

  /* The buffer between begin and end. */
  const Spead2HeapValues *buffer; /* (borrowed) as if it were one heap */
  GstSpead2Rate rate;             /* that its dates go on by */
  gsize left;                     /* bytes of it that no heap has */
  Spead2MappedBuffer *mapped;     /* (owned) of it, once it is needed */

  /* The open heap: the values of its first byte, of which size is what it has so
   * far. */
  Spead2HeapValues open;
  GArray *parts;        /* (owned Spead2Part) its payload */
  GstStructure *own[2]; /* (owned) copies of the application's values */
  gboolean closing;     /* it goes as it is */
  gboolean complete;    /* it has been given to the owner */
  /* The only pool whose buffers it holds, or NULL: how many, and how many the
   * pool can make at all (0: any number). */
  GstBufferPool *pool;
  guint n_pooled;
  guint max_pooled;

  /* Buffers without a gap between them: the index of their first sample, their
   * bytes, and what the index of the next one is. */
  guint64 run_index;
  guint64 run_size;
  guint64 next_index;

  /* Memory that small pieces are copied into, of one heap after the other. */
  Spead2MappedBuffer *chunk; /* (owned) or NULL */
  gsize chunk_used;
} GstSpead2Adapter;

void gst_spead2_adapter_init (GstSpead2Adapter *adapter, Spead2Layout *layout,
    gsize heap_size, gsize copy_size, GstSpead2Remainder remainder);

/* Drops what is open and releases all buffers. Harmless if it was never
 * initialised, but zeroed. */
void gst_spead2_adapter_reset (GstSpead2Adapter *adapter);

/* Releases everything. */
void gst_spead2_adapter_clear (GstSpead2Adapter *adapter);

static inline gboolean
gst_spead2_adapter_is_open (const GstSpead2Adapter *adapter)
{
  return adapter->open.size > 0;
}

/* Whether the open heap goes on with this buffer. Otherwise the owner closes it
 * first. */
gboolean gst_spead2_adapter_continues (
    const GstSpead2Adapter *adapter, const Spead2HeapValues *buffer);

/* Whether a heap begins behind the first byte of this buffer. */
gboolean gst_spead2_adapter_cuts (
    const GstSpead2Adapter *adapter, const Spead2HeapValues *buffer);

/* The open heap is the next one. */
void gst_spead2_adapter_close (GstSpead2Adapter *adapter);

/* Takes a buffer and what is known of it, which the caller keeps until
 * gst_spead2_adapter_end(). rate: that dates go on by. */
void gst_spead2_adapter_begin (GstSpead2Adapter *adapter,
    const Spead2HeapValues *buffer, const GstSpead2Rate *rate);

/* FALSE if gst_spead2_adapter_next() has none. */
static inline gboolean
gst_spead2_adapter_may_have_next (const GstSpead2Adapter *adapter)
{
  return adapter->left > 0 || adapter->closing;
}

/* The next heap: what it is made of is valid until the next call of any function
 * here. FALSE if there is none yet; or with SPEAD2_ERROR_MEMORY, or
 * SPEAD2_ERROR_INVALID for a rest that the shape does not allow. */
gboolean gst_spead2_adapter_next (
    GstSpead2Adapter *adapter, Spead2HeapValues *values, GError **error);

/* Takes heaps of the buffer behind the one that was taken last into a run with it, of at
 * most max heaps, which values->n_heaps says then. */
void gst_spead2_adapter_take_run (
    GstSpead2Adapter *adapter, guint max, Spead2HeapValues *values);

/* The rest of the buffer is open from now on. FALSE with SPEAD2_ERROR_MEMORY. */
gboolean gst_spead2_adapter_end (GstSpead2Adapter *adapter, GError **error);

G_END_DECLS

#endif /* GST_SPEAD2_ADAPTER_H */
