/* The properties of spead2sink: see gstspead2sinkproperties.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkproperties.h"

#include "common/gstspead2types.h"
#include "spead2/heap/layout.h"
#include "spead2/send/sender.h"

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 8888
#define DEFAULT_HEAP_CNT_PER_DESTINATION FALSE
#define DEFAULT_HEAP_SIZE 0
#define DEFAULT_MAX_HEAPS 0
#define DEFAULT_SEND_THREADS 1
#define DEFAULT_INTERLEAVE 1
#define DEFAULT_MAX_PACKET_SIZE 1472
#define DEFAULT_RATE 0.0
#define DEFAULT_BURST_SIZE 65536
#define DEFAULT_BURST_RATE_RATIO 1.05
#define DEFAULT_HEAP_ADDRESS_BITS 40
#define DEFAULT_SEND_STOP_HEAP TRUE
#define DEFAULT_SIGNAL_HEAPS FALSE
#define DEFAULT_QUIET FALSE
#define DEFAULT_REPEAT_POINTERS FALSE
#define DEFAULT_PAYLOAD_PER_PACKET 0
#define DEFAULT_HEAP_CNT_START 1
#define DEFAULT_HEAP_CNT_STEP 1
#define DEFAULT_SEND_START_HEAP FALSE
#define DEFAULT_DESCRIPTOR_INTERVAL 0
#define DEFAULT_DESCRIPTOR_CNT_START 1
#define DEFAULT_DESCRIPTOR_CNT_STEP 0
#define DEFAULT_FIRST_SAMPLE 0
#define DEFAULT_SYNC_EPOCH -1
#define DEFAULT_SAMPLE_RATE 0
#define DEFAULT_SAMPLE_RATE_DENOMINATOR 1
#define DEFAULT_SAMPLE_BITS 0
#define DEFAULT_TTL 64
#define DEFAULT_TTL_MC 1
#define DEFAULT_LOOP TRUE
#define DEFAULT_QOS_DSCP -1
#define DEFAULT_BUFFER_SIZE 0
#define DEFAULT_BIND_PORT 0
#define DEFAULT_CLOSE_SOCKET TRUE

#define MAX_MAX_HEAPS 65536

static const gsize field_offsets[GST_SPEAD2_SINK_N_SETTINGS] = {
#define FIELD(id, field)                                                       \
  [GST_SPEAD2_SINK_PROP_##id] = G_STRUCT_OFFSET (GstSpead2SinkSettings, field)
    FIELD (HOST, host),
    FIELD (PORT, port),
    FIELD (DESTINATIONS, destinations),
    FIELD (DESTINATION_RULE, destination_rule),
    FIELD (DESTINATION_ITEM, destination_item),
    FIELD (DESCRIPTOR_DESTINATIONS, descriptor_destinations),
    FIELD (HEAP_CNT_PER_DESTINATION, heap_cnt_per_destination),
    FIELD (INTERLEAVE, interleave),
    FIELD (HEAP_SIZE, heap_size),
    FIELD (REMAINDER, remainder),
    FIELD (MAX_HEAPS, max_heaps),
    FIELD (SEND_THREADS, send_threads),
    FIELD (CPU_AFFINITY, cpu_affinity),
    FIELD (MAX_PACKET_SIZE, max_packet_size),
    FIELD (RATE, rate),
    FIELD (BURST_SIZE, burst_size),
    FIELD (BURST_RATE_RATIO, burst_rate_ratio),
    FIELD (HEAP_ADDRESS_BITS, heap_address_bits),
    FIELD (SEND_STOP_HEAP, send_stop_heap),
    FIELD (INDEX_SOURCE, index_source),
    FIELD (ON_ERROR, on_error),
    FIELD (SIGNAL_HEAPS, signal_heaps),
    FIELD (QUIET, quiet),
    FIELD (STATS_INTERVAL, stats_interval),
    FIELD (GSO, gso),
    FIELD (ZERO_COPY, zero_copy),
    FIELD (ITEMS, items),
    FIELD (REPEAT_POINTERS, repeat_pointers),
    FIELD (PAYLOAD_PER_PACKET, payload_per_packet),
    FIELD (PACKET_SPLIT, packet_split),
    FIELD (HEAP_CNT_START, heap_cnt_start),
    FIELD (HEAP_CNT_STEP, heap_cnt_step),
    FIELD (SEND_START_HEAP, send_start_heap),
    FIELD (DESCRIPTORS, descriptors),
    FIELD (DESCRIPTOR_INTERVAL, descriptor_interval),
    FIELD (DESCRIPTOR_CNT_START, descriptor_cnt_start),
    FIELD (DESCRIPTOR_CNT_STEP, descriptor_cnt_step),
    FIELD (FIRST_SAMPLE, first_sample),
    FIELD (SYNC_EPOCH, sync_epoch),
    FIELD (START_TIME, start_time),
    FIELD (START_ALIGNMENT, start_alignment),
    FIELD (SAMPLE_RATE, sample_rate),
    FIELD (SAMPLE_RATE_DENOMINATOR, sample_rate_denominator),
    FIELD (SAMPLE_BITS, sample_bits),
    FIELD (MULTICAST_IFACE, multicast_iface),
    FIELD (TTL, ttl),
    FIELD (TTL_MC, ttl_mc),
    FIELD (LOOP, loop),
    FIELD (QOS_DSCP, qos_dscp),
    FIELD (BUFFER_SIZE, buffer_size),
    FIELD (BIND_ADDRESS, bind_address),
    FIELD (BIND_PORT, bind_port),
    FIELD (SOCKET, socket),
    FIELD (CLOSE_SOCKET, close_socket),
#undef FIELD
};

const GstSpead2SettingsTable gst_spead2_sink_settings_table = {
    .size = sizeof (GstSpead2SinkSettings),
    .offsets = field_offsets,
    .n = G_N_ELEMENTS (field_offsets),
};

/* -- types -------------------------------------------------------------------- */

static GType
gst_spead2_index_source_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_INDEX_SOURCE_AUTO,
          "The offset if it counts samples or bytes, otherwise a count",
          "auto"},
      {GST_SPEAD2_INDEX_SOURCE_OFFSET, "The buffer's offset", "offset"},
      {GST_SPEAD2_INDEX_SOURCE_COUNT, "Frames, or bytes, so far", "count"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2IndexSource", values));
  return type;
}

