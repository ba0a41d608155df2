/* spead2sink: what it puts on the wire, and how it behaves in a pipeline. The
 * datagrams that the kernel took are decoded by the fake receiver.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <errno.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sinkfixture.h"

/* -- properties --------------------------------------------------------------- */

GST_START_TEST (the_default_properties_are_the_tutorials)
{
  GstElement *element = gst_element_factory_make ("spead2sink", NULL);
  gchar *host, *iface;
  gint port, ttl;
  guint max_heaps, packet_size, bits;
  gdouble rate, ratio;
  guint64 burst;
  gboolean stop, signal_heaps, sync, last_sample;

  g_object_get (element, "host", &host, "port", &port, "max-heaps", &max_heaps,
      "max-packet-size", &packet_size, "rate", &rate, "burst-size", &burst,
      "burst-rate-ratio", &ratio, "heap-address-bits", &bits, "send-stop-heap",
      &stop, "multicast-iface", &iface, "ttl-mc", &ttl, "signal-heaps",
      &signal_heaps, "sync", &sync, "enable-last-sample", &last_sample, NULL);
  fail_unless_equals_string (host, "127.0.0.1");
  fail_unless_equals_int (port, 8888);
  fail_unless_equals_int (max_heaps, 0);
  fail_unless_equals_int (packet_size, 1472);
  fail_unless_equals_float (rate, 0.0);
  fail_unless_equals_uint64 (burst, 65536);
  fail_unless_equals_float (ratio, 1.05);
  fail_unless_equals_int (bits, 40);
  fail_unless (stop);
  fail_unless (iface == NULL);
  fail_unless_equals_int (ttl, 1);
  fail_if (signal_heaps);
  fail_if (sync);
  fail_if (last_sample);
  g_free (host);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (properties_changed_in_ready_count_in_paused)
{
  FakeReceiver *other = fake_receiver_new (AF_INET);
  FaultsMessage message;

  gst_element_set_state (pipeline, GST_STATE_READY);
  g_object_set (
      sink, "port", fake_receiver_port (other), "heap-address-bits", 48, NULL);
  play (NULL);
  push (100, 0, 0);
  finish ();
  fail_unless (fake_receiver_wait (other, 5000));
  fail_unless_equals_int (fake_receiver_heap (other, 0)->heap_address_bits, 48);
  fail_unless (faults_message (0, &message));
  fail_unless_equals_int (message.port, fake_receiver_port (other));
  fail_unless_equals_uint64 (fake_receiver_n_packets (receiver), 0);
  fake_receiver_free (other);
}

GST_END_TEST;

GST_START_TEST (a_property_that_is_wrong_in_ready_is_an_error_in_paused)
{
  gst_element_set_state (pipeline, GST_STATE_READY);
  g_object_set (sink, "port", 0, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  assert_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "Port 0");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (sink, "port", fake_receiver_port (receiver), NULL);
  play (NULL);
  push (10, 0, 0);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 10, 0);
}

GST_END_TEST;

/* -- heaps ---------------------------------------------------------------------- */

static GstPadProbeReturn
keep_bytes (GstPad *sink_pad, GstPadProbeInfo *info, gpointer kept)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_byte_array_append (kept, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  return GST_PAD_PROBE_OK;
}

static void
probe_buffers (GstPadProbeCallback callback, gpointer user_data)
{
  GstPad *sink_pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_add_probe (
      sink_pad, GST_PAD_PROBE_TYPE_BUFFER, callback, user_data, NULL);
  gst_object_unref (sink_pad);
}

GST_START_TEST (the_tutorials_pipeline_arrives_whole)
{
  GByteArray *kept = g_byte_array_new ();

  launch ("adctestsrc num-buffers=3 ! spead2sink name=sender");
  probe_buffers (keep_bytes, kept);
  fake_receiver_set_keep_payload (receiver, FALSE);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  decode ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (kept->len, 3 << 20);
  for (guint i = 0; i < 3; i++) {
    const FakeHeap *heap = whole_heap (i);
    const guint8 *bytes;
    gsize size;

    fail_unless_equals_uint64 (heap->cnt, i + 1);
    fail_unless_equals_int (heap->heap_address_bits, 40);
    assert_timestamp (heap, (guint64) i << 20);
    assert_descriptors (i, i == 0 ? 2 : 0);
    bytes = fake_heap_bytes (heap, ID_SAMPLES, &size);
    fail_unless_equals_uint64 (size, 1 << 20);
    fail_unless (memcmp (bytes, kept->data + ((gsize) i << 20), size) == 0);
  }
  assert_stop_heap (3, 4);
  g_byte_array_unref (kept);
}

GST_END_TEST;

GST_START_TEST (a_receiver_on_the_network_gets_every_heap)
{
  play (CAPS_S8);
  push_heaps (20, 3000);
  finish ();
  fail_unless (fake_receiver_wait (receiver, 5000));
  fail_if (fake_receiver_error (receiver) != NULL, "%s",
      fake_receiver_error (receiver));
  fail_unless_equals_int (fake_receiver_n_complete (receiver), 21);
  fail_unless_equals_uint64 (
      fake_receiver_n_packets (receiver), counter ("packets"));
  fail_unless_equals_uint64 (
      fake_receiver_n_bytes (receiver), counter ("bytes"));
}

GST_END_TEST;

GST_START_TEST (heaps_of_every_size_about_a_packet_are_whole)
{
  static const guint sizes[] = {
      1, 7, 8, 1415, 1416, 1417, 1431, 1432, 1433, 2848, 65507, 94208, 300000};
  guint64 index = 0;

  play (CAPS_S8);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    push (sizes[i], index, index);
    index += sizes[i];
  }
  finish ();
  decode ();
  index = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    assert_heap (i, i + 1, index, sizes[i], index);
    index += sizes[i];
  }
  assert_stop_heap (G_N_ELEMENTS (sizes), G_N_ELEMENTS (sizes) + 1);
}

GST_END_TEST;

GST_START_TEST (audio_is_stamped_with_its_offset_in_frames)
{
  play (CAPS_STEREO);
  push (1024, 0, 1000);
  push (1024, 1024, 1256);
  finish ();
  decode ();
  assert_heap (0, 1, 1000, 1024, 0);
  assert_heap (1, 2, 1256, 1024, 1024);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
}

GST_END_TEST;

GST_START_TEST (audio_without_offsets_is_counted_in_frames)
{
  play (CAPS_STEREO);
  push (1024, 0, GST_BUFFER_OFFSET_NONE);
  push (512, 1024, GST_BUFFER_OFFSET_NONE);
  push (512, 1536, GST_BUFFER_OFFSET_NONE);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 1024, 0);
  assert_heap (1, 2, 256, 512, 1024);
  assert_heap (2, 3, 384, 512, 1536);
}

GST_END_TEST;

GST_START_TEST (bytes_without_caps_are_stamped_with_their_offset)
{
  play (NULL);
  push (100, 0, 4096);
  push (50, 100, 4196);
  finish ();
  decode ();
  assert_heap (0, 1, 4096, 100, 0);
  assert_heap (1, 2, 4196, 50, 100);
}

