/* Reads datagrams from UDP sockets. No other module receives.
 *
 * spead2_udp_reader_drain() reads what the sockets have queued, up to a limit,
 * without blocking, and calls a function for each datagram. spead2_udp_reader_wait()
 * blocks until a socket may have datagrams:
 *
 *   while (!stopped) {
 *     gboolean more = spead2_udp_reader_drain (reader, max_bytes, process, worker);
 *
 *     ...pass on the heaps that are complete, all at once...
 *     if (!more)
 *       spead2_udp_reader_wait (reader, next_deadline);
 *   }
 *
 * With UDP_GRO the kernel merges datagrams of equal size into one message, a "train".
 * Each recvmsg() reads one train, always into the same 64 KiB, which therefore stay
 * in the CPU's cache. While messages have one datagram each, recvmmsg() reads many of
 * them. udpreader.c has the policy for each errno; none ends the stream.
 *
 * Of datagrams that continue the last one, as those of a heap or a run do, it is predicted
 * where their payload belongs (Spead2Places): large payload is read straight to there, which
 * saves a copy; small payload is copied there, without the datagram being given to anybody.
 * placer.h has the conditions.
 *
 * At high rates the reader sleeps for a short time instead of blocking, since a
 * wake-up costs more than reading 64 KiB: see coalesce.h.
 *
 * A reader is used by one thread; spead2_udp_reader_wake(),
 * spead2_udp_reader_cancel() and spead2_udp_reader_get_kernel() may be called by any.
 * Times are those of spead2_now(), ns.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_UDPREADER_H
#define SPEAD2_UDPREADER_H

#include "spead2/error.h"
#include "spead2/net/placer.h"
#include "spead2/net/udpsocket.h"

G_BEGIN_DECLS

/* The default of Spead2UdpReaderOptions.coalesce, ns. */
#define SPEAD2_READER_COALESCE (300 * G_GUINT64_CONSTANT (1000))

/* One datagram. Valid until the function returns that is called with it. */
typedef struct {
  const guint8 *data;
  gsize size;   /* 0 to 65527 bytes */
  guint socket; /* index of its socket in the reader's descriptors */
  guint64 time; /* when this call of spead2_udp_reader_drain() started */
  /* The sender's address; NULL unless Spead2UdpReaderOptions.source is set. */
  const struct sockaddr_storage *source;
} Spead2Datagram;

typedef void (*Spead2DatagramFunc) (
    const Spead2Datagram *datagram, gpointer user_data);

typedef struct {
  /* Received: passed to the function, truncated or ctrunc. */
  guint64 datagrams;
  guint64 bytes;    /* UDP payload of those passed to the function */
  guint64 messages; /* results of recvmsg and recvmmsg: a train is one */
  guint64 trains;   /* messages of more than one datagram */
  guint64 placed;   /* datagrams whose payload was read into place */
  guint64 calls;    /* of recvmsg and recvmmsg, also without a result */
  guint64 waits;    /* calls of spead2_udp_reader_wait() that blocked */
  guint64 sleeps;   /* those of them that slept to coalesce wake-ups */
  /* Messages that were longer than the reader's memory (MSG_TRUNC). Of a train, the
   * datagrams that are whole are processed; the number of the others is unknown. */
  guint64 truncated;
  /* Messages whose control data were cut off (MSG_CTRUNC), and with them the size of
   * the datagrams: none of a train is processed. */
  guint64 ctrunc;
  /* Datagrams that spead2_udp_reader_discard() read, and their bytes. Of the counters
   * above, only calls includes them. */
  guint64 discarded;
  guint64 discarded_bytes;
  guint64 errors; /* failed calls, and ICMP errors */
} Spead2ReaderCounters;

/* Sums of the kernel's counters of all sockets (SO_MEMINFO). */
typedef struct {
  /* Messages that were dropped since the reader exists: the receive buffer was full, or
   * the checksum wrong. A train counts as one. */
  guint64 drops;
  guint64 fill; /* bytes of kernel memory that queued messages occupy */
  guint64 size; /* their limit: twice the value that was set as SO_RCVBUF */
} Spead2ReaderKernel;

