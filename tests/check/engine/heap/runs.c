/* Runs of heaps: the packets of a run are those of its heaps one by one, byte for byte, and
 * layouts make runs of what steps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include <string.h>

#include "spead2/error.h"
#include "spead2/heap/layout.h"
#include "spead2/heap/packetizer.h"

#define MAX_ITEMS 12

/* What a run is made of, and so each of its heaps. */
typedef struct {
  Spead2PacketConfig config;
  guint n_items; /* immediates, then the payload, then pads */
  guint n_pads;
  guint64 values[MAX_ITEMS], steps[MAX_ITEMS];
  guint bits[MAX_ITEMS];
  guint64 cnt, cnt_step;
  gsize length;
  guint n_heaps;
} Plan;

/* Where the payload of a run lies. */
typedef enum {
  ONE_BUFFER, /* of one memory */
  PIECES,     /* of memories that end anywhere */
  A_BUFFER_EACH,
  HEADROOM,     /* of packets of these heaps, as adctestsrc has it */
  HEADROOM_ALL, /* as if all were one heap */
  N_PLACES
} Place;

static GRand *rand_;

static guint
below (guint n)
{
  return g_rand_int_range (rand_, 0, n);
}

static guint64
number (guint bits)
{
  return ((guint64) g_rand_int (rand_) << 32 | g_rand_int (rand_)) &
      ((G_GUINT64_CONSTANT (1) << bits) - 1);
}

/* -- making ---------------------------------------------------------------------- */

/* Standard pointers anywhere in front, some left out, single items between them. */
static void
plan_header (Spead2PacketConfig *config)
{
  guint i, n = 0;

  for (i = 0; i < 4; i++) {
    if (below (3) == 0)
      config->kinds[n++] = SPEAD2_POINTER_ITEM;
    if (i == SPEAD2_POINTER_PAYLOAD_OFFSET || below (6) > 0)
      config->kinds[n++] = i;
  }
  config->kinds[n++] = SPEAD2_POINTER_ITEMS;
  if (below (2) == 0)
    config->kinds[n++] = SPEAD2_POINTER_PAYLOAD_LENGTH;
  config->n_kinds = n;
}

static void
plan_packets (Plan *plan)
{
  static const guint flavours[] = {16, 24, 40, 48, 56};
  Spead2PacketConfig *config = &plan->config;

  spead2_packet_config_init (
      config, flavours[below (G_N_ELEMENTS (flavours))], 72 + 8 * below (300));
  if (below (3) == 0)
    plan_header (config);
  config->repeat_pointers = below (2);
  config->balanced = below (4) == 0;
  if (below (4) == 0)
    config->payload_per_packet = 8 + 8 * below (20);
  config->max_packet_size = MAX (config->max_packet_size,
      spead2_packet_config_min_size (config) + 8 * MAX_ITEMS * below (2));
  fail_unless (spead2_packet_config_check (config, NULL));
}

static void
plan_run (Plan *plan)
{
  guint i;

  memset (plan, 0, sizeof *plan);
  plan_packets (plan);
  plan->n_items = below (below (2) ? 3 : MAX_ITEMS);
  plan->n_pads = below (2);
  for (i = 0; i < plan->n_items; i++) {
    plan->bits[i] = 8 + 8 * below (plan->config.flavour / 8);
    plan->values[i] = number (plan->bits[i]);
    plan->steps[i] = below (2) ? number (plan->bits[i]) : 0;
  }
  plan->cnt = number (plan->config.flavour);
  plan->cnt_step = number (plan->config.flavour);
  /* Most heaps of one packet or few, some of hardly any byte. */
  plan->length = 1 + below (below (4) == 0 ? 20 : below (2) ? 600 : 5000);
  plan->n_heaps = 2 + below (20);
}

/* A heap with the items of the run's heap at index. */
static Spead2Heap *
make_items (const Plan *plan, guint index)
{
  Spead2Heap *heap = spead2_heap_new (plan->config.flavour);
  guint i;

  heap->cnt = (plan->cnt + index * plan->cnt_step) &
      spead2_flavour_max_value (heap->flavour);
  for (i = 0; i < plan->n_items; i++)
    g_assert (spead2_heap_add_immediate (heap, 0x20 + i,
        (plan->values[i] + index * plan->steps[i]) &
            ((G_GUINT64_CONSTANT (1) << plan->bits[i]) - 1),
        NULL));
  return heap;
}

