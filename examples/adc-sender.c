/* adc-sender: adctestsrc ! spead2sink inside a program of your own
 *
 * Sends random ADC samples as SPEAD heaps and shows, while it does, what the
 * sink counts. It is meant to be copied: making the elements, setting their
 * properties, reading `stats`, ending cleanly on Ctrl-C.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/gst.h>
#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the user asked for. Sizes are bytes, the rate is bytes per second. */
typedef struct {
  gchar *host;
  gint port;
  gdouble rate;
  gint heaps;
  gint heap_size;
  gint packet_size;
  gboolean json;
} Options;

typedef struct {
  Options options;
  GMainLoop *loop;
  GstElement *pipeline;
  GstElement *sink;
  gint64 started_us;
  gint64 ended_us;
  gboolean interrupted;
  gboolean on_terminal;
  gint exit_code;
} Sender;

/* One reading of the sink's counters. */
typedef struct {
  guint64 heaps_sent;
  guint64 heaps_failed;
  guint64 heaps_pushed;
  guint64 heaps_dropped;
  guint64 packets;
  guint64 bytes;
  guint64 payload_bytes;
  guint64 messages;
  guint64 calls;
} Counters;

static guint64
get_counter (const GstStructure *stats, const gchar *name)
{
  guint64 value = 0;

  gst_structure_get_uint64 (stats, name, &value);

  return value;
}

/* All zero when the sink has no counters to show. */
static void
read_counters (GstElement *sink, Counters *counters)
{
  GstStructure *stats = NULL;

  memset (counters, 0, sizeof (*counters));
  g_object_get (sink, "stats", &stats, NULL);
  if (stats == NULL)
    return;

  counters->heaps_sent = get_counter (stats, "heaps-sent");
  counters->heaps_failed = get_counter (stats, "heaps-failed");
  counters->heaps_pushed = get_counter (stats, "heaps-pushed");
  counters->heaps_dropped = get_counter (stats, "heaps-dropped");
  counters->packets = get_counter (stats, "packets");
  counters->bytes = get_counter (stats, "bytes");
  counters->payload_bytes = get_counter (stats, "payload-bytes");
  counters->messages = get_counter (stats, "messages");
  counters->calls = get_counter (stats, "calls");
  gst_structure_free (stats);
}

static gdouble
elapsed_seconds (const Sender *sender)
{
  gint64 now = sender->ended_us ? sender->ended_us : g_get_monotonic_time ();

  return (now - sender->started_us) / (gdouble) G_USEC_PER_SEC;
}

static gdouble
megabytes_per_second (const Sender *sender, const Counters *counters)
{
  gdouble seconds = elapsed_seconds (sender);

  return seconds > 0 ? counters->payload_bytes / seconds / 1e6 : 0;
}

/* On a terminal the line is written over itself, in a log it stays. */
static gboolean
show_progress (gpointer user_data)
{
  Sender *sender = user_data;
  Counters counters;
  g_autofree gchar *of_heaps = NULL;

  if (sender->options.json)
    return G_SOURCE_CONTINUE;

  read_counters (sender->sink, &counters);
  of_heaps = sender->options.heaps > 0
      ? g_strdup_printf (" of %d", sender->options.heaps)
      : g_strdup ("");
  g_print ("%s  %5.1f s  %" G_GUINT64_FORMAT "%s heaps  %" G_GUINT64_FORMAT
           " packets  %.1f MB/s%s",
      sender->on_terminal ? "\r" : "", elapsed_seconds (sender),
      counters.heaps_sent, of_heaps, counters.packets,
      megabytes_per_second (sender, &counters),
      sender->on_terminal ? "   " : "\n");
  fflush (stdout);

  return G_SOURCE_CONTINUE;
}

/* EOS instead of a sudden end: the sink sends what it has, then a stop heap,
 * and every receiver knows that the stream is over. */
static gboolean
handle_signal (gpointer user_data)
{
  Sender *sender = user_data;

  if (sender->interrupted) {
    g_printerr ("\nInterrupted again: leaving at once.\n");
    sender->exit_code = EXIT_FAILURE;
    g_main_loop_quit (sender->loop);
    return G_SOURCE_CONTINUE;
  }
  sender->interrupted = TRUE;
  g_printerr ("\nStopping: what is queued and a stop heap still go out "
              "(Ctrl-C again to leave at once).\n");
  gst_element_send_event (sender->pipeline, gst_event_new_eos ());

  return G_SOURCE_CONTINUE;
}

