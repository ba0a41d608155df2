/* Buffers, caps, metas and events that lie: what lies outside a buffer is neither
 * read nor sent, and nothing that comes down a pad opens or changes anything.
 *
 * Buffers end where memory ends, at a page that cannot be read, so that a byte too
 * many ends the test; and what a buffer hides (an offset, a size that was cut) is
 * full of a byte that no sample has.
 *
 * SECURITY_BUFFERS in the environment is how many there are of them (1000),
 * SECURITY_SEED their seed (each time another; a failure says it).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <gio/gio.h>
#include <gst/audio/audio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sinkfixture.h"

#define SECRET 0xa5
#define SAMPLE 0x11
#define MAX_SIZE 20000

static guint n_buffers = 500;
static guint32 seed;

/* -- buffers that hide something ----------------------------------------------- */

typedef struct {
  guint8 *mapped;
  gsize size;
} Mapping;

static void
unmap (gpointer data)
{
  Mapping *mapping = data;

  munmap (mapping->mapped, mapping->size);
  g_free (mapping);
}

/* So many samples, with so much in front of them that is not for others, and the
 * end of all memory behind them. */
static GstMemory *
make_memory (gsize hidden, gsize size)
{
  gsize page = sysconf (_SC_PAGESIZE);
  gsize pages = (hidden + size + page - 1) / page * page;
  Mapping *mapping = g_new (Mapping, 1);
  guint8 *begin;

  mapping->size = pages + page;
  mapping->mapped = mmap (NULL, mapping->size, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  fail_unless (mapping->mapped != MAP_FAILED);
  mprotect (mapping->mapped + pages, page, PROT_NONE);
  begin = mapping->mapped + pages - hidden - size;
  memset (mapping->mapped, SECRET, pages);
  memset (begin + hidden, SAMPLE, size);
  mprotect (mapping->mapped, pages, PROT_READ);
  return gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, begin, hidden + size,
      hidden, size, mapping, unmap);
}

/* Readable behind its end, and secret there. */
static GstMemory *
make_cut_memory (gsize hidden, gsize size)
{
  GstMemory *memory = gst_allocator_alloc (NULL, hidden + size + 64, NULL);
  GstMapInfo map;

  gst_memory_map (memory, &map, GST_MAP_WRITE);
  memset (map.data, SECRET, map.size);
  memset (map.data + hidden, SAMPLE, size);
  gst_memory_unmap (memory, &map);
  gst_memory_resize (memory, hidden, size);
  return memory;
}

/* What elements upstream attach, and what it says is wrong. */
static void
add_lies (GstBuffer *buffer)
{
  static const GstAudioFormat format = GST_AUDIO_FORMAT_F64LE;
  static GstStaticCaps clock = GST_STATIC_CAPS ("timestamp/x-lie");

  if (chance (0.3)) {
    GstAudioInfo info;

    gst_audio_info_init (&info);
    gst_audio_info_set_format (&info, format, 1, 1, NULL);
    gst_buffer_add_audio_meta (
        buffer, &info, gst_buffer_get_size (buffer) / 8, NULL);
  }
  if (chance (0.3)) {
    GstCaps *reference = gst_static_caps_get (&clock);

    gst_buffer_add_reference_timestamp_meta (
        buffer, reference, g_rand_int (dice), g_rand_int (dice));
    gst_caps_unref (reference);
  }
  if (chance (0.3))
    GST_BUFFER_OFFSET (buffer) =
        chance (0.5) ? G_MAXUINT64 - 1 - roll (5) : g_rand_int (dice);
  if (chance (0.3))
    GST_BUFFER_OFFSET_END (buffer) = g_rand_int (dice);
  if (chance (0.3))
    GST_BUFFER_PTS (buffer) = (guint64) g_rand_int (dice) << roll (32);
  if (chance (0.3))
    GST_BUFFER_DURATION (buffer) = (guint64) g_rand_int (dice) << roll (32);
  if (chance (0.3))
    GST_BUFFER_FLAG_SET (buffer, 1 << roll (20));
}

