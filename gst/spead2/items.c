/* The text that says what every heap carries: see items.h.
 *
 * A text is scanned item by item into fields, which know where they stand; then
 * an item is made of its fields. GStreamer's own parser is not used: it neither
 * says where a mistake is, nor minds a field that stands there twice, and 1.22
 * takes "0xffffffff" for -1.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "items.h"

#include "dtype.h"
#include "error.h"

/* The least id that is free: below it are the ones of the protocol. */
#define MIN_ID 7

/* The least id that is more often written in hexadecimal. */
#define MIN_SUSPECT_ID 1000

#define ARRAY_HINT "an array stands in < and >, without quotes: <256,2>"

/* What stands behind = or between < and >. */
typedef struct {
  gchar *text; /* without quotes */
  gboolean quoted;
  const gchar *type; /* static, or NULL */
  gsize offset;
} Single;

typedef struct {
  const gchar *key; /* one of the known ones */
  gsize offset;
  gboolean is_array;
  GArray *singles;
} Field;

typedef struct {
  const gchar *text;
  const gchar *at; /* scanned up to here */
  Spead2Flavour flavour;
  guint number;     /* of the item, from 1 */
  gchar *name;      /* of the item, or NULL */
  const gchar *key; /* of the field, or NULL */
  GArray *fields;
  GArray *items;
  GError **error;
} Parser;

static const gchar *const keys[] = {"id", "value", "default", "start", "step",
    "every", "mode", "format", "dtype", "shape", "description"};

static const gchar *const standard_names[] = {
    [SPEAD2_ITEM_NULL] = "null",
    [SPEAD2_ITEM_HEAP_CNT] = "heap-cnt",
    [SPEAD2_ITEM_HEAP_LENGTH] = "heap-length",
    [SPEAD2_ITEM_PAYLOAD_OFFSET] = "payload-offset",
    [SPEAD2_ITEM_PAYLOAD_LENGTH] = "payload-length",
};

static void
single_clear (gpointer data)
{
  g_free (((Single *) data)->text);
}

static void
field_clear (gpointer data)
{
  g_array_unref (((Field *) data)->singles);
}

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

/* Says what is wrong there, and returns FALSE. */
static gboolean G_GNUC_PRINTF (3, 4)
    fail (Parser *parser, gsize offset, const gchar *format, ...)
{
  gchar *what, *where;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  if (parser->name && parser->key)
    where = g_strdup_printf (
        "Item %u '%s', field '%s'", parser->number, parser->name, parser->key);
  else if (parser->name)
    where = g_strdup_printf ("Item %u '%s'", parser->number, parser->name);
  else
    where = g_strdup_printf ("Item %u", parser->number);

  g_set_error (parser->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "%s (offset %" G_GSIZE_FORMAT " of items): %s", where, offset, what);
  g_free (where);
  g_free (what);
  return FALSE;
}

/* -- from text to fields ------------------------------------------------------- */

static gsize
offset_of (const Parser *parser)
{
  return parser->at - parser->text;
}

static void
skip_blanks (Parser *parser)
{
  while (g_ascii_isspace (*parser->at))
    parser->at++;
}

static gboolean
take (Parser *parser, gchar c)
{
  skip_blanks (parser);
  if (*parser->at != c)
    return FALSE;
  parser->at++;
  return TRUE;
}

static gboolean
is_word (gchar c)
{
  return c != '\0' && (g_ascii_isalnum (c) || strchr ("_-+/:.", c) != NULL);
}

/* The word that is next, perhaps an empty one; the caller frees it. */
static gchar *
take_word (Parser *parser)
{
  const gchar *begin;

  skip_blanks (parser);
  begin = parser->at;
  while (is_word (*parser->at))
    parser->at++;
  return g_strndup (begin, parser->at - begin);
}

/* The string behind its first quote, or NULL with an error. */
static gchar *
take_string (Parser *parser)
{
  GString *string = g_string_new (NULL);
  gsize offset = offset_of (parser) - 1;

  for (; *parser->at != '\0'; parser->at++) {
    if (*parser->at == '"') {
      parser->at++;
      return g_string_free (string, FALSE);
    }
    if (*parser->at == '\\') {
      parser->at++;
      if (*parser->at == '\0')
        break;
      if (g_ascii_isdigit (*parser->at)) {
        fail (parser, offset_of (parser),
            "a backslash stands only before \" "
            "and \\ here, not before digits");
        g_string_free (string, TRUE);
        return NULL;
      }
    }
    g_string_append_c (string, *parser->at);
  }
  fail (parser, offset, "the string that begins here has no end");
  g_string_free (string, TRUE);
  return NULL;
}

