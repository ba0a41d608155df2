/* gst-spead2: buffers to heaps: see gstspead2heapmaker.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gstspead2heapmaker.h"

#include "gstspead2itemvalues.h"
#include "gstspead2payload.h"

/* The flavour beside SPEAD-64-40 that receivers of the field are made for. */
#define SPEAD_64_48 48

/* What has become of the buffer that was pushed. */
typedef enum {
  NO_BUFFER,
  WAITING_BUFFER, /* heaps before it come first */
  BEGUN_BUFFER,   /* the adapter has it */
  REFUSED_BUFFER  /* the error says why */
} BufferState;

/* What follows from the settings. */
typedef struct {
  const Spead2Items *items; /* (borrowed) the layout's */
  gboolean uses_utc;
  gboolean uses_ptp;
  const Spead2Item *index_item; /* the narrowest with the index, or NULL */
} Plan;

struct _GstSpead2HeapMaker {
  GstSpead2HeapMakerConfig config;
  const GstSpead2HeapMakerCallbacks *callbacks;
  gpointer user_data;

  Plan plan;
  Spead2Layout *layout;
  GstSpead2Adapter adapter;
  GstSpead2Payload payload;
  GstSpead2Index index;
  GstSpead2IndexSource index_source; /* of the buffers that have arrived last */
  guint64 running_time;
  GstSpead2Start start;

  /* Values that events carried, or NULL. */
  GstStructure *pending_values; /* for the next buffer */
  GstStructure *buffer_values;  /* of the buffer that has arrived last */

  BufferState state;
  Spead2HeapValues buffer; /* as if it were one heap */
  guint64 skipped;         /* its first samples, before the start */
  guint64 left_out;        /* the same of the stream so far, these included */
  GstSpead2Rate rate;      /* that dates go on by within it */
  GError *error;           /* with REFUSED_BUFFER */
  Spead2HeapValues next;   /* what the next heap is made of */

  GstSpead2HeapMakerCounters counters;
  gboolean jump_warned;
  gboolean wrap_warned;
  gboolean unused_value_warned;
};

/* -- life ------------------------------------------------------------------------- */

/* The item with the sample index whose bits run over first, or NULL. */
static const Spead2Item *
find_index_item (const Spead2Items *items)
{
  const Spead2Item *narrowest = NULL;
  guint i;

  for (i = 0; i < items->n_items; i++) {
    const Spead2Item *item = &items->items[i];

    if (item->source == SPEAD2_SOURCE_SAMPLE_INDEX &&
        (narrowest == NULL || item->bits < narrowest->bits))
      narrowest = item;
  }
  return narrowest;
}

GstSpead2HeapMaker *
gst_spead2_heap_maker_new (const GstSpead2HeapMakerConfig *config,
    const GstSpead2HeapMakerCallbacks *callbacks, gpointer user_data,
    GError **error)
{
  const Spead2Items *items = config->layout.items;
  Spead2Layout *layout = spead2_layout_new (&config->layout, error);
  GstSpead2HeapMaker *maker;

  if (layout == NULL)
    return NULL;
  maker = g_new0 (GstSpead2HeapMaker, 1);
  maker->config = *config;
  maker->config.layout.destination_item =
      g_strdup (config->layout.destination_item);
  maker->callbacks = callbacks;
  maker->user_data = user_data;
  maker->layout = layout;
  maker->plan = (Plan){.items = items,
      .uses_utc = spead2_items_use (items, SPEAD2_SOURCE_UTC_NS),
      .uses_ptp = spead2_items_use (items, SPEAD2_SOURCE_PTP_NS),
      .index_item = find_index_item (items)};
  gst_spead2_adapter_init (&maker->adapter, layout, config->heap_size,
      config->copy_size, config->remainder);
  gst_spead2_heap_maker_start (maker);
  return maker;
}

