/* The text that says what every heap carries: see items.h.
 *
 * itemtext.c scans it item by item into fields; here an item is made of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/items.h"

#include "spead2/wire/dtype.h"
#include "spead2/error.h"
#include "spead2/heap/itemtext.h"

/* The least id that is free: below it are the ones of the protocol. */
#define MIN_ID 7

/* Bits of a date, ns since 1970: until 2043. */
#define DATE_BITS 61

/* The least id that is more often written in hexadecimal. */
#define MIN_SUSPECT_ID 1000

typedef struct {
  Spead2ItemText text;
  Spead2Flavour flavour;
  GArray *items;
} Parser;

static const gchar *const standard_names[] = {
    [SPEAD2_ITEM_NULL] = "null",
    [SPEAD2_ITEM_HEAP_CNT] = "heap-cnt",
    [SPEAD2_ITEM_HEAP_LENGTH] = "heap-length",
    [SPEAD2_ITEM_PAYLOAD_OFFSET] = "payload-offset",
    [SPEAD2_ITEM_PAYLOAD_LENGTH] = "payload-length",
};

static void
item_clear (gpointer data)
{
  Spead2Item *item = data;

  g_free (item->name);
  g_free (item->description);
  g_free (item->numbers);
  g_free (item->dtype);
  g_clear_pointer (&item->text, g_bytes_unref);
}

/* -- from fields to items ---------------------------------------------------------- */

/* A number that is not negative. */
static gboolean
number_of (Parser *parser, const Spead2ItemSingle *single, guint64 *number)
{
  gboolean negative;

  return spead2_item_text_number (&parser->text, single, number, &negative) &&
      (!negative ||
          spead2_item_text_fail (
              &parser->text, single->offset, "%s is negative", single->text));
}

/* A number of the item's type. */
static gboolean
item_number_of (Parser *parser, const Spead2Item *item,
    const Spead2ItemSingle *single, guint64 *number)
{
  gboolean negative;

  if (!spead2_item_text_number (&parser->text, single, number, &negative))
    return FALSE;
  if (spead2_item_has_number (item, *number, negative))
    return TRUE;

  if (negative && !item->is_signed)
    return spead2_item_text_fail (&parser->text, single->offset,
        "%s is negative, and the item's type is not signed: give it one that "
        "is, such as format=i16",
        single->text);
  if (negative)
    return spead2_item_text_fail (&parser->text, single->offset,
        "%s is less than %" G_GINT64_FORMAT ", the smallest number of its type",
        single->text, spead2_item_smallest (item));
  return spead2_item_text_fail (&parser->text, single->offset,
      "%s is more than %" G_GUINT64_FORMAT ", the largest number of %s",
      single->text, item->limit,
      item->limit == spead2_flavour_max_value (parser->flavour)
          ? "the flavour: choose more heap-address-bits"
          : "its type");
}

static const Spead2ItemSingle *
only_single (Parser *parser, const Spead2ItemField *field)
{
  if (field->is_array) {
    spead2_item_text_fail (
        &parser->text, field->offset, "it takes one value, no array");
    return NULL;
  }
  return &g_array_index (field->singles, Spead2ItemSingle, 0);
}

/* The field's number, if the field is there: of the item's type, or, without an
 * item, not negative. */
static gboolean
take_number (
    Parser *parser, const Spead2Item *item, const gchar *key, guint64 *number)
{
  const Spead2ItemField *field = spead2_item_text_find (&parser->text, key);
  const Spead2ItemSingle *single;
  gboolean good;

  if (field == NULL)
    return TRUE;
  parser->text.key = key;
  single = only_single (parser, field);
  good = single &&
      (item ? item_number_of (parser, item, single, number)
            : number_of (parser, single, number));
  if (good)
    parser->text.key = NULL;
  return good;
}