static void
add_pads (const Plan *plan, Spead2Heap *heap)
{
  guint i;

  for (i = 0; i < plan->n_pads; i++)
    spead2_heap_add_addressed (heap, SPEAD2_ID_NULL, NULL);
}

static GstBuffer *
make_buffer (const guint8 *bytes, gsize size, Place place, const Plan *plan)
{
  GstAllocator *allocator = NULL;
  GstBuffer *buffer = gst_buffer_new ();
  gsize done = 0, piece;
  Spead2PacketShape shape;

  if (place >= HEADROOM &&
      spead2_packet_config_shape (
          &plan->config, plan->n_items + 1 + plan->n_pads, &shape)) {
    shape.heap_size = place == HEADROOM ? plan->length : 0;
    allocator = spead2_headroom_allocator_new (&shape, NULL);
  }
  for (; done < size; done += piece) {
    piece = place == PIECES ? MIN (size - done, 1 + below (2 * size / 7 + 1))
                            : size - done;
    gst_buffer_append_memory (
        buffer, gst_allocator_alloc (allocator, piece, NULL));
  }
  gst_buffer_fill (buffer, 0, bytes, size);
  g_clear_object (&allocator);
  return buffer;
}

static Spead2Heap *
make_run (const Plan *plan, const guint8 *payload, Place place)
{
  Spead2Heap *run = spead2_heap_new (plan->config.flavour);
  const gboolean one = place != A_BUFFER_EACH;
  guint i;

  run->cnt = plan->cnt;
  run->cnt_step = plan->cnt_step;
  for (i = 0; i < plan->n_items; i++) {
    spead2_heap_add_immediate (run, 0x20 + i, plan->values[i], NULL);
    if (plan->steps[i] != 0)
      spead2_heap_step_immediate (run, plan->steps[i], plan->bits[i]);
  }
  spead2_heap_add_addressed (run, 0x7f, NULL);
  for (i = 0; i < (one ? 1 : plan->n_heaps); i++) {
    gsize size = one ? plan->n_heaps * plan->length : plan->length;
    GstBuffer *buffer =
        make_buffer (payload + i * plan->length, size, place, plan);
    Spead2MappedBuffer *mapped = spead2_mapped_buffer_new (buffer, NULL);

    if (i == 0)
      g_assert (spead2_heap_append_run (
          run, mapped, 0, plan->length, one ? plan->n_heaps : 1, NULL));
    else
      fail_unless (spead2_heap_extend_run (run, buffer, 0));
    spead2_mapped_buffer_unref (mapped);
    gst_buffer_unref (buffer);
  }
  add_pads (plan, run);
  fail_unless_equals_int (run->n_heaps, plan->n_heaps);
  fail_unless_equals_uint64 (run->length, plan->length);
  return run;
}

/* The run's heap at index as a heap of its own. */
static Spead2Heap *
make_heap (const Plan *plan, const guint8 *payload, guint index)
{
  Spead2Heap *heap = make_items (plan, index);
  GBytes *bytes =
      g_bytes_new_static (payload + index * plan->length, plan->length);

  spead2_heap_add_addressed (heap, 0x7f, NULL);
  g_assert (spead2_heap_append_bytes (heap, bytes, NULL));
  g_bytes_unref (bytes);
  add_pads (plan, heap);
  return heap;
}

/* -- cutting ---------------------------------------------------------------------- */

/* Appends the packets, at most so many written at a time, and their sizes. */
static void
cut (const Spead2PacketConfig *config, const Spead2Heap *heap, guint at_a_time,
    GByteArray *bytes, GArray *sizes, guint *most_alike)
{
  Spead2Packetizer packetizer;
  const Spead2Packet *next;

  fail_unless (spead2_packetizer_check (config, heap, NULL));
  spead2_packetizer_start (&packetizer, config, heap);
  while ((next = spead2_packetizer_peek (&packetizer)) != NULL) {
    const Spead2Packet packet = *next;
    guint n = MIN (packet.n_alike, at_a_time), n_iov, i;
    guint8 *scratch = g_malloc (n * packet.scratch_size);
    struct iovec *iov = g_new (struct iovec, n * packet.n_iov);

    *most_alike = MAX (*most_alike, packet.n_alike);
    n_iov = spead2_packetizer_write (&packetizer, n, scratch, iov);
    for (i = 0; i < n_iov; i++)
      g_byte_array_append (bytes, iov[i].iov_base, iov[i].iov_len);
    for (i = 0; i < n; i++) {
      guint64 size = packet.size;

      g_array_append_val (sizes, size);
    }
    fail_unless_equals_uint64 (packetizer.number, sizes->len);
    g_free (scratch);
    g_free (iov);
  }
  fail_unless_equals_int (packetizer.index, heap->n_heaps);
}

