/* gst-spead2: properties that are fields of a struct: see gstspead2settings.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2settings.h"

#include <gst/gst.h>

#include <string.h>

/* Calls what for each property of klass itself that has a field. */
static void
for_each (const GstSpead2SettingsTable *table, GObjectClass *klass,
    gpointer settings, void (*what) (gpointer field, GParamSpec *spec))
{
  guint i, n_specs;
  GParamSpec **specs = g_object_class_list_properties (klass, &n_specs);

  for (i = 0; i < n_specs; i++)
    if (specs[i]->owner_type == G_OBJECT_CLASS_TYPE (klass) &&
        specs[i]->param_id < table->n)
      what (G_STRUCT_MEMBER_P (settings, table->offsets[specs[i]->param_id]),
          specs[i]);
  g_free (specs);
}

static void
set_field (gpointer field, GParamSpec *spec, const GValue *value)
{
  switch (G_TYPE_FUNDAMENTAL (spec->value_type)) {
    case G_TYPE_STRING:
      g_free (*(gchar **) field);
      *(gchar **) field = g_value_dup_string (value);
      /* What has a default text cannot do without one. */
      if (*(gchar **) field == NULL)
        *(gchar **) field =
            g_value_dup_string (g_param_spec_get_default_value (spec));
      break;
    case G_TYPE_INT:
      *(gint *) field = g_value_get_int (value);
      break;
    case G_TYPE_UINT:
      *(guint *) field = g_value_get_uint (value);
      break;
    case G_TYPE_INT64:
      *(gint64 *) field = g_value_get_int64 (value);
      break;
    case G_TYPE_UINT64:
      *(guint64 *) field = g_value_get_uint64 (value);
      break;
    case G_TYPE_DOUBLE:
      *(gdouble *) field = g_value_get_double (value);
      break;
    case G_TYPE_BOOLEAN:
      g_atomic_int_set ((gint *) field, g_value_get_boolean (value));
      break;
    case G_TYPE_ENUM:
      g_atomic_int_set ((gint *) field, g_value_get_enum (value));
      break;
    case G_TYPE_OBJECT:
      g_set_object ((GObject **) field, g_value_get_object (value));
      break;
    case G_TYPE_BOXED: /* caps */
      gst_caps_replace (
          (GstCaps **) field, (GstCaps *) gst_value_get_caps (value));
      break;
    default:
      g_assert_not_reached ();
  }
}

static void
set_default (gpointer field, GParamSpec *spec)
{
  set_field (field, spec, g_param_spec_get_default_value (spec));
}

/* The field is a copy of one whose value another struct owns. */
static void
own_field (gpointer field, GParamSpec *spec)
{
  gpointer *value = field;

  switch (G_TYPE_FUNDAMENTAL (spec->value_type)) {
    case G_TYPE_STRING:
      *value = g_strdup (*value);
      break;
    case G_TYPE_OBJECT:
      if (*value)
        g_object_ref (*value);
      break;
    case G_TYPE_BOXED:
      if (*value)
        gst_caps_ref (*value);
      break;
    default:
      break;
  }
}

static void
clear_field (gpointer field, GParamSpec *spec)
{
  switch (G_TYPE_FUNDAMENTAL (spec->value_type)) {
    case G_TYPE_STRING:
      g_clear_pointer ((gchar **) field, g_free);
      break;
    case G_TYPE_OBJECT:
      g_clear_object ((GObject **) field);
      break;
    case G_TYPE_BOXED:
      gst_clear_caps ((GstCaps **) field);
      break;
    default:
      break;
  }
}

void
gst_spead2_settings_init (
    const GstSpead2SettingsTable *table, GObjectClass *klass, gpointer settings)
{
  memset (settings, 0, table->size);
  for_each (table, klass, settings, set_default);
}

void
gst_spead2_settings_copy (const GstSpead2SettingsTable *table,
    GObjectClass *klass, gpointer to, gconstpointer from)
{
  memcpy (to, from, table->size);
  for_each (table, klass, to, own_field);
}

void
gst_spead2_settings_clear (
    const GstSpead2SettingsTable *table, GObjectClass *klass, gpointer settings)
{
  for_each (table, klass, settings, clear_field);
}

void
gst_spead2_settings_set (const GstSpead2SettingsTable *table, gpointer settings,
    GParamSpec *spec, const GValue *value)
{
  set_field (G_STRUCT_MEMBER_P (settings, table->offsets[spec->param_id]), spec,
      value);
}

void
gst_spead2_settings_get (const GstSpead2SettingsTable *table,
    gconstpointer settings, GParamSpec *spec, GValue *value)
{
  gconstpointer field =
      G_STRUCT_MEMBER_P (settings, table->offsets[spec->param_id]);

  switch (G_TYPE_FUNDAMENTAL (spec->value_type)) {
    case G_TYPE_STRING:
      g_value_set_string (value, *(gchar *const *) field);
      break;
    case G_TYPE_INT:
      g_value_set_int (value, *(const gint *) field);
      break;
    case G_TYPE_UINT:
      g_value_set_uint (value, *(const guint *) field);
      break;
    case G_TYPE_INT64:
      g_value_set_int64 (value, *(const gint64 *) field);
      break;
    case G_TYPE_UINT64:
      g_value_set_uint64 (value, *(const guint64 *) field);
      break;
    case G_TYPE_DOUBLE:
      g_value_set_double (value, *(const gdouble *) field);
      break;
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, *(const gint *) field);
      break;
    case G_TYPE_ENUM:
      g_value_set_enum (value, *(const gint *) field);
      break;
    case G_TYPE_OBJECT:
      g_value_set_object (value, *(GObject *const *) field);
      break;
    case G_TYPE_BOXED:
      gst_value_set_caps (value, *(GstCaps *const *) field);
      break;
    default:
      g_assert_not_reached ();
  }
}
