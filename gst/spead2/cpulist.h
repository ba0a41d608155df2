/* Text to CPU numbers, in the kernel's format of cpu lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_CPULIST_H
#define SPEAD2_CPULIST_H

#include <glib.h>

G_BEGIN_DECLS

/* The CPUs that a text such as "2", "1,3" or "0-2,5" names, in its order, as an
 * array of guint; an empty text names none. NULL with SPEAD2_ERROR_INVALID, whose
 * message has the part that is invalid. A CPU need not exist. */
GArray *spead2_cpu_list_parse (const gchar *text, GError **error);

G_END_DECLS

#endif /* SPEAD2_CPULIST_H */
