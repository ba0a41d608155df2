/* What every heap carries, and when receivers are told.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>
#include <sys/socket.h>

#include "../../fakereceiver.h"
#include "spead2/error.h"
#include "spead2/heap/layout.h"
#include "spead2/heap/packetizer.h"

static Spead2Layout *layout;
static FakeReceiver *receiver;
static guint64 next_cnt;

/* The layout of a text of items. */
static Spead2Layout *
new_layout (const gchar *text, Spead2Flavour flavour)
{
  GError *error = NULL;
  Spead2LayoutConfig config = {
      .items = spead2_items_new (text, flavour, &error),
      .descriptors = SPEAD2_DESCRIPTORS_FIRST_HEAP};
  Spead2Layout *made;

  fail_unless (config.items != NULL, "%s", error ? error->message : "");
  made = spead2_layout_new (&config, &error);
  fail_unless (made != NULL, "%s", error ? error->message : "");
  spead2_items_unref (config.items);
  return made;
}

static void
setup (void)
{
  layout = new_layout (SPEAD2_ITEMS_DEFAULT, 40);
  receiver = fake_receiver_new (AF_UNSPEC);
}

static void
teardown (void)
{
  spead2_layout_free (layout);
  fake_receiver_free (receiver);
}

static Spead2Heap *
make_heap (gsize size, guint64 sample_index, GError **error)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size + 7, NULL);
  const Spead2HeapValues values = {buffer, 7, size, sample_index};
  Spead2Heap *heap;

  gst_buffer_memset (buffer, 0, 0xee, 7);
  gst_buffer_memset (buffer, 7, 0x5a, size);
  heap = spead2_layout_make_heap (layout, &values, error);
  gst_buffer_unref (buffer);
  return heap;
}

/* What the receiver makes of a heap, which is freed. */
static const FakeHeap *
transmit (Spead2Heap *heap)
{
  Spead2PacketConfig config;
  Spead2Packetizer packetizer;
  const FakeHeap *received;
  guint8 *packet = g_malloc (2000);
  struct iovec *iov = g_new (struct iovec, SPEAD2_PACKET_MAX_IOV);

  fail_unless (heap != NULL);
  heap->cnt = ++next_cnt;
  spead2_packet_config_init (&config, heap->flavour, 1472);
  fail_unless (spead2_packet_config_check (&config, NULL));
  spead2_packetizer_start (&packetizer, &config, heap);
  while (spead2_packetizer_peek (&packetizer)) {
    GByteArray *bytes = g_byte_array_new ();
    guint n_iov = spead2_packetizer_peek (&packetizer)->n_iov, i;

    spead2_packetizer_write (&packetizer, 1, packet, iov);
    for (i = 0; i < n_iov; i++)
      g_byte_array_append (bytes, iov[i].iov_base, iov[i].iov_len);
    fail_unless (fake_receiver_feed (receiver, bytes->data, bytes->len), "%s",
        fake_receiver_error (receiver));
    g_byte_array_unref (bytes);
  }
  g_free (packet);
  g_free (iov);
  spead2_heap_free (heap);

  received = fake_receiver_heap_by_cnt (receiver, next_cnt);
  fail_unless (received->complete);
  return received;
}

