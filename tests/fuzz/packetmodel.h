/* What a datagram says, found out slowly: a model for the parser of packets, of the
 * wire format alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_FUZZ_PACKET_MODEL_H
#define SPEAD2_FUZZ_PACKET_MODEL_H

#include <glib.h>

G_BEGIN_DECLS

#define MODEL_MAX_POINTERS 8192

/* A pointer, taken apart. */
typedef struct {
  gboolean immediate;
  guint64 id;
  guint64 value;
  guint64 bits; /* all 64 of it */
} ModelPointer;

typedef struct {
  guint flavour;
  guint64 cnt;
  gboolean has_length;
  guint64 length;
  guint64 offset;
  const guint8 *payload;
  gsize payload_size;
  ModelPointer pointers[MODEL_MAX_POINTERS]; /* all of the packet */
  guint n_pointers;
} ModelPacket;

/* What the parser has to say of a datagram of at most 65536 bytes: "none", and the
 * packet, or why it is refused. flavour is the only one that is taken, or 0. */
const gchar *model_packet_read (ModelPacket *packet, guint flavour,
    gboolean packet_heaps, const guint8 *data, gsize size);

G_END_DECLS

#endif /* SPEAD2_FUZZ_PACKET_MODEL_H */
