/* A socket of packets in the network's place: see faults_divert().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_DIVERT_H
#define SPEAD2_TESTS_DIVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Sends a message, cut into datagrams of segment_size bytes, to fd, each as one
 * packet. With wait it takes the time that the reader takes; without, it is
 * refused with EAGAIN unless fd polls writable. 0, or -1 with errno. */
int divert_message (
    int fd, const struct msghdr *message, size_t segment_size, bool wait);

#endif /* SPEAD2_TESTS_DIVERT_H */
