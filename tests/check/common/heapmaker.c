/* Buffers to heaps, without an element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "plugin/common/gstspead2heapmaker.h"
#include "plugin/common/gstspead2itemvalues.h"
#include "spead2/error.h"

#define PLAIN_ITEMS                                                            \
  "index,id=0x1600,value=sample-index; samples,id=0x3300,value=payload"
#define AUDIO_CAPS                                                             \
  "audio/x-raw,format=S16LE,layout=interleaved,channels=2,rate=1000,"          \
  "channel-mask=(bitmask)3"

static GstSpead2HeapMaker *maker;
static GstSpead2HeapMakerCounters counters;
static guint n_warnings;
static gchar *last_warning;
static guint64 date;    /* of every buffer, ns; 0: there is none */
static guint64 arrived; /* bytes */
static guint longest_run;

static gboolean
find_date (GstBuffer *buffer, GstSpead2TimeScale scales, guint64 *ns,
    GError **error, gpointer user_data)
{
  fail_unless (user_data == &date);
  if (date == 0)
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "no date");
  *ns = date;
  return date > 0;
}

static void
warned (const gchar *message, const gchar *detail, gpointer user_data)
{
  fail_unless (user_data == &date && detail != NULL);
  n_warnings++;
  g_free (last_warning);
  last_warning = g_strdup (message);
}

static void
counted (const GstSpead2HeapMakerCounters *now, gpointer user_data)
{
  counters = *now;
}

static guint
max_run (gsize heap_bytes, gpointer user_data)
{
  fail_unless (user_data == &date && heap_bytes > 0);
  return longest_run;
}

static const GstSpead2HeapMakerCallbacks callbacks = {.date = find_date,
    .max_run = max_run,
    .warning = warned,
    .counted = counted};

static GstSpead2HeapMakerConfig
make_config (gsize heap_size)
{
  return (GstSpead2HeapMakerConfig){
      .layout.descriptors = SPEAD2_DESCRIPTORS_FIRST_HEAP,
      .heap_size = heap_size,
      .copy_size = 10,
      .sync_epoch = -1};
}

static void
start (const gchar *items, GstSpead2HeapMakerConfig *config)
{
  config->layout.items = spead2_items_new (items, 40, NULL);
  fail_unless (config->layout.items != NULL);
  maker = gst_spead2_heap_maker_new (config, &callbacks, &date, NULL);
  fail_unless (maker != NULL);
  spead2_items_unref (config->layout.items);
}

static void
setup (void)
{
  gst_spead2_item_values_meta_register ();
  counters = (GstSpead2HeapMakerCounters){0};
  n_warnings = 0;
  date = 0;
  arrived = 0;
  longest_run = 1;
}

static void
teardown (void)
{
  g_clear_pointer (&maker, gst_spead2_heap_maker_free);
  g_clear_pointer (&last_warning, g_free);
}

/* A buffer of so many bytes, which count on from buffer to buffer. */
static GstBuffer *
make_buffer (gsize size)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (gsize i = 0; i < size; i++)
    map.data[i] = arrived + i;
  gst_buffer_unmap (buffer, &map);
  arrived += size;
  return buffer;
}

/* The next heap, or NULL with or without an error; the heap of descriptors before it,
 * if there is one, in *described. */
static Spead2Heap *
next_heap (Spead2Heap **described, GError **error)
{
  Spead2Heap *heaps[GST_SPEAD2_HEAP_MAKER_MAX_HEAPS];
  GError *own = NULL;
  guint n = 0;

  error = error ? error : &own;
  if (!gst_spead2_heap_maker_next (maker, error) ||
      !gst_spead2_heap_maker_make (maker, heaps, &n, error)) {
    fail_unless (own == NULL, "%s", own ? own->message : "");
    return NULL;
  }
  fail_unless_equals_int (n, described ? 2 : 1);
  if (described)
    *described = heaps[0];
  return heaps[n - 1];
}

