/* The properties of spead2src: see gstspead2srcproperties.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcproperties.h"

/* 1 TiB. */
#define MAX_MAX_HEAP_SIZE (G_GUINT64_CONSTANT (1) << 40)

static const gsize field_offsets[GST_SPEAD2_SRC_N_SETTINGS] = {
#define FIELD(id, field)                                                       \
  [GST_SPEAD2_SRC_PROP_##id] = G_STRUCT_OFFSET (GstSpead2SrcSettings, field)
    FIELD (ADDRESS, address),
    FIELD (PORT, port),
    FIELD (MULTICAST_IFACE, multicast_iface),
    FIELD (MULTICAST_SOURCE, multicast_source),
    FIELD (AUTO_MULTICAST, auto_multicast),
    FIELD (REUSE, reuse),
    FIELD (BUFFER_SIZE, buffer_size),
    FIELD (SOCKET, socket),
    FIELD (CLOSE_SOCKET, close_socket),
    FIELD (TIMEOUT, timeout),
    FIELD (RETRIEVE_SENDER_ADDRESS, retrieve_sender_address),
    FIELD (RECEIVE_THREADS, receive_threads),
    FIELD (CPU_AFFINITY, cpu_affinity),
    FIELD (MAX_HEAPS, max_heaps),
    FIELD (MAX_HEAP_SIZE, max_heap_size),
    FIELD (HEAP_TIMEOUT, heap_timeout),
    FIELD (HEAP_ADDRESS_BITS, heap_address_bits),
    FIELD (PACKET_HEAPS, packet_heaps),
    FIELD (BUG_COMPAT, bug_compat),
    FIELD (ACCEPT, accept),
    FIELD (ITEM, item),
    FIELD (CAPS, caps),
    FIELD (DTYPE, dtype),
    FIELD (SHAPE, shape),
    FIELD (SAMPLE_BITS, sample_bits),
    FIELD (WAIT_DESCRIPTOR, wait_descriptor),
    FIELD (DESCRIPTOR_TIMEOUT, descriptor_timeout),
    FIELD (INCOMPLETE, incomplete),
    FIELD (MISSING, missing),
    FIELD (FILL_VALUE, fill_value),
    FIELD (INDEX_ITEM, index_item),
    FIELD (INDEX_STEP, index_step),
    FIELD (SUBSTREAM_ITEM, substream_item),
    FIELD (SAMPLE_RATE, sample_rate),
    FIELD (SAMPLE_RATE_DENOMINATOR, sample_rate_denominator),
    FIELD (SYNC_EPOCH, sync_epoch),
    FIELD (TIMESTAMP_MODE, timestamp_mode),
    FIELD (ORDER, order),
    FIELD (LATENCY, latency),
    FIELD (ON_STOP, on_stop),
    FIELD (N_STOPS, n_stops),
    FIELD (MAX_SIZE_BUFFERS, max_size_buffers),
    FIELD (MAX_SIZE_BYTES, max_size_bytes),
    FIELD (MAX_SIZE_TIME, max_size_time),
    FIELD (LEAKY, leaky),
    FIELD (QUIET, quiet),
    FIELD (STATS_INTERVAL, stats_interval),
    FIELD (HEAPS_PER_BUFFER, heaps_per_buffer),
    FIELD (BUFFER_TIMEOUT, buffer_timeout),
    FIELD (SIGNAL_HEAPS, signal_heaps),
#undef FIELD
};

const GstSpead2SettingsTable gst_spead2_src_settings_table = {
    .size = sizeof (GstSpead2SrcSettings),
    .offsets = field_offsets,
    .n = G_N_ELEMENTS (field_offsets),
};

/* -- types -------------------------------------------------------------------- */

static GType
gst_spead2_incomplete_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_INCOMPLETE_DROP, "The heap is dropped", "drop"},
      {GST_SPEAD2_INCOMPLETE_FILL,
          "Missing bytes are filled, the buffer is CORRUPTED", "fill"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2Incomplete", values));
  return type;
}

static GType
gst_spead2_missing_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_MISSING_GAP, "A GAP event, and DISCONT", "gap"},
      {GST_SPEAD2_MISSING_FILL, "Buffers of fill-value", "fill"},
      {GST_SPEAD2_MISSING_NONE, "DISCONT", "none"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2Missing", values));
  return type;
}

static GType
gst_spead2_order_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_ORDER_ARRIVAL, "In which they arrive", "arrival"},
      {GST_SPEAD2_ORDER_COUNTER, "Of heap counters, within latency", "counter"},
      {GST_SPEAD2_ORDER_INDEX, "Of indices, within latency", "index"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2Order", values));
  return type;
}