GST_END_TEST;

GST_START_TEST (what_is_neither_audio_nor_bytes_is_counted)
{
  static const gchar *const caps[] = {
      "video/x-raw,format=GRAY8,width=16,height=16,framerate=25/1",
      "application/octet-stream"};
  guint64 cnt = 0;

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    play (caps[i]);
    for (guint frame = 0; frame < 3; frame++)
      push (256, frame * 256, frame + 70);
    finish ();
    decode ();
    for (guint frame = 0; frame < 3; frame++)
      assert_heap (4 * i + frame, frame + 1, frame * 256, 256, frame * 256);
    cnt += counter ("offset-jumps");
    restart ();
  }
  fail_unless_equals_uint64 (cnt, 0);
}

GST_END_TEST;

GST_START_TEST (an_empty_buffer_sends_nothing)
{
  play (CAPS_S8);
  push (0, 0, 0);
  push (100, 0, 0);
  push (0, 0, 100);
  push (100, 100, 100);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_heap (1, 2, 100, 100, 100);
  assert_stop_heap (2, 3);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 2);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
}

GST_END_TEST;

/* Sends three buffers, in a list or one by one; returns all datagrams' bytes. */
static GByteArray *
bytes_of_three (gboolean in_a_list)
{
  GByteArray *all = g_byte_array_new ();
  GstBufferList *list = gst_buffer_list_new ();
  const uint8_t *bytes;
  size_t size;

  faults_reset ();
  faults_capture (true, true);
  play (CAPS_S8);
  for (guint i = 0; i < 3; i++) {
    if (in_a_list)
      gst_buffer_list_insert (list, -1, make_buffer (2000, i * 2000, i * 2000));
    else
      push (2000, i * 2000, i * 2000);
  }
  if (in_a_list)
    fail_unless_equals_int (
        gst_pad_push_list (pad, gst_buffer_list_ref (list)), GST_FLOW_OK);
  gst_buffer_list_unref (list);
  finish ();
  for (size_t i = 0; (bytes = faults_datagram (i, &size)) != NULL; i++)
    g_byte_array_append (all, bytes, size);
  restart ();
  return all;
}

GST_START_TEST (a_buffer_list_is_the_same_bytes_as_its_buffers)
{
  GByteArray *singles = bytes_of_three (FALSE);
  GByteArray *listed = bytes_of_three (TRUE);

  fail_unless (singles->len > 6000);
  fail_unless_equals_int (singles->len, listed->len);
  fail_unless (memcmp (singles->data, listed->data, listed->len) == 0);
  g_byte_array_unref (singles);
  g_byte_array_unref (listed);
}

GST_END_TEST;

/* The bytes are changed behind the sink's back once it has them: only a sink
 * that sends from the buffer's own memory sends the new ones. */
/* Longer than what goes into the queue together, and than the queue. */
GST_START_TEST (a_long_buffer_list_is_sent_in_order)
{
  GstBufferList *list = gst_buffer_list_new ();

  g_object_set (sink, "max-heaps", 5, NULL);
  play (CAPS_S8);
  for (guint64 i = 0; i < 200; i++)
    gst_buffer_list_add (list, make_buffer (3000, i * 3000, i * 3000));
  fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_OK);
  finish ();
  decode ();
  assert_stream (200, 3000);
  fail_unless (counter ("peak-outstanding") <= 5);
}

GST_END_TEST;

GST_START_TEST (buffers_of_a_list_before_one_that_is_refused_are_sent)
{
  GstBufferList *list = gst_buffer_list_new ();

  play (CAPS_STEREO);
  for (guint64 i = 0; i < 3; i++)
    gst_buffer_list_add (list, make_buffer (400, i * 400, i * 100));
  gst_buffer_list_add (list, make_buffer (401, 1200, 300));
  gst_buffer_list_add (list, make_buffer (400, 1601, 401));
  fail_unless_equals_int (gst_pad_push_list (pad, list), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, NULL);
  wait_stat ("heaps-sent", 3);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 3);
}

GST_END_TEST;

GST_START_TEST (a_buffer_of_many_memories_is_neither_copied_nor_merged)
{
  static guint8 memories[16][500];
  GstBuffer *buffer = gst_buffer_new ();
  FaultsMessage message;

  for (guint i = 0; i < 16; i++)
    gst_buffer_append_memory (buffer,
        gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, memories[i],
            sizeof memories[i], 0, sizeof memories[i], NULL, NULL));
  memset (memories, 0, sizeof memories);
  GST_BUFFER_OFFSET (buffer) = 0;
  faults_block (true);
  play (CAPS_S8);
  push_buffer (gst_buffer_ref (buffer));
  for (guint i = 0; i < 16; i++)
    fill_pattern (memories[i], sizeof memories[i], i * 500);
  faults_block (false);
  finish ();
  fail_unless_equals_int (gst_buffer_n_memory (buffer), 16);
  decode ();
  assert_heap (0, 1, 0, 8000, 0);
  /* A piece each, and a header and a cut for each packet. */
  fail_unless (faults_message (0, &message));
  fail_unless (message.n_iovecs >= 16);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* An allocator that counts maps, and copies. */
typedef struct {
  GstMemory parent;
  guint8 bytes[512];
} CountedMemory;

typedef GstAllocator CountedAllocator;
typedef GstAllocatorClass CountedAllocatorClass;

GType counted_allocator_get_type (void);

static gint n_maps, n_unmaps, n_copies;

G_DEFINE_TYPE (CountedAllocator, counted_allocator, GST_TYPE_ALLOCATOR)

static gpointer
counted_map (GstMemory *memory, gsize size, GstMapFlags flags)
{
  fail_if (flags & GST_MAP_WRITE);
  g_atomic_int_inc (&n_maps);
  return ((CountedMemory *) memory)->bytes;
}

static void
counted_unmap (GstMemory *memory)
{
  g_atomic_int_inc (&n_unmaps);
}

static GstMemory *
counted_copy (GstMemory *memory, gssize offset, gssize size)
{
  g_atomic_int_inc (&n_copies);
  return NULL;
}

static GstMemory *
counted_alloc (GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
  CountedMemory *memory = g_new0 (CountedMemory, 1);

  gst_memory_init (GST_MEMORY_CAST (memory), GST_MEMORY_FLAG_NO_SHARE,
      allocator, NULL, sizeof memory->bytes, 0, 0, sizeof memory->bytes);
  return GST_MEMORY_CAST (memory);
}

static void
counted_free (GstAllocator *allocator, GstMemory *memory)
{
  g_free (memory);
}

static void
counted_allocator_class_init (GstAllocatorClass *klass)
{
  klass->alloc = counted_alloc;
  klass->free = counted_free;
}

static void
counted_allocator_init (GstAllocator *allocator)
{
  allocator->mem_type = "counted";
  allocator->mem_map = counted_map;
  allocator->mem_unmap = counted_unmap;
  allocator->mem_copy = counted_copy;
}