void
gst_spead2_heap_maker_free (GstSpead2HeapMaker *maker)
{
  gst_spead2_heap_maker_drop (maker);
  gst_clear_structure (&maker->pending_values);
  gst_clear_structure (&maker->buffer_values);
  gst_spead2_adapter_clear (&maker->adapter);
  spead2_layout_free (maker->layout);
  g_free ((gchar *) maker->config.layout.destination_item);
  g_free (maker);
}

static void
warn (GstSpead2HeapMaker *maker, gchar *message, gchar *detail)
{
  maker->callbacks->warning (message, detail, maker->user_data);
  g_free (message);
  g_free (detail);
}

static void
count (GstSpead2HeapMaker *maker)
{
  maker->callbacks->counted (&maker->counters, maker->user_data);
}

/* -- the stream ------------------------------------------------------------------- */

/* An OFFSET is believed to be the sample index where both count the same. */
static void
use_payload (GstSpead2HeapMaker *maker)
{
  gsize size = maker->payload.offset_size;

  spead2_layout_set_payload_type (maker->layout, &maker->payload.type);
  gst_spead2_index_set_caps (&maker->index,
      size > 0 && spead2_layout_n_samples (maker->layout, 8 * size) == 8,
      &maker->payload.rate);
}

void
gst_spead2_heap_maker_start (GstSpead2HeapMaker *maker)
{
  maker->jump_warned = maker->wrap_warned = maker->unused_value_warned = FALSE;
  gst_spead2_heap_maker_restart (maker);
  gst_spead2_payload_init (&maker->payload, maker->config.sample_bits);
  use_payload (maker);
}

void
gst_spead2_heap_maker_restart (GstSpead2HeapMaker *maker)
{
  gst_spead2_heap_maker_drop (maker);
  gst_clear_structure (&maker->pending_values);
  gst_clear_structure (&maker->buffer_values);
  spead2_layout_restart (maker->layout);
  gst_spead2_index_restart (&maker->index);
  maker->left_out = 0;
}

/* Whether buffers of these caps can be cut. */
static gboolean
check_heap_size (GstSpead2HeapMaker *maker, GError **error)
{
  gsize heap_size = maker->config.heap_size;

  if (heap_size == 0)
    return TRUE;
  if (maker->payload.is_video) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "heap-size=%" G_GSIZE_FORMAT
        " would cut pictures, and a picture is one heap: set "
        "heap-size=0 in NULL or READY",
        heap_size);
    return FALSE;
  }
  if (spead2_layout_check_size (maker->layout, heap_size, error))
    return TRUE;
  g_prefix_error (error, "heap-size=%" G_GSIZE_FORMAT ": ", heap_size);
  return FALSE;
}

gboolean
gst_spead2_heap_maker_set_caps (
    GstSpead2HeapMaker *maker, GstCaps *caps, GError **error)
{
  GstSpead2Payload before = maker->payload;

  /* A run of bytes is counted in samples of one size. */
  gst_spead2_heap_maker_drop (maker);
  if (gst_spead2_payload_from_caps (&maker->payload, caps,
          maker->config.sample_bits,
          spead2_items_have_payload_type (maker->plan.items), error)) {
    use_payload (maker);
    if (check_heap_size (maker, error))
      return TRUE;
  }
  maker->payload = before;
  use_payload (maker);
  return FALSE;
}

void
gst_spead2_heap_maker_event (GstSpead2HeapMaker *maker, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    gst_spead2_index_forget_unit (&maker->index);
  else
    gst_spead2_item_values_add_event (&maker->pending_values, event);
}

static GstSpead2Rate
sample_rate (const GstSpead2HeapMaker *maker)
{
  return maker->config.sample_rate.numerator > 0 ? maker->config.sample_rate
                                                 : maker->payload.rate;
}

void
gst_spead2_heap_maker_skip (GstSpead2HeapMaker *maker, GstClockTime duration)
{
  GstSpead2Rate rate = sample_rate (maker);

  gst_spead2_index_skip (&maker->index, &rate, duration);
}

