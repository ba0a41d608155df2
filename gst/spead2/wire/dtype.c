/* numpy dtypes: see dtype.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/dtype.h"

#include <string.h>

#include "spead2/error.h"

#define MAX_DEPTH 8

/* Each parse_ function takes what it is named after from the front of at. FALSE
 * with the reason in why. */
typedef struct {
  const gchar *at;
  const gchar *why;
  gboolean numpy;   /* numpy's grammar, not only that of dtype.h */
  gboolean swapped; /* "<" means ">" */
  GString *text;    /* normal form of what was parsed */
} Parser;

static gboolean
is_blank (const Parser *parser)
{
  gchar c = *parser->at;

  return c == ' ' || (parser->numpy && (c == '\t' || c == '\n' || c == '\r'));
}

static void
skip_blanks (Parser *parser)
{
  while (is_blank (parser))
    parser->at++;
}

static gboolean
fail (Parser *parser, const gchar *why)
{
  parser->why = why;
  return FALSE;
}

/* Takes one character, and the blanks in front of it, if it is next. */
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
parse_number (Parser *parser, guint *number)
{
  guint64 value = 0;

  skip_blanks (parser);
  if (!g_ascii_isdigit (*parser->at))
    return fail (parser, "a number is missing");
  /* No number to Python, which reads it. */
  if (*parser->at == '0')
    return fail (parser, "a number begins with 0");
  while (g_ascii_isdigit (*parser->at) && value <= SPEAD2_DTYPE_MAX_SIZE)
    value = value * 10 + (*parser->at++ - '0');
  if (value > SPEAD2_DTYPE_MAX_SIZE)
    return fail (parser, "a number is too large");
  *number = value;
  return TRUE;
}

static gboolean
is_size_of (gchar kind, guint size)
{
  switch (kind) {
    case 'i':
    case 'u':
      return size == 1 || size == 2 || size == 4 || size == 8;
    case 'f':
      return size == 2 || size == 4 || size == 8;
    case 'c':
      return size == 8 || size == 16;
    case 'b':
      return size == 1;
    default:
      return TRUE;
  }
}

static gboolean
has_order (const Spead2Dtype *dtype)
{
  return dtype->kind == 'U' ||
      (dtype->size > 1 && strchr ("iufc", dtype->kind));
}

static const struct {
  const gchar *name;
  gchar kind;
} named_kinds[] = {
    {"int", 'i'}, {"uint", 'u'}, {"float", 'f'}, {"complex", 'c'}};

/* Takes a name of numpy (int8, complex64, bool ...), if it is next: sets kind and
 * size. */
static gboolean
take_named (const gchar **at, Spead2Dtype *dtype)
{
  guint i;

  if (g_str_has_prefix (*at, "bool")) {
    *at += 4;
    *dtype = (Spead2Dtype){.kind = 'b', .size = 1};
    return TRUE;
  }
  for (i = 0; i < G_N_ELEMENTS (named_kinds); i++) {
    gsize length = strlen (named_kinds[i].name);
    guint64 bits;
    gchar *end;

    if (strncmp (*at, named_kinds[i].name, length) != 0 ||
        !g_ascii_isdigit ((*at)[length]))
      continue;
    bits = g_ascii_strtoull (*at + length, &end, 10);
    if (bits > 128 || bits % 8 != 0 ||
        !is_size_of (named_kinds[i].kind, bits / 8))
      return FALSE;
    *at = end;
    *dtype = (Spead2Dtype){.kind = named_kinds[i].kind, .size = bits / 8};
    return TRUE;
  }
  return FALSE;
}

/* A kind and its size, or a name of numpy. */
static gboolean
parse_kind (Parser *parser, Spead2Dtype *dtype)
{
  if (parser->numpy && take_named (&parser->at, dtype))
    return TRUE;
  if (parser->numpy && *parser->at == '?') {
    parser->at++;
    *dtype = (Spead2Dtype){.kind = 'b', .size = 1};
    return TRUE;
  }
  if (*parser->at == '\0' || strchr ("iufcbSVU", *parser->at) == NULL)
    return fail (parser,
        *parser->at == 'O'
            ? "objects of Python are no values"
            : "a kind is missing, one of i, u, f, c, b, S, V, U");
  dtype->kind = *parser->at++;
  return parse_number (parser, &dtype->size) &&
      (is_size_of (dtype->kind, dtype->size) ||
          fail (parser, "there is no such size of that kind"));
}