static GType
gst_spead2_on_error_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_ON_ERROR_CONTINUE,
          "Continue with the next heap, with a warning", "continue"},
      {GST_SPEAD2_ON_ERROR_FAIL, "Stop the stream with an error", "fail"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2OnError", values));
  return type;
}

static GType
gst_spead2_gso_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_GSO_AUTO, "Used if the kernel accepts it", "auto"},
      {GST_SPEAD2_GSO_OFF, "Never: each packet is sent alone", "off"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstSpead2Gso", values));
  return type;
}

static GType
gst_spead2_zero_copy_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_ZERO_COPY_AUTO, "Used where possible and faster", "auto"},
      {GST_SPEAD2_ZERO_COPY_ON, "Used where possible, with a warning otherwise",
          "on"},
      {GST_SPEAD2_ZERO_COPY_OFF, "Never", "off"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2ZeroCopy", values));
  return type;
}

static GType
gst_spead2_remainder_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_REMAINDER_ERROR, "Stop the stream with an error", "error"},
      {GST_SPEAD2_REMAINDER_DROP, "Omit the bytes", "drop"},
      {GST_SPEAD2_REMAINDER_PAD, "Add zeros", "pad"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2Remainder", values));
  return type;
}

static GType
gst_spead2_packet_split_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_PACKET_SPLIT_FULL, "Full packets, the rest in the last",
          "full"},
      {GST_SPEAD2_PACKET_SPLIT_BALANCED,
          "Packets of one size, as many as with full", "balanced"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2PacketSplit", values));
  return type;
}

