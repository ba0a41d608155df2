/* The header of an .npy file, read without evaluating it: the value of a
 * descriptor's item SPEAD2_ID_DESCRIPTOR_DTYPE.
 *
 * It is the text of a Python dictionary with exactly three keys, in any order:
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (16, 2)}
 *
 * descr is what spead2_dtype_take() takes; shape is a tuple of whole numbers, none of
 * them unknown. As in Python, blanks, ends of line and a final comma are accepted, and
 * quotes of either kind; as in numpy, an L behind a number, which Python 2 wrote.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_NUMPY_HEADER_H
#define SPEAD2_NUMPY_HEADER_H

#include "spead2/wire/descriptor.h"
#include "spead2/wire/dtype.h"

G_BEGIN_DECLS

/* Sets fortran_order, shape, n_dimensions and element_bits, and appends the dtype to
 * dtype. swapped: byte orders mean the other one. FALSE with SPEAD2_ERROR_INVALID,
 * which names the mistake and its position. The text is printable ASCII, tabs
 * and ends of line. */
gboolean spead2_numpy_header_parse (const gchar *text, gboolean swapped,
    Spead2Descriptor *descriptor, GString *dtype, GError **error);

G_END_DECLS

#endif /* SPEAD2_NUMPY_HEADER_H */
