/* Datagrams from the kernel: the only module that receives.
 *
 * A reader reads one socket or several. spead2_udp_reader_drain() gives everything
 * that is queued, up to a budget, to a function, one datagram at a time, and never
 * blocks; spead2_udp_reader_wait() sleeps until there is something to drain:
 *
 *   while (!stopped) {
 *     gboolean more = spead2_udp_reader_drain (reader, budget, take, worker);
 *
 *     ...hand over what is complete: once a drain...
 *     if (!more)
 *       spead2_udp_reader_wait (reader, next_deadline);
 *   }
 *
 * With UDP_GRO the kernel merges datagrams into trains. Each recvmsg() returns one
 * train into the same 64 KiB, which stay in the cache. Where no train comes,
 * recvmmsg() returns many datagrams. The policy for each errno is in udpreader.c; no
 * errno ends the stream.
 *
 * A wake-up costs more than reading 64 KiB, so wake-ups are coalesced at high rates:
 * see coalesce.h.
 *
 * A reader belongs to one thread, but for spead2_udp_reader_wake(),
 * spead2_udp_reader_cancel() and spead2_udp_reader_get_kernel(), which any thread
 * may call. Times are of spead2_now(), in ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_UDPREADER_H
#define SPEAD2_UDPREADER_H

#include "spead2/error.h"
#include "spead2/net/udpsocket.h"

G_BEGIN_DECLS

/* The default of Spead2UdpReaderOptions.coalesce, ns. */
#define SPEAD2_READER_COALESCE (200 * G_GUINT64_CONSTANT (1000))

/* One datagram. All of it is borrowed: valid until the function returns. */
typedef struct {
  const guint8 *data;
  gsize size;   /* 0 to 65527 bytes */
  guint socket; /* whose: index in the reader's descriptors */
  guint64 time; /* when this drain began: one time for all of its datagrams */
  /* Who sent it; NULL unless Spead2UdpReaderOptions.source. */
  const struct sockaddr_storage *source;
} Spead2Datagram;

typedef void (*Spead2DatagramFunc) (
    const Spead2Datagram *datagram, gpointer user_data);

typedef struct {
  guint64 datagrams; /* that arrived: given, truncated or ctrunc */
  guint64 bytes;     /* of UDP payload in those that were given */
  guint64 messages;  /* that carried them: a train is one */
  guint64 trains;    /* of them, with more than one datagram */
  guint64 calls;     /* of recvmsg and recvmmsg, also those that gave nothing */
  guint64 waits;     /* that blocked */
  guint64 sleeps;    /* waits that slept to coalesce wake-ups */
  /* Not given, since the message was longer than its memory (MSG_TRUNC): one a
   * message, the only one or, of a train, the first that is not whole. The number
   * of those behind it is unknown. */
  guint64 truncated;
  /* Not given, since the control data were cut off (MSG_CTRUNC) and with them
   * the size of the segments: one a message, however many were in it. */
  guint64 ctrunc;
  /* Datagrams of spead2_udp_reader_discard(), and the bytes in them: neither is
   * counted above, but for the calls. */
  guint64 discarded;
  guint64 discarded_bytes;
  guint64 errors[SPEAD2_MAX_ERRNO + 1]; /* by errno, ICMP errors included */
} Spead2ReaderCounters;

/* The kernel's counters, summed over the sockets. */
typedef struct {
  /* Messages that it dropped since the reader was made, for want of room in the
   * buffer or of a right checksum. A merged train counts as one message. */
  guint64 drops;
  /* Bytes of memory that queued messages take, of how many: of twice the buffer
   * size that was asked for (SO_RCVBUF). */
  guint64 fill, size;
} Spead2ReaderKernel;

typedef struct {
  gboolean source;  /* fill in Spead2Datagram.source */
  guint64 coalesce; /* longest sleep that coalesces wake-ups, ns; 0: none */
} Spead2UdpReaderOptions;

typedef struct _Spead2UdpReader Spead2UdpReader;

/* At least one descriptor, of spead2_udp_socket_listen() or adopted by
 * spead2_udp_socket_adopt_listening(). They are borrowed, are not closed, and must
 * stay open as long as the reader. A reader of one blocking socket blocks in
 * recvmsg(); of several, or of one that is O_NONBLOCK, in ppoll(). Fails with
 * SPEAD2_ERRNO (no descriptor left). */
Spead2UdpReader *spead2_udp_reader_new (const gint *fds, guint n_fds,
    const Spead2UdpReaderOptions *options, GError **error);

/* No thread may use it any more. */
void spead2_udp_reader_free (Spead2UdpReader *reader);

/* Gives queued datagrams to func, in the order of their arrival at their socket,
 * until the sockets are empty or max_bytes are read (a short message counts as 2
 * KiB, and the last may go beyond). Never blocks. Every socket has its share of
 * max_bytes, so that none starves. Returns TRUE if it ended by the budget: there
 * may be more, and nothing is to be waited for. FALSE: drained, or cancelled. */
gboolean spead2_udp_reader_drain (Spead2UdpReader *reader, gsize max_bytes,
    Spead2DatagramFunc func, gpointer user_data);

/* Sleeps until there may be something to drain, until a time (G_MAXUINT64: for
 * ever), or until another thread ends it. It may return earlier without a reason:
 * the caller drains and waits again. Returns at once for a time that has passed. A
 * time within SPEAD2_RECEIVE_TIMEOUT is kept by ppoll(), which costs one call more
 * than recvmsg() alone. */
void spead2_udp_reader_wait (Spead2UdpReader *reader, guint64 time);

/* Throws away what was queued when it was called, and a bounded amount of what comes
 * meanwhile, and counts it. Never blocks. */
void spead2_udp_reader_discard (Spead2UdpReader *reader);

/* Ends the wait under way or, where there is none, the next one: at once where it
 * is in ppoll(), else within SPEAD2_RECEIVE_TIMEOUT. Any thread. */
void spead2_udp_reader_wake (Spead2UdpReader *reader);

/* For the end: waits and drains return at once from now on; a wait under way ends as
 * by spead2_udp_reader_wake(). The sockets are left as they are, and another reader
 * may read them. Any thread. */
void spead2_udp_reader_cancel (Spead2UdpReader *reader);

/* Only for the reader's thread, which copies them for others. */
const Spead2ReaderCounters *spead2_udp_reader_counters (
    const Spead2UdpReader *reader);

/* Makes a system call for each socket. Any thread. */
void spead2_udp_reader_get_kernel (
    Spead2UdpReader *reader, Spead2ReaderKernel *kernel);

G_END_DECLS

#endif /* SPEAD2_UDPREADER_H */
