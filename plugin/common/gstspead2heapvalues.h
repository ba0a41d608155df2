/* gst-spead2: the values of a received heap's items, as fields of a structure
 *
 * A described number is guint64, gint64, gboolean or (floats of 32 and 64 bits, which
 * spead2sink does not send) gdouble. Other immediates are guint64, other short addressed
 * items GBytes; the heap's counter is heap-cnt.
 * A structure that has the fields of the last heap, as the one on a pooled buffer does,
 * is written to in place: no name is looked up, and nothing is allocated.
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_HEAP_VALUES_H
#define GST_SPEAD2_HEAP_VALUES_H

#include <gst/gst.h>

#include "spead2/receive/receivedheap.h"
#include "spead2/wire/itemview.h"

G_BEGIN_DECLS

/* Values in a heap, and names in a stream that were not known to the process before: it
 * keeps them until it ends, and anybody may send more. */
#define GST_SPEAD2_MAX_VALUES 256
#define GST_SPEAD2_MAX_VALUE_NAMES 4096

typedef struct {
  GQuark heap_cnt;
  guint n_new_names;
  /* (Name) The fields of items, at their places in the last heap. */
  GArray *names;
} GstSpead2HeapValues;

void gst_spead2_heap_values_init (GstSpead2HeapValues *values);
void gst_spead2_heap_values_clear (GstSpead2HeapValues *values);

/* Descriptors have changed: fields may have other names. */
void gst_spead2_heap_values_rename (GstSpead2HeapValues *values);

/* The way through the values of one heap: of its items but the one at address `data`, by
 * the names of their descriptors (guint64 to Spead2Descriptor), or "item-0x<id>". All of
 * it is borrowed; the last three are 0 at the beginning. */
typedef struct {
  GstSpead2HeapValues *values;
  const Spead2ReceivedHeap *heap;
  const Spead2ItemViews *items;
  guint64 data;
  GHashTable *descriptors;
  guint next;      /* item */
  guint n_values;  /* in front of it */
  guint n_omitted; /* of them, since there are more than the limits above */
} GstSpead2HeapFields;

typedef struct {
  GQuark name;
  GType type; /* G_TYPE_UINT64, INT64, BOOLEAN, DOUBLE or BYTES */
  /* of a number of that type, sign-extended; of a boolean 0 or 1 */
  guint64 bits;
  guint64 step;        /* of a number, from one heap of a run to the next */
  const guint8 *bytes; /* (borrowed) of G_TYPE_BYTES, from the heap's payload */
  guint size;          /* of them; 0: the field is a number */
} GstSpead2HeapField;

/* The heap's counter, and one after another the items. FALSE: there is no further one. */
GstSpead2HeapField gst_spead2_heap_fields_cnt (
    const GstSpead2HeapFields *fields);
gboolean gst_spead2_heap_fields_next (
    GstSpead2HeapFields *fields, GstSpead2HeapField *field);

/* Whether the values of all heaps of a run are those of the first, but for numbers that step
 * as the pointers do. fields is at its beginning, and remains there. */
gboolean gst_spead2_heap_fields_step (const GstSpead2HeapFields *fields);

/* Sets the field of a structure. */
void gst_spead2_heap_field_set (
    const GstSpead2HeapField *field, GstStructure *structure);

/* Makes the values of a heap, and its counter, the fields of a structure, and no others.
 * fields is at its beginning, and then at its end. */
void gst_spead2_heap_values_write (
    GstSpead2HeapFields *fields, GstStructure *structure);

G_END_DECLS

#endif /* GST_SPEAD2_HEAP_VALUES_H */
