/* Item descriptors, read: see descriptor.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/descriptor.h"

#include "spead2/error.h"
#include "spead2/wire/itemview.h"
#include "spead2/wire/numpyheader.h"
#include "spead2/wire/packet.h"

/* Different ones; senders have 10. */
#define MAX_POINTERS 64

typedef struct {
  const guint8 *data; /* what is left of the value */
  gsize size;
  Spead2BugCompat bug_compat;

  /* The heap that its packets make. */
  Spead2Flavour flavour;
  guint64 cnt;
  guint64 length; /* bytes of payload, or SPEAD2_LENGTH_UNKNOWN */
  guint64 pointers[MAX_POINTERS];
  guint n_pointers;
  GByteArray *payload;
  Spead2ItemViews items;

  Spead2Descriptor descriptor; /* without strings */
  GString *name;
  GString *description;
  GString *dtype;
} Decoder;

static gboolean G_GNUC_PRINTF (2, 3)
    fail (GError **error, const gchar *format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID, text);
  g_free (text);
  return FALSE;
}

/* -- packets ------------------------------------------------------------------- */

/* Bytes of the first packet by its PAYLOAD_LENGTH, and at most all that are left;
 * spead2_packet_parse() checks them. */
static gsize
packet_size (const Decoder *decoder)
{
  const guint8 *data = decoder->data;
  guint64 size = 0;
  guint n, i;

  if (decoder->size < SPEAD2_HEADER_SIZE ||
      !spead2_flavour_is_valid (8 * data[3]))
    return decoder->size;
  n = data[6] << 8 | data[7];
  n = MIN (n, (decoder->size - SPEAD2_HEADER_SIZE) / SPEAD2_POINTER_SIZE);
  for (i = 0; i < n; i++) {
    guint64 pointer =
        spead2_read_u64 (data + SPEAD2_HEADER_SIZE + SPEAD2_POINTER_SIZE * i);

    if (spead2_pointer_is_immediate (pointer) &&
        spead2_pointer_id (8 * data[3], pointer) == SPEAD2_ID_PAYLOAD_LENGTH)
      size = spead2_pointer_value (8 * data[3], pointer);
  }
  return MIN (
      SPEAD2_HEADER_SIZE + SPEAD2_POINTER_SIZE * n + size, decoder->size);
}

/* Pointers that are repeated in every packet count once. */
static gboolean
add_pointer (Decoder *decoder, guint64 pointer, GError **error)
{
  guint i;

  for (i = 0; i < decoder->n_pointers; i++)
    if (decoder->pointers[i] == pointer)
      return TRUE;
  if (decoder->n_pointers == MAX_POINTERS)
    return fail (error, "more than %u item pointers", MAX_POINTERS);
  decoder->pointers[decoder->n_pointers++] = pointer;
  return TRUE;
}

static gboolean
add_packet (Decoder *decoder, const Spead2PacketView *view, GError **error)
{
  guint i;

  if (decoder->flavour != 0 &&
      (view->flavour != decoder->flavour || view->cnt != decoder->cnt))
    return fail (error, "it has packets of two heaps");
  if (view->offset != decoder->payload->len)
    return fail (error,
        "a packet's payload is at offset %" G_GUINT64_FORMAT
        ", where the one before it ends at %u",
        view->offset, decoder->payload->len);
  decoder->flavour = view->flavour;
  decoder->cnt = view->cnt;
  if (view->heap_length != SPEAD2_LENGTH_UNKNOWN)
    decoder->length = view->heap_length;
  for (i = 0; i < view->n_pointers; i++) {
    guint64 pointer = spead2_packet_pointer (view, i);

    if (spead2_pointer_is_item (view->flavour, pointer) &&
        !add_pointer (decoder, pointer, error))
      return FALSE;
  }
  g_byte_array_append (decoder->payload, view->payload, view->payload_size);
  return TRUE;
}

