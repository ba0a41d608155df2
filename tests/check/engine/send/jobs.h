/* Heaps for the tests of what sends them: each has bytes of its own, so that a
 * datagram shows which heap it is of, and which part.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_JOBS_H
#define SPEAD2_TESTS_JOBS_H

#include "spead2/heap/packetizer.h"
#include "spead2/net/udpwriter.h"

#define MAX_JOBS 64
#define MAX_DESTINATIONS 8

/* Payloads of two items that fill n packets of 1472 bytes to the last byte. */
#define FULL_PACKETS(n) ((gsize) 1416 + ((n) -1) * 1432)

typedef struct {
  Spead2Heap *heap;
  Spead2TxState tx;
  guint64 wire_bytes; /* of all its packets */
} Job;

extern Spead2PacketConfig config;
extern Job jobs[MAX_JOBS];
extern guint n_jobs;
extern gboolean in_place; /* headers of new jobs lie with their payload */

/* No jobs, packets of 1472 bytes. */
void reset_jobs (void);
void set_packet_size (gsize size);
void forget_jobs (void);

/* A heap of two items. */
Job *add_job (gsize length);
/* The same, whose payload lies in pieces of so many bytes. */
Job *add_job_in_pieces (gsize length, gsize piece);
/* The same with parts of a mapped buffer. */
Job *add_job_of (Spead2MappedBuffer *held, gsize offset, gsize length);

/* What is tested: batches that are begun, filled and sent. */
typedef struct {
  void (*begin) (guint64 max_bytes);
  gboolean (*add) (Spead2Packetizer *packetizer, Spead2TxState *tx);
  void (*send) (void);
} JobSender;

/* Sends all jobs, as a worker does. Nothing is in flight any more then. */
void pass_jobs (const JobSender *sender, guint64 max_bytes);

/* The same with a writer; may_wait as in spead2_udp_writer_begin(). */
void write_jobs (Spead2UdpWriter *writer, guint64 max_bytes, gboolean may_wait);

void check_all_sent (void);

/* A datagram that was sent: valid until the next is asked for, at least. */
typedef const guint8 *(*GetDatagram) (gsize index, gsize *size);

/* The n datagrams are in the order of heaps and packets for each destination, once each at
 * most, with the bytes that the packetizer makes, and are what the tx states say. Returns how
 * many bytes they have. */
guint64 check_datagrams (GetDatagram get, gsize n);

#endif /* SPEAD2_TESTS_JOBS_H */
