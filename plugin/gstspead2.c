/* gst-spead2: GStreamer elements for SPEAD
 *
 * Registers the plugin and its elements; nothing else happens here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * plugin-spead2:
 *
 * Elements that make samples as a digitiser would and send them as SPEAD
 * (Streaming Protocol for Exchanging Astronomical Data) over UDP.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "adctestsrc/gstadctestsrc.h"
#include "spead2sink/gstspead2sink.h"
#include "spead2src/gstspead2src.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean registered = FALSE;

  registered |= GST_ELEMENT_REGISTER (adctestsrc, plugin);
  registered |= GST_ELEMENT_REGISTER (spead2sink, plugin);
  registered |= GST_ELEMENT_REGISTER (spead2src, plugin);

  return registered;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, spead2,
    "Sends samples as SPEAD heaps over UDP", plugin_init, VERSION, GST_LICENSE,
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