/* The field's text, or NULL when the field is not there. */
static gboolean
take_text (Parser *parser, const gchar *key, const Spead2ItemSingle **single)
{
  const Spead2ItemField *field = spead2_item_text_find (&parser->text, key);

  *single = NULL;
  if (field == NULL)
    return TRUE;
  parser->text.key = key;
  *single = only_single (parser, field);
  return *single != NULL;
}

/* What spead2 reads no format with; others are NULL. */
static const gchar *
why_no_width (const Spead2Format *format)
{
  if (format->code == 'f' && format->bits != 32 && format->bits != 64)
    return "floats have 32 or 64 bits: numpy's others are a dtype, such as "
           "\">f2\"";
  if (format->code == 'c' && format->bits != 8)
    return "characters have 8 bits";
  return NULL;
}

static gboolean
check_widths (
    Parser *parser, const Spead2Item *item, const Spead2ItemSingle *single)
{
  guint i;

  for (i = 0; i < item->n_formats; i++) {
    const gchar *why = why_no_width (&item->formats[i]);

    if (why)
      return spead2_item_text_fail (&parser->text, single->offset,
          "no receiver reads %c%u: %s", item->formats[i].code,
          item->formats[i].bits, why);
  }
  return TRUE;
}

static gboolean
take_formats (Parser *parser, Spead2Item *item)
{
  const Spead2ItemSingle *single;
  gchar **parts;
  guint i;
  gboolean good = TRUE, negative;

  if (!take_text (parser, "format", &single))
    return FALSE;
  if (single == NULL)
    return TRUE;

  parts = g_strsplit (single->text, ",", SPEAD2_MAX_FORMATS + 1);
  for (i = 0; good && parts[i]; i++) {
    const gchar *part = g_strstrip (parts[i]);
    guint64 bits = 0;

    good = *part != '\0' && strchr ("uifcb", *part) &&
        spead2_parse_number (part + 1, &bits, &negative) && bits > 0 &&
        bits <= 65535 && i < SPEAD2_MAX_FORMATS;
    if (good)
      item->formats[item->n_formats++] = (Spead2Format){*part, bits};
  }
  good = good && item->n_formats > 0;
  if (!good)
    spead2_item_text_fail (&parser->text, single->offset,
        "'%s' is no format: it is one of u, i, f, c, b and a number of bits, "
        "as u40, or up to %u of them with commas between, in quotes",
        single->text, SPEAD2_MAX_FORMATS);
  g_strfreev (parts);
  return good && check_widths (parser, item, single);
}

static gboolean
take_dtype (Parser *parser, Spead2Item *item, Spead2Dtype *dtype)
{
  const Spead2ItemSingle *single;
  GError *why = NULL;

  if (!take_text (parser, "dtype", &single))
    return FALSE;
  if (single == NULL)
    return TRUE;
  if (item->n_formats > 0)
    return spead2_item_text_fail (&parser->text, single->offset,
        "an item has a format or a dtype, not both");
  if (!spead2_dtype_parse (single->text, dtype, &why)) {
    spead2_item_text_fail (&parser->text, single->offset, "%s", why->message);
    g_error_free (why);
    return FALSE;
  }
  item->dtype = g_strdup (single->text);
  item->dtype_size = dtype->size;
  return TRUE;
}

