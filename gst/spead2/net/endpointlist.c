/* Text to addresses: see endpointlist.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/endpointlist.h"

#include <netinet/in.h>
#include <string.h>

#include "spead2/error.h"
#include "spead2/net/multicast.h"

static gboolean
wrong (GError **error, const gchar *text, const gchar *why)
{
  g_set_error (
      error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID, "Address '%s' %s", text, why);
  return FALSE;
}

/* Mistakes for which spead2_endpoint_check_host() would name other properties. */
static gboolean
check_text (const gchar *text, GError **error)
{
  const gchar *colon = strchr (text, ':');

  if (g_str_has_prefix (text, "spead://"))
    return wrong (error, text, "is a URI: set uri instead of address");
  if (strstr (text, "://"))
    return wrong (error, text,
        "is a URL: write the part between :// and the port, as in "
        "address=239.1.2.3 port=7148");
  if (*text == '[')
    return wrong (error, text,
        "has brackets, which only a URI needs: write address=fd00::1 "
        "port=7148");
  if (colon && strchr (colon + 1, ':') == NULL)
    return wrong (error, text,
        "has a port in it: write it apart, as in address=239.1.2.3+7 "
        "port=7148");
  return TRUE;
}

/* Splits "239.102.0.64+7" into its first address, to be freed, and 8. */
static gchar *
split_range (const gchar *text, guint *n, GError **error)
{
  const gchar *plus = strchr (text, '+');
  guint64 more = 0;

  if (!check_text (text, error))
    return NULL;
  if (plus &&
      (!g_ascii_string_to_unsigned (
          plus + 1, 10, 0, SPEAD2_MAX_ADDRESSES - 1, &more, NULL))) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Address '%s' has no number of groups up to %d after the +: "
        "239.102.0.64+7 is that group and the seven after it",
        text, SPEAD2_MAX_ADDRESSES - 1);
    return NULL;
  }
  *n = 1 + more;
  return plus ? g_strndup (text, plus - text) : g_strdup (text);
}

/* The address i after this one; its port stays. */
static void
advance (struct sockaddr_storage *address, guint i)
{
  gboolean v4 = address->ss_family == AF_INET;
  guint8 *bytes = v4 ? (guint8 *) &((struct sockaddr_in *) address)->sin_addr
                     : (guint8 *) &((struct sockaddr_in6 *) address)->sin6_addr;
  gint k;

  for (k = v4 ? 3 : 15; k >= 0; k--) {
    i += bytes[k];
    bytes[k] = i & 0xff;
    i >>= 8;
  }
}

static const Spead2Endpoint *
find (const GArray *list, const Spead2Endpoint *endpoint)
{
  guint i;

  for (i = 0; i < list->len; i++)
    if (spead2_endpoint_equal (
            &g_array_index (list, Spead2Endpoint, i), &endpoint->address))
      return &g_array_index (list, Spead2Endpoint, i);
  return NULL;
}

/* Appends an address, which must be compatible with those in the list. */
static gboolean
append (GArray *list, const Spead2Endpoint *endpoint, GError **error)
{
  const Spead2Endpoint *first = &g_array_index (list, Spead2Endpoint, 0);

  if (list->len == SPEAD2_MAX_ADDRESSES) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "There are more than %d addresses", SPEAD2_MAX_ADDRESSES);
    return FALSE;
  }
  if (list->len > 0 && !(first->multicast && endpoint->multicast))
    return wrong (error, endpoint->text,
        "cannot be in a list: several addresses must all be multicast "
        "groups");
  if (list->len > 0 &&
      spead2_endpoint_family (first) != spead2_endpoint_family (endpoint))
    return wrong (error, endpoint->text,
        "is not of the first group's family: they must all be IPv4 or all "
        "IPv6");
  if (find (list, endpoint))
    return wrong (error, endpoint->text, "is twice in the list");
  g_array_append_val (list, *endpoint);
  return TRUE;
}

static gboolean
append_range (GArray *list, const Spead2Endpoint *first, guint n,
    const gchar *text, GError **error)
{
  guint i;

  if (!first->multicast && n > 1)
    return wrong (
        error, text, "is no multicast group, and has nothing after it");
  for (i = 0; i < n; i++) {
    struct sockaddr_storage address = first->address;
    Spead2Endpoint endpoint = *first;

    advance (&address, i);
    if (i > 0 && !spead2_endpoint_from_native (&endpoint, &address, error))
      return FALSE;
    if (n > 1 && !endpoint.multicast)
      return wrong (error, text, "goes beyond the multicast addresses");
    if (!append (list, &endpoint, error))
      return FALSE;
  }
  return TRUE;
}

/* "239.102.0.64+7", or a name. */
static gboolean
resolve_item (GArray *list, const gchar *text, guint port,
    GCancellable *cancellable, GError **error)
{
  Spead2Endpoint first;
  gboolean appended = FALSE;
  guint n;
  gchar *host = split_range (text, &n, error);

  if (host &&
      spead2_endpoint_resolve (
          &first, host, MAX (port, 1), AF_UNSPEC, cancellable, error)) {
    if (port == 0)
      spead2_endpoint_set_port (&first, 0);
    appended = append_range (list, &first, n, text, error);
  }
  g_free (host);
  return appended;
}

GArray *
spead2_endpoint_list_resolve (
    const gchar *text, guint port, GCancellable *cancellable, GError **error)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Spead2Endpoint));
  gchar **items =
      g_strsplit (text && *text ? text : "0.0.0.0", ",", SPEAD2_MAX_ADDRESSES);
  gboolean resolved = TRUE;
  guint i;

  for (i = 0; items[i] && resolved; i++)
    resolved =
        resolve_item (list, g_strstrip (items[i]), port, cancellable, error);
  g_strfreev (items);
  if (!resolved)
    g_clear_pointer (&list, g_array_unref);
  return list;
}

static gboolean
append_source (GArray *list, const gchar *text, GError **error)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (text, 0);
  struct sockaddr_storage native = {0};
  Spead2Endpoint source;

  if (address == NULL ||
      !g_socket_address_to_native (address, &native, sizeof native, NULL) ||
      !spead2_endpoint_from_native (&source, &native, NULL) ||
      source.multicast) {
    g_clear_object (&address);
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Multicast source '%s' is not the address of a sender: write "
        "+10.1.1.1+10.1.1.2",
        text);
    return FALSE;
  }
  g_object_unref (address);
  if (list->len == SPEAD2_MAX_SOURCES) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "There are more than %d multicast sources, which is the most that one "
        "membership of the kernel's has",
        SPEAD2_MAX_SOURCES);
    return FALSE;
  }
  if (find (list, &source) == NULL)
    g_array_append_val (list, source);
  return TRUE;
}

GArray *
spead2_endpoint_list_parse_sources (const gchar *text, GError **error)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Spead2Endpoint));
  gchar **items = g_strsplit_set (text ? text : "", "+, ", -1);
  gboolean parsed = TRUE;
  guint i;

  if (text && strchr (text, '-')) {
    parsed = FALSE;
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "Multicast sources '%s': senders cannot be excluded with a '-'; name "
        "those to receive from, as in +10.1.1.1+10.1.1.2",
        text);
  }
  for (i = 0; items[i] && parsed; i++)
    if (*items[i] != '\0')
      parsed = append_source (list, items[i], error);
  g_strfreev (items);
  if (!parsed)
    g_clear_pointer (&list, g_array_unref);
  return list;
}
