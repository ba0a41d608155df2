/* adctestsrc's pool: last in, first out
 *
 * The buffer that was released last is the most likely to be in the cache.
 * GstBufferPool is first in, first out, and so uses all of its buffers in turn even
 * if a few would suffice: a network sender was up to a tenth slower with six buffers
 * of 1 MiB than with five. Only for pools without a limit: acquiring never waits.
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
