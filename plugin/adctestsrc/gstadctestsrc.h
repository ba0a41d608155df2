/* adctestsrc: test signals, as the digitiser of a telescope might give them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_H
#define GST_ADC_TEST_SRC_H

#include <gst/base/gstbasesrc.h>

G_BEGIN_DECLS

#define GST_TYPE_ADC_TEST_SRC (gst_adc_test_src_get_type ())
G_DECLARE_FINAL_TYPE (
    GstAdcTestSrc, gst_adc_test_src, GST, ADC_TEST_SRC, GstBaseSrc)

GST_ELEMENT_REGISTER_DECLARE (adctestsrc);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_H */
