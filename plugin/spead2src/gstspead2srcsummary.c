/* gst-spead2: spead2src's INFO message at EOS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2srcprivate.h"

/* Given up, or under assembly, which nobody waits for any more. */
static guint64
count_incomplete (const Spead2ReceiverStats *engine)
{
  return engine->assembler.heaps_started -
      engine->assembler.heaps_ended[SPEAD2_HEAP_COMPLETE];
}

/* Complete heaps that became no buffer, against the user's wish. */
static guint64
count_dropped (
    const Spead2ReceiverStats *engine, const GstSpead2SrcCounters *counters)
{
  return engine->ready.dropped + counters->no_item + counters->no_descriptor +
      counters->wrong_size;
}

/* ns: from the first packet of the first heap to the last one of the last. */
static gchar *
make_text (const Spead2ReceiverStats *engine,
    const GstSpead2SrcCounters *counters, guint64 ns)
{
  const Spead2AssemblerCounters *assembler = &engine->assembler;
  guint64 packets = 0;
  guint i;

  if (assembler->datagrams == 0)
    return g_strdup ("Received 0 heaps: nothing arrived before EOS.");
  for (i = 0; i < SPEAD2_N_PACKET_FATES; i++)
    packets += assembler->packets[i];
  return g_strdup_printf (
      "Received %" G_GUINT64_FORMAT " heaps, %" G_GUINT64_FORMAT
      " bytes in %" G_GUINT64_FORMAT
      " packets, in %.6f s (%.3f MB/s); %" G_GUINT64_FORMAT
      " heaps were incomplete, %" G_GUINT64_FORMAT
      " were dropped, %" G_GUINT64_FORMAT " samples are missing.",
      counters->delivered, assembler->bytes, packets, ns / 1e9,
      ns > 0 ? 1e3 * assembler->bytes / ns : 0.0, count_incomplete (engine),
      count_dropped (engine, counters), counters->missing);
}

/* gst-launch-1.0 prints nothing of an INFO message but its debug string; with
 * GST_ELEMENT_INFO() that would begin with file and line. */
void
gst_spead2_src_post_summary (GstSpead2Src *self)
{
  Spead2ReceiverStats engine = {0};
  GstSpead2SrcCounters counters;
  gboolean quiet;
  GError *info;
  gchar *text;

  GST_OBJECT_LOCK (self);
  quiet = self->settings.quiet;
  counters = self->counters;
  if (self->receiver)
    spead2_receiver_get_stats (self->receiver, &engine);
  GST_OBJECT_UNLOCK (self);
  if (quiet)
    return;
  text = make_text (&engine, &counters, self->last_time - self->first_time);
  info =
      g_error_new_literal (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, text);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_info (GST_OBJECT (self), info, text));
  g_error_free (info);
  g_free (text);
}