static GstBuffer *
make_lying_buffer (void)
{
  GstBuffer *buffer = gst_buffer_new ();
  guint n = 1 + (chance (0.3) ? roll (gst_buffer_get_max_memory ()) : 0);

  for (; n > 0; n--) {
    gsize hidden = chance (0.5) ? roll (5000) : 0;
    gsize size = roll (chance (0.5) ? 20 : MAX_SIZE / 4);

    gst_buffer_append_memory (buffer,
        chance (0.5) ? make_memory (hidden, size)
                     : make_cut_memory (hidden, size));
  }
  add_lies (buffer);
  return buffer;
}

/* -- caps and events -------------------------------------------------------------- */

static const gchar *const caps_texts[] = {CAPS_S8, CAPS_STEREO,
    "audio/x-raw,format=S8,rate=1,channels=64,layout=interleaved,"
    "channel-mask=(bitmask)0",
    "audio/x-raw,format=S32LE,rate=2147483647,channels=1,layout=interleaved",
    "audio/x-raw", "audio/x-raw,format=S8",
    "audio/x-raw,format=WRONG,rate=48000,channels=1,layout=interleaved",
    "audio/x-raw,format=S8,rate=48000,channels=0,layout=interleaved",
    "audio/x-raw,format=S8,rate=-1,channels=-5,layout=interleaved",
    "audio/x-raw,format=S8,rate=48000,channels=2,layout=non-interleaved,"
    "channel-mask=(bitmask)3",
    "audio/x-raw,format=S24LE,rate=48000,channels=1,layout=interleaved",
    "audio/x-raw,format=(int)5,rate=(string)x,channels=(double)1.5",
    "video/x-raw,format=GRAY8,width=2147483647,height=2147483647,framerate=0/1",
    "application/x-nothing,location=/etc/passwd,host=192.0.2.1,port=1", "x/y"};

static GstEvent *
make_event (void)
{
  GstStructure *structure;

  switch (roll (5)) {
    case 0:
      return gst_event_new_gap (roll (5),
          chance (0.5) ? GST_CLOCK_TIME_NONE
                       : (guint64) g_rand_int (dice) << roll (32));
    case 1:
      return gst_event_new_tag (gst_tag_list_new (GST_TAG_LOCATION,
          "file:///etc/passwd", GST_TAG_TITLE, "%s%n%s", NULL));
    default:
      structure =
          gst_structure_new (chance (0.5) ? "spead2-items" : "spead2-settings",
              "host", G_TYPE_STRING, "192.0.2.1", "port", G_TYPE_INT, 1, "uri",
              G_TYPE_STRING, "spead://192.0.2.1:1", "0x1600", G_TYPE_UINT64,
              G_MAXUINT64, "0x3300", G_TYPE_STRING, "%n", "id", G_TYPE_INT, -1,
              NULL);
      return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure);
  }
}

/* Everything sent went to the place that was set, and is no secret. */
static void
check_sent (guint16 port)
{
  FaultsMessage message;
  gsize i;

  for (i = 0; faults_message (i, &message); i++)
    fail_unless_equals_int (message.port, port);
  decode ();
  for (i = 0; i < fake_receiver_n_heaps (decoder); i++) {
    const FakeHeap *heap = fake_receiver_heap (decoder, i);
    gsize size;
    const guint8 *bytes = fake_heap_bytes (heap, ID_SAMPLES, &size);
    gsize k;

    for (k = 0; bytes && k < size; k++)
      fail_unless (bytes[k] == SAMPLE || bytes[k] == 0,
          "SECURITY_SEED=%u: heap %" G_GSIZE_FORMAT
          " has a byte 0x%02x at %" G_GSIZE_FORMAT,
          seed, i, bytes[k], k);
  }
}

