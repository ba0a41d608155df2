/* numpy dtypes: what a text such as "<i2" says of an element.
 *
 * Only what a stream needs: whether the text is one, the size of an element, and a
 * normal form for comparisons. A text is the 'descr' of an .npy file as
 * Python writes it: a byte order, a kind and a size, or a list of fields.
 *
 *   dtype  = simple | "[" field *( "," field ) [ "," ] "]"
 *   simple = [ "<" | ">" | "|" ] kind size       "|i1", "<f4", "|S12"
 *   field  = "(" "'" name "'" "," type [ "," count ] ")"
 *   type   = "'" simple "'" | "[" field ... "]"
 *   count  = number | "(" number *( "," number ) [ "," ] ")"
 *
 * No two fields of a list have one name. Kinds are i, u (1, 2, 4, 8 bytes),
 * f (2, 4, 8), c (8, 16), b (1), S and V (any number of bytes) and U (characters
 * of 4 bytes). An element has at most 16 MiB, and lists stand within lists at most
 * 8 deep.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_DTYPE_H
#define SPEAD2_DTYPE_H

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of an element. */
#define SPEAD2_DTYPE_MAX_SIZE (1 << 24)

typedef struct {
  gchar kind; /* of a simple dtype; 0 for a list of fields */
  gboolean little_endian;
  guint size; /* bytes of an element */
} Spead2Dtype;

/* FALSE with SPEAD2_ERROR_INVALID when the text is no such dtype, or its byte
 * order is not said and matters. */
gboolean spead2_dtype_parse (
    const gchar *text, Spead2Dtype *dtype, GError **error);

/* Parses a dtype at *at as numpy headers contain it: a simple one in quotes, or a
 * list; *at is then behind it. In addition to the grammar above, numpy's is accepted:
 * either kind of quotes, names such as 'int16' and '?', "=" or no byte order for this
 * machine's, blanks and ends of line, and in the names of fields, which may be empty,
 * any printable ASCII except quotes and backslashes.
 *
 * Appends the normal form to text: no blanks, "|" where byte order does not matter,
 * counts as tuples. spead2_dtype_parse() accepts it if it accepts the names of the
 * fields. swapped: "<" and ">" are exchanged.
 *
 * FALSE with the reason in *why, and *at at the mistake. */
gboolean spead2_dtype_take (const gchar **at, gboolean swapped, GString *text,
    Spead2Dtype *dtype, const gchar **why);

G_END_DECLS

#endif /* SPEAD2_DTYPE_H */
