/* What the fields of an item mean: see itemparser.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/itemparser.h"

#include <string.h>

#include "spead2/wire/dtype.h"

/* The least id that is free: below it are the ones of the protocol. */
#define MIN_ID 7

/* Bits of a date, ns since 1970: until 2043. */
#define DATE_BITS 61

typedef struct {
  Spead2ItemText *text;
  Spead2Flavour flavour;
} Parser;

/* -- fields -------------------------------------------------------------------- */

/* A number that is not negative. */
static gboolean
number_of (Parser *parser, const Spead2FieldValue *value, guint64 *number)
{
  gboolean negative;

  return spead2_item_text_number (parser->text, value, number, &negative) &&
      (!negative ||
          spead2_item_text_fail (
              parser->text, value->offset, "%s is negative", value->text));
}

/* A number of the item's type. */
static gboolean
item_number_of (Parser *parser, const Spead2Item *item,
    const Spead2FieldValue *value, guint64 *number)
{
  gboolean negative;

  if (!spead2_item_text_number (parser->text, value, number, &negative))
    return FALSE;
  if (spead2_item_has_number (item, *number, negative))
    return TRUE;

  if (negative && !item->is_signed)
    return spead2_item_text_fail (parser->text, value->offset,
        "%s is negative, and the item's type is not signed: give it one that "
        "is, such as format=i16",
        value->text);
  if (negative)
    return spead2_item_text_fail (parser->text, value->offset,
        "%s is less than %" G_GINT64_FORMAT ", the smallest number of its type",
        value->text, spead2_item_smallest (item));
  return spead2_item_text_fail (parser->text, value->offset,
      "%s is more than %" G_GUINT64_FORMAT ", the largest number of %s",
      value->text, item->limit,
      item->limit == spead2_flavour_max_value (parser->flavour)
          ? "the flavour: choose more heap-address-bits"
          : "its type");
}

static const Spead2FieldValue *
only_value (Parser *parser, const Spead2ItemField *field)
{
  if (field->is_array) {
    spead2_item_text_fail (
        parser->text, field->offset, "it takes one value, no array");
    return NULL;
  }
  return &g_array_index (field->values, Spead2FieldValue, 0);
}

/* The field's number, if the field is there: of the item's type, or, without an
 * item, not negative. */
static gboolean
parse_number (
    Parser *parser, const Spead2Item *item, const gchar *key, guint64 *number)
{
  const Spead2ItemField *field = spead2_item_text_find (parser->text, key);
  const Spead2FieldValue *value;
  gboolean good;

  if (field == NULL)
    return TRUE;
  parser->text->key = key;
  value = only_value (parser, field);
  good = value &&
      (item ? item_number_of (parser, item, value, number)
            : number_of (parser, value, number));
  if (good)
    parser->text->key = NULL;
  return good;
}

/* The field's text, or NULL when the field is not there. */
static gboolean
find_text (Parser *parser, const gchar *key, const Spead2FieldValue **value)
{
  const Spead2ItemField *field = spead2_item_text_find (parser->text, key);

  *value = NULL;
  if (field == NULL)
    return TRUE;
  parser->text->key = key;
  *value = only_value (parser, field);
  return *value != NULL;
}

static gboolean
parse_formats (Parser *parser, Spead2Item *item)
{
  const Spead2FieldValue *value;
  GError *why = NULL;

  if (!find_text (parser, "format", &value))
    return FALSE;
  if (value == NULL)
    return TRUE;
  item->n_formats = spead2_formats_parse (value->text, item->formats, &why);
  if (item->n_formats == 0) {
    spead2_item_text_fail (parser->text, value->offset, "%s", why->message);
    g_error_free (why);
  }
  return item->n_formats > 0;
}

static gboolean
parse_dtype (Parser *parser, Spead2Item *item, Spead2Dtype *dtype)
{
  const Spead2FieldValue *value;
  GError *why = NULL;

  if (!find_text (parser, "dtype", &value))
    return FALSE;
  if (value == NULL)
    return TRUE;
  if (item->n_formats > 0)
    return spead2_item_text_fail (parser->text, value->offset,
        "an item has a format or a dtype, not both");
  if (!spead2_dtype_parse (value->text, dtype, &why)) {
    spead2_item_text_fail (parser->text, value->offset, "%s", why->message);
    g_error_free (why);
    return FALSE;
  }
  item->dtype = g_strdup (value->text);
  item->dtype_size = dtype->size;
  return TRUE;
}

