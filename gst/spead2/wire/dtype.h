/* numpy dtypes: what a text such as "<i2" says of an element.
 *
 * Only as much as a sender must know: that the text is one, and how long an
 * element is. A text is the 'descr' of an .npy file as Python writes it: a
 * byte order, a kind and a size, or a list of fields.
 *
 *   dtype  = simple | "[" field *( "," field ) [ "," ] "]"
 *   simple = [ "<" | ">" | "|" ] kind size       "|i1", "<f4", "|S12"
 *   field  = "(" "'" name "'" "," type [ "," count ] ")"
 *   type   = "'" simple "'" | "[" field ... "]"
 *   count  = number | "(" number *( "," number ) [ "," ] ")"
 *
 * No two fields of a list have one name. Kinds are i, u (1, 2, 4, 8 bytes), f (2, 4, 8), c (8, 16), b (1), S and V
 * (any number of bytes) and U (characters of 4 bytes).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_DTYPE_H
#define SPEAD2_DTYPE_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gchar kind; /* of a simple dtype; 0 for a list of fields */
  gboolean little_endian;
  guint size; /* bytes of an element */
} Spead2Dtype;

/* FALSE with SPEAD2_ERROR_INVALID when the text is no such dtype, or its byte
 * order is not said and matters. */
gboolean spead2_dtype_parse (
    const gchar *text, Spead2Dtype *dtype, GError **error);

G_END_DECLS

#endif /* SPEAD2_DTYPE_H */
