/* Neighbours that do not respond: see neighbours.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/neighbours.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* The kernel's replies are shorter. */
#define REPLY_SIZE 32768

typedef struct {
  guint iface;
  gsize size; /* of the address: 4 or 16 bytes */
  guint8 address[16];
} Neighbour;

struct _Spead2Neighbours {
  gint fd;        /* (owned) netlink */
  GArray *all;    /* (owned, Neighbour) */
  gpointer reply; /* (owned) REPLY_SIZE bytes for what the kernel replies */
};

typedef struct {
  struct nlmsghdr header;
  union {
    struct ndmsg neighbour;
    struct rtmsg route;
  } body;
  guint8 attributes[3 * RTA_SPACE (sizeof (struct in6_addr))];
} Request;

/* Called for each message of a reply. */
typedef void (*MessageFunc) (
    const struct nlmsghdr *message, gpointer user_data);

static void
begin_request (Request *request, guint16 type, guint16 flags, gsize body)
{
  memset (request, 0, sizeof *request);
  request->header.nlmsg_len = NLMSG_LENGTH (body);
  request->header.nlmsg_type = type;
  request->header.nlmsg_flags = NLM_F_REQUEST | flags;
}

static void
add_attribute (Request *request, guint16 type, gconstpointer data, gsize size)
{
  const gsize end = NLMSG_ALIGN (request->header.nlmsg_len);
  struct rtattr attribute = {.rta_len = RTA_LENGTH (size), .rta_type = type};
  guint8 *at = (guint8 *) request + end;

  memcpy (at, &attribute, sizeof attribute);
  memcpy (at + RTA_LENGTH (0), data, size);
  request->header.nlmsg_len = end + RTA_LENGTH (size);
}

/* Passes on what the kernel replies. The reply, or its next part, is there when a call
 * returns. */
static void
ask (const Spead2Neighbours *neighbours, const Request *request,
    MessageFunc func, gpointer user_data)
{
  gboolean more = send (neighbours->fd, request, request->header.nlmsg_len,
                      MSG_DONTWAIT) > 0;

  while (more) {
    gssize size =
        recv (neighbours->fd, neighbours->reply, REPLY_SIZE, MSG_DONTWAIT);
    guint left = MAX (size, 0);
    struct nlmsghdr *message;

    more = FALSE;
    for (message = neighbours->reply; NLMSG_OK (message, left);
         message = NLMSG_NEXT (message, left)) {
      more = message->nlmsg_flags & NLM_F_MULTI &&
          message->nlmsg_type != NLMSG_DONE;
      if (message->nlmsg_type >= NLMSG_MIN_TYPE)
        func (message, user_data);
    }
  }
}

/* -- those that do not respond ------------------------------------------------------ */

typedef struct {
  guint16 states;
  GArray *all;
} Listing;

static void
set_address (Neighbour *neighbour, gconstpointer address, gsize size)
{
  if (size != sizeof (struct in_addr) && size != sizeof (struct in6_addr))
    return;
  neighbour->size = size;
  memcpy (neighbour->address, address, size);
}

static void
list_neighbour (const struct nlmsghdr *message, gpointer user_data)
{
  Listing *listing = user_data;
  const struct ndmsg *entry = NLMSG_DATA (message);
  Neighbour neighbour = {.iface = entry->ndm_ifindex};
  gint left = message->nlmsg_len - NLMSG_LENGTH (sizeof *entry);
  const struct rtattr *attribute =
      (const struct rtattr *) ((const guint8 *) entry +
          NLMSG_ALIGN (sizeof *entry));

  if (message->nlmsg_type != RTM_NEWNEIGH ||
      !(entry->ndm_state & listing->states))
    return;
  for (; RTA_OK (attribute, left); attribute = RTA_NEXT (attribute, left))
    if (attribute->rta_type == NDA_DST)
      set_address (&neighbour, RTA_DATA (attribute), RTA_PAYLOAD (attribute));
  if (neighbour.size > 0)
    g_array_append_val (listing->all, neighbour);
}