static void
begin_again (void)
{
  GstBuffer *buffer = gst_buffer_new ();

  gst_pad_set_active (pad, FALSE);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  drop_messages ();
  gst_pad_set_active (pad, TRUE);
  g_object_set (sink, "max-packet-size", chance (0.5) ? 1472 : 56 + roll (2000),
      "heap-address-bits", 8 * (4 + roll (3)), NULL);
  play (chance (0.5) ? CAPS_S8 : "x/y");
  /* An error while it prerolls would leave it there. */
  gst_buffer_append_memory (buffer, make_memory (0, 100));
  push_buffer (buffer);
  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, 10 * GST_SECOND),
      GST_STATE_CHANGE_SUCCESS);
}

GST_START_TEST (what_a_buffer_hides_is_never_sent)
{
  guint16 port = fake_receiver_port (receiver);
  guint i, end;

  for (i = 0, end = 0; i < n_buffers; i = end) {
    faults_reset ();
    faults_capture (true, true);
    fake_receiver_forget (decoder);
    begin_again ();
    end = MIN (i + 50, n_buffers);
    for (; i < end; i++) {
      if (chance (0.1)) {
        GstCaps *caps =
            gst_caps_from_string (caps_texts[roll (G_N_ELEMENTS (caps_texts))]);

        if (gst_caps_is_fixed (caps))
          gst_pad_push_event (pad, gst_event_new_caps (caps));
        gst_caps_unref (caps);
      }
      if (chance (0.1))
        gst_pad_push_event (pad, make_event ());
      gst_pad_push (pad, make_lying_buffer ());
    }
    drain ();
    check_sent (port);
  }
}
GST_END_TEST

/* Its number is another socket's by then, of another port. */
GST_START_TEST (a_socket_that_its_owner_closes_is_not_taken_for_another)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);
  gint fd = g_socket_get_fd (socket);
  GSocket *other;

  g_object_set (sink, "socket", socket, NULL);
  play (CAPS_S8);
  push (5000, 0, 0);
  wait_stat ("heaps-sent", 1);
  g_socket_close (socket, NULL);
  other = g_socket_new (
      G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  fail_unless_equals_int (g_socket_get_fd (other), fd);
  push (5000, 5000, 5000);
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
  fail_unless_equals_uint64 (counter ("errors"), 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_if (g_socket_is_closed (other));
  g_object_unref (other);
  g_object_unref (socket);
}
GST_END_TEST

static const gchar *const bad_options[] = {"socket=3", "used-socket=3",
    "stats=x", "name=other", "parent=x", "uri=spead://192.0.2.1:1",
    "host=192.0.2.1", "port=1", "close-socket=maybe", "location=/etc/passwd",
    "multicast-iface=%00lo", "rate=1e400", "max-heaps=-1",
    "heap-address-bits=%s%s%n", "buffer-size=99999999999999999999"};

GST_START_TEST (a_uri_sets_nothing_but_its_options)
{
  gchar *uri =
      g_strdup_printf ("spead://192.0.2.1:7?rate=5&%s", bad_options[__i__]);
  gdouble rate;
  gchar *host;

  fail_if (gst_uri_handler_set_uri (GST_URI_HANDLER (sink), uri, NULL));
  g_object_get (sink, "host", &host, "rate", &rate, NULL);
  fail_unless_equals_string (host, "127.0.0.1");
  fail_unless (rate == 0);
  g_free (host);
  g_free (uri);
}
GST_END_TEST

static Suite *
security_suite (void)
{
  Suite *suite = suite_create ("security");
  TCase *tc = tcase_create ("general");
  const gchar *text;

  seed = g_random_int ();
  if ((text = g_getenv ("SECURITY_SEED")) != NULL)
    seed = g_ascii_strtoull (text, NULL, 0);
  if ((text = g_getenv ("SECURITY_BUFFERS")) != NULL)
    n_buffers = g_ascii_strtoull (text, NULL, 0);
  dice = g_rand_new_with_seed (seed);

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 1800);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, what_a_buffer_hides_is_never_sent);
  tcase_add_test (tc, a_socket_that_its_owner_closes_is_not_taken_for_another);
  tcase_add_loop_test (
      tc, a_uri_sets_nothing_but_its_options, 0, G_N_ELEMENTS (bad_options));
  return suite;
}

GST_CHECK_MAIN (security);