/* Number of packets and bytes of parts of a heap, as they are computed without cutting. */
static void
check_sizes (const Plan *plan, const Spead2Heap *run, const GArray *sizes)
{
  guint64 n = spead2_packetizer_n_packets (&plan->config, run);
  guint64 from = below (n), n_part = below (n + 1), bytes = 0, i;

  fail_unless_equals_uint64 (n * plan->n_heaps, sizes->len);
  for (i = from; i < MIN (from + n_part, n); i++)
    bytes += g_array_index (sizes, guint64, i);
  fail_unless_equals_uint64 (
      spead2_packetizer_bytes (&plan->config, run, from, n_part), bytes);
}

/* Whether such heaps can be sent at all. */
static gboolean
is_possible (const Plan *plan, const Spead2Heap *heap)
{
  return plan->length <= spead2_flavour_max_value (plan->config.flavour) &&
      spead2_packetizer_check (&plan->config, heap, NULL);
}

static void
compare (const Plan *plan, Place place, guint at_a_time, guint *most_alike)
{
  guint8 *payload = g_malloc (plan->n_heaps * plan->length);
  GByteArray *one = g_byte_array_new (), *all = g_byte_array_new ();
  GArray *one_sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  GArray *all_sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  Spead2Heap *run;
  guint i, alike = 0;

  for (i = 0; i < plan->n_heaps * plan->length; i++)
    payload[i] = i * 131 + (i >> 8) * 7 + 5;
  run = make_run (plan, payload, place);
  if (is_possible (plan, run)) {
    for (i = 0; i < plan->n_heaps; i++) {
      Spead2Heap *heap = make_heap (plan, payload, i);

      cut (&plan->config, heap, 1, one, one_sizes, &alike);
      g_array_append_vals (all_sizes, one_sizes->data, one_sizes->len);
      g_array_set_size (one_sizes, 0);
      spead2_heap_free (heap);
    }
    cut (&plan->config, run, at_a_time, all, one_sizes, most_alike);
    fail_unless_equals_int (one_sizes->len, all_sizes->len);
    fail_unless (memcmp (one_sizes->data, all_sizes->data,
                     all_sizes->len * sizeof (guint64)) == 0);
    fail_unless_equals_int (all->len, one->len);
    fail_unless (memcmp (all->data, one->data, one->len) == 0,
        "place %d, %u at a time: bytes differ", place, at_a_time);
    check_sizes (plan, run, one_sizes);
  }
  spead2_heap_free (run);
  g_free (payload);
  g_byte_array_unref (one);
  g_byte_array_unref (all);
  g_array_unref (one_sizes);
  g_array_unref (all_sizes);
}

/* -- packets ----------------------------------------------------------------------- */

GST_START_TEST (test_a_run_is_its_heaps)
{
  guint i, most_alike = 0;

  rand_ = g_rand_new_with_seed (__i__);
  for (i = 0; i < 300; i++) {
    const guint at_a_time[] = {1, 2, 5, G_MAXUINT};
    Plan plan;

    plan_run (&plan);
    compare (&plan, below (N_PLACES), at_a_time[below (4)], &most_alike);
  }
  fail_unless (most_alike > 1);
  g_rand_free (rand_);
}
GST_END_TEST

/* One-packet heaps are written together, with their headers apart or in place. */
GST_START_TEST (test_heaps_of_one_packet_are_alike)
{
  static const Place places[] = {ONE_BUFFER, HEADROOM};
  guint repeat, i;

  rand_ = g_rand_new_with_seed (1);
  for (repeat = 0; repeat < 2; repeat++)
    for (i = 0; i < G_N_ELEMENTS (places); i++) {
      Plan plan = {.n_items = 3,
          .values = {1, 250, 1000},
          .steps = {0, 3, 4096},
          .bits = {40, 8, 40},
          .cnt = (G_GUINT64_CONSTANT (1) << 40) - 5,
          .cnt_step = 2,
          .length = 4096,
          .n_heaps = 16};
      guint most_alike = 0;

      spead2_packet_config_init (&plan.config, 40, 4168);
      plan.config.repeat_pointers = repeat;
      fail_unless (spead2_packet_config_check (&plan.config, NULL));
      compare (&plan, places[i], G_MAXUINT, &most_alike);
      fail_unless_equals_int (most_alike, 16);
    }
  g_rand_free (rand_);
}
GST_END_TEST

