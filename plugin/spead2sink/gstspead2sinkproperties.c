/* The properties of spead2sink: see gstspead2sinkproperties.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkproperties.h"

#include "common/gstspead2settings.h"
#include "common/gstspead2types.h"
#include "spead2/heap/layout.h"
#include "spead2/send/sender.h"

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 8888
#define DEFAULT_HEAP_SIZE 0
#define DEFAULT_MAX_HEAPS 0
#define DEFAULT_SEND_THREADS 1
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

/* -- values ------------------------------------------------------------------- */

void
gst_spead2_sink_settings_init (
    GstSpead2SinkSettings *settings, GObjectClass *klass)
{
  memset (settings, 0, sizeof *settings);
  gst_spead2_settings_init (
      settings, field_offsets, GST_SPEAD2_SINK_N_SETTINGS, klass);
}

void
gst_spead2_sink_settings_copy (
    GstSpead2SinkSettings *to, const GstSpead2SinkSettings *from)
{
  *to = *from;
  to->host = g_strdup (from->host);
  to->cpu_affinity = g_strdup (from->cpu_affinity);
  to->items = g_strdup (from->items);
  to->multicast_iface = g_strdup (from->multicast_iface);
  to->bind_address = g_strdup (from->bind_address);
  if (to->socket)
    g_object_ref (to->socket);
}

void
gst_spead2_sink_settings_clear (GstSpead2SinkSettings *settings)
{
  g_clear_pointer (&settings->host, g_free);
  g_clear_pointer (&settings->cpu_affinity, g_free);
  g_clear_pointer (&settings->items, g_free);
  g_clear_pointer (&settings->multicast_iface, g_free);
  g_clear_pointer (&settings->bind_address, g_free);
  g_clear_object (&settings->socket);
}

void
gst_spead2_sink_settings_set (
    GstSpead2SinkSettings *settings, GParamSpec *spec, const GValue *value)
{
  gst_spead2_settings_set (settings, field_offsets, spec, value);
}

void
gst_spead2_sink_settings_get (
    const GstSpead2SinkSettings *settings, GParamSpec *spec, GValue *value)
{
  gst_spead2_settings_get (settings, field_offsets, spec, value);
}

/* -- types -------------------------------------------------------------------- */

static GType
gst_spead2_index_source_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_INDEX_SOURCE_AUTO,
          "The offset where it counts samples or bytes, else a count", "auto"},
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
      {GST_SPEAD2_ON_ERROR_CONTINUE, "Warn, and go on with the next heap",
          "continue"},
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
      {GST_SPEAD2_GSO_AUTO, "Where the kernel takes it", "auto"},
      {GST_SPEAD2_GSO_OFF, "Never: each packet is handed over alone", "off"},
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
      {GST_SPEAD2_ZERO_COPY_AUTO, "Where it can be and is faster", "auto"},
      {GST_SPEAD2_ZERO_COPY_ON, "Where it can be, with a warning where not",
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
      {GST_SPEAD2_REMAINDER_DROP, "Leave the bytes out", "drop"},
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
      {GST_SPEAD2_PACKET_SPLIT_FULL, "As much as fits, the rest in the last",
          "full"},
      {GST_SPEAD2_PACKET_SPLIT_BALANCED, "All of one size, and no more of them",
          "balanced"},
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
      {SPEAD2_DESCRIPTORS_NONE, "Only when send-descriptors asks for them",
          "none"},
      {SPEAD2_DESCRIPTORS_FIRST_HEAP,
          "In the first heap, and in those of another shape or type",
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

/* -- what they say of themselves ----------------------------------------------- */

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)

static void
install_destination (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:host:
   *
   * Where to send: an IPv4 or IPv6 address, unicast or multicast, alone: `::1` has
   * no brackets, and the port is #GstSpead2Sink:port. A link-local address has the
   * interface behind it: `fe80::1%eth0`.
   *
   * Or a name, which is looked up in NULL to READY, or in READY to PAUSED where it
   * was changed. That takes at most 5 seconds; setting this element, not its
   * pipeline, to NULL from another thread ends it. Of several addresses the first is
   * taken that is of the family of #GstSpead2Sink:socket or
   * #GstSpead2Sink:bind-address; with neither, the first in the system's order
   * (RFC 6724, /etc/gai.conf), in which those with no route are last. `localhost`, or
   * any other name for this machine, is then its IPv4 address if it has one, 127.0.0.1.
   * Warnings and errors say which address it is.
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
   * Where to send and how, in one text: `spead://host:port?name=value&name=value`.
   * Every option is a property of this element by its name, and its value is
   * written as gst-launch-1.0 takes it, percent-encoded where a URL asks for it;
   * an IPv6 address stands in brackets, and without a port 8888 is meant. Setting
   * it sets these properties and leaves the others as they are; a text with a
   * mistake sets nothing, and is an error when the element starts. Reading it
   * gives a text with all properties that differ from their defaults.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_URI,
      g_param_spec_string ("uri", "URI", "spead://host:port?property=value&...",
          "spead://127.0.0.1:8888", FLAGS | GST_PARAM_MUTABLE_READY));
}

