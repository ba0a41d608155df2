/* gst-spead2: who sent a heap, as a GstNetAddressMeta: see gstspead2srcsender.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcsender.h"

#include <gst/net/gstnetaddressmeta.h>
#include <netinet/in.h>

/* Bytes of an address as the kernel writes it; 0 of one that was not asked for. */
static gsize
native_size (const struct sockaddr_storage *native)
{
  switch (native->ss_family) {
    case AF_INET:
      return sizeof (struct sockaddr_in);
    case AF_INET6:
      return sizeof (struct sockaddr_in6);
    default:
      return 0;
  }
}

void
gst_spead2_src_sender_attach (GstSpead2SrcSender *sender,
    const Spead2ReceivedHeap *heap, GstBuffer *buffer)
{
  gsize size = native_size (&heap->sender);

  if (size == 0)
    return;
  if (sender->address == NULL ||
      memcmp (&sender->native, &heap->sender, size) != 0) {
    g_clear_object (&sender->address);
    memcpy (&sender->native, &heap->sender, size);
    sender->address = g_socket_address_new_from_native (&sender->native, size);
  }
  if (sender->address)
    gst_buffer_add_net_address_meta (buffer, sender->address);
}

void
gst_spead2_src_sender_clear (GstSpead2SrcSender *sender)
{
  g_clear_object (&sender->address);
}
