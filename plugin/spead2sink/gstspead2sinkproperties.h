/* The properties of spead2sink: their values, and what they say of themselves.
 *
 * Each property is one field of GstSpead2SinkSettings. A property that may
 * change in PLAYING has the flag GST_PARAM_MUTABLE_PLAYING; all others are
 * taken over when the element goes from READY to PAUSED.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SINK_PROPERTIES_H
#define GST_SPEAD2_SINK_PROPERTIES_H

#include <gst/gst.h>
#include <gio/gio.h>

#include "common/gstspead2adapter.h"
#include "common/gstspead2index.h"
#include "common/gstspead2settings.h"

G_BEGIN_DECLS

/**
 * GstSpead2OnError:
 * @GST_SPEAD2_ON_ERROR_CONTINUE: post a warning and go on with the next heap
 * @GST_SPEAD2_ON_ERROR_FAIL: post an error and stop the stream
 *
 * What to do when the kernel refuses a heap.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_ON_ERROR_CONTINUE,
  GST_SPEAD2_ON_ERROR_FAIL
} GstSpead2OnError;

/**
 * GstSpead2ZeroCopy:
 * @GST_SPEAD2_ZERO_COPY_AUTO: where it can be and is faster
 * @GST_SPEAD2_ZERO_COPY_ON: where it can be, and a warning where it cannot
 * @GST_SPEAD2_ZERO_COPY_OFF: never
 *
 * Whether the kernel may read buffers where they lie, instead of copying them.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_ZERO_COPY_AUTO,
  GST_SPEAD2_ZERO_COPY_ON,
  GST_SPEAD2_ZERO_COPY_OFF
} GstSpead2ZeroCopy;

/**
 * GstSpead2Gso:
 * @GST_SPEAD2_GSO_AUTO: where the kernel takes it
 * @GST_SPEAD2_GSO_OFF: never: each packet is handed over alone
 *
 * Whether the kernel cuts messages of many packets apart (UDP segmentation offload).
 *
 * Since: 0.1
 */
typedef enum { GST_SPEAD2_GSO_AUTO, GST_SPEAD2_GSO_OFF } GstSpead2Gso;

/**
 * GstSpead2PacketSplit:
 * @GST_SPEAD2_PACKET_SPLIT_FULL: as much as fits, and the rest in the last one
 * @GST_SPEAD2_PACKET_SPLIT_BALANCED: no more packets than that, all of one size
 *   but for a few bytes of the last
 *
 * How a heap is split into packets.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_PACKET_SPLIT_FULL,
  GST_SPEAD2_PACKET_SPLIT_BALANCED
} GstSpead2PacketSplit;

/**
 * GstSpead2DestinationRule:
 * @SPEAD2_DESTINATION_IN_TURN: one after the other
 * @SPEAD2_DESTINATION_ALL: every heap to all
 * @SPEAD2_DESTINATION_ITEM: a value of the heap says which one
 *
 * Which of several destinations a heap goes to.
 *
 * Since: 0.1
 */

/**
 * GstSpead2DescriptorDestinations:
 * @GST_SPEAD2_DESCRIPTOR_DESTINATIONS_ALL: to each
 * @GST_SPEAD2_DESCRIPTOR_DESTINATIONS_FIRST: to the first one alone
 *
 * Which of several destinations descriptors go to.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_DESCRIPTOR_DESTINATIONS_ALL,
  GST_SPEAD2_DESCRIPTOR_DESTINATIONS_FIRST
} GstSpead2DescriptorDestinations;

/* Guarded by the owner of the struct; booleans and enums may be read with
 * g_atomic_int_get() as well, without a lock. */
typedef struct {
  gchar *host;
  gint port;
  gchar *destinations;   /* NULL: host and port */
  gint destination_rule; /* Spead2DestinationRule */
  gchar *destination_item;
  gint descriptor_destinations; /* GstSpead2DescriptorDestinations */
  gint heap_cnt_per_destination;
  guint interleave;
  guint heap_size;
  gint remainder; /* GstSpead2Remainder */
  guint max_heaps;
  guint send_threads;
  gchar *cpu_affinity;
  guint max_packet_size;
  gdouble rate;
  guint64 burst_size;
  gdouble burst_rate_ratio;
  guint heap_address_bits;
  gint send_stop_heap;
  gint index_source; /* GstSpead2IndexSource */
  gint on_error;     /* GstSpead2OnError */
  gint signal_heaps;
  gint quiet;
  guint64 stats_interval; /* ns */
  gint gso;               /* GstSpead2Gso */
  gint zero_copy;         /* GstSpead2ZeroCopy */

  gchar *items;
  gint repeat_pointers;
  guint payload_per_packet;
  gint packet_split; /* GstSpead2PacketSplit */
  guint64 heap_cnt_start;
  guint64 heap_cnt_step;
  gint send_start_heap;
  gint descriptors; /* Spead2DescriptorMode */
  guint64 descriptor_interval;
  guint64 descriptor_cnt_start;
  guint64 descriptor_cnt_step;
  guint64 first_sample;
  gint64 sync_epoch;
  guint64 start_time;
  guint64 start_alignment;
  gint64 sample_rate;
  gint sample_rate_denominator;
  guint sample_bits;

  gchar *multicast_iface;
  gint ttl;
  gint ttl_mc;
  gint loop;
  gint qos_dscp;
  guint buffer_size;
  gchar *bind_address;
  gint bind_port;
  GSocket *socket;
  gint close_socket;
} GstSpead2SinkSettings;