static gboolean
take_shape (Parser *parser, Spead2Item *item)
{
  const Spead2ItemField *field = spead2_item_text_find (&parser->text, "shape");
  guint i, n_variable = 0;

  if (field == NULL)
    return TRUE;
  parser->text.key = "shape";
  if (item->source != SPEAD2_SOURCE_PAYLOAD)
    return spead2_item_text_fail (
        &parser->text, field->offset, "only the payload has a shape");
  if (field->singles->len > SPEAD2_MAX_DIMENSIONS)
    return spead2_item_text_fail (&parser->text, field->offset,
        "there are more than %u dimensions", SPEAD2_MAX_DIMENSIONS);

  for (i = 0; i < field->singles->len; i++) {
    const Spead2ItemSingle *single =
        &g_array_index (field->singles, Spead2ItemSingle, i);
    guint64 size;

    if (g_str_equal (single->text, "-1")) {
      item->shape[i] = SPEAD2_VARIABLE_SIZE;
      if (++n_variable > 1)
        return spead2_item_text_fail (
            &parser->text, single->offset, "only one dimension may be -1");
      continue;
    }
    if (!number_of (parser, single, &size))
      return FALSE;
    if (size == 0 || size > spead2_flavour_max_value (parser->flavour))
      return spead2_item_text_fail (&parser->text, single->offset,
          "size %" G_GUINT64_FORMAT " is outside 1 to %" G_GUINT64_FORMAT
          ", the sizes of SPEAD-64-%u",
          size, spead2_flavour_max_value (parser->flavour), parser->flavour);
    item->shape[i] = size;
  }
  item->n_dimensions = field->singles->len;
  item->has_shape = TRUE;
  return TRUE;
}

/* How many bits the item's format or dtype says, or 0. */
static guint
bits_of (const Spead2Item *item)
{
  guint i, bits = item->dtype_size * 8;

  for (i = 0; i < item->n_formats; i++)
    bits += item->formats[i].bits;
  return bits;
}

/* What numbers the item has, if it is one. */
static void
set_number_type (
    Spead2Item *item, const Spead2Dtype *dtype, Spead2Flavour flavour)
{
  guint bits = bits_of (item);
  gboolean is_one = item->n_formats == 1;

  /* More than 64 are for payloads. */
  item->bits = bits ? MIN (bits, 64) : flavour;
  item->bytes = (item->bits + 7) / 8;
  item->little_endian = dtype->little_endian;
  item->is_signed =
      dtype->kind == 'i' || (is_one && item->formats[0].code == 'i');
  item->limit = is_one && item->formats[0].code == 'b'
      ? 1
      : G_MAXUINT64 >> (64 - item->bits) >> item->is_signed;
}

static gboolean
take_numbers (Parser *parser, Spead2Item *item, const Spead2ItemField *field)
{
  guint i, n = field->singles->len;

  if (n == 0)
    return spead2_item_text_fail (
        &parser->text, field->offset, "the array is empty");
  item->source = SPEAD2_SOURCE_NUMBERS;
  item->numbers = g_new (guint64, n);
  item->n_numbers = n;
  for (i = 0; i < n; i++)
    if (!item_number_of (parser, item,
            &g_array_index (field->singles, Spead2ItemSingle, i),
            &item->numbers[i]))
      return FALSE;
  return TRUE;
}

static gboolean
is_character (const Spead2Item *item)
{
  return item->n_formats == 1 && item->formats[0].code == 'c';
}

/* A text with this format is described as bytes. */
static gboolean
is_of_bytes (const Spead2Item *item)
{
  return item->n_formats == 1 && item->formats[0].code == 'u' &&
      item->formats[0].bits == 8;
}

static gboolean
take_value_text (
    Parser *parser, Spead2Item *item, const Spead2ItemSingle *single)
{
  if (*single->text == '\0')
    return spead2_item_text_fail (&parser->text, single->offset,
        "an empty text is nothing to a receiver");
  if (!spead2_item_has_text (item, single->text, strlen (single->text)))
    return spead2_item_text_fail (&parser->text, single->offset,
        "a text is of ASCII characters, since receivers cannot read others: "
        "with format=u8 they get its bytes");
  item->source = SPEAD2_SOURCE_TEXT;
  item->text = g_bytes_new (single->text, strlen (single->text));
  return TRUE;
}