/* -- layouts ------------------------------------------------------------------------ */

static Spead2Layout *
make_layout (const gchar *items, Spead2DescriptorMode descriptors)
{
  GError *error = NULL;
  Spead2LayoutConfig config = {.items = spead2_items_new (items, 40, &error),
      .descriptors = descriptors};
  Spead2Layout *layout;

  fail_unless (config.items != NULL, "%s", error ? error->message : "");
  layout = spead2_layout_new (&config, NULL);
  fail_unless (layout != NULL);
  spead2_items_unref (config.items);
  return layout;
}

/* Checks that the heap at index of a run has the pointers of a heap alone. */
static void
check_heap (const Spead2Heap *run, guint index, const Spead2Heap *heap)
{
  guint64 pointers[64];
  guint i;

  fail_unless_equals_int (run->n_pointers, heap->n_pointers);
  memcpy (pointers, run->pointers, run->n_pointers * sizeof *pointers);
  for (i = 0; i < run->n_steps; i++)
    pointers[run->steps[i].pointer] = spead2_pointer_step (
        &run->steps[i], pointers[run->steps[i].pointer], index);
  for (i = 0; i < run->n_pointers; i++)
    if (pointers[i] != heap->pointers[i])
      fail ("heap %u of a run, pointer %u: %" G_GINT64_MODIFIER
            "x instead of %" G_GINT64_MODIFIER "x",
          index, i, pointers[i], heap->pointers[i]);
  fail_unless_equals_int (
      run->flags & SPEAD2_HEAP_HAS_CNT, heap->flags & SPEAD2_HEAP_HAS_CNT);
  fail_unless_equals_uint64 ((run->cnt + index * run->cnt_step) &
          spead2_flavour_max_value (run->flavour),
      heap->cnt);
}

#define PAYLOAD "s,id=0x3300,value=payload"

static const struct {
  const gchar *items;
  guint n_heaps
      [10]; /* of the runs that are made of 40 heaps, at most 16 at a time */
} layouts[] = {
    {"t,id=0x1600,value=sample-index; " PAYLOAD, {16, 16, 8}},
    {"t,id=0x1600,value=sample-index,format=u10; c,id=0x1700,value=5;" PAYLOAD
     "; null",
        {16, 16, 8}},
    {"i,id=7,value=heap-index; a,id=8,start=3,step=7,format=u3;"
     "b,id=9,start=-1,step=-3,format=i5; heap-cnt,start=9,step=2; "
     "heap-length; payload-offset; payload-length; " PAYLOAD,
        {16, 16, 8}},
    {"a,id=8,start=3,step=1,every=12;" PAYLOAD, {12, 12, 12, 4}},
    {"i,id=8,value=heap-index,every=30; a,id=9,value=<1,2>,every=12;" PAYLOAD,
        {12, 12, 6, 6, 4}},
    {"heap-cnt,start=9,step=2,every=12; heap-length; payload-offset; "
     "payload-length; " PAYLOAD,
        {12, 12, 12, 4}},
    /* Heap by heap. */
    {"a,id=8,value=<1,2,3>;" PAYLOAD, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"a,id=8,start=1,step=1,mode=addressed;" PAYLOAD,
        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"a,id=8,value=utc-ns,mode=addressed,format=u64;" PAYLOAD,
        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"a,id=8,value=\"text\";" PAYLOAD, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
};

/* Runs cut from one buffer, or made of a buffer for each heap, have the heaps that are made
 * one by one. */
static void
check_layout (const gchar *items, const guint *n_heaps, gboolean extend)
{
  Spead2Layout *layout = make_layout (items, SPEAD2_DESCRIPTORS_NONE);
  Spead2Layout *single = make_layout (items, SPEAD2_DESCRIPTORS_NONE);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 40 * 24, NULL);
  Spead2MappedBuffer *mapped = spead2_mapped_buffer_new (buffer, NULL);
  guint run_number, done = 0, i;

  for (run_number = 0; run_number < 10 && done < 40; run_number++) {
    Spead2HeapValues values = {.buffer = buffer,
        .offset = done * 24,
        .size = 24,
        .sample_index = 1000 + done * 24,
        .mapped = extend ? NULL : mapped};
    Spead2Heap *run;

    if (!extend)
      values.n_heaps =
          spead2_layout_max_run (layout, &values, MIN (16, 40 - done));
    run = spead2_layout_make_heap (layout, &values, NULL);
    fail_unless (run != NULL);
    do {
      values.offset += 24;
      values.sample_index += 24;
    } while (extend && done + run->n_heaps < 40 &&
        spead2_layout_extend_run (layout, run, &values, 16));
    fail_unless_equals_int (run->n_heaps, n_heaps[run_number]);

    for (i = 0; i < run->n_heaps; i++, done++) {
      const Spead2HeapValues one = {.buffer = buffer,
          .offset = done * 24,
          .size = 24,
          .sample_index = 1000 + done * 24};
      Spead2Heap *heap = spead2_layout_make_heap (single, &one, NULL);

      check_heap (run, i, heap);
      spead2_heap_free (heap);
    }
    spead2_heap_free (run);
  }
  spead2_mapped_buffer_unref (mapped);
  gst_buffer_unref (buffer);
  spead2_layout_free (layout);
  spead2_layout_free (single);
}

