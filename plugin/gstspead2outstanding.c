/* gst-spead2: how a sink says what it keeps outstanding
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2outstanding.h"

GType
gst_spead2_outstanding_api_get_type (void)
{
  static const gchar *tags[] = {NULL};
  static GType type;

  if (g_once_init_enter (&type)) {
    GType registered =
        gst_meta_api_type_register (GST_SPEAD2_OUTSTANDING_API_NAME, tags);

    g_once_init_leave (&type, registered);
  }
  return type;
}