static gboolean
take_word_value (
    Parser *parser, Spead2Item *item, const Spead2ItemSingle *single)
{
  static const struct {
    const gchar *word;
    Spead2ValueSource source;
  } words[] = {
      {"payload", SPEAD2_SOURCE_PAYLOAD},
      {"sample-index", SPEAD2_SOURCE_SAMPLE_INDEX},
      {"heap-index", SPEAD2_SOURCE_HEAP_INDEX},
      {"utc-ns", SPEAD2_SOURCE_UTC_NS},
      {"ptp-ns", SPEAD2_SOURCE_PTP_NS},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (words); i++) {
    if (g_str_equal (single->text, words[i].word)) {
      item->source = words[i].source;
      return TRUE;
    }
  }
  return spead2_item_text_fail (&parser->text, single->offset,
      "'%s' is no value: it is payload, sample-index, heap-index, utc-ns, "
      "ptp-ns, meta, a number, an array of numbers or a text in quotes",
      single->text);
}

/* What the field value or default says. */
static gboolean
take_value (Parser *parser, Spead2Item *item, const Spead2ItemField *field)
{
  const Spead2ItemSingle *single;
  guint64 number;
  gboolean negative;

  parser->text.key = field->key;
  if (field->is_array)
    return take_numbers (parser, item, field);
  single = &g_array_index (field->singles, Spead2ItemSingle, 0);
  if (single->quoted &&
      (is_character (item) ||
          !spead2_parse_number (single->text, &number, &negative)))
    return take_value_text (parser, item, single);
  if (single->quoted || g_ascii_isdigit (single->text[0]) ||
      strchr ("-+.", single->text[0]))
    return take_numbers (parser, item, field);
  return take_word_value (parser, item, single);
}

static gboolean
says_meta (const Spead2ItemField *field)
{
  const Spead2ItemSingle *single = field->is_array
      ? NULL
      : &g_array_index (field->singles, Spead2ItemSingle, 0);

  return single && !single->quoted && g_str_equal (single->text, "meta");
}

/* The fields that say where the value comes from. */
static gboolean
take_source (Parser *parser, Spead2Item *item)
{
  const Spead2ItemField *value = spead2_item_text_find (&parser->text, "value");
  const Spead2ItemField *other =
      spead2_item_text_find (&parser->text, "default");
  const Spead2ItemField *start = spead2_item_text_find (&parser->text, "start");
  const Spead2ItemField *step = spead2_item_text_find (&parser->text, "step");

  item->from_application = value && says_meta (value);
  if (other && !item->from_application) {
    parser->text.key = "default";
    return spead2_item_text_fail (
        &parser->text, other->offset, "only value=meta has a default");
  }
  if (start || step) {
    if ((value && !item->from_application) || other) {
      parser->text.key = start ? "start" : "step";
      return spead2_item_text_fail (&parser->text,
          (start ? start : step)->offset,
          "start and step stand instead of a value");
    }
    item->source = SPEAD2_SOURCE_STEPS;
    return take_number (parser, item, "start", &item->start) &&
        take_number (parser, item, "step", &item->step);
  }
  if (item->from_application && other == NULL) {
    /* heap-cnt: the sender's count; all others 0. */
    if (item->kind == SPEAD2_ITEM_VALUE && is_character (item)) {
      parser->text.key = "value";
      return spead2_item_text_fail (
          &parser->text, value->offset, "a text wants a default");
    }
    item->source = item->kind == SPEAD2_ITEM_VALUE ? SPEAD2_SOURCE_STEPS
                                                   : SPEAD2_SOURCE_NONE;
    return TRUE;
  }
  if (other && says_meta (other)) {
    parser->text.key = "default";
    return spead2_item_text_fail (
        &parser->text, other->offset, "meta is no default");
  }
  if (value == NULL)
    return item->kind != SPEAD2_ITEM_VALUE ||
        spead2_item_text_fail (&parser->text,
            spead2_item_text_offset_of (&parser->text, "value"),
            "it has no value");
  return take_value (parser, item, other ? other : value);
}

