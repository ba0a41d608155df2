/* Between faults.c and faultsring.c. Hidden: no part of the library's interface.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_FAULTSRING_H
#define SPEAD2_TESTS_FAULTSRING_H

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#define HIDDEN __attribute__ ((visibility ("hidden")))

/* A message that goes out by another way than sendmsg. Returns the negative
 * errno that is decided on, or what send does, which is called if none is. */
HIDDEN int faults_send_otherwise (int fd, const struct msghdr *message,
    int flags, int (*send) (void *data), void *data);

/* ppoll without a look at rings. */
HIDDEN int faults_ppoll (struct pollfd *fds, nfds_t nfds,
    const struct timespec *timeout, const sigset_t *mask);

/* Whether fds has a ring with releases that were held back, so that
 * faults_ring_ppoll() must stand in for faults_ppoll(). It only reads them. */
HIDDEN bool faults_ring_polls (struct pollfd *fds, nfds_t nfds);
HIDDEN int faults_ring_ppoll (struct pollfd *fds, nfds_t nfds,
    const struct timespec *timeout, const sigset_t *mask);

/* Counts a poll of a ring. */
HIDDEN void faults_count_ring_poll (void);

HIDDEN void faults_ring_reset (void);

#endif /* SPEAD2_TESTS_FAULTSRING_H */