void
gst_spead2_heap_maker_set_apart (GstSpead2HeapMaker *maker, gboolean apart)
{
  spead2_layout_set_apart (maker->layout, apart);
}

void
gst_spead2_heap_maker_redescribe (GstSpead2HeapMaker *maker)
{
  spead2_layout_forget_descriptors (maker->layout);
}

void
gst_spead2_heap_maker_request_descriptors (GstSpead2HeapMaker *maker)
{
  spead2_layout_request_descriptors (maker->layout);
}

gboolean
gst_spead2_heap_maker_uses_running_time (const GstSpead2HeapMaker *maker)
{
  return maker->config.layout.descriptor_interval > 0;
}

void
gst_spead2_heap_maker_set_running_time (
    GstSpead2HeapMaker *maker, guint64 running_time)
{
  maker->running_time = running_time;
}

guint
gst_spead2_heap_maker_plain_pointers (const GstSpead2HeapMaker *maker)
{
  return spead2_layout_plain_pointers (maker->layout);
}

/* -- arrival ---------------------------------------------------------------------- */

static void
note_jump (
    GstSpead2HeapMaker *maker, GstBuffer *buffer, guint64 from, guint64 to)
{
  maker->counters.offset_jumps++;
  count (maker);
  if (GST_BUFFER_IS_DISCONT (buffer) || maker->jump_warned)
    return;

  maker->jump_warned = TRUE;
  warn (maker,
      g_strdup_printf ("The sample index jumps from %" G_GUINT64_FORMAT
                       " to %" G_GUINT64_FORMAT " without a discontinuity.",
          from, to),
      g_strdup ("Buffer offsets do not add up. If no samples are missing, set "
                "index-source=count. Further jumps are counted in stats"));
}

static void
count_samples (GstSpead2HeapMaker *maker, GstBuffer *buffer)
{
  gsize size = gst_spead2_payload_size (&maker->payload, buffer);
  guint64 from, to;

  if (size > 0 &&
      gst_spead2_index_arrive (&maker->index, maker->index_source, buffer,
          spead2_layout_n_samples (maker->layout, size), &from, &to))
    note_jump (maker, buffer, from, to);
}

/* The values of events before a buffer are that buffer's, and of no other one. */
static void
take_pending_values (GstSpead2HeapMaker *maker)
{
  gst_clear_structure (&maker->buffer_values);
  maker->buffer_values = g_steal_pointer (&maker->pending_values);
}

void
gst_spead2_heap_maker_arrive (
    GstSpead2HeapMaker *maker, GstBuffer *buffer, GstSpead2IndexSource source)
{
  maker->index_source = source;
  gst_spead2_index_expect (&maker->index);
  /* An empty one is no heap. */
  if (gst_buffer_get_size (buffer) > 0)
    take_pending_values (maker);
  count_samples (maker, buffer);
}

void
gst_spead2_heap_maker_arrive_list (
    GstSpead2HeapMaker *maker, GstBufferList *list, GstSpead2IndexSource source)
{
  guint i, n = gst_buffer_list_length (list);

  maker->index_source = source;
  gst_spead2_index_expect (&maker->index);
  take_pending_values (maker);
  for (i = 0; i < n; i++)
    count_samples (maker, gst_buffer_list_get (list, i));
}

/* -- what is known of a buffer ------------------------------------------------------ */

/* Whether that is no value of an item: the counter, the destination, or what spead2src says
 * of several heaps in a buffer. */
static gboolean
is_no_item (const GstSpead2HeapMaker *maker, const gchar *name)
{
  return g_str_equal (name, SPEAD2_HEAP_CNT_NAME) ||
      g_strcmp0 (name, maker->config.layout.destination_item) == 0 ||
      g_str_equal (name, GST_SPEAD2_N_HEAPS_NAME) ||
      g_str_has_prefix (name, GST_SPEAD2_EACH_PREFIX);
}

/* Warns of values that no item takes. A received stream has its index as a value, and as
 * the buffers' OFFSET, from which it is sent. */
