/* URIs of SPEAD streams: see gstspead2uri.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2uri.h"

#include <gio/gio.h>

#include "spead2/net/endpoint.h"

#define PREFIX GST_SPEAD2_URI_PROTOCOL "://"

/* A property and the value that it is to get. */
typedef struct {
  GParamSpec *spec;
  GValue value;
} Option;

static void
option_clear (gpointer data)
{
  g_value_unset (&((Option *) data)->value);
}

/* -- what an option may be ------------------------------------------------------ */

/* The property with the host of the URI: a source receives at an address, a sink sends
 * to a host. */
static const gchar *
host_property (GObjectClass *klass)
{
  return g_object_class_find_property (klass, "address") ? "address" : "host";
}

/* A range of addresses in the place of the host, as of a sink's "destinations". */
static gboolean
is_range (GObjectClass *klass, const gchar *host)
{
  return strchr (host, '+') &&
      g_object_class_find_property (klass, "destinations");
}

/* Why a property cannot be an option, or NULL. */
static const gchar *
reason_against (const gchar *name)
{
  if (g_str_equal (name, "host") || g_str_equal (name, "address") ||
      g_str_equal (name, "port"))
    return "host and port stand in front, as in spead://host:port";
  if (g_str_equal (name, "name") || g_str_equal (name, "parent"))
    return "it is about the element, not about the stream";
  if (g_str_equal (name, "uri"))
    return "it is this URI";
  return NULL;
}

/* Whether the property can be written, and its value in a text. */
static gboolean
is_option (const GParamSpec *spec)
{
  if ((spec->flags & G_PARAM_READWRITE) != G_PARAM_READWRITE ||
      spec->flags & G_PARAM_CONSTRUCT_ONLY || reason_against (spec->name))
    return FALSE;

  switch (G_TYPE_FUNDAMENTAL (spec->value_type)) {
    case G_TYPE_BOOLEAN:
    case G_TYPE_INT:
    case G_TYPE_UINT:
    case G_TYPE_INT64:
    case G_TYPE_UINT64:
    case G_TYPE_FLOAT:
    case G_TYPE_DOUBLE:
    case G_TYPE_ENUM:
    case G_TYPE_STRING:
      return TRUE;
    case G_TYPE_BOXED:
      return spec->value_type == GST_TYPE_CAPS;
    default:
      return FALSE;
  }
}

/* -- URI to properties ------------------------------------------------------------ */

static gboolean
bad_uri (GError **error, const gchar *uri, const gchar *what)
{
  g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
      "'%s' is not a SPEAD URI: %s. It must be like "
      "spead://127.0.0.1:8888?buffer-size=4194304",
      uri, what);
  return FALSE;
}

static gboolean
is_set (const GArray *options, const GParamSpec *spec)
{
  guint i;

  for (i = 0; i < options->len; i++)
    if (g_array_index (options, Option, i).spec == spec)
      return TRUE;
  return FALSE;
}

/* Adds an option, if the property takes that value. */
static gboolean
add_option (
    GArray *options, GParamSpec *spec, const gchar *text, GError **error)
{
  Option option = {spec, G_VALUE_INIT};
  gboolean understood = TRUE;

  /* GStreamer reads it as 0. */
  if (*text == '\0' && spec->value_type != G_TYPE_STRING) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
        "Option '%s' has no value: write %s=value, or leave it out", spec->name,
        spec->name);
    return FALSE;
  }

  g_value_init (&option.value, spec->value_type);
  if (spec->value_type == G_TYPE_STRING)
    g_value_set_string (&option.value, text);
  else
    understood = gst_value_deserialize_with_pspec (&option.value, text, spec);

  if (!understood || g_param_value_validate (spec, &option.value)) {
    gchar *limit = understood
        ? gst_value_serialize (&option.value) /* the nearest in its range */
        : NULL;

    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
        "'%s' is not a value of %s (%s)%s%s", text, spec->name,
        g_param_spec_get_blurb (spec), limit ? "; its limit is " : "",
        limit ? limit : "");
    g_free (limit);
    g_value_unset (&option.value);
    return FALSE;
  }
  g_array_append_val (options, option);
  return TRUE;
}

