/* What fuzz targets have in common.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_FUZZ_CHECK_H
#define SPEAD2_FUZZ_CHECK_H

#include <glib.h>
#include <stdlib.h>

/* As assert(), in every build. */
#define check(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      g_printerr ("%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
      abort ();                                                                \
    }                                                                          \
  } while (0)

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#endif /* SPEAD2_FUZZ_CHECK_H */
