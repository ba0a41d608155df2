/* What the bytes of a payload are: the type and the shape of its elements.
 *
 * Which sizes a payload may have follows from them, what shape it has then, and how
 * that is described.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PAYLOAD_H
#define SPEAD2_PAYLOAD_H

#include "spead2/heap/item.h"

G_BEGIN_DECLS

#define SPEAD2_MAX_DTYPE_LENGTH 255

/* The type of the samples in a payload, where its item does not say it. */
typedef struct {
  gchar dtype[SPEAD2_MAX_DTYPE_LENGTH + 1]; /* empty: formats */
  Spead2Format formats[SPEAD2_MAX_FORMATS];
  guint n_formats;
  guint element_bits;
  /* One dimension may be SPEAD2_VARIABLE_SIZE: as many as the heap holds. */
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  guint n_dimensions;
  guint sample_elements; /* that have one sample index: the channels of audio */
} Spead2PayloadType;

/* Bytes: "|u1", as many as there are. */
void spead2_payload_type_init (Spead2PayloadType *type);

/* The type of a payload: that of its item, where the item has one, or else that of
 * the samples. Its pointers are the item's and the type's. */
typedef struct {
  const gchar *dtype; /* or NULL: formats */
  const Spead2Format *formats;
  guint n_formats;
  guint element_bits;
  const gint64 *shape;
  guint n_dimensions;
  guint sample_elements;
} Spead2Payload;

/* item and type outlive the payload. */
void spead2_payload_init (Spead2Payload *payload, const Spead2Item *item,
    const Spead2PayloadType *type);

/* By how much the sample index goes on with so many bytes. */
static inline guint64
spead2_payload_n_samples (const Spead2Payload *payload, gsize size)
{
  return (guint64) size * 8 / payload->element_bits / payload->sample_elements;
}

/* The shape of a payload of so many bytes, of SPEAD2_MAX_DIMENSIONS, every size
 * known. FALSE with SPEAD2_ERROR_INVALID where there is none of that size. */
gboolean spead2_payload_find_shape (
    const Spead2Payload *payload, gsize size, gint64 *shape, GError **error);

/* The largest payload of fewer bytes that has the shape, and the smallest of more:
 * 0 and the only one there is, where the shape is fixed. FALSE if there are none
 * of more bytes; above is then the only size that has the shape, or 0. */
gboolean spead2_payload_round (
    const Spead2Payload *payload, gsize size, gsize *below, gsize *above);

/* The format that describes payloads of any size: FALSE where the shape is fixed, or
 * the element has no format. A numpy header cannot leave a dimension open. */
gboolean spead2_payload_open_format (
    const Spead2Payload *payload, Spead2Format *format);

/* Sets type and shape of the descriptor, of one size or, with shape NULL, of any:
 * only where spead2_payload_open_format() has a format. */
void spead2_payload_describe (const Spead2Payload *payload, const gint64 *shape,
    Spead2Descriptor *descriptor);

G_END_DECLS

#endif /* SPEAD2_PAYLOAD_H */