/* Makes a heap and what the receiver makes of it. */
static const FakeHeap *
receive (gsize size, guint64 sample_index, gboolean described)
{
  GError *error = NULL;
  Spead2Heap *heap = make_heap (size, sample_index, &error);
  const FakeHeap *received;

  fail_unless (heap != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (
      heap->flags, described ? SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_BARRIER : 0);
  fail_unless_equals_int (heap->n_pointers, described ? 4 : 2);
  received = transmit (heap);
  fail_unless_equals_int (
      fake_heap_n_descriptors (received), described ? 2 : 0);
  return received;
}

static void
check_values (const FakeHeap *heap, guint64 sample_index, gsize size)
{
  const guint8 *bytes;
  guint64 value;
  gsize n, i;
  const FakeItem *items = (const FakeItem *) (gpointer) heap->items->data;
  guint at = heap->items->len >= 4 ? 2 : 0;

  fail_unless (fake_heap_immediate (heap, 0x1600, &value));
  fail_unless_equals_uint64 (value, sample_index);
  bytes = fake_heap_bytes (heap, 0x3300, &n);
  fail_unless_equals_uint64 (n, size);
  for (i = 0; i < n; i++)
    if (bytes[i] != 0x5a)
      fail ("byte %" G_GSIZE_FORMAT, i);
  /* Their order, which some receivers go by. */
  fail_unless_equals_uint64 (items[at].id, 0x1600);
  fail_unless_equals_uint64 (items[at + 1].id, 0x3300);
}

static FakeDescriptor *
get_descriptor (const FakeHeap *heap, guint n)
{
  gchar *error = NULL;
  FakeDescriptor *descriptor = fake_heap_descriptor (heap, n, &error);

  fail_unless (descriptor != NULL, "%s", error ? error : "");
  return descriptor;
}

static void
check_numpy (const FakeHeap *heap, const gchar *expected)
{
  FakeDescriptor *descriptor = get_descriptor (heap, 1);

  fail_unless_equals_uint64 (descriptor->id, 0x3300);
  fail_unless_equals_string (descriptor->name, "adc_samples");
  fail_unless_equals_string (descriptor->numpy, expected);
  fake_descriptor_free (descriptor);
}

GST_START_TEST (test_default)
{
  const FakeHeap *heap = receive (1000, 0, TRUE);
  FakeDescriptor *descriptor = get_descriptor (heap, 0);

  check_values (heap, 0, 1000);
  fail_unless_equals_uint64 (descriptor->id, 0x1600);
  fail_unless_equals_string (descriptor->name, "timestamp");
  fail_unless_equals_string (
      descriptor->description, "Index of the first sample");
  fail_unless_equals_int (descriptor->n_formats, 1);
  fail_unless_equals_int (descriptor->formats[0].code, 'u');
  fail_unless_equals_uint64 (descriptor->formats[0].bits, 40);
  fail_unless_equals_int (descriptor->n_dimensions, 0);
  fail_unless (descriptor->numpy == NULL);
  fail_unless_equals_uint64 (descriptor->size, 118);
  fake_descriptor_free (descriptor);
  check_numpy (
      heap, "{'descr': '|u1', 'fortran_order': False, 'shape': (1000,)}");
}
GST_END_TEST

/* The dimension in front is open. */
static void
check_any_size (
    const FakeHeap *heap, gchar code, guint bits, guint n_dimensions)
{
  FakeDescriptor *descriptor = get_descriptor (heap, 1);

  fail_unless (descriptor->numpy == NULL);
  fail_unless_equals_int (descriptor->n_formats, 1);
  fail_unless_equals_int (descriptor->formats[0].code, code);
  fail_unless_equals_uint64 (descriptor->formats[0].bits, bits);
  fail_unless_equals_int (descriptor->n_dimensions, n_dimensions);
  fail_unless_equals_int64 (descriptor->shape[0], -1);
  fake_descriptor_free (descriptor);
}

/* Types; what sizes that alternate are described as, if anything can say it. */
static const struct {
  Spead2PayloadType type;
  gchar code;
} alternating[] = {
    {{"|i1", {{0}}, 0, 8, {-1}, 1, 1}, 'i'},
    {{">i2", {{0}}, 0, 16, {-1, 2}, 2, 2}, 'i'},
    {{">u8", {{0}}, 0, 64, {-1}, 1, 1}, 'u'},
    {{">f4", {{0}}, 0, 32, {-1, 2}, 2, 2}, 'f'},
    {{"", {{'i', 24}}, 1, 24, {-1}, 1, 1}, 'i'},
    {{"<i2", {{0}}, 0, 16, {-1, 2}, 2, 2}, 0},
    {{">c8", {{0}}, 0, 64, {-1}, 1, 1}, 0},
};

/* Decoders and resamplers give 800, 802, 800 samples. */
GST_START_TEST (test_sizes_that_alternate_are_soon_described_as_any)
{
  const Spead2PayloadType *type = &alternating[__i__].type;
  const gboolean open = alternating[__i__].code != 0;
  guint i;

  spead2_layout_set_payload_type (layout, type);
  for (i = 0; i < 20; i++) {
    const FakeHeap *heap = receive (i % 2 ? 480 : 960, i, i < 3 || !open);

    if (i == 2 && open)
      check_any_size (heap, alternating[__i__].code, type->element_bits,
          type->n_dimensions);
  }
  /* A new stream has sizes of its own. */
  spead2_layout_restart (layout);
  receive (480, 20, TRUE);
  receive (480, 21, FALSE);
}
GST_END_TEST

/* Once, and again when the shape or the type is another, or when told to. */
GST_START_TEST (test_when_described)
{
  const Spead2PayloadType stereo = {.dtype = "<i2",
      .element_bits = 16,
      .shape = {-1, 2},
      .n_dimensions = 2,
      .sample_elements = 2};

  receive (1000, 0, TRUE);
  check_values (receive (1000, 1000, FALSE), 1000, 1000);
  receive (1000, 2000, FALSE);
  check_numpy (receive (500, 3000, TRUE),
      "{'descr': '|u1', 'fortran_order': False, 'shape': (500,)}");
  receive (500, 3500, FALSE);
  check_any_size (receive (1000, 4000, TRUE), 'u', 8, 1);
  spead2_layout_forget_descriptors (layout);
  receive (1000, 5000, TRUE);
  receive (1000, 6000, FALSE);

  fail_unless_equals_uint64 (spead2_layout_n_samples (layout, 12), 12);
  spead2_layout_set_payload_type (layout, &stereo);
  fail_unless_equals_uint64 (spead2_layout_n_samples (layout, 12), 3);
  check_numpy (receive (1000, 7000, TRUE),
      "{'descr': '<i2', 'fortran_order': False, 'shape': (250, 2)}");
  receive (1000, 7250, FALSE);
  /* A heap without data has a shape too. */
  check_numpy (receive (0, 7500, TRUE),
      "{'descr': '<i2', 'fortran_order': False, 'shape': (0, 2)}");
}
GST_END_TEST

GST_START_TEST (test_format)
{
  const Spead2PayloadType type = {.formats = {{'i', 24}},
      .n_formats = 1,
      .element_bits = 24,
      .shape = {-1, 2},
      .n_dimensions = 2,
      .sample_elements = 2};
  FakeDescriptor *descriptor;

  spead2_layout_set_payload_type (layout, &type);
  descriptor = get_descriptor (receive (600, 0, TRUE), 1);
  fail_unless (descriptor->numpy == NULL);
  fail_unless_equals_int (descriptor->n_formats, 1);
  fail_unless_equals_int (descriptor->formats[0].code, 'i');
  fail_unless_equals_uint64 (descriptor->formats[0].bits, 24);
  fail_unless_equals_int (descriptor->n_dimensions, 2);
  fail_unless (descriptor->shape[0] == 100 && descriptor->shape[1] == 2);
  fake_descriptor_free (descriptor);
}
GST_END_TEST

GST_START_TEST (test_wrap)
{
  const guint64 modulus = G_GUINT64_CONSTANT (1) << 40;

  check_values (receive (100, modulus - 1, TRUE), modulus - 1, 100);
  check_values (receive (100, modulus, FALSE), 0, 100);
  check_values (receive (100, 3 * modulus + 5, FALSE), 5, 100);
  check_values (receive (100, G_MAXUINT64, FALSE), modulus - 1, 100);
}
GST_END_TEST

GST_START_TEST (test_wrong_size)
{
  const Spead2PayloadType type = {.dtype = "<i2",
      .element_bits = 16,
      .shape = {-1, 3},
      .n_dimensions = 2,
      .sample_elements = 3};
  GError *error = NULL;
  gsize size;

  spead2_layout_set_payload_type (layout, &type);
  for (size = 1; size < 6; size++) {
    fail_unless (make_heap (600 + size, 0, &error) == NULL);
    fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
    fail_unless (
        strstr (error->message, "(any, 3) with elements of 16 bits") != NULL);
    g_clear_error (&error);
  }
  /* Nobody has been told yet. */
  receive (600, 0, TRUE);
  fail_unless (make_heap (5, 0, NULL) == NULL);
  receive (600, 100, FALSE);
}
GST_END_TEST

/* A heap that was not made describes nothing. */
GST_START_TEST (test_too_long)
{
  GError *error = NULL;

  spead2_layout_free (layout);
  layout = new_layout ("timestamp,id=0x1600,value=sample-index;"
                       "adc_samples,id=0x3300,value=payload",
      16);
  fail_unless (make_heap (65536, 0, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  g_clear_error (&error);
  fail_unless (make_heap (65500, 0, &error) == NULL);
  g_clear_error (&error);
  receive (60000, 0, TRUE);
  receive (60000, 0, FALSE);
}
GST_END_TEST

/* -- values, heap by heap ------------------------------------------------------- */

/* A heap of size bytes with these values, in one piece. */
static Spead2Heap *
make (gsize size, Spead2HeapValues values, GError **error)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
  Spead2Heap *heap;

  gst_buffer_memset (buffer, 0, 0x5a, size);
  values.buffer = buffer;
  values.size = size;
  heap = spead2_layout_make_heap (layout, &values, error);
  gst_buffer_unref (buffer);
  return heap;
}

static void
use_layout (Spead2LayoutConfig config, const gchar *text, Spead2Flavour flavour)
{
  GError *error = NULL;

  spead2_layout_free (layout);
  config.items = spead2_items_new (text, flavour, &error);
  fail_unless (config.items != NULL, "%s", error ? error->message : "");
  layout = spead2_layout_new (&config, &error);
  fail_unless (layout != NULL, "%s", error ? error->message : "");
  spead2_items_unref (config.items);
}

static guint64
value_of (const Spead2Heap *heap, guint n)
{
  fail_unless (n < heap->n_pointers);
  return spead2_pointer_value (heap->flavour, heap->pointers[n]);
}

static void
check_pointers (Spead2Heap *heap, const guint64 *expected, guint n)
{
  guint i;

  fail_unless_equals_int (heap->n_pointers, n);
  for (i = 0; i < n; i++)
    fail_unless (heap->pointers[i] == expected[i],
        "pointer %u is 0x%016" G_GINT64_MODIFIER "x", i, heap->pointers[i]);
  spead2_heap_free (heap);
}

/* A new stream begins anew; a heap that was not made takes nothing. */
GST_START_TEST (test_heap_by_heap)
{
  const guint64 i = G_GUINT64_CONSTANT (1) << 63;
  guint n, run;

  use_layout ((Spead2LayoutConfig){0},
      "h,id=0x10,value=heap-index;s,id=0x11,value=sample-index;"
      "l,id=0x12,value=<5,6,7>;t,id=0x13,start=250,step=3,format=u8;"
      "c,id=0x14,value=9;p,id=0x15,value=payload,shape=8;"
      "u,id=0x16,value=utc-ns,mode=addressed,format=u64;"
      "k,id=0x17,value=ptp-ns,mode=addressed,format=u61",
      48);
  for (run = 0; run < 2; run++) {
    for (n = 0; n < 5; n++) {
      const guint64 expected[] = {i | G_GUINT64_CONSTANT (0x10) << 48 | n,
          i | G_GUINT64_CONSTANT (0x11) << 48 | (100 + n),
          i | G_GUINT64_CONSTANT (0x12) << 48 | (5 + n % 3),
          i | G_GUINT64_CONSTANT (0x13) << 48 | ((250 + 3 * n) & 255),
          i | G_GUINT64_CONSTANT (0x14) << 48 | 9,
          G_GUINT64_CONSTANT (0x15) << 48, G_GUINT64_CONSTANT (0x16) << 48 | 8,
          G_GUINT64_CONSTANT (0x17) << 48 | 16};

      fail_unless (make (7, (Spead2HeapValues){0}, NULL) == NULL);
      check_pointers (
          make (8, (Spead2HeapValues){.sample_index = 100 + n}, NULL), expected,
          G_N_ELEMENTS (expected));
    }
    spead2_layout_restart (layout);
  }
}
GST_END_TEST

/* Big endian, as wide as an address or as the type says; texts as they are. */
GST_START_TEST (test_addressed)
{
  static const guint8 expected[] = {0, 0, 0, 0, 1, 2, /* address */
      3, 4,                                           /* u16 */
      6, 5, 0, 0,                                     /* <u4 */
      'a', 'b', 'c',                                  /* text */
      0x5a, 0x5a};
  const guint8 *bytes;
  const FakeHeap *heap;
  gsize size;

  use_layout (
      (Spead2LayoutConfig){.descriptors = SPEAD2_DESCRIPTORS_FIRST_HEAP},
      "a,id=0x10,value=0x102,mode=addressed;"
      "b,id=0x11,value=0x304,mode=addressed,format=u16;null;"
      "c,id=0x12,value=0x506,mode=addressed,dtype=\"<u4\";"
      "d,id=0x13,value=\"abc\";p,id=0x3300,value=payload;null",
      48);
  heap = transmit (make (2, (Spead2HeapValues){0}, NULL));
  fail_unless (heap->payload_size > G_N_ELEMENTS (expected));
  fail_unless (
      memcmp (heap->payload + heap->payload_size - G_N_ELEMENTS (expected),
          expected, G_N_ELEMENTS (expected)) == 0);
  bytes = fake_heap_bytes (heap, 0x11, &size);
  fail_unless (size == 2 && bytes[0] == 3);
  bytes = fake_heap_bytes (heap, 0x13, &size);
  fail_unless (size == 3 && memcmp (bytes, "abc", 3) == 0);
  /* The pad behind the payload does not cut it off. */
  bytes = fake_heap_bytes (heap, 0x3300, &size);
  fail_unless_equals_uint64 (size, 2);
}
GST_END_TEST

/* -- descriptors ------------------------------------------------------------------- */

static void
check_descriptor (const FakeHeap *heap, guint n, guint64 id, const gchar *words)
{
  FakeDescriptor *descriptor = get_descriptor (heap, n);
  GString *text = g_string_new (descriptor->numpy);
  guint i;

  for (i = 0; i < descriptor->n_formats; i++)
    g_string_append_printf (text, "%c%u ", descriptor->formats[i].code,
        (guint) descriptor->formats[i].bits);
  for (i = 0; i < descriptor->n_dimensions; i++)
    g_string_append_printf (text, "[%d]", (gint) descriptor->shape[i]);
  fail_unless_equals_uint64 (descriptor->id, id);
  fail_unless_equals_string (text->str, words);
  g_string_free (text, TRUE);
  fake_descriptor_free (descriptor);
}

GST_START_TEST (test_described_types)
{
  const FakeHeap *heap;

  use_layout (
      (Spead2LayoutConfig){.descriptors = SPEAD2_DESCRIPTORS_FIRST_HEAP},
      "a,id=0x10,value=1;null;b,id=0x11,value=1,format=\"u8,i16\";"
      "c,id=0x12,value=1,mode=addressed,dtype=\"<i8\";"
      "d,id=0x13,value=\"abc\";e,id=0x14,value=meta,default=\"x\";"
      "p,id=0x3300,value=payload,dtype=\"[('re','|i1'),('im','|i1')]\","
      "shape=<-1,3>",
      48);
  fail_unless_equals_uint64 (spead2_layout_n_samples (layout, 12), 6);
  fail_unless (make (13, (Spead2HeapValues){0}, NULL) == NULL);
  heap = transmit (make (12, (Spead2HeapValues){0}, NULL));
  fail_unless_equals_int (fake_heap_n_descriptors (heap), 6);
  check_descriptor (heap, 0, 0x10, "u48 ");
  check_descriptor (heap, 1, 0x11, "u8 i16 ");
  check_descriptor (
      heap, 2, 0x12, "{'descr': '<i8', 'fortran_order': False, 'shape': ()}");
  check_descriptor (heap, 3, 0x13, "c8 [3]");
  check_descriptor (heap, 4, 0x14, "c8 [-1]");
  check_descriptor (heap, 5, 0x3300,
      "{'descr': [('re','|i1'),('im','|i1')], 'fortran_order': False, "
      "'shape': (2, 3)}");
}
GST_END_TEST

/* Samples of ten bits, and sizes that are none of theirs. */
GST_START_TEST (test_packed_samples)
{
  GError *error = NULL;

  use_layout (
      (Spead2LayoutConfig){.descriptors = SPEAD2_DESCRIPTORS_FIRST_HEAP},
      "p,id=0x3300,value=payload,format=i10", 48);
  fail_unless_equals_uint64 (spead2_layout_n_samples (layout, 5120), 4096);
  check_descriptor (transmit (make (5120, (Spead2HeapValues){0}, NULL)), 0,
      0x3300, "i10 [4096]");
  fail_unless (make (5121, (Spead2HeapValues){0}, &error) == NULL);
  fail_unless (
      strstr (error->message,
          "A payload of 5121 bytes does not have the shape (any) with "
          "elements of 10 bits: it must be a multiple of 5 bytes") != NULL,
      "%s", error->message);
  g_clear_error (&error);

  use_layout ((Spead2LayoutConfig){0},
      "p,id=0x3300,value=payload,format=i10,shape=4096", 48);
  spead2_heap_free (make (5120, (Spead2HeapValues){0}, NULL));
  fail_unless (make (5115, (Spead2HeapValues){0}, &error) == NULL);
  fail_unless (g_str_has_suffix (error->message, ": it must be 5120 bytes"),
      "%s", error->message);
  g_clear_error (&error);
  /* More elements than 64 bits count. */
  use_layout ((Spead2LayoutConfig){0},
      "p,id=0x3300,value=payload,shape=<\"0xffffffffffff\",\"0xffffffffffff\","
      "16>",
      48);
  fail_unless (make (16, (Spead2HeapValues){0}, &error) == NULL);
  fail_unless (g_str_has_suffix (error->message, "elements of 8 bits"), "%s",
      error->message);
  g_clear_error (&error);
}
GST_END_TEST

/* Padding between the rows of a picture is left out, nothing is copied. */
GST_START_TEST (test_rows)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 50, NULL);
  Spead2HeapValues values = {.buffer = buffer,
      .offset = 2,
      .size = 30,
      .row_size = 10,
      .row_stride = 16};
  const FakeHeap *heap;
  const guint8 *bytes;
  Spead2Heap *made;
  GstMapInfo map;
  gsize size;
  guint i;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (i = 0; i < 50; i++)
    map.data[i] = i;
  gst_buffer_unmap (buffer, &map);
  made = spead2_layout_make_heap (layout, &values, NULL);
  fail_unless_equals_int (made->n_spans, 2 + 3);
  fail_unless (made->spans[3].data == map.data + 18);
  /* Two descriptors, and the picture once. */
  fail_unless_equals_int (made->more_mapped->len, 2);
  heap = transmit (made);
  bytes = fake_heap_bytes (heap, 0x3300, &size);
  fail_unless_equals_uint64 (size, 30);
  for (i = 0; i < 30; i++)
    fail_unless_equals_int (bytes[i], 2 + i / 10 * 16 + i % 10);
  gst_buffer_unref (buffer);
}
GST_END_TEST

