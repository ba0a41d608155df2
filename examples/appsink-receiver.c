/* appsink-receiver: the samples of a SPEAD stream in your own program
 *
 * spead2src receives heaps, and appsink hands each to the program as a buffer: its
 * samples, the index of the first one, what is missing in front of it, and the values of
 * the heap's other items. It ends at the stop heap, or on Ctrl-C. It is meant to be
 * copied; docs/embedding.md explains it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* How long a pull waits before the loop looks for Ctrl-C. */
#define PULL_TIME (100 * GST_MSECOND)

typedef struct {
  gchar *address;
  gint port;
  gint64 sample_rate; /* Hz */
  GstElement *pipeline, *source;
  GstAppSink *sink;
  GstAudioInfo info; /* of the caps below */
  GstCaps *caps;     /* (owned) of the last buffer, or NULL */
  guint64 due;       /* index behind the last buffer */
  guint64 heaps;
} Receiver;

static gint interrupted; /* atomic; by a signal */

/* -- samples ---------------------------------------------------------------------- */

/* The mean square of each channel, in units of the samples. Whatever the format is,
 * GStreamer unpacks it to gint32, left-justified, or to gdouble. */
static void
print_power (const GstAudioInfo *info, const GstMapInfo *map)
{
  const GstAudioFormatInfo *format = info->finfo;
  gint channels = GST_AUDIO_INFO_CHANNELS (info), channel;
  gsize frames = map->size / GST_AUDIO_INFO_BPF (info), frame;
  gint shift = 32 - GST_AUDIO_FORMAT_INFO_DEPTH (format);
  g_autofree gpointer samples =
      g_malloc_n (frames * channels, sizeof (gdouble));

  format->unpack_func (format, 0, samples, map->data, frames * channels);
  for (channel = 0; channel < channels; channel++) {
    gdouble sum = 0;

    for (frame = 0; frame < frames; frame++) {
      gsize i = frame * channels + channel;
      gdouble value = GST_AUDIO_FORMAT_INFO_IS_INTEGER (format)
          ? ((gint32 *) samples)[i] >> shift
          : ((gdouble *) samples)[i];

      sum += value * value;
    }
    g_print (" %.1f", sum / frames);
  }
}

/* -- values of items --------------------------------------------------------------- */

/* A number is a guint64, gint64, gboolean or gdouble, as its descriptor says; all else is
 * GBytes. */
static gboolean
print_value (GQuark name, const GValue *value, gpointer user_data)
{
  g_print (" %s=", g_quark_to_string (name));
  if (G_VALUE_HOLDS (value, G_TYPE_BYTES)) {
    g_print ("%" G_GSIZE_FORMAT " bytes",
        g_bytes_get_size (g_value_get_boxed (value)));
  } else {
    g_autofree gchar *text = gst_value_serialize (value);

    g_print ("%s", text);
  }
  return TRUE;
}

static void
print_values (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "GstSpead2Items");

  if (meta)
    gst_structure_foreach (
        gst_custom_meta_get_structure (meta), print_value, NULL);
}

/* -- heaps ------------------------------------------------------------------------ */

/* Where samples are missing, the next buffer has DISCONT. */
static void
print_loss (Receiver *receiver, GstBuffer *buffer)
{
  guint64 index = GST_BUFFER_OFFSET (buffer);

  if (receiver->heaps > 0 && index != GST_BUFFER_OFFSET_NONE &&
      index > receiver->due &&
      GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT))
    g_print (
        "%" G_GUINT64_FORMAT " samples are missing.\n", index - receiver->due);
  receiver->due = GST_BUFFER_OFFSET_END (buffer);
}

/* Caps change with the descriptors of the stream. */
static gboolean
read_caps (Receiver *receiver, GstSample *sample)
{
  GstCaps *caps = gst_sample_get_caps (sample);

  if (caps == receiver->caps)
    return TRUE;
  gst_caps_replace (&receiver->caps, caps);
  return gst_audio_info_from_caps (&receiver->info, caps);
}

/* The buffer goes back to spead2src, to be filled again, when the sample is freed. */
static void
handle_heap (Receiver *receiver, GstSample *sample)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstMapInfo map;

  if (!read_caps (receiver, sample) ||
      !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  print_loss (receiver, buffer);
  g_print ("%" G_GSIZE_FORMAT " samples",
      map.size / GST_AUDIO_INFO_BPF (&receiver->info));
  if (GST_BUFFER_OFFSET_IS_VALID (buffer))
    g_print (" from %" G_GUINT64_FORMAT, GST_BUFFER_OFFSET (buffer));
  g_print (": power");
  print_power (&receiver->info, &map);
  g_print ("; values");
  print_values (buffer);
  g_print ("\n");
  gst_buffer_unmap (buffer, &map);
  receiver->heaps++;
}

/* -- the pipeline ------------------------------------------------------------------- */