GST_START_TEST (each_memory_is_mapped_once_and_unmapped)
{
  GstAllocator *allocator =
      gst_object_ref_sink (g_object_new (counted_allocator_get_type (), NULL));
  GstBuffer *buffer = gst_buffer_new ();

  n_maps = n_unmaps = n_copies = 0;
  for (guint i = 0; i < 5; i++) {
    GstMemory *memory = gst_allocator_alloc (allocator, 512, NULL);

    fill_pattern (((CountedMemory *) memory)->bytes, 512, i * 512);
    gst_buffer_append_memory (buffer, memory);
  }
  GST_BUFFER_OFFSET (buffer) = 0;
  play (CAPS_S8);
  push_buffer (buffer);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 5 * 512, 0);
  fail_unless_equals_int (g_atomic_int_get (&n_maps), 5);
  fail_unless_equals_int (g_atomic_int_get (&n_unmaps), 5);
  fail_unless_equals_int (g_atomic_int_get (&n_copies), 0);
  gst_object_unref (allocator);
}

GST_END_TEST;

GST_START_TEST (a_frame_cut_in_two_is_an_error)
{
  play (CAPS_STEREO);
  fail_unless_equals_int (try_push (1022, 0, 0), GST_FLOW_ERROR);
  assert_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, NULL);
}

GST_END_TEST;

/* -- descriptors ---------------------------------------------------------------- */

GST_START_TEST (the_first_heap_describes_its_items)
{
  FakeDescriptor *found;

  play (CAPS_S8);
  push (100, 0, 0);
  push (100, 100, 100);
  finish ();
  decode ();
  assert_descriptors (0, 2);
  assert_descriptors (1, 0);

  found = descriptor (0, 0);
  fail_unless_equals_uint64 (found->id, ID_TIMESTAMP);
  fail_unless_equals_string (found->name, "timestamp");
  fail_unless_equals_string (found->description, "Index of the first sample");
  fail_unless_equals_int (found->n_formats, 1);
  fail_unless_equals_int (found->formats[0].code, 'u');
  fail_unless_equals_uint64 (found->formats[0].bits, 40);
  fail_unless_equals_int (found->n_dimensions, 0);
  fail_unless (found->numpy == NULL);
  fake_descriptor_free (found);

  found = descriptor (0, 1);
  fail_unless_equals_uint64 (found->id, ID_SAMPLES);
  fail_unless_equals_string (found->name, "adc_samples");
  fail_unless_equals_string (found->description, "ADC converter output");
  assert_words (found->numpy, "'|i1'");
  assert_words (found->numpy, "(100,)");
  fake_descriptor_free (found);
}

GST_END_TEST;

static const struct {
  const gchar *format;
  guint sample_size;
  const gchar *dtype;
} audio_types[] = {
    {"S8", 1, "'|i1'"},
    {"U8", 1, "'|u1'"},
    {"S16LE", 2, "'<i2'"},
    {"U16BE", 2, "'>u2'"},
    {"S16BE", 2, "'>i2'"},
    {"S32LE", 4, "'<i4'"},
    {"U32BE", 4, "'>u4'"},
    {"F32LE", 4, "'<f4'"},
    {"F32BE", 4, "'>f4'"},
    {"F64LE", 8, "'<f8'"},
};

GST_START_TEST (samples_are_described_as_numpy_does)
{
  guint channels = __i__ % 2 + 1;
  guint row = __i__ / 2;
  gchar *caps =
      g_strdup_printf ("audio/x-raw,format=%s,rate=48000,channels=%u,layout="
                       "interleaved,channel-mask=(bitmask)%d",
          audio_types[row].format, channels, channels == 2 ? 3 : 0);
  gsize size = (gsize) audio_types[row].sample_size * channels * 30;
  FakeDescriptor *found;

  play (caps);
  push (size, 0, 30);
  push (size, size, 60);
  finish ();
  decode ();
  assert_heap (0, 1, 30, size, 0);
  assert_heap (1, 2, 60, size, size);
  found = descriptor (0, 1);
  assert_words (found->numpy, audio_types[row].dtype);
  assert_words (found->numpy, channels == 1 ? "(30,)" : "(30, 2)");
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  fake_descriptor_free (found);
  g_free (caps);
}

GST_END_TEST;

GST_START_TEST (big_endian_samples_of_24_bits_have_a_spead_format)
{
  FakeDescriptor *found;

  play ("audio/x-raw,format=S24BE,rate=48000,channels=2,layout=interleaved,"
        "channel-mask=(bitmask)3");
  push (600, 0, 0);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 600, 0);
  found = descriptor (0, 1);
  fail_unless (found->numpy == NULL);
  fail_unless_equals_int (found->n_formats, 1);
  fail_unless_equals_int (found->formats[0].code, 'i');
  fail_unless_equals_uint64 (found->formats[0].bits, 24);
  fail_unless_equals_int (found->n_dimensions, 2);
  fail_unless_equals_int64 (found->shape[0], 100);
  fail_unless_equals_int64 (found->shape[1], 2);
  fake_descriptor_free (found);
}

GST_END_TEST;

GST_START_TEST (another_size_is_described_again)
{
  FakeDescriptor *found;

  play (CAPS_STEREO);
  push (400, 0, 0);
  push (400, 400, 100);
  push (240, 800, 200);
  push (240, 1040, 260);
  finish ();
  decode ();
  assert_descriptors (0, 2);
  assert_descriptors (1, 0);
  assert_descriptors (2, 2);
  assert_descriptors (3, 0);
  found = descriptor (2, 1);
  assert_words (found->numpy, "(60, 2)");
  fake_descriptor_free (found);
}

GST_END_TEST;

GST_START_TEST (other_caps_are_described_again)
{
  FakeDescriptor *found;

  play (CAPS_S8);
  push (100, 0, 0);
  fail_unless (set_caps ("audio/x-raw,format=U8,rate=48000,channels=1,"
                         "layout=interleaved"));
  push (100, 100, 100);
  finish ();
  decode ();
  assert_descriptors (1, 2);
  found = descriptor (1, 1);
  assert_words (found->numpy, "'|u1'");
  fake_descriptor_free (found);
}

GST_END_TEST;

/* -- the end -------------------------------------------------------------------- */

static GstBusSyncReply
count_at_eos (GstBus *message_bus, GstMessage *message, gpointer user_data)
{
  gint *sent = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    g_atomic_int_set (sent, (gint) faults_n_datagrams ());
  return GST_BUS_PASS;
}

GST_START_TEST (eos_is_posted_when_the_stop_heap_has_gone)
{
  gint sent_at_eos = -1;
  Feed feed = {.n = 5, .size = 3000, .eos = TRUE};

  gst_bus_set_sync_handler (bus, count_at_eos, &sent_at_eos, NULL);
  faults_block (true);
  play (CAPS_S8);
  feed_begin (&feed);
  wait_stat ("outstanding", 5);
  wait_asleep ("feed");
  fail_unless_equals_int (g_atomic_int_get (&sent_at_eos), -1);
  faults_block (false);
  wait_eos ();
  feed_end (&feed);
  decode ();
  assert_stream (5, 3000);
  fail_unless_equals_int (sent_at_eos, faults_n_datagrams ());
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
}

