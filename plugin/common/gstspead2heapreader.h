/* gst-spead2: what a received heap is to a stream of buffers
 *
 * Which of its bytes are the buffer (one item, or all of the payload), of which caps
 * they are, the index of their first sample, and the values of all other items. It
 * knows no element: caps, heaps and descriptors in, views of heaps out.
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_HEAP_READER_H
#define GST_SPEAD2_HEAP_READER_H

#include <gst/gst.h>

#include "gstspead2heaptable.h"
#include "gstspead2payload.h"
#include "gstspead2rate.h"
#include "spead2/receive/acceptrule.h"
#include "spead2/wire/itemview.h"

G_BEGIN_DECLS

/* Borrowed texts and caps are copied. */
typedef struct {
  /* id, name or "payload"; NULL: the largest addressed one */
  const gchar *item;
  const gchar *index_item;      /* id, name or "heap-cnt" */
  const gchar *substream_items; /* ids or names, separated by commas, or NULL */
  const gchar *accept;          /* as spead2_accept_rule_new() */
  GstCaps *caps;                /* of buffers, or NULL: those of descriptors */
  const gchar *dtype;           /* of the item, and */
  const gchar *shape;  /* its sizes: see gstspead2itemtype.h; or NULL */
  guint sample_bits;   /* of a packed sample; 0: as descriptors say */
  GstSpead2Rate rate;  /* of samples, or not known */
  gboolean bug_compat; /* descriptors are PySPEAD's */
} GstSpead2HeapReaderConfig;

#define GST_SPEAD2_MAX_SUBSTREAM_ITEMS 4

/* Which of several substreams a heap belongs to: the values of its substream items. */
typedef struct {
  guint64 values[GST_SPEAD2_MAX_SUBSTREAM_ITEMS]; /* 0 of one that it lacks */
  guint64 present; /* 1 << i: it has the item i */
} GstSpead2SubstreamKey;

typedef enum {
  GST_SPEAD2_HEAP_DATA, /* has bytes for a buffer */
  /* Has none: stream control, descriptors, immediates or items of no bytes alone. */
  GST_SPEAD2_HEAP_CONTROL,
  GST_SPEAD2_HEAP_NOT_ACCEPTED, /* has data, and does not match accept */
  GST_SPEAD2_HEAP_NO_ITEM,      /* has data, but not the item */
  /* The item's size contradicts its type. */
  GST_SPEAD2_HEAP_WRONG_SIZE
} GstSpead2HeapKind;

/* Valid until the next heap is read. */
typedef struct {
  guint64 id;     /* of the item; SPEAD2_ID_NULL: all of the payload */
  guint64 offset; /* of its first byte in the heap's payload */
  guint64 size;   /* bytes of its value */
  /* its type is known: by a descriptor, or by configuration */
  gboolean described;
  /* Caps that the value may have, in order of preference. They are the reader's, and
   * the same object as long as the type is the same. */
  GstCaps *caps;
  /* Sample indices that the value has, where its descriptor says so: it has at most one
   * dimension. 0: caps say it. */
  guint64 n_samples;
  gboolean has_index;
  guint64 index; /* as in the heap, not unwrapped */
  guint index_bits;
  gboolean index_is_cnt; /* it counts heaps, not samples */
  guint64 index_step;    /* of a run: to the next heap's, modulo 2^64 */
  GstSpead2SubstreamKey substream;
  gboolean has_substream; /* the heap has all substream items */
  guint n_bad;            /* descriptors in the heap that were refused */
} GstSpead2HeapView;

typedef struct _GstSpead2HeapReader GstSpead2HeapReader;

/* NULL with SPEAD2_ERROR_INVALID, naming the property that is wrong, or both of two that
 * say the same. */
GstSpead2HeapReader *gst_spead2_heap_reader_new (
    const GstSpead2HeapReaderConfig *config, GError **error);
void gst_spead2_heap_reader_free (GstSpead2HeapReader *reader);

/* Takes the descriptors of a heap in, and says what is in it; of a run, what is in its
 * first heap. error, which may be NULL,
 * is set with SPEAD2_ERROR_INVALID to what is wrong with the first of its descriptors
 * that was refused, or with the item's size. */
GstSpead2HeapKind gst_spead2_heap_reader_read (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstSpead2HeapView *view, GError **error);

/* Whether a run that was read has the same to be said of all of its heaps, but for numbers
 * that step from one to the next. */
gboolean gst_spead2_heap_reader_steps (
    GstSpead2HeapReader *reader, const Spead2ReceivedHeap *run);

/* Reads the next heap of such a run, in front of which heaps have been skipped, and which was
 * read before that: the view is that of the heap before it. */
void gst_spead2_heap_reader_step (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *run, GstSpead2HeapView *view);

/* Makes the values of all other items of that heap the fields of a structure: see
 * gstspead2heapvalues.h. */
void gst_spead2_heap_reader_write_values (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstStructure *structure);

/* The same of the substream items alone, beside the fields that the structure has. */
void gst_spead2_heap_reader_write_substream (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstStructure *structure);

/* The same with several heaps, each read before: see gstspead2heaptable.h. FALSE: its
 * items are others, and it is not in the table. */
void gst_spead2_heap_reader_begin_table (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstSpead2HeapTable *table);
gboolean gst_spead2_heap_reader_add_to_table (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, GstSpead2HeapTable *table);

/* The index of a heap and its bits, without taking its descriptors in; FALSE: it has none.
 * The heap that was read before is no longer valid. */
gboolean gst_spead2_heap_reader_find_index (GstSpead2HeapReader *reader,
    const Spead2ReceivedHeap *heap, guint64 *index, guint *bits);

/* Which heaps are taken; the reader's. */
const Spead2AcceptRule *gst_spead2_heap_reader_accept (
    const GstSpead2HeapReader *reader);

/* Whether the index is the heap counter. */
gboolean gst_spead2_heap_reader_index_is_cnt (
    const GstSpead2HeapReader *reader);

/* How many values were left out since the last call, since there are too many: see
 * gstspead2heapvalues.h. */
guint64 gst_spead2_heap_reader_take_omitted (GstSpead2HeapReader *reader);

/* The id of the item, or SPEAD2_ID_NULL where it is not known before a heap is. */
guint64 gst_spead2_heap_reader_item_id (const GstSpead2HeapReader *reader);

G_END_DECLS

#endif /* GST_SPEAD2_HEAP_READER_H */
