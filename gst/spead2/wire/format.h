/* SPEAD formats: element types that SPEAD itself defines, and their relation to numpy
 * types.
 *
 * A list of fields, each of them a letter and a number of bits: "u40", "i16,f32".
 * They are big endian and packed without padding. Rule: SPEAD protocol revision 1,
 * section 8.3; floats and characters of other widths than here are read by no
 * receiver.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_FORMAT_H
#define SPEAD2_FORMAT_H

#include <glib.h>

G_BEGIN_DECLS

#define SPEAD2_MAX_FORMATS 8

/* The largest that is written: every flavour's descriptors can say it. */
#define SPEAD2_MAX_FORMAT_BITS 65535

/* One field of an element: 'u' unsigned, 'i' signed, 'f' float, 'c' character,
 * 'b' boolean, of so many bits. */
typedef struct {
  gchar code;
  guint bits;
} Spead2Format;

/* The reason why there is no such format, or NULL. */
const gchar *spead2_format_why_not (const Spead2Format *format);

/* Parses a text into a list of at most SPEAD2_MAX_FORMATS: returns their number, or 0
 * with SPEAD2_ERROR_INVALID. */
guint spead2_formats_parse (
    const gchar *text, Spead2Format *formats, GError **error);

/* The text of a list, or NULL of an empty one. The caller frees it. */
gchar *spead2_formats_dup_text (const Spead2Format *formats, guint n);

/* The numpy dtype that spead2 makes of a list: "|u1" of u8, and
 * "[('f0','>i2'),('f1','>f4')]" of i16,f32. NULL where numpy has none. The caller
 * frees it. */
gchar *spead2_formats_dup_dtype (const Spead2Format *formats, guint n);

/* The format of the elements of a numpy dtype; FALSE if receivers decode none to the
 * same numbers. In contrast to a numpy header, a format allows a variable size. */
gboolean spead2_format_of_dtype (const gchar *dtype, Spead2Format *format);

G_END_DECLS

#endif /* SPEAD2_FORMAT_H */