/* How many heaps have the same value, where they are counted. */
static gboolean
take_every (Parser *parser, Spead2Item *item)
{
  const Spead2ItemField *field = spead2_item_text_find (&parser->text, "every");

  item->every = 1;
  if (field == NULL)
    return TRUE;
  if (item->source != SPEAD2_SOURCE_NUMBERS &&
      item->source != SPEAD2_SOURCE_STEPS &&
      item->source != SPEAD2_SOURCE_HEAP_INDEX) {
    parser->text.key = "every";
    return spead2_item_text_fail (&parser->text, field->offset,
        "only numbers, start and step, and heap-index go on every so many "
        "heaps");
  }
  if (!take_number (parser, NULL, "every", &item->every))
    return FALSE;
  parser->text.key = "every";
  if (item->every == 0)
    return spead2_item_text_fail (&parser->text, field->offset,
        "it is 0: 1 goes on with every heap, 2 with every second one");
  parser->text.key = NULL;
  return TRUE;
}

static gboolean
take_mode (Parser *parser, Spead2Item *item)
{
  gboolean must = item->source == SPEAD2_SOURCE_PAYLOAD ||
      item->source == SPEAD2_SOURCE_TEXT;
  const Spead2ItemSingle *single;

  item->immediate = !must;
  if (!take_text (parser, "mode", &single))
    return FALSE;
  if (single == NULL)
    return TRUE;
  if (g_str_equal (single->text, "addressed"))
    item->immediate = FALSE;
  else if (!g_str_equal (single->text, "immediate"))
    return spead2_item_text_fail (&parser->text, single->offset,
        "'%s' is neither immediate nor addressed", single->text);
  else if (must)
    return spead2_item_text_fail (&parser->text, single->offset,
        "payload and texts are addressed: only a number can be immediate");
  return TRUE;
}

static gboolean
is_of_whole_numbers (const Spead2Item *item, const Spead2Dtype *dtype)
{
  guint i;

  for (i = 0; i < item->n_formats; i++)
    if (strchr ("fc", item->formats[i].code))
      return FALSE;
  return item->dtype == NULL || dtype->kind == 'i' || dtype->kind == 'u';
}

static gboolean
is_date (const Spead2Item *item)
{
  return item->source == SPEAD2_SOURCE_UTC_NS ||
      item->source == SPEAD2_SOURCE_PTP_NS;
}

/* What type a number may have. */
static gboolean
check_number_type (Parser *parser, Spead2Item *item, const Spead2Dtype *dtype)
{
  const gchar *key = item->dtype ? "dtype" : "format";
  gsize offset = spead2_item_text_offset_of (&parser->text, key);
  guint bits = bits_of (item);

  if (bits == 0) {
    bits = item->bits;
    item->formats[item->n_formats++] = (Spead2Format){'u', bits};
  }
  parser->text.key = key;
  if (!is_of_whole_numbers (item, dtype))
    return spead2_item_text_fail (&parser->text, offset,
        "values are whole numbers, of formats u, i and b or dtypes u and i; "
        "format=c8 is for a text in quotes");
  if (item->immediate && bits > parser->flavour)
    return spead2_item_text_fail (&parser->text, offset,
        "%u bits do not fit an immediate of SPEAD-64-%u: use mode=addressed",
        bits, parser->flavour);
  if (item->immediate && item->little_endian)
    return spead2_item_text_fail (
        &parser->text, offset, "an immediate is big endian: write > for <");
  if (is_date (item) && item->limit >> (DATE_BITS - 1) == 0)
    return spead2_item_text_fail (&parser->text, offset,
        "a date in ns has %u bits, which do not fit its type: use "
        "mode=addressed,format=u64",
        DATE_BITS);
  if (bits > 64)
    return spead2_item_text_fail (
        &parser->text, offset, "a number has up to 64 bits, not %u", bits);
  parser->text.key = NULL;
  return TRUE;
}