enum {
  GST_SPEAD2_SINK_PROP_0,
  /* Fields of the settings. */
  GST_SPEAD2_SINK_PROP_HOST,
  GST_SPEAD2_SINK_PROP_PORT,
  GST_SPEAD2_SINK_PROP_DESTINATIONS,
  GST_SPEAD2_SINK_PROP_DESTINATION_RULE,
  GST_SPEAD2_SINK_PROP_DESTINATION_ITEM,
  GST_SPEAD2_SINK_PROP_DESCRIPTOR_DESTINATIONS,
  GST_SPEAD2_SINK_PROP_HEAP_CNT_PER_DESTINATION,
  GST_SPEAD2_SINK_PROP_INTERLEAVE,
  GST_SPEAD2_SINK_PROP_HEAP_SIZE,
  GST_SPEAD2_SINK_PROP_REMAINDER,
  GST_SPEAD2_SINK_PROP_MAX_HEAPS,
  GST_SPEAD2_SINK_PROP_SEND_THREADS,
  GST_SPEAD2_SINK_PROP_CPU_AFFINITY,
  GST_SPEAD2_SINK_PROP_MAX_PACKET_SIZE,
  GST_SPEAD2_SINK_PROP_RATE,
  GST_SPEAD2_SINK_PROP_BURST_SIZE,
  GST_SPEAD2_SINK_PROP_BURST_RATE_RATIO,
  GST_SPEAD2_SINK_PROP_HEAP_ADDRESS_BITS,
  GST_SPEAD2_SINK_PROP_SEND_STOP_HEAP,
  GST_SPEAD2_SINK_PROP_INDEX_SOURCE,
  GST_SPEAD2_SINK_PROP_ON_ERROR,
  GST_SPEAD2_SINK_PROP_SIGNAL_HEAPS,
  GST_SPEAD2_SINK_PROP_QUIET,
  GST_SPEAD2_SINK_PROP_STATS_INTERVAL,
  GST_SPEAD2_SINK_PROP_GSO,
  GST_SPEAD2_SINK_PROP_ZERO_COPY,
  GST_SPEAD2_SINK_PROP_ITEMS,
  GST_SPEAD2_SINK_PROP_REPEAT_POINTERS,
  GST_SPEAD2_SINK_PROP_PAYLOAD_PER_PACKET,
  GST_SPEAD2_SINK_PROP_PACKET_SPLIT,
  GST_SPEAD2_SINK_PROP_HEAP_CNT_START,
  GST_SPEAD2_SINK_PROP_HEAP_CNT_STEP,
  GST_SPEAD2_SINK_PROP_SEND_START_HEAP,
  GST_SPEAD2_SINK_PROP_DESCRIPTORS,
  GST_SPEAD2_SINK_PROP_DESCRIPTOR_INTERVAL,
  GST_SPEAD2_SINK_PROP_DESCRIPTOR_CNT_START,
  GST_SPEAD2_SINK_PROP_DESCRIPTOR_CNT_STEP,
  GST_SPEAD2_SINK_PROP_FIRST_SAMPLE,
  GST_SPEAD2_SINK_PROP_SYNC_EPOCH,
  GST_SPEAD2_SINK_PROP_START_TIME,
  GST_SPEAD2_SINK_PROP_START_ALIGNMENT,
  GST_SPEAD2_SINK_PROP_SAMPLE_RATE,
  GST_SPEAD2_SINK_PROP_SAMPLE_RATE_DENOMINATOR,
  GST_SPEAD2_SINK_PROP_SAMPLE_BITS,
  GST_SPEAD2_SINK_PROP_MULTICAST_IFACE,
  GST_SPEAD2_SINK_PROP_TTL,
  GST_SPEAD2_SINK_PROP_TTL_MC,
  GST_SPEAD2_SINK_PROP_LOOP,
  GST_SPEAD2_SINK_PROP_QOS_DSCP,
  GST_SPEAD2_SINK_PROP_BUFFER_SIZE,
  GST_SPEAD2_SINK_PROP_BIND_ADDRESS,
  GST_SPEAD2_SINK_PROP_BIND_PORT,
  GST_SPEAD2_SINK_PROP_SOCKET,
  GST_SPEAD2_SINK_PROP_CLOSE_SOCKET,
  GST_SPEAD2_SINK_N_SETTINGS,
  /* The element's own. */
  GST_SPEAD2_SINK_PROP_URI = GST_SPEAD2_SINK_N_SETTINGS,
  GST_SPEAD2_SINK_PROP_USED_SOCKET,
  GST_SPEAD2_SINK_PROP_STATS
};

extern const GstSpead2SettingsTable gst_spead2_sink_settings_table;

void gst_spead2_sink_install_properties (GObjectClass *klass);

G_END_DECLS

#endif /* GST_SPEAD2_SINK_PROPERTIES_H */
