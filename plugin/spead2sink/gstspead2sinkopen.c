/* gst-spead2: from spead2sink's settings to a heap maker, a socket and workers: see
 * gstspead2sinkopen.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkopen.h"

#include "gstspead2sinkprivate.h"
#include "spead2/cpulist.h"
#include "spead2/error.h"
#include "spead2/net/endpointlist.h"
#include "spead2/net/iface.h"

GST_DEBUG_CATEGORY_EXTERN (spead2_sink_debug);
#define GST_CAT_DEFAULT spead2_sink_debug

static gboolean
check_packet_size (const Spead2SenderConfig *config, GError **error)
{
  gint family = spead2_endpoint_family (&config->destinations[0]);

  if (config->packet.max_packet_size <= spead2_udp_max_message (family))
    return TRUE;

  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "A packet of %" G_GSIZE_FORMAT " bytes is more than UDP over %s carries: "
      "max-packet-size must be at most %" G_GSIZE_FORMAT,
      config->packet.max_packet_size, family == AF_INET ? "IPv4" : "IPv6",
      spead2_udp_max_message (family));
  return FALSE;
}

/* The index of the first group, or n_destinations. */
static guint
first_group (const Spead2SenderConfig *config)
{
  guint i = 0;

  while (i < config->n_destinations && !config->destinations[i].multicast)
    i++;
  return i;
}

/* What is wrong with the way of multicast, or with wanting one for unicast. */
static void
check_multicast (GstElement *element, const Spead2SenderConfig *config)
{
  const guint index = first_group (config);
  const Spead2Endpoint *destination =
      index < config->n_destinations ? &config->destinations[index] : NULL;
  const gchar *iface = config->socket.multicast_iface;
  gchar *own = spead2_iface_list_dup (iface, index);
  gchar *name = own ? spead2_iface_dup_name (own) : NULL;
  guint mtu = 0;

  if (destination)
    mtu = spead2_sender_mtu (destination, index, &config->socket);
  if (destination == NULL && iface)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("multicast-iface=%s has no effect: %s is no multicast group. The "
         "routing table says by which interface packets leave.",
            iface, config->destinations[0].text),
        (NULL));
  else if (destination && mtu == 0 && iface == NULL)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("There is no route to the multicast group %s: set multicast-iface.",
            destination->text),
        (NULL));
  else if (destination && mtu == 0 && name &&
      spead2_endpoint_family (destination) == AF_INET6)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("There is no route for IPv6 multicast by %s: 'sudo ip -6 route add "
         "multicast ff00::/8 dev %s table local' adds one.",
            name, name),
        ("to %s", destination->text));
  g_free (name);
  g_free (own);
}

/* What will not stop the stream, and yet not work as it was meant. */
static void
check_network (
    GstElement *element, Spead2Sender *sender, const Spead2SenderConfig *config)
{
  gsize overhead =
      spead2_udp_overhead (spead2_endpoint_family (&config->destinations[0]));
  Spead2SenderStats stats;

  spead2_sender_get_stats (sender, &stats);
  check_multicast (element, config);
  if (stats.mtu > overhead && config->packet.packet_size + overhead > stats.mtu)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("Packets of %" G_GSIZE_FORMAT " bytes are larger than the network's "
         "MTU of %u: each will be sent in fragments, and is lost with any one "
         "of them. Set max-packet-size=%" G_GSIZE_FORMAT " in NULL or READY.",
            config->packet.packet_size, stats.mtu, stats.mtu - overhead),
        ("to %s", config->destinations[0].text));
  if (stats.buffer_size < config->socket.buffer_size)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("The kernel gives a send buffer of %u bytes, not the %u of "
         "buffer-size. Allow more with 'sysctl net.core.wmem_max=%u'.",
            stats.buffer_size, config->socket.buffer_size,
            config->socket.buffer_size),
        (NULL));
}

/* A header without a standard pointer is for special receivers: this warns when it was
 * not intended. */
static void
check_header (GstElement *element, const Spead2SenderConfig *config)
{
  gchar *missing = spead2_packet_config_missing (&config->packet);

  if (missing)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("Generic receivers, spead2 among them, cannot read these packets: "
         "items leaves out %s.",
            missing),
        (NULL));
  g_free (missing);
}

