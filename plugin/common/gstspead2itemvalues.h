/* gst-spead2: values of items that an application gives heap by heap
 *
 * In C they travel on a buffer, as a GstCustomMeta of the name GstSpead2Items; in
 * Python, whose bindings cannot write one, in a serialized custom downstream
 * event whose structure is named spead2-items, and which counts for the next
 * buffer. The fields of both are values by item name, for items with value=meta,
 * and heap-cnt: whole numbers of any GType, booleans or texts that read as numbers;
 * for items that are texts, texts and GBytes of ASCII, or of any bytes with
 * format=u8.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_ITEM_VALUES_H
#define GST_SPEAD2_ITEM_VALUES_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_SPEAD2_ITEM_VALUES_META_NAME "GstSpead2Items"
#define GST_SPEAD2_ITEM_VALUES_EVENT_NAME "spead2-items"

/* Of a buffer with the samples of several received heaps: how many, and the prefix of
 * fields with a value for each. See gstspead2heaptable.h. */
#define GST_SPEAD2_N_HEAPS_NAME "n-heaps"
#define GST_SPEAD2_EACH_PREFIX "each/"

/* Once in a process; harmless when the application has done it. */
void gst_spead2_item_values_meta_register (void);

/* The values on a buffer, which owns them, or NULL. */
const GstStructure *gst_spead2_item_values_of_buffer (GstBuffer *buffer);

/* The values on a writable buffer, for the caller to set; the buffer gets them if it has
 * none. A buffer of a pool has them, as they were, when it is issued again. */
GstStructure *gst_spead2_item_values_write (GstBuffer *buffer);

/* Adds an event's values to those of the next buffer (NULL or owned; later ones
 * replace earlier ones of the same name). Does nothing with any other event. */
void gst_spead2_item_values_add_event (GstStructure **pending, GstEvent *event);

G_END_DECLS

#endif /* GST_SPEAD2_ITEM_VALUES_H */
