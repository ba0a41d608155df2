/* Text to addresses: see endpointlist.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/endpointlist.h"

#include <netinet/in.h>
#include <string.h>

#include "spead2/error.h"
#include "spead2/net/multicast.h"

/* What differs between lists to receive at and lists to send to. */
typedef struct {
  const gchar *property;
  const gchar *name;  /* of an entry, in errors */
  const gchar *range; /* what a + is followed by a number of, and an example */
  const gchar *example;
  guint max;      /* entries of the list */
  gboolean ports; /* entries have ports, and may be unicast */
} Direction;

static const Direction receiving = {"address", "Address", "groups",
    "239.102.0.64+7 is that group and the seven after it", SPEAD2_MAX_ADDRESSES,
    FALSE};
static const Direction sending = {"destinations", "Destination", "addresses",
    "239.102.0.64+7:7148 is that address and the seven after it",
    SPEAD2_MAX_DESTINATIONS, TRUE};

/* An entry as it is written: "239.102.0.64+7:7148". */
typedef struct {
  gchar *host; /* (owned) */
  guint n_hosts;
  guint port; /* 0: none */
  guint n_ports;
} Entry;

static gboolean
wrong (const Direction *direction, GError **error, const gchar *text,
    const gchar *why)
{
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID, "%s '%s' %s",
      direction->name, text, why);
  return FALSE;
}

/* -- text to entries -------------------------------------------------------------- */

/* Mistakes for which spead2_endpoint_check_host() would name other properties. */
static gboolean
check_text (const Direction *direction, const gchar *text, GError **error)
{
  const gchar *colon = strchr (text, ':');

  if (g_str_has_prefix (text, "spead://"))
    return wrong (direction, error, text,
        direction->ports ? "is a URI: set uri instead of destinations"
                         : "is a URI: set uri instead of address");
  if (strstr (text, "://"))
    return wrong (direction, error, text,
        direction->ports
            ? "is a URL: write the part after ://, as in 239.1.2.3:7148"
            : "is a URL: write the part between :// and the port, as in "
              "address=239.1.2.3 port=7148");
  if (direction->ports)
    return TRUE;
  if (*text == '[')
    return wrong (direction, error, text,
        "has brackets, which only a URI needs: write address=fd00::1 "
        "port=7148");
  if (colon && strchr (colon + 1, ':') == NULL)
    return wrong (direction, error, text,
        "has a port in it: write it apart, as in address=239.1.2.3+7 "
        "port=7148");
  return TRUE;
}

/* Splits the host off. Returns the rest of the text, or NULL. An IPv6 address is in
 * brackets where a port follows it. */
static const gchar *
split_host (
    const Direction *direction, const gchar *text, Entry *entry, GError **error)
{
  const gchar *colon = strchr (text, ':'), *end;

  if (*text == '[') {
    end = strchr (text, ']');
    if (end == NULL) {
      wrong (direction, error, text,
          "has no ] behind the address: write [ff15::1]:7148");
      return NULL;
    }
    entry->host = g_strndup (text + 1, end - text - 1);
    return end + 1;
  }
  end = text + strcspn (text, colon && strchr (colon + 1, ':') ? "+" : "+:");
  entry->host = g_strndup (text, end - text);
  return end;
}

/* Reads the number behind a sign, if there is one at *rest. FALSE: no number from min
 * to max follows it. */
static gboolean
take_number (
    const gchar **rest, gchar sign, guint min, guint max, guint *number)
{
  gsize n;
  gchar *digits;
  guint64 value;
  gboolean good;

  if (**rest != sign)
    return TRUE;
  n = strspn (*rest + 1, "0123456789");
  digits = g_strndup (*rest + 1, n);
  good = g_ascii_string_to_unsigned (digits, 10, min, max, &value, NULL);
  g_free (digits);
  if (good) {
    *number = value;
    *rest += 1 + n;
  }
  return good;
}

