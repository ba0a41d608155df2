/* Lists of received heaps, compared with the counters that are expected.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef HEAP_LIST_H
#define HEAP_LIST_H

#include <gst/check/gstcheck.h>

#include "spead2/receive/receivedheap.h"

/* expected: the counters in the order of the list, a space behind each. */
static inline void
check_list (const Spead2ReceivedHeap *heap, const gchar *expected)
{
  GString *text = g_string_new (NULL);

  for (; heap; heap = heap->next)
    g_string_append_printf (text, "%d ", (gint) heap->cnt);
  fail_unless_equals_string (text->str, expected);
  g_string_free (text, TRUE);
}

#endif /* HEAP_LIST_H */
