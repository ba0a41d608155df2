/* What every heap carries: fills heaps as a list of items says.
 *
 * A layout turns the values of one buffer into a heap. It remembers what it
 * has described to the receivers, and describes again where a payload has
 * another shape or type: in front of the items of that heap, or in a heap of
 * its own. Where sizes go on changing and a SPEAD format can say the type, the
 * third description leaves the variable dimension open and is the last. (The real spead2
 * keeps an id's last descriptor only, and takes no open dimension with a numpy
 * header.) The order on the wire is the order in the list, always: some
 * receivers (mkrecv) find items by position.
 *
 * Arrays, start and step go by the heap index: the number of heaps made since
 * the stream began, which spead2_layout_restart() sets back to 0.
 *
 * Heaps whose values step from one to the next are made as one run (heap.h): from bytes
 * that lie behind each other in a buffer (spead2_layout_max_run()), or from one buffer
 * each (spead2_layout_extend_run()). Values of the application, dates, arrays, and all
 * that is addressed beside the payload do not step. Pure: times
 * are passed in. A layout belongs to one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_LAYOUT_H
#define SPEAD2_LAYOUT_H

#include "spead2/wire/descriptor.h"
#include "spead2/heap/heap.h"
#include "spead2/heap/items.h"
#include "spead2/heap/payload.h"

G_BEGIN_DECLS

/* The field of an application's values that is the heap counter. */
#define SPEAD2_HEAP_CNT_NAME "heap-cnt"

typedef enum {
  SPEAD2_DESCRIPTORS_NONE,       /* only when asked for */
  SPEAD2_DESCRIPTORS_FIRST_HEAP, /* in the heap that needs them */
  SPEAD2_DESCRIPTORS_OWN_HEAP    /* in a heap before it */
} Spead2DescriptorMode;

typedef struct {
  Spead2Items *items; /* the layout takes a reference of its own */
  Spead2DescriptorMode descriptors;
  guint64 descriptor_interval; /* again after so long, ns; 0: never */
  /* Counters of heaps that only describe; step 0: the sender numbers them. */
  guint64 descriptor_cnt_start;
  guint64 descriptor_cnt_step;
  /* The item, or field of an application's values, whose value is the heap's
   * destination, or NULL: heaps choose none. Borrowed. */
  const gchar *destination_item;
} Spead2LayoutConfig;

/* Bytes of a mapped buffer. */
typedef struct {
  Spead2MappedBuffer *mapped;
  gsize offset;
  gsize size;
} Spead2Part;

/* What is known of one heap before it is made, or of the first heap of a run. */
typedef struct {
  GstBuffer *buffer;
  gsize offset;         /* of the payload in the buffer, bytes */
  gsize size;           /* of the payload, bytes */
  guint64 sample_index; /* of the first sample; counted modulo the flavour */
  /* Bytes of each row, and from one to the next, where they differ: the payload
   * is the rows without what lies between. 0: in one piece. */
  gsize row_size;
  gsize row_stride;
  guint64 utc_ns; /* of the first sample, where items use it */
  guint64 ptp_ns;
  guint64 running_time; /* ns; 0 before time runs */
  /* Values by item name; the first that has one counts. NULL: none. */
  const GstStructure *own[2];
  Spead2MappedBuffer *mapped; /* of the buffer, where heaps share it, or NULL */
  /* The payload, in order, of size bytes or more; instead of the buffer, unless
   * n_parts is 0. */
  const Spead2Part *parts;
  guint n_parts;
  guint n_heaps; /* of size bytes each, one behind the other; 0: one */
} Spead2HeapValues;

typedef struct _Spead2Layout Spead2Layout;

/* The payload is bytes until a type is set. Fails with SPEAD2_ERROR_INVALID
 * when the flavour cannot hold a counter. */
Spead2Layout *spead2_layout_new (
    const Spead2LayoutConfig *config, GError **error);

void spead2_layout_free (Spead2Layout *layout);

/* From the next heap on. */
void spead2_layout_set_payload_type (
    Spead2Layout *layout, const Spead2PayloadType *type);

/* By how much the sample index goes on with so many bytes. */
guint64 spead2_layout_n_samples (const Spead2Layout *layout, gsize size);

/* Whether a payload of so many bytes has the shape that payloads have. FALSE with
 * SPEAD2_ERROR_INVALID. */
gboolean spead2_layout_check_size (
    Spead2Layout *layout, gsize size, GError **error);

/* The largest payload of fewer bytes that has the shape, and the smallest of more:
 * 0 and the only one there is, where the shape is fixed. FALSE if there are none
 * of more bytes; above is then the only size that has the shape, or 0. */
gboolean spead2_layout_round (
    const Spead2Layout *layout, gsize size, gsize *below, gsize *above);

/* A new stream: heaps are counted from 0, and described. */
void spead2_layout_restart (Spead2Layout *layout);

/* Whether descriptors are always in a heap of their own, whatever the mode says: a heap
 * of data goes to some destinations only. */
void spead2_layout_set_apart (Spead2Layout *layout, gboolean apart);

/* The receivers are described to again with the next heap. */
void spead2_layout_forget_descriptors (Spead2Layout *layout);

/* The same, also where the mode is SPEAD2_DESCRIPTORS_NONE: in a heap of its
 * own. */
void spead2_layout_request_descriptors (Spead2Layout *layout);

/* Whether a heap that only describes goes before the one with these values. */
gboolean spead2_layout_wants_descriptor_heap (
    const Spead2Layout *layout, const Spead2HeapValues *values);

/* That heap, which needs no buffer. NULL with SPEAD2_ERROR_INVALID. */
Spead2Heap *spead2_layout_make_descriptor_heap (
    Spead2Layout *layout, const Spead2HeapValues *values, GError **error);

/* The item pointers of a heap that does not describe, if its payload is all that
 * is addressed; else 0. */
guint spead2_layout_plain_pointers (const Spead2Layout *layout);

/* How many heaps, of which these values are the first one's, can be made as one run: at
 * least 1, at most max. All lie in values->mapped. */
guint spead2_layout_max_run (
    const Spead2Layout *layout, const Spead2HeapValues *values, guint max);

/* Adds a heap with these values to the run that was made last, if they are those that
 * follow. FALSE, with no change: that is not so, or the run has max heaps. */
gboolean spead2_layout_extend_run (Spead2Layout *layout, Spead2Heap *run,
    const Spead2HeapValues *values, guint max);

/* A heap, or a run, with these values, which holds the buffer. NULL with
 * SPEAD2_ERROR_INVALID (the size is not that of the payload's shape, a value of
 * the application or the heap does not fit the flavour) or
 * SPEAD2_ERROR_MEMORY. */
Spead2Heap *spead2_layout_make_heap (
    Spead2Layout *layout, const Spead2HeapValues *values, GError **error);

G_END_DECLS

#endif /* SPEAD2_LAYOUT_H */
