/* SPEAD formats: see format.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spead2/wire/format.h"

#include <string.h>

#include "spead2/error.h"
#include "spead2/wire/dtype.h"

const gchar *
spead2_format_why_not (const Spead2Format *format)
{
  if (format->code == '\0' || strchr ("uifcb", format->code) == NULL)
    return "its code is none of u, i, f, c, b";
  if (format->bits == 0)
    return "it has no bits";
  if (format->code == 'f' && format->bits != 32 && format->bits != 64)
    return "floats have 32 or 64 bits: numpy's others are a dtype, such as "
           "\">f2\"";
  if (format->code == 'c' && format->bits != 8)
    return "characters have 8 bits";
  return NULL;
}

/* A letter and a number. */
static gboolean
parse_format (const gchar *text, Spead2Format *format)
{
  guint64 bits;

  if (*text == '\0' || strchr ("uifcb", *text) == NULL ||
      !g_ascii_string_to_unsigned (
          text + 1, 10, 1, SPEAD2_MAX_FORMAT_BITS, &bits, NULL))
    return FALSE;
  *format = (Spead2Format){*text, bits};
  return TRUE;
}

guint
spead2_formats_parse (const gchar *text, Spead2Format *formats, GError **error)
{
  gchar **parts = g_strsplit (text, ",", SPEAD2_MAX_FORMATS + 1);
  guint n_parts = g_strv_length (parts), n = 0;
  const gchar *why = NULL;

  while (n < n_parts && n < SPEAD2_MAX_FORMATS &&
      parse_format (g_strstrip (parts[n]), &formats[n]))
    n++;
  g_strfreev (parts);
  if (n == 0 || n < n_parts) {
    g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
        "'%s' is no format: it is one of u, i, f, c, b and a number of bits, "
        "as u40, or up to %u of them with commas between, in quotes",
        text, SPEAD2_MAX_FORMATS);
    return 0;
  }
  for (guint i = 0; i < n && why == NULL; i++) {
    why = spead2_format_why_not (&formats[i]);
    if (why)
      g_set_error (error, SPEAD2_ERROR, SPEAD2_ERROR_INVALID,
          "no receiver reads %c%u: %s", formats[i].code, formats[i].bits, why);
  }
  return why ? 0 : n;
}

gchar *
spead2_formats_dup_text (const Spead2Format *formats, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (
        text, "%s%c%u", i ? "," : "", formats[i].code, formats[i].bits);
  return g_string_free (text, n == 0);
}

/* Appends numpy's type of the field, if it has one. */
static gboolean
append_dtype (GString *text, const Spead2Format *format)
{
  guint bits = format->bits;

  if (spead2_format_why_not (format) ||
      (bits != 8 &&
          (strchr ("uif", format->code) == NULL ||
              (bits != 16 && bits != 32 && bits != 64))))
    return FALSE;
  g_string_append_printf (text, "%c%c%u", bits == 8 ? '|' : '>',
      format->code == 'c' ? 'S' : format->code, bits / 8);
  return TRUE;
}

gchar *
spead2_formats_dup_dtype (const Spead2Format *formats, guint n)
{
  GString *text = g_string_new (NULL);
  gboolean good = n > 0;

  if (n == 1) {
    good = append_dtype (text, &formats[0]);
  } else {
    for (guint i = 0; good && i < n; i++) {
      g_string_append_printf (text, "%s('f%u','", i ? "," : "[", i);
      good = append_dtype (text, &formats[i]);
      g_string_append (text, "')");
    }
    g_string_append_c (text, ']');
  }
  return g_string_free (text, !good);
}

/* Big endian, or of one byte. */
gboolean
spead2_format_of_dtype (const gchar *text, Spead2Format *format)
{
  Spead2Dtype dtype;

  if (!spead2_dtype_parse (text, &dtype, NULL) ||
      (dtype.little_endian && dtype.size > 1))
    return FALSE;
  *format = (Spead2Format){dtype.kind, 8 * dtype.size};
  return dtype.kind == 'i' || dtype.kind == 'u' ||
      (dtype.kind == 'f' && dtype.size >= 4);
}
