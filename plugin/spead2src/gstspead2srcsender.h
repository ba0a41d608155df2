/* gst-spead2: who sent a heap, as a GstNetAddressMeta
 *
 * An address object costs more than all else that a small heap does: the last one is
 * used again for as long as the sender is the same.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_SENDER_H
#define GST_SPEAD2_SRC_SENDER_H

#include <gio/gio.h>
#include <gst/gst.h>

#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* All of it 0: no heap has come. */
typedef struct {
  GSocketAddress *address; /* (owned) of the last sender, or NULL */
  struct sockaddr_storage native;
} GstSpead2SrcSender;

/* Attaches the address of the heap's sender to the buffer, where the heap has one. */
void gst_spead2_src_sender_attach (GstSpead2SrcSender *sender,
    const Spead2ReceivedHeap *heap, GstBuffer *buffer);

void gst_spead2_src_sender_clear (GstSpead2SrcSender *sender);

G_END_DECLS

#endif /* GST_SPEAD2_SRC_SENDER_H */
