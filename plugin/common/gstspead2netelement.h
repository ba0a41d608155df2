/* gst-spead2: what elements with a URI and a socket have in common
 *
 * The properties that are fixed in PAUSED and PLAYING; `uri` and the URI handler;
 * `socket`, `close-socket` and `used-socket`; `stats-interval`; whether sockets must be
 * opened again after a change in READY; and the error of a start that failed.
 *
 * The element has this struct, and a struct of settings with a table
 * (gstspead2settings.h), in which are `socket`, `close-socket` and `stats-interval`, and
 * not `uri`, `used-socket` and `stats`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_NET_ELEMENT_H
#define GST_SPEAD2_NET_ELEMENT_H

#include <gio/gio.h>
#include <gst/gst.h>

#include "gstspead2settings.h"
#include "gstspead2statstimer.h"

G_BEGIN_DECLS

/* The element's object lock guards the settings and what follows them. The functions
 * take it: call them without. */
typedef struct {
  GstElement *element;                 /* (borrowed) that has the struct */
  const GstSpead2SettingsTable *table; /* (borrowed) */
  GCancellable *resolving; /* cancels the lookup of a name; any thread */

  gpointer settings; /* (borrowed) the element's */
  GError *uri_error; /* why the last URI was refused, or NULL */
  gboolean in_use;   /* PAUSED or PLAYING */
  gboolean reopen;   /* a property has changed since the sockets were opened */
  GSocket *used_socket;
  gboolean close_used; /* used_socket is closed when it is replaced */
  GstSpead2StatsTimer stats_timer; /* runs only while in_use */
} GstSpead2NetElement;

/* -- class and instance ------------------------------------------------------------ */

/* Adds the URI handler: for G_DEFINE_TYPE_WITH_CODE(). */
void gst_spead2_net_element_add_uri_handler (GType type, GstURIType direction);

/* For the function that initialises the element: settings get their defaults. */
void gst_spead2_net_element_init (GstSpead2NetElement *net, GstElement *element,
    const GstSpead2SettingsTable *table, gpointer settings);

/* For the function that finalizes it. */
void gst_spead2_net_element_clear (GstSpead2NetElement *net);

/* -- properties --------------------------------------------------------------------- */

/* Sets `uri`, or a property of the table. FALSE, and a warning is posted, if the property
 * is fixed in this state: it has no flag GST_PARAM_MUTABLE_PLAYING. A bad URI changes
 * nothing, and the next start fails with the reason. */
gboolean gst_spead2_net_element_set_property (
    GstSpead2NetElement *net, const GValue *value, GParamSpec *spec);

/* `uri`, `used-socket`, or a property of the table. */
void gst_spead2_net_element_get_property (
    GstSpead2NetElement *net, GValue *value, GParamSpec *spec);

/* For the end of a stream: posts `spead2-stats`, unless `stats-interval` is 0. */
void gst_spead2_net_element_post_last_stats (GstSpead2NetElement *net);

/* -- opening and closing ------------------------------------------------------------ */

/* From here to the same with FALSE, properties are fixed. */
void gst_spead2_net_element_set_in_use (
    GstSpead2NetElement *net, gboolean in_use);

/* Copies the settings that sockets are opened with, which the caller clears in any case.
 * FALSE with the reason why the last URI was refused. */
gboolean gst_spead2_net_element_begin_open (
    GstSpead2NetElement *net, gpointer settings, GError **error);

/* Whether a property has changed since, so that sockets must be opened again. */
gboolean gst_spead2_net_element_has_changed (GstSpead2NetElement *net);

/* The value of `used-socket` from now on (transfer full), or NULL. The last one is
 * released, and closed first if the element owns it. close: the element owns this one. */
void gst_spead2_net_element_use_socket (
    GstSpead2NetElement *net, GSocket *socket, gboolean close);

/* Before sockets are opened again: releases the socket in use, unless it is the one that
 * `socket` gives. */
void gst_spead2_net_element_release_replaced (GstSpead2NetElement *net);

/* -- helpers of a start ------------------------------------------------------------- */

/* FALSE with SPEAD2_ERROR_INVALID if the application's socket, which may be NULL, is
 * closed: it has no descriptor, as if there were none. */
gboolean gst_spead2_net_element_check_socket (GSocket *socket, GError **error);

/* A socket that owns fd. NULL with an error; if fd is -1, with the one that is there. */
GSocket *gst_spead2_net_element_socket_of_fd (gint fd, GError **error);

/* Posts why a start failed: GST_RESOURCE_ERROR_SETTINGS or _NOT_FOUND where the error
 * says so, otherwise code. Nothing is posted for a start that was cancelled. */
void gst_spead2_net_element_post_error (
    GstElement *element, const GError *error, GstResourceError code);

/* Posts STREAM_STATUS for the calling thread. */
void gst_spead2_net_element_post_thread (
    GstElement *element, GstStreamStatusType type);

G_END_DECLS

#endif /* GST_SPEAD2_NET_ELEMENT_H */