static void
check_described (Spead2HeapValues values, guint64 cnt, guint n)
{
  Spead2Heap *heap;

  values.size = 8;
  fail_unless (spead2_layout_wants_descriptor_heap (layout, &values));
  heap = spead2_layout_make_descriptor_heap (layout, &values, NULL);
  fail_unless_equals_int (heap->flags & ~SPEAD2_HEAP_HAS_CNT,
      SPEAD2_HEAP_DESCRIBES | SPEAD2_HEAP_BARRIER);
  fail_unless_equals_uint64 (
      cnt, heap->flags & SPEAD2_HEAP_HAS_CNT ? heap->cnt : G_MAXUINT64);
  fail_unless_equals_int (heap->n_pointers, n);
  spead2_heap_free (heap);
  fail_if (spead2_layout_wants_descriptor_heap (layout, &values));
}

static void
check_plain (Spead2HeapValues values)
{
  values.size = 8;
  fail_if (spead2_layout_wants_descriptor_heap (layout, &values));
  spead2_heap_free (make (8, values, NULL));
}

/* First, again after the interval, when asked, and in a new stream; numbered by
 * itself, on and on. */
GST_START_TEST (test_own_heap)
{
  Spead2HeapValues at = {0};

  use_layout ((Spead2LayoutConfig){.descriptors = SPEAD2_DESCRIPTORS_OWN_HEAP,
                  .descriptor_interval = 50,
                  .descriptor_cnt_start = 251,
                  .descriptor_cnt_step = 4},
      "a,id=100,value=1;null;p,id=200,value=payload", 8);
  check_described (at, 251, 2);
  check_plain (at);
  at.running_time = 49;
  check_plain (at);
  at.running_time = 50;
  check_described (at, 255, 2);
  at.running_time = 99;
  check_plain (at);
  spead2_layout_request_descriptors (layout);
  check_described (at, 3, 2);
  at.running_time = 140;
  check_plain (at);
  spead2_layout_restart (layout);
  check_described (at, 7, 2);
  spead2_layout_forget_descriptors (layout);
  check_described (at, 11, 2);
}
GST_END_TEST

