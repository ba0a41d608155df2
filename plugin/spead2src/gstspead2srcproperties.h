/* The properties of spead2src: their values, and their documentation.
 *
 * Each property is one field of GstSpead2SrcSettings. All are taken over when the
 * element goes from NULL to READY (sockets) or from READY to PAUSED (the rest).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef GST_SPEAD2_SRC_PROPERTIES_H
#define GST_SPEAD2_SRC_PROPERTIES_H

#include <gio/gio.h>
#include <gst/gst.h>

#include "common/gstspead2rate.h"
#include "common/gstspead2settings.h"

G_BEGIN_DECLS

/**
 * GstSpead2Incomplete:
 * @GST_SPEAD2_INCOMPLETE_DROP: a heap with a packet missing is counted and dropped
 * @GST_SPEAD2_INCOMPLETE_FILL: missing bytes have the value of fill-value, and the
 *   buffer is marked CORRUPTED
 *
 * What becomes of a heap that has lost packets.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_INCOMPLETE_DROP,
  GST_SPEAD2_INCOMPLETE_FILL
} GstSpead2Incomplete;

/**
 * GstSpead2Missing:
 * @GST_SPEAD2_MISSING_GAP: a GAP event in front of the next buffer, which has the flag
 *   DISCONT
 * @GST_SPEAD2_MISSING_FILL: buffers of the value of fill-value, with the flag GAP
 * @GST_SPEAD2_MISSING_NONE: the next buffer has the flag DISCONT
 *
 * What stands for samples that are missing between heaps.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_MISSING_GAP,
  GST_SPEAD2_MISSING_FILL,
  GST_SPEAD2_MISSING_NONE
} GstSpead2Missing;

/**
 * GstSpead2Order:
 * @GST_SPEAD2_ORDER_ARRIVAL: in which their last packets arrive
 * @GST_SPEAD2_ORDER_COUNTER: of their heap counters
 * @GST_SPEAD2_ORDER_INDEX: of the indices of their first samples
 *
 * The order in which heaps become buffers.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_ORDER_ARRIVAL,
  GST_SPEAD2_ORDER_COUNTER,
  GST_SPEAD2_ORDER_INDEX
} GstSpead2Order;

/**
 * GstSpead2OnStop:
 * @GST_SPEAD2_ON_STOP_EOS: the stream ends after the heaps before it
 * @GST_SPEAD2_ON_STOP_IGNORE: the stop heap is counted
 *
 * What a stop heap does.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_ON_STOP_EOS,
  GST_SPEAD2_ON_STOP_IGNORE
} GstSpead2OnStop;

/**
 * GstSpead2WaitDescriptor:
 * @GST_SPEAD2_WAIT_DESCRIPTOR_AUTO: where downstream does not take bytes
 * @GST_SPEAD2_WAIT_DESCRIPTOR_TRUE: always
 * @GST_SPEAD2_WAIT_DESCRIPTOR_FALSE: never: the payload is bytes until then
 *
 * Whether heaps before the first descriptor of their item are dropped.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_WAIT_DESCRIPTOR_AUTO,
  GST_SPEAD2_WAIT_DESCRIPTOR_TRUE,
  GST_SPEAD2_WAIT_DESCRIPTOR_FALSE
} GstSpead2WaitDescriptor;

/**
 * GstSpead2TimestampMode:
 * @GST_SPEAD2_TIMESTAMP_MODE_ARRIVAL: the running time at which the heap's first
 *   packet was read
 * @GST_SPEAD2_TIMESTAMP_MODE_INDEX: the running time at which the first heap arrived,
 *   and the samples since
 * @GST_SPEAD2_TIMESTAMP_MODE_UTC: the running time at which the first sample was taken,
 *   by sync-epoch, the index and the sample rate
 *
 * What the timestamps of buffers are.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_TIMESTAMP_MODE_ARRIVAL,
  GST_SPEAD2_TIMESTAMP_MODE_INDEX,
  GST_SPEAD2_TIMESTAMP_MODE_UTC
} GstSpead2TimestampMode;

/**
 * GstSpead2Leaky:
 * @GST_SPEAD2_LEAKY_NO: receiving waits, and what the socket's buffer does not hold is
 *   lost in the kernel
 * @GST_SPEAD2_LEAKY_UPSTREAM: heaps that arrive are dropped
 * @GST_SPEAD2_LEAKY_DOWNSTREAM: the oldest heaps are dropped
 *
 * What happens when received heaps fill the queue; the names are those of the element
 * queue.
 *
 * Since: 0.1
 */
typedef enum {
  GST_SPEAD2_LEAKY_NO,
  GST_SPEAD2_LEAKY_UPSTREAM,
  GST_SPEAD2_LEAKY_DOWNSTREAM
} GstSpead2Leaky;

/* Guarded by the owner of the struct. */
typedef struct {
  gchar *address;
  gint port;
  gchar *multicast_iface;
  gchar *multicast_source;
  gint auto_multicast;
  gint reuse;
  guint buffer_size;
  GSocket *socket;
  gint close_socket;
  guint64 timeout; /* ns */
  gint retrieve_sender_address;

  guint receive_threads;
  gchar *cpu_affinity;
  guint max_heaps;
  guint64 max_heap_size;
  guint64 heap_timeout; /* ns */
  guint heap_address_bits;
  gint packet_heaps;
  gint bug_compat;

  gchar *accept;
  gchar *item;
  GstCaps *caps;
  gchar *dtype;
  gchar *shape;
  guint sample_bits;
  gint wait_descriptor;       /* GstSpead2WaitDescriptor */
  guint64 descriptor_timeout; /* ns */
  gint incomplete;            /* GstSpead2Incomplete */
  gint missing;               /* GstSpead2Missing */
  guint fill_value;

  gchar *index_item;
  guint64 index_step;
  gchar *substream_item;
  gint64 sample_rate;
  gint sample_rate_denominator;
  gint64 sync_epoch;   /* ns since 1970; < 0: not known */
  gint timestamp_mode; /* GstSpead2TimestampMode */

  gint order;      /* GstSpead2Order */
  guint64 latency; /* ns */

  gint on_stop; /* GstSpead2OnStop */
  guint n_stops;
  guint max_size_buffers;
  guint64 max_size_bytes;
  guint64 max_size_time; /* ns */
  gint leaky;            /* GstSpead2Leaky */
  gint quiet;
  guint64 stats_interval; /* ns */
  guint heaps_per_buffer;
  guint64 buffer_timeout; /* ns */
  gint signal_heaps;
} GstSpead2SrcSettings;