static gboolean
parse_simple (Parser *parser, Spead2Dtype *dtype)
{
  gchar order = '\0';

  if (*parser->at != '\0' &&
      strchr (parser->numpy ? "<>|=" : "<>|", *parser->at))
    order = *parser->at++;
  if (!parse_kind (parser, dtype))
    return FALSE;
  if (has_order (dtype) && order != '<' && order != '>') {
    if (!parser->numpy)
      return fail (parser, "its byte order must be said, with < or > in front");
    order = G_BYTE_ORDER == G_LITTLE_ENDIAN ? '<' : '>';
  }
  dtype->little_endian = (order == '<') != parser->swapped;
  g_string_append_printf (parser->text, "%c%c%u",
      !has_order (dtype)         ? '|'
          : dtype->little_endian ? '<'
                                 : '>',
      dtype->kind, dtype->size);
  if (dtype->kind == 'U')
    dtype->size *= 4;
  return TRUE;
}

static gboolean
is_name_character (const Parser *parser)
{
  gchar c = *parser->at;

  if (parser->numpy)
    return g_ascii_isprint (c) && c != '\\' && c != '\'' && c != '"';
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == ' ' || c == '.';
}

/* A quote, of either kind if numpy's grammar applies. */
static gboolean
take_quote (Parser *parser, gchar *quote)
{
  skip_blanks (parser);
  *quote = parser->numpy && *parser->at == '"' ? '"' : '\'';
  return take (parser, *quote);
}

/* Takes a field's name, which is none of the names so far, and adds it. numpy
 * numbers fields without a name. */
static gboolean
parse_name (Parser *parser, GHashTable *names)
{
  const gchar *name;
  gsize length;
  gchar quote;

  if (!take_quote (parser, &quote))
    return fail (parser,
        parser->numpy ? "a field begins with its name in quotes"
                      : "a field begins with its name in single quotes");
  name = parser->at;
  while (is_name_character (parser))
    parser->at++;
  length = parser->at - name;
  if (*parser->at != quote || (length == 0 && !parser->numpy))
    return fail (parser,
        parser->numpy
            ? "a field's name is of printable ASCII characters without quotes "
              "and backslashes"
            : "a field's name has letters, digits, '_', '-', '.' and blanks "
              "only");
  parser->at++;
  g_string_append_printf (parser->text, "('%.*s',", (gint) length, name);
  return length == 0 || g_hash_table_add (names, g_strndup (name, length)) ||
      fail (parser, "two fields have this name");
}

static gboolean
multiply (Parser *parser, guint *product, guint factor)
{
  guint64 value = (guint64) *product * factor;

  if (value > SPEAD2_DTYPE_MAX_SIZE)
    return fail (parser, "it is too large");
  *product = value;
  return TRUE;
}

static gboolean
parse_count (Parser *parser, guint *size)
{
  guint number;

  if (!take (parser, '(')) {
    if (!parse_number (parser, &number) || !multiply (parser, size, number))
      return FALSE;
    /* One is not an array of one to numpy. */
    if (number > 1)
      g_string_append_printf (parser->text, ",(%u,)", number);
    return TRUE;
  }

  g_string_append (parser->text, ",(");
  do {
    if (!parse_number (parser, &number) || !multiply (parser, size, number))
      return FALSE;
    g_string_append_printf (parser->text, "%u,", number);
  } while (take (parser, ',') && (skip_blanks (parser), *parser->at != ')'));
  g_string_append_c (parser->text, ')');
  return take (parser, ')') || fail (parser, "a ) is missing");
}

static gboolean parse_fields (Parser *parser, guint depth, guint *size);