/* Takes a heap with this sample index and size, which begins with this byte. */
static void
take_heap (guint64 index, gsize size, guint8 first, gboolean describes)
{
  GError *error = NULL;
  Spead2Heap *heap = next_heap (NULL, &error);
  const Spead2Span *payload;

  fail_unless (heap != NULL, "%s", error ? error->message : "no heap");
  fail_unless_equals_int (!!(heap->flags & SPEAD2_HEAP_DESCRIBES), describes);
  fail_unless_equals_uint64 (
      spead2_pointer_value (40, heap->pointers[heap->n_pointers - 2]), index);
  payload = &heap->spans[describes ? 2 : 0];
  fail_unless_equals_int (payload->data[0], first);
  if (!describes)
    fail_unless_equals_uint64 (heap->length, size);
  spead2_heap_free (heap);
}

static void
take_none (void)
{
  GError *error = NULL;

  fail_unless (next_heap (NULL, &error) == NULL);
  fail_unless (error == NULL, "%s", error ? error->message : "");
}

/* Takes the error that comes instead of a heap. */
static void
take_error (GQuark domain, gint code, const gchar *part)
{
  GError *error = NULL;

  fail_unless (next_heap (NULL, &error) == NULL);
  fail_unless (g_error_matches (error, domain, code));
  fail_unless (strstr (error->message, part) != NULL, "%s", error->message);
  g_error_free (error);
  gst_spead2_heap_maker_drop (maker);
}

static void
arrive (GstBuffer *buffer)
{
  gst_spead2_heap_maker_arrive (maker, buffer, GST_SPEAD2_INDEX_SOURCE_AUTO);
}

/* Takes the buffer, which the heaps then hold. */
static void
push (GstBuffer *buffer)
{
  arrive (buffer);
  gst_spead2_heap_maker_push (maker, buffer);
}

static void
set_caps (const gchar *text)
{
  GstCaps *caps = gst_caps_from_string (text);
  GError *error = NULL;

  fail_unless (gst_spead2_heap_maker_set_caps (maker, caps, &error), "%s",
      error ? error->message : "");
  gst_caps_unref (caps);
}

static void
refuse_caps (const gchar *text, GQuark domain, gint code)
{
  GstCaps *caps = gst_caps_from_string (text);
  GError *error = NULL;

  fail_if (gst_spead2_heap_maker_set_caps (maker, caps, &error));
  fail_unless (g_error_matches (error, domain, code));
  g_error_free (error);
  gst_caps_unref (caps);
}

static void
send_values (const gchar *text)
{
  GstEvent *event = gst_event_new_custom (
      GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_from_string (text, NULL));

  gst_spead2_heap_maker_event (maker, event);
  gst_event_unref (event);
}

/* Frames are counted by the caps; a new stream is counted and described anew. */
GST_START_TEST (test_caps)
{
  GstSpead2HeapMakerConfig config = make_config (0);
  GstBuffer *buffers[3];

  start (PLAIN_ITEMS, &config);
  set_caps (AUDIO_CAPS);
  for (guint i = 0; i < 3; i++) {
    buffers[i] = make_buffer (40);
    if (i == 2)
      gst_spead2_heap_maker_restart (maker);
    push (buffers[i]);
    take_heap (i % 2 * 10, 40, 40 * i, i != 1);
    take_none ();
    ASSERT_MINI_OBJECT_REFCOUNT (buffers[i], "buffer", 1);
    gst_buffer_unref (buffers[i]);
  }
}
GST_END_TEST

