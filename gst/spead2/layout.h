/* What every heap carries: an ordered list of items, and where each value
 * comes from.
 *
 * A layout turns the values of one buffer into a heap. It remembers what it
 * has described to the receivers, and puts descriptors in front of the items
 * of the first heap and of any heap whose payload has another shape or type.
 * The order on the wire is the order in the list, always: some receivers
 * (mkrecv) find items by position.
 *
 * A layout belongs to one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_LAYOUT_H
#define SPEAD2_LAYOUT_H

#include "descriptor.h"
#include "heap.h"

G_BEGIN_DECLS

/* The items of spead2's tutorial, which are the default. */
#define SPEAD2_ID_TIMESTAMP 0x1600
#define SPEAD2_ID_ADC_SAMPLES 0x3300

/* The type of the samples in a payload. */
typedef struct {
  gchar dtype[8];      /* numpy's name, or "" when format says it */
  Spead2Format format; /* big endian */
  guint sample_size;   /* bytes */
  guint channels;      /* interleaved; the second dimension if more than one */
} Spead2PayloadType;

/* What is known of one heap before it is made. */
typedef struct {
  GstBuffer *buffer;
  gsize offset;         /* of the payload in the buffer, bytes */
  gsize size;           /* of the payload, bytes: whole frames */
  guint64 sample_index; /* of the first frame; counted modulo the flavour */
} Spead2HeapValues;

typedef struct _Spead2Layout Spead2Layout;

/* The default items, timestamp and adc_samples; the payload is bytes until a
 * type is set. Fails with SPEAD2_ERROR_INVALID when the flavour does not exist
 * or cannot hold an item's id. */
Spead2Layout *spead2_layout_new (Spead2Flavour flavour, GError **error);

void spead2_layout_free (Spead2Layout *layout);

/* From the next heap on. */
void spead2_layout_set_payload_type (
    Spead2Layout *layout, const Spead2PayloadType *type);

/* Bytes of one frame: a sample of each channel. */
gsize spead2_layout_frame_size (const Spead2Layout *layout);

/* The next heap carries descriptors again. */
void spead2_layout_forget_descriptors (Spead2Layout *layout);

/* A heap with these values, which holds the buffer. NULL with
 * SPEAD2_ERROR_INVALID (size is no whole number of frames, or the heap does
 * not fit the flavour) or SPEAD2_ERROR_MEMORY. */
Spead2Heap *spead2_layout_make_heap (
    Spead2Layout *layout, const Spead2HeapValues *values, GError **error);

G_END_DECLS

#endif /* SPEAD2_LAYOUT_H */