static gboolean
build_pipeline (Receiver *receiver)
{
  g_autoptr (GError) error = NULL;

  receiver->pipeline =
      gst_parse_launch ("spead2src name=source ! "
                        "appsink name=sink sync=false max-buffers=2 "
                        "caps=audio/x-raw,layout=interleaved",
          &error);
  if (error != NULL) {
    g_printerr ("Error: %s (is GST_PLUGIN_PATH set?)\n", error->message);
    return FALSE;
  }
  receiver->source =
      gst_bin_get_by_name (GST_BIN (receiver->pipeline), "source");
  receiver->sink =
      GST_APP_SINK (gst_bin_get_by_name (GST_BIN (receiver->pipeline), "sink"));
  g_object_set (receiver->source, "address",
      receiver->address ? receiver->address : "0.0.0.0", "port", receiver->port,
      "sample-rate", receiver->sample_rate, NULL);
  return TRUE;
}

/* Prints what has been posted; FALSE if an error is among it. */
static gboolean
print_messages (Receiver *receiver)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (receiver->pipeline);
  GstMessage *message;
  gboolean good = TRUE;

  while ((message = gst_bus_pop_filtered (
              bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) != NULL) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;
    gboolean is_error = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;

    if (is_error)
      gst_message_parse_error (message, &error, &debug);
    else
      gst_message_parse_warning (message, &error, &debug);
    g_printerr ("%s: %s\n  (%s)\n", is_error ? "Error" : "Warning",
        error->message, debug);
    good &= !is_error;
    gst_message_unref (message);
  }
  return good;
}

/* To the end of the stream. FALSE after an error. */
static gboolean
receive (Receiver *receiver)
{
  gboolean ending = FALSE, good = TRUE;

  while (good && !gst_app_sink_is_eos (receiver->sink)) {
    GstSample *sample =
        gst_app_sink_try_pull_sample (receiver->sink, PULL_TIME);

    if (sample) {
      handle_heap (receiver, sample);
      gst_sample_unref (sample);
    }
    good = print_messages (receiver);
    if (!ending && g_atomic_int_get (&interrupted))
      ending =
          gst_element_send_event (receiver->pipeline, gst_event_new_eos ());
  }
  /* An error may have come while the last heap was handled. */
  return print_messages (receiver) && good;
}

/* In NULL there are no counters. */
static void
print_stats (Receiver *receiver)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 gaps, missing, incomplete, drops;

  g_object_get (receiver->source, "stats", &stats, NULL);
  gst_structure_get (stats, "gaps", G_TYPE_UINT64, &gaps, "missing-samples",
      G_TYPE_UINT64, &missing, "heaps-dropped-incomplete", G_TYPE_UINT64,
      &incomplete, "kernel-drops", G_TYPE_UINT64, &drops, NULL);
  g_print ("%" G_GUINT64_FORMAT " heaps; %" G_GUINT64_FORMAT
           " gaps, %" G_GUINT64_FORMAT " samples missing, %" G_GUINT64_FORMAT
           " heaps incomplete, %" G_GUINT64_FORMAT " messages dropped\n",
      receiver->heaps, gaps, missing, incomplete, drops);
}

static gboolean
run (Receiver *receiver)
{
  gboolean good;

  if (gst_element_set_state (receiver->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    print_messages (receiver); /* the reason has been posted */
    good = FALSE;
  } else {
    /* What arrives before the source is in PLAYING is discarded. */
    gst_element_get_state (receiver->source, NULL, NULL, GST_CLOCK_TIME_NONE);
    g_print ("Receiving at port %d.\n", receiver->port);
    good = receive (receiver);
    print_stats (receiver);
  }
  gst_element_set_state (receiver->pipeline, GST_STATE_NULL);
  return good;
}

/* -- the program -------------------------------------------------------------------- */

static void
handle_signal (int number)
{
  g_atomic_int_set (&interrupted, TRUE);
}

static gboolean
parse_options (Receiver *receiver, int *argc, char ***argv)
{
  GOptionEntry entries[] = {
      {"address", 0, 0, G_OPTION_ARG_STRING, &receiver->address,
          "Where to receive: an address of this machine, or groups", "IP"},
      {"port", 0, 0, G_OPTION_ARG_INT, &receiver->port, "UDP port", "PORT"},
      {"sample-rate", 0, 0, G_OPTION_ARG_INT64, &receiver->sample_rate,
          "Samples per second", "HZ"},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, argc, argv, &error))
    g_printerr ("%s. Try --help.\n", error->message);
  else if (receiver->port < 1 || receiver->port > G_MAXUINT16 ||
      receiver->sample_rate < 1)
    g_printerr ("--port or --sample-rate cannot be so. Try --help.\n");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  Receiver receiver = {.port = 8888, .sample_rate = 1712000000};
  /* The second Ctrl-C ends the program at once. */
  struct sigaction action = {
      .sa_handler = handle_signal, .sa_flags = SA_RESETHAND};
  gboolean good;

  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (!parse_options (&receiver, &argc, &argv))
    return EXIT_FAILURE;
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  good = build_pipeline (&receiver) && run (&receiver);

  gst_clear_caps (&receiver.caps);
  gst_clear_object (&receiver.source);
  gst_clear_object (&receiver.sink);
  gst_clear_object (&receiver.pipeline);
  g_free (receiver.address);

  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