/* Refused caps leave those before in force, and the heap size has to fit. */
GST_START_TEST (test_refused_caps)
{
  GstSpead2HeapMakerConfig config = make_config (40);
  GstBuffer *buffer = make_buffer (80);

  start (PLAIN_ITEMS, &config);
  set_caps (AUDIO_CAPS);
  refuse_caps ("audio/x-raw,format=S24LE,layout=interleaved,channels=1,rate=1",
      GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  refuse_caps ("video/x-raw,format=GRAY8,width=4,height=4,framerate=1/1",
      GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  refuse_caps ("audio/x-raw,format=S16LE,layout=interleaved,channels=3,rate=1,"
               "channel-mask=(bitmask)7",
      SPEAD2_ERROR, SPEAD2_ERROR_INVALID);
  push (buffer);
  take_heap (0, 40, 0, TRUE);
  take_heap (10, 40, 40, FALSE);
  take_none ();
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* Appends what is made of the buffers pushed so far. */
static void
make_runs (GPtrArray *runs)
{
  Spead2Heap *heaps[16];
  GError *error = NULL;
  guint i, n = 0;

  /* The last one may be extended. */
  if (runs->len > 0)
    heaps[n++] = g_ptr_array_index (runs, runs->len - 1);
  while (gst_spead2_heap_maker_next (maker, &error)) {
    fail_unless (gst_spead2_heap_maker_make (maker, heaps, &n, &error));
    fail_unless (n < 16);
  }
  fail_unless (error == NULL);
  for (i = runs->len > 0 ? 1 : 0; i < n; i++)
    g_ptr_array_add (runs, heaps[i]);
}

/* The run begins with this index and byte. */
static void
check_run (GPtrArray *runs, guint i, guint n_heaps, guint64 index, guint8 byte)
{
  const Spead2Heap *run = g_ptr_array_index (runs, i);

  fail_unless (i < runs->len);
  fail_unless_equals_int (run->n_heaps, n_heaps);
  fail_unless_equals_uint64 (
      spead2_pointer_value (40, run->pointers[run->n_pointers - 2]), index);
  if (!(run->flags & SPEAD2_HEAP_DESCRIBES))
    fail_unless_equals_int (run->spans[0].data[0], byte);
}

/* The heaps that a buffer is cut into are runs, without the one that describes and those
 * that are joined of two buffers. */
GST_START_TEST (test_runs_of_a_buffer)
{
  GstSpead2HeapMakerConfig config = make_config (10);
  GPtrArray *runs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
  GstBuffer *buffer = make_buffer (125);

  longest_run = 5;
  start (PLAIN_ITEMS, &config);
  push (buffer);
  make_runs (runs);
  gst_buffer_unref (buffer);
  buffer = make_buffer (30);
  push (buffer);
  make_runs (runs);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (runs->len, 6);
  check_run (runs, 0, 1, 0, 0);
  check_run (runs, 1, 5, 10, 10);
  check_run (runs, 2, 5, 60, 60);
  check_run (runs, 3, 1, 110, 110);
  check_run (runs, 4, 1, 120, 120);
  check_run (runs, 5, 2, 130, 130);
  g_ptr_array_unref (runs);
}
GST_END_TEST

/* Buffers that follow each other are one run, which holds all of them. */
GST_START_TEST (test_runs_of_buffers)
{
  GstSpead2HeapMakerConfig config = make_config (0);
  GPtrArray *runs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
  GstBuffer *buffers[9];
  guint i;

  longest_run = 3;
  start (PLAIN_ITEMS, &config);
  for (i = 0; i < 9; i++) {
    buffers[i] = make_buffer (i == 6 ? 20 : 10);
    /* One has values of its own, which no item takes. */
    if (i == 8)
      send_values ("application/x-spead-items,other=1");
    push (buffers[i]);
    make_runs (runs);
  }
  fail_unless_equals_int (runs->len, 6);
  check_run (runs, 0, 1, 0, 0);
  check_run (runs, 1, 3, 10, 10);
  check_run (runs, 2, 2, 40, 40);
  check_run (runs, 3, 1, 60, 60); /* describes the other size */
  fail_unless_equals_uint64 (
      ((Spead2Heap *) g_ptr_array_index (runs, 1))->length, 10);
  for (i = 1; i < 4; i++)
    ASSERT_MINI_OBJECT_REFCOUNT (buffers[i], "buffer", 2);
  g_ptr_array_unref (runs);
  for (i = 0; i < 9; i++) {
    ASSERT_MINI_OBJECT_REFCOUNT (buffers[i], "buffer", 1);
    gst_buffer_unref (buffers[i]);
  }
}
GST_END_TEST

/* Each heap of a run is counted. */
GST_START_TEST (test_wraps_in_a_run)
{
  GstSpead2HeapMakerConfig config = make_config (10);
  GPtrArray *runs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) spead2_heap_free);
  GstBuffer *buffer = make_buffer (1000);

  config.layout.descriptors = SPEAD2_DESCRIPTORS_NONE;
  longest_run = 100;
  start ("index,id=0x1600,value=sample-index,format=u8; "
         "samples,id=0x3300,value=payload",
      &config);
  push (buffer);
  make_runs (runs);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (runs->len, 1);
  fail_unless_equals_uint64 (counters.index_wraps, 3);
  fail_unless_equals_int (n_warnings, 1);
  fail_unless (
      strstr (last_warning, "sample index 260 ") != NULL, "%s", last_warning);
  g_ptr_array_unref (runs);
}
GST_END_TEST

/* A buffer that ends within a heap is held by it; a list is as good as buffers. */
GST_START_TEST (test_open_heap)
{
  GstSpead2HeapMakerConfig config = make_config (100);
  GstBufferList *list = gst_buffer_list_new ();

  start (PLAIN_ITEMS, &config);
  gst_buffer_list_add (list, make_buffer (60));
  gst_buffer_list_add (list, make_buffer (0));
  gst_buffer_list_add (list, make_buffer (60));
  gst_spead2_heap_maker_arrive_list (maker, list, GST_SPEAD2_INDEX_SOURCE_AUTO);
  gst_spead2_heap_maker_push (maker, gst_buffer_list_get (list, 0));
  take_none ();
  fail_unless (gst_spead2_heap_maker_is_open (maker));
  ASSERT_MINI_OBJECT_REFCOUNT (gst_buffer_list_get (list, 0), "buffer", 2);
  gst_spead2_heap_maker_push (maker, gst_buffer_list_get (list, 1));
  take_none ();
  gst_spead2_heap_maker_push (maker, gst_buffer_list_get (list, 2));
  take_heap (0, 100, 0, TRUE);
  take_none ();
  gst_spead2_heap_maker_close (maker);
  take_heap (100, 20, 100, TRUE);
  take_none ();
  fail_if (gst_spead2_heap_maker_is_open (maker));
  gst_buffer_list_unref (list);
}
GST_END_TEST

/* Samples of buffers that arrive and are not pushed are missing, and so are those
 * of a gap; their values are not the next buffer's. */
GST_START_TEST (test_dropped)
{
  GstSpead2HeapMakerConfig config = make_config (100);
  GstBufferList *list = gst_buffer_list_new ();
  GstBuffer *buffers[4];

  config.layout.descriptors = SPEAD2_DESCRIPTORS_NONE;
  start (PLAIN_ITEMS "; value,id=0x1700,value=meta", &config);
  set_caps (AUDIO_CAPS);
  for (guint i = 0; i < 4; i++)
    buffers[i] = make_buffer (60);
  push (buffers[0]);
  take_none ();
  send_values ("spead2-items,value=7");
  arrive (buffers[1]);
  push (buffers[2]);
  /* The open heap ends at the gap. */
  for (guint i = 0; i < 2; i++) {
    Spead2Heap *heap;

    gst_spead2_heap_maker_close (maker);
    heap = next_heap (NULL, NULL);
    fail_unless_equals_uint64 (heap->length, 60);
    fail_unless_equals_uint64 (
        spead2_pointer_value (40, heap->pointers[0]), i * 30);
    fail_unless_equals_uint64 (spead2_pointer_value (40, heap->pointers[2]), 0);
    spead2_heap_free (heap);
    take_none ();
  }
  gst_spead2_heap_maker_skip (maker, 5 * GST_MSECOND);
  send_values ("spead2-items,value=7");
  /* A list's first buffer has them. */
  gst_buffer_list_add (list, gst_buffer_ref (buffers[3]));
  gst_spead2_heap_maker_arrive_list (maker, list, GST_SPEAD2_INDEX_SOURCE_AUTO);
  gst_spead2_heap_maker_push (maker, buffers[3]);
  take_none ();
  gst_spead2_heap_maker_close (maker);
  {
    Spead2Heap *heap = next_heap (NULL, NULL);

    fail_unless_equals_uint64 (
        spead2_pointer_value (40, heap->pointers[0]), 50);
    fail_unless_equals_uint64 (spead2_pointer_value (40, heap->pointers[2]), 7);
    spead2_heap_free (heap);
  }
  gst_buffer_list_unref (list);
  for (guint i = 0; i < 4; i++)
    gst_buffer_unref (buffers[i]);
}
GST_END_TEST

static void
set_jump (GstBuffer *buffer, guint i)
{
  GST_BUFFER_OFFSET (buffer) = 1000 * i;
  GST_BUFFER_OFFSET_END (buffer) = 1000 * i + 100;
}

static void
set_wrap (GstBuffer *buffer, guint i)
{
  GST_BUFFER_OFFSET (buffer) = 260 * i;
  GST_BUFFER_OFFSET_END (buffer) = 260 * i + 100;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
}

static void
give_unused (GstBuffer *buffer, guint i)
{
  send_values ("spead2-items,odd=1");
}

/* Each warning comes once, and again in the next run; what is counted is counted
 * each time. */
GST_START_TEST (test_warnings)
{
  static const struct {
    const gchar *items;
    void (*prepare) (GstBuffer *buffer, guint i);
    const gchar *warning;
    guint64 jumps, wraps; /* at the end */
  } cases[] = {
      {PLAIN_ITEMS, set_jump, "jumps from 100 to 1000", 6, 0},
      {"index,id=0x1600,value=sample-index,format=u8;"
       "samples,id=0x3300,value=payload",
          set_wrap, "sample index 260 needs more than 8 bits", 6, 6},
      {PLAIN_ITEMS, give_unused, "a value for 'odd'", 0, 0},
  };
  GstSpead2HeapMakerConfig config = make_config (0);

  start (cases[__i__].items, &config);
  for (guint i = 0; i < 8; i++) {
    GstBuffer *buffer = make_buffer (100);

    if (i == 4) {
      fail_unless_equals_int (n_warnings, 1);
      fail_unless (strstr (last_warning, cases[__i__].warning) != NULL, "%s",
          last_warning);
      gst_spead2_heap_maker_start (maker);
    }
    cases[__i__].prepare (buffer, i);
    push (buffer);
    spead2_heap_free (next_heap (NULL, NULL));
    take_none ();
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_int (n_warnings, 2);
  fail_unless_equals_uint64 (counters.offset_jumps, cases[__i__].jumps);
  fail_unless_equals_uint64 (counters.index_wraps, cases[__i__].wraps);
}
GST_END_TEST

/* Heaps that begin within a buffer have dates by the rate; without a date the heap
 * before is made, and then comes the error. */
GST_START_TEST (test_dates)
{
  GstSpead2HeapMakerConfig config = make_config (100);
  GstBuffer *buffer = make_buffer (252);
  static const guint64 dates[] = {G_GUINT64_CONSTANT (1000000000),
      G_GUINT64_CONSTANT (1025000000), G_GUINT64_CONSTANT (1050000000)};

  config.layout.descriptors = SPEAD2_DESCRIPTORS_NONE;
  start ("date,id=0x1600,value=utc-ns,mode=addressed,format=u64;"
         "samples,id=0x3300,value=payload",
      &config);
  set_caps (AUDIO_CAPS);
  date = dates[0];
  push (buffer);
  for (guint i = 0; i < 3; i++) {
    Spead2Heap *heap;

    if (i == 2) {
      take_none ();
      date = 0;
      push (buffer);
    }
    heap = next_heap (NULL, NULL);
    fail_unless (heap != NULL);
    fail_unless_equals_uint64 (
        GST_READ_UINT64_BE (heap->spans[0].data), dates[i]);
    fail_unless_equals_uint64 (heap->length, i < 2 ? 108 : 60);
    spead2_heap_free (heap);
  }
  take_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "no date");
  take_none ();
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* The index of the first heap, by a date or by a number. */
GST_START_TEST (test_first_index)
{
  GstSpead2HeapMakerConfig config = make_config (0);
  GstBuffer *buffer = make_buffer (40);

  config.first_sample = 100;
  config.sync_epoch = __i__ ? 5 * GST_SECOND : -1;
  start (PLAIN_ITEMS, &config);
  if (__i__) {
    push (buffer);
    take_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "sample-rate");
  }
  set_caps (AUDIO_CAPS);
  gst_spead2_heap_maker_restart (maker);
  if (__i__) {
    date = 4 * GST_SECOND;
    push (buffer);
    take_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "later than");
    gst_spead2_heap_maker_restart (maker);
  }
  date = 6 * GST_SECOND + 4 * GST_MSECOND;
  push (buffer);
  take_heap (__i__ ? 1100 : 100, 40, 0, TRUE);
  take_none ();
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* The application's counter is of one heap. */
GST_START_TEST (test_counter_of_a_cut_buffer)
{
  GstSpead2HeapMakerConfig config = make_config (100);
  GstBuffer *buffer = make_buffer (200);

  start (PLAIN_ITEMS, &config);
  send_values ("spead2-items,heap-cnt=(guint64)5");
  push (buffer);
  take_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "heap-cnt");
  take_none ();
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* Descriptors in a heap of their own: at first, when asked for, and by time. */
GST_START_TEST (test_descriptors)
{
  GstSpead2HeapMakerConfig config = make_config (0);
  GstBuffer *buffer = make_buffer (40);

  config.layout.descriptors = SPEAD2_DESCRIPTORS_OWN_HEAP;
  config.layout.descriptor_interval = GST_SECOND;
  start (PLAIN_ITEMS, &config);
  fail_unless (gst_spead2_heap_maker_uses_running_time (maker));
  fail_unless_equals_int (gst_spead2_heap_maker_plain_pointers (maker), 2);
  for (guint i = 0; i < 8; i++) {
    Spead2Heap *described = NULL, *heap;

    if (i == 2)
      gst_spead2_heap_maker_redescribe (maker);
    if (i == 4)
      gst_spead2_heap_maker_request_descriptors (maker);
    if (i == 6)
      gst_spead2_heap_maker_set_running_time (maker, GST_SECOND);
    push (buffer);
    heap = next_heap (i % 2 == 0 ? &described : NULL, NULL);
    fail_unless (heap != NULL);
    fail_if (heap->flags & SPEAD2_HEAP_DESCRIBES);
    if (described) {
      fail_unless (described->flags & SPEAD2_HEAP_DESCRIBES);
      spead2_heap_free (described);
    }
    spead2_heap_free (heap);
    take_none ();
  }
  gst_buffer_unref (buffer);
}
GST_END_TEST

/* What remainder adds or drops is counted. */
GST_START_TEST (test_remainder)
{
  GstSpead2HeapMakerConfig config = make_config (40);
  GstBuffer *buffer = make_buffer (50);

  config.remainder =
      __i__ ? GST_SPEAD2_REMAINDER_PAD : GST_SPEAD2_REMAINDER_DROP;
  start (PLAIN_ITEMS, &config);
  set_caps (AUDIO_CAPS);
  push (buffer);
  take_heap (0, 40, 0, TRUE);
  take_none ();
  gst_spead2_heap_maker_close (maker);
  take_heap (10, __i__ ? 12 : 8, 40, TRUE);
  fail_unless_equals_uint64 (counters.padding_bytes, __i__ ? 2 : 0);
  fail_unless_equals_uint64 (counters.remainder_bytes, __i__ ? 0 : 2);
  gst_buffer_unref (buffer);
}
GST_END_TEST

static Suite *
heapmaker_suite (void)
{
  Suite *suite = suite_create ("heapmaker");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_caps);
  tcase_add_test (tc, test_refused_caps);
  tcase_add_test (tc, test_runs_of_a_buffer);
  tcase_add_test (tc, test_runs_of_buffers);
  tcase_add_test (tc, test_wraps_in_a_run);
  tcase_add_test (tc, test_open_heap);
  tcase_add_test (tc, test_dropped);
  tcase_add_loop_test (tc, test_warnings, 0, 3);
  tcase_add_test (tc, test_dates);
  tcase_add_loop_test (tc, test_first_index, 0, 2);
  tcase_add_test (tc, test_counter_of_a_cut_buffer);
  tcase_add_test (tc, test_descriptors);
  tcase_add_loop_test (tc, test_remainder, 0, 2);
  return suite;
}

GST_CHECK_MAIN (heapmaker);
