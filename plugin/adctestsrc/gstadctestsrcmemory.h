/* The memory of adctestsrc's buffers: which one downstream offers or asks for, and
 * samples written to it.
 *
 * Buffers come from a pool of adctestsrc's own, large enough for what the sink keeps
 * outstanding. For spead2sink their memory has headroom for packet headers, see
 * gstspead2outstanding.h; samples are then written to the pieces in place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_MEMORY_H
#define GST_ADC_TEST_SRC_MEMORY_H

#include <gst/gst.h>

#include "adcwave.h"
#include "gstadctestsrcformat.h"

G_BEGIN_DECLS

/* Puts the pool and the allocator for buffers of size bytes into an ALLOCATION query
 * that downstream has answered, or that nobody has. n_buffers: how many the pool
 * allocates in advance. FALSE, with the query unchanged, where there is no memory
 * for these. */
gboolean gst_adc_test_src_memory_decide (
    GstQuery *query, guint size, guint *n_buffers);

/* Writes frames of the wave from first_frame on to the beginning of the buffer, whose
 * size they have. FALSE where its memory cannot be mapped for writing. */
gboolean gst_adc_test_src_memory_fill (GstBuffer *buffer, AdcWave *wave,
    const GstAdcTestSrcFormat *format, guint64 first_frame, guint n_frames);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_MEMORY_H */
