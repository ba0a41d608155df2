/* Heaps for tests: see jobs.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "jobs.h"

#include <gst/check/gstcheck.h>

#include <string.h>

Spead2PacketConfig config;
Job jobs[MAX_JOBS];
guint n_jobs;
gboolean in_place;

void
set_packet_size (gsize size)
{
  spead2_packet_config_init (&config, 40, size);
  fail_unless (spead2_packet_config_check (&config, NULL));
}

void
forget_jobs (void)
{
  guint i;

  for (i = 0; i < n_jobs; i++)
    spead2_heap_free (jobs[i].heap);
  n_jobs = 0;
}

void
reset_jobs (void)
{
  forget_jobs ();
  in_place = FALSE;
  set_packet_size (1472);
}

/* A buffer of part of a job's payload, from offset on. */
static GstBuffer *
make_part (guint job, gsize offset, gsize size)
{
  GstAllocator *allocator = NULL;
  Spead2PacketShape shape;
  GstBuffer *buffer;
  GstMapInfo map;
  gsize i;

  if (in_place) {
    g_assert (spead2_packet_config_shape (&config, 2, &shape));
    allocator = spead2_headroom_allocator_new (&shape, NULL);
  }
  buffer = gst_buffer_new_allocate (allocator, size, NULL);
  g_assert (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (i = 0; i < size; i++)
    map.data[i] = (offset + i) * 31 + (offset + i) / 256 + job;
  gst_buffer_unmap (buffer, &map);
  g_clear_object (&allocator);
  return buffer;
}

/* A heap of two items that has no payload yet. */
static Job *
add_empty_job (void)
{
  Job *job = &jobs[n_jobs++];

  g_assert (n_jobs <= MAX_JOBS);
  memset (job, 0, sizeof *job);
  job->heap = spead2_heap_new (40);
  job->heap->cnt = n_jobs;
  spead2_heap_add_immediate (job->heap, 0x1600, n_jobs, NULL);
  spead2_heap_add_addressed (job->heap, 0x3300, NULL);
  return job;
}

Job *
add_job_in_pieces (gsize length, gsize piece)
{
  Job *job = add_empty_job ();
  gsize done;

  for (done = 0; done < length; done += piece) {
    gsize size = MIN (piece, length - done);
    GstBuffer *buffer = make_part (n_jobs, done, size);

    g_assert (spead2_heap_append_buffer (job->heap, buffer, 0, size, NULL));
    gst_buffer_unref (buffer);
  }
  return job;
}

Job *
add_job (gsize length)
{
  return add_job_in_pieces (length, MAX (length, 1));
}

Job *
add_job_of (Spead2MappedBuffer *held, gsize offset, gsize length)
{
  Job *job = add_empty_job ();

  g_assert (spead2_heap_append_mapped (job->heap, held, offset, length, NULL));
  return job;
}

static void
pass_job (Job *job, const JobSender *sender, guint64 max_bytes)
{
  const Spead2Packet *packet;
  Spead2Packetizer packetizer;

  memset (&job->tx, 0, sizeof job->tx);
  job->wire_bytes = 0;
  spead2_packetizer_start (&packetizer, &config, job->heap);
  while ((packet = spead2_packetizer_peek (&packetizer)) != NULL) {
    gsize size = packet->size;
    guint before = job->tx.in_flight;

    if (!sender->add (&packetizer, &job->tx)) {
      fail_unless_equals_int (job->tx.in_flight, before);
      sender->send ();
      sender->begin (max_bytes);
      before = job->tx.in_flight;
      fail_unless (sender->add (&packetizer, &job->tx));
    }
    job->wire_bytes += (job->tx.in_flight - before) * size;
  }
}

void
pass_jobs (const JobSender *sender, guint64 max_bytes)
{
  guint i;

  sender->begin (max_bytes);
  for (i = 0; i < n_jobs; i++)
    pass_job (&jobs[i], sender, max_bytes);
  sender->send ();
  for (i = 0; i < n_jobs; i++)
    fail_unless_equals_int (jobs[i].tx.in_flight, 0);
}

/* What write_jobs() writes with. */
static Spead2UdpWriter *job_writer;
static gboolean job_may_wait;

static void
begin_written (guint64 max_bytes)
{
  spead2_udp_writer_begin (job_writer, max_bytes, job_may_wait);
}

static gboolean
add_written (Spead2Packetizer *packetizer, Spead2TxState *tx)
{
  return spead2_udp_writer_add (job_writer, packetizer, tx);
}

static void
send_written (void)
{
  spead2_udp_writer_send (job_writer);
}

void
write_jobs (Spead2UdpWriter *writer, guint64 max_bytes, gboolean may_wait)
{
  static const JobSender sender = {begin_written, add_written, send_written};

  job_writer = writer;
  job_may_wait = may_wait;
  pass_jobs (&sender, max_bytes);
}

void
check_all_sent (void)
{
  guint i;

  for (i = 0; i < n_jobs; i++) {
    fail_unless_equals_int (jobs[i].tx.error, 0);
    fail_unless_equals_uint64 (jobs[i].tx.bytes, jobs[i].wire_bytes);
  }
}

static guint64
field (const guint8 *datagram, guint index)
{
  guint64 value;

  memcpy (&value, datagram + 8 * index, sizeof value);
  return GUINT64_FROM_BE (value) & ((G_GUINT64_CONSTANT (1) << 40) - 1);
}

/* Whether the packet that was written at iov has those bytes. */
static gboolean
has_bytes (const Spead2Packet *packet, const struct iovec *iov,
    const guint8 *datagram, gsize size)
{
  gsize done = 0;
  guint i;

  if (size != packet->size)
    return FALSE;
  for (i = 0; i < packet->n_iov; i++) {
    if (memcmp (datagram + done, iov[i].iov_base, iov[i].iov_len) != 0)
      return FALSE;
    done += iov[i].iov_len;
  }
  return done == size;
}

/* The first datagram from number next on, of n, of a heap for that destination; n: there is
 * none. */
static gsize
skip_others (GetDatagram get, gsize next, gsize n, guint destination)
{
  for (; next < n; next++) {
    gsize size;
    const guint64 job = field (get (next, &size), 1) - 1;

    if (job >= n_jobs || jobs[job].heap->destination == destination)
      break;
  }
  return next;
}

/* The job's datagrams, from number *next on, of n: how many bytes they have. */
static guint64
check_job (const Job *job, GetDatagram get, gsize *next, gsize n)
{
  guint8 *scratch = g_malloc (65536);
  struct iovec *iov = g_new (struct iovec, SPEAD2_PACKET_MAX_IOV);
  Spead2Packetizer packetizer;
  guint64 bytes = 0;

  spead2_packetizer_start (&packetizer, &config, job->heap);
  while (spead2_packetizer_peek (&packetizer) != NULL) {
    guint64 offset = packetizer.offset;
    Spead2Packet packet = *spead2_packetizer_peek (&packetizer);
    const guint8 *datagram;
    gsize size;

    spead2_packetizer_write (&packetizer, 1, scratch, iov);
    *next = skip_others (get, *next, n, job->heap->destination);
    datagram = *next < n ? get (*next, &size) : NULL;
    if (datagram == NULL || field (datagram, 1) != job->heap->cnt ||
        field (datagram, 3) != offset)
      continue;
    if (!has_bytes (&packet, iov, datagram, size))
      fail ("heap %" G_GUINT64_FORMAT ", packet at %" G_GUINT64_FORMAT
            ": %" G_GSIZE_FORMAT " bytes, or not those",
          job->heap->cnt, offset, size);
    bytes += size;
    (*next)++;
  }
  g_free (scratch);
  g_free (iov);
  return bytes;
}

static guint64
check_destination (GetDatagram get, gsize n, guint destination)
{
  guint64 total = 0;
  gsize next = 0;
  guint i;

  for (i = 0; i < n_jobs; i++) {
    const Job *job = &jobs[i];
    guint64 bytes;

    if (job->heap->destination != destination)
      continue;
    bytes = check_job (job, get, &next, n);
    if (bytes != job->tx.bytes)
      fail ("heap %u: sent %" G_GUINT64_FORMAT ", accounted "
            "%" G_GUINT64_FORMAT,
          i, bytes, job->tx.bytes);
    if ((bytes == job->wire_bytes) != (job->tx.error == 0))
      fail ("heap %u: error %d, %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, i,
          job->tx.error, bytes, job->wire_bytes);
    total += bytes;
  }
  fail_unless_equals_uint64 (skip_others (get, next, n, destination), n);
  return total;
}

guint64
check_datagrams (GetDatagram get, gsize n)
{
  guint64 total = 0;
  guint i;

  for (i = 0; i < MAX_DESTINATIONS; i++)
    total += check_destination (get, n, i);
  return total;
}