/* Those that are no field, from GST_SPEAD2_SRC_N_SETTINGS on, are last. */
enum {
  GST_SPEAD2_SRC_PROP_0,
  GST_SPEAD2_SRC_PROP_ADDRESS,
  GST_SPEAD2_SRC_PROP_PORT,
  GST_SPEAD2_SRC_PROP_MULTICAST_IFACE,
  GST_SPEAD2_SRC_PROP_MULTICAST_SOURCE,
  GST_SPEAD2_SRC_PROP_AUTO_MULTICAST,
  GST_SPEAD2_SRC_PROP_REUSE,
  GST_SPEAD2_SRC_PROP_BUFFER_SIZE,
  GST_SPEAD2_SRC_PROP_SOCKET,
  GST_SPEAD2_SRC_PROP_CLOSE_SOCKET,
  GST_SPEAD2_SRC_PROP_TIMEOUT,
  GST_SPEAD2_SRC_PROP_RETRIEVE_SENDER_ADDRESS,
  GST_SPEAD2_SRC_PROP_RECEIVE_THREADS,
  GST_SPEAD2_SRC_PROP_CPU_AFFINITY,
  GST_SPEAD2_SRC_PROP_MAX_HEAPS,
  GST_SPEAD2_SRC_PROP_MAX_HEAP_SIZE,
  GST_SPEAD2_SRC_PROP_HEAP_TIMEOUT,
  GST_SPEAD2_SRC_PROP_HEAP_ADDRESS_BITS,
  GST_SPEAD2_SRC_PROP_PACKET_HEAPS,
  GST_SPEAD2_SRC_PROP_BUG_COMPAT,
  GST_SPEAD2_SRC_PROP_ACCEPT,
  GST_SPEAD2_SRC_PROP_ITEM,
  GST_SPEAD2_SRC_PROP_CAPS,
  GST_SPEAD2_SRC_PROP_DTYPE,
  GST_SPEAD2_SRC_PROP_SHAPE,
  GST_SPEAD2_SRC_PROP_SAMPLE_BITS,
  GST_SPEAD2_SRC_PROP_WAIT_DESCRIPTOR,
  GST_SPEAD2_SRC_PROP_DESCRIPTOR_TIMEOUT,
  GST_SPEAD2_SRC_PROP_INCOMPLETE,
  GST_SPEAD2_SRC_PROP_MISSING,
  GST_SPEAD2_SRC_PROP_FILL_VALUE,
  GST_SPEAD2_SRC_PROP_INDEX_ITEM,
  GST_SPEAD2_SRC_PROP_INDEX_STEP,
  GST_SPEAD2_SRC_PROP_SUBSTREAM_ITEM,
  GST_SPEAD2_SRC_PROP_SAMPLE_RATE,
  GST_SPEAD2_SRC_PROP_SAMPLE_RATE_DENOMINATOR,
  GST_SPEAD2_SRC_PROP_SYNC_EPOCH,
  GST_SPEAD2_SRC_PROP_TIMESTAMP_MODE,
  GST_SPEAD2_SRC_PROP_ORDER,
  GST_SPEAD2_SRC_PROP_LATENCY,
  GST_SPEAD2_SRC_PROP_ON_STOP,
  GST_SPEAD2_SRC_PROP_N_STOPS,
  GST_SPEAD2_SRC_PROP_MAX_SIZE_BUFFERS,
  GST_SPEAD2_SRC_PROP_MAX_SIZE_BYTES,
  GST_SPEAD2_SRC_PROP_MAX_SIZE_TIME,
  GST_SPEAD2_SRC_PROP_LEAKY,
  GST_SPEAD2_SRC_PROP_QUIET,
  GST_SPEAD2_SRC_PROP_STATS_INTERVAL,
  GST_SPEAD2_SRC_PROP_HEAPS_PER_BUFFER,
  GST_SPEAD2_SRC_PROP_BUFFER_TIMEOUT,
  GST_SPEAD2_SRC_PROP_SIGNAL_HEAPS,
  GST_SPEAD2_SRC_N_SETTINGS,
  GST_SPEAD2_SRC_PROP_URI = GST_SPEAD2_SRC_N_SETTINGS,
  GST_SPEAD2_SRC_PROP_STATS,
  GST_SPEAD2_SRC_PROP_USED_SOCKET
};

extern const GstSpead2SettingsTable gst_spead2_src_settings_table;

void gst_spead2_src_install_properties (GObjectClass *klass);

/* Of samples; not known where sample_rate is 0. */
static inline GstSpead2Rate
gst_spead2_src_settings_rate (const GstSpead2SrcSettings *settings)
{
  return (GstSpead2Rate){
      settings->sample_rate, settings->sample_rate_denominator};
}

G_END_DECLS

#endif /* GST_SPEAD2_SRC_PROPERTIES_H */