static gboolean
take_type (Parser *parser, const gchar **type)
{
  static const gchar *const types[] = {
      "int", "uint", "gint64", "guint64", "string"};
  gchar *word;
  guint i;

  *type = NULL;
  if (!take (parser, '('))
    return TRUE;
  word = take_word (parser);
  for (i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (word, types[i]))
      *type = types[i];
  if (*type == NULL && (g_ascii_isdigit (*word) || *word == '-'))
    fail (parser, offset_of (parser), ARRAY_HINT);
  else if (*type == NULL)
    fail (parser, offset_of (parser),
        "type '%s' is none of int, uint, gint64, "
        "guint64, string",
        word);
  g_free (word);
  if (*type && !take (parser, ')'))
    return fail (parser, offset_of (parser), "the type's ) is missing");
  return *type != NULL;
}

static gboolean
take_single (Parser *parser, Field *field)
{
  Single single = {0};

  skip_blanks (parser);
  single.offset = offset_of (parser);
  if (!take_type (parser, &single.type))
    return FALSE;
  if (take (parser, '"')) {
    single.quoted = TRUE;
    single.text = take_string (parser);
    if (single.text == NULL)
      return FALSE;
    /* GStreamer would read some of these as numbers, and some not. */
    if (single.type && !g_str_equal (single.type, "string")) {
      g_free (single.text);
      return fail (
          parser, single.offset, "a string in quotes is no %s", single.type);
    }
  } else {
    single.text = take_word (parser);
    if (*single.text == '\0') {
      g_free (single.text);
      if (*parser->at == '[' || *parser->at == '{')
        return fail (parser, offset_of (parser), ARRAY_HINT);
      return fail (parser, offset_of (parser),
          "there is no value; what has other characters than letters, digits "
          "and _-+/:. stands in double quotes");
    }
    single.quoted = single.type && g_str_equal (single.type, "string");
  }
  g_array_append_val (field->singles, single);
  return TRUE;
}

static gboolean
take_array (Parser *parser, Field *field)
{
  field->is_array = TRUE;
  if (take (parser, '>'))
    return TRUE;
  do {
    if (!take_single (parser, field))
      return FALSE;
  } while (take (parser, ','));
  return take (parser, '>') ||
      fail (parser, offset_of (parser), "the array's > is missing");
}

static const gchar *
known_key (const gchar *word)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i], word))
      return keys[i];
  return NULL;
}

static const Field *
find_field (const Parser *parser, const gchar *key)
{
  guint i;

  for (i = 0; i < parser->fields->len; i++) {
    const Field *field = &g_array_index (parser->fields, Field, i);

    if (g_str_equal (field->key, key))
      return field;
  }
  return NULL;
}

static gboolean
take_key (Parser *parser, Field *field)
{
  gchar *word;
  gboolean good = FALSE;

  skip_blanks (parser);
  field->offset = offset_of (parser);
  word = take_word (parser);
  field->key = known_key (word);
  if (*word == '\0')
    fail (parser, field->offset, "the name of a field is missing");
  else if (g_ascii_isdigit (*word))
    fail (parser, field->offset, ARRAY_HINT);
  else if (field->key == NULL)
    fail (parser, field->offset,
        "there is no field '%s', only id, value, default, start, step, every, "
        "mode, format, dtype, shape and description",
        word);
  else if (find_field (parser, field->key))
    fail (parser, field->offset, "field '%s' stands there twice", word);
  else
    good = TRUE;
  g_free (word);
  parser->key = field->key;
  if (good && !take (parser, '='))
    good = fail (parser, offset_of (parser), "= is missing");
  return good;
}

static gboolean
take_field (Parser *parser)
{
  Field field = {.singles = g_array_new (FALSE, TRUE, sizeof (Single))};
  gboolean good;

  g_array_set_clear_func (field.singles, single_clear);
  good = take_key (parser, &field) &&
      (take (parser, '<') ? take_array (parser, &field)
                          : take_single (parser, &field));
  if (good)
    g_array_append_val (parser->fields, field);
  else
    field_clear (&field);
  if (good)
    parser->key = NULL;
  return good;
}

