/* The properties of adctestsrc: their values, and what they say of themselves.
 *
 * Each property but is-live, which GstBaseSrc keeps, is one field of
 * GstAdcTestSrcSettings. Those with the flag GST_PARAM_CONTROLLABLE, and
 * timestamp-offset, take effect at the next buffer, the others on the way from
 * READY to PAUSED.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_ADC_TEST_SRC_PROPERTIES_H
#define GST_ADC_TEST_SRC_PROPERTIES_H

#include <glib-object.h>

#include "adcwave.h"
#include "common/gstspead2settings.h"

G_BEGIN_DECLS

/* Guarded by whoever owns the struct. */
typedef struct {
  gint samples_per_buffer;
  guint64 sample_offset;
  gint64 sync_epoch;
  gint64 timestamp_offset;
  gint shape; /* AdcWaveShape */
  gint minimum;
  gint maximum;
  gdouble standard_deviation;
  gdouble freq;
  gdouble snr;
  guint num_tones;
  guint64 seed;
  gdouble correlation;
  guint64 sky_seed;
  gint64 delay;
} GstAdcTestSrcSettings;

enum {
  GST_ADC_TEST_SRC_PROP_0,
  /* Fields of the settings. */
  GST_ADC_TEST_SRC_PROP_SAMPLES_PER_BUFFER,
  GST_ADC_TEST_SRC_PROP_SAMPLE_OFFSET,
  GST_ADC_TEST_SRC_PROP_SYNC_EPOCH,
  GST_ADC_TEST_SRC_PROP_TIMESTAMP_OFFSET,
  GST_ADC_TEST_SRC_PROP_WAVE,
  GST_ADC_TEST_SRC_PROP_MINIMUM,
  GST_ADC_TEST_SRC_PROP_MAXIMUM,
  GST_ADC_TEST_SRC_PROP_STANDARD_DEVIATION,
  GST_ADC_TEST_SRC_PROP_FREQ,
  GST_ADC_TEST_SRC_PROP_SNR,
  GST_ADC_TEST_SRC_PROP_NUM_TONES,
  GST_ADC_TEST_SRC_PROP_SEED,
  GST_ADC_TEST_SRC_PROP_CORRELATION,
  GST_ADC_TEST_SRC_PROP_SKY_SEED,
  GST_ADC_TEST_SRC_PROP_DELAY,
  GST_ADC_TEST_SRC_N_SETTINGS,
  /* The base class's. */
  GST_ADC_TEST_SRC_PROP_IS_LIVE = GST_ADC_TEST_SRC_N_SETTINGS
};

extern const GstSpead2SettingsTable gst_adc_test_src_settings_table;

void gst_adc_test_src_install_properties (GObjectClass *klass);

G_END_DECLS

#endif /* GST_ADC_TEST_SRC_PROPERTIES_H */