static gboolean
read_packets (Decoder *decoder, GError **error)
{
  static const Spead2PacketRules rules;

  if (decoder->size > SPEAD2_MAX_DESCRIPTOR_SIZE)
    return fail (error, "%" G_GSIZE_FORMAT " bytes are more than %u",
        decoder->size, SPEAD2_MAX_DESCRIPTOR_SIZE);
  do {
    gsize size = packet_size (decoder);
    Spead2PacketView view;
    Spead2Refusal refusal =
        spead2_packet_parse (&view, &rules, decoder->data, size);

    if (refusal != SPEAD2_REFUSAL_NONE)
      return decoder->flavour != 0 ||
          fail (error,
              "its %" G_GSIZE_FORMAT " bytes do not begin with a packet (%s)",
              decoder->size, spead2_refusal_name (refusal));
    if (!add_packet (decoder, &view, error))
      return FALSE;
    decoder->data += size;
    decoder->size -= size;
  } while (decoder->size > 0);
  return TRUE;
}

/* FALSE if bytes of the heap are missing, or an item occurs twice. */
static gboolean
check_whole (Decoder *decoder, GError **error)
{
  guint i, k;

  if (decoder->length != SPEAD2_LENGTH_UNKNOWN &&
      decoder->length != decoder->payload->len)
    return fail (error, "%u bytes of payload came, of %" G_GUINT64_FORMAT,
        decoder->payload->len, decoder->length);

  for (i = 0; i < decoder->n_pointers; i++) {
    guint64 id = spead2_pointer_id (decoder->flavour, decoder->pointers[i]);

    for (k = 0; k < i; k++)
      if (id != SPEAD2_ID_NULL &&
          id == spead2_pointer_id (decoder->flavour, decoder->pointers[k]))
        return fail (
            error, "item 0x%" G_GINT64_MODIFIER "x occurs twice in it", id);
  }
  return TRUE;
}

/* -- fields -------------------------------------------------------------------- */

/* The bytes of a field; those of an immediate are written to number. size is 0 if the
 * field is missing. */
static const guint8 *
find_field (const Decoder *decoder, guint64 id, guint8 *number, gsize *size)
{
  const Spead2ItemView *item = spead2_item_views_find (&decoder->items, id);

  *size = 0;
  if (item == NULL)
    return number;
  if (item->immediate) {
    *size = spead2_flavour_address_size (decoder->flavour);
    spead2_write_u64 (number, item->value);
    return number + 8 - *size;
  }
  *size = item->size;
  return decoder->payload->data + item->value;
}

/* Appends a field that is a text, without leading and trailing zero bytes.
 * printable: ends of line and tabs are refused, too. */