static void
check_buffer_values (GstSpead2HeapMaker *maker, const GstStructure *values)
{
  gint i,
      n = values && !maker->unused_value_warned
      ? gst_structure_n_fields (values)
      : 0;

  for (i = 0; i < n; i++) {
    const gchar *name = gst_structure_nth_field_name (values, i);

    if (is_no_item (maker, name) ||
        spead2_items_find (maker->plan.items, name) ||
        spead2_items_is_sample_index (maker->plan.items, name))
      continue;
    maker->unused_value_warned = TRUE;
    warn (maker,
        g_strdup_printf (
            "The application gives a value for '%s', which no item of that "
            "name takes with value=meta: it is not sent.",
            name),
        gst_structure_to_string (values));
    return;
  }
}

/* Several heaps cannot have one counter. */
static gboolean
check_no_cnt (GstSpead2HeapMaker *maker, GError **error)
{
  const Spead2HeapValues *buffer = &maker->buffer;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (buffer->own); i++) {
    if (buffer->own[i] == NULL ||
        !gst_structure_has_field (buffer->own[i], SPEAD2_HEAP_CNT_NAME))
      continue;
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "The application gives a heap-cnt for a buffer of %" G_GSIZE_FORMAT
        " bytes, which heap-size=%" G_GSIZE_FORMAT
        " cuts into several heaps: leave it out, push one buffer a heap, or "
        "set heap-size=0",
        buffer->size, maker->config.heap_size);
    return FALSE;
  }
  return TRUE;
}

static gboolean
find_date (GstSpead2HeapMaker *maker, GstSpead2TimeScale scales, guint64 *ns,
    GError **error)
{
  return maker->callbacks->date (
      maker->buffer.buffer, scales, ns, error, maker->user_data);
}

/* Index, values and dates of a buffer whose payload has been found. */
static gboolean
find_values (GstSpead2HeapMaker *maker, GError **error)
{
  Spead2HeapValues *values = &maker->buffer;
  guint i;

  values->sample_index =
      gst_spead2_index_next (&maker->index, maker->index_source, values->buffer,
          spead2_layout_n_samples (maker->layout, values->size));
  values->own[0] = gst_spead2_item_values_of_buffer (values->buffer);
  values->own[1] = maker->buffer_values;
  for (i = 0; i < G_N_ELEMENTS (values->own); i++)
    check_buffer_values (maker, values->own[i]);
  return (!maker->plan.uses_utc ||
             find_date (maker, GST_SPEAD2_TIME_UTC, &values->utc_ns, error)) &&
      (!maker->plan.uses_ptp ||
          find_date (maker, GST_SPEAD2_TIME_PTP, &values->ptp_ns, error));
}

/* The index on the wire, without a stream so far, of the buffer's first sample: with
 * sync-epoch it goes by the date, as the nearest multiple of n samples. */
static gboolean
find_first_index (
    GstSpead2HeapMaker *maker, guint64 n, guint64 *first, GError **error)
{
  const gint64 epoch = maker->config.sync_epoch;
  GstSpead2Rate rate = sample_rate (maker);
  guint64 date;

  *first = maker->buffer.sample_index + maker->config.first_sample;
  if (epoch < 0)
    return TRUE;
  if (rate.numerator == 0 || n == 0) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "sync-epoch needs a sample rate: caps have none, so set sample-rate in "
        "NULL or READY");
    return FALSE;
  }
  if (!find_date (
          maker, GST_SPEAD2_TIME_UTC | GST_SPEAD2_TIME_PTP, &date, error))
    return FALSE;
  date += gst_spead2_rate_time (&rate, maker->skipped);
  if (date < (guint64) epoch) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "sync-epoch %" G_GINT64_FORMAT " is later than the first heap, "
        "%" G_GUINT64_FORMAT " ns since 1970",
        epoch, date);
    return FALSE;
  }
  /* Samples that were left out are in the date, and in the count. */
  *first += gst_spead2_rate_units (&rate, date - epoch, n) - maker->left_out;
  return TRUE;
}

