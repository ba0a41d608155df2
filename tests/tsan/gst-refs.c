/* References to GStreamer's objects, for programs under ThreadSanitizer.
 *
 * TSan does not see the reference counts of GStreamer, which is not instrumented: what one
 * thread does to a buffer before it drops its reference, and another that drops the last one
 * does behind that, would be a race. A program that links this file, with its symbols
 * exported, counts down here, for itself and for every library it loads. libgstreamer binds
 * to its own functions: what it drops itself is hidden from TSan, but for the buffers of a
 * list, until code that is instrumented reads the count (GST_MINI_OBJECT_REFCOUNT_VALUE).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include <dlfcn.h>

static void
unref_in_libgstreamer (GstMiniObject *object)
{
  static gpointer unref;

  if (g_atomic_pointer_get (&unref) == NULL)
    g_atomic_pointer_set (&unref, dlsym (RTLD_NEXT, "gst_mini_object_unref"));
  ((void (*) (GstMiniObject *)) g_atomic_pointer_get (&unref)) (object);
}

/* A GstBufferListFunc. */
static gboolean
unref_buffer (GstBuffer **buffer, guint i, gpointer data)
{
  gst_buffer_unref (g_steal_pointer (buffer));
  return TRUE;
}

void
gst_mini_object_unref (GstMiniObject *object)
{
  gint count = object ? g_atomic_int_get (&object->refcount) : 0;

  while (count > 1) {
    if (g_atomic_int_compare_and_exchange (&object->refcount, count, count - 1))
      return;
    count = g_atomic_int_get (&object->refcount);
  }
  /* The last one; or none, of which libgstreamer complains. */
  if (count == 1 && GST_IS_BUFFER_LIST (object))
    gst_buffer_list_foreach (GST_BUFFER_LIST (object), unref_buffer, NULL);
  unref_in_libgstreamer (object);
}
