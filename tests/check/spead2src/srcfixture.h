/* The fixture of the source's tests: a pipeline with a spead2src, what it pushed, and a
 * socket that sends it packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SRC_FIXTURE_H
#define SRC_FIXTURE_H

#include <gst/check/gstcheck.h>

#include "../engine/packets.h"
#include "../tools.h"

G_BEGIN_DECLS

/* Set by start_source(). */
extern GstElement *pipeline, *source;
/* What left the source's pad, oldest first: GstBuffer, and GstEvent but STREAM_START;
 * guarded by the lock of its owner. */
extern GQueue *pushed;

/* A checked fixture. */
void setup_source (void);
void teardown_source (void);

/* "spead2src name=src PROPERTIES ! REST" with a port of the kernel's choice, to PLAYING;
 * rest NULL: fakesink. */
void start_source (const gchar *properties, const gchar *rest);

/* The same, in READY. */
void make_source (const gchar *properties, const gchar *rest);

/* Sets the pipeline to NULL: the end of a test, since gst-check waits for the threads of
 * tasks before it calls the fixture. */
void stop_source (void);

/* The port that it receives on. */
guint source_port (void);

/* Sends a datagram to it. */
void send_bytes (const guint8 *bytes, gsize size);
void send_packet (const Packet *packet);

/* A socket that sends to it, for another thread. */
gint connect_to_source (void);

/* Sends a heap of one packet: samples 0x3300 at address 0, of which byte i has the value
 * value + i, with the timestamp. */
void send_heap (guint64 cnt, guint64 timestamp, gsize size, guint8 value);

/* Sends n such heaps, from cnt on, in one message, which arrives as a train: the samples of
 * each follow those of the one before, and byte i of a heap has the value cnt + i. */
void send_heaps (guint64 cnt, guint n, gsize size);

/* A packet of such a heap of SPEAD-64-40: bytes offset to offset + size of length. */
void make_part (Packet *packet, guint64 cnt, guint64 timestamp, gsize length,
    gsize offset, gsize size);

/* Empty, with STREAM_CTRL 2. */
void send_stop (guint64 cnt);

/* Of the GStreamer that runs. */
gboolean is_up_to_1_22 (void);

/* The next buffer, which has to come (transfer full). */
GstBuffer *next_buffer (void);

/* The same, with no event before it. */
GstBuffer *next_buffer_at_once (void);

/* The next event of a type, which has to come before the next buffer (transfer full). */
GstEvent *next_event (GstEventType type);

/* The next message of a type, which has to come (transfer full). */
GstMessage *next_message (GstMessageType type);

/* Checks that byte i of a buffer is value + i, and unrefs it. */
void check_samples (GstBuffer *buffer, gsize size, guint8 value);

/* A counter of stats. */
guint64 counter (const gchar *name);

/* Checks that the sums of stats are right, once no heap is between two of them. */
void check_balance (void);

/* In PLAYING, with heap 2 held at a pad that is blocked: those after it stay in the
 * queue. Returns the probe. */
gulong start_blocked (const gchar *properties);
void unblock (gulong probe);

G_END_DECLS

#endif /* SRC_FIXTURE_H */
