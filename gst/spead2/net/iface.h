/* Network interfaces by name or address.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_IFACE_H
#define SPEAD2_IFACE_H

#include <netinet/in.h>
#include <string.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint index;
  struct in_addr ipv4; /* the address in the text, or 0.0.0.0 */
} Spead2Iface;

/* Finds an interface by its name or one of its addresses: "eth0", "10.1.2.3",
 * "fd00::1" or "fe80::1%eth0". Fails with SPEAD2_ERROR_NOT_FOUND. */
gboolean spead2_iface_find (
    Spead2Iface *iface, const gchar *text, GError **error);

/* The interfaces (Spead2Iface) of a list of such texts, separated by commas, without spaces.
 * Fails as that, or with SPEAD2_ERROR_INVALID, and names the character where the wrong one
 * of several begins. */
GArray *spead2_iface_list_find (const gchar *text, GError **error);

static inline gboolean
spead2_iface_is_list (const gchar *text)
{
  return text && strchr (text, ',') != NULL;
}

/* The text in such a list for number i, modulo their number, to be freed; NULL for NULL. */
gchar *spead2_iface_list_dup (const gchar *text, guint i);

/* The name of the interface that a text is a name or address of, to be freed; NULL:
 * there is none. */
gchar *spead2_iface_dup_name (const gchar *text);

G_END_DECLS

#endif /* SPEAD2_IFACE_H */