static gboolean
read_text (const Decoder *decoder, guint64 id, const gchar *field,
    gboolean printable, GString *text, GError **error)
{
  guint8 number[8];
  gsize size, i;
  const guint8 *bytes = find_field (decoder, id, number, &size);

  for (; size > 0 && bytes[size - 1] == 0; size--)
    ;
  for (; size > 0 && *bytes == 0; size--)
    bytes++;
  for (i = 0; i < size; i++)
    if (!g_ascii_isprint (bytes[i]) &&
        (printable ||
            (bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t')))
      return fail (error,
          "%s: 0x%02x at byte %" G_GSIZE_FORMAT " is not ASCII text", field,
          bytes[i], i);
  g_string_append_len (text, (const gchar *) bytes, size);
  return TRUE;
}

static gboolean
read_name (Decoder *decoder, GError **error)
{
  const Spead2ItemView *id =
      spead2_item_views_find (&decoder->items, SPEAD2_ID_DESCRIPTOR_ID);

  if (id == NULL || !id->immediate || id->value == 0)
    return fail (error, "it has no id, as an immediate above 0");
  decoder->descriptor.id = id->value;
  if (!read_text (decoder, SPEAD2_ID_DESCRIPTOR_NAME, "name", TRUE,
          decoder->name, error)) {
    g_string_truncate (decoder->name, 0);
    return FALSE;
  }
  if (decoder->name->len > SPEAD2_MAX_NAME_LENGTH) {
    fail (error, "a name of %" G_GSIZE_FORMAT " characters is longer than %u",
        decoder->name->len, SPEAD2_MAX_NAME_LENGTH);
    g_string_truncate (decoder->name, 0);
    return FALSE;
  }
  return TRUE;
}

static guint64
read_number (const guint8 *bytes, gsize size)
{
  guint64 value = 0;

  while (size-- > 0)
    value = value << 8 | *bytes++;
  return value;
}

/* The number of entries of a list; FALSE if size is no multiple of an entry's, or
 * there are more than max. */
static gboolean
count_entries (const gchar *field, gsize size, gsize entry, guint max, guint *n,
    GError **error)
{
  *n = size / entry;
  if (size % entry != 0)
    return fail (error,
        "%s: %" G_GSIZE_FORMAT " bytes are no multiple of %" G_GSIZE_FORMAT
        " (does the sender need bug-compat, or not?)",
        field, size, entry);
  if (*n > max)
    return fail (error, "%s: more than %u entries", field, max);
  return TRUE;
}

static gboolean
check_format (guint8 code, guint64 bits, GError **error)
{
  const Spead2Format format = {(gchar) code, MIN (bits, G_MAXUINT)};
  const gchar *why = bits > 8 * SPEAD2_DTYPE_MAX_SIZE
      ? "it is too large"
      : spead2_format_why_not (&format);

  return why == NULL ||
      fail (error,
          "format: code 0x%02x of %" G_GUINT64_FORMAT " bits: %s (does the "
          "sender need bug-compat, or not?)",
          code, bits, why);
}

static gboolean
read_formats (Decoder *decoder, GError **error)
{
  Spead2Descriptor *descriptor = &decoder->descriptor;
  gsize entry = decoder->bug_compat & SPEAD2_BUG_COMPAT_DESCRIPTOR_WIDTHS
      ? 4
      : 1 + spead2_flavour_id_size (decoder->flavour);
  guint8 number[8];
  gsize size;
  const guint8 *bytes =
      find_field (decoder, SPEAD2_ID_DESCRIPTOR_FORMAT, number, &size);
  guint i;

  if (!count_entries ("format", size, entry, SPEAD2_MAX_FORMATS,
          &descriptor->n_formats, error))
    return FALSE;
  if (descriptor->n_formats == 0)
    return fail (error, "it has neither a numpy header nor a format");
  for (i = 0; i < descriptor->n_formats; i++, bytes += entry) {
    Spead2Format *format = &descriptor->formats[i];
    guint64 bits = read_number (bytes + 1, entry - 1);

    if (!check_format (*bytes, bits, error))
      return FALSE;
    *format = (Spead2Format){(gchar) *bytes, bits};
    descriptor->element_bits += bits;
  }
  return TRUE;
}

static gboolean
read_shape (Decoder *decoder, GError **error)
{
  Spead2Descriptor *descriptor = &decoder->descriptor;
  gsize entry = decoder->bug_compat & SPEAD2_BUG_COMPAT_DESCRIPTOR_WIDTHS
      ? 8
      : 1 + spead2_flavour_address_size (decoder->flavour);
  guint8 variable = decoder->bug_compat & SPEAD2_BUG_COMPAT_SHAPE_BIT_1 ? 2 : 1;
  guint8 number[8];
  gsize size;
  const guint8 *bytes =
      find_field (decoder, SPEAD2_ID_DESCRIPTOR_SHAPE, number, &size);
  guint i, n_variable = 0;

  if (!count_entries ("shape", size, entry, SPEAD2_MAX_DIMENSIONS,
          &descriptor->n_dimensions, error))
    return FALSE;
  for (i = 0; i < descriptor->n_dimensions; i++, bytes += entry) {
    gboolean is_variable = (*bytes & variable) != 0;

    n_variable += is_variable;
    descriptor->shape[i] = is_variable
        ? SPEAD2_VARIABLE_SIZE
        : (gint64) read_number (bytes + 1, entry - 1);
  }
  return n_variable <= 1 ||
      fail (error, "shape: %u dimensions are variable, of which one may be",
          n_variable);
}

static gboolean
read_type (Decoder *decoder, GError **error)
{
  GString *header = g_string_new (NULL);
  gboolean good = read_text (decoder, SPEAD2_ID_DESCRIPTOR_DTYPE,
      "numpy header", FALSE, header, error);

  if (good && header->len > 0)
    good = spead2_numpy_header_parse (header->str,
        (decoder->bug_compat & SPEAD2_BUG_COMPAT_SWAP_ENDIAN) != 0,
        &decoder->descriptor, decoder->dtype, error);
  else if (good)
    good = read_formats (decoder, error) && read_shape (decoder, error);
  g_string_free (header, TRUE);
  return good;
}

/* -- all of it ----------------------------------------------------------------- */

static gboolean
decode (Decoder *decoder, GError **error)
{
  if (!read_packets (decoder, error) || !check_whole (decoder, error))
    return FALSE;
  spead2_item_views_read (&decoder->items, decoder->flavour, decoder->pointers,
      decoder->n_pointers, decoder->payload->len);
  if (decoder->items.n_outside > 0)
    return fail (error, "a field's address is behind its %u bytes of payload",
        decoder->payload->len);
  return read_name (decoder, error) &&
      read_text (decoder, SPEAD2_ID_DESCRIPTOR_DESCRIPTION, "description",
          FALSE, decoder->description, error) &&
      read_type (decoder, error);
}

/* Copies the text to *at, and moves *at behind it. */
static const gchar *
append_string (gchar **at, const GString *text)
{
  gchar *string = *at;

  memcpy (string, text->str, text->len + 1);
  *at += text->len + 1;
  return string;
}

/* One allocation: the descriptor, and its strings behind it. */
static Spead2Descriptor *
to_block (const Decoder *decoder)
{
  Spead2Descriptor *descriptor = g_malloc (sizeof (Spead2Descriptor) +
      decoder->name->len + decoder->description->len + decoder->dtype->len + 3);
  gchar *at = (gchar *) (descriptor + 1);

  *descriptor = decoder->descriptor;
  descriptor->name = append_string (&at, decoder->name);
  descriptor->description = append_string (&at, decoder->description);
  if (decoder->dtype->len > 0)
    descriptor->dtype = append_string (&at, decoder->dtype);
  return descriptor;
}

static void
prefix_error (const Decoder *decoder, GError **error)
{
  if (decoder->name->len > 0)
    g_prefix_error (error,
        "Descriptor of item 0x%" G_GINT64_MODIFIER "x '%s': ",
        decoder->descriptor.id, decoder->name->str);
  else if (decoder->descriptor.id > 0)
    g_prefix_error (error, "Descriptor of item 0x%" G_GINT64_MODIFIER "x: ",
        decoder->descriptor.id);
  else
    g_prefix_error (error, "Descriptor: ");
}

Spead2Descriptor *
spead2_descriptor_from_bytes (
    const guint8 *data, gsize size, Spead2BugCompat bug_compat, GError **error)
{
  Decoder decoder = {.data = data,
      .size = size,
      .bug_compat = bug_compat,
      .length = SPEAD2_LENGTH_UNKNOWN,
      .payload = g_byte_array_new (),
      .name = g_string_new (NULL),
      .description = g_string_new (NULL),
      .dtype = g_string_new (NULL)};
  Spead2Descriptor *descriptor = NULL;

  if (decode (&decoder, error))
    descriptor = to_block (&decoder);
  else
    prefix_error (&decoder, error);

  spead2_item_views_clear (&decoder.items);
  g_byte_array_unref (decoder.payload);
  g_string_free (decoder.name, TRUE);
  g_string_free (decoder.description, TRUE);
  g_string_free (decoder.dtype, TRUE);
  return descriptor;
}