static gboolean
add_query (
    GArray *options, GObjectClass *klass, const gchar *query, GError **error)
{
  GUriParamsIter iter;
  GError *malformed = NULL;
  gchar *name, *text;
  gboolean good = TRUE;

  g_uri_params_iter_init (&iter, query, -1, "&", G_URI_PARAMS_NONE);
  while (good && g_uri_params_iter_next (&iter, &name, &text, &malformed)) {
    GParamSpec *spec = g_object_class_find_property (klass, name);

    const gchar *against = reason_against (name);

    if (spec && against == NULL && !is_option (spec))
      against = "no text can set it";
    good = FALSE;
    if (*name == '\0')
      g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
          "The URI says '=' where an option has no name: write name=value");
    else if (against)
      g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
          "'%s' cannot be an option: %s", name, against);
    else if (spec == NULL)
      g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
          "There is no option '%s': options are the element's properties, "
          "which gst-inspect-1.0 lists",
          name);
    else if (is_set (options, spec))
      g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_REFERENCE,
          "Option '%s' stands there twice", name);
    else
      good = add_option (options, spec, text, error);
    g_free (name);
    g_free (text);
  }

  if (malformed) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
        "The options '%s' are not name=value, with & between them: %s", query,
        malformed->message);
    g_clear_error (&malformed);
    good = FALSE;
  }
  return good;
}

/* "239.2.1.150+15:7148": host and port stay as they are. */
static gboolean
add_range (GArray *options, GObjectClass *klass, const gchar *range, gint port,
    GError **error)
{
  gchar *text =
      port >= 0 ? g_strdup_printf ("%s:%d", range, port) : g_strdup (range);
  gboolean good = add_option (options,
      g_object_class_find_property (klass, "destinations"), text, error);

  g_free (text);
  return good;
}

static gboolean
add_destination (GArray *options, GObjectClass *klass, const gchar *host,
    gint port, GError **error)
{
  GParamSpec *spec = g_object_class_find_property (klass, "port");
  gchar *text = port >= 0
      ? g_strdup_printf ("%d", port)
      : gst_value_serialize (g_param_spec_get_default_value (spec));
  gboolean good =
      add_option (options,
          g_object_class_find_property (klass, host_property (klass)), host,
          error) &&
      add_option (options, spec, text, error);

  g_free (text);
  return good;
}

/* Where the URI names one host, and no option a list, there is no list. */
static void
end_destinations (GArray *options, GObjectClass *klass)
{
  Option none = {
      g_object_class_find_property (klass, "destinations"), G_VALUE_INIT};

  if (none.spec == NULL || is_set (options, none.spec))
    return;
  g_value_init (&none.value, G_TYPE_STRING);
  g_array_append_val (options, none);
}

gboolean
gst_spead2_uri_apply (const gchar *uri, GObject *object, GError **error)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (object);
  GError *reason = NULL;
  GUri *parts = g_uri_parse (uri, G_URI_FLAGS_ENCODED_QUERY, &reason);
  GArray *options = g_array_new (FALSE, TRUE, sizeof (Option));
  const gchar *path = parts ? g_uri_get_path (parts) : "";
  gboolean good = FALSE;
  guint i;

  g_array_set_clear_func (options, option_clear);
  if (g_ascii_strncasecmp (uri, PREFIX, strlen (PREFIX)) != 0)
    bad_uri (error, uri, "it does not begin with " PREFIX);
  else if (parts == NULL)
    bad_uri (error, uri, reason->message);
  else if (g_uri_get_host (parts) == NULL || *g_uri_get_host (parts) == '\0')
    bad_uri (error, uri, "it names no host");
  /* An address may be a list of groups, which is checked when sockets are opened. */
  else if (g_str_equal (host_property (klass), "host") &&
      !is_range (klass, g_uri_get_host (parts)) &&
      !spead2_endpoint_check_host (g_uri_get_host (parts), &reason))
    bad_uri (error, uri, reason->message);
  else if (g_uri_get_userinfo (parts) || g_uri_get_fragment (parts) ||
      (*path != '\0' && !g_str_equal (path, "/")))
    bad_uri (error, uri, "it has a user, a path or a fragment");
  else
    good = (is_range (klass, g_uri_get_host (parts))
                   ? add_range (options, klass, g_uri_get_host (parts),
                         g_uri_get_port (parts), error)
                   : add_destination (options, klass, g_uri_get_host (parts),
                         g_uri_get_port (parts), error)) &&
        (g_uri_get_query (parts) == NULL ||
            add_query (options, klass, g_uri_get_query (parts), error));

  if (good) {
    end_destinations (options, klass);
    g_object_freeze_notify (object);
    for (i = 0; i < options->len; i++) {
      Option *option = &g_array_index (options, Option, i);

      g_object_set_property (object, option->spec->name, &option->value);
    }
    g_object_thaw_notify (object);
  }

  g_array_unref (options);
  g_clear_error (&reason);
  g_clear_pointer (&parts, g_uri_unref);
  return good;
}

