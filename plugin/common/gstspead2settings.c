/* gst-spead2: properties that are fields of a struct: see gstspead2settings.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2settings.h"

#include <gst/gst.h>

void
gst_spead2_settings_init (
    gpointer settings, const gsize *offsets, guint n, GObjectClass *klass)
{
  guint i, n_specs;
  GParamSpec **specs = g_object_class_list_properties (klass, &n_specs);

  for (i = 0; i < n_specs; i++)
    if (specs[i]->owner_type == G_OBJECT_CLASS_TYPE (klass) &&
        specs[i]->param_id < n)
      gst_spead2_settings_set (settings, offsets, specs[i],
          g_param_spec_get_default_value (specs[i]));
  g_free (specs);
}

void
gst_spead2_settings_set (gpointer settings, const gsize *offsets,
    GParamSpec *spec, const GValue *value)
{
  gpointer field = G_STRUCT_MEMBER_P (settings, offsets[spec->param_id]);

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

void
gst_spead2_settings_get (gconstpointer settings, const gsize *offsets,
    GParamSpec *spec, GValue *value)
{
  gconstpointer field = G_STRUCT_MEMBER_P (settings, offsets[spec->param_id]);

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
