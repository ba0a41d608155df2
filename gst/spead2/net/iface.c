/* Text to network interface: see iface.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/iface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "spead2/error.h"

static gboolean
has_address (const struct ifaddrs *entry, gint family, gconstpointer address)
{
  const struct sockaddr *own = entry->ifa_addr;

  if (own == NULL || own->sa_family != family)
    return FALSE;
  if (family == AF_INET)
    return memcmp (&((const struct sockaddr_in *) own)->sin_addr, address,
               sizeof (struct in_addr)) == 0;
  return memcmp (&((const struct sockaddr_in6 *) own)->sin6_addr, address,
             sizeof (struct in6_addr)) == 0;
}

/* The interface with that address, and that name unless it is NULL; 0: none. */
static guint
index_of_address (gint family, gconstpointer address, const gchar *name)
{
  struct ifaddrs *list, *entry;
  guint index = 0;

  if (getifaddrs (&list) != 0)
    return 0;
  for (entry = list; index == 0 && entry != NULL; entry = entry->ifa_next)
    if (has_address (entry, family, address) &&
        (name == NULL || g_str_equal (entry->ifa_name, name)))
      index = if_nametoindex (entry->ifa_name);
  freeifaddrs (list);
  return index;
}

/* Sets the index, or 0. Returns TRUE where the text is an address. */
static gboolean
look_up (Spead2Iface *iface, const gchar *text)
{
  struct in6_addr ipv6;
  gchar **parts;
  gboolean is_address;

  memset (iface, 0, sizeof *iface);
  iface->index = if_nametoindex (text);
  if (iface->index != 0)
    return FALSE;
  if (inet_pton (AF_INET, text, &iface->ipv4) == 1) {
    iface->index = index_of_address (AF_INET, &iface->ipv4, NULL);
    return TRUE;
  }

  parts = g_strsplit (text, "%", 2);
  is_address = parts[0] && inet_pton (AF_INET6, parts[0], &ipv6) == 1;
  if (is_address)
    iface->index = index_of_address (AF_INET6, &ipv6, parts[1]);
  g_strfreev (parts);
  return is_address;
}

gboolean
spead2_iface_find (Spead2Iface *iface, const gchar *text, GError **error)
{
  gboolean by_address = look_up (iface, text);

  if (iface->index != 0)
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_NOT_FOUND,
      by_address
          ? "No network interface has the address '%s': 'ip address' lists "
            "those there are"
          : "There is no network interface '%s': 'ip link' lists those there "
            "are",
      text);
  return FALSE;
}

/* at: the character where the text begins, from 1. */
static gboolean
find_listed (Spead2Iface *iface, const gchar *text, glong at, GError **error)
{
  if (*text == '\0' || strpbrk (text, " \t\r\n")) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "multicast-iface: %s at character %ld: write names or addresses of "
        "interfaces, separated by commas and without spaces: eth0,eth1",
        *text == '\0' ? "an empty interface" : "a space in the interface", at);
    return FALSE;
  }
  if (spead2_iface_find (iface, text, error))
    return TRUE;
  g_prefix_error (error, "multicast-iface, character %ld: ", at);
  return FALSE;
}

GArray *
spead2_iface_list_find (const gchar *text, GError **error)
{
  gchar **texts = g_strsplit (text, ",", -1);
  const gboolean single = g_strv_length (texts) == 1;
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Spead2Iface));
  gboolean found = TRUE;
  glong at = 1;
  guint i;

  for (i = 0; texts[i] && found; i++) {
    Spead2Iface iface;

    found = single ? spead2_iface_find (&iface, texts[i], error)
                   : find_listed (&iface, texts[i], at, error);
    at += g_utf8_strlen (texts[i], -1) + 1;
    g_array_append_val (list, iface);
  }
  g_strfreev (texts);
  if (!found)
    g_clear_pointer (&list, g_array_unref);
  return list;
}

gchar *
spead2_iface_list_dup (const gchar *text, guint i)
{
  gchar **texts, *copy;

  if (!spead2_iface_is_list (text))
    return g_strdup (text);
  texts = g_strsplit (text, ",", -1);
  copy = g_strdup (texts[i % g_strv_length (texts)]);
  g_strfreev (texts);
  return copy;
}

gchar *
spead2_iface_dup_name (const gchar *text)
{
  gchar name[IF_NAMESIZE];
  Spead2Iface iface;

  look_up (&iface, text);
  return if_indextoname (iface.index, name) ? g_strdup (name) : NULL;
}