/* Once a stream. Where the index is to be a multiple of start-alignment, that of the date is
 * rounded to one; otherwise to heaps. */
static G_GNUC_NO_INLINE gboolean
set_first_index (GstSpead2HeapMaker *maker, GError **error)
{
  const gsize heap_size = maker->config.heap_size;
  guint64 n = maker->start.alignment > 0
      ? maker->start.alignment
      : spead2_layout_n_samples (
            maker->layout, heap_size ? heap_size : maker->buffer.size);
  guint64 first;

  if (!find_first_index (maker, n, &first, error))
    return FALSE;
  gst_spead2_index_set_first (&maker->index, maker->buffer.sample_index, first);
  return TRUE;
}

/* -- where the stream begins -------------------------------------------------------- */

void
gst_spead2_heap_maker_set_start (
    GstSpead2HeapMaker *maker, const GstSpead2Start *start)
{
  maker->start = *start;
}

/* What the index of the first heap is a multiple of, or 0. */
static guint64
start_unit (const GstSpead2HeapMaker *maker)
{
  return maker->start.alignment > 0
      ? maker->start.alignment
      : spead2_layout_n_samples (maker->layout, maker->config.heap_size);
}

/* Leaves out the first samples of the buffer, or all of it. */
static gboolean
skip_samples (GstSpead2HeapMaker *maker, guint64 skip, GError **error)
{
  Spead2HeapValues *buffer = &maker->buffer;
  const guint64 n = spead2_layout_n_samples (maker->layout, buffer->size);
  const GstSpead2Rate rate = sample_rate (maker);
  gsize bytes;

  maker->left_out += MIN (skip, n);
  if (skip >= n) {
    buffer->size = 0;
    return TRUE;
  }
  bytes = gst_util_uint64_scale (buffer->size, skip, n);
  if (spead2_layout_n_samples (maker->layout, bytes) != skip ||
      gst_util_uint64_scale_ceil (buffer->size, skip, n) != bytes) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "The stream would begin within a byte: set start-alignment to samples "
        "that are whole bytes");
    return FALSE;
  }
  buffer->offset += bytes;
  buffer->size -= bytes;
  buffer->sample_index += skip;
  buffer->utc_ns += gst_spead2_rate_time (&rate, skip);
  buffer->ptp_ns += gst_spead2_rate_time (&rate, skip);
  maker->skipped = skip;
  return TRUE;
}

/* Before the first heap of a stream. */
static G_GNUC_NO_INLINE gboolean
skip_to_start (GstSpead2HeapMaker *maker, GError **error)
{
  const guint64 unit = start_unit (maker);
  const GstSpead2Rate rate = sample_rate (maker);
  guint64 date = 0, first;

  if (maker->start.earliest > 0 && unit > 0 && rate.numerator == 0) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "start-time needs a sample rate: caps have none, so set sample-rate in "
        "NULL or READY");
    return FALSE;
  }
  if (maker->start.earliest > 0 &&
      !find_date (
          maker, GST_SPEAD2_TIME_UTC | GST_SPEAD2_TIME_PTP, &date, error))
    return FALSE;
  return find_first_index (maker, 1, &first, error) &&
      skip_samples (maker,
          gst_spead2_start_skip (&maker->start, unit, &rate, date, first),
          error);
}

/* -- from the buffer to heaps ------------------------------------------------------- */

/* The heaps before the buffer are still to be made. */
static void
refuse_buffer (GstSpead2HeapMaker *maker)
{
  maker->state = REFUSED_BUFFER;
  gst_spead2_adapter_close (&maker->adapter);
}

