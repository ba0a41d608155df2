/* The functions behind this library.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_FAULTSREAL_H
#define SPEAD2_TESTS_FAULTSREAL_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* slot: a static variable of the caller, in which the function is kept. */
static inline void *
faults_real (void **slot, const char *name)
{
  void *function = __atomic_load_n (slot, __ATOMIC_ACQUIRE);

  if (function == NULL) {
    function = dlsym (RTLD_NEXT, name);
    if (function == NULL) {
      fprintf (stderr, "faults: there is no %s behind this library\n", name);
      abort ();
    }
    __atomic_store_n (slot, function, __ATOMIC_RELEASE);
  }
  return function;
}

#endif /* SPEAD2_TESTS_FAULTSREAL_H */
