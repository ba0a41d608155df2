/* adctestsrc's pool: gives out what came back last, which is in the cache
 *
 * GstBufferPool gives out what came back first, and so goes round through all of
 * its buffers even where a few would do. A network sender is up to a tenth slower
 * with six buffers of 1 MiB than with five. For a pool without a limit: nobody
 * waits for a buffer here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_POOL_H
#define GST_ADC_TEST_SRC_POOL_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_ADC_TEST_SRC_POOL (gst_adc_test_src_pool_get_type ())
G_DECLARE_FINAL_TYPE (GstAdcTestSrcPool, gst_adc_test_src_pool, GST,
    ADC_TEST_SRC_POOL, GstBufferPool)

GstBufferPool *gst_adc_test_src_pool_new (void);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_POOL_H */