static void
install_heaps (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:heap-size:
   *
   * Bytes of a heap's payload. Buffers are cut and joined, so that their sizes do
   * not matter: a heap may end within a buffer, and have bytes of many. 0: each
   * buffer is a heap, whatever its size.
   *
   * A heap that is not full waits for the next buffer. It goes as it is, shorter
   * than the others, at EOS, a GAP event or a DRAIN query, and before a buffer that
   * has the flag DISCONT, whose sample index is not the next one, which has other
   * caps or other values of the application. #GstSpead2Sink:remainder says what
   * happens if a `shape` does not allow that. A flush, and READY without EOS, drop
   * it. Index, dates and values of a heap are those of its first byte.
   *
   * It must be whole samples of all channels, and what an item's `shape` says.
   * Gray video is not cut: a picture is a heap. An application's values are in
   * every heap of their buffer; `heap-cnt` is refused where there are several.
   * A shorter heap is described (see #GstSpead2Sink:descriptors).
   *
   * A heap that waits holds its buffers: pieces of less than
   * #GstSpead2Sink:max-packet-size are copied, and so are buffers of a GstBufferPool
   * with a fixed maximum if more than half of them would wait. An application with
   * buffers of its own, outside a pool, needs more of them than a heap takes.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_HEAP_SIZE,
      g_param_spec_uint ("heap-size", "Heap size",
          "Bytes of a heap, for which buffers are cut and joined (0 = a heap "
          "a buffer)",
          0, G_MAXUINT, DEFAULT_HEAP_SIZE, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:remainder:
   *
   * What to do with bytes that are too few for the shape of a payload: the last
   * ones of a stream that is cut by #GstSpead2Sink:heap-size where an item has a
   * `shape`, a buffer that is shorter than such a shape, or part of a sample.
   * Without `shape`, whole samples are a shorter heap. `error` sends all that was
   * accepted before, then posts an error. What is dropped and added is counted in
   * #GstSpead2Sink:stats as `remainder-bytes` and `padding-bytes`.
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
   * Most heaps that are outstanding: accepted and not yet sent. Upstream waits
   * while there are so many. 0 allows as many as make 4 MiB, from 4 to 4095, and
   * at least 2 for each of #GstSpead2Sink:send-threads.
   *
   * With 1, making a heap and sending it take turns: each of two threads waits for
   * the other, heap by heap. That costs most with small heaps: of the speed with 0,
   * a fifth is left with 8 KiB, three tenths with 64 KiB, seven tenths with 1 MiB.
   * With fewer heaps than #GstSpead2Sink:send-threads, some threads are idle.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_MAX_HEAPS,
      g_param_spec_uint ("max-heaps", "Max heaps",
          "Most outstanding heaps (0 = as many as make 4 MiB, from 4 to 4095)",
          0, MAX_MAX_HEAPS, DEFAULT_MAX_HEAPS,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:send-threads:
   *
   * How many threads send, 1 to 64, each with a socket of its own, or all with
   * one if #GstSpead2Sink:bind-port or #GstSpead2Sink:socket says so. What one
   * thread sends is bounded by one CPU; several send whole heaps side by side.
   * Receivers then see heaps of neighbouring counters interleaved, and, but with
   * one socket, from several source ports. Descriptors and stop heaps still go
   * when all before them has gone, and before all behind them.
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
   * CPUs that the sending threads keep to, as numbers and ranges, "2" or "1,3" or
   * "4-7": the first thread to the first, the second to the second, and so on,
   * from the front again when there are more threads. Unset, the kernel chooses.
   * The streaming thread is not touched. A CPU that the process may not use is an
   * error in NULL to READY.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_CPU_AFFINITY,
      g_param_spec_string ("cpu-affinity", "CPU affinity",
          "CPUs that the sending threads keep to, for example 1,3", NULL,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:max-packet-size:
   *
   * Most bytes of UDP payload in a packet, SPEAD header included, IP and UDP
   * headers not; rounded down to a multiple of 8. From 56 to 65507 (IPv4) or
   * 65527 (IPv6). What fits a network is its MTU less 28 (IPv4) or 48 (IPv6):
   * 1472 for Ethernet, 8972 for jumbo frames of 9000.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_MAX_PACKET_SIZE,
      g_param_spec_uint ("max-packet-size", "Max packet size",
          "Most bytes of UDP payload in a packet (MTU less 28 on IPv4)", 0,
          G_MAXUINT, DEFAULT_MAX_PACKET_SIZE, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:rate:
   *
   * Mean rate to keep, in bytes of UDP payload per second, from 1 on; 0 sends as
   * fast as the kernel takes it. At 1, a packet for Ethernet takes 25 minutes: less
   * is an error at the start, and later a warning, upon which the rate stays as it
   * is. A change in PLAYING counts at once, for a thread that sleeps, too; what has
   * been sent ahead is paid for at the new rate.
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
   * With a rate, most bytes that are sent back to back; never more than a
   * millisecond of the rate, and always at least one packet.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_BURST_SIZE,
      g_param_spec_uint64 ("burst-size", "Burst size",
          "With a rate: most bytes sent back to back", 1, G_MAXUINT64,
          DEFAULT_BURST_SIZE, FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:burst-rate-ratio:
   *
   * With a rate, how much faster than it a sender that fell behind may catch
   * up.
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
   * Tell receivers that the stream has ended: after the last heap at EOS, and
   * when the element goes to READY without one.
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
   * Where the index of a heap's first sample comes from, which is the item
   * `timestamp`. Never from a buffer's time: at the rates of digitisers it cannot
   * tell samples apart.
   *
   * `auto` finds out what a buffer's OFFSET counts. With an OFFSET_END the distance
   * between both is the number of samples in the buffer, or of bytes, or the
   * OFFSET is not used. Without one, and with `audio/x-raw` or no caps only, it
   * counts samples until the distance to the next buffer is the number of bytes.
   * What is not used is counted by the sink. An OFFSET without OFFSET_END that is
   * the PTS times the rate of the caps (interleave) may differ from the count by
   * what a nanosecond rounds off; then the count is taken. A difference of another
   * kind is a jump, and followed; without DISCONT it also warns once.
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
   * What to do when the kernel refuses a heap, with EPERM or ENETUNREACH for
   * example: go on with the next one, and say so in a warning at most once a
   * second, or stop with an error. Answers of the network to earlier packets (a
   * port nobody listens at) never stop the stream.
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
   * Post no INFO message at EOS. That message comes before the EOS message and
   * says in one sentence how many heaps were sent, failed and were dropped since
   * the element went to PAUSED or since the EOS before; the bytes of UDP payload
   * and the packets that the kernel accepted meanwhile; the seconds from the first
   * heap's being pushed to the last one's end, pauses included; and bytes per
   * second in 10^6. Warnings and errors are posted in any case.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_QUIET,
      g_param_spec_boolean ("quiet", "Quiet",
          "Post no INFO message with numbers at EOS", DEFAULT_QUIET,
          FLAGS | GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Sink:gso:
   *
   * Hand packets to the kernel in messages of up to 64 packets or 64 KiB, which it
   * or the network card cuts apart (UDP segmentation offload, UDP_SEGMENT). What
   * arrives is the same. Off, each packet is handed over alone, which costs several
   * times the processor time where packets are small.
   *
   * Off is for captures on the sending machine, which see the message before it is
   * cut, and for network cards that cut it wrongly. With auto, a kernel that refuses
   * it gets single packets, too; `gso-reason` in #GstSpead2Sink:stats says why.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_GSO,
      g_param_spec_enum ("gso", "Segmentation offload",
          "Let the kernel cut messages of many packets apart",
          gst_spead2_gso_get_type (), GST_SPEAD2_GSO_AUTO,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:zero-copy:
   *
   * Let the kernel and the network card read buffers where they lie, instead of
   * copying them, which is up to two or three times as fast. It needs Linux
   * 6.15, io_uring (sysctl kernel.io_uring_disabled=0) and memory that may be
   * locked (`ulimit -l`): as much as the buffers have that are outstanding, for
   * each sending thread.
   *
   * It is done for buffers whose source takes memory from where the sink says, as
   * adctestsrc does, in packets of at least 3000 bytes or with room for their
   * headers. Other buffers are copied, and so is what goes to a receiver on this
   * machine. In #GstSpead2Sink:stats, `zero-copy-reason` says why it is not done.
   *
   * A message that is not copied counts for up to 20 MiB of the socket's send
   * buffer, though it holds 64 KiB. On a wire that is slower than this machine,
   * auto copies where the buffer would hold fewer than three: set
   * #GstSpead2Sink:buffer-size and the sysctl net.core.wmem_max to 64 MiB.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_ZERO_COPY,
      g_param_spec_enum ("zero-copy", "Zero copy",
          "Let the kernel read buffers where they lie",
          gst_spead2_zero_copy_get_type (), GST_SPEAD2_ZERO_COPY_AUTO,
          FLAGS | GST_PARAM_MUTABLE_READY));

  /**
   * GstSpead2Sink:stats:
   *
   * What has been sent since the element went to READY, besides the fields of
   * #GstBaseSink:stats. Numbers are guint64 where nothing else is said, times are
   * nanoseconds.
   *
   * - heaps-pushed = heaps-sent + heaps-failed + heaps-dropped + outstanding, at
   *   any time; a failed heap was refused by the kernel or cut short by a flush, a
   *   dropped one was taken back by a flush before any of it was sent. Heaps that
   *   only carry descriptors are among them, start and stop heaps are not
   * - packets, bytes (of UDP payload) and messages (of up to 64 packets) that the
   *   kernel accepted, stop heaps included; payload-bytes of the heaps sent
   * - calls of sendmmsg; waits for room in the kernel
   * - errors that the kernel or the network (ICMP) answered, and errors-by-errno,
   *   a #GstStructure with a field for each that came, as `ECONNREFUSED`
   * - gso (gboolean): segmentation offload is in use; else gso-reason (string)
   * - zero-copy (gboolean): heaps are sent without copying them; else, once
   *   something has been sent, zero-copy-reason (string); zero-copy-messages
   * - heaps-abandoned, of heaps-failed: their memory was still being read 500 ms
   *   after a flush or the end
   * - heap-cnt-wraps and index-wraps of the two counters, offset-jumps of the
   *   sample index
   * - remainder-bytes that were dropped and padding-bytes that were added, as
   *   #GstSpead2Sink:remainder says
   * - outstanding and peak-outstanding heaps (guint): accepted, and of their end
   *   not yet told by #GstSpead2Sink::heap-done
   * - heap-time-min, -mean, -max: of heaps sent, from being accepted to being
   *   released
   * - pacing-error-mean, -max: with a rate, how late a burst was handed to the
   *   kernel
   * - mtu (guint): the largest IP packet that goes there in one piece, 0 where
   *   no way is known; send-buffer (guint): bytes
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
   * What every heap carries, in the order of the wire: items with `;` between
   * them, each a name and fields in the syntax of GstStructure. [items.md](items.md)
   * is their reference, [recipes.md](recipes.md) has lines for many receivers.
   *
   * - `id`: required, from 7 up to what the flavour holds
   * - `value`: `payload` (the buffer, exactly one item), `sample-index`,
   *   `heap-index` (from 0), `utc-ns`, `ptp-ns`, a number, a text in quotes, an
   *   array `<1,2,3>` that is taken heap by heap, or `meta`, which the application
   *   gives, with a `default`
   * - `start` and `step` instead of `value`: a counter
   * - `every`: so many heaps have the same value before the counter or array goes on
   * - `mode`: `immediate` or `addressed`
   * - `format` (SPEAD: `u40`, `i10`) or `dtype` (numpy: `"<i2"`), `shape`,
   *   `description`
   *
   * `null` is a pad; `heap-cnt`, `heap-length`, `payload-offset` and
   * `payload-length` are the standard pointers, which all stand in front when none
   * is named. Numbers from 2^31 on are `(guint64)0xffffffff` or `"0xffffffff"`;
   * negative ones need a signed `format` or `dtype`. What receivers built on spead2
   * cannot decode, or would decode to another value, is an error in READY, or, if
   * the application gives it, with its buffer.
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
   * hpguppi, katgpucbf and mkrecv need that where a heap has several packets.
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
   * Bytes of heap payload in each packet but the last of a heap, a multiple of 8;
   * #GstSpead2Sink:max-packet-size must have room for them and the header. 0 takes
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
   * How a heap is split into packets, where #GstSpead2Sink:payload-per-packet
   * does not say it. Packets of one size take fewer messages to the kernel.
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
   * Bits of a sample, for buffers whose caps do not say it (a field `sample-bits`
   * of caps other than audio and video does): signed, big endian, packed without
   * padding, the first sample in the high bits. 0: the buffer is bytes. An item's
   * `format` or `dtype` goes first. Timestamps count samples. Up to 64; counts
   * from the next caps on.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SAMPLE_BITS,
      g_param_spec_uint ("sample-bits", "Sample bits",
          "Bits of a packed sample where caps do not say it (0 = bytes)", 0,
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
   * Where #GstSpead2Sink:items has a `heap-cnt` with a value of its own, that
   * numbers the heaps with data, and only the others are counted here: from
   * heap-cnt-start + 2^(N-1) behind the first of the items' counters, so that no
   * two heaps have the same.
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
   * By how much the heap counter goes on from heap to heap.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_HEAP_CNT_STEP,
      g_param_spec_uint64 ("heap-cnt-step", "Heap counter step",
          "From one heap counter to the next", 1, G_MAXUINT64,
          DEFAULT_HEAP_CNT_STEP, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:send-start-heap:
   *
   * Tell receivers that a stream begins, with an empty heap of stream control 0
   * before the first one; also after EOS, a flush and #GstSpead2Sink::send-stop.
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
   * Where the items are described. Whoever knows them by id or place (MeerKAT,
   * SKA-Low, mkrecv) needs none.
   *
   * A heap of another size than the last one described is described again. For
   * samples of one byte, big endian ones and SPEAD formats this ends with the
   * second change of the size: the descriptor then has a format instead of a numpy
   * type, and leaves the number of samples open. All other types have only a numpy name,
   * which does not say that: buffers whose sizes alternate, as those of decoders
   * and resamplers do, are then described heap by heap, and with several
   * #GstSpead2Sink:send-threads each waits for the others.
   * #GstSpead2Sink:heap-size makes heaps of one size.
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
   * Describe the items again after so many nanoseconds of running time, with the
   * next heap, for receivers that join late; 0: only when they change.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_INTERVAL,
      g_param_spec_uint64 ("descriptor-interval", "Descriptor interval",
          "Describe again after so long (in ns, 0 = never)", 0, G_MAXINT64,
          DEFAULT_DESCRIPTOR_INTERVAL, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:descriptor-cnt-start:
   *
   * With a #GstSpead2Sink:descriptor-cnt-step, the heap counter of the first heap
   * that only describes.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_CNT_START,
      g_param_spec_uint64 ("descriptor-cnt-start", "Descriptor counter start",
          "Heap counter of the first heap that only describes", 0, G_MAXUINT64,
          DEFAULT_DESCRIPTOR_CNT_START, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:descriptor-cnt-step:
   *
   * Number heaps that only describe by themselves, with so much from one to the
   * next, from #GstSpead2Sink:descriptor-cnt-start on. 0: they are numbered with
   * the others.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_DESCRIPTOR_CNT_STEP,
      g_param_spec_uint64 ("descriptor-cnt-step", "Descriptor counter step",
          "From one of these counters to the next (0 = as all heaps)", 0,
          G_MAXUINT64, DEFAULT_DESCRIPTOR_CNT_STEP,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:first-sample:
   *
   * What is added to every sample index, so that a count from 0 begins there. The
   * sum is sent modulo 2^N of the flavour.
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
   * When the sample index was 0, in ns since 1970: the first heap of a stream gets
   * the index, a multiple of a heap's samples, that is nearest to its date, and all
   * others are counted from there, never by a clock. -1: the index begins at 0, or
   * at the buffer's OFFSET. The date is that of the buffer's
   * GstReferenceTimestampMeta (`timestamp/x-unix`, or else `timestamp/x-ptp`, which
   * has no leap seconds: then nor has sync-epoch); or of the pipeline's clock
   * where that is a GstSystemClock of clock-type `realtime` or `tai` or a
   * GstPtpClock; or this machine's time of day. An item of
   * #GstSpead2Sink:items with `value=sample-index` carries the index; without one
   * a warning says so.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_SYNC_EPOCH,
      g_param_spec_int64 ("sync-epoch", "Sync epoch",
          "When the sample index was 0 (in ns since 1970, -1 = not said)", -1,
          G_MAXINT64, DEFAULT_SYNC_EPOCH, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:sample-rate:
   *
   * Samples per second, for #GstSpead2Sink:sync-epoch, gaps, and the dates of
   * heaps that are cut from one buffer, where caps do not say it or cannot: they
   * end at 2147483647. 0: the rate of the caps, which is a fraction where caps
   * other than audio have one. Divided by #GstSpead2Sink:sample-rate-denominator.
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
   * What #GstSpead2Sink:sample-rate is divided by, where samples per second are
   * not a whole number: 25000000 and 27 are one sample every 1.08 microseconds.
   * More than 1 without a sample-rate is an error.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SINK_PROP_SAMPLE_RATE_DENOMINATOR,
      g_param_spec_int ("sample-rate-denominator", "Sample rate denominator",
          "What sample-rate is divided by", 1, G_MAXINT,
          DEFAULT_SAMPLE_RATE_DENOMINATOR, FLAGS | GST_PARAM_MUTABLE_READY));
}

static void
install_socket (GObjectClass *klass)
{
  /**
   * GstSpead2Sink:multicast-iface:
   *
   * The network interface that multicast leaves by: its name (`eth0`), or an IPv4
   * or IPv6 address that it has (`10.1.2.3`, `fe80::1%eth0`); an IPv4 address is the
   * source address of IPv4 packets as well. Unset, the routing table says. It is an
   * error if there is no such interface, and has no effect, which is a warning, if
   * #GstSpead2Sink:host is not a multicast group. IPv6 multicast needs a route on
   * that interface, which `lo` has not:
   * `ip -6 route add multicast ff00::/8 dev lo table local`.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_MULTICAST_IFACE,
      g_param_spec_string ("multicast-iface", "Multicast interface",
          "Interface that multicast leaves by, its name or an address of it",
          NULL, FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:ttl-mc:
   *
   * How many hops a multicast packet may make; 1 stays on the local network.
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
   * How many hops a unicast packet may make.
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
   * Whether receivers on this machine hear the multicast that it sends. On the
   * interface `lo` they always do.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_LOOP,
      g_param_spec_boolean ("loop", "Multicast loopback",
          "Let this machine hear its own multicast", DEFAULT_LOOP,
          FLAGS | GST_PARAM_MUTABLE_READY));
  /**
   * GstSpead2Sink:qos-dscp:
   *
   * Differentiated services code point of each packet, by which switches may
   * sort it: 46 is expedited forwarding. -1 leaves the kernel's.
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
   * Bytes of the socket's send buffer; 0 leaves the kernel's. The kernel gives no
   * more than the sysctl net.core.wmem_max says, and a warning tells of it.
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
   * IP address of this machine to send from, of the family of
   * #GstSpead2Sink:host; unset, the routing table says.
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
   * UDP port to send from; 0 takes a free one.
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
   * A UDP socket to send with, of the family of #GstSpead2Sink:host, instead of
   * one that the element opens; a reference is kept. It is made non-blocking and
   * gets the options of the other properties, but for #GstSpead2Sink:bind-address
   * and #GstSpead2Sink:bind-port. When the element has done with it, its options
   * are again what they were, as far as the kernel tells: a send buffer is restored
   * up to net.core.wmem_max, and the interface of IPv4 multicast where it was set
   * by an address. Two elements must not have the same one.
   *
   * An element does not start with a socket that is closed: see
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
   * Close #GstSpead2Sink:socket when the element has done with it: in READY to
   * NULL, or where another was set in READY and the element goes to PAUSED. It is
   * about the socket that is set now: what was said of one that has been replaced
   * still holds. One that the element has not started with is never closed.
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
   * The socket that is sent with, from READY on: #GstSpead2Sink:socket, or one
   * that shares the descriptor of the element's own, which is closed in READY to
   * NULL. %NULL in NULL.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SINK_PROP_USED_SOCKET,
      g_param_spec_object ("used-socket", "Used socket",
          "Socket that is sent with", G_TYPE_SOCKET,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_spead2_sink_install_properties (GObjectClass *klass)
{
  install_destination (klass);
  install_heaps (klass);
  install_items (klass);
  install_control (klass);
  install_socket (klass);
}
