/* Packets that come next in a stream in order. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_PREDICT_H
#define SPEAD2_PREDICT_H

#include "spead2/net/places.h"
#include "spead2/receive/receivedheap.h"

G_BEGIN_DECLS

/* Where the payload of packets belongs, of places->n at most, that continue a live heap right
 * behind its last one, with that one's header. last: a datagram, of which the header is read. FALSE: it is not
 * the heap's last packet, or it is unknown what will come. */
gboolean spead2_predict_places (const Spead2ReceivedHeap *heap,
    const Spead2PacketRules *rules, const guint8 *last, gsize size,
    Spead2Places *places);

G_END_DECLS

#endif /* SPEAD2_PREDICT_H */
