/* The engine's clock: nanoseconds of CLOCK_MONOTONIC.
 *
 * Every time that modules give each other, as a deadline or a time to sleep until, is
 * one of this clock. G_MAXUINT64 is never.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_CLOCK_H
#define SPEAD2_CLOCK_H

#include <glib.h>

G_BEGIN_DECLS

/* One second, in ns. */
#define SPEAD2_SECOND G_GUINT64_CONSTANT (1000000000)

guint64 spead2_now (void);

G_END_DECLS

#endif /* SPEAD2_CLOCK_H */