static gboolean
parse_range (const Direction *direction, const gchar *text, const gchar **rest,
    guint *n, GError **error)
{
  guint more = 0;

  if (!take_number (rest, '+', 0, direction->max - 1, &more)) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "%s '%s' has no number of %s up to %u after the +: %s", direction->name,
        text, direction->range, direction->max - 1, direction->example);
    return FALSE;
  }
  *n = 1 + more;
  return TRUE;
}

/* Splits an entry; its host is to be freed also after an error. */
static gboolean
parse_entry (
    const Direction *direction, const gchar *text, Entry *entry, GError **error)
{
  const gchar *rest;

  *entry = (Entry){.n_hosts = 1, .n_ports = 1};
  if (!check_text (direction, text, error))
    return FALSE;
  rest = split_host (direction, text, entry, error);
  if (rest == NULL ||
      !parse_range (direction, text, &rest, &entry->n_hosts, error))
    return FALSE;
  if (!take_number (&rest, ':', 1, G_MAXUINT16, &entry->port))
    return wrong (direction, error, text, "needs a port from 1 to 65535");
  if (entry->port > 0 &&
      !parse_range (direction, text, &rest, &entry->n_ports, error))
    return FALSE;
  if (*rest != '\0')
    return wrong (direction, error, text,
        "has trailing characters: write ADDRESS+N:PORT, ADDRESS:PORT+N or "
        "ADDRESS:PORT");
  if (entry->n_hosts > 1 && entry->n_ports > 1)
    return wrong (direction, error, text,
        "has a range of addresses and one of ports: write an entry for each "
        "port, or for each address");
  if (entry->port + entry->n_ports - 1 > G_MAXUINT16)
    return wrong (direction, error, text, "has ports above 65535");
  return TRUE;
}

/* -- entries to endpoints ---------------------------------------------------------- */

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
append (const Direction *direction, GArray *list,
    const Spead2Endpoint *endpoint, GError **error)
{
  const Spead2Endpoint *first = &g_array_index (list, Spead2Endpoint, 0);

  if (list->len == direction->max) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "There are more than %u %s", direction->max,
        direction->ports ? "destinations" : "addresses");
    return FALSE;
  }
  if (list->len > 0 && !direction->ports &&
      !(first->multicast && endpoint->multicast))
    return wrong (direction, error, endpoint->text,
        "cannot be in a list: several addresses must all be multicast "
        "groups");
  if (list->len > 0 &&
      spead2_endpoint_family (first) != spead2_endpoint_family (endpoint))
    return wrong (direction, error, endpoint->text,
        "is not of the first one's family: they must all be IPv4 or all "
        "IPv6");
  if (find (list, endpoint))
    return wrong (direction, error, endpoint->text, "is twice in the list");
  g_array_append_val (list, *endpoint);
  return TRUE;
}

/* Whether the addresses of a range are all multicast, or all unicast, and do not begin
 * again at 0. */
static gboolean
is_range (const Spead2Endpoint *first, const Spead2Endpoint *last)
{
  const gboolean v4 = spead2_endpoint_family (first) == AF_INET;
  const gsize offset = v4 ? G_STRUCT_OFFSET (struct sockaddr_in, sin_addr)
                          : G_STRUCT_OFFSET (struct sockaddr_in6, sin6_addr);

  return first->multicast == last->multicast &&
      memcmp ((const guint8 *) &first->address + offset,
          (const guint8 *) &last->address + offset, v4 ? 4 : 16) <= 0;
}

static gboolean
append_range (const Direction *direction, GArray *list,
    const Spead2Endpoint *first, const Entry *entry, const gchar *text,
    GError **error)
{
  guint i;

  if (!first->multicast && entry->n_hosts > 1 && !direction->ports)
    return wrong (direction, error, text,
        "is no multicast group, and has nothing after it");
  for (i = 0; i < MAX (entry->n_hosts, entry->n_ports); i++) {
    struct sockaddr_storage address = first->address;
    Spead2Endpoint endpoint = *first;

    if (entry->n_hosts > 1)
      advance (&address, i);
    if (i > 0 && !spead2_endpoint_from_native (&endpoint, &address, error))
      return FALSE;
    if (i > 0 && entry->n_ports > 1)
      spead2_endpoint_set_port (&endpoint, first->port + i);
    if (!is_range (first, &endpoint))
      return wrong (direction, error, text,
          first->multicast ? "goes beyond the multicast addresses"
                           : "goes beyond the unicast addresses");
    if (!append (direction, list, &endpoint, error))
      return FALSE;
  }
  return TRUE;
}