static void
print_message (
    Sender *sender, const gchar *kind, const GError *error, const gchar *debug)
{
  g_printerr (
      "%s%s: %s\n", sender->on_terminal ? "\n" : "", kind, error->message);
  if (debug != NULL)
    g_printerr ("  (%s)\n", debug);
}

static gboolean
handle_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Sender *sender = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_EOS:
      sender->ended_us = g_get_monotonic_time ();
      g_main_loop_quit (sender->loop);
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning (message, &error, &debug);
      print_message (sender, "Warning", error, debug);
      break;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, &debug);
      print_message (sender, "Error", error, debug);
      sender->exit_code = EXIT_FAILURE;
      g_main_loop_quit (sender->loop);
      break;
    default:
      break;
  }

  return G_SOURCE_CONTINUE;
}

static void
print_summary (Sender *sender)
{
  Counters counters;

  read_counters (sender->sink, &counters);
  if (counters.heaps_failed > 0)
    sender->exit_code = EXIT_FAILURE;

  if (sender->options.json) {
    gchar seconds[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd (
        seconds, sizeof (seconds), "%.6f", elapsed_seconds (sender));
    g_print ("{\"seconds\": %s, \"heaps-sent\": %" G_GUINT64_FORMAT
             ", \"heaps-failed\": %" G_GUINT64_FORMAT
             ", \"heaps-pushed\": %" G_GUINT64_FORMAT
             ", \"heaps-dropped\": %" G_GUINT64_FORMAT
             ", \"packets\": %" G_GUINT64_FORMAT
             ", \"bytes\": %" G_GUINT64_FORMAT
             ", \"payload-bytes\": %" G_GUINT64_FORMAT
             ", \"messages\": %" G_GUINT64_FORMAT
             ", \"calls\": %" G_GUINT64_FORMAT "}\n",
        seconds, counters.heaps_sent, counters.heaps_failed,
        counters.heaps_pushed, counters.heaps_dropped, counters.packets,
        counters.bytes, counters.payload_bytes, counters.messages,
        counters.calls);
    return;
  }

  show_progress (sender);
  g_print ("%sSent %" G_GUINT64_FORMAT " heaps, %" G_GUINT64_FORMAT
           " bytes of payload, in %.2f s: %.1f MB/s.\n",
      sender->on_terminal ? "\n" : "", counters.heaps_sent,
      counters.payload_bytes, elapsed_seconds (sender),
      megabytes_per_second (sender, &counters));
  if (counters.heaps_failed > 0)
    g_printerr ("%" G_GUINT64_FORMAT " heaps could not be sent whole.\n",
        counters.heaps_failed);
}

static gboolean
parse_options (int *argc, char ***argv, Options *options)
{
  GOptionEntry entries[] = {
      {"host", 0, 0, G_OPTION_ARG_STRING, &options->host,
          "Where to send (default: 127.0.0.1)", "ADDRESS"},
      {"port", 0, 0, G_OPTION_ARG_INT, &options->port,
          "UDP port (default: 8888)", "PORT"},
      {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate,
          "Bytes per second, such as 25e6; 0 is no limit (default: 0)", "RATE"},
      {"heaps", 0, 0, G_OPTION_ARG_INT, &options->heaps,
          "How many heaps, 0 is without end (default: 100)", "N"},
      {"heap-size", 0, 0, G_OPTION_ARG_INT, &options->heap_size,
          "Samples, of a byte each, in a heap (default: 1048576)", "N"},
      {"packet-size", 0, 0, G_OPTION_ARG_INT, &options->packet_size,
          "Largest packet in bytes (default: 1472)", "BYTES"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &options->json,
          "Print nothing but the final counters, as JSON", NULL},
      {
          NULL,
      },
  };
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;

  context = g_option_context_new ("- send random ADC samples as SPEAD heaps");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, argc, argv, &error))
    goto not_parsed;
  if (*argc > 1)
    goto left_over;
  if (options->port < 1 || options->port > 65535 || !(options->rate >= 0) ||
      options->heaps < 0 || options->heap_size < 1 || options->packet_size < 1)
    goto out_of_range;

  return TRUE;

