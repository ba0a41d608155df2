/* gst-spead2: what caps say of the bytes of a buffer
 *
 * - audio/x-raw: samples of (frames, channels).
 * - video/x-raw of GRAY8, GRAY16_LE and GRAY16_BE: pixels of (height, width),
 *   without the padding of rows.
 * - All others: samples of as many bits as their field sample-bits says, signed
 *   and big endian, packed without padding: 10 are SPEAD's i10; 8, 16, 32 and 64
 *   are numpy's. With a field channels, samples of (frames, channels). Without
 *   sample-bits, bytes. Their rate may be a fraction.
 * - application/x-spead-item: elements of a numpy dtype or a format, in a shape
 *   whose first size is as large as the buffer allows, unless another one is -1.
 *   What spead2src says of items of which other caps say less.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_PAYLOAD_H
#define GST_SPEAD2_PAYLOAD_H

#include <gst/gst.h>
#include <gst/video/video.h>

#include "gstspead2rate.h"
#include "spead2/heap/layout.h"

G_BEGIN_DECLS

typedef struct {
  Spead2PayloadType type;
  gsize offset_size; /* bytes that a buffer's OFFSET counts by one; 0: none */
  GstSpead2Rate rate;
  gboolean is_video;
  GstVideoInfo video;
} GstSpead2Payload;

/* As long as there are no caps: bytes, counted by their OFFSET as filesrc does,
 * or packed samples of so many bits where that is not 0. */
void gst_spead2_payload_init (GstSpead2Payload *payload, guint sample_bits);

/* sample_bits counts for caps that do not say it (0: bytes). own_type: the user has
 * given a type, and that of the caps is not used. FALSE with
 * GST_STREAM_ERROR_FORMAT, and what to do about it, when neither numpy nor SPEAD
 * has a type for these caps. */
gboolean gst_spead2_payload_from_caps (GstSpead2Payload *payload, GstCaps *caps,
    guint sample_bits, gboolean own_type, GError **error);

/* Whether buffers of these caps are pictures whose rows are found by a GstVideoMeta,
 * so that they need not be without padding. */
gboolean gst_spead2_payload_caps_have_rows (GstCaps *caps);

/* Sets buffer, size and rows: where the payload lies in a buffer. */
void gst_spead2_payload_find (const GstSpead2Payload *payload,
    GstBuffer *buffer, Spead2HeapValues *values);

/* Its size alone, bytes. */
static inline gsize
gst_spead2_payload_size (const GstSpead2Payload *payload, GstBuffer *buffer)
{
  Spead2HeapValues values;

  if (!payload->is_video)
    return gst_buffer_get_size (buffer);
  gst_spead2_payload_find (payload, buffer, &values);
  return values.size;
}

G_END_DECLS

#endif /* GST_SPEAD2_PAYLOAD_H */
