/* URIs of SPEAD streams: spead://host:port?property=value&property=value
 * or, with a range of a sink's destinations, spead://host+n:port?property=value
 *
 * A URI is a text for the properties of an element: host and port, and by its
 * query every other one that a text can say. Which ones there are, and their
 * ranges, the element itself knows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_URI_H
#define GST_SPEAD2_URI_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_SPEAD2_URI_PROTOCOL "spead"

/* Sets the properties that uri names, or, when anything in it is wrong, none:
 * FALSE with GST_URI_ERROR_BAD_URI (a text that is no such URI) or
 * GST_URI_ERROR_BAD_REFERENCE (an option that does not exist, is duplicate or
 * has a value that the property does not take). */
gboolean gst_spead2_uri_apply (
    const gchar *uri, GObject *object, GError **error);

/* A URI that makes a new element like this one. The caller frees it. */
gchar *gst_spead2_uri_of (GObject *object);

G_END_DECLS

#endif /* GST_SPEAD2_URI_H */