static gboolean
parse_shape (Parser *parser, Spead2Item *item)
{
  const Spead2ItemField *field = spead2_item_text_find (parser->text, "shape");
  guint i, n_variable = 0;

  if (field == NULL)
    return TRUE;
  parser->text->key = "shape";
  if (item->source != SPEAD2_SOURCE_PAYLOAD)
    return spead2_item_text_fail (
        parser->text, field->offset, "only the payload has a shape");
  if (field->values->len > SPEAD2_MAX_DIMENSIONS)
    return spead2_item_text_fail (parser->text, field->offset,
        "there are more than %u dimensions", SPEAD2_MAX_DIMENSIONS);

  for (i = 0; i < field->values->len; i++) {
    const Spead2FieldValue *value =
        &g_array_index (field->values, Spead2FieldValue, i);
    guint64 size;

    if (g_str_equal (value->text, "-1")) {
      item->shape[i] = SPEAD2_VARIABLE_SIZE;
      if (++n_variable > 1)
        return spead2_item_text_fail (
            parser->text, value->offset, "only one dimension may be -1");
      continue;
    }
    if (!number_of (parser, value, &size))
      return FALSE;
    if (size == 0 || size > spead2_flavour_max_value (parser->flavour))
      return spead2_item_text_fail (parser->text, value->offset,
          "size %" G_GUINT64_FORMAT " is outside 1 to %" G_GUINT64_FORMAT
          ", the sizes of SPEAD-64-%u",
          size, spead2_flavour_max_value (parser->flavour), parser->flavour);
    item->shape[i] = size;
  }
  item->n_dimensions = field->values->len;
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
parse_numbers (Parser *parser, Spead2Item *item, const Spead2ItemField *field)
{
  guint i, n = field->values->len;

  if (n == 0)
    return spead2_item_text_fail (
        parser->text, field->offset, "the array is empty");
  item->source = SPEAD2_SOURCE_NUMBERS;
  item->numbers = g_new (guint64, n);
  item->n_numbers = n;
  for (i = 0; i < n; i++)
    if (!item_number_of (parser, item,
            &g_array_index (field->values, Spead2FieldValue, i),
            &item->numbers[i]))
      return FALSE;
  return TRUE;
}

static gboolean
parse_quoted (Parser *parser, Spead2Item *item, const Spead2FieldValue *value)
{
  if (*value->text == '\0')
    return spead2_item_text_fail (parser->text, value->offset,
        "an empty text: receivers do not take it for a value");
  if (!spead2_item_has_text (item, value->text, strlen (value->text)))
    return spead2_item_text_fail (parser->text, value->offset,
        "a text is of ASCII characters, since receivers cannot read others: "
        "with format=u8 they get its bytes");
  item->source = SPEAD2_SOURCE_TEXT;
  item->text = g_bytes_new (value->text, strlen (value->text));
  return TRUE;
}

static gboolean
parse_word (Parser *parser, Spead2Item *item, const Spead2FieldValue *value)
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
    if (g_str_equal (value->text, words[i].word)) {
      item->source = words[i].source;
      return TRUE;
    }
  }
  return spead2_item_text_fail (parser->text, value->offset,
      "'%s' is no value: it is payload, sample-index, heap-index, utc-ns, "
      "ptp-ns, meta, a number, an array of numbers or a text in quotes",
      value->text);
}

/* What the field value or default says. */
static gboolean
parse_value (Parser *parser, Spead2Item *item, const Spead2ItemField *field)
{
  const Spead2FieldValue *value;
  guint64 number;
  gboolean negative;

  parser->text->key = field->key;
  if (field->is_array)
    return parse_numbers (parser, item, field);
  value = &g_array_index (field->values, Spead2FieldValue, 0);
  if (value->quoted &&
      (spead2_item_is_characters (item) ||
          !spead2_parse_number (value->text, &number, &negative)))
    return parse_quoted (parser, item, value);
  if (value->quoted || g_ascii_isdigit (value->text[0]) ||
      strchr ("-+.", value->text[0]))
    return parse_numbers (parser, item, field);
  return parse_word (parser, item, value);
}

static gboolean
says_meta (const Spead2ItemField *field)
{
  const Spead2FieldValue *value = field->is_array
      ? NULL
      : &g_array_index (field->values, Spead2FieldValue, 0);

  return value && !value->quoted && g_str_equal (value->text, "meta");
}

