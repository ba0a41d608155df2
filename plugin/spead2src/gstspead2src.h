/* gst-spead2: receives SPEAD heaps over UDP as buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_H
#define GST_SPEAD2_SRC_H

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_SPEAD2_SRC (gst_spead2_src_get_type ())
G_DECLARE_FINAL_TYPE (GstSpead2Src, gst_spead2_src, GST, SPEAD2_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (spead2src);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_H */