/* Without a step the sender numbers them; without an interval once is enough. */
GST_START_TEST (test_own_heap_defaults)
{
  Spead2HeapValues at = {.running_time = 1};

  use_layout ((Spead2LayoutConfig){.descriptors = SPEAD2_DESCRIPTORS_OWN_HEAP},
      "p,id=200,value=payload", 8);
  check_described (at, G_MAXUINT64, 1);
  at.running_time = G_MAXUINT64 / 2;
  check_plain (at);
}
GST_END_TEST

GST_START_TEST (test_no_descriptors)
{
  Spead2HeapValues at = {0};

  use_layout ((Spead2LayoutConfig){.descriptor_interval = 1},
      "p,id=200,value=payload", 8);
  check_plain (at);
  at.running_time = 1000;
  check_plain (at);
  spead2_layout_request_descriptors (layout);
  check_described (at, G_MAXUINT64, 1);
  check_plain (at);
}
GST_END_TEST

GST_START_TEST (test_interval_in_first_heap)
{
  Spead2HeapValues at = {0};
  guint n_described = 0, time;

  use_layout ((Spead2LayoutConfig){.descriptors = SPEAD2_DESCRIPTORS_FIRST_HEAP,
                  .descriptor_interval = 50},
      "p,id=2000,value=payload", 40);
  for (time = 0; time < 200; time += 10) {
    Spead2Heap *heap;

    at.running_time = time;
    heap = make (8, at, NULL);
    n_described += heap->flags & SPEAD2_HEAP_DESCRIBES ? 1 : 0;
    fail_unless_equals_int (
        heap->n_pointers, heap->flags & SPEAD2_HEAP_DESCRIBES ? 2 : 1);
    spead2_heap_free (heap);
  }
  fail_unless_equals_int (n_described, 4);
}
GST_END_TEST