/* The fields that say where the value comes from. */
static gboolean
parse_source (Parser *parser, Spead2Item *item)
{
  const Spead2ItemField *value = spead2_item_text_find (parser->text, "value");
  const Spead2ItemField *other =
      spead2_item_text_find (parser->text, "default");
  const Spead2ItemField *start = spead2_item_text_find (parser->text, "start");
  const Spead2ItemField *step = spead2_item_text_find (parser->text, "step");

  item->from_application = value && says_meta (value);
  if (other && !item->from_application) {
    parser->text->key = "default";
    return spead2_item_text_fail (
        parser->text, other->offset, "only value=meta has a default");
  }
  if (start || step) {
    if ((value && !item->from_application) || other) {
      parser->text->key = start ? "start" : "step";
      return spead2_item_text_fail (parser->text,
          (start ? start : step)->offset, "start and step exclude a value");
    }
    item->source = SPEAD2_SOURCE_STEPS;
    return parse_number (parser, item, "start", &item->start) &&
        parse_number (parser, item, "step", &item->step);
  }
  if (item->from_application && other == NULL) {
    /* heap-cnt: the sender's count; all others 0. */
    if (item->kind == SPEAD2_ITEM_VALUE && spead2_item_is_characters (item)) {
      parser->text->key = "value";
      return spead2_item_text_fail (
          parser->text, value->offset, "a text needs a default");
    }
    item->source = item->kind == SPEAD2_ITEM_VALUE ? SPEAD2_SOURCE_STEPS
                                                   : SPEAD2_SOURCE_NONE;
    return TRUE;
  }
  if (other && says_meta (other)) {
    parser->text->key = "default";
    return spead2_item_text_fail (
        parser->text, other->offset, "meta is no default");
  }
  if (value == NULL)
    return item->kind != SPEAD2_ITEM_VALUE ||
        spead2_item_text_fail (parser->text,
            spead2_item_text_offset_of (parser->text, "value"),
            "it has no value");
  return parse_value (parser, item, other ? other : value);
}

/* How many heaps have the same value, where they are counted. */
static gboolean
parse_every (Parser *parser, Spead2Item *item)
{
  const Spead2ItemField *field = spead2_item_text_find (parser->text, "every");

  item->every = 1;
  if (field == NULL)
    return TRUE;
  if (item->source != SPEAD2_SOURCE_NUMBERS &&
      item->source != SPEAD2_SOURCE_STEPS &&
      item->source != SPEAD2_SOURCE_HEAP_INDEX) {
    parser->text->key = "every";
    return spead2_item_text_fail (parser->text, field->offset,
        "only numbers, start and step, and heap-index go on every so many "
        "heaps");
  }
  if (!parse_number (parser, NULL, "every", &item->every))
    return FALSE;
  parser->text->key = "every";
  if (item->every == 0)
    return spead2_item_text_fail (parser->text, field->offset,
        "it is 0: 1 goes on with every heap, 2 with every second one");
  parser->text->key = NULL;
  return TRUE;
}