GST_END_TEST;

GST_START_TEST (the_stop_heap_waits_for_the_network_and_eos_for_it)
{
  gint sent_at_eos = -1;
  Feed feed = {.eos = TRUE};

  gst_bus_set_sync_handler (bus, count_at_eos, &sent_at_eos, NULL);
  play (CAPS_S8);
  push (100, 0, 0);
  drain ();
  faults_block (true);
  feed_begin (&feed);
  wait_asleep ("feed");
  fail_unless_equals_int (g_atomic_int_get (&sent_at_eos), -1);
  faults_block (false);
  wait_eos ();
  feed_end (&feed);
  decode ();
  assert_stop_heap (1, 2);
  fail_unless_equals_int (sent_at_eos, 2);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
}

GST_END_TEST;

GST_START_TEST (eos_without_data_is_a_stop_heap)
{
  play (CAPS_S8);
  finish ();
  decode ();
  assert_stop_heap (0, 1);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 0);
}

GST_END_TEST;

GST_START_TEST (a_gap_neither_drains_nor_sends)
{
  play (CAPS_S8);
  push (100, 0, 0);
  drain ();
  faults_block (true);
  push (100, 100, 100);
  fail_unless (
      gst_pad_push_event (pad, gst_event_new_gap (GST_SECOND, GST_SECOND)));
  fail_unless_equals_uint64 (counter ("outstanding"), 1);
  faults_block (false);
  finish ();
  decode ();
  assert_stop_heap (2, 3);
}

GST_END_TEST;

GST_START_TEST (without_send_stop_heap_nobody_is_told)
{
  g_object_set (sink, "send-stop-heap", FALSE, NULL);
  play (CAPS_S8);
  push (100, 0, 0);
  if (__i__ == 0)
    finish ();
  else
    drain ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  fail_unless_equals_int (fake_receiver_n_heaps (decoder), 1);
}

GST_END_TEST;

GST_START_TEST (ready_without_eos_sends_one_stop_heap)
{
  play (CAPS_S8);
  push (100, 0, 0);
  drain ();
  gst_element_set_state (pipeline, GST_STATE_READY);
  decode ();
  assert_heap (0, 1, 0, 100, 0);
  assert_stop_heap (1, 2);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  decode ();
  assert_stop_heap (1, 2);
}

GST_END_TEST;

GST_START_TEST (ready_after_eos_sends_no_second_stop_heap)
{
  play (CAPS_S8);
  push (100, 0, 0);
  finish ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  decode ();
  assert_stop_heap (1, 2);
}

GST_END_TEST;

GST_START_TEST (ready_without_data_sends_nothing)
{
  play (CAPS_S8);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (faults_n_datagrams (), 0);
}

GST_END_TEST;

/* Ctrl-C in gst-launch-1.0 without -e: NULL in the middle of everything. */
GST_START_TEST (an_interrupted_pipeline_ends_with_one_stop_heap)
{
  guint n;

  launch ("adctestsrc samplesperbuffer=4096 ! spead2sink name=sender "
          "rate=20000000");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_until (counter ("heaps-sent") >= 50);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  decode ();
  n = fake_receiver_n_heaps (decoder);
  fail_unless (n > 50);
  for (guint i = 0; i < n; i++)
    fail_unless_equals_uint64 (fake_receiver_heap (decoder, i)->cnt, i + 1);
  assert_stop_heap (n - 1, n);
}

GST_END_TEST;

GST_START_TEST (after_null_everything_begins_again)
{
  for (guint run = 0; run < 3; run++) {
    faults_reset ();
    faults_capture (true, true);
    play (CAPS_S8);
    push (100, 0, 0);
    push (100, 100, 100);
    finish ();
    decode ();
    assert_heap (0, 1, 0, 100, 0);
    assert_descriptors (0, 2);
    assert_heap (1, 2, 100, 100, 100);
    assert_stop_heap (2, 3);
    fail_unless_equals_uint64 (counter ("heaps-sent"), 2);
    restart ();
  }
}

GST_END_TEST;

/* -- waiting, pausing, flushing --------------------------------------------------- */

GST_START_TEST (a_pause_while_the_network_is_blocked_loses_nothing)
{
  Feed feed = {.n = 8, .size = 1000, .eos = TRUE};

  feed_full (&feed, CAPS_S8);
  go_to (GST_STATE_PAUSED);
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 0);
  go_to (GST_STATE_PLAYING);
  wait_asleep ("feed"); /* the push waits for a slot again */
  go_to (GST_STATE_PAUSED);
  /* What was accepted goes on; nothing more is accepted. */
  faults_block (false);
  wait_stat ("heaps-sent", 2);
  wait_asleep ("feed");
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 2);
  go_to (GST_STATE_PLAYING);
  wait_eos ();
  fail_unless_equals_int (feed_end (&feed), GST_FLOW_OK);
  decode ();
  assert_stream (8, 1000);
  fail_unless_equals_uint64 (counter ("peak-outstanding"), 2);
}

GST_END_TEST;

/* PAUSED comes again before the streaming thread has seen PLAYING, in most of
 * the rounds: GstBaseSink takes the thread for waiting and lets it go on. */
GST_START_TEST (a_pause_holds_though_playing_came_between)
{
  Feed feed = {.n = 1000, .size = 100};

  g_object_set (sink, "max-heaps", 2, NULL);
  faults_block (true);
  play (CAPS_S8);
  feed_begin (&feed);
  for (guint round = 0; round < 20; round++) {
    guint64 pushed;

    wait_stat ("outstanding", 2);
    go_to (GST_STATE_PAUSED);
    gst_element_set_state (sink, GST_STATE_PLAYING);
    gst_element_set_state (sink, GST_STATE_PAUSED);
    pushed = counter ("heaps-pushed");
    faults_block (false);
    wait_stat ("outstanding", 0);
    wait_asleep ("feed");
    fail_unless_equals_uint64 (counter ("heaps-pushed"), pushed);
    faults_block (true);
    go_to (GST_STATE_PLAYING);
  }
  faults_block (false);
  fail_unless_equals_int (feed_end (&feed), GST_FLOW_OK);
  finish ();
  fail_unless_equals_uint64 (counter ("heaps-sent"), 1000);
}

GST_END_TEST;

GST_START_TEST (a_pause_while_eos_drains_loses_nothing)
{
  Feed feed = {.n = 3, .size = 1000, .eos = TRUE};

  faults_block (true);
  play (CAPS_S8);
  feed_begin (&feed);
  wait_stat ("outstanding", 3);
  wait_asleep ("feed");
  go_to (GST_STATE_PAUSED);
  assert_no_message (GST_MESSAGE_EOS);
  faults_block (false);
  wait_stat ("heaps-sent", 3);
  go_to (GST_STATE_PLAYING);
  wait_eos ();
  feed_end (&feed);
  decode ();
  assert_stream (3, 1000);
}

