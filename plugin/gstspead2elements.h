/* gst-spead2: the elements of the plugin, as the registration sees them.
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_ELEMENTS_H
#define GST_SPEAD2_ELEMENTS_H

#include <gst/gst.h>

G_BEGIN_DECLS

GST_ELEMENT_REGISTER_DECLARE (adctestsrc);
GST_ELEMENT_REGISTER_DECLARE (spead2sink);

G_END_DECLS

#endif /* GST_SPEAD2_ELEMENTS_H */