/* An index that no item carries. */
static void
check_index (GstElement *element, const GstSpead2SinkSettings *settings,
    const Spead2Items *items)
{
  if ((settings->sync_epoch < 0 && settings->first_sample == 0) ||
      spead2_items_use (items, SPEAD2_SOURCE_SAMPLE_INDEX))
    return;
  GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
      ("%s says where the sample index begins, but no item carries the index: "
       "add one with value=sample-index to items, such as "
       "timestamp,id=0x1600,value=sample-index.",
          settings->sync_epoch < 0 ? "first-sample" : "sync-epoch"),
      (NULL));
}

/* Ids are hexadecimal in most documents. */
static void
check_ids (GstElement *element, const Spead2Items *items)
{
  const Spead2Item *item = spead2_items_suspect_id (items);

  if (item)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("Item '%s' has the decimal id=%" G_GUINT64_FORMAT
         ", which is 0x%" G_GINT64_MODIFIER "x. If 0x%" G_GUINT64_FORMAT
         " is meant, write id=0x%" G_GUINT64_FORMAT
         "; if not, id=0x%" G_GINT64_MODIFIER "x.",
            item->name, item->id, item->id, item->id, item->id, item->id),
        (NULL));
}

static gboolean
open_packets (const GstSpead2SinkSettings *settings, Spead2Items *items,
    Spead2PacketConfig *config, GError **error)
{
  spead2_packet_config_init (config, items->flavour, settings->max_packet_size);
  config->repeat_pointers = settings->repeat_pointers;
  config->payload_per_packet = settings->payload_per_packet;
  config->balanced = settings->packet_split == GST_SPEAD2_PACKET_SPLIT_BALANCED;
  return spead2_packet_config_set_items (config, items, error) &&
      spead2_packet_config_check (config, error);
}

static GstSpead2HeapMaker *
open_maker (const GstSpead2SinkSettings *settings, GstElement *element,
    Spead2Items *items, GError **error)
{
  const GstSpead2HeapMakerConfig config = {
      .layout = {.items = items,
          .descriptors = settings->descriptors,
          .descriptor_interval = settings->descriptor_interval,
          .descriptor_cnt_start = settings->descriptor_cnt_start,
          .descriptor_cnt_step = settings->descriptor_cnt_step,
          .destination_item =
              settings->destination_rule == SPEAD2_DESTINATION_ITEM
              ? settings->destination_item
              : NULL},
      .heap_size = settings->heap_size,
      .copy_size = settings->max_packet_size,
      .remainder = settings->remainder,
      .sample_bits = settings->sample_bits,
      .sample_rate = {settings->sample_rate, settings->sample_rate_denominator},
      .first_sample = settings->first_sample,
      .sync_epoch = settings->sync_epoch};

  return gst_spead2_heap_maker_new (
      &config, &gst_spead2_sink_maker_callbacks, element, error);
}

gint
gst_spead2_sink_settings_family (const GstSpead2SinkSettings *settings)
{
  GSocketAddress *local = NULL;
  gint family = AF_UNSPEC;

  if (settings->socket)
    return g_socket_get_family (settings->socket);
  if (settings->bind_address)
    local = g_inet_socket_address_new_from_string (settings->bind_address, 0);
  if (local)
    family = g_socket_address_get_family (local);
  g_clear_object (&local);
  return family;
}

GArray *
gst_spead2_sink_settings_resolve (const GstSpead2SinkSettings *settings,
    GCancellable *cancellable, GError **error)
{
  const gint family = gst_spead2_sink_settings_family (settings);
  GArray *list;

  if (settings->destinations && *settings->destinations != '\0')
    return spead2_endpoint_list_resolve_destinations (
        settings->destinations, settings->port, family, cancellable, error);
  list = g_array_sized_new (FALSE, FALSE, sizeof (Spead2Endpoint), 1);
  g_array_set_size (list, 1);
  if (!spead2_endpoint_resolve (&g_array_index (list, Spead2Endpoint, 0),
          settings->host, settings->port, family, cancellable, error))
    g_clear_pointer (&list, g_array_unref);
  return list;
}

static gboolean
check_rule (const GstSpead2SinkSettings *settings, GError **error)
{
  if (settings->destination_rule != SPEAD2_DESTINATION_ITEM ||
      (settings->destination_item && *settings->destination_item != '\0'))
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "destination-rule=item needs the name of a value: set destination-item");
  return FALSE;
}

