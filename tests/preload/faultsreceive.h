/* Between faults.c and faultsreceive.c. Hidden: no part of the library's interface.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_FAULTSRECEIVE_H
#define SPEAD2_TESTS_FAULTSRECEIVE_H

__attribute__ ((visibility ("hidden"))) void faults_receive_reset (void);

#endif /* SPEAD2_TESTS_FAULTSRECEIVE_H */
