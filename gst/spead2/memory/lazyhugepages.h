/* Huge pages whose slabs get their size from the first allocation.
 *
 * For the ALLOCATION query: a sink must name its allocator before upstream has
 * decided how large its buffers are. Nothing is mapped before the first
 * allocation, so that an allocator that upstream ignores costs nothing. That
 * allocation maps memory for as many slabs of its own size as are to be
 * outstanding, see Spead2HugePages; larger allocations are then served with
 * ordinary memory, and so are all of them where the kernel has no huge pages.
 *
 * A GstAllocator. Its memories belong to the Spead2HugePages that it made, and
 * outlive it. All functions may be called from any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef SPEAD2_LAZY_HUGE_PAGES_H
#define SPEAD2_LAZY_HUGE_PAGES_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Slabs beyond those that are outstanding: one that is being filled, and one on its
 * way. */
#define SPEAD2_EXTRA_SLABS 2

/* Most bytes that are mapped, unless SPEAD2_EXTRA_SLABS have more. */
#define SPEAD2_MAX_MAPPING (G_GUINT64_CONSTANT (1) << 30)

#define SPEAD2_TYPE_LAZY_HUGE_PAGES (spead2_lazy_huge_pages_get_type ())
G_DECLARE_FINAL_TYPE (Spead2LazyHugePages, spead2_lazy_huge_pages, SPEAD2,
    LAZY_HUGE_PAGES, GstAllocator)

/* For as many outstanding slabs as hold so many bytes, and n_slabs at least. */
GstAllocator *spead2_lazy_huge_pages_new (guint64 bytes, guint n_slabs);

G_END_DECLS

#endif /* SPEAD2_LAZY_HUGE_PAGES_H */