/* Resolves the destinations into the config, which borrows them from the list. */
static GArray *
open_destinations (const GstSpead2SinkSettings *settings,
    Spead2SenderConfig *config, GCancellable *cancellable, GError **error)
{
  GArray *list = NULL;

  if (check_rule (settings, error))
    list = gst_spead2_sink_settings_resolve (settings, cancellable, error);
  if (list) {
    config->destinations = (const Spead2Endpoint *) list->data;
    config->n_destinations = list->len;
  }
  return list;
}

static Spead2Sender *
open_sender (GstElement *element, const GstSpead2SinkSettings *settings,
    const Spead2Items *items, const Spead2PacketConfig *packet,
    GCancellable *cancellable, GError **error)
{
  Spead2SenderConfig config = {
      .packet = *packet,
      .rule = settings->destination_rule,
      .describe_first = settings->descriptor_destinations ==
          GST_SPEAD2_DESCRIPTOR_DESTINATIONS_FIRST,
      .count_each = settings->heap_cnt_per_destination,
      .fd = settings->socket ? g_socket_get_fd (settings->socket) : -1,
      .n_workers = settings->send_threads,
      .max_heaps = settings->max_heaps,
      .interleave = settings->interleave,
      .rate = settings->rate,
      .burst_size = settings->burst_size,
      .burst_rate_ratio = settings->burst_rate_ratio,
      .no_gso = settings->gso == GST_SPEAD2_GSO_OFF,
      .zero_copy = settings->zero_copy != GST_SPEAD2_ZERO_COPY_OFF,
      .zero_copy_always = settings->zero_copy == GST_SPEAD2_ZERO_COPY_ON,
      .cnt_start = spead2_items_first_cnt (items, settings->heap_cnt_start),
      .cnt_step = settings->heap_cnt_step,
      .socket.multicast_iface = settings->multicast_iface,
      .socket.ttl = settings->ttl,
      .socket.ttl_mc = settings->ttl_mc,
      .socket.loop = settings->loop,
      .socket.dscp = settings->qos_dscp,
      .socket.buffer_size = settings->buffer_size,
  };
  Spead2Sender *sender = NULL;
  Spead2Endpoint local;
  GArray *destinations = NULL;
  gchar *name = gst_object_get_name (GST_OBJECT (element));

  if (settings->bind_address || settings->bind_port != 0)
    config.socket.local = &local;
  config.thread_name = name;

  if (gst_spead2_net_element_check_socket (settings->socket, error) &&
      (config.cpus = spead2_cpu_list_parse (
           settings->cpu_affinity ? settings->cpu_affinity : "", error)) !=
          NULL &&
      (destinations =
              open_destinations (settings, &config, cancellable, error)) &&
      (config.socket.local == NULL ||
          spead2_endpoint_local (&local,
              spead2_endpoint_family (&config.destinations[0]),
              settings->bind_address, settings->bind_port, error)) &&
      check_packet_size (&config, error))
    sender = spead2_sender_new (
        &config, &gst_spead2_sink_sender_callbacks, element, error);
  if (sender) {
    check_network (element, sender, &config);
    check_header (element, &config);
    check_index (element, settings, items);
    check_ids (element, items);
  }

  g_clear_pointer (&destinations, g_array_unref);
  g_clear_pointer (&config.cpus, g_array_unref);
  g_free (name);
  return sender;
}

Spead2Sender *
gst_spead2_sink_settings_open (const GstSpead2SinkSettings *settings,
    GstElement *element, GstSpead2HeapMaker **maker, GCancellable *cancellable,
    GError **error)
{
  Spead2Sender *sender = NULL;
  Spead2PacketConfig packet;
  const GstSpead2Rate rate = {
      settings->sample_rate, settings->sample_rate_denominator};
  Spead2Items *items =
      spead2_items_new (settings->items, settings->heap_address_bits, error);

  *maker = NULL;
  if (items && gst_spead2_rate_check (&rate, error) &&
      open_packets (settings, items, &packet, error) &&
      (*maker = open_maker (settings, element, items, error)) != NULL)
    sender =
        open_sender (element, settings, items, &packet, cancellable, error);
  if (sender == NULL)
    g_clear_pointer (maker, gst_spead2_heap_maker_free);
  g_clear_pointer (&items, spead2_items_unref);
  return sender;
}