GST_START_TEST (test_counters_that_do_not_fit)
{
  Spead2LayoutConfig config = {
      .items = spead2_items_new ("p,id=200,value=payload", 8, NULL),
      .descriptor_cnt_start = 256};
  GError *error = NULL;

  fail_unless (spead2_layout_new (&config, &error) == NULL);
  fail_unless (strstr (error->message, "descriptor-cnt-start=256") != NULL);
  g_clear_error (&error);
  config.descriptor_cnt_start = 0;
  config.descriptor_cnt_step = 256;
  fail_unless (spead2_layout_new (&config, &error) == NULL);
  fail_unless (strstr (error->message, "descriptor-cnt-step=256") != NULL);
  g_clear_error (&error);
  spead2_items_unref (config.items);
}
GST_END_TEST

/* -- the application's values --------------------------------------------------------- */

#define APPLICATION                                                            \
  "a,id=1000,value=meta,default=3,format=u8;b,id=1001,value=4;"                \
  "c,id=1002,value=meta,default=\"none\";p,id=2000,value=payload;"             \
  "i,id=1003,value=meta,format=i12"

static Spead2Heap *
make_own (const gchar *first, const gchar *second, GError **error)
{
  Spead2HeapValues values = {0};
  GstStructure *own[2] = {
      first ? gst_structure_from_string (first, NULL) : NULL,
      second ? gst_structure_from_string (second, NULL) : NULL};
  Spead2Heap *heap;

  values.own[0] = own[0];
  values.own[1] = own[1];
  heap = make (1, values, error);
  g_clear_pointer (&own[0], gst_structure_free);
  g_clear_pointer (&own[1], gst_structure_free);
  return heap;
}