/* Takes an item's name and fields, and the ; behind them. */
static gboolean
take_item (Parser *parser)
{
  skip_blanks (parser);
  if (!g_ascii_isalpha (*parser->at))
    return fail (parser, offset_of (parser),
        "an item begins with its name, and that with a letter");
  parser->name = take_word (parser);
  while (take (parser, ','))
    if (!take_field (parser))
      return FALSE;
  if (take (parser, ';') || *parser->at == '\0')
    return TRUE;
  return fail (parser, offset_of (parser),
      "a comma is missing here, or a semicolon before the next item");
}

/* -- from fields to items ---------------------------------------------------------- */

gboolean
spead2_parse_number (const gchar *text, guint64 *number, gboolean *negative)
{
  gboolean minus = *text == '-';
  const gchar *digits = text + minus;
  gboolean hexadecimal = g_ascii_strncasecmp (digits, "0x", 2) == 0;

  digits += hexadecimal ? 2 : 0;
  /* Neither blanks nor more signs. */
  if (!g_ascii_isxdigit (*digits) ||
      !g_ascii_string_to_unsigned (digits, hexadecimal ? 16 : 10, 0,
          minus ? G_GUINT64_CONSTANT (1) << 63 : G_MAXUINT64, number, NULL))
    return FALSE;
  *negative = minus && *number > 0;
  if (minus)
    *number = -*number;
  return TRUE;
}

/* Whether only 0x is missing. 1e9 is no such number. */
static gboolean
is_hexadecimal (const gchar *text)
{
  return text[strspn (text, "0123456789abcdefABCDEF")] == '\0' &&
      strpbrk (text, "abcdfABCDF") != NULL;
}

/* Why a word that begins like a number is none, or NULL. */
static const gchar *
why_no_number (const Single *single, guint64 *number, gboolean *negative)
{
  const gchar *digits = single->text + (single->text[0] == '-');

  if (!spead2_parse_number (single->text, number, negative))
    return is_hexadecimal (digits)
        ? "a hexadecimal number has 0x in front"
        : "it is no whole number up to 2^64 - 1, decimal or with 0x in front";
  /* 010 is 8 to GStreamer. */
  if (digits[0] == '0' && g_ascii_isdigit (digits[1]))
    return "it begins with 0, which does not say whether it is octal";
  return NULL;
}

/* Whether GStreamer would read it the same: a number without a type is an int,
 * and one in quotes is a text to it. */
static gboolean
check_type (
    Parser *parser, const Single *single, guint64 number, gboolean negative)
{
  const gchar *type = single->type ? single->type : "int";
  guint64 limit = G_MAXUINT64;

  if (g_str_equal (type, "int") && !single->quoted)
    limit = G_MAXINT;
  else if (g_str_equal (type, "uint"))
    limit = G_MAXUINT;
  else if (g_str_equal (type, "gint64"))
    limit = G_MAXINT64;

  if (negative && (g_str_equal (type, "uint") || g_str_equal (type, "guint64")))
    return fail (parser, single->offset, "'%s' is no %s", single->text, type);
  /* ~(-n) = n - 1: they reach one further below 0. */
  return (negative ? ~number : number) <= limit ||
      fail (parser, single->offset,
          "'%s' is outside GStreamer's integers, which end at "
          "%" G_GUINT64_FORMAT ": write (%s)%s, or put it in double quotes",
          single->text, limit, negative ? "gint64" : "guint64", single->text);
}

static gboolean
parse_number (
    Parser *parser, const Single *single, guint64 *number, gboolean *negative)
{
  const gchar *why = why_no_number (single, number, negative);

  if (why && strchr ("<([{", single->text[0]))
    why = ARRAY_HINT;
  if (why)
    return fail (
        parser, single->offset, "'%s' is no number: %s", single->text, why);
  return check_type (parser, single, *number, *negative);
}

/* A number that is not negative. */
static gboolean
number_of (Parser *parser, const Single *single, guint64 *number)
{
  gboolean negative;

  return parse_number (parser, single, number, &negative) &&
      (!negative ||
          fail (parser, single->offset, "%s is negative", single->text));
}