GST_END_TEST;

/* Heap 3 has begun when the network stops, heaps 4 to 6 wait behind it. */
GST_START_TEST (a_flush_drops_the_queue_and_the_stream_goes_on)
{
  const FakeHeap *heap;
  gint64 begun;

  play (CAPS_S8);
  push (200000, 0, 0);
  push (200000, 200000, 200000);
  drain ();
  faults_block_after (1);
  push (200000, 400000, 400000);
  wait_until (faults_n_messages () > counter ("messages"));
  for (guint i = 3; i < 6; i++)
    push (200000, i * 200000, i * 200000);

  begun = g_get_monotonic_time ();
  flush ();
  fail_unless (g_get_monotonic_time () - begun < G_USEC_PER_SEC);
  fail_unless_equals_uint64 (counter ("heaps-dropped"), 3);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 1);
  fail_unless_equals_uint64 (counter ("outstanding"), 0);

  faults_block (false);
  push_segment ();
  push (200000, 50, 7000);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 200000, 0);
  assert_heap (1, 2, 200000, 200000, 200000);
  heap = fake_receiver_heap (decoder, 2);
  fail_unless_equals_uint64 (heap->cnt, 3);
  fail_if (heap->complete);
  assert_heap (3, 4, 7000, 200000, 50);
  assert_descriptors (3, 2);
  assert_stop_heap (4, 5);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
}

GST_END_TEST;

GST_START_TEST (a_flush_ends_a_push_that_waits_for_room)
{
  Feed feed = {.n = 8, .size = 1000};

  feed_full (&feed, CAPS_S8);
  wait_asleep ("feed");
  fail_unless (gst_pad_push_event (pad, gst_event_new_flush_start ()));
  fail_unless_equals_int (feed_end (&feed), GST_FLOW_FLUSHING);
  fail_unless (gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE)));
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
  faults_block (false);
  push_segment ();
  push (1000, 0, 0);
  finish ();
}

GST_END_TEST;

GST_START_TEST (data_after_a_flushed_eos_is_described_again)
{
  play (CAPS_S8);
  push (100, 0, 0);
  finish ();
  flush ();
  push (100, 0, 0);
  finish ();
  decode ();
  fail_unless_equals_int (fake_receiver_saw_stop (decoder), 2);
  assert_heap (2, 3, 0, 100, 0);
  assert_descriptors (2, 2);
}

GST_END_TEST;

/* With pushes that wait for room, and with EOS that waits for the queue. */
GST_START_TEST (null_comes_soon_though_the_network_is_blocked)
{
  Feed feed = {.n = __i__ == 0 ? 10 : 2, .size = 1000, .eos = __i__ == 1};
  gint64 begun;

  feed_full (&feed, CAPS_S8);
  wait_asleep ("feed");
  fail_unless_equals_int (count_threads ("sender:"), 1);
  begun = g_get_monotonic_time ();
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless (g_get_monotonic_time () - begun < 2 * G_USEC_PER_SEC);
  fail_unless_equals_int (count_threads ("sender:"), 0);
  feed_end (&feed);
  if (__i__ == 0)
    fail_unless_equals_int (feed.flow, GST_FLOW_FLUSHING);
  assert_no_message (GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless_equals_int (faults_n_messages (), 0);
}

GST_END_TEST;

GST_START_TEST (each_sending_thread_says_when_it_comes_and_goes)
{
  static const GstStreamStatusType expected[] = {
      GST_STREAM_STATUS_TYPE_ENTER, GST_STREAM_STATUS_TYPE_LEAVE};

  gst_element_set_state (pipeline, GST_STATE_READY);
  for (guint i = 0; i < 2; i++) {
    GstMessage *message = pop (GST_MESSAGE_STREAM_STATUS);
    GstStreamStatusType type;
    GstElement *owner;

    gst_message_parse_stream_status (message, &type, &owner);
    fail_unless_equals_int (type, expected[i]);
    fail_unless (owner == sink);
    fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (sink));
    fail_unless (G_VALUE_HOLDS (
        gst_message_get_stream_status_object (message), GST_TYPE_G_THREAD));
    gst_message_unref (message);
    if (i == 0)
      gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  assert_no_message (GST_MESSAGE_STREAM_STATUS);
}

GST_END_TEST;

GST_START_TEST (the_smallest_and_the_largest_packet_are_sent)
{
  static const guint sizes[] = {56, 65507};

  for (guint i = 0; i < 2; i++) {
    faults_reset ();
    faults_capture (true, true);
    g_object_set (sink, "max-packet-size", sizes[i], NULL);
    play (CAPS_S8);
    push (100000, 0, 0);
    finish ();
    decode ();
    assert_heap (0, 1, 0, 100000, 0);
    assert_stop_heap (1, 2);
    restart ();
  }
}

GST_END_TEST;

/* -- heap-done -------------------------------------------------------------------- */

typedef struct {
  guint64 cnt;
  guint64 bytes;
  GQuark domain;
  gint code;
} Done;

static void
on_heap_done (GstElement *element, guint64 cnt, guint64 bytes,
    const GError *error, GArray *all)
{
  Done done = {cnt, bytes, error ? error->domain : 0, error ? error->code : 0};

  g_array_append_val (all, done);
}

static GArray *
watch_heaps (void)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Done));

  g_signal_connect (sink, "heap-done", G_CALLBACK (on_heap_done), all);
  return all;
}

GST_START_TEST (heap_done_tells_of_each_heap_in_order)
{
  GArray *all = watch_heaps ();
  guint64 bytes = 0;

  g_object_set (sink, "signal-heaps", TRUE, NULL);
  play (CAPS_S8);
  push_heaps (50, 3000);
  finish ();
  decode ();
  fail_unless_equals_int (all->len, 50);
  for (guint i = 0; i < 50; i++) {
    Done *done = &g_array_index (all, Done, i);
    const FakeHeap *heap = whole_heap (i);
    guint64 on_wire = 0;

    for (guint k = 0; k < heap->packets->len; k++)
      on_wire += g_array_index (heap->packets, FakePacket, k).size;
    fail_unless_equals_uint64 (done->cnt, i + 1);
    fail_unless_equals_uint64 (done->bytes, on_wire);
    fail_unless_equals_int (done->domain, 0);
    bytes += done->bytes;
  }
  fail_unless (bytes < counter ("bytes")); /* less the stop heap */
  g_array_unref (all);
}

GST_END_TEST;

GST_START_TEST (heap_done_is_silent_unless_it_is_asked_for)
{
  GArray *all = watch_heaps ();

  play (CAPS_S8);
  push (100, 0, 0);
  finish ();
  fail_unless_equals_int (all->len, 0);
  g_array_unref (all);
}