Spead2Neighbours *
spead2_neighbours_read (gboolean given_up)
{
  Listing listing = {NUD_INCOMPLETE | (given_up ? NUD_FAILED : 0), NULL};
  gint fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  Spead2Neighbours *neighbours;
  Request request;

  if (fd < 0)
    return NULL;
  neighbours = g_new (Spead2Neighbours, 1);
  neighbours->fd = fd;
  neighbours->reply = g_malloc (REPLY_SIZE);
  neighbours->all = listing.all =
      g_array_new (FALSE, FALSE, sizeof (Neighbour));
  begin_request (
      &request, RTM_GETNEIGH, NLM_F_DUMP, sizeof request.body.neighbour);
  ask (neighbours, &request, list_neighbour, &listing);
  if (listing.all->len == 0)
    g_clear_pointer (&neighbours, spead2_neighbours_free);
  return neighbours;
}

void
spead2_neighbours_free (Spead2Neighbours *neighbours)
{
  close (neighbours->fd);
  g_array_unref (neighbours->all);
  g_free (neighbours->reply);
  g_free (neighbours);
}

/* -- the way to an endpoint ----------------------------------------------------------- */

static gsize
endpoint_address (const Spead2Endpoint *endpoint, gconstpointer *address)
{
  if (spead2_endpoint_family (endpoint) == AF_INET) {
    *address = &((const struct sockaddr_in *) &endpoint->address)->sin_addr;
    return sizeof (struct in_addr);
  }
  *address = &((const struct sockaddr_in6 *) &endpoint->address)->sin6_addr;
  return sizeof (struct in6_addr);
}

/* Without a router, the next hop is the endpoint. */
static void
take_route (const struct nlmsghdr *message, gpointer user_data)
{
  Neighbour *next = user_data;
  const struct rtmsg *route = NLMSG_DATA (message);
  gint left = message->nlmsg_len - NLMSG_LENGTH (sizeof *route);
  const struct rtattr *attribute = RTM_RTA (route);

  if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_UNICAST)
    return;
  for (; RTA_OK (attribute, left); attribute = RTA_NEXT (attribute, left)) {
    if (attribute->rta_type == RTA_OIF)
      memcpy (&next->iface, RTA_DATA (attribute), sizeof next->iface);
    else if (attribute->rta_type == RTA_GATEWAY)
      set_address (next, RTA_DATA (attribute), RTA_PAYLOAD (attribute));
    else if (attribute->rta_type == RTA_VIA)
      set_address (next,
          (const guint8 *) RTA_DATA (attribute) +
              offsetof (struct rtvia, rtvia_addr),
          RTA_PAYLOAD (attribute) - offsetof (struct rtvia, rtvia_addr));
  }
}

/* The interface is 0 where there is no next hop. */
static Neighbour
next_hop (const Spead2Neighbours *neighbours, const Spead2Endpoint *endpoint,
    const Spead2Endpoint *local)
{
  static const struct in6_addr any;
  gconstpointer address, source;
  const gsize size = endpoint_address (endpoint, &address);
  Neighbour next = {0};
  Request request;

  set_address (&next, address, size);
  begin_request (&request, RTM_GETROUTE, 0, sizeof request.body.route);
  request.body.route.rtm_family = spead2_endpoint_family (endpoint);
  request.body.route.rtm_dst_len = 8 * size;
  add_attribute (&request, RTA_DST, address, size);
  if (local && endpoint_address (local, &source) == size &&
      memcmp (source, &any, size) != 0) {
    request.body.route.rtm_src_len = 8 * size;
    add_attribute (&request, RTA_SRC, source, size);
  }
  if (size == sizeof (struct in6_addr)) {
    const struct sockaddr_in6 *in6 =
        (const struct sockaddr_in6 *) &endpoint->address;

    if (in6->sin6_scope_id != 0)
      add_attribute (
          &request, RTA_OIF, &in6->sin6_scope_id, sizeof in6->sin6_scope_id);
  }
  ask (neighbours, &request, take_route, &next);
  return next;
}

gboolean
spead2_neighbours_include (const Spead2Neighbours *neighbours,
    const Spead2Endpoint *endpoint, const Spead2Endpoint *local)
{
  Neighbour next;
  guint i;

  if (endpoint->multicast || spead2_endpoint_family (endpoint) == AF_UNSPEC)
    return FALSE;
  next = next_hop (neighbours, endpoint, local);
  for (i = 0; i < neighbours->all->len; i++) {
    const Neighbour *neighbour = &g_array_index (neighbours->all, Neighbour, i);

    if (neighbour->iface == next.iface && neighbour->size == next.size &&
        memcmp (neighbour->address, next.address, next.size) == 0)
      return TRUE;
  }
  return FALSE;
}
