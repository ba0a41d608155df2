/* What the engine reads in descriptors, for tests that compare it with spead2.
 *
 * A line of standard input is the flags of bug-compat, the size of a value in bytes,
 * and the hexadecimal bytes of a descriptor. A line of standard output says in JSON
 * what they are, or why they are refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>

#include <stdio.h>
#include <stdlib.h>

#include "spead2/wire/descriptor.h"

/* A string of ASCII; null for NULL. */
static void
print_text (const gchar *key, const gchar *text)
{
  printf ("\"%s\": ", key);
  if (text == NULL) {
    printf ("null, ");
    return;
  }
  putchar ('"');
  for (; *text; text++)
    printf (g_ascii_isprint (*text) && *text != '"' && *text != '\\'
            ? "%c"
            : "\\u%04x",
        *text);
  printf ("\", ");
}

static void
print_shape (const gchar *key, const gint64 *shape, guint n)
{
  guint i;

  printf ("\"%s\": [", key);
  for (i = 0; i < n; i++)
    printf (i ? ", %" G_GINT64_FORMAT : "%" G_GINT64_FORMAT, shape[i]);
  printf ("], ");
}

static void
print_fit (const Spead2Descriptor *descriptor, gsize size)
{
  gint64 shape[SPEAD2_MAX_DIMENSIONS];
  gsize used;

  if (!spead2_descriptor_fit (descriptor, size, shape, &used, NULL))
    return;
  print_shape ("fit", shape, descriptor->n_dimensions);
  printf ("\"used\": %" G_GSIZE_FORMAT ", ", used);
}

static void
print_descriptor (const Spead2Descriptor *descriptor, gsize size)
{
  gchar *numpy = spead2_descriptor_dup_dtype (descriptor);
  gchar *format =
      spead2_formats_dup_text (descriptor->formats, descriptor->n_formats);

  printf ("{");
  print_text ("name", descriptor->name);
  print_text ("description", descriptor->description);
  print_text ("dtype", descriptor->dtype);
  print_text ("numpy", numpy);
  print_text ("format", format);
  print_shape ("shape", descriptor->shape, descriptor->n_dimensions);
  print_fit (descriptor, size);
  printf ("\"order\": \"%c\", \"bits\": %u, \"id\": %" G_GUINT64_FORMAT "}\n",
      descriptor->fortran_order ? 'F' : 'C', descriptor->element_bits,
      descriptor->id);
  g_free (format);
  g_free (numpy);
}

static GByteArray *
read_hex (const gchar *hex)
{
  GByteArray *bytes = g_byte_array_new ();

  for (; g_ascii_isxdigit (hex[0]) && g_ascii_isxdigit (hex[1]); hex += 2) {
    guint8 byte =
        g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);

    g_byte_array_append (bytes, &byte, 1);
  }
  return bytes;
}

static void
read_line (const gchar *line)
{
  gchar **words = g_strsplit (line, " ", 3);
  GByteArray *bytes = read_hex (words[2]);
  GError *error = NULL;
  Spead2Descriptor *descriptor = spead2_descriptor_from_bytes (
      bytes->data, bytes->len, atoi (words[0]), &error);

  if (descriptor) {
    print_descriptor (descriptor, strtoull (words[1], NULL, 10));
  } else {
    printf ("{");
    print_text ("error", error->message);
    printf ("\"id\": 0}\n");
    g_error_free (error);
  }
  g_free (descriptor);
  g_byte_array_unref (bytes);
  g_strfreev (words);
}

int
main (void)
{
  gchar *line = NULL;
  size_t size = 0;

  while (getline (&line, &size, stdin) > 0)
    read_line (line);
  free (line);
  return 0;
}
