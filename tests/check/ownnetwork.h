/* A network of the test's own: interfaces, addresses, routes and neighbours that no other
 * process has.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_TESTS_OWNNETWORK_H
#define SPEAD2_TESTS_OWNNETWORK_H

#include <glib.h>

G_BEGIN_DECLS

/* Moves this process, which has one thread, into a network namespace of its own. It ends with
 * the process, and has only a loopback, which is down. FALSE, and a warning in the log, where
 * that is not permitted. */
gboolean enter_network (void);

/* Runs ip(8) with these arguments; fails the test where it fails. */
void ip (const gchar *arguments);

G_END_DECLS

#endif /* SPEAD2_TESTS_OWNNETWORK_H */
