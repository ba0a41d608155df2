/* gst-spead2: what has been received, as a structure: see gstspead2srcprivate.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

static void
add (GstStructure *stats, const gchar *name, guint64 value)
{
  gst_structure_set (stats, name, G_TYPE_UINT64, value, NULL);
}

/* Counters of an enum, as "<prefix>-<name>". */
static guint64
add_each (GstStructure *stats, const gchar *prefix, const guint64 *counters,
    guint first, guint n, const gchar *(*name) (guint))
{
  guint64 sum = 0;
  guint i;

  for (i = first; i < n; i++) {
    g_autofree gchar *field = g_strdup_printf ("%s-%s", prefix, name (i));

    add (stats, field, counters[i]);
    sum += counters[i];
  }
  return sum;
}

static const gchar *
refusal_name (guint i)
{
  return spead2_refusal_name (i);
}

static const gchar *
fate_name (guint i)
{
  return spead2_packet_fate_name (i);
}

static const gchar *
end_name (guint i)
{
  return spead2_heap_end_name (i);
}

static void
add_packets (GstStructure *stats, const Spead2AssemblerCounters *counters)
{
  guint64 packets = 0;
  guint i;

  for (i = 0; i < SPEAD2_N_PACKET_FATES; i++)
    packets += counters->packets[i];
  add (stats, "datagrams", counters->datagrams);
  add (stats, "bytes", counters->bytes);
  add (stats, "packets", packets);
  add_each (stats, "refused", counters->refused, SPEAD2_REFUSAL_SHORT,
      SPEAD2_N_REFUSALS, refusal_name);
  add_each (stats, "packets", counters->packets, SPEAD2_PACKET_ACCEPTED,
      SPEAD2_N_PACKET_FATES, fate_name);
  add (stats, "heaps-started", counters->heaps_started);
  add_each (stats, "heaps", counters->heaps_ended, SPEAD2_HEAP_COMPLETE,
      SPEAD2_N_HEAP_ENDS, end_name);
  add (stats, "heaps-single-packet", counters->single_packet_heaps);
}

/* What becomes of heaps that were taken from the receiver. */
static const struct {
  gsize counter; /* offset in GstSpead2SrcCounters */
  const gchar *name;
} outcomes[] = {
#define OUTCOME(field, name)                                                   \
  {                                                                            \
    G_STRUCT_OFFSET (GstSpead2SrcCounters, field), name                        \
  }
    OUTCOME (delivered, "delivered"),
    OUTCOME (control, "control"),
    OUTCOME (not_accepted, "dropped-not-accepted"),
    OUTCOME (no_item, "dropped-no-item"),
    OUTCOME (no_descriptor, "dropped-no-descriptor"),
    OUTCOME (wrong_size, "dropped-wrong-size"),
    OUTCOME (incomplete, "dropped-incomplete"),
    OUTCOME (late, "dropped-late"),
    OUTCOME (after_end, "dropped-after-end"),
#undef OUTCOME
};

static void
add_outcomes (GstStructure *stats, const GstSpead2SrcCounters *counters)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (outcomes); i++) {
    g_autofree gchar *field = g_strdup_printf ("heaps-%s", outcomes[i].name);

    add (
        stats, field, G_STRUCT_MEMBER (guint64, counters, outcomes[i].counter));
  }
}

const gchar *
gst_spead2_src_outcome_name (
    const GstSpead2SrcCounters *counters, const guint64 *counter)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (outcomes); i++)
    if (counter == G_STRUCT_MEMBER_P (counters, outcomes[i].counter))
      return outcomes[i].name;
  g_return_val_if_reached (NULL);
}

/* One substream's values, by the names that the user gave the items, and its losses. */
static void
append_losses (GValue *list, gchar **items, const GstSpead2SrcLosses *of)
{
  GstStructure *losses = gst_structure_new_empty ("substream");
  GValue value = G_VALUE_INIT;
  guint i;

  for (i = 0; items[i] && i < GST_SPEAD2_MAX_SUBSTREAM_ITEMS; i++)
    if (of->key.present >> i & 1)
      add (losses, g_strstrip (items[i]), of->key.values[i]);
  add (losses, "gaps", of->gaps);
  add (losses, "missing-samples", of->missing);
  add (losses, "restarts", of->restarts);
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, losses);
  gst_value_array_append_and_take_value (list, &value);
}

static void
add_substreams (
    GstStructure *stats, const GstSpead2SrcSubstreamStats *substreams)
{
  g_auto (GStrv) items = g_strsplit (substreams->items, ",", -1);
  GValue list = G_VALUE_INIT;
  guint i;

  add (stats, "substreams", substreams->n);
  g_value_init (&list, GST_TYPE_ARRAY);
  for (i = 0; i < substreams->worst->len; i++)
    append_losses (&list, items,
        &g_array_index (substreams->worst, GstSpead2SrcLosses, i));
  gst_structure_take_value (stats, "substream-losses", &list);
}

GstStructure *
gst_spead2_src_make_stats (const Spead2ReceiverStats *engine,
    const GstSpead2SrcCounters *counters,
    const GstSpead2SrcSubstreamStats *substreams)
{
  GstStructure *stats =
      gst_structure_new_empty ("application/x-spead2-src-stats");

  add_packets (stats, &engine->assembler);
  add (stats, "heaps-live", engine->live);
  add (stats, "heaps-ready", engine->ready.ready);
  add (stats, "heaps-dropped-queue", engine->ready.dropped);
  add (stats, "heaps-flushed-ready", engine->ready.cleared);
  add (stats, "queue-waits", engine->ready.waits);
  add (stats, "heaps-waiting", counters->waiting);
  add_outcomes (stats, counters);
  add (stats, "payload-bytes", counters->bytes);
  add (stats, "bad-descriptors", counters->bad_descriptors);
  add (stats, "stops", counters->stops);
  add (stats, "gaps", counters->gaps);
  add (stats, "missing-samples", counters->missing);
  add (stats, "filled-samples", counters->filled);
  add (stats, "restarts", counters->restarts);
  add (stats, "heaps-unmarked", counters->unmarked);
  add_substreams (stats, substreams);
  add (stats, "values-omitted", counters->values_omitted);
  add (stats, "discarded", engine->reader.discarded);
  add (stats, "messages", engine->reader.messages);
  add (stats, "calls", engine->reader.calls);
  add (stats, "truncated", engine->reader.truncated);
  add (stats, "ctrunc", engine->reader.ctrunc);
  add (stats, "receive-errors", engine->reader.errors);
  add (stats, "kernel-drops", engine->kernel.drops);
  add (stats, "socket-fill", engine->kernel.fill);
  add (stats, "socket-size", engine->kernel.size);
  gst_structure_set (stats, "sockets", G_TYPE_UINT, engine->n_sockets,
      "threads", G_TYPE_UINT, engine->n_threads, NULL);
  return stats;
}