static GType
gst_spead2_on_stop_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_ON_STOP_EOS, "The stream ends", "eos"},
      {GST_SPEAD2_ON_STOP_IGNORE, "The stop heap is counted", "ignore"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2OnStop", values));
  return type;
}

static GType
gst_spead2_wait_descriptor_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_WAIT_DESCRIPTOR_AUTO, "Where downstream does not take bytes",
          "auto"},
      {GST_SPEAD2_WAIT_DESCRIPTOR_TRUE,
          "Heaps without a descriptor are dropped", "true"},
      {GST_SPEAD2_WAIT_DESCRIPTOR_FALSE, "Heaps without a descriptor are bytes",
          "false"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2WaitDescriptor", values));
  return type;
}

static GType
gst_spead2_timestamp_mode_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_TIMESTAMP_MODE_ARRIVAL, "When the first packet was read",
          "arrival"},
      {GST_SPEAD2_TIMESTAMP_MODE_INDEX, "First arrival, and samples since",
          "index"},
      {GST_SPEAD2_TIMESTAMP_MODE_UTC, "When the first sample was taken", "utc"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2TimestampMode", values));
  return type;
}

static GType
gst_spead2_leaky_get_type (void)
{
  static const GEnumValue values[] = {
      {GST_SPEAD2_LEAKY_NO, "Receiving waits", "no"},
      {GST_SPEAD2_LEAKY_UPSTREAM, "Arriving heaps are dropped", "upstream"},
      {GST_SPEAD2_LEAKY_DOWNSTREAM, "The oldest heaps are dropped",
          "downstream"},
      {0, NULL, NULL},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstSpead2Leaky", values));
  return type;
}

/* -- documentation -------------------------------------------------------------- */

#define FLAGS                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_network (GObjectClass *klass)
{
  /**
   * GstSpead2Src:address:
   *
   * The IPv4 or IPv6 address to receive on: one of this machine's, `0.0.0.0` or `::`
   * for all of them, or multicast groups, separated by commas, `+N` behind one
   * standing for it and the N that follow: `239.102.0.64+7` are 8 groups.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_ADDRESS,
      g_param_spec_string ("address", "Address",
          "Address to bind to, or multicast group to join", "0.0.0.0", FLAGS));
  /**
   * GstSpead2Src:port:
   *
   * The UDP port to receive on, 0 to 65535. 0 takes a free one at each start, and the
   * property reads as that one from READY on; `notify::port` says that it was chosen. In
   * NULL it reads 0 again, without a notification. #GstSpead2Src:uri keeps the 0.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_PORT,
      g_param_spec_int ("port", "Port", "UDP port to receive on (0 = any)", 0,
          G_MAXUINT16, 8888, FLAGS));
  /**
   * GstSpead2Src:multicast-iface:
   *
   * The network interface that groups are joined on: its name (`eth0`), or an IPv4 or
   * IPv6 address that it has. Unset, the routing table says. It is an error if there
   * is no such interface.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MULTICAST_IFACE,
      g_param_spec_string ("multicast-iface", "Multicast interface",
          "Interface that groups are joined on, its name or an address of it",
          NULL, FLAGS));
  /**
   * GstSpead2Src:multicast-source:
   *
   * The addresses of senders, separated by commas, whose packets to the groups are
   * received (source-specific multicast, RFC 3569). Unset, all of them.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MULTICAST_SOURCE,
      g_param_spec_string ("multicast-source", "Multicast source",
          "Addresses whose packets are received, separated by commas", NULL,
          FLAGS));
  /**
   * GstSpead2Src:auto-multicast:
   *
   * Join the groups of #GstSpead2Src:address, in PAUSED to PLAYING. FALSE: the owner
   * of the socket has done so.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_AUTO_MULTICAST,
      g_param_spec_boolean ("auto-multicast", "Auto multicast",
          "Join multicast groups", TRUE, FLAGS));
  /**
   * GstSpead2Src:reuse:
   *
   * Let other sockets bind the same address and port. Of a unicast stream then only
   * one receives; of multicast all do.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_REUSE,
      g_param_spec_boolean ("reuse", "Reuse",
          "Let other programs bind the same port", TRUE, FLAGS));
  /**
   * GstSpead2Src:buffer-size:
   *
   * Bytes of each socket's receive buffer; 0 leaves the kernel's. It holds what
   * arrives while nothing is read. The kernel gives no more than the sysctl
   * net.core.rmem_max to programs without CAP_NET_ADMIN; stats have what was got.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_BUFFER_SIZE,
      g_param_spec_uint ("buffer-size", "Buffer size",
          "Bytes of the socket's receive buffer (0 = the kernel's)", 0,
          G_MAXINT, 8388608, FLAGS));
  /**
   * GstSpead2Src:socket:
   *
   * A bound UDP socket to receive with, instead of those that the element opens; a
   * reference is kept. Its options are restored when the element has done with it.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SOCKET,
      g_param_spec_object (
          "socket", "Socket", "Socket to receive with", G_TYPE_SOCKET, FLAGS));
  /**
   * GstSpead2Src:close-socket:
   *
   * Close #GstSpead2Src:socket in READY to NULL.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_CLOSE_SOCKET,
      g_param_spec_boolean ("close-socket", "Close socket",
          "Close an outside socket in READY to NULL", TRUE, FLAGS));
  /**
   * GstSpead2Src:timeout:
   *
   * Post an element message `GstUDPSrcTimeout`, as udpsrc does, with the field
   * `timeout` (guint64), each time nothing has arrived for so many nanoseconds; 0:
   * never.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_TIMEOUT,
      g_param_spec_uint64 ("timeout", "Timeout",
          "Post a message when nothing arrives for so long (in ns, 0 = never)",
          0, G_MAXINT64, 0, FLAGS));
  /**
   * GstSpead2Src:retrieve-sender-address:
   *
   * Attach the address and port that the heap's first packet came from to its buffer, as a
   * GstNetAddressMeta, as udpsrc does. Buffers in a row of one sender share an address
   * object.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SRC_PROP_RETRIEVE_SENDER_ADDRESS,
      g_param_spec_boolean ("retrieve-sender-address",
          "Retrieve sender address",
          "Attach the sender's address to buffers, as a meta", FALSE, FLAGS));
  /**
   * GstSpead2Src:uri:
   *
   * Where to receive and how, in one text: `spead://address:port?name=value&name=value`,
   * as #GstSpead2Sink:uri, with properties of this element:
   * `spead://239.102.0.64+7:7148?multicast-iface=eth0&dtype=int8`. Several IPv6 groups
   * are escaped, not in brackets: `spead://ff15%3A%3A1+3:7148`.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_URI,
      g_param_spec_string ("uri", "URI",
          "spead://address:port?property=value&...", "spead://0.0.0.0:8888",
          FLAGS));
  /**
   * GstSpead2Src:used-socket:
   *
   * The socket that is received with, from READY on, or the first of them. %NULL in NULL.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_USED_SOCKET,
      g_param_spec_object ("used-socket", "Used socket",
          "Socket that is received with", G_TYPE_SOCKET,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
install_threads (GObjectClass *klass)
{
  /**
   * GstSpead2Src:receive-threads:
   *
   * How many threads receive, 0 to 64. A socket belongs to one thread, so no more than
   * there are sockets run. 0: one for each socket, up to the CPUs.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_RECEIVE_THREADS,
      g_param_spec_uint ("receive-threads", "Receive threads",
          "Threads that receive (0 = one for each socket)", 0, 64, 0, FLAGS));
  /**
   * GstSpead2Src:cpu-affinity:
   *
   * CPUs that receiving threads run on, as `0,2-3`: thread i on the one at position i
   * modulo their number. Unset: any.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_CPU_AFFINITY,
      g_param_spec_string ("cpu-affinity", "CPU affinity",
          "CPUs of the receiving threads", NULL, FLAGS));
}

static void
install_heaps (GObjectClass *klass)
{
  /**
   * GstSpead2Src:max-heaps:
   *
   * How many heaps may be under assembly at a time, for each receiving thread. When
   * one more begins, the one is given up whose last packet came first, as are those
   * whose last packet is older than #GstSpead2Src:heap-timeout. A heap of one packet
   * needs no place. 0: 16.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MAX_HEAPS,
      g_param_spec_uint ("max-heaps", "Maximum heaps",
          "Heaps under assembly at a time (0 = automatic)", 0, 65536, 0,
          FLAGS));
  /**
   * GstSpead2Src:max-heap-size:
   *
   * Bytes of payload of the largest heap that is received. Packets of larger ones are
   * counted and dropped before memory is asked for.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MAX_HEAP_SIZE,
      g_param_spec_uint64 ("max-heap-size", "Maximum heap size",
          "Bytes of the largest heap that is received", 1, MAX_MAX_HEAP_SIZE,
          268435456, FLAGS));
  /**
   * GstSpead2Src:heap-timeout:
   *
   * How long after its last packet a heap that is not complete is given up, in
   * nanoseconds; 0: never.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_HEAP_TIMEOUT,
      g_param_spec_uint64 ("heap-timeout", "Heap timeout",
          "Give up heaps that are not complete after so long (in ns)", 0,
          G_MAXINT64, 1000000000, FLAGS));
  /**
   * GstSpead2Src:heap-address-bits:
   *
   * The N of SPEAD-64-N that is received, a multiple of 8; packets of others are
   * counted and dropped. 0: any.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_HEAP_ADDRESS_BITS,
      g_param_spec_uint ("heap-address-bits", "Heap address bits",
          "Flavour of SPEAD that is received (0 = any)", 0, 56, 0, FLAGS));
  /**
   * GstSpead2Src:packet-heaps:
   *
   * Take packets without payload offset for heaps of their own, as SKA-Low
   * sends them. FALSE: they are refused.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_PACKET_HEAPS,
      g_param_spec_boolean ("packet-heaps", "Packet heaps",
          "Packets without payload offset are heaps", FALSE, FLAGS));
  /**
   * GstSpead2Src:bug-compat:
   *
   * Read descriptors in the layout that PySPEAD 0.5.2 writes, as spead2's
   * BUG_COMPAT_PYSPEAD_0_5_2 does.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_BUG_COMPAT,
      g_param_spec_boolean ("bug-compat", "Bug compatibility",
          "Read descriptors of PySPEAD 0.5.2", FALSE, FLAGS));
}

static void
install_payload (GObjectClass *klass)
{
  /**
   * GstSpead2Src:accept:
   *
   * Which heaps are taken, where several senders or streams come to one port: conditions
   * separated by semicolons, all of which must hold. A condition is an item and the
   * values that it may have:
   *
   * - `0x4101,value=3`: the immediate item 0x4101 has the value 3
   * - `feng_id,value=<0,4:7,16:64:16>`: the item that a descriptor calls feng_id has one
   *   of these values: 0, 4 to 7, or 16, 32, 48, 64. Before its descriptor has come no
   *   heap matches; `feng_id=0x4101` needs none
   * - `pol=0x4102,mask=1,value=0; heap-length,value=8192`: bit 0 of the item is 0, and the
   *   heap has 8192 bytes of payload. `heap-cnt` is its counter
   *
   * Without `value` the heap must have the item, whatever its value. The grammar:
   *
   * |[
   * accept    = condition *( ";" condition ) [ ";" ]
   * condition = item *( "," field )       ; each field once
   * item      = id | name | name "=" id | "heap-cnt" | "heap-length"
   * field     = "mask=" number | "value=" values
   * values    = value | "<" value *( "," value ) ">"
   * value     = number [ ":" last [ ":" step ] ]
   * ]| Numbers are decimal, or hexadecimal behind 0x; ids are 7 and more. A mistake is an
   * error in READY to PAUSED, which names the condition and the offset in the text.
   *
   * Heaps that do not match are dropped, and counted as `heaps-dropped-not-accepted`.
   * They leave no gap; their descriptors, and a stop heap, count all the same. Where the
   * first packet says that an id, `heap-cnt` or `heap-length` does not match, the heap
   * takes no memory. Unset: all heaps are taken.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_ACCEPT,
      g_param_spec_string ("accept", "Accept",
          "Conditions on items that a heap must meet to be taken", NULL,
          FLAGS));
  /**
   * GstSpead2Src:item:
   *
   * The item whose bytes are the buffers: an id (`0x3300`), a name of a descriptor
   * (`adc_samples`), or `payload` for all bytes of the heap. Unset: the largest
   * addressed item, or all of the payload where nothing is addressed.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_ITEM,
      g_param_spec_string ("item", "Item",
          "Item whose bytes are the buffers: id, name or payload", NULL,
          FLAGS));
  /**
   * GstSpead2Src:caps:
   *
   * The caps of buffers, instead of those that #GstSpead2Src:dtype or descriptors give;
   * they get the rate of #GstSpead2Src:sample-rate if they have none. It is an error to
   * set dtype, shape or sample-bits as well, or another sample-rate.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_CAPS,
      g_param_spec_boxed ("caps", "Caps",
          "Caps of buffers, instead of those of descriptors", GST_TYPE_CAPS,
          FLAGS));
  /**
   * GstSpead2Src:dtype:
   *
   * The numpy type of the item's elements, instead of what descriptors say or where
   * there are none, as in #GstSpead2Sink:items: `|i1`, `int16`, `<c8`,
   * `[('re','i1'),('im','i1')]`. Caps are made of it as of a descriptor. It is an error
   * to set caps or sample-bits as well.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_DTYPE,
      g_param_spec_string ("dtype", "Dtype",
          "numpy type of the samples, instead of what descriptors say", NULL,
          FLAGS));
  /**
   * GstSpead2Src:shape:
   *
   * The sizes of the item, slowest first, as numpy writes them: `(1024,2)`; one of them
   * can be -1, which is as many as there are. With two sizes the second is the
   * channels of audio. Heaps with too few bytes are dropped and counted
   * (`heaps-dropped-wrong-size`). Unset: (-1) with #GstSpead2Src:dtype or
   * #GstSpead2Src:sample-bits, else as descriptors say. It is an error to set caps as
   * well.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SHAPE,
      g_param_spec_string ("shape", "Shape",
          "Sizes of the item, such as (1024,2), instead of what descriptors "
          "say",
          NULL, FLAGS));
  /**
   * GstSpead2Src:sample-bits:
   *
   * Bits of a sample, signed, big endian and packed, instead of what descriptors say;
   * those of 8, 16, 32 and 64 bits are numpy's `|i1`, `>i2`, `>i4` and `>i8`. 0: as
   * they say. It is an error to set caps or dtype as well.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SAMPLE_BITS,
      g_param_spec_uint ("sample-bits", "Sample bits",
          "Bits of a packed sample, instead of what descriptors say (0 = as "
          "they say)",
          0, 64, 0, FLAGS));
  /**
   * GstSpead2Src:wait-descriptor:
   *
   * Whether heaps that come before the first descriptor of their item are dropped, and
   * counted. `auto`: where downstream takes bytes (`application/octet-stream`), they
   * are bytes, as most telescopes' streams have no descriptors; where it does not,
   * they are dropped.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_WAIT_DESCRIPTOR,
      g_param_spec_enum ("wait-descriptor", "Wait for a descriptor",
          "Drop heaps before the first descriptor",
          gst_spead2_wait_descriptor_get_type (),
          GST_SPEAD2_WAIT_DESCRIPTOR_AUTO, FLAGS));
  /**
   * GstSpead2Src:descriptor-timeout:
   *
   * How long heaps without a descriptor are dropped before that is an error, in
   * nanoseconds from the first one; 0: for ever.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SRC_PROP_DESCRIPTOR_TIMEOUT,
      g_param_spec_uint64 ("descriptor-timeout", "Descriptor timeout",
          "Error when no descriptor came for so long (in ns, 0 = never)", 0,
          G_MAXINT64, 10000000000, FLAGS));
  /**
   * GstSpead2Src:incomplete:
   *
   * What becomes of heaps that have lost packets. `fill` delivers those whose item
   * pointers have arrived: if a sender has them in the first packet of a heap alone
   * (#GstSpead2Sink:repeat-pointers is FALSE), a heap that has lost that one is dropped.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_INCOMPLETE,
      g_param_spec_enum ("incomplete", "Incomplete",
          "What becomes of heaps that have lost packets",
          gst_spead2_incomplete_get_type (), GST_SPEAD2_INCOMPLETE_DROP,
          FLAGS));
  /**
   * GstSpead2Src:missing:
   *
   * What stands for samples that are missing between heaps. `fill` is for elements that
   * count samples, such as wavenc: buffers of #GstSpead2Src:fill-value, with the flag
   * GAP and without values but those of #GstSpead2Src:substream-item, have the sizes, offsets and times that the missing
   * heaps would have had, and the buffer behind them is not DISCONT. Heaps that come late
   * are then dropped and counted (`heaps-dropped-late`). A hole of more than 1024 heaps or
   * 64 MiB, or whose samples have no whole number of bytes, is as with `gap`.
   *
   * All three are counted: `gaps`, `missing-samples`, and of these `filled-samples`.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MISSING,
      g_param_spec_enum ("missing", "Missing",
          "What stands for samples that are missing between heaps",
          gst_spead2_missing_get_type (), GST_SPEAD2_MISSING_GAP, FLAGS));
  /**
   * GstSpead2Src:fill-value:
   *
   * The value of each missing byte, with incomplete=fill or missing=fill.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_FILL_VALUE,
      g_param_spec_uint ("fill-value", "Fill value",
          "Byte in place of each missing one", 0, 255, 0, FLAGS));
}

static void
install_time (GObjectClass *klass)
{
  /**
   * GstSpead2Src:index-item:
   *
   * The item that has the index of the heap's first sample: an id or a name of a
   * descriptor. `timestamp` is 0x1600, described or not. It is an immediate, or a whole
   * number that a descriptor describes. Its value, unwrapped, is the OFFSET of the
   * buffer. `heap-cnt`, for streams without such an item, is the heap counter, which
   * counts heaps of #GstSpead2Src:index-step samples, or of as many as the caps say.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_INDEX_ITEM,
      g_param_spec_string ("index-item", "Index item",
          "Item with the index of the first sample: id, name or heap-cnt",
          "timestamp", FLAGS));
  /**
   * GstSpead2Src:index-step:
   *
   * By how much the index goes on from heap to heap. 0: by the frames that the caps
   * say, or by nothing where caps do not say it: losses are then not marked. Where the
   * type of the samples is not known, or has several dimensions, this is also how many
   * samples a buffer has, for OFFSET_END and DURATION.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_INDEX_STEP,
      g_param_spec_uint64 ("index-step", "Index step",
          "From the index of a heap to that of the next (0 = by the caps)", 0,
          G_MAXINT64, 0, FLAGS));
  /**
   * GstSpead2Src:substream-item:
   *
   * The items whose values say to which of several substreams a heap belongs: 1 to 4 ids
   * or names of descriptors, separated by commas, such as `feng_id` or `0x4101,0x3101`.
   * They are immediates, or whole numbers that a descriptor describes. 384 channels, 64 antennas or two polarisations on one port have
   * a heap each at one index. Indices, losses (DISCONT, #GstSpead2Src:stats) and
   * restarts are found for each combination of values that comes; a heap without an
   * item belongs to a further one. A GAP event is pushed for a time in which no
   * substream has a buffer. Of 4096 substreams losses are marked: heaps of others are
   * delivered with the index as it was sent, counted as `heaps-unmarked`, and warned of
   * once. Unset: all heaps are one stream.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SUBSTREAM_ITEM,
      g_param_spec_string ("substream-item", "Substream item",
          "Items that say to which substream a heap belongs, ids or names "
          "separated by commas",
          NULL, FLAGS));
  /**
   * GstSpead2Src:sample-rate:
   *
   * Samples per second: the rate of audio caps, durations and times of samples. A caps
   * filter downstream with a rate says it as well. 0: not known. Divided by
   * #GstSpead2Src:sample-rate-denominator.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SAMPLE_RATE,
      g_param_spec_int64 ("sample-rate", "Sample rate",
          "Samples per second (0 = not known)", 0, G_MAXINT64, 0, FLAGS));
  /**
   * GstSpead2Src:sample-rate-denominator:
   *
   * What #GstSpead2Src:sample-rate is divided by: 25000000 and 27 are one sample every
   * 1.08 microseconds. More than 1 without a sample-rate is an error.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass,
      GST_SPEAD2_SRC_PROP_SAMPLE_RATE_DENOMINATOR,
      g_param_spec_int ("sample-rate-denominator", "Sample rate denominator",
          "Divisor of sample-rate", 1, G_MAXINT, 1, FLAGS));
  /**
   * GstSpead2Src:sync-epoch:
   *
   * The time at which the sample index was 0, in ns since 1970 (UTC), as
   * #GstSpead2Sink:sync-epoch. Where the sample rate is known, each buffer gets a
   * GstReferenceTimestampMeta `timestamp/x-unix`: sync-epoch plus the index divided by
   * the rate, rounded once, to the nearest ns. An index of few bits may have run over
   * since: of all numbers with the bits of the first one, OFFSET is the one whose date
   * is nearest to this machine's time of day. -1: not known.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SYNC_EPOCH,
      g_param_spec_int64 ("sync-epoch", "Sync epoch",
          "Time at which the sample index was 0 (in ns since 1970, -1 = not "
          "known)",
          -1, G_MAXINT64, -1, FLAGS));
  /**
   * GstSpead2Src:timestamp-mode:
   *
   * What the timestamps of buffers are. By `arrival`, up to 16 small heaps that were read
   * at once may have the time of the first (#GstSpead2Src:heaps-per-buffer). `index` and `utc` need the sample rate, without
   * which they are times of arrival, with a warning; `utc` needs
   * #GstSpead2Src:sync-epoch, without which it is an error. With `utc` running time is
   * compared with UTC: at each buffer if the pipeline's clock is a GstSystemClock of
   * clock-type `realtime`, else once, with this machine's time of day. Samples are
   * then older than their arrival: a sink with sync=true needs a latency in which they
   * come.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_TIMESTAMP_MODE,
      g_param_spec_enum ("timestamp-mode", "Timestamp mode",
          "What the timestamps of buffers are",
          gst_spead2_timestamp_mode_get_type (),
          GST_SPEAD2_TIMESTAMP_MODE_ARRIVAL, FLAGS));
}

static void
install_order (GObjectClass *klass)
{
  /**
   * GstSpead2Src:order:
   *
   * The order in which heaps become buffers. In that of arrival a heap that took longer,
   * or came by another socket, follows later ones. In that of `counter` or `index`
   * (#GstSpead2Src:index-item) a heap that is the next one becomes a buffer at once; any
   * other waits for those before it, up to #GstSpead2Src:latency. Heaps that come later
   * than that become buffers at once, and are marked with DISCONT. Timestamps grow with
   * the order only where #GstSpead2Src:timestamp-mode takes them from the index.
   *
   * The next one has a counter that is larger by 1, or an index that is larger by
   * #GstSpead2Src:index-step or the samples of the last buffer. Where neither is known,
   * where counters are larger by more, and where several substreams have one index
   * (#GstSpead2Src:substream-item), each heap waits for the whole latency. Heaps
   * without an index stay behind the one that came before them, and a stop heap behind
   * all that come within the latency.
   *
   * As many heaps may wait for their order as #GstSpead2Src:max-size-buffers (0: 65536)
   * and #GstSpead2Src:max-size-bytes allow; beyond that the first ones go on. `stats` has
   * their number as `heaps-waiting`.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_ORDER,
      g_param_spec_enum ("order", "Order",
          "Order in which heaps become buffers", gst_spead2_order_get_type (),
          GST_SPEAD2_ORDER_ARRIVAL, FLAGS));
  /**
   * GstSpead2Src:latency:
   *
   * How long a heap waits for those before it, in nanoseconds, with
   * #GstSpead2Src:order other than `arrival`. It is part of the element's latency.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_LATENCY,
      g_param_spec_uint64 ("latency", "Latency",
          "How long heaps wait for their order (in ns)", 0, G_MAXINT64,
          10000000, FLAGS));
}

static void
install_stream (GObjectClass *klass)
{
  /**
   * GstSpead2Src:on-stop:
   *
   * What a stop heap does. Its own data are delivered in both cases.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_ON_STOP,
      g_param_spec_enum ("on-stop", "On stop", "What a stop heap does",
          gst_spead2_on_stop_get_type (), GST_SPEAD2_ON_STOP_EOS, FLAGS));
  /**
   * GstSpead2Src:n-stops:
   *
   * How many stop heaps end the stream, with on-stop=eos, where several senders send
   * to it.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_N_STOPS,
      g_param_spec_uint ("n-stops", "Number of stops",
          "Stop heaps that end the stream", 1, G_MAXUINT, 1, FLAGS));
  /**
   * GstSpead2Src:max-size-buffers:
   *
   * How many received heaps may wait for downstream; 0: any number.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MAX_SIZE_BUFFERS,
      g_param_spec_uint ("max-size-buffers", "Maximum buffers",
          "Received heaps that wait for downstream at most (0 = any)", 0,
          G_MAXUINT, 0, FLAGS));
  /**
   * GstSpead2Src:max-size-bytes:
   *
   * How many bytes of received heaps may wait for downstream. A heap counts as 1024 bytes
   * at least. One heap may always wait.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MAX_SIZE_BYTES,
      g_param_spec_uint64 ("max-size-bytes", "Maximum bytes",
          "Bytes of received heaps that wait for downstream at most", 1,
          G_MAXINT64, 67108864, FLAGS));
  /**
   * GstSpead2Src:max-size-time:
   *
   * How much time the received heaps that wait for downstream may cover, in ns: from the
   * arrival of the oldest one's first packet to that of the newest. One heap may always
   * wait. 0: any time.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_MAX_SIZE_TIME,
      g_param_spec_uint64 ("max-size-time", "Maximum time",
          "Time of received heaps that wait for downstream at most (in ns, 0 = "
          "any)",
          0, G_MAXINT64, 0, FLAGS));
  /**
   * GstSpead2Src:leaky:
   *
   * What happens when received heaps fill that: receiving waits, and what the sockets'
   * buffers do not hold is lost in the kernel; or heaps are dropped, and counted.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_LEAKY,
      g_param_spec_enum ("leaky", "Leaky",
          "What happens when the queue is full", gst_spead2_leaky_get_type (),
          GST_SPEAD2_LEAKY_NO, FLAGS));
  /**
   * GstSpead2Src:heaps-per-buffer:
   *
   * How many heaps that follow one another share a buffer, at most: small heaps cost less
   * that way, since a buffer costs as much as receiving a few KiB. A buffer ends early in
   * front of a heap before which samples are missing, which is late, or whose samples
   * have another size, another place in the heap (as behind descriptors) or other caps;
   * at 64 MiB; at the end of the stream; and after #GstSpead2Src:buffer-timeout.
   *
   * OFFSET, PTS and the sender's address are those of the first heap, OFFSET_END and
   * DURATION go up to the end of the last. `GstSpead2Items` has the number of heaps as
   * `n-heaps` (guint). Values that all of them share are as with one heap. Numbers that
   * differ are GBytes in a field `each/` and the name, 8 bytes for each heap in the byte
   * order of the machine, as guint64, gint64 or gdouble; so is the heap counter in any
   * case, in `each/heap-cnt`. A value that is bytes and differs ends the buffer.
   *
   * Heaps of one size whose item is all of their payload are received side by side, and
   * not copied, if they come in order and from one receiving thread. They cost least if
   * each is one packet, and only immediates that step differ: the index by the samples of a
   * heap (#GstSpead2Src:index-step says so where the item has several dimensions), others
   * as unsigned big-endian numbers; if no value but the samples is addressed; and if no
   * property concerns single heaps, as #GstSpead2Src:accept, #GstSpead2Src:substream-item,
   * #GstSpead2Src:order, #GstSpead2Src:leaky, #GstSpead2Src:signal-heaps and
   * #GstSpead2Src:retrieve-sender-address do.
   *
   * With 1, each heap is a buffer. Heaps of up to 64 KiB for which no property concerns
   * single heaps, and for which downstream asks for no memory of its own, then lie in blocks
   * of up to 16 heaps and 128 KiB: a buffer that is kept keeps its block.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_HEAPS_PER_BUFFER,
      g_param_spec_uint ("heaps-per-buffer", "Heaps per buffer",
          "Heaps that share a buffer at most", 1, 1024, 1, FLAGS));
  /**
   * GstSpead2Src:buffer-timeout:
   *
   * How long the first heap of a buffer waits for further ones, in ns, with
   * #GstSpead2Src:heaps-per-buffer above 1. It adds to the latency.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_BUFFER_TIMEOUT,
      g_param_spec_uint64 ("buffer-timeout", "Buffer timeout",
          "Time that a heap waits for others of its buffer at most (ns)", 0,
          G_MAXINT64, 10 * GST_MSECOND, FLAGS));
}

static void
install_stats (GObjectClass *klass)
{
  /**
   * GstSpead2Src:quiet:
   *
   * Post no INFO message at EOS. That message is posted before the EOS event goes out.
   * It contains, since the element went to PAUSED: the heaps that became buffers; the
   * bytes of UDP payload and the packets that were received; the seconds from the first
   * packet to the last, pauses included, and bytes per second in 10^6; the heaps that
   * remained incomplete, those that were dropped (in the queue, or without the item,
   * a descriptor or their size), and the samples between indices. Warnings and errors
   * are posted in any case.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_QUIET,
      g_param_spec_boolean ("quiet", "Quiet",
          "Post no INFO message with numbers at EOS", FALSE,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Src:stats-interval:
   *
   * Post an element message named `spead2-stats`, with the fields of
   * #GstSpead2Src:stats, each time so many nanoseconds have passed in PAUSED or
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
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_STATS_INTERVAL,
      g_param_spec_uint64 ("stats-interval", "Statistics interval",
          "Post a message with stats each time so much has passed (in ns, 0 = "
          "never)",
          0, G_MAXINT64, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));
  /**
   * GstSpead2Src:signal-heaps:
   *
   * Emit #GstSpead2Src::heap-received for each heap.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_SIGNAL_HEAPS,
      g_param_spec_boolean ("signal-heaps", "Signal heaps",
          "Emit heap-received for each heap", FALSE, FLAGS));
  /**
   * GstSpead2Src:stats:
   *
   * Counters since READY to PAUSED, a GstStructure named
   * `application/x-spead2-src-stats`, all guint64 but `sockets` and `threads` (guint)
   * and `substream-losses` (a GstValueArray): of each substream that has lost something
   * a GstStructure with its values of #GstSpead2Src:substream-item, `gaps`,
   * `missing-samples` and `restarts`, most samples first, at most 64 of them.
   * They balance: datagrams = packets + all `refused-`; packets = all `packets-`;
   * heaps-started = all `heaps-` that say how a heap ended + heaps-live.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_SPEAD2_SRC_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics", "What has been received",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_spead2_src_install_properties (GObjectClass *klass)
{
  install_network (klass);
  install_threads (klass);
  install_heaps (klass);
  install_payload (klass);
  install_time (klass);
  install_order (klass);
  install_stream (klass);
  install_stats (klass);
}