static gboolean
check_text_type (Parser *parser, Spead2Item *item)
{
  gboolean is_bytes = is_of_bytes (item);

  if (item->dtype ||
      (item->n_formats > 0 && !is_character (item) && !is_bytes)) {
    parser->text.key = item->dtype ? "dtype" : "format";
    return spead2_item_text_fail (&parser->text,
        spead2_item_text_offset_of (&parser->text, parser->text.key),
        "a text has format=c8, which need not be said, or format=u8 to be "
        "described as bytes");
  }
  item->formats[0] = (Spead2Format){is_bytes ? 'u' : 'c', 8};
  item->n_formats = 1;
  return TRUE;
}

static gboolean
is_decimal (const Spead2ItemField *field)
{
  const gchar *text = g_array_index (field->singles, Spead2ItemSingle, 0).text;

  return g_ascii_strncasecmp (text, "0x", 2) != 0;
}

static gboolean
take_id (Parser *parser, Spead2Item *item)
{
  guint64 limit = spead2_flavour_max_id (parser->flavour);

  if (spead2_item_text_find (&parser->text, "id") == NULL)
    return spead2_item_text_fail (&parser->text,
        spead2_item_text_offset_of (&parser->text, "id"), "it has no id");
  if (!take_number (parser, NULL, "id", &item->id))
    return FALSE;
  parser->text.key = "id";
  if (item->id < MIN_ID)
    return spead2_item_text_fail (&parser->text,
        spead2_item_text_offset_of (&parser->text, "id"),
        "id 0x%" G_GINT64_MODIFIER "x is the protocol's: those of items begin "
        "at 0x%x; null and the standard pointers go by their names",
        item->id, MIN_ID);
  if (item->id > limit)
    return spead2_item_text_fail (&parser->text,
        spead2_item_text_offset_of (&parser->text, "id"),
        "id 0x%" G_GINT64_MODIFIER "x does not fit SPEAD-64-%u, whose largest "
        "id is 0x%" G_GINT64_MODIFIER "x: choose fewer heap-address-bits",
        item->id, parser->flavour, limit);
  item->decimal_id = is_decimal (spead2_item_text_find (&parser->text, "id"));
  parser->text.key = NULL;
  return TRUE;
}

static gboolean
take_description (Parser *parser, Spead2Item *item)
{
  const Spead2ItemSingle *single;
  const gchar *c;

  if (!take_text (parser, "description", &single))
    return FALSE;
  /* Receivers read it as ASCII. */
  for (c = single ? single->text : ""; *c; c++)
    if (!g_ascii_isprint (*c))
      return spead2_item_text_fail (&parser->text, single->offset,
          "a description has printable ASCII characters only");
  item->description = g_strdup (single ? single->text : "");
  return TRUE;
}

static gboolean
make_ordinary (Parser *parser, Spead2Item *item)
{
  Spead2Dtype dtype = {0};

  if (!take_id (parser, item) || !take_description (parser, item) ||
      !take_formats (parser, item) || !take_dtype (parser, item, &dtype))
    return FALSE;
  parser->text.key = NULL;
  set_number_type (item, &dtype, parser->flavour);
  if (!take_source (parser, item) || !take_every (parser, item) ||
      !take_shape (parser, item) || !take_mode (parser, item))
    return FALSE;

  if (item->source == SPEAD2_SOURCE_PAYLOAD) {
    parser->text.key = "value";
    return !item->from_application ||
        spead2_item_text_fail (&parser->text,
            spead2_item_text_offset_of (&parser->text, "default"),
            "the payload comes from buffers, not from meta");
  }
  if (item->source == SPEAD2_SOURCE_TEXT)
    return check_text_type (parser, item);
  return check_number_type (parser, item, &dtype);
}