/* A simple dtype in quotes, or a list of fields. */
static gboolean
parse_type (Parser *parser, guint depth, Spead2Dtype *dtype)
{
  gchar quote;

  skip_blanks (parser);
  if (*parser->at == '[')
    return parse_fields (parser, depth, &dtype->size);
  if (!take_quote (parser, &quote))
    return fail (parser, "a type stands in quotes");
  if (depth > 0)
    g_string_append_c (parser->text, '\'');
  if (!parse_simple (parser, dtype))
    return FALSE;
  if (depth > 0)
    g_string_append_c (parser->text, '\'');
  if (*parser->at != quote)
    return fail (parser, "a quote is missing");
  parser->at++;
  return TRUE;
}

static gboolean
parse_field (Parser *parser, guint depth, GHashTable *names, guint *size)
{
  Spead2Dtype dtype = {0};

  if (!take (parser, '('))
    return fail (parser, "a field is written ('name','<i2')");
  if (!parse_name (parser, names))
    return FALSE;
  if (!take (parser, ','))
    return fail (parser, "a , is missing");
  if (!parse_type (parser, depth + 1, &dtype))
    return FALSE;
  if (take (parser, ',') && !parse_count (parser, &dtype.size))
    return FALSE;
  if (!take (parser, ')'))
    return fail (parser, "a ) is missing");
  g_string_append_c (parser->text, ')');

  *size += dtype.size;
  return *size <= SPEAD2_DTYPE_MAX_SIZE || fail (parser, "it is too large");
}

static gboolean
parse_fields (Parser *parser, guint depth, guint *size)
{
  GHashTable *names;
  gboolean good, more;

  if (depth == MAX_DEPTH || !take (parser, '['))
    return fail (parser, "its fields have too many fields of their own");

  g_string_append_c (parser->text, '[');
  names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  do {
    good = parse_field (parser, depth, names, size);
    more = good && take (parser, ',') &&
        (skip_blanks (parser), *parser->at != ']');
    if (more)
      g_string_append_c (parser->text, ',');
  } while (more);
  g_hash_table_unref (names);
  if (!good)
    return FALSE;
  g_string_append_c (parser->text, ']');
  return take (parser, ']') || fail (parser, "a ] is missing");
}

gboolean
spead2_dtype_take (const gchar **at, gboolean swapped, GString *text,
    Spead2Dtype *dtype, const gchar **why)
{
  Parser parser = {.at = *at, .numpy = TRUE, .swapped = swapped, .text = text};
  gboolean good;

  *dtype = (Spead2Dtype){0};
  good = parse_type (&parser, 0, dtype);
  *at = parser.at;
  *why = parser.why;
  return good;
}

/* -- texts of users --------------------------------------------------------------- */

/* How to write what Python's numpy also calls int8, complex64 and so on: "|i1",
 * or NULL. The caller frees it. */
static gchar *
spelling_of (const gchar *text)
{
  Spead2Dtype dtype;

  if (!take_named (&text, &dtype) || *text != '\0')
    return NULL;
  return has_order (&dtype) ? g_strdup_printf ("'<%c%u' or '>%c%u'", dtype.kind,
                                  dtype.size, dtype.kind, dtype.size)
                            : g_strdup_printf ("'|%c1'", dtype.kind);
}

static void
set_error (GError **error, const gchar *text, const gchar *at, const gchar *why)
{
  gchar *spelling = spelling_of (text);

  if (spelling)
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "'%s' is no numpy dtype with a byte order: write %s", text, spelling);
  else
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "'%s' is no numpy dtype: %s (at character %d)", text, why,
        (gint) (at - text));
  g_free (spelling);
}

gboolean
spead2_dtype_parse (const gchar *text, Spead2Dtype *dtype, GError **error)
{
  Parser parser = {.at = text, .text = g_string_new (NULL)};
  gboolean good;

  *dtype = (Spead2Dtype){0};
  good = *text == '[' ? parse_fields (&parser, 0, &dtype->size)
                      : parse_simple (&parser, dtype);
  if (good && *parser.at != '\0')
    good = fail (&parser, "there are trailing characters");
  if (!good)
    set_error (error, text, parser.at, parser.why);
  g_string_free (parser.text, TRUE);
  return good;
}
