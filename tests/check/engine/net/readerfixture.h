/* A reader on loopback, and somebody who sends to it, for tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_READERFIXTURE_H
#define SPEAD2_TESTS_READERFIXTURE_H

#include "spead2/net/udpreader.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define EVER G_MAXUINT64
#define ALL G_MAXSIZE

extern Spead2UdpReader *reader;
extern Spead2UdpReaderOptions reader_options; /* of the next one */
extern gint fds[2];                           /* what it reads */
extern guint n_fds;
extern Spead2Endpoint locals[2]; /* where they are bound */
extern gint sender;

/* What was given. */
extern GPtrArray *given; /* (GBytes) */
extern Spead2Datagram last;
extern struct sockaddr_storage last_source;

/* One socket of 127.0.0.1, with GRO. */
void open_fixture (void);
void close_fixture (void);

/* n sockets of another address of this machine. */
void reopen (const gchar *host, guint n, gboolean gro);
void close_reader (void);

/* Opens fds[i]. */
gint open_one (const gchar *host, Spead2UdpListenOptions *options, guint i);

gboolean drain (gsize max_bytes);
const Spead2ReaderCounters *counters (void);

/* Bytes that differ at every place and with every seed. */
guint8 *new_bytes (gsize size, guint seed);

/* One message to socket i: a train of segments, or one datagram for 0. */
void send_message (guint i, const guint8 *bytes, gsize size, guint16 segment);
void send_n (guint i, guint n, gsize size);

/* Datagrams from number first on are those bytes, cut into segments (0: one). */
void check_given (guint first, const guint8 *bytes, gsize size, gsize segment);

#endif /* SPEAD2_TESTS_READERFIXTURE_H */
