/* numpy dtypes: see dtype.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/dtype.h"

#include <string.h>

#include "spead2/error.h"

/* Larger elements, and deeper lists of fields, are taken for nonsense. */
#define MAX_SIZE (1 << 24)
#define MAX_DEPTH 8

/* Each parse_ function takes what it is named after from the front of *at. FALSE
 * with a sentence in *why. */

static void
skip_blanks (const gchar **at)
{
  while (**at == ' ')
    (*at)++;
}

/* Takes one character, and the blanks in front of it, if it is next. */
static gboolean
take (const gchar **at, gchar c)
{
  skip_blanks (at);
  if (**at != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

static gboolean
parse_number (const gchar **at, guint *number, const gchar **why)
{
  guint64 value = 0;

  skip_blanks (at);
  if (!g_ascii_isdigit (**at)) {
    *why = "a number is missing";
    return FALSE;
  }
  /* No number to Python, which reads it. */
  if (**at == '0') {
    *why = "a number begins with 0";
    return FALSE;
  }
  while (g_ascii_isdigit (**at) && value <= MAX_SIZE)
    value = value * 10 + (*(*at)++ - '0');
  if (value > MAX_SIZE) {
    *why = "a number is too large";
    return FALSE;
  }
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
parse_simple (const gchar **at, Spead2Dtype *dtype, const gchar **why)
{
  gchar order = '\0';

  if (**at == '<' || **at == '>' || **at == '|')
    order = *(*at)++;
  if (**at == '\0' || strchr ("iufcbSVU", **at) == NULL) {
    *why = "a kind is missing, one of i, u, f, c, b, S, V, U";
    return FALSE;
  }
  dtype->kind = *(*at)++;
  dtype->little_endian = order == '<';
  if (!parse_number (at, &dtype->size, why))
    return FALSE;
  if (!is_size_of (dtype->kind, dtype->size)) {
    *why = "there is no such size of that kind";
    return FALSE;
  }
  if (order != '<' && order != '>' &&
      (dtype->kind == 'U' ||
          (dtype->size > 1 && strchr ("iufc", dtype->kind)))) {
    *why = "its byte order must be said, with < or > in front";
    return FALSE;
  }
  if (dtype->kind == 'U')
    dtype->size *= 4;
  return TRUE;
}

/* Takes a field's name, which is none of the names so far, and adds it. */
static gboolean
parse_name (const gchar **at, GHashTable *names, const gchar **why)
{
  const gchar *name;

  if (!take (at, '\'')) {
    *why = "a field begins with its name in single quotes";
    return FALSE;
  }
  name = *at;
  while (g_ascii_isalnum (**at) || **at == '_' || **at == '-' || **at == ' ' ||
      **at == '.')
    (*at)++;
  if (*at == name || **at != '\'') {
    *why = "a field's name has letters, digits, '_', '-', '.' and blanks only";
    return FALSE;
  }
  *why = "two fields have this name";
  return g_hash_table_add (names, g_strndup (name, (*at)++ - name));
}

static gboolean
multiply (guint *product, guint factor, const gchar **why)
{
  guint64 value = (guint64) *product * factor;

  if (value > MAX_SIZE) {
    *why = "it is too large";
    return FALSE;
  }
  *product = value;
  return TRUE;
}

static gboolean
parse_count (const gchar **at, guint *size, const gchar **why)
{
  guint number;

  if (!take (at, '('))
    return parse_number (at, &number, why) && multiply (size, number, why);

  do {
    if (!parse_number (at, &number, why) || !multiply (size, number, why))
      return FALSE;
  } while (take (at, ',') && (skip_blanks (at), **at != ')'));
  *why = "a ) is missing";
  return take (at, ')');
}

static gboolean parse_fields (
    const gchar **at, guint depth, guint *size, const gchar **why);

static gboolean
parse_field (const gchar **at, guint depth, GHashTable *names, guint *size,
    const gchar **why)
{
  Spead2Dtype dtype = {0};

  *why = "a field is written ('name','<i2')";
  if (!take (at, '(') || !parse_name (at, names, why))
    return FALSE;
  *why = "a , is missing";
  if (!take (at, ','))
    return FALSE;
  skip_blanks (at);
  if (**at == '[') {
    if (!parse_fields (at, depth + 1, &dtype.size, why))
      return FALSE;
  } else {
    *why = "a field's type stands in single quotes";
    if (!take (at, '\'') || !parse_simple (at, &dtype, why))
      return FALSE;
    *why = "a single quote is missing";
    if (!take (at, '\''))
      return FALSE;
  }
  if (take (at, ',') && !parse_count (at, &dtype.size, why))
    return FALSE;
  *why = "a ) is missing";
  if (!take (at, ')'))
    return FALSE;

  *size += dtype.size;
  *why = "it is too large";
  return *size <= MAX_SIZE;
}

static gboolean
parse_fields (const gchar **at, guint depth, guint *size, const gchar **why)
{
  GHashTable *names;
  gboolean good;

  *why = "its fields have too many fields of their own";
  if (depth == MAX_DEPTH || !take (at, '['))
    return FALSE;

  names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  do {
    good = parse_field (at, depth, names, size, why);
  } while (good && take (at, ',') && (skip_blanks (at), **at != ']'));
  g_hash_table_unref (names);
  if (!good)
    return FALSE;
  *why = "a ] is missing";
  return take (at, ']');
}

/* How to write what Python's numpy also calls int8, complex64 and so on: "|i1",
 * or NULL. The caller frees it. */
static gchar *
spelling_of (const gchar *text)
{
  static const struct {
    const gchar *name;
    gchar kind;
  } kinds[] = {{"int", 'i'}, {"uint", 'u'}, {"float", 'f'}, {"complex", 'c'}};
  guint64 bits;
  guint i;

  if (g_str_equal (text, "bool"))
    return g_strdup ("'|b1'");
  for (i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gchar kind = kinds[i].kind;

    if (!g_str_has_prefix (text, kinds[i].name) ||
        !g_ascii_string_to_unsigned (
            text + strlen (kinds[i].name), 10, 8, 128, &bits, NULL) ||
        bits % 8 != 0 || !is_size_of (kind, bits / 8))
      continue;
    return bits == 8 ? g_strdup_printf ("'|%c1'", kind)
                     : g_strdup_printf ("'<%c%u' or '>%c%u'", kind,
                           (guint) bits / 8, kind, (guint) bits / 8);
  }
  return NULL;
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
  const gchar *at = text, *why = NULL;
  gboolean good;

  *dtype = (Spead2Dtype){0};
  good = *at == '[' ? parse_fields (&at, 0, &dtype->size, &why)
                    : parse_simple (&at, dtype, &why);
  if (good && *at != '\0') {
    why = "there are trailing characters";
    good = FALSE;
  }
  if (!good)
    set_error (error, text, at, why);
  return good;
}