static void
check_own (const gchar *first, const gchar *second, guint64 a, const gchar *c,
    gint64 cnt)
{
  GError *error = NULL;
  Spead2Heap *heap = make_own (first, second, &error);

  fail_unless (heap != NULL, "%s", error ? error->message : "");
  fail_unless_equals_uint64 (value_of (heap, 0), a);
  fail_unless_equals_uint64 (value_of (heap, 1), 4);
  fail_unless_equals_uint64 (heap->spans[0].size, strlen (c));
  fail_unless (memcmp (heap->spans[0].data, c, strlen (c)) == 0);
  fail_unless_equals_int ((heap->flags & SPEAD2_HEAP_HAS_CNT) != 0, cnt >= 0);
  if (cnt >= 0)
    fail_unless_equals_uint64 (heap->cnt, cnt);
  spead2_heap_free (heap);
}

GST_START_TEST (test_application)
{
  use_layout ((Spead2LayoutConfig){0}, APPLICATION, 40);
  check_own (NULL, NULL, 3, "none", -1);
  check_own ("s,a=7", NULL, 7, "none", -1);
  check_own (NULL, "s,a=(uint)8,c=(string)some", 8, "some", -1);
  check_own ("s,a=(guint64)9", "s,a=8,c=(string)some,heap-cnt=(gint64)77", 9,
      "some", 77);
  check_own ("s,heap-cnt=0", "s,heap-cnt=1", 3, "none", 0);
  check_own ("s,a=(string)0xff", NULL, 255, "none", -1);
  /* Only the next heap has them, and only items that say so. */
  check_own (NULL, NULL, 3, "none", -1);
  check_own ("s,b=5", NULL, 3, "none", -1);
}
GST_END_TEST