/* Pads and standard pointers. */
static gboolean
make_standard (Parser *parser, Spead2Item *item)
{
  static const Spead2Dtype none;
  guint i;

  set_number_type (item, &none, parser->flavour);
  item->every = 1;
  item->description = g_strdup ("");
  for (i = 0; i < parser->text.fields->len; i++) {
    const Spead2ItemField *field =
        &g_array_index (parser->text.fields, Spead2ItemField, i);

    if (item->kind != SPEAD2_ITEM_HEAP_CNT ||
        !(g_str_equal (field->key, "value") ||
            g_str_equal (field->key, "default") ||
            g_str_equal (field->key, "start") ||
            g_str_equal (field->key, "step"))) {
      parser->text.key = field->key;
      return spead2_item_text_fail (
          &parser->text, field->offset, "it has no such field");
    }
  }
  if (!take_source (parser, item))
    return FALSE;
  if (item->source == SPEAD2_SOURCE_PAYLOAD ||
      item->source == SPEAD2_SOURCE_TEXT)
    return spead2_item_text_fail (&parser->text,
        spead2_item_text_offset_of (&parser->text, parser->text.key),
        "a heap counter is a number");
  return TRUE;
}

static gboolean
is_double (const Spead2Item *a, const Spead2Item *b)
{
  return a->kind != SPEAD2_ITEM_NULL && a->kind == b->kind &&
      (a->kind != SPEAD2_ITEM_VALUE || a->id == b->id ||
          g_str_equal (a->name, b->name) ||
          (a->source == SPEAD2_SOURCE_PAYLOAD && b->source == a->source));
}

static gboolean
check_doubles (Parser *parser, const Spead2Item *item)
{
  guint i;

  for (i = 0; i < parser->items->len; i++) {
    const Spead2Item *other = &g_array_index (parser->items, Spead2Item, i);

    if (is_double (item, other))
      return spead2_item_text_fail (&parser->text, parser->text.offset,
          "name, id and value=payload must be unique, and item %u '%s' has "
          "one of them",
          i + 1, other->name);
  }
  return TRUE;
}

static gboolean
make_item (Parser *parser)
{
  Spead2Item item = {.name = g_strdup (parser->text.name)};
  gboolean good;
  guint i;

  for (i = SPEAD2_ITEM_NULL; i < G_N_ELEMENTS (standard_names); i++)
    if (g_str_equal (item.name, standard_names[i]))
      item.kind = i;
  good = item.kind == SPEAD2_ITEM_VALUE ? make_ordinary (parser, &item)
                                        : make_standard (parser, &item);
  parser->text.key = NULL;
  good = good && check_doubles (parser, &item);
  if (good)
    g_array_append_val (parser->items, item);
  else
    item_clear (&item);
  return good;
}

/* -- the list -------------------------------------------------------------------------- */

/* All four in front, when none is named. */
static void
add_standard (GArray *items)
{
  Spead2Item standard[4] = {0};
  guint i;

  for (i = 0; i < items->len; i++)
    if (g_array_index (items, Spead2Item, i).kind >= SPEAD2_ITEM_HEAP_CNT)
      return;

  for (i = 0; i < G_N_ELEMENTS (standard); i++) {
    standard[i].kind = SPEAD2_ITEM_HEAP_CNT + i;
    standard[i].name = g_strdup (standard_names[standard[i].kind]);
    standard[i].description = g_strdup ("");
  }
  g_array_prepend_vals (items, standard, G_N_ELEMENTS (standard));
}

static gboolean
has_payload (const GArray *items)
{
  guint i;

  for (i = 0; i < items->len; i++)
    if (g_array_index (items, Spead2Item, i).source == SPEAD2_SOURCE_PAYLOAD)
      return TRUE;
  return FALSE;
}

static gboolean
parse (Parser *parser)
{
  Spead2ItemText *text = &parser->text;
  const gchar *end;

  if (!g_utf8_validate (text->text, -1, &end))
    return spead2_item_text_fail (
        text, end - text->text, "the text is not UTF-8");
  while (!spead2_item_text_at_end (text))
    if (!spead2_item_text_next (text) || !make_item (parser))
      return FALSE;

  if (parser->text.number == 0) {
    g_set_error_literal (parser->text.error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "items is empty: it needs at least the payload, such as "
        "samples,id=0x3300,value=payload");
    return FALSE;
  }
  if (!has_payload (parser->items)) {
    g_set_error (parser->text.error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "None of the %u items has value=payload: the buffers would not be sent",
        parser->items->len);
    return FALSE;
  }
  return TRUE;
}

