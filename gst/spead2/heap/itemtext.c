/* The text of items as fields: see itemtext.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/heap/itemtext.h"

#include <string.h>

#include "spead2/error.h"

#define ARRAY_HINT "an array is written in < and >, without quotes: <256,2>"

static const gchar *const keys[] = {"id", "value", "default", "start", "step",
    "every", "mode", "format", "dtype", "shape", "description"};

static void
value_clear (gpointer data)
{
  g_free (((Spead2FieldValue *) data)->text);
}

static void
field_clear (gpointer data)
{
  g_array_unref (((Spead2ItemField *) data)->values);
}

gboolean
spead2_item_text_fail (
    Spead2ItemText *text, gsize offset, const gchar *format, ...)
{
  gchar *what, *where;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  if (text->name && text->key)
    where = g_strdup_printf (
        "Item %u '%s', field '%s'", text->number, text->name, text->key);
  else if (text->name)
    where = g_strdup_printf ("Item %u '%s'", text->number, text->name);
  else
    where = g_strdup_printf ("Item %u", text->number);

  g_set_error (text->error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "%s (offset %" G_GSIZE_FORMAT " of items): %s", where, offset, what);
  g_free (where);
  g_free (what);
  return FALSE;
}

static gsize
offset_of (const Spead2ItemText *text)
{
  return text->at - text->text;
}

static void
skip_blanks (Spead2ItemText *text)
{
  while (g_ascii_isspace (*text->at))
    text->at++;
}

static gboolean
scan_char (Spead2ItemText *text, gchar c)
{
  skip_blanks (text);
  if (*text->at != c)
    return FALSE;
  text->at++;
  return TRUE;
}

static gboolean
is_word (gchar c)
{
  return c != '\0' && (g_ascii_isalnum (c) || strchr ("_-+/:.", c) != NULL);
}

/* The word that is next, perhaps an empty one; the caller frees it. */
static gchar *
scan_word (Spead2ItemText *text)
{
  const gchar *begin;

  skip_blanks (text);
  begin = text->at;
  while (is_word (*text->at))
    text->at++;
  return g_strndup (begin, text->at - begin);
}

/* The string behind its first quote, or NULL with an error. */
static gchar *
scan_string (Spead2ItemText *text)
{
  GString *string = g_string_new (NULL);
  gsize offset = offset_of (text) - 1;

  for (; *text->at != '\0'; text->at++) {
    if (*text->at == '"') {
      text->at++;
      return g_string_free (string, FALSE);
    }
    if (*text->at == '\\') {
      text->at++;
      if (*text->at == '\0')
        break;
      if (g_ascii_isdigit (*text->at)) {
        spead2_item_text_fail (text, offset_of (text),
            "a backslash is allowed only before \" "
            "and \\, not before digits");
        g_string_free (string, TRUE);
        return NULL;
      }
    }
    g_string_append_c (string, *text->at);
  }
  spead2_item_text_fail (
      text, offset, "the string that begins here has no end");
  g_string_free (string, TRUE);
  return NULL;
}

static gboolean
scan_type (Spead2ItemText *text, const gchar **type)
{
  static const gchar *const types[] = {
      "int", "uint", "gint64", "guint64", "string"};
  gchar *word;
  guint i;

  *type = NULL;
  if (!scan_char (text, '('))
    return TRUE;
  word = scan_word (text);
  for (i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (word, types[i]))
      *type = types[i];
  if (*type == NULL && (g_ascii_isdigit (*word) || *word == '-'))
    spead2_item_text_fail (text, offset_of (text), ARRAY_HINT);
  else if (*type == NULL)
    spead2_item_text_fail (text, offset_of (text),
        "type '%s' is none of int, uint, gint64, "
        "guint64, string",
        word);
  g_free (word);
  if (*type && !scan_char (text, ')'))
    return spead2_item_text_fail (
        text, offset_of (text), "the type's ) is missing");
  return *type != NULL;
}

static gboolean
scan_value (Spead2ItemText *text, Spead2ItemField *field)
{
  Spead2FieldValue value = {0};

  skip_blanks (text);
  value.offset = offset_of (text);
  if (!scan_type (text, &value.type))
    return FALSE;
  if (scan_char (text, '"')) {
    value.quoted = TRUE;
    value.text = scan_string (text);
    if (value.text == NULL)
      return FALSE;
    /* GStreamer would read some of these as numbers, and some not. */
    if (value.type && !g_str_equal (value.type, "string")) {
      g_free (value.text);
      return spead2_item_text_fail (
          text, value.offset, "a string in quotes is no %s", value.type);
    }
  } else {
    value.text = scan_word (text);
    if (*value.text == '\0') {
      g_free (value.text);
      if (*text->at == '[' || *text->at == '{')
        return spead2_item_text_fail (text, offset_of (text), ARRAY_HINT);
      return spead2_item_text_fail (text, offset_of (text),
          "there is no value; put text with other characters than letters, "
          "digits and _-+/:. into double quotes");
    }
    value.quoted = value.type && g_str_equal (value.type, "string");
  }
  g_array_append_val (field->values, value);
  return TRUE;
}