GST_START_TEST (test_application_bytes)
{
  Spead2HeapValues values = {0};
  GBytes *bytes = g_bytes_new_static ("\0\377", 2);
  GstStructure *own = gst_structure_new ("s", "c", G_TYPE_BYTES, bytes, NULL);
  Spead2Heap *heap;

  use_layout ((Spead2LayoutConfig){0},
      "c,id=1002,value=meta,default=\"none\",format=u8;p,id=2000,value=payload",
      40);
  values.own[1] = own;
  heap = make (1, values, NULL);
  fail_unless_equals_uint64 (heap->spans[0].size, 2);
  fail_unless (memcmp (heap->spans[0].data, "\0\377", 2) == 0);
  spead2_heap_free (heap);
  gst_structure_free (own);
  g_bytes_unref (bytes);
}
GST_END_TEST

static const struct {
  const gchar *own;
  guint64 immediate;
} own_numbers[] = {{"s,i=-1", 0xfff0}, {"s,i=(gint64)-2048", 0x8000},
    {"s,i=(string)-0x800", 0x8000}, {"s,i=2047", 0x7ff0}, {"s,i=true", 0x10},
    {"s,i=(string)0x123", 0x1230}, {"s,i=(uint)1", 0x10}};

/* spead2 reads an immediate of 12 bits from the high end of its last two bytes. */
GST_START_TEST (test_application_signed)
{
  Spead2Heap *heap;
  GError *error = NULL;

  use_layout ((Spead2LayoutConfig){0}, APPLICATION, 40);
  heap = make_own (own_numbers[__i__].own, NULL, &error);
  fail_unless (heap != NULL, "%s", error ? error->message : "");
  fail_unless_equals_uint64_hex (
      value_of (heap, 4), own_numbers[__i__].immediate);
  spead2_heap_free (heap);
}
GST_END_TEST

