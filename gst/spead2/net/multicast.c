/* Joining and leaving groups: see multicast.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/multicast.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "spead2/error.h"
#include "spead2/net/iface.h"

typedef struct {
  struct group_source_req request; /* source of AF_UNSPEC: all */
} Membership;

struct _Spead2Memberships {
  GArray *joined; /* (Membership) */
};

/* One membership to be made; iface is NULL for the route's. */
typedef struct {
  const Spead2Endpoint *group;
  const gchar *iface;
  const Spead2Endpoint *source; /* or NULL: all */
} Wanted;

static gboolean
is_source_specific (const Membership *membership)
{
  return membership->request.gsr_source.ss_family != AF_UNSPEC;
}

/* Sets the option for joining or leaving. FALSE with errno. */
static gboolean
set_membership (gint fd, const Membership *membership, gboolean join)
{
  gint family = membership->request.gsr_group.ss_family;
  gint level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  const struct group_req any = {
      .gr_interface = membership->request.gsr_interface,
      .gr_group = membership->request.gsr_group,
  };

  if (is_source_specific (membership))
    return setsockopt (fd, level,
               join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP,
               &membership->request, sizeof membership->request) == 0;
  return setsockopt (fd, level, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP,
             &any, sizeof any) == 0;
}

static const gchar *
advice (const Wanted *wanted, gint errnum)
{
  switch (errnum) {
    case ENODEV:
    case EADDRNOTAVAIL:
      return wanted->iface
          ? ": the interface must exist, be up and take multicast"
          : ": there is no route to the group: set multicast-iface";
    case ENOBUFS:
    case ENOMEM:
      return wanted->source
          ? ": 'sysctl net.ipv4.igmp_max_memberships net.ipv4.igmp_max_msf' "
            "shows how many groups and sources a socket may have"
          : ": 'sysctl net.ipv4.igmp_max_memberships' shows how many groups a "
            "socket may have, which must be at least 20";
    default:
      return "";
  }
}

static void
fail (const Wanted *wanted, gint errnum, GError **error)
{
  gchar *group = spead2_endpoint_dup_host (wanted->group);
  gchar *source =
      wanted->source ? spead2_endpoint_dup_host (wanted->source) : NULL;

  spead2_set_errno (error, errnum, "Could not join %s%s%s%s%s%s%s", group,
      source ? " from " : "", source ? source : "",
      wanted->iface ? " by interface '" : "",
      wanted->iface ? wanted->iface : "", wanted->iface ? "'" : "",
      advice (wanted, errnum));
  g_free (source);
  g_free (group);
}

static gboolean
join_one (gint fd, Spead2Memberships *memberships, const Wanted *wanted,
    guint index, GError **error)
{
  Membership membership;

  memset (&membership, 0, sizeof membership);
  membership.request.gsr_interface = index;
  memcpy (&membership.request.gsr_group, &wanted->group->address,
      sizeof wanted->group->address);
  if (wanted->source)
    memcpy (&membership.request.gsr_source, &wanted->source->address,
        sizeof wanted->source->address);

  if (set_membership (fd, &membership, TRUE)) {
    g_array_append_val (memberships->joined, membership);
    return TRUE;
  }
  /* The owner of the socket has joined it, and will leave it. */
  if (errno == EADDRINUSE || (errno == EADDRNOTAVAIL && wanted->source != NULL))
    return TRUE;
  fail (wanted, errno, error);
  return FALSE;
}

/* The interface in the address of a link-local group, or 0. */
static guint
scope_of (const Spead2Endpoint *group)
{
  if (spead2_endpoint_family (group) == AF_INET)
    return 0;
  return ((const struct sockaddr_in6 *) &group->address)->sin6_scope_id;
}

static gboolean
join_from_all (gint fd, Spead2Memberships *memberships,
    const Spead2Endpoint *group, const gchar *name,
    const Spead2MulticastOptions *options, GError **error)
{
  Wanted wanted = {.group = group, .iface = name};
  Spead2Iface iface = {.index = scope_of (group)};
  guint i;

  if (name && !spead2_iface_find (&iface, name, error))
    return FALSE;
  if (options->n_sources == 0)
    return join_one (fd, memberships, &wanted, iface.index, error);
  for (i = 0; i < options->n_sources; i++) {
    wanted.source = &options->sources[i];
    if (spead2_endpoint_family (wanted.source) !=
        spead2_endpoint_family (group)) {
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "The multicast source %s is not of the family of the group %s",
          wanted.source->text, group->text);
      return FALSE;
    }
    if (!join_one (fd, memberships, &wanted, iface.index, error))
      return FALSE;
  }
  return TRUE;
}

/* The interfaces' names, to be freed; none for NULL. */
static gchar **
split_ifaces (const gchar *ifaces)
{
  gchar **names = g_strsplit (ifaces ? ifaces : "", ",", -1);
  guint i;

  for (i = 0; names[i]; i++)
    g_strstrip (names[i]);
  return names;
}

guint
spead2_multicast_n_ifaces (const gchar *ifaces)
{
  gchar **names = split_ifaces (ifaces);
  guint n = g_strv_length (names);

  g_strfreev (names);
  return MAX (n, 1);
}

Spead2Memberships *
spead2_multicast_join (gint fd, const Spead2Endpoint *addresses,
    guint n_addresses, const Spead2MulticastOptions *options, GError **error)
{
  Spead2Memberships *memberships = g_new (Spead2Memberships, 1);
  gchar **names = split_ifaces (options->ifaces);
  gboolean joined = TRUE;
  guint i, k;

  memberships->joined = g_array_new (FALSE, FALSE, sizeof (Membership));
  for (i = 0; i < n_addresses && joined; i++) {
    if (!addresses[i].multicast)
      continue;
    if (names[0] == NULL)
      joined =
          join_from_all (fd, memberships, &addresses[i], NULL, options, error);
    for (k = 0; names[k] && joined; k++)
      joined = join_from_all (
          fd, memberships, &addresses[i], names[k], options, error);
  }
  g_strfreev (names);
  if (!joined) {
    spead2_multicast_leave (fd, memberships);
    return NULL;
  }
  return memberships;
}

void
spead2_multicast_leave (gint fd, Spead2Memberships *memberships)
{
  guint i;

  for (i = 0; i < memberships->joined->len; i++)
    set_membership (
        fd, &g_array_index (memberships->joined, Membership, i), FALSE);
  g_array_unref (memberships->joined);
  g_free (memberships);
}