static gboolean
scan_array (Spead2ItemText *text, Spead2ItemField *field)
{
  field->is_array = TRUE;
  if (scan_char (text, '>'))
    return TRUE;
  do {
    if (!scan_value (text, field))
      return FALSE;
  } while (scan_char (text, ','));
  return scan_char (text, '>') ||
      spead2_item_text_fail (
          text, offset_of (text), "the array's > is missing");
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

const Spead2ItemField *
spead2_item_text_find (const Spead2ItemText *text, const gchar *key)
{
  guint i;

  for (i = 0; i < text->fields->len; i++) {
    const Spead2ItemField *field =
        &g_array_index (text->fields, Spead2ItemField, i);

    if (g_str_equal (field->key, key))
      return field;
  }
  return NULL;
}

static gboolean
scan_key (Spead2ItemText *text, Spead2ItemField *field)
{
  gchar *word;
  gboolean good = FALSE;

  skip_blanks (text);
  field->offset = offset_of (text);
  word = scan_word (text);
  field->key = known_key (word);
  if (*word == '\0')
    spead2_item_text_fail (
        text, field->offset, "the name of a field is missing");
  else if (g_ascii_isdigit (*word))
    spead2_item_text_fail (text, field->offset, ARRAY_HINT);
  else if (field->key == NULL)
    spead2_item_text_fail (text, field->offset,
        "there is no field '%s', only id, value, default, start, step, every, "
        "mode, format, dtype, shape and description",
        word);
  else if (spead2_item_text_find (text, field->key))
    spead2_item_text_fail (text, field->offset, "duplicate field '%s'", word);
  else
    good = TRUE;
  g_free (word);
  text->key = field->key;
  if (good && !scan_char (text, '='))
    good = spead2_item_text_fail (text, offset_of (text), "= is missing");
  return good;
}

static gboolean
scan_field (Spead2ItemText *text)
{
  Spead2ItemField field = {
      .values = g_array_new (FALSE, TRUE, sizeof (Spead2FieldValue))};
  gboolean good;

  g_array_set_clear_func (field.values, value_clear);
  good = scan_key (text, &field) &&
      (scan_char (text, '<') ? scan_array (text, &field)
                             : scan_value (text, &field));
  if (good)
    g_array_append_val (text->fields, field);
  else
    field_clear (&field);
  if (good)
    text->key = NULL;
  return good;
}

/* Takes an item's name and fields, and the ; behind them. */
static gboolean
scan_item (Spead2ItemText *text)
{
  skip_blanks (text);
  if (!g_ascii_isalpha (*text->at))
    return spead2_item_text_fail (text, offset_of (text),
        "an item begins with its name, and that with a letter");
  text->name = scan_word (text);
  while (scan_char (text, ','))
    if (!scan_field (text))
      return FALSE;
  if (scan_char (text, ';') || *text->at == '\0')
    return TRUE;
  return spead2_item_text_fail (text, offset_of (text),
      "a comma is missing here, or a semicolon before the next item");
}

void
spead2_item_text_init (Spead2ItemText *text, const gchar *items, GError **error)
{
  *text = (Spead2ItemText){.text = items,
      .at = items,
      .fields = g_array_new (FALSE, TRUE, sizeof (Spead2ItemField)),
      .error = error};
  g_array_set_clear_func (text->fields, field_clear);
}

void
spead2_item_text_clear (Spead2ItemText *text)
{
  g_clear_pointer (&text->name, g_free);
  g_clear_pointer (&text->fields, g_array_unref);
}

gboolean
spead2_item_text_at_end (Spead2ItemText *text)
{
  skip_blanks (text);
  return *text->at == '\0';
}

gboolean
spead2_item_text_next (Spead2ItemText *text)
{
  g_array_set_size (text->fields, 0);
  g_clear_pointer (&text->name, g_free);
  text->key = NULL;
  text->number++;
  skip_blanks (text);
  text->offset = offset_of (text);
  return scan_item (text);
}

gsize
spead2_item_text_offset_of (const Spead2ItemText *text, const gchar *key)
{
  const Spead2ItemField *field = spead2_item_text_find (text, key);

  return field ? field->offset : offset_of (text);
}

/* -- numbers --------------------------------------------------------------------- */

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
why_no_number (
    const Spead2FieldValue *value, guint64 *number, gboolean *negative)
{
  const gchar *digits = value->text + (value->text[0] == '-');

  if (!spead2_parse_number (value->text, number, negative))
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
check_type (Spead2ItemText *text, const Spead2FieldValue *value, guint64 number,
    gboolean negative)
{
  const gchar *type = value->type ? value->type : "int";
  guint64 limit = G_MAXUINT64;

  if (g_str_equal (type, "int") && !value->quoted)
    limit = G_MAXINT;
  else if (g_str_equal (type, "uint"))
    limit = G_MAXUINT;
  else if (g_str_equal (type, "gint64"))
    limit = G_MAXINT64;

  if (negative && (g_str_equal (type, "uint") || g_str_equal (type, "guint64")))
    return spead2_item_text_fail (
        text, value->offset, "'%s' is no %s", value->text, type);
  /* ~(-n) = n - 1: they reach one further below 0. */
  return (negative ? ~number : number) <= limit ||
      spead2_item_text_fail (text, value->offset,
          "'%s' is outside GStreamer's integers, which end at "
          "%" G_GUINT64_FORMAT ": write (%s)%s, or put it in double quotes",
          value->text, limit, negative ? "gint64" : "guint64", value->text);
}

gboolean
spead2_item_text_number (Spead2ItemText *text, const Spead2FieldValue *value,
    guint64 *number, gboolean *negative)
{
  const gchar *why = why_no_number (value, number, negative);

  if (why && strchr ("<([{", value->text[0]))
    why = ARRAY_HINT;
  if (why)
    return spead2_item_text_fail (
        text, value->offset, "'%s' is no number: %s", value->text, why);
  return check_type (text, value, *number, *negative);
}
