/* References to GStreamer's objects, for programs under ThreadSanitizer.
 *
 * TSan does not see the reference counts of GStreamer, which is not instrumented: what one
 * thread does to a buffer before it drops its reference, and another that has the last one
 * does behind that, would be a race. A program that links this file, with its symbols
 * exported, drops references by it; who has the last one reads the count
 * (GST_MINI_OBJECT_REFCOUNT_VALUE) in code that is instrumented.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include <dlfcn.h>

/* Of libtsan. What is done before it comes before an atomic read of that address. */
void __tsan_release (void *address);

void
gst_mini_object_unref (GstMiniObject *object)
{
  static gpointer real;
  void (*unref) (GstMiniObject *) = g_atomic_pointer_get (&real);

  if (unref == NULL) {
    unref = (void (*) (GstMiniObject *)) dlsym (
        RTLD_NEXT, "gst_mini_object_unref");
    g_atomic_pointer_set (&real, (gpointer) unref);
  }
  __tsan_release (&object->refcount);
  unref (object);
}