void
gst_spead2_heap_maker_push (GstSpead2HeapMaker *maker, GstBuffer *buffer)
{
  gst_spead2_payload_find (&maker->payload, buffer, &maker->buffer);
  if (maker->buffer.size == 0)
    return;

  maker->state = WAITING_BUFFER;
  maker->skipped = 0;
  if (!find_values (maker, &maker->error) ||
      (!maker->index.have_base && gst_spead2_start_is_set (&maker->start) &&
          !skip_to_start (maker, &maker->error)))
    refuse_buffer (maker);
  else if (maker->buffer.size == 0)
    maker->state = NO_BUFFER;
  else if (gst_spead2_adapter_is_open (&maker->adapter) &&
      !gst_spead2_adapter_continues (&maker->adapter, &maker->buffer))
    gst_spead2_adapter_close (&maker->adapter);
}

void
gst_spead2_heap_maker_close (GstSpead2HeapMaker *maker)
{
  gst_spead2_adapter_close (&maker->adapter);
}

gboolean
gst_spead2_heap_maker_is_open (const GstSpead2HeapMaker *maker)
{
  return gst_spead2_adapter_is_open (&maker->adapter);
}

/* The rate that dates of heaps go on by, which begin within the buffer. */
static gboolean
check_cut (GstSpead2HeapMaker *maker, GError **error)
{
  if (!check_no_cnt (maker, error))
    return FALSE;
  if (!maker->plan.uses_utc && !maker->plan.uses_ptp)
    return TRUE;
  maker->rate = sample_rate (maker);
  if (maker->rate.numerator > 0)
    return TRUE;
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "The dates of heaps that are cut from a buffer need a sample rate: caps "
      "have none, so set sample-rate in NULL or READY");
  return FALSE;
}

static gboolean
begin_buffer (GstSpead2HeapMaker *maker, GError **error)
{
  const Spead2HeapValues *buffer = &maker->buffer;

  if (!maker->index.have_base && !set_first_index (maker, error))
    return FALSE;
  if (gst_spead2_adapter_cuts (&maker->adapter, buffer) &&
      !check_cut (maker, error))
    return FALSE;
  gst_spead2_adapter_begin (&maker->adapter, buffer, &maker->rate);
  maker->state = BEGUN_BUFFER;
  return TRUE;
}

/* What is left of the buffer is open, or an error. */
static void
end_buffer (GstSpead2HeapMaker *maker, GError **error)
{
  gst_spead2_adapter_end (&maker->adapter, error);
  maker->state = NO_BUFFER;
  gst_clear_structure (&maker->buffer_values);
}

static void
note_remainder (GstSpead2HeapMaker *maker)
{
  GstSpead2HeapMakerCounters *counters = &maker->counters;

  if (maker->adapter.dropped == counters->remainder_bytes &&
      maker->adapter.padding == counters->padding_bytes)
    return;
  counters->remainder_bytes = maker->adapter.dropped;
  counters->padding_bytes = maker->adapter.padding;
  count (maker);
}

/* The heaps that the adapter has without another step of the buffer. */
static gboolean
next_of_adapter (GstSpead2HeapMaker *maker, GError **error)
{
  gboolean found;

  if (!gst_spead2_adapter_may_have_next (&maker->adapter))
    return FALSE;
  found = gst_spead2_adapter_next (&maker->adapter, &maker->next, error);
  note_remainder (maker);
  return found;
}

gboolean
gst_spead2_heap_maker_next (GstSpead2HeapMaker *maker, GError **error)
{
  while (!next_of_adapter (maker, error)) {
    if (*error)
      return FALSE;
    switch (maker->state) {
      case NO_BUFFER:
        return FALSE;
      case WAITING_BUFFER:
        if (!begin_buffer (maker, &maker->error))
          refuse_buffer (maker);
        break;
      case BEGUN_BUFFER:
        end_buffer (maker, error);
        return FALSE;
      case REFUSED_BUFFER:
        maker->state = NO_BUFFER;
        g_propagate_error (error, g_steal_pointer (&maker->error));
        return FALSE;
    }
  }
  return TRUE;
}

/* Whether an item may be as wide as an address, and all ids fit a flavour whose
 * addresses are wider. */