GST_END_TEST;

GST_START_TEST (a_refused_heap_is_a_warning_and_the_stream_goes_on)
{
  GArray *all = watch_heaps ();
  Done *done;

  g_object_set (sink, "signal-heaps", TRUE, NULL);
  faults_fail_message (1, 1, EPERM);
  play (CAPS_S8);
  for (guint i = 0; i < 4; i++) {
    push (1000, i * 1000, i * 1000);
    drain ();
  }
  assert_warning (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, NULL);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 1000, 0);
  assert_heap (1, 3, 2000, 1000, 2000);
  assert_heap (2, 4, 3000, 1000, 3000);
  assert_stop_heap (3, 5);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 4);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 3);
  fail_unless_equals_uint64 (counter ("heaps-failed"), 1);
  fail_unless_equals_uint64 (counter ("errors"), 1);
  fail_unless_equals_int (all->len, 4);
  done = &g_array_index (all, Done, 1);
  fail_unless_equals_uint64 (done->cnt, 2);
  fail_unless_equals_uint64 (done->bytes, 0);
  fail_unless_equals_string (
      g_quark_to_string (done->domain), "spead2-errno-quark");
  fail_unless_equals_int (done->code, EPERM);
  fail_unless_equals_int (g_array_index (all, Done, 2).domain, 0);
  g_array_unref (all);
}

GST_END_TEST;

GST_START_TEST (descriptors_that_were_refused_come_again)
{
  faults_fail_message (0, 1, EPERM);
  play (CAPS_S8);
  for (guint i = 0; i < 3; i++) {
    push (1000, i * 1000, i * 1000);
    drain ();
  }
  finish ();
  decode ();
  assert_heap (0, 2, 1000, 1000, 1000);
  assert_descriptors (0, 2);
  assert_descriptors (1, 0);
}

GST_END_TEST;

/* -- stats ------------------------------------------------------------------------ */

GST_START_TEST (stats_has_its_fields_and_the_base_sinks)
{
  static const gchar *const fields[] = {"heaps-pushed", "heaps-sent",
      "heaps-failed", "heaps-dropped", "packets", "bytes", "payload-bytes",
      "messages", "calls", "waits", "errors", "heap-cnt-wraps", "index-wraps",
      "offset-jumps", "rendered", "dropped"};
  GstStructure *stats;
  gboolean gso;
  guint value;

  g_object_get (sink, "stats", &stats, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    fail_unless (
        gst_structure_has_field_typed (stats, fields[i], G_TYPE_UINT64), "%s",
        fields[i]);
  fail_unless (
      gst_structure_has_field_typed (stats, "average-rate", G_TYPE_DOUBLE));
  fail_unless (gst_structure_get_boolean (stats, "gso", &gso));
  fail_unless (gst_structure_get_uint (stats, "outstanding", &value));
  fail_unless (gst_structure_get_uint (stats, "peak-outstanding", &value));
  gst_structure_free (stats);
}

GST_END_TEST;

GST_START_TEST (stats_counts_what_was_sent)
{
  FaultsCounts counts;

  play (CAPS_S8);
  push_heaps (10, 5000);
  finish ();
  faults_get_counts (&counts);
  fail_unless_equals_uint64 (counter ("heaps-pushed"), 10);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 10);
  fail_unless_equals_uint64 (counter ("rendered"), 10);
  fail_unless_equals_uint64 (counter ("packets"), counts.datagrams);
  fail_unless_equals_uint64 (counter ("bytes"), counts.bytes);
  fail_unless_equals_uint64 (counter ("messages"), counts.messages);
  fail_unless_equals_uint64 (counter ("calls"), counts.sendmmsg_calls);
  fail_unless (counter ("payload-bytes") > 50000);
  fail_unless_equals_uint64 (counter ("errors"), 0);
}

GST_END_TEST;

/* A heap of 1 MiB whose descriptors have been sent before, in packets and in
 * messages. */
static const struct {
  guint packet_size, packets, messages;
} mebibyte[] = {{1472, 733, 17}, {1456, 741, 17}};

GST_START_TEST (a_mebibyte_fills_messages_to_the_kernels_limit)
{
  guint64 packets, messages;

  g_object_set (sink, "max-packet-size", mebibyte[__i__].packet_size, NULL);
  play (CAPS_S8);
  push (1 << 20, 0, 0);
  drain ();
  packets = counter ("packets");
  messages = counter ("messages");
  push (1 << 20, 1 << 20, 1 << 20);
  drain ();
  fail_unless_equals_uint64 (
      counter ("packets") - packets, mebibyte[__i__].packets);
  fail_unless_equals_uint64 (
      counter ("messages") - messages, mebibyte[__i__].messages);
  finish ();
}

GST_END_TEST;

/* -- the sample index --------------------------------------------------------------- */

GST_START_TEST (a_jump_of_the_offset_warns_once_and_is_counted)
{
  GstBuffer *buffer;

  play (CAPS_S8);
  push (100, 0, 0);
  push (100, 100, 500);
  push (100, 200, 600);
  push (100, 300, 300);
  finish ();
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "jumps from 100 to 500 without a discontinuity");
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 2);
  decode ();
  assert_heap (1, 2, 500, 100, 100);
  assert_heap (2, 3, 600, 100, 200);
  assert_heap (3, 4, 300, 100, 300);

  restart ();
  play (CAPS_S8);
  push (100, 0, 0);
  buffer = make_buffer (100, 0, 777);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push_buffer (buffer);
  finish ();
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 1);
}

GST_END_TEST;

GST_START_TEST (the_timestamp_wraps_with_one_warning)
{
  guint bits = __i__ == 0 ? 16 : 24;
  guint64 limit = G_GUINT64_CONSTANT (1) << bits;
  gchar *words = g_strdup_printf ("needs more than %u bits", bits);

  g_object_set (sink, "heap-address-bits", bits, NULL);
  play (CAPS_S8);
  push (100, 0, limit - 100);
  push (100, 100, limit);
  push (100, 200, limit + 100);
  finish ();
  decode ();
  assert_heap (0, 1, limit - 100, 100, 0);
  assert_heap (1, 2, 0, 100, 100);
  assert_heap (2, 3, 100, 100, 200);
  fail_unless_equals_int (whole_heap (0)->heap_address_bits, bits);
  assert_warning (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, words);
  assert_no_message (GST_MESSAGE_WARNING);
  fail_unless_equals_uint64 (counter ("index-wraps"), 1);
  fail_unless_equals_uint64 (counter ("offset-jumps"), 0);
  g_free (words);
}

GST_END_TEST;

/* -- queries and pools --------------------------------------------------------------- */

GST_START_TEST (a_drain_query_returns_when_all_heaps_are_sent)
{
  GThread *asking;

  play (CAPS_S8);
  faults_block (true);
  push_heaps (4, 1000);
  asking = g_thread_new ("asking", (GThreadFunc) drain, NULL);
  wait_asleep ("asking");
  faults_block (false);
  g_thread_join (asking);
  fail_unless_equals_uint64 (counter ("outstanding"), 0);
  fail_unless_equals_uint64 (counter ("heaps-sent"), 4);
  fail_unless_equals_int (faults_n_datagrams (), 4);
}

