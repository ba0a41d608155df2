/* gst-spead2: properties that are fields of a struct
 *
 * An element keeps the values of its properties in a struct of settings, and a
 * table says where each lies in it, by the property's id.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SETTINGS_H
#define GST_SPEAD2_SETTINGS_H

#include <glib-object.h>

G_BEGIN_DECLS

/* Sets the fields of all properties of klass itself, whose ids are below n, to
 * their defaults. The fields are zero before. */
void gst_spead2_settings_init (
    gpointer settings, const gsize *offsets, guint n, GObjectClass *klass);

/* Booleans and enums are gint, and set atomically; texts, objects and caps are owned
 * by the settings. A text that has a default is never NULL. */
void gst_spead2_settings_set (gpointer settings, const gsize *offsets,
    GParamSpec *spec, const GValue *value);

void gst_spead2_settings_get (gconstpointer settings, const gsize *offsets,
    GParamSpec *spec, GValue *value);

G_END_DECLS

#endif /* GST_SPEAD2_SETTINGS_H */