not_parsed:
  g_printerr ("%s. Try --help.\n", error->message);
  return FALSE;
left_over:
  g_printerr ("\"%s\" is not an option. Try --help.\n", (*argv)[1]);
  return FALSE;
out_of_range:
  g_printerr ("--port goes from 1 to 65535, --heap-size and --packet-size "
              "begin at 1, nothing is negative. Try --help.\n");
  return FALSE;
}

static GstElement *
make_element (const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL)
    g_printerr ("GStreamer does not find the element %s. Put the directory of "
                "libgstspead2.so into GST_PLUGIN_PATH, or start this program "
                "with ./dev shell.\n",
        factory);

  return element;
}

/* The pipeline owns both elements once they are in it. */
static gboolean
build_pipeline (Sender *sender)
{
  const Options *options = &sender->options;
  GstElement *source = make_element ("adctestsrc");
  GstElement *sink = make_element ("spead2sink");

  if (source == NULL || sink == NULL) {
    gst_clear_object (&source);
    gst_clear_object (&sink);
    return FALSE;
  }

  g_object_set (source, "samplesperbuffer", options->heap_size, "num-buffers",
      options->heaps > 0 ? options->heaps : -1, NULL);
  g_object_set (sink, "host", options->host ? options->host : "127.0.0.1",
      "port", options->port, "rate", options->rate, "max-packet-size",
      options->packet_size, NULL);

  sender->pipeline = gst_pipeline_new ("adc-sender");
  sender->sink = sink;
  gst_bin_add_many (GST_BIN (sender->pipeline), source, sink, NULL);

  return gst_element_link (source, sink);
}

/* For a failure that nobody explains. */
static gboolean
give_up (gpointer user_data)
{
  Sender *sender = user_data;

  g_printerr ("The pipeline did not start.\n");
  g_main_loop_quit (sender->loop);

  return G_SOURCE_REMOVE;
}

/* Plays until EOS, an error, or two signals. */
static void
run (Sender *sender)
{
  GstBus *bus = gst_element_get_bus (sender->pipeline);
  guint bus_watch = gst_bus_add_watch (bus, handle_message, sender);
  guint ticks = g_timeout_add (1000, show_progress, sender);
  guint interrupt = g_unix_signal_add (SIGINT, handle_signal, sender);
  guint terminate = g_unix_signal_add (SIGTERM, handle_signal, sender);

  sender->started_us = g_get_monotonic_time ();
  /* What fails posts an error with the reason, which the loop prints. */
  if (gst_element_set_state (sender->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    sender->exit_code = EXIT_FAILURE;
    g_timeout_add (1000, give_up, sender);
  }
  g_main_loop_run (sender->loop);

  if (sender->exit_code == EXIT_SUCCESS)
    print_summary (sender);
  gst_element_set_state (sender->pipeline, GST_STATE_NULL);

  g_source_remove (terminate);
  g_source_remove (interrupt);
  g_source_remove (ticks);
  g_source_remove (bus_watch);
  gst_object_unref (bus);
}

int
main (int argc, char **argv)
{
  Sender sender = {
      .options = {.port = 8888,
          .heaps = 100,
          .heap_size = 1048576,
          .packet_size = 1472},
      .exit_code = EXIT_SUCCESS,
  };

  setlocale (LC_ALL, "");
  if (!parse_options (&argc, &argv, &sender.options))
    return EXIT_FAILURE;

  sender.on_terminal = !sender.options.json && isatty (STDOUT_FILENO);
  sender.loop = g_main_loop_new (NULL, FALSE);
  if (build_pipeline (&sender)) {
    if (!sender.options.json)
      g_print ("Sending to %s port %d.\n",
          sender.options.host ? sender.options.host : "127.0.0.1",
          sender.options.port);
    run (&sender);
  } else {
    sender.exit_code = EXIT_FAILURE;
  }

  gst_clear_object (&sender.pipeline);
  g_main_loop_unref (sender.loop);
  g_free (sender.options.host);

  return sender.exit_code;
}
