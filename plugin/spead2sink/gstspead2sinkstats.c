/* The engine's counters as a GstStructure: see gstspead2sinkstats.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2sinkstats.h"

#include <string.h>

#include "spead2/net/endpointlist.h"

const gchar *
gst_spead2_errno_name (gint errnum)
{
  const gchar *name = strerrorname_np (errnum);

  return name ? name : "unknown";
}

static void
add_errors (GstStructure *stats, const Spead2WriterCounters *counters)
{
  GstStructure *by_errno = gst_structure_new_empty ("errors");
  guint64 errors = 0;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (counters->errors); i++) {
    if (counters->errors[i] == 0)
      continue;
    errors += counters->errors[i];
    gst_structure_set (by_errno, gst_spead2_errno_name (i), G_TYPE_UINT64,
        counters->errors[i], NULL);
  }
  gst_structure_set (stats, "errors", G_TYPE_UINT64, errors, "errors-by-errno",
      GST_TYPE_STRUCTURE, by_errno, NULL);
  gst_structure_free (by_errno);
}

static guint64
mean (const Spead2Times *times)
{
  return times->n > 0 ? times->total / times->n : 0;
}

GstStructure *
gst_spead2_sink_destination_stats (const Spead2DestinationStats *destination)
{
  gchar *address = spead2_endpoint_list_to_text (&destination->endpoint, 1);
  GstStructure *stats = gst_structure_new (GST_SPEAD2_SINK_DESTINATION_STATS,
      "address", G_TYPE_STRING, address, "packets-sent", G_TYPE_UINT64,
      destination->counters.packets, "bytes-sent", G_TYPE_UINT64,
      destination->counters.bytes, "errors", G_TYPE_UINT64,
      destination->counters.errors, NULL);

  g_free (address);
  return stats;
}

void
gst_spead2_sink_stats_add_destinations (
    GstStructure *stats, const GArray *destinations)
{
  GValue list = G_VALUE_INIT;
  guint i, n = destinations ? destinations->len : 0;

  gst_value_array_init (&list, n);
  for (i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value,
        gst_spead2_sink_destination_stats (
            &g_array_index (destinations, Spead2DestinationStats, i)));
    gst_value_array_append_and_take_value (&list, &value);
  }
  gst_structure_take_value (stats, "destinations", &list);
}

void
gst_spead2_sink_stats_add (GstStructure *stats, const Spead2SenderStats *engine)
{
  const Spead2WriterCounters *writer = &engine->writer;

  gst_structure_set (stats, "heaps-pushed", G_TYPE_UINT64, engine->heaps_pushed,
      "heaps-sent", G_TYPE_UINT64, engine->heaps_sent, "heaps-failed",
      G_TYPE_UINT64, engine->heaps_failed, "heaps-dropped", G_TYPE_UINT64,
      engine->heaps_dropped, "outstanding", G_TYPE_UINT, engine->outstanding,
      "peak-outstanding", G_TYPE_UINT, engine->peak_outstanding, "packets",
      G_TYPE_UINT64, writer->packets, "bytes", G_TYPE_UINT64, writer->bytes,
      "payload-bytes", G_TYPE_UINT64, engine->payload_bytes, "messages",
      G_TYPE_UINT64, writer->messages, "calls", G_TYPE_UINT64, writer->calls,
      "waits", G_TYPE_UINT64, writer->waits, NULL);
  add_errors (stats, writer);
  gst_structure_set (stats, "gso", G_TYPE_BOOLEAN,
      !engine->no_gso && engine->gso_errno == 0, "zero-copy", G_TYPE_BOOLEAN,
      engine->zerocopy_reason == NULL && writer->zerocopy_messages > 0,
      "zero-copy-messages", G_TYPE_UINT64, writer->zerocopy_messages,
      "heaps-abandoned", G_TYPE_UINT64, engine->heaps_abandoned,
      "heap-cnt-wraps", G_TYPE_UINT64, engine->heap_cnt_wraps, "heap-time-min",
      G_TYPE_UINT64, engine->heap_time.min, "heap-time-mean", G_TYPE_UINT64,
      mean (&engine->heap_time), "heap-time-max", G_TYPE_UINT64,
      engine->heap_time.max, "pacing-error-mean", G_TYPE_UINT64,
      mean (&engine->pacing_error), "pacing-error-max", G_TYPE_UINT64,
      engine->pacing_error.max, "mtu", G_TYPE_UINT, engine->mtu, "send-buffer",
      G_TYPE_UINT, engine->buffer_size, NULL);
  if (engine->no_gso || engine->gso_errno != 0)
    gst_structure_set (stats, "gso-reason", G_TYPE_STRING,
        engine->no_gso ? "gso=off" : g_strerror (engine->gso_errno), NULL);
  if (engine->zerocopy_reason)
    gst_structure_set (stats, "zero-copy-reason", G_TYPE_STRING,
        engine->zerocopy_reason, NULL);
}