GST_END_TEST;

GST_START_TEST (an_allocation_query_proposes_alignment_and_no_pool)
{
  GstCaps *caps = gst_caps_from_string (CAPS_S8);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  const GstStructure *outstanding;
  GstAllocationParams params;
  guint index, max_heaps;
  guint64 max_bytes;
  GType api;

  g_object_set (sink, "max-heaps", 7, NULL);
  play (CAPS_S8);
  fail_unless (gst_pad_peer_query (pad, query));
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
  fail_unless_equals_int (gst_query_get_n_allocation_params (query), 1);
  gst_query_parse_nth_allocation_param (query, 0, NULL, &params);
  fail_unless_equals_int (params.align, 63);
  api = g_type_from_name ("GstSpead2OutstandingAPI");
  fail_unless (api != G_TYPE_INVALID);
  fail_unless (gst_query_find_allocation_meta (query, api, &index));
  gst_query_parse_nth_allocation_meta (query, index, &outstanding);
  fail_unless (gst_structure_get (outstanding, "max-heaps", G_TYPE_UINT,
      &max_heaps, "max-bytes", G_TYPE_UINT64, &max_bytes, NULL));
  fail_unless_equals_int (max_heaps, 7);
  fail_unless_equals_uint64 (max_bytes, 4 << 20);
  gst_query_unref (query);
  gst_caps_unref (caps);
}

GST_END_TEST;

static GstPadProbeReturn
keep_size (GstPad *sink_pad, GstPadProbeInfo *info, gpointer sizes)
{
  guint size = gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));

  g_array_append_val ((GArray *) sizes, size);
  return GST_PAD_PROBE_OK;
}

static const struct {
  const gchar *element;
  const gchar *text;
  guint sizes[3];
} sources[] = {
    {"audiotestsrc",
        "audiotestsrc num-buffers=3 samplesperbuffer=300 ! "
        "audio/x-raw,format=S16LE,channels=1 ! spead2sink name=sender",
        {600, 600, 600}},
    {"videotestsrc",
        "videotestsrc num-buffers=3 ! "
        "video/x-raw,format=GRAY8,width=320,height=240 ! spead2sink "
        "name=sender",
        {76800, 76800, 76800}},
    {"filesrc", "filesrc name=file blocksize=1000 ! spead2sink name=sender",
        {1000, 1000, 500}},
};

GST_START_TEST (sources_keep_their_buffer_sizes)
{
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (guint));
  gchar *path = NULL;
  guint64 index = 0;

  if (!have_element (sources[__i__].element)) {
    g_array_unref (sizes);
    return;
  }
  launch (sources[__i__].text);
  if (__i__ == 2) {
    GstElement *file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
    gint fd = g_file_open_tmp ("spead2sink-XXXXXX", &path, NULL);
    guint8 bytes[2500];

    fail_unless (fd >= 0);
    g_close (fd, NULL);
    fill_pattern (bytes, sizeof bytes, 0);
    fail_unless (
        g_file_set_contents (path, (const gchar *) bytes, sizeof bytes, NULL));
    g_object_set (file, "location", path, NULL);
    gst_object_unref (file);
  }
  probe_buffers (keep_size, sizes);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_eos ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (sizes->len, 3);
  decode ();
  for (guint i = 0; i < 3; i++) {
    guint size = g_array_index (sizes, guint, i);

    fail_unless_equals_int (size, sources[__i__].sizes[i]);
    if (__i__ == 2)
      assert_heap (i, i + 1, index, size, index);
    assert_timestamp (whole_heap (i), index);
    index += __i__ == 0 ? size / 2 : size;
  }
  assert_stop_heap (3, 4);
  if (path) {
    assert_descriptors (2, 2);
    remove (path);
    g_free (path);
  }
  g_array_unref (sizes);
}

GST_END_TEST;

GST_START_TEST (a_pool_gets_its_buffer_back_when_it_has_been_sent)
{
  GstBufferPoolAcquireParams no_wait = {
      .flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstBuffer *buffer = NULL;

  gst_buffer_pool_config_set_params (config, NULL, 1000, 1, 1);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  gst_buffer_memset (buffer, 0, 0, 1000);
  faults_block (true);
  play (CAPS_S8);
  push_buffer (buffer);
  wait_blocked ();
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffer, &no_wait), GST_FLOW_EOS);
  faults_block (false);
  drain ();
  fail_unless_equals_int (
      gst_buffer_pool_acquire_buffer (pool, &buffer, &no_wait), GST_FLOW_OK);
  gst_buffer_unref (buffer);
  finish ();
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
}

GST_END_TEST;

