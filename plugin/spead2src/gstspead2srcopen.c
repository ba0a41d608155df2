/* gst-spead2: from spead2src's settings to sockets and workers: see
 * gstspead2srcprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

#include "spead2/clock.h"
#include "spead2/cpulist.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"

/* Heaps under assembly where max-heaps is 0. */
#define AUTO_MAX_HEAPS 16

/* Bytes of memory for all heaps under assembly, in heaps of the largest size. */
#define MAX_LIVE_LARGEST 2

/* Ended heaps that are remembered, and for how long, ns. */
#define N_REMEMBERED 4096
#define REMEMBER_TIME (2 * SPEAD2_SECOND)

/* Runs of heaps that the queue of received heaps has space for, at least. */
#define MIN_QUEUED_RUNS 4

static gboolean
check_settings (const GstSpead2SrcSettings *settings, GError **error)
{
  const GstSpead2Rate rate = gst_spead2_src_settings_rate (settings);

  if (settings->timestamp_mode == GST_SPEAD2_TIMESTAMP_MODE_UTC &&
      settings->sync_epoch < 0) {
    g_set_error_literal (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "timestamp-mode=utc needs sync-epoch: set the time at which the sample "
        "index was 0, in ns since 1970");
    return FALSE;
  }
  if (settings->heap_address_bits % 8 != 0) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "heap-address-bits=%u is no flavour of SPEAD-64: it must be a multiple "
        "of 8 from 8 to 56, or 0 for any",
        settings->heap_address_bits);
    return FALSE;
  }
  return gst_spead2_rate_check (&rate, error) &&
      gst_spead2_net_element_check_socket (settings->socket, error);
}

/* What the kernel gave that is less than what was asked for. */
static void
check_buffer_size (GstElement *element, Spead2Receiver *receiver, guint wanted)
{
  guint size = spead2_receiver_buffer_size (receiver);

  if (size < wanted)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("The kernel gives a receive buffer of %u bytes, not the %u of "
         "buffer-size. Allow more with 'sysctl net.core.rmem_max=%u'.",
            size, wanted, wanted),
        (NULL));
}

/* An interface that nothing is joined on. */
static void
check_multicast (GstElement *element, const GstSpead2SrcSettings *settings,
    const Spead2Endpoint *address)
{
  if (settings->multicast_iface && !address->multicast)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("multicast-iface=%s has no effect: %s is no multicast group.",
            settings->multicast_iface, settings->address),
        (NULL));
}

Spead2Receiver *
gst_spead2_src_settings_open (const GstSpead2SrcSettings *settings,
    GstElement *element, const Spead2ReceiverCallbacks *callbacks,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) addresses = NULL;
  g_autoptr (GArray) sources = NULL;
  g_autoptr (GArray) cpus = NULL;
  g_autofree gchar *name = gst_object_get_name (GST_OBJECT (element));
  guint port = settings->port;
  Spead2Receiver *receiver;
  Spead2ReceiverSockets sockets = {
      .ports = &port,
      .n_ports = 1,
      .socket.buffer_size = settings->buffer_size,
      .socket.reuse = settings->reuse,
      .socket.gro = TRUE,
      .socket.ifaces = settings->multicast_iface,
      .ifaces = settings->multicast_iface,
      .join = settings->auto_multicast,
      .fd = settings->socket ? g_socket_get_fd (settings->socket) : -1,
      .n_threads = settings->receive_threads,
      .thread_name = name,
  };

  if (!check_settings (settings, error))
    return NULL;
  cpus = spead2_cpu_list_parse (
      settings->cpu_affinity ? settings->cpu_affinity : "", error);
  if (cpus == NULL)
    return NULL;
  addresses = spead2_endpoint_list_resolve (
      settings->address, port, cancellable, error);
  if (addresses == NULL)
    return NULL;
  sources =
      spead2_endpoint_list_parse_sources (settings->multicast_source, error);
  if (sources == NULL)
    return NULL;

  sockets.addresses = (const Spead2Endpoint *) addresses->data;
  sockets.n_addresses = addresses->len;
  sockets.sources = (const Spead2Endpoint *) sources->data;
  sockets.n_sources = sources->len;
  sockets.cpus = cpus;
  receiver = spead2_receiver_new (&sockets, callbacks, error);
  if (receiver) {
    check_buffer_size (element, receiver, settings->buffer_size);
    check_multicast (element, settings, &sockets.addresses[0]);
  }
  return receiver;
}

/* Heaps of which something is said or decided one by one come one by one, and so do those of
 * which some may be dropped. */
gboolean
gst_spead2_src_settings_have_runs (const GstSpead2SrcSettings *settings)
{
  return !settings->accept && !settings->substream_item &&
      !settings->signal_heaps && !settings->retrieve_sender_address &&
      settings->order == GST_SPEAD2_ORDER_ARRIVAL &&
      settings->leaky == GST_SPEAD2_LEAKY_NO;
}

void
gst_spead2_src_settings_run (
    const GstSpead2SrcSettings *settings, Spead2ReceiverConfig *config)
{
  static const Spead2Leak leaks[] = {
      [GST_SPEAD2_LEAKY_NO] = SPEAD2_LEAK_NO,
      [GST_SPEAD2_LEAKY_UPSTREAM] = SPEAD2_LEAK_UPSTREAM,
      [GST_SPEAD2_LEAKY_DOWNSTREAM] = SPEAD2_LEAK_DOWNSTREAM,
  };
  guint max_heaps = settings->max_heaps ? settings->max_heaps : AUTO_MAX_HEAPS;

  memset (config, 0, sizeof *config);
  config->assembler.rules.flavour = settings->heap_address_bits;
  config->assembler.rules.packet_heaps = settings->packet_heaps;
  config->assembler.max_heap_size = settings->max_heap_size;
  config->assembler.max_live_bytes =
      MAX_LIVE_LARGEST * (settings->max_heap_size + SPEAD2_PAYLOAD_ALIGNMENT);
  config->assembler.max_heaps = max_heaps;
  config->assembler.heap_timeout = settings->heap_timeout;
  config->assembler.n_remembered = N_REMEMBERED;
  config->assembler.remember_time = REMEMBER_TIME;
  if (gst_spead2_src_settings_have_runs (settings)) {
    guint n = settings->heaps_per_buffer > 1 ? settings->heaps_per_buffer
                                             : GST_SPEAD2_SRC_MAX_PLACE_BUFFERS;

    config->assembler.run_heaps = settings->max_size_buffers > 0
        ? MIN (n, settings->max_size_buffers)
        : n;
    config->assembler.run_bytes = settings->max_size_bytes / MIN_QUEUED_RUNS;
  }
  config->reader.source = settings->retrieve_sender_address;
  config->reader.coalesce = SPEAD2_READER_COALESCE;
  config->ready.heaps = settings->max_size_buffers;
  config->ready.bytes = settings->max_size_bytes;
  config->ready.time = settings->max_size_time;
  config->leak = leaks[settings->leaky];
}
