/* gst-spead2: what caps say of the bytes of a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_PAYLOAD_H
#define GST_SPEAD2_PAYLOAD_H

#include <gst/gst.h>

#include "spead2/layout.h"

G_BEGIN_DECLS

typedef struct {
  Spead2PayloadType type;
  gboolean offset_is_index; /* a buffer's OFFSET counts frames or bytes */
  gint frame_rate;          /* per second, or 0: not known */
} GstSpead2Payload;

/* As long as there are no caps: bytes, counted by their OFFSET as filesrc does. */
void gst_spead2_payload_init (GstSpead2Payload *payload);

/* FALSE with GST_STREAM_ERROR_FORMAT, and what to do about it, when neither
 * numpy nor SPEAD has a type for these caps. */
gboolean gst_spead2_payload_from_caps (
    GstSpead2Payload *payload, GstCaps *caps, GError **error);

G_END_DECLS

#endif /* GST_SPEAD2_PAYLOAD_H */