GST_START_TEST (no_last_sample_keeps_a_buffer)
{
  GstBuffer *buffer = make_buffer (100, 0, 0);
  GstSample *sample;

  play (CAPS_S8);
  push_buffer (gst_buffer_ref (buffer));
  drain ();
  ASSERT_BUFFER_REFCOUNT (buffer, "buffer", 1);
  g_object_get (sink, "last-sample", &sample, NULL);
  fail_unless (sample == NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* -- networks ------------------------------------------------------------------------ */

GST_START_TEST (ipv6_carries_heaps)
{
  FakeReceiver *other = fake_receiver_new_at ("::1", 0);

  if (other == NULL) {
    GST_WARNING ("there is no IPv6 here");
    return;
  }
  g_object_set (sink, "host", "::1", "port", fake_receiver_port (other), NULL);
  play (CAPS_S8);
  push (100000, 0, 0);
  finish ();
  decode ();
  assert_heap (0, 1, 0, 100000, 0);
  fail_unless (fake_receiver_wait (other, 5000));
  fail_if (fake_receiver_error (other) != NULL);
  fail_unless_equals_int (fake_receiver_n_complete (other), 2);
  fake_receiver_free (other);
}

GST_END_TEST;

/* By the interface's name, and by its addresses. */
static const gchar *const loopbacks[] = {"lo", "127.0.0.1", "::1"};

GST_START_TEST (a_multicast_group_on_the_loopback_gets_heaps)
{
  FakeReceiver *other = fake_receiver_new_at ("239.77.1.2", 0);
  struct ip_mreqn request = {.imr_ifindex = if_nametoindex ("lo")};

  fail_unless (other != NULL);
  fail_unless (inet_pton (AF_INET, "239.77.1.2", &request.imr_multiaddr) == 1);
  fail_unless (setsockopt (fake_receiver_fd (other), IPPROTO_IP,
                   IP_ADD_MEMBERSHIP, &request, sizeof request) == 0);
  g_object_set (sink, "host", "239.77.1.2", "port", fake_receiver_port (other),
      "multicast-iface", loopbacks[__i__], NULL);
  play (CAPS_S8);
  push (100000, 0, 0);
  finish ();
  fail_unless (fake_receiver_wait (other, 5000));
  fail_if (fake_receiver_error (other) != NULL);
  fail_unless_equals_int (fake_receiver_n_complete (other), 2);
  fake_receiver_free (other);
}

GST_END_TEST;

/* In a worker, while the end of the stream waits for this heap: the first thing that
 * a pause does. What it does next interrupts the wait, and comes too late here. */
static void
want_pause (GstElement *element, guint64 cnt, guint64 bytes, GError *error,
    gpointer data)
{
  GST_STATE_TARGET (element) = GST_STATE_PAUSED;
}

/* EOS has drained the queue, and its stop heap waits for the end of the pause. */
GST_START_TEST (a_stop_heap_that_a_pause_held_back_is_sent_in_ready)
{
  Feed feed = {.eos = TRUE};
  guint n;

  g_object_set (sink, "signal-heaps", TRUE, NULL);
  play (CAPS_S8);
  faults_block (true);
  push (5000, 0, 0);
  wait_stat ("outstanding", 1);
  g_signal_connect (sink, "heap-done", G_CALLBACK (want_pause), NULL);
  feed_begin (&feed);
  wait_asleep ("feed");
  faults_block (false);
  wait_stat ("heaps-sent", 1);
  wait_asleep ("feed");
  gst_element_set_state (pipeline, GST_STATE_READY);
  feed_end (&feed);
  decode ();
  n = fake_receiver_n_heaps (decoder);
  fail_unless_equals_int (n, 2);
  fail_unless_equals_int (fake_receiver_saw_stop (decoder), 1);
}

GST_END_TEST;

static Suite *
spead2sink_suite (void)
{
  Suite *s = suite_create ("spead2sink");
  TCase *tc = tcase_create ("spead2sink");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_fixture, teardown_fixture);
  tcase_add_test (tc, the_default_properties_are_the_tutorials);
  tcase_add_test (tc, properties_changed_in_ready_count_in_paused);
  tcase_add_test (tc, a_property_that_is_wrong_in_ready_is_an_error_in_paused);
  tcase_add_test (tc, the_tutorials_pipeline_arrives_whole);
  tcase_add_test (tc, a_receiver_on_the_network_gets_every_heap);
  tcase_add_test (tc, heaps_of_every_size_about_a_packet_are_whole);
  tcase_add_test (tc, audio_is_stamped_with_its_offset_in_frames);
  tcase_add_test (tc, audio_without_offsets_is_counted_in_frames);
  tcase_add_test (tc, bytes_without_caps_are_stamped_with_their_offset);
  tcase_add_test (tc, what_is_neither_audio_nor_bytes_is_counted);
  tcase_add_test (tc, an_empty_buffer_sends_nothing);
  tcase_add_test (tc, a_buffer_list_is_the_same_bytes_as_its_buffers);
  tcase_add_test (tc, a_long_buffer_list_is_sent_in_order);
  tcase_add_test (tc, buffers_of_a_list_before_one_that_is_refused_are_sent);
  tcase_add_test (tc, a_buffer_of_many_memories_is_neither_copied_nor_merged);
  tcase_add_test (tc, each_memory_is_mapped_once_and_unmapped);
  tcase_add_test (tc, a_frame_cut_in_two_is_an_error);
  tcase_add_test (tc, the_first_heap_describes_its_items);
  tcase_add_loop_test (tc, samples_are_described_as_numpy_does, 0,
      2 * G_N_ELEMENTS (audio_types));
  tcase_add_test (tc, big_endian_samples_of_24_bits_have_a_spead_format);
  tcase_add_test (tc, another_size_is_described_again);
  tcase_add_test (tc, other_caps_are_described_again);
  tcase_add_test (tc, eos_is_posted_when_the_stop_heap_has_gone);
  tcase_add_test (tc, the_stop_heap_waits_for_the_network_and_eos_for_it);
  tcase_add_test (tc, eos_without_data_is_a_stop_heap);
  tcase_add_test (tc, a_gap_neither_drains_nor_sends);
  tcase_add_loop_test (tc, without_send_stop_heap_nobody_is_told, 0, 2);
  tcase_add_test (tc, ready_without_eos_sends_one_stop_heap);
  tcase_add_test (tc, ready_after_eos_sends_no_second_stop_heap);
  tcase_add_test (tc, ready_without_data_sends_nothing);
  tcase_add_test (tc, an_interrupted_pipeline_ends_with_one_stop_heap);
  tcase_add_test (tc, after_null_everything_begins_again);
  tcase_add_test (tc, a_pause_while_the_network_is_blocked_loses_nothing);
  tcase_add_test (tc, a_pause_holds_though_playing_came_between);
  tcase_add_test (tc, a_pause_while_eos_drains_loses_nothing);
  tcase_add_test (tc, a_flush_drops_the_queue_and_the_stream_goes_on);
  tcase_add_test (tc, a_flush_ends_a_push_that_waits_for_room);
  tcase_add_test (tc, data_after_a_flushed_eos_is_described_again);
  tcase_add_loop_test (tc, null_comes_soon_though_the_network_is_blocked, 0, 2);
  tcase_add_test (tc, each_sending_thread_says_when_it_comes_and_goes);
  tcase_add_test (tc, the_smallest_and_the_largest_packet_are_sent);
  tcase_add_test (tc, heap_done_tells_of_each_heap_in_order);
  tcase_add_test (tc, heap_done_is_silent_unless_it_is_asked_for);
  tcase_add_test (tc, a_refused_heap_is_a_warning_and_the_stream_goes_on);
  tcase_add_test (tc, descriptors_that_were_refused_come_again);
  tcase_add_test (tc, stats_has_its_fields_and_the_base_sinks);
  tcase_add_test (tc, stats_counts_what_was_sent);
  tcase_add_loop_test (tc, a_mebibyte_fills_messages_to_the_kernels_limit, 0,
      G_N_ELEMENTS (mebibyte));
  tcase_add_test (tc, a_jump_of_the_offset_warns_once_and_is_counted);
  tcase_add_loop_test (tc, the_timestamp_wraps_with_one_warning, 0, 2);
  tcase_add_test (tc, a_drain_query_returns_when_all_heaps_are_sent);
  tcase_add_test (tc, an_allocation_query_proposes_alignment_and_no_pool);
  tcase_add_loop_test (
      tc, sources_keep_their_buffer_sizes, 0, G_N_ELEMENTS (sources));
  tcase_add_test (tc, a_pool_gets_its_buffer_back_when_it_has_been_sent);
  tcase_add_test (tc, no_last_sample_keeps_a_buffer);
  tcase_add_test (tc, ipv6_carries_heaps);
  tcase_add_loop_test (tc, a_multicast_group_on_the_loopback_gets_heaps, 0,
      G_N_ELEMENTS (loopbacks));
  tcase_add_test (tc, a_stop_heap_that_a_pause_held_back_is_sent_in_ready);
  return s;
}

GST_CHECK_MAIN (spead2sink);