static GType
gst_spead2_descriptors_get_type (void)
{
  static const GEnumValue values[] = {
      {SPEAD2_DESCRIPTORS_NONE, "Only on request by send-descriptors", "none"},
      {SPEAD2_DESCRIPTORS_FIRST_HEAP,
          "In the first heap, and in heaps of another shape or type",
          "first-heap"},
      {SPEAD2_DESCRIPTORS_OWN_HEAP, "In a heap of their own before these",
          "own-heap"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2Descriptors", values));
  return type;
}

static GType
gst_spead2_destination_rule_get_type (void)
{
  static const GEnumValue values[] = {
      {SPEAD2_DESTINATION_IN_TURN, "One after the other", "in-turn"},
      {SPEAD2_DESTINATION_ALL, "Every heap to all", "all"},
      {SPEAD2_DESTINATION_ITEM, "The value of destination-item says which one",
          "item"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2DestinationRule", values));
  return type;
}

static GType
gst_spead2_descriptor_destinations_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_DESCRIPTOR_DESTINATIONS_ALL, "To each", "all"},
      {GST_SPEAD2_DESCRIPTOR_DESTINATIONS_FIRST, "To the first one alone",
          "first"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstSpead2DescriptorDestinations", values));
  return type;
}

/* -- parameters and their documentation --------------------------------------- */

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)

static void
install_destination (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:host:
   *
   * The destination: an IPv4 or IPv6 address, unicast or multicast, without brackets
   * (`::1`) and without a port, which is #GstSpead2Sink:port. A link-local address
   * is followed by its interface: `fe80::1%eth0`.
   *
   * Or a name, which is resolved in NULL to READY, or in READY to PAUSED if it was
   * changed. That takes at most 5 seconds; setting this element, not its pipeline,
   * to NULL from another thread ends it. Of several addresses, the first one of the
   * family of #GstSpead2Sink:socket or #GstSpead2Sink:bind-address is used; with
   * neither, the first in the system's order (RFC 6724, /etc/gai.conf), in which
   * those without a route are last. `localhost`, or any other name of this machine,
   * is then its IPv4 address if it has one, 127.0.0.1. Warnings and errors contain
   * the address.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_HOST,
      g_param_spec_string ("host", "Host",
          "Address, multicast group or name to send to", DEFAULT_HOST,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:port:
   *
   * UDP port to send to, 1 to 65535.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_PORT,
      g_param_spec_int ("port", "Port", "UDP port to send to", 0, G_MAXUINT16,
          DEFAULT_PORT, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:uri:
   *
   * Destination and options in one text: `spead://host:port?name=value&name=value`.
   * A range of addresses, `spead://239.2.1.150+15:7148`, sets
   * #GstSpead2Sink:destinations, which any other list is as an option.
   * Every option is a property of this element by its name, with a value as in
   * gst-launch-1.0, percent-encoded where URLs require it; an IPv6 address is in
   * brackets, and the default port is 8888. Setting it sets these properties and
   * leaves the others unchanged; a text with an error sets nothing, and is an error
   * when the element starts. Reading it gives a text with all properties that differ
   * from their defaults.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_URI,
      g_param_spec_string ("uri", "URI", "spead://host:port?property=value&...",
          "spead://127.0.0.1:8888", FLAGS | GST_PARAM_MUTABLE_READY));
}

static void
install_destinations (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:destinations:
   *
   * Several destinations instead of #GstSpead2Sink:host and #GstSpead2Sink:port: a
   * list, separated by commas, of `ADDRESS:PORT`, of ranges of addresses,
   * `239.102.0.64+7:7148` (that one and the seven after it), and of ranges of ports,
   * `127.0.0.1:9000+7`. IPv6 is in brackets: `[ff15::1]+3:7148`. Without `:PORT`, it is
   * #GstSpead2Sink:port. At most 4096, unicast or multicast, all of one family, each
   * once. Names are looked up one after the other, each as in #GstSpead2Sink:host.
   *
   * #GstSpead2Sink:destination-rule says which heaps go to which of them. Start and
   * stop heaps go to each; descriptors do, as #GstSpead2Sink:descriptor-destinations
   * says, in a heap of their own, unless `destination-rule=all`.
   *
   * A sending thread sends the packets of each destination in the order of their heaps.
   * Those to different destinations it sorts, up to 1 MiB of what is ready at a time, so
   * that the packets to one share a message (#GstSpead2Sink:gso); with
   * #GstSpead2Sink:rate, within a burst. Several
   * #GstSpead2Sink:send-threads do not keep the order between their heaps, of one
   * destination or several.
   *
   * All share the sending thread's socket and its send buffer. The kernel holds packets
   * to a host or router whose hardware address it has not got (ARP, neighbour discovery)
   * in that buffer. When they fill it, such a destination is taken off the socket within
   * milliseconds: its heaps fail with EHOSTUNREACH, it is named in a warning, at most
   * every 10 seconds for each sending thread, and the others get theirs. With
   * `on-error=fail`, the first of these heaps ends the stream instead. It gets one
   * message a second, and everything again 0.1 seconds after its hardware address is
   * found, which takes up to two seconds when it comes back. With an outside
   * #GstSpead2Sink:socket, which is not replaced, what is in the buffer already still
   * blocks it until the kernel gives up, after 3 seconds. A destination that is alone is
   * not taken off: its heaps are sent, and ICMP errors are counted.
   *
   * The actions #GstSpead2Sink::add, #GstSpead2Sink::remove and #GstSpead2Sink::clear
   * change the list in any state. Unset: host and port. An error in the list is an
   * error in NULL to READY, and names the entry and the character where it begins.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_DESTINATIONS,
      g_param_spec_string ("destinations", "Destinations",
          "Addresses and ports to send to: 239.102.0.64+7:7148,10.1.1.1:7148",
          NULL, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:destination-rule:
   *
   * Which of several #GstSpead2Sink:destinations a heap with data goes to:
   *
   * - `in-turn`: to the first, the second and so on, beginning again after the last.
   *   Of N destinations, each gets every Nth heap, and, where the sender counts the
   *   heaps, every Nth counter: k, k + N, k + 2N and so on, with
   *   #GstSpead2Sink:heap-cnt-step 1. A heap that goes to all (descriptors, start and
   *   stop) has a counter, too, and moves those behind it by one:
   *   #GstSpead2Sink:descriptor-cnt-step counts descriptors apart. A receiver that
   *   finds losses by gaps must count in steps of N, or see
   *   #GstSpead2Sink:heap-cnt-per-destination. A flush gives the turns of dropped heaps
   *   back, as their counters, from the last heap to the last one that was sent: as
   *   messages to several destinations pass one another, others in front of that may
   *   have been dropped, whose counters are missing.
   * - `all`: every heap to each, with one counter. Its memory is held once.
   * - `item`: to the one whose number in the list, from 0, is the value of
   *   #GstSpead2Sink:destination-item. A value without a destination is an error that
   *   ends the stream, after the heaps before it.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_DESTINATION_RULE,
      g_param_spec_enum ("destination-rule", "Destination rule",
          "Which of several destinations a heap goes to",
          gst_spead2_destination_rule_get_type (), SPEAD2_DESTINATION_IN_TURN,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:destination-item:
   *
   * With `destination-rule=item`: the name of the item of #GstSpead2Sink:items, which
   * must be a number, or of the application's value (a field of the meta
   * GstSpead2Items or the event spead2-items, which need not be an item), that is the
   * number of the heap's destination, from 0. The application's value takes
   * precedence.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_DESTINATION_ITEM,
      g_param_spec_string ("destination-item", "Destination item",
          "With destination-rule=item: whose value is the destination's number",
          NULL, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:descriptor-destinations:
   *
   * Which of several #GstSpead2Sink:destinations descriptors go to. katgpucbf's
   * digitiser simulator sends them to the first group alone; when the first one is
   * removed, the next one gets them. Start and stop heaps go to each.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_DESTINATIONS,
      g_param_spec_enum ("descriptor-destinations", "Descriptor destinations",
          "Which of several destinations descriptors go to",
          gst_spead2_descriptor_destinations_get_type (),
          GST_SPEAD2_DESCRIPTOR_DESTINATIONS_ALL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:heap-cnt-per-destination:
   *
   * Count the heaps of each destination by themselves, from
   * #GstSpead2Sink:heap-cnt-start in steps of #GstSpead2Sink:heap-cnt-step: every
   * receiver then gets all counters. Several destinations have heaps with the same
   * counter, so that one receiver of all of them cannot tell them apart. Descriptors,
   * start and stop heaps have the counter of each destination. No effect with
   * `destination-rule=all`, nor on heaps whose counter is an item or the
   * application's.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_HEAP_CNT_PER_DESTINATION,
      g_param_spec_boolean ("heap-cnt-per-destination",
          "Heap counter per destination",
          "Each of several destinations has a heap counter of its own",
          DEFAULT_HEAP_CNT_PER_DESTINATION, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:interleave:
   *
   * How many consecutive heaps are sent in turn, 1 to 4096: with as many as there are
   * #GstSpead2Sink:destinations, no destination waits while the whole of another one's
   * heap is sent. With 1, heaps are sent one after the other.
   *
   * The heaps of a group have turns in their order. In its turn a heap sends packets
   * until the message that they share is full: up to 64 KiB, 64 packets,
   * #GstSpead2Sink:burst-size and what #GstSpead2Sink:rate sends in a millisecond.
   * Without #GstSpead2Sink:gso that is one packet, as in spead2's GroupMode
   * ROUND_ROBIN. Heaps that have been sent have no more turns, and the next group
   * begins behind the last one. The packets of each heap stay in order; those to one
   * destination leave in the order of the turns.
   *
   * A group is sent when all of it has been accepted. A part of one is sent at EOS, when
   * the sink drains, in front of descriptors and stop heaps, which are never part of a
   * group, and when no heap has come for a millisecond: slower streams are not
   * interleaved. A group is sent by one of the #GstSpead2Sink:send-threads.
   *
   * More than #GstSpead2Sink:max-heaps is an error in NULL to READY; `max-heaps=0` then
   * allows two groups at least. Small heaps cost more than with 1, since they are
   * passed to the sending thread one by one.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_INTERLEAVE,
      g_param_spec_uint ("interleave", "Interleave",
          "How many consecutive heaps are sent in turn (1 = one after the "
          "other)",
          1, SPEAD2_MAX_INTERLEAVE, DEFAULT_INTERLEAVE,
          FLAGS | GST_PARAM_MUTABLE_READY));
}

static void
install_heaps (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:heap-size:
   *
   * Bytes of a heap's payload. Buffers of any sizes are cut and joined: a heap can
   * end within a buffer, and contain bytes of several. 0: each buffer is a heap,
   * whatever its size.
   *
   * A heap that is not full waits for the next buffer. It is sent, shorter than the
   * others, at EOS, a GAP event or a DRAIN query, and before a buffer with the flag
   * DISCONT, a sample index that is not the next one, other caps or other values of
   * the application. #GstSpead2Sink:remainder applies if a `shape` does not allow
   * that. A flush, and READY without EOS, drop it. Index, dates and values of a heap
   * are those of its first byte.
   *
   * It must be a multiple of a sample of all channels, and the size of an item's
   * `shape`. Gray video is not cut: a picture is a heap. An application's values are
   * in every heap of their buffer; `heap-cnt` is an error if there are several. A
   * shorter heap is described (see #GstSpead2Sink:descriptors).
   *
   * A heap that waits keeps references to its buffers: pieces of less than
   * #GstSpead2Sink:max-packet-size are copied, and so are buffers of a GstBufferPool
   * with a fixed maximum if more than half of them would wait. An application that
   * reuses its own buffers, without a pool, needs more of them than one heap takes.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_HEAP_SIZE,
      g_param_spec_uint ("heap-size", "Heap size",
          "Bytes of a heap, for which buffers are cut and joined (0 = one heap "
          "per buffer)",
          0, G_MAXUINT, DEFAULT_HEAP_SIZE, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:remainder:
   *
   * What to do with bytes that are too few for the shape of a payload: the last ones
   * of a stream with #GstSpead2Sink:heap-size and an item with a `shape`, a buffer
   * that is shorter than such a shape, or part of a sample. Without `shape`, whole
   * samples are sent as a shorter heap. `error` sends all that was accepted before,
   * then posts an error. `remainder-bytes` and `padding-bytes` in
   * #GstSpead2Sink:stats count the bytes that were dropped and added.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_REMAINDER,
      g_param_spec_enum ("remainder", "Remainder",
          "What to do with bytes that are too few for the shape",
          gst_spead2_remainder_get_type (), GST_SPEAD2_REMAINDER_ERROR,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:max-heaps:
   *
   * Limit of outstanding heaps: accepted and not yet sent. Upstream waits when it is
   * reached, until one is sent, or several where it is 16 or more. 0 allows as many as make 4 MiB, from 4 to 4095, and at least 2 for
   * each of #GstSpead2Sink:send-threads and twice #GstSpead2Sink:interleave.
   *
   * With 1, making a heap and sending it alternate: each of two threads waits for
   * the other. That costs most with small heaps: of the throughput with 0, a tenth
   * or less is left with 8 KiB, seven tenths with 1 MiB. With fewer heaps than
   * #GstSpead2Sink:send-threads, some threads are idle.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_MAX_HEAPS,
      g_param_spec_uint ("max-heaps", "Max heaps",
          "Limit of outstanding heaps (0 = as many as make 4 MiB, from 4 to "
          "4095)",
          0, MAX_MAX_HEAPS, DEFAULT_MAX_HEAPS,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:send-threads:
   *
   * Number of sending threads, 1 to 64, each with a socket of its own, or with a
   * common one if #GstSpead2Sink:bind-port or #GstSpead2Sink:socket is set. One CPU
   * limits the throughput of a thread; several threads send different heaps at the
   * same time. Receivers then get heaps of neighbouring counters interleaved and,
   * without a common socket, from several source ports. Descriptors and stop heaps
   * are still sent after all heaps before them, and before all heaps behind them.
   *
   * While the kernel runs other threads, one may be halfway through a heap of which the
   * rest comes later than all others that were outstanding. A receiver that must not
   * give that heap up assembles up to #GstSpead2Sink:max-heaps at a time; spead2
   * assembles 4 unless `max_heaps` of its receive StreamConfig is set.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SEND_THREADS,
      g_param_spec_uint ("send-threads", "Send threads",
          "Threads that send, each with a socket of its own", 1,
          SPEAD2_MAX_WORKERS, DEFAULT_SEND_THREADS,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:cpu-affinity:
   *
   * CPUs to which the sending threads are bound, as numbers and ranges, "2" or "1,3"
   * or "4-7": the first thread to the first, the second to the second, and so on,
   * starting again from the first if there are more threads. Unset, the kernel
   * chooses. The streaming thread is not affected. A CPU that the process is not
   * permitted to use is an error in NULL to READY.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_CPU_AFFINITY,
      g_param_spec_string ("cpu-affinity", "CPU affinity",
          "CPUs to which the sending threads are bound, for example 1,3", NULL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:max-packet-size:
   *
   * Maximum of UDP payload bytes in a packet, SPEAD header included, IP and UDP
   * headers not; rounded down to a multiple of 8. From 56 to 65507 (IPv4) or 65527
   * (IPv6). The maximum for a network is its MTU less 28 (IPv4) or 48 (IPv6): 1472
   * for Ethernet, 8972 for jumbo frames of 9000.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_MAX_PACKET_SIZE,
      g_param_spec_uint ("max-packet-size", "Max packet size",
          "Maximum of UDP payload bytes in a packet (MTU less 28 on IPv4)", 0,
          G_MAXUINT, DEFAULT_MAX_PACKET_SIZE, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:rate:
   *
   * Mean rate in bytes of UDP payload per second, at least 1; 0 sends as fast as the
   * kernel takes packets. At 1, a packet for Ethernet takes 25 minutes. A value
   * between 0 and 1 is an error at the start, and later a warning that leaves the
   * rate unchanged. A change in PLAYING takes effect at once, also for a thread that
   * sleeps; bytes that were sent ahead are charged at the new rate.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_RATE,
      g_param_spec_double ("rate", "Rate",
          "Bytes of UDP payload per second (0 = unlimited)", 0.0, G_MAXDOUBLE,
          DEFAULT_RATE, FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:burst-size:
   *
   * With a rate, the maximum of bytes that are sent back to back; never more than a
   * millisecond of the rate, and always at least one packet.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_BURST_SIZE,
      g_param_spec_uint64 ("burst-size", "Burst size",
          "With a rate: maximum of bytes sent back to back", 1, G_MAXUINT64,
          DEFAULT_BURST_SIZE, FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:burst-rate-ratio:
   *
   * With a rate, the maximum speed at which a sender that is late catches up, as a
   * multiple of the rate.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_BURST_RATE_RATIO,
      g_param_spec_double ("burst-rate-ratio", "Burst rate ratio",
          "With a rate: fastest catching up, as a multiple of it", 1.0,
          G_MAXDOUBLE, DEFAULT_BURST_RATE_RATIO,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:heap-address-bits:
   *
   * The flavour, SPEAD-64-N: bits of an immediate value, an address and the
   * heap counter; a multiple of 8. 40 suits generic receivers, 48 MeerKAT,
   * Effelsberg and SKA. Timestamps count modulo 2^N.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_HEAP_ADDRESS_BITS,
      g_param_spec_uint ("heap-address-bits", "Heap address bits",
          "Flavour: N of SPEAD-64-N, a multiple of 8", 8, 56,
          DEFAULT_HEAP_ADDRESS_BITS, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:send-stop-heap:
   *
   * Mark the end of the stream with a stop heap: after the last heap at EOS, unless
   * #GstSpead2Sink::send-stop has sent one there, and when the element goes to READY
   * without EOS.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SEND_STOP_HEAP,
      g_param_spec_boolean ("send-stop-heap", "Send stop heap",
          "End the stream with a stop heap", DEFAULT_SEND_STOP_HEAP,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:index-source:
   *
   * Source of the index of a heap's first sample, which is the item `timestamp`. It
   * is never a buffer's time, which is too coarse at the rates of digitisers.
   *
   * `auto` determines what a buffer's OFFSET counts. With an OFFSET_END, OFFSET is
   * used if the distance between both is the number of samples in the buffer, or of
   * bytes. Without one, and with `audio/x-raw` or no caps only, OFFSET is a count of
   * samples until the distance to the next buffer is the number of bytes. Otherwise
   * the sink counts itself. An OFFSET without OFFSET_END that is the PTS times the
   * rate of the caps (interleave) can differ from the count by the rounding to a
   * nanosecond; then the count is used. Any other difference is a jump, which is
   * followed; without DISCONT it also causes one warning.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_INDEX_SOURCE,
      g_param_spec_enum ("index-source", "Index source",
          "Where the index of a heap's first sample comes from",
          gst_spead2_index_source_get_type (), GST_SPEAD2_INDEX_SOURCE_AUTO,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:on-error:
   *
   * Reaction to a heap that the kernel refuses, with EPERM or ENETUNREACH for
   * example: continue with the next one, with a warning at most once per second, or
   * stop with an error. The same applies to a heap for one of several
   * #GstSpead2Sink:destinations that was taken off the socket because it does not
   * respond (EHOSTUNREACH). ICMP errors for earlier packets (a port without a listener)
   * never stop the stream.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_ON_ERROR,
      g_param_spec_enum ("on-error", "On error",
          "What to do when the kernel refuses a heap",
          gst_spead2_on_error_get_type (), GST_SPEAD2_ON_ERROR_CONTINUE,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:signal-heaps:
   *
   * Emit #GstSpead2Sink::heap-done for each heap.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SIGNAL_HEAPS,
      g_param_spec_boolean ("signal-heaps", "Signal heaps",
          "Emit heap-done for each heap", DEFAULT_SIGNAL_HEAPS,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:quiet:
   *
   * Post no INFO message at EOS. That message is posted before the EOS message. It
   * contains the numbers of heaps that were sent, failed and dropped since the
   * element went to PAUSED or since the previous EOS; the bytes of UDP payload and
   * the packets that the kernel accepted in that time; the seconds from the push of
   * the first heap to the end of the last one, pauses included; and bytes per second
   * in 10^6. Warnings and errors are posted in any case.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_QUIET,
      g_param_spec_boolean ("quiet", "Quiet",
          "Post no INFO message with numbers at EOS", DEFAULT_QUIET,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:stats-interval:
   *
   * Post an element message named `spead2-stats`, with the fields of
   * #GstSpead2Sink:stats, each time so many nanoseconds have passed in PAUSED or
   * PLAYING, whether data flow or not, and at EOS, behind the INFO message; 0: never.
   * Less than 1000000 (1 ms) counts as that. It can change at any time, and the time
   * then starts anew. The timestamp of the message is the time of the counters, in ns of
   * gst_util_get_timestamp().
   *
   * The messages of the interval are posted by the thread of GStreamer's system clock,
   * which is one for all elements of a process: a synchronous handler of the bus must
   * not wait. The one at EOS is posted by the streaming thread.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_STATS_INTERVAL,
      g_param_spec_uint64 ("stats-interval", "Statistics interval",
          "Post a message with stats each time so much has passed (in ns, 0 = "
          "never)",
          0, G_MAXINT64, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:gso:
   *
   * Pass packets to the kernel in messages of up to 64 packets or 64 KiB, which the
   * kernel or the network card splits (UDP segmentation offload, UDP_SEGMENT).
   * Receivers get the same packets. With `off`, each packet is passed alone, at
   * several times the processor time if packets are small.
   *
   * `off` is for captures on the sending machine, which contain the message before
   * it is split, and for network cards that split it wrongly. With `auto`, single
   * packets are sent if the kernel refuses messages; `gso-reason` in
   * #GstSpead2Sink:stats has the reason.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_GSO,
      g_param_spec_enum ("gso", "Segmentation offload",
          "Let the kernel split messages of many packets",
          gst_spead2_gso_get_type (), GST_SPEAD2_GSO_AUTO,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:zero-copy:
   *
   * Let the kernel and the network card read buffers where they are, instead of
   * copying them, which is up to two or three times as fast. This requires Linux
   * 6.15, io_uring (sysctl kernel.io_uring_disabled=0) and memory that can be locked
   * (`ulimit -l`): the size of the outstanding buffers, for each sending thread.
   *
   * It is used for buffers in memory that the sink provides, in packets of at least
   * 3000 bytes, or of any size from adctestsrc, which leaves headroom for their
   * headers. `auto` copies where messages are small, as those of small heaps that go
   * to many destinations in turn: a fifth faster with heaps of 8 KiB; and the first
   * messages, whose size is not known before. The sink offers
   * its allocator in the ALLOCATION query, for as many buffers as are outstanding;
   * most sources and converters use it, also through queue, but not through tee.
   * Other buffers are copied, and so are packets to a receiver on this machine. In
   * #GstSpead2Sink:stats, `zero-copy-reason` has the reason.
   *
   * With several #GstSpead2Sink:destinations, `auto` copies what goes to unicast
   * addresses: the memory of a heap for one that does not respond would be released when
   * the kernel gives up, after 3 seconds, and heaps behind it complete later. With `on`,
   * that is so.
   *
   * A message of 64 KiB that is not copied is charged with up to 20 MiB to the
   * socket's send buffer. On a wire that is slower than this machine, `auto` copies
   * if the buffer would hold fewer than three: set #GstSpead2Sink:buffer-size and
   * the sysctl net.core.wmem_max to 64 MiB.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_ZERO_COPY,
      g_param_spec_enum ("zero-copy", "Zero copy",
          "Let the kernel read buffers where they are",
          gst_spead2_zero_copy_get_type (), GST_SPEAD2_ZERO_COPY_AUTO,
          FLAGS | GST_PARAM_MUTABLE_READY));

  /**
   * GstSpead2Sink:stats:
   *
   * Counters since the element went to READY, besides the fields of
   * #GstBaseSink:stats. Numbers are guint64 unless stated otherwise, times are
   * nanoseconds.
   *
   * - heaps-pushed = heaps-sent + heaps-failed + heaps-dropped + outstanding, at
   *   any time. A failed heap was refused by the kernel or not completed at a
   *   flush; a dropped heap was removed by a flush before any of it was sent.
   *   Heaps that contain only descriptors are included, start and stop heaps are
   *   not
   * - packets, bytes (of UDP payload) and messages (of up to 64 packets) that the
   *   kernel accepted, stop heaps included; payload-bytes of the heaps sent
   * - calls of sendmmsg; waits for space in the socket's buffer
   * - errors: errnos of system calls and ICMP errors; errors-by-errno: a
   *   #GstStructure with a field for each that occurred, such as `ECONNREFUSED`
   * - gso (gboolean): segmentation offload is in use; else gso-reason (string)
   * - zero-copy (gboolean): heaps are sent without copying them; else, once
   *   something has been sent, zero-copy-reason (string); zero-copy-messages
   * - heaps-abandoned, of heaps-failed: the kernel still read their memory 500 ms
   *   after a flush or the end
   * - heap-cnt-wraps and index-wraps of the two counters, offset-jumps of the
   *   sample index
   * - remainder-bytes that were dropped and padding-bytes that were added, as
   *   #GstSpead2Sink:remainder defines
   * - outstanding and peak-outstanding heaps (guint): accepted, and their end not
   *   yet reported by #GstSpead2Sink::heap-done
   * - heap-time-min, -mean, -max: of heaps sent, from acceptance to release
   * - pacing-error-mean, -max: with a rate, delay of a burst against its due time
   * - mtu (guint): the largest IP packet that reaches every destination in one piece,
   *   0 without a route; send-buffer (guint): bytes
   * - destinations: a GST_TYPE_ARRAY with a #GstStructure for each, in the order of the
   *   list: address (string, `239.102.0.64:7148`), and, since it was added,
   *   packets-sent, bytes-sent and errors, of those above
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters of heaps, packets, bytes and errors", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
install_items (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:items:
   *
   * What every heap carries, in the order of the wire: items separated by `;`, each
   * a name and fields in the syntax of GstStructure. [items.md](items.md) is their
   * reference, [recipes.md](recipes.md) has lines for many receivers.
   *
   * - `id`: required, from 7 to the maximum of the flavour
   * - `value`: `payload` (the buffer, exactly one item), `sample-index`,
   *   `heap-index` (from 0), `utc-ns`, `ptp-ns`, a number, a text in quotes, an
   *   array `<1,2,3>` with one number per heap, or `meta`, which the application
   *   sets, with a `default`
   * - `start` and `step` instead of `value`: a counter
   * - `every`: number of consecutive heaps with the same value of counter or array
   * - `mode`: `immediate` or `addressed`
   * - `format` (SPEAD: `u40`, `i10`) or `dtype` (numpy: `"<i2"`), `shape`,
   *   `description`
   *
   * `null` is a pad; `heap-cnt`, `heap-length`, `payload-offset` and
   * `payload-length` are the standard pointers, which are all in front if none is
   * named. Numbers from 2^31 on are written `(guint64)0xffffffff` or `"0xffffffff"`;
   * negative ones need a signed `format` or `dtype`. Values that receivers built on
   * spead2 cannot decode, or decode to another value, are an error in READY or, if
   * the application sets them, with their buffer.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_ITEMS,
      g_param_spec_string ("items", "Items",
          "What every heap carries: name,id=number,value=source,...; name,...",
          SPEAD2_ITEMS_DEFAULT, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:repeat-pointers:
   *
   * Repeat all item pointers in every packet of a heap, not only in the first:
   * required by hpguppi, katgpucbf and mkrecv if a heap has several packets.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_REPEAT_POINTERS,
      g_param_spec_boolean ("repeat-pointers", "Repeat pointers",
          "All item pointers in every packet", DEFAULT_REPEAT_POINTERS,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:payload-per-packet:
   *
   * Bytes of heap payload in each packet but the last of a heap, a multiple of 8,
   * which must fit into #GstSpead2Sink:max-packet-size together with the header. 0:
   * as many as fit.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_PAYLOAD_PER_PACKET,
      g_param_spec_uint ("payload-per-packet", "Payload per packet",
          "Payload bytes of each packet, a multiple of 8 (0 = what fits)", 0,
          65528, DEFAULT_PAYLOAD_PER_PACKET, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:packet-split:
   *
   * How a heap is split into packets, unless #GstSpead2Sink:payload-per-packet is
   * set. Packets of one size need fewer messages to the kernel.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_PACKET_SPLIT,
      g_param_spec_enum ("packet-split", "Packet split",
          "How a heap is split into packets",
          gst_spead2_packet_split_get_type (), GST_SPEAD2_PACKET_SPLIT_FULL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:sample-bits:
   *
   * Bits of a sample, for buffers whose caps do not define them (a field
   * `sample-bits` of caps other than audio and video does): signed, big endian,
   * packed without padding, the first sample in the high bits. 0: the buffer is
   * bytes. An item's `format` or `dtype` takes precedence. Timestamps count samples.
   * Up to 64; takes effect with the next caps.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SAMPLE_BITS,
      g_param_spec_uint ("sample-bits", "Sample bits",
          "Bits of a packed sample if caps do not define them (0 = bytes)", 0,
          GST_SPEAD2_MAX_SAMPLE_BITS, DEFAULT_SAMPLE_BITS,
          FLAGS | GST_PARAM_MUTABLE_READY));
}

static void
install_control (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:heap-cnt-start:
   *
   * The heap counter of the first heap; stop heaps, and descriptors in heaps of
   * their own, are counted with the others. Modulo 2^N of the flavour.
   *
   * If #GstSpead2Sink:items has a `heap-cnt` with a value of its own, that is the
   * counter of heaps with data, and only the others are counted here: from
   * heap-cnt-start + 2^(N-1) behind the first of the items' counters, so that no two
   * heaps have the same.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_HEAP_CNT_START,
      g_param_spec_uint64 ("heap-cnt-start", "Heap counter start",
          "Heap counter of the first heap", 0, G_MAXUINT64,
          DEFAULT_HEAP_CNT_START, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:heap-cnt-step:
   *
   * Difference of the heap counters of consecutive heaps.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_HEAP_CNT_STEP,
      g_param_spec_uint64 ("heap-cnt-step", "Heap counter step",
          "Difference of consecutive heap counters", 1, G_MAXUINT64,
          DEFAULT_HEAP_CNT_STEP, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:send-start-heap:
   *
   * Mark the beginning of the stream with an empty heap of stream control 0 before
   * the first heap; also after EOS, a flush and #GstSpead2Sink::send-stop.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SEND_START_HEAP,
      g_param_spec_boolean ("send-start-heap", "Send start heap",
          "Begin the stream with a start heap", DEFAULT_SEND_START_HEAP,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:descriptors:
   *
   * Where the items are described. Receivers that identify items by id or position
   * (MeerKAT, SKA-Low, mkrecv) need no descriptors.
   *
   * A heap of another size than the last described one is described again. For
   * samples of one byte, big endian ones and SPEAD formats this ends with the second
   * change of the size: the descriptor then has a format instead of a numpy type,
   * and leaves the number of samples open. All other types have only a numpy type,
   * which fixes the size: buffers with alternating sizes, such as those of decoders
   * and resamplers, are then described heap by heap, and with several
   * #GstSpead2Sink:send-threads each waits for the others. #GstSpead2Sink:heap-size
   * makes heaps of one size.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_DESCRIPTORS,
      g_param_spec_enum ("descriptors", "Descriptors",
          "Where the items are described", gst_spead2_descriptors_get_type (),
          SPEAD2_DESCRIPTORS_FIRST_HEAP, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:descriptor-interval:
   *
   * Interval of running time, in nanoseconds, after which the items are described
   * again with the next heap, for receivers that join late; 0: only when they
   * change.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_INTERVAL,
      g_param_spec_uint64 ("descriptor-interval", "Descriptor interval",
          "Interval at which items are described again (in ns, 0 = never)", 0,
          G_MAXINT64, DEFAULT_DESCRIPTOR_INTERVAL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:descriptor-cnt-start:
   *
   * With a #GstSpead2Sink:descriptor-cnt-step, the heap counter of the first heap
   * that contains only descriptors.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_CNT_START,
      g_param_spec_uint64 ("descriptor-cnt-start", "Descriptor counter start",
          "Heap counter of the first heap with descriptors only", 0,
          G_MAXUINT64, DEFAULT_DESCRIPTOR_CNT_START,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:descriptor-cnt-step:
   *
   * Difference of the heap counters of consecutive heaps that contain only
   * descriptors, which are then counted separately from
   * #GstSpead2Sink:descriptor-cnt-start on. 0: they are counted with the others.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_CNT_STEP,
      g_param_spec_uint64 ("descriptor-cnt-step", "Descriptor counter step",
          "Difference of these counters (0 = counted with all heaps)", 0,
          G_MAXUINT64, DEFAULT_DESCRIPTOR_CNT_STEP,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:first-sample:
   *
   * Added to every sample index, so that a count from 0 begins there. The sum is
   * sent modulo 2^N of the flavour.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_FIRST_SAMPLE,
      g_param_spec_uint64 ("first-sample", "First sample",
          "Added to every sample index", 0, G_MAXUINT64, DEFAULT_FIRST_SAMPLE,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:sync-epoch:
   *
   * The time at which the sample index was 0, in ns since 1970: the first heap of a
   * stream gets the index, a multiple of a heap's samples, or of
   * #GstSpead2Sink:start-alignment where that is set, that is nearest to its
   * date, and all others are counted from there, never by a clock. -1: the index
   * begins at 0, or at the buffer's OFFSET. The date is that of the buffer's
   * GstReferenceTimestampMeta (`timestamp/x-unix`, or else `timestamp/x-ptp`, which
   * has no leap seconds: sync-epoch then has none either); or of the pipeline's
   * clock if that is a GstSystemClock of clock-type `realtime` or `tai`, a
   * GstPtpClock, or a GstNetClientClock that is within a day of this machine's time
   * of day; or this machine's time of day. An item of #GstSpead2Sink:items with
   * `value=sample-index` carries the index; it is a warning if there is none.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SYNC_EPOCH,
      g_param_spec_int64 ("sync-epoch", "Sync epoch",
          "Time at which the sample index was 0 (in ns since 1970, -1 = unset)",
          -1, G_MAXINT64, DEFAULT_SYNC_EPOCH, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:start-time:
   *
   * The date of the first sample that is sent, in ns since 1970 (0 = at once), so
   * that several senders on one clock begin together. Samples of a live source that
   * are before it are left out; any other source begins with its first sample, which
   * is due at that time, and needs #GstBaseSink:sync. A sender that is late leaves
   * out what is due before now. With #GstSpead2Sink:heap-size the stream begins where
   * the sample index is a multiple of a heap's samples, and else with a whole buffer.
   *
   * The pipeline's clock must count the time since 1970, or PLAYING is an error: a
   * GstSystemClock of clock-type `realtime`; one of clock-type `tai`, or a
   * GstPtpClock, which have no leap seconds, and start-time then has none either; or
   * a GstNetClientClock whose provider counts the time since 1970, which is
   * recognised by its being within a day of this machine's time of day. Whether that
   * is UTC cannot be seen: it is taken for UTC, and with a provider that counts TAI
   * or PTP, 37 s ahead of UTC since 2017, start-time, sync-epoch and
   * `utc-ns` are on its scale. A buffer's GstReferenceTimestampMeta (`timestamp/x-unix`
   * or `timestamp/x-ptp`) goes before the clock. It applies once, from READY on, and
   * not again after a flush. It is added to #GstBaseSink:ts-offset.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_START_TIME,
      g_param_spec_uint64 ("start-time", "Start time",
          "Date of the first sample that is sent (in ns since 1970, 0 = at "
          "once)",
          0, G_MAXINT64, 0, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:start-alignment:
   *
   * The index of the first sample that is sent is a multiple of so many samples;
   * those before it are left out. 0: of the samples of a heap, where there is a
   * #GstSpead2Sink:start-time and a #GstSpead2Sink:heap-size. The index is what it would be on the
   * wire, with all its bits: the buffer's OFFSET or a count, with
   * #GstSpead2Sink:first-sample, or by #GstSpead2Sink:sync-epoch. Where the first
   * sample would be within a byte, it is an error.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_START_ALIGNMENT,
      g_param_spec_uint64 ("start-alignment", "Start alignment",
          "The first sample index is a multiple of this (0 = of a heap's "
          "samples, "
          "with a start-time)",
          0, G_MAXINT64, 0, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:sample-rate:
   *
   * Samples per second, for #GstSpead2Sink:sync-epoch, gaps, and the dates of heaps
   * that are cut from one buffer, if caps do not contain the rate or cannot: they
   * are limited to 2147483647. 0: the rate of the caps, which can be a fraction in
   * caps other than audio. Divided by #GstSpead2Sink:sample-rate-denominator.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SAMPLE_RATE,
      g_param_spec_int64 ("sample-rate", "Sample rate",
          "Samples per second (0 = the rate of the caps)", 0, G_MAXINT64,
          DEFAULT_SAMPLE_RATE, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:sample-rate-denominator:
   *
   * Divisor of #GstSpead2Sink:sample-rate, if samples per second are not a whole
   * number: 25000000 and 27 are one sample every 1.08 microseconds. More than 1
   * without a sample-rate is an error.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_SAMPLE_RATE_DENOMINATOR,
      g_param_spec_int ("sample-rate-denominator", "Sample rate denominator",
          "Divisor of sample-rate", 1, G_MAXINT,
          DEFAULT_SAMPLE_RATE_DENOMINATOR, FLAGS | GST_PARAM_MUTABLE_READY));
}

static void
install_socket (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:multicast-iface:
   *
   * The network interface by which multicast leaves: its name (`eth0`), or one of
   * its IPv4 or IPv6 addresses (`10.1.2.3`, `fe80::1%eth0`); an IPv4 address is also
   * the source address of IPv4 packets, unless the socket is bound to one
   * (#GstSpead2Sink:bind-address). Unset, the routing table selects it. An interface
   * that does not exist is an error.
   *
   * A list, `eth0,eth1`, distributes several #GstSpead2Sink:destinations: number i of
   * them, from 0, leaves by interface i modulo the number of interfaces. The first of a
   * list is number 0; one that is added has the number of the next, or of one that was
   * removed. An IPv6 group with an interface of its own, `ff02::5%eth1`, leaves by that.
   * An empty entry and a space in a list are errors with their character.
   * If no destination is a multicast group,
   * it has no effect, which is a warning. IPv6 multicast needs a
   * route on that interface, which `lo` does not have: `ip -6 route add multicast
   * ff00::/8 dev lo table local`.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_MULTICAST_IFACE,
      g_param_spec_string ("multicast-iface", "Multicast interface",
          "Interface for multicast, its name or an address of it, or a list",
          NULL, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:ttl-mc:
   *
   * Maximum of hops of a multicast packet; with 1 it stays on the local network.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_TTL_MC,
      g_param_spec_int ("ttl-mc", "Multicast TTL",
          "Time to live (hops) of multicast packets", 0, 255, DEFAULT_TTL_MC,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:ttl:
   *
   * Maximum of hops of a unicast packet.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_TTL,
      g_param_spec_int ("ttl", "Unicast TTL",
          "Time to live (hops) of unicast packets", 1, 255, DEFAULT_TTL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:loop:
   *
   * Whether receivers on this machine receive the multicast that it sends. On the
   * interface `lo` they always do.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_LOOP,
      g_param_spec_boolean ("loop", "Multicast loopback",
          "Receive this machine's own multicast on this machine", DEFAULT_LOOP,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:qos-dscp:
   *
   * Differentiated services code point of each packet, by which switches prioritize
   * it: 46 is expedited forwarding. -1: the kernel's default.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_QOS_DSCP,
      g_param_spec_int ("qos-dscp", "QoS DSCP",
          "Differentiated services code point (-1 = the kernel's)", -1, 63,
          DEFAULT_QOS_DSCP, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:buffer-size:
   *
   * Bytes of the socket's send buffer; 0: the kernel's default. The sysctl
   * net.core.wmem_max limits it; a smaller buffer than requested is a warning.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_BUFFER_SIZE,
      g_param_spec_uint ("buffer-size", "Buffer size",
          "Bytes of the socket's send buffer (0 = the kernel's)", 0, G_MAXINT,
          DEFAULT_BUFFER_SIZE, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:bind-address:
   *
   * IP address of this machine to send from, of the family of #GstSpead2Sink:host;
   * unset, the routing table selects it.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_BIND_ADDRESS,
      g_param_spec_string ("bind-address", "Bind address",
          "IP address of this machine to send from", NULL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:bind-port:
   *
   * UDP port to send from; 0: any free port.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_BIND_PORT,
      g_param_spec_int ("bind-port", "Bind port",
          "UDP port to send from (0 = any)", 0, G_MAXUINT16, DEFAULT_BIND_PORT,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:socket:
   *
   * A UDP socket to send with, of the family of #GstSpead2Sink:host, instead of one
   * that the element opens; a reference is kept. It is made non-blocking and gets
   * the options of the other properties, except #GstSpead2Sink:bind-address and
   * #GstSpead2Sink:bind-port. When the element no longer uses it, its options are
   * restored as far as the kernel reports them: a send buffer up to
   * net.core.wmem_max, and the interface of IPv4 multicast if it was set by an
   * address. Two elements must not have the same one.
   *
   * A socket that is closed is an error at the start: see
   * #GstSpead2Sink:close-socket.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SOCKET,
      g_param_spec_object ("socket", "Socket", "Socket to send with",
          G_TYPE_SOCKET, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:close-socket:
   *
   * Close #GstSpead2Sink:socket when the element no longer uses it: in READY to
   * NULL, or when another one was set in READY and the element goes to PAUSED. It
   * applies to the socket that is set at that time; the value that was set with a
   * replaced socket still applies to that one. A socket with which the element has
   * not started is never closed.
   *
   * For a second run set a new socket, or FALSE here.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_CLOSE_SOCKET,
      g_param_spec_boolean ("close-socket", "Close socket",
          "Close an outside socket in READY to NULL", DEFAULT_CLOSE_SOCKET,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:used-socket:
   *
   * The socket in use, from READY on: #GstSpead2Sink:socket, or one that shares the
   * descriptor of the element's own, which is closed in READY to NULL. %NULL in
   * NULL.
   *
   * When one of several #GstSpead2Sink:destinations does not respond, the element's own
   * socket is replaced by another one at the same port, which this property does not
   * give: options that an application has set on this one do not apply to it, and with
   * #GstSpead2Sink:bind-port packets that arrive are received by that one.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_USED_SOCKET,
      g_param_spec_object ("used-socket", "Used socket", "Socket in use",
          G_TYPE_SOCKET, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_spead2_sink_install_properties (GObjectClass *klass)
{
  install_destination (klass);
  install_destinations (klass);
  install_heaps (klass);
  install_items (klass);
  install_control (klass);
  install_socket (klass);
}