typedef struct {
  gboolean source;  /* fill in Spead2Datagram.source */
  guint64 coalesce; /* longest sleep that coalesces wake-ups, ns; 0: none */
  /* They have the user_data of spead2_udp_reader_drain(), and take datagrams in the place of
   * its function. Payload is copied from a message of several datagrams; or it is read to its
   * place, where datagrams have 4 KiB or more, and the reader has one socket and reads one
   * message at a time, since messages come that have several datagrams. */
  Spead2PlacerFuncs placer;
} Spead2UdpReaderOptions;

typedef struct _Spead2UdpReader Spead2UdpReader;

/* A reader of at least one socket, made by spead2_udp_socket_listen() or passed to
 * spead2_udp_socket_adopt_listening(). The descriptors are borrowed: the caller
 * closes them, after the reader was freed. A reader of one blocking socket blocks in
 * recvmmsg(), a reader of several, or of one with O_NONBLOCK, in ppoll(). NULL with
 * SPEAD2_ERRNO if the process has no descriptor left. */
Spead2UdpReader *spead2_udp_reader_new (const gint *fds, guint n_fds,
    const Spead2UdpReaderOptions *options, GError **error);

/* Only when no other thread uses the reader. */
void spead2_udp_reader_free (Spead2UdpReader *reader);

/* Reads datagrams until no socket has any queued, or until about max_bytes are read,
 * and calls func for each, per socket in the order of arrival. Never blocks. A
 * message of less than 2 KiB counts as 2 KiB, and the last one may exceed the limit.
 * The limit is divided among the sockets, so that all are read. TRUE if the limit
 * ended it: call it again instead of waiting. FALSE: the sockets are empty, or the
 * reader was cancelled. */
gboolean spead2_udp_reader_drain (Spead2UdpReader *reader, gsize max_bytes,
    Spead2DatagramFunc func, gpointer user_data);

/* Blocks until a socket may have a datagram, until a time (G_MAXUINT64: no limit), or
 * until spead2_udp_reader_wake(). It may return earlier: the caller reads, and waits
 * again. Returns at once if the time has passed. For a time that is less than
 * SPEAD2_RECEIVE_TIMEOUT ahead it calls ppoll(), in addition to recvmmsg(). */
void spead2_udp_reader_wait (Spead2UdpReader *reader, guint64 time);

/* Reads and counts, without processing, what is queued when it is called, and at most a
 * bounded amount of what arrives in the meantime. Never blocks. */
void spead2_udp_reader_discard (Spead2UdpReader *reader);

/* Ends the present wait, or the next one if there is none: in ppoll() at once, in
 * recvmmsg() within SPEAD2_RECEIVE_TIMEOUT. Any thread. */
void spead2_udp_reader_wake (Spead2UdpReader *reader);

/* Before the reader's thread is joined: from now on spead2_udp_reader_wait() and
 * spead2_udp_reader_drain() return at once, and a present wait ends as by
 * spead2_udp_reader_wake(). The sockets stay open, and another reader may use them. Any
 * thread. */
void spead2_udp_reader_cancel (Spead2UdpReader *reader);

/* Borrowed. For the reader's thread only. */
const Spead2ReaderCounters *spead2_udp_reader_counters (
    const Spead2UdpReader *reader);

/* The same errors by errno: SPEAD2_MAX_ERRNO + 1 counters, the last one of all that are
 * larger. */
const guint64 *spead2_udp_reader_errors (const Spead2UdpReader *reader);

/* Reads the kernel's counters, with a system call per socket. Any thread. */
void spead2_udp_reader_get_kernel (
    Spead2UdpReader *reader, Spead2ReaderKernel *kernel);

G_END_DECLS

#endif /* SPEAD2_UDPREADER_H */