/* A number of the item's type. */
static gboolean
item_number_of (Parser *parser, const Spead2Item *item, const Single *single,
    guint64 *number)
{
  gboolean negative;

  if (!parse_number (parser, single, number, &negative))
    return FALSE;
  if (spead2_item_has_number (item, *number, negative))
    return TRUE;

  if (negative && !item->is_signed)
    return fail (parser, single->offset,
        "%s is negative, and the item's type is not signed: give it one that "
        "is, such as format=i16",
        single->text);
  if (negative)
    return fail (parser, single->offset,
        "%s is less than %" G_GINT64_FORMAT ", the smallest number of its type",
        single->text, spead2_item_smallest (item));
  return fail (parser, single->offset,
      "%s is more than %" G_GUINT64_FORMAT ", the largest number of %s",
      single->text, item->limit,
      item->limit == spead2_flavour_max_value (parser->flavour)
          ? "the flavour: choose more heap-address-bits"
          : "its type");
}

static const Single *
only_single (Parser *parser, const Field *field)
{
  if (field->is_array) {
    fail (parser, field->offset, "it takes one value, no array");
    return NULL;
  }
  return &g_array_index (field->singles, Single, 0);
}

/* The field's number, if the field is there: of the item's type, or, without an
 * item, not negative. */
static gboolean
take_number (
    Parser *parser, const Spead2Item *item, const gchar *key, guint64 *number)
{
  const Field *field = find_field (parser, key);
  const Single *single;
  gboolean good;

  if (field == NULL)
    return TRUE;
  parser->key = key;
  single = only_single (parser, field);
  good = single &&
      (item ? item_number_of (parser, item, single, number)
            : number_of (parser, single, number));
  if (good)
    parser->key = NULL;
  return good;
}