GST_START_TEST (test_a_layout_makes_runs)
{
  check_layout (layouts[__i__].items, layouts[__i__].n_heaps, FALSE);
  check_layout (layouts[__i__].items, layouts[__i__].n_heaps, TRUE);
}
GST_END_TEST

/* What does not follow the heaps of a run is no part of it. */
GST_START_TEST (test_what_ends_a_run)
{
  Spead2Layout *layout =
      make_layout (SPEAD2_ITEMS_DEFAULT, SPEAD2_DESCRIPTORS_FIRST_HEAP);
  GstStructure *own = gst_structure_new_empty ("values");
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 100, NULL);
  Spead2HeapValues values = {.buffer = buffer, .size = 10};
  Spead2HeapValues other;
  Spead2Heap *run;

  /* A heap that describes is alone. */
  fail_unless_equals_int (spead2_layout_max_run (layout, &values, 5), 1);
  run = spead2_layout_make_heap (layout, &values, NULL);
  values.sample_index = 10;
  fail_if (spead2_layout_extend_run (layout, run, &values, 5));
  spead2_heap_free (run);
  fail_unless_equals_int (spead2_layout_max_run (layout, &values, 5), 5);
  run = spead2_layout_make_heap (layout, &values, NULL);

  other = values;
  other.sample_index = 21;
  fail_if (spead2_layout_extend_run (layout, run, &other, 5));
  other.sample_index = 20;
  other.size = 11;
  fail_if (spead2_layout_extend_run (layout, run, &other, 5));
  other.size = 10;
  other.own[1] = own;
  fail_if (spead2_layout_extend_run (layout, run, &other, 5));
  other.own[1] = NULL;
  fail_if (spead2_layout_extend_run (layout, run, &other, 1));
  other.row_size = 5;
  fail_if (spead2_layout_extend_run (layout, run, &other, 5));
  other.row_size = 0;
  fail_unless (spead2_layout_extend_run (layout, run, &other, 2));
  other.sample_index = 30;
  fail_if (spead2_layout_extend_run (layout, run, &other, 2));
  spead2_layout_forget_descriptors (layout);
  fail_if (spead2_layout_extend_run (layout, run, &other, 5));
  spead2_layout_restart (layout);
  fail_if (spead2_layout_extend_run (layout, run, &other, 5));
  fail_unless_equals_int (run->n_heaps, 2);

  spead2_heap_free (run);
  gst_buffer_unref (buffer);
  gst_structure_free (own);
  spead2_layout_free (layout);
}
GST_END_TEST

/* Heaps that are no whole number of samples have indices that do not step evenly. */
GST_START_TEST (test_parts_of_samples_make_no_run)
{
  Spead2Layout *layout = make_layout (
      "t,id=0x1600,value=sample-index; s,id=0x3300,value=payload,format=i10",
      SPEAD2_DESCRIPTORS_NONE);
  Spead2HeapValues values = {.size = 9};

  fail_unless_equals_int (spead2_layout_max_run (layout, &values, 5), 1);
  values.size = 10;
  fail_unless_equals_int (spead2_layout_max_run (layout, &values, 5), 5);
  spead2_layout_free (layout);
}
GST_END_TEST

static Suite *
runs_suite (void)
{
  Suite *suite = suite_create ("runs");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_a_run_is_its_heaps, 0, 20);
  tcase_add_test (tc, test_heaps_of_one_packet_are_alike);
  tcase_add_loop_test (tc, test_a_layout_makes_runs, 0, G_N_ELEMENTS (layouts));
  tcase_add_test (tc, test_what_ends_a_run);
  tcase_add_test (tc, test_parts_of_samples_make_no_run);
  return suite;
}

GST_CHECK_MAIN (runs);
