/* appsrc-sender: samples of your own program, sent by spead2sink
 *
 * A made-up ADC fills blocks of memory, which travel through appsrc to the sink
 * without a copy and come back to be filled again. It is meant to be copied:
 * whose memory is whose, OFFSET and caps, heap-done, `stats`, messages, and a
 * clean end on Ctrl-C. docs/embedding.md explains it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/gstappsrc.h>
#include <gst/audio/audio-format.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#define SAMPLE_RATE 1000000 /* Hz */
#define SINE_PERIOD 64      /* samples */
#define N_BLOCKS 8          /* twice what the sink keeps of 1 MiB heaps */

/* The ADC. free_blocks holds those that nobody reads; it is the flow control,
 * since the ADC waits for a block before it takes more samples. */
typedef struct {
  gint16 sine[SINE_PERIOD];
  guint32 noise;      /* state of the random generator */
  guint64 next_frame; /* index of the next sample, since the ADC began */
  gsize block_size;   /* bytes */
  GAsyncQueue *free_blocks;
} Adc;

typedef struct {
  Adc *adc;
  gint16 samples[];
} Block;

typedef struct {
  gchar *host;
  gint port, heaps, heap_size; /* heap_size in bytes */
  gdouble rate;                /* bytes per second */
  Adc adc;
  GstElement *pipeline, *sink;
  GstAppSrc *source;
  gint heaps_whole;   /* atomic: counted in a sending thread */
  gint heaps_missing; /* atomic */
} Sender;

static void
adc_init (Adc *adc, gsize block_size)
{
  guint i;

  for (i = 0; i < SINE_PERIOD; i++)
    adc->sine[i] = lround (1000 * sin (2 * G_PI * i / SINE_PERIOD));
  adc->noise = 1;
  adc->next_frame = SAMPLE_RATE / 100; /* it ran before anybody listened */
  adc->block_size = block_size;
  adc->free_blocks = g_async_queue_new ();
  for (i = 0; i < N_BLOCKS; i++) {
    Block *block = g_malloc (sizeof (Block) + block_size);

    block->adc = adc;
    g_async_queue_push (adc->free_blocks, block);
  }
}

/* Waits until every block has come back. */
static void
adc_clear (Adc *adc)
{
  guint i;

  for (i = 0; i < N_BLOCKS; i++)
    g_free (g_async_queue_pop (adc->free_blocks));
  g_async_queue_unref (adc->free_blocks);
}

static void
adc_read (Adc *adc, Block *block)
{
  gsize i, n_samples = adc->block_size / sizeof (gint16);

  for (i = 0; i < n_samples; i++, adc->next_frame++) {
    adc->noise = adc->noise * 1664525 + 1013904223;
    block->samples[i] = adc->sine[adc->next_frame % SINE_PERIOD] +
        (gint) (adc->noise >> 24) - 128;
  }
}

/* The block is free again: the kernel has its bytes, or they were dropped.
 * Called by whichever thread gives up the last reference. */
static void
release_block (gpointer user_data)
{
  g_async_queue_push (((Block *) user_data)->adc->free_blocks, user_data);
}

/* Reads the next block, which belongs to the buffer until release_block(). */
static GstBuffer *
make_buffer (Adc *adc)
{
  Block *block = g_async_queue_pop (adc->free_blocks);
  guint64 first_frame = adc->next_frame;
  GstBuffer *buffer;

  adc_read (adc, block);
  buffer =
      gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, block->samples,
          adc->block_size, 0, adc->block_size, block, release_block);
  GST_BUFFER_OFFSET (buffer) = first_frame;
  GST_BUFFER_OFFSET_END (buffer) = adc->next_frame;
  GST_BUFFER_PTS (buffer) =
      gst_util_uint64_scale (first_frame, GST_SECOND, SAMPLE_RATE);
  return buffer;
}

static gint interrupted; /* atomic */

/* The ADC's own thread. The push fails once the pipeline has stopped. */
static gpointer
run_adc (gpointer user_data)
{
  Sender *sender = user_data;
  GstFlowReturn flow = GST_FLOW_OK;
  gint n;

  for (n = 0; n < sender->heaps || sender->heaps == 0; n++) {
    if (flow != GST_FLOW_OK || g_atomic_int_get (&interrupted))
      break;
    flow = gst_app_src_push_buffer (sender->source, make_buffer (&sender->adc));
  }
  /* What is queued still goes out, then a stop heap. */
  gst_app_src_end_of_stream (sender->source);
  return NULL;
}

/* Called by a sending thread of the sink, which sends nothing meanwhile: count,
 * or hand over to another thread, and return. Do not wait here, flush, or
 * change a state: all three would wait for this very thread. */
static void
handle_heap_done (GstElement *sink, guint64 heap_cnt, guint64 bytes,
    const GError *error, gpointer user_data)
{
  Sender *sender = user_data;

  if (error == NULL)
    g_atomic_int_inc (&sender->heaps_whole);
  else
    g_atomic_int_inc (&sender->heaps_missing);
}

