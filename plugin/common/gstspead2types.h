/* gst-spead2: which caps are which SPEAD types
 *
 * One table, for both directions: audio/x-raw and video/x-raw by their field
 * format, with the numpy dtype or, where numpy has none, the SPEAD format of a
 * sample or a pixel. Packed samples, whose caps have a field sample-bits, have a
 * type of any width: signed and big endian. Everything else that a SPEAD descriptor
 * can say is application/x-spead-item.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_TYPES_H
#define GST_SPEAD2_TYPES_H

#include <gst/gst.h>

#include "gstspead2rate.h"
#include "spead2/heap/layout.h"

G_BEGIN_DECLS

/* Of samples whose caps do not say it. */
#define GST_SPEAD2_MAX_SAMPLE_BITS 64

#define GST_SPEAD2_AUDIO "audio/x-raw"
#define GST_SPEAD2_VIDEO "video/x-raw"
#define GST_SPEAD2_BYTES "application/octet-stream"
#define GST_SPEAD2_ITEM "application/x-spead-item"

/* Of audio/x-raw. */
#define GST_SPEAD2_MAX_CHANNELS 64

/* Sets what a sample is: dtype, format and element_bits. FALSE where the table does
 * not have that format of such caps. */
gboolean gst_spead2_types_find (
    const gchar *caps_name, const gchar *format, Spead2PayloadType *type);

/* The same of packed samples: those of 8, 16, 32 and 64 bits are numpy's. */
void gst_spead2_types_of_bits (guint bits, Spead2PayloadType *type);

/* The same of a numpy dtype as users write it: "|i1", "int16", "[('re','<f4'),
 * ('im','<f4')]"; without a byte order, this machine's. FALSE with the reason in
 * *why. */
gboolean gst_spead2_types_of_dtype (
    const gchar *text, Spead2PayloadType *type, const gchar **why);

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

/* Sets the field rate, if the rate is known and both its numbers are ints. */
void gst_spead2_types_set_rate (GstCaps *caps, const GstSpead2Rate *rate);

/* Which caps the values of an item may have, in order of preference:
 *
 * - audio/x-raw, interleaved, of a shape (frames) or (frames, channels) in C order;
 *   the rate is the samples' or, where that is not known, any;
 * - application/octet-stream with sample-bits and channels, of signed whole numbers,
 *   big endian and packed; after the next where numpy has such a type, or where they
 *   leave bits of the last byte unused;
 * - application/x-spead-item with dtype, or format where numpy has no type ("u10",
 *   "u4,i12"), shape (an array; -1: as many as there are) and order=fortran where the first
 *   index varies fastest;
 * - video/x-raw, gray, of a shape (height, width) whose rows need no padding;
 * - application/octet-stream.
 *
 * Those of GST_SPEAD2_BYTES and GST_SPEAD2_ITEM have the rate, if it is known and
 * both its numbers are ints. What spead2sink describes has the sink's caps among
 * these, but for a channel-mask. The descriptor was read, or has element_bits. */
GstCaps *gst_spead2_types_offer (
    const Spead2Descriptor *descriptor, const GstSpead2Rate *rate);

/* The first of the offered caps that downstream accepts, fixed; NULL if there are
 * none. If the rate is not known, downstream can define it; audio/x-raw is chosen with
 * a definite rate only. The channel-mask of more than two channels is downstream's,
 * or 0. */
GstCaps *gst_spead2_types_choose (GstCaps *offered, GstCaps *downstream);

G_END_DECLS

#endif /* GST_SPEAD2_TYPES_H */
