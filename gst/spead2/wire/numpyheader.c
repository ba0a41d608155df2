/* The header of an .npy file: see numpyheader.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/numpyheader.h"

#include <string.h>

#include "spead2/error.h"

/* Characters that a message quotes from the mistake on. */
#define SHOWN 24

/* Each parse_ function takes what it is named after from the front of at. FALSE
 * with the reason in why. */
typedef struct {
  const gchar *at;
  const gchar *why;
  gboolean swapped;
  Spead2Descriptor *descriptor;
  GString *dtype;
} Parser;

static gboolean
fail (Parser *parser, const gchar *why)
{
  parser->why = why;
  return FALSE;
}

static void
skip_blanks (Parser *parser)
{
  while (g_ascii_isspace (*parser->at))
    parser->at++;
}

/* Takes the words, and the blanks in front of them, if they are next. */
static gboolean
take (Parser *parser, const gchar *words)
{
  skip_blanks (parser);
  if (!g_str_has_prefix (parser->at, words))
    return FALSE;
  parser->at += strlen (words);
  return TRUE;
}

static gboolean
parse_descr (Parser *parser)
{
  Spead2Dtype dtype;

  if (!spead2_dtype_take (
          &parser->at, parser->swapped, parser->dtype, &dtype, &parser->why))
    return FALSE;
  parser->descriptor->element_bits = 8 * dtype.size;
  return TRUE;
}

static gboolean
parse_order (Parser *parser)
{
  parser->descriptor->fortran_order = take (parser, "True");
  return parser->descriptor->fortran_order || take (parser, "False") ||
      fail (parser, "'fortran_order' is neither True nor False");
}

static gboolean
parse_size (Parser *parser, gint64 *size)
{
  guint64 value = 0;
  const gchar *begin;

  skip_blanks (parser);
  begin = parser->at;
  while (g_ascii_isdigit (*parser->at))
    if (!g_uint64_checked_mul (&value, value, 10) ||
        !g_uint64_checked_add (&value, value, *parser->at++ - '0') ||
        value > SPEAD2_MAX_SIZE)
      return fail (parser, "a size is larger than any heap");
  if (parser->at == begin)
    return fail (parser,
        "a size is no whole number (numpy headers have no unknown one)");
  if (*begin == '0' && parser->at > begin + 1)
    return fail (parser, "a size begins with 0");
  take (parser, "L");
  *size = value;
  return TRUE;
}

static gboolean
parse_shape (Parser *parser)
{
  Spead2Descriptor *descriptor = parser->descriptor;

  if (!take (parser, "("))
    return fail (parser, "'shape' is no tuple of sizes");
  while (!take (parser, ")")) {
    if (descriptor->n_dimensions == SPEAD2_MAX_DIMENSIONS)
      return fail (parser,
          "there are more than " G_STRINGIFY (
              SPEAD2_MAX_DIMENSIONS) " dimensions");
    if (!parse_size (parser, &descriptor->shape[descriptor->n_dimensions++]))
      return FALSE;
    if (take (parser, ","))
      continue;
    /* (2) is a number. */
    if (descriptor->n_dimensions == 1 || !take (parser, ")"))
      return fail (parser, "a , is missing in 'shape'");
    break;
  }
  return TRUE;
}

static const struct {
  const gchar *key;
  gboolean (*parse_value) (Parser *parser);
} pairs[] = {{"descr", parse_descr}, {"fortran_order", parse_order},
    {"shape", parse_shape}};

/* A key, of which seen has a bit if there was one, and its value. */
static gboolean
parse_pair (Parser *parser, guint *seen)
{
  guint i;

  skip_blanks (parser);
  for (i = 0; i < G_N_ELEMENTS (pairs); i++) {
    gsize length = strlen (pairs[i].key);
    gchar quote = *parser->at;

    if ((quote != '\'' && quote != '"') ||
        strncmp (parser->at + 1, pairs[i].key, length) != 0 ||
        parser->at[1 + length] != quote)
      continue;
    if (*seen & 1 << i)
      return fail (parser, "duplicate key");
    *seen |= 1 << i;
    parser->at += length + 2;
    if (!take (parser, ":"))
      return fail (parser, "a : is missing");
    return pairs[i].parse_value (parser);
  }
  return fail (parser, "a key is none of 'descr', 'fortran_order' and 'shape'");
}

static gboolean
parse_dictionary (Parser *parser)
{
  guint seen = 0;

  if (!take (parser, "{"))
    return fail (parser, "it is no dictionary");
  while (!take (parser, "}")) {
    if (!parse_pair (parser, &seen))
      return FALSE;
    if (take (parser, ","))
      continue;
    if (!take (parser, "}"))
      return fail (parser, "a , or } is missing");
    break;
  }
  if (seen != (1 << G_N_ELEMENTS (pairs)) - 1)
    return fail (
        parser, "'descr', 'fortran_order' or 'shape' is missing in front");
  skip_blanks (parser);
  return *parser->at == '\0' || fail (parser, "there are trailing characters");
}

gboolean
spead2_numpy_header_parse (const gchar *text, gboolean swapped,
    Spead2Descriptor *descriptor, GString *dtype, GError **error)
{
  Parser parser = {
      .at = text, .swapped = swapped, .descriptor = descriptor, .dtype = dtype};

  if (parse_dictionary (&parser))
    return TRUE;
  g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
      "numpy header: %s, at character %d%s%.*s", parser.why,
      (gint) (parser.at - text), *parser.at ? ": " : ", its end", SHOWN,
      parser.at);
  return FALSE;
}