/* -- properties to URI --------------------------------------------------------------- */

static gint
by_name (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (
      (*(GParamSpec *const *) a)->name, (*(GParamSpec *const *) b)->name);
}

/* As users write the value. */
static gchar *
dup_text (const GValue *value)
{
  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (GST_VALUE_HOLDS_CAPS (value))
    return gst_caps_to_string (gst_value_get_caps (value));
  return gst_value_serialize (value);
}

static void
append_option (GString *query, GParamSpec *spec, const GValue *value)
{
  gchar *text = dup_text (value);

  if (text) {
    g_string_append_printf (
        query, "%s%s=", query->len > 0 ? "&" : "", spec->name);
    g_string_append_uri_escaped (query, text, ":", FALSE);
  }
  g_free (text);
}

/* Whether the property is the same in both. */
static gboolean
is_same (GParamSpec *spec, GObject *a, GObject *b, GValue *value_a)
{
  GValue value_b = G_VALUE_INIT;
  gboolean same;

  g_value_init (value_a, spec->value_type);
  g_value_init (&value_b, spec->value_type);
  g_object_get_property (a, spec->name, value_a);
  g_object_get_property (b, spec->name, &value_b);
  same = g_param_values_cmp (spec, value_a, &value_b) == 0;
  g_value_unset (&value_b);
  return same;
}

/* Adds the options of all properties that differ from those of a new element, but for
 * one, which may be NULL. */
static void
append_options (GString *query, GObject *object, const gchar *but)
{
  guint i, n;
  GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  /* What it says by itself need not be said; an element may begin with other
   * values than its base class names as defaults. */
  GObject *fresh =
      gst_object_ref_sink (g_object_new (G_OBJECT_TYPE (object), NULL));

  qsort (specs, n, sizeof *specs, by_name);
  for (i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    if (!is_option (specs[i]) || g_strcmp0 (specs[i]->name, but) == 0)
      continue;
    if (!is_same (specs[i], object, fresh, &value))
      append_option (query, specs[i], &value);
    g_value_unset (&value);
  }
  g_free (specs);
  g_object_unref (fresh);
}

/* The list of destinations, if it is one range as URIs have it; the caller frees it. */
static gchar *
dup_range (GObject *object)
{
  gchar *text = NULL;

  if (g_object_class_find_property (
          G_OBJECT_GET_CLASS (object), "destinations"))
    g_object_get (object, "destinations", &text, NULL);
  if (text && !g_regex_match_simple ("^[^][,:+]+\\+[0-9]+:[0-9]+$", text, 0, 0))
    g_clear_pointer (&text, g_free);
  return text;
}

gchar *
gst_spead2_uri_of (GObject *object)
{
  GString *query = g_string_new (NULL);
  gchar *range = dup_range (object);
  gchar *host, *uri;
  gint port;

  append_options (query, object, range ? "destinations" : NULL);
  g_object_get (object, host_property (G_OBJECT_GET_CLASS (object)), &host,
      "port", &port, NULL);
  if (range)
    uri = g_strdup_printf (
        PREFIX "%s%s%s", range, query->len > 0 ? "?" : "", query->str);
  else
    uri = g_uri_join (G_URI_FLAGS_ENCODED_QUERY, GST_SPEAD2_URI_PROTOCOL, NULL,
        host, port, "", query->len > 0 ? query->str : NULL, NULL);
  g_free (range);
  g_free (host);
  g_string_free (query, TRUE);
  return uri;
}
