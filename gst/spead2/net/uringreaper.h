/* Memory that the kernel still reads when nobody waits for it any more.
 *
 * Rings that were abandoned with messages in flight are handed over together with the heaps
 * that these messages consist of. A thread waits until the kernel has released all of them,
 * which no deadline bounds, then frees heaps and rings.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_URING_REAPER_H
#define SPEAD2_URING_REAPER_H

#include "spead2/net/uring.h"

G_BEGIN_DECLS

/* Frees rings (Spead2Uring, detached) and heaps, an array with a free function, once
 * nothing of the rings is in flight. Takes both arrays. */
void spead2_uring_reaper_defer_free (GPtrArray *rings, GPtrArray *heaps);

/* Waits until all that was handed over has been freed, at most timeout ns. FALSE: some has
 * not. */
gboolean spead2_uring_reaper_wait (guint64 timeout);

G_END_DECLS

#endif /* SPEAD2_URING_REAPER_H */
