/* ICMP errors: see errorqueue.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/net/errorqueue.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

/* What has the origin LOCAL was refused by this machine in the call that returned the
 * errno, and other entries are no errors. */
static gint
icmp_errno (struct msghdr *header)
{
  struct cmsghdr *cmsg;

  for (cmsg = CMSG_FIRSTHDR (header); cmsg != NULL;
       cmsg = CMSG_NXTHDR (header, cmsg)) {
    if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
        (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
      struct sock_extended_err error;

      memcpy (&error, CMSG_DATA (cmsg), sizeof error);
      if (error.ee_origin == SO_EE_ORIGIN_ICMP ||
          error.ee_origin == SO_EE_ORIGIN_ICMP6)
        return error.ee_errno;
    }
  }
  return 0;
}

gboolean
spead2_error_queue_take (
    gint fd, struct sockaddr_storage *destination, gint *errnum)
{
  union {
    gchar bytes[CMSG_SPACE (
        sizeof (struct sock_extended_err) + sizeof (struct sockaddr_storage))];
    struct cmsghdr align;
  } control;
  struct msghdr header = {
      .msg_name = destination,
      .msg_namelen = sizeof *destination,
      .msg_control = &control,
      .msg_controllen = sizeof control,
  };

  memset (destination, 0, sizeof *destination);
  if (recvmsg (fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
    return FALSE;
  *errnum = icmp_errno (&header);
  return TRUE;
}