static gboolean
parse_mode (Parser *parser, Spead2Item *item)
{
  gboolean must = item->source == SPEAD2_SOURCE_PAYLOAD ||
      item->source == SPEAD2_SOURCE_TEXT;
  const Spead2FieldValue *value;

  item->immediate = !must;
  if (!find_text (parser, "mode", &value))
    return FALSE;
  if (value == NULL)
    return TRUE;
  if (g_str_equal (value->text, "addressed"))
    item->immediate = FALSE;
  else if (!g_str_equal (value->text, "immediate"))
    return spead2_item_text_fail (parser->text, value->offset,
        "'%s' is neither immediate nor addressed", value->text);
  else if (must)
    return spead2_item_text_fail (parser->text, value->offset,
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
  gsize offset = spead2_item_text_offset_of (parser->text, key);
  guint bits = bits_of (item);

  if (bits == 0) {
    bits = item->bits;
    item->formats[item->n_formats++] = (Spead2Format){'u', bits};
  }
  parser->text->key = key;
  if (!is_of_whole_numbers (item, dtype))
    return spead2_item_text_fail (parser->text, offset,
        "values are whole numbers, of formats u, i and b or dtypes u and i; "
        "format=c8 is for a text in quotes");
  if (item->immediate && bits > parser->flavour)
    return spead2_item_text_fail (parser->text, offset,
        "%u bits do not fit an immediate of SPEAD-64-%u: use mode=addressed",
        bits, parser->flavour);
  if (item->immediate && item->little_endian)
    return spead2_item_text_fail (
        parser->text, offset, "an immediate is big endian: write > for <");
  if (is_date (item) && item->limit >> (DATE_BITS - 1) == 0)
    return spead2_item_text_fail (parser->text, offset,
        "a date in ns has %u bits, which do not fit its type: use "
        "mode=addressed,format=u64",
        DATE_BITS);
  if (bits > 64)
    return spead2_item_text_fail (
        parser->text, offset, "a number has up to 64 bits, not %u", bits);
  parser->text->key = NULL;
  return TRUE;
}

static gboolean
check_text_type (Parser *parser, Spead2Item *item)
{
  gboolean is_bytes = spead2_item_is_bytes (item);

  if (item->dtype ||
      (item->n_formats > 0 && !spead2_item_is_characters (item) && !is_bytes)) {
    parser->text->key = item->dtype ? "dtype" : "format";
    return spead2_item_text_fail (parser->text,
        spead2_item_text_offset_of (parser->text, parser->text->key),
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
  const gchar *text = g_array_index (field->values, Spead2FieldValue, 0).text;

  return g_ascii_strncasecmp (text, "0x", 2) != 0;
}

static gboolean
parse_id (Parser *parser, Spead2Item *item)
{
  guint64 limit = spead2_flavour_max_id (parser->flavour);

  if (spead2_item_text_find (parser->text, "id") == NULL)
    return spead2_item_text_fail (parser->text,
        spead2_item_text_offset_of (parser->text, "id"), "it has no id");
  if (!parse_number (parser, NULL, "id", &item->id))
    return FALSE;
  parser->text->key = "id";
  if (item->id < MIN_ID)
    return spead2_item_text_fail (parser->text,
        spead2_item_text_offset_of (parser->text, "id"),
        "id 0x%" G_GINT64_MODIFIER "x is the protocol's: those of items begin "
        "at 0x%x; null and the standard pointers go by their names",
        item->id, MIN_ID);
  if (item->id > limit)
    return spead2_item_text_fail (parser->text,
        spead2_item_text_offset_of (parser->text, "id"),
        "id 0x%" G_GINT64_MODIFIER "x does not fit SPEAD-64-%u, whose largest "
        "id is 0x%" G_GINT64_MODIFIER "x: choose fewer heap-address-bits",
        item->id, parser->flavour, limit);
  item->decimal_id = is_decimal (spead2_item_text_find (parser->text, "id"));
  parser->text->key = NULL;
  return TRUE;
}

static gboolean
parse_description (Parser *parser, Spead2Item *item)
{
  const Spead2FieldValue *value;
  const gchar *c;

  if (!find_text (parser, "description", &value))
    return FALSE;
  /* Receivers read it as ASCII. */
  for (c = value ? value->text : ""; *c; c++)
    if (!g_ascii_isprint (*c))
      return spead2_item_text_fail (parser->text, value->offset,
          "a description has printable ASCII characters only");
  item->description = g_strdup (value ? value->text : "");
  return TRUE;
}

static gboolean
parse_ordinary (Parser *parser, Spead2Item *item)
{
  Spead2Dtype dtype = {0};

  if (!parse_id (parser, item) || !parse_description (parser, item) ||
      !parse_formats (parser, item) || !parse_dtype (parser, item, &dtype))
    return FALSE;
  parser->text->key = NULL;
  set_number_type (item, &dtype, parser->flavour);
  if (!parse_source (parser, item) || !parse_every (parser, item) ||
      !parse_shape (parser, item) || !parse_mode (parser, item))
    return FALSE;

  if (item->source == SPEAD2_SOURCE_PAYLOAD) {
    parser->text->key = "value";
    return !item->from_application ||
        spead2_item_text_fail (parser->text,
            spead2_item_text_offset_of (parser->text, "default"),
            "the payload comes from buffers, not from meta");
  }
  if (item->source == SPEAD2_SOURCE_TEXT)
    return check_text_type (parser, item);
  return check_number_type (parser, item, &dtype);
}

/* Pads and standard pointers. */
static gboolean
parse_standard (Parser *parser, Spead2Item *item)
{
  static const Spead2Dtype none;
  guint i;

  set_number_type (item, &none, parser->flavour);
  item->description = g_strdup ("");
  for (i = 0; i < parser->text->fields->len; i++) {
    const Spead2ItemField *field =
        &g_array_index (parser->text->fields, Spead2ItemField, i);

    if (item->kind != SPEAD2_ITEM_HEAP_CNT ||
        !(g_str_equal (field->key, "value") ||
            g_str_equal (field->key, "default") ||
            g_str_equal (field->key, "start") ||
            g_str_equal (field->key, "step") ||
            g_str_equal (field->key, "every"))) {
      parser->text->key = field->key;
      return spead2_item_text_fail (
          parser->text, field->offset, "it has no such field");
    }
  }
  if (!parse_source (parser, item) || !parse_every (parser, item))
    return FALSE;
  if (item->source == SPEAD2_SOURCE_PAYLOAD ||
      item->source == SPEAD2_SOURCE_TEXT)
    return spead2_item_text_fail (parser->text,
        spead2_item_text_offset_of (parser->text, parser->text->key),
        "a heap counter is a number");
  return TRUE;
}

gboolean
spead2_item_parse (
    Spead2ItemText *text, Spead2Flavour flavour, Spead2Item *item)
{
  Parser parser = {.text = text, .flavour = flavour};
  gboolean good;
  guint kind;

  *item = (Spead2Item){.name = g_strdup (text->name)};
  for (kind = SPEAD2_ITEM_NULL; kind < SPEAD2_N_ITEM_KINDS; kind++)
    if (g_str_equal (item->name, spead2_item_kind_name (kind)))
      item->kind = kind;
  good = item->kind == SPEAD2_ITEM_VALUE ? parse_ordinary (&parser, item)
                                         : parse_standard (&parser, item);
  text->key = NULL;
  return good;
}