/* The field's text, or NULL when the field is not there. */
static gboolean
take_text (Parser *parser, const gchar *key, const Single **single)
{
  const Field *field = find_field (parser, key);

  *single = NULL;
  if (field == NULL)
    return TRUE;
  parser->key = key;
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
check_widths (Parser *parser, const Spead2Item *item, const Single *single)
{
  guint i;

  for (i = 0; i < item->n_formats; i++) {
    const gchar *why = why_no_width (&item->formats[i]);

    if (why)
      return fail (parser, single->offset, "no receiver reads %c%u: %s",
          item->formats[i].code, item->formats[i].bits, why);
  }
  return TRUE;
}

static gboolean
take_formats (Parser *parser, Spead2Item *item)
{
  const Single *single;
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
    fail (parser, single->offset,
        "'%s' is no format: it is one of u, i, f, c, b and a number of bits, "
        "as u40, or up to %u of them with commas between, in quotes",
        single->text, SPEAD2_MAX_FORMATS);
  g_strfreev (parts);
  return good && check_widths (parser, item, single);
}

static gboolean
take_dtype (Parser *parser, Spead2Item *item, Spead2Dtype *dtype)
{
  const Single *single;
  GError *why = NULL;

  if (!take_text (parser, "dtype", &single))
    return FALSE;
  if (single == NULL)
    return TRUE;
  if (item->n_formats > 0)
    return fail (
        parser, single->offset, "an item has a format or a dtype, not both");
  if (!spead2_dtype_parse (single->text, dtype, &why)) {
    fail (parser, single->offset, "%s", why->message);
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
  const Field *field = find_field (parser, "shape");
  guint i, n_variable = 0;

  if (field == NULL)
    return TRUE;
  parser->key = "shape";
  if (item->source != SPEAD2_SOURCE_PAYLOAD)
    return fail (parser, field->offset, "only the payload has a shape");
  if (field->singles->len > SPEAD2_MAX_DIMENSIONS)
    return fail (parser, field->offset, "there are more than %u dimensions",
        SPEAD2_MAX_DIMENSIONS);

  for (i = 0; i < field->singles->len; i++) {
    const Single *single = &g_array_index (field->singles, Single, i);
    guint64 size;

    if (g_str_equal (single->text, "-1")) {
      item->shape[i] = SPEAD2_VARIABLE_SIZE;
      if (++n_variable > 1)
        return fail (parser, single->offset, "only one dimension may be -1");
      continue;
    }
    if (!number_of (parser, single, &size))
      return FALSE;
    if (size == 0 || size > spead2_flavour_max_value (parser->flavour))
      return fail (parser, single->offset,
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
take_numbers (Parser *parser, Spead2Item *item, const Field *field)
{
  guint i, n = field->singles->len;

  if (n == 0)
    return fail (parser, field->offset, "the array is empty");
  item->source = SPEAD2_SOURCE_NUMBERS;
  item->numbers = g_new (guint64, n);
  item->n_numbers = n;
  for (i = 0; i < n; i++)
    if (!item_number_of (parser, item,
            &g_array_index (field->singles, Single, i), &item->numbers[i]))
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
take_value_text (Parser *parser, Spead2Item *item, const Single *single)
{
  if (*single->text == '\0')
    return fail (
        parser, single->offset, "an empty text is nothing to a receiver");
  if (!spead2_item_has_text (item, single->text, strlen (single->text)))
    return fail (parser, single->offset,
        "a text is of ASCII characters, since receivers cannot read others: "
        "with format=u8 they get its bytes");
  item->source = SPEAD2_SOURCE_TEXT;
  item->text = g_bytes_new (single->text, strlen (single->text));
  return TRUE;
}

static gboolean
take_word_value (Parser *parser, Spead2Item *item, const Single *single)
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
  return fail (parser, single->offset,
      "'%s' is no value: it is payload, sample-index, heap-index, utc-ns, "
      "ptp-ns, meta, a number, an array of numbers or a text in quotes",
      single->text);
}

/* What the field value or default says. */
static gboolean
take_value (Parser *parser, Spead2Item *item, const Field *field)
{
  const Single *single;
  guint64 number;
  gboolean negative;

  parser->key = field->key;
  if (field->is_array)
    return take_numbers (parser, item, field);
  single = &g_array_index (field->singles, Single, 0);
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
says_meta (const Field *field)
{
  const Single *single =
      field->is_array ? NULL : &g_array_index (field->singles, Single, 0);

  return single && !single->quoted && g_str_equal (single->text, "meta");
}

/* The fields that say where the value comes from. */
static gboolean
take_source (Parser *parser, Spead2Item *item)
{
  const Field *value = find_field (parser, "value");
  const Field *other = find_field (parser, "default");
  const Field *start = find_field (parser, "start");
  const Field *step = find_field (parser, "step");

  item->from_application = value && says_meta (value);
  if (other && !item->from_application) {
    parser->key = "default";
    return fail (parser, other->offset, "only value=meta has a default");
  }
  if (start || step) {
    if ((value && !item->from_application) || other) {
      parser->key = start ? "start" : "step";
      return fail (parser, (start ? start : step)->offset,
          "start and step stand instead of a value");
    }
    item->source = SPEAD2_SOURCE_STEPS;
    return take_number (parser, item, "start", &item->start) &&
        take_number (parser, item, "step", &item->step);
  }
  if (item->from_application && other == NULL) {
    /* heap-cnt: the sender's count; all others 0. */
    if (item->kind == SPEAD2_ITEM_VALUE && is_character (item)) {
      parser->key = "value";
      return fail (parser, value->offset, "a text wants a default");
    }
    item->source = item->kind == SPEAD2_ITEM_VALUE ? SPEAD2_SOURCE_STEPS
                                                   : SPEAD2_SOURCE_NONE;
    return TRUE;
  }
  if (other && says_meta (other)) {
    parser->key = "default";
    return fail (parser, other->offset, "meta is no default");
  }
  if (value == NULL)
    return item->kind != SPEAD2_ITEM_VALUE ||
        fail (parser, offset_of (parser), "it has no value");
  return take_value (parser, item, other ? other : value);
}

/* How many heaps have the same value, where they are counted. */
static gboolean
take_every (Parser *parser, Spead2Item *item)
{
  const Field *field = find_field (parser, "every");

  item->every = 1;
  if (field == NULL)
    return TRUE;
  if (item->source != SPEAD2_SOURCE_NUMBERS &&
      item->source != SPEAD2_SOURCE_STEPS &&
      item->source != SPEAD2_SOURCE_HEAP_INDEX) {
    parser->key = "every";
    return fail (parser, field->offset,
        "only numbers, start and step, and heap-index go on every so many "
        "heaps");
  }
  if (!take_number (parser, NULL, "every", &item->every))
    return FALSE;
  parser->key = "every";
  if (item->every == 0)
    return fail (parser, field->offset,
        "it is 0: 1 goes on with every heap, 2 with every second one");
  parser->key = NULL;
  return TRUE;
}

static gboolean
take_mode (Parser *parser, Spead2Item *item)
{
  gboolean must = item->source == SPEAD2_SOURCE_PAYLOAD ||
      item->source == SPEAD2_SOURCE_TEXT;
  const Single *single;

  item->immediate = !must;
  if (!take_text (parser, "mode", &single))
    return FALSE;
  if (single == NULL)
    return TRUE;
  if (g_str_equal (single->text, "addressed"))
    item->immediate = FALSE;
  else if (!g_str_equal (single->text, "immediate"))
    return fail (parser, single->offset,
        "'%s' is neither immediate nor addressed", single->text);
  else if (must)
    return fail (parser, single->offset,
        "payload and texts are addressed: only a number can be immediate");
  return TRUE;
}

static gsize
field_offset (const Parser *parser, const gchar *key)
{
  const Field *field = find_field (parser, key);

  return field ? field->offset : offset_of (parser);
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

/* What type a number may have. */
static gboolean
check_number_type (Parser *parser, Spead2Item *item, const Spead2Dtype *dtype)
{
  const gchar *key = item->dtype ? "dtype" : "format";
  gsize offset = field_offset (parser, key);
  guint bits = bits_of (item);

  if (bits == 0) {
    bits = item->bits;
    item->formats[item->n_formats++] = (Spead2Format){'u', bits};
  }
  parser->key = key;
  if (!is_of_whole_numbers (item, dtype))
    return fail (parser, offset,
        "values are whole numbers, of formats u, i and b or dtypes u and i; "
        "format=c8 is for a text in quotes");
  if (item->immediate && bits > parser->flavour)
    return fail (parser, offset,
        "%u bits do not fit an immediate of SPEAD-64-%u: use mode=addressed",
        bits, parser->flavour);
  if (item->immediate && item->little_endian)
    return fail (parser, offset, "an immediate is big endian: write > for <");
  if (bits > 64)
    return fail (parser, offset, "a number has up to 64 bits, not %u", bits);
  parser->key = NULL;
  return TRUE;
}

static gboolean
check_text_type (Parser *parser, Spead2Item *item)
{
  gboolean is_bytes = is_of_bytes (item);

  if (item->dtype ||
      (item->n_formats > 0 && !is_character (item) && !is_bytes)) {
    parser->key = item->dtype ? "dtype" : "format";
    return fail (parser, field_offset (parser, parser->key),
        "a text has format=c8, which need not be said, or format=u8 to be "
        "described as bytes");
  }
  item->formats[0] = (Spead2Format){is_bytes ? 'u' : 'c', 8};
  item->n_formats = 1;
  return TRUE;
}

static gboolean
is_decimal (const Field *field)
{
  const gchar *text = g_array_index (field->singles, Single, 0).text;

  return g_ascii_strncasecmp (text, "0x", 2) != 0;
}

static gboolean
take_id (Parser *parser, Spead2Item *item)
{
  guint64 limit = spead2_flavour_max_id (parser->flavour);

  if (find_field (parser, "id") == NULL)
    return fail (parser, offset_of (parser), "it has no id");
  if (!take_number (parser, NULL, "id", &item->id))
    return FALSE;
  parser->key = "id";
  if (item->id < MIN_ID)
    return fail (parser, field_offset (parser, "id"),
        "id 0x%" G_GINT64_MODIFIER "x is the protocol's: those of items begin "
        "at 0x%x; null and the standard pointers go by their names",
        item->id, MIN_ID);
  if (item->id > limit)
    return fail (parser, field_offset (parser, "id"),
        "id 0x%" G_GINT64_MODIFIER "x does not fit SPEAD-64-%u, whose largest "
        "id is 0x%" G_GINT64_MODIFIER "x: choose fewer heap-address-bits",
        item->id, parser->flavour, limit);
  item->decimal_id = is_decimal (find_field (parser, "id"));
  parser->key = NULL;
  return TRUE;
}

static gboolean
take_description (Parser *parser, Spead2Item *item)
{
  const Single *single;
  const gchar *c;

  if (!take_text (parser, "description", &single))
    return FALSE;
  /* Receivers read it as ASCII. */
  for (c = single ? single->text : ""; *c; c++)
    if (!g_ascii_isprint (*c))
      return fail (parser, single->offset,
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
  parser->key = NULL;
  set_number_type (item, &dtype, parser->flavour);
  if (!take_source (parser, item) || !take_every (parser, item) ||
      !take_shape (parser, item) || !take_mode (parser, item))
    return FALSE;

  if (item->source == SPEAD2_SOURCE_PAYLOAD) {
    parser->key = "value";
    return !item->from_application ||
        fail (parser, field_offset (parser, "default"),
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
  for (i = 0; i < parser->fields->len; i++) {
    const Field *field = &g_array_index (parser->fields, Field, i);

    if (item->kind != SPEAD2_ITEM_HEAP_CNT ||
        !(g_str_equal (field->key, "value") ||
            g_str_equal (field->key, "default") ||
            g_str_equal (field->key, "start") ||
            g_str_equal (field->key, "step"))) {
      parser->key = field->key;
      return fail (parser, field->offset, "it has no such field");
    }
  }
  if (!take_source (parser, item))
    return FALSE;
  if (item->source == SPEAD2_SOURCE_PAYLOAD ||
      item->source == SPEAD2_SOURCE_TEXT)
    return fail (parser, field_offset (parser, parser->key),
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
check_doubles (Parser *parser, const Spead2Item *item, gsize offset)
{
  guint i;

  for (i = 0; i < parser->items->len; i++) {
    const Spead2Item *other = &g_array_index (parser->items, Spead2Item, i);

    if (is_double (item, other))
      return fail (parser, offset,
          "name, id and value=payload stand once only, and item %u '%s' has "
          "one of them",
          i + 1, other->name);
  }
  return TRUE;
}

static gboolean
make_item (Parser *parser, gsize offset)
{
  Spead2Item item = {.name = g_strdup (parser->name)};
  gboolean good;
  guint i;

  for (i = SPEAD2_ITEM_NULL; i < G_N_ELEMENTS (standard_names); i++)
    if (g_str_equal (item.name, standard_names[i]))
      item.kind = i;
  good = item.kind == SPEAD2_ITEM_VALUE ? make_ordinary (parser, &item)
                                        : make_standard (parser, &item);
  parser->key = NULL;
  good = good && check_doubles (parser, &item, offset);
  if (good)
    g_array_append_val (parser->items, item);
  else
    item_clear (&item);
  return good;
}

/* -- the list -------------------------------------------------------------------------- */

static gboolean
parse_item (Parser *parser)
{
  gsize offset = (skip_blanks (parser), offset_of (parser));
  gboolean good;

  parser->number++;
  good = take_item (parser) && make_item (parser, offset);
  g_array_set_size (parser->fields, 0);
  g_clear_pointer (&parser->name, g_free);
  parser->key = NULL;
  return good;
}

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
  const gchar *end;

  if (!g_utf8_validate (parser->text, -1, &end))
    return fail (parser, end - parser->text, "the text is not UTF-8");
  for (skip_blanks (parser); *parser->at != '\0'; skip_blanks (parser))
    if (!parse_item (parser))
      return FALSE;

  if (parser->number == 0) {
    g_set_error_literal (parser->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "items is empty: it needs at least the payload, such as "
        "samples,id=0x3300,value=payload");
    return FALSE;
  }
  if (!has_payload (parser->items)) {
    g_set_error (parser->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "None of the %u items has value=payload: the buffers would not be sent",
        parser->items->len);
    return FALSE;
  }
  return TRUE;
}

Spead2Items *
spead2_items_new (const gchar *text, Spead2Flavour flavour, GError **error)
{
  Parser parser = {.text = text,
      .at = text,
      .flavour = flavour,
      .fields = g_array_new (FALSE, TRUE, sizeof (Field)),
      .items = g_array_new (FALSE, TRUE, sizeof (Spead2Item)),
      .error = error};
  Spead2Items *items = NULL;

  g_array_set_clear_func (parser.fields, field_clear);
  g_array_set_clear_func (parser.items, item_clear);
  if (spead2_flavour_check (flavour, error) && parse (&parser)) {
    gsize n;

    add_standard (parser.items);
    items = g_atomic_rc_box_new0 (Spead2Items);
    items->flavour = flavour;
    items->items = g_array_steal (parser.items, &n);
    items->n_items = n;
  }
  g_array_unref (parser.fields);
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
