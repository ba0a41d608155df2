/* gst-spead2: which caps are which SPEAD types
 *
 * One table, for both directions: audio/x-raw and video/x-raw by their field
 * format, with the numpy dtype or, where numpy has none, the SPEAD format of a
 * sample or a pixel. Packed samples, whose caps have a field sample-bits, have a
 * type of any width: signed and big endian.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_TYPES_H
#define GST_SPEAD2_TYPES_H

#include <gst/gst.h>

#include "spead2/heap/layout.h"

G_BEGIN_DECLS

/* Of samples whose caps do not say it. */
#define GST_SPEAD2_MAX_SAMPLE_BITS 64

#define GST_SPEAD2_AUDIO "audio/x-raw"
#define GST_SPEAD2_VIDEO "video/x-raw"

/* Sets what a sample is: dtype, format and element_bits. FALSE where the table does
 * not have that format of such caps. */
gboolean gst_spead2_types_find (
    const gchar *caps_name, const gchar *format, Spead2PayloadType *type);

/* The same of packed samples: those of 8, 16, 32 and 64 bits are numpy's. */
void gst_spead2_types_of_bits (guint bits, Spead2PayloadType *type);

/* Which of these caps have a type, in order of preference: interleaved audio with
 * a dtype, the same with a SPEAD format only; then caps of all other names, whose
 * buffers are pictures, packed samples or bytes, without impossible values of
 * sample-bits and channels. Within each of them the order is that of caps. packed:
 * samples are, also where sample-bits is missing. own_type: the user has given the
 * type, and all caps will do, the same ones first. ANY gives ANY. */
GstCaps *gst_spead2_types_restrict (
    GstCaps *caps, gboolean packed, gboolean own_type);

/* Why GStreamer makes no GstAudioInfo of such audio caps, in a sentence: what they
 * lack, or which value cannot be. The caller frees it. */
gchar *gst_spead2_types_explain_audio (const GstStructure *structure);

G_END_DECLS

#endif /* GST_SPEAD2_TYPES_H */
