/* Bytes for tests, as text.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef HEX_H
#define HEX_H

#include <glib.h>
#include <string.h>

/* Appends hexadecimal text with blanks anywhere. */
static inline void
append_hex (GByteArray *bytes, const gchar *hex)
{
  for (; *hex; hex++) {
    guint8 byte;

    if (*hex == ' ')
      continue;
    byte = g_ascii_xdigit_value (*hex++) << 4;
    byte |= g_ascii_xdigit_value (*hex);
    g_byte_array_append (bytes, &byte, 1);
  }
}

static inline void
append_text (GByteArray *bytes, const gchar *text)
{
  g_byte_array_append (bytes, (const guint8 *) text, strlen (text));
}

#endif /* HEX_H */