/* Prints warnings until EOS or an error, or until the time is over; TRUE at
 * EOS. A program with a main loop would use gst_bus_add_watch(). */
static gboolean
wait_for_end (GstElement *pipeline, GstClockTime timeout)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, timeout,
        GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;

    if (message == NULL)
      return FALSE;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
      return TRUE;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error (message, &error, &debug);
      g_printerr ("Error: %s\n  (%s)\n", error->message, debug);
      return FALSE;
    }
    gst_message_parse_warning (message, &error, &debug);
    g_printerr ("Warning: %s\n  (%s)\n", error->message, debug);
  }
}

/* To be read before the sink goes to NULL, where its counters end. TRUE if no
 * heap failed. */
static gboolean
print_stats (Sender *sender)
{
  guint64 sent = 0, failed = 0;
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (sender->sink, "stats", &stats, NULL);
  gst_structure_get (stats, "heaps-sent", G_TYPE_UINT64, &sent, "heaps-failed",
      G_TYPE_UINT64, &failed, NULL);
  g_print ("stats: %" G_GUINT64_FORMAT " heaps sent, %" G_GUINT64_FORMAT
           " failed; heap-done: %d whole, %d not\n",
      sent, failed, g_atomic_int_get (&sender->heaps_whole),
      g_atomic_int_get (&sender->heaps_missing));

  return failed == 0;
}

static gboolean
build_pipeline (Sender *sender)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text =
      g_strdup_printf ("appsrc name=source format=time caps=audio/x-raw,"
                       "format=%s,layout=interleaved,channels=1,rate=%d ! "
                       "spead2sink name=sink signal-heaps=true",
          GST_AUDIO_NE (S16), SAMPLE_RATE);

  sender->pipeline = gst_parse_launch (text, &error);
  if (error != NULL) {
    g_printerr ("Error: %s (is GST_PLUGIN_PATH set?)\n", error->message);
    return FALSE;
  }
  sender->source =
      GST_APP_SRC (gst_bin_get_by_name (GST_BIN (sender->pipeline), "source"));
  sender->sink = gst_bin_get_by_name (GST_BIN (sender->pipeline), "sink");
  g_object_set (sender->sink, "host", sender->host ? sender->host : "127.0.0.1",
      "port", sender->port, "rate", sender->rate, NULL);
  g_signal_connect (
      sender->sink, "heap-done", G_CALLBACK (handle_heap_done), sender);
  return TRUE;
}

/* TRUE if everything was sent. */
static gboolean
run (Sender *sender)
{
  GThread *thread = NULL;
  gboolean sent = FALSE;

  if (gst_element_set_state (sender->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    wait_for_end (sender->pipeline, 0); /* the reason has been posted */
  } else {
    thread = g_thread_new ("adc", run_adc, sender);
    sent = wait_for_end (sender->pipeline, GST_CLOCK_TIME_NONE);
    sent &= print_stats (sender);
  }

  /* Every block comes back, and pushes fail: run_adc() ends, too. */
  gst_element_set_state (sender->pipeline, GST_STATE_NULL);
  g_clear_pointer (&thread, g_thread_join);
  return sent;
}

static void
handle_signal (int number)
{
  g_atomic_int_set (&interrupted, TRUE);
}

static gboolean
parse_options (Sender *sender, int *argc, char ***argv)
{
  GOptionEntry entries[] = {
      {"host", 0, 0, G_OPTION_ARG_STRING, &sender->host, "Where to send", "IP"},
      {"port", 0, 0, G_OPTION_ARG_INT, &sender->port, "UDP port", "PORT"},
      {"heaps", 0, 0, G_OPTION_ARG_INT, &sender->heaps, "0: no end", "N"},
      {"heap-size", 0, 0, G_OPTION_ARG_INT, &sender->heap_size, "Even", "B"},
      {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &sender->rate, "0: no limit", "B/S"},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, argc, argv, &error))
    g_printerr ("%s. Try --help.\n", error->message);
  else if (sender->port < 1 || sender->port > G_MAXUINT16 ||
      sender->heaps < 0 || sender->heap_size < 2 || sender->heap_size % 2)
    g_printerr ("--port, --heaps or --heap-size cannot be so. Try --help.\n");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  Sender sender = {.port = 8888, .heaps = 100, .heap_size = 1 << 20};
  /* The second Ctrl-C ends the program at once. */
  struct sigaction action = {
      .sa_handler = handle_signal, .sa_flags = SA_RESETHAND};
  gboolean sent;

  setlocale (LC_ALL, "");
  if (!parse_options (&sender, &argc, &argv))
    return EXIT_FAILURE;
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  adc_init (&sender.adc, sender.heap_size);
  sent = build_pipeline (&sender) && run (&sender);

  gst_clear_object (&sender.source);
  gst_clear_object (&sender.sink);
  gst_clear_object (&sender.pipeline);
  adc_clear (&sender.adc);
  g_free (sender.host);

  return sent ? EXIT_SUCCESS : EXIT_FAILURE;
}
