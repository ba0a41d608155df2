/* gst-spead2: the values of several heaps that share a buffer, as fields of a structure
 *
 * A value that all of the heaps share is a field as it is for one heap. Numbers that differ
 * are a field "each/<name>" instead: GBytes of 8 bytes for each heap, in their order and in
 * the byte order of the machine, which are a guint64 (a boolean, too), gint64 or gdouble.
 * So is the heap counter in any case. Bytes do not differ between heaps that share a
 * buffer. The field n-heaps (guint) says how many heaps there are.
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_HEAP_TABLE_H
#define GST_SPEAD2_HEAP_TABLE_H

#include "gstspead2heapvalues.h"

G_BEGIN_DECLS

typedef struct {
  GArray *columns; /* (Column) the counter, and the values of the first heap */
  GArray *rows;    /* (guint64) the bits of numbers, heap by heap */
  GArray *steps;   /* (guint64) of the numbers of the run that was added last */
  guint n_numbers; /* of a heap */
  GByteArray *bytes; /* of values that are bytes, one after another */
} GstSpead2HeapTable;

void gst_spead2_heap_table_init (GstSpead2HeapTable *table);
void gst_spead2_heap_table_clear (GstSpead2HeapTable *table);

/* A table with one heap, or the heaps of a run for which gst_spead2_heap_fields_step() is
 * TRUE. fields is at its beginning. */
void gst_spead2_heap_table_begin (
    GstSpead2HeapTable *table, GstSpead2HeapFields *fields);

/* Adds a heap, or such a run. FALSE: its values have other names or types, or bytes that
 * differ, and it is not added. */
gboolean gst_spead2_heap_table_add (
    GstSpead2HeapTable *table, GstSpead2HeapFields *fields);

/* Makes the values the fields of a structure, and no others. */
void gst_spead2_heap_table_write (
    GstSpead2HeapTable *table, GstStructure *structure);

G_END_DECLS

#endif /* GST_SPEAD2_HEAP_TABLE_H */