static gboolean
fits_wide_flavour (const Spead2Items *items, const Spead2Item *item)
{
  guint i;

  if (item->limit != spead2_flavour_max_value (items->flavour) ||
      items->flavour >= SPEAD_64_48)
    return FALSE;
  for (i = 0; i < items->n_items; i++)
    if (items->items[i].id > spead2_flavour_max_id (SPEAD_64_48))
      return FALSE;
  return TRUE;
}

static void
note_wraps (GstSpead2HeapMaker *maker, guint64 wraps, guint64 index)
{
  const Spead2Item *item = maker->plan.index_item;

  maker->counters.index_wraps += wraps;
  count (maker);
  if (maker->wrap_warned)
    return;

  maker->wrap_warned = TRUE;
  warn (maker,
      g_strdup_printf (
          "The %s has wrapped: sample index %" G_GUINT64_FORMAT
          " needs more than %u bits. To count longer, set %s in NULL or READY.",
          item->name, index, item->bits,
          fits_wide_flavour (maker->plan.items, item)
              ? "heap-address-bits=48"
              : "its format to u64 and its mode to addressed in items"),
      g_strdup_printf ("Values go on modulo 2^%u", item->bits));
}

/* Heaps of these values have been made. */
static void
note_indices (GstSpead2HeapMaker *maker, const Spead2HeapValues *values)
{
  const Spead2Item *item = maker->plan.index_item;
  const guint64 step = spead2_layout_n_samples (maker->layout, values->size);
  guint bits = item ? item->bits : 64;
  guint64 index = values->sample_index;
  guint i = 0;

  do {
    guint64 wraps = gst_spead2_index_send (&maker->index, index, bits);

    if (wraps > 0)
      note_wraps (maker, wraps, index);
    index += step;
  } while (++i < values->n_heaps);
}

static guint
max_run (const GstSpead2HeapMaker *maker)
{
  return maker->callbacks->max_run
      ? maker->callbacks->max_run (maker->next.size, maker->user_data)
      : 1;
}

/* Makes what is next part of the last of n runs, if it follows that. */
static gboolean
extend (GstSpead2HeapMaker *maker, Spead2Heap **heaps, guint n)
{
  return n > 0 && !(heaps[n - 1]->flags & SPEAD2_HEAP_CONTROL) &&
      spead2_layout_extend_run (
          maker->layout, heaps[n - 1], &maker->next, max_run (maker));
}

/* Makes what is next, with what follows it in the buffer. */
static Spead2Heap *
make_run (GstSpead2HeapMaker *maker, GError **error)
{
  Spead2HeapValues *values = &maker->next;

  gst_spead2_adapter_take_run (&maker->adapter,
      spead2_layout_max_run (maker->layout, values, max_run (maker)), values);
  return spead2_layout_make_heap (maker->layout, values, error);
}

gboolean
gst_spead2_heap_maker_make (
    GstSpead2HeapMaker *maker, Spead2Heap **heaps, guint *n, GError **error)
{
  Spead2HeapValues *values = &maker->next;
  Spead2Heap *heap;

  values->sample_index += maker->index.base;
  values->running_time = maker->running_time;
  if (extend (maker, heaps, *n))
    goto made;
  if (spead2_layout_wants_descriptor_heap (maker->layout, values)) {
    heap = spead2_layout_make_descriptor_heap (maker->layout, values, error);
    if (heap == NULL)
      return FALSE;
    heaps[(*n)++] = heap;
  }
  heap = make_run (maker, error);
  if (heap == NULL)
    return FALSE;
  heaps[(*n)++] = heap;

made:
  note_indices (maker, values);
  return TRUE;
}

void
gst_spead2_heap_maker_drop (GstSpead2HeapMaker *maker)
{
  maker->state = NO_BUFFER;
  g_clear_error (&maker->error);
  gst_clear_structure (&maker->buffer_values);
  gst_spead2_adapter_reset (&maker->adapter);
}