/* Names have an address of that family, unless it is AF_UNSPEC. port: where the entry
 * has none. */
static gboolean
resolve_entry (const Direction *direction, GArray *list, const gchar *text,
    guint port, gint family, GCancellable *cancellable, GError **error)
{
  Spead2Endpoint first;
  gboolean appended = FALSE;
  Entry entry;

  if (parse_entry (direction, text, &entry, error)) {
    if (entry.port > 0)
      port = entry.port;
    if (spead2_endpoint_resolve (&first, entry.host,
            direction->ports ? port : MAX (port, 1), family, cancellable,
            error)) {
      if (port == 0)
        spead2_endpoint_set_port (&first, 0);
      appended = append_range (direction, list, &first, &entry, text, error);
    }
  }
  g_free (entry.host);
  return appended;
}

/* Blanks around an entry do not count. An error of one of several entries names the
 * place where it begins. */
static GArray *
resolve_list (const Direction *direction, const gchar *text, guint port,
    gint family, GCancellable *cancellable, GError **error)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Spead2Endpoint));
  gchar **items = g_strsplit (text, ",", direction->max + 1);
  gboolean resolved = TRUE;
  gsize i, begin = 0;

  for (i = 0; items[i] && resolved; i++) {
    const gsize blanks = strspn (items[i], " \t\r\n");
    const gsize length = strlen (items[i]);

    if (list->len > 0)
      family =
          spead2_endpoint_family (&g_array_index (list, Spead2Endpoint, 0));
    resolved = resolve_entry (direction, list, g_strstrip (items[i]), port,
        family, cancellable, error);
    if (!resolved && items[1])
      g_prefix_error (error, "%s, character %" G_GSIZE_FORMAT ": ",
          direction->property, begin + blanks + 1);
    begin += length + 1;
  }
  if (i == 0)
    resolved = wrong (direction, error, text, "is empty");
  g_strfreev (items);
  if (!resolved)
    g_clear_pointer (&list, g_array_unref);
  return list;
}

GArray *
spead2_endpoint_list_resolve (
    const gchar *text, guint port, GCancellable *cancellable, GError **error)
{
  return resolve_list (&receiving, text && *text ? text : "0.0.0.0", port,
      AF_UNSPEC, cancellable, error);
}

GArray *
spead2_endpoint_list_resolve_destinations (const gchar *text, guint port,
    gint family, GCancellable *cancellable, GError **error)
{
  return resolve_list (&sending, text, port, family, cancellable, error);
}

gboolean
spead2_endpoint_list_append (
    GArray *list, const Spead2Endpoint *endpoint, GError **error)
{
  return append (&sending, list, endpoint, error);
}

gboolean
spead2_endpoint_not_listed (const Spead2Endpoint *endpoint, GError **error)
{
  return wrong (&sending, error, endpoint->text, "is not in the list");
}

gchar *
spead2_endpoint_list_to_text (
    const Spead2Endpoint *endpoints, guint n_endpoints)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < n_endpoints; i++) {
    gchar *host = spead2_endpoint_dup_host (&endpoints[i]);

    g_string_append_printf (text,
        spead2_endpoint_family (&endpoints[i]) == AF_INET ? "%s%s:%u"
                                                          : "%s[%s]:%u",
        i > 0 ? "," : "", host, endpoints[i].port);
    g_free (host);
  }
  return g_string_free (text, FALSE);
}

/* -- sources ---------------------------------------------------------------------- */

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