/* What an application's own integers may be in C. */
GST_START_TEST (test_application_types)
{
  GstStructure *own = gst_structure_new ("s", "uchar", G_TYPE_UCHAR, 200,
      "char", G_TYPE_CHAR, -100, "long", G_TYPE_LONG, -70000L, "ulong",
      G_TYPE_ULONG, 70000UL, NULL);
  static const guint64 expected[] = {200, 0xff9c, 0xfffeee90, 70000};
  const Spead2HeapValues values = {.own[0] = own};
  Spead2Heap *heap;

  use_layout ((Spead2LayoutConfig){0},
      "uchar,id=1000,value=meta,format=u8;char,id=1001,value=meta,format=i16;"
      "long,id=1002,value=meta,format=i32;ulong,id=1003,value=meta;"
      "p,id=2000,value=payload",
      40);
  heap = make (1, values, NULL);
  fail_unless (heap != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    fail_unless_equals_uint64_hex (value_of (heap, i), expected[i]);
  spead2_heap_free (heap);
  gst_structure_free (own);
}
GST_END_TEST

static const gchar *const bad_values[][2] = {
    {"s,a=256",
        "value 256 (gint) of item 'a' is not a whole number from 0 to 255"},
    {"s,a=-1", "value -1 (gint) of item 'a' is not a whole number"},
    {"s,a=(gint64)-1", "(gint64) of item 'a' is not a whole number"},
    {"s,a=1.5", "(gdouble) of item 'a' is not a whole number"},
    {"s,a=(string)x", "(gchararray) of item 'a' is not a whole number"},
    {"s,i=-2049", "is not a whole number from -2048 to 2047"},
    {"s,i=2048", "is not a whole number from -2048 to 2047"},
    {"s,i=(guint64)18446744073709551615", "from -2048 to 2047"},
    {"s,c=5", "of item 'c' is a gint, no text and no GBytes"},
    {"s,c=(string)\"\"", "text for item 'c' is empty"},
    {"s,c=(string)\"Gr\\303\\266\\303\\237e\"",
        "text for item 'c' has bytes that are not ASCII"},
    {"s,heap-cnt=(guint64)1099511627776",
        "of item 'heap-cnt' is not a whole number from 0 to 1099511627775"},
};

GST_START_TEST (test_application_mistakes)
{
  GError *error = NULL;

  use_layout ((Spead2LayoutConfig){0}, APPLICATION, 40);
  fail_unless (make_own (bad_values[__i__][0], NULL, &error) == NULL);
  fail_unless (g_error_matches (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID));
  fail_unless (strstr (error->message, bad_values[__i__][1]) != NULL, "%s",
      error->message);
  g_error_free (error);
}
GST_END_TEST

/* 0x01 with a value of its own, as the application or the items say. */
GST_START_TEST (test_heap_cnt)
{
  Spead2Heap *heap;
  guint i;

  use_layout ((Spead2LayoutConfig){0},
      "heap-cnt,start=254,step=3,every=2;p,id=2000,value=payload", 8);
  for (i = 0; i < 6; i++) {
    heap = make (1, (Spead2HeapValues){0}, NULL);
    fail_unless (heap->flags & SPEAD2_HEAP_HAS_CNT);
    fail_unless_equals_uint64 (heap->cnt, (254 + 3 * (i / 2)) & 255);
    spead2_heap_free (heap);
  }
  heap = make_own ("s,heap-cnt=9", NULL, NULL);
  fail_unless_equals_uint64 (heap->cnt, 9);
  spead2_heap_free (heap);
}
GST_END_TEST

static Suite *
layout_suite (void)
{
  Suite *suite = suite_create ("layout");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_default);
  tcase_add_loop_test (tc, test_sizes_that_alternate_are_soon_described_as_any,
      0, G_N_ELEMENTS (alternating));
  tcase_add_test (tc, test_when_described);
  tcase_add_test (tc, test_format);
  tcase_add_test (tc, test_wrap);
  tcase_add_test (tc, test_wrong_size);
  tcase_add_test (tc, test_too_long);
  tcase_add_test (tc, test_heap_by_heap);
  tcase_add_test (tc, test_addressed);
  tcase_add_test (tc, test_described_types);
  tcase_add_test (tc, test_packed_samples);
  tcase_add_test (tc, test_rows);
  tcase_add_test (tc, test_own_heap);
  tcase_add_test (tc, test_own_heap_defaults);
  tcase_add_test (tc, test_no_descriptors);
  tcase_add_test (tc, test_interval_in_first_heap);
  tcase_add_test (tc, test_counters_that_do_not_fit);
  tcase_add_test (tc, test_application);
  tcase_add_test (tc, test_application_bytes);
  tcase_add_loop_test (
      tc, test_application_signed, 0, G_N_ELEMENTS (own_numbers));
  tcase_add_test (tc, test_application_types);
  tcase_add_loop_test (
      tc, test_application_mistakes, 0, G_N_ELEMENTS (bad_values));
  tcase_add_test (tc, test_heap_cnt);
  return suite;
}

GST_CHECK_MAIN (layout);