Spead2Items *
spead2_items_new (const gchar *text, Spead2Flavour flavour, GError **error)
{
  Parser parser = {.flavour = flavour,
      .items = g_array_new (FALSE, TRUE, sizeof (Spead2Item))};
  Spead2Items *items = NULL;

  spead2_item_text_init (&parser.text, text, error);
  g_array_set_clear_func (parser.items, item_clear);
  if (spead2_flavour_check (flavour, error) && parse (&parser)) {
    gsize n;

    add_standard (parser.items);
    items = g_atomic_rc_box_new0 (Spead2Items);
    items->flavour = flavour;
    items->items = g_array_steal (parser.items, &n);
    items->n_items = n;
  }
  spead2_item_text_clear (&parser.text);
  g_array_unref (parser.items);
  return items;
}

Spead2Items *
spead2_items_ref (Spead2Items *items)
{
  return g_atomic_rc_box_acquire (items);
}

static void
items_clear (gpointer data)
{
  Spead2Items *items = data;
  guint i;

  for (i = 0; i < items->n_items; i++)
    item_clear (&items->items[i]);
  g_free (items->items);
}

void
spead2_items_unref (Spead2Items *items)
{
  g_atomic_rc_box_release_full (items, items_clear);
}

const Spead2Item *
spead2_items_find (const Spead2Items *items, const gchar *name)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].from_application &&
        g_str_equal (items->items[i].name, name))
      return &items->items[i];
  return NULL;
}

const Spead2Item *
spead2_items_counter (const Spead2Items *items)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].kind == SPEAD2_ITEM_HEAP_CNT &&
        items->items[i].source != SPEAD2_SOURCE_NONE)
      return &items->items[i];
  return NULL;
}

guint64
spead2_items_first_cnt (const Spead2Items *items, guint64 start)
{
  const Spead2Item *counter = spead2_items_counter (items);
  guint64 half = G_GUINT64_CONSTANT (1) << (items->flavour - 1);

  if (counter == NULL)
    return start;
  start += half + (counter->n_numbers ? counter->numbers[0] : counter->start);
  return start & spead2_flavour_max_value (items->flavour);
}

const Spead2Item *
spead2_items_suspect_id (const Spead2Items *items)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].decimal_id && items->items[i].id >= MIN_SUSPECT_ID)
      return &items->items[i];
  return NULL;
}

gboolean
spead2_items_use (const Spead2Items *items, Spead2ValueSource source)
{
  guint i;

  for (i = 0; i < items->n_items; i++)
    if (items->items[i].source == source)
      return TRUE;
  return FALSE;
}

/* -- numbers and texts as receivers read them ------------------------------------------- */

gint64
spead2_item_smallest (const Spead2Item *item)
{
  return item->is_signed ? -(gint64) item->limit - 1 : 0;
}

gboolean
spead2_item_has_number (
    const Spead2Item *item, guint64 number, gboolean negative)
{
  return negative ? (gint64) number >= spead2_item_smallest (item)
                  : number <= item->limit;
}

guint64
spead2_item_encode (const Spead2Item *item, guint64 number)
{
  guint64 mask = item->is_signed ? 2 * item->limit + 1 : item->limit;

  return (number & mask) << (8 * item->bytes - item->bits);
}

gboolean
spead2_item_has_text (const Spead2Item *item, const gchar *bytes, gsize size)
{
  gsize i;

  if (!is_of_bytes (item))
    for (i = 0; i < size; i++)
      if (bytes[i] <= 0)
        return FALSE;
  return size > 0;
}
