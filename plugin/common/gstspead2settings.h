/* gst-spead2: properties that are fields of a struct
 *
 * An element keeps the values of its properties in a struct of settings, and a table
 * contains the offset of each in it, by the property's id. The settings own their
 * strings, objects and caps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SETTINGS_H
#define GST_SPEAD2_SETTINGS_H

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct {
  gsize size;           /* of the struct, bytes */
  const gsize *offsets; /* by param_id */
  guint n; /* properties with greater ids, or this one, have no field */
} GstSpead2SettingsTable;

/* Sets the fields of all properties that klass itself has to their defaults. */
void gst_spead2_settings_init (const GstSpead2SettingsTable *table,
    GObjectClass *klass, gpointer settings);

/* to has no settings, or has been cleared. */
void gst_spead2_settings_copy (const GstSpead2SettingsTable *table,
    GObjectClass *klass, gpointer to, gconstpointer from);

/* Releases what the settings own. It may be done again, and to zeroed settings. */
void gst_spead2_settings_clear (const GstSpead2SettingsTable *table,
    GObjectClass *klass, gpointer settings);

/* Booleans and enums are gint, and set atomically. A string that has a default is never
 * NULL. */
void gst_spead2_settings_set (const GstSpead2SettingsTable *table,
    gpointer settings, GParamSpec *spec, const GValue *value);

void gst_spead2_settings_get (const GstSpead2SettingsTable *table,
    gconstpointer settings, GParamSpec *spec, GValue *value);

G_END_DECLS

#endif /* GST_SPEAD2_SETTINGS_H */
